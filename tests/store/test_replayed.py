"""What is said of a request after a replay: nothing is called gone that stands, or was not seen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from flask_guesterase.core import treatment
from flask_guesterase.core.errors import BusyError, KeyMissingError, SetupError
from flask_guesterase.core.events import SYSTEM, RequestReviewedAgain
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.remembrance import Kind
from flask_guesterase.store import tables, worker
from flask_guesterase.store.casework import cases
from flask_guesterase.store.certificates import planning
from flask_guesterase.store.comeback import sightings
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.office import Office
from flask_guesterase.store.remembrance import forgotten, months, remembering, tracing
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning import returned
from flask_guesterase.store.returning.alarm import cause
from flask_guesterase.store.returning.replay import Survey, replay, survey
from flask_guesterase.store.upkeep import soundness
from tests.store.hotel import Guest, Hotel, Scan, policies

ANN = {"name": "Ann Berg", "email": "ann@example.com", "phone": "+86 1", "document_no": "P1234567"}


class Copied:
    """A hotel whose database and keys were copied away; both come back where they were.

    :param folder: where everything lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hotel = Hotel(f"sqlite:///{folder / 'test.sqlite'}", folder)
        self.hotel.settings = replace(self.hotel.settings, register=str(folder / "register"))

    def run(self, unit: Callable[[Office], Any]) -> Any:
        with self.hotel.begin() as office:
            return unit(office)

    def copy(self) -> None:
        """Copy database and keys away."""
        self.hotel.engine.dispose()
        shutil.copyfile(self.folder / "test.sqlite", self.folder / "copy.sqlite")
        shutil.copytree(self.folder / "keys", self.folder / "oldkeys")

    def restore(self) -> None:
        """Put the copy of the database in its place."""
        self.hotel.engine.dispose()
        shutil.copyfile(self.folder / "copy.sqlite", self.folder / "test.sqlite")

    def keys(self, name: str) -> None:
        """Put a folder in the place of the keys; what lay there is kept as "newkeys"."""
        (self.folder / "keys").rename(self.folder / "newkeys")
        shutil.copytree(self.folder / name, self.folder / "keys")
        self.hotel.custodian = FolderCustodian(self.folder / "keys")

    def newest_keys(self) -> None:
        """Put the newest copy of the keys back."""
        shutil.rmtree(self.folder / "keys")
        (self.folder / "newkeys").rename(self.folder / "keys")
        self.hotel.custodian = FolderCustodian(self.folder / "keys")

    def replay(self) -> Survey:
        return replay(self.run)

    def alarm(self) -> str:
        return str(self.run(lambda office: cause(office.work)))

    def work(self) -> None:
        """Let the worker go round until nothing is due."""
        for _ in range(2):
            assert worker.work(self.run, lambda *_: ("", ""), {}).problems == {}

    def certified(self, number: str) -> dict[str, Any]:
        """Return what the newest certificate of a request says."""
        said: dict[str, Any] = self.run(lambda office: office.certificate(number))["content"]
        return said

    def settle(self, theirs: bool, id: int = 1) -> None:
        self.run(lambda office: returned.settle(office.work, id, "clerk", theirs))


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Copied]:
    """A hotel with one guest, before anything was copied."""
    one = Copied(tmp_path)
    one.hotel.guest(1, **ANN)
    one.hotel.guest(2, name="Bo Lind", email="bo@example.com")
    yield one
    one.hotel.engine.dispose()


def forgotten_erasure(copied: Copied) -> str:
    """Erase a guest of whom the copy knows no request; put the copy back and replay it."""
    copied.copy()
    number = copied.hotel.approved(email=ANN["email"])
    assert copied.hotel.erased(number) == "erased"
    copied.restore()
    assert copied.replay().counts["ask"] == 1
    return number


