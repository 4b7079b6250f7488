"""What of a row is the guest's, and who else is named in its texts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import ForeignKeyConstraint, and_, select

from ...core.context import MASK
from ...core.document import Node, is_document, read
from ...core.document import written as as_json
from ...core.mentions import Edit, Known, Pen, edited, within
from ...core.plan import Key, Person, Row, key_text
from ...core.treatment import Inside, Mentions, RowRule
from ..checking.coverage import tells
from ..erasing.finder import owners
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..statements.sql import among, chunks, holds_text
from ..texts.mentioned import values_of
from ..work import Work


def own(datamap: DataMap, declared: Declared, row: Row) -> frozenset[str]:
    """Return the declared columns of a row that are the guest's to have.

    Of a row that is a living person's too, those the vendor said are the guest's alone, or both
    people's (`Policy.joint`); nothing else, since nobody said whose it is.

    :param datamap: the data map.
    :param declared: the table.
    :param row: the row with its owners.
    """
    if not row.others:
        return data(datamap, declared)
    theirs = {path for _, path in row.others}
    mine = {path for _, path in row.owners} - theirs
    own_ = _alone(declared, mine) | joint(datamap, declared)
    return (own_ - _alone(declared, theirs)) & data(datamap, declared)


def sealed(datamap: DataMap, declared: Declared, row: Row) -> frozenset[str]:
    """Return the declared columns that an erased guest may have out of the box of a shared row.

    By which way it was the guest's is forgotten; but out of a row of several people an erasure
    takes what is that person's alone, and words of a text, of which the box has the whole.

    :param datamap: the data map.
    :param declared: the table.
    :param row: the row with its owners.
    """
    theirs = {path for _, path in row.others}
    mine = {path for _, path in row.owners} - theirs
    texts = written(declared) - _alone(declared, mine)
    return data(datamap, declared) - _alone(declared, theirs) - texts


def data(datamap: DataMap, declared: Declared) -> frozenset[str]:
    """Return the columns of a table that say something of its owner.

    Those with a rule; of rows that are deleted as a whole, for which none is needed, all but keys.
    A key that is itself a mailbox or the number of a document says it, with a rule or without.
    What the vendor said is about somebody else is none (`Policy.apart`).
    """
    apart = _named(datamap, declared, declared.policy.apart)
    free = () if declared.policy.rows is RowRule.OVERWRITE else declared.free
    said = names(datamap, declared.name)
    keys = (
        c.name for c in declared.key
        if holds_text(c.type) and (c.name in said or tells(datamap, declared, c))
    )
    return frozenset((*declared.rules, *free, *keys)) - apart


def _named(datamap: DataMap, declared: Declared, wanted: Iterable[str]) -> frozenset[str]:
    columns = (datamap.atlas.column(declared.table, each) for each in wanted)
    return frozenset(column.name for column in columns if column is not None)


def _alone(declared: Declared, paths: Iterable[int]) -> frozenset[str]:
    return frozenset(name for path in paths for name in declared.alone[path] or ())


def joint(datamap: DataMap, declared: Declared) -> frozenset[str]:
    """Return the columns that every owner of a shared row may have."""
    return _named(datamap, declared, declared.policy.joint)


def names(datamap: DataMap, table: str) -> frozenset[str]:
    """Return the columns of a subject table that say who the guest is: their own in any case."""
    contacts = datamap.subjects.get(table)
    if contacts is None:
        return frozenset()
    known = {*contacts.contact, *(column.name for column in contacts.names)}
    return frozenset(known | {c.name for c in contacts.match.values() if hasattr(c, "name")})


def written(declared: Declared) -> frozenset[str]:
    """Return the columns in which people write freely, by their rules."""
    rules = declared.rules.items()
    return frozenset(name for name, rule in rules if isinstance(rule, Mentions | Inside))


class Mask:
    """Strikes other people out of the guest's texts.

    :param mine: the guest's subject rows.
    :param others: people beside the guest.
    :param before: subject row -> what the guest was known by before they were erased.
    """

    def __init__(
        self,
        work: Work,
        mine: Collection[Person],
        others: Collection[Person],
        before: Mapping[Person, Sequence[Known]],
    ) -> None:
        regions = {code: place.country for code, place in work.settings.properties.items()}
        guest = values_of(work.conn, work.datamap, mine, regions)
        for person, known in before.items():
            guest.setdefault(person, []).extend(known)
        self._mine = frozenset(guest)
        self._others = frozenset(others)
        self._guest = Pen(guest)
        self._pen = Pen(values_of(work.conn, work.datamap, others, regions))
        self.count = 0

    def names_guest(self, text: str) -> bool:
        """Return whether a text names the guest."""
        return bool(self._guest.places(text, self._mine))

    def struck(self, text: str) -> str:
        """Return a text without the others; what names the guest as well stays."""
        root = read(text) if is_document(text) else None
        if root is not None:
            return edited(text, self._document(root, text))
        found = [*self._pen.places(text, self._others), *_reaching(text)]
        mine = self._guest.places(text, self._mine) if found else []
        gone = [place for place in found if not within(place, mine)]
        self.count += len(joined := _joined(gone))
        return edited(text, [(start, end, MASK) for start, end in joined])

    def _document(self, root: Node, text: str) -> Iterator[Edit]:
        """Yield what changes in a JSON document: each string is a text, a number goes as a whole.

        A value within a string stands between its quotes, and escapes move everything.
        """
        for leaf in root.leaves():
            raw = text[leaf.start : leaf.end]
            said = json.loads(raw) if leaf.kind == "string" else raw
            left = self.struck(said)
            if left != said:
                new = left if leaf.kind == "string" else MASK
                yield leaf.start, leaf.end, as_json(new, MASK)


# No mailbox is longer (RFC 5321, section 4.5.3.1.3); without an end, a text that is one long word
# would be read anew from each of its characters. Chinese keyboards write all of it in full width.
_MAIL = re.compile(r"[\w.%+．％＋－-]{1,254}[@＠][\w－-]+[.．][\w.．－-]*\w")
_CALLED = re.compile(r"[+＋]\d[\d ./()　．／（）－·‐-―-]{6,20}\d")


def _reaching(text: str) -> Iterator[tuple[int, int]]:
    """Yield mail addresses and telephone numbers within a longer text."""
    for pattern in (_MAIL, _CALLED):
        for found in pattern.finditer(text):
            if found.span() != (0, len(text.strip())):
                yield found.span()


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return places without overlaps."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if result and start <= result[-1][1]:
            start, end = result[-1][0], max(end, result.pop()[1])
        result.append((start, end))
    return result


MOST = 500
"""People beside a guest whose names are looked for in the guest's texts."""


