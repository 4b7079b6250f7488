"""Which boxes hold rows under a hold: sealed ones, safety copies, and the names of files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select

from ...core.errors import SealError
from ...core.holding import Scope
from ...core.log import slug
from ...core.payload import Beside, Told, decode, keys_in
from ...core.plan import Key, Person, key_text
from ...core.standing import Standing
from .. import tables
from ..boxes import vault
from ..checking.gaps import lacks, read_for_owners, unreadable
from ..erasing.finder import find, owned
from ..journaling.journal import stamp
from ..mapping.crossing import at
from ..mapping.hostkeys import keys_told
from ..retaining import heldqueries, spelling
from ..retaining.holds import covered, keys_of, matching, may_lie_at
from ..retaining.living import Hold
from ..statements.sql import chunks
from ..work import Work
from . import evident, formerly, lots, ownerless
from .lots import COPIES, Lot

Texts = dict[str, set[str]]
"""Table -> key texts of rows."""

Holders = Mapping[str, Collection[int]]
"""Safety copy -> numbers of the holds that cover a row in it."""

TOGETHER = 200_000
"""Bytes of copies that are opened at once, closed: some hundred rows, or one copy."""


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
        mine = kept.c.row_key.in_(spelling.texts(work, hold, kept))
        wanted = wanted.where(kept.c.table_name == hold.table, mine)
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
    keys = keys_of(work, hold.table, [here.row for here in spelling.now(work, [hold])])
    people = [(hold.table, key) for key in keys.values()]
    found = find(work.conn, work.datamap, people, unreadable(work.whole()))
    return {name: {key_text(row.key) for row in rows} for name, rows in found.items()}


def _boxes_of(work: Work, rows: Texts) -> set[str]:
    kept = tables.kept
    found: set[str] = set()
    for name, texts in rows.items():
        former = spelling.noted(work, work.datamap.declared(name), texts, kept)
        for part in chunks(sorted(texts | former.keys())):
            mine = kept.c.table_name == name, kept.c.row_key.in_(part)
            sealed = kept.c.box.is_not(None), kept.c.ended_at.is_(None)
            found |= set(work.conn.execute(select(kept.c.box).where(*mine, *sealed)).scalars())
    return found


def covered_in(
    work: Work, hold: Hold, boxes: Mapping[tuple[str, str], set[str]]
) -> set[str]:
    """Return the boxes of these rows that a hold covers, or of which nobody can tell."""
    texts: Texts = {}
    for table, text in boxes:
        if text:
            texts.setdefault(table, set()).add(text)
    found: set[str] = set()
    for table, mine in texts.items():
        known = work.datamap.tables.get(table)
        if hold.scope != Scope.RECORD and known and lacks(work.whole(), read_for_owners(known)):
            found |= {box for text in mine for box in boxes[table, text]}
            continue
        keys = spelling.current(work, known, keys_of(work, table, mine)) if known else {}
        hit = covered(work, spelling.now(work, [hold]), table, list(keys.values()))
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
        telling = lot.copies if files else asked
        told, left = dict[str, Collection[int]](), [c for c in telling if c not in known]
        for part in vault.parted(work.conn, left, TOGETHER):
            told |= holders_of(work, [hold], part)
        mine = {c for c in telling if hold.id in (known[c] if c in known else told[c])}
        found |= mine | (files if mine else set())
    return found


def holders(work: Work, holds: Iterable[Hold], copy: str) -> frozenset[int]:
    """Return the numbers of the holds that cover a row in a safety copy.

    :param work: the open transaction.
    :param holds: the holds.
    :param copy: identifier of its box.
    """
    return holders_of(work, holds, [copy])[copy]


def holders_of(
    work: Work, holds: Iterable[Hold], copies: Collection[str]
) -> dict[str, frozenset[int]]:
    """Return the numbers of the holds that cover a row in each of some safety copies.

    The copies are opened for it: nothing outside says which rows they hold. Where nobody can tell
    of a row which one it is, all of them may.

    :param work: the open transaction.
    :param holds: the holds.
    :param copies: identifiers of their boxes.
    """
    asked = [evident.as_place(hold) if hold.scope == Scope.EVIDENCE else hold for hold in holds]
    if not asked:
        return dict.fromkeys(copies, frozenset[int]())
    told = _told(work, copies, formerly.links(work.datamap))
    rows = {copy: _rows(work, mine) for copy, mine in told.items()}
    found = {copy: {hold.id for hold in asked if untold} for copy, (_, untold) in rows.items()}
    read = {copy: mine for copy, (mine, untold) in rows.items() if not untold}
    may, meant = dict[str, list[Hold]](), spelling.in_each(work, asked, read.values())
    for part in _apart(read):
        mine = {copy: read[copy] for copy in part}
        past = _past(work, asked, {copy: told[copy] for copy in part})
        for copy, ids in _covering(work, meant, mine, past).items():
            found[copy] |= ids
        for copy in part:
            left = [hold for hold in asked if hold.id not in found[copy]]
            may[copy] = [hold for hold in left if past[copy].may_reach(work, hold)]
    unasked = _unasked(work, {copy: those for copy, those in may.items() if those})
    return {copy: frozenset(ids | unasked.get(copy, set())) for copy, ids in found.items()}


_Found = Mapping[str, set[Key]]
"""Table -> keys of rows."""


def _apart(read: Mapping[str, _Found]) -> list[list[str]]:
    """Return copies in groups in which no row lies in two: what each says of it stays its own."""
    groups = list[tuple[list[str], set[tuple[str, Key]]]]()
    for copy, tables_ in read.items():
        mine = {(table, key) for table, keys in tables_.items() for key in keys}
        group = next((each for each in groups if each[1].isdisjoint(mine)), None)
        if group is None:
            groups.append(group := ([], set()))
        group[0].append(copy)
        group[1].update(mine)
    return [copies for copies, _ in groups]


def _past(
    work: Work, asked: Iterable[Hold], told: Mapping[str, list[Told]]
) -> Mapping[str, formerly.Past]:
    if any(map(formerly.asks, asked)):
        return formerly.past(work, told)
    return dict.fromkeys(told, formerly.NOTHING)


def _covering(
    work: Work, asked: Sequence[Hold], rows: Mapping[str, _Found],
    past: Mapping[str, formerly.Past],
) -> dict[str, set[int]]:
    """Return which holds cover a row in each of these copies, of which no row is in two."""
    found, whose = dict[str, set[int]](), dict[str, dict[Key, str]]()
    for copy, tables_ in rows.items():
        for table, keys in tables_.items():
            whose.setdefault(table, {}).update(dict.fromkeys(keys, copy))
    for table, mine in whose.items():
        known = [past[copy].owners.get(table) for copy in set(mine.values())]
        owned = None if None in known else {k: v for each in known if each for k, v in each.items()}
        keys_ = sorted(mine, key=key_text)
        for key, ids in covered(work, asked, table, keys_, owned).items():
            found.setdefault(mine[key], set()).update(ids)
    return found


def _unasked(work: Work, may: Mapping[str, Sequence[Hold]]) -> dict[str, set[int]]:
    """Return those of some holds that were not asked when a copy was made, at their company.

    Who erased what lies in it later had asked them when it was there.

    :param may: copy -> the holds.
    """
    copies, hotels = list(may), work.settings.properties
    payloads = vault.unseal(work.conn, work.custodian, copies) if copies else []
    boxes = vault.fetch(work.conn, copies) if copies else []
    found = dict[str, set[int]]()
    for copy, payload, box in zip(copies, payloads, boxes, strict=True):
        made = decode(payload).at
        found[copy] = {
            hold.id for hold in may[copy]
            if (hold.since is None or made <= stamp(hold.since))
            and (
                hold.property not in hotels
                or slug(hotels[hold.property].controller) == box.controller
            )
        }  # fmt: skip
    return found


def _named(
    work: Work, hold: Hold, boxes: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return those of these people who own a row that a query names."""
    declared = work.datamap.declared(hold.table)
    if lacks(work.whole(), read_for_owners(declared)):
        return set(boxes)
    people: dict[Person, tuple[str, str]] = {}
    for table, text in boxes:
        people |= {(table, key): (table, text) for key in keys_of(work, table, [text]).values()}
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
    box, declared = tables.box, work.datamap.declared(table)
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
        if spelling.alike(work, declared, key_text(key), rows.get(table, ())):
            found.add(row.request)
        elif table in untold:
            closed.add(row.request)
    return found, closed


