"""Measurements: what the extension costs beside SQL written by hand, on data of its own."""
