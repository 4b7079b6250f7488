"""A bill that needs all of a profile: nothing went of it, so that it is as under a hold.

Who booked again meanwhile is asked about as it is paid; of whom nobody did, all goes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_guesterase.core.policy import Blocker
from flask_guesterase.core.treatment import delete
from flask_guesterase.store.executing import finishing
from tests.store.lodge import Booking, Guest, Lodge, elsewhere
from tests.store.test_guard_living import held, lifted
from tests.store.test_looked_again import OLD_STAY
from tests.store.test_needed_anew import OWN, booked, by_law, lives, nights, settled, told
from tests.store.test_needed_back import owing, paid
from tests.store.test_two_steps import ended, half_erased, name, ruled

EVERY = ("full_name", "email", "phone", "document_no", "loyalty_no")


def several(lodge: Lodge) -> str:
    """Erase a guest of whom a bill and a deposit need all together; return the number."""
    lodge.stayed()
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))

    def open(b: Any, today: Any) -> Any:
        return b.c.amount > 500

    lodge.blockers = tuple(
        Blocker(name, "lodge_bookings", open, needs={"lodgers_": columns})
        for name, columns in (("open-folio", EVERY[:2]), ("deposit", EVERY[2:]))
    )
    return lodge.erased_guest()


@pytest.mark.parametrize(("how", "living"), [
    ("bill", True), ("bill", False), ("several", True), ("row", True)
])  # fmt: skip
def test_a_profile_that_a_bill_needed_whole_is_laid_before_staff_where_a_stay_was_booked(
    lodge: Lodge, how: str, living: bool
) -> None:
    """What stood there all along is the new stay's as well, until staff say whose it is."""
    if how == "row":
        ruled(lodge, delete)
    number = several(lodge) if how == "several" else half_erased(lodge, *EVERY)
    before = lodge.one(Guest, 1)
    booked(lodge)
    paid(lodge)
    nights(lodge)
    assert (lodge.one(Guest, 1), lodge.returns()) == (before, [(*OWN, "staff")])
    settled(lodge, living)
    assert ((lodge.one(Guest, 1) == before), ended(lodge, number)) == (living, "erased")
    assert (lodge.holds_ann() != []) is living
    wish = lodge.one(Booking, 8)
    assert wish is not None
    assert (wish["wishes"] == "late") is living
    nights(lodge)
    assert told(lodge, number).get("share", set()) == (
        {"name", "email", "phone", "document_no", "loyalty_no"} if living else set()
    )


@pytest.mark.parametrize("how", ["nobody", "elsewhere", "part"])
def test_a_profile_goes_with_its_bill_where_nothing_here_speaks_for_it(
    lodge: Lodge, how: str
) -> None:
    """Nobody booked, or at another company's hotel; or so much of it went that a mark tells."""
    if how == "elsewhere":
        elsewhere(lodge)
    number = half_erased(lodge, *(EVERY[:1] if how == "part" else EVERY))
    if how != "nobody":
        booked(lodge)
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (lodge.returns(), ended(lodge, number)) == ([], "erased")
    assert lodge.one(Guest, 1)["name"] == "[erased]"  # type: ignore[index]


def test_a_hold_that_came_over_a_profile_that_a_bill_needed_whole_changes_nothing(
    lodge: Lodge,
) -> None:
    """The stay was booked under the hold, and the bill was paid under it."""
    half_erased(lodge, *EVERY)
    hold = held(lodge, "1")
    nights(lodge, 1)
    booked(lodge)
    before = lodge.one(Guest, 1)
    paid(lodge)
    nights(lodge, 1)
    lifted(lodge, hold)
    nights(lodge, 1)
    assert (lodge.one(Guest, 1), lodge.returns()) == (before, [(*OWN, "staff")])
    lives(lodge)
    finishing.finish(lodge.run)
    assert lodge.one(Guest, 1) == before


def test_a_stay_that_was_booked_some_day_to_come_asks_nobody(lodge: Lodge) -> None:
    """The day of arrival stands for `created`: the stay that was waited for may be the only one."""
    lodge.stayed()
    arrival = (lodge.now + timedelta(days=20)).replace(tzinfo=None)
    lodge.add(Booking(id=7, guest_id=1, made_at=arrival, amount=600))
    owing(lodge, *EVERY)
    number = lodge.erased_guest()
    lodge.later(days=30)
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (lodge.returns(), ended(lodge, number)) == ([], "erased")


def test_a_booking_that_was_sent_once_more_is_no_stay_since(any_lodge: Lodge) -> None:
    """It carries what was erased, and goes again; its profile goes with the bill."""
    lodge = any_lodge
    half_erased(lodge, *EVERY)
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.session.add(Booking(id=8, guest_id=1, external_ref="OB-77001", made_at=made))
    lodge.session.commit()
    assert lodge.worker() == {"open": 1, "erased": 1}
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (name(lodge), lodge.returns("staff")) == ("[erased]", [])


def test_a_profile_of_which_the_law_kept_all_goes_on_its_day(lodge: Lodge) -> None:
    """No precondition needed it: what stood there all along is of the old stay."""
    by_law(lodge, *EVERY)
    lodge.stayed()
    number = lodge.erased_guest()
    booked(lodge)
    lodge.later(days=200)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (lodge.returns(), ended(lodge, number)) == ([], "erased")
