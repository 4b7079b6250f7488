"""The one-file verifier follows the guest register from night to night, from files alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from flask_guesterase import verify
from flask_guesterase.core.events import SweepConfirmed
from flask_guesterase.core.log import canonical
from flask_guesterase.store.journaling import journal, witness
from tests.store.forms import Form, Forms

OLD, NEW = date(2025, 2, 1), date(2026, 3, 1)


class Outside:
    """What somebody outside has: lists of each night, the journal, a checkpoint."""

    def __init__(self, house: Forms, folder: Path) -> None:
        self.house = house
        self.folder = folder
        folder.mkdir()

    def night(self, **later: float) -> None:
        """Let a night pass and the lists come."""
        self.house.sweep()
        for name, content in self.house.run(lambda office: list(office.count_files())):
            (self.folder / name).write_bytes(content)
        self.house.later(**(later or {"days": 1}))

    def journal(self) -> Path:
        """Export the journal of the first hotel."""
        path = self.folder / "journal.jsonl"
        with self.house.engine.connect() as conn:
            lines = [line for line in journal.lines(conn) if '"controller":"fir' in line]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def checkpoint(self) -> Path:
        """Export the newest checkpoint of the first hotel."""
        path = self.folder / "head"
        with self.house.engine.connect() as conn:
            name = next(
                row["controller"] for row in self.house.ours("tree") if "fir" in row["controller"]
            )
            key = self.house.custodian.signing_key()
            path.write_text(witness.checkpoint(conn, name, key, "2026-03-20T00:00:00Z"))
        return path

    def verify(
        self, capsys: pytest.CaptureFixture[str], foreign: str = "be"
    ) -> tuple[int, list[dict[str, Any]]]:
        """Run the verifier over everything but lists of a hotel; return exit code and findings."""
        for path in self.folder.glob(f"census-{foreign}-*"):
            path.unlink()
        capsys.readouterr()
        code = verify.main([
            "census", str(self.folder), "--journal", str(self.journal()),
            "--checkpoint", str(self.checkpoint()), "--json",
        ])  # fmt: skip
        return code, json.loads(capsys.readouterr().out)["findings"]


@pytest.fixture
def outside(sqlite_url: str, tmp_path: Path) -> Iterator[Outside]:
    """Three nights of a hotel: one line arrives, one ends by law."""
    house = Forms(sqlite_url, tmp_path)
    for id_ in range(1, 5):
        house.form(id_, NEW)
    house.form(7, OLD)
    made = Outside(house, tmp_path / "outside")
    made.night(hours=1)
    house.sweep("officer")
    house.later(days=1)
    house.form(5, NEW)
    made.night()
    made.night()
    yield made
    house.engine.dispose()


def wrong(findings: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return kind and text of what speaks against it."""
    return [(each["id"], each["text"]) for each in findings if each["shown"] is False]


def test_honest_nights_pass(outside: Outside, capsys: pytest.CaptureFixture[str]) -> None:
    """What left lawfully is followed to its entry; nothing speaks against it."""
    code, findings = outside.verify(capsys)
    assert wrong(findings) == []
    assert code == 0
    departed = [f["text"] for f in findings if f["id"] == "departed" and f["shown"]]
    assert any("1 lines left by steps" in text for text in departed)
    assert any(f["id"] == "outside" and f["shown"] for f in findings)


