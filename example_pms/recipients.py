"""Who else holds copies of the demo hotel's guests, and how each is told of an erasure.

The other systems of a demo are pretended. Most say at once that their copies are gone; the channel
manager takes a notice and, like many real ones, never confirms it. One that listens is named by
``PMS_CHANNEL_MANAGER`` (its address) and ``PMS_CHANNEL_SECRET``.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from flask_guesterase.recipients import Notice, Recipient, Webhook, by_hand

BOOKING = {"booking": "bookings.number", "channel": "bookings.external_ref"}


class Pretended:
    """A system that takes what it is told and always says the same about it.

    :param word: ``sent`` where it says no more than that, ``done`` when its copies are gone.
    """

    def __init__(self, word: str) -> None:
        self.word = word

    def tell(self, notice: Notice) -> str:
        """Take a notice."""
        return self.word


def recipients(app: Flask) -> list[Recipient]:
    """Return who is told.

    :param app: the demo hotel.
    """
    address = app.config.get("PMS_CHANNEL_MANAGER", "")
    channel: Webhook | Pretended = Pretended("sent")
    if address:
        channel = Webhook(address, secret=app.config["PMS_CHANNEL_SECRET"])
    return [
        Recipient("channel-manager", channel, gives={"email": "guests.email", **BOOKING}),
        Recipient("mail-list", Pretended("done"), gives=["email"]),
        Recipient("wifi", Pretended("done"), gives={"phone": "guests.phone", **BOOKING}),
        Recipient("payment-provider", Pretended("done"), gives=BOOKING),
        Recipient(
            "door-locks",
            by_hand("At the lock server, delete the key cards of these bookings."),
            gives=BOOKING,
            property="LEJ",
            due=timedelta(days=2),
        ),
        Recipient(
            "police-register",
            by_hand("Ask the station's desk, in writing, to delete what was reported in error."),
            property="SHA",
            due=timedelta(days=14),
        ),
        Recipient(
            "staff-chat",
            by_hand("Search the duty channel for this guest and delete what is found."),
            gives=["name"],
        ),
    ]
