"""Fills an empty hotel with invented people, the same ones for the same arguments."""

from __future__ import annotations

import hashlib
import shutil
import struct
import zlib
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .base import db
from .crowd import Crowd
from .hotel import ANCHOR, HOTELS, KNOWN, STAFF, demo_password
from .models import Property
from .rows import Calendar, Row, Rows
from .stays import Ledger

FEWEST = 20


class NotEmptyError(Exception):
    """The hotel has rows already; seeding would mix invented people with what is there."""


def seed(
    session: Session,
    guests: int = 60,
    seed: int = 7,
    today: date = ANCHOR,
    *,
    scans: Path | None = None,
) -> dict[str, int]:
    """Fill the tables of the demo hotel and commit.

    :param guests: rows of `guests` to make, at least 20; those of `hotel.KNOWN` come first.
    :param seed: the same number makes the same hotel, byte for byte.
    :param today: the business date; every stay is dated from it.
    :param scans: folder for the document scans; without it only their rows are made.
    :returns: table -> number of rows.
    :raises ValueError: fewer than 20 guests are asked for.
    :raises NotEmptyError: there is a property already.
    """
    if guests < FEWEST:
        raise ValueError(f"A hotel of fewer than {FEWEST} guests shows too little.")
    if session.scalar(select(Property.code).limit(1)):
        raise NotEmptyError("The database has a hotel already. Start over with --fresh.")
    rows = build(guests, seed, today)
    counts = rows.write(session, db.metadata)
    session.commit()
    if scans is not None:
        rows.write_scans(scans)
    return counts


def forget_scans(folder: Path) -> None:
    """Remove the scans that `seed` wrote below `folder`."""
    for hotel in HOTELS:
        shutil.rmtree(folder / hotel.code, ignore_errors=True)


def build(guests: int, seed: int, today: date) -> Rows:
    """Invent the hotel and everything its guests left behind; nothing is written yet."""
    draw, rows = Random(seed), Rows()
    rooms = add_hotels(rows, guests, today)
    stays = Crowd(rows, draw, today).stays(guests)
    ledger = Ledger(rows, draw, today, {code: Calendar(numbers) for code, numbers in rooms.items()})
    for stay in sorted(stays, key=lambda stay: stay.arrival):
        ledger.record(stay)
    date_profiles(rows, today)
    add_scans(rows, draw)
    add_consents(rows, draw)
    add_changes(rows, draw)
    return rows


