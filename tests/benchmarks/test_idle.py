"""An idle installation asks nothing of the database and listens to no cursor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import appcontext_pushed, request_finished
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased, with_loader_criteria

from benchmarks.bare import Bare
from benchmarks.estate import built
from benchmarks.rows import Shape
from benchmarks.schema import Guest, Invoice, Message, Payment, Reservation
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import guard
from flask_guesterase.store.hiding.gate import Gates
from flask_guesterase.store.statements.forms import Names
from flask_guesterase.store.statements.naming import Gate, Guarded, named
from tests.engines import DEEP, fresh_database

ROOT = Path(__file__).resolve().parents[2]
HEARD = """
import sys
from pathlib import Path
from benchmarks.bare import Bare
host = Bare(sys.argv[1], Path(sys.argv[2]), installed=True)
host.ask("write", 7)
host.ask("kept", 7)
for name in ("before_cursor_execute", "after_cursor_execute", "before_execute", "after_execute",
             "begin", "commit", "rollback"):
    print(name, len(list(getattr(host.engine.dispatch, name))))
for name in ("checkout", "checkin", "reset"):
    print(name, len(list(getattr(host.engine.pool.dispatch, name))))
"""
"""Run in a process of its own: the suite itself listens to cursors."""


@pytest.fixture(params=DEEP)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bare]:
    """A host with the extension, through which somebody was erased once."""
    with fresh_database(request.param) as url:
        built(url, Shape(40))
        made = Bare(url, tmp_path, installed=True)
        yield made
        made.session.remove()
        made.engine.dispose()


def statements(host: Bare, route: str) -> list[str]:
    """Return what the database is asked during a request of one kind."""
    asked: list[str] = []

    def note(conn: Connection, cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(host.engine, "before_cursor_execute", note)
    try:
        host.ask(route, 7)
    finally:
        event.remove(host.engine, "before_cursor_execute", note)
    return asked


def test_nobody_listens_to_what_each_statement_passes(tmp_path: Path) -> None:
    """Sessions are listened to; cursors, connections, transactions and pools are not."""
    with fresh_database("sqlite") as url:
        built(url, Shape(20))
        done = subprocess.run(
            [sys.executable, "-c", HEARD, url, str(tmp_path)], cwd=ROOT, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
    heard = dict(line.split() for line in done.stdout.splitlines())
    assert len(heard) == 10
    assert set(heard.values()) == {"0"}


def test_once_a_request_was_answered_nobody_looks_where_contexts_begin(host: Bare) -> None:
    """Who serves has migrated, if at all, in a process of its own; commands still look."""
    signals = (appcontext_pushed, request_finished)
    assert all(list(signal.receivers_for(host.app)) for signal in signals)
    before = [len(signal.receivers) for signal in signals]
    host.ask("static", 7)
    assert [list(signal.receivers_for(host.app)) for signal in signals] == [[], []]
    # One that is left for no sender in particular has every request look whom to tell.
    assert [len(signal.receivers) + 1 for signal in signals] == before


def test_an_ordinary_request_is_listened_to_by_no_session(host: Bare) -> None:
    """SQLAlchemy prepares each statement twice for whoever listens to what a session executes."""
    heard: list[int] = []

    @event.listens_for(host.engine, "before_cursor_execute")
    def note(*_: object) -> None:
        heard.append(len(list(host.session().dispatch.do_orm_execute)))

    for route in ("read", "write"):
        host.ask(route, 7)
    assert set(heard) == {0}


@pytest.mark.parametrize(("route", "asked"), [("static", 0), ("read", 3), ("write", 3)])
def test_an_ordinary_request_asks_what_the_host_asks(host: Bare, route: str, asked: int) -> None:
    """Not one statement of ours, neither at first nor later."""
    for _ in range(2):
        found = statements(host, route)
        assert [line for line in found if "guesterase" in line] == []
        assert len(found) == asked


def test_what_may_be_hidden_is_asked_once_in_a_transaction(host: Bare) -> None:
    """Rows of which the law may keep a column cost one look, however many are loaded."""
    host.ask("kept", 5)
    ours = [line for line in statements(host, "kept") if "guesterase" in line]
    assert len(ours) == 1
    assert "guesterase_kept" in ours[0]


def _alone(host: Bare) -> None:
    """Forget hosts of tests before, which nobody collected yet; a process has one as a rule."""
    assert host.extension is not None
    for other in set(guard._sides) - {host.extension.host}:
        del guard._sides[other]


def test_who_could_be_known_again_is_looked_for_after_many_flushes_that_were_nobodys(
    host: Bare,
) -> None:
    """What is remembered of classes nobody watches takes nothing from those that are watched."""
    _alone(host)
    for id in range(5, 9):
        assert [line for line in statements(host, "write") if "guesterase" in line] == []
        host.ask("write", id)
    assert guard._idle.classes()
    ours = [line for line in statements(host, "known") if "guesterase" in line]
    assert any("guesterase_mark" in line for line in ours)


def test_a_process_that_only_writes_need_not_look_either(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One that answers the host's guests may never open an office, and never resolve its map."""
    built(sqlite_url, Shape(20))
    first, second = (Bare(sqlite_url, tmp_path, installed=True) for _ in range(2))
    _alone(second)
    second.ask("write", 5)
    assert guard._idle.classes() == {Reservation, Message}
    for host in (first, second):
        host.session.remove()
        host.engine.dispose()


