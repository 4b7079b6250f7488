"""Whether the keys are whole, asked before somebody needs them: every label, and boxes sampled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Connection, func, select, union

from ...core.errors import GuesteraseError, KeyMissingError, SealError
from ...core.seal import NONCE_SIZE, Box, open_box, payload_aad, wrap_aad
from ..boxes import boxing, vault
from ..comeback import years
from ..keys import installation
from ..keys.custodian import FolderCustodian
from ..remembrance import months
from ..statements.sql import chunks
from ..tables import box as boxes
from ..tables import day as days
from ..tables import intake, kept
from ..work import Work

SAMPLE = 50
"""How many boxes are opened unless somebody asks for more."""

_PART = 100
_TRIES = 400
"""How many other boxes are tried when one does not open, to say what happened to it."""


@dataclass(frozen=True)
class Fault:
    """Something about the keys that will be missed one day.

    :param id: stable word.
    :param place: label of a key, identifier of a box, or an empty string.
    :param message: what is wrong.
    :param hint: the next step.
    """

    id: str
    place: str
    message: str
    hint: str


@dataclass
class Sound:
    """What was looked at.

    :param labels: labels under which living boxes, and forms that wait, lie, and further ones.
    :param keys: how many of their keys opened.
    :param boxes: living boxes.
    :param sampled: how many of them were tried.
    :param opened: how many of those opened.
    :param faults: what is wrong.
    """

    labels: int = 0
    keys: int = 0
    boxes: int = 0
    sampled: int = 0
    opened: int = 0
    faults: list[Fault] = field(default_factory=list)


def whole(
    work: Work, sample: int | None = SAMPLE, copy: FolderCustodian | None = None
) -> Sound:
    """Try every key that is needed, by boxes, by the register of erasures and by marks.

    :param work: the open transaction; a read-only one is enough.
    :param sample: how many boxes to open; None for all of them.
    :param copy: a copy of the keys to try instead of those in use.
    """
    further = months.needed(work) | years.needed(work)
    found = look(work.conn, copy or work.custodian, work.today, sample, further)
    if copy is None and not found.faults:
        found.faults += map(_replaced, years.replaced(work))
    return found


def _replaced(label: str) -> Fault:
    return Fault(
        "key-missing", label,
        "Another key took the place of a lost one: who was erased under that is not known again.",
        "Where a copy of the key folder has the lost one, let that lie in the folder under which "
        "more people were erased. This ends with the marks of that year.",
    )


def look(
    conn: Connection,
    custodian: FolderCustodian,
    today: str,
    sample: int | None = SAMPLE,
    further: Collection[str] = (),
) -> Sound:
    """Try every key that is needed, and open boxes from all over; nothing is written.

    :param conn: open transaction; a read-only one is enough.
    :param custodian: the keys in use, or a copy of them that is to be tried.
    :param today: ``YYYY-MM-DD``; a key whose day is over before it may be gone.
    :param sample: how many boxes to open; None for all of them.
    :param further: labels of keys that no box tells of and that are needed too.
    """
    found = Sound()
    if not _belongs(conn, custodian, found):
        return found
    bad = _keys(conn, custodian, found, further, today)
    total = conn.execute(select(func.count()).select_from(boxes).where(*_living())).scalar_one()
    found.boxes = int(total)
    for one in _outermost(conn, custodian, bad):
        if one.label not in bad:
            _name(conn, custodian, one, found, bad)
    named = {fault.place for fault in found.faults}
    for one in _sampled(conn, found.boxes, sample):
        found.sampled += 1
        if one.label in bad or one.id in named:
            continue
        try:
            open_box(one, custodian)
            found.opened += 1
        except SealError:
            _name(conn, custodian, one, found, bad)
    return found


def _outermost(
    conn: Connection, custodian: FolderCustodian, bad: Collection[str]
) -> Iterator[Box]:
    """Yield boxes that their key does not open, of the first and last records under each label.

    Where another key took the place of a lost one, few boxes may lie under the one or the other,
    which a sample does not meet.
    """
    under = select(func.min(kept.c.id).label("first"), func.max(kept.c.id).label("last"))
    ends = (
        under.join(boxes, kept.c.box == boxes.c.id)
        .where(*_living(), kept.c.ended_at.is_(None))
        .group_by(boxes.c.label)
        .cte()
    )
    ids = union(select(ends.c.first.label("id")), select(ends.c.last)).subquery()
    wanted = select(boxes.c.id, boxes.c.label, boxes.c.wrapped)
    rows = wanted.join(kept, kept.c.box == boxes.c.id).join(ids, ids.c.id == kept.c.id)
    closed = [
        row.id
        for row in conn.execute(rows)
        if row.label not in bad
        and not _opens(custodian, row.label, bytes(row.wrapped), wrap_aad(row.id, row.label))
    ]
    for part in chunks(sorted(closed)):
        yield from vault.fetch(conn, part)


def _name(
    conn: Connection, custodian: FolderCustodian, one: Box, found: Sound, bad: set[str]
) -> None:
    """Name what happened to a box that does not open, or to the key of its label, which is bad."""
    fault = _cause(conn, custodian, one)
    found.faults.append(fault)
    if fault.place == one.label:
        bad.add(one.label)


def _another(label: str) -> Fault:
    return Fault(
        "key-missing", label,
        "Another key took the place of a lost one: what was sealed under that does not open.",
        "Where a copy of the key folder has the lost one, let that of the two lie in the folder "
        "under which more boxes open (`keys check --all`), and keep the other.",
    )


def _belongs(conn: Connection, custodian: FolderCustodian, found: Sound) -> bool:
    """Return whether these are the keys of this database, and their secrets open."""
    try:
        custodian.root()
        installation.require(conn, custodian)
        public = installation.known(conn, installation.SIGNING)
        if public:
            custodian.signing_key(public)
        else:
            custodian.public_key()
    except GuesteraseError as problem:
        kind = "keys-missing" if isinstance(problem, KeyMissingError) else "keys-damaged"
        found.faults.append(Fault(kind, "", problem.message, problem.hint))
        return False
    return True


def _living() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on boxes that can still be opened."""
    return boxes.c.forgotten_at.is_(None), boxes.c.label.not_in(select(days.c.label))


