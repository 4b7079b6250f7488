"""A host's own tests, on applications with the extension; what fails must fail without it too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.realhosts.venvs import Host

_INSTALLED = re.compile(r"installed in (\d+) applications")


@dataclass(frozen=True)
class Report:
    """What a run of the host's own tests came to.

    :param passed: how many passed.
    :param ours: tests that fail with the extension installed and pass without it.
    :param theirs: how many fail without it as well, for want of a network, say.
    :param installed: in how many applications the extension was.
    :param output: the end of what pytest printed.
    """

    passed: int
    ours: tuple[str, ...]
    theirs: int
    installed: int
    output: str


def own_tests(host: Host, folder: Path, *words: str) -> Report:
    """Run the host's own tests with the extension; run those that failed again without it.

    :param host: the application.
    :param folder: an empty folder to run in.
    :param words: what pytest is to collect, and how.
    """
    passed, failed, output = _run(host, folder, ["-p", "with_privacy", *words], mapped=True)
    found = _INSTALLED.search(output)
    again: set[str] = set()
    if failed:
        names = " or ".join(sorted({name.rpartition("::")[2] for name in failed}))
        _, again, more = _run(host, folder, [*words, "-k", names], mapped=False)
        output += more
    return Report(
        passed,
        tuple(sorted(failed - again)),
        len(failed & again),
        int(found[1]) if found else 0,
        output,
    )


def _run(
    host: Host, folder: Path, words: Sequence[str], mapped: bool
) -> tuple[int, set[str], str]:
    report = folder / f"report-{mapped}.xml"
    done = host.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *words,
        cwd=folder, mapped=mapped,
    )  # fmt: skip
    output = (done.stdout + done.stderr)[-6000:]
    if not report.is_file():
        raise AssertionError(output)
    passed, failed = 0, set()
    # The file was written a moment ago by the pytest that this function started.
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
        outcome = {child.tag for child in case}
        if outcome & {"failure", "error"}:
            failed.add(f"{case.get('classname')}::{case.get('name')}")
        elif "skipped" not in outcome:
            passed += 1
    return passed, failed, output
