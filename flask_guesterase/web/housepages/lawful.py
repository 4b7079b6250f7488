"""The staff's page of the law: what is kept how long, and what waits for people."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError
from ...core.permissions import Permission
from ...core.rulebook import LineState
from ..current import current
from ..forms import schemas
from ..staffpages.desk import deed, granted, me, must, staff_pages
from ..wording import terms
from ..wording.language import N_
from ..wording.reader import language
from ..wording.rendering import render_template

_NO_CHECKPOINT = N_(
    "A checkpoint of this house that was made after the proposal is needed. Paste the whole text "
    "of one, from the place outside where it is kept."
)


@staff_pages.get("/rules")
def rules() -> str:
    """Show the retention schedule of a hotel, and what waits for people who decide about it."""
    return _page()


def _page(wrong: int = 0, pasted: str = "") -> str:
    """Show the page.

    :param wrong: number of the line whose checkpoint was not taken, or 0.
    :param pasted: what was sent as that checkpoint.
    """
    hotels = must(Permission.VIEW)
    chosen = request.args.get("property", "")
    hotel = next((hotel for hotel in hotels if hotel.code == chosen), hotels[0])
    lawful = bool(granted(Permission.LAW))
    with current.begin() as office:
        entries, stays = office.schedule(hotel.code, me()), office.declared_kept()
        waiting = office.rules_waiting(me()) if lawful else []
        drafts = office.drafts(me()) if lawful else []
        mine = office.acts_as(me())
    tongue = language(zone=hotel.zone)
    return render_template(
        "guesterase/staff/rules.html",
        hotels=hotels,
        hotel=hotel,
        entries=terms.shown(tongue, entries),
        stays=stays,
        waiting=[(line, terms.waiting(tongue, line)) for line in waiting],
        drafts=drafts,
        lawful=lawful,
        mine=mine,
        proposed=LineState.PROPOSED.value,
        wrong=wrong,
        pasted=pasted,
        no_checkpoint=_NO_CHECKPOINT,
    )


@staff_pages.post("/rules/sign")
def sign_pack() -> AnyResponse:
    """Sign the text of a pack as it is now."""
    must(Permission.LAW)
    form = schemas.read(schemas.Sign(), request.form)
    with current.begin() as office:
        office.sign_pack(form["pack"], me(), form["text"])
    return _back()


@staff_pages.post("/rules/propose")
def propose_change() -> AnyResponse:
    """Propose that a shortening may act."""
    must(Permission.LAW)
    form = schemas.read(schemas.Line(), request.form)
    with current.begin() as office:
        office.propose_change(form["line"], me())
    return _back()


@staff_pages.post("/rules/confirm")
def confirm_change() -> AnyResponse:
    """Let a shortening act in thirty days, with a checkpoint that was kept outside."""
    must(Permission.LAW)
    form = schemas.read(schemas.Line(), request.form)
    # Browsers send their own line ends, and a form's end is often lost.
    text = "\n".join(request.form.get("checkpoint", "").strip().splitlines()) + "\n"
    try:
        deed(lambda office: office.confirm_change(form["line"], me(), text))
    except InputError:
        return make_response(_page(form["line"], text.strip()), 422)
    return _back()


@staff_pages.post("/rules/house")
def confirm_house() -> AnyResponse:
    """Set a period of the house that another person proposed."""
    must(Permission.LAW)
    form = schemas.read(schemas.Line(), request.form)
    deed(lambda office: office.confirm_house(form["line"], me()))
    return _back()


def _back() -> AnyResponse:
    return redirect(url_for(".rules"), 303)
