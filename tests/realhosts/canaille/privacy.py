"""The extension installed in Canaille, from outside: not a line of theirs is changed.

Canaille is an identity provider: people sign in here for other applications. It has no
Flask-SQLAlchemy but a scoped session, a declarative base and an engine of its own, Flask-Alembic
for its migrations, no Flask-Login, keys that are random texts, tables named ``user`` and
``group``, e-mail addresses as a list in a JSON column, and cascades in the database.
"""

from __future__ import annotations

import json
from typing import Any

from canaille.app.session import current_user_session
from canaille.backends.sql.backend import Base, SQLBackend
from canaille.backends.sql.models import core, oidc
from flask import Flask
from flask_login import LoginManager, UserMixin
from sqlalchemy import ColumnElement, FromClause, String, cast

from flask_guesterase import (
    Guesterase,
    Policy,
    Property,
    Subject,
    delete,
    exempt,
    guest_pages,
    keep,
    null,
    placeholder,
    staff_pages,
)

STAFF = {"clerk": {"view", "file", "verify"}, "officer": {"view", "approve", "refuse", "erase"}}

DAY = keep("the day of an account that is nobody's any more")


def may(user: Any, permission: str, property_: str) -> bool:
    """Answer for Canaille: two of its accounts look after requests."""
    return permission in STAFF.get(user.login, set())


def in_list(table: FromClause, value: str) -> ColumnElement[bool]:
    """Find an address in the JSON list of them; quoted, so that no address is part of another."""
    text = cast(table.c.emails, String)
    return text.icontains(json.dumps(value.strip()), autoescape=True)


def declare(guesterase: Guesterase) -> None:
    """Say what happens to each table of theirs."""
    gone = ("password", "password_last_update", "_password_failure_timestamps",
            "preferred_language", "family_name", "given_name", "formatted_name", "display_name",
            "emails", "phone_numbers", "formatted_address", "street", "postal_code", "locality",
            "region", "photo", "profile_url", "employee_number", "department", "title",
            "organization", "last_otp_login", "secret_token", "hotp_counter",
            "one_time_password", "one_time_password_emission_date")  # fmt: skip
    guesterase.register(core.User, Policy(
        {**dict.fromkeys(gone, null), "user_name": placeholder, "created": DAY,
         "last_modified": DAY, "lock_date": keep("whether the account is locked")},
        subject=Subject({"login": "user_name", "email": in_list}, name="formatted_name"),
    ))  # fmt: skip
    guesterase.register(core.Membership, Policy({}, via="user_id", rows=delete))
    guesterase.register(core.WebAuthnCredential, Policy({}, via="user", rows=delete))
    guesterase.register(core.Group, exempt("a group's name and description are not a person's"))
    for model in (oidc.AuthorizationCode, oidc.Token, oidc.Consent):
        guesterase.register(model, Policy({}, via="subject", rows=delete))
    guesterase.register(oidc.TokenAudience, Policy({}, via="token_id.subject", rows=delete))
    guesterase.register(oidc.Client, exempt("applications; who answers for them does so at work"))
    guesterase.register(oidc.ClientAudience, exempt("applications and applications"))


class Staff(UserMixin):  # type: ignore[misc] # Flask-Login has no types
    """One of Canaille's accounts, in the form Flask-Login asks for."""

    def __init__(self, user: Any) -> None:
        self.id, self.login = user.id, user.user_name


def install(app: Flask) -> None:
    """Install the extension in an application that is ready; its backend made its session."""
    guesterase = Guesterase(
        SQLBackend.db_session,
        models=Base,
        authorize=may,
        properties=[Property("main", "Canaille", "Invented Ltd", contact="us@host.example")],
    )
    declare(guesterase)
    app.config.setdefault("GUESTERASE_MAIL", "page")
    logins = LoginManager(app)
    logins.user_loader(by_id)
    logins.request_loader(lambda request: signed_in())
    guesterase.init_app(app)
    app.register_blueprint(guest_pages, url_prefix="/privacy")
    app.register_blueprint(staff_pages, url_prefix="/desk/privacy")


def by_id(key: str) -> Staff | None:
    """Return the account with this key."""
    user = SQLBackend.db_session.get(core.User, key)
    return Staff(user) if user is not None else None


def signed_in() -> Staff | None:
    """Return who signed in at Canaille's own pages."""
    session = current_user_session()
    return Staff(session.user) if session is not None else None