@pytest.mark.parametrize("ruled", [True, False])
def test_a_replay_knows_who_went_with_the_whole_row_without_a_rule_for_any_column(
    copied: Copied, ruled: bool
) -> None:
    hotel = copied.hotel
    hotel.datamap = hotel.mapped([
        (model, replace(policy, columns=policy.columns if ruled else {}, rows=treatment.delete))
        for model, policy in policies(str(hotel.files)) if model is not Scan
    ])  # fmt: skip
    forgotten_erasure(copied)
    copied.settle(theirs=True)
    copied.work()
    assert [row["name"] for row in hotel.rows(Guest)] == ["Bo Lind"]


def test_no_certificate_says_erased_while_a_row_waits_for_a_person(copied: Copied) -> None:
    number = forgotten_erasure(copied)
    copied.work()
    assert copied.hotel.row(1)["name"] == ANN["name"]
    assert copied.hotel.state(number) == "partial"
    said = copied.certified(number)
    assert said["state"] == "partial"
    assert said["partial"] == [{"table": "guests", "rows": 1, "reason": "perhaps-back"}]


def test_a_row_that_is_theirs_goes_and_a_supplement_says_so(copied: Copied) -> None:
    number = forgotten_erasure(copied)
    copied.work()
    before = copied.certified(number)["supplement"]
    copied.settle(theirs=True)
    assert copied.hotel.state(number) == "partial", "it still stands"
    copied.work()
    assert copied.hotel.row(1)["document_no"] is None
    assert copied.hotel.state(number) == "erased"
    said = copied.certified(number)
    assert (said["state"], said["partial"], said["supplement"]) == ("erased", [], before + 1)


def test_the_safety_copy_of_a_replay_is_named(copied: Copied) -> None:
    """What a restored database brought back is sealed as it goes: the certificate says so."""
    number = forgotten_erasure(copied)
    copied.settle(theirs=True)
    copied.work()
    (box,) = (each for each in copied.hotel.ours("box") if each["purpose"] == "recovery")
    said = copied.certified(number)
    assert (said["state"], said["recovery_until"]) == ("erased", box["last_day"])
    assert said["root_until"] > box["last_day"]


def test_a_row_that_lives_ends_the_request(copied: Copied) -> None:
    number = forgotten_erasure(copied)
    copied.work()
    copied.settle(theirs=False)
    assert copied.hotel.state(number) == "checking"
    copied.work()
    assert copied.hotel.row(1)["name"] == ANN["name"]
    assert copied.hotel.state(number) == "erased"
    assert copied.certified(number)["partial"] == []


def test_a_row_that_lives_ends_a_request_that_the_copy_knew(copied: Copied) -> None:
    """Nothing of it waits any more, nor is there a contact whose key went when it first ended."""
    hotel = copied.hotel
    number = hotel.file(email=ANN["email"])
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    copied.copy()
    hotel.approve(number)
    assert hotel.erased(number) == "erased"
    copied.restore()
    assert copied.replay().counts["ask"] == 1
    copied.work()
    assert hotel.state(number) == "partial"
    copied.settle(theirs=False)
    copied.work()
    assert (hotel.row(1)["name"], hotel.state(number)) == (ANN["name"], "erased")
    assert copied.certified(number)["partial"] == []
    assert copied.run(lambda office: soundness.whole(office.work)).faults == []


def test_a_row_that_somebody_else_deleted_ends_the_request(copied: Copied) -> None:
    number = forgotten_erasure(copied)
    copied.work()
    with copied.hotel.engine.begin() as conn:
        conn.execute(delete(Guest).where(Guest.id == 1))
    copied.settle(theirs=True)
    copied.work()
    assert copied.hotel.state(number) == "erased"


def test_it_is_checked_again_only_when_no_row_waits_any_more(copied: Copied) -> None:
    number = forgotten_erasure(copied)
    copied.work()
    back(copied.hotel, number, "staff", 2)
    copied.settle(theirs=False, id=1)
    copied.work()
    assert copied.hotel.state(number) == "partial"
    assert copied.certified(number)["supplement"] == 0
    copied.settle(theirs=False, id=2)
    copied.work()
    assert copied.hotel.state(number) == "erased"


