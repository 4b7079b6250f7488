"""Whom the texts of an erasure may name, and what `mentions` and `inside` make of those texts."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, select
from sqlalchemy.exc import SQLAlchemyError

from ...core import called
from ...core.document import Node
from ...core.errors import ErasureError, GuesteraseError
from ...core.identity import Kind, kind_of
from ...core.image import Cell, Form
from ...core.jsonpath import Path
from ...core.mentions import MARK, Edit, Known, Pen, nothing
from ...core.needle import LOYALTY
from ...core.parts import applied
from ...core.plan import Key, Person, Plan, Row, by_table, key_text
from ...core.several import every
from ...core.treatment import (
    Computed,
    Constant,
    Inside,
    Keep,
    Mentions,
    Null,
    Part,
    Placeholder,
    Rule,
    names_only,
)
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared, rule_word
from ..mapping.masks import (
    Entropy,
    Seeded,
    fallback,
    fixed_value,
    holds_json,
    invented,
    is_formed,
    looks_redacted,
    redacted,
)
from ..statements.sql import among, chunks

_LOYALTY = re.compile(r"loyalty|member|frequent|reward|external_?(id|ref)|会员|积分", re.I)
_FAMILY = re.compile(r"family|last|sur_?name|姓", re.I)

Regions = Mapping[str, str]
"""Code of a property -> ISO 3166-1 alpha-2 code of its country."""


def names_people(rule: Rule) -> bool:
    """Return whether a rule must know whom a text may name."""
    if isinstance(rule, Inside):
        return any(isinstance(part, Mentions) for _, part in rule.parts)
    return isinstance(rule, Mentions)


@dataclass(frozen=True)
class Hand:
    """Makes of a text what a rule says.

    :param pen: strikes out the people of the erasure.
    :param people: those people; empty when records went because their own time was over.
    :param entropy: where the randomness of placeholders comes from.
    :param over: tables whose rows' own time is over, so that whole texts go.
    """

    pen: Pen
    people: frozenset[Person]
    entropy: Entropy
    over: frozenset[str] = frozenset()

    def made(self, rule: Rule, column: Column[Any], old: Any, row: Row, room: int | None) -> Any:
        """Return what a rule makes of a column of a row; None is NULL.

        :param rule: `mentions` or `inside`.
        :param column: the column.
        :param old: the text it holds, or the host's own value of a host's type.
        :param row: whose it is.
        :param room: longest text the column takes, or None.
        :raises ErasureError: the host's type gives neither text nor what JSON can hold.
        """
        if old is None:
            return None
        if isinstance(old, str):
            return self._text(rule, column, old, row, room)
        if not isinstance(old, dict | list):
            raise ErasureError(
                f"{column.name} holds neither text nor JSON.", "Give it another rule."
            )
        new = self._text(rule, column, json.dumps(old, ensure_ascii=False), row, None)
        return None if new is None else json.loads(new)

    def _text(
        self, rule: Rule, column: Column[Any], text: str, row: Row, room: int | None
    ) -> str | None:
        owners = self.owners(row)
        if isinstance(rule, Inside):
            whole = column.table.fullname in self.over
            made = partial(self._part, f"{column.table.fullname}|{column.name}", row)
            new = applied(rule, text, made, partial(self._strike, row, whole))
            if new is not None and (room is None or len(new) <= room):
                return new
            if not (row.others and names_only(rule_word(rule))):
                return _otherwise(rule, column, room)
        if not text.strip():
            return text
        if self._is_partly(row, column.table.fullname in self.over):
            return self.pen.strike(text, owners, room)
        return nothing(text, room)

    def _is_partly(self, row: Row, whole: bool) -> bool:
        """Return whether only a part of a row's texts goes."""
        return not whole and (bool(row.others) or self.pen.knows(self.owners(row)))

    def owners(self, row: Row) -> frozenset[Person]:
        """Return the people of the erasure to whom a row belongs."""
        return frozenset(person for person, _ in row.owners if person in self.people)

    def _strike(self, row: Row, whole: bool, node: Node, text: str) -> list[Edit]:
        if self._is_partly(row, whole):
            return self.pen.strike_within(node, text, self.owners(row))
        return [(node.start, node.end, json.dumps(nothing("")))]

    def _part(self, spot: str, row: Row, part: Part, path: Path, old: Any) -> Any:
        if isinstance(part, Null):
            return None
        if isinstance(part, Constant):
            return part.value
        if isinstance(part, Placeholder):
            entropy = self.entropy
            if isinstance(entropy, Seeded):
                entropy = entropy.of(f"{spot}|{key_text(row.key)}|{path.text}")
            return invented(path.last, None, entropy)
        return part.function(old) if isinstance(part, Computed) else MARK


