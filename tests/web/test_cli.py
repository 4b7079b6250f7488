"""The commands: an answer for people, JSON alone for programs, and honest exit codes."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase.core.checkpoint import read_note
from flask_guesterase.core.destination import destinations
from flask_guesterase.core.treatment import exempt
from flask_guesterase.core.tree import verify_consistency
from flask_guesterase.store import tables
from flask_guesterase.store.release.places import Release
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.web.commands.console import fields, guesterase_cli, listing
from flask_guesterase.web.current import current
from flask_guesterase.web.extension import Guesterase
from tests.store.hotel import Guest, Scan
from tests.store.test_upgrade import EVERY
from tests.web.house import CANARY, House

ROOT = Path(__file__).resolve().parents[2]


class Console:
    """Runs `flask guesterase ...` in the application's process and keeps all that was printed."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.runner = app.test_cli_runner()
        self.printed = ""

    def raw(self, *arguments: str, code: int = 0, given: str = "") -> tuple[str, str]:
        """Run a command; returns output and error output."""
        done = self.runner.invoke(args=["guesterase", *arguments], input=given)
        self.printed += done.stdout + done.stderr
        assert done.exit_code == code, (arguments, done.stdout, done.stderr, done.exception)
        return done.stdout, done.stderr

    def json(self, *arguments: str, code: int = 0, given: str = "") -> Any:
        """Run a command with --json; whatever is on its output must be JSON."""
        return json.loads(self.raw(*arguments, "--json", code=code, given=given)[0])

    def proved(self, login: str) -> tuple[str, ...]:
        """Return the options by which a person proves at a console who they are."""
        with self.app.app_context(), current.begin() as office:
            return ("--by", login, "--code", office.code(login))

    def error(self, *arguments: str, given: str = "") -> str:
        """Run a command that names a problem; returns the problem's id."""
        answer = self.json(*arguments, code=1, given=given)
        assert set(answer["error"]) >= {"id", "message", "hint"}
        assert answer["error"]["message"]
        return str(answer["error"]["id"])


@pytest.fixture
def console(house: House) -> Console:
    """The console of a house with guests."""
    return Console(house.app)


def code_of(house: House, login: str) -> str:
    """A one-time code, as a person would see it after logging in."""
    with house.app.app_context(), house.extension.begin() as office:
        return office.code(login)


MATCH = f"email=ann@mail.example\nname={CANARY}\n"


def reviewed(console: Console) -> str:
    """File and confirm a request; its plan can be approved."""
    answer = console.json("request", "--match", "-", "--property", "sh", given=MATCH)
    number = str(answer["number"])
    console.json("confirm", number, *console.proved("clerk"), "--how", "desk")
    return number


def approved(console: Console, house: House) -> str:
    """A request that can be erased."""
    number = reviewed(console)
    house.settle(number)
    digest = console.json("preview", number)["digest"]
    console.json(
        "approve", number, "--by", "officer", "--code", code_of(house, "officer"),
        "--digest", digest,
    )  # fmt: skip
    return number


