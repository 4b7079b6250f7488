"""The archive: rows, through SQLAlchemy; never Flask. Only `begin()` opens a transaction."""
