"""Rows of one decision as they were when they were locked, by column, and what is left of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from ...core.errors import ErasureError, RetryableError
from ...core.image import Cell, Change, Columns, Image, Line, Strip, cell
from ...core.plan import Decision, Key, Outcome, Plan, Row, Step
from ..mapping.raw import Reader

Values = tuple[Any, ...]

Places = frozenset[tuple[str, Key]]
"""Table and key of rows."""

Naming = tuple[tuple[str, Key], str, tuple[str, str]]
"""Table and key of a row, its column that names a file, and that: root folder and name."""

Less = Mapping[tuple[str, Key], frozenset[str]]
"""Table and key of rows -> names of columns."""


def path_of(file: tuple[str, str]) -> str:
    """Return where a file lies: a host notes it from its folder on, or by its whole path.

    :param file: root folder and name.
    """
    return os.path.abspath(os.path.join(*file))


@dataclass(frozen=True)
class Held:
    """Locked rows of one table.

    :param names: columns that were read in the engine's own form.
    :param typed: columns that were read through the host's type as well.
    :param rows: key -> what was read; without a key of their own, several rows may share one.
    """

    names: Sequence[str]
    typed: Sequence[str]
    rows: Mapping[Key, Sequence[Values]]

    def has(
        self, keys: Collection[Key], names: Collection[str], typed: Collection[str]
    ) -> bool:
        """Return whether these columns of these rows were read."""
        columns = set(names) <= set(self.names) and set(typed) <= set(self.typed)
        return columns and self.rows.keys() >= set(keys)


def hold(
    reads: Reader, keys: Sequence[Key], names: Sequence[str], typed: Sequence[str]
) -> Held:
    """Lock rows, in a fixed order, and read them.

    :raises RetryableError: one of them is not there any more.
    :raises ErasureError: one key names several of them.
    """
    width = len(reads.declared.key)
    rows: dict[Key, list[Values]] = {}
    for line in reads.lines(keys, names, typed, lock=True):
        rows.setdefault(line[:width], []).append(line[width:])
    if len(rows) != len(set(keys)):
        raise RetryableError(
            f"Rows of {reads.declared.name} changed while they were being erased.",
            "Try again; nothing was changed.",
        )
    if reads.declared.keyed and max(map(len, rows.values()), default=0) > 1:
        raise ErasureError(
            f"Two rows of {reads.declared.name} have one key, so nobody can tell whose is whose.",
            "Nothing was changed; look for tables of PostgreSQL that inherit from it, and give "
            "their rows keys of their own; or for a key that only the mapping has.",
        )
    return Held(names, typed, rows)


@dataclass
class Taken:
    """Rows that come under one decision, as they were.

    :param decision: the decision.
    :param rows: of which row each line is.
    :param lost: what was lost: columns and their types.
    :param key: the columns that identify a row, and their types.
    :param lines: per row, the values of `lost` and of `key`.
    :param typed: columns that were read through the host's type as well.
    :param hosts: per row, the host's values of those.
    :param first: place of the first row in the order of changes.
    :param left: columns that were read back after they had been overwritten.
    :param after: per row, what was read back.
    :param now: key -> the key it has now, of rows whose key may have gone with the rest.
    """

    decision: Decision
    rows: Sequence[Row]
    lost: Columns
    key: Columns
    lines: Sequence[Values]
    typed: Sequence[str]
    hosts: Sequence[Values]
    first: int
    left: Sequence[str] = ()
    after: dict[int, Values] = field(default_factory=dict)
    now: dict[Key, Key] = field(default_factory=dict)

    @cached_property
    def _places(self) -> dict[Key, list[int]]:
        found: dict[Key, list[int]] = {}
        for place, row in enumerate(self.rows):
            found.setdefault(row.key, []).append(place)
        return found

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: place for place, (name, _) in enumerate(self.lost)}

    def places_of(self, keys: Sequence[Key]) -> list[int]:
        """Return the places of the rows with these keys."""
        if len(keys) == len(self.rows) == len(self._places):
            return list(range(len(keys)))
        return [place for key in keys for place in self._places[key]]

    def cell(self, key: Key, name: str) -> Cell:
        """Return a lost column of a row."""
        place = self._columns[name]
        return cell(name, self.lost[place][1], self.lines[self._places[key][-1]][place])

    def host(self, key: Key, name: str) -> Any:
        """Return the host's own value of a column, or None where it was not read."""
        if name not in self.typed:
            return None
        return self.hosts[self._places[key][-1]][self.typed.index(name)]

    def leave(self, keys: Sequence[Key], values: Values, names: Sequence[str]) -> None:
        """Note what rows hold now."""
        self.left = names
        for place in self.places_of(keys):
            self.after[place] = values

    def same(self) -> Iterator[Key]:
        """Yield the key of each overwritten row in which nothing changed: it held all of it."""
        if self.decision.outcome is Outcome.OVERWRITE:
            was = _picker([self._columns[name] for name in self.left])
            for place, now in self.after.items():
                if was(self.lines[place]) == now:
                    yield self.rows[place].key

    def strip(self, without: Places = frozenset()) -> Strip:
        """Return the rows as a box holds them.

        :param without: table and key of rows that are left out.
        """
        deletes = self.decision.outcome is Outcome.DELETE
        types = dict(self.lost)
        after = () if deletes or not self.after else tuple((n, types[n]) for n in self.left)
        change = Change.DELETED if deletes else Change.OVERWRITTEN
        lines = list(self._lines(without, bool(after)))
        return Strip(self.decision.table, change, self.lost, self.key, after, lines)

    def strips(self, without: Places, less: Less) -> Iterator[Strip]:
        """Yield the rows as boxes hold them, of some of them not every column.

        :param without: table and key of rows that are left out.
        :param less: table and key of rows -> columns of them that are left out.
        """
        if not less:
            yield self.strip(without)
            return
        places = {row.key: (self.decision.table, row.key) for row in self.rows}
        # A row that is put back is known by its key, as it was and as it is now.
        own = {name for name, _ in self.key}
        short = {k: less[place] - own for k, place in places.items() if place in less}
        yield self.strip(without | {places[key] for key in short})
        for names in dict.fromkeys(short.values()):
            others = {place for key, place in places.items() if short.get(key) != names}
            if not names.issuperset(name for name, _ in self.lost):
                yield _narrowed(self.strip(without | others), names)

    def _lines(
        self, without: Places, after: bool
    ) -> Iterator[Line]:
        table = self.decision.table
        for place, (row, line) in enumerate(zip(self.rows, self.lines, strict=True)):
            if not without or (table, row.key) not in without:
                yield (self.first + place, *line, *self.after[place]) if after else (
                    self.first + place, *line
                )

    def by_key(self) -> dict[Key, Image]:
        """Return key -> image."""
        return {
            row.key: image for row, image in zip(self.rows, self.strip().images(), strict=True)
        }


