"""What the data map leaves open is found without a database."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Computed,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    select,
)
from sqlalchemy.ext.declarative import AbstractConcreteBase
from sqlalchemy.orm import DeclarativeBase, mapped_column

from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.policy import Equal, Policy, Register, Subject
from flask_guesterase.core.treatment import (
    File,
    delete,
    delete_when_last_owner,
    exempt,
    inside,
    keep,
    null,
    overwrite,
    placeholder,
    redact,
    retain,
)
from tests.kinds import Case, Cases
from tests.owntypes import Numbered, Packed
from tests.store.inn import Policies, datamap

CASES = Cases()
PERSON = Subject(match=["email"], name="name", contact=["email"])
GUEST = Policy({"name": redact, "email": placeholder}, subject=PERSON)
NOTE = Policy({"text": null}, via="guest_id")


def hotel() -> MetaData:
    """Two tables: guests, and notes that point at them by an indexed key."""
    metadata = MetaData()
    Table(
        "guests", metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(80), nullable=False),
        Column("email", String(120), nullable=False),
    )
    Table(
        "notes", metadata,
        Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
        Column("text", Text),
    )
    return metadata


def find(policies: Policies, metadata: MetaData | None = None) -> list[Finding]:
    """Return what is found in the two tables with these policies."""
    return list(datamap(metadata or hotel(), policies).findings)


def right(**changes: Policy) -> Policies:
    """Return the policies of the two tables, some of them changed."""
    return {"guests": GUEST, "notes": NOTE, **changes}


def rules(**columns: object) -> Policy:
    """Return the guests' policy with some rules changed."""
    return Policy({**GUEST.columns, **columns}, subject=PERSON)


def test_a_complete_data_map_has_no_finding() -> None:
    """A map that covers every table and column has nothing to report."""
    assert find(right()) == []


@CASES.of("column-uncovered")
def column_uncovered(wrong: bool) -> list[Finding]:
    return find(right(notes=Policy({} if wrong else {"text": null}, via="guest_id")))


@CASES.of("column-uncovered")
def column_uncovered_that_names_whose_row_it_is(wrong: bool) -> list[Finding]:
    """A key that is a passport's number stays as long as its row does."""
    return find(keyed("passport_no", {} if wrong else {"passport_no": keep("said to be random")}))


@CASES.of("column-uncovered")
def column_uncovered_that_is_a_login(wrong: bool) -> list[Finding]:
    """So does one that the guest made of a name; a number that the hotel gave tells nobody."""
    return find(keyed("username" if wrong else "loyalty_no", {}))


def keyed(key: str, rule: dict[str, Any]) -> Policies:
    """Return the policy of people whom a text is the key of."""
    table = Table("members", MetaData(), Column(key, String(20), primary_key=True),
                  Column("email", String(60)))  # fmt: skip
    person = Subject(match=["email"], contact=["email"])
    return {**right(), table: Policy({"email": null, **rule}, subject=person)}


@CASES.of("column-unknown")
def column_unknown(wrong: bool) -> list[Finding]:
    return find(right(guests=rules(telefone=null) if wrong else rules()))


@CASES.of("column-unknown")
def column_unknown_in_a_path(wrong: bool) -> list[Finding]:
    alone = ["txt" if wrong else "text"]
    return find(right(notes=Policy({"text": null}, via={"guest_id": alone})))


@CASES.of("delete-referenced")
def delete_referenced(wrong: bool) -> list[Finding]:
    going = Policy({}, subject=PERSON, rows=delete)
    metadata = hotel()
    if not wrong:
        going_too = Policy({}, via="guest_id", rows=delete)
        return find({"guests": going, "notes": going_too}, metadata=metadata)
    return find(right(guests=going), metadata=metadata)


@CASES.of("register-unknown")
def register_unknown(wrong: bool) -> list[Finding]:
    room = Register("zimmer" if wrong else "text", "text", "text", "text", "text")
    kept = retain("guest_register", null)
    return find(right(notes=Policy({"text": kept}, via="guest_id", register=room)))


