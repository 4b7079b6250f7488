"""The review before check-in: it informs, counts without anybody's data, never in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from flask_guesterase import signal
from flask_guesterase.core.errors import ForbiddenError
from flask_guesterase.core.minimal import Remark, Review
from flask_guesterase.core.policy import Policy
from flask_guesterase.reception import freezing, tick, ticked
from flask_guesterase.store import tables
from flask_guesterase.store.deciding import minimal
from flask_guesterase.store.mapping.datamap import resolve
from tests.store import test_mapped as mapped
from tests.store.hotel import Booking, Guest, Scan, policies
from tests.web.house import CANARY, PROPERTIES, House


def declared(files: str) -> list[tuple[Any, Policy]]:
    """Return the policies of a host that says what a stay does not need, and what is a copy."""
    found = []
    for model, policy in policies(files):
        if model is Guest:
            policy = replace(
                policy, optional=["phone"], category="reservation", clock="document_no"
            )
        if model is Scan:
            policy = replace(policy, category="identity_document_copy")
        found.append((model, policy))
    return found


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house in Spain, where copies of identity documents are forbidden, and one in Germany."""
    hotels = (replace(PROPERTIES[0], country="ES"), PROPERTIES[1])
    made = House(sqlite_url, tmp_path, hotels, declared=declared)
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def guest(**values: Any) -> Guest:
    """Return a guest who is not written yet."""
    return Guest(**{"id": 5, "hotel": "sh", "name": CANARY, **values})


def review(house: House, record: Any, **more: Any) -> Review:
    """Review a record as a named clerk."""
    with house.app.app_context():
        return house.extension.review_record(record, "clerk", **more)


def counted(house: House) -> dict[str, int]:
    """Write down what was counted and return it."""
    with house.app.app_context():
        house.extension.settle_reviews()
        with house.extension.begin(write=False) as office:
            return dict(office.reviews("2000-01-01"))


def test_what_goes_beyond_the_purpose_is_named_by_column(inn: House) -> None:
    """Filled and not needed; empty, blank and switched off hold nothing; no value is in it."""
    found = review(inn, guest(phone="+86 139 1234 5678"))
    assert (found.table, found.property) == ("guests", "sh")
    assert (found.remarks, found.columns) == ((Remark.BEYOND,), ("phone",))
    assert "139" not in repr(found)
    assert CANARY not in repr(found)
    for empty in (None, "", "  "):
        assert review(inn, guest(phone=empty)).remarks == ()


def test_purpose_clock_and_reviewer_are_looked_at(inn: House) -> None:
    """A table without a period's category or clock, and a record nobody is named for."""
    assert review(inn, Booking(id=1, number="B1", guest_id=1), property="sh").remarks == (
        Remark.NO_PURPOSE, Remark.NO_CLOCK,
    )  # fmt: skip
    with inn.app.app_context():
        found = inn.extension.review_record(guest())
    assert found.remarks == (Remark.NO_REVIEWER,)


@pytest.mark.parametrize(("place", "copied"), [("sh", True), ("mu", False)])
def test_a_copy_of_a_document_is_remarked_on_where_it_is_forbidden(
    inn: House, place: str, copied: bool
) -> None:
    """In Spain, not in Germany; a record without a file is no copy."""
    scan = Scan(id=1, guest_id=1, path="x.png")
    assert (Remark.COPY in review(inn, scan, property=place).remarks) is copied
    assert Remark.COPY not in review(inn, Scan(id=1, guest_id=1), property=place).remarks


def test_backups_are_looked_at_once_they_were_read(inn: House) -> None:
    """Unknown is no remark; none, or an old one, is; a recent one is none."""
    assert review(inn, guest()).remarks == ()
    counted(inn)
    assert review(inn, guest()).remarks == (Remark.NO_BACKUP,)
    with inn.app.app_context(), inn.extension.begin() as office:
        office.report_backup(datetime.now(UTC) - timedelta(hours=1))
    counted(inn)
    assert review(inn, guest()).remarks == ()


