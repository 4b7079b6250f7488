"""The watch over who changes host rows sees what it should, and nothing else."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text

from tests import onlysurgery

CODE = "def go(conn, text):\n    conn.execute(text('UPDATE guests SET name = 1'))\n"


def run(filename: str) -> list[str]:
    """Change a host row from code that claims to lie in `filename`; return the offences."""
    space: dict[str, object] = {}
    exec(compile(CODE, filename, "exec"), space)  # noqa: S102 - the name of the file is the point
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE guests (id INTEGER, name TEXT)"))
        space["go"](conn, text)  # type: ignore[operator]
    engine.dispose()
    found, onlysurgery.offences[:] = list(onlysurgery.offences), []
    return found


def test_a_change_from_anywhere_else_in_the_package_is_an_offence() -> None:
    """A module of ours that writes to a host table is named."""
    wrong = str(Path(onlysurgery.OURS) / "web" / "staff.py")

    assert run(wrong) == [f"{Path('web') / 'staff.py'}: UPDATE guests"]


def test_who_may_is_where_the_watch_looks() -> None:
    """A module that is moved takes its leave along: no file is named that is not there."""
    for name in (onlysurgery.SURGERY, onlysurgery.PUTBACK, *onlysurgery.HANDED_ON):
        assert Path(name).is_file(), name


def test_the_surgery_and_the_host_may_change_rows() -> None:
    """The surgery is counted; the host's own code is none of our business."""
    before = onlysurgery.changes["surgery"]

    assert run(onlysurgery.SURGERY) == []
    assert run("host.py") == []
    assert onlysurgery.changes["surgery"] == before + 1
