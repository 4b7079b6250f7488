"""The journal in our tables: appended to under one lock on its head.

Every transaction of ours appends once, as its last statement, so that the lock is held for a
moment only. Two writers cannot fork the tree: they take turns on the row of its head, the head
moves by compare-and-swap, and the place of an entry is a primary key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from ...core.checkpoint import Checkpoint
from ...core.errors import BusyError, UnknownError
from ...core.events import Event
from ...core.log import KEY_CHANGE, Draft, Entry, canonical, genesis, read_draft, slug, word
from ...core.tree import Frontier, Node
from ..keys import installation
from ..statements.sql import MARIADB
from ..tables import entry as entries
from ..tables import loose, node, tree

_NONE_YET = Frontier()


def stamp(now: datetime) -> str:
    """Return a time as entries and checkpoints write it.

    :param now: aware UTC time.
    """
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def drafts(events: Iterable[Event], now: datetime) -> list[Draft]:
    """Return what happened as drafts of journal entries, in the same order.

    :param events: the events of one transaction.
    :param now: aware UTC time of the transaction.
    :raises InputError: an event holds something that no entry may hold.
    """
    return [_draft(event, stamp(now)) for event in events]


def _draft(event: Event, at: str) -> Draft:
    return Draft(
        controller=slug(event.controller),
        at=at,
        action=event.name,
        actor=event.actor,
        request=event.number or None,
        counts={word(name): count for name, count in event.counts.items()},
        grounds=event.grounds,
        marks=dict(event.marks),
        facts={"property": word(event.property)} if event.property else {},
    )


def append(conn: Connection, items: Sequence[Draft], public_key: bytes) -> list[Entry]:
    """Put drafts in sequence, as the last statement of a transaction.

    Entries left in the host's transactions (see `leave`) go before them.

    :param conn: open transaction, READ COMMITTED.
    :param items: what happened; of several controllers each goes to its own journal.
    :param public_key: key that signs checkpoints, for the first entry of a new journal.
    :return: the entries in the order of `items`, at their places.
    :raises BusyError: the head moved although it was locked.
    """
    written: dict[int, Entry] = {}
    # Always in the same order, so that two writers cannot wait for each other.
    for controller in sorted({item.controller for item in items}):
        mine = [(place, item) for place, item in enumerate(items) if item.controller == controller]
        made = _append(conn, controller, [item for _, item in mine], public_key)
        for (place, _), entry in zip(mine, made, strict=True):
            written[place] = entry
    return [written[place] for place in range(len(items))]


def _append(
    conn: Connection, controller: str, items: list[Draft], public_key: bytes
) -> list[Entry]:
    epoch, frontier = _head(conn, controller, items[0].at, public_key)
    waiting = _take_loose(conn, controller)
    return _write(conn, epoch, frontier, waiting + items)[len(waiting) :]


def _write(conn: Connection, epoch: int, head: Frontier, items: Sequence[Draft]) -> list[Entry]:
    made = [Entry(item, epoch, head.size + place) for place, item in enumerate(items)]
    bodies = [entry.body() for entry in made]
    leaves = [entry.leaf() for entry in made]
    grown, nodes = head.extend(leaves)
    controller = items[0].controller
    tree_key = {"controller": controller, "epoch": epoch}
    conn.execute(
        _PUT,
        [
            {
                **tree_key,
                "position": entry.index,
                "request": entry.draft.request,
                "action": entry.draft.action,
                "body": body.decode(),
                "leaf": leaf.hex(),
            }
            for entry, body, leaf in zip(made, bodies, leaves, strict=True)
        ],
    )
    if nodes:
        conn.execute(_GROWN, [{**tree_key, **_node_row(item)} for item in nodes])
    place = {"mine": controller, "open_epoch": epoch, "before": head.size}
    moved = conn.execute(_MOVE, {**place, "size": grown.size, "frontier": _written(grown)})
    if moved.rowcount != 1:
        raise BusyError("The head of the journal moved.", "Run the whole transaction again.")
    return made


_PUT, _GROWN = insert(entries), insert(node)
_MOVE = update(tree).where(
    tree.c.controller == bindparam("mine"),
    tree.c.epoch == bindparam("open_epoch"),
    tree.c.size == bindparam("before"),
)


def _node_row(item: Node) -> dict[str, object]:
    level, index, value = item
    return {"level": level, "position": index, "hash": value.hex()}


def _head(
    conn: Connection, controller: str, at: str, public_key: bytes
) -> tuple[int, Frontier]:
    """Lock the head of a controller's open tree; make the first tree when there is none."""
    for _ in range(3):
        row = conn.execute(_LOCKED, {"wanted": controller}).first()
        if row is not None:
            return row.epoch, edge(row)
        first = select(tree.c.epoch).where(tree.c.controller == controller).limit(1)
        # A tree without an open epoch is in the middle of a change of epochs: look again.
        if conn.execute(first).first() is None:
            # Whoever changes the signing key holds this row: no journal begins with the old one.
            named = installation.known(conn, installation.SIGNING, lock=True)
            public_key = bytes.fromhex(named) or public_key
            _begin(conn, controller, 0)
            row = conn.execute(_LOCKED, {"wanted": controller}).one()
            if row.size == 0:
                _write(conn, 0, _NONE_YET, [genesis(controller, at, public_key)])
                _sign_for(conn, controller, 0, public_key)
    raise BusyError("The journal is changing its epoch.", "Run the whole transaction again.")


