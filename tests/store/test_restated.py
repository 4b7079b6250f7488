"""What a request did and keeps, as it is today: on the pages, and in each certificate anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core import rotation
from flask_guesterase.core.certificate import Level
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.plan import LEGAL_DUTY
from flask_guesterase.store import tables, worker
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.certificates.reply import certified
from flask_guesterase.store.depth import deepening
from flask_guesterase.store.executing import finishing, forgetting, settling, supplementing
from tests import engines
from tests.store.test_expiry import BILLS, PEOPLE, Inn, any_inn, boxed, inn
from tests.store.test_laternotice import filed
from tests.store.test_physical import keeping_scrub, patiently
from tests.store.test_told_today import BILL, REGISTER, VISA, answered, changed, staff

__all__ = ["any_inn", "inn"]

LONGER = REGISTER.replace("P1Y", "P5Y")
BILLS_FLOOR = 'floor = "P2Y"\nclock = ["document"]'
LONGER_BILLS = BILLS_FLOOR, BILLS_FLOOR.replace("P2Y", "P4Y")


def issued(inn: Inn, number: str) -> dict[str, Any]:
    """Issue a certificate anew; return what it says."""
    with inn.begin() as office:
        supplementing.supplement(office.work, load(office.work, number, lock=True))
    return inn.content(number)


def told(said: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return what stays as a certificate says: last day, what, and the article."""
    return sorted((each["until"], each["category"], each["basis"]) for each in said["stays"])


def went(said: dict[str, Any], column: str) -> list[tuple[str, int]]:
    """Return in which tables, and how many rows of it, a certificate says that a column went."""
    return [(each["table"], each["rows"]) for each in said["went"] if column in each["columns"]]


def test_a_part_that_ended_is_among_what_went(any_inn: Inn) -> None:
    """The register's year is over while the bill stays: page, answer and supplement say it."""
    inn = any_inn
    number, code = answered(inn)
    with inn.begin() as office:
        before = office.preview(number, "clerk").erase
    inn.later(days=400)
    finishing.finish(inn.run)
    assert staff(inn, number) == {("retain", *BILL, 1)}
    with inn.begin() as office:
        after, answer = office.preview(number, "clerk").erase, office.case(code).answer
    (visa,) = set(after) - set(before)
    assert (visa.table, visa.rows, visa.columns) == ("people", 1, ("visa",))
    assert visa.outcome == "overwrite"
    assert answer is not None
    assert answer.kept == ("bills",)
    changed(inn, *LONGER_BILLS)
    said = issued(inn, number)
    assert told(said) == [("2030-03-01", *BILL[1:])]
    assert went(said, "visa") == [("people", 1)]
    inn.later(days=4 * 366)
    finishing.finish(inn.run)
    said = inn.content(number)
    assert (said["state"], went(said, "visa"), went(said, "payer")) == (
        "erased", [("people", 1)], [("bills", 1)]
    )  # fmt: skip


def test_what_is_another_persons_did_not_go(any_inn: Inn) -> None:
    """A bill whose time is over is a living guest's too, while another one of the guest stays."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1))
    inn.person(2, date(2026, 3, 1))
    inn.bill(1, one=1, other=2, dated=date(2026, 3, 1))
    inn.bill(2, one=1, dated=date(2026, 3, 1))
    inn.bill(3, one=1, dated=date(2027, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    inn.later(days=2 * 366)
    inn.set(PEOPLE, 2, seen=inn.now.date())
    finishing.finish(inn.run)
    changed(inn, *LONGER_BILLS)
    said = issued(inn, number)
    assert inn.read(BILLS, 1)["payer"] == "Ann Berg"
    assert went(said, "payer") == [("bills", 1)]
    theirs = [(s["table"], s["rows"]) for s in said["shared"] if "payer" in s["columns"]]
    assert theirs == [("bills", 1)]
    assert [(s["until"], s["rows"]) for s in said["stays"]] == [("2031-03-01", 1)]


def test_a_supplement_for_another_reason_says_the_days_of_today(inn: Inn) -> None:
    """A certificate that is issued anew does not say the day of years ago."""
    number, _ = answered(inn)
    inn.later(days=1)
    changed(inn, REGISTER, LONGER)
    said = issued(inn, number)
    assert told(said) == [BILL, ("2031-03-01", *VISA[1:])]


def test_keys_of_boxes_that_ended_count_for_old_copies(inn: Inn) -> None:
    """The certificate goes on to name the day from which old copies of the keys open nothing."""
    boxed(inn)
    number, _ = answered(inn)
    before = inn.content(number)["root_until"]
    assert before > VISA[0]
    inn.later(days=400)
    worker.work(inn.run, lambda *_: ("", ""), {})
    settling.settled(inn.run)
    changed(inn, *LONGER_BILLS)
    said = issued(inn, number)
    assert (told(said), went(said, "visa")) == ([("2030-03-01", *BILL[1:])], [("people", 1)])
    assert said["root_until"] >= before


def held(inn: Inn) -> int:
    """Hold the guest's record without a word to anybody; return the number of the hold."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    wanted = Wanted("record", "court-order", PEOPLE.name, "1", silent=True)
    return inn.run(lambda office: office.place_hold(wanted, "officer"))


def lifted(inn: Inn, hold: int) -> None:
    """Let two people lift a hold, and end what only it kept."""
    for by in ("officer", "second"):
        inn.run(lambda office, by=by: office.lift(hold, by))
    finishing.finish(inn.run)
    settling.settled(inn.run)
    forgetting.forget(inn.run)


