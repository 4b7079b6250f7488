"""What a search by value said of one request: kept for staff, settled by them, counted as left."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from ..core.errors import KeyMissingError, UnknownError
from ..core.events import SYSTEM, HitSettled, SearchRepeated
from ..core.identity import kind_of
from ..core.log import canonical
from ..core.needle import LOYALTY, Needle, Strength
from ..core.permissions import Permission
from ..core.plan import Outcome, key_text
from ..core.policy import Keep
from ..core.seal import Terms
from . import actors, eraser, people, planning, safe, sought, tables
from .cases import Case, label, load, tell
from .search import Find
from .sql import chunks
from .work import Work

COPY, FILE, NAME, BACK = "copy", "file-name", "name-in-text", "came-back"
"""Why something counts as left: a value, in the name of a file, a full name in a text. The last
one does not count: somebody who came back has the value again."""


@dataclass(frozen=True)
class Told:
    """What a reading found of one request.

    :param number: number of the request.
    :param finds: what was found of its values.
    :param shared: values that living people have too.
    :param strong: how many of those say who somebody is.
    :param theirs: subject rows of those people.
    :param unsearched: places that could not be looked into.
    :param rows: how many rows were read.
    """

    number: str
    finds: tuple[Find, ...]
    shared: frozenset[Needle]
    strong: int
    theirs: frozenset[tuple[str, str]]
    unsearched: tuple[str, ...]
    rows: int


def told(work: Work, said: Told) -> None:
    """Write down what was found: places and counts in the open, where exactly in a box.

    :param work: an open transaction.
    :param said: what was found.
    """
    case = load(work, said.number, lock=True)
    table = tables.search
    row = work.conn.execute(select(table).where(table.c.request == case.number)).one_or_none()
    if row is None or row.box is None:
        return
    before = json.loads(row.found) if row.found else {}
    settled = set(before.get("settled", ()))
    groups = _groups(work, case, said, settled)
    known = {_mark(work, case, *one) for one in sorted(said.theirs)[:200]}
    first = set(before.get("theirs", known))
    found: dict[str, Any] = {
        "left": _listed(g for g in groups if not g.perhaps),
        "perhaps": _listed(g for g in groups if g.perhaps),
        "unsearched": list(said.unsearched),
        "shared": said.strong,
        "back": len(known - first),
        "theirs": sorted(first),
        "settled": sorted(settled),
        "rows": said.rows,
    }
    safe.drop(work, row.shown)
    work.conn.execute(
        update(table)
        .where(table.c.request == case.number)
        .values(
            state=sought.LOOKED, found=canonical(found).decode(), ended_at=work.stamp,
            shown=_shown(work, case, row.box, groups),
        )
    )  # fmt: skip
    if before:
        counts = {name: sum(i["rows"] for i in found[name]) for name in ("left", "perhaps")}
        tell(work, SearchRepeated, case, SYSTEM, counts)


@dataclass
class _Group:
    """Finds of one column, row by row: mark -> key, context and kinds of the row."""

    table: str
    column: str
    reason: str
    perhaps: bool
    rows: dict[str, dict[str, Any]]
    more: int = 0

    @property
    def place(self) -> str:
        return f"{self.table}.{self.column}"


def _groups(work: Work, case: Case, said: Told, settled: Collection[str]) -> list[_Group]:
    keeping = _Keeping(work, case, said.finds)
    groups: dict[tuple[str, str, str, bool], _Group] = {}
    for find in said.finds:
        if find.needle.whole and not _fits(find):
            continue
        reason = _reason(find)
        perhaps = find.needle in said.shared
        group = groups.setdefault(
            (find.table, find.column, reason, perhaps),
            _Group(find.table, find.column, reason, perhaps, {}),
        )
        group.more += find.rows - len(find.keys)
        for at, key in enumerate(find.keys):
            text = key_text(key)
            if keeping.keeps(find, text):
                continue
            mark = _mark(work, case, group.place, text)
            if mark in settled:
                continue
            shown = find.contexts[at] if at < len(find.contexts) else ""
            line = group.rows.setdefault(mark, {"key": text, "context": shown, "kinds": []})
            if find.needle.kind not in line["kinds"]:
                line["kinds"].append(find.needle.kind)
    return [g for _, g in sorted(groups.items(), key=lambda item: item[0]) if g.rows or g.more]


def _fits(find: Find) -> bool:
    """Return whether a short number stands in a column that is named after such numbers."""
    return kind_of(find.column) == find.needle.kind or (
        find.needle.kind == LOYALTY and bool(sought.LOYALTY_WORDS.search(find.column))
    )


def _reason(find: Find) -> str:
    if find.place is None:
        return FILE
    return NAME if find.needle.strength is Strength.WEAK else COPY


def _listed(groups: Iterable[_Group]) -> list[dict[str, Any]]:
    return [
        {
            "place": group.place,
            "reason": group.reason,
            "rows": len(group.rows) + group.more,
            "kinds": sorted({kind for line in group.rows.values() for kind in line["kinds"]}),
        }
        for group in groups
    ]


_MOST = 300
"""Rows of which staff are shown where exactly."""


def _shown(work: Work, case: Case, box: str, groups: Iterable[_Group]) -> str | None:
    """Seal where exactly something was found, as long as the values themselves."""
    lines = [
        {"mark": mark, "place": g.place, "reason": g.reason, "perhaps": g.perhaps, **line}
        for g in groups
        for mark, line in g.rows.items()
    ]
    if not lines:
        return None
    boxes = tables.box
    last = work.conn.execute(select(boxes.c.last_day).where(boxes.c.id == box)).scalar_one()
    terms = Terms(case.controller, sought.PURPOSE, last)
    return safe.keep(work, terms, lines[:_MOST], case.number)


def _mark(work: Work, case: Case, *parts: str) -> str:
    """Return the keyed mark of one row of one place; it ends with the case."""
    try:
        key = work.custodian.mortal(label(case.number), "search")
    except KeyMissingError:
        key = b"ended"
    return hashlib.blake2b(canonical(list(parts)), key=key[:64], digest_size=8).hexdigest()


class _Keeping:
    """What stays on purpose among the rows that were found, so that it is no residue."""

    def __init__(self, work: Work, case: Case, finds: Iterable[Find]) -> None:
        self._columns: dict[tuple[str, str], set[str]] = {}
        self._whole: set[tuple[str, str]] = set()
        self._own: set[tuple[str, str]] = set()
        self._kept_by_policy: dict[str, frozenset[str]] = {}
        wanted: dict[str, set[str]] = {}
        for find in finds:
            if find.place is not None and find.place.declared is not None:
                wanted.setdefault(find.table, set()).update(map(key_text, find.keys))
        if wanted:
            self._written_down(work, wanted)
            self._planned(work, case)

    def keeps(self, find: Find, key: str) -> bool:
        """Return whether a find is in something that is kept."""
        row = find.table, key
        if row in self._whole or find.column in self._columns.get(row, ()):
            return True
        return row in self._own and find.column in self._kept_by_policy.get(find.table, ())

    def _written_down(self, work: Work, wanted: Mapping[str, set[str]]) -> None:
        kept = tables.kept
        for table, keys in wanted.items():
            for part in chunks(sorted(keys)):
                for row in work.conn.execute(
                    select(kept.c.row_key, kept.c.columns).where(
                        kept.c.table_name == table, kept.c.row_key.in_(part),
                        kept.c.ended_at.is_(None),
                    )
                ):  # fmt: skip
                    self._keep(table, row.row_key, json.loads(row.columns))

    def _planned(self, work: Work, case: Case) -> None:
        """Add what today's plan leaves to others, to holds and to the law."""
        who = people.taken(work, case.number)
        if not who:
            return
        for step in planning.plan(work, who).steps:
            if step.decision.outcome in (Outcome.SHARE, Outcome.HOLD, Outcome.RETAIN):
                for row in step.rows:
                    columns = step.decision.columns
                    self._keep(step.decision.table, key_text(row.key), columns)
        for table, rows in eraser.everything(work.conn, work.whole(), who).find().items():
            self._own |= {(table, key_text(row.key)) for row in rows}
            rules = work.datamap.tables[table].rules
            self._kept_by_policy[table] = frozenset(
                name for name, rule in rules.items() if isinstance(rule, Keep)
            )

    def _keep(self, table: str, key: str, columns: Collection[str]) -> None:
        if columns:
            self._columns.setdefault((table, key), set()).update(columns)
        else:
            self._whole.add((table, key))


