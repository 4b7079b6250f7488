"""What is sealed of an erasure for the recovery window, and what never is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from ...core.image import Line, Strip
from ...core.payload import encode_strips
from ...core.plan import Decision, Key, Outcome, Plan, Step
from ...core.rule import Kind
from ...core.seal import Terms
from ...core.treatment import File
from ..boxes import boxing
from ..casework import minors
from ..certificates.deeds import WHOLE
from ..erasing.taking import Erased, Less, Naming, Places, path_of
from ..journaling.journal import stamp
from ..lawbook import rulebook
from ..lawbook.blockers import today_at
from ..lawbook.clocks import facts_of, places_of
from ..mapping.crossing import binds_of, of_bind
from ..mapping.days import last_utc_day
from ..mapping.declared import Declared
from ..mapping.raw import reader
from ..retaining import law
from ..retaining.keeping import Origin
from ..statements.failure import is_unread
from ..sweeping import ageing
from ..work import Work
from .files import PIECE


@dataclass(frozen=True)
class Unkept:
    """What no safety copy may be made of.

    :param all: nothing may be kept at all.
    :param rows: rows of which a copy would outlive a number in the law.
    :param columns: table and key of rows -> columns of them of which it would.
    :param bare: table and key of rows -> columns of them whose files one of those names as well.
    """

    all: bool = False
    rows: Places = frozenset()
    columns: Less = field(default_factory=dict)
    bare: Less = field(default_factory=dict)

    def naming(self, named: Iterable[Naming]) -> Unkept:
        """Return the same with what is known of files: one that two rows name is kept for neither.

        :param named: which rows name which files.
        """
        every = list(named)
        lost = {path_of(file) for row, _, file in every if self._lacks(row)}
        bare: dict[tuple[str, Key], frozenset[str]] = {}
        for row, column, file in every:
            if path_of(file) in lost:
                bare[row] = bare.get(row, frozenset()) | {column}
        return replace(self, bare=bare)

    def lost(self, decision: Decision, key: Key) -> tuple[str, ...]:
        """Return the columns of a row of which no copy is made while others have one.

        Of a row that goes whole, and of whose columns none has one, that is `WHOLE`. Of a column
        that names a file it is the file that has none. Where nothing has a copy no part lacks one.

        :param decision: what is decided about the row.
        :param key: its key.
        """
        place = decision.table, key
        if decision.outcome not in (Outcome.DELETE, Outcome.OVERWRITE, Outcome.SEAL):
            return ()
        if place in self.rows:
            return decision.columns or (WHOLE,)
        bare = self.bare.get(place, frozenset())
        mine = self.columns.get(place, frozenset()) | bare
        return tuple(name for name in decision.columns or sorted(bare) if name in mine)

    def strips(self, erased: Erased) -> Sequence[Strip]:
        """Return the images that may be sealed for the window."""
        return () if self.all else erased.strips(self.rows, self.columns)

    def files(self, erased: Erased, until: str) -> Iterator[tuple[str, str, str]]:
        """Yield folder and name of each file, and the last day for which its bytes are kept.

        :param erased: what was done.
        :param until: last day of the window; empty where there is none.
        """
        every = list(zip(erased.named, erased.files, strict=True))
        # A file that two rows name is kept for neither when it may not be for one.
        bare = {path_of(file) for row, file in every if self.all or self._lacks(row)}
        for root, name in dict.fromkeys(erased.files):
            yield root, name, "" if path_of((root, name)) in bare else until

    def _lacks(self, row: tuple[str, Key]) -> bool:
        return row in self.rows or row in self.columns


def unkept(work: Work, plan: Plan) -> Unkept:
    """Return what of a plan no safety copy may be made of; before it is carried out.

    Of minors nothing is kept, nor of records a number in the law has ended, such as copies of
    identity documents that may not be held.

    :param work: the open transaction.
    :param plan: the plan.
    """
    if work.settings.recovery_days == 0 or of_minors(work, plan):
        return Unkept(all=True)
    return over(work, plan)


def foretold(work: Work, plan: Plan) -> Unkept:
    """Return the same with what is known of files, before it is approved.

    :param work: the open transaction; a read-only one is enough.
    :param plan: the plan.
    """
    found = unkept(work, plan)
    tables = {table for table, _ in (*found.rows, *found.columns)}
    if not any(map(_files, map(work.datamap.declared, tables))):
        return found
    return found.naming(each for step in plan.changing() for each in _named(work, step))


def _named(work: Work, step: Step) -> Iterator[Naming]:
    """Yield which rows of a step name which files."""
    declared, columns = work.datamap.declared(step.decision.table), step.decision.columns
    names = sorted(n for n in _files(declared) if n in columns or not columns)
    if not names:
        return
    reads, width = reader(work.conn, declared, work.live()), len(declared.key)
    try:
        lines = list(reads.lines([row.key for row in step.rows], (), names))
    except Exception as raised:
        # What nobody can read keeps it from being carried out, which says so then.
        if not is_unread(raised):
            raise
        return
    for line in lines:
        for name, value in zip(names, line[width:], strict=True):
            rule = declared.written(name)
            if value and isinstance(rule, File):
                for each in rule.names(str(value)):
                    yield (declared.name, line[:width]), name, (rule.root, each)


def over(work: Work, plan: Plan) -> Unkept:
    """Return of what of a plan a copy would outlive a number in the law; before it is carried out.

    :param work: the open transaction.
    :param plan: the plan.
    """
    rows, columns = set[tuple[str, Key]](), dict[tuple[str, Key], frozenset[str]]()
    for place, names in (each for step in plan.changing() for each in _over(work, plan, step)):
        if names is None:
            rows.add(place)
        else:
            # A copy names its row by the key.
            key = {column.name for column in work.datamap.declared(place[0]).key}
            columns[place] = columns.get(place, frozenset()) | names - key
    return Unkept(rows=frozenset(rows), columns=columns)


def of_minors(work: Work, plan: Plan) -> bool:
    """Return whether a plan is about a minor, or about rows of one; before it is carried out."""
    # One person has many rows, all with the same owners.
    owners = {row.owners for step in plan.changing() for row in step.rows}
    return minors.involved(work, {*plan.people, *(p for each in owners for p, _ in each)})


def recover(
    work: Work, origin: Origin, images: Sequence[Strip], since: date | None = None
) -> str:
    """Seal what was erased for the recovery window; return its last UTC day, empty without one.

    The parameters are those of `boxes`.
    """
    items, last_day = boxes(work, origin, images, since)
    boxing.put(work.conn, work.custodian, items, work.today)
    return last_day


def boxes(
    work: Work, origin: Origin, images: Sequence[Strip], since: date | None = None
) -> tuple[list[boxing.Item], str]:
    """Return what is to be sealed for the recovery window, and its last UTC day, empty without one.

    :param work: the open transaction.
    :param origin: on whose behalf.
    :param images: the rows as they were.
    :param since: day of the first erasure, at the property, where this is not the first; its
        window stays.
    """
    images = [strip for strip in images if strip.lines]
    if not images or work.settings.recovery_days == 0:
        return [], ""
    hotel = work.settings.properties.get(origin.property)
    today = today_at(work.settings, work.now, origin.property)
    ends = (since or today) + timedelta(days=work.settings.recovery_days)
    if ends < today:
        return [], ""
    last_day = last_utc_day(ends, hotel.zone if hotel else "UTC").isoformat()
    terms = Terms(origin.controller, "recovery", last_day)
    at = stamp(work.now)
    items = [
        boxing.Item(payload, terms, origin.number)
        for name, mine in _by_bind(work, images).items()
        for payload in _payloads(of_bind(work.conn, name), mine, at)
    ]
    return items, last_day


def _by_bind(work: Work, images: Sequence[Strip]) -> dict[str, list[Strip]]:
    """Return images by the database their rows are in: one box each, in that engine's own form."""
    binds = binds_of(work.conn)
    found: dict[str, list[Strip]] = {}
    for image in images:
        found.setdefault(binds.of(image.table), []).append(image)
    return found


