"""A first policy for a whole schema, every guess marked for review."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ARRAY, JSON, Boolean, Column, Table
from sqlalchemy.types import Enum

from ...core.identity import Kind, kind_of
from ..mapping.datamap import DataMap
from ..mapping.declared import is_generated
from ..mapping.links import Link, links
from ..mapping.unique import is_unique
from ..statements.sql import holds_text, text_length
from .guesses import (
    ABOUT,
    DUTY,
    EMPLOYED,
    FIRM,
    GUESTS,
    LOG,
    ON_DISK,
    PROPERTY,
    SECRET,
    STAFF,
    STAYING,
    VOUCHER,
    copies,
    is_prose,
    is_spoken,
    is_who,
    looks_like_people,
    names_key,
)

REVIEW = "REVIEW"

_WAYS = 8
"""How many ways to one table are followed."""

_NO_VALUE = (ARRAY, JSON, Enum, Boolean)
"""Types of columns that hold no name, address or number, whatever they are called."""

_WORKS = f"{REVIEW}: of people who work here; ends with their contract"
_LEADS = f"{REVIEW}: the way to its owner, and to whoever else is one"

_NAMES = ("null", "redact", "placeholder")
"""What the name of a file can become."""

_HEAD = '''"""Policies drafted from the schema: put it beside the application and call it once.

    from policies import declare    # from .policies, inside of a package

    guesterase = Guesterase(db, authorize=may)
    declare(guesterase)
    guesterase.init_app(app)

Each line marked {review} is a guess. Read it, correct it, then remove the mark; what a guess may
get wrong is somebody's data left behind, or gone that a law wants kept. `flask guesterase check`
says what is still open, and erasures that reach it wait until it is closed.

No guess here knows the law: columns of invoices, of the guest register and of whatever else must be
kept for a time need retain(category), and their policy the same category=.
"""

from flask_guesterase import (
    Equal,
    File,
    Guesterase,
    Policy,
    Subject,
    delete,
    exempt,
    keep,
    mentions,
    null,
    placeholder,
    redact,
    retain,
)

__all__ = ["declare"]
_RULES = (Equal, File, delete, exempt, keep, mentions, null, placeholder, redact, retain)


def declare(guesterase: Guesterase) -> None:
    """Register a policy for every table."""
'''

_NOBODY = """
    # {review}: no table looks like people who stay. Declare that table first, with
    # Policy(..., subject=Subject(...)), then draft anew in place of this file: only
    # then can the ways of other tables to a person be drawn, or be seen to be none.
