"""A policy is about a table: written on one of its classes, it does not take the others' rows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_guesterase.core.finding import Finding
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import exempt, keep, null, redact
from tests.kinds import Case, Cases
from tests.store import inn

CASES = Cases()


class Base(DeclarativeBase):
    """Base of the classes of this module."""


class Account(Base):
    """Whoever may log in: guests and others in one table."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "account"}  # noqa: RUF012


class Guest(Account):
    """Who stays."""

    passport: Mapped[str | None]
    __mapper_args__ = {"polymorphic_identity": "guest"}  # noqa: RUF012


class Regular(Guest):
    """Who stays often: a guest as well."""

    __mapper_args__ = {"polymorphic_identity": "regular"}  # noqa: RUF012


class Clerk(Account):
    """Who works here."""

    __mapper_args__ = {"polymorphic_identity": "clerk"}  # noqa: RUF012


class Thing(Base):
    """Nothing is only a thing: each row is one of the classes below."""

    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    label: Mapped[str | None]
    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012


class Bag(Thing):
    """The one class there is."""

    __mapper_args__ = {"polymorphic_identity": "bag"}  # noqa: RUF012


WHOLE = Policy(
    {"kind": keep("which class"), "name": redact, "passport": null},
    subject=Subject(match=["name"], name="name"),
)
GUESTS = Policy(WHOLE.columns, subject=WHOLE.subject, where=lambda t: t.c.kind != "clerk")
BAGS = Policy(
    {"kind": keep("which class"), "label": redact},
    subject=Subject(match=["label"], name="label"),
)


def found(policies: dict[Any, Any]) -> list[Finding]:
    """Return what is said of these declarations."""
    whole = {Thing: exempt("not in this test"), **policies}
    return list(inn.datamap(Base.metadata, whole, Base.registry.mappers).findings)


@CASES.of("class-alone")
def a_policy_on_one_class(wrong: bool) -> list[Finding]:
    return found({Guest: WHOLE if wrong else GUESTS})


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """The wrong declaration is reported with its cure; the same one put right is not."""
    case.check()


def test_the_classes_whose_rows_would_go_are_named() -> None:
    """Those that are no guests: what inherits from the class is meant by it."""
    (finding,) = found({Guest: WHOLE})
    assert "rows of Account, Clerk would go" in finding.message


@pytest.mark.parametrize("policies", [
    {Account: WHOLE}, {Account: GUESTS, Guest: Policy({"passport": null})}, {"accounts": WHOLE},
    {Account.__table__: WHOLE}, {Guest: WHOLE, Account: WHOLE},
], ids=["base", "columns", "name", "table", "both"])  # fmt: skip
def test_who_speaks_of_the_whole_table_means_it(policies: dict[Any, Any]) -> None:
    """The base, the table itself, or a condition."""
    assert found(policies) == []


def test_a_base_without_rows_of_its_own_counts_for_nobody() -> None:
    """Where each row is of a class that is declared, nothing of others is taken."""
    policies = {Account: exempt("not in this test"), Bag: BAGS}
    declared = inn.datamap(Base.metadata, policies, Base.registry.mappers)
    assert declared.findings == ()


def test_until_it_is_said_nobody_is_erased(sqlite_url: str) -> None:
    """A clerk of that name would be a guest; now neither is touched."""
    policies = {Guest: WHOLE, Thing: exempt("not in this test")}
    declared = inn.datamap(Base.metadata, policies, Base.registry.mappers)
    with inn.host(sqlite_url, Base.metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(Account.__table__), [
                {"id": 1, "kind": "guest", "name": "Ada Quill"},
                {"id": 2, "kind": "clerk", "name": "Clara Desk"},
            ])  # fmt: skip
        for person in (1, 2):
            plan = inn.draw(engine, declared, ("accounts", (person,)))
            assert [(b.reason, b.table) for b in plan.blocked] == [("gap", "accounts")]
