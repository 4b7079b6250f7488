"""The commands about jurisdiction packs: read by people, by programs, and honest about lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase.store.lawbook.packs import bundled
from flask_guesterase.store.settings import Property
from flask_guesterase.web.extension import Guesterase
from tests.core.test_pack import GOOD, RULE
from tests.web.house import House
from tests.web.test_cli import Console


@pytest.fixture
def console(house: House) -> Console:
    """The console of a house with guests."""
    return Console(house.app)


def test_packs_are_listed(console: Console) -> None:
    """Every bundled pack, with how old it is and when somebody must look again."""
    out, err = console.raw("jurisdiction", "list")
    assert all(code in out for code in bundled())
    assert "draft" in err
    rows = console.json("jurisdiction", "list")
    assert {row["code"] for row in rows} == set(bundled())
    assert all(row["review_by"] and row["mark"] for row in rows)


def test_a_pack_is_shown_with_all_that_proves_it(console: Console) -> None:
    """Floors, ceilings, clocks, articles, sources, grades and ages, as text and as JSON."""
    for code, pack in bundled().items():
        out, _ = console.raw("jurisdiction", "show", code)
        for rule in pack.rules:
            told = (rule.id, rule.article, rule.source, rule.grade.value, rule.as_of, *rule.clock)
            assert all(word in out for word in told), rule.id
            assert f"floor    {rule.floor}" in out or rule.floor is None
            assert f"ceiling  {rule.ceiling} ({rule.ceiling_kind})" in out or rule.ceiling is None
        assert all(text in out for _, text in pack.unknown)

        said = console.json("jurisdiction", "show", code)
        assert [rule["id"] for rule in said["rules"]] == [rule.id for rule in pack.rules]
        assert [rule["floor"] for rule in said["rules"]] == [
            None if rule.floor is None else str(rule.floor) for rule in pack.rules
        ]


def test_what_is_unknown_weak_or_a_target_of_the_house_is_said(console: Console) -> None:
    """A lawyer sees what stands on nothing."""
    china, _ = console.raw("jurisdiction", "show", "CN")
    assert "unknown: a period of the house is needed" in china
    assert "P15B (the law gives no number: a target of the house)" in china
    assert "document, from its fiscal-year-end" in china
    canton, _ = console.raw("jurisdiction", "show", "CN-GD")
    assert "P1Y (the general law does not recognise a floor of this rank)" in canton


def test_a_pack_is_checked_by_line(console: Console, tmp_path: Path) -> None:
    """Exit code 1 and the line of the rule; 0 when there is nothing, or only a warning."""
    file = tmp_path / "xx.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert console.raw("jurisdiction", "check", str(file))[0] == ""

    file.write_text(GOOD.replace('source = "https://law.example/hotel-act"\n', ""), "utf-8")
    out, _ = console.raw("jurisdiction", "check", str(file), code=1)
    assert out == f"xx.toml, line {RULE}: 'source' is missing.\n"
    said = console.json("jurisdiction", "check", str(file), code=1)
    assert [problem["line"] for problem in said["problems"]] == [RULE]

    text = GOOD.replace('grade = "A"\nas_of = "2026-11-20"', 'grade = "C"\nas_of = "2026-11-20"')
    file.write_text(text, encoding="utf-8")
    assert "warning" in console.raw("jurisdiction", "check", str(file))[0]


def test_what_is_not_there_is_a_named_problem(console: Console, tmp_path: Path) -> None:
    """No such pack, no such file."""
    assert console.error("jurisdiction", "show", "XX") == "unknown"
    assert console.error("jurisdiction", "check", str(tmp_path / "no.toml")) == "setup"


def test_a_pack_of_the_operator_is_given_to_the_extension(tmp_path: Path) -> None:
    """It is listed with the property it counts at; a broken one is named, and can be checked."""
    file = tmp_path / "xx.toml"
    file.write_text(GOOD, encoding="utf-8")
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    hotel = Property("x", "Hotel X", "X Ltd", "XX")
    Guesterase(db, properties=[hotel], packs=[str(file)]).init_app(app)
    console = Console(app)

    rows = {row["code"]: row for row in console.json("jurisdiction", "list")}
    assert rows["XX"]["properties"] == ["x"]
    assert rows["DE"]["properties"] == []

    file.write_text(GOOD.replace('grade = "A"', "", 1), encoding="utf-8")
    assert console.error("jurisdiction", "list") == "pack"
    said = console.json("jurisdiction", "check", str(file), code=1)
    assert len(said["problems"]) == 1
