"""Intake without an oracle, and whose rows a request is about."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from flask_guesterase.core.errors import (
    ForbiddenError,
    InputError,
    LimitError,
    MatchError,
    TokenError,
    UnknownError,
)
from flask_guesterase.store.access import tokens
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.upkeep import dispatch
from tests.store.hotel import Booking, Companion, Guest, Hotel, policies


def standings(hotel: Hotel) -> dict[str, str]:
    """Return row key -> standing of all subject rows."""
    return {row["row_key"]: row["standing"] for row in hotel.ours("subject")}


def test_the_form_runs_the_same_statements_for_everybody(any_hotel: Hotel) -> None:
    """A guest, a stranger and a malformed address leave the same trace in the database."""
    hotel = any_hotel
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.ask(name="first", email="of-the-day@example.com")
    said: list[list[str]] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        said[-1].append(statement)

    event.listen(hotel.engine, "before_cursor_execute", note)
    forms: list[dict[str, str]] = [
        {"name": "Ann", "email": "ann@example.com"},
        {"name": "Nobody", "email": "nobody@example.com"},
        {"name": "", "email": "not an address", "phone": "0", "booking": "\u0000'\""},
        {"name": "x" * 5000, "phone": "+8613812345678"},
    ]
    for form in forms:
        said.append([])
        hotel.ask(**form)
    event.remove(hotel.engine, "before_cursor_execute", note)
    assert said[0]
    assert all(statements == said[0] for statements in said)
    assert not any("guesterase_tree" in statement for statement in said[0])
    assert len({len(row["sealed"]) for row in hotel.ours("intake")}) == 1


def test_a_strangers_intake_leaves_nothing(hotel: Hotel) -> None:
    """Nobody on file: no request, no message, and the row is gone."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.ask(name="Eve", email="eve@example.com")
    hotel.ask(name="Eve", email="eve")
    hotel.ask(name="Eve", phone="12")
    assert hotel.look() == 3
    for name in ("intake", "request", "subject", "outbox", "token", "contact"):
        assert hotel.ours(name) == []


def test_what_cannot_be_opened_ends_after_a_day(hotel: Hotel) -> None:
    """A row whose key is gone waits for it, and no longer than 24 hours."""
    hotel.ask(name="Ann", email="ann@example.com")
    hotel.custodian.forget("intake:2026-03-10")
    assert hotel.look() == 0
    hotel.later(hours=25)
    assert hotel.look() == 1
    assert hotel.ours("intake") == []


def test_the_form_counts_tries_by_where_they_come_from(hotel: Hotel) -> None:
    """The twenty-first try of an hour is refused; an hour later it is not."""
    for _ in range(20):
        hotel.ask(name="Ann", email="ann@example.com")
    with pytest.raises(LimitError):
        hotel.ask(name="Ann", email="ann@example.com")
    assert len(hotel.ours("intake")) == 20
    hotel.later(hours=1)
    hotel.ask(name="Ann", email="ann@example.com")


def test_the_link_goes_to_the_contact_on_file_as_it_is_on_file(hotel: Hotel) -> None:
    """Never to an address that was only typed, not even in another spelling."""
    hotel.guest(1, name="王小明", email="Wang@Example.com", phone="138 1234 5678")
    hotel.ask(name="王小明", email="evil@example.com", phone="+86 13812345678")
    hotel.look()
    with hotel.begin() as office:
        (parcel,) = dispatch.claim(office.work, frozenset({"smtp", "sms"}))
    assert (parcel.channel, parcel.content["to"]) == ("sms", "138 1234 5678")


def test_who_shares_a_mailbox_is_offered_and_not_taken(hotel: Hotel) -> None:
    """One of a couple asks; the other's row is perhaps, never silently theirs."""
    hotel.guest(1, name="Ann Berg", email="home@example.com", phone="13812345678")
    hotel.guest(2, name="Bob Berg", email="home@example.com", phone="13812345678")
    hotel.ask(name="Ann Berg", email="home@example.com", phone="13812345678")
    hotel.look()
    assert standings(hotel) == {"int:1": "taken", "int:2": "perhaps"}


