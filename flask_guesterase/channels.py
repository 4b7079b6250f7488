"""What a host needs to send messages its own way: text messages, template messages.

``Guesterase(db, authorize=may, channels={"sms": TextMessages(gateway)})``
"""

from .core.errors import DeliveryError
from .store.messages.channels import Channel, Message

__all__ = ["Channel", "DeliveryError", "Message"]
