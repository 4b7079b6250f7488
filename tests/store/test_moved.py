"""What the law kept is found again though the host gave its row another key, or stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    delete,
    insert,
    select,
    update,
)

from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import RowRule, keep, null, redact, retain
from flask_guesterase.store import tables
from flask_guesterase.store.certificates import staying
from flask_guesterase.store.erasing import people
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.hiding import miskeyed, unnamed
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.revealing import revealing
from flask_guesterase.store.office import Office
from flask_guesterase.store.requests import bygone, tombstones
from flask_guesterase.store.returning import refilled
from flask_guesterase.store.sweeping.claiming import Shift
from tests import engines
from tests.store import kept
from tests.store.test_expiry import BILLS, METADATA, PEOPLE, Inn
from tests.store.test_letter_case import LOOSE

NAME = "Ann Berg"
TOKEN = "0b4e7a64-5f0c-4b1c-9d0e-3a1f5c2e7d90"


@pytest.fixture(params=engines.DEEP)
def inn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inn]:
    """A hotel with an erased guest, of whom the law keeps a bill for two years."""
    with engines.fresh_database(request.param) as url:
        made = Inn(url, tmp_path)
        made.person(1, date(2026, 3, 1))
        made.bill(1, one=1)
        yield made
        made.engine.dispose()


def sealed(inn: Inn) -> str:
    """Erase the guest; the bill stays."""
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    return number


def over(inn: Inn) -> None:
    """Let the law's time run out, and the sweep look at what was kept."""
    inn.later(days=3 * 366)
    finishing.finish(inn.run)


def state(inn: Inn, number: str) -> str:
    """Return the state of a request."""
    return str(inn.run(lambda office: office.show(number)["state"]))


def test_a_row_with_another_number_goes_on_its_day(inn: Inn) -> None:
    """The host numbers its bills anew; the request does not end while the name is there."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(update(BILLS).values(id=77))
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 77)["payer"]) == ("erased", None)


def test_a_second_bill_is_not_taken_for_the_one_that_is_gone(inn: Inn) -> None:
    """The host drops the older bill; the younger one is kept for itself and has time left."""
    inn.bill(2, one=1, dated=date(2026, 3, 9))
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(delete(BILLS).where(BILLS.c.id == 1))
    inn.later(days=2 * 365 - 5)
    finishing.finish(inn.run)
    assert (state(inn, number), inn.read(BILLS, 2)["payer"]) == ("sealed", NAME)
    lines = [row for row in inn.ours("kept") if row["ended_at"] is None]
    assert [row["row_key"] for row in lines] == ["int:2"]
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 2)["payer"]) == ("erased", None)


def test_a_row_that_is_gone_ends(inn: Inn) -> None:
    """The host drops the only bill: nothing is kept any more."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(delete(BILLS))
    over(inn)
    assert state(inn, number) == "erased"


@pytest.mark.parametrize("columns", [["payee"], ["fax", "payer"]])
def test_a_column_with_another_name_goes_on_its_day(inn: Inn, columns: list[str]) -> None:
    """The host renamed the column, or dropped the one beside it."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(update(tables.kept).values(columns=json.dumps(columns)))
    told = inn.run(lambda office: unnamed.findings(office.work))
    assert "column-unknown" not in {f.id for f in told}
    inn.later(days=2 * 365 - 60)
    finishing.finish(inn.run)
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("sealed", NAME)
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("erased", None)


def test_a_column_nobody_knows_any_more_is_not_taken_for_gone(inn: Inn) -> None:
    """The host renamed the column, and nothing is retained of that kind: the request says so."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(
            update(tables.kept)
            .where(tables.kept.c.table_name == "bills")
            .values(columns='["payee"]', category="payment_card")
        )
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("sealed", NAME)
    told = inn.run(lambda office: unnamed.findings(office.work))
    assert [(f.place, f.severity) for f in told if f.id == "column-unknown"] == [
        ("bills.payee", Severity.WARN)
    ]


