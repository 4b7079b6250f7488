"""What a trigger copies while something ends that was kept goes as well, or is kept by the law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select

from flask_guesterase.core.finding import Finding
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.payload import decode
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, redact, retain
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.executing import expiry, finishing
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.test_expiry import METADATA, Inn

HOST = MetaData()
for each in METADATA.tables.values():
    each.to_metadata(HOST)
PEOPLE, BILLS = HOST.tables["people"], HOST.tables["bills"]
PAST = Table(
    "bills_past", HOST, Column("id", Integer, primary_key=True), Column("one", Integer),
    Column("payer", String(80)), Column("scan", String(80)), Column("dated", Date),
)
OWNED: dict[str, Any] = {"via": Equal({"one": "id"}, to="people")}
GOES = Policy({"payer": redact, "scan": redact, "dated": keep("statistics")}, **OWNED)
STAYS = Policy(
    {"payer": retain("invoice_accounting"), "scan": redact, "dated": keep("statistics")},
    clock="dated", **OWNED,
)  # fmt: skip
COPY = (
    "INSERT INTO bills_past (one, payer, scan, dated)"
    " VALUES (OLD.one, OLD.payer, OLD.scan, {day});"
)


class Copied(Inn):
    """A hotel where the database itself writes down what a bill said before."""

    def triggers(self, past: Policy = GOES, day: str = "OLD.dated", hidden: bool = False) -> None:
        """Declare the copies, and the trigger that makes them.

        :param past: what becomes of copies.
        :param day: the day of a copy.
        :param hidden: whether the trigger's own text names no table.
        """
        people, bills = (self.datamap.tables[name].policy for name in ("people", "bills"))
        named = replace(bills, triggers={"past": "copies are declared"})
        self.datamap = resolve(
            [(PEOPLE, people), (BILLS, named), (PAST, past)], HOST.tables.values(), []
        )
        PAST.create(self.engine)
        body = COPY.format(day=day)
        if hidden:
            body = (
                "EXECUTE 'INSERT INTO bills' || '_past (one, payer) VALUES ($1, $2)'"
                " USING OLD.one, OLD.payer;"
            )
        with self.engine.begin() as conn:
            for statement in self.script(body):
                conn.exec_driver_sql(statement)

    def keeps_one(self) -> None:
        """Let the trigger write over the copy that is there."""
        over = (
            "ON DUPLICATE KEY UPDATE payer = VALUES(payer)"
            if self.engine.dialect.name in ("mysql", "mariadb")
            else "ON CONFLICT (id) DO UPDATE SET payer = excluded.payer"
        )
        self.writes(
            f"INSERT INTO bills_past (id, one, payer) VALUES (1, OLD.one, OLD.payer) {over};"
        )

    def writes(self, body: str) -> None:
        """Let the trigger do something else."""
        with self.engine.begin() as conn:
            for statement in self.script(body):
                conn.exec_driver_sql(statement)

    def script(self, body: str) -> list[str]:
        """Return the statements that put a trigger on bills in the place of what was there."""
        if self.engine.dialect.name == "postgresql":
            return [
                "CREATE OR REPLACE FUNCTION past() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {body} RETURN NULL; END $$",
                "DROP TRIGGER IF EXISTS past ON bills",
                "CREATE TRIGGER past AFTER UPDATE ON bills FOR EACH ROW EXECUTE FUNCTION past()",
            ]
        return [
            "DROP TRIGGER IF EXISTS past",
            f"CREATE TRIGGER past AFTER UPDATE ON bills FOR EACH ROW BEGIN {body} END",
        ]

    def past(self) -> list[tuple[Any, ...]]:
        """Return whose each copy is, and what it says."""
        with self.engine.connect() as conn:
            wanted = select(PAST.c.one, PAST.c.payer, PAST.c.scan).order_by(PAST.c.id)
            return [tuple(row) for row in conn.execute(wanted)]

    def billed(self, **bill: Any) -> str:
        """Erase a guest at their wish, of whom the law keeps a bill; return the number."""
        self.person(1, date(2026, 3, 1), visa=None)
        self.bill(1, one=1, **bill)
        number = self.approved(email="p1@mail.example")
        assert self.erased(number) == "sealed"
        return number

    def copied(self, **values: Any) -> None:
        """Put a copy on file that was made before."""
        with self.engine.begin() as conn:
            conn.execute(insert(PAST).values(dated=date(2026, 3, 1), **values))


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Copied]:
    """The hotel on each of the three engines in turn."""
    made = Copied(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_a_copy_made_on_the_day_of_what_was_kept_goes_with_it(any_inn: Copied) -> None:
    """The bill's day comes after the erasure; its trigger writes the name down once more."""
    inn = any_inn
    inn.triggers()
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.person(2, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, role="main")
    inn.copied(one=2, payer="Bo Lind")
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    assert inn.past()[1:] == [(1, "[erased]", "[erased]")]
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run)["ended"] == 1
    assert inn.read(BILLS)["payer"] is None
    assert inn.past() == [(2, "Bo Lind", None), *2 * [(1, "[erased]", "[erased]")]]
    assert inn.state(number) == "erased"


