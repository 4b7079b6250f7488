"""Add what is due: rows that have had their time, and how far each table was looked through."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OPTIONS = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
_MARIADB: Any = {
    f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in _OPTIONS.items()
}


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade(op: Operations) -> None:
    """Create every table and index that is not there yet; a run that was cut off is repeated."""
    _due(op)
    _look(op)
    _index(op, "guesterase_kept", "ended_at", "until", "id")


def _index(op: Operations, table: str, *columns: str) -> None:
    name = "_".join(("ix", table, *columns))
    op.create_index(op.f(name), table, list(columns), if_not_exists=True)


def _due(op: Operations) -> None:
    op.create_table(
        "guesterase_due",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("row_key", sa.String(400), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("looked_at", sa.DateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime()),
        sa.Column("problem", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_due")),
        sa.UniqueConstraint(
            "table_name", "row_key", name=op.f("uq_guesterase_due_table_name_row_key")
        ),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_due", "table_name", "try_at", "id")
    _index(op, "guesterase_due", "looked_at")


def _look(op: Operations) -> None:
    op.create_table(
        "guesterase_look",
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("whole_at", sa.DateTime(), nullable=False),
        sa.Column("after", sa.String(400)),
        sa.Column("newest", sa.BigInteger()),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_guesterase_look")),
        if_not_exists=True,
        **_MARIADB,
    )
