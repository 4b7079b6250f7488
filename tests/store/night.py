"""A hotel with a guest register, half of which can be sealed, for tests of its nights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    DateTime,
    Engine,
    ForeignKey,
    String,
    TypeDecorator,
    create_engine,
    insert,
    select,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_guesterase.core.image import Change, Image, Images
from flask_guesterase.core.payload import encode
from flask_guesterase.core.policy import Policy, Register, Subject
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.core.seal import Terms
from flask_guesterase.core.treatment import keep, null, redact, retain
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import boxing, shelf, vault
from flask_guesterase.store.boxes.reading import texts
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.lines import registers
from flask_guesterase.store.mapping.raw import reader
from flask_guesterase.store.office import Office
from flask_guesterase.store.registers.register import Produced
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import Work
from tests.engines import build

NIGHT = date(2026, 3, 9)
GRANTS = {
    ("clerk", "sh"): {"register"},
    ("second", "sh"): {"register"},
    ("auditor", "sh"): {"audit"},
    ("far", "mu"): {"register", "audit"},
    ("officer", "sh"): {"view", "file", "verify", "approve", "erase"},
}

_Result = TypeVar("_Result")


class Base(DeclarativeBase):
    """Base of the host's models."""


class Turned(TypeDecorator[str]):
    """A host's own type: what the database holds is not what the host says."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[::-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[::-1]


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120))


class Line(Base):
    __tablename__ = "registrations"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    hotel: Mapped[str] = mapped_column(String(10))
    room: Mapped[str] = mapped_column(String(8))
    first: Mapped[date | None] = mapped_column("first_night")
    last: Mapped[date | None] = mapped_column("last_night")
    given: Mapped[str | None] = mapped_column(String(40))
    family: Mapped[str] = mapped_column(String(40))
    nationality: Mapped[str | None] = mapped_column(String(2))
    passport: Mapped[str | None] = mapped_column(Turned)
    reported: Mapped[datetime | None] = mapped_column("reportedAt", DateTime)
    wishes: Mapped[str | None] = mapped_column(String(80))


LINE = Policy(
    {
        "hotel": keep("which house"),
        "room": keep("occupancy"),
        "first": keep("occupancy"),
        "last": keep("occupancy"),
        "given": retain("guest_register"),
        "family": retain("guest_register"),
        "nationality": retain("guest_register"),
        "passport": retain("guest_register"),
        "reported": retain("guest_register"),
        "wishes": null,
    },
    via="guest_id",
    category="guest_register",
    register=Register(
        room="room",
        first_night="first",
        last_night="last",
        name=["given", "family"],
        document="passport",
        reported="reported",
    ),
)
GUEST = Policy(
    {"hotel": keep("which house"), "name": redact, "email": null},
    subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
)


class Night:
    """An engine with a host's register, our tables and keys; the clock stands until moved.

    :param url: address of an empty database.
    :param folder: where keys go.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.engine: Engine = create_engine(url)
        self.now = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)
        self.custodian = FolderCustodian(folder / "keys")
        self.custodian.create()
        self.settings = Settings({
            "sh": Property("sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai"),
            "mu": Property("mu", "Hotel Fir", "Fir GmbH", "DE", "Europe/Berlin"),
        })  # fmt: skip
        self.declare(LINE)
        build(self.engine, Base.metadata, tables.metadata)
        self.events: list[Any] = []
        with self.engine.begin() as conn:
            conn.execute(insert(Guest).values(id=1, hotel="sh", name="Guest"))
            conn.execute(insert(Guest).values(id=2, hotel="mu", name="Guest"))

    def declare(self, line: Policy) -> None:
        """Let the vendor declare the register in this way."""
        self.datamap = resolve(
            [(Guest, GUEST), (Line, line)], Base.metadata.tables.values(),
            list(Base.registry.mappers),
        )  # fmt: skip

    def region(self, country: str, region: str, *own: Path) -> None:
        """Put the first hotel under the law of a region, beside packs of the operator's own."""
        places = self.settings.properties
        here = replace(places["sh"], country=country, region=region)
        self.settings = Settings({**places, "sh": here}, packs=tuple(map(str, own)))

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office the way the extension does."""
        with transaction(self.engine) as conn:
            work = Work(
                conn, self.now, self.settings, self.datamap, self.custodian,
                lambda who, what, where: what in GRANTS.get((who, where), ()),
            )  # fmt: skip
            office = Office(work)
            yield office
            office.close()
        self.events += work.events

    def run(self, unit: Callable[[Office], _Result]) -> _Result:
        """Run a unit of work."""
        with self.begin() as office:
            return unit(office)

    def later(self, **time: int) -> None:
        """Move the clock on."""
        self.now += timedelta(**time)

    def stay(self, id: Any, **values: Any) -> None:
        """Put a line into the register: by default one night of somebody in room 101."""
        line = {
            "id": id, "guest_id": 1, "hotel": "sh", "room": "101", "first": NIGHT, "last": NIGHT,
            "given": "Ann", "family": f"Zebrafinch{id}", "nationality": "CN",
            "passport": f"E{id:08}", "reported": datetime(2026, 3, 9, 15, 30), "wishes": "tea",
        } | values  # fmt: skip
        with self.engine.begin() as conn:
            conn.execute(insert(Line).values(**line))

    def seal(self, ids: Sequence[Any], last_day: str = "2026-03-12") -> list[str]:
        """Do to lines what an erasure does: a box for each, masks in the rows, and the shelf.

        Of columns that the law keeps under several categories each has a box of its own.
        """
        with self.begin() as office:
            kept = registers(office.work.datamap)["registrations"].declared.retain
            return [
                self._seal(office.work, id, last_day, [n for n in kept if kept[n] == category])
                for id in ids for category in dict.fromkeys(kept.values())
            ]  # fmt: skip

    def _seal(self, work: Work, id: Any, last_day: str, names: Sequence[str]) -> str:
        lines = registers(work.datamap)["registrations"]
        reads = reader(work.conn, lines.declared, work.live())
        (_, cells, typed), = reads.rows([(id,)], ["id", *names], names)
        image = Image("registrations", cells[:1], Change.OVERWRITTEN, cells[1:], 0)
        payload = encode(Images(work.conn.dialect.name, "", (image,)))
        terms = Terms("pine", "retention", last_day)
        box, = boxing.put(work.conn, work.custodian, [boxing.Item(payload, terms)], work.today)
        table = Line.__table__
        where = work.conn.execute(select(table).where(table.c.id == id)).one()
        said = texts(lines, image.columns, work.conn)
        assert said.get("passport") == typed.get("passport")
        shelf.lay(work, [shelf.Laid(
            box, terms.label, where.hotel, "registrations", where.room,
            str(where.first_night or ""), str(where.last_night or ""),
            (said.get("given", ""), said.get("family", "")), said.get("passport", ""),
        )])  # fmt: skip
        masks: dict[str, Any] = dict.fromkeys([*names, "wishes"])
        masks |= {"family": "[erased]"} if "family" in names else {}
        work.conn.execute(update(Line).where(Line.id == id).values(masks))
        return box

    def produce(self, by: str = "clerk", place: str = "sh", **asked: Any) -> Produced:
        """Let a clerk produce what a police officer asks; by default the whole night."""
        given: dict[str, Any] = {"night": NIGHT, "basis": Basis.POLICE} | asked
        question = Asked(place, "District police", "PS-1234", "A-2026/7", **given)
        return self.run(lambda office: office.produce_register(question, by))

    def forget(self) -> None:
        """Forget what is over, as the worker does on a machine whose clock is believed."""
        with self.begin() as office:
            work = office.work
            labels = vault.mark(work.conn, work.today, work.stamp, work.custodian.labels())
        vault.destroy(self.custodian, labels)
        with self.begin() as office:
            vault.record(office.work.conn, labels, office.work.stamp)
            shelf.forget(office.work)

    def dump(self) -> str:
        """Return everything in the host's tables and in ours, as one text."""
        found = []
        with self.engine.connect() as conn:
            for table in [*Base.metadata.sorted_tables, *tables.metadata.sorted_tables]:
                found += [repr(tuple(row)) for row in conn.execute(select(table))]
        return "\n".join(found)

    def ours(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of one of our tables."""
        table = tables.metadata.tables[tables.PREFIX + name]
        with self.engine.connect() as conn:
            return [dict(row._mapping) for row in conn.execute(select(table))]
