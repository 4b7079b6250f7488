"""Decides who comes to the hotel, with whom, and who booked for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from .hotel import ALIAS, HOTELS, KNOWN, LEIPZIG, Hotel
from .people import STREETS, Person, Phone, draw_child, draw_mailbox, draw_person, draw_phone
from .rows import Row, Rows
from .stays import Stay

SIZES = {"single": 1, "broker": 1, "couple": 2, "family": 3, "twin": 2, "agent": 2}
WEIGHTS = (40, 12, 20, 12, 8, 8)
DECK = ("departed",) * 6 + ("cancelled", "no_show", "in_house", "booked", "arriving", "departed")
OLDEST = 4200
"""Days since the oldest departure; whoever left then was grown up then."""
PREFERENCES = (None, None, {"pillow": "hard", "floor": "high"}, {"茶": "绿茶", "smoking": False})
GUIDE = Phone("86", "120", "00000099")
"""A tour guide's telephone, given for many who never held it."""


class Crowd:
    """Adds guest rows and plans their stays.

    :param rows: where guests, loyalty accounts and group masters go.
    :param draw: the source of every choice.
    :param today: the business date.
    """

    def __init__(self, rows: Rows, draw: Random, today: date) -> None:
        self.rows, self.draw, self.today = rows, draw, today
        self.decks: dict[str, list[str]] = {hotel.code: [] for hotel in HOTELS}
        self.seats: dict[str, list[Row]] = {hotel.code: [] for hotel in HOTELS}

    def stays(self, guests: int) -> list[Stay]:
        """Invent exactly `guests` guest rows and return every stay planned for them."""
        planned = list(self._known())
        kinds = ["alias"] * (guests // 4)
        left = guests - len(KNOWN) - len(kinds)
        if left < 0:
            kinds, left = kinds[:left], 0
        while left > 0:
            kind = self.draw.choices(tuple(SIZES), WEIGHTS)[0]
            kind = kind if SIZES[kind] <= left else "single"
            kinds.append(kind)
            left -= SIZES[kind]
        self.draw.shuffle(kinds)
        for place, kind in enumerate(kinds):
            hotel = HOTELS[place % 2]
            planned += getattr(self, f"_{kind}")(hotel)
            if place % 25 == 24:
                self._group(hotel, planned[-1].booker, 3)
        return planned

    def _known(self) -> Iterator[Stay]:
        rows: dict[str, Row] = {}
        hotels = {hotel.code: hotel for hotel in HOTELS}
        for known in KNOWN:
            person = Person(
                known.name, known.given, known.family, known.key, known.nationality, known.born,
                known.document_type, known.document_no,
                STREETS.get(known.nationality, STREETS["DE"]).format(n=len(rows) + 1),
            )  # fmt: skip
            row = rows[known.key] = self._guest(
                hotels[known.property], person, known.email, known.phone or None
            )
            row.update(newsletter=bool(known.more.get("newsletter")), notes=None)
            row.update(vip=bool(known.more.get("vip")))
            if known.more.get("loyalty"):
                self._loyalty(row)
        rows["zoe.again"]["loyalty_no"] = rows["zoe"]["loyalty_no"]
        self._group(LEIPZIG, rows["claire"], 3, self.today - timedelta(days=150))
        for known in KNOWN:
            if known.stay is None:
                continue
            status, days, nights = known.stay
            party = [rows[known.key], *(rows[k.key] for k in KNOWN if k.under == known.key)]
            yield Stay(
                hotels[known.property], party, rows[known.booked_by or known.key], status,
                self.today + timedelta(days=days), nights,
            )  # fmt: skip

    def _alias(self, hotel: Hotel) -> list[Stay]:
        phone = self._phone(hotel) if self.draw.random() < 0.5 else None
        row = self._guest(hotel, self._person(hotel), ALIAS, phone)
        return self._visits(hotel, [row], row, "ota")

    def _broker(self, hotel: Hotel) -> list[Stay]:
        email = f"x{self.draw.getrandbits(40):010x}@guest.otabroker.example"
        row = self._guest(hotel, self._person(hotel), email, self._phone(hotel))
        return self._visits(hotel, [row], row, "ota")

    def _single(self, hotel: Hotel) -> list[Stay]:
        chance, person = self.draw.random(), self._person(hotel)
        email = "" if chance < 0.15 else self._mailbox(person)
        phone: str | None = self._phone(hotel)
        if 0.1 < chance < 0.2:
            phone = self.draw.choice((None, "", "0"))
        elif chance > 0.95:
            phone = GUIDE.spell(self.draw.randrange(5))
        row = self._guest(hotel, person, email, phone)
        if email and self.draw.random() < 0.2:
            self._loyalty(row)
        return self._visits(hotel, [row], row)

    def _couple(self, hotel: Hotel) -> list[Stay]:
        first, second = self._person(hotel), self._person(hotel)
        email, phone = self._mailbox(first), self._phone(hotel)
        party = [self._guest(hotel, person, email, phone) for person in (first, second)]
        return self._visits(hotel, party, party[0])

    def _family(self, hotel: Hotel) -> list[Stay]:
        parent = self._person(hotel)
        email, phone = self._mailbox(parent), self._phone(hotel)
        children = [draw_child(self.draw, parent, self.today) for _ in range(2)]
        party = [self._guest(hotel, person, email, phone) for person in (parent, *children)]
        stays = self._visits(hotel, party, party[0])
        for stay in stays:
            # The youngest child is two years old: nobody sleeps here before being born.
            stay.arrival = max(stay.arrival, self.today - timedelta(days=690))
        return stays

    def _twin(self, hotel: Hotel) -> list[Stay]:
        """One person in two guest rows, now and then in both hotels."""
        person = self._person(hotel)
        email, number = self._mailbox(person), draw_phone(self.draw, person.nationality)
        other = hotel if self.draw.random() < 0.75 else HOTELS[hotel is HOTELS[0]]
        first = self._guest(hotel, person, email, number.spell(0))
        if self.draw.random() < 0.5:
            self._loyalty(first)
        shouted = email.upper() if self.draw.random() < 0.5 else email
        second = self._guest(other, person, shouted, number.spell(self.draw.randrange(1, 5)))
        second["loyalty_no"] = first["loyalty_no"]
        if other is hotel and self.draw.random() < 0.2:
            second["merged_into"] = first["id"]
        return [
            *self._visits(hotel, [first], first),
            *self._visits(other, [second], second),
        ]

    def _agent(self, hotel: Hotel) -> list[Stay]:
        """Somebody books for somebody else and never comes."""
        agent, person = self._person(hotel), self._person(hotel)
        booker = self._guest(hotel, agent, self._mailbox(agent), self._phone(hotel))
        booker.update(document_type="", document_no=None, birth_date=None)
        row = self._guest(hotel, person, "", None)
        company = f"{agent.family} Reisen" if self.draw.random() < 0.5 else ""
        return self._visits(hotel, [row], booker, "agency", company)

    def _visits(
        self, hotel: Hotel, party: list[Row], booker: Row, source: str = "direct", company: str = ""
    ) -> list[Stay]:
        """Plan the party's stay as the deck says, and for some an earlier one."""
        draw = self.draw
        stays = [self._visit(hotel, party, booker, self._card(hotel))]
        if draw.random() < 0.35:
            stays.append(self._visit(hotel, party, booker, "departed"))
        for stay in stays:
            stay.source, stay.company = source, company
        return stays

    def _visit(self, hotel: Hotel, party: list[Row], booker: Row, card: str) -> Stay:
        draw, nights = self.draw, self.draw.randrange(1, 6)
        seats = self.seats[hotel.code]
        if card == "departed" and seats:
            group = seats.pop()
            length = (group["departure"] - group["arrival"]).days
            return Stay(hotel, party, booker, card, group["arrival"], length, group=group)
        status = "booked" if card == "arriving" else card
        days = {
            "arriving": 0,
            "booked": draw.randrange(1, 120),
            "in_house": -draw.randrange(min(nights + 1, 5)),
            "cancelled": draw.randrange(-300, 60),
            "no_show": -draw.randrange(1, 300),
            "departed": -nights - self._age(),
        }[card]
        return Stay(hotel, party, booker, status, self.today + timedelta(days=days), nights)

    def _age(self) -> int:
        """Days since a departure: mostly this year, some far enough back for any law to end."""
        chance = self.draw.random()
        low, high = (1, 400) if chance < 0.7 else (400, 1500) if chance < 0.9 else (1500, OLDEST)
        return self.draw.randrange(low, high)

    def _card(self, hotel: Hotel) -> str:
        """Draw a status; every twelve bookings of a hotel hold at least one of each."""
        deck = self.decks[hotel.code]
        if not deck:
            deck += self.draw.sample(DECK, len(DECK))
        return deck.pop()

    def _group(self, hotel: Hotel, organiser: Row, seats: int, arrival: date | None = None) -> None:
        """Open a group that the next departed parties join."""
        start = arrival or self.today - timedelta(days=self.draw.randrange(20, 680))
        title = f"{self.draw.choice(('Wedding', 'Tour', 'Seminar'))} {organiser['name']}"
        group = self.rows.add(
            "group_bookings",
            id=self.rows.number("group_bookings"),
            property_code=hotel.code,
            title=title,
            organiser_id=organiser["id"],
            contact_email=organiser["email"] or None,
            remarks=f"Rooming list comes from {organiser['name']}",
            arrival=start,
            departure=start + timedelta(days=2),
        )
        self.seats[hotel.code] += [group] * seats

    def _person(self, hotel: Hotel) -> Person:
        grown = self.today - timedelta(days=OLDEST)
        return draw_person(self.draw, self.draw.choice(hotel.mix.split()), grown)

    def _phone(self, hotel: Hotel) -> str:
        return draw_phone(self.draw, hotel.country).spell(self.draw.randrange(5))

    def _mailbox(self, person: Person) -> str:
        serial = len(self.rows.tables["guests"]) + 1
        return draw_mailbox(self.draw, person, serial)

    def _guest(self, hotel: Hotel, person: Person, email: str, phone: str | None) -> Row:
        draw, private = self.draw, bool(email) and "@guest." not in email
        return self.rows.add(
            "guests",
            id=self.rows.number("guests"),
            property_code=hotel.code,
            name=person.name,
            given_name=person.given if draw.random() < 0.9 else None,
            family_name=person.family if draw.random() < 0.9 else None,
            email=email,
            phone=phone,
            nationality=person.nationality,
            birth_date=person.birth_date,
            document_type=person.document_type,
            document_no=person.document_no or None,
            address=person.address,
            loyalty_no=None,
            vip=draw.random() < 0.05,
            preferences=draw.choice(PREFERENCES),
            notes=f"{person.name} prefers to be called" if draw.random() < 0.1 else None,
            newsletter=private and draw.random() < 0.4,
            marketing_source=draw.choice((None, "website", "fair", "friend")),
            merged_into=None,
            created_on=self.today,
        )

    def _loyalty(self, guest: Row) -> None:
        """Open a loyalty account for `guest`, whose mailbox nobody else enrolled."""
        number = f"LH{self.rows.number('loyalty_accounts'):08d}"
        self.rows.add(
            "loyalty_accounts",
            number=number,
            property_code=guest["property_code"],
            holder=guest["name"],
            email=guest["email"].lower(),
            tier=self.draw.choice(("silver", "gold")),
            points=self.draw.randrange(20000),
            joined_on=guest["created_on"],
        )
        guest["loyalty_no"] = number
