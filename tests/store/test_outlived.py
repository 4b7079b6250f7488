"""Promise: what a search found stays told when its values have ended, until somebody looked."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text, update

from flask_guesterase.core import image
from flask_guesterase.core.errors import ForbiddenError, SealError, UnknownError
from flask_guesterase.store import worker
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.returning import returned
from flask_guesterase.store.search import outlived, queued, residue
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.tables import search
from tests.store.hotel import Hotel
from tests.store.test_finishing import SLIPS, slips, with_slips
from tests.store.test_residue import back, found, leaving, note, places, run_of

PLACE = "notes.t"


def forget(hotel: Hotel) -> None:
    """Let the days pass after which values of a search end."""
    hotel.later(days=32)
    worker.work(run_of(hotel), lambda *_: ("", ""), {}, frozenset({"deliver"}))


def erase_again(hotel: Hotel, number: str) -> str:
    """Erase her again who came back with another mailbox, and check; return the state."""
    id = back(hotel, number, name="Ann Berg", email="berg@other.example", phone=None)
    with hotel.begin() as office:
        assert returned.erase(office.work, id).fate == "erased"
    worker.check_all(run_of(hotel), [number], Report())
    return hotel.state(number)


def unsearched(hotel: Hotel, number: str) -> list[str]:
    """Return what the newest certificate names as not searched."""
    with hotel.begin() as office:
        return list(office.certificate(number)["content"]["unsearched"])


def test_what_was_left_is_told_when_its_values_have_ended(any_hotel: Hotel) -> None:
    """She is erased again after a month; her first mailbox still stands in a note."""
    hotel = any_hotel
    number = leaving(hotel)
    forget(hotel)
    assert erase_again(hotel, number) == "partial"
    with hotel.begin() as office:
        said = office.residue(number)
    assert [(each["place"], each["rows"]) for each in said["left"]] == [(PLACE, 2)]
    assert outlived.ENDED in said["unsearched"]
    # What she left under her new mailbox is found as well, and every day anew.
    with hotel.engine.begin() as conn:
        conn.execute(text("UPDATE notes SET t = 'berg@other.example' WHERE id = 2"))
    worker.look_again(run_of(hotel), number, "clerk")
    assert places(hotel, number) == {PLACE: {"email"}}
    with hotel.engine.begin() as conn:
        conn.execute(text("UPDATE notes SET t = 'x' WHERE id = 2"))
    worker.look_again(run_of(hotel), number, "clerk")
    assert hotel.state(number) == "partial"


def test_values_that_cannot_be_read_now_are_waited_for(hotel: Hotel) -> None:
    """The key of their day is damaged for an hour: nothing is erased again until it is back."""
    number = leaving(hotel)
    # What is sealed from now on lies under the key of another day.
    hotel.later(days=2)
    id = back(hotel, number, name="Ann Berg", email="berg@other.example", phone=None)
    (box,) = [row["box"] for row in hotel.ours("search")]
    (label,) = [row["label"] for row in hotel.ours("box") if row["id"] == box]
    key = hotel.custodian.path / f"key-{label.replace(':', '-')}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    with pytest.raises(SealError), hotel.begin() as office:
        returned.erase(office.work, id)
    assert hotel.row(1)["email"] == "berg@other.example"
    assert [row["box"] for row in hotel.ours("search")] == [box]
    key.write_bytes(whole)
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    with hotel.begin() as office:
        assert returned.erase(office.work, id).fate == "erased"
    worker.check_all(run_of(hotel), [number], Report())
    assert hotel.state(number) == "partial"
    assert places(hotel, number) == {PLACE: {"email"}}


def test_what_goes_on_its_day_ends_nothing_that_is_left(hotel: Hotel) -> None:
    """A slip ends after thirty years: it waits for a key that is away, and the note stays told."""
    with_slips(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(update(SLIPS).values(payer="berg@other.example"))
    note(hotel, "ann@mail.example")
    number = hotel.approved(email="ann@mail.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    hotel.later(days=31 * 366)
    (box,) = [row["box"] for row in hotel.ours("search")]
    (label,) = [row["label"] for row in hotel.ours("box") if row["id"] == box]
    (hotel.custodian.path / f"key-{label.replace(':', '-')}.json").write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    assert finishing.finish(run_of(hotel))["unfinished"] == 1
    assert {payer for payer, _ in slips(hotel)} == {"berg@other.example"}
    worker.work(run_of(hotel), lambda *_: ("", ""), {}, frozenset({"deliver"}))
    finishing.finish(run_of(hotel))
    assert {payer for payer, _ in slips(hotel)} == {None}
    worker.check_all(run_of(hotel), [number], Report())
    assert hotel.state(number) == "partial"
    with hotel.begin() as office:
        assert [each["place"] for each in office.residue(number)["ended"]] == [PLACE]


def test_values_that_nobody_looked_for_are_named(hotel: Hotel) -> None:
    """Their day came before the search did: the certificate says that it is not about them."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    note(hotel, "ann@post.example")
    number = hotel.approved(email="ann@post.example")
    with hotel.begin() as office:
        office.erase(number).settled()
    hotel.later(days=32)
    skipped = frozenset({"deliver", "erase"})
    worker.work(run_of(hotel), lambda *_: ("", ""), {}, skipped)
    assert erase_again(hotel, number) == "erased"
    assert unsearched(hotel, number) == [outlived.ENDED]


