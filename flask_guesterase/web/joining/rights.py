"""Who somebody is to the host, and what it lets them do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, g, has_app_context, has_request_context
from flask_login import current_user
from sqlalchemy.exc import DataError, DBAPIError, StatementError

from .sessions import Erased, guard

May = Callable[[Any, str, str], bool]
"""The host's answer to whether a user has a permission at a property."""

ACTING = "guesterase_acting"
"""Where a request keeps who acts, and the shared login through which they do."""


def through(person: str) -> str:
    """Return the shared login through which a person acts in this request, or an empty text."""
    who, by = g.get(ACTING, ("", "")) if has_app_context() else ("", "")
    return by if by and who == person else ""


def logged_in() -> Any:
    """Return the host's user who is logged in in the browser that asks, or None.

    A host without a login manager knows nobody. Who comes with a token is nobody's session; asking
    for one would set a cookie.
    """
    if not has_request_context() or "guesterase_bearer" in g:
        return None
    if getattr(current_app, "login_manager", None) is None:
        return None
    here = current_user._get_current_object()
    return here if here is not None and here.is_authenticated else None


def user(identifier: str, unblock: Callable[[], None], erased: Erased) -> Any:
    """Return the host's user object with this id, by its Flask-Login user loader, or None.

    A loader that cannot read an id, since somebody typed a name where the host has numbers,
    knows nobody by it.

    :param identifier: the host's id of the person.
    :param unblock: makes the host's session usable again after a statement that was refused.
    :param erased: answers whether a user object is one that was erased, and so nobody.
    """
    here = logged_in()
    if here is not None and str(here.get_id()) == identifier:
        return here
    logins = getattr(current_app, "login_manager", None)
    # Flask-Login asks for nobody where a token or a command names who acts.
    guard(logins, erased)
    loader = getattr(logins, "_user_callback", None)
    try:
        return loader(identifier) if loader is not None else None
    except (ValueError, LookupError, OverflowError):
        return None
    except StatementError as problem:
        if isinstance(problem, DBAPIError) and not isinstance(problem, DataError):
            raise
        unblock()
        return None


def may(
    ask: May | None, user: Callable[[str], Any], identifier: str, permission: str, property_: str
) -> bool:
    """Return whether the host grants a permission; anything but a plain True is a no.

    Whom Flask-Login would not let in any more, may nothing: tokens, PINs and codes outlive the day
    on which a user is made inactive.

    :param ask: the host's answer, or None where it gave none.
    :param user: returns the host's user object with an id, or None.
    :param identifier: the host's id of the person.
    :param permission: for example "approve".
    :param property_: code of the property.
    """
    # Through a shared login a person may do what both of them may.
    asked = {identifier, through(identifier) or identifier}
    users = [user(each) for each in asked]
    if ask is None or not all(map(_active, users)):
        return False
    return all(ask(each, permission, property_) is True for each in users)


def _active(user: Any) -> bool:
    """Return whether the host knows this user, and has not made them inactive."""
    return user is not None and bool(getattr(user, "is_active", True))
