"""The letters that wait for a person at the desk, and what could not be sent or removed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, or_, select

from ...core.errors import SealError, UnknownError
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..access.sameness import same
from ..casework.cases import load
from ..work import Work
from .outbox import FAILED, OPENS, PROOFS, READY, RECIPIENT, read


def letters(
    work: Work, by: str, property_: str | None = None, before: int | None = None,
    most: int | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the messages a person must print or look at, opened, and failed file removals.

    The newest come first. Of a file the declared folder is shown, and not its name, which may
    tell who somebody is.

    A letter with the link by which a guest proves a contact is not shown to those who may
    approve: whoever holds the link could be both pairs of eyes. At a login that several share
    nobody knows who reads, so there it is listed as ``veiled``, without what it says and to whom.
    So is the link that opens a copy, there and to whoever released it.

    :param work: the open transaction.
    :param by: the host's id of who asks; only properties at which they may verify are shown.
    :param property_: code of one property, or None for all of them.
    :param before: id of a letter; only older ones are returned.
    :param most: how many at most: each is opened, and a house that prints its mail has thousands.
    """
    table = tables.outbox
    codes = [
        code
        for code in work.settings.properties
        if property_ in (None, code) and actors.may(work, by, Permission.VERIFY, code)
    ]
    deciding = [c for c in codes if actors.may(work, by, Permission.APPROVE, c)]
    wanted = (
        select(table)
        .where(table.c.state.in_([READY, FAILED]), table.c.property.in_(codes))
        .where(table.c.kind != RECIPIENT)
        .where(or_(table.c.template.not_in(PROOFS), table.c.property.not_in(deciding)))
        .order_by(table.c.id.desc())
        .limit(most)
    )
    if before is not None:
        wanted = wanted.where(table.c.id < before)
    shared = work.shared(by)
    return [
        _veiled(row) if _is_veiled(work, row, by, shared) else _letter(work, row)
        for row in work.conn.execute(wanted).all()
    ]


def _is_veiled(work: Work, row: Row[Any], by: str, shared: bool) -> bool:
    """Return whether a letter holds a link that is not for who asks, or for nobody knows whom."""
    if shared:
        return row.template in (*PROOFS, OPENS)
    return row.template == OPENS and _released(work, row.request, by)


def _released(work: Work, number: str, by: str) -> bool:
    """Return whether somebody released the copy of a request, and so does not hand it out."""
    decided, actor = load(work, number).decided_by, actors.known(work, by)
    return bool(decided and actor and same(work.conn, decided, actor, work.stamp))


def _letter(work: Work, row: Row[Any]) -> dict[str, Any]:
    letter = _listed(row)
    try:
        content = read(work, row) if row.box else {}
    except (SealError, UnknownError):
        content = {}
    letter |= {k: v for k, v in content.items() if k in letter}
    return letter | {"number": row.request or letter["params"].get("number", "")}


def _veiled(row: Row[Any]) -> dict[str, Any]:
    return _listed(row) | {"template": "", "veiled": True}


def _listed(row: Row[Any]) -> dict[str, Any]:
    """Return a letter by what its row says of it, unopened."""
    return {
        "id": row.id,
        "number": row.request,
        "property": row.property,
        "kind": row.kind,
        "channel": row.channel,
        "template": row.template,
        "state": row.state,
        "problem": row.problem,
        "root": "",
        "to": "",
        "lang": "",
        "params": {},
    }
