"""Who came back after an erasure, over the API: the rows that wait, and whose each is."""

from __future__ import annotations

from typing import Any

from ...core.permissions import Permission
from ...store.access import actors
from . import bodies, officerbodies
from .door import begin, me, mine
from .route import operation


@operation("GET", "/returns", Permission.VERIFY, bodies.Items)
def returns(form: dict[str, Any]) -> Any:
    """List rows in which an erased person seems to be back, those that wait, the oldest first.

    A name is told to who may look at requests there too, and no other value of a row to anybody.
    """
    with begin(write=False) as office:
        # An empty list would say that nobody came back.
        actors.require(office.work, me(), Permission.VERIFY, mine().property)
        return {"items": office.returns(me())}


@operation(
    "POST", "/returns/<int:row>/settle", Permission.VERIFY, bodies.Done, officerbodies.Settle
)
def settle_return(row: int, form: dict[str, Any]) -> Any:
    """Say that a row is the erased person's and goes again as approved before, or that it lives."""
    with begin() as office:
        office.settle_return(row, me(), form["whose"] == "theirs")
    return {"done": True}


@operation(
    "POST", "/returns/settle", Permission.VERIFY, officerbodies.Settled, officerbodies.Refilled
)
def settle_refilled(form: dict[str, Any]) -> Any:
    """Say of the rows of a table that lie under erased profiles that they are theirs and go again.

    They are those that the list shows with the door "refilled", up to the id that was read last:
    what was noted since waits for somebody to look, and what was never approved for a new request.
    Settled says how many they were.
    """
    with begin() as office:
        actors.require(office.work, me(), Permission.VERIFY, mine().property)
        return {"settled": office.settle_refilled(form["table"], form["last"], me())}
