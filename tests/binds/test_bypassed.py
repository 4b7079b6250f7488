"""What the host deletes in another database is in the journal, as in the default one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from flask_guesterase.core.log import slug
from flask_guesterase.store import tables
from flask_guesterase.store.upkeep import upgrade
from tests.store.hotel import Companion
from tests.web.house import House

from .group import Group, group

KINDS = [
    pytest.param(("sqlite", "sqlite"), id="files"),
    pytest.param(("postgresql", "mariadb"), id="postgresql+mariadb"),
    pytest.param(("mariadb", "postgresql"), id="mariadb+postgresql", marks=pytest.mark.long),
]


@pytest.fixture(params=KINDS)
def hotel(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Group]:
    """A group over two databases: guests in the default one, letters in the archive."""
    with group(request.param, tmp_path) as made:
        yield made


def told(hotel: Group) -> list[str]:
    """Return what waits for the journal."""
    wanted = sa.select(tables.loose.c.body).order_by(tables.loose.c.id)
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        return list(conn.execute(wanted).scalars())


def model(hotel: Group, table: str) -> Any:
    """Return the host's class of a table."""
    mappers = hotel.db.Model.registry.mappers
    return next(each.class_ for each in mappers if each.local_table.name == table)


def test_what_is_deleted_in_another_database_is_in_the_journal(hotel: Group) -> None:
    """By the session or by a statement, in the transaction that deletes; counted once."""
    letter, page, session = model(hotel, "letters"), model(hotel, "pages"), hotel.db.session
    with hotel.app.app_context():
        session.delete(session.get(letter, 3))
        session.flush()
        session.rollback()
        session.execute(sa.delete(letter).where(letter.id == 3))
        session.rollback()
        assert told(hotel) == []
        session.delete(session.get(letter, 3))
        session.commit()
        session.execute(sa.delete(letter).where(letter.id == 99))
        session.execute(sa.delete(page))
        session.commit()
    first, second = told(hotel)
    assert '"action":"delete-bypassed"' in first
    assert '"letters":1' in first
    assert '"pages":3' in second


def test_one_flush_over_two_databases_is_one_line(hotel: Group) -> None:
    """What goes in both of them at once is counted together."""
    session = hotel.db.session
    with hotel.app.app_context():
        letter = session.get(model(hotel, "letters"), 3)
        session.delete(session.get(model(hotel, "points"), 2))
        session.delete(letter)
        session.commit()
    (line,) = told(hotel)
    assert '"letters":1' in line
    assert '"points":1' in line


def test_a_session_that_reads_elsewhere_journals_where_it_writes(hotel: Group) -> None:
    """Many hosts read from a replica; no line of ours goes there."""
    page = model(hotel, "pages")
    with hotel.app.app_context():
        home, archive = hotel.engines()

        class Routed(Session):
            """Writes to the default database, and reads from another one."""

            def get_bind(self, mapper: Any = None, *, clause: Any = None, **more: Any) -> Any:
                """Return the engine of what is asked for."""
                there = getattr(clause, "table", None) is page.__table__ or mapper is not None
                writes = isinstance(clause, sa.UpdateBase)
                return home if writes and not there else archive

        with Routed() as session:
            session.delete(session.get(page, 3))
            session.commit()
            session.execute(sa.delete(page))
            session.commit()
    first, second = told(hotel)
    assert '"pages":1' in first
    assert '"pages":2' in second


def test_a_session_with_another_default_database_is_not_seen(hotel: Group) -> None:
    """It deletes as it did: nobody knows to which house a session of the archive alone belongs."""
    letter, page = model(hotel, "letters"), model(hotel, "pages")
    with hotel.app.app_context(), Session(hotel.engines()[1]) as session:
        session.delete(session.get(letter, 3))
        session.execute(sa.delete(page))
        session.commit()
    assert told(hotel) == []


def test_what_is_deleted_in_the_context_of_another_application_is_in_the_journal(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A job of the host's may have an application of its own, without the extension."""
    house = House(sqlite_url, tmp_path)
    upgrade.make_keys(house.hotel.engine, house.hotel.custodian)
    house.people()
    with Flask("job").app_context():
        house.session.delete(house.session.get(Companion, (2, 1)))
        house.session.commit()
    lines = {row["controller"]: row["body"] for row in house.hotel.ours("loose")}
    assert lines.keys() == {slug("Pine Ltd"), slug("Fir GmbH")}
    assert all('"companions":1' in body for body in lines.values())
    house.session.remove()
    house.hotel.engine.dispose()
