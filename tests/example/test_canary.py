"""A test guest goes through the demo hotel, and nothing but its own rows ever goes with it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from sqlalchemy import create_engine, func, insert, select, update

from example_pms import db
from example_pms.canary import stay
from example_pms.foreign import Message, audit_log
from example_pms.models import Booking, Guest, booking_companions
from flask_guesterase import Canary
from flask_guesterase.core.canary import Invented, Sighting, invent
from flask_guesterase.core.errors import (
    BusyError,
    ErasureError,
    ForbiddenError,
    FourEyesError,
    InputError,
)
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.remembrance import Kind
from flask_guesterase.store import tables
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.invented import canaries, hatching
from flask_guesterase.store.invented.scratch import PREFIX
from flask_guesterase.store.remembrance.erasures import Register
from flask_guesterase.store.returning import replay
from tests import engines
from tests.example.test_acceptance import House, house
from tests.oracle.dump import Dump, changes


def engines_but(*long: str) -> list[Any]:
    """Return each engine, some of them in the long run only."""
    return [
        pytest.param(kind, marks=[pytest.mark.long] if kind in long else [])
        for kind in engines.ENGINES
    ]


def switched(hotel: House, code: str = "SHA") -> None:
    """Let two officers approve test guests."""
    for who in ("officer", "officer2"):
        with hotel.guesterase.begin() as office:
            office.switch_canary(code, f"{code.lower()}.{who}")


def send(hotel: House, **kinds: Any) -> str:
    """Send a test guest of the Shanghai house, declared anew with these arguments."""
    extension = hotel.guesterase
    given: dict[str, Any] = {"make": lambda s, v: stay("SHA", s, v), "property": "SHA"} | kinds
    extension._canaries = {"SHA": Canary(**given)}
    return extension.send_canaries(at_once=True).get("SHA", "")


def rows() -> list[Any]:
    """Return our rows of test guests."""
    with db.engine.connect() as conn:
        return list(conn.execute(select(tables.canary).order_by(tables.canary.c.id)))


def real(hotel: House) -> Dump:
    """Everything that is not the test guests' own doing."""
    return {name: table for name, table in hotel.dump().items() if "guesterase_" not in name}


@pytest.mark.parametrize("kind", engines_but("mariadb"))
def test_a_test_guest_books_stays_goes_and_is_seen_nowhere(kind: str, tmp_path: Path) -> None:
    """Through booking, stay, erasure and a look everywhere; nobody else's row changes."""
    with engines.fresh_database(kind) as url, house(url, tmp_path, guests=20) as hotel:
        before = real(hotel)
        switched(hotel)
        state = send(hotel)
        found = changes(before, real(hotel))
        (row,) = rows()
        seen = json.loads(row.found)
        with hotel.guesterase.begin(write=False) as office:
            shown = office.show(row.request)
            body = office.certificate(row.request)

        with db.engine.connect() as conn:
            told = [r.how for r in conn.execute(select(tables.delivery))]
            asked = [t for t in conn.execute(select(tables.task)) if t.kind == "recipient"]

        assert (state, row.state) == ("gone", "gone")
        assert set(told) == {"system"}
        assert asked == []
        assert (shown["kind"], shown["state"]) == ("canary", "erased")
        assert body["content"]["number"] == row.request
        assert {name: seen[name] for name in ("live", "own", "files", "left")} == {
            "live": {}, "own": {}, "files": {}, "left": 0
        }
        assert found.changed == {}
        assert found.gone == {}
        assert set(found.new) >= {"guests", "bookings", "messages", "audit_log"}
        if kind == "sqlite":
            assert seen["copied"]["guests.email"] == 1
            assert seen["replayed"] == {}
            assert list(tmp_path.glob("guesterase-canary-*")) == []


