"""What the hotel still needs somebody for: a stay, a bill, a request that is open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, null, or_, select
from sqlalchemy import Row as Line

from ...core.copying import DAYS
from ...core.lifecycle import OPEN, State
from ...core.plan import Block, Key, Person, Row, key_text
from ...core.policy import Blocker
from ...core.standing import Standing
from ...core.treatment import Keep
from ...core.wish import Kind
from .. import tables
from ..access.tokens import TICKET_MINUTES
from ..checking.gaps import unreadable
from ..erasing import successors
from ..erasing.finder import Owners, owned, owned_of
from ..mapping.datamap import DataMap
from ..mapping.days import day_of
from ..mapping.declared import Declared
from ..mapping.trail import zoned
from ..settings import Settings
from ..statements.sql import MANY, Said, asked, chunks, fixed, holds_text, parts
from ..transaction import alone
from .clocks import places_of

if TYPE_CHECKING:
    from ..work import Work

OPEN_REQUEST = "open-request"
"""Blocker that every host has: a copy, or a complaint about a refusal, is not answered yet."""

_NOT_NEEDING = ("erasure", "advertising", "canary")
"""Kinds of request that need nothing to be there."""

_SHOWN = 5
"""Keys that a line names at most."""


@dataclass(frozen=True)
class Found:
    """One row that stands in the way, and whose way.

    :param name: name of the blocker.
    :param table: table of the row.
    :param key: key of the row.
    :param people: subject rows it blocks.
    :param needs: table -> columns that must stay as they are; None means everything.
    :param until: day on which it is expected to end, or None when nobody knows.
    :param property: code of the property it lies at, empty when unknown.
    :param label: key of the row as staff may read it, or empty.
    """

    name: str
    table: str
    key: Key
    people: frozenset[Person]
    needs: Mapping[str, frozenset[str]] | None
    until: date | None
    property: str
    label: str


def standing(
    work: Work,
    people: Iterable[Person],
    lock: bool = False,
    theirs: Mapping[str, Sequence[Row]] | None = None,
) -> list[Found]:
    """Return everything of the hotel's that stands in the way of these people's erasure.

    :param work: the open transaction.
    :param people: subject rows.
    :param lock: keep others from changing the rows that may block, until the transaction ends.
    :param theirs: every row of these people, where they were just looked for.
    """
    wanted = tuple(people)
    hidden = unreadable(work.whole()) if work.blockers else frozenset()
    found = _open_requests(work, wanted)
    rows: dict[tuple[str, tuple[str, ...]], Owners] = {}
    for blocker in sorted(work.blockers, key=lambda b: (b.on, b.name)):
        declared = work.datamap.tables.get(blocker.on)
        if declared is None or blocker.on in hidden:
            continue
        here = (blocker.on, tuple(sorted(blocker.by)))
        if here not in rows:
            rows[here] = (
                owned(work.conn, work.datamap, declared, wanted, blocker.by)
                if theirs is None
                else owned_of(declared, theirs.get(blocker.on, ()), blocker.by)
            )
            if lock and not alone(work.conn):
                _lock(work, declared, rows[here])
        found += _blocking(work, declared, blocker, rows[here])
    return found


def _lock(work: Work, declared: Declared, rows: Owners) -> None:
    here = declared.alias("b")
    columns = [here.c[c.key] for c in declared.key]
    for part in parts(sorted(rows, key=key_text)):
        statement, given = asked(
            declared.said, ("lock",), lambda: (select(*columns).with_for_update(), columns), part
        )
        work.conn.execute(statement, given).all()


def _blocking(work: Work, declared: Declared, blocker: Blocker, rows: Owners) -> Iterator[Found]:
    """Yield the rows under a blocker's condition, asked with the day at each row's property."""
    ordered = sorted(rows, key=key_text)
    places = places_of(work.conn, work.datamap, work.settings, declared, ordered)
    lie: dict[str, list[Key]] = {}
    for key in ordered:
        lie.setdefault(places.get(key, ""), []).append(key)
    days: dict[date, list[Key]] = {}
    for code, mine in lie.items():
        days.setdefault(today_at(work.settings, work.now, code), []).extend(mine)
    naive = ZoneInfo(declared.policy.zone or "UTC")
    here = declared.alias("b")
    columns = [here.c[c.key] for c in declared.key]
    ends, more = end_of(blocker, here)
    ending = [] if blocker.until is None else [ends.label("until_")]

    def made() -> tuple[Select[Any], Sequence[ColumnElement[Any]]]:
        return select(*columns, *([] if ending else [ends.label("until_")])), columns

    needs, label = _needs(work.datamap, blocker), shown(work.datamap, blocker)
    adding = [*ending, *([here.c[label]] if label else [])]
    for today, keys in sorted(days.items()):
        for part in parts(keys):
            wanted, given = asked(declared.said, ("blocking", bool(ending)), made, part)
            # What a host's conditions say is asked each time: of today, and as things are now.
            wanted = (wanted.add_columns(*adding) if adding else wanted).where(
                blocker.where(here, today)
            )
            for row in zoned(work.conn.execute(wanted, given), len(columns)):
                key, end = row[: len(columns)], row[len(columns)]
                place = places.get(key, "")
                day = day_of(end, naive, _zone(work.settings, place))
                day = day + more if day is not None else None
                yield Found(
                    blocker.name,
                    blocker.on,
                    key,
                    frozenset(person for person, _ in rows[key]),
                    needs,
                    day if day is not None and day >= today else None,
                    place,
                    # Of a row that has none yet staff read the key.
                    (label and str(row[-1] or "")) or label_of(declared, key),
                )


def shown(datamap: DataMap, blocker: Blocker) -> str:
    """Return the attribute of the column by which staff know a row that blocks, or nothing.

    Who reads it need not be allowed to read names: what goes with a guest is never shown.
    """
    declared = datamap.tables[blocker.on]
    column = datamap.atlas.column(declared.table, blocker.shown) if blocker.shown else None
    if column is None:
        return ""
    rule = declared.rules.get(column.name)
    for link in column.foreign_keys if rule is None else ():
        there = datamap.tables.get(link.column.table.fullname)
        rule = there.rules.get(link.column.name) if there is not None else None
    return column.key if isinstance(rule, Keep) else ""


def end_of(blocker: Blocker, here: Any) -> tuple[Any, timedelta]:
    """Return the expression of the day a blocker ends, and what is added to it."""
    ends = blocker.until(here) if blocker.until is not None else null()
    return ends if isinstance(ends, tuple) else (ends, timedelta())


def _zone(settings: Settings, code: str) -> ZoneInfo:
    hotel = settings.properties.get(code)
    return ZoneInfo(hotel.zone if hotel is not None else "UTC")


def today_at(settings: Settings, now: datetime, code: str) -> date:
    """Return the day at a property; where nobody knows which, the earliest of all of them.

    :param settings: the operator's settings.
    :param now: aware moment.
    :param code: code of the property, or empty.
    """
    hotel = settings.properties.get(code)
    hotels = [hotel] if hotel is not None else list(settings.properties.values())
    return min(now.astimezone(ZoneInfo(each.zone)).date() for each in hotels)


def label_of(declared: Declared, key: Key) -> str:
    """Return the parts of a key that say nothing about a person: numbers, and what is kept."""
    parts = zip(declared.key, key, strict=True)
    return "/".join(
        str(part)
        for column, part in parts
        if not holds_text(column.type) or isinstance(declared.rules.get(column.name), Keep)
    )


def _needs(datamap: DataMap, blocker: Blocker) -> dict[str, frozenset[str]] | None:
    """Return table -> SQL names of the columns a blocker needs; all of a table's when none."""
    if blocker.needs is None:
        return None
    needs = {}
    for name, wanted in blocker.needs.items():
        declared = datamap.tables.get(name)
        if declared is None:
            continue
        columns = [datamap.atlas.column(declared.table, column) for column in wanted]
        names = [c.name for c in columns if c is not None] or [c.name for c in declared.table.c]
        # What has no rule goes with its row alone: as long as the row is there it stays as well.
        unruled = set(declared.taken) - declared.rules.keys()
        needs[name] = frozenset(names) | unruled
    return needs


