"""Data files rewritten because somebody asked: what that would do, and the supplements it earns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select

from ...core.certificate import Level
from ...core.depth import Evidence, Reached
from ...core.errors import InputError, UnknownError
from ...core.plan import Outcome
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..casework.cases import Case, columns, load, read
from ..certificates import certifying
from ..statements.sql import quoted
from ..transaction import outside
from ..unit import HasWork, Run
from ..work import Work
from . import deepening, mariadb, postgresql, refresh, sqlite
from .changed import Changed, changed

_SERVERS: dict[str, Any] = {"postgresql": postgresql, "mysql": mariadb, "mariadb": mariadb}

LOCKS = {
    "sqlite": "Nobody writes while the file is rewritten, about a second for 100 MB.",
    "postgresql": "Nobody reads or writes a table while it is rewritten (ACCESS EXCLUSIVE), about "
    "half a second for 100 MB; for a moment no statement can be planned.",
    "mariadb": "A table is locked for a moment when its rewriting begins and ends, about a second "
    "for 100 MB; reading and writing go on in between.",
}
"""What others notice, by engine."""

_CHANGED = frozenset({Outcome.DELETE.value, Outcome.OVERWRITE.value, Outcome.SEAL.value})


@dataclass(frozen=True)
class Rewriting:
    """What rewriting does, or did.

    :param engine: sqlite, postgresql or mariadb.
    :param sizes: table -> bytes; of SQLite the file.
    :param lock: what others notice while it runs.
    :param steps: what only the operator of the server can do beyond it.
    :param waiting: requests that wait for a higher level.
    :param done: whether it was done.
    :param level: level that the tables reach by it, or empty.
    :param evidence: how that was shown, or why it is no more.
    :param supplements: certificates that got one.
    """

    engine: str
    sizes: dict[str, int]
    lock: str
    steps: tuple[str, ...]
    waiting: int
    done: bool = False
    level: str = ""
    evidence: tuple[str, ...] = ()
    supplements: int = 0


@dataclass(frozen=True)
class _Waiting:
    """A request whose certificate says less than rewriting could reach."""

    number: str
    since: datetime
    tables: frozenset[str]


def rewrite(run: Run, names: Sequence[str], logs: bool = False, yes: bool = False) -> Rewriting:
    """Rewrite the files of tables without what was erased in them, or say what that would do.

    Requests all of whose changed tables were rewritten since get a supplement.

    :param run: runs a unit of work.
    :param names: declared tables, with whose files those of the stored views that copy them are
        rewritten; of SQLite the whole file is.
    :param logs: also empty the log of the database, where the account may.
    :param yes: False changes nothing.
    :raises BusyError: somebody still sees old rows, or uses a table.
    :raises InputError: no table was named.
    :raises SetupError: this account may not rewrite a table.
    :raises UnknownError: nothing is declared about a table.
    """
    engine = run(lambda office: office.work.conn.engine)
    wanted = tuple(dict.fromkeys(names))
    plan: Rewriting = run(partial(_plan, wanted))
    if not yes:
        return plan
    if engine.dialect.name == "sqlite":
        return _whole_file(run, engine, plan)
    targets: list[Table] = run(partial(_targets, wanted))
    waiting, started = run(_all_waiting)
    with outside(engine) as conn:
        reached: Reached = _SERVERS[engine.dialect.name].rewrite(conn, targets, logs)
    run(partial(_note, wanted, started, reached))
    count = sum(run(partial(_cover, each, wanted, reached)) for each in waiting)
    return _done(plan, reached, count)


def _done(plan: Rewriting, reached: Reached, supplements: int) -> Rewriting:
    return replace(
        plan,
        done=True,
        level=reached.level.value,
        evidence=tuple(word.value for word in reached.evidence),
        supplements=supplements,
    )


def _whole_file(run: Run, engine: Any, plan: Rewriting) -> Rewriting:
    supplements = deepening.retry(run, None)
    reached = sqlite.clean(engine, {"": ()}, None)[""]
    return _done(plan, reached, supplements)


def _plan(names: Sequence[str], office: HasWork) -> Rewriting:
    work = office.work
    dialect = "mariadb" if work.conn.dialect.name == "mysql" else work.conn.dialect.name
    waiting = len(_waiting(work))
    if dialect == "sqlite":
        sizes = {f.path.name: sqlite.size(f.path) for f in sqlite.files_of(work.conn)}
        return Rewriting(dialect, sizes, LOCKS[dialect], (), waiting)
    sizes = {table.fullname: _size(work.conn, table) for table in _targets(names, office)}
    steps = _SERVERS[dialect].STEPS
    return Rewriting(dialect, sizes, LOCKS[dialect], steps, waiting)


def _targets(names: Sequence[str], office: HasWork) -> list[Table]:
    work = office.work
    if not names:
        needed = {table for each in _waiting(work) for table in each.tables}
        raise InputError(
            "No table was named.",
            f"Certificates wait for: {', '.join(sorted(needed)) or 'none'}.",
        )
    unknown = sorted(set(names) - set(work.datamap.tables))
    if unknown:
        raise UnknownError(
            f"Nothing is declared about: {', '.join(unknown)}.", "Name tables as policies do."
        )
    return [*(work.datamap.tables[name].table for name in names), *_copies(work, names)]


def _copies(work: Work, names: Sequence[str]) -> Iterator[Table]:
    """Yield the stored views that copy rows of tables: what was refreshed leaves dead rows too."""
    live = work.live()
    for view in refresh.views_of(live, names):
        found = live.table(view)
        if found is not None:
            schema = found.schema or None
            bare = found.name.removeprefix(f"{schema}.")
            yield Table(bare, MetaData(), schema=schema)


def _size(conn: Connection, table: Table) -> int:
    given: tuple[str | None, ...]
    if conn.dialect.name == "postgresql":
        asked = "SELECT pg_total_relation_size(CAST(%s AS regclass))"
        given = (quoted(conn.dialect, table),)
    else:
        asked = (
            "SELECT data_length + index_length FROM information_schema.tables"
            " WHERE table_schema = coalesce(%s, DATABASE()) AND table_name = %s"
        )
        given = (table.schema, table.name)
    return int(conn.exec_driver_sql(asked, given).scalar_one_or_none() or 0)


# who waits for it


def _all_waiting(office: HasWork) -> tuple[list[_Waiting], datetime]:
    return _waiting(office.work), office.work.stamp


def _waiting(work: Work) -> list[_Waiting]:
    """Return the ended requests whose certificate says less than the logs are free of them."""
    table = tables.request
    states = [state.value for state in deepening.ENDED]
    rows = work.conn.execute(
        select(*columns()).where(table.c.state.in_(states)).order_by(table.c.id)
    )
    shallow = [
        case
        for case in map(read, rows)
        if certifying.depth_of(case.decisions or {}).level < Level.LOGS
    ]
    went = changed(work, [case.number for case in shallow])
    found = (_waits(case, went.get(case.number)) for case in shallow)
    return [each for each in found if each is not None]


def _waits(case: Case, went: Changed | None) -> _Waiting | None:
    """Return since when which tables hold what a request changed; None where it changed nothing.

    :param case: the request.
    :param went: what went under it, until today.
    """
    did: Iterable[dict[str, Any]] = (case.decisions or {}).get("did", ())
    held = frozenset(item["table"] for item in did if item["outcome"] in _CHANGED)
    since = case.ended_at or case.erased_at
    if since is not None and went is not None:
        since, held = max(since, went.last), held | went.tables
    return _Waiting(case.number, since, held) if since is not None and held else None


def _note(names: Sequence[str], started: datetime, reached: Reached, office: HasWork) -> None:
    for name in names:
        pulse.put(office.work.conn, _pulse(name), Pulse(started, reached.level.value))


def _pulse(table: str) -> str:
    return "rewritten:" + hashlib.sha256(table.encode()).hexdigest()[:24]


def _cover(one: _Waiting, names: Sequence[str], reached: Reached, office: HasWork) -> int:
    """Issue a supplement where all tables of a request were rewritten since its rows changed.

    Those rewritten earlier count by a time that is later than the request's end, to the second.
    """
    work = office.work
    case = load(work, one.number, lock=True)
    if _waits(case, changed(work, [case.number]).get(case.number)) != one:
        return 0
    if one.tables.isdisjoint(names):
        return 0
    levels = [reached.level]
    for table in one.tables.difference(names):
        known = pulse.look(work.conn, _pulse(table))
        if known is None or known.at <= one.since:
            return 0
        levels.append(Level(known.note))
    lowest = min(levels)
    whole = lowest is reached.level
    evidence = tuple(w for w in reached.evidence if whole or w is not Evidence.LOG_GONE)
    return int(deepening.deepen(work, case, Reached(lowest, evidence)))
