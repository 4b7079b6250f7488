"""The journal as people read it: newest first, page by page, each controller's own."""

from __future__ import annotations

from flask_guesterase.store.journaling.ledger import newest
from tests.store.hotel import Hotel


def test_the_newest_entries_come_first_and_pages_join(hotel: Hotel) -> None:
    """Two pages together are the whole journal, without a gap or an entry twice."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    hotel.approved(email="ann@mail.example")
    with hotel.begin() as office:
        whole = newest(office.work, "Pine Ltd")
        first = newest(office.work, "Pine Ltd", most=2)
        rest = newest(office.work, "Pine Ltd", before=first[-1].position)
    told = [line for line in whole if line.action != "rules-changed"]
    assert [line.action for line in told] == [
        "erasure-approved", "identity-verified", "erasure-requested", "epoch-opened",
    ]  # fmt: skip
    assert first + rest == whole
    assert told[1].grounds == ("desk",)
    assert whole[0].counts["people"] == 1
    assert whole[0].number == hotel.ours("request")[0]["number"]


def test_a_controller_reads_its_own_journal(hotel: Hotel) -> None:
    """Nothing of one controller is in what another one reads."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    hotel.file(email="ann@mail.example")
    with hotel.begin() as office:
        assert newest(office.work, "Fir GmbH") == []
        assert newest(office.work, "Pine Ltd") != []
