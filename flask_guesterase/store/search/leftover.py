"""What a search by value said of one request: kept for staff, settled by them, counted as left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from ...core.context import MASK
from ...core.errors import UnknownError
from ...core.events import SYSTEM, HitSettled, SearchRepeated
from ...core.identity import kind_of
from ...core.log import canonical
from ...core.needle import LOYALTY, Needle, Searcher, Strength
from ...core.permissions import Permission
from ...core.plan import key_text
from ...core.seal import Terms
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework.cases import Case, load, tell
from ..work import Work
from . import outlived, sought
from .reading import Find, Name
from .row import mark, row_of, write
from .spared import Spared

COPY, FILE, NAME, BACK = "copy", "file-name", "name-in-text", "came-back"
"""Why something counts as left: a value, in the name of a file, a full name in a text. The last
one does not count: somebody who came back has the value again."""


@dataclass(frozen=True)
class Told:
    """What a reading found of one request.

    :param number: number of the request.
    :param box: the box of the values that were looked for.
    :param finds: what was found of its values.
    :param shared: values that living people have too.
    :param strong: how many of those say who somebody is.
    :param theirs: subject rows of those people.
    :param unsearched: places that could not be looked into.
    :param rows: how many rows were read.
    :param spared: in how many rows beyond those that are remembered a find stays on purpose.
    """

    number: str
    box: str
    finds: tuple[Find, ...]
    shared: frozenset[Needle]
    strong: int
    theirs: frozenset[tuple[str, str]]
    unsearched: tuple[str, ...]
    rows: int
    spared: Mapping[Name, int] = field(default_factory=dict)


def told(work: Work, said: Told) -> None:
    """Write down what was found: places and counts in the open, where exactly in a box.

    Where other values are to be looked for since, that says nothing of them, and they wait.

    :param work: an open transaction.
    :param said: what was found.
    """
    case = load(work, said.number, lock=True)
    row = row_of(work, case.number, lock=True)
    if row is None or row.box is None or row.box != said.box:
        return
    before = json.loads(row.found) if row.found else {}
    settled = set(before.get("settled", ()))
    found_in = groups(work, case, said, settled)
    known = {mark(work, case.number, *one) for one in sorted(said.theirs)[:200]}
    first = set(before.get("theirs", known))
    found: dict[str, Any] = {
        "left": listed(g for g in found_in if not g.perhaps),
        "perhaps": listed(g for g in found_in if g.perhaps),
        "unsearched": list(said.unsearched),
        "shared": said.strong,
        "back": len(known - first),
        "theirs": sorted(first),
        "settled": sorted(settled),
        "rows": said.rows,
        **outlived.kept(before),
    }
    safe.drop(work, row.shown)
    write(
        work, case.number, state=sought.LOOKED, found=canonical(found).decode(),
        ended_at=work.stamp, shown=_shown(work, case, row.box, found_in),
    )  # fmt: skip
    if outlived.looked(before):
        counts = {
            name: sum(i["rows"] for i in outlived.everything(found, name))
            for name in ("left", "perhaps")
        }
        tell(work, SearchRepeated, case, SYSTEM, counts)


@dataclass
class Group:
    """Finds of one column.

    :param table: name of the table.
    :param column: name of the column.
    :param reason: why they count.
    :param perhaps: somebody who lives has the value too.
    :param rows: mark -> key, context and kinds of the row.
    :param more: rows beyond those that were remembered.
    """

    table: str
    column: str
    reason: str
    perhaps: bool
    rows: dict[str, dict[str, Any]]
    more: int = 0

    @property
    def place(self) -> str:
        """Return table and column."""
        return f"{self.table}.{self.column}"


def groups(work: Work, case: Case, said: Told, settled: Collection[str]) -> list[Group]:
    """Return what was found, by place, without what stays on purpose.

    :param work: an open transaction.
    :param case: the request.
    :param said: what was found.
    :param settled: marks of finds that are another person's.
    """
    keeping = Spared(work, case, said.finds)
    # A key may hold several of the values, those of living people too.
    searcher = Searcher({*(find.needle for find in said.finds), *said.shared})
    groups: dict[tuple[str, str, str, bool], Group] = {}
    for find in filter(_counts, said.finds):
        reason = _reason(find)
        perhaps = find.needle in said.shared
        group = groups.setdefault(
            (find.table, find.column, reason, perhaps),
            Group(find.table, find.column, reason, perhaps, {}),
        )
        group.more += find.rows - len(find.keys) - said.spared.get(find.name, 0)
        times: Counter[str] = Counter()
        for at, key in enumerate(find.keys):
            text = key_text(key)
            if keeping.keeps(find, text):
                continue
            here = mark(work, case.number, group.place, text)
            if here in settled:
                continue
            shown = find.contexts[at] if at < len(find.contexts) else ""
            name = _blind(searcher, text) if find.place is None or find.place.keyed else ""
            line = group.rows.setdefault(
                here, {"key": name, "context": shown, "kinds": [], "rows": 0}
            )
            # Rows without a key that say the same are one find, and as many rows as they are.
            times[here] += 1
            line["rows"] = max(line["rows"], times[here])
            if find.needle.kind not in line["kinds"]:
                line["kinds"].append(find.needle.kind)
    return [g for _, g in sorted(groups.items(), key=lambda item: item[0]) if g.rows or g.more]


def many(said: Told) -> list[Find]:
    """Return finds of more rows than are remembered, of which any may stay on purpose.

    :param said: what was found.
    """
    return [
        find for find in said.finds
        if find.rows > len(find.keys) and find.place is not None and find.place.declared is not None
        and _counts(find)
    ]  # fmt: skip


def stay(work: Work, case: Case, find: Find) -> int:
    """Return in how many rows of a find the value stays on purpose.

    :param work: an open transaction.
    :param case: the request.
    :param find: the find, with some of its rows.
    """
    keeping = Spared(work, case, [find])
    return sum(keeping.keeps(find, key_text(key)) for key in find.keys)


def _counts(find: Find) -> bool:
    return not find.needle.whole or fits(find)


def _blind(searcher: Searcher, key: str) -> str:
    """Return a row's key with the value masked, where a table is keyed by it."""
    for span in reversed(searcher.spans(key)):
        key = key[: span.start] + MASK + key[span.end :]
    return key