def bills(inn: Inn, columns: dict[str, Any]) -> dict[str, Any]:
    """Let the policy say something else of columns of bills; return what it said of all."""
    people, policy = (inn.datamap.tables[name].policy for name in ("people", "bills"))
    now = replace(policy, columns={**policy.columns, **columns})
    inn.datamap = resolve([(PEOPLE, people), (BILLS, now)], METADATA.tables.values(), [])
    return dict(policy.columns)


@pytest.mark.parametrize("held", [False, True], ids=["by law", "under a hold"])
def test_a_column_that_the_policy_leaves_by_now_is_not_taken_for_gone(
    inn: Inn, held: bool
) -> None:
    """The vendor declared that it stays: no certificate calls it gone before a rule takes it."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    wanted = Wanted("record", "court-order", "bills", "1")
    hold = inn.run(lambda office: office.place_hold(wanted, "officer")) if held else 0
    number = sealed(inn)
    before = bills(inn, {"payer": keep("which house")})
    for user in ("officer", "second") if held else ():
        inn.run(lambda office, user=user: office.lift(hold, user))
    for _ in range(2):
        over(inn)
        row = inn.read(BILLS, 1)
        assert (state(inn, number), row["payer"], row["role"]) == ("sealed", NAME, "[erased]")
    stays = inn.run(lambda office: staying.lines(office.work, number))
    assert [each["category"] for each in stays] == ["" if held else "invoice_accounting"]
    said = inn.content(number)
    assert "payer" not in {name for each in said["went"] for name in each["columns"]}
    told = inn.run(lambda office: unnamed.findings(office.work))
    assert [(f.id, f.place, f.severity) for f in told if f.table == "bills"] == [
        ("column-uncovered", "bills.payer", Severity.WARN)
    ]
    bills(inn, before)
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("erased", None)


@pytest.mark.parametrize("how", ["deleted", "emptied", "renumbered", "renumbered, emptied"])
def test_what_the_policy_leaves_by_now_ends_with_what_stands_there(inn: Inn, how: str) -> None:
    """The host took it away itself: the request waits for nothing, whatever its row is called."""
    number = sealed(inn)
    bills(inn, {"payer": keep("which house")})
    over(inn)
    with inn.engine.begin() as conn:
        if "renumbered" in how:
            conn.execute(update(BILLS).values(id=77))
        if how != "renumbered":
            conn.execute(delete(BILLS) if how == "deleted" else update(BILLS).values(payer=None))
    over(inn)
    assert state(inn, number) == ("sealed" if how == "renumbered" else "erased")


def test_who_is_kept_by_what_the_policy_leaves_alone_counts_as_erased(inn: Inn) -> None:
    """Of one of two rows of a guest, which a hold kept as it was, all else goes as it is lifted."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    inn.person(2, date(2026, 3, 1), email="p1@mail.example", visa=None)
    wanted = Wanted("record", "court-order", "people", "2")
    hold = inn.run(lambda office: office.place_hold(wanted, "officer"))
    number = sealed(inn)
    people_, known = inn.datamap.declared("people"), inn.datamap.declared("bills")
    policy = replace(
        people_.policy, columns={**people_.policy.columns, "email": keep("which house")}
    )
    inn.datamap = resolve([(PEOPLE, policy), (BILLS, known.policy)], METADATA.tables.values(), [])
    for user in ("officer", "second"):
        inn.run(lambda office, user=user: office.lift(hold, user))
    over(inn)
    assert (state(inn, number), inn.read(PEOPLE, 2)["name"]) == ("sealed", "[erased]")
    assert all(row["erased_at"] for row in inn.ours("subject"))


