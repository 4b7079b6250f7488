"""Add what ends and what proves: restores, intents, censuses, checkpoints outside, witnesses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
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
    """Create every table and column that is not there yet; a run that was cut off is repeated."""
    _columns(
        op, "guesterase_tree", sa.Column("pruned", sa.BigInteger()),
        sa.Column("edge", _long_text()), sa.Column("edge_key", sa.String(64)),
    )  # fmt: skip
    _columns(op, "guesterase_certificate", sa.Column("revoked_at", sa.DateTime()))
    _restoration(op)
    _intent(op)
    _census(op)
    _departed(op)
    _released(op)
    _witnessed(op)


def _columns(op: Operations, table: str, *columns: sa.Column[Any]) -> None:
    there: set[str] = set()
    if not op.get_context().as_sql:
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
    for column in columns:
        if column.name not in there:
            op.add_column(table, column)


def _index(op: Operations, table: str, *columns: str) -> None:
    name = "_".join(("ix", table, *columns))
    op.create_index(op.f(name), table, list(columns), if_not_exists=True)


def _restoration(op: Operations) -> None:
    op.create_table(
        "guesterase_restoration",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("request", sa.String(20), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("ground", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("proposed_by", sa.String(20), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(20)),
        sa.Column("confirmed_at", sa.DateTime()),
        sa.Column("report", _long_text()),
        sa.Column("box", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_restoration")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_restoration", "request")


def _intent(op: Operations) -> None:
    op.create_table(
        "guesterase_intent",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("bind", sa.String(128), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime()),
        sa.Column("problem", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_intent")),
        sa.UniqueConstraint(
            "number", "bind", name=op.f("uq_guesterase_intent_number_bind")
        ),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_intent", "request")
    _index(op, "guesterase_intent", "state")


def _census(op: Operations) -> None:
    op.create_table(
        "guesterase_census",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("night", sa.String(10), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("marks", _long_text()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_census")),
        sa.UniqueConstraint(
            "property", "table_name", "night",
            name=op.f("uq_guesterase_census_property_table_name_night"),
        ),
        if_not_exists=True,
        **_MARIADB,
    )


def _departed(op: Operations) -> None:
    op.create_table(
        "guesterase_departed",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_departed")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_departed", "mark")
    _index(op, "guesterase_departed", "request")
    _index(op, "guesterase_departed", "at")


def _released(op: Operations) -> None:
    op.create_table(
        "guesterase_released",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("destination", sa.String(120), nullable=False),
        sa.Column("note", _long_text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("problem", sa.String(80)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_released")),
        if_not_exists=True,
        **_MARIADB,
    )
    _index(op, "guesterase_released", "state")
    _index(op, "guesterase_released", "controller", "epoch", "size")


def _witnessed(op: Operations) -> None:
    op.create_table(
        "guesterase_witnessed",
        sa.Column("origin", sa.String(150), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("note", _long_text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_guesterase_witnessed")),
        if_not_exists=True,
        **_MARIADB,
    )
