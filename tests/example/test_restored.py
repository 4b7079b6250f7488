"""The demo hotel after an erasure that was taken back: as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from example_pms import db
from tests import engines
from tests.example.test_acceptance import House, house, known
from tests.oracle.dump import Dump, assert_same, dump

KEYS = ("li.wei", "chen.jing", "zoe", "claire")


def _cases() -> list[object]:
    return [
        pytest.param(
            key, kind,
            marks=[] if key == "li.wei" and kind == "sqlite" else [pytest.mark.long],
        )
        for key in KEYS
        for kind in engines.ENGINES
    ]  # fmt: skip


def whole(hotel: House) -> Dump:
    """Everything of the host's, as the engine writes it."""
    db.session.remove()
    with db.engine.connect() as conn:
        return dump(conn)


@pytest.mark.parametrize(("key", "kind"), _cases())
def test_a_guest_who_is_taken_back_was_never_gone(key: str, kind: str, tmp_path: Path) -> None:
    """Erased by the worker, taken back at a console by two officers: rows and scans are equal."""
    guest = known(key)[1]
    match = {"document": guest.document_no} if guest.document_no else {"email": guest.email}
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        before, scans = whole(hotel), hotel.files()
        case = hotel.erase(match | {"name": guest.name}, guest.property)
        assert whole(hotel) != before
        people, place = [], guest.property.lower()
        for option, who in (("", f"{place}.officer"), ("second", f"{place}.officer2")):
            with hotel.guesterase.begin() as office:
                code = office.code(who)
            people += [f"--{option or 'by'}", who]
            people += [f"--{option}-code" if option else "--code", code]
        told = hotel.app.test_cli_runner().invoke(
            args=["guesterase", "restore", case["number"], *people, "--ground", "wrong-person"]
        )
        assert told.exit_code == 0, told.output
        assert guest.name not in told.output
        assert hotel.guesterase.work().problems == {}
        assert_same(before, whole(hotel))
        assert hotel.files() == scans
