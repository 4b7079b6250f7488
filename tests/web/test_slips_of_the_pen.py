"""What a programmer writes of another kind than it must be: an error of ours, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase import (
    Blocker,
    Canary,
    Equal,
    File,
    Guesterase,
    GuesteraseError,
    Policy,
    Property,
    Register,
    Subject,
    exempt,
    inside,
    keep,
    null,
    redact,
    retain,
)
from flask_guesterase.core.errors import PolicyError
from flask_guesterase.core.finding import Finding
from flask_guesterase.recipients import Recipient, by_hand
from tests.web.house import House

ANY: Any = None
"""Stands where a type checker would refuse what these tests are about."""


def blocker(**wrong: Any) -> Blocker:
    return Blocker(**{"name": "in-house", "on": "stays", "where": lambda table, day: True, **wrong})


def line(**wrong: Any) -> Register:
    right = {"room": "room", "first_night": "came", "last_night": "left", "name": "name"}
    return Register(**{**right, "document": "document", **wrong})


def hotel(**wrong: Any) -> Property:
    return Property(**{"code": "sh", "name": "Pine", "controller": "Pine Ltd", **wrong})


def canary(**wrong: Any) -> Canary:
    return Canary(**{"make": lambda session, guest: None, "property": "sh", **wrong})


def recipient(**wrong: Any) -> Recipient:
    return Recipient(**{"name": "locks", "adapter": by_hand("Call the duty desk."), **wrong})


DECLARED: dict[str, Callable[[], object]] = {
    "a reason that is a number": lambda: keep(ANY),
    "an exemption without a reason": lambda: exempt(ANY),
    "a category that is none": lambda: retain(ANY),
    "paths that are a list": lambda: inside(["$.email"]),  # type: ignore[arg-type]
    "paths that are numbers": lambda: inside({1: null}),  # type: ignore[dict-item]
    "a folder that is none": lambda: File(ANY),
    "made files that are none": lambda: File("/scans", also=ANY),
    "equal columns that are a list": lambda: Equal(["number"], to="b"),  # type: ignore[arg-type]
    "equal to no column": lambda: Equal({}, to="bookings"),
    "equal to nothing": lambda: Equal({"number": ANY}, to="bookings"),
    "an equal table that is none": lambda: Equal({"number": "number"}, to=ANY),
    "a name that is none": lambda: Subject(match=["email"], name=ANY),
    "a property of a subject": lambda: Subject(match=["email"], property=["code"]),  # type: ignore[arg-type]
    "a match that is none": lambda: Subject(match={"email": ANY}),
    "a room that is none": lambda: line(room=None),
    "names that are none": lambda: line(name=None),
    "a blocker of no name": lambda: blocker(name=None),
    "a blocker on nothing": lambda: blocker(on=None),
    "a condition that is none": lambda: blocker(where=True),
    "needs that are one column": lambda: blocker(needs={"stays": "left"}),
    "owners that are one": lambda: blocker(by="guest"),
    "facts that are none": lambda: Policy({}, facts=ANY),
    "a fact that is none": lambda: Policy({}, facts={"birth": None}),
    "a clock of no path": lambda: Policy({}, clock={"departed": None}),
    "an event that is none": lambda: Policy({}, clock={1: "left"}),  # type: ignore[dict-item]
    "a category in a list": lambda: Policy({}, category=["profile"]),  # type: ignore[arg-type]
    "a zone that is none": lambda: Policy({}, zone=ANY),
    "triggers that are none": lambda: Policy({}, triggers=ANY),
    "a register in a mapping": lambda: Policy({}, register={"room": "room"}),  # type: ignore[arg-type]
    "a code that is a number": lambda: hotel(code=7),
    "a country that is none": lambda: hotel(country=None),
    "a zone of a hotel": lambda: hotel(zone=None),
    "calls that are one text": lambda: hotel(calls="it"),
    "addresses that are none": lambda: hotel(own=None),
    "a guest that nobody makes": lambda: canary(make=None),
    "a time that is a number": lambda: canary(every=30),
    "logs that are one file": lambda: canary(logs="/var/log/app.log"),
    "an instruction that is none": lambda: by_hand(ANY),
    "a recipient of no name": lambda: recipient(name=None),
    "a recipient nobody can tell": lambda: recipient(adapter=None),
    "what is given that is none": lambda: recipient(gives=None),
    "what is given of no column": lambda: recipient(gives={"email": None}),
    "days that are a number": lambda: recipient(due=7),
}  # fmt: skip


@pytest.mark.parametrize("make", DECLARED.values(), ids=DECLARED)
def test_a_declaration_of_another_kind_is_refused_where_it_is_written(
    make: Callable[[], object],
) -> None:
    """It says what was asked for, and what to do, instead of failing at a check-in."""
    with pytest.raises(GuesteraseError) as refused:
        make()

    assert refused.value.hint


def install(**wrong: Any) -> Guesterase:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    return Guesterase(**{"db": SQLAlchemy(app), **wrong})


INSTALLED: dict[str, Callable[[Guesterase], object]] = {
    "channels": lambda _: install(channels=["sms"]),
    "holidays": lambda _: install(holidays={"sh": []}),
    "night_audit": lambda _: install(night_audit=True),
    "pressure": lambda _: install(pressure=0.5),
    "packs": lambda _: install(packs=None),
    "teardown": lambda _: install(teardown="300"),
    "training": lambda _: install(training=["warn"]),
    "an application that is none": lambda own: own.init_app(ANY),
    "a blocker that is none": lambda own: own.block(lambda table, day: True),  # type: ignore[arg-type]
    "a recipient that is none": lambda own: own.recipient("locks"),  # type: ignore[arg-type]
    "a place that is none": lambda own: own.destination("file:/mnt"),  # type: ignore[arg-type]
    "a canary that is none": lambda own: own.canary(ANY),
    "backups in a list": lambda own: own.backups([]),  # type: ignore[arg-type]
    "shared logins in a list": lambda own: own.shared(["front"]),  # type: ignore[arg-type]
    "a query of no name": lambda own: own.hold_query(ANY, "guests", lambda table: True),
    "a query on nothing": lambda own: own.hold_query("late", ANY, lambda table: True),
    "a query that is none": lambda own: own.hold_query("late", "guests", True),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("make", INSTALLED.values(), ids=INSTALLED)
def test_an_installation_of_another_kind_is_refused(make: Callable[[Guesterase], object]) -> None:
    """What the extension is given is looked at when it is given."""
    with pytest.raises(GuesteraseError) as refused:
        make(install())

    assert refused.value.hint


TWICE: dict[str, Callable[[Guesterase], object]] = {
    "a blocker": lambda own: own.block(blocker()),
    "a recipient": lambda own: own.recipient(recipient()),
    "a canary": lambda own: own.canary(canary()),
    "a query": lambda own: own.hold_query("late", "guests", lambda table: True),
}


@pytest.mark.parametrize("declare", TWICE.values(), ids=TWICE)
def test_what_a_factory_declares_again_says_where_to_declare_it(
    declare: Callable[[Guesterase], object],
) -> None:
    """A host's tests make an application each; another name is no cure there."""
    own = install()
    declare(own)
    with pytest.raises(PolicyError) as refused:
        declare(own)

    assert "factory" in refused.value.hint


