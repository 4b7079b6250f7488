"""Promise: a vendor's first look finds what the hotel's own button missed, and changes nothing.

The x-ray runs in an application that has a connection and the extension, and nothing else: no
models, no policy, no keys, none of our tables.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from example_pms import create_app, db
from flask_guesterase import Guesterase
from flask_guesterase.store import tables
from flask_guesterase.store.retaining import law
from tests import engines
from tests.example.conftest import Clerk
from tests.example.test_acceptance import house, known
from tests.oracle.dump import Dump, dump, places


def bare(url: str, folder: Path) -> Flask:
    """Return an application over a database it knows nothing about."""
    app = Flask("bare", instance_path=str(folder))
    app.config |= {"SQLALCHEMY_DATABASE_URI": url, "SECRET_KEY": "x"}
    alchemy = SQLAlchemy()
    alchemy.init_app(app)
    Guesterase(alchemy).init_app(app)
    return app


def xray(app: Flask, lines: list[str], *more: str) -> dict[str, Any]:
    """Run the command; the values go in by the input and come out nowhere."""
    given = "\n".join(lines)
    with app.app_context():
        done = app.test_cli_runner().invoke(
            args=["guesterase", "xray", "--match", "-", "--json", *more], input=given
        )
    assert done.exit_code == 0, done.output
    assert not [line for line in lines if line.partition("=")[2] in done.output]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def seen(told: dict[str, Any], *sure: str) -> set[str]:
    """Return the columns an x-ray told of."""
    return {
        f"{each['table']}.{each['column']}"
        for each in told["seen"]
        if not sure or each["sure"] in sure
    }


def closed(*apps: Flask) -> None:
    """Give back the connections of applications."""
    for app in apps:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


def content(app: Flask) -> Dump:
    """Return everything in the database of an application."""
    with app.app_context(), app.extensions["sqlalchemy"].engine.connect() as conn:
        return dump(conn)


@pytest.mark.parametrize("kind", engines.DEEP)
def test_what_the_button_missed_and_what_an_erasure_leaves(kind: str, tmp_path: Path) -> None:
    """After the hotel's button many places are left; after an erasure what the law keeps."""
    number, guest = known("mueller")
    lines = [f"email={guest.email}", f"phone={guest.phone}", f"name={guest.name}",
             f"passport={guest.document_no}"]  # fmt: skip
    values = [line.partition("=")[2] for line in lines]
    with engines.fresh_database(kind) as url, house(url, tmp_path / "hotel", 20) as hotel:
        db.session.remove()
        db.engine.dispose()
        with engines.clone_database(url) as copy:
            (tmp_path / "copy").mkdir()
            pressed = create_app(
                {"INSTANCE_PATH": str(tmp_path / "copy"), "DATABASE_URL": copy, "TESTING": True}
            )
            Clerk(pressed.test_client()).login("lej.officer").post(
                f"/guests/{number}/anonymise", {}
            )
            looking = bare(copy, tmp_path / "bare")
            before = content(looking)
            told, alone = xray(looking, lines), xray(looking, lines[:1])
            missed = set(places(before, *values))
            after = content(looking)
            closed(pressed, looking)

        shown = hotel.erase({"document": guest.document_no, "name": guest.name}, guest.property)
        with hotel.guesterase.begin(write=False) as office:
            kept = tables.kept
            rows = office.work.conn.execute(
                select(kept.c.table_name, kept.c.columns).where(kept.c.mode == law.PLACE)
            ).all()
        keeps = {f"{row.table_name}.{name}" for row in rows for name in json.loads(row.columns)}
        looking = bare(url, tmp_path / "bare2")
        left = xray(looking, lines)
        closed(looking)

    assert before == after, "a look changes nothing"
    assert not {"guests.name", "guests.email", "guests.phone"} & seen(told, "sure")
    assert missed <= seen(told), "everything that a search of a whole dump finds is told"
    assert len(seen(told)) > 10
    assert len(seen(alone)) < 5, "a mailbox alone leads to a few of them: the README asks for all"
    assert told["rows"] > 0
    assert shown["state"] == "sealed"
    assert seen(left) == seen(left) & keeps, "only what the law keeps is left"
    assert seen(left), "the law keeps an invoice"