def test_where_no_search_was_made_at_all_none_is_certified(hotel: Hotel) -> None:
    """Both lots of values ended before anybody looked: the certificate names no search."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    with hotel.begin() as office:
        office.erase(number).settled()
    key = image.cell("id", "INTEGER", 1)
    gone = image.Image(
        "invoices", (key,), image.Change.OVERWRITTEN,
        (image.cell("billed_to", "TEXT", "other@post.example"),), 0,
    )  # fmt: skip
    skipped = frozenset({"deliver", "erase"})
    hotel.later(days=32)
    worker.work(run_of(hotel), lambda *_: ("", ""), {}, skipped)
    with hotel.begin() as office:
        queued.more(office.work, number, [gone])
    hotel.later(days=32)
    worker.work(run_of(hotel), lambda *_: ("", ""), {}, skipped)
    worker.check_all(run_of(hotel), [number], Report())
    with hotel.begin() as office:
        content = office.certificate(number)["content"]
        assert office.residue(number) == {}
    assert "search-by-value" not in content["evidence"]
    assert content["unsearched"] == ["everything (the values had ended)"]


def test_who_looked_ends_what_nobody_can_search_for(any_hotel: Hotel) -> None:
    """The host removed every copy after the values had ended: a person says so, and it is told."""
    hotel = any_hotel
    number = leaving(hotel)
    forget(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(text("DELETE FROM notes"))
    with hotel.begin() as office, pytest.raises(UnknownError, match="cannot be repeated") as told:
        office.look_again(number, "clerk")
    assert "is gone" in told.value.hint
    with hotel.begin() as office:
        said = office.residue(number, "clerk")
    assert (said["repeatable"], said["hits"], said["ended"]) == (False, [], said["left"])
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.is_gone(number, "auditor", [PLACE])
    for wrong in ([], ["bookings.remark"], [PLACE, "bookings.remark"]):
        with hotel.begin() as office, pytest.raises(UnknownError):
            office.is_gone(number, "clerk", wrong)
    with hotel.begin() as office:
        assert office.is_gone(number, "clerk", [PLACE]) == 1
        assert office.check(number) == "erased"
    assert unsearched(hotel, number) == [outlived.ENDED, f"{PLACE} (a person looked)"]
    with hotel.begin() as office:
        assert office.certificate(number)["content"]["supplement"] == 1
    assert hotel.events.count("find-gone") == 1
    with hotel.begin() as office, pytest.raises(UnknownError):
        office.is_gone(number, "clerk", [PLACE])


def test_what_can_be_searched_for_is_nobodys_to_call_gone(hotel: Hotel) -> None:
    """As long as the values are there the tables answer, and no person."""
    number = leaving(hotel)
    with hotel.begin() as office:
        assert office.residue(number, "clerk")["ended"] == []
    with hotel.begin() as office, pytest.raises(UnknownError):
        office.is_gone(number, "clerk", [PLACE])
    forget(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(text("INSERT INTO notes VALUES (9, 'berg@other.example')"))
    assert erase_again(hotel, number) == "partial"
    with hotel.begin() as office:
        assert [each["rows"] for each in office.residue(number)["ended"]] == [2]
        office.is_gone(number, "clerk", [PLACE])
        assert office.check(number) == "partial"
    # Of the place they looked at what is found since counts, and goes by another search.
    assert places(hotel, number) == {PLACE: {"email"}}
    with hotel.engine.begin() as conn:
        conn.execute(text("DELETE FROM notes"))
    worker.look_again(run_of(hotel), number, "clerk")
    assert hotel.state(number) == "erased"
    assert f"{PLACE} (a person looked)" in unsearched(hotel, number)


def test_a_key_that_is_away_makes_nobody_the_judge(hotel: Hotel) -> None:
    """Values that may be read again have not ended: the page shows, and nobody calls it gone."""
    number = leaving(hotel)
    for key in hotel.custodian.path.glob("key-day-*.json"):
        key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    with hotel.begin() as office:
        said = office.residue(number, "clerk")
    assert (said["repeatable"], said["ended"]) == (True, [])
    with hotel.begin() as office, pytest.raises(SealError):
        office.is_gone(number, "clerk", [PLACE])


def test_a_safety_copy_that_outlives_the_values_lets_the_request_end(hotel: Hotel) -> None:
    """A recovery window of two months: the values of the search ended after one."""
    hotel.settings = hotel.settings.__class__(**{**vars(hotel.settings), "recovery_days": 60})
    number = leaving(hotel)
    forget(hotel)
    with hotel.begin() as office:
        office.is_gone(number, "clerk", [PLACE])
        assert office.check(number) == "erased"
    (row,) = hotel.ours("search")
    assert (row["box"], row["state"]) == (None, "ended")


def test_what_is_perhaps_theirs_is_told_on(hotel: Hotel) -> None:
    """A name that somebody living has too stays on the page beside what is left."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    hotel.guest(2, name="Ann Berg", email="other@post.example")
    note(hotel, "ann@post.example")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    said = {**found(hotel, number), "perhaps": [
        {"place": "bookings.remark", "reason": "name-in-text", "rows": 1, "kinds": ["name"]}
    ]}  # fmt: skip
    with hotel.engine.begin() as conn:
        conn.execute(update(search).values(found=json.dumps(said)))
    forget(hotel)
    assert erase_again(hotel, number) == "partial"
    with hotel.begin() as office:
        assert [each["place"] for each in office.residue(number)["perhaps"]] == ["bookings.remark"]
        assert residue.evidence(office.work, number)["unsearched"] == [outlived.ENDED]
