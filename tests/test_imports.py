"""No file of the package stands on itself through others, not even for the sake of a type."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import flask_guesterase

OURS = Path(flask_guesterase.__file__).parent


def imported(path: Path) -> Iterator[Path]:
    """Yield the files of the package that one of its files imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for name in node.names:
                one = [base / f"{name.name}.py", base / name.name / "__init__.py",
                       base.with_suffix(".py"), base / "__init__.py"]  # fmt: skip
                yield next(each for each in one if each.is_file())


def test_no_file_imports_itself_through_others() -> None:
    """Every file can be read before those that stand on it; a circle is named by this test."""
    graph = {path: set(imported(path)) - {path} for path in OURS.rglob("*.py")}
    order = [*TopologicalSorter(graph).static_order()]
    assert len(order) == len(graph)
    assert order.index(OURS / "core" / "errors.py") < order.index(OURS / "web" / "extension.py")
