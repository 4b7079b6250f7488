"""Whose a copy is when who had its guest's row before went by the day, without a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flask_guesterase.core.copying import Copy, Withheld
from flask_guesterase.core.treatment import retain
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.test_copied_since import refused, upheld
from tests.store.test_copying import asked, fetched, records, release, shown
from tests.store.test_expiry import BILLS, METADATA, PACK, PEOPLE, Inn, boxed
from tests.store.test_still_needed import NEEDS, folios, night

ANOTHERS = "another-persons"


class Long(Inn):
    """A hotel that keeps the register longer than a profile, and scans in boxes."""

    pack = PACK.replace('floor = "P1Y"', 'floor = "P5Y"')

    def scans(self) -> None:
        """Let what is kept of a bill's scan belong to the register, so that it is sealed."""
        people, bills = (self.datamap.tables[name].policy for name in ("people", "bills"))
        columns = {**bills.columns, "scan": retain("guest_register")}
        clock = {"last_activity": "dated", "document": "dated"}
        bills = replace(bills, columns=columns, clock=clock)
        self.datamap = resolve(
            [(PEOPLE, people), (BILLS, bills)], [*METADATA.tables.values()], []
        )


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Long]:
    """The hotel on each of the three engines in turn."""
    made = Long(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Long]:
    """The hotel on SQLite."""
    made = Long(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def ends(inn: Inn, visa: str | None = None, **bill: str) -> None:
    """Let Ann's profile run out while the law keeps her bill; the clock goes on a minute."""
    inn.person(1, date(2023, 1, 1), visa=visa)
    inn.bill(1, one=1, **bill)
    assert expiry.expire(inn.run)["people"] == 1
    assert inn.read(BILLS)["payer"] == "Ann Berg"
    assert {line["request"] for line in inn.ours("kept")} == {None}
    inn.later(minutes=1)


def moves_in(inn: Inn) -> None:
    """Let the host write Bea into Ann's row, with a bill of her own."""
    inn.set(PEOPLE, 1, name="Bea Lund", email="bea@mail.example", seen=inn.now.date())
    inn.bill(2, one=1, payer="Bea Lund")


def copied(inn: Inn, email: str = "bea@mail.example") -> Copy:
    """Ask for a copy, release and fetch it."""
    number = asked(inn, email=email)
    shown(inn, number)
    release(inn, number)
    return fetched(inn, number)


def payers(copy: Copy) -> list[str | None]:
    """Return who paid the bills that a copy holds."""
    return [record.values.get("payer") for record in records(copy, "bills")]


def test_what_stayed_of_who_went_by_the_day_is_not_in_the_next_guests_copy(any_inn: Long) -> None:
    """The law keeps Ann's bill where it is; it hangs on the row that is Bea's now."""
    inn = any_inn
    ends(inn)
    moves_in(inn)
    copy = copied(inn)
    assert payers(copy) == ["Bea Lund"]
    assert copy.withheld == (Withheld("bills", (), 1, ANOTHERS),)
    assert "Ann Berg" not in copy.to_json()


def test_nor_what_was_sealed_of_their_rows(inn: Long) -> None:
    """A scan of Ann's left its bill for a box when her time was over."""
    boxed(inn)
    inn.scans()
    ends(inn, scan="ann.png")
    assert "sealed" in {line["mode"] for line in inn.ours("kept")}
    moves_in(inn)
    copy = copied(inn)
    assert (payers(copy), copy.boxes) == (["Bea Lund"], 0)
    assert copy.withheld == (Withheld("bills", (), 1, ANOTHERS),)
    assert "ann.png" not in copy.to_json()


def test_nor_what_was_sealed_of_the_row_that_is_the_next_guests(any_inn: Long) -> None:
    """Ann's visa lies in a box; Bea, who has none on file, is given that row and not that visa."""
    inn = any_inn
    boxed(inn)
    ends(inn, visa="ANN-V1")
    moves_in(inn)
    copy = copied(inn)
    assert [record.values["name"] for record in records(copy, "people")] == ["Bea Lund"]
    assert "ANN-V1" not in copy.to_json()
    assert set(copy.withheld) == {
        Withheld("bills", (), 1, ANOTHERS), Withheld("people", ("visa",), 1, ANOTHERS)
    }  # fmt: skip


@pytest.mark.parametrize("first", [True, False])
def test_what_a_sweep_kept_of_the_guests_own_records_is_in_their_copy(
    any_inn: Long, first: bool
) -> None:
    """Their own bill has had its time and is not paid: it is theirs, whoever had the row before."""
    inn = any_inn
    folios(inn, NEEDS)
    if first:
        ends(inn)
    else:
        inn.person(1, date(2026, 3, 1))
    moves_in(inn)
    inn.later(minutes=1)
    inn.bill(3, one=1, payer="Bea Lund", scan="bea.png", letter="open", dated=date(2023, 1, 1))
    night(inn)
    assert [k["request"] for k in inn.ours("kept") if k["row_key"] == "int:3"] == [None]
    copy = copied(inn)
    assert payers(copy) == ["Bea Lund", "Bea Lund"]
    assert copy.withheld == ((Withheld("bills", (), 1, ANOTHERS),) if first else ())


@pytest.mark.parametrize("more", [False, True])
def test_a_copy_of_a_row_that_was_given_away_after_its_guests_day_says_so(
    inn: Long, more: bool
) -> None:
    """It was refused and her time ran out meanwhile; whoever else went by the day is no matter."""
    inn.grants["second"].add("complaint")
    inn.person(1, date(2026, 3, 1), visa=None)
    if more:
        inn.person(2, date(2023, 1, 1), visa=None)
        assert expiry.expire(inn.run)["people"] == 1
    number = refused(inn, email="p1@mail.example")
    inn.set(PEOPLE, 1, seen=date(2023, 1, 1))
    inn.later(days=1, hours=1)
    assert expiry.expire(inn.run)["people"] == 1
    inn.later(minutes=1)
    inn.set(PEOPLE, 1, name="Bea Lund", email="bea@mail.example", seen=inn.now.date())
    copy = upheld(inn, number)
    assert (copy.rows(), copy.boxes) == (0, 0)
    assert copy.withheld == (Withheld("people", (), 1, "written-since"),)
