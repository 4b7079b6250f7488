"""Let claim codes whose time is over be found without reading all that were printed."""

from __future__ import annotations

from alembic.operations import Operations

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLE = "guesterase_claim"


def upgrade(op: Operations) -> None:
    """Add the indexes; a run that was cut off is repeated."""
    for column in ("ends_at", "used_at"):
        op.create_index(op.f(f"ix_{_TABLE}_{column}"), _TABLE, [column], if_not_exists=True)
