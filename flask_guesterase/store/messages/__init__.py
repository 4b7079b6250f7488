"""What leaves the house: letters and parcels, and files that go from its disk."""
