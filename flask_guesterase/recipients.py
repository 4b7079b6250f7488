"""What a host declares about other systems that hold copies, and what an adapter of its own needs.

``guesterase.recipient(Recipient("channel-manager", Webhook(url, secret=...), gives=["email"]))``
"""

from .core.recipient import Adapter, Answer, Identity, Notice, Recipient, Said, by_hand
from .store.partners.webhook import Webhook

__all__ = [
    "Adapter",
    "Answer",
    "Identity",
    "Notice",
    "Recipient",
    "Said",
    "Webhook",
    "by_hand",
]
