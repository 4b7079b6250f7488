"""Yesterday's database and the register make today's erasures, and touch nobody else (P7).

The demo hotel erases, its database is copied, it erases more while keys are used again; then the
copy is put in its place, with the same keys and the same register, and replayed.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import g
from sqlalchemy import delete, insert, select, update
from werkzeug.test import TestResponse

from example_pms import create_app, db
from example_pms.models import Guest
from flask_guesterase.core.errors import BlockedError, ForbiddenError, SetupError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.remembrance import Kind, committed, dangling
from flask_guesterase.store import tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.casework import cases
from flask_guesterase.store.remembrance import forgotten, remembering, tracing
from flask_guesterase.store.returning import replay
from tests import engines
from tests.example.conftest import Clerk
from tests.example.test_acceptance import House, house
from tests.oracle.dump import Dump

DAY = date(2026, 11, 1)
ONE_AND_ALL = [
    "postgresql",
    *(pytest.param(kind, marks=pytest.mark.long) for kind in ("sqlite", "mariadb")),
]
"""One engine in the short tests, all of them in the long ones."""


def person(number: int, **values: Any) -> dict[str, Any]:
    """Return an invented guest's row."""
    return {
        "property_code": "SHA", "created_on": DAY, "vip": False, "newsletter": False,
        "document_type": "passport", "name": f"Person {number}",
        "email": f"p{number}@crowd.example", "phone": f"+49151555{number:05d}",
        "document_no": f"CD{number:06d}", "notes": f"note {number}", **values,
    }  # fmt: skip


def add(number: int, **values: Any) -> int:
    """Write a guest past every guard; return the row's id."""
    db.session.remove()
    with db.engine.begin() as conn:
        made = conn.execute(insert(Guest.__table__).values(person(number, **values)))
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])


def erase(hotel: House, number: int) -> str:
    """Erase a guest; return the request's number."""
    shown = hotel.erase({"email": f"p{number}@crowd.example"}, "SHA")
    assert shown["state"] == "erased", shown
    return str(shown["number"])


def erase_all(hotel: House, wanted: Iterable[int]) -> None:
    """Erase many guests in as few rounds of the worker as it takes."""
    numbers = [approved(hotel, number) for number in wanted]
    while {requests(hotel)[number] for number in numbers} != {"erased"}:
        report = hotel.guesterase.work()
        assert report.problems == {}
        assert not report.idle


@contextmanager
def copied(hotel: House) -> Iterator[str]:
    """Copy the hotel's database as it is now; yields the copy's address."""
    db.session.remove()
    db.engine.dispose()
    url = hotel.app.config["SQLALCHEMY_DATABASE_URI"]
    with engines.clone_database(url) as copy:
        yield copy


@contextmanager
def restored(hotel: House, copy: str) -> Iterator[House]:
    """Put a copy in the place of the hotel's database: the same keys, files and register."""
    app = create_app(
        {"INSTANCE_PATH": str(hotel.folder), "DATABASE_URL": copy, "TESTING": True,
         "PMS_SCANS": str(hotel.folder / "scans")}
    )  # fmt: skip
    with app.app_context():
        try:
            yield House(app, hotel.folder)
        finally:
            db.session.remove()
            db.engine.dispose()


def replayed(hotel: House) -> replay.Survey:
    """Replay the register."""
    db.session.remove()
    return replay.replay(hotel.guesterase.run)


def row(id: int) -> Any:
    """Return a guest's row, or None."""
    db.session.remove()
    with db.engine.connect() as conn:
        return conn.execute(select(Guest.__table__).where(Guest.__table__.c.id == id)).first()


def is_erased(id: int, number: int) -> bool:
    """Return whether a guest's row is a shell."""
    found = row(id)
    return found is not None and found.document_no is None and found.name != f"Person {number}"


def requests(hotel: House) -> dict[str, str]:
    """Return number -> state of every request."""
    with db.engine.connect() as conn:
        table = tables.request
        return {r.number: r.state for r in conn.execute(select(table.c.number, table.c.state))}


