"""Staff pages of training: the courses, each to read with its quiz, and whose is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import make_response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from ...core.course import LANGUAGES, PASS_MARK, Course, Grade, Training
from ...core.errors import GuesteraseError, InputError
from ...core.permissions import Permission
from ...store.training.courses import course as find
from ...store.training.courses import courses
from ..current import current
from ..forms.fields import CHOOSE
from ..joining.rights import logged_in
from ..staffpages import persons
from ..staffpages.desk import granted, me, must, once, staff_pages
from ..wording.language import FALLBACK, N_
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import word

_ALL = N_("Please answer every question.")


@staff_pages.context_processor
def _lacking() -> dict[str, Any]:
    """Tell every staff page which trainings the reader lacks; a page is shown all the same.

    A login that several share has none: the page of trainings says so.
    """
    return once("lacking", _lacked)


def _lacked() -> dict[str, Any]:
    if logged_in() is None or current.training is Training.OFF or persons.shared():
        return {"lacking": ()}
    try:
        if not granted(Permission.TRAIN):
            return {"lacking": ()}
        with current.begin(write=False) as office:
            return {"lacking": [_title(find(code)) for code in office.courses_lacking(me())]}
    except (GuesteraseError, SQLAlchemyError):
        return {"lacking": ()}


def _title(one: Course) -> str:
    tongue = language()
    return one.title.get(tongue.code) or word(tongue, one.code)


def _spoken() -> str:
    """Return the language the courses are read in: the reader's, or English where none is."""
    code = language().code
    return code if code in LANGUAGES else FALLBACK


@staff_pages.get("/training", endpoint="courses")
def list_courses() -> str:
    """List the courses, how the reader stands in each, and whose training is over."""
    must(Permission.TRAIN)
    watching = granted(Permission.WATCH)
    with current.begin(write=False) as office:
        mine, needed = office.trainings(me()), office.courses_needed(me())
        number = office.number_of(me())
        over = office.overdue_trainings(me()) if watching else ()
        # What the reader needs comes first; the rest in the order of the codes.
        codes = sorted(courses(), key=lambda code: code not in needed)
        titles = {code: _title(find(code)) for code in codes}
    return render_template(
        "guesterase/staff/courses.html",
        titles=titles,
        mine=mine,
        needed=needed,
        over=over,
        watching=watching,
        number=number,
        shared=persons.shared(),
    )


@staff_pages.get("/training/<course>", endpoint="course")
def show_course(course: str) -> str:
    """Show a course to read, with its quiz below."""
    must(Permission.TRAIN)
    return _page(find(course), {})


@staff_pages.post("/training/<course>")
def take_quiz(course: str) -> AnyResponse:
    """Grade a quiz, and explain every question."""
    must(Permission.TRAIN)
    one = find(course)
    answers = [request.form.get(f"q{n}", -1, type=int) for n in range(len(one.questions))]
    try:
        with current.begin() as office:
            grade = office.take_quiz(one.code, me(), answers)
    except InputError:
        missed = {f"q{n}": [CHOOSE] for n in range(len(answers)) if not request.form.get(f"q{n}")}
        return make_response(_page(one, request.form, {"": [_ALL], **missed}), 422)
    return make_response(_result(one, answers, grade))


def _page(
    one: Course, values: Mapping[str, str], problems: Mapping[str, list[str]] | None = None
) -> str:
    with current.begin(write=False) as office:
        mine = office.trainings(me()).get(one.code)
    return render_template(
        "guesterase/staff/course.html",
        course=one,
        name=_title(one),
        lang=_spoken(),
        mine=mine,
        values=values,
        problems=problems or {},
        mark=PASS_MARK,
    )


def _result(one: Course, answers: list[int], grade: Grade) -> str:
    with current.begin(write=False) as office:
        mine = office.trainings(me()).get(one.code)
    return render_template(
        "guesterase/staff/quiz.html",
        course=one,
        name=_title(one),
        lang=_spoken(),
        answers=answers,
        grade=grade,
        mine=mine,
        mark=PASS_MARK,
    )
