"""The rows of the rulebook's table: read, added, changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, insert, select, update

from ...core.log import canonical
from ...core.rulebook import Line, LineKind, LineState
from .. import tables
from ..journaling import binding
from ..statements.sql import one_of

if TYPE_CHECKING:
    from ..work import Work


LABELS = ""
"""What the labels of columns stand under instead of a property: the data map is one for all."""


def pulse_name(code: str) -> str:
    """Return the name of a property's pulse, as long as its column; of the labels, without code."""
    if not code:
        return "rules"
    whole = f"rules:{code}"
    return whole if len(whole) <= 40 else "rules:" + hashlib.sha256(code.encode()).hexdigest()[:34]


def forget(work: Work) -> None:
    """Let rules and labels be read again: a line is about to be written."""
    work.rules.clear()
    work.labels = None
    binding.touch(work, binding.RULES)


def known(conn: Connection, code: str) -> list[Line]:
    """Return the lines of the table that have not ended."""
    return [line_of(row) for row in lines_of(conn, [code])]


_TABLE = tables.rule.c
_LINE = (
    _TABLE.id, _TABLE.property, _TABLE.kind, _TABLE.name, _TABLE.body, _TABLE.state,
    _TABLE.signed_at, _TABLE.acts_on,
)  # fmt: skip
_LINES = select(*_LINE).where(_TABLE.state != LineState.ENDED.value).order_by(_TABLE.id)


def lines_of(conn: Connection, codes: Sequence[str]) -> list[Row[Any]]:
    """Return the rows of the lines of some properties that have not ended; of all where none is."""
    wanted = _LINES.where(one_of(_TABLE.property, codes)) if codes else _LINES
    return list(conn.execute(wanted))


Told = tuple[str, str, str, str, bool, str | None]
"""What a line says, whichever property it binds: kind, name, body, state, signed, day it acts."""


def said_of(conn: Connection, codes: Sequence[str]) -> set[Told]:
    """Return what the lines of some properties say that have not ended, each thing once."""
    signed = _TABLE.signed_at.is_not(None).label("signed")
    said = select(
        _TABLE.kind, _TABLE.name, _TABLE.body, _TABLE.state, signed, _TABLE.acts_on
    ).where(_TABLE.state != LineState.ENDED.value, one_of(_TABLE.property, codes))
    rows = conn.execute(said.distinct())
    return {(r.kind, r.name, r.body, r.state, bool(r.signed), r.acts_on) for r in rows}


def told_by(row: Row[Any]) -> Told:
    """Return what a row of the table says."""
    return row.kind, row.name, row.body, row.state, row.signed_at is not None, row.acts_on


def line_told(told: Told, number: int = 0) -> Line:
    """Return the line that says this."""
    kind, name, body, state, signed, acts_on = told
    acts = None if acts_on is None else date.fromisoformat(acts_on)
    return Line(LineKind(kind), name, json.loads(body), LineState(state), signed, acts, number)


def line_of(row: Row[Any]) -> Line:
    """Return the line that a row of the table holds."""
    return line_told(told_by(row), row.id)


def add(work: Work, code: str, line: Line, **more: Any) -> int:
    """Put a line into the table and return its number.

    :param more: columns to fill besides those the line tells.
    """
    values = {
        "property": code,
        "kind": line.kind.value,
        "name": line.name,
        "body": canonical(line.body).decode(),
        "mark": line.mark,
        "state": line.state.value,
        "since": work.stamp,
        "signed_at": work.stamp if line.signed else None,
        "gone_at": work.stamp if line.state is LineState.LEAVING else None,
    }
    forget(work)
    key = work.conn.execute(insert(tables.rule).values({**values, **more})).inserted_primary_key
    return 0 if key is None else int(key[0])


NOBODY: dict[str, Any] = dict.fromkeys(
    ("gone_at", "proposed_by", "proposed_at", "confirmed_by", "confirmed_at", "checkpoint")
)
"""What a line forgets when nothing is asked of people about it any more."""


def change(work: Work, line: Line, **more: Any) -> None:
    """Write what a line has become.

    :param more: columns to set besides those the line tells.
    """
    forget(work)
    work.conn.execute(
        update(tables.rule)
        .where(tables.rule.c.id == line.id)
        .values(
            {
                "state": line.state.value,
                "body": canonical(line.body).decode(),
                "mark": line.mark,
                "acts_on": None if line.acts_on is None else line.acts_on.isoformat(),
                **more,
            }
        )
    )
