"""What people decide: a request by its plan, the rulebook, a record as it is made."""
