"""An erasure does what its plan says, all of it, on three engines; or it does nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Engine,
    Enum,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    case,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import mysql

from flask_guesterase.core.decided import digest
from flask_guesterase.core.errors import BlockedError, BusyError, ErasureError, RetryableError
from flask_guesterase.core.image import Change, Form
from flask_guesterase.core.plan import Person
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import (
    File,
    delete,
    delete_when_last_owner,
    exempt,
    keep,
    null,
    placeholder,
    redact,
)
from flask_guesterase.store.erasing import eraser
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.transaction import transaction
from tests.engines import fresh_database
from tests.oracle.dump import Changes, assert_same, changes, dump
from tests.store.inn import Policies, datamap, draw, erase, host, remains, run, whole

CANARY = "Aino Korhonen-Öberg"
PERSON = Subject(match=["name"], name="name")
AINO: Person = ("guests", (1,))


def guests(*columns: Any, **options: Any) -> MetaData:
    """Return a mapping of a table of guests with a name and more columns."""
    metadata = MetaData()
    Table(
        "guests", metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("name", String(80), nullable=False),
        *columns,
        **options,
    )
    return metadata


Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def put(engine: Engine, metadata: MetaData, rows: Rows) -> None:
    """Insert rows, table by table."""
    with engine.begin() as conn:
        for name, each in rows.items():
            conn.execute(insert(metadata.tables[name]), list(each))


def both(**more: Any) -> dict[str, list[dict[str, Any]]]:
    """Return two rows of guests that hold the same beside their names."""
    return {"guests": [{"id": 1, "name": CANARY, **more}, {"id": 2, "name": "Bo", **more}]}


@contextmanager
def changing(engine: Engine) -> Iterator[list[Changes]]:
    """Compare the whole database before and after."""
    with engine.connect() as conn:
        before = dump(conn)
    found: list[Changes] = []
    yield found
    with engine.connect() as conn:
        found.append(changes(before, dump(conn)))


@contextmanager
def unchanged(engine: Engine) -> Iterator[None]:
    """Assert that nothing differs afterwards, in the whole database."""
    with engine.connect() as conn:
        before = dump(conn)
    yield
    with engine.connect() as conn:
        assert_same(before, dump(conn))


def values(engine: Engine, metadata: MetaData, key: int = 1) -> dict[str, Any]:
    """Return the row of one guest through the host's types."""
    table = metadata.tables["guests"]
    with engine.connect() as conn:
        return dict(conn.execute(select(table).where(table.c.id == key)).mappings().one())


# --- Rules -------------------------------------------------------------------------------------


def test_each_rule_does_what_it_says_to_one_row_alone(database_url: str) -> None:
    """Null, redact, placeholder, constants and callables change the guest's row and no other."""
    metadata = guests(
        Column("email", String(120), unique=True, nullable=False),
        Column("phone", String(20)),
        Column("born", DateTime),
        Column("stars", Integer),
        Column("wishes", JSON),
        Column("city", String(40)),
        Column("vip", Integer),
    )
    policy = Policy(
        {"name": redact, "email": placeholder, "phone": null, "born": null, "stars": 0,
         "wishes": {}, "city": lambda old: old[:1], "vip": keep("planning")},
        subject=PERSON,
    )
    rest = {"phone": "1", "born": dt.datetime(2000, 1, 1), "stars": 5, "wishes": {"a": 1},
            "city": "Turku", "vip": 1}
    with host(database_url, metadata) as engine:
        rows = both(**rest)
        for row in rows["guests"]:
            row["email"] = f"{row['id']}@example.com"
        put(engine, metadata, rows)
        with changing(engine) as found:
            erased = erase(engine, datamap(metadata, {"guests": policy}), AINO)
        row = values(engine, metadata)
    assert len(found[0].changed["guests"]) == 1
    assert not found[0].gone
    assert not found[0].new
    assert found[0].columns() == {"guests": set(policy.columns) - {"vip"}}
    assert row.pop("email").startswith("erased-")
    assert row == {"id": 1, "name": "[erased]", "phone": None, "born": None, "stars": 0,
                   "wishes": {}, "city": "T", "vip": 1}
    assert erased.counts == {"guests": 1}


def test_placeholders_are_unique_and_fit(database_url: str) -> None:
    """Under NOT NULL, UNIQUE, CHECK and any length, 300 guests at once get 300 values that fit."""
    lengths = {"code": 8, "mail": 30, "email": 60, "tag": 20}
    metadata = guests(
        *(Column(n, String(size), nullable=False, unique=True) for n, size in lengths.items()),
        Column("token", Uuid, nullable=False, unique=True),
        CheckConstraint("email LIKE '%@%'", name="email_form"),
    )
    columns: dict[str, Any] = dict.fromkeys([*lengths, "token"], placeholder)
    policy = Policy({"name": redact, **columns}, subject=PERSON)
    rows = [
        {"id": n, "name": CANARY, "token": uuid.UUID(int=n), "code": f"c{n}", "mail": f"{n}@x.org",
         "email": f"{n}@example.org", "tag": f"t{n}"}
        for n in range(300)
    ]
    people: list[Person] = [("guests", (n,)) for n in range(300)]
    with host(database_url, metadata) as engine:
        put(engine, metadata, {"guests": rows})
        erase(engine, datamap(metadata, {"guests": policy}), *people)
        with engine.connect() as conn:
            after = conn.execute(select(metadata.tables["guests"])).mappings().all()
        assert remains(engine, datamap(metadata, {"guests": policy}), *people) == []
    for name, size in lengths.items():
        made = {row[name] for row in after}
        assert len(made) == 300
        assert all(len(value) <= size for value in made)
        assert not made & {row[name] for row in rows}
    assert len({row["token"] for row in after}) == 300
    assert all(row["email"].endswith("@erased.invalid") for row in after)