def _keys(
    conn: Connection, custodian: FolderCustodian, found: Sound, further: Collection[str],
    today: str,
) -> set[str]:
    """Open the key of every label; return those that do not open.

    A key that nothing is sealed under any more, or yet, is no loss, nor is one that ended on its
    day, of which a restored database does not know; a damaged one keeps the root from ending.
    """  # fmt: skip
    boxed = select(boxes.c.label).where(*_living())
    waiting = select(intake.c.label).where(intake.c.label.not_in(select(days.c.label)))
    needed = {*conn.execute(boxed.union(waiting)).scalars(), *_unended(conn, further)}
    there = custodian.labels()
    bad = {label for label in needed - there if vault.is_over(label, today)}
    needed -= bad
    for label in boxing.ended_early(conn, today):
        if label not in there:
            told = boxing.early(label)
            found.faults.append(Fault("key-ended", label, told.message, told.hint))
    found.labels = len(needed)
    for label in sorted(needed | _unended(conn, there)):
        try:
            if label not in there:
                raise custodian.absent(label)
            custodian.opens(label)
            found.keys += label in needed
        except SealError as problem:
            if label not in needed and custodian.lost(label):
                continue
            kind = "key-missing" if isinstance(problem, KeyMissingError) else "key-damaged"
            found.faults.append(Fault(kind, label, problem.message, problem.hint))
            bad.add(label)
    return bad


def _unended(conn: Connection, labels: Collection[str]) -> set[str]:
    """Return those of these labels whose keys were not told to end.

    No word of ours ends the key of a year of which marks live (`years.expire`).
    """
    found, ours = set(labels), days.c.label.not_like(f"{years.BEGIN}%")
    for part in chunks(sorted(labels)):
        told = select(days.c.label).where(days.c.label.in_(part), ours)
        found -= {*conn.execute(told).scalars()}
    return found


