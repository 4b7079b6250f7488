"""Training: the courses, who passed them until when, and who acted without."""
