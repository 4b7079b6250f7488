"""Add what the law needs: kept records, the register's shelf, holds, rules, runs, tasks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
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
    _request(op)
    _kept(op)
    _shelf(op)
    _hold(op)
    _rule(op)
    _pack(op)
    _pulse(op)
    _run(op)
    _disclosure(op)
    _task(op)


def _request(op: Operations) -> None:
    there: set[str] = set()
    if not op.get_context().as_sql:
        columns = sa.inspect(op.get_bind()).get_columns("guesterase_request")
        there = {column["name"] for column in columns}
    for column in (
        sa.Column("asked_by", sa.String(20)),
        sa.Column("seen", sa.String(40)),
        sa.Column("acknowledged_at", sa.DateTime()),
        sa.Column("extended_at", sa.DateTime()),
        sa.Column("reminded_on", sa.String(10)),
        sa.Column("reason", sa.String(40)),
    ):
        if column.name not in there:
            op.add_column("guesterase_request", column)


def _kept(op: Operations) -> None:
    op.create_table(
        "guesterase_kept",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("request", sa.String(20)),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("row_key", sa.String(400), nullable=False),
        sa.Column("columns", _long_text(), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("mode", sa.String(12), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("until", sa.String(10)),
        sa.Column("open", sa.String(120), nullable=False),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("basis", sa.String(250), nullable=False),
        sa.Column("grade", sa.String(8), nullable=False),
        sa.Column("facts", _long_text(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_kept")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(op.f("ix_guesterase_kept_box"), "guesterase_kept", ["box"], if_not_exists=True)
    op.create_index(
        op.f("ix_guesterase_kept_ended_at"), "guesterase_kept", ["ended_at"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_kept_request"), "guesterase_kept", ["request"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_kept_table_name_row_key"),
        "guesterase_kept",
        ["table_name", "row_key"],
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_guesterase_kept_until"), "guesterase_kept", ["until"], if_not_exists=True
    )


def _shelf(op: Operations) -> None:
    op.create_table(
        "guesterase_shelf",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("box", sa.String(40), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("table_name", sa.String(128), nullable=False),
        sa.Column("room", sa.String(40), nullable=False),
        sa.Column("first_night", sa.String(10), nullable=False),
        sa.Column("last_night", sa.String(10), nullable=False),
        sa.Column("name_mark", sa.String(64)),
        sa.Column("document_mark", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_shelf")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_shelf_box"), "guesterase_shelf", ["box"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_shelf_document_mark"),
        "guesterase_shelf",
        ["document_mark"],
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_guesterase_shelf_label"), "guesterase_shelf", ["label"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_shelf_name_mark"), "guesterase_shelf", ["name_mark"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_shelf_property_last_night"),
        "guesterase_shelf",
        ["property", "last_night"],
        if_not_exists=True,
    )


def _hold(op: Operations) -> None:
    op.create_table(
        "guesterase_hold",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("table_name", sa.String(128)),
        sa.Column("row_key", sa.String(400)),
        sa.Column("room", sa.String(40)),
        sa.Column("first_night", sa.String(10)),
        sa.Column("last_night", sa.String(10)),
        sa.Column("query", sa.String(80)),
        sa.Column("silent", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("box", sa.String(40)),
        sa.Column("review_on", sa.String(10)),
        sa.Column("placed_by", sa.String(20), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(20)),
        sa.Column("confirmed_at", sa.DateTime()),
        sa.Column("reminded_on", sa.String(10)),
        sa.Column("lift_by", sa.String(20)),
        sa.Column("lift_at", sa.DateTime()),
        sa.Column("lifted_by", sa.String(20)),
        sa.Column("lifted_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_hold")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_hold_lifted_at"), "guesterase_hold", ["lifted_at"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_hold_table_name_row_key"),
        "guesterase_hold",
        ["table_name", "row_key"],
        if_not_exists=True,
    )


def _rule(op: Operations) -> None:
    op.create_table(
        "guesterase_rule",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("body", _long_text(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("signed_at", sa.DateTime()),
        sa.Column("gone_at", sa.DateTime()),
        sa.Column("proposed_by", sa.String(20)),
        sa.Column("proposed_at", sa.DateTime()),
        sa.Column("confirmed_by", sa.String(20)),
        sa.Column("confirmed_at", sa.DateTime()),
        sa.Column("checkpoint", sa.String(64)),
        sa.Column("acts_on", sa.String(10)),
        sa.Column("ended_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_rule")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_rule_property"), "guesterase_rule", ["property"], if_not_exists=True
    )


def _pack(op: Operations) -> None:
    op.create_table(
        "guesterase_pack",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("signed_by", sa.String(20), nullable=False),
        sa.Column("signed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", "mark", name=op.f("pk_guesterase_pack")),
        if_not_exists=True,
        **_MARIADB,
    )


def _pulse(op: Operations) -> None:
    op.create_table(
        "guesterase_pulse",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("note", sa.String(250)),
        sa.Column("by", sa.String(20)),
        sa.Column("second", sa.String(20)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_guesterase_pulse")),
        if_not_exists=True,
        **_MARIADB,
    )


def _run(op: Operations) -> None:
    op.create_table(
        "guesterase_run",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("confirmed_by", sa.String(20)),
        sa.Column("counts", _long_text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_run")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_run_kind_property"),
        "guesterase_run",
        ["kind", "property"],
        if_not_exists=True,
    )


def _disclosure(op: Operations) -> None:
    op.create_table(
        "guesterase_disclosure",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("made_by", sa.String(20), nullable=False),
        sa.Column("night", sa.String(10)),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sealed_rows", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(40), nullable=False),
        sa.Column("box", sa.String(40), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("review_due", sa.DateTime(), nullable=False),
        sa.Column("reviewed_by", sa.String(20)),
        sa.Column("reviewed_at", sa.DateTime()),
        sa.Column("finding", sa.String(40)),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_guesterase_disclosure")),
        if_not_exists=True,
        **_MARIADB,
    )


def _task(op: Operations) -> None:
    op.create_table(
        "guesterase_task",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("controller", sa.String(120), nullable=False),
        sa.Column("property", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("count", sa.Integer()),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("done_by", sa.String(20)),
        sa.Column("done_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesterase_task")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_guesterase_task_kind_name")),
        if_not_exists=True,
        **_MARIADB,
    )
    op.create_index(
        op.f("ix_guesterase_task_due_on"), "guesterase_task", ["due_on"], if_not_exists=True
    )
    op.create_index(
        op.f("ix_guesterase_task_property"), "guesterase_task", ["property"], if_not_exists=True
    )
