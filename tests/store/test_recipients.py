"""Recipients: queued with the erasure, given what they may know, told at least once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import insert, update

from flask_guesterase import File, Policy
from flask_guesterase.core.errors import (
    ForbiddenError,
    PolicyError,
    TokenError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.holding import Cause, Scope, Wanted
from flask_guesterase.core.webhook import (
    SIGNATURE,
    TIMESTAMP,
    Signed,
    Way,
    by_key,
    by_secret,
    signed_bytes,
)
from flask_guesterase.recipients import Answer, Notice, Recipient, Said, by_hand
from flask_guesterase.store import tables, worker
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.messages.outbox import BACK_OFF
from flask_guesterase.store.partners import deliveries, delivering, following
from flask_guesterase.store.retaining import keeping
from flask_guesterase.store.returning import again
from flask_guesterase.store.sweeping.report import Report
from tests import partner as partners
from tests.partner import Partner
from tests.store.hotel import Booking, Companion, Guest, Hotel, Scan, policies
from tests.store.test_outbox import Post, render, run

ANN = {"name": "Ann Zebrafinch", "email": "ann@mail.example", "phone": "+8613912345678"}


class System:
    """Another system, in this process: keeps what it is told and answers as it should."""

    def __init__(self, *answers: Any) -> None:
        self.came: list[Notice] = []
        self.answers = list(answers)

    def tell(self, notice: Notice) -> Any:
        """Keep a notice, and answer or raise."""
        self.came.append(notice)
        answer = self.answers.pop(0) if self.answers else Answer(Said.SENT)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def partner() -> Iterator[Partner]:
    """Another system behind real HTTP."""
    with partners.listening() as made:
        yield made


def ann(hotel: Hotel) -> None:
    """Put a guest with a booking, and one with a stay she shares, into the hotel."""
    hotel.settings = replace(hotel.settings, base_url="https://pine.example/privacy/")
    hotel.guest(1, **ANN)
    hotel.guest(2, name="Bea Lund", email="bea@mail.example")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark="early")
    hotel.put(Companion, booking_id=2, guest_id=1)


def go(hotel: Hotel) -> Report:
    """Let the worker do one round."""
    return worker.work(run(hotel), render, {"smtp": Post()})


def erase(hotel: Hotel) -> str:
    """Erase Ann and return the number of her request; nobody else is told yet."""
    number = hotel.approved(email=ANN["email"])
    assert hotel.erased(number) == "erased"
    return number


def content(hotel: Hotel, number: str) -> dict[str, Any]:
    """Return what the newest certificate says."""
    with hotel.begin() as office:
        return dict(office.certificate(number)["content"])


def told(hotel: Hotel, number: str) -> dict[str, str]:
    """Return recipient -> state on the newest certificate."""
    return {each["recipient"]: each["state"] for each in content(hotel, number)["recipients"]}


def signed(reference: str, status: str, **values: Any) -> Signed:
    """Return an answer as a partner signs it."""
    body, headers = partners.answer(reference, status, **values)
    return Signed(body, headers[TIMESTAMP], headers[SIGNATURE])


def say(hotel: Hotel, reference: str, status: str, **values: Any) -> None:
    """Send an answer of a partner to the office, at the hotel's own time."""
    values.setdefault("at", hotel.now.timestamp())
    with hotel.begin() as office:
        office.answered(reference, signed(reference, status, **values), "192.0.2.9")


def test_each_recipient_is_queued_in_the_erasing_transaction(any_hotel: Hotel) -> None:
    """One sealed parcel for a system, one task for a person; nothing when the erasure fails."""
    hotel, system, cache = any_hotel, System(), System()
    ann(hotel)
    hotel.recipients = (
        Recipient("channel-manager", system, gives={"email": "guests.email",
                                                     "booking": "bookings.number"}),
        Recipient("cache", cache.came.append),
        Recipient("police", by_hand("Call the duty desk."), gives=["name"]),
        Recipient("elsewhere", System(), gives=["email"], property="mu"),
    )  # fmt: skip
    number = hotel.approved(email=ANN["email"])
    with suppress(RuntimeError), hotel.begin() as office:
        office.erase(number)
        raise RuntimeError
    assert hotel.ours("delivery") == []
    assert hotel.ours("task") == []
    hotel.erased(number)
    rows = hotel.ours("delivery")
    assert [(r["recipient"], r["how"], r["state"]) for r in rows] == [
        ("channel-manager", "system", "queued"),
        ("cache", "system", "queued"),
        ("police", "person", "queued"),
    ]
    assert len({row["reference"] for row in rows}) == 3
    assert told(hotel, number) == dict.fromkeys(("cache", "channel-manager", "police"), "queued")
    assert system.came == []
    assert go(hotel).counts["told"] == 2
    (notice,) = system.came
    assert [(i.type, i.value) for i in notice.identities] == [
        ("email", ANN["email"]), ("booking", "B1"),
    ]  # fmt: skip
    assert notice.rows == ()
    assert cache.came[0].rows == (("guests", (1,)),)
    assert cache.came[0].identities == ()
    (task,) = hotel.ours("task")
    assert task["name"].startswith("sh/police/")
    assert hotel.row(2)["name"] == "Bea Lund"


