"""The doors once more: what a long-lived worker, a typing error or a green server must not do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from flask import Flask, current_app, has_app_context
from flask.cli import AppGroup
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, NullPool, QueuePool, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from flask_guesterase import Guesterase, Policy, Property, Subject, exempt, health_pages, redact
from flask_guesterase.core.errors import SetupError
from flask_guesterase.metrics import metrics_pages
from flask_guesterase.recipients import Notice, Recipient
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.roots import FolderRoots, Pair
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.tables import metadata
from flask_guesterase.store.upkeep import health as store_health
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.tasks import schedule
from flask_guesterase.web.commands.console import Answer, verb
from flask_guesterase.web.joining import health, teardown
from tests import child
from tests.engines import build
from tests.store.hotel import Base as HotelBase
from tests.store.hotel import Hotel
from tests.web.house import CANARY, House
from tests.web.test_cli import Console
from tests.web.test_rounds import until
from tests.web.test_sweep import OLD, Front

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def console(house: House) -> Console:
    """The console of a house with guests."""
    return Console(house.app)


# the worker


class Rounds(Guesterase):
    """The extension whose worker has one request to tell of in each of two rounds, then ends."""

    pms: Pms

    def work(self) -> Report:
        """Do one round."""
        self.pms.left.append(self.pms.open_connections())
        self.pms.approved(len(self.pms.left))
        report = super().work()
        if len(self.pms.left) == 2:
            signal.raise_signal(signal.SIGTERM)
        return report


class Pms:
    """A host on Flask-SQLAlchemy whose gateway writes down through the host's session what it did.

    :param url: address of an empty database.
    :param folder: where keys go.
    :param kind: class of the extension.
    """

    def __init__(self, url: str, folder: Path, kind: type[Rounds] = Rounds) -> None:
        class Base(DeclarativeBase):
            pass

        self.db = db = SQLAlchemy(model_class=Base)

        class Guest(db.Model):  # type: ignore[name-defined,misc] # made at run time
            __tablename__ = "guests"
            id: Mapped[int] = mapped_column(primary_key=True)
            email: Mapped[str] = mapped_column(String(80))
            __erasure__ = Policy(
                {"email": redact}, subject=Subject(match=["email"], contact=["email"])
            )

        class Told(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "told"
            text: Mapped[str] = mapped_column(String(80), primary_key=True)

        self.guest, self.told = Guest, Told
        self.left: list[int] = []
        """Connections of the host that are still taken when a round begins."""
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(
            SECRET_KEY="only-for-tests-" + "0" * 32, SQLALCHEMY_DATABASE_URI=url
        )
        db.init_app(self.app)
        self.extension = kind(
            db, properties=[Property("main", "Inn", "Inn Ltd", contact="a@inn.example")], teardown=0
        )
        self.extension.pms = self
        self.extension.register(Told, exempt("no people in it"))
        self.extension.recipient(Recipient("gateway", self.tell, gives=["email"]))
        self.extension.may = lambda *_: True  # type: ignore[method-assign]
        self.extension.init_app(self.app)
        with self.app.app_context():
            db.create_all()
            db.session.add(Told(text="taken"))
            db.session.commit()
            build(db.engine, metadata)
            upgrade.make_keys(db.engine, self.extension.custodian)

    def open_connections(self) -> int:
        """Return how many connections of the host somebody holds."""
        return int(cast(QueuePool, self.db.engine.pool).checkedout())

    def approved(self, number: int) -> None:
        """Have an erasure approved, in a context of its own as a request would."""
        with self.app.app_context():
            mail = f"g{number}@mail.example"
            self.db.session.add(self.guest(email=mail))
            self.db.session.commit()
            run = self.extension.run
            case = run(lambda office: office.request({"email": mail}))
            run(lambda office: office.confirm(case, "clerk"))
            run(lambda office: office.approve(case, "officer", office.preview(case).digest))

    def tell(self, notice: Notice) -> None:
        """Write down that the gateway was told; the first time the database refuses that."""
        text = "taken" if len(self.left) == 1 else notice.reference
        self.db.session.add(self.told(text=text))
        self.db.session.commit()
        # A host that only reads afterwards begins a transaction that nobody ends.
        self.db.session.get(self.told, "taken")


@pytest.fixture
def pms(sqlite_url: str, tmp_path: Path) -> Iterator[Pms]:
    """The host on Flask-SQLAlchemy; signals mean afterwards what they meant before."""
    with opened(sqlite_url, tmp_path) as made:
        yield made


@contextmanager
def opened(url: str, folder: Path, kind: type[Rounds] = Rounds) -> Iterator[Pms]:
    """Open the host for a while, and leave signals as they were."""
    names = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(name) for name in names]
    made = Pms(url, folder, kind)
    try:
        yield made
    finally:
        for name, was in zip(names, before, strict=True):
            signal.signal(name, was)
        with made.app.app_context():
            made.db.session.remove()
            made.db.engine.dispose()


def test_a_failed_flush_of_the_host_poisons_no_later_round(pms: Pms) -> None:
    """Each round has a context of its own, so the host's session of the next one is a new one."""
    answer = Console(pms.app).json("worker", "--every", "0.1")
    assert answer == {"rounds": 2}
    with pms.app.app_context():
        told = [row.text for row in pms.db.session.scalars(pms.db.select(pms.told))]
    assert len(told) == 2, "the second round told nobody"