@pytest.fixture
def main_house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with people, on each engine."""
    house = House(database_url, tmp_path)
    house.people()
    yield house
    house.session.remove()
    house.hotel.engine.dispose()


def test_the_main_job_by_commands(main_house: House, tmp_path: Path) -> None:
    """From a request to a certificate with commands alone, on each engine; the guest is gone."""
    house, console = main_house, Console(main_house.app)
    number = approved(console, house)
    plan = console.json("preview", number)
    assert set(plan) >= {"number", "digest", "erase", "retain", "blocked", "shared", "perhaps"}
    for line in plan["erase"]:
        assert set(line) >= {"table", "rows", "columns", "category", "until", "basis"}
    assert {line["table"] for line in plan["erase"]} >= {"guests", "bookings"}
    assert console.json("erase", number)["state"] in ("erased", "sealed")
    assert CANARY not in [row["name"] for row in house.hotel.rows(Guest)]
    shown = console.json("show", number)
    assert shown["received_at"].endswith("Z")
    console.json("certificate", number, "--out", str(tmp_path / "certificate.json"))
    issued = json.loads((tmp_path / "certificate.json").read_text(encoding="utf-8"))
    assert number in json.dumps(issued)
    assert console.json("verify") == []
    heads = console.json("checkpoint", "--out", str(tmp_path / "heads.txt"))["checkpoints"]
    assert (tmp_path / "heads.txt").read_text(encoding="utf-8") == "\n".join(heads)
    assert [row["number"] for row in console.json("list", "--property", "sh")] == [number]
    assert console.json("list", "--state", "open") == []
    assert number in console.json("why", "guests", "1")["why"]
    assert CANARY not in console.printed
    assert "ann@mail.example" not in console.printed


def test_the_certificate_checks_offline(house: House, console: Console, tmp_path: Path) -> None:
    """What the commands write is what the one-file verifier reads, also with two journals."""
    number = approved(console, house)
    console.json("erase", number)
    house.hotel.guest(91, hotel="mu", name="Fir Guest", email="fir@mail.example")
    console.json("request", "--match", "email=fir@mail.example", "--property", "mu")
    out, heads, one = (tmp_path / name for name in ("certificate.json", "heads.txt", "one.txt"))
    console.raw("certificate", number, "--out", str(out))
    assert len(console.json("checkpoint", "--out", str(heads))["checkpoints"]) == 2
    console.raw("checkpoint", "--controller", "Pine Ltd", "--out", str(one))
    console.raw("db", "upgrade")
    console.raw("uninstall", "--out", str(tmp_path / "export"))
    verifier = str(ROOT / "flask_guesterase" / "verify.py")
    journal = str(tmp_path / "export" / "journal.jsonl")
    for kept in (heads, one):
        done = subprocess.run(
            [sys.executable, "-I", verifier, str(out), "--checkpoint", str(kept),
             "--journal", journal, "--json"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        shown = {item["id"]: item["shown"] for item in json.loads(done.stdout)["findings"]}
        assert shown["outside"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("request", "--match", "email=ann@mail.example"),
        ("check",),
        ("verify",),
        ("worker", "--once"),
        ("db", "sql"),
        ("db", "upgrade"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_people_read_text(console: Console, arguments: tuple[str, ...]) -> None:
    """Without --json a command answers in text that is no JSON."""
    if arguments[0] == "list":
        reviewed(console)
    if arguments[0] == "request":
        arguments = (*arguments, "--property", "sh")
    done = console.runner.invoke(args=["guesterase", *arguments])
    assert (done.stdout + done.stderr).strip()
    assert not done.stdout.startswith(("{", "["))
    assert done.exit_code in (0, 1)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("show", "GR-NOBODY2"), "unknown"),
        (("erase", "GR-NOBODY2"), "unknown"),
        (("certificate", "GR-NOBODY2", "--out", "{folder}/c.json"), "unknown"),
        (("checkpoint", "--out", "{folder}/c.txt"), "unknown"),
        (("why", "no_such_table", "1"), "unknown"),
        (("why", "guests", "999"), "unknown"),
        (("list", "--state", "no-such-state"), "input"),
        (("request", "--property", "sh", "--match", "email="), "match"),
        (("request", "--property", "sh", "--match", "email=0"), "match"),
        (("request", "--property", "sh", "--match", "shoe_size=44"), "match"),
        (("request", "--property", "sh", "--match", "email=no@mail.example"), "unknown"),
        (("request", "--property", "xx", "--match", "email=ann@mail.example"), "unknown"),
        (
            ("request", "--property", "sh", "--match", "email=ann@mail.example",
             "--received", "2999-01-01"),
            "input",
        ),
        (
            ("request", "--property", "sh", "--match", "email=ann@mail.example", "--by", "ghost",
             "--code", "x"),
            "unknown",
        ),
        (
            ("request", "--property", "sh", "--match", "email=ann@mail.example", "--by", "clerk",
             "--code", "x"),
            "token",
        ),
        (("draft", "--out", "{folder}/no/such/folder/p.py"), "input"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else value,
)  # fmt: skip
def test_a_problem_is_named(
    console: Console, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    """A problem ends with 1, its id in JSON, message and next step on the error output."""
    told = tuple(text.format(folder=tmp_path) for text in arguments)
    assert console.error(*told) == problem
    out, err = console.raw(*told, code=1)
    assert out == ""
    assert len(err.strip().splitlines()) >= 2
    assert "Traceback" not in err
    assert "ann@mail" not in err
    assert "no@mail" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("request",),
        ("request", "--property", "sh", "--match", f"{CANARY}"),
        ("request", "--property", "sh", "--match", "email=a@b.example", "--received", "yesterday"),
        ("request", "--property", "sh", "--match", "email=a@b.example", "--by", "clerk"),
        ("request", "--property", "sh", "--match", "email=a@b.example", "--code", "x"),
        ("confirm", "GR-NOBODY2"),
        ("confirm", "GR-NOBODY2", "--by", "clerk"),
        ("approve", "GR-NOBODY2", "--by", "officer"),
        ("refuse", "GR-NOBODY2", "--by", "officer", "--code", "x", "--ground", "I-say-so"),
        ("db", "sql", "--dialect", "oracle"),
        ("no-such-verb",),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_wrong_use_ends_with_two(console: Console, arguments: tuple[str, ...]) -> None:
    """Wrong use ends with 2, with nothing on the output and nobody's data repeated."""
    told = (*arguments, "--json") if arguments != ("no-such-verb",) else arguments
    out, err = console.raw(*told, code=2)
    assert out == ""
    assert "Error" in err
    assert CANARY not in err


