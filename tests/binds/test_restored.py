"""An erasure over several databases is taken back in all of them, a crash between them or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_guesterase.core.errors import SetupError
from flask_guesterase.store.mapping.crossing import Crossing
from flask_guesterase.store.remembrance.erasures import Register
from tests.oracle.dump import assert_same

from .group import Group, group
from .test_forward import change

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


def test_what_fails_at_the_end_changes_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The register cannot be written, which comes after all rows were put back: all is erased."""
    with group(("sqlite", "sqlite", "sqlite"), tmp_path) as hotel:
        number = hotel.approved()
        hotel.erase(number)
        erased = hotel.dumps()

        def full(*_: object) -> None:
            raise SetupError("The register of erasures cannot be written.", "Look at its disk.")

        with monkeypatch.context() as patch:
            patch.setattr(Register, "append", full)
            with pytest.raises(SetupError):
                taken_back(hotel, number)
        for name, dump in hotel.dumps().items():
            assert_same(erased[name], dump)
        assert hotel.state(number) == "erased"


def test_a_crash_between_two_databases_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some came back, home did not commit: who restores again finds them, and the rest comes."""
    with group(("sqlite", "sqlite", "sqlite"), tmp_path) as hotel:
        before = hotel.dumps()
        number = hotel.approved()
        hotel.erase(number)
        commit = Crossing.go_ahead

        def cut(self: Crossing) -> None:
            ahead = bool(self._ahead)
            commit(self)
            if ahead:
                raise InterruptedError

        with monkeypatch.context() as patch:
            patch.setattr(Crossing, "go_ahead", cut)
            with pytest.raises(InterruptedError):
                taken_back(hotel, number)
        assert hotel.state(number) == "erased"
        assert hotel.dumps()["archive"] == before["archive"]
        taken_back(hotel, number)
        for name, dump in hotel.dumps().items():
            assert_same(before[name], dump)
        assert hotel.state(number) == "restored"


def test_what_was_taken_does_not_go_into_a_row_of_somebody_else(tmp_path: Path) -> None:
    """Her page was deleted since, and its number given to a page of another guest's letter."""
    with group(("sqlite", "sqlite"), tmp_path) as hotel:
        number = hotel.approved()
        hotel.erase(number)
        change(hotel, "archive", "DELETE FROM pages WHERE id = 2")
        change(hotel, "archive", "INSERT INTO pages (id, letter_id, words) VALUES (2, 2, NULL)")
        taken_back(hotel, number)
        pages = [row for row in hotel.dumps()["archive"]["pages"].lines if "page two" in str(row)]
        assert pages == []


def test_a_row_that_only_the_rehearsal_had_is_not_missed(tmp_path: Path) -> None:
    """What a trigger writes in the rehearsal is rolled back, and its number is not given again:
    nobody reads that a row of the guest was lost."""
    with group(("postgresql", "sqlite"), tmp_path, told=True) as hotel:
        change(hotel, "", "CREATE SEQUENCE numbers START 1000")
        change(hotel, "", (
            "CREATE OR REPLACE FUNCTION guests_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO stays (id, guest_id, wish) VALUES (nextval('numbers'), OLD.id, OLD.name); "
            "RETURN NULL; END $$"
        ))
        number = hotel.approved()
        hotel.erase(number)
        taken_back(hotel, number)
        with hotel.app.app_context(), hotel.extension.begin() as office:
            assert office.not_restored(number, "officer") == []
