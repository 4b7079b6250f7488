"""Who is told of an erasure, of what, how often: houses of a group, shared contacts, outages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_guesterase.core.errors import SealError, TransitionError
from flask_guesterase.core.log import slug
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact, retain
from flask_guesterase.recipients import Answer, Recipient, Said, by_hand
from flask_guesterase.store import tables, worker
from flask_guesterase.store.keys import copies
from flask_guesterase.store.messages.outbox import BACK_OFF
from flask_guesterase.store.partners import following
from tests.store.hotel import Booking, Guest, Hotel, policies
from tests.store.house import House
from tests.store.test_outbox import Post, render, run
from tests.store.test_recipients import ANN, System, ann, erase, go, told
from tests.store.test_replayed import Copied


def values(system: System) -> list[list[str]]:
    """Return the values of each notice that came."""
    return [[each.value for each in notice.identities] for notice in system.came]


# houses of a group


def one_company(house: House) -> None:
    """Let one company run both houses: what is asked of it is asked of both."""
    known = house.settings.properties
    sisters = {code: replace(hotel, controller="Pine Ltd") for code, hotel in known.items()}
    house.settings = replace(house.settings, properties=sisters)


@pytest.fixture
def group(any_house: House) -> House:
    """One guest of the one house, who stayed in both."""
    any_house.blockers = ()
    one_company(any_house)
    any_house.person(1)
    any_house.person(2, "bea")
    any_house.stay(1, 1, status="out", days=-30)
    any_house.stay(2, 1, status="out", days=-60, at="mu")
    with any_house.engine.begin() as conn:
        stays = any_house.datamap.tables["stays"].table
        conn.execute(update(stays).where(stays.c.id == 1).values(wish="by the pines"))
        conn.execute(update(stays).where(stays.c.id == 2).values(wish="by the firs"))
    return any_house


def erased(house: House, id: int) -> str:
    """Erase a guest who asked the house "sh"; return the number."""
    number = house.approved(email=("ann@example.com", "bea@example.com")[id - 1])
    house.erased(number)
    return number


def test_each_house_whose_rows_went_tells_its_own_recipients(group: House) -> None:
    """A guest asks one house; what goes at another one is told there, in that house's name."""
    pine, fir, both = System(), System(), System()
    gives = {"email": "people.email", "wish": "stays.wish"}
    group.recipients = (
        Recipient("pine-channel", pine, gives=gives, property="sh"),
        Recipient("fir-channel", fir, gives=gives, property="mu"),
        Recipient("crm", both, gives=gives),
        Recipient("fir-paper", by_hand("Take the folder."), property="mu"),
    )
    number = erased(group, 1)
    go(group)
    assert values(pine) == [["ann@example.com", "by the pines"]]
    assert values(fir) == [["ann@example.com", "by the firs"]]
    assert [sorted(each) for each in values(both)] == [
        ["ann@example.com", "by the firs", "by the pines"]
    ]
    (notice,) = fir.came
    assert (notice.property, notice.controller) == ("mu", slug("Pine Ltd"))
    assert [n.property for n in (*pine.came, *both.came)] == ["sh", "sh"]
    rows = {row["recipient"]: row["property"] for row in group.ours("delivery")}
    assert rows == {"pine-channel": "sh", "fir-channel": "mu", "crm": "sh", "fir-paper": "mu"}
    assert [task["property"] for task in group.ours("task")] == ["mu"]
    assert set(told(group, number)) == set(rows)


def test_a_house_where_nothing_went_is_not_told(group: House) -> None:
    """Nobody learns of a guest they never had."""
    fir = System()
    group.recipients = (
        Recipient("fir-channel", fir, gives={"email": "people.email"}, property="mu"),
    )
    erased(group, 2)
    go(group)
    assert group.ours("delivery") == []
    assert fir.came == []


# values that are another guest's too


