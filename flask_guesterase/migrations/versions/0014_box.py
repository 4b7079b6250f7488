"""Let days and labels of boxes be looked over without reading what is sealed."""

from __future__ import annotations

from alembic.operations import Operations

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLE = "guesterase_box"


def upgrade(op: Operations) -> None:
    """Add the index; a run that was cut off is repeated."""
    columns = ["forgotten_at", "last_day", "label"]
    op.create_index(op.f("_".join(("ix", _TABLE, *columns))), _TABLE, columns, if_not_exists=True)
