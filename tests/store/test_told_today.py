"""What a guest reads of what stays is what is so today, not what was so when it was answered."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from flask_guesterase.core.agenda import Moment
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.period import Period
from flask_guesterase.core.plan import LEGAL_DUTY
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.executing import finishing, forgetting, settling
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning.again import Fate, again
from tests.store.test_expiry import PACK, PEOPLE, Inn, any_inn, boxed, inn
from tests.store.test_laternotice import filed

__all__ = ["any_inn", "inn"]

REGISTER = 'floor = "P1Y"\nclock = ["last_activity"]'
VISA = ("2027-03-01", "guest_register", "Art. 2")
BILL = ("2028-03-01", "invoice_accounting", "Art. 3")


def answered(inn: Inn) -> tuple[str, str]:
    """Erase a guest of whom a visa and a bill stay; return number and case code."""
    number, code = filed(inn, dated=date(2026, 3, 1))
    inn.approve(number)
    assert inn.erased(number) == "sealed"
    return number, code


def changed(inn: Inn, old: str, new: str) -> None:
    """Change the text of the law, which somebody signs, and let a sweep look at what is kept."""
    file = inn.settings.packs[0]
    with open(file, "w", encoding="utf-8") as text:
        text.write(PACK.replace(old, new))
    with inn.begin() as office:
        office.sign_pack("NZ", "officer")
    finishing.finish(inn.run)


def stays(inn: Inn, code: str) -> list[tuple[str, str, str]]:
    """Return what the guest reads: last day, what, and the article."""
    with inn.begin() as office:
        view = office.case(code)
    assert view.answer is not None
    said = [(each.until, each.what, each.basis) for each in view.answer.stays]
    assert sorted(said) == sorted((k["until"], k["category"], k["basis"]) for k in view.kept)
    return said


def staff(inn: Inn, number: str) -> set[tuple[str, str, str, str, int]]:
    """Return what a clerk reads of what stays: how, last day, what, the article, and rows."""
    with inn.begin() as office:
        found = office.preview(number, "clerk").retain
    return {(each.outcome, each.until, each.category, each.basis, each.rows) for each in found}


def days(inn: Inn, code: str) -> dict[str, str]:
    """Return what goes on which day, as page and calendar of the case say."""
    with inn.begin() as office:
        found = office.milestones(code)
    return {each.what: each.day.isoformat() for each in found if each.moment is Moment.STAYS}


def test_a_floor_that_a_law_made_longer_is_told_with_its_new_day(inn: Inn) -> None:
    """The day that was answered is past by then, and nothing has gone."""
    number, code = answered(inn)
    assert stays(inn, code) == [VISA, BILL]
    assert staff(inn, number) == {("retain", *VISA, 1), ("retain", *BILL, 1)}
    assert days(inn, code) == {"guest_register": VISA[0], "invoice_accounting": BILL[0]}
    changed(inn, REGISTER, REGISTER.replace("P1Y", "P5Y"))
    inn.later(days=400)
    finishing.finish(inn.run)
    assert stays(inn, code) == [BILL, ("2031-03-01", *VISA[1:])]
    assert staff(inn, number) == {("retain", "2031-03-01", *VISA[1:], 1), ("retain", *BILL, 1)}
    assert days(inn, code) == {"guest_register": "2031-03-01", "invoice_accounting": BILL[0]}


def test_a_day_that_the_house_set_since_is_told(any_inn: Inn) -> None:
    """Where the law gives no number nobody knew the day when it was answered: two people do now.

    That they gave the number takes nothing from the article, which wants it kept.
    """
    inn = any_inn
    unknown = REGISTER.replace('floor = "P1Y"', "floor_unknown = true")
    changed(inn, REGISTER, unknown)
    boxed(inn)
    _, code = answered(inn)
    assert stays(inn, code) == [BILL, ("", *VISA[1:])]
    house = House("guest_register", ("last_activity",), "minutes of today", Period(years=3))
    proposed = inn.run(lambda office: office.house_period("sh", house, "officer"))
    inn.run(lambda office: office.confirm_house(proposed, "second"))
    finishing.finish(inn.run)
    assert stays(inn, code) == [BILL, ("2029-03-01", *VISA[1:])], "the law is still the reason"
    assert days(inn, code) == {"guest_register": "2029-03-01", "invoice_accounting": BILL[0]}


def test_what_stays_of_somebody_who_is_back_is_counted_once(any_inn: Inn) -> None:
    """Erased again under the same request, the visa and the bill are the rows they were."""
    inn = any_inn
    number, code = answered(inn)
    with inn.engine.begin() as conn:
        conn.execute(update(PEOPLE).values(email="p1@mail.example"))
    with inn.begin() as office:
        done = again(office.work, Origin(number, "kauri-ltd", "sh"), [(PEOPLE.name, (1,))])
    assert done.fate is Fate.ERASED
    assert staff(inn, number) == {("retain", *VISA, 1), ("retain", *BILL, 1)}
    assert stays(inn, code) == [VISA, BILL]


def test_what_has_gone_stays_no_more(inn: Inn) -> None:
    """The register's year is over, and the bill still stays: it alone is told."""
    number, code = answered(inn)
    inn.later(days=400)
    finishing.finish(inn.run)
    assert (inn.state(number), stays(inn, code)) == ("sealed", [BILL])
    assert staff(inn, number) == {("retain", *BILL, 1)}
    assert days(inn, code) == {"invoice_accounting": BILL[0]}