def test_who_was_erased_twice_is_asked_about_under_both_requests(copied: Copied) -> None:
    copied.copy()
    numbers = []
    for _ in range(2):
        with copied.hotel.engine.begin() as conn:
            conn.execute(delete(Guest).where(Guest.id == 1))
        copied.hotel.guest(1, **ANN)
        numbers.append(copied.hotel.approved(email=ANN["email"]))
        copied.hotel.erased(numbers[-1])
    copied.restore()
    copied.replay()
    copied.work()
    assert [copied.hotel.state(number) for number in numbers] == ["partial", "partial"]


def back(hotel: Hotel, number: str, state: str, id: int) -> None:
    """Write a row down in which somebody seems to be back."""
    with hotel.engine.begin() as conn:
        conn.execute(
            insert(tables.returned).values(
                request=number, controller="Pine Ltd", property="sh", table_name="guests",
                row_key=f"int:{id}", why="contact", door="sweep", state=state,
                seen_at=hotel.now.replace(tzinfo=None), attempts=0,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "end", "why"),
    [
        ("open", "partial", ["came-back"]),
        ("staff", "partial", ["perhaps-back"]),
        ("lives", "erased", []),
        ("seen", "erased", []),
        ("gone", "erased", []),
    ],
)
def test_who_comes_back_before_the_check_is_left_and_a_new_stay_is_not(
    copied: Copied, state: str, end: str, why: list[str]
) -> None:
    hotel = copied.hotel
    number = hotel.approved(email=ANN["email"])
    with hotel.begin() as office:
        office.erase(number)
    back(hotel, number, state, 2)
    with hotel.begin() as office:
        assert office.check(number).value == end
    assert [item["reason"] for item in copied.certified(number)["partial"]] == why


def test_a_row_of_another_request_is_not_left_of_this_one(copied: Copied) -> None:
    hotel = copied.hotel
    back(hotel, "GR-OTHER", "staff", 2)
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"


def erased_with_older_keys(copied: Copied) -> str:
    """Erase a guest; put database *and* keys back to before."""
    copied.copy()
    number = copied.hotel.approved(email=ANN["email"])
    copied.hotel.erased(number)
    copied.restore()
    copied.keys("oldkeys")
    return number


def test_a_replay_that_cannot_look_does_not_end_the_alarm(copied: Copied) -> None:
    number = erased_with_older_keys(copied)
    with copied.hotel.begin() as office:
        seen = survey(office.work)
    assert seen.restored
    assert seen.counts == {"failed": 1}
    assert seen.keyless == ("2026-03",)
    done = copied.replay()
    assert done.restored
    assert done.counts["failed"] == 1
    (problem,) = done.problems
    assert problem.startswith("The key of the register's marks of 2026-03 is not there.")
    assert "gone" not in done.counts
    assert copied.alarm() == "restored"
    assert number not in [row["number"] for row in copied.hotel.ours("request")]
    copied.newest_keys()
    done = copied.replay()
    assert not done.restored
    assert done.counts == {"ask": 1}
    copied.work()
    assert copied.hotel.state(number) == "partial"


def test_no_second_key_of_a_month_makes_rows_look_gone(copied: Copied) -> None:
    """Neither an erasure nor a hold makes one, before the newest keys are back."""
    number = erased_with_older_keys(copied)
    hotel = copied.hotel
    wanted = Wanted("record", "court-order", "guests", "int:2")
    hotel.grants["officer"].add("hold")
    with hotel.begin() as office:
        office.place_hold(wanted, "officer")
    assert months.label("2026-03") not in hotel.custodian.labels()
    with hotel.begin() as office:
        file = remembering.register(office.work)
        assert file is not None
        holds = [line.note for line in file.lines()[0] if line.note.kind is Kind.HOLD]
    assert [note.rows for note in holds] == [()], "it is about the whole property"
    assert copied.replay().restored
    copied.newest_keys()
    assert not copied.replay().restored
    assert copied.hotel.state(number) == "checking"


