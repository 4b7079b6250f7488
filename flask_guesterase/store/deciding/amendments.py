"""What people decide about the rulebook: signatures, periods of the house, shortenings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, select
from sqlalchemy.exc import IntegrityError

from ...core.checkpoint import Checkpoint
from ...core.errors import (
    FourEyesError,
    InputError,
    MovedError,
    TamperedError,
    TransitionError,
    UnknownError,
)
from ...core.events import HousePeriodSet, PackSigned, RuleConfirmed, RuleProposed
from ...core.log import read_entry, slug
from ...core.period import Period, period
from ...core.permissions import Permission
from ...core.reconciling import covers, settled, waiting
from ...core.rule import CATEGORIES, EVENTS, Grade, Kind, Rank, Rule
from ...core.rulebook import Line, LineKind, LineState, rule_body
from .. import tables
from ..access import actors, pulse
from ..access.sameness import same
from ..journaling.signers import open_ours
from ..lawbook import packs, rulebook, rulerows, sources
from ..lawbook.proposals import journaled, tells
from ..messages.outbox import SENT
from ..requests.pending import touched

if TYPE_CHECKING:
    from ..work import Work


def sign(work: Work, code: str, by: str, text: str | None = None) -> None:
    """Sign the text of a pack as it is now; signing it again changes nothing.

    :param work: the open transaction.
    :param code: code of the pack.
    :param by: the host's id of who signs.
    :param text: mark of the text they read, of `Draft`; None for the one that is installed.
    :raises MovedError: another text is installed by now.
    :raises UnknownError: no property is under this pack.
    :raises ForbiddenError: they may not decide about the law at a property under it.
    """
    under = {
        place: pack
        for place in work.settings.properties
        for pack in sources.texts(work.settings, place)
        if pack.code == code
    }
    if not under:
        raise UnknownError(
            "No property of yours is under this pack.", "`flask guesterase jurisdiction list`."
        )
    mine = [p for p in under if actors.may(work, by, Permission.LAW, p)]
    actor = actors.allow(work, by, Permission.LAW, (mine or sorted(under))[0])
    mark = under[(mine or sorted(under))[0]].mark
    if text not in (None, mark):
        raise MovedError(
            f"The text of {code} is not the one that was read.", "Read it again, then sign it."
        )
    if (code, mark) in sources.signed_texts(work.conn, [code]):
        return
    signed = {"code": code, "mark": mark, "signed_by": actor, "signed_at": work.stamp}
    try:
        with work.conn.begin_nested():
            work.conn.execute(insert(tables.pack).values(signed))
    except IntegrityError:
        # Somebody else's transaction signed the same text first.
        return
    for controller in sorted({work.settings.property(p).controller for p in under}):
        work.events.append(PackSigned(controller, actor=actor, marks={"text": mark}))
    rulebook.sync(work)


@dataclass(frozen=True)
class Draft:
    """A pack whose text nobody signed.

    :param code: its code.
    :param name: its name for people.
    :param text: mark of its text.
    """

    code: str
    name: str
    text: str


def drafts(work: Work, by: str) -> Sequence[Draft]:
    """Return the packs nobody signed that count where a person may decide about the law."""
    there = {p.code: p for at in _deciding(work, by) for p in sources.texts(work.settings, at)}
    asked = {code: pack for code, pack in there.items() if packs.asks(pack)}
    signed = sources.signed_texts(work.conn, asked)
    return [Draft(c, p.name, p.mark) for c, p in sorted(asked.items()) if (c, p.mark) not in signed]


def _deciding(work: Work, by: str) -> list[str]:
    """Return the properties at which a person decides about the law."""
    return [p for p in work.settings.properties if actors.may(work, by, Permission.LAW, p)]


@dataclass(frozen=True)
class House:
    """A period that the house sets where the law gives no number.

    :param category: retention category.
    :param clock: events that may start it.
    :param source: why this long: a document, an opinion, a decision.
    :param floor: how long to keep at least, or None.
    :param ceiling: how long to keep at most, or None.
    """

    category: str
    clock: tuple[str, ...]
    source: str
    floor: Period | None = None
    ceiling: Period | None = None

    def line(self) -> Line:
        """Return it as a line that nobody confirmed yet.

        :raises InputError: something is missing or unknown.
        """
        if (self.floor is None) == (self.ceiling is None):
            raise InputError(
                "A period of the house is either a floor or a ceiling.", "Set one, then the other."
            )
        for length in filter(None, (self.floor, self.ceiling)):
            if period(str(length)).working:
                raise InputError(
                    "Working days count answers, not how long a record stays.",
                    "Write years, months or days.",
                )
        if not self.source.strip():
            raise InputError(
                "A period of the house needs a source.", "Say where it was decided, and by what."
            )
        for event in self.clock or ("",):
            _known(event, EVENTS, "event that starts a clock")
        name = f"house/{self.category}"
        rule = Rule(
            name, "house", self.category, source=self.source.strip(), grade=Grade.HOUSE,
            floor=self.floor, ceiling=self.ceiling, ceiling_kind=Kind.SOFT, clock=self.clock,
            rank=Rank.HOUSE,
        )  # fmt: skip
        return Line(LineKind.HOUSE, name, rule_body(rule), LineState.PROPOSED, signed=True)


def _known(word: str, words: Iterable[str], what: str) -> None:
    if word not in words:
        raise InputError(f"There is no such {what}.", f"Known are: {', '.join(sorted(words))}.")


def house(work: Work, code: str, period: House, by: str) -> int:
    """Propose a period of the house; return the number under which it is confirmed.

    :param work: the open transaction.
    :param code: code of the property.
    :param period: the period.
    :param by: the host's id of who proposes it.
    :raises InputError: it is no period.
    :raises ForbiddenError: they may not decide about the law at this property.
    """
    actor = actors.allow(work, by, Permission.LAW, code)
    declared = {name for names in rulebook.all_labels(work).values() for name in names}
    _known(period.category, {*CATEGORIES, *declared}, "category")
    line = period.line()
    id_ = rulerows.add(work, code, line, proposed_by=actor, proposed_at=work.stamp)
    work.events.append(_event(work, RuleProposed, code, line, actor))
    return id_


def confirm_house(work: Work, id_: int, by: str) -> None:
    """Set a period of the house that another person proposed.

    A floor acts at once, and replaces one that is not longer; a longer one before it stays until
    its end is let act. Where it ends what had no end, nothing goes by it for thirty days. A ceiling
    makes records go: it waits the way every shortening does.

    :param work: the open transaction.
    :param id_: number of the proposal.
    :param by: the host's id of the second person.
    :raises FourEyesError: they proposed it.
    :raises TransitionError: it is no proposal any more, or the journal knows of none.
    """
    row, actor = _waits(work, id_, by, {LineState.PROPOSED})
    _another(work, row, actor)
    if not journaled(work, row):
        raise TransitionError(
            "The journal knows of no such proposal.",
            "Propose it anew; in a restored database `flask guesterase replay` goes before.",
        )
    line = replace(rulerows.line_of(row), state=LineState.LIVING)
    shortens = line.rule().ceiling is not None
    if shortens:
        line = replace(line, state=LineState.COMING)
    else:
        line = _settling(work, row.property, line)
        _replace(work, row.property, line)
    rulerows.change(work, line, confirmed_by=actor, confirmed_at=work.stamp)
    work.events.append(_event(work, HousePeriodSet, row.property, line, actor))


def _settling(work: Work, code: str, line: Line) -> Line:
    """Return a period as it acts: a first one ends what nobody knew the end of thirty days on."""
    today = rulebook.today(work)
    if settled(rulebook.book(work, code), str(line.body["category"]), today):
        return line
    return waiting(line, rulebook.begins(work, code))


def _replace(work: Work, code: str, line: Line) -> None:
    """End the house's floors that a new one covers; the longer ones are leaving."""
    for old in rulerows.known(work.conn, code):
        if old.name != line.name or old.kind is not LineKind.HOUSE or old.id == line.id:
            continue
        if old.state is not LineState.LIVING or old.rule().floor is None:
            continue
        if covers(line, old):
            rulerows.change(work, replace(old, state=LineState.ENDED), ended_at=work.stamp)
        else:
            _leave(work, old)


