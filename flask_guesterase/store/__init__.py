"""The archive: rows, through SQLAlchemy. Never Flask; only what `begin()` opens is a transaction."""
