"""The address for whoever watches the installation: well or not, in words, without figures."""

from __future__ import annotations

from time import monotonic
from typing import Any, cast
from weakref import WeakKeyDictionary

from flask import Blueprint, Flask, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import GuesteraseError, SealError, TamperedError
from ...store.binds.reaching import leave_out, silent
from ...store.transaction import transaction
from ...store.upkeep import health
from ...store.upkeep.upgrade import pending
from ..current import current

health_pages = Blueprint("guesterase_health", __name__)
"""The health address; register it under a prefix that whoever watches may reach."""

LASTING = 5.0
"""Seconds for which an answer is given again: strangers cannot make the database work."""

_told: WeakKeyDictionary[Flask, tuple[float, list[str]]] = WeakKeyDictionary()


@health_pages.get("/")
def state() -> Response:
    """Answer 200 where all is well, 503 with words for what is not."""
    app = cast(Any, current_app)._get_current_object()
    at, ills = _told.get(app, (-LASTING, []))
    if monotonic() - at >= LASTING:
        if app in _told:
            # What is asked may take its time to answer: whoever comes meanwhile waits for nothing.
            _told[app] = monotonic(), ills
        ills = _ills()
        _told[app] = monotonic(), ills
    answer = jsonify({"status": "failing" if ills else "well", "problems": ills})
    answer.status_code = 503 if ills else 200
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _ills() -> list[str]:
    try:
        with transaction(current.host.engine(), False) as conn:
            if pending(conn):
                return [health.PENDING]
        if not health.reachable(current.settings.keys, current.roots):
            return [health.CUSTODIAN]
        # Meanwhile no connection is kept from the host.
        away = silent(current.binds)
        with current.begin(write=False) as office:
            leave_out(office.work.conn, away)
            return list(office.ills())
    except SealError:
        return [health.CUSTODIAN]
    except TamperedError:
        return [health.JOURNAL]
    except (GuesteraseError, SQLAlchemyError) as problem:
        current_app.logger.error("guesterase: %s while asked for health", type(problem).__name__)
        return [health.DATABASE]