NOW = datetime(2026, 1, 1, tzinfo=UTC)
CALLED: dict[str, Callable[[Any], object]] = {
    "a number of a request": lambda office: office.show(1),
    "no number": lambda office: office.erase(None, by="officer"),
    "a number of a complaint": lambda office: office.complaint(7, "officer"),
    "a number of a disclosure": lambda office: office.review_disclosure(7, "night", "fine"),
    "what is looked up": lambda office: office.find(None, "officer"),
    "no code": lambda office: office.case(None),
    "a PIN that is a number": lambda office: office.begin_pin("clerk", "1234", 4711),
    "an id that is none": lambda office: office.acts_as(None),
    "a property in a list": lambda office: office.freeze(["sh"], "porter"),
    "a match that is none": lambda office: office.request(None, property="sh"),
    "a match by a number": lambda office: office.request({"phone": 13912345678}, property="sh"),
    "a contact that is none": lambda office: office.objects(None),
    "a backup of no time": lambda office: office.report_backup(None),
    "a backup on a day": lambda office: office.report_backup(date(2026, 1, 1)),
    "a backup of no kind": lambda office: office.report_backup(NOW, None),
    "a backup of no hours": lambda office: office.report_backup(NOW, "database", None),
    "a controller that is a number": lambda office: office.checkpoint(7),
}


