"""Leaving: everything retained comes back as files that open without this package."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from flask_guesterase.core.errors import (
    BusyError,
    InputError,
    KeyMissingError,
    SealError,
    SetupError,
)
from flask_guesterase.core.events import ErasureRequested, SubjectErased
from flask_guesterase.core.image import Change, Image, Images, cell
from flask_guesterase.core.payload import encode
from flask_guesterase.core.seal import Box, Terms, open_box
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import boxing, vault
from flask_guesterase.store.holding import unsearched
from flask_guesterase.store.journaling import journal
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.store.upkeep.uninstall import uninstall
from tests.engines import build
from tests.store.test_upgrade import EVERY

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STAMP = NOW.replace(tzinfo=None)
NAMES = ["Ana Invented", "Jürgen Erfunden", "张三丰"]
CERTIFICATE = '{"format":"guesterase/certificate/v1","number":"E-1"}'


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on which our tables were made, beside one of the host's."""
    made = sa.create_engine(database_url)
    try:
        build(made, tables.metadata)
        with made.begin() as conn:
            conn.execute(sa.text("CREATE TABLE guests (id INTEGER PRIMARY KEY)"))
            conn.execute(sa.text("INSERT INTO guests VALUES (1)"))
        yield made
    finally:
        made.dispose()


@pytest.fixture
def custodian(tmp_path: Path) -> FolderCustodian:
    """Keys of an installation."""
    made = FolderCustodian(tmp_path / "keys")
    made.create()
    return made


def payload(name: str) -> bytes:
    """What an erasure seals of one guest."""
    row = Image(
        table="guests",
        key=(cell("id", "integer", 1),),
        change=Change.OVERWRITTEN,
        columns=(cell("name", "varchar(80)", name),),
        order=0,
    )
    return encode(Images("sqlite", "3", (row,)))


def fill(conn: Connection, custodian: FolderCustodian) -> list[str]:
    """Two cases, one still open, with boxes, a certificate and a journal."""
    for number, state in (("E-1", "sealed"), ("E-2", "review")):
        values = {
            "number": number,
            "property": "berlin",
            "controller": "Hotel Invented GmbH",
            "kind": "erasure",
            "state": state,
            "channel": "desk",
            "lang": "de",
            "received_at": STAMP,
            "due_on": "2026-12-24",
            "version": 1,
            "attempts": 0,
        }
        conn.execute(tables.request.insert().values(values))
    conn.execute(
        tables.subject.insert().values(
            request="E-1", table_name="guests", row_key="[1]", standing="taken", why="email",
            erased_at=STAMP,
        )
    )
    conn.execute(
        tables.certificate.insert().values(
            request="E-1", supplement=0, body=CERTIFICATE, issued_at=STAMP
        )
    )
    items = [
        boxing.Item(payload(name), Terms("hotel-invented", "retention", f"203{n}-12-31"), "E-1")
        for n, name in enumerate(NAMES)
    ]
    boxes = boxing.put(conn, custodian, items, "2026-11-24")
    events = [
        ErasureRequested("Hotel Invented GmbH", number="E-1"),
        SubjectErased("Hotel Invented GmbH", number="E-1", counts={"rows": 1}),
    ]
    journal.append(conn, journal.drafts(events, NOW), custodian.public_key())
    return boxes


def our_tables(engine: Engine) -> set[str]:
    """Names of tables of ours that are in the database."""
    names = sa.inspect(engine).get_table_names()
    return {name for name in names if name.startswith(tables.PREFIX)}


