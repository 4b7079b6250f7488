"""Shapes of what columns hold: JSON, free text, files, ciphertext, hashes, and what fits them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    TypeDecorator,
    func,
)

from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import File, keep, null, placeholder, redact
from flask_guesterase.store.mapping.masks import MARK

from .hotel import MAIL, NEIGHBOUR, RANDOM, Hotel

STAMP = datetime(2026, 11, 1, 12, 30)


def json_columns(hotel: Hotel) -> None:
    """Preferences as JSON go as a whole; the neighbour's keep order and spelling."""
    prefs = hotel.table(
        "preferences", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("likes", JSON, nullable=False), Column("profile", JSON),
    )  # fmt: skip
    hotel.declare(prefs, Policy({"likes": {}, "profile": null}, via="guest_id"))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        hotel.put(
            prefs, {"id": number, "guest_id": number, "likes": {"z": [who.text], "a": 1.50},
                    "profile": {"name": who.name, "born": str(who.born)}},
            {"likes": {}, "profile": None} if number == 1 else {},
        )  # fmt: skip


def json_in_text(hotel: Hotel) -> None:
    """JSON that the database takes for text."""
    extra = hotel.table(
        "extra_fields", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("data", Text, nullable=False), Column("more", String(200)),
    )  # fmt: skip
    hotel.declare(extra, Policy({"data": "{}", "more": redact}, via="guest_id"))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        hotel.put(
            extra, {"id": number, "guest_id": number, "data": f'{{"n":  "{who.name}"}}',
                    "more": f'["{who.phone}"]'},
            {"data": "{}", "more": MARK} if number == 1 else {},
        )  # fmt: skip


def free_text_about_people(hotel: Hotel) -> None:
    """Housekeeping's notes about a guest, by whoever wrote them."""
    notes = hotel.table(
        "notes", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("body", Text, nullable=False), Column("reply", Text),
    )  # fmt: skip
    hotel.declare(notes, Policy({"body": redact, "reply": null}, via="guest_id"))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        hotel.put(
            notes, {"id": number, "guest_id": number, "body": f"{who.name}: {who.text} 🦜",
                    "reply": f"Call {who.phone}"},
            {"body": MARK, "reply": None} if number == 1 else {},
        )  # fmt: skip


def audit_tables_full_of_names(hotel: Hotel) -> None:
    """An audit trail names what it is about by a word and a number."""
    audit = hotel.table(
        "audit", Column("entity", String(20), nullable=False),
        Column("entity_id", Integer, nullable=False, index=True), Column("actor", String(40)),
        Column("payload", Text, nullable=False), Column("at", DateTime, nullable=False),
    )  # fmt: skip
    hotel.declare(audit, Policy(
        {"entity": keep("trail"), "entity_id": keep("trail"), "actor": keep("staff"),
         "payload": '{"erased": true}', "at": keep("trail")},
        via=Equal({"entity_id": "id"}, to="guests"),
        where=lambda table: table.c.entity == "guest",
    ))  # fmt: skip
    for number, entity, entity_id, text in (
        (1, "guest", 1, hotel.guest.email), (2, "guest", 1, hotel.guest.name),
        (3, "guest", 2, NEIGHBOUR.name), (4, "room", 1, "repainted"),
    ):  # fmt: skip
        hotel.put(
            audit, {"id": number, "entity": entity, "entity_id": entity_id, "actor": "clerk",
                    "payload": f'{{"new": "{text}"}}', "at": STAMP},
            {"payload": '{"erased": true}'} if number < 3 else {},
        )  # fmt: skip


def files_named_after_the_guest(hotel: Hotel) -> None:
    """Scans lie on disk under the guest's own name."""
    scans = hotel.table(
        "scans", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("path", String(200), nullable=False),
    )  # fmt: skip
    hotel.declare(scans, Policy({"path": File(str(hotel.folder), then=redact)}, via="guest_id"))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        name = f"{who.name}.jpg"
        (hotel.folder / name).write_bytes(b"scan")
        hotel.put(scans, {"id": number, "guest_id": number, "path": name},
                  {"path": MARK} if number == 1 else {})  # fmt: skip


def soft_deleted_rows(hotel: Hotel) -> None:
    """The host hides a cancelled reservation, it does not remove it."""
    reservations = hotel.table(
        "reservations", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("contact", String(80)), Column("deleted_at", DateTime),
    )  # fmt: skip
    hotel.declare(reservations, Policy(
        {"contact": redact, "deleted_at": keep("statistics of cancellations")}, via="guest_id"
    ))
    for number, guest, deleted in ((1, 1, STAMP), (2, 1, None), (3, 2, STAMP)):
        who = hotel.guest if guest == 1 else NEIGHBOUR
        hotel.put(
            reservations, {"id": number, "guest_id": guest, "contact": who.phone,
                           "deleted_at": deleted},
            {"contact": MARK} if guest == 1 else {},
        )  # fmt: skip


def history_tables(hotel: Hotel) -> None:
    """Every version of a guest's row is kept beside it, without a foreign key."""
    history = Table(
        "guests_history", hotel.metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("name", String(80)), Column("email", String(80)), Column("changed", DateTime),
    )  # fmt: skip
    hotel.declare(history, Policy(
        {"name": redact, "email": placeholder, "changed": keep("when")},
        via=Equal({"id": "id"}, to="guests"),
    ))  # fmt: skip
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR), (99, NEIGHBOUR)):
        for version in (1, 2):
            hotel.put(
                history, {"id": number, "version": version, "name": f"{who.name} v{version}",
                          "email": who.email, "changed": STAMP},
                {"name": MARK, "email": MAIL} if number == 1 else {},
            )  # fmt: skip


