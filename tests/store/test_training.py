"""Training: who passed counts for a year; a missing one warns, and blocks only what can wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from flask_guesterase.core.course import (
    LANGUAGES,
    NEEDS,
    PASS_MARK,
    WAITING,
    Course,
    Deed,
    Training,
    grade,
    needed,
    read_course,
)
from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    SetupError,
    UnknownError,
)
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.permissions import Permission
from flask_guesterase.store import tables
from flask_guesterase.store.office import Office
from flask_guesterase.store.training.courses import course, courses
from tests.store.hotel import Hotel


class School(Hotel):
    """A hotel whose staff is to be trained.

    :param training: what becomes of an act without it.
    """

    training = Training.WARN

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        for granted in self.grants.values():
            granted.add("train")
        for user in ("officer", "second"):
            self.grants[user] |= {"hold", "law"}
        self.grants["watcher"] = {"watch"}

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office with what the host says of training."""
        with super().begin() as office:
            office.work.training = self.training
            yield office

    def pass_(self, who: str, code: str) -> None:
        """Let somebody pass a course."""
        with self.begin() as office:
            assert office.take_quiz(code, who, right(course(code))).passed

    def missed(self) -> list[tuple[str, str]]:
        """Return course and property of who acted without training."""
        rows = [row for row in self.ours("training") if row["missed_at"] is not None]
        return sorted((row["course"], row["property"]) for row in rows)


def right(taken: Course) -> list[int]:
    """Return the right answers of a quiz."""
    return [question.right for question in taken.questions]


@pytest.fixture
def school(sqlite_url: str, tmp_path: Path) -> Iterator[School]:
    """A school with a guest, on SQLite."""
    yield from _school(sqlite_url, tmp_path)


@pytest.fixture
def each(database_url: str, tmp_path: Path) -> Iterator[School]:
    """The same on each of the three engines in turn."""
    yield from _school(database_url, tmp_path)


def _school(url: str, folder: Path) -> Iterator[School]:
    made = School(url, folder)
    made.guest(1, name="Ann", email="ann@example.com")
    yield made
    made.engine.dispose()


# the courses


@pytest.mark.parametrize("taken", courses().values(), ids=list(courses()))
def test_a_course_is_short_and_whole_in_both_languages(taken: Course) -> None:
    """Five to eight screens, six to ten questions, each explained; none is one of another's."""
    assert 5 <= len(taken.screens) <= 8
    assert 6 <= len(taken.questions) <= 10
    texts = [
        text
        for screen in taken.screens for text in (screen.title, screen.text)
    ] + [
        text
        for question in taken.questions for text in (question.text, question.why, *question.options)
    ]  # fmt: skip
    for text in [taken.title, *texts]:
        assert set(text) == set(LANGUAGES)
        assert all(text.values())
    assert all(max(text["zh"]) >= "\u4e00" for text in texts if not text["en"].startswith("flask"))
    for question in taken.questions:
        assert len({option["en"] for option in question.options}) == len(question.options)
    assert len({question.right for question in taken.questions}) > 1


def test_every_need_has_its_course() -> None:
    """What people do names courses that are there, and every course is named or for IT."""
    assert {code for code, _ in NEEDS.values()} <= set(courses())
    assert set(courses()) == {"reception", "officer", "manager", "it"}
    assert set(NEEDS) == set(Deed)
    assert needed({Permission.FILE, Permission.LAW}) == ("manager", "reception")
    assert needed({Permission.VIEW}) == ()


def test_a_quiz_is_graded() -> None:
    """One wrong of six is enough, two are not; a question without an answer is none."""
    taken = course("reception")
    answers = right(taken)
    wrong = (answers[0] + 1) % len(taken.questions[0].options)
    assert grade(taken, answers).score == 100
    one = grade(taken, [wrong, *answers[1:]])
    assert (one.score, one.wrong, one.passed) == (83, (0,), True)
    other = (answers[1] + 1) % len(taken.questions[1].options)
    assert not grade(taken, [wrong, other, *answers[2:]]).passed
    assert PASS_MARK == 80
    for bad in ([], answers[:-1], [*answers[:-1], 9], [*answers[:-1], -1]):
        with pytest.raises(InputError):
            grade(taken, bad)


@pytest.mark.parametrize("text", ["", "code = 1", "code = 'x'\ntitle = {en='a', zh='b'}", "["])
def test_what_is_no_course_is_refused(text: str) -> None:
    """The file is named, and nothing is guessed."""
    with pytest.raises(SetupError, match=r"x\.toml"):
        read_course(text, "x.toml")


# records


def test_a_training_counts_for_twelve_months(each: School) -> None:
    """Passed, valid, over; the second one takes the place of the first."""
    each.pass_("clerk", "reception")
    with each.begin() as office:
        assert office.courses_lacking("clerk") == ()
        mine = office.trainings("clerk")["reception"]
    assert (mine["passed_at"], mine["ends_at"]) == (
        datetime(2026, 3, 10, 9), datetime(2027, 3, 10, 9),
    )  # fmt: skip
    assert mine["score"] == 100
    assert mine["edition"] == course("reception").edition
    each.later(days=365)
    with each.begin() as office:
        assert office.courses_lacking("clerk") == ("reception",)
        assert [row["over"] for row in office.overdue_trainings("watcher")] == [True]
    each.pass_("clerk", "reception")
    with each.begin() as office:
        assert office.courses_lacking("clerk") == ()
    assert len(each.ours("training")) == 1
    assert each.events.count("training-passed") == 2


