"""What anybody may read without a case: the age of the oldest record, and a stop to advertising."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import session

from flask_guesterase.store import tables
from flask_guesterase.store.access import limits, pulse
from flask_guesterase.store.access.pulse import Pulse
from flask_guesterase.store.figures import age
from flask_guesterase.web.gauge import age_pages
from tests.web.house import House
from tests.web.test_guest import statements


def test_the_age_is_shown_only_where_the_host_asks_for_it(house: House) -> None:
    """By itself there is neither a page nor a link to one."""
    browser = house.browser()
    assert "How old the oldest record is" not in browser.get("/privacy/?lang=en")
    browser.get("/privacy/age/", 404)


@pytest.mark.parametrize(
    ("months", "said"),
    [(13, "is 13 months old"), (1, "is one month old"), (0, "less than a month"),
     (None, "Nobody has counted lately")],
)  # fmt: skip
def test_the_age_in_whole_months_costs_one_statement(
    house: House, monkeypatch: pytest.MonkeyPatch, months: int | None, said: str
) -> None:
    """Rounded, the same for everybody, kept by browsers for an hour."""
    house.app.register_blueprint(age_pages, url_prefix="/privacy/age")
    browser = house.browser()
    assert "How old the oldest record is" in browser.get("/privacy/?lang=en")
    browser.get("/privacy/age/")
    with statements(house) as seen:
        browser.get("/privacy/age/")
    assert len([each for each in seen if "SELECT" in each]) == 1, seen
    monkeypatch.setattr(age, "told", lambda work: months)
    answer = browser.client.get("/privacy/age/?lang=en")
    assert said in answer.text
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert "no-store" not in answer.headers["Cache-Control"]
    assert browser.client.get("/privacy/age/age.json").get_json() == {"oldest_months": months}


@pytest.mark.parametrize(
    "path",
    ["/privacy/guesterase-static/guesterase.css", "/desk/privacy/guesterase-static/plan.css",
     "/privacy/age/", "/privacy/age/age.json"],
)  # fmt: skip
def test_nothing_between_keeps_an_answer_that_carries_a_session(house: House, path: str) -> None:
    """A host renews sessions with each answer; by that of a guest others would have their case."""
    house.app.register_blueprint(age_pages, url_prefix="/privacy/age")
    house.app.before_request(lambda: setattr(session, "permanent", True))
    with house.app.app_context(), house.extension.begin() as office:
        code = office.confirm(office.request({"email": "bea@mail.example"}, by="clerk"), "clerk")
    guest = house.browser()
    assert guest.post("/privacy/case", code=code).status_code == 303
    answer = guest.client.get(path)
    assert "session=" in answer.headers["Set-Cookie"]
    assert answer.cache_control.max_age == 3600
    assert answer.cache_control.private
    answer.close()


def test_a_record_of_days_to_come_is_no_month_old(house: House) -> None:
    """A house that opens in spring dates its stays by what is planned."""
    house.app.register_blueprint(age_pages, url_prefix="/privacy/age")
    house.begun()
    now = datetime.now(UTC)
    ahead = (now + timedelta(days=200)).date().isoformat()
    with house.hotel.engine.begin() as conn:
        pulse.put(conn, "oldest", Pulse(now.replace(tzinfo=None), ahead))
    assert house.browser().client.get("/privacy/age/age.json").get_json() == {"oldest_months": 0}


def test_what_goes_wrong_at_the_age_is_told_there(house: House) -> None:
    """Its errors have a page that leads to none of the others, which may not be there."""
    house.app.register_blueprint(age_pages, url_prefix="/privacy/age")
    house.app.testing = False
    browser = house.browser()
    assert "There is nothing here" in browser.get("/privacy/age/guesterase-static/none.css", 404)
    with house.hotel.engine.begin() as conn:
        tables.pulse.drop(conn)
    assert "This does not work at the moment" in browser.get("/privacy/age/?lang=en", 503)


def test_anybody_stops_advertising_and_learns_nothing(house: House) -> None:
    """Guest and stranger: the same statements and the same page; the mark counts for all hotels."""
    told = []
    house.browser().post("/privacy/advertising", "/privacy/advertising", email="b@mail.example")
    for contact in ({"email": "Ann@Mail.example"}, {"email": "stranger@mail.example"},
                    {"phone": "+8613912345678"}):  # fmt: skip
        browser = house.browser()
        token = browser.token("/privacy/advertising")
        with statements(house) as seen:
            answer = browser.client.post(
                "/privacy/advertising", data={**contact, "csrf_token": token}
            )
        # Which nodes of the journal's tree an entry completes depends on its place alone.
        sent = [each for each in seen if "guesterase_node" not in each]
        told.append((answer.status_code, answer.location, sent))
    assert told[0][:2] == (303, "/privacy/advertising/stopped")
    assert all(each == told[0] for each in told)
    with house.app.app_context():
        for hotel in ("sh", "mu"):
            assert house.extension.objects("ann@mail.example", hotel)
            assert house.extension.objects("+8613912345678", hotel)
        assert not house.extension.objects("bea@mail.example")
    assert "ann@mail" not in str(house.hotel.ours("mark")).casefold()
    assert "It is noted" in house.browser().get("/privacy/advertising/stopped?lang=en")


def test_both_contacts_are_noted(house: House) -> None:
    """Whoever gives an address and a number is written to at neither."""
    house.browser().post(
        "/privacy/advertising", "/privacy/advertising",
        email="ann@mail.example", phone="089 123456",
    )  # fmt: skip
    with house.app.app_context():
        for hotel in ("sh", "mu"):
            assert house.extension.objects("ann@mail.example", hotel)
            assert house.extension.objects("089 123456", hotel)


def test_a_chain_in_two_countries_reads_a_number_as_both_do(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number without its country may be of either: at neither house is it written to."""
    with house.app.app_context():
        known = house.extension.settings
    one = {code: replace(hotel, controller="Pine Ltd") for code, hotel in known.properties.items()}
    settings = property(lambda self: replace(known, properties=one))
    monkeypatch.setattr(type(house.extension), "settings", settings)
    house.browser().post("/privacy/advertising", "/privacy/advertising", phone="089 123456")
    with house.app.app_context():
        assert house.extension.objects("+49 89 123456", "mu")
        assert house.extension.objects("089 123456", "sh")


def test_what_is_no_contact_and_too_many_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said at the field; ten an hour from one place, so that nobody fills the marks."""
    browser = house.browser()
    for contact in ({}, {"email": "@"}, {"phone": "x"}):
        answer = browser.post("/privacy/advertising", "/privacy/advertising", **contact)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    assert house.hotel.ours("mark") == []
    monkeypatch.setitem(limits.LIMITS, "objection", (4, limits.LIMITS["objection"][1]))
    form = {"email": "a@mail.example"}
    tries = [browser.post("/privacy/advertising", "/privacy/advertising", **form) for _ in "12"]
    assert [answer.status_code for answer in tries] == [303, 429]
