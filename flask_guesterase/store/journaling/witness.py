"""What the journal shows to the outside: signed checkpoints, and proofs read from its nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Row, and_, or_, select

from ...core.certificate import Proof
from ...core.checkpoint import Checkpoint, origin, sign_checkpoint
from ...core.errors import SealError, UnknownError
from ...core.log import Entry, slug
from ...core.tree import (
    Frontier,
    Lookup,
    consistency_path,
    edge_places,
    inclusion_path,
    verify_consistency,
)
from ..tables import entry as entries
from ..tables import node, tree
from .journal import edge, head, pruned_edge


def checkpoint(conn: Connection, controller: str, key: Ed25519PrivateKey, at: str) -> str:
    """Sign the head of a journal; let it leave only when this transaction's reads are committed.

    :param conn: open transaction, in which nothing was appended.
    :param controller: slug, or name, of the controller.
    :param key: the signing key.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :raises SealError: the key is not the one this journal names.
    """
    epoch, tip, public_key = head(conn, controller)
    _same_key(key, public_key)
    return sign_checkpoint(origin(slug(controller), epoch), tip.size, tip.root(), at, key)


def _same_key(key: Ed25519PrivateKey, public_key: str) -> None:
    if key.public_key().public_bytes_raw().hex() != public_key:
        raise SealError(
            "The signing key is not the one this journal names.",
            "Mount the key folder that belongs to this database.",
        )


def proof(conn: Connection, entry: Entry, key: Ed25519PrivateKey, at: str) -> Proof:
    """Prove one entry in the tree as it is now.

    :param conn: open transaction.
    :param entry: an entry that was appended, in this transaction or before.
    :param key: the signing key.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :raises UnknownError: there is no such entry.
    :raises SealError: the key is not the one this journal names.
    """
    controller, epoch = entry.draft.controller, entry.epoch
    row = conn.execute(
        select(tree).where(tree.c.controller == controller, tree.c.epoch == epoch)
    ).first()
    if row is None or entry.index >= row.size:
        raise UnknownError("There is no such entry.", "Append it first.")
    _same_key(key, row.public_key)
    tip = edge(row)
    path = with_nodes(
        conn, controller, epoch, lambda node: inclusion_path(entry.index, tip.size, node)
    )
    return Proof(
        entry=entry.body().decode(),
        size=tip.size,
        path=tuple(item.hex() for item in path),
        checkpoint=sign_checkpoint(origin(controller, epoch), tip.size, tip.root(), at, key),
    )


def continues(
    conn: Connection, controller: str, epoch: int, old: int, size: int
) -> tuple[bytes, ...]:
    """Prove that the first entries of a tree continue fewer of them (RFC 9162 §2.1.4).

    :param controller: slug of the controller.
    :param epoch: number of the epoch.
    :param old: size of the earlier checkpoint.
    :param size: size of the later one, at most that of the tree.
    :raises UnknownError: the journal is shorter than that, or nodes that are needed were pruned.
    """
    if not 0 <= old <= size:
        raise UnknownError(
            "The journal is shorter than that checkpoint.",
            "The database may have been restored: run `flask guesterase replay`.",
        )
    return with_nodes(conn, controller, epoch, lambda node: consistency_path(old, size, node))


def proves(conn: Connection, old: Checkpoint, now: Checkpoint) -> tuple[bytes, ...]:
    """Prove that a checkpoint continues an earlier one, and look whether it does.

    :param conn: open transaction.
    :param old: the earlier checkpoint.
    :param now: today's checkpoint of the same journal.
    :raises UnknownError: it does not, or another epoch began since.
    """
    if old.origin != now.origin:
        raise UnknownError(
            "Another epoch began since that checkpoint.",
            "The first entry of the new epoch quotes the end of the old one.",
        )
    path = continues(conn, now.controller, now.epoch, old.size, now.size)
    if not verify_consistency(old.size, now.size, old.root, now.root, path):
        raise UnknownError(
            "The journal does not continue that checkpoint.", "Run `flask guesterase verify`."
        )
    return path


def frontier_at(conn: Connection, row: Row[Any], size: int) -> Frontier:
    """Return the right edge of a tree as it was at an earlier size.

    :param conn: open transaction.
    :param row: row of the tree.
    :param size: number of entries then.
    :raises UnknownError: the tree is shorter, or the nodes that are needed were pruned.
    """
    if size == row.size:
        return edge(row)
    if not 0 <= size < row.size:
        raise UnknownError(
            "The journal is shorter than that checkpoint.",
            "The database may have been restored: run `flask guesterase replay`.",
        )
    places = edge_places(size)
    hashes = with_nodes(
        conn, row.controller, row.epoch, lambda node: tuple(node(*place) for place in places)
    )
    return Frontier(size, hashes)


def with_nodes(
    conn: Connection,
    controller: str,
    epoch: int,
    compute: Callable[[Lookup], tuple[bytes, ...]],
) -> tuple[bytes, ...]:
    """Run a computation over stored nodes with two queries instead of one per node.

    :param compute: asks for nodes; the same ones whatever they hold, so that it can be run once
        to see which.
    """
    asked: list[tuple[int, int]] = []

    def note(level: int, index: int) -> bytes:
        asked.append((level, index))
        return bytes(32)

    compute(note)
    known = {(0, index): value for index, value in _leaves(conn, controller, epoch, asked)}
    # A leaf that went may stand among the nodes, where a proof from an old size needs it.
    upper = [place for place in asked if place not in known]
    if upper:
        rows = conn.execute(
            select(node.c.level, node.c.position, node.c.hash).where(
                node.c.controller == controller,
                node.c.epoch == epoch,
                or_(*(and_(node.c.level == lv, node.c.position == ix) for lv, ix in upper)),
            )
        )
        known.update({(row.level, row.position): bytes.fromhex(row.hash) for row in rows})
    if not known.keys() >= set(asked):
        known.update(_pruned(conn, controller, epoch))
    if not known.keys() >= set(asked):
        raise UnknownError(
            "Nodes of the journal are missing.", "Run `flask guesterase verify`."
        )
    return compute(lambda level, index: known[level, index])


def _pruned(
    conn: Connection, controller: str, epoch: int
) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield the complete subtrees of the entries that were taken out, with their places."""
    row = conn.execute(
        select(tree).where(tree.c.controller == controller, tree.c.epoch == epoch)
    ).first()
    if row is not None and row.pruned:
        yield from zip(edge_places(row.pruned), pruned_edge(row).hashes, strict=True)


def _leaves(
    conn: Connection, controller: str, epoch: int, asked: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, bytes]]:
    places = [index for level, index in asked if level == 0]
    if places:
        rows = conn.execute(
            select(entries.c.position, entries.c.leaf).where(
                entries.c.controller == controller,
                entries.c.epoch == epoch,
                entries.c.position.in_(places),
            )
        )
        for row in rows:
            yield row.position, bytes.fromhex(row.leaf)
