"""What comes in and goes out about what an officer settles: returns, sweep, reviews, restores."""

from __future__ import annotations

from .bodies import Body, one_of


class Settle(Body):
    """Whose a row is in which an erased person seems to be back."""

    whose = one_of(("theirs", "lives"))
