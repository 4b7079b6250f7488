"""Over the whole suite: our code changes host rows in the surgery, and where a restore puts back.

It is shown at run time, not by reading imports: each INSERT, UPDATE or DELETE on a table that is
not ours is traced to the nearest caller outside SQLAlchemy. When that caller lies in
``flask_guesterase/``, it must be ``store/erasing/surgery.py``, or ``store/recovery/putback.py``
that undoes what the surgery did.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

import flask_guesterase

OURS = str(Path(flask_guesterase.__file__).parent)
SURGERY = str(Path(OURS) / "store" / "erasing" / "surgery.py")
PUTBACK = str(Path(OURS) / "store" / "recovery" / "putback.py")
_STORE = Path(OURS) / "store"
HANDED_ON = {
    str(_STORE / "comeback" / "guard.py"): frozenset({"_hand_on", "_on_execute"}),
    str(_STORE / "hiding" / "passage.py"): frozenset({"passing"}),
    str(_STORE / "mapping" / "crossing.py"): frozenset({"execute"}),
}
"""What stands between a caller and its own statement, and executes it as it is: the guard and the
door of sessions for the host, and the connection that leads to several databases."""

CHANGE = re.compile(
    r"^\s*(?:WITH\b.*?\)\s*)?(INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE(?:\s+OR\s+\w+)?"
    r"|DELETE\s+FROM|TRUNCATE|REPLACE\s+INTO)\s+"
    r"(?:ONLY\s+)?[\"`\[]?([\w.\"`]+)",
    re.IGNORECASE | re.DOTALL,
)

changes: dict[str, int] = {"surgery": 0}
offences: list[str] = []


def caller() -> str:
    """Return the file of the nearest frame that is neither SQLAlchemy's nor this one."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        handed = frame.f_code.co_name in HANDED_ON.get(name, ())
        if "sqlalchemy" not in name and name != __file__ and not handed:
            return name
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def watch(
    conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    """Note a change of a host row that our code made outside the surgery."""
    found = CHANGE.match(statement)
    if found is None or "guesterase_" in found.group(2):
        return
    where = caller()
    if where in (SURGERY, PUTBACK):
        changes["surgery"] += 1
    elif where.startswith(OURS):
        offences.append(f"{Path(where).relative_to(OURS)}: {found.group(1)} {found.group(2)}")


@pytest.fixture(scope="session", autouse=True)
def _watched() -> Iterator[None]:
    event.listen(Engine, "before_cursor_execute", watch)
    yield
    event.remove(Engine, "before_cursor_execute", watch)


@pytest.fixture(autouse=True)
def _only_surgery_changes_host_rows() -> Iterator[None]:
    """Fail the test in which our code changed a host row outside the surgery."""
    del offences[:]
    yield
    found, offences[:] = list(offences), []
    assert not found, f"host rows changed outside the surgery: {found}"
