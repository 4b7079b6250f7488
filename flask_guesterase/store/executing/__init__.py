"""Carrying out: what was approved or has had its time goes, is looked at again, and ends."""
