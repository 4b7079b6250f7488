"""The demo hotel's commands and migrations, run as a newcomer runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from example_pms import create_app, db, lawful
from tests import engines

ROOT = Path(__file__).parents[2]


def flask(folder: Path, *words: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a Flask command on a hotel that lives in `folder`."""
    environment = {**os.environ, "PMS_INSTANCE": str(folder)}
    environment.pop("DATABASE_URL", None)
    if url is not None:
        environment["DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "example_pms", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_seed_once_then_only_afresh(tmp_path: Path) -> None:
    """The first seeding makes tables and scans, the second is refused, `--fresh` starts over."""
    assert flask(tmp_path, "pms", "seed", "--guests", "25", "--seed", "1").returncode == 0
    first = sorted(path.name for path in (tmp_path / "scans").rglob("*.png"))
    again = flask(tmp_path, "pms", "seed", "--guests", "25", "--seed", "2")
    assert again.returncode == 1
    assert "--fresh" in again.stderr
    assert sorted(path.name for path in (tmp_path / "scans").rglob("*.png")) == first
    fresh = flask(tmp_path, "pms", "seed", "--guests", "30", "--seed", "2", "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    assert "30 guests" in fresh.stdout
    assert sorted(path.name for path in (tmp_path / "scans").rglob("*.png")) != first
    assert flask(tmp_path, "db", "upgrade").returncode == 0


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        ("guests", "CREATE TABLE guests (name VARCHAR(40))"),
        ("properties", "CREATE TABLE properties (name VARCHAR(40))"),
        ("properties", ""),
    ],
    ids=["another's guests", "another's houses", "a house that was added"],
)
def test_fresh_drops_nothing_but_the_demos_own_hotels(
    table: str, sql: str, database_url: str, tmp_path: Path
) -> None:
    """Whoever has exported the database of their own system keeps it, and reads what to do."""
    app = create_app({"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": database_url})
    runner, scan = app.test_cli_runner(), tmp_path / "scans" / "SHA" / "kept.png"
    if not sql:
        assert runner.invoke(args=["pms", "seed", "--guests", "20"]).exit_code == 0
    scan.parent.mkdir(parents=True, exist_ok=True)
    scan.touch()
    with app.app_context(), db.engine.begin() as conn:
        if sql:
            conn.execute(text(sql))
            conn.execute(text(f"INSERT INTO {table} VALUES ('Hotel Pine')"))
        else:
            conn.execute(text("UPDATE properties SET name = 'Hotel Pine' WHERE code = 'LEJ'"))
    answer = runner.invoke(args=["pms", "seed", "--guests", "20", "--fresh"])
    assert answer.exit_code == 1
    assert "Unset DATABASE_URL" in answer.stderr
    with app.app_context(), db.engine.connect() as conn:
        kept = conn.execute(text(f"SELECT name FROM {table}")).scalars().all()
        db.session.remove()
    with app.app_context():
        db.engine.dispose()
    assert "Hotel Pine" in kept
    assert scan.exists()


def test_check_says_what_makes_it_a_demo(tmp_path: Path) -> None:
    """The two settings are warned of, stop nothing, and are not in the file that vendors copy."""
    assert flask(tmp_path, "pms", "seed", "--guests", "20").returncode == 0
    assert flask(tmp_path, "guesterase", "db", "upgrade").returncode == 0
    said = flask(tmp_path, "guesterase", "check", "--json")
    found = {each["column"]: each["severity"] for each in json.loads(said.stdout)
             if each["id"] == "demo-setting"}  # fmt: skip

    assert said.returncode == 0, said.stderr
    assert found == {"GUESTERASE_INLINE": "warn", "GUESTERASE_MAIL": "warn"}
    assert "GUESTERASE_" not in (ROOT / "example_pms" / "privacy.py").read_text()


def test_staff_lists_everybody_who_is_needed(tmp_path: Path) -> None:
    """JSON alone on standard output; each hotel has reception, two officers and an auditor."""
    flask(tmp_path, "pms", "seed", "--guests", "20")
    answer = flask(tmp_path, "pms", "staff", "--json")
    people = json.loads(answer.stdout)
    assert {frozenset(person) for person in people} == {
        frozenset({"login", "role", "property", "password"})
    }
    for code in ("SHA", "LEJ"):
        roles = [person["role"] for person in people if person["property"] == code]
        assert roles.count("officer") >= 2
        assert {"reception", "auditor"} <= set(roles)


def test_a_hotel_that_is_half_filled_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where seeding was interrupted the demo does not open without the law that it promises."""

    def interrupted(_: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(lawful, "decide", interrupted)
    runner = create_app({"INSTANCE_PATH": str(tmp_path)}).test_cli_runner()
    assert runner.invoke(args=["pms", "seed", "--guests", "20"]).exit_code == 1
    for words in (["pms", "staff", "--json"], ["pms", "seed"]):
        answer = runner.invoke(args=words)
        assert answer.exit_code == 1
        assert f"delete the folder {tmp_path}" in answer.stderr


@pytest.mark.parametrize("words", [("--guests", "3"), ("--today", "yesterday")])
def test_wrong_use_is_named(tmp_path: Path, words: tuple[str, str]) -> None:
    """A hotel too small to show anything, or a day that is none, ends with status 2."""
    assert flask(tmp_path, "pms", "seed", *words).returncode == 2


@pytest.mark.parametrize("kind", engines.DEEP)
def test_migrations_make_what_the_models_say(kind: str, tmp_path: Path) -> None:
    """After the upgrade nothing is left to generate; down and up again works; seeding fits."""
    with engines.fresh_database(kind) as url:
        for words in (
            ("db", "upgrade"),
            ("db", "check"),
            ("db", "downgrade", "base"),
            ("db", "upgrade"),
            ("pms", "seed", "--guests", "20"),
        ):
            answer = flask(tmp_path, *words, url=url)
            assert answer.returncode == 0, (words, answer.stderr)
