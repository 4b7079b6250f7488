"""Boxes judged again while somebody places a hold: what is held stays, and under the hold's key."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.seal import day_label
from flask_guesterase.store import settling, tables, vault
from tests.store.test_expiry import PEOPLE, Inn, any_inn, boxed

__all__ = ["any_inn"]

LATER = "2040-01-01"


def retained(inn: Inn) -> dict[str, Any]:
    """Return the one box that the law keeps."""
    (row,) = [row for row in inn.ours("box") if row["purpose"] == "retention"]
    return row


def kept_longer(inn: Inn) -> None:
    """Let the law have kept until now for longer what lies in the box."""
    kept, box, id = tables.kept, tables.box, retained(inn)["id"]
    with inn.begin() as office:
        conn = office.work.conn
        conn.execute(update(kept).where(kept.c.box == id).values(until=LATER))
        conn.execute(update(box).where(box.c.id == id).values(last_day=LATER))
        vault.rewrap(conn, inn.custodian, [id], day_label(LATER))


@pytest.mark.parametrize("days", [3 * 366, 100], ids=["over", "another day"])
def test_a_box_that_is_held_while_it_is_judged_stays_under_the_hold(
    any_inn: Inn, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was read as nobody's hold; the officer placed one before anything was done about it."""
    inn, placed, verdict = any_inn, list[int](), settling.verdict
    inn.grants["officer"].add("hold")
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    kept_longer(inn)
    inn.later(days=days)

    def hold() -> None:
        with inn.begin() as office:
            wanted = Wanted("record", "court-order", PEOPLE.name, "1")
            placed.append(office.place_hold(wanted, "officer"))

    def judged(*given: Any) -> Any:
        # SQLite lets only one of them in at a time, so they cannot meet there.
        if not placed and inn.engine.dialect.name != "sqlite":
            officer = threading.Thread(target=hold)
            officer.start()
            officer.join()
        return verdict(*given)

    if inn.engine.dialect.name == "sqlite":
        hold()
    monkeypatch.setattr(settling, "verdict", judged)
    settling.settled(inn.run)
    box = retained(inn)
    assert (box["label"], box["forgotten_at"]) == (f"hold:{placed[0]}", None)
    with inn.begin() as office:
        assert vault.unseal(office.work.conn, inn.custodian, [box["id"]])
