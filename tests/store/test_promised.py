"""A replay takes nothing that an erasure kept by a rule which the restored database forgot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from flask_guesterase.core.period import Period
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import keep, null, redact, retain
from flask_guesterase.store import worker
from flask_guesterase.store.certificates import planning
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.returning import promised
from flask_guesterase.store.returning.replay import Survey, replay
from tests.store.test_expiry import BILLS, COPIED, COPIES, METADATA, PEOPLE, Inn, copies, declare
from tests.store.test_outbox import render
from tests.store.test_unplaced import backup, restore

OVER = date(2025, 1, 1)
"""A stay of which the register's year is over, and five years are not."""


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Inn]:
    """An inn with a register of erasures, on each of the three engines in turn."""
    made = registered(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """The same on SQLite."""
    made = registered(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def registered(url: str, folder: Path, kind: type[Inn] = Inn) -> Inn:
    """Return an inn with a register of erasures, where two people decide about the law."""
    made = kind(url, folder)
    made.settings = replace(made.settings, register=str(folder / "register"))
    made.grants["second"].add("law")
    return made


def lengthen(
    inn: Inn, category: str = "guest_register", clock: str = "last_activity", code: str = "sh"
) -> None:
    """Let two people set a period of five years."""
    said = House(category, (clock,), "minutes of today", Period(years=5))
    id = inn.run(lambda office: office.house_period(code, said, "officer"))
    inn.run(lambda office: office.confirm_house(id, "second"))


def replayed(inn: Inn, copy: str) -> Survey:
    """Put the copy in the place of the database and replay once; it has caught up then."""
    restore(inn, copy)
    done = replay(inn.run)
    assert (done.restored, done.problems) == (False, ())
    return done


def asked(inn: Inn) -> list[tuple[str, str, str]]:
    """Return key, why and state of the rows that wait for a person."""
    rows: list[dict[str, Any]] = inn.run(lambda office: office.returns(None, "replay"))
    return [(row["key"], row["why"], row["state"]) for row in rows]


def theirs(inn: Inn) -> None:
    """Let staff say of the row that waits that it is the guest's, and the worker go round."""
    (row,) = inn.run(lambda office: office.returns(None, "replay"))
    inn.run(lambda office: office.settle_return(row["id"], "clerk", theirs=True))
    assert worker.work(inn.run, render, {}).problems == {}


def test_what_a_period_of_after_the_copy_kept_waits_until_it_is_set_again(any_inn: Inn) -> None:
    """The certificate names its day; the copy knows a rule by which it is over (P3)."""
    inn = any_inn
    inn.person(1, OVER)
    with backup(inn) as copy:
        lengthen(inn)
        number = inn.approved(email="p1@mail.example")
        inn.erased(number)
        assert [each["until"] for each in inn.content(number)["stays"]] == ["2030-01-01"]
        before = inn.read(PEOPLE)
        assert (before["name"], before["visa"]) == ("[erased]", "V1")
        assert "erased" not in replayed(inn, copy).counts
        assert inn.read(PEOPLE)["visa"] == "V1"
        assert asked(inn) == [("int:1", "legal-duty", "staff")]
        lengthen(inn)
        theirs(inn)
        assert inn.read(PEOPLE) == before
        assert asked(inn) == []
        worker.work(inn.run, render, {})
        assert inn.state(number) == "sealed"
        assert [each["until"] for each in inn.ours("kept")] == ["2030-01-01"]


def test_who_says_that_it_is_theirs_does_not_end_what_two_people_made_longer(
    inn: Inn
) -> None:
    """One person says whose a row is; that nothing keeps it any more takes a request (P11)."""
    inn.person(1, OVER)
    with backup(inn) as copy:
        lengthen(inn)
        inn.erased(inn.approved(email="p1@mail.example"))
        replayed(inn, copy)
        theirs(inn)
        assert inn.read(PEOPLE)["visa"] == "V1"
        assert asked(inn) == [("int:1", "not-decided", "staff")]


def test_who_had_to_be_judged_after_a_replay_is_told_of_the_duty_first(inn: Inn) -> None:
    """A mailbox that changed makes it a question whose the row is, and not until when it stays."""
    inn.person(1, OVER)
    with backup(inn) as copy:
        lengthen(inn)
        inn.erased(inn.approved(email="p1@mail.example"))
        restore(inn, copy)
        inn.set(PEOPLE, 1, email="p9@mail.example")
        assert replay(inn.run).counts["ask"] == 1
        theirs(inn)
        assert asked(inn) == [("int:1", "legal-duty", "staff")]
        lengthen(inn)
        theirs(inn)
        assert (inn.read(PEOPLE)["email"], inn.read(PEOPLE)["visa"]) == (None, "V1")


def test_of_those_whose_time_was_over_together_only_who_has_something_to_keep_waits(
    inn: Inn
) -> None:
    """They stand in one line of the register and have nothing to do with each other."""
    inn.person(1, date(2022, 1, 1))
    inn.person(2, date(2022, 1, 1), visa=None)
    with backup(inn) as copy:
        lengthen(inn)
        assert expiry.expire(inn.run)["people"] == 2
        assert inn.read(PEOPLE)["visa"] == "V1"
        replayed(inn, copy)
        assert (inn.read(PEOPLE, 1)["name"], inn.read(PEOPLE, 1)["visa"]) == ("Ann Berg", "V1")
        assert inn.read(PEOPLE, 2)["name"] == "[erased]"
        assert asked(inn) == [("int:1", "legal-duty", "staff")]


def test_a_row_of_which_something_was_kept_is_not_deleted(inn: Inn) -> None:
    """By the rules of the copy all of it has had its time, and it would go whole."""
    declare(inn, Policy({"bytes": retain("invoice_accounting", then=null), "name": null}, **COPIED))
    inn.person(1, OVER, visa=None)
    with inn.engine.begin() as conn:
        COPIES.create(conn)
        conn.execute(insert(COPIES).values(
            id=1, guest=1, bytes="x", name="Ann Berg", dated=date(2023, 1, 1)
        ))  # fmt: skip
    with backup(inn) as copy:
        lengthen(inn, "invoice_accounting", "document")
        inn.erased(inn.approved(email="p1@mail.example"))
        assert copies(inn) == [("x", None)]
        replayed(inn, copy)
        assert copies(inn) == [("x", "Ann Berg")]
        assert asked(inn) == [("int:1", "legal-duty", "staff")]


@pytest.mark.parametrize("known", [True, False])
def test_what_a_rule_kept_that_the_copy_knows_goes_when_it_has_ended(
    inn: Inn, known: bool
) -> None:
    """The fifth year is over since: a copy of before the period cannot tell."""
    inn.person(1, date(2021, 3, 11))
    if known:
        lengthen(inn)
    with backup(inn) as copy:
        if not known:
            lengthen(inn)
        inn.erased(inn.approved(email="p1@mail.example"))
        assert inn.read(PEOPLE)["visa"] == "V1"
        inn.later(days=1, hours=3)
        replayed(inn, copy)
        assert inn.read(PEOPLE)["visa"] == (None if known else "V1")


def test_what_the_law_keeps_still_is_kept_again_at_once(inn: Inn) -> None:
    """Under a rule that the copy knows nobody is asked."""
    inn.person(1, date(2025, 12, 1))
    with backup(inn) as copy:
        number = inn.approved(email="p1@mail.example")
        inn.erased(number)
        before = inn.read(PEOPLE)
        assert replayed(inn, copy).counts["erased"] == 1
        assert inn.read(PEOPLE) == before
        assert asked(inn) == []


LONG_AGO = date(2010, 1, 1)


def bills(inn: Inn) -> list[str | None]:
    """Return who pays the two bills."""
    return [inn.read(BILLS, id)["payer"] for id in (1, 2)]


def test_of_two_bills_only_the_one_without_a_date_stays_again(any_inn: Inn) -> None:
    """No rule changed: that nobody knows the day of one is known of the copy as well."""
    inn = any_inn
    inn.person(1, OVER)
    inn.bill(1, one=1, dated=LONG_AGO)
    inn.bill(2, one=1, dated=None)
    with backup(inn) as copy:
        inn.erased(inn.approved(email="p1@mail.example"))
        before = bills(inn)
        assert before[0] != before[1] == "Ann Berg"
        assert replayed(inn, copy).counts["erased"] == 1
        assert (bills(inn), asked(inn)) == (before, [])


@pytest.mark.parametrize("changed", [1, 2])
def test_of_two_whom_a_request_erased_one_tells_what_rule_kept_something_of_the_other(
    inn: Inn, changed: int
) -> None:
    """Whose mailbox changed is judged by a person, and alone; each has one of the two bills."""
    for id, day in ((1, LONG_AGO), (2, None)):
        inn.person(id, OVER, email="ann@mail.example")
        inn.bill(id, one=id, dated=day)
    with backup(inn) as copy:
        inn.erased(inn.approved(email="ann@mail.example"))
        before = bills(inn)
        assert before[0] != before[1] == "Ann Berg"
        restore(inn, copy)
        inn.set(PEOPLE, changed, email="p9@mail.example")
        done = replay(inn.run)
        assert (done.counts["ask"], done.counts["erased"]) == (1, 1)
        assert [key for key, *_ in asked(inn)] == [f"int:{changed}"]
        theirs(inn)
        assert (bills(inn), asked(inn)) == (before, [])


def test_the_register_is_read_once_for_all_that_staff_settled(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grows with every erasure there ever was, and each row is locked while it is judged."""
    for id in (1, 2, 3):
        inn.person(id, OVER, email="ann@mail.example")
    with backup(inn) as copy:
        inn.erased(inn.approved(email="ann@mail.example"))
        restore(inn, copy)
        for id in (1, 2, 3):
            inn.set(PEOPLE, id, email=f"p{id}@mail.example")
        assert replay(inn.run).counts["ask"] == 3
        for row in inn.run(lambda office: office.returns(None, "replay")):
            inn.run(lambda office, row=row: office.settle_return(row["id"], "clerk", theirs=True))
        read = []
        recall = promised.recall
        monkeypatch.setattr(
            promised, "recall", lambda *said: read.append(said) or recall(*said)
        )
        worker.work(inn.run, render, {})
        assert [inn.read(PEOPLE, id)["name"] for id in (1, 2, 3)] == ["[erased]"] * 3
        assert len(read) == 1
        worker.work(inn.run, render, {})
        assert len(read) == 1


def test_what_is_kept_of_a_request_is_looked_for_once_for_all_that_staff_settled(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan of all of its people is drawn when the first is judged, and serves the others."""
    for id in (1, 2, 3, 4):
        inn.person(id, OVER, email="ann@mail.example")
        inn.bill(id, one=id, dated=None if id == 4 else LONG_AGO)
    with backup(inn) as copy:
        inn.erased(inn.approved(email="ann@mail.example"))
        restore(inn, copy)
        for id in (1, 2, 3):
            inn.set(PEOPLE, id, email=f"p{id}@mail.example")
        replay(inn.run)
        for row in inn.run(lambda office: office.returns(None, "replay")):
            inn.run(lambda office, row=row: office.settle_return(row["id"], "clerk", theirs=True))
        drawn, plan = [], planning.plan
        monkeypatch.setattr(
            planning, "plan",
            lambda work, scope, *more: drawn.append(len(scope.people)) or plan(work, scope, *more),
        )  # fmt: skip
        worker.work(inn.run, render, {})
        assert [inn.read(PEOPLE, id)["name"] for id in (1, 2, 3)] == ["[erased]"] * 3
        assert sorted(drawn) == [1, 1, 1, 4]


class Roles(Inn):
    """An inn of which the register's period depends on what a guest was; the mailbox tells it."""

    pack = Inn.pack.replace('floor = "P1Y"', 'floor = "P1Y"\nwhen = { role = "main" }', 1)


def roles(url: str, folder: Path) -> Inn:
    """Return that inn with four guests whose time is over; of the last nobody knows enough."""
    inn = registered(url, folder, Roles)
    people = Policy(
        {
            "hotel": keep("which house"), "name": redact, "email": keep("statistics"),
            "visa": retain("guest_register"), "seen": keep("statistics"),
        },
        subject=Subject(match=["name"], name="name", contact=["name"], property="hotel"),
        category="reservation", clock={"last_activity": "seen"}, facts={"role": "email"},
    )  # fmt: skip
    paid = Policy(
        {
            "payer": retain("invoice_accounting"), "scan": null, "letter": null,
            "role": null, "dated": keep("statistics"), "other": keep("statistics"),
        },
        via={Equal({"one": "id"}, to="people"): []}, clock="dated",
    )  # fmt: skip
    inn.datamap = resolve([(PEOPLE, people), (BILLS, paid)], [*METADATA.tables.values()], [])
    for id in (1, 2, 3, 4):
        role = None if id == 4 else "main"
        inn.person(id, date(2022, 1, 1), name=f"Ann Berg {id}", email=role)
    return inn


def visas(inn: Inn) -> list[str | None]:
    """Return the visas of the four."""
    return [inn.read(PEOPLE, id)["visa"] for id in (1, 2, 3, 4)]


def test_who_was_ended_with_somebody_of_whom_nobody_knows_enough_is_ended_again(
    sqlite_url: str, tmp_path: Path
) -> None:
    """They stand in one line, and no rule changed."""
    inn = roles(sqlite_url, tmp_path)
    with backup(inn) as copy:
        assert expiry.expire(inn.run)["people"] == 4
        assert visas(inn) == [None, None, None, "V1"]
        assert replayed(inn, copy).counts["erased"] == 1
        assert (visas(inn), asked(inn)) == ([None, None, None, "V1"], [])
    inn.engine.dispose()


def test_of_them_only_who_had_something_by_a_forgotten_period_waits(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One by one a rule is known by what it keeps of another of the same line."""
    inn = roles(sqlite_url, tmp_path)
    inn.bill(1, one=1, dated=date(2023, 1, 1))
    with backup(inn) as copy:
        lengthen(inn, "invoice_accounting", "document")
        assert expiry.expire(inn.run)["people"] == 4
        assert (inn.read(BILLS)["payer"], visas(inn)) == ("Ann Berg", [None, None, None, "V1"])
        replayed(inn, copy)
        assert asked(inn) == [("int:1", "legal-duty", "staff")]
        assert (inn.read(BILLS)["payer"], visas(inn)) == ("Ann Berg", ["V1", None, None, "V1"])
    inn.engine.dispose()


def grouped(inn: Inn, folder: Path, floor: str) -> None:
    """Let an inn have a house in another country, where bills are kept for this long."""
    file = folder / "AU.toml"
    there = inn.pack.replace("NZ", "AU").replace("New Zealand", "Australia")
    there = there.replace('floor = "P2Y"', f'floor = "{floor}"', 1)
    file.write_text(there, encoding="utf-8")
    other = replace(inn.settings.properties["sh"], code="mu", country="AU")
    inn.settings = replace(
        inn.settings, packs=(*inn.settings.packs, str(file)),
        properties={**inn.settings.properties, "mu": other},
    )  # fmt: skip
    paid = Policy(
        {
            "payer": retain("invoice_accounting"), "scan": null, "letter": null,
            "role": keep("which house"), "dated": keep("statistics"),
        },
        via={Equal({"one": "id"}, to="people"): []}, clock="dated", place="role",
    )  # fmt: skip
    people = PEOPLE, inn.datamap.tables["people"].policy
    inn.datamap = resolve([people, (BILLS, paid)], [*METADATA.tables.values()], [])
    inn.may = lambda who, may, _: may in inn.grants.get(who, ())  # type: ignore[method-assign]
    inn.run(lambda office: office.sign_pack("AU", "officer"))
    inn.person(1, OVER)


@pytest.mark.parametrize("over", [False, True])
def test_what_the_law_of_another_country_kept_is_no_forgotten_rule(
    inn: Inn, tmp_path: Path, over: bool
) -> None:
    """Of one guest a bill had its time under one law, and one stays a day longer elsewhere."""
    grouped(inn, tmp_path, "P9Y")
    inn.bill(1, one=1, dated=LONG_AGO, role="sh")
    inn.bill(2, one=1, dated=date(2017, 3, 11), role="mu")
    with backup(inn) as copy:
        inn.erased(inn.approved(email="p1@mail.example"))
        gone = bills(inn)[0]
        assert bills(inn) == [gone, "Ann Berg"] != ["Ann Berg", "Ann Berg"]
        if over:
            inn.later(days=1, hours=3)
        assert replayed(inn, copy).counts["erased"] == 1
        assert bills(inn) == [gone, gone if over else "Ann Berg"]
        assert asked(inn) == []


@pytest.mark.parametrize("beside", [False, True])
def test_a_period_that_the_copy_knows_of_another_house_is_forgotten_at_this_one(
    inn: Inn, tmp_path: Path, beside: bool
) -> None:
    """It has the same word at both, and at both a bill was kept by it; one beside them went."""
    grouped(inn, tmp_path, "P2Y")
    lengthen(inn, "invoice_accounting", "document", "mu")
    for id, place in ((1, "sh"), (2, "mu")):
        inn.bill(id, one=1, dated=date(2023, 1, 1), role=place)
    if beside:
        inn.bill(3, one=1, dated=date(2010, 1, 1), role="sh")
    with backup(inn) as copy:
        lengthen(inn, "invoice_accounting", "document")
        inn.erased(inn.approved(email="p1@mail.example"))
        assert bills(inn) == ["Ann Berg", "Ann Berg"]
        replayed(inn, copy)
        assert bills(inn) == ["Ann Berg", "Ann Berg"]
        assert ("int:1", "legal-duty", "staff") in asked(inn)
