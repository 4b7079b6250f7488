"""Attacks by way of the law's text, the vendor's policy, the clock and the settings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, literal, select, update

from flask_guesterase import verify
from flask_guesterase.core.brake import BACKWARDS, LEAPT, judge
from flask_guesterase.core.errors import BlockedError, FourEyesError, InputError, TransitionError
from flask_guesterase.core.holding import HoldQuery, Wanted
from flask_guesterase.core.log import slug
from flask_guesterase.core.period import Period
from flask_guesterase.core.retention import floor
from flask_guesterase.core.rule import Open
from flask_guesterase.core.treatment import Exempt, null, retain
from flask_guesterase.store import tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.access.boots import Boot
from flask_guesterase.store.access.pulse import Pulse
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.executing import settling
from flask_guesterase.store.journaling import journal, pruning
from flask_guesterase.store.lawbook import rulebook, schedule
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.settings import Property
from flask_guesterase.store.sweep import sweep
from flask_guesterase.store.unit import Run
from flask_guesterase.store.upkeep import watch
from tests.resistance.conftest import DUE, NEW, Pine
from tests.store.forms import GRANTS, Base, Form, policies
from tests.store.test_rulebook import (
    LETTERS,
    LONG,
    OTHERS,
    RECORD,
    REGISTER,
    UNKNOWN,
    Lawful,
    everywhere,
    law_of,
)

SHORT = 'floor = "P1D"'
FISCAL = 'start = "fiscal-year-end"\n' + LONG


def test_a_shortened_period(law: Lawful) -> None:
    """The old floor binds for 30 days more, and ends only by two people and a checkpoint."""
    before = law.verdict()
    law.write(SHORT)
    assert law.verdict().until == before.until
    law.hotel.later(days=60)
    assert law.verdict().until == before.until
    [line] = law.waits("floor")
    law.do("propose_change", line.id, "officer")
    with pytest.raises(FourEyesError):
        law.do("confirm_change", line.id, "officer", law.checkpoint())
    assert "rules-changed" in law.hotel.events
    assert "rule-proposed" in law.hotel.events


@pytest.mark.parametrize("gone", [True, False])
def test_a_period_shortened_under_a_new_code_of_a_group(law: Lawful, gone: bool) -> None:
    """Whether the old code is gone with it or runs on, what bound its records binds them on."""
    before = law.verdict()
    law.write(SHORT)
    places = dict(law.hotel.settings.properties)
    places["zz"] = replace(places["sh"], code="zz")
    if gone:
        del places["sh"]
    law.hotel.settings = replace(law.hotel.settings, properties=places)
    law.hotel.later(days=60)
    with law.hotel.begin() as office:
        rules = rulebook.in_force(office.work, "zz")
    assert floor(rules, "guest_register", RECORD).until == before.until


def another_year(law: Lawful, fiscal: tuple[int, int]) -> None:
    """Edit the settings: the hotel's fiscal year ends on another day."""
    places = law.hotel.settings.properties
    here = {code: replace(place, fiscal=fiscal) for code, place in places.items()}
    law.hotel.settings = replace(law.hotel.settings, properties=here)


def test_another_end_of_the_fiscal_year(draft: Lawful) -> None:
    """What counted from the end of December counts from it until two people let it go."""
    law = draft
    law.write(FISCAL)
    law.do("sign_pack", "XX", "officer")
    assert (str(law.verdict().until), law.ceiling()) == ("2029-12-31", "2031-12-31")
    another_year(law, (1, 31))
    assert (str(law.verdict().until), law.ceiling()) == ("2029-12-31", "2031-12-31")
    [line] = law.waits("floor")
    law.allowed(line.id)
    law.hotel.later(days=29)
    assert str(law.verdict().until) == "2029-12-31"
    law.hotel.later(days=1)
    assert str(law.verdict().until) == "2029-01-31"
    another_year(law, (12, 31))
    assert str(law.verdict().until) == "2029-12-31", "what keeps longer acts at once"


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("known", ["unknown", "guessed", "unruled", "others"])
def test_a_first_period_of_one_day(draft: Lawful, known: str, times: int) -> None:
    """Two people say 'one day' of what had no end, and again: it stays thirty days more."""
    law = draft
    law.write({"unknown": UNKNOWN, "guessed": SHORT, "others": OTHERS}.get(known, LONG))
    if known == "guessed":
        law.file.write_text(law.file.read_text("utf-8").replace('"A"', '"C"'), "utf-8")
    law.do("sign_pack", "XX", "officer")
    category = "correspondence" if known == "unruled" else "guest_register"
    for days in range(1, times + 1):
        period = House(category, ("departed",), "counsel, 2026-02", Period(days=days))
        law.do("confirm_house", law.do("house_period", "sh", period, "officer"), "second")
    with law.hotel.begin() as office:
        rules = rulebook.in_force(office.work, "sh")
    said = floor(rules, category, replace(RECORD, answers={"nationality": "XX"}))
    today = law.hotel.now.date()
    assert said.open == ()
    assert said.kept(today + timedelta(days=29))
    assert not said.kept(today + timedelta(days=30))


