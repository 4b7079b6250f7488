"""Which boxes hold rows under a hold: sealed ones, safety copies, and the names of files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select

from ...core import image
from ...core.errors import SealError
from ...core.holding import Scope
from ...core.log import slug
from ...core.plan import Key, Person, key_text
from ...core.standing import Standing
from .. import tables
from ..boxes import vault
from ..checking.gaps import unreadable
from ..erasing.finder import find, owned
from ..journaling.journal import stamp
from ..mapping.crossing import at
from ..mapping.hostkeys import keys_told
from ..retaining import heldqueries
from ..retaining.holds import Hold, covered, keys_of, matching, may_lie_at
from ..statements.sql import chunks
from ..work import Work
from . import evident, formerly, lots, ownerless
from .lots import COPIES, Lot

Texts = dict[str, set[str]]
"""Table -> key texts of rows."""

Holders = Mapping[str, Collection[int]]
"""Safety copy -> numbers of the holds that cover a row in it."""


def reach(
    work: Work,
    hold: Hold,
    among: Collection[str],
    every: Iterable[Lot],
    known: Holders | None = None,
) -> set[str]:
    """Return the boxes that hold rows under a hold, or the names of their files.

    :param work: the open transaction.
    :param hold: the hold.
    :param among: only these boxes are asked about.
    :param every: the lots to which some of them belong.
    :param known: which holds reach copies by their rows, as far as that was looked into before.
    """
    return at_once(work, hold, among) | _of_lots(work, hold, among, every, known or {})


def at_once(work: Work, hold: Hold, among: Collection[str] | None = None) -> set[str]:
    """Return the boxes that hold rows under a hold, but for what only a look tells.

    :param work: the open transaction.
    :param hold: the hold.
    :param among: only these boxes are asked about; all when None.
    """
    if hold.scope == Scope.EVIDENCE:
        return evident.copies(work, hold)
    return _kept(work, hold, among) | _of_requests(work, hold, among)


def _kept(work: Work, hold: Hold, among: Collection[str] | None) -> set[str]:
    kept = tables.kept
    wanted = select(kept.c.table_name, kept.c.row_key, kept.c.box).where(
        kept.c.box.is_not(None), kept.c.ended_at.is_(None)
    )
    if hold.scope == Scope.RECORD:
        wanted = wanted.where(kept.c.table_name == hold.table, kept.c.row_key == hold.row)
    elif hold.scope == Scope.SUBJECT:
        return _boxes_of(work, rows_of(work, hold)) | ownerless.of_person(work, hold, among)
    else:
        wanted = wanted.where(*may_lie_at(work, hold.property))
    boxes: dict[tuple[str, str], set[str]] = {}
    for row in work.conn.execute(wanted):
        if among is None or row.box in among:
            boxes.setdefault((row.table_name, row.row_key), set()).add(row.box)
    if hold.scope == Scope.RECORD:
        return {box for each in boxes.values() for box in each}
    return covered_in(work, hold, boxes) | ownerless.untold(work, hold, boxes)


def rows_of(work: Work, hold: Hold) -> Texts:
    """Return the rows of a held subject that are still in the host's tables.

    :param work: the open transaction.
    :param hold: the hold.
    """
    keys = keys_of(work, hold.table, [hold.row])
    people = [(hold.table, key) for key in keys.values()]
    found = find(work.conn, work.datamap, people, unreadable(work.whole()))
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


def covered_in(
    work: Work, hold: Hold, boxes: Mapping[tuple[str, str], set[str]]
) -> set[str]:
    """Return the boxes of those (table, key text) that a hold covers."""
    texts: Texts = {}
    for table, text in boxes:
        if text:
            texts.setdefault(table, set()).add(text)
    found: set[str] = set()
    for table, mine in texts.items():
        keys = keys_of(work, table, mine)
        hit = covered(work, [hold], table, list(keys.values()))
        found |= {box for text, key in keys.items() if key in hit for box in boxes[table, text]}
    return found


def _of_requests(work: Work, hold: Hold, among: Collection[str] | None) -> set[str]:
    """Return the safety copies, and the names of files, of the people a hold is about."""
    box, subject = tables.box, tables.subject
    rows = work.conn.execute(
        select(box.c.id, subject.c.table_name, subject.c.row_key)
        .join(subject, subject.c.request == box.c.request)
        .where(
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(COPIES),
            subject.c.standing == Standing.TAKEN.value,
        )
    )
    boxes: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if among is None or row.id in among:
            boxes.setdefault((row.table_name, row.row_key), set()).add(row.id)
    found = covered_in(work, hold, boxes)
    if hold.scope == Scope.RECORD:
        found |= _holding(work, hold)
    elif hold.scope == Scope.QUERY and hold.table not in work.datamap.subjects:
        found |= {box for who in _named(work, hold, boxes) for box in boxes[who]}
    return found


def _of_lots(
    work: Work, hold: Hold, among: Collection[str], every: Iterable[Lot], known: Holders
) -> set[str]:
    """Return the safety copies that hold a row under a hold, and the files that may go with them.

    Nothing says whose file it is; where one copy of a lot is reached, none of its files goes.
    """
    found, some = set[str](), frozenset(among)
    for lot in every:
        asked, files = lot.boxes & some, lot.files & some
        if not asked or not lots.asking(work, [hold], lot.number):
            continue
        # Whether a file may go is told by all copies; otherwise those that are asked about will do.
        mine = {
            copy for copy in (lot.copies if files else asked)
            if hold.id in (known[copy] if copy in known else holders(work, [hold], copy))
        }  # fmt: skip
        found |= mine | (files if mine else set())
    return found


def holders(work: Work, holds: Iterable[Hold], copy: str) -> frozenset[int]:
    """Return the numbers of the holds that cover a row in a safety copy.

    The copy is opened for it: nothing outside says which rows it holds. Where nobody can tell of a
    row which one it is, all of them may.

    :param work: the open transaction.
    :param holds: the holds.
    :param copy: identifier of its box.
    """
    asked = [evident.as_place(hold) if hold.scope == Scope.EVIDENCE else hold for hold in holds]
    if not asked:
        return frozenset()
    found: set[int] = set()
    told = _told_in(work, copy, formerly.links(work.datamap))
    rows, untold = _rows(work, told)
    if untold:
        return frozenset(hold.id for hold in asked)
    past = formerly.past(work, told) if any(map(formerly.asks, asked)) else formerly.NOTHING
    for table, mine in rows.items():
        keys = sorted(mine, key=key_text)
        found.update(*covered(work, asked, table, keys, past.owners.get(table)).values())
    may = [h for h in asked if h.id not in found and past.may_reach(work, h)]
    return frozenset(found | (_unasked(work, may, copy) if may else set()))


def _unasked(work: Work, holds: Sequence[Hold], copy: str) -> set[int]:
    """Return those of some holds that were not asked when a copy was made, at their company.

    Who erased what lies in it later had asked them when it was there.
    """
    made = image.decode(vault.unseal(work.conn, work.custodian, [copy])[0]).at
    whose = vault.fetch(work.conn, [copy])[0].controller
    hotels = work.settings.properties
    return {
        hold.id for hold in holds
        if (hold.since is None or made <= stamp(hold.since))
        and (hold.property not in hotels or slug(hotels[hold.property].controller) == whose)
    }  # fmt: skip


def _named(
    work: Work, hold: Hold, boxes: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return those of these people who own a row that a query names."""
    people: dict[Person, tuple[str, str]] = {}
    for table, text in boxes:
        people |= {(table, key): (table, text) for key in keys_of(work, table, [text]).values()}
    declared = work.datamap.declared(hold.table)
    rows = owned(work.conn, work.datamap, declared, people)
    query = heldqueries.meant(work, hold.id, hold.table, hold.query)
    named = matching(work, declared, query, list(rows))
    return {people[person] for key in named for person, _ in rows[key]}


