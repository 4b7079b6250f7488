"""Queries of the host by which rows are held: the hold is on what one said when it was placed.

The condition is the vendor's code, which one person changes. One that says something else is taken
for one that is gone: nobody can tell any more which rows were meant.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ...core.holding import HoldQuery
from ...core.log import canonical
from ...core.seal import fingerprint
from ..access import pulse
from ..access.pulse import Pulse
from ..mapping.declared import Declared
from ..work import Work


def note(work: Work, hold: int, query: HoldQuery) -> None:
    """Write down what a query says now that rows are held by it.

    :param work: the open transaction.
    :param hold: number of the hold.
    :param query: the query.
    """
    said = _said(work, work.datamap.declared(query.on), query)
    pulse.put(work.conn, _name(hold), Pulse(work.stamp, said))


def forget(work: Work, hold: int) -> None:
    """Forget what the query of a hold said: it is lifted.

    :param work: the open transaction.
    :param hold: number of the hold.
    """
    pulse.take(work.conn, _name(hold))


def meant(work: Work, hold: int, table: str, name: str) -> HoldQuery | None:
    """Return the query of a hold, or None where it is gone or says something else by now.

    :param work: the open transaction.
    :param hold: number of the hold.
    :param table: name of the table it is on.
    :param name: name of the query.
    """
    query, declared = work.queries.get(name), work.datamap.tables.get(table)
    if query is None or declared is None:
        return None
    before = pulse.look(work.conn, _name(hold))
    # Of a hold that was placed by an earlier version nothing was written down.
    if before is None or before.note == _said(work, declared, query):
        return query
    return None


def _said(work: Work, declared: Declared, query: HoldQuery) -> str:
    """Return a mark of what a query says; it may name somebody, so it needs a key to be guessed."""
    try:
        made = select(1).where(query.where(declared.alias("held"))).compile()
        text = canonical([str(made), sorted(_plain(made.params).items())]).decode()
    except Exception:
        # The host's own code: what it raises is nothing that a query says.
        text = ""
    return fingerprint(work.custodian.pepper("held-query"), declared.name, text)


def _plain(params: Any) -> dict[str, str]:
    return {str(name): _told(value) for name, value in params.items()}


def _told(value: Any) -> str:
    # The same set of texts has another order in another process.
    if isinstance(value, list | tuple | set | frozenset):
        return repr(sorted(map(repr, value)))
    return repr(value)


def _name(hold: int) -> str:
    return f"held-query-{hold}"