@pytest.mark.parametrize("attack", ["proposer", "moment", "length", "hotel"])
def test_a_period_of_the_house_rewritten_by_sql(draft: Lawful, attack: str) -> None:
    """One person who writes a colleague's name, another length or hotel, sets no period: the
    journal knows who proposed what, and whoever proposes it anew waits for somebody else."""
    law = draft
    everywhere(law)
    places = law.hotel.settings.properties
    both = {**places, "mu": replace(places["mu"], controller=places["sh"].controller)}
    law.hotel.settings = replace(law.hotel.settings, properties=both)
    law.do("sign_pack", "XX", "officer")
    years = House("correspondence", ("departed",), "counsel, 2026-02", Period(years=2))
    colleagues = law.do("house_period", "sh", years, "second")
    law.hotel.later(hours=1)
    days = House("correspondence", ("departed",), "counsel, 2026-02", Period(days=1))
    mine = law.do("house_period", "sh", days, "officer")
    rows = {row["id"]: row for row in law.hotel.ours("rule")}
    row, table = rows[colleagues], tables.rule
    forged = {"proposed_by": row["proposed_by"]}
    if attack == "moment":
        forged["proposed_at"] = row["proposed_at"]
    target = mine if attack in ("proposer", "moment") else colleagues
    if attack == "length":
        forged = {"body": rows[mine]["body"]}
    if attack == "hotel":
        forged = {"property": "mu"}
    with law.hotel.engine.begin() as conn:
        conn.execute(update(table).where(table.c.id == target).values(**forged))
    with pytest.raises(TransitionError, match="journal"):
        law.do("confirm_house", target, "officer")
    assert not any(row["confirmed_by"] for row in law.hotel.ours("rule"))
    anew = law.do("house_period", "sh", days, "officer")
    with pytest.raises(FourEyesError):
        law.do("confirm_house", anew, "officer")
    law.do("confirm_house", anew, "second")


def test_a_shortening_rewritten_by_sql(law: Lawful) -> None:
    """Another body under the mark of what a colleague proposed is not what they proposed."""
    law.write(LONG.replace("P5Y", "P4Y"))
    [line] = law.waits("ceiling")
    law.do("propose_change", line.id, "second")
    row = next(row for row in law.hotel.ours("rule") if row["id"] == line.id)
    where, table = tables.rule.c.id == line.id, tables.rule
    for body in (row["body"].replace("P4Y", "P1D"), row["body"]):
        with law.hotel.engine.begin() as conn:
            conn.execute(update(table).where(where).values(body=body))
        if body != row["body"]:
            with pytest.raises(InputError, match="proposal"):
                law.do("confirm_change", line.id, "officer", law.checkpoint())
    assert law.do("confirm_change", line.id, "officer", law.checkpoint())