def add_hotels(rows: Rows, guests: int, today: date) -> dict[str, list[str]]:
    """Add properties, rooms and staff; return the room numbers of each property."""
    columns = Property.__table__.columns.keys()
    rooms: dict[str, list[str]] = {}
    for hotel in HOTELS:
        facts = {name: value for name, value in asdict(hotel).items() if name in columns}
        rows.add("properties", **facts, business_date=today, night_audit_running=False)
        count = max(24, guests // 8)
        rooms[hotel.code] = [f"{2 + n // 12}{1 + n % 12:02d}" for n in range(count)]
        for n, number in enumerate(rooms[hotel.code]):
            rows.add(
                "rooms",
                property_code=hotel.code,
                number=number,
                kind=("standard", "superior", "suite")[n % 3],
                rate=Decimal(hotel.rates[n % 3]),
                clean=n % 7 != 0,
            )
    for login, name, role, code in STAFF:
        rows.add(
            "staff",
            login=login,
            name=name,
            role=role,
            property_code=code,
            password_hash=demo_hash(login),
            active=True,
        )
    return rooms


def demo_hash(login: str) -> str:
    """Hash a demo password in Werkzeug's format; cheap and salted by the login, to be repeatable.

    Real staff get a real hash: these passwords are printed by `pms staff`.
    """
    rounds, word = 1000, demo_password(login).encode()
    digest = hashlib.pbkdf2_hmac("sha256", word, login.encode(), rounds)
    return f"pbkdf2:sha256:{rounds}${login}${digest.hex()}"


def date_profiles(rows: Rows, today: date) -> None:
    """Date every profile by its first booking, as a profile is made with it."""
    first: dict[int, date] = {}
    staying: dict[int, list[int]] = {}
    for link in rows.tables["booking_companions"]:
        staying.setdefault(link["booking_id"], []).append(link["guest_id"])
    for booking in rows.tables["bookings"]:
        day = booking["created_at"].date()
        for guest in (booking["booker_id"], *staying[booking["id"]]):
            first[guest] = min(day, first.get(guest, day))
    for row in rows.tables["guests"]:
        row["created_on"] = first.get(row["id"], today - timedelta(days=200))
    for account in rows.tables["loyalty_accounts"]:
        holders = [g for g in rows.tables["guests"] if g["loyalty_no"] == account["number"]]
        account["joined_on"] = min(holder["created_on"] for holder in holders)


def add_scans(rows: Rows, draw: Random) -> None:
    """Add a scan for the known guests who have one and for a third of the registered others."""
    wanted = {place for place, known in enumerate(KNOWN, 1) if known.more.get("scan")}
    guests, bookings = rows.tables["guests"], rows.tables["bookings"]
    seen: set[int] = set()
    for line in rows.tables["registrations"]:
        guest = guests[line["guest_id"] - 1]
        chosen = guest["id"] in wanted or draw.random() < 0.3
        if guest["id"] in seen or not chosen or not guest["document_no"]:
            continue
        seen.add(guest["id"])
        name = guest["name"].replace(" ", "_").replace("/", "_")
        path = f"{guest['property_code']}/{name}_{guest['document_type']}_{guest['id']}.png"
        content = picture(f"INVENTED {guest['name']} {guest['document_no']}", guest["id"])
        rows.scans[path] = content
        rows.add(
            "id_document_files",
            id=rows.number("id_document_files"),
            guest_id=guest["id"],
            kind=guest["document_type"],
            path=path,
            size=len(content),
            taken_at=bookings[line["booking_id"] - 1]["arrived_at"],
        )


def picture(words: str, shade: int) -> bytes:
    """Return a small grey PNG picture that carries `words` as a comment, as scanners leave them."""
    width, height = 48, 30

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    pixels = (b"\0" + bytes([96 + shade % 128]) * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"iTXt", b"Comment\0\0\0\0\0" + words.encode())
        + chunk(b"IDAT", zlib.compress(pixels, 9))
        + chunk(b"IEND", b"")
    )


def add_consents(rows: Rows, draw: Random) -> None:
    """Add the proof of consent for everybody who gets the newsletter, some of it withdrawn."""
    for guest in rows.tables["guests"]:
        if not guest["newsletter"]:
            continue
        gone = draw.random() < 0.15
        rows.add(
            "marketing_consents",
            id=UUID(int=draw.getrandbits(128), version=4),
            guest_id=guest["id"],
            channel="email",
            address=guest["email"],
            given_on=guest["created_on"],
            withdrawn_on=guest["created_on"] + timedelta(days=30) if gone else None,
        )
        guest["newsletter"] = not gone


def add_changes(rows: Rows, draw: Random) -> None:
    """Add what the audit module wrote when clerks corrected profiles."""
    for guest in rows.tables["guests"]:
        if draw.random() > 0.25:
            continue
        new: Row = {"name": guest["name"], "email": guest["email"], "phone": guest["phone"]}
        rows.add(
            "audit_log",
            id=rows.number("audit_log"),
            at=datetime.combine(guest["created_on"], time(10)),
            property_code=guest["property_code"],
            actor=f"{guest['property_code'].lower()}.desk2",
            action="guest.update",
            entity="guests",
            entity_key=str(guest["id"]),
            old=new | {"phone": None, "name": guest["name"].upper()},
            new=new,
        )
