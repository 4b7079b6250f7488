"""A guest who asked for it is told once that the last has gone, and no contact outlives that."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from flask_guesterase.core import rotation
from flask_guesterase.core.errors import (
    ForbiddenError,
    SealError,
    TokenError,
    TransitionError,
)
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.seal import Box, open_box
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import safe, vault
from flask_guesterase.store.casework import cases
from flask_guesterase.store.casework.contacts import contact_of
from flask_guesterase.store.certificates import laternotice
from flask_guesterase.store.certificates.laternotice import LATER, Standing
from flask_guesterase.store.comeback import sightings
from flask_guesterase.store.copying import shelved
from flask_guesterase.store.executing import finishing, forgetting
from flask_guesterase.store.executing.supplementing import supplement
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.messages.channels import Message
from flask_guesterase.store.remembrance import remembering
from flask_guesterase.store.returning import returned
from flask_guesterase.store.returning.replay import replay
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.upkeep import owndata, sending, soundness
from tests.store.test_expiry import PEOPLE, Inn, any_inn, inn

__all__ = ["any_inn", "inn"]

MAIL = "p1@mail.example"


def filed(inn: Inn, **bill: Any) -> tuple[str, str]:
    """File and confirm a request of somebody whose visa stays a year; return number and code."""
    inn.person(1, date(2026, 3, 1))
    if bill:
        inn.bill(1, one=1, **bill)
    number = inn.file(email=MAIL)
    with inn.begin() as office:
        return number, office.confirm(number, "clerk", "desk")


def sealed(inn: Inn, **bill: Any) -> tuple[str, str]:
    """Let the guest ask to be told later, and erase; return number and code."""
    number, code = filed(inn, **bill)
    with inn.begin() as office:
        office.ask_later(number, code=code)
    inn.approve(number)
    assert inn.erased(number) == "sealed"
    return number, code


def standing(inn: Inn, code: str) -> Standing:
    """Return how it stands for the guest."""
    with inn.begin() as office:
        return office.later(code).standing


def seen(inn: Inn, number: str) -> Standing:
    """Return how it stands for staff, after a guest's code has ended."""
    with inn.begin() as office:
        return office.later_of(number, "clerk").standing


def letters(inn: Inn) -> list[dict[str, Any]]:
    """Return what was queued for the guest to be told later, opened."""
    rows = [row for row in inn.ours("outbox") if row["template"] == outbox.LATER]
    with inn.begin() as office:
        return [dict(safe.read(office.work, row["box"])) for row in rows]


def kept(inn: Inn) -> list[dict[str, Any]]:
    """Return the boxes in which a contact is kept for it."""
    return [row for row in inn.ours("box") if row["purpose"] == LATER]


def told(inn: Inn) -> list[str]:
    """Return what happened about it, in order."""
    return [name.removeprefix("later-notice-") for name in inn.events if name.startswith("later-")]


def night(inn: Inn) -> None:
    """Let the worker's round and the sweep do what the day asks for, and destroy keys.

    A server's own clock says that these years have not passed: there no key is destroyed.
    """
    alone = inn.engine.dialect.name == "sqlite"
    with inn.begin() as office:
        office.expire()
    if alone:
        forgetting.forget(inn.run)
    finishing.finish(inn.run)
    owndata.end(inn.run)
    if alone:
        forgetting.forget(inn.run)


def ends(inn: Inn, label: str) -> bool:
    """Return whether a key was told to end."""
    return label in {row["label"] for row in inn.ours("day")}


def held(inn: Inn) -> int:
    """Keep what stayed of the guest for longer, by a hold; return its number."""
    inn.grants["officer"].add("hold")
    inn.grants["second"].add("hold")
    with inn.begin() as office:
        return office.place_hold(Wanted("subject", "court-order", PEOPLE.name, "1"), "officer")


