"""What must not be in a copy: who has the same number now, what a hold keeps, what is apart."""

from __future__ import annotations

import json
from dataclasses import replace
from time import perf_counter

import pytest
from sqlalchemy import JSON, update

from flask_guesterase.core.copying import Withheld
from flask_guesterase.core.errors import MovedError, TransitionError
from flask_guesterase.core.finding import Finding
from flask_guesterase.core.holding import Cause, Scope, Wanted
from flask_guesterase.core.image import Change, Image, Images
from flask_guesterase.core.payload import encode
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.seal import Terms
from flask_guesterase.core.treatment import delete, keep, mentions, null, redact
from flask_guesterase.recipients import Recipient, by_hand
from flask_guesterase.store.access import tokens
from flask_guesterase.store.boxes import boxing
from flask_guesterase.store.lawbook import blockers
from flask_guesterase.store.mapping.masks import fixed_value
from flask_guesterase.store.mapping.raw import reader
from tests.store import kept
from tests.store.hotel import Booking, Companion, Guest, Hotel, Invoice, Scan, policies
from tests.store.house import House
from tests.store.test_copying import ANN, asked, fetched, furnish, records, release, shown
from tests.store.test_told_rightly import one_company

BEA = {"name": "Bea Lund", "email": "bea@mail.example", "phone": "+8613800000002",
       "document_no": "X7654321"}  # fmt: skip


def moves_in(hotel: Hotel) -> None:
    """Let the host give Ann's number to Bea, with a booking of hers under an old number too."""
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(**BEA))
        conn.execute(update(Booking).where(Booking.id == 1).values(number="B9", remark="for Bea"))


def after(hotel: Hotel, erasure: str) -> str:
    """Ask at the desk, released, for a copy of what is still kept of an erased guest."""
    with hotel.begin() as office:
        number = office.copy_after(erasure, "clerk")
    shown(hotel, number)
    release(hotel, number)
    return number


def erased_ann(hotel: Hotel) -> str:
    """Erase Ann, who has one booking; return the number of her request."""
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    number = hotel.approved(email=ANN["email"])
    hotel.erased(number)
    return number


def in_the_way(hotel: Hotel) -> list[blockers.Found]:
    """Return what keeps the erasure of whoever has Ann's number waiting."""
    with hotel.begin() as office:
        return blockers.standing(office.work, [("guests", (1,))])


def told(values: dict[str, str], text: str) -> list[str]:
    """Return which of a guest's values stand in a text."""
    return [value for value in values.values() if value in text]


def test_one_long_word_in_a_text_keeps_nobody_waiting(hotel: Hotel) -> None:
    """A guest who typed a line of dashes, page after page, does not stop who releases the copy."""
    furnish(hotel)
    remark = "_" * 60_000 + " ask carl@mail.example"
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 1).values(remark=remark))
    number = asked(hotel)
    shown(hotel, number)
    began = perf_counter()
    with hotel.begin() as office:
        office.outline(number, "officer")
    assert perf_counter() - began < 5
    release(hotel, number)
    (booking,) = records(fetched(hotel, number), "bookings")
    assert booking.values["remark"] == "_" * 60_000 + " ask ▇▇▇"


def test_a_copy_after_an_erasure_is_nobody_elses_who_has_the_number_now(hotel: Hotel) -> None:
    """The host gave the row to another guest: the erased one sees the safety copy, not them."""
    number = after(hotel, erasure := erased_ann(hotel))
    assert told(ANN, fetched(hotel, number).to_json()) == list(ANN.values())
    with hotel.begin() as office:
        office.withdraw(number, by="clerk")
    moves_in(hotel)
    text = fetched(hotel, after(hotel, erasure)).to_json()
    assert told(BEA, text) == []
    assert '"B9"' not in text
    assert "for Bea" not in text
    assert told(ANN, text) == list(ANN.values())


