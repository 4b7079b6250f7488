"""Promise: of what no safety copy is made, plan, certificate and report say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core.restoring import read_report
from flask_guesterase.store.recovery import window
from flask_guesterase.store.sweeping import ageing
from tests.store.hotel import Hotel, Scan, policies
from tests.store.test_expiry import Inn
from tests.store.test_restore import filled, restore


class Bounded(Inn):
    """A hotel under a law that bounds how long the register may be kept."""

    pack = Inn.pack.replace(
        'floor = "P1Y"', 'floor = "P1Y"\nceiling = "P1Y3M"\nceiling_kind = "hard"'
    )


@pytest.fixture
def scanning(hotel: Hotel, monkeypatch: pytest.MonkeyPatch) -> Hotel:
    """A hotel in which a number in the law has ended every scan of a document."""
    declared = policies(str(hotel.files))
    declared[-1] = (Scan, replace(declared[-1][1], category="identity_document_copy"))
    hotel.datamap = hotel.mapped(declared)
    monkeypatch.setattr(window, "_hard", lambda work, at: frozenset({"identity_document_copy"}))
    monkeypatch.setattr(ageing, "at_once", lambda work, record, names: True)
    return hotel


def planned(hotel: Hotel, number: str) -> dict[str, tuple[str, ...]]:
    """Return of what a plan, or what was done, says that nobody can take it back."""
    with hotel.begin() as office:
        return {line.table: line.uncopied for line in office.preview(number).erase if line.uncopied}


def went(hotel: Hotel, number: str) -> list[dict[str, Any]]:
    """Return what a certificate says of what no copy was made of."""
    with hotel.begin() as office:
        gone = office.certificate(number)["content"]["went"]
    return [item for item in gone if item["action"].endswith("-uncopied")]


def test_a_row_without_a_safety_copy_is_told(scanning: Hotel) -> None:
    """Before it is approved, on the certificate, afterwards, and to who takes it back."""
    hotel = scanning
    number = filled(hotel)
    assert planned(hotel, number) == {"scans": ("*",)}
    hotel.erased(number)
    assert planned(hotel, number) == {"scans": ("*",)}
    (gone,) = went(hotel, number)
    assert (gone["table"], gone["columns"], gone["action"]) == ("scans", [], "deleted-uncopied")
    report = restore(hotel, number)
    assert report.uncopied == {"scans": ("*",)}
    assert read_report(report.to_json()) == report


def test_a_column_without_a_safety_copy_is_told(sqlite_url: str, tmp_path: Path) -> None:
    """Each line of the certificate says of its columns what is true of all of them."""
    inn = Bounded(sqlite_url, tmp_path)
    inn.person(1, date(2024, 6, 1))
    number = inn.approved(email="p1@mail.example")
    assert planned(inn, number) == {"people": ("visa",)}
    assert inn.erased(number) == "erased"
    with inn.begin() as office:
        gone = office.certificate(number)["content"]["went"]
    told = {(item["action"], tuple(item["columns"])) for item in gone}
    assert told == {("overwritten", ("email", "name")), ("overwritten-uncopied", ("visa",))}
    assert restore(inn, number).uncopied == {"people": ("visa",)}
    inn.engine.dispose()


def test_where_everything_has_a_copy_or_nothing_does_no_part_lacks_one(hotel: Hotel) -> None:
    """A house that makes none, or has nothing of the kind, is told of none."""
    number = filled(hotel)
    assert planned(hotel, number) == {}
    hotel.erased(number)
    assert went(hotel, number) == []
    assert restore(hotel, number).uncopied == {}


def test_a_house_without_a_window_is_told_of_no_part(scanning: Hotel) -> None:
    """There nothing can be taken back, and nobody says that the rest could be."""
    scanning.settings = replace(scanning.settings, recovery_days=0)
    number = filled(scanning)
    assert planned(scanning, number) == {}
    scanning.erased(number)
    assert went(scanning, number) == []


def test_a_report_of_before_says_nothing_of_it() -> None:
    """It was written when nobody noted it."""
    old = '{"files":{},"recipients":[],"restored":true,"tables":{}}'
    assert read_report(old).uncopied == {}