def test_a_guest_is_told_once_when_the_last_has_gone(any_inn: Inn) -> None:
    """One letter to the contact that was proved; box and key end with it, and the sweep's next
    rounds say nothing more."""
    inn = any_inn
    number, code = sealed(inn)
    assert standing(inn, code) is Standing.KEPT
    label = laternotice.label(number)
    assert ([row["label"] for row in kept(inn)], label in inn.custodian.labels()) == ([label], True)
    night(inn)
    assert (letters(inn), inn.state(number)) == ([], "sealed")
    inn.later(days=366)
    night(inn)
    night(inn)
    assert inn.state(number) == "erased"
    (letter,) = letters(inn)
    assert (letter["to"], letter["lang"]) == (MAIL, "en")
    assert letter["params"]["state"] == "erased"
    assert (kept(inn), ends(inn, label)) == ([], True)
    assert standing(inn, code) is Standing.TOLD
    assert told(inn) == ["asked", "ended"]


def test_no_row_by_sql_ends_the_key_of_a_contact_that_is_kept_for_it(inn: Inn) -> None:
    """Whoever wants a guest told nothing writes that the key ends: it is there on the day."""
    number, code = sealed(inn)
    label = laternotice.label(number)
    with inn.engine.begin() as conn:
        at = inn.now.replace(tzinfo=None)
        conn.execute(insert(tables.day).values(label=label, state="ending", at=at))
    night(inn)
    assert (label in inn.custodian.labels(), ends(inn, label)) == (True, False)
    assert standing(inn, code) is Standing.KEPT
    inn.later(days=366)
    night(inn)
    night(inn)
    assert len(letters(inn)) == 1
    assert label not in inn.custodian.labels()



def test_a_worker_that_dies_tells_nobody_and_the_next_one_tells_once(any_inn: Inn) -> None:
    """Letter, end of the box and end of the request are one transaction."""
    inn = any_inn
    number, _ = sealed(inn)

    def dying(unit: Any) -> Any:
        with inn.begin() as office:
            done = unit(office)
            if office.show(number)["state"] == "erased":
                raise KeyboardInterrupt
            return done

    inn.later(days=366)
    with pytest.raises(KeyboardInterrupt):
        finishing.finish(dying)
    assert (inn.state(number), letters(inn), len(kept(inn))) == ("sealed", [], 1)
    for _ in range(2):
        night(inn)
    assert [letter["to"] for letter in letters(inn)] == [MAIL]


def test_what_was_sealed_for_the_letter_ends_no_later_than_the_contact(inn: Inn) -> None:
    """A letter that nobody can deliver does not lengthen the 24 months."""
    number, _ = sealed(inn, dated=date(2026, 3, 8))
    (box,) = kept(inn)
    assert box["last_day"] == "2028-03-10"
    inn.later(days=(date(2028, 3, 9) - inn.now.date()).days)
    night(inn)
    assert inn.state(number) == "erased"
    (row,) = [row for row in inn.ours("outbox") if row["template"] == outbox.LATER]
    (mine,) = [each for each in inn.ours("box") if each["id"] == row["box"]]
    assert mine["last_day"] == "2028-03-10"


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_takes_it_back_is_never_told(any_inn: Inn, when: str) -> None:
    """Before the answer and after it; then the key dies, so that an old copy of the box is closed,
    and the certificate does not say any more that something is kept for it."""
    inn = any_inn
    if when == "before":
        number, code = filed(inn)
        with inn.begin() as office:
            office.ask_later(number, by="clerk")
            office.withdraw_later(number, code=code)
            office.withdraw_later(number, code=code)
        inn.approve(number)
        assert inn.erased(number) == "sealed"
    else:
        number, code = sealed(inn)
        assert LATER in {item["category"] for item in inn.content(number)["stays"]}
        (old,) = kept(inn)
        with inn.begin() as office:
            office.withdraw_later(number, code=code)
        with inn.begin() as office:
            vault.destroy(inn.custodian, vault.ending(office.work.conn))
            office.work.conn.execute(insert(tables.box).values(old))
        with inn.begin() as office, pytest.raises(SealError):
            safe.read(office.work, old["id"])
    assert LATER not in {item["category"] for item in inn.content(number)["stays"]}
    for _ in range(3):
        inn.later(days=300)
        night(inn)
    assert (inn.state(number), letters(inn)) == ("erased", [])
    assert told(inn)[:2] == ["asked", "withdrawn"]


