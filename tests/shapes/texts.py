"""Shapes of texts of which only a part is the guest's: mentions, JSON members, shared notes."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, String, Text

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import inside, keep, mentions, null, placeholder, redact

from .contents import Sealed, sealed
from .hotel import NEIGHBOUR, RANDOM, STAFF, Hotel


def texts_that_mention_people(hotel: Hotel) -> None:
    """Only what names the guest goes; the colleague, the neighbour and the wish stay."""
    shifts = hotel.table(
        "shift_notes", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("body", Text, nullable=False), Column("short", String(24)),
        Column("checked", String(80), CheckConstraint("checked <> ''")),
        Column("payload", JSON), Column("text_json", Text), Column("sealed", Sealed(600)),
    )  # fmt: skip
    names = ("body", "short", "checked", "payload", "text_json", "sealed")
    hotel.declare(shifts, Policy(dict.fromkeys(names, mentions), via="guest_id"))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        row, left = _noted(who), _noted(None)
        hotel.put(
            shifts, {"id": number, "guest_id": number, **row}, left if number == 1 else {}
        )
    hotel.put(shifts, {"id": 3, "guest_id": 1, "body": f"{STAFF.name} saw a feather; 1.50"})
    hotel.put(shifts, {"id": 4, "guest_id": 1, "body": "", "short": ""})
    hotel.secrets += [sealed(hotel.guest.name)]


def _noted(who: Any) -> dict[str, Any]:
    """Return a note about somebody, or what is left of it."""
    name, mail, phone = (who.name, who.email, who.phone) if who else ["[erased]"] * 3
    return {
        "body": f"{name} met {STAFF.name}: quiet room.\n{mail} / {phone} 🦜",
        "short": f"VIP {name[:20]}" if who is None or len(name) <= 20 else "",
        "checked": f"{NEIGHBOUR.name} knows {name}",
        "payload": {"who": name, "with": [STAFF.name, {"mail": mail}], "sum": 1.5, "n": None},
        "text_json": f'{{"who": {json.dumps(name)},  "sum": 1.50, "by": "{STAFF.name}"}}',
        "sealed": f"{name}, {STAFF.name}",
    }


def values_within_json(hotel: Hotel) -> None:
    """Listed members go, unlisted ones keep their form; what is no JSON goes as a whole."""
    profiles = hotel.table(
        "profiles", Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("likes", JSON, nullable=False), Column("extra", String(400)),
        Column("form", Text, nullable=False),
    )  # fmt: skip
    rule = inside({
        "$.contact.email": placeholder, "$.contact.phone": null, "$.guest": redact,
        "$.notes[*].text": mentions, "$['语言 备注'][0]": "", "$.vip": keep("for the room plan"),
        "$.missing.path": null,
    })  # fmt: skip
    hotel.declare(profiles, Policy({"likes": rule, "extra": inside({"$.who": null}),
                                    "form": inside({"$[*].who": null}, redact)}, via="guest_id"))
    for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
        likes = {
            "contact": {"phone": who.phone, "kind": "home"},
            "guest": {"name": who.name, "document": who.document},
            "notes": [{"text": f"{who.name} and {STAFF.name}", "at": 3}, {"by": STAFF.name}],
            "语言 备注": [who.text, "普通话"], "vip": True, "rate": 1.5,
        }  # fmt: skip
        left = {
            "contact": {"phone": None, "kind": "home"},
            "guest": "[erased]",
            "notes": [{"text": f"[erased] and {STAFF.name}", "at": 3}, {"by": STAFF.name}],
            "语言 备注": ["", "普通话"], "vip": True, "rate": 1.5,
        }  # fmt: skip
        hotel.put(
            profiles, {"id": number, "guest_id": number, "likes": likes,
                       "extra": f'{{ "who":"{who.name}", "sum":1.50}}', "form": "no JSON"},
            {"likes": left, "extra": '{ "who":null, "sum":1.50}', "form": "[erased]"}
            if number == 1 else {},
        )  # fmt: skip
    hotel.put(
        profiles, {"id": 3, "guest_id": 1, "likes": [], "extra": f"{{{hotel.guest.name}",
                   "form": f'[{{"who": "{hotel.guest.name}"}}, 2]'},
        {"extra": None, "form": '[{"who": null}, 2]'},
    )  # fmt: skip


def a_note_about_several_people(hotel: Hotel) -> None:
    """Of a shared text only the spans of who is erased go; the other one's stay."""
    notes = hotel.table(
        "shared_notes", Column("sender", String(80), index=True),
        Column("reader", String(80), index=True), Column("body", Text, nullable=False),
    )  # fmt: skip
    hotel.declare(notes, Policy(
        {"sender": placeholder, "reader": placeholder, "body": mentions},
        via={Equal({"sender": "email"}, to="guests"): ["sender"],
             Equal({"reader": "email"}, to="guests"): ["reader"]},
    ))  # fmt: skip
    me, other = hotel.guest, NEIGHBOUR
    said = "{} shares with {}: {} or {}"
    full = said.format(me.name, other.name, me.phone, other.phone)
    left = said.format("[erased]", other.name, "[erased]", other.phone)
    for number, (one, two) in enumerate([(me, other), (other, me), (other, STAFF)], 1):
        mine = {"sender": RANDOM} if one is me else {"reader": RANDOM} if two is me else {}
        hotel.put(
            notes, {"id": number, "sender": one.email, "reader": two.email,
                    "body": full if mine else f"{other.name} alone"},
            {**mine, "body": left} if mine else {},
        )  # fmt: skip
