"""The rulebook at work: attacks on a period by one person, and what two people may do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, insert, select, update

from flask_guesterase.core.checkpoint import read_note
from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    GuesteraseError,
    InputError,
    MovedError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.period import Period
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.retention import Verdict, due, floor
from flask_guesterase.core.rule import Facts, Open
from flask_guesterase.core.rulebook import rules as binding
from flask_guesterase.core.treatment import keep, null, placeholder, redact, retain
from flask_guesterase.store import tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.journaling.journal import begin_epoch, stamp
from flask_guesterase.store.lawbook import rulebook
from flask_guesterase.store.remembrance import remembering
from flask_guesterase.store.work import Work
from tests.store.hotel import Guest, Hotel, policies

_PACK = """
code = "{code}"
name = "Somewhere"
level = "{level}"
country = "{country}"
as_of = "2026-01-01"
review_by = 2027-01-01
id_copy = "none"

[[rule]]
id = "{code}/register"
category = "guest_register"
clock = ["departed"]
article = "Registration Act 5"
source = "https://law.example/5"
grade = "A"
as_of = "2026-01-01"
rank = "law"
facts = ["F1"]
{periods}
"""

LONG = 'floor = "P3Y"\nceiling = "P5Y"\nceiling_kind = "hard"'
SHORT = 'floor = "P1D"\nceiling = "P5Y"\nceiling_kind = "hard"'
OTHERS = LONG + "\nwhen = { foreign = true }"
LETTERS = """
[[rule]]
id = "XX/letters"
category = "correspondence"
clock = ["departed"]
article = "Trade Act 6"
source = "https://law.example/6"
grade = "A"
as_of = "2026-01-01"
rank = "law"
facts = ["F2"]
floor = "P1D"
"""
REGISTER = LETTERS.replace("correspondence", "guest_register")
"""A rule of a day about everybody, beside one that is about foreigners alone."""
SOON = 'floor = "P3Y"\nceiling = "P3Y"\nceiling_kind = "hard"'


def law_of(periods: str, code: str = "XX", country: str = "XX", level: str = "country") -> str:
    """Return the text of a pack with one rule of a register."""
    return _PACK.format(code=code, country=country, level=level, periods=periods)


RECORD = Facts({"departed": datetime(2026, 1, 31).date()}, country="XX")


class Lawful:
    """A hotel under a law of its own, with two people who may decide about it."""

    def __init__(self, hotel: Hotel, folder: Path) -> None:
        self.hotel = hotel
        self.file = folder / "xx.toml"
        self.write(LONG)
        places = {
            code: replace(place, country="XX") for code, place in hotel.settings.properties.items()
        }
        hotel.settings = replace(
            hotel.settings, properties=places, packs=(str(self.file),)
        )
        for person in ("officer", "second"):
            hotel.grants[person].add("law")
        hotel.grants["auditor"].add("view")
        self.label("guest_register")

    def write(self, periods: str, extra: str = "") -> None:
        """Change the text of the law, as one person with an editor can."""
        self.file.write_text(law_of(periods) + extra, encoding="utf-8")

    def label(self, category: str, **columns: Any) -> None:
        """Change under which category the policy keeps the guest's document number."""
        rules = {
            "hotel": keep("which house"),
            "name": redact,
            "email": placeholder,
            "phone": null,
            "document_no": retain(category),
            **columns,
        }
        declared = policies(str(self.hotel.files))
        subject = declared[0][1].subject
        self.hotel.datamap = self.hotel.mapped(
            [(Guest, Policy(rules, subject=subject)), *declared[1:]]
        )

    def verdict(self) -> Verdict:
        """Return how long the register is kept today."""
        with self.hotel.begin() as office:
            return floor(rulebook.in_force(office.work, "sh"), "guest_register", RECORD)

    def ceiling(self) -> str:
        """Return by when the register must be gone, or nothing."""
        with self.hotel.begin() as office:
            found = due(rulebook.in_force(office.work, "sh"), "guest_register", RECORD)
        return "" if found.day is None or found.draft else found.day.isoformat()

    def do(self, name: str, *given: Any) -> Any:
        """Do one thing in the office in a transaction of its own."""
        with self.hotel.begin() as office:
            return getattr(office, name)(*given)

    def state(self, id_: int) -> str:
        """Return the state of a line."""
        rule = tables.rule.c
        with self.hotel.engine.begin() as conn:
            return str(conn.execute(select(rule.state).where(rule.id == id_)).scalar_one())

    def waits(self, kind: str = "") -> list[Any]:
        """Return what waits for people at the first hotel, or of the labels."""
        found = self.do("rules_waiting")
        return [w for w in found if w.property in ("sh", "") and kind in ("", w.kind)]

    def checkpoint(self) -> str:
        """Return a checkpoint as somebody keeps it outside."""
        return str(self.do("checkpoint", "Pine Ltd"))

    def allowed(self, id_: int) -> str:
        """Let a change act, by two people; return the day."""
        self.do("propose_change", id_, "officer")
        self.hotel.later(minutes=5)
        return str(self.do("confirm_change", id_, "second", self.checkpoint()))


