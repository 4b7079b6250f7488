"""What is left of erased people by value: one reading for all of them, then each one's share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError

from ...core.certificate import Left
from ...core.errors import SealError
from ...core.needle import Needle, Strength
from ...core.plan import Person, Plan, by_table, key_text
from ...core.standing import Standing
from .. import tables
from ..casework.cases import Case, load
from ..erasing import people
from ..erasing.finder import erased_before
from ..mapping.crossing import ALONE, Binds, binds_of
from ..mapping.datamap import DataMap
from ..messages import unremoved
from ..statements.failure import translated
from ..statements.sql import among, one_of, parts
from ..sweeping.narrowing import is_of_a_row
from ..transaction import transaction
from ..unit import HasWork, Run
from ..work import Work
from . import outlived, queued, rescan, sought
from .leftover import Told, left, many, told
from .reading import Find, Finds, Looking, Progress, beyond, files, look, roots
from .row import row_of
from .space import How, Reach, Space, space
from .spared import planned

EVERYTHING, MAPPED = "search-by-value", "search-by-value-mapped"
"""Evidence on a certificate: every table there is was read, or every table the host maps."""

_TAKEN = Standing.TAKEN

BEAT = 60
"""Seconds after which a long search says that it is still at work."""


@dataclass(frozen=True)
class Sought:
    """One request whose people are looked for.

    :param number: its number.
    :param box: the box of the values.
    :param wanted: the values.
    :param own: its subject rows: table and key as text.
    :param scope: how far its search goes.
    """

    number: str
    box: str
    wanted: frozenset[Needle]
    own: frozenset[tuple[str, str]]
    scope: Reach


@dataclass
class Asked:
    """What a reading needs, taken from one transaction.

    :param engine: the host's engine.
    :param datamap: what the host declared.
    :param where: what is looked into.
    :param searches: the requests.
    :param folders: folder -> table and column that name its files.
    :param leaving: files whose removal is queued.
    :param binds: the host's other databases.
    """

    engine: Engine
    datamap: DataMap
    where: Space
    searches: list[Sought]
    folders: dict[str, tuple[str, str]]
    leaving: list[tuple[str, str]] = field(default_factory=list)
    binds: Binds = ALONE

    @property
    def wanted(self) -> frozenset[Needle]:
        """Return the values of all requests."""
        return frozenset(needle for each in self.searches for needle in each.wanted)


def searched(
    run: Run,
    numbers: Collection[str] = (),
    seconds: float | None = None,
    progress: Progress | None = None,
    folders: Sequence[str] = (),
    failed: dict[str, Exception] | None = None,
) -> Finds | None:
    """Look for the people of many requests in one reading, in short transactions that only read.

    What was found is told to each request by itself: one whose rows cannot be read keeps no other.

    :param run: runs a unit of work.
    :param numbers: the requests; all that wait are looked for as well.
    :param seconds: time after which it is cut, or None.
    :param progress: told about each piece.
    :param folders: further folders whose file names are looked at.
    :param failed: where to put, by its number, why a request could not be told; when None, what
        keeps one of `numbers` from it is raised once the others were.
    :return: what was found, or None when there was nobody to look for.
    :raises BusyError: it was cut, or somebody else holds what is needed; nothing was noted.
    """
    until = None if seconds is None else time.monotonic() + seconds
    asked: Asked = run(lambda office: ask(office.work, numbers))
    if not asked.searches:
        return None
    asked.folders |= {folder: ("files", folder) for folder in folders}
    beats = [time.monotonic()]

    def beat(table: str, rows: int) -> None:
        if progress is not None:
            progress(table, rows)
        if time.monotonic() - beats[0] > BEAT:
            beats[0] = time.monotonic()
            run(lambda office: None)

    def opened() -> AbstractContextManager[Connection]:
        return transaction(asked.engine, False, asked.binds)

    finds, living = _look(asked, opened, until, beat)
    again = Looking(opened, asked.datamap, until=until, progress=beat)
    untold = dict[str, Exception]() if failed is None else failed
    for each in asked.searches:
        try:
            asking = partial(_asking, run, rescan.parent(each.number))
            run(partial(_tell, _beyond(_said(each, finds, living), again, asking)))
        except Exception as problem:
            if not is_of_a_row(problem):
                raise
            untold[each.number] = problem
    mine = [each for number, each in untold.items() if not numbers or number in numbers]
    if failed is None and mine:
        raise mine[0]
    return finds


Asking = Callable[[Callable[[Work, Case], Any]], Any]
"""Answers a question about one request in a transaction."""


def _beyond(said: Told, again: Looking, asking: Asking) -> Told:
    """Return what was found, having asked of the rows that are not remembered which stay.

    :param said: what was found.
    :param again: how to read those once more.
    :param asking: answers a question about the request.
    """
    finds = many(said)
    if not finds:
        return said
    plan = asking(planned)
    counts = dict.fromkeys((find.name for find in finds), 0)
    for find in beyond(finds, again):
        counts[find.name] += asking(partial(left, plan, find))
    return replace(said, beyond=counts)


def _asking(run: Run, number: str, question: Callable[[Work, Case], Any]) -> Any:
    return run(lambda office: question(office.work, load(office.work, number)))


def _tell(said: Told, office: HasWork) -> None:
    if said.number.endswith(rescan.MARK):
        rescan.answer(office.work, said)
    else:
        told(office.work, said)


def here(work: Work, case: Case) -> None:
    """Look for the people of one request within a transaction that is open, where nobody did.

    :param work: the open transaction.
    :param case: the request.
    """
    asked = ask(work, [case.number], others=False)

    @contextmanager
    def opened() -> Iterator[Connection]:
        # What cannot be read must not take the transaction along.
        nested = work.conn.dialect.name == "postgresql"
        try:
            with work.conn.begin_nested() if nested else nullcontext():
                yield work.conn
        except DBAPIError as raised:
            raise translated(raised) from None

    if asked.searches:
        finds, living = _look(asked, opened, None, None)
        said, again = _said(asked.searches[0], finds, living), Looking(opened, asked.datamap)
        told(work, _beyond(said, again, lambda question: question(work, case)))


def ask(work: Work, numbers: Collection[str], others: bool = True) -> Asked:
    """Return what a reading for these requests needs.

    One whose values cannot be read now waits, and keeps no other waiting.

    :param work: an open transaction.
    :param numbers: the requests.
    :param others: take all along that wait.
    :raises SealError: nobody is taken along, and the values cannot be read now.
    """
    table = tables.search
    wanted = dict.fromkeys([*numbers, *(queued.waiting(work) if others else ())])
    rows = work.conn.execute(select(table).where(one_of(table.c.request, list(wanted))))
    searches = []
    for row in sorted(rows, key=lambda row: str(row.request)):
        try:
            values = sought.values(work, row.box)
        except SealError:
            if not others:
                raise
            continue
        if values is not None:
            number = rescan.parent(row.request)
            own = frozenset((s.table, s.key) for s in people.subjects(work, number, _TAKEN))
            wide = Reach(row.scope)
            searches.append(Sought(row.request, row.box, frozenset(values), own, wide))
        else:
            _over(work, row.request)
    far = any(each.scope is Reach.EVERYTHING for each in searches)
    reach = Reach.EVERYTHING if far or not searches else Reach.MAPPED
    leaving = [pair for each in searches for pair in unremoved.leaving(work, each.number)]
    return Asked(
        work.conn.engine, work.datamap, space(work.live(), work.datamap, reach), searches,
        roots(work.datamap), leaving, binds_of(work.conn),
    )  # fmt: skip


def _over(work: Work, number: str) -> None:
    """Note that a search cannot be made any more: its values are gone."""
    work.conn.execute(
        update(tables.search)
        .where(tables.search.c.request == number, tables.search.c.state == sought.WAITING)
        .values(state=sought.ENDED, box=None, ended_at=work.stamp)
    )


Living = Mapping[Needle, Collection[tuple[str, str]]]
"""Value -> the subject rows, table and key as text, of living people that carry it."""


def _look(
    asked: Asked,
    opened: Callable[[], AbstractContextManager[Connection]],
    until: float | None,
    progress: Progress | None,
) -> tuple[Finds, Living]:
    living: dict[Needle, set[tuple[str, str]]] = {}

    def ask_living(finds: Finds) -> list[Needle]:
        with opened() as conn:
            living.update(_bearers(conn, asked.datamap, finds))
        # Every table is read for a guest who asks again: what was read, and what could not be,
        # must not tell whether somebody who stays here has the value.
        guests = {
            n for one in asked.searches if one.number.endswith(rescan.MARK) for n in one.wanted
        }
        return [
            needle
            for needle, rows in living.items()
            if needle.strength is Strength.STRONG
            and needle not in guests
            and all(rows - each.own for each in asked.searches if needle in each.wanted)
        ]

    looking = Looking(opened, asked.datamap, ask_living, until, progress)
    finds = look(asked.where, asked.wanted, looking)
    files(finds, asked.wanted, asked.folders, asked.leaving)
    return finds, living


def _bearers(
    conn: Connection, datamap: DataMap, finds: Finds
) -> dict[Needle, set[tuple[str, str]]]:
    """Return which values living people declare as theirs, among what was found with subjects."""
    carried: dict[Needle, dict[tuple[str, str], Person]] = {}
    for find in finds.found.values():
        contacts = datamap.subjects.get(find.table)
        if contacts is None or find.place is None:
            continue
        own = {c.name for c in contacts.match.values() if hasattr(c, "name")}
        if find.how is How.NAMES or find.column in own | set(contacts.contact):
            for key in find.keys:
                person = (find.table, key)
                carried.setdefault(find.needle, {})[find.table, key_text(key)] = person
    everyone = {person for rows in carried.values() for person in rows.values()}
    there = _counted(conn, datamap, everyone) - erased_before(conn, datamap, everyone)
    return {
        needle: {text for text, person in rows.items() if person in there}
        for needle, rows in carried.items()
    }


def _counted(conn: Connection, datamap: DataMap, everyone: Iterable[Person]) -> set[Person]:
    """Return which of these rows stand for people, by the conditions of their policies.

    A profile that the host only marked as deleted is nobody's, and a copy of whoever is in it.
    """
    found: set[Person] = set()
    for name, keys in by_table(everyone).items():
        declared = datamap.declared(name)
        if declared.policy.where is None:
            found |= {(name, key) for key in keys}
            continue
        columns = [declared.table.c[c.key] for c in declared.key]
        counts = select(*columns).where(declared.policy.where(declared.table))
        for part in parts(keys):
            rows = conn.execute(counts.where(among(columns, part)))
            found |= {(name, tuple(row)) for row in rows}
    return found


def _said(one: Sought, finds: Finds, living: Living) -> Told:
    """Return what a reading found of one request."""
    mine: list[Find] = []
    shared: set[Needle] = set()
    theirs: set[tuple[str, str]] = set()
    for needle in one.wanted:
        others = set(living.get(needle, ())) - one.own
        if others:
            shared.add(needle)
            theirs |= others
    for find in finds.found.values():
        if find.needle not in one.wanted or find.how is How.NAMES:
            continue
        if find.needle in shared and find.needle.strength is Strength.STRONG:
            continue
        if one.scope is Reach.MAPPED and find.place is not None and find.place.mapped is None:
            continue
        mine.append(find)
    strong = {needle for needle in shared if needle.strength is Strength.STRONG}
    return Told(
        one.number, one.box, tuple(mine), frozenset(shared), len(strong), frozenset(theirs),
        tuple(sorted(finds.unsearched | sought.unsought(one.wanted))), finds.rows,
    )  # fmt: skip


# what a request's check is told


def by_value(work: Work, case: Case, drawn: Plan) -> Sequence[Left]:
    """Return what was found by value, after a search of this transaction's own if need be.

    :param work: the open transaction.
    :param case: the request.
    :param drawn: today's plan, of whose people the search knows by its values instead.
    """
    row = row_of(work, case.number)
    if row is None:
        return ()
    if row.state == sought.WAITING:
        here(work, case)
        row = row_of(work, case.number)
    items = outlived.everything(json.loads(row.found), "left") if row.found else []
    return [Left(i["place"], i["rows"], i["reason"]) for i in items if i["rows"]]


def evidence(work: Work, number: str) -> dict[str, Any]:
    """Return what a certificate says about the search of a request.

    :return: evidence, the word or none; unsearched, places; shared, values that were not sought.
    """
    row = row_of(work, number)
    if row is None:
        return {"evidence": [], "unsearched": [], "shared": 0}
    said = json.loads(row.found) if row.found else {}
    if not outlived.looked(said):
        return {"evidence": [], "unsearched": ["everything (the values had ended)"], "shared": 0}
    word = EVERYTHING if row.scope == Reach.EVERYTHING else MAPPED
    not_searched = outlived.unsearched(said)
    return {"evidence": [word], "unsearched": not_searched, "shared": said["shared"]}
