"""Stored views that copy the host's rows: made anew after an erasure, where the account may.

Nothing of the host is declared by it: a refresh runs the host's own query again. Only PostgreSQL
keeps such views; elsewhere there is nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from ...core.certificate import Left
from ...core.errors import GuesteraseError
from .. import tables
from ..casework.cases import Case, load, plain_number, step
from ..catalog.shape import LiveSchema, LiveTable
from ..mapping.crossing import HOME, Crossing, binds_of
from ..unit import HasWork, Run
from ..work import Work

REASON = "not-refreshed"
"""Why something counts as left: a stored view still shows the rows as they were."""


def after(run: Run, numbers: Sequence[str]) -> None:
    """Refresh the stored views of what these requests erased, and note in each what failed.

    :param run: runs a unit of work.
    :param numbers: requests that were erased.
    """
    wanted = run(partial(_wanted, numbers)) if numbers else {}
    failed = refreshed(run, list(dict.fromkeys(v for views in wanted.values() for v in views)))
    for number, views in wanted.items():
        run(partial(_note, number, [view for view in views if view in failed]))


def taken_back(run: Run, number: str) -> None:
    """Refresh the stored views of what an erasure changed, once it was taken back.

    One that this account may not refresh shows the guest again when the host refreshes it.

    :param run: runs a unit of work.
    :param number: number of the request, as people write it.
    """
    number = plain_number(number)
    refreshed(run, run(partial(_wanted, [number])).get(number, ()))


def everything(run: Run) -> int:
    """Refresh every stored view of a declared table; return how many were.

    :param run: runs a unit of work.
    """
    views = run(lambda office: views_of(office.work.live(), office.work.datamap.tables))
    return len(views) - len(refreshed(run, views))


def refreshed(run: Run, views: Sequence[str]) -> set[str]:
    """Refresh stored views, each in a transaction of its own; return those that could not be.

    :param run: runs a unit of work.
    :param views: their names, in the order in which they read each other.
    """
    failed = set()
    for view in views:
        try:
            run(partial(_refresh, view))
        except GuesteraseError:
            # Somebody else's right or lock: the next check or sweep tries again.
            failed.add(view)
    return failed


def views_of(live: LiveSchema, names: Iterable[str]) -> list[str]:
    """Return the stored views that copy rows of these tables, those that are read by others first.

    :param live: the database as read.
    :param names: names of tables.
    """
    found: set[str] = set()
    for name in names:
        table = live.table(name)
        found.update(() if table is None else table.copied_by)
    ordered: list[str] = []
    left = sorted(found)
    while left:
        free = [v for v in left if not _reads(live, v, set(left) - {v})] or left[:1]
        ordered += free
        left = [v for v in left if v not in free]
    return ordered


def _reads(live: LiveSchema, view: str, others: Collection[str]) -> bool:
    return any(view in found.copied_by for o in others if (found := live.table(o)) is not None)


def _wanted(numbers: Sequence[str], office: HasWork) -> dict[str, list[str]]:
    """Return request -> the views of what it erased, or of which an earlier refresh failed."""
    work = office.work
    others = binds_of(work.conn).engines.values()
    if "postgresql" not in {work.conn.dialect.name, *(each.dialect.name for each in others)}:
        return {}
    request = tables.request
    rows = work.conn.execute(
        select(request.c.number, request.c.decisions).where(request.c.number.in_(numbers))
    )
    live = work.live()
    found = {}
    for row in rows:
        did = _decisions(row.decisions).get("did", [])
        views = views_of(live, {item["table"] for item in did})
        if views:
            found[row.number] = views
    return found


def _decisions(value: Any) -> dict[str, Any]:
    told = json.loads(value) if isinstance(value, str) else value
    return told if isinstance(told, dict) else {}


def _refresh(view: str, office: HasWork) -> None:
    work = office.work
    found = work.live().table(view)
    if found is None:
        return
    conn = _written(work, found)
    name = _spelled(conn, found)
    # Readers of a view with a unique index need not wait meanwhile.
    if not (found.unique and _quietly(conn, name)):
        conn.exec_driver_sql(f"REFRESH MATERIALIZED VIEW {name}")


def _quietly(conn: Connection, name: str) -> bool:
    """Refresh a view beside its readers; return False where the database refuses that.

    It asks for an index of columns alone, over all rows, and that the view was filled before.
    """
    try:
        with conn.begin_nested():
            conn.exec_driver_sql(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}")
    except DBAPIError:
        return False
    return True


def _written(work: Work, found: LiveTable) -> Connection:
    """Return the connection, which will commit, to the database a view is in."""
    conn, parts = work.conn, work.live().parts.items()
    name = next((name for name, part in parts if part.tables.get(found.name) is found), HOME)
    return conn.write(name) if name != HOME and isinstance(conn, Crossing) else conn


def _spelled(conn: Connection, found: LiveTable) -> str:
    quote = conn.dialect.identifier_preparer.quote
    bare = found.name.removeprefix(f"{found.schema}.")
    return f"{quote(found.schema)}.{quote(bare)}" if found.schema else quote(bare)


def _note(number: str, failed: list[str], office: HasWork) -> None:
    case = load(office.work, number, lock=True)
    before = case.decisions or {}
    if list(before.get("stale", ())) != failed:
        step(office.work, case, decisions={**before, "stale": failed})


def stale(case: Case) -> list[Left]:
    """Return the stored views that still show what a request erased.

    :param case: the request.
    """
    return [Left(view, 1, REASON) for view in (case.decisions or {}).get("stale", ())]
