"""Revisions of our own tables; `store.upgrade` runs them, never the host's Alembic."""
