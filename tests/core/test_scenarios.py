"""What the bundled packs say of records and requests, case by case, each by the fact it rests on.

The days are counted by hand, not by the code under test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flask_guesterase.core.deadlines import acknowledge_by, answer_by, extended_by
from flask_guesterase.core.pack import Answering
from flask_guesterase.core.period import period
from flask_guesterase.core.retention import due, floor
from flask_guesterase.core.rule import Facts, Grade, Kind, Open, Rank, Rule
from flask_guesterase.store.lawbook.packs import bundled, chain
from flask_guesterase.store.settings import Property

ZONES = {
    "AT": "Europe/Vienna", "CN": "Asia/Shanghai", "CZ": "Europe/Prague", "DE": "Europe/Berlin",
    "ES": "Europe/Madrid", "FR": "Europe/Paris", "GB": "Europe/London", "HK": "Asia/Hong_Kong",
    "IT": "Europe/Rome", "JP": "Asia/Tokyo", "KR": "Asia/Seoul", "PT": "Europe/Lisbon",
    "TW": "Asia/Taipei", "US": "America/Los_Angeles",
}  # fmt: skip

CASH, REGISTER = "invoice_accounting", "guest_register"
LETTERS, SCAN, LOG = "correspondence", "identity_document_copy", "access_log"
CCTV, AUDIT, ASKED, STAY = "cctv", "audit_record", "request_record", "reservation"


def place(where: str) -> Property:
    """Return a property in a country, or in a region, whose country is the part before '-'."""
    country = where.split("-")[0]
    region = where if "-" in where else ""
    return Property("x", "Hotel X", "X Ltd", country, ZONES[country], region=region)


def rules(where: str) -> tuple[Rule, ...]:
    """Return the rules at a place as if somebody had signed all its packs."""
    packs = chain(bundled(), place(where))
    return tuple(replace(rule, signed=True) for pack in packs for rule in pack.rules)


def day(text: str, where: str) -> date:
    """Return a day, or the day at the property of a moment in UTC."""
    if "T" not in text:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(ZoneInfo(place(where).zone)).date()


@dataclass(frozen=True)
class Case:
    """One record of a guest, and by which days it must stay and go.

    :param fact: identifier of the fact.
    :param where: country or region.
    :param category: category of the record.
    :param events: event -> day, or moment in UTC.
    :param until: last day it must still be there, or None.
    :param due: last day it may still be there, or None.
    :param open: why nobody knows.
    :param answers: what the host says.
    :param fiscal: end of the fiscal year.
    :param claimed: whether a rule made from the fact is to claim the record.
    """

    fact: str
    where: str
    category: str
    events: Mapping[str, str]
    until: str | None = None
    due: str | None = None
    open: tuple[Open, ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    fiscal: tuple[int, int] = (12, 31)
    claimed: bool = True

    def facts(self) -> Facts:
        """Return what the host says of the record."""
        events = {event: day(text, self.where) for event, text in self.events.items()}
        return Facts(events, self.answers, place(self.where).country, self.fiscal)


def _of(code: str) -> dict[str, Any]:
    return {"nationality": code}


CAMERA = {"listed_place": False, "key_target": False}
ASK, CLOCK, NUMBER, UNSURE = (
    (Open.UNKNOWN_FACT,), (Open.NO_CLOCK,), (Open.UNKNOWN_FLOOR,), (Open.UNSURE,)
)  # fmt: skip

CASES = [
    # Germany: foreign guests only since 2025, one year from departure, gone within 15 months.
    Case("F069", "DE", REGISTER, {"departed": "2025-06-30"}, "2026-06-30", "2026-09-30",
         answers=_of("FR")),
    Case("F069", "DE", REGISTER, {"departed": "2025-01-01"}, "2026-01-01", "2026-04-01",
         answers=_of("it")),
    Case("F069", "DE", REGISTER, {"departed": "2025-11-30"}, "2026-11-30", "2027-02-28",
         answers=_of("FR")),
    Case("F069", "DE", REGISTER, {"departed": "2026-11-30"}, "2027-11-30", "2028-02-29",
         answers=_of("FR")),
    Case("F069", "DE", REGISTER, {"departed": "2028-02-29"}, "2029-02-28", "2029-05-29",
         answers=_of("FR")),
    Case("F069", "DE", REGISTER, {"departed": "2027-02-28"}, "2028-02-28", "2028-05-28",
         answers=_of("FR")),
    Case("F069", "DE", REGISTER, {"departed": "2025-06-30T22:30+00:00"}, "2026-07-01",
         "2026-10-01", answers=_of("FR")),
    Case("F070", "DE", REGISTER, {"departed": "2025-06-30"}, answers=_of("DE"), claimed=False),
    Case("F070", "DE", REGISTER, {"departed": "2024-12-31T23:30+00:00"}, answers=_of("DE"),
         claimed=False),
    Case("F070", "DE", REGISTER, {"departed": "2025-06-30"}, "2026-06-30", open=ASK),
    Case("F070", "DE", REGISTER, {"created": "2025-06-30"}, open=CLOCK, answers=_of("FR")),
    Case("F069", "DE", REGISTER, {"departed": "2024-12-31"}, "2025-12-31", answers=_of("DE")),
    Case("F069", "DE", REGISTER, {"departed": "2024-12-31"}, "2025-12-31", answers=_of("FR")),
    Case("F069", "DE", REGISTER, {"departed": "2024-02-29"}, "2025-02-28"),
    Case("F072", "DE", CASH, {"document": "2025-03-01"}, "2033-12-31"),
    Case("F074", "DE", CASH, {"document": "2025-12-31"}, "2033-12-31"),
    Case("F074", "DE", CASH, {"document": "2026-01-01"}, "2034-12-31"),
    Case("F072", "DE", CASH, {"document": "2025-12-31T23:15+00:00"}, "2034-12-31"),
    Case("F072", "DE", CASH, {"document": "2025-07-01"}, "2033-12-31", fiscal=(6, 30)),
    Case("F073", "DE", LETTERS, {"document": "2026-02-28"}, "2032-12-31"),
    Case("F073", "DE", LETTERS, {"document": "2028-12-31"}, "2034-12-31"),
    # Spain: three years from the end of the service; no copies of documents; a month of video.
    Case("F076", "ES", REGISTER, {"departed": "2026-05-10"}, "2029-05-10"),
    Case("F076", "ES", REGISTER, {"departed": "2028-02-29"}, "2031-02-28"),
    Case("F076", "ES", REGISTER, {"departed": "2026-05-10T22:30+00:00"}, "2029-05-11"),
    Case("F076", "ES", REGISTER, {"created": "2026-05-01", "cancelled": "2026-05-02"}, open=CLOCK),
    Case("F079", "ES", SCAN, {"created": "2026-05-10"}, due="2026-05-10"),
    Case("F081", "ES", CCTV, {"recorded": "2026-05-10"}, due="2026-06-10"),
    Case("F081", "ES", CCTV, {"recorded": "2026-01-31"}, due="2026-02-28"),
    Case("F081", "ES", CCTV, {"recorded": "2028-01-31"}, due="2028-02-29"),
    Case("F084", "ES", CASH, {"last_entry": "2026-12-31"}, "2032-12-31"),
    Case("F084", "ES", CASH, {"document": "2026-05-10"}, open=CLOCK),
    Case("F080", "ES", STAY, {"departed": "2026-05-10"}, open=NUMBER),
    # Italy: data go once they were sent, the receipt stays five years.
    Case("F085", "IT", REGISTER, {"transmitted": "2026-05-10"}, due="2026-05-10",
         answers={"part": "guest"}),
    Case("F085", "IT", REGISTER, {"transmitted": "2026-05-10"}, "2031-05-10",
         answers={"part": "receipt"}),
    Case("F085", "IT", REGISTER, {"transmitted": "2028-02-29"}, "2033-02-28",
         answers={"part": "receipt"}),
    Case("F085", "IT", REGISTER, {"transmitted": "2026-05-10"}, "2031-05-10", open=ASK),
    Case("F085", "IT", REGISTER, {"departed": "2026-05-10"}, open=CLOCK,
         answers={"part": "receipt"}),
    Case("F086", "IT", CASH, {"last_entry": "2026-03-31"}, "2036-03-31"),
    Case("F086", "IT", CASH, {"document": "2026-03-31"}, open=CLOCK),
    # France: six months, foreigners only, from the departure, which is later than the form.
    Case("F087", "FR", REGISTER, {"created": "2026-08-20", "departed": "2026-08-31"},
         "2027-02-28", "2027-02-28", answers=_of("DE")),
    Case("F087", "FR", REGISTER, {"created": "2027-08-20", "departed": "2027-08-31"},
         "2028-02-29", "2028-02-29", answers=_of("DE")),
    Case("F087", "FR", REGISTER, {"created": "2026-05-10", "departed": "2026-05-12"},
         "2026-11-12", "2026-11-12", answers=_of("CN")),
    Case("F087", "FR", REGISTER, {"departed": "2026-05-12"}, answers=_of("FR"), claimed=False),
    Case("F087", "FR", REGISTER, {"departed": "2026-05-12"}, "2026-11-12", open=ASK),
    Case("F087", "FR", REGISTER, {"created": "2026-05-10"}, open=CLOCK, answers=_of("CN")),
    Case("F089", "FR", CASH, {"document": "2026-05-01"}, "2036-12-31"),
    Case("F089", "FR", CASH, {"document": "2026-06-30"}, "2036-06-30", fiscal=(6, 30)),
    Case("F089", "FR", CASH, {"document": "2026-07-01"}, "2037-06-30", fiscal=(6, 30)),
    # Austria: seven years, floor and ceiling at once.
    Case("F090", "AT", REGISTER, {"created": "2026-05-10", "last_entry": "2026-05-14"},
         "2033-05-14", "2033-05-14"),
    Case("F090", "AT", REGISTER, {"last_entry": "2028-02-29"}, "2035-02-28", "2035-02-28"),
    Case("F090", "AT", REGISTER, {"created": "2028-02-29"}, open=CLOCK),
    Case("F091", "AT", CASH, {"document": "2026-05-10"}, "2033-12-31"),
    # Portugal: from the day after the report of the departure, not from the departure; whether that
    # day is counted is not said, so that it is not.
    Case("F095", "PT", REGISTER, {"departed": "2026-05-10", "reported_departure": "2026-05-13"},
         "2027-05-14"),
    Case("F095", "PT", REGISTER, {"reported_departure": "2027-02-28"}, "2028-02-29"),
    Case("F095", "PT", REGISTER, {"reported_departure": "2028-02-29"}, "2029-03-01"),
    Case("F095", "PT", REGISTER, {"reported_departure": "2026-05-10T23:30+00:00"}, "2027-05-12"),
    Case("F095", "PT", REGISTER, {"departed": "2026-05-10"}, open=CLOCK),
    Case("F096", "PT", CASH, {"document": "2026-05-10"}, "2036-12-31", open=UNSURE),
    # Czechia: the book's last entry starts the clock, not the guest's departure.
    Case("F097", "CZ", REGISTER, {"departed": "2026-05-10", "last_entry": "2026-12-31"},
         "2032-12-31"),
    Case("F098", "CZ", REGISTER, {"last_entry": "2028-02-29"}, "2034-02-28"),
    Case("F097", "CZ", REGISTER, {"departed": "2026-05-10"}, open=CLOCK),
    # United Kingdom: the country's code is GB.
    Case("F111", "GB", REGISTER, {"created": "2026-05-10"}, "2027-05-10"),
    Case("F111", "GB", REGISTER, {"created": "2028-02-29"}, "2029-02-28"),
    Case("F111", "GB", REGISTER, {"created": "2026-06-30T23:30+00:00"}, "2027-07-01"),
    Case("F111", "GB", REGISTER, {"created": "2026-12-31T23:30+00:00"}, "2027-12-31"),
    Case("F114", "GB", CASH, {"document": "2026-03-31"}, "2032-03-31", fiscal=(3, 31)),
    Case("F114", "GB", CASH, {"document": "2026-04-01"}, "2033-03-31", fiscal=(3, 31)),
    Case("F114", "GB", CASH, {"document": "2027-03-01"}, "2034-02-28", fiscal=(2, 29)),
    # California and its cities.
    Case("F120", "US-CA", ASKED, {"created": "2026-01-31", "answered": "2026-02-28"},
         "2028-02-28"),
    Case("F120", "US-CA", ASKED, {"answered": "2028-02-29"}, "2030-02-28"),
    Case("F120", "US-CA", ASKED, {"answered": "2026-03-01T05:30+00:00"}, "2028-02-28"),
    Case("F120", "US-CA", ASKED, {"created": "2026-03-01"}, open=CLOCK),
    Case("F120", "US-CA-LosAngeles", ASKED, {"answered": "2026-05-10"}, "2028-05-10"),
    Case("F122", "US-CA-Alhambra", REGISTER, {"last_entry": "2026-05-10"}, "2029-05-10"),
    Case("F122", "US-CA-Alhambra", REGISTER, {"created": "2026-05-10"}, open=CLOCK),
    Case("F123", "US-CA-LosAngeles", REGISTER, {"created": "2026-01-01", "departed": "2026-01-05"},
         "2026-04-05"),
    Case("F123", "US-CA-LosAngeles", REGISTER, {"departed": "2028-01-05"}, "2028-04-04"),
    Case("F123", "US-CA-LosAngeles", REGISTER, {"created": "2026-01-01"}, open=CLOCK),
    # Japan: from the day the entry was made, whenever the guest leaves.
    Case("F124", "JP", REGISTER, {"created": "2026-05-10"}, "2029-05-10"),
    Case("F124", "JP", REGISTER, {"created": "2026-05-10", "departed": "2026-06-20"},
         "2029-05-10"),
    Case("F127", "JP", REGISTER, {"created": "2028-02-29"}, "2031-02-28"),
    Case("F124", "JP", REGISTER, {"created": "2026-05-10T15:30+00:00"}, "2029-05-11"),
    Case("F124", "JP", REGISTER, {"departed": "2026-05-10"}, open=CLOCK),
    Case("F126", "JP", SCAN, {"created": "2026-05-10"}, "2029-05-10", answers=_of("US")),
    Case("F126", "JP", SCAN, {"created": "2026-05-10"}, answers=_of("JP"), claimed=False),
    Case("F126", "JP", SCAN, {"created": "2026-05-10"}, "2029-05-10", open=ASK),
    Case("F130", "JP", CASH, {"document": "2026-05-10"}, "2037-05-31", open=UNSURE,
         fiscal=(3, 31)),
    # Hong Kong, Taiwan, Korea.
    Case("F151", "HK", REGISTER, {"created": "2026-05-10"}, "2027-05-10"),
    Case("F151", "HK", REGISTER, {"created": "2028-02-29"}, "2029-02-28"),
    Case("F151", "HK", REGISTER, {"created": "2026-05-10T16:30+00:00"}, "2027-05-11"),
    Case("F153", "HK", ASKED, {"created": "2026-05-10"}, "2030-05-10"),
    Case("F155", "TW", REGISTER, {"created": "2026-08-29", "departed": "2026-08-31"},
         "2027-02-28", answers={"hotel_class": "tourist"}),
    Case("F156", "TW", REGISTER, {"departed": "2026-01-01"}, "2026-06-30", open=UNSURE,
         answers={"hotel_class": "ordinary"}),
    Case("F155", "TW", REGISTER, {"departed": "2026-01-01"}, "2026-07-01", open=ASK),
    Case("F155", "TW", REGISTER, {"created": "2026-01-01"}, open=CLOCK,
         answers={"hotel_class": "tourist"}),
    Case("F156", "TW", REGISTER, {"created": "2026-01-01"}, open=CLOCK,
         answers={"hotel_class": "ordinary"}),
    Case("F135", "KR", CASH, {"document": "2026-05-10"}, "2031-05-10", open=UNSURE),
    Case("F136", "KR", LETTERS, {"created": "2026-05-10"}, "2029-05-10", open=UNSURE),
    # China: no national number for the register; vouchers thirty years after the fiscal year.
    Case("F031", "CN", REGISTER, {"departed": "2026-05-10"}, open=NUMBER),
    Case("F031", "CN-BJ", REGISTER, {"departed": "2026-05-10"}, open=NUMBER),
    Case("F031", "CN-HE", REGISTER, {"departed": "2020-05-10"}, open=NUMBER),
    Case("F044", "CN", CASH, {"document": "2026-05-10"}, "2056-12-31"),
    Case("F044", "CN", CASH, {"document": "2026-12-31"}, "2056-12-31"),
    Case("F045", "CN", CASH, {"document": "2027-01-01"}, "2057-12-31"),
    Case("F044", "CN", CASH, {"document": "2026-12-31T16:30+00:00"}, "2057-12-31"),
    Case("F044", "CN", CASH, {"document": "2026-07-01"}, "2057-06-30", fiscal=(6, 30)),
    Case("F047", "CN", CASH, {"document": "2026-05-10"}, "2056-12-31"),
    Case("F046", "CN", CASH, {"document": "2026-05-10"}, "2056-12-31"),
    Case("F044", "CN", CASH, {"created": "2026-05-10"}, "2036-05-10", open=CLOCK),
    Case("F041", "CN", LOG, {"recorded": "2026-08-31"}, "2027-02-28"),
    Case("F041", "CN", LOG, {"recorded": "2027-08-31"}, "2028-02-29"),
    Case("F041", "CN", LOG, {"recorded": "2026-08-30T23:30+00:00"}, "2027-02-28"),
    Case("F038", "CN", CCTV, {"recorded": "2026-01-01"}, "2026-01-31",
         answers=CAMERA | {"listed_place": True}),
    Case("F040", "CN", CCTV, {"recorded": "2026-01-01"}, "2026-04-01",
         answers=CAMERA | {"key_target": True}),
    Case("F040", "CN", CCTV, {"recorded": "2026-01-01"}, "2026-04-01",
         answers={"listed_place": True, "key_target": True}),
    Case("F038", "CN", CCTV, {"recorded": "2026-01-01"}, answers=CAMERA, claimed=False),
    Case("F040", "CN", CCTV, {"recorded": "2026-01-01"}, "2026-04-01", open=ASK,
         answers={"listed_place": True}),
    Case("F013", "CN", AUDIT, {"created": "2026-02-28"}, "2029-02-28"),
    Case("F021", "CN", AUDIT, {"created": "2028-02-29"}, "2031-02-28"),
    # Chinese provinces: a number of a weaker rank does not settle the national question.
    Case("F049", "CN-GD", REGISTER, {"created": "2026-05-08", "departed": "2026-05-10"},
         "2027-05-10", open=NUMBER),
    Case("F049", "CN-GD", REGISTER, {"departed": "2028-02-29"}, "2029-02-28", open=NUMBER),
    Case("F049", "CN-GD", REGISTER, {"created": "2026-05-08"}, open=CLOCK + NUMBER),
    Case("F049", "CN-GD", REGISTER, {"departed": "2026-05-10T23:30+00:00"}, "2027-05-11",
         open=NUMBER),
    Case("F051", "CN-HN", CCTV, {"recorded": "2026-01-01"}, "2026-01-31", answers=CAMERA),
    Case("F052", "CN-JX", REGISTER, {"departed": "2026-05-10"}, open=NUMBER),
]  # fmt: skip


def _name(case: Any) -> str:
    return f"{case.fact}-{case.where}" if isinstance(case, Case) else str(case)


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_record_stays_and_goes_on_its_days(case: Case) -> None:
    """The last day it must be there, the last day it may be there, or why nobody knows."""
    known, facts = rules(case.where), case.facts()
    verdict, end = floor(known, case.category, facts), due(known, case.category, facts)

    assert (verdict.until and verdict.until.isoformat()) == case.until
    assert verdict.open == case.open
    assert (end.day and end.day.isoformat()) == case.due
    assert not end.draft

    made = {fact for rule in known if rule.category == case.category for fact in rule.facts}
    assert case.fact in made
    saying = [claim.rule for claim in verdict.claims] + ([end.rule] if end.rule else [])
    assert any(case.fact in rule.facts for rule in saying) is case.claimed


@pytest.mark.parametrize("case", [c for c in CASES if c.until and not c.open], ids=_name)
def test_it_stays_through_its_last_day_and_goes_the_day_after(case: Case) -> None:
    """A floor holds through the whole of its last day."""
    verdict = floor(rules(case.where), case.category, case.facts())
    last = date.fromisoformat(str(case.until))
    assert verdict.kept(last)
    assert not verdict.kept(date.fromordinal(last.toordinal() + 1))


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_pack_nobody_signed_never_lets_a_record_go(case: Case) -> None:
    """A draft keeps whatever a rule of it may claim, and no ceiling of it is a reason."""
    drafts = tuple(replace(rule, signed=False) for rule in rules(case.where))
    verdict, end = (f(drafts, case.category, case.facts()) for f in (floor, due))
    assert end.day is None or end.draft
    assert not verdict.claims or verdict.open


def test_there_are_scenarios_enough() -> None:
    """At least 90 of them, from every pack that has rules."""
    assert len(CASES) >= 90
    covered = {code for case in CASES for code in _codes(case.where)}
    assert covered >= {code for code, pack in bundled().items() if pack.rules}
    named = {case.fact for case in CASES} | {case.fact for case in ANSWERS}
    made = {fact for pack in bundled().values() for rule in pack.rules for fact in rule.facts}
    # What only supports another fact's rule: registration duties, and the freeze.
    assert made - named == {"F009", "F034", "F035"}


def _codes(where: str) -> list[str]:
    return [pack.code for pack in chain(bundled(), place(where))]


def test_ceilings_of_the_law_are_hard_and_guidance_is_soft() -> None:
    """Germany's three months bind; a fixed period without a day to destroy by does not."""
    kinds = {
        rule.id: rule.ceiling_kind
        for pack in bundled().values()
        for rule in pack.rules
        if rule.ceiling is not None
    }
    assert kinds == {
        "AT/guest_register": Kind.HARD,
        "DE/guest_register": Kind.HARD,
        "ES/cctv": Kind.HARD,
        "ES/identity_document_copy": Kind.SOFT,
        "FR/guest_register": Kind.SOFT,
        "IT/guest_data": Kind.HARD,
    }


