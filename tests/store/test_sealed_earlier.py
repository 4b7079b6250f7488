"""What an earlier erasure sealed of a guest's rows stays of their later request as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import keep, redact, retain
from flask_guesterase.store import worker
from flask_guesterase.store.executing import expiry, finishing, redating, settling
from flask_guesterase.store.mapping.datamap import resolve
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
