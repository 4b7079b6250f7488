"""A hard hand on the plug: a fault at every effect, on each engine, and what is left of it."""
