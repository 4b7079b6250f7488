"""Boxes under another key: what a lost one wraps goes under the one before, where that lives."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from sqlalchemy import ColumnElement, select

from ...core.errors import GuesteraseError, SealError, SetupError
from ...core.seal import wrap_aad
from .. import tables
from ..statements.sql import chunks
from ..work import Work
from . import boxing, shelf, vault


def unread(work: Work, label: str) -> GuesteraseError | None:
    """Return why the key of a label cannot be read now; None where it can, or is gone."""
    try:
        if not work.custodian.lost(label):
            work.custodian.opens(label)
    except (SealError, SetupError) as problem:
        return problem
    return None


def closed(work: Work, label: str) -> GuesteraseError | None:
    """Return why nothing can be put under the key of a label now; None where something can."""
    try:
        boxing.require(work.conn, work.custodian, label)
    except SealError as problem:
        return problem
    return unread(work, label)


def back(work: Work, *which: ColumnElement[bool]) -> set[str]:
    """Put boxes that the key of their hold does not open under the one before; return which.

    One that cannot be read now stays, and keeps no other: it ends later (`closed`).
    """
    found = set[str]()
    for home, ids in sorted(astray(work, *which).items()):
        with suppress(SealError):
            rewrap(work, ids, home)
            found |= ids
    return found


def astray(work: Work, *which: ColumnElement[bool]) -> dict[str, set[str]]:
    """Return boxes that the key of their hold does not open, by the one before where it lives."""
    box = tables.box
    rows = work.conn.execute(
        select(box.c.id, box.c.label, box.c.wrapped, box.c.home).where(
            box.c.label.in_(vault.HOLDS), box.c.home.is_not(None), box.c.forgotten_at.is_(None),
            *which,
        )
    ).all()  # fmt: skip
    there = work.custodian.labels() if rows else frozenset()
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.home in there and not (row.label in there and _opens(work, *row[:3])):
            found.setdefault(row.home, set()).add(row.id)
    return found


def _opens(work: Work, box: str, label: str, wrapped: bytes) -> bool:
    """Return whether the key of its label opens a box, or may, as it cannot be read now."""
    try:
        work.custodian.unwrap(label, bytes(wrapped), wrap_aad(box, label))
    except SealError:
        return unread(work, label) is not None
    return True


def rewrap(work: Work, ids: Collection[str], to: str) -> int:
    """Wrap boxes under another label; those whose key is gone are gone, and so is what is damaged.

    :raises SealError: a key is there and cannot be read now.
    """
    box = tables.box
    there = work.custodian.labels() if ids else frozenset()
    if ids and to not in there:
        # What the lost one wraps and marks goes home before another takes its place.
        ids = {*ids, *back(work, box.c.label == to)}
    moved = 0
    for part in chunks(sorted(ids)):
        rows = work.conn.execute(
            select(box.c.id, box.c.label, box.c.home)
            .where(box.c.id.in_(part), box.c.forgotten_at.is_(None))
        )  # fmt: skip
        good = _wrapped(work, [r.id for r in rows if {*r[1:]} & there and r.label != to], to)
        shelf.remark(work, good)
        moved += len(good)
    return moved


def _wrapped(work: Work, ids: list[str], to: str) -> list[str]:
    """Wrap boxes under another label; return those that could be."""
    try:
        vault.rewrap(work.conn, work.custodian, ids, to)
    except SealError:
        if len(ids) < 2:
            vault.require_lost(work.conn, work.custodian, ids)
            return []
        half = len(ids) // 2
        return [id for part in (ids[:half], ids[half:]) for id in _wrapped(work, part, to)]
    return ids