@CASES.of("floor-unkept")
def floor_unkept(wrong: bool) -> list[Finding]:
    """A line of the register that goes on request would be no register."""
    line = Register("text", "text", "text", "text", "text")
    rule = null if wrong else retain("guest_register", null)
    return find(right(notes=Policy({"text": rule}, via="guest_id", register=line)))


@CASES.of("floor-unkept")
def floor_unkept_by_rows(wrong: bool) -> list[Finding]:
    """Nor would one whose rows are deleted."""
    line = Register("text", "text", "text", "text", "text")
    columns = {} if wrong else {"text": keep("it is the room")}
    rows = delete if wrong else overwrite
    return find(right(notes=Policy(columns, via="guest_id", register=line, rows=rows)))


@CASES.of("floor-unkept")
def floor_unkept_by_a_computed_column(wrong: bool) -> list[Finding]:
    """What is sealed is what it is made of: at night the line had no name, and was not found."""
    metadata = hotel()
    metadata.tables["notes"].append_column(Column("said", String, Computed("lower(text)")))
    line = Register("text", "text", "text", "said" if wrong else "text", "text")
    rules = {"text": retain("guest_register", null), "said": keep("computed")}
    notes = Policy(rules, via="guest_id", register=line)
    return find(right(notes=notes), metadata=metadata)


@CASES.of("match-unknown")
def match_unknown(wrong: bool) -> list[Finding]:
    subject = Subject(match=["email"], name="nom" if wrong else "name")
    return find(right(guests=Policy(GUEST.columns, subject=subject)))


@CASES.of("owner-missing")
def owner_missing(wrong: bool) -> list[Finding]:
    return find(right(notes=Policy({"text": null}, via=None if wrong else "guest_id")))


@CASES.of("owner-twice")
def owner_twice(wrong: bool) -> list[Finding]:
    return find(right(guests=Policy(GUEST.columns, subject=PERSON, via="id" if wrong else None)))


@CASES.of("path-endless")
def path_endless(wrong: bool) -> list[Finding]:
    metadata = hotel()
    notes = metadata.tables["notes"]
    notes.append_column(Column("answers", ForeignKey("notes.id"), index=True))
    return find(
        right(notes=Policy({"text": null}, via="answers" if wrong else "guest_id")),
        metadata=metadata,
    )


@CASES.of("path-unknown")
def path_unknown(wrong: bool) -> list[Finding]:
    return find(right(notes=Policy({"text": null}, via="guest" if wrong else "guest_id")))


@CASES.of("path-unknown")
def path_to_an_unknown_table(wrong: bool) -> list[Finding]:
    path = Equal({"guest_id": "id"}, to="gests" if wrong else "guests")
    return find(right(notes=Policy({"text": null}, via=path)))


@CASES.of("path-unknown")
def path_over_an_unknown_column(wrong: bool) -> list[Finding]:
    path = Equal({"guest_id": "ident" if wrong else "id"}, to="guests")
    return find(right(notes=Policy({"text": null}, via=path)))


@CASES.of("path-unknown")
def path_to_an_undeclared_table(wrong: bool) -> list[Finding]:
    policies = dict(right())
    if wrong:
        del policies["guests"]
    return find(policies)


@CASES.of("path-unknown")
def path_by_a_select_that_names_no_subject(wrong: bool) -> list[Finding]:
    metadata = hotel()
    guests, notes = metadata.tables["guests"], metadata.tables["notes"]

    def owners(table: Table) -> object:
        ends = guests.c.name if wrong else guests.c.id
        return notes.join(guests).select().with_only_columns(notes.c.id, ends)

    return find(right(notes=Policy({"text": null}, via=owners)), metadata=metadata)


@CASES.of("path-unknown")
def path_by_a_select_that_names_more_than_two_keys(wrong: bool) -> list[Finding]:
    metadata = hotel()
    guests, notes = metadata.tables["guests"], metadata.tables["notes"]

    def owners(table: Table) -> object:
        more = [notes.c.text] if wrong else []
        return select(table.c.id, guests.c.id, *more).join_from(table, guests)

    return find(right(notes=Policy({"text": null}, via=owners)), metadata=metadata)