def lawful(hotel: Hotel, folder: Path) -> Lawful:
    """Return a hotel whose law somebody signed."""
    made = Lawful(hotel, folder)
    made.do("sign_pack", "XX", "officer")
    return made


@pytest.fixture
def law(hotel: Hotel, tmp_path: Path) -> Lawful:
    """A hotel whose law somebody signed, on SQLite."""
    return lawful(hotel, tmp_path)


@pytest.fixture
def any_law(any_hotel: Hotel, tmp_path: Path) -> Lawful:
    """The same on each of the three engines."""
    return lawful(any_hotel, tmp_path)


def test_a_new_rulebook_is_what_the_sources_say(any_law: Lawful) -> None:
    """The first installation is accepted as it is, once for all processes and rounds."""
    assert any_law.verdict() == replace(any_law.verdict(), open=())
    assert str(any_law.verdict().until) == "2029-01-31"
    assert any_law.ceiling() == "2031-01-31"
    with any_law.hotel.begin() as office:
        assert not rulebook.sync(office.work)
    lines = [row for row in any_law.hotel.ours("rule") if row["property"] == "sh"]
    assert [row["kind"] for row in lines] == ["floor", "ceiling"]


def test_two_processes_begin_one_rulebook(any_hotel: Hotel, tmp_path: Path) -> None:
    """Whoever comes second finds the lines of the first: none is there twice."""
    law = Lawful(any_hotel, tmp_path)

    def begin(_: int) -> None:
        with law.hotel.begin() as office:
            rulebook.sync(office.work)

    with ThreadPoolExecutor(2) as both:
        list(both.map(begin, range(2)))
    lines = [(row["property"], row["kind"], row["name"]) for row in law.hotel.ours("rule")]
    assert len(lines) == len(set(lines))
    assert ("sh", "floor", "XX/register") in lines


def test_shortening_a_period_acts_after_thirty_days_two_people_and_a_checkpoint(
    any_law: Lawful,
) -> None:
    """The old floor binds until the thirtieth day after the second person's word."""
    law = any_law
    law.write(SHORT)
    law.do("sign_pack", "XX", "officer")
    assert str(law.verdict().until) == "2029-01-31"
    [line] = law.waits("floor")
    assert (line.state, line.says) == ("leaving", "departed+P3Y@event")
    law.hotel.later(days=400)
    assert str(law.verdict().until) == "2029-01-31"
    day = law.allowed(line.id)
    assert day == "2027-05-14"
    law.hotel.later(days=29)
    assert str(law.verdict().until) == "2029-01-31"
    law.hotel.later(days=1)
    assert str(law.verdict().until) == "2026-02-01"
    with law.hotel.begin() as office:
        rulebook.sync(office.work)
    assert law.waits("floor") == []
    assert str(law.verdict().until) == "2026-02-01"
    assert {"rules-changed", "rule-proposed", "rule-confirmed"} <= set(law.hotel.events)


def test_a_text_is_signed_as_it_was_read(law: Lawful) -> None:
    """The page was open while another text was installed: nobody has read that one."""
    law.write(SOON)
    [read] = law.do("drafts", "officer")
    law.write(SHORT)
    with pytest.raises(MovedError, match="not the one that was read"):
        law.do("sign_pack", "XX", "officer", read.text)
    [again] = law.do("drafts", "officer")
    law.do("sign_pack", "XX", "officer", again.text)
    assert law.do("drafts", "officer") == []


def test_a_line_that_an_older_version_marked_is_let_go_all_the_same(law: Lawful) -> None:
    """What a mark is made of may change: the journal names the proposal by today's."""
    law.write(SHORT)
    [line] = law.waits("floor")
    with law.hotel.engine.begin() as conn:
        conn.execute(update(tables.rule).where(tables.rule.c.id == line.id).values(mark="0" * 64))
    law.allowed(line.id)
    law.hotel.later(days=30)
    law.do("sign_pack", "XX", "officer")
    assert str(law.verdict().until) == "2026-02-01"


