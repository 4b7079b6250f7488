"""What the how-to pages say works: their code is run as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from example_pms import create_app
from flask_guesterase import Blocker
from flask_guesterase.store import preconditions

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


def blocks(page: str, language: str = "python") -> list[str]:
    """Return the code blocks of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def run(page: str, number: int, space: dict[str, Any]) -> None:
    """Run a code block of a page as a module of its own would run."""
    code = compile(blocks(page)[number], page, "exec", dont_inherit=True)
    exec(code, space)  # noqa: S102 - the page is the test


@pytest.fixture
def hotel(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The application of the page about installing, with its tables and a guest."""
    space: dict[str, Any] = {"__name__": "hotel"}
    run("how-to/install.md", 0, space)
    app: Flask = space["create_app"](
        {
            "SECRET_KEY": "only-for-this-test",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'hotel.sqlite'}",
            "GUESTERASE_KEYS": str(tmp_path / "keys"),
        }
    )
    space["app"] = app
    with app.app_context():
        db = space["db"]
        db.create_all()
        guest = space["Guest"](name="Ada Invented", email="ada@mail.example", phone="1234567")
        booking = space["Booking"](guest=guest, arrival=date(2026, 1, 2), wishes="a quiet room")
        db.session.add_all([guest, booking])
        db.session.flush()
        db.session.add(space["Invoice"](booking_id=booking.id, billed_to="Ada Invented", cents=5))
        db.session.add_all(space["Staff"](login=x, role=r) for x, r in (("d", "desk"),
                                                                       ("o", "officer")))
        db.session.commit()
    yield space
    with app.app_context():
        space["db"].session.remove()
        space["db"].engine.dispose()


def test_the_page_about_installing_is_a_working_application(hotel: dict[str, Any]) -> None:
    """The application of the page erases a guest from request to certificate."""
    app, guesterase = hotel["app"], hotel["guesterase"]
    runner = app.test_cli_runner()
    assert runner.invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    checked = runner.invoke(args=["guesterase", "check"])
    assert checked.exit_code == 0, checked.output

    with app.app_context():
        with guesterase.begin() as office:
            number = office.request({"email": "ada@mail.example"}, by="d")
            office.confirm(number, by="d")
        with guesterase.begin() as office:
            office.approve(number, by="o", digest=office.preview(number).digest)
        report = guesterase.work()
        assert report.problems == {}
        with guesterase.begin(write=False) as office:
            certificate = office.certificate(number)
        rows = hotel["db"].session.execute(hotel["db"].select(hotel["Guest"])).scalars().all()
        billed = hotel["db"].session.execute(hotel["db"].select(hotel["Invoice"])).scalars().one()
        with hotel["db"].engine.connect() as conn:
            stored = conn.execute(hotel["db"].select(hotel["Invoice"].billed_to)).scalar_one()

    assert certificate["content"]["state"] == "sealed"
    assert [(row.name, row.phone) for row in rows] == [("[erased]", None)]
    assert (str(billed.billed_to), stored) == ("▒▒▒", "Ada Invented")


def test_the_check_of_the_page_is_a_passing_test(hotel: dict[str, Any]) -> None:
    """The test that the page offers passes on the page's application."""
    run("how-to/install.md", 1, hotel)

    hotel["test_every_column_has_a_rule"](hotel["app"])

    assert "assert_covered" in hotel


@pytest.mark.parametrize("page", sorted(str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md")))
def test_code_compiles_and_links_lead_somewhere(page: str) -> None:
    """Every Python block of a page compiles and every link to a page of ours exists."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for block in blocks(page):
        compile(block, page, "exec")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)

    assert [link for link in links if not (DOCS / page).parent.joinpath(link).exists()] == []


def test_the_page_about_preconditions_can_be_asked_of_the_demo_hotel(tmp_path: Path) -> None:
    """Its blockers name tables, columns and paths that are there."""
    given: list[Blocker] = []
    space: dict[str, Any] = {"guesterase": SimpleNamespace(block=lambda *all_: given.extend(all_))}
    run("how-to/preconditions.md", 0, space)
    url = f"sqlite:///{tmp_path / 'hotel.sqlite'}"
    app = create_app({"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": url, "TESTING": True})
    with app.app_context():
        datamap = app.extensions["guesterase"].extension.datamap
        assert len(given) == 3
        assert preconditions.findings(datamap, given) == []


def test_the_register_of_the_page_is_declared() -> None:
    """The declaration on the page about the register names columns that its policy knows."""
    space: dict[str, Any] = {"__name__": "register"}
    run("how-to/show-the-register.md", 0, space)
    policy = space["registration"]
    named = {value for value in vars(policy.register).values() if value}
    assert named <= set(policy.columns)