def test_nobody_comes_where_two_people_did_not_approve(tmp_path: Path) -> None:
    """Off until two people who decide about the law said so; one of them twice is one."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path) as hotel:
        before = real(hotel)
        office_of = hotel.guesterase.begin
        with pytest.raises(ForbiddenError), office_of() as office:
            office.switch_canary("SHA", "sha.desk")
        with office_of() as office:
            assert office.switch_canary("SHA", "sha.officer") is False
        with pytest.raises(FourEyesError), office_of() as office:
            office.switch_canary("SHA", "sha.officer")
        with pytest.raises(ForbiddenError), office_of() as office:
            office.switch_canary("SHA", "lej.officer")
        sent = send(hotel)
        with office_of() as office:
            assert office.switch_canary("SHA", "sha.officer2") is True
            office.stop_canary("SHA", "sha.officer")
        again = send(hotel)

        assert (sent, again) == ("", "")
        assert rows() == []
        assert str(changes(before, real(hotel))) == ""


Make = Callable[[Any, Invented], Any]


def returns_a_real_guest(session: Any, values: Invented) -> Any:
    """Return somebody who was there before."""
    return session.get_one(Guest, 1)


def dresses_a_real_guest(session: Any, values: Invented) -> Any:
    """Write the test guest's values into somebody's row."""
    guest = session.get_one(Guest, 1)
    guest.email, guest.name, guest.document_no = values.email, values.name, values.document
    session.flush()
    return guest


def dresses_a_lone_guest(session: Any, values: Invented) -> Any:
    """Write the test guest's values into the row of somebody who shares nothing with anybody."""
    staying = select(booking_companions.c.guest_id)
    guest = session.scalars(
        select(Guest).where(
            Guest.id.not_in(staying), Guest.id.not_in(select(Booking.booker_id)),
        )
    ).first()  # fmt: skip
    guest.email, guest.name, guest.document_no = values.email, values.name, values.document
    session.flush()
    return guest


def takes_a_lone_message(session: Any, values: Invented) -> Any:
    """Let a message about nobody's booking be about the test guest's."""
    guest = stay("SHA", session, values)
    mine = session.scalars(select(Booking.id).where(Booking.booker_id == guest.id)).one()
    first = session.scalar(select(func.min(Message.id)))
    session.execute(
        update(Message).where(Message.id == first)
        .values(recipient=values.email, booking_id=mine, subject="x", property_code="SHA")
    )  # fmt: skip
    return guest


def takes_a_real_booking(session: Any, values: Invented) -> Any:
    """Hang somebody's booking on the test guest."""
    guest = stay("SHA", session, values)
    booking = session.scalars(select(Booking).where(Booking.booker_id == 1)).first()
    booking.booker_id = guest.id
    session.flush()
    return guest


def takes_a_real_message(session: Any, values: Invented) -> Any:
    """Send somebody's message to the test guest."""
    guest = stay("SHA", session, values)
    message = session.scalars(select(Message).where(Message.property_code == "SHA")).first()
    message.recipient = values.email
    mine = session.scalars(select(Booking).where(Booking.booker_id == guest.id)).one()
    message.booking_id = mine.id
    session.flush()
    return guest


def takes_the_place_of_a_real_guest(session: Any, values: Invented) -> Any:
    """Let somebody's key stand for the test guest."""
    guest = stay("SHA", session, values)
    session.execute(update(Booking).where(Booking.booker_id == guest.id).values(booker_id=2))
    session.execute(
        update(booking_companions).where(booking_companions.c.guest_id == guest.id)
        .values(guest_id=2)
    )  # fmt: skip
    session.execute(update(audit_log).where(audit_log.c.entity_key == "1").values(action="x"))
    return session.get_one(Guest, 2)


def stays_with_a_real_guest(session: Any, values: Invented) -> Any:
    """Let somebody stay in the test guest's booking, whose it is then too."""
    guest = stay("SHA", session, values)
    booking = session.scalars(select(Booking).where(Booking.booker_id == guest.id)).one()
    session.execute(
        insert(booking_companions).values(booking_id=booking.id, guest_id=1, role="adult")
    )
    return guest


def commits(session: Any, values: Invented) -> Any:
    """Commit, so that nobody can tell any more what is new."""
    guest = stay("SHA", session, values)
    session.commit()
    return guest


def is_somebody_else(session: Any, values: Invented) -> Any:
    """Add a guest that does not carry the values."""
    guest = Guest(property_code="SHA", name="Real Person", created_on=datetime.now(UTC).date())
    session.add(guest)
    session.flush()
    return guest


def does_not_flush(session: Any, values: Invented) -> Any:
    """Leave it to others to write the rows."""
    guest = stay("SHA", session, values)
    guest.notes = "later"
    return guest


def returns_no_row(session: Any, values: Invented) -> Any:
    """Return something else."""
    stay("SHA", session, values)
    return values.email