def test_a_row_with_another_contact_than_the_proved_one_is_not_taken(hotel: Hotel) -> None:
    """Reading a mailbox proves nothing about a phone, even where both were given."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.guest(2, name="Ann Berg", phone="13812345678")
    hotel.ask(name="Ann Berg", email="ann@example.com", phone="13812345678")
    hotel.look()
    assert standings(hotel) == {"int:1": "taken"}


def test_an_alias_mailbox_on_many_rows_takes_nobody(hotel: Hotel) -> None:
    """Five hundred guests of one booking site: a person looks, the guest gets a link."""
    for id in range(1, 501):
        hotel.guest(id, name=f"Guest {id}", email="alias@ota.example")
    hotel.ask(name="Guest 7", email="alias@ota.example")
    hotel.look()
    assert set(standings(hotel).values()) == {"perhaps"}
    assert len(standings(hotel)) == 500
    assert len(hotel.ours("outbox")) == 1


def test_a_booking_number_that_is_not_theirs_speaks_against_a_row(hotel: Hotel) -> None:
    """Same name, same mailbox, another booking: a person looks."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.guest(2, name="Ann Berg", email="ann@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Booking, id=2, number="B2", guest_id=2)
    hotel.ask(name="Ann Berg", email="ann@example.com", booking="b1")
    hotel.look()
    assert standings(hotel) == {"int:1": "taken", "int:2": "perhaps"}


def test_guests_of_another_property_are_not_found(hotel: Hotel) -> None:
    """Who stayed elsewhere is a stranger here."""
    hotel.guest(1, hotel="mu", name="Ann", email="ann@example.com")
    hotel.ask(name="Ann", email="ann@example.com")
    hotel.look()
    assert hotel.ours("request") == []


def test_a_match_that_is_no_contact_proves_nothing(hotel: Hotel) -> None:
    """A phone by which staff can search, but nobody is written to, opens nothing by form."""
    declared = policies(str(hotel.files))
    guest, policy = declared[0]
    assert policy.subject is not None
    subject = replace(policy.subject, contact=["email"])
    hotel.datamap = hotel.mapped([(guest, replace(policy, subject=subject)), *declared[1:]])
    hotel.guest(1, name="Ann", email="ann@example.com", phone="13812345678")
    hotel.ask(name="Ann", phone="13812345678")
    hotel.look()
    assert hotel.ours("request") == []
    assert hotel.file(phone="13812345678")


def test_asking_twice_makes_one_request_and_few_messages(hotel: Hotel) -> None:
    """Whoever asks again, under any name, is written to at most three times a day."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    for name in ("Ann", "ann", "ANN", "Ann", "Ann"):
        hotel.ask(name=name, email="ann@example.com")
        hotel.look()
    assert len(hotel.ours("request")) == 1
    assert len(hotel.ours("outbox")) == len(hotel.ours("token")) == 3
    for name in ("Eve", "Mallory", "Trent"):
        hotel.ask(name=name, email="ann@example.com")
        hotel.look()
    assert len(hotel.ours("request")) == 2
    assert len(hotel.ours("outbox")) == 6
    hotel.later(days=1)
    hotel.ask(name="Ann", email="ann@example.com")
    hotel.look()
    assert len(hotel.ours("outbox")) == 7


def test_who_asks_again_in_another_language_can_read_the_letter(hotel: Hotel) -> None:
    """They may have asked again since they could not read the first; the newest form decides.

    What a person at the desk wrote down stays, but for the letter.
    """
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.guest(2, name="Bea", email="bea@example.com")
    with hotel.begin() as office:
        office.request({"email": "bea@example.com"}, property="sh", by="clerk", lang="zh")
    for name, lang in (("ann", "zh"), ("ann", "en"), ("bea", "en")):
        with hotel.begin() as office:
            office.intake(
                {"name": name.title(), "email": f"{name}@example.com"}, property="sh",
                channel="form", lang=lang, remote_mark="192.0.2.1",
            )  # fmt: skip
        hotel.look()
    with hotel.begin() as office:
        parcels = dispatch.claim(office.work, frozenset({"smtp"}))
    told = [(parcel.content["to"][:3], parcel.content["lang"]) for parcel in parcels]
    assert told == [("ann", "zh"), ("ann", "en"), ("bea", "en")]
    assert [row["lang"] for row in hotel.ours("request")] == ["zh", "en"]


def test_who_asks_again_after_proving_gets_no_new_link(hotel: Hotel) -> None:
    """The open request is named, and nothing can be confirmed twice."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    number = hotel.file(email="ann@example.com", name="Ann")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    for _ in range(5):
        hotel.ask(name="Ann", email="ann@example.com")
        hotel.look()
    sent = [row["template"] for row in hotel.ours("outbox")]
    assert sent == ["objection", "open", "open", "open"]
    assert not [row for row in hotel.ours("token") if row["purpose"] == "confirm"]
    assert hotel.ours("request")[0]["number"] == number
    assert len(hotel.ours("request")) == 1