def test_what_is_another_living_guests_too_is_not_given(hotel: Hotel) -> None:
    """A shared mailbox would end the other guest's profile there; a shared booking her stay."""
    system = System()
    ann(hotel)
    hotel.guest(3, name="Carl Other", email="ANN@mail.example")
    gives = {"email": "guests.email", "phone": "guests.phone", "booking": "bookings.number"}
    hotel.recipients = (Recipient("channel-manager", system, gives=gives),)
    hotel.erased(hotel.approved(phone=ANN["phone"]))
    go(hotel)
    assert [i.value for i in system.came[0].identities] == [ANN["phone"], "B1"]


def test_the_number_of_a_booking_of_several_is_not_given(any_hotel: Hotel) -> None:
    """Who deletes the key cards of that number would delete those of the room beside."""
    hotel, system = any_hotel, System()
    ann(hotel)
    hotel.put(Booking, id=3, number="B3", guest_id=2, remark="R-7")
    hotel.put(Booking, id=4, number="B4", guest_id=1, remark="R-7")
    hotel.put(Booking, id=5, number="B5", guest_id=1, remark="R-8")
    hotel.put(Booking, id=6, number="B6", guest_id=1, remark="R-8")
    hotel.recipients = (Recipient("door-locks", system, gives={"booking": "bookings.remark"}),)
    erase(hotel)
    go(hotel)
    assert [i.value for i in system.came[0].identities] == ["late", "R-8"]
    hotel.erased(hotel.approved(email="bea@mail.example"))
    go(hotel)
    assert [i.value for i in system.came[1].identities] == ["early", "R-7"]


def test_a_name_in_another_table_is_given_whoever_else_bears_it(hotel: Hotel) -> None:
    """A police register knows people by name; two guests of one name are two people."""
    system = System()
    ann(hotel)
    hotel.put(Booking, id=3, number="B3", guest_id=2, remark="late")
    hotel.recipients = (Recipient("police", system, gives={"name": "bookings.remark"}),)
    erase(hotel)
    go(hotel)
    assert [i.value for n in system.came for i in n.identities] == ["late"]


def test_a_value_that_many_hold_hides_no_other_one(hotel: Hotel) -> None:
    """A dash stands in a thousand rows of others; the number beside it is another guest's too."""
    system = System()
    ann(hotel)
    rows = [{"id": 100 + i, "number": f"D{i}", "guest_id": 2, "remark": "-"} for i in range(1100)]
    with hotel.engine.begin() as conn:
        conn.execute(insert(Booking), rows)
    for id, guest, remark in ((3, 1, "-"), (4, 1, "R-7"), (5, 1, "R-8"), (5000, 2, "R-7")):
        hotel.put(Booking, id=id, number=f"B{id}", guest_id=guest, remark=remark)
    hotel.recipients = (Recipient("door-locks", system, gives={"booking": "bookings.remark"}),)
    erase(hotel)
    go(hotel)
    assert [i.value for i in system.came[0].identities] == ["late", "R-8"]


def test_a_number_in_a_thousand_rows_of_a_guest_may_be_another_ones_too(hotel: Hotel) -> None:
    """A group leader holds more rows than are looked at of others."""
    system = System()
    ann(hotel)
    rows = [{"id": 100 + i, "number": f"D{i}", "guest_id": 1, "remark": "R-7"} for i in range(1100)]
    with hotel.engine.begin() as conn:
        conn.execute(insert(Booking), rows)
    hotel.put(Booking, id=5000, number="B3", guest_id=2, remark="R-7")
    hotel.recipients = (Recipient("door-locks", system, gives={"booking": "bookings.remark"}),)
    erase(hotel)
    go(hotel)
    assert [i.value for i in system.came[0].identities] == ["late"]


