"""What the page about models of other vendors shows, on tables that nobody here may edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from flask_login import UserMixin
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase import Guesterase, Policy, Property, Subject, keep, null, redact
from tests.docs.test_howto import run

PAGE = "how-to/a-model-you-cannot-edit.md"

THEIRS = """
CREATE TABLE guests (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(80));
CREATE TABLE guests_version (id INTEGER, transaction_id INTEGER, name VARCHAR(80),
    email VARCHAR(80), operation_type INTEGER, PRIMARY KEY (id, transaction_id));
CREATE TABLE bookings (number VARCHAR(9) PRIMARY KEY, guest_id INTEGER REFERENCES guests (id));
CREATE TABLE invoices (id INTEGER PRIMARY KEY, booking_number VARCHAR(9),
    billed_to VARCHAR(80) NOT NULL, total_cents INTEGER);
CREATE TABLE web_push_tokens (token VARCHAR(80) PRIMARY KEY,
    guest_id INTEGER REFERENCES guests (id));
CREATE TABLE exchange_rates (currency CHAR(3) PRIMARY KEY, rate NUMERIC);
INSERT INTO guests VALUES (1, 'Ada Now', 'ada@mail.example'), (2, 'Bob', 'bob@mail.example');
INSERT INTO guests_version VALUES (1, 1, 'Ada Before', 'old@mail.example', 0),
    (1, 2, 'Ada Now', 'ada@mail.example', 1), (2, 3, 'Bob', 'bob@mail.example', 0);
INSERT INTO bookings VALUES ('B1', 1), ('B2', 2);
INSERT INTO invoices VALUES (1, 'B1', 'Ada Now', 5), (2, 'B2', 'Bob', 6), (3, '', 'Nobody', 7);
INSERT INTO web_push_tokens VALUES ('ada-phone', 1), ('bob-phone', 2);
INSERT INTO exchange_rates VALUES ('EUR', 1);
"""


class Clerk(UserMixin):  # type: ignore[misc] # Flask-Login has no types
    """A member of staff; the login is the id."""

    def __init__(self, login: str) -> None:
        self.id = login


def test_tables_of_other_vendors_are_erased_from_outside(tmp_path: Path) -> None:
    """By the page's declarations, in an application made by the page's wrapped factory."""
    engine = create_engine(f"sqlite:///{tmp_path / 'theirs.sqlite'}")
    with engine.begin() as conn:
        for statement in filter(str.strip, THEIRS.split(";")):
            conn.execute(text(statement))
    metadata = MetaData()
    metadata.reflect(engine)
    page: dict[str, Any] = {"__name__": "page"}
    for number in (0, 2):
        run(PAGE, number, page)
    guesterase = Guesterase(
        scoped_session(sessionmaker(engine)), models=[metadata], authorize=lambda *_: True,
        properties=[Property("main", "Hotel Linde", "Linde GmbH", contact="us@linde.example")],
    )  # fmt: skip
    guesterase.register("guests", Policy(
        {"name": redact, "email": null}, subject=Subject(["email"], name="name", contact=["email"])
    ))
    guesterase.register("bookings", Policy({"number": keep("a number")}, via="guest_id"))
    page["declare"](guesterase)

    def create_app() -> Flask:
        app = Flask(__name__)
        app.config.update(SECRET_KEY="only-for-this-test", GUESTERASE_KEYS=str(tmp_path / "keys"))
        return app

    app = page["with_erasure"](create_app, guesterase, Clerk, lambda: Clerk("clerk"))()

    runner = app.test_cli_runner()
    assert runner.invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    checked = runner.invoke(args=["guesterase", "check"])
    assert checked.exit_code == 0, checked.output
    assert app.test_client().get("/desk/privacy/").status_code == 200
    with app.app_context():
        with guesterase.begin() as office:
            number = office.request({"email": "ada@mail.example"}, by="clerk")
            office.confirm(number, by="clerk")
        with guesterase.begin() as office:
            office.approve(number, by="officer", digest=office.preview(number).digest)
        assert guesterase.work().problems == {}
    with engine.connect() as conn:
        left = {n: conn.execute(t.select()).all() for n, t in metadata.tables.items()}
    engine.dispose()

    assert [n for n, rows in left.items() if any(w in repr(rows) for w in ("Ada", "ada", "old@"))
            ] == []
    assert repr(left).count("bob@mail.example") == 2
    assert [tuple(row) for row in left["invoices"]][1:] == [(2, "B2", "Bob", 6),
                                                           (3, "", "Nobody", 7)]
    assert [row.token for row in left["web_push_tokens"]] == ["bob-phone"]
