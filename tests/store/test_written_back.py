"""What a trigger writes over a row that was emptied, as another one changes or goes, goes too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select

from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import delete, keep, mentions, null, redact
from flask_guesterase.store.executing import expiry, finishing
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.test_expiry import METADATA, Inn
from tests.store.test_walking import statements

HOST = MetaData()
PEOPLE, BILLS = (METADATA.tables[name].to_metadata(HOST) for name in ("people", "bills"))
OLDER, PAST, WISHES = (
    Table(
        name, HOST, Column("id", Integer, primary_key=True), Column("one", Integer),
        Column("text", String(80)), Column("dated", Date),
    )
    for name in ("older", "past", "wishes")
)  # fmt: skip
OWNED: dict[str, Any] = {"via": Equal({"one": "id"}, to="people")}
GOES = Policy({"text": redact, "dated": keep("statistics")}, **OWNED)
DELETED = replace(GOES, rows=delete)
WRITES = "UPDATE {} SET text = OLD.text WHERE one = OLD.one;"
GONE = {(WISHES, "DELETE"): WRITES.format("past")}
"""The one trigger: as a wish goes, what it said is written over the copy of it."""


class Noted(Inn):
    """A hotel where the database itself brings older copies of a wish up to date."""

    def copies(
        self, fires: dict[tuple[Table, str], str], policies: dict[Table, Policy] | None = None
    ) -> None:
        """Declare wishes and copies, and what triggers do; a wish that goes is deleted.

        :param fires: table and event -> what its trigger does.
        :param policies: what is declared otherwise.
        """
        people, bills = (self.datamap.tables[name].policy for name in ("people", "bills"))
        mine = {PEOPLE: people, BILLS: bills, OLDER: GOES, PAST: GOES, WISHES: DELETED}
        mine |= policies or {}
        for table, _ in fires:
            named = {f"of_{table.name}": "copies are declared"}
            mine[table] = replace(mine[table], triggers=named)
        self.datamap = resolve([*mine.items()], HOST.tables.values(), [])
        HOST.create_all(self.engine, [OLDER, PAST, WISHES])
        with self.engine.begin() as conn:
            for (table, when), body in fires.items():
                for statement in self.script(table.name, when, body):
                    conn.exec_driver_sql(statement)

    def script(self, table: str, when: str, body: str) -> list[str]:
        """Return the statements that make a trigger."""
        head = f"CREATE TRIGGER of_{table} AFTER {when} ON {table} FOR EACH ROW"
        if self.engine.dialect.name != "postgresql":
            return [f"{head} BEGIN {body} END"]
        return [
            f"CREATE FUNCTION of_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body} RETURN NULL; END $$",
            f"{head} EXECUTE FUNCTION of_{table}()",
        ]

    def wished(self, seen: date, id: int = 1, **values: Any) -> None:
        """Put somebody on file who wished for something, with the copies of it."""
        self.person(id, seen, visa=None, **values)
        with self.engine.begin() as conn:
            for table in (OLDER, PAST, WISHES):
                text = "Ann Berg snores" if table is WISHES else "Ann Berg"
                conn.execute(insert(table).values(id=id, one=id, text=text))

    def texts(self, table: Table) -> list[str | None]:
        """Return what a table says."""
        with self.engine.connect() as conn:
            return [*conn.execute(select(table.c.text).order_by(table.c.id)).scalars()]


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Noted]:
    """The hotel on each of the three engines in turn."""
    made = Noted(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Noted]:
    """The hotel on SQLite."""
    made = Noted(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def test_what_is_written_as_a_row_goes_by_request_goes_as_well(any_inn: Noted) -> None:
    """The copy was emptied before the wish went; the guest reads that all is gone, and it is."""
    inn = any_inn
    inn.copies(GONE)
    inn.wished(date(2026, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "erased"
    assert (inn.texts(WISHES), inn.texts(PAST)) == ([], ["[erased]"])


def test_what_is_written_as_a_row_goes_by_its_day_goes_as_well(any_inn: Noted) -> None:
    """Nobody looks afterwards where a guest's own time was over."""
    inn = any_inn
    inn.copies(GONE)
    inn.wished(date(2022, 1, 1))
    inn.wished(date(2026, 3, 1), id=2)
    assert expiry.expire(inn.run)["people"] == 1
    assert (inn.texts(WISHES), inn.texts(PAST)) == (["Ann Berg snores"], ["[erased]", "Ann Berg"])


def test_what_is_written_as_a_held_row_goes_goes_as_well(any_inn: Noted) -> None:
    """The certificate says that all is gone once a hold on one of two profiles was lifted."""
    inn = any_inn
    inn.copies(GONE)
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    inn.wished(date(2026, 3, 1))
    inn.person(2, date(2026, 3, 1), email="p1@mail.example", visa=None)
    with inn.begin() as office:
        hold = office.place_hold(Wanted("subject", "court-order", "people", "1"), "officer")
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    for user in ("officer", "second"):
        with inn.begin() as office:
            office.lift(hold, user)
    inn.later(days=1)
    finishing.finish(inn.run)
    assert (inn.texts(WISHES), inn.texts(PAST)) == ([], ["[erased]"])
    assert inn.state(number) == "erased"


