"""The values by which an erased person is looked for: taken from the images, sealed until the end.

They are gathered in the erasing transaction, from what it read anyway, so that it does not grow
with the database; whose they are as well is asked by the search, in transactions of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import phonenumbers
from sqlalchemy import Column, TypeDecorator
from sqlalchemy.types import Date, DateTime, Time

from ...core.errors import SealError, UnknownError
from ...core.identity import Kind, kind_of
from ...core.image import Form, Strip, cell
from ...core.log import canonical
from ...core.naming import is_bare
from ...core.needle import LOYALTY, UNSOUGHT, Needle, Strength
from ...core.seal import Terms
from ...core.several import every
from .. import tables
from ..boxes import boxing, safe, vault
from ..boxes.reading import by_the_host
from ..casework.cases import Case
from ..mapping.crossing import at
from ..mapping.declared import Declared
from ..mapping.masks import is_formed, looks_redacted
from ..memory import by_identity
from ..settings import Settings
from ..statements.upsert import upsert
from ..work import Work
from .row import row_of, write

PURPOSE = "search"

WAITING, LOOKED, ENDED = "waiting", "looked", "ended"
"""States of a search: to be made, made, and over: its values are gone."""

_MARKS = "marks"
"""Stands behind each value that was sealed with the marks of its letters; once names lost them."""

DAYS = 30
"""Days for which values are kept at most while something is left that should not be."""


def put(
    work: Work, case: Case, strips: Iterable[Strip],
    beside: Sequence[boxing.Item] = (),
) -> int:
    """Seal what an erased person will be looked for by; return how many values that is.

    :param work: the erasing transaction.
    :param case: the request.
    :param strips: the rows as they were.
    :param beside: what else of this erasure is sealed, in the same statement.
    """
    region = work.settings.home(case.property).country
    wanted = gather(work, strips, region)
    items = [*beside, item(work, case, wanted)]
    box = boxing.put(work.conn, work.custodian, items, work.today)[-1]
    upsert(work.conn, tables.search, {
        "request": case.number, "box": box, "state": WAITING, "scope": "everything", "found": None,
        "shown": None, "queued_at": work.stamp, "ended_at": None,
    })  # fmt: skip
    return len(wanted)


def item(work: Work, case: Case, wanted: Sequence[Needle]) -> boxing.Item:
    """Return values as they are sealed: for their days at most.

    :param work: the open transaction.
    :param case: the request.
    :param wanted: the values.
    """
    last_day = (work.now.date() + timedelta(days=DAYS)).isoformat()
    value = [[n.kind, n.value, n.strength.value, n.region, _MARKS] for n in wanted]
    terms = Terms(case.controller, PURPOSE, last_day)
    return boxing.Item(canonical(value), terms, case.number)


def read(work: Work, box: str) -> tuple[Needle, ...]:
    """Return the values in a box, and `UNSOUGHT` where one of them is found in no text.

    :raises UnknownError: there is no such box.
    :raises SealError: its day is over.
    """
    found = []
    for kind, value, strength, region, *marks in safe.read(work, box):
        found.append(Needle(kind, value, Strength(strength), region))
        # A complete name may look the same, and was sealed with what stands behind it.
        if kind == Kind.NAME and not marks and is_bare(value):
            found.append(UNSOUGHT)
    # What the host named as its own since then is left out as well, so that looking again helps.
    house = _house(work, {needle.region for needle in found})
    return tuple(dict.fromkeys(needle for needle in found if needle not in house))


def values(work: Work, box: str | None) -> tuple[Needle, ...] | None:
    """Return the values in a box, or None when their day is over.

    :param work: the open transaction.
    :param box: the box, or None.
    :raises SealError: their key is there and cannot be read now.
    """
    if box is None:
        return None
    try:
        return read(work, box)
    except (SealError, UnknownError):
        vault.require_lost(work.conn, work.custodian, [box])
        return None


def end(work: Work, case: Case, until: str) -> None:
    """Let the values of a request end: now, or with the safety copy of what was erased.

    :param work: the open transaction.
    :param case: the request, which ended.
    :param until: last day of the safety copy, or empty when there is none.
    """
    row = row_of(work, case.number)
    if row is None:
        return
    box = None
    # A safety copy that was made later, or for longer, may outlive them.
    if until >= work.today and values(work, row.box) is not None:
        wanted = safe.read(work, row.box)
        box = safe.keep(work, Terms(case.controller, PURPOSE, until), wanted, case.number)
    safe.drop(work, row.box)
    safe.drop(work, row.shown)
    state = LOOKED if box else ENDED
    write(work, case.number, box=box, shown=None, state=state, ended_at=work.stamp)


def gather(work: Work, strips: Iterable[Strip], region: str) -> tuple[Needle, ...]:
    """Return what to look for when these rows are gone.

    :param work: the open transaction.
    :param strips: the rows as they were.
    :param region: ISO country code that gives national phone numbers a meaning.
    """
    house = _house(work, {region})
    found: dict[Needle, None] = {}
    for strip in strips:
        declared = work.datamap.tables.get(strip.table)
        if declared is None:
            continue
        telling, columns = _telling(work, declared, strip), strip.columns
        for line in strip.lines:
            values = {
                columns[place][0]: _plain(work, declared, columns[place], line[1 + place])
                for place in telling.places
            }
            for kind, value in _said(telling, values):
                mine = every(kind, value, region)
                if kind == Kind.NAME and value and not mine:
                    mine = (UNSOUGHT,)
                found.update(dict.fromkeys(mine))
    # A clerk who types the hotel's own mailbox for a guest without one gives no guest's value, nor
    # does who writes to reception.
    return tuple(needle for needle in found if needle not in house)


def unsought(wanted: Collection[Needle]) -> set[str]:
    """Return what a search does not look for and should, as a certificate says it.

    :param wanted: what it looks for.
    """
    return {"a name (only a full one is looked for)"} if UNSOUGHT in wanted else set()


def _house(work: Work, regions: Iterable[str]) -> set[Needle]:
    """Return what is the hotels' own: what they name, and the address that letters come from."""
    known, found = _owned(work.settings), set[Needle]()
    for region in regions:
        if region not in known:
            known[region] = _own(work.settings, region)
        found |= known[region]
    return found