@CASES.of("activity-alone")
def last_activity_that_knows_of_no_stay(wrong: bool) -> list[Finding]:
    """Who stays every year would go by the day they were entered."""
    metadata = hotel()
    for name in ("guests", "notes"):
        metadata.tables[name].append_column(Column("day", Date))
    last = ["day"] if wrong else ["day", lambda guests: guests.c.day]
    guests = Policy(
        {**GUEST.columns, "day": keep("when")}, subject=PERSON, category="reservation",
        clock={"created": "day", "last_activity": last},
    )  # fmt: skip
    notes = Policy({"text": null, "day": keep("when")}, via="guest_id", clock={"departed": "day"})
    return find({"guests": guests, "notes": notes}, metadata)


@CASES.of("retain-in-delete")
def retain_in_delete(wrong: bool) -> list[Finding]:
    rows = delete if wrong else overwrite
    return find(right(notes=Policy({"text": retain("invoice")}, via="guest_id", rows=rows)))


@CASES.of("rule-misfit")
def null_where_null_is_refused(wrong: bool) -> list[Finding]:
    return find(right(guests=rules(name=null if wrong else redact)))


@CASES.of("rule-misfit")
def a_file_whose_name_cannot_be_null(wrong: bool) -> list[Finding]:
    """Its cure is another `then`: another rule would leave the file where it lies."""
    found = find(right(guests=rules(name=File("scans") if wrong else File("scans", then=""))))
    assert all("File(" in each.hint for each in found)
    return found


@CASES.of("rule-misfit")
def text_where_a_number_is(wrong: bool) -> list[Finding]:
    metadata = hotel()
    metadata.tables["notes"].append_column(Column("stars", Integer))
    notes = Policy({"text": null, "stars": redact if wrong else 0}, via="guest_id")
    return find(right(notes=notes), metadata=metadata)


@CASES.of("rule-misfit")
def constant_too_long(wrong: bool) -> list[Finding]:
    return find(right(guests=rules(name="x" * (81 if wrong else 80))))


@CASES.of("rule-misfit")
def constant_that_is_null(wrong: bool) -> list[Finding]:
    return find(right(guests=rules(name=None if wrong else "")))


@CASES.of("rule-misfit")
def the_same_value_in_a_unique_column(wrong: bool) -> list[Finding]:
    metadata = hotel()
    metadata.tables["guests"].append_constraint(UniqueConstraint("email"))
    return find(right(guests=rules(email=redact if wrong else placeholder)), metadata=metadata)


@CASES.of("subject-kept")
def an_address_that_is_kept(wrong: bool) -> list[Finding]:
    """Whoever it reaches was not erased, whatever else of them went."""
    return find(right(guests=rules(email=keep("the newsletter") if wrong else placeholder)))


@CASES.of("subject-kept")
def a_key_that_is_an_address_and_kept(wrong: bool) -> list[Finding]:
    metadata = MetaData()
    Table("readers", metadata, Column("email", String(80), primary_key=True))
    rows = overwrite if wrong else delete
    readers = Policy({"email": keep("the key")}, subject=Subject(match=["email"]), rows=rows)
    return find({"readers": readers}, metadata=metadata)


@CASES.of("subject-kept")
def a_key_that_is_an_address_kept_by_which_nobody_is_found(wrong: bool) -> list[Finding]:
    metadata = MetaData()
    name = "email" if wrong else "number"
    readers = Table(
        "readers", metadata, Column(name, String(80), primary_key=True), Column("card", String(9))
    )
    policy = Policy({name: keep("the key"), "card": null}, subject=Subject(match=["card"]))
    return find({readers.name: policy}, metadata=metadata)


@CASES.of("rule-misfit")
def null_where_it_is_refused_when_the_law_lets_go(wrong: bool) -> list[Finding]:
    """What a column becomes in the end has to fit as what it becomes at once does."""
    return find(right(guests=rules(name=retain("invoice", null if wrong else redact))))


