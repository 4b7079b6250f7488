"""The courses that come with the package."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from ...core.course import Course, read_course
from ...core.errors import UnknownError

_FOLDER = "courses"


@functools.cache
def courses() -> Mapping[str, Course]:
    """Return code -> course, sorted by code."""
    folder = resources.files("flask_guesterase.core") / _FOLDER
    texts = [item for item in folder.iterdir() if item.name.endswith(".toml")]
    found = [read_course(item.read_text(encoding="utf-8"), item.name) for item in texts]
    return MappingProxyType({each.code: each for each in sorted(found, key=lambda c: c.code)})


def course(code: str) -> Course:
    """Return a course.

    :raises UnknownError: there is none of this code.
    """
    try:
        return courses()[code]
    except KeyError:
        raise UnknownError("There is no such course.", "Look at the list of courses.") from None
