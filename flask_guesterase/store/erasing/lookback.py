"""Changed rows looked at again, each by the key it has now: they hold what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, literal, select
from sqlalchemy.exc import DBAPIError

from ...core.errors import ErasureError
from ...core.image import Form, cell
from ...core.plan import Key, Step
from ...core.treatment import Constant
from ..mapping.masks import beneath
from ..mapping.proof import same, stays, took
from ..mapping.raw import Reader, whole_key
from ..statements.failure import is_refusal
from ..statements.sql import exactly
from .taking import Taken
from .uniform import filled

Alike = tuple[Reader, Sequence[Key], Taken, Mapping[str, Any]]
"""Rows into which the same was written: of which table, which, as they were, and what."""


def require_written(
    reads: Reader,
    after: Mapping[Key, Key],
    taken: Taken,
    made: Mapping[Key, Mapping[str, Any]],
) -> None:
    """See that each row, by the key it has now, holds what was written into it.

    :raises ErasureError: it does not.
    """
    declared = reads.declared
    names = list(next(iter(made.values())))
    width = len(declared.key)
    read = {
        line[:width]: line[width:] for line in reads.lines(list(after.values()), names)
    }
    rules = [(n, declared.written(n), declared.column(n)) for n in names]
    for k, now in after.items():
        cells = read.get(now)
        if cells is None or not all(
            stays(rule, column, value, made[k][n])
            or _took(reads, taken, k, (n, value), made[k][n])
            or _equals(reads, now, n, made[k][n])
            for (n, rule, column), value in zip(rules, cells, strict=True)
        ):
            raise unheld(declared.name)
        taken.leave([k], cells, names)


def unheld(table: str) -> ErasureError:
    """Return the error of a table whose rows do not hold what was written into them.

    :param table: name of the table.
    """
    return ErasureError(
        f"{table} does not hold what the plan wrote into it.",
        "A trigger or another rule of the database writes back; nothing was changed. Where it "
        "makes a column anew of what goes, as an index of words, give that column keep(reason); "
        "else drop it.",
    )


def require_alike(conn: Connection, alike: Sequence[Alike]) -> None:
    """See that every row of a part holds the same now, which is what was written into it.

    :param conn: open transaction in which it was.
    :param alike: parts of tables.
    :raises ErasureError: it does not.
    """
    asked = [(reads, part, list(fixed)) for reads, part, _, fixed in alike]
    for (reads, part, taken, fixed), found in zip(alike, filled(conn, asked), strict=True):
        if len(found) == 1 and found[0][1] == len(taken.places_of(part)):
            cells = found[0][0]
            if all(
                stays(reads.declared.written(n), reads.declared.column(n), v, fixed[n])
                for n, v in zip(fixed, cells, strict=True)
            ):
                taken.leave(part, cells, list(fixed))
                continue
        require_written(reads, {k: k for k in part}, taken, {k: dict(fixed) for k in part})


def are_alike(conn: Connection, alike: Sequence[Alike]) -> bool:
    """Return whether every row of these parts holds by now what was written into it.

    :param conn: open transaction in which it was.
    :param alike: parts of tables.
    """
    try:
        require_alike(conn, alike)
    except ErasureError:
        return False
    return True


def written_over(reads: Reader, taken: Taken) -> Step:
    """Return the rows that hold something else by now than what they were left with, as a step.

    What nothing is in any more counts as gone, and so does a row that is.

    :param reads: reader of their table.
    :param taken: the rows, which were overwritten.
    :raises ErasureError: they are known by what was written over.
    """
    declared, places = reads.declared, dict[Key, int]()
    for place, row in enumerate(taken.rows):
        places[taken.now.get(row.key, row.key)] = place
        if not declared.keyed:
            # Written back it is the row it was before, by all that it is known by.
            places.setdefault(row.key, place)
    width, over = len(declared.key), set[int]()
    for line in reads.lines(list(places), taken.left):
        place = places.get(line[:width], -1)
        pairs = zip(line[width:], taken.after.get(place, ()), strict=False)
        if any(now is not None and now != left for now, left in pairs):
            over.add(place)
    if over and declared.keyed_by(taken.decision.columns):
        raise unheld(declared.name)
    return Step(taken.decision, tuple(taken.rows[place] for place in sorted(over)))


def _took(
    reads: Reader, taken: Taken, key: Key, now: tuple[str, Any], written: Any
) -> bool:
    declared, name = reads.declared, now[0]
    column = declared.column(name)
    old = taken.cell(key, name)
    if name in taken.typed:
        host = taken.host(key, name)
    else:
        host = old.value if old.form is Form.TEXT else None
    comparable = name in taken.typed or isinstance(declared.written(name), Constant)
    equal = comparable and same(column, host, written, reads.conn.dialect)
    made = cell(name, reads.type_of(name), now[1])
    return took(declared.written(name), column, made, old, written, equal)


def _equals(reads: Reader, key: Key, name: str, written: Any) -> bool:
    """Ask the database whether a row holds a constant that the driver reads as another value.

    A moment of no zone comes back in one, a time of day as a length of time.
    """
    declared = reads.declared
    if not isinstance(beneath(declared.written(name)), Constant):
        return False
    column = declared.column(name)
    asked = select(literal(1)).select_from(declared.table).where(
        exactly(whole_key(reads), key), column == literal(written, column.type)
    )
    try:
        with reads.conn.begin_nested():
            return reads.conn.execute(asked.limit(1)).first() is not None
    except DBAPIError as problem:
        if not is_refusal(problem):
            raise
        # Of JSON, for example, PostgreSQL does not say what is equal.
        return False