def test_who_filed_or_verified_does_not_approve(house: House, console: Console) -> None:
    """Four eyes hold at a console too, and the request stays as it was."""
    number = console.json("request", "--match", "-", "--property", "sh", given=MATCH)["number"]
    console.json("confirm", number, *console.proved("officer"))
    digest = console.json("preview", number)["digest"]
    told = ("--digest", digest, "--by", "officer", "--code", code_of(house, "officer"))
    assert console.error("approve", number, *told) == "four-eyes"
    assert console.json("show", number)["state"] == "review"


def test_a_console_shows_no_names_and_approves_no_profile_that_was_written_since(
    house: House, console: Console
) -> None:
    """It says that one is not as it was found; a clerk who looks at the page answers for it."""
    number = reviewed(console)
    house.settle(number)
    with house.hotel.engine.begin() as conn:
        conn.execute(sa.update(Guest).where(Guest.id == 1).values(phone="+8613800000077"))
    changed = "a row that was taken holds another name or contact"
    assert changed in console.raw("preview", number)[0]

    def approve() -> tuple[str, ...]:
        digest = console.json("preview", number)["digest"]
        return ("approve", number, *console.proved("officer"), "--digest", digest)

    assert console.error(*approve()) == "moved"
    with house.app.app_context(), house.extension.begin() as office:
        office.take(number, house.hotel.ours("subject")[0]["id"], "clerk")
    assert console.json(*approve())["state"] == "approved"


def test_nobody_is_the_first_person_in_a_colleagues_name(house: House, console: Console) -> None:
    """Who approves cannot have verified before under another name: that takes their code too."""
    number = console.json("request", "--match", "-", "--property", "sh", given=MATCH)["number"]
    theirs = ("--by", "clerk", "--code", code_of(house, "officer"))
    assert console.error("confirm", number, *theirs) == "token"
    assert console.json("show", number)["state"] == "received"


