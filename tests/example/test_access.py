"""Who may do what: by role, in the own hotel only, and nobody by default."""

from __future__ import annotations

import pytest
from flask import Flask

from example_pms import db
from example_pms.access import PERMISSIONS, load_user, may
from example_pms.hotel import STAFF
from flask_guesterase import Permission

EVERY = {
    *Permission, "", "staff", "VIEW",
}  # fmt: skip
MEANT = {
    "reception": {"view", "file", "verify", "freeze", "register", "report", "train"},
    "officer": set(Permission) - {"audit"},
    "auditor": {"view", "audit", "figures", "train"},
}


@pytest.mark.parametrize(("login", "role", "home"), [(row[0], row[2], row[3]) for row in STAFF])
def test_roles_by_property(app: Flask, login: str, role: str, home: str) -> None:
    """A person has the permissions of their role at home, and none next door."""
    with app.app_context():
        for code in ("SHA", "LEJ", "", "sha"):
            granted = {one for one in EVERY if may(login, one, code)}
            assert granted == (MEANT[role] if code == home else set())
            assert {one for one in EVERY if may(load_user(login), one, code)} == granted


@pytest.mark.parametrize("user", [None, "", "nobody", object()])
def test_strangers_may_nothing(app: Flask, user: object) -> None:
    """No user, an unknown login and a foreign object are all refused."""
    with app.app_context():
        for code in ("SHA", "LEJ"):
            assert not any(may(user, one, code) for one in EVERY)


def test_who_has_left_may_nothing(app: Flask) -> None:
    """A login that was switched off neither loads nor is allowed anything."""
    with app.app_context():
        person = load_user("sha.officer")
        assert person is not None
        person.active = False
        db.session.flush()
        assert load_user("sha.officer") is None
        assert not any(may(person, one, "SHA") for one in PERMISSIONS["officer"])