def link(hotel: Hotel) -> str:
    """Ask as a guest and return the secret of the link that was sent."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.ask(name="Ann", email="ann@example.com")
    hotel.look()
    with hotel.begin() as office:
        (parcel,) = dispatch.claim(office.work, frozenset({"smtp"}))
        return str(parcel.content["params"]["token"])


def test_looking_at_a_link_uses_nothing_and_using_it_twice_fails(any_hotel: Hotel) -> None:
    """A mail scanner opens it, the guest confirms it, a second press is told so."""
    hotel = any_hotel
    token = link(hotel)
    with hotel.begin() as office:
        assert office.open_link(token).state == office.open_link(token).state == "received"
        code = office.confirm_link(token)
    assert len(tokens.plain(code)) >= 20
    for call in ("open_link", "confirm_link"):
        with hotel.begin() as office, pytest.raises(TokenError, match="before"):
            getattr(office, call)(token)
    with hotel.begin() as office:
        assert office.case(f" {code.lower()} ").word == "deciding"
        with pytest.raises(TokenError, match="not known"):
            office.case(code[:-1] + ("3" if code[-1] == "2" else "2"))
        with pytest.raises(TokenError):
            office.confirm_link("")
    stored = repr(hotel.ours("token"))
    assert token not in stored
    assert tokens.plain(code) not in stored


def test_a_link_ends_after_a_day(hotel: Hotel) -> None:
    """Twenty-four hours later the guest asks again."""
    token = link(hotel)
    hotel.later(hours=24)
    with hotel.begin() as office, pytest.raises(TokenError, match="expired"):
        office.confirm_link(token)


def test_what_nobody_confirmed_ends_after_a_week(hotel: Hotel) -> None:
    """A request from the form expires; one from the desk waits for a person."""
    link(hotel)
    hotel.guest(2, name="Bea", email="bea@example.com")
    desk = hotel.file(email="bea@example.com")
    hotel.later(days=6)
    with hotel.begin() as office:
        assert office.expire() == 0
    hotel.later(days=1)
    with hotel.begin() as office:
        assert office.expire() == 1
        assert load(office.work, desk).state == "received"
    states = sorted(row["state"] for row in hotel.ours("request"))
    assert states == ["expired", "received"]
    assert len(hotel.ours("contact")) == 1


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"email": ""},
        {"email": None},
        {"email": "0"},
        {"email": "ann"},
        {"phone": "--"},
        {"name": "Ann"},
        {"shoe_size": "42"},
        {"guests": "1"},
    ],
)
def test_a_match_that_means_nobody_is_a_named_problem(hotel: Hotel, match: dict[str, Any]) -> None:
    """Empty, malformed and unknown keys are MatchErrors and record nothing."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    with pytest.raises(MatchError) as refused:
        hotel.file(**match)
    assert "dict" not in str(refused.value), "a clerk reads it"
    assert hotel.ours("request") == []


def test_the_desk_is_told_when_nobody_is_on_file(hotel: Hotel) -> None:
    """An unknown guest is an UnknownError, as is an unknown property."""
    with pytest.raises(UnknownError):
        hotel.file(email="ann@example.com")
    with hotel.begin() as office, pytest.raises(UnknownError):
        office.request({"email": "ann@example.com"}, property="nowhere", by="clerk")


