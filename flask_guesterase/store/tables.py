"""Our own tables, on a MetaData of their own, without a foreign key into the host.

No column holds readable personal data: what a case must know to answer the guest is ciphertext,
contacts and actors are keyed marks or opaque numbers.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

PREFIX = "guesterase_"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Blob = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
_LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_Serial = BigInteger().with_variant(Integer(), "sqlite")
# Binary collation: keys of the host's rows that differ only in case are keys of different people.
_OPTIONS = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
_MARIADB: Any = {
    f"{dialect}_{key}": value
    for dialect in ("mysql", "mariadb")
    for key, value in _OPTIONS.items()
}


def _table(name: str, *columns: SchemaItem) -> Table:
    return Table(PREFIX + name, metadata, *columns, **_MARIADB)


intake = _table(
    "intake",
    Column("id", _Serial, primary_key=True),
    Column("property", String(40), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("received_on", DateTime, nullable=False),
    Column("sealed", _Blob, nullable=False),
    Column("label", String(80), nullable=False),
    Column("box", String(40), nullable=False),
    Column("ends_at", DateTime, nullable=False, index=True),
)
"""What came through the form, sealed, until the worker looked at it or a day has passed."""

request = _table(
    "request",
    Column("id", _Serial, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("property", String(40), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("channel", String(20), nullable=False),
    Column("lang", String(12), nullable=False),
    Column("received_at", DateTime, nullable=False),
    Column("due_on", String(10), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("filed_by", String(20)),
    Column("verified_by", String(20)),
    Column("verified_how", String(20)),
    Column("verified_at", DateTime),
    Column("decided_by", String(20)),
    Column("decided_at", DateTime),
    Column("ground", String(40)),
    Column("digest", String(64)),
    Column("decisions", _LongText),
    Column("waiting_for", String(40)),
    Column("waiting_until", String(10)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("try_at", DateTime),
    Column("erased_at", DateTime),
    Column("ended_at", DateTime),
    Column("subject_mark", String(64), index=True),
    Column("asked_by", String(20)),
    Column("seen", String(40)),
    Column("acknowledged_at", DateTime),
    Column("extended_at", DateTime),
    Column("reminded_on", String(10)),
    Column("reason", String(40)),
    Column("article", Text),
)
"""One request: who asked is sealed in a box, who acted is an opaque number."""

subject = _table(
    "subject",
    Column("id", _Serial, primary_key=True),
    Column("request", String(20), nullable=False, index=True),
    Column("table_name", String(128), nullable=False),
    Column("row_key", String(400), nullable=False),
    Column("standing", String(12), nullable=False),
    Column("why", String(40), nullable=False),
    Column("erased_at", DateTime),
    UniqueConstraint("request", "table_name", "row_key"),
    Index(None, "table_name", "row_key"),
)
"""Subject rows of a request: taken, perhaps or left; erased ones are the tombstones."""

contact = _table(
    "contact",
    Column("request", String(20), primary_key=True),
    Column("box", String(40), nullable=False),
    Column("ends_on", String(10), nullable=False),
)
"""Which box holds the way to write to the guest of a request."""

token = _table(
    "token",
    Column("hash", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("request", String(20), index=True),
    Column("actor", String(20)),
    Column("ends_at", DateTime, nullable=False),
    Column("used_at", DateTime),
)
"""Single-use links and codes and the guest's case code, SHA-256 at rest."""

attempt = _table(
    "attempt",
    Column("id", _Serial, primary_key=True),
    Column("action", String(20), nullable=False),
    Column("mark", String(64), nullable=False),
    Column("at", DateTime, nullable=False),
    Index(None, "action", "mark", "at"),
)
"""Attempts, keyed by a mark, for rate limits that hold in every process."""

actor = _table(
    "actor",
    Column("number", _Serial, primary_key=True),
    Column("mark", String(64), nullable=False, unique=True),
)
"""Opaque number of a person who acts; the mark is keyed."""