def test_what_is_written_as_a_profile_goes_goes_as_well(any_inn: Noted) -> None:
    """The profile itself is deleted last of all."""
    inn = any_inn
    people = inn.datamap.tables["people"].policy
    fires = {(PEOPLE, "DELETE"): "UPDATE past SET text = OLD.name WHERE one = OLD.id;"}
    columns = {**people.columns, "visa": null}
    inn.copies(fires, {PEOPLE: replace(people, columns=columns, rows=delete)})
    inn.wished(date(2022, 1, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert inn.texts(PAST) == ["[erased]"]


def test_what_is_written_into_a_text_as_another_changes_goes_as_well(any_inn: Noted) -> None:
    """Of a text only the guest went, row by row, before the trigger wrote them into it again."""
    inn = any_inn
    inn.copies(
        {(PAST, "UPDATE"): WRITES.format("older")},
        {OLDER: replace(GOES, columns={**GOES.columns, "text": mentions})},
    )
    inn.wished(date(2022, 1, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert (inn.texts(OLDER), inn.texts(PAST)) == (["[erased]"], ["[erased]"])


def test_what_is_written_over_a_row_as_another_is_overwritten_goes_as_well(any_inn: Noted) -> None:
    """Both rows are only emptied, the one that the trigger writes into first: index of words."""
    inn = any_inn
    inn.copies({(PAST, "UPDATE"): WRITES.format("older")})
    inn.wished(date(2026, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "erased"
    assert (inn.texts(OLDER), inn.texts(PAST)) == (["[erased]"], ["[erased]"])


def test_what_is_brought_up_to_date_as_another_is_overwritten_is_seen_behind_it(
    inn: Noted,
) -> None:
    """The row that is emptied first takes what the other one says, until that one is emptied."""
    takes = "UPDATE older SET text = (SELECT text FROM past WHERE one = NEW.one) WHERE id = NEW.id;"
    follows = "UPDATE older SET text = NEW.text WHERE one = NEW.one;"
    inn.copies({(OLDER, "UPDATE"): takes, (PAST, "UPDATE"): follows})
    inn.wished(date(2026, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "erased"
    assert (inn.texts(OLDER), inn.texts(PAST)) == (["[erased]"], ["[erased]"])


def test_what_one_trigger_writes_through_another_goes_as_well(any_inn: Noted) -> None:
    """What went into the newer copy is in the older one as soon as the newer one is emptied."""
    inn = any_inn
    inn.copies(
        {(OLDER, "DELETE"): WRITES.format("past"), (PAST, "UPDATE"): WRITES.format("wishes")},
        {OLDER: DELETED, WISHES: GOES},
    )
    inn.wished(date(2022, 1, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert (inn.texts(PAST), inn.texts(WISHES)) == (["[erased]"], ["[erased]"])


def test_what_is_written_each_time_lets_nothing_go(inn: Noted) -> None:
    """Two copies fill each other once the wish is gone: nobody says that they are empty."""
    fills = "UPDATE {} SET text = 'Ann Berg' WHERE NOT EXISTS (SELECT 1 FROM wishes);"
    inn.copies({
        (WISHES, "DELETE"): WRITES.format("past"),
        (PAST, "UPDATE"): fills.format("older"), (OLDER, "UPDATE"): fills.format("past"),
    })  # fmt: skip
    inn.wished(date(2026, 3, 1))
    number = inn.approved(email="p1@mail.example")
    with pytest.raises(ErasureError, match="does not hold"), inn.begin() as office:
        office.erase(number)
    assert (inn.texts(WISHES), inn.texts(PAST)) == (["Ann Berg snores"], ["Ann Berg"])


@pytest.mark.parametrize(("body", "looks"), [
    (WRITES.format("past"), 2), ("UPDATE past SET dated = NULL WHERE one = OLD.one;", 1),
    ("UPDATE bills SET role = NULL WHERE other = OLD.one;", 0),
])  # fmt: skip
def test_only_what_a_trigger_names_is_looked_at_again(
    inn: Noted, body: str, looks: int
) -> None:
    """One look at a copy where it may have been written over, and another where it was."""
    inn.copies({(WISHES, "DELETE"): body})
    inn.wished(date(2022, 1, 1))
    with statements(inn.engine) as sent:
        expiry.expire(inn.run)
    gone = next(n for n, said in enumerate(sent) if said.startswith("DELETE FROM wishes"))
    reads = [s for s in sent[gone:] if "AS r0" in s and "FROM past" in s and "count" not in s]
    assert len(reads) == looks
