"""What an earlier erasure sealed of a guest's rows stays of their later request as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import keep, redact, retain
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.certificates import beside, restated, staying
from flask_guesterase.store.executing import expiry, finishing, redating, settling
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.settings import Property
from tests.store.test_expiry import BILLS, METADATA, PACK, PEOPLE, Inn, boxed

VISA = ("people", ["visa"], "2027-03-01")
MAIL, AGAIN = {"email": "p1@mail.example"}, {"id": "1"}


class Found(Inn):
    """A hotel whose register is sealed, and whose guests are found by what stays as well."""

    def sealing(self, bills: Policy | None = None) -> None:
        """Let guests be found by the number of their row, and seal what the register keeps."""
        people, before = (self.datamap.tables[name].policy for name in ("people", "bills"))
        who = Subject(match=["email", "id"], name="name", contact=["email"], property="hotel")
        known = [(PEOPLE, replace(people, subject=who)), (BILLS, bills or before)]
        self.datamap = resolve(known, METADATA.tables.values(), [])
        boxed(self)

    def common(self, company: str) -> None:
        """Let a profile lie at no house, and another house of this company be there."""
        self.sealing()
        known = {name: self.datamap.tables[name].policy for name in ("people", "bills")}
        who = Subject(match=["email", "id"], name="name", contact=["email"])
        people = replace(known["people"], subject=who)
        mapped = [(PEOPLE, people), (BILLS, known["bills"])]
        self.datamap = resolve(mapped, METADATA.tables.values(), [])
        other = Property("al", "Alp", company, "NZ", "Pacific/Auckland", "en")
        houses = {**self.settings.properties, "al": other}
        self.settings = replace(self.settings, properties=houses)

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Let whoever may do something at one house do it at each."""
        return permission in self.grants.get(user, ())

    def beyond(self, match: dict[str, str]) -> str:
        """Carry a request at the other house out, a minute later; return its number."""
        self.later(minutes=1)
        with self.begin() as office:
            number = office.request(match, property="al", by="clerk")
        with self.begin() as office:
            office.confirm(number, "clerk", "desk")
        self.approve(number)
        self.erased(number)
        return number

    def answered(self, match: dict[str, str]) -> tuple[str, str]:
        """Carry a guest's request out; return its number and code."""
        number = self.file(**match)
        with self.begin() as office:
            code = office.confirm(number, "clerk", "desk")
        self.approve(number)
        self.erased(number)
        return number, code

    def stays(self, number: str) -> list[tuple[str, list[str], str]]:
        """Return what the newest certificate of a request says that stays."""
        return [(s["table"], s["columns"], s["until"]) for s in self.content(number)["stays"]]

    def told(self, code: str) -> tuple[str, list[str], list[str]]:
        """Return what the guest reads: the state, and until when something stays, twice."""
        with self.begin() as office:
            view = office.case(code)
        assert view.answer is not None
        now = [each.until for each in view.answer.stays]
        return view.state.value, [each["until"] for each in view.kept], now