def _otherwise(rule: Inside, column: Column[Any], room: int | None) -> str | None:
    then = fallback(rule, column)
    if isinstance(then, Null):
        return None
    value = then.value if isinstance(then, Constant) else redacted(room)
    return json.dumps(value) if holds_json(column) or not isinstance(value, str) else value


NOBODY = Hand(Pen({}), frozenset(), secrets.token_bytes)
"""Knows nobody, so that of texts which name people nothing is left."""


def hand(
    conn: Connection,
    datamap: DataMap,
    plan: Plan,
    people: Collection[Person],
    entropy: Entropy,
    regions: Regions,
) -> Hand:
    """Return the hand of an erasure; values are read only where a rule of the plan needs them.

    :param conn: open transaction.
    :param datamap: the data map.
    :param plan: what will be done, before anything is.
    :param people: the people it is about; empty when records' own time is over.
    :param entropy: where the randomness of placeholders comes from.
    :param regions: countries by property.
    """
    return Hand(Pen(*known_of(conn, datamap, plan, people, regions)), frozenset(people), entropy)


def known_of(
    conn: Connection,
    datamap: DataMap,
    plan: Plan,
    people: Collection[Person],
    regions: Regions,
) -> tuple[dict[Person, list[Known]], list[Person], list[Known]]:
    """Return what people of a plan are known by, of whom no text can be searched, and of others.

    Others stay and share a row of which a text is read; of them it is what they are known by.
    Nothing is read where no rule of the plan needs it.

    :param conn: open transaction.
    :param datamap: the data map.
    :param plan: what will be done, before anything is.
    :param people: the people it is about; empty when records' own time is over.
    :param regions: countries by property.
    """
    telling = [
        step for step in plan.changing()
        if any(
            names_people(datamap.declared(step.decision.table).written(name))
            for name in step.decision.columns
        )
    ]
    if not people or not telling:
        return {}, [], []
    values = values_of(conn, datamap, people, regions)
    strangers = [person for person in values if not _is_known(datamap, person, values[person])]
    for person, known in _in_rows(conn, datamap, plan, people):
        values.setdefault(person, []).append(known)
    others = {who for step in telling for row in step.rows for who, _ in row.others}
    return values, strangers, _of_others(conn, datamap, list(others - set(people)), regions)


def _of_others(
    conn: Connection, datamap: DataMap, people: Sequence[Person], regions: Regions
) -> list[Known]:
    """Return what people beside the erased are known by; one nobody can read stops no erasure."""
    try:
        values = values_of(conn, datamap, people, regions)
    except (GuesteraseError, SQLAlchemyError):
        raise
    except Exception:  # the host's own code, whose message may hold the value
        half = len(people) // 2
        parts = (people[:half], people[half:]) if half else ()
        return [each for part in parts for each in _of_others(conn, datamap, part, regions)]
    return [each for those in values.values() for each in those]


def values_of(
    conn: Connection, datamap: DataMap, people: Iterable[Person], regions: Regions
) -> dict[Person, list[Known]]:
    """Return what these people are known by, from their own subject rows.

    Values that an erasure left are none.

    :param conn: open transaction.
    :param datamap: the data map.
    :param people: subject rows.
    :param regions: countries by property.
    """
    mine = by_table(people)
    found: dict[Person, list[Known]] = {(t, k): [] for t, keys in mine.items() for k in keys}
    only = next(iter(set(regions.values()))) if len(set(regions.values())) == 1 else ""
    for table, keys in mine.items():
        declared, contacts = datamap.declared(table), datamap.subjects[table]
        kinds = _kinds(datamap, table)
        columns = [declared.table.c[declared.column(n).key] for n in kinds]
        for key, values, code in _rows(conn, declared, keys, columns, contacts.property):
            region = regions.get(str(code), only)
            said = dict(zip(kinds, values, strict=True))
            found[table, key] += _known(datamap, table, kinds, said, region)
    return found


def values_in(
    datamap: DataMap, table: str, said: Mapping[str, str], region: str
) -> list[Known]:
    """Return what a person is known by, from what a subject row of theirs held.

    :param datamap: the data map.
    :param table: name of the subject table.
    :param said: column -> value as text.
    :param region: country whose national telephone numbers are meant.
    """
    return _known(datamap, table, _kinds(datamap, table), said, region)


def _known(
    datamap: DataMap, table: str, kinds: Mapping[str, str], said: Mapping[str, str], region: str
) -> list[Known]:
    declared, contacts = datamap.declared(table), datamap.subjects[table]
    told = {n: said[n] for n in kinds if n in said and not _is_mask(declared, n, said[n])}
    names = [told[c.name] for c in contacts.names if c.name in told]
    # Which part comes first, the columns' order does not tell.
    full = dict.fromkeys([" ".join(names), " ".join(reversed(names))] if names else [])
    whole = contacts.names[0].name if len(contacts.names) == 1 else ""
    return [Known(Kind.NAME, each) for each in full] + [
        Known(kinds[name], value, region, _part(name, kinds[name]))
        for name, value in told.items()
        if name != whole
    ]


