"""What a host's check-in, check-out and booking pages embed for the reception.

``{{ tick }}`` inside the check-in form, ``ticked(guest, property)`` after its commit.
"""

from .web.staffpages.ticking import freezing, tick, ticked

__all__ = ["freezing", "tick", "ticked"]
