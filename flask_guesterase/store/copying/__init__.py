"""A copy of what is held about a guest: gathered, released by two people, fetched once."""