def test_a_column_nobody_knows_beside_what_the_policy_leaves_is_not_taken_for_gone(
    inn: Inn,
) -> None:
    """The host emptied the one, and renamed the other: check names each by what it is."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(
            update(tables.kept)
            .where(tables.kept.c.table_name == "bills")
            .values(columns='["fax","payer"]', category="payment_card")
        )
    bills(inn, {"payer": keep("which house")})
    inn.set(BILLS, 1, payer=None)
    over(inn)
    assert state(inn, number) == "sealed"
    told = inn.run(lambda office: unnamed.findings(office.work))
    assert [(f.id, f.place) for f in told] == [
        ("column-uncovered", "bills.payer"), ("column-unknown", "bills.fax")
    ]  # fmt: skip


def test_a_key_that_went_is_noted_no_more_where_the_policy_leaves_the_rest(inn: Inn) -> None:
    """A hold kept a slip that is known by a name: as it is lifted the name goes, in our row too."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    table = Table(
        "slips", MetaData(), Column("guest", Integer),
        Column("id", String(80), primary_key=True), Column("payer", String(80)),
    )  # fmt: skip
    table.create(inn.engine)
    with inn.engine.begin() as conn:
        conn.execute(insert(table).values(guest=1, id=NAME, payer=NAME))

    def ruled(payer: Any) -> None:
        policy = Policy({"id": redact, "payer": payer}, via=Equal({"guest": "id"}, to="people"))
        known = [inn.datamap.declared(name) for name in ("people", "bills")]
        rules = [*((each.table, each.policy) for each in known), (table, policy)]
        inn.datamap = resolve(rules, [each for each, _ in rules], [])

    ruled(redact)
    wanted = Wanted("record", "court-order", "slips", NAME)
    hold = inn.run(lambda office: office.place_hold(wanted, "officer"))
    number = sealed(inn)
    ruled(keep("which house"))
    for user in ("officer", "second"):
        inn.run(lambda office, user=user: office.lift(hold, user))
    over(inn)
    (line,) = [row for row in inn.ours("kept") if row["ended_at"] is None]
    assert (line["table_name"], line["row_key"], line["columns"]) == ("slips", "", '["payer"]')
    assert state(inn, number) == "sealed"
    ruled(redact)
    over(inn)
    assert (state(inn, number), payers(inn, table)) == ("erased", ["[erased]"])


def test_a_table_nobody_knows_any_more_is_named(inn: Inn) -> None:
    """The host renamed it, or took its policy away: nothing of it counts as gone."""
    number = sealed(inn)
    inn.datamap = resolve(
        [(inn.datamap.declared(name).table, inn.datamap.declared(name).policy)
         for name in inn.datamap.tables if name != "bills"], METADATA.tables.values(), [],
    )  # fmt: skip
    over(inn)
    told = inn.run(lambda office: unnamed.findings(office.work))
    named = [(f.place, f.severity) for f in told if f.id == "table-unknown"]
    assert named == [("bills", Severity.WARN)]
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("sealed", NAME)


def slips(id: Uuid[str] | Uuid[UUID], composite: bool = False) -> Table:
    """Return a table of slips, known by a token, or by whose they are as well."""
    return Table(
        "slips", MetaData(),
        Column("guest", Integer, primary_key=composite, autoincrement=False),
        Column("id", id, primary_key=True),
        Column("payer", String(80)),
        Column("dated", Date),
    )  # fmt: skip


def declare(inn: Inn, table: Table) -> None:
    """Let the host's mapping have a table like this, in the place of one of that name."""
    policy = Policy(
        {"payer": retain("invoice_accounting"), "dated": keep("statistics")},
        via=Equal({"guest": "id"}, to="people"), clock="dated",
    )  # fmt: skip
    known = {name: (each.table, each.policy) for name, each in inn.datamap.tables.items()}
    known[table.name] = table, known.get(table.name, (table, policy))[1]
    inn.datamap = resolve(known.values(), [each for each, _ in known.values()], [])


def loose_slip(inn: Inn) -> Table:
    """Put a slip in whose key a collation, where there is one, takes for the same in capitals."""
    loose = LOOSE.get(inn.engine.dialect.name)
    table = Table(
        "slips", MetaData(), Column("id", String(20, collation=loose), primary_key=True),
        Column("guest", Integer), Column("payer", String(80)), Column("dated", Date),
    )  # fmt: skip
    table.create(inn.engine)
    declare(inn, table)
    with inn.engine.begin() as conn:
        conn.execute(insert(table).values(id="tok", guest=1, payer=NAME, dated=date(2026, 3, 1)))
    return table


