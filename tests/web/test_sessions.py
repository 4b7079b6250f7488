"""Sessions of an erased account end, remember-me cookies included, and nobody else pays for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase import (
    Guesterase,
    Policy,
    Subject,
    api_pages,
    keep,
    null,
    placeholder,
    redact,
)
from flask_guesterase.recipients import Recipient
from flask_guesterase.store import worker
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.upkeep import upgrade

MARKED = Policy(
    {"email": placeholder, "name": redact, "phone": null, "token": keep("random"),
     "seen": keep("a day")},
    subject=Subject(match=["email", "phone"], name="name", contact=["email"]),
)  # fmt: skip
BARE = Policy(
    {"email": null, "name": null, "phone": null, "token": keep("random"), "seen": keep("a day")},
    subject=Subject(match=["email", "phone"], name="name", contact=["email"]),
)
TOKEN = Policy(
    {"email": null, "name": null, "phone": null, "token": placeholder, "seen": keep("a day")},
    subject=Subject(match=["email", "phone"], name="name", contact=["email"]),
)


class Site:
    """An application whose guests log in themselves: their row is guest and user at once.

    :param folder: where database and keys go.
    :param policy: what is declared of the guests.
    :param alternative: whether a session holds a random token instead of the key.
    """

    def __init__(self, folder: Path, policy: Policy, alternative: bool = False) -> None:
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(
            SECRET_KEY="only-for-tests-" + "0" * 32,
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/site.sqlite",
            GUESTERASE_KEYS=f"{folder}/keys",
        )
        self.db = SQLAlchemy(self.app)
        db = self.db

        class Guest(UserMixin, db.Model):  # type: ignore[misc,name-defined]  # made at run time
            __tablename__ = "guests"
            id = sa.Column(sa.Integer, primary_key=True)
            email = sa.Column(sa.String(80), nullable=True)
            name = sa.Column(sa.String(80))
            phone = sa.Column(sa.String(40))
            token = sa.Column(sa.String(80))
            seen = sa.Column(sa.String(10))
            __erasure__ = policy

            def get_id(self) -> str:
                return str(self.token if alternative else self.id)

        self.guest = Guest
        self.staff = ("t2", "t3") if alternative else ("2", "3")
        self.cache: dict[tuple[Any, ...], str] = {}
        self.extension = Guesterase(db, authorize=lambda *_: True)
        self.extension.recipient(Recipient("cache", self.forget))
        self.extension.init_app(self.app)
        with self.app.app_context():
            db.create_all()
            upgrade.upgrade(db.engine)
            FolderCustodian(f"{folder}/keys").create()
            db.session.add_all([
                Guest(id=1, email="ann@mail.example", name="Ann", phone="+8613912345678",
                      token="t1"),
                Guest(id=2, email="bea@mail.example", name="Bea", token="t2"),
                Guest(id=3, token="t3"),
            ])  # fmt: skip
            db.session.commit()
        # After init_app, as hosts do it too.
        self.logins = LoginManager(self.app)
        column = Guest.token if alternative else Guest.id

        @self.logins.user_loader
        def load(identifier: str) -> Any:
            return db.session.scalars(sa.select(Guest).where(column == identifier)).one_or_none()

        @self.app.get("/in/<int:key>")
        def log_in(key: int) -> str:
            login_user(db.session.get(Guest, key), remember=True)
            return "in"

        @self.app.get("/me")
        @login_required
        def me() -> str:
            return str(current_user.id)

    def forget(self, notice: Any) -> None:
        """Forget what is cached of the rows that were erased, as a host would."""
        for table, key in notice.rows:
            self.cache.pop((table, *key), None)

    def browser(self, key: int) -> FlaskClient:
        """Return a browser in which somebody is logged in and remembered."""
        client = self.app.test_client()
        assert client.get(f"/in/{key}").text == "in"
        assert client.get_cookie("remember_token") is not None
        return client

    def erase(self, email: str) -> None:
        """Erase somebody, from the request to the check."""
        with self.app.app_context():
            run = self.extension.run
            number = run(lambda office: office.request({"email": email}))
            run(lambda office: office.confirm(number, self.staff[0]))
            run(lambda office: office.approve(number, self.staff[1], office.preview(number).digest))
            worker.carry_out(run, number)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Collect the statements that reach the database."""
        seen: list[str] = []
        with self.app.app_context():
            engine = self.db.engine

        def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        yield seen
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(params=["marked", "bare", "token"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A site whose erased rows are marked, empty, or lose their session's token."""
    policy = {"marked": MARKED, "bare": BARE, "token": TOKEN}[request.param]
    made = Site(tmp_path, policy, alternative=request.param == "token")
    yield made
    with made.app.app_context():
        made.db.session.remove()
        made.db.engine.dispose()


def test_an_erased_guest_is_logged_out_everywhere(site: Site) -> None:
    """In every browser, by session and by remember-me cookie alone; others stay logged in."""
    first, second, bea, empty = site.browser(1), site.browser(1), site.browser(2), site.browser(3)
    second.delete_cookie("session")
    assert first.get("/me").text == second.get("/me").text == "1"
    site.erase("ann@mail.example")
    second.delete_cookie("session")
    assert first.get("/me").status_code == 401
    assert second.get("/me").status_code == 401
    assert second.get("/me").status_code == 401
    assert bea.get("/me").text == "2"
    # A row that never held anything is no erased one.
    assert empty.get("/me").text == "3"


def test_who_is_only_called_like_a_placeholder_is_not_logged_out(tmp_path: Path) -> None:
    """A guest lives whose mailbox begins like what an erasure writes, and who gave no name."""
    site = Site(tmp_path, MARKED)
    with site.app.app_context():
        bea = site.db.session.get(site.guest, 2)
        bea.email, bea.name = "erased-heart@mail.example", None
        site.db.session.commit()
        assert not site.extension.erased(bea)
    assert site.browser(2).get("/me").text == "2"
    with site.app.app_context():
        site.db.engine.dispose()


def test_who_was_erased_acts_no_more_where_no_browser_came_by(site: Site) -> None:
    """Tokens and commands act for an id, in processes in which nobody ever logs in."""
    with site.app.app_context():
        erased = str(site.db.session.get(site.guest, 1).get_id())
        assert site.extension.may(erased, "file", "main")
    site.erase("ann@mail.example")
    with site.app.app_context():
        assert site.extension.user(erased) is None
        assert not site.extension.may(erased, "file", "main")
        assert all(site.extension.may(each, "file", "main") for each in site.staff)


def test_the_token_of_who_was_erased_opens_nothing(tmp_path: Path) -> None:
    """A program calls on after the person it acts for is gone: it files and sees nothing."""
    site = Site(tmp_path, MARKED)
    site.app.register_blueprint(api_pages, url_prefix="/api")
    until = date.today() + timedelta(days=100)
    with site.app.app_context():
        token = site.extension.run(
            lambda office: office.issue_token("1", "main", ["view", "file"], until, "2")
        )
    asked = {"headers": {"Authorization": f"Bearer {token}"}}
    program = site.app.test_client()

    def file() -> int:
        wish = {"match": {"email": "bea@mail.example"}, "channel": "desk"}
        return program.post("/api/requests", json=wish, **asked).status_code

    def listed() -> tuple[int, int]:
        answer = program.get("/api/requests", **asked)
        return answer.status_code, len(answer.json.get("requests", ()))

    assert (file(), listed()) == (201, (200, 1))
    site.erase("ann@mail.example")
    assert (file(), listed()) == (403, (403, 0))
    with site.app.app_context():
        site.db.engine.dispose()


def test_a_request_costs_the_host_no_statement_more(tmp_path: Path) -> None:
    """Loading a living user asks the database exactly what the host's own loader asks."""
    site = Site(tmp_path, MARKED)
    client = site.browser(2)
    client.get("/me")
    with site.statements() as seen:
        client.get("/me")
    assert len(seen) == 1
    site.erase("ann@mail.example")
    with site.statements() as seen:
        client.get("/me")
    assert len(seen) == 1
    with site.app.app_context():
        site.db.engine.dispose()


def test_a_gap_of_ours_keeps_nobody_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where our tables are gone an empty user still gets in, and the log says what went wrong."""
    site = Site(tmp_path, BARE)
    client = site.browser(3)
    with site.app.app_context(), site.db.engine.begin() as conn:
        conn.exec_driver_sql("DROP TABLE guesterase_subject")
    assert client.get("/me").text == "3"
    assert "SetupError while a session" in caplog.text
    with site.app.app_context():
        site.db.engine.dispose()


def test_the_hosts_cache_is_told_by_the_rows_keys(tmp_path: Path) -> None:
    """A callable as recipient runs after the commit, with table and key of who is gone."""
    site = Site(tmp_path, MARKED)
    site.cache = {("guests", 1): "Ann", ("guests", 2): "Bea"}
    site.erase("ann@mail.example")
    assert ("guests", 1) in site.cache
    with site.app.app_context():
        assert site.extension.work().counts["told"] == 1
        site.db.engine.dispose()
    assert site.cache == {("guests", 2): "Bea"}


def test_what_is_no_row_is_nobody(tmp_path: Path) -> None:
    """Staff of another class, a plain object, nothing: none was erased."""
    site = Site(tmp_path, MARKED)
    with site.app.app_context():
        assert not site.extension.erased(UserMixin())
        assert not site.extension.erased(None)
        assert not site.extension.erased(site.guest(id=9, name="New", email="new@mail.example"))
        site.db.engine.dispose()