def _part(name: str, kind: str) -> called.Part:
    if kind != Kind.NAME:
        return called.Part.FULL
    return called.Part.FAMILY if _FAMILY.search(name) else called.Part.GIVEN


def _kinds(datamap: DataMap, table: str) -> dict[str, str]:
    """Return column -> kind, of the columns of a subject table by which a person is known."""
    declared, contacts = datamap.declared(table), datamap.subjects[table]
    kinds = {name: kind for name in _going(declared) if (kind := kind_in(name))}
    for key, column in contacts.match.items():
        if isinstance(column, Column) and not isinstance(declared.rules.get(column.name), Keep):
            kinds.setdefault(column.name, kind_in(key) or kind_in(column.name) or LOYALTY)
    kinds |= contacts.contact
    kinds |= {column.name: Kind.NAME.value for column in contacts.names}
    return kinds


def _going(declared: Declared) -> list[str]:
    """Return the columns that go or are retained; what the vendor keeps is no secret."""
    rules = declared.rules
    return [
        c.name
        for c in declared.table.c
        if not isinstance(rules.get(c.name), Keep) and (c.name in rules or declared.deletes)
    ]


def kind_in(name: str) -> str:
    """Return what the values of a column are, by its name; empty when it does not say."""
    if _LOYALTY.search(name):
        return LOYALTY
    kind = kind_of(name)
    return "" if kind is None else kind.value


def _in_rows(
    conn: Connection, datamap: DataMap, plan: Plan, people: Collection[Person]
) -> Iterable[tuple[Person, Known]]:
    """Yield numbers and contacts in rows that are one person's alone, and go or are retained."""
    seen: set[tuple[str, Key]] = set()
    for step in plan.steps:
        declared = datamap.declared(step.decision.table)
        if declared.name in datamap.subjects:
            continue
        kinds = {
            name: kind for name in _going(declared) if (kind := kind_in(name)) and kind != Kind.NAME
        }
        own = {
            row.key: next(iter(row.owners))[0]
            for row in step.rows
            if not row.others
            and len({person for person, _ in row.owners}) == 1
            and (declared.name, row.key) not in seen
        }
        seen |= {(declared.name, key) for key in own}
        columns = [declared.table.c[declared.column(n).key] for n in kinds]
        for key, values, _ in _rows(conn, declared, list(own), columns, None) if kinds else ():
            for name, value in zip(kinds, values, strict=True):
                if own[key] in people and not _is_mask(declared, name, value):
                    yield own[key], Known(kinds[name], value)


def _rows(
    conn: Connection,
    declared: Declared,
    keys: Sequence[Key],
    columns: Sequence[ColumnElement[Any]],
    place: Column[Any] | None,
) -> Iterable[tuple[Key, list[str], Any]]:
    """Yield (key, values as text, code of the property) of the rows that are there."""
    key = [declared.table.c[c.key] for c in declared.key]
    extra = [] if place is None else [place]
    wanted = [c.label(f"c{at}") for at, c in enumerate([*key, *columns, *extra])]
    for part in chunks(keys):
        for row in conn.execute(select(*wanted).where(among(key, part))):
            values = tuple(row)
            texts = ["" if v is None else str(v) for v in values[len(key) :][: len(columns)]]
            yield values[: len(key)], texts, values[-1] if extra else None


def _is_mask(declared: Declared, name: str, value: str) -> bool:
    """Return whether a value says nothing, or is what an erasure left."""
    if not value.strip() or looks_redacted(value) or is_formed(value):
        return True
    if name not in declared.rules:
        return False
    return bool(value == fixed_value(declared.written(name), declared.column(name)))


def _is_known(datamap: DataMap, person: Person, values: Iterable[Known]) -> bool:
    """Return whether a text can be searched for a person: by a name, where there are any."""
    told = [each for each in values if _tells(each)]
    if not datamap.subjects[person[0]].names:
        return bool(told)
    return any(each.kind == Kind.NAME and each.part is called.Part.FULL for each in told)


def _tells(known: Known) -> bool:
    """Return whether there is anything to look for: of a name such as J. Q. there is not."""
    if every(known.kind, known.value, known.region):
        return True
    return known.kind == Kind.NAME and bool(called.calls([(known.value, known.part)]))


def text_of(cell: Cell) -> str | None:
    """Return what a cell holds as text; of bytes that are none, the mark: nobody finds a name."""
    if cell.form is Form.NULL:
        return None
    value = cell.native()
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return MARK
