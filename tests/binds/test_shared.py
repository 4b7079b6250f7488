"""A file that two guests share goes with the last of them, also over several databases."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase import File, Policy, keep
from flask_guesterase.core.errors import SealError
from flask_guesterase.core.holding import Cause, Scope, Wanted
from flask_guesterase.core.policy import Equal
from flask_guesterase.store import tables
from flask_guesterase.store.binds import besides, intents
from flask_guesterase.store.binds.forward import tried
from flask_guesterase.store.casework import cases
from flask_guesterase.store.executing import expiry, finishing
from flask_guesterase.store.holding import heldcopies, heldkeys, heldrequests, unsearched
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.recovery import named
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.retaining.living import living
from flask_guesterase.store.returning import again
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.upkeep import dispatch
from flask_guesterase.store.upkeep.sending import deliver
from flask_guesterase.store.work import Work
from tests.engines import fresh_database

from . import group
from .group import ANN, Group, beside
from .test_forward import (
    after_intent,
    before_home,
    before_mark,
    change,
    crash,
    intents_of,
    taken_away,
)

BEA = {"email": "bea@mail.example"}


class Scanned(Group):
    """A group that scans papers, some of them of two guests, in each of its databases."""

    def __init__(self, urls: Sequence[str], folder: Path) -> None:
        self.scans = folder / "scans"
        self.scans.mkdir()
        super().__init__(urls, folder)

    def _declare(self, members: str | None) -> None:
        super()._declare(members)
        for name, bind in (("papers", None), ("passes", "archive")):
            table = self.db.Table(
                name, sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("guest_no", sa.Integer, index=True), sa.Column("scan", sa.String(80)),
                bind_key=bind,
            )  # fmt: skip
            self.extension.register(table, Policy(
                {"guest_no": keep("occupancy"), "scan": File(str(self.scans))},
                via=Equal({"guest_no": "id"}, to="guests"),
            ))  # fmt: skip

    def lies(self) -> list[str]:
        """Return the files that lie in the folder."""
        return sorted(file.name for file in self.scans.iterdir())

    def certificate(self, number: str) -> Any:
        """Return what the certificate of a request says."""
        with self.app.app_context(), self.extension.begin(write=False) as office:
            return office.certificate(number)["content"]


@contextmanager
def sharing(urls: Sequence[str], folder: Path, table: str) -> Iterator[Scanned]:
    """A group with a paper of two guests, which a table names."""
    hotel = Scanned(urls, folder)
    hotel.make()
    for name in ("both.png", "other.png"):
        (hotel.scans / name).write_bytes(b"page")
    hotel.put(table, [{"id": id, "guest_no": id, "scan": "both.png"} for id in (1, 2)])
    yield hotel
    hotel.close()


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Scanned]:
    """The same where it does not matter in which database the paper is named."""
    with sharing(beside(tmp_path), tmp_path, "papers") as hotel:
        yield hotel


@pytest.fixture(params=["papers", "passes"])
def scanned(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Scanned, str]]:
    """A group over files with a paper of two guests, and the table that names it."""
    with sharing(beside(tmp_path), tmp_path, request.param) as hotel:
        yield hotel, request.param


def rounds(hotel: Scanned) -> list[list[str]]:
    """Let the worker go round twice, an hour apart; return what lies there after each."""
    lying = []
    for hours in (0, 1):
        hotel.work(hours=hours)
        lying.append(hotel.lies())
    return lying


def hold(hotel: Scanned, key: str) -> str:
    """Hold a guest for a court; return the number of the hold."""
    wanted = Wanted(Scope.SUBJECT.value, Cause.COURT.value, table="guests", key=key)
    with hotel.app.app_context(), hotel.extension.begin() as office:
        return office.place_hold(wanted, "officer")


@pytest.mark.parametrize("kinds", [
    ("postgresql", "mariadb", "sqlite"),
    pytest.param(("mariadb", "postgresql", "postgresql"), marks=pytest.mark.long),
], ids="+".join)  # fmt: skip
@pytest.mark.parametrize("table", ["papers", "passes"])
@pytest.mark.parametrize("third", [False, True])
def test_two_who_share_a_file_on_servers(
    kinds: Sequence[str], tmp_path: Path, table: str, third: bool
) -> None:
    """Both have begun, in databases that lock single rows; a third guest may name it by then."""
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in kinds]
        hotel = stack.enter_context(sharing(urls, tmp_path, table))
        numbers = [hotel.approved(), hotel.approved(BEA)]
        for number in numbers:
            crash(after_intent, hotel.erase, number)
        if third:
            cy = {"id": 3, "name": "Cy Holm", "email": "cy@mail.example", "born": None}
            hotel.put("guests", [cy])
            hotel.put(table, [{"id": 3, "guest_no": 3, "scan": "both.png"}])
        hotel.work()
        hotel.work(hours=1)
        assert [hotel.state(number) for number in numbers] == ["erased"] * 2
        assert hotel.lies() == [*(["both.png"] if third else []), "other.png"]


@pytest.mark.parametrize("point", [after_intent, before_home], ids=lambda p: p.__name__)
def test_two_who_share_a_file_and_of_whom_one_was_cut_off(
    scanned: tuple[Scanned, str], point: Any
) -> None:
    """Each left it for the other; who ends last finds that nobody names it any more."""
    hotel, table = scanned
    first, second = hotel.approved(), hotel.approved(BEA)
    crash(point, hotel.erase, first)
    assert hotel.erase(second) == "erased"
    hotel.work()
    hotel.work(hours=1)
    assert hotel.state(first) == "erased"
    assert hotel.lies() == ["other.png"]
    wanted = {first: [], second: [{"table": table, "rows": 1, "columns": ["scan"]}]}
    if (table, point) == ("passes", before_home):
        # The row of the first one went before the second one looked.
        wanted = {number: [] for number in wanted}
    assert {number: hotel.certificate(number)["shared"] for number in wanted} == wanted


def test_two_who_share_a_file_while_a_database_is_down(
    scanned: tuple[Scanned, str],
) -> None:
    """Both begin, both wait, and it goes with whoever ends last."""
    hotel, _ = scanned
    numbers = [hotel.approved(), hotel.approved(BEA)]
    for number in numbers:
        crash(after_intent, hotel.erase, number)
    back = taken_away(hotel, 1)
    hotel.work()
    assert [hotel.state(number) for number in numbers] == ["erasing"] * 2
    back()
    hotel.work(hours=2)
    hotel.work(hours=3)
    assert [hotel.state(number) for number in numbers] == ["erased"] * 2
    assert hotel.lies() == ["other.png"]


def test_a_file_that_somebody_else_names_by_then_stays_with_them(
    scanned: tuple[Scanned, str],
) -> None:
    """Who shared it may name it no more; whoever does at the end keeps it."""
    hotel, table = scanned
    hotel.put("guests", [{"id": 3, "name": "Cy Holm", "email": "cy@mail.example", "born": None}])
    number = hotel.approved()
    crash(after_intent, hotel.erase, number)
    place = "archive" if table == "passes" else ""
    change(hotel, place, f"INSERT INTO {table} VALUES (3, 3, 'both.png')")
    change(hotel, place, f"UPDATE {table} SET scan = 'other.png' WHERE id = 2")
    hotel.work()
    assert hotel.state(number) == "erased"
    assert hotel.lies() == ["both.png", "other.png"]
    assert hotel.certificate(number)["shared"] == [
        {"table": table, "rows": 1, "columns": ["scan"]}
    ]


def test_a_file_of_both_waits_for_a_hold_that_came_after_they_had_begun(
    scanned: tuple[Scanned, str],
) -> None:
    """As whoever ends last's own one does, that waits to be removed."""
    hotel, table = scanned
    (hotel.scans / "own.png").write_bytes(b"page")
    hotel.put(table, [{"id": 3, "guest_no": 2, "scan": "own.png"}])
    for number in (hotel.approved(), hotel.approved(BEA)):
        crash(after_intent, hotel.erase, number)
    id = hold(hotel, "int:2")
    for hours in (0, 1, 1):
        hotel.work(hours=hours)
        assert hotel.lies() == ["both.png", "other.png", "own.png"]
    for by in ("officer", "second"):
        with hotel.app.app_context(), hotel.extension.begin() as office:
            office.lift(id, by)
    hotel.work(hours=2)
    assert hotel.lies() == ["other.png"]


