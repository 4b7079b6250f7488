"""The review before check-in: it informs, counts without anybody's data, never in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from flask_guesterase import signal
from flask_guesterase.core.minimal import Remark, Review
from flask_guesterase.core.policy import Policy
from flask_guesterase.store import tables
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


def test_new_rows_are_reviewed_when_they_are_flushed(inn: House) -> None:
    """Without a call of the host's; outside of an application nothing happens."""
    inn.extension.review_inserts(Guest)
    try:
        with inn.app.app_context():
            inn.session.add(guest(phone="1"))
            inn.session.commit()
        assert counted(inn) == {"beyond-purpose": 1, "no-reviewer": 1}
    finally:
        event.remove(Guest, "after_insert", inn.extension._inserted)


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
