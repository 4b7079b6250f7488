"""Staff pages of identity: the slip with a claim code, and objections that are settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError, MatchError, UnknownError
from ...core.permissions import Permission
from ..current import current
from ..forms import pressing, schemas
from ..pages import no_fields
from ..wording import letters
from ..wording.language import N_
from ..wording.reader import language, theirs
from ..wording.rendering import render_template
from ..wording.words import key_word
from .desk import me, must, staff_pages


@staff_pages.get("/claims")
def claims() -> str:
    """Show the form by which a clerk makes a slip for a guest they see."""
    return _form({}, {})


@staff_pages.post("/claims")
def print_claim() -> AnyResponse:
    """Show the slip with the claim code, once."""
    hotels = {hotel.code: hotel for hotel in must(Permission.VERIFY)}
    schema = schemas.PrintClaim(property=hotels, key=current.datamap.match_keys())
    try:
        form = schemas.read(schema, request.form)
        match = {form["key"]: form["value"], "name": form["name"]}
        with current.begin() as office:
            made = office.print_claim(match, property=form["property"], by=me())
    except (InputError, UnknownError) as problem:
        return make_response(_form(request.form, _problems(problem)), 422)
    return make_response(render_template(
        "guesterase/staff/claimslip.html",
        claim=made, address=letters.address("claim"),
        theirs=theirs(form["lang"], hotels[made.property].zone),
    ))  # fmt: skip


def _problems(problem: InputError | UnknownError) -> dict[str, list[str]]:
    if isinstance(problem, UnknownError | MatchError):
        return {"value": [_NOBODY]}
    return no_fields(problem)


_NOBODY = N_("Nobody is on file under both at this hotel. Try another way or spelling.")


def _form(values: Mapping[str, Any], problems: dict[str, list[str]]) -> str:
    hotels, tongue = must(Permission.VERIFY), language()
    return render_template(
        "guesterase/staff/claims.html",
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        key_options=[
            (key, key_word(tongue, key)) for key in current.datamap.match_keys() if key != "name"
        ],
    )


@staff_pages.post("/<number>/objection")
def settle_objection(number: str) -> AnyResponse:
    """Note that the reader looked at an objection: a request that is open goes on."""
    form = schemas.read(schemas.Looked(), request.form)
    with current.begin() as office:
        pressing.once(office, lambda: office.settle_objection(number, me(), form["seen"]))
    return redirect(url_for(".show", number=number), 303)