def test_lines_that_wait_and_differ_in_country_alone_say_in_which(law: Lawful) -> None:
    """Who moved a hotel twice under a law that stays reads which of the two lines is let go."""
    law.write(OTHERS)
    law.do("sign_pack", "XX", "officer")
    places = law.hotel.settings.properties
    for country in ("YY", "ZZ"):
        moved = {**places, "sh": replace(places["sh"], country=country, region="XX")}
        law.hotel.settings = replace(law.hotel.settings, properties=moved)
        law.waits("floor")
    waiting = [line for line in law.waits("floor") if line.property == "sh"]
    said = "departed+P3Y@event foreign=True country="
    assert {line.says for line in waiting} >= {f"{said}XX", f"{said}YY"}
    assert {line.term.country for line in waiting if line.term} >= {"XX", "YY"}


def test_taking_a_pack_away_ends_nothing(law: Lawful) -> None:
    """Whoever deletes the file, or moves the property to another country, shortens nothing."""
    law.hotel.settings = replace(
        law.hotel.settings,
        packs=(),
        properties={
            code: replace(place, country="")
            for code, place in law.hotel.settings.properties.items()
        },
    )
    assert str(law.verdict().until) == "2029-01-31"
    assert [line.state for line in law.waits("floor")] == ["leaving"]


@pytest.mark.parametrize("beside", [False, True], ids=["at-once", "in-two-steps"])
def test_another_name_for_the_only_hotel_begins_no_new_rulebook(
    any_law: Lawful, beside: bool
) -> None:
    """Its rows do not say which hotel's they are, so the lines of its old code bind them too."""
    law = any_law
    places = law.hotel.settings.properties
    alone = replace(law.hotel.settings, properties={"sh": places["sh"]})
    rule = tables.rule
    with law.hotel.engine.begin() as conn:
        conn.execute(delete(rule).where(rule.c.property == "mu"))
    law.hotel.settings = alone
    assert str(law.verdict().until) == "2029-01-31"
    law.write(SHORT)
    law.do("sign_pack", "XX", "officer")
    new = {"zz": replace(places["sh"], code="zz")}
    if beside:
        law.hotel.settings = replace(alone, properties={**alone.properties, **new})
        law.do("rules_waiting")
    law.hotel.settings = replace(alone, properties=new)

    def until(write: bool) -> str:
        with law.hotel.begin() as office:
            lines = (
                rulebook.book(office.work, "zz")
                if write
                else rulebook.drawn(office.work, "zz")
            )
            rules = binding(lines, rulebook.today(office.work))
        return str(floor(rules, "guest_register", RECORD).until)

    assert until(write=False) == "2029-01-31"
    assert until(write=True) == "2029-01-31"
    lines = {(w.property, w.kind): w for w in law.do("rules_waiting")}
    assert lines["zz", "floor"].state == "leaving"
    assert {w.property for w in lines.values()} == {"zz"}
    told = [(w.kind, w.name, w.says) for w in lines.values()]
    assert len(told) == len(set(told))
    with law.hotel.begin() as office:
        keys = [line.key for line in rulebook.book(office.work, "zz")]
    assert len(keys) == len(set(keys))


def test_a_new_ceiling_waits_for_two_people(law: Lawful) -> None:
    """A ceiling that comes nearer erases nothing before its thirty days; a farther one acts."""
    law.write(SOON)
    law.do("sign_pack", "XX", "officer")
    assert law.ceiling() == "2031-01-31"
    [line] = law.waits("ceiling")
    assert line.state == "coming"
    law.allowed(line.id)
    law.hotel.later(days=30)
    assert law.ceiling() == "2029-01-31"
    with law.hotel.begin() as office:
        rulebook.sync(office.work)
    assert law.ceiling() == "2029-01-31"
    law.write('floor = "P3Y"\nceiling = "P9Y"\nceiling_kind = "hard"')
    law.do("sign_pack", "XX", "officer")
    assert law.ceiling() == "2035-01-31"


