"""Who may do what in which hotel: asked by the front desk and by anything installed beside it."""

from __future__ import annotations

from .base import db
from .models import Staff

PERMISSIONS = {
    "reception": frozenset(
        {"view", "file", "verify", "freeze", "register", "report", "train"}
    ),
    "officer": frozenset(
        {
            "view", "file", "verify", "approve", "refuse", "erase",
            "hold", "freeze", "register", "books", "law", "restore", "figures",
            "complaint", "incident", "watch", "report", "train",
            "issue", "improve",
        }
    ),
    "auditor": frozenset({"view", "audit", "figures", "train"}),
}  # fmt: skip
"""Role -> permissions, in the person's own property only."""

SHARED = frozenset({"sha.front", "lej.front"})
"""Logins that stay open at the desk for whoever is on duty; a larger house has a role for them."""


def load_user(login: str) -> Staff | None:
    """Return the staff member with this login, or None when nobody has it or has left."""
    person = db.session.get(Staff, login)
    return person if person is not None and person.active else None


def shared(user: Staff) -> bool:
    """Tell whether several people share a login."""
    return user.login in SHARED


def may(user: Staff | str | None, permission: str, property: str) -> bool:
    """Tell whether a staff member may do something in a property; no by default.

    :param user: the person, a login, or anything else, which may do nothing.
    :param permission: for example "approve"; see `PERMISSIONS`.
    :param property: code of the property, for example "SHA".
    """
    person = load_user(user) if isinstance(user, str) else user
    role = getattr(person, "role", None)
    if role is None or not getattr(person, "active", False):
        return False
    return getattr(person, "property_code", None) == property and permission in PERMISSIONS.get(
        role, frozenset()
    )
