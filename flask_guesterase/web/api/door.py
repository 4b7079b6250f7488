"""The API's door: who comes with which token, how much, and how its failures are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

from flask import Blueprint, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ...core.errors import GuesteraseError, TokenError
from ...store.office import Office
from ...store.requests.bearer import Bearer
from ..commands.console import dumped, error_id
from ..current import current
from ..joining.waiver import waive
from ..pages import HEADERS, answered, bounded, existing, secured
from ..wording.problems import (
    DATABASE,
    Problem,
    named,
    problem_of,
    problem_of_status,
    removed,
    untold,
)

api_pages = Blueprint("guesterase_api", __name__)
"""Blueprint of the API; the host registers it under a prefix of its own where it is wanted."""

PROBLEM = "application/problem+json"
"""How failures are told. Source: RFC 9457."""

OPEN = {"openapi"}
"""Names of views that need no token: they tell how to ask, and nothing of the house."""

waive(api_pages)
api_pages.url_value_preprocessor(existing)


class Unauthorized(GuesteraseError):
    """No token came, or one that does not work."""


@api_pages.before_request
def _receive() -> None:
    """Let in who comes with a token that works, within what it is good for."""
    # Set first: nothing from here on may look at a session.
    g.guesterase_bearer = None
    if (request.endpoint or "").rpartition(".")[2] in OPEN:
        return
    bounded()
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthorized("A token is needed.", "Send it as `Authorization: Bearer TOKEN`.")
    g.guesterase_bearer = _known(secret.strip())
    with current.begin() as office:
        office.attempt("api", str(mine().id))


def _known(secret: str) -> Bearer:
    try:
        with current.begin() as office:
            return office.bearer(secret)
    except TokenError as problem:
        with current.begin() as office:
            office.attempt("bearer", request.remote_addr or "")
        raise Unauthorized(problem.message, problem.hint) from None


def mine() -> Bearer:
    """Return who comes with this request."""
    return cast(Bearer, g.guesterase_bearer)


def me() -> str:
    """Return the host's id of the person for whom the program acts."""
    return mine().user


@contextmanager
def begin(write: bool = True) -> Iterator[Office]:
    """Open the office for this request: whatever is asked of it stays within the token.

    :param write: False promises to only read, so that nobody waits for it.
    """
    who = mine()
    with current.begin(write) as office:
        host = office.work.authorize

        def within(user: str, permission: str, property_: str) -> bool:
            # Others do not come with this token: they are only named, as who answers for something.
            mine = user == who.user
            good = who.within(permission, property_) if mine else property_ == who.property
            return good and host(user, permission, property_) is True

        office.work.authorize = within
        yield office


def once(
    office: Office,
    form: Mapping[str, Any],
    make: Callable[[], object],
    lasting: timedelta | None = None,
) -> str:
    """Make what is asked for, once where the same comes again under one Idempotency-Key.

    :param office: the open office.
    :param form: what was asked for.
    :param make: makes it; returns its number.
    :param lasting: for how long a key counts; a day when left out.
    :return: number of what was made, the first one's when it was made before.
    """
    said = {"": request.path, **form}
    return office.once(said, make, whose=f"token:{mine().id}", key=key(), lasting=lasting)


def key() -> str:
    """Return the Idempotency-Key that came, or an empty text."""
    return request.headers.get("Idempotency-Key", "")


def paged(found: Sequence[Any], number: int, size: int) -> dict[str, Any]:
    """Return a page of a list with the number of the next one, or None where it is the last.

    :param found: the lines of the page, and one more where another page follows.
    :param number: number of the page.
    :param size: lines on a page.
    """
    return {"items": found[:size], "next": number + 1 if len(found) > size else None}


def answer(value: Any, status: int = 200) -> Response:
    """Return a value as JSON: days and times in ISO form, times in UTC."""
    return Response(dumped(value) + "\n", status, mimetype="application/json")


@api_pages.after_request
def _dress(response: Response) -> Response:
    response.headers.update({name: HEADERS[name] for name in _DRESSED})
    secured(response)
    answered(response)
    good = request.method == "POST" and response.status_code < 400
    if good and current.settings.inline:
        try:
            current.work()
        except Exception as error:
            current_app.logger.error("guesterase: %s after %s", type(error).__name__, _where())
    return response


_DRESSED = ("X-Content-Type-Options", "Cache-Control", "Referrer-Policy", "X-Robots-Tag")


def _where() -> str:
    return request.endpoint or ""


def _told(problem: Problem, error: GuesteraseError | None = None, name: str = "") -> Response:
    title, hint = problem.staff
    body: dict[str, Any] = {
        "type": f"urn:guesterase:error:{name}" if name else "about:blank",
        "title": title,
        "status": problem.status,
        "detail": (error.message if error is not None else "") or hint,
        "hint": (error.hint if error is not None else "") or hint,
    }
    for extra in ("fields", "reasons", "differences"):
        value = getattr(error, extra, None)
        if value:
            body[extra] = value
    later = problem.later(error)
    return Response(dumped(body) + "\n", problem.status, later, mimetype=PROBLEM)


@api_pages.errorhandler(Unauthorized)
def _unauthorized(error: Unauthorized) -> Response:
    response = _told(problem_of_status(401), error, "unauthorized")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


@api_pages.errorhandler(GuesteraseError)
def _refused(error: GuesteraseError) -> Response:
    told = named(removed(error)) if request.view_args or _is_about_one() else error
    return _told(problem_of(told, request.view_args or ()), told, error_id(told))


def _is_about_one() -> bool:
    """Return whether the body names something by its number, as an address does."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        # What is nested without end was refused for that.
        return False
    return isinstance(body, dict) and any(body.get(name) for name in _NAMING)


_NAMING = ("request", "number", "chosen")
"""Fields of a body by which a thing is named that is there already."""


@api_pages.errorhandler(SQLAlchemyError)
def _database(error: SQLAlchemyError) -> Response:
    cause = getattr(error, "orig", None) or error
    current_app.logger.error("guesterase: %s while answering %s", type(cause).__name__, _where())
    return _told(DATABASE)


@api_pages.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    response = _told(problem_of_status(error.code or 500))
    for header, value in error.get_headers():
        if header in ("Allow", "Retry-After"):
            response.headers[header] = value
    return response


@api_pages.errorhandler(Exception)
def _surprise(error: Exception) -> Response:
    if current_app.debug or current_app.testing:
        raise error
    current_app.logger.error("guesterase: %s", untold(error))
    return _told(problem_of(GuesteraseError("")))