def test_a_code_is_its_owners_and_works_once(house: House, console: Console) -> None:
    """Another person's code, a wrong one and a used one open nothing."""
    number = reviewed(console)
    house.settle(number)
    digest = console.json("preview", number)["digest"]

    def approve(by: str, code: str, digest: str = digest) -> tuple[str, ...]:
        return ("approve", number, "--by", by, "--code", code, "--digest", digest)

    theirs = code_of(house, "second")
    assert console.error(*approve("officer", theirs)) == "token"
    assert console.error(*approve("officer", "XXXX-XXXX")) == "token"
    told = console.raw(*approve("officer", "XXXX-XXXX"), code=1)[1]
    assert "My code" in told
    assert "reception" not in told
    assert console.error(*approve("clerk", code_of(house, "clerk"))) in ("forbidden", "four-eyes")
    assert console.error(*approve("second", theirs, "0" * 64)) == "moved"
    assert console.json(*approve("second", theirs))["state"] == "approved"
    other = reviewed_again(console)
    told = ("--by", "second", "--code", theirs, "--ground", "another-persons-data")
    assert console.error("refuse", other, *told) == "token"


def reviewed_again(console: Console) -> str:
    """A second request, about somebody else."""
    given = "email=bea@mail.example\nname=Bea Lund\n"
    number = str(console.json("request", "--match", "-", "--property", "sh", given=given)["number"])
    console.json("confirm", number, *console.proved("clerk"))
    return number


def test_codes_cannot_be_guessed_at_a_console(house: House, console: Console) -> None:
    """Tries that fail count; after five the right code does not help either."""
    number = reviewed(console)
    digest = console.json("preview", number)["digest"]
    wrong = ("approve", number, "--by", "officer", "--code", "WRONG", "--digest", digest)
    assert [console.error(*wrong) for _ in range(5)] == ["token"] * 5
    right = (*wrong[:5], code_of(house, "officer"), *wrong[6:])
    assert console.error(*right) == "limit"
    assert console.json("show", number)["state"] == "review"


def test_a_decision_that_moved_is_told_line_by_line(house: House, console: Console) -> None:
    """An erasure whose plan is not the approved one goes back, and says what is new."""
    number = approved(console, house)
    house.hotel.put(Scan, id=1, guest_id=1, path=None)
    answer = console.json("erase", number, code=1)["error"]
    assert answer["id"] == "moved"
    assert any("scans" in line for line in answer["differences"])
    assert console.json("show", number)["state"] == "review"


def test_a_request_is_refused_on_a_named_ground(house: House, console: Console) -> None:
    """A refusal takes a code and a ground; the guest's withdrawal takes neither."""
    number = reviewed(console)
    code = code_of(house, "officer")
    told = ("--by", "officer", "--code", code, "--ground", "another-persons-data")
    assert console.json("refuse", number, *told)["state"] == "refused"
    assert console.error("erase", number) == "transition"
    other = reviewed_again(console)
    assert console.json("withdraw", other)["state"] == "withdrawn"
    assert console.error("withdraw", other) == "transition"


def test_who_asks_and_what_was_seen_are_recorded_at_a_console(console: Console) -> None:
    """Who asks in a guest's place shows a paper; a reason that is none is refused."""
    told = ("request", "--match", "email=bea@mail.example", "--property", "sh")
    assert console.error(*told, *console.proved("auditor")) == "forbidden"
    ask = (*told, *console.proved("clerk"))
    assert console.error(*ask, "--reason", "public-interest") == "input"
    number = console.json(*ask, "--asked-by", "guardian", "--reason", "leaked")["number"]
    confirm = ("confirm", number, *console.proved("clerk"))
    assert console.error(*confirm) == "input"
    assert console.json(*confirm, "--seen", "guardianship-paper")["number"] == number
    shown = console.json("show", number)
    said = (shown["asked_by"], shown["seen"], shown["reason"])
    assert said == ("guardian", "guardianship-paper", "leaked")
    assert console.json("list", "--state", "overdue") == []


def test_time_that_the_law_does_not_know_is_not_given_at_a_console(
    house: House, console: Console
) -> None:
    """Putting an answer off takes a code and a law that knows it."""
    number = reviewed(console)
    told = ("--by", "officer", "--code", code_of(house, "officer"), "--reason", "many")
    assert console.error("extend", number, *told) == "transition"


