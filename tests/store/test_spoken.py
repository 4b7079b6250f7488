"""What a vendor says wrongly is a finding with its place, before a guest's row depends on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Computed,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    String,
    Table,
    Time,
    Uuid,
    cast,
    func,
    literal,
    select,
)

from flask_guesterase import Guesterase
from flask_guesterase.core.errors import SetupError
from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import RowRule, null
from flask_guesterase.store.checking.spoken import findings
from tests.store.hotel import Guest, Hotel, policies
from tests.store.inn import datamap
from tests.store.test_coverage import Salted


def asked(subject: Subject | None = None, **changes: Any) -> list[Finding]:
    """Return the findings about guests that are declared with these changes."""
    policy = next(p for t, p in policies("files") if t is Guest)
    rest = [(t, p) for t, p in policies("files") if t is not Guest]
    made = replace(policy, subject=subject or policy.subject, **changes)
    return findings(Hotel.mapped([(Guest, made), *rest]))


def places(found: list[Finding]) -> list[tuple[str, str, str, Severity]]:
    """Return what each finding is, where, and how much it stops."""
    return [(each.id, each.table, each.column, each.severity) for each in found]


def broken(table: Any, *_: Any) -> Any:
    """Name a column that is not there, as a slip of the hand does."""
    return table.c.nothing_like_it


def test_what_is_said_well_is_no_finding() -> None:
    """Columns, callables, events and facts as they are meant."""
    assert asked(
        clock={"created": lambda table: table.c.document_no}, facts={"birth": "document_no"}
    ) == []


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("departed", {"clock": {"departed": broken}}),
        ("departed", {"clock": {"departed": ["document_no", broken]}}),
        ("document", {"clock": broken}),
        ("birth", {"facts": {"birth": broken}}),
        ("place", {"place": broken}),
    ],
    ids=["clock", "one-of-several", "plain-clock", "fact", "place"],
)
def test_a_callable_that_raises_is_named(name: str, changes: dict[str, Any]) -> None:
    """Its class of error is told, and nothing of its text."""
    (found,) = asked(**changes)
    assert places([found]) == [("clock-unknown", "guests", name, Severity.STOP)]
    assert "AttributeError" in found.message
    assert "nothing_like_it" not in found.message


@pytest.mark.parametrize("given", [None, "document_no", object()], ids=["nothing", "name", "thing"])
@pytest.mark.parametrize(
    ("name", "changes"),
    [("departed", "clock"), ("birth", "facts"), ("place", "place")],
)
def test_a_callable_that_gives_no_expression_is_named(name: str, changes: str, given: Any) -> None:
    """A forgotten return is NULL to every statement: nothing of the table would ever end."""
    said: Any = lambda table: given  # noqa: E731
    (found,) = asked(**{changes: said if changes == name else {name: said}})
    assert places([found]) == [("clock-unknown", "guests", name, Severity.STOP)]


def test_a_clock_whose_callable_gives_a_number_is_named() -> None:
    """A number tells no day, be it read from its column or by a callable."""
    (found,) = asked(clock={"created": lambda table: table.c.id + 1})
    assert places([found]) == [("clock-unknown", "guests", "created", Severity.WARN)]
    assert asked(facts={"age": lambda table: table.c.id + 1}) == []


@pytest.mark.parametrize("type_", [LargeBinary(), Time(), Interval(), Uuid()], ids=str)
def test_a_clock_whose_callable_gives_what_is_no_day_is_named(type_: Any) -> None:
    """An hour, a span and bytes tell no day either; a member of JSON may."""
    (found,) = asked(clock={"created": lambda table: cast(table.c.document_no, type_)})
    assert places([found]) == [("clock-unknown", "guests", "created", Severity.WARN)]
    assert asked(clock={"created": lambda table: cast(table.c.document_no, JSON())["on"]}) == []


@pytest.mark.parametrize("what", ["clock", "facts", "place"])
def test_a_callable_that_makes_one_value_of_several_rows_is_named(what: str) -> None:
    """A server refuses it; SQLite, and MariaDB, tell one row of those that are asked what all say,
    and the others nothing. A select of its own, and the larger of two columns, are of one row."""
    def named(made: Any) -> list[tuple[str, str, str, Severity]]:
        name = {"clock": "created", "facts": "birth"}.get(what, "place")
        return places(asked(**{what: made if what == "place" else {name: made}}))

    for wrong in (
        lambda table: func.max(table.c.document_no),
        lambda table: func.coalesce(func.MIN(table.c.document_no), "2020-01-01"),
        lambda table: func.max(table.c.document_no).filter(table.c.id > 1),
        lambda table: func.group_concat(table.c.document_no),
        lambda table: func.lag(table.c.document_no).over(order_by=table.c.id),
        lambda table: func.percentile_disc(0.5).within_group(table.c.document_no),
    ):
        ((kind, _, _, severity),) = named(wrong)
        assert (kind, severity) == ("clock-unknown", Severity.STOP)
    beside = Guest.__table__.alias("others")
    latest = select(func.max(beside.c.document_no))
    for fine in (
        lambda table: func.max(table.c.document_no, table.c.email),
        lambda table: func.ours.total(table.c.document_no),
        lambda table: latest.where(beside.c.id == table.c.id).scalar_subquery(),
        lambda table: func.coalesce(latest.scalar_subquery(), table.c.document_no),
    ):
        assert named(fine) == []


@pytest.mark.parametrize(
    "given", [Guest, True, 1, Guest.__table__.c], ids=["class", "truth", "number", "columns"]
)
def test_what_a_callable_gives_keeps_no_check_from_its_answer(given: Any) -> None:
    """A class, a number or all columns stand in a statement, and are no expression of theirs."""
    assert isinstance(asked(facts={"birth": lambda table: given}), list)


def test_a_callable_that_reads_a_table_beside_its_own_is_named() -> None:
    """Whoever names the class, and not what is given, would date each row by all of them."""
    for clock in (lambda table: Guest.document_no, lambda table: func.max(Guest.document_no)):
        (found,) = asked(clock={"created": clock})
        assert places([found]) == [("clock-unknown", "guests", "created", Severity.STOP)]
    latest = select(func.max(Guest.document_no))
    for fine in (
        lambda table: latest.where(Guest.id == table.c.id).scalar_subquery(),
        lambda table: func.coalesce(latest.scalar_subquery(), table.c.document_no),
        lambda table: func.json_each(table.c.document_no).table_valued("value").c.value,
        lambda table: literal("2020-01-01"),
    ):
        assert asked(clock={"created": fine}) == []


def test_a_match_callable_that_raises_is_named() -> None:
    """Nobody is found by it; what is found otherwise is erased all the same."""
    found = asked(Subject(match={"email": "email", "booking": broken}, contact=["email"]))
    assert places(found) == [("match-unknown", "guests", "booking", Severity.WARN)]


def test_a_match_by_what_is_written_anew_each_time_is_named() -> None:
    """Nobody would ever be on file under it, and the guest be told so."""
    metadata = MetaData()
    guests = Table("guests", metadata, Column("id", Integer, primary_key=True),
                   Column("card", Salted(80)), Column("email", String(80)))  # fmt: skip
    policy = Policy({"card": null, "email": null}, subject=Subject(match=["email", "card"]))
    found = findings(datamap(metadata, {guests: policy}))
    assert places(found) == [("match-unknown", "guests", "card", Severity.WARN)]


def test_a_match_callable_may_refuse_a_value() -> None:
    """A word where it expects digits is no mistake of the vendor's."""
    subject = Subject(match={"booking": lambda table, value: table.c.id == int(value)})
    assert asked(subject) == []


