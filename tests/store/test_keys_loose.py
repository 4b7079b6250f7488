"""The keys of requests that no row tells of: who filed one was stopped, or a copy was put back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from flask_guesterase.store.access import pulse
from flask_guesterase.store.casework import cases
from flask_guesterase.store.certificates import laternotice
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.office import Office
from flask_guesterase.store.upkeep import owndata
from tests.store.test_holds_placed import confirm, house
from tests.store.test_replayed import ANN, Copied

__all__ = ["house"]


def stopped(house: Copied) -> str:
    """Stop who files a request once its key is made; return the label of the key."""

    def file(office: Office) -> None:
        office.request({"email": ANN["email"]}, property="sh", by="clerk")
        raise ValueError

    with suppress(ValueError):
        house.run(file)
    (label,) = cased(house)
    return label


def cased(house: Copied) -> set[str]:
    """Return the keys of requests and of later notices."""
    kinds = "case:", "later:"
    return {each for each in house.hotel.custodian.labels() if each.startswith(kinds)}


def night(house: Copied, days: int = 0) -> set[str]:
    """Let a night be so many days later; return the keys of requests that are left."""
    house.hotel.later(days=days)
    owndata.end(house.run)
    forgetting.forget(house.run)
    return cased(house)


def test_the_key_of_a_request_that_was_never_filed_ends_with_the_copies(house: Copied) -> None:
    """Nobody can tell it from that of a request which a later copy of the database knows."""
    house.hotel.settings = replace(house.hotel.settings, backup_days=60)
    label = stopped(house)
    assert night(house) == night(house, 90) == {label}
    assert night(house, 40) == set()
    night(house, 100)
    marked = {row["label"] for row in house.hotel.ours("day")}
    assert not [name for name in marked if name.startswith("case:")]
    assert not [each for each in house.hotel.ours("pulse") if each["name"].startswith("loose")]
    assert not list(house.run(lambda office: office.verify()))


def test_the_key_of_a_request_that_is_there_does_not_end(house: Copied) -> None:
    """Whoever looked while it was being filed saw a key without a request."""
    house.hotel.settings = replace(house.hotel.settings, backup_days=60)
    label = cases.label(house.hotel.approved(email=ANN["email"]))
    with house.hotel.begin() as office:
        pulse.put(office.work.conn, f"loose:{label}", pulse.Pulse(office.work.stamp))
    assert night(house, 200) == {label}
    assert not [each for each in house.hotel.ours("pulse") if each["name"].startswith("loose")]


def test_the_key_of_a_request_that_a_later_copy_knows_waits_from_the_restore_on(
    house: Copied,
) -> None:
    """What was seen before says nothing of the copies that were made since."""
    house.hotel.settings = replace(house.hotel.settings, backup_days=60)
    label = stopped(house)
    assert night(house) == {label}
    house.copy()
    house.run(lambda office: office.freeze("sh", "officer"))
    house.restore()
    assert night(house, 200) == {label}, "it is restored, and not replayed yet"
    house.replay()
    confirm(house, "officer")
    assert night(house) == night(house, 90) == {label}
    assert night(house, 40) == set()


def test_the_key_of_a_later_notice_of_no_request_ends_with_the_copies_as_well(
    house: Copied,
) -> None:
    """A later copy of the database knows whom to tell, or the one of which this is a copy does."""
    house.hotel.settings = replace(house.hotel.settings, backup_days=60)
    label = laternotice.label("GR-NOBODY22")
    house.hotel.custodian.ensure(label)
    assert night(house) == night(house, 90) == {label}
    assert night(house, 40) == set()
    night(house, 100)
    assert not [row for row in house.hotel.ours("day") if row["label"] == label]
    assert not [each for each in house.hotel.ours("pulse") if each["name"].startswith("loose")]


@pytest.mark.parametrize("what", ["backup_days", "register"])
def test_the_key_of_no_request_stays_where_nobody_knows_of_the_copies(
    house: Copied, what: str
) -> None:
    house.hotel.settings = replace(house.hotel.settings, backup_days=60)
    label = stopped(house)
    empty = {"backup_days": None, "register": ""}[what]
    house.hotel.settings = replace(house.hotel.settings, **{what: empty})
    assert night(house) == night(house, 4000) == {label}
