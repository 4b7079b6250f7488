"""Count whose letter about an incident was given up before among those whom none reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(f"guesterase_{name}", *map(sa.column, columns))


def upgrade(op: Operations) -> None:
    """Move them, and let two people look anew at what the public was told of one that is open.

    It commits with its revision on every engine, so no run that was cut off counts them twice.
    """
    columns = "incident", "whom", "state", "told", "untold", "confirmed_by", "confirmed_at"
    notice, incident = _table("notice", *columns), _table("incident", "number", "state")
    outbox = _table("outbox", "template", "dedupe", "state")
    mark = sa.literal("incident:", sa.String()).concat(notice.c.incident).concat(":")
    failed = (
        sa.select(sa.func.count())
        .select_from(outbox)
        .where(
            outbox.c.template == "incident", outbox.c.state == "failed",
            sa.func.substr(outbox.c.dedupe, 1, sa.func.length(mark)) == mark,
        )
        .scalar_subquery()
    )  # fmt: skip
    mine = sa.and_(
        notice.c.whom == "guests", notice.c.state.in_(("sending", "sent")),
        failed > 0, notice.c.told >= failed,
    )  # fmt: skip
    open_ = sa.exists().where(incident.c.number == notice.c.incident, incident.c.state != "closed")
    anew = {"confirmed_by": sa.null(), "confirmed_at": sa.null()}
    op.execute(sa.update(notice).where(mine, open_).values(anew))
    counts = {"told": notice.c.told - failed, "untold": notice.c.untold + failed}
    op.execute(sa.update(notice).where(mine).values(counts))
