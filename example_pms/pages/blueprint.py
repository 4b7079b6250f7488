"""The blueprint and what every page needs: who asks, which hotel, which rows are theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from flask import Blueprint, abort
from flask_login import current_user

from ..access import may
from ..base import db
from ..models import Booking, Guest, Property, Staff

P = ParamSpec("P")
R = TypeVar("R")

HIGHEST = 2**31 - 1
"""The largest number that a key of the hotel's tables holds."""

bp = Blueprint("pms", __name__)


def person() -> Staff:
    """Return who is logged in."""
    user: Staff = current_user._get_current_object()
    return user


def role() -> str:
    """Return the role of who is logged in, or an empty string."""
    return getattr(current_user, "role", "")


def hotel() -> Property:
    """Return the hotel of who is logged in."""
    return person().hotel


def need(permission: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only those in who have `permission` in their own hotel; others get 403."""

    def wrap(page: Callable[P, R]) -> Callable[P, R]:
        @wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            user = person()
            if not may(user, permission, user.property_code):
                abort(403)
            return page(*args, **kwargs)

        return guarded

    return wrap


def desk(page: Callable[P, R]) -> Callable[P, R]:
    """Let only the reception in: others read, they do not run the desk."""

    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if role() != "reception":
            abort(403)
        return page(*args, **kwargs)

    return guarded


def held(number: int) -> int:
    """Return a number that a column can hold; a larger one is nobody's, and SQLite takes none."""
    if abs(number) > HIGHEST:
        abort(404)
    return number


def my_guest(key: int) -> Guest:
    """Return a guest of this hotel; another hotel's guest is as unknown as nobody."""
    guest = db.session.get(Guest, held(key))
    if guest is None or guest.property_code != person().property_code:
        abort(404)
    return guest


def my_booking(number: str) -> Booking:
    """Return a booking of this hotel by its number."""
    query = db.select(Booking).where(Booking.number == number)
    booking: Booking | None = db.session.scalar(query)
    if booking is None or booking.property_code != person().property_code:
        abort(404)
    return booking


def local(moment: datetime | None) -> str:
    """Return a naive UTC date-time on the clock of the hotel."""
    if moment is None:
        return ""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(hotel().zone)).strftime("%Y-%m-%d %H:%M")