@pytest.mark.parametrize(("row", "why"), [("int:1", "legal-duty"), ("int:2", "no-date")])
def test_a_hold_that_the_copy_forgot_is_about_its_rows(
    copied: Copied, row: str, why: str
) -> None:
    """Placed since the copy: of whom it is not about nobody says that a duty keeps them."""
    hotel = copied.hotel
    hotel.grants["officer"].add("hold")
    copied.copy()
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    wanted = Wanted("record", "court-order", "guests", row)
    copied.run(lambda office: office.place_hold(wanted, "officer"))
    copied.restore()
    assert copied.replay().counts["ask"] == 1
    (asked,) = copied.run(lambda office: office.returns("clerk", "replay"))
    assert asked["why"] == why


def test_a_hold_whose_rows_nobody_can_tell_any_more_is_about_all_of_them(copied: Copied) -> None:
    """The key of the month in which it was placed is lost; that of the erasure is there."""
    hotel = copied.hotel
    hotel.grants["officer"].add("hold")
    copied.copy()
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    hotel.later(days=30)
    wanted = Wanted("record", "court-order", "guests", "int:2")
    copied.run(lambda office: office.place_hold(wanted, "officer"))
    hotel.custodian.forget(months.label("2026-04"))
    copied.restore()
    assert copied.replay().counts["ask"] == 1
    (asked,) = copied.run(lambda office: office.returns("clerk", "replay"))
    assert asked["why"] == "legal-duty"


