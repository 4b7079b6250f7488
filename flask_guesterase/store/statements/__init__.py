"""Statements: how ours are made, what the host's say, and what a driver's error means."""