def _leave(work: Work, line: Line) -> None:
    leaving = replace(line, state=LineState.LEAVING, acts_on=None)
    rulerows.change(work, leaving, **rulerows.NOBODY | {"gone_at": work.stamp})


def propose(work: Work, id_: int, by: str) -> None:
    """Propose that a shortening may act, or that a period of the house may end.

    :param work: the open transaction.
    :param id_: number of the line.
    :param by: the host's id of who proposes it.
    :raises UnknownError: there is no such line.
    :raises ForbiddenError: they may not decide about the law there.
    :raises TransitionError: nothing of it waits, or it was confirmed already.
    """
    states = {LineState.LEAVING, LineState.COMING, LineState.LIVING}
    row, actor = _waits(work, id_, by, states)
    line = rulerows.line_of(row)
    if row.acts_on is not None:
        raise TransitionError("This was confirmed already.", f"It acts on {row.acts_on}.")
    if line.state is LineState.LIVING:
        if line.kind is not LineKind.HOUSE:
            raise TransitionError(
                "This line is in force and nobody changed its source.",
                "`flask guesterase policy waiting` lists what can be proposed.",
            )
        _leave(work, line)
        line = replace(line, state=LineState.LEAVING)
    rulerows.change(
        work, line, proposed_by=actor, proposed_at=work.stamp, confirmed_by=None,
        confirmed_at=None, checkpoint=None,
    )  # fmt: skip
    rows = {"rows": touched(work, row.property, line)}
    work.events += [
        _event(work, RuleProposed, row.property, line, actor, rows, name)
        for name in rulebook.controllers(work, row.property)
    ]


