"""Who does not want advertising: kept as a mark that does not end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from flask_guesterase.core.errors import ForbiddenError, InputError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.log import slug
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.seal import fingerprint
from flask_guesterase.core.treatment import delete, null
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import years
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import ANN, Base, Guest, Lodge, Wish, policies, put_back


@pytest.fixture
def lodge(sqlite_url: str, tmp_path: Path) -> Iterator[Lodge]:
    """A watched hotel in which wishes are consents to advertising."""
    made = Lodge(sqlite_url, tmp_path)
    consent = Policy({"email": null}, via="guest", rows=delete, category="marketing_consent")
    declared = [(t, consent if t is Wish else p) for t, p in policies()]
    made.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    yield made
    made.close()


def asked(lodge: Lodge, contact: str, place: str = "") -> bool:
    """Ask as a mailing would."""
    answer: bool = lodge.run(lambda office: office.objects(contact, place))
    return answer


def test_an_objection_outlives_the_contact_and_every_mark(lodge: Lodge) -> None:
    lodge.run(lambda office: office.object("Ann.Berg@Mail.example", "sh", "clerk"))
    assert asked(lodge, "ann.berg@mail.example")
    assert not asked(lodge, "carl.berg@mail.example")
    assert "berg" not in str(lodge.ours("mark")).lower()
    lodge.now = datetime(2040, 1, 1, tzinfo=lodge.now.tzinfo)
    lodge.run(lambda office: years.expire(office.work))
    assert asked(lodge, "ann.berg@mail.example")
    lodge.run(lambda office: office.object("ann.berg@mail.example", "sh"))
    assert len(lodge.ours("mark")) == 1


def test_a_phone_is_known_in_every_spelling(lodge: Lodge) -> None:
    lodge.run(lambda office: office.object("0049 89 123456", "mu"))
    assert asked(lodge, "089 123456", "mu")
    assert asked(lodge, "+49 89 123456")
    assert not asked(lodge, "+49 89 123457")


@pytest.mark.parametrize(
    ("said", "asked_by"),
    [
        ("ann\uff20mail.example", "ann@mail.example"),
        ("12345678\uff20mail.example", "12345678@mail.example"),
        ("ann@m\u00fcnchen.example", "ANN@xn--mnchen-3ya.example"),
        ("ann@xn--mnchen-3ya.example", "ann@M\u00dcNCHEN.example"),
        ("ann@mail.example.", "ann@mail.example"),
        ("ann@mail\u3002example", "ann@mail.example"),
        ("ann@mail\u200b.example", "ann@mail.example"),
        ("ann@mail.example", "Ann Berg <Ann@mail.example>"),
        ("mailto:ann@mail.example", " ann@mail.example"),
    ],
)
def test_a_mailbox_is_known_in_every_spelling(lodge: Lodge, said: str, asked_by: str) -> None:
    """Full-width signs, international domains, the root's dot, a name before it: one mailbox."""
    lodge.run(lambda office: office.object(said, "sh"))
    assert asked(lodge, asked_by, "sh")
    assert not asked(lodge, "12345678", "sh")
    lodge.run(lambda office: office.agree_anew(asked_by, "sh"))
    assert not asked(lodge, said, "sh")
    assert lodge.ours("mark") == []


LETTERS, SENT = "ann@m\u00fcnchen.example", "ann@xn--mnchen-3ya.example"
SHARP = "ann@fu\u00dfball.example", "ann@xn--fuball-cta.example"


@pytest.mark.parametrize(("said", "asked_by"), [SHARP, SHARP[::-1]])
def test_two_domains_that_fold_alike_are_two(lodge: Lodge, said: str, asked_by: str) -> None:
    """Anybody can register either; a mailbox is one by its letters and as it is sent."""
    lodge.run(lambda office: office.object(said, "sh"))
    assert asked(lodge, asked_by, "sh")
    assert not asked(lodge, "ann@fussball.example", "sh")
    lodge.run(lambda office: office.object("ann@fussball.example", "sh"))
    lodge.run(lambda office: office.agree_anew(asked_by, "sh"))
    assert asked(lodge, "ann@fussball.example", "sh")
    assert not asked(lodge, said, "sh")
    assert not asked(lodge, asked_by, "sh")


def written_before(lodge: Lodge, *mailboxes: str) -> None:
    """Write down an objection as it was before a mailbox was one in both spellings."""
    key = lodge.run(lambda office: office.work.custodian.pepper("objection"))
    mine = slug(lodge.settings.property("sh").controller)
    rows = [
        {"controller": mine, "property": "sh", "kind": "objection", "table_name": "",
         "mark": fingerprint(key, "email", mailbox), "row_mark": "",
         "erased_at": datetime(2026, 1, 1), "ends_on": None, "request": None}
        for mailbox in mailboxes
    ]  # fmt: skip
    with lodge.engine.begin() as conn:
        conn.execute(insert(tables.mark), rows)


