"""Re-derive the whole journal from its entries and compare with everything stored beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select, true

from ...core.checkpoint import Checkpoint
from ...core.errors import TamperedError
from ...core.log import KEY_CHANGE, Entry, read_draft, read_entry
from ...core.tree import Frontier, Node
from ..tables import entry as entries
from ..tables import loose, node, tree
from .journal import edge, pruned_edge
from .pruned import inside, left_inside, said, young
from .quotes import Quotes, quotes
from .signers import follows

BATCH = 2048

LOOKS = 9
"""How often a journal is looked through at most while old entries are being taken out of it."""

_RESTORED = "After a restore bring it with `flask guesterase replay --yes --checkpoint FILE`."


@dataclass(frozen=True)
class Problem:
    """One place where the journal does not prove itself.

    :param id: stable word, for example ``entry-changed``.
    :param controller: slug of the controller.
    :param epoch: number of the epoch, or None.
    :param index: place of the first entry that does not fit, or None.
    :param message: what is wrong.
    """

    id: str
    controller: str
    epoch: int | None
    index: int | None
    message: str


def verify(conn: Connection, outside: Iterable[Checkpoint] = ()) -> list[Problem]:
    """Look through every journal in the database, up to where each is when it begins.

    Others go on writing meanwhile: what they append fits the head that they move with it.

    What it cannot see without `outside`: that the newest entries are gone, or that somebody who
    owns the database and the signing key wrote all of it anew.

    :param conn: open transaction; a read-only one is enough.
    :param outside: checkpoints kept elsewhere, their signatures already checked.
    :return: problems; empty when everything fits.
    """
    known = list(outside)
    for _ in range(LOOKS):
        trees = _trees(conn)
        problems = _problems(conn, trees, known)
        # Who takes old entries out meanwhile says so by then, and moves this.
        if not problems or _firsts(_trees(conn)) == _firsts(trees):
            break
    return problems


def _trees(conn: Connection) -> Sequence[Row[Any]]:
    return conn.execute(select(tree).order_by(tree.c.controller, tree.c.epoch)).all()


def _firsts(trees: Sequence[Row[Any]]) -> list[int]:
    return [row.pruned or 0 for row in trees]


def _problems(
    conn: Connection, trees: Sequence[Row[Any]], known: Sequence[Checkpoint]
) -> list[Problem]:
    problems = []
    told = {row.controller: quotes(conn, row.controller) for row in trees}
    for row in trees:
        mine = [c for c in known if (c.controller, c.epoch) == (row.controller, row.epoch)]
        problems += _Audit(conn, row, mine, told[row.controller]).run()
    there = _places(trees)
    for head in known:
        if (head.controller, head.epoch) not in there and head not in told.get(head.controller, ()):
            problems.append(
                Problem(
                    "tree-missing", head.controller, head.epoch, None,
                    f"A checkpoint from outside names a journal that is not here. {_RESTORED}",
                )
            )
    return problems + _open_twice(trees) + _strays(conn) + _unread(conn)


def _places(trees: Iterable[Row[Any]]) -> set[tuple[str, int]]:
    return {(row.controller, row.epoch) for row in trees}


def beyond(conn: Connection, controller: str, epoch: int) -> bool:
    """Return whether a journal has entries behind its head.

    Looked at in this order, so that who appends meanwhile is not taken for one who slipped one in.

    :param conn: open transaction; a read-only one is enough.
    :param controller: slug of the controller.
    :param epoch: number of the epoch.
    """
    mine = entries.c.controller == controller, entries.c.epoch == epoch
    last = conn.execute(select(func.max(entries.c.position)).where(*mine)).scalar()
    return last is not None and bool(last >= head_size(conn, controller, epoch))


def head_size(conn: Connection, controller: str, epoch: int) -> int:
    """Return how many entries the head of a journal says there are now."""
    head = tree.c.controller == controller, tree.c.epoch == epoch
    return int(conn.execute(select(tree.c.size).where(*head)).scalar() or 0)


class _Audit:
    """One tree, from its first entry to its last."""

    def __init__(
        self, conn: Connection, row: Row[Any], outside: Sequence[Checkpoint], told: Quotes
    ) -> None:
        self._conn = conn
        self._row = row
        # Two that are called of one size may differ, and then one of them shows a fork.
        self._outside: dict[int, list[Checkpoint]] = {}
        for head in outside:
            self._outside.setdefault(head.size, []).append(head)
        self._told = told
        self._key: bytes | None = None
        self._problems: list[Problem] = []

    def run(self) -> list[Problem]:
        grown = self._first()
        count = grown.size
        self._compare_outside(grown)
        for batch in self._batches():
            leaves = []
            for stored in batch:
                leaves.append(self._leaf(stored, count))
                count += 1
            grown = self._grow(grown, leaves)
        self._compare_head(grown)
        self._count_nodes(grown.size)
        if self._key is not None and self._key.hex() != self._row.public_key:
            self._report("key-differs", None, "The key of this epoch is not the one it names.")
        for size, heads in sorted(self._outside.items()):
            if size > grown.size and any(head not in self._told for head in heads):
                self._report(
                    "truncated", grown.size,
                    f"A checkpoint from outside has seen more entries. {_RESTORED}",
                )
        return self._problems

    def _first(self) -> Frontier:
        """Return the tree of the entries that were taken out, when two people said so."""
        row = self._row
        if not row.pruned:
            return Frontier()
        try:
            gone = pruned_edge(row)
        except (TamperedError, ValueError):
            gone = Frontier()
        at = said(self._conn, row.controller, gone) if gone.size == row.pruned else ""
        if not at:
            self._report("pruned-unsaid", 0, "Entries are gone that no entry says were taken out.")
        elif young(self._conn, row, at, self._unlost()):
            self._report(
                "pruned-young", 0,
                "A checkpoint from outside shows that entries were taken out before six years.",
            )
        self._key = bytes.fromhex(row.edge_key or "")
        for problem in inside(self._conn, row, gone, chain(*self._outside.values())):
            self._report("node-differs", None, problem)
        return gone

    def _unlost(self) -> list[Checkpoint]:
        """Return what the world has seen, without what a restore is told to have lost."""
        return [head for head in chain(*self._outside.values()) if head not in self._told]

    def _report(self, id_: str, index: int | None, message: str) -> None:
        row = self._row
        self._problems.append(Problem(id_, row.controller, row.epoch, index, message))

    def _batches(self) -> Iterator[Sequence[Row[Any]]]:
        last = -1
        while True:
            batch = self._conn.execute(
                select(entries)
                .where(
                    entries.c.controller == self._row.controller,
                    entries.c.epoch == self._row.epoch,
                    entries.c.position > last,
                    entries.c.position < self._row.size,
                )
                .order_by(entries.c.position)
                .limit(BATCH)
            ).all()
            if not batch:
                return
            yield batch
            last = batch[-1].position

    def _leaf(self, stored: Row[Any], place: int) -> bytes:
        """Return the leaf hash of a stored entry, and note what does not fit about it."""
        if stored.position != place:
            self._report("entry-missing", place, "An entry is missing before this place.")
        try:
            entry = read_entry(stored.body.encode())
        except (TamperedError, ValueError):
            self._report("entry-unreadable", stored.position, "An entry cannot be read.")
            return bytes(32)
        if self._misplaced(entry, stored):
            self._report("entry-moved", stored.position, "An entry is not where it says it is.")
        if (entry.draft.request, entry.draft.action) != (stored.request, stored.action):
            self._report("entry-mislabelled", stored.position, "Columns and entry differ.")
        if entry.leaf().hex() != stored.leaf:
            self._report("entry-changed", stored.position, "An entry is not what was hashed.")
        if stored.position == 0:
            self._check_first(entry)
        if stored.action == KEY_CHANGE:
            self._check_key(entry)
        return entry.leaf()

    def _misplaced(self, entry: Entry, stored: Row[Any]) -> bool:
        told = (entry.draft.controller, entry.epoch, entry.index)
        return told != (stored.controller, stored.epoch, stored.position)

    def _check_first(self, entry: Entry) -> None:
        opened = entry.draft.action == "epoch-opened"
        named = entry.draft.marks.get("public-key", "")
        self._key = bytes.fromhex(named)
        if not opened or not named:
            self._report("first-entry", 0, "The first entry does not open this epoch.")

    def _check_key(self, entry: Entry) -> None:
        """Look whether the key before signed that another one takes its place."""
        draft = entry.draft
        if self._key is None or not follows(self._key, draft, entry.epoch):
            self._report("key-change", entry.index, "The key before did not sign its successor.")
        self._key = bytes.fromhex(draft.marks.get("public-key", ""))

    def _grow(self, grown: Frontier, leaves: Sequence[bytes]) -> Frontier:
        start, nodes = grown.size, []
        # Stop at the sizes the world has seen, to compare the root at each.
        stops = [size for size in self._outside if start < size <= start + len(leaves)]
        for stop in sorted({*stops, start + len(leaves)}):
            grown, made = grown.extend(leaves[grown.size - start : stop - start])
            nodes += made
            self._compare_outside(grown)
        self._compare_nodes(nodes, start)
        return grown

    def _compare_outside(self, grown: Frontier) -> None:
        seen = [head for head in self._outside.get(grown.size, ()) if head not in self._told]
        if any(head.root != grown.root() for head in seen):
            self._report(
                "outside-differs", None,
                f"The first {grown.size} entries are not those a checkpoint from outside has seen.",
            )

    def _compare_nodes(self, made: Sequence[Node], start: int) -> None:
        if not made:
            return
        spans: dict[int, list[int]] = {}
        for level, index, _ in made:
            spans.setdefault(level, []).append(index)
        rows = self._conn.execute(
            select(node.c.level, node.c.position, node.c.hash).where(
                node.c.controller == self._row.controller,
                node.c.epoch == self._row.epoch,
                or_(*(
                    and_(node.c.level == level, node.c.position.between(at[0], at[-1]))
                    for level, at in spans.items()
                )),
            )
        )
        stored = {(row.level, row.position): row.hash for row in rows}
        wrong = [
            (level, index)
            for level, index, value in made
            if stored.get((level, index)) != value.hex()
        ]
        if wrong:
            level, index = min(wrong)
            self._report(
                "node-differs", index << level, "A stored hash is not that of its entries."
            )

    def _compare_head(self, grown: Frontier) -> None:
        try:
            same = edge(self._row) == grown
        except (TamperedError, ValueError):
            same = False
        if not same:
            self._report(
                "head-differs", min(grown.size, self._row.size),
                f"The head says {self._row.size} entries; {grown.size} make another one.",
            )
        elif beyond(self._conn, self._row.controller, self._row.epoch):
            self._report("head-differs", grown.size, "There are entries behind the head.")

    def _count_nodes(self, count: int) -> None:
        """Compare how many hashes are stored with what so many entries need, and what all do."""
        row, gone = self._row, self._row.pruned or 0
        left = len(left_inside(self._conn, row)) if gone else 0
        levels = [
            and_(node.c.level == level, node.c.position < count >> level)
            for level in range(count.bit_length())
        ]
        within = self._nodes(or_(false(), *levels))
        # Counted before the head is looked at again: others append meanwhile.
        every = self._nodes(true())
        most = nodes_of(max(count, head_size(self._conn, row.controller, row.epoch)))
        fits = within - left == nodes_of(count) - nodes_of(gone)
        if not fits or every - left > most - nodes_of(gone):
            self._report("node-count", None, "There are more or fewer stored hashes than needed.")

    def _nodes(self, which: ColumnElement[bool]) -> int:
        mine = node.c.controller == self._row.controller, node.c.epoch == self._row.epoch
        counted = select(func.count()).select_from(node).where(*mine, which)
        return int(self._conn.execute(counted).scalar_one())


def nodes_of(size: int) -> int:
    """Return how many complete subtrees above the leaves a tree has."""
    return size - size.bit_count()


def _open_twice(trees: Sequence[Row[Any]]) -> list[Problem]:
    counts: dict[str, int] = {}
    for row in trees:
        counts[row.controller] = counts.get(row.controller, 0) + bool(row.open)
    return [
        Problem("epochs", name, None, None, f"{count} epochs are open; one should be.")
        for name, count in counts.items()
        if count != 1
    ]


def _strays(conn: Connection) -> list[Problem]:
    found = conn.execute(select(entries.c.controller, entries.c.epoch).distinct()).all()
    there = _places(conn.execute(select(tree)))
    return [
        Problem("stray-entries", name, epoch, 0, "There are entries without a tree.")
        for name, epoch in sorted((row.controller, row.epoch) for row in found)
        if (name, epoch) not in there
    ]


def _unread(conn: Connection) -> list[Problem]:
    problems = []
    for row in conn.execute(select(loose).order_by(loose.c.id)):
        try:
            fits = read_draft(row.body.encode()).controller == row.controller
        except (TamperedError, ValueError):
            fits = False
        if not fits:
            problems.append(
                Problem("loose-unreadable", row.controller, None, None,
                        "An entry that waits to be put in sequence cannot be read.")
            )
    return problems