class Sealed(TypeDecorator[str]):
    """What a host does that encrypts in the column's type."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else sealed(value)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else bytes(
            b ^ 0x5A for b in bytes.fromhex(value.removeprefix("enc:"))
        ).decode()


def sealed(value: str) -> str:
    """Return the ciphertext the host keeps."""
    return "enc:" + bytes(b ^ 0x5A for b in value.encode()).hex()


def columns_the_host_encrypts(hotel: Hotel) -> None:
    """The column's own type seals what is written, the masks too."""
    payments = hotel.table(
        "payments", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("holder", Sealed(400), nullable=False), Column("iban", Sealed(400)),
        Column("email", Sealed(400), nullable=False, unique=True),
    )  # fmt: skip
    hotel.declare(payments, Policy(
        {"holder": redact, "iban": null, "email": placeholder}, via="guest_id"
    ))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        hotel.put(
            payments, {"id": number, "guest_id": number, "holder": who.name,
                       "iban": who.document, "email": who.email},
            {"holder": MARK, "iban": None, "email": MAIL} if number == 1 else {},
        )  # fmt: skip
    me = hotel.guest
    hotel.secrets += [sealed(v) for v in (me.name, me.document, me.email)]


def identifiers_the_host_hashes(hotel: Hotel) -> None:
    """Loyalty knows its members by the hash of an address, and finds them by the same way."""
    loyalty = hotel.table(
        "loyalty", Column("mail_hash", String(64), nullable=False, unique=True),
        Column("tier", String(10)),
    )  # fmt: skip
    hotel.declare(loyalty, Policy(
        {"mail_hash": placeholder, "tier": keep("counts per tier")},
        subject=Subject(match={
            "email": lambda table, value: table.c.mail_hash == hashed(value),
        }),
    ))  # fmt: skip
    hotel.put(
        loyalty, {"id": 1, "mail_hash": hashed(hotel.guest.email), "tier": "gold"},
        {"mail_hash": MAIL},
    )
    hotel.put(loyalty, {"id": 2, "mail_hash": hashed(NEIGHBOUR.email), "tier": "gold"})
    hotel.people.append(("loyalty", (1,)))
    hotel.secrets.append(hashed(hotel.guest.email))


def hashed(value: str) -> str:
    """Return how the host knows an address."""
    return hashlib.sha256(value.lower().encode()).hexdigest()


def masks_under_constraints(hotel: Hotel) -> None:
    """Every column refuses something: NULL, doubles, long texts, other values than a few."""
    strict = hotel.table(
        "strict", Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
        Column("email", String(40), nullable=False, unique=True),
        Column("phone", String(10), nullable=False, unique=True),
        Column("country", String(2), nullable=False),
        Column("gender", String(1), nullable=False),
        Column("age", Integer, nullable=False), Column("born", Date, nullable=False),
        CheckConstraint("email LIKE '%@%'", name="ck_email"),
        CheckConstraint("gender IN ('f', 'm', 'x')", name="ck_gender"),
        CheckConstraint("age BETWEEN 0 AND 130", name="ck_age"),
    )  # fmt: skip
    CheckConstraint(func.length(strict.c.country) == 2, name="ck_country", table=strict)
    never = date(1900, 1, 1)
    hotel.declare(strict, Policy(
        {"email": placeholder, "phone": placeholder, "country": redact, "gender": "x", "age": 0,
         "born": never},
        via="guest_id",
    ))  # fmt: skip
    gone = {"email": MAIL, "phone": RANDOM, "country": "**", "gender": "x", "age": 0,
            "born": never}  # fmt: skip
    for number, who in ((1, hotel.guest), (2, hotel.guest), (3, NEIGHBOUR)):
        hotel.put(strict, {
            "id": number, "guest_id": 2 if who is NEIGHBOUR else 1,
            "email": f"{number}{who.email}", "phone": f"{number}{who.phone[-8:]}",
            "country": "GB", "gender": "f", "age": 42, "born": who.born,
        }, {} if who is NEIGHBOUR else gone)  # fmt: skip


def reserved_words_camel_case_and_chinese_names(hotel: Hotel) -> None:
    """Identifiers that must be quoted, in every statement of ours."""
    order = Table(
        "order", hotel.metadata,
        Column("select", Integer, primary_key=True, autoincrement=False),
        Column("group", ForeignKey("guests.id"), index=True), Column("from", Text),
    )  # fmt: skip
    camel = Table(
        "guestNotes", hotel.metadata,
        Column("noteId", Integer, primary_key=True, autoincrement=False),
        Column("orderId", ForeignKey("order.select"), index=True), Column("noteText", Text),
    )  # fmt: skip
    chinese = Table(
        "客人备注", hotel.metadata,
        Column("编号", Integer, primary_key=True, autoincrement=False),
        Column("客人", ForeignKey("guests.id"), index=True), Column("内容", Text),
    )  # fmt: skip
    hotel.declare(order, Policy({"from": redact}, via="group"))
    hotel.declare(camel, Policy({"noteText": null}, via="orderId"))
    hotel.declare(chinese, Policy({"内容": redact}, via="客人"))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        mine = number == 1
        hotel.put(order, {"select": number, "group": number, "from": who.name},
                  {"from": MARK} if mine else {})  # fmt: skip
        hotel.put(camel, {"noteId": number, "orderId": number, "noteText": who.text},
                  {"noteText": None} if mine else {})  # fmt: skip
        hotel.put(chinese, {"编号": number, "客人": number, "内容": who.text},
                  {"内容": MARK} if mine else {})  # fmt: skip
