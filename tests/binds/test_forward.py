"""An erasure over several databases is before, or goes forward to the same end as undisturbed."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase.core.errors import BusyError, GuesteraseError
from flask_guesterase.core.holding import Cause, Scope, Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.binds import awaiting, forward, intents
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.mapping.crossing import Crossing
from flask_guesterase.store.upkeep import owndata, upgrade
from flask_guesterase.store.worker import carry_out
from tests.engines import fresh_database
from tests.oracle.dump import assert_same

from .group import CANARY, NAMES, ROWS, Group, beside, copied, group

KINDS = [
    pytest.param(("sqlite", "sqlite"), id="two", marks=pytest.mark.long),
    pytest.param(("sqlite", "sqlite", "sqlite"), id="three", marks=pytest.mark.long),
    pytest.param(("postgresql", "sqlite"), id="postgresql+sqlite", marks=pytest.mark.long),
    pytest.param(("postgresql", "mariadb", "sqlite"), id="postgresql+mariadb+sqlite"),
    pytest.param(("mariadb", "postgresql", "sqlite"), id="mariadb+postgresql+sqlite",
                 marks=pytest.mark.long),
    pytest.param(("sqlite", "mariadb", "postgresql"), id="sqlite+mariadb+postgresql",
                 marks=pytest.mark.long),
]  # fmt: skip
THREE = ("sqlite", "sqlite", "sqlite")
DONE = ["erasure-begun", "subject-erased", "check-completed", "certificate-issued"]


@pytest.fixture(autouse=True)
def _seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is random in an erasure is the same in every run, so that dumps can be compared."""
    monkeypatch.setattr(intents, "secrets", fixed())


def fixed() -> Any:
    """Return what stands in for `secrets` where the seed of an erasure is drawn."""
    return SimpleNamespace(token_bytes=lambda n: b"s" * n, token_hex=secrets.token_hex)


_undisturbed: dict[tuple[str, ...], Any] = {}


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a group over three files and an approved request; to be copied."""
    folder = tmp_path_factory.mktemp("approved")
    hotel = Group(beside(folder), folder)
    hotel.make()
    number = hotel.approved()
    hotel.close()
    return folder, number


@pytest.fixture(scope="module")
def cut_off(
    approved: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The same, its erasure cut off right after the intent; to be copied."""
    folder = tmp_path_factory.mktemp("cut") / "off"
    with copied(approved[0], folder) as hotel, pytest.MonkeyPatch.context() as patch:
        patch.setattr(intents, "secrets", fixed())
        crash(after_intent, hotel.erase, approved[1])
    return folder, approved[1]


@pytest.fixture
def ready(approved: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[Group, str]]:
    """A group of one's own in which an erasure was approved."""
    with copied(approved[0], tmp_path / "hotel") as hotel:
        yield hotel, approved[1]


def undisturbed(kinds: tuple[str, ...], folder: Path) -> Any:
    """Return the dumps of an erasure that nothing disturbed; once for all tests."""
    if kinds not in _undisturbed:
        with group(kinds, folder / "undisturbed") as hotel:
            assert hotel.erase(hotel.approved()) == "erased"
            _undisturbed[kinds] = hotel.dumps()
    return _undisturbed[kinds]


def same(hotel: Group, wanted: Any) -> None:
    """Compare every database with what it should hold."""
    found = hotel.dumps()
    for name, each in wanted.items():
        assert_same(each, found[name])


def holds(hotel: Group, value: str) -> list[str]:
    """Return the tables in which a value still stands."""
    return [
        table for each in hotel.dumps().values() for table, content in each.items()
        if any(value in (cell or "") for line in content.lines for cell in line)
    ]


def intents_of(hotel: Group) -> list[Any]:
    """Return our rows about the databases of an erasure."""
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        return list(conn.execute(sa.select(tables.intent).order_by(tables.intent.c.id)))


