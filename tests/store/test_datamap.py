"""Declarations are resolved against the mapping, whichever way the host is mapped."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship

from flask_guesterase.core.errors import MatchError, UnknownError
from flask_guesterase.core.finding import Finding
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import (
    File,
    delete,
    exempt,
    keep,
    null,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.store.mapping.datamap import DataMap, resolve, table_name
from flask_guesterase.store.mapping.declared import rule_word
from tests.kinds import Case, Cases

CASES = Cases()
SUBJECT = Subject(match=["email"], name=["first", "last"], contact=["email", "phone"])


class Base(DeclarativeBase):
    """The host's base class."""


class Guest(Base):
    """A guest, whose columns have other names in the database."""

    __tablename__ = "guests"
    id: Mapped[int] = mapped_column("guest_id", primary_key=True)
    email: Mapped[str] = mapped_column("e_mail", String(80))
    phone: Mapped[str | None]
    first: Mapped[str] = mapped_column("first_name")
    last: Mapped[str] = mapped_column("last_name")
    house: Mapped[str] = mapped_column("property_code")
    notes: Mapped[list[Note]] = relationship(back_populates="guest")
    stays: Mapped[list[Stay]] = relationship(secondary="sharing", back_populates="guests")


class Stay(Base):
    """A stay that several guests share."""

    __tablename__ = "stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    wishes: Mapped[str | None]
    guests: Mapped[list[Guest]] = relationship(secondary="sharing", back_populates="stays")


sharing = Table(
    "sharing",
    Base.metadata,
    Column("stay_id", ForeignKey("stays.id")),
    Column("guest_id", ForeignKey("guests.guest_id")),
)


class Note(Base):
    """A note; subclasses share its table."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    text: Mapped[str | None] = mapped_column("body")
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.guest_id"))
    guest: Mapped[Guest] = relationship(back_populates="notes")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "note"}  # noqa: RUF012 - read by SQLAlchemy


class Complaint(Note):
    """A note with one column more."""

    remedy: Mapped[str | None]
    __mapper_args__ = {"polymorphic_identity": "complaint"}  # noqa: RUF012 - read by SQLAlchemy


class Diet(Base):
    """Rows in a table of their own beside the guest's (joined by key)."""

    __tablename__ = "diets"
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.guest_id"), primary_key=True)
    text: Mapped[str | None]


GUEST = Policy(
    {"email": placeholder, "phone": null, "first": redact, "last": redact, "house": keep("house")},
    subject=Subject(
        match={"email": "email", "name": "last", "any": lambda table, value: table.c.id == value},
        name=["first", "last"],
        contact={"email": "email", "phone": "phone"},
        property="house",
    ),
)


def resolved(*declarations: tuple[Any, Any]) -> DataMap:
    """Resolve declarations against the classes of this module."""
    return resolve(declarations, Base.metadata.tables.values(), Base.registry.mappers)


def paths(datamap: DataMap, name: str) -> list[str]:
    """Tell each owner path of a table in one line."""
    return [
        " -> ".join([name, *(hop.table.name for hop in path.hops)])
        for path in datamap.declared(name).paths
    ]


@CASES.of("declared-twice")
def declared_twice(wrong: bool) -> tuple[Finding, ...]:
    more = [(Diet, exempt("recipes"))] if wrong else []
    return resolved((Guest, GUEST), (Diet, Policy({}, via="guest_id")), *more).findings


@CASES.of("table-unknown")
def table_unknown(wrong: bool) -> tuple[Finding, ...]:
    name = "gests" if wrong else "guests"
    return resolved((name, GUEST)).findings


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """The wrong map is reported with message and hint; the same map put right is not."""
    case.check()


def test_a_policy_may_use_python_or_sql_names() -> None:
    """Rules, match, name, contact and property are resolved by attribute and by column."""
    by_attribute = resolved((Guest, GUEST))
    in_sql = Policy(
        {"e_mail": placeholder, "phone": null, "first_name": redact, "last_name": redact,
         "property_code": keep("house")},
        subject=Subject(
            match={"email": "e_mail"}, name=["first_name", "last_name"],
            contact={"e_mail": "email"}, property="property_code",
        ),
    )
    by_column = resolved((Guest, in_sql))
    assert by_attribute.findings == by_column.findings == ()
    for datamap in (by_attribute, by_column):
        contacts = datamap.subjects["guests"]
        assert set(datamap.declared("guests").rules) == {
            "e_mail", "phone", "first_name", "last_name", "property_code",
        }
        assert [c.name for c in contacts.names] == ["first_name", "last_name"]
        assert contacts.property is Guest.__table__.c.property_code
        assert contacts.contact["e_mail"] == "email"
        assert [c.name for c in datamap.declared("guests").key] == ["guest_id"]


