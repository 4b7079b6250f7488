"""A hotel group whose guests, letters and members lie in two or three databases."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, login_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event

from flask_guesterase import (
    Equal,
    Guesterase,
    Policy,
    Subject,
    keep,
    mentions,
    null,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.core.treatment import delete
from flask_guesterase.store import tables
from flask_guesterase.store.settings import Property
from flask_guesterase.store.worker import carry_out
from flask_guesterase.web.staff import staff_pages
from tests.engines import fresh_database
from tests.oracle.dump import Dump, dump

NAMES = ("", "archive", "crm")
CANARY = "Ann Zebrafinch"
ANN = {"email": "ann@mail.example", "name": CANARY}
PINE = Property("sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai", "zh", "privacy@pine.example")


class Group:
    """An application over several databases, with the extension installed.

    :param urls: addresses of empty databases: the default one, the archive, and perhaps the
        members' own, which otherwise lie in the default one.
    :param folder: where keys are.
    :param bills: whether there are bills in the archive, which the law keeps for years, and
        stamps, which have no key.
    :param told: whether triggers copy the old name of a guest into stays, in the default
        database, and the old title of a letter into pages, in the archive.
    """

    def __init__(
        self, urls: Sequence[str], folder: Path, bills: bool = False, told: bool = False
    ) -> None:
        self.told = told
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(
            SQLALCHEMY_DATABASE_URI=urls[0],
            SQLALCHEMY_BINDS=dict(zip(NAMES[1:], urls[1:], strict=False)),
            SECRET_KEY="only-for-tests-" + "0" * 32,
            TESTING=True,
            GUESTERASE_KEYS=str(folder / "keys"),
        )
        self.db = SQLAlchemy(self.app)
        self.names = NAMES[: len(urls)]
        self.extension = Guesterase(self.db, authorize=lambda *_: True, properties=[PINE])
        self._declare("crm" if len(urls) > 2 else None)
        if bills:
            self._bills()
        self.extension.init_app(self.app)
        self.app.register_blueprint(staff_pages, url_prefix="/desk/privacy")
        manager = LoginManager(self.app)
        manager.user_loader(_Person)
        self.app.add_url_rule("/in", view_func=_log_in)
        with self.app.app_context():
            for engine in self.engines():
                if engine.dialect.name == "sqlite":
                    event.listen(engine, "connect", _enforce)

    def _declare(self, members: str | None) -> None:
        db, register = self.db, self.extension.register

        class Guest(db.Model):  # type: ignore[name-defined,misc]  # made at run time
            __tablename__ = "guests"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String(80))
            email = sa.Column(sa.String(120))
            born = sa.Column(sa.Date)

        class Stay(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "stays"
            id = sa.Column(sa.Integer, primary_key=True)
            guest_id = sa.Column(sa.ForeignKey("guests.id"), index=True)
            room = sa.Column(sa.String(8))
            wish = sa.Column(sa.String(200))
            guest = db.relationship(Guest)

        class Letter(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "letters"
            __bind_key__ = "archive"
            id = sa.Column(sa.Integer, primary_key=True)
            guest_no = sa.Column(sa.Integer, index=True)
            title = sa.Column(sa.String(80))
            body = sa.Column(sa.Text)

        class Page(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "pages"
            __bind_key__ = "archive"
            id = sa.Column(sa.Integer, primary_key=True)
            letter_id = sa.Column(sa.ForeignKey("letters.id"), index=True)
            words = sa.Column(sa.Text)
            letter = db.relationship(Letter)

        class Member(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "members"
            __bind_key__ = members
            id = sa.Column(sa.Integer, primary_key=True)
            code = sa.Column(sa.String(20), unique=True)
            name = sa.Column(sa.String(80))
            email = sa.Column(sa.String(120))

        class Point(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "points"
            __bind_key__ = members
            id = sa.Column(sa.Integer, primary_key=True)
            member_id = sa.Column(sa.ForeignKey("members.id"), index=True)
            why = sa.Column(sa.String(80))
            member = db.relationship(Member)

        class Voucher(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "vouchers"
            id = sa.Column(sa.Integer, primary_key=True)
            member_code = sa.Column(sa.String(20), index=True)
            words = sa.Column(sa.String(80))

        kept = keep("occupancy")
        why = "what it copies has a policy"
        guest_told, letter_told = (
            {name: why} if self.told else {} for name in ("guests_told", "letters_told")
        )
        register(Guest, Policy(
            {"name": redact, "email": placeholder, "born": null},
            subject=Subject(match=["email"], name="name", contact=["email"]),
            triggers=guest_told,
        ))
        register(Stay, Policy({"room": kept, "wish": mentions}, via="guest"))
        register(Letter, Policy(
            {"guest_no": kept, "title": redact, "body": mentions},
            via=Equal({"guest_no": "id"}, to="guests"), triggers=letter_told,
        ))
        register(Page, Policy({"words": null}, via="letter"))
        register(Member, Policy(
            {"code": kept, "name": redact, "email": placeholder},
            subject=Subject(match=["email"], name="name", contact=["email"]),
        ))
        register(Point, Policy({"why": null}, via="member", rows=delete))
        register(Voucher, Policy(
            {"member_code": kept, "words": redact}, via=Equal({"member_code": "code"}, to="members")
        ))

    def _bills(self) -> None:
        db = self.db

        class Bill(db.Model):  # type: ignore[name-defined,misc]  # made at run time
            __tablename__ = "bills"
            __bind_key__ = "archive"
            id = sa.Column(sa.Integer, primary_key=True)
            guest_no = sa.Column(sa.Integer, index=True)
            billed_to = sa.Column(sa.String(80))
            issued_on = sa.Column(sa.Date)

        self.bill = Bill
        stamps = db.Table(
            "stamps", sa.Column("guest_no", sa.Integer, index=True),
            sa.Column("words", sa.String(80)), bind_key="archive",
        )  # fmt: skip
        self.extension.register(stamps, Policy(
            {"guest_no": keep("occupancy"), "words": redact},
            via=Equal({"guest_no": "id"}, to="guests"),
        ))  # fmt: skip
        self.extension.register(Bill, Policy(
            {"guest_no": keep("occupancy"), "issued_on": keep("bookkeeping"),
             "billed_to": retain("invoice_accounting")},
            via=Equal({"guest_no": "id"}, to="guests"), clock="issued_on",
        ))  # fmt: skip

    def make(self, rows: Mapping[str, list[dict[str, Any]]] | None = None) -> None:
        """Create all tables and keys, and put guests and members in."""
        with self.app.app_context():
            self.db.create_all()
            tables.metadata.create_all(self.engines()[0])
            self.extension.custodian.create()
            for name, each in (rows or ROWS).items():
                self.put(name, each)
            if self.told:
                self._tell("", "guests", "stays (id, guest_id, wish)", "OLD.id, OLD.name")
                into = "pages (id, letter_id, words)"
                self._tell("archive", "letters", into, "OLD.id, OLD.title")

    def _tell(self, place: str, table: str, into: str, values: str) -> None:
        """Create a trigger that copies what a row was into another table."""
        engine = self.engines()[self.names.index(place)]
        name, event = f"{table}_told", f"AFTER UPDATE ON {table} FOR EACH ROW"
        number = f"(SELECT max(id) + 1 FROM {into.split()[0]})"
        does = f"INSERT INTO {into} VALUES ({number}, {values});"
        with engine.begin() as conn:
            if engine.dialect.name == "postgresql":
                conn.exec_driver_sql(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
                                     f"AS $$ BEGIN {does} RETURN NULL; END $$")  # fmt: skip
                does, event = "", f"{event} EXECUTE FUNCTION {name}()"
            body = f"BEGIN {does} END" if does else ""
            conn.exec_driver_sql(f"CREATE TRIGGER {name} {event} {body}")

    def put(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Insert rows into the database a table lies in."""
        key, metadata = next(
            (key, each) for key, each in self.db.metadatas.items() if name in each.tables
        )
        with self.app.app_context(), self.db.engines[key].begin() as conn:
            conn.execute(metadata.tables[name].insert(), rows)

    def engines(self) -> list[Engine]:
        """Return the engines, the default one first."""
        return [self.db.engines[name or None] for name in self.names]

    def approved(self, match: Mapping[str, str] = ANN) -> str:
        """Ask for one guest to be erased, and have it approved; return the number."""
        with self.app.app_context():
            with self.extension.begin() as office:
                number = office.request(match, by="clerk")
                office.confirm(number, by="clerk")
            with self.extension.begin() as office:
                shown = office.preview(number)
                assert not shown.blocked, shown.blocked
                office.approve(number, by="officer", digest=shown.digest)
        return number

    def extension_labels(self) -> frozenset[str]:
        """Return the labels of the keys there are."""
        with self.app.app_context():
            return self.extension.custodian.labels()

    def erase(self, number: str) -> str:
        """Carry a request out; return its state."""
        with self.app.app_context():
            return carry_out(self.extension.run, number).value

    def work(self, hours: int = 0) -> Any:
        """Let the worker make one round, some hours later."""
        before = self.extension._now
        self.extension._now = staticmethod(lambda: before() + dt.timedelta(hours=hours))
        try:
            with self.app.app_context():
                return self.extension.work()
        finally:
            self.extension._now = before

    def state(self, number: str) -> str:
        """Return the state of a request."""
        with self.app.app_context(), self.extension.begin(write=False) as office:
            return str(office.show(number)["state"])

    def actions(self) -> list[str]:
        """Return the actions in the journal."""
        with self.app.app_context(), self.engines()[0].connect() as conn:
            wanted = sa.select(tables.entry.c.action).order_by(tables.entry.c.position)
            return list(conn.execute(wanted).scalars())

    def dumps(self) -> dict[str, Dump]:
        """Return all rows of the host, per database."""
        with self.app.app_context():
            found = {}
            for name, engine in zip(self.names, self.engines(), strict=True):
                with engine.connect() as conn:
                    found[name] = dump(conn)
            return found

    def browser(self) -> FlaskClient:
        """Return a browser in which the officer is logged in."""
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        assert client.get("/in").status_code == 200
        return client

    def close(self) -> None:
        """Give all connections back."""
        with self.app.app_context():
            for engine in self.engines():
                engine.dispose()