def test_relabelling_a_column_acts_after_thirty_days_too(any_law: Lawful) -> None:
    """A column moved to a category with a shorter period stays under the old one as well."""
    law = any_law
    law.verdict()
    assert labels(law) == ("guest_register",)
    law.label("marketing_consent")
    assert labels(law) == ("guest_register", "marketing_consent")
    law.label("marketing_consent", document_no=null)
    assert labels(law) == ("guest_register", "marketing_consent")
    old = next(line for line in law.waits("label") if line.says == "guest_register")
    with pytest.raises(ForbiddenError):
        law.do("propose_change", old.id, "officer")
    everywhere(law)
    law.allowed(old.id)
    law.hotel.later(days=30)
    assert labels(law) == ("marketing_consent",)


def labels(law: Lawful) -> tuple[str, ...]:
    """Return under which categories the document number is kept."""
    with law.hotel.begin() as office:
        return rulebook.labels(office.work, "guests", "document_no")


def everywhere(law: Lawful) -> None:
    """Let the two decide at both hotels: the data map is one for all."""
    grants = law.hotel.grants

    def may(user: str, permission: str, property_: str) -> bool:
        return permission in grants.get(user, ())

    law.hotel.may = may  # type: ignore[method-assign]  # the host's answer of this one hotel


def test_one_person_cannot_shorten_anything(law: Lawful) -> None:
    """Not by confirming their own proposal, not unasked, not without the permission."""
    law.write(SHORT)
    [line] = law.waits("floor")
    checkpoint = law.checkpoint()
    with pytest.raises(TransitionError):
        law.do("confirm_change", line.id, "second", checkpoint)
    with pytest.raises(ForbiddenError):
        law.do("propose_change", line.id, "clerk")
    law.do("propose_change", line.id, "officer")
    with pytest.raises(FourEyesError):
        law.do("confirm_change", line.id, "officer", law.checkpoint())
    with pytest.raises(ForbiddenError):
        law.do("confirm_change", line.id, "clerk", law.checkpoint())
    other = next(w for w in law.do("rules_waiting") if w.property == "mu")
    with pytest.raises(ForbiddenError):
        law.do("propose_change", other.id, "officer")
    assert [w.property for w in law.do("rules_waiting", "officer")] == ["sh"]
    law.hotel.later(days=90)
    assert str(law.verdict().until) == "2029-01-31"


def test_a_proposal_is_known_after_the_clock_was_set_back_and_under_another_code(
    law: Lawful,
) -> None:
    """Nothing of this makes it another one, so that it need not be proposed anew."""
    period = House("correspondence", ("departed",), "counsel, 2026-02", Period(years=2))
    first = law.do("house_period", "sh", period, "officer")
    law.hotel.now -= timedelta(minutes=3)
    law.do("house_period", "sh", replace(period, floor=Period(years=3)), "officer")
    places = law.hotel.settings.properties
    alone = {"pine": replace(places["sh"], code="pine")}
    law.hotel.settings = replace(law.hotel.settings, properties=alone)
    everywhere(law)
    with law.hotel.begin() as office:
        rulebook.sync(office.work)
    law.do("confirm_house", first, "second")
    assert law.state(first) == "living"


def test_a_proposal_in_a_restored_database_waits_until_it_has_caught_up(
    law: Lawful, tmp_path: Path
) -> None:
    """It has no place in the journal before; then it is known, and need not be proposed anew."""
    hotel = law.hotel
    hotel.settings = replace(hotel.settings, register=str(tmp_path / "register"))
    with hotel.engine.begin() as conn:
        pulse.put(conn, remembering.RESTORED, pulse.Pulse(hotel.now.replace(tzinfo=None), "0"))
    period = House("correspondence", ("departed",), "counsel, 2026-02", Period(years=2))
    first = law.do("house_period", "sh", period, "officer")
    with pytest.raises(TransitionError) as told:
        law.do("confirm_house", first, "second")
    assert "replay" in str(told.value)
    with hotel.engine.begin() as conn:
        pulse.take(conn, remembering.RESTORED)
    house(law, floor=Period(years=3))
    law.do("confirm_house", first, "second")
    assert law.state(first) == "living"


def test_an_old_or_foreign_checkpoint_does_not_do(law: Lawful) -> None:
    """It must be signed by this house, of this controller, and have seen the proposal."""
    law.write(SHORT)
    [line] = law.waits("floor")
    old = law.checkpoint()
    law.do("propose_change", line.id, "officer")
    with pytest.raises(InputError, match="older"):
        law.do("confirm_change", line.id, "second", old)
    good = law.checkpoint()
    other = str(law.do("checkpoint", "Fir GmbH"))
    for text in (good.replace("at 2026", "at 2027"), "no", other, ""):
        with pytest.raises(InputError, match=r"cannot be trusted|another controller|has left"):
            law.do("confirm_change", line.id, "second", text)
    law.do("confirm_change", line.id, "second", good)
    with pytest.raises(TransitionError):
        law.do("propose_change", line.id, "officer")
    with pytest.raises(TransitionError):
        law.do("confirm_change", line.id, "second", good)
    row = next(row for row in law.hotel.ours("rule") if row["id"] == line.id)
    assert len(row["checkpoint"]) == 64