def test_a_rule_that_comes_while_a_first_period_waits(draft: Lawful) -> None:
    """Two people say 'one day' of what no rule is about, and one person's pack says it too."""
    law = draft
    law.do("sign_pack", "XX", "officer")
    period = House("correspondence", ("departed",), "counsel, 2026-02", Period(days=1))
    law.do("confirm_house", law.do("house_period", "sh", period, "officer"), "second")
    law.write(LONG, LETTERS)
    law.do("sign_pack", "XX", "officer")
    with law.hotel.begin() as office:
        said = floor(rulebook.in_force(office.work, "sh"), "correspondence", RECORD)
    today = law.hotel.now.date()
    assert said.kept(today + timedelta(days=29))
    assert not said.kept(today + timedelta(days=30))


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("drafted", [False, True])
def test_a_rule_about_what_no_other_is_about(draft: Lawful, drafted: bool, times: int) -> None:
    """One person's pack gives what had no end a day, and again, read as a draft before or not."""
    law = draft
    law.write(OTHERS)
    law.do("sign_pack", "XX", "officer")
    for days in range(1, times + 1):
        law.write(OTHERS, REGISTER.replace("P1D", f"P{days}D"))
        if drafted:
            law.do("schedule", "sh")
            law.hotel.later(days=40)
        law.do("sign_pack", "XX", "officer")
    with law.hotel.begin() as office:
        rules = rulebook.in_force(office.work, "sh")
    said = floor(rules, "guest_register", replace(RECORD, answers={"nationality": "XX"}))
    today = law.hotel.now.date()
    assert said.open == ()
    assert said.kept(today + timedelta(days=29))
    assert not said.kept(today + timedelta(days=30))


@pytest.mark.parametrize("times", [1, 2])
def test_a_rule_about_what_stays_because_another_is_unsure(draft: Lawful, times: int) -> None:
    """One person's pack gives a day to what a rule of grade C asks nothing of: it ends nothing."""
    law = draft
    unsure = law_of(OTHERS).replace('"A"', '"C"')
    for days in range(times + 1):
        later = REGISTER.replace("P1D", f"P{days}D") if days else ""
        law.file.write_text(unsure + later, "utf-8")
        law.do("sign_pack", "XX", "officer")
        law.hotel.later(days=40)
    with law.hotel.begin() as office:
        rules = rulebook.in_force(office.work, "sh")
    said = floor(rules, "guest_register", replace(RECORD, answers={"nationality": "XX"}))
    assert said.open == (Open.UNSURE,)
    assert law.waits() == []


MEMORY = REGISTER.replace("letters", "memory").replace('"A"', '"C"').replace(
    'floor = "P1D"', 'ceiling = "P9Y"\nceiling_kind = "soft"'
)  # fmt: skip
"""A ceiling of the register that somebody remembers, by which nothing goes."""


def test_a_ceiling_from_memory_that_is_taken_away(draft: Lawful) -> None:
    """What no rule keeps stays for it, so that two people let that go, as they do of a floor."""
    law, home = draft, replace(RECORD, answers={"nationality": "XX"})

    def said() -> tuple[Open, ...]:
        with law.hotel.begin() as office:
            return floor(rulebook.in_force(office.work, "sh"), "guest_register", home).open

    for extra in (MEMORY, ""):
        law.write(OTHERS, extra)
        law.do("sign_pack", "XX", "officer")
        assert said() == (Open.UNSURE,)
    [line] = law.waits()
    assert (line.kind, line.state, line.name) == ("ceiling", "leaving", "XX/memory")
    law.allowed(line.id)
    assert said() == (Open.UNSURE,)
    law.hotel.later(days=31)
    assert said() == ()
    with law.hotel.begin() as office:
        rulebook.sync(office.work)
    assert law.waits() == []


YEARS = """
[answering]
answer = "P5Y"
article = "Act 9"
source = "https://law.example/9"
grade = "A"
as_of = "2026-01-01"
facts = ["F1"]
"""


@pytest.mark.parametrize("periods", [LONG, ""])
def test_longer_days_for_an_answer(draft: Lawful, periods: str) -> None:
    """A text that says when guests are answered is somebody's word, with rules in it or without."""
    law = draft
    law.do("sign_pack", "XX", "officer")
    text = (law_of(periods) if periods else law_of("").partition("[[rule]]")[0]) + YEARS
    law.file.write_text(text, "utf-8")
    law.hotel.guest(1, name="Ann", email="ann@mail.example")
    with law.hotel.begin() as office:
        number = office.request({"email": "ann@mail.example"}, property="sh", by="clerk")
    assert law.do("show", number)["due_on"] == "2031-03-10"

    def drafted() -> set[str]:
        with law.hotel.begin() as office:
            found = schedule.findings(office.work)
        return {each.column for each in found if each.id == "pack-draft"}

    assert [each.code for each in law.do("drafts", "officer")] == ["XX"]
    assert drafted() == {"sh/XX", "mu/XX"}
    before = law.hotel.events.count("pack-signed")
    law.do("sign_pack", "XX", "officer")
    assert law.hotel.events.count("pack-signed") == before + 2
    assert drafted() == set()


