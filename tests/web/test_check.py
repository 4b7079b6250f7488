"""`check` reports data map, live database and installation together."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase import (
    File,
    Policy,
    Property,
    Subject,
    exempt,
    guest_pages,
    keep,
    null,
    placeholder,
    retain,
)
from flask_guesterase.core import pack as pack_module
from flask_guesterase.core.events import SweepConfirmed
from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.remembrance import Kind, Note
from flask_guesterase.recipients import Recipient, Webhook
from flask_guesterase.store import tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.lawbook import sources
from flask_guesterase.store.messages.removal import MARK
from flask_guesterase.store.remembrance import remembering
from flask_guesterase.store.settings import Settings
from flask_guesterase.store.tables import metadata as OURS
from flask_guesterase.web.commands import checkup
from flask_guesterase.web.extension import Guesterase
from tests import engines
from tests.kinds import Case, Cases

CASES = Cases()
POLICY = Policy({"email": placeholder, "phone": null}, subject=Subject(match=["email"]))


def _other_disk() -> str | None:
    """Return a folder that is not on the disk where databases of tests lie, if there is one."""
    device = os.stat(tempfile.gettempdir()).st_dev
    root = Path("/")
    for place in (root / "dev" / "shm", root / "var" / "tmp", Path.cwd()):
        if place.is_dir() and os.access(place, os.W_OK) and place.stat().st_dev != device:
            return str(place)
    return None


OTHER_DISK = _other_disk()
SAME_DISK = [] if OTHER_DISK else ["checkpoint-same-disk", "register-same-disk"]
"""What is rightly found of every installation on a machine that has but one disk."""

PINE = Property("sh", "Hotel Pine", "Pine Ltd", contact="privacy@pine.example")


def may(user: Any, permission: str, property_: str) -> bool:
    """Answer for the host: nobody logs in here."""
    return False


def find(
    engine: str = "sqlite",
    *,
    tables: bool = True,
    keys: bool = True,
    closed: bool = False,
    authorize: Any = may,
    hotel: Property = PINE,
    further: Property | None = None,
    policy: Policy = POLICY,
    script: str = "",
    env: str = "",
    signed: bool = False,
    reviewed: str = "",
    recipient: Recipient | None = None,
    base: str = "",
    pages: str = "",
    register: str = "",
    outside: str = "right",
    mail: str = "",
    hidden: bool = True,
    **config: Any,
) -> list[Finding]:
    """Return what `check` finds in an application whose installation lacks something.

    :param tables: our tables are there.
    :param keys: the key folder is filled.
    :param closed: the key folder can be read and not written.
    :param authorize: the host's answer to who may do what, or None.
    :param hotel: the one property.
    :param further: another one besides.
    :param policy: the guests' policy.
    :param script: one statement run in the database.
    :param env: the host's Alembic env.py; empty where it has none.
    :param signed: somebody signed the packs of the property.
    :param register: what is wrong with the register: "disk", "missing", "none", "restored" or
        "closed".
    :param outside: how it stands with checkpoints: "right", "none", "disk", "late" or "refused".
    :param reviewed: day by which the German pack must be looked at again; its own when empty.
    :param recipient: who else holds copies.
    :param base: address of the guest pages.
    :param pages: prefix under which the application has them; it has none when empty.
    :param mail: the mail server; letters are printed when empty.
    :param hidden: the engines keep the values of statements out of errors and logs.
    :param config: further configuration.
    """
    with (
        engines.fresh_database(engine) as url,
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory(dir=folder if register == "disk" else OTHER_DISK) as apart,
    ):
        app = Flask(__name__, root_path=folder, instance_path=folder)
        app.config.update(SQLALCHEMY_DATABASE_URI=url, GUESTERASE_KEYS=f"{folder}/keys")
        app.config["GUESTERASE_BASE_URL"] = base
        app.config.update(GUESTERASE_MAIL=mail or "print", GUESTERASE_SENDER="office@pine.example")
        app.config.update(
            SQLALCHEMY_DATABASE_URI=url, GUESTERASE_KEYS=f"{folder}/keys",
            GUESTERASE_REGISTER=f"{apart}/register", **config,
        )  # fmt: skip
        for place in (folder, apart):
            Path(place, "outside").mkdir()
        if outside != "none":
            place = folder if outside == "disk" else apart
            app.config["GUESTERASE_CHECKPOINTS"] = f"file:{place}/outside"
        db = SQLAlchemy(app, engine_options={"hide_parameters": hidden})

        class Guest(db.Model):  # type: ignore[name-defined,misc]  # the class is made at run time
            __tablename__ = "guests"
            id = sa.Column(sa.Integer, primary_key=True)
            email = sa.Column(sa.String(80), nullable=False)
            phone = sa.Column(sa.String(20))
            __erasure__ = policy

        if "SQLALCHEMY_BINDS" in config:

            class Room(db.Model):  # type: ignore[name-defined,misc]  # as above
                __tablename__, __bind_key__ = "rooms", "rooms"
                id = sa.Column(sa.Integer, primary_key=True)
                __erasure__ = exempt("the house's own")

        Migrate(app, db)
        if env:
            Path(folder, "migrations").mkdir()
            Path(folder, "migrations", "env.py").write_text(env)
        extension = Guesterase(
            db, authorize=authorize, properties=list(filter(None, (hotel, further)))
        )
        extension.recipient(*([recipient] if recipient else ()))
        extension.init_app(app)
        if pages:
            app.register_blueprint(guest_pages, url_prefix=pages)
        with app.app_context():
            db.create_all()
            if tables:
                engines.build(db.engine, OURS)
            if keys:
                FolderCustodian(f"{folder}/keys").create()
            if closed:
                # Whoever tests may be root, whom no mode stops.
                Path(folder, "keys", "lock").unlink()
                Path(folder, "keys", "lock").symlink_to("lock")
            if script:
                with db.engine.begin() as conn:
                    conn.exec_driver_sql(script)
            if reviewed:
                _review_by(app, reviewed, folder)
            if register:
                _remember(extension, register)
            if outside in ("late", "refused"):
                _keep_in(extension, db.engine, outside)
            if signed:
                _sign(db.engine, extension.settings)
            found = extension.check()
            db.engine.dispose()
            return found



def _remember(extension: Guesterase, wrong: str) -> None:
    """Let something be erased before, and something be wrong with the register since."""
    if wrong == "closed":
        Path(extension.settings.register).write_text("no folder")
        return
    with extension.begin() as office:
        work = office.work
        if wrong == "none":
            buried = tables.subject.insert().values(
                request="GR-1A", table_name="guests", row_key="int:1", standing="taken", why="x",
                erased_at=datetime(2026, 1, 1),
            )
            work.conn.execute(buried)
            return
        work.remember.append(Note(Kind.ENDED, "pine-ltd", "sh"))
    if wrong == "missing":
        shutil.rmtree(extension.settings.register)
    if wrong == "restored":
        with extension.begin() as office:
            pulse.take(office.work.conn, remembering.KNOWN)


def _keep_in(extension: Guesterase, engine: sa.Engine, wrong: str) -> None:
    """Let something happen of which no place outside took a checkpoint for more than a day."""
    with extension.begin() as office:
        office.work.events.append(SweepConfirmed("pine-ltd", "sh"))
    if wrong == "late":
        later = datetime.now(UTC) + timedelta(hours=26)
        extension._now = lambda: later  # type: ignore[method-assign]
        return
    with engine.begin() as conn:
        conn.execute(
            tables.released.insert().values(
                controller="pine-ltd", epoch=0, size=2, root="0" * 64, destination="file:/x",
                note="", state="queued", attempts=1, next_at=datetime(2026, 1, 1),
                problem="TamperedError",
            )
        )


@CASES.of("checkpoint-missing")
def checkpoint_missing(wrong: bool) -> list[Finding]:
    return find(outside="none" if wrong else "right")


@CASES.of("checkpoint-late", "sqlite")
def checkpoint_late(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, outside="late" if wrong else "right")


@CASES.of("checkpoint-refused")
def checkpoint_refused(wrong: bool) -> list[Finding]:
    return find(outside="refused" if wrong else "right")


@CASES.of("checkpoint-same-disk", *engines.ENGINES)
def checkpoint_same_disk(wrong: bool, engine: str) -> list[Finding]:
    if not wrong and OTHER_DISK is None:
        return []
    return find(engine, outside="disk" if wrong else "right")


@CASES.of("register-same-disk", *engines.ENGINES)
def register_same_disk(wrong: bool, engine: str) -> list[Finding]:
    if not wrong and OTHER_DISK is None:
        return []
    return find(engine, register="disk" if wrong else "")


@CASES.of("register-missing", "sqlite")
def register_missing(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, register="missing" if wrong else "")


@CASES.of("register-missing", "sqlite")
def register_begins(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, register="none" if wrong else "right")


@CASES.of("register-closed")
def register_closed(wrong: bool) -> list[Finding]:
    return find(register="closed" if wrong else "")


@CASES.of("keys-closed")
def keys_closed(wrong: bool) -> list[Finding]:
    return find(closed=wrong)


@CASES.of("restore-pending", *engines.ENGINES)
def restore_pending(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, register="restored" if wrong else "right")


def _sign(engine: sa.Engine, settings: Settings) -> None:
    """Note that somebody signed every pack that counts."""
    at = {"signed_by": "a1", "signed_at": datetime(2026, 1, 1)}
    with engine.begin() as conn:
        for code in settings.properties:
            for pack in sources.texts(settings, code):
                conn.execute(tables.pack.insert().values(code=pack.code, mark=pack.mark, **at))


def _review_by(app: Flask, day: str, folder: str) -> None:
    """Let the operator's own copy of the German pack name another day."""
    ours = Path(pack_module.__file__).parent / "jurisdictions" / "DE.toml"
    own = Path(folder, "DE.toml")
    text = ours.read_text("utf-8")
    own.write_text(re.sub("review_by = .*", f"review_by = {day}", text), "utf-8")
    state = app.extensions["guesterase"]
    state.settings = replace(state.settings, packs=(str(own),))


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_a_complete_installation_has_no_finding(engine: str) -> None:
    """With map, tables, keys, answers and contact in place there is nothing to report."""
    assert [each.id for each in find(engine)] == SAME_DISK