def _payloads(conn: Connection, images: Sequence[Strip], at: str) -> list[bytes]:
    """Return what boxes hold of images: of many large rows several, as servers bound what one is.

    MariaDB takes 16 megabytes unless somebody said otherwise.
    """
    whole = _payload(conn, images, at)
    if len(whole) <= PIECE:
        return [whole]
    return [_payload(conn, part, at) for part in _parts(images)]


def _parts(images: Sequence[Strip]) -> Iterator[list[Strip]]:
    """Yield images in parts that are not larger than a piece, a row at least."""
    part, size = list[Strip](), 0
    for strip in images:
        lines = list[Line]()
        for line in strip.lines:
            weight = sum(len(value) for value in line if isinstance(value, str | bytes))
            if size and size + weight > PIECE // 2:
                yield [*part, replace(strip, lines=lines)] if lines else part
                part, lines, size = [], [], 0
            lines.append(line)
            size += weight
        part.append(replace(strip, lines=lines))
    yield part


def _payload(conn: Connection, images: Sequence[Strip], at: str) -> bytes:
    dialect = conn.dialect
    version = ".".join(str(part) for part in dialect.server_version_info or ())
    return encode_strips(dialect.name, version, at, images)


def _hard(work: Work, place: str) -> frozenset[str]:
    """Return the categories on which a law there sets a number by which they must be gone."""
    return frozenset(
        rule.category
        for rule in law.rules_at(work, place)
        if rule.ceiling is not None and rule.ceiling_kind is Kind.HARD
    )