def test_no_safety_copy_is_made_of_a_copy(sqlite_url: str, tmp_path: Path) -> None:
    """Of a payer whose time is over one is made, and none of what the trigger wrote of the bill."""
    inn = Copied(sqlite_url, tmp_path)
    inn.triggers()
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1)
    number = inn.approved(email="p1@mail.example")
    inn.erased(number)
    before = {row["id"] for row in inn.ours("box")}
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    new = [row["id"] for row in inn.ours("box") if row["id"] not in before]
    with inn.begin() as office:
        payloads = vault.unseal(office.work.conn, inn.custodian, new)
    assert [row.table for each in payloads for row in decode(each).rows] == ["bills"]
    inn.engine.dispose()


def test_a_copy_goes_where_nobody_asked(any_inn: Copied) -> None:
    """A bill that was kept of somebody whose time was over ends like one of a request."""
    inn = any_inn
    inn.triggers()
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, dated=date(2025, 6, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert inn.read(BILLS)["payer"] == "Ann Berg"
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["payer"] is None
    assert inn.past()[-1] == (1, "[erased]", "[erased]")


def test_what_a_trigger_writes_of_who_lives_is_the_hosts(any_inn: Copied) -> None:
    """One scan has had its time; what the host writes down of its guest meanwhile stays."""
    inn = any_inn
    inn.triggers()
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1, scan="X123", dated=date(2026, 1, 1))
    inn.keeps_one()
    inn.copied(id=1, one=1, payer="Ann", scan="Y456")
    assert expiry.expire(inn.run) == {"expired": 1}
    assert (inn.read(BILLS)["scan"], inn.read(BILLS)["payer"]) == (None, "Ann Berg")
    assert inn.past() == [(1, "Ann Berg", "Y456")]
    assert inn.read(PEOPLE)["name"] == "Ann Berg"


def test_a_gap_where_copies_go_lets_the_bill_wait_and_stops_no_night(any_inn: Copied) -> None:
    """Nobody can erase its copy: it is reported, tried again, and goes once the gap is closed."""
    inn = any_inn
    inn.triggers()
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, dated=date(2025, 6, 1))
    expiry.expire(inn.run)
    whole = inn.datamap
    gap = Finding("column-uncovered", "bills_past", "scan", "Nobody decided about it.", "Decide.")
    inn.datamap = whole.with_findings([gap])
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run) == {"unfinished": 1}
    assert inn.read(BILLS)["payer"] == "Ann Berg"
    inn.datamap = whole
    inn.later(days=1)
    finishing.finish(inn.run)
    assert (inn.read(BILLS)["payer"], inn.past()[-1]) == (None, (1, "[erased]", "[erased]"))


