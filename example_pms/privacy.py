"""The privacy extension, installed: about as much as a vendor writes in their application."""

from __future__ import annotations

from functools import partial

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select

from flask_guesterase import (
    Canary,
    Guesterase,
    Property,
    api_pages,
    guest_pages,
    staff_pages,
)
from flask_guesterase.web.gauge import age_pages

from .access import may, shared
from .base import Model, db
from .blockers import blockers
from .canary import stay
from .foreign import Foreign
from .hotel import HOTELS, STAFF
from .models import Property as House
from .policies import policies
from .recipients import recipients


def install(app: Flask, commands: AppGroup) -> Guesterase:
    """Install the extension in the demo hotel.

    :param app: the demo hotel.
    :param commands: its command group, which gets ``code``.
    """
    guesterase = Guesterase(
        db,
        authorize=may,
        models=[Model, Foreign],
        properties=_hotels(),
        night_audit=_in_audit,
    )
    for target, policy in policies(app.config["PMS_SCANS"]):
        guesterase.register(target, policy)
    guesterase.shared(shared)
    guesterase.block(*blockers())
    guesterase.recipient(*recipients(app))
    for hotel in HOTELS:
        guesterase.canary(Canary(make=partial(stay, hotel.code), property=hotel.code))
    guesterase.init_app(app)
    app.register_blueprint(guest_pages, url_prefix="/privacy")
    app.register_blueprint(age_pages, url_prefix="/privacy/age")
    app.register_blueprint(staff_pages, url_prefix="/desk/privacy")
    app.register_blueprint(api_pages, url_prefix="/api/privacy")
    app.config["PMS_LINKS"] = [
        *app.config.get("PMS_LINKS", ()),
        ("Erasure requests", "guesterase_staff.index"),
        ("Report a mistake", "guesterase_staff.mistake"),
    ]
    if "code" not in commands.commands:
        commands.add_command(code)
    return guesterase


def _in_audit(code: str) -> bool:
    """Tell whether a house is closing its day; nothing is erased by day meanwhile.

    It asks on a connection of its own, so that the session of whoever sweeps sees nothing old.
    """
    houses = House.__table__
    running = select(houses.c.night_audit_running).where(houses.c.code == code)
    with db.engine.connect() as conn:
        return bool(conn.execute(running).scalar())


def _hotels() -> list[Property]:
    return [
        Property(
            hotel.code,
            hotel.name,
            hotel.controller,
            country=hotel.country,
            zone=hotel.zone,
            lang="zh" if hotel.country == "CN" else "en",
            contact=hotel.contact_email,
            address=hotel.address,
            calls={"custodian": "Notary Linden, 555-0143", "it": "IT of the group, 555-0142"},
        )
        for hotel in HOTELS
    ]


@click.command("code")
@click.argument("who")
def code(who: str) -> None:
    """Print a one-time code of a demo login, as its owner would see it after logging in."""
    if who not in {login for login, *_ in STAFF}:
        raise click.ClickException("Only the demo's invented staff have their codes printed here.")
    guesterase: Guesterase = current_app.extensions["guesterase"].extension
    with guesterase.begin() as office:
        click.echo(office.code(who))
