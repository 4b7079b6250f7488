"""Rows of ours that decide what may go, bound to the journal and to who erases by them.

Each transaction that changes such rows journals a root over all of them. Whoever changes one in
the database leaves the root of before in the journal, and cannot take it out unseen; nor does the
next change by our own doors make it true, which journals that it found them changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, literal, null, select, union_all

from ...core.brake import BACK
from ...core.errors import RetryableError
from ...core.events import Event, RulesChanged
from ...core.log import Entry, canonical
from ...core.rulebook import LineState
from ...core.seal import fingerprint
from .. import tables
from ..access import brake, pulse
from ..census import told
from ..remembrance import remembering
from ..transaction import alone
from ..work import Work

HOLDS, RULES = "holds", "rules"
"""What is bound, by the word under which its root stands in the journal."""

_HOLD = (
    "id", "kind", "scope", "controller", "property", "table_name", "row_key", "room",
    "first_night", "last_night", "query", "silent", "why", "box", "placed_by", "confirmed_by",
    "lift_by",
)  # fmt: skip
_RULE = (
    "id", "property", "kind", "name", "body", "mark", "state", "proposed_by", "confirmed_by",
    "checkpoint", "acts_on",
)  # fmt: skip


DIFFERED = "records-differ"
"""Ground of an entry: before somebody changed such rows, they were not those of the journal."""

SHOWN = timedelta(days=30)
"""How long such an entry is told of; it stays in the journal."""

_LOOKS = 3
"""How often journal and rows are read anew where they differ: others may write in between."""


def touch(work: Work, word: str) -> None:
    """Say that rows are about to be changed; call it before the first of them is.

    :param work: the open transaction.
    :param word: what is bound.
    """
    # In a restored database what people do waits for its place in the journals until a replay.
    if not remembering.forgetful(work) and strayed(work, word):
        names = brake.controllers(work)
        work.events += [RulesChanged(name, grounds=(DIFFERED, word)) for name in names[:1]]
    work.bound.add(word)


def strayed(work: Work, word: str) -> bool:
    """Return whether rows are not those whose root the journal has; False where it has none yet.

    :param work: an open transaction; one that changed them itself cannot tell, and gets False.
    :param word: what is bound.
    """
    return word not in work.bound and not any(_fits(work, word) for _ in range(_LOOKS))


def _fits(work: Work, word: str) -> bool:
    said = newest(work, word)
    return not said or any(_is(work, word, each) for each in said)


def _is(work: Work, word: str, said: Said) -> bool:
    return root(work, word, said.turn) == said.mark


def differed(work: Work, word: str) -> bool:
    """Return whether a journal has it that rows were changed past us, not long ago.

    :param work: an open transaction; a read-only one is enough.
    :param word: what is bound.
    """
    for controller in brake.controllers(work):
        for entry in told.backwards(work, controller, {RulesChanged.name}):
            if told.at_of(entry) < work.stamp - SHOWN:
                break
            if entry.draft.grounds == (DIFFERED, word):
                return True
    return False


def seal(work: Work) -> None:
    """Journal the roots of what changed, with the events of this transaction.

    Call it before the journal is written for the last time. Who changes such rows takes turns on
    one row, so that no root leaves out what another transaction is about to commit.

    :param work: the open transaction.
    """
    if work.bound:
        # Who erases has this turn: it judged by rules of before, or finds another note.
        turn(work, HOLDS)
    for word in sorted(work.bound):
        if word == RULES:
            pulse.turn(work.conn, RULED, work.stamp, secrets.token_hex(8))
        before = newest(work, word)
        now = _next(work, word, before)
        if not _attach(work, word, now) and not any(_is(work, word, each) for each in before):
            names = brake.controllers(work)[:1]
            work.events += [_bearing(RulesChanged(name), word, now) for name in names]
    work.bound.clear()


def renew(work: Work, controller: str, gone: Sequence[Entry]) -> None:
    """Journal the roots again whose newest entries are about to be taken out, under new numbers.

    Call it under `turn` of each word, before the entries are deleted: what no journal has is taken
    for what never was, and a number that comes again could be answered by an old root.

    :param work: the open transaction.
    :param controller: slug of the controller.
    :param gone: the entries.
    """
    bears = {
        word: {Said(entry.draft.counts.get(_turns(word), 0), entry.draft.marks[word])
               for entry in gone if word in entry.draft.marks}
        for word in _ROWS
    }  # fmt: skip
    for word, said in bears.items():
        before = newest(work, word) if said else set()
        if before & said:
            touch(work, word)
            work.bound.discard(word)
            now = _next(work, word, before)
            work.events.append(_bearing(RulesChanged(controller), word, now))


def _next(work: Work, word: str, before: set[Said]) -> Said:
    """Return the root over the rows as they are now, under the number after all that were."""
    number = max((each.turn for each in before), default=0) + 1
    return Said(number, root(work, word, number))


def turns(work: Work) -> None:
    """Let nobody else commit a change of rows that are bound until this transaction ends.

    :param work: the open transaction.
    """
    for word in sorted(_ROWS):
        turn(work, word)


def turn(work: Work, word: str) -> None:
    """Let nobody else commit a change of such rows until this transaction ends.

    :param work: the open transaction.
    :param word: what is bound.
    """
    pulse.turn(work.conn, _row(word), work.stamp)


def _row(word: str) -> str:
    return f"bound-{word}"


RULED = _row(RULES)
"""Name under which it is noted anew whenever rules change."""


def ruled(work: Work, said: Mapping[str, pulse.Pulse]) -> None:
    """Remember which rules are in force before they are first read, for `stand`.

    :param work: the open transaction.
    :param said: what stands under `RULED`.
    """
    if work.ruled is None:
        work.ruled = said[RULED].note if RULED in said else ""


def draw(work: Work) -> None:
    """Remember which holds live before an erasure is drawn, for `stand`.

    :param work: the open transaction.
    """
    # Where nobody else can write, nobody places one.
    if work.held is None and not alone(work.conn):
        work.held, _ = _standing(work)


def stand(work: Work, unchanged: Callable[[Work], bool]) -> None:
    """Make sure that no hold was placed since an erasure was drawn, nor is until its commit, and
    that the rules are those by which it was judged.

    Call it before the journal is written, never after: who places a hold or changes the rules waits
    here, and takes the journal's head later.

    :param work: the open transaction.
    :param unchanged: tells, where some rules changed, whether none of those by which it was judged
        did.
    :raises RetryableError: one was placed, or they changed, which may keep what was erased.
    """
    if work.held is None:
        return
    turn(work, HOLDS)
    living, rules = _standing(work)
    if work.ruled not in (None, rules) and not unchanged(work):
        raise RetryableError(
            "The rules changed while this was being erased.",
            "Nothing was changed; what they let go goes at the next try.",
        )
    if not living <= work.held:
        raise RetryableError(
            "A hold was placed while this was being erased.",
            "Nothing was changed; what is not held goes at the next try.",
        )
    work.held = None


def _standing(work: Work) -> tuple[frozenset[int], str]:
    """Return the numbers of the holds that live, and what is noted of the rules."""
    said = work.conn.execute(_STANDING).all()
    living = frozenset(id_ for id_, _ in said if id_ is not None)
    return living, "".join(note or "" for id_, note in said if id_ is None)


_STANDING = union_all(
    select(tables.hold.c.id, literal("").label("note")).where(tables.hold.c.lifted_at.is_(None)),
    select(null(), tables.pulse.c.note).where(tables.pulse.c.name == RULED),
)


def _attach(work: Work, word: str, now: Said) -> bool:
    """Put a root on the last event of this transaction that may carry one; tell whether one may."""
    for place in range(len(work.events) - 1, work.journaled - 1, -1):
        event = work.events[place]
        if event.name in BINDING:
            work.events[place] = _bearing(event, word, now)
            return True
    return False


def _bearing(event: Event, word: str, now: Said) -> Event:
    return replace(
        event,
        marks={**event.marks, word: now.mark}, counts={**event.counts, _turns(word): now.turn},
    )  # fmt: skip


def _turns(word: str) -> str:
    return f"{word}-turn"


@dataclass(frozen=True)
class Said:
    """A root that a journal has.

    :param turn: the how manieth of the house's roots of this kind it is; 0 of one from before
        they were numbered.
    :param mark: the root.
    """

    turn: int
    mark: str


def newest(work: Work, word: str) -> set[Said]:
    """Return the newest root of a kind that any journal has.

    Its number says which is newest, whichever controller's journal it is in. Of those without one
    the place does within a journal, and of several journals the clock, by which two servers of one
    house may differ: each whose newest may be the last one counts.

    :param work: an open transaction; a read-only one is enough.
    :param word: what is bound.
    """
    found: list[tuple[datetime, Said]] = []
    for controller in brake.controllers(work):
        # A clock may have been set: it tells nothing of what has a number.
        late = max((at for at, said in found if not said.turn), default=None)
        for entry in told.backwards(work, controller, BINDING):
            draft = entry.draft
            at = datetime.fromisoformat(draft.at)
            if late is not None and late - at > BACK:
                break
            if word in draft.marks:
                found.append((at, Said(draft.counts.get(_turns(word), 0), draft.marks[word])))
                break
    last = max((at for at, _ in found), default=None)
    most = max((said.turn for _, said in found), default=0)
    return {
        said for at, said in found
        if said.turn == most and (most or (last is not None and last - at <= BACK))
    }


BINDING = frozenset({
    "hold-placed", "hold-lifted", "lift-proposed", "frozen", "freeze-confirmed", "rules-changed",
    "rule-proposed", "rule-confirmed", "house-period-set",
})  # fmt: skip
"""Events that may carry a root."""


def fitting(work: Work) -> list[str]:
    """Return the words under which rows are those that a journal has, or it has none yet.

    :param work: an open transaction; a read-only one is enough.
    """
    return [word for word in _ROWS if _fits(work, word)]


def root(work: Work, word: str, turn: int) -> str:
    """Return the keyed root over the rows of one kind, under a number of its own.

    :param work: the open transaction.
    :param word: what is bound.
    :param turn: its number, without which a root of before would be true again; 0 leaves it out.
    """
    wanted, names = _ROWS[word]
    rows = [canonical(_plain(row, names)).decode() for row in work.conn.execute(wanted())]
    key = work.custodian.pepper("bound")
    said: list[str | int] = [turn, *sorted(rows)] if turn else [*sorted(rows)]
    return fingerprint(key, word, canonical(said).decode())


def _plain(row: Row[Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return a row as canonical JSON holds it."""
    said = row._mapping
    return {
        name: said[name] if isinstance(said[name], bool | int | type(None)) else str(said[name])
        for name in names
    }


def _holds() -> Any:
    return select(tables.hold).where(tables.hold.c.lifted_at.is_(None))


def _rules() -> Any:
    return select(tables.rule).where(tables.rule.c.state != LineState.ENDED.value)


_ROWS: Mapping[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    HOLDS: (_holds, _HOLD),
    RULES: (_rules, _RULE),
}