@CASES.of("authorize-missing")
def authorize_missing(wrong: bool) -> list[Finding]:
    return find(authorize=None if wrong else may)


@CASES.of("contact-missing")
def contact_missing(wrong: bool) -> list[Finding]:
    return find(hotel=Property("sh", "Hotel Pine", "Pine Ltd") if wrong else PINE)


FIR = Property("mu", "Hotel Fir", "Fir GmbH", contact="privacy@fir.example")


@CASES.of("place-missing")
def place_missing(wrong: bool) -> list[Finding]:
    """Two companies, one table of guests, and no word of whose: one company is asked for all."""
    placed = replace(POLICY, place=lambda guests: sa.literal("sh"))
    return find(further=FIR, policy=POLICY if wrong else placed)


@CASES.of("place-missing")
def place_missing_with_a_column(wrong: bool) -> list[Finding]:
    subject = Subject(match=["email"], property="phone")
    policy = replace(POLICY, columns={"email": placeholder, "phone": keep("the hotel")})
    return find(further=FIR, policy=policy if wrong else replace(policy, subject=subject))


@CASES.of("place-missing")
def place_missing_of_companies(wrong: bool) -> list[Finding]:
    """Hotels of one company need none: it answers for all of its guests."""
    return find(further=FIR if wrong else replace(FIR, controller=PINE.controller))


