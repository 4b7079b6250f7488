"""The blueprint of the guest's pages, how tries are counted there, and what a browser keeps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from time import time as clock
from typing import Any, TypeVar

from flask import Response, request, session

from ...core.errors import TokenError
from ...store.access.tokens import plain
from ...store.office import Office
from ...store.requests.views import CaseView
from ...store.settings import Property
from ..current import current
from ..forms import fresh, jotted, pressing
from ..pages import pages, unsent
from ..wording.problems import ANOTHER_CASE, ANOTHERS_LINK
from ..wording.rendering import render_template

_Result = TypeVar("_Result")

guest_pages = pages("guesterase_guest", "guest")
"""Blueprint for guests; the host registers it under a prefix of its own."""

CASE = "guesterase_case"
"""Under which a browser keeps its case code."""

TICKET = "guesterase_ticket"
"""Under which a browser keeps the ticket by which it reads an opened copy for half an hour."""

COMPLAINED = "guesterase_complained"
"""Under which a browser keeps the number of the complaint it sent, and the code of the hotel."""

HELD = 60 * 60
"""Seconds without a look after which a browser forgets its case: others may use the device. A form
that lay open for as long is not taken any more either."""

_SEEN = "guesterase_case_seen"


def every_hotel() -> list[Property]:
    """Return the hotels a guest may mean."""
    return list(current.settings.properties.values())


def keep(code: str) -> None:
    """Keep a case code in this browser; what was opened or sent for another case is forgotten.

    :param code: a code that opens a case.
    """
    if plain(str(session.get(CASE, ""))) != plain(code):
        for name in (TICKET, COMPLAINED):
            session.pop(name, None)
        fresh.renew()
    session[CASE], session[_SEEN] = code, int(clock())


def keep_complaint(number: str, property_: str) -> None:
    """Keep the number of a complaint in this browser, for its page to be read again.

    :param number: number of the complaint.
    :param property_: code of the hotel it is about.
    """
    session[COMPLAINED], session[_SEEN] = (number, property_), int(clock())


def leave_others(number: str) -> None:
    """Forget the case this browser holds where a copy of another one is opened in it.

    :param number: number of the request whose copy it is.
    """
    if CASE not in session:
        return
    try:
        with current.begin(write=False) as office:
            mine = office.case(session[CASE]).number
    except TokenError:
        mine = ""
    if mine != number:
        forget()


def forget() -> None:
    """Forget in this browser whatever it holds of a guest: case, copy, complaint and answers."""
    for name in (CASE, COMPLAINED, _SEEN, TICKET):
        session.pop(name, None)
    jotted.drop()
    pressing.drop()


@guest_pages.before_request
def close_unwatched() -> None:
    """Forget what nobody looked at for an hour; a look begins the hour anew."""
    if (request.endpoint or "").endswith(".static") or not {CASE, COMPLAINED} & session.keys():
        return
    if clock() - session.get(_SEEN, 0) > HELD:
        forget()
    else:
        session[_SEEN] = int(clock())


def held() -> str:
    """Return the mark of the case this browser holds, which its forms carry; or nothing."""
    code = plain(str(session.get(CASE, "")))
    return pressing.made_of(f"held:{code}") if code else ""


@guest_pages.before_request
def keep_apart() -> Response | None:
    """Take no form about one case once a link has opened another one in this browser."""
    mine = held() if request.method == "POST" else ""
    # What programs send is theirs to be read as it came: they hold no case.
    meant = request.form.get("held", "") if mine else ""
    return unsent(ANOTHER_CASE, "guest") if meant and meant != mine else None


def count(action: str) -> None:
    """Count a try in a transaction of its own, so that it counts when what follows fails.

    :param action: what is tried.
    :raises LimitError: there were too many.
    """
    with current.begin() as office:
        office.attempt(action, request.remote_addr or "")


def opened(
    action: str,
    unit: Callable[[Office], _Result],
    again: Callable[[Office], _Result] | None = None,
) -> _Result:
    """Do what a link or a code opens; one that opens nothing is counted as a try.

    A right one passes however many wrong ones came from there: it is too long to be guessed, and
    a whole hotel may have one address.

    :param action: what is tried; nothing is counted where it is empty.
    :param unit: uses the secret.
    :param again: finds what this browser got when its button was pressed before.
    :raises TokenError: it opens nothing.
    :raises LimitError: it opens nothing, and there were too many such.
    """
    try:
        with current.begin() as office:
            return unit(office)
    except TokenError:
        if again is not None:
            with suppress(TokenError), current.begin(write=False) as office:
                return again(office)
        if action:
            count(action)
        raise


def confirmed(
    secret: str, proved: Callable[[Office, str], str], action: str = ""
) -> tuple[str, CaseView]:
    """Use a link or a slip up; return the case code and the case that it opens.

    Where this browser pressed the button before, both are what they were then.

    :param secret: what the link or the slip holds.
    :param proved: takes the proof and gives the case that code.
    :param action: what is counted as a try where it opens nothing; nothing is where it is empty.
    :raises TokenError: it opens nothing.
    :raises LimitError: it opens nothing, and there were too many such.
    """
    code = pressing.code(secret)

    def first(office: Office) -> CaseView:
        proved(office, code)
        return office.case(code)

    return code, opened(action, first, lambda office: office.case(code))


def anothers(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let who stops something or is a reviewer, and has no case with us, not be sent to a form."""

    @wraps(view)
    def told(**given: Any) -> Any:
        try:
            return view(**given)
        except TokenError:
            return unsent(ANOTHERS_LINK, "guest", again=False)

    return told


def moved(case: CaseView) -> str:
    """Say that a link is not needed any more, since its request has moved on.

    :param case: the request that the link confirmed, or would have.
    """
    return render_template("guesterase/guest/moved.html", case=case)
