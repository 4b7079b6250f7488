"""A hotel under construction: each shape adds its tables, its policies, its rows, and what of them
must be left once one guest is erased."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, String, Table, select
from sqlalchemy.orm import registry

from flask_guesterase.core.finding import Severity
from flask_guesterase.core.plan import Person
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import Exempt, keep, null, placeholder, redact
from flask_guesterase.store.erasing import eraser
from flask_guesterase.store.erasing.taking import Erased
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.mapping.masks import MARK
from flask_guesterase.store.transaction import transaction
from tests.oracle.dump import Dump, changes, dump, places
from tests.store import inn

Row = Mapping[str, Any]

MAIL = re.compile(r"(erased-)?[a-z2-7]{8,}@erased\.invalid")
RANDOM = re.compile(r"(erased-|~-)?[a-z2-7]{8,}")


@dataclass(frozen=True)
class Values:
    """What is known of one person; everything a twin differs in."""

    name: str
    email: str
    phone: str
    document: str
    text: str
    born: date

    def all(self) -> list[str]:
        """Return every value as the text by which it would be found."""
        return [self.name, self.email, self.phone, self.document, self.text, str(self.born)]


ASKS = Values(
    "Ada Quillfeather", "ada.quillfeather@post.example", "+44 7700 900123", "QX7781234",
    "Walnut allergy, hums at night", date(1984, 3, 2),
)
TWIN = Values(
    "欧阳若雨晴", "oy@elsewhere.example", "+86 120 0000 98765", "99000019710203099X",
    "要一间安静的房间，靠近电梯，早餐不要花生，生日那天请准备一束白色的百合花", date(1971, 2, 3),
)
NEIGHBOUR = Values(
    "Boris Umbra", "boris.umbra@post.example", "+44 7700 900777", "BU1002003",
    "Two pillows, no feathers", date(1970, 7, 7),
)
STAFF = Values(
    "Clara Desk", "clara@hotel.example", "+44 7700 900001", "HR-0001", "Night shift",
    date(1990, 1, 1),
)


@dataclass(frozen=True)
class Put:
    """One row of the hotel.

    :param becomes: what differs in it after the erasure; a pattern stands for a placeholder.
    :param goes: whether the row is no longer there.
    """

    table: Table
    row: Row
    becomes: Row
    goes: bool = False


@dataclass
class Hotel:
    """Tables, policies and rows of a host; `guests` is there for every shape to hang on.

    :param guest: the values of the person who asks.
    :param folder: where the hotel keeps its files.
    """

    guest: Values
    folder: Path
    metadata: MetaData = field(default_factory=MetaData)
    policies: dict[Any, Policy | Exempt] = field(default_factory=dict)
    people: list[Person] = field(default_factory=lambda: [("guests", (1,))])
    puts: list[Put] = field(default_factory=list)
    ties: list[tuple[Table, Row, Row]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry = registry(metadata=self.metadata)
        self.guests = Table(
            "guests", self.metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("code", String(12), unique=True, nullable=False),
            Column("name", String(80), nullable=False),
            Column("email", String(80), index=True),
            Column("phone", String(40)),
        )  # fmt: skip
        self.Guest: Any = type("Guest", (), {})
        self.registry.map_imperatively(self.Guest, self.guests)
        self.declare(self.Guest, Policy(
            {"code": keep("stands on the key card"), "name": redact, "email": placeholder,
             "phone": null},
            subject=Subject(match=["email", "phone"], name="name", contact=["email", "phone"]),
        ))  # fmt: skip
        me, other = self.guest, NEIGHBOUR
        self.put(
            self.guests, {"id": 1, "code": "G-1", "name": me.name, "email": me.email,
                          "phone": me.phone},
            {"name": MARK, "email": MAIL, "phone": None},
        )  # fmt: skip
        self.put(self.guests, {"id": 2, "code": "G-2", "name": other.name, "email": other.email,
                               "phone": other.phone})  # fmt: skip

    def table(self, name: str, *columns: Any) -> Table:
        """Add a table with an integer key called id."""
        return Table(
            name, self.metadata, Column("id", Integer, primary_key=True, autoincrement=False),
            *columns,
        )

    def declare(self, target: Any, policy: Policy | Exempt) -> None:
        """Register a policy from outside, on a mapped class or a table."""
        self.policies[target] = policy

    def put(self, table: Table, row: Row, becomes: Row | None = None) -> None:
        """Add a row, and what differs in it once the guest is erased: nothing, mostly."""
        self.puts.append(Put(table, row, becomes or {}))

    def goes(self, table: Table, row: Row) -> None:
        """Add a row that goes with the guest."""
        self.puts.append(Put(table, row, {}, goes=True))

    def tie(self, table: Table, key: Row, values: Row) -> None:
        """Fill a column that could only be filled when all rows were there."""
        self.ties.append((table, key, values))

    def datamap(self) -> DataMap:
        """Resolve the policies."""
        self.registry.configure()
        return inn.datamap(self.metadata, self.policies, self.registry.mappers)

    def fill(self, conn: Connection) -> None:
        """Insert the rows."""
        for put in self.puts:
            conn.execute(put.table.insert().values(
                {column(put.table, n): v for n, v in put.row.items()}
            ))
        for table, key, values in self.ties:
            at = [column(table, n) == v for n, v in key.items()]
            conn.execute(table.update().where(*at).values(
                {column(table, n): v for n, v in values.items()}
            ))

    def expected(self) -> dict[Table, list[dict[str, Any]]]:
        """Return table -> the rows there must be after the erasure."""
        rows: dict[Table, list[dict[str, Any]]] = {table: [] for table in self.tables()}
        for put in self.puts:
            if not put.goes:
                rows[put.table].append({**self._tied(put), **put.becomes})
        return rows

    def _tied(self, put: Put) -> dict[str, Any]:
        row = {c.name: None for c in put.table.c} | dict(put.row)
        for table, key, values in self.ties:
            if table is put.table and all(row[n] == v for n, v in key.items()):
                row |= values
        return row

    def tables(self) -> list[Table]:
        """Return the tables of this hotel."""
        return list(self.metadata.tables.values())


def column(table: Table, name: str) -> Column[Any]:
    """Return the column with this SQL name."""
    return next(c for c in table.c if c.name == name)


@dataclass(frozen=True)
class Outcome:
    """What an erasure left."""

    before: Dump
    after: Dump
    erased: Erased
    content: Mapping[str, list[dict[str, Any]]]
    left: list[str]


def repeatable() -> Callable[[int], bytes]:
    """Return randomness that comes out the same each time."""
    drawn = 0

    def entropy(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(b"%d" % drawn).digest(size)

    return entropy


def stops(found: DataMap) -> list[str]:
    """Return the findings that would keep an erasure waiting."""
    return [f"{f.id} {f.place}: {f.message}" for f in found.findings if f.severity is Severity.STOP]


def erase(hotel: Hotel, engine: Engine, declared: DataMap) -> Outcome:
    """Fill the hotel, erase the guest, and tell what was and what is; nothing may be open."""
    assert stops(declared) == []
    schemas = (None, *declared.schemas())
    with engine.begin() as conn:
        hotel.fill(conn)
    with engine.connect() as conn:
        before = dump(conn, schemas)
    with transaction(engine) as conn:
        full, live = inn.whole(conn, declared)
        assert stops(full) == []
        plan = eraser.plan(conn, full, hotel.people, live)
        assert not plan.blocked, plan.blocked
        erased = eraser.erase(conn, full, plan, live, repeatable())
    with engine.connect() as conn:
        content = {t.fullname: _rows(conn, t) for t in hotel.tables()}
        after = dump(conn, schemas)
    return Outcome(before, after, erased, content, inn.remains(engine, declared, *hotel.people))


def _rows(conn: Connection, table: Table) -> list[dict[str, Any]]:
    names = [c.name for c in table.c]
    return [dict(zip(names, row, strict=True)) for row in conn.execute(select(table))]


def check(hotel: Hotel, outcome: Outcome) -> None:
    """Assert that what was to go is gone, and that everything else is as it was."""
    secrets = [*hotel.guest.all(), *hotel.secrets]
    assert places(outcome.before, *secrets), "the guest was never there"
    assert places(outcome.after, *secrets) == []
    for table, rows in hotel.expected().items():
        _same(table, outcome.content[table.fullname], rows)
    _untouched(hotel, outcome)
    assert outcome.left == []


def _same(table: Table, found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    key = [c.name for c in table.primary_key.columns]

    def order(row: dict[str, Any]) -> list[str]:
        return [repr(row[n]) for n in key or row]

    found, wanted = sorted(found, key=order), sorted(wanted, key=order)
    assert len(found) == len(wanted), f"{table.fullname}: {found} is not {wanted}"
    for is_, should in zip(found, wanted, strict=True):
        for name, value in should.items():
            at = f"{table.fullname}.{name}"
            if isinstance(value, re.Pattern):
                assert value.fullmatch(str(is_[name])), f"{at}: {is_[name]!r}"
            else:
                assert is_[name] == value, f"{at}: {is_[name]!r} is not {value!r}"


def _untouched(hotel: Hotel, outcome: Outcome) -> None:
    """Compare the database's own text: as many rows changed as should, in no other column."""
    found = changes(outcome.before, outcome.after)
    for table in hotel.tables():
        name, mine = table.fullname, [p for p in hotel.puts if p.table is table]
        moved = [p for p in mine if p.becomes]
        changed = found.changed.get(name, {})
        new = len(found.new.get(name, ()))
        assert len(changed) + new == len(moved), f"{name}: {found}"
        assert len(found.gone.get(name, ())) == new + sum(p.goes for p in mine), f"{name}: {found}"
        allowed = {n for p in moved for n in p.becomes}
        assert {c for change in changed.values() for c in change} <= allowed, f"{name}: {found}"
