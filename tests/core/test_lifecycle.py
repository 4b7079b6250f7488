"""The life of a request is its table of moves."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flask_guesterase.core.errors import TransitionError
from flask_guesterase.core.lifecycle import DONE, MOVES, OPEN, WORDS, State, move


@pytest.mark.parametrize("now", State)
@pytest.mark.parametrize("to", State)
def test_only_the_moves_of_the_table_are_made(now: State, to: State) -> None:
    """A step is made when the table has it and refused by name when not."""
    if to in MOVES[now]:
        assert move(now, to) is to
    else:
        with pytest.raises(TransitionError, match=f"'{now}'"):
            move(now, to)


def test_every_state_has_its_row_and_its_word() -> None:
    """No state is forgotten, and the guest has a word for each."""
    assert set(MOVES) == set(State)
    assert set(WORDS) == set(State)
    assert not OPEN & DONE


class Life(RuleBasedStateMachine):
    """Any walk through the table."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = [State.RECEIVED]

    @rule(to=st.sampled_from(State))
    def step(self, to: State) -> None:
        """Try any step; only allowed ones are made."""
        try:
            self.walk.append(move(self.walk[-1], to))
        except TransitionError:
            assert to not in MOVES[self.walk[-1]]

    @invariant()
    def nothing_is_erased_unapproved(self) -> None:
        """Before ERASING there is an approval, and between them no new review."""
        for index, state in enumerate(self.walk):
            if state is State.ERASING:
                before = self.walk[:index]
                assert State.APPROVED in before
                last = max(i for i, s in enumerate(before) if s is State.APPROVED)
                assert State.REVIEW not in before[last:]

    @invariant()
    def nothing_is_done_unchecked(self) -> None:
        """ERASED, SEALED and PARTIAL come from CHECKING, or end what was sealed."""
        for before, after in zip(self.walk, self.walk[1:], strict=False):
            if after in DONE:
                assert before in (State.CHECKING, State.SEALED)


TestLife = Life.TestCase