@pytest.mark.parametrize("written", [(LETTERS, SENT), (SHARP[1],), ("ann@fussball.example",)])
def test_who_objected_before_is_known_still(lodge: Lodge, written: tuple[str, ...]) -> None:
    """By marks of other spellings of the mailbox, or of what its letters fold to."""
    written_before(lodge, *written)
    for mailbox in (LETTERS, SENT) if SENT in written else SHARP:
        assert asked(lodge, mailbox)


def test_who_objected_before_may_agree_anew(lodge: Lodge) -> None:
    """In either spelling of their own domain, and in no other."""
    written_before(lodge, LETTERS, SENT, "ann@fussball.example")
    lodge.run(lambda office: office.agree_anew(LETTERS, "sh"))
    assert [asked(lodge, each, "sh") for each in (LETTERS, SENT)] == [False, False]
    lodge.run(lambda office: office.agree_anew(SHARP[0], "sh"))
    assert asked(lodge, "ann@fussball.example", "sh")


def test_it_binds_the_controller_to_whom_it_was_said(lodge: Lodge) -> None:
    lodge.run(lambda office: office.object(ANN["email"], "sh"))
    assert asked(lodge, ANN["email"], "sh")
    assert not asked(lodge, ANN["email"], "mu")


def test_who_agrees_anew_may_be_written_to(lodge: Lodge) -> None:
    lodge.run(lambda office: office.object(ANN["email"], "sh"))
    lodge.run(lambda office: office.agree_anew(ANN["email"], "sh", "clerk"))
    assert not asked(lodge, ANN["email"])
    assert lodge.events.count("objection-recorded") == 2


@pytest.mark.parametrize("contact", ["", "0", "nobody", "@", "a@"])
def test_what_is_no_contact_is_refused_and_answered(lodge: Lodge, contact: str) -> None:
    """A question about nothing has the same form as any other: no."""
    with pytest.raises(InputError):
        lodge.run(lambda office: office.object(contact, "sh"))
    assert not asked(lodge, contact)


def test_only_who_may_file_notes_it(lodge: Lodge) -> None:
    with pytest.raises(ForbiddenError):
        lodge.run(lambda office: office.object(ANN["email"], "sh", "auditor"))


def test_an_erasure_that_takes_a_consent_leaves_an_objection(lodge: Lodge) -> None:
    """The proof of the consent goes with the guest; that nobody may write to them stays."""
    lodge.stayed()
    lodge.add(Wish(id=1, guest_id=1, email=ANN["email"]))
    lodge.erased_guest()
    assert lodge.rows(Wish) == []
    assert asked(lodge, ANN["email"], "sh")
    assert asked(lodge, ANN["phone"], "sh")


def test_an_objection_is_remembered_of_a_guest_whom_an_old_copy_never_knew(
    lodge: Lodge, tmp_path: Path
) -> None:
    """No row of theirs is there to be erased again, and the mailbox may be in any list."""
    with put_back(lodge, tmp_path):
        lodge.stayed()
        lodge.add(Wish(id=1, guest_id=1, email="news.for.ann@mail.example"))
        lodge.erased_guest()
    assert not asked(lodge, "news.for.ann@mail.example", "sh")
    assert not replay(lodge.run).restored
    assert asked(lodge, "news.for.ann@mail.example", "sh")
    assert asked(lodge, ANN["email"], "sh")


@pytest.mark.parametrize("columns", [{"email": null}, {}])
def test_a_consent_for_another_mailbox_leaves_an_objection_for_that_one(
    lodge: Lodge, columns: dict[str, Any]
) -> None:
    """Of a row that goes whole no column needs a rule."""
    consent = Policy(columns, via="guest", rows=delete, category="marketing_consent")
    declared = [(t, consent if t is Wish else p) for t, p in policies()]
    lodge.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    lodge.stayed()
    lodge.add(Wish(id=1, guest_id=1, email="news.for.ann@mail.example"))
    lodge.erased_guest()
    assert asked(lodge, "news.for.ann@mail.example", "sh")
    assert asked(lodge, ANN["email"], "sh")


def test_a_consent_that_goes_before_the_contact_leaves_an_objection(lodge: Lodge) -> None:
    """The contact stays under a hold, the proof of the consent does not: nobody may write."""
    lodge.grants["officer"].add("hold")
    lodge.stayed()
    lodge.add(Wish(id=1, guest_id=1, email=None))
    wanted = Wanted("record", "court-order", "lodgers_", "1")
    lodge.run(lambda office: office.place_hold(wanted, "officer"))
    lodge.erased_guest()
    assert lodge.rows(Wish) == []
    assert lodge.one(Guest, 1)["email"] == ANN["email"]  # type: ignore[index]
    assert asked(lodge, ANN["email"], "sh")


def test_an_erasure_without_a_consent_leaves_none(lodge: Lodge) -> None:
    lodge.stayed()
    lodge.erased_guest()
    assert not asked(lodge, ANN["email"])
