"""Ways around the law by a word of the policy, a way of writing or a code of a property."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import UnknownError
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.retention import due, floor
from flask_guesterase.core.rule import Open
from flask_guesterase.core.rulebook import label
from flask_guesterase.core.treatment import delete, delete_when_last_owner, keep, null, retain
from flask_guesterase.store.casework import minors
from flask_guesterase.store.keys import copies
from flask_guesterase.store.lawbook import rulebook, rulerows
from flask_guesterase.store.lawbook.clocks import facts_of
from flask_guesterase.store.retaining import holds, telling
from flask_guesterase.store.retaining import law as law_of
from tests.store.hotel import Booking, Guest, Hotel, policies
from tests.store.test_rulebook import (
    LONG,
    OTHERS,
    RECORD,
    REGISTER,
    SOON,
    Lawful,
    everywhere,
)


def born_as_text(hotel: Hotel, born: str | None) -> tuple[object, bool]:
    """Return what is read of a birth in a text column, and whether the guest is a minor."""
    (guest, policy), *rest = policies(str(hotel.files))
    columns = {**policy.columns, "phone": keep("a birth")}
    hotel.datamap = hotel.mapped(
        [(guest, replace(policy, columns=columns, facts={"birth": "phone"})), *rest]
    )
    hotel.guest(1, phone=born)
    with hotel.begin() as office:
        work = office.work
        record = facts_of(work.conn, work.datamap, work.settings, Guest.__tablename__, [(1,)])
        found = record[1,].facts.answers.get("birth")
        return found, minors.involved(work, [(Guest.__tablename__, (1,))])


@pytest.mark.parametrize(
    ("born", "read"),
    [
        ("2014-05-01", date(2014, 5, 1)),
        (" 2014-05-01  ", date(2014, 5, 1)),
        ("2014-05-01T00:00:00", date(2014, 5, 1)),
        ("2014-05-01T23:30:00-10:00", date(2014, 5, 1)),
    ],
)
def test_a_birth_kept_as_text_is_read(hotel: Hotel, born: str, read: date) -> None:
    """As clocks are: the day that is written, whatever a zone says; such a guest is a minor."""
    assert born_as_text(hotel, born) == (read, True)


@pytest.mark.parametrize("born", ["01.05.2014", "May", "", None])
def test_a_birth_nobody_can_read_is_unknown(hotel: Hotel, born: str | None) -> None:
    """It says as little as one that nobody recorded."""
    assert born_as_text(hotel, born) == (None, False)


LOG = """
[[rule]]
id = "XX/log"
category = "access_log"
clock = ["departed"]
article = "Log Act 1"
source = "https://law.example/1"
grade = "A"
as_of = "2026-01-01"
rank = "law"
facts = ["F2"]
ceiling = "P5Y"
ceiling_kind = "hard"
"""


@pytest.fixture
def law(hotel: Hotel, tmp_path: Path) -> Lawful:
    """A hotel whose law somebody signed, with a guest and a booking."""
    made = Lawful(hotel, tmp_path)
    made.write(LONG, LOG)
    made.do("sign_pack", "XX", "officer")
    hotel.guest(1, name="Ann", email="ann@example.com", document_no="P123")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="passport P123")
    return made


def looked_at(law: Lawful) -> None:
    """Let the rulebook see what the data map says today."""
    law.do("rules_waiting")


def test_a_column_relabelled_twice_keeps_its_first_floor(law: Lawful) -> None:
    """Another category first and none then: the register's floor binds as if it were one step."""
    looked_at(law)
    law.label("access_log")
    looked_at(law)
    law.label("none", document_no=null)
    with law.hotel.begin() as office:
        told = " ".join(telling.told(
            office.work, office.work.datamap.declared("guests"), (1,), [(("guests", (1,)), 0)]
        ))  # fmt: skip
    assert "Registration Act 5" in told
    assert law.hotel.erased(law.hotel.approved(email="ann@example.com")) == "sealed"
    assert law.hotel.row(1)["document_no"] == "P123"