def test_a_checkpoint_that_a_place_took_does(law: Lawful) -> None:
    """Nobody need bring one that left the house after the proposal; one from before is too old."""
    law.write(SHORT)
    [line] = law.waits("floor")
    sent(law)
    law.do("propose_change", line.id, "officer")
    with pytest.raises(InputError, match="older"):
        law.do("confirm_change", line.id, "second", "")
    sent(law, state="queued")
    with pytest.raises(InputError, match="older"):
        law.do("confirm_change", line.id, "second", "")
    sent(law)
    assert law.do("confirm_change", line.id, "second", "")


def test_a_checkpoint_of_the_epoch_before_has_not_seen_it(law: Lawful) -> None:
    """After a restore a longer one is known of the journal before, and a place took it: too old."""
    law.write(SHORT)
    [line] = law.waits("floor")
    for years in (4, 5, 6):
        house(law, floor=Period(years=years))
    before = law.checkpoint()
    sent(law)
    law.hotel.later(minutes=5)
    with law.hotel.begin() as office:
        work, head = office.work, read_note(before)
        key = work.custodian.public_key()
        begin_epoch(work.conn, head.controller, stamp(work.now), key, head)
    law.do("propose_change", line.id, "officer")
    for checkpoint in (before, ""):
        with pytest.raises(InputError, match="older"):
            law.do("confirm_change", line.id, "second", checkpoint)
    sent(law)
    longer, newer = (row["size"] for row in law.hotel.ours("released"))
    assert longer > newer
    assert law.do("confirm_change", line.id, "second", "")


def test_of_several_controllers_any_checkpoint_that_a_place_took_does(law: Lawful) -> None:
    """A label is everybody's: a longer journal, brought before the proposal, is in nobody's way."""
    law.verdict()
    law.label("marketing_consent")
    everywhere(law)
    old = next(line for line in law.waits("label") if line.says == "guest_register")
    for years in (4, 5, 6):
        house(law, floor=Period(years=years))
    sent(law)
    law.do("propose_change", old.id, "officer")
    with pytest.raises(InputError, match="older"):
        law.do("confirm_change", old.id, "second", "")
    sent(law, controller="Fir GmbH")
    longer, newer = (row["size"] for row in law.hotel.ours("released"))
    assert longer > newer
    assert law.do("confirm_change", old.id, "second", "")


def sent(law: Lawful, state: str = "sent", controller: str = "Pine Ltd") -> None:
    """Write down that a place took a checkpoint of now."""
    note = str(law.do("checkpoint", controller))
    head = read_note(note)
    with law.hotel.engine.begin() as conn:
        conn.execute(
            tables.released.insert().values(
                controller=head.controller, epoch=head.epoch, size=head.size,
                root=head.root.hex(), destination="file:/x", note=note, state=state, attempts=0,
                next_at=law.hotel.now.replace(tzinfo=None),
            )
        )  # fmt: skip


def test_a_source_put_back_voids_what_was_allowed(law: Lawful) -> None:
    """Restored, the line lives; taken away again, people must say so again."""
    law.write(SHORT)
    [line] = law.waits("floor")
    law.allowed(line.id)
    law.write(LONG)
    assert law.waits() == []
    law.write(SHORT)
    law.hotel.later(days=60)
    assert str(law.verdict().until) == "2029-01-31"
    assert [(w.acts_on, w.proposed_by) for w in law.waits("floor")] == [("", "")]


def test_what_waits_is_shown_with_how_many_kept_rows_it_is_about(law: Lawful) -> None:
    """The preview counts rows that an erasure kept under this rule, at this property."""
    keep_row(law, "sh", "XX/register:departed+P3Y@event")
    keep_row(law, "sh", "XX/other:departed+P9Y@event")
    keep_row(law, "mu", "XX/register:departed+P3Y@event")
    law.write(SHORT)
    [line] = law.waits("floor")
    assert line.rows == 1
    law.write(SOON)
    assert [line.rows for line in law.waits("ceiling")] == [2]


