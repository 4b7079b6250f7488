"""A refusal names the article that it named when it was sent, whatever the law there is now."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from flask_guesterase.core import grounds
from flask_guesterase.core.answer import Answer
from flask_guesterase.core.lifecycle import Ground
from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from tests.store.hotel import Hotel

ANN = "ann@mail.example"
UNFOUNDED = "manifestly-unfounded"


def lies_in(hotel: Hotel, country: str) -> None:
    """Move the property to another country, as a correction of its settings does."""
    places = hotel.settings.properties
    moved = replace(places["sh"], country=country)
    hotel.settings = replace(hotel.settings, properties={**places, "sh": moved})


def refused(hotel: Hotel, ground: str = UNFOUNDED) -> tuple[str, str]:
    """Return number and case code of a request that was refused."""
    hotel.guest(1, name="Ann Berg", email=ANN)
    number = hotel.file(email=ANN, name="Ann Berg")
    with hotel.begin() as office:
        code = office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        office.refuse(number, "officer", ground)
    return number, code


def told(hotel: Hotel, code: str) -> Answer:
    """Return what the guest reads on the page of the case."""
    with hotel.begin() as office:
        answer = office.case(code).answer
    assert answer is not None
    return answer


def test_a_hotel_that_gets_another_law_names_what_was_named_then(any_hotel: Hotel) -> None:
    """A ground of the GDPR stays one on the page and in the letter about a complaint."""
    hotel = any_hotel
    hotel.grants["second"].add("complaint")
    lies_in(hotel, "DE")
    number, code = refused(hotel)
    then = told(hotel, code)
    assert then.article == "GDPR Art. 12(5)"
    lies_in(hotel, "CN")
    assert told(hotel, code) == then
    with hotel.begin() as office:
        given = Grievance("about-refusal", "It is not.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    assert told(hotel, code) == then
    with hotel.begin() as office:
        letter = office.complaint_letter(complaint, "second", "upheld", "")
    assert json.loads(letter.params["answer"])["article"] == then.article
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "upheld", "")
    assert told(hotel, code) == then


def test_a_text_that_changes_changes_no_refusal_that_was_sent(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Article and sentence are those of the letter, and of a later refusal the new ones."""
    lies_in(hotel, "DE")
    _, code = refused(hotel)
    then = told(hotel, code)
    anew = tuple(
        replace(each, article="New Act 1", en="It is new.") for each in grounds.EXEMPTIONS
    )
    monkeypatch.setattr(grounds, "EXEMPTIONS", anew)
    assert told(hotel, code) == then


def test_a_refusal_that_named_no_article_names_none_later(hotel: Hotel) -> None:
    """A country whose law is not recorded gave none; moving to Germany does not invent it."""
    lies_in(hotel, "AR")
    _, code = refused(hotel)
    assert told(hotel, code) == Answer("refused", ground=UNFOUNDED)
    lies_in(hotel, "DE")
    assert told(hotel, code) == Answer("refused", ground=UNFOUNDED)


def test_what_was_refused_before_reads_todays_law(any_hotel: Hotel) -> None:
    """A row that kept nothing is read as it was until now."""
    hotel = any_hotel
    lies_in(hotel, "DE")
    _, code = refused(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(sa.update(tables.request).values(article=None))
    assert told(hotel, code).article == "GDPR Art. 12(5)"
    lies_in(hotel, "CN")
    assert told(hotel, code).article == ""


def test_a_refusal_that_is_taken_back_forgets_its_article(hotel: Hotel) -> None:
    """Decided anew under another law, the draft and the refusal name that law's article."""
    hotel.grants["second"].add("complaint")
    lies_in(hotel, "DE")
    number, code = refused(hotel)
    with hotel.begin() as office:
        given = Grievance("about-refusal", "It is not.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned", "")
    assert [row["article"] for row in hotel.ours("request")] == [None]
    lies_in(hotel, "AR")
    with hotel.begin() as office:
        draft = office.refusal_letter(number, "officer", UNFOUNDED)
    assert json.loads(draft.params["answer"])["article"] == ""
    with hotel.begin() as office:
        office.refuse(number, "officer", UNFOUNDED)
    lies_in(hotel, "DE")
    assert told(hotel, code).article == ""
    assert [row["ground"] for row in hotel.ours("request")] == [Ground.UNFOUNDED]
