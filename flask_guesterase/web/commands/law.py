"""Commands that show the law as packs have it, and check a pack before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from ...core.complaining import HOUSE, Complaining
from ...core.errors import UnknownError
from ...core.incidents import Alarm
from ...core.pack import Answering, Pack
from ...core.packfile import check_pack
from ...core.rule import CATEGORIES, Rule
from ...store.lawbook import packs
from ..current import current
from .console import Answer, fields, guesterase_cli, listing, verb

jurisdiction_cli = AppGroup("jurisdiction", help="Show, check and sign what packs say of the law.")
guesterase_cli.add_command(jurisdiction_cli)

_COLUMNS = ("code", "name", "level", "extends", "rules", "as_of", "review_by", "properties")


@verb(jurisdiction_cli, "list")
def list_() -> Answer:
    """List the packs, and the properties at which each counts."""
    settings = current.settings
    known = packs.load(settings.packs)
    at: dict[str, list[str]] = {}
    for place in settings.properties.values():
        for pack in packs.chain(known, place):
            at.setdefault(pack.code, []).append(place.code)
    rows = [
        {
            "code": pack.code,
            "name": pack.name,
            "level": pack.level.value,
            "extends": list(pack.extends),
            "rules": len(pack.rules),
            "as_of": pack.as_of,
            "review_by": pack.review_by,
            "mark": pack.mark,
            "properties": at.get(pack.code, []),
        }
        for pack in known.values()
    ]
    note = "A pack is a draft until somebody signs it: drafts keep and lengthen, they never erase."
    return Answer(rows, listing(rows, _COLUMNS), note)


@verb(jurisdiction_cli, "show")
@click.argument("code")
def show(code: str) -> Answer:
    """Show what a pack says: floors, ceilings, clocks, articles, sources, and what is unknown."""
    known = packs.load(current.settings.packs)
    if code not in known:
        raise UnknownError("There is no such pack.", f"Known are: {', '.join(known)}.")
    pack = known[code]
    return Answer(as_dict(pack), "\n\n".join(_told(pack)))


@verb(jurisdiction_cli, "check")
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> Answer:
    """Say what is wrong with a pack's file, by line; warnings do not keep it from being used."""
    found = check_pack(packs.text(file))
    wrong = sum(not problem.warning for problem in found)
    return Answer(
        {"file": str(file), "problems": [asdict(problem) for problem in found]},
        "\n".join(f"{file.name}, {problem}" for problem in found),
        f"{wrong} problems, {len(found) - wrong} warnings.",
        fine=not wrong,
    )


def as_dict(pack: Pack) -> dict[str, Any]:
    """Return a pack as JSON can hold it, periods as laws write them."""
    head = {name: value for name, value in asdict(pack).items() if name not in ("rules", "unknown")}
    if pack.answering is not None:
        head["answering"] = _periods(asdict(pack.answering), pack.answering)
    return head | {
        "rules": [_periods(asdict(rule), rule) for rule in pack.rules],
        "unknown": [{"category": category, "text": text} for category, text in pack.unknown],
    }


_LENGTHS = (
    "floor", "ceiling", "answer", "acknowledge", "extension", "copy", "copy_extension",
)  # fmt: skip


def _periods(values: dict[str, Any], of: Rule | Answering) -> dict[str, Any]:
    lengths = {name: getattr(of, name) for name in _LENGTHS if name in values}
    return values | {n: None if length is None else str(length) for n, length in lengths.items()}


