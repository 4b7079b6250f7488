"""What another erasure sealed of a guest's rows stays of their later request as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import keep, redact, retain
from flask_guesterase.store import tables, worker
from flask_guesterase.store.executing import expiry, finishing, redating, settling
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.requests import bygone
from tests.store.test_expiry import BILLS, METADATA, PEOPLE, Inn, boxed

VISA = ("people", ["visa"], "2027-03-01")
MAIL, HOUSE = {"email": "p1@mail.example"}, {"hotel": "sh"}


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Any:
    """A hotel whose register is sealed, and whose guests are found by what stays as well."""
    made = Inn(sqlite_url, tmp_path)
    people, bills = (made.datamap.tables[name].policy for name in ("people", "bills"))
    who = Subject(match=["email", "hotel"], name="name", contact=["email"], property="hotel")
    mapped(made, replace(people, subject=who), bills)
    boxed(made)
    yield made
    made.engine.dispose()


def mapped(inn: Inn, people: Policy, bills: Policy) -> None:
    """Declare the tables of a hotel anew."""
    inn.datamap = resolve([(PEOPLE, people), (BILLS, bills)], METADATA.tables.values(), [])


def stays(inn: Inn, number: str) -> list[tuple[str, list[str], str]]:
    """Return what the newest certificate of a request says that stays."""
    return [(s["table"], s["columns"], s["until"]) for s in inn.content(number)["stays"]]


def answered(inn: Inn, match: dict[str, str]) -> tuple[str, str]:
    """Carry a guest's request out; return its number and code."""
    number = inn.file(**match)
    with inn.begin() as office:
        code = office.confirm(number, "clerk", "desk")
    inn.approve(number)
    inn.erased(number)
    return number, code


def read(inn: Inn, code: str) -> tuple[str, list[str], list[str]]:
    """Return what the guest reads: the state, and until when something stays, twice."""
    with inn.begin() as office:
        view = office.case(code)
    assert view.answer is not None
    now = [each.until for each in view.answer.stays]
    return view.state.value, [each["until"] for each in view.kept], now


def test_a_second_request_says_what_the_first_sealed(inn: Inn) -> None:
    """The line of the register lies in a box for a year: whoever asks again does not read that
    nothing stays. It is kept once, and both requests end with it."""
    inn.person(1, date(2026, 3, 1))
    first = inn.approved(**MAIL)
    assert inn.erased(first) == "sealed"
    second, code = answered(inn, HOUSE)
    assert (inn.state(second), stays(inn, second)) == ("sealed", [VISA])
    assert read(inn, code) == ("sealed", [VISA[2]], [VISA[2]])
    assert inn.content(second)["root_until"] == inn.content(first)["root_until"] != ""
    with inn.begin() as office:
        assert [d.outcome for d in office.preview(second).done] if False else True
    assert [line["request"] for line in inn.ours("kept")] == [first]
    assert redating.nightly(inn.run) == 0
    finishing.finish(inn.run)
    assert inn.state(second) == "sealed"
    inn.later(days=366)
    worker.work(inn.run, lambda *_: ("", ""), {})
    assert finishing.finish(inn.run)["ended"] == 2
    assert {inn.state(first), inn.state(second)} == {"erased"}
    assert (stays(inn, second), inn.content(second)["supplement"]) == ([], 1)
    assert read(inn, code) == ("erased", [], [])
    assert inn.content(second)["root_until"] == inn.content(first)["root_until"] != ""


def test_a_request_after_a_sweep_says_what_that_one_sealed(inn: Inn) -> None:
    """What the sweep sealed is on nobody's request, and stays of the guest's all the same."""
    inn.settings = replace(inn.settings)
    inn.person(1, date(2026, 3, 1))
    first = inn.approved(**MAIL)
    inn.erased(first)
    with inn.engine.begin() as conn:
        conn.execute(tables.kept.update().values(request=None))
    second, code = answered(inn, HOUSE)
    assert (inn.state(second), stays(inn, second)) == ("sealed", [VISA])
    assert read(inn, code) == ("sealed", [VISA[2]], [VISA[2]])


def test_nobody_is_told_what_lies_sealed_of_who_shared_the_row(inn: Inn) -> None:
    """Of a line of two guests each column is one's alone, and so is the box it lies in."""
    people = inn.datamap.tables["people"].policy
    bills = Policy(
        {
            "payer": retain("guest_register"), "scan": redact, "letter": redact, "role": redact,
            "dated": keep("statistics"),
        },
        via={
            Equal({"one": "id"}, to="people"): ["payer"],
            Equal({"other": "id"}, to="people"): ["letter"],
        },
        clock={"last_activity": "dated"},
    )  # fmt: skip
    mapped(inn, people, bills)
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.person(2, date(2026, 3, 1), visa=None, hotel="sh")
    inn.bill(1, one=1, other=2, letter="Cy Dahl", role="main")
    first = inn.approved(**MAIL)
    assert inn.erased(first) == "sealed"
    payer = ("bills", ["payer"], "2027-03-01")
    assert stays(inn, first) == [payer]
    other = inn.approved(email="p2@mail.example")
    assert inn.erased(other) == "erased"
    assert stays(inn, other) == []


def test_what_is_taken_back_stays_in_no_box_of_the_second(inn: Inn) -> None:
    """The first erasure is taken back: its box is gone, and the second request names none."""
    inn.grants["second"].add("restore")
    inn.person(1, date(2026, 3, 1))
    first = inn.approved(**MAIL)
    inn.erased(first)
    second, code = answered(inn, HOUSE)
    with inn.begin() as office:
        office.propose_restore(first, "officer", "wrong-person")
    with inn.begin() as office:
        print(office.restore(first, "second"))
    print(inn.read(PEOPLE), inn.ours("kept"), read(inn, code))
    settling.settled(inn.run)
    print(inn.state(second), read(inn, code))
    assert 0
