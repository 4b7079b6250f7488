"""Add the failure watch, training, and the count of reviews before check-in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0007"
down_revision = "0006"
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
    _alert(op)
    _training(op)
    _reviewed(op)


def _index(op: Operations, table: str, *columns: str) -> None:
    name = "_".join(("ix", table, *columns))
    op.create_index(op.f(name), table, list(columns), if_not_exists=True)


def _alert(op: Operations) -> None:
    op.create_table(
        "guesterase_alert",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("about", sa.String(120), nullable=False),
        sa.Column("count", sa.BigInteger()),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(), nullable=False),
        sa.Column("noticed_by", sa.String(20), nullable=False),
        sa.Column("told_at", sa.DateTime()),
        sa.Column("deputy_at", sa.DateTime()),
        sa.Column("taken_by", sa.String(20)),
        sa.Column("taken_at", sa.DateTime()),
        sa.Column("box", sa.String(40)),
        sa.Column("closed_at", sa.DateTime()),
        sa.Column("closed_by", sa.String(20)),
        sa.Column("ground", sa.String(20)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_alert")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_alert", "property")
    _index(op, "guesterase_alert", "closed_at")


def _training(op: Operations) -> None:
    op.create_table(
        "guesterase_training",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("actor", sa.String(20), nullable=False),
        sa.Column("course", sa.String(20), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("edition", sa.String(16)),
        sa.Column("score", sa.Integer()),
        sa.Column("passed_at", sa.DateTime()),
        sa.Column("ends_at", sa.DateTime()),
        sa.Column("missed_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_training")),
        sa.UniqueConstraint(
            "actor", "course", "property",
            name=op.f("uq_guesterase_training_actor_course_property"),
        ),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_training", "property")


def _reviewed(op: Operations) -> None:
    op.create_table(
        "guesterase_reviewed",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("word", sa.String(40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_reviewed")),
        sa.UniqueConstraint(
            "property", "day", "word", name=op.f("uq_guesterase_reviewed_property_day_word")
        ),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_reviewed", "day")
