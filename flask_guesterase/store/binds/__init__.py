"""An erasure over several databases of one host: what is meant to be done, and what remains of it."""
