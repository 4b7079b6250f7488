"""The pages of the front desk: one blueprint, closed to everybody who has not logged in."""

from __future__ import annotations

from flask import Flask, Response, render_template, request
from flask_login import LoginManager, current_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ..access import load_user, may
from . import board, bookings, guests, house, session
from .blueprint import bp, local, role

__all__ = ["board", "bookings", "guests", "house", "init_pages", "session"]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

login_manager = LoginManager()
login_manager.login_view = "pms.login"
login_manager.user_loader(load_user)
csrf = CSRFProtect()


def init_pages(app: Flask) -> None:
    """Register the pages, the login and what guards them."""
    login_manager.init_app(app)
    csrf.init_app(app)
    app.register_blueprint(bp)
    # A browser asks every site for it unasked, also on pages that name no icon of their own.
    app.add_url_rule("/favicon.ico", "favicon", redirect_to="static/linden.svg")
    app.add_template_filter(local)
    app.config.setdefault("PMS_LINKS", [])
    app.after_request(harden)


@bp.before_request
def ask_who() -> BaseResponse | None:
    """Send strangers to the login, before any page of the hotel answers."""
    if request.endpoint == "pms.login" or current_user.is_authenticated:
        return None
    answer: BaseResponse = login_manager.unauthorized()
    return answer


@bp.context_processor
def frame() -> dict[str, object]:
    """Give every page what its frame shows."""
    known = current_user.is_authenticated
    code = current_user.property_code if known else ""
    return {
        "token": token,
        "hotel": current_user.hotel if known else None,
        "may": lambda permission: may(current_user, permission, code),
        "at_desk": role() == "reception",
    }


def token() -> Markup:
    """Return the hidden field that proves a form came from this site."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


@bp.errorhandler(HTTPException)
def failed(error: HTTPException) -> tuple[str, int]:
    """Say in a clerk's words what a page of the hotel refused."""
    words = {
        400: "This form is too old. Go back, reload the page and try again.",
        403: "This is not among the things your role may do here.",
        404: "There is no such page, guest or booking in this hotel.",
    }
    code = error.code or 500
    said = words.get(code, error.name)
    return render_template("pms/error.html", error=error, words=said), code


def harden(response: Response) -> Response:
    """Add the headers that keep a page to itself; a page that sets its own keeps them."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
