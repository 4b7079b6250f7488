"""The reception's own page: find, file, freeze, the register of a night; and is it this one?"""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import UnknownError
from ...core.permissions import Permission
from ...store.office import Office
from ..current import current
from ..wording.language import N_
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import key_word
from .desk import granted, may, me, must, staff_pages

RIGHTS = (Permission.FILE, Permission.FREEZE, Permission.REGISTER)
"""Who has any of them works at the reception."""

_NONE = N_("There is no request with this number at your hotel. Look at the slip again.")


@staff_pages.get("/reception")
def reception() -> str:
    """Show what a clerk does between two check-ins, each one press away."""
    must(*RIGHTS)
    return _page({})


def _page(problems: dict[str, list[str]], text: str = "") -> str:
    return render_template(
        "guesterase/staff/reception.html",
        problems=problems,
        values={"number": text},
        may_find=bool(granted(Permission.VIEW)),
        may_file=bool(granted(Permission.FILE)),
        may_produce=bool(granted(Permission.REGISTER)),
        freezable=granted(Permission.FREEZE),
    )


@staff_pages.post("/reception")
def find() -> AnyResponse:
    """Find a request by its number, at the reader's own hotels only.

    What is typed stands in no address: it may be a guest's name, and addresses are logged.
    """
    must(Permission.VIEW)
    text = request.form.get("number", "")
    try:
        with current.begin(write=False) as office:
            number = office.find(text, me())
    except UnknownError:
        return make_response(_page({"number": [_NONE]}, text), 422)
    return redirect(url_for(".show", number=number), 303)


def alike(office: Office, number: str, property_: str) -> list[list[tuple[str, str]]]:
    """Return masked facts of the rows a request took, for who may verify; else nothing."""
    if not may(Permission.VERIFY, property_):
        return []
    tongue = language()
    return [
        [(key_word(tongue, kind), shown) for kind, shown in each.facts]
        for each in office.facts(number, me())
        if each.facts
    ]
