"""Declarations that say less than they seem to are named before anything is erased by them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    and_,
    func,
    insert,
    or_,
)
from sqlalchemy.orm import Mapper, foreign, registry, relationship, remote

from flask_guesterase.core.finding import Finding
from flask_guesterase.core.plan import Person
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact, retain
from flask_guesterase.store.checking.drift import drift
from flask_guesterase.store.checking.live import read
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.mapping.ways import ways
from tests import engines
from tests.kinds import Case, Cases
from tests.store.inn import Policies, datamap, draw, host

CASES = Cases()
AINO: Person = ("guests", (1,))
GUEST = Policy({"name": redact, "email": placeholder}, subject=Subject(match=["email"]))
TEXT = Policy({"text": null}, via="guest")


def hotel() -> MetaData:
    """Guests, what belongs to them, and who shares what with whom."""
    metadata = MetaData()
    number, text = Integer, String(80)
    Table(
        "guests", metadata, Column("id", number, primary_key=True), Column("hotel", number),
        Column("name", text), Column("email", text, unique=True),
    )
    Table(
        "notes", metadata, Column("id", number, primary_key=True), Column("hotel", number),
        Column("kind", text), Column("a", number), Column("b", number), Column("text", text),
        Column("guest_id", ForeignKey("guests.id")), Column("payer_id", ForeignKey("guests.id")),
    )
    Table(
        "letters", metadata, Column("id", ForeignKey("notes.id"), primary_key=True),
        Column("words", text),
    )
    Table(
        "sharing", metadata, Column("note_id", ForeignKey("notes.id"), primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), primary_key=True), Column("role", text),
    )
    return metadata


def mapped(metadata: MetaData, **said: Any) -> list[Mapper[Any]]:
    """Map new classes of guests and notes, in this order, with a relationship between them.

    :param said: what `relationship` is given.
    """
    made, (guest, note) = registry(metadata=metadata), classes("Guest", "Note")
    mappers = [made.map_imperatively(guest, metadata.tables["guests"])]
    link = {"guest": relationship(guest, viewonly=True, **said)} if said else {}
    kind = {"polymorphic_on": "kind", "properties": link}
    return [*mappers, made.map_imperatively(note, metadata.tables["notes"], **kind)]


def classes(*names: str, base: type = object) -> list[Any]:
    """Return new classes, which nobody mapped yet."""
    return [type(name, (base,), {}) for name in names]


def found(metadata: MetaData, mappers: list[Mapper[Any]], *more: Any) -> DataMap:
    """Resolve the guest's policy and the given ones."""
    mappers[0].registry.configure()
    return resolve([("guests", GUEST), *more], metadata.tables.values(), mappers)


def joins(metadata: MetaData) -> dict[str, dict[str, Any]]:
    """Return relationships that say more than that columns are equal, by what they say."""
    n, g, s = (metadata.tables[name].c for name in ("notes", "guests", "sharing"))
    half = and_(s.guest_id == g.id, s.role == "host")
    return {
        "condition": {"primaryjoin": and_(foreign(n.a) == g.id, n.kind == "guest")},
        "either": {"primaryjoin": or_(foreign(n.a) == g.id, foreign(n.b) == g.id)},
        "fold": {"primaryjoin": func.lower(foreign(n.text)) == func.lower(remote(g.email))},
        "own": {"primaryjoin": and_(foreign(n.a) == g.id, n.b == n.hotel)},
        "less": {"primaryjoin": and_(foreign(n.a) == g.id, n.hotel <= remote(g.hotel))},
        "far": {"secondary": s.role.table, "secondaryjoin": half},
    }


@pytest.mark.parametrize("name", sorted(joins(hotel())))
def test_a_relationship_that_says_more_than_equal_is_no_path(name: str) -> None:
    """A condition, an OR, a fold or a comparison is never dropped: the path is named instead."""
    metadata = hotel()
    declared = found(metadata, mapped(metadata, **joins(metadata)[name]), ("notes", TEXT))
    (finding,) = declared.findings
    assert (finding.id, finding.place) == ("path-unclear", "notes.guest")
    assert "'guest'" in finding.message
    assert "select()" in finding.hint
    assert declared.tables["notes"].paths == ()


