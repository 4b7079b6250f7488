"""The signing key: which one is in force, which ones were, and how one takes another's place.

The database says which key is in force. A change makes the new key durable, then one transaction
writes it into every open journal, signed by the old one (see `renewal`); after its commit the old
private key is destroyed. Whatever is interrupted, `settle` finishes forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from ...core.checkpoint import origin, verifier_key
from ...core.errors import SealError, UnknownError
from ..keys import installation
from ..keys.installation import SIGNING
from ..tables import tree
from ..unit import HasWork
from ..work import Work
from . import journal, witness
from .signers import signers


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


def checkpoint(work: Work, controller: str) -> str:
    """Sign the head of a controller's journal with the key that it names.

    :param work: the open transaction, in which nothing was appended.
    :param controller: slug, or name, of the controller.
    :raises SealError: the key folder does not hold it.
    """
    try:
        return _signed(work, controller)
    except SealError:
        # Another key took the place of the one that was read, which is destroyed by now.
        return _signed(work, controller)


def _signed(work: Work, controller: str) -> str:
    signer = key(work, controller)
    return witness.checkpoint(work.conn, controller, signer, journal.stamp(work.now))


def listed(work: Work) -> Sequence[Mapping[str, Any]]:
    """Return which key signed which part of each journal, and how verifiers write it."""
    rows = work.conn.execute(select(tree).order_by(tree.c.controller, tree.c.epoch)).all()
    return [
        {
            "controller": row.controller,
            "epoch": row.epoch,
            "since_size": max(size, (row.pruned or 0) + 1),
            "public_key": public.hex(),
            "verifier_key": verifier_key(origin(row.controller, row.epoch), public),
        }
        for row in rows
        for size, public in signers(work.conn, row)
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


def settle(office: HasWork) -> bool:
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
