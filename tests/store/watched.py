"""A hotel in which something happens, with people who deal with incidents, and guests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask_guesterase.store import tables, worker
from flask_guesterase.store.incidents.opening import Class, Report
from flask_guesterase.store.incidents.publicly import Public
from flask_guesterase.store.settings import Property
from tests.store.hotel import Booking, Companion, Hotel, Invoice

TEXT = "The laptop of Bea Zebrafinch was stolen."
"""What somebody on duty reports; it must be readable nowhere but to who deals with it."""


class Watch(Hotel):
    """A hotel with people who deal with incidents, and guests."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        for user in ("officer", "second"):
            self.grants[user].add("incident")
        self.guest(1, name="Ann", email="ann@example.com")
        self.guest(2, name="Bea", email="bea@example.com")
        self.guest(3, name="Carl", email="bea@example.com")
        self.guest(4, name="Dora")
        self.guest(9, hotel="mu", name="Max", email="max@example.com")
        for id, guest in ((1, 1), (2, 2), (9, 9)):
            self.put(Booking, id=id, number=f"B{id}", guest_id=guest, remark=f"remark {id}")
        self.put(Companion, booking_id=2, guest_id=1)
        self.put(Invoice, id=1, booking_id=1, billed_to="Ann", total=90)

    def place(self, country: str, **more: str) -> None:
        """Let the hotel lie in another country."""
        zone = "UTC"
        self.settings.properties["sh"] = Property(  # type: ignore[index]
            "sh", "Hotel Pine", "Pine Ltd", country, zone, "en", **more
        )

    def run(self, unit: Any) -> Any:
        """Run a unit of work."""
        with self.begin() as office:
            return unit(office)

    def report(self, kind: str = "leak", by: str = "clerk", **more: Any) -> str:
        """Open an incident."""
        with self.begin() as office:
            return office.open_incident(Report("sh", kind, TEXT, **more), by)

    def classify(self, number: str, severity: str, *columns: str) -> None:
        """Classify an incident as the officer."""
        with self.begin() as office:
            office.classify_incident(number, Class(severity, "theft", "", columns), "officer")

    def nights(self, days: int) -> None:
        """Let days pass, each with its work."""
        for _ in range(days):
            self.later(days=1)
            worker.work(self.run, lambda *_: ("", ""), {})

    def end(self, number: str) -> None:
        """Bring an incident to its end, by two people, and do what is due then."""
        with self.begin() as office:
            office.told_authority(number, "CN/authority", "none", "officer")
            office.review_incident(number, "Look twice.", "officer")
        with self.begin() as office:
            office.close_incident(number, "second")
        worker.work(self.run, lambda *_: ("", ""), {})

    def public(self, number: str) -> None:
        """Record and confirm that the public was told of an incident, by two people."""
        with self.begin() as office:
            how = Public("The hotel's web site", self.now.date())
            office.record_public_notice(number, "EU/guests", how, "officer")
        duties = self.one(number)["duties"]
        read = next(d["public"]["digest"] for d in duties if d["id"] == "EU/guests")
        with self.begin() as office:
            office.confirm_public_notice(number, "EU/guests", "second", read)

    def one(self, number: str) -> dict[str, Any]:
        """Return an incident as who deals with it sees it."""
        with self.begin() as office:
            return office.incident(number, "second")

    def duties(self, number: str) -> dict[str, bool]:
        """Return which duties there are, and whether each is late."""
        return {d["id"]: d["late"] for d in self.one(number)["duties"] if d["applies"]}

    def digest(self, number: str) -> str:
        """Return the digest of the letter to guests as who may let it go reads it."""
        duties = self.one(number)["duties"]
        return str(next(d["digest"] for d in duties if d["id"] == "EU/guests"))

    def living(self) -> int:
        """Return how many safety copies can still be opened."""
        rows = self.ours("box")
        return sum(r["purpose"] == "recovery" and r["payload"] is not None for r in rows)

    def dump(self) -> str:
        """Return everything of ours that is no ciphertext, as text."""
        return "\n".join(
            repr({k: v for k, v in row.items() if not isinstance(v, bytes)})
            for table in tables.metadata.tables
            for row in self.ours(table.removeprefix(tables.PREFIX))
        )
