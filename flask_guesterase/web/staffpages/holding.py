"""Staff pages of holds and freezes: the list, placing, the one click, confirming, lifting."""

from __future__ import annotations

import re
from typing import Any

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.asking import EARLIEST
from ...core.errors import ForbiddenError, InputError, UnknownError
from ...core.holding import Cause, Scope, Wanted
from ...core.permissions import Permission
from ...store.office import Office
from ..current import current
from ..forms import holdforms, pressing, schemas
from ..forms.fields import CHOOSE
from ..pages import no_fields
from ..wording.language import N_
from ..wording.problems import OLD_DAY, named
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import HOLDS, word
from .desk import deed, granted, me, moment_at, must, placed, staff_pages

_NOBODY = N_("There is no such request, table or row; look at how it is written.")
_LATER = N_("Please give a day that is still to come.")
_NIGHT = N_("Please give a night as a day.")
_WHICH = N_(
    "Please give a night or a room, or tick the whole hotel: one of them, not both. Nothing is "
    "frozen yet."
)


@staff_pages.get("/holds")
def holds() -> str:
    """List the holds and freezes of the hotels at which the reader may hold."""
    must(Permission.HOLD)
    return _list("guesterase/staff/holds.html")


@staff_pages.get("/freezes")
def freezes() -> str:
    """List the freezes of the hotels at which the reader may freeze."""
    must(Permission.FREEZE)
    return _list("guesterase/staff/freezes.html", "freeze")


def _list(
    template: str, kind: str = "", values: Any = None, problems: dict[str, list[str]] | None = None
) -> str:
    """Return the list, with what was typed in a form of its and what is wrong about it."""
    with current.begin(write=False) as office:
        found = [row for row in office.holds(me()) if kind in ("", row["kind"])]
        mine = office.number_of(me())
        begun = office.begun(me()) if not kind else 0
        lifted = office.lifted_holds(me()) if not kind else ()
    # "kept by law" is what others read of a hold.
    called = {kind: language().gettext(text) for kind, text in HOLDS.items()}
    rows = [
        {
            **row,
            "called": called[row["kind"]],
            "placed": moment_at(row["property"], row["placed_at"]),
            "proposed": moment_at(row["property"], row["lift_at"]),
            "plain": plain(row.get("row", "")),
        }
        for row in found
    ]
    over = [
        {
            **row,
            "called": called[row["kind"]],
            "placed": moment_at(row["property"], row["placed_at"]),
            "lifted": moment_at(row["property"], row["lifted_at"]),
            "by": language().listed(filter(None, (row["proposed_by"], row["lifted_by"]))),
        }
        for row in lifted
    ]
    return render_template(
        template, rows=rows, lifted=over, mine=mine, begun=begun,
        freezable=granted(Permission.FREEZE), unlisted="unlisted" in request.args,
        values=values or {}, problems=problems or {},
    )  # fmt: skip


def plain(key: str) -> str:
    """Return a row's key as people write it, its parts with commas between.

    :param key: as `core.plan.key_text` writes it, or empty.
    """
    parts = [part.partition(":")[2] for part in _DIVIDED.findall(key)]
    return ", ".join(_ESCAPED.sub(r"\1", part) for part in parts)


