"""What the vendor's hotline needs to know of an installation, and nothing of anybody in it.

Every value comes from a list below: versions, names of the schema, enumerated words, counts and
days. Nothing is read from the host's rows, and of settings that may hold a secret, an address or a
folder only whether they are set.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from sqlalchemy import func, select

from ...core.finding import Finding
from .. import tables
from ..access import brake, pulse
from ..failures import alerts
from ..mapping.declared import rule_word
from ..work import Work
from . import upgrade

FORMAT = "guesterase-diagnosis/1"

PACKAGES = (
    "flask-guesterase", "alembic", "babel", "blinker", "celery", "cryptography", "flask",
    "flask-login", "flask-migrate", "flask-sqlalchemy", "flask-sqlalchemy-lite", "flask-wtf",
    "gunicorn", "jinja2", "marshmallow", "psycopg", "pymysql", "mariadb", "sqlalchemy", "werkzeug",
)  # fmt: skip
"""Packages whose version matters."""

_PROBLEMS = (tables.outbox, tables.delivery, tables.intent, tables.released)
"""Tables of ours that keep the class name of the last error, or an enumerated word."""


def bundle(
    work: Work, findings: Iterable[Finding], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return everything that the hotline needs, as JSON can hold it.

    :param work: an open transaction; a read-only one is enough.
    :param findings: what `check` says.
    :param config: configuration key -> value where it is a number or a switch, else "set".
    """
    return {
        "format": FORMAT,
        "day": work.today,
        "versions": _versions(work),
        "config": dict(sorted(config.items())),
        "properties": _properties(work),
        "data_map": _shape(work),
        "findings": dict(sorted(Counter(each.id for each in findings).items())),
        "revision": {"at": upgrade.current(work.conn), "newest": upgrade.head()},
        "rows": {
            name.removeprefix(tables.PREFIX): _count(work, table)
            for name, table in sorted(tables.metadata.tables.items())
        },
        "states": _states(work),
        "problems": _problems(work),
        "alerts": _alerts(work),
        "clock": brake.doubted(work),
        "last": _last(work),
    }


def _versions(work: Work) -> dict[str, str]:
    found = {"python": platform.python_version(), "system": platform.system()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    server = work.conn.dialect.server_version_info or ()
    found["dialect"] = f"{work.conn.dialect.name}+{work.conn.dialect.driver}"
    found["server"] = ".".join(str(part) for part in server)
    return found


def _properties(work: Work) -> list[dict[str, Any]]:
    """Return country, region and zone of each property; neither name nor address."""
    return [
        {
            "country": hotel.country, "region": hotel.region, "zone": hotel.zone,
            "lang": hotel.lang, "officer": bool(hotel.officer), "deputy": bool(hotel.deputy),
        }
        for hotel in work.settings.properties.values()
    ]  # fmt: skip


def _shape(work: Work) -> dict[str, Any]:
    """Return the data map: tables, columns, kinds of rules, and how many ways lead to a person."""
    shapes = {
        name: {
            "subject": name in work.datamap.subjects,
            "rows": str(declared.policy.rows.value),
            "category": declared.policy.category,
            "clock": declared.policy.clock is not None,
            "paths": len(declared.paths),
            "columns": {column: rule_word(rule) for column, rule in declared.rules.items()},
        }
        for name, declared in sorted(work.datamap.tables.items())
    }
    return {
        "version": work.datamap.version, "tables": shapes, "exempt": sorted(work.datamap.exempt),
    }  # fmt: skip


def _count(work: Work, table: Any) -> int:
    return int(work.conn.execute(select(func.count()).select_from(table)).scalar_one())


def _states(work: Work) -> dict[str, dict[str, int]]:
    """Return how many rows of ours are in which state."""
    found = {}
    for table in (tables.request, tables.outbox, tables.delivery, tables.search, tables.intent):
        rows = work.conn.execute(select(table.c.state, func.count()).group_by(table.c.state))
        found[table.name.removeprefix(tables.PREFIX)] = {row[0]: row[1] for row in rows}
    return found


def _problems(work: Work) -> dict[str, dict[str, int]]:
    """Return which errors our rows keep, by their class names, and how often."""
    found = {}
    for table in _PROBLEMS:
        rows = work.conn.execute(
            select(table.c.problem, func.count())
            .where(table.c.problem.is_not(None))
            .group_by(table.c.problem)
        )
        found[table.name.removeprefix(tables.PREFIX)] = {_plain(word): n for word, n in rows}
    return found


def _plain(word: str) -> str:
    """Return a class name or an enumerated word; anything else is only said to be there."""
    return word if word.replace("-", "").replace("_", "").isalnum() and word.isascii() else "other"


def _alerts(work: Work) -> dict[str, int]:
    return dict(sorted(Counter(str(row["kind"]) for row in alerts.listed(work, None)).items()))


def _last(work: Work) -> dict[str, str]:
    """Return when sweep, worker, watch and clock were seen last."""
    run = tables.run
    ended = work.conn.execute(select(func.max(run.c.ended_at)).where(run.c.kind == "sweep"))
    beat, look = pulse.look(work.conn, brake.HEART), pulse.look(work.conn, alerts.LOOKED)
    told = {
        "sweep": ended.scalar(), "heartbeat": beat.at if beat else None,
        "watch": look.at if look else None,
    }  # fmt: skip
    return {name: at.isoformat() for name, at in told.items() if at is not None}
