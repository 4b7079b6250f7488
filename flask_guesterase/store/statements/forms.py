"""Forms of statements: what each names is read once, and most of them name nothing guarded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BinaryExpression,
    BindParameter,
    Column,
    False_,
    Null,
    Select,
    Table,
    True_,
    UnaryExpression,
)

from .naming import Gate, named

_FORMS = 1000
"""Forms of statements that are remembered before all are forgotten."""

SHORT = frozenset({
    "_compile_options", "_generate_cache_key", "_is_clone_of", "_label_style", "_memoized_keys",
    "_order_by", "_propagate_attrs", "_raw_columns", "_where_criteria", "dialect_options",
    "dispatch",
})  # fmt: skip
"""What a SELECT is made of that has no joins, no options, and nothing else to look into."""

_PLAIN = SHORT | {
    "_fetch_clause", "_fetch_clause_options", "_limit_clause", "_offset_clause",
    "_order_by_clauses",
}  # fmt: skip
"""The same of one that is ordered and cut off."""

_VALUES = (BindParameter, Null, True_, False_)

PLUGIN = "compile_state_plugin"


Free = dict[int, Any]
"""What was found to have nothing guarded, by identity: tables loaded as instances, columns, mapped
classes. It is held, so that nothing else gets its identity."""


def is_plain(free: Free, gate: Gate, statement: Select[Any]) -> bool:
    """Return whether a statement loads instances by columns that nobody guards, and no more.

    Such a one names nothing; what this cannot tell is left to `Names.of`.

    :param free: what of it was found to be free is noted here.
    :param gate: the guarded tables.
    :param statement: a SELECT.
    """
    if not _PLAIN.issuperset(statement.__dict__):
        return False
    if len(free) > _FORMS:
        free.clear()
    for end in (statement._limit_clause, statement._offset_clause, statement._fetch_clause):
        if end is not None and not isinstance(end, BindParameter):
            return False
    parts: list[Any] = []
    for part in statement._where_criteria:
        if type(part) is BinaryExpression:
            if not isinstance(part.right, _VALUES):
                return False
            part = part.left
        parts.append(part)
    for part in statement._order_by_clauses:
        parts.append(part.element if type(part) is UnaryExpression else part)
    return all(
        _is_column(free, gate, part) or _is_entity(free, statement, part)
        for part in statement._raw_columns
    ) and all(_is_column(free, gate, part) for part in parts)


def _is_entity(free: Free, select: Select[Any], part: Any) -> bool:
    """Return whether a part of a SELECT is a mapped table, loaded as instances."""
    found = (
        isinstance(part, Table) and "parententity" in part._annotations
        and select._propagate_attrs.get(PLUGIN) == "orm"
    )
    if found:
        free[id(part)] = part
    return found


def _is_column(free: Free, gate: Gate, part: Any) -> bool:
    """Return whether a part is a column that nobody guards."""
    table = getattr(part, "table", None)
    if not isinstance(part, Column) or not isinstance(table, Table):
        return False
    guarded = gate.get(table.fullname)
    if guarded is not None and part.name in guarded.words:
        return False
    free[id(part)] = part
    return True


class Names:
    """What statements name, remembered by their form: a host asks the same few all day."""

    def __init__(self) -> None:
        self._held: tuple[Gate, dict[Any, dict[str, set[str]]]] = ({}, {})

    def of(self, gate: Gate, statement: Any, parameters: Any = None) -> dict[str, set[str]]:
        """Return what `named` does, for the caller to change.

        Only a SELECT is remembered, by what SQLAlchemy caches its compiled text by: values of
        parameters aside, that is everything it is made of.

        :param gate: the guarded tables; other ones are another mapping.
        :param statement: anything a session executes.
        :param parameters: what it is executed with.
        """
        form = statement._generate_cache_key() if isinstance(statement, Select) else None
        if form is None:
            reads = hasattr(statement, "get_children")
            return named(gate, statement, parameters) if reads else {}
        held, known = self._held
        if held is not gate or len(known) >= _FORMS:
            known = {}
            self._held = (gate, known)
        found = known.get(form.key)
        if found is None:
            found = known[form.key] = named(gate, statement, parameters)
        return {table: set(columns) for table, columns in found.items()} if found else {}
