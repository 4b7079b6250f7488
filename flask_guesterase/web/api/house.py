"""What is not about one request, over the API: holds, register, recipients, sweep, journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...core.holding import Wanted
from ...core.log import slug
from ...core.permissions import Permission
from ...core.register import Asked, Basis
from ...store.access import actors
from ...store.office import Office
from ...store.partners import outstanding
from ...store.registers import disclosures as reviewing
from ...store.registers.register import AGAIN, Produced
from ..current import current
from ..wording import letters as post
from . import bodies
from .door import begin, me, mine, once, paged
from .route import operation


@operation("GET", "/holds", None, bodies.Items)
def holds(form: dict[str, Any]) -> Any:
    """List the living holds and freezes the person may know of, the newest first.

    It needs the permission hold or freeze; with freeze alone it lists freezes, without numbers.
    """
    with begin() as office:
        return {"items": office.holds(me())}


@operation(
    "POST", "/holds", Permission.HOLD, bodies.Identified, bodies.Hold, status=201, keyed=True
)
def place(form: dict[str, Any]) -> Any:
    """Place a legal hold on a person, a record, or what a query names.

    The same Idempotency-Key with the same body returns the first hold's number for a day.
    """
    with begin() as office:
        return {"id": int(once(office, form, lambda: office.place_hold(Wanted(**form), me())))}


@operation("POST", "/holds/<int:hold>/lift", Permission.HOLD, bodies.Done)
def lift(hold: int, form: dict[str, Any]) -> Any:
    """Agree that a hold ends; it is lifted, and done is true, when the second person does."""
    with begin() as office:
        return {"done": office.lift(hold, me())}


@operation("POST", "/holds/<int:hold>/confirm", Permission.HOLD, bodies.Done)
def confirm_freeze(hold: int, form: dict[str, Any]) -> Any:
    """Confirm a freeze that somebody on duty made."""
    with begin() as office:
        office.confirm_freeze(hold, me())
    return {"done": True}


@operation("POST", "/freezes", Permission.FREEZE, bodies.Frozen, bodies.Freeze, status=201)
def freeze(form: dict[str, Any]) -> Any:
    """Freeze a property, a night or a room, without a reason; lifting takes two people.

    Who may not hold there is told no number: numbers count on over all holds, silent ones too.
    """
    place = form["property"]
    with begin() as office:
        made = office.freeze(place, me(), form["night"] or None, form["room"] or None)
        told = actors.may(office.work, me(), Permission.HOLD, place)
    return {"id": made if told else None}


@operation("POST", "/register", Permission.REGISTER, bodies.Anything, bodies.Produce, keyed=True)
def produce(form: dict[str, Any]) -> Any:
    """Produce the lines of the guest register that an authority asked for; it is recorded.

    A second person reviews it within 24 hours. The same Idempotency-Key with the same body within
    five minutes shows the same lines again under one number; other lines are recorded anew.
    """
    wanted = {**form, "basis": Basis(form["basis"])}
    asked = Asked(wanted.pop("property"), **wanted)
    with begin() as office:
        produced = _produced(office, form, asked)
    _, lines = produced.table()
    return {"number": produced.number, "unopened": produced.unopened, "lines": lines}


def _produced(office: Office, form: Mapping[str, Any], asked: Asked) -> Produced:
    """Produce what was asked; of what is sent twice under a key, the same again."""
    made: list[Produced] = []

    def first() -> str:
        made.append(office.produce_register(asked, me()))
        return made[0].number

    number = once(office, form, first, AGAIN)
    return made[0] if made else office.produce_register(asked, me(), number)


@operation("GET", "/disclosures", None, bodies.Paged, bodies.Page)
def disclosures(form: dict[str, Any]) -> Any:
    """List what was shown to authorities by pages, what waits for a second person first.

    It needs the permission register or audit.
    """
    number = form["page"] or 1
    with begin() as office:
        found = office.disclosures(me(), mine().property, number)
    return paged(found, number, reviewing.PAGE)


@operation("POST", "/disclosures/<disclosure>/review", None, bodies.Done, bodies.Review)
def review(disclosure: str, form: dict[str, Any]) -> Any:
    """Record what a second person finds about what was shown to an authority.

    It needs the permission register or audit.
    """
    with begin() as office:
        office.review_disclosure(disclosure, me(), form["finding"])
    return {"done": True}


@operation("GET", "/recipients", Permission.VERIFY, bodies.Paged, bodies.Page)
def recipients(form: dict[str, Any]) -> Any:
    """List notices to other systems that are not settled by pages, failed and late ones first."""
    number = form["page"] or 1
    with begin(write=False) as office:
        _within(office, Permission.VERIFY)
        found = office.recipients(me(), mine().property, number)
    return paged(found, number, outstanding.PAGE)


@operation("POST", "/recipients/<int:notice>/again", Permission.VERIFY, bodies.Done)
def tell_again(notice: int, form: dict[str, Any]) -> Any:
    """Try a notice again that could not be told."""
    with begin() as office:
        office.tell_again(notice, me())
    return {"done": True}


@operation("POST", "/recipients/<int:notice>/done", Permission.VERIFY, bodies.Done)
def told_by_hand(notice: int, form: dict[str, Any]) -> Any:
    """Sign that a person told a recipient, or learned that its copies are gone."""
    with begin() as office:
        office.told_by_hand(notice, me())
    return {"done": True}


@operation("GET", "/sweep", Permission.LAW, bodies.Anything)
def sweep(form: dict[str, Any]) -> Any:
    """Tell how the sweep stands: the last one, what waits to be confirmed, the clock."""
    with begin(write=False) as office:
        return office.sweeps(me())


@operation("POST", "/sweep/confirm", Permission.LAW, bodies.Items, bodies.Previewed)
def confirm_sweep(form: dict[str, Any]) -> Any:
    """Confirm what the last sweep showed, so that it may erase by day there."""
    with begin() as office:
        done = office.confirm_sweep(me(), [form["preview"]])
    return {"items": [{"property": code} for code in done]}


@operation("POST", "/journal/verify", Permission.AUDIT, bodies.Items)
def verify(form: dict[str, Any]) -> Any:
    """Re-derive the whole journal; an empty list means that it proves itself.

    Rows that are not what it says they are, are listed too.
    """
    # What is about all of the house names no controller.
    known = {"", slug(current.settings.property(mine().property).controller)}
    with begin(write=False) as office:
        _within(office, Permission.AUDIT)
        found = [p for p in office.verify() if p.controller in known]
        return {"items": [asdict(problem) for problem in found]}


LETTERS = 50
"""Letters in one answer: each is opened and written."""


@operation("GET", "/letters", Permission.VERIFY, bodies.Letters, bodies.Older)
def letters(form: dict[str, Any]) -> Any:
    """List letters that wait to be printed, and what could not be sent, the newest first, by pages.

    What is next, given as before, continues with the older ones. Letters that hold a link or a
    code are listed without their text: a person prints those.
    """
    with begin(write=False) as office:
        _within(office, Permission.VERIFY)
        found = office.letters(me(), mine().property, form["before"], LETTERS + 1)
    shown = [_letter(item) for item in found[:LETTERS]]
    return {"items": shown, "next": shown[-1]["id"] if len(found) > LETTERS else None}


def _letter(item: dict[str, Any]) -> dict[str, Any]:
    secret = "token" in item["params"]
    told = {"subject": "", "body": ""} if secret else post.letter(item)
    kept = ("id", "number", "property", "kind", "channel", "template", "state", "problem", "root")
    shown = {name: item[name] for name in kept}
    to = "" if secret else item["to"]
    return shown | {"to": to, "subject": told["subject"], "body": told["body"]}


@operation("POST", "/letters/<int:letter>/printed", Permission.VERIFY, bodies.Done)
def printed(letter: int, form: dict[str, Any]) -> Any:
    """Record that a letter was printed, or that what failed was dealt with.

    A file is removed, or put back, again; a person's word is taken only where nobody can.
    """
    with begin() as office:
        office.printed(letter, me())
    return {"done": True}


def _within(office: Any, permission: Permission) -> None:
    """Refuse who may not do this, where a list would only be empty."""
    actors.require(office.work, me(), permission, mine().property)
