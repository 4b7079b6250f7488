"""What a relationship of the mapping compares, as hops, and where foreign keys lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import BinaryExpression, BooleanClauseList, Column, ColumnElement, Table
from sqlalchemy.exc import NoReferenceError
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.sql import operators

from .hops import Hop, table_of
from .unique import is_unique

_Pairs = Sequence[tuple[ColumnElement[Any], ColumnElement[Any]]]


def joined(table: Table, rel: RelationshipProperty[Any]) -> list[Hop]:
    """Return a relationship's hops, none where it is more than columns that equal columns."""
    joins: list[tuple[ColumnElement[bool] | None, _Pairs]]
    if rel.secondary is None:
        joins = [(rel.primaryjoin, rel.local_remote_pairs)]
    else:
        far = [(link, other) for other, link in rel.secondary_synchronize_pairs or ()]
        joins = [(rel.primaryjoin, rel.synchronize_pairs), (rel.secondaryjoin, far)]
    hops, here = [], table.fullname
    for join, pairs in joins:
        equal = {frozenset({place_of(a), place_of(b)}) for a, b in pairs}
        if not pairs or _equalities(join) != equal:
            return []
        hop = _hop(pairs)
        theirs = {c.table for c in hop.target}
        if {table_of(c).fullname for c in hop.source} != {here} or len(theirs) != 1:
            return []
        hops.append(hop)
        here = hop.table.fullname
    return hops


def _equalities(
    join: ColumnElement[Any] | None,
) -> set[frozenset[tuple[str, str] | None]] | None:
    """Return the pairs of columns that a condition wants equal, or None where it wants more."""
    found, todo = set(), [join]
    while todo:
        each = todo.pop()
        if isinstance(each, BooleanClauseList) and each.operator is operators.and_:
            todo += each.clauses
            continue
        if not isinstance(each, BinaryExpression) or each.operator is not operators.eq:
            return None
        pair = frozenset({place_of(each.left), place_of(each.right)})
        if None in pair:
            return None
        found.add(pair)
    return found


def place_of(column: Any) -> tuple[str, str] | None:
    """Return table and key of a table's own column, or None of anything else."""
    table = column.table if isinstance(column, Column) else None
    return (table.fullname, column.key) if isinstance(table, Table) else None


def reachable(columns: set[Any]) -> set[tuple[str, str]]:
    """Return table and key of columns, and of those that foreign keys lead from them to."""
    found = set[tuple[str, str]]()
    while columns:
        column = columns.pop()
        place = place_of(column)
        if place is not None and place not in found:
            found.add(place)
            for key in column.foreign_keys:
                with suppress(NoReferenceError):
                    columns.add(key.column)
    return found


def is_key(one: Column[Any], other: Column[Any]) -> bool:
    """Return whether foreign keys lead from one of two columns to the other."""
    ways = (one, other), (other, one)
    return any(place_of(b) in reachable({a}) - {place_of(a)} for a, b in ways)


def blank(hop: Hop, void: Sequence[Any]) -> tuple[tuple[int, ...], ...]:
    """Return which of a path's columns, together, lead to nobody where they are empty or 0.

    Where they name one row, 0 in a part of it is the number of a house or a window like any other.
    Where they name several, all who have nothing in one of them would be taken for each other.
    """
    if None in void:
        return ()
    sides = (hop.source, hop.target)
    one = any(is_unique(table_of(side[0]), side, whole=True) for side in sides)
    places = range(len(void))
    return (tuple(places),) if one else tuple((place,) for place in places)


def spelt(hops: Iterable[Hop]) -> list[list[tuple[str, str] | None]]:
    """Return what hops compare, in a form that can be compared itself."""
    return [[place_of(c) for c in (*hop.source, *hop.target)] for hop in hops]


def _hop(pairs: _Pairs) -> Hop:
    mine = tuple(a for a, _ in pairs if isinstance(a, Column))
    theirs = tuple(b for _, b in pairs if isinstance(b, Column))
    return Hop(mine, theirs)
