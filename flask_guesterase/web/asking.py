"""The guest asks: one question a page, each with an address of its own, and a look before sending.

Any page can be opened again and answered anew, by the browser's own way back or by a link; what is
not answered yet is asked next. Nothing is sent and no data is looked at before the last button.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ..core.errors import InputError
from ..core.wish import Wish
from ..store.settings import Property
from . import ending, jotted, schemas
from .current import current
from .guestdesk import guest_pages
from .pages import language, no_fields
from .schemas import read
from .words import word

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
    jotted.jot(given)
    return redirect(_next({**jotted.jotted(), **given}), 303)


@guest_pages.get("/ask/check")
def check_answers() -> AnyResponse:
    """Show what will be sent and what ends for good, before anything is sent."""
    answers = jotted.jotted()
    if _open(answers):
        return redirect(_next(answers), 303)
    hotel = _hotel(answers)
    page = render_template(
        "guesterase/guest/check.html",
        answers=answers,
        hotel=hotel,
        wish=word(language(), f"wish-{answers['wish']}"),
        ends=None if answers["wish"] == Wish.COPY else ending.told(language(zone=hotel.zone)),
        many=len(_hotels()) > 1,
    )
    return make_response(page)


@guest_pages.post("/ask/check")
def send() -> AnyResponse:
    """Take the request in: the same statements and the same answer for everyone."""
    answers = jotted.jotted()
    if _open(answers):
        return redirect(_next(answers), 303)
    hotel = _hotel(answers)
    form = {name: text for name, text in answers.items() if name != "property"}
    with current.begin() as office:
        office.intake(
            form,
            property=hotel.code,
            channel="form",
            lang=language().code,
            remote_mark=request.remote_addr or "",
        )
    jotted.drop()
    both = answers["wish"] == Wish.COPY_FIRST
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
    return [each for each in QUESTIONS if each != "hotel" or len(_hotels()) > 1]


def _open(answers: Mapping[str, str]) -> list[str]:
    """Return the questions that are not answered yet, in order."""
    return [each for each in _wanted() if FIELDS[each] not in answers]


def _next(answers: Mapping[str, str]) -> str:
    still = _open(answers)
    return _address(still[0]) if still else url_for(".check_answers")


def _address(question: str) -> str:
    return url_for(".ask" if question == "wish" else f".ask_{question}")


def _question(values: Any, problems: dict[str, list[str]]) -> str:
    wanted, asked = _wanted(), _asked()
    place = wanted.index(asked) if asked in wanted else 0
    return render_template(
        f"guesterase/guest/ask/{asked}.html",
        values=values,
        problems=problems,
        place=place + 1,
        many=len(wanted),
        back=_address(wanted[place - 1]) if place else url_for(".index"),
        hotel_options=[(hotel.code, hotel.name) for hotel in _hotels()],
        wish_options=[(w.value, word(language(), f"wish-{w}")) for w in Wish],
    )


def _hotel(answers: Mapping[str, str]) -> Property:
    hotels = _hotels()
    return current.settings.property(answers["property"]) if len(hotels) > 1 else hotels[0]


def _hotels() -> list[Property]:
    return list(current.settings.properties.values())