def alarm(hotel: House) -> str:
    """Return why the hotel's staff are alarmed."""
    with hotel.guesterase.begin(write=False) as office:
        return office.alarm()


@pytest.fixture
def hotel(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The demo hotel on SQLite."""
    with house(sqlite_url, tmp_path, 20) as one:
        yield one


def assert_replayed(hotel: House, many: int) -> None:
    """Erase, copy, erase while keys are used again, restore, replay: the right ones and nobody."""
    first = {number: add(number) for number in range(many)}
    second = {number: add(number) for number in range(many, 2 * many)}
    erase_all(hotel, first)
    with copied(hotel) as copy:
        erase_all(hotel, second)
        # A shell goes and its key is used again by somebody else; in the copy it is the guest's.
        reused = max(second.values())
        with db.engine.begin() as conn:
            conn.execute(delete(Guest.__table__).where(Guest.__table__.c.id == reused))
            conn.execute(insert(Guest.__table__).values(id=reused, **person(9001)))
        today = hotel.dump()
        db.session.remove()
        db.engine.dispose()
        with restored(hotel, copy) as back:
            # A shell's key of the first half is used again by somebody else after the restore.
            other = min(first.values())
            with db.engine.begin() as conn:
                conn.execute(delete(Guest.__table__).where(Guest.__table__.c.id == other))
                conn.execute(insert(Guest.__table__).values(id=other, **person(9002)))
            before = back.dump()
            assert alarm(back) == "restored"
            with back.guesterase.begin(write=False) as office:
                seen = office.survey()
            assert seen.counts["theirs"] == many
            assert back.dump() == before, "showing changes nothing"
            done = replayed(back)
            assert not done.restored
            assert done.counts["theirs"] == many
            while set(requests(back).values()) != {"erased"}:
                report = back.guesterase.work()
                assert report.problems == {}
                assert not report.idle
            assert alarm(back) == ""
            assert all(is_erased(id, number) for number, id in second.items())
            assert row(other).name == "Person 9002"
            same(back.dump(), today, {reused, other})
            assert len(requests(back)) == 2 * many
            again = replayed(back)
            assert not again.restored
            assert not again.counts
            erase_one_more(back)


def erase_one_more(hotel: House) -> None:
    """The hotel goes on: what comes after is erased, and the register with it."""
    add(8000)
    erase(hotel, 8000)
    assert alarm(hotel) == ""


def same(one: Dump, other: Dump, but: set[int]) -> None:
    """Assert that two databases hold the same, but for these guests."""
    assert set(one) == set(other)
    for name, table in one.items():
        theirs = other[name]
        if name == "guests":
            table, theirs = _without(table, but), _without(theirs, but)
        assert table == theirs, name


def _without(table: Any, ids: set[int]) -> Any:
    at = table.columns.index("id")
    gone = {text for id in ids for text in (str(id), f"integer {id}")}
    return replace(table, lines=tuple(line for line in table.lines if line[at] not in gone))


def test_the_right_ones_are_gone_and_nobody_else(database_url: str, tmp_path: Path) -> None:
    """After a restore who was erased since the copy goes again, and nobody else is changed."""
    with house(database_url, tmp_path, 20) as hotel:
        assert_replayed(hotel, 2)


@pytest.mark.long
def test_fifty_and_fifty(database_url: str, tmp_path: Path) -> None:
    """Fifty erased before the copy and fifty since: all are gone again, and nobody else is."""
    with house(database_url, tmp_path, 60) as hotel:
        assert_replayed(hotel, 50)


def test_what_was_overwritten_before_is_left_alone(hotel: House) -> None:
    """Somebody erased the row by hand before the replay: nothing is left to do, and it ends."""
    id = add(1)
    with copied(hotel) as copy:
        number = erase(hotel, 1)
        with restored(hotel, copy) as back:
            with db.engine.begin() as conn:
                table = Guest.__table__
                conn.execute(update(table).where(table.c.id == id).values(
                    name="-", email="", phone=None, document_no=None, notes=None
                ))
            before = back.dump()
            done = replayed(back)
            assert (done.restored, done.counts["other"]) == (False, 1)
            assert back.dump() == before
            assert requests(back)[number] == "checking"
            back.guesterase.work()
            assert alarm(back) == ""


def test_a_contact_that_changed_since_is_asked_about(hotel: House) -> None:
    """The key agrees and the name does, but not the mailbox: a person says whose row it is."""
    id = add(1)
    with copied(hotel) as copy:
        with db.engine.begin() as conn:
            table = Guest.__table__
            moved = update(table).where(table.c.id == id).values(email="moved@crowd.example")
            conn.execute(moved)
        with hotel.guesterase.begin() as office:
            number = office.request({"document": "CD000001"}, property="SHA", by="sha.desk")
            office.confirm(number, by="sha.desk")
            office.approve(number, by="sha.officer", digest=office.preview(number).digest)
        hotel.guesterase.work()
        with restored(hotel, copy) as back:
            done = replayed(back)
            assert (done.restored, done.counts["ask"]) == (False, 1)
            assert row(id).name == "Person 1"
            assert alarm(back) == "asking"
            with back.guesterase.begin() as office:
                (asked,) = office.returns("sha.desk", "replay")
                assert (asked["why"], asked["number"]) == ("changed", number)
                office.settle_return(asked["id"], "sha.desk", True)
            assert back.guesterase.work().counts["erased-again"] == 1
            assert is_erased(id, 1)
            assert alarm(back) == ""
            back.guesterase.work()
            assert requests(back)[number] == "erased"


def test_the_same_person_who_returned_lives(hotel: House) -> None:
    """After the restore the same person came again, and got the key their old row had."""
    with copied(hotel) as copy:
        id = add(1)
        erase(hotel, 1)
        with restored(hotel, copy) as back:
            assert add(1, created_on=date(2100, 1, 1)) == id
            before = back.dump()
            done = replayed(back)
            assert (done.restored, done.counts["lives"]) == (False, 1)
            back.guesterase.work()
            assert back.dump() == before
            assert alarm(back) == ""


def test_without_a_date_a_person_decides(hotel: House, monkeypatch: pytest.MonkeyPatch) -> None:
    id = add(1)
    with copied(hotel) as copy:
        erase(hotel, 1)
        with restored(hotel, copy) as back:
            # As if the vendor had declared no clock at all.
            monkeypatch.setattr(forgotten, "facts_of", lambda *_: {})
            done = replayed(back)
            assert done.counts["ask"] == 1
            assert row(id).name == "Person 1"


def test_an_erasure_that_was_undone_since_is_not_repeated(hotel: House) -> None:
    id = add(1)
    number = approved(hotel, 1)
    with copied(hotel) as copy:
        hotel.guesterase.work()
        with hotel.guesterase.begin() as office:
            case = cases.load(office.work, number)
            office.work.remember.append(tracing.undone(case, Kind.RESTORED, "wrong-person"))
        with restored(hotel, copy) as back:
            before = back.dump()
            done = replayed(back)
            assert (done.restored, done.undone, done.counts["undone"]) == (False, (number,), 1)
            back.guesterase.work()
            assert back.dump() == before
            assert row(id).name == "Person 1"
            assert requests(back)[number] == "review", "a person looks at it again"


def test_what_was_taken_back_since_a_copy_of_between_is_asked_of_people(hotel: House) -> None:
    """The copy knows the guest as erased: a task names the request while that can be cured."""
    id = add(1)
    number = erase(hotel, 1)
    with copied(hotel) as copy:
        taken_back(hotel, number)
        assert not is_erased(id, 1)
        with restored(hotel, copy) as back:
            assert alarm(back) == "restored"
            console = back.app.test_cli_runner()
            said = console.invoke(args=["guesterase", "replay", "--yes"]).output
            assert number in said
            assert "to-take-back" in said
            assert is_erased(id, 1)
            with back.guesterase.begin() as office:
                (task,) = [each for each in office.tasks("sha.officer") if each["kind"] == "undone"]
                assert (task["name"], task["property"]) == (number, "SHA")
                assert task["due_on"] == office.show(number)["recovery_until"]
            page = Visitor(back.app.test_client()).login("sha.officer").get(f"{DESK}/tasks?lang=en")
            assert "erasure to be taken back again" in page
            taken_back(back, number)
            assert not is_erased(id, 1)


def taken_back(hotel: House, number: str) -> None:
    """Take an erasure back by two people."""
    with hotel.guesterase.begin() as office:
        office.propose_restore(number, "sha.officer", "guest-wish")
    with hotel.guesterase.begin() as office:
        office.restore(number, "sha.officer2")


def test_a_request_that_was_taken_back_since_is_not_carried_out(hotel: House) -> None:
    id = add(1)
    number = approved(hotel, 1)
    with copied(hotel) as copy:
        with hotel.guesterase.begin() as office:
            office.withdraw(number, by="sha.desk")
        with restored(hotel, copy) as back:
            assert back.guesterase.work().problems == {"register": "restored"}
            replayed(back)
            back.guesterase.work()
            assert row(id).name == "Person 1"
            assert requests(back)[number] == "review"


def approved(hotel: House, number: int) -> str:
    """Approve the erasure of a guest; return the request's number."""
    with hotel.guesterase.begin() as office:
        match = {"email": f"p{number}@crowd.example"}
        name = office.request(match, property="SHA", by="sha.desk")
        office.confirm(name, by="sha.desk")
        office.approve(name, by="sha.officer", digest=office.preview(name).digest)
    return str(name)


@pytest.mark.parametrize("freeze", [False, pytest.param(True, marks=pytest.mark.long)])
def test_what_was_held_since_is_not_erased(hotel: House, freeze: bool) -> None:
    """Held after the copy was made, at once or after the erasure: nothing goes till it is again."""
    id, other = add(1), add(2)
    later = approved(hotel, 2)
    with copied(hotel) as copy:
        with hotel.guesterase.begin() as office:
            office.withdraw(later, by="sha.desk")
        number = erase(hotel, 1)
        with hotel.guesterase.begin() as office:
            if freeze:
                office.freeze("SHA", "sha.desk")
            else:
                wanted = Wanted("subject", "court-order", "guests", str(id), silent=True,
                                review_on="2027-01-01")  # fmt: skip
                office.place_hold(wanted, "sha.officer")
        with restored(hotel, copy) as back:
            done = replayed(back)
            assert len(done.holds) == 1
            assert done.counts["ask"] == 1
            assert row(id).name == "Person 1"
            assert alarm(back) == "unfinished"
            assert back.guesterase.work().problems == {"register": "unfinished"}
            assert back.guesterase.sweep().doubt == "unfinished"
            assert row(other).name == "Person 2"
            pages = {
                who: Visitor(back.app.test_client()).login(who).get(f"{DESK}/restored?lang=en")
                for who in ("sha.desk", "sha.officer", "lej.officer")
            }
            for each in pages.values():
                names_only_what_is_there(each)
            assert "Forgotten holds and freezes" in pages["sha.officer"]
            assert "Forgotten" not in pages["sha.desk"] + pages["lej.officer"]
            assert "hold" not in pages["sha.desk"].casefold()
            with back.guesterase.begin() as office:
                (asked,) = office.returns("sha.desk", "replay")
                assert asked["why"] == "legal-duty", "of a silent hold nobody learns more"
                wanted = Wanted("subject", "court-order", "guests", str(id), silent=True,
                                review_on="2027-01-01")  # fmt: skip
                hold = office.place_hold(wanted, "sha.officer")
                office.settle_return(asked["id"], "sha.desk", True)
                with pytest.raises(ForbiddenError):
                    office.holds_placed("sha.desk")
                office.holds_placed("sha.officer")
            assert back.guesterase.work().counts["returned-waiting"] == 1
            assert row(id).name == "Person 1"
            for who in ("sha.officer", "sha.officer2"):
                with back.guesterase.begin() as office:
                    office.lift(hold, who)
            with db.engine.begin() as conn:
                conn.execute(update(tables.returned).values(try_at=None))
            back.guesterase.work()
            assert is_erased(id, 1)
            back.guesterase.work()
            assert requests(back)[number] == "erased"


CRASH = """
import os, signal, sys
from example_pms import create_app
from flask_guesterase.store.remembrance import remembering

folder, url, where = sys.argv[1:]
app = create_app({"INSTANCE_PATH": folder, "DATABASE_URL": url, "TESTING": True,
                  "PMS_SCANS": folder + "/scans"})

def die(*_args, **_named):
    os.kill(os.getpid(), signal.SIGKILL)

with app.app_context():
    if where == "before":
        written = remembering._written
        def once(*args):
            written(*args)
            die()
        remembering._written = once
    else:
        remembering.outcome = die
    app.extensions["guesterase"].extension.work()
"""


def killed(hotel: House, where: str) -> None:
    """Let the worker run in a process that is killed before, or after, its commit."""
    url = hotel.app.config["SQLALCHEMY_DATABASE_URI"]
    db.session.remove()
    db.engine.dispose()
    command = [sys.executable, "-c", CRASH, str(hotel.folder), url, where]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_crash_between_intent_and_outcome(
    database_url: str, tmp_path: Path, where: str
) -> None:
    """Killed before or after the commit: the house goes on, and so does one that is restored."""
    with house(database_url, tmp_path, 20) as hotel, copied(hotel) as empty:
        id = add(1)
        number = approved(hotel, 1)
        with copied(hotel) as copy:
            killed(hotel, where)
            assert is_erased(id, 1) is (where == "after")
            with restored(hotel, copy) as back:
                # The copy was made when the request was approved: it is carried out by itself.
                if alarm(back):
                    assert not replayed(back).restored
                back.guesterase.work()
                assert is_erased(id, 1)
                assert requests(back)[number] == "erased"
        with restored(hotel, empty) as older:
            # This copy never knew the request; the guest was written into it again.
            assert add(1) == id
            assert alarm(older) == "restored"
            done = replayed(older)
            assert (done.restored, done.counts["theirs"], done.unknown) == (False, 1, (number,))
            assert is_erased(id, 1)
            older.guesterase.work()
            assert requests(older)[number] == "erased"


@pytest.mark.parametrize("where", ["before", "after"])
def test_after_a_crash_the_house_goes_on(hotel: House, where: str) -> None:
    id = add(1)
    number = approved(hotel, 1)
    killed(hotel, where)
    assert alarm(hotel) == ""
    assert hotel.guesterase.work().problems == {}
    assert is_erased(id, 1)
    assert requests(hotel)[number] == "erased"
    add(2)
    erase(hotel, 2)
    with hotel.guesterase.begin(write=False) as office:
        file = remembering.register(office.work)
        assert file is not None
        lines, broken = file.lines()
        assert broken == []
        assert dangling(lines) == []
        abandoned = [line for line in lines if line.note.kind is Kind.ABANDONED]
        assert len(abandoned) == (where == "before")


def journaled(action: str) -> int:
    """Return how often something stands in the journals."""
    with db.engine.connect() as conn:
        told = conn.execute(select(tables.entry.c.action)).scalars().all()
    return list(told).count(action)


def test_while_it_was_restored_nothing_leaves_and_nothing_is_erased(hotel: House) -> None:
    add(1)
    number = erase(hotel, 1)
    with copied(hotel) as copy:
        add(2)
        erase(hotel, 2)
        with restored(hotel, copy) as back:
            add(3)
            other = approved(back, 3)
            with back.guesterase.begin() as office, pytest.raises(BlockedError):
                office.certificate(number)
            with back.guesterase.begin() as office, pytest.raises(BlockedError):
                office.erase(other)
            report = back.guesterase.work()
            assert report.problems == {"register": "restored"}
            assert "sent" not in report.counts
            assert back.guesterase.sweep().doubt == "restored"
            assert journaled("restore-noticed") == 0, "what is written to now cannot be continued"
            assert not replayed(back).restored
            assert journaled("restore-noticed") == 2, "once in each controller's journal"
            assert back.guesterase.work().problems == {}
            assert requests(back)[other] == "erased"
            with back.guesterase.begin() as office:
                assert office.certificate(number)["content"]["number"] == number


def test_without_a_register_to_write_to_nothing_is_erased(hotel: House) -> None:
    add(1)
    erase(hotel, 1)
    id = add(2)
    number = approved(hotel, 2)
    folder = hotel.folder / "guesterase-register"
    folder.rename(hotel.folder / "unmounted")
    folder.write_text("not a folder")
    report = hotel.guesterase.work()
    assert report.problems == {"register": "missing"}
    with hotel.guesterase.begin() as office, pytest.raises(SetupError, match="replay --anew"):
        office.erase(number)
    assert row(id).name == "Person 2"
    with hotel.guesterase.begin() as office:
        assert office.freeze("SHA", "sha.desk"), "a freeze is never refused for it"
    folder.unlink()
    (hotel.folder / "unmounted").rename(folder)
    for path in folder.iterdir():
        path.chmod(0o600)
    with hotel.guesterase.begin() as office, pytest.raises(SetupError):
        office.begin_register("sha.officer")
    with db.engine.begin() as conn:
        conn.execute(update(tables.hold).values(lifted_at=datetime(2026, 1, 1)))
        conn.execute(update(tables.request).values(try_at=datetime(2026, 1, 1)))
    assert hotel.guesterase.work().problems == {}
    assert is_erased(id, 2)


def test_a_register_that_is_lost_for_good_is_begun_anew(hotel: House) -> None:
    add(1)
    erase(hotel, 1)
    shutil.rmtree(hotel.folder / "guesterase-register")
    assert alarm(hotel) == "missing"
    with hotel.guesterase.begin() as office:
        with pytest.raises(ForbiddenError):
            office.begin_register("sha.desk")
        office.begin_register("sha.officer")
    assert alarm(hotel) == ""
    id = add(2)
    erase(hotel, 2)
    assert is_erased(id, 2)


def test_a_register_whose_end_is_damaged_is_begun_anew_as_it_says(hotel: House) -> None:
    """There is no copy of it; what the message names is done, and erasing goes on."""
    add(1)
    erase(hotel, 1)
    (path,) = (hotel.folder / "guesterase-register").glob("*.jsonl")
    path.write_bytes(path.read_bytes() + bytes(80) + b"\n")
    with hotel.guesterase.begin() as office, pytest.raises(SetupError) as told:
        office.begin_register("sha.officer")
    assert "take it out of the folder and run" in told.value.hint
    path.rename(hotel.folder / "damaged")
    with hotel.guesterase.begin() as office:
        office.begin_register("sha.officer")
    id = add(2)
    erase(hotel, 2)
    assert is_erased(id, 2)


def test_a_changed_line_is_counted_and_the_others_are_replayed(hotel: House) -> None:
    first, second = add(1), add(2)
    with copied(hotel) as copy:
        erase(hotel, 1)
        erase(hotel, 2)
        (path,) = (hotel.folder / "guesterase-register").glob("*.jsonl")
        assert path.stat().st_mode & 0o077 == 0
        before, kind, rest = path.read_bytes().partition(b'"kind":"intent"')
        changed = rest.replace(b'"property":"SHA"', b'"property":"LEJ"', 1)
        path.write_bytes(before + kind + changed)
        with restored(hotel, copy) as back:
            done = replayed(back)
            assert (done.broken, done.counts["theirs"]) == (1, 1)
            assert row(first).name == "Person 1"
            assert is_erased(second, 2)


def test_the_register_holds_no_readable_personal_data(hotel: House) -> None:
    add(1)
    erase(hotel, 1)
    (path,) = (hotel.folder / "guesterase-register").glob("*.jsonl")
    text = path.read_text()
    for value in person(1).values():
        if isinstance(value, str) and value not in ("SHA", "passport"):
            assert value not in text


DESK = "/desk/privacy"


class Visitor(Clerk):
    """A browser, where the test's own application context must not carry over who read last."""

    def get(self, path: str, status: int = 200) -> str:
        """Open a page and return its text."""
        g.__dict__.clear()
        return super().get(path, status)

    def post(self, path: str, form: dict[str, str], page: str = "/housekeeping") -> TestResponse:
        """Send a form with the token that `page` carries."""
        g.__dict__.clear()
        return super().post(path, form, page)


def names_only_what_is_there(page: str) -> None:
    """Read the steps of the page: each button or row they send to below stands there."""
    assert ("with the button below" in page) is ("/restored/replay" in page)
    assert ("then confirm it below" in page) is ("/restored/holds" in page)
    rows = re.search(r"/restored/\d+", page) is not None
    assert ("Say of each row below" in page) is rows
    assert rows or "the rows below" not in page


def test_staff_are_alarmed_on_every_page_and_helped_on_one(hotel: House) -> None:
    """In both languages; who may not look at the house reads no name."""
    certain, unsure = add(1), add(2)
    with copied(hotel) as copy:
        with db.engine.begin() as conn:
            conn.execute(update(Guest.__table__).where(Guest.__table__.c.id == unsure).values(
                phone="+4915100000"
            ))
        erase(hotel, 1)
        erase(hotel, 2)
        calm = Visitor(hotel.app.test_client()).login("sha.officer")
        told = calm.get(f"{DESK}/restored?lang=en")
        assert "has forgotten nothing" in told
        names_only_what_is_there(told)
        assert "The database was restored" not in calm.get(f"{DESK}/?lang=en")
        db.session.remove()
        with restored(hotel, copy) as back:
            officer = Visitor(back.app.test_client()).login("sha.officer")
            alarmed = officer.get(f"{DESK}/?lang=en")
            assert "The database was restored" in alarmed
            # What a guest is handed on paper says nothing of it.
            assert re.search(r'class="[^"]*\bscreen\b[^"]*" role="alert"', alarmed)
            assert "数据库曾被恢复" in officer.get(f"{DESK}/?lang=zh")
            page = officer.get(f"{DESK}/restored?lang=en")
            assert "Carry out the erasures again" in page
            others = [
                Visitor(back.app.test_client()).login(who).get(f"{DESK}/restored?lang=en")
                for who in ("sha.desk", "lej.officer")
            ]
            for each in (page, *others):
                names_only_what_is_there(each)
            assert "发生了什么" in officer.get(f"{DESK}/restored?lang=zh")
            assert "Person" not in page
            page = f"{DESK}/restored?lang=en"
            assert officer.post(f"{DESK}/restored/replay", {}, page).status_code == 303
            assert is_erased(certain, 1)
            desk = Visitor(back.app.test_client()).login("sha.desk")
            text = desk.get(page)
            for each in (text, officer.get(page)):
                names_only_what_is_there(each)
            assert "Person 2" in text
            assert f"guests {unsure}<" in text
            assert "some of what identifies the guest is not as it was" in text
            far = Visitor(back.app.test_client()).login("lej.desk")
            assert "Person 2" not in far.get(page)
            with back.guesterase.begin(write=False) as office:
                (asked,) = office.returns("sha.desk", "replay")
            url = f"{DESK}/restored/{asked['id']}"
            assert far.post(url, {"theirs": "yes"}, f"{DESK}/new").status_code == 404
            assert desk.post(url, {}, page).status_code == 422
            assert desk.post(url, {"theirs": "yes"}, page).status_code == 303
            back.guesterase.work()
            assert is_erased(unsure, 2)
            assert "The database was restored" not in officer.get(f"{DESK}/?lang=en")


def test_a_copy_of_some_days_ago_waits_for_the_word_of_two_people(
    hotel: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock seems to have leapt: page and command say so, and what has to be done first."""
    id = add(1)
    hotel.guesterase.work()
    with copied(hotel) as copy:
        erase(hotel, 1)
        with restored(hotel, copy) as back:
            later = back.guesterase._now() + timedelta(days=3)
            monkeypatch.setattr(back.guesterase, "_now", lambda: later)
            console = back.app.test_cli_runner()
            for args in (["replay"], ["replay", "--yes"]):
                said = console.invoke(args=["guesterase", *args]).output
                assert "The clock of this machine is in doubt" in said
                assert "two people confirm it" in said
            assert row(id).name == "Person 1"
            officer = Visitor(back.app.test_client()).login("sha.officer")
            page = f"{DESK}/restored?lang=en"
            assert "two people confirm it under Sweep" in officer.get(page)
            for who in ("sha.officer", "sha.officer2"):
                with back.guesterase.begin() as office:
                    office.confirm_clock(who)
            assert "two people confirm it under Sweep" not in officer.get(page)
            assert "in doubt" not in console.invoke(args=["guesterase", "replay", "--yes"]).output
            assert is_erased(id, 1)


def test_no_key_of_what_ended_since_is_to_be_brought_back(hotel: House) -> None:
    """A copy counts on keys that were destroyed as they should be; a backup has them."""
    add(1)
    hotel.guesterase.work()
    number = approved(hotel, 1)
    with copied(hotel) as copy:
        while requests(hotel)[number] != "erased":
            hotel.guesterase.work()
        with restored(hotel, copy) as back:
            hints = {each.id: each.hint for each in back.guesterase.check()}
            assert "restore-pending" in hints
            assert hints["keys-unsound"].startswith("Bring no key back yet")


def test_the_command_shows_first_and_acts_when_told(hotel: House) -> None:
    id = add(1)
    with copied(hotel) as copy:
        number = erase(hotel, 1)
        with restored(hotel, copy) as back:
            console = back.app.test_cli_runner()
            seen = console.invoke(args=["guesterase", "replay", "--json"])
            told = json.loads(seen.stdout)
            assert (told["counts"], told["unknown"]) == ({"theirs": 1}, [number])
            assert row(id).name == "Person 1"
            checked = console.invoke(args=["guesterase", "check", "--json"])
            assert "restore-pending" in {item["id"] for item in json.loads(checked.stdout)}
            out = hotel.folder / "leaving"
            left = console.invoke(args=["guesterase", "uninstall", "--out", str(out)])
            assert (left.exit_code, out.exists()) == (1, False)
            done = console.invoke(args=["guesterase", "replay", "--yes"])
            assert done.exit_code == 0, done.output
            assert number in done.output
            assert is_erased(id, 1)
            again = console.invoke(args=["guesterase", "replay"])
            assert "has forgotten nothing" in again.output
            wrong = console.invoke(args=["guesterase", "replay", "--anew"])
            assert wrong.exit_code == 2


ROUND = """
import sys
from example_pms import create_app

folder, url = sys.argv[1:]
app = create_app({"INSTANCE_PATH": folder, "DATABASE_URL": url, "TESTING": True,
                  "PMS_SCANS": folder + "/scans"})
with app.app_context():
    app.extensions["guesterase"].extension.work()
"""


@pytest.mark.parametrize("kind", ONE_AND_ALL)
def test_many_processes_write_one_register(kind: str, tmp_path: Path) -> None:
    """Two workers at once: every line at its place, each transaction settled, all remembered."""
    with engines.fresh_database(kind) as url, house(url, tmp_path, 20) as hotel:
        ids = {number: add(number) for number in range(4)}
        numbers = {approved(hotel, number) for number in ids}
        db.session.remove()
        db.engine.dispose()
        command = [sys.executable, "-c", ROUND, str(hotel.folder), url]
        running = [subprocess.Popen(command) for _ in range(2)]
        assert [each.wait(120) for each in running] == [0, 0]
        with db.engine.begin() as conn:
            conn.execute(update(tables.request).values(try_at=datetime(2026, 1, 1)))
        hotel.guesterase.work()
        assert all(is_erased(id, number) for number, id in ids.items())
        with hotel.guesterase.begin(write=False) as office:
            file = remembering.register(office.work)
            assert file is not None
            lines, broken = file.lines()
            known = pulse.look(office.work.conn, remembering.KNOWN)
        assert broken == []
        assert dangling(lines) == []
        erased = [line for line in committed(lines) if line.note.kind is Kind.INTENT]
        assert sorted(line.note.request for line in erased) == sorted(numbers)
        assert known is not None
        assert int(known.note) == max(line.number for line in committed(lines))
        assert alarm(hotel) == ""