@pytest.mark.parametrize("when", ["begun", "ended", "queued"])
def test_a_file_of_both_waits_for_a_hold_on_whoever_ended_first(
    scanned: tuple[Scanned, str], when: str
) -> None:
    """It was theirs as well; until the hold is lifted the other one's certificate says it is left.

    The hold comes when both have begun, between their ends, or while the file is to be removed.
    """
    hotel, _ = scanned
    numbers = [hotel.approved(), hotel.approved(BEA)]
    for number in numbers:
        crash(after_intent, hotel.erase, number)
    if when == "ended":
        with hotel.app.app_context():
            assert tried(hotel.extension.run, intents_of(hotel)[0].number) == ""
    away = hotel.scans.rename(hotel.scans.with_name("away")) if when == "queued" else None
    if away:
        hotel.work()
    id = hold(hotel, "int:1")
    if away:
        away.rename(hotel.scans)
    assert rounds(hotel) == [["both.png", "other.png"]] * 2
    assert [hotel.state(number) for number in numbers] == ["erased", "partial"]
    for by in ("officer", "second"):
        with hotel.app.app_context(), hotel.extension.begin() as office:
            office.lift(id, by)
    hotel.work(hours=3)
    assert hotel.lies() == ["other.png"]


def test_a_file_of_both_waits_for_no_hold_on_somebody_else_who_went_meanwhile(
    scanned: tuple[Scanned, str],
) -> None:
    """Whose erasure left no file to anybody has none that could be another's."""
    hotel, _ = scanned
    hotel.put("guests", [{"id": 3, "name": "Cy Holm", "email": "cy@mail.example", "born": None}])
    hotel.put("letters", [{"id": 33, "guest_no": 3, "title": "Cy", "body": "Cy"}])
    numbers = [hotel.approved(each) for each in (ANN, BEA, {"email": "cy@mail.example"})]
    for number in numbers:
        crash(after_intent, hotel.erase, number)
    hold(hotel, "int:3")
    assert rounds(hotel)[-1] == ["other.png"]