@pytest.mark.parametrize("kinds", KINDS)
def test_everything_goes_and_nothing_else(kinds: tuple[str, ...], tmp_path: Path) -> None:
    """Guest and member go from every database; nobody else's rows move; the journal tells it."""
    with group(kinds, tmp_path) as hotel:
        before = hotel.dumps()
        number = hotel.approved()
        assert hotel.erase(number) == "erased"
        after = hotel.dumps()
        assert not holds(hotel, "Zebrafinch") + holds(hotel, "ann@mail") + holds(hotel, "Ann")
        for name, each in before.items():
            for table, content in each.items():
                kept = [li for li in content.lines if not _hers(table, li)]
                assert [li for li in after[name][table].lines if not _hers(table, li)] == kept
        assert hotel.actions()[-4:] == DONE
        assert {row.state for row in intents_of(hotel)} == {"done"}
        assert not [row for row in intents_of(hotel) if row.box]
        assert not [label for label in hotel.extension_labels() if label.startswith("intent:")]


@pytest.mark.parametrize("kinds", [
    pytest.param(THREE, id="three"),
    *(pytest.param(k, id="+".join(k), marks=pytest.mark.long) for k in (
        ("sqlite", "sqlite"), ("postgresql", "sqlite"), ("postgresql", "mariadb", "sqlite"),
        ("mariadb", "sqlite", "postgresql"),
    )),
])  # fmt: skip
def test_twins_are_equal_once_erased(kinds: tuple[str, ...], tmp_path: Path) -> None:
    """Two groups that differ only in what is erased of one guest are equal byte for byte."""
    ends = []
    for side, rows in (("one", ROWS), ("other", twin())):
        with group(kinds, tmp_path / side, rows=rows) as hotel:
            before = hotel.dumps()
            number = hotel.approved(
                {"email": rows["guests"][0]["email"], "name": rows["guests"][0]["name"]}
            )
            assert hotel.erase(number) == "erased"
            ends.append((before, hotel.dumps()))
    (first, one), (second, other) = ends
    for name in one:
        assert first[name] != second[name]
        assert_same(one[name], other[name])


