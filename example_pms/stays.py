"""What one booking leaves behind in a hotel's tables: register, folio, invoice, messages, notes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from .hotel import Hotel
from .rows import Calendar, Row, Rows

EXTRAS = ("Minibar", "Laundry", "Breakfast", "Parking", "Bar", "Late check-out")
WISHES = ("quiet room", "high floor", "baby cot", "late arrival", "无烟房", "加床")
NOTES = (
    "{name} asked for two more pillows",
    "Left a charger behind, {name} will call",
    "{name} 的房间需要加一床被子",
    "Window of this room sticks",
    "{family}: do not disturb before 11",
)


@dataclass
class Stay:
    """One booking as the seeder plans it.

    :param guests: guest rows that stay, the main guest first.
    :param arrival: first night.
    :param company: billed instead of the guest, or an empty string.
    """

    hotel: Hotel
    guests: list[Row]
    booker: Row
    status: str
    arrival: date
    nights: int
    source: str = "direct"
    group: Row | None = None
    company: str = ""

    @property
    def departure(self) -> date:
        """The day they leave."""
        return self.arrival + timedelta(days=self.nights)

    @property
    def slept(self) -> bool:
        """Tell whether anybody has arrived."""
        return self.status in ("departed", "in_house")


class Ledger:
    """Writes down a stay the way the front desk, accounting and the mailing module would.

    :param rows: where the rows go.
    :param draw: the source of every choice.
    :param today: the business date.
    :param calendars: property code -> free rooms.
    """

    def __init__(
        self, rows: Rows, draw: Random, today: date, calendars: dict[str, Calendar]
    ) -> None:
        self.rows, self.draw, self.today, self.calendars = rows, draw, today, calendars
        self.invoices: dict[tuple[str, int], int] = {}

    def record(self, stay: Stay) -> Row:
        """Write every row that `stay` leaves behind and return its booking."""
        booking = self._booking(stay)
        for place, guest in enumerate(stay.guests):
            self.rows.add(
                "booking_companions",
                booking_id=booking["id"],
                guest_id=guest["id"],
                role=role(guest, stay.arrival, place),
            )
        self._message(stay, booking, "Your booking", "we confirm your booking")
        self._audit(stay, booking, "booking.create", None, {"status": "booked"})
        if stay.slept:
            self._register(stay, booking)
            self._bill(stay, booking)
            self._note(stay, booking)
            self._audit(stay, booking, "booking.check_in", {"room": None},
                        {"room": booking["room_no"]})  # fmt: skip
        if stay.status == "departed" and self.draw.random() < 0.3:
            self._message(stay, booking, "Thank you", "thank you for your stay")
        return booking

    def _booking(self, stay: Stay) -> Row:
        draw, hotel, number = self.draw, stay.hotel, self.rows.number("bookings")
        room = None
        if stay.slept:
            room = self._room(stay)
        rate = Decimal(draw.choice(hotel.rates))
        ahead = draw.randrange(1, 60)
        made = min(stay.arrival, self.today) - timedelta(days=ahead)
        main = stay.guests[0]
        agency = stay.source == "ota"
        return self.rows.add(
            "bookings",
            id=number,
            property_code=hotel.code,
            number=f"{hotel.code}{number:06d}",
            booker_id=stay.booker["id"],
            group=stay.group["id"] if stay.group else None,
            status=stay.status,
            planned_arrival=stay.arrival,
            planned_departure=stay.departure,
            arrived_at=self._at(hotel, stay.arrival, 14) if stay.slept else None,
            departed_at=self._at(hotel, stay.departure, 8) if stay.status == "departed" else None,
            cancelled_on=made + timedelta(days=ahead // 2) if stay.status == "cancelled" else None,
            room_no=room,
            source=stay.source,
            external_ref=f"OB-{draw.randrange(10**8):08d}" if agency else None,
            ota_message=ota_message(main, stay) if agency else None,
            contact_phone=stay.booker["phone"] or main["phone"],
            wishes=self._wish(main),
            amount=rate * stay.nights,
            created_at=self._at(hotel, made, draw.randrange(8, 20)),
        )

    def _room(self, stay: Stay) -> str:
        """Take a free room; a full house makes the stay begin earlier."""
        wish = self.draw.randrange(1000)
        calendar = self.calendars[stay.hotel.code]
        while (room := calendar.take(wish, stay.arrival, stay.departure)) is None:
            stay.arrival -= timedelta(days=1)
            stay.nights += stay.status == "in_house"
        return room

    def _at(self, hotel: Hotel, day: date, hour: int) -> datetime:
        """Return some minute of `hour` o'clock local time as naive UTC."""
        local = datetime.combine(day, time(hour, self.draw.randrange(60)))
        return local - timedelta(hours=hotel.offset)

    def _wish(self, guest: Row) -> str | None:
        chance = self.draw.random()
        if chance < 0.1:
            return f"{guest['name']}: {self.draw.choice(WISHES)}"
        return self.draw.choice(WISHES) if chance < 0.3 else None

    def _register(self, stay: Stay, booking: Row) -> None:
        chinese = stay.hotel.country == "CN"
        for guest in stay.guests:
            reported = self._at(stay.hotel, stay.arrival, 15)
            self.rows.add(
                "registrations",
                id=self.rows.number("registrations"),
                property_code=stay.hotel.code,
                booking_id=booking["id"],
                guest_id=guest["id"],
                room_no=booking["room_no"],
                first_night=stay.arrival,
                last_night=stay.departure - timedelta(days=1),
                name=guest["name"],
                nationality=guest["nationality"],
                document_type=guest["document_type"],
                **{"证件号码": guest["document_no"] or ""},
                reported_at=reported if chinese else None,
                police_ref=f"PSB{self.draw.randrange(10**9):09d}" if chinese else None,
            )

    def _bill(self, stay: Stay, booking: Row) -> None:
        gone = stay.status == "departed"
        folio = self.rows.number("folios")
        self.rows.add(
            "folios",
            id=folio,
            booking_number=booking["number"],
            currency=stay.hotel.currency,
            opened_on=stay.arrival,
            closed_on=stay.departure if gone else None,
        )
        charges = self._charges(stay, booking)
        for order, (day, words, amount) in enumerate(charges, 1):
            self.rows.add(
                "folio_lines",
                folio_id=folio,
                order=order,
                posted_on=day,
                description=words,
                amount=amount,
                posted_by=f"{stay.hotel.code.lower()}.desk",
            )
        if gone:
            total = sum((amount for _, _, amount in charges), Decimal(0))
            self._pay(stay, folio, total)
            self._invoice(stay, booking, total)

    def _charges(self, stay: Stay, booking: Row) -> list[tuple[date, str, Decimal]]:
        """Return day, description and amount of everything on the folio, extras last."""
        draw, rate = self.draw, booking["amount"] / stay.nights
        nights = stay.nights if stay.status == "departed" else (self.today - stay.arrival).days
        charges = [
            (stay.arrival + timedelta(days=night), f"Room {booking['room_no']}", rate)
            for night in range(nights)
        ]
        for _ in range(draw.randrange(3)):
            day = stay.arrival + timedelta(days=draw.randrange(max(nights, 1)))
            words = f"{draw.choice(EXTRAS)} – {stay.guests[0]['name']}"[:120]
            charges.append((day, words, Decimal(draw.randrange(300, 6000)) / 100))
        return charges

    def _pay(self, stay: Stay, folio: int, total: Decimal) -> None:
        method = self.draw.choice(("card", "card", "cash", "wechat"))
        payer = stay.company or stay.guests[0]["name"]
        self.rows.add(
            "payments",
            id=self.rows.number("payments"),
            folio_id=folio,
            method=method,
            amount=total,
            paid_at=self._at(stay.hotel, stay.departure, 8),
            payerName=payer if method != "cash" else None,
            card_last4=f"{self.draw.randrange(10000):04d}" if method == "card" else None,
        )

    def _invoice(self, stay: Stay, booking: Row, total: Decimal) -> None:
        hotel, year, main = stay.hotel, stay.departure.year, stay.guests[0]
        serial = self.invoices[hotel.code, year] = self.invoices.get((hotel.code, year), 0) + 1
        cents = int(total * 100)
        self.rows.add(
            "invoices",
            id=self.rows.number("invoices"),
            number=f"{hotel.code}-{year}-{serial:05d}",
            property_code=hotel.code,
            booking_number=booking["number"],
            billed_to=stay.company or main["name"],
            billed_address=None if stay.company else main["address"],
            issued_on=stay.departure,
            total_cents=cents,
            tax_cents=cents * hotel.vat // (100 + hotel.vat),
            currency=hotel.currency,
        )

    def _message(self, stay: Stay, booking: Row, subject: str, words: str) -> None:
        to = stay.booker
        recipient = to["email"] or to["phone"]
        if not recipient:
            return
        thanks = subject == "Thank you"
        sent = self._at(stay.hotel, stay.departure, 18) if thanks else booking["created_at"]
        unlinked = self.draw.random() < 0.2
        self.rows.add(
            "messages",
            id=self.rows.number("messages"),
            property_code=stay.hotel.code,
            channel="email" if to["email"] else "sms",
            recipient=recipient,
            booking_id=0 if unlinked else booking["id"],
            subject=f"{subject} {booking['number']}",
            body=f"Dear {to['name']}, {words} {booking['number']}. {stay.hotel.name}",
            sent_at=min(sent, self._at(stay.hotel, self.today, 9)),
        )

    def _note(self, stay: Stay, booking: Row) -> None:
        if self.draw.random() > 0.25:
            return
        main = stay.guests[0]
        words = self.draw.choice(NOTES)
        self.rows.add(
            "housekeeping_notes",
            id=self.rows.number("housekeeping_notes"),
            property_code=stay.hotel.code,
            room_no=booking["room_no"],
            booking_id=booking["id"] if self.draw.random() < 0.7 else None,
            on_day=stay.arrival,
            text=words.format(name=main["name"], family=main["family_name"] or main["name"]),
            author=f"{stay.hotel.code.lower()}.desk2",
        )

    def _audit(self, stay: Stay, booking: Row, action: str, old: Any, new: Any) -> None:
        main = stay.guests[0]
        facts = {"number": booking["number"], "guest": main["name"], "phone": main["phone"]}
        self.rows.add(
            "audit_log",
            id=self.rows.number("audit_log"),
            at=booking["arrived_at"] if action == "booking.check_in" else booking["created_at"],
            property_code=stay.hotel.code,
            actor=f"{stay.hotel.code.lower()}.desk" if stay.source == "direct" else "channel",
            action=action,
            entity="bookings",
            entity_key=str(booking["id"]),
            old=None if old is None else facts | old,
            new=facts | new,
        )


def role(guest: Row, on: date, place: int) -> str:
    """Return what a staying guest is to the booking: main, adult or child."""
    if place == 0:
        return "main"
    born = guest["birth_date"]
    return "child" if born and (on - born).days < 16 * 365 else "adult"


def ota_message(guest: Row, stay: Stay) -> str:
    """Return what the booking site sent, as it was kept: JSON in a text column."""
    return json.dumps(
        {
            "guest": {"name": guest["name"], "email": guest["email"], "phone": guest["phone"]},
            "arrival": stay.arrival.isoformat(),
            "nights": stay.nights,
        },
        ensure_ascii=False,
    )
