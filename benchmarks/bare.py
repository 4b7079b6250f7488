"""A host as hotels write them, with five kinds of request; the extension installed, or not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder

from flask_guesterase import Guesterase
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import keep, null, retain
from flask_guesterase.store import tables
from flask_guesterase.store.settings import Property

from . import cores
from .estate import engine_of
from .schema import BLOCKERS, POLICIES, Base, Guest, Invoice, Message, Payment, Reservation

ROUTES = {
    "static": "a fixed answer, no database",
    "read": "a guest with bookings and messages",
    "write": "a remark changed and a message added",
    "kept": "invoices, of which the law keeps a column in place for some",
    "known": "a telephone changed, by which somebody erased would be known again",
}
"""Kinds of request: word -> what it does."""


class Clerk(UserMixin):
    """Somebody who works at the hotel.

    :param id: the host's id of the person.
    """

    def __init__(self, id: str) -> None:
        self.id = id


class Bare:
    """The host over a hotel that was built.

    :param url: address of the database.
    :param folder: where keys go.
    :param installed: whether the extension is installed.
    :param quick: whether writes are not waited for, and a guest is erased through the extension
        first, unless that was done; otherwise the database is as an installation left it.
    """

    def __init__(self, url: str, folder: Path, installed: bool, quick: bool = True) -> None:
        self.engine: Engine = engine_of(url)
        if quick and self.engine.dialect.name == "sqlite":
            # What a disk takes to write is no concern of what is measured here.
            event.listen(self.engine, "connect", _quick)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(
            SECRET_KEY="only-for-measuring-" + "0" * 32, GUESTERASE_KEYS=str(folder / "keys"),
            GUESTERASE_REGISTER=str(folder / "register"), GUESTERASE_MAIL="page",
        )  # fmt: skip
        self.app.teardown_appcontext(lambda _: self.session.remove())
        LoginManager(self.app).user_loader(Clerk)
        self._routes()
        self.extension: Guesterase | None = self._install() if installed else None
        if self.extension is not None and quick and not (folder / "keys").exists():
            self._live(self.extension)

    def _install(self) -> Guesterase:
        place = Property("h0", "Fir", "Fir Ltd", "DE", "Europe/Berlin")
        added = Guesterase(
            self.session, models=Base, properties=[place],
            authorize=lambda user, permission, place: True,
        )  # fmt: skip
        for target, policy in POLICIES:
            added.register(target, _kept() if target is Invoice else policy)
        added.block(*BLOCKERS)
        added.init_app(self.app)
        return added

    def _live(self, added: Guesterase) -> None:
        """Let the installation have erased somebody, as one that is some days old."""
        tables.metadata.create_all(self.engine)
        with self.app.app_context():
            added.custodian.create()
            with added.begin() as office:
                number = office.request({"profile": "1"}, property="h0", by="clerk")
                office.confirm(number, "clerk", "desk")
            with added.begin() as office:
                office.approve(number, "officer", office.preview(number).digest)
            added.run(lambda office: office.erase(number))

    def _routes(self) -> None:
        session = self.session

        @self.app.get("/static")
        def static_page() -> str:
            return "open all night"

        @self.app.get("/read/<int:id>")
        def read(id: int) -> Any:
            guest = session.get_one(Guest, id)
            stays = session.scalars(select(Reservation).where(Reservation.guest_id == id)).all()
            letters = session.scalars(select(Message).where(Message.guest_id == id)).all()
            return jsonify(
                name=guest.name, stays=[stay.number for stay in stays],
                letters=[letter.body for letter in letters],
            )  # fmt: skip

        @self.app.get("/write/<int:id>")
        def write(id: int) -> str:
            stay = session.get_one(Reservation, id * 2)
            stay.remark = f"late {time.monotonic_ns()}"
            session.add(Message(guest_id=id, sent_on=stay.leaves, body="see you"))
            session.commit()
            return "written"

        @self.app.get("/kept/<int:id>")
        def kept(id: int) -> Any:
            bills = session.scalars(select(Invoice).where(Invoice.folio_id == id * 2)).all()
            paid = session.scalars(select(Payment).where(Payment.folio_id == id * 2)).all()
            return jsonify([bill.number for bill in bills] + [each.amount for each in paid])

        @self.app.get("/known/<int:id>")
        def known(id: int) -> str:
            session.get_one(Guest, id).phone = f"+49 152 {time.monotonic_ns() % 10**9:09}"
            session.commit()
            return "written"

    def ask(self, route: str, id: int) -> tuple[float, float]:
        """Answer one request through WSGI, as a server would.

        :return: microseconds it took, and microseconds of them that this thread computed.
        """
        path = "/static" if route == "static" else f"/{route}/{id}"
        environ = EnvironBuilder(path=path).get_environ()
        status: list[str] = []
        start, computing = time.perf_counter_ns(), time.thread_time_ns()
        answer = self.app.wsgi_app(environ, lambda line, *_: status.append(line) or _nowhere)
        for _ in answer:
            pass
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        computed = (time.thread_time_ns() - computing) / 1000
        took = (time.perf_counter_ns() - start) / 1000
        if not status or not status[0].startswith("200"):
            raise RuntimeError(f"{path}: {status}")
        return took, computed


def _kept() -> Policy:
    books = keep("bookkeeping")
    columns = {"number": books, "billed_to": retain("invoice_accounting", null), "total": books}
    return Policy(
        columns, via="folio.reservation.guest", category="invoice_accounting",
        clock=lambda table: table.c.id * 0,
    )  # fmt: skip


def _nowhere(data: bytes) -> None:
    return None


def _quick(raw: Any, record: Any) -> None:
    raw.execute("PRAGMA synchronous = OFF")


def serve(url: str, folder: str, installed: str) -> None:
    """Answer orders of the measuring process: a route, a first guest and a count on each line."""
    cores.first()
    host = Bare(url, Path(folder), installed == "installed")
    say: Callable[[str], object] = sys.stdout.write
    say("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        route, first, count = line.split()
        took = [host.ask(route, int(first) + place) for place in range(int(count))]
        say(" ".join(f"{wall:.1f}/{own:.1f}" for wall, own in took) + "\n")
        sys.stdout.flush()


def listen(url: str, folder: str) -> None:
    """Answer over HTTP on a free port of the loopback, which is printed, until ended."""
    host = Bare(url, Path(folder), installed=True, quick=False)
    server = make_server("127.0.0.1", 0, host.app, threaded=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    listen(*sys.argv[1:3]) if sys.argv[3] == "http" else serve(*sys.argv[1:])
