"""Let a notice of an incident say where and when whom no letter reached was told in public."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLE = "guesterase_notice"


def upgrade(op: Operations) -> None:
    """Add the columns where they are not there yet; a run that was cut off is repeated."""
    there: set[str] = set()
    if not op.get_context().as_sql:
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_TABLE)}
    for column in (
        sa.Column("public_box", sa.String(40)), sa.Column("public_on", sa.String(10)),
        sa.Column("public_by", sa.String(20)), sa.Column("public_at", sa.DateTime()),
        sa.Column("confirmed_by", sa.String(20)), sa.Column("confirmed_at", sa.DateTime()),
    ):  # fmt: skip
        if column.name not in there:
            op.add_column(_TABLE, column)
