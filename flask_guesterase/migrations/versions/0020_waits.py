"""Let a row that is to be erased again say what it waits for, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TABLE = "guesterase_returned"


def upgrade(op: Operations) -> None:
    """Add the columns where they are not there yet; a run that was cut off is repeated."""
    there: set[str] = set()
    if not op.get_context().as_sql:
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_TABLE)}
    for name, long in (("waiting_for", 40), ("waiting_until", 10)):
        if name not in there:
            op.add_column(_TABLE, sa.Column(name, sa.String(long)))
