"""Staff pages by which a clerk files what came at the desk, by phone, by mail or by letter."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.asking import Asker
from ...core.errors import InputError, MatchError, UnknownError
from ...core.permissions import Permission
from ...core.reasons import Reason
from ...core.wish import Wish
from ..current import current
from ..forms import pressing, schemas
from ..pages import no_fields
from ..wording.language import N_, Language
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import CHANNELS, key_word, word
from .desk import may, me, must, staff_pages, today


@staff_pages.get("/new")
def new() -> str:
    """Show the form for a guest who asks at the desk, by phone or by letter."""
    hotels = must(Permission.FILE)
    return _file_form({"received": today(hotels[0]).isoformat()}, {})


@staff_pages.post("/new")
def file() -> AnyResponse:
    """File a request."""
    hotels = {hotel.code: hotel for hotel in must(Permission.FILE)}
    hotel = hotels.get(request.form.get("property", ""), next(iter(hotels.values())))
    schema = schemas.File(
        today(hotel), property=hotels, key=current.datamap.match_keys()
    )
    try:
        form = schemas.read(schema, request.form)
        match = {form["key"]: form["value"]}
        if form["name"]:
            match["name"] = form["name"]
        with current.begin() as office:

            def filed() -> str:
                return office.request(match, by=me(), **{name: form[name] for name in _SAID})

            # The journal tells a guest who comes again from a page that was slow to answer.
            number = pressing.once(office, filed, me(), pressing.MOMENT)
            case = office.show(number)
    except (InputError, UnknownError) as problem:
        return make_response(_file_form(request.form, _problems(problem)), 422)
    other = _otherwise(form, case)
    if may(Permission.VIEW, case["property"]):
        return redirect(url_for(".show", number=number, other=other or None), 303)
    words = [language().gettext(ASKED[name]) for name in other]
    page = render_template("guesterase/staff/requestfiled.html", number=number, other=words)
    return make_response(page)


_SAID = ("property", "channel", "received", "lang", "asked_by", "reason", "wish")
"""What a form says of a request besides whose it is."""

ASKED = {
    "received": N_("Day of receipt"), "channel": N_("How it came"),
    "lang": N_("Language of the guest"), "asked_by": N_("Who asks"),
    "reason": N_("Why, if they say so"),
}  # fmt: skip
"""What a clerk says of a request besides whose it is -> its words on the form."""


def otherwise(tongue: Language) -> list[str]:
    """Return what the address of a request's page says that a clerk gave otherwise, in words."""
    given = request.args.getlist("other")
    return [tongue.gettext(text) for name, text in ASKED.items() if name in given]


def _otherwise(form: dict[str, Any], case: dict[str, Any]) -> list[str]:
    """Return what a clerk said just now that an open request for the same guest says otherwise."""
    zone = ZoneInfo(current.settings.property(case["property"]).zone)
    received = case["received_at"].replace(tzinfo=UTC).astimezone(zone).date()
    stands = {**case, "received": received, "reason": case["reason"] or ""}
    said = {**form, "asked_by": form["asked_by"] or Asker.GUEST.value}
    return [name for name in ASKED if said[name] != stands[name]]


def _problems(problem: InputError | UnknownError) -> dict[str, list[str]]:
    if isinstance(problem, UnknownError):
        return {"value": [_NOBODY]}
    if isinstance(problem, MatchError):
        return {"value": [_UNCLEAR]}
    return no_fields(problem)


_NOBODY = N_(
    "Nobody is on file under this at this hotel. Try another way or spelling. Who was erased "
    "already is not found any more: look under Requests, with the number of that request."
)
_UNCLEAR = N_(
    "Nobody can be found by this. Write an e-mail address with its @, a phone number with its "
    "country, and no empty value."
)


def _file_form(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(Permission.FILE)
    tongue = language()
    return render_template(
        "guesterase/staff/new.html",
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        key_options=[(key, key_word(tongue, key)) for key in current.datamap.match_keys()],
        channel_options=[(c, tongue.gettext(CHANNELS[c])) for c in schemas.FILLABLE],
        asker_options=[(who.value, word(tongue, who)) for who in Asker],
        wish_options=[(w.value, word(tongue, f"wish-{w}")) for w in Wish],
        reason_options=[(reason.value, word(tongue, reason)) for reason in Reason],
    )
