"""A host with Celery, for the test and for the worker's own process: ``-A tests.web.celeryhost``.

The folder and the broker come from the environment, as they would for a worker of a host.
"""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from celery import Celery
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase import Guesterase, Policy, Subject, null, placeholder
from flask_guesterase.recipients import Recipient, Webhook
from flask_guesterase.tasks import register
from tests.partner import SECRET

FOLDER, BROKER, PARTNER = "CELERYHOST_FOLDER", "CELERYHOST_BROKER", "CELERYHOST_PARTNER"

PATIENCE = 1
"""Seconds after which the broker gives a task that nobody ended to another worker."""


def make(folder: str, broker: str, partner: str) -> tuple[Flask, SQLAlchemy, Guesterase, Celery]:
    """Return the host: its application, its database, the extension, and Celery with the tasks."""
    app = Flask(__name__, instance_path=folder)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/host.sqlite",
        GUESTERASE_KEYS=f"{folder}/keys",
        GUESTERASE_BASE_URL="https://pine.example/privacy",
    )
    db = SQLAlchemy(app)

    class Guest(db.Model):  # type: ignore[name-defined,misc]  # made at run time
        __tablename__ = "guests"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String(80))
        email = sa.Column(sa.String(80))
        __erasure__ = Policy(
            {"name": null, "email": placeholder},
            subject=Subject(match=["email"], name="name", contact=["email"]),
        )

    app.extensions["guest"] = Guest
    extension = Guesterase(db, authorize=lambda *_: True)
    hook = Webhook(partner, secret=SECRET)
    extension.recipient(Recipient("channel-manager", hook, gives=["email", "name"]))
    extension.init_app(app)
    made = Celery("host", broker=broker, backend=broker)
    made.conf.update(
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": PATIENCE},
        worker_hijack_root_logger=False,
    )
    register(made, app)
    return app, db, extension, made


def _from_environment() -> Any:
    folder = os.environ.get(FOLDER, "")
    if not folder:
        return None
    return make(folder, os.environ[BROKER], os.environ[PARTNER])[3]


celery = _from_environment()
