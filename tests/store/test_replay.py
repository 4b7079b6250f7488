"""What went because its time was over goes again after a restore, and nothing else does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from flask_guesterase.core.checkpoint import Checkpoint, origin
from flask_guesterase.core.errors import SetupError
from flask_guesterase.core.remembrance import Kind
from flask_guesterase.store.remembrance import heads, months, remembering
from flask_guesterase.store.remembrance.erasures import Register
from flask_guesterase.store.returning.replay import replay
from tests.store.forms import GRANTS, Form, Forms, Guest

OLD, NEW = date(2025, 2, 1), date(2026, 3, 1)


@pytest.fixture
def forms(tmp_path: Path) -> Iterator[Forms]:
    """Two hotels that keep a register of erasures."""
    forms = Forms(f"sqlite:///{tmp_path / 'test.sqlite'}", tmp_path)
    forms.settings = replace(forms.settings, register=str(tmp_path / "register"))
    yield forms
    forms.engine.dispose()


def copy(forms: Forms, back: bool = False) -> None:
    """Copy the database away, or bring the copy back."""
    forms.engine.dispose()
    here = Path(str(forms.engine.url.database))
    pair = (here.with_suffix(".copy"), here) if back else (here, here.with_suffix(".copy"))
    shutil.copyfile(*pair)


def test_a_record_that_had_its_time_goes_again(forms: Forms) -> None:
    for id in (1, 2, 3):
        forms.form(id, OLD)
    forms.form(4, NEW)
    forms.sweep()
    copy(forms)
    with forms.engine.begin() as conn:
        conn.execute(update(Form).where(Form.id == 2).values(name="Ada Rowe"))
    forms.sweep("officer")
    assert forms.names() == {1: None, 2: None, 3: None, 4: "Ada Roe"}
    copy(forms, back=True)
    with forms.engine.begin() as conn:
        # Its key went to another guest after the restore.
        conn.execute(delete(Form).where(Form.id == 3))
        conn.execute(delete(Guest).where(Guest.id == 3))
    forms.form(3, NEW)
    with forms.engine.begin() as conn:
        conn.execute(update(Form).where(Form.id == 3).values(name="Eve Doe"))
    assert forms.sweep("officer").doubt == remembering.RESTORED
    assert forms.names() == {1: "Ada Roe", 2: "Ada Roe", 3: "Eve Doe", 4: "Ada Roe"}
    done = replay(forms.run)
    assert not done.restored
    assert done.counts["theirs"] == 1
    assert done.counts["other"] == 2, "a name that was another then, and another guest's form"
    assert forms.names() == {1: None, 2: "Ada Roe", 3: "Eve Doe", 4: "Ada Roe"}
    forms.confirmed()
    assert forms.names() == {1: None, 2: None, 3: "Eve Doe", 4: "Ada Roe"}
    assert not replay(forms.run).restored


def test_what_is_due_after_a_restore_is_confirmed_anew(forms: Forms) -> None:
    """The copy may be of before a period was made longer: somebody reads what would go."""
    forms.form(1, OLD)
    forms.confirmed()
    copy(forms)
    forms.form(2, OLD)
    forms.sweep()
    assert forms.names() == {1: None, 2: None}
    copy(forms, back=True)
    forms.form(3, OLD)
    assert not replay(forms.run).restored
    forms.sweep()
    assert forms.names() == {1: None, 3: "Ada Roe"}
    forms.sweep("officer")
    assert forms.names() == {1: None, 3: None}


def test_a_hold_that_two_people_lifted_is_none_that_was_forgotten(
    forms: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The register says of a hold that it was placed, and of the lifting that it is over."""
    for who in ("officer", "second"):
        may = {*GRANTS[who]["mu"], "freeze", "hold"}
        monkeypatch.setitem(GRANTS[who], "mu", may)
    forms.form(1, OLD)
    forms.sweep()
    copy(forms)
    number = forms.run(lambda office: office.freeze("mu", "second"))
    assert [forms.run(lambda office, by=by: office.lift(number, by))
            for by in ("officer", "second")] == [False, True]  # fmt: skip
    forms.sweep("officer")
    assert forms.names() == {1: None}
    copy(forms, back=True)
    done = replay(forms.run)
    assert (done.restored, done.holds) == (False, ())
    assert forms.names() == {1: None}