def test_a_retained_column_takes_over_what_another_was_called(law: Lawful) -> None:
    """A category that is still in use does not hide the older one of a column that left it."""
    law.label("access_log", phone=retain("guest_register"))
    looked_at(law)
    law.label("access_log", phone=retain("access_log"))
    looked_at(law)
    law.label("access_log", phone=null)
    with law.hotel.begin() as office:
        guests = office.work.datamap.declared("guests")
        assert law_of.categories(office.work, guests)["access_log"] == (
            "access_log", "guest_register",
        )  # fmt: skip


def test_a_column_that_left_a_category_hides_no_older_one_of_those_that_stay(law: Lawful) -> None:
    """Of two columns under one word, one was under the register before, and the other goes."""
    law.label("access_log", email=retain("access_log"))
    looked_at(law)
    law.label("access_log")
    with law.hotel.begin() as office:
        guests = office.work.datamap.declared("guests")
        assert law_of.relabelled(office.work)["guests"] == {"email": "access_log"}
        assert law_of.categories(office.work, guests)["access_log"] == (
            "access_log", "guest_register",
        )  # fmt: skip


def test_what_the_host_writes_into_a_row_beside_its_box_is_kept_or_goes_too(
    law: Lawful, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old number lies sealed; a new one is not taken for it, and stays in no row."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)
    assert law.hotel.erased(law.hotel.approved(email="ann@example.com")) == "sealed"
    assert law.hotel.row(1)["document_no"] is None
    with law.hotel.engine.begin() as conn:
        again = {"name": "Ann", "email": "ann@example.com", "document_no": "P999"}
        conn.execute(update(Guest).where(Guest.id == 1).values(again))
    assert law.hotel.erased(law.hotel.approved(email="ann@example.com")) == "sealed"
    assert law.hotel.row(1)["document_no"] is None
    assert len([box for box in law.hotel.ours("box") if box["purpose"] == "retention"]) == 2


def booked(law: Lawful, policy: Policy) -> None:
    """Let the vendor say this of bookings."""
    guest, _, *rest = policies(str(law.hotel.files))
    law.hotel.datamap = law.hotel.mapped([guest, (Booking, policy), *rest])


KEPT = {"number": keep("bookkeeping"), "remark": retain("guest_register")}

UNKEPT = [
    Policy({}, via="guest", rows=delete),
    Policy({}, via="guest", rows=delete_when_last_owner),
    Policy({n: keep("bookkeeping") for n in KEPT}, via="guest", rows=delete),
    Policy({"number": keep("bookkeeping"), "remark": null}, via="guest", rows=delete),
]


@pytest.mark.parametrize("sealing", [False, True])
@pytest.mark.parametrize("policy", UNKEPT)
def test_a_rule_for_rows_does_not_walk_around_thirty_days(
    law: Lawful, policy: Policy, sealing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retained column that a deletion would take stays; without a rule of its own in its row."""
    monkeypatch.setattr(copies, "confirmed", lambda work: sealing)
    booked(law, Policy(KEPT, via="guest"))
    looked_at(law)
    booked(law, policy)
    assert law.hotel.erased(law.hotel.approved(email="ann@example.com")) == "sealed"
    [row] = law.hotel.rows(Booking)
    assert row["remark"] == (None if sealing and policy is UNKEPT[3] else "passport P123")


def test_a_deletion_that_people_allowed_acts(law: Lawful) -> None:
    """Two people and thirty days later the rows go with their person."""
    booked(law, Policy(KEPT, via="guest"))
    looked_at(law)
    booked(law, UNKEPT[0])
    everywhere(law)
    for line in law.waits("label"):
        law.allowed(line.id)
    law.hotel.later(days=32)
    assert law.hotel.erased(law.hotel.approved(email="ann@example.com")) == "erased"
    assert law.hotel.rows(Booking) == []


def test_a_label_of_a_column_that_is_not_there_any_more(law: Lawful) -> None:
    """A migration took the column: what it was called keeps no row."""
    booked(law, Policy(KEPT, via="guest"))
    with law.hotel.begin() as office:
        rulerows.add(office.work, "", label("bookings", "lost", "guest_register"))
    booked(law, UNKEPT[0])
    with law.hotel.begin() as office:
        assert "lost" not in law_of.relabelled(office.work).get("bookings", {})


@pytest.fixture
def frozen(hotel: Hotel) -> Hotel:
    """A hotel that is alone, whose rows do not say whose they are, frozen as a whole."""
    (guest, policy), *rest = policies(str(hotel.files))
    assert policy.subject is not None
    policy = replace(policy, subject=replace(policy.subject, property=None))
    hotel.datamap = hotel.mapped([(guest, policy), *rest])
    hotel.settings = replace(
        hotel.settings, properties={"sh": hotel.settings.properties["sh"]}
    )
    for user in ("officer", "second"):
        hotel.grants[user] |= {"hold", "freeze"}
    hotel.guest(1, name="Ann", email="ann@example.com")
    with hotel.begin() as office:
        office.freeze("sh", "officer")
    return hotel


def renamed(hotel: Hotel, *codes: str) -> None:
    """Give the hotel other codes; whoever may do something may do it at the new ones only."""
    old = next(iter(hotel.settings.properties.values()))
    new = {code: replace(old, code=code) for code in codes}
    hotel.settings = replace(hotel.settings, properties=new)

    def may(user: str, permission: str, property_: str) -> bool:
        return property_ in codes and permission in hotel.grants.get(user, ())

    hotel.may = may  # type: ignore[method-assign]  # the host's answer of this one hotel


def held(hotel: Hotel) -> bool:
    """Return whether the guest is under a hold."""
    with hotel.begin() as office:
        return bool(holds.held(office.work, "guests", [(1,)]))


def test_a_freeze_outlives_the_code_of_the_only_hotel(frozen: Hotel) -> None:
    """Under another code it is the same hotel: its freeze holds, is listed, and two lift it."""
    assert held(frozen)
    renamed(frozen, "zz")
    assert held(frozen)
    with frozen.begin() as office:
        [line] = office.holds("officer")
        office.confirm_freeze(line["id"], "officer")
        assert office.lift(line["id"], "officer") is False
    with frozen.begin() as office:
        assert office.lift(line["id"], "second") is True
    assert not held(frozen)


def test_a_freeze_under_a_former_code_is_said_again(frozen: Hotel) -> None:
    """A reminder of it comes under the code of today."""
    renamed(frozen, "zz")
    frozen.later(days=2)
    with frozen.begin() as office:
        assert office.remind_holds() == 1


def test_a_freeze_of_a_code_nobody_runs_holds_what_nobody_can_place(frozen: Hotel) -> None:
    """Of several hotels none is meant: rows without a place stay; who may at all lifts."""
    renamed(frozen, "yy", "zz")
    assert held(frozen)
    everybody = frozen.may
    frozen.may = (  # type: ignore[method-assign]
        lambda user, permission, code: code == "zz" and everybody(user, permission, code)
    )
    with frozen.begin() as office:
        assert office.holds("officer") == []
        with pytest.raises(UnknownError):
            office.lift(1, "officer")
    frozen.may = everybody  # type: ignore[method-assign]
    with frozen.begin() as office:
        assert office.lift(1, "officer") is False
    with frozen.begin() as office:
        assert office.lift(1, "second") is True
    assert not held(frozen)


@pytest.mark.parametrize("code", ["sh", "zz"])
def test_a_property_without_rules_is_not_new_for_good(
    hotel: Hotel, tmp_path: Path, code: str
) -> None:
    """What no rule could end stays when one comes by one person, under another code too."""
    law = Lawful(hotel, tmp_path)
    text, places = law.file.read_text(encoding="utf-8"), hotel.settings.properties
    law.file.write_text(text.replace("XX", "YY"), encoding="utf-8")
    hotel.settings = replace(hotel.settings, properties={"sh": places["sh"]})
    with hotel.begin() as office:
        assert rulebook.in_force(office.work, "sh") == ()
    hotel.settings = replace(
        hotel.settings, properties={code: replace(places["sh"], code=code)}
    )
    law.file.write_text(text, encoding="utf-8")
    everywhere(law)
    law.do("sign_pack", "XX", "officer")
    with hotel.begin() as office:
        rules = rulebook.in_force(office.work, code)
        assert Open.UNKNOWN_FLOOR in floor(rules, "guest_register", RECORD).open
        assert due(rules, "guest_register", RECORD).day is None


def test_a_property_beside_one_without_rules_is_new(hotel: Hotel, tmp_path: Path) -> None:
    """Another hotel of the chain begins with what its sources say."""
    law = Lawful(hotel, tmp_path)
    places = hotel.settings.properties
    none = {"mu": replace(places["mu"], country="YY")}
    hotel.settings = replace(hotel.settings, properties=none)
    with hotel.begin() as office:
        assert rulebook.in_force(office.work, "mu") == ()
    hotel.settings = replace(hotel.settings, properties={**none, "sh": places["sh"]})
    law.do("sign_pack", "XX", "officer")
    assert law.verdict().open == ()


@pytest.mark.parametrize(("year", "open_"), [
    ((12, 31), Open.NO_RULE), ((3, 31), Open.UNKNOWN_FLOOR),
])  # fmt: skip
def test_a_shorter_ceiling_does_not_come_by_a_second_code(
    hotel: Hotel, tmp_path: Path, year: tuple[int, int], open_: Open
) -> None:
    """A new hotel beside, with a shorter law, that is then the only one: its ceiling waits.

    Under the same law it waited before; under another one its rules began with it."""
    law = Lawful(hotel, tmp_path)
    places = hotel.settings.properties
    hotel.settings = replace(hotel.settings, properties={"sh": places["sh"]})
    law.do("sign_pack", "XX", "officer")
    before = law.ceiling()
    law.write(SOON, LOG)
    new = {"zz": replace(places["sh"], code="zz", fiscal=year)}
    hotel.settings = replace(hotel.settings, properties={**hotel.settings.properties, **new})
    everywhere(law)
    law.do("sign_pack", "XX", "officer")
    hotel.settings = replace(hotel.settings, properties=new)
    for _ in range(2):
        with hotel.begin() as office:
            rules = rulebook.in_force(office.work, "zz")
            assert str(due(rules, "guest_register", RECORD).day) == before
            assert floor(rules, "access_log", RECORD).open == (open_,)
    waits = [(each.kind, each.name) for each in law.do("rules_waiting")]
    assert ("ceiling", "XX/register") in waits
    assert len(waits) == len(set(waits))


def test_labels_and_rules_read_at_once_are_those_read_one_by_one(
    hotel: Hotel, tmp_path: Path
) -> None:
    """In a chain, and of a hotel that is alone and whose former code still binds its rows."""
    Lawful(hotel, tmp_path)
    places = hotel.settings.properties
    new = {"zz": replace(places["sh"], code="zz")}
    hotel.settings = replace(hotel.settings, properties={**places, **new})
    with hotel.begin() as office:
        rulebook.sync(office.work)
    for properties, fresh in (({**places, **new}, True), (new, False), (new, True)):
        hotel.settings = replace(hotel.settings, properties=properties)
        with hotel.begin() as office:
            rulebook.read(office.work, "zz")
            # What a former code binds is written down under the new one first.
            assert ("zz" in office.work.rules) is fresh
            at_once = law_of.rules_at(office.work, "zz"), rulebook.all_labels(office.work)
        with hotel.begin() as office:
            assert rulebook.in_force(office.work, "zz") == at_once[0] != ()
            assert rulebook.all_labels(office.work) == at_once[1]


def test_an_end_of_what_no_rule_is_about_does_not_come_by_a_second_code(
    hotel: Hotel, tmp_path: Path
) -> None:
    """A new hotel beside waits thirty days, as the one before it; so it does as the only one."""
    law = Lawful(hotel, tmp_path)
    places = hotel.settings.properties
    hotel.settings = replace(hotel.settings, properties={"sh": places["sh"]})
    law.write(OTHERS)
    law.do("sign_pack", "XX", "officer")
    law.write(OTHERS, REGISTER)
    new = {"zz": replace(places["sh"], code="zz")}
    hotel.settings = replace(hotel.settings, properties={**hotel.settings.properties, **new})
    everywhere(law)
    law.do("sign_pack", "XX", "officer")
    hotel.settings = replace(hotel.settings, properties=new)
    record, today = replace(RECORD, answers={"nationality": "XX"}), hotel.now.date()
    for _ in range(2):
        with hotel.begin() as office:
            said = floor(rulebook.in_force(office.work, "zz"), "guest_register", record)
        assert said.kept(today + timedelta(days=29))
        assert not said.kept(today + timedelta(days=30))
    hotel.later(days=31)
    with hotel.begin() as office:
        rulebook.sync(office.work)
        assert len(rulerows.known(office.work.conn, "zz")) == 3
