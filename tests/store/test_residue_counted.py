"""A row that a policy's condition leaves out is no living person's: what it still says is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from flask_guesterase.core.policy import Policy
from tests.engines import DEEP
from tests.store.hotel import Guest, Hotel, policies

ADA = {"name": "Ada Quillfeather", "email": "ada.quill@mail.example", "phone": "+49 151 2345678"}


def counted(table: Table) -> Any:
    """Return which rows the host counts as guests."""
    return table.c.document_no != "deleted"


@pytest.fixture(params=DEEP)
def hotel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel that marks profiles as deleted, and names only the others in its policy."""
    made = Hotel(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    declared: list[tuple[Any, Policy]] = [
        (model, replace(policy, where=counted) if model is Guest else policy)
        for model, policy in policies(str(made.files))
    ]
    made.datamap = made.mapped(declared)
    yield made
    made.engine.dispose()


def test_a_profile_marked_as_deleted_is_found(hotel: Hotel) -> None:
    """It has all that the guest had, so nobody says that the guest is gone (P1)."""
    hotel.guest(1, document_no="C1", **ADA)
    hotel.guest(2, document_no="deleted", **ADA)
    assert hotel.erased(hotel.approved(email=ADA["email"])) == "partial"
    assert hotel.row(2)["email"] == ADA["email"]


def test_a_mailbox_of_another_guest_is_theirs(hotel: Hotel) -> None:
    """Who is counted lives, and nothing of theirs is called a remainder."""
    hotel.guest(1, document_no="C1", **ADA)
    hotel.guest(2, document_no="C2", name="Bela Umbra", email=ADA["email"])
    assert hotel.erased(hotel.approved(document_no="C1")) == "erased"
