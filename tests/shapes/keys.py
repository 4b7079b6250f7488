"""Shapes of keys: what identifies a row, what points at it, and what points in circles."""

from __future__ import annotations

import re
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.orm import relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact
from flask_guesterase.store.mapping.masks import MARK

from .hotel import MAIL, NEIGHBOUR, Hotel

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ONE, TWO, THREE, FOUR = (UUID(int=n << 64 | n) for n in (0xA1, 0xB2, 0xC3, 0xD4))


def keys_that_are_uuid(hotel: Hotel) -> None:
    """Members and their cards are known by random identifiers; one of them is personal."""
    members = Table(
        "members", hotel.metadata, Column("id", Uuid, primary_key=True),
        Column("email", String(80), unique=True),
    )  # fmt: skip
    cards = Table(
        "cards", hotel.metadata, Column("id", Uuid, primary_key=True),
        Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
        Column("token", Uuid, nullable=False, unique=True), Column("holder", String(80)),
    )  # fmt: skip
    hotel.declare(members, Policy(
        {"email": placeholder}, subject=Subject(match=["email"], contact=["email"])
    ))
    hotel.declare(cards, Policy({"token": placeholder, "holder": redact}, via="member_id"))
    secret = uuid5(NAMESPACE_OID, hotel.guest.document)
    hotel.put(members, {"id": ONE, "email": hotel.guest.email}, {"email": MAIL})
    hotel.put(members, {"id": TWO, "email": NEIGHBOUR.email})
    hotel.put(
        cards, {"id": THREE, "member_id": ONE, "token": secret, "holder": hotel.guest.name},
        {"token": UUID4, "holder": MARK},
    )  # fmt: skip
    hotel.put(cards, {"id": FOUR, "member_id": TWO, "token": FOUR, "holder": NEIGHBOUR.name})
    hotel.people.append(("members", (ONE,)))
    hotel.secrets += [str(secret), secret.hex]