def equal(metadata: MetaData) -> dict[str, dict[str, Any]]:
    """Return relationships that only say that columns are equal, by the columns they start from."""
    n, g, s = (metadata.tables[name].c for name in ("notes", "guests", "sharing"))
    return {
        "a": {"primaryjoin": foreign(n.a) == g.id},
        "a b hotel": {"primaryjoin": and_(
            foreign(n.a) == g.id, and_(g.hotel == n.hotel, foreign(n.b) == g.id)
        )},
        "guest_id id": {"secondary": s.role.table},
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(equal(hotel())))
def test_a_relationship_of_equal_columns_stays_a_path(name: str) -> None:
    """One pair, several joined by AND, and a table between: what equal columns say is followed."""
    metadata = hotel()
    declared = found(metadata, mapped(metadata, **equal(metadata)[name]), ("notes", TEXT))
    assert declared.findings == ()
    (path,) = declared.tables["notes"].paths
    assert " ".join(sorted(c.name for hop in path.hops for c in hop.source)) == name


def test_an_inherited_relationship_is_no_path_of_the_childs_table() -> None:
    """The key lies in the parent's table: what leads there is a path, and no KeyError comes."""
    for via, expected in (("guest", ["path-unclear"]), ("id", [])):
        metadata = hotel()
        n, g = metadata.tables["notes"].c, metadata.tables["guests"].c
        mappers = mapped(metadata, primaryjoin=n.guest_id == g.id)
        made, note = mappers[0].registry, mappers[1].class_
        (letter,) = classes("Letter", base=note)
        mappers.append(made.map_imperatively(
            letter, metadata.tables["letters"], inherits=note, polymorphic_identity="letter"
        ))
        child = Policy({"words": null}, via=via, clock="guest.name")
        declared = found(metadata, mappers, ("notes", TEXT), ("letters", child))
        assert [f.id for f in declared.findings] == expected
        assert ways(declared, declared.tables["letters"]).wrong == ("guest.name",)


def test_one_name_for_two_relationships_of_a_table_is_no_path() -> None:
    """Two classes of one table that mean different columns by a name are not cut to the first."""
    metadata = hotel()
    n, g = metadata.tables["notes"].c, metadata.tables["guests"].c
    guest, note = mappers = mapped(metadata)
    for cls, key in zip(classes("A", "B", base=note.class_), (n.guest_id, n.payer_id), strict=True):
        link = relationship(guest.class_, primaryjoin=key == g.id, viewonly=True)
        mappers.append(guest.registry.map_imperatively(
            cls, inherits=note.class_, polymorphic_identity=key.name, properties={"guest": link}
        ))
    declared = found(metadata, mappers, ("notes", TEXT))
    assert [f.id for f in declared.findings] == ["path-unclear"]


def held_up(url: str, metadata: MetaData, declared: DataMap, script: str = "") -> str:
    """Return what stands in the way of a guest of whom there is one row and no other."""
    with host(url, metadata, script) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]), {"id": 1, "email": "a@hotel.example"})
        return " ".join(block.detail for block in draw(engine, declared, AINO).blocked)


def test_a_path_that_is_not_clear_holds_everybody_up(sqlite_url: str) -> None:
    """A row that only the dropped condition tells apart is not passed by, whatever keys it has."""
    metadata = hotel()
    mappers = mapped(metadata, **joins(metadata)["condition"])
    declared = found(metadata, mappers, ("notes", TEXT))
    assert "path-unclear notes.guest" in held_up(sqlite_url, metadata, declared)


def test_policies_that_differ_hold_everybody_up(sqlite_url: str) -> None:
    """A guest whose rows only the policy cut off would find is not passed by."""
    metadata = hotel()
    notes = [("notes", Policy({"text": null}, via=via)) for via in ("guest_id", "payer_id")]
    declared = resolve([("guests", GUEST), *notes], metadata.tables.values(), ())
    assert "policies-differ notes" in held_up(sqlite_url, metadata, declared)