def test_contact_columns_tell_their_kind_by_their_names() -> None:
    """Without a mapping a column with "mail" in its name is for e-mail, any other a phone."""
    subject = Subject(match=["email"], contact=["email", "phone"])
    datamap = resolved((Guest, Policy(GUEST.columns, subject=subject)))
    assert datamap.subjects["guests"].contact == {"e_mail": "email", "phone": "phone"}


@pytest.mark.parametrize(
    ("target", "via", "expected"),
    [
        (Note, "guest", ["notes -> guests"]),
        ("notes", "guest_id", ["notes -> guests"]),
        (Stay, "guests", ["stays -> sharing -> guests"]),
        (sharing, ["guest_id"], ["sharing -> guests"]),
        (Diet, "guest_id", ["diets -> guests"]),
        (Diet, Equal({"guest_id": "id"}, to="guests"), ["diets -> guests"]),
        (Diet, Equal({"guest_id": "id"}, to="notes"), ["diets -> notes -> guests"]),
    ],
)
def test_owner_paths_end_at_the_subject(target: Any, via: Any, expected: list[str]) -> None:
    """Relationships, keys, associations and equalities lead to the subject table, step by step."""
    declarations = [(Guest, GUEST), (Note, Policy({"text": null}, via="guest"))]
    policy = Policy({}, via=via)
    others = [d for d in declarations if table_name(d[0]) != table_name(target)]
    datamap = resolved(*others, (target, policy))
    assert datamap.findings == ()
    name = target if isinstance(target, str) else getattr(target, "__tablename__", "sharing")
    assert paths(datamap, name) == expected


def test_a_path_goes_on_over_every_path_of_the_table_it_ends_at() -> None:
    """A row owned through a table with several owners has all of them."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True))
    Table(
        "bookings", metadata, Column("id", Integer, primary_key=True),
        Column("booker", ForeignKey("guests.id")), Column("guest", ForeignKey("guests.id")),
    )
    Table(
        "lines", metadata, Column("id", Integer, primary_key=True),
        Column("booking", ForeignKey("bookings.id")), Column("text", String),
    )
    datamap = resolve(
        [
            ("guests", Policy({}, subject=Subject(match=["id"]))),
            ("bookings", Policy({}, via=["booker", "guest"])),
            ("lines", Policy({"text": null}, via={"booking": ["text"]})),
        ],
        metadata.tables.values(),
        (),
    )
    assert paths(datamap, "lines") == ["lines -> bookings -> guests"] * 2
    assert datamap.declared("lines").alone == (frozenset({"text"}),) * 2


def test_a_select_leads_to_the_subject() -> None:
    """A callable that returns a select of two keys is an owner path."""

    def shared(table: Table) -> Any:
        return select(table.c.id, Guest.__table__.c.guest_id).join_from(table, sharing).join(Guest)

    datamap = resolved((Guest, GUEST), (Stay, Policy({"wishes": null}, via=shared)))
    (path,) = datamap.declared("stays").paths
    assert (path.label, path.subject.name, datamap.findings) == ("shared", "guests", ())


@pytest.mark.parametrize(
    "whose",
    [
        lambda guest: sharing.c.guest_id,
        lambda guest: sharing.c.guest_id.label("owner"),
        lambda guest: guest.c.guest_id.label("owner"),
        lambda guest: guest.alias().c.guest_id,
        lambda guest: select(sharing.c.guest_id).subquery().c.guest_id,
    ],
)
def test_a_select_may_return_a_foreign_key_or_the_key_under_another_name(whose: Any) -> None:
    """Whose a row is says a column that points at the person as well as the person's own key."""

    def shared(table: Table) -> Any:
        return select(table.c.id, whose(Guest.__table__))

    datamap = resolved((Guest, GUEST), (Stay, Policy({"wishes": null}, via=shared)))
    (path,) = datamap.declared("stays").paths
    assert (path.subject.name, datamap.findings) == ("guests", ())


