"""Complaints and feedback: received, looked at by another person, answered in time."""
