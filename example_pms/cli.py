"""``flask --app example_pms pms``: fill the demo hotel and list who may log in."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from flask_migrate import stamp
from sqlalchemy import inspect, literal, select
from sqlalchemy.exc import DBAPIError

from flask_guesterase import Guesterase
from flask_guesterase.core.errors import SetupError

from . import lawful
from .base import db
from .hotel import ANCHOR, HOTELS, STAFF, demo_password
from .models import Property, Staff
from .seed import FEWEST, NotEmptyError, forget_scans, seed

pms = AppGroup("pms", help="The demo hotel.")


@pms.command("seed")
@click.option("--guests", type=click.IntRange(min=FEWEST), default=60, help="Guest rows to make.")
@click.option("--seed", "number", type=int, default=7, help="The same number, the same hotel.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    default=ANCHOR.isoformat(),
    show_default=True,
    help="Business date that every stay is dated from.",
)
@click.option("--fresh", is_flag=True, help="Drop the demo's tables and scans first.")
def seed_command(guests: int, number: int, today: datetime, fresh: bool) -> None:
    """Fill an empty hotel with invented people, and let its officers decide about the law."""
    scans = Path(current_app.config["PMS_SCANS"])
    if fresh:
        if not is_demo():
            raise click.ClickException(
                "This database holds what is not the demo's, and --fresh would drop it. Unset "
                "DATABASE_URL, or name a database that is the demo's own."
            )
        db.drop_all()
        forget_scans(scans)
    make_tables()
    mark, begun = half_filled(), half_filled().exists()
    mark.touch()
    try:
        counts = seed(db.session(), guests, number, today.date(), scans=scans)
    except NotEmptyError as error:
        if begun and not fresh:
            raise _unfinished() from error
        mark.unlink()
        raise click.ClickException(str(error)) from error
    click.echo(f"{counts['guests']} guests, {counts['bookings']} bookings, seed {number}.")
    guesterase: Guesterase = current_app.extensions["guesterase"].extension
    try:
        for line in lawful.decide(guesterase):
            click.echo(line)
    except SetupError:
        click.echo("Nothing is decided about the law: `guesterase db upgrade` was not run before.")
    mark.unlink()


def is_demo() -> bool:
    """Tell whether the tables that are called as the hotel's hold its two houses, or nothing."""
    named, known = set(inspect(db.engine).get_table_names()), {(h.code, h.name) for h in HOTELS}
    with db.engine.connect() as conn:
        filled = {
            table.name
            for table in db.metadata.tables.values()
            if table.name in named and conn.scalar(select(literal(1)).select_from(table).limit(1))
        }
        if not filled:
            return True
        if Property.__tablename__ not in filled:
            return False
        try:
            found = {tuple(row) for row in conn.execute(select(Property.code, Property.name))}
        except DBAPIError:
            # Somebody else's table of the same name has other columns.
            return False
    return found <= known


def half_filled() -> Path:
    """Return the file that is there from the first row until the officers have decided."""
    return Path(current_app.instance_path) / "half-filled"


def _unfinished() -> click.ClickException:
    return click.ClickException(
        "The hotel is not filled to its end: somebody is at it, or it was interrupted. Then delete "
        f"the folder {current_app.instance_path} and begin anew."
    )


def make_tables() -> None:
    """Create the hotel's tables where none are, and mark the migrations as run."""
    if not inspect(db.engine).has_table(Property.__tablename__):
        db.create_all()
        stamp()


@pms.command("staff")
@click.option("--json", "as_json", is_flag=True, help="JSON alone on standard output.")
def staff_command(as_json: bool) -> None:
    """List the demo logins with their passwords; all of them are invented."""
    if half_filled().exists():
        raise _unfinished()
    demo = {login for login, *_ in STAFF}
    people = [
        {
            "login": person.login,
            "role": person.role,
            "property": person.property_code,
            "password": demo_password(person.login) if person.login in demo else None,
        }
        for person in db.session.scalars(select(Staff).order_by(Staff.property_code, Staff.login))
    ]
    if as_json:
        click.echo(json.dumps(people, ensure_ascii=False, indent=2))
        return
    for person in people:
        click.echo("  ".join(str(value) for value in person.values()))
