"""No kind of finding is without a case that provokes it."""

from __future__ import annotations

from pathlib import Path

from flask_guesterase.core.finding import KINDS
from tests.store import (
    test_blockers,
    test_class_alone,
    test_clocks,
    test_coverage,
    test_datamap,
    test_drift,
    test_explained,
    test_host,
    test_unsound,
)
from tests.web import test_check, test_keys, test_sweep

MODULES = (
    test_blockers,
    test_class_alone,
    test_clocks,
    test_check,
    test_coverage,
    test_datamap,
    test_drift,
    test_explained,
    test_host,
    test_keys,
    test_sweep,
    test_unsound,
)

ELSEWHERE = {
    "clock-unindexed": "store/test_indexing.py",
    "column-undecided": "store/test_undecided.py",
    "file-unindexed": "store/test_indexing.py",
    "intent-lost": "binds/test_forward.py",
    "intent-open": "binds/test_forward.py",
    "link-unindexed": "store/test_indexing.py",
    "path-nobody": "store/test_probing.py",
    "path-unindexed": "store/test_indexing.py",
    "property-removed": "store/test_property_removed.py",
    "records-differ": "resistance/test_own.py",
    "register-missed": "resistance/test_register.py",
    "register-uncounted": "resistance/test_law.py",
}
"""Kinds that take an attack, a crash, an erasure or many rows, and whose tests look for them."""


def test_every_kind_of_finding_is_provoked_somewhere() -> None:
    """The cases of the test modules are about the kinds there are, all of them and no other."""
    provoked = {case.id for module in MODULES for case in module.CASES.all}
    for id_, module in ELSEWHERE.items():
        assert f'"{id_}' in (Path(__file__).parent / module).read_text(), id_
    assert provoked | set(ELSEWHERE) == set(KINDS)
    assert provoked.isdisjoint(ELSEWHERE)
