"""A request on its way: it comes in, waits, is read, ends; and who works on it."""
