"""What a restored database has forgotten: read from the register, and looked for in its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import select

from ...core.errors import KeyMissingError
from ...core.identity import Kind as Identity
from ...core.identity import kind_of
from ...core.plan import LEGAL_DUTY, Key, Person, key_text
from ...core.remembrance import Broken, Kind, Line, Trace, committed, dangling
from ...core.returning import ASKED_ALONE, BARE, CHANGED, NEWER, PERHAPS_ANOTHER, UNDATED
from ..casework.cases import day_at
from ..comeback import arrived
from ..erasing import finder
from ..erasing.traces import tells
from ..lawbook.clocks import Record, facts_of
from ..work import Work
from . import remembering, tracing
from .months import is_over
from .unplaced import Hold

_AT_ONCE = 5000
"""Keys of a table that are read at once while its rows are looked for."""


class Verdict(StrEnum):
    """What is to be done about one row the register remembers."""

    THEIRS = "theirs"
    ASK = "ask"
    LIVES = "lives"
    OTHER = "other"
    GONE = "gone"


@dataclass(frozen=True)
class Judged:
    """A row the register remembers, and what is to be done about it.

    :param table: name of the table.
    :param key: key of the row, or None where there is none any more.
    :param verdict: what is to be done.
    :param why: one word, of what staff must decide.
    """

    table: str
    key: Key | None
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class Forgotten:
    """What the register remembers and the database does not.

    :param since: place in the register up to which the database knows it.
    :param lines: what was erased and what ended after that, in order.
    :param undone: number of a request -> place of the line that took its decision back.
    :param holds: holds that were placed after that and not lifted.
    :param broken: where the register is not as it was written.
    :param objected: objections to advertising, and those taken back, in order.
    :param marked: number of a request and moment -> by what people whom it erased are known again.
    """

    since: int
    lines: tuple[Line, ...] = ()
    undone: Mapping[str, Line] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    broken: tuple[Broken, ...] = ()
    objected: tuple[Line, ...] = ()
    marked: Mapping[tuple[str, str], Sequence[Line]] = field(default_factory=dict)

    def takes_back(self, line: Line) -> Line | None:
        """Return the line that took the decision of a line back after it, or None."""
        later = self.undone.get(line.note.request) if line.note.request else None
        return later if later is not None and later.number > line.number else None


def recall(work: Work, since: int) -> Forgotten:
    """Return what the register remembers of the time after a place.

    Lines after which the process died count: nothing later says that they were taken back.

    :param work: the open transaction.
    :param since: the place.
    """
    file = remembering.register(work)
    if file is None:
        return Forgotten(since)
    lines, broken = file.lines()
    known = {line.number: line for line in (*committed(lines), *dangling(lines))}
    new = [known[number] for number in sorted(known) if number > since]
    lifted = {line.note.facts.get("hold") for line in new if line.note.kind is Kind.LIFTED}
    return Forgotten(
        since,
        tuple(line for line in new if line.note.kind in (Kind.INTENT, Kind.ENDED)),
        {
            line.note.request: line
            for line in new
            if line.note.kind in (Kind.RESTORED, Kind.OVERTURNED)
        },
        tuple(
            Hold(line)
            for line in new
            if line.note.kind is Kind.HOLD and line.note.facts.get("hold") not in lifted
        ),
        tuple(broken),
        tuple(line for line in new if line.note.kind in (Kind.OBJECTED, Kind.AGREED)),
        _marked(new),
    )


def _marked(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.note.kind is Kind.MARKED:
            found.setdefault((line.note.request, line.at), []).append(line)
    return found


Places = dict[tuple[str, str, str], Key]
"""(Month, table, mark) -> key of the row that has this mark."""


def find(work: Work, lines: Iterable[Line]) -> Places:
    """Return where the rows of these lines lie now: one pass over the keys of each table.

    :param work: the open transaction.
    :param lines: lines of the register.
    """
    wanted: dict[str, dict[str, set[str]]] = {}
    for line in lines:
        for trace in line.note.rows:
            wanted.setdefault(trace.table, {}).setdefault(line.month, set()).add(trace.row)
    found: Places = {}
    for table, months in sorted(wanted.items()):
        declared = work.datamap.tables.get(table)
        keys = {month: key for month in months if (key := _key(work, month)) is not None}
        if declared is None or not keys:
            continue
        bounded = {"yield_per": _AT_ONCE}
        for row in work.conn.execute(select(*declared.key), execution_options=bounded):
            text = key_text(tuple(row))
            for month, key in keys.items():
                mark = tracing.text_mark(key, table, text)
                if mark in months[month]:
                    found[month, table, mark] = tuple(row)
    return found


def judges(line: Line) -> bool:
    """Return whether a line's rows are looked for: not what a request kept, and ended later."""
    return line.note.kind is Kind.INTENT or not line.note.request