def test_classes_that_share_a_table_share_its_policy() -> None:
    """The rules of a base class and its subclass in one table are joined."""
    base = Policy({"kind": keep("kind"), "text": null}, via="guest")
    more = Policy({"remedy": null})
    datamap = resolved((Guest, GUEST), (Note, base), (Complaint, more))
    declared = datamap.declared("notes")
    assert set(declared.rules) == {"kind", "body", "remedy"}
    assert paths(datamap, "notes") == ["notes -> guests"]


def test_a_table_the_host_did_not_name_can_be_registered() -> None:
    """A plain or reflected Table, or a class of another registry, is known by being registered."""
    foreign = Table(
        "ledger", MetaData(), Column("id", Integer, primary_key=True), Column("mail", String(80))
    )
    other = registry()

    class Badge:
        """A class mapped elsewhere, in the classical way."""

    other.map_imperatively(Badge, Table(
        "badges", other.metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", Integer),
    ))
    datamap = resolved(
        (Guest, GUEST),
        (foreign, Policy({"mail": null}, via=Equal({"mail": "email"}, to="guests"))),
        (Badge, Policy({}, via=Equal({"guest_id": "id"}, to="guests"), rows=delete)),
    )
    other.dispose()
    assert datamap.findings == ()
    assert paths(datamap, "ledger") == ["ledger -> guests"]
    assert paths(datamap, "badges") == ["badges -> guests"]


def test_a_table_without_a_key_is_known_by_all_its_columns() -> None:
    """Rows of an association table without a primary key are what they hold."""
    datamap = resolved((Guest, GUEST), (sharing, Policy({}, via="guest_id", rows=delete)))
    assert [c.name for c in datamap.declared("sharing").key] == ["stay_id", "guest_id"]


def test_the_version_changes_with_a_declaration_and_with_nothing_else() -> None:
    """Rules, row rules and paths count; the order in which they are written does not."""
    note = Policy({"text": null}, via="guest")
    version = resolved((Guest, GUEST), (Note, note)).version
    assert resolved((Note, note), (Guest, GUEST)).version == version
    for changed in (
        Policy({"text": redact}, via="guest"),
        Policy({"text": null}, via="guest", rows=delete),
        Policy({"text": null}, via="guest_id"),
        Policy({"text": null}, via={"guest": ["text"]}),
        Policy({"text": null}, via="guest", where=lambda table: table.c.id > 0),
    ):
        assert resolved((Guest, GUEST), (Note, changed)).version != version, changed
    by_equality = [
        resolved((Guest, GUEST), (Note, Policy({"text": null}, via=Equal({c: "id"}, to="guests"))))
        for c in ("id", "guest_id")
    ]
    assert by_equality[0].version != by_equality[1].version


def test_retained_columns_keep_the_row() -> None:
    """A row with something to retain is not deleted, whatever its row rule."""
    note = Policy({"text": retain("complaint")}, via="guest", rows=delete)
    declared = resolved((Guest, GUEST), (Note, note)).declared("notes")
    assert not declared.deletes
    assert declared.retain == {"body": "complaint"}


def test_rule_words_never_tell_a_value() -> None:
    """The word staff and digest know a rule by names the kind, the category or the function."""

    def shorten(old: str) -> str:
        return old[:1]

    columns = {"a": "Anna Virtanen", "b": shorten, "c": File("scans"), "d": retain("invoice")}
    words = [rule_word(rule) for rule in Policy(columns).rules().values()]
    assert words == ["constant", "computed:shorten", "file:null", "retain:invoice"]
    assert [rule_word(r) for r in (null, redact, placeholder, keep("why"))] == [
        "null", "redact", "placeholder", "keep",
    ]


def test_unknown_keys_and_tables_are_refused_by_name() -> None:
    """Asking for a key nobody is found by, or for an undeclared table, names what is known."""
    datamap = resolved((Guest, GUEST))
    datamap.check_key("email")
    with pytest.raises(MatchError, match="any, email, name"):
        datamap.check_key("passport")
    with pytest.raises(UnknownError, match="guesterase check"):
        datamap.declared("stays")


def test_an_exemption_is_kept_with_its_reason() -> None:
    """An exempt table is known with its reason, one that only the database has as well."""
    datamap = resolved((Guest, GUEST), (Diet, exempt("recipes")), ("old_import", exempt("empty")))
    assert {n: e.reason for n, e in datamap.exempt.items()} == {
        "diets": "recipes", "old_import": "empty",
    }
    assert datamap.findings == ()