def test_whoever_has_the_number_now_gets_no_safety_copy_of_who_had_it(hotel: Hotel) -> None:
    """What lies sealed of the erased guest is not the next one's because the key is the same."""
    erased_ann(hotel)
    moves_in(hotel)
    hotel.later(minutes=1)
    number = asked(hotel, email=BEA["email"])
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    assert told(BEA, copy.to_json()) == list(BEA.values())
    assert told(ANN, copy.to_json()) == []
    assert copy.boxes == 0


def test_a_copy_after_an_erasure_opens_no_box_for_who_asks_at_the_same_time(hotel: Hotel) -> None:
    """The boxes of that erasure are the one guest's: a copy that waits is of its own guest."""
    furnish(hotel)
    theirs = asked(hotel, email="bea@mail.example")
    shown(hotel, theirs)
    erasure = hotel.approved(email=ANN["email"])
    hotel.erased(erasure)
    mine = after(hotel, erasure)
    assert {row["request"]: row["erasure"] for row in hotel.ours("copy")} == {
        theirs: None, mine: erasure
    }  # fmt: skip
    release(hotel, theirs)
    assert told(ANN, fetched(hotel, theirs).to_json()) == []


def test_two_who_had_one_number_and_were_both_erased_are_told_apart(hotel: Hotel) -> None:
    """By the number of the erasure; neither opens what is sealed of the other."""
    first = erased_ann(hotel)
    moves_in(hotel)
    second = hotel.approved(email=BEA["email"])
    hotel.erased(second)
    numbers = {each: after(hotel, each) for each in (first, second)}
    assert len(set(numbers.values())) == 2
    one = fetched(hotel, numbers[first]).to_json()
    two = fetched(hotel, numbers[second]).to_json()
    assert (told(ANN, one), told(BEA, one)) == (list(ANN.values()), [])
    assert (told(ANN, two), told(BEA, two)) == ([], list(BEA.values()))


def test_a_copy_of_who_was_erased_stands_in_nobodys_way_who_has_the_number_now(
    any_hotel: Hotel,
) -> None:
    """Their erasure waits for no answer to a stranger, and takes no copy away from one."""
    hotel = any_hotel
    number = after(hotel, erased_ann(hotel))
    assert [each.label for each in in_the_way(hotel)] == [number]
    moves_in(hotel)
    assert in_the_way(hotel) == []
    erasure = hotel.approved(email=BEA["email"])
    assert hotel.erased(erasure) in ("erased", "sealed")
    assert told(BEA, str(hotel.rows(Guest))) == []
    assert told(ANN, fetched(hotel, number).to_json()) == list(ANN.values())


def test_what_was_read_of_one_guest_is_not_released_of_another(hotel: Hotel) -> None:
    """The host gave the row to somebody else after it was read: whoever releases looks anew."""
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    number = asked(hotel)
    shown(hotel, number)
    with hotel.begin() as office:
        _, digest = office.outline(number, "officer")
    moves_in(hotel)
    with hotel.begin() as office, pytest.raises(MovedError):
        office.release_copy(number, "officer", digest)
    assert hotel.state(number) == "review"


def test_what_stays_in_its_row_is_in_the_copy_of_who_was_erased(hotel: Hotel) -> None:
    """The invoice that the law keeps in place lies in no box: it is found by the erased profile."""
    furnish(hotel)
    erasure = hotel.approved(email=ANN["email"])
    assert hotel.erased(erasure) == "sealed"
    copy = fetched(hotel, after(hotel, erasure))
    assert [record.values for record in records(copy, "invoices")] == [
        {"billed_to": "Ann Berg", "total": "90"}
    ]
    (invoice,) = records(copy, "invoices")
    assert {term.columns: term.keeps for term in invoice.terms}["billed_to",]
    assert not invoice.boxed


def test_who_is_found_by_a_booking_gets_no_safety_copy_of_two(hotel: Hotel) -> None:
    """Two profiles were erased as one guest's; whoever asks for one of them does not get both."""
    hotel.guest(1, **ANN)
    hotel.guest(2, **{**ANN, "phone": "+8613800000009", "document_no": "E7654321"})
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    assert hotel.erased(hotel.approved(email=ANN["email"])) == "erased"
    with hotel.begin() as office:
        number = office.request({"booking": "B1"}, property="sh", by="clerk", wish="copy")
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    assert [record.values["number"] for record in records(copy, "bookings")] == ["B1"]
    assert (copy.boxes, told(ANN, copy.to_json())) == (0, [])