def test_it_makes_no_statement_and_writes_after_the_hosts_commit(inn: House) -> None:
    """Nothing is sent for it in the host's transaction; a rolled back record does not count."""
    sent: list[str] = []
    event.listen(inn.hotel.engine, "before_cursor_execute", lambda *a: sent.append(a[2]))
    with inn.app.app_context():
        session = inn.session()
        made = guest(phone="1")
        session.add(made)
        session.flush()
        before = len(sent)
        for _ in range(20):
            inn.extension.review_record(made, "clerk")
        assert len(sent) == before
        session.rollback()
        session.add(guest(phone="1"))
        inn.extension.review_record(next(iter(session.new)), "clerk")
        session.commit()
    assert counted(inn) == {"beyond-purpose": 1}
    assert CANARY not in str(inn.hotel.ours("reviewed"))


def test_a_look_before_the_record_is_made_does_not_count(inn: House) -> None:
    """A page that shows the review may be opened as often as one likes."""
    review(inn, guest(phone="1"), count=False)
    review(inn, guest())
    review(inn, guest())
    assert counted(inn) == {"nothing-found": 2}
    review(inn, guest())
    assert counted(inn) == {"nothing-found": 2, "no-backup": 1}


def test_hosts_hook_the_signal(inn: House) -> None:
    """Each review is told; a receiver that raises disturbs neither the host nor the others."""
    heard: list[Review] = []

    def hear(app: Any, review: Review) -> None:
        heard.append(review)

    def fall(app: Any, review: Review) -> None:
        raise RuntimeError(CANARY)

    signal("record_reviewed").connect(fall)
    signal("record-reviewed").connect(hear)
    try:
        found = review(inn, guest(phone="1"))
    finally:
        signal("record_reviewed").disconnect(fall)
        signal("record_reviewed").disconnect(hear)
    assert heard == [found]


def test_whatever_goes_wrong_is_no_error_of_the_host(
    inn: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Something that is no record, and a map that cannot be had: a class name, and nothing else."""
    assert review(inn, CANARY).problem
    inn.extension._mapping = None  # type: ignore[assignment,method-assign] # this is the fault
    assert review(inn, guest()).problem == "TypeError"
    assert CANARY not in caplog.text


def test_where_no_application_is_at_work_it_is_no_error_of_the_host(inn: House) -> None:
    """A job of the host's that pushes no context is told so in the review, and goes on."""
    assert inn.extension.review_record(guest(), "clerk").problem == "RuntimeError"


def unheard(house: House) -> None:
    """Let go of classes, which outlive a house."""
    for model, hear in house.extension._heard.items():
        event.remove(model, "after_insert", hear)


def test_new_rows_are_reviewed_when_they_are_flushed(inn: House) -> None:
    """Without a call of the host's; outside of an application nothing happens."""
    inn.extension.review_inserts(Guest)
    try:
        with inn.app.app_context():
            inn.session.add(guest(phone="1"))
            inn.session.commit()
        assert counted(inn) == {"beyond-purpose": 1, "no-reviewer": 1}
    finally:
        unheard(inn)


def test_a_class_from_which_others_come_hears_of_their_rows_once(inn: House) -> None:
    """One that is named besides, or twice, says nothing more of the same row."""

    class Root(DeclarativeBase):
        """Base of a host whose visitors are persons."""

    class Person(Root):
        __tablename__ = "persons"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Visitor(Person):
        __tablename__ = "visitors"
        id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)

    class Room(Root):
        __tablename__ = "rooms"
        id: Mapped[int] = mapped_column(primary_key=True)

    heard: list[str] = []

    def hear(app: Any, review: Review) -> None:
        heard.append(review.table)

    inn.extension.review_inserts(Person, Root, Visitor, Person)
    Root.metadata.create_all(inn.hotel.engine)
    signal("record-reviewed").connect(hear)
    try:
        with inn.app.app_context():
            inn.session.add_all([Visitor(id=1), Person(id=2), Room(id=1)])
            inn.session.commit()
    finally:
        signal("record-reviewed").disconnect(hear)
    assert sorted(heard) == ["persons", "rooms", "visitors"]


def test_what_a_record_holds_in_the_table_of_its_parent_is_looked_at(inn: House) -> None:
    """A guest is a person in another table, and a passport shares its table with other papers."""
    policy = replace(mapped.Person.__erasure__, optional=["email"])
    declared = [(mapped.Person, policy), (mapped.Guest, mapped.Guest.__erasure__)]
    base = mapped.Base
    datamap = resolve(declared, base.metadata.tables.values(), list(base.registry.mappers))
    known = minimal.Known(datamap, inn.app.extensions["guesterase"].settings, None)
    found = minimal.review(known, mapped.Guest(id=2, **mapped.BO), "", reviewer=True)
    assert (found.table, found.property, found.columns) == ("guests_of", "sh", ("email",))
    assert found.remarks == (Remark.BEYOND, Remark.NO_PURPOSE, Remark.NO_CLOCK)
    paper = mapped.Passport(id=1, person_id=2, number="BU1002003")
    assert minimal.review(known, paper, "sh", reviewer=True).table == "papers_of"


