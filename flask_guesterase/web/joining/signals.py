"""One signal per event, sent after the commit: signals observe, they never decide.

The sender is the application; the one argument is ``event``, the frozen event. A receiver that
raises is logged by its name, without data, and does not disturb the others.
"""

from __future__ import annotations

import logging

from blinker import NamedSignal, Namespace
from flask import Flask

from ...core.events import EVENTS, Event
from .reviewing import RECORD_REVIEWED, record_reviewed

_log = logging.getLogger("flask_guesterase")
_namespace = Namespace()

SIGNALS: dict[str, NamedSignal] = {
    name: _namespace.signal(f"guesterase-{name}", kind.__doc__) for name, kind in EVENTS.items()
}
"""Event name -> signal."""


def signal(name: str) -> NamedSignal:
    """Return the signal of an event, or that of the review of a record.

    :param name: event name, with hyphens or underscores, for example "subject-erased", or
        "record-reviewed".
    :raises KeyError: there is no such event.
    """
    word = name.replace("_", "-")
    return record_reviewed if word == RECORD_REVIEWED else SIGNALS[word]


def announce(app: Flask, event: Event) -> None:
    """Tell every receiver of an event's signal, each by itself."""
    sent = SIGNALS[event.name]
    for receiver in sent.receivers_for(app):
        try:
            receiver(app, event=event)
        except Exception as problem:
            _log.error(
                "A receiver of %s raised %s: %s",
                sent.name,
                type(problem).__name__,
                getattr(receiver, "__qualname__", type(receiver).__name__),
            )
