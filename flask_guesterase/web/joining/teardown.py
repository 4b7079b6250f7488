"""The door that needs no cron: the end of an application context wakes one thread, now and then.

The end of a context only compares a clock. What is due is done by a daemon thread, with a context
and transactions of its own: Flask ends the context before the server sends the body, so anything
done right there would keep the guest waiting.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from time import monotonic
from weakref import WeakSet

import click
from flask import Flask

EVERY = 300.0
"""Seconds between two rounds where the host says nothing."""

_GOODBYE = 2.0
"""Seconds that a process which ends waits for a round at work; what it began is rolled back."""

_log = logging.getLogger("flask_guesterase")


class Bell:
    """One thread in a process, started and woken when an application context ends.

    :param turn: does a bounded piece of what is due, given this.
    :param every: seconds between two pieces.
    :param serves: returns whether this process serves requests, and is no command or test.
    """

    def __init__(
        self, turn: Callable[[Bell], None], every: float, serves: Callable[[], bool]
    ) -> None:
        self.every = every
        self._turn = turn
        self.serves = serves
        self._due = monotonic() + every
        self.renew()
        _BELLS.add(self)

    def renew(self) -> None:
        """Forget the thread of a parent: a fork copies no thread, only the locks it holds."""
        self._thread: threading.Thread | None = None
        self._taken = threading.Lock()
        self._woken = threading.Event()
        self._ending = threading.Event()

    def ring(self, _error: BaseException | None = None) -> None:
        """Wake the thread when it is time; the host registers it where a context ends."""
        if monotonic() >= self._due:
            try:
                self._wake()
            except Exception as problem:
                _log.error("guesterase: %s where a context ended", type(problem).__name__)

    def now(self) -> bool:
        """Wake the thread though it is not time; return whether this process has one."""
        if self.ended or not self.serves():
            return False
        self._due = monotonic()
        self._wake()
        return True

    def _wake(self) -> None:
        if threading.current_thread() is self._thread:
            # The context of the round itself ended; only others' contexts are traffic.
            return
        if not self._taken.acquire(blocking=False):
            return
        try:
            if monotonic() < self._due:
                return
            self._due = monotonic() + self.every
            if self.ended or not self.serves():
                return
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._work, name="guesterase", daemon=True)
                thread.start()
                self._thread = thread
            self._woken.set()
        finally:
            self._taken.release()

    def _work(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self.ended:
                return
            try:
                self._turn(self)
            except Exception as problem:
                _log.error("guesterase: %s in the background", type(problem).__name__)

    @property
    def ended(self) -> bool:
        """Return whether the process ends, so that nothing new should begin."""
        return self._ending.is_set()

    def end(self, seconds: float = 0.0) -> None:
        """Let the thread end with what it is doing.

        :param seconds: how long to wait for it.
        """
        self._ending.set()
        self._woken.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)


_BELLS: WeakSet[Bell] = WeakSet()


def _renew_all() -> None:
    for bell in list(_BELLS):
        bell.renew()


def _end_all() -> None:
    for bell in list(_BELLS):
        bell.end(_GOODBYE)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
atexit.register(_end_all)


def install(app: Flask, turn: Callable[[Bell], None], every: float | None) -> Bell | None:
    """Let the end of application contexts wake background work; return None where none is wanted.

    :param app: the host's application.
    :param turn: does a bounded piece of what is due.
    :param every: seconds between two pieces; None for the default, outside of tests; 0 for never.
    """
    if every is not None and every <= 0:
        return None

    def serves() -> bool:
        wanted = not at_a_console() and (every is not None or not app.testing)
        return wanted and not (green() and _kept_still())

    bell = Bell(turn, EVERY if every is None else every, serves)
    app.teardown_appcontext(bell.ring)
    return bell


_PATCHES = (
    ("gevent.monkey", "is_module_patched", "threading"),
    ("eventlet.patcher", "is_monkey_patched", "thread"),
)


def green() -> bool:
    """Return whether a thread of this process is none: a round would stop the loop that serves."""
    for name, ask, word in _PATCHES:
        asked = getattr(sys.modules.get(name), ask, None)
        if asked is not None and asked(word):
            return True
    return False


@cache
def _kept_still() -> bool:
    """Say, once in a process, that traffic wakes nothing here."""
    _log.warning("guesterase: under gevent or eventlet traffic wakes no rounds; run the worker")
    return True


def at_a_console() -> bool:
    """Return whether this thread runs a command, other than the one that serves requests."""
    context = click.get_current_context(silent=True)
    return context is not None and context.command.name != "run"