class Sealed(TypeDecorator[str]):
    """The host keeps this text upside down, as if it were encrypted."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value[::-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return value and value[::-1]


def test_an_erasure_can_be_done_again(database_url: str) -> None:
    """A row that is as its rules leave it, whatever the rule and the type, is no failure."""
    metadata = guests(
        Column("secret", Sealed(20)),
        Column("sex", Enum("x", "f", "m", name="sex")),
        Column("total", Numeric(10, 2)),
        Column("wishes", JSON),
        Column("city", String(5)),
        Column("code", mysql.CHAR(12).with_variant(String(12), "sqlite", "postgresql")),
        Column("seen", DateTime(timezone=True)),
        Column("woken", Time),
    )
    policy = Policy(
        {"name": redact, "secret": redact, "sex": "x", "total": 0, "wishes": {}, "city": redact,
         "code": lambda old: "none", "seen": dt.datetime(1900, 1, 1), "woken": dt.time(0)},
        subject=PERSON,
    )
    row = {"secret": CANARY, "sex": "f", "total": 1, "wishes": {"a": 1}, "city": "Turku",
           "code": "AK-1", "seen": dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC),
           "woken": dt.time(6, 30)}
    with host(database_url, metadata) as engine:
        put(engine, metadata, both(**row))
        declared = datamap(metadata, {"guests": policy})
        erase(engine, declared, AINO)
        with unchanged(engine):
            erase(engine, declared, AINO)
        assert values(engine, metadata)["secret"] == "[erased]"


def test_masks_fit_what_is_shorter_in_the_database(database_url: str) -> None:
    """Where the mapping does not know a length, or a longer one, the database's own counts."""
    script = """CREATE TABLE guests (id INTEGER PRIMARY KEY, name VARCHAR(5) NOT NULL,
        email VARCHAR(14) NOT NULL);; INSERT INTO guests VALUES (1, 'Aino', 'aino@x.org')"""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True),
        Column("name", String(80)), Column("email", String),
    )
    policy = Policy({"name": redact, "email": placeholder}, subject=PERSON)
    with host(database_url, None, script) as engine:
        erase(engine, datamap(metadata, {"guests": policy}), AINO)
        row = values(engine, metadata)
        assert remains(engine, datamap(metadata, {"guests": policy}), AINO) == []
    assert row["name"] == "*****"
    assert len(row["email"]) == 14
    assert row["email"] != "aino@x.org"


def test_a_file_is_named_and_its_column_overwritten(database_url: str, tmp_path: Any) -> None:
    """The name of a file is handed on with its folder; the column becomes what the rule says."""
    metadata = guests(Column("scan", String(80)), Column("photo", String(80), nullable=False))
    root = str(tmp_path)
    policy = Policy(
        {"name": redact, "scan": File(root), "photo": File(root, then=redact)}, subject=PERSON
    )
    with host(database_url, metadata) as engine:
        rows = both(scan="aino.png", photo="id/aino.jpg")
        rows["guests"][1] |= {"scan": "bo.png", "photo": "id/bo.jpg"}
        put(engine, metadata, rows)
        erased = erase(engine, datamap(metadata, {"guests": policy}), AINO)
        row = values(engine, metadata)
    assert sorted(erased.files) == [(root, "aino.png"), (root, "id/aino.jpg")]
    assert (row["scan"], row["photo"]) == (None, "[erased]")


# --- Nothing else is touched -------------------------------------------------------------------


class Moment(TypeDecorator[dt.datetime]):
    """A host's own type over a date-time."""

    impl = DateTime
    cache_ok = True


def test_clocks_and_versions_of_a_row_stand_still(database_url: str) -> None:
    """onupdate, ON UPDATE CURRENT_TIMESTAMP and version columns are not moved by an erasure."""
    stamp = dt.datetime(2020, 5, 1, 12, 30)
    metadata = guests(
        Column("changed", DateTime, onupdate=func.now()),
        Column("counted", Integer, onupdate=lambda: 99),
        Column("version", Integer, nullable=False),
        Column("moment", Moment),
        Column("stamp", DateTime),
    )
    policy = Policy(
        {"name": redact, **{c: keep("not personal") for c in
                            ("changed", "counted", "version", "moment", "stamp")}},
        subject=PERSON,
    )
    script = ""
    if database_url.startswith("mariadb"):
        script = ";;".join(
            f"ALTER TABLE guests MODIFY {c} TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP "
            "ON UPDATE CURRENT_TIMESTAMP" for c in ("moment", "stamp")
        )
    with host(database_url, metadata, script) as engine:
        put(engine, metadata, both(
            changed=stamp, counted=1, version=7, moment=stamp, stamp=stamp
        ))
        with changing(engine) as found:
            erase(engine, datamap(metadata, {"guests": policy}), AINO)
    assert found[0].columns() == {"guests": {"name"}}


