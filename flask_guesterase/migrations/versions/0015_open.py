"""Let a look say how many rows have no end that is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLE, _COLUMN = "guesterase_look", "open"


def upgrade(op: Operations) -> None:
    """Add the column where it is not there yet; a run that was cut off is repeated."""
    there: set[str] = set()
    if not op.get_context().as_sql:
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_TABLE)}
    if _COLUMN not in there:
        text = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
        op.add_column(_TABLE, sa.Column(_COLUMN, text))