@CASES.of("overseer-untold")
def overseer_untold(wrong: bool) -> list[Finding]:
    watched = replace(PINE, overseer="owner@pine.example")
    mail = "print" if wrong else "smtp://mail.pine.example:25"
    return find(hotel=watched, mail=mail, base="https://pine.example/privacy")


@CASES.of("pages-elsewhere")
def pages_elsewhere(wrong: bool) -> list[Finding]:
    """Behind a proxy under a path the address ends with the prefix of the pages all the same."""
    where = "https://pine.example/pms" if wrong else "https://pine.example/pms/privacy/"
    return find(base=where, pages="/privacy")


@CASES.of("pages-elsewhere")
def pages_elsewhere_by_a_prefix_with_an_umlaut(wrong: bool) -> list[Finding]:
    """Whether it stands in the address as it is or as a browser sends it."""
    where = "https://pine.example/l%C3%B6schen" if wrong else "https://pine.example/löschung"
    return find(base=where, pages="/löschung")


def test_guest_pages_under_a_subdomain_are_where_their_path_says() -> None:
    """Their address is then a whole one, with a host that nobody knows here."""
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "pine.example"
    app.register_blueprint(guest_pages, url_prefix="/privacy", subdomain="guest")
    settings = Settings(base_url="https://guest.pine.example/privacy")
    assert not list(checkup._elsewhere(app, settings))