def test_what_the_database_computes_is_not_written(database_url: str) -> None:
    """A computed column that is mapped by FetchedValue, or as an ordinary one, is let be."""
    form = "VIRTUAL" if database_url.startswith("sqlite") else "STORED"
    moment = "DATETIME" if database_url.startswith("mariadb") else "TIMESTAMP"
    computed = {"loud": "VARCHAR(8) GENERATED ALWAYS AS (upper(house))",
                "until": f"{moment} GENERATED ALWAYS AS (since)"}
    metadata = guests(
        Column("house", String(8)), Column("since", DateTime),
        Column("loud", String(8), server_default=FetchedValue(), server_onupdate=FetchedValue()),
        Column("until", DateTime),
    )
    script = ";;".join(
        f"ALTER TABLE guests DROP COLUMN {c};; ALTER TABLE guests ADD COLUMN {c} "
        f"{how} {form}" for c, how in computed.items()
    )
    kept = {c: keep("not personal") for c in ("house", "since", *computed)}
    policy = Policy({"name": redact, **kept}, subject=PERSON)
    with host(database_url, metadata, script) as engine:
        put(engine, metadata, both(house="sh", since=dt.datetime(2020, 5, 1)))
        with changing(engine) as found:
            erase(engine, datamap(metadata, {"guests": policy}), AINO)
    assert found[0].columns() == {"guests": {"name"}}


# --- Images ------------------------------------------------------------------------------------


def test_images_hold_what_is_lost_and_nothing_more(database_url: str) -> None:
    """Of an overwritten row the overwritten columns are kept, of a deleted row all, in order."""
    metadata = guests(Column("phone", String(20)), Column("vip", Integer))
    Table(
        "notes", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("text", Text),
    )
    policies: Policies = {
        "guests": Policy({"name": redact, "phone": null, "vip": keep("planning")}, subject=PERSON),
        "notes": Policy({}, via="guest_id", rows=delete),
    }
    with host(database_url, metadata) as engine:
        put(engine, metadata, {
            **both(phone=None, vip=1), "notes": [{"id": 7, "guest_id": 1, "text": "late"}],
        })
        erased = erase(engine, datamap(metadata, policies), AINO)
    by_table = {image.table: image for image in erased.images}
    guest, note = by_table["guests"], by_table["notes"]
    assert (guest.change, note.change) == (Change.OVERWRITTEN, Change.DELETED)
    assert [(c.name, c.form, c.value) for c in guest.columns] == [
        ("name", Form.TEXT, CANARY), ("phone", Form.NULL, ""),
    ]
    assert {c.name: c.value for c in note.columns} == {"id": "7", "guest_id": "1", "text": "late"}
    assert [c.value for c in guest.key + note.key] == ["1", "7"]
    assert sorted(image.order for image in erased.images) == [0, 1]


def test_each_of_two_equal_rows_without_a_key_is_kept(database_url: str) -> None:
    """Rows nothing tells apart go together, and are kept as often as they were there."""
    metadata = guests()
    Table(
        "visits", metadata,
        Column("guest_id", ForeignKey("guests.id")), Column("day", String(10)),
    )
    policies: Policies = {
        "guests": Policy({"name": redact}, subject=PERSON),
        "visits": Policy({}, via="guest_id", rows=delete),
    }
    visit = {"guest_id": 1, "day": "2024-01-01"}
    with host(database_url, metadata) as engine:
        put(engine, metadata, {**both(), "visits": [visit, visit, {**visit, "day": "2024-01-02"}]})
        erased = erase(engine, datamap(metadata, policies), AINO)
        with engine.connect() as conn:
            assert conn.scalar(select(func.count()).select_from(metadata.tables["visits"])) == 0
    days = sorted(c.value for i in erased.images for c in i.columns if c.name == "day")
    assert days == ["2024-01-01", "2024-01-01", "2024-01-02"]
    assert erased.counts["visits"] == 3


# --- The database refuses, or does something of its own ----------------------------------------


