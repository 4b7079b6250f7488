"""The guest asks: one question a page, each with an address of its own, and a look before sending.

Any page can be opened again and answered anew, by the browser's own way back or by a link; what is
not answered yet is asked next. Nothing is sent and no data is looked at before the last button.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError
from ...core.wish import Wish
from ...store.settings import Property
from ..current import current
from ..forms import jotted, pressing, schemas
from ..forms.schemas import read
from ..pages import no_fields
from ..wording import ending
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import word
from .guestdesk import every_hotel, guest_pages

QUESTIONS: dict[str, Callable[[], schemas.Form]] = {
    "wish": schemas.AskWish,
    "hotel": lambda: schemas.AskHotel(property=current.settings.properties),
    "name": schemas.AskName,
    "contact": schemas.AskContact,
    "booking": schemas.AskBooking,
}
"""Question -> what its answer must be, in the order in which they are asked."""

FIELDS = {"wish": "wish", "hotel": "property", "name": "name", "contact": "email",
          "booking": "booking"}  # fmt: skip
"""Question -> field that is there, if perhaps empty, once it was answered."""


@guest_pages.get("/ask")
@guest_pages.get("/ask/hotel", endpoint="ask_hotel")
@guest_pages.get("/ask/name", endpoint="ask_name")
@guest_pages.get("/ask/contact", endpoint="ask_contact")
@guest_pages.get("/ask/booking", endpoint="ask_booking")
def ask() -> str:
    """Show one question, with what was answered before."""
    return _question(jotted.jotted(), {})


@guest_pages.post("/ask")
@guest_pages.post("/ask/hotel", endpoint="answer_hotel")
@guest_pages.post("/ask/name", endpoint="answer_name")
@guest_pages.post("/ask/contact", endpoint="answer_contact")
@guest_pages.post("/ask/booking", endpoint="answer_booking")
def answer() -> AnyResponse:
    """Keep one answer in the guest's browser, and go on to what is not answered yet."""
    try:
        given = read(QUESTIONS[_asked()](), request.form)
    except InputError as problem:
        return make_response(_question(request.form, no_fields(problem)), 422)
    lapsed = jotted.lapsed()
    jotted.jot(given)
    return redirect(_next({**jotted.jotted(), **given}, lapsed), 303)


@guest_pages.get("/ask/check")
def check_answers() -> AnyResponse:
    """Show what will be sent and what ends for good, before anything is sent."""
    answers = jotted.jotted()
    if _open(answers):
        return redirect(_next(answers, jotted.lapsed()), 303)
    return make_response(_check(answers))


def _check(answers: Mapping[str, str], changed: bool = False) -> str:
    hotel = _hotel(answers)
    return render_template(
        "guesterase/guest/check.html",
        answers=answers,
        mark=jotted.mark(),
        changed=changed,
        hotel=hotel,
        wish=word(language(), f"wish-{answers['wish']}"),
        ends=None if answers["wish"] == Wish.COPY else ending.told(language(zone=hotel.zone)),
        many=len(every_hotel()) > 1,
    )


@guest_pages.post("/ask/check")
def send() -> AnyResponse:
    """Take the request in: the same statements and the same answer for everyone.

    What is sent is what the page showed: answers that were changed in another window are shown
    once more, and a button that is pressed twice sends once.
    """
    answers, read = jotted.jotted(), request.form.get("read", jotted.mark())
    sent, both = session.get(_SENT, ("", False))
    if read == sent:
        return _received(both)
    if _open(answers):
        return redirect(_next(answers, jotted.lapsed()), 303)
    if read != jotted.mark():
        return make_response(_check(answers, changed=True), 409)
    hotel = _hotel(answers)
    form = {name: text for name, text in answers.items() if name != "property"}
    with current.begin() as office:
        # The browser knows that it sent them once it has the answer, which a second press drops.
        # Other answers are another request, whatever else the form holds.
        pressing.once(office, lambda: office.intake(
            form, property=hotel.code, channel="form", lang=language().code,
            remote_mark=request.remote_addr or "",
        ), read)  # fmt: skip
    jotted.drop()
    both = answers["wish"] == Wish.COPY_FIRST
    session[_SENT] = (read, both)
    return _received(both)


_SENT = "guesterase_sent"
"""Under which a browser keeps the mark of the answers it sent last, and whether for both wishes."""


def _received(both: bool) -> AnyResponse:
    return redirect(url_for(".asked_both" if both else ".asked"), 303)


@guest_pages.get("/asked")
@guest_pages.get("/asked/both", endpoint="asked_both")
def asked() -> str:
    """Say what happens next; there is nothing in this page that depends on who asked."""
    both = (request.endpoint or "").endswith(".asked_both")
    return render_template("guesterase/guest/asked.html", both=both)


def _asked() -> str:
    """Return the question of this address."""
    last = request.path.rpartition("/")[2]
    return last if last in QUESTIONS else "wish"


def _wanted() -> list[str]:
    """Return the questions there are here: where there is one hotel, it is not asked for."""
    return [each for each in QUESTIONS if each != "hotel" or len(every_hotel()) > 1]


def _open(answers: Mapping[str, str]) -> list[str]:
    """Return the questions that are not answered yet, in order."""
    return [each for each in _wanted() if FIELDS[each] not in answers]


def _next(answers: Mapping[str, str], lapsed: bool = False) -> str:
    still = _open(answers)
    return _address(still[0], lapsed) if still else url_for(".check_answers")


def _address(question: str, lapsed: bool = False) -> str:
    page = ".ask" if question == "wish" else f".ask_{question}"
    return url_for(page, lapsed=1 if lapsed else None)


def _question(values: Any, problems: dict[str, list[str]]) -> str:
    wanted, asked = _wanted(), _asked()
    place = wanted.index(asked) if asked in wanted else 0
    return render_template(
        f"guesterase/guest/ask/{asked}.html",
        values=values,
        problems=problems,
        lapsed="lapsed" in request.args,
        place=place + 1,
        many=len(wanted),
        back=_address(wanted[place - 1]) if place else url_for(".index"),
        hotel_options=[(hotel.code, hotel.name) for hotel in every_hotel()],
        wish_options=[(w.value, word(language(), f"wish-{w}")) for w in Wish],
    )


def _hotel(answers: Mapping[str, str]) -> Property:
    hotels = every_hotel()
    return current.settings.property(answers["property"]) if len(hotels) > 1 else hotels[0]
