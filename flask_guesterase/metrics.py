"""Prometheus metrics, read from the database when they are asked for: any number of processes.

Optional: it needs the extra ``metrics``. No figure is about one person; a property is told by its
code alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector as Base
from sqlalchemy.exc import SQLAlchemyError

from .core.errors import GuesteraseError, SetupError
from .core.permissions import Permission
from .store.upkeep.gauges import Gauges
from .web.current import current
from .web.joining.rights import logged_in

SHORTEST = 16
"""Characters that a token has at least."""


class Collector(Base):
    """What Prometheus asks: figures of one application, counted anew each time.

    :param app: the host's application, with the extension.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        """Yield every figure as it is now."""
        with self._app.app_context(), current.begin(write=False) as office:
            found = office.gauges()
        yield from _due(found)
        yield from _requests(found)
        yield from _sweep(found)
        yield _one("outbox_pending", "Messages, files and notices still to be sent", found.pending)
        yield _one("outbox_dead", "Those that were given up: a person must look", found.dead)
        yield _one("journal_entries", "Entries of all journals", found.entries)
        yield _one("halted", "Whether somebody stopped erasing by day", found.halted)
        yield _one("clock_doubted", "Whether the clock is in doubt", found.doubted)
        if found.silence is not None:
            yield _one(
                "heartbeat_age_seconds", "Since something last ran by itself", found.silence
            )


def _due(found: Gauges) -> Iterator[Metric]:
    labels = ["property", "table", "category"]
    rows = _many("due_rows", "Rows that have had their time and are still there", labels)
    ages = _many("due_oldest_seconds", "For how long the oldest should have been gone", labels)
    vain = _many("due_failing_rows", "Rows that were tried in vain", labels)
    for line in found.due:
        what = [line.property, line.table, line.category]
        rows.add_metric(what, line.rows)
        ages.add_metric(what, found.age(line))
        vain.add_metric(what, line.failing)
    yield from (rows, ages, vain)


def _requests(found: Gauges) -> Iterator[Metric]:
    states = _many("requests", "Requests by state", ["state"])
    for state, count in sorted(found.requests.items()):
        states.add_metric([state], count)
    yield states
    yield _one("requests_overdue", "Requests whose answer or receipt is late", found.overdue)


def _sweep(found: Gauges) -> Iterator[Metric]:
    if found.last is None:
        return
    begun, ended, counts = found.last["started"], found.last["ended"], found.last["counts"]
    since = (found.now - ended).total_seconds()
    yield _one("sweep_age_seconds", "Since the last sweep came to its end", since)
    yield _one(
        "sweep_duration_seconds", "How long the last sweep took", (ended - begun).total_seconds()
    )
    did = _many("sweep_did", "What the last sweep did, by word", ["what"])
    for what, count in sorted(counts.items()):
        did.add_metric([what], count)
    yield did


def _one(name: str, text: str, value: float) -> Metric:
    return cast(Metric, Gauge(f"guesterase_{name}", f"{text}.", value=float(value)))


def _many(name: str, text: str, labels: list[str]) -> Any:
    return Gauge(f"guesterase_{name}", f"{text}.", labels=labels)


def metrics_pages(token: str | None = "") -> Blueprint:
    """Return the address that Prometheus scrapes; nothing is told without the token.

    Without a token, and beside it, whoever is logged in and may audit every property is told.

    :param token: what comes as ``Authorization: Bearer``; keep it where the host keeps secrets.
        None is none, for a host whose configuration has no such value.
    :raises SetupError: the token is shorter than 16 characters.
    """
    secret = token or ""
    if secret and len(secret) < SHORTEST:
        raise SetupError(
            "The token for metrics is too short.", f"Give {SHORTEST} characters or more."
        )
    pages = Blueprint("guesterase_metrics", __name__)

    @pages.get("/")
    def metrics() -> Response:
        """Tell every figure as it is now."""
        if not (_bears(secret) or _audits()):
            refused = Response("", 401)
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Collector(cast(Any, current_app)._get_current_object()))
        try:
            body = generate_latest(registry)
        except (GuesteraseError, SQLAlchemyError) as problem:
            current_app.logger.error("guesterase: %s in metrics", type(problem).__name__)
            return Response("", 503)
        answer = Response(body, content_type=CONTENT_TYPE_LATEST)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return pages


def _bears(token: str) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return bool(token) and kind.lower() == "bearer" and same


def _audits() -> bool:
    here = logged_in()
    if here is None:
        return False
    who = str(here.get_id())
    return all(
        current.may(who, Permission.AUDIT, code) for code in current.settings.properties
    )