def test_a_safety_copy_that_a_hold_keeps_is_in_a_supplement(any_inn: Inn) -> None:
    """Before its day a supplement says what the first certificate did, of a silent hold nothing;
    then that a duty of law keeps it; lifted, until when a copy of the keys may open it."""
    inn = any_inn
    number, code = answered(inn)
    first = inn.content(number)
    hold = held(inn)
    inn.later(days=7)
    forgetting.forget(inn.run)
    said = issued(inn, number)
    days = ("stays", "recovery_until", "root_until")
    assert [said[each] for each in days] == [first[each] for each in days]
    inn.later(days=63)
    forgetting.forget(inn.run)
    said = issued(inn, number)
    assert (said["recovery_until"], said["root_until"]) == ("", "")
    assert told(said) == [("", LEGAL_DUTY, ""), VISA, BILL]
    (copy,) = [each for each in said["stays"] if each["category"] == LEGAL_DUTY]
    assert (copy["table"], copy["rows"]) == ("guesterase_box", 1)
    with inn.begin() as office:
        answer = certified(office.work, load(office.work, number))
        assert answer is not None
        assert (answer.copy_until, *answer.kept) == ("", "bills", "people")
        assert office.case(code).answer is not None
    lifted(inn, hold)
    said = issued(inn, number)
    assert told(said) == [VISA, BILL]
    assert said["recovery_until"] == first["recovery_until"]
    assert said["root_until"] >= rotation.worthless(inn.now.date()).isoformat()


def test_a_box_that_a_hold_keeps_is_in_no_day_of_old_copies(inn: Inn) -> None:
    """Whoever keeps a copy of the keys is not told that it opens nothing while the hold's key
    is there; up to its day a held box counts as any other does."""
    boxed(inn)
    number, _ = answered(inn)
    first = inn.content(number)["root_until"]
    hold = held(inn)
    inn.later(days=30)
    copy = issued(inn, number)
    assert (copy["recovery_until"], copy["root_until"]) == ("", "")
    with inn.engine.begin() as conn:
        conn.execute(tables.box.delete().where(tables.box.c.purpose == "recovery"))
    assert issued(inn, number)["root_until"] == first
    (box,) = [each for each in inn.ours("box") if each["purpose"] == "retention"]
    # In Auckland its day is over before the key of its UTC day would be.
    inn.now = datetime.fromisoformat(f"{box['last_day']}T20:00:00+00:00")
    finishing.finish(inn.run)
    said = issued(inn, number)
    assert (said["root_until"], told(said)) == (first, [("", LEGAL_DUTY, ""), BILL])
    inn.later(days=1)
    assert issued(inn, number)["root_until"] == ""
    lifted(inn, hold)
    assert issued(inn, number)["root_until"] >= rotation.worthless(inn.now.date()).isoformat()


def measured(inn: Inn) -> str:
    """Erase a guest of whom a visa and a bill stay, down to the files; return the number."""
    number, _ = filed(inn, dated=date(2026, 3, 1))
    inn.approve(number)
    assert worker.carry_out(inn.run, number) == "sealed"
    assert inn.content(number)["level"] == Level.LOGS
    return number


def test_how_far_it_reaches_that_a_part_ended_is_measured_anew(inn: Inn) -> None:
    """What is said of the files was measured before that part went; the sweep shows the rest."""
    number = measured(inn)
    inn.later(days=1)
    assert issued(inn, number)["level"] == Level.LOGS
    inn.later(days=400)
    finishing.finish(inn.run)
    said = issued(inn, number)
    assert (said["level"], went(said, "visa")) == ("L1", [("people", 1)])
    assert deepening.retry(inn.run) == 1
    said = inn.content(number)
    assert (said["level"], went(said, "visa")) == (Level.LOGS, [("people", 1)])
    assert issued(inn, number)["level"] == Level.LOGS
    assert deepening.retry(inn.run) == 0


def test_a_part_that_ends_while_the_files_are_read_was_not_measured(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody says of it that no file holds it: the next night measures it too."""
    number, _ = answered(inn)
    measure = deepening.measured

    def reading(*given: Any) -> Any:
        found = measure(*given)
        inn.later(days=400)
        finishing.finish(inn.run)
        return found

    monkeypatch.setattr(deepening, "measured", reading)
    assert deepening.retry(inn.run) == 0
    assert inn.content(number)["supplement"] == 0
    monkeypatch.setattr(deepening, "measured", measure)
    assert deepening.retry(inn.run) == 1
    assert (inn.content(number)["level"], went(inn.content(number), "visa")) == (
        Level.LOGS, [("people", 1)]
    )  # fmt: skip


@pytest.fixture(params=engines.SERVERS)
def server_inn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inn]:
    """The hotel on each of the two servers."""
    with engines.fresh_database(request.param) as url:
        made = Inn(url, tmp_path)
        yield made
        made.engine.dispose()


def test_tables_rewritten_before_a_part_ended_do_not_count(server_inn: Inn) -> None:
    """What went from a table after it was rewritten is in its file until it is rewritten again."""
    inn = server_inn
    number, _ = answered(inn)
    inn.later(seconds=5)
    with keeping_scrub(inn.engine):
        assert patiently(inn, ["people"]).supplements == 0
        inn.later(days=400)
        finishing.finish(inn.run)
        inn.later(seconds=5)
        assert patiently(inn, ["bills"]).supplements == 0
        assert patiently(inn, ["people"]).supplements == 1
    said = inn.content(number)
    assert (said["level"], went(said, "visa")) == (Level.FILES, [("people", 1)])