@pytest.mark.parametrize(
    ("where", "category", "conflicts"),
    [
        ("CN-GD", REGISTER, ("CN-GD/guest_register",)),
        ("CN-JX", REGISTER, ("CN-JX/guest_register",)),
        ("CN-HN", CCTV, ("CN-HN/cctv",)),
        ("CN", REGISTER, ()),
        ("CN", CASH, ()),
        ("US-CA-LosAngeles", REGISTER, ()),
        ("TW", REGISTER, ()),
    ],
)
def test_a_floor_the_general_law_does_not_recognise_is_a_conflict(
    where: str, category: str, conflicts: tuple[str, ...]
) -> None:
    """PIPL 19 and 47 name laws and regulations; what only a province wrote is kept and told."""
    events = dict.fromkeys(("departed", "created", "recorded", "document"), "2026-05-10")
    case = Case("", where, category, events, answers={"hotel_class": "tourist", **CAMERA})
    assert floor(rules(where), category, case.facts()).conflicts == conflicts


def test_a_house_period_settles_what_has_no_number_and_does_not_shorten_what_has() -> None:
    """Two people's word answers the national question; a province's year still counts."""
    house = Rule("house/register", "house", REGISTER, grade=Grade.HOUSE, clock=("departed",))
    facts = Case("", "CN-GD", REGISTER, {"departed": "2026-05-10"}).facts()
    for length, until in (("P3M", "2027-05-10"), ("P2Y", "2028-05-10")):
        settled = replace(house, floor=period(length), rank=Rank.HOUSE)
        verdict = floor((*rules("CN-GD"), settled), REGISTER, facts)
        assert verdict.open == ()
        assert verdict.until == date.fromisoformat(until)