def test_between_rounds_the_worker_holds_no_transaction_of_the_host(pms: Pms) -> None:
    """What the host's code began to read ends with its round: a migration need not wait."""
    Console(pms.app).json("worker", "--every", "0.1")
    assert pms.left == [0, 0]


class Outage(Rounds):
    """The same, where the database is away in the first round, as its administrator sees to."""

    def work(self) -> Report:
        """Do one round."""
        if self.pms.left:
            return super().work()
        self.pms.left.append(0)
        with away(self.pms.db.engine):
            return Guesterase.work(self)


class Late(Rounds):
    """The same, where the host still reads when the first round is over and the database goes."""

    def work(self) -> Report:
        """Do one round."""
        if self.pms.left:
            return super().work()
        self.pms.left.append(0)
        report = Guesterase.work(self)
        self.pms.db.session.scalars(self.pms.db.select(self.pms.told)).all()
        with away(self.pms.db.engine):
            return report


@contextmanager
def away(engine: Engine) -> Iterator[None]:
    """Let nobody read a file of SQLite; end everybody's connections to a server."""
    admin = create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        if engine.name == "sqlite":
            conn.exec_driver_sql("BEGIN EXCLUSIVE")
        for statement in conn.exec_driver_sql(ENDING[engine.name]).scalars().all():
            conn.exec_driver_sql(statement)
        yield


