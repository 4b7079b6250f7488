"""What our hooks alone cost a request: one host in one process, the hooks put there and taken away
in turns, so that memory and caches are the same for both."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from flask import appcontext_pushed
from sqlalchemy import event
from sqlalchemy.orm import Session

from flask_guesterase.store.comeback import guard
from flask_guesterase.store.hiding import passage, veil
from tests.engines import fresh_database

from .bare import Bare
from .estate import built
from .figures import middle, quantile, say
from .rows import Shape

GUESTS, TURNS, WARM, BLOCK = 1000, 400, 2, 4
"""Guests of the hotel; turns; requests of a turn that are not counted, and those that are."""

ROUTES = ("static", "read", "write")

_HEARD = (*veil._LISTENERS.items(), ("after_flush", guard._on_flush))


@contextmanager
def _without(host: Bare) -> Iterator[None]:
    """Take away for a while what we hung into SQLAlchemy and Flask."""
    for name, listener in _HEARD:
        event.remove(Session, name, listener)
    doors = {name: getattr(Session, name).__wrapped__ for name in passage._DOORS}
    rings = [ring for ring in host.app.teardown_appcontext_funcs if "Bell" not in repr(ring)]
    with (
        patch.multiple(Session, **doors),
        patch.object(host.app, "teardown_appcontext_funcs", rings),
        patch.object(appcontext_pushed, "receivers", {}),
    ):
        yield
    for name, listener in _HEARD:
        event.listen(Session, name, listener)


def measure(kind: str, turns: int = TURNS) -> dict[str, tuple[list[float], list[float]]]:
    """Return for each kind of request the microseconds without our hooks, and with them.

    :param kind: the engine, as `tests.engines` names it.
    :param turns: how often each is asked for a block of each kind of request.
    """
    took: dict[str, tuple[list[float], list[float]]] = {route: ([], []) for route in ROUTES}
    with fresh_database(kind) as url, tempfile.TemporaryDirectory() as folder:
        built(url, Shape(GUESTS))
        host = Bare(url, Path(folder), installed=True)
        for turn in range(-2, turns):
            for route, (bare, installed) in took.items():
                for hooked in random.sample((False, True), 2):
                    if hooked:
                        found = _asked(host, route, turn)
                    else:
                        with _without(host):
                            found = _asked(host, route, turn)
                    # The first turns fill caches that a host keeps as long as it runs.
                    (installed if hooked else bare).extend(found if turn >= 0 else [])
        host.session.remove()
        host.engine.dispose()
    return took


def _asked(host: Bare, route: str, turn: int) -> list[float]:
    found = [host.ask(route, 2 + (turn * 3 + at) % 300)[0] for at in range(WARM + BLOCK)]
    return found[WARM:]


def report(kind: str) -> None:
    """Measure one engine and print."""
    say("  the hooks alone, one process:")
    for route, (bare, installed) in measure(kind).items():
        more = [b - a for a, b in zip(bare, installed, strict=True)]
        low, high = quantile(more, 0.25), quantile(more, 0.75)
        without = middle(bare)
        say(
            f"    {route:<8} without {without:6.0f}, hooked {middle(more):+5.0f} "
            f"({low:+.0f} to {high:+.0f}), {middle(more) / without:+.1%}"
        )
