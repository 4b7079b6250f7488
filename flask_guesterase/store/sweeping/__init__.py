"""The sweep's parts: what is due, who takes it, what it would erase, and when it rests."""