_OPEN = (
    select(tree)
    .where(tree.c.controller == bindparam("wanted"), tree.c.open)
    .order_by(tree.c.epoch.desc())
    .limit(1)
)
_LOCKED = _OPEN.with_for_update()


def _begin(conn: Connection, controller: str, epoch: int) -> None:
    """Insert the row of a tree unless another writer did; waits for that writer either way."""
    values = {
        "controller": controller,
        "epoch": epoch,
        "size": 0,
        "frontier": "",
        "public_key": "",
        "open": True,
    }
    name = conn.dialect.name
    if name in MARIADB:
        # IGNORE would leave a shared lock, on which two writers then wait for each other.
        mine = mysql.insert(tree).values(values)
        conn.execute(mine.on_duplicate_key_update(size=tree.c.size))
    elif name == "postgresql":
        conn.execute(postgresql.insert(tree).values(values).on_conflict_do_nothing())
    else:
        conn.execute(sqlite.insert(tree).values(values).on_conflict_do_nothing())


def _sign_for(conn: Connection, controller: str, epoch: int, public_key: bytes) -> None:
    conn.execute(
        update(tree)
        .where(tree.c.controller == controller, tree.c.epoch == epoch)
        .values(public_key=public_key.hex())
    )


def begin_epoch(
    conn: Connection,
    controller: str,
    at: str,
    public_key: bytes,
    previous: Checkpoint,
    others: Sequence[Checkpoint] = (),
    before: int = 0,
) -> int:
    """End the open epoch of a journal and begin a new one that quotes the world's checkpoint.

    :param conn: open transaction.
    :param controller: slug of the controller.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :param public_key: key that signs the new epoch's checkpoints.
    :param previous: newest checkpoint of the epoch before, as kept outside.
    :param others: the newest one of each earlier epoch that was lost as well.
    :param before: newest epoch there ever was, as far as it is remembered outside the database.
    :return: number of the new epoch.
    """
    last, _ = _head(conn, controller, at, public_key)
    epoch = max(last, previous.epoch, before) + 1
    conn.execute(update(tree).where(tree.c.controller == controller).values(open=False))
    _begin(conn, controller, epoch)
    _write(conn, epoch, _NONE_YET, [genesis(controller, at, public_key, previous, others)])
    _sign_for(conn, controller, epoch, public_key)
    return epoch