def remark(hotel: Hotel) -> str | None:
    """Let Ann have a copy; return the remark at her booking."""
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    (booking,) = records(fetched(hotel, number), "bookings")
    return booking.values["remark"]


def test_who_booked_for_the_guest_is_struck_out(hotel: Hotel) -> None:
    """Bea's booking, in which the guest stayed, is none of the guest's rows: one of them names it.
    """
    hotel.guest(1, **ANN)
    hotel.guest(2, **BEA)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="quiet, not beside Bea Lund")
    hotel.put(Booking, id=2, number="B2", guest_id=2)
    hotel.put(Companion, booking_id=2, guest_id=1)
    assert remark(hotel) == "quiet, not beside ▇▇▇"


def test_who_is_named_in_a_document_is_struck_out(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An emergency contact in a column of JSON is another person's, as in a text."""
    hotel.guest(1, **ANN)
    hotel.guest(2, **BEA)
    said = '{"wish": "quiet", "call": "Bea Lund"}'
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark=said)
    hotel.put(Companion, booking_id=1, guest_id=2)
    monkeypatch.setattr(Booking.__table__.c.remark, "type", JSON())
    assert json.loads(remark(hotel)) == {"wish": "quiet", "call": "▇▇▇"}


def test_a_first_name_that_two_share_stays_in_the_guests_own_name(hotel: Hotel) -> None:
    """As a surname does; and what says twice who somebody else is is struck out once."""
    hotel.guest(1, **ANN)
    hotel.guest(2, **{**BEA, "name": "Ann Lund", "email": "bea.lund@mail.example"})
    said = "Ann Berg, not beside Ann Lund (bea.lund@mail.example), nor near the lift"
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark=said)
    hotel.put(Companion, booking_id=1, guest_id=2)
    assert remark(hotel) == "Ann Berg, not beside ▇▇▇ (▇▇▇), nor near the lift"


def test_of_a_row_that_goes_whole_each_column_is_in_the_copy(hotel: Hotel) -> None:
    """None of them needs a rule, and all of them say something of the guest."""
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Scan]
    hotel.datamap = hotel.mapped([*declared, (Scan, Policy({}, via="guest", rows=delete))])
    hotel.guest(1, **ANN)
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    (record,) = records(fetched(hotel, number), "scans")
    assert record.values == {"path": "ann.png"}


def test_how_to_reach_anybody_is_struck_out_of_a_document_as_of_a_text(hotel: Hotel) -> None:
    """A mailbox within a longer value is somebody's whom nobody knows; a value that is one as a
    whole may be the guest's, and so is a surname that they share with who stayed with them."""
    hotel.guest(1, **ANN)
    hotel.guest(2, **{**BEA, "name": "Bea Berg"})
    said = {
        "from": "Ann Berg", "with": ["Bea Berg"], "mail": "ann@home.example", "beds": 2,
        "called": 8613800000002, "note": "or ask carl@mail.example, +49 30 901820",
    }  # fmt: skip
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark=json.dumps(said))
    hotel.put(Companion, booking_id=1, guest_id=2)
    assert json.loads(remark(hotel) or "") == {
        **said, "with": ["▇▇▇"], "called": "▇▇▇", "note": "or ask ▇▇▇, ▇▇▇"
    }  # fmt: skip


@pytest.mark.parametrize(("said", "left"), [
    ("或问ｃａｒｌ＠ｍａｉｌ．ｅｘａｍｐｌｅ。", "▇▇▇。"), ("请写 carl＠mail.example", "请写 ▇▇▇"),
    ("电话＋４９－３０－９０１８２０", "电话▇▇▇"), ("tel +49 30–901820 or bell", "tel ▇▇▇ or bell"),
])  # fmt: skip
def test_how_to_reach_anybody_is_struck_out_in_full_width_too(
    hotel: Hotel, said: str, left: str
) -> None:
    """As a Chinese keyboard types it, and with dashes of print."""
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark=said)
    assert remark(hotel) == left


