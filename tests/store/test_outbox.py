"""The outbox and the worker: at least once, never twice at once, and people see what failed."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, update

from flask_guesterase.core.errors import DeliveryError, ForbiddenError, UnknownError
from flask_guesterase.store import tables, worker
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.casework.matching import Contact
from flask_guesterase.store.executing import execution
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.messages.channels import Message, message_id
from flask_guesterase.store.messages.outbox import BACK_OFF
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.upkeep import dispatch, sending, watch
from tests.store.hotel import Booking, Guest, Hotel, Scan


class Post:
    """A channel that keeps what it is given, or raises."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.problem: Exception | None = None

    def send(self, message: Message) -> None:
        """Keep a message, or raise."""
        if self.problem is not None:
            raise self.problem
        self.sent.append(message)


def render(template: str, lang: str, params: Any) -> tuple[str, str]:
    """Return a text that shows what it was made from."""
    return f"{template} {params['number']}", f"{lang} {params.get('token', '')}"


def run(hotel: Hotel) -> worker.Run:
    """Return the door that runs units of work."""

    def one(unit: Any) -> Any:
        with hotel.begin() as office:
            return unit(office)

    return one


def go(hotel: Hotel, post: Post) -> Report:
    """Let the worker do one round."""
    return worker.work(run(hotel), render, {"smtp": post})


def ann(hotel: Hotel) -> None:
    """Put a guest into the hotel and let her ask."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.ask(name="Ann", email="ann@example.com")


def test_the_worker_takes_a_request_from_the_form_to_the_certificate(any_hotel: Hotel) -> None:
    """Between the people's steps everything happens by itself, files and letters included."""
    hotel, post = any_hotel, Post()
    ann(hotel)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="x")
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    (hotel.files / "ann.png").write_bytes(b"x")
    report = go(hotel, post)
    assert report.counts == {"intake": 1, "sent": 1}
    (letter,) = post.sent
    assert letter.to == "ann@example.com"
    assert letter.lang == "en"
    with hotel.begin() as office:
        office.confirm_link(letter.params["token"])
        (number,) = [row["number"] for row in office.list()]
    hotel.approve(number)
    report = go(hotel, post)
    assert report.counts == {"erased": 1, "sent": 1, "files": 1}
    assert hotel.state(number) == "erased"
    assert not (hotel.files / "ann.png").exists()
    assert [m.template for m in post.sent] == ["confirm", "done"]
    assert all(row["state"] == "sent" and row["box"] is None for row in hotel.ours("outbox"))
    assert hotel.row(1)["name"] != "Ann"
    assert go(hotel, post).problems == {}
    assert go(hotel, post).idle
    assert f"case:{number}" not in hotel.custodian.labels()


def test_a_guest_whose_contact_cannot_be_read_now_is_answered_later(hotel: Hotel) -> None:
    """The key of the case is damaged when the certificate is due: neither the answer nor the only
    way to send it is given up for that."""
    post = Post()
    ann(hotel)
    go(hotel, post)
    with hotel.begin() as office:
        office.confirm_link(post.sent[0].params["token"])
        (number,) = [row["number"] for row in office.list()]
    hotel.approve(number)
    with hotel.begin() as office:
        office.erase(number).settled()
    key = hotel.custodian.path / f"key-case-{number}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    report = Report()
    worker.check_all(run(hotel), [number], report)
    assert report.problems == {number: "SealError"}
    assert hotel.state(number) == "checking"
    assert hotel.ours("contact")
    key.write_bytes(whole)
    worker.check_all(run(hotel), [number], Report())
    go(hotel, post)
    assert hotel.state(number) == "erased"
    assert [(m.template, m.to) for m in post.sent[1:]] == [("done", "ann@example.com")]


def test_a_channel_that_fails_is_tried_again_later_and_then_shown_to_staff(hotel: Hotel) -> None:
    """One, five, thirty minutes ... and after the last try a person must look."""
    post = Post()
    ann(hotel)
    post.problem = DeliveryError("no ann@example.com here")
    assert go(hotel, post).problems
    for minutes in BACK_OFF:
        hotel.later(minutes=minutes, seconds=-1)
        assert go(hotel, post).problems == {}
        hotel.later(seconds=1)
        assert list(go(hotel, post).problems.values()) == ["DeliveryError"]
    (row,) = hotel.ours("outbox")
    assert (row["state"], row["problem"]) == ("failed", "DeliveryError")
    assert hotel.events[-1] == "message-failed"
    for _ in range(9):
        hotel.later(days=1)
        assert go(hotel, post).problems == {}
    with hotel.begin() as office:
        (letter,) = office.letters("clerk")
        assert letter["to"] == "ann@example.com"
        assert letter["state"] == "failed"
        office.printed(letter["id"], "clerk")
        assert office.letters("clerk") == []


