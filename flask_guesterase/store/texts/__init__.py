"""Free text and JSON: whom it may name, and what is struck out of it."""
