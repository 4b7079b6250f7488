"""Erasures over several databases of one host."""
