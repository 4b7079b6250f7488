"""An erasure over several databases of one host: what is to be done there, and what remains."""