def test_what_stays_longer_than_that_keeps_no_contact(inn: Inn) -> None:
    """The day itself is too late: what ends on it goes the day after. The answer says so."""
    number, code = sealed(inn, dated=date(2026, 3, 10))
    assert (kept(inn), standing(inn, code)) == ([], Standing.TOO_LONG)
    with inn.begin() as office:
        (row,) = [row for row in inn.ours("outbox") if row["template"] == "done"]
        assert safe.read(office.work, row["box"])["params"]["later"] == "too-long"
    assert LATER not in {item["category"] for item in inn.content(number)["stays"]}
    inn.later(days=800)
    night(inn)
    assert (inn.state(number), letters(inn)) == ("erased", [])
    assert told(inn) == ["asked", "ended"]


def test_what_a_hold_keeps_for_longer_ends_the_contact_on_its_day(inn: Inn) -> None:
    """The contact is there on its last day and gone the day after; lifting tells nobody."""
    number, _ = sealed(inn)
    hold = held(inn)
    inn.later(days=(date(2028, 3, 10) - inn.now.date()).days)
    night(inn)
    assert (inn.state(number), seen(inn, number)) == ("sealed", Standing.KEPT)
    inn.later(days=1)
    night(inn)
    assert (kept(inn), seen(inn, number)) == ([], Standing.NOT_KEPT)
    assert laternotice.label(number) not in inn.custodian.labels()
    with inn.begin() as office:
        office.lift(hold, "officer")
    with inn.begin() as office:
        office.lift(hold, "second")
    night(inn)
    inn.later(days=1)
    night(inn)
    assert (inn.state(number), letters(inn)) == ("erased", [])
    assert told(inn) == ["asked", "ended"]


@pytest.mark.parametrize("end", ["told", "taken-back", "day-over"])
def test_the_certificate_says_when_old_copies_of_its_key_are_worthless(inn: Inn, end: str) -> None:
    """First by the last day of the contact, then by the day on which the key was destroyed."""
    number, code = sealed(inn)
    assert inn.content(number)["root_until"] == rotation.worthless(date(2028, 3, 10)).isoformat()
    inn.later(days=30)
    if end == "taken-back":
        with inn.begin() as office:
            office.withdraw_later(number, code=code)
    elif end == "day-over":
        night(inn)
        held(inn)
        inn.later(days=(date(2028, 3, 11) - inn.now.date()).days)
        night(inn)
        assert (inn.state(number), kept(inn)) == ("sealed", [])
        with inn.begin() as office:
            supplement(office.work, cases.load(office.work, number, lock=True))
    else:
        inn.later(days=366)
        with inn.engine.begin() as conn:
            conn.execute(tables.box.delete().where(tables.box.c.purpose == "recovery"))
        night(inn)
        assert inn.state(number) == "erased"
    assert inn.content(number)["root_until"] >= rotation.worthless(inn.now.date()).isoformat()


def test_what_is_kept_for_it_serves_nothing_else(inn: Inn) -> None:
    """No other letter of the request goes there, and the key of the case dies with the answer: by
    its marks nobody who asks, or comes back, is known again."""
    number, _ = sealed(inn)
    with inn.begin() as office:
        assert contact_of(office.work, number, sure=True) is None
    night(inn)
    night(inn)
    assert cases.label(number) not in inn.custodian.labels()
    assert [row["subject_mark"] for row in inn.ours("request")] == [None]
    assert len(kept(inn)) == 1


