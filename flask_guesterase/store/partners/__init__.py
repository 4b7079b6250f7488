"""Other systems that hold copies: told, answering, late."""