ATTACKS: tuple[Make, ...] = (
    returns_a_real_guest, dresses_a_real_guest, dresses_a_lone_guest, takes_a_real_booking,
    takes_a_real_message, takes_a_lone_message,
    takes_the_place_of_a_real_guest, stays_with_a_real_guest, is_somebody_else, does_not_flush,
    returns_no_row,
)  # fmt: skip


@pytest.mark.parametrize("kind", engines_but("mariadb"))
def test_no_real_row_goes_with_a_test_guest(kind: str, tmp_path: Path) -> None:
    """Whatever the host's code hands over, only what it made anew in this run may be erased."""
    with engines.fresh_database(kind) as url, house(url, tmp_path, guests=20) as hotel:
        switched(hotel)
        before = real(hotel)
        for attack in ATTACKS:
            with pytest.raises(InputError):
                send(hotel, make=attack)
            assert str(changes(before, real(hotel))) == "", attack.__name__
        with hotel.guesterase.begin(write=False) as office:
            assert list(office.list()) == []
        assert {row.state for row in rows()} <= {"stopped", "ended"}


def test_what_was_committed_on_the_way_is_not_erased(tmp_path: Path) -> None:
    """Nobody can tell then what is new; no request is made, and the finding says so."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        with pytest.raises(InputError):
            send(hotel, make=commits)
        assert [row.state for row in rows()] == ["stopped"]
        assert "canary-back" in {f.id for f in hotel.guesterase.check()}


@pytest.mark.parametrize("kind", engines_but("mariadb", "postgresql"))
def test_what_is_attached_later_stops_the_erasure(kind: str, tmp_path: Path) -> None:
    """A clerk merges a real guest's booking into the test guest before it goes: nothing goes."""
    with engines.fresh_database(kind) as url, house(url, tmp_path, guests=20) as hotel:
        switched(hotel)
        real_booking = db.session.scalars(select(Booking.id).where(Booking.booker_id == 1)).first()
        db.session.remove()

        def merge() -> None:
            mine = select(Guest.id).where(Guest.email.like("canary.%")).scalar_subquery()
            with db.engine.begin() as conn:
                conn.execute(
                    update(Booking.__table__)
                    .where(Booking.__table__.c.id == real_booking)
                    .values(booker_id=mine)
                )

        state = send(hotel, backup=merge)
        row = rows()[-1]
        booking = db.session.get_one(Booking, real_booking)
        kept = booking.external_ref, booking.wishes, booking.contact_phone
        with hotel.guesterase.begin(write=False) as office:
            shown = office.show(row.request)
        hotel.guesterase.work()

        assert (state, row.state) == ("stopped", "stopped")
        assert shown["state"] == "withdrawn"
        assert kept == (booking.external_ref, booking.wishes, booking.contact_phone)
        assert db.session.scalar(select(func.count()).where(Guest.email.like("canary.%"))) == 1


def test_one_that_was_stopped_goes_once_nothing_else_would(tmp_path: Path) -> None:
    """It is tried again before another comes in, so that no invented guest stays for ever."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        bookings, there = Booking.__table__, select(func.count()).where(
            Guest.email.like("canary.%")
        )
        real_booking = db.session.scalars(select(Booking.id).where(Booking.booker_id == 1)).first()
        db.session.remove()

        def booked_by(whom: Any) -> None:
            with db.engine.begin() as conn:
                mine = update(bookings).where(bookings.c.id == real_booking)
                conn.execute(mine.values(booker_id=whom))

        stopped = send(hotel, backup=lambda: booked_by(
            select(Guest.id).where(Guest.email.like("canary.%")).scalar_subquery()
        ))  # fmt: skip
        again = send(hotel)
        left = db.session.scalar(there), [row.state for row in rows()]
        db.session.remove()
        booked_by(1)
        gone = send(hotel)

        assert (stopped, again, left) == ("stopped", "stopped", (1, ["stopped"]))
        assert (gone, [row.state for row in rows()]) == ("gone", ["gone"])
        assert db.session.scalar(there) == 0


def test_a_replayed_test_guest_is_still_one(tmp_path: Path) -> None:
    """A restored database has forgotten the request; it is nobody's, and in no figure."""
    file = tmp_path / "h.sqlite"
    with house(f"sqlite:///{file}", tmp_path, guests=20) as hotel:
        switched(hotel)
        db.engine.dispose()
        copyfile(file, tmp_path / "copy.sqlite")
        assert send(hotel) == "gone"
        (row,) = rows()
        db.session.remove()
        db.engine.dispose()
        copyfile(tmp_path / "copy.sqlite", file)
        done = replay.replay(hotel.guesterase.run)
        hotel.guesterase.work()
        with hotel.guesterase.begin(write=False) as office:
            shown = office.show(row.request)

        assert done.restored is False
        assert (shown["kind"], shown["state"]) == ("canary", "erased")


