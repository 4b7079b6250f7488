"""Let a refusal keep the article that it named."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLE = "guesterase_request"


def upgrade(op: Operations) -> None:
    """Add the column where it is not there yet; a run that was cut off is repeated."""
    there: set[str] = set()
    if not op.get_context().as_sql:
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_TABLE)}
    if "article" not in there:
        op.add_column(_TABLE, sa.Column("article", sa.Text()))