"""


@dataclass(frozen=True)
class _Drafter:
    datamap: DataMap
    known: tuple[Link, ...]
    subjects: frozenset[str]

    def table(self, table: Table) -> Iterator[str]:
        name = table.fullname
        route = self._route(name)
        personal = any(self._is_personal(c) or self._is_telling_key(c) for c in table.c)
        if name not in self.subjects and route is None:
            reason = self._exemption(table, personal)
            if reason:
                yield f"    guesterase.register({name!r}, exempt({f'{REVIEW}: {reason}'!r}))"
                return
        yield "    guesterase.register("
        yield f"        {name!r},"
        yield "        Policy("
        if VOUCHER.search(table.name):
            yield f"            # {REVIEW}: where a law wants such records kept, retain(category)"
            yield "            # in place of the rule of each column that it wants, and category=."
        if name in self.subjects:
            yield from self._classes(table)
        yield "            {"
        about_house = route is not None and bool(LOG.search(table.name))
        works = self._works(name)
        led = dict(self._keys(table)) if route == self._named(name) else {}
        for column in table.c:
            if works or column.name in led:
                yield from self._kept(column, _WORKS if works else _LEADS)
            else:
                yield from self._column(table, column, about_house)
        yield "            },"
        if name in self.subjects:
            yield from self._subject(table)
        elif route is not None:
            if led:
                yield f"            # {REVIEW}: no foreign key says so; see that each row has its"
                yield "            # owner's key there, or what it holds stays behind."
            yield f"            via={route},  # {REVIEW}"
            secrets = [c.name for c in table.c if SECRET.search(c.name)] if works else []
            if secrets:
                yield f"            apart={secrets!r},  # {REVIEW}"
        else:
            yield f"            # {REVIEW}: say whose rows these are, with via=, or exempt(reason)"
            yield "            # in place of Policy(...) where nobody's data can be; until then"
            yield "            # `check` reports the table and erasures that reach it wait."
        yield "        ),"
        yield "    )"

    def _exemption(self, table: Table, personal: bool) -> str:
        """Return why a table to which no way leads may be nobody's, or an empty string."""
        if STAFF.search(table.name) and (not personal or self._logs_in(table)):
            return "people who work here, not guests"
        # Where nobody is known, that nothing leads to a person says nothing; and a voucher is made
        # out to somebody, under whatever name.
        if personal or not self.subjects or VOUCHER.search(table.name):
            return ""
        return "no column looks personal and nothing leads to a person"

    def _kept(self, column: Column[object], reason: str) -> Iterator[str]:
        if not (column.primary_key or is_generated(column) or column.foreign_keys):
            yield f"                {column.name!r}: keep({reason!r}),  # {REVIEW}"

    def _classes(self, table: Table) -> Iterator[str]:
        """Yield what to think of where a table has rows of several classes."""
        for mapper in self.datamap.atlas.mappers.get(table.fullname, ()):
            told = mapper.polymorphic_on
            # A class without an identity of its own has no rows.
            several = sorted(
                each.class_.__name__ for each in mapper.self_and_descendants
                if each.polymorphic_identity is not None
            )
            if mapper.inherits is None and isinstance(told, Column) and len(several) > 1:
                yield f"            # {REVIEW}: rows of {', '.join(several)} lie here; where some"
                yield "            # of them are nobody who stays, leave these out with"
                yield f"            # where=lambda table: table.c[{told.key!r}].in_([...])."

    def _column(self, table: Table, column: Column[object], about_house: bool) -> Iterator[str]:
        if self._is_telling_key(column):
            yield f"                # {REVIEW}: {column.name!r} looks personal and is the row's"
            yield "                # key: rows=delete lets the row go; or keep(reason)."
        if column.primary_key or is_generated(column) or column.foreign_keys:
            return
        rule = self._rule(table, column)
        if rule in ("null", "redact") and about_house and is_prose(column):
            rule = "mentions"
        if rule:
            if rule in _NAMES and holds_text(column.type) and ON_DISK.search(column.name):
                yield f"                # {REVIEW}: {column.name!r} may name a file, which stays"
                yield f'                # on disk: File("its folder", then={rule}) takes it too.'
            yield f"                {column.name!r}: {rule},  # {REVIEW}"
        else:
            yield f"                # {REVIEW}: {column.name!r} looks personal and takes neither"
            yield "                # NULL nor text: give a constant; until then `check` reports it."

    def _rule(self, table: Table, column: Column[object]) -> str:
        if not self._is_personal(column):
            return f'keep("{REVIEW}: does not look personal")'
        unique = is_unique(table, (column,))
        length = text_length(column.type)
        if unique and holds_text(column.type) and (length is None or length >= 8):
            return "placeholder"
        if column.nullable:
            return "null"
        if isinstance(column.type, JSON):
            return "{}"
        if kind_of(column.name) is Kind.EMAIL:
            return "placeholder"
        if holds_text(column.type):
            return "redact"
        return ""

    @staticmethod
    def _is_personal(column: Column[object]) -> bool:
        if isinstance(column.type, Enum | Boolean) or column.foreign_keys or column.primary_key:
            return False
        return isinstance(column.type, JSON) or is_spoken(column)

    @staticmethod
    def _is_telling_key(column: Column[object]) -> bool:
        """Return whether a row's own key is somebody's, a mailbox for example."""
        own = column.primary_key and not column.foreign_keys
        return own and holds_text(column.type) and is_spoken(column)

    def _subject(self, table: Table) -> Iterator[str]:
        telling = [
            c.name for c in table.c
            if not (isinstance(c.type, _NO_VALUE) or is_generated(c) or SECRET.search(c.name))
        ]
        contact = [n for n in telling if kind_of(n) in (Kind.EMAIL, Kind.PHONE)]
        others = [n for n in telling if kind_of(n) is Kind.DOCUMENT and not ABOUT.search(n)]
        names = [n for n in telling if kind_of(n) is Kind.NAME]
        place = next((c.name for c in table.c if PROPERTY.search(c.name)), None)
        name = f", name={names!r}" if names else ""
        end = f", property={place!r}" if place else ""
        if not contact + others:
            yield f"            # {REVIEW}: nothing here finds a guest; give match= a column, or a"
            yield "            # callable that compares the keyed hash of what they say."
        made = f"Subject(match={contact + others!r}{name}, contact={contact!r}{end})"
        yield f"            subject={made},  # {REVIEW}"

    def _route(self, name: str) -> str | None:
        """Return the ways from a table to people, as source: along foreign keys, or against one."""
        along = self._along(name)
        if along:
            return repr(along[0] if len(along) == 1 else along)
        original = self._original(name)
        if original is not None:
            key = {c.name: c.name for c in original.primary_key.columns}
            return f"Equal({key!r}, to={original.fullname!r})"
        for link in self.known:
            if link.parent == name and link.child in self.subjects and self._is_one(link):
                pairs = dict(zip(link.targets, link.columns, strict=True))
                return f"Equal({pairs!r}, to={link.child!r})"
        return self._named(name)

    def _named(self, name: str) -> str | None:
        """Return the ways by columns called like the key of people, where no foreign key is."""
        ways = list(dict.fromkeys(way for _, way in self._keys(self.datamap.atlas.tables[name])))
        return ways[0] if len(ways) == 1 else f"[{', '.join(ways)}]" if ways else None

    def _keys(self, table: Table) -> Iterator[tuple[str, str]]:
        """Yield the columns called like the key of people, each with its way."""
        tables = self.datamap.atlas.tables
        known = [tables[n] for n in sorted((self.subjects & set(tables)) - {table.fullname})]
        names = Counter(t.name for t in known)
        for people in known:
            # Where each house has a schema of its own, the same number is somebody else elsewhere.
            near = people.schema == table.schema or names[people.name] == 1
            for column in table.c if near else ():
                pairs = names_key(column, people)
                for each in pairs:
                    yield each, f"Equal({pairs!r}, to={people.fullname!r})"

    def _original(self, name: str) -> Table | None:
        """Return the table of people, or of what leads to them, that this one has copies of."""
        tables = self.datamap.atlas.tables
        near = sorted(self._near, key=lambda n: (n not in self.subjects, n))
        found = (n for n in near if n != name and copies(tables[name], tables[n]))
        other = next(found, None)
        return tables[other] if other is not None else None

    @cached_property
    def _near(self) -> frozenset[str]:
        """Return the tables of people, and those from which foreign keys lead to one."""
        near, more = set[str](), set(self.subjects)
        while more:
            near |= more
            more = {k.child for k in self.known if k.parent in near} - near
        return frozenset(near & set(self.datamap.atlas.tables))

    def _is_one(self, link: Link) -> bool:
        """Return whether rows a person points at look like that person's own."""
        table = self.datamap.atlas.tables[link.parent]
        return any(self._is_personal(c) for c in table.c) and not (
            PROPERTY.search(table.name) or STAFF.search(table.name) or FIRM.search(table.name)
        )

    def _works(self, name: str) -> bool:
        """Return whether rows are people who work here, and may be guests besides.

        What they wrote is not about them, so no way to a guest leads over them.
        """
        table = self.datamap.atlas.tables.get(name)
        if table is None or name in self.subjects or not STAFF.search(table.name):
            return False
        return self._employs(table)

    def _employs(self, table: Table) -> bool:
        """Return whether rows are people, by a name or a column that only who works here has."""
        said = EMPLOYED.search(table.name) or any(DUTY.search(c.name) for c in table.c)
        return bool(said) and is_who(table) and not self._tells(table, GUESTS)

    def _logs_in(self, table: Table) -> bool:
        """Return whether rows are people who work here, or log in and have nothing of a guest.

        Where nobody else is known to stay, who logs in may be who stays.
        """
        log_in = bool(self.subjects) and is_who(table) and not self._tells(table, STAYING)
        return log_in or self._employs(table)

    def _tells(self, table: Table, of: re.Pattern[str]) -> bool:
        return any(self._is_personal(c) and of.search(c.name) for c in table.c)

    def _along(self, name: str) -> list[str]:
        """Return the shortest ways along foreign keys from a table to people.

        Several where several keys are equally near: who booked and who stays both own a booking.
        """
        routes: list[tuple[str, tuple[str, ...]]] = [(name, ())]
        seen = {name}
        while routes:
            onward = [
                (link.parent, (*path, column))
                for here, path in routes
                for link in self.known
                if link.child == here and link.parent not in seen and not self._works(link.parent)
                if (column := self._first(link)) is not None
            ]
            found = [".".join(path) for table, path in onward if table in self.subjects]
            if found:
                return found
            seen.update(table for table, _ in onward)
            met = Counter[str]()
            routes = []
            for table, path in onward:
                met[table] += 1
                # Keys side by side on each step would multiply without end.
                if met[table] <= _WAYS:
                    routes.append((table, path))
        return []

    def _first(self, link: Link) -> str | None:
        """Return a column that stands for this foreign key alone."""
        table = self.datamap.atlas.tables.get(link.child)
        for name in link.columns if table is not None else ():
            others = [k for k in self.known if k.child == link.child and name in k.columns]
            if len(others) == 1:
                return name
        return None