def test_a_surname_that_two_share_stays_in_the_guests_own_name(hotel: Hotel) -> None:
    """Husband and wife: what is said of the one is struck out, the other's name is whole."""
    hotel.guest(1, **ANN)
    hotel.guest(2, **{**BEA, "name": "Bea Berg"})
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="Ann Berg, not beside Bea Berg")
    hotel.put(Companion, booking_id=1, guest_id=2)
    assert remark(hotel) == "Ann Berg, not beside ▇▇▇"


def test_a_code_opens_nothing_while_somebody_objects(hotel: Hotel) -> None:
    """It was handed out before; once the officer has settled that it opens the copy as before."""
    hotel.grants["second"].add("law")
    furnish(hotel)
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    with hotel.begin() as office:
        code = office.hand_out_copy(number, "clerk")
        objection = tokens.objection(office.work, number)
    with hotel.begin() as office:
        office.object_to(objection)
    with pytest.raises(TransitionError), hotel.begin() as office:
        office.fetch_copy(code)
    assert hotel.state(number) == "offered"
    with hotel.begin() as office:
        office.settle_objection(number, "second")
    with hotel.begin() as office:
        ticket = office.fetch_copy(code)
    with hotel.begin() as office:
        assert told(ANN, office.read_copy(ticket)[1].to_json()) == list(ANN.values())


def test_nothing_is_released_where_nobodys_profile_is_taken(hotel: Hotel) -> None:
    """An empty copy would tell the guest that nothing is held."""
    hotel.guest(3, name="Carl Other", email=ANN["email"])
    with hotel.begin() as office:
        match = {"email": ANN["email"], "name": ANN["name"]}
        number = office.request(match, property="sh", by="clerk", wish="copy")
    shown(hotel, number)
    with hotel.begin() as office:
        (row,) = office.preview(number).perhaps
        office.leave(number, row.id, "clerk")
    with pytest.raises(TransitionError, match="No row is taken"):
        release(hotel, number)
    assert hotel.state(number) == "review"


def test_what_cannot_be_read_is_listed_in_the_copy(hotel: Hotel) -> None:
    """A column by which invoices are found is not there: the guest reads that they are not in."""
    furnish(hotel)
    missing = Finding("column-missing", "invoices", "booking_id", "It is not there.", "Add it.")
    hotel.datamap = replace(hotel.datamap, findings=(*hotel.datamap.findings, missing))
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    assert [each for each in copy.withheld if each.table == "invoices"] == [
        Withheld("invoices", (), 0, "gap")
    ]
    assert records(copy, "invoices") == []


def test_a_copy_does_not_tell_of_a_silent_hold(hotel: Hotel) -> None:
    """What only a hold still keeps is nobody's to hand out: its window has ended for the guest."""
    hotel.grants["officer"] |= {"hold"}
    erasure = erased_ann(hotel)
    with hotel.begin() as office:
        office.place_hold(
            Wanted(Scope.SUBJECT, Cause.CLAIM, "guests", "1", silent=True), "officer"
        )
    assert told(ANN, fetched(hotel, after(hotel, erasure)).to_json()) == list(ANN.values())
    for _ in range(9):
        hotel.later(days=1)
    assert [box["label"][:5] for box in hotel.ours("box") if box["purpose"] == "recovery"] == [
        "hold:"
    ]
    with hotel.begin() as office:
        office.withdraw(hotel.ours("copy")[0]["request"], by="clerk")
    copy = fetched(hotel, after(hotel, erasure))
    assert told(ANN, copy.to_json()) == []
    assert copy.boxes == 0


