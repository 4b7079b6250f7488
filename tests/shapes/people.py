"""Shapes of who is who: one person twice, several in a row, staff beside guests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text
from sqlalchemy.orm import relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete_when_last_owner, keep, null, placeholder, redact
from flask_guesterase.store.mapping.masks import MARK

from .hotel import MAIL, NEIGHBOUR, RANDOM, STAFF, Hotel


def guest_user_and_staff_in_one_table(hotel: Hotel) -> None:
    """Everybody with a login lies in one table; a role tells guests from clerks."""
    accounts = hotel.table(
        "accounts", Column("role", String(10), nullable=False),
        Column("login", String(80), nullable=False, unique=True),
        Column("name", String(80), nullable=False), Column("password", String(80)),
    )  # fmt: skip
    tasks = hotel.table(
        "tasks", Column("author_id", ForeignKey("accounts.id"), nullable=False),
        Column("about_id", ForeignKey("accounts.id"), index=True), Column("body", Text),
    )  # fmt: skip
    hotel.declare(accounts, Policy(
        {"role": keep("who may do what"), "login": placeholder, "name": redact, "password": null},
        subject=Subject(match={"email": "login"}, name="name", contact={"login": "email"}),
        where=lambda table: table.c.role == "guest",
    ))  # fmt: skip
    hotel.declare(tasks, Policy({"body": redact}, via="about_id"))
    me = hotel.guest
    hotel.put(accounts, _account(1, "guest", me.email, me.name),
              {"login": RANDOM, "name": MARK, "password": None})  # fmt: skip
    hotel.put(accounts, _account(2, "staff", STAFF.email, STAFF.name))
    hotel.put(accounts, _account(3, "guest", NEIGHBOUR.email, NEIGHBOUR.name))
    hotel.put(tasks, {"id": 1, "author_id": 2, "about_id": 1, "body": me.text}, {"body": MARK})
    hotel.put(tasks, {"id": 2, "author_id": 2, "about_id": 3, "body": NEIGHBOUR.text})
    hotel.put(tasks, {"id": 3, "author_id": 1, "about_id": 2, "body": "Ask the desk for a key"})
    hotel.put(tasks, {"id": 4, "author_id": 2, "about_id": None, "body": "Water the palm"})
    hotel.people.append(("accounts", (1,)))


def _account(number: int, role: str, login: str, name: str) -> dict[str, Any]:
    return {"id": number, "role": role, "login": login, "name": name, "password": f"pw-{login}"}


def one_person_in_several_subject_rows(hotel: Hotel) -> None:
    """The guest came twice under two rows, and reads the newsletter in a third."""
    readers = hotel.table("readers", Column("email", String(80), nullable=False))
    transfers = hotel.table(
        "transfers", Column("from_guest_id", ForeignKey("guests.id"), index=True),
        Column("to_guest_id", ForeignKey("guests.id"), index=True), Column("reason", Text),
    )  # fmt: skip
    hotel.declare(readers, Policy(
        {"email": placeholder}, subject=Subject(match=["email"], contact=["email"])
    ))
    hotel.declare(transfers, Policy(
        {"reason": redact}, via=["from_guest_id", "to_guest_id"], rows=delete_when_last_owner
    ))
    me = hotel.guest
    hotel.put(
        hotel.guests, {"id": 11, "code": "G-11", "name": me.name.upper(), "email": None,
                       "phone": me.phone},
        {"name": MARK, "email": MAIL, "phone": None},
    )  # fmt: skip
    hotel.put(readers, {"id": 1, "email": me.email}, {"email": MAIL})
    hotel.put(readers, {"id": 2, "email": NEIGHBOUR.email})
    hotel.goes(transfers, {"id": 1, "from_guest_id": 1, "to_guest_id": 11, "reason": me.text})
    hotel.put(transfers, {"id": 2, "from_guest_id": 1, "to_guest_id": 2, "reason": "Shared taxi"})
    hotel.put(transfers, {"id": 3, "from_guest_id": 2, "to_guest_id": None, "reason": "Alone"})
    hotel.people += [("guests", (11,)), ("readers", (1,))]


def companions_and_shared_rooms(hotel: Hotel) -> None:
    """A stay belongs to everybody who sleeps in the room; a mapped class leads to them."""
    sharing = Table(
        "stay_guests", hotel.metadata,
        Column("stay_id", ForeignKey("stays.id"), primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), primary_key=True, index=True),
    )  # fmt: skip
    stays = hotel.table("stays", Column("room", String(8)), Column("wishes", Text))
    stay: Any = type("Stay", (), {})
    hotel.registry.map_imperatively(stay, stays, properties={
        "guests": relationship(hotel.Guest, secondary=sharing, backref="stays"),
    })
    hotel.declare(stay, Policy({"room": keep("occupancy"), "wishes": redact}, via="guests"))
    hotel.declare(sharing, Policy({}, via="guest_id"))
    hotel.put(stays, {"id": 1, "room": "101", "wishes": hotel.guest.text}, {"wishes": MARK})
    hotel.put(stays, {"id": 2, "room": "102", "wishes": "A cot for both"})
    hotel.put(stays, {"id": 3, "room": "103", "wishes": NEIGHBOUR.text})
    for stay_id, guest_id in ((1, 1), (2, 1), (2, 2), (3, 2)):
        hotel.put(sharing, {"stay_id": stay_id, "guest_id": guest_id})


def a_booker_who_is_not_the_guest(hotel: Hotel) -> None:
    """Some columns of a booking are the booker's alone, others the guest's."""
    bookings = hotel.table(
        "bookings", Column("booker_id", ForeignKey("guests.id"), index=True),
        Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("booker_phone", String(40)), Column("guest_name", String(80)),
        Column("nights", Integer),
    )  # fmt: skip
    hotel.declare(bookings, Policy(
        {"booker_phone": null, "guest_name": redact, "nights": keep("statistics")},
        via={"booker_id": ["booker_phone"], "guest_id": ["guest_name"]},
    ))  # fmt: skip
    me, other = hotel.guest, NEIGHBOUR
    for number, booker, guest, becomes in (
        (1, 1, 1, {"booker_phone": None, "guest_name": MARK}),
        (2, 1, 2, {"booker_phone": None}),
        (3, 2, 1, {"guest_name": MARK}),
        (4, 2, 2, {}),
        (5, 1, None, {"booker_phone": None, "guest_name": MARK}),
    ):
        hotel.put(bookings, {
            "id": number, "booker_id": booker, "guest_id": guest, "nights": number,
            "booker_phone": (me if booker == 1 else other).phone,
            "guest_name": "not yet known" if guest is None else (me if guest == 1 else other).name,
        }, becomes)  # fmt: skip