class Long(Found):
    """A hotel that must keep the register longer than a profile."""

    pack = PACK.replace('floor = "P1Y"', 'floor = "P5Y"')


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Found]:
    """The hotel on SQLite."""
    made = Found(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def long(sqlite_url: str, tmp_path: Path) -> Iterator[Long]:
    """The hotel of the longer register on SQLite."""
    made = Long(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def test_a_second_request_says_what_the_first_sealed(inn: Found) -> None:
    """The line of the register lies in a box for a year: whoever asks again, and once more, does
    not read that nothing stays. It is kept once, and all requests end with it."""
    inn.sealing()
    inn.person(1, date(2026, 3, 1))
    first, _ = inn.answered(MAIL)
    for _ in range(2):
        inn.later(minutes=1)
        second, code = inn.answered(AGAIN)
        assert (inn.state(second), inn.stays(second)) == ("sealed", [VISA])
        assert inn.told(code) == ("sealed", [VISA[2]], [VISA[2]])
        assert inn.content(second)["root_until"] == inn.content(first)["root_until"] != ""
    assert [line["request"] for line in inn.ours("kept")] == [first]
    assert redating.nightly(inn.run) == 0
    finishing.finish(inn.run)
    assert inn.state(second) == "sealed"
    inn.later(days=366)
    worker.work(inn.run, lambda *_: ("", ""), {})
    assert finishing.finish(inn.run)["ended"] == 3
    assert {inn.state(first), inn.state(second)} == {"erased"}
    assert (inn.stays(second), inn.content(second)["supplement"]) == ([], 1)
    assert inn.told(code) == ("erased", [], [])
    assert inn.content(second)["root_until"] == inn.content(first)["root_until"] != ""


def test_a_request_after_a_sweep_says_what_that_one_sealed(long: Long) -> None:
    """What the sweep sealed is on nobody's request, and stays of the guest's all the same."""
    inn = long
    inn.sealing()
    inn.person(1, date(2023, 1, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert [(line["request"], line["mode"]) for line in inn.ours("kept")] == [(None, "sealed")]
    inn.later(minutes=1)
    number, code = inn.answered(AGAIN)
    assert inn.stays(number) == [("people", ["visa"], "2028-01-01")]
    assert inn.told(code) == ("sealed", ["2028-01-01"], ["2028-01-01"])


def test_nobody_is_told_what_lies_sealed_of_who_had_the_row_before(inn: Found) -> None:
    """The host writes Bea into Ann's empty row: Ann's visa lies in a box, and Bea has none. Nobody
    can tell by the row, empty once more, which of the two asks then."""
    inn.sealing()
    inn.person(1, date(2026, 3, 1))
    inn.answered(MAIL)
    inn.later(minutes=1)
    inn.set(PEOPLE, 1, name="Bea Lund", email="bea@mail.example")
    bea, code = inn.answered({"email": "bea@mail.example"})
    assert (inn.stays(bea), inn.told(code)) == ([], ("erased", [], []))
    inn.later(minutes=1)
    either, code = inn.answered(AGAIN)
    assert (inn.stays(either), inn.told(code)) == ([], ("erased", [], []))


def test_nobody_is_told_what_lies_sealed_of_who_shared_the_row(inn: Found) -> None:
    """Of a record of two guests each column is one's alone, and so is the box it lies in."""
    columns = {
        "payer": retain("guest_register"), "scan": redact, "letter": redact, "role": redact,
        "dated": keep("statistics"),
    }  # fmt: skip
    via = {
        Equal({"one": "id"}, to="people"): ["payer"],
        Equal({"other": "id"}, to="people"): ["letter"],
    }
    inn.sealing(Policy(columns, via=via, clock={"last_activity": "dated"}))
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.person(2, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, other=2, letter="Cy Dahl", role="main")
    payer, letter = ("bills", ["payer"], "2028-03-01"), ("bills", ["letter"], "")
    first, _ = inn.answered(MAIL)
    assert payer in inn.stays(first)
    inn.later(minutes=1)
    other, _ = inn.answered({"email": "p2@mail.example"})
    assert inn.stays(other) == [letter]
    inn.later(minutes=1)
    again, _ = inn.answered(AGAIN)
    assert payer in inn.stays(again)


def test_nobody_is_told_what_lies_sealed_of_who_had_the_record_before(inn: Found) -> None:
    """The host writes Ann's record anew for Bea, of whom it says no payer: Ann's lies in a box."""
    columns = {
        "payer": retain("guest_register"), "scan": redact, "letter": redact, "role": redact,
        "dated": keep("statistics"),
    }  # fmt: skip
    via: dict[Equal, list[str]] = {Equal({"one": "id"}, to="people"): []}
    inn.sealing(Policy(columns, via=via, clock={"last_activity": "dated"}))
    for each in (1, 2):
        inn.person(each, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1)
    ann, _ = inn.answered(MAIL)
    payer = ("bills", ["payer"], "2028-03-01")
    assert payer in inn.stays(ann)
    inn.later(minutes=1)
    inn.set(BILLS, 1, one=2, payer=None, letter="Bea Lund")
    for match in ({"email": "p2@mail.example"}, {"id": "2"}):
        inn.later(minutes=1)
        bea, _ = inn.answered(match)
        assert payer not in inn.stays(bea)


def test_who_had_one_empty_row_was_not_in_each_that_went_with_it(inn: Found) -> None:
    """Bea asks of her own empty row, and of Ann's, into which she came since: what is told of hers
    does not say that nobody else was in Ann's."""
    inn.sealing()
    bea = {"name": "Bea Lund", "email": "bea@mail.example"}
    inn.person(1, date(2026, 3, 1), **bea)
    inn.person(2, date(2026, 3, 1))
    for each in ("1", "2"):
        inn.later(minutes=1)
        inn.answered({"id": each})
    inn.set(PEOPLE, 2, **bea)
    inn.later(minutes=1)
    both = inn.file(email=bea["email"], id="1")
    with inn.begin() as office:
        office.confirm(both, "clerk", "desk")
    with inn.begin() as office:
        for row in office.preview(both).perhaps:
            office.take(both, row.id, "clerk")
    inn.approve(both)
    assert inn.erased(both) == "sealed"
    assert inn.stays(both) == [VISA]
    inn.later(minutes=1)
    again, _ = inn.answered({"id": "2"})
    assert inn.stays(again) == []


def test_nobody_is_told_what_a_sweep_sealed_of_who_had_the_row_before(long: Long) -> None:
    """A sweep's tombstone says when it was there last, not that it came for two, one by one."""
    inn = long
    inn.sealing()
    inn.person(1, date(2023, 1, 1))
    assert expiry.expire(inn.run)["people"] == 1
    inn.later(minutes=1)
    inn.set(PEOPLE, 1, name="Bea Lund", email="bea@mail.example")
    assert expiry.expire(inn.run)["people"] == 1
    inn.later(minutes=1)
    either, code = inn.answered(AGAIN)
    assert (inn.stays(either), inn.told(code)) == ([], ("erased", [], []))


def test_another_controller_is_not_told_what_one_sealed(inn: Found) -> None:
    """A profile that lies at no house is common to two companies: each answers for its own box."""
    inn.common("Alp Ltd")
    inn.person(1, date(2026, 3, 1))
    first, _ = inn.answered(MAIL)
    assert [named for _, named, _ in inn.stays(first)] == [["visa"]]
    number = inn.beyond(AGAIN)
    assert (inn.state(number), inn.stays(number)) == ("erased", [])


def test_a_column_of_that_name_says_nothing(inn: Found) -> None:
    """A request that decided about a table or column called like our words is none that has it."""
    inn.sealing()
    inn.person(1, date(2026, 3, 1))
    number, _ = inn.answered(MAIL)
    said = '{"did":[{"columns":["shells"],"outcome":"overwrite","table":"beside"}]}'
    with inn.engine.begin() as conn:
        conn.execute(update(tables.request).values(decisions=said))
    assert inn.run(lambda office: beside.known(office.work, [number])) == {}
    assert inn.run(lambda office: beside.empty(office.work, [number])) == set()


def test_each_that_ends_with_anothers_box_is_a_transaction(inn: Found) -> None:
    """However many asked again: one by one, so that no writer waits for all of them."""
    inn.sealing()
    inn.person(1, date(2026, 3, 1))
    inn.answered(MAIL)
    for _ in range(2):
        inn.later(minutes=1)
        inn.answered(AGAIN)
    inn.later(days=366)
    worker.work(inn.run, lambda *_: ("", ""), {})
    issued = [len(inn.ours("certificate"))]

    def run(unit: Any) -> Any:
        done = inn.run(unit)
        issued.append(len(inn.ours("certificate")))
        return done

    assert settling.settled(run)["ended"] == 3
    assert max(after - before for before, after in pairwise(issued)) == 1


def test_a_house_that_was_taken_out_stops_no_other(inn: Found) -> None:
    """Who asked again at a house that was sold waits; whoever asked here ends all the same."""
    inn.common("Kauri Ltd")
    inn.person(1, date(2026, 3, 1))
    first, _ = inn.answered(MAIL)
    number = inn.beyond(AGAIN)
    assert inn.state(number) == "sealed"
    (box,) = [line["id"] for line in inn.ours("box") if line["purpose"] == "retention"]
    both = inn.settings
    here = {"sh": both.properties["sh"]}
    inn.settings = replace(both, properties=here)
    with inn.begin() as office:
        vault.empty(office.work.conn, [box], office.work.stamp)
    settling.settled(inn.run)
    assert [line["state"] for line in inn.ours("request")] == ["erased", "sealed"]
    inn.settings = both
    settling.settled(inn.run)
    assert (inn.state(first), inn.state(number)) == ("erased", "erased")


def test_more_boxes_than_a_statement_names(postgresql_url: str, tmp_path: Path) -> None:
    """Of an agency's seventy thousand lines of the register, PostgreSQL takes less at once."""
    inn = Inn(postgresql_url, tmp_path)
    boxes = [f"b{each:032x}" for each in range(70_000)]
    with inn.begin() as office:
        assert staying.held_keys(office.work, "GR-NONE", boxes) == []
        known = {"did": [], beside.BESIDE: boxes}
        assert restated.restated(office.work, "GR-NONE", known) == known
    inn.engine.dispose()


def test_what_is_taken_back_stays_in_no_box_of_the_second(inn: Found) -> None:
    """The first erasure is taken back and its box is gone: the second request names none. Taken
    back itself, the second leaves the box of the first alone."""
    inn.sealing()
    inn.person(1, date(2026, 3, 1))
    first, code = inn.answered(MAIL)
    inn.later(minutes=1)
    second, again = inn.answered(AGAIN)
    for number, reads in ((second, code), (first, again)):
        with inn.begin() as office:
            office.propose_restore(number, "officer", "wrong-person")
        with inn.begin() as office:
            assert office.restore(number, "second").restored
        if number == second:
            assert inn.told(reads) == ("sealed", [VISA[2]], [VISA[2]])
    assert inn.read(PEOPLE)["visa"] == "V1"
    settling.settled(inn.run)
    with inn.begin() as office:
        assert office.case(again).kept == ()


@pytest.mark.parametrize("again", [False, True], ids=["the first time", "again"])
def test_an_erasure_asks_once_who_was_erased_before(
    sqlite_url: str, tmp_path: Path, again: bool
) -> None:
    """What it says of an earlier one, and which marks it writes anew, is told by one statement."""
    inn = Found(sqlite_url, tmp_path)
    inn.sealing()
    inn.person(1, date(2026, 3, 1))
    if again:
        assert inn.erased(inn.approved(**MAIL)) == "sealed"
    number = inn.approved(**(AGAIN if again else MAIL))
    said = list[str]()

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        said.append(statement)

    event.listen(inn.engine, "before_cursor_execute", note)
    with inn.begin() as office:
        office.erase(number)
    event.remove(inn.engine, "before_cursor_execute", note)
    buried = "FROM guesterase_subject WHERE guesterase_subject.table_name = ?"
    asked = [each for each in said if buried in " ".join(each.split()) and "erased_at" in each]
    assert len(asked) == 1