@pytest.mark.parametrize("sealed", [False, True], ids=["in its row", "in a box"])
def test_what_a_hold_keeps_longer_than_its_day_is_a_duty_of_law(inn: Inn, sealed: bool) -> None:
    """Nobody reads of a day that is past that something stays until then; lifted, it goes."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    if sealed:
        boxed(inn)
    number, code = answered(inn)
    way = "seal" if sealed else "retain"
    wanted = Wanted("record", "court-order", PEOPLE.name, "1", silent=True)
    hold = inn.run(lambda office: office.place_hold(wanted, "officer"))
    assert stays(inn, code) == [VISA, BILL]
    assert staff(inn, number) == {(way, *VISA, 1), ("retain", *BILL, 1)}
    inn.later(days=400)
    finishing.finish(inn.run)
    assert stays(inn, code) == [BILL, ("", LEGAL_DUTY, "")]
    assert staff(inn, number) == {("retain", "", LEGAL_DUTY, "", 1), ("retain", *BILL, 1)}
    assert days(inn, code) == {"invoice_accounting": BILL[0]}
    for by in ("officer", "second"):
        inn.run(lambda office, by=by: office.lift(hold, by))
    finishing.finish(inn.run)
    settling.settled(inn.run)
    assert stays(inn, code) == [BILL]


def told_of_copy(inn: Inn, code: str) -> tuple[str, bool, list[tuple[str, str, str]]]:
    """Return until when the guest reads that there is a safety copy, whether a day says that it
    ends, and what stays."""
    with inn.begin() as office:
        answer = office.case(code).answer
        moments = {each.moment for each in office.milestones(code)}
    assert answer is not None
    said = [(each.until, each.what, each.basis) for each in answer.stays]
    return answer.copy_until, Moment.SAFETY in moments, said


def test_a_safety_copy_that_a_hold_keeps_is_not_said_to_be_gone(inn: Inn) -> None:
    """The guest was told that after its day nobody can open it: once that is past and somebody
    still can, a duty of law is told instead, and nothing before. Lifted, it is gone."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    _, code = answered(inn)
    wanted = Wanted("record", "court-order", PEOPLE.name, "1", silent=True)
    hold = inn.run(lambda office: office.place_hold(wanted, "officer"))
    before = told_of_copy(inn, code)
    assert before == ("2026-03-17", True, [VISA, BILL])
    inn.later(days=7)
    forgetting.forget(inn.run)
    assert told_of_copy(inn, code) == before
    inn.later(days=2)
    forgetting.forget(inn.run)
    assert told_of_copy(inn, code) == ("", False, [VISA, BILL, ("", LEGAL_DUTY, "")])
    assert [r["purpose"] for r in inn.ours("box") if r["label"] == f"hold:{hold}"] == ["recovery"]
    for by in ("officer", "second"):
        inn.run(lambda office, by=by: office.lift(hold, by))
    forgetting.forget(inn.run)
    assert told_of_copy(inn, code) == before