def test_only_who_may_files_and_only_here(hotel: Hotel) -> None:
    """A stranger to the host, an auditor, and a clerk at another hotel are refused."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    for by in ("auditor", "nobody", ""):
        with pytest.raises(ForbiddenError):
            hotel.file(by=by, email="ann@example.com")
    hotel.guest(2, hotel="mu", name="Ann", email="ann@example.com")
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.request({"email": "ann@example.com"}, property="mu", by="clerk")


def test_the_desk_records_channel_and_day_of_receipt(hotel: Hotel) -> None:
    """The legal clock starts when the letter came, not when it was typed."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    with hotel.begin() as office:
        number = office.request(
            {"email": "ann@example.com"},
            property="sh",
            channel="letter",
            received=date(2026, 1, 31),
            by="clerk",
        )
        shown = office.show(number)
        assert (shown["channel"], shown["due_on"]) == ("letter", "2026-02-20")
        assert shown["filed_by"] == "a1"
        assert shown["lang"] == "zh"
        for wrong in ({"channel": "dove"}, {"received": date(2026, 3, 11)}):
            with pytest.raises(InputError):
                office.request({"email": "ann@example.com"}, property="sh", by="clerk", **wrong)


def test_filing_the_same_again_returns_the_open_request(hotel: Hotel) -> None:
    """However it is spelled, one person has one open request at one property."""
    hotel.guest(1, name="Ann", email="ann@example.com", phone="13812345678")
    first = hotel.file(email="ann@example.com")
    assert hotel.file(email=" ANN@example.com ") == first
    assert hotel.file(phone="+86 138 1234 5678", name="ann") == first
    with hotel.begin() as office:
        office.withdraw(first)
    assert hotel.file(email="ann@example.com") != first


def test_filing_the_same_at_the_same_moment_makes_one_request(any_hotel: Hotel) -> None:
    """Two clicks, or a clerk and the form that the guest sent: one request, one answer."""
    hotel, numbers = any_hotel, list[str]()
    hotel.guest(1, name="Ann", email="ann@example.com")
    with hotel.begin() as office:
        office.acts_as("clerk")

    def file() -> None:
        numbers.append(hotel.file(email="ann@example.com"))

    second = threading.Thread(target=file)
    with hotel.begin() as office:
        numbers.append(office.request({"email": "ann@example.com"}, property="sh", by="clerk"))
        second.start()
        second.join(0.5)
    second.join()
    assert numbers == [numbers[0]] * 2
    assert len(hotel.ours("request")) == 1


def test_a_group_booking_at_the_desk_takes_nobody_without_a_name(hotel: Hotel) -> None:
    """A booking number alone does not choose among its guests; with a name it does."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Companion, booking_id=1, guest_id=1)
    hotel.file(booking="b1", name="Bea")
    assert standings(hotel) == {"int:1": "perhaps"}
    number = hotel.file(booking="b1", name="Ann")
    with hotel.begin() as office:
        assert [look.standing for look in office.preview(number).people] == ["taken"]
    assert hotel.rows(Guest)[0]["name"] == "Ann"


def test_without_a_property_it_is_the_one_where_they_are_on_file(hotel: Hotel) -> None:
    """One answer is taken, several are asked back, and a clerk sees only their own hotels."""
    hotel.guest(1, hotel="mu", name="Ann", email="ann@example.com")
    hotel.guest(2, hotel="sh", name="Bea", email="bea@example.com")
    hotel.guest(3, hotel="mu", name="Bea", email="bea@example.com")
    with hotel.begin() as office:
        number = office.request({"email": "ann@example.com"})
        assert office.show(number)["property"] == "mu"
        with pytest.raises(InputError):
            office.request({"email": "bea@example.com"})
        with pytest.raises(UnknownError):
            office.request({"email": "ann@example.com"}, by="clerk")
        number = office.request({"email": "bea@example.com"}, by="clerk")
        assert office.show(number)["property"] == "sh"
        with pytest.raises(ForbiddenError):
            office.request({"email": "bea@example.com"}, by="auditor")


@pytest.mark.parametrize("lang", ["en-US,en;q=0.9", "de\r\nBcc: a", "\0", "Deutsch, bitte", "z"])
def test_what_is_no_language_is_refused_on_every_engine(hotel: Hotel, lang: str) -> None:
    """A browser's list of wishes passed on SQLite, and failed on the others as too long."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    match, given = {"email": "ann@example.com"}, Grievance("about-manner", "Rude.", "sh", lang=lang)
    with pytest.raises(InputError), hotel.begin() as office:
        office.request(match, property="sh", by="clerk", lang=lang)
    with pytest.raises(InputError), hotel.begin() as office:
        office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        assert office.request(match, property="sh", by="clerk", lang="zh_Hant_TW")
