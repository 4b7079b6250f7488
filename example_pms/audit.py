"""Writes the audit module's log: who changed what, with old and new values in full."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from .foreign import audit_log
from .models import Staff

Values = dict[str, Any]


def utcnow() -> datetime:
    """Return the present as the hotel's tables hold it: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def record(
    session: Session,
    actor: Staff,
    action: str,
    place: tuple[str, Any],
    old: Values | None = None,
    new: Values | None = None,
) -> None:
    """Append one entry.

    :param place: table and key of the changed row.
    :param old: values before; None when there was no row.
    :param new: values after.
    """
    entity, key = place
    session.execute(
        insert(audit_log).values(
            at=utcnow(),
            property_code=actor.property_code,
            actor=actor.login,
            action=action,
            entity=entity,
            entity_key=str(key),
            old=_plain(old),
            new=_plain(new),
        )
    )


def _plain(values: Values | None) -> Values | None:
    if values is None:
        return None
    return {
        key: value.isoformat() if isinstance(value, (date, datetime)) else value
        for key, value in values.items()
    }
