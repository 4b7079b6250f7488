"""An erasure over several databases is taken back in all of them, a crash between them or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_guesterase.store.binds.crossing import Crossing
from tests.oracle.dump import assert_same

from .group import Group, group

KINDS = [
    pytest.param(("sqlite", "sqlite", "sqlite"), id="three"),
    pytest.param(
        ("postgresql", "mariadb", "sqlite"), id="postgresql+mariadb+sqlite", marks=pytest.mark.long
    ),
]


def taken_back(hotel: Group, number: str) -> None:
    """Let two people take an erasure back."""
    with hotel.app.app_context():
        with hotel.extension.begin() as office:
            office.propose_restore(number, "officer", "wrong-person")
        with hotel.extension.begin() as office:
            office.restore(number, "second")


@pytest.mark.parametrize("kinds", KINDS)
def test_every_database_is_as_it_was(kinds: tuple[str, ...], tmp_path: Path) -> None:
    """The dumps are equal byte for byte, the request is restored, and says so once."""
    with group(kinds, tmp_path) as hotel:
        before = hotel.dumps()
        number = hotel.approved()
        hotel.erase(number)
        assert hotel.dumps() != before
        taken_back(hotel, number)
        for name, dump in hotel.dumps().items():
            assert_same(before[name], dump)
        assert hotel.state(number) == "restored"
        assert hotel.actions().count("subject-restored") == 1


def test_a_crash_between_two_databases_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some came back, home did not commit: who restores again finds them, and the rest comes."""
    with group(("sqlite", "sqlite", "sqlite"), tmp_path) as hotel:
        before = hotel.dumps()
        number = hotel.approved()
        hotel.erase(number)
        commit = Crossing.commit_at

        def cut(self: Crossing, name: str) -> None:
            commit(self, name)
            raise InterruptedError

        with monkeypatch.context() as patch:
            patch.setattr(Crossing, "commit_at", cut)
            with pytest.raises(InterruptedError):
                taken_back(hotel, number)
        assert hotel.state(number) in ("erased", "sealed")
        taken_back(hotel, number)
        for name, dump in hotel.dumps().items():
            assert_same(before[name], dump)
        assert hotel.state(number) == "restored"