@pytest.mark.parametrize("keyed", [True, False])
def test_a_row_is_found_by_a_moment_however_it_is_written(database_url: str, keyed: bool) -> None:
    """What SQLite's own clock, or another program, wrote into a key is the moment it stands for."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40))
    )
    looks = Table(
        "looks", metadata, Column("guest", Integer, primary_key=keyed),
        Column("at", DateTime, primary_key=keyed, server_default=func.now()),
        Column("said", String(40)),
    )  # fmt: skip
    declared = datamap(metadata, {
        "guests": Policy({"name": redact}, subject=Subject(match=["name"])),
        "looks": Policy({"guest": keep("a key"), "at": keep("when"), "said": redact},
                        via=Equal({"guest": "id"}, to="guests")),
    })  # fmt: skip
    moments = ("2026-01-02 03:04:50", "2026-01-02 03:04:50.120", "2026-01-02T03:04:10.000000")
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bo"}])
            conn.execute(insert(looks), [{"guest": n, "said": "tea"} for n in (1, 2)])
            for n, moment in enumerate(moments):
                conn.exec_driver_sql(
                    f"INSERT INTO looks VALUES ({n % 2 + 1}, '{moment}', 'tea {n}')"
                )
        erase(engine, declared, ("guests", (1,)))
        assert remains(engine, declared, ("guests", (1,))) == []
        with engine.connect() as conn:
            said = conn.execute(select(looks.c.guest, looks.c.said)).all()
    assert {guest: {line for who, line in said if who == guest} for guest in (1, 2)} == {
        1: {"[erased]"}, 2: {"tea", "tea 1"},
    }  # fmt: skip


HEIR = """CREATE TABLE former (since VARCHAR(20)) INHERITS (guests);;
    INSERT INTO former (id, name, since) VALUES (1, 'Bo', '2019'), (3, 'Cy', '2018')"""


def test_a_row_of_an_heir_is_nobody_elses(postgresql_url: str) -> None:
    """PostgreSQL shows rows of a table that inherits beside the others, whose keys they may have.

    Two of one key stop the erasure before anything is changed; one alone is as good as any.
    """
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40))
    )
    declared = datamap(metadata, {
        "guests": Policy({"name": redact}, subject=Subject(match=["name"])),
        "former": exempt("seen in guests"),
    })  # fmt: skip
    with host(postgresql_url, metadata, HEIR) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), {"id": 1, "name": "Ada"})
        with engine.connect() as conn:
            before = dump(conn)
        with pytest.raises(ErasureError, match="Two rows of guests have one key"):
            erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            assert_same(before, dump(conn))
        erase(engine, declared, ("guests", (3,)))
        with engine.connect() as conn:
            names = conn.execute(select(guests.c.name).order_by(guests.c.name)).scalars().all()
        assert sorted(names) == ["Ada", "Bo", "[erased]"]


def test_a_check_that_refuses_the_mask_changes_nothing(database_url: str) -> None:
    """The error names no value, and the database is as it was."""
    metadata = guests(
        Column("phone", String(20)), CheckConstraint("phone LIKE '+%'", name="phone_form")
    )
    policy = Policy({"name": redact, "phone": redact}, subject=PERSON)
    with host(database_url, metadata) as engine:
        put(engine, metadata, both(phone="+358401234567"))
        with unchanged(engine), pytest.raises(ErasureError) as raised:
            erase(engine, datamap(metadata, {"guests": policy}), AINO)
    told = str(raised.value)
    assert CANARY not in told
    assert "358" not in told
    assert "erased" not in told
    assert "CHECK 'phone_form'" in told
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_value_that_cannot_be_written_is_told_without_it(database_url: str) -> None:
    """A constant of the wrong type, or a callable that fails, is an ErasureError without values."""

    def fails(old: str) -> str:
        raise ValueError(f"what is {old}?")

    metadata = guests(Column("born", DateTime))
    with host(database_url, metadata) as engine:
        put(engine, metadata, both(born=dt.datetime(2000, 1, 1)))
        for columns in ({"name": redact, "born": {"no": "date"}}, {"name": fails, "born": null}):
            declared = datamap(metadata, {"guests": Policy(columns, subject=PERSON)})
            with unchanged(engine), pytest.raises(ErasureError) as raised:
                erase(engine, declared, AINO)
            error: BaseException | None = raised.value
            while error is not None:
                assert CANARY not in str(error)
                error = error.__cause__ or (None if error.__suppress_context__
                                            else error.__context__)


def on_update(dialect: str, name: str, body: str, when: str = "BEFORE") -> str:
    """Return a trigger on guests that runs a body for each updated row."""
    if dialect == "postgresql":
        return f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN {body} RETURN NEW; END $$;;
            CREATE TRIGGER {name} {when} UPDATE ON guests FOR EACH ROW EXECUTE FUNCTION {name}()"""
    return f"CREATE TRIGGER {name} {when} UPDATE ON guests FOR EACH ROW BEGIN {body} END"