def test_whoever_may_approve_never_sees_the_guests_link(hotel: Hotel) -> None:
    """With the link an officer would be both pairs of eyes: only others are shown the letter."""
    hotel.settings = replace(hotel.settings, mail="print")
    ann(hotel)
    go(hotel, Post())
    with hotel.begin() as office:
        (letter,) = office.letters("clerk")
        seen = office.letters("officer")

    assert letter["template"] == "confirm"
    assert seen == []


def test_a_message_arrives_once_the_channel_works_again(hotel: Hotel) -> None:
    """Whatever the host's channel raised, its text is kept nowhere."""
    post = Post()
    ann(hotel)
    post.problem = RuntimeError("ann@example.com")
    go(hotel, post)
    assert hotel.ours("outbox")[0]["problem"] == "RuntimeError"
    post.problem = None
    hotel.later(minutes=2)
    go(hotel, post)
    assert len(post.sent) == 1
    assert hotel.ours("outbox")[0]["state"] == "sent"


def test_what_a_dead_worker_had_claimed_is_sent_by_the_next(hotel: Hotel) -> None:
    """At least once: after ten minutes, with the same message id."""
    post = Post()
    ann(hotel)
    hotel.look()
    with hotel.begin() as office:
        (dead,) = dispatch.claim(office.work, frozenset({"smtp"}))
    assert go(hotel, post).idle
    hotel.later(minutes=10)
    go(hotel, post)
    (letter,) = post.sent
    assert letter.id == message_id(dead.dedupe)


class Slow(Post):
    """A channel that takes two minutes for each message, while another worker is at work."""

    def __init__(self, hotel: Hotel, other: Post) -> None:
        super().__init__()
        self.hotel, self.other = hotel, other

    def send(self, message: Message) -> None:
        """Keep a message after a while."""
        self.hotel.later(minutes=2)
        sending.deliver(run(self.hotel), render, {"smtp": self.other}, Report())
        super().send(message)


def test_a_slow_mail_server_sends_nobody_the_same_twice(hotel: Hotel) -> None:
    """Ten messages are claimed at once: who is still sending them is no dead worker."""
    other = Post()
    slow = Slow(hotel, other)
    hotel.guest(1, name="Ann", email="ann@example.com")
    number = hotel.approved(email="ann@example.com")
    with hotel.begin() as office:
        office.work.conn.execute(delete(tables.outbox))
        case = load(office.work, number)
        for id in range(10):
            contact = Contact("email", f"g{id}@example.com")
            outbox.queue_message(office.work, case, contact, "open", {}, f"open:{id}")
    report = Report()
    sending.deliver(run(hotel), render, {"smtp": slow}, report)
    assert (report.problems, report.counts) == ({}, {"sent": len(slow.sent)})
    assert sorted(m.to for m in slow.sent + other.sent) == [
        f"g{id}@example.com" for id in range(10)
    ]
    assert {row["state"] for row in hotel.ours("outbox")} == {"sent"}