def fits(find: Find) -> bool:
    """Return whether a short number stands in a column that is named after such numbers."""
    return kind_of(find.column) == find.needle.kind or (
        find.needle.kind == LOYALTY and bool(sought.LOYALTY_WORDS.search(find.column))
    )


def _reason(find: Find) -> str:
    if find.place is None:
        return FILE
    return NAME if find.needle.strength is Strength.WEAK else COPY


def listed(groups: Iterable[Group]) -> list[dict[str, Any]]:
    """Return places, reasons, counts and kinds: what anybody concerned may read."""
    return [
        {
            "place": group.place,
            "reason": group.reason,
            "rows": sum(line["rows"] for line in group.rows.values()) + group.more,
            "kinds": sorted({kind for line in group.rows.values() for kind in line["kinds"]}),
        }
        for group in groups
    ]


_MOST = 300
"""Rows of which staff are shown where exactly."""


def _shown(work: Work, case: Case, box: str, groups: Iterable[Group]) -> str | None:
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
    row = row_of(work, case.number)
    found = json.loads(row.found) if row is not None and row.found else {}
    if not outlived.looked(found):
        return {}
    lines = _lines(work, row) if by is not None else []
    # A mailbox and a name side by side are two finds of a row, and are shown by the same words.
    once: dict[tuple[str, str], Any] = {}
    for line in lines:
        once.setdefault((line["mark"], line["context"]), line)
    return {
        "scope": row.scope,
        "state": row.state,
        "repeatable": outlived.readable(work, row.box),
        **{name: outlived.everything(found, name) for name in ("left", "perhaps")},
        "ended": outlived.ended(work, case, row),
        "unsearched": outlived.unsearched(found),
        **{name: found[name] for name in ("shared", "back", "rows")},
        "hits": [line for line in once.values() if line["mark"] not in found["settled"]],
    }


def _lines(work: Work, row: Any) -> list[Any]:
    """Return where exactly something was found; nothing when that was forgotten."""
    return [] if row is None else list(safe.peek(work, row.shown) or ())


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
    row = row_of(work, case.number)
    lines = _lines(work, row)
    found = json.loads(row.found) if row is not None and row.found else {}
    fresh = set(marks) - set(found.get("settled", ()))
    if not fresh or not fresh <= {line["mark"] for line in lines}:
        raise UnknownError("There is no such find.", "Look at the request again.")
    # One row may have several lines: a mailbox is left in it, and perhaps a name.
    for line in (line for line in lines if line["mark"] in fresh):
        name = "perhaps" if line["perhaps"] else "left"
        for item in found[name]:
            if (item["place"], item["reason"]) == (line["place"], line["reason"]):
                item["rows"] -= line.get("rows", 1)
    for name in ("left", "perhaps"):
        found[name] = [item for item in found[name] if item["rows"]]
    found["settled"] = sorted({*found["settled"], *fresh})
    write(work, case.number, found=canonical(found).decode())
    tell(work, HitSettled, case, actor, {"finds": len(fresh)})
    return len(fresh)
