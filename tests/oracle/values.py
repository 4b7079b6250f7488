"""Rows for a random host: odd but lawful values, foreign keys that hold, rows people share."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import Exempt

from .world import LEVELS, Field, Ref, Row, Spec, Where, Who

TEXTS = (
    "Li Wei", "李伟", "O'Neil", "50%_off", "a\\b", 'say "hi"', "x@mail.example", "X@MAIL.example",
    "Zoë Ünal", "0", "", "007", "li wei", "x|str:y", "🙂", "[erased]", "gone", "line\nbreak",
)
KEYS = ("A1", "a1", "0", "x", "x|str:y", "y", "李", "O'N", "%", "a_b", "y|str:x", "z\\")
NUMBERS = (0, 1, 2, 3, 7, 42, -1)
JSONS: tuple[Any, ...] = (
    {"name": "Li Wei", "tags": ["李", None]}, [], "text", 5, {"a": {"b": [1.5, True]}},
)


class Values:
    """Fills the tables of one world, the same way for the same seed."""

    def __init__(
        self, seed: int, specs: Mapping[str, Spec], policies: Mapping[str, Policy | Exempt],
        equals: Mapping[str, Sequence[Equal]],
    ) -> None:
        self.seed, self.specs, self.policies, self.equals = seed, specs, policies, equals
        self.rows: dict[str, list[Row]] = {name: [] for name in specs}

    @staticmethod
    def constant(kind: str) -> Any:
        """A fixed value that fits a kind of column."""
        return {
            "int": -1, "date": dt.date(1900, 1, 1), "when": dt.datetime(1900, 1, 1, 12), "json": {},
            "blob": b"", "real": 0.0, "bool": False, "amount": decimal.Decimal("0.00"),
            "span": dt.timedelta(0), "clock": dt.time(0), "level": LEVELS[0],
            "prefixed": "gst_-1", "packed": uuid.UUID(int=0),
        }[kind]

    def all(self, wanted: Mapping[str, int]) -> tuple[dict[str, list[Row]], list[Who]]:
        """Make so many rows of each table (fewer where keys run out); tell who the people are."""
        for name, spec in self.specs.items():
            random = Random(f"{self.seed} {name}")
            self._fill(random, spec, wanted[name])
        for name, spec in self.specs.items():
            random = Random(f"{self.seed} {name} late")
            for row in self.rows[name]:
                for ref in (r for r in spec.refs if r.late):
                    row.update(self._pointing(random, spec, ref, row) or {})
        return self.rows, self._people()

    def _fill(self, random: Random, spec: Spec, wanted: int) -> None:
        taken: set[tuple[str, Any]] = set()
        for _ in range(wanted):
            for _ in range(8):
                row = self._row(random, spec)
                marks = {(f.name, row[f.name]) for f in spec.fields
                         if row and f.unique and row[f.name] is not None}
                if row and spec.key:
                    marks.add(("key", tuple(row[n] for n in spec.key)))
                if row and not marks & taken:
                    taken |= marks
                    self.rows[spec.name].append(row)
                    break
        if not spec.key and self.rows[spec.name] and random.random() < 0.3:
            # Without a key the same row may stand there twice.
            self.rows[spec.name].append(dict(self.rows[spec.name][0]))

    def _row(self, random: Random, spec: Spec) -> Row:
        row: Row = {}
        for ref in spec.refs:
            made = dict.fromkeys(c for c in ref.columns if spec.field(c).nullable)
            made = made if ref.late else self._pointing(random, spec, ref, row)
            if made is None:
                return {}
            row.update(made)
        for one in spec.fields:
            if one.name not in row:
                row[one.name] = self._value(random, spec, one)
        return spec.computed({one.name: row[one.name] for one in spec.fields})

    def _pointing(self, random: Random, spec: Spec, ref: Ref, so_far: Row) -> Row | None:
        """Choose what a foreign key names; None when it must name something and cannot.

        :param so_far: what the row holds already; a column may be shared with another key.
        """
        loose = [n for n in ref.columns if spec.field(n).nullable]
        fixed = {*spec.key, *(n for each in spec.refs if each != ref for n in each.columns)}
        held = {n: so_far[n] for n in ref.columns if n in so_far and n in fixed - {*loose}}
        named = dict(zip(ref.columns, ref.targets, strict=True))
        targets = [
            row for row in self.rows[ref.table] if all(row[named[n]] == held[n] for n in held)
        ]
        if not targets or (loose and random.random() < 0.25):
            if not loose:
                return None
            # A key of which one part is NULL names nothing; the other part may be anything.
            values = {n: self._value(random, spec, spec.field(n)) for n in ref.columns}
            empty = random.sample(loose, random.randint(1, len(loose)))
            return values | held | dict.fromkeys(empty)
        row = random.choice(targets)
        return {n: row[t] for n, t in named.items()}

    def _value(self, random: Random, spec: Spec, one: Field) -> Any:
        if one.name == "copied":
            return self._copied(random, spec, one)
        if one.name == "role":
            return random.choice(("guest", "guest", "visitor", "staff"))
        if one.nullable and random.random() < 0.2:
            return None
        return self._plain(random, one, one.name in spec.key)

    @staticmethod
    def _plain(random: Random, one: Field, key: bool) -> Any:
        match one.kind:
            case "text" if one.unique:
                return f"{random.choice(KEYS)}-{random.randrange(10**6)}"[: one.length]
            case "text":
                return random.choice(KEYS if key else TEXTS)[: one.length]
            case "int":
                return random.randrange(10**6) if one.unique else random.choice(NUMBERS)
            case "prefixed":
                return f"gst_{random.choice(NUMBERS)}"
            case "uuid" | "packed":
                return uuid.UUID(int=random.getrandbits(128), version=4)
            case "date":
                return dt.date(2024, 1, random.randint(1, 28))
            case "when":
                return dt.datetime(2024, 2, random.randint(1, 28), 23, random.randrange(60))
            case "json":
                return random.choice(JSONS)
            case "blob":
                return random.choice((b"", b"\x00\xff'", b"text"))
            case "real":
                return random.choice((0.1, -2.5, 1e10, 0.0))
            case "amount":
                return decimal.Decimal(random.choice(("0.00", "1.10", "-2.50", "99999.99", "7.00")))
            case "span":
                return dt.timedelta(days=random.randrange(3), seconds=random.randrange(7))
            case "clock":
                return dt.time(random.randrange(24), random.randrange(60))
            case "level":
                return random.choice(LEVELS)
        return random.random() < 0.5

    def _copied(self, random: Random, spec: Spec, one: Field) -> Any:
        """A value of the table that is linked without a foreign key, or one that means nobody."""
        links = [e for e in self.equals.get(spec.name, ()) if "copied" in e.columns]
        pool = [row[e.columns["copied"]] for e in links for row in self.rows[e.to]]
        texts: list[Any] = ["", "0", "stranger", "[erased]", "gone", "******"]
        nobody = texts if one.kind == "text" else [
            self._plain(random, one, False), *([0, 99, -1] if one.kind == "int" else []),
        ]
        value = random.choice(pool) if pool and random.random() < 0.7 else random.choice(nobody)
        if isinstance(value, str) and value.isascii() and random.random() < 0.3:
            value = value.swapcase()
        if value is None and not one.nullable:
            return nobody[0]
        return value[: one.length] if isinstance(value, str) else value

    def _people(self) -> list[Who]:
        people = []
        for name, policy in self.policies.items():
            if isinstance(policy, Policy) and policy.subject is not None:
                where = policy.where
                people += [
                    (name, tuple(row[n] for n in self.specs[name].key))
                    for row in self.rows[name]
                    if not isinstance(where, Where) or row[where.column] in where.values
                ]
        return people
