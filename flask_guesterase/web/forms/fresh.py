"""Another session id, once a browser holds something of a guest: whoever knew the old one has none.

A browser's own cookie holds the session by itself and has no id. Where the host keeps sessions on
its server, somebody may have put the id of one of theirs into the guest's browser before.

Source: OWASP Session Management Cheat Sheet, "Renew the Session ID After Any Privilege Level
Change"; Flask-Session 0.7, `ServerSideSessionInterface.regenerate`.
"""

from __future__ import annotations

from typing import Any, cast

from flask import current_app, session


def renew() -> None:
    """Give this browser's session another id, where the host's sessions have one and can."""
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if callable(regenerate):
        regenerate(cast(Any, session)._get_current_object())
