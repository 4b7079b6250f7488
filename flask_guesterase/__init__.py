"""Erase a hotel guest's personal data lawfully, completely and provably."""

from .core.canary import Canary
from .core.errors import GuesteraseError
from .core.permissions import Permission
from .core.policy import Blocker, Equal, Policy, Register, Subject
from .core.treatment import (
    File,
    delete,
    delete_when_last_owner,
    exempt,
    inside,
    keep,
    mentions,
    null,
    overwrite,
    placeholder,
    redact,
    retain,
)
from .store.settings import Property
from .web.api.spec import api_pages
from .web.callback import guest_pages
from .web.commands.witnessing import witness_pages
from .web.current import current
from .web.extension import Guesterase
from .web.joining.health import health_pages
from .web.joining.signals import signal
from .web.staff import staff_pages

__all__ = [
    "Blocker",
    "Canary",
    "Equal",
    "File",
    "Guesterase",
    "GuesteraseError",
    "Permission",
    "Policy",
    "Property",
    "Register",
    "Subject",
    "api_pages",
    "current",
    "delete",
    "delete_when_last_owner",
    "exempt",
    "guest_pages",
    "health_pages",
    "inside",
    "keep",
    "mentions",
    "null",
    "overwrite",
    "placeholder",
    "redact",
    "retain",
    "signal",
    "staff_pages",
    "witness_pages",
]
