"""The extension of the current application, for pages, letters and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app
from werkzeug.local import LocalProxy

from ..core.errors import SetupError

if TYPE_CHECKING:
    from .extension import Guesterase

NAME = "guesterase"
"""Key of the extension in ``app.extensions``."""


def _current() -> Guesterase:
    state = current_app.extensions.get(NAME)
    if state is None:
        raise SetupError("This application has no Guesterase.", "Call init_app(app) first.")
    return cast("Guesterase", state.extension)


current = cast("Guesterase", LocalProxy(_current))
"""The extension of the current application."""