def test_a_contact_that_finds_nobody_is_still_another_guests(hotel: Hotel) -> None:
    """A shared telephone that is no match key, or a mailbox that stands in a booking."""
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Guest]
    profile = Policy(
        {"hotel": keep("which house"), "name": redact, "email": placeholder, "phone": null,
         "document_no": null},
        subject=Subject(
            match=["email"], name="name", contact=["email", "phone"], property="hotel"
        ),
    )  # fmt: skip
    hotel.datamap = hotel.mapped([*declared, (Guest, profile)])
    ann(hotel)
    hotel.guest(3, name="Carl Zebrafinch", email="carl@mail.example", phone=ANN["phone"])
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 1).values(remark="CARL@mail.example"))
    system = System()
    gives = {"email": ["guests.email", "bookings.remark"], "phone": "guests.phone"}
    hotel.recipients = (Recipient("crm", system, gives=gives),)
    hotel.erased(hotel.approved(email=ANN["email"]))
    go(hotel)
    assert values(system) == [[ANN["email"]]]


# a key service that does not answer


def test_a_notice_waits_while_its_key_cannot_be_asked_for(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage of the key service makes no dead letter: it is told when the service is back."""
    system = System()
    ann(hotel)
    hotel.recipients = (Recipient("crm", system, gives=["email"]),)
    erase(hotel)
    unwrap = hotel.custodian.unwrap

    def down(*_: Any) -> bytes:
        raise SealError("The key service cannot be used now (ConnectionError).")

    monkeypatch.setattr(hotel.custodian, "unwrap", down)
    go(hotel)
    assert [row["state"] for row in hotel.ours("delivery")] == ["queued"]
    monkeypatch.setattr(hotel.custodian, "unwrap", unwrap)
    hotel.later(minutes=BACK_OFF[0])
    assert go(hotel).counts["told"] == 1
    assert values(system) == [[ANN["email"]]]


def test_a_notice_that_never_opens_ends_with_a_person(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last try somebody must look."""
    ann(hotel)
    hotel.recipients = (Recipient("crm", System(), gives=["email"]),)
    erase(hotel)

    def down(*_: Any) -> bytes:
        raise SealError("The key service cannot be used now (ConnectionError).")

    monkeypatch.setattr(hotel.custodian, "unwrap", down)
    for minutes in (*BACK_OFF, 1):
        go(hotel)
        hotel.later(minutes=minutes)
    (row,) = hotel.ours("delivery")
    assert (row["state"], row["problem"]) == ("failed", "unopened")


def test_a_message_waits_while_its_key_cannot_be_asked_for(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does what goes to the guest."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.ask(name="Ann", email="ann@example.com")
    hotel.look()
    unwrap, post = hotel.custodian.unwrap, Post()

    def down(*_: Any) -> bytes:
        raise SealError("The key service cannot be used now (ConnectionError).")

    monkeypatch.setattr(hotel.custodian, "unwrap", down)
    worker.work(run(hotel), render, {"smtp": post})
    assert [row["state"] for row in hotel.ours("outbox")] == ["queued"]
    monkeypatch.setattr(hotel.custodian, "unwrap", unwrap)
    hotel.later(minutes=BACK_OFF[0])
    worker.work(run(hotel), render, {"smtp": post})
    assert [message.template for message in post.sent] == ["confirm"]


def test_a_box_that_cannot_be_asked_for_now_is_not_emptied(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the law keeps of a row that did not come back stays, also while nobody can look."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)
    declared = policies(str(hotel.files))
    columns = {**declared[0][1].columns, "document_no": retain("guest_register", null)}
    declared[0] = (Guest, replace(declared[0][1], columns=columns))
    hotel.datamap = hotel.mapped(declared)
    hotel.guest(1, **ANN, document_no="P1")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    number = hotel.approved(email=ANN["email"])
    assert hotel.erased(number) == "sealed"
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(document_no="new"))
    ((box, label),) = {
        (each["id"], each["label"]) for each in hotel.ours("box") if each["purpose"] == "retention"
    }
    unwrap = hotel.custodian.unwrap

    def down(asked: str, *more: Any) -> bytes:
        if asked == label:
            raise SealError("The key service cannot be used now (ConnectionError).")
        return unwrap(asked, *more)

    with hotel.begin() as office:
        office.propose_restore(number, "officer", "wrong-person")
    monkeypatch.setattr(hotel.custodian, "unwrap", down)
    with hotel.begin() as office:
        assert office.restore(number, "second").restored
    (left,) = [each for each in hotel.ours("box") if each["id"] == box]
    assert left["payload"] is not None
    (line,) = [each for each in hotel.ours("kept") if each["box"] == box]
    assert (line["ended_at"], line["request"]) == (None, None)


# an erasure that was taken back


def test_nobody_is_told_any_more_of_what_was_taken_back(hotel: Hotel) -> None:
    """Neither by the worker nor by a person's click; nor is anybody reminded of an answer."""
    hotel.settings = replace(hotel.settings, properties={
        **hotel.settings.properties,
        "sh": replace(hotel.settings.properties["sh"], officer="officer@pine.example"),
    })  # fmt: skip
    early, dead = System(Answer(Said.LATER, "http-503")), System(Answer(Said.REFUSED, "http-404"))
    ann(hotel)
    hotel.recipients = (
        Recipient("early", early, gives=["email"]), Recipient("dead", dead, gives=["email"]),
    )  # fmt: skip
    number = erase(hotel)
    go(hotel)
    with hotel.engine.begin() as conn:
        # It said that it is working on it before the reply was there.
        table = tables.delivery
        conn.execute(update(table).where(table.c.recipient == "early").values(state="received"))
    with hotel.begin() as office:
        office.propose_restore(number, "officer", "wrong-person")
    with hotel.begin() as office:
        report = office.restore(number, "second")
    assert report.recipients == ("early", "dead")
    hotel.later(days=1)
    go(hotel)
    assert (len(early.came), len(dead.came)) == (1, 1)
    ids = {row["recipient"]: row["id"] for row in hotel.ours("delivery")}
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.tell_again(ids["dead"], "clerk")
    with hotel.engine.connect() as conn:
        boxes = conn.execute(
            select(tables.box.c.purpose).where(tables.box.c.purpose == "recipient")
        ).all()
    assert boxes == []
    with hotel.begin() as office:
        assert office.recipients("clerk") == []
    for _ in range(10):
        hotel.later(days=1)
    assert following.follow(run(hotel)) == 0


# a restored database


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Copied]:
    """A hotel whose database is copied away and brought back; bookings say when it was."""
    one = Copied(tmp_path)
    yield one
    one.hotel.engine.dispose()


def test_who_is_told_by_hand_is_asked_again_after_a_restore(copied: Copied) -> None:
    """The task was lost with the database: as far as anybody knows, nobody was told."""
    hotel = copied.hotel
    system = System()
    dated = [
        (table, replace(policy, clock={"created": "document_no"}) if table is Guest else policy)
        for table, policy in policies(str(hotel.files))
    ]
    hotel.datamap = hotel.mapped(dated)
    hotel.recipients = (
        Recipient("paper", by_hand("Take the folder from the back office.")),
        Recipient("crm", system, gives=["email"]),
    )
    hotel.guest(1, name="Ann Berg", email="ann@mail.example", document_no="2026-01-01")
    copied.copy()
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    copied.restore()
    assert copied.replay().counts["theirs"] == 1
    copied.work()
    rows = {row["recipient"]: row["how"] for row in hotel.ours("delivery")}
    assert rows == {"paper": "person", "crm": "system"}
    assert [task["kind"] for task in hotel.ours("task")] == ["recipient"]
    assert values(system) == [["ann@mail.example"]]
    assert copied.replay().restored is False
    assert len(hotel.ours("delivery")) == 2
