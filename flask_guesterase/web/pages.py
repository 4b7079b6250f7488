"""What guest pages and staff pages share: language, form protection, headers, error pages."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import IO, Any
from urllib.parse import quote

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    request,
    session,
)
from flask_wtf.csrf import CSRFError, generate_csrf, validate_csrf
from jinja2 import BaseLoader
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from wtforms import ValidationError

from ..core.errors import BusyError, GuesteraseError, InputError
from ..core.log import canonical
from .anew import anew
from .current import current
from .entrance import here
from .forms import pressing, untaken
from .wording.language import LANGUAGES, known, sorry
from .wording.problems import (
    DATABASE,
    REFUSED,
    Problem,
    named,
    problem_of,
    problem_of_status,
    removed,
    untold,
)
from .wording.reader import LANG, language, said_in, unmet
from .wording.rendering import ours, render_template, template_of
from .wording.words import told, word

LARGEST_FORM = 64 * 1024
"""Bytes; no form of ours is larger, and none takes a file."""

LARGEST_ID = 2**63 - 1
"""No database numbers rows beyond."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    # Not "no-referrer": over HTTPS, a host's CSRFProtect wants to see where a form came from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
"""What every page of ours carries, Source: W3C CSP3, RFC 9111 section 5.2.2.5."""

STRICT = ("Strict-Transport-Security", "max-age=31536000")
"""That this host is to be opened by HTTPS alone, for a year. Source: RFC 6797 section 6.1."""

SIGNED: set[str] = set()
"""Names of our views to which no browser posts: what they take is believed by its signature."""

class Pages(Blueprint):
    """A blueprint whose templates can be replaced by the host, whole or block by block.

    A template of the host under the same name wins; it reaches ours under ``original/``, so that
    ``{% extends "original/guesterase/guest/index.html" %}`` changes one block and keeps the rest.
    """

    @property
    def jinja_loader(self) -> BaseLoader:
        """Return the loader of our templates, by their names and once more under ``original/``."""
        return ours()

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *rest: Any, **more: Any
    ) -> None:
        """Register a view; it begins anew where its transaction met another one."""
        begun = view_func and anew(view_func)
        super().add_url_rule(rule, endpoint, begun, *rest, **more)


def pages(name: str, desk: str) -> Blueprint:
    """Return a blueprint whose pages speak, are protected and fail the way all of ours do.

    :param name: name of the blueprint, the first part of its endpoints.
    :param desk: "guest" or "staff": in whose words its errors are told.
    """
    blueprint = Pages(
        name,
        __name__,
        template_folder="templates",
        static_folder="static/guesterase",
        static_url_path="/guesterase-static",
    )

    def fail(
        problem: Problem, error: GuesteraseError | None = None, form: bool = False
    ) -> Response:
        return _problem_page(problem, desk, error, form)

    def on_error(error: GuesteraseError) -> Response:
        told = _told_here(error, desk)
        return fail(problem_of(told, request.view_args or ()), told)

    def on_database(error: SQLAlchemyError) -> Response:
        _log_class(error)
        return fail(DATABASE)

    def on_http(error: HTTPException) -> Response:
        if error.code is None or error.code < 400:
            return make_response(error.get_response())
        csrf = isinstance(error, CSRFError)
        response = fail(problem_of_status(error.code, csrf=csrf), form=csrf)
        for header, value in error.get_headers():
            if header in ("Allow", "Retry-After"):
                response.headers[header] = value
        return response

    def on_surprise(error: Exception) -> Response:
        if current_app.debug or current_app.testing:
            raise error
        current_app.logger.error("guesterase: %s", untold(error))
        problem = problem_of(GuesteraseError(""))
        try:
            return fail(problem)
        except Exception:
            # The page asks the host who may do what, which may be what fails.
            words = " ".join(problem.staff if desk == "staff" else problem.guest)
            return Response(words, problem.status, mimetype="text/plain")

    blueprint.url_value_preprocessor(existing)
    # Nobody shares a login of staff without a PIN, and a page that the night left open is used by
    # the day; a guest's device may be anybody's by then.
    blueprint.before_request(partial(_receive, _EVER if desk == "staff" else None))
    blueprint.after_request(_dress)
    blueprint.context_processor(words_of_pages)
    blueprint.register_error_handler(GuesteraseError, on_error)
    blueprint.register_error_handler(SQLAlchemyError, on_database)
    blueprint.register_error_handler(HTTPException, on_http)
    blueprint.register_error_handler(Exception, on_surprise)
    return blueprint


