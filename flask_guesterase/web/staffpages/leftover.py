"""Staff deeds about what was found by value: it is another person's, or gone, or look again."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.permissions import Permission
from ...store.office import Office
from ...store.worker import look_again
from ..current import current
from .desk import deed, me, must, staff_pages

PATIENCE = 10.0
"""Seconds that somebody waits for a page; a search that takes longer is left to the worker."""


@staff_pages.post("/<number>/look-again")
def look_again_now(number: str) -> AnyResponse:
    """Look once more for what the erasure left; the host may have seen to it."""
    must(Permission.VERIFY)
    look_again(current.run, number, me(), seconds=PATIENCE)
    return redirect(url_for(".show", number=number), 303)


@staff_pages.post("/<number>/not-theirs")
def not_theirs(number: str) -> AnyResponse:
    """Say that finds are another person's, and check the request again."""
    finds = request.form.getlist("find")
    return _settled(number, lambda office: office.not_theirs(number, me(), finds))


@staff_pages.post("/<number>/is-gone")
def is_gone(number: str) -> AnyResponse:
    """Say of places whose values have ended that nothing is left, and check the request again."""
    places = request.form.getlist("place")
    return _settled(number, lambda office: office.is_gone(number, me(), places))


def _settled(number: str, settle: Callable[[Office], int]) -> AnyResponse:
    must(Permission.VERIFY)

    def said(office: Office) -> None:
        settle(office)
        # Where another search is on its way, the worker makes it and checks; nobody waits for it.
        waits = office.residue(number).get("state") == "waiting"
        if office.show(number)["state"] == "partial" and not waits:
            office.check(number)

    deed(said)
    return redirect(url_for(".show", number=number), 303)
