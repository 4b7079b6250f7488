"""One of several databases does not answer: that is told, and all else is looked at as ever."""

from __future__ import annotations

import datetime as dt
import json
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase import File, Policy, health_pages, keep, retain
from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.lifecycle import State
from flask_guesterase.core.policy import Equal
from flask_guesterase.metrics import metrics_pages
from flask_guesterase.store import tables
from flask_guesterase.store.binds import reaching
from flask_guesterase.store.failures import alerts
from flask_guesterase.store.mapping.crossing import Binds, of_bind
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.web.joining import health
from tests.engines import fresh_database

from .group import Group
from .test_forward import change, taken_away

OLD = dt.date(1980, 1, 2)
TOKEN = "only-for-these-tests"
BY_ROWS = {
    ("past-due", f"{table}/invoice_accounting") for table in ("bills", "fees", "rides", "tips")
}


class Watched(Group):
    """A group with fees at home and bills in the archive that should be long gone, and scans."""

    def __init__(self, urls: Sequence[str], folder: Path) -> None:
        self.scans = folder / "scans"
        self.scans.mkdir()
        super().__init__(urls, folder, bills=True)
        self.app.register_blueprint(health_pages, url_prefix="/health")
        self.app.register_blueprint(metrics_pages(TOKEN), url_prefix="/metrics")

    def _declare(self, members: str | None) -> None:
        super()._declare(members)
        column, guest = sa.Column, Equal({"guest_no": "id"}, to="guests")
        fees = self.db.Table(
            "fees", column("id", sa.Integer, primary_key=True),
            column("guest_no", sa.Integer, index=True), column("payer", sa.String(80)),
            column("paid_on", sa.Date, index=True),
        )  # fmt: skip
        self.extension.register(fees, Policy(
            {"guest_no": keep("occupancy"), "paid_on": keep("bookkeeping"),
             "payer": retain("invoice_accounting")}, via=guest, clock="paid_on",
        ))  # fmt: skip
        # Whose these are is told by the members, who may lie in a third database; what the law
        # asks about the next ones by the letters, who lie in the archive.
        rides = self.db.Table(
            "rides", column("id", sa.Integer, primary_key=True),
            column("member_code", sa.String(20), index=True), column("whither", sa.String(80)),
            column("paid_on", sa.Date, index=True),
        )  # fmt: skip
        self.extension.register(rides, Policy(
            {"member_code": keep("occupancy"), "paid_on": keep("bookkeeping"),
             "whither": retain("invoice_accounting")},
            via=Equal({"member_code": "code"}, to="members"), clock="paid_on",
        ))  # fmt: skip
        self._tips()
        for name, bind in (("papers", None), ("passes", "archive")):
            table = self.db.Table(
                name, column("id", sa.Integer, primary_key=True),
                column("guest_no", sa.Integer, index=True), column("scan", sa.String(80)),
                bind_key=bind,
            )  # fmt: skip
            self.extension.register(table, Policy(
                {"guest_no": keep("occupancy"), "scan": File(str(self.scans))}, via=guest,
            ))  # fmt: skip

    def _tips(self) -> None:
        db = self.db
        post = next(m.class_ for m in db.Model.registry.mappers if m.class_.__name__ == "Letter")

        class Tip(db.Model):  # type: ignore[name-defined,misc]  # made at run time
            __tablename__ = "tips"
            id = sa.Column(sa.Integer, primary_key=True)
            guest_no = sa.Column(sa.Integer, index=True)
            letter_no = sa.Column(sa.Integer, index=True)
            giver = sa.Column(sa.String(80))
            given_on = sa.Column(sa.Date, index=True)
            letter = db.relationship(
                post, primaryjoin=lambda: sa.orm.foreign(Tip.letter_no) == post.id
            )

        self.extension.register(Tip, Policy(
            {"guest_no": keep("occupancy"), "letter_no": keep("post"),
             "given_on": keep("bookkeeping"), "giver": retain("invoice_accounting")},
            via=Equal({"guest_no": "id"}, to="guests"), clock="given_on",
            facts={"nationality": "letter.title"},
        ))  # fmt: skip

    def fill(self) -> None:
        """Put rows in that should be gone; our tables are those of this version."""
        self.make()
        (self.scans / "other.png").write_bytes(b"page")
        self.put("fees", [{"id": 1, "guest_no": 2, "payer": "Bea Lund", "paid_on": OLD}])
        self.put("bills", [{"id": 1, "guest_no": 2, "billed_to": "Bea Lund", "issued_on": OLD}])
        self.put("rides", [{"id": 1, "member_code": "M8", "whither": "spa", "paid_on": OLD}])
        self.put("tips", [
            {"id": 1, "guest_no": 2, "letter_no": 2, "giver": "Bea Lund", "given_on": OLD}
        ])  # fmt: skip
        table = upgrade.VERSION_TABLE
        change(self, "", f"CREATE TABLE {table} (version_num VARCHAR(32) NOT NULL)")
        change(self, "", f"INSERT INTO {table} VALUES ('{upgrade.head()}')")
        with self.app.app_context(), self.extension.begin() as office:
            office.sign_pack("CN", "officer")

    def fail(self) -> None:
        """Give a letter up."""
        now = dt.datetime(2026, 1, 1)
        with self.app.app_context(), self.engines()[0].begin() as conn:
            conn.execute(sa.insert(tables.outbox).values(
                property="sh", kind="message", channel="smtp", template="done", dedupe="d:1",
                state="failed", attempts=9, next_at=now, done_at=now,
            ))  # fmt: skip

    def look(self) -> set[tuple[str, str]]:
        """Look over everything; return kind of each open alert, and what it is about."""
        with self.app.app_context():
            alerts.look_over(self.extension.run)
            with self.extension.begin(write=False) as office:
                return {(row["kind"], row["about"]) for row in office.alerts()}

    def runs(self, *words: str) -> tuple[int, str]:
        """Run a command; return how it ended, and what it said."""
        done = self.app.test_cli_runner().invoke(args=["guesterase", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output


@contextmanager
def watched(kinds: Sequence[str], folder: Path) -> Iterator[Watched]:
    """Such a group over fresh databases of these kinds."""
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in kinds]
        made = Watched(urls, folder)
        made.fill()
        try:
            yield made
        finally:
            made.close()


def locked(hotel: Group, which: int) -> Callable[[], None]:
    """Lock the file of a database for somebody else; return what lets it go."""
    with hotel.app.app_context():
        other = sqlite3.connect(str(hotel.engines()[which].url.database))
    other.execute("BEGIN EXCLUSIVE")
    return other.close


def stopped(hotel: Group, which: int) -> Callable[[], None]:
    """Cut the connections to a server, and let it refuse others; return what starts it again."""
    with hotel.app.app_context():
        engine = hotel.engines()[which]
    postgresql = engine.dialect.name == "postgresql"
    with engine.connect() as idle, engine.connect() as killer:
        number = idle.scalar(sa.text(
            "SELECT pg_backend_pid()" if postgresql else "SELECT connection_id()"
        ))
        idle.close()
        killer.execute(sa.text(
            f"SELECT pg_terminate_backend({number})" if postgresql else f"KILL {number}"
        ))
        killer.rollback()
        killer.detach()
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]

    def refused(_dialect: Any, _record: Any, _args: Any, given: dict[str, Any]) -> None:
        given["port"] = nobody

    sa.event.listen(engine, "do_connect", refused)
    return lambda: sa.event.remove(engine, "do_connect", refused)


