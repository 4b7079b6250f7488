"""Let who came back before it was told who may have been there all along be asked about anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_WHYS = ("erased-reference", "erased-contact", "erased-record")
"""What a row is known by that may be somebody else's; a row of the request's own is not."""


def upgrade(op: Operations) -> None:
    """Lay what waits before staff: of a line from before nobody knows whether its row was new."""
    why, state = sa.column("why", sa.String()), sa.column("state", sa.String())
    line = sa.table("guesterase_returned", why, state, sa.column("try_at", sa.DateTime()))
    waits = sa.and_(state.in_(("staff", "open")), why.in_(_WHYS))
    values = {"why": "perhaps-another", "state": "staff", "try_at": sa.null()}
    op.execute(sa.update(line).where(waits).values(values))