def test_a_fact_that_no_rule_asks_is_named() -> None:
    """A misspelt one would answer nothing, and keep records for ever."""
    (found,) = asked(facts={"nationalty": "document_no"})
    assert places([found]) == [("clock-unknown", "guests", "nationalty", Severity.WARN)]
    assert "nationality" in found.hint


def test_a_contact_that_can_be_none_is_named() -> None:
    """A number of a row is nobody's telephone."""
    found = asked(Subject(match=["email"], contact=["email", "id"]))
    assert places(found) == [("match-unknown", "guests", "id", Severity.STOP)]


def test_a_contact_whose_name_says_nothing_is_named() -> None:
    """It is taken for a phone number; who says so themselves is believed."""
    found = asked(Subject(match=["email"], contact=["email", "document_no"]))
    assert places(found) == [("match-unknown", "guests", "document_no", Severity.WARN)]
    said = {"email": "email", "document_no": "phone"}
    assert asked(Subject(match=["email"], contact=said)) == []


def test_packs_as_one_text_are_refused() -> None:
    """Each of its letters would be taken for a file."""
    with pytest.raises(SetupError, match="list of files"):
        Guesterase(None, packs="house.toml", models=[])


def test_a_policy_is_still_a_policy() -> None:
    """Nothing of it is called when it is written down."""
    assert Policy({}, clock=broken).clock is broken


@pytest.mark.parametrize(("named", "beside"), [("name", "first"), ("match", "mail")])
def test_who_is_known_by_a_computed_column_alone_is_named(named: str, beside: str) -> None:
    """An erasure overwrites what it is made of: by the full name nobody would be looked for."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True),
        Column("first", String(40)), Column("last", String(40)), Column("mail", String(80)),
        Column("name", String(90), Computed("first || ' ' || last")),
        Column("match", String(80), Computed("lower(mail)")),
    )  # fmt: skip
    rules = dict.fromkeys(("first", "last", "mail"), null)
    fine = {"name": ["first", "last"], "match": ["mail"]}

    def found(*columns: str) -> list[Finding]:
        subject = Subject(**{**fine, named: columns})
        return findings(datamap(metadata, {guests: Policy(rules, subject=subject)}))

    assert places(found(named)) == [("match-unknown", "guests", named, Severity.STOP)]
    assert f"in its place: {beside}" in found(named)[0].hint
    assert found(named, beside) == found(*fine[named]) == []


def test_who_is_known_by_a_part_of_a_document_is_named() -> None:
    """The document beside it is nothing by which somebody is known: the application has to fill a
    column."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("doc", JSON, key="d"),
        Column("mail", String(80), Computed("doc ->> 'mail'")),
    )  # fmt: skip
    for match in (["mail"], ["mail", "d"]):
        policy = Policy({"doc": null}, subject=Subject(match=match))
        found = findings(datamap(metadata, {guests: policy}))
        assert places(found) == [("match-unknown", "guests", "mail", Severity.STOP)]
        assert "the application fills itself; of doc" in found[0].hint


def test_a_number_that_is_made_of_the_rows_own_stops_nothing() -> None:
    """It stays as it is where the row does, as its key does; where the row goes it is named."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("mail", String(80)),
        Column("number", String(20), Computed("'G-' || id")),
    )  # fmt: skip
    who = Subject(match=["mail", "number"])

    def found(rows: RowRule) -> list[Finding]:
        policy = Policy({"mail": null}, subject=who, rows=rows)
        return findings(datamap(metadata, {guests: policy}))

    assert found(RowRule.OVERWRITE) == []
    assert places(found(RowRule.DELETE)) == [("match-unknown", "guests", "number", Severity.STOP)]