@pytest.mark.parametrize("rule", [redact, placeholder, "", lambda old: old.upper()])
def test_a_trigger_that_writes_back_changes_nothing(database_url: str, rule: Any) -> None:
    """A trigger, though the policy vouches for it, cannot undo an erasure unseen."""
    metadata = guests()
    body = {
        "sqlite": "UPDATE guests SET name = OLD.name WHERE id = NEW.id;",
        "postgresql": "NEW.name := OLD.name;",
        "mariadb": "SET NEW.name = OLD.name;",
    }
    with host(database_url, metadata) as engine:
        put(engine, metadata, both())
        dialect = engine.dialect.name
        when = "AFTER" if dialect == "sqlite" else "BEFORE"
        with engine.begin() as conn:
            run(conn, on_update(dialect, "restores", body[dialect], when))
        policy = Policy({"name": rule}, subject=PERSON, triggers={"restores": "it is said"})
        with unchanged(engine), pytest.raises(ErasureError, match="does not hold") as raised:
            erase(engine, datamap(metadata, {"guests": policy}), AINO)
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_trigger_that_takes_a_row_away_changes_nothing(kind: str) -> None:
    """Of two rows that are written alike one goes: the other tells nothing of it.

    On MariaDB no trigger changes another row of its own table.
    """
    metadata = guests()
    with fresh_database(kind) as url, host(url, metadata) as engine:
        put(engine, metadata, both())
        with engine.begin() as conn:
            body = "DELETE FROM guests WHERE id = 2;"
            run(conn, on_update(engine.dialect.name, "takes", body, "AFTER"))
        policy = Policy({"name": redact}, subject=PERSON, triggers={"takes": "it is said"})
        with unchanged(engine), pytest.raises(ErasureError):
            erase(engine, datamap(metadata, {"guests": policy}), AINO, ("guests", (2,)))


KEEPS = {"keeps": "history is declared"}


def history(dialect: str) -> tuple[MetaData, str]:
    """Return guests with a history table that a trigger fills with the old name."""
    metadata = guests()
    Table(
        "history", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("was", String(80)),
    )
    body = "INSERT INTO history (guest_id, was) VALUES (OLD.id, OLD.name);"
    return metadata, on_update(dialect, "keeps", body, "AFTER")


@pytest.mark.parametrize(("rows", "rule"), [(delete, {}), (None, {"was": redact})])
def test_a_copy_that_a_trigger_makes_is_erased_in_a_second_round(
    database_url: str, rows: Any, rule: dict[str, Any]
) -> None:
    """The row that the erasing UPDATE adds to a declared history table goes as well."""
    metadata, script = history(create_engine(database_url).dialect.name)
    options = {"rows": rows} if rows else {}
    policies: Policies = {
        "guests": Policy({"name": redact}, subject=PERSON, triggers=KEEPS),
        "history": Policy(rule, via="guest_id", **options),
    }
    with host(database_url, metadata, script) as engine:
        put(engine, metadata, {**both(), "history": [{"guest_id": 1, "was": "Aino K"}]})
        erased = erase(engine, datamap(metadata, policies), AINO)
        with engine.connect() as conn:
            left = [row for content in dump(conn).values() for row in content.lines]
            assert not any(CANARY in str(cell) or "Aino" in str(cell) for r in left for cell in r)
        assert remains(engine, datamap(metadata, policies), AINO) == []
    assert erased.counts == {"guests": 1, "history": 2}


@pytest.mark.parametrize(("rows", "rule"), [(delete, {}), (None, {"was": redact})])
def test_a_copy_into_a_table_that_held_nothing_of_the_guest_is_decided_beforehand(
    database_url: str, rows: Any, rule: dict[str, Any]
) -> None:
    """The plan says what becomes of rows that a trigger will write, as if there were some already;
    it is approved so, nothing but the guest's own rows goes, and no erasure is stuck by it."""
    metadata, script = history(create_engine(database_url).dialect.name)
    options = {"rows": rows} if rows else {}
    policies: Policies = {
        "guests": Policy({"name": redact}, subject=PERSON, triggers=KEEPS),
        "history": Policy(rule, via="guest_id", **options),
    }
    declared = datamap(metadata, policies)
    with host(database_url, metadata, script) as engine:
        put(engine, metadata, {**both(), "history": [{"guest_id": 2, "was": "Bo K"}]})
        empty = draw(engine, declared, AINO)
        assert ("history", 0) in {(s.decision.table, len(s.rows)) for s in empty.steps}
        assert {s.decision.table for s in empty.changing()} == {"guests"}
        erased = erase(engine, declared, AINO)
        assert remains(engine, declared, AINO) == []
        with engine.connect() as conn:
            left = [row for content in dump(conn).values() for row in content.lines]
        assert not any(CANARY in str(cell) for row in left for cell in row)
        assert any("Bo K" in str(cell) for row in left for cell in row)
        put(engine, metadata, {"history": [{"guest_id": 1, "was": "Aino K"}]})
        run_again(engine, CANARY)
        full = draw(engine, declared, AINO)
    assert erased.counts == {"guests": 1, "history": 1}
    assert digest(empty, b"k" * 32) == digest(full, b"k" * 32)


def run_again(engine: Engine, name: str) -> None:
    """Give the guest that was erased the name again."""
    with engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE guests SET name = '{name}' WHERE id = 1")


