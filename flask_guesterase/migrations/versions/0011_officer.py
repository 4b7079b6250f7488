"""Add who looks after requests, hand-overs, monthly reviews, and published figures of others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import mysql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OPTIONS = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
_MARIADB: Any = {
    f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in _OPTIONS.items()
}


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade(op: Operations) -> None:
    """Create every table that is not there yet; a run that was cut off is repeated."""
    _shifts(op)
    _monthly(op)
    _published(op)


def _index(op: Operations, table: str, *columns: str) -> None:
    name = "_".join(("ix", table, *columns))
    op.create_index(op.f(name), table, list(columns), if_not_exists=True)


def _shifts(op: Operations) -> None:
    op.create_table(
        "guesterase_duty",
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(20), nullable=False),
        sa.Column("deputy", sa.String(20)),
        sa.Column("box", sa.String(40)),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_guesterase_duty")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_duty", "property")
    _index(op, "guesterase_duty", "owner")
    op.create_table(
        "guesterase_handover",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.String(20), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("taken_by", sa.String(20)),
        sa.Column("taken_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_handover")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_handover", "property")
    _index(op, "guesterase_handover", "given_at")


def _monthly(op: Operations) -> None:
    op.create_table(
        "guesterase_monthly",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("figures", _long(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("opened_by", sa.String(20), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("closed_by", sa.String(20)),
        sa.Column("closed_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_monthly")),
        sa.UniqueConstraint("number", name=op.f("uq_guesterase_monthly_number")),
        sa.UniqueConstraint("property", "month", name=op.f("uq_guesterase_monthly_property_month")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_monthly", "closed_at")
    op.create_table(
        "guesterase_point",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("monthly", sa.String(20), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("owner", sa.String(20)),
        sa.Column("due_on", sa.String(10)),
        sa.Column("made_by", sa.String(20), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("done_by", sa.String(20)),
        sa.Column("done_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_point")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_point", "monthly")


def _published(op: Operations) -> None:
    op.create_table(
        "guesterase_published",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("measure", sa.String(20), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("published_on", sa.String(10), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("made_by", sa.String(20), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.String(20)),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_published")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_published", "property")
    _index(op, "guesterase_published", "made_at")


def _long() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
