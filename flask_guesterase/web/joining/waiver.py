"""Lets addresses to which no browser posts a form pass the host's own form protection."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, request
from flask.blueprints import BlueprintSetupState
from flask.sansio.app import App


def waive(blueprint: Blueprint, protected: Any = None) -> None:
    """Exempt a blueprint, or one view of it, from the host's CSRFProtect, whichever comes first.

    What comes there is believed for a token or a signature it carries, never for a cookie.

    :param blueprint: the blueprint.
    :param protected: the view; the whole blueprint when None.
    """

    def exempt() -> None:
        protection = current_app.extensions.get("csrf")
        # Within another one, or where the host says so, it goes by another name.
        here = current_app.blueprints.get(request.blueprint or "")
        if protection is not None and here is blueprint:
            protection.exempt(blueprint if protected is None else protected)

    def note(state: BlueprintSetupState) -> None:
        _first(state.app, exempt)

    blueprint.record_once(note)


def _first(app: App, before: Any) -> None:
    # The host's protection may be installed later than the blueprint: it looks at its list at each
    # request, in a function of this list that comes after ours.
    app.before_request_funcs.setdefault(None, []).insert(0, before)