def letters(hotel: Hotel, *templates: str, attempts: int = 0) -> None:
    """Queue letters about an approved request, in this order, and nothing else."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    number, ann = hotel.approved(email="ann@example.com"), Contact("email", "ann@example.com")
    with hotel.begin() as office:
        conn = office.work.conn
        conn.execute(delete(tables.outbox))
        case = load(office.work, number)
        for at, template in enumerate(templates):
            outbox.queue_message(office.work, case, ann, template, {}, f"{at}:{template}")
        older = tables.outbox.c.template == "waiting"
        conn.execute(update(tables.outbox).where(older).values(attempts=attempts))


def test_letters_that_are_overtaken_keep_no_other_waiting(hotel: Hotel) -> None:
    """As many as are claimed at once, and more, are taken back before a link that is due."""
    letters(hotel, *["waiting"] * 25, "done", "open", attempts=3)
    post = Post()
    sending.deliver(run(hotel), render, {"smtp": post}, Report())
    assert [letter.template for letter in post.sent] == ["done", "open"]


def test_a_letter_in_a_slow_worker_s_hands_does_not_leave_behind_a_newer_one(hotel: Hotel) -> None:
    """Another worker sends meanwhile how the request ended: nobody reads last that it waits."""
    other = Post()
    slow = Slow(hotel, other)
    letters(hotel, "open", "waiting")
    end = partial(outbox.queue_message, contact=Contact("email", "ann@example.com"), params={})

    def then(message: Message) -> None:
        if message.template == "open":
            with hotel.begin() as office:
                case = load(office.work, str(message.params["number"]))
                end(office.work, case, template="done", dedupe="done")
        Slow.send(slow, message)

    slow.send = then  # type: ignore[method-assign]
    report = Report()
    sending.deliver(run(hotel), render, {"smtp": slow}, report)
    assert [letter.template for letter in slow.sent + other.sent] == ["open", "done"]
    assert report.problems == {}


@pytest.mark.parametrize("died", [False, True], ids=["queued", "claimed"])
def test_what_was_queued_by_a_clock_that_ran_ahead_is_sent_once_it_is_right(
    hotel: Hotel, died: bool
) -> None:
    """A guest waits for their link, and would for a year."""
    post, right = Post(), hotel.now
    hotel.later(days=365)
    ann(hotel)
    hotel.look()
    if died:
        with hotel.begin() as office:
            assert len(dispatch.claim(office.work, frozenset({"smtp"}))) == 1
    hotel.now = right
    go(hotel, post)
    assert [letter.template for letter in post.sent] == ["confirm"]


def test_many_workers_send_each_message_once(any_hotel: Hotel) -> None:
    """Claims do not overlap, on any engine."""
    hotel, post = any_hotel, Post()
    for id in range(1, 25):
        hotel.guest(id, name=f"Guest {id}", email=f"g{id}@example.com")
    for id in range(1, 25):
        hotel.file(by=None, email=f"g{id}@example.com")
    with hotel.begin() as office:
        for row in office.list():
            case = load(office.work, row["number"])
            contact = Contact("email", f"{case.number}@example.com")
            outbox.queue_message(office.work, case, contact, "open", {}, f"open:{case.number}")
            outbox.queue_message(office.work, case, contact, "open", {}, f"open:{case.number}")
    gate = threading.Barrier(4)

    def one() -> None:
        gate.wait()
        for _ in range(20):
            if not go(hotel, post).problems:
                return

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    go(hotel, post)
    assert len(post.sent) == 24
    assert len({message.id for message in post.sent}) == 24


@pytest.mark.parametrize("mail", ["print", "page"])
def test_letters_wait_for_a_person_where_no_server_is_set(hotel: Hotel, mail: str) -> None:
    """They are ready at once, opened for who may verify here, and for nobody else."""
    hotel.settings = replace(hotel.settings, mail=mail)
    ann(hotel)
    post = Post()
    go(hotel, post)
    assert post.sent == []
    with hotel.begin() as office:
        (letter,) = office.letters("clerk", "sh")
        assert letter["template"] == "confirm"
        assert letter["params"]["token"]
        assert office.letters("auditor") == office.letters("clerk", "mu") == []
        with pytest.raises(ForbiddenError):
            office.printed(letter["id"], "auditor")
        office.printed(letter["id"], "clerk")
        with pytest.raises(UnknownError):
            office.printed(letter["id"] + 1, "clerk")
    with hotel.begin() as office:
        office.printed(letter["id"], "clerk")
    assert hotel.events.count("message-sent") == 1
    assert hotel.events[-1] == "message-sent"


def test_a_phone_is_written_to_by_the_hosts_channel_or_on_paper(hotel: Hotel) -> None:
    """Without a channel for phones the letter is printed."""
    hotel.guest(1, name="Ann", phone="13812345678")
    hotel.ask(name="Ann", phone="13812345678")
    post = Post()
    go(hotel, post)
    assert post.sent == []
    assert hotel.ours("outbox")[0]["channel"] == "print"
    hotel.later(days=1)
    hotel.ask(name="Ann", phone="13812345678")
    worker.work(run(hotel), render, {"smtp": Post(), "sms": post})
    assert [message.to for message in post.sent] == ["13812345678"]


@pytest.mark.parametrize(
    ("given", "channel"),
    [({"email": "ann@example.com"}, "print"), ({"phone": "13812345678"}, "sms")],
)
def test_where_a_clerk_prints_the_hosts_own_channel_still_writes_to_phones(
    hotel: Hotel, given: dict[str, str], channel: str
) -> None:
    """A hotel without a mail server that sends text messages need not print those as well."""
    hotel.settings = replace(hotel.settings, mail="print", texts=True)
    hotel.guest(1, name="Ann", email="ann@example.com", phone="13812345678")
    hotel.ask(name="Ann", **given)
    post = Post()
    worker.work(run(hotel), render, {"sms": post})
    assert [row["channel"] for row in hotel.ours("outbox")] == [channel]
    assert [message.to for message in post.sent] == list(given.values())[: channel == "sms"]


def test_a_demo_shows_what_a_host_would_send(hotel: Hotel) -> None:
    """Where every letter is shown on a page, none leaves."""
    hotel.settings = replace(hotel.settings, mail="page", texts=True)
    hotel.guest(1, name="Ann", phone="13812345678")
    hotel.ask(name="Ann", phone="13812345678")
    post = Post()
    worker.work(run(hotel), render, {"sms": post})
    assert post.sent == []


def test_a_file_that_cannot_be_removed_is_tried_again(hotel: Hotel) -> None:
    """The erasure is done; the file is on the list until it is gone."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    (hotel.files / "ann.png").mkdir()
    number = hotel.approved(email="ann@example.com")
    post = Post()
    report = go(hotel, post)
    assert report.problems == {f"{number}:file": "DeliveryError"}
    with hotel.begin() as office:
        assert office.show(number)["pending"] == ["file"]
    (hotel.files / "ann.png").rmdir()
    (hotel.files / "ann.png").write_bytes(b"x")
    hotel.later(minutes=1)
    assert go(hotel, post).counts["files"] == 1
    assert not (hotel.files / "ann.png").exists()
    assert "file-removed" in hotel.events


