"""The extension installed in ihatemoney, from outside: not a line of theirs is changed.

People are two kinds of rows: members of a project, who have a name and nothing else, and the
project itself, which carries the e-mail address of whoever opened it. Every old version of both
is kept by SQLAlchemy-Continuum in tables that no foreign key ties to anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_login import LoginManager, UserMixin
from ihatemoney import models, run

from flask_guesterase import (
    Equal,
    Guesterase,
    Policy,
    Property,
    Subject,
    exempt,
    guest_pages,
    keep,
    null,
    placeholder,
    redact,
    staff_pages,
)

DEFAULTS = {"GUESTERASE_MAIL": "page"}
"""Configuration where the application has none."""

ON_INSTALLED: list[Callable[[Flask], None]] = []
"""Called with each application that has the extension."""

STAFF = {"clerk": {"view", "file", "verify"}, "officer": {"view", "approve", "refuse", "erase"}}

DATE = keep("the day of an expense the others still share")
SUM = keep("the others' balances are computed from it")
WHAT = keep("bookkeeping of the versions, no word of a person's")
WEIGHT = keep("the others' shares are computed from it")
VERSION = {"end_transaction_id": WHAT, "operation_type": WHAT}

PROJECT = {
    "name": keep("the group's name, shared by its members"),
    "password": keep("a hash by which the other members log in"),
    "contact_email": placeholder,
    "logging_preference": keep("a setting"),
    "default_currency": keep("a setting"),
}
PERSON = {
    "name": redact,
    "weight": WEIGHT,
    "activated": keep("whether new expenses may name the member"),
}
BILL = {
    "what": redact,
    "external_link": null,
    "amount": SUM,
    "converted_amount": SUM,
    "original_currency": SUM,
    "bill_type": SUM,
    "date": DATE,
    "creation_date": DATE,
}


def may(user: Any, permission: str, property_: str) -> bool:
    """Answer for ihatemoney, which has no staff accounts of its own."""
    return permission in STAFF[user.id]


def declare(guesterase: Guesterase) -> None:
    """Say what happens to each table of theirs."""
    guesterase.register(models.Project, Policy(
        PROJECT, subject=Subject({"email": "contact_email"}, contact={"contact_email": "email"}),
    ))
    guesterase.register(models.Person, Policy(PERSON, subject=Subject(["name"], name="name")))
    guesterase.register(models.Bill, Policy(BILL, via="payer"))
    guesterase.register("billowers", Policy({}, via="person_id"))

    # The history: made by SQLAlchemy-Continuum, without any foreign key. A key column that is
    # part of theirs is their key only by what we say.
    guesterase.register("project_version", Policy(
        {**PROJECT, **VERSION}, via=Equal({"id": "id"}, to="project"),
    ))
    guesterase.register("person_version", Policy(
        {**PERSON, **VERSION, "project_id": keep("the project's key")},
        via=Equal({"id": "id"}, to="person"),
    ))
    guesterase.register("bill_version", Policy(
        {**BILL, **VERSION, "payer_id": keep("the member's key"), "archive": keep("a key")},
        via=Equal({"payer_id": "id"}, to="person"),
    ))
    guesterase.register("billowers_version", Policy(
        VERSION, via=Equal({"person_id": "id"}, to="person"),
    ))
    guesterase.register("transaction", exempt("a number and a moment; their addresses are off"))
    guesterase.register("archive", exempt("never filled by the application"))


class User(UserMixin):  # type: ignore[misc] # Flask-Login has no types
    """Somebody who answers for the service."""

    def __init__(self, login: str) -> None:
        self.id = login


def install(app: Flask) -> None:
    """Install the extension in an application that is ready."""
    guesterase = Guesterase(
        models.db,
        authorize=may,
        properties=[Property("main", "Ihatemoney", "Invented Ltd", contact="us@host.example")],
    )
    declare(guesterase)
    for key, value in DEFAULTS.items():
        app.config.setdefault(key, value)
    LoginManager(app).user_loader(lambda login: User(login) if login in STAFF else None)
    guesterase.init_app(app)
    app.register_blueprint(guest_pages, url_prefix="/privacy")
    app.register_blueprint(staff_pages, url_prefix="/desk/privacy")
    for call in ON_INSTALLED:
        call(app)


_create_app = run.create_app


def create_app(*args: Any, **kwargs: Any) -> Flask:
    """Make their application by their own factory, then install the extension."""
    app = _create_app(*args, **kwargs)
    install(app)
    return app


run.create_app = create_app
