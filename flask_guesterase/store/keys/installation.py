"""Which keys belong to this database: two marks in our tables say it, and a stranger is refused.

``folder`` is the mark of the key folder, the same as long as it lives; ``signing`` is the public
half of the signing key in force. The row of the signing key is also what everybody takes turns on
who begins a journal or changes the key.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import KeyMissingError, SealError
from ...core.seal import fingerprint
from ..tables import epoch_key, tree
from .custodian import FolderCustodian

FOLDER, SIGNING = "folder", "signing"

_OTHER = "The key folder {path} belongs to another installation than this database."
_MOUNT = (
    "Point GUESTERASE_KEYS to the folder that belongs to this database, or bring its copy back."
)


def mark(custodian: FolderCustodian) -> str:
    """Return by which a key folder is known, 64 hex digits; no copy has another."""
    return fingerprint(custodian.pepper("installation"), "folder", "")


def claim(conn: Connection, custodian: FolderCustodian, now: datetime) -> None:
    """Write down that these keys belong to this database, where nothing says so yet.

    :param conn: open transaction.
    :param custodian: who holds the keys.
    :param now: naive UTC.
    :raises KeyMissingError: other keys do.
    """
    require(conn, custodian)
    public = custodian.public_key().hex()
    opened = select(tree.c.public_key).where(tree.c.open, tree.c.public_key != "")
    if set(conn.execute(opened).scalars()) - {public} and not known(conn, SIGNING):
        raise foreign(custodian)
    for name, value in ((FOLDER, mark(custodian)), (SIGNING, public)):
        if not known(conn, name):
            try:
                with conn.begin_nested():
                    conn.execute(insert(epoch_key).values(name=name, mark=value, at=now))
            except IntegrityError:
                continue  # another process wrote it between our two statements


def known(conn: Connection, name: str, lock: bool = False) -> str:
    """Return the mark that stands under a name, or an empty string.

    :param lock: let nobody else change it, or take this lock, until the transaction ends.
    """
    wanted = select(epoch_key.c.mark).where(epoch_key.c.name == name)
    return conn.execute(wanted.with_for_update() if lock else wanted).scalar() or ""


def put(conn: Connection, name: str, value: str, now: datetime) -> None:
    """Write the mark that stands under a name."""
    conn.execute(
        update(epoch_key).where(epoch_key.c.name == name).values(mark=value, at=now)
    )


def require(conn: Connection, custodian: FolderCustodian) -> None:
    """Go on only with the keys that belong to this database, where it says which those are.

    :raises KeyMissingError: the folder is of another installation, or its secrets are not there.
    """
    there = known(conn, FOLDER)
    if there and there != mark(custodian):
        raise foreign(custodian)


def foreign(custodian: FolderCustodian) -> SealError:
    """Return the error for keys of another installation."""
    return KeyMissingError(_OTHER.format(path=custodian.path), _MOUNT)
