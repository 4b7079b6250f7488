"""The keys of what is held: boxes under a hold leave their day's key, and go back when it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select, update

from ..core.errors import SealError
from ..core.holding import Scope
from ..core.image import Image, decode
from ..core.lifecycle import OPEN, State
from ..core.plan import Key, Person, key_text
from ..core.seal import day_label
from ..core.standing import Standing
from . import outbox, shelf, tables, vault
from .datamap import Declared
from .finder import find, owned
from .gaps import unreadable
from .holds import Hold, covered, keys_of, living, matching
from .keeping import FOREVER, open_label
from .sql import chunks, host_values, is_text
from .work import Work

PURPOSES = ("retention", "recovery", "file")
"""What boxes are kept for that a hold reaches; what only tells a guest something goes its way."""

Texts = dict[str, set[str]]
"""Table -> key texts of rows."""


def label(id: int) -> str:
    """Return the label of a hold's own key."""
    return f"hold:{id}"


def wrap(work: Work, hold: Hold) -> int:
    """Put the boxes that a new hold reaches under its key; return how many.

    A box that lies under an older hold stays there until that one is lifted.
    """
    return _move(work, _free(work, reach(work, hold)), label(hold.id))


def rescue(work: Work) -> int:
    """Put boxes whose day is over, and that a living hold reaches by now, under its key.

    A query or a place may reach boxes that were closed, or found to be of it, after it was held.
    Called before keys are marked to be destroyed.

    :return: how many boxes that was.
    """
    holds = living(work)
    if not holds:
        return 0
    box = tables.box
    over = set(
        work.conn.execute(
            select(box.c.id).where(
                box.c.last_day < work.today,
                box.c.forgotten_at.is_(None),
                box.c.purpose.in_(PURPOSES),
                box.c.label.not_like("hold:%"),
            )
        ).scalars()
    )
    count = 0
    for hold in holds if over else ():
        reached = over & reach(work, hold)
        count += _move(work, reached, label(hold.id))
        over -= reached
    return count


def unwrap(work: Work, hold: Hold) -> int:
    """Take the boxes from a hold's key: to the next hold, to their day, or to their end.

    The hold's own key is marked to be destroyed.

    :param hold: a hold that was lifted.
    :return: how many boxes ended, because their day was over.
    """
    box = tables.box
    rows = work.conn.execute(
        select(box.c.id, box.c.purpose, box.c.controller, box.c.last_day).where(
            box.c.label == label(hold.id),
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(PURPOSES),
        )
    ).all()
    left = {row.id for row in rows}
    for other in living(work) if left else ():
        if other.id != hold.id:
            reached = left & reach(work, other)
            _move(work, reached, label(other.id))
            left -= reached
    homes: dict[str, set[str]] = {}
    for row in rows:
        if row.id in left:
            homes.setdefault(_home(work, row.purpose, row.controller, row.last_day), set()).add(
                row.id
            )
    ended = 0
    for home, ids in sorted(homes.items()):
        if home in _over(work, homes):
            ended += vault.empty(work.conn, sorted(ids), work.stamp)
        else:
            _move(work, ids, home)
            _until(work, ids, home)
    vault.mark_labels(work.conn, [label(hold.id)], work.stamp)
    return ended


def _home(work: Work, purpose: str, controller: str, last_day: str) -> str:
    """Return the label a box has when nothing holds it."""
    if last_day >= FOREVER:
        return open_label(controller)
    if purpose == outbox.FILE and last_day < work.today:
        # What a hold kept from being removed is still to be removed.
        return day_label((work.now.date() + timedelta(days=outbox.BOX_DAYS)).isoformat())
    return day_label(last_day)


def _over(work: Work, homes: Iterable[str]) -> set[str]:
    """Return which of these labels have no key any more, or should have none."""
    table = tables.day
    marked = work.conn.execute(select(table.c.label).where(table.c.label.in_(sorted(homes))))
    return {*marked.scalars(), *(h for h in homes if "day:" <= h < day_label(work.today))}


def _until(work: Work, ids: Collection[str], home: str) -> None:
    if home.startswith("day:"):
        box = tables.box
        work.conn.execute(
            update(box)
            .where(box.c.id.in_(ids), box.c.purpose == outbox.FILE)
            .values(last_day=home.removeprefix("day:"))
        )


def _free(work: Work, ids: Collection[str]) -> set[str]:
    box = tables.box
    found: set[str] = set()
    for part in chunks(sorted(ids)):
        found |= set(
            work.conn.execute(
                select(box.c.id).where(box.c.id.in_(part), box.c.label.not_like("hold:%"))
            ).scalars()
        )
    return found