def test_a_broken_journal_is_told(house: House, console: Console) -> None:
    """A changed entry ends `verify` with 1 and the place of the entry."""
    reviewed(console)
    with house.hotel.engine.begin() as conn:
        conn.execute(tables.entry.update().values(body="{}").where(tables.entry.c.position == 1))
    found = console.json("verify", code=1)
    assert {problem["index"] for problem in found} >= {1}
    assert "1" in console.raw("verify", code=1)[0]


def test_check_ends_with_one_when_something_stops_erasing(house: House, console: Console) -> None:
    """A column nobody declared is a finding with id, place, message and hint."""
    console.json("db", "upgrade")
    assert [f for f in console.json("check") if f["severity"] == "stop"] == []
    with house.hotel.engine.begin() as conn:
        conn.execute(sa.text("ALTER TABLE guests ADD COLUMN nickname VARCHAR(40)"))
    found = [f for f in console.json("check", code=1) if f["severity"] == "stop"]
    assert [(f["id"], f["table"], f["column"]) for f in found] == [
        ("column-unmapped", "guests", "nickname")
    ]
    assert found[0]["hint"]
    out, err = console.raw("check", code=1)
    assert "column-unmapped" in out
    assert "guests.nickname" in out
    assert err.startswith("1 findings stop")


def test_a_draft_is_python_and_overwrites_nothing(console: Console, tmp_path: Path) -> None:
    """The draft compiles; a file that was reviewed is never written over."""
    path = tmp_path / "policies.py"
    console.json("draft", "--out", str(path))
    text = path.read_text(encoding="utf-8")
    compile(text, str(path), "exec")
    assert console.error("draft", "--out", str(path)) == "input"
    assert path.read_text(encoding="utf-8") == text


@pytest.fixture
def fresh(database_url: str, tmp_path: Path) -> Iterator[Console]:
    """An application in which our tables and keys were never made, on each engine."""
    app = Flask("fresh", instance_path=str(tmp_path / "instance"))
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    db = SQLAlchemy(app)
    db.Table("rooms", sa.Column("id", sa.Integer, primary_key=True))
    extension = Guesterase(db)
    extension.register("rooms", exempt("rooms are nobody"))
    extension.init_app(app)
    with app.app_context():
        db.create_all()
    yield Console(app)
    with app.app_context():
        db.engine.dispose()


def test_tables_and_keys_are_made_once(fresh: Console, tmp_path: Path) -> None:
    """The first upgrade makes tables and keys, the second nothing; check says so meanwhile."""
    keys = tmp_path / "instance" / "guesterase-keys"
    missing = {f["id"] for f in fresh.json("check", code=1)}
    assert missing >= {"tables-pending", "keys-missing"}
    assert fresh.error("list") == "setup"
    assert fresh.json("db", "upgrade") == {"revisions": list(EVERY), "keys_made": True}
    made = {path.name: path.read_bytes() for path in keys.iterdir()}
    assert fresh.json("db", "upgrade") == {"revisions": [], "keys_made": False}
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == made
    assert missing - {f["id"] for f in fresh.json("check", code=1)} == {
        "tables-pending",
        "keys-missing",
    }
    assert fresh.json("list") == []


def test_a_database_that_is_away_is_told_without_its_address(tmp_path: Path) -> None:
    """No connection: a named problem, nothing of the address, and `db sql` works all the same."""
    app = Flask("away", instance_path=str(tmp_path))
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://clerk:invented@127.0.0.1:1/pms"
    extension = Guesterase(SQLAlchemy(app))
    extension.init_app(app)
    console = Console(app)
    for arguments in (("list",), ("check",), ("db", "upgrade", "--wait", "0"), ("verify",)):
        assert console.error(*arguments) == "busy", arguments
    assert "CREATE TABLE" in console.json("db", "sql")["sql"]
    assert "invented" not in console.printed
    assert "127.0.0.1" not in console.printed


