"""How Alembic reaches the hotel's database: through the application that runs it."""

from __future__ import annotations

from alembic import context
from flask import current_app

migrate = current_app.extensions["migrate"]
database = migrate.db


def run() -> None:
    """Run the migrations, or print their SQL when asked to stay offline."""
    options = {"target_metadata": database.metadata, **migrate.configure_args}
    if context.is_offline_mode():
        url = database.engine.url.render_as_string(hide_password=False)
        context.configure(url=url, literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    with database.engine.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


run()
