"""Who meets somebody else's transaction is answered all the same, where nothing was done yet."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    insert,
    text,
    update,
)
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase.core.errors import BusyError, RetryableError
from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.office import Office
from flask_guesterase.store.statements import lent
from flask_guesterase.web.anew import anew, apart, committed
from flask_guesterase.web.commands.console import Answer, typed, verb, written
from tests.engines import SERVERS, fresh_database
from tests.store.hotel import Booking
from tests.store.meetings import _WAITING, PATIENCE, meet
from tests.web.apihouse import Program, opened, token
from tests.web.house import House
from tests.web.test_cli import Console


@pytest.fixture(params=SERVERS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house with pages and the API on each server."""
    with fresh_database(request.param) as url:
        made = opened(House(url, tmp_path))
        made.people()
        made.begun()
        yield made
        made.session.remove()
        made.hotel.engine.dispose()


def asking(house: House, id: int) -> tuple[str, str]:
    """File a request of another guest; return its number and the address of a link."""
    mail = f"guest{id}@mail.example"
    house.hotel.guest(id, name=f"Guest{id} Fern", email=mail)
    house.hotel.put(Booking, id=id, number=f"N{id}", guest_id=id)
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": mail}, property="sh", by="clerk")
        return number, f"/privacy/link/{tokens.link(office.work, number)}"


def pressed(
    house: House, login: str | None, page: str, path: str, **form: str
) -> Callable[[], int]:
    """Open a page; return what presses its button, and gives the status of the answer."""
    browser = house.browser(login)
    sent = {**form, "csrf_token": browser.token(page)}
    return lambda: browser.client.post(path, data=sent).status_code


@pytest.mark.parametrize("turned", [False, True])
def test_a_guest_and_a_clerk_who_confirm_at_once_are_both_told_what_is(
    house: House, turned: bool
) -> None:
    """Neither page says that it does not work at the moment."""
    at = 0
    while True:
        number, page = asking(house, 100 + at)
        here = f"/desk/privacy/{number}"
        both = [
            pressed(house, None, page, page),
            pressed(house, "clerk", here, f"{here}/confirm", how="desk"),
        ]
        told: list[int] = []
        first, second = reversed(both) if turned else both
        met = meet(
            house.hotel.engine, partial(_note, told, first), partial(_note, told, second), at
        )
        if not met.at:
            break
        assert 503 not in told, met.at
        assert house.state(number) == "review"
        at += 1
    assert at > 5


def _note(told: list[int], press: Callable[[], int]) -> None:
    told.append(press())


def waiting(house: House, count: int) -> None:
    """Wait until so many transactions wait for a lock."""
    engine = house.hotel.engine
    watch = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    until = time.monotonic() + PATIENCE
    with watch.connect() as conn:
        # A tenth of a second between two looks: what MariaDB says is not renewed sooner.
        while conn.exec_driver_sql(_WAITING[engine.dialect.name]).scalar() != count:
            assert time.monotonic() < until
            time.sleep(0.15)
    watch.dispose()


def test_a_command_that_met_somebody_begins_anew_with_the_same_code(house: House) -> None:
    """Though the try of the code was counted before, in a transaction that was committed."""
    number, _ = asking(house, 100)
    command = ["guesterase", "confirm", number, *Console(house.app).proved("clerk")]
    printed: list[str] = []

    def confirm() -> None:
        done = house.app.test_cli_runner().invoke(args=command)
        printed.append(f"{done.stdout}{done.stderr}")

    clerk = threading.Thread(target=confirm)
    with house.hotel.engine.connect() as conn:
        # Whoever has written more is the one who goes on, on MariaDB.
        tries = [{"action": "tried", "mark": str(n), "at": datetime(2026, 1, 1)} for n in range(99)]
        conn.execute(insert(tables.attempt), tries)
        conn.execute(update(tables.request).values(try_at=None))
        clerk.start()
        waiting(house, 1)
        conn.execute(update(tables.token).values(used_at=tables.token.c.used_at))
        conn.rollback()
    clerk.join(PATIENCE)
    assert "met at the same rows" not in printed[0]
    assert house.state(number) == "review"


