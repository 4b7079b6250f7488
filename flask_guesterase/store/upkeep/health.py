"""Whether the installation is well, in words alone: for whoever watches it, without figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from ...core.errors import GuesteraseError
from ...core.log import read_entry
from ...core.tree import Frontier
from ..access import brake
from ..binds import reaching
from ..checking import live
from ..journaling.audit import beyond
from ..journaling.journal import edge
from ..keys.custodian import FolderCustodian
from ..keys.roots import FolderRoots, Roots
from ..remembrance import remembering
from ..sweeping import doors
from ..tables import entry as entries
from ..tables import tree
from ..work import Work

PENDING, CUSTODIAN, JOURNAL, DATABASE = (
    "tables-pending", "custodian-unreachable", "journal-broken", "database-unreachable",
)  # fmt: skip


def ills(work: Work) -> list[str]:
    """Return what is wrong, as words; empty where nothing is.

    :param work: an open transaction of an installation whose tables are there; a read-only one is
        enough.
    """
    found = []
    with reaching.left_out(work) as away:
        found += [DATABASE] if away else []
    if live.read_only(work.conn):
        found.append("database-read-only")
    if doors.silent(work):
        found.append("heartbeat-stale")
    if brake.doubted(work):
        found.append("clock-doubted")
    if not all(_whole(work.conn, row.controller, row.epoch) for row in _open(work.conn)):
        found.append(JOURNAL)
    file = remembering.register(work)
    if file is not None and file.closed():
        found.append("register-closed")
    try:
        register = remembering.standing(work)
    except GuesteraseError:
        return [*found, "register-missing"]
    if register is not None and register.missing:
        found.append("register-missing")
    if register is not None and (register.restored or register.holds):
        found.append("restore-pending")
    return found


def reachable(folder: str, roots: Roots | None) -> bool:
    """Return whether keys open and can be made now, whatever this process remembers of them.

    :param folder: the key folder.
    :param roots: the key service that holds the roots; None where the folder does.
    """
    try:
        custodian = FolderCustodian(folder, roots=roots)
        custodian.signing_key()
        # It names the root in use, under which the next key goes, and opens it.
        custodian.fingerprint()
        if roots is not None and custodian.service() != FolderRoots.kind:
            return roots.exists(custodian.root_id()) and not custodian.closed()
    except (GuesteraseError, OSError):
        return False
    return not custodian.closed()


def _open(conn: Connection) -> Sequence[Any]:
    return conn.execute(select(tree.c.controller, tree.c.epoch).where(tree.c.open)).all()


def _whole(conn: Connection, controller: str, epoch: int) -> bool:
    """Return whether the head of a journal fits the newest entry; `verify` looks at all of it."""
    row = conn.execute(
        select(tree).where(tree.c.controller == controller, tree.c.epoch == epoch)
    ).one()
    mine = entries.c.controller == controller, entries.c.epoch == epoch
    # Others may append since the head was read.
    before = entries.c.position < row.size
    last = conn.execute(
        select(entries).where(*mine, before).order_by(entries.c.position.desc()).limit(1)
    ).one_or_none()
    if beyond(conn, controller, epoch):
        return False
    try:
        head: Frontier = edge(row)
        if last is None:
            return bool(row.size == (row.pruned or 0))
        entry = read_entry(last.body.encode())
    except GuesteraseError:
        return False
    place = last.position == entry.index == row.size - 1
    leaf = entry.leaf()
    # Of an odd number of leaves the last one stands alone at the edge.
    stands = row.size % 2 == 0 or head.hashes[-1] == leaf
    return bool(place and leaf.hex() == last.leaf and stands)
