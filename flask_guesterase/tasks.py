"""Celery tasks for hosts that have Celery: the worker, the sweep and deliveries, by number alone.

A task takes nothing and gives back counts, so that no broker and no result store ever holds
anything of a guest. What is to be done stands in our own tables; a task that is lost, or runs
twice, loses and doubles nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab
from flask import Flask

from .core.errors import BusyError, SetupError, SweepingError
from .store.sweeping.doors import Door
from .web.current import current
from .web.entrance import state_of
from .web.joining.entering import enter

WORK, SWEEP, DELIVER = "guesterase.work", "guesterase.sweep", "guesterase.deliver"
"""Names of the tasks, as a schedule or ``send_task`` names them."""

Counts = dict[str, int]
"""Word -> how many."""


def register(celery: Celery, app: Flask, join: bool = True) -> Mapping[str, Any]:
    """Register the tasks; return them by their names.

    They are acknowledged when they have ended, so that those of a worker that died run again.

    :param celery: the host's Celery application.
    :param app: the host's Flask application; each task runs in a context of its own.
    :param join: let a sweep beside another take part in its erasing, instead of doing nothing; so
        that of a worker that died goes on with the next, not when its lease is over.
    """

    def night() -> Counts:
        """Erase what is due because its day has come."""
        return sweep(join)

    bodies: dict[str, Callable[[], Counts]] = {WORK: work, SWEEP: night, DELIVER: deliver}
    return {name: _task(celery, app, name, body) for name, body in bodies.items()}


def schedule(app: Flask, hour: int = 2) -> dict[str, dict[str, Any]]:
    """Return what a beat schedule needs: rounds of the worker, deliveries, and a sweep each night.

    The minute of the sweep is drawn from the properties' codes, so that many installations on
    one broker or database do not all begin at once; it is always the same for one. A task that
    no worker took before the next one comes is dropped: the next does its work.

    :param app: the host's Flask application, with the extension.
    :param hour: hour of the sweep by the clock of Celery's ``timezone``; not that of the night
        audit.
    :raises SetupError: the extension is not installed in the application yet.
    """
    state = state_of(app)
    if state is None:
        raise SetupError(
            "This application has no Guesterase yet.", "Call init_app(app) before schedule(app)."
        )
    codes = " ".join(sorted(state.settings.properties))
    minute = int.from_bytes(hashlib.sha256(codes.encode()).digest()[:2], "big") % 60
    every = {WORK: timedelta(minutes=1), DELIVER: timedelta(minutes=5)}
    lines: dict[str, dict[str, Any]] = {
        name.replace(".", "-"): {
            "task": name, "schedule": pause, "options": {"expires": pause.total_seconds()},
        }
        for name, pause in every.items()
    }  # fmt: skip
    nightly = {"schedule": crontab(hour=hour, minute=minute), "options": {"expires": 12 * 3600}}
    return lines | {SWEEP.replace(".", "-"): {"task": SWEEP} | nightly}


def _task(celery: Celery, app: Flask, name: str, body: Callable[[], Counts]) -> Any:
    def run() -> Counts:
        with app.app_context():
            enter(Door.TASK)
            return body()

    run.__name__ = name.replace(".", "_")
    run.__doc__ = body.__doc__
    # Not shared: two applications in one process each have their own.
    return celery.task(run, name=name, acks_late=True, reject_on_worker_lost=True, shared=False)


def work() -> Counts:
    """Do one round of everything that is due."""
    report = current.work()
    return report.counts | _problems(report.problems)


def sweep(join: bool = True) -> Counts:
    """Erase what is due because its day has come.

    :param join: take part in the erasing of a sweep that is at work, instead of doing nothing.
    """
    try:
        report = current.sweep(join=join)
    except SweepingError:
        return {"busy": 1}
    except BusyError as problem:
        return _problems({"sweep": type(problem).__name__})
    said = {"doubted": report.doubt, "joined": report.joined}
    words = {word: 1 for word, true in said.items() if true}
    return report.counts | _problems(report.problems) | words


def deliver() -> Counts:
    """Send messages, remove files and tell recipients that are due, and nothing else."""
    report = current.deliver()
    return report.counts | _problems(report.problems)


def _problems(problems: Mapping[str, str]) -> Counts:
    """Return how many things could not be done; they stay queued and are tried again."""
    return {"problems": len(problems)} if problems else {}
