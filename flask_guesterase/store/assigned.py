"""What an INSERT or UPDATE sets: what it says, and what columns set by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Insert, Update


def renewed(statement: Any) -> Iterator[str]:
    """Yield the columns that an UPDATE sets without being told to."""
    if isinstance(statement, Update):
        for column in getattr(statement.table, "c", ()):
            if isinstance(column, Column) and sets_itself(column):
                yield column.name


def sets_itself(column: Column[Any]) -> bool:
    """Return whether an UPDATE changes a column that it does not mention."""
    return column.onupdate is not None or (
        # What is computed is what it was, as long as nothing it is computed from changes.
        column.server_onupdate is not None and column.computed is None
    )


def assigned(statement: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a statement sets: columns or their names, and the values."""
    for values in (getattr(statement, "_values", None), *_multiple(statement)):
        if isinstance(values, Mapping):
            yield from values.items()
    yield from getattr(statement, "_ordered_values", None) or ()
    if isinstance(statement, Insert):
        yield from overwritten(statement)


def _multiple(statement: Any) -> Iterator[Any]:
    for part in getattr(statement, "_multi_values", ()):
        yield from part


def overwritten(statement: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what an INSERT sets in a row that is there already."""
    clause = statement._post_values_clause
    parts = [clause, *getattr(clause, "clauses", ())]
    for part in parts:
        for name in ("update_values_to_set", "update"):
            values = getattr(part, name, None)
            if isinstance(values, Mapping):
                yield from values.items()
            elif isinstance(values, list | tuple):
                yield from values
