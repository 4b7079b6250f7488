"""Alembic environment for writing a new revision: compares our tables with an upgraded database.

Upgrading does not come here: `store.upgrade` hands each revision its operations itself, so that
a host's Alembic may be at work in the same process.
"""

from __future__ import annotations

from alembic import context, op

from flask_guesterase.store import tables
from flask_guesterase.store.upkeep import upgrade

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    version_table=upgrade.VERSION_TABLE,
    include_object=lambda found, name, kind, reflected, other: upgrade.is_ours(kind, name),
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations(op=op)