@CASES.of("demo-setting")
def demo_setting_of_the_mail(wrong: bool) -> list[Finding]:
    return find(mail="page" if wrong else "print")


@CASES.of("demo-setting")
def demo_setting_of_the_worker(wrong: bool) -> list[Finding]:
    return find(GUESTERASE_INLINE=wrong)


@CASES.of("parameters-shown")
def parameters_shown(wrong: bool) -> list[Finding]:
    return find(hidden=not wrong)


@CASES.of("parameters-shown")
def parameters_shown_of_another_database(wrong: bool) -> list[Finding]:
    other = {"url": "sqlite://", "hide_parameters": not wrong}
    return find(SQLALCHEMY_BINDS={"rooms": other})


@pytest.mark.parametrize("where", ["TESTING", "DEBUG"])
def test_settings_of_a_demo_are_right_where_the_application_is_tested(where: str) -> None:
    """Who tests or mends an application works with them, and `check` is no noise there."""
    config: dict[str, Any] = {where: True, "GUESTERASE_INLINE": True}
    found = find(mail="page", hidden=False, **config)
    assert not {"demo-setting", "parameters-shown"} & {each.id for each in found}


@CASES.of("keys-missing")
def keys_missing(wrong: bool) -> list[Finding]:
    return find(keys=not wrong)


@CASES.of("tables-pending", *engines.ENGINES)
def tables_pending(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, tables=not wrong)


@CASES.of("tables-pending")
def tables_of_a_newer_version(wrong: bool) -> list[Finding]:
    """While a new version is brought in beside an old one, the old one must not say: upgrade."""
    found = find(script="UPDATE guesterase_version SET version_num = '9999'" if wrong else "")
    assert not any("db upgrade" in each.hint for each in found if each.id == "tables-pending")
    return found


OWN_CALL = """
def sees(found, name, kind, reflected, other):
    return True

context.configure(connection=connection, include_object={})
"""


@CASES.of("migrate-filter")
def migrate_filter(wrong: bool) -> list[Finding]:
    ours = "from flask_guesterase.web.migrate import include_object\n"
    script = OWN_CALL.format("sees") if wrong else ours + OWN_CALL.format("include_object")
    return find(env=script)


PINE_IN_GERMANY = replace(PINE, country="DE")


@CASES.of("pack-draft")
def pack_draft(wrong: bool) -> list[Finding]:
    return find(hotel=PINE_IN_GERMANY, signed=not wrong)


@CASES.of("pack-missing")
def pack_missing(wrong: bool) -> list[Finding]:
    return find(hotel=replace(PINE, country="CN", region="CN-XX" if wrong else "CN-GD"))


