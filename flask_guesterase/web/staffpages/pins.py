"""Staff pages of personal PINs: set one's own, and hand out a code for a new one."""

from __future__ import annotations

from typing import Any

from flask import make_response, request
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import ForbiddenError, InputError, LimitError, TokenError
from ...core.permissions import Permission
from ..current import current
from ..forms import pressing
from ..forms.fields import CHOOSE
from ..wording.language import N_
from ..wording.rendering import render_template
from . import persons
from .desk import granted, me, must, placed, staff_pages

_DIFFERENT = N_("The two PINs are not the same.")
_WEAK = N_("Take 6 to 12 digits that nobody guesses first: no row such as 123456, no repetition.")
_OLD = N_("The PIN you have is another, or is locked. Ask an officer for a code for a new one.")
_CODE = N_("Name and code do not fit, or the code is over. Ask an officer for a new one.")
_NOBODY = N_("Nobody with this name may do anything at this hotel, or the login is shared.")
_OWN = N_("This would be your own PIN. Set it above.")


@staff_pages.get("/pin")
def pin() -> str:
    """Show where a person sets their PIN, and where an officer hands out a code for one."""
    return _page({})


@staff_pages.post("/pin")
def new_pin() -> AnyResponse:
    """Set a PIN: one's own, or at a shared login that of whoever has the code for it."""
    must(*Permission)
    form = request.form
    if form.get("pin", "") != form.get("again", ""):
        return _wrong("again", _DIFFERENT)
    try:
        if persons.shared():
            _by_code(form.get("who", "").strip(), form.get("code", ""), form.get("pin", ""))
        else:
            _mine(form.get("pin", ""), form.get("old", ""))
    except InputError:
        return _wrong("pin", _WEAK)
    except TokenError:
        return _wrong("code", _CODE)
    except ForbiddenError as problem:
        if isinstance(problem, LimitError):
            raise
        return _wrong("old", _OLD)
    return make_response(_page({}, done=True))


def _mine(pin: str, old: str) -> None:
    with current.begin() as office:
        office.attempt("pin", me())
    with current.begin() as office:
        pressing.once(office, lambda: office.change_pin(me(), pin, old), me(), pressing.MOMENT)


def _by_code(who: str, code: str, pin: str) -> None:
    user = current.user(who) if who else None
    known = "" if user is None else str(user.get_id())
    with current.begin() as office:
        office.attempt("pins", persons.login())
        # However it was typed: a login that is known by many texts has no more tries.
        office.attempt("code", known or who)
    with current.begin() as office:
        # Of this form alone: its token is in the mark, by which nobody finds the PIN.
        pressing.once(office, lambda: office.begin_pin(known, code, pin), me(), pressing.MOMENT)


@staff_pages.post("/pin/code")
def give_pin() -> AnyResponse:
    """Hand out a code with which a person sets a new PIN; it is shown once."""
    hotels = {hotel.code: hotel for hotel in must(Permission.ISSUE)}
    place = placed(request.form, hotels).get("property", "")
    if not place:
        return _wrong("property", CHOOSE)
    who = request.form.get("person", "").strip()
    user = current.user(who) if who else None
    person = str(user.get_id()) if user is not None else ""
    if not person or person == me():
        return _wrong("person", _OWN if person else _NOBODY)
    try:
        with current.begin() as office:
            code = office.give_pin(person, me(), place)
    except InputError:
        return _wrong("person", _NOBODY)
    return make_response(_page({}, code=code, person=who))


def _wrong(field: str, text: str) -> AnyResponse:
    return make_response(_page({field: [text]}), 422)


def _page(problems: dict[str, list[str]], **more: Any) -> str:
    must(*Permission)
    shared = persons.shared()
    with current.begin(write=False) as office:
        has = not shared and office.has_pin(me())
    givable = [] if shared else granted(Permission.ISSUE)
    kept = {name: request.form.get(name, "") for name in ("who", "person", "property")}
    return render_template(
        "guesterase/staff/pin.html",
        problems=problems, values=kept, shared=shared, has=has,
        givable=givable, pairs=[(hotel.code, hotel.name) for hotel in givable], **more,
    )  # fmt: skip
