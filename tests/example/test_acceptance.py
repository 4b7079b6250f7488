"""Nothing left, nothing else touched, nobody else: the promises on the demo hotel, by engine.

The twin run builds the same hotel twice, with one guest's values different in content and length
wherever the hotel wrote or copied them; after erasing that guest in both, nothing tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from example_pms import create_app, crowd, db, seed
from example_pms.audit import record
from example_pms.foreign import Invoice
from example_pms.frontdesk import Arrival, charge, check_in, check_out, free_rooms
from example_pms.hotel import ALIAS, KNOWN, Known
from example_pms.models import Booking, FolioLine, Guest, Payment, Registration, Staff
from flask_guesterase import Guesterase
from flask_guesterase.store import tables
from flask_guesterase.store.certificates import planning
from tests import engines
from tests.oracle.dump import Changes, Dump, changes, dump

TODAY = datetime.now(UTC).date() - timedelta(days=1)
"""The business date of a night audit that has just run, by the clock the installation reads."""
PLACEHOLDER = re.compile(r"erased-[a-z2-7]{24}@erased\.invalid")
RETAINED = {
    Registration: (
        "name", "nationality", "document_type", "document_no", "reported_at", "police_ref",
    ),
    Invoice: ("billed_to", "billed_address"),
}  # fmt: skip


@dataclass
class House:
    """One demo hotel over one database."""

    app: Flask
    folder: Path

    @property
    def guesterase(self) -> Guesterase:
        """The extension as the demo installed it."""
        extension: Guesterase = self.app.extensions["guesterase"].extension
        return extension

    def dump(self) -> Dump:
        """Everything in the database, placeholders made alike."""
        with db.engine.connect() as conn:
            found = dump(conn)
        return {
            name: replace(table, lines=tuple(sorted(
                (tuple(None if cell is None else PLACEHOLDER.sub("erased", cell) for cell in line)
                 for line in table.lines), key=repr)))
            for name, table in found.items()
        }  # fmt: skip

    def files(self) -> dict[str, bytes]:
        """Every scan there is."""
        scans = self.folder / "scans"
        return {
            str(path.relative_to(scans)): path.read_bytes()
            for path in sorted(scans.rglob("*"))
            if path.is_file()
        }

    def erase(self, match: dict[str, str], property_: str) -> dict[str, Any]:
        """Do the main job for whoever carries the match; return the request as staff see it."""
        desk, officer = f"{property_.lower()}.desk", f"{property_.lower()}.officer"
        with self.guesterase.begin() as office:
            number = office.request(match, property=property_, by=desk)
            office.confirm(number, by=desk)
            for each in office.preview(number).perhaps:
                office.leave(number, each.id, desk)
        with self.guesterase.begin() as office:
            office.approve(number, by=officer, digest=office.preview(number).digest)
        report = self.guesterase.work()
        assert report.problems == {}
        with self.guesterase.begin(write=False) as office:
            return office.show(number)


_furnished: dict[tuple[int, str], tuple[bytes, dict[str, bytes]]] = {}


def _furnish(folder: Path, guests: int) -> None:
    """Fill a hotel; on SQLite a copy of the first one of its kind, which is but bytes."""
    url, scans = db.engine.url, folder / "scans"
    file, kind = Path(url.database or "."), (guests, repr(crowd.KNOWN))
    alike = url.get_backend_name() == "sqlite" and not file.exists() and guests <= 60
    if alike and kind in _furnished:
        rows, files = _furnished[kind]
        file.write_bytes(rows)
        for name, content in files.items():
            (scans / name).parent.mkdir(parents=True, exist_ok=True)
            (scans / name).write_bytes(content)
        return
    engines.build(db.engine, db.metadata, tables.metadata)
    seed.seed(db.session(), guests, 7, TODAY, scans=scans)
    if alike:
        db.session.remove()
        found = (path for path in scans.rglob("*") if path.is_file())
        files = {str(path.relative_to(scans)): path.read_bytes() for path in found}
        _furnished[kind] = file.read_bytes(), files


@contextmanager
def house(url: str, folder: Path, guests: int = 60) -> Iterator[House]:
    """Build and fill a demo hotel."""
    app = create_app(
        {"INSTANCE_PATH": str(folder), "DATABASE_URL": url, "TESTING": True,
         "PMS_SCANS": str(folder / "scans")}
    )  # fmt: skip
    with app.app_context():
        _furnish(folder, guests)
        made = app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
        assert made.exit_code == 0, made.output
        try:
            yield House(app, folder)
        finally:
            db.session.remove()
            db.engine.dispose()


def known(key: str) -> tuple[int, Any]:
    """Return the row id of a known guest, and who that is."""
    place = next(i for i, guest in enumerate(KNOWN, 1) if guest.key == key)
    return place, KNOWN[place - 1]


def match_of(guest: Known) -> dict[str, str]:
    """Return what a guest is found by: the document, or the mailbox of who never showed one."""
    if guest.document_no:
        return {"document": guest.document_no, "name": guest.name}
    return {"email": guest.email, "name": guest.name}


def disguised(key: str, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Let the seeder build the same hotel with other values of one guest."""
    place, guest = known(key)
    other = (*KNOWN[: place - 1], replace(guest, **values), *KNOWN[place:])
    monkeypatch.setattr(crowd, "KNOWN", other)
    monkeypatch.setattr(seed, "KNOWN", other)


