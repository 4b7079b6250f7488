"""The data map: what the host declared, resolved against its live mapping and its databases."""