def _places(work: Work, plan: Plan, declared: Declared, keys: Sequence[Key]) -> set[str]:
    """Return the properties of rows: as the plan was ruled by them, or as the rows say."""
    ruled = {key: plan.rulings[declared.name, key].place for key in keys
             if (declared.name, key) in plan.rulings}  # fmt: skip
    # Of a row of which the law keeps nothing no property is known to the plan.
    rest = [key for key in keys if not ruled.get(key)]
    known = places_of(work.conn, work.datamap, work.settings, declared, rest) if rest else {}
    return {*ruled.values(), *known.values()} & set(work.settings.properties)


def _over(
    work: Work, plan: Plan, step: Step
) -> Iterator[tuple[tuple[str, Key], frozenset[str] | None]]:
    """Yield the rows of which a number in the law has ended something, and which columns.

    None means all of the row. Its files are left out with any column: they may show what it says.
    """
    declared = work.datamap.declared(step.decision.table)
    names = _categories(work, declared, step)
    if not names:
        return
    hotels = work.settings.properties
    # Of a hotel that is alone, and sets no such number, nobody asks which rows are its own.
    if len(hotels) == 1 and not any(names & _hard(work, code) for code in hotels):
        return
    keys = [row.key for row in step.rows]
    if not any(names & _hard(work, place) for place in _places(work, plan, declared, keys)):
        return
    groups = list(_groups(work, declared, step))
    files = _files(declared)
    found = facts_of(work.conn, work.datamap, work.settings, declared.name, keys)
    for key in keys:
        record = found.get(key)
        if record is None or not record.place:
            continue
        over = [part for each, part in groups if ageing.at_once(work, record, each)]
        if over:
            parts = [part for part in over if part is not None]
            yield (declared.name, key), None if len(parts) < len(over) else files.union(*parts)


def _files(declared: Declared) -> frozenset[str]:
    """Return the columns of a table that name files."""
    return frozenset(n for n in declared.rules if isinstance(declared.written(n), File))


def _categories(work: Work, declared: Declared, step: Step) -> frozenset[str]:
    """Return what the parts that a step takes are called."""
    return frozenset[str]().union(*(names for names, _ in _groups(work, declared, step)))


def _groups(
    work: Work, declared: Declared, step: Step
) -> Iterator[tuple[frozenset[str], frozenset[str] | None]]:
    """Yield what the parts that a step takes are called, and their columns; None for the rest.

    What of its rows went before is in no copy.
    """
    whole = step.decision.outcome is Outcome.DELETE
    columns = declared.taken if whole else step.decision.columns
    # A copy names its row by the key, which is all that the row holds where it has none.
    copied = {*columns, *(c.name for c in declared.key)}
    retained = {n: category for n, category in declared.retain.items() if n in copied}
    for category in sorted(set(retained.values())):
        mine = frozenset(n for n, each in retained.items() if each == category)
        apart = step.decision.outcome is Outcome.OVERWRITE and not declared.keyed_by(mine)
        yield frozenset(law.called(work, declared, category)), mine if apart else None
    if declared.policy.category and (whole or not declared.retain.keys() >= set(columns)):
        labels = rulebook.labels(work, declared.name, "")
        yield frozenset({declared.policy.category, *labels}), None