@pytest.mark.parametrize("call", CALLED.values(), ids=CALLED)
def test_a_call_of_another_kind_is_refused(house: House, call: Callable[[Any], object]) -> None:
    """Nothing is changed by it, and it says what is wanted."""
    app, begin = house.app.app_context, house.extension.begin
    with app(), pytest.raises(GuesteraseError) as refused, begin() as office:
        call(office)

    assert refused.value.hint


@pytest.mark.parametrize("user", [None, 1, object()])
def test_books_are_opened_for_a_user(house: House, user: Any) -> None:
    """A number as hosts keep it is no user; Flask-Login's is."""
    app, books = house.app.app_context, house.extension.books
    with app(), pytest.raises(GuesteraseError) as refused, books(user, "sh"):
        pytest.fail("the block was entered")

    assert "user" in refused.value.message
    assert refused.value.hint


class Unmapped:
    """A class that its vendor forgot to map."""


def found(policy: Policy, target: Any = None, **config: Any) -> list[Finding]:
    """Return what `check` says of a guest's table, and of what else was registered."""
    app = Flask(__name__)
    app.config.from_mapping({"SQLALCHEMY_DATABASE_URI": "sqlite://"}, **config)
    db = SQLAlchemy(app)
    db.Table("guests", db.Column("id", db.Integer, primary_key=True), db.Column("name", db.Text))
    extension = Guesterase(db)
    for bind in config.get("SQLALCHEMY_BINDS", ()):
        elsewhere = db.Table("tills", db.Column("id", db.Integer, primary_key=True), bind_key=bind)
        extension.register(elsewhere, exempt("tills are not people"))
    extension.register("guests", policy)
    if target is not None:
        extension.register(target, policy)
    extension.init_app(app)
    with app.app_context():
        db.create_all()
        return extension.check()


SLIPS: list[Callable[[Any], Any]] = [
    lambda t: t.c.roel == "guest", lambda t: 1, lambda t: "guest"
]


@pytest.mark.parametrize("where", SLIPS)
def test_a_condition_that_cannot_be_asked_is_a_finding(where: Callable[[Any], Any]) -> None:
    """A slip in `where=` is told with its table; `check` ended in the slip's own error."""
    told = found(Policy({"name": redact}, Subject(["name"]), where=where))

    assert "condition-unknown" in {each.id for each in told}


@pytest.mark.parametrize("where", SLIPS)
def test_it_is_a_finding_where_there_are_several_databases(
    where: Callable[[Any], Any], tmp_path: Path,
) -> None:
    """Which databases a condition names was asked first, and the slip's own error ended `check`."""
    binds = {"till": f"sqlite:///{tmp_path / 'till.sqlite'}"}
    told = found(Policy({"name": redact}, Subject(["name"]), where=where), SQLALCHEMY_BINDS=binds)

    assert "condition-unknown" in {each.id for each in told}


def test_a_condition_that_is_true_of_all_is_one_over_several_databases_too(tmp_path: Path) -> None:
    """`True` is a condition to SQLAlchemy; where there are binds it ended `check`."""
    binds = {"till": f"sqlite:///{tmp_path / 'till.sqlite'}"}
    policy = Policy({"name": redact}, Subject(["name"]), where=lambda table: True)

    assert not {"condition-unknown", "several-binds"} & {
        each.id for each in found(policy, SQLALCHEMY_BINDS=binds)
    }


def test_a_class_that_nobody_mapped_is_a_finding() -> None:
    """It was an error of Python's, at the first look at the data map."""
    told = found(Policy({"name": redact}, Subject(["name"])), Unmapped)

    assert "Unmapped" in {each.table for each in told if each.id == "table-unknown"}
