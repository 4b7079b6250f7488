"""A request on its way: it comes in, waits, is read, and ends with all that hangs on it."""