@pytest.mark.parametrize("spelt", ["TOK", "tok "], ids=["capitals", "blank"])
def test_a_row_whose_key_is_spelt_otherwise_goes_on_its_day(inn: Inn, spelt: str) -> None:
    """The host writes its keys in capitals, which the collation takes for the same."""
    table = loose_slip(inn)
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(update(table).values(id=spelt))
    over(inn)
    assert (state(inn, number), payers(inn, table)) == ("erased", [None])


def test_a_hold_keeps_a_row_whose_key_is_spelt_otherwise(inn: Inn) -> None:
    """The host writes its keys in capitals: what a court asked for stays."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    table = loose_slip(inn)
    wanted = Wanted("record", "court-order", "slips", "tok")
    hold = inn.run(lambda office: office.place_hold(wanted, "officer"))
    number = sealed(inn)
    spelt = "TOK" if LOOSE.get(inn.engine.dialect.name) else "tok"
    with inn.engine.begin() as conn:
        conn.execute(update(table).values(id=spelt))
    over(inn)
    assert (state(inn, number), payers(inn, table)) == ("sealed", [NAME])
    for user in ("officer", "second"):
        inn.run(lambda office, user=user: office.lift(hold, user))
    over(inn)
    assert (state(inn, number), payers(inn, table)) == ("erased", [None])


def test_what_is_kept_of_who_is_spelt_otherwise_goes_on_its_day(inn: Inn) -> None:
    """The host writes the keys of its guests in capitals: they are nobody else."""
    code = partial(String, 20, collation=LOOSE.get(inn.engine.dialect.name))
    metadata = MetaData()
    table = Table(
        "guests_", metadata, Column("code", code(), primary_key=True),
        Column("hotel", String(10)), Column("name", String(80)), Column("email", String(80)),
    )  # fmt: skip
    mine = Table(
        "slips", metadata, Column("id", Integer, primary_key=True), Column("guest", code()),
        Column("payer", String(80)), Column("dated", Date),
    )  # fmt: skip
    subject = Subject(match=["email"], name="name", contact=["email"], property="hotel")
    columns = {"code": keep("a key"), "hotel": keep("which house"), "name": redact, "email": null}
    bill = {"guest": keep("a key"), "payer": retain("invoice_accounting"), "dated": keep("a day")}
    inn.datamap = resolve([
        (table, Policy(columns, subject=subject)),
        (mine, Policy(bill, via=Equal({"guest": "code"}, to="guests_"), clock="dated")),
    ], [table, mine], [])  # fmt: skip
    metadata.create_all(inn.engine)
    with inn.engine.begin() as conn:
        conn.execute(delete(BILLS))
        conn.execute(delete(PEOPLE))
        guest = {"hotel": "sh", "name": NAME, "email": "p1@mail.example"}
        conn.execute(insert(table).values(code="ann", **guest))
        conn.execute(insert(mine).values(id=1, guest="ann", payer=NAME, dated=date(2026, 3, 1)))
    number = sealed(inn)
    with inn.engine.begin() as conn:
        # No collation of PostgreSQL's own takes the two for one.
        loose = inn.engine.dialect.name in LOOSE
        conn.execute(update(table).values(code="ANN" if loose else "ann"))
    over(inn)
    assert (state(inn, number), payers(inn, mine)) == ("erased", [None])
    went = {name for each in inn.content(number)["went"] for name in each["columns"]}
    assert went == {"name", "email", "payer"}


def told(inn: Inn) -> list[Finding]:
    """Return what check says of keys of another form."""
    return inn.run(lambda office: miskeyed.findings(office.work, office.work.whole()))


def slip(inn: Inn, asked: bool) -> Table:
    """Erase the guest, of whom the law keeps a slip that is known by a text."""
    table = slips(Uuid(as_uuid=False))
    table.create(inn.engine)
    declare(inn, table)
    with inn.engine.begin() as conn:
        conn.execute(delete(BILLS))
        conn.execute(insert(table).values(id=TOKEN, guest=1, payer=NAME, dated=date(2026, 3, 1)))
    sealed(inn)
    if not asked:
        with inn.engine.begin() as conn:
            conn.execute(update(tables.kept).values(request=None))
    return table


def payers(inn: Inn, table: Table) -> list[str | None]:
    """Return who paid the slips."""
    with inn.engine.connect() as conn:
        return list(conn.execute(select(table.c.payer)).scalars())


KEYS = {"type": (Uuid(), False), "parts": (Uuid(as_uuid=False), True)}
"""What a migration changes of the key -> its type, and whether it has a second part."""


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "swept"])
@pytest.mark.parametrize("change", KEYS)
def test_a_row_whose_key_has_another_form_is_not_taken_for_gone(
    inn: Inn, change: str, asked: bool
) -> None:
    """The host's migration gave the key another type, or another part: what was noted under the old
    one is not closed while the name stands there, and check says so."""
    table = slip(inn, asked)
    assert told(inn) == []
    declare(inn, slips(*KEYS[change]))
    named = ", ".join(column.name for column in inn.datamap.declared("slips").key)
    assert [(f.id, f.place, f.severity) for f in told(inn)] == [
        ("key-changed", f"slips.{named}", Severity.STOP)
    ]
    over(inn)
    (line,) = [row for row in inn.ours("kept") if row["table_name"] == "slips"]
    assert (line["ended_at"] is None) == (payers(inn, table) == [NAME])
    assert (line["ended_at"] is None) == (not asked)
    declare(inn, slips(Uuid(as_uuid=False)))
    assert told(inn) == []
    over(inn)
    assert payers(inn, table) == [None]


def regrouped(inn: Inn) -> None:
    """Let people be known by their hotel as well."""
    declare(inn, Table("people", MetaData(), *(
        Column(c.name, c.type, primary_key=c.name in ("hotel", "id")) for c in PEOPLE.c
    )))  # fmt: skip


def test_erased_people_whose_key_has_another_form_are_named(inn: Inn) -> None:
    """Who was erased counts as living where their tombstone is found by no key: a warning, for
    where the host has no such row nothing is wrong."""
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.subject).values({**tombstone("people"), "row_key": "int:7"}))
    assert told(inn) == []
    regrouped(inn)
    assert [(f.place, f.severity) for f in told(inn)] == [("people.id, hotel", Severity.WARN)]
    assert "years after" in told(inn)[0].hint
    kept.note(inn.engine, "people", "int:7", "[]")
    (found,) = told(inn)
    assert (found.severity, found.message.split()[0]) == (Severity.STOP, "1")


def test_people_who_were_not_erased_are_not_named(inn: Inn) -> None:
    """A request was refused or withdrawn: nobody lies there whom anything would take for living."""
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.subject).values({**tombstone("people"), "erased_at": None}))
    regrouped(inn)
    assert told(inn) == []


def test_people_whose_rows_went_whole_are_not_named(inn: Inn) -> None:
    """No row is left of them that could count as anybody's."""
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.subject).values(tombstone("people")))
    assert len(told(inn)) == 1
    table, policy = inn.datamap.declared("people").table, inn.datamap.declared("people").policy
    columns = {**policy.columns, "visa": redact}
    inn.datamap = resolve(
        [(table, replace(policy, columns=columns, rows=RowRule.DELETE))], [table], []
    )
    assert told(inn) == []