@CASES.of("rule-misfit")
def the_same_value_in_a_unique_column_when_the_law_lets_go(wrong: bool) -> list[Finding]:
    metadata = hotel()
    metadata.tables["guests"].append_constraint(UniqueConstraint("name"))
    then = None if wrong else placeholder
    return find(right(guests=rules(name=retain("invoice", then))), metadata=metadata)


@CASES.of("table-unknown")
def policy_on_a_class_without_a_table(wrong: bool) -> list[Finding]:
    """A base that unites the tables of its children has no rows: they are declared one by one."""

    class Base(DeclarativeBase):
        """Base of this test's models."""

    class Person(AbstractConcreteBase, Base):
        name = mapped_column(String(80))
        email = mapped_column(String(120))

    class Lodger(Person):
        __tablename__ = "lodgers"
        __mapper_args__ = {"concrete": True, "polymorphic_identity": "lodger"}  # noqa: RUF012
        id = mapped_column(Integer, primary_key=True)

    Base.registry.configure()
    target: Any = Person if wrong else Lodger
    return list(datamap(Base.metadata, {target: GUEST}, Base.registry.mappers).findings)


@CASES.of("rule-misfit")
def the_same_values_in_columns_unique_together(wrong: bool) -> list[Finding]:
    metadata = hotel()
    metadata.tables["guests"].append_constraint(UniqueConstraint("name", "email"))
    return find(right(guests=rules(email="gone" if wrong else placeholder)), metadata=metadata)


@CASES.of("rule-misfit")
def a_document_of_which_all_is_kept(wrong: bool) -> list[Finding]:
    """Another rule in it, or what becomes of a text that is no document, makes something go."""
    kept, both = {"$.day": keep("when")}, {"$.day": keep("when"), "$.who": null}
    told = [inside(kept)] if wrong else [inside(both), inside(kept, redact), keep("when")]
    return [
        each for rule in told
        for each in find(right(notes=Policy({"text": rule}, via="guest_id")))
    ]  # fmt: skip


@CASES.of("rule-misfit")
def json_in_rows_without_a_key(wrong: bool) -> list[Finding]:
    metadata = hotel()
    Table(
        "visits", metadata,
        Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("details", JSON if wrong else Text),
    )
    visits = Policy({"details": null}, via="guest_id")
    return find(right(visits=visits), metadata=metadata)


class Salted(TypeDecorator[str]):
    """A column the host encrypts, each time differently."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else token_hex(4) + value[::-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[8:][::-1]


@CASES.of("rule-misfit")
def a_salt_in_rows_without_a_key(wrong: bool) -> list[Finding]:
    """No value that was read finds its row again."""
    metadata = hotel()
    Table(
        "visits", metadata,
        Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("details", Salted(80) if wrong else Text),
    )
    visits = Policy({"details": null}, via="guest_id")
    return find(right(visits=visits), metadata=metadata)


@CASES.of("path-unknown")
def path_over_salted_columns(wrong: bool) -> list[Finding]:
    """What is written anew each time is equal to nothing, so that no row would be found."""
    metadata = hotel()
    Table(
        "mails", metadata, Column("id", Integer, primary_key=True),
        Column("sender", Salted(80) if wrong else String(80), index=True),
    )
    mails = Policy({"sender": null}, via=Equal({"sender": "email"}, to="guests"))
    return find(right(mails=mails), metadata=metadata)


def copied_key(key: Any, copy: Any) -> list[Finding]:
    """Let the trail name a room's message by a copy of its key, without a foreign key."""
    metadata = hotel()
    Table(
        "calls", metadata, Column("id", key, primary_key=True, autoincrement=False),
        Column("guest_id", ForeignKey("guests.id"), index=True),
    )
    Table(
        "trail", metadata, Column("id", Integer, primary_key=True),
        Column("call", copy, index=True), Column("said", Text),
    )
    trail = Policy(
        {"call": keep("which call"), "said": null}, via=Equal({"call": "id"}, to="calls")
    )
    return find(right(calls=Policy({}, via="guest_id"), trail=trail), metadata=metadata)