def keep_row(law: Lawful, code: str, rule: str) -> None:
    """Note a row as an erasure keeps it."""
    with law.hotel.engine.begin() as conn:
        conn.execute(insert(tables.kept).values(
            controller="pine-ltd", property=code, table_name="guests", row_key="1",
            columns="[]", category="guest_register", mode="place", open="", rule=rule, basis="",
            grade="A", facts="{}", since=datetime(2026, 3, 1),
        ))


def test_a_draft_keeps_and_what_was_signed_before_stays(law: Lawful) -> None:
    """A changed text is a draft again: its new rule keeps for good, the old one is as signed."""
    law.write(LONG.replace("P3Y", "P4Y"))
    assert law.verdict().open == (Open.DRAFT,)
    law.do("sign_pack", "XX", "second")
    assert str(law.verdict().until) == "2030-01-31"
    law.write(LONG.replace("P3Y", "P4Y"), "# a remark\n")
    assert law.verdict().open == ()
    assert law.hotel.events.count("pack-signed") == 2 * 2


def test_who_may_sign_a_pack(law: Lawful) -> None:
    """A person with the permission at a property under it, and only a pack that counts there."""
    law.write(LONG, "# a remark\n")
    with pytest.raises(ForbiddenError):
        law.do("sign_pack", "XX", "clerk")
    with pytest.raises(UnknownError):
        law.do("sign_pack", "DE", "officer")
    law.do("sign_pack", "XX", "second")
    events = len(law.hotel.events)
    law.do("sign_pack", "XX", "second")
    assert law.hotel.events[events:] == []


def test_of_two_laws_each_is_signed_by_those_under_it(law: Lawful, tmp_path: Path) -> None:
    """A signature is of the pack that is named alone, and a draft is shown to who may sign it."""
    hotel, other = law.hotel, tmp_path / "yy.toml"
    other.write_text(law_of(SHORT, "YY", "YY"), encoding="utf-8")
    law.write(LONG, "# a remark\n")
    places = hotel.settings.properties
    places = {**places, "mu": replace(places["mu"], country="YY")}
    hotel.settings = replace(hotel.settings, properties=places, packs=(str(law.file), str(other)))

    def may(user: str, permission: str, property_: str) -> bool:
        return property_ == {"officer": "sh", "second": "mu"}.get(user)

    hotel.may = may  # type: ignore[method-assign]  # the host's answer of this one hotel
    with pytest.raises(ForbiddenError):
        law.do("sign_pack", "YY", "officer")
    people = ("officer", "second", "clerk")

    def waiting() -> list[list[str]]:
        return [[draft.code for draft in law.do("drafts", who)] for who in people]

    assert waiting() == [["XX"], ["YY"], []]
    law.do("sign_pack", "XX", "officer")
    assert waiting() == [[], ["YY"], []]
    law.do("sign_pack", "YY", "second")
    assert waiting() == [[], [], []]


UNKNOWN = 'floor_unknown = true\nceiling = "P50Y"\nceiling_kind = "soft"'


def house(law: Lawful, **periods: Period) -> int:
    """Propose a period of the house for the register."""
    period = House("guest_register", ("departed",), "counsel, 2026-02", **periods)
    return int(law.do("house_period", "sh", period, "officer"))


def test_an_unknown_floor_stays_until_two_people_set_a_period(
    any_hotel: Hotel, tmp_path: Path
) -> None:
    """One person's proposal settles nothing; the second person's word does, at once."""
    law = Lawful(any_hotel, tmp_path)
    law.write(UNKNOWN)
    law.do("sign_pack", "XX", "officer")
    assert law.verdict().open == (Open.UNKNOWN_FLOOR,)
    id_ = house(law, floor=Period(years=2))
    assert law.verdict().open == (Open.UNKNOWN_FLOOR,)
    with pytest.raises(FourEyesError):
        law.do("confirm_house", id_, "officer")
    law.do("confirm_house", id_, "second")
    assert (str(law.verdict().until), law.verdict().open) == ("2028-01-31", ())
    with pytest.raises(TransitionError):
        law.do("confirm_house", id_, "second")
    assert "house-period-set" in law.hotel.events


def test_the_thirty_days_of_a_first_period_begin_with_the_propertys_day(
    hotel: Hotel, tmp_path: Path
) -> None:
    """At noon of the eleventh in Auckland it is still the tenth in Greenwich: thirty days on it is
    the tenth of April there, and until then what had no end is kept (P11)."""
    hotel.lies_in("Pacific/Auckland")
    law = Lawful(hotel, tmp_path)
    law.write(UNKNOWN)
    law.do("sign_pack", "XX", "officer")
    hotel.now = datetime(2026, 3, 10, 23, tzinfo=UTC)
    law.do("confirm_house", house(law, floor=Period(days=1)), "second")
    assert law.verdict().until == date(2026, 4, 9)


