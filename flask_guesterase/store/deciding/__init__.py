"""Deciding a request: its plan is read, judged and approved."""
