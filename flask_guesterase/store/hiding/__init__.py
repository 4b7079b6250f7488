"""What an erasure kept in place: hidden from the host's sessions, unchanged, readable by record."""
