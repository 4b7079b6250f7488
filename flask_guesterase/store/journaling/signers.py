"""Which key signs which checkpoints of a journal: keys change by an entry the old one signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, select

from ...core.checkpoint import Checkpoint, open_checkpoint, read_note
from ...core.errors import TamperedError
from ...core.keychange import statement
from ...core.log import KEY_CHANGE, Draft, read_entry
from ..tables import entry as entries
from ..tables import tree
from .quotes import quotes


def signers(conn: Connection, row: Row[Any]) -> list[tuple[int, bytes]]:
    """Return from which size on which key signs checkpoints of a tree, the oldest first.

    :param conn: open transaction; a read-only one is enough.
    :param row: row of the tree.
    """
    mine = (entries.c.controller == row.controller) & (entries.c.epoch == row.epoch)
    changes = conn.execute(
        select(entries.c.position, entries.c.body)
        .where(mine, entries.c.action == KEY_CHANGE)
        .order_by(entries.c.position)
    ).all()
    found = [(0, bytes.fromhex(_first(conn, row)))]
    for change in changes:
        new = read_entry(change.body.encode()).draft.marks.get("public-key", "")
        found.append((change.position + 1, bytes.fromhex(new)))
    return found


def _first(conn: Connection, row: Row[Any]) -> str:
    if row.edge_key:
        return str(row.edge_key)
    body = conn.execute(
        select(entries.c.body).where(
            entries.c.controller == row.controller, entries.c.epoch == row.epoch,
            entries.c.position == 0,
        )
    ).scalar()  # fmt: skip
    if body is None:
        return str(row.public_key)
    return read_entry(body.encode()).draft.marks.get("public-key", str(row.public_key))


def signer(known: list[tuple[int, bytes]], size: int) -> bytes:
    """Return the key that signs checkpoints of a size.

    :param known: what `signers` returned.
    :param size: number of entries.
    """
    return [key for start, key in known if start <= size][-1]


def follows(old: bytes, change: Draft, epoch: int) -> bool:
    """Return whether the old key signed that the key of an entry takes its place.

    :param old: the old key, 32 bytes.
    :param change: the entry, without its place.
    :param epoch: number of its epoch.
    """
    new, signature = change.marks.get("public-key", ""), change.marks.get("signature", "")
    said = statement(change.controller, epoch, new)
    try:
        Ed25519PublicKey.from_public_bytes(old).verify(bytes.fromhex(signature), said)
    except (InvalidSignature, ValueError):
        return False
    return len(new) == 64


def open_ours(
    conn: Connection,
    text: str,
    current: bytes,
    past: Sequence[bytes] = (),
) -> Checkpoint:
    """Return a checkpoint that this house signed, with whichever of its keys.

    :param conn: open transaction.
    :param text: the signed note.
    :param current: the key in use; a restored database may not know it yet.
    :param past: keys that were in force once. One counts where this database never heard of it:
        of the others it knows which checkpoints they sign, but for entries that it has lost.
    :raises TamperedError: it is no checkpoint, or not this house's.
    """
    said = read_note(text)
    row = conn.execute(
        select(tree).where(tree.c.controller == said.controller, tree.c.epoch == said.epoch)
    ).first()
    keys = [] if row is None else [signer(signers(conn, row), said.size)]
    # Of entries that it does not know, or has lost, it knows no key either.
    lost = row is None or said.size > row.size or said in quotes(conn, said.controller)
    older = past if lost else _unheard(conn, past)
    for key in dict.fromkeys([*keys, current, *older]):
        try:
            return open_checkpoint(text, key)
        except TamperedError as problem:
            last = problem
    raise last


def _unheard(conn: Connection, past: Sequence[bytes]) -> list[bytes]:
    """Return which keys no journal of this database names."""
    if not past:
        return []
    rows = conn.execute(select(tree)).all()
    known = {key for row in rows for _, key in signers(conn, row)}
    return [key for key in past if key not in known]