def _enforce(raw: Any, _: Any) -> None:
    raw.execute("PRAGMA foreign_keys = ON")


class _Person(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    def __init__(self, login: str) -> None:
        self.id = login


def _log_in() -> str:
    login_user(_Person("officer"))
    return "in"


ROWS: dict[str, list[dict[str, Any]]] = {
    "guests": [
        {"id": 1, "name": CANARY, "email": "ann@mail.example", "born": dt.date(1990, 2, 3)},
        {"id": 2, "name": "Bea Lund", "email": "bea@mail.example", "born": None},
    ],
    "stays": [
        {"id": 1, "guest_id": 1, "room": "101", "wish": f"{CANARY} wants a quiet room"},
        {"id": 2, "guest_id": 2, "room": "102", "wish": "Bea Lund asks for tea"},
    ],
    "letters": [
        {"id": 1, "guest_no": 1, "title": "Dear Ann", "body": f"For {CANARY}, ann@mail.example."},
        {"id": 2, "guest_no": 2, "title": "Dear Bea", "body": "For Bea Lund."},
        {"id": 3, "guest_no": 0, "title": "Circular", "body": "For everybody."},
    ],
    "pages": [
        {"id": 1, "letter_id": 1, "words": "Ann, page one"},
        {"id": 2, "letter_id": 1, "words": "Ann, page two"},
        {"id": 3, "letter_id": 2, "words": "Bea, page one"},
    ],
    "members": [
        {"id": 7, "code": "M7", "name": CANARY, "email": "ann@mail.example"},
        {"id": 8, "code": "M8", "name": "Bea Lund", "email": "bea@mail.example"},
    ],
    "points": [
        {"id": 1, "member_id": 7, "why": "Ann's stay"},
        {"id": 2, "member_id": 8, "why": "Bea's stay"},
    ],
    "vouchers": [
        {"id": 1, "member_code": "M7", "words": "for Ann"},
        {"id": 2, "member_code": "M8", "words": "for Bea"},
    ],
}


@contextmanager
def group(
    kinds: Sequence[str],
    folder: Path,
    bills: bool = False,
    rows: Mapping[str, list[dict[str, Any]]] | None = None,
    told: bool = False,
) -> Iterator[Group]:
    """A group over fresh databases of these kinds."""
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in kinds]
        folder.mkdir(parents=True, exist_ok=True)
        made = Group(urls, folder, bills, told)
        made.make(rows)
        try:
            yield made
        finally:
            made.close()


def beside(folder: Path) -> list[str]:
    """Return addresses of three SQLite files in a folder."""
    return [f"sqlite:///{folder}/{name}.sqlite" for name in ("home", "archive", "crm")]


@contextmanager
def copied(template: Path, folder: Path) -> Iterator[Group]:
    """A group over copies of the files and keys of another one."""
    shutil.copytree(template, folder)
    made = Group(beside(folder), folder)
    try:
        yield made
    finally:
        made.close()
