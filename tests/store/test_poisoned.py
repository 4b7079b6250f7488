"""A guest the database refuses to erase stops nobody else; he is tried again, not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from flask_guesterase.store.executing import expiry
from flask_guesterase.store.sweeping import backlog
from tests import engines
from tests.store.crowd import NEW, OLD, Crowd

REFUSE = {
    "sqlite": ["""
        CREATE TRIGGER refuse BEFORE UPDATE ON guests WHEN OLD.id = {id}
        BEGIN SELECT RAISE(ABORT, 'Guest {id} with g{id}@mail.example stays'); END
    """],
    "postgresql": [
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.id = {id} THEN RAISE EXCEPTION 'Guest {id} with g{id}@mail.example stays';
            END IF;
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER refuse BEFORE UPDATE ON guests FOR EACH ROW EXECUTE FUNCTION refuse()
        """,
    ],
    "mariadb": ["""
        CREATE TRIGGER refuse BEFORE UPDATE ON guests FOR EACH ROW
        BEGIN
            IF OLD.id = {id} THEN
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Guest {id} with g{id}@mail.example';
            END IF;
        END
    """],
}  # fmt: skip
LIFT = {"postgresql": "DROP TRIGGER refuse ON guests"}

MANY = [
    pytest.param("sqlite", 24, id="sqlite"),
    *(
        pytest.param(kind, 1_000, marks=pytest.mark.long, id=f"{kind}-many")
        for kind in engines.ENGINES
    ),
]  # fmt: skip


@contextmanager
def hotel(kind: str, folder: Path, many: int) -> Iterator[Crowd]:
    """Yield a hotel in which so many are due, and one of them in the middle is refused."""
    folder.mkdir()
    with engines.fresh_database(kind) as url:
        made = Crowd(url, folder)
        try:
            made.build()
            made.confirmed()
            made.fill(range(1, many + 1), OLD)
            made.fill(range(many + 1, many + 11), NEW)
            with made.engine.begin() as conn:
                for statement in REFUSE[kind]:
                    conn.exec_driver_sql(statement.format(id=many // 2))
            yield made
        finally:
            made.engine.dispose()


def lift(made: Crowd, kind: str) -> None:
    """Let the database refuse nobody any more."""
    with made.engine.begin() as conn:
        conn.exec_driver_sql(LIFT.get(kind, "DROP TRIGGER refuse"))


@pytest.mark.parametrize(("kind", "many"), MANY)
def test_the_others_go_and_the_one_is_reported_without_a_word_about_him(
    kind: str, many: int, tmp_path: Path
) -> None:
    """Once a sweep, by a number; he waits longer each time; once nothing refuses him he goes."""
    bad, living = many // 2, set(range(many + 1, many + 11))
    with hotel(kind, tmp_path / "hotel", many) as made:
        report = made.sweep()
        assert made.there() == {bad, *living}
        assert made.halves() == []
        assert (report.counts["people"], report.counts["unfinished"]) == (many - 1, 1)
        assert report.problems == {}
        (failing,) = report.failing
        assert (failing["table"], failing["tries"]) == ("guests", 1)
        assert (report.backlog[0]["rows"], report.backlog[0]["failing"]) == (1, 1)
        told = repr(asdict(report))
        assert not [word for word in (f"g{bad}@", f"Guest {bad}", f"[{bad}]") if word in told]

        made.later(minutes=5)
        again = made.sweep()
        assert "unfinished" not in again.counts, "he was tried again at once"
        assert [each["tries"] for each in again.failing] == [1]

        made.later(minutes=15)
        assert made.sweep().failing[0]["tries"] == 2
        lift(made, kind)
        made.later(minutes=70)
        last = made.sweep()
        assert (last.counts["people"], last.failing, last.backlog) == (1, [], [])
        assert made.there() == living
        assert made.verified() == []


def test_who_is_refused_for_ever_is_not_tried_for_ever(tmp_path: Path) -> None:
    """Further and further apart, then a person has to look; after that person's word he goes."""
    with hotel("sqlite", tmp_path / "hotel", 4) as made:
        expiry.expire(made.run)
        waits, now = [], made.now.replace(tzinfo=None)
        while True:
            (failing,) = made.run(lambda office: backlog.failing(office.work))
            if failing.try_at is None:
                break
            waits.append(failing.try_at - now)
            assert len(waits) < 20, "he is tried for ever"
            made.later(seconds=waits[-1].total_seconds() + 1)
            now = made.now.replace(tzinfo=None)
            assert expiry.expire(made.run) == {"unfinished": 1}
        assert waits == sorted(waits)
        assert len(waits) >= 5
        lift(made, "sqlite")
        for _ in range(3):
            made.later(days=1)
            assert expiry.expire(made.run) == {}
        assert 2 in made.there()
        made.run(lambda office: backlog.retry(office.work))
        assert expiry.expire(made.run)["people"] == 1
        assert 2 not in made.there()
