"""What a sweep counts is told on its page in the reader's words, whatever it was."""

from __future__ import annotations

import re
from pathlib import Path

from flask_guesterase.core.events import (
    IncidentMeasured,
    KeysReplaced,
    OwnDataEnded,
    RegisterProduced,
    RetentionEnded,
    RulesChanged,
)
from flask_guesterase.core.log import slug
from flask_guesterase.store import sweep, tables, worker
from flask_guesterase.store.executing import byday
from flask_guesterase.store.requests.tombstones import LOOKUPS
from flask_guesterase.store.returning.again import Fate
from flask_guesterase.store.sweeping import runs
from flask_guesterase.store.upkeep import owndata, sending
from flask_guesterase.web.wording.casewords import OWN_ENDED
from flask_guesterase.web.wording.words import SWEPT
from tests.web.house import House

UNCOUNTED = {"age", "held-keys", "strayed"}
"""Steps that do something every night of which nothing is counted."""


def counted() -> set[str]:
    """Return each word under which the sweep, or the worker within it, counts something."""
    words = set(sweep.STEPS) - UNCOUNTED
    for module in (sweep, byday, sending, worker):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        words |= set(re.findall(r'report\.add\("([a-z-]+)"', source))
    words |= {*sweep._LAPSED.values(), *sending._SENT.values(), *worker._FATES.values()}
    words |= {"sent", byday.PAPER, "lists-lost"}
    words |= {worker._SIGHTED.get(fate.value, fate.value) for fate in worker._FATES}
    return words - {"expired"} | {"expired", "finished", "settled", "counted", "missed"}


def test_each_word_that_a_sweep_counts_is_told_in_words() -> None:
    """Readers of Chinese were shown "settled: 1" among their own words."""
    assert {"erased", "deadlines", "files-back", "alerts", "refreshed", "paper"} <= counted()
    assert sorted(counted() - set(SWEPT)) == []
    assert Fate.ERASED in worker._FATES


def test_the_journal_counts_in_words_that_mean_what_was_counted(house: House) -> None:
    """Rows that ran out are no requests of people unknown, a sealed line is no erased one, and what
    is named after a table is that table: an auditor believes what stands there."""
    with house.app.app_context(), house.extension.begin() as office:
        place = office.work.settings.property("sh")
        who = (slug(place.controller), "sh")
        runs.finish(office.work, office.work.stamp, {"expired": 41, "holds": 43})
        office.work.events += [
            IncidentMeasured(*who, counts={"living": 44, "sealed": 45, "erased": 46}),
            RegisterProduced(*who, counts={"rows": 47, "sealed": 48, "unopened": 49}),
            OwnDataEnded(
                *who, counts={"hold": 50, "closed": 53, "keys": 54, "facts": 55, "sealed": 56}
            ),
            RetentionEnded(*who, counts={"deputy": 51}),
            KeysReplaced(*who, counts={"keys": 52}),
            RulesChanged(*who),
        ]
    page = house.browser("auditor").get("/desk/privacy/journal", wish="en")
    for said in (
        "rows that had their time: 41", "reminders about holds and freezes: 43", "on file: 44",
        "sealed: 45", "erased: 46", "rows: 47", "sealed: 48", "not opened: 49", "hold: 50",
        "deputy: 51", "keys: 52", "how often rules have changed: ",
        "closed requests rid of what only open ones need: 53",
        "keys that are to be destroyed once more: 54", "sealed rows of which less is noted now: 55",
        "notes that a row was sealed: 56",
    ):  # fmt: skip
        assert re.search(rf"(>| · ){said}", page), said


def test_whatever_ends_of_our_own_is_told_by_its_table_or_in_words() -> None:
    """A step of the sweep that is named after no table of ours has words for the journal."""
    named = {name for name in (*owndata.STEPS, *LOOKUPS) if not hasattr(tables, name)}
    assert named <= set(OWN_ENDED)
