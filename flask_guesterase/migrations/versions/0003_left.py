"""Add what is left and what comes back: searches, marks, returns, recipients, canaries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
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
    _search(op)
    _mark(op)
    _returned(op)
    _delivery(op)
    _canary(op)


def _index(op: Operations, table: str, *columns: str) -> None:
    name = "_".join(("ix", table, *columns))
    op.create_index(op.f(name), table, list(columns), if_not_exists=True)


def _search(op: Operations) -> None:
    op.create_table(
        "guesterase_search",
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("found", _long_text()),
        sa.Column("shown", sa.String(40)),
        sa.Column("queued_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_guesterase_search")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_search", "state")


def _mark(op: Operations) -> None:
    op.create_table(
        "guesterase_mark",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("row_mark", sa.String(64), nullable=False),
        sa.Column("erased_at", sa.DateTime(), nullable=False),
        sa.Column("ends_on", sa.String(10)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_mark")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_mark", "request")
    _index(op, "guesterase_mark", "mark")
    _index(op, "guesterase_mark", "ends_on")


def _returned(op: Operations) -> None:
    op.create_table(
        "guesterase_returned",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("row_key", sa.String(400), nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("door", sa.String(20), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.String(20)),
        sa.Column("decided_at", sa.DateTime()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_returned")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_returned", "request")
    _index(op, "guesterase_returned", "property")
    _index(op, "guesterase_returned", "state")
    _index(op, "guesterase_returned", "table_name", "row_key")


def _delivery(op: Operations) -> None:
    op.create_table(
        "guesterase_delivery",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("recipient", sa.String(40), nullable=False),
        sa.Column("how", sa.String(12), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("outbox", _serial()),
        sa.Column("task", _serial()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("problem", sa.String(80)),
        sa.Column("queued_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("answered_at", sa.DateTime()),
        sa.Column("due_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_delivery")),
        sa.UniqueConstraint("reference", name=op.f("uq_guesterase_delivery_reference")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_delivery", "request")
    _index(op, "guesterase_delivery", "property")
    _index(op, "guesterase_delivery", "outbox")
    _index(op, "guesterase_delivery", "task")
    _index(op, "guesterase_delivery", "state")


def _canary(op: Operations) -> None:
    op.create_table(
        "guesterase_canary",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("box", sa.String(40)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("born_at", sa.DateTime(), nullable=False),
        sa.Column("looked_at", sa.DateTime()),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("found", _long_text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_canary")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_canary", "request")