def test_a_table_that_is_not_there_is_not_asked_for_its_keys(inn: Inn) -> None:
    """It is named as missing; what is noted of it is not looked at."""
    sealed(inn)
    BILLS.drop(inn.engine)
    assert told(inn) == []


def test_the_look_for_who_is_back_passes_over_keys_of_another_form(inn: Inn) -> None:
    """Who went by day was known by a text, and tokens know people now: nobody is taken for them."""
    policy, id = inn.datamap.declared("people").policy, Column("id", Uuid(), primary_key=True)
    others = (Column(c.name, c.type, nullable=c.nullable) for c in PEOPLE.c if c.name != "id")
    table = Table("people", MetaData(), id, *others)
    inn.datamap = resolve([(table, policy)], [table], [])
    with inn.engine.begin() as conn:
        conn.execute(delete(PEOPLE))
        conn.execute(insert(tables.subject).values(tombstone("people")))
    assert refilled.look(inn.run, Shift()) == {}


def tombstone(table: str) -> dict[str, Any]:
    """Return what is noted of somebody who went by day, long ago, under a text."""
    return {
        "request": people.EXPIRED, "table_name": table, "row_key": f"str:{TOKEN}",
        "standing": "taken", "why": "expired", "erased_at": datetime(2010, 1, 1),
    }  # fmt: skip


