"""The keys: wrapped under roots, in files, with a second copy outside the property."""