def test_a_person_tells_a_system_that_could_not_know_the_guest(hotel: Hotel) -> None:
    """Without a value of hers alone nothing is sent, and nothing is forgotten either."""
    ann(hotel)
    hotel.guest(3, name="Carl Other", email=ANN["email"])
    hotel.recipients = (Recipient("mail-list", System(), gives=["email"]),)
    number = hotel.approved(phone=ANN["phone"])
    hotel.erased(number)
    (row,) = hotel.ours("delivery")
    assert (row["how"], row["problem"], row["outbox"]) == ("person", "no-identity", None)
    assert [task["kind"] for task in hotel.ours("task")] == ["recipient"]


def test_nothing_is_told_of_what_a_hold_keeps(hotel: Hotel) -> None:
    """Evidence must not end elsewhere; once the hold is lifted, what went then is told."""
    system = System()
    ann(hotel)
    hotel.grants["officer"] |= {"hold"}
    hotel.grants["second"] |= {"hold"}
    hotel.recipients = (Recipient("crm", system, gives={"remark": "bookings.remark",
                                                        "email": "guests.email"}),)  # fmt: skip
    number = hotel.approved(email=ANN["email"])
    with hotel.begin() as office:
        hold = office.place_hold(Wanted(Scope.RECORD, Cause.CLAIM, "bookings", "1"), "officer")
    with hotel.begin() as office:
        office.erase(number).settled()
    go(hotel)
    assert [[i.value for i in n.identities] for n in system.came] == [[ANN["email"]]]
    with hotel.begin() as office:
        office.lift(hold, "officer")
    with hotel.begin() as office:
        assert office.lift(hold, "second")
    finishing.finish(run(hotel))
    go(hotel)
    assert [[i.value for i in n.identities] for n in system.came[1:]] == [["late"]]


def test_sent_is_not_acknowledged_until_a_signed_answer_says_so(
    hotel: Hotel, partner: Partner
) -> None:
    """A 200 is "sent"; "received" too; only "completed" acknowledges, and then a supplement."""
    ann(hotel)
    hotel.recipients = (
        Recipient("channel-manager", partner.webhook(), gives=["email", "phone"]),
        Recipient("locks", by_hand("Withdraw the keys at the lock server.")),
    )
    number = erase(hotel)
    go(hotel)
    (came,) = partner.came
    assert partner.genuine(came)
    assert came.json == {
        "api_version": "2.0",
        "controller_id": came.json["controller_id"],
        "property_id": "sh",
        "status_callback_urls": [f"https://pine.example/privacy/recipients/{came.reference}"],
        "subject_identities": [
            {"identity_type": "email", "identity_value": ANN["email"], "identity_format": "raw"},
            {"identity_type": "phone", "identity_value": ANN["phone"], "identity_format": "raw"},
        ],
        "subject_request_id": came.reference,
        "subject_request_type": "erasure",
        "submitted_time": "2026-03-10T00:00:00Z",
    }
    state = {row["recipient"]: row["state"] for row in hotel.ours("delivery")}
    assert state == {"channel-manager": "sent", "locks": "queued"}
    say(hotel, came.reference, "received")
    say(hotel, came.reference, "completed", at=hotel.now.timestamp() + 1)
    state = {row["recipient"]: row["state"] for row in hotel.ours("delivery")}
    assert state == {"channel-manager": "acknowledged", "locks": "queued"}
    assert hotel.events.count("recipient-told") == 1
    assert hotel.events.count("recipient-answered") == 2
    hotel.later(days=1)
    assert following.follow(run(hotel)) == 0
    with hotel.begin() as office:
        (notice,) = office.recipients("clerk")
        assert notice["instruction"] == "Withdraw the keys at the lock server."
        office.told_by_hand(notice["id"], "clerk")
    assert told(hotel, number) == {"channel-manager": "queued", "locks": "queued"}
    assert following.follow(run(hotel)) == 1
    assert told(hotel, number) == {"channel-manager": "acknowledged", "locks": "done"}
    assert content(hotel, number)["supplement"] == 1
    assert [task["done_by"] is None for task in hotel.ours("task")] == [False]
    hotel.later(days=1)
    assert following.follow(run(hotel)) == 0
    with hotel.begin() as office:
        assert office.verify() == []


def test_supplements_come_once_a_day_at_most(hotel: Hotel) -> None:
    """All told is worth one, all gone another, and never two on one day."""
    system = System()
    ann(hotel)
    hotel.recipients = (Recipient("crm", system, gives=["email"]),)
    number = erase(hotel)
    go(hotel)
    assert following.follow(run(hotel)) == 0
    hotel.later(days=1)
    assert following.follow(run(hotel)) == 1
    assert told(hotel, number) == {"crm": "sent"}
    with hotel.begin() as office:
        office.told_by_hand(hotel.ours("delivery")[0]["id"], "clerk")
    assert following.follow(run(hotel)) == 0
    hotel.later(days=1)
    assert following.follow(run(hotel)) == 1
    assert told(hotel, number) == {"crm": "done"}
    assert len(hotel.ours("certificate")) == 3