def _holding(work: Work, hold: Hold) -> set[str]:
    """Return the boxes of requests whose safety copy holds a row that may be gone by now.

    Where one cannot be read now nobody can tell, and it may.
    """
    box = tables.box
    keys = keys_of(work, hold.table, [hold.row]).values()
    mine = {n for key in keys for some in in_copies(work, hold.table, key) for n in some}
    rows = work.conn.execute(
        select(box.c.id).where(
            box.c.request.in_(mine),
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(COPIES),
        )
    )
    return set(rows.scalars())


def in_copies(work: Work, table: str, key: Key) -> tuple[set[str], set[str]]:
    """Return the requests whose safety copy holds a row, and those of which nobody can tell now.

    The copies are opened for it: nothing outside them says which rows they hold.
    """
    found, closed = set[str](), set[str]()
    box = tables.box
    boxes = work.conn.execute(
        select(box.c.id, box.c.request).where(
            box.c.forgotten_at.is_(None),
            box.c.purpose == "recovery",
            box.c.request.is_not(None),
        )
    ).all()
    for row in boxes:
        try:
            rows, untold = _rows_in(work, row.id)
        except SealError:
            closed.add(row.request)
            continue
        if key in rows.get(table, ()):
            found.add(row.request)
        elif table in untold:
            closed.add(row.request)
    return found, closed


def _rows_in(work: Work, copy: str) -> tuple[dict[str, set[Key]], set[str]]:
    """Return table -> keys of the rows whose images a safety copy holds, and what `_rows` does.

    :raises SealError: its key is there and cannot be read now, so that nobody can tell.
    """
    return _rows(work, _told_in(work, copy))


def _told_in(work: Work, copy: str, beside: image.Beside | None = None) -> list[image.Told]:
    """Return of which rows a safety copy holds images; of none where it is lost.

    :param beside: columns that are told as well.
    :raises SealError: its key is there and cannot be read now, so that nobody can tell.
    """
    try:
        return image.keys(vault.unseal(work.conn, work.custodian, [copy])[0], beside or {})
    except SealError:
        vault.require_lost(work.conn, work.custodian, [copy])
        return []


def _rows(work: Work, told: Iterable[image.Told]) -> tuple[dict[str, set[Key]], set[str]]:
    """Return table -> keys of rows.

    Beside it stand the tables of which there is a row whose key cannot be told: the host has keys
    of another kind by now, or of a type that only a driver reads.
    """
    found: dict[str, set[Key]] = {}
    untold = set[str]()
    for table, columns, rows in told:
        declared = work.datamap.tables.get(table)
        if declared is None:
            continue
        mine = list(keys_told(declared, columns, rows, at(work.conn, table).dialect))
        found.setdefault(table, set()).update(mine)
        if len(mine) < len(rows):
            untold.add(table)
    return found, untold
