"""The archive: rows, through SQLAlchemy; never Flask. Only `begin()` opens a transaction.

Here lie the doors (`office`, `worker`, `sweep`), our own `tables`, and what every use case is
given; all else lies in a folder of its subject, whose first line says what it is about.
"""
