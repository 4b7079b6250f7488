"""A seeded demo hotel to walk through."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from example_pms import create_app, db
from example_pms.hotel import demo_password
from example_pms.seed import seed
from flask_guesterase.core import pace
from tests.engines import build, templates

TODAY = date(2026, 3, 9)


class Clerk:
    """A browser in which one member of staff works."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> str:
        """Open a page and return its text."""
        answer = self.client.get(path)
        assert answer.status_code == status, path
        return answer.text

    def post(self, path: str, form: dict[str, str], page: str = "/housekeeping") -> TestResponse:
        """Send a form with the token that `page` carries."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page).text)
        assert found is not None, page
        return self.client.post(path, data={**form, "csrf_token": found[1]})

    def login(self, login: str) -> Clerk:
        """Log in as one of the demo staff."""
        form = {"login": login, "password": demo_password(login)}
        assert self.post("/login", form, page="/login").status_code == 302
        return self


def bare_app(folder: Path, url: str) -> Flask:
    """Return the demo hotel over the database at `url`, as it is."""
    app = create_app({"INSTANCE_PATH": str(folder), "DATABASE_URL": url, "TESTING": True})
    app.jinja_env.bytecode_cache = templates()
    return app


def hotel_app(folder: Path, url: str) -> Flask:
    """Return the demo hotel over the database at `url`, its tables made, nobody in it."""
    app = bare_app(folder, url)
    with app.app_context():
        build(db.engine, db.metadata)
    return app


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a sweep leave SQLite's lock but for a breath: nobody else is in these hotels.

    Where the pool has several connections it takes what it wrote on one for a host's.
    """
    monkeypatch.setattr(pace, "LEAVES", 0)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hotel of 60 guests on SQLite that nobody writes to: a file, and a folder of scans."""
    folder = tmp_path_factory.mktemp("furnished")
    app = hotel_app(folder, f"sqlite:///{folder / 'hotel.sqlite'}")
    with app.app_context():
        seed(db.session(), 60, 7, TODAY, scans=folder / "scans")
        db.session.remove()
        db.engine.dispose()
    return folder


@pytest.fixture
def app(tmp_path: Path, furnished: Path) -> Iterator[Flask]:
    """A hotel of 60 guests on SQLite, a copy of the furnished one."""
    shutil.copyfile(furnished / "hotel.sqlite", tmp_path / "hotel.sqlite")
    shutil.copytree(furnished / "scans", tmp_path / "scans")
    app = bare_app(tmp_path, f"sqlite:///{tmp_path / 'hotel.sqlite'}")
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visitor(app: Flask) -> Clerk:
    """Somebody who has not logged in."""
    return Clerk(app.test_client())


@pytest.fixture
def reception(app: Flask) -> Clerk:
    """The reception of the Shanghai house."""
    return Clerk(app.test_client()).login("sha.desk")
