"""Erase a hotel guest's personal data lawfully, completely and provably."""
