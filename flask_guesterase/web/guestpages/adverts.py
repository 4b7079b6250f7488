"""The guest's page that stops advertising, without a case, an account or a proof."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError
from ..current import current
from ..forms.schemas import AskContact, read
from ..wording.language import N_
from ..wording.rendering import render_template
from .guestdesk import count, guest_pages

_NO_CONTACT = N_("This is neither an e-mail address nor a phone number.")


@guest_pages.get("/advertising")
def advertising() -> str:
    """Ask for the address or number to which nothing shall be sent any more."""
    return _page({}, {})


@guest_pages.post("/advertising")
def stop_advertising() -> AnyResponse:
    """Note an objection at every hotel of these pages: the same answer whose contact it is.

    A number without its country is one of each country in which a controller has a hotel.

    Source: GDPR Article 21(2), (3); whoever objects need not show who they are.
    """
    count("objection")
    try:
        form = read(AskContact(), request.form)
        hotels = current.settings.properties.values()
        one_each = {(hotel.controller, hotel.country): hotel.code for hotel in hotels}
        with current.begin() as office:
            for contact in filter(None, (form["email"], form["phone"])):
                for code in one_each.values():
                    office.object(contact, code)
    except InputError as problem:
        wrong = problem.fields or {"email": [_NO_CONTACT]}
        return make_response(_page(request.form, wrong), 422)
    return redirect(url_for(".advertising_stopped"), 303)


@guest_pages.get("/advertising/stopped")
def advertising_stopped() -> str:
    """Say that it is noted."""
    return render_template("guesterase/guest/stopped.html")


def _page(values: Any, problems: dict[str, list[str]]) -> str:
    return render_template("guesterase/guest/advertising.html", values=values, problems=problems)
