"""A hotel for every test of the office: on SQLite, or on each engine where the engine matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import engines
from tests.store.hotel import Hotel
from tests.store.house import House
from tests.store.lodge import Lodge
from tests.store.watched import Watch


@pytest.fixture
def hotel(sqlite_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel without guests on SQLite."""
    made = Hotel(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_hotel(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel without guests on each of the three engines in turn."""
    made = Hotel(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture(params=engines.DEEP)
def deep_hotel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel without guests, on the servers in the long run."""
    with engines.fresh_database(request.param) as url:
        made = Hotel(url, tmp_path)
        yield made
        made.engine.dispose()


@pytest.fixture
def house_kind() -> Callable[[str, Path], Any]:
    """Of which kind the house of a test is; a file with a kind of its own gives that."""
    return House


@pytest.fixture
def house(
    sqlite_url: str, tmp_path: Path, house_kind: Callable[[str, Path], Any]
) -> Iterator[Any]:
    """A hotel that needs its guests, without guests, on SQLite."""
    made = house_kind(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_house(
    database_url: str, tmp_path: Path, house_kind: Callable[[str, Path], Any]
) -> Iterator[Any]:
    """A hotel that needs its guests, without guests, on each of the three engines in turn."""
    made = house_kind(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def lodge(sqlite_url: str, tmp_path: Path) -> Iterator[Lodge]:
    """A hotel that is watched for guests who come back, on SQLite."""
    made = Lodge(sqlite_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def any_lodge(database_url: str, tmp_path: Path) -> Iterator[Lodge]:
    """A hotel that is watched for guests who come back, on each of the three engines in turn."""
    made = Lodge(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def watch(database_url: str, tmp_path: Path) -> Iterator[Watch]:
    """A hotel in which something happens, on each of the three engines in turn."""
    made = Watch(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> Iterator[Watch]:
    """A hotel in which something happens on SQLite, for what no engine changes."""
    made = Watch(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()
