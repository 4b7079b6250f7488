"""Erasures that a restored database has forgotten, carried out again: nobody else's, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ...core.covering import decided
from ...core.errors import BlockedError, GuesteraseError, SetupError
from ...core.events import SYSTEM, RestoreReplayed
from ...core.plan import LEGAL_DUTY, Person, key_text
from ...core.remembrance import Kind, Line, Note
from ...core.returning import NOT_DECIDED
from ..access import brake, pulse
from ..access.pulse import Pulse
from ..comeback import objections
from ..erasing import people
from ..journaling import vanished
from ..release import continuing
from ..remembrance import orphaned, remembering, tracing, unplaced
from ..remembrance.forgotten import (
    Forgotten,
    Judged,
    Places,
    Verdict,
    erased_on,
    find,
    judge,
    judges,
    keyless,
    recall,
)
from ..remembrance.unplaced import Hold
from ..retaining.keeping import Origin
from ..sweeping import looking, runs
from ..sweeping.narrowing import is_of_a_row
from ..unit import HasWork, Run, outlast
from ..work import Work
from . import again, elsewhere, lost, returned
from .again import Fate, Warrant
from .promised import Promise
from .relook import REPLAY
from .requested import case_of, catch_up, known_case, name_again, taken_back
from .returned import Seen

DOOR = REPLAY
"""Through which door rows were seen that a replay found."""

_SPANS = 8


@dataclass(frozen=True)
class Survey:
    """What a replay would do, or did: counts and numbers, nobody's data.

    :param restored: whether this database was restored and has not caught up.
    :param counts: verdict -> rows, and what else there is.
    :param unknown: numbers of requests that this database does not know any more.
    :param undone: numbers of requests whose decision was taken back after the copy was made.
    :param holds: scope and property of the holds it has forgotten.
    :param broken: lines of the register that are not as they were written.
    :param keyless: months whose key is not there, so that nobody can look for their rows.
    :param problems: what keeps it, or kept it, from its end, each said once with its next step.
    :param lost: numbers of requests, incidents, complaints and the like of which only entries of
        the journal tell that were put back.
    """

    restored: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    broken: int = 0
    keyless: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values; of holds, which may be silent, it says nothing."""
        return {
            "restored": self.restored,
            "counts": dict(self.counts),
            "unknown": list(self.unknown),
            "undone": list(self.undone),
            "broken": self.broken,
            "keyless": list(self.keyless),
            "lost": list(self.lost),
            "problems": list(self.problems),
        }


def survey(work: Work) -> Survey:
    """Return what a replay would do, by the database as it is now; nothing is written.

    :param work: the open transaction; a read-only one is enough.
    :raises SetupError: no register is kept, or it is not where it was.
    """
    found = _standing(work)
    if not found.restored:
        waiting = returned.waiting(work, DOOR)
        return Survey(False, {"waiting": waiting} if waiting else {}, holds=holds_lost(work))
    known = recall(work, found.since)
    places = find(work, _judged(known))
    counts: Counter[str] = Counter()
    for line in _judged(known):
        if known.takes_back(line) is not None:
            continue
        counts.update(_verdicts(work, known, line, places))
    counts["objections"] += len(known.objected)
    return _surveyed(work, known, counts)


def _verdicts(work: Work, known: Forgotten, line: Line, places: Places) -> list[str]:
    try:
        return [each.verdict.value for each in judge(work, known, line, places)]
    except Exception as problem:
        if not is_of_a_row(problem):
            raise
        return ["failed"]


def holds_lost(work: Work) -> tuple[tuple[str, str], ...]:
    """Return scope and property of the holds that nobody placed again yet after a replay."""
    return _named(hold for span in _spans(work) for hold in _within(work, *span))


def _spans(work: Work) -> list[tuple[int, int]]:
    """Return after and up to which places of the register holds are that nobody placed again."""
    told = pulse.look(work.conn, remembering.HOLDS)
    places = [] if told is None else [int(place) for place in told.note.split(":")[1:]]
    return list(zip(places[::2], places[1::2], strict=True))


def _within(work: Work, since: int, until: int) -> list[Hold]:
    return [hold for hold in recall(work, since).holds if hold.line.number <= until]


def _named(holds: Iterable[Hold]) -> tuple[tuple[str, str], ...]:
    return tuple((h.line.note.facts.get("scope", ""), h.line.note.property) for h in holds)


def _surveyed(work: Work, known: Forgotten, counts: Mapping[str, int]) -> Survey:
    numbers = sorted({line.note.request for line in known.lines if line.note.request})
    return Survey(
        True,
        {word: count for word, count in counts.items() if count},
        tuple(number for number in numbers if case_of(work, number) is None),
        tuple(sorted(known.undone)),
        (*holds_lost(work), *_named(known.holds)),
        len(known.broken),
        keyless(work, (line for line in _judged(known) if known.takes_back(line) is None)),
        _doubted(work),
    )