_DIVIDED = re.compile(r"(?:[^|\\]|\\.)+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def unconfirmed() -> int:
    """Return how many freezes wait for the reader, who may confirm them."""
    if not granted(Permission.HOLD):
        return 0
    with current.begin(write=False) as office:
        return sum(not row["confirmed"] for row in office.holds(me()))


@staff_pages.get("/holds/new")
def hold_form() -> str:
    """Show the form for a hold."""
    must(Permission.HOLD)
    return _form({"number": request.args.get("number", "")}, {})


@staff_pages.post("/holds/new")
def hold() -> AnyResponse:
    """Place a hold: on the people of a request, a record, or what a query names."""
    must(Permission.HOLD)
    try:
        form = schemas.read(holdforms.Hold(), request.form)
        with current.begin() as office:
            pressing.once(office, lambda: _place(office, form), me(), pressing.MOMENT)
    except (UnknownError, ForbiddenError) as problem:
        if not isinstance(named(problem), UnknownError):
            raise
        return make_response(_form(request.form, {"": [_NOBODY]}), 422)
    except InputError as problem:
        return make_response(_form(request.form, no_fields(problem)), 422)
    return redirect(url_for(".holds"), 303)


def _place(office: Office, form: dict[str, Any]) -> None:
    for wanted in _wanted(office, form):
        office.place_hold(wanted, me())


def _wanted(office: Office, form: dict[str, Any]) -> list[Wanted]:
    """Return what a form wants held; of a request, each of its people."""
    number = form.pop("number")
    given = form | {"silent": form["silent"] == "yes"}
    if not number:
        return [Wanted(**given)]
    people = office.hold_people(number, me())
    whom = {"scope": Scope.SUBJECT.value, "query": ""}
    return [Wanted(**given | whom | {"table": table, "key": key}) for table, key in people]


def _form(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(Permission.HOLD)
    tongue = language()
    scopes = (Scope.SUBJECT, Scope.RECORD, Scope.QUERY)
    return render_template(
        "guesterase/staff/hold.html",
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        scope_options=[(scope.value, word(tongue, scope)) for scope in scopes],
        why_options=[(cause.value, word(tongue, cause)) for cause in Cause],
        silent_options=[("no", tongue.gettext("no")), ("yes", tongue.gettext("yes"))],
    )


@staff_pages.post("/holds/freeze")
def freeze() -> AnyResponse:
    """Freeze a night or a room, or a property that was ticked: one click, no reason."""
    hotels = must(Permission.FREEZE)
    form = schemas.read(holdforms.Freeze(), placed(request.form, [hotel.code for hotel in hotels]))
    place, old = form["property"], "" < form["night"] < EARLIEST.isoformat()
    if not place:
        return _unfrozen({"property": [CHOOSE]})
    if (form["whole"] == "yes") == bool(form["night"] or form["room"]):
        # What stands still for a slip stands still until two people lift it.
        return _unfrozen({"whole": [_WHICH]})
    try:
        if old:
            raise InputError(OLD_DAY)
        with current.begin() as office:
            where = (place, me(), form["night"] or None, form["room"] or None)
            office.freeze(*where)
            listed = office.is_listed(*where)
    except InputError:
        return _unfrozen({"night": [OLD_DAY if old else _NIGHT]})
    return redirect(url_for(".freezes", unlisted=None if listed else 1), 303)


def _unfrozen(problems: dict[str, list[str]]) -> AnyResponse:
    page = _list("guesterase/staff/freezes.html", "freeze", request.form, problems)
    return make_response(page, 422)


@staff_pages.post("/holds/<int:hold>/confirm")
def confirm_freeze(hold: int) -> AnyResponse:
    """Confirm a freeze."""
    must(Permission.HOLD)
    with current.begin() as office:
        office.confirm_freeze(hold, me())
    return redirect(url_for(".holds"), 303)


@staff_pages.post("/holds/<int:hold>/review")
def review_hold(hold: int) -> AnyResponse:
    """Say that a hold is still needed, and when somebody looks again."""
    must(Permission.HOLD)
    try:
        with current.begin() as office:
            office.review_hold(hold, me(), request.form.get(f"on-{hold}", "").strip())
    except InputError:
        problems = {f"on-{hold}": [_LATER]}
        return make_response(_list("guesterase/staff/holds.html", problems=problems), 422)
    return redirect(url_for(".holds"), 303)


@staff_pages.post("/holds/<int:hold>/lift")
def lift(hold: int) -> AnyResponse:
    """Agree that a hold ends; the second person who does lifts it."""
    must(Permission.HOLD)
    deed(lambda office: office.lift(hold, me()))
    return redirect(url_for(".holds"), 303)
