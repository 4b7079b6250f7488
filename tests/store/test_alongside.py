"""A copy and an erasure of one guest, each asked for by itself: who is told of the other one."""

from __future__ import annotations

import pytest

from flask_guesterase.core.asking import PAPERS, Asker
from flask_guesterase.store.access import tokens
from tests.store.hotel import Hotel
from tests.store.test_copying import asked, fetched, furnish, release, run, shown


def told(hotel: Hotel, copy: str, erasure: str) -> tuple[bool, bool]:
    """Return whether the pages of the two cases say that the copy goes with the erasure."""
    with hotel.begin() as office:
        return office.case(copy).followed, office.case(erasure).copied


def test_both_are_told_until_the_erasure_took_the_copy_along(any_hotel: Hotel) -> None:
    """On each engine: before it is shown who asks nothing is told, and nothing once it is done."""
    hotel = any_hotel
    furnish(hotel)
    copying = asked(hotel)
    code = shown(hotel, copying)
    release(hotel, copying)
    erasing = asked(hotel, "erase")
    assert not run(hotel, lambda office: office.case(code).followed)
    both = code, shown(hotel, erasing)
    assert told(hotel, *both) == (True, True)
    fetched(hotel, copying)
    assert told(hotel, *both) == (True, True)
    run(hotel, lambda o: o.approve(erasing, "officer", o.preview(erasing).digest))
    hotel.later(days=2)
    run(hotel, lambda office: office.erase(erasing))
    assert told(hotel, *both) == (False, False)


@pytest.mark.parametrize("who", [each for each in Asker if each is not Asker.GUEST])
def test_nobody_who_asks_for_another_is_told_what_another_asked(hotel: Hotel, who: Asker) -> None:
    """Two relatives may be two people, of whom neither need know what the other wants."""
    furnish(hotel)
    codes = []
    for wish in ("copy", "erase"):
        with hotel.begin() as office:
            number = office.request(
                {"email": "ann@mail.example"}, property="sh", by="clerk", wish=wish,
                asked_by=who.value,
            )  # fmt: skip
            codes.append(office.confirm(number, "clerk", "desk", min(PAPERS[who]).value))
    assert told(hotel, *codes) == (False, False)


@pytest.mark.parametrize("wish", ["copy", "erase"])
def test_nothing_is_told_where_somebody_objected(hotel: Hotel, wish: str) -> None:
    """Whoever proved the one may not be who proved the other."""
    furnish(hotel)
    numbers = {each: asked(hotel, each) for each in ("copy", "erase")}
    codes = [shown(hotel, number) for number in numbers.values()]
    assert told(hotel, *codes) == (True, True)
    number = numbers[wish]
    run(hotel, lambda office: office.object_to(tokens.objection(office.work, number)))
    assert told(hotel, *codes) == (False, False)
    hotel.grants["officer"].add("law")
    run(hotel, lambda office: office.settle_objection(number, "officer"))
    assert told(hotel, *codes) == (True, True)