def test_a_request_that_cannot_be_carried_out_does_not_keep_others_waiting(hotel: Hotel) -> None:
    """One blocked, one moved, one that ends well."""
    for id, name in enumerate(("ann", "bea", "cy"), 1):
        hotel.guest(id, name=name, email=f"{name}@example.com")
    moved = hotel.approved(email="ann@example.com")
    lost = hotel.approved(email="bea@example.com")
    fine = hotel.approved(email="cy@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="x")
    hotel.custodian.forget(f"case:{lost}")
    report = go(hotel, Post())
    assert report.problems == {lost: "KeyMissingError"}
    assert report.counts["reviewed-again"] == 1
    assert (hotel.state(moved), hotel.state(fine)) == ("review", "erased")
    assert hotel.rows(Guest)[1]["name"] == "bea"


def test_a_request_that_was_withdrawn_since_the_list_was_read_is_no_failure(hotel: Hotel) -> None:
    """Its guest, or another process, was quicker than this round: there is nothing to look into."""
    for id, name in enumerate(("ann", "bea"), 1):
        hotel.guest(id, name=name, email=f"{name}@example.com")
    withdrawn = hotel.approved(email="ann@example.com")
    fine = hotel.approved(email="bea@example.com")
    with hotel.begin() as office:
        due = office.due()
    with hotel.begin() as office:
        office.withdraw(withdrawn, by="clerk")
    report = Report()
    worker.carry_all(run(hotel), due, report)
    assert set(due) == {withdrawn, fine}
    assert report.problems == {}
    assert (hotel.state(withdrawn), hotel.state(fine)) == ("withdrawn", "erased")


def test_a_message_that_cannot_be_opened_is_shown_to_staff_without_its_content(
    hotel: Hotel,
) -> None:
    """Its key is gone, so nobody learns whom it was for; a person must look."""
    ann(hotel)
    hotel.look()
    (row,) = hotel.ours("outbox")
    (label,) = [box["label"] for box in hotel.ours("box") if box["id"] == row["box"]]
    hotel.custodian.forget(label)
    assert go(hotel, Post()).problems == {}
    with hotel.begin() as office:
        (letter,) = office.letters("clerk")
    assert (letter["state"], letter["problem"], letter["to"]) == ("failed", "unopened", "")


@pytest.mark.parametrize("hours", [0, 24])
def test_an_erasure_that_fails_is_tried_later_and_later(hotel: Hotel, hours: int) -> None:
    """What the database refuses now does not come first every minute."""
    hotel.settings = replace(hotel.settings, grace_hours=hours)
    hotel.guest(1, name="Ann", email="ann@example.com")
    number = hotel.approved(email="ann@example.com")
    hotel.later(hours=hours)
    told = []
    for minutes in (15, 60, 180):
        with hotel.begin() as office:
            assert office.due() == [number]
            execution.postpone(office.work, number)
        hotel.later(minutes=minutes, seconds=-1)
        with hotel.begin() as office:
            assert office.due() == []
            told.append([f.column for f in watch.findings(office.work) if f.id == "due-failing"])
        hotel.later(seconds=1)
    assert told == [[], [], ["sh"]], "check says so once it has failed three times"
    assert hotel.erased(number) == "erased"
    with hotel.begin() as office:
        execution.postpone(office.work, number)
        assert office.due() == []