ENDING = {
    "sqlite": "SELECT 1 WHERE 0",
    "postgresql": "SELECT 'SELECT pg_terminate_backend(' || pid || ', 60000)' FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": "SELECT CONCAT('KILL ', id) FROM information_schema.processlist"
    " WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}
"""Engine -> what lists the statements that end the connections of others."""


def test_the_worker_outlives_an_outage_of_the_database(database_url: str, tmp_path: Path) -> None:
    """It says what ended a round and goes on at the next beat, when the database is back."""
    told, rows = outlived(database_url, tmp_path, Outage)
    assert ("BusyError: " in told, rows) == (True, 2)


def test_the_worker_outlives_an_outage_that_ends_the_hosts_session(
    postgresql_url: str, tmp_path: Path
) -> None:
    """What the driver raises on the host's own connection, as its context ends, is one as well."""
    told, rows = outlived(postgresql_url, tmp_path, Late)
    assert ("BusyError: " in told, rows) == (True, 2)


def outlived(url: str, folder: Path, kind: type[Rounds]) -> tuple[str, int]:
    """Let the worker go round twice, the first time without a database.

    :return: what it told, and of how many rows the host was told in the end.
    """
    with opened(url, folder, kind) as pms:
        out, told = Console(pms.app).raw("worker", "--every", "0.1", "--json")
        assert json.loads(out) == {"rounds": 2}
        with pms.app.app_context():
            return told, len(pms.db.session.scalars(pms.db.select(pms.told)).all())


def test_tables_of_a_newer_version_end_the_worker(pms: Pms) -> None:
    """No later round would find others: whoever runs it as a service has to see that."""
    with pms.app.app_context(), pms.db.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE guesterase_version SET version_num = '9999'")
    assert Console(pms.app).error("worker", "--every", "0.1") == "setup"


# options that name a property

PROOF = ("--by", "officer", "--code", "x")


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("list", "--state", "open"),
        ("watch", "--quiet"),
        ("watch",),
        ("incident", "list"),
        ("complaint", "list"),
        ("policy", "show"),
        ("complaint", "file", "--about", "about-refusal", "--text", "x", *PROOF),
        ("incident", "open", "--kind", "leak", "--text", "x", *PROOF),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_property_that_is_none_is_named(console: Console, arguments: tuple[str, ...]) -> None:
    """A typing error ends with 1 and the codes there are, and never looks like 'nothing'."""
    problem = console.json(*arguments, "--property", "hs", code=1)["error"]
    assert problem == {
        "id": "unknown", "message": "There is no such property.", "hint": "Known are: mu, sh.",
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [("list",), ("incident", "list"), ("complaint", "list")])
def test_a_property_that_is_there_is_answered(
    console: Console, arguments: tuple[str, ...]
) -> None:
    """A known code is taken as it was."""
    assert console.json(*arguments, "--property", "sh") == []


# health


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """The two hotels with the health address, which answers anew each time."""
    made = Front(tmp_path)
    made.forms.form(1, OLD)
    made.app.register_blueprint(health_pages, url_prefix="/health")
    monkeypatch.setattr(health, "LASTING", 0.0)
    yield made
    made.forms.engine.dispose()


@pytest.mark.parametrize("text", [None, "junk", '{"root": "0123456789abcdef"}'])
def test_keys_that_cannot_be_made_are_told(front: Front, text: str | None) -> None:
    """The pointer is gone, is damaged, or names a root that is not there: no key can be made."""
    front.forms.sweep()
    client = front.app.test_client()
    assert client.get("/health/").status_code == 200
    pointer = front.forms.custodian.path / "current.json"
    pointer.unlink()
    if text is not None:
        pointer.write_text(text, encoding="utf-8")
    answer: Any = client.get("/health/")
    assert (answer.status_code, answer.json["problems"]) == (503, ["custodian-unreachable"])


class Service(FolderRoots):
    """A key service as files, whose keys are text and which is known by itself."""

    kind = "service"

    def wrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return keys as text, as a service writes them."""
        return [each.hex().encode() for each in super().wrap(root, pairs)]

    def unwrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return the keys that were wrapped."""
        return super().unwrap(root, [(bytes.fromhex(key.decode()), aad) for key, aad in pairs])

    def mark(self, root: str) -> bytes:
        """Return by which the service is known, the same for all roots."""
        return bytes(32)


def test_a_root_that_its_service_lost_is_told(tmp_path: Path) -> None:
    """The pointer names a root of the key service; whether it is there, the service says."""
    (tmp_path / "service").mkdir()
    service = Service(tmp_path / "service", os.urandom)
    custodian = FolderCustodian(tmp_path / "keys", roots=service)
    custodian.create()
    assert store_health.reachable(str(custodian.path), service)
    # The keys of today still open; those of tomorrow would lie under a root that is not there.
    pointer = custodian.path / "current.json"
    pointer.write_text('{"root": "0123456789abcdef"}', encoding="utf-8")
    (custodian.path / "root-0123456789abcdef.json").write_text("{}", encoding="utf-8")
    assert not store_health.reachable(str(custodian.path), service)


# servers on green threads


def green(monkeypatch: pytest.MonkeyPatch, name: str, ask: str, patched: set[str]) -> None:
    """Put a module in place that says of which others it took the place."""
    module = ModuleType(name)
    setattr(module, ask, lambda asked: asked in patched)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(
    ("name", "ask", "word"),
    [
        ("gevent.monkey", "is_module_patched", "threading"),
        ("eventlet.patcher", "is_monkey_patched", "thread"),
    ],
)
@pytest.mark.parametrize("patched", [True, False])
def test_no_round_stands_in_the_way_of_a_green_server(
    monkeypatch: pytest.MonkeyPatch, name: str, ask: str, word: str, patched: bool
) -> None:
    """Where a thread is none the round would keep every visitor waiting, so none is made."""
    green(monkeypatch, name, ask, {word} if patched else {"socket"})
    app, done = Flask(__name__), list[int]()
    bell = teardown.install(app, lambda _: done.append(1), 0.001)
    assert bell is not None
    bell._due = 0.0
    with app.app_context():
        pass
    if not patched:
        until(lambda: done)
    assert (bell._thread is None) == patched
    bell.end(10)


# JSON for programs, and numbers that fit


def test_an_error_nobody_foresaw_is_json_too(console: Console) -> None:
    """A program reads the class of the error and never its text, which may hold a value."""
    group = AppGroup("odd")

    @verb(group)
    def fall() -> Answer:
        """Fall."""
        raise LookupError(CANARY)

    console.app.cli.add_command(group)
    console.app.testing = False
    done = console.runner.invoke(args=["odd", "fall", "--json"])
    assert done.exit_code == 1
    problem = json.loads(done.stdout)["error"]
    assert problem["id"] == "unexpected"
    assert "LookupError" in problem["message"]
    assert problem["hint"]
    assert CANARY not in done.output
    plain = console.runner.invoke(args=["odd", "fall"])
    assert (plain.exit_code, plain.stdout) == (1, "")
    assert "LookupError" in plain.stderr
    assert CANARY not in plain.output


BIG = "9" * 23


@pytest.mark.parametrize(
    "arguments",
    [
        ("alert", "take", BIG, *PROOF),
        ("task", "sign", BIG, "--count", "1", *PROOF),
        ("task", "sign", "1", "--count", BIG, *PROOF),
        ("task", "sign", "1", "--count", "-5", *PROOF),
        ("sweep", "--rows", BIG),
        ("hold", "lift", BIG, *PROOF),
        ("policy", "confirm", BIG, *PROOF),
        ("token", "revoke", BIG, *PROOF),
        ("recipient", "again", BIG, *PROOF),
        ("sweep", "--seconds", "nan"),
        ("sweep", "--seconds", "inf"),
        ("sweep", "--seconds", "-1"),
        ("worker", "--once", "--every", "nan"),
        ("worker", "--once", "--every", "inf"),
        ("worker", "--once", "--every", "-1"),
        ("db", "upgrade", "--wait", "nan"),
        ("db", "upgrade", "--wait", "inf"),
        ("sweep", "--status", "--confirm", *PROOF),
        ("sweep", "--status", "--retry"),
        ("sweep", "--by", "officer"),
        ("sweep", "--code", "x"),
        ("sweep", *PROOF),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_wrong_use(console: Console, arguments: tuple[str, ...]) -> None:
    """A number that fits nowhere, no number, or a confirmation that would be left out: 2."""
    out, err = console.raw(*arguments, "--json", code=2)
    assert out == ""
    assert "Error" in err
    assert BIG not in err


GBK = "公安局".encode("gbk").decode("utf-8", "surrogateescape")
"""A text of a terminal that writes GBK, as Python reads it where LANG says UTF-8."""


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("show", GBK), b""),
        (("journal", "show", "--controller", GBK), b""),
        (("xray", "--match", f"name={GBK}"), b""),
        (("request", "--match", "-"), b"name=" + GBK.encode("utf-8", "surrogateescape")),
        (("xray", "--match", "-"), "name=Bea Lund\n".encode("utf-16")),
        (("xray", "--match", "-"), "name=Bea Lund\n".encode("utf-16-le")),
        (("hold", "place", "--scope", "subject", "--why", "court-order", "--reference", "-",
          *PROOF), b"\xff\n"),
    ],
)  # fmt: skip
def test_another_encoding_is_told_and_no_accident(
    console: Console, arguments: tuple[str, ...], given: bytes
) -> None:
    """In a terminal, or from a file of another program: what to set, and nothing of it."""
    console.app.testing = False
    out, err = console.raw(*arguments, "--json", code=1, given=given)  # type: ignore[arg-type]
    error = json.loads(out)["error"]
    assert (error["id"], "UTF-8" in error["hint"]) == ("input", True)
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [("object", "sh"), ("incident", "told", "GI-1", "--duty", "x")])
def test_a_pipe_that_brings_nothing_is_told_to_a_program(
    console: Console, command: tuple[str, ...]
) -> None:
    """JSON, as of every problem, and not the word for who broke off at a keyboard."""
    assert console.error(*command, *PROOF, given="") == "input"


