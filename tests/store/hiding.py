"""Where copies of a guest hide in real hotels, one plant each, where the engine has it."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    TypeDecorator,
    insert,
    text,
)

MAIL = "renee.weber@post.example"
PHONE = "+86 138 0013 8000"
DOCUMENT = "E12345678"
NAME = "Renée Müller-Weber 张伟明"
GUEST = {"name": NAME, "email": MAIL, "phone": PHONE, "document_no": DOCUMENT}


class Veiled(TypeDecorator[str]):
    """A host's own encryption, as good as one for a search that only sees the ciphertext."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        """Write."""
        return None if value is None else base64.b85encode(value.encode()[::-1])

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        """Read."""
        return None if value is None else base64.b85decode(value)[::-1].decode()


host = MetaData()
safe_notes = Table("safe_notes", host, Column("id", Integer, primary_key=True), Column("t", Veiled))


@dataclass(frozen=True)
class Plant:
    """One hiding place.

    :param place: table and column that must be named.
    :param script: statements that make it; the value is bound as `:v`.
    :param value: what is planted.
    :param only: engines that have such a place.
    """

    place: str
    script: tuple[str, ...]
    value: Any
    only: tuple[str, ...] = ("sqlite", "postgresql", "mariadb")


def _table(name: str, type_: str, value: Any, *only: str) -> Plant:
    script = (
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, t {type_})",
        f"INSERT INTO {name} VALUES (1, :v)",
    )
    return Plant(f"{name}.t", script, value, only or Plant.only)


def _wide(value: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in value)


def _escaped(value: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in value)


def _binary(value: str) -> bytes:
    return b"\x89PNG\xff\xfe\x00" + value.encode() + b"\x00\xff"


KEYED = "CREATE TABLE {} (a VARCHAR(20), b INTEGER, t VARCHAR(90), PRIMARY KEY (a, b))"

PLANTS: dict[str, Plant] = {
    "undeclared table": _table("newsletter", "VARCHAR(120)", MAIL),
    "JSON string": _table("webhook", "JSON", json.dumps({"guest": {"mail": [MAIL]}})),
    "escaped JSON": _table("payload", "TEXT", f'{{"x": 1, "m": "{_escaped(MAIL)}"}}'),
    "JSON in JSON": _table("queue", "TEXT", json.dumps({"body": json.dumps({"m": f"a\n{MAIL}"})})),
    "staff note": _table("note", "TEXT", f"Guest called from {PHONE}, wants a late check-out."),
    "history table": _table("guests_history", "VARCHAR(120)", DOCUMENT),
    "audit old value": _table("audit", "TEXT", json.dumps({"old": {"phone": PHONE}, "new": None})),
    "upper case": _table("letters", "VARCHAR(120)", MAIL.upper()),
    "full-width digits": _table("chat", "VARCHAR(120)", f"电话{_wide('13800138000')}"),
    "national phone": _table("wake_up", "VARCHAR(40)", "138-0013-8000"),
    "00 phone": _table("pbx", "VARCHAR(40)", "008613800138000"),
    "whole number": _table("sms", "BIGINT", 8613800138000),
    "numeric": _table("dialled", "NUMERIC(20,0)", 13800138000),
    "text in bytes": _table("mime", "{bytes}", f"From: {MAIL}\n".encode()),
    "text in a picture": _table("exif", "{bytes}", _binary(MAIL)),
    "URL": _table("log_line", "TEXT", f"GET /g?mail={quote(MAIL, safe='')} 200"),
    "HTML entities": _table("page", "TEXT", "".join(f"&#x{ord(c):x};" for c in MAIL)),
    "document with spaces": _table("police", "VARCHAR(40)", "e 1234 5678"),
    "name of a scan": _table("upload", "VARCHAR(80)", "2026/scanE12345678_front.jpg"),
    "log with a CSV line": _table("export", "TEXT", f'"7";"{MAIL}";"x"\n' + html.escape("<b>")),
    "Chinese names": Plant(
        '"客人备注".内容',
        ('CREATE TABLE "客人备注" (id INTEGER PRIMARY KEY, "内容" VARCHAR(90))',
         'INSERT INTO "客人备注" VALUES (1, :v)'),
        f"邮箱{MAIL}",
    ),
    "soft-deleted row": Plant(
        "profile.t",
        ("CREATE TABLE profile (id INTEGER PRIMARY KEY, t VARCHAR(90), deleted_at TIMESTAMP NULL)",
         "INSERT INTO profile VALUES (1, :v, '2026-01-01 00:00:00')"),
        MAIL,
    ),
    "no key": Plant(
        "loose.t",
        ("CREATE TABLE loose (t VARCHAR(90))", "INSERT INTO loose VALUES ('x')",
         "INSERT INTO loose VALUES (:v)"),
        MAIL,
    ),
    "key of several columns": Plant(
        "rates.t", (KEYED.format("rates"), "INSERT INTO rates VALUES ('a', 1, 'x')",
                    "INSERT INTO rates VALUES ('a', 2, :v)"),
        MAIL,
    ),
    "the key itself": Plant(
        "subscriber.mail",
        ("CREATE TABLE subscriber (mail VARCHAR(90) PRIMARY KEY)",
         "INSERT INTO subscriber VALUES (:v)"),
        MAIL,
    ),
    "full-text index": Plant(
        "finder.t",
        ("CREATE VIRTUAL TABLE finder USING fts5(t)", "INSERT INTO finder VALUES (:v)"),
        f"mail {MAIL}", ("sqlite",),
    ),
    "without rowid": Plant(
        "packed.t",
        ("CREATE TABLE packed (id TEXT PRIMARY KEY, t TEXT) WITHOUT ROWID",
         "INSERT INTO packed VALUES ('a', :v)"),
        MAIL, ("sqlite",),
    ),
    "not quite UTF-8": Plant(
        "legacy.t",
        ("CREATE TABLE legacy (id INTEGER PRIMARY KEY, t TEXT)",
         "INSERT INTO legacy VALUES (1, CAST(:v AS TEXT))"),
        b"M\xfcller " + MAIL.encode(), ("sqlite",),
    ),
    "array": Plant(
        "tags.t",
        ("CREATE TABLE tags (id INTEGER PRIMARY KEY, t TEXT[])",
         "INSERT INTO tags VALUES (1, ARRAY['x', :v])"),
        MAIL, ("postgresql",),
    ),
    "jsonb": Plant(
        "doc.t",
        ("CREATE TABLE doc (id INTEGER PRIMARY KEY, t JSONB)",
         "INSERT INTO doc VALUES (1, CAST(:v AS JSONB))"),
        json.dumps({"mail": MAIL}), ("postgresql",),
    ),
    "materialised view": Plant(
        "report.t",
        ("CREATE TABLE src (id INTEGER PRIMARY KEY, t TEXT)", "INSERT INTO src VALUES (1, :v)",
         "CREATE MATERIALIZED VIEW report AS SELECT t FROM src", "DELETE FROM src"),
        MAIL, ("postgresql",),
    ),
    "text-search vector": Plant(
        "words.t",
        ("CREATE TABLE words (id INTEGER PRIMARY KEY, t TSVECTOR)",
         "INSERT INTO words VALUES (1, to_tsvector('simple', :v))"),
        f"please write to {MAIL}", ("postgresql",),
    ),
    "partition": Plant(
        "visits_25.t",
        ("CREATE TABLE visits (y INTEGER, t TEXT) PARTITION BY LIST (y)",
         "CREATE TABLE visits_25 PARTITION OF visits FOR VALUES IN (2025)",
         "INSERT INTO visits VALUES (2025, :v)"),
        MAIL, ("postgresql",),
    ),
    "system-versioned row": Plant(
        "stay_log.t",
        ("CREATE TABLE stay_log (id INTEGER PRIMARY KEY, t VARCHAR(90)) WITH SYSTEM VERSIONING",
         "INSERT INTO stay_log VALUES (1, :v)", "UPDATE stay_log SET t = 'gone'"),
        MAIL, ("mariadb",),
    ),
}  # fmt: skip

