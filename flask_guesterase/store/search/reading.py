"""One reading of a whole database for the values of many people at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.context import context
from ...core.errors import BusyError, GuesteraseError
from ...core.needle import Needle, Searcher, Strength
from ...core.policy import File
from ..datamap import DataMap
from .scan import Opened, Piece, pieces
from .space import Field, How, Place, Space

KEYS = 1000
"""Rows of one column that are remembered by key for one value; of more only how many."""

SHOWN = 20
"""Rows of one column that staff are shown for one value."""

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

    def add(self, key: tuple[Any, ...], shown: Callable[[], str]) -> None:
        """Note one more row."""
        self.rows += 1
        if len(self.keys) < KEYS:
            self.keys.append(key)
        if len(self.contexts) < SHOWN:
            self.contexts.append(shown())


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

    found: dict[tuple[str, str, How, Needle], Find] = field(default_factory=dict)
    unsearched: set[str] = field(default_factory=set)
    rows: int = 0
    characters: int = 0
    reads: dict[str, int] = field(default_factory=dict)
    cut: bool = False

    def note(self, place: Place | None, table: str, each: Field, needle: Needle) -> Find:
        """Return the find of a value in a column, made when it is the first."""
        key = (table, each.name, each.how, needle)
        return self.found.setdefault(key, Find(place, table, each.name, each.how, needle))


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
    asked = False
    busy = []
    for place in space.places:
        if not asked and place.name not in looking.datamap.subjects:
            searchers, asked = searchers.without(looking.living(finds)), True
        busy += [] if _table(place, searchers, looking, finds) else [place]
    if not asked:
        searchers = searchers.without(looking.living(finds))
    for place in busy:
        if _table(place, searchers, looking, finds):
            continue
        # What nobody declared may be out of order for years; the rest comes back.
        if place.declared is not None or len(busy) == len(space.places):
            raise BusyError(
                f"Somebody else holds {place.name}.", "It is looked for again later."
            )
        finds.unsearched.add(f"{place.name} (busy)")
    return finds


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
    try:
        for piece in pieces(looking.opened, place):
            _piece(place, piece, searchers, finds)
            if looking.progress is not None:
                looking.progress(place.name, finds.rows)
            if looking.until is not None and time.monotonic() > looking.until:
                finds.cut = True
                break
    except BusyError:
        return False
    except GuesteraseError as problem:
        finds.unsearched.add(f"{place.name} ({type(problem).__name__})")
    if finds.cut:
        raise BusyError("The time for this search was over.", "It is begun again later.")
    return True


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
                    find.add(piece.keys[at], lambda: _named(searchers.all, texts[at], needle))  # noqa: B023


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
    gone = {(os.path.abspath(root), os.path.normpath(name)) for root, name in leaving}
    for root, (table, column) in folders.items():
        if not Path(root).is_dir():
            finds.unsearched.add(f"{table}.{column} (the folder cannot be read)")
            continue
        names = [name for name in _names(root) if (root, name) not in gone]
        finds.rows += len(names)
        each = Field(column, How.FILE)
        for at, held in searcher.among(names):
            for needle in held:
                find = finds.note(None, table, each, needle)
                find.add((names[at],), lambda: _named(searcher, names[at], needle))  # noqa: B023


def _named(searcher: Searcher, name: str, needle: Needle) -> str:
    spans = searcher.spans(name)
    mine = next((span for span in spans if span.needle == needle), None)
    return "" if mine is None else context(name, mine, spans)


def _names(root: str) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)