def test_a_copy_under_no_decision_of_the_plan_changes_nothing(database_url: str) -> None:
    """A copy that is another guest's as well is in no approved decision, so nothing goes."""
    metadata = guests()
    Table(
        "history", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("was", String(80)),
        Column("other_id", ForeignKey("guests.id"), index=True), Column("memo", String(80)),
    )
    body = "INSERT INTO history (guest_id, other_id, was) VALUES (OLD.id, 2, OLD.name);"
    script = on_update(create_engine(database_url).dialect.name, "keeps", body, "AFTER")
    policies: Policies = {
        "guests": Policy({"name": redact}, subject=PERSON, triggers=KEEPS),
        "history": Policy(
            {"was": redact, "memo": redact}, via={"guest_id": ["was"], "other_id": []}
        ),
    }
    with host(database_url, metadata, script) as engine:
        put(engine, metadata, both())
        with unchanged(engine), pytest.raises(ErasureError, match="under no decision"):
            erase(engine, datamap(metadata, policies), AINO)


def test_a_trigger_that_keeps_a_row_changes_nothing(database_url: str) -> None:
    """A trigger that silently or loudly prevents a delete is told."""
    metadata = guests()
    stop = {
        "sqlite": """CREATE TRIGGER stays BEFORE DELETE ON guests BEGIN
            SELECT RAISE(IGNORE); END""",
        "postgresql": """CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RETURN NULL; END $$;; CREATE TRIGGER stays BEFORE DELETE ON guests
            FOR EACH ROW EXECUTE FUNCTION stays()""",
        "mariadb": """CREATE TRIGGER stays BEFORE DELETE ON guests FOR EACH ROW
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Aino Korhonen-Öberg stays'""",
    }
    policy = Policy({}, subject=PERSON, rows=delete)
    with host(database_url, metadata) as engine:
        put(engine, metadata, both())
        with engine.begin() as conn:
            run(conn, stop[engine.dialect.name])
        with unchanged(engine), pytest.raises(ErasureError) as raised:
            erase(engine, datamap(metadata, {"guests": policy}), AINO)
    assert CANARY not in str(raised.value)


# --- Deletes in the right order ----------------------------------------------------------------


def tree(**reference: Any) -> MetaData:
    """Return guests, and messages that answer messages."""
    metadata = guests()
    nullable = reference.pop("nullable", True)
    Table(
        "messages", metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
        Column("answers", ForeignKey("messages.id", **reference), nullable=nullable),
        Column("text", String(40)),
    )
    return metadata


GOING: Policies = {
    "guests": Policy({}, subject=PERSON, rows=delete),
    "messages": Policy({}, via="guest_id", rows=delete),
}


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 4, 1, 3)])
@pytest.mark.parametrize("nullable", [True, False])
@pytest.mark.parametrize("action", [None, "RESTRICT", "CASCADE"])
def test_rows_that_point_at_each_other_go(
    database_url: str, action: str | None, nullable: bool, order: Sequence[int]
) -> None:
    """A thread of messages goes with its guest, whichever message has the lower key."""
    metadata = tree(nullable=nullable, ondelete=action)
    top, *rest = order
    chain = [{"id": top, "guest_id": 1, "answers": None if nullable else top, "text": "a"}]
    for number, parent in zip(rest, order, strict=False):
        chain.append({"id": number, "guest_id": 1, "answers": parent, "text": "b"})
    with host(database_url, metadata) as engine:
        put(engine, metadata, both())
        with engine.begin() as conn:
            for row in chain:
                conn.execute(insert(metadata.tables["messages"]), row)
        erase(engine, datamap(metadata, GOING), AINO)
        with engine.connect() as conn:
            assert conn.scalars(select(metadata.tables["messages"].c.id)).all() == []
            assert conn.scalars(select(metadata.tables["guests"].c.id)).all() == [2]


@pytest.mark.parametrize(
    ("action", "nullable"),
    [(None, True), ("RESTRICT", True), ("CASCADE", True), ("SET NULL", True), (None, False),
     ("RESTRICT", False), ("CASCADE", False)],
)  # fmt: skip
def test_rows_in_a_circle_go(database_url: str, action: str | None, nullable: bool) -> None:
    """Three that answer each other, what answers one of them, and one that answers itself.

    SQLite takes no circle apart that says RESTRICT and NOT NULL, whoever asks.
    """
    metadata = tree(nullable=nullable, ondelete=action)
    messages = metadata.tables["messages"]
    answers = {1: 2, 2: 3, 3: 1, 4: 1, 5: 4, 6: 6}
    with host(database_url, metadata) as engine:
        put(engine, metadata, {**both(), "messages": [
            {"id": n, "guest_id": 1, "answers": n, "text": "a"} for n in answers
        ]})
        with engine.begin() as conn:
            for n, to in answers.items():
                conn.execute(update(messages).where(messages.c.id == n).values(answers=to))
        if engine.dialect.name == "sqlite" and (action, nullable) == ("RESTRICT", False):
            with unchanged(engine), pytest.raises(ErasureError):
                erase(engine, datamap(metadata, GOING), AINO)
            return
        with changing(engine) as found:
            erase(engine, datamap(metadata, GOING), AINO)
        assert {table: len(gone) for table, gone in found[0].gone.items()} == {
            "guests": 1, "messages": 6,
        }