def _open_requests(work: Work, people: Collection[Person]) -> list[Found]:
    """Return the requests about these rows that cannot be answered once they are gone."""
    by_table: dict[str, dict[str, Person]] = {}
    for person in people:
        by_table.setdefault(person[0], {})[key_text(person[1])] = person
    # Whoever opened a copy was told that this browser reads it for a while.
    read_since = work.stamp - timedelta(minutes=TICKET_MINUTES)
    times = {"since": read_since, "refused": work.stamp - timedelta(days=DAYS)}
    seen: dict[tuple[str, str, str], set[Person]] = {}
    for name, texts in by_table.items():
        for part in chunks(sorted(texts), MANY):
            statement, given = asked(_SAID, ("open",), _unanswered, [(text,) for text in part])
            rows = work.conn.execute(statement, {**(given or {}), **times, "table": name})
            for row in successors.without(work, name, rows, texts):
                here = (row.number, row.property, _answer(work, row))
                seen.setdefault(here, set()).add(texts[row.row_key])
    return [
        Found(
            OPEN_REQUEST, tables.request.name, (number,), frozenset(whose), None,
            date.fromisoformat(day) if day else None, place, number,
        )
        for (number, place, day), whose in sorted(seen.items())
    ]  # fmt: skip


def _answer(work: Work, row: Line[Any]) -> str:
    """Return the day by which a request is answered, ISO; empty when that day is past."""
    today = today_at(work.settings, work.now, row.property).isoformat()
    ends = str(row.ends_on or row.due_on)
    if row.state == State.COMPLAINT.value:
        ends = str(row.contested_until or ends)
    if row.state == State.FETCHED.value:
        ends = today
    if row.state == State.REFUSED.value:
        over = row.ended_at.replace(tzinfo=UTC) + timedelta(days=DAYS)
        ends = today_at(work.settings, over, row.property).isoformat()
    return ends if ends >= today else ""