def test_a_guest_of_whom_nothing_stays_has_the_answer_alone(inn: Inn) -> None:
    """Whoever asked is answered at once; nothing is kept to say it again."""
    inn.person(1, date(2026, 3, 1), visa=None)
    number = inn.file(email=MAIL)
    with inn.begin() as office:
        office.confirm(number, "clerk", "desk")
        office.ask_later(number, by="clerk")
    inn.approve(number)
    assert inn.erased(number) == "erased"
    assert (kept(inn), letters(inn)) == ([], [])
    assert not [each for each in inn.custodian.labels() if each.startswith("later:")]


def test_nobody_asks_for_it_who_may_not(inn: Inn) -> None:
    """Not before it was shown who asks, nor without a contact, nor for another's request; staff
    need to be allowed to file there; and after the answer it is too late."""
    inn.person(1, date(2026, 3, 1))
    inn.person(2, date(2026, 3, 1))
    number, other = inn.file(email=MAIL), inn.file(email="p2@mail.example")
    with inn.begin() as office, pytest.raises(TransitionError):
        office.ask_later(number, by="clerk")
    with inn.begin() as office:
        code = office.confirm(number, "clerk", "desk")
        theirs = office.confirm(other, "clerk", "desk")
    for act in ("ask_later", "withdraw_later"):
        with inn.begin() as office, pytest.raises(TokenError):
            getattr(office, act)(number, code=theirs)
        with inn.begin() as office, pytest.raises(TokenError):
            getattr(office, act)(number)
        with inn.begin() as office, pytest.raises(ForbiddenError):
            getattr(office, act)(number, by="auditor")
    with inn.begin() as office, pytest.raises(ForbiddenError):
        office.later_of(number, "auditor")
    with inn.engine.begin() as conn:
        conn.execute(tables.contact.delete().where(tables.contact.c.request == other))
    assert (standing(inn, code), standing(inn, theirs)) == (
        Standing.OFFERED, Standing.NO_CONTACT
    )  # fmt: skip
    with inn.begin() as office, pytest.raises(TransitionError):
        office.ask_later(other, code=theirs)
    inn.approve(number)
    assert inn.erased(number) == "sealed"
    assert standing(inn, code) is Standing.NOT_KEPT
    with inn.begin() as office, pytest.raises(TransitionError):
        office.ask_later(number, code=code)
    assert told(inn) == []


@pytest.mark.parametrize(
    ("asked", "seen", "stands"),
    [
        ({"asked_by": "relative"}, "death-certificate-and-kinship", Standing.NO_CONTACT),
        ({"wish": "copy"}, "", Standing.NONE),
    ],
)
def test_it_is_for_guests_who_ask_to_be_erased(
    inn: Inn, asked: dict[str, str], seen: str, stands: Standing
) -> None:
    """The contact of who died is nobody's to write to, and a copy leaves nothing to wait for."""
    inn.person(1, date(2026, 3, 1))
    with inn.begin() as office:
        number = office.request({"email": MAIL}, property="sh", by="clerk", **asked)
        code = office.confirm(number, "clerk", "desk", seen)
    assert standing(inn, code) is stands
    with inn.begin() as office, pytest.raises(TransitionError):
        office.ask_later(number, code=code)
    assert told(inn) == []


def test_it_never_goes_to_the_contact_of_another(inn: Inn) -> None:
    """Who can write into the database turns no row round: the box says whose contact it holds."""
    number, _ = sealed(inn)
    inn.person(2, date(2026, 3, 1))
    other = inn.file(email="p2@mail.example")
    (theirs,) = [row["box"] for row in inn.ours("contact") if row["request"] == other]
    box, contact = tables.box, tables.contact
    with inn.engine.begin() as conn:
        turned = {"request": number, "purpose": LATER, "last_day": "2028-03-10"}
        conn.execute(update(box).where(box.c.id == theirs).values(turned))
        conn.execute(contact.delete().where(contact.c.request == other))
        conn.execute(update(contact).where(contact.c.request == number).values(box=theirs))
    inn.later(days=366)
    night(inn)
    night(inn)
    assert (inn.state(number), letters(inn)) == ("erased", [])


