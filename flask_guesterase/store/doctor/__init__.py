"""What can be seen of how deep erasures reach here, and what the operator must do about it."""
