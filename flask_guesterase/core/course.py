"""Short courses for people who act on guests' data: screens, a quiz, what needs which course."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .errors import InputError, SetupError
from .period import Period
from .permissions import Permission

PASS_MARK = 80
"""Percent of the questions that must be right."""

LASTS = Period(months=12)
"""How long a training counts."""

SOON = 30
"""Days before its end on which a training is said to end soon."""

CALM = 7
"""Days before the day of an answer from which on nothing about it waits for a training."""

LANGUAGES = ("en", "zh")
"""Languages every course speaks."""

Text = Mapping[str, str]
"""Language -> text."""


class Training(StrEnum):
    """What becomes of an act without the training for it."""

    OFF = "off"
    WARN = "warn"
    BLOCK = "block"


class Deed(StrEnum):
    """What a person does that needs a training."""

    FILE = "file-request"
    VERIFY = "verify-identity"
    PRODUCE = "produce-register"
    APPROVE = "approve-erasure"
    REFUSE = "refuse-erasure"
    EXTEND = "extend-answer"
    HOLD = "place-hold"
    LIFT = "lift-hold"
    SWEEP = "confirm-sweep"
    BOOKS = "open-books"
    RESTORE = "restore-guest"


NEEDS: Mapping[Deed, tuple[str, Permission]] = {
    Deed.FILE: ("reception", Permission.FILE),
    Deed.VERIFY: ("reception", Permission.VERIFY),
    Deed.PRODUCE: ("reception", Permission.REGISTER),
    Deed.APPROVE: ("officer", Permission.APPROVE),
    Deed.REFUSE: ("officer", Permission.REFUSE),
    Deed.EXTEND: ("officer", Permission.APPROVE),
    Deed.HOLD: ("officer", Permission.HOLD),
    Deed.LIFT: ("officer", Permission.HOLD),
    Deed.SWEEP: ("manager", Permission.LAW),
    Deed.BOOKS: ("manager", Permission.BOOKS),
    Deed.RESTORE: ("officer", Permission.RESTORE),
}
"""Deed -> the course it needs, and the permission without which nobody does it anyway."""

HELD = frozenset({Deed.HOLD, Deed.LIFT})
"""Deeds on holds: of a silent one nobody may learn from what its doer was not trained in."""

WAITING = frozenset({Deed.APPROVE, Deed.REFUSE, Deed.LIFT})
"""What may wait for a training where the host says so.

Nothing else ever does: a request that is filed starts a legal clock, a line that is produced or
held and books that are opened answer an authority, a sweep ends what the law wants ended, and the
window of a restore is short. A replay after a restore asks nobody for a training at all.
"""


@dataclass(frozen=True)
class Screen:
    """One short screen of a course."""

    title: Text
    text: Text


@dataclass(frozen=True)
class Question:
    """One question of a quiz.

    :param text: the question.
    :param options: possible answers.
    :param right: place of the right one, from 0.
    :param why: the explanation, shown after the quiz.
    """

    text: Text
    options: tuple[Text, ...]
    right: int
    why: Text


@dataclass(frozen=True)
class Course:
    """A course with its quiz.

    :param code: stable word, for example ``reception``.
    :param title: name for people.
    :param screens: what is read.
    :param questions: what is asked.
    :param edition: by which it is known that its text changed.
    """

    code: str
    title: Text
    screens: tuple[Screen, ...]
    questions: tuple[Question, ...]
    edition: str


@dataclass(frozen=True)
class Grade:
    """How somebody did in a quiz.

    :param score: percent that was right.
    :param wrong: places of the questions that were not, from 0.
    """

    score: int
    wrong: tuple[int, ...]

    @property
    def passed(self) -> bool:
        """Return whether that is enough."""
        return self.score >= PASS_MARK


def grade(course: Course, answers: Sequence[int]) -> Grade:
    """Return how somebody did.

    :param course: the course.
    :param answers: the place of the chosen option of each question, from 0.
    :raises InputError: not every question was answered, or an option is none.
    """
    fits = len(answers) == len(course.questions) and all(
        0 <= answer < len(question.options)
        for question, answer in zip(course.questions, answers, strict=True)
    )
    if not fits:
        raise InputError("Not every question was answered.", "Choose one answer of each.")
    pairs = enumerate(zip(course.questions, answers, strict=True))
    wrong = tuple(place for place, (question, answer) in pairs if question.right != answer)
    right = len(course.questions) - len(wrong)
    return Grade(100 * right // len(course.questions), wrong)


def read_course(text: str, name: str) -> Course:
    """Return a course from its file.

    :param text: TOML.
    :param name: name of the file, for errors.
    :raises SetupError: it is no course.
    """
    try:
        given = tomllib.loads(text)
        course = Course(
            str(given["code"]),
            _text(given["title"]),
            tuple(Screen(_text(each["title"]), _text(each)) for each in given["screen"]),
            tuple(_question(each) for each in given["question"]),
            hashlib.sha256(text.encode()).hexdigest()[:16],
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise SetupError(
            f"{name} is no course ({type(problem).__name__}).", "Compare it with one of ours."
        ) from None
    return course


def _question(given: Mapping[str, Any]) -> Question:
    options = tuple(_text(each) for each in given["options"])
    right = int(given["right"])
    if not 0 <= right < len(options) or len(options) < 2:
        raise ValueError
    return Question(_text(given), options, right, _text(given["why"]))


def _text(given: Mapping[str, Any]) -> Text:
    return {lang: str(given[lang]) for lang in LANGUAGES}


def needed(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """Return the courses that people with these permissions need, sorted."""
    given = set(permissions)
    return tuple(sorted({course for course, right in NEEDS.values() if right in given}))