@dataclass(frozen=True)
class Asked:
    """One request, and the days by which it must be confirmed and answered.

    :param fact: identifier of the fact.
    :param where: country or region.
    :param received: day, or moment in UTC.
    :param answer: last day of the answer.
    :param extended: last day when it is put off once, or None where it cannot be.
    :param acknowledge: last day of the confirmation, or None where none is asked for.
    :param holidays: days that are no working days.
    """

    fact: str
    where: str
    received: str
    answer: str
    extended: str | None = None
    acknowledge: str | None = None
    holidays: tuple[str, ...] = ()


GOLDEN = tuple(f"2026-10-0{n}" for n in range(1, 8))

ANSWERS = [
    Asked("F055", "DE", "2026-03-10", "2026-04-10", "2026-06-10"),
    Asked("F055", "FR", "2026-01-31", "2026-02-28", "2026-04-30"),
    Asked("F055", "ES", "2028-01-30", "2028-02-29", "2028-04-30"),
    Asked("F056", "IT", "2026-11-30", "2026-12-30", "2027-02-28"),
    Asked("F055", "AT", "2026-05-31T22:30+00:00", "2026-07-01", "2026-09-01"),
    Asked("F055", "PT", "2026-12-31", "2027-01-31", "2027-03-31"),
    Asked("F057", "CZ", "2026-08-31", "2026-09-30", "2026-11-30"),
    Asked("F112", "GB", "2026-03-10", "2026-04-10", "2026-06-10"),
    Asked("F112", "GB", "2026-06-30T23:30+00:00", "2026-08-01", "2026-10-01"),
    Asked("F116", "US-CA", "2026-07-01", "2026-08-15", "2026-09-29", "2026-07-15"),
    Asked("F115", "US-CA", "2026-07-01", "2026-08-15", "2026-09-29", "2026-07-16",
          ("2026-07-03",)),
    Asked("F115", "US-CA-Alhambra", "2026-11-20", "2027-01-04", "2027-02-18", "2026-12-07",
          ("2026-11-26",)),
    Asked("F116", "US-CA", "2026-07-02T05:30+00:00", "2026-08-15", "2026-09-29", "2026-07-15"),
    Asked("F018", "CN", "2026-09-28", "2026-10-19"),
    Asked("F018", "CN", "2026-09-28", "2026-10-26", holidays=GOLDEN),
    Asked("F011", "CN-GD", "2026-05-10", "2026-05-29"),
    Asked("F007", "CN", "2026-05-10T16:30+00:00", "2026-06-01"),
    Asked("F128", "JP", "2026-05-31T15:30+00:00", "2026-07-01"),
    Asked("F133", "KR", "2026-02-20", "2026-03-02"),
    Asked("F133", "KR", "2028-02-20", "2028-03-01"),
    Asked("F152", "HK", "2026-01-31", "2026-02-28"),
    Asked("F157", "TW", "2026-01-31", "2026-03-02", "2026-04-01"),
]  # fmt: skip