def draft(datamap: DataMap) -> str:
    """Return Python source that declares a policy for every table not declared yet.

    :param datamap: the data map as far as it is.
    """
    tables = datamap.atlas.tables
    known = links(datamap, None)
    subjects = frozenset(datamap.subjects) or _guessed(tables, known)
    drafter = _Drafter(datamap, known, subjects)
    lines = [_HEAD.format(review=REVIEW)]
    if not subjects:
        lines.append(_NOBODY.strip("\n").format(review=REVIEW) + "\n")
    for name in sorted(tables):
        if name not in datamap.tables and name not in datamap.exempt:
            lines += [*drafter.table(tables[name]), ""]
    return "\n".join(lines).rstrip() + "\n"


def marks(source: str) -> int:
    """Return in how many places a drafted file waits for somebody to read it."""
    drafted = source.partition("\ndef declare(")[2]
    return sum(REVIEW in line for line in drafted.splitlines())


def _guessed(tables: Mapping[str, Table], known: Iterable[Link]) -> frozenset[str]:
    """Return the tables whose rows look like people who stay, not like people who work.

    What points at such a row is that person's, and what keeps versions of it is the person's past:
    as people of their own these would stay when the person goes.
    """
    found = {name for name, table in tables.items() if looks_like_people(table)}
    points = {(k.child, k.parent) for k in known if {k.child, k.parent} <= found}
    theirs = {a for a, b in points if a != b and (b, a) not in points}
    past = {a for a in found for b in found - theirs if a != b and copies(tables[a], tables[b])}
    return frozenset(found - theirs - past)