def _doubted(work: Work) -> tuple[str, ...]:
    """Return that the clock is in doubt: of a copy that is older than a day and a half it is."""
    try:
        brake.require(work)
    except BlockedError as problem:
        return (str(problem),)
    return ()


def _standing(work: Work) -> remembering.Standing:
    found = remembering.standing(work)
    if found is None:
        raise SetupError(
            "No register of erasures is kept.", "Set GUESTERASE_REGISTER to a folder."
        )
    if found.missing:
        remembering.refuse(found)
    return found


def _judged(known: Forgotten) -> list[Line]:
    """Return the lines whose rows are looked for."""
    return [line for line in known.lines if judges(line)]


def replay(run: Run, checkpoints: Sequence[str] = ()) -> Survey:
    """Carry out again what a restored database has forgotten, one short transaction after another.

    It may be run again after it was interrupted: what is gone already is left alone. The journals
    come first, as everything else is written into them.

    :param run: runs a unit of work.
    :param checkpoints: signed checkpoints that somebody brought from where they were kept.
    :return: what was done; not `restored` any more when all of it was looked at.
    :raises SetupError: no register is kept, or it is not where it was.
    """
    journals = continuing.resume(run, checkpoints)
    begun: tuple[Forgotten, Places, Survey] | None = run(_begin)
    if begun is None:
        return Survey(False, journals, lost=_lost(run, journals))
    known, places, told = begun
    counts, problems = Counter[str](), dict[str, None]()
    for line in sorted((*known.lines, *known.objected), key=lambda each: each.number):
        try:
            counts.update(_tried(run, known, places, line))
        except GuesteraseError as problem:
            counts["failed"] += 1
            problems[str(problem)] = None
        except Exception as problem:
            # It may be the host's own code that raises; its text may hold a value.
            counts["failed"] += 1
            problems[_unread(line, type(problem).__name__)] = None
    counts.update(run(partial(taken_back, known)))
    if not counts["failed"]:
        counts.update(elsewhere.look(run, known))
        run(partial(_end, known, counts))
        name_again(run, known)
    found = {word: count for word, count in counts.items() if count} | journals
    return replace(
        told, restored=bool(counts["failed"]), counts=found, lost=_lost(run, journals),
        problems=tuple(problems),
    )  # fmt: skip


def _tried(run: Run, known: Forgotten, places: Places, line: Line) -> dict[str, int]:
    """Do what one line asks for; what is erased of it only where its rows can be read."""
    unit = partial(_line, known, places, line)
    # Neither the other lines nor the end of the replay wait for whoever cures the row.
    return outlast(run, unit, partial(unit, later=True))


def _unread(line: Line, name: str) -> str:
    about = f"Request {line.note.request}" if line.note.request else f"Line {line.number}"
    return (
        f"{about} of the register of erasures could not be judged ({name}). See which of its rows "
        "the application cannot read, then replay again."
    )


def _lost(run: Run, journals: Mapping[str, int]) -> tuple[str, ...]:
    """Return what only the journal knows, where entries of it were put back just now."""
    if "entries-put-back" not in journals:
        return ()
    return tuple(run(lambda office: vanished.lost(office.work)))


def _begin(office: HasWork) -> tuple[Forgotten, Places, Survey] | None:
    work = office.work
    if not remembering.notice(work):
        _standing(work)
        return None
    remembering.take_turns(work)
    file = remembering.register(work)
    if file is not None:
        with file.locked():
            remembering.settle(work, file, _standing(work))
    known = recall(work, _standing(work).since)
    return known, find(work, _judged(known)), _surveyed(work, known, {})


def _line(
    known: Forgotten, places: Places, line: Line, office: HasWork, later: bool = False
) -> dict[str, int]:
    """Do what one line asks for, in one transaction; what would be erased is noted if `later`."""
    work = office.work
    work.replaying = True
    note = line.note
    if note.kind in (Kind.OBJECTED, Kind.AGREED):
        return objections.again(work, line)
    if known.takes_back(line) is not None:
        return {"undone": 1}
    if note.kind is Kind.ENDED and note.request:
        return {"by-sweep": len(note.rows)}
    judged = judge(work, known, line, places)
    counts = Counter(each.verdict.value for each in judged)
    case = known_case(work, line) if note.request else None
    theirs = [each for each in judged if each.verdict is Verdict.THEIRS]
    here = [(each.table, each.key) for each in judged if each.key is not None]
    if later:
        done = _put_off(work, line, theirs)
    else:
        done = _erase(work, known.holds, Promise(work, line, lambda: here), theirs)
    counts.update(each.fate.value for each in done)
    if note.request:
        _bury(work, note.request, lost.emptied(work, judged))
        counts["marks"] += lost.marked_again(work, known, line, judged, done)
    for each in lost.told_apart(work, note.request, judged):
        _note(work, line, each)
    if case is not None:
        catch_up(work, case, line, done[0] if done else None)
    return dict(counts)


