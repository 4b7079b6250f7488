"""Boxes: what is sealed in our tables, and where it is found again."""