def kept_values() -> dict[tuple[Any, Any], dict[str, Any]]:
    """Return what the law keeps, row by row."""
    return {
        (model, row.id): {name: getattr(row, name) for name in names}
        for model, names in RETAINED.items()
        for row in db.session.scalars(select(model))
    }


def put_back(values: dict[tuple[Any, Any], dict[str, Any]]) -> None:
    """Write the kept values of the other twin, so that only erased columns differ."""
    for (model, key), columns in values.items():
        db.session.execute(update(model).where(model.id == key).values(columns))
    db.session.commit()


TWINS = {
    "booker with companion, invoice, loyalty and scan": (
        "li.wei",
        {"name": "欧阳若雨晴", "given": "若雨晴", "family": "欧阳", "born": date(1971, 2, 3),
         "document_no": "99000019710203099X", "email": "ouyang.ruoyuqing@elsewhere.example",
         "phone": "+86 120 0000 98765"},
    ),
    "companion without a contact": (
        "wang.fang",
        {"name": "司马相如", "given": "相如", "family": "司马", "born": date(1990, 1, 9),
         "document_no": "990000199001090999"},
    ),
    "one of a couple with one mailbox": (
        "chen.jing",
        {"name": "陈婧婧", "given": "婧婧", "family": "陈", "born": date(1991, 9, 1),
         "document_no": "990000199109010777"},
    ),
    "organiser of a group": (
        "claire",
        {"name": "Anne-Sophie de la Tour d'Auvergne", "given": "Anne-Sophie",
         "family": "de la Tour d'Auvergne", "born": date(1960, 5, 6), "document_no": "FRX99",
         "email": "as@elsewhere.example", "phone": "+33 639 98 99 99"},
    ),
    "main guest for whom somebody else booked": (
        "omer",
        {"name": "Şükrü Karahanoğlu", "given": "Şükrü", "family": "Karahanoğlu",
         "born": date(1954, 4, 30), "document_no": "TRX99"},
    ),
    "booker who never came": (
        "clara",
        {"name": "Dorothea von der Invention", "given": "Dorothea",
         "family": "von der Invention", "born": date(1966, 6, 16),
         "email": "dvdi@elsewhere.example", "phone": "+49 30 23125999"},
    ),
}  # fmt: skip


EVERYWHERE = ("li.wei", "chen.jing")
"""Guests who are erased on every engine in the short run too; the others there in the long one."""