def noted(house: House, session: Session, id: int, **values: Any) -> None:
    """Write a guest and have the row reviewed, as one of its steps."""
    made = guest(id=id, phone="1", **values)
    session.add(made)
    house.extension.review_record(made, "clerk")
    session.flush()


def test_what_a_savepoint_took_back_is_not_counted(inn: House) -> None:
    """Nor what was made in one within it; what the host's transaction commits counts anyway."""
    with inn.app.app_context():
        session = inn.session()
        noted(inn, session, 5)
        with session.begin_nested():
            noted(inn, session, 6)
        outer = session.begin_nested()
        noted(inn, session, 7)
        with session.begin_nested():
            noted(inn, session, 8)
        outer.rollback()
        with pytest.raises(IntegrityError), session.begin_nested():
            noted(inn, session, 9, hotel=None)
        session.commit()
        assert len(inn.hotel.rows(Guest)) == 2
    assert counted(inn) == {"beyond-purpose": 2}


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_what_was_released_within_what_did_not_commit_is_not_counted(inn: House, end: str) -> None:
    """The end of a savepoint is no commit; a session that is closed takes back what it held."""
    with inn.app.app_context():
        session = inn.session()
        session.add(guest(id=5))
        session.flush()
        with session.begin_nested():
            noted(inn, session, 6)
        getattr(session, end)()
        session.add(guest(id=7))
        session.commit()
        assert [row["id"] for row in inn.hotel.rows(Guest)] == [7]
    assert counted(inn) == {}


def test_a_host_without_a_login_manager_goes_on(sqlite_url: str, tmp_path: Path) -> None:
    """Its rows are reviewed with nobody named who looked, and its pages show no tick."""
    house = House(sqlite_url, tmp_path, logins=False, declared=declared)
    house.extension.review_inserts(Guest)
    try:
        with house.app.test_request_context(method="POST", data={"guesterase_tick": "yes"}):
            house.session.add(guest())
            house.session.commit()
            assert (tick("sh"), freezing("sh")) == ("", "")
            with pytest.raises(ForbiddenError):
                ticked(house.session.get(Guest, 5), "sh")
        assert counted(house) == {"no-reviewer": 1}
    finally:
        unheard(house)
        house.session.remove()
        house.hotel.engine.dispose()


def test_a_user_who_cannot_be_loaded_is_no_error_of_the_host(inn: House) -> None:
    """Whatever the host's loader raises within its own flush, the row is written."""

    def fall(_: Any) -> None:
        raise ValueError(CANARY)

    inn.app.login_manager.request_loader(fall)  # type: ignore[attr-defined]
    inn.extension.review_inserts(Guest)
    try:
        with inn.app.test_request_context():
            inn.session.add(guest())
            inn.session.commit()
    finally:
        unheard(inn)
    assert len(inn.hotel.rows(Guest)) == 1


def test_outside_of_tests_a_thread_of_its_own_writes(inn: House) -> None:
    """The host's commit starts it and does not wait; what it could not write is written later."""
    inn.app.testing = False
    names: list[str] = []
    event.listen(
        inn.hotel.engine, "before_cursor_execute",
        lambda *a: names.append(threading.current_thread().name) if "reviewed" in a[2] else None,
    )  # fmt: skip
    with inn.app.app_context():
        inn.session.add(guest(phone="1"))
        inn.extension.review_record(next(iter(inn.session.new)), "clerk")
        inn.session.commit()
        reviews = inn.app.extensions["guesterase"].reviews
        reviews.settle()
    assert names
    assert threading.current_thread().name not in names
    assert [row["count"] for row in inn.hotel.ours("reviewed")] == [1]
    tables.reviewed.drop(inn.hotel.engine)
    review(inn, guest(phone="1"))
    reviews.settle()
    tables.reviewed.create(inn.hotel.engine)
    assert counted(inn) == {"beyond-purpose": 1, "no-backup": 1}
