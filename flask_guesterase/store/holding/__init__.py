"""Holds and freezes: placed, looked over, lifted, and what they reach."""