def _narrowed(strip: Strip, names: Collection[str]) -> Strip:
    """Return a strip as if some of its columns, none of them of its key, had not been lost."""
    columns = [n for n, (name, _) in enumerate(strip.columns) if name not in names]
    after = [n for n, (name, _) in enumerate(strip.after) if name not in names]
    first, second = 1 + len(strip.columns), 1 + len(strip.columns) + len(strip.key)
    places = [0, *(1 + n for n in columns), *range(first, second), *(second + n for n in after)]
    return replace(
        strip,
        columns=tuple(strip.columns[n] for n in columns),
        after=tuple(strip.after[n] for n in after),
        lines=[tuple(line[place] for place in places) for line in strip.lines],
    )


Before = Mapping[Decision, Taken]
"""Decision -> its rows as they were."""


def take(
    reads: Reader,
    held: Held,
    step: Step,
    wanted: tuple[Sequence[str], Sequence[str]],
    first: int,
) -> Taken:
    """Return the rows of a step out of those that are locked.

    :param reads: reader of the table.
    :param held: its locked rows.
    :param step: the step.
    :param wanted: the columns that are lost, and those whose host's value is needed.
    :param first: place of the first row in the order of changes.
    """
    names, typed = wanted
    own = [c.name for c in reads.declared.key]
    places = {name: place for place, name in enumerate(held.names)}
    pick = _picker([places[n] for n in (*names, *own)])
    offset = len(held.names)
    host = _picker([offset + held.typed.index(n) for n in typed])
    rows = [row for row in step.rows for _ in held.rows[row.key]]
    every = [line for row in step.rows for line in held.rows[row.key]]
    lines = list(map(pick, every))
    hosts = list(map(host, every)) if typed else []
    kinds = {n: reads.type_of(n) for n in (*names, *own)}
    return Taken(
        step.decision, rows, tuple((n, kinds[n]) for n in names),
        tuple((n, kinds[n]) for n in own), lines, typed, hosts, first,
    )  # fmt: skip


def _picker(places: Sequence[int]) -> Any:
    """Return what takes these places out of a tuple, as a tuple."""
    if len(places) == 1:
        return itemgetter(slice(places[0], places[0] + 1))
    return itemgetter(*places) if places else lambda line: ()


