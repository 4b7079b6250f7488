"""Another signing key takes the place of the one in force, which says so in every journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from ...core.errors import FourEyesError, SetupError
from ...core.events import SigningKeyChanged
from ...core.keychange import PUBLIC, SIGNATURE, statement
from ..access import brake
from ..access.sameness import same
from ..certificates import certifying
from ..keys import installation
from ..keys.installation import SIGNING
from ..remembrance import remembering
from ..tables import tree
from ..work import Work


def renew(work: Work, by: str, second: str) -> str:
    """Let two people put another signing key into force; return its public half, 64 hex digits.

    The old private key is destroyed after the commit, by `signing.settle`.

    :param work: the open transaction.
    :param by: the host's id of the first person.
    :param second: that of the second.
    :raises ForbiddenError: one of them may not decide about the law at any property.
    :raises FourEyesError: they are the same person.
    :raises SealError: the key in force is not in the folder, so it cannot sign the new one.
    :raises SetupError: nothing says which keys belong to this database, or the register of
        erasures is not where it was.
    :raises BlockedError: this database was restored and has not caught up.
    """
    actor, other = brake.lawyer(work, by), brake.lawyer(work, second)
    if same(work.conn, actor, other, work.stamp):
        raise FourEyesError("One person cannot do both steps.", "Let a second person agree.")
    _register_is_there(work)
    work.custodian.settle()
    old = installation.known(work.conn, SIGNING, lock=True)
    if not old:
        raise SetupError(
            "Nothing says which keys belong to this database.",
            "Run `flask guesterase db upgrade` once.",
        )
    signer = work.custodian.signing_key(old)
    if work.custodian.renewing():
        # A change was interrupted, before its commit or after it.
        work.custodian.settle_signing(old)
    new = work.custodian.renew().public_key().public_bytes_raw().hex()
    # Everything before this is signed by the old key, this entry itself by both.
    certifying.journaled(work)
    for row in _open(work.conn):
        said = statement(row.controller, row.epoch, new)
        marks = {PUBLIC: new, SIGNATURE: signer.sign(said).hex()}
        work.events.append(SigningKeyChanged(row.controller, actor=actor, marks=marks))
    certifying.journaled(work)
    work.conn.execute(update(tree).where(tree.c.open).values(public_key=new))
    installation.put(work.conn, SIGNING, new, work.stamp)
    return new


def _register_is_there(work: Work) -> None:
    """Make sure that the register of erasures lies under its lasting name before a key goes."""
    found = remembering.standing(work)
    if found is not None:
        remembering.refuse(found)


def _open(conn: Connection) -> Sequence[Any]:
    wanted = select(tree.c.controller, tree.c.epoch).where(tree.c.open)
    return conn.execute(wanted.order_by(tree.c.controller).with_for_update()).all()
