"""Who comes back after an erasure: what they are known again by, what watches, how it is judged."""
