"""The small hotel of the office's tests behind a real Flask application, with staff to log in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask, Response, redirect
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, login_user, logout_user
from sqlalchemy.orm import scoped_session, sessionmaker
from werkzeug.test import TestResponse

from flask_guesterase.core.policy import Policy
from flask_guesterase.store.settings import Property
from flask_guesterase.web.extension import Guesterase
from flask_guesterase.web.guestpages.guest import guest_pages
from flask_guesterase.web.joining.rights import May
from flask_guesterase.web.staff import staff_pages
from tests.engines import templates
from tests.store.hotel import Base, Booking, Companion, Guest, Hotel, Invoice, policies

PROPERTIES = (
    Property(
        "sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai", "zh", "privacy@pine.example", "A 1"
    ),
    Property("mu", "Hotel Fir", "Fir GmbH", "DE", "Europe/Berlin", "de", "privacy@fir.example"),
)

DESK = frozenset({"view", "file", "verify"})
OFFICE = DESK | {"approve", "refuse", "erase", "law", "restore", "complaint", "incident"}
STAFF: dict[str, tuple[str, frozenset[str]]] = {
    "clerk": ("sh", DESK),
    "officer": ("sh", OFFICE),
    "second": ("sh", OFFICE),
    "auditor": ("sh", frozenset({"view", "audit", "figures"})),
    "porter": ("sh", DESK | {"freeze"}),
    "holder": ("sh", DESK | {"hold", "freeze"}),
    "second-holder": ("sh", frozenset({"view", "hold"})),
    "far-holder": ("mu", frozenset({"view", "hold", "freeze"})),
    "far-officer": ("mu", OFFICE | {"audit"}),
    "night": ("sh", frozenset({"register"})),
    "far-night": ("mu", frozenset({"register"})),
    "watcher": ("sh", frozenset({"view", "watch", "report", "train", "improve", "figures"})),
    "far-watcher": ("mu", frozenset({"watch", "report", "train"})),
    "reporter": ("sh", DESK | {"report"}),
    "nobody": ("sh", frozenset()),
    "issuer": ("sh", frozenset({"issue", "improve"})),
    "second-issuer": ("sh", frozenset({"issue", "improve"})),
    "third-issuer": ("sh", frozenset({"issue", "improve"})),
    "far-issuer": ("mu", frozenset({"issue", "improve"})),
}
"""Login -> property and what they may do there."""


class User(UserMixin):  # type: ignore[misc] # Flask-Login has no types
    """A member of staff; the login is the id."""

    def __init__(self, login: str) -> None:
        self.id = login


def may(user: Any, permission: str, property_: str) -> bool:
    """Answer for the host."""
    place, granted = STAFF.get(user.id, ("", frozenset()))
    return place == property_ and permission in granted


class House:
    """An application with the extension installed, and its database.

    :param url: address of an empty database.
    :param folder: where keys and files go.
    :param properties: the hotels.
    :param authorize: the host's answer to who may do what.
    :param logins: whether the application knows its staff.
    :param declared: what the vendor declares, given the folder of files.
    :param root: folder of the host's own templates and translations.
    :param config: configuration that wins.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        properties: Sequence[Property] = PROPERTIES,
        logins: bool = True,
        authorize: May | None = may,
        declared: Callable[[str], list[tuple[Any, Policy]]] = policies,
        root: Path | None = None,
        **config: Any,
    ) -> None:
        self.hotel = Hotel(url, folder)
        own = None if root is None else str(root)
        self.app = Flask(__name__, instance_path=str(folder), root_path=own)
        self.app.config.update(
            SECRET_KEY="only-for-tests-" + "0" * 32,
            TESTING=True,
            GUESTERASE_KEYS=str(folder / "keys"),
            **{"GUESTERASE_MAIL": "page", **config},
        )
        self.session = scoped_session(sessionmaker(self.hotel.engine))
        self.extension = Guesterase(
            self.session, authorize=authorize, models=Base, properties=properties
        )
        for target, policy in declared(str(self.hotel.files)):
            self.extension.register(target, policy)
        self.extension.init_app(self.app)
        self.app.register_blueprint(guest_pages, url_prefix="/privacy")
        self.app.register_blueprint(staff_pages, url_prefix="/desk/privacy")
        self.app.jinja_env.bytecode_cache = templates()
        self.app.teardown_appcontext(lambda _: self.session.remove())
        if logins:
            self._logins()

    def _logins(self) -> None:
        manager = LoginManager(self.app)
        manager.user_loader(lambda login: User(login) if login in STAFF else None)

        @self.app.get("/in/<login>")
        def log_in(login: str) -> Response:
            login_user(User(login))
            return Response("in")

        @self.app.get("/out")
        def log_out() -> Any:
            logout_user()
            return redirect("/")

    def people(self) -> None:
        """Put a guest with a companion, an invoice, and a namesake of her mailbox in."""
        guests: list[dict[str, Any]] = [
            {"id": 1, "hotel": "sh", "name": CANARY, "email": "ann@mail.example",
             "phone": "+8613912345678", "document_no": "E1"},
            {"id": 2, "hotel": "sh", "name": "Bea Lund", "email": "bea@mail.example"},
            {"id": 3, "hotel": "sh", "name": "Carl Other", "email": "ann@mail.example"},
            {"id": 9, "hotel": "mu", "name": "Max Fern", "email": "max@mail.example"},
        ]  # fmt: skip
        bookings = [
            {"id": 1, "number": "B1", "guest_id": 1, "remark": "late"},
            {"id": 2, "number": "B2", "guest_id": 2, "remark": "early"},
        ]
        said = {"phone": None, "document_no": None}
        with self.hotel.engine.begin() as conn:
            conn.execute(Guest.__table__.insert(), [{**said, **guest} for guest in guests])
            conn.execute(Booking.__table__.insert(), bookings)
            conn.execute(Companion.__table__.insert(), {"booking_id": 2, "guest_id": 1})
            conn.execute(
                Invoice.__table__.insert(),
                {"id": 1, "booking_id": 1, "billed_to": CANARY, "total": 90},
            )

    def begun(self) -> None:
        """Open the office once: the first time in a process it asks whose keys these are."""
        with self.app.app_context(), self.extension.begin(write=False):
            pass

    def browser(self, login: str | None = None) -> Browser:
        """Return a browser, of a member of staff when a login is given."""
        browser = Browser(self.app.test_client())
        if login is not None:
            assert browser.client.get(f"/in/{login}").status_code == 200
        return browser

    def worker(self) -> Any:
        """Let the worker make one pass."""
        with self.app.app_context():
            return self.extension.work()

    def request(self, by: str = "clerk") -> str:
        """File a request about the guest and return its number."""
        with self.app.app_context(), self.extension.begin() as office:
            match = {"email": "ann@mail.example", "name": CANARY}
            return office.request(match, property="sh", by=by)

    def settle(self, number: str) -> None:
        """Leave who only perhaps is the guest, so that the request can be approved."""
        with self.app.app_context(), self.extension.begin() as office:
            for each in office.preview(number).perhaps:
                office.leave(number, each.id, "clerk")

    def approve(self, number: str) -> None:
        """Let the clerk see who asks, and the officer approve what the plan says."""
        with self.app.app_context():
            run = self.extension.run
            run(lambda office: office.confirm(number, "clerk"))
            self.settle(number)
            run(lambda office: office.approve(number, "officer", office.preview(number).digest))

    def state(self, number: str) -> str:
        """Return the state of a request."""
        with self.app.app_context(), self.extension.begin(write=False) as office:
            return str(office.show(number)["state"])


