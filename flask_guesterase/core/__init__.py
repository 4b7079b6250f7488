"""The law: values and pure functions. No Flask, no SQLAlchemy, no clock, no I/O."""
