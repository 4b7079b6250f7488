"""What stands in the hotel's texts moves no cursor of whoever reads a command's answer."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tracemalloc
from datetime import date

import pytest

from flask_guesterase.web.commands import console as desk
from tests.store.hotel import Booking
from tests.web.house import House
from tests.web.test_cli import Console, approved

RUBS_OUT = "\x1b[1A\x1b[2K\x9b2Jcall +8613912345678 please"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_guests_text_cannot_rub_out_what_a_command_says(house: House, as_json: bool) -> None:
    """Whoever looks for what is left would else not see that it is."""
    console = Console(house.app)
    house.hotel.put(Booking, id=7, number="B7", guest_id=2, remark=RUBS_OUT)
    number = approved(console, house)
    console.raw("erase", number, code=1)
    arguments = ["residue", number, *console.proved("clerk"), *(["--json"] if as_json else [])]
    # In colour, as at a terminal: elsewhere click takes some of these characters out.
    shown = console.runner.invoke(args=["guesterase", *arguments], color=True).stdout
    if as_json:
        (hit,) = json.loads(shown)["hits"]
        assert hit["context"].startswith("\x1b[1A")
    else:
        assert "\ufffd[1A\ufffd[2K\ufffd2Jcall" in shown
    assert not [c for c in shown if (c < " " and c != "\n") or "\x7f" <= c < "\xa0"]


def test_a_terminal_that_lacks_a_letter_still_gets_the_answer(house: House) -> None:
    """Where no UTF-8 is set, names from China are written as numbers, and nothing has failed."""
    runner = house.app.test_cli_runner(charset="iso-8859-15")
    shown = runner.invoke(args=["guesterase", "jurisdiction", "show", "CN"])
    assert (shown.exit_code, shown.exception) == (0, None)
    assert "\\u" in shown.stdout


class _Nowhere(io.StringIO):
    """An output that keeps how much went there and a mark of it, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.mark, self.long = hashlib.sha256(), 0

    def write(self, text: str) -> int:
        self.mark.update(text.encode())
        self.long += len(text)
        return len(text)


def test_a_long_answer_in_json_is_written_as_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same to a sign, and never as a whole in memory beside what it tells."""
    rows = [{"number": f"GR-{each:08d}", "on": date(2026, 3, 1)} for each in range(20_000)]
    whole = json.dumps(rows, default=str, indent=2) + "\n"
    out = _Nowhere()
    monkeypatch.setattr(sys, "stdout", out)
    tracemalloc.start()
    try:
        desk.echo_json(rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert out.mark.hexdigest() == hashlib.sha256(whole.encode()).hexdigest()
    assert peak < out.long / 2