def on_each_engine(names: Mapping[str, str]) -> list[Any]:
    """Return name and engine of each case, deep ones marked as long."""
    return [
        pytest.param(
            name, kind,
            marks=[] if kind == "sqlite" or guest in EVERYWHERE else [pytest.mark.long],
        )
        for name, guest in names.items()
        for kind in engines.ENGINES
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "kind"), on_each_engine({name: key for name, (key, _) in TWINS.items()})
)
def test_after_erasing_a_guest_nothing_tells_the_twins_apart(
    case: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1 over the whole schema and the files: two hotels that differed in one guest are equal."""
    key, values = TWINS[case]
    place, guest = known(key)
    other = replace(guest, **values)
    with engines.fresh_database(kind) as url, house(url, tmp_path / "one") as one:
        kept = kept_values()
        before = one.dump()
        one.erase(match_of(guest), guest.property)
        first, files = one.dump(), one.files()
    disguised(key, monkeypatch, **values)
    with engines.fresh_database(kind) as url, house(url, tmp_path / "two") as two:
        put_back(kept)
        differed = changes(before, two.dump())
        two.erase(match_of(other), guest.property)
        second, other_files = two.dump(), two.files()

    assert place in guests_in(differed)
    assert str(changes(first, second)) == ""
    assert files == other_files


ERASED = ("li.wei", "wang.fang", "chen.jing", "zoe", "clara", "omer", "claire")


@pytest.mark.parametrize(("key", "kind"), on_each_engine(dict(zip(ERASED, ERASED, strict=True))))
def test_only_what_the_plan_names_changes(key: str, kind: str, tmp_path: Path) -> None:
    """P2: every row and column outside the plan, and every total, is as it was."""
    place, guest = known(key)
    places = {place, known("zoe.again")[0]} if key == "zoe" else {place}
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        before, totals = hotel.dump(), sums()
        with hotel.guesterase.begin(write=False) as office:
            plan = planning.plan(office.work, [("guests", (one,)) for one in places])
        shown = hotel.erase(match_of(guest), guest.property)
        found = changes(before, hotel.dump())
        allowed: dict[str, set[str]] = {}
        for step in plan.changing():
            allowed.setdefault(step.decision.table, set()).update(step.decision.columns)

        assert shown["state"] in ("erased", "sealed")
        assert found.new == {}
        assert set(found.gone) <= {"id_document_files", "marketing_consents"}
        assert {t: c - allowed.get(t, set()) for t, c in found.columns().items()} == {
            t: set() for t in found.columns()
        }
        assert guests_in(found) == places
        assert sums() == totals


def guests_in(found: Changes) -> set[int]:
    """Return the guest rows that changed."""
    return {int(str(line[0]).split()[-1]) for line in found.changed.get("guests", ())}


def sums() -> dict[str, Any]:
    """Return the totals that books and statistics rest on."""
    return {
        "lines": db.session.scalar(select(func.sum(FolioLine.amount))),
        "payments": db.session.scalar(select(func.sum(Payment.amount))),
        "invoices": db.session.scalar(select(func.sum(Invoice.total_cents))),
        "guests": db.session.scalar(select(func.count()).select_from(Guest)),
        "stays": db.session.scalar(select(func.count()).select_from(Registration)),
    }


COMPANION = Arrival(None, "Bodil Aagaard", "passport", "DKX0000099", "DK")
"""Somebody who comes with a guest, and pays."""


def test_what_the_desk_writes_of_who_did_not_book_goes_with_them(
    sqlite_url: str, tmp_path: Path
) -> None:
    """From charges, payments and the audit log too; invoice and register keep a name, by law."""
    place, anna = known("anna")
    with house(sqlite_url, tmp_path) as hotel:
        booking = db.session.scalars(select(Booking).where(Booking.booker_id == place)).one()
        clerk = db.session.get_one(Staff, "lej.desk")
        room = free_rooms(db.session(), anna.property)[0].number
        main = Arrival(place, anna.name, anna.document_type, anna.document_no, anna.nationality)
        check_in(db.session(), booking, room, [main, COMPANION], clerk)
        assert booking.folio is not None
        charge(db.session(), booking.folio, f"Bar – {COMPANION.name}", Decimal("9.50"), clerk)
        check_out(db.session(), booking, "card", COMPANION.name, clerk)
        db.session.commit()
        db.session.remove()
        shown = hotel.erase({"document": COMPANION.document_no, "name": COMPANION.name}, "LEJ")

        assert shown["state"] in ("erased", "sealed")
        kept = {"invoices.billed_to", "registrations.name"}
        assert naming(hotel.dump(), COMPANION.name) == kept


def test_a_wish_stays_with_who_booked_and_goes_with_who_stays(
    sqlite_url: str, tmp_path: Path
) -> None:
    """It says something of the main guest: whole, and only when that guest asks."""
    clara, omer = known("clara")[1], known("omer")[1]
    wish = f"{omer.name}: step-free access"
    with house(sqlite_url, tmp_path) as hotel:
        booked = Booking.booker_id == known("clara")[0]
        db.session.execute(update(Booking).where(booked).values(wishes=wish))
        db.session.commit()
        db.session.remove()
        hotel.erase(match_of(clara), clara.property)
        assert db.session.scalars(select(Booking.wishes).where(booked)).all() == [wish]
        db.session.remove()
        hotel.erase(match_of(omer), omer.property)
        assert db.session.scalars(select(Booking.wishes).where(booked)).all() == [None]


def test_a_mailbox_that_was_corrected_goes_from_the_audit_log(
    sqlite_url: str, tmp_path: Path
) -> None:
    """What a profile held before is in no other row: a line about a guest goes whole."""
    place, guest = known("li.wei")
    old = "former.li.wei@mail.example"
    with house(sqlite_url, tmp_path) as hotel:
        clerk = db.session.get_one(Staff, "sha.desk")
        record(db.session(), clerk, "guest.update", ("guests", place), {"email": old},
               {"email": guest.email})  # fmt: skip
        db.session.commit()
        db.session.remove()
        hotel.erase(match_of(guest), guest.property)

        assert naming(hotel.dump(), old) == set()


def naming(found: Dump, value: str) -> set[str]:
    """Return the columns in which a value stands."""
    return {
        f"{name}.{column}"
        for name, table in found.items()
        for line in table.lines
        for column, cell in zip(table.columns, line, strict=True)
        if cell is not None and value in cell
    }


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_one_of_two_who_share_mailbox_and_phone_asks(kind: str, tmp_path: Path) -> None:
    """The other's rows are byte-identical and the request ends well."""
    place, guest = known("chen.jing")
    spouse, _ = known("zhang.qiang")
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        before = hotel.dump()
        shown = hotel.erase({"email": guest.email, "name": guest.name}, "SHA")
        found = changes(before, hotel.dump())

        assert shown["state"] in ("erased", "sealed")
        assert guests_in(found) == {place}
        assert spouse not in guests_in(found)
        assert {row["id"] for row in shown["subjects"] if row["standing"] == "taken"} != set()


def test_an_alias_on_five_hundred_rows_takes_nobody(tmp_path: Path) -> None:
    """A booking site's mailbox names nobody: no row is taken and nothing changes."""
    url = f"sqlite:///{tmp_path / 'hotel.sqlite'}"
    with house(url, tmp_path, guests=2000) as hotel:
        rows = db.session.scalar(
            select(func.count()).select_from(Guest).where(Guest.email == ALIAS)
        )
        name = db.session.scalar(select(Guest.name).where(Guest.email == ALIAS).limit(1))
        place = db.session.scalar(select(Guest.property_code).where(Guest.email == ALIAS).limit(1))
        db.session.rollback()
        before = hotel.dump()
        with hotel.guesterase.begin() as office:
            office.intake(
                {"email": ALIAS, "name": str(name)},
                property=str(place), channel="form", lang="en", remote_mark="here",
            )  # fmt: skip
        hotel.guesterase.work()
        with hotel.guesterase.begin(write=False) as office:
            listed = office.list()
            shown = [office.show(item["number"]) for item in listed]

        assert rows == 500
        assert [row for one in shown for row in one["subjects"] if row["standing"] == "taken"] == []
        assert str(changes(before, hotel.dump())) == ""