def _rows_in(work: Work, copy: str) -> tuple[dict[str, set[Key]], set[str]]:
    """Return table -> keys of the rows whose images a safety copy holds, and what `_rows` does.

    :raises SealError: its key is there and cannot be read now, so that nobody can tell.
    """
    return _rows(work, _told_in(work, copy))


def _told(
    work: Work, copies: Collection[str], beside: Beside
) -> dict[str, list[Told]]:
    """Return of which rows each of some safety copies holds images, as `_told_in` does."""
    try:
        payloads = vault.unseal(work.conn, work.custodian, list(copies))
        told = (keys_in(payload, beside) for payload in payloads)
        return dict(zip(copies, told, strict=True))
    except SealError:
        return {copy: _told_in(work, copy, beside) for copy in copies}


def _told_in(work: Work, copy: str, beside: Beside | None = None) -> list[Told]:
    """Return of which rows a safety copy holds images; of none where it is lost.

    :param beside: columns that are told as well.
    :raises SealError: its key is there and cannot be read now, so that nobody can tell.
    """
    try:
        return keys_in(vault.unseal(work.conn, work.custodian, [copy])[0], beside or {})
    except SealError:
        vault.require_lost(work.conn, work.custodian, [copy])
        return []


def _rows(work: Work, told: Iterable[Told]) -> tuple[dict[str, set[Key]], set[str]]:
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