def judge(
    work: Work, known: Forgotten, line: Line, places: Places, first: bool = True
) -> list[Judged]:
    """Return what is to be done about each row of a line, by the database as it is now.

    Only where the key, all that identifies the row, and a date not after the erasure agree it is
    theirs. Where nothing that identifies it agrees it is somebody else's, or a shell. Without the
    key of the month nobody can look; only where every backup of it has ended that means: gone.

    :param work: the open transaction.
    :param known: what the database has forgotten.
    :param line: the line.
    :param places: where its rows lie.
    :param first: nobody was asked about them yet, so that whoever was renamed may be among them.
    :raises KeyMissingError: the key of its month is not there, and should be.
    """
    if line.note.rows and _lacks(work, line.month):
        raise KeyMissingError(
            f"The key of the register's marks of {line.month} is not there.",
            "Nobody can tell which rows were meant. Put the newest copy of the key folder in its "
            "place and replay again.",
        )
    by_table: dict[str, list[tuple[Trace, Key | None]]] = {}
    for trace in line.note.rows:
        key = places.get((line.month, trace.table, trace.row))
        by_table.setdefault(trace.table, []).append((trace, key))
    result = []
    for table, pairs in by_table.items():
        here = [key for _, key in pairs if key is not None]
        now = _now(work, line, table, [t for t, key in pairs if key is not None], here)
        told = _told(work, table, here)
        lately = _since(work, line, table, told, here)
        copied = _copied(work, line, table, told, now) if first else set()
        for trace, key in pairs:
            if key is None or key not in now:
                result.append(Judged(table, key, Verdict.GONE))
                continue
            verdict, why = _verdict(work, known, line, (trace, now[key]), key, told.get(key))
            if key in lately and (verdict is Verdict.THEIRS or why in ASKED_ALONE):
                verdict, why = Verdict.ASK, NEWER
            elif key in copied and verdict is Verdict.OTHER:
                verdict, why = Verdict.ASK, PERHAPS_ANOTHER
            result.append(Judged(table, key, verdict, why))
    return _without_shells(work, result)


def again(work: Work, line: Line, who: Person) -> Judged | None:
    """Return what is thought of one row of a line by now; None where nobody can tell.

    What the hotel holds is not looked at.

    :param work: the open transaction.
    :param line: the line.
    :param who: table and key of the row.
    """
    secret = _key(work, line.month)
    mark = tracing.row_mark(secret, *who) if secret is not None else ""
    rows = tuple(trace for trace in line.note.rows if (trace.table, trace.row) == (who[0], mark))
    if not rows:
        return None
    about = replace(line, note=replace(line.note, rows=rows))
    places = {(line.month, who[0], mark): who[1]}
    return judge(work, Forgotten(0), about, places, first=False)[0]


def _without_shells(work: Work, judged: Sequence[Judged]) -> list[Judged]:
    """Ask nobody about rows that are empty: what a hold kept was erased later, by its own line."""
    asked = {
        (each.table, each.key) for each in judged
        if each.verdict is Verdict.ASK and each.why != LEGAL_DUTY and each.key is not None
    }  # fmt: skip
    empty = shells(work, asked)
    return [
        Judged(each.table, each.key, Verdict.OTHER) if (each.table, each.key) in empty else each
        for each in judged
    ]


def shells(work: Work, who: Iterable[Person]) -> set[Person]:
    """Return which of these rows an erasure emptied, as far as their columns can tell.

    :param work: the open transaction.
    :param who: table and key of rows.
    """
    tables = work.datamap.tables
    told = {
        name for name, each in tables.items()
        if each.deletes or any(tells(each, [column]) for column in each.erase)
    }  # fmt: skip
    return finder.erased_before(work.conn, work.datamap, [w for w in who if w[0] in told])


def names(work: Work, line: Line, who: Iterable[Person]) -> bool:
    """Return whether a line is about one of these rows; without the key of its month it may be.

    :param work: the open transaction.
    :param line: the line.
    :param who: table and key of rows.
    """
    secret = _key(work, line.month)
    if secret is None:
        return not is_over(work, line.month)
    marks = {tracing.row_mark(secret, *each) for each in who}
    return any(trace.row in marks for trace in line.note.rows)


def keyless(work: Work, lines: Iterable[Line]) -> tuple[str, ...]:
    """Return the months of lines whose rows nobody can look for, as their key is not there.

    :param work: the open transaction.
    :param lines: lines of the register.
    """
    months = {line.month for line in lines if line.note.rows}
    return tuple(month for month in sorted(months) if _lacks(work, month))


def _lacks(work: Work, month: str) -> bool:
    return _key(work, month) is None and not is_over(work, month)


