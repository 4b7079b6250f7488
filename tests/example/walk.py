"""One invented guest sent through every feature of the demo hotel, with everything written down.

Routes, commands and methods of the office are listed from the application, so that one that is
added later is driven by the crawl at the end, or fails the test until somebody drives it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import logging
import re
import socket
import warnings
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message as Email
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click
from aiosmtpd.controller import Controller
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from example_pms import create_app, db
from example_pms.foreign import Invoice
from example_pms.lawful import decide
from example_pms.seed import seed
from flask_guesterase import Guesterase
from flask_guesterase.store.office import Office
from flask_guesterase.web.cli import guesterase_cli
from flask_guesterase.web.signals import SIGNALS
from tests.example.conftest import TODAY, Clerk
from tests.example.traces import Traces, files, our_tables

DESK = "/desk/privacy"

ENTITLED = {
    "guesterase_staff.show": "who may verify or approve reads the names in the plan",
    "guesterase_staff.outbox": "a letter that is printed names whom it goes to",
    "guesterase_staff.produce": "lines of the register, for who produces them",
    "guesterase_staff.disclosures": "what was asked, for the second person who reviews it",
    "guesterase_staff.file": "a form that could not be read comes back as it was filled in",
    "guesterase_staff.hold": "a form that could not be read comes back as it was filled in",
    "guesterase_staff.holds": "the reference of a hold, for who may hold",
    "guesterase_guest.send": "a form that could not be read comes back as it was filled in",
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
        if name not in ENTITLED or (answer.status_code >= 400 and answer.status_code != 422):
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


class Formed(HTMLParser):
    """The forms of a page: where each goes and what it sends as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, tuple[str, str]]]] = []
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, inputs and the first option of a choice."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), given.get("method", "get").lower(), {}))
        elif self.forms:
            fields = self.forms[-1][2]
            name = given.get("name", "")
            if tag == "select":
                self._select = name
            elif tag == "option" and self._select and self._select not in fields:
                fields[self._select] = ("select", given.get("value", ""))
            elif tag in ("input", "textarea", "button") and name:
                fields.setdefault(name, (given.get("type", tag), given.get("value", "")))


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
        self.endpoint, self.raised = "", 0
        self.app = create_app({
            "INSTANCE_PATH": str(folder), "DATABASE_URL": url, "GUESTERASE_MAIL": mail,
            "GUESTERASE_SENDER": "privacy@linden.example", "GUESTERASE_BACKUP_DAYS": 30,
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
        clerk = Clerk(self.app.test_client())
        return clerk.login(login) if login else clerk

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
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


# the way


def walk(house: House, post: Post) -> None:
    """Send the guest through everything there is."""
    setup(house)
    number, code = guest_asks(house, post)
    second_tries(house)
    by_hand(house, number)
    held(house, number)
    erased(house, number, code)
    consoles(house, number)
    broken(house, number)
    hosts_own_errors(house, number)
    crawl(house, number, code)
    for letter in post.letters:
        for header, value in letter.items():
            if header != "To":
                house.traces.note("letter", f"{header}", f"{header}: {value}")


def setup(house: House) -> None:
    """Make the tables, and let officers decide about the law."""
    house.tell("db", "upgrade")
    with house.app.app_context():
        decide(house.guesterase)
    house.tell("db", "sql")
    house.tell("check")
    house.tell("sweep")
    house.tell("sweep", "--confirm", *house.acting("sha.officer"))
    house.tell("sweep", "--confirm", *house.acting("lej.officer"))


def guest_asks(house: House, post: Post) -> tuple[str, str]:
    """Let the guest ask by the form, follow the link and keep the code; return number and code."""
    visitor, values = house.clerk(), house.values
    form = {"property": "SHA", "name": values["name"], "email": values["email"], "phone": "",
            "document": values["document"], "booking": ""}  # fmt: skip
    visitor.get("/privacy/")
    visitor.post("/privacy/ask", form, page="/privacy/ask")
    visitor.post("/privacy/ask", {**form, "property": "nowhere"}, page="/privacy/ask")
    visitor.post("/privacy/ask", {**form, "email": values["name"]}, page="/privacy/ask")
    visitor.client.post("/privacy/ask", data=form)
    visitor.get("/privacy/asked")
    house.work()
    link = re.search(r"(/privacy/link/[\w-]+)", body_of(post.letters[0]))
    assert link is not None
    visitor.get(link[1])
    shown = visitor.post(link[1], {}, page=link[1]).text
    code = re.search(r"\b(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}\b", shown)
    assert code is not None
    visitor.get("/privacy/case")
    visitor.get("/privacy/checkpoint/SHA")
    visitor.client.get("/privacy/case/certificate")
    visitor.post("/privacy/case/leave", {}, page="/privacy/ask")
    visitor.post("/privacy/case", {"code": values["name"]}, page="/privacy/ask")
    visitor.post("/privacy/case", {"code": code[0]}, page="/privacy/ask")
    visitor.client.get(f"/privacy/case/{code[0]}")
    visitor.client.get(f"/privacy/case/{values['name']}", typed=True)  # type: ignore[call-arg] # ours
    visitor.client.get(f"/privacy/link/{values['email']}", typed=True)  # type: ignore[call-arg] # ours
    with house.app.app_context(), house.guesterase.begin(write=False) as office:
        number: str = office.case(code[0].replace("-", "")).number
    return number, code[0]


def body_of(letter: Email) -> str:
    """Return the text of a letter."""
    return str(letter.get_content())  # type: ignore[attr-defined] # the policy gives an EmailMessage


def second_tries(house: House) -> None:
    """File, lengthen, refuse and take back requests of the same guest at the desk."""
    desk, officer, values = house.clerk("sha.desk"), house.clerk("sha.officer"), house.values
    form = {"property": "SHA", "key": "email", "value": values["email"], "name": values["name"],
            "channel": "desk", "received": TODAY.isoformat(), "lang": "en", "asked_by": "relative",
            "reason": ""}  # fmt: skip
    page = f"{DESK}/new"
    for value in (values["name"], values["phone"], "nobody@mail.example"):
        desk.post(page, {**form, "value": value, "asked_by": "guest"}, page=page)
    desk.client.post(page, data=form)
    desk.client.get(f"{DESK}/{values['name']}", typed=True)  # type: ignore[call-arg] # ours
    for how in ("refuse", "withdraw", "slip"):
        filed = desk.post(page, form, page=page)
        assert filed.status_code == 303, filed.status
        here = filed.location
        desk.get(here)
        if how == "refuse":
            officer.post(f"{here}/extend", {"reason": "complex"}, page=here)
            officer.post(f"{here}/refuse", {"ground": "kept-by-law"}, page=here)
        elif how == "withdraw":
            desk.post(f"{here}/withdraw", {}, page=here)
        else:
            desk.get(f"{here}/slip")
            desk.post(f"{here}/slip", {}, page=here)
            desk.post(f"{here}/confirm", {"how": "desk", "seen": "power-of-attorney"}, page=here)
            desk.post(f"{here}/confirm", {"how": "desk", "seen": "death-certificate"}, page=here)


def by_hand(house: House, number: str) -> None:
    """Read, take and leave rows, deal with letters, look at every list."""
    desk, officer = house.clerk("sha.desk"), house.clerk("sha.officer")
    here = f"{DESK}/{number}"
    officer.get(here)
    for verb in ("take", "leave", "take"):
        desk.post(f"{here}/{verb}", {"person": "1"}, page=here)
        desk.post(f"{here}/{verb}", {"person": "999"}, page=here)
    desk.get(f"{DESK}/outbox")
    desk.post(f"{DESK}/outbox/1", {}, page=f"{DESK}/outbox")


def held(house: House, number: str) -> None:
    """Hold and freeze, so that the erasure waits, and let go of both."""
    one, two = house.clerk("sha.officer"), house.clerk("sha.officer2")
    form = {"number": number, "scope": "subject", "table": "", "key": "", "query": "",
            "property": "SHA", "why": "legal-claim", "reference": house.values["name"],
            "review_on": "", "silent": "no"}  # fmt: skip
    one.get(f"{DESK}/holds/new")
    one.post(f"{DESK}/holds/new", form, page=f"{DESK}/holds/new")
    one.post(f"{DESK}/holds/new", {**form, "number": house.values["name"]},
             page=f"{DESK}/holds/new")  # fmt: skip
    approve(house, number)
    one.post(f"{DESK}/{number}/erase", {}, page=f"{DESK}/holds/new")
    desk = house.clerk("sha.desk")
    desk.post(f"{DESK}/holds/freeze", {"property": "SHA", "night": "", "room": ""},
              page=f"{DESK}/freezes")  # fmt: skip
    one.get(f"{DESK}/holds")
    for each in (1, 2, 3):
        one.post(f"{DESK}/holds/{each}/confirm", {}, page=f"{DESK}/holds/new")
        for person in (one, two):
            person.post(f"{DESK}/holds/{each}/lift", {}, page=f"{DESK}/holds/new")
    house.tell("hold", "list", *house.acting("sha.officer"))
    house.tell("hold", "place", *house.acting("sha.officer"), "--scope", "subject",
               "--why", "legal-claim", "--table", "guests", "--key", "1", "--property",
               "SHA", "--reference", house.values["name"])  # fmt: skip
    house.tell("hold", "freeze", "SHA", *house.acting("sha.desk"))
    with house.app.app_context(), house.guesterase.begin() as office:
        living = [str(row["id"]) for row in office.holds("sha.officer")]
    for each in living:
        house.tell("hold", "confirm", each, *house.acting("sha.officer"))
        house.tell("hold", "lift", each, *house.acting("sha.officer"))
        house.tell("hold", "lift", each, *house.acting("sha.officer2"))


def approve(house: House, number: str) -> None:
    """Approve the plan that the page shows."""
    officer = house.clerk("sha.officer")
    page = officer.get(f"{DESK}/{number}")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    officer.post(f"{DESK}/{number}/approve", {"digest": "0" * 64}, page=f"{DESK}/holds/new")
    assert digest is not None
    done = officer.post(f"{DESK}/{number}/approve", {"digest": digest[1]}, page=f"{DESK}/holds/new")
    assert done.status_code == 303, done.text


def erased(house: House, number: str, code: str) -> None:
    """Show the register, erase, and read what stays, at the desk and as the guest."""
    desk, officer, visitor = (house.clerk(n) for n in ("sha.desk", "sha.officer", ""))
    asked = {"property": "SHA", "night": "", "until": "", "room": "",
             "name": house.values["name"], "document": house.values["document"],
             "authority": "District police", "officer": "PS-1", "reference": house.values["name"],
             "basis": "police-inspection", "format": "page"}  # fmt: skip
    for kind in ("page", "csv", "json"):
        desk.post(f"{DESK}/register", {**asked, "format": kind}, page=f"{DESK}/register")
    desk.post(f"{DESK}/register", {**asked, "night": house.values["name"]},
              page=f"{DESK}/register")  # fmt: skip
    approve(house, number)  # what was approved under a hold is another decision
    officer.post(f"{DESK}/{number}/erase", {}, page=f"{DESK}/holds/new")
    house.work()
    with house.app.app_context(), house.guesterase.begin(write=False) as office:
        shown = office.show(number)
    assert shown["state"] in ("sealed", "erased", "partial"), shown
    desk.post(f"{DESK}/register", asked, page=f"{DESK}/register")
    page = officer.get(f"{DESK}/disclosures")
    for done in set(re.findall(r"/disclosures/([\w-]+)", page)):
        officer.post(f"{DESK}/disclosures/{done}", {"finding": "fine"},
                     page=f"{DESK}/holds/new")  # fmt: skip
    for path in ("certificate", "certificate.json"):
        officer.get(f"{DESK}/{number}/{path}")
    visitor.post("/privacy/case", {"code": code}, page="/privacy/ask")
    for path in ("", "/certificate", "/certificate.json"):
        visitor.get(f"/privacy/case{path}")
    visitor.post("/privacy/case/withdraw", {}, page="/privacy/ask")
    auditor = house.clerk("sha.auditor")
    auditor.get(f"{DESK}/journal")
    auditor.post(f"{DESK}/journal/verify", {}, page=f"{DESK}/journal")
    auditor.get(f"{DESK}/checkpoint/SHA")


def consoles(house: House, number: str) -> None:
    """Run every command, right and wrong, about the same guest."""
    values, out = house.values, house.asked_for
    one, two = house.clerk("sha.officer"), house.clerk("sha.officer2")
    for officer in (one, two):
        officer.post(f"{DESK}/canaries/on", {"property": "SHA"}, page=f"{DESK}/canaries")
    house.tell("canary", "--now")
    one.get(f"{DESK}/canaries")
    one.post(f"{DESK}/canaries/off", {"property": "SHA"}, page=f"{DESK}/canaries")
    match = f"email={values['email']}\nname={values['name']}\n"
    for given in (match, f"phone={values['phone']}\n", f"nonsense={values['name']}\n",
                  f"{values['name']}\n"):  # fmt: skip
        house.tell("request", "--match", "-", "--property", "SHA", given=given)
        house.tell("--json", "request", "--match", "-", given=given)
    for word in ("show", "preview", "erase", "withdraw"):
        house.tell(word, number)
        house.tell(word, values["name"])
    house.tell("show", number, "--json")
    house.tell("list")
    house.tell("list", "--state", values["name"])
    house.tell("confirm", number, *house.acting("sha.desk"))
    house.tell("approve", number, *house.acting("sha.officer"), "--digest", values["name"])
    house.tell("refuse", number, *house.acting("sha.officer"), "--ground", "kept-by-law")
    house.tell("extend", number, *house.acting("sha.officer"), "--reason", "complex")
    house.tell("why", "guests", "1")
    house.tell("why", "guests", values["name"])
    house.tell("why", values["name"], "1")
    for name in ("certificate", "checkpoint", "draft"):
        house.tell(name, *([number] if name == "certificate" else []), "--out", str(out / name))
    house.tell("register", "produce", *house.acting("sha.desk"), "--property", "SHA", "--night",
               "2025-08-20", "--authority", "District police", "--officer", "PS-1",
               "--reference", values["name"], "--basis", "police-inspection", "--out",
               str(out / "register.csv"))  # fmt: skip
    house.tell("register", "review", values["name"], *house.acting("sha.officer"), "--finding",
               "fine")  # fmt: skip
    house.tell("clock", "confirm", *house.acting("sha.officer", "sha.officer2"))
    mark = house.tell("keys", "fingerprint").strip()
    house.tell("keys", "confirm-copy", "--fingerprint", mark,
               *house.acting("sha.officer", "sha.officer2"))  # fmt: skip
    for words in (("verify",), ("worker", "--once"), ("sweep",), ("task", "list"), ("data",),
                  ("jurisdiction", "list"), ("jurisdiction", "show", "CN"),
                  ("jurisdiction", "check", str(out / "nothing.toml")),
                  ("policy", "show", "--property", "SHA"), ("policy", "waiting")):  # fmt: skip
        house.tell(*words)
    with house.app.app_context(), house.guesterase.books("sha.officer", "SHA"):
        db.session.scalars(select(Invoice)).all()
    house.tell("task", "sign", "1", "--count", "3", *house.acting("sha.officer"))
    house.tell("jurisdiction", "sign", "CN", *house.acting("sha.officer"))
    house.tell("policy", "house", "correspondence", "--property", "SHA", "--ceiling", "P3Y",
               "--clock", "recorded", "--source", "Minutes of the two officers",
               *house.acting("sha.officer"))  # fmt: skip
    house.tell("policy", "house-confirm", "1", *house.acting("sha.officer2"))
    house.tell("policy", "propose", "1", *house.acting("sha.officer"))
    house.tell("policy", "confirm", "1", "--checkpoint", str(out / "checkpoint"),
               *house.acting("sha.officer2"))  # fmt: skip


def broken(house: House, number: str) -> None:
    """Take the guests' table away, so that statements fail with their values in them."""
    desk, visitor, values = house.clerk("sha.desk"), house.clerk(), house.values
    with house.app.app_context(), db.engine.begin() as conn:
        conn.execute(text("ALTER TABLE guests RENAME TO guests_away"))
    try:
        form = {"property": "SHA", "key": "email", "value": values["email"],
                "name": values["name"], "channel": "desk", "received": TODAY.isoformat(),
                "lang": "en", "asked_by": "guest", "reason": ""}  # fmt: skip
        desk.post(f"{DESK}/new", form, page=f"{DESK}/register")
        desk.client.get(f"{DESK}/{number}")
        ask = {"property": "SHA", "name": values["name"], "email": values["email"], "phone": "",
               "document": "", "booking": ""}  # fmt: skip
        visitor.post("/privacy/ask", ask, page="/privacy/ask")
        with contextlib.suppress(Exception):
            house.work()
        match = f"email={values['email']}\nname={values['name']}\n"
        house.tell("request", "--match", "-", "--property", "SHA", given=match)
        for words in (("worker", "--once"), ("sweep",), ("check",), ("why", "guests", "1")):
            house.tell(*words)
    finally:
        with house.app.app_context(), db.engine.begin() as conn:
            conn.execute(text("ALTER TABLE guests_away RENAME TO guests"))


def hosts_own_errors(house: House, number: str) -> None:
    """Let the host's own code raise errors that repeat what they were called with."""
    values, extension = house.values, house.guesterase
    desk, officer = house.clerk("sha.desk"), house.clerk("sha.officer")

    def raising(*args: Any, **kwargs: Any) -> Any:
        house.raised += 1
        raise ValueError(f"{values['name']} is no {values['email']}: {args!r}")

    form = {"property": "SHA", "key": "booking", "value": values["name"], "name": values["name"],
            "channel": "desk", "received": TODAY.isoformat(), "lang": "en", "asked_by": "guest",
            "reason": ""}  # fmt: skip
    match = f"booking={values['name']}\n"
    heard = SIGNALS["intake-received"]
    heard.connect(raising)
    before = extension._night_audit, extension._authorize
    try:
        with house.app.app_context():
            ways = extension.datamap.subjects["guests"].match
        mine = dict(ways)
        ways["booking"] = raising  # type: ignore[index] # a plain dict as resolved
        try:
            desk.post(f"{DESK}/new", form, page=f"{DESK}/register")
            house.tell("request", "--match", "-", "--property", "SHA", given=match)
            ask = {"property": "SHA", "name": values["name"], "email": values["email"],
                   "phone": "", "document": "", "booking": values["name"]}  # fmt: skip
            house.clerk().post("/privacy/ask", ask, page="/privacy/ask")
        finally:
            ways["booking"] = mine["booking"]  # type: ignore[index] # as above
        assert house.raised >= 3
        extension._night_audit = raising
        house.tell("sweep")
        acting, before_this = house.acting("sha.desk"), house.raised
        extension._night_audit, extension._authorize = before[0], raising
        officer.client.get(f"{DESK}/{number}")
        house.tell("confirm", number, *acting)
        assert house.raised >= before_this + 2
    finally:
        extension._night_audit, extension._authorize = before
        heard.disconnect(raising)


# what nobody thought of


def crawl(house: House, number: str, code: str) -> None:
    """Open every page there is as everybody, and send every form that nobody sent yet."""
    known = {"number": number, "code": "SHA", "token": "x" * 43, "filename": "guesterase.css"}
    for login in ("", "sha.desk", "sha.officer", "sha.auditor"):
        clerk = house.clerk(login)
        if not login:
            clerk.post("/privacy/case", {"code": code}, page="/privacy/ask")
        for rule in house.app.url_map.iter_rules():
            if not rule.endpoint.startswith("guesterase_") or "GET" not in (rule.methods or ()):
                continue
            with house.app.test_request_context():
                path = house.app.url_for(
                    rule.endpoint, **{name: known.get(name, "1") for name in rule.arguments}
                )
            _forms(house, clerk, clerk.client.get(path).get_data(as_text=True))
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint.startswith("guesterase_") and "POST" in (rule.methods or ()):
            _bare(house, rule, known)


def _forms(house: House, clerk: Clerk, page: str) -> None:
    for action, method, fields in Formed(page).forms:
        if method != "post" or not action or _driven(house, action):
            continue
        sent = {
            name: value or (house.values["name"] if kind in ("text", "textarea", "search") else "1")
            for name, (kind, value) in fields.items()
        }
        clerk.client.post(action, data=sent)


def _driven(house: House, path: str) -> bool:
    adapter = house.app.url_map.bind("localhost")
    endpoint, _ = adapter.match(path.partition("?")[0], method="POST")
    return not str(endpoint).startswith("guesterase_") or (endpoint, "POST") in house.routes


def _bare(house: House, rule: Any, known: Mapping[str, str]) -> None:
    """Send a form to a route that no page offered, with the guest in every field it may have."""
    if (rule.endpoint, "POST") in house.routes:
        return
    with house.app.test_request_context():
        path = house.app.url_for(
            rule.endpoint, **{name: known.get(name, "1") for name in rule.arguments}
        )
    officer = house.clerk("sha.officer")
    officer.post(path, dict(house.values), page="/privacy/ask")


def the_end(house: House) -> None:
    """Give everything back and drop our tables, at last."""
    house.collect()
    house.tell("uninstall", "--out", str(house.asked_for / "left"))
    house.collect_files()
    house.tell("uninstall", "--out", str(house.asked_for / "gone"), "--yes")
    house.tell("list")
    house.clerk("sha.desk").client.get(f"{DESK}/")