def keys_that_are_composite(hotel: Hotel) -> None:
    """A registration is a number within a house, and so is everything below it."""
    registrations = Table(
        "registrations", hotel.metadata,
        Column("house", String(3), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("name", String(80)),
    )  # fmt: skip
    extras = Table(
        "extras", hotel.metadata,
        Column("house", String(3), primary_key=True),
        Column("registration", Integer, primary_key=True, autoincrement=False),
        Column("line", Integer, primary_key=True, autoincrement=False),
        Column("remark", Text), Column("cents", Integer),
        ForeignKeyConstraint(
            ["house", "registration"], ["registrations.house", "registrations.number"]
        ),
    )  # fmt: skip
    hotel.declare(registrations, Policy(
        {"name": redact}, subject=Subject(match=["name"], name="name")
    ))
    hotel.declare(extras, Policy({"remark": redact, "cents": keep("books")}, via="registration"))
    for house, number in (("SHA", 1), ("SHA", 2), ("BER", 1)):
        mine = (house, number) == ("SHA", 1)
        who = hotel.guest if mine else NEIGHBOUR
        becomes = {"name": MARK} if mine else {}
        hotel.put(
            registrations, {"house": house, "number": number, "name": who.name}, becomes
        )
        for line in (1, 2):
            hotel.put(
                extras, {"house": house, "registration": number, "line": line, "cents": 100,
                         "remark": who.text},
                {"remark": MARK} if mine else {},
            )  # fmt: skip
    hotel.people.append(("registrations", ("SHA", 1)))


def keys_that_are_natural(hotel: Hotel) -> None:
    """A subscriber is the mail address, and rows below repeat it: only deleting helps."""
    subscribers = Table(
        "subscribers", hotel.metadata, Column("email", String(80), primary_key=True)
    )
    topics = hotel.table(
        "topics", Column("topic", String(20)),
        Column("email", ForeignKey("subscribers.email"), nullable=False, index=True),
    )  # fmt: skip
    hotel.declare(subscribers, Policy(
        {}, subject=Subject(match=["email"], contact=["email"]), rows=delete
    ))
    hotel.declare(topics, Policy({}, via="email", rows=delete))
    hotel.goes(subscribers, {"email": hotel.guest.email})
    hotel.put(subscribers, {"email": NEIGHBOUR.email})
    hotel.goes(topics, {"id": 1, "topic": "spa", "email": hotel.guest.email})
    hotel.put(topics, {"id": 2, "topic": "spa", "email": NEIGHBOUR.email})
    hotel.people.append(("subscribers", (hotel.guest.email,)))


def keys_named_differently_in_python_and_sql(hotel: Hotel) -> None:
    """The vendor writes the classes' names; the database has others."""
    travellers = Table(
        "TRV_MASTER", hotel.metadata,
        Column("TRV_NO", Integer, primary_key=True, autoincrement=False),
        Column("TRV_NM", String(80), key="full"),
    )  # fmt: skip
    luggage = Table(
        "TRV_LUGGAGE", hotel.metadata,
        Column("LUG_NO", Integer, primary_key=True, autoincrement=False),
        Column("LUG_TRV", ForeignKey("TRV_MASTER.TRV_NO"), index=True),
        Column("LUG_TXT", Text),
    )  # fmt: skip
    traveller: Any = type("Traveller", (), {})
    piece: Any = type("Piece", (), {})
    hotel.registry.map_imperatively(traveller, travellers, properties={
        "id": travellers.c.TRV_NO, "full_name": travellers.c.full,
    })
    hotel.registry.map_imperatively(piece, luggage, properties={
        "id": luggage.c.LUG_NO, "owner_id": luggage.c.LUG_TRV, "label": luggage.c.LUG_TXT,
        "owner": relationship(traveller),
    })
    hotel.declare(traveller, Policy(
        {"full_name": redact}, subject=Subject(match=["full_name"], name="full_name")
    ))
    hotel.declare(piece, Policy({"label": redact}, via="owner"))
    me = hotel.guest
    hotel.put(travellers, {"TRV_NO": 1, "TRV_NM": me.name}, {"TRV_NM": MARK})
    hotel.put(travellers, {"TRV_NO": 2, "TRV_NM": NEIGHBOUR.name})
    hotel.put(luggage, {"LUG_NO": 1, "LUG_TRV": 1, "LUG_TXT": me.name}, {"LUG_TXT": MARK})
    hotel.put(luggage, {"LUG_NO": 2, "LUG_TRV": 2, "LUG_TXT": NEIGHBOUR.name})
    hotel.put(luggage, {"LUG_NO": 3, "LUG_TRV": None, "LUG_TXT": "Found in the lobby"})
    hotel.people.append(("TRV_MASTER", (1,)))


def children_that_point_at_a_unique_column(hotel: Hotel) -> None:
    """A key card's log knows the guest by code, which is unique but not the primary key."""
    doors = hotel.table(
        "doors", Column("guest_code", ForeignKey("guests.code"), index=True),
        Column("spoken", Text),
    )  # fmt: skip
    hotel.declare(doors, Policy({"spoken": null}, via="guest_code"))
    hotel.put(doors, {"id": 1, "guest_code": "G-1", "spoken": hotel.guest.text}, {"spoken": None})
    hotel.put(doors, {"id": 2, "guest_code": "G-2", "spoken": NEIGHBOUR.text})
    hotel.put(doors, {"id": 3, "guest_code": None, "spoken": "A draught"})


def tables_that_point_at_themselves(hotel: Hotel) -> None:
    """Folios hang below folios; a whole tree goes, leaves first."""
    folios = hotel.table(
        "folios", Column("parent_id", ForeignKey("folios.id"), index=True),
        Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
        Column("memo", Text),
    )  # fmt: skip
    hotel.declare(folios, Policy({}, via="guest_id", rows=delete))
    for number, parent, guest in (
        (9, None, 1), (5, 9, 1), (7, 5, 1), (3, 7, 1), (2, None, 2), (4, 2, 2),
    ):  # fmt: skip
        put = hotel.goes if guest == 1 else hotel.put
        memo = hotel.guest.text if guest == 1 else NEIGHBOUR.text
        put(folios, {"id": number, "parent_id": parent, "guest_id": guest, "memo": memo})


def tables_that_point_in_circles(hotel: Hotel) -> None:
    """A group points at its leading room, each room at its group."""
    groups = hotel.table(
        "groups_", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("leading_id", ForeignKey("rooms.id", use_alter=True, name="fk_leading")),
        Column("title", Text),
    )  # fmt: skip
    rooms = hotel.table(
        "rooms", Column("group_id", ForeignKey("groups_.id"), nullable=False, index=True),
        Column("label", Text),
    )  # fmt: skip
    hotel.declare(groups, Policy({}, via="guest_id", rows=delete))
    hotel.declare(rooms, Policy({}, via="group_id", rows=delete))
    for number, guest, who in ((1, 1, hotel.guest), (2, 2, NEIGHBOUR)):
        put = hotel.goes if guest == 1 else hotel.put
        put(groups, {"id": number, "guest_id": guest, "title": f"Party of {who.name}"})
        put(rooms, {"id": 10 * number, "group_id": number, "label": who.name})
        put(rooms, {"id": 10 * number + 1, "group_id": number, "label": "second room"})
        hotel.tie(groups, {"id": number}, {"leading_id": 10 * number})


def polymorphic_in_one_table(hotel: Hotel) -> None:
    """Private people and firms are classes of their own over one table."""
    contacts = hotel.table(
        "contacts", Column("kind", String(10), nullable=False), Column("name", String(80)),
        Column("vat_no", String(20)), Column("document", String(20)),
    )  # fmt: skip
    base: Any = type("Contact", (), {})
    private, firm = type("Private", (base,), {}), type("Firm", (base,), {})
    mapped = hotel.registry.map_imperatively
    mapped(base, contacts, polymorphic_on=contacts.c.kind, polymorphic_identity="other")
    mapped(private, None, inherits=base, polymorphic_identity="private")
    mapped(firm, None, inherits=base, polymorphic_identity="firm")
    hotel.declare(base, Policy(
        {"kind": keep("which class"), "name": redact},
        subject=Subject(match=["document"], name="name"),
        where=lambda table: table.c.kind == "private",
    ))
    hotel.declare(private, Policy({"document": null}))
    hotel.declare(firm, Policy({"vat_no": keep("a firm's own number")}))
    me = hotel.guest
    for number, kind, name, vat, document in (
        (1, "private", me.name, None, me.document), (2, "private", NEIGHBOUR.name, None, "D2"),
        (3, "firm", "Quill and Sons", "GB1", None), (4, "other", "Lost property", None, None),
    ):  # fmt: skip
        hotel.put(
            contacts, {"id": number, "kind": kind, "name": name, "vat_no": vat,
                       "document": document},
            {"name": MARK, "document": None} if number == 1 else {},
        )  # fmt: skip
    hotel.people.append(("contacts", (1,)))


def polymorphic_in_joined_tables(hotel: Hotel) -> None:
    """What all parties have lies in one table, what only people have in another."""
    parties = hotel.table(
        "parties", Column("kind", String(10), nullable=False), Column("name", String(80))
    )
    natural = Table(
        "natural_parties", hotel.metadata,
        Column("id", ForeignKey("parties.id"), primary_key=True, autoincrement=False),
        Column("document", String(20)),
    )  # fmt: skip
    firms = Table(
        "firm_parties", hotel.metadata,
        Column("id", ForeignKey("parties.id"), primary_key=True, autoincrement=False),
        Column("vat_no", String(20)),
    )  # fmt: skip
    base: Any = type("Party", (), {})
    person, firm = type("NaturalParty", (base,), {}), type("FirmParty", (base,), {})
    mapped = hotel.registry.map_imperatively
    mapped(base, parties, polymorphic_on=parties.c.kind, polymorphic_identity="other")
    mapped(person, natural, inherits=base, polymorphic_identity="person")
    mapped(firm, firms, inherits=base, polymorphic_identity="firm")
    hotel.declare(base, Policy(
        {"kind": keep("which class"), "name": redact},
        subject=Subject(match=["name"], name="name"),
        where=lambda table: table.c.kind == "person",
    ))
    hotel.declare(person, Policy({"document": null}, via="id"))
    hotel.declare(firm, Policy({"vat_no": keep("a firm's own number")}, via="id"))
    me = hotel.guest
    hotel.put(parties, {"id": 1, "kind": "person", "name": me.name}, {"name": MARK})
    hotel.put(parties, {"id": 2, "kind": "person", "name": NEIGHBOUR.name})
    hotel.put(parties, {"id": 3, "kind": "firm", "name": "Umbra Ltd"})
    hotel.put(natural, {"id": 1, "document": me.document}, {"document": None})
    hotel.put(natural, {"id": 2, "document": NEIGHBOUR.document})
    hotel.put(firms, {"id": 3, "vat_no": "GB2"})
    hotel.people.append(("parties", (1,)))
