"""What can be done to a journal, by somebody who owns database and key, and what is seen of it."""
