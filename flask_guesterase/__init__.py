"""Erase a hotel guest's personal data lawfully, completely and provably."""

from .core.policy import (
    Equal,
    File,
    Policy,
    Subject,
    delete,
    delete_when_last_owner,
    exempt,
    keep,
    null,
    overwrite,
    placeholder,
    redact,
    retain,
)
from .store.settings import Property

__all__ = [
    "Equal",
    "File",
    "Policy",
    "Property",
    "Subject",
    "delete",
    "delete_when_last_owner",
    "exempt",
    "keep",
    "null",
    "overwrite",
    "placeholder",
    "redact",
    "retain",
]
