"""What a precondition still needs of who ran out by themselves: it stays as long as that stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event

from flask_guesterase.core.policy import Blocker
from flask_guesterase.core.treatment import keep
from flask_guesterase.store.executing import expiry, finishing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.sweeping.claiming import Shift
from tests.store.test_expiry import BILLS, METADATA, PEOPLE, Inn, any_inn, inn

__all__ = ["any_inn", "inn"]


def folios(inn: Inn, needs: dict[str, list[str]] | None) -> None:
    """Let the hotel need of whose bill is open what is given, or everything."""
    people, bills = inn.datamap.tables["people"].policy, inn.datamap.tables["bills"].policy
    columns = {**bills.columns, "role": keep("no name"), "letter": keep("open or paid")}
    inn.datamap = resolve(
        [(PEOPLE, people), (BILLS, replace(bills, columns=columns, facts={}))],
        METADATA.tables.values(), [],
    )  # fmt: skip
    inn.blockers = (
        Blocker("open-folio", "bills", lambda bills, today: bills.c.letter == "open", needs=needs),
    )


NEEDS = {"people": ["email"], "bills": ["payer"]}


def night(inn: Inn) -> None:
    """Let go of what goes by its day, as a sweep does."""
    finishing.finish_dated(inn.run, frozenset(), Shift())
    expiry.expire(inn.run)
    finishing.finish_undated(inn.run, frozenset(), Shift())


def living(inn: Inn) -> list[tuple[str, str, str]]:
    """Return table, key and mode of what is kept."""
    return sorted(
        (row["table_name"], row["row_key"], row["mode"])
        for row in inn.ours("kept") if row["ended_at"] is None
    )  # fmt: skip


def test_what_an_open_folio_needs_stays_until_it_is_paid(any_inn: Inn) -> None:
    """Address and payer stay past every day of theirs, and go once nothing needs them (P3)."""
    inn = any_inn
    folios(inn, NEEDS)
    for id, state in ((1, "open"), (2, "paid")):
        inn.person(id, date(2022, 1, 1), visa=None)
        inn.bill(id, one=id, letter=state, dated=date(2025, 1, 1))
    night(inn)
    assert inn.read(PEOPLE)["email"] == "p1@mail.example"
    assert (inn.read(PEOPLE)["name"] == "Ann Berg", inn.read(PEOPLE, 2)["email"]) == (False, None)
    inn.later(days=3 * 366)
    night(inn)
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["payer"]) == ("p1@mail.example", "Ann Berg")
    assert inn.read(BILLS, 2)["payer"] is None
    assert living(inn) == [("bills", "int:1", "blocked"), ("people", "int:1", "blocked")]
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["payer"]) == (None, None)
    assert living(inn) == []


def test_who_is_back_keeps_what_was_only_needed_before(any_inn: Inn) -> None:
    """The old folio is paid, and its guest stays again: their own day counts from here on."""
    inn = any_inn
    folios(inn, NEEDS)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    night(inn)
    assert living(inn) == [("bills", "int:1", "place"), ("people", "int:1", "blocked")]
    inn.set(PEOPLE, 1, name="Ann Berg", seen=inn.now.date())
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    guest = inn.read(PEOPLE)
    assert (guest["name"], guest["email"]) == ("Ann Berg", "p1@mail.example")
    assert ("people", "int:1", "blocked") not in living(inn)
    inn.later(days=5 * 366)
    night(inn)
    assert inn.read(PEOPLE)["email"] is None


@pytest.mark.parametrize("asked", [False, True])
def test_what_is_needed_is_not_erased_about_every_night(inn: Inn, asked: bool) -> None:
    """It has had its time and stays: nothing is done, said or written down about it again."""
    folios(inn, NEEDS)
    inn.person(1, date(2023, 5, 1) if asked else date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    if asked:
        inn.erased(inn.approved(email="p1@mail.example"))
        inn.later(days=90)
    night(inn)
    before = inn.ours("kept"), inn.ours("box"), inn.events.count("retention-ended")
    inn.later(days=1)
    assert expiry.expire(inn.run) == {"waiting": 1}
    night(inn)
    assert before == (inn.ours("kept"), inn.ours("box"), inn.events.count("retention-ended"))
    with inn.begin() as office:
        # It is due all the same, and counted among what stays beyond its time.
        assert [line["table"] for line in expiry.preview(office.work)] == ["people"]
    inn.set(PEOPLE, 1, name="Ann Berg")
    inn.later(days=1)
    assert expiry.expire(inn.run)["people"] == 1
    assert (inn.read(PEOPLE)["name"] == "Ann Berg", inn.read(PEOPLE)["email"]) == (
        False, "p1@mail.example"
    )  # fmt: skip


def test_what_is_one_guests_is_not_needed_for_another(inn: Inn) -> None:
    """Of two on a bill both are needed as long as it is open; of who has none nothing is."""
    folios(inn, NEEDS)
    for id in (1, 2, 3):
        inn.person(id, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, other=2, letter="open", dated=date(2025, 1, 1))
    inn.bill(2, one=3, other=2, letter="paid", dated=date(2025, 1, 1))
    night(inn)
    emails = [inn.read(PEOPLE, id)["email"] for id in (1, 2, 3)]
    assert emails == ["p1@mail.example", "p2@mail.example", None]
    inn.later(days=3 * 366)
    night(inn)
    assert [inn.read(BILLS, id)["payer"] for id in (1, 2)] == ["Ann Berg", None]
    assert [inn.read(PEOPLE, id)["email"] for id in (1, 2, 3)] == emails


def test_what_needs_everything_keeps_what_has_its_day_and_nobody_elses(any_inn: Inn) -> None:
    """A folio that was opened again waits for its payer; other rows of that night do not."""
    inn = any_inn
    folios(inn, None)
    for id in (1, 2):
        inn.person(id, date(2022, 1, 1), visa=None)
        inn.bill(id, one=id, letter="paid", dated=date(2025, 1, 1))
    # Its guest is not on file any more, so nobody is asked about.
    inn.bill(3, one=None, letter="open", dated=date(2025, 1, 1))
    night(inn)
    inn.set(BILLS, 1, letter="open")
    inn.later(days=3 * 366)
    night(inn)
    assert [inn.read(BILLS, id)["payer"] for id in (1, 2, 3)] == ["Ann Berg", None, None]
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert inn.read(BILLS)["payer"] is None
    assert living(inn) == []


def test_the_hotel_is_asked_once_about_many_kept_rows(inn: Inn) -> None:
    """A night that lets many rows go asks its preconditions as often as one that lets two go."""
    folios(inn, NEEDS)
    counts = []
    said: list[str] = []

    def heard(conn: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    for many in (2, 40):
        first = 100 * many
        for id in range(first, first + many):
            inn.person(id, date(2022, 1, 1), visa=None)
            inn.bill(id, one=id, letter="paid", dated=date(2025, 1, 1))
        night(inn)
        inn.now = inn.now.replace(year=inn.now.year + 3)
        said.clear()
        event.listen(inn.engine, "before_cursor_execute", heard)
        finishing.finish_dated(inn.run, frozenset(), Shift())
        event.remove(inn.engine, "before_cursor_execute", heard)
        counts.append(sum("b.letter = " in each for each in said))
        inn.now = inn.now.replace(year=inn.now.year - 3)
        assert inn.read(BILLS, first)["payer"] is None
    assert counts[0] == counts[1] > 0
