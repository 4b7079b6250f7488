"""The stop switch: one person stops erasing by day at once, two others' words let it go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    TransitionError,
)
from flask_guesterase.store.sweeping import doors, halting, leading, runs
from flask_guesterase.store.sweeping.doors import Door
from tests.store.forms import Forms

OLD = date(2025, 2, 1)


@pytest.fixture
def quiet(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels at which nothing ever ran."""
    made = Forms(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def forms(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels with a form due at each, whose sweep is confirmed."""
    made = Forms(sqlite_url, tmp_path)
    made.confirmed()
    made.form(1, OLD)
    made.form(2, OLD, "be")
    yield made
    made.engine.dispose()


def stop(forms: Forms, by: str = "officer", ground: str = "wrong-rows") -> None:
    forms.run(lambda office: office.halt_sweep(by, ground))


def test_one_person_stops_it_and_two_let_it_go_on(forms: Forms) -> None:
    """Nothing goes while it is stopped; the same person twice does not end it."""
    stop(forms)
    report = forms.sweep()
    assert report.halted
    assert "expired" not in report.counts
    assert None not in forms.names().values()
    assert not forms.run(lambda office: office.resume_sweep("officer"))
    with pytest.raises(FourEyesError):
        forms.run(lambda office: office.resume_sweep("officer"))
    assert forms.sweep().halted
    assert forms.run(lambda office: office.resume_sweep("second"))
    assert forms.sweep().counts["expired"] == 2
    assert set(forms.names().values()) == {None}


@pytest.mark.long
def test_the_journal_says_who_stopped_it_why_and_for_how_long(forms: Forms) -> None:
    """Stopped, still stopped each day once, and let go on: in every controller's journal."""
    stop(forms)
    assert "halted" not in forms.sweep().counts
    for _ in range(2):
        forms.later(days=1)
        assert forms.sweep().counts["halted"] == 1
        assert "halted" not in forms.sweep().counts
    for by in ("second", "officer"):
        forms.run(lambda office, by=by: office.resume_sweep(by))  # type: ignore[misc]
    for controller in ("fir", "elm"):
        said = [action for action in forms.actions(controller) if "halt" in action]
        assert said == ["sweep-halted", "sweep-still-halted", "sweep-still-halted"]
        assert forms.actions(controller)[-1] == "sweep-resumed"


@pytest.mark.long
def test_it_stands_on_the_list_of_who_decides_until_it_ends(forms: Forms) -> None:
    """A task of the house is open as long as nothing goes."""
    stop(forms)
    (task,) = forms.run(lambda office: office.tasks("officer"))
    assert task["kind"] == "halted"
    for by in ("officer", "second"):
        forms.run(lambda office, by=by: office.resume_sweep(by))  # type: ignore[misc]
    assert forms.run(lambda office: office.tasks("officer")) == []


def test_only_who_decides_about_the_law_may_on_a_known_ground_once(quiet: Forms) -> None:
    """Others, other words, and a second stop are refused; so is ending what does not stand."""
    with pytest.raises(ForbiddenError):
        stop(quiet, "porter")
    with pytest.raises(InputError):
        stop(quiet, ground="because")
    with pytest.raises(TransitionError):
        quiet.run(lambda office: office.resume_sweep("officer"))
    stop(quiet)
    with pytest.raises(TransitionError):
        stop(quiet, "second")
    with pytest.raises(ForbiddenError):
        quiet.run(lambda office: office.resume_sweep("porter"))


def test_a_word_of_yesterday_ends_nothing(quiet: Forms) -> None:
    """Two people within a day; and a new stop forgets what was said about the last one."""
    stop(quiet)
    quiet.run(lambda office: office.resume_sweep("officer"))
    quiet.later(hours=25)
    assert not quiet.run(lambda office: office.resume_sweep("second"))
    assert quiet.run(lambda office: office.resume_sweep("officer"))
    stop(quiet)
    assert not quiet.run(lambda office: halting.proposed(office.work))
    assert not quiet.run(lambda office: office.resume_sweep("officer"))


def test_who_leads_keeps_the_others_out_until_it_is_silent(quiet: Forms) -> None:
    """One at a time; not again before the pause; taken up when the lease is over."""
    pause, lease = timedelta(minutes=5), timedelta(minutes=6)

    def take(token: str) -> bool:
        return quiet.run(lambda office: leading.take(office.work, token, pause, lease))

    def leave(token: str, *problems: str) -> None:
        quiet.run(lambda office: leading.leave(office.work, token, problems))

    assert take("a")
    assert not take("b")
    leave("b")
    assert not take("b"), "who does not lead cannot give the lead back"
    leave("a")
    assert not take("b")
    quiet.later(minutes=5)
    assert take("b")
    quiet.later(minutes=7)
    assert take("c"), "the silent one is believed to be dead"
    leave("b")
    assert not take("d"), "the dead one that comes back does not free the other's lead"


def test_what_went_wrong_in_the_background_is_told_for_a_week(quiet: Forms) -> None:
    """By the names of classes and the last time: a round that goes well five minutes later hides
    nothing, since it does not do again what failed in a night's sweep."""

    def leave(*problems: str) -> None:
        quiet.run(lambda office: leading.leave(office.work, "a", problems))

    def failed() -> list[str]:
        found = quiet.run(lambda office: doors.findings(office.work))
        return [each.message.rpartition("at last on ")[2] for each in found
                if each.id == "round-failed"]  # fmt: skip

    def clock() -> str:
        return f"{quiet.now:%Y-%m-%d %H:%M}"

    leave("OSError", "ValueError")
    quiet.later(minutes=5)
    leave("OSError")
    told = f"{clock()}: OSError 2, ValueError 1."
    assert failed() == [told]
    quiet.later(minutes=5)
    leave()
    quiet.later(days=6)
    leave()
    assert failed() == [told]
    quiet.later(days=1)
    leave()
    assert failed() == []
    leave("OSError")
    quiet.later(days=8)
    assert failed() == [], "cron does the work by now, and no round comes to forget it"
    leave("KeyError")
    assert failed() == [f"{clock()}: KeyError 1."]


@pytest.mark.long
def test_a_nightly_job_comes_before_the_background(forms: Forms) -> None:
    """A sweep is due an hour more than a day after the last one ended."""
    forms.sweep()
    forms.later(hours=24)
    assert not forms.run(lambda office: runs.wanted(office.work))
    forms.later(hours=1)
    assert forms.run(lambda office: runs.wanted(office.work))


def test_doors_are_noted_and_told_when_nothing_comes(quiet: Forms) -> None:
    """Silent for more than a night: the finding names when each door was used last."""
    quiet.run(lambda office: doors.enter(Door.TASK, office))
    quiet.leap(hours=25)
    assert not quiet.run(lambda office: doors.findings(office.work))
    quiet.leap(hours=2)
    (found,) = quiet.run(lambda office: doors.findings(office.work))
    assert found.id == "heartbeat-stale"
    assert "a Celery task on 2026-03-10" in found.message
    assert "the end of requests never" in found.message
    assert "cron" in found.hint


def test_two_people_end_what_was_stopped_by_a_clock_that_ran_ahead(quiet: Forms) -> None:
    """The clock was set back since: in each journal the end stands behind the stop all the same."""
    quiet.later(days=300)
    stop(quiet)
    quiet.now -= timedelta(days=299)
    for by in ("officer", "second"):
        quiet.run(lambda office, by=by: office.resume_sweep(by))  # type: ignore[misc]
    assert not quiet.run(lambda office: halting.stands(office.work))
