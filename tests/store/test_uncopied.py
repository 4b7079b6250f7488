"""Promise: of what no safety copy is made, plan, certificate and report say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, TypeDecorator

from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.restoring import read_report
from flask_guesterase.core.treatment import File
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.certificates.deeds import uncopied
from flask_guesterase.store.recovery import files, window
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning import again
from flask_guesterase.store.sweeping import ageing
from tests.store.hotel import Hotel, Scan, policies
from tests.store.test_expiry import Inn, boxed
from tests.store.test_restore import deliver, filled, restore


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


def test_where_a_row_is_a_minors_too_no_part_is_told(
    scanning: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all of it there is no copy then, and the plan says no other than the certificate."""
    monkeypatch.setattr(window, "of_minors", lambda *_: True)
    number = filled(scanning)
    assert planned(scanning, number) == {}
    scanning.erased(number)
    assert went(scanning, number) == []


def test_what_is_erased_again_says_of_what_there_is_no_copy(scanning: Hotel) -> None:
    """As after a database was restored: its certificate is made of what was done again."""
    number = filled(scanning)
    scanning.erased(number)
    scanning.put(Scan, id=7, guest_id=1, path="again.jpg")
    with scanning.begin() as office:
        case = load(office.work, number)
        origin = Origin(number, case.controller, case.property)
        done = again.again(office.work, origin, [("scans", (7,))])
    assert uncopied(done.did) == {"scans": ("*",)}


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("over", ["scans", "guests"])
def test_a_file_that_another_row_names_as_well_lacks_a_copy_for_both(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch, over: str, whole: bool
) -> None:
    """Its bytes are sealed for neither, though all else of the other row comes back; the other row
    may name it by its whole path."""
    (guest, policy), *others = policies(str(hotel.files))
    columns = {**policy.columns, "document_no": File(str(hotel.files))}
    hotel.datamap = hotel.mapped([(guest, replace(policy, columns=columns)), *others])
    path = str(hotel.files / "ann.png") if whole else "ann.png"
    hotel.guest(1, name="Ann Berg", email="ann@example.com", document_no=path)
    (hotel.files / "ann.png").write_bytes(b"ann")
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    hotel.put(Scan, id=2, guest_id=1, path="other.png")
    monkeypatch.setattr(window, "over", lambda *_: window.Unkept(rows=frozenset({(over, (1,))})))
    number = hotel.approved(email="ann@example.com")
    lost = {
        "scans": {"scans": ("*",), "guests": ("document_no",)},
        "guests": {"scans": ("path",), "guests": ("document_no", "email", "name", "phone")},
    }[over]
    assert planned(hotel, number) == lost
    hotel.erased(number)
    assert planned(hotel, number) == lost
    told = {(item["table"], tuple(item["columns"]), item["rows"]) for item in went(hotel, number)}
    assert told == {
        (table, () if names == ("*",) else names, 1) for table, names in lost.items()
    }
    with hotel.begin() as office:
        gone = office.certificate(number)["content"]["went"]
    assert sum(item["rows"] for item in gone if item["action"] == "deleted") == (
        1 if over == "scans" else 2
    )
    deliver(hotel)
    assert files.PURPOSE not in {row["purpose"] for row in hotel.ours("box")}
    assert restore(hotel, number).uncopied == lost


def test_a_file_of_which_one_row_alone_may_have_no_copy_is_not_anothers_that_does_not_name_it(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows with files of their own lack nothing through each other."""
    number = filled(hotel)
    monkeypatch.setattr(window, "over", lambda *_: window.Unkept(rows=frozenset({("scans", (1,))})))
    with hotel.begin() as office:
        lines = [line for line in office.preview(number).erase if line.table == "scans"]
    assert sorted((line.rows, line.uncopied) for line in lines) == [(1, ()), (1, ("*",))]


def test_what_is_sealed_without_a_safety_copy_is_told_apart(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who decides reads of which rows nobody takes back what is sealed; guests read one line."""
    inn = Inn(sqlite_url, tmp_path)
    boxed(inn)
    for id in (1, 2, 3):
        inn.person(id, date(2026, 2, 1), email="ann@mail.example")
    number = inn.approved(email="ann@mail.example")
    ended = frozenset({("people", (1,))})
    monkeypatch.setattr(window, "over", lambda *_: window.Unkept(rows=ended))
    with inn.begin() as office:
        lines = office.preview(number).retain
        told = {(line.outcome, line.rows, line.uncopied) for line in lines}
    assert told == {("seal", 1, ("visa",)), ("seal", 2, ())}
    assert inn.erased(number) == "sealed"
    (stays,) = inn.content(number)["stays"]
    assert (stays["columns"], stays["rows"]) == (["visa"], 3)
    inn.engine.dispose()


class Torn(TypeDecorator[str]):
    """A column of the host's that cannot read what it holds."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Any) -> str:
        """Fail, quoting the value."""
        raise ValueError(value)


def test_a_plan_is_read_though_the_name_of_a_file_cannot_be(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who decides reads what goes; the erasure names what cannot be read, and quotes none of it."""
    number = filled(hotel)
    monkeypatch.setattr(Scan.__table__.c.path, "type", Torn(200))
    monkeypatch.setattr(window, "over", lambda *_: window.Unkept(rows=frozenset({("scans", (1,))})))
    assert planned(hotel, number) == {"scans": ("*",)}
    with pytest.raises(ErasureError) as told:
        hotel.erased(number)
    assert "ann.png" not in str(told.value)


def test_a_plan_is_read_though_the_name_of_a_file_is_no_text(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite keeps whatever bytes a program of old wrote."""
    number = filled(hotel)
    with hotel.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE scans SET path = CAST(x'FF2E706E67' AS TEXT) WHERE id = 2")
    monkeypatch.setattr(window, "over", lambda *_: window.Unkept(rows=frozenset({("scans", (1,))})))
    assert planned(hotel, number) == {"scans": ("*",)}