def confirm(work: Work, id_: int, by: str, checkpoint: str) -> str:
    """Let a shortening act thirty days from today; return that day, ISO.

    :param work: the open transaction.
    :param id_: number of the line.
    :param by: the host's id of the second person.
    :param checkpoint: text of a signed checkpoint, kept outside, that has seen the proposal; where
        it is empty, one that a place outside took counts.
    :raises FourEyesError: they proposed it.
    :raises TransitionError: nobody proposed it, or it was confirmed already.
    :raises InputError: it is not a checkpoint of this house, or older than the proposal.
    """
    row, actor = _waits(work, id_, by, {LineState.LEAVING, LineState.COMING})
    if row.proposed_at is None or row.proposed_by is None or row.acts_on is not None:
        raise TransitionError(
            "Nobody proposed this, or it was confirmed already.",
            "Let a first person propose it.",
        )
    _another(work, row, actor)
    head = _seen(work, row, checkpoint) if checkpoint.strip() else _taken(work, row)
    day = rulebook.allowed_from(work, row.property)
    line = replace(rulerows.line_of(row), acts_on=day)
    rulerows.change(
        work, line, confirmed_by=actor, confirmed_at=work.stamp, checkpoint=head.root.hex()
    )
    rows = {"rows": touched(work, row.property, line)}
    for name in rulebook.controllers(work, row.property):
        event = _event(work, RuleConfirmed, row.property, line, actor, rows, name)
        work.events.append(replace(event, marks={**event.marks, "checkpoint": head.root.hex()}))
    return day.isoformat()


def _seen(work: Work, row: Row[Any], text: str) -> Checkpoint:
    """Return a checkpoint of this house whose tree holds the proposal."""
    try:
        head = open_ours(work.conn, text, work.custodian.public_key())
    except TamperedError as problem:
        # What somebody brought is wrong, not our journal.
        raise InputError(problem.message, problem.hint) from None
    names = {slug(name) for name in rulebook.controllers(work, row.property)}
    if head.controller not in names:
        raise InputError(
            "This checkpoint is of another controller's journal.",
            "Bring one of the controller whose property this is.",
        )
    entry = tables.entry
    bodies = work.conn.execute(
        select(entry.c.body)
        .where(
            entry.c.controller == head.controller,
            entry.c.epoch == head.epoch,
            entry.c.position < head.size,
            entry.c.action == RuleProposed.name,
        )
        .order_by(entry.c.position.desc())
    ).scalars()
    told = tells(work, row)
    if any(told(read_entry(body.encode()).draft) for body in bodies):
        return head
    raise InputError(
        "This checkpoint is older than the proposal.",
        "Let one be made and kept outside after the proposal, and bring that.",
    )


def _taken(work: Work, row: Row[Any]) -> Checkpoint:
    """Return a checkpoint that a place outside took since the proposal, of whichever journal."""
    table, older = tables.released, None
    for name in rulebook.controllers(work, row.property):
        note = work.conn.execute(
            select(table.c.note)
            .where(table.c.controller == slug(name), table.c.state == SENT)
            .order_by(table.c.epoch.desc(), table.c.size.desc())
            .limit(1)
        ).scalar()
        try:
            if note is not None:
                return _seen(work, row, note)
        except InputError as problem:
            older = problem
    raise older or InputError(
        "No checkpoint has left the house.",
        "Run `flask guesterase checkpoint --release`, or bring one that was kept outside.",
    )


def _waits(work: Work, id_: int, by: str, states: set[LineState]) -> tuple[Row[Any], str]:
    """Return a line's row under lock, and the number of a person who may decide about it."""
    # Who decides about another line waits here: a period of the house takes the place of others,
    # and would see neither one that is being set nor what is being said of one that it replaces.
    pulse.turn(work.conn, "house-periods", work.stamp)
    table = tables.rule
    row = work.conn.execute(select(table).where(table.c.id == id_).with_for_update()).one_or_none()
    codes = [row.property] if row and row.property else sorted(work.settings.properties)
    waits = row is not None and LineState(row.state) in states
    # Whoever decides about the law gave a wrong number, where it is none of their lines.
    mine = [] if waits else _deciding(work, by)
    if row is None or (mine and not {*codes} <= {*mine}):
        raise UnknownError(
            "There is no such line in the rulebook.",
            "`flask guesterase policy waiting` lists them.",
        )
    actor = [actors.allow(work, by, Permission.LAW, code) for code in codes][-1]
    if not waits:
        raise TransitionError(
            "This line does not wait for that.", "Look at it again: it may have ended."
        )
    return row, actor


def _another(work: Work, row: Row[Any], actor: str) -> None:
    if same(work.conn, row.proposed_by, actor, work.stamp):
        raise FourEyesError("The same person proposed this.", "Another person must confirm it.")


def _event(
    work: Work,
    kind: type[RuleProposed | RuleConfirmed | HousePeriodSet],
    code: str,
    line: Line,
    actor: str,
    counts: Mapping[str, int] | None = None,
    controller: str = "",
) -> Any:
    name = controller or work.settings.property(code).controller
    return kind(
        name, code, actor=actor, counts=dict(counts or {}), marks={"rule": line.mark},
        grounds=(line.kind.value, line.state.value),
    )  # fmt: skip