def test_a_file_waits_for_a_hold_on_who_let_its_row_go_and_had_not_ended(
    scanned: tuple[Scanned, str],
) -> None:
    """Whoever came next found nobody else who names it, and took it."""
    hotel, _ = scanned
    first = hotel.approved()
    crash(before_home, hotel.erase, first)
    hold(hotel, "int:1")
    hotel.erase(hotel.approved(BEA))
    assert rounds(hotel) == [["both.png", "other.png"]] * 2


def test_a_file_waits_for_a_hold_on_whoever_ended_first_in_one_database(
    papers: Scanned,
) -> None:
    """Theirs begins and ends at once; what it left to the other one is held with them."""
    hotel = papers
    mail = {id: f"g{id}@mail.example" for id in (3, 4)}
    hotel.put("guests", [
        {"id": id, "name": f"Cy Holm {id}", "email": mail[id], "born": None} for id in mail
    ])  # fmt: skip
    hotel.put("letters", [{"id": 33, "guest_no": 3, "title": "Cy", "body": "Cy"}])
    hotel.put("papers", [{"id": id, "guest_no": id, "scan": "own.png"} for id in mail])
    (hotel.scans / "own.png").write_bytes(b"page")
    numbers = {id: hotel.approved({"email": mail[id]}) for id in mail}
    crash(after_intent, hotel.erase, numbers[3])
    assert hotel.erase(numbers[4]) == "erased"
    hold(hotel, "int:4")
    for hours in (0, 1, 2):
        hotel.work(hours=hours)
        assert "own.png" in hotel.lies()