@CASES.of("path-unclear")
def path_unclear(wrong: bool) -> tuple[Finding, ...]:
    metadata = hotel()
    mappers = mapped(metadata, **joins(metadata)["fold"])
    by_equal = Policy({"text": null}, via=Equal({"text": "email"}, to="guests", fold=True))
    return found(metadata, mappers, ("notes", TEXT if wrong else by_equal)).findings


@CASES.of("path-blank")
def path_blank(wrong: bool) -> tuple[Finding, ...]:
    metadata = hotel()
    guests, n = metadata.tables["guests"], metadata.tables["notes"].c
    if not wrong:
        guests.append_constraint(UniqueConstraint("hotel", "name"))
    link = and_(foreign(n.hotel) == guests.c.hotel, foreign(n.text) == guests.c.name)
    via = Policy({"kind": null}, via="guest")
    return found(metadata, mapped(metadata, primaryjoin=link), ("notes", via)).findings


def shared(first: Policy, second: Policy) -> DataMap:
    """Resolve two policies that are declared for the table of notes."""
    metadata = hotel()
    given = [("guests", GUEST), ("notes", first), ("notes", second)]
    return resolve(given, metadata.tables.values(), ())


def where(table: Table) -> Any:
    """A condition on notes."""
    return table.c.kind == "letter"


DIFFERENT: list[dict[str, Any]] = [
    {"via": "payer_id"}, {"where": where}, {"rows": delete}, {"category": "invoice_accounting"},
    {"facts": {"role": "kind"}}, {"place": "hotel"}, {"triggers": {"t": "no copy"}},
    {"zone": "Europe/Helsinki"}, {"history": delete}, {"joint": ["a"]}, {"apart": ["a"]},
    {"optional": ["a"]}, {"source": "a walk-in"}, {"clock": "kind"},
]  # fmt: skip


@pytest.mark.parametrize("more", DIFFERENT, ids=[next(iter(each)) for each in DIFFERENT])
def test_policies_of_one_table_that_differ_are_named(more: dict[str, Any]) -> None:
    """What two classes of one table say differently, or one of them alone, is named."""
    base = Policy({"text": null}, via="guest_id")
    other = Policy(**{"columns": {"a": null}, "via": "guest_id", **more})
    for pair in ((base, other), (other, base)):
        (finding,) = shared(*pair).findings
        assert (finding.id, finding.table) == ("policies-differ", "notes")
        assert next(iter(more)) in finding.message
        assert "where=" in finding.hint
        # A host's tests make an application each, and its factory declares the same once more.
        assert "factory" in finding.hint


def test_a_class_that_only_adds_columns_takes_the_rest_from_the_other() -> None:
    """In either order nothing that the fuller policy says is lost, and nothing is found."""
    full = Policy(
        {"text": null, "kind": keep("kind")}, via="guest_id", category="complaint", zone="UTC",
        joint=["a"], where=where, rows=delete,
    )
    for pair in ((full, Policy({"b": null})), (Policy({"b": null}), full)):
        declared = shared(*pair)
        assert declared.findings == ()
        policy = declared.tables["notes"].policy
        assert set(policy.columns) == {"text", "kind", "b"}
        assert {**vars(policy), "columns": full.columns} == vars(full)


def test_two_rules_for_one_column_are_named() -> None:
    """Which of two rules counts must not depend on the order of names; two reasons may differ."""
    base = Policy({"text": null, "kind": keep("a word")}, via="guest_id")
    assert shared(base, Policy({"kind": keep("of four")})).findings == ()
    (finding,) = shared(base, Policy({"text": retain("complaint")})).findings
    assert finding.id == "policies-differ"
    assert "text" in finding.message


@CASES.of("policies-differ")
def policies_differ(wrong: bool) -> tuple[Finding, ...]:
    more = Policy({"a": null}, via="payer_id" if wrong else None)
    return shared(Policy({"text": null}, via="guest_id"), more).findings


