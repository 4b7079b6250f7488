"""A hotel whose database was restored is followed from night to night, and accused of nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from flask_guesterase import verify
from flask_guesterase.core.destination import Destination, Way
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import journal, witness
from flask_guesterase.store.release.places import places
from flask_guesterase.store.release.releasing import release
from flask_guesterase.store.returning.replay import replay
from tests.store.forms import Form, Forms

OLD, NEW = date(2025, 2, 1), date(2026, 3, 1)
FIR = "fir"


class Shore(Forms):
    """Two hotels with a register of erasures, lists that are kept, and backups.

    :param url: address of an empty database, a file.
    :param folder: where everything lies.
    """

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.folder = folder
        self.lists = folder / "lists"
        self.lists.mkdir()
        self.settings = replace(self.settings, register=str(folder / "register"))

    @property
    def file(self) -> Path:
        """Return the file of the database."""
        return Path(str(self.engine.url.database))

    def backup(self) -> Path:
        """Copy the database as it is."""
        self.engine.dispose()
        return Path(shutil.copy(self.file, self.folder / "backup"))

    def restore(self, copy: Path) -> None:
        """Put a copy in the place of the database."""
        self.engine.dispose()
        shutil.copy(copy, self.file)
        self.later(minutes=1)

    def night(self, confirm_by: str | None = None, **later: float) -> None:
        """Let a night pass, and the lists of the first hotel come."""
        assert self.sweep(confirm_by).doubt == ""
        for name, content in self.run(lambda office: list(office.count_files())):
            if name.startswith("census-mu-"):
                (self.lists / name).write_bytes(content)
        self.later(**(later or {"days": 1}))

    def exported(self, name: str, epoch: int | None = None) -> Path:
        """Export the journal of the first hotel, or an epoch of it."""
        path = self.folder / name
        with self.engine.connect() as conn:
            lines = [line for line in journal.lines(conn) if f'"controller":"{FIR}' in line]
        path.write_text("".join(
            line + "\n" for line in lines if epoch in (None, json.loads(line)["epoch"])
        ))  # fmt: skip
        return path

    def note(self) -> str:
        """Return the newest checkpoint of the first hotel."""
        with self.engine.connect() as conn:
            name = next(
                row["controller"] for row in self.ours("tree") if row["controller"].startswith(FIR)
            )
            at = journal.stamp(self.now)
            return witness.checkpoint(conn, name, self.custodian.signing_key(), at)

    def index_of(self, action: str, epoch: int) -> int:
        """Return the place of the newest entry with an action in an epoch."""
        table = tables.entry
        with self.engine.connect() as conn:
            return int(conn.execute(
                select(table.c.position)
                .where(table.c.action == action, table.c.epoch == epoch,
                       table.c.controller.startswith(FIR))
                .order_by(table.c.position.desc())
            ).scalars().first() or 0)  # fmt: skip


def ask(capsys: pytest.CaptureFixture[str], *given: Any) -> tuple[int, list[dict[str, Any]]]:
    """Run the verifier; return exit code and findings."""
    capsys.readouterr()
    code = verify.main([*map(str, given), "--json"])
    return code, json.loads(capsys.readouterr().out)["findings"]


def wrong(findings: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return kind and text of what speaks against it."""
    return [(each["id"], each["text"]) for each in findings if each["shown"] is False]


def untold(findings: list[dict[str, Any]]) -> set[str]:
    """Return the kinds of what cannot be told."""
    return {each["id"] for each in findings if each["shown"] is None}


@pytest.fixture
def shore(sqlite_url: str, tmp_path: Path) -> Iterator[Shore]:
    """A hotel of some nights, of which one line ended by law."""
    made = Shore(sqlite_url, tmp_path)
    for id_ in range(1, 5):
        made.form(id_, NEW)
    made.form(7, OLD)
    made.night()
    made.night("officer")
    made.night()
    yield made
    made.engine.dispose()


def restored(shore: Shore) -> Path:
    """Restore a backup after two nights more, in which a line ended; return what the world saw."""
    copy = shore.backup()
    shore.form(8, OLD)
    shore.form(9, NEW)
    shore.night(hours=20)
    shore.night("officer")
    world, note = shore.exported("world.jsonl"), shore.note()
    shore.restore(copy)
    assert replay(shore.run, [note]).counts["epochs-begun"] == 2, "of each hotel"
    (shore.folder / "note").write_text(note)
    return world


