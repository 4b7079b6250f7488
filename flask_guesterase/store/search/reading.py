"""One reading of a whole database for the values of many people at once."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...core.context import context
from ...core.errors import BusyError
from ...core.needle import Needle, Searcher, Strength
from ...core.plan import key_text
from ...core.treatment import File
from ..mapping.datamap import DataMap
from .scan import LARGEST, Opened, Piece, pieces
from .space import Field, How, Place, Space

KEYS = 1000
"""Rows of one column that are remembered by key for one value; the others are read once more where
somebody must know which they are."""

SHOWN = 20
"""Rows of one column that staff are shown for one value."""

Name = tuple[str, str, How, Needle]
"""Table, column, form and value of a find."""

Progress = Callable[[str, int], None]
"""Told the table that is read, and how many rows were read so far."""


@dataclass
class Find:
    """Where one value was found in one column, and how often.

    :param place: the table, or None for names of files.
    :param table: its name.
    :param column: name of the column.
    :param how: the form in which it was read.
    :param needle: the value.
    :param rows: in how many rows.
    :param keys: what names the first of them.
    :param contexts: a few words around the first of them, masked.
    """

    place: Place | None
    table: str
    column: str
    how: How
    needle: Needle
    rows: int = 0
    keys: list[tuple[Any, ...]] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)

    @property
    def name(self) -> Name:
        """Return by what it is known among all finds."""
        return self.table, self.column, self.how, self.needle

    def add(self, key: tuple[Any, ...], shown: Callable[[], str]) -> None:
        """Note one more row."""
        self.rows += 1
        # Of a folder all names are in memory anyway.
        if len(self.keys) < KEYS or self.place is None:
            self.keys.append(key)
        if len(self.contexts) < SHOWN:
            self.contexts.append(shown())

    def join(self, more: Find) -> None:
        """Note what was found of the same value in the same column besides."""
        self.rows += more.rows
        if len(self.keys) == len(self.contexts):
            self.contexts += more.contexts[: SHOWN - len(self.contexts)]
        self.keys += more.keys[: KEYS - len(self.keys)]


@dataclass
class Finds:
    """What a reading found.

    :param found: every find.
    :param unsearched: places that could not be looked into, each with the reason.
    :param rows: how many rows were read.
    :param characters: how many characters were read.
    :param reads: table -> how many pieces it was read in.
    :param cut: the time was over before the end.
    """

    found: dict[Name, Find] = field(default_factory=dict)
    unsearched: set[str] = field(default_factory=set)
    rows: int = 0
    characters: int = 0
    reads: dict[str, int] = field(default_factory=dict)
    cut: bool = False

    def note(self, place: Place | None, table: str, each: Field, needle: Needle) -> Find:
        """Return the find of a value in a column, made when it is the first."""
        find = Find(place, table, each.name, each.how, needle)
        return self.found.setdefault(find.name, find)

    def take(self, more: Finds) -> None:
        """Add what was found in one table, once it was read from end to end."""
        for key, find in more.found.items():
            mine = self.found.setdefault(key, find)
            if mine is not find:
                mine.join(find)
        self.unsearched |= more.unsearched
        self.rows += more.rows
        self.characters += more.characters
        for table, reads in more.reads.items():
            self.reads[table] = self.reads.get(table, 0) + reads


Living = Callable[[Finds], Collection[Needle]]
"""Answers which values need no more looking for, once the tables of subjects were read."""


@dataclass(frozen=True)
class Looking:
    """What a search needs beyond values and places.

    :param opened: opens a transaction that only reads.
    :param datamap: what the host declared.
    :param living: asked once, between the tables of subjects and all others.
    :param until: reading of the monotonic clock at which it is cut, or None.
    :param progress: told about each piece.
    """

    opened: Opened
    datamap: DataMap
    living: Living = lambda finds: ()
    until: float | None = None
    progress: Progress | None = None


def look(space: Space, wanted: Iterable[Needle], looking: Looking) -> Finds:
    """Read everything once and note where the values are.

    :param space: the places.
    :param wanted: the values, of as many people as there are.
    :param looking: how to read, and whom to ask.
    :raises BusyError: the time was over, or a declared table is held by somebody else.
    """
    finds = Finds(unsearched=set(space.unsearched))
    searchers = _Searchers(wanted)
    subjects = [place for place in space.places if place.name in looking.datamap.subjects]
    others = [place for place in space.places if place.name not in looking.datamap.subjects]
    # Who lives is asked of the subjects' own tables: each of them is read before that.
    _tables(subjects, searchers, looking, finds)
    _tables(others, searchers.without(looking.living(finds)), looking, finds)
    return finds


def _tables(
    places: Sequence[Place], searchers: _Searchers, looking: Looking, finds: Finds
) -> None:
    """Read tables, and once more those that somebody held."""
    busy = [place for place in places if not _table(place, searchers, looking, finds)]
    for place in busy:
        if _table(place, searchers, looking, finds):
            continue
        # What nobody declared may be out of order for years; the rest comes back.
        if place.declared is not None or not finds.reads:
            raise BusyError(
                f"Somebody else holds {place.name}.", "It is looked for again later."
            )
        finds.unsearched.add(f"{place.name} (busy)")


class _Searchers:
    """The searchers of one reading: names are looked for where people write sentences."""

    def __init__(self, wanted: Iterable[Needle]) -> None:
        self.all = Searcher(wanted)
        self.strong = Searcher(n for n in self.all.needles if n.strength is Strength.STRONG)

    def without(self, living: Collection[Needle]) -> _Searchers:
        if not living:
            return self
        return _Searchers(n for n in self.all.needles if n not in living)

    def among(self, each: Field, texts: Sequence[str]) -> Iterator[tuple[int, set[Needle]]]:
        if each.how is How.NAMES:
            for at, text in enumerate(texts):
                if text and (held := self.all.bearers(text)):
                    yield at, held
        else:
            yield from (self.all if each.free else self.strong).among(texts)


def _table(place: Place, searchers: _Searchers, looking: Looking, finds: Finds) -> bool:
    """Read one table; return False when somebody else holds it now."""
    if not searchers.all.needles:
        return True
    here = Finds()
    try:
        for piece in pieces(looking.opened, place):
            _piece(place, piece, searchers, here)
            if looking.progress is not None:
                looking.progress(place.name, finds.rows + here.rows)
            if _is_over(looking):
                finds.cut = True
                break
    except BusyError:
        # It is read again from its beginning, and no row counts twice.
        return False
    except Exception as problem:
        # A type of the host's may raise whatever it likes, and its text may hold the value.
        here.unsearched.add(f"{place.name} ({type(problem).__name__})")
    finds.take(here)
    if finds.cut:
        raise _cut()
    return True


def _is_over(looking: Looking) -> bool:
    return looking.until is not None and time.monotonic() > looking.until


def _cut() -> BusyError:
    return BusyError("The time for this search was over.", "It is begun again later.")


def _piece(place: Place, piece: Piece, searchers: _Searchers, finds: Finds) -> None:
    finds.rows += len(piece.keys)
    finds.characters += piece.weight
    finds.reads[place.name] = finds.reads.get(place.name, 0) + 1
    finds.unsearched |= {f"{place.name}.{name} ({why})" for name, why in piece.unread}
    for each, texts in zip(place.fields, piece.columns, strict=True):
        for at, held in searchers.among(each, texts):
            for needle in held:
                if each.how is not How.NUMBER or counts_as_number(needle):
                    find = finds.note(place, place.name, each, needle)
                    key = piece.keys[at] or _unkeyed(texts[at])
                    find.add(key, lambda: _named(searchers.all, texts[at], needle))  # noqa: B023


def beyond(finds: Iterable[Find], looking: Looking) -> Iterator[Find]:
    """Yield finds with what names their rows beyond those that are remembered, many at a time.

    Each table is read once for all of them.

    :param finds: what was found in tables.
    :param looking: how to read.
    :raises BusyError: the time was over, or a table is held by somebody else.
    """
    found: dict[str, tuple[Place, dict[Name, Find]]] = {}
    for find in finds:
        if find.place is not None and find.rows > len(find.keys):
            _, mine = found.setdefault(find.place.name, (find.place, {}))
            mine[find.name] = find
    for place, mine in found.values():
        yield from _rest(mine, place, looking)


def _rest(finds: Mapping[Name, Find], place: Place, looking: Looking) -> Iterator[Find]:
    names = {(find.column, find.how) for find in finds.values()}
    fields = tuple(each for each in place.fields if (each.name, each.how) in names)
    known = {name: Counter(map(key_text, find.keys)) for name, find in finds.items()}
    searchers = _Searchers({find.needle for find in finds.values()})
    rest: dict[Name, list[tuple[Any, ...]]] = {name: [] for name in finds}
    for piece in pieces(looking.opened, replace(place, fields=fields)):
        if looking.progress is not None:
            looking.progress(place.name, sum(map(len, rest.values())))
        if _is_over(looking):
            raise _cut()
        for each, texts in zip(fields, piece.columns, strict=True):
            for at, held in searchers.among(each, texts):
                key = piece.keys[at] or _unkeyed(texts[at])
                text = key_text(key)
                for name in finds.keys() & {(place.name, each.name, each.how, n) for n in held}:
                    if known[name][text]:
                        known[name][text] -= 1
                    else:
                        rest[name].append(key)
        for name in [name for name, keys in rest.items() if len(keys) >= LARGEST]:
            yield replace(finds[name], keys=rest[name])
            rest[name] = []
    for name, keys in rest.items():
        if keys:
            yield replace(finds[name], keys=keys)


def _unkeyed(text: str) -> tuple[str, ...]:
    """Return what a row without a key is known again by, and nothing can be read from."""
    return (hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),)


LONG = 8
"""Digits from which a number in a column of numbers can be a telephone number or a document."""


def counts_as_number(needle: Needle) -> bool:
    """Return whether a value can be told from a price or an amount in a column of numbers."""
    digits = needle.value.lstrip("+")
    return digits.isdecimal() and len(digits) >= LONG


def roots(datamap: DataMap) -> dict[str, tuple[str, str]]:
    """Return the folders of declared files: folder -> the table and column that name them."""
    found: dict[str, tuple[str, str]] = {}
    for name, declared in datamap.tables.items():
        for column, rule in declared.rules.items():
            if isinstance(rule, File):
                found.setdefault(os.path.abspath(rule.root), (name, column))
    return found


def files(
    finds: Finds,
    wanted: Iterable[Needle],
    folders: Mapping[str, tuple[str, str]],
    leaving: Collection[tuple[str, str]] = (),
) -> None:
    """Look at the names of files; their content is not read.

    :param finds: where to note what is found.
    :param wanted: the values.
    :param folders: folder -> the table and column that name its files.
    :param leaving: (folder, name) of files whose removal is queued.
    """
    searcher = Searcher(wanted)
    closed: list[OSError] = []
    gone = {(os.path.abspath(root), inside(root, name)) for root, name in leaving}
    for root, (table, column) in folders.items():
        if not Path(root).is_dir():
            finds.unsearched.add(f"{table}.{column} (the folder cannot be read)")
            continue
        there = [name for name in names_in(root, closed.append) if (root, name) not in gone]
        # Old shares have names in bytes that are no UTF-8; nothing of ours can hold such a text.
        names = [os.fsencode(name).decode("utf-8", "replace") for name in there]
        finds.rows += len(names)
        each = Field(column, How.FILE)
        for at, held in searcher.among(names):
            for needle in held:
                find = finds.note(None, table, each, needle)
                find.add((names[at],), lambda: _named(searcher, names[at], needle))  # noqa: B023
        if closed:
            finds.unsearched.add(f"{table}.{column} (a folder in it cannot be read)")
            closed.clear()


def inside(root: str, name: str) -> str:
    """Return the path of a file from its folder on; a host may note the whole path."""
    return os.path.relpath(os.path.join(root, name), root)


def _named(searcher: Searcher, name: str, needle: Needle) -> str:
    spans = searcher.spans(name)
    mine = next((span for span in spans if span.needle == needle), None)
    return "" if mine is None else context(name, mine, spans)


def names_in(root: str, closed: Callable[[OSError], None]) -> Iterator[str]:
    """Yield the files in a folder, by their path from it on.

    :param root: the folder.
    :param closed: told of each folder in it that cannot be read.
    """
    for folder, _, names in os.walk(root, onerror=closed):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)
