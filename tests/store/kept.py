"""What an erasure keeps of a row, noted as the eraser notes it, for tests of who may see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert

from flask_guesterase.store import tables


def note(engine: Engine, table: str, key: str, columns: str, **values: Any) -> None:
    """Note that columns of a row are kept in their place.

    :param engine: the database.
    :param table: name of the row's table.
    :param key: key of the row, as `key_text` writes it.
    :param columns: SQL names as a JSON list.
    :param values: what else is to be noted otherwise.
    """
    line = {
        "controller": "pine", "property": "sh", "table_name": table, "row_key": key,
        "columns": columns, "category": "invoice", "mode": "place", "open": "", "rule": "x",
        "basis": "x", "grade": "A", "facts": "{}", "since": datetime(2026, 1, 1), **values,
    }  # fmt: skip
    with engine.begin() as conn:
        conn.execute(insert(tables.kept).values(line))