def beside(
    work: Work, found: Mapping[str, Sequence[Row]], mine: Collection[Person]
) -> list[Person]:
    """Return the people who share a row with the guest, or whose rows are one step away.

    One step: a row that points at one of the guest's (who stays under their booking), or at which
    one of the guest's points (who booked for them).

    :param work: the open transaction.
    :param found: table -> the guest's rows, with all their owners.
    :param mine: the guest's subject rows.
    """
    rows = (row for rows in found.values() for row in rows)
    people = {person: None for row in rows for person, _ in row.others}
    tables = work.datamap.tables
    for name, declared in tables.items():
        keys = {row.key for row in found.get(name, ())}
        for link in declared.table.foreign_key_constraints:
            other = tables.get(link.referred_table.fullname)
            if other is None or len(people) >= MOST:
                continue
            there = {row.key for row in found.get(other.name, ())}
            near = _near(work, declared, other, link, there, down=True) - keys
            _add(work, declared, near, people)
            _add(work, other, _near(work, declared, other, link, keys, down=False) - there, people)
    return [person for person in people if person not in mine][:MOST]


def _near(
    work: Work,
    child: Declared,
    parent: Declared,
    link: ForeignKeyConstraint,
    keys: Collection[Key],
    down: bool,
) -> set[Key]:
    """Return keys of the rows one foreign key away, from the parent's rows down, or up."""
    if not keys or at(work.conn, child.name) is not at(work.conn, parent.name):
        return set()
    low, high = child.table.alias("low"), parent.table.alias("high")
    pairs = ((low.c[e.parent.key], high.c[e.column.key]) for e in link.elements)
    met = and_(*(a == b for a, b in pairs))
    below = [low.c[c.key] for c in child.key]
    above = [high.c[c.key] for c in parent.key]
    wanted, given = (below, above) if down else (above, below)
    result: set[Key] = set()
    for part in chunks(sorted(keys, key=key_text)):
        statement = select(*wanted).select_from(low.join(high, met)).where(among(given, part))
        result |= {tuple(row) for row in at(work.conn, child.name).execute(statement.limit(MOST))}
    return result


def _add(
    work: Work, declared: Declared, keys: Collection[Key], people: dict[Person, None]
) -> None:
    known = owners(work.conn, work.datamap, declared, sorted(keys, key=key_text)[:MOST])
    people.update(dict.fromkeys(person for whose in known.values() for person, _ in whose))