@pytest.mark.parametrize("region", ["", "DE"], ids=["law-leaves", "law-stays"])
@pytest.mark.parametrize("boxed", [False, True])
def test_a_property_moved_to_its_guests_country(pine: Pine, boxed: bool, region: str) -> None:
    """Who is a foreigner to the law of before stays one, until two people let that law go."""
    places = pine.settings.properties
    moved = {**places, "mu": replace(places["mu"], country="FR", region=region)}
    pine.settings = replace(pine.settings, properties=moved)
    [number] = pine.seal(1) if boxed else [pine.approved(1)]
    for _ in range(3):
        pine.work()
        assert pine.state(number) == "sealed"
        pine.night()
        pine.sweep("officer")
    assert pine.state(number) == "sealed"
    assert pine.names()[1] == (None if boxed else "Ada Roe")


def test_a_country_changed_under_a_law_that_stays(draft: Lawful) -> None:
    """Who is no foreigner any more stays one to the old line, until two people let it go."""
    law = draft
    law.write(OTHERS, REGISTER)
    law.do("sign_pack", "XX", "officer")
    guest = replace(RECORD, answers={"nationality": "YY"})

    def until() -> str:
        with law.hotel.begin() as office:
            return str(floor(rulebook.in_force(office.work, "sh"), "guest_register", guest).until)

    assert until() == "2029-01-31"
    before = len(law.hotel.events)
    places = law.hotel.settings.properties
    moved = {**places, "sh": replace(places["sh"], country="YY", region="XX")}
    law.hotel.settings = replace(law.hotel.settings, properties=moved)
    assert until() == "2029-01-31"
    assert "rules-changed" in law.hotel.events[before:]
    law.hotel.later(days=60)
    assert until() == "2029-01-31"
    [line] = law.waits("floor")
    law.allowed(line.id)
    law.hotel.later(days=29)
    assert until() == "2029-01-31"
    law.hotel.later(days=1)
    assert until() == "2026-02-01"


def declared(pine: Pine, **columns: Any) -> None:
    """Let the vendor's code say something else of the register's columns."""
    (guest, mine), (form, policy) = policies()
    policy = replace(policy, columns={**policy.columns, **columns})
    mapped = Base.metadata.tables.values(), list(Base.registry.mappers)
    pine.datamap = resolve([(guest, mine), (form, policy)], *mapped)


def elsewhere(pine: Pine, **said: Any) -> None:
    """Let the vendor's code say that the law finds what it asks of the register elsewhere."""
    (guest, mine), (form, policy) = policies()
    mapped = Base.metadata.tables.values(), list(Base.registry.mappers)
    pine.datamap = resolve([(guest, mine), (form, replace(policy, **said))], *mapped)


def long_ago(table: Any) -> Any:
    """Say that everybody left years ago."""
    return literal(date(2020, 1, 1))


def from_here(table: Any) -> Any:
    """Say that nobody is a foreigner."""
    return literal("DE")


def test_a_clock_moved_to_another_column(pine: Pine) -> None:
    """Of the old date and the new one the later counts, until two people let the old one go."""
    elsewhere(pine, clock={"departed": long_ago})
    number = pine.approved(1)
    pine.work()
    pine.night()
    pine.sweep("officer")
    assert pine.state(number) == "sealed"
    assert pine.names() == {1: "Ada Roe", 2: "Ada Roe", 3: "Ada Roe", 9: "Ada Roe"}
    assert "rules-changed" in pine.actions()
    [line] = pine.run(lambda office: office.rules_waiting())
    assert (line.name, line.says, line.rows) == ("forms@clock.departed", "left_on", 1)
    let_go(pine, line.id)
    pine.later(days=29)
    pine.sweep("officer")
    assert pine.names()[2] == "Ada Roe"
    pine.later(days=1)
    pine.sweep()
    assert pine.names()[2] == "Ada Roe", "what goes now is shown, and confirmed, first"
    pine.sweep("officer")
    assert pine.names()[2] is None


def let_go(pine: Pine, line: int) -> None:
    """Let a change act, by two people with a checkpoint."""
    pine.run(lambda office: office.propose_change(line, "officer"))
    pine.later(minutes=5)
    note = pine.run(lambda office: office.checkpoint("Fir GmbH"))
    pine.run(lambda office: office.confirm_change(line, "second", note))