def test_a_file_waits_while_copies_of_whoever_had_it_as_well_are_to_be_looked_through(
    scanned: tuple[Scanned, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round passes it by, as long as their key cannot be read; it goes once that is answered."""
    hotel, _ = scanned
    numbers = [hotel.approved(), hotel.approved(BEA)]
    for number in numbers:
        crash(after_intent, hotel.erase, number)
    with hotel.app.app_context(), hotel.extension.begin() as office:
        unsearched.ask_of(office.work.conn, numbers[:1], office.work.stamp)
    claim, claims, search = dispatch.claim, list[Any](), heldcopies._search

    def counted(*args: Any, **options: Any) -> Any:
        claims.append(args)
        if len(claims) > 50:
            raise SystemExit("A round does not end.")
        return claim(*args, **options)

    def closed(run: Any, asked: Any) -> None:
        # That of whoever has the file now can.
        if asked.lot.number == numbers[0]:
            raise SealError("The key service does not answer.", "Try again later.")
        search(run, asked)

    monkeypatch.setattr(dispatch, "claim", counted)
    with monkeypatch.context() as away:
        away.setattr(heldcopies, "_search", closed)
        for hours in range(12):
            hotel.work(hours=hours)
            assert hotel.lies() == ["both.png", "other.png"]
            claims.clear()
    for hours in (12, 13):
        hotel.work(hours=hours)
    assert hotel.lies() == ["other.png"]
    assert [hotel.state(number) for number in numbers] == ["erased"] * 2


def test_a_file_of_one_alone_waits_for_no_hold_on_whom_they_share_another_with(
    scanned: tuple[Scanned, str],
) -> None:
    """Only what both had is held."""
    hotel, table = scanned
    (hotel.scans / "own.png").write_bytes(b"page")
    hotel.put(table, [{"id": 3, "guest_no": 2, "scan": "own.png"}])
    for number in (hotel.approved(), hotel.approved(BEA)):
        crash(after_intent, hotel.erase, number)
    hold(hotel, "int:1")
    assert rounds(hotel)[-1] == ["both.png", "other.png"]


@pytest.mark.parametrize("point", [after_intent, before_home], ids=lambda p: p.__name__)
def test_a_file_waits_for_a_hold_on_whoever_named_it_by_its_whole_path(
    scanned: tuple[Scanned, str], point: Any
) -> None:
    """It is the same file, however each of them spells it."""
    hotel, table = scanned
    place = "archive" if table == "passes" else ""
    change(hotel, place, f"UPDATE {table} SET scan = '{hotel.scans / 'both.png'}' WHERE id = 1")
    crash(point, hotel.erase, hotel.approved())
    hold(hotel, "int:1")
    crash(after_intent, hotel.erase, hotel.approved(BEA))
    assert rounds(hotel)[-1] == ["both.png", "other.png"]


def test_a_file_waits_for_its_own_row_that_was_not_changed_yet(
    scanned: tuple[Scanned, str],
) -> None:
    """What names it is no other's: it stays with nobody, and goes once all databases are done."""
    hotel, table = scanned
    change(hotel, "archive" if table == "passes" else "", f"DELETE FROM {table} WHERE id = 2")
    number = hotel.approved()
    crash(after_intent, hotel.erase, number)
    with hotel.app.app_context():
        deliver(hotel.extension.run, lambda *_: ("", ""), {}, Report())
    assert hotel.lies() == ["both.png", "other.png"]
    for hours in (0, 1):
        hotel.work(hours=hours)
    assert (hotel.state(number), hotel.lies()) == ("erased", ["other.png"])
    assert hotel.certificate(number)["shared"] == []


def test_a_file_goes_once_a_database_is_back_that_may_name_it(tmp_path: Path) -> None:
    """However long it was away: it is told as staying meanwhile, and no person need try again."""
    with sharing(beside(tmp_path), tmp_path, "papers") as hotel:
        change(hotel, "", "DELETE FROM papers WHERE id = 2")
        number = hotel.approved()
        away = hotel.scans.rename(hotel.scans.with_name("away"))
        assert hotel.erase(number) == "checking"
        back = taken_away(hotel, 1)
        away.rename(hotel.scans)
        for hours in (1, 2, 4, 7, 13, 25, 50, 75, 100):
            hotel.work(hours=hours)
        back()
        for hours in (125, 126):
            hotel.work(hours=hours)
        assert hotel.lies() == ["other.png"]
        assert "message-failed" not in hotel.actions()


@pytest.mark.parametrize(("taken", "missing"), [
    ("mine.png", False),
    pytest.param("both.png", False, marks=pytest.mark.long),
    pytest.param("both.png", True, marks=pytest.mark.long),
    pytest.param("mine.png", True, marks=pytest.mark.long),
])  # fmt: skip
def test_a_file_that_a_person_took_away_is_gone_though_a_database_is_that_may_name_it(
    taken: str, missing: bool, tmp_path: Path
) -> None:
    """It is seen that it does not lie there: nobody's word is taken, and no other file goes.

    So it is where a column is missing too that may name it, and the rest is asked in a second run.
    """
    with sharing(beside(tmp_path), tmp_path, "papers") as hotel:
        change(hotel, "", "UPDATE papers SET guest_no = 1, scan = 'mine.png' WHERE id = 2")
        (hotel.scans / "mine.png").write_bytes(b"page")
        number = hotel.approved()
        away = hotel.scans.rename(hotel.scans.with_name("away"))
        assert hotel.erase(number) == "checking"
        back = taken_away(hotel, 1)
        away.rename(hotel.scans)
        hotel.work(hours=1)
        assert hotel.actions().count("file-removed") == 0
        (hotel.scans / taken).unlink()
        column = "ALTER TABLE papers RENAME COLUMN {} TO {}"
        if missing:
            change(hotel, "", column.format("scan", "sheet"))
        hotel.work(hours=3)
        if missing:
            change(hotel, "", column.format("sheet", "scan"))
        assert hotel.actions().count("file-removed") == 1
        assert hotel.lies() == sorted({"both.png", "mine.png", "other.png"} - {taken})
        back()
        for hours in (30, 31):
            hotel.work(hours=hours)
        assert hotel.lies() == ["other.png"]
        assert hotel.actions().count("file-removed") == 2


def test_a_database_that_is_away_is_asked_once_a_round_however_many_files_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To find that it does not answer may take minutes, and letters wait behind."""
    with sharing(beside(tmp_path), tmp_path, "papers") as hotel:
        scans = [{"id": id, "guest_no": 1, "scan": f"{id}.png"} for id in range(3, 16)]
        for each in scans:
            (hotel.scans / each["scan"]).write_bytes(b"page")
        hotel.put("papers", scans)
        number = hotel.approved()
        away = hotel.scans.rename(hotel.scans.with_name("away"))
        assert hotel.erase(number) == "checking"
        back = taken_away(hotel, 1)
        away.rename(hotel.scans)
        asked, look = list[str](), named.is_named

        def is_named(work: Work, parcel: outbox.Parcel, looked: bool) -> bool:
            asked.append(parcel.content["name"])
            return look(work, parcel, looked)

        monkeypatch.setattr(named, "is_named", is_named)
        hotel.work(hours=1)
        assert len(asked) == 1
        back()
        hotel.work(hours=2)
        assert len(asked) == 1 + len(scans)
        assert hotel.lies() == ["both.png", "other.png"]


def test_a_file_of_both_stays_with_whoever_came_back_before_it_was_removed(
    scanned: tuple[Scanned, str],
) -> None:
    """Whoever ended last let it go while its folder was away, and the other one's was taken back
    before that was mounted again."""
    hotel, table = scanned
    numbers = [hotel.approved(), hotel.approved(BEA)]
    for number in numbers:
        crash(after_intent, hotel.erase, number)
    away = hotel.scans.rename(hotel.scans.with_name("away"))
    hotel.work()
    assert [hotel.state(number) for number in numbers] == ["erased", "checking"]
    with hotel.app.app_context():
        for act in ("propose_restore", "restore"):
            with hotel.extension.begin() as office:
                if act == "restore":
                    office.restore(numbers[0], "second")
                else:
                    office.propose_restore(numbers[0], "officer", "wrong-person")
    away.rename(hotel.scans)
    for hours in (1, 2):
        hotel.work(hours=hours)
    assert hotel.lies() == ["both.png", "other.png"]
    assert hotel.state(numbers[1]) == "erased"
    assert hotel.certificate(numbers[1])["shared"] == [
        {"table": table, "rows": 1, "columns": ["scan"]}
    ]


def record_hold(hotel: Scanned, table: str, id: int = 2) -> str:
    """Hold a row that names a paper, by default the second guest's; return the number."""
    wanted = Wanted(Scope.RECORD.value, Cause.COURT.value, table=table, key=f"int:{id}")
    with hotel.app.app_context(), hotel.extension.begin() as office:
        return office.place_hold(wanted, "officer")


def lift(hotel: Scanned, id: str) -> None:
    """Let two people lift a hold."""
    for by in ("officer", "second"):
        with hotel.app.app_context(), hotel.extension.begin() as office:
            office.lift(id, by)


def rest(hotel: Scanned, table: str, number: str) -> None:
    """Let go of what a hold kept of a request."""
    with hotel.app.app_context():
        assert finishing.finish(hotel.extension.run)["finished"]


def back(hotel: Scanned, table: str, number: str) -> None:
    """Erase again what is back of a request."""
    with hotel.app.app_context(), hotel.extension.begin() as office:
        case = cases.load(office.work, number)
        origin = Origin(number, case.controller, case.property)
        done = again.again(office.work, origin, [(table, (2,))])
    assert done.fate is again.Fate.ERASED, done


def begun_later(hotel: Scanned, table: str, how: Any) -> tuple[str, str]:
    """Let more go of the second guest while the first one's erasure is under way; return both.

    In another database the first one's row is gone by then, in the default one it still stands.
    """
    held = record_hold(hotel, table) if how is rest else ""
    second = hotel.approved(BEA)
    hotel.erase(second)
    place = "archive" if table == "passes" else ""
    if held:
        lift(hotel, held)
    else:
        change(hotel, place, f"UPDATE {table} SET scan = 'both.png' WHERE id = 2")
    first = hotel.approved()
    crash(before_home, hotel.erase, first)
    how(hotel, table, second)
    assert hotel.state(first) == "erasing"
    return first, second


@pytest.mark.parametrize("how", [rest, back], ids=lambda how: how.__name__)
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_goes_later_of_a_request_waits_for_a_hold_on_who_had_the_file_as_well(
    scanned: tuple[Scanned, str], how: Any, when: str
) -> None:
    """What was kept, or came back, goes while another's erasure is under way that let its row go;
    and where that one ends last it waits for a hold on whom more of went meanwhile."""
    hotel, table = scanned
    begun_later(hotel, table, how)
    key = "int:1" if table == "passes" else "int:2"
    if when == "after":
        with hotel.app.app_context():
            for number in {intent.number for intent in intents_of(hotel)}:
                assert tried(hotel.extension.run, number) == ""
    id = hold(hotel, key)
    assert rounds(hotel) == [["both.png", "other.png"]] * 2
    lift(hotel, id)
    for hours in (3, 4):
        hotel.work(hours=hours)
    assert hotel.lies() == ["other.png"]


@pytest.mark.parametrize("how", [rest, back], ids=lambda how: how.__name__)
def test_what_goes_later_of_a_request_goes_where_nobody_holds_it(
    scanned: tuple[Scanned, str], how: Any
) -> None:
    """Both end, and nobody names it any more."""
    hotel, table = scanned
    numbers = begun_later(hotel, table, how)
    assert rounds(hotel)[-1] == ["other.png"]
    assert [hotel.state(number) for number in numbers] == ["erased"] * 2


@pytest.mark.parametrize("kinds", [
    ("postgresql", "mariadb", "sqlite"),
    pytest.param(("mariadb", "postgresql", "postgresql"), marks=pytest.mark.long),
], ids="+".join)  # fmt: skip
def test_what_goes_later_of_a_request_waits_on_servers(
    kinds: Sequence[str], tmp_path: Path
) -> None:
    """The first guest's row is gone in one database and stands in another until the end."""
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in kinds]
        hotel = stack.enter_context(sharing(urls, tmp_path, "passes"))
        begun_later(hotel, "passes", rest)
        hold(hotel, "int:1")
        assert rounds(hotel)[-1] == ["both.png", "other.png"]


def test_what_an_earlier_version_noted_of_files_is_of_all_of_them(
    scanned: tuple[Scanned, str],
) -> None:
    """Neither a request nor an intent said which: a hold rather keeps too much than too little."""
    hotel, table = scanned
    first, second = begun_later(hotel, table, rest)
    with hotel.app.app_context(), hotel.extension.begin() as office:
        case = cases.load(office.work, second)
        said = case.decisions or {}
        cases.step(office.work, case, decisions={**said, besides.BESIDE: [
            row.number for row in intents_of(hotel) if row.request == first
        ][:1]})  # fmt: skip
    hold(hotel, "int:2" if table == "papers" else "int:1")
    assert rounds(hotel)[-1] == ["both.png", "other.png"]


def test_what_an_earlier_version_sealed_with_an_intent_is_of_all_its_files() -> None:
    """It sealed the requests alone."""
    stays = [["papers", "int:1", "scan", "/scans", name] for name in ("a.png", "b.png")]
    every = ["/scans/a.png", "/scans/b.png"]
    assert intents._noted({"beside": ["R1"], "stays": stays}) == {"R1": every}
    assert intents._noted({"beside": {"R1": every[:1]}, "stays": stays}) == {"R1": every[:1]}
    assert intents._noted({}) == {}


def in_pairs(hotel: Scanned, table: str, last: str) -> None:
    """One guest shares a file with a second and another with a third, who have nothing together."""
    mail = {"ann": ANN, "bea": BEA, "cy": {"email": "cy@mail.example"}}
    hotel.put("guests", [{"id": 3, "name": "Cy Holm", "email": "cy@mail.example", "born": None}])
    hotel.put("letters", [{"id": 33, "guest_no": 3, "title": "Cy", "body": "Cy"}])
    for id, guest, scan in ((3, 1, "two.png"), (4, 2, "two.png"), (5, 2, "three.png"),
                            (6, 3, "three.png")):  # fmt: skip
        (hotel.scans / scan).write_bytes(b"page")
        hotel.put(table, [{"id": id, "guest_no": guest, "scan": scan}])
    order = sorted(mail, key=lambda name: (name == last, name))
    numbers = {name: hotel.approved(mail[name]) for name in order}
    for number in numbers.values():
        crash(after_intent, hotel.erase, number)


def left_of_pairs(hotel: Scanned) -> list[str]:
    """Return which of these files lie there after some rounds."""
    return [name for name in rounds(hotel)[-1] if name in ("two.png", "three.png")]


@pytest.mark.parametrize(("last", "held", "stays"), [
    ("cy", 3, "three.png"), ("cy", 1, "two.png"), ("bea", 1, "two.png"), ("bea", 3, "three.png"),
])  # fmt: skip
def test_of_several_files_each_waits_for_holds_on_those_alone_who_had_it(
    scanned: tuple[Scanned, str], last: str, held: int, stays: str
) -> None:
    """What keeps the one keeps no other."""
    hotel, table = scanned
    in_pairs(hotel, table, last)
    hold(hotel, f"int:{held}")
    assert left_of_pairs(hotel) == [stays]


@pytest.mark.parametrize(("last", "row", "stays"), [("cy", 3, "two.png"), ("ann", 6, "three.png")])
def test_of_several_files_each_waits_for_holds_on_a_row_of_those_alone_who_had_it(
    scanned: tuple[Scanned, str], last: str, row: int, stays: str
) -> None:
    """A safety copy tells whose the row was, and the hold reaches all that lies with that one."""
    hotel, table = scanned
    in_pairs(hotel, table, last)
    record_hold(hotel, table, row)
    assert left_of_pairs(hotel) == [stays]


@pytest.mark.parametrize("beside", [False, True])
def test_a_hold_under_which_a_file_lies_by_itself_reaches_who_had_it_also_later(
    papers: Scanned, beside: bool
) -> None:
    """By what it was reached may be gone by now; what another's hold keeps says nothing of it."""
    hotel = papers
    number = hotel.approved()
    hold(hotel, "int:2")
    with hotel.app.app_context(), hotel.extension.begin() as office:
        work, box = office.work, tables.box.c
        case, (held,) = cases.load(work, number), living(work)
        whose = ["R-OTHER"] if beside else []
        outbox.queue_file(work, case, str(hotel.scans), "own.png", beside=whose)
        mine = box.request == number, box.purpose == outbox.FILE
        boxes = work.conn.execute(sa.select(box.id).where(*mine)).scalars().all()
        assert heldkeys.take(work, boxes, held.id) == 1
        assert heldrequests.holders(work, [number]) == ([] if beside else [held.id])


def test_what_is_noted_of_a_shared_file_does_not_say_its_name(
    scanned: tuple[Scanned, str],
) -> None:
    """Whoever reads the database learns of no file, and no two requests note the same of one."""
    hotel, _ = scanned
    numbers = [hotel.approved(), hotel.approved(BEA)]
    for number in numbers:
        crash(after_intent, hotel.erase, number)
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        table = tables.request
        said = dict(conn.execute(sa.select(table.c.number, table.c.decisions)).all())
    first, second = (json.loads(said[number]) for number in numbers)
    assert besides.BESIDE not in first
    assert list(second[besides.BESIDE]) == [intents_of(hotel)[0].number]
    assert "png" not in said[numbers[1]]
    assert str(hotel.scans) not in said[numbers[1]]


def test_a_file_waits_while_the_key_cannot_be_read_of_a_hold_on_who_had_it_as_well(
    scanned: tuple[Scanned, str],
) -> None:
    """It is not given up, and said: once the key is back the hold keeps it, until it is lifted."""
    hotel, _ = scanned
    numbers = [hotel.approved(), hotel.approved(BEA)]
    for number in numbers:
        crash(after_intent, hotel.erase, number)
    id = hold(hotel, "int:1")
    (key,) = keys(hotel).glob("key-hold-*.json")
    whole = key.read_bytes()
    key.write_bytes(b"")
    told, hours = list[str](), 0
    for hours in (0, 1, 2, 4, 8, 16, 32, 64, 96, 120, 144, 168, 192):
        told += hotel.work(hours=hours).problems.values()
        assert hotel.lies() == ["both.png", "other.png"]
        assert "failed" not in parcels(hotel)
    assert {*told} == {"ClosedError"}
    assert len(told) > 9
    # After two days nobody waits for an answer any more.
    assert hotel.state(numbers[1]) == "partial"
    key.write_bytes(whole)
    hotel.work(hours=hours + 25)
    assert hotel.lies() == ["both.png", "other.png"]
    lift(hotel, id)
    for more in (26, 27):
        hotel.work(hours=hours + more)
    assert hotel.lies() == ["other.png"]


def keys(hotel: Scanned) -> Path:
    """Return the folder of the keys."""
    with hotel.app.app_context():
        return Path(hotel.extension.custodian.path)


def parcels(hotel: Scanned) -> list[str]:
    """Return how the removals of files stand."""
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        table = tables.outbox
        return list(conn.execute(sa.select(table.c.state).where(table.c.kind == "file")).scalars())


def test_a_file_that_a_hold_put_off_is_not_counted_as_removed(
    scanned: tuple[Scanned, str],
) -> None:
    """A round says of it that it went when it has."""
    hotel, _ = scanned
    for number in (hotel.approved(), hotel.approved(BEA)):
        crash(after_intent, hotel.erase, number)
    id = hold(hotel, "int:1")
    assert [hotel.work(hours=hours).counts.get("files", 0) for hours in (0, 1, 2)] == [0] * 3
    assert "queued" in parcels(hotel)
    lift(hotel, id)
    assert sum(hotel.work(hours=hours).counts.get("files", 0) for hours in (3, 4)) == 1
    assert hotel.lies() == ["other.png"]


class Aged(Scanned):
    """The same with copies of passports, for which a law leaves a hotel no time."""

    def _declare(self, members: str | None) -> None:
        super()._declare(members)
        for name, bind in (("visas", None), ("faxes", "archive")):
            table = self.db.Table(
                name, sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("guest_no", sa.Integer, index=True), sa.Column("scan", sa.String(80)),
                sa.Column("made_on", sa.Date), bind_key=bind,
            )  # fmt: skip
            self.extension.register(table, Policy(
                {"guest_no": keep("occupancy"), "scan": File(str(self.scans)),
                 "made_on": keep("occupancy")},
                via=Equal({"guest_no": "id"}, to="guests"),
                category="identity_document_copy", clock={"created": "made_on"},
            ))  # fmt: skip


@pytest.fixture
def aged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aged]:
    """A group in Spain, with a paper that the first guest's pass names."""
    monkeypatch.setattr(group, "PINE", replace(group.PINE, country="ES"))
    hotel = Aged(beside(tmp_path), tmp_path)
    hotel.make()
    for name in ("both.png", "other.png"):
        (hotel.scans / name).write_bytes(b"page")
    hotel.put("passes", [{"id": 1, "guest_no": 1, "scan": "both.png"}])
    with hotel.app.app_context(), hotel.extension.begin() as office:
        office.sign_pack("ES", "officer")
    yield hotel
    hotel.close()


