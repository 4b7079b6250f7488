"""What a host's own pages embed: one tick in their forms, one press on a guest's line."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import request
from markupsafe import Markup

from ...core.permissions import Permission
from ..current import current
from ..joining.rights import logged_in
from ..pages import words_of_pages
from ..wording.rendering import render_template
from . import persons

_TICK = "guesterase_tick"


def _may(permission: Permission, property: str) -> bool:
    return logged_in() is not None and current.may(persons.login(), permission.value, property)


def _render(template: str, **values: Any) -> Markup:
    # Our own template, which escapes what it shows.
    return Markup(render_template(template, **words_of_pages(), **values))  # noqa: S704


def tick(property: str) -> Markup:
    """Return the lines a check-in or check-out form shows: the guest asks to be erased.

    At a shared login they ask for name and PIN too. Nothing where the reader may not file.

    :param property: code of the property at whose desk the guest stands.
    """
    if not _may(Permission.FILE, property):
        return Markup("")
    return _render("guesterase/embed/tick.html", shared=persons.shared())


def ticked(guest: object, property: str, lang: str = "") -> str:
    """File an erasure for a guest when the form that came in has the tick; return its number.

    Call it after the commit of the check-in: what goes wrong here is no reason to keep a guest
    waiting. The row must be in the database.

    :param guest: the guest, an object of the host's mapping.
    :param property: code of the property.
    :param lang: language of the guest; the property's when empty.
    :return: the request's number; empty when nothing was ticked.
    :raises ForbiddenError: the clerk may not file here, or name and PIN do not fit.
    :raises LimitError: there were too many wrong PINs.
    :raises UnknownError: the guest is no row of a table of people at this property.
    """
    if request.method != "POST" or request.form.get(_TICK) != "yes":
        return ""
    by = persons.prove(request.form)
    with current.begin() as office:
        row = office.person_of(guest)
        return office.request_by_row(row, by, property=property, lang=lang)


def freezing(property: str, night: date | str = "", room: str = "") -> Markup:
    """Return a button for a guest's line that freezes the register of their night and room.

    Nothing where the reader may not freeze. The page must not put it inside another form. Where
    neither night nor room is known, whoever presses it says which, or that it is the whole hotel.

    :param property: code of the property.
    :param night: the night; all of them when empty.
    :param room: the room; all of them when empty.
    """
    if not _may(Permission.FREEZE, property):
        return Markup("")
    values = {"property": property, "night": str(night or ""), "room": room}
    return _render("guesterase/embed/freeze.html", values=values)