def test_a_copy_that_the_law_keeps_is_written_down(any_inn: Copied) -> None:
    """Its own day ends it, and no certificate says before that all is gone."""
    inn = any_inn
    inn.triggers(STAYS, day="'2029-01-01'")
    number = inn.billed()
    inn.later(days=3 * 365)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["payer"] is None
    assert inn.past() == 2 * [(1, "Ann Berg", "[erased]")]
    assert inn.state(number) == "sealed"
    inn.later(days=2 * 366)
    finishing.finish(inn.run)
    assert inn.past() == 2 * [(1, None, "[erased]")]
    assert inn.state(number) == "erased"


def test_a_copy_that_is_written_over_goes_as_well(any_inn: Copied) -> None:
    """One row holds what a bill said last: nothing is added when the name stands in it again."""
    inn = any_inn
    inn.triggers()
    number = inn.billed()
    inn.keeps_one()
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run)["ended"] == 1
    assert inn.past() == [(1, "[erased]", "[erased]")]
    assert inn.state(number) == "erased"


def test_an_older_copy_that_is_brought_up_to_date_goes_as_well(any_inn: Copied) -> None:
    """The trigger adds nothing: it writes the name into the row that an erasure had emptied."""
    inn = any_inn
    inn.triggers()
    number = inn.billed()
    inn.writes("UPDATE bills_past SET payer = OLD.payer WHERE one = OLD.one;")
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run)["ended"] == 1
    assert inn.past() == [(1, "[erased]", "[erased]")]
    assert inn.state(number) == "erased"


@pytest.mark.parametrize("body", [
    "REPLACE bills_past (id, one, payer) VALUES (1, OLD.one, OLD.payer);",
    "INSERT bills_past (id, one, payer) VALUES (1, OLD.one, OLD.payer)"
    " ON DUPLICATE KEY UPDATE payer = VALUES(payer);",
    "UPDATE people AS g JOIN bills_past AS p ON p.one = g.id SET p.payer = OLD.payer"
    " WHERE g.id = OLD.one;",
])  # fmt: skip
def test_a_copy_goes_in_whatever_words_it_is_written_over(
    mariadb_url: str, tmp_path: Path, body: str
) -> None:
    """MariaDB inserts without INTO, and updates one of several tables."""
    inn = Copied(mariadb_url, tmp_path)
    inn.triggers()
    number = inn.billed()
    inn.writes(body)
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run)["ended"] == 1
    assert inn.past() == [(1, "[erased]", "[erased]")]
    assert inn.state(number) == "erased"
    inn.engine.dispose()


def test_a_copy_that_is_inserted_without_into_is_foreseen(
    mariadb_url: str, tmp_path: Path
) -> None:
    """The plan decides about it before it is there, so that the erasure is carried out."""
    inn = Copied(mariadb_url, tmp_path)
    inn.triggers()
    inn.writes(COPY.format(day="OLD.dated").replace("INTO ", ""))
    inn.billed(role="main")
    assert inn.past() == [(1, "[erased]", "[erased]")]
    inn.engine.dispose()


def test_a_copy_of_who_was_held_goes_once_the_hold_is_lifted(any_inn: Copied) -> None:
    """Of two profiles one stayed under a hold; what a trigger writes of it then goes as well."""
    inn = any_inn
    inn.triggers()
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    for id in (1, 2):
        inn.person(id, date(2026, 3, 1), email="ann@mail.example", visa=None)
        inn.bill(id, one=id, role="main")
    with inn.begin() as office:
        hold = office.place_hold(Wanted("subject", "court-order", "people", "2"), "officer")
    number = inn.approved(email="ann@mail.example")
    assert inn.erased(number) == "sealed"
    assert (inn.read(PEOPLE, 2)["name"], inn.read(BILLS, 2)["role"]) == ("Ann Berg", "main")
    for user in ("officer", "second"):
        with inn.begin() as office:
            office.lift(hold, user)
    inn.later(days=1)
    finishing.finish(inn.run)
    assert inn.read(BILLS, 2)["role"] == "[erased]"
    assert inn.past() == [(1, "[erased]", "[erased]"), (2, "[erased]", "[erased]")]
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert inn.state(number) == "erased"
    assert {(payer, scan) for _, payer, scan in inn.past()} == {("[erased]", "[erased]")}