def test_a_wish_beside_the_contact_of_another_keeps_nothing(inn: Inn) -> None:
    """The same before the answer."""
    number, code = filed(inn)
    inn.person(2, date(2026, 3, 1))
    other = inn.file(email="p2@mail.example")
    with inn.begin() as office:
        office.confirm(other, "clerk", "desk")
        office.ask_later(other, by="clerk")
    (theirs,) = [row["box"] for row in inn.ours("contact") if row["request"] == other]
    with inn.engine.begin() as conn:
        mine = tables.contact.c.request == number
        conn.execute(update(tables.contact).where(mine).values(box=theirs))
    assert standing(inn, code) is Standing.NO_CONTACT
    inn.approve(number)
    assert inn.erased(number) == "sealed"
    assert kept(inn) == []


def _texts(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(str(value) for row in rows for value in row.values())


def test_neither_journal_nor_tables_say_who_it_is(inn: Inn) -> None:
    """Wish, end and letter leave words and the number of the request; the rest is sealed."""
    number, _ = sealed(inn)
    inn.later(days=366)
    night(inn)
    night(inn)
    assert inn.state(number) == "erased"
    for name in tables.metadata.tables:
        assert MAIL not in _texts(inn.ours(name.removeprefix(tables.PREFIX)))
    entries = [row["body"] for row in inn.ours("entry") if row["action"].startswith("later-")]
    assert len(entries) == 2
    assert all(number in body and "p1" not in body for body in entries)


class Post:
    """A channel that keeps what it is given, and dies the first time after it was sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        """Take a message."""
        self.sent.append(message)
        if len(self.sent) == 1:
            raise KeyboardInterrupt


def opened(inn: Inn) -> bytes:
    """Return what all boxes hold that open."""
    found = []
    with inn.begin() as office:
        for line in vault.lines(office.work.conn):
            with suppress(SealError):
                found.append(open_box(Box.from_json(line), inn.custodian))
    return b"".join(found)


def test_nothing_is_left_after_it_was_sent(inn: Inn) -> None:
    """A worker that dies while it sends sends the same letter again, known by its mark; then no
    box that opens has the contact. The journal says that it left."""
    sealed(inn)
    assert MAIL.encode() in opened(inn)
    inn.later(days=366)
    night(inn)
    post, report = Post(), Report()
    channels = {"smtp": post}
    render = lambda *_: ("", "")  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        sending.deliver(inn.run, render, channels, report)
    inn.later(minutes=11)
    for _ in range(2):
        sending.deliver(inn.run, render, channels, report)
    assert {(each.id, each.to, each.template) for each in post.sent} == {
        (post.sent[0].id, MAIL, outbox.LATER)
    }
    assert len(post.sent) == 2
    assert MAIL.encode() not in opened(inn)
    said = [row["body"] for row in inn.ours("entry") if row["action"] == "message-sent"]
    assert ["later-told" in body for body in said] == [True]


def test_a_copy_of_the_data_has_the_contact_while_it_is_kept(inn: Inn) -> None:
    """And until when; once it was taken back it is not there any more."""
    number, code = sealed(inn)
    with inn.begin() as office:
        (part,) = laternotice.part(office.work, [number])
    (record,) = part.records
    assert (record.values, record.terms[0].until) == (
        {"kind": "email", "value": MAIL}, "2028-03-10"
    )  # fmt: skip
    with inn.begin() as office:
        asked = office.copy_after(number, "clerk")
    with inn.begin() as office:
        office.confirm(asked, "clerk", "desk")
        shown, digest = office.outline(asked, "officer")
    assert tables.box.name in {line[0] for line in shown.lines}
    assert MAIL not in str(shown)
    with inn.begin() as office:
        office.release_copy(asked, "officer", digest)
        assert part in shelved.read(office.work, asked).parts
    with inn.begin() as office:
        office.withdraw_later(number, code=code)
        assert laternotice.part(office.work, [number]) == []


def test_a_restored_box_tells_nobody_who_has_taken_it_back(inn: Inn) -> None:
    """The journal comes back from outside before anything goes, and has the withdrawal; the key
    may not be destroyed yet."""
    number, code = sealed(inn)
    (old,), (known,) = kept(inn), inn.ours("contact")
    with inn.begin() as office:
        office.withdraw_later(number, code=code)
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.box).values(old))
        conn.execute(insert(tables.contact).values(known))
        conn.execute(tables.day.delete().where(tables.day.c.label == old["label"]))
    inn.later(days=366)
    finishing.finish(inn.run)
    forgetting.forget(inn.run)
    inn.later(days=1)
    finishing.finish(inn.run)
    assert (inn.state(number), letters(inn)) == ("erased", [])


def test_a_restored_contact_whose_key_is_gone_goes_by_the_next_round(inn: Inn) -> None:
    """Nothing can be sent to it, and no check of the keys misses one for it."""
    number, code = sealed(inn)
    (old,), (known,) = kept(inn), inn.ours("contact")
    with inn.begin() as office:
        office.withdraw_later(number, code=code)
    night(inn)
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.box).values(old))
        conn.execute(insert(tables.contact).values(known))
        conn.execute(tables.day.delete().where(tables.day.c.label == old["label"]))
    with inn.begin() as office:
        assert [fault.place for fault in soundness.whole(office.work).faults] == [old["label"]]
    with inn.begin() as office:
        office.expire()
    with inn.begin() as office:
        assert soundness.whole(office.work).faults == []
    assert (kept(inn), standing(inn, code)) == ([], Standing.NOT_KEPT)


@pytest.fixture
def kept_register(tmp_path: Path) -> Iterator[Inn]:
    """The hotel with a register of erasures, in a file that can be copied."""
    made = Inn(f"sqlite:///{tmp_path / 'test.sqlite'}", tmp_path)
    made.settings = replace(made.settings, register=str(tmp_path / "register"))
    yield made
    made.engine.dispose()


def copy(inn: Inn, old: str, new: str) -> None:
    """Copy the file of the database away, or back to where it was, an hour later."""
    inn.engine.dispose()
    shutil.copyfile(inn.files.parent / old, inn.files.parent / new)
    inn.later(hours=1)


def test_who_was_told_is_not_told_again_after_a_restore(kept_register: Inn) -> None:
    """What the copy kept for it has no key any more; the request ends as it did before."""
    inn = kept_register
    number, _ = sealed(inn)
    copy(inn, "test.sqlite", "copy.sqlite")
    inn.later(days=366)
    night(inn)
    assert (inn.state(number), len(letters(inn))) == ("erased", 1)
    copy(inn, "copy.sqlite", "test.sqlite")
    assert len(kept(inn)) == 1
    assert not replay(inn.run).restored
    night(inn)
    # Whether the row is theirs nobody need say any more: nothing stands in it, as the sweep sees.
    assert inn.run(lambda office: sightings.look_again(office.work)) == 1
    night(inn)
    assert (inn.state(number), letters(inn), kept(inn)) == ("erased", [], [])


def test_who_takes_it_back_in_a_restored_database_forks_no_journal(kept_register: Inn) -> None:
    """The contact goes at once; what is said of it waits until the database has caught up, and no
    certificate is issued over a journal that is shorter than the world has seen."""
    inn = kept_register
    number, code = sealed(inn)
    copy(inn, "test.sqlite", "copy.sqlite")
    inn.person(2, date(2026, 3, 1))
    assert inn.erased(inn.approved(email="p2@mail.example")) == "sealed"
    copy(inn, "copy.sqlite", "test.sqlite")
    with inn.begin() as office:
        assert remembering.notice(office.work)
    before = len(inn.ours("entry"))
    with inn.begin() as office:
        office.withdraw_later(number, code=code)
    assert (kept(inn), len(inn.ours("entry")), len(inn.ours("certificate"))) == ([], before, 1)
    assert not replay(inn.run).restored
    assert "later-notice-withdrawn" in {row["action"] for row in inn.ours("entry")}


def test_a_restore_to_before_the_answer_keeps_no_contact(kept_register: Inn) -> None:
    """The key of the case is gone, and the contact with it; the page says so, and the key that
    was made with the first answer ends."""
    inn = kept_register
    number, code = filed(inn)
    with inn.begin() as office:
        office.ask_later(number, code=code)
    inn.approve(number)
    copy(inn, "test.sqlite", "copy.sqlite")
    assert inn.erased(number) == "sealed"
    night(inn)
    label = laternotice.label(number)
    assert (standing(inn, code), label in inn.custodian.labels()) == (Standing.KEPT, True)
    copy(inn, "copy.sqlite", "test.sqlite")
    assert not replay(inn.run).restored
    for row in inn.ours("returned"):
        with inn.begin() as office:
            returned.settle(office.work, row["id"], "clerk", True)
    for _ in range(2):
        assert worker.work(inn.run, lambda *_: ("", ""), {}).problems == {}
    assert (inn.state(number), kept(inn)) == ("sealed", [])
    assert standing(inn, code) is Standing.NOT_KEPT
    night(inn)
    assert label not in inn.custodian.labels()


def test_a_key_that_nothing_lies_under_ends(inn: Inn) -> None:
    """A transaction that was taken back leaves no key behind; that of who is answered at this
    moment stays, and that of no request as long as a copy may know one (`test_keys_loose`)."""
    number, _ = filed(inn)
    mine, nobodys = laternotice.label(number), laternotice.label("GR-NOBODY22")
    for label in (mine, nobodys):
        inn.custodian.ensure(label)
    night(inn)
    assert (mine in inn.custodian.labels(), nobodys in inn.custodian.labels()) == (True, True)
    inn.approve(number)
    assert inn.erased(number) == "sealed"
    night(inn)
    assert (mine in inn.custodian.labels(), nobodys in inn.custodian.labels()) == (False, True)


def test_what_cannot_be_read_now_keeps_nothing_of_the_hotels(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that does not open today is no reason to keep a visa: it goes, and the guest is told
    another day."""
    number, _ = sealed(inn)
    inn.later(days=366)
    label, opens = laternotice.label(number), FolderCustodian._open

    def closed(keeper: FolderCustodian, name: str) -> bytes:
        if name == label:
            raise SealError("The key service does not answer.")
        return opens(keeper, name)

    with monkeypatch.context() as patched:
        patched.setattr(FolderCustodian, "_open", closed)
        finishing.finish(inn.run)
    assert (inn.read(PEOPLE)["visa"], inn.state(number)) == (None, "sealed")
    inn.later(days=1)
    night(inn)
    assert (inn.state(number), len(letters(inn))) == ("erased", 1)


def test_an_erasure_that_is_taken_back_ends_it(inn: Inn) -> None:
    """What came back goes on no day any more, so there is nothing to tell."""
    number, code = sealed(inn)
    with inn.begin() as office:
        office.propose_restore(number, "officer", "guest-wish")
    with inn.begin() as office:
        office.restore(number, "second")
    assert (inn.state(number), kept(inn)) == ("restored", [])
    assert standing(inn, code) is Standing.NONE
    assert told(inn) == ["asked", "ended"]


def test_days_of_the_vault_are_the_days_that_are_said(inn: Inn) -> None:
    """Where the box outlives its round, as nobody comes by, it opens for nothing."""
    number, _ = sealed(inn)
    inn.later(days=732)
    with inn.begin() as office:
        vault.expire(office.work.conn, office.work.today, office.work.stamp)
    (box,) = kept(inn)
    assert (box["payload"], seen(inn, number)) == (None, Standing.NOT_KEPT)
    assert inn.now.date() - timedelta(days=732) == date(2026, 3, 10)
