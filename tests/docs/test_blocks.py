"""Code of how-to pages that no test of its own runs: it is run in the page's own application."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from flask import Flask, get_flashed_messages, request
from flask.testing import FlaskClient
from jinja2 import FileSystemLoader

import flask_guesterase
from flask_guesterase import Property
from flask_guesterase.web.wording import papers
from tests.docs.test_howto import blocks, hotel, run

__all__ = ["hotel"]

Hotel = dict[str, Any]


def upgraded(hotel: Hotel) -> Flask:
    """Return the page's application with our tables."""
    app: Flask = hotel["app"]
    assert app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    return app


def browser(app: Flask, login: str) -> FlaskClient:
    """Return the browser of somebody who is logged in."""
    client = app.test_client()
    with client.session_transaction() as session:
        session.update({"_user_id": login, "_fresh": True})
    return client


HOLIDAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("page", "number", "name", "said"),
    [("answer-in-time", 0, "_holidays", lambda found: found("main", 2026) == {HOLIDAY}),
     ("answer-in-time", 0, "_properties", lambda found: all(
         each.officer.startswith("privacy@") and each.deputy for each in found)),
     ("jurisdictions", 0, "_packs", lambda found: found == ("packs/xx.toml",)),
     ("schedule", 0, "_teardown", lambda found: found == 0),
     ("sweep", 0, "_pressure", lambda found: found() is True),
     ("sweep", 1, "_night_audit", lambda found: found("main") is True)],
)  # fmt: skip
def test_what_a_page_declares_of_the_house_is_taken(
    page: str, number: int, name: str, said: Callable[[Any], bool], hotel: Hotel
) -> None:
    """Its names are there, its arguments are known, and they say what the page says."""
    given = {name: getattr(flask_guesterase, name) for name in flask_guesterase.__all__}
    host = {
        "days_off": lambda code, year: {HOLIDAY},
        "queue_is_long": lambda: True,
        "audit_runs": lambda code: code == "main",
    }
    space = {**given, **host, **hotel}
    run(f"how-to/{page}.md", number, space)
    assert space["guesterase"] is not hotel["guesterase"]
    assert said(getattr(space["guesterase"], name))


@pytest.mark.parametrize(
    ("page", "name", "category", "joint"),
    [("channel-manager", "booking", "reservation", ()),
     ("copy", "stays", "", ("arrives", "leaves"))],
)  # fmt: skip
def test_what_a_page_declares_of_a_table_is_taken(
    page: str, name: str, category: str, joint: tuple[str, ...]
) -> None:
    """A policy is made of it."""
    space: dict[str, Any] = {}
    run(f"how-to/{page}.md", 0, space)
    assert (space[name].category, tuple(space[name].joint)) == (category, joint)


def test_the_house_of_the_page_for_one_person_is_overseen() -> None:
    """By somebody outside."""
    (text,) = blocks("how-to/alone.md")[:1]
    assert eval(text, {"Property": Property}).overseer == "notary@linden.example"  # noqa: S307 - the page is the test


def test_the_training_of_the_page_is_asked_for(hotel: Hotel) -> None:
    """By the word for warning."""
    space: dict[str, Any] = {}
    run("how-to/training.md", 0, space)
    assert space["made"](hotel["db"], lambda *asked: True).training == "warn"