def _move(work: Work, ids: Collection[str], to: str) -> int:
    """Wrap boxes under another label; those whose key is gone are gone."""
    box = tables.box
    there = work.custodian.labels() if ids else frozenset()
    moved = 0
    for part in chunks(sorted(ids)):
        rows = work.conn.execute(
            select(box.c.id, box.c.label).where(box.c.id.in_(part), box.c.forgotten_at.is_(None))
        )
        good = [row.id for row in rows if row.label in there and row.label != to]
        vault.rewrap(work.conn, work.custodian, good, to)
        shelf.remark(work, good)
        moved += len(good)
    return moved


def reach(work: Work, hold: Hold) -> set[str]:
    """Return the boxes that hold rows under a hold, or the names of their files."""
    return _kept(work, hold) | _of_requests(work, hold) | _of_sweeps(work, hold)


def _kept(work: Work, hold: Hold) -> set[str]:
    kept = tables.kept
    wanted = select(kept.c.table_name, kept.c.row_key, kept.c.box).where(
        kept.c.box.is_not(None), kept.c.ended_at.is_(None)
    )
    if hold.scope == Scope.RECORD:
        wanted = wanted.where(kept.c.table_name == hold.table, kept.c.row_key == hold.row)
    elif hold.scope == Scope.SUBJECT:
        return _boxes_of(work, _rows_of(work, hold))
    else:
        wanted = wanted.where(kept.c.property == hold.property)
    boxes: dict[tuple[str, str], set[str]] = {}
    for row in work.conn.execute(wanted):
        boxes.setdefault((row.table_name, row.row_key), set()).add(row.box)
    if hold.scope == Scope.RECORD:
        return {box for each in boxes.values() for box in each}
    return _covered(work, hold, boxes)


def _rows_of(work: Work, hold: Hold) -> Texts:
    """Return the rows of a held subject that are still in the host's tables."""
    keys = keys_of(work, hold.table, [hold.row])
    people = [(hold.table, key) for key in keys.values()]
    found = find(work.conn, work.datamap, people, unreadable(work.datamap))
    return {name: {key_text(row.key) for row in rows} for name, rows in found.items()}


def _boxes_of(work: Work, rows: Texts) -> set[str]:
    kept = tables.kept
    found: set[str] = set()
    for name, texts in rows.items():
        for part in chunks(sorted(texts)):
            found |= set(
                work.conn.execute(
                    select(kept.c.box).where(
                        kept.c.table_name == name,
                        kept.c.row_key.in_(part),
                        kept.c.box.is_not(None),
                        kept.c.ended_at.is_(None),
                    )
                ).scalars()
            )
    return found


def _covered(
    work: Work, hold: Hold, boxes: Mapping[tuple[str, str], set[str]]
) -> set[str]:
    """Return the boxes of those (table, key text) that a hold covers."""
    texts: Texts = {}
    for table, text in boxes:
        texts.setdefault(table, set()).add(text)
    found: set[str] = set()
    for table, mine in texts.items():
        keys = keys_of(work, table, mine)
        hit = covered(work, [hold], table, list(keys.values()))
        found |= {box for text, key in keys.items() if key in hit for box in boxes[table, text]}
    return found


def _of_requests(work: Work, hold: Hold) -> set[str]:
    """Return the safety copies, and the names of files, of the people a hold is about."""
    box, subject = tables.box, tables.subject
    rows = work.conn.execute(
        select(box.c.id, subject.c.table_name, subject.c.row_key)
        .join(subject, subject.c.request == box.c.request)
        .where(
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(["recovery", outbox.FILE]),
            subject.c.standing == Standing.TAKEN.value,
        )
    )
    boxes: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        boxes.setdefault((row.table_name, row.row_key), set()).add(row.id)
    found = _covered(work, hold, boxes)
    if hold.scope == Scope.RECORD:
        found |= _holding(work, hold)
    elif hold.scope == Scope.QUERY and hold.table not in work.datamap.subjects:
        found |= {box for who in _named(work, hold, boxes) for box in boxes[who]}
    return found


def _of_sweeps(work: Work, hold: Hold) -> set[str]:
    """Return the safety copies of what ended without a request, and the files named with them.

    Nothing says whose file it is; where one copy is reached, none of these files is removed.
    """
    box = tables.box
    rows = work.conn.execute(
        select(box.c.id, box.c.purpose).where(
            box.c.request.is_(None),
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(["recovery", outbox.FILE]),
        )
    ).all()
    copies = {row.id for row in rows if row.purpose == "recovery"}
    found = {each for each in copies if _reaches(work, hold, each)}
    return found | ({row.id for row in rows} - copies if found else set())