def twin() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a group whose guest has other values, in content and length."""
    moved = {
        CANARY: "Maximiliane Oberhuberin", "ann@mail.example": "maxi.oberhuberin@post.example",
        "Ann": "Maximiliane",
    }  # fmt: skip

    def other(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for old, new in moved.items():
            value = value.replace(old, new)
        return value

    rows = {name: [{c: other(v) for c, v in row.items()} for row in each]
            for name, each in ROWS.items()}  # fmt: skip
    rows["guests"][0]["born"] = dt.date(1971, 8, 9)
    return rows


def _hers(table: str, line: tuple[str | None, ...]) -> bool:
    number = {"members": 7, "pages": 1}.get(table, 1)
    mine = {number, 2} if table == "pages" else {number}
    return any(line[0] in (f"integer {n}", str(n)) for n in mine)


def test_one_database_writes_no_intent(tmp_path: Path) -> None:
    """Rows in the default database alone go in one transaction, as they do without any bind."""
    with group(THREE, tmp_path) as hotel:
        hotel.put("guests", [{"id": 3, "name": "Cy Holt", "email": "cy@mail.example"}])
        hotel.put("stays", [{"id": 3, "guest_id": 3, "room": "9", "wish": "Cy Holt: tea"}])
        number = hotel.approved({"email": "cy@mail.example", "name": "Cy Holt"})
        assert hotel.erase(number) == "erased"
        assert not intents_of(hotel)
        assert not holds(hotel, "Holt")
        assert "erasure-begun" not in hotel.actions()


def test_a_host_with_one_database_gets_the_plain_connection(tmp_path: Path) -> None:
    """Without binds nothing stands between the office and the connection."""
    with group(("sqlite", "sqlite"), tmp_path) as hotel, hotel.app.app_context():
        with hotel.extension.begin() as office:
            assert isinstance(office.work.conn, Crossing)
        hotel.extension._state().binds = (hotel.engines()[0], intents.binds_of(None))  # type: ignore[arg-type]
        with hotel.extension.begin() as office:
            assert type(office.work.conn) is sa.Connection


class Crash(BaseException):
    """What a fault raises where a process would die."""


Point = Callable[[pytest.MonkeyPatch], None]


def after_intent(patch: pytest.MonkeyPatch) -> None:
    """The intent is committed; nothing else is."""

    def settle(conn: Crossing) -> None:
        conn.drop(Crash())
        raise Crash("after the intent")

    patch.setattr(Crossing, "settle", settle)


def after_first(patch: pytest.MonkeyPatch) -> None:
    """The intent and the first other database are committed."""

    def settle(conn: Crossing) -> None:
        names = list(conn._others)
        conn._end(names[0])
        conn.drop(Crash())
        raise Crash("after the first database")

    patch.setattr(Crossing, "settle", settle)


def before_mark(patch: pytest.MonkeyPatch) -> None:
    """Another database is committed again, and not yet called done."""

    def note(*_: Any, **__: Any) -> None:
        raise Crash("before the mark")

    patch.setattr(intents, "note", note)


def before_home(patch: pytest.MonkeyPatch) -> None:
    """All but the default database is done, whose changes are not committed."""

    def tell(*_: Any) -> None:
        raise Crash("before the last commit")

    patch.setattr(forward, "_tell", tell)


def crash(point: Point, act: Callable[..., object], *given: object) -> None:
    """Let something begin that is cut off at a point."""
    with pytest.MonkeyPatch.context() as patch:
        point(patch)
        with pytest.raises(Crash):
            act(*given)


@pytest.mark.parametrize("point", [
    before_home,
    *(pytest.param(p, marks=pytest.mark.long) for p in (after_intent, after_first, before_mark)),
], ids=lambda p: p.__name__)  # fmt: skip
@pytest.mark.parametrize("kinds", [
    pytest.param(THREE, id="three"),
    *(pytest.param(k, id="+".join(k), marks=pytest.mark.long) for k in (
        ("postgresql", "mariadb", "sqlite"), ("mariadb", "sqlite", "postgresql"),
    )),
])  # fmt: skip
def test_a_fault_between_two_databases_goes_forward(
    kinds: tuple[str, ...], point: Point, tmp_path: Path
) -> None:
    """Whatever is cut off after the intent, the worker ends it as if nothing had happened."""
    wanted = undisturbed(kinds, tmp_path)
    with group(kinds, tmp_path / "hotel") as hotel:
        number = hotel.approved()
        crash(point, hotel.erase, number)
        assert hotel.state(number) == "erasing"
        assert "subject-erased" not in hotel.actions()
        hotel.work()
        assert hotel.state(number) == "erased"
        same(hotel, wanted)
        assert hotel.actions()[-4:] == DONE


def test_no_row_by_sql_ends_the_key_of_what_was_decided_for_several_databases(
    ready: tuple[Group, str]
) -> None:
    """Erased in one of them, a guest stays in the others by no word that the key has ended."""
    hotel, number = ready
    crash(after_first, hotel.erase, number)
    label = intents.label(intents_of(hotel)[0].number)
    with hotel.app.app_context(), hotel.engines()[0].begin() as conn:
        at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        conn.execute(sa.insert(tables.day).values(label=label, state="ending", at=at))
    with hotel.app.app_context():
        forgetting.forget(hotel.extension.run)
    hotel.work()
    assert hotel.state(number) == "erased"
    assert label not in hotel.extension_labels()


@pytest.mark.parametrize("where", ["rehearsal", "register"])
def test_a_fault_before_the_intent_leaves_all_as_it_was(
    where: str, ready: tuple[Group, str]
) -> None:
    """Nothing is committed anywhere before the intent is."""
    hotel, number = ready
    before = hotel.dumps()

    def fail(*_: Any, **__: Any) -> Any:
        raise Crash(where)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intents, "_entries" if where == "rehearsal" else "_put", fail)
        with pytest.raises(Crash):
            hotel.erase(number)
    same(hotel, before)
    assert not intents_of(hotel)
    assert hotel.erase(number) == "erased"


KILLED = ["after_intent", "after_first", "before_mark", "before_home"]


@pytest.mark.parametrize("kinds", [
    pytest.param(THREE, id="three"),
    pytest.param(("postgresql", "mariadb", "sqlite"), id="servers", marks=pytest.mark.long),
])  # fmt: skip
@pytest.mark.parametrize("point", [
    KILLED[0], *(pytest.param(p, marks=pytest.mark.long) for p in KILLED[1:]),
])  # fmt: skip
def test_a_process_that_is_killed_between_two_databases(
    kinds: tuple[str, ...], point: str, tmp_path: Path
) -> None:
    """SIGKILL at any point after the intent: another process ends it, as if undisturbed."""
    wanted = undisturbed(kinds, tmp_path)
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in kinds]
        folder = tmp_path / "hotel"
        folder.mkdir()
        hotel = Group(urls, folder)
        hotel.make()
        number = hotel.approved()
        hotel.close()
        done = subprocess.run(
            [sys.executable, "-m", "tests.binds.killed", str(folder), number, point, *urls],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr[-500:]
        assert hotel.state(number) == "erasing"
        hotel.work()
        assert hotel.state(number) == "erased"
        same(hotel, wanted)
        hotel.close()


def test_the_intent_alone_changes_no_row(
    cut: tuple[Group, str], ready: tuple[Group, str]
) -> None:
    """What is cut off right after the intent is as before, in every database."""
    before = ready[0].dumps()
    for name, found in cut[0].dumps().items():
        assert_same(before[name], found)


@pytest.mark.parametrize("point", [None, after_intent, before_home])
@pytest.mark.parametrize("kinds", [
    pytest.param(("sqlite", "sqlite"), id="sqlite"),
    pytest.param(("postgresql", "mariadb"), id="postgresql+mariadb"),
    pytest.param(("mariadb", "postgresql"), id="mariadb+postgresql", marks=pytest.mark.long),
])  # fmt: skip
def test_what_a_trigger_copies_goes_as_well(
    kinds: tuple[str, ...], point: Point | None, tmp_path: Path
) -> None:
    """Where a named trigger copies a value into a declared table, the copy is erased in every
    database, cut off or not, as it is where there is one database; nobody else's rows go."""
    with group(kinds, tmp_path, told=True) as hotel:
        number = hotel.approved()
        if point is not None:
            crash(point, hotel.erase, number)
            change(hotel, "", "UPDATE guests SET born = NULL WHERE id = 2")
            hotel.work()
        else:
            hotel.erase(number)
        assert not holds(hotel, "Zebrafinch") + holds(hotel, "Ann")
        assert hotel.state(number) == "erased"
        assert holds(hotel, "Bea Lund asks")
        assert holds(hotel, "Bea, page one")