@CASES.of("path-unknown")
def path_over_bytes_and_text(wrong: bool) -> list[Finding]:
    """A UUID that is kept as 16 bytes equals no text of it: each row of the trail would stay."""
    return copied_key(Packed, String(36) if wrong else Packed)


@CASES.of("rule-misfit")
def too_short_to_be_unique(wrong: bool) -> list[Finding]:
    metadata = hotel()
    metadata.tables["notes"].append_column(Column("code", String(7 if wrong else 8), unique=True))
    notes = Policy({"text": null, "code": placeholder}, via="guest_id")
    return find(right(notes=notes), metadata=metadata)


@CASES.of("rule-misfit")
def a_column_the_database_computes(wrong: bool) -> list[Finding]:
    metadata = hotel()
    metadata.tables["guests"].append_column(Column("folded", String, Computed("lower(name)")))
    return find(right(guests=rules(folded=null) if wrong else rules()), metadata=metadata)


@CASES.of("rule-misfit")
def the_key_of_the_row(wrong: bool) -> list[Finding]:
    return find(right(notes=Policy({"text": null} | ({"id": 0} if wrong else {}), via="guest_id")))


@CASES.of("shared-delete")
def shared_delete(wrong: bool) -> list[Finding]:
    metadata = hotel()
    metadata.tables["notes"].append_column(Column("other", ForeignKey("guests.id"), index=True))
    rows = delete if wrong else delete_when_last_owner
    notes = Policy({"text": null}, via=["guest_id", "other"], rows=rows)
    return find(right(notes=notes), metadata=metadata)


@CASES.of("owner-unnamed")
def owner_unnamed(wrong: bool) -> list[Finding]:
    """Notes have a payer as well; a policy names them, or says that a note is not theirs."""
    metadata = hotel()
    metadata.tables["notes"].append_column(Column("payer", ForeignKey("guests.id"), index=True))
    told = Policy({"text": null, "payer": keep("who pays has no part in a note")}, via="guest_id")
    both = Policy({"text": null}, via=["guest_id", "payer"])
    found = [find(right(notes=each), metadata=metadata) for each in (told, both)]
    return find(right(), metadata=metadata) if wrong else found[0] + found[1]


@CASES.of("condition-unknown")
def condition_unknown(wrong: bool) -> list[Finding]:
    """A condition over a column that is not there, and one over a column that is."""
    name = "kind" if wrong else "text"
    notes = Policy({"text": null}, via="guest_id", where=lambda table: table.c[name] != "")
    return find(right(notes=notes))


@CASES.of("subject-missing")
def subject_missing(wrong: bool) -> list[Finding]:
    subject = None if wrong else PERSON
    return find(right(guests=Policy(GUEST.columns, subject=subject)))


@CASES.of("table-unclassified")
def table_unclassified(wrong: bool) -> list[Finding]:
    metadata = hotel()
    Table("rooms", metadata, Column("number", String(8), primary_key=True))
    rooms = {} if wrong else {"rooms": exempt("rooms are nobody")}
    return find({**right(), **rooms}, metadata=metadata)


@CASES.of("table-uncovered")
def table_uncovered(wrong: bool) -> list[Finding]:
    return find({"guests": GUEST} if wrong else right())


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """The wrong host is reported with message and hint; the same host put right is not."""
    case.check()


def test_what_warns_does_not_stop() -> None:
    """What people have to weigh: shared deletes, retained columns in deleted rows, idle people."""
    warnings = ("shared-delete", "retain-in-delete", "subject-kept", "activity-alone")
    for case in CASES.all:
        found = {f.severity for f in case.ask(True) if f.id == case.id}
        assert found == {Severity.WARN if case.id in warnings else Severity.STOP}, case.id


def test_a_table_two_steps_away_leads_to_a_person_too() -> None:
    """Uncovered is what leads to a person in any number of steps, not what a person points at."""
    metadata = hotel()
    metadata.tables["guests"].append_column(Column("room", ForeignKey("rooms.number")))
    Table("rooms", metadata, Column("number", String(8), primary_key=True))
    Table(
        "answers", metadata,
        Column("id", Integer, primary_key=True), Column("note", ForeignKey("notes.id")),
    )
    found = {f.table: f.id for f in find(right(), metadata=metadata)}
    assert found["answers"] == "table-uncovered"
    assert found["rooms"] == "table-unclassified"