def _sampled(conn: Connection, total: int, sample: int | None) -> Iterator[Box]:
    """Yield boxes: all, or the next after each of so many places; identifiers are random."""
    ids = select(boxes.c.id).where(*_living()).order_by(boxes.c.id)
    if sample is not None and total > sample:
        places = (f"b{n * 16**8 // sample:08x}" for n in range(sample))
        found = (conn.execute(ids.where(boxes.c.id >= p).limit(1)).scalar() for p in places)
        yield from vault.fetch(conn, sorted(set(filter(None, found))))
        return
    last = ""
    while part := conn.execute(ids.where(boxes.c.id > last).limit(_PART)).scalars().all():
        yield from vault.fetch(conn, part)
        last = part[-1]


def _cause(conn: Connection, custodian: FolderCustodian, one: Box) -> Fault:
    """Say what happened to a box that does not open, as far as it can be told."""
    others = _others(conn, one)
    row = "the row of this box back from a copy of the database from before"
    try:
        key = custodian.unwrap(one.label, one.wrapped, wrap_aad(one.id, one.label))
    except SealError as problem:
        said = _moved(custodian, one, others)
        if said:
            return Fault("box-damaged", one.id, said, f"Bring {row}; the key is whole.")
        if _is_replaced(custodian, one.label, others):
            return _another(one.label)
        # Of a single box nobody can tell whether it was changed or its key is another one.
        hint = f"Bring {row}, or its key, where a copy of the folder has another one."
        return Fault("box-damaged", one.id, problem.message, hint)
    said = _payload(custodian, one, key, others)
    return Fault("box-damaged", one.id, said, f"Bring {row}; the key is whole.")


def _is_replaced(custodian: FolderCustodian, label: str, others: Sequence[Box]) -> bool:
    """Return whether further boxes of a label are closed to the key that is there."""
    return any(
        not _opens(custodian, label, each.wrapped, wrap_aad(each.id, label))
        for each in others
        if each.label == label
    )


def _others(conn: Connection, one: Box) -> Sequence[Box]:
    """Return other boxes that this one may have been mixed up with, the likeliest first."""
    near = select(boxes.c.id).where(*_living(), boxes.c.id != one.id)
    same = conn.execute(near.where(boxes.c.wrapped == one.wrapped).limit(5)).scalars()
    under = conn.execute(near.where(boxes.c.label == one.label).limit(_TRIES)).scalars()
    return vault.fetch(conn, list(dict.fromkeys([*same, *under])))


def _moved(custodian: FolderCustodian, one: Box, others: Sequence[Box]) -> str:
    """Say whose the wrapped key of a box is, or under which label it was wrapped."""
    for other in others:
        if _opens(custodian, one.label, one.wrapped, wrap_aad(other.id, one.label)):
            if other.wrapped == one.wrapped:
                return f"The row of this box is a copy of that of {other.id}."
            return f"This box carries the wrapped key of {other.id}: the two were exchanged."
    for label in sorted(custodian.labels() - {one.label}):
        if _opens(custodian, label, one.wrapped, wrap_aad(one.id, label)):
            return f"The label of this box was changed: it was sealed under {label}."
    return ""


def _opens(custodian: FolderCustodian, label: str, wrapped: bytes, aad: bytes) -> bool:
    try:
        custodian.unwrap(label, wrapped, aad)
    except SealError:
        return False
    return True


def _payload(
    custodian: FolderCustodian, one: Box, key: bytes, others: Sequence[Box]
) -> str:
    """Say whose the payload of a box is whose own key is right."""
    for other in others:
        try:
            theirs = custodian.unwrap(other.label, other.wrapped, wrap_aad(other.id, other.label))
            AESGCM(theirs).decrypt(
                one.payload[:NONCE_SIZE], one.payload[NONCE_SIZE:],
                payload_aad(other.controller, other.id),
            )  # fmt: skip
        except (SealError, InvalidTag, ValueError):
            continue
        return f"This box carries the payload of {other.id}: the two were exchanged."
    return "The payload of this box, or its controller, was changed."
