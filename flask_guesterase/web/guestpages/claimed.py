"""Pages of identity: the claim code of a slip, an objection, a stop by somebody outside."""

from __future__ import annotations

from typing import Any

from flask import make_response, request
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError, TokenError, TransitionError
from ...store.access.tokens import plain
from ...store.office import Office
from ..current import current
from ..forms import pressing
from ..forms.schemas import Claimed, read
from ..pages import no_fields, unsent
from ..wording.language import N_
from ..wording.problems import PROVED_BEFORE
from ..wording.reader import language
from ..wording.rendering import render_template
from .guestdesk import anothers, confirmed, guest_pages, keep, opened

_WRONG = N_(
    "Code and name do not go together, or the code was used or is over. Look at both again, or ask "
    "at the reception."
)


@guest_pages.get("/claim")
def claim() -> str:
    """Show the form for the code on a slip."""
    pressing.ready()
    return _form({}, {})


@guest_pages.post("/claim")
def enter_claim() -> AnyResponse:
    """Use a claim code up: show the case code, once; whatever is wrong is told in one way."""
    try:
        form = read(Claimed(), request.form)
    except InputError as problem:
        return make_response(_form(request.form, no_fields(problem)), 422)
    with current.begin() as office:
        office.attempt_claim(form["code"])

    def proved(office: Office, code: str) -> str:
        return office.claim(form["code"], form["name"], language().code, code)

    try:
        code, case = confirmed(f"{plain(form['code'])}:{form['name']}", proved, "claim")
    except TokenError:
        # At the field: whoever does not see the page is taken there and hears it.
        return make_response(_form(request.form, {"code": [_WRONG]}), 410)
    except TransitionError:
        return unsent(PROVED_BEFORE, "guest", again=False)
    keep(code)
    page = "guesterase/guest/confirmed.html"
    return make_response(render_template(page, code=code, case=case, due_on=case.due_on))


def _form(values: Any, problems: dict[str, list[str]]) -> str:
    return render_template("guesterase/guest/claim.html", values=values, problems=problems)


@guest_pages.get("/object/<token>")
@anothers
def object_to(token: str) -> str:
    """Show a button; a mail scanner that opens the link has stopped nothing."""
    with current.begin(write=False) as office:
        office.open_objection(token)
    return render_template("guesterase/guest/object.html")


@guest_pages.post("/object/<token>")
@anothers
def objected(token: str) -> str:
    """Let the request wait for a person; the page does not say what it is about."""
    early = opened("link", lambda office: office.object_to(token))
    return render_template("guesterase/guest/objected.html", early=early)


@guest_pages.get("/stop/<token>")
@anothers
def stop_approval(token: str) -> str:
    """Show a button to who was told of an approval by one person alone; opening stops nothing."""
    with current.begin(write=False) as office:
        hotel = current.settings.property(office.open_stop(token))
    return render_template("guesterase/guest/stopapproval.html", hotel=hotel)


@guest_pages.post("/stop/<token>")
@anothers
def stopped(token: str) -> str:
    """Let what was approved alone be decided again."""
    early = opened("link", lambda office: office.stop(token))
    return render_template("guesterase/guest/approvalstopped.html", early=early)
