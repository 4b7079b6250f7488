"""Lines of the guest register that answer a question: those that live and those in boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, and_, or_, select

from ...core.image import Image
from ...core.plan import Key
from ...core.register import Asked, document_form, name_form, name_forms
from ...core.treatment import Constant, Null, Placeholder, Redact
from ..boxes.reading import moments, renamed, texts
from ..boxes.shelf import Place, boxes, same_room
from ..lawbook.clocks import places_of
from ..mapping.hostkeys import keys_told
from ..mapping.lines import Lines, registers
from ..mapping.masks import fixed_value, looks_invented, looks_redacted
from ..mapping.nights import Night, home_day, unsaid
from ..mapping.raw import Reader, reader
from ..work import Work
from .opening import Opened, by_row

Texts = Mapping[str, str]
"""SQL column name -> value as text."""

_AT_ONCE = 1000

_DAY = len("2026-03-09")


@dataclass(frozen=True)
class Line:
    """One line of the register, as an authority gets it.

    :param room: the room.
    :param first_night: first night, ISO.
    :param last_night: last night slept, ISO.
    :param name: the guest's name.
    :param document: the document's number.
    :param reported: when it was reported, as the host wrote it; empty when it was not.
    :param more: further columns that the law keeps for the register.
    :param sealed: whether it came from a box.
    :param zone: time zone of date-times that name none.
    """

    room: str
    first_night: str
    last_night: str
    name: str
    document: str
    reported: str
    more: Texts
    sealed: bool
    zone: str = "UTC"


@dataclass(frozen=True)
class Answer:
    """What was found.

    :param lines: the lines, by room.
    :param unopened: boxes on the shelf that did not open, or whose table is declared to be no
        register any more: somebody must look at them.
    """

    lines: tuple[Line, ...]
    unopened: int


def retrieve(work: Work, asked: Asked) -> Answer:
    """Return the lines that answer a question, living and sealed, by room.

    :param work: the open transaction.
    :param asked: the question, checked before.
    """
    known = registers(work.datamap)
    tables = {name: _Table(work, columns, asked) for name, columns in known.items()}
    opened = Opened(work)
    opened.look(boxes(work, asked, sorted(known)))
    living = {name: [*table.living()] for name, table in tables.items()}
    # A line that an erasure took out of its row before that was read lay in no box then; one that
    # was put back was opened before, or stands in its row.
    opened.look(boxes(work, asked, sorted(known)))
    lines: list[Line] = []
    for name, table in tables.items():
        sealed, shells = table.sealed([each for each in opened.images if each[0].table == name])
        lines += [table.line(said, True) for said in sealed]
        lines += [table.line(said, False) for key, said in living[name] if key not in shells]
    # What was a register when a line was sealed may be declared none: nobody can read it here.
    strange = sum(image.table not in known for image, _ in opened.images)
    return Answer(tuple(sorted(lines, key=_order)), opened.unopened + strange)


def _order(line: Line) -> tuple[list[tuple[int, str]], str, str]:
    parts = re.findall(r"[0-9]+|[^0-9]+", line.room)
    # Room 9 comes before room 10.
    rooms = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
    return rooms, line.first_night, line.name


class _Table:
    """Answers from one table of the host, and from the images of its rows."""

    def __init__(self, work: Work, lines: Lines, asked: Asked) -> None:
        self.work = work
        self.lines = lines
        self.asked = asked
        self.reader: Reader = reader(work.conn, lines.declared, work.live())
        self.key = [column.name for column in lines.declared.key]

    def sealed(
        self, images: Sequence[tuple[Image, Place | None]]
    ) -> tuple[list[Texts], set[Key]]:
        """Return the lines of the images that answer, and the keys of their emptied rows.

        What was not sealed is still in the host's row: room and nights, most often. The row may
        be gone by now, say others, or be somebody else's; how it was is on the shelf.

        :param images: each with under what it lies on the shelf, where that is known.
        """
        keys = [self._host_key(image) for image, _ in images]
        here = dict(self._read([key for key in keys if key is not None]))
        rows = by_row(
            (place, told or tuple(cell.native() for cell in image.key), image.columns)
            for told, (image, place) in zip(keys, images, strict=True)
        )
        found: dict[tuple[object, ...], Texts] = {}
        shells = set[Key]()
        for (place, key), cells in ((row, c) for row, parts in rows.items() for c in parts):
            lost = texts(self.lines, cells, self.reader.conn)
            # Which column of today they are is not written down; what stands there is a mask.
            old = renamed(self.lines, cells)
            masks = {column.name for column in self.lines.personal} if old else set()
            there = {n: t for n, t in here.get(key, {}).items() if n not in masks}
            anothers = place is not None and self._is_anothers(there, lost)
            said = {**({} if anothers else there), **lost, **old}
            laid = {} if place is None else self._otherwise(said, place, set(lost))
            then = place is not None and self._lay_then(place, laid)
            shown = {**said, **laid, **self._beside(said, laid)}
            if (then or self._at_night(said)) and self._answers(said, shown, [*old.values()]):
                found[key, place, *sorted(shown.items())] = shown
                if not anothers:
                    shells.add(key)
        return [*found.values()], shells

    def _is_anothers(self, there: Texts, lost: Texts) -> bool:
        """Tell whether the host has written somebody else into the row of a line that is sealed."""
        return any(
            not self._gone(column, said) and said != lost[column.name]
            for column in self.lines.personal
            if column.name in lost
            for said in [there.get(column.name, "")]
        )

    def living(self) -> Iterator[tuple[Key, Texts]]:
        """Yield key and line of the host's rows that answer and were not erased."""
        names = [column.name for column in self.lines.shown]
        wanted = [self.lines.room.name, *(column.name for column in self.lines.personal)]
        for key, cells, now in self.reader.rows(self._candidates(), names, wanted):
            said = texts(self.lines, cells, self.reader.conn)
            room, *personal = (now[name] for name in wanted)
            # Who was found may be erased by now, or have another's row. The database compared as
            # widely as a moment may be meant; here it is one night's.
            if self._means(room, personal) and self._at_night(said, there=True):
                yield key, said

    def line(self, said: Texts, sealed: bool) -> Line:
        """Return a line from the texts of its columns."""
        lines = self.lines
        roles = (lines.room, lines.first_night, lines.last_night, *lines.personal, lines.reported)
        own = {column.name for column in roles if column is not None}
        names = dict.fromkeys([*(column.name for column in lines.shown), *said])
        more = {name: said.get(name, "") for name in names if name not in own}
        return Line(
            said.get(lines.room.name, ""),
            *self._nights(said),
            " ".join(part for c in lines.names if (part := said.get(c.name, ""))),
            said.get(lines.document.name, ""),
            "" if lines.reported is None else said.get(lines.reported.name, ""),
            more,
            sealed,
            lines.declared.policy.zone or "UTC",
        )

    def _host_key(self, image: Image) -> Key | None:
        """Return the host's key of an image's row, or None where it has another kind by now."""
        columns = tuple((cell.name, cell.type) for cell in image.key)
        row = [cell.native() for cell in image.key]
        told = keys_told(self.lines.declared, columns, [row], self.reader.conn.dialect)
        return next(told, None)

    def _read(self, keys: Sequence[Key]) -> Iterator[tuple[Key, Texts]]:
        names = [column.name for column in self.lines.shown]
        for key, cells, _ in self.reader.rows(list(dict.fromkeys(keys)), names):
            yield key, texts(self.lines, cells, self.reader.conn)

    def _candidates(self) -> list[Key]:
        """Return the keys of the host's rows that answer, by the host's own values.

        Names and documents are compared here: how a hotel writes them, no SQL knows.
        """
        lines = self.lines
        width = len(lines.declared.key)
        wanted = (lines.room, *lines.personal)
        key = [lines.declared.table.c[column.key] for column in lines.declared.key]
        rows = self.work.conn.execute(
            select(*(c.label(f"c{place}") for place, c in enumerate([*key, *wanted])))
            .where(*self._conditions())
            .execution_options(yield_per=_AT_ONCE)
        )
        found = []
        for row in rows:
            values = tuple(row)
            if self._means(values[width], values[width + 1 :]):
                found.append(values[:width])
        return found if lines.place is not None else self._here(found)

    def _here(self, keys: list[Key]) -> list[Key]:
        """Return the keys of rows that belong to the property, where the row does not say."""
        work, declared = self.work, self.lines.declared
        places = places_of(work.conn, work.datamap, work.settings, declared, keys)
        return [key for key in keys if places.get(key) == self.asked.place]

    def _conditions(self) -> list[ColumnElement[bool]]:
        lines, asked = self.lines, self.asked
        conditions: list[ColumnElement[bool]] = []
        if lines.place is not None:
            conditions.append(lines.place == asked.place)
        if asked.nights is not None:
            conditions.append(self._slept(*map(self._night, asked.nights)))
        return conditions

    def _slept(self, since: Night, until: Night) -> ColumnElement[bool]:
        """Return the condition that a line is of one of these nights, as far as it says so."""
        first, last = self.lines.first_night, self.lines.last_night
        # Who has no last night yet is still there; of who slept no night it lies before the first
        # one, on which they were there. Of who has no first one the last is known.
        there = or_(since.lasting(last), since.lasting(first), unsaid(last))
        ended = and_(unsaid(first), until.begun(last), since.lasting(last))
        return or_(and_(~unsaid(first), until.begun(first), there), ended)

    def _means(self, room: Any, personal: Sequence[Any]) -> bool:
        """Tell whether a row of the host was not erased and is who is asked for."""
        if all(self._gone(c, v) for c, v in zip(self.lines.personal, personal, strict=True)):
            return False
        parts = ["" if value is None else str(value) for value in personal]
        return self._asked_for("" if room is None else str(room), parts[:-1], parts[-1])

    def _gone(self, column: Column[Any], value: Any) -> bool:
        """Tell whether a column holds nothing, or what an erasure writes into it."""
        if value is None or value == "":
            return True
        rule = self.lines.declared.written(column.name)
        text = str(value)
        if isinstance(rule, Redact):
            return looks_redacted(text)
        if isinstance(rule, Placeholder):
            return looks_invented(column.name, None, text)
        return isinstance(rule, Constant | Null) and value == fixed_value(rule, column)

    def _answers(self, said: Texts, shown: Texts, old: Sequence[str]) -> bool:
        """Tell whether a line from a box is asked for, of whatever night it is.

        :param said: the line as box and row say it.
        :param shown: the line with what the shelf says.
        :param old: what lies in it under names of before: each may be a name, or the document.
        """
        lines = self.lines
        names = [said.get(column.name, "") for column in lines.names]
        rooms = {line.get(lines.room.name, "") for line in (said, shown)}
        spoken = [names, old, *([*names, each] for each in old)]
        numbers = said.get(lines.document.name, ""), *old
        return any(
            self._asked_for(room, each, number)
            for room in rooms for each in spoken for number in numbers
        )  # fmt: skip

    def _otherwise(self, said: Texts, place: Place, boxed: set[str]) -> Texts:
        """Return what the shelf says of a line and its row does not say by now: room and nights.

        :param said: the line as box and row say it.
        :param place: under what it lies.
        :param boxed: columns that the box itself has, which is believed before the shelf.
        """
        lines, zone = self.lines, self._zone
        laid = {lines.room.name: place.room} if place.room else {}
        if same_room(said.get(lines.room.name, ""), place.room):
            laid = {}
        for column, day in (
            (lines.first_night, place.first_night), (lines.last_night, place.last_night),
        ):  # fmt: skip
            if day and home_day(column, said.get(column.name, ""), zone) != day:
                laid[column.name] = day
        return {name: text for name, text in laid.items() if name not in boxed}

    def _beside(self, said: Texts, laid: Texts) -> Texts:
        """Return what a row says otherwise than the shelf, under names that tell it apart."""
        table = self.lines.declared.name
        return {f"{table}.{name}": text for name in laid if (text := said.get(name, ""))}

    def _lay_then(self, place: Place, laid: Texts) -> bool:
        """Tell whether a line is of a night that is asked for, where only the shelf can say so.

        :param place: under what it lies.
        :param laid: what the row does not say by now; one that says the nights says them better.
        """
        columns, nights = (self.lines.first_night, self.lines.last_night), self.asked.nights
        if nights is None or not any(column.name in laid for column in columns):
            return False
        (came, _), (_, until) = (self._days(columns[0], night) for night in nights)
        slept, _ = self._days(columns[1], nights[0])
        first, last = place.first_night, place.last_night
        return bool(first or last) and (first or last) <= until and (last >= slept or first >= came)

    def _days(self, column: Column[Any], day: date) -> tuple[str, str]:
        """Return the first and the last day, ISO, that a column may write for a night.

        Moments of another zone have two; of one that nobody named, the day they say is meant.
        """
        night = self._night(day)
        if night.naive or column.name in night.moments:
            return night.days(column)
        return day.isoformat(), day.isoformat()

    def _at_night(self, said: Texts, there: bool = False) -> bool:
        """Tell whether a line is of a night that is asked for; any is where none was named.

        :param there: whoever has no last night is still there.
        """
        if self.asked.nights is None:
            return True
        first, last = (night.isoformat() for night in self.asked.nights)
        began, ended = self._nights(said)
        if not began and not ended:
            return False
        return (began or ended) <= last and ((there and not ended) or max(began, ended) >= first)

    def _nights(self, said: Texts) -> tuple[str, str]:
        """Return the first and the last night of a line as days on the property's wall, ISO."""
        columns = (self.lines.first_night, self.lines.last_night)
        first, last = (self._day(said.get(column.name, "")) for column in columns)
        return first, last

    def _day(self, text: str) -> str:
        """Return the day of a text; of a moment the property's, where its zone is known."""
        try:
            moment = datetime.fromisoformat(text.strip()) if len(text.strip()) > _DAY else None
        except ValueError:
            moment = None
        named = self.lines.declared.policy.zone
        if moment is None or (moment.tzinfo is None and not named):
            return text[:_DAY]
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(named))
        try:
            return aware.astimezone(ZoneInfo(self._zone)).date().isoformat()
        except OverflowError:
            return text[:_DAY]

    @property
    def _zone(self) -> str:
        return self.work.settings.property(self.asked.place).zone

    def _night(self, day: date) -> Night:
        """Return a night as the columns of the table may mean it."""
        return Night(
            day, self._zone, self.lines.declared.policy.zone, moments(self.work, self.lines)
        )

    def _asked_for(self, room: str, names: Sequence[str], document: str) -> bool:
        asked = self.asked
        forms = name_forms(asked.name)
        number = document_form(asked.document)
        return (
            (not asked.room or name_form(room) == name_form(asked.room))
            and (not forms or name_form(names) in forms)
            and (not number or document_form(document) == number)
        )