def _told_here(error: GuesteraseError, desk: str) -> GuesteraseError:
    """Return an error as the reader of this page may be told it."""
    told = error if request.values.get("property") else removed(error)
    about_one = request.view_args or any(name in request.form for name in _NAMING)
    return named(told) if desk == "staff" and about_one else told


_NAMING = ("case", "line")
"""Fields by which a button names a thing that is there already, as an address does."""


def existing(endpoint: str | None, parts: dict[str, Any] | None) -> None:
    """Answer that nothing is there under what no database can hold.

    :param endpoint: name of the view.
    :param parts: what stands in the address.
    """
    if not all(map(_holdable, (parts or {}).values())):
        raise NotFound


def row_id(text: str) -> int:
    """Return the number of a row from an address.

    :raises ValueError: no list has it.
    """
    number = int(text)
    if abs(number) > LARGEST_ID:
        raise ValueError("No database numbers rows beyond.")
    return number


def page_number() -> int:
    """Return which page of a list an address asks for, the first by default."""
    return request.args.get("page", 1, int) or 1


def _holdable(part: Any) -> bool:
    return part <= LARGEST_ID if isinstance(part, int) else "\0" not in str(part)


def bounded() -> None:
    """Take no more than the largest form, whether or not the body says how long it is.

    :raises RequestEntityTooLarge: it is longer.
    """
    if (request.content_length or 0) > LARGEST_FORM:
        raise RequestEntityTooLarge
    # Flask's own limit cuts off without a word what has no length, and before 3.1 is the host's.
    request.stream = BytesIO(_short(request.stream))


def _short(stream: IO[bytes]) -> bytes:
    found = bytearray()
    while part := stream.read(LARGEST_FORM + 1 - len(found)):
        found += part
        if len(found) > LARGEST_FORM:
            raise RequestEntityTooLarge
    return bytes(found)


def _receive(lasting: int | None) -> None:
    """Keep the reader's language; refuse a form that is too large or not from our own page.

    :param lasting: seconds for which a page may lie open; what the host says where it is None.
    """
    if (wish := known(request.args.get("lang"))) and session.get(LANG) != wish:
        session[LANG] = wish
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    bounded()
    if (request.endpoint or "").rpartition(".")[2] in SIGNED:
        return
    try:
        validate_csrf(request.form.get(csrf_field(), ""), time_limit=lasting)
    except ValidationError:
        raise CSRFError("The form did not come from our own page.") from None


def csrf_field() -> str:
    """Return the name of the field in which forms carry their token; a host may have its own."""
    return str(current_app.config.get("WTF_CSRF_FIELD_NAME") or "csrf_token")


def _dress(response: Response) -> Response:
    """Put the headers on; in a demo, let the worker do now what a worker would do soon."""
    kept = response.headers.get("Cache-Control") if response.cache_control.max_age else None
    response.headers.update(HEADERS)
    secured(response)
    answered(response)
    if kept:
        # A page that says the same to everybody may say for how long.
        response.headers["Cache-Control"] = kept
    if request.method == "POST" and response.status_code < 400 and current.settings.inline:
        try:
            current.work()
        except Exception as error:
            _log_class(error)
    if (request.endpoint or "").endswith(".static") and response.status_code < 400:
        # A host that renews its sessions with each answer puts the reader's on this one too.
        response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def secured(response: Response) -> None:
    """Let who came by HTTPS come by it alone; what the host itself says of it is said later."""
    if request.is_secure:
        # Over plain HTTP anybody could have put it in, and browsers do not heed it.
        response.headers.setdefault(*STRICT)


def answered(response: Response) -> None:
    """Let nothing take an answer away that says what failed: the end of the host's session could.

    :param response: the answer.
    """
    extension = here() if response.status_code >= 500 else None
    if extension is not None:
        extension.host.let_go()


def _log_class(error: Exception) -> None:
    """Log what went wrong by its class: its text carries the values of the statement."""
    cause = getattr(error, "orig", None) or error
    current_app.logger.error(
        "guesterase: %s while answering %s", type(cause).__name__, request.endpoint
    )