ZONES = ("Asia/Shanghai", "America/Los_Angeles", "UTC")
LATE = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
"""In Shanghai it is the morning of the eleventh, in Los Angeles the afternoon of the tenth."""


@pytest.mark.parametrize("zone", ZONES)
def test_the_thirty_days_of_a_text_that_changed_begin_with_the_propertys_day(
    hotel: Hotel, tmp_path: Path, zone: str
) -> None:
    """A rule about what no rule was about makes go on that day what had no end, and no day before
    it: what stays until then is judged by the day on the property's wall."""
    hotel.lies_in(zone)
    law = Lawful(hotel, tmp_path)
    law.write(OTHERS)
    law.do("sign_pack", "XX", "officer")
    hotel.now = LATE
    law.write(OTHERS, REGISTER)
    law.do("sign_pack", "XX", "officer")
    with hotel.begin() as office:
        rules = rulebook.in_force(office.work, "sh")
    said = floor(rules, "guest_register", replace(RECORD, answers={"nationality": "XX"}))
    today = LATE.astimezone(ZoneInfo(zone)).date()
    assert said.kept(today + timedelta(days=29))
    assert not said.kept(today + timedelta(days=30))


@pytest.mark.parametrize("zone", ZONES)
def test_what_two_people_allowed_acts_on_the_thirtieth_day_there(
    hotel: Hotel, tmp_path: Path, zone: str
) -> None:
    """Neither in the morning of the day before, nor in its afternoon, where that is the next day in
    Greenwich; and the day that they are told is not before it."""
    hotel.lies_in(zone)
    law = lawful(hotel, tmp_path)
    law.write(SOON)
    law.do("sign_pack", "XX", "officer")
    hotel.now = LATE
    [line] = law.waits("ceiling")
    told = date.fromisoformat(law.allowed(line.id))
    day = hotel.now.astimezone(ZoneInfo(zone)).date() + timedelta(days=30)
    begun = datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
    assert told >= day
    hotel.now = begun - timedelta(minutes=1)
    assert law.ceiling() == "2031-01-31"
    hotel.now = begun + timedelta(days=1)
    assert law.ceiling() == "2029-01-31"


def test_a_period_beside_a_floor_that_is_known_acts_from_today(law: Lawful) -> None:
    """Nothing had an open end there, so nothing is kept longer than it says."""
    law.do("confirm_house", house(law, floor=Period(days=1)), "second")
    assert law.verdict().until == date(2029, 1, 31)
    with law.hotel.begin() as office:
        rules = rulebook.in_force(office.work, "sh")
    over = Facts({"departed": date(2020, 1, 31)}, country="XX")
    assert floor(rules, "guest_register", over).until == date(2023, 1, 31)


def test_shortening_or_ending_a_house_period_waits_like_any_other(law: Lawful) -> None:
    """A longer one replaces it; a shorter one stands beside it; its end is proposed."""
    law.do("confirm_house", house(law, floor=Period(years=6)), "second")
    law.do("confirm_house", house(law, floor=Period(years=7)), "second")
    assert str(law.verdict().until) == "2033-01-31"
    assert law.waits() == []
    law.do("confirm_house", house(law, floor=Period(years=4)), "second")
    assert str(law.verdict().until) == "2033-01-31"
    [seven] = law.waits()
    law.allowed(seven.id)
    law.hotel.later(days=30)
    assert str(law.verdict().until) == "2030-01-31"
    four = next(r["id"] for r in law.hotel.ours("rule") if r["state"] == "living" and
                r["kind"] == "house")
    law.allowed(four)
    assert str(law.verdict().until) == "2030-01-31"
    law.hotel.later(days=30)
    assert str(law.verdict().until) == "2029-01-31"


def test_a_house_period_is_nothing_to_other_ones(law: Lawful) -> None:
    """Neither to that of another category, of the host's own too, nor to one still proposed."""
    law.label("spa_notes")
    six = house(law, floor=Period(years=6))
    spa = House("spa_notes", ("departed",), "counsel, 2026-02", Period(years=2))
    law.do("confirm_house", law.do("house_period", "sh", spa, "officer"), "second")
    law.do("confirm_house", house(law, floor=Period(years=7)), "second")
    assert [line.id for line in law.waits("house")] == [six]
    law.do("confirm_house", six, "second")
    lines = [row for row in law.hotel.ours("rule") if row["kind"] == "house"]
    assert [row["state"] for row in lines] == ["living", "living", "leaving"]


