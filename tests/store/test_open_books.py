"""Open books, where the sessions that read reach the database by engines of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from flask_guesterase.core.errors import VeiledError
from flask_guesterase.store.hiding import veil
from flask_guesterase.store.mapping.host import Host
from tests.store.test_veil import OTHER, POLICY, SECRET, Base, Bill, House, Stay, house


@pytest.fixture
def inn(sqlite_url: str) -> Iterator[House]:
    """A host of which one bill is kept in place."""
    with house(sqlite_url) as made:
        made.keep()
        yield made


@pytest.fixture
def follower(inn: House) -> Iterator[sa.Engine]:
    """Another engine to the same rows, as a replica or another account has one."""
    engine = sa.create_engine(inn.engine.url)
    yield engine
    engine.dispose()


def _routed(leader: sa.Engine, follower: sa.Engine) -> Host:
    """Return a host whose session reads from one engine and writes to another."""

    class Routed(Session):
        def get_bind(self, mapper: Any = None, clause: Any = None, **_: Any) -> sa.Engine:
            written = self._flushing or isinstance(clause, sa.UpdateBase)  # type: ignore[attr-defined]
            return leader if written else follower

    host = Host(scoped_session(sessionmaker(class_=Routed)), models=Base)
    veil.install(host, [(Bill, POLICY)])
    return host


def test_open_books_reach_the_replica_the_session_reads_from(
    inn: House, follower: sa.Engine
) -> None:
    """Reads go to a replica and corrections to the leader; both are the books' database."""
    host = _routed(inn.engine, follower)
    session = host.session
    assert str(session.get_one(Bill, 1).holder) == "▒▒▒"
    with veil.opened(host, "sh"):
        bill = session.get_one(Bill, 1)
        assert bill.holder == SECRET
        assert SECRET in session.scalars(select(Bill.holder)).all()
        session.commit()
        bill.holder = "Aino Corrected"
        session.commit()
    assert str(bill.holder) == "▒▒▒"
    assert inn.raw() == "Aino Corrected"
    session.remove()


def test_open_books_reach_the_replica_of_a_session_that_holds_to_its_leader_once_it_wrote(
    inn: House, follower: sa.Engine
) -> None:
    """What the host's session wrote before says nothing of what its next one reads."""

    class Held(Session):
        wrote = False

        def get_bind(self, mapper: Any = None, clause: Any = None, **_: Any) -> sa.Engine:
            self.wrote = self.wrote or self._flushing or isinstance(clause, sa.UpdateBase)
            return inn.engine if self.wrote else follower

    host = Host(scoped_session(sessionmaker(class_=Held)), models=Base)
    host.session.execute(sa.update(Bill).values(total=Bill.total))
    host.session.commit()
    with veil.opened(host, "sh"):
        host.session.remove()
        assert host.session.get_one(Bill, 1).holder == SECRET
    host.session.remove()


def test_open_books_ask_a_router_of_no_table_that_it_could_not_read(
    inn: House, follower: sa.Engine
) -> None:
    """A router may know classes alone: it is asked as its own sessions ask it, and never fails."""
    loose = sa.MetaData()
    sa.Table("loose", loose, sa.Column("id", sa.Integer, primary_key=True))
    asked: list[str] = []

    class Strict(Session):
        def get_bind(self, mapper: Any = None, clause: Any = None, **_: Any) -> sa.Engine:
            table = mapper.local_table if mapper is not None else clause.table
            if isinstance(clause, sa.UpdateBase):
                return inn.engine
            asked.append(table.name)
            if table.name == Stay.__tablename__:
                raise KeyError(table.name)
            return follower

    host = Host(scoped_session(sessionmaker(class_=Strict)), models=[Base, loose])
    veil.install(host, [(Bill, POLICY)])
    with veil.opened(host, "sh"):
        assert Stay.__tablename__ in asked
        assert host.session.get_one(Bill, 1).holder == SECRET
    host.session.remove()


def test_an_engine_that_is_named_shows_in_open_books(inn: House, follower: sa.Engine) -> None:
    """One of several replicas, or another account's: no session of the host's tells of it."""
    with Session(follower) as session:
        with veil.opened(inn.host, "sh", [follower]):
            bill = session.get_one(Bill, 1)
            assert bill.holder == SECRET
            assert SECRET in session.scalars(select(Bill.holder)).all()
            assert inn.session.get_one(Bill, 1).holder == SECRET
        assert str(bill.holder) == "▒▒▒"
        with pytest.raises(VeiledError):
            session.scalars(select(Bill.holder))


def test_an_engine_that_nobody_named_stays_veiled(inn: House, follower: sa.Engine) -> None:
    """Tenants share an address, so a like one is no proof; the refusal says what to do."""
    with Session(follower) as session, veil.opened(inn.host, "sh"):
        assert str(session.get_one(Bill, 1).holder) == "▒▒▒"
        with pytest.raises(VeiledError) as refused:
            session.scalars(select(Bill.holder))
        assert "engines=" in refused.value.hint


def test_open_books_are_not_those_of_a_database_that_is_written_elsewhere(
    inn: House, sqlite_url: str
) -> None:
    """Tables the session writes into another house's database are no replica of this one."""
    with house(f"{sqlite_url}-far") as far:
        far.keep()

        class Apart(Session):
            def get_bind(self, mapper: Any = None, clause: Any = None, **_: Any) -> sa.Engine:
                ours = getattr(getattr(clause, "table", None), "name", "").startswith("guesterase")
                return inn.engine if ours else far.engine

        host = Host(scoped_session(sessionmaker(class_=Apart)), models=Base)
        assert host.engine() is inn.engine
        with veil.opened(host, "sh"):
            assert str(host.session.get_one(Bill, 1).holder) == "▒▒▒"
        host.session.remove()


def test_open_books_reach_asynchronous_sessions(postgresql_url: str) -> None:
    """Named, their engine shows and corrects; what ends shows nothing, blocks nested or not."""
    with house(postgresql_url) as hotel:
        hotel.keep(1, "sh")
        hotel.keep(2, "mu")

        async def use() -> None:
            engine = create_async_engine(postgresql_url)
            async with AsyncSession(engine, expire_on_commit=False) as session:
                with veil.opened(hotel.host, "sh", [engine]):
                    first = await session.get_one(Bill, 1)
                    assert first.holder == SECRET
                    with veil.opened(hotel.host, "mu", [engine]):
                        second = await session.get_one(Bill, 2)
                        assert second.holder == OTHER
                        assert SECRET in (await session.scalars(select(Bill.holder))).all()
                        first.holder = "Aino Corrected"
                        await session.commit()
                    assert str(second.holder) == "▒▒▒"
                assert str(first.holder) == str(second.holder) == "▒▒▒"
            await engine.dispose()

        asyncio.run(use())
        assert hotel.raw() == "Aino Corrected"