def law_at(where: str) -> Answering:
    """Return the periods of the most specific pack that has some."""
    packs = chain(bundled(), place(where))
    return next(pack.answering for pack in packs if pack.answering is not None)


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case.fact}-{case.where}")
def test_a_request_is_answered_by_its_day(case: Asked) -> None:
    """Calendar months, calendar days and working days, from the day of receipt at the property."""
    law, free = law_at(case.where), frozenset(map(date.fromisoformat, case.holidays))
    received = day(case.received, case.where)
    confirmed = acknowledge_by(received, law, free)
    extended = extended_by(received, law, free)

    assert case.fact in law.facts
    assert answer_by(received, law, free).isoformat() == case.answer
    assert (confirmed and confirmed.isoformat()) == case.acknowledge
    assert (extended and extended.isoformat()) == case.extended


def test_only_where_the_law_says_so_does_the_clock_stand_still_for_identity() -> None:
    """The UK stops it (F112); California says that it does not (F116)."""
    packs = bundled().values()
    assert {p.code for p in packs if p.answering and p.answering.pause_identity} == {"UK"}


def test_a_target_of_the_house_is_labelled_as_one() -> None:
    """China, Japan and Hong Kong give no number for erasure; what we say there is a target."""
    packs = bundled().values()
    assert {p.code for p in packs if p.answering and p.answering.house} == {"CN", "HK", "JP"}
