"""The kit for a host's own tests finds what is open and what is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from example_pms import db
from flask_guesterase.testing import assert_covered, assert_erased
from tests import engines
from tests.example.test_acceptance import house, known


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_a_guest_is_there_before_and_gone_after(kind: str, tmp_path: Path) -> None:
    """The values are found while they are there; retained columns do not count as left."""
    _, guest = known("li.wei")
    values = [guest.email, guest.phone, guest.document_no]
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        with pytest.raises(AssertionError, match=r"guests\.email") as left:
            assert_erased(hotel.guesterase, values)
        hotel.erase({"document": guest.document_no, "name": guest.name}, "SHA")
        assert_erased(hotel.guesterase, values)

    assert guest.email not in str(left.value)


def test_a_column_that_nobody_declared_is_named(tmp_path: Path) -> None:
    """A covered map passes; a column that only the database has does not."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        assert_covered(hotel.guesterase)
        with db.engine.begin() as conn:
            conn.execute(text("ALTER TABLE guests ADD COLUMN nickname TEXT"))
        with pytest.raises(AssertionError, match=r"column-unmapped guests\.nickname"):
            assert_covered(hotel.guesterase)


def test_a_value_that_could_be_anybodys_is_refused(tmp_path: Path) -> None:
    """Two signs are found in every hotel."""
    with (
        house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel,
        pytest.raises(ValueError, match="three signs"),
    ):
        assert_erased(hotel.guesterase, ["李伟"])
