"""The demo hotel with a guest to be looked for, and everything that is written down of a run.

Routes, commands and methods of the office are listed from the application, so that one that is
added later is driven by the crawl, or fails the test until somebody drives it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message as Email
from email.policy import default
from pathlib import Path
from typing import Any

import click
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from example_pms import create_app, db
from example_pms.seed import seed
from flask_guesterase import Guesterase
from flask_guesterase.store.office import Office
from flask_guesterase.web.commands.cli import guesterase_cli
from flask_guesterase.web.joining.signals import SIGNALS
from tests.example.conftest import TODAY, Clerk
from tests.example.traces import Traces, files, our_tables
from tests.post import post_office as serving

DESK = "/desk/privacy"

ENTITLED = {
    "guesterase_staff.show": "who may verify or approve reads the names in the plan",
    "guesterase_staff.confirm": "a form that could not be read comes back on the request's page",
    "guesterase_staff.outbox": "a letter that is printed names whom it goes to",
    "guesterase_staff.produce": "lines of the register, for who produces them",
    "guesterase_staff.disclosures": "what was asked, for the second person who reviews it",
    "guesterase_staff.file": "a form that could not be read comes back as it was filled in",
    "guesterase_staff.find": "a number that means no request comes back as it was typed",
    "guesterase_staff.hold": "a form that could not be read comes back as it was filled in",
    "guesterase_staff.object_": "a form that could not be read comes back as it was filled in",
    "guesterase_staff.recipients": "what a person may tell a recipient by hand, and nothing else",
    "guesterase_staff.holds": "the reference of a hold, for who may hold",
    "guesterase_staff.watch": "what somebody wrote who reported a mistake, for who may watch",
    "guesterase_staff.report_mistake": "a form that could not be read comes back as it was",
    "guesterase_staff.complaints": "what guests wrote about how it went, for who answers them",
    "guesterase_staff.file_complaint": "a form that could not be read comes back as it was",
    "guesterase_staff.open_incident": "a form that could not be read comes back as it was",
    "guesterase_staff.give_pin": "a form that could not be read comes back as it was",
    "guesterase_staff.print_claim": "a form that could not be read comes back as it was",
    "guesterase_staff.publish": "a form that could not be read comes back as it was",
    "guesterase_staff.queue": "what one shift wrote to the next, for who verifies or approves",
    "guesterase_staff.set_up": "the answers of who sets the system up, to be printed",
    **dict.fromkeys(
        (
            f"guesterase_guest.{name}"
            for name in (
                "ask_name",
                "ask_contact",
                "ask_booking",
                "answer_contact",
                "check_answers",
                "enter_claim",
                "look_up",
                "stop_advertising",
            )
        ),
        "visitors read what they typed a moment ago in this browser, and nobody else does",
    ),
}
"""Endpoint -> why its page may name the guest; the page of any other may not."""

HOSTS = ("hotel.sqlite", "scans/", "secret_key", "asked-for/register")
"""Files in the instance folder that are the host's, or were asked for by an authority."""


class Post:
    """Keeps what a mail server was given."""

    def __init__(self) -> None:
        self.letters: list[Email] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a letter; refuse the second one with words that repeat the address."""
        if len(self.letters) == 1 and not getattr(self, "refused", False):
            self.refused = True
            return f"451 no room for {envelope.rcpt_tos[0]}"
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


class Watching(FlaskClient):
    """A browser of which every address, header, cookie and page is written down."""

    house: House

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request and write down what was asked and answered."""
        typed = kwargs.pop("typed", False)
        self.house.endpoint = ""
        answer = super().open(*args, **kwargs)
        asked, name, traces = answer.request, self.house.endpoint, self.house.traces
        place = f"{asked.method} {name}"
        if not typed:
            traces.note("address", place, asked.url)
        if not name.startswith("guesterase_"):
            return answer
        for header, value in answer.headers:
            traces.note("header", f"{place} {header}", f"{header}: {value}")
            if header == "Set-Cookie" and value.startswith("session="):
                traces.note("cookie", place, self._opened(value))
        refused = answer.status_code >= 400 and answer.status_code not in (410, 422)
        if name not in ENTITLED or refused:
            traces.note("page", f"{place} {answer.status_code}", answer.data)
        return answer

    def _opened(self, cookie: str) -> str:
        signer = self.application.session_interface.get_signing_serializer(self.application)  # type: ignore[attr-defined] # Flask's own interface
        return repr(signer.loads(cookie.split("=", 1)[1].split(";")[0]))