def test_who_never_answers_keeps_no_supplement_from_others(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one recipient moved and another never does a request waits on; all get a turn."""
    monkeypatch.setattr(following, "MOST", 2)
    hotel.settings = replace(hotel.settings, base_url="https://pine.example/privacy/")
    hotel.recipients = (
        Recipient("crm", System(), gives=["email"]),
        Recipient("locks", by_hand("Withdraw the keys at the lock server.")),
    )
    for id in range(1, 6):
        hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    numbers = sorted(hotel.approved(email=f"g{id}@mail.example") for id in range(1, 6))
    for number in numbers:
        assert hotel.erased(number) == "erased"
    go(hotel)
    with hotel.begin() as office:
        for notice in office.recipients("clerk"):
            if notice["number"] == numbers[-1] and notice["recipient"] == "locks":
                office.told_by_hand(notice["id"], "clerk")
    issued = []
    for _ in range(3):
        hotel.later(days=1)
        issued.append(following.follow(run(hotel)))
    assert issued == [0, 0, 1]
    assert told(hotel, numbers[-1]) == {"crm": "sent", "locks": "done"}
    assert told(hotel, numbers[0]) == {"crm": "queued", "locks": "queued"}


def test_500s_are_tried_again_until_200(hotel: Hotel, partner: Partner) -> None:
    """Backed off, always under the same reference, erased once there."""
    ann(hotel)
    hotel.recipients = (Recipient("channel-manager", partner.webhook(), gives=["email"]),)
    erase(hotel)
    partner.plan = [500, 503, 429, partners.DROP]
    for minutes in BACK_OFF[:4]:
        assert go(hotel).problems
        assert go(hotel).problems == {}
        hotel.later(minutes=minutes)
    assert go(hotel).counts["told"] == 1
    assert len(partner.came) == 5
    assert {came.reference for came in partner.came} == set(partner.erased)
    assert len({came.body for came in partner.came}) == 1
    assert hotel.ours("delivery")[0]["state"] == "sent"
    assert hotel.ours("outbox")[0]["box"] is None


@pytest.mark.parametrize("what", [partners.HANG, partners.DRIP])
def test_a_system_that_never_finishes_is_given_up_in_time(
    hotel: Hotel, partner: Partner, what: str
) -> None:
    """Neither silence nor a letter at a time keeps the worker; the others are told."""
    ann(hotel)
    other = System()
    hotel.recipients = (
        Recipient("channel-manager", partner.webhook(), gives=["email"]),
        Recipient("crm", other, gives=["email"]),
    )
    erase(hotel)
    partner.plan = [what]
    report = go(hotel)
    assert report.problems == {"recipient:channel-manager": "time-out"}
    assert len(other.came) == 1


def test_an_adapter_may_answer_in_one_word(hotel: Hotel) -> None:
    """A host needs nothing of ours for an adapter; one that says nothing is a dead letter."""
    system = System()
    ann(hotel)
    hotel.recipients = (Recipient("crm", system, gives=["email"]),)
    erase(hotel)
    system.answers = ["later", None, "done"]
    go(hotel)
    assert hotel.ours("delivery")[0]["state"] == "queued"
    hotel.later(minutes=1)
    go(hotel)
    assert hotel.ours("delivery")[0]["problem"] == "no-answer"
    with hotel.begin() as office:
        office.tell_again(hotel.ours("delivery")[0]["id"], "clerk")
    go(hotel)
    assert hotel.ours("delivery")[0]["state"] == "acknowledged"


@pytest.mark.parametrize("late", [Said.REFUSED, Said.LATER])
def test_what_a_worker_says_that_was_away_for_too_long_changes_nothing(
    hotel: Hotel, late: Said
) -> None:
    """Another one told the same meanwhile; nobody tells it once more, nor calls it failed."""
    ann(hotel)
    hotel.recipients = (Recipient("crm", System(), gives=["email"]),)
    erase(hotel)
    with hotel.begin() as office:
        (sending,) = deliveries.claim(office.work)
    for answer in (Answer(Said.SENT), Answer(late, "unreachable")):
        with hotel.begin() as office:
            deliveries.told(office.work, sending, answer)
    (delivery,) = hotel.ours("delivery")
    assert (delivery["state"], delivery["problem"]) == ("sent", None)
    assert [p["state"] for p in hotel.ours("outbox") if p["kind"] == outbox.RECIPIENT] == ["sent"]


def test_a_silent_system_costs_one_try_a_round(hotel: Hotel) -> None:
    """Of many notices to one that is down only the first waits for it."""
    system = System(*[Answer(Said.LATER, "unreachable")] * 9)
    ann(hotel)
    hotel.recipients = (Recipient("crm", system, gives=["email"]),)
    for number in range(4, 8):
        hotel.guest(number, name=f"Guest {number}", email=f"g{number}@mail.example")
        hotel.erased(hotel.approved(email=f"g{number}@mail.example"))
    go(hotel)
    assert len(system.came) == 1
    hotel.later(minutes=1)
    system.answers.clear()
    assert go(hotel).counts["told"] == 4


@pytest.mark.parametrize("status", [307, 401, 404])
def test_what_another_try_cannot_cure_is_a_dead_letter_at_once(
    hotel: Hotel, partner: Partner, status: int
) -> None:
    """Refused and moved; a redirect is not followed: its address was never agreed upon."""
    ann(hotel)
    hotel.recipients = (Recipient("channel-manager", partner.webhook(), gives=["email"]),)
    number = erase(hotel)
    partner.plan = [status]
    partner.headers = {"Location": f"{partner.url}/elsewhere"}
    go(hotel)
    assert len(partner.came) == 1
    with hotel.begin() as office:
        (notice,) = office.recipients("clerk")
        assert (notice["state"], notice["problem"]) == ("failed", f"http-{status}")
        assert notice["identities"] == [["email", ANN["email"]]]
        assert office.recipients("auditor") == []
        (seen,) = office.told(number, "clerk")
        assert seen["identities"] == []
    assert hotel.events[-1] == "recipient-failed"
    with pytest.raises(ForbiddenError), hotel.begin() as office:
        office.tell_again(notice["id"], "auditor")
    with pytest.raises(ForbiddenError), hotel.begin() as office:
        office.told_by_hand(notice["id"], "auditor")
    with hotel.begin() as office:
        office.tell_again(notice["id"], "clerk")
    assert go(hotel).counts["told"] == 1
    assert hotel.ours("delivery")[0]["state"] == "sent"
    with pytest.raises(TransitionError), hotel.begin() as office:
        office.tell_again(notice["id"], "clerk")


def test_after_the_last_try_a_person_must_look(hotel: Hotel) -> None:
    """Whatever it raises, only the class is kept; the dead letter is there until somebody acts."""
    system = System(*[RuntimeError("no ann@mail.example here")] * 20)
    ann(hotel)
    hotel.recipients = (Recipient("crm", system, gives=["email"]),)
    erase(hotel)
    for minutes in (*BACK_OFF, 1):
        assert go(hotel).problems == {"recipient:crm": "RuntimeError"}
        hotel.later(minutes=minutes)
    assert len(system.came) == len(BACK_OFF) + 1
    (row,) = hotel.ours("delivery")
    assert (row["state"], row["problem"]) == ("failed", "RuntimeError")
    hotel.later(days=1)
    assert go(hotel).problems == {}
    with hotel.begin() as office:
        office.told_by_hand(row["id"], "clerk")
    (row,) = hotel.ours("delivery")
    assert (row["state"], row["problem"]) == ("done", None)
    assert hotel.ours("outbox")[0]["box"] is None
    with pytest.raises(TransitionError), hotel.begin() as office:
        office.told_by_hand(row["id"], "clerk")


def test_a_worker_that_died_tells_again_under_the_same_reference(
    any_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent, and killed before it was written down: it comes twice, and is done once."""
    hotel = any_hotel
    with partners.listening() as partner:
        ann(hotel)
        hotel.recipients = (Recipient("channel-manager", partner.webhook(), gives=["email"]),)
        number = erase(hotel)

        def dies(*given: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(delivering, "_told", dies)
            with pytest.raises(KeyboardInterrupt):
                worker.work(run(hotel), render, {"smtp": Post()})
        assert go(hotel).counts == {}
        hotel.later(minutes=10)
        assert go(hotel).counts["told"] == 1
        assert len(partner.came) == 2
        assert len(partner.erased) == 1
        assert hotel.events.count("recipient-told") == 1
        say(hotel, partner.came[0].reference, "completed")
        assert [row["state"] for row in hotel.ours("delivery")] == ["acknowledged"]
        hotel.later(days=1)
        assert following.follow(run(hotel)) == 1
        assert told(hotel, number) == {"channel-manager": "acknowledged"}


@pytest.mark.parametrize(("status", "state"), [("completed", "acknowledged"),
                                               ("pending", "received")])  # fmt: skip
def test_an_answer_may_come_before_the_try_was_written_down(
    hotel: Hotel, status: str, state: str
) -> None:
    """What a partner answers while it is being told stands."""
    ann(hotel)

    class Quick:
        def verifies(self, signed: Signed) -> bool:
            return True

        def tell(self, notice: Notice) -> Answer:
            say(hotel, notice.reference, status)
            return Answer(Said.SENT)

    hotel.recipients = (Recipient("quick", Quick(), gives=["email"]),)
    erase(hotel)
    go(hotel)
    (row,) = hotel.ours("delivery")
    assert row["state"] == state
    assert hotel.ours("outbox")[0]["state"] == outbox.SENT


def test_forged_stale_replayed_and_unknown_answers_are_refused_alike(
    hotel: Hotel, partner: Partner
) -> None:
    """None changes anything, and all are refused in the same words."""
    ann(hotel)
    other = partner.webhook(secret="another secret, of somebody else")
    hotel.recipients = (
        Recipient("channel-manager", partner.webhook(), gives=["email"]),
        Recipient("crm", other, gives=["email"]),
        Recipient("police", by_hand("Call.")),
    )
    erase(hotel)
    go(hotel)
    mine, theirs, manual = (row["reference"] for row in hotel.ours("delivery"))
    now = hotel.now.timestamp()
    good = signed(mine, "received", at=now)
    bad = {
        "another's secret": (mine, signed(mine, "completed", at=now, secret="x" * 32)),
        "another recipient's notice": (theirs, signed(theirs, "completed", at=now)),
        "nobody's notice": ("11111111-1111-4111-8111-111111111111", good),
        "a person's": (manual, signed(manual, "completed", at=now)),
        "another body": (mine, replace(good, body=good.body.replace(b"received", b"completed"))),
        "another time": (mine, replace(good, timestamp=str(int(now) + 1))),
        "too old": (mine, signed(mine, "completed", at=now - 301)),
        "from tomorrow": (mine, signed(mine, "completed", at=now + 301)),
        "no time": (mine, replace(good, timestamp="")),
        "no signature": (mine, replace(good, signature="")),
        "another way of signing": (mine, replace(good, signature="ed25519=00")),
        "letters beyond ASCII": (mine, replace(good, signature="hmac-sha256=é", timestamp="１")),
        # Our own notice sent back as if it were an answer.
        "reflected": (mine, replace(good, signature=by_secret(
            partners.SECRET.encode(),
            signed_bytes(Way.NOTICE, "127.0.0.1", good.timestamp, good.body),
        ))),
    }  # fmt: skip
    said = set()
    for name, (reference, answer) in bad.items():
        with pytest.raises(TokenError) as refused, hotel.begin() as office:
            office.answered(reference, answer)
        said.add(str(refused.value))
        assert [row["state"] for row in hotel.ours("delivery")] == ["sent", "sent", "queued"], name
    with hotel.begin() as office:
        office.answered(mine, good)
    with pytest.raises(TokenError) as refused, hotel.begin() as office:
        office.answered(mine, good)
    assert said == {str(refused.value)}
    assert hotel.ours("delivery")[0]["state"] == "received"


def test_both_sides_may_sign_with_keys_of_their_own(hotel: Hotel, partner: Partner) -> None:
    """No secret is shared: the hotel's key signs the notice, the partner's key the answer."""
    theirs = Ed25519PrivateKey.generate()
    public = theirs.public_key().public_bytes_raw().hex()
    ann(hotel)
    hook = partner.webhook(secret="", key=public)
    hotel.recipients = (Recipient("channel-manager", hook, gives=["email"]),)
    erase(hotel)
    go(hotel)
    (came,) = partner.came
    with hotel.begin() as office:
        ours = Ed25519PublicKey.from_public_bytes(bytes.fromhex(office.notice_key()))
    stamp = came.headers[TIMESTAMP]
    word, _, signature = came.headers[SIGNATURE].partition("=")
    ours.verify(
        bytes.fromhex(signature), signed_bytes(Way.NOTICE, "127.0.0.1", stamp, came.body)
    )
    assert word == "ed25519"
    body, headers = partners.answer(came.reference, "completed", at=hotel.now.timestamp())
    with pytest.raises(TokenError), hotel.begin() as office:
        office.answered(came.reference, Signed(body, headers[TIMESTAMP], headers[SIGNATURE]))
    message = signed_bytes(Way.ANSWER, "127.0.0.1", headers[TIMESTAMP], body)
    with hotel.begin() as office:
        office.answered(
            came.reference, Signed(body, headers[TIMESTAMP], by_key(theirs.sign(message)))
        )
    assert hotel.ours("delivery")[0]["state"] == "acknowledged"


def test_what_is_gone_stays_gone_whatever_comes_after(hotel: Hotel, partner: Partner) -> None:
    """Answers that come late, twice or against each other end in one state."""
    ann(hotel)
    hotel.recipients = (Recipient("channel-manager", partner.webhook(), gives=["email"]),)
    erase(hotel)
    go(hotel)
    reference = partner.came[0].reference
    seen = []
    for seconds, status in enumerate(
        ("refused", "received", "pending", "completed", "completed", "failed", "cancelled")
    ):
        say(hotel, reference, status, at=hotel.now.timestamp() + seconds)
        seen.append(hotel.ours("delivery")[0]["state"])
    assert seen == ["failed"] * 3 + ["acknowledged"] * 4
    assert hotel.events.count("recipient-failed") == 1
    assert hotel.events.count("recipient-answered") == 1


def test_no_answer_is_late_and_said_so_and_never_done(hotel: Hotel, partner: Partner) -> None:
    """Past its day it stands in red, the officer is reminded, weekly, and nothing is settled."""
    hotel.settings = replace(hotel.settings, properties={
        **hotel.settings.properties,
        "sh": replace(hotel.settings.properties["sh"], officer="officer@pine.example"),
    })  # fmt: skip
    ann(hotel)
    told_by = timedelta(days=3)
    hotel.recipients = (
        Recipient("channel-manager", partner.webhook(), gives=["email"], due=told_by),
    )
    number = erase(hotel)
    go(hotel)
    hotel.later(days=1)
    assert following.follow(run(hotel)) == 1  # the supplement: all were told
    with hotel.begin() as office:
        assert [each["late"] for each in office.told(number)] == [False]
    hotel.later(days=2)
    for expected in (1, 0):
        assert following.follow(run(hotel)) == expected
    hotel.later(days=7)
    assert following.follow(run(hotel)) == 1
    post = Post()
    worker.work(run(hotel), render, {"smtp": post})
    late = [message for message in post.sent if message.template == "recipient"]
    assert [message.to for message in late] == ["officer@pine.example"] * 2
    assert ANN["name"] not in repr(late)
    with hotel.begin() as office:
        assert [each["late"] for each in office.recipients("clerk")] == [True]
    assert told(hotel, number) == {"channel-manager": "sent"}


def test_nothing_of_the_guest_is_in_our_tables_afterwards(
    hotel: Hotel, caplog: pytest.LogCaptureFixture
) -> None:
    """Before delivery it is ciphertext, after it the box is gone; no address carries anything."""
    with partners.listening() as partner:
        ann(hotel)
        hotel.settings = replace(hotel.settings, recovery_days=0)
        hotel.recipients = (
            Recipient("channel-manager", partner.webhook(), gives=["email", "phone", "name"]),
        )
        number = erase(hotel)
        assert _found(hotel) == []
        boxes = [box["purpose"] for box in hotel.ours("box")]
        assert boxes.count("recipient") == 1
        go(hotel)
        assert _found(hotel) == []
        assert [box for box in hotel.ours("box") if box["purpose"] == "recipient"] == []
        assert partner.came[0].path == "/erase"
        assert not any(value in repr(partner.came[0].headers) for value in ANN.values())
        assert not any(value in caplog.text for value in ANN.values())
        assert not any(value in json.dumps(content(hotel, number)) for value in ANN.values())


def _found(hotel: Hotel) -> list[str]:
    """Return our tables in which a value of the guest can be read."""
    return [
        table.name
        for table in tables.metadata.sorted_tables
        for row in hotel.ours(table.name.removeprefix(tables.PREFIX))
        if any(value in repr(row) for value in ANN.values())
    ]


def test_who_was_brought_back_is_told_of_again(hotel: Hotel) -> None:
    """The system that writes a guest back is told once more, of what it wrote; nobody else is."""
    system, cache = System(), System()
    ann(hotel)
    hotel.recipients = (
        Recipient("channel-manager", system, gives=["email"]),
        Recipient("cache", cache.came.append),
        Recipient("police", by_hand("Call.")),
    )
    number = erase(hotel)
    go(hotel)
    with hotel.engine.begin() as conn:
        back = update(Guest).where(Guest.id == 1).values(name="Ann", email="new@mail.example")
        conn.execute(back)
    origin = keeping.Origin(number, hotel.ours("request")[0]["controller"], "sh")
    with hotel.begin() as office:
        assert again.again(office.work, origin, [("guests", (1,))]).fate is again.Fate.ERASED
    go(hotel)
    assert [i.value for n in system.came for i in n.identities] == [ANN["email"],
                                                                    "new@mail.example"]  # fmt: skip
    assert [notice.rows for notice in cache.came] == [(("guests", (1,)),)] * 2
    names = [row["recipient"] for row in hotel.ours("delivery")]
    assert names == ["channel-manager", "cache", "police", "channel-manager", "cache"]


def test_thumbnails_go_with_the_file(hotel: Hotel) -> None:
    """What was made from a file is derived from the guest as well; its neighbours stay."""
    ann(hotel)
    policy = Policy({"path": File(str(hotel.files), also=["thumbs/{stem}.webp"])}, via="guest")
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Scan]
    hotel.datamap = hotel.mapped([*declared, (Scan, policy)])
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    (hotel.files / "thumbs").mkdir()
    for name in ("ann.png", "thumbs/ann.webp", "bea.png", "thumbs/bea.webp"):
        (hotel.files / name).write_bytes(b"x")
    erase(hotel)
    assert go(hotel).counts["files"] == 2
    left = sorted(path.name for path in hotel.files.rglob("*") if path.is_file())
    assert left == ["bea.png", "bea.webp"]


def test_who_is_not_declared_any_more_is_a_dead_letter(hotel: Hotel) -> None:
    """A name that left the code does not keep the queue; a box that ended can only be by hand."""
    ann(hotel)
    hotel.recipients = (Recipient("crm", System(), gives=["email"]),)
    erase(hotel)
    kept, hotel.recipients = hotel.recipients, ()
    go(hotel)
    with hotel.begin() as office:
        (notice,) = office.recipients("clerk")
    assert (notice["problem"], notice["again"]) == ("not-declared", True)
    hotel.recipients = kept
    with hotel.begin() as office:
        office.tell_again(notice["id"], "clerk")
    with hotel.engine.begin() as conn:
        conn.execute(update(tables.box).values(payload=None, wrapped=None))
    go(hotel)
    with hotel.begin() as office:
        (notice,) = office.recipients("clerk")
    assert (notice["problem"], notice["again"]) == ("unopened", False)
    with pytest.raises(TransitionError), hotel.begin() as office:
        office.tell_again(notice["id"], "clerk")


def test_a_task_that_is_signed_settles_what_it_asked_for(hotel: Hotel) -> None:
    """Named, dated, signed: by the list of tasks as well as by the list of recipients."""
    ann(hotel)
    hotel.recipients = (
        Recipient("police", by_hand("Call."), gives=["name"], due=timedelta(days=2)),
    )
    number = erase(hotel)
    with hotel.begin() as office:
        (notice,) = office.recipients("clerk")
        assert notice["identities"] == [["name", ANN["name"]]]
        (task,) = office.tasks("officer")
        assert (task["due_on"], task["category"]) == ("2026-03-12", "police")
        office.sign_task(task["id"], 1, "officer")
    assert told(hotel, number) == {"police": "queued"}
    with hotel.begin() as office:
        (seen,) = office.told(number, "clerk")
    assert seen["state"] == "done"
    assert [r["box"] for r in hotel.ours("outbox") if r["kind"] == "recipient"] == [None]
    assert hotel.events.count("recipient-answered") == 1


def test_declarations_that_mean_nothing_are_refused() -> None:
    """At start-up, with the cause and the cure."""
    hook = partners.Partner("http://127.0.0.1:9/x").webhook
    for make in (
        lambda: Recipient("Channel Manager", System()),
        lambda: Recipient("x" * 41, System()),
        lambda: Recipient("crm", hook()),
        lambda: Recipient("crm", hook(), gives="email"),
        lambda: Recipient("crm", hook(), gives=["E-Mail"]),
        lambda: Recipient("crm", hook(), gives=["email"], due=timedelta()),
        lambda: by_hand(" "),
        lambda: hook(url="http://channel.example/erase"),
        lambda: hook(url="ftp://channel.example/erase"),
        lambda: hook(url="https:///erase"),
        lambda: hook(url="https://me:pw@channel.example/"),
        lambda: hook(url="https://channel.example:x/"),
        lambda: hook(secret=""),
        lambda: hook(secret="short"),
        lambda: hook(key="no key"),
    ):
        with pytest.raises(PolicyError):
            make()
    assert "secret" not in repr(hook())


def test_an_unknown_notice_is_unknown(hotel: Hotel) -> None:
    """A number nobody gave out is not found, by no door."""
    for act in ("tell_again", "told_by_hand"):
        with pytest.raises(UnknownError), hotel.begin() as office:
            getattr(office, act)(77, "clerk")