@pytest.mark.parametrize("change", KEYS)
def test_a_tombstone_whose_key_has_another_form_ends_at_its_age(inn: Inn, change: str) -> None:
    """Nobody can say whether its row is there; noted for ever, so that check would warn for ever,
    it is not. A younger one stays, also where the key says who it was."""
    slip(inn, True)
    young = {**tombstone("slips"), "request": bygone.ENDED, "erased_at": datetime(2026, 1, 1)}
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.subject), [tombstone("slips"), young])
    declare(inn, slips(*KEYS[change]))
    inn.run(lambda office: tombstones.LOOKUPS["subject"](office.work, 0))
    left = {row["request"] for row in inn.ours("subject") if row["table_name"] == "slips"}
    assert left == {bygone.ENDED}
    inn.later(days=4 * 366)
    inn.run(lambda office: tombstones.LOOKUPS["subject"](office.work, 0))
    assert "slips" not in {row["table_name"] for row in inn.ours("subject")}


def test_a_young_tombstone_stays_whose_key_said_who_it_was(inn: Inn) -> None:
    """The host may give the key its form back, as check says; its age ends it otherwise."""
    table = Table(
        "slips", MetaData(), Column("guest", Integer, primary_key=True),
        Column("id", String(80), primary_key=True), Column("payer", String(80)),
    )  # fmt: skip
    policy = Policy({"id": redact, "payer": redact}, via=Equal({"guest": "id"}, to="people"))
    people_, known = inn.datamap.declared("people"), (table, policy)
    table.create(inn.engine)
    inn.datamap = resolve([(people_.table, people_.policy), known], [people_.table, table], [])
    assert "slips" in revealing(inn.datamap)
    young = {**tombstone("slips"), "erased_at": inn.now.replace(tzinfo=None)}
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.subject).values(young))
    for days, left in ((0, 1), (4 * 366, 0)):
        inn.later(days=days)
        inn.run(lambda office: tombstones.LOOKUPS["subject"](office.work, 0))
        assert len(inn.ours("subject")) == left


def test_the_word_that_something_was_sealed_ends_under_a_key_of_another_form(inn: Inn) -> None:
    """As it does where the host's row is gone."""
    slip(inn, True)
    note = {"mode": "sealed", "ended_at": datetime(2010, 1, 1)}
    kept.note(inn.engine, "slips", f"str:{TOKEN}", "[]", **note)
    for form, left in ((slips(Uuid(as_uuid=False)), 1), (slips(Uuid()), 0)):
        declare(inn, form)
        inn.run(lambda office: tombstones.LOOKUPS["sealed"](office.work, 0))
        assert len([row for row in inn.ours("kept") if row["mode"] == "sealed"]) == left


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside-kept"])
def test_open_requests_under_keys_of_another_form_are_counted(inn: Inn, beside: bool) -> None:
    """Whoever was asked for before the key changed is found by it no more: check says how many open
    requests that is, whatever else is noted of the table, until they have ended."""
    inn.person(2, date(2026, 3, 1))
    numbers = [inn.approved(email=f"p{id}@mail.example") for id in (1, 2)]
    if beside:
        kept.note(inn.engine, "people", "int:7", "[]")
    assert told(inn) == []
    regrouped(inn)
    for left, number in zip((2, 1), numbers, strict=True):
        *others, found = told(inn)
        assert len(others) == beside
        assert (found.place, found.severity) == ("people.id, hotel", Severity.STOP)
        assert found.message.startswith(f"{left} open requests")
        inn.run(partial(_withdraw, number))
    assert len(told(inn)) == beside


def _withdraw(number: str, office: Office) -> None:
    office.withdraw(number)
