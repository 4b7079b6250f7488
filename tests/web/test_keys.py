"""The keys at the console, in `check` and in the doctor's visit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from flask_guesterase.core.errors import KeyMissingError, SealError
from flask_guesterase.core.finding import Finding
from flask_guesterase.core.seal import Terms
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import boxing
from flask_guesterase.store.boxes.boxing import Item
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.ours import is_ours
from flask_guesterase.store.office import Office
from flask_guesterase.store.upkeep import rotation
from flask_guesterase.web.extension import Guesterase
from tests.kinds import Case, Cases
from tests.store.forms import Base
from tests.web.test_cli import Console
from tests.web.test_sweep import Front, fronted

CASES = Cases()


@pytest.fixture
def front() -> Iterator[Front]:
    """Two hotels whose database knows its keys, and a box."""
    with fronted() as made:
        Console(made.app).json("db", "upgrade")
        boxed(made)
        yield made


@pytest.fixture
def console(front: Front) -> Console:
    """Their console."""
    return Console(front.app)


def boxed(front: Front) -> str:
    """Seal something until a day in summer; return its box."""

    def put(office: Office) -> list[str]:
        item = Item(b"sealed", Terms("fir", "retention", "2026-07-01"))
        return boxing.put(office.work.conn, office.work.custodian, [item], office.work.today)

    return str(front.forms.run(put)[0])


def people(front: Front, first: str = "officer", second: str = "second") -> list[str]:
    return [
        "--by", first, "--code", front.code(first),
        "--second", second, "--second-code", front.code(second),
    ]  # fmt: skip


def confirmed(front: Front, next: bool = False) -> None:
    mark = front.forms.custodian.fingerprint(next=next)
    front.forms.run(lambda office: office.propose_copy("officer", mark))
    front.forms.run(lambda office: office.confirm_copy("second"))


# check


@CASES.of("keys-foreign")
def keys_foreign(wrong: bool) -> list[Finding]:
    with fronted() as front:
        Console(front.app).json("db", "upgrade")
        if wrong:
            path = front.forms.custodian.path
            path.rename(path.with_name("away"))
            FolderCustodian(path).create()
        return front.check()


@CASES.of("keys-unsound")
def keys_unsound(wrong: bool) -> list[Finding]:
    with fronted() as front:
        boxed(front)
        if wrong:
            (front.forms.custodian.path / "key-day-2026-07-01.json").unlink()
        return front.check()


@CASES.of("root-copy")
def root_copy(wrong: bool) -> list[Finding]:
    with fronted() as front:
        rotation.turn(front.forms.run)
        confirmed(front)
        front.forms.later(days=23)
        rotation.turn(front.forms.run)
        if not wrong:
            confirmed(front, next=True)
        return front.check()


@CASES.of("root-old")
def root_old(wrong: bool) -> list[Finding]:
    with fronted() as front:
        rotation.turn(front.forms.run)
        front.forms.later(days=34)
        if not wrong:
            rotation.turn(front.forms.run)
        return front.check()


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """What is wrong with the keys is reported with its cure."""
    case.check()


# commands


def test_a_person_rotates_the_root(front: Front, console: Console) -> None:
    """With a code of their own; the copy is asked for anew; nobody else may."""
    confirmed(front)
    before = front.forms.custodian.root_id()
    wrong = console.error("keys", "rotate", "--by", "officer", "--code", "ABCD-EFGH")
    assert wrong == "token"
    code = front.code("porter")
    assert console.error("keys", "rotate", "--by", "porter", "--code", code) == "forbidden"
    assert front.forms.custodian.root_id() == before
    out, note = console.raw("keys", "rotate", "--by", "officer", "--code", front.code("officer"))
    assert front.forms.custodian.root_id() in out
    assert front.forms.custodian.root_id() != before
    assert "confirm the copy" in note
    assert [task["kind"] for task in console.json("task", "list")] == ["root-new", "root-old"]


def test_a_person_goes_on_without_a_key_that_is_lost(front: Front, console: Console) -> None:
    """Nothing is sealed for its day until somebody with the right and a code says so; once."""
    (front.forms.custodian.path / "key-day-2026-07-01.json").unlink()
    with pytest.raises(KeyMissingError, match="day:2026-07-01 is lost"):
        boxed(front)
    code = front.code("porter")
    assert console.error("keys", "anew", "--by", "porter", "--code", code) == "forbidden"
    out, note = console.raw("keys", "anew", "--by", "officer", "--code", front.code("officer"))
    assert "day:2026-07-01" in out
    assert "Do not bring" in note
    box = boxed(front)
    found = console.json("keys", "check", "--all", code=1)
    assert (found["sampled"], found["opened"]) == (2, 1)
    assert box not in {fault["place"] for fault in found["faults"]}
    answer = console.json("keys", "anew", "--by", "officer", "--code", front.code("officer"))
    assert answer["labels"] == []
    said = [row["controller"] for row in front.forms.ours("entry")
            if row["action"] == "keys-replaced"]  # fmt: skip
    assert sorted(said) == sorted({row["controller"] for row in front.forms.ours("tree")})


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed under", "empty"])
def test_a_key_that_a_row_calls_ended_early_waits_for_a_copy_or_a_person(
    front: Front, console: Console, sealed: bool
) -> None:
    """`check` names the day; sweeps after the key is back, or a person, take the word back."""
    label, at = "day:2026-07-01", front.forms.now.replace(tzinfo=None)
    key = front.forms.custodian.path / "key-day-2026-07-01.json"
    content, day = key.read_bytes(), tables.day
    with front.forms.engine.begin() as conn:
        if not sealed:
            conn.execute(update(tables.box).values(forgotten_at=at))
        conn.execute(insert(day).values(label=label, state="ended", at=at))
    key.unlink()
    console.raw("sweep")
    with pytest.raises(SealError, match=f"the key of {label} has ended, though"):
        boxed(front)
    (found,) = [each for each in front.check() if each.id == "keys-unsound"]
    assert (found.column, "keys anew" in found.hint) == (label, True)
    if sealed:
        key.write_bytes(content)
        for _ in range(2):
            front.forms.later(days=1)
            console.raw("sweep")
        assert key.exists()
    else:
        out, _ = console.raw("keys", "anew", "--by", "officer", "--code", front.code("officer"))
        assert label in out
    assert boxed(front)
    assert "keys-unsound" not in {each.id for each in front.check()}
    assert label not in {row["label"] for row in front.forms.ours("day")}


def test_who_leaves_with_a_clock_in_doubt_takes_all_along(
    front: Front, console: Console, tmp_path: Path
) -> None:
    """A clock set forward and a row that calls a key ended leave nothing out of the files."""
    console.raw("sweep")
    label, at = "day:2026-07-01", front.forms.now.replace(tzinfo=None)
    with front.forms.engine.begin() as conn:
        conn.execute(insert(tables.day).values(label=label, state="ending", at=at))
    front.forms.leap(days=5000)
    counts = console.json("uninstall", "--out", str(tmp_path / "files"))["counts"]
    living = [row for row in front.forms.ours("box") if row["forgotten_at"] is None]
    assert label in {row["label"] for row in living}
    assert counts["boxes.jsonl"] == len(living)


def test_the_sweep_turns_the_root(front: Front, console: Console) -> None:
    """The nightly run does it by itself and says so."""
    console.json("sweep")
    before = front.forms.custodian.root_id()
    front.forms.later(days=30)
    report = console.json("sweep")
    assert report["counts"]["keys"] >= 1
    assert front.forms.custodian.root_id() != before


def test_two_people_change_the_signing_key(front: Front, console: Console) -> None:
    """Shown before and after, in the form verifiers take; one person's two codes are refused."""
    console.json("sweep")
    shown = console.json("keys", "show")
    assert {row["since_size"] for row in shown} == {1}
    assert console.error("keys", "sign-anew", *people(front, "officer", "officer")) in {
        "four-eyes", "token"
    }  # fmt: skip
    answer = console.json("keys", "sign-anew", *people(front))
    assert answer["public_key"] == front.forms.custodian.public_key().hex()
    again = console.json("keys", "show")
    assert len(again) == 2 * len(shown)
    assert {row["public_key"] for row in again} == {
        answer["public_key"], shown[0]["public_key"]
    }  # fmt: skip
    assert "guesterase/" in console.raw("keys", "show")[0]
    assert not front.forms.custodian.renewing()
    assert front.forms.custodian.public_key().hex() == answer["public_key"]