def words_of_pages() -> dict[str, Any]:
    """Return what every template of ours may call, for pages and for what the host embeds."""
    tongue, lacking = language(), unmet()
    return {
        "_": tongue.gettext,
        "ngettext": tongue.ngettext,
        "tongue": tongue,
        "languages": LANGUAGES,
        "said_in": said_in,
        "unmet": lacking,
        "sorry": sorry(lacking),
        "word": lambda value: word(tongue, value),
        "told": lambda value: told(tongue, value),
        "words": lambda values: tongue.clauses(word(tongue, value) for value in values),
        "sent_before": pressing.before,
        "thanked": pressing.thanked,
        "sent_to": untaken.sent_to,
        "untaken": untaken.untaken,
        "csrf_field": csrf_field(),
        "csrf_token": generate_csrf,
    }


def _form() -> str:
    """Return the address of the page whose form was sent, or nothing where that is no page."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return ""
    try:
        page, given = adapter.match(request.path, "GET")
    except HTTPException:
        return ""
    # The address may fit another page too: one that takes its end for a code, or says *done*.
    same = given == (request.view_args or {}) and not untaken.is_outcome(page)
    return quote(f"{request.script_root}{request.path}") if same else ""


def _written(status: int) -> list[str]:
    """Return the texts in a form of our own that was not taken, for who typed them."""
    # What is too large is not read, and whoever sends somebody to us puts no words on our page.
    if request.method != "POST" or status == 413 or not _ours():
        return []
    return [request.form[name] for name in _TEXTS if request.form.get(name, "").strip()]


def _ours() -> bool:
    """Return whether a form came from a page of this site, however long that lay open.

    Where the session is gone no token tells, but the browser itself may.

    Source: W3C Fetch Metadata Request Headers, section 2.3.
    """
    with suppress(ValidationError):
        validate_csrf(request.form.get(csrf_field(), ""), time_limit=_EVER)
        return True
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


_EVER = 100 * 366 * 24 * 60 * 60
"""Seconds; older than any form."""

_TEXTS = ("text", "words")
"""Names of the fields in which people write more than a line."""


def _problem_page(
    problem: Problem, desk: str, error: GuesteraseError | None, form: bool
) -> Response:
    words = problem.staff if desk == "staff" else problem.guest
    detail = "" if error is None or desk != "staff" else str(error)
    reason = error.message if error is not None and error.message in REFUSED else ""
    extra: dict[str, Any] = {"differences": (), "reasons": (), "findings": (), "fields": {}}
    if desk == "staff":
        extra = {name: getattr(error, name, empty) for name, empty in extra.items()}
    name = f"guesterase/{desk}/error.html"
    busy, sent = problem is problem_of(BusyError("")), request.method == "POST"
    said = {
        "heading": words[0], "next_step": words[1], "detail": detail, "reason": reason, **extra,
        # Where somebody was only in the way, the same button is to be pressed once more.
        "back": _form() if form or (sent and busy) else "", "written": _written(problem.status),
        "incident": (request.view_args or {}).get("incident", ""),
    }  # fmt: skip
    try:
        page = render_template(name, status=problem.status, **said)
    except SQLAlchemyError:
        # The host's context processors ask the database too: Flask-Login's loads the user.
        template = template_of(name)
        page = template.render(status=problem.status, **said, **words_of_pages())
    return make_response(page, problem.status, problem.later(error))


def unsent(problem: Problem, desk: str, again: bool = True) -> Response:
    """Return the page that says that a form was not taken, and gives back what was written in it.

    :param problem: says why.
    :param desk: "guest" or "staff".
    :param again: whether it leads back to the form.
    """
    return _problem_page(problem, desk, None, form=again)


def json_file(body: dict[str, Any]) -> Response:
    """Return a certificate as a file to keep: canonical JSON, as it was signed."""
    response = Response(canonical(body), mimetype="application/json")
    name = f"certificate-{body['content']['number']}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def certificate_mark(body: dict[str, Any]) -> str:
    """Return number and SHA-256 of a certificate's file, by which paper and file are compared."""
    return f"{body['content']['number']} sha256:{sha256(canonical(body)).hexdigest()}"


def no_fields(error: InputError) -> dict[str, list[str]]:
    """Return the problems of a form by field, as the page shows them."""
    return error.fields or {"": [error.message]}