def test_a_clock_beside_one_that_is_gone(pine: Pine) -> None:
    """Without the departure an earlier event would count; the old date counts beside it."""
    elsewhere(pine, clock={"last_activity": long_ago})
    number = pine.approved(1)
    pine.work()
    assert pine.state(number) == "sealed"
    assert pine.names()[1] == "Ada Roe"


def test_an_answer_moved_to_another_column(pine: Pine) -> None:
    """The law asks for foreigners: who was one to it yesterday is none only when people say so."""
    elsewhere(pine, facts={"nationality": from_here})
    number = pine.approved(1)
    pine.work()
    assert pine.state(number) == "sealed"
    assert pine.names()[1] == "Ada Roe"


def across_the_border(table: Any) -> Any:
    """Say that every stay was at the hotel in France."""
    return literal("pa")


@pytest.fixture
def french(pine: Pine, monkeypatch: pytest.MonkeyPatch) -> Pine:
    """A third hotel opens in France, where forms of foreigners go after half a year."""
    rights = GRANTS["officer"]["mu"]
    for who in ("officer", "second"):
        monkeypatch.setitem(GRANTS[who], "pa", rights)
    paris = Property("pa", "Ash", "Fir GmbH", "FR", "Europe/Paris", "fr")
    places = {**pine.settings.properties, "pa": paris}
    pine.settings = replace(pine.settings, properties=places)
    pine.run(lambda office: office.sign_pack("FR", "officer"))
    pine.form(30, NEW, "pa")
    pine.raw(update(Form).values(nation="US"))
    pine.sweep()
    return pine


@pytest.mark.parametrize("place", [across_the_border, "guest.house", None])
def test_a_property_that_is_read_elsewhere(french: Pine, place: Any) -> None:
    """Where the old column names another hotel than the new one nothing goes, until people say."""
    if place != across_the_border:
        french.raw(update(Base.metadata.tables["guests"]).values(house="pa"))
    elsewhere(french, place=place)
    french.later(days=210)
    for _ in range(2):
        french.night()
        french.sweep("officer")
    assert french.names() == {1: "Ada Roe", 2: "Ada Roe", 3: "Ada Roe", 9: "Ada Roe", 30: None}
    if place is not None:
        [line] = french.run(lambda office: office.rules_waiting())
        assert (line.name, line.says) == ("forms@place.property", "house")
        let_go(french, line.id)
        french.later(days=30)
        french.sweep("officer")
        french.sweep("officer")
        assert set(french.names().values()) == {None}


def test_a_relabelled_category(pine: Pine) -> None:
    """A column under another category stays under the old one too, and nothing goes unseen."""
    declared(pine, name=retain("marketing", null))
    pine.night()
    pine.sweep("officer")
    pine.later(days=5)
    pine.tried()
    assert pine.names()[1] == "Ada Roe"
    assert "rules-changed" in pine.actions()
    assert pine.counted()["missed"] == 0


def test_a_column_made_unretained(pine: Pine) -> None:
    """What the law keeps is kept though the code says that it goes at once."""
    declared(pine, name=null)
    number = pine.approved(1)
    pine.work()
    assert pine.state(number) == "sealed"
    assert pine.names()[1] == "Ada Roe"


def to_somebody_else(table: Any) -> Any:
    """Say that every form is the second guest's."""
    guests = Base.metadata.tables["guests"]
    return select(table.c.id, guests.c.id).where(guests.c.id == 2, table.c.house == guests.c.house)


@pytest.mark.parametrize("scope", ["subject", "record"])
def test_an_owner_path_to_somebody_else(pine: Pine, scope: str) -> None:
    """A hold on a person is on what the policy calls theirs; what it calls others' is confirmed."""
    pine.hold(scope)
    elsewhere(pine, via=to_somebody_else)
    for _ in range(8):
        pine.night()
    assert pine.names()[5] == "Ada Roe"
    findings = pine.run(lambda office: watch.findings(office.work))
    assert "sweep-unconfirmed" in {each.id for each in findings}
    before = pine.actions().count("sweep-confirmed")
    pine.sweep("officer")
    pine.night()
    assert pine.actions().count("sweep-confirmed") == before + 1
    assert pine.run(lambda office: office.holds("officer"))[0]["strayed"] == (scope == "subject")
    assert pine.names()[5] == {"subject": None, "record": "Ada Roe"}[scope]