def test_an_exempt_table_hides_what_hangs_on_it() -> None:
    """What leads to a person only through an exempt table is not taken for personal."""
    metadata = hotel()
    Table(
        "answers", metadata,
        Column("id", Integer, primary_key=True), Column("note", ForeignKey("notes.id")),
    )
    found = find({"guests": GUEST, "notes": exempt("templates")}, metadata=metadata)
    assert [(f.id, f.table) for f in found] == [("table-unclassified", "answers")]


def test_keys_that_link_rows_need_no_rule() -> None:
    """Own keys and foreign keys are left alone unless what they point at is erased."""
    metadata = hotel()
    assert find(right(), metadata=metadata) == []
    metadata = MetaData()
    Table(
        "guests", metadata,
        Column("id", Integer, primary_key=True), Column("email", String(120), unique=True),
    )
    Table(
        "wishes", metadata,
        Column("id", Integer, primary_key=True),
        Column("mail", ForeignKey("guests.email"), index=True),
    )
    guests = Policy({"email": placeholder}, subject=Subject(match=["email"]))
    found = find({"guests": guests, "wishes": Policy({}, via="mail")}, metadata=metadata)
    assert [(f.id, f.place) for f in found] == [("column-uncovered", "wishes.mail")]


def test_a_contact_that_is_the_key_needs_a_rule() -> None:
    """A key that is an e-mail address is personal, key or not."""
    metadata = MetaData()
    Table("guests", metadata, Column("email", String(120), primary_key=True))
    policy = Policy({}, subject=Subject(match=["email"], contact=["email"]))
    assert [f.place for f in find({"guests": policy}, metadata=metadata)] == ["guests.email"]


@pytest.mark.parametrize("column", [Column("token", Uuid), Column("token", Uuid(as_uuid=False))])
def test_a_placeholder_fits_a_uuid(column: Column[object]) -> None:
    """A column of UUIDs takes a placeholder: a random UUID."""
    metadata = hotel()
    metadata.tables["notes"].append_column(column)
    notes = Policy({"text": null, "token": placeholder}, via="guest_id")
    assert find(right(notes=notes), metadata=metadata) == []


@pytest.mark.parametrize("length", [9, 10])
def test_a_placeholder_that_nobody_knows_again_is_said_where_rows_go_by_day(length: int) -> None:
    """A sweep would take the row each night; who is only erased when asked is erased once."""
    metadata = hotel()
    metadata.tables["notes"].append_column(Column("code", String(length)))
    metadata.tables["notes"].append_column(Column("made", Date))
    rules: dict[str, Any] = {"text": null, "code": placeholder, "made": keep("statistics")}
    asked = Policy(rules, via="guest_id")
    aged = Policy(rules, via="guest_id", category="correspondence", clock="made")
    assert find(right(notes=asked), metadata) == []
    told = [(f.id, f.place, f.severity) for f in find(right(notes=aged), metadata)]
    assert told == ([("rule-misfit", "notes.code", Severity.WARN)] if length < 10 else [])


def test_a_row_that_is_deleted_needs_no_rules() -> None:
    """Columns of rows that always go need no rule; of rows that may stay shared they do."""
    for rows, expected in ((delete, []), (delete_when_last_owner, ["notes.text"])):
        found = find(right(notes=Policy({}, via="guest_id", rows=rows)))
        assert [f.place for f in found] == expected


def test_a_deleted_row_may_lose_what_points_at_it() -> None:
    """Rows that let their key go with null do not stand in the way of a delete."""
    metadata = hotel()
    metadata.tables["notes"].c.guest_id.nullable = True
    going = Policy({}, subject=PERSON, rows=delete)
    letting = Policy({"text": keep("a template"), "guest_id": null}, via="guest_id")
    assert find({"guests": going, "notes": letting}, metadata=metadata) == []


