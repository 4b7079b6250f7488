"""Erasing rows: which are somebody's, in which order they are changed, and what is left of them."""