@by_identity
def _owned(settings: Settings) -> dict[str, frozenset[Needle]]:
    """Return where what is the hotels' own is remembered by country."""
    return {}


def _own(settings: Settings, region: str) -> frozenset[Needle]:
    return frozenset(
        needle
        for value in settings.ours()
        for needle in every(Kind.EMAIL if "@" in value else Kind.PHONE, value, region)
    )


@dataclass(frozen=True)
class _Telling:
    """What the columns that rows of one table lost may tell of a person.

    :param names: the columns of their name.
    :param columns: the other columns, each with the kind that the policy says, or else with what
        its name seems to say and no policy does.
    :param places: where all of these stand among what was lost.
    """

    names: Sequence[str]
    columns: Sequence[tuple[str, str | None, str | None]]
    places: Sequence[int]


def _telling(work: Work, declared: Declared, strip: Strip) -> _Telling:
    known, names, matched = dict[str, str](), list[str](), set[str]()
    contacts = work.datamap.subjects.get(declared.name)
    if contacts is not None:
        for key, column in contacts.match.items():
            guessed = kind_of(key)
            if isinstance(column, Column) and guessed is not None:
                known[column.name] = guessed
            elif isinstance(column, Column):
                matched.add(column.name)
        known.update(contacts.contact)
        names = [column.name for column in contacts.names]
    columns: list[tuple[str, str | None, str | None]] = []
    for name, _ in strip.columns:
        mapped = declared.find(name)
        if name in names or known.get(name) == Kind.NAME:
            continue
        if name in known:
            columns.append((name, known[name], None))
        elif mapped is not None and _may_tell(mapped):
            other = _MATCHED if name in matched else None
            seems = LOYALTY if LOYALTY_WORDS.search(name) else other
            columns.append((name, None, kind_of(name) or seems))
    wanted = {*names, *(name for name, _, _ in columns)}
    places = [place for place, (name, _) in enumerate(strip.columns) if name in wanted]
    return _Telling(names, columns, places)


