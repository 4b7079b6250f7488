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

_PLAIN = frozenset({
    "_compile_options", "_fetch_clause", "_fetch_clause_options", "_generate_cache_key",
    "_is_clone_of", "_label_style", "_limit_clause", "_memoized_keys", "_offset_clause",
    "_order_by", "_order_by_clauses", "_propagate_attrs", "_raw_columns", "_where_criteria",
    "dialect_options", "dispatch",
})  # fmt: skip
"""What a SELECT is made of that has no joins, no options, and nothing else to look into."""

_VALUES = (BindParameter, Null, True_, False_)


class Names:
    """What statements name, remembered by their form: a host asks the same few all day."""

    def __init__(self) -> None:
        self._held: tuple[Gate, dict[Any, dict[str, set[str]]]] = ({}, {})
        self._free: tuple[Gate, dict[int, Any]] = ({}, {})

    def plain(self, gate: Gate, statement: Any) -> bool:
        """Return whether a statement loads instances by columns that nobody guards, and no more.

        Such a one names nothing. It is asked of every statement, so it looks at little, and what
        it cannot tell at once it leaves to `of`.

        :param gate: the guarded tables.
        :param statement: anything a session executes.
        """
        if type(statement) is not Select or not statement.__dict__.keys() <= _PLAIN:
            return False
        held, free = self._free
        if held is not gate or len(free) > _FORMS:
            free = {}
            self._free = (gate, free)
        for part in statement._raw_columns:
            if id(part) not in free and not _is_entity(statement, part):
                return False
        for part in statement._where_criteria:
            if type(part) is BinaryExpression:
                if not isinstance(part.right, _VALUES):
                    return False
                part = part.left
            if id(part) not in free and not _is_free(gate, part, free):
                return False
        for end in (statement._limit_clause, statement._offset_clause, statement._fetch_clause):
            if end is not None and not isinstance(end, BindParameter):
                return False
        return not statement._order_by_clauses or all(
            id(part) in free or _is_free(gate, part, free)
            for each in statement._order_by_clauses
            for part in (each.element if type(each) is UnaryExpression else each,)
        )

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


def _is_entity(select: Select[Any], part: Any) -> bool:
    """Return whether a part of a SELECT is a mapped table, loaded as instances."""
    return (
        isinstance(part, Table) and "parententity" in part._annotations
        and select._propagate_attrs.get("compile_state_plugin") == "orm"
    )


def _is_free(gate: Gate, part: Any, free: dict[int, Any]) -> bool:
    """Return whether a part is a column that nobody guards; what is noted keeps its identity."""
    table = getattr(part, "table", None)
    if not isinstance(part, Column) or not isinstance(table, Table):
        return False
    guarded = gate.get(table.fullname)
    if guarded is not None and part.name in guarded.words:
        return False
    free[id(part)] = part
    return True
