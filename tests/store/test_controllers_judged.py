"""A booking at another company's hotel, where somebody is judged for the first time who is back.

It keeps nobody here whom the request took, and no word about it reaches staff of this house.
"""

from __future__ import annotations

import pytest

from tests.store.lodge import ANN, Booking, Guest, Lodge, elsewhere
from tests.store.test_guard_living import OLD
from tests.store.test_looked_again import refill
from tests.store.test_two_steps import name


def made(lodge: Lodge, guest: int, wishes: str) -> None:
    """Let somebody book: late wishes lie at the other company's hotel."""
    lodge.later(days=2)
    at = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=guest, made_at=at, wishes=wishes))


@pytest.mark.parametrize("wishes", ["late", "soon"])
def test_a_row_filled_again_is_judged_without_the_other_companys_booking(
    lodge: Lodge, wishes: str
) -> None:
    """Only a stay that was booked here makes it one that staff are asked about."""
    elsewhere(lodge)
    lodge.stayed()
    lodge.erased_guest()
    refill(lodge)
    made(lodge, 1, wishes)
    lodge.sweep()
    (line,) = lodge.returns()
    assert (line[3], name(lodge)) == {
        "late": ("erased", "[erased]"), "soon": ("staff", "Ann Berg")
    }[wishes]  # fmt: skip


def test_a_profile_known_by_a_contact_does_not_live_by_the_other_companys_booking(
    lodge: Lodge,
) -> None:
    """It was made long ago, and lies at this house."""
    elsewhere(lodge)
    lodge.stayed()
    lodge.erased_guest()
    lodge.add(Guest(id=9, house="sh", made_on=OLD, **ANN))
    made(lodge, 9, "late")
    lodge.sweep()
    assert (lodge.returns("lives"), lodge.holds_ann()) == ([], [])


def test_a_common_profile_stays_for_the_other_company_without_a_question_here(
    lodge: Lodge,
) -> None:
    """That company needs it, which the request says as of any other row that it keeps."""
    elsewhere(lodge, common=True)
    lodge.stayed()
    number = lodge.erased_guest()
    refill(lodge)
    made(lodge, 1, "late")
    lodge.sweep()
    assert (lodge.returns("staff", "lives"), name(lodge)) == ([], "Ann Berg")
    assert lodge.state(number) == "sealed"
    assert [each["open"] for each in lodge.ours("kept")] == ["another-controller"]