def test_sql_is_printed_for_the_applications_own_engine(fresh: Console) -> None:
    """`db sql` needs no tables and prints what upgrade.sql says, as text and as JSON."""
    answer = fresh.json("db", "sql")
    assert answer["sql"] == upgrade.sql(answer["dialect"])
    out, err = fresh.raw("db", "sql")
    assert out.strip() == answer["sql"].strip()
    assert "db upgrade" in err
    assert fresh.json("db", "sql", "--dialect", "postgresql")["dialect"] == "postgresql"
    nothing = fresh.json("db", "sql", "--since", upgrade.head())["sql"]
    assert "CREATE" not in nothing


def test_keys_that_are_not_mounted_are_not_replaced(house: House, console: Console) -> None:
    """A database that was used asks for its own keys; new ones would open nothing."""
    number = reviewed(console)
    keys = Path(house.app.config["GUESTERASE_KEYS"])
    keys.rename(keys.with_name("elsewhere"))
    assert console.error("db", "upgrade") == "key-missing"
    assert not keys.exists()
    keys.with_name("elsewhere").rename(keys)
    assert console.json("show", number)["number"] == number


def test_leaving_by_command(house: House, console: Console, tmp_path: Path) -> None:
    """Without --yes nothing is dropped; with it the files are there and the tables are not."""
    number = approved(console, house)
    console.json("erase", number)
    console.json("db", "upgrade")
    out = tmp_path / "export"
    told = console.json("uninstall", "--out", str(out))
    assert (told["dropped"], told["counts"]["cases.jsonl"]) == (False, 1)
    assert console.error("uninstall", "--out", str(out)) == "input"
    _, err = console.raw("uninstall", "--out", str(tmp_path / "last"), "--yes")
    assert "tables are gone" in err
    names = sa.inspect(house.hotel.engine).get_table_names()
    assert [name for name in names if name.startswith(tables.PREFIX)] == []
    assert console.error("list") == "setup"
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "box", ".", "--all"],
        cwd=tmp_path / "last",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert CANARY in done.stdout


def test_one_round_of_the_worker(house: House, console: Console) -> None:
    """A round carries out what was approved and says what it did in numbers."""
    number = approved(console, house)
    report = console.json("worker", "--once")
    assert report["counts"]["erased"] == 1
    assert report["problems"] == {}
    assert console.json("show", number)["state"] in ("erased", "sealed")
    assert "erased" not in console.json("worker", "--once")["counts"]


def test_a_round_with_problems_says_where_to_look(house: House, console: Console) -> None:
    """What went wrong is named by kind alone, so whoever reads it is told what says more."""
    with house.hotel.engine.begin() as conn:
        conn.exec_driver_sql("DROP TABLE guesterase_intake")
    names, told = console.raw("worker", "--once", code=1)
    assert "intake" in names
    assert "flask guesterase check" in told


HOST = """
import os
from pathlib import Path
from tests.store.hotel import Guest, Scan
from tests.web.house import House
house = House(os.environ["HOUSE_URL"], Path(os.environ["HOUSE_FOLDER"]))
with house.app.app_context(), house.extension.begin() as office:
    office.intake(
        {"name": "Nobody Here", "email": "nobody@mail.example"},
        property="sh", channel="form", lang="en", remote_mark="192.0.2.7",
    )
app = house.app
"""