@pytest.mark.parametrize("place", [0, -1])
def test_a_line_of_the_register_that_was_changed_stops_nobody_but_at_its_end(
    copied: Copied, place: int
) -> None:
    """Behind one in the middle the register is gone on with; behind the last one it cannot be."""
    hotel = copied.hotel
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    (path,) = (copied.folder / "register").glob("erasures-*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) > 2
    lines[place] = lines[place].replace(b'"2026-', b'"2025-')
    path.write_bytes(b"".join(lines))
    number = hotel.approved(email="bo@example.com")
    if place == 0:
        assert hotel.erased(number) == "erased"
    else:
        with pytest.raises(SetupError, match="not as it was written"):
            hotel.erased(number)
        assert hotel.row(2)["name"] == "Bo Lind"


def test_nothing_is_erased_in_a_month_whose_key_was_lost(copied: Copied) -> None:
    hotel = copied.hotel
    copied.copy()
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    number = hotel.approved(email="bo@example.com")
    copied.keys("oldkeys")
    with hotel.begin() as office:
        # What the request itself is marked with lies in the same folder.
        work = office.work
        plan = planning.plan(work, planning.scope(work, [("guests", (2,))]))
        with pytest.raises(KeyMissingError):
            tracing.note(work, Origin(number, "Pine Ltd", "sh"), plan)
    hotel.later(days=30)
    with hotel.begin() as office:
        work = office.work
        plan = planning.plan(work, planning.scope(work, [("guests", (2,))]))
        assert tracing.note(work, Origin(number, "Pine Ltd", "sh"), plan) is not None


def test_what_people_do_before_a_replay_was_done_past_nobody(copied: Copied) -> None:
    """It waits for its place in the journals, so that nobody is told of a forged approval."""
    hotel = copied.hotel
    copied.copy()
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    copied.restore()
    report = worker.work(copied.run, lambda *_: ("", ""), {})
    assert report.problems == {"register": "restored"}
    number = hotel.approved(email="bo@example.com")
    assert hotel.state(number) == "approved"
    assert copied.run(lambda office: list(office.verify())) == []
    assert not copied.replay().restored
    assert copied.run(lambda office: list(office.verify())) == []
    forged = update(tables.request).where(tables.request.c.number == number)
    with hotel.engine.begin() as conn:
        conn.execute(forged.values(decided_by="a99"))
    assert [each.id for each in copied.run(lambda office: office.verify())] == ["records-differ"]


@pytest.mark.parametrize("label", ["register:2026-03", "returning:2026"])
def test_a_key_of_marks_that_is_gone_is_said_to_be_gone(copied: Copied, label: str) -> None:
    """Without the one nothing more is erased, without the other nobody is known again."""
    hotel = copied.hotel
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    hotel.custodian.copy(copied.folder / "older", roots=True)
    older = FolderCustodian(copied.folder / "older")
    assert copied.run(lambda office: office.sound(None)).faults == []
    assert copied.run(lambda office: office.sound(None, older)).faults == []
    older.forget(label)
    faults = copied.run(lambda office: office.sound(None, older)).faults
    assert [(each.id, each.place) for each in faults] == [("key-missing", label)]
    hotel.custodian.forget(label)
    faults = copied.run(lambda office: office.sound(None)).faults
    assert [(each.id, each.place) for each in faults] == [("key-missing", label)]
    hotel.settings = replace(hotel.settings, backup_days=30)
    hotel.later(days=1200)
    assert copied.run(lambda office: office.sound(None)).faults == []


def test_a_key_of_marks_that_is_gone_is_no_less_so_where_a_row_calls_it_ended(
    copied: Copied
) -> None:
    """No word of ours ends the key of a year of which marks live: somebody wrote it."""
    hotel, label = copied.hotel, "returning:2026"
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    hotel.custodian.forget(label)
    with hotel.engine.begin() as conn:
        at = hotel.now.replace(tzinfo=None)
        conn.execute(insert(tables.day).values(label=label, state="ended", at=at))
    faults = copied.run(lambda office: office.sound(None)).faults
    assert [(each.id, each.place) for each in faults] == [("key-missing", label)]
    hotel.later(days=1200)
    assert copied.run(lambda office: office.sound(None)).faults == []


def test_a_key_of_a_years_marks_that_another_one_replaced_is_said_to_be_gone(
    copied: Copied
) -> None:
    """The next erasure makes another: whoever was erased before it is still not known again."""
    hotel = copied.hotel
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    key = copied.folder / "keys" / "key-returning-2026.json"
    kept = key.read_bytes()
    hotel.custodian.forget("returning:2026")
    assert hotel.erased(hotel.approved(email="bo@example.com")) == "erased"
    for file in (key.read_bytes(), kept):
        key.write_bytes(file)
        hotel.custodian = FolderCustodian(copied.folder / "keys")
        faults = copied.run(lambda office: office.sound(None)).faults
        assert [(each.id, each.place) for each in faults] == [("key-missing", "returning:2026")]
    hotel.later(days=1200)
    assert copied.run(lambda office: office.sound(None)).faults == []


def test_who_does_not_want_advertising_is_not_asked_twice(copied: Copied) -> None:
    """A mailing that goes out after a restore would reach who said no since the copy."""
    hotel, mail = copied.hotel, "ann@example.com"
    contacts = (mail, "bo@example.com", "cy@example.com", "+86 138 0000 1111")

    def said() -> list[bool]:
        return [copied.run(lambda office, each=each: office.objects(each)) for each in contacts]

    copied.run(lambda office: office.object(contacts[1], "sh"))
    copied.copy()
    for contact in (mail, contacts[2], contacts[3]):
        copied.run(lambda office, each=contact: office.object(each, "sh", "clerk"))
    for contact in (contacts[1], contacts[2]):
        copied.run(lambda office, each=contact: office.agree_anew(each, "sh"))
    before = said()
    assert before == [True, False, False, True]
    (file,) = (copied.folder / "register").glob("*.jsonl")
    with hotel.engine.connect() as conn:
        marks = conn.execute(select(tables.mark.c.mark)).scalars().all()
    assert marks
    assert not any(mark in file.read_text() for mark in marks), "it ends with its month's key"
    copied.restore()
    assert said() == [False, True, False, False]
    assert copied.run(lambda office: survey(office.work)).counts["objections"] == 5
    assert copied.replay().counts["objections"] == 5
    assert said() == before
    copied.restore()
    hotel.custodian.forget("register:2026-03")
    done = copied.replay()
    assert (done.restored, done.counts["objections-lost"]) == (False, 5)


def judged(copied: Copied, month: str) -> list[str]:
    """Return the verdicts about a row of a month whose key is not there."""
    with copied.hotel.begin() as office:
        known = forgotten.recall(office.work, 0)
        line = replace(next(each for each in known.lines), at=f"{month}-10T00:00:00Z")
        return [each.verdict.value for each in forgotten.judge(office.work, known, line, {})]


def test_only_a_month_without_any_backup_left_may_lack_its_key(copied: Copied) -> None:
    copied.hotel.erased(copied.hotel.approved(email=ANN["email"]))
    hotel = copied.hotel
    with pytest.raises(KeyMissingError, match="2024-01"):
        judged(copied, "2024-01")
    hotel.settings = replace(hotel.settings, backup_days=60)
    assert judged(copied, "2024-01") == ["gone"]
    assert judged(copied, "2025-11") == ["gone"]
    with pytest.raises(KeyMissingError, match="2025-12"):
        judged(copied, "2025-12")
    with hotel.begin() as office:
        for month in ("2025-11", "2025-12"):
            office.work.custodian.ensure(months.label(month))
        assert months.outlived(office.work) == [months.label("2025-11")]


def test_a_row_that_became_clear_by_itself_ends_the_request(copied: Copied) -> None:
    """Nobody decided: the row went, and the next pass of the sweep notices."""
    hotel = copied.hotel
    number = hotel.approved(email=ANN["email"])
    with hotel.begin() as office:
        office.erase(number)
    back(hotel, number, "staff", 2)
    copied.work()
    assert hotel.state(number) == "partial"
    with hotel.engine.begin() as conn:
        conn.execute(delete(Guest).where(Guest.id == 2))
    assert copied.run(lambda office: sightings.look_again(office.work)) == 1
    copied.work()
    assert hotel.state(number) == "erased"


def _cut_off(number: str, office: Office) -> None:
    """Erase as far as the line in the register, and no commit."""
    office.erase(number)
    office.close()
    raise BusyError("The line was cut.", "Try again.")


def withdrawn(hotel: Hotel, number: str) -> None:
    with hotel.begin() as office:
        office.withdraw(number, "clerk")


def reviewed_again(hotel: Hotel, number: str) -> None:
    """Send a request back to be decided, as an erasure does when something moved."""
    with hotel.begin() as office:
        case = cases.reconsider(office.work, cases.load(office.work, number, lock=True))
        cases.tell(office.work, RequestReviewedAgain, case, SYSTEM)


@pytest.mark.parametrize("leave", [withdrawn, reviewed_again])
def test_a_request_that_is_not_to_be_carried_out_any_more_is_no_restored_database(
    copied: Copied, leave: Callable[[Hotel, str], None]
) -> None:
    """An erasure that was cut off left its line; then the approval was taken back."""
    hotel = copied.hotel
    number = hotel.approved(email=ANN["email"])
    with pytest.raises(BusyError):
        copied.run(partial(_cut_off, number))
    leave(hotel, number)
    assert copied.alarm() == ""
    copied.work()
    assert hotel.row(1)["name"] == ANN["name"]
    assert hotel.erased(hotel.approved(email="bo@example.com")) == "erased"


def test_an_approval_that_the_database_forgot_is_noticed_by_the_line_alone(copied: Copied) -> None:
    """Nobody wrote what became of it; the copy is of before the officer approved once more."""
    hotel = copied.hotel
    number = hotel.approved(email=ANN["email"])
    reviewed_again(hotel, number)
    copied.copy()
    hotel.later(days=1)
    hotel.approve(number)
    with hotel.begin() as office:
        office.erase(number)
        office.close()
        office.work.after.clear()
    copied.restore()
    assert copied.alarm() == "restored"
