"""Add complaints, feedback, incidents, notices of them and measures after them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OPTIONS = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
_MARIADB: Any = {
    f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in _OPTIONS.items()
}


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _long_text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade(op: Operations) -> None:
    """Create every table that is not there yet; a run that was cut off is repeated."""
    _complaint(op)
    _feedback(op)
    _incident(op)
    _notice(op)
    _measure(op)


def _index(op: Operations, table: str, *columns: str) -> None:
    name = "_".join(("ix", table, *columns))
    op.create_index(op.f(name), table, list(columns), if_not_exists=True)


def _complaint(op: Operations) -> None:
    op.create_table(
        "guesterase_complaint",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("about", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("lang", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("house", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("receipt_on", sa.String(10)),
        sa.Column("acknowledged_at", sa.DateTime()),
        sa.Column("filed_by", sa.String(20)),
        sa.Column("box", sa.String(40)),
        sa.Column("mode", sa.String(12)),
        sa.Column("invited_by", sa.String(20)),
        sa.Column("invited_at", sa.DateTime()),
        sa.Column("advice", sa.String(20)),
        sa.Column("advice_box", sa.String(40)),
        sa.Column("advised_at", sa.DateTime()),
        sa.Column("outcome", sa.String(20)),
        sa.Column("answer_box", sa.String(40)),
        sa.Column("decided_by", sa.String(20)),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("reminded_on", sa.String(10)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_complaint")),
        sa.UniqueConstraint("number", name=op.f("uq_guesterase_complaint_number")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_complaint", "property")
    _index(op, "guesterase_complaint", "request")
    _index(op, "guesterase_complaint", "state")
    _index(op, "guesterase_complaint", "due_on")
    _index(op, "guesterase_complaint", "ended_at")


def _feedback(op: Operations) -> None:
    op.create_table(
        "guesterase_feedback",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_feedback")),
        sa.UniqueConstraint("request", name=op.f("uq_guesterase_feedback_request")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_feedback", "property")
    _index(op, "guesterase_feedback", "at")


def _incident(op: Operations) -> None:
    op.create_table(
        "guesterase_incident",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(), nullable=False),
        sa.Column("happened_at", sa.DateTime()),
        sa.Column("opened_by", sa.String(20), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("hold", sa.BigInteger()),
        sa.Column("severity", sa.String(20)),
        sa.Column("cause", sa.String(20)),
        sa.Column("columns", _long_text()),
        sa.Column("classified_by", sa.String(20)),
        sa.Column("classified_at", sa.DateTime()),
        sa.Column("asked", sa.Text()),
        sa.Column("reach_box", sa.String(40)),
        sa.Column("living", sa.Integer()),
        sa.Column("sealed", sa.Integer()),
        sa.Column("erased", sa.Integer()),
        sa.Column("reached_at", sa.DateTime()),
        sa.Column("review_box", sa.String(40)),
        sa.Column("reviewed_by", sa.String(20)),
        sa.Column("reviewed_at", sa.DateTime()),
        sa.Column("closed_by", sa.String(20)),
        sa.Column("closed_at", sa.DateTime()),
        sa.Column("reminded_on", sa.String(10)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_guesterase_incident_number")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_incident", "property")
    _index(op, "guesterase_incident", "state")
    _index(op, "guesterase_incident", "closed_at")


def _notice(op: Operations) -> None:
    op.create_table(
        "guesterase_notice",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("incident", sa.String(20), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("alarm", sa.String(80), nullable=False),
        sa.Column("whom", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("proposed_by", sa.String(20), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.Column("sent_by", sa.String(20)),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("untold", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_notice")),
        sa.UniqueConstraint("incident", "alarm", name=op.f("uq_guesterase_notice_incident_alarm")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_notice", "incident")
    _index(op, "guesterase_notice", "state")


def _measure(op: Operations) -> None:
    op.create_table(
        "guesterase_measure",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("incident", sa.String(20), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("owner", sa.String(20), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("made_by", sa.String(20), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("done_by", sa.String(20)),
        sa.Column("done_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_measure")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_measure", "incident")