MADE = {"id": 1, "guest_no": 2, "scan": "both.png", "made_on": dt.date(2020, 5, 6)}


@pytest.mark.parametrize("held", [True, False])
def test_what_a_sweep_takes_waits_for_a_hold_on_who_had_the_file_as_well(
    aged: Aged, held: bool
) -> None:
    """Whose erasure is under way let their row go, and left the file to the one that ends now."""
    aged.put("visas", [MADE])
    first = aged.approved()
    crash(before_home, aged.erase, first)
    if held:
        hold(aged, "int:1")
    with aged.app.app_context():
        assert expiry.expire(aged.extension.run) == {"expired": 1}
    assert aged.state(first) == "erasing"
    assert rounds(aged)[-1] == [*(["both.png"] if held else []), "other.png"]


@pytest.mark.parametrize("table", ["visas", "faxes"])
def test_what_a_sweep_left_to_an_erasure_under_way_waits_for_a_hold_on_whom_it_took(
    aged: Aged, table: str
) -> None:
    """Nobody asked: it lies sealed with the erasure whose the file is alone by then, and ends with
    it."""
    aged.put(table, [MADE])
    first = aged.approved()
    crash(after_intent, aged.erase, first)
    with aged.app.app_context():
        assert expiry.expire(aged.extension.run)["expired"] == 1
    assert aged.state(first) == "erasing"
    id = hold(aged, "int:2")
    assert rounds(aged)[-1] == ["both.png", "other.png"]
    with aged.app.app_context(), aged.engines()[0].connect() as conn:
        said = [tables.box.c.purpose.in_([besides.BESIDE, intents.PURPOSE])]
        assert conn.execute(sa.select(tables.box.c.id).where(*said)).all() == []
    lift(aged, id)
    for hours in (3, 4):
        aged.work(hours=hours)
    assert aged.lies() == ["other.png"]


