"""The extension of the current application, for pages, letters and commands."""

from __future__ import annotations

from typing import cast

from flask import current_app
from werkzeug.local import LocalProxy

from ..core.errors import SetupError
from .entrance import state_of
from .installed import Installed


def _current() -> Installed:
    state = state_of(current_app)
    if state is None:
        raise SetupError("This application has no Guesterase.", "Call init_app(app) first.")
    return cast("Installed", state.extension)


current = cast(Installed, LocalProxy(_current))
"""The extension of the current application."""
