"""The main job through the office: from what was asked to the certificate."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from flask_guesterase.core import certified
from flask_guesterase.core.errors import (
    ForbiddenError,
    InputError,
    LimitError,
    MovedError,
    TokenError,
    UnknownError,
)
from flask_guesterase.core.lifecycle import State
from flask_guesterase.store import worker
from flask_guesterase.store.access import actors
from flask_guesterase.store.casework import cases
from flask_guesterase.store.office import Office
from flask_guesterase.store.requests import views
from flask_guesterase.store.upkeep import dispatch
from tests.store.hotel import Booking, Companion, Guest, Hotel, Invoice, Scan


def ann(hotel: Hotel) -> None:
    """Put a guest with everything a guest can have into the hotel, and one beside her."""
    hotel.guest(
        1, name="Ann Berg", email="ann@example.com", phone="+8613812345678", document_no="E1"
    )
    hotel.guest(2, name="Bea Lund", email="bea@example.com", phone="+8613812345679")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark="early")
    hotel.put(Companion, booking_id=2, guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=90)
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    (hotel.files / "ann.png").write_bytes(b"x")


def test_the_main_job_ends_with_a_certificate_that_proves_itself(any_hotel: Hotel) -> None:
    """Asked by form, proved by link, approved by another, erased, checked, certified."""
    hotel = any_hotel
    ann(hotel)
    before = hotel.row(2), hotel.rows(Booking)[1], hotel.rows(Invoice)
    hotel.ask(name="ann berg", email="Ann@Example.com")
    assert hotel.look() == 1
    number = hotel.ours("request")[0]["number"]
    with hotel.begin() as office:
        (parcel,) = dispatch.claim(office.work, frozenset({"smtp"}))
        assert parcel.content["to"] == "ann@example.com"
        code = office.confirm_link(parcel.content["params"]["token"])
    hotel.approve(number)
    assert hotel.erased(number) == "sealed"

    gone = hotel.row(1)
    assert gone["name"] != "Ann Berg"
    assert re.fullmatch(r"erased-[a-z2-7]{24}@erased\.invalid", gone["email"])
    assert gone["phone"] is None
    assert gone["document_no"] is None
    assert hotel.rows(Booking)[0]["remark"] is None
    assert hotel.rows(Companion) == []
    assert hotel.rows(Scan) == []
    assert before == (hotel.row(2), hotel.rows(Booking)[1], hotel.rows(Invoice))

    with hotel.begin() as office:
        body = office.certificate(number)
        view = office.case(code)
        assert office.verify() == []
    checks = certified.check(
        certified.from_json(json.dumps(body)), hotel.custodian.public_key()
    )
    assert checks
    assert all(check.passed for check in checks)
    assert body["content"]["recovery_until"] == "2026-03-17"
    assert body["content"]["four_eyes"] == ["guest-proved-contact", "approved-by-second-person"]
    assert view.word == "done"
    assert view.certificate
    assert not view.withdrawable
    assert [item["category"] for item in view.kept] == ["invoice"]
    assert [event for event in hotel.events if event != "rules-changed"] == [
        "intake-received",
        "erasure-requested",
        "identity-verified",
        "erasure-approved",
        "subject-erased",
        "check-completed",
        "certificate-issued",
    ]


def test_nothing_kept_means_erased(hotel: Hotel) -> None:
    """A guest without an invoice is erased, not sealed."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    assert hotel.erased(hotel.approved(email="ann@example.com")) == "erased"


def test_no_personal_data_is_readable_in_our_tables(hotel: Hotel) -> None:
    """Whatever was asked, matched, sent and erased, no row of ours holds a name or a contact."""
    ann(hotel)
    hotel.ask(name="Ann Berg", email="ann@example.com")
    hotel.look()
    assert hotel.erased(hotel.approved(phone="13812345678")) == "sealed"
    tables = ["intake", "request", "subject", "contact", "token", "attempt", "actor", "box",
              "entry", "outbox", "certificate", "loose"]  # fmt: skip
    text = repr([hotel.ours(name) for name in tables]).lower()
    for canary in ("ann berg", "ann@", "example.com", "13812345678", "officer", "192.0.2.7"):
        assert canary not in text


