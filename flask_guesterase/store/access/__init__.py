"""Who acts, whether they may, what stops everybody: numbers, tokens, limits, leases, the brake."""
