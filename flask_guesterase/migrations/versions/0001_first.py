"""Create our tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OPTIONS = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
_MARIADB: Any = {
    f"{dialect}_{key}": value
    for dialect in ("mysql", "mariadb")
    for key, value in _OPTIONS.items()
}


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _blob() -> sa.types.TypeEngine[bytes]:
    return sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def _long_text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade(op: Operations) -> None:
    """Create every table that is not there yet; a run that was cut off is simply repeated."""
    _intake(op)
    _request(op)
    _subject(op)
    _contact(op)
    _token(op)
    _attempt(op)
    _actor(op)
    _box(op)
    _day(op)
    _tree(op)
    _entry(op)
    _node(op)
    _loose(op)
    _outbox(op)
    _certificate(op)
    _key(op)


def _intake(op: Operations) -> None:
    op.create_table(
        "guesterase_intake",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("received_on", sa.DateTime(), nullable=False),
        sa.Column("sealed", _blob(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("box", sa.String(40), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_intake")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_intake_ends_at"), "guesterase_intake", ["ends_at"], if_not_exists=True
    )


def _request(op: Operations) -> None:
    op.create_table(
        "guesterase_request",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("lang", sa.String(12), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("filed_by", sa.String(20)),
        sa.Column("verified_by", sa.String(20)),
        sa.Column("verified_how", sa.String(20)),
        sa.Column("verified_at", sa.DateTime()),
        sa.Column("decided_by", sa.String(20)),
        sa.Column("decided_at", sa.DateTime()),
        sa.Column("ground", sa.String(40)),
        sa.Column("digest", sa.String(64)),
        sa.Column("decisions", _long_text()),
        sa.Column("waiting_for", sa.String(40)),
        sa.Column("waiting_until", sa.String(10)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime()),
        sa.Column("erased_at", sa.DateTime()),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("subject_mark", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_request")),
        sa.UniqueConstraint("number", name=op.f("uq_guesterase_request_number")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_request_due_on"), "guesterase_request", ["due_on"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_request_property"),
        "guesterase_request",
        ["property"],
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_guesterase_request_state"), "guesterase_request", ["state"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_request_subject_mark"),
        "guesterase_request",
        ["subject_mark"],
        if_not_exists=True,
    )


def _subject(op: Operations) -> None:
    op.create_table(
        "guesterase_subject",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("row_key", sa.String(400), nullable=False),
        sa.Column("standing", sa.String(12), nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("erased_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_subject")),
        sa.UniqueConstraint(
            "request",
            "table_name",
            "row_key",
            name=op.f("uq_guesterase_subject_request_table_name_row_key"),
        ),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_subject_request"), "guesterase_subject", ["request"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_subject_table_name_row_key"),
        "guesterase_subject",
        ["table_name", "row_key"],
        if_not_exists=True,
    )


def _contact(op: Operations) -> None:
    op.create_table(
        "guesterase_contact",
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("box", sa.String(40), nullable=False),
        sa.Column("ends_on", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_guesterase_contact")),
        if_not_exists=True,
        **_MARIADB,
    )


def _token(op: Operations) -> None:
    op.create_table(
        "guesterase_token",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("actor", sa.String(20)),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_guesterase_token")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_token_request"), "guesterase_token", ["request"], if_not_exists=True
    )


def _attempt(op: Operations) -> None:
    op.create_table(
        "guesterase_attempt",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_attempt")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_attempt_action_mark_at"),
        "guesterase_attempt",
        ["action", "mark", "at"],
        if_not_exists=True,
    )


def _actor(op: Operations) -> None:
    op.create_table(
        "guesterase_actor",
        sa.Column("number", _serial(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_guesterase_actor")),
        sa.UniqueConstraint("mark", name=op.f("uq_guesterase_actor_mark")),
        if_not_exists=True,
        **_MARIADB,
    )


def _box(op: Operations) -> None:
    op.create_table(
        "guesterase_box",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(256)),
        sa.Column("payload", _blob()),
        sa.Column("forgotten_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_box")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_box_label"), "guesterase_box", ["label"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_box_last_day"), "guesterase_box", ["last_day"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_box_request"), "guesterase_box", ["request"], if_not_exists=True
    )


def _day(op: Operations) -> None:
    op.create_table(
        "guesterase_day",
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("label", name=op.f("pk_guesterase_day")),
        if_not_exists=True,
        **_MARIADB,
    )


def _tree(op: Operations) -> None:
    op.create_table(
        "guesterase_tree",
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", _long_text(), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("controller", "epoch", name=op.f("pk_guesterase_tree")),
        if_not_exists=True,
        **_MARIADB,
    )


def _entry(op: Operations) -> None:
    op.create_table(
        "guesterase_entry",
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("body", _long_text(), nullable=False),
        sa.Column("leaf", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint(
            "controller",
            "epoch",
            "position",
            name=op.f("pk_guesterase_entry"),
        ),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_entry_request"), "guesterase_entry", ["request"], if_not_exists=True
    )


def _node(op: Operations) -> None:
    op.create_table(
        "guesterase_node",
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint(
            "controller",
            "epoch",
            "level",
            "position",
            name=op.f("pk_guesterase_node"),
        ),
        if_not_exists=True,
        **_MARIADB,
    )


def _loose(op: Operations) -> None:
    op.create_table(
        "guesterase_loose",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("body", _long_text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_loose")),
        if_not_exists=True,
        **_MARIADB,
    )


def _outbox(op: Operations) -> None:
    op.create_table(
        "guesterase_outbox",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("template", sa.String(40), nullable=False),
        sa.Column("dedupe", sa.String(80), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.Column("problem", sa.String(80)),
        sa.Column("done_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_outbox")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_guesterase_outbox_dedupe")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_outbox_request"), "guesterase_outbox", ["request"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_outbox_state"), "guesterase_outbox", ["state"], if_not_exists=True
    )


def _certificate(op: Operations) -> None:
    op.create_table(
        "guesterase_certificate",
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("supplement", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", _long_text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("request", "supplement", name=op.f("pk_guesterase_certificate")),
        if_not_exists=True,
        **_MARIADB,
    )


def _key(op: Operations) -> None:
    op.create_table(
        "guesterase_key",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_guesterase_key")),
        if_not_exists=True,
        **_MARIADB,
    )