@CASES.of("pack-review")
def pack_review(wrong: bool) -> list[Finding]:
    return find(hotel=PINE_IN_GERMANY, reviewed="2020-01-01" if wrong else "2099-01-01")


@CASES.of("house-missing")
def house_missing(wrong: bool) -> list[Finding]:
    category = "cctv" if wrong else "guest_register"
    columns = {"email": placeholder, "phone": retain(category, null)}
    policy = Policy(columns, subject=Subject(match=["email"]))
    return find(hotel=PINE_IN_GERMANY, policy=policy)


def test_a_property_without_a_country_is_told_to_name_it() -> None:
    """No law is known there because nobody said which: a period of the house comes after that."""
    columns = {"email": placeholder, "phone": retain("guest_register", null)}
    policy = Policy(columns, subject=Subject(match=["email"]))
    (told,) = [f for f in find(policy=policy) if f.id == "house-missing"]
    assert told.hint.startswith("Give its Property a country= first")


@CASES.of("floor-unkept")
def floor_unkept(wrong: bool) -> list[Finding]:
    """What a row is says nothing of which of its columns the law wants."""
    phone = null if wrong else retain("guest_register", null)
    policy = Policy(
        {"email": placeholder, "phone": phone}, subject=Subject(match=["email"]),
        category="guest_register",
    )  # fmt: skip
    return find(hotel=PINE_IN_GERMANY, policy=policy)


@CASES.of("clock-missing")
def clock_missing(wrong: bool) -> list[Finding]:
    """No date is missing on file, and yet nothing would ever end."""
    policy = Policy(
        {"email": placeholder, "phone": retain("guest_register", null)},
        subject=Subject(match=["email"]), category="guest_register",
        clock={"created" if wrong else "departed": lambda table: table.c.phone},
    )  # fmt: skip
    return find(hotel=PINE_IN_GERMANY, policy=policy)


@CASES.of("ceiling-missing")
def ceiling_missing(wrong: bool) -> list[Finding]:
    """A law keeps invoices for a while, and none says by when their payers must go."""
    category = "invoice_accounting" if wrong else ""
    policy = Policy(
        {"email": placeholder, "phone": retain("invoice_accounting", null)},
        subject=Subject(match=["email"]), category=category,
        clock={"document": lambda table: table.c.phone, "departed": lambda table: table.c.phone},
    )  # fmt: skip
    return find(hotel=PINE_IN_GERMANY, policy=policy)


@CASES.of("files-away", *engines.ENGINES)
def files_away(wrong: bool, engine: str) -> list[Finding]:
    """An empty folder stands for a share that is away, as long as a row names a file in it."""
    with tempfile.TemporaryDirectory() as root:
        policy = replace(POLICY, columns={**POLICY.columns, "phone": File(root)})
        phone = "'scan.pdf'" if wrong else "NULL"
        script = f"INSERT INTO guests (id, email, phone) VALUES (1, 'a@mail.example', {phone})"
        return find(engine, policy=policy, script=script)


@CASES.of("key-changed", *engines.ENGINES)
def key_changed(wrong: bool, engine: str) -> list[Finding]:
    """Guests were known by texts when one of them was erased, and are by numbers now."""
    key = "str:1" if wrong else "int:1"
    return find(engine, script="INSERT INTO guesterase_subject "
        "(request, table_name, row_key, standing, why, erased_at) "
        f"VALUES ('GR-1A', 'guests', '{key}', 'taken', 'all', '2026-01-01 00:00:00')")


@CASES.of("files-away")
def a_folder_that_is_meant_to_be_empty(wrong: bool) -> list[Finding]:
    with tempfile.TemporaryDirectory() as root:
        if not wrong:
            Path(root, MARK).touch()
        policy = replace(POLICY, columns={**POLICY.columns, "phone": File(root)})
        script = "INSERT INTO guests (id, email, phone) VALUES (1, 'a@mail.example', 'scan.pdf')"
        return find(policy=policy, script=script)


