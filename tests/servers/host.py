"""A host for real servers: ``tests.servers.host:create_app()``, told by its environment.

Its night audit, which each sweep asks first, writes down the process that asks, and keeps it
waiting as long as a file lies there: so a test knows that a round is at work, and when.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, request
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.web.extension import Guesterase
from tests.store.forms import GRANTS, SETTINGS, Base, Guest, policies

FOLDER, URL, EVERY = "SERVERHOST_FOLDER", "SERVERHOST_URL", "SERVERHOST_EVERY"
WORKED, ASKED, WAIT = "worked", "asked", "wait"
"""Files in the folder: a line for each round and each sweep that began; whether it must wait."""

PARTS = 5
LONGEST_WAIT = 60.0


class Marked(Guesterase):
    """The extension, which writes down the process in which a round begins."""

    def work(self) -> Report:
        """Do one round."""
        _mark(Path(os.environ[FOLDER]) / WORKED)
        return super().work()


def _mark(path: Path) -> None:
    with path.open("a") as file:
        file.write(f"{os.getpid()}\n")


def create_app() -> Flask:
    """Return the host of the environment."""
    folder = Path(os.environ[FOLDER])
    engine = create_engine(os.environ[URL])
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA journal_mode = WAL"))
    session = scoped_session(sessionmaker(engine))
    app = Flask(__name__, instance_path=str(folder))
    app.config.update(SECRET_KEY="only-for-tests-" + "0" * 32, GUESTERASE_KEYS=f"{folder}/keys")
    extension = Marked(
        session,
        authorize=lambda user, right, place: right in GRANTS[user].get(place, ()),
        models=Base,
        properties=SETTINGS.properties.values(),
        night_audit=lambda code: _audited(folder, code),
        teardown=float(os.environ.get(EVERY, "0")),
    )
    for target, policy in policies():
        extension.register(target, policy)
    extension.init_app(app)
    app.teardown_appcontext(lambda _: session.remove())

    @app.get("/stream")
    def stream() -> Response:
        """Read the database, then send a body in parts, after the context has ended."""
        count = len(session.scalars(select(Guest.id)).all())

        def parts() -> Iterator[str]:
            for number in range(PARTS):
                yield f"{number} of {count} guests\n" * 200
                time.sleep(0.01)

        return Response(parts(), mimetype="text/plain")

    @app.get("/whole")
    def whole() -> str:
        """Send a body whose length is known."""
        return f"{len(session.scalars(select(Guest.id)).all())} guests\n" * 100

    @app.get("/process")
    def process() -> dict[str, object]:
        """Tell which process answers, and whether its background thread is there."""
        time.sleep(float(request.args.get("pause", "0")))
        names = [thread.name for thread in threading.enumerate()]
        return {"pid": os.getpid(), "threads": names.count("guesterase")}

    return app


def _audited(folder: Path, code: str) -> bool:
    if code != min(SETTINGS.properties):
        return False
    _mark(folder / ASKED)
    until = time.monotonic() + LONGEST_WAIT
    while (folder / WAIT).exists() and time.monotonic() < until:
        time.sleep(0.02)
    return False
