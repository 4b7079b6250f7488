"""The JSON API: what reception and officer do, for programs that act for a person."""