def test_the_keys_are_checked(front: Front, console: Console) -> None:
    """Whole keys end with 0; a missing one with 1, named with its next step."""
    found = console.json("keys", "check")
    assert (found["labels"], found["keys"], found["opened"], found["faults"]) == (1, 1, 1, [])
    path = front.forms.custodian.path / "key-day-2026-07-01.json"
    path.rename(path.with_name("away"))
    found = console.json("keys", "check", "--all", code=1)
    assert [fault["place"] for fault in found["faults"]] == ["day:2026-07-01"]
    out, _ = console.raw("keys", "check", code=1)
    assert "key-day-2026-07-01.json is not there" in out
    assert "copy of the key folder" in out
    measures = {m["id"]: m["status"] for m in console.json("doctor", code=1)}
    assert measures["keys-whole"] == "bad"


def test_a_copy_is_taken_and_tried(
    front: Front, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the roots it opens nothing; with them the drill opens every box, and no more."""
    bare, whole = tmp_path / "bare", tmp_path / "whole"
    _, note = console.raw("keys", "copy", "--to", str(bare))
    assert "opens nothing" in note
    console.json("keys", "drill", "--folder", str(bare), code=1)
    console.json("keys", "copy", "--to", str(whole), "--with-roots")
    before = {p.name: p.read_bytes() for p in whole.iterdir()}
    found = console.json("keys", "drill", "--folder", str(whole), "--all")
    assert (found["sampled"], found["opened"], found["faults"]) == (1, 1, [])
    assert {p.name: p.read_bytes() for p in whole.iterdir()} == before
    mark = console.json("keys", "fingerprint", "--folder", str(whole))["fingerprint"]
    assert mark == console.json("keys", "fingerprint")["fingerprint"]
    assert console.error("keys", "fingerprint", "--next") == "key-missing"
    home = str(front.forms.custodian.path)
    assert console.error("keys", "copy", "--to", home) == "input"
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "note.txt").write_text("mine")
    monkeypatch.chdir(tmp_path / "theirs")
    for there in (str(tmp_path / "theirs"), ""):
        assert console.error("keys", "copy", "--to", there, "--with-roots") == "input"
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["note.txt"]


def test_a_copy_destroys_no_keys_of_another_house(
    front: Front, console: Console, tmp_path: Path
) -> None:
    """Their key folder in use is no earlier copy of ours, though it looks like one."""
    other, mine = FolderCustodian(tmp_path / "other"), tmp_path / "mine"
    other.create()
    other.ensure("day:2026-07-01")
    before = {p.name: p.read_bytes() for p in other.path.iterdir()}
    for more in ((), ("--with-roots",)):
        assert console.error("keys", "copy", "--to", str(other.path), *more) == "input"
    assert {p.name: p.read_bytes() for p in other.path.iterdir()} == before
    for _ in range(2):
        console.json("keys", "copy", "--to", str(mine))
    front.forms.custodian.rotate()
    front.forms.custodian.rotate()
    console.json("keys", "copy", "--to", str(mine))
    assert is_ours(front.forms.custodian, mine)
    assert not is_ours(other, mine)


def test_keys_of_another_house_stop_every_door(front: Front, console: Console) -> None:
    """A process that begins with them says so and writes nothing; with its own it goes on."""
    path = front.forms.custodian.path
    shutil.copytree(path, path.with_name("own"))
    shutil.rmtree(path)
    FolderCustodian(path).create()
    other = Flask("other", instance_path=str(path.parent))
    other.config.update(front.app.config)
    extension = Guesterase(
        front.extension.host.db, authorize=lambda *_: True, models=Base,
        properties=front.forms.settings.properties.values(),
    )  # fmt: skip
    extension._declared = front.extension._declared
    extension.init_app(other)
    before = front.forms.run(lambda o: o.work.conn.execute(select(tables.actor)).all())
    stranger = Console(other)
    assert stranger.error("keys", "check") == "key-missing"
    assert stranger.error("db", "upgrade") == "key-missing"
    assert front.forms.run(lambda o: o.work.conn.execute(select(tables.actor)).all()) == before
    shutil.rmtree(path)
    shutil.copytree(path.with_name("own"), path)
    assert stranger.json("keys", "check")["faults"] == []
