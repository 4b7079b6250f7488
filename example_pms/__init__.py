"""A small hotel system for a group of two hotels: the application a privacy extension has to fit.

``flask --app example_pms pms seed`` fills it with invented people.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

from flask import Flask
from sqlalchemy import event

from . import foreign, models
from .base import db, migrate
from .cli import pms
from .pages import init_pages
from .privacy import install

__all__ = ["create_app", "db", "foreign", "models"]

HERE = Path(__file__).parent


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the demo hotel.

    :param config: Flask configuration that wins over the environment. ``INSTANCE_PATH`` (a folder,
        also ``PMS_INSTANCE`` in the environment) moves the instance folder; ``PMS_SCANS`` moves
        the folder of document scans; ``DATABASE_URL`` is a SQLAlchemy URL.
    """
    given = dict(config or {})
    folder = given.pop("INSTANCE_PATH", None) or os.environ.get("PMS_INSTANCE")
    app = Flask(__name__, instance_path=str(Path(folder).resolve()) if folder else None)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    url = given.pop("DATABASE_URL", None) or os.environ.get("DATABASE_URL")
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=url or "sqlite:///pms.sqlite",
        SECRET_KEY=os.environ.get("SECRET_KEY"),
        PMS_SCANS=str(Path(app.instance_path) / "scans"),
        SESSION_COOKIE_SAMESITE="Lax",
        # For a demo alone: staff read every letter here, and the time that a form takes would tell
        # a stranger whether somebody is on file. `check` says so.
        GUESTERASE_MAIL="page",
        GUESTERASE_INLINE=True,
    )
    app.config.from_mapping(given)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = kept_secret(Path(app.instance_path) / "secret_key")
    db.init_app(app)
    migrate.init_app(app, db, directory=str(HERE / "migrations"))
    with app.app_context():
        event.listen(db.engine, "connect", enforce_foreign_keys)
    app.cli.add_command(pms)
    init_pages(app)
    install(app, pms)
    return app


def kept_secret(path: Path) -> str:
    """Return the secret in `path`; the first caller makes it, readable by its owner alone."""
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()


def enforce_foreign_keys(connection: object, _record: object) -> None:
    """Switch foreign keys on where the engine leaves them off."""
    if isinstance(connection, SQLiteConnection):
        connection.execute("PRAGMA foreign_keys = ON")