def test_what_a_trigger_writes_of_who_was_spared_is_the_hosts(any_inn: Copied) -> None:
    """A hold keeps one of two profiles, whose guest is in the house: what is new of them stays."""
    inn = any_inn
    inn.triggers()
    inn.grants["officer"].add("hold")
    for id in (1, 2):
        inn.person(id, date(2026, 3, 1), email="ann@mail.example", visa=None)
    inn.bill(1, one=1)
    with inn.begin() as office:
        office.place_hold(Wanted("record", "court-order", "people", "2"), "officer")
    number = inn.approved(email="ann@mail.example")
    assert inn.erased(number) == "sealed"
    inn.copied(id=9, one=2, payer="Ann Berg", scan="Y456")
    inn.writes("UPDATE bills_past SET scan = 'Z789' WHERE one = 2;")
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert (inn.read(BILLS)["payer"], inn.read(PEOPLE, 2)["name"]) == (None, "Ann Berg")
    assert inn.past()[-1] == (2, "Ann Berg", "Z789")
    assert inn.state(number) == "sealed"


def test_a_copy_of_who_is_back_is_the_hosts(any_inn: Copied) -> None:
    """They asked once; what their row says since then is of somebody who stays again."""
    inn = any_inn
    inn.triggers()
    inn.billed()
    inn.set(PEOPLE, 1, name="Ann Berg", email="p1@mail.example", seen=date(2028, 12, 1))
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["payer"] is None
    assert inn.past()[-1] == (1, "Ann Berg", None)


def test_a_copy_that_nobody_could_foresee_lets_nothing_end(
    postgresql_url: str, tmp_path: Path
) -> None:
    """No text says that the trigger writes there: the bill stays, and so does the certificate."""
    inn = Copied(postgresql_url, tmp_path)
    number = inn.billed()
    inn.triggers(hidden=True)
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run) == {"unfinished": 1}
    assert (inn.read(BILLS)["payer"], inn.past()) == ("Ann Berg", [])
    assert inn.state(number) == "sealed"
    inn.engine.dispose()


def test_a_trigger_that_copies_what_is_kept_is_named_before_anything_goes(
    any_inn: Copied,
) -> None:
    """Its day will come too, and where the copies are nobody would look then."""
    inn = any_inn
    PAST.create(inn.engine)
    with inn.engine.begin() as conn:
        for statement in inn.script("INSERT INTO bills_past (payer) VALUES (OLD.payer);"):
            conn.exec_driver_sql(statement)
    with inn.begin() as office:
        found = {(each.id, each.table, each.column) for each in office.work.whole().findings}
    assert ("trigger", "bills", "past") in found


def test_what_is_written_beside_what_ends_the_same_day_goes_as_well(any_inn: Copied) -> None:
    """Bill and copy end together; the trigger writes the name into another column of the copy.

    The safety copy holds what ended of it, and nothing of what was written.
    """
    inn = any_inn
    inn.triggers(STAYS)
    number = inn.billed()
    inn.writes("UPDATE bills_past SET scan = OLD.payer WHERE one = OLD.one;")
    before = {row["id"] for row in inn.ours("box")}
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run)["ended"] == 1
    assert inn.past() == [(1, None, "[erased]")]
    assert inn.state(number) == "erased"
    new = [row["id"] for row in inn.ours("box") if row["id"] not in before]
    with inn.begin() as office:
        payloads = vault.unseal(office.work.conn, inn.custodian, new)
    rows = [row for each in payloads for row in decode(each).rows]
    copied = [(row.table, column.name) for row in rows for column in row.columns]
    assert copied == [("bills", "payer"), ("bills_past", "payer")]
