"""A certificate whose days moved, or became known, gets a supplement that says them."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase import verify
from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.period import Period
from flask_guesterase.store import sweep, worker
from flask_guesterase.store.casework.cases import Case
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.executing import finishing, redating, supplementing
from flask_guesterase.store.work import Work
from tests.store.test_expiry import BILLS, PACK, PEOPLE, Inn, any_inn, boxed, inn
from tests.store.test_laternotice import filed
from tests.store.test_told_today import BILL, REGISTER, VISA, answered, changed, stays

__all__ = ["any_inn", "inn"]

UNKNOWN = REGISTER.replace('floor = "P1Y"', "floor_unknown = true")
LONGER = REGISTER.replace("P1Y", "P5Y")


def told(inn: Inn, number: str) -> list[tuple[str, str, str]]:
    """Return what stays as the newest certificate says: last day, what, and the article."""
    said = inn.content(number)["stays"]
    return sorted((each["until"], each["category"], each["basis"]) for each in said)


def house(inn: Inn, years: int = 3) -> None:
    """Let two people set a period for the register, and the next sweep look at what is kept."""
    said = House("guest_register", ("last_activity",), "minutes of today", Period(years=years))
    proposed = inn.run(lambda office: office.house_period("sh", said, "officer"))
    inn.run(lambda office: office.confirm_house(proposed, "second"))
    finishing.finish(inn.run)


def certificates(inn: Inn) -> list[dict[str, Any]]:
    """Return all certificates as they were issued, by request and number."""
    rows = sorted(inn.ours("certificate"), key=lambda row: (row["request"], row["supplement"]))
    return [json.loads(row["body"]) for row in rows]


def proved(inn: Inn, folder: Path) -> None:
    """Make sure that the journal proves itself, and each certificate its very text, offline too."""
    with inn.begin() as office:
        assert office.verify() == []
    for body in certificates(inn):
        file = folder / "certificate.json"
        file.write_text(json.dumps(body), encoding="utf-8")
        with redirect_stdout(StringIO()) as said:
            code = verify.main([str(file), "--key", inn.custodian.public_key().hex()])
        assert code == 0, said.getvalue()


@pytest.mark.parametrize("sealed", [False, True], ids=["in its row", "in a box"])
def test_a_day_that_becomes_known_is_certified(
    any_inn: Inn, sealed: bool, tmp_path: Path
) -> None:
    """Nobody knew the day; two people set a period: who has the certificate alone reads it too."""
    inn = any_inn
    changed(inn, REGISTER, UNKNOWN)
    if sealed:
        boxed(inn)
    inn.grants["second"].add("law")
    number, code = answered(inn)
    assert told(inn, number) == [("", *VISA[1:]), BILL]
    inn.later(days=1)
    assert redating.nightly(inn.run) == 0
    house(inn)
    assert redating.nightly(inn.run) == 1
    said = inn.content(number)
    assert told(inn, number) == sorted(stays(inn, code))
    assert (said["state"], said["supplement"]) == ("sealed", 1)
    assert ("2029-03-01", "guest_register") in [each[:2] for each in told(inn, number)]
    inn.later(days=1)
    assert redating.nightly(inn.run) == 0
    proved(inn, tmp_path)


def test_a_day_that_a_law_moved_is_certified(any_inn: Inn, tmp_path: Path) -> None:
    """The certificate names a day on which nothing goes any more, until a supplement follows."""
    inn = any_inn
    number, _ = answered(inn)
    assert told(inn, number) == [VISA, BILL]
    inn.later(days=1)
    changed(inn, REGISTER, LONGER)
    assert redating.nightly(inn.run) == 1
    assert told(inn, number) == [BILL, ("2031-03-01", *VISA[1:])]
    assert inn.content(number)["supplement"] == 1
    proved(inn, tmp_path)


def test_a_request_gets_one_supplement_a_day(inn: Inn) -> None:
    """What moved twice on one day is told once that day, and as it is on the next."""
    number, _ = answered(inn)
    changed(inn, REGISTER, LONGER)
    assert redating.nightly(inn.run) == 0, "the certificate itself is of today"
    inn.later(days=1)
    assert redating.nightly(inn.run) == 1
    changed(inn, REGISTER, REGISTER.replace("P1Y", "P6Y"))
    assert redating.nightly(inn.run) == 0
    assert told(inn, number) == [BILL, ("2031-03-01", *VISA[1:])]
    inn.later(days=1)
    assert redating.nightly(inn.run) == 1
    assert told(inn, number) == [BILL, ("2032-03-01", *VISA[1:])]
    assert len(certificates(inn)) == 3


def test_many_rows_of_a_request_are_one_supplement(inn: Inn) -> None:
    """Ten bills whose day moves are told together, by class."""
    inn.person(1, date(2026, 3, 1))
    for id in range(1, 11):
        inn.bill(id, one=1, dated=date(2026, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    inn.later(days=1)
    changed(inn, 'floor = "P2Y"\nclock = ["document"]', 'floor = "P4Y"\nclock = ["document"]')
    assert redating.nightly(inn.run) == 1
    (bills,) = (s for s in inn.content(number)["stays"] if s["table"] == BILLS.name)
    assert (bills["rows"], bills["until"]) == (10, "2030-03-01")
    assert len(certificates(inn)) == 2


def redated(inn: Inn, many: int) -> list[str]:
    """Return the requests of people of whom something stays longer than their certificate says."""
    numbers = []
    for id in range(1, many + 1):
        inn.person(id, date(2026, 3, 1))
        numbers.append(inn.approved(email=f"p{id}@mail.example"))
        assert inn.erased(numbers[-1]) == "sealed"
    inn.later(days=1)
    changed(inn, REGISTER, LONGER)
    return numbers


def test_a_sweep_goes_on_where_the_last_one_ended(
    inn: Inn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bounded slice each night: every request gets its turn, and each gets one supplement."""
    for name, value in (("TOGETHER", 2), ("LOOKS", 2), ("MOST", 2)):
        monkeypatch.setattr(redating, name, value)
    numbers = redated(inn, 5)
    assert [redating.nightly(inn.run) for _ in range(4)] == [2, 2, 1, 0]
    assert {inn.content(number)["supplement"] for number in numbers} == {1}
    proved(inn, tmp_path)