def test_the_contact_and_the_keys_of_a_case_end_with_it(hotel: Hotel) -> None:
    """After the end nobody can write to the guest or compare marks of the case."""
    ann(hotel)
    number = hotel.approved(email="ann@example.com")
    assert len(hotel.ours("contact")) == 1
    hotel.erased(number)
    assert hotel.ours("contact") == []
    assert [row["state"] for row in hotel.ours("day") if row["label"] == f"case:{number}"] == [
        "ending"
    ]


def test_a_list_is_read_page_by_page(
    deep_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open ones by their day, then those that ended last; nothing twice, nothing left out."""
    monkeypatch.setattr(views, "PAGE", 2)
    hotel, filed = deep_hotel, []
    for id in range(1, 7):
        hotel.guest(id, name=f"ann{id}", email=f"a{id}@example.com")
        filed.append(hotel.file(email=f"a{id}@example.com"))
        hotel.later(days=1)
    with hotel.begin() as office:
        for number in filed[:3]:
            office.withdraw(number, by="clerk")
    wanted = [filed[place] for place in (3, 4, 5, 2, 1, 0)]
    hotel.later(days=60)
    with hotel.begin() as office:
        assert [row["number"] for row in office.list()] == wanted
        for state, most, there in ((None, 3, wanted), ("overdue", 2, wanted[:3])):
            pages = [office.page(number, "clerk", state=state) for number in range(1, most + 2)]
            assert [row["number"] for page in pages for row in page.lines] == there
            assert [page.more for page in pages] == [n < most for n in range(1, most + 2)]
        for wrong in (0, -1, 10**12):
            with pytest.raises(InputError):
                office.page(wrong, "clerk")


def test_a_list_reads_nothing_of_what_was_decided(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is kilobytes a request, for years; only of who waits a line says why."""
    ann(hotel)
    number = hotel.approved(email="ann@example.com")
    read: list[Any] = []
    monkeypatch.setattr(views, "read", lambda row: read.append(row) or cases.read(row))
    with hotel.begin() as office:
        assert office.show(number)["state"] == "approved"
        assert office.list()[0]["number"] == number
        assert office.page(1, "clerk").lines[0]["number"] == number
    assert [row.decisions for row in read] == [None] * 2
    read.clear()
    with hotel.begin() as office:
        changed = cases.load(office.work, number)
        waits = {"waits": {"now": ["open-folio"]}}
        cases.step(office.work, changed, State.WAITING, decisions={**changed.decisions, **waits})
        office.list()
    assert "open-folio" in read[0].decisions


def test_the_list_shows_open_requests_first_and_only_where_one_may_look(hotel: Hotel) -> None:
    """Who may look nowhere sees nothing; an ended request comes last."""
    for id, name in enumerate(("ann", "bea"), 1):
        hotel.guest(id, name=name, email=f"{name}@example.com")
    first = hotel.file(email="ann@example.com")
    second = hotel.file(email="bea@example.com")
    with hotel.begin() as office:
        office.withdraw(first, by="clerk")
        assert [row["number"] for row in office.list(by="clerk")] == [second, first]
        assert [row["number"] for row in office.list(state="open")] == [second]
        assert office.list(by="auditor") == []
        assert office.list(by="clerk", property="mu") == []
        with pytest.raises(InputError):
            office.list(state="nonsense")
        with pytest.raises(ForbiddenError):
            office.show(first, by="auditor")
        with pytest.raises(ForbiddenError):
            office.preview(second, by="auditor")


def test_a_request_is_late_when_its_time_is_over(hotel: Hotel) -> None:
    """The answer is due by the law at the property: here a target of 15 working days."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    number = hotel.file(email="ann@example.com")
    with hotel.begin() as office:
        assert office.show(number)["due_on"] == "2026-03-31"
        assert not office.show(number)["late"]
    hotel.later(days=22)
    with hotel.begin() as office:
        assert office.show(number)["late"]
        assert office.show(number)["days_left"] == -1


def test_why_explains_a_row_without_naming_anybody(hotel: Hotel) -> None:
    """Rules, owners and requests of a row, in one paragraph."""
    ann(hotel)
    number = hotel.file(email="ann@example.com")
    with hotel.begin() as office:
        text = office.why("invoices", "1")
        assert "Kept by law: billed_to (invoice)." in text
        assert "1 subject row, by booking.guest" in text
        assert number in text
        assert "Ann" not in text
        with pytest.raises(UnknownError):
            office.why("invoices", "99")
        with pytest.raises(InputError):
            office.why("invoices", "x")
        with pytest.raises(InputError):
            office.why("companions", "1")
        assert "the row is deleted" in office.why("companions", "2|1")


def test_a_one_time_code_is_its_owners_and_is_used_once(hotel: Hotel) -> None:
    """A code of one person is no code of another, and ends after ten minutes."""
    with hotel.begin() as office:
        code = office.code("officer")
    with hotel.begin() as office:
        with pytest.raises(TokenError):
            office.use_code("second", code)
        office.use_code("officer", code.lower().replace("-", " "))
        with pytest.raises(TokenError):
            office.use_code("officer", code)
        late = office.code("officer")
    hotel.later(minutes=11)
    with hotel.begin() as office, pytest.raises(TokenError):
        office.use_code("officer", late)


def test_staff_see_names_and_masked_contacts_only_when_they_may_look(hotel: Hotel) -> None:
    """A console without a person sees neither."""
    hotel.guest(1, name="Ann", email="office@example.com", phone="13812345678")
    hotel.guest(2, name="Bea", email="office@example.com")
    number = hotel.file(email="office@example.com")
    with hotel.begin() as office:
        seen = office.preview(number, by="clerk").perhaps
        assert [(p.name, p.contacts) for p in seen] == [
            ("Ann", ("o…@example.com", "…78")),
            ("Bea", ("o…@example.com",)),
        ]
        blind = office.preview(number).perhaps
        assert [(p.name, p.contacts) for p in blind] == [("", ()), ("", ())]


def test_the_host_rows_are_untouched_until_the_erasure(hotel: Hotel) -> None:
    """Asking, looking, deciding and taking back change nothing of the host's."""
    ann(hotel)
    models = (Guest, Booking, Companion, Invoice, Scan)
    before = [hotel.rows(model) for model in models]
    number = hotel.approved(email="ann@example.com")
    with hotel.begin() as office:
        office.preview(number, by="officer")
        office.withdraw(number)
    assert [hotel.rows(model) for model in models] == before


def test_only_wrong_codes_add_up(hotel: Hotel) -> None:
    """Five wrong codes in ten minutes end the tries; right ones do not count."""
    for _ in range(12):
        with hotel.begin() as office:
            office.attempt("code", "officer")
        with hotel.begin() as office:
            office.use_code("officer", office.code("officer"))
    for _ in range(5):
        with hotel.begin() as office:
            office.attempt("code", "officer")
        with pytest.raises(TokenError), hotel.begin() as office:
            office.use_code("officer", "WRNG-WRNG")
    with pytest.raises(LimitError), hotel.begin() as office:
        office.attempt("code", "officer")
    hotel.later(minutes=10)
    with hotel.begin() as office:
        office.attempt("code", "officer")


def test_of_two_that_use_a_code_at_once_one_is_refused(any_hotel: Hotel) -> None:
    """Both have looked and found it good before either uses it up."""
    hotel = any_hotel
    with hotel.begin() as office:
        code = office.code("officer")
    both = threading.Barrier(2)
    ends: list[str] = []

    def meet(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE guesterase_token"):
            both.wait(timeout=5)

    def one() -> None:
        try:
            with hotel.begin() as office:
                office.use_code("officer", code)
            ends.append("used")
        except TokenError:
            ends.append("refused")

    # SQLite lets only one of them in at a time, so they cannot meet there.
    if hotel.engine.dialect.name != "sqlite":
        event.listen(hotel.engine, "before_cursor_execute", meet)
    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["refused", "used"]


def test_a_refusal_keeps_its_contact_for_a_complaint_and_then_no_longer(hotel: Hotel) -> None:
    """After 400 days neither the contact nor the key of the case is there."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    number = hotel.file(email="ann@example.com")
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    hotel.later(days=400)
    with hotel.begin() as office:
        office.expire()
    assert len(hotel.ours("contact")) == 1
    hotel.later(days=1)
    with hotel.begin() as office:
        office.expire()
    assert hotel.ours("contact") == []
    assert [row["label"] for row in hotel.ours("day")] == [f"case:{number}"]


def test_a_checkpoint_names_its_controller(hotel: Hotel) -> None:
    """With two controllers one must be named; one that has no journal is told so."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.file(email="ann@example.com")
    with hotel.begin() as office:
        text = office.checkpoint("Pine Ltd")
        assert text.startswith("guesterase/pine-ltd")
        with pytest.raises(UnknownError):
            office.checkpoint("Fir GmbH")
        with pytest.raises(InputError):
            office.checkpoint()


def test_a_person_keeps_their_number_whoever_writes_it_first(any_hotel: Hotel) -> None:
    """Eight transactions meet a new person at once, and give one number."""
    hotel = any_hotel
    gate = threading.Barrier(8)
    numbers: list[str] = []

    def one() -> None:
        gate.wait()
        with hotel.begin() as office:
            numbers.append(actors.number(office.work, "officer"))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 8
    assert len(set(numbers)) == len(hotel.ours("actor")) == 1


@pytest.mark.parametrize("ask", [
    lambda office, number: office.request({"email": "ann@example.com"}, property="sh", by=1),
    lambda office, number: office.confirm(number, 1),
    lambda office, number: office.show(number, by=1),
    lambda office, number: office.page(1, 1),
    lambda office, number: office.holds(1),
])  # fmt: skip
def test_the_number_of_a_user_is_no_id(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Office, str], object]
) -> None:
    """A vendor who gives ``user.id``, a number, reads what to give instead."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    number = hotel.file(email="ann@example.com")
    for answer in (True, False):
        monkeypatch.setattr(hotel, "may", lambda *_, said=answer: said)
        with pytest.raises(InputError) as caught, hotel.begin() as office:
            ask(office, number)
        assert "str(user.get_id())" in caught.value.hint


def test_a_request_number_is_never_given_twice(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that is taken is drawn again."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.guest(2, name="Bea", email="bea@example.com")
    first = hotel.file(email="ann@example.com")
    drawn = iter([first, "GR-7SECOND7"])
    monkeypatch.setattr(cases, "new_number", lambda: next(drawn))
    assert hotel.file(email="bea@example.com") == "GR-7SECOND7"


def test_one_door_carries_a_request_to_its_end(hotel: Hotel) -> None:
    """Erase and check in one call, again without harm, and it says what stands in the way."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    number = hotel.approved(email="ann@example.com")

    def run(unit: Any) -> Any:
        with hotel.begin() as office:
            return unit(office)

    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="x")
    with pytest.raises(MovedError):
        worker.carry_out(run, number, "officer")
    hotel.approve(number, "second")
    with pytest.raises(ForbiddenError):
        worker.carry_out(run, number, "clerk")
    assert worker.carry_out(run, number, "officer") == "erased"
    assert worker.carry_out(run, number) == "erased"