@CASES.of("blocker-missing")
def blocker_missing(wrong: bool) -> list[Finding]:
    """A profile that ends by day knows nothing of the booking of next week."""
    policy = Policy(
        {"email": placeholder, "phone": retain("guest_register", null)},
        subject=Subject(match=["email"]), category="guest_register" if wrong else "",
        clock={"departed": lambda table: table.c.phone},
    )  # fmt: skip
    return find(hotel=PINE_IN_GERMANY, policy=policy)


CHANNEL = Webhook("https://channel.example/erase", secret="s" * 32)


@CASES.of("recipient-unknown")
def recipient_unknown(wrong: bool) -> list[Finding]:
    gives = {"email": "guests.mail" if wrong else "guests.email"}
    return find(recipient=Recipient("channel-manager", CHANNEL, gives=gives), base="https://x.example")


@CASES.of("recipient-unknown")
def recipient_is_given_a_word_nobody_knows(wrong: bool) -> list[Finding]:
    gives = ["loyalty" if wrong else "email"]
    return find(recipient=Recipient("channel-manager", CHANNEL, gives=gives), base="https://x.example")


@CASES.of("recipient-mute")
def recipient_mute(wrong: bool) -> list[Finding]:
    told = Recipient("channel-manager", CHANNEL, gives=["email"])
    return find(recipient=told, base="" if wrong else "https://pine.example/privacy")


@CASES.of("path-unknown")
def a_condition_the_database_refuses(wrong: bool) -> list[Finding]:
    """What is written well and cannot be asked is named before a guest is waiting for it."""
    condition = lambda table: table.c.phone == sa.literal(1 if wrong else "1")  # noqa: E731
    return find("postgresql", policy=replace(POLICY, where=condition))


@CASES.of("clock-unknown")
def a_date_that_the_database_refuses(wrong: bool) -> list[Finding]:
    """A function of another engine is named before a sweep, or a guest's plan, meets it."""
    made = lambda table: sa.func.no_such_day(table.c.phone) if wrong else table.c.phone  # noqa: E731
    return find(policy=replace(POLICY, clock={"created": made}))


@CASES.of("clock-unknown")
def an_answer_that_the_database_refuses(wrong: bool) -> list[Finding]:
    """So are a fact and a place."""
    made = lambda table: sa.func.no_such_code(table.c.phone) if wrong else table.c.phone  # noqa: E731
    return find(policy=replace(POLICY, facts={"birth": made}))


@CASES.of("clock-unknown")
def a_date_that_sqlite_makes_a_year_of(wrong: bool) -> list[Finding]:
    """It casts to a number there, which no row's reader takes for a day."""
    def made(table: Any) -> Any:
        said = table.c.phone
        day = sa.cast(said, sa.Date) if wrong else sa.func.date(said, type_=sa.Date)
        return sa.func.coalesce(day, day)

    return find(policy=replace(POLICY, clock={"created": made}))


@CASES.of("clock-unknown")
def a_date_of_no_value(wrong: bool) -> list[Finding]:
    """NULL is NULL whatever it is cast to, which servers ask for beside a date."""
    none = sa.cast(sa.literal("2020-01-01") if wrong else sa.null(), sa.Date)
    return find(policy=replace(POLICY, clock={"created": lambda t: sa.func.coalesce(none, none)}))


@CASES.of("clock-unknown")
def a_value_that_nothing_was_given_for(wrong: bool) -> list[Finding]:
    """The statement is never sent: it ended `check` in an error of its own."""
    none = sa.bindparam("day", type_=sa.String)
    return find(policy=replace(POLICY, clock={"created": lambda t: none if wrong else t.c.phone}))


@CASES.of("clock-unknown")
def a_date_of_all_rows_at_once(wrong: bool) -> list[Finding]:
    """A row's date is read with its key, and beside that the server takes no aggregate."""
    made = lambda table: sa.func.max(table.c.phone) if wrong else table.c.phone  # noqa: E731
    return find("postgresql", policy=replace(POLICY, clock={"created": made}))


