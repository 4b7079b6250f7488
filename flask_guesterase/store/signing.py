"""The signing key: which one is in force, which ones were, and how one takes another's place.

The database says which key is in force. A change makes the new key durable, then one transaction
writes it into every open journal, signed by the old one (see `renewal`); after its commit the old
private key is destroyed. Whatever is interrupted, `settle` finishes forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select

from ..core.checkpoint import origin, verifier_key
from ..core.errors import SealError, UnknownError
from ..core.events import SigningKeyChanged
from ..core.keychange import PUBLIC
from ..core.log import read_entry
from . import installation, journal
from .installation import SIGNING
from .tables import entry as entries
from .tables import tree
from .work import Work

if TYPE_CHECKING:
    from .office import Office

_NAMING = ("epoch-opened", SigningKeyChanged.name)


def key(work: Work, controller: str) -> Ed25519PrivateKey:
    """Return the key that signs for a controller's journal, as the journal names it.

    :param work: the open transaction.
    :param controller: slug, or name, of the controller.
    :raises SealError: the key folder does not hold it.
    """
    try:
        _, _, public = journal.head(work.conn, controller)
    except UnknownError:
        public = installation.known(work.conn, SIGNING)
    return work.custodian.signing_key(public)


def public_keys(conn: Connection, controller: str) -> Sequence[bytes]:
    """Return every key that signed for a controller's journal, the newest first.

    :param controller: slug of the controller.
    """
    found = [row["public_key"] for row in _named(conn) if row["controller"] == controller]
    return [bytes.fromhex(public) for public in dict.fromkeys(found[::-1])]


def listed(work: Work) -> Sequence[Mapping[str, Any]]:
    """Return which key signed which part of each journal, and how verifiers write it."""
    return _named(work.conn)


def _named(conn: Connection) -> list[dict[str, Any]]:
    table = entries
    rows = conn.execute(
        select(table.c.controller, table.c.epoch, table.c.position, table.c.body)
        .where(table.c.action.in_(_NAMING))
        .order_by(table.c.controller, table.c.epoch, table.c.position)
    ).all()
    found = {
        (row.controller, row.epoch, row.position + 1): str(
            read_entry(row.body.encode()).draft.marks.get(PUBLIC, "")
        )
        for row in rows
    }
    for row in conn.execute(select(tree)):
        mine = [at for at in found if at[:2] == (row.controller, row.epoch)]
        # Where the entry that named the key was taken out, the head still does.
        if row.public_key and not mine:
            found[row.controller, row.epoch, (row.pruned or 0) + 1] = row.public_key
    return [
        {
            "controller": controller,
            "epoch": epoch,
            "since_size": size,
            "public_key": public,
            "verifier_key": verifier_key(origin(controller, epoch), bytes.fromhex(public)),
        }
        for (controller, epoch, size), public in sorted(found.items())
    ]


def in_force(work: Work) -> bytes:
    """Return the public half of the key that new journals and epochs begin with, 32 bytes.

    A database that was restored to before a change names a key that is gone: what the folder
    holds takes its place.

    :param work: the open transaction; it may write.
    """
    public = installation.known(work.conn, SIGNING, lock=True)
    if public:
        with suppress(SealError):
            work.custodian.signing_key(public)
            return bytes.fromhex(public)
        installation.put(work.conn, SIGNING, work.custodian.public_key().hex(), work.stamp)
    return work.custodian.public_key()


def settle(office: Office) -> bool:
    """Finish a change of the signing key; return whether there was one to finish.

    Whoever changes the key holds the row that is locked here until their commit.

    :raises SealError: the key that the database names is not in the folder.
    """
    work = office.work
    if not work.custodian.renewing():
        return False
    public = installation.known(work.conn, SIGNING, lock=True)
    if public:
        work.custodian.settle_signing(public)
    return bool(public)