@dataclass(frozen=True)
class Left:
    """What an erasure over several databases that is under way had left of some files.

    :param whose: its request, or, where nobody asked, each of its people as text -> where their
        files lie.
    :param marks: where those lie -> what stands for each where anybody may read it.
    """

    whose: Mapping[str, Collection[str]]
    marks: Mapping[str, str]


@dataclass
class Erased:
    """What was done.

    :param taken: the rows, as they were, by the decision they came under.
    :param sealed: decision -> key -> image of the columns that leave the row for a box.
    :param files: (root folder, name) of files to be removed.
    :param met: table -> rows that came under a decision.
    :param named: which row names each file.
    :param columns: which column of it does.
    :param stays: what stays where it is, because rows of others name it.
    :param rehearsed: table and key of rows that a trigger wrote into the rehearsal alone.
    :param rest: what was decided about rows that triggers wrote while kept ones ended.
    :param later: what was done about rows that triggers wrote while people were erased, as a plan.
    :param beside: number of an erasure over several databases -> what it had left of the files.
    """

    taken: list[Taken] = field(default_factory=list)
    sealed: dict[Decision, dict[Key, Image]] = field(default_factory=dict)
    files: list[tuple[str, str]] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=dict)
    named: list[tuple[str, Key]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    stays: list[Naming] = field(default_factory=list)
    rehearsed: frozenset[tuple[str, Key]] = frozenset()
    rest: list[Plan] = field(default_factory=list)
    later: Plan | None = None
    beside: Mapping[str, Left] = field(default_factory=dict)

    def owners(self, files: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
        """Return who had left some of these files, requests or people, and where those lie."""
        paths, found = set(map(path_of, files)), dict[str, set[str]]()
        for who, left in (each for those in self.beside.values() for each in those.whose.items()):
            if mine := paths & {*left}:
                found.setdefault(who, set()).update(mine)
        return {who: sorted(mine) for who, mine in sorted(found.items())}

    def kept(self, drawn: Plan) -> Plan:
        """Return a plan with the rows besides of which something left for a box.

        :param drawn: the plan that was carried out.
        """
        if self.later is None:
            return drawn
        more = {
            step.decision: tuple(
                row for row in step.rows
                if (step.decision.table, row.key) not in self.rehearsed
            )
            for step in self.later.keeping()
        }
        known = {step.decision: step.rows for step in drawn.steps}
        every = known | {each: (*known.get(each, ()), *rows) for each, rows in more.items()}
        steps = tuple(Step(each, rows) for each, rows in sorted(every.items()))
        return replace(drawn, steps=steps, rulings={**self.later.rulings, **drawn.rulings})

    @property
    def same(self) -> Counter[tuple[Decision, Key]]:
        """Return decision and key -> rows that hold what they held before."""
        return Counter((each.decision, key) for each in self.taken for key in each.same())

    @property
    def naming(self) -> list[Naming]:
        """Return which rows name which files of those to be removed."""
        return list(zip(self.named, self.columns, self.files, strict=True))

    @property
    def others(self) -> dict[tuple[str, str], int]:
        """Return table and column -> rows whose files stay, because rows of others name them."""
        return Counter((row[0], column) for row, column in {each[:2] for each in self.stays})

    @property
    def counts(self) -> dict[str, int]:
        """Return table -> rows changed; a row of which something left for a box is one."""
        boxed = {(each.table, key) for each, rows in self.sealed.items() for key in rows}
        found = Counter(self.met)
        for (decision, key), rows in self.same.items():
            if (decision.table, key) not in boxed:
                found[decision.table] -= rows
        return dict(+found)

    @property
    def images(self) -> list[Image]:
        """Return the rows as they were, in the order in which they were locked."""
        return [image for strip in self.whole for image in strip.images()]

    @property
    def whole(self) -> list[Strip]:
        """Return the same rows as strips, none of them left out."""
        return [each.strip() for each in self.taken]

    @property
    def took(self) -> list[tuple[Decision, Row]]:
        """Return, per image, the decision and the row."""
        return [(each.decision, row) for each in self.taken for row in each.rows]

    def strips(
        self, without: Places = frozenset(), less: Less = MappingProxyType({})
    ) -> list[Strip]:
        """Return the rows as they were, as boxes hold them.

        :param without: table and key of rows that are left out.
        :param less: table and key of rows -> columns of them that are left out.
        """
        # Written by what was done, they may say of it what nobody may hold a day longer.
        written: dict[Decision, set[tuple[str, Key]]] = {}
        for step in (step for plan in self.rest for step in plan.steps):
            mine = written.setdefault(step.decision, set())
            mine.update((step.decision.table, row.key) for row in step.rows)
        return [
            strip
            for each in self.taken
            for strip in each.strips(
                without | self.rehearsed | written.get(each.decision, set()), less
            )
        ]