def test_a_folder_that_cannot_be_looked_into_is_told(console: Console, tmp_path: Path) -> None:
    """A name that is too long for the system, for one."""
    console.app.testing = False
    assert console.error("keys", "copy", "--to", str(tmp_path / ("x" * 300))) == "input"


@pytest.mark.parametrize(
    "arguments",
    [
        ("request", "--match", "email=bea@mail.example", "--received", "0001-01-01"),
        ("backup", "report", "--at", "0001-01-01T00:00:00+14:00"),
        ("backup", "report", "--at", "9999-12-31T23:00:00-12:00"),
        ("incident", "reach", "IN-NONE", "--since", "0001-01-01", *PROOF),
    ],
    ids=" ".join,
)
def test_a_day_at_the_end_of_the_calendar_is_no_day(
    console: Console, arguments: tuple[str, ...]
) -> None:
    """Nothing can be counted from there, so it is wrong use and no accident."""
    out, err = console.raw(*arguments, "--json", code=2)
    assert out == ""
    # The option is named, and what was typed is not repeated.
    (option,) = {"--received", "--at", "--since"} & set(arguments)
    assert option in err
    assert arguments[arguments.index(option) + 1] not in err


def test_a_moment_at_the_end_of_the_calendar_is_no_time(console: Console) -> None:
    """A time is given as text there, and answered like any other that is none."""
    told = ("incident", "open", "--property", "sh", "--kind", "leak", "--text", "x", *PROOF)
    for text in ("0001-01-01T00:00", "9999-12-31T23:59"):
        assert console.error(*told, "--noticed", text) == "input"