@contextmanager
def dumb() -> Iterator[tuple[int, socket.socket]]:
    """The port of a server that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield server.getsockname()[1], server


def hung(hotel: Group, which: int) -> Callable[[], None]:
    """Let whoever connects to a server wait for ever; return what ends that."""
    with hotel.app.app_context():
        engine = hotel.engines()[which]
    engine.dispose()
    stack = ExitStack()
    stack.callback(lambda: reaching._asking[engine].over.wait(10))
    port, _ = stack.enter_context(dumb())

    def waits(_dialect: Any, _record: Any, _args: Any, given: dict[str, Any]) -> None:
        given["port"] = port

    sa.event.listen(engine, "do_connect", waits)
    stack.callback(sa.event.remove, engine, "do_connect", waits)
    return stack.close


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_server_that_never_answers_is_waited_for_once_and_not_for_long(
    driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver waits for minutes or for ever; whoever asks does not, nor takes a connection."""
    monkeypatch.setattr(reaching, "PATIENCE", 0.3)
    with dumb() as (port, server):
        engine = sa.create_engine(f"{driver}://x:y@127.0.0.1:{port}/z")
        began = monotonic()
        for _ in range(3):
            assert reaching.silent(Binds({"archive": engine})) == {"archive": "TimeoutError"}
        assert monotonic() - began < 10
        with closing(server.accept()[0]), pytest.raises(BlockingIOError):
            server.accept()


def test_a_database_that_was_just_read_answers_though_it_has_no_other_connection(
    tmp_path: Path,
) -> None:
    """It is not asked on a connection more, which a host may not have given it."""
    home, archive = (
        sa.create_engine(f"sqlite:///{tmp_path / name}", pool_size=1, max_overflow=0,
                         pool_timeout=0.1)
        for name in ("home.db", "archive.db")
    )  # fmt: skip
    with transaction(home, False, Binds({"archive": archive})) as conn:
        of_bind(conn, "archive").execute(sa.text("SELECT 1"))
        assert not reaching.leave_out(conn)


