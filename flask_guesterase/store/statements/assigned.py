"""What an INSERT or UPDATE sets: what it says, and what columns set by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Insert, Update, column


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


def written(statement: Any) -> Iterator[str]:
    """Yield the tables that a statement writes to: of a class that inherits there are several."""
    yield getattr(statement.table, "fullname", "")
    subject = statement._propagate_attrs.get("plugin_subject")
    for table in subject.mapper.tables if subject is not None else ():
        yield getattr(table, "fullname", "")


def replaces(statement: Any) -> bool:
    """Return whether an INSERT puts its row in the place of one that is there."""
    return any("replace" in getattr(p, "text", "").lower() for p, _ in statement._prefixes)


def conditions(statement: Any) -> Iterator[Any]:
    """Yield by what an INSERT finds the row that it changes instead: columns, and conditions."""
    clause = statement._post_values_clause
    for part in (clause, *getattr(clause, "clauses", ())):
        if getattr(part, "update_values_to_set", None):
            for each in part.inferred_target_elements or ():
                yield column(each) if isinstance(each, str) else each
            yield from (part.inferred_target_whereclause, part.update_whereclause)


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