# staff


def show(work: Work, number: str, by: str | None = None) -> dict[str, Any]:
    """Return what a search by value found: places, and for staff where exactly, masked.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who looks; None sees places and counts only.
    :raises ForbiddenError: they may not look at this property.
    """
    case = load(work, number)
    if by is not None:
        actors.require(work, by, Permission.VIEW, case.property)
    table = tables.search
    row = work.conn.execute(select(table).where(table.c.request == case.number)).one_or_none()
    if row is None or not row.found:
        return {}
    found = json.loads(row.found)
    lines: list[Any] = safe.read(work, row.shown) if by is not None and row.shown else []
    return {
        "scope": row.scope,
        "state": row.state,
        "repeatable": row.box is not None,
        **{n: found[n] for n in ("left", "perhaps", "unsearched", "shared", "back", "rows")},
        "hits": [line for line in lines if line["mark"] not in found["settled"]],
    }


def settle(work: Work, number: str, by: str, marks: Collection[str]) -> int:
    """Note that finds are another person's; return how many.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who says so.
    :param marks: marks of the finds, as shown.
    :raises ForbiddenError: they may not verify at this property.
    :raises UnknownError: there is no such find.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.VERIFY, case.property)
    table = tables.search
    row = work.conn.execute(select(table).where(table.c.request == case.number)).one_or_none()
    lines = safe.read(work, row.shown) if row is not None and row.shown else []
    found = json.loads(row.found) if row is not None and row.found else {}
    known = {line["mark"]: line for line in lines}
    fresh = set(marks) - set(found.get("settled", ()))
    if not fresh or not fresh <= set(known):
        raise UnknownError("There is no such find.", "Look at the request again.")
    for mark in fresh:
        line = known[mark]
        name = "perhaps" if line["perhaps"] else "left"
        for item in found[name]:
            if (item["place"], item["reason"]) == (line["place"], line["reason"]):
                item["rows"] -= 1
    for name in ("left", "perhaps"):
        found[name] = [item for item in found[name] if item["rows"]]
    found["settled"] = sorted({*found["settled"], *fresh})
    work.conn.execute(
        update(table)
        .where(table.c.request == case.number)
        .values(found=canonical(found).decode())
    )
    tell(work, HitSettled, case, actor, {"finds": len(fresh)})
    return len(fresh)