@pytest.mark.parametrize("house", ["mariadb"], indirect=True)
def test_three_programs_with_one_key_at_one_moment_get_one_number(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of them wait for the first, and are told what it made."""
    # However slow this machine is, nobody waits in vain.
    monkeypatch.setitem(lent.SESSION, "innodb_lock_wait_timeout", "60")
    secret = token(house, "officer")
    key = {"Idempotency-Key": "night-7"}
    inside, go = threading.Event(), threading.Event()
    told: list[tuple[int, str]] = []

    def stop(conn: object, cursor: object, said: str, *rest: object) -> None:
        if said.startswith("INSERT INTO guesterase_handover") and not inside.is_set():
            inside.set()
            assert go.wait(PATIENCE)

    def file() -> None:
        answer = Program(house, secret).post("/handovers", {"note": "One letter waits."}, **key)
        told.append((answer.status_code, str((answer.json or {}).get("id"))))

    event.listen(house.hotel.engine, "before_cursor_execute", stop)
    programs = [threading.Thread(target=file) for _ in range(3)]
    programs[0].start()
    assert inside.wait(PATIENCE)
    for each in programs[1:]:
        each.start()
    waiting(house, 2)
    go.set()
    for each in programs:
        each.join(PATIENCE)
    (row,) = house.hotel.ours("handover")
    assert told == [(201, str(row["id"]))] * 3


def meeting(do: Callable[[int], object]) -> tuple[list[int], object]:
    """Call a view that meets somebody each time; return its tries, and what it ended with."""
    tries: list[int] = []

    def view() -> None:
        tries.append(len(tries))
        do(len(tries))
        raise RetryableError("Two transactions met at the same rows.", "Try again.")

    with Flask(__name__).test_request_context(), pytest.raises(BusyError) as raised:
        anew(view)()
    return tries, raised.type


def test_nothing_is_done_twice() -> None:
    """A view that has committed something is not begun anew; another one is, a few times."""
    assert meeting(lambda turn: None) == ([0, 1, 2], RetryableError)
    assert meeting(lambda turn: committed()) == ([0], BusyError)
    assert meeting(lambda turn: committed() if turn == 2 else None) == ([0, 1], BusyError)


def entering(do: Callable[[], object], once: bool = False) -> tuple[int, str]:
    """Enter a command that meets somebody each time; return how often, and what it told."""
    app, group, tries = Flask(__name__), AppGroup("probe"), list[int]()

    @verb(group, "meet", once)
    def meeting() -> Answer:
        tries.append(len(tries))
        do()
        raise RetryableError("Two transactions met at the same rows.", "Try again.")

    app.cli.add_command(group)
    done = app.test_cli_runner().invoke(args=["probe", "meet"], input="Ann Berg")
    assert done.exit_code == 1
    return len(tries), done.stderr.splitlines()[0]


def test_a_command_begins_anew_unless_something_is_done_for_good(tmp_path: Path) -> None:
    """What was committed or written to a file is not done twice; what is done apart, such as to
    read a pipe or to count a try of a code, is there when it begins anew."""
    told: list[str] = []
    counted: list[int] = []
    met = "Two transactions met at the same rows."
    assert entering(lambda: None) == (3, met)
    assert entering(lambda: apart(committed)) == (3, met)
    assert entering(lambda: apart(partial(counted.append, 1))) == (3, met)
    assert counted == [1]
    assert entering(lambda: told.append(typed(sys.stdin.read))) == (3, met)
    assert told == ["Ann Berg"] * 3
    assert entering(lambda: None, once=True) == (1, met)
    assert entering(committed) == (1, met)
    assert entering(lambda: written(tmp_path / "file", "text")) == (1, met)


@pytest.mark.parametrize("program", [False, True])
def test_a_database_that_goes_away_while_a_page_is_made_is_told_by_the_page(
    house: House, monkeypatch: pytest.MonkeyPatch, program: bool
) -> None:
    """The host's own session is cut off as well, and its end takes the answer from nobody."""
    number, _ = asking(house, 100)
    secret, browser = token(house, "clerk"), house.browser("clerk").client
    show = Office.show

    def cut(office: Office, *given: Any, **named: Any) -> Any:
        house.session.execute(text("SELECT 1"))
        cut_off(house.hotel.engine)
        return show(office, *given, **named)

    monkeypatch.setattr(Office, "show", cut)
    if program:
        told = Program(house, secret).get(f"/requests/{number}")
    else:
        told = browser.get(f"/desk/privacy/{number}")
    assert told.status_code == 503
    monkeypatch.undo()
    # What the pool still holds was cut off too: each connection is found out once.
    house.hotel.engine.dispose()
    assert browser.get(f"/desk/privacy/{number}").status_code == 200


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("gone", [True, False])
def test_what_the_host_began_is_let_go_where_one_of_its_databases_is_gone(
    kind: str, gone: bool
) -> None:
    """Whichever that is, and only then: what stands in all of them is the host's to end."""
    with fresh_database(kind) as home, fresh_database(kind) as other:
        engines = [create_engine(url) for url in (home, other)]
        tables = [Table("cards", MetaData(), Column("id", Integer)) for _ in engines]
        for table, engine in zip(tables, engines, strict=True):
            table.create(engine)
        binds = dict(zip(tables, engines, strict=True))
        session = scoped_session(sessionmaker(engines[0] if gone else None, binds=binds))
        for table in tables:
            session.execute(insert(table).values(id=7))
        if gone:
            cut_off(engines[1])
        Host(session, [table.metadata for table in tables]).let_go()
        assert session().in_transaction() is not gone
        session.remove()
        for engine in engines:
            engine.dispose()


def cut_off(engine: Engine) -> None:
    """Let the server end every other connection to the database."""
    watch = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with watch.connect() as conn:
        if watch.dialect.name == "postgresql":
            conn.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        else:
            others = "SELECT id FROM information_schema.processlist WHERE db = database()"
            for (id,) in conn.exec_driver_sql(f"{others} AND id <> connection_id()").all():
                conn.exec_driver_sql(f"KILL {id}")
    watch.dispose()
