"""Which lines of the rulebook wait for people, and how many kept rows each is about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, func, select

from ...core.permissions import Permission
from ...core.reconciling import keeps
from ...core.rule import Rule
from ...core.rulebook import Line, LineKind, LineState
from .. import tables
from ..access import actors
from ..lawbook import rulebook, rulerows, schedule
from ..lawbook.schedule import Term

if TYPE_CHECKING:
    from ..work import Work


@dataclass(frozen=True)
class Waiting:
    """A line that waits for people.

    :param id: its number.
    :param property: code of the property, empty for a column's category.
    :param kind: floor, ceiling, label or house.
    :param name: the rule, or table and column, or table and what the law reads there.
    :param state: proposed, leaving or coming.
    :param says: the rule's period and clock and where it acts, or the category, or the path.
    :param rows: kept rows that would, or may, end earlier.
    :param proposed_by: opaque number of who proposed it, or empty.
    :param confirmed_by: opaque number of who confirmed it, or empty.
    :param acts_on: ISO day from which it acts, or empty.
    :param proposed_at: when it was proposed, UTC, ISO, or empty.
    :param category: retention category it is about, empty for a path.
    :param term: the period, from when it runs and where it stands; None for a column's category.
    :param floor: whether the period is one to keep at least.
    """

    id: int
    property: str
    kind: str
    name: str
    state: str
    says: str
    rows: int
    proposed_by: str = ""
    confirmed_by: str = ""
    acts_on: str = ""
    proposed_at: str = ""
    category: str = ""
    term: Term | None = None
    floor: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def waiting(work: Work, by: str | None = None) -> Sequence[Waiting]:
    """Return the lines that wait for people, with how many kept rows they are about.

    :param work: the open transaction.
    :param by: the host's id of who looks; only properties at which they may decide about the law.
    """
    for code in (rulerows.LABELS, *work.settings.properties):
        rulebook.book(work, code)
    table = tables.rule
    states = [s.value for s in (LineState.PROPOSED, LineState.LEAVING, LineState.COMING)]
    wanted = select(table).where(table.c.state.in_(states)).order_by(table.c.id)
    rows = work.conn.execute(wanted).all()
    follow = {
        (row.property, row.name) for row in rows
        if (row.kind, row.state) == (LineKind.CEILING.value, LineState.COMING.value)
    }  # fmt: skip
    return [
        _shown(work, row)
        for row in rows
        if (by is None or _lawful(work, by, row.property)) and _asks(row, follow)
    ]


def _asks(row: Row[Any], follow: Collection[tuple[str, str]]) -> bool:
    """Return whether people must act: an old ceiling ends by itself with the one that follows.

    :param row: a row of the rulebook.
    :param follow: property and name of the ceilings that do.
    """
    if (row.kind, row.state) != (LineKind.CEILING.value, LineState.LEAVING.value):
        return True
    return (row.property, row.name) not in follow and keeps(rulerows.line_of(row))


def _lawful(work: Work, by: str, code: str) -> bool:
    places = [code] if code else list(work.settings.properties)
    return all(actors.may(work, by, Permission.LAW, place) for place in places)


def _shown(work: Work, row: Row[Any]) -> Waiting:
    line = rulerows.line_of(row)
    confirmed = row.state != LineState.PROPOSED.value and row.acts_on is not None
    term, floor = _term(line, rulebook.today(work))
    return Waiting(
        row.id,
        row.property,
        row.kind,
        row.name,
        row.state,
        said(line),
        touched(work, row.property, line),
        row.proposed_by or "",
        (row.confirmed_by or "") if confirmed else "",
        row.acts_on or "",
        row.proposed_at.isoformat(sep=" ", timespec="seconds") if row.proposed_at else "",
        str(line.body.get("category", "")),
        term,
        floor,
    )


def _term(line: Line, today: date) -> tuple[Term | None, bool]:
    return (None, True) if line.kind is LineKind.LABEL else schedule.told(line.rule(), today)


def said(line: Line) -> str:
    """Return what a line says, in a few words without anybody's data."""
    if line.kind is LineKind.LABEL:
        return str(line.body.get("category") or line.body["path"])
    rule = line.rule()
    if rule.ceiling is not None and rule.floor is None:
        period = f"{'|'.join(rule.clock)}+{rule.ceiling}@{rule.start.value}"
    else:
        period = rule.until_rule().partition(":")[2]
    return " ".join([period, *_acting(rule)])


def _acting(rule: Rule) -> Iterator[str]:
    """Yield on which records a rule acts: lines of one name may differ in that alone."""
    for name, value in sorted(rule.when.items()):
        yield f"{name}={'|'.join(map(str, value)) if isinstance(value, list | tuple) else value}"
    if rule.country:
        yield f"country={rule.country}"
    if rule.fiscal is not None:
        yield "fiscal={:02}-{:02}".format(*rule.fiscal)
    for name, day in (("from", rule.valid_from), ("to", rule.valid_to)):
        if day is not None:
            yield f"{name}={day}"


def touched(work: Work, code: str, line: Line) -> int:
    """Count the kept rows that a change of a line may let go earlier."""
    kept = tables.kept
    where: list[ColumnElement[bool]] = [kept.c.ended_at.is_(None)]
    if code:
        where.append(kept.c.property == code)
    if line.kind is LineKind.LABEL:
        where.append(kept.c.table_name == line.body["table"])
        if "category" in line.body:
            where.append(kept.c.category == line.body["category"])
    else:
        where.append(kept.c.category == line.body["category"])
        rule = line.rule()
        if rule.ceiling is None and not rule.floor_unknown:
            # What an open end keeps, or another rule, does not go earlier without this one.
            where.append(kept.c.rule.startswith(f"{line.name}:", autoescape=True))
    return work.conn.execute(select(func.count()).where(*where)).scalar_one()
