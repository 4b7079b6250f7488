"""A look-up without an index is found on every engine, and the statement it names is its cure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Date,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    insert,
)

from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import File, delete, exempt, keep, null, redact
from flask_guesterase.store.checking.indexing import unindexed
from flask_guesterase.store.checking.live import read
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.sweeping import looking
from tests import engines
from tests.store.crowd import NEW, Crowd
from tests.store.inn import Policies, datamap, erase, host
from tests.store.meter import reading

MANY = 400
PERSON = Subject(match=["mail"], name="name", contact=["mail"])
GUEST = Policy(
    {"hotel": keep("which house"), "number": keep("a key"), "name": redact, "mail": null,
     "seen": keep("statistics")},
    subject=PERSON,
)  # fmt: skip
NOTE = {"hotel": keep("which house"), "guest": keep("a key"), "booking": keep("a key"),
        "mail": null, "text": null}  # fmt: skip


def hotel(*indexes: str) -> MetaData:
    """Guests, bookings and notes without any foreign key, and these indexes, such as notes.guest.

    No engine makes an index by itself here, as MariaDB does for foreign keys.
    """
    metadata = MetaData()
    Table(
        "guests", metadata,
        Column("id", Integer, primary_key=True), Column("hotel", String(10)),
        Column("number", Integer), Column("name", String(80)), Column("mail", Text),
        Column("seen", Date),
    )  # fmt: skip
    Table(
        "bookings", metadata,
        Column("id", Integer, primary_key=True), Column("Number", Integer),
        Column("guest", Integer),
    )  # fmt: skip
    Table(
        "notes", metadata,
        Column("id", Integer, primary_key=True), Column("hotel", String(10)),
        Column("guest", Integer), Column("booking", Integer), Column("mail", String(300)),
        Column("text", Text),
    )  # fmt: skip
    for name in indexes:
        table, _, columns = name.partition(".")
        mine = metadata.tables[table]
        Index(f"ix_{table}_{columns}", *(mine.c[column] for column in columns.split(",")))
    return metadata


def stamped() -> MetaData:
    """A hotel that deletes cards at which stamps point."""
    metadata = hotel()
    Table(
        "cards", metadata,
        Column("id", Integer, primary_key=True), Column("guest", Integer, index=True),
    )  # fmt: skip
    Table(
        "stamps", metadata,
        Column("id", Integer, primary_key=True), Column("card", ForeignKey("cards.id")),
    )  # fmt: skip
    return metadata


@dataclass(frozen=True)
class Slow:
    """A host in which something is looked up without an index.

    :param metadata: makes its tables.
    :param policies: what its vendor declares.
    :param wanted: kind of the finding, its table and columns.
    :param cures: how many statements cure it.
    """

    metadata: Callable[[], MetaData]
    policies: Policies
    wanted: tuple[str, str, str]
    cures: int = 1


def noted(via: Any, **more: Policy) -> Policies:
    """Return policies in which notes belong to guests by this path."""
    bookings = {"bookings": exempt("no guests in it")}
    return {"guests": GUEST, "notes": Policy(NOTE, via=via), **bookings, **more}


ONE = Slow(
    hotel, noted(Equal({"guest": "id"}, to="guests")), ("path-unindexed", "notes", "guest")
)
SLOW = {
    "one column": ONE,
    # An index that begins with the house is no use where there is but one house.
    "several columns": Slow(
        lambda: hotel("notes.hotel", "guests.number,hotel"),
        noted(Equal({"hotel": "hotel", "guest": "number"}, to="guests")),
        ("path-unindexed", "notes", "hotel, guest"),
    ),
    "the far side": Slow(
        lambda: hotel("notes.guest"),
        noted([Equal({"guest": "number"}, to="guests"), Equal({"mail": "mail"}, to="guests")]),
        ("path-unindexed", "guests", "number"),
        3,
    ),
    "a file's name": Slow(
        lambda: hotel("notes.guest"),
        noted(
            Equal({"guest": "id"}, to="guests"),
            notes=Policy({**NOTE, "mail": File("/srv")}, via=Equal({"guest": "id"}, to="guests")),
        ),
        ("file-unindexed", "notes", "mail"),
    ),
    "two steps": Slow(
        lambda: hotel("bookings.guest", "bookings.Number"),
        noted(
            Equal({"booking": "Number"}, to="bookings"),
            bookings=Policy(
                {"Number": keep("a key"), "guest": keep("a key")},
                via=Equal({"guest": "id"}, to="guests"),
            ),
        ),
        ("path-unindexed", "notes", "booking"),
    ),
    "capitals": Slow(
        lambda: hotel("bookings.guest", "notes.booking"),
        noted(
            Equal({"booking": "Number"}, to="bookings"),
            bookings=Policy(
                {"Number": keep("a key"), "guest": keep("a key")},
                via=Equal({"guest": "id"}, to="guests"),
            ),
        ),
        ("path-unindexed", "bookings", "Number"),
    ),
}
FOLDED = Slow(
    hotel, noted(Equal({"mail": "mail"}, to="guests", fold=True)),
    ("path-unindexed", "notes", "mail"), 2,
)  # fmt: skip
STAMPS = Slow(
    stamped,
    noted(Equal({"guest": "id"}, to="guests"), stamps=exempt("numbers"), cards=Policy(
        {}, via=Equal({"guest": "id"}, to="guests"), rows=delete,
    )),
    ("link-unindexed", "stamps", "card"), 2,
)  # fmt: skip
CASES = [
    *(
        pytest.param(kind, slow, id=f"{kind}-{name}", marks=(
            () if kind == "sqlite" or slow is ONE else (pytest.mark.long,)
        ))
        for kind in engines.ENGINES for name, slow in SLOW.items()
    ),
    *(pytest.param(kind, FOLDED, id=f"{kind}-folded") for kind in ("sqlite", "postgresql")),
    # InnoDB makes the index of a foreign key by itself.
    *(pytest.param(kind, STAMPS, id=f"{kind}-stamps") for kind in ("sqlite", "postgresql")),
]  # fmt: skip


def fill(engine: Engine, metadata: MetaData) -> None:
    """Put guests in, each with one row in every table."""
    values = {
        "hotel": lambda n: "sh", "name": lambda n: f"Guest {n}", "seen": lambda n: date(2026, 1, 1),
        "mail": lambda n: f"g{n}@Mail.example", "text": lambda n: f"tea for {n}",
        "card": lambda n: MANY,
    }  # fmt: skip
    with engine.begin() as conn:
        for table in metadata.sorted_tables:
            conn.execute(insert(table), [
                {c.name: values.get(c.name, lambda n: n)(n) for c in table.c}
                for n in range(1, MANY + 1)
            ])  # fmt: skip


def cured(engine: Engine, declared: DataMap) -> list[Finding]:
    """Return what is found, without the tables nobody looks at here."""
    with engine.connect() as conn:
        return unindexed(conn, declared, read(conn))


@pytest.mark.parametrize(("kind", "slow"), CASES)
def test_the_statement_it_names_ends_the_finding_and_the_scan(kind: str, slow: Slow) -> None:
    """Executed letter by letter: the table is read from end to end before, and not after."""
    metadata = slow.metadata()
    declared = datamap(metadata, slow.policies)
    id_, table, columns = slow.wanted
    with engines.fresh_database(kind) as url, host(url, metadata) as made:
        made.dispose()
        if kind == "postgresql":
            event.listen(made, "connect", _no_scans)
        fill(made, metadata)
        found = cured(made, declared)
        assert len(found) == slow.cures, found
        assert (id_, table, columns) in [(f.id, f.table, f.column) for f in found]
        assert {f.severity for f in found} == {Severity.WARN}
        before = read_of(made, declared, 1)
        for each in found:
            with made.begin() as conn:
                conn.exec_driver_sql(each.hint)
        assert cured(made, declared) == []
        if kind == "postgresql":
            with made.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.exec_driver_sql("ANALYZE")
        after = read_of(made, declared, 2)
    # SQLite counts steps of its machine, of which each row it reads takes at least one.
    rows = "" if kind == "sqlite" else table
    assert before[rows] - after[rows] >= MANY * 0.9
    assert after[table] < MANY / 8


def _no_scans(raw: Any, record: Any) -> None:
    """Let PostgreSQL use an index wherever one can serve; it reads a small table whole."""
    raw.execute("SET enable_seqscan = off")
    raw.commit()


def read_of(engine: Engine, declared: DataMap, guest: int) -> Any:
    """Erase a guest; return the rows read of each table."""
    with reading(engine) as read:
        erase(engine, declared, ("guests", (guest,)))
    return read


@pytest.mark.parametrize("kind", engines.DEEP)
def test_the_date_of_a_clock_wants_an_index_where_a_sweep_asks_it(kind: str) -> None:
    """A clock dates what has a category; that of a record nothing ends is never asked."""
    metadata = hotel()
    aged = Policy(GUEST.columns, subject=PERSON, category="reservation",
                  clock={"last_activity": "seen"})  # fmt: skip
    idle = Policy(GUEST.columns, subject=PERSON, clock={"last_activity": "seen"})
    out = {"bookings": exempt("no guests"), "notes": exempt("no guests")}
    with engines.fresh_database(kind) as url, host(url, metadata) as made:
        assert cured(made, datamap(metadata, {"guests": idle, **out})) == []
        declared = datamap(metadata, {"guests": aged, **out})
        (found,) = cured(made, declared)
        assert (found.id, found.table, found.column) == ("clock-unindexed", "guests", "seen")
        with made.begin() as conn:
            conn.exec_driver_sql(found.hint)
        assert cured(made, declared) == []


@pytest.mark.parametrize("kind", engines.DEEP)
def test_a_date_without_an_index_is_read_whole_each_day_and_not_after_its_cure(
    kind: str, tmp_path: Path
) -> None:
    """A sweep that looks for what came of age today reads that, once the date has an index."""
    with engines.fresh_database(kind) as url:
        made = Crowd(url, tmp_path)
        made.build()
        made.fill(range(1, 6 * MANY + 1), NEW)
        with made.engine.begin() as conn:
            ours = "DROP INDEX ix_guests_seen"
            conn.exec_driver_sql(ours + (" ON guests" if kind == "mariadb" else ""))
        made.analyse()
        looking.look(made.run)
        (found,) = cured(made.engine, made.datamap)
        assert (found.id, found.column) == ("clock-unindexed", "seen")
        before = looked(made)
        with made.engine.begin() as conn:
            conn.exec_driver_sql(found.hint)
        made.analyse()
        assert cured(made.engine, made.datamap) == []
        after = looked(made)
        made.engine.dispose()
    assert before["guests"] - after["guests"] >= 6 * MANY * 0.9


def looked(made: Crowd) -> Counter[str]:
    """Let a day pass and a sweep look; return the rows read."""
    made.later(days=1)
    with reading(made.engine) as read:
        assert looking.look(made.run)
    return read


def test_mariadb_is_told_what_helps_where_no_index_can() -> None:
    """It has no index on lower(); its collations ignore case by themselves."""
    metadata = FOLDED.metadata()
    with engines.fresh_database("mariadb") as url, host(url, metadata) as made:
        found = cured(made, datamap(metadata, FOLDED.policies))
    assert {(f.table, f.column) for f in found} == {("notes", "mail"), ("guests", "mail")}
    assert all("fold=True" in f.hint for f in found)