CANARY = "Ann Zebrafinch"
"""A name that must turn up nowhere it does not belong."""

_OPENED = count()

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """A client that fetches the token of a form before it sends it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200, wish: str = "") -> str:
        """Open a page, with a wish for a language, and return its text."""
        answer = self.client.get(path, headers={"Accept-Language": wish} if wish else {})
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.text

    def token(self, page: str = "/privacy/ask") -> str:
        """Return the form token of a page."""
        found = _TOKEN.search(self.client.get(page).text)
        assert found is not None, page
        return found[1]

    def post(self, path: str, page: str = "/privacy/ask", **form: str) -> TestResponse:
        """Open `page` anew and send a form with its token."""
        # Pages of one second have one token; a person who opens one again takes longer.
        sent = {**form, "opened": str(next(_OPENED)), "csrf_token": self.token(page)}
        return self.client.post(path, data=sent)

    def answers(self, **form: str) -> TestResponse:
        """Answer the questions of the guest's form, each on its page; return the last answer."""
        said = {"wish": "erase", "property": "sh", "name": "", "email": "", "phone": "",
                "booking": "", **form}  # fmt: skip
        for page, fields in QUESTIONS.items():
            answer = self.post(page, page, **{name: said[name] for name in fields})
        return answer

    def ask(self, **form: str) -> TestResponse:
        """Answer the questions of the guest's form and send it; return the last answer."""
        answer = self.answers(**form)
        assert answer.headers["Location"] == "/privacy/ask/check", answer.headers["Location"]
        return self.post("/privacy/ask/check", "/privacy/ask/check")


QUESTIONS = {
    "/privacy/ask": ("wish",), "/privacy/ask/hotel": ("property",), "/privacy/ask/name": ("name",),
    "/privacy/ask/contact": ("email", "phone"), "/privacy/ask/booking": ("booking",),
}  # fmt: skip
"""Page of the guest's form -> its fields."""