def put_back(conn: Connection, controller: str, epoch: int, items: Sequence[Entry]) -> None:
    """Append entries that a restored database had lost exactly where they were.

    :param conn: open transaction.
    :param controller: slug of the controller.
    :param epoch: number of the epoch; one that this database has forgotten begins again.
    :param items: the entries, in order, from the place behind the last one that is there.
    :raises BusyError: they do not continue the tree, as somebody appended meanwhile.
    """
    mine = select(tree).where(tree.c.controller == controller, tree.c.epoch == epoch)
    row = conn.execute(mine.with_for_update()).first()
    if row is None:
        conn.execute(update(tree).where(tree.c.controller == controller).values(open=False))
        _begin(conn, controller, epoch)
        row = conn.execute(mine.with_for_update()).one()
    if [item.index for item in items] != list(range(row.size, row.size + len(items))):
        raise BusyError("The head of the journal moved.", "Run `flask guesterase replay` again.")
    _write(conn, epoch, edge(row), [item.draft for item in items])
    for item in items:
        if item.index == 0 or item.draft.action == KEY_CHANGE:
            _sign_for(conn, controller, epoch, bytes.fromhex(item.draft.marks["public-key"]))


def leave(conn: Connection, item: Draft) -> None:
    """Write a draft into somebody else's transaction; it never takes the lock of the head.

    :param conn: the host's connection, in its transaction.
    :param item: what happened; our next transaction puts it in sequence.
    """
    body = canonical(item.as_dict()).decode()
    conn.execute(insert(loose).values(controller=item.controller, body=body))


def sequence(conn: Connection, at: str, public_key: bytes) -> int:
    """Put what hosts' transactions left in sequence when nothing of ours is to be appended.

    :return: how many entries that was.
    """
    count = 0
    waiting = select(loose.c.controller).distinct().order_by(loose.c.controller)
    for controller in list(conn.execute(waiting).scalars()):
        epoch, frontier = _head(conn, controller, at, public_key)
        items = _take_loose(conn, controller)
        if items:
            count += len(_write(conn, epoch, frontier, items))
    return count


_LOOSE = (
    select(loose.c.id, loose.c.body)
    .where(loose.c.controller == bindparam("wanted"))
    .order_by(loose.c.id)
    .limit(1000)
)


def _take_loose(conn: Connection, controller: str) -> list[Draft]:
    rows = conn.execute(_LOOSE, {"wanted": controller}).all()
    if rows:
        conn.execute(delete(loose).where(loose.c.id.in_([row.id for row in rows])))
    return [read_draft(row.body.encode()) for row in rows]


def head(conn: Connection, controller: str) -> tuple[int, Frontier, str]:
    """Return epoch, right edge and public key (hex) of a controller's open tree.

    :param controller: slug, or name, of the controller.
    :raises UnknownError: it has no journal yet.
    """
    row = conn.execute(_OPEN, {"wanted": slug(controller)}).first()
    if row is None:
        raise UnknownError("This controller has no journal yet.", "It begins with the first event.")
    return row.epoch, edge(row), row.public_key


def lines(conn: Connection) -> Iterator[str]:
    """Yield every entry that is there, by controller, epoch and place; `export` writes files."""
    order = (entries.c.controller, entries.c.epoch, entries.c.position)
    for (body,) in conn.execute(select(entries.c.body).order_by(*order)):
        yield body


def edge(row: Row[Any]) -> Frontier:
    """Return the right edge that a row of the table of trees holds.

    :raises TamperedError: it does not fit its size.
    """
    return Frontier(row.size, tuple(bytes.fromhex(item) for item in row.frontier.split()))


def pruned_edge(row: Row[Any]) -> Frontier:
    """Return the right edge of the tree that the entries made which were taken out of a journal.

    :param row: row of the table of trees.
    :raises TamperedError: it does not fit its size.
    """
    hashes = tuple(bytes.fromhex(item) for item in (row.edge or "").split())
    return Frontier(row.pruned or 0, hashes)


def _written(frontier: Frontier) -> str:
    return " ".join(item.hex() for item in frontier.hashes)
