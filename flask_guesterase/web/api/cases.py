"""Requests over the API: filed, shown, planned, decided, carried out, certified."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ...core.errors import TokenError
from ...core.permissions import Permission
from ...store.casework.cases import plain_number
from ...store.office import Office
from ...store.transaction import again
from ...store.unit import Run
from ...store.worker import carry_out
from ..forms.pressing import made_of
from . import bodies
from .door import begin, key, me, mine, must, once
from .route import operation

PATIENCE = 20.0
"""Seconds for which a program waits for the search by value; the worker goes on with it."""


@operation(
    "POST", "/requests", Permission.FILE, bodies.Numbered, bodies.File, status=201, keyed=True
)
def file(form: dict[str, Any]) -> Any:
    """File a request that reached the hotel at the desk, by mail, phone or letter.

    The same Idempotency-Key with the same body returns the first request's number for a day.
    """
    match = form.pop("match")
    place = form.pop("property") or mine().property
    with begin() as office:
        number = office.file_once(
            match, whose=f"token:{mine().id}", key=key(),
            by=me(), property=place, **form,
        )  # fmt: skip
    return {"number": number}


@operation("GET", "/requests", Permission.VIEW, bodies.Requests, bodies.Listing)
def requests(form: dict[str, Any]) -> Any:
    """List requests by pages: those whose answer is due first, then those that ended last."""
    number = form["page"] or 1
    with begin(write=False) as office:
        must(office, Permission.VIEW)
        page = office.page(number, me(), form["property"] or None, form["state"] or None)
    return {"requests": page.lines, "next": number + 1 if page.more else None}


@operation("GET", "/requests/<number>", Permission.VIEW, bodies.Stands)
def show(number: str, form: dict[str, Any]) -> Any:
    """Show where a request stands: numbers, days and words, nobody's data."""
    with begin() as office:
        return office.show(number, by=me())


@operation(
    "POST", "/requests/<number>/confirm", Permission.VERIFY, bodies.Coded, bodies.Confirm,
    keyed=True,
)  # fmt: skip
def confirm(number: str, form: dict[str, Any]) -> Any:
    """Record that and how a guest showed who they are; return the case code, once.

    The same Idempotency-Key with the same body returns the same code for a day.
    """
    # At rest there is no code, so that it is made anew of what came with it.
    code = made_of(f"token:{mine().id}:{number}:{key()}") if key() else ""
    made: list[str] = []

    def first() -> str:
        made.append(office.confirm(number, me(), form["how"], form["seen"], code))
        return number

    with begin() as office:
        once(office, form, first)
        if not made and not _opens(office, code, number):
            # Another one was given since, or the application has another key: it says where it is.
            first()
    return {"case_code": made[0] if made else code}


def _opens(office: Office, code: str, number: str) -> bool:
    """Return whether a case code still opens a request."""
    with suppress(TokenError):
        return office.case(code).number == plain_number(number)
    return False


@operation("GET", "/requests/<number>/plan", Permission.VIEW, bodies.Plan)
def plan(number: str, form: dict[str, Any]) -> Any:
    """Draw the plan of a request: what goes, what stays, what is in the way."""
    with begin() as office:
        return office.preview(number, by=me()).as_dict()


@operation("POST", "/requests/<number>/take", Permission.VERIFY, bodies.Done, bodies.Choose)
def take(number: str, form: dict[str, Any]) -> Any:
    """Say that a profile is the same person's."""
    with begin() as office:
        office.take(number, form["person"], me())
    return {"done": True}


@operation("POST", "/requests/<number>/leave", Permission.VERIFY, bodies.Done, bodies.Choose)
def leave(number: str, form: dict[str, Any]) -> Any:
    """Say that a profile is somebody else's."""
    with begin() as office:
        office.leave(number, form["person"], me())
    return {"done": True}


@operation("POST", "/requests/<number>/approve", Permission.APPROVE, bodies.Done, bodies.Approve)
def approve(number: str, form: dict[str, Any]) -> Any:
    """Approve the plan that was read, as a second person."""
    with begin() as office:
        office.approve(number, me(), form["digest"])
    return {"done": True}


@operation("POST", "/requests/<number>/refuse", Permission.REFUSE, bodies.Done, bodies.Refuse)
def refuse(number: str, form: dict[str, Any]) -> Any:
    """Refuse a request on a named ground; the guest is told, and how to complain."""
    with begin() as office:
        office.refuse(number, me(), form["ground"])
    return {"done": True}


@operation("POST", "/requests/<number>/extend", Permission.APPROVE, bodies.Until, bodies.Extend)
def extend(number: str, form: dict[str, Any]) -> Any:
    """Lengthen the time for the answer once; the guest is told why."""
    with begin() as office:
        return {"until": office.extend(number, me(), form["reason"])}


@operation("POST", "/requests/<number>/withdraw", Permission.FILE, bodies.Done)
def withdraw(number: str, form: dict[str, Any]) -> Any:
    """Take a request back for the guest, until it is carried out."""
    with begin() as office:
        office.withdraw(number, by=me())
    return {"done": True}


@operation("POST", "/requests/<number>/later", Permission.FILE, bodies.Done)
def ask_later(number: str, form: dict[str, Any]) -> Any:
    """Note that a guest wants to be told once, when the last of what stays has gone."""
    with begin() as office:
        office.ask_later(number, by=me())
    return {"done": True}


@operation("POST", "/requests/<number>/later/withdraw", Permission.FILE, bodies.Done)
def withdraw_later(number: str, form: dict[str, Any]) -> Any:
    """Note that they do not want it any more; a contact that was kept for it goes."""
    with begin() as office:
        office.withdraw_later(number, by=me())
    return {"done": True}


@operation("POST", "/requests/<number>/erase", Permission.ERASE, bodies.Stands)
def erase(number: str, form: dict[str, Any]) -> Any:
    """Carry out what was approved, then look for everything again; the worker may finish it."""
    carry_out(_run(), number, me(), seconds=PATIENCE)
    with begin() as office:
        case = office.show(number)
    return {name: case[name] for name in bodies.Stands().fields}


def _run() -> Run:
    """Return what runs a unit of work within this token, and again after a deadlock."""

    def run(unit: Any, /) -> Any:
        def once() -> Any:
            with begin() as office:
                return unit(office)

        return again(once)

    return run


@operation("GET", "/requests/<number>/certificate", Permission.VIEW, bodies.Anything)
def certificate(number: str, form: dict[str, Any]) -> Any:
    """Return the certificate of an erasure, as it can be checked offline."""
    with begin() as office:
        return office.certificate(number, by=me())


@operation("GET", "/requests/<number>/copy", Permission.VIEW, bodies.Outline)
def outline(number: str, form: dict[str, Any]) -> Any:
    """Return what a copy would hold, without its values: values go to the guest alone."""
    with begin() as office:
        told, digest = office.outline(number, me())
    return {"number": number, "digest": digest, **asdict(told)}


@operation("POST", "/requests/<number>/release", Permission.APPROVE, bodies.Until, bodies.Approve)
def release(number: str, form: dict[str, Any]) -> Any:
    """Release the copy that was read, as a second person; return the last day it lies ready."""
    with begin() as office:
        return {"until": office.release_copy(number, me(), form["digest"])}


@operation("GET", "/requests/<number>/recipients", Permission.VIEW, bodies.Items)
def told(number: str, form: dict[str, Any]) -> Any:
    """List who else holds copies and was told of an erasure, and how far each got."""
    with begin() as office:
        return {"items": office.told(number, by=me())}
