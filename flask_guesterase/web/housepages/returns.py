"""Staff pages of who came back after an erasure, and of who does not want advertising."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError
from ...core.permissions import Permission
from ...core.returning import ASKED_ANEW, PERHAPS_ANOTHER
from ...store.returning.replay import DOOR
from ..current import current
from ..forms import schemas
from ..forms.untaken import on_page
from ..staffpages.desk import deed, me, moment_at, must, staff_pages
from ..staffpages.holding import plain
from ..wording.language import N_
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import SIGHTED, word

SHOWN = 5
"""Rows of one table under erased profiles that are shown one by one; of more, these few."""

_CONTACT = N_("Please give an e-mail address or a phone number.")


@staff_pages.get("/returns")
def returns() -> str:
    """List rows in which an erased person seems to be back, those that wait."""
    hotels = {hotel.code: hotel for hotel in must(Permission.VERIFY)}
    with current.begin(write=False) as office:
        rows = office.returns(me())
    many = _many(rows)
    few: list[Mapping[str, Any]] = [row for row in rows if _table(row) not in many]
    few += [row for table in many for row in many[table][:SHOWN]]
    shown = [
        {**row, "key": plain(row["key"]), "seen": moment_at(row["property"], row["seen_at"]),
         "anew": row["why"] in ASKED_ANEW, **said(row)}
        for row in few
    ]
    return render_template(
        "guesterase/staff/returns.html", rows=shown, hotels=hotels,
        many={table: (len(each), max(row["id"] for row in each)) for table, each in many.items()},
    )  # fmt: skip


def _many(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the tables of which so many rows lie under erased profiles that one answer is due."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if _table(row):
            found.setdefault(row["table"], []).append(row)
    return {table: each for table, each in found.items() if len(each) > SHOWN}


def _table(row: Mapping[str, Any]) -> str:
    """Return the table of a row that lies under an erased profile and waits for one word; or
    nothing."""
    waits = (row["door"], row["state"]) == ("refilled", "staff") and row["why"] not in ASKED_ANEW
    return row["table"] if waits else ""


def said(row: Mapping[str, Any]) -> dict[str, str]:
    """Return why a row was noted, what becomes of it and when, in the reader's words."""
    tongue, words = language(), {name: row[name] for name in ("why", "door", "state")}
    if (row["door"], row["why"]) == (DOOR, PERHAPS_ANOTHER):
        words["why"] = "given-again"
    told = {"waits": "", "again": ""} | {
        f"{name}_said": tongue.gettext(SIGHTED[each]) if each in SIGHTED else word(tongue, each)
        for name, each in words.items()
    }
    if row["state"] != "open":
        return told
    # What a worker tries for the first time waits for nothing yet; of old lines nobody knows what.
    unsaid = "in-the-way" if row["attempts"] else "next-round"
    told["waits"] = word(tongue, row["waiting_for"] or unsaid)
    told["again"] = moment_at(row["property"], row["try_at"]) if row["attempts"] else ""
    return told


@staff_pages.post("/returns/<int:row>")
@on_page("returns")
def settle_return(row: int) -> AnyResponse:
    """Decide whose a row is: the erased person's, or somebody who lives."""
    must(Permission.VERIFY)
    form = schemas.read(schemas.Settled(), request.form)
    deed(lambda office: office.settle_return(row, me(), form["whose"] == "theirs"))
    return redirect(url_for(".returns"), 303)


@staff_pages.post("/returns/all")
def settle_refilled() -> AnyResponse:
    """Say of the rows of a table that lay under erased profiles when it was read: all theirs."""
    must(Permission.VERIFY)
    form = schemas.read(schemas.Refilled(), request.form)
    deed(lambda office: office.settle_refilled(form["table"], form["last"], me()))
    return redirect(url_for(".returns"), 303)


@staff_pages.get("/advertising")
def advertising() -> str:
    """Show the form by which a clerk notes that somebody does not want advertising."""
    return _advertising({}, {}, request.args.get("done", "") == "1")


@staff_pages.post("/advertising")
def object_() -> AnyResponse:
    """Note that the owner of a contact does not want advertising, or agreed anew."""
    must(Permission.FILE)
    try:
        form = schemas.read(schemas.Objection(), request.form)
        with current.begin() as office:
            note = office.agree_anew if form["what"] == "agree" else office.object
            note(form["contact"], form["property"], me())
    except InputError as problem:
        wrong = problem.fields or {"contact": [_CONTACT]}
        return make_response(_advertising(request.form, wrong, False), 422)
    return redirect(url_for(".advertising", done=1), 303)


def _advertising(values: object, problems: dict[str, list[str]], done: bool) -> str:
    hotels = must(Permission.FILE)
    return render_template(
        "guesterase/staff/advertising.html",
        values=values,
        problems=problems,
        done=done,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
    )
