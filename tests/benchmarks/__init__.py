"""Tests of what the measurements rest on: equal rows, equal services."""
