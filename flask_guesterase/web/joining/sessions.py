"""Sessions of erased people end: who has none of their own data left is logged in no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_login import user_accessed

Erased = Callable[[Any], bool]
"""Answers whether a user object of the host was erased, by the application at work alone: whoever
shares a login manager shares its loaders."""

_LOADERS = ("_user_callback", "_request_callback", "_header_callback")
"""By which Flask-Login finds a user: from a session or a cookie, a request, a header."""


class Living:
    """A loader of the host's that gives nobody for who was erased.

    :param load: the host's own loader.
    :param erased: answers for the object it returns.
    """

    def __init__(self, load: Callable[..., Any], erased: Erased) -> None:
        self.load = load
        self._erased = erased

    def __call__(self, *args: Any, **values: Any) -> Any:
        """Return the user, or None when they were erased."""
        user = self.load(*args, **values)
        return None if user is not None and self._erased(user) else user


def install(app: Flask, erased: Erased) -> object:
    """Let every way in which Flask-Login loads a user pass by us; return what must be kept alive.

    The loaders are looked at when a user is first asked for: a host may set them at any time.

    :param app: the host's application.
    :param erased: answers whether a user object is one that was erased.
    """

    def on_access(sender: Flask, **_: Any) -> None:
        guard(getattr(sender, "login_manager", None), erased)

    user_accessed.connect(on_access, sender=app)
    return on_access


def guard(manager: Any, erased: Erased) -> None:
    """Let the loaders a login manager has by now pass by us; none does so twice.

    :param manager: Flask-Login's, or None where the host has none.
    :param erased: answers whether a user object is one that was erased.
    """
    for name in _LOADERS:
        load = getattr(manager, name, None)
        if load is not None and not isinstance(load, Living):
            setattr(manager, name, Living(load, erased))