def test_a_delete_of_what_nobody_watches_is_noted_after_many_flushes(host: Bare) -> None:
    """Classes that are passed over when they are written are looked at when they are deleted."""
    _alone(host)
    for id in range(5, 9):
        host.ask("write", id)
    assert guard._idle.classes()
    with host.app.app_context():
        host.session.delete(host.session.scalars(select(Message).limit(1)).one())
        host.session.commit()
    with host.engine.connect() as conn:
        bodies = conn.scalars(select(tables.loose.c.body)).all()
    assert any("delete-bypassed" in body and '"messages":1' in body for body in bodies)


GATE: Gate = {
    "invoices": Guarded(frozenset({"billed_to"}), frozenset({"billed_to"})),
    "guests": Guarded(frozenset({"phone"}), frozenset({"phone", "telephone"})),
}
OTHER = aliased(Guest)


class Fixed(Gates):
    """Guards what it is told.

    :param gate: the guarded tables.
    """

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._fixed = gate

    def gate(self) -> Gate:
        return self._fixed


SELECTS = [
    select(Invoice).where(Invoice.id == 1),
    select(Invoice).where(Invoice.id == 2),
    select(Invoice.billed_to).where(Invoice.id == 1),
    select(Invoice.total),
    select(Invoice).where(Invoice.billed_to == "x"),
    select(Invoice).order_by(text("billed_to")),
    select(Invoice).order_by("billed_to"),
    select(Guest).options(with_loader_criteria(
        Guest, Guest.phone != "x"
    )),
    select(Guest),
    select(OTHER.phone),
    select(Guest.__table__),
    select(func.count()).select_from(Guest),
    select(func.max(Guest.phone)),
    select(text("phone")).select_from(Guest),
    select(text("name")).select_from(Guest),
    select(select(Guest.phone).subquery()),
    select(Reservation).where(Reservation.guest.has(Guest.phone == "x")),
    select(Message, Payment),
]  # fmt: skip


def test_a_form_that_is_remembered_names_what_it_named() -> None:
    """Asked again, and with other values, a statement names the same; another names its own."""
    names = Names()
    for _ in range(3):
        for statement in SELECTS:
            assert names.of(GATE, statement) == named(GATE, statement)
    assert sum(bool(named(GATE, statement)) for statement in SELECTS) >= 9


ENTITIES = (Guest, Reservation, Invoice, Guest.__table__, Guest.email, Guest.phone, OTHER)
CRITERIA = (
    Guest.id == 1, Guest.phone == "x", Guest.phone.is_(None), Guest.email.is_(None),
    Guest.email.in_(["x"]), Guest.email == Guest.phone, func.lower(Guest.phone) == "x",
    Reservation.guest_id == 2, Reservation.status != "out", Invoice.billed_to == "x",
    Invoice.number == select(Guest.phone).scalar_subquery(), text("phone > 'a'"), OTHER.id == 1,
    OTHER.phone == "x", ~(Guest.phone == "x"), Guest.__table__.c.phone == "x",
)  # fmt: skip
ORDERS = (
    Guest.name, Guest.phone, Guest.phone.desc(), Reservation.arrives.desc(), "phone",
    text("phone"), func.lower(Guest.phone), Invoice.id,
)  # fmt: skip
LIMITS = (None, 3, select(func.length(Guest.phone)).limit(1).scalar_subquery())


@settings(max_examples=300)
@given(
    st.sampled_from(ENTITIES), st.lists(st.sampled_from(CRITERIA), max_size=3),
    st.lists(st.sampled_from(ORDERS), max_size=2), st.sampled_from(LIMITS),
)  # fmt: skip
def test_what_is_let_through_at_once_names_nothing(
    entity: Any, criteria: list[Any], orders: list[Any], limit: Any
) -> None:
    """Whatever a SELECT is put together from; asked twice, since columns are remembered."""
    fixed = Fixed(GATE)
    start = select(entity).where(*criteria)
    ordered = start.order_by(*orders)
    ends = (start, ordered, ordered.limit(limit), ordered.offset(limit), ordered.fetch(limit))
    for statement in (*ends, *ends):
        if fixed.plain(statement):
            assert named(GATE, statement) == {}


@pytest.mark.parametrize("statement", [
    select(Guest).where(Guest.id == 1),
    select(Invoice).where(Invoice.folio_id == 1).order_by(Invoice.id.desc()).limit(5).offset(2),
    select(Reservation).where(Reservation.guest_id.in_([1, 2]), Reservation.remark.is_(None)),
])  # fmt: skip
def test_most_of_what_a_host_asks_is_let_through_at_once(statement: Any) -> None:
    """Without the key by which forms of statements are told apart; until a column is guarded."""
    fixed = Fixed(GATE)
    for _ in range(2):
        assert fixed.plain(statement)
    assert "_generate_cache_key" not in statement.__dict__
    more = {table: Guarded(frozenset({"id", "remark"}), frozenset({"id", "remark"}))
            for table in ("guests", "invoices", "reservations")}  # fmt: skip
    assert not Fixed(more).plain(statement)


def test_what_is_remembered_ends_with_the_mapping() -> None:
    names = Names()
    statement = select(Guest.email)
    assert names.of(GATE, statement) == {}
    more: Gate = {"guests": Guarded(frozenset({"email"}), frozenset({"email"}))}
    assert names.of(more, statement) == {"guests": {"email"}}
    # Whoever changes an answer changes nothing for the next.
    names.of(more, statement)["guests"].clear()
    assert names.of(more, statement) == {"guests": {"email"}}


def test_a_statement_that_is_no_select_is_read_each_time() -> None:
    names = Names()
    changed = Guest.__table__.update().where(Guest.__table__.c.id == 1)
    assert names.of(GATE, changed, {"phone": "x"}) == {"guests": {"phone"}}
    assert names.of(GATE, changed, {"name": "x"}) == {}
    assert names.of(GATE, object()) == {}
