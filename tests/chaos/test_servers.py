"""In the long run: the database server is killed while it writes, restarted, and recovers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos import plug
from tests.chaos.drill import Stage, drilling
from tests.chaos.plug import Plug
from tests.chaos.scenes import SCENES
from tests.engines import SERVERS

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", params=SERVERS)
def plugged(request: pytest.FixtureRequest) -> Iterator[Plug]:
    """A PostgreSQL, then a MariaDB, of our own, which writes through to the disk."""
    with plug.plugged(request.param) as made:
        yield made


@pytest.mark.parametrize(
    "name", [n for n in SCENES if n not in ("rotate", "migrate-0001", "migrate-0002")]
)
def test_a_killed_server_comes_back_with_before_or_after(
    plugged: Plug, stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at the first, middle and last statement, before the commit and right after it."""
    monkeypatch.setenv(f"GUESTERASE_TEST_{plugged.kind.upper()}", plugged.running.url)
    with drilling(plugged.kind, name, stage) as drill:
        for at in drill.around(2 if name == "erase" else 1):
            drill.pull(at, plugged)
        drill.assert_whole()
