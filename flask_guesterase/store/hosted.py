"""Types of the host's own making, and what the database holds for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import TypeDecorator
from sqlalchemy.types import TypeEngine


def plain(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type that a host's type stands for."""
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_
