"""How each engine tells what it holds: one module an engine, a handful of queries each."""
