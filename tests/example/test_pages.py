"""The pages of the demo hotel: who sees what, and a stay from check-in to check-out."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from example_pms import db
from example_pms.foreign import Invoice, audit_log
from example_pms.hotel import KNOWN
from example_pms.models import (
    Booking,
    Guest,
    HousekeepingNote,
    IdDocumentFile,
    Property,
    Registration,
)
from example_pms.pages.session import inside

from .conftest import TODAY, Clerk

PLACE = {known.key: place for place, known in enumerate(KNOWN, 1)}
VIEWS = ("/", "/bookings", "/bookings?q=李", "/guests", "/guests?q=李伟", "/housekeeping",
         "/night-audit")  # fmt: skip


def booking_of(app: Flask, key: str) -> Booking:
    """Return the booking that a known guest made."""
    with app.app_context():
        return db.session.scalars(select(Booking).where(Booking.booker_id == PLACE[key])).one()


@pytest.mark.parametrize("path", [*VIEWS, "/guests/1", "/register", "/audit", "/scans/1"])
def test_strangers_are_sent_to_the_login(visitor: Clerk, path: str) -> None:
    """No page of the hotel answers somebody who has not logged in."""
    answer = visitor.client.get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/login")


def test_a_browser_that_asks_for_an_icon_is_shown_one(visitor: Clerk) -> None:
    """Each asks every site for it, and the pages for guests name none of their own."""
    with visitor.client.get("/favicon.ico", follow_redirects=True) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


@pytest.mark.parametrize("login", ["sha.desk", "sha.officer", "sha.auditor"])
def test_everybody_who_works_here_reads(app: Flask, login: str) -> None:
    """Reception, officer and auditor all open the pages that only show."""
    clerk = Clerk(app.test_client()).login(login)
    number = booking_of(app, "li.wei").number
    for path in (*VIEWS, "/guests/1", f"/bookings/{number}", f"/bookings/{number}/folio"):
        assert "椴树酒店" in clerk.get(path)


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("sha.desk", "/register", 200),
        ("sha.officer", "/register", 200),
        ("sha.auditor", "/register", 403),
        ("sha.desk", "/audit", 403),
        ("sha.officer", "/audit", 403),
        ("sha.auditor", "/audit", 200),
        ("sha.auditor", "/scans/1", 403),
    ],
)
def test_some_pages_need_a_permission(app: Flask, login: str, path: str, status: int) -> None:
    """Register, audit log and scans open for the roles that may, and for no other."""
    Clerk(app.test_client()).login(login).get(path, status)


@pytest.mark.parametrize("login", ["sha.officer", "sha.auditor"])
def test_only_reception_runs_the_desk(app: Flask, login: str) -> None:
    """Whoever only reads cannot change a booking, a guest, a room or the business date."""
    clerk, number = Clerk(app.test_client()).login(login), booking_of(app, "sun.lei").number
    for path in (
        *(f"/bookings/{number}/{verb}" for verb in ("check-in", "check-out", "cancel", "no-show")),
        f"/bookings/{number}/folio",
        "/guests/1",
        "/housekeeping",
        "/night-audit",
    ):
        assert clerk.post(path, {}).status_code == 403, path
    assert booking_of(app, "sun.lei").status == "booked"


def test_another_hotel_is_unknown_here(app: Flask) -> None:
    """Guests, bookings, folios and invoices of the sister house are as unknown as nobody's."""
    clerk, number = Clerk(app.test_client()).login("lej.officer"), booking_of(app, "li.wei").number
    with app.app_context():
        invoice = db.session.scalars(
            select(Invoice.number).where(Invoice.booking_number == number)
        ).one()
    for path in ("/guests/1", f"/bookings/{number}", f"/bookings/{number}/folio",
                 f"/invoices/{invoice}", "/guests/999999"):  # fmt: skip
        clerk.get(path, 404)
    assert clerk.post("/guests/1/anonymise", {}).status_code == 404
    assert "李伟" not in clerk.get("/guests?q=李伟").replace('value="李伟"', "")


HUGE = "9" * 20
"""A number that no column holds."""


