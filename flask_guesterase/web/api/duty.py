"""The day at desk and office, over the API: claim codes, the queue, shifts, and what is alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...core.permissions import Permission
from ..staffpages.persons import named
from . import bodies
from .door import begin, me, mine, must, once
from .route import operation


@operation("POST", "/claims", Permission.VERIFY, bodies.Claimed, bodies.Claim, status=201)
def print_claim(form: dict[str, Any]) -> Any:
    """Make a claim code for a guest who stands at the desk, shown once; earlier ones end."""
    place = form["property"] or mine().property
    with begin() as office:
        return asdict(office.print_claim(form["match"], property=place, by=me()))


@operation("GET", "/queue", None, bodies.Items)
def queue(form: dict[str, Any]) -> Any:
    """List open requests by the day they are due, with who looks after each.

    It needs view, and verify or approve.
    """
    with begin(write=False) as office:
        must(office, Permission.VIEW)
        must(office, Permission.VERIFY, Permission.APPROVE)
        return {"items": office.queue(me())}


@operation("POST", "/requests/<number>/look-after", None, bodies.Done, bodies.Deputy)
def look_after(number: str, form: dict[str, Any]) -> Any:
    """Say that one looks after a request, and who stands in.

    It needs verify or approve at the property.
    """
    with begin() as office:
        office.look_after(number, me(), named(form["deputy"]))
    return {"done": True}


@operation("GET", "/handovers", None, bodies.Items)
def handovers(form: dict[str, Any]) -> Any:
    """List shifts that were handed over, those nobody took yet first.

    It needs verify or approve.
    """
    with begin(write=False) as office:
        must(office, Permission.VERIFY, Permission.APPROVE)
        return {"items": office.handovers(me())}


@operation("POST", "/handovers", None, bodies.Identified, bodies.Shift, status=201, keyed=True)
def hand_over(form: dict[str, Any]) -> Any:
    """End one's shift with a note for who comes, without anybody's data in it.

    It needs verify or approve at the property. The same Idempotency-Key with the same body returns
    the first shift's number for a day.
    """
    place = form["property"] or mine().property
    with begin() as office:
        made = once(office, form, lambda: office.hand_over(place, form["note"], me()))
    return {"id": int(made)}


@operation("POST", "/handovers/<int:shift>/take", None, bodies.Counted)
def take_over(shift: int, form: dict[str, Any]) -> Any:
    """Take a shift over with its open requests; return how many.

    It needs verify or approve at the property.
    """
    with begin() as office:
        return {"count": office.take_over(shift, me())}


@operation("GET", "/alike", Permission.APPROVE, bodies.Items)
def alike(form: dict[str, Any]) -> Any:
    """List groups of requests of low risk about which exactly the same would be decided."""
    with begin(write=False) as office:
        must(office, Permission.APPROVE)
        return {"items": [asdict(group) for group in office.alike(me())]}


@operation("POST", "/alike", Permission.APPROVE, bodies.Counted, bodies.Chosen)
def approve_alike(form: dict[str, Any]) -> Any:
    """Approve requests that are alike, all of them or none, each with the digest that was read."""
    with begin() as office:
        return {"count": office.approve_alike(form["chosen"], me())}
