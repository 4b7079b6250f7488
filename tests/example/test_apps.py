"""Two applications in one process over the same models, session and login manager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from example_pms import db
from example_pms.models import Guest
from example_pms.seed import seed
from flask_guesterase import Guesterase
from flask_guesterase.core.errors import SetupError
from flask_guesterase.core.treatment import File
from flask_guesterase.store import tables
from flask_guesterase.store.mapping.masks import MARK
from flask_guesterase.store.upkeep import upgrade

from .conftest import TODAY, Clerk, hotel_app

SCANS = "id_document_files"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[Flask]]:
    """Two hotels, each with its own database and folder of scans, and somebody at work in each."""
    apps = []
    for name in ("one", "two"):
        app = hotel_app(tmp_path / name, f"sqlite:///{tmp_path / name}.sqlite")
        with app.app_context():
            upgrade.upgrade(db.engine)
            seed(db.session(), 60, 7, TODAY)
            db.session.remove()
        apps.append(app)
    with ExitStack() as stack:
        for app in apps:
            stack.callback(_close, app)
        yield apps


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def extension(app: Flask) -> Guesterase:
    """Return what is installed in an application."""
    found: Guesterase = app.extensions["guesterase"].extension
    return found


def test_each_goes_by_what_was_declared_for_it(two: list[Flask]) -> None:
    """Whoever logs in first, in the one or the other: a scan is looked for in its own folder."""
    for app in two:
        for path in ("/", "/guests"):
            assert Clerk(app.test_client()).login("sha.desk").get(path)
    roots = []
    for app in two:
        with app.app_context():
            rule = extension(app).datamap.declared(SCANS).written("path")
            assert isinstance(rule, File)
            roots.append(rule.root)
    assert roots == [app.config["PMS_SCANS"] for app in two]


def test_one_asked_in_the_others_place_says_so(two: list[Flask]) -> None:
    """It would erase there by another's declarations: it refuses, and the other is as it was."""
    one, other = map(extension, two)
    with two[1].app_context():
        with pytest.raises(SetupError, match="another Guesterase"):
            _ = one.datamap
        assert [target for target, _ in other._declared] == [t for t, _ in one._declared]
        rule = other.datamap.declared(SCANS).written("path")
        assert isinstance(rule, File)
        assert rule.root == two[1].config["PMS_SCANS"]


def test_a_new_row_is_reviewed_where_it_is_made(
    two: list[Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """Both listen for new guests; only the one whose database it is counts."""
    for each in map(extension, two):
        each.review_inserts(Guest)
    with two[1].app_context():
        db.session.add(Guest(name="Ann Roe", property_code="SHA", created_on=TODAY))
        db.session.commit()
    for each in map(extension, two):
        event.remove(Guest, "after_insert", each._heard[Guest])
    assert "was reviewed" not in caplog.text
    assert list(map(counted, two)) == [None, 1]


def counted(app: Flask) -> int | None:
    """Return how often a record was reviewed in an application, by the word counted most."""
    with app.app_context():
        extension(app).settle_reviews()
        found: int | None = db.session.scalar(select(func.max(tables.reviewed.c.count)))
        return found


def test_a_record_is_reviewed_by_the_application_at_work(two: list[Flask]) -> None:
    """A module that has hold of the other's Guesterase has it counted where the record is made."""
    with two[1].app_context():
        db.session.add(made := Guest(name="Ann Roe", property_code="SHA", created_on=TODAY))
        assert extension(two[0]).review_record(made, "sha.desk").problem == ""
        db.session.commit()
    assert list(map(counted, two)) == [None, 1]


def test_who_was_erased_is_nobody_whichever_is_asked(
    two: list[Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """A login manager's loader asks the Guesterase that was made last, in each application."""
    for app in two:
        with app.app_context():
            guest = db.session.scalars(select(Guest)).first()
            assert guest is not None
            assert not any(each.erased(guest) for each in map(extension, two))
            guest.name, guest.email, guest.phone, guest.document_no = MARK, "", None, None
            assert all(each.erased(guest) for each in map(extension, two))
            db.session.rollback()
    assert "was looked at" not in caplog.text