def _may_tell(column: Column[Any]) -> bool:
    """Return whether what a column holds may be somebody's; a key names a row and not a person."""
    keyed = column.primary_key or column.foreign_keys
    return not keyed and not isinstance(column.type, Date | DateTime | Time)


def _plain(work: Work, declared: Declared, column: tuple[str, str], value: object) -> str:
    """Return what a column held as the text the host knows it by."""
    name, its = column
    mapped = declared.find(name)
    type_ = None if mapped is None else mapped.type
    if type(value) is str and value.isascii() and not isinstance(type_, TypeDecorator):
        return value
    made = cell(name, its, value)
    if made.form not in (Form.TEXT, Form.INT, Form.HEX):
        return ""
    known: Any = made.native()
    if isinstance(type_, TypeDecorator):
        if isinstance(known, str) and known.startswith("\\x") and its == "bytea":
            known = bytes.fromhex(known[2:])
        return by_the_host(type_, known, at(work.conn, declared.name))
    return "" if isinstance(known, bytes) else str(known)


def _said(telling: _Telling, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (kind, value) of what names the person in one row."""
    if telling.names:
        mine = [values[n].strip() for n in telling.names if n in values and not _is_mask(values[n])]
        # Which part comes first, the columns' order does not tell.
        for order in (mine, mine[::-1]):
            yield Kind.NAME, " ".join(filter(None, order))
    for name, kind, seems in telling.columns:
        value = values[name].strip()
        # What an erasure before this left is no value of the person's.
        if not value or _is_mask(value):
            continue
        if kind is not None:
            yield kind, value
        else:
            yield from _guessed(seems, value)


def _is_mask(value: str) -> bool:
    return looks_redacted(value) or is_formed(value)


LOYALTY_WORDS = re.compile(r"loyal|member|bonus|会员|ext(?:ernal)?_?(?:ref|id|no)", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
_CALLED = re.compile(r"(?:\+|00)[\d ./()-]{8,24}|\d{10,15}")
_NUMBERS = (Kind.DOCUMENT, Kind.BOOKING, LOYALTY)
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d\d[./]\d\d[./]\d{4}")
_MATCHED = "matched"
"""What a column holds by which people are found, and whose name says nothing."""
_COMMON = re.compile(r"(?:19|20)\d{6}")
"""A day without separators: of birth, for example."""


def _guessed(kind: str | None, value: str) -> Iterator[tuple[str, str]]:
    """Yield what a column that nobody declared as a way to find somebody seems to hold.

    :param kind: what its name seems to say.
    :param value: what it held.
    """
    if _DAY.match(value):
        return
    if kind == _MATCHED:
        kind = LOYALTY if _is_rare(value) else None
    if _MAIL.fullmatch(value):
        yield Kind.EMAIL, value
    elif kind == Kind.PHONE or (kind in _NUMBERS and _is_number(value)):
        yield kind, value
    if kind != Kind.PHONE and _CALLED.fullmatch(value) and _is_phone(value):
        yield Kind.PHONE, value


def _is_number(value: str) -> bool:
    # "passport" in document_type and "confirmed" in booking_state are nobody's numbers.
    return sum(c.isdigit() for c in value) >= 4 and len(value) <= 40


def _is_rare(value: str) -> bool:
    # Postcodes, years and days of birth find people as well, and stand with everybody else's.
    return sum(c.isalnum() for c in value) >= 7 and not _COMMON.fullmatch(value)


def _is_phone(value: str) -> bool:
    written = "+" + value[2:] if value.startswith("00") else value
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, None))
    except phonenumbers.NumberParseException:
        return False