def test_not_even_two_officers_erase_more_under_its_number(tmp_path: Path) -> None:
    """The request of a test guest erases its own rows or nothing, whoever carries it out."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        extension = hotel.guesterase
        canary = Canary(make=lambda s, v: stay("SHA", s, v), property="SHA")
        begun = extension.run(lambda office: hatching._begin(canary, True, office))
        assert begun is not None
        id, _, invented = begun
        who, made = hatching._hatched(extension.run, extension.host, canary, (id, invented))
        number = extension.run(lambda office: hatching._request(id, who, made, invented, office))
        with db.engine.begin() as conn:
            conn.execute(insert(tables.subject).values(
                request=number, table_name="guests", row_key="int:1", standing="taken", why="x"
            ))  # fmt: skip
        before = real(hotel)
        with pytest.raises(ErasureError), extension.begin() as office:
            office.erase(number, "sha.officer")

        assert str(changes(before, real(hotel))) == ""


def test_who_was_booked_before_a_crash_goes_with_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between booking and request: no invented guest stays in the house."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)

        def dies(*given: Any) -> str:
            raise BusyError("Somebody else writes.", "Try again.")

        with monkeypatch.context() as dying:
            dying.setattr(hatching, "_request", dies)
            with pytest.raises(BusyError):
                send(hotel)
        there = select(func.count()).where(Guest.email.like("canary.%"))
        left = db.session.scalar(there)
        db.session.remove()
        state = send(hotel)

        assert (left, state) == (1, "gone")
        assert db.session.scalar(there) == 0
        assert [row.state for row in rows()] == ["gone"]


def test_what_of_it_goes_later_is_not_remembered_either(tmp_path: Path) -> None:
    """A booking under a hold goes weeks after its guest: still no mark says that one was here."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        extension = hotel.guesterase
        holds: list[int] = []

        def hold() -> None:
            mine = select(Booking.id).join(Guest, Guest.id == Booking.booker_id)
            with db.engine.connect() as conn:
                number = conn.scalars(mine.where(Guest.email.like("canary.%"))).one()
            wanted = Wanted("record", "court-order", "bookings", str(number))
            with extension.begin() as office:
                holds.append(office.place_hold(wanted, "sha.officer"))

        send(hotel, backup=hold)
        kept = select(func.count()).select_from(tables.kept).where(tables.kept.c.ended_at.is_(None))
        with db.engine.connect() as conn:
            before = conn.scalar(kept)
        for who in ("sha.officer", "sha.officer2"):
            with extension.begin() as office:
                office.lift(holds[0], who)
        finishing.finish(extension.run)
        with db.engine.connect() as conn:
            after = conn.scalar(kept)
            marks = list(conn.execute(select(tables.mark)))

        assert (before, after) == (1, 0)
        assert marks == []


def test_where_it_comes_back_is_said(tmp_path: Path) -> None:
    """A copy the house made is seen by the next look: label and count, nobody's data."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        log = tmp_path / "application.log"
        names: list[str] = []

        def make(session: Any, values: Invented) -> Any:
            names.append(values.name)
            log.write_text(f"welcome {values.name}\n")
            with open(tmp_path / "other.log", "wb") as other:
                other.write(values.email.upper().encode("utf-16-le"))
            return stay("SHA", session, values)

        state = send(hotel, make=make, logs=[str(log), str(tmp_path / "other.log")])
        seen = json.loads(rows()[-1].found)
        said = hotel.app.test_cli_runner().invoke(args=["guesterase", "canary"])

        assert state == "back"
        assert set(seen["files"]) == {str(log), str(tmp_path / "other.log")}
        assert names[0] not in rows()[-1].found
        assert names[0] not in said.output
        assert said.exit_code == 1
        assert "canary-back" in {f.id for f in hotel.guesterase.check()}


def test_what_could_not_be_looked_into_is_said(tmp_path: Path) -> None:
    """A folder was named for a log: nobody looked into it, so it is not among what is clean."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        (tmp_path / "logs").mkdir()
        state = send(hotel, logs=[str(tmp_path / "logs"), str(tmp_path / "none.log")])
        seen = json.loads(rows()[-1].found)

        assert state == "gone"
        assert seen["files"] == {}
        assert str(tmp_path / "logs") in seen["unread"]
        assert str(tmp_path / "none.log") not in seen["unread"]


