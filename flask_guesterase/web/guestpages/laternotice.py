"""The guest's buttons for being told once that the last of what stayed has gone."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...store.office import Office
from ..current import current
from ..forms import pressing
from .guestdesk import CASE, guest_pages


@guest_pages.post("/case/later")
def ask_later() -> AnyResponse:
    """Note that the guest wants to be told; asked for again it stays so."""
    return _noted(Office.ask_later)


@guest_pages.post("/case/later/withdraw")
def withdraw_later() -> AnyResponse:
    """Note that the guest does not want to be told; what was kept for it goes."""
    return _noted(Office.withdraw_later)


def _noted(say: Callable[..., object]) -> AnyResponse:
    """Say it of the case that is open in this browser, once however often it is pressed."""
    code = str(session.get(CASE, ""))
    with current.begin() as office:
        number = office.case(code).number
        pressing.once(office, lambda: say(office, number, code=code))
    return redirect(url_for(".case"), 303)