def test_a_hold_query_that_names_something_else(pine: Pine) -> None:
    """What a query was to hold is not let go by code that says something else: two people lift."""
    pine.sweep("officer")
    pine.form(5, DUE)
    pine.queries = {"flood": HoldQuery("flood", "forms", lambda t: t.c.id == 5)}
    wanted = Wanted("query", "court-order", query="flood", property="mu")
    hold = pine.run(lambda office: office.place_hold(wanted, "officer"))
    pine.night()
    assert pine.names()[5] == "Ada Roe"
    assert not pine.run(lambda office: office.holds("officer"))[0]["late"]
    pine.queries = {"flood": HoldQuery("flood", "forms", lambda t: t.c.id == 0)}
    for _ in range(8):
        pine.night()
    assert pine.names()[5] == "Ada Roe"
    assert pine.run(lambda office: office.holds("officer"))[0]["late"]
    assert "hold-review-due" in pine.actions()
    for who in ("officer", "second"):
        pine.run(lambda office, who=who: office.lift(hold, who))
    pine.night()
    pine.night()
    assert pine.names()[5] is None


def test_a_hold_query_that_names_the_same_in_another_order(pine: Pine) -> None:
    """A set of texts has another order in each process: that is no other query."""
    pine.queries = {"flood": HoldQuery("flood", "forms", lambda t: t.c.name.in_(["Ada", "Bea"]))}
    wanted = Wanted("query", "court-order", query="flood", property="mu")
    pine.run(lambda office: office.place_hold(wanted, "officer"))
    pine.queries = {"flood": HoldQuery("flood", "forms", lambda t: t.c.name.in_(["Bea", "Ada"]))}
    assert not pine.run(lambda office: office.holds("officer"))[0]["late"]


def test_a_policy_exempted_by_a_code_change(pine: Pine) -> None:
    """A register that is declared to be nobody's is not counted any more, which is said."""
    (guest, mine), _ = policies()
    mapped = Base.metadata.tables.values(), list(Base.registry.mappers)
    pine.datamap = resolve([(guest, mine), (Form, Exempt("nothing personal"))], *mapped)
    for _ in range(4):
        pine.night()
    assert "register-uncounted" in pine.seen()
    assert pine.names()[1] == "Ada Roe"


def test_a_clock_set_forward(pine: Pine) -> None:
    """Two years on in a second: nothing is erased by day until two people say that it is right."""
    pine.leap(days=800)
    report = pine.tried()
    assert report.doubt == LEAPT
    assert set(pine.names().values()) == {"Ada Roe"}
    assert "clock-doubted" in pine.actions()
    pine.run(lambda office: office.confirm_clock("officer"))
    with pytest.raises(FourEyesError):
        pine.run(lambda office: office.confirm_clock("officer"))
    assert pine.tried().doubt == LEAPT


def boxes(pine: Pine) -> set[str]:
    """Return the boxes that hold something."""
    return {row["id"] for row in pine.ours("box") if row["payload"] is not None}


def test_a_hold_lifted_by_a_clock_set_forward(pine: Pine) -> None:
    """What a hold kept ends with it when its day is over, but not by a day nobody believes."""
    pine.seal(1)
    before = boxes(pine)
    assert "retention" in {row["purpose"] for row in pine.ours("box") if row["id"] in before}
    pine.leap(days=4000)
    wanted = Wanted("subject", "court-order", "guests", "1")
    id = pine.run(lambda office: office.place_hold(wanted, "officer"))
    for who in ("officer", "second"):
        pine.run(lambda office, who=who: office.lift(id, who))
    pine.work()
    pine.tried()
    assert boxes(pine) == before