def test_a_quiz_that_is_not_passed_leaves_nothing(school: School) -> None:
    """Neither a record nor an event; an unknown course, and who may not train, are refused."""
    with school.begin() as office:
        wrong = [(a + 1) % 3 for a in right(course("officer"))]
        assert not office.take_quiz("officer", "clerk", wrong).passed
    assert school.ours("training") == []
    assert "training-passed" not in school.events
    with school.begin() as office, pytest.raises(UnknownError):
        office.take_quiz("cook", "clerk", [0])
    with school.begin() as office, pytest.raises(ForbiddenError):
        office.take_quiz("officer", "nobody", right(course("officer")))


def test_an_act_without_training_is_recorded_with_it(each: School) -> None:
    """Once a person and course in the list, each time in the journal; a trained one leaves none."""
    number = each.file(email="ann@example.com")
    with each.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert each.missed() == [("reception", "sh")]
    assert each.events.count("training-missed") == 2
    with each.begin() as office:
        (row,) = office.overdue_trainings("watcher")
    assert (row["course"], row["over"], row["passed_at"]) == ("reception", True, None)
    each.pass_("officer", "officer")
    each.approve(number)
    assert each.missed() == [("reception", "sh")]
    each.pass_("clerk", "reception")
    assert each.missed() == []


def test_an_alert_says_that_people_act_without(school: School) -> None:
    """With how many; it closes when they are trained."""
    school.file(email="ann@example.com")
    with school.begin() as office:
        office.look_over()
        (alert,) = [row for row in office.alerts() if row["kind"] == "training-due"]
    assert (alert["property"], alert["count"]) == ("sh", 1)
    school.pass_("clerk", "reception")
    with school.begin() as office:
        office.look_over()
        assert "training-due" not in {row["kind"] for row in office.alerts()}


def test_switched_off_nobody_is_asked(school: School) -> None:
    """No record and no event."""
    school.training = Training.OFF
    school.file(email="ann@example.com")
    assert school.ours("training") == []
    assert "training-missed" not in school.events


# the block


def reviewable(school: School) -> str:
    """File and confirm a request."""
    number = school.file(email="ann@example.com")
    with school.begin() as office:
        office.confirm(number, "clerk", "desk")
    return number


def test_the_host_can_let_it_block_what_can_wait(school: School) -> None:
    """Approving, refusing and lifting; the training lets them through."""
    school.training = Training.BLOCK
    number = reviewable(school)
    with pytest.raises(ForbiddenError, match="training 'officer'"):
        school.approve(number)
    with school.begin() as office, pytest.raises(ForbiddenError, match="training"):
        office.refuse(number, "officer", "another-persons-data")
    with school.begin() as office:
        hold = office.place_hold(
            Wanted("subject", "court-order", "guests", "1", property="sh"), "officer"
        )
    with school.begin() as office, pytest.raises(ForbiddenError, match="training"):
        office.lift(hold, "officer")
    school.pass_("officer", "officer")
    with school.begin() as office:
        assert office.lift(hold, "officer") is False
    school.approve(number)
    assert school.state(number) in ("approved", "waiting")


def test_it_never_blocks_when_the_day_of_an_answer_is_near(school: School) -> None:
    """A week before the day, and after it, an untrained officer may answer; that is recorded."""
    school.training = Training.BLOCK
    number = reviewable(school)
    with school.engine.begin() as conn:
        conn.execute(update(tables.request).values(due_on=date(2026, 3, 17).isoformat()))
    school.approve(number)
    assert ("officer", "sh") in school.missed()


def test_it_never_blocks_what_starts_or_keeps_a_clock_or_answers_an_authority() -> None:
    """Filing, identity, lengthening, the register, holds, sweeps, books and restores go on."""
    assert {Deed.APPROVE, Deed.REFUSE, Deed.LIFT} == WAITING


def test_an_untrained_desk_works_while_it_blocks(school: School) -> None:
    """Filed, confirmed, held and swept without a single training."""
    school.training = Training.BLOCK
    number = reviewable(school)
    with school.begin() as office:
        office.show(number)
        office.place_hold(Wanted("subject", "court-order", "guests", "1", property="sh"), "officer")
        office.confirm_sweep("officer")
    assert school.missed() == [("manager", "sh"), ("officer", "sh"), ("reception", "sh")]


def test_who_may_not_do_it_is_refused_for_that(school: School) -> None:
    """Nobody is recorded as untrained for what they may not do, and four eyes stay four."""
    school.training = Training.BLOCK
    number = reviewable(school)
    with school.begin() as office, pytest.raises(ForbiddenError, match="permission 'refuse'"):
        office.refuse(number, "clerk", "another-persons-data")
    school.pass_("officer", "officer")
    school.grants["clerk"] |= {"approve"}
    school.pass_("clerk", "officer")
    with pytest.raises(FourEyesError):
        school.approve(number, "clerk")