def test_more_rows_than_one_statement_takes_go_in_their_order(database_url: str) -> None:
    """Thousands of answers, and circles, wherever a statement would end among them."""
    metadata = tree()
    messages = metadata.tables["messages"]
    with host(database_url, metadata) as engine:
        put(engine, metadata, {**both(), "messages": [
            {"id": n, "guest_id": 1, "answers": n // 2 or None, "text": "a"} for n in range(1, 4500)
        ]})
        with engine.begin() as conn:
            pairs = messages.c.id.in_([*range(1995, 2005), *range(3995, 4005)])
            other = case((messages.c.id % 2 == 0, messages.c.id + 1), else_=messages.c.id - 1)
            conn.execute(update(messages).where(pairs).values(answers=other))
        erase(engine, datamap(metadata, GOING), AINO)
        with engine.connect() as conn:
            assert conn.scalar(select(func.count()).select_from(messages)) == 0


def test_rows_that_point_in_another_case_go(mariadb_url: str) -> None:
    """What MariaDB takes for the same key is the same one when rows are put in order."""
    metadata = guests()
    Table(
        "messages", metadata, Column("code", String(20), primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
        Column("answers", ForeignKey("messages.code")),
    )
    with host(mariadb_url, metadata) as engine:
        put(engine, metadata, both())
        with engine.begin() as conn:
            for code, answers in (("ab", None), ("ac", "AB"), ("ad", "Ac")):
                row = {"code": code, "guest_id": 1, "answers": answers}
                conn.execute(insert(metadata.tables["messages"]), row)
        with changing(engine) as found:
            erase(engine, datamap(metadata, GOING), AINO)
    assert {table: len(gone) for table, gone in found[0].gone.items()} == {
        "guests": 1, "messages": 3,
    }


def test_a_message_of_another_that_answers_stands_in_the_way(database_url: str) -> None:
    """What others wrote is neither deleted nor changed: the plan says what stands in the way."""
    metadata = tree(ondelete="SET NULL")
    policies = {**GOING, "guests": Policy({"name": redact}, subject=PERSON)}
    with host(database_url, metadata) as engine:
        put(engine, metadata, {**both(), "messages": [
            {"id": 1, "guest_id": 1, "answers": None, "text": "a"},
            {"id": 2, "guest_id": 2, "answers": 1, "text": "b"},
        ]})
        plan = draw(engine, datamap(metadata, policies), AINO)
        (block,) = plan.blocked
        assert (block.table, block.reason, block.rows) == ("messages", "referenced", 1)
        with unchanged(engine), transaction(engine) as conn:
            full, found = whole(conn, datamap(metadata, policies))
            with pytest.raises(BlockedError):
                eraser.erase(conn, full, plan, found)


def test_circles_of_tables_and_composite_keys_go(database_url: str) -> None:
    """Two tables that point at each other, by keys of two columns, go together."""
    metadata = guests()
    Table(
        "stays", metadata,
        Column("house", String(8), nullable=False), Column("number", Integer, nullable=False),
        Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
        Column("bill_house", String(8)), Column("bill", Integer),
        PrimaryKeyConstraint("house", "number"),
        ForeignKeyConstraint(
            ["bill_house", "bill"], ["bills.house", "bills.number"], name="fk_bill", use_alter=True
        ),
    )
    Table(
        "bills", metadata,
        Column("house", String(8), nullable=False), Column("number", Integer, nullable=False),
        Column("stay_house", String(8), nullable=False), Column("stay", Integer, nullable=False),
        PrimaryKeyConstraint("house", "number"),
        ForeignKeyConstraint(["stay_house", "stay"], ["stays.house", "stays.number"]),
    )
    policies: Policies = {
        "guests": Policy({}, subject=PERSON, rows=delete),
        "stays": Policy({}, via="guest_id", rows=delete),
        "bills": Policy({}, via="stay_house", rows=delete),
    }
    with host(database_url, metadata) as engine:
        put(engine, metadata, {
            **both(),
            "stays": [{"house": "sh", "number": n, "guest_id": n} for n in (1, 2)],
            "bills": [
                {"house": "sh", "number": n, "stay_house": "sh", "stay": n} for n in (1, 2)
            ],
        })
        with engine.begin() as conn:
            stays = metadata.tables["stays"]
            conn.execute(update(stays).values(bill_house=stays.c.house, bill=stays.c.number))
        with changing(engine) as found:
            erase(engine, datamap(metadata, policies), AINO)
    assert {name: len(lines) for name, lines in found[0].gone.items()} == {
        "guests": 1, "stays": 1, "bills": 1,
    }
    assert not found[0].changed


def test_a_row_goes_with_its_last_owner(database_url: str) -> None:
    """A shared row stays while another owner lives, and goes when both are erased."""
    metadata = guests()
    Table(
        "rooms", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("one", ForeignKey("guests.id"), index=True),
        Column("two", ForeignKey("guests.id"), index=True), Column("wish", String(40)),
    )
    policies: Policies = {
        "guests": Policy({"name": redact}, subject=PERSON),
        "rooms": Policy({"wish": null, "one": keep("link"), "two": keep("link")},
                        via=["one", "two"], rows=delete_when_last_owner),
    }
    with host(database_url, metadata) as engine:
        put(engine, metadata, {
            **both(), "rooms": [{"id": 1, "one": 1, "two": 2, "wish": "quiet"}],
        })
        declared = datamap(metadata, policies)
        with changing(engine) as found:
            erase(engine, declared, AINO)
        assert set(found[0].changed) == {"guests"}
        assert not found[0].gone
        with changing(engine) as found:
            erase(engine, declared, AINO, ("guests", (2,)))
    assert set(found[0].gone) == {"rooms"}


# --- Others at work meanwhile ------------------------------------------------------------------


NOTES: Policies = {
    "guests": Policy({"name": redact}, subject=PERSON),
    "notes": Policy({"text": null}, via="guest_id"),
}


def with_notes() -> MetaData:
    """Return guests and their notes."""
    metadata = guests()
    Table(
        "notes", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("text", String(80)),
    )
    return metadata


@pytest.mark.parametrize("url", ["postgresql_url", "mariadb_url"])
@pytest.mark.parametrize(
    "happens",
    [
        "DELETE FROM notes WHERE id = 1",
        "UPDATE notes SET guest_id = 2 WHERE id = 1",
        "INSERT INTO notes VALUES (9, 1, 'new')",
    ],
)
def test_a_row_that_came_or_went_since_the_plan_is_a_reason_to_try_again(
    url: str, happens: str, request: pytest.FixtureRequest
) -> None:
    """Between plan and lock somebody else commits; nothing is done, and a second try works."""
    metadata = with_notes()
    declared = datamap(metadata, NOTES)
    with host(request.getfixturevalue(url), metadata) as engine:
        put(engine, metadata, {**both(), "notes": [{"id": 1, "guest_id": 1, "text": CANARY}]})
        with transaction(engine) as conn:
            full, found = whole(conn, declared)
            plan = eraser.plan(conn, full, [AINO], found)
            with engine.begin() as other:
                run(other, happens)
            with pytest.raises(BusyError):
                eraser.erase(conn, full, plan, found)
        assert values(engine, metadata)["name"] == CANARY
        erase(engine, declared, AINO)
        assert values(engine, metadata)["name"] == "[erased]"
        assert remains(engine, declared, AINO) == []


def test_a_plan_that_is_old_is_not_carried_out(sqlite_url: str) -> None:
    """A plan drawn in an earlier transaction is compared with the rows of today."""
    metadata = with_notes()
    declared = datamap(metadata, NOTES)
    with host(sqlite_url, metadata) as engine:
        put(engine, metadata, {**both(), "notes": [{"id": 1, "guest_id": 1, "text": CANARY}]})
        plan = draw(engine, declared, AINO)
        for change, error in (
            ("INSERT INTO notes VALUES (9, 1, 'new')", RetryableError),
            ("DELETE FROM notes WHERE id = 1", BusyError),
        ):
            with engine.begin() as conn:
                run(conn, change)
            with unchanged(engine), transaction(engine) as conn:
                full, found = whole(conn, declared)
                with pytest.raises(error):
                    eraser.erase(conn, full, plan, found)


# --- Size --------------------------------------------------------------------------------------


def counted(engine: Engine, declared: DataMap, people: Sequence[Person]) -> int:
    """Erase people and return how many statements that took."""
    statements: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with transaction(engine) as conn:
        full, found = whole(conn, declared)
        event.listen(conn, "before_cursor_execute", note)
        plan = eraser.plan(conn, full, people, found)
        eraser.erase(conn, full, plan, found)
    return len(statements)


def test_a_thousand_guests_take_the_statements_of_their_chunks(database_url: str) -> None:
    """1,000 guests with 3,000 notes go in one plan; what grows is the number of chunks alone."""
    metadata = with_notes()
    policies: Policies = {
        "guests": Policy({"name": placeholder}, subject=PERSON),
        "notes": Policy({}, via="guest_id", rows=delete),
    }
    declared = datamap(metadata, policies)
    with host(database_url, metadata) as engine:
        put(engine, metadata, {
            "guests": [{"id": n, "name": f"{CANARY} {n}"} for n in range(1200)],
            "notes": [{"id": n, "guest_id": n // 3, "text": "late"} for n in range(3600)],
        })
        one = counted(engine, declared, [("guests", (1199,))])
        hundred = counted(engine, declared, [("guests", (n,)) for n in range(1000, 1100)])
        thousand = counted(engine, declared, [("guests", (n,)) for n in range(1000)])
        with engine.connect() as conn:
            left = conn.scalar(select(func.count()).select_from(metadata.tables["notes"]))
        assert remains(engine, declared, *[("guests", (n,)) for n in range(1000)]) == []
    assert left == 3600 - 3 * 1101
    assert hundred <= one + 2
    assert thousand <= one * 10
