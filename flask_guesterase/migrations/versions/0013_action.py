"""Let the journal be asked what was done without reading all of it."""

from __future__ import annotations

from alembic.operations import Operations

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLE = "guesterase_entry"


def upgrade(op: Operations) -> None:
    """Add the index; a run that was cut off is repeated."""
    columns = ["action", "controller", "epoch", "position"]
    op.create_index(op.f("_".join(("ix", _TABLE, *columns))), _TABLE, columns, if_not_exists=True)