def _now(
    work: Work, line: Line, table: str, traces: Sequence[Trace], keys: Sequence[Key]
) -> dict[Key, Trace]:
    month = _key(work, line.month)
    if month is None or not keys:
        return {}
    if line.note.kind is Kind.INTENT and table in work.datamap.subjects:
        found = tracing.people(work, month, [(table, key) for key in keys])
        return {key: trace for (_, key), trace in found.items()}
    columns = sorted({name for trace in traces for name in trace.values})
    there = {c.name for c in work.datamap.declared(table).table.c}
    if not columns or not there >= set(columns):
        return {}
    return tracing.records(work, month, table, keys, columns)


def _verdict(
    work: Work,
    known: Forgotten,
    line: Line,
    traces: tuple[Trace, Trace],
    key: Key,
    told: Record | None,
) -> tuple[Verdict, str]:
    then, now = traces
    same = [name for name, mark in then.values.items() if now.values.get(name) == mark]
    if then.values and not same:
        return Verdict.OTHER, ""
    # A guest asks one house of a group; a row may lie at another one.
    places = {line.note.property, told.place if told else ""}
    if any(hold.covers(work, places, then.table, key) for hold in known.holds):
        # Also of a hold that is silent nobody learns more than this.
        return Verdict.ASK, LEGAL_DUTY
    dates = told.facts.events if told else {}
    if len(same) < len(then.values) or not then.values:
        return Verdict.ASK, _partly(then, now, dates, erased_on(work, line))
    return _by_date(work, line, dates)


def _partly(then: Trace, now: Trace, dates: Mapping[str, date], day: date) -> str:
    """Return why staff are asked about a row of which not all that identified it agrees.

    A copy gives the number of somebody it does not know to the next one who comes: who goes by
    another name or document, or came later, is erased by no word of one person.
    """
    both = then.values.keys() & now.values.keys()
    if (now.values and not then.values) or any(
        then.values[name] != now.values[name] for name in both if _says_who(name)
    ):
        return PERHAPS_ANOTHER
    if dates and dates.get("created", max(dates.values())) >= day:
        return NEWER
    return CHANGED if then.values else BARE


def _says_who(name: str) -> bool:
    return name == "name" or kind_of(name.removeprefix("match:")) is Identity.DOCUMENT


def _by_date(work: Work, line: Line, dates: Mapping[str, date]) -> tuple[Verdict, str]:
    day = erased_on(work, line)
    created = dates.get("created")
    if created is not None:
        return (Verdict.THEIRS, "") if created <= day else (Verdict.LIVES, NEWER)
    if not dates:
        return Verdict.ASK, UNDATED
    if max(dates.values()) > day:
        return Verdict.ASK, NEWER
    return Verdict.THEIRS, ""


def _since(
    work: Work, line: Line, table: str, told: Mapping[Key, Record], keys: Sequence[Key]
) -> set[Key]:
    """Return the people who booked after a line was written, or may have got their number then.

    Bookings go on in a restored database: whoever came again under their old number lives. Of whom
    a day says that they came before, the number says nothing: the copy may be of before the sweep.
    """
    at, day = datetime.fromisoformat(line.at).astimezone(UTC), erased_on(work, line)
    dates = {key: each.facts.events.get("created", day) for key, each in told.items()}
    undated = [key for key in keys if dates.get(key, day) >= day]
    return arrived.booked(work, table, keys, at, day) | arrived.given(work, table, undated)


def _copied(
    work: Work, line: Line, table: str, told: Mapping[Key, Record], now: Mapping[Key, Trace]
) -> set[Key]:
    """Return the people who had their number before the copy was made, and are called something.

    A guest who got another name and mailbox between the copy and the erasure agrees with nothing
    by which the erasure knew them, and is no new guest to whom a free number was given.
    """
    if line.note.kind is not Kind.INTENT or table not in work.datamap.subjects:
        return set()
    last, day = arrived.ends(work.conn, [table]), erased_on(work, line)
    return {
        key for key, trace in now.items()
        if trace.values and arrived.since((table, key), last) is False
        and not (key in told and told[key].facts.events.get("created", date.min) >= day)
    }  # fmt: skip


def erased_on(work: Work, line: Line) -> date:
    """Return the day on the property's wall on which a line was written."""
    at = datetime.fromisoformat(line.at).astimezone(UTC)
    hotel = work.settings.properties.get(line.note.property)
    return day_at(hotel, at) if hotel is not None else at.date()


def _told(work: Work, table: str, keys: Sequence[Key]) -> dict[Key, Record]:
    return facts_of(work.conn, work.datamap, work.settings, table, keys) if keys else {}


def _key(work: Work, month: str) -> bytes | None:
    try:
        return tracing.key_of(work, month)
    except KeyMissingError:
        return None