def test_a_longer_period_of_the_house_begins_no_thirty_days_anew(
    hotel: Hotel, tmp_path: Path
) -> None:
    """What nobody knew the end of has had one since the first: the next acts as it is."""
    law = Lawful(hotel, tmp_path)
    law.write(UNKNOWN)
    law.do("sign_pack", "XX", "officer")
    law.do("confirm_house", house(law, floor=Period(days=1)), "second")
    assert law.verdict().kept(hotel.now.date())
    hotel.later(days=30)
    assert not law.verdict().kept(hotel.now.date())
    law.do("confirm_house", house(law, floor=Period(days=2)), "second")
    assert not law.verdict().kept(hotel.now.date())


def test_a_house_ceiling_makes_records_go_so_it_waits(law: Lawful) -> None:
    """Two people set it, and it acts thirty days after two people let it."""
    id_ = house(law, ceiling=Period(years=4))
    law.do("confirm_house", id_, "second")
    assert law.ceiling() == "2031-01-31"
    law.allowed(id_)
    law.hotel.later(days=30)
    assert law.ceiling() == "2030-01-31"


@pytest.mark.parametrize(
    "period",
    [
        House("guest_register", ("departed",), "x"),
        House("guest_register", ("departed",), "x", Period(1), Period(2)),
        House("guest_register", ("departed",), " ", Period(1)),
        House("guest_register", ("sneezed",), "x", Period(1)),
        House("guest_register", (), "x", Period(1)),
        House("nothing", ("departed",), "x", Period(1)),
        House("guest_register", ("departed",), "x", Period(9999)),
        House("guest_register", ("departed",), "x", ceiling=Period(days=10**12)),
        House("guest_register", ("departed",), "x", Period(working=10)),
        House("guest_register", ("departed",), "x", ceiling=Period(working=10)),
    ],
)
def test_a_house_period_says_what_from_when_and_why(law: Lawful, period: House) -> None:
    """Exactly one length that a calendar has, in no working days, known words, and a source."""
    with pytest.raises(InputError):
        law.do("house_period", "sh", period, "officer")
    with pytest.raises(ForbiddenError):
        law.do("house_period", "sh", replace(period, floor=Period(1)), "clerk")


def test_nothing_of_the_law_is_somebody_elses_line(law: Lawful) -> None:
    """Lines that are in force, or not there, are not proposed."""
    with pytest.raises(UnknownError):
        law.do("propose_change", 999, "officer")
    first = law.hotel.ours("rule")[0]["id"]
    everywhere(law)
    with pytest.raises(TransitionError):
        law.do("propose_change", first, "officer")


def test_the_schedule_says_article_grade_and_what_is_unknown(law: Lawful) -> None:
    """Per table and category: periods with their article; drafts and unknowns as such."""
    entry = next(e for e in law.do("schedule", "sh") if e.category == "guest_register")
    assert entry.columns == ("document_no",)
    [least], [most] = entry.floors, entry.ceilings
    assert (least.length, least.article, least.grade) == ("P3Y", "Registration Act 5", "A")
    assert (most.length, most.kind, most.signed) == ("P5Y", "hard", True)
    invoice = next(e for e in law.do("schedule", "sh", "auditor") if e.table == "invoices")
    assert (invoice.floors, invoice.ceilings) == ((), ())
    with pytest.raises(ForbiddenError):
        law.do("schedule", "mu", "auditor")
    with pytest.raises(GuesteraseError):
        law.do("schedule", "nowhere")


def test_looking_writes_nothing(law: Lawful) -> None:
    """A transaction that only reads sees today's rulebook without writing it."""
    from flask_guesterase.store.transaction import transaction

    law.verdict()
    law.write(SHORT)
    hotel = law.hotel
    with transaction(hotel.engine, write=False) as conn:
        work = Work(conn, hotel.now, hotel.settings, hotel.datamap, hotel.custodian, hotel.may)
        assert len(rulebook.in_force(work, "sh")) == 2
        assert work.events == []
    assert {row["state"] for row in hotel.ours("rule")} == {"living"}
    assert datetime.now(UTC) > datetime(2026, 1, 1, tzinfo=UTC)