def test_what_is_apart_is_in_no_copy_whoever_it_names(hotel: Hotel) -> None:
    """A clerk's note on a shared stay names the guest, and is about the clerk all the same."""
    via = {"guest": [], "companions.guest": []}
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Booking]
    noted = Policy({"number": keep("bookkeeping"), "remark": mentions}, via=via, apart=["remark"])
    furnish(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).values(remark="Ann Berg: the clerk was rude to her"))
    for policy, said in ((replace(noted, apart=()), 2), (noted, 0)):
        hotel.datamap = hotel.mapped([*declared, (Booking, policy)])
        number = asked(hotel)
        shown(hotel, number)
        release(hotel, number)
        assert fetched(hotel, number).to_json().count("the clerk was rude") == said


def test_of_a_shared_row_each_has_what_is_theirs_alone_and_what_is_both_peoples(
    hotel: Hotel,
) -> None:
    """The wish of who booked is no companion's to read, and the number of the stay is everybody's.
    """
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Booking]
    stays = Policy({"number": keep("bookkeeping"), "remark": null},
                   via={"guest": ["remark"], "companions.guest": []}, joint=["number"])  # fmt: skip
    furnish(hotel)
    hotel.datamap = hotel.mapped([*declared, (Booking, stays)])
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    assert [record.values for record in records(copy, "bookings")] == [
        {"number": "B1", "remark": "quiet, not beside ▇▇▇"}, {"number": "B2"}
    ]  # fmt: skip
    assert [(each.table, each.columns, each.rows) for each in copy.withheld] == [
        ("bookings", ("remark",), 1)
    ]


@pytest.mark.parametrize(
    ("joint", "remark", "left"),
    [
        ([], "for Ann Berg", {("number",): 1, ("number", "remark"): 1}),
        (["number"], "for Ann Berg", {("remark",): 1}),
        (["number"], "for Bea", {("remark",): 2}),
    ],
)
def test_what_of_a_shared_row_is_another_persons_is_listed_by_column_and_counted(
    hotel: Hotel, joint: list[str], remark: str, left: dict[tuple[str, ...], int]
) -> None:
    """Two bookings are Bea's as well: what is in the copy of one of them is not missing there."""
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Booking]
    noted = Policy({"number": keep("bookkeeping"), "remark": mentions},
                   via={"guest": [], "companions.guest": []}, joint=joint)  # fmt: skip
    furnish(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 1).values(remark="two keys"))
        conn.execute(update(Booking).where(Booking.id == 2).values(remark=remark))
    hotel.datamap = hotel.mapped([*declared, (Booking, noted)])
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    assert {e.columns: e.rows for e in copy.withheld if e.table == "bookings"} == left
    assert {e.why for e in copy.withheld} == {"another-persons"}
    assert all(record.shared for record in records(copy, "bookings"))


def test_who_releases_reads_what_was_written_freely_and_no_other_value(hotel: Hotel) -> None:
    """A remark may name somebody; a name, a number or a mailbox is the guest's alone to read."""
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Booking]
    noted = Policy({"number": keep("bookkeeping"), "remark": mentions}, via="guest")
    furnish(hotel)
    hotel.datamap = hotel.mapped([*declared, (Booking, noted)])
    number = asked(hotel)
    shown(hotel, number)
    with hotel.begin() as office:
        seen, _ = office.outline(number, "officer")
        desk, _ = office.outline(number, "clerk")
    assert seen.texts == (("bookings", "remark", "quiet, not beside ▇▇▇"),)
    assert (desk.lines, desk.texts) == (seen.lines, ())
    release(hotel, number)
    with hotel.begin() as office, pytest.raises(TransitionError, match="decided already"):
        office.outline(number, "officer")


def test_a_copy_names_who_is_told_at_each_house_the_rows_are_of(house: House) -> None:
    """Recipients of the house that was asked, and of one where the guest stayed as well."""
    house.blockers = ()
    one_company(house)
    house.recipients = (
        Recipient("here", by_hand("Call.")), Recipient("fir", by_hand("Call."), property="mu"),
    )  # fmt: skip
    house.person(1)
    house.stay(1, 1, status="out", days=-30)
    named = []
    for _ in range(2):
        number = asked(house, email="ann@example.com")
        shown(house, number)
        release(house, number)
        named.append(fetched(house, number).recipients)
        if len(named) == 1:
            house.stay(2, 1, status="out", days=-60, at="mu")
    assert named == [("here",), ("fir", "here")]


