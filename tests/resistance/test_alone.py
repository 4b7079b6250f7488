"""A property with nobody second: 72 hours, and somebody outside who is told and can stop it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from flask_guesterase.core.certified import from_json
from flask_guesterase.core.errors import BlockedError, FourEyesError, MovedError, TokenError
from flask_guesterase.core.log import Draft, read_entry
from flask_guesterase.store import tables, worker
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.casework.matching import Contact
from flask_guesterase.store.journaling import journal
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.messages.channels import built_in
from flask_guesterase.store.transaction import again
from tests.post import Post
from tests.store.hotel import Booking, Hotel

OVERSEER = "notary@linden.example"
ANN = {"email": "ann@mail.example", "name": "Ann Berg"}


class Alone(Hotel):
    """A house of one: the officer files, verifies and approves; a notary outside is told.

    :param url: address of an empty database.
    :param folder: where keys and files go.
    :param mail: where messages go.
    """

    def __init__(self, url: str, folder: Path, mail: str) -> None:
        super().__init__(url, folder)
        pine = replace(self.settings.properties["sh"], overseer=OVERSEER)
        properties = {**self.settings.properties, "sh": pine}
        self.settings = replace(self.settings, properties=properties, mail=mail)
        self.guest(1, **ANN)

    def run(self, unit: Any) -> Any:
        """Run a unit of work as the extension does."""

        def once() -> Any:
            with self.begin() as office:
                return unit(office)

        return again(once)

    def work(self) -> Any:
        """Let the worker make one round."""
        return worker.work(self.run, _plain, built_in(self.settings.mail, "hotel@pine.example"))

    def asked(self) -> str:
        """Let the only person file and verify a request; return its number."""
        number = self.file("officer", **ANN)
        with self.begin() as office:
            office.confirm(number, "officer", "desk")
        return number

    def said(self) -> list[Draft]:
        """Return what the journal says, the oldest first."""
        bodies = [(row["epoch"], row["position"], row["body"]) for row in self.ours("entry")]
        return [read_entry(body.encode()).draft for _, _, body in sorted(bodies)]


def _plain(template: str, lang: str, params: Mapping[str, str]) -> tuple[str, str]:
    return template, f"{lang} {json.dumps(dict(params))}"


@pytest.fixture
def alone(database_url: str, tmp_path: Path, post: tuple[Post, str]) -> Iterator[Alone]:
    """A house of one on each engine."""
    made = Alone(database_url, tmp_path, post[1])
    yield made
    made.engine.dispose()


def notices(post: tuple[Post, str]) -> list[str]:
    """Return the bodies of what went to who is outside."""
    return post[0].to(OVERSEER)


def token(post: tuple[Post, str]) -> str:
    """Return the secret of the newest notice."""
    found = re.search(r'"token": "([^"]+)"', notices(post)[-1].replace("\r\n", ""))
    assert found is not None
    return found[1]


def approved(alone: Alone) -> Draft:
    """Return the newest approval the journal knows."""
    return [each for each in alone.said() if each.action == "erasure-approved"][-1]


def test_what_one_person_approves_waits_72_hours_from_the_notice(
    alone: Alone, post: tuple[Post, str]
) -> None:
    """Not from the approval; then it is carried out, and journal and certificate say how."""
    number = alone.asked()
    alone.approve(number)
    alone.later(hours=5)
    alone.work()
    assert len(notices(post)) == 1
    # The secret is drawn by lot, and may spell any name.
    said = notices(post)[0].replace("\r\n", "").replace(token(post), "")
    assert "ann" not in said.lower()
    alone.later(hours=71, minutes=59)
    alone.work()
    assert alone.state(number) == "waiting"
    assert alone.row(1)["name"] == ANN["name"]
    with pytest.raises(BlockedError, match="outside-notice"):
        alone.erased(number)
    alone.later(minutes=1)
    alone.work()
    assert alone.row(1)["name"] != ANN["name"]
    assert "outside-notice" in approved(alone).grounds
    (body,) = [row["body"] for row in alone.ours("certificate")]
    said = from_json(body).content.four_eyes
    assert said == (
        "identity-by-first-person", "approved-by-same-person", "told-outside-72-hours"
    )  # fmt: skip


@pytest.mark.parametrize("attack", ["template", "box"])
def test_a_notice_rewritten_by_sql(
    alone: Alone, post: tuple[Post, str], attack: str
) -> None:
    """A message to oneself that a row calls the notice begins no 72 hours, and is not sent."""
    number, table = alone.asked(), tables.outbox
    alone.guest(2, email="me@mail.example", name="Me")
    mine = alone.file("officer", email="me@mail.example", name="Me")
    with alone.begin() as office:
        contact = Contact("email", "me@mail.example")
        outbox.queue_message(office.work, load(office.work, mine), contact, "open", {}, "mine")
    alone.approve(number)
    ours = table.c.dedupe == "mine"
    (row,) = [row for row in alone.ours("outbox") if row["dedupe"] == "mine"]
    with alone.engine.begin() as conn:
        if attack == "template":
            conn.execute(delete(table).where(table.c.template == outbox.OUTSIDE))
            conn.execute(update(table).where(ours).values(template=outbox.OUTSIDE, request=number))
        else:
            theirs = table.c.template == outbox.OUTSIDE
            conn.execute(update(table).where(theirs).values(box=row["box"]))
            conn.execute(delete(table).where(ours))
    for _ in range(5):
        alone.work()
        alone.later(hours=20)
    assert notices(post) == []
    assert alone.row(1)["name"] == ANN["name"]
    assert alone.state(number) == "review"


def test_a_notice_that_the_journal_was_told_of_by_sql(
    alone: Alone, post: tuple[Post, str]
) -> None:
    """That it left is under the key of the case: who writes an entry begins no 72 hours."""
    number = alone.asked()
    alone.approve(number)
    given = approved(alone)
    with alone.engine.begin() as conn:
        conn.execute(delete(tables.outbox).where(tables.outbox.c.template == outbox.OUTSIDE))
        key = conn.execute(select(tables.tree.c.public_key)).scalars().first()
        grounds = ("smtp", outbox.OUTSIDE)
        said = replace(
            given, action="message-sent", actor="system", grounds=grounds, marks={}, counts={}
        )
        journal.append(conn, [said], bytes.fromhex(str(key)))
    for _ in range(5):
        alone.later(hours=20)
        alone.work()
    assert notices(post) == []
    assert alone.row(1)["name"] == ANN["name"]
    assert alone.state(number) == "review"


def confirm_clock(alone: Alone) -> None:
    """Let two people say that the clock, set right, can be believed."""
    for name in ("officer", "second"):
        alone.grants[name].add("law")
        with alone.begin() as office:
            office.confirm_clock(name)


@pytest.mark.parametrize("all_of_it", [False, True], ids=["notice", "approval"])
def test_a_notice_that_left_by_a_clock_that_ran_ahead_begins_no_72_hours(
    alone: Alone, post: tuple[Post, str], all_of_it: bool
) -> None:
    """Nobody knows when they are over: it is decided anew once the clock is right, not in a year,
    and the time of who is outside begins anew."""
    number, right = alone.asked(), alone.now
    if not all_of_it:
        alone.approve(number)
    alone.later(days=365)
    if all_of_it:
        alone.approve(number)
    alone.work()
    assert len(notices(post)) == 1
    alone.now = right
    alone.later(hours=73)
    alone.work()
    confirm_clock(alone)
    alone.work()
    assert alone.state(number) == "review"
    assert alone.row(1)["name"] == ANN["name"]
    alone.approve(number)
    alone.work()
    alone.later(hours=71)
    alone.work()
    assert alone.row(1)["name"] == ANN["name"]
    alone.later(hours=2)
    alone.work()
    assert alone.row(1)["name"] != ANN["name"]


def test_a_notice_that_does_not_leave_lets_nothing_happen(
    alone: Alone, post: tuple[Post, str]
) -> None:
    """However long it takes: the 72 hours begin when it left, as the journal says."""
    number = alone.asked()
    alone.approve(number)
    working, lost = alone.settings, replace(alone.settings, mail="smtp://127.0.0.1:9")
    alone.settings = lost
    alone.later(days=4)
    alone.work()
    assert alone.state(number) == "waiting"
    # Whoever can write into our tables does not make the journal say that it left; and a notice
    # that was given up is written anew with a new decision, and its time begins then.
    for state in ("sent", "failed"):
        with alone.engine.begin() as conn:
            conn.execute(update(tables.outbox).values(state=state))
            conn.execute(update(tables.request).values(try_at=alone.now.replace(tzinfo=None)))
        alone.work()
        assert alone.state(number) == "review"
        assert alone.row(1)["name"] == ANN["name"]
        alone.settings = working if state == "failed" else lost
        alone.approve(number)
    alone.work()
    alone.later(hours=71)
    alone.work()
    assert alone.row(1)["name"] == ANN["name"]
    alone.later(hours=1)
    alone.work()
    assert alone.row(1)["name"] != ANN["name"]


def test_who_is_outside_stops_it(alone: Alone, post: tuple[Post, str]) -> None:
    """The request is to be decided anew, the link is used up, and the journal says who did it."""
    number = alone.asked()
    alone.approve(number)
    alone.work()
    secret = token(post)
    with alone.begin() as office:
        assert office.open_stop(secret) == "sh"
    assert alone.state(number) == "waiting"
    with alone.begin() as office:
        assert office.stop(secret) is True
    assert alone.state(number) == "review"
    alone.later(minutes=11)
    with pytest.raises(TokenError), alone.begin() as office:
        office.stop(secret)
    alone.later(days=4)
    alone.work()
    assert alone.row(1)["name"] == ANN["name"]
    last = [each for each in alone.said() if each.action == "approval-stopped"]
    assert [each.grounds for each in last] == [("stopped",)]
    assert last[0].actor not in ("guest", "system", approved(alone).actor)
    # A row that says it is approved is not: the journal knows that it was stopped.
    stopped = alone.now.replace(tzinfo=None)
    with alone.engine.begin() as conn:
        conn.execute(update(tables.request).values(state="approved", decided_at=stopped))
    with pytest.raises(MovedError):
        alone.erased(number)


def test_a_second_press_says_what_the_first_did(alone: Alone, post: tuple[Post, str]) -> None:
    """It does nothing itself, also where somebody second has approved it in the meantime."""
    number = alone.asked()
    alone.approve(number)
    alone.work()
    with alone.begin() as office:
        assert office.stop(token(post)) is True
    alone.settings = replace(alone.settings, grace_hours=24)
    alone.approve(number, "second")
    with alone.begin() as office:
        assert office.stop(token(post)) is True
    assert alone.state(number) in ("approved", "waiting")


def test_a_second_press_after_what_was_too_late_says_so(
    alone: Alone, post: tuple[Post, str]
) -> None:
    """Nobody is told by it that something is stopped which is not."""
    number = alone.asked()
    alone.approve(number)
    alone.work()
    alone.later(hours=73)
    alone.work()
    assert alone.row(1)["name"] != ANN["name"]
    for _ in range(2):
        with alone.begin() as office:
            assert office.stop(token(post)) is False
    last = [each for each in alone.said() if each.action == "approval-stopped"]
    assert [each.grounds for each in last] == [("too-late",)]


def test_decided_anew_it_waits_anew(alone: Alone, post: tuple[Post, str]) -> None:
    """An old notice is none of a new approval."""
    number = alone.asked()
    alone.approve(number)
    alone.work()
    with alone.begin() as office:
        office.stop(token(post))
    alone.later(days=10)
    alone.approve(number)
    alone.work()
    assert len(notices(post)) == 2
    alone.later(hours=71)
    alone.work()
    assert alone.row(1)["name"] == ANN["name"]
    alone.later(hours=2)
    alone.work()
    assert alone.row(1)["name"] != ANN["name"]
    with alone.begin() as office:
        assert office.stop(token(post)) is False
    assert alone.row(1)["name"] != ANN["name"]


def test_an_old_link_stops_nothing_that_two_approved(
    alone: Alone, post: tuple[Post, str]
) -> None:
    """What came back to be decided and was approved by a second person is not the overseer's."""
    number = alone.asked()
    alone.approve(number)
    alone.work()
    alone.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    alone.later(hours=73)
    alone.work()
    assert alone.state(number) == "review"
    alone.settings = replace(alone.settings, grace_hours=24)
    alone.approve(number, "second")
    with alone.begin() as office:
        assert office.stop(token(post)) is False
    assert alone.state(number) == "waiting"
    alone.later(hours=25)
    alone.work()
    assert alone.row(1)["name"] != ANN["name"]