def test_a_sweep_makes_no_other_key_for_an_erasure_under_way_whose_key_is_lost(
    aged: Aged,
) -> None:
    """It comes back with a copy of the folder, and that erasure goes on."""
    aged.put("visas", [MADE])
    first = aged.approved()
    crash(after_intent, aged.erase, first)
    (key,) = keys(aged).glob("key-intent-*.json")
    away = key.rename(key.with_suffix(".away"))
    with aged.app.app_context():
        aged.extension.custodian._known.clear()
        assert expiry.expire(aged.extension.run)["expired"] == 1
    assert not key.exists()
    away.rename(key)
    assert rounds(aged)[-1] == ["other.png"]
    assert aged.state(first) == "erased"


@pytest.mark.parametrize("held", [2, 3])
def test_a_file_waits_for_a_hold_on_whom_a_sweep_under_way_takes_it_from(
    aged: Aged, held: int
) -> None:
    """Nobody asked: their sweep let their row go in one database, and has not ended; a hold on
    whoever went with the same sweep and had another file does not keep it."""
    aged.put("guests", [{"id": 3, "name": "Cy Holm", "email": "cy@mail.example", "born": None}])
    aged.put("faxes", [MADE, MADE | {"id": 2, "guest_no": 3, "scan": "other.png"}])
    aged.put("papers", [{"id": 1, "guest_no": 1, "scan": "other.png"}])
    with aged.app.app_context():
        crash(before_mark, expiry.expire, aged.extension.run)
    number = aged.approved()
    aged.put("papers", [{"id": 2, "guest_no": 2, "scan": "other.png"}])
    hold(aged, f"int:{held}")
    aged.erase(number)
    assert rounds(aged)[-1] == [*(["both.png"] if held == 2 else []), "other.png"]


def test_a_round_ends_in_which_what_is_put_off_is_due_again(
    papers: Scanned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is so much of it that a minute is over before all was looked at once."""
    hotel = papers
    number, tries = hotel.approved(), list[int]()
    with hotel.app.app_context(), hotel.extension.begin() as office:
        case = cases.load(office.work, number)
        for name in ("one.png", "two.png"):
            (hotel.scans / name).write_bytes(b"page")
            outbox.queue_file(office.work, case, str(hotel.scans), name)

    def later(work: Any, parcel: outbox.Parcel) -> bool:
        tries.append(parcel.id)
        assert len(tries) < 9
        hotel.extension._now = lambda: work.now + dt.timedelta(minutes=2)
        dispatch.later(work, parcel)
        return True

    monkeypatch.setattr(dispatch, "held", later)
    with hotel.app.app_context():
        deliver(hotel.extension.run, lambda *_: ("", ""), {}, report := Report())
    assert (report.counts, report.problems, len(set(tries))) == ({}, {}, 2)