def test_the_worker_ends_when_told_to(sqlite_url: str, tmp_path: Path) -> None:
    """A real worker process goes round until it is terminated, and ends with 0."""
    tmp_path.joinpath("house_app.py").write_text(HOST)
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "flask", "--app", "house_app", "guesterase",
         "worker", "--every", "0.1", "--json"],
        cwd=tmp_path,
        env=os.environ
        | {"HOUSE_URL": sqlite_url, "HOUSE_FOLDER": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        # The first round does what the house left for it, and says so.
        line = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, line + err
    assert line == "intake 1\n"
    assert json.loads(out)["rounds"] >= 1


def every_command(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield the full name of every command of a group and of the groups in it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, f"{before}{name} ")
        else:
            yield before + name, command


def test_every_command_takes_json_and_has_a_line_of_help(console: Console) -> None:
    """No command is without --json and a sentence that says what it does."""
    found = dict(every_command(guesterase_cli))
    assert set(found) >= {"request", "db upgrade", "jurisdiction check"}
    for command in found.values():
        assert "--json" in [option for each in command.params for option in each.opts]
        assert command.help


def test_columns_are_aligned_whatever_the_script() -> None:
    """Wide characters count twice, empty columns are left out, no rows are no lines."""
    rows = [
        {"table": "客人", "rows": 1, "none": None},
        {"table": "guests", "rows": 12, "none": ""},
    ]
    assert listing(rows, ("table", "none", "rows")).splitlines() == [
        "TABLE   ROWS",
        "客人    1",
        "guests  12",
    ]
    assert listing([], ("table",)) == ""
    assert fields({"number": "E1", "late": False, "left": []}) == "number  E1"


def test_the_journal_is_exported_and_proved(house: House, console: Console, tmp_path: Path) -> None:
    """Export, list, proof and release at the console; pruning asks for two people and a day."""
    outside = tmp_path / "outside"
    outside.mkdir()
    state = house.app.extensions["guesterase"]
    place = destinations(f"file:{outside}")
    state.settings = replace(state.settings, checkpoints=place)
    number = approved(console, house)
    pine = ("--controller", "Pine Ltd")
    first, whole, rest = (tmp_path / name for name in ("first.txt", "all.jsonl", "rest.jsonl"))
    console.raw("checkpoint", *pine, "--out", str(first))
    console.json("erase", number)
    assert console.json("checkpoint", "--release")["arrived"] >= 1
    told = console.json("journal", "export", *pine, "--out", str(whole))
    lines = whole.read_text().splitlines()
    assert told["lines"] == len(lines)
    console.json("journal", "export", *pine, "--since", str(first), "--out", str(rest))
    head = read_note(first.read_text())
    later = rest.read_text().splitlines()
    assert json.loads(later[0])["size"] == head.size
    assert later[1:] == lines[head.size :]
    shown = console.json("journal", "show", *pine)
    assert len(shown) == len(lines)
    proof = console.json("journal", "consistency", "--old", str(first))["proof"]
    assert proof.startswith(f"guesterase/consistency/v1\nold {head.size}\n")
    path, note = proof.split("\n", 2)[2].split("\n\n", 1)
    now = read_note(note)
    hashes = [base64.b64decode(each) for each in path.splitlines()]
    assert verify_consistency(head.size, now.size, head.root, now.root, hashes)
    assert console.json("verify", "--checkpoint", str(first)) == []
    assert CANARY not in console.printed


def test_a_callable_of_the_hosts_takes_checkpoints(house: House, console: Console) -> None:
    """It is given each journal's note and what proves it; one that raises does not have it."""
    notes: list[tuple[str, int]] = []

    def publish(release: Release) -> None:
        notes.append((release.controller, release.size))
        assert read_note(release.note).size == release.size
        if len(notes) == 1:
            raise OSError

    house.extension.destination(publish)
    approved(console, house)
    told = console.json("checkpoint", "--release", code=1)
    assert told["problems"] == {"callable": "OSError"}
    assert told["arrived"] == len(notes) - 1
    assert len({controller for controller, _ in notes}) == len(notes)


@pytest.mark.parametrize(
    ("problems", "said"),
    [
        ({"GR-1A2B3C4D:message": "DeliveryError"}, ["GUESTERASE_MAIL"]),
        ({"clock": "FullError"}, ["give it room"]),
        ({"clock": "FullError", "intake": "PolicyError"}, ["give it room", "guesterase check"]),
        ({}, []),
    ],
    ids=str,
)
def test_a_round_that_could_not_do_all_says_what_to_do(
    console: Console, monkeypatch: pytest.MonkeyPatch, problems: dict[str, str], said: list[str]
) -> None:
    """`check` looks at no mail server and at no disk: it would say that nothing is wrong."""
    monkeypatch.setattr(Guesterase, "work", lambda self: Report(problems=problems))
    told = console.raw("worker", "--once", code=1 if problems else 0)[1]

    words = ["GUESTERASE_MAIL", "give it room", "guesterase check"]
    assert [each for each in words if each in told] == said
