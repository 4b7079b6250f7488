"""What the short run leaves to the long one: by a rule, and by a table that names what there is."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import pytest

from tests import deep
from tests.engines import ENGINES
from tests.later import LATER

ROOT = Path(__file__).resolve().parent.parent


@lru_cache
def functions(file: str) -> frozenset[str]:
    """Return the names of the functions of a file, which is read once for all that name it."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))


@pytest.mark.parametrize("name", sorted({*LATER, *deep.EVERY, *deep.ALONE}))
def test_what_is_named_is_there(name: str) -> None:
    """An entry of a test that was renamed would leave nothing, and nobody would know."""
    file, _, test = name.partition("::")
    names = functions(file)
    assert not test or test in names


def test_both_servers_are_met_all_over() -> None:
    """Of many cases each meets SQLite and one server, about as many the one as the other."""
    cases = {f"tests/a.py::test_{n}[{engine}]" for n in range(100) for engine in ENGINES}
    kept = cases - deep.elsewhere(cases)
    met = {engine: sum(engine in case for case in kept) for engine in ENGINES}
    assert met["sqlite"] == 100 == met["postgresql"] + met["mariadb"]
    assert min(met.values()) > 35


def test_a_few_of_many_cases_of_a_test_meet_each_server() -> None:
    """All meet SQLite; where there is none, each meets the server that there is."""
    cases = {f"tests/a.py::test[{engine}-{n}]" for n in range(100) for engine in ENGINES}
    kept = cases - deep.elsewhere(cases)
    met = {engine: sum(engine in case for case in kept) for engine in ENGINES}
    assert met == {"sqlite": 100, "postgresql": deep.FEW, "mariadb": deep.FEW}
    bare = {case for case in cases if "sqlite" not in case}
    assert len(bare - deep.elsewhere(bare)) == 100


def test_what_engines_do_in_their_own_way_meets_all_three() -> None:
    """Whole files, also of cases that have other words besides."""
    file = min(deep.EVERY - {name for name in deep.EVERY if "::" in name})
    assert not deep.elsewhere(f"{file}::test[{engine}-wide]" for engine in ENGINES)


def test_what_takes_long_meets_sqlite_alone() -> None:
    """The two servers are left to the long run."""
    name = min(deep.ALONE)
    test = name if "::" in name else f"{name}::test"
    late = deep.elsewhere(f"{test}[{engine}]" for engine in ENGINES)
    assert late == {f"{test}[postgresql]", f"{test}[mariadb]"}


def test_the_one_server_of_a_short_run_is_kept() -> None:
    """Where the other is marked long already, or there is no SQLite, one is met all the same."""
    assert not deep.elsewhere(["tests/a.py::test[mariadb-8]"])
    pair = {"tests/a.py::test[mariadb]", "tests/a.py::test[postgresql]"}
    assert len(deep.elsewhere(pair)) == 1


def test_a_word_is_a_whole_one() -> None:
    """That of a longer word leaves nothing; an empty one leaves every case, also without words."""
    name = next(name for name, words in LATER.items() if words == ("before_mark",))
    assert deep.listed(f"{name}[before_mark]")
    assert deep.listed(f"{name}[sqlite-before_mark]")
    assert not deep.listed(f"{name}[before_marks]")
    assert deep.listed("tests/browser/test_claim.py::test_it")