def _told(pack: Pack) -> Iterator[str]:
    """Yield the parts of a pack as a lawyer reads them."""
    yield fields({
        "pack": f"{pack.code}  {pack.name}",
        "country": pack.country,
        "extends": pack.extends,
        "as of": pack.as_of,
        "review by": pack.review_by,
        "id copies": "" if pack.id_copy.value == "none" else pack.id_copy.value,
        "floors by": [rank.value for rank in pack.floor_ranks],
        "mark": pack.mark,
    })
    for rule in pack.rules:
        yield f"{rule.id}: {CATEGORIES[rule.category]}\n{indented(rule_lines(rule))}"
    if pack.answering is not None:
        yield f"Answering a request\n{indented(answering_lines(pack.answering))}"
    if pack.complaining is not None:
        yield f"Answering a complaint\n{indented(complaining_lines(pack.complaining))}"
    for alarm in pack.alarms:
        yield f"{alarm.id}: telling of an incident\n{indented(alarm_lines(alarm))}"
    unknown = [f"  {category}: {text}" for category, text in pack.unknown]
    for title, lines in (
        ("Not known, or without a number", unknown),
        ("Complaints", [f"  {lang}: {text}" for lang, text in pack.complaint.items()]),
        ("Cannot be recalled", [f"  {lang}: {text}" for lang, text in pack.cannot_recall.items()]),
        ("Notes", [f"  {note}" for note in pack.notes]),
    ):
        if lines:
            yield "\n".join([title, *lines])


def rule_lines(rule: Rule) -> dict[str, Any]:
    """Return what a rule says, field by field, in words."""
    floor = "" if rule.floor is None else str(rule.floor)
    if rule.floor_unknown:
        floor = "unknown: a period of the house is needed"
    if rule.weak and floor:
        floor = f"{floor} (the general law does not recognise a floor of this rank)"
    valid = ("from", rule.valid_from), ("until", rule.valid_to)
    return {
        "floor": floor,
        "ceiling": "" if rule.ceiling is None else f"{rule.ceiling} ({rule.ceiling_kind.value})",
        "clock": _clock(rule),
        "only if": rule.when,
        "article": rule.article,
        "rank": rule.rank.value,
        "source": rule.source,
        "grade": rule.grade.value,
        "as of": rule.as_of,
        "valid": " ".join(f"{word} {day}" for word, day in valid if day is not None),
        "facts": rule.facts,
        "note": rule.note,
    }


def _clock(rule: Rule) -> str:
    events = " or ".join(rule.clock) + (", the later" if len(rule.clock) > 1 else "")
    return events if rule.start.value == "event" else f"{events}, from its {rule.start.value}"


def answering_lines(answering: Answering) -> dict[str, Any]:
    """Return how long a law gives for an answer, field by field, in words."""
    house = " (the law gives no number: a target of the house)" if answering.house else ""
    return {
        "acknowledge": str(answering.acknowledge or ""),
        "answer": f"{answering.answer}{house}",
        "extension": str(answering.extension or ""),
        "answer for a copy": str(answering.copy or ""),
        "extension for a copy": str(answering.copy_extension or ""),
        "pause": "while identity is being asked for" if answering.pause_identity else "",
        "article": answering.article,
        "source": answering.source,
        "grade": answering.grade.value,
        "as of": answering.as_of,
        "facts": answering.facts,
    }


def complaining_lines(complaining: Complaining) -> dict[str, Any]:
    """Return how long a law gives for a complaint, field by field, in words."""
    return {
        "acknowledge": str(complaining.acknowledge or ""),
        "answer": str(complaining.answer or f"{HOUSE} (no number: a choice of the house)"),
        "article": complaining.article,
        "source": complaining.source,
        "grade": complaining.grade.value,
        "as of": complaining.as_of,
        "facts": complaining.facts,
    }


def alarm_lines(alarm: Alarm) -> dict[str, Any]:
    """Return who must be told of an incident and how fast, field by field, in words."""
    return {
        "told": alarm.whom.value,
        "within": f"{alarm.hours} hours" if alarm.hours else "at once (the law has no number)",
        "from": alarm.severity.value,
        "article": alarm.article,
        "source": alarm.source,
        "grade": alarm.grade.value,
        "as of": alarm.as_of,
        "facts": alarm.facts,
        "note": alarm.note,
    }


def indented(lines: Mapping[str, Any]) -> str:
    """Return fields as aligned lines under a title."""
    return "\n".join(f"  {line}" for line in fields(lines).splitlines())
