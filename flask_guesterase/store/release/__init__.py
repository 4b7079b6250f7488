"""Checkpoints on their way outside, and what a restored journal learns from where they went."""