def test_steps_of_an_epoch_before_are_not_those_of_the_next(
    shore: Shore, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next epoch has entries with the same numbers: they are not taken for those before."""
    step = shore.index_of("retention-ended", 0)
    restored(shore)
    shore.form(10, OLD)
    shore.night("officer")
    while shore.index_of("register-counted", 1) <= step:
        shore.night("officer")
    shore.night()
    code, findings = ask(
        capsys, "census", shore.lists, "--journal", shore.exported("all.jsonl"),
        "--checkpoint", shore.folder / "note",
    )  # fmt: skip
    assert wrong(findings) == []
    assert code == 0
    assert {"lost", "list"} <= untold(findings)


def test_a_restored_hotel_by_what_left_the_house(
    shore: Shore, capsys: pytest.CaptureFixture[str]
) -> None:
    """The world's entries of the epoch that ended, and the next epoch, in whatever order."""
    world = restored(shore)
    for _ in range(4):
        shore.night("officer")
    next_ = shore.exported("next.jsonl", 1)
    for files in ([world, next_], [next_, world]):
        given = [item for file in files for item in ("--journal", file)]
        code, findings = ask(capsys, "census", shore.lists, *given)
        assert wrong(findings) == []
        assert code == 0
        assert any(f["id"] == "entries" and f["shown"] for f in findings)
        (lost,) = [f["text"] for f in findings if "lines said that were counted" in f["text"]]
        assert "1 lines" in lost


@pytest.mark.parametrize(
    "file", ["world.jsonl", pytest.param("next.jsonl", marks=pytest.mark.long)]
)
def test_one_epoch_alone_accuses_nobody(
    file: str, shore: Shore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists of the epoch that is not here are told as such."""
    restored(shore)
    shore.form(11, NEW)
    for _ in range(4):
        shore.night("officer")
    shore.exported("next.jsonl", 1)
    code, findings = ask(capsys, "census", shore.lists, "--journal", shore.folder / file)
    assert wrong(findings) == []
    assert code == 0
    assert "list" in untold(findings)


@pytest.mark.parametrize("epoch", [1, None])
def test_a_count_that_follows_none_is_named_with_its_epoch(
    epoch: int | None, shore: Shore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where several epochs were given their entries have the same numbers."""
    restored(shore)
    for id_ in range(11, 15):
        shore.form(id_, NEW)
        shore.night("officer")
    path = shore.exported("cut.jsonl", epoch)
    lines = path.read_text().splitlines()
    counted = [
        line for line in lines if '"action":"register-counted"' in line and '"epoch":1' in line
    ]
    path.write_text("".join(line + "\n" for line in lines if line != counted[1]))
    _, findings = ask(capsys, "census", shore.lists, "--journal", path)
    (told,) = [text for id_, text in wrong(findings) if id_ == "chain"]
    place = f"entry {json.loads(counted[2])['index']} of epoch 1 does NOT follow"
    assert (place in told) is (epoch is None)
    assert ("of epoch" in told) is (epoch is None)


def test_a_line_that_vanished_after_a_restore_is_named(
    shore: Shore, capsys: pytest.CaptureFixture[str]
) -> None:
    """A restore explains what came after the backup, and no row that somebody deletes later."""
    restored(shore)
    shore.night("officer")
    with shore.engine.begin() as conn:
        conn.execute(delete(Form).where(Form.id == 2))
    shore.night()
    code, findings = ask(
        capsys, "census", shore.lists, "--journal", shore.exported("all.jsonl")
    )
    assert code == 1
    assert {"vanished", "missed"} <= {id_ for id_, _ in wrong(findings)}


def test_a_line_that_vanished_with_a_restore_is_named(
    shore: Shore, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row that the backup had, and that is gone at the next count, is missed as ever."""
    restored(shore)
    with shore.engine.begin() as conn:
        conn.execute(delete(Form).where(Form.id == 2))
    shore.night("officer")
    code, findings = ask(
        capsys, "census", shore.lists, "--journal", shore.exported("all.jsonl")
    )
    assert code == 1
    assert {"vanished", "missed"} <= {id_ for id_, _ in wrong(findings)}


def test_entries_put_back_accuse_nobody(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal is whole again, and the list of the last night is lost: that is said."""
    shore = Shore(sqlite_url, tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    shore.places = places([Destination(Way.FILE, str(outside))], {})
    for id_ in range(1, 5):
        shore.form(id_, NEW)
    shore.night()
    copy = shore.backup()
    shore.form(8, OLD)
    shore.form(9, NEW)
    shore.night(hours=20)
    shore.night("officer")
    problems: dict[str, str] = {}
    release(shore.run, problems.__setitem__, True)
    shore.restore(copy)
    done = replay(shore.run).counts
    assert done["entries-put-back"] > 0
    assert "epochs-begun" not in done
    for _ in range(3):
        shore.night("officer")
        release(shore.run, problems.__setitem__, True)
    assert problems == {}
    for file in ("--journal", shore.exported("all.jsonl")), ("--journal", outside):
        code, findings = ask(capsys, "census", outside, *file)
        assert wrong(findings) == []
        assert code == 0
        assert any(f["id"] == "missed" and "declared" in f["text"] for f in findings)
    shore.engine.dispose()