@pytest.mark.parametrize(("kinds", "which", "out"), [
    pytest.param(("sqlite",) * 3, 1, taken_away, id="gone"),
    pytest.param(("sqlite",) * 3, 1, locked, id="locked", marks=pytest.mark.long),
    pytest.param(("sqlite", "postgresql", "mariadb"), 1, stopped, id="postgresql",
                 marks=pytest.mark.long),
    pytest.param(("postgresql", "mariadb"), 1, stopped, id="mariadb", marks=pytest.mark.long),
    pytest.param(("sqlite", "mariadb"), 1, hung, id="hung", marks=pytest.mark.long),
    pytest.param(("mariadb", "sqlite"), 1, taken_away, id="file", marks=pytest.mark.long),
])  # fmt: skip
def test_a_database_that_does_not_answer_is_an_alert_and_all_else_is_looked_at(
    kinds: tuple[str, ...], which: int, out: Any, tmp_path: Path
) -> None:
    """What its rows tell stays as it was; what is wrong elsewhere opens and closes meanwhile."""
    with watched(kinds, tmp_path) as hotel:
        before = hotel.look()
        assert before >= BY_ROWS
        hotel.fail()
        back = out(hotel, which)
        away = hotel.look()
        assert away == before | {("database-away", "archive"), ("message-failed", "message")}
        change(hotel, "", "DELETE FROM guesterase_outbox WHERE state = 'failed'")
        assert hotel.look() == before | {("database-away", "archive")}
        back()
        assert hotel.look() == before


def test_what_follows_a_look_in_its_transaction_concludes_nothing_from_what_was_left_out(
    tmp_path: Path,
) -> None:
    """A request is not sent to wait for tables that seemed to be missing; once all is back it goes.

    So the host may look over everything, and erase, in one transaction of its own.
    """
    with watched(("sqlite",) * 3, tmp_path) as hotel:
        number = hotel.approved()
        back = taken_away(hotel, 1)
        with hotel.app.app_context():
            with pytest.raises(BusyError):
                hotel.extension.run(lambda office: (office.look_over(), office.erase(number)))
            assert hotel.state(number) == "approved"
            with hotel.extension.begin() as office:
                assert office.look_over()["opened"]
                back()
                assert office.erase(number).state is State.ERASING


@pytest.mark.long
def test_health_does_not_wait_for_a_server_that_never_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes while it is asked is told what was so before; nobody keeps a connection."""
    monkeypatch.setattr(health, "LASTING", 0.0)
    asked = reaching.silent
    with watched(("sqlite", "mariadb"), tmp_path) as hotel:
        client = hotel.browser()
        well = client.get("/health/").json["problems"]
        back = hung(hotel, 1)

        def slowly(binds: Binds) -> dict[str, str]:
            monkeypatch.setattr(health, "LASTING", 60.0)
            assert hotel.engines()[0].pool.checkedout() == 0  # type: ignore[attr-defined]
            assert hotel.app.test_client().get("/health/").json["problems"] == well
            return asked(binds)

        monkeypatch.setattr(health, "silent", slowly)
        began = monotonic()
        assert client.get("/health/").json["problems"] == ["database-unreachable", *well]
        assert monotonic() - began < 20
        back()


def test_whoever_asks_meanwhile_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads that all is well, and nothing ends with an error of the database's driver."""
    monkeypatch.setattr(health, "LASTING", 0.0)
    with watched(("sqlite",) * 3, tmp_path) as hotel:
        client, bearer = hotel.browser(), {"Authorization": f"Bearer {TOKEN}"}
        well = client.get("/health/").json["problems"]
        assert "database-unreachable" not in well
        back = taken_away(hotel, 1)
        assert client.get("/health/").json["problems"] == ["database-unreachable", *well]
        assert client.get("/metrics/", headers=bearer).status_code == 200
        code, said = hotel.runs("check")
        assert code == 1
        # What our own tables and folders tell is told as ever.
        assert "The database 'archive' does not answer" in said
        assert {"checkpoint-missing", "pack-draft"} & set(said.split())
        said = hotel.runs("doctor")[1]
        assert "The default database alone was measured, not these: archive, crm." in said
        assert hotel.runs("diagnose", "--out", str(tmp_path / "told.json"))[0] == 0
        assert "forward" not in hotel.work().problems
        assert "watch" not in hotel.runs("sweep")[1]
        # That sweep looked for nothing that is due.
        hotel.put("fees", [{"id": 2, "guest_no": 1, "payer": "Ann", "paid_on": OLD}])
        code, said = hotel.runs("watch", "--json")
        told = {(row["kind"], row["about"]): row["count"] for row in json.loads(said)}
        assert (code, told["past-due", "fees/invoice_accounting"]) == (1, 2)
        assert ("database-away", "archive") in told
        page = client.get("/desk/privacy/watch").text
        assert "a database does not answer" in page.lower()
        assert "archive" in page
        assert client.get("/desk/privacy/").status_code == 200
        back()
        assert client.get("/health/").json["problems"] == well
