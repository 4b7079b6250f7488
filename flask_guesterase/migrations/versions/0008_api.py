"""Add copies of a guest's data, tokens of programs, and what programs filed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0008"
down_revision = "0007"
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
        "guesterase_copy",
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("erasure", sa.String(20)),
        sa.Column("box", sa.String(40)),
        sa.Column("ends_on", sa.String(10)),
        sa.Column("offered_at", sa.DateTime()),
        sa.Column("fetched_at", sa.DateTime()),
        sa.Column("fetches", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_guesterase_copy")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_copy_erasure"), "guesterase_copy", ["erasure"], if_not_exists=True
    )
    op.create_table(
        "guesterase_apitoken",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("permissions", sa.String(250), nullable=False),
        sa.Column("actor", sa.String(20), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("issued_by", sa.String(20), nullable=False),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.Column("ends_on", sa.String(10), nullable=False),
        sa.Column("used_on", sa.String(10)),
        sa.Column("revoked_by", sa.String(20)),
        sa.Column("revoked_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_apitoken")),
        sa.UniqueConstraint("hash", name=op.f("uq_guesterase_apitoken_hash")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_table(
        "guesterase_filed",
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_guesterase_filed")),
        if_not_exists=True,
        **_MARIADB,
    )
