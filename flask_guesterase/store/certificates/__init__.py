"""What an erasure does and did: its plan, its deeds, its certificate, and what is told later."""