IN_THE_HOTEL = {
    "another guest's message": "bookings.remark",
    "name in a text, decomposed": "bookings.remark",
    "Chinese name in a text": "bookings.remark",
    "name of a file": "scans.path",
    "trigger copy": "guest_copy.t",
    "encrypted by the host": "safe_notes.t",
}
"""Places that need the hotel's own tables."""

BYTES = {"sqlite": "BLOB", "postgresql": "BYTEA", "mariadb": "BLOB"}

COPYING = {
    "sqlite": (
        "CREATE TRIGGER copy_it AFTER INSERT ON guests BEGIN "
        "INSERT INTO guest_copy (t) VALUES (NEW.email); END",
    ),
    "mariadb": (
        "CREATE TRIGGER copy_it AFTER INSERT ON guests FOR EACH ROW "
        "INSERT INTO guest_copy (t) VALUES (NEW.email)",
    ),
    "postgresql": (
        "CREATE FUNCTION copy_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO guest_copy (t) VALUES (NEW.email); RETURN NEW; END $$",
        "CREATE TRIGGER copy_it AFTER INSERT ON guests FOR EACH ROW EXECUTE FUNCTION copy_it()",
    ),
}


def kind_of(conn: Connection) -> str:
    """Return the engine's name."""
    return "mariadb" if conn.dialect.name in ("mysql", "mariadb") else conn.dialect.name


def copying(conn: Connection) -> None:
    """Make a trigger that keeps a copy of every guest that comes."""
    conn.execute(text("CREATE TABLE guest_copy (t VARCHAR(120))"))
    for statement in COPYING[kind_of(conn)]:
        conn.execute(text(statement))


def plants(kind: str) -> dict[str, Plant]:
    """Return the hiding places of one engine."""
    return {name: plant for name, plant in PLANTS.items() if kind in plant.only}


def plant(conn: Connection) -> None:
    """Plant one copy in each place."""
    kind = kind_of(conn)
    quoted: Callable[[str], str] = (lambda s: s.replace('"', "`")) if kind == "mariadb" else str
    for each in plants(kind).values():
        for statement in each.script:
            made = text(quoted(statement.replace("{bytes}", BYTES[kind])))
            conn.execute(made, {"v": each.value} if ":v" in statement else {})
    host.create_all(conn)
    conn.execute(insert(safe_notes).values(id=1, t=f"call {PHONE}"))


def names() -> Iterator[str]:
    """Yield texts that hold the name in another spelling."""
    yield unicodedata.normalize("NFD", "met MÜLLER-WEBER, Renée in the lobby")
    yield "客人张 伟明说明天退房"