# small things


def test_no_token_is_no_accident_at_the_metrics(front: Front) -> None:
    """A host whose configuration has no token is told nothing, and no error either."""
    front.app.register_blueprint(metrics_pages(None), url_prefix="/metrics")
    client = front.app.test_client()
    for text in ("", "Bearer", "Bearer None"):
        answer = client.get("/metrics/", headers={"Authorization": text})
        assert (answer.status_code, answer.data) == (401, b""), text


def test_a_schedule_before_its_time_says_so() -> None:
    """The cause and the next step, where the extension is not installed yet."""
    with pytest.raises(SetupError, match="init_app") as problem:
        schedule(Flask(__name__))
    assert problem.value.hint


REVIEWS = """
import os, sys, threading
from pathlib import Path
from flask_guesterase.store.upkeep import upgrade
from tests.store.hotel import Guest
from tests.web.house import House

house = House(sys.argv[1], Path(sys.argv[2]))
house.app.testing = False
house.begun()
reviews = house.app.extensions["guesterase"].reviews
real, go = house.extension.run, threading.Event()
begun = threading.Event()

def review():
    with house.app.app_context():
        house.extension.review_record(Guest(id=5, hotel="sh", name="A"), "clerk")

def slow(unit):
    begun.set()
    go.wait()
    return real(unit)

house.extension.run = slow
review()
begun.wait()
review()
held = sys.argv[3] == "held"
if held:
    reviews._lock.acquire()
child = os.fork()
if not child:
    house.hotel.engine.dispose(close=False)
    house.extension.run = real
    review()
    reviews.settle()
    os._exit(0)
os.waitpid(child, 0)
if held:
    reviews._lock.release()
go.set()
reviews.settle()
with house.app.app_context(), house.extension.begin(write=False) as office:
    print(*set(office.reviews("2000-01-01").values()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("lock", ["held", "free"])
def test_a_forked_process_counts_its_own_reviews(
    sqlite_url: str, tmp_path: Path, lock: str
) -> None:
    """Neither the parent's thread nor its lock stops a child, which writes nothing twice."""
    assert child.printed(REVIEWS, sqlite_url, str(tmp_path), lock) == ["3"]


