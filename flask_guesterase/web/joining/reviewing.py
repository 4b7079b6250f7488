"""The review before check-in for the host: it informs, and never blocks, slows or raises.

A review is made in memory. What it counts is kept until the host's transaction commits, and is
written by a thread of its own afterwards, so that the host neither waits for it nor shares a lock.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from weakref import WeakSet
from zoneinfo import ZoneInfo

from blinker import NamedSignal
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, object_session

from ...core.minimal import Review
from ...store.deciding import tally
from ...store.failures import backups
from ...store.office import Office
from ...store.settings import Settings

_log = logging.getLogger("flask_guesterase")
_Result = TypeVar("_Result")

RECORD_REVIEWED = "record-reviewed"
record_reviewed = NamedSignal(
    f"guesterase-{RECORD_REVIEWED}", "A record was reviewed when it was made."
)
"""Sent with ``review``, a frozen `core.minimal.Review` that names columns and no value."""

_WAITING = "guesterase-reviews"


class Reviews:
    """What was counted and is not written down yet, and whether the host's backups are recent.

    :param settings: the operator's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.backup: bool | None = None
        self.renew()
        _EVERY.add(self)

    def renew(self) -> None:
        """Forget what is a parent's after a fork: its thread, its lock, and what it counted."""
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def count(self, review: Review) -> None:
        """Count a review by the day at its property."""
        zone = ZoneInfo(self.settings.properties[review.property].zone)
        day = datetime.now(UTC).astimezone(zone).date().isoformat()
        with self._lock:
            self._counts.update((review.property, day, word) for word in review.words())

    def after(self, instance: Any, review: Review, then: Callable[[], None]) -> None:
        """Count a review once the host's transaction has committed; at once without one.

        :param instance: the record.
        :param review: what was seen of it.
        :param then: called after that.
        """
        session = object_session(instance)
        if session is None:
            self.count(review)
            then()
            return
        if _WAITING not in session.info:
            session.info[_WAITING] = []
            event.listen(session, "after_commit", _committed)
            event.listen(session, "after_soft_rollback", _rolled_back)
            event.listen(session, "after_transaction_end", _ended)
        within = session.get_nested_transaction()
        session.info[_WAITING].append(_Waiting(self, review, then, within))

    def write(self, run: Callable[[Callable[[Office], Any]], Any]) -> bool:
        """Write down what was counted, and look at the host's backups again.

        What cannot be written now is kept for the next time.

        :param run: runs a unit of work.
        :return: whether it was written.
        """
        with self._lock:
            counted, self._counts = self._counts, Counter()
        try:
            self.backup = run(lambda office: self._unit(office, counted))
        except Exception as problem:
            with self._lock:
                self._counts.update(counted)
            _log.warning("guesterase: %s while reviews were counted", type(problem).__name__)
            return False
        return True

    def _unit(self, office: Office, counted: Counter[tuple[str, str, str]]) -> bool:
        tally.add(office.work, counted)
        known = backups.known(office.work)
        return bool(known) and not any(each.stale(office.work.now) for each in known)

    def write_soon(self, app: Flask, run: Callable[[Callable[[Office], Any]], Any]) -> None:
        """Write in a thread of its own, one at a time."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._all, args=(app, run), daemon=True)
            self._thread.start()

    def _all(self, app: Flask, run: Callable[[Callable[[Office], Any]], Any]) -> None:
        with app.app_context():
            while self.write(run):
                with self._lock:
                    if not self._counts:
                        # From here on somebody who counts starts the next thread.
                        self._thread = None
                        return
        self._thread = None

    def settle(self) -> None:
        """Wait until the thread has written what it was started for."""
        thread = self._thread
        if thread is not None:
            thread.join()


_EVERY: WeakSet[Reviews] = WeakSet()


def _renew_all() -> None:
    for reviews in list(_EVERY):
        reviews.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)


class _Waiting(NamedTuple):
    """A review that counts once the host's transaction has committed.

    :param reviews: where it counts.
    :param review: what was seen.
    :param then: called after that.
    :param within: the savepoint in which the record was made, if any.
    """

    reviews: Reviews
    review: Review
    then: Callable[[], None]
    within: SessionTransaction | None


def _committed(session: Session) -> None:
    # A savepoint that is released says so as well, and is taken back with all the rest.
    if session.in_nested_transaction():
        return
    waiting: list[_Waiting] = session.info[_WAITING]
    session.info[_WAITING] = []
    for each in waiting:
        each.reviews.count(each.review)
    for then in dict.fromkeys(each.then for each in waiting):
        then()


def _rolled_back(session: Session, ended: SessionTransaction) -> None:
    """Drop what was noted within a savepoint that is taken back."""
    while ended.parent is not None and not ended.nested:
        # A flush that failed takes back what it was made in.
        ended = ended.parent
    waiting: list[_Waiting] = session.info[_WAITING]
    session.info[_WAITING] = [each for each in waiting if ended not in _around(each.within)]


def _ended(session: Session, ended: SessionTransaction) -> None:
    """Drop what did not commit, whether it was rolled back or its session closed."""
    if ended.parent is None:
        session.info[_WAITING] = []


def _around(within: SessionTransaction | None) -> Iterator[SessionTransaction]:
    """Yield a savepoint and all in which it was set."""
    while within is not None:
        yield within
        within = within.parent


def announce_review(app: Flask, review: Review) -> None:
    """Tell every receiver of a review, each by itself."""
    for receiver in record_reviewed.receivers_for(app):
        try:
            receiver(app, review=review)
        except Exception as problem:
            _log.error("A receiver of record-reviewed raised %s", type(problem).__name__)