def test_a_clock_set_forward_while_a_round_runs(
    pine: Pine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was believed when the round began; each transaction that ends something asks again."""
    pine.seal(1)
    before, settled = boxes(pine), settling.settled

    def leapt(run: Run, unknown: bool = True) -> dict[str, int]:
        pine.leap(days=4000)
        return settled(run, unknown)

    monkeypatch.setattr(settling, "settled", leapt)
    assert pine.work().problems == {"forget": "BlockedError"}
    assert boxes(pine) == before


def test_a_journal_pruned_by_a_clock_set_forward(pine: Pine) -> None:
    """Six years on in a second, no entry is six years old."""
    size = len(pine.actions())
    pine.leap(days=2500)
    day = (pine.now - timedelta(days=2300)).date()
    with pytest.raises(BlockedError):
        pine.run(lambda office: office.prune("Fir GmbH", day, "officer", "second"))
    with pytest.raises(BlockedError):
        pruning.prune(pine.run, pruning.Wish(slug("Fir GmbH"), day, "a1"))
    assert len(pine.actions()) == size


def test_a_clock_set_backwards(pine: Pine) -> None:
    """So that a last day never comes, or a night is counted again: everything by day stops."""
    pine.leap(days=-30)
    assert pine.tried().doubt == BACKWARDS
    assert len(pine.entries("register-counted")) == 2


def test_a_clock_set_forward_on_the_database_server() -> None:
    """A server's clock can only stop what a machine's clock would let go, never let it go."""
    now = datetime(2026, 3, 10, 12)
    ahead = now + timedelta(days=800)
    assert judge(now, [now], database=ahead) == ""
    assert judge(ahead, [now], database=ahead) == LEAPT
    assert judge(ahead, [ahead], database=now) == LEAPT


def test_a_doubt_taken_out_of_the_database(pine: Pine) -> None:
    """The doubt comes back by itself: the journal's own times say that the clock leapt."""
    pine.leap(days=800)
    pine.tried()
    pine.raw(delete(tables.pulse).where(tables.pulse.c.name == "clock-doubted"))
    assert pine.tried().doubt == LEAPT
    assert set(pine.names().values()) == {"Ada Roe"}


def test_a_preview_confirmed_by_sql(pine: Pine) -> None:
    """What a sweep may erase is confirmed by a person with the law, and the journal knows whom.

    Whoever writes a name into our row keeps nobody from confirming it either.
    """
    pine.form(5, DUE)
    pine.night()
    pine.raw(update(tables.run).where(tables.run.c.kind == "preview").values(confirmed_by="a1"))
    pine.later(days=1)
    assert "mu" in pine.tried().unconfirmed
    assert pine.names()[5] == "Ada Roe"
    with pine.begin() as office:
        assert "sweep-unconfirmed" in [found.id for found in watch.findings(office.work)]
        assert not any(shown.confirmed_by for shown in office.sweeps("officer")["previews"])
    assert "mu" in pine.sweep("officer").confirmed
    assert pine.names()[5] is None


def test_a_recovery_window_set_to_nothing(pine: Pine) -> None:
    """Without a safety copy what the law keeps is kept all the same."""
    pine.settings = replace(pine.settings, recovery_days=0)
    [number] = pine.seal(1)
    assert pine.state(number) == "sealed"
    assert [row["purpose"] for row in pine.ours("box") if row["purpose"] == "retention"]
    pine.night()
    assert pine.counted()["missed"] == 0


def test_a_property_or_controller_renamed(pine: Pine) -> None:
    """A house under another controller is compared with the journal of the one before."""
    pine.move("mu", controller="Shell Ltd")
    pine.raw(delete(Form).where(Form.id == 1))
    pine.night()
    assert pine.counted()["missed"] == 1
    places = {("zz" if code == "mu" else code): place for code, place in
              pine.settings.properties.items()}  # fmt: skip
    pine.settings = replace(pine.settings, properties={
        code: replace(place, code=code) for code, place in places.items()
    })  # fmt: skip
    for _ in range(4):
        pine.night()
    assert "register-uncounted" in pine.seen()


def test_a_property_moved_to_another_zone(pine: Pine) -> None:
    """Where its day ends half a day sooner nothing goes that night: what would is read first."""
    pine.sweep("officer")
    pine.form(5, date(2025, 3, 11))
    pine.night()
    assert pine.names()[5] == "Ada Roe"
    pine.move("mu", zone="Pacific/Kiritimati")
    report = pine.tried()
    assert (report.unconfirmed, pine.names()[5]) == (["mu"], "Ada Roe")
    assert [each["until_before"] for each in report.previews] == ["2026-03-11"]
    pine.night()
    assert pine.names()[5] == "Ada Roe"
    pine.sweep("officer")
    assert pine.names()[5] is None


def test_a_clock_set_forward_in_steps(
    pine: Pine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day and a half at a time is no leap; outside it is seen that days are not there yet."""
    today = datetime.now(UTC)
    pine.later(seconds=(today - pine.now).total_seconds())
    pine.form(5, today.date() - timedelta(days=362))
    pine.sweep("officer")
    for _ in range(5):
        pine.leap(hours=35)
        assert pine.tried("officer").doubt == ""
    assert pine.names()[5] is None
    path = tmp_path / "journal.jsonl"
    with pine.engine.connect() as conn:
        path.write_text("\n".join(journal.lines(conn)) + "\n", encoding="utf-8")
    assert verify.main(["census", str(tmp_path), "--journal", str(path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)["findings"]
    assert any(f["id"] == "clock" and f["shown"] is False for f in said)


def test_a_clock_set_forward_in_steps_while_the_machine_runs(pine: Pine) -> None:
    """How long the machine runs says that no day passed: the second step stops the sweep.

    A start of the machine is a first look again, at a clock that is believed for one step.
    """
    pine.boot = Boot("first", ran=600, clock=1_773_144_000)
    pine.form(5, (pine.now - timedelta(days=363)).date())
    pine.sweep("officer")
    pine.leap(hours=35)
    assert pine.tried("officer").doubt == ""
    for _ in range(5):
        pine.leap(hours=35)
        assert pine.tried("officer").doubt == LEAPT
    assert pine.names()[5] == "Ada Roe"


def test_a_clock_set_forward_in_steps_within_one_sweep(pine: Pine) -> None:
    """Also the first sweep since the machine began stops at the second step between its units."""
    pine.form(5, (pine.now - timedelta(days=361)).date())
    pine.sweep("officer")
    pine.boot = Boot("first", ran=600, clock=1_773_144_000)
    units: list[Any] = []

    def stepped(unit: Any, /) -> Any:
        units.append(unit)
        if len(units) > 4:
            pine.leap(hours=35)
        return pine.run(unit)

    with pytest.raises(BlockedError):
        sweep(stepped, lambda *given: ("", ""), {}, "officer")
    assert pine.names()[5] == "Ada Roe"
    assert pine.tried("officer").doubt == LEAPT


def test_a_clock_set_forward_in_steps_with_a_start_for_each(pine: Pine) -> None:
    """Whoever starts the machine anew before each step is believed as on any other system."""
    pine.form(5, (pine.now - timedelta(days=363)).date())
    pine.sweep("officer")
    for start in range(5):
        pine.boot = Boot(f"start{start}", ran=60, clock=int(pine.now.timestamp()))
        assert pine.tried("officer").doubt == ""
        pine.leap(hours=35)
        assert pine.tried("officer").doubt == ""
    assert pine.names()[5] is None


def test_a_heartbeat_forged(pine: Pine) -> None:
    """Clock and heartbeat set together are believed; the journal then has a leap to be seen."""
    with pine.engine.begin() as conn:
        pine.leap(days=10)
        pulse.put(conn, "heartbeat", Pulse((pine.now - timedelta(hours=1)).replace(tzinfo=None)))
    assert pine.tried().doubt == ""
    times = [d.at for d in pine.entries("sweep-done")]
    days = [datetime.fromisoformat(at) for at in times]
    assert max(b - a for a, b in pairwise(days)) > timedelta(hours=36)


def test_an_installation_without_a_copy(pine: Pine) -> None:
    """Without a confirmed copy of the keys nothing leaves its row, and `check` says why."""
    number = pine.approved(1)
    pine.work()
    assert pine.state(number) == "sealed"
    assert pine.names()[1] == "Ada Roe"
    found = pine.run(lambda office: watch.findings(office.work))
    assert "second-copy" in {each.id for each in found}


def test_a_clock_that_leapt_is_named_outside(
    pine: Pine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verifier names a leap in the journal's times, and entries dated ahead of today."""
    path = tmp_path / "journal.jsonl"

    def said(days: int) -> dict[str, bool | None]:
        pine.later(days=days)
        pine.tried()
        with pine.engine.connect() as conn:
            path.write_text("\n".join(journal.lines(conn)) + "\n", encoding="utf-8")
        capsys.readouterr()
        verify.main(["census", str(tmp_path), "--journal", str(path), "--json"])
        found = json.loads(capsys.readouterr().out)["findings"]
        return {f["text"].split(": ")[-1][:12]: f["shown"] for f in found if f["id"] == "clock"}

    assert said(1) == {}
    assert set(said(10).values()) == {None}
    assert False in said(40000).values()