def sealed(hotel: Hotel, **line: str) -> None:
    """Seal whom Ann's invoice is billed to, as a sweep does, and leave the mask in its row."""
    with hotel.begin() as office:
        work = office.work
        declared = work.datamap.declared("invoices")
        reads = reader(work.conn, declared, work.live())
        ((_, cells, _),) = reads.rows([(1,)], ["id", "billed_to"])
        image = Image("invoices", cells[:1], Change.OVERWRITTEN, cells[1:], 0)
        payload = encode(Images(work.conn.dialect.name, "", (image,)))
        terms = Terms("pine", "retention", "2027-03-10")
        (box,) = boxing.put(work.conn, work.custodian, [boxing.Item(payload, terms)], work.today)
        mask = fixed_value(declared.written("billed_to"), declared.column("billed_to"))
        work.conn.execute(update(Invoice).where(Invoice.id == 1).values(billed_to=mask))
    kept.note(
        hotel.engine, "invoices", "int:1", '["billed_to"]', mode="sealed", box=box,
        until="2027-03-10", **line,
    )  # fmt: skip


def invoices(hotel: Hotel) -> tuple[list[str | None], list[str]]:
    """Let Ann have a copy; return whom her invoices are billed to, and why something is not in."""
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    said = [record.values.get("billed_to") for record in records(copy, "invoices")]
    return said, [each.why for each in copy.withheld if each.table == "invoices"]


@pytest.fixture
def billed(hotel: Hotel) -> Hotel:
    """A hotel with Ann, her booking and an invoice that is billed to a firm of hers."""
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Berg & Sons", total=90)
    return hotel


def test_what_a_sweep_sealed_of_a_living_guest_is_in_their_copy(billed: Hotel) -> None:
    """As long as the row is as it was left, it tells whose the box is."""
    sealed(billed)
    number = asked(billed)
    shown(billed, number)
    release(billed, number)
    (record,) = records(fetched(billed, number), "invoices")
    assert record.values == {"billed_to": "Berg & Sons", "total": "90"}
    ends = [(each.columns, each.until) for each in record.terms]
    assert sorted(ends) == [(("billed_to",), "2027-03-10"), (("total",), "")]


def test_a_box_whose_row_was_written_into_since_may_be_anybodys(billed: Hotel) -> None:
    """The host gave the invoice's number to another one: what is sealed is listed, not shown."""
    sealed(billed)
    with billed.engine.begin() as conn:
        conn.execute(update(Invoice).where(Invoice.id == 1).values(billed_to="Ann Berg"))
    assert invoices(billed) == (["Ann Berg"], ["written-since"])


def test_a_box_of_a_row_that_goes_whole_by_now_is_nobodys_who_was_written_into_it(
    billed: Hotel
) -> None:
    """Its category was taken out of the declaration since: the row tells whose it is as before."""
    sealed(billed)
    declared = [(t, p) for t, p in policies(str(billed.files)) if t is not Invoice]
    whole = Policy(
        {"billed_to": redact, "total": keep("bookkeeping")}, via="booking.guest", rows=delete
    )
    billed.datamap = billed.mapped([*declared, (Invoice, whole)])
    assert invoices(billed) == (["Berg & Sons"], [])
    with billed.begin() as office:
        office.withdraw(billed.ours("copy")[0]["request"], by="clerk")
    with billed.engine.begin() as conn:
        conn.execute(update(Invoice).where(Invoice.id == 1).values(billed_to="Ann Berg"))
    assert invoices(billed) == (["Ann Berg"], ["written-since"])


def test_what_was_sealed_when_somebody_else_was_erased_is_theirs(billed: Hotel) -> None:
    """The row is hers now; the box was closed for another guest."""
    sealed(billed, request="GR-ELSES001")
    said, why = invoices(billed)
    assert ("Berg & Sons" in said, why) == (False, ["another-persons"])