def test_a_later_one_of_another_hotel_hides_nothing(tmp_path: Path) -> None:
    """The command ends with 1 while the newest one of any hotel was seen."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        for place, seen in (("SHA", {"guests.email": 1}), ("LEJ", {})):
            with hotel.guesterase.begin() as office:
                canary = Canary(make=list, property=place)
                id = canaries.begin(office.work, canary, invent(os.urandom))
                canaries.tell(office.work, id, Sighting(seen, {}, {}))
        said = hotel.app.test_cli_runner().invoke(args=["guesterase", "canary"])
        assert said.exit_code == 1


def test_it_is_looked_for_again_when_it_should_be_forgotten(tmp_path: Path) -> None:
    """A channel manager brings it back after weeks: the next look sees it in the guests' table."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        state = send(hotel)
        (row,) = rows()
        with hotel.guesterase.begin(write=False) as office:
            bird = canaries.bird(office.work, row)
        assert bird is not None
        with db.engine.begin() as conn:
            conn.execute(insert(Guest.__table__).values(
                property_code="SHA", name=bird.invented.name, email=bird.invented.email,
                document_type="", vip=False, newsletter=False,
                created_on=datetime.now(UTC).date(),
            ))  # fmt: skip
            conn.execute(update(tables.canary).values(
                looked_at=datetime.now(UTC).replace(tzinfo=None) - timedelta(days=31)
            ))  # fmt: skip
        hotel.guesterase.send_canaries()
        after = rows()[0]

        assert state == "gone"
        assert after.state == "back"
        assert json.loads(after.found)["live"]["guests.email"] == 1


def test_a_sweep_sends_one_a_month(tmp_path: Path) -> None:
    """The first sweep after it was approved sends one, the next none; the page shows it."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        first, second = hotel.guesterase.sweep(), hotel.guesterase.sweep()

        assert first.counts.get("canary") == 1
        assert "canary" not in second.counts
        assert len(rows()) == 1


def test_a_copy_that_a_crash_left_goes_in_the_next_night(tmp_path: Path) -> None:
    """All guests lie in it, and the next test guest comes in a month, if one ever does."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        left, used = (tmp_path / f"{PREFIX}{name}" for name in ("left", "used"))
        for folder in (left, used):
            folder.mkdir()
            copyfile(tmp_path / "h.sqlite", folder / "copy.sqlite")
        os.utime(left, (0, 0))
        report = hotel.guesterase.sweep()
        assert "canary" not in report.problems
        assert (left.exists(), used.exists()) == (False, True)


def test_a_backup_of_the_host_is_used(tmp_path: Path) -> None:
    """The host's own backup and restored copy are looked into, and handed back."""
    with house(f"sqlite:///{tmp_path / 'h.sqlite'}", tmp_path, guests=20) as hotel:
        switched(hotel)
        steps: list[str] = []
        copy = tmp_path / "restored.sqlite"

        def backup() -> None:
            steps.append("backup")
            copy.write_bytes((tmp_path / "h.sqlite").read_bytes())

        @contextmanager
        def restored() -> Iterator[Any]:
            steps.append("restored")
            engine = create_engine(f"sqlite:///{copy}")
            yield engine
            engine.dispose()
            steps.append("dropped")

        state = send(hotel, backup=backup, restored=restored)
        register = Register(hotel.guesterase.settings.register, hotel.guesterase.custodian)
        seen = json.loads(rows()[-1].found)

        with hotel.guesterase.begin(write=False) as office:
            alarm = office.alarm()

        assert steps == ["backup", "restored", "dropped"]
        assert seen["copied"]["guests.email"] == 1
        assert seen["replayed"] == {}
        assert alarm == ""
        assert Kind.REPLAYED not in {line.note.kind for line in register.lines()[0]}
        assert state == "gone"


def test_shared_connections_are_refused(tmp_path: Path) -> None:
    """Where an engine has one connection, nobody can tell what others see: nothing is made."""
    with house("sqlite://", tmp_path, guests=20) as hotel:
        switched(hotel)
        with pytest.raises(BusyError):
            send(hotel)
        assert db.session.scalar(select(func.count()).where(Guest.email.like("canary.%"))) == 0