box = _table(
    "box",
    Column("id", String(40), primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("request", String(20), index=True),
    Column("label", String(80), nullable=False, index=True),
    Column("last_day", String(10), nullable=False, index=True),
    Column("wrapped", LargeBinary(256), nullable=True),
    Column("payload", _Blob, nullable=True),
    Column("forgotten_at", DateTime),
    Column("home", String(80)),
    Column("spare", LargeBinary(256)),
    Index(None, "forgotten_at", "last_day", "label"),
)
"""Sealed boxes: ciphertext and the wrapped data key; both NULL after the box was forgotten. Of one
under a hold `home` is the label it had before, and `spare` its data key under that one."""

day = _table(
    "day",
    Column("label", String(80), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("at", DateTime, nullable=False),
)
"""Wrapping keys by label: living, ending (marked to be destroyed), ended."""

tree = _table(
    "tree",
    Column("controller", String(120), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", _LongText, nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("open", Boolean(create_constraint=False), nullable=False),
    Column("pruned", BigInteger),
    Column("edge", _LongText),
    Column("edge_key", String(64)),
)
"""Head of each controller's tree; appending locks this row. Of a journal whose first entries were
taken out: how many, the right edge of the tree they made, and the key that signed then."""

entry = _table(
    "entry",
    Column("controller", String(120), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("request", String(20), index=True),
    Column("action", String(40), nullable=False),
    Column("body", _LongText, nullable=False),
    Column("leaf", String(64), nullable=False),
    Index(None, "action", "controller", "epoch", "position"),
)
"""The journal: canonical entries and their leaf hashes (hex)."""

node = _table(
    "node",
    Column("controller", String(120), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
)
"""Hashes of complete subtrees above the leaves, so that a proof reads log2(n) rows."""

loose = _table(
    "loose",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("body", _LongText, nullable=False),
)
"""Entries written in somebody else's transaction, waiting to be put in sequence."""

outbox = _table(
    "outbox",
    Column("id", _Serial, primary_key=True),
    Column("request", String(20), index=True),
    Column("property", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("template", String(40), nullable=False),
    Column("dedupe", String(80), nullable=False, unique=True),
    Column("box", String(40)),
    Column("state", String(12), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime, nullable=False),
    Column("problem", String(80)),
    Column("done_at", DateTime),
)
"""Messages and file removals, queued in the transaction that causes them."""

certificate = _table(
    "certificate",
    Column("request", String(20), primary_key=True),
    Column("supplement", Integer, primary_key=True, autoincrement=False),
    Column("body", _LongText, nullable=False),
    Column("issued_at", DateTime, nullable=False),
    Column("revoked_at", DateTime),
)
"""Certificates as issued, canonical JSON; supplement 0 is the first."""

epoch_key = _table(
    "key",
    Column("name", String(40), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("at", DateTime, nullable=False),
)
"""Which key files belong to this database: a name and a public key or a keyed mark."""

kept = _table(
    "kept",
    Column("id", _Serial, primary_key=True),
    Column("request", String(20), index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("table_name", String(128), nullable=False),
    Column("row_key", String(400), nullable=False),
    Column("columns", _LongText, nullable=False),
    Column("category", String(40), nullable=False),
    Column("mode", String(12), nullable=False),
    Column("box", String(40), index=True),
    Column("until", String(10), index=True),
    Column("open", String(120), nullable=False),
    Column("rule", String(80), nullable=False),
    Column("basis", String(250), nullable=False),
    Column("grade", String(8), nullable=False),
    Column("facts", _LongText, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("ended_at", DateTime, index=True),
    Index(None, "table_name", "row_key"),
    Index(None, "ended_at", "until", "id"),
)
"""What an erasure kept, per row and category: sealed in a box or in place, until when and why."""

shelf = _table(
    "shelf",
    Column("id", _Serial, primary_key=True),
    Column("box", String(40), nullable=False, index=True),
    Column("label", String(80), nullable=False, index=True),
    Column("property", String(40), nullable=False),
    Column("table_name", String(128), nullable=False),
    Column("room", String(40), nullable=False),
    Column("first_night", String(10), nullable=False),
    Column("last_night", String(10), nullable=False),
    Column("name_mark", String(64), index=True),
    Column("document_mark", String(64), index=True),
    Index(None, "property", "last_night"),
)
"""Where a sealed line of the guest register is found: nights, room, and marks of its day's key."""

hold = _table(
    "hold",
    Column("id", _Serial, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("scope", String(12), nullable=False),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("table_name", String(128)),
    Column("row_key", String(400)),
    Column("room", String(40)),
    Column("first_night", String(10)),
    Column("last_night", String(10)),
    Column("query", String(80)),
    Column("silent", Boolean(create_constraint=False), nullable=False),
    Column("why", String(40), nullable=False),
    Column("box", String(40)),
    Column("review_on", String(10)),
    Column("placed_by", String(20), nullable=False),
    Column("placed_at", DateTime, nullable=False),
    Column("confirmed_by", String(20)),
    Column("confirmed_at", DateTime),
    Column("reminded_on", String(10)),
    Column("lift_by", String(20)),
    Column("lift_at", DateTime),
    Column("lifted_by", String(20)),
    Column("lifted_at", DateTime, index=True),
    Index(None, "table_name", "row_key"),
)
"""Legal holds and freezes: on a subject, a record, a named query, or a property, night or room."""

rule = _table(
    "rule",
    Column("id", _Serial, primary_key=True),
    Column("property", String(40), nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("name", String(160), nullable=False),
    Column("body", _LongText, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("since", DateTime, nullable=False),
    Column("signed_at", DateTime),
    Column("gone_at", DateTime),
    Column("proposed_by", String(20)),
    Column("proposed_at", DateTime),
    Column("confirmed_by", String(20)),
    Column("confirmed_at", DateTime),
    Column("checkpoint", String(64)),
    Column("acts_on", String(10)),
    Column("ended_at", DateTime),
)
"""The rulebook: floors, ceilings and labels in force, and those that wait for their 30 days."""

pack = _table(
    "pack",
    Column("code", String(40), primary_key=True),
    Column("mark", String(64), primary_key=True),
    Column("signed_by", String(20), nullable=False),
    Column("signed_at", DateTime, nullable=False),
)
"""Which text of which jurisdiction pack a person of the operator signed."""

pulse = _table(
    "pulse",
    Column("name", String(40), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("note", String(250)),
    Column("by", String(20)),
    Column("second", String(20)),
)
"""Heartbeats, pauses and confirmations: when something was last seen or said, and by whom."""

run = _table(
    "run",
    Column("id", _Serial, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("property", String(40), nullable=False),
    Column("mark", String(64), nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("confirmed_by", String(20)),
    Column("counts", _LongText),
    Index(None, "kind", "property"),
)
"""Sweeps and what they would do by a property's rules; who confirmed those, and what was done."""

disclosure = _table(
    "disclosure",
    Column("number", String(20), primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("made_by", String(20), nullable=False),
    Column("night", String(10)),
    Column("rows", Integer, nullable=False),
    Column("sealed_rows", Integer, nullable=False),
    Column("basis", String(40), nullable=False),
    Column("box", String(40), nullable=False),
    Column("mark", String(64), nullable=False),
    Column("review_due", DateTime, nullable=False),
    Column("reviewed_by", String(20)),
    Column("reviewed_at", DateTime),
    Column("finding", String(40)),
)
"""What was produced for an authority; who asked, for what and why is sealed in a box."""

task = _table(
    "task",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("name", String(120), nullable=False),
    Column("due_on", String(10), nullable=False, index=True),
    Column("count", Integer),
    Column("made_at", DateTime, nullable=False),
    Column("done_by", String(20)),
    Column("done_at", DateTime),
    UniqueConstraint("kind", "name"),
)
"""What people must do by a day: paper to destroy, an end to find, a pack to look at again."""

search = _table(
    "search",
    Column("request", String(20), primary_key=True),
    Column("box", String(40)),
    Column("state", String(12), nullable=False, index=True),
    Column("scope", String(12), nullable=False),
    Column("found", _LongText),
    Column("shown", String(40)),
    Column("queued_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
)
"""The search by value after an erasure: the values sealed until it ends, labels and counts of what
was found, and the box of where exactly."""

mark = _table(
    "mark",
    Column("id", _Serial, primary_key=True),
    Column("request", String(20), index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("table_name", String(128), nullable=False),
    Column("mark", String(64), nullable=False, index=True),
    Column("row_mark", String(64), nullable=False),
    Column("erased_at", DateTime, nullable=False),
    Column("ends_on", String(10), index=True),
)
"""Keyed marks by which an erased person is known again; one without a last day is an objection."""

returned = _table(
    "returned",
    Column("id", _Serial, primary_key=True),
    Column("request", String(20), index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("table_name", String(128), nullable=False),
    Column("row_key", String(400), nullable=False),
    Column("why", String(40), nullable=False),
    Column("door", String(20), nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("seen_at", DateTime, nullable=False),
    Column("decided_by", String(20)),
    Column("decided_at", DateTime),
    Column("attempts", Integer, nullable=False),
    Column("try_at", DateTime),
    Index(None, "table_name", "row_key"),
)
"""Rows in which an erased person seems to be back: erased again, let live, or laid before staff."""

delivery = _table(
    "delivery",
    Column("id", _Serial, primary_key=True),
    Column("request", String(20), index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("recipient", String(40), nullable=False),
    Column("how", String(12), nullable=False),
    Column("reference", String(64), nullable=False, unique=True),
    Column("outbox", _Serial, index=True),
    Column("task", _Serial, index=True),
    Column("state", String(20), nullable=False, index=True),
    Column("problem", String(80)),
    Column("queued_at", DateTime, nullable=False),
    Column("sent_at", DateTime),
    Column("answered_at", DateTime),
    Column("due_at", DateTime),
)
"""Who else holds copies and was told: queued, sent, acknowledged, failed, or done by a person."""

canary = _table(
    "canary",
    Column("id", _Serial, primary_key=True),
    Column("property", String(40), nullable=False),
    Column("request", String(20), index=True),
    Column("box", String(40)),
    Column("state", String(12), nullable=False),
    Column("born_at", DateTime, nullable=False),
    Column("looked_at", DateTime),
    Column("ended_at", DateTime),
    Column("found", _LongText),
)
"""Invented guests that were sent through the house: what was seen of them afterwards, and where."""

restoration = _table(
    "restoration",
    Column("id", _Serial, primary_key=True),
    Column("request", String(20), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("ground", String(40), nullable=False),
    Column("state", String(12), nullable=False),
    Column("proposed_by", String(20), nullable=False),
    Column("proposed_at", DateTime, nullable=False),
    Column("confirmed_by", String(20)),
    Column("confirmed_at", DateTime),
    Column("report", _LongText),
    Column("box", String(40)),
)
"""Erasures that two people took back inside the recovery window, and what came back of each."""

intent = _table(
    "intent",
    Column("id", _Serial, primary_key=True),
    Column("number", String(40), nullable=False),
    Column("request", String(20), index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("bind", String(128), nullable=False),
    Column("box", String(40)),
    Column("state", String(12), nullable=False, index=True),
    Column("begun_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("attempts", Integer, nullable=False),
    Column("try_at", DateTime),
    Column("problem", String(80)),
    UniqueConstraint("number", "bind"),
)
"""What was decided for several databases, one row each: it only goes forward from here."""

census = _table(
    "census",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("table_name", String(128), nullable=False),
    Column("night", String(10), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("label", String(80), nullable=False),
    Column("marks", _LongText),
    Column("at", DateTime, nullable=False),
    UniqueConstraint("property", "table_name", "night"),
)
"""The guest register as counted each night: how many rows, and a keyed root over all of them."""

departed = _table(
    "departed",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("table_name", String(128), nullable=False),
    Column("mark", String(64), nullable=False, index=True),
    Column("action", String(40), nullable=False),
    Column("request", String(20), index=True),
    Column("at", DateTime, nullable=False, index=True),
)
"""Rows of the guest register that left it by a lawful step since the last census, by mark."""

released = _table(
    "released",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("destination", String(120), nullable=False),
    Column("note", _LongText, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime, nullable=False),
    Column("sent_at", DateTime),
    Column("problem", String(80)),
    Index(None, "controller", "epoch", "size"),
)
"""Checkpoints on their way to places outside, and those that arrived there."""

witnessed = _table(
    "witnessed",
    Column("origin", String(150), primary_key=True),
    Column("public_key", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("note", _LongText, nullable=False),
    Column("at", DateTime, nullable=False),
)
"""Journals of others that are witnessed here: the newest checkpoint that was cosigned of each."""

due = _table(
    "due",
    Column("id", _Serial, primary_key=True),
    Column("table_name", String(128), nullable=False),
    Column("row_key", String(400), nullable=False),
    Column("property", String(40), nullable=False),
    Column("category", String(40), nullable=False),
    Column("day", String(10), nullable=False),
    Column("looked_at", DateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("try_at", DateTime),
    Column("problem", String(80)),
    UniqueConstraint("table_name", "row_key"),
    Index(None, "table_name", "property", "try_at", "id"),
    Index(None, "looked_at"),
)
"""Rows of the host's whose last day is over, until they went: claimed, put off, or tried in vain.
Without a time at which to try it, a person has to look."""

look = _table(
    "look",
    Column("table_name", String(128), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("whole_at", DateTime, nullable=False),
    Column("after", String(400)),
    Column("newest", BigInteger),
    Column("lost", Integer, nullable=False),
    Column("open", _LongText),
)
"""How far each table of the host's was looked through for what has had its time, by which rules;
a look at all of it that is not finished goes on after a key."""
complaint = _table(
    "complaint",
    Column("id", _Serial, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("property", String(40), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("request", String(20), index=True),
    Column("about", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("lang", String(12), nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("received_at", DateTime, nullable=False),
    Column("due_on", String(10), nullable=False, index=True),
    Column("house", Boolean(create_constraint=False), nullable=False),
    Column("receipt_on", String(10)),
    Column("acknowledged_at", DateTime),
    Column("filed_by", String(20)),
    Column("box", String(40)),
    Column("mode", String(12)),
    Column("invited_by", String(20)),
    Column("invited_at", DateTime),
    Column("advice", String(20)),
    Column("advice_box", String(40)),
    Column("advised_at", DateTime),
    Column("outcome", String(20)),
    Column("answer_box", String(40)),
    Column("decided_by", String(20)),
    Column("ended_at", DateTime, index=True),
    Column("reminded_on", String(10)),
)
"""One complaint: what the guest says is sealed, who decides is another one than before."""

feedback = _table(
    "feedback",
    Column("id", _Serial, primary_key=True),
    Column("property", String(40), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("request", String(20), unique=True),
    Column("rating", Integer, nullable=False),
    Column("box", String(40)),
    Column("at", DateTime, nullable=False, index=True),
)
"""What guests said after the end of their request: a figure, and words that are sealed."""

incident = _table(
    "incident",
    Column("id", _Serial, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("property", String(40), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("noticed_at", DateTime, nullable=False),
    Column("happened_at", DateTime),
    Column("opened_by", String(20), nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("box", String(40)),
    Column("hold", BigInteger),
    Column("severity", String(20)),
    Column("cause", String(20)),
    Column("columns", _LongText),
    Column("classified_by", String(20)),
    Column("classified_at", DateTime),
    Column("asked", Text),
    Column("reach_box", String(40)),
    Column("living", Integer),
    Column("sealed", Integer),
    Column("erased", Integer),
    Column("reached_at", DateTime),
    Column("review_box", String(40)),
    Column("reviewed_by", String(20)),
    Column("reviewed_at", DateTime),
    Column("closed_by", String(20)),
    Column("closed_at", DateTime, index=True),
    Column("reminded_on", String(10)),
)
"""One incident: what happened and whom it concerns is sealed, who acted is an opaque number."""

notice = _table(
    "notice",
    Column("id", _Serial, primary_key=True),
    Column("incident", String(20), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("alarm", String(80), nullable=False),
    Column("whom", String(12), nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("box", String(40)),
    Column("proposed_by", String(20), nullable=False),
    Column("proposed_at", DateTime, nullable=False),
    Column("sent_by", String(20)),
    Column("sent_at", DateTime),
    Column("position", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    Column("untold", Integer, nullable=False),
    Column("public_box", String(40)),
    Column("public_on", String(10)),
    Column("public_by", String(20)),
    Column("public_at", DateTime),
    Column("confirmed_by", String(20)),
    Column("confirmed_at", DateTime),
    UniqueConstraint("incident", "alarm"),
)
"""Who was told of an incident: an authority by hand, guests by letters that two people let go, and
in public whom no letter reached.
"""

measure = _table(
    "measure",
    Column("id", _Serial, primary_key=True),
    Column("incident", String(20), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("box", String(40)),
    Column("owner", String(20), nullable=False),
    Column("due_on", String(10), nullable=False),
    Column("made_by", String(20), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("done_by", String(20)),
    Column("done_at", DateTime),
)
"""What is done so that an incident does not happen again, who answers for it, and by when."""
alert = _table(
    "alert",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("about", String(120), nullable=False),
    Column("count", BigInteger),
    Column("since", DateTime, nullable=False),
    Column("noticed_at", DateTime, nullable=False),
    Column("noticed_by", String(20), nullable=False),
    Column("told_at", DateTime),
    Column("deputy_at", DateTime),
    Column("taken_by", String(20)),
    Column("taken_at", DateTime),
    Column("box", String(40)),
    Column("closed_at", DateTime, index=True),
    Column("closed_by", String(20)),
    Column("ground", String(20)),
)
"""What is wrong, since when, who noticed, who looks after it, and how it was closed."""

training = _table(
    "training",
    Column("id", _Serial, primary_key=True),
    Column("actor", String(20), nullable=False),
    Column("course", String(20), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("edition", String(16)),
    Column("score", Integer),
    Column("passed_at", DateTime),
    Column("ends_at", DateTime),
    Column("missed_at", DateTime),
    UniqueConstraint("actor", "course", "property"),
)
"""Who passed which course until when, and who acted without it."""

reviewed = _table(
    "reviewed",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("day", String(10), nullable=False, index=True),
    Column("word", String(40), nullable=False),
    Column("count", BigInteger, nullable=False),
    UniqueConstraint("property", "day", "word"),
)
"""What the review before check-in found, counted by day; nothing of anybody."""
copy = _table(
    "copy",
    Column("request", String(20), primary_key=True),
    Column("erasure", String(20), index=True),
    Column("box", String(40)),
    Column("ends_on", String(10)),
    Column("offered_at", DateTime),
    Column("fetched_at", DateTime),
    Column("fetches", Integer, nullable=False),
)
"""Copies of a guest's data: which box holds one until when, and which erasure it goes before."""

apitoken = _table(
    "apitoken",
    Column("id", _Serial, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("permissions", String(250), nullable=False),
    Column("actor", String(20), nullable=False),
    Column("box", String(40)),
    Column("issued_by", String(20), nullable=False),
    Column("issued_at", DateTime, nullable=False),
    Column("ends_on", String(10), nullable=False),
    Column("used_on", String(10)),
    Column("revoked_by", String(20)),
    Column("revoked_at", DateTime),
)
"""Tokens by which a program acts for a person: SHA-256 at rest, the person's id in a box."""

filed = _table(
    "filed",
    Column("mark", String(64), primary_key=True),
    Column("body", String(64), nullable=False),
    Column("number", String(20), nullable=False),
    Column("at", DateTime, nullable=False),
)
"""What a program or a form sent under which key, for a day: sent twice it is done once."""

duty = _table(
    "duty",
    Column("request", String(20), primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("owner", String(20), nullable=False, index=True),
    Column("deputy", String(20)),
    Column("box", String(40)),
    Column("since", DateTime, nullable=False),
)
"""Who looks after a request, and who stands in for them; their logins lie in a box."""

handover = _table(
    "handover",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("box", String(40)),
    Column("count", Integer, nullable=False),
    Column("given_by", String(20), nullable=False),
    Column("given_at", DateTime, nullable=False, index=True),
    Column("taken_by", String(20)),
    Column("taken_at", DateTime),
)
"""Who ended a shift with which note, and who took it over."""

monthly = _table(
    "monthly",
    Column("id", _Serial, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("property", String(40), nullable=False),
    Column("controller", String(120), nullable=False),
    Column("month", String(7), nullable=False),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),
    Column("figures", _LongText, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("opened_by", String(20), nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("closed_by", String(20)),
    Column("closed_at", DateTime, index=True),
    UniqueConstraint("property", "month"),
)
"""One monthly review: figures as they were when it was opened, counts and nobody's data."""

point = _table(
    "point",
    Column("id", _Serial, primary_key=True),
    Column("monthly", String(20), nullable=False, index=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("box", String(40)),
    Column("owner", String(20)),
    Column("due_on", String(10)),
    Column("made_by", String(20), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("done_by", String(20)),
    Column("done_at", DateTime),
)
"""A member, a finding or an action of a monthly review; what is written is sealed."""

published = _table(
    "published",
    Column("id", _Serial, primary_key=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False, index=True),
    Column("measure", String(20), nullable=False),
    Column("value", Integer, nullable=False),
    Column("published_on", String(10), nullable=False),
    Column("box", String(40)),
    Column("made_by", String(20), nullable=False),
    Column("made_at", DateTime, nullable=False, index=True),
    Column("withdrawn_by", String(20)),
    Column("withdrawn_at", DateTime),
)
"""A figure that somebody else published; who they are and where it stands is sealed."""

claim = _table(
    "claim",
    Column("id", _Serial, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("controller", String(120), nullable=False),
    Column("property", String(40), nullable=False),
    Column("mark", String(64), nullable=False, index=True),
    Column("box", String(40), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("printed_by", String(20), nullable=False),
    Column("printed_at", DateTime, nullable=False),
    Column("ends_at", DateTime, nullable=False, index=True),
    Column("used_at", DateTime, index=True),
)
"""Claim codes, SHA-256 at rest; whose rows one proves, under which name, is in a box."""

objection = _table(
    "objection",
    Column("request", String(20), primary_key=True),
    Column("objected_at", DateTime, nullable=False),
    Column("settled_by", String(20)),
    Column("settled_at", DateTime),
)
"""Requests to which somebody at another contact of the guest objected, and who let them go on."""

pin = _table(
    "pin",
    Column("actor", String(20), primary_key=True),
    Column("hash", String(200)),
    Column("given_by", String(250)),
    Column("failures", Integer, nullable=False),
    Column("set_at", DateTime),
    Column("locked_at", DateTime),
    Column("used_on", String(10), nullable=False, index=True),
)
"""Personal PINs for logins that several share: a slow, keyed hash, and who gave a code for one."""