_SAID: Said = {}


def _unanswered() -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Return the select of requests about rows of a table that must be answered first."""
    request, subject, copy = tables.request.c, tables.subject.c, tables.copy.c
    # What anybody can send through the form keeps nothing waiting, unless it came with the erasure.
    sent = and_(
        request.kind == Kind.COPY.value,
        request.channel == "form",
        request.state == State.RECEIVED.value,
        copy.erasure.is_(None),
    )
    opened = and_(request.state == State.FETCHED.value, copy.fetched_at > bindparam("since"))
    # Who asked for the copy first may complain of its refusal, or take the erasure back.
    later = tables.request.alias().c
    refused = and_(
        request.state == State.REFUSED.value,
        request.ended_at > bindparam("refused"),
        exists().where(later.number == copy.erasure, later.ended_at.is_(None)),
    )
    open_states = [state.value for state in OPEN]
    about = tables.complaint.c
    contested = (
        select(func.max(about.due_on))
        .where(about.request == request.number, about.ended_at.is_(None))
        .scalar_subquery()
    )
    answers = or_(
        request.state.in_(fixed([State.COMPLAINT.value, State.OFFERED.value])),
        and_(opened, copy.box.is_not(None)),
        and_(
            request.kind.not_in(fixed(_NOT_NEEDING)), request.state.in_(fixed(open_states)), ~sent
        ),
        refused,
    )
    wanted = (
        select(
            request.number,
            request.property,
            request.due_on,
            subject.row_key,
            copy.ends_on,
            request.state,
            request.ended_at,
            contested.label("contested_until"),
            successors.asked_after().label("after"),
        )
        .join_from(tables.subject, tables.request, subject.request == request.number)
        .outerjoin(tables.copy, copy.request == request.number)
        .where(
            subject.table_name == bindparam("table"),
            subject.standing == Standing.TAKEN.value,
            answers,
        )
    )
    return wanted, [subject.row_key]


def blocks(found: Iterable[Found]) -> tuple[Block, ...]:
    """Return what keeps the whole erasure waiting: one line per blocker, table and property."""
    groups: dict[tuple[str, str, str], list[Found]] = {}
    for each in found:
        if each.needs is None:
            groups.setdefault((each.name, each.table, each.property), []).append(each)
    return tuple(
        Block(table, name, len(group), _line(group), _until(group))
        for (name, table, _), group in sorted(groups.items())
    )


def _line(group: Sequence[Found]) -> str:
    """Return a line for staff of any language: which rows, and at which property; never whose."""
    labels = sorted({each.label for each in group if each.label})
    shown = ", ".join(labels[:_SHOWN])
    if len(labels) > _SHOWN:
        shown += f" +{len(labels) - _SHOWN}"
    place = f"({group[0].property})" if group[0].property else ""
    return f"{shown} {place}".strip()


def _until(group: Sequence[Found]) -> str:
    """Return the day on which all of them are expected to have ended, or empty."""
    days = [each.until for each in group]
    known = [day for day in days if day is not None]
    return max(known).isoformat() if len(known) == len(days) else ""


def needed_of(found: Iterable[Found], table: str, row: Row) -> dict[str, str]:
    """Return column -> name of the blocker that needs it, for one row.

    Of the blocker's own table only the row that blocks is needed; of other tables the rows of the
    people it blocks.

    :param found: what stands in the way.
    :param table: table of the row.
    :param row: the row, with the people of the plan it belongs to.
    """
    owners = {person for person, _ in row.owners}
    result: dict[str, str] = {}
    for each in sorted(found, key=lambda f: f.name):
        columns = (each.needs or {}).get(table, frozenset())
        if each.key == row.key if each.table == table else owners & each.people:
            for column in columns:
                result.setdefault(column, each.name)
    return result
