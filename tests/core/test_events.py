"""The list of everything that can happen."""

from __future__ import annotations

import dataclasses

import pytest

from flask_guesterase.core.events import EVENTS, ErasureApproved, Event


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_event_is_named_after_its_class_and_holds_no_free_text(event: type[Event]) -> None:
    """Class, name and signal agree, and no event grew a field of its own."""
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in event.__name__).lstrip("-")
    assert event.name == words
    assert event.signal() == words.replace("-", "_")
    assert {f.name for f in dataclasses.fields(event)} == {
        "controller",
        "property",
        "number",
        "actor",
        "counts",
        "grounds",
        "marks",
    }


def test_every_event_is_listed() -> None:
    """An event that is not in the list would have no signal."""
    assert set(EVENTS.values()) == set(Event.__subclasses__())


def test_an_event_cannot_be_changed_after_it_happened() -> None:
    """What is journaled and what is announced are the same value."""
    event = ErasureApproved("Hotel GmbH", number="G-1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.number = "G-2"  # type: ignore[misc]  # this is the attempt