def test_one_that_cannot_be_issued_stops_no_later_one(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night that failed at one request is no reason to stand before it the next night again."""
    monkeypatch.setattr(redating, "TOGETHER", 1)
    numbers = redated(inn, 3)
    issue = supplementing.supplement

    def fails(work: Work, case: Case) -> None:
        if case.number == numbers[0]:
            raise BusyError("Somebody holds it.", "Try again.")
        issue(work, case)

    monkeypatch.setattr(supplementing, "supplement", fails)
    with pytest.raises(BusyError):
        redating.nightly(inn.run)
    assert redating.nightly(inn.run) == 2
    monkeypatch.setattr(supplementing, "supplement", issue)
    assert redating.nightly(inn.run) == 1
    assert {inn.content(number)["supplement"] for number in numbers} == {1}


def test_a_hold_alone_brings_no_supplement(inn: Inn) -> None:
    """Where a hold keeps something beyond its day nothing is issued that says so, or each night."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    boxed(inn)
    number, _ = answered(inn)
    wanted = Wanted("record", "court-order", PEOPLE.name, "1", silent=True)
    inn.run(lambda office: office.place_hold(wanted, "officer"))
    changed(inn, REGISTER, LONGER)
    inn.later(days=6 * 366)
    finishing.finish(inn.run)
    living = [line for line in inn.ours("kept") if line["ended_at"] is None]
    assert [line["until"] for line in living] == ["2031-03-01"]
    assert redating.nightly(inn.run) == 0
    assert inn.content(number)["supplement"] == 0


def test_the_nightly_sweep_does_it(inn: Inn) -> None:
    """Nobody asks for it: what a law moved is found and certified in the same night."""
    number, _ = filed(inn, dated=date(2026, 3, 1))
    inn.approve(number)
    assert worker.carry_out(inn.run, number) == "sealed"
    inn.later(days=1)
    file = inn.settings.packs[0]
    with open(file, "w", encoding="utf-8") as text:
        text.write(PACK.replace(REGISTER, LONGER))
    with inn.begin() as office:
        office.sign_pack("NZ", "officer")
    done = sweep.sweep(inn.run, lambda *_: ("", ""), {})
    assert (done.problems, done.counts["redated"]) == ({}, 1)
    assert told(inn, number) == [BILL, ("2031-03-01", *VISA[1:])]


def test_what_is_not_complete_names_its_day_too(inn: Inn) -> None:
    """While something is left that should be gone a day moves; and complete, the day is told."""
    inn.person(1, date(2026, 3, 1))
    inn.person(2, date(2026, 3, 1))
    inn.bill(9, one=2, payer="Bo Lund", role="p1@mail.example")
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "partial"
    inn.later(days=1)
    changed(inn, REGISTER, LONGER)
    assert redating.nightly(inn.run) == 1
    assert inn.content(number)["state"] == "partial"
    assert [each[:2] for each in told(inn, number)] == [("2031-03-01", "guest_register")]
    inn.set(BILLS, 9, role="main")
    worker.look_again(inn.run, number, "clerk")
    assert inn.state(number) == "sealed"
    assert [each[:2] for each in told(inn, number)] == [("2031-03-01", "guest_register")]