@CASES.of("condition-unknown")
def a_condition_that_is_none(wrong: bool) -> list[Finding]:
    return find(policy=replace(POLICY, where=lambda table: 1 if wrong else table.c.phone != "1"))


@CASES.of("rule-misfit")
def a_value_that_the_column_does_not_take(wrong: bool) -> list[Finding]:
    columns = {"email": placeholder, "phone": {} if wrong else ""}
    return find(policy=replace(POLICY, columns=columns))


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """The incomplete installation is reported with message and hint; the complete one is not."""
    case.check()


def test_map_database_and_installation_are_reported_together() -> None:
    """One look says everything: a policy's gap, a table of the database, a missing contact."""
    found = find(
        policy=Policy({"email": placeholder}, subject=Subject(match=["email"])),
        script="CREATE TABLE cards (guest INTEGER REFERENCES guests (id))",
        hotel=Property("sh", "Hotel Pine", "Pine Ltd"),
    )
    assert [(f.id, f.place) for f in found] == sorted([
        ("column-uncovered", "guests.phone"),
        ("contact-missing", "sh"),
        ("table-uncovered", "cards"),
        *((each, "") for each in SAME_DISK),
    ])


def test_what_mapping_and_database_say_alike_is_told_once() -> None:
    """The same words with two hints counted as two things that stop erasing."""
    found = find(policy=replace(POLICY, columns={"email": null, "phone": null}))
    assert [(f.id, f.place) for f in found if f.id == "rule-misfit"] == [
        ("rule-misfit", "guests.email"),
    ]


def test_no_hint_says_null_of_a_column_that_takes_none() -> None:
    """Who followed it had the same finding again."""
    for email, said in ((null, "Choose redact,"), (7.5j, "Choose a value")):
        found = find(policy=replace(POLICY, columns={"email": email, "phone": 7.5j}))
        hints = {f.place: f.hint for f in found if f.id == "rule-misfit"}
        assert hints["guests.email"].startswith(said)
        assert hints["guests.phone"].startswith("Choose null, a value")


def test_of_what_is_said_twice_the_graver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a warning came first does not let erasures run into what stops them."""
    said = [Finding("rule-misfit", "guests", "phone", "A", "B", s) for s in reversed(Severity)]
    monkeypatch.setattr(checkup, "misfits", lambda *_: said)
    assert [f.severity for f in find() if f.id == "rule-misfit"] == [Severity.STOP]


@pytest.mark.parametrize(
    ("engine", "made"),
    [
        ("sqlite", lambda t: sa.func.datetime(t.c.id, "unixepoch", type_=sa.DateTime)),
        ("postgresql", lambda t: sa.func.to_timestamp(t.c.id, type_=sa.DateTime)),
        ("mariadb", lambda t: sa.func.from_unixtime(t.c.id, type_=sa.DateTime)),
    ],
)
def test_a_day_that_is_made_of_a_number_is_no_finding(engine: str, made: Any) -> None:
    """The three ways that how-to/retention.md names; SQLite refuses those of the servers."""
    found = find(engine, policy=replace(POLICY, clock={"created": made}))
    assert "clock-unknown" not in {f.id for f in found}
    if engine != "sqlite":
        found = find(policy=replace(POLICY, clock={"created": made}))
        assert ("clock-unknown", "guests.created") in {(f.id, f.place) for f in found}


def test_what_only_closes_doors_is_a_warning() -> None:
    """Without authorize= or a contact nothing is in danger, so erasing does not wait for it."""
    found = find(authorize=None, hotel=Property("sh", "Hotel Pine", "Pine Ltd"))
    assert {f.id: f.severity for f in found} == {
        "authorize-missing": Severity.WARN, "contact-missing": Severity.WARN,
        **dict.fromkeys(SAME_DISK, Severity.WARN),
    }