def test_honest_nights_pass_over_the_end_of_a_month(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key of the marks changes; sums are compared, single lines cannot be."""
    for _ in range(22):
        outside.night()
    code, findings = outside.verify(capsys)
    assert wrong(findings) == []
    assert code == 0
    assert any("the key of the marks changed" in f["text"] for f in findings)


def test_honest_nights_of_two_hotels_whose_lines_ended_in_one_batch_pass(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each list names the steps of its own hotel: none is said to have taken more than it took."""
    house = Forms(sqlite_url, tmp_path, datetime(2026, 5, 10, 12, tzinfo=UTC))
    house.move("be", controller="Fir GmbH")
    for id_, place, left in ((7, "mu", OLD), (8, "mu", date(2025, 4, 20)), (9, "be", OLD)):
        house.form(id_, left, place)
    outside = Outside(house, tmp_path / "outside")
    outside.night(hours=1)
    house.sweep("officer")
    assert set(house.names().values()) == {None}
    house.later(days=1)
    outside.night()
    code, findings = outside.verify(capsys, foreign="none")
    assert (code, wrong(findings)) == (0, [])
    gone = [each for path in outside.folder.glob("census-*")
            for each in json.loads(path.read_text())["gone"]]  # fmt: skip
    assert len({each["index"] for each in gone}) == len(gone) == 3
    house.engine.dispose()


def test_a_vanished_row_is_named(outside: Outside, capsys: pytest.CaptureFixture[str]) -> None:
    """A row that was deleted past everything is named by its mark."""
    with outside.house.engine.begin() as conn:
        conn.execute(delete(Form).where(Form.id == 2))
    outside.night()
    newest = sorted(outside.folder.glob("census-mu-*"))[-1]
    gone, = json.loads(newest.read_text())["gone"]
    code, findings = outside.verify(capsys)
    assert code == 1
    assert any(id_ == "vanished" and gone["mark"] in text for id_, text in wrong(findings))
    assert any(id_ == "missed" for id_, _ in wrong(findings))


def _edited(path: Path, **changes: Any) -> None:
    value = json.loads(path.read_text()) | changes
    path.write_bytes(canonical(value))


def test_a_vanished_row_blamed_on_a_lawful_step_is_named(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """Naming an entry that took another line, or none, explains nothing."""
    with outside.house.engine.begin() as conn:
        conn.execute(delete(Form).where(Form.id == 2))
    outside.night()
    newest = sorted(outside.folder.glob("census-mu-*"))[-1]
    value = json.loads(newest.read_text())
    lines = outside.journal().read_text().splitlines()
    ended = next(json.loads(line) for line in lines if '"action":"retention-ended"' in line)
    swept = next(json.loads(line) for line in lines if '"action":"sweep-done"' in line)
    mark = value["gone"][0]["mark"]
    for step in (ended, swept):
        blamed = {"action": step["action"], "index": step["index"], "mark": mark}
        _edited(newest, gone=[blamed])
        _, findings = outside.verify(capsys)
        assert any(id_ == "vanished" and mark in text for id_, text in wrong(findings))


def test_a_vanished_row_that_its_list_keeps_quiet_about_is_named(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two lists are compared with each other, whatever the later one says of what left."""
    with outside.house.engine.begin() as conn:
        conn.execute(delete(Form).where(Form.id == 2))
    outside.night()
    newest = sorted(outside.folder.glob("census-mu-*"))[-1]
    gone, = json.loads(newest.read_text())["gone"]
    _edited(newest, gone=[])
    _, findings = outside.verify(capsys)
    quiet = [text for id_, text in wrong(findings) if id_ == "vanished" and gone["mark"] in text]
    assert len(quiet) == 1
    assert "does not say so" in quiet[0]


def test_a_list_that_was_changed_is_named(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mark taken out of a list changes its root, and no entry has that."""
    newest = sorted(outside.folder.glob("census-mu-*"))[-1]
    marks = json.loads(newest.read_text())["marks"][1:]
    _edited(newest, marks=marks, count=len(marks))
    assert outside.verify(capsys)[0] == 1
    leaves = [verify.leaf(bytes.fromhex(mark)) for mark in marks]
    root = verify.roots(leaves, {len(marks)})[len(marks)].hex()
    _edited(newest, root=root)
    code, findings = outside.verify(capsys)
    assert code == 1
    assert any(id_ == "list" for id_, _ in wrong(findings))


def test_a_missing_list_cannot_be_told(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the list of a night single lines cannot be followed; nobody is accused."""
    sorted(outside.folder.glob("census-mu-*"))[1].unlink()
    code, findings = outside.verify(capsys)
    assert code == 0
    assert any(f["id"] == "list" and f["shown"] is None for f in findings)


def test_a_count_taken_out_of_the_journal_is_named(
    outside: Outside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export without one night's entry has a hole, and a count that follows none."""
    path = outside.journal()
    lines = path.read_text().splitlines()
    counted = [line for line in lines if '"action":"register-counted"' in line]
    path.write_text("\n".join(line for line in lines if line != counted[1]) + "\n")
    monkeypatch.setattr(Outside, "journal", lambda self: path)
    code, findings = outside.verify(capsys)
    assert code == 1
    assert {"chain", "entries"} <= {id_ for id_, _ in wrong(findings)}


def test_a_register_that_is_counted_no_more_is_named(
    outside: Outside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops counting is seen to have stopped, as long as the journal goes on."""
    monkeypatch.setattr("flask_guesterase.store.census.counting.count", lambda work, code: [])
    for _ in range(5):
        outside.house.sweep()
        outside.house.later(days=1)
    _, findings = outside.verify(capsys)
    assert any(id_ == "silence" for id_, _ in wrong(findings))


def test_wrong_use_is_named(tmp_path: Path) -> None:
    """Without a journal there is nothing to compare lists with."""
    assert verify.main(["census", str(tmp_path)]) == 2


def leapt(outside: Outside, days: int, ends: bool = False) -> None:
    """Set the clock ahead for a round, set it right, and let two people say so."""
    house = outside.house
    (house.later if ends else house.leap)(days=days)
    house.sweep()
    house.leap(days=-days)
    house.sweep()
    for by in ("officer", "second"):
        house.run(lambda office, by=by: office.confirm_clock(by))


@pytest.mark.parametrize("days", [10, 4000])
def test_a_clock_that_leapt_and_was_set_right(
    days: int, outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two people said so, and nothing ended meanwhile: the nights after it are counted nights."""
    leapt(outside, days)
    for _ in range(2):
        outside.night()
    code, findings = outside.verify(capsys)
    assert (code, wrong(findings)) == (0, [])
    asked = {f["id"] for f in findings if f["shown"] is None}
    assert asked >= ({"silence", "clock"} if days > 400 else {"silence"})


def test_what_ended_by_a_clock_that_leapt_is_named(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clock and heartbeat were forged together, and set back: no word for the clock excuses it."""
    leapt(outside, 4000, ends=True)
    lines = outside.journal().read_text().splitlines()
    assert any('"retention-ended"' in line and '"at":"2037' in line for line in lines)
    _, findings = outside.verify(capsys)
    assert ("clock", False) in {(f["id"], f["shown"]) for f in findings}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_an_entry_dated_at_an_end_of_the_calendar_is_answered(
    at: str, outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever forges one ends no reading: what speaks against it is said."""
    path = outside.journal()
    lines = path.read_text().splitlines()
    for place, line in enumerate(lines):
        forged = canonical(json.loads(line) | {"at": at}).decode()
        path.write_text("\n".join([*lines[:place], forged, *lines[place + 1:]]) + "\n")
        capsys.readouterr()
        given = [str(outside.folder), "--journal", str(path), "--checkpoint",
                 str(outside.checkpoint())]  # fmt: skip
        assert verify.main(["census", *given, "--json"]) == 1
        assert wrong(json.loads(capsys.readouterr().out)["findings"])


def test_a_clock_set_back_hides_no_silence(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal goes on day by day and nothing is counted: then two people set the clock back."""
    house = outside.house
    event = SweepConfirmed(house.settings.properties["mu"].controller, "mu")
    for _ in range(8):
        house.later(days=1)
        house.run(lambda office: office.work.events.append(event))
    house.leap(days=-8)
    house.tried()
    for by in ("officer", "second"):
        house.run(lambda office, by=by: office.confirm_clock(by))
    _, findings = outside.verify(capsys)
    assert "silence" in {id_ for id_, _ in wrong(findings)}