def kept(forms: Forms) -> Register:
    """Return the register of erasures that is kept."""
    with forms.begin() as office:
        file = remembering.register(office.work)
    assert file is not None
    return file


def test_a_sweep_writes_one_line_and_one_outcome_for_a_batch(forms: Forms) -> None:
    for id in range(1, 9):
        forms.form(id, OLD)
    forms.confirmed()
    lines, _ = kept(forms).lines()
    assert [line.note.kind for line in lines] == [Kind.BEGUN, Kind.ENDED, Kind.OUTCOME]
    assert len(lines[1].note.rows) == 8


def test_a_full_or_closed_disk_stops_erasing_and_nothing_is_half_done(
    forms: Forms, tmp_path: Path
) -> None:
    forms.form(1, OLD)
    (tmp_path / "register").write_text("no folder")
    forms.sweep()
    report = forms.tried("officer")
    assert report.problems == {"expire": "SetupError"}
    assert forms.names() == {1: "Ada Roe"}
    (tmp_path / "register").unlink()
    forms.confirmed()
    assert forms.names() == {1: None}


def test_the_end_of_a_register_that_was_changed_stops_erasing(
    forms: Forms, tmp_path: Path
) -> None:
    forms.form(1, OLD)
    forms.confirmed()
    (path,) = (tmp_path / "register").glob("*.jsonl")
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"kind":"outcome"', b'"kind":"abandoned"'))
    with forms.begin() as office, pytest.raises(SetupError, match="not as it was written"):
        remembering.standing(office.work)
    path.write_bytes(raw + b'{"torn')
    with forms.begin() as office:
        found = remembering.standing(office.work)
        assert found is not None
        assert not found.restored
    forms.form(2, OLD)
    forms.sweep()
    assert forms.names() == {1: None, 2: None}
    assert kept(forms).lines()[1] == []


def test_a_long_register_is_read_from_its_end(forms: Forms, tmp_path: Path) -> None:
    """What is not read does not count: the beginning may be damaged and the house goes on."""
    for id in range(1, 121):
        forms.form(id, OLD)
    forms.confirmed()
    (path,) = (tmp_path / "register").glob("*.jsonl")
    assert path.stat().st_size > 1 << 14
    file = kept(forms)
    lines, broken = file.lines()
    assert broken == []
    tail = file.tail()
    assert (tail.number, tail.committed, tail.open) == (len(lines), len(lines) - 1, ())
    path.write_bytes(b"x" + path.read_bytes()[1:])
    assert file.tail() == tail
    assert [each.why for each in file.lines()[1]] == ["unreadable"]


def test_what_left_the_house_hides_no_line_that_waits_for_its_outcome(forms: Forms) -> None:
    """A certificate is signed while another process is between the line of a batch and its end."""
    for id in range(1, 121):
        forms.form(id, OLD)
    forms.confirmed()
    file = kept(forms)
    lines, _ = file.lines()
    big = max(lines, key=lambda line: len(line.note.rows))
    after = file.tail()
    with file.locked():
        open_ = file.append(after, [replace(big, number=after.number + 1)])
    head = Checkpoint(origin("pine", 0), 12, bytes(32), big.at)
    heads._signed(file, head, big.at)
    assert [each.number for each in file.tail().open] == [after.number + 1]
    remembering.outcome(file, after.number + 1, after.number + 1, big.at)
    heads._signed(file, head, big.at)
    assert file.tail().open == ()
    assert file.tail().committed == open_.number
    newest = file.lines()[0][-1]
    assert (newest.note.kind, newest.last) == (Kind.SIGNED, newest.number - 1)


def test_marks_tell_nothing_when_no_backup_of_their_time_is_left(forms: Forms) -> None:
    """The key of a month ends a month after the last backup of it; nobody said: never."""
    forms.form(1, OLD)
    forms.confirmed()
    label = months.label("2026-03")
    assert label in forms.custodian.labels()
    for _ in range(3):
        forms.later(days=30)
        forms.work()
    assert label in forms.custodian.labels()
    forms.settings = replace(forms.settings, backup_days=60)
    forms.work()
    assert label in forms.custodian.labels(), "a backup of March may be there"
    forms.later(days=30)
    forms.work()
    assert label not in forms.custodian.labels()
    copy(forms)
    forms.form(2, OLD)
    forms.sweep()
    copy(forms, back=True)
    assert not replay(forms.run).restored
