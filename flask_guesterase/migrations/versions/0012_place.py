"""Let what is due be claimed one property after the other."""

from __future__ import annotations

from alembic.operations import Operations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLE = "guesterase_due"


def upgrade(op: Operations) -> None:
    """Put one index in another's place; a run that was cut off is repeated."""
    columns = ["table_name", "property", "try_at", "id"]
    name = "_".join(("ix", _TABLE, *columns))
    op.create_index(op.f(name), _TABLE, columns, if_not_exists=True)
    op.drop_index(op.f("ix_guesterase_due_table_name_try_at_id"), _TABLE, if_exists=True)
