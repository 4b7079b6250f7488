"""The guest register shown to an authority, and the record of it."""