def _reaches(work: Work, hold: Hold, copy: str) -> bool:
    return any(
        covered(work, [hold], table, sorted(keys, key=key_text))
        for table, keys in _rows_in(work, copy).items()
    )


def _named(
    work: Work, hold: Hold, boxes: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return those of these people who own a row that a query names."""
    people: dict[Person, tuple[str, str]] = {}
    for table, text in boxes:
        people |= {(table, key): (table, text) for key in keys_of(work, table, [text]).values()}
    declared = work.datamap.declared(hold.table)
    rows = owned(work.conn, work.datamap, declared, people)
    named = matching(work, declared, work.queries.get(hold.query), list(rows))
    return {people[person] for key in named for person, _ in rows[key]}


def _holding(work: Work, hold: Hold) -> set[str]:
    """Return the boxes of requests whose safety copy holds a row that may be gone by now."""
    box = tables.box
    keys = keys_of(work, hold.table, [hold.row]).values()
    mine = {number for key in keys for number in in_copies(work, hold.table, key)}
    rows = work.conn.execute(
        select(box.c.id).where(
            box.c.request.in_(mine),
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(["recovery", outbox.FILE]),
        )
    )
    return set(rows.scalars())


def in_copies(work: Work, table: str, key: Key) -> set[str]:
    """Return the requests whose safety copy holds a row, which may be gone from the host.

    The copies are opened for it: nothing outside them says which rows they hold.
    """
    box = tables.box
    rows = work.conn.execute(
        select(box.c.id, box.c.request).where(
            box.c.forgotten_at.is_(None),
            box.c.purpose == "recovery",
            box.c.request.is_not(None),
        )
    ).all()
    return {row.request for row in rows if _is_in(work, row.id, table, key)}


def _is_in(work: Work, copy: str, table: str, key: Key) -> bool:
    return key in _rows_in(work, copy).get(table, ())


def _rows_in(work: Work, copy: str) -> dict[str, set[Key]]:
    """Return table -> keys of the rows whose images a safety copy holds."""
    try:
        images = decode(vault.unseal(work.conn, work.custodian, [copy])[0]).rows
    except SealError:
        return {}
    found: dict[str, set[Key]] = {}
    for image in images:
        declared = work.datamap.tables.get(image.table)
        key = None if declared is None else _key(declared, image)
        if key is not None:
            found.setdefault(image.table, set()).add(key)
    return found


def _key(declared: Declared, image: Image) -> Key | None:
    """Return the host's key of an image, from the engine's own text."""
    cells = {cell.name: cell.value for cell in image.key}
    values = [
        [cells.get(c.name, "")] if is_text(c.type) else host_values(c.type, [cells.get(c.name, "")])
        for c in declared.key
    ]
    return tuple(each[0] for each in values) if all(values) else None


def held_requests(work: Work, numbers: Sequence[str] | None = None) -> set[str]:
    """Return the requests of which a living hold covers a subject row, a kept row or a box.

    :param numbers: only among these; by default among those that are open, or keep something.
    """
    holds = living(work)
    if not holds:
        return set()
    rows: dict[tuple[str, str], set[str]] = {}
    for number, table, text in _rows_of_requests(work, numbers):
        rows.setdefault((table, text), set()).add(number)
    box = tables.box
    boxed = select(box.c.request).where(
        box.c.label.like("hold:%"), box.c.forgotten_at.is_(None), box.c.request.is_not(None)
    )
    found = {n for n in work.conn.execute(boxed).scalars() if numbers is None or n in numbers}
    for hold in holds:
        found |= _covered(work, hold, rows)
    return found


def _rows_of_requests(work: Work, numbers: Sequence[str] | None) -> list[tuple[str, str, str]]:
    request, subject, kept = tables.request, tables.subject, tables.kept
    people = select(subject.c.request, subject.c.table_name, subject.c.row_key).where(
        subject.c.standing == Standing.TAKEN.value
    )
    keeps = select(kept.c.request, kept.c.table_name, kept.c.row_key).where(
        kept.c.ended_at.is_(None), kept.c.request.is_not(None)
    )
    found: list[tuple[str, str, str]] = []
    if numbers is None:
        states = [s.value for s in (*OPEN, State.CHECKING, State.SEALED)]
        among = people.join(request, request.c.number == subject.c.request).where(
            request.c.state.in_(states)
        )
        return [tuple(row) for each in (among, keeps) for row in work.conn.execute(each)]
    for part in chunks(sorted(numbers)):
        for each in (
            people.where(subject.c.request.in_(part)), keeps.where(kept.c.request.in_(part))
        ):
            found += [tuple(row) for row in work.conn.execute(each)]
    return found
