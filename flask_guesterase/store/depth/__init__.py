"""Below the rows, engine by engine: what keeps erased values, and what makes it let go."""
