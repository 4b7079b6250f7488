"""Add claim codes, and objections from another contact."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0009"
down_revision = "0008"
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
    op.create_table(
        "guesterase_claim",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("box", sa.String(40), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("printed_by", sa.String(20), nullable=False),
        sa.Column("printed_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_claim")),
        sa.UniqueConstraint("hash", name=op.f("uq_guesterase_claim_hash")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_claim_mark"), "guesterase_claim", ["mark"], if_not_exists=True
    )
    op.create_table(
        "guesterase_objection",
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("objected_at", sa.DateTime(), nullable=False),
        sa.Column("settled_by", sa.String(20)),
        sa.Column("settled_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_guesterase_objection")),
        if_not_exists=True,
        **_MARIADB,
    )