# what changes meanwhile


@pytest.fixture
def cut(cut_off: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[Group, str]]:
    """A group of one's own in which an erasure was cut off right after its intent."""
    with copied(cut_off[0], tmp_path / "cut") as hotel:
        yield hotel, cut_off[1]


def change(hotel: Group, place: str, statement: str) -> None:
    """Let the host change something."""
    with hotel.app.app_context(), hotel.engines()[NAMES.index(place)].begin() as conn:
        conn.exec_driver_sql(statement)


def test_what_the_host_writes_meanwhile_goes_as_well(cut: tuple[Group, str]) -> None:
    """New values of the same columns are erased too, in every database."""
    hotel, number = cut
    change(hotel, "archive", "UPDATE letters SET title = 'New for Ann', body = 'Ann Zebrafinch is "
           "glad' WHERE id = 1")  # fmt: skip
    change(hotel, "", "UPDATE guests SET name = 'Ann Newname' WHERE id = 1")
    hotel.work()
    assert hotel.state(number) == "erased"
    assert not holds(hotel, "Ann")
    assert [li for li in hotel.dumps()["archive"]["letters"].lines if "is glad" in (li[3] or "")]


def test_a_row_that_got_another_owner_is_left_and_told(cut: tuple[Group, str]) -> None:
    """What is somebody else's by now is not touched; the journal counts it."""
    hotel, _number = cut
    change(hotel, "archive", "UPDATE letters SET guest_no = 2, title = 'Now Bea' WHERE id = 1")
    hotel.work()
    found = dict(li[:1] + li[2:3] for li in hotel.dumps()["archive"]["letters"].lines)
    assert found["integer 1"] == "text 'Now Bea'"
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        wanted = sa.select(tables.entry.c.body).where(tables.entry.c.action == "subject-erased")
        body = conn.execute(wanted).scalar_one()
    # The letter and, through it, its two pages.
    assert '"left":3' in body


