"""What was written down about a row as it was kept, and whether somebody changed it since."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import case

from ...core.errors import SealError
from ...core.image import Cell
from ...core.log import canonical
from ...core.plan import Key, key_text
from ...core.rule import Facts, Open
from ...core.seal import fingerprint
from ..lawbook.clocks import Record
from ..mapping.raw import reader

if TYPE_CHECKING:
    from ..work import Work


def vouched(work: Work, line: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts with a mark by which a change past us is known, and another row's facts too.

    :param line: what is written down of the row: table, key, property.
    :param told: the facts as plain values.
    """
    said = [line["table_name"], line["row_key"], line["property"], told["answers"], told["events"]]
    # Facts that do not say where the row lay have a mark over the others alone.
    said += [told[name] for name in ("place", "silent", STOOD) if name in told]
    key = work.custodian.pepper("kept")
    return {**told, "mark": fingerprint(key, "facts", canonical(said).decode())}


NO_FACTS = canonical({"answers": {}, "events": {}}).decode()
"""Facts of a row of which nothing is written down any more."""

STOOD = "stood"
"""Under which word the facts have marks of what stood in a row when a part of it was kept."""


def stood(
    work: Work, table: str, keys: Sequence[Key], columns: Iterable[str]
) -> dict[Key, dict[str, str]]:
    """Return marks of what stands in columns of rows, by which it shows later what is written anew.

    Of what cannot be written down exactly, and of rows without a key of their own, there is none.

    :param work: the open transaction.
    :param table: name of the table.
    :param keys: which rows.
    :param columns: the columns.
    """
    declared, names = work.datamap.declared(table), sorted(columns)
    if not (declared.keyed and names and keys):
        return {}
    try:
        found = reader(work.conn, declared, None).read(keys, names)
    except SealError:
        return {}
    pepper = work.custodian.pepper("kept")

    def marked(key: Key, each: Cell) -> str:
        said = [table, key_text(key), each.name, each.form.value, each.value]
        return fingerprint(pepper, STOOD, canonical(said).decode())

    return {key: {c.name: marked(key, c) for c in cells} for key, cells in found.items()}


def stood_before(work: Work, line: Any) -> dict[str, str]:
    """Return the marks of what stood in a row as a part of it was first kept; none if unknown."""
    found: dict[str, str] = json.loads(line.facts).get(STOOD, {}) if bound(work, line) else {}
    return found


def unmarked(line: Any) -> Any:
    """Return the facts of rows of our table that end, as an expression, without such marks.

    :param line: the columns of our table.
    """
    return case((line.mode != "sealed", NO_FACTS), else_=line.facts)


def narrowed(work: Work, line: Any, row_key: str, names: Collection[str]) -> str:
    """Return the facts of a row of which less is kept, without the marks of what went.

    :param work: the open transaction.
    :param line: row of our table.
    :param row_key: under which key it is known from now on.
    :param names: names of the columns that are kept still.
    """
    told = {"answers": {}, "events": {}, **json.loads(line.facts)}
    if marks := {n: mark for n, mark in told.pop(STOOD, {}).items() if n in names}:
        told[STOOD] = marks
    if bound(work, line):
        told = vouched(work, {**line._mapping, "row_key": row_key}, told)
    return canonical(told).decode()


def mark(work: Work, who: str) -> str:
    """Return the mark of somebody who said nothing of what the law asks; empty for nobody known.

    :param work: the open transaction.
    :param who: a text that stands for them alone.
    """
    return fingerprint(work.custodian.pepper("kept"), "silent", who) if who else ""


def bound(work: Work, line: Any) -> bool:
    """Return whether the facts of a kept row are those that were written down about it."""
    told = {"answers": {}, "events": {}, **json.loads(line.facts)}
    expected = vouched(work, line._mapping, told)["mark"]
    return hmac.compare_digest(str(told.get("mark", "")), expected)


def read_facts(work: Work, line: Any) -> Record:
    """Return what was written down about a kept row, and for which property, if for any.

    Facts that somebody changed in the database are no facts: what nobody knows the end of stays.

    :param work: the open transaction.
    :param line: row of our table, with table, key, property, facts, and why its end is open.
    """
    value, houses = json.loads(line.facts), work.settings.properties
    place = value["place"] if "place" in value else _place_before(work, line)
    if not bound(work, line) or (place and place not in houses):
        return Record("", Facts())
    events = {event: date.fromisoformat(day) for event, day in value["events"].items()}
    answers = {n: tuple(v) if isinstance(v, list) else v for n, v in value["answers"].items()}
    facts = Facts(events, answers)
    if place:
        facts = replace(facts, country=houses[place].country, fiscal=houses[place].fiscal)
    silent = {name: frozenset(marks) for name, marks in value.get("silent", {}).items()}
    return Record(place, facts, silent=silent)


def _place_before(work: Work, line: Any) -> str:
    """Return the property of facts that do not say it, written down before facts did; or nothing.

    A row that nobody could place got the property that was asked: it may be another's of several.
    """
    several = len(work.settings.properties) > 1
    return "" if several or Open.NO_PLACE in line.open.split(",") else str(line.property)
