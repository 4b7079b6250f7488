"""Add personal PINs for logins that several people share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OPTIONS = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
_MARIADB: Any = {
    f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in _OPTIONS.items()
}


def upgrade(op: Operations) -> None:
    """Create the table where it is not there yet; a run that was cut off is repeated."""
    op.create_table(
        "guesterase_pin",
        sa.Column("actor", sa.String(20), nullable=False),
        sa.Column("hash", sa.String(200)),
        sa.Column("given_by", sa.String(250)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime()),
        sa.Column("locked_at", sa.DateTime()),
        sa.Column("used_on", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_guesterase_pin")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_pin_used_on"), "guesterase_pin", ["used_on"], if_not_exists=True
    )