def _bury(work: Work, number: str, shells: Iterable[Person]) -> None:
    """Mark people as erased under a request too whose row had been filled again and emptied."""
    known = {(each.table, each.key) for each in people.subjects(work, number) if each.erased_at}
    new = [each for each in shells if (each[0], key_text(each[1])) not in known]
    people.bury_again(work, number, new)


def _erase(
    work: Work, holds: Sequence[Hold], promise: Promise, theirs: Sequence[Judged]
) -> list[again.Again]:
    """Erase rows that are theirs, and note those that cannot be erased now."""
    who = [(each.table, each.key) for each in theirs if each.key is not None]
    if not who:
        return []
    line, note = promise.line, promise.line.note
    secret = tracing.key_of(work, line.month)

    def shares(person: Person) -> bool:
        return tracing.row_mark(secret, *person) in note.others

    held = partial(unplaced.keep, work, holds)
    under = Warrant(decided(note.did), shares, erased_on(work, line), held, promise.broken)
    origin = _origin(line)
    done = again.again(work, origin, who, under)
    if done.reasons != (LEGAL_DUTY,) or note.request or len(who) == 1:
        return [_noted(work, origin, who, done)]
    # What a sweep ended together was of people who have nothing to do with each other.
    return [
        _noted(work, origin, [each], again.again(work, origin, [each], under)) for each in who
    ]


def _put_off(work: Work, line: Line, theirs: Sequence[Judged]) -> list[again.Again]:
    """Leave rows that are theirs to the worker, which tries each by itself."""
    who = [(each.table, each.key) for each in theirs if each.key is not None]
    if not who:
        return []
    return [_noted(work, _origin(line), who, again.Again(Fate.OPEN, ("unread",)))]


def _origin(line: Line) -> Origin:
    note = line.note
    return Origin(note.request or None, note.controller, note.property)


def _noted(
    work: Work, origin: Origin, who: Sequence[Person], done: again.Again
) -> again.Again:
    """Write rows down that were not erased again, and return what became of them."""
    if done.fate in (Fate.OPEN, Fate.STAFF):
        # Whose a row is that a hold or a rule may keep people can say, once that is there again.
        asked = LEGAL_DUTY if done.reasons == (LEGAL_DUTY,) else NOT_DECIDED
        why = asked if done.fate is Fate.STAFF else "in-the-way"
        for table, key in who:
            returned.note(work, Seen(origin, table, key_text(key), why, DOOR, done.fate))
    return done


def _note(work: Work, line: Line, each: Judged) -> None:
    """Lay a row before staff that may be theirs; write down one that lives."""
    fates = {Verdict.ASK: Fate.STAFF, Verdict.LIVES: Fate.LIVES}
    if each.verdict not in fates or each.key is None:
        return
    fate = fates[each.verdict]
    key = key_text(each.key)
    returned.note(work, Seen(_origin(line), each.table, key, each.why, DOOR, fate))


# the requests


def _end(known: Forgotten, counts: Mapping[str, int], office: HasWork) -> None:
    """Say that the database has caught up; forgotten holds go on keeping everything."""
    work = office.work
    work.replaying = True
    pulse.take(work.conn, remembering.RESTORED)
    pulse.take(work.conn, remembering.CONTINUED)
    orphaned.anew(work)
    looking.forget(work)
    runs.doubt_confirmed(work)
    if known.holds:
        _lose(work, known)
    names = brake.controllers(work)
    facts = {"since": str(known.since)}
    work.remember.append(Note(Kind.REPLAYED, names[0] if names else "", facts=facts))
    told = {word: count for word, count in counts.items() if count}
    work.events += [RestoreReplayed(name, actor=SYSTEM, counts=told) for name in names]


def _lose(work: Work, known: Forgotten) -> None:
    """Write down which holds are to be placed again, beside those an earlier restore forgot."""
    told = pulse.look(work.conn, remembering.HOLDS)
    count = len(known.holds) + (0 if told is None else int(told.note.partition(":")[0]))
    spans = [*_spans(work), (known.since, max(hold.line.number for hold in known.holds))]
    pulse.put(work.conn, remembering.HOLDS, Pulse(work.stamp, noted(count, spans)))


def noted(count: int, spans: Sequence[tuple[int, int]]) -> str:
    """Return as one word how many holds are to be placed again, and between which places they are.

    Of more than eight restores one span is told that has them all: too much is asked about then,
    and never too little.

    :param count: number of holds.
    :param spans: after and up to which places of the register they are, restore by restore.
    """
    if len(spans) > _SPANS:
        spans = [(min(since for since, _ in spans), max(until for _, until in spans))]
    return ":".join(map(str, (count, *(place for span in spans for place in span))))
