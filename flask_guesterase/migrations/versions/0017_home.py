"""Let a box under a hold lie under the key it had before as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLE = "guesterase_box"


def upgrade(op: Operations) -> None:
    """Add the columns where they are not there yet; a run that was cut off is repeated."""
    there: set[str] = set()
    if not op.get_context().as_sql:
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_TABLE)}
    for column in (sa.Column("home", sa.String(80)), sa.Column("spare", sa.LargeBinary(256))):
        if column.name not in there:
            op.add_column(_TABLE, column)