def billing(action: str | None) -> MetaData:
    """Guests, and bills that say whom they were sent to."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("hotel", Integer),
        Column("name", String(80)), Column("email", String(80), unique=True),
    )
    Table(
        "bills", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id", onupdate="CASCADE"), index=True),
        Column("sent_to", String(80), index=True),
        ForeignKeyConstraint(["sent_to"], ["guests.email"], onupdate=action),
    )
    return metadata


def kept(rule: Any, **more: Any) -> Policies:
    """Declare guests and bills."""
    guest = Policy({"hotel": keep("house"), **GUEST.columns}, subject=GUEST.subject)
    return {"guests": guest, "bills": Policy({"sent_to": rule}, via="guest_id", **more)}


def updates(url: str, action: str | None, policies: Policies) -> str:
    """Return what stands in the way where a key from bills to guests has this action."""
    metadata = billing(action)
    return held_up(url, metadata, datamap(metadata, policies))


@pytest.mark.parametrize("rule", [retain("invoice_accounting"), keep("printed")])
def test_what_the_database_would_overwrite_in_a_column_that_stays_is_named(
    database_url: str, rule: Any
) -> None:
    """A key that carries the guest's placeholder into what the law keeps holds the erasure up."""
    assert updates(database_url, "CASCADE", kept(rule)) .startswith("cascade-update guests.email:")


@pytest.mark.parametrize(
    ("action", "policies"),
    [
        ("CASCADE", kept(null)),
        ("CASCADE", {**kept(null), "bills": Policy({}, via="guest_id", rows=delete)}),
        (None, kept(null)),
        ("RESTRICT", kept(null)),
    ],
    ids=["goes", "deleted", "none", "restrict"],
)
def test_a_key_that_changes_nothing_that_stays_is_fine(
    database_url: str, action: str | None, policies: Policies
) -> None:
    """Where the other column goes as well, or the database leaves it alone, nothing is named.

    The key to the guest's number, which never changes, cascades in all of them.
    """
    assert updates(database_url, action, policies) == ""


@pytest.mark.parametrize("action", ["SET NULL", "SET DEFAULT"])
def test_a_key_that_empties_a_column_that_stays_is_named(sqlite_url: str, action: str) -> None:
    """What is set to NULL or to a default is lost for good, also after a restoration."""
    rule = retain("invoice_accounting")
    assert updates(sqlite_url, action, kept(rule)) .startswith("cascade-update guests.email:")


def test_a_retained_column_that_goes_later_carries_on_as_well(sqlite_url: str) -> None:
    """A column the law keeps is overwritten at its end, and its key would carry that on."""
    policies = {**kept(keep("printed"))}
    later = {"hotel": keep("house"), "name": redact, "email": retain("complaint", placeholder)}
    policies["guests"] = Policy(later, subject=Subject(match=["email"]))
    assert updates(sqlite_url, "CASCADE", policies) .startswith("cascade-update guests.email:")


@pytest.mark.parametrize(("action", "named"), [("CASCADE", False), ("SET NULL", True)])
def test_an_emptied_key_of_several_columns_loses_all_of_them(
    sqlite_url: str, action: str, named: bool
) -> None:
    """A cascade changes the column whose partner changed; emptying a key empties all of it."""
    script = f"""CREATE UNIQUE INDEX both ON guests (hotel, email);; DROP TABLE bills;;
        CREATE TABLE bills (id INTEGER PRIMARY KEY, guest_id INTEGER, sent_to TEXT, house INTEGER,
        FOREIGN KEY (house, sent_to) REFERENCES guests (hotel, email) ON UPDATE {action})"""
    metadata = billing(None)
    metadata.tables["bills"].append_column(Column("house", Integer))
    bills = Policy({"sent_to": null, "house": keep("house")}, via="guest_id")
    declared = datamap(metadata, {**kept(null), "bills": bills})
    blocked = held_up(sqlite_url, metadata, declared, script)
    assert bool(blocked) is named


@CASES.of("cascade-update", *engines.ENGINES)
def cascade_update(wrong: bool, engine: str) -> list[Finding]:
    metadata = billing("CASCADE")
    declared = datamap(metadata, kept(keep("printed") if wrong else null))
    with (
        engines.fresh_database(engine) as url,
        host(url, metadata) as made,
        made.connect() as conn,
    ):
        return drift(declared, read(conn))


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """The wrong declaration is reported with its cure; the same one put right is not."""
    case.check()
