"""The journal: written, signed, witnessed, audited, pruned, and what is bound to it."""
