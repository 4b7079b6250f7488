"""The demo hotel on a real server, for a real browser."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from example_pms import create_app, db
from example_pms.recipients import recipients
from example_pms.seed import seed
from tests.browser.walker import Walker

FOLDER = "GUESTERASE_SCREENSHOTS"
"""Environment variable: folder in which the pictures of the walk are kept."""


@contextmanager
def demo(folder: Path, **settings: str) -> Iterator[Flask]:
    """Make a demo hotel of 60 guests, its worker running with its pages, and let go of it."""
    scans = folder / "scans"
    app = create_app({"INSTANCE_PATH": str(folder), "PMS_SCANS": str(scans), **settings})
    upgraded = app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
    assert upgraded.exit_code == 0, upgraded.output
    with app.app_context():
        db.create_all()
        seed(db.session(), 60, 7, datetime.now(UTC).date(), scans=scans)
        db.session.remove()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo hotel of 60 guests that nobody has opened; to be copied."""
    folder = tmp_path_factory.mktemp("furnished")
    with demo(folder):
        pass
    return folder


@pytest.fixture
def app(furnished: Path, tmp_path: Path) -> Iterator[Flask]:
    """A demo hotel of 60 guests, its worker running with its pages."""
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    made = create_app({"INSTANCE_PATH": str(tmp_path)})
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The address of the demo hotel."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def named(app: Flask) -> set[str]:
    """Return what the host calls things, which no language says otherwise."""
    told = {each.name for each in recipients(app)}
    with app.app_context():
        tables = db.metadata.tables
    columns = {c.name for table in tables.values() for c in table.columns if "_" in c.name}
    return {"guesterase_request", "id_card", *tables, *columns, *told}


@pytest.fixture
def walker(app: Flask, address: str, chromium: Browser) -> Iterator[Walker]:
    """Somebody who walks through the pages and looks at each in both widths."""
    folder = os.environ.get(FOLDER)
    made = Walker(chromium, address, Path(folder) if folder else None)
    made.names = named(app)
    yield made
    made.close()
