"""One round of background work: taken by one process of the fleet, bounded, and given back."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial

from flask import Flask
from sqlalchemy.pool import StaticPool

from ...core.errors import SweepingError
from ...store.office import Office
from ...store.sweeping import leading, runs
from ...store.sweeping.doors import Door
from ...store.transaction import transaction
from ...store.upkeep.upgrade import pending
from ..installed import Installed
from . import teardown
from .entering import enter
from .teardown import Bell

SECONDS = 20.0
"""How long the erasing by day of one round lasts; what is left is left to the next."""

_TOLD = frozenset({"clock", "register"})
"""Steps whose problem is a finding of its own."""

_log = logging.getLogger("flask_guesterase")


def install(extension: Installed, app: Flask, every: float | None) -> Bell | None:
    """Let the host's traffic wake rounds of background work; return None where none is wanted.

    :param extension: the extension of the application.
    :param app: the application.
    :param every: seconds between two rounds; None for the default, 0 for never.
    """
    return teardown.install(app, partial(turn, extension, app), every)


def turn(extension: Installed, app: Flask, bell: Bell) -> None:
    """Do one round where nobody else does and none ended lately; whatever fails is noted.

    :param extension: the extension of the application.
    :param app: the application; the round runs in a context of its own.
    :param bell: knows how far apart rounds are, and whether the process ends.
    """
    with app.app_context():
        if not _ready(extension):
            return
        token = secrets.token_hex(8)
        led, asked = extension.run(partial(_lead, token, timedelta(seconds=bell.every)))
        if not led:
            return
        problems: list[str] = []
        try:
            problems += _round(extension, bell, Door.PAGE if asked else Door.TEARDOWN)
        except Exception as problem:
            # Code of the host may run in it: its text may hold a value.
            problems.append(type(problem).__name__)
        for name in problems:
            _log.warning("guesterase: %s in the background", name)
        extension.run(lambda office: leading.leave(office.work, token, problems))


def _lead(token: str, every: timedelta, office: Office) -> tuple[bool, bool]:
    """Take the lead; return whether that was possible, and whether a person asked for a sweep."""
    asked = runs.asked(office.work)
    # Who asks does not wait for the pause between two rounds, only for one that is at work.
    pause, lease = timedelta() if asked else every, every + timedelta(seconds=2 * SECONDS)
    return leading.take(office.work, token, pause, lease), asked


def _ready(extension: Installed) -> bool:
    """Return whether our tables and keys are there, and a connection besides the host's own."""
    engine = extension.host.engine()
    if isinstance(engine.pool, StaticPool):
        return False
    with transaction(engine, False) as conn:
        return not pending(conn) and extension.custodian.exists()


def _round(extension: Installed, bell: Bell, door: Door) -> list[str]:
    enter(door)
    found = _problems(extension.work().problems)
    if not bell.ended and extension.run(_sweep_due):
        # Another sweep that is at work takes up what is due.
        with suppress(SweepingError):
            found += _problems(extension.sweep(seconds=SECONDS).problems)
    return found


def _sweep_due(office: Office) -> bool:
    return runs.wanted(office.work)


def _problems(problems: Mapping[str, str]) -> list[str]:
    return [problem for step, problem in problems.items() if step not in _TOLD]