def test_texts_that_name_nobody_are_not_counted_after_a_crash(ready: tuple[Group, str]) -> None:
    """What was rehearsed says which rows change; what is done later is counted no other way."""
    hotel, number = ready
    hotel.put("stays", [{"id": 9, "guest_id": 1, "room": "9", "wish": "late"}])
    crash(after_intent, hotel.erase, number)
    hotel.work()
    assert hotel.state(number) == "erased"
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        wanted = sa.select(tables.entry.c.body).where(tables.entry.c.action == "subject-erased")
        body = conn.execute(wanted).scalar_one()
        said = conn.execute(sa.select(tables.request.c.decisions)).scalar_one()
    assert '"stays":1' in body
    (stays,) = [each for each in json.loads(said)["did"] if each["table"] == "stays"]
    assert stays["rows"] == 1


def test_what_the_host_writes_back_before_the_end_goes_again(
    cut: tuple[Group, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last transaction looks at every database by key, and goes back to one that changed."""
    hotel, number = cut
    once = iter([True])
    real = forward._carry_out

    def carried(work: Any, part: Any, intent: Any) -> int:
        left = real(work, part, intent)
        if part.bind == "crm" and next(once, False):
            change(hotel, "archive", "UPDATE pages SET words = 'Ann again' WHERE id = 1")
        return left

    monkeypatch.setattr(forward, "_carry_out", carried)
    hotel.work()
    assert hotel.state(number) == "erased"
    assert not holds(hotel, "Ann")


def test_a_key_used_again_by_another_guest_is_not_taken(cut: tuple[Group, str]) -> None:
    """A row that went meanwhile, and whose key the host gave to somebody else, is theirs."""
    hotel, number = cut
    change(hotel, "crm", "DELETE FROM points WHERE id = 1")
    change(hotel, "crm", "INSERT INTO points (id, member_id, why) VALUES (1, 8, 'Bea again')")
    hotel.work()
    assert hotel.state(number) == "erased"
    assert any("Bea again" in (li[2] or "") for li in hotel.dumps()["crm"]["points"].lines)


def test_a_row_that_is_gone_is_done(cut: tuple[Group, str]) -> None:
    """What the host deleted meanwhile needs nothing any more."""
    hotel, number = cut
    change(hotel, "archive", "DELETE FROM pages WHERE id = 1")
    hotel.work()
    assert hotel.state(number) == "erased"


# what cannot go on


def taken_away(hotel: Group, which: int) -> Callable[[], None]:
    """Take the file of a database away; return what brings it back."""
    with hotel.app.app_context():
        file = Path(str(hotel.engines()[which].url.database))
    hotel.close()
    away = file.with_suffix(".away")
    file.rename(away)
    file.mkdir()

    def back() -> None:
        file.rmdir()
        away.rename(file)
        hotel.close()

    return back


def test_a_database_that_is_down_is_waited_for(cut: tuple[Group, str], tmp_path: Path) -> None:
    """It is tried later and later, shown to staff and by `check`, and ends when it is back."""
    hotel, number = cut
    back = taken_away(hotel, 1)
    report = hotel.work()
    assert any(name.startswith("forward:") for name in report.problems), report.problems
    assert hotel.state(number) == "erasing"
    assert intents_of(hotel)[0].attempts == 1
    assert not any(n.startswith("forward:") for n in hotel.work().problems), "it is left alone"
    hotel.work(hours=2)
    assert intents_of(hotel)[0].attempts == 2
    with hotel.app.app_context():
        hotel.extension._now = _hours(hotel, 3)
        shown = {(f.id, f.column) for f in hotel.extension.check()}
    assert ("several-binds", "archive") in shown
    back()
    hotel.work(hours=9)
    assert hotel.state(number) == "erased"
    assert not holds(hotel, "Ann")


def test_a_row_that_cannot_be_read_keeps_no_other_erasure(tmp_path: Path) -> None:
    """A date that is none: its erasure is told and tried later, the one begun after it ends."""
    with group(("sqlite", "sqlite"), tmp_path, bills=True, told=True) as hotel:
        bill = {"billed_to": "Pine Ltd", "issued_on": dt.date(2026, 1, 2)}
        hotel.put("bills", [bill | {"id": id_, "guest_no": id_} for id_ in (1, 2)])
        numbers = [hotel.approved(), hotel.approved({"email": "bea@mail.example"})]
        for number in numbers:
            crash(after_intent, hotel.erase, number)
        first, second = numbers
        change(hotel, "archive", "UPDATE bills SET issued_on = '31.02.2026' WHERE id = 1")
        report = hotel.work()
        (waiting,) = {row.number for row in intents_of(hotel) if row.request == first}
        assert report.problems[f"forward:{waiting}"] == "ValueError"
        assert hotel.state(first) == "erasing"
        assert hotel.state(second) in ("erased", "sealed")
        assert {row.problem for row in intents_of(hotel) if row.attempts} == {"ValueError"}
        change(hotel, "archive", "UPDATE bills SET issued_on = '2026-01-02' WHERE id = 1")
        hotel.work(hours=1)
        assert {hotel.state(number) for number in numbers} <= {"erased", "sealed"}


def test_it_waits_for_the_version_that_knows_the_tables(cut: tuple[Group, str]) -> None:
    """What was begun goes on in each database by itself, also once another process upgraded."""
    hotel, number = cut
    before = hotel.dumps()
    table = upgrade.VERSION_TABLE
    change(hotel, "", f"CREATE TABLE {table} (version_num VARCHAR(32) NOT NULL)")
    change(hotel, "", f"INSERT INTO {table} VALUES ('9999')")
    with hotel.app.app_context():
        assert forward.tried(hotel.extension.run, number) == "SetupError"
    same(hotel, before)
    change(hotel, "", f"UPDATE {table} SET version_num = '{upgrade.head()}'")
    hotel.work(hours=1)
    assert hotel.state(number) == "erased"


def test_what_failed_by_a_clock_that_ran_ahead_goes_forward_once_it_is_right(
    cut: tuple[Group, str],
) -> None:
    """Half of a guest is gone, and the rest would stay until that time had come (P4)."""
    hotel, _ = cut
    back = taken_away(hotel, 1)
    hotel.work(hours=365 * 24)
    assert intents_of(hotel)[0].attempts == 1
    back()
    hotel.work()
    assert {row.state for row in intents_of(hotel)} == {"done"}
    assert not holds(hotel, "Ann")


def test_a_database_that_is_down_before_the_intent_keeps_all_waiting(
    ready: tuple[Group, str],
) -> None:
    """Nothing begins that could not be carried through; the request waits as it was approved."""
    hotel, number = ready
    back = taken_away(hotel, 2)
    with pytest.raises(GuesteraseError):
        hotel.erase(number)
    assert hotel.work().problems
    back()
    assert not intents_of(hotel)
    assert hotel.state(number) == "approved"
    assert holds(hotel, "Zebrafinch")
    assert hotel.erase(number) == "erased"


def _hours(hotel: Group, hours: int) -> Any:
    before = hotel.extension._now
    return staticmethod(lambda: before() + dt.timedelta(hours=hours))


def test_check_names_the_database_an_erasure_waits_for(cut: tuple[Group, str]) -> None:
    """After an hour `check` says which databases are waited for; before, nothing."""
    hotel, _ = cut
    with hotel.app.app_context(), hotel.extension.begin() as office:
        assert not awaiting.findings(office.work)
        office.work.now += 2 * awaiting.STALE
        found = awaiting.findings(office.work)
    assert {f.column for f in found} == {"archive", "crm", "(default)"}
    assert {f.id for f in found} == {"intent-open"}


@pytest.mark.parametrize("harm", [
    "swapped", "row", "key",
    *(pytest.param(harm, marks=pytest.mark.long) for harm in ("payload", "lost")),
])  # fmt: skip
def test_a_box_that_was_tampered_with_stops_it(cut: tuple[Group, str], harm: str) -> None:
    """Nothing is done, nothing is called done, and the worker names the error."""
    hotel, number = cut
    before = hotel.dumps()
    boxes = [row.box for row in intents_of(hotel)]
    statement = {
        "payload": f"UPDATE guesterase_box SET payload = zeroblob(60) WHERE id = '{boxes[0]}'",
        "swapped": f"UPDATE guesterase_intent SET box = '{boxes[1]}' WHERE box = '{boxes[0]}'",
        "lost": f"DELETE FROM guesterase_box WHERE id = '{boxes[0]}'",
        "row": "DELETE FROM guesterase_intent WHERE bind = 'crm'",
        "key": "",
    }[harm]
    if statement:
        change(hotel, "", statement)
    else:
        with hotel.app.app_context():
            hotel.extension.custodian.forget(intents.label(intents_of(hotel)[0].number))
    report = hotel.work()
    problems = {v for k, v in report.problems.items() if k.startswith("forward:")}
    assert problems <= {"SealError", "KeyMissingError", "UnknownError"}
    assert problems
    assert intents_of(hotel)[0].problem in problems
    assert hotel.state(number) == "erasing"
    assert "subject-erased" not in hotel.actions()
    same(hotel, before)


def test_a_database_called_done_by_hand_is_looked_at_again(cut: tuple[Group, str]) -> None:
    """Who writes into our table that a database is done deceives nobody: the rows are asked."""
    hotel, number = cut
    change(hotel, "", "UPDATE guesterase_intent SET state = 'done' WHERE bind <> ''")
    hotel.work()
    assert hotel.state(number) == "erased"
    assert not holds(hotel, "Ann")


def test_a_database_that_is_done_is_remembered_until_all_are(cut: tuple[Group, str]) -> None:
    """What waits for months finds all its lines, whichever database was done when it began."""
    hotel, _ = cut
    crash(before_home, hotel.work)
    hotel.extension._now = _hours(hotel, 24 * 300)  # type: ignore[method-assign]
    with hotel.app.app_context(), hotel.extension.begin() as office:
        owndata.STEPS["intent"](office.work, 0)
    hotel.work()
    assert "subject-erased" in hotel.actions()
    with hotel.app.app_context(), hotel.extension.begin() as office:
        office.work.conn.execute(sa.update(tables.intent).values(ended_at=dt.datetime(2020, 1, 1)))
        owndata.STEPS["intent"](office.work, 0)
    assert not intents_of(hotel)


def test_check_misses_an_intent_that_was_deleted(cut: tuple[Group, str]) -> None:
    """A request that is being erased without anything that erases it is a finding."""
    hotel, _ = cut
    change(hotel, "", "DELETE FROM guesterase_intent")
    with hotel.app.app_context(), hotel.extension.begin() as office:
        assert [f.id for f in awaiting.findings(office.work)] == ["intent-lost"]


@pytest.mark.long
def test_two_workers_at_once_end_in_one_erasure(cut: tuple[Group, str]) -> None:
    """The second finds the rows of the intent taken, or all of it done."""
    hotel, number = cut
    code = (
        "import sys; from pathlib import Path; from tests.binds.group import Group;"
        "Group(sys.argv[2:], Path(sys.argv[1])).work()"
    )
    with hotel.app.app_context():
        urls = [e.url.render_as_string(hide_password=False) for e in hotel.engines()]
    command = [sys.executable, "-c", code, hotel.app.instance_path, *urls]
    racers = [subprocess.Popen(command, env=dict(os.environ)) for _ in range(2)]
    assert [racer.wait(timeout=60) for racer in racers] == [0, 0]
    hotel.work(hours=1)
    assert hotel.state(number) == "erased"
    assert hotel.actions().count("subject-erased") == 1
    assert not holds(hotel, "Ann")


def test_erasing_again_while_it_is_going_forward_changes_nothing(cut: tuple[Group, str]) -> None:
    """Who presses the button a second time finds it begun; it is not begun twice."""
    hotel, number = cut
    with hotel.app.app_context():
        assert carry_out(hotel.extension.run, number).value == "erasing"
    assert hotel.actions().count("erasure-begun") == 1


@pytest.mark.usefixtures("impatient")
def test_rows_that_somebody_else_holds_stop_it_before_the_intent(ready: tuple[Group, str]) -> None:
    """A lock in another database is met while all is as before."""
    hotel, number = ready
    before = hotel.dumps()
    with hotel.app.app_context(), hotel.engines()[1].connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(BusyError):
            hotel.erase(number)
        other.rollback()
    assert not intents_of(hotel)
    same(hotel, before)


def test_a_rule_that_another_database_refuses_stops_it_before_the_intent(
    ready: tuple[Group, str],
) -> None:
    """A CHECK of another database is met in the rehearsal, not behind the point of no return."""
    hotel, number = ready
    change(hotel, "archive", "CREATE TRIGGER no_letters BEFORE UPDATE ON letters WHEN "
           "NEW.title = '[erased]' BEGIN SELECT RAISE(ABORT, 'no'); END")  # fmt: skip
    before = hotel.dumps()
    with pytest.raises(GuesteraseError):
        hotel.erase(number)
    assert not intents_of(hotel)
    same(hotel, before)


def test_the_search_by_value_reads_every_database(ready: tuple[Group, str]) -> None:
    """A copy that nobody declared, in another database, makes the erasure a partial one."""
    hotel, number = ready
    change(hotel, "crm", "CREATE TABLE mailing (id INTEGER PRIMARY KEY, words TEXT)")
    change(hotel, "crm", "INSERT INTO mailing VALUES (1, 'to ann@mail.example')")
    assert hotel.erase(number) == "partial"
    with hotel.app.app_context(), hotel.extension.begin(write=False) as office:
        shown = office.residue(number)
    assert "mailing" in str(shown)


def test_no_deeper_level_is_claimed_than_was_measured(ready: tuple[Group, str]) -> None:
    """The files of several databases are not measured, and the certificate does not say so."""
    hotel, number = ready
    hotel.erase(number)
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        wanted = sa.select(tables.request.c.decisions, tables.request.c.try_at)
        decisions, later = conn.execute(wanted.where(tables.request.c.number == number)).one()
    assert '"level":"L1"' in decisions
    assert later is None


def test_no_name_is_readable_in_our_tables(cut: tuple[Group, str]) -> None:
    """The keys and values of an intent lie sealed; its rows tell nobody's name."""
    hotel, _ = cut
    with hotel.app.app_context():
        file = Path(str(hotel.engines()[0].url.database))
        with hotel.engines()[0].connect() as conn:
            for table in tables.metadata.sorted_tables:
                assert CANARY not in str(conn.execute(sa.select(table)).all()), table.name
    assert file.exists()


def test_staff_read_which_database_is_waited_for(cut: tuple[Group, str]) -> None:
    """After an hour the staff page names it; who places a hold reads that it comes too late."""
    hotel, _ = cut
    page = hotel.browser().get("/desk/privacy/").text
    assert "wait for a database" not in page
    assert "a hold placed now is too late" in hotel.browser().get("/desk/privacy/holds").text
    hotel.extension._now = _hours(hotel, 2)  # type: ignore[method-assign]
    page = hotel.browser().get("/desk/privacy/").text
    assert "wait for a database that cannot be reached: archive." in page


def test_a_hold_that_comes_after_the_intent_stops_nothing(cut: tuple[Group, str]) -> None:
    """What was decided for good goes on; what was not named in it is held."""
    hotel, number = cut
    with hotel.app.app_context(), hotel.extension.begin() as office:
        office.place_hold(
            Wanted(Scope.SUBJECT.value, Cause.COURT.value, table="guests", key="int:1"), "officer"
        )
    hotel.work()
    assert "Zebrafinch" not in str(hotel.dumps())
    assert hotel.state(number) in ("erased", "sealed")