# the page about installing


def _install() -> str:
    return (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")


def test_the_page_about_installing_is_followed_step_by_step(tmp_path: Path) -> None:
    """A reader who types what stands there, in a new folder, gets through the check."""
    page = _install()
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    (tmp_path / "hotel.py").write_text(code, encoding="utf-8")
    typed = re.findall(r"^(?:python|flask --app hotel guesterase (?:db upgrade|check)).*$", page,
                       re.MULTILINE)  # fmt: skip
    assert [line.split()[0] for line in typed] == ["python", "flask", "flask"]
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for line in typed:
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False,
            env=os.environ | {"PATH": tools, "PYTHONPATH": str(ROOT)}, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_a_command_that_needs_a_file_is_shown_with_it() -> None:
    """`draft` writes a file, so no page shows it without --out."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = [
        (page.name, line)
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if re.search(r"guesterase draft\b", line) and page.name != "commands.md"
    ]
    assert shown
    assert [each for each in shown if "draft --out" not in each[1]] == []


# properties that are asked for


def _asked(app: Flask, hotel: Hotel, seen: list[bool]) -> Guesterase:
    def hotels() -> list[Property]:
        seen.append(has_app_context() and current_app.name == app.name)
        return [Property("sh", "Hotel Pine", "Pine Ltd")]

    session = scoped_session(sessionmaker(hotel.engine))
    return Guesterase(session, models=HotelBase, properties=hotels)


def test_properties_are_asked_for_in_a_context_of_the_application(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A host that keeps its hotels in its database can look there, once."""
    hotel, seen = Hotel(sqlite_url, tmp_path), list[bool]()
    app = Flask("pms", instance_path=str(tmp_path))
    _asked(app, hotel, seen).init_app(app)
    assert seen == [True]
    hotel.engine.dispose()


def test_the_context_of_another_application_is_not_its_own(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A program that makes several applications, one of which is at work."""
    hotel, seen = Hotel(sqlite_url, tmp_path), list[bool]()
    with Flask("shop").app_context():
        app = Flask("pms", instance_path=str(tmp_path))
        _asked(app, hotel, seen).init_app(app)
        assert current_app.name == "shop"
    assert seen == [True]
    hotel.engine.dispose()


def test_a_context_that_is_open_already_is_kept(sqlite_url: str, tmp_path: Path) -> None:
    """What the host began there is not ended by our asking."""
    hotel, seen = Hotel(sqlite_url, tmp_path), list[bool]()
    app, ended = Flask("pms", instance_path=str(tmp_path)), list[int]()
    app.teardown_appcontext(lambda _: ended.append(1))
    with app.app_context():
        _asked(app, hotel, seen).init_app(app)
        assert (seen, ended) == ([True], [])
    hotel.engine.dispose()