def test_a_second_person_needs_no_notice(alone: Alone, post: tuple[Post, str]) -> None:
    """Where there is one, it is carried out at once."""
    number = alone.asked()
    with alone.begin() as office:
        assert office.overseen(number, "officer").alone
        assert not office.overseen(number, "second").alone
    alone.approve(number, "second")
    alone.work()
    assert notices(post) == []
    assert alone.row(1)["name"] != ANN["name"]
    (body,) = [row["body"] for row in alone.ours("certificate")]
    assert from_json(body).content.four_eyes[1] == "approved-by-second-person"


@pytest.mark.parametrize(
    ("overseer", "mail"), [("", ""), (OVERSEER, "page"), (OVERSEER, "print")]
)
def test_nobody_decides_alone_where_nobody_outside_is_told(
    sqlite_url: str, tmp_path: Path, post: tuple[Post, str], overseer: str, mail: str
) -> None:
    """A letter that the same person would carry is no notice."""
    made = Alone(sqlite_url, tmp_path, mail or post[1])
    pine = replace(made.settings.properties["sh"], overseer=overseer)
    made.settings = replace(made.settings, properties={"sh": pine})
    number = made.asked()
    with made.begin() as office:
        assert not office.overseen(number, "officer").alone
    with pytest.raises(FourEyesError) as caught:
        made.approve(number)
    assert ("GUESTERASE_MAIL" in caught.value.hint) is bool(mail)
    assert made.state(number) == "review"
    made.engine.dispose()


def test_requests_decided_together_need_a_second_person(
    alone: Alone, post: tuple[Post, str]
) -> None:
    """What nobody read by itself is not decided alone."""
    alone.guest(2, name="Bea Lund", email="bea@mail.example")
    numbers = [alone.asked(), alone.file("officer", email="bea@mail.example", name="Bea Lund")]
    with alone.begin() as office:
        office.confirm(numbers[1], "officer", "desk")
    with alone.begin() as office:
        chosen = {number: office.preview(number).digest for number in numbers}
    with pytest.raises(FourEyesError), alone.begin() as office:
        office.approve_alike(chosen, "officer")
    assert {alone.state(number) for number in numbers} == {"review"}
