"""What a sweep counts is told on its page in the reader's words, whatever it was."""

from __future__ import annotations

import re
from pathlib import Path

from flask_guesterase.store import byday, sending, sweep, worker
from flask_guesterase.store.comeback.again import Fate
from flask_guesterase.web.words import SWEPT

UNCOUNTED = {"age"}
"""Steps that do something every night of which nothing is counted."""


def counted() -> set[str]:
    """Return each word under which the sweep, or the worker within it, counts something."""
    words = set(sweep.STEPS) - UNCOUNTED
    for module in (sweep, byday, sending, worker):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        words |= set(re.findall(r'report\.add\("([a-z-]+)"', source))
    words |= {*sweep._LAPSED.values(), *sending._SENT.values(), *worker._FATES.values()}
    words |= {"sent", byday.PAPER}
    words |= {worker._SIGHTED.get(fate.value, fate.value) for fate in worker._FATES}
    return words - {"expired"} | {"expired", "finished", "settled", "counted", "missed"}


def test_each_word_that_a_sweep_counts_is_told_in_words() -> None:
    """Readers of Chinese were shown "settled: 1" among their own words."""
    assert {"erased", "deadlines", "files-back", "alerts", "refreshed", "paper"} <= counted()
    assert sorted(counted() - set(SWEPT)) == []
    assert Fate.ERASED in worker._FATES
