"""A journal that is looked through while others write: what they append accuses nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, event, select, update

from flask_guesterase.store import tables
from flask_guesterase.store.journaling import audit
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import health
from tests.engines import DEEP
from tests.store.test_journal import fill, opened

Journal = tuple[Engine, FolderCustodian]


@pytest.fixture(params=DEEP)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """Our tables with nine entries, and the keys."""
    keeper = FolderCustodian(tmp_path / "keys")
    keeper.create()
    with opened(request.getfixturevalue(f"{request.param}_url")) as engine:
        fill(engine, keeper, 8)
        yield engine, keeper


@contextmanager
def busy(journal: Journal, conn: Connection) -> Iterator[None]:
    """Let somebody else append before each statement of a connection."""
    engine, keeper = journal
    count = 0

    def append(*_: object) -> None:
        nonlocal count
        count += 1
        fill(engine, keeper, 1 + count % 3, start=100 * count)

    event.listen(conn, "before_cursor_execute", append)
    yield
    event.remove(conn, "before_cursor_execute", append)
    assert count


def test_entries_that_are_appended_meanwhile_are_nobodys_forgery(journal: Journal) -> None:
    """Neither to who verifies, nor at the address that says whether all is well."""
    with transaction(journal[0], write=False) as conn:
        with busy(journal, conn):
            assert audit.verify(conn) == []
        with busy(journal, conn):
            assert health._whole(conn, "hotel-a", 0)


def test_entries_behind_the_head_are_found(journal: Journal) -> None:
    """Whoever puts back the head of before, whole, leaves what came after it."""
    engine, keeper = journal
    with transaction(engine, write=False) as conn:
        old = dict(conn.execute(select(tables.tree)).mappings().one())
    fill(engine, keeper, 3, start=20)
    with transaction(engine) as conn:
        conn.execute(update(tables.tree).values(size=old["size"], frontier=old["frontier"]))
    with transaction(engine, write=False) as conn:
        found = audit.verify(conn)
        assert ("head-differs", 9) in {(each.id, each.index) for each in found}
        assert not health._whole(conn, "hotel-a", 0)
    with transaction(engine) as conn:
        conn.execute(delete(tables.entry).where(tables.entry.c.position >= 9))
    with transaction(engine, write=False) as conn:
        assert [each.id for each in audit.verify(conn)] == ["node-count"]