def test_the_font_of_the_page_is_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before those of the system."""
    monkeypatch.setattr(papers, "FONTS", [*papers.FONTS])
    run("how-to/guest.md", 0, {})
    assert papers.FONTS[0] == "/srv/fonts/hotel.ttf"


def test_the_doors_of_the_pages_open(hotel: Hotel) -> None:
    """API, age, health, figures and witness answer under the addresses that the pages give."""
    app: Flask = hotel["app"]
    app.config["METRICS_TOKEN"] = "invented-for-this-test"
    for page, number in (("api", 0), ("guest", 1), ("monitor", 0), ("monitor", 1), ("witness", 0),
                         ("install", 5)):  # fmt: skip
        run(f"how-to/{page}.md", number, hotel)
    hotel["add_api"](app)
    client = upgraded(hotel).test_client()
    bearer = {"Authorization": "Bearer invented-for-this-test"}
    opened = {
        path: client.get(path, headers=bearer).status_code
        for path in ("/api/privacy/openapi.json", "/privacy/age/", "/privacy/age/age.json",
                     "/privacy-health/", "/privacy-metrics/")
    }  # fmt: skip
    assert set(opened.values()) == {200}
    assert client.post("/witness/add-checkpoint", data=b"x").status_code == 400


def test_the_button_of_the_page_files_a_request(hotel: Hotel) -> None:
    """It leads to the page of the request, which its clerk may read."""
    app: Flask = hotel["app"]
    app.add_url_rule("/guests/<int:guest_id>", "guest", lambda guest_id: "")
    run("how-to/redirect-your-anonymise-button.md", 0, hotel)
    client = browser(upgraded(hotel), "d")
    shown = client.post("/guests/1/anonymise")
    assert re.search(r"/desk/privacy/GR-\w+$", shown.headers["Location"])
    assert client.get(shown.headers["Location"]).status_code == 200


def test_the_tick_of_the_page_files_a_request(hotel: Hotel, tmp_path: Path) -> None:
    """Beside it a night can be frozen; the request is filed when the form comes in."""
    run("how-to/reception.md", 1, hotel)
    run("how-to/reception.md", 0, hotel)
    app: Flask = hotel["app"]
    (tmp_path / "booking.html").write_text("<form>{{ tick }}</form>{{ freeze }}")
    app.jinja_loader = FileSystemLoader(tmp_path)

    def page() -> Any:
        guest = hotel["db"].session.get(hotel["Guest"], 1)
        booking = SimpleNamespace(
            property_code="main", night=date(2026, 1, 2), room_no="1", guests=[guest]
        )
        if request.method == "GET":
            return hotel["booking_page"](booking)
        hotel["checked_out"](booking)
        return " ".join(get_flashed_messages())

    app.add_url_rule("/booking", "booking", page, methods=["GET", "POST"])
    client = browser(upgraded(hotel), "d")
    shown = client.get("/booking").text
    assert 'action="/desk/privacy/holds/freeze"' in shown
    name = re.findall(r'type="checkbox" name="(\w+)" value="yes"', shown)[0]
    said = client.post("/booking", data={name: "yes"}).text
    assert re.fullmatch(r"Request GR-\w+ is filed\.", said)


def test_what_the_pages_declare_of_holds_backups_and_checks(hotel: Hotel, tmp_path: Path) -> None:
    """A query, the newest backup, and a record that is looked at before check-in."""
    guesterase = hotel["guesterase"]
    run("how-to/hold.md", 0, hotel)
    hotel["declare"](guesterase)
    run("how-to/watch.md", 0, hotel)
    hotel["declare"](guesterase, tmp_path / "hotel.sqlite")
    run("how-to/watch.md", 1, hotel)
    run("how-to/watch.md", 2, hotel)
    app = upgraded(hotel)
    app.test_cli_runner().invoke(args=["guesterase", "watch"])
    listed = app.test_cli_runner().invoke(args=["guesterase", "backup", "list"])
    assert "database" in listed.output
    hotel["declare"](guesterase, hotel["Guest"])
    with app.app_context():
        record = hotel["Guest"](name="Bo Invented", email="bo@mail.example")
        said, _ = hotel["check_in"](guesterase, hotel["db"].session, record, "d")
    assert "clock-missing" in said


def test_the_schedule_of_the_page_is_beats(hotel: Hotel) -> None:
    """Each tick names a task that was registered."""
    celery = Celery("hotel", broker="memory://")
    run("how-to/schedule.md", 1, {"app": upgraded(hotel), "celery": celery})
    ticks = {each["task"] for each in celery.conf.beat_schedule.values()}
    assert ticks
    assert ticks <= set(celery.tasks)


def test_the_templates_and_texts_of_the_page_take_the_place_of_ours(
    hotel: Hotel, tmp_path: Path
) -> None:
    """Style sheet, brand, footer and a translated text are the host's."""
    app: Flask = hotel["app"]
    for text in blocks("how-to/override-pages.md", "jinja"):
        found = re.search(r"templates/(\S+)", text)
        assert found is not None
        file = tmp_path / found[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (po,) = blocks("how-to/override-pages.md", "po")
    file = tmp_path / "translations/zh/LC_MESSAGES/guesterase.po"
    file.parent.mkdir(parents=True)
    file.write_text(po, encoding="utf-8")
    app.jinja_loader, app.root_path = FileSystemLoader(tmp_path), str(tmp_path)
    shown = upgraded(hotel).test_client().get("/privacy/", headers={"Accept-Language": "zh"}).text
    for text in ("/static/linde.css", "<strong>Hotel Linde</strong>", "privacy@linde.example</p>",
                 "请删除我的资料"):  # fmt: skip
        assert text in shown


def test_the_ten_lines_of_the_tutorial_erase(hotel: Hotel) -> None:
    """By the page's own application, whose house has another code."""
    app = upgraded(hotel)
    run("tutorial.md", 0, hotel)
    text = blocks("tutorial.md")[0].replace("SHA", "main")
    exec(compile(text, "tutorial", "exec", dont_inherit=True), hotel)  # noqa: S102 - the page is the test
    with app.app_context():
        done = hotel["erase_now"]("ada@mail.example", "d", "o")
    assert done["content"]["state"] == "sealed"


def test_the_tables_of_two_pages_fit_the_pack_of_a_third(hotel: Hotel, tmp_path: Path) -> None:
    """Complaints and duties to tell are parts of a pack, as the pages show them."""
    parts = [blocks(f"how-to/{page}.md", "toml")[0]
             for page in ("jurisdictions", "complaint", "incident")]  # fmt: skip
    (tmp_path / "xx.toml").write_text("\n".join(parts), encoding="utf-8")
    checked = upgraded(hotel).test_cli_runner().invoke(
        args=["guesterase", "jurisdiction", "check", str(tmp_path / "xx.toml")]
    )
    assert checked.exit_code == 0, checked.output
