"""Looking for what is left of a person by value, wherever a database can hold text."""