@pytest.mark.parametrize(
    "path", [f"/guests/{HUGE}", f"/scans/{HUGE}", f"/guests?page={HUGE}", "/guests/2147483648"]
)
def test_a_number_that_no_column_holds_is_nobodys(reception: Clerk, path: str) -> None:
    """It is answered as a page that is not there, on SQLite too, which takes none so large."""
    assert "no such page" in reception.get(path, 404)


def test_nobody_is_checked_in_under_a_number_that_no_column_holds(
    app: Flask, reception: Clerk
) -> None:
    """A form that was changed on its way changes nothing."""
    number = booking_of(app, "sun.lei").number
    for said in (HUGE, f"-{HUGE}"):
        form = {"room": "201", "lines": "1", "guest-0": said, "name-0": "孙磊",
                "type-0": "id_card", "document-0": "X1"}  # fmt: skip
        assert reception.post(f"/bookings/{number}/check-in", form).status_code == 404
    assert booking_of(app, "sun.lei").status == "booked"


def test_no_browser_keeps_a_scan(app: Flask, reception: Clerk) -> None:
    """A picture of a passport goes out as the pages do: nothing of it is stored."""
    with app.app_context():
        key = db.session.scalars(
            select(IdDocumentFile.id).join(Guest).where(Guest.property_code == "SHA").limit(1)
        ).one()
    with reception.client.get(f"/scans/{key}") as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"


def test_forms_from_elsewhere_are_refused(app: Flask, reception: Clerk) -> None:
    """A form without this site's token changes nothing."""
    number = booking_of(app, "sun.lei").number
    answer = reception.client.post(f"/bookings/{number}/cancel")
    assert answer.status_code == 400
    assert booking_of(app, "sun.lei").status == "booked"


def test_a_wrong_password_opens_nothing(visitor: Clerk) -> None:
    """A wrong password and an unknown login get the same answer."""
    answers = [
        visitor.post("/login", {"login": login, "password": "no"}, page="/login")
        for login in ("sha.desk", "nobody")
    ]
    tokens = re.compile(r'value="[^"]+"')
    assert [answer.status_code for answer in answers] == [401, 401]
    assert tokens.sub("", answers[0].text) == tokens.sub("", answers[1].text)


def test_pages_forbid_scripts(reception: Clerk) -> None:
    """Every page goes out under a policy without scripts, and needs neither script nor style."""
    answer = reception.client.get("/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for text in (answer.text, reception.get("/guests/1"), reception.get("/housekeeping")):
        assert "<script" not in text
        assert "style=" not in text
        assert "<style" not in text


def test_from_check_in_to_check_out(app: Flask, reception: Clerk, tmp_path: Path) -> None:
    """A guest arrives with a companion, is charged, leaves, and gets an invoice."""
    booking = booking_of(app, "sun.lei")
    page = f"/bookings/{booking.number}"
    assert booking.number in reception.get("/")
    room = re.search(r'<option value="(\d+)">', reception.get(page))
    assert room is not None
    form = {
        "room": room[1], "lines": "3", "scan": "1",
        "guest-0": str(PLACE["sun.lei"]), "name-0": "孙磊", "type-0": "id_card",
        "document-0": "99000019770909012X", "nationality-0": "CN",
        "name-1": "何丽", "type-1": "passport", "document-1": "CNX7654321",
        "nationality-1": "cn",
    }  # fmt: skip
    assert reception.post(f"{page}/check-in", form).status_code == 302
    assert "何丽" in reception.get(f"/register?night={TODAY}")
    assert list((tmp_path / "scans" / "SHA").glob("孙磊_*"))
    reception.post("/housekeeping", {"room": room[1], "text": "何丽 wants tea"})
    reception.post(f"{page}/folio", {"description": "Minibar – 孙磊", "amount": "12.50"})
    reception.post(f"{page}/check-out", {"billed_to": "孙磊", "method": "card"})
    shown = reception.get(page)
    with app.app_context():
        invoice = db.session.scalars(
            select(Invoice).where(Invoice.booking_number == booking.number)
        ).one()
        left = db.session.get_one(Booking, booking.id)
        assert left.status == "departed"
        assert left.departed_at is not None
        assert invoice.total_cents == int(booking.amount * 100) + 1250
        lines = db.session.scalars(
            select(Registration.document_no)
            .where(Registration.booking_id == booking.id)
            .order_by(Registration.id)
        )
        assert lines.all() == ["99000019770909012X", "CNX7654321"]
        note = db.session.scalars(
            select(HousekeepingNote).where(HousekeepingNote.text == "何丽 wants tea")
        ).one()
        assert note.booking_id == booking.id
        actions = db.session.scalars(
            select(audit_log.c.action)
            .where(audit_log.c.entity_key == str(booking.id), audit_log.c.entity == "bookings")
            .order_by(audit_log.c.id)
        ).all()
    assert actions == ["booking.create", "booking.check_in", "booking.check_out"]
    assert invoice.number in shown
    assert "孙磊" in reception.get(f"/invoices/{invoice.number}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"room": "999"}, "is not free"),
        ({"document-0": ""}, "document number"),
        ({"name-0": ""}, "Nobody is registered"),
    ],
)
def test_a_wrong_check_in_changes_nothing(
    app: Flask, reception: Clerk, change: dict[str, str], words: str
) -> None:
    """A taken room or a missing identity is named, and the booking stays as it was."""
    page = f"/bookings/{booking_of(app, 'sun.lei').number}"
    room = re.search(r'<option value="(\d+)">', reception.get(page))
    assert room is not None
    form = {"room": room[1], "lines": "1", "name-0": "孙磊", "document-0": "X1", **change}
    reception.post(f"{page}/check-in", form, page=page)
    assert words in reception.get(page)
    assert booking_of(app, "sun.lei").status == "booked"