@pytest.mark.parametrize("way", [lambda table: table.c.gast, lambda table: None])
def test_a_callable_that_is_no_owner_path_is_reported_with_all_else(way: Any) -> None:
    """One that raises, or returns no select, ends neither the look nor the application."""
    found = find({"guests": GUEST, "notes": Policy({"tekst": null}, via=way)})
    assert {"path-unknown", "column-unknown"} <= {f.id for f in found if f.table == "notes"}
    assert all("AttributeError" in f.message for f in found if f.id == "path-unknown")


@pytest.mark.parametrize("mixed", [False, True])
def test_a_key_to_somebody_among_others_may_be_a_clerks(mixed: bool) -> None:
    """In a table of guests alone it is a guest's, and erasing waits; else people read of it."""
    metadata = hotel()
    metadata.tables["guests"].append_column(Column("role", String(8)))
    metadata.tables["notes"].append_column(Column("author", ForeignKey("guests.id"), index=True))
    guests = Policy(
        {**GUEST.columns, "role": keep("who may do what")}, subject=PERSON,
        where=(lambda table: table.c.role == "guest") if mixed else None,
    )
    (found,) = find(right(guests=guests), metadata=metadata)
    assert (found.id, found.place) == ("owner-unnamed", "notes.author")
    assert found.severity is (Severity.WARN if mixed else Severity.STOP)


@pytest.mark.parametrize("name", ["email", "手机", "reader"])
def test_a_key_that_is_itself_somebodys_needs_a_rule(name: str) -> None:
    """By its name, or because what it equals is erased elsewhere; such a row must go."""
    metadata = hotel()
    Table(
        "readers", metadata,
        Column(name, String(120), primary_key=True), Column("since", Integer),
    )
    way = Equal({name: "email"}, to="guests")
    kept = Policy({"since": keep("statistics")}, via=way)
    gone = Policy({"since": null}, via=way, rows=delete_when_last_owner)
    said = Policy({"since": keep("statistics"), name: keep("a number of ours")}, via=way)
    found = find(right(readers=kept), metadata=metadata)
    assert [(f.id, f.place) for f in found] == [("column-uncovered", f"readers.{name}")]
    for policy in (gone, said):
        assert find(right(readers=policy), metadata=metadata) == []


def test_a_key_that_names_nobody_still_needs_none() -> None:
    """Numbers of rooms and of contacts are keys as they ever were."""
    metadata = hotel()
    Table(
        "wakeups", metadata,
        Column("room", String(8), primary_key=True), Column("phone_id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id")),
    )
    assert find(right(wakeups=Policy({}, via="guest_id")), metadata=metadata) == []


@pytest.mark.parametrize("part", ["optional", "joint", "apart"])
def test_a_column_that_a_policy_lists_and_nobody_has_is_named(part: str) -> None:
    """A clerk's column that is misspelt in `apart` would stand in a guest's copy."""
    notes = Policy({"text": null}, via="guest_id", **{part: ["tekst"]})
    (found,) = find(right(notes=notes))
    assert (found.id, found.place) == ("column-unknown", "notes.tekst")
    assert part in found.hint


@pytest.mark.parametrize(("copy", "said"), [
    (String(36), [("path-unclear", Severity.WARN)]), (Integer, []), (Numbered, []),
])  # fmt: skip
def test_a_copy_of_a_number_with_a_word_is_told_of(copy: Any, said: list[Any]) -> None:
    """What the host calls gst_7 is stored as 7: which of the two its text holds nobody can tell."""
    found = copied_key(Numbered, copy)
    assert [(f.id, f.severity) for f in found if f.id.startswith("path-")] == said


@pytest.mark.parametrize("rule", [null, retain("invoice")])
def test_a_rule_for_what_the_database_computes_is_to_be_taken_out(rule: Any) -> None:
    """No other rule would fit either."""
    metadata = hotel()
    metadata.tables["guests"].append_column(Column("folded", String, Computed("lower(name)")))
    (finding,) = find(right(guests=rules(folded=rule)), metadata=metadata)
    assert (finding.id, finding.place) == ("rule-misfit", "guests.folded")
    assert finding.hint.startswith("Take its rule out of the policy")
