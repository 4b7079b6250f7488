"""Who acts through a login that several people share: each form asks for a name and a PIN."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import ForbiddenError
from ..current import current
from ..joining.rights import ACTING, logged_in
from ..pages import csrf_field
from ..wording.rendering import render_template

WHO, PIN = "guesterase_who", "guesterase_pin"
"""Fields of a form by which a person says who they are, and shows it."""

OWN = {"new_pin", "new_code", "find"}
"""Names of views that ask for something else than a PIN by themselves, refuse a shared login, or
only look."""


class PinError(ForbiddenError):
    """Name and PIN do not fit."""


def login() -> str:
    """Return the host's id of who is logged in, or an empty text."""
    here = logged_in()
    return "" if here is None else str(here.get_id())


def shared() -> bool:
    """Return whether several people share the login at work."""
    return logged_in() is not None and current.shares(login())


def acting() -> str:
    """Return the host's id of the person who acts; of who is logged in while nobody showed it."""
    person, _ = g.get(ACTING, ("", ""))
    return person or login()


def named(typed: str) -> str:
    """Return the host's id of a person whom somebody names, or what was typed where it knows none.

    A database that takes capitals for small letters, or a loader that reads a number, knows one
    person by many texts; what is put down of them is found by one.

    :param typed: a login as it was typed.
    """
    user = current.user(typed) if typed else None
    return typed if user is None else str(user.get_id())


def prove(form: Mapping[str, str]) -> str:
    """Let the person act whose name and PIN a form carries; return their id at the host.

    Nothing is asked of a login that is one person's. Tries are counted in transactions of their
    own, of a person and of the login, so that they hold in every process.

    :param form: the form that was sent.
    :raises PinError: name and PIN do not fit; which of them, or that it is locked, is not said.
    :raises LimitError: there were too many tries.
    """
    if not shared():
        return login()
    desk, typed = login(), form.get(WHO, "").strip()
    user = current.user(typed) if typed else None
    person = str(user.get_id()) if user is not None and not current.shares(typed) else typed
    with current.begin() as office:
        office.attempt("pins", desk)
        office.attempt("pin", person)
    with current.begin() as office:
        right = office.check_pin(person, form.get(PIN, ""))
    if not right or user is None:
        raise PinError("Name and PIN do not fit, or the PIN is locked.", _NEXT)
    setattr(g, ACTING, (person, desk))
    return person


_NEXT = "Type both again, set a PIN under 'My PIN', or ask an officer for a code for a new one."


def identify() -> AnyResponse | None:
    """Before anything is done through a shared login, ask who does it; the form waits meanwhile."""
    safe = request.method in ("GET", "HEAD", "OPTIONS")
    if safe or (request.endpoint or "").rpartition(".")[2] in OWN or not shared():
        return None
    if not request.form.get(PIN):
        return _ask("")
    try:
        prove(request.form)
    except PinError as problem:
        return _ask(problem.message)
    return None


def _ask(problem: str) -> AnyResponse:
    """Return the page that asks who acts, with everything the form held."""
    held = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in (WHO, PIN, csrf_field())
    ]
    page = render_template(
        "guesterase/staff/who.html", held=held, who=request.form.get(WHO, ""), problem=problem
    )
    return make_response(page, 403 if problem else 422)