def test_a_booking_ends_only_once(app: Flask, reception: Clerk) -> None:
    """A cancelled booking can neither be checked in, checked out nor become a no-show."""
    page = f"/bookings/{booking_of(app, 'sun.lei').number}"
    reception.post(f"{page}/cancel", {})
    for verb in ("check-in", "check-out", "no-show", "cancel"):
        reception.post(f"{page}/{verb}", {"billed_to": "x", "method": "cash"})
        assert "is cancelled." in reception.get(page), verb
    assert booking_of(app, "sun.lei").status == "cancelled"


def test_a_freeze_of_a_booking_holds_its_guest_who_leaves_the_same_day(
    app: Flask, reception: Clerk
) -> None:
    """The button is of a night that the stay has whenever it ends; tonight is none of theirs."""
    page = f"/bookings/{booking_of(app, 'zhao.min').number}"
    shown = reception.get(page)
    night = re.search(r'name="night" value="([^"]+)"', shown)
    assert night is not None
    reception.post(f"{page}/check-out", {"billed_to": "赵敏", "method": "card"})
    with app.app_context():
        (line,) = db.session.scalars(
            select(Registration).where(
                Registration.booking_id == booking_of(app, "zhao.min").id
            )
        )
        assert line.first_night <= date.fromisoformat(night[1]) <= line.last_night


def test_the_night_audit_moves_the_day(app: Flask, reception: Clerk) -> None:
    """Who never came is a no-show, and the sister house keeps its own business date."""
    reception.post("/night-audit", {})
    assert booking_of(app, "sun.lei").status == "no_show"
    assert booking_of(app, "anna").status == "booked"
    with app.app_context():
        days = {one.code: one for one in db.session.scalars(select(Property))}
        assert (days["SHA"].business_date - TODAY).days == 1
        assert days["LEJ"].business_date == TODAY
        assert not days["SHA"].night_audit_running


def test_the_old_button_leaves_the_name_elsewhere(app: Flask) -> None:
    """Anonymising as such systems do clears the profile and leaves the register as it was."""
    officer = Clerk(app.test_client()).login("sha.officer")
    assert officer.post("/guests/1/anonymise", {}, page="/guests/1").status_code == 302
    with app.app_context():
        guest = db.session.get_one(Guest, 1)
        assert (guest.name, guest.email, guest.phone) == ("Anonymous", "", None)
        kept = select(func.count()).select_from(Registration).where(Registration.name == "李伟")
        assert db.session.scalar(kept) == 1