def test_everything_retained_opens_without_the_database(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """After uninstalling the tables are gone, the host's stay, and the files hold it all."""
    with transaction(engine) as conn:
        fill(conn, custodian)
    folder = tmp_path / "out" / "export"
    made = uninstall(engine, custodian, folder, drop=True)
    assert made.dropped
    assert (made.open, made.intake) == (1, 0)
    assert our_tables(engine) == set()
    with engine.connect() as conn:
        assert conn.execute(sa.text("SELECT id FROM guests")).scalars().all() == [1]
    copy = FolderCustodian(folder / "keys")
    lines = (folder / "boxes.jsonl").read_text(encoding="utf-8").splitlines()
    held = {open_box(Box.from_json(line), copy) for line in lines}
    assert held == {payload(name) for name in NAMES}
    actions = [
        json.loads(line)["action"]
        for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert actions[-2:] == ["erasure-requested", "subject-erased"]
    cases = [
        json.loads(line)
        for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [(case["number"], case["state"]) for case in cases] == [
        ("E-1", "sealed"),
        ("E-2", "review"),
    ]
    assert cases[0]["received_at"] == "2026-11-24T12:00:00Z"
    assert [each["row_key"] for each in cases[0]["subjects"]] == ["[1]"]
    assert (folder / "certificates" / "E-1.json").read_text(encoding="utf-8") == CERTIFICATE
    assert made.counts["boxes.jsonl"] == 3
    assert made.counts["keys"] == len(list((folder / "keys").iterdir()))


def test_every_name_is_durable_before_our_tables_go(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power failure after the last table went takes no file with it, and no folder of them."""
    with transaction(engine) as conn:
        fill(conn, custodian)
    folder = tmp_path / "new" / "export"
    synced: set[str] = set()
    dropped: list[set[str]] = []
    fsync = os.fsync

    def note(handle: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    def drop(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("DROP TABLE"):
            dropped.append(set(synced))

    monkeypatch.setattr(os, "fsync", note)
    sa.event.listen(engine, "before_cursor_execute", drop)
    uninstall(engine, custodian, folder, drop=True)
    every = [tmp_path, tmp_path / "new", folder, *folder.rglob("*")]
    assert {str(path) for path in every} - dropped[0] == set()


def test_the_folder_is_closed_and_says_what_to_destroy(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Nobody else may read the folder; its README names each key file and its last day."""
    with transaction(engine) as conn:
        fill(conn, custodian)
    folder = tmp_path / "export"
    uninstall(engine, custodian, folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert [p for p in folder.rglob("*") if p.is_file() and p.stat().st_mode & 0o077] == []
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    for n in range(3):
        day = f"203{n}-12-31"
        assert f"{day}  keys/key-day-{day}.json" in readme
        assert (folder / "keys" / f"key-day-{day}.json").is_file()
    text = "".join(p.read_text(encoding="utf-8") for p in folder.rglob("*.*") if p.suffix != ".key")
    assert not [name for name in NAMES if name in text]


def test_what_a_court_holds_is_not_to_be_destroyed(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """The README has no day for a held key, and the holds themselves are among the files."""
    hold = {
        "kind": "legal", "scope": "subject", "controller": "hotel-invented", "property": "berlin",
        "table_name": "guests", "row_key": "[1]", "silent": False, "why": "court",
        "placed_by": "1", "placed_at": STAMP,
    }  # fmt: skip
    with transaction(engine) as conn:
        first, *_ = fill(conn, custodian)
        conn.execute(tables.hold.insert().values(id=7, **hold))
        conn.execute(tables.hold.insert().values(id=8, **hold, lifted_at=STAMP))
        vault.rewrap(conn, custodian, [first], "hold:7")
    folder = tmp_path / "export"
    uninstall(engine, custodian, folder)
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    days, _, held = readme.partition("destroy nothing")
    assert "key-hold-7.json" not in days
    assert "key-hold-7.json" in held
    lines = (folder / "holds.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [7]


def test_what_stays_in_place_is_listed_with_its_day(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Nobody ends it any more when the software is gone, so the hotel must know until when."""
    kept = {
        "request": "E-1", "controller": "hotel-invented", "property": "berlin",
        "table_name": "invoices", "row_key": "[1]", "columns": '["billed_to"]',
        "category": "invoice_accounting", "mode": "place", "until": "2035-12-31", "open": "",
        "rule": "DE/invoice_accounting", "basis": "AO 147", "grade": "A", "facts": "{}",
        "since": STAMP,
    }  # fmt: skip
    with transaction(engine) as conn:
        fill(conn, custodian)
        conn.execute(tables.kept.insert().values(**kept))
        conn.execute(tables.kept.insert().values(**kept | {"row_key": "[2]"}, ended_at=STAMP))
    made = uninstall(engine, custodian, tmp_path / "export", drop=True)
    (line,) = (tmp_path / "export" / "kept.jsonl").read_text(encoding="utf-8").splitlines()
    told = json.loads(line)
    assert (told["table_name"], told["row_key"], told["until"]) == ("invoices", "[1]", "2035-12-31")
    assert made.counts["kept.jsonl"] == 1


def test_a_revoked_certificate_says_so_in_its_file(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Of an erasure that was taken back no file says that it stands."""
    with transaction(engine) as conn:
        fill(conn, custodian)
        conn.execute(tables.certificate.update().values(revoked_at=STAMP))
    uninstall(engine, custodian, tmp_path / "export")
    told = json.loads((tmp_path / "export" / "certificates" / "E-1.json").read_text("utf-8"))
    assert told == {**json.loads(CERTIFICATE), "revoked": "2026-11-24"}


def test_files_that_wait_to_be_removed_are_counted(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Nobody removes the scan of an erased guest's passport after the software is gone."""
    parcel = {
        "request": "E-1", "property": "berlin", "channel": "", "template": "", "attempts": 0,
        "next_at": STAMP,
    }  # fmt: skip
    with transaction(engine) as conn:
        fill(conn, custodian)
        for n, (kind, state) in enumerate(
            [("file", "queued"), ("file", "failed"), ("file", "sent"), ("message", "queued")]
        ):
            conn.execute(tables.outbox.insert().values(
                **parcel, kind=kind, state=state, dedupe=str(n)
            ))  # fmt: skip
    assert uninstall(engine, custodian, tmp_path / "export").files == 2


def test_nobody_is_left_erased_by_half(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """What has begun in several databases is finished first: nobody would know of it any more."""
    intent = {
        "number": "I-1", "controller": "hotel-invented", "property": "berlin", "bind": "crm",
        "begun_at": STAMP, "attempts": 0,
    }  # fmt: skip
    with transaction(engine) as conn:
        fill(conn, custodian)
        conn.execute(tables.intent.insert().values(**intent, state="open"))
    before = our_tables(engine)
    with pytest.raises(BusyError, match="several databases"):
        uninstall(engine, custodian, tmp_path / "one", drop=True)
    assert our_tables(engine) == before
    assert not uninstall(engine, custodian, tmp_path / "two").dropped
    with transaction(engine) as conn:
        conn.execute(tables.intent.update().values(state="done"))
    assert uninstall(engine, custodian, tmp_path / "three", drop=True).dropped


def test_a_folder_that_cannot_be_written_drops_nothing(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """It is said as one of ours, without the name that was typed."""
    (tmp_path / "Zebrafinch").write_text("no folder")
    before = our_tables(engine)
    with pytest.raises(InputError, match="cannot be written") as caught:
        uninstall(engine, custodian, tmp_path / "Zebrafinch" / "export", drop=True)
    assert "Zebrafinch" not in str(caught.value)
    assert our_tables(engine) == before


def test_without_being_told_to_nothing_is_dropped(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """An export alone leaves the database as it is, and can be made again elsewhere."""
    with transaction(engine) as conn:
        fill(conn, custodian)
    before = our_tables(engine)
    assert not uninstall(engine, custodian, tmp_path / "one").dropped
    assert our_tables(engine) == before
    for name in ("boxes.jsonl", "journal.jsonl", "cases.jsonl"):
        uninstall(engine, custodian, tmp_path / name)
        assert (tmp_path / name / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_nothing_is_dropped_when_a_box_does_not_open(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """A box whose key file is missing stops the uninstall before anything is lost."""
    with transaction(engine) as conn:
        fill(conn, custodian)
    (custodian.path / "key-day-2031-12-31.json").unlink()
    before = our_tables(engine)
    with pytest.raises(KeyMissingError):
        uninstall(engine, FolderCustodian(custodian.path), tmp_path / "export", drop=True)
    assert our_tables(engine) == before


def test_one_key_that_is_lost_keeps_nobody_from_the_rest(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """An export that drops nothing gives back what opens, and names what does not."""
    with transaction(engine) as conn:
        boxes = fill(conn, custodian)
    (custodian.path / "key-day-2031-12-31.json").unlink()
    folder = tmp_path / "export"
    made = uninstall(engine, FolderCustodian(custodian.path), folder)
    assert made.closed == (boxes[1],)
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    assert boxes[1] in readme.partition("What does not open")[2]
    lines = map(Box.from_json, (folder / "boxes.jsonl").read_text("utf-8").splitlines())
    found = {box.id: box for box in lines}
    assert set(found) == set(boxes)
    copy = FolderCustodian(folder / "keys")
    held = {open_box(found[box], copy) for box in (boxes[0], boxes[2])}
    assert held == {payload(NAMES[0]), payload(NAMES[2])}


def test_nothing_is_dropped_when_the_copied_keys_open_nothing(
    engine: Engine,
    custodian: FolderCustodian,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files that do not read back as what was sealed stop the uninstall, and say so."""
    with transaction(engine) as conn:
        fill(conn, custodian)
    other = FolderCustodian(tmp_path / "other")
    other.create()
    for label in custodian.labels():
        other.ensure(label)
    # Another folder was mounted over the one this process opened its keys from.
    monkeypatch.setattr(custodian, "copy", other.copy)
    before = our_tables(engine)
    with pytest.raises(SealError, match="read back"):
        uninstall(engine, custodian, tmp_path / "export", drop=True)
    assert our_tables(engine) == before


def test_nothing_is_given_back_while_nobody_knows_what_a_hold_reaches(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Else the files would tell people to destroy the key of a day on which something is held."""
    item = boxing.Item(payload(NAMES[0]), Terms("hotel-invented", "recovery", "2026-12-01"))
    with transaction(engine) as conn:
        fill(conn, custodian)
        unsearched.ask(conn, 1, STAMP)
    assert uninstall(engine, custodian, tmp_path / "without").counts["boxes.jsonl"] == 3
    with transaction(engine) as conn:
        boxing.put(conn, custodian, [item], "2026-11-24")
    before = our_tables(engine)
    for drop in (False, True):
        with pytest.raises(BusyError, match="looked through"):
            uninstall(engine, custodian, tmp_path / "export", drop=drop)
    assert our_tables(engine) == before
    with transaction(engine) as conn:
        unsearched.drop(conn, 1)
    assert uninstall(engine, custodian, tmp_path / "known").counts["boxes.jsonl"] == 4
    terms = Terms("hotel-invented", "recovery", "2026-12-01", "hold:1")
    held = boxing.Item(payload(NAMES[1]), terms)
    with transaction(engine) as conn:
        conn.execute(tables.hold.insert().values(**HOLD, lifted_at=STAMP))
        boxing.put(conn, custodian, [held], "2026-11-24")
    with pytest.raises(BusyError, match="looked through"):
        uninstall(engine, custodian, tmp_path / "export", drop=True)
    with transaction(engine) as conn:
        conn.execute(tables.hold.update().values(lifted_at=None))
    made = uninstall(engine, custodian, tmp_path / "export", drop=True)
    assert made.counts["boxes.jsonl"] == 5


HOLD = {
    "id": 1, "kind": "hold", "scope": "subject", "controller": "hotel-invented",
    "property": "berlin", "silent": False, "why": "court-order", "placed_by": "p1",
    "placed_at": STAMP,
}  # fmt: skip


def test_a_box_that_has_ended_is_not_given_back(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """A box whose key was destroyed between two steps of forgetting stops nothing."""
    with transaction(engine) as conn:
        fill(conn, custodian)
        vault.mark_labels(conn, [DAY], STAMP)
    there = uninstall(engine, custodian, tmp_path / "there", today="2032-01-01")
    assert there.counts["boxes.jsonl"] == 2
    vault.destroy(custodian, [DAY])
    made = uninstall(engine, custodian, tmp_path / "export", drop=True, today="2032-01-01")
    assert made.counts["boxes.jsonl"] == 2


LAST = "2031-12-31"
DAY = f"day:{LAST}"


@pytest.mark.parametrize("state", ["ending", "ended", "living"])
def test_a_box_whose_day_is_to_come_is_given_back_whatever_a_row_says_of_its_key(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path, state: str
) -> None:
    """Nothing that the law keeps is dropped by a row somebody wrote; it opens, or all stays."""
    with transaction(engine) as conn:
        fill(conn, custodian)
        conn.execute(tables.day.insert().values(label=DAY, state=state, at=STAMP))
    before = our_tables(engine)
    made = uninstall(engine, custodian, tmp_path / "one", today=LAST)
    assert made.counts["boxes.jsonl"] == 3
    custodian.forget(DAY)
    with pytest.raises(KeyMissingError):
        uninstall(engine, custodian, tmp_path / "two", drop=True, today=LAST)
    assert our_tables(engine) == before


@pytest.mark.parametrize("lives", [True, False], ids=["living", "deleted"])
def test_what_is_held_or_has_no_day_is_given_back_whatever_a_row_says_of_its_key(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path, lives: bool
) -> None:
    """Only what is said of a hold ends with its key, where the law keeps nothing under that."""
    far, said = ("hotel-invented", "retention", "9999-12-31"), ("hotel-invented", "contact", LAST)
    with transaction(engine) as conn:
        first, *_ = fill(conn, custodian)
        vault.rewrap(conn, custodian, [first], "hold:1")
        items = [
            boxing.Item(payload(NAMES[0]), Terms(*far, "open:hotel-invented")),
            boxing.Item(payload(NAMES[1]), Terms(*said, "hold:2")),
        ]
        boxing.put(conn, custodian, items, "2026-11-24")
        vault.mark_labels(conn, ["open:hotel-invented", "hold:1", "hold:2"], STAMP)
        if lives:
            conn.execute(tables.hold.insert().values(**HOLD))
    made = uninstall(engine, custodian, tmp_path / "export", drop=True, today="2040-01-01")
    assert made.counts["boxes.jsonl"] == 4


@pytest.mark.parametrize("today", ["2026-11-24", ""], ids=["today", "in doubt"])
def test_the_contact_of_a_request_is_given_back_whatever_a_row_says_of_its_key(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path, today: str
) -> None:
    """Who asked is to be answered still; that of a request that is over has ended with its key."""
    with transaction(engine) as conn:
        fill(conn, custodian)
        items = [
            boxing.Item(payload(name), Terms("hotel-invented", "contact", LAST, f"case:{name}"))
            for name in ("E-1", "E-2")
        ]
        boxing.put(conn, custodian, items, "2026-11-24")
        vault.mark_labels(conn, ["case:E-1", "case:E-2"], STAMP)
    made = uninstall(engine, custodian, tmp_path / "export", drop=True, today=today)
    given = (tmp_path / "export" / "boxes.jsonl").read_text()
    assert made.counts["boxes.jsonl"] == 4
    assert ("case:E-1" in given, "case:E-2" in given) == (False, True)


def test_what_a_hold_may_reach_is_given_back_until_holds_were_asked(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Its day is over and a row says that its key ends; the night would put it under a hold."""
    with transaction(engine) as conn:
        fill(conn, custodian)
        vault.mark_labels(conn, [DAY], STAMP)
        conn.execute(tables.hold.insert().values(**HOLD))
    made = uninstall(engine, custodian, tmp_path / "one", today="2032-01-01")
    assert made.counts["boxes.jsonl"] == 3
    vault.destroy(custodian, [DAY])
    made = uninstall(engine, custodian, tmp_path / "two", drop=True, today="2032-01-01")
    assert made.counts["boxes.jsonl"] == 2, "holds were asked before its key was destroyed"


@pytest.mark.usefixtures("impatient")
def test_nothing_is_dropped_while_somebody_uses_our_tables(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """A transaction of somebody else makes it wait briefly and then end, before and not between."""
    folder = tmp_path / "export"
    before = our_tables(engine)
    with transaction(engine) as conn:
        fill(conn, custodian)
        with pytest.raises(BusyError):
            uninstall(engine, custodian, folder, drop=True)
    assert our_tables(engine) == before
    assert not folder.exists()
    assert uninstall(engine, custodian, folder, drop=True).counts["cases.jsonl"] == 2


def test_a_folder_with_something_in_it_is_refused(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Nothing is mixed with what lies in a folder already."""
    tmp_path.joinpath("note.txt").write_text("mine")
    with pytest.raises(InputError):
        uninstall(engine, custodian, tmp_path, drop=True)
    assert our_tables(engine)


def test_after_leaving_one_can_come_back(
    engine: Engine, custodian: FolderCustodian, tmp_path: Path
) -> None:
    """Uninstalled twice is an error with a hint; a later upgrade starts from nothing."""
    uninstall(engine, custodian, tmp_path / "one", drop=True)
    with pytest.raises(SetupError, match="db upgrade"):
        uninstall(engine, custodian, tmp_path / "two", drop=True)
    assert upgrade.upgrade(engine) == EVERY
    assert uninstall(engine, custodian, tmp_path / "two").counts["cases.jsonl"] == 0