class Recorder(logging.Handler):
    """Writes down every line of every log, tracebacks included."""

    def __init__(self, traces: Traces) -> None:
        super().__init__(logging.DEBUG)
        self.traces = traces
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line down as a file would hold it; the mail server of the test is not ours."""
        if record.name.startswith("mail."):
            return
        self.traces.note("log", record.name, self.format(record))


class House:
    """The demo hotel with one guest to be looked for, and everything that is written.

    :param folder: an empty folder.
    :param url: address of an empty database.
    :param values: kind -> value of the guest.
    :param traces: where it is written down.
    """

    def __init__(self, folder: Path, url: str, values: Mapping[str, str], mail: str) -> None:
        self.folder, self.values, self.traces = folder, values, Traces(values)
        self.routes: set[tuple[str, str]] = set()
        self.commands: set[str] = set()
        self.methods: set[str] = set()
        self.asked_for = folder / "asked-for"
        self.asked_for.mkdir()
        self.clerks: dict[str, Clerk] = {}
        self.endpoint, self.raised, self.sealed = "", 0, Traces(values)
        self.app = create_app({
            "INSTANCE_PATH": str(folder), "DATABASE_URL": url, "GUESTERASE_MAIL": mail,
            "GUESTERASE_SENDER": "privacy@linden.example", "GUESTERASE_BACKUP_DAYS": 30,
            "GUESTERASE_BASE_URL": "http://localhost/privacy",
            "PMS_SCANS": str(folder / "scans"), "TESTING": False,
        })  # fmt: skip
        self.app.test_client_class = type("Mine", (Watching,), {"house": self})
        self.app.before_request(self._note_route)

    def _note_route(self) -> None:
        self.endpoint = name = request.endpoint or ""
        if name.startswith("guesterase_"):
            self.routes.add((name, request.method))

    @property
    def guesterase(self) -> Guesterase:
        """The extension as the demo installed it."""
        extension: Guesterase = self.app.extensions["guesterase"].extension
        return extension

    def fill(self) -> None:
        """Make the tables and put guests into the hotel."""
        with self.app.app_context():
            db.create_all()
            seed(db.session(), 60, 7, TODAY, scans=self.folder / "scans")
            db.session.remove()

    # doors

    def clerk(self, login: str = "") -> Clerk:
        """Return a browser, of a member of staff when a login is given."""
        if not login:
            return Clerk(self.app.test_client())
        if login not in self.clerks:
            self.clerks[login] = Clerk(self.app.test_client()).login(login)
        return self.clerks[login]

    def code(self, login: str) -> str:
        """Return a one-time code of a member of staff, as their own page shows it."""
        with self.app.app_context(), self.guesterase.begin() as office:
            return office.code(login)

    def tell(self, *args: str, given: str = "") -> str:
        """Run a command and write down all it says; return its output."""
        self.commands.add(command_of(args))
        result = self.app.test_cli_runner().invoke(args=["guesterase", *args], input=given)
        said = result.output + (repr(result.exception) if result.exception else "")
        self.traces.note("console", " ".join(args[:2]), said)
        return result.output

    def acting(self, login: str, second: str = "") -> list[str]:
        """Return the options of one person, or of two, who act at a console."""
        options = ["--by", login, "--code", self.code(login)]
        if second:
            options += ["--second", second, "--second-code", self.code(second)]
        return options

    def work(self) -> None:
        """Let the worker do a round."""
        with self.app.app_context():
            self.traces.note("report", "worker", repr(self.guesterase.work()))

    def collect(self) -> None:
        """Write down what lies in our tables and in the files of the instance."""
        with self.app.app_context():
            for place, raw in our_tables(db.engine):
                self.traces.note("table", place, raw)
        self.collect_files()

    def collect_files(self) -> None:
        """Write down the files of the instance: names and contents."""
        for place, name, content in files(self.folder, HOSTS):
            self.traces.note("file name", place, name)
            self.traces.note("file", place, content)


def command_of(args: tuple[str, ...]) -> str:
    """Return the name of the command that arguments begin with."""
    group: click.Command = guesterase_cli
    words = []
    for word in args:
        if not isinstance(group, click.Group) or word not in group.commands:
            break
        group = group.commands[word]
        words.append(word)
    return " ".join(words)


def every_command(group: click.Group = guesterase_cli, before: str = "") -> Iterator[str]:
    """Yield the name of every command there is."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, f"{before}{name} ")
        else:
            yield before + name


def every_route(app: Flask) -> set[tuple[str, str]]:
    """Return endpoint and method of every route of ours."""
    return {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("guesterase_")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def every_method() -> set[str]:
    """Return the name of everything a person, or the worker, can do."""
    return {n for n, f in vars(Office).items() if inspect.isfunction(f) and not n.startswith("_")}


@contextlib.contextmanager
def watched(house: House) -> Iterator[None]:
    """Write down logs, warnings, signals and streams, and which methods of the office ran."""
    root, handler = logging.getLogger(), Recorder(house.traces)
    level, echo = root.level, logging.getLogger("sqlalchemy.engine")
    # What a host's engine echoes of its own statements is the host's to switch on.
    before = echo.level
    echo.setLevel(logging.WARNING)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    out = io.StringIO()
    methods = {name: vars(Office)[name] for name in every_method()}

    def counting(name: str, method: Any) -> Any:
        @functools.wraps(method)
        def run(*args: Any, **kwargs: Any) -> Any:
            house.methods.add(name)
            return method(*args, **kwargs)

        return run

    def hear(sender: Any, event: Any) -> None:
        house.traces.note("signal", event.name, repr(event))

    for name, method in methods.items():
        setattr(Office, name, counting(name, method))
    for signal in SIGNALS.values():
        signal.connect(hear)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), \
                warnings.catch_warnings(record=True) as said:  # fmt: skip
            warnings.simplefilter("always")
            yield
        for warning in said:
            house.traces.note("warning", warning.filename, str(warning.message))
    finally:
        for name, method in methods.items():
            setattr(Office, name, method)
        for signal in SIGNALS.values():
            signal.disconnect(hear)
        root.removeHandler(handler)
        root.setLevel(level)
        echo.setLevel(before)
        house.traces.note("stream", "standard output and error", out.getvalue())


@contextlib.contextmanager
def post_office() -> Iterator[tuple[Post, str]]:
    """Run a mail server on loopback; yield what it holds and its address."""
    handler = Post()
    with serving(handler) as address:
        yield handler, address
