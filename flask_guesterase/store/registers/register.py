"""The guest register shown to an authority, at any hour, and the record of it.

One permitted person on duty produces what was asked and nothing more; who asked, for what and why
is sealed for three years. A second person looks at it within a day.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import insert, select

from ...core.events import RegisterProduced
from ...core.log import canonical, slug
from ...core.period import Period
from ...core.permissions import Permission
from ...core.register import Asked, as_csv, as_json
from ...core.seal import Terms, fingerprint
from .. import tables
from ..access import actors
from ..access.tokens import ALPHABET
from ..boxes import safe
from ..casework import answering
from ..casework.cases import day_at
from ..lawbook.blockers import today_at
from ..mapping.days import last_utc_day
from ..work import Work
from .retrieval import Line, retrieve

KEPT = Period(years=3)
"""How long the record of a disclosure is kept. Source: Regulation on Network Data Security
Management (CN, 2024) Article 12: records of provision, at least three years."""

REVIEW_HOURS = 24
AGAIN = timedelta(minutes=5)
"""For how long a form that is sent once more shows what it showed, and makes no other record."""

PURPOSE = "disclosure"


@dataclass(frozen=True)
class Produced:
    """What was produced.

    :param number: number of the disclosure.
    :param place: code of the property.
    :param columns: further columns, in order, beyond those every line has.
    :param lines: the lines, by room.
    :param unopened: sealed lines that exist and did not open: somebody must look at them.
    """

    number: str
    place: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    unopened: int

    @property
    def sealed(self) -> int:
        """Return how many lines came from a box."""
        return sum(line.sealed for line in self.lines)

    def table(self) -> tuple[list[str], list[dict[str, str]]]:
        """Return the names of the columns and the lines under them."""
        rows = [
            {name: getattr(line, name) for name in ALWAYS} | dict(line.more) for line in self.lines
        ]
        return [*ALWAYS, *self.columns], rows


ALWAYS = ("room", "first_night", "last_night", "name", "document", "reported")
"""What every line has, whatever the host calls it."""


def produce(work: Work, asked: Asked, by: str, shown: str = "") -> Produced:
    """Produce the lines of the register that an authority asked for, and record it.

    :param work: the open transaction.
    :param asked: who asks, on what basis, and for what exactly.
    :param by: the host's id of the person on duty.
    :param shown: number of what the same form produced before, or empty; it stands for this too
        where the same person got the same lines for the same question a moment ago.
    :raises ForbiddenError: they may not produce the register of this property.
    :raises InputError: the question is too wide, or the law does not let this authority ask.
    """
    place = work.settings.property(asked.place)
    actor = actors.allow(work, by, Permission.REGISTER, place.code)
    laws = answering.laws(work.settings, place)
    asked.check(laws, today_at(work.settings, work.now, place.code))
    found = retrieve(work, asked)
    columns = tuple(dict.fromkeys(name for line in found.lines for name in line.more))
    produced = Produced("", place.code, columns, found.lines, found.unopened)
    if shown and _shown(work, shown, asked, produced, actor):
        return replace(produced, number=shown)
    return replace(produced, number=_record(work, asked, produced, actor))


def _shown(work: Work, number: str, asked: Asked, produced: Produced, actor: str) -> bool:
    """Return whether a disclosure a moment ago was the same: who asked what, and who got what."""
    table = tables.disclosure
    row = work.conn.execute(
        select(table).where(
            table.c.number == number, table.c.property == produced.place,
            table.c.made_by == actor, table.c.basis == asked.basis.value,
            table.c.made_at > work.stamp - AGAIN,
        )
    ).one_or_none()  # fmt: skip
    return (
        row is not None
        and safe.peek(work, row.box) == _content(asked)
        and row.mark == _mark(work, _terms(work, asked), produced)
    )


def document(asked: Asked, produced: Produced, kind: str) -> str:
    """Return what was produced as a file.

    :param asked: what the authority asked.
    :param kind: "csv" or "json".
    """
    columns, lines = produced.table()
    if kind == "csv":
        return as_csv(columns, lines)
    head = {
        "number": produced.number,
        "property": produced.place,
        "basis": asked.basis.value,
        "reference": asked.reference,
        "unopened": produced.unopened,
    }
    return as_json(head, lines)


def _record(work: Work, asked: Asked, produced: Produced, actor: str) -> str:
    place = work.settings.property(asked.place)
    number, terms = _number(), _terms(work, asked)
    box = safe.keep(work, terms, _content(asked))
    mark, lines = _mark(work, terms, produced), produced.lines
    work.conn.execute(
        insert(tables.disclosure).values(
            number=number,
            controller=terms.controller,
            property=place.code,
            made_at=work.stamp,
            made_by=actor,
            night=asked.night.isoformat() if asked.night else None,
            rows=len(lines),
            sealed_rows=produced.sealed,
            basis=asked.basis.value,
            box=box,
            mark=mark,
            review_due=work.stamp + timedelta(hours=REVIEW_HOURS),
        )
    )
    counts = {"rows": len(lines), "sealed": produced.sealed, "unopened": produced.unopened}
    work.events.append(RegisterProduced(
        place.controller, place.code, number, actor, counts, (asked.basis.value,), {"lines": mark}
    ))  # fmt: skip
    return number


def _terms(work: Work, asked: Asked) -> Terms:
    place = work.settings.property(asked.place)
    last = last_utc_day(KEPT.after(day_at(place, work.now)), place.zone)
    return Terms(slug(place.controller), PURPOSE, last.isoformat())


def _mark(work: Work, terms: Terms, produced: Produced) -> str:
    key = work.custodian.mortal(terms.label, PURPOSE)
    return fingerprint(key, "lines", canonical([*produced.table()]).decode())


def _content(asked: Asked) -> dict[str, str]:
    def day(value: date | None) -> str:
        return value.isoformat() if value is not None else ""

    return {
        "authority": asked.authority,
        "officer": asked.officer,
        "reference": asked.reference,
        "night": day(asked.night),
        "until": day(asked.until),
        "room": asked.room,
        "name": asked.name,
        "document": asked.document,
    }


def _number() -> str:
    """Return a random number that tells nothing, not even how many there are."""
    while True:
        text = "".join(secrets.choice(ALPHABET) for _ in range(8))
        if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
            return f"D-{text}"