def test_a_profile_is_corrected(app: Flask, reception: Clerk) -> None:
    """Reception corrects a profile; an address that is none is refused."""
    form = {
        "name": "李伟",
        "email": "li.wei2@mail.example",
        "phone": "",
        "address": "",
        "notes": "",
    }
    reception.post("/guests/1", form)
    reception.post("/guests/1", {**form, "email": "nonsense"})
    with app.app_context():
        assert db.session.get_one(Guest, 1).email == "li.wei2@mail.example"


@pytest.mark.parametrize(
    ("target", "goes"),
    [("/guests", "/guests"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("", "/"),
     ("https://evil.example", "/"), ("/\t/evil.example/x", "/"), ("/\n/..", "/"), ("/ /x", "/")],
)  # fmt: skip
def test_login_leads_nowhere_else(app: Flask, target: str, goes: str) -> None:
    """After the login a browser stays on this site."""
    with app.test_request_context():
        assert inside(target) == goes


def test_an_error_of_the_database_quotes_no_guest(app: Flask) -> None:
    """Flask logs what a view lets through, with its text: the engine leaves the values out."""
    with app.app_context(), pytest.raises(IntegrityError) as raised:
        db.session.execute(insert(Guest).values(id=1, name="Zora Untold"))
    assert "INSERT INTO guests" in str(raised.value)
    assert "Zora" not in str(raised.value)


def _installed_with_a_guest(app: Flask) -> Booking:
    """Return a booking of the house in Shanghai whose guest is there, once our tables are."""
    app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
    in_house = Booking.status == "in_house", Booking.property_code == "SHA"
    booking = db.session.scalars(select(Booking).where(*in_house)).first()
    assert booking is not None
    return booking


def test_a_tick_that_is_not_filed_says_where_to_file(app: Flask) -> None:
    """The guest is out by then, and the form with the tick is gone."""
    with app.app_context():
        booking = _installed_with_a_guest(app)
    page = f"/bookings/{booking.number}"
    front = Clerk(app.test_client()).login("sha.front")
    form = {"billed_to": "Li", "method": "card", "guesterase_tick": "yes", "guesterase_who": ""}
    front.post(f"{page}/check-out", form, page=page)
    after = front.get(page)
    assert "was not filed" in after
    assert "guesterase_tick" not in after
    assert "under Erasure requests, File a request" in after


def test_a_tick_for_a_guest_who_asked_before_asks_for_no_proof_again(app: Flask) -> None:
    """Who showed before check-out who they are is sent to no second look at a document."""
    with app.app_context():
        booking = _installed_with_a_guest(app)
        with app.extensions["guesterase"].extension.begin() as office:
            person = office.person_of(booking.guests[0])
            number = office.request_by_row(person, "sha.desk", property="SHA")
            office.confirm(number, "sha.desk")
    page = f"/bookings/{booking.number}"
    clerk = Clerk(app.test_client()).login("sha.desk")
    form = {"billed_to": "Li", "method": "card", "guesterase_tick": "yes"}
    clerk.post(f"{page}/check-out", form, page=page)
    after = clerk.get(page)
    assert f"Request {number} was filed before" in after
    assert "Record who it is" not in after


def test_after_a_restore_a_printed_page_says_whom_to_call(app: Flask) -> None:
    """Officer or not: who runs the system carries the erasures out again."""
    app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
    officer = Clerk(app.test_client()).login("sha.officer")
    shown = officer.get("/desk/privacy/restored")
    assert "IT of the group, 555-0142" in shown
    assert "Notary Linden, 555-0143" in shown


def test_two_guests_of_the_demo_are_alike_and_leave_nothing_to_weigh(app: Flask) -> None:
    """The README names them; nothing of theirs is under a floor, shared or in doubt."""
    app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
    privacy = app.extensions["guesterase"].extension
    filed = set()
    with app.app_context():
        for email in ("pawel.d@post.example", "amelia@letters.invalid"):
            with privacy.begin() as office:
                number = office.request({"email": email}, property="LEJ", by="lej.desk")
                office.confirm(number, "lej.desk")
            filed.add(number)
        with privacy.begin(write=False) as office:
            (group,) = office.alike("lej.officer")
    assert {case.number for case in group.cases} == filed
    told = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert "`pawel.d@post.example` and `amelia@letters.invalid`" in told
