"""The guest's pages for asking again what is left, with a signed answer to keep."""

from __future__ import annotations

from flask import Response, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError, UnknownError
from ...core.log import canonical
from ..current import current
from ..forms.schemas import AskContact, read
from ..pages import no_fields
from ..wording.rendering import render_template
from .guestdesk import CASE, guest_pages, opened


@guest_pages.get("/case/again")
def again() -> str:
    """Show the form for a contact that is to be looked for once more."""
    with current.begin(write=False) as office:
        office.case(session.get(CASE, ""))
    return render_template("guesterase/guest/again.html", values={}, problems={})


@guest_pages.post("/case/again")
def ask_again() -> AnyResponse:
    """Send the contact a link, whatever it is: the same answer for everyone.

    How often is counted for the case, not for where it comes from: a whole hotel may be there.
    """
    try:
        form = read(AskContact(), request.form)
        kind = "email" if form.get("email") else "phone"
        with current.begin() as office:
            office.ask_again(session.get(CASE, ""), kind, form[kind])
    except InputError as problem:
        page = render_template(
            "guesterase/guest/again.html", values=request.form, problems=no_fields(problem)
        )
        return make_response(page, 422)
    return redirect(url_for(".asked_again"), 303)


@guest_pages.get("/case/again/asked")
def asked_again() -> str:
    """Say what happens next."""
    return render_template("guesterase/guest/askedagain.html")


@guest_pages.get("/again/<token>")
def again_link(token: str) -> str:
    """Show a button; a mail scanner that opens the link has used nothing up."""
    with current.begin(write=False) as office:
        case = office.open_again(token)
    hotel = current.settings.home(case.property)
    return render_template("guesterase/guest/againlink.html", hotel=hotel.name)


@guest_pages.post("/again/<token>")
def confirm_again(token: str) -> AnyResponse:
    """Take the proof, once; the worker looks."""
    opened("link", lambda office: office.confirm_again(token))
    return redirect(url_for(".case"), 303)


@guest_pages.get("/case/scan.json")
def scan_file() -> Response:
    """Hand out the signed answer as the file that can be kept."""
    with current.begin(write=False) as office:
        code = session.get(CASE, "")
        number = office.case(code).number
        said = office.scan(code)
    if said is None:
        raise UnknownError("There is no answer yet.", "It comes after you opened the link.")
    response = Response(canonical(said), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="scan-{number}.json"'
    return response
