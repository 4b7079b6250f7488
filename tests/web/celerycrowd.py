"""The crowded hotel as a host with Celery: ``-A tests.web.celerycrowd`` in a worker's process."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase import Guesterase
from flask_guesterase.tasks import register
from tests.store import crowd

FOLDER, BROKER, DATABASE, PATIENCE = (
    f"CELERYCROWD_{word}" for word in ("FOLDER", "BROKER", "DATABASE", "PATIENCE")
)


def make(environment: Any) -> tuple[Flask, Guesterase, Celery]:
    """Return a host that the environment describes: application, extension, Celery with tasks."""
    folder = environment[FOLDER]
    app = Flask(__name__, instance_path=folder)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=environment[DATABASE], GUESTERASE_KEYS=f"{folder}/keys",
    )  # fmt: skip
    extension = Guesterase(
        SQLAlchemy(app, metadata=crowd.METADATA), authorize=lambda *_: True,
        properties=[crowd.PLACE], packs=[f"{folder}/NZ.toml"],
    )  # fmt: skip
    for table, policy in crowd.policies():
        extension.register(table, policy)
    extension.init_app(app)
    broker = environment[BROKER]
    made = Celery("crowd", broker=broker, backend=broker)
    made.conf.update(
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": int(environment[PATIENCE])},
        worker_hijack_root_logger=False,
    )
    register(made, app)
    return app, extension, made


celery = make(os.environ)[2] if FOLDER in os.environ else None
