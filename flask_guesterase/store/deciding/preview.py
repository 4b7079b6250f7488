"""The plan of a request as staff read it before they decide, and as it was done afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select

from ...core.decided import decisions_of, differences, digest
from ...core.errors import UnknownError
from ...core.identity import masked
from ...core.lifecycle import DONE, OPEN, State
from ...core.permissions import Permission
from ...core.plan import Outcome, Plan
from ...core.standing import Standing, Why
from ...core.wish import Kind
from .. import tables
from ..access import actors
from ..casework import minors, recognising
from ..casework.cases import Case, keyless, load, secret
from ..certificates.deeds import UNCOPIED, copied, did
from ..certificates.restated import today
from ..copying import shelved
from ..erasing import people
from ..erasing.carrying import Candidate, known
from ..erasing.doubles import doubles
from ..erasing.people import Subject
from ..executing.execution import all_kept
from ..lawbook.schedule import Kept, declared_kept
from ..recovery import window
from ..requests import same
from ..retaining.law import HELD
from ..retaining.living import living
from ..texts.struck import Mention, struck
from ..work import Work
from .approving import plan_of
from .unmoved import unmoved


@dataclass(frozen=True)
class Line:
    """One line of a plan as staff read it.

    :param table: name of the table.
    :param rows: how many rows.
    :param columns: the columns it is about; empty for whole rows.
    :param outcome: delete, overwrite, retain or share; empty for what blocks.
    :param category: retention category, or why rows are shared.
    :param basis: article that asks for it, empty when nobody knows one.
    :param until: last day, empty when it is not known.
    :param reason: why it blocks.
    :param detail: a line for staff about a blocker.
    :param grade: how sure the rule is: A text read, B secondary source, C from memory.
    :param open: why the last day is not known.
    :param conflicts: rules that keep it though the general law may not recognise their rank.
    :param uncopied: columns that cannot be taken back, as no safety copy is made of them; ``*``
        for whole rows.
    """

    table: str
    rows: int
    columns: tuple[str, ...] = ()
    outcome: str = ""
    category: str = ""
    basis: str = ""
    until: str = ""
    reason: str = ""
    detail: str = ""
    grade: str = ""
    open: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    uncopied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Later:
    """What is done with rows that wait, once nothing keeps them any more.

    :param table: name of the table.
    :param columns: the columns it is about; empty for whole rows.
    :param outcome: what happens to them then.
    :param category: retention category, or why they stay; empty for what goes.
    """

    table: str
    columns: tuple[str, ...]
    outcome: str
    category: str


@dataclass(frozen=True)
class Look:
    """A subject row as a person must see it to say whose it is.

    :param id: number by which it is taken or left.
    :param table: name of the subject table.
    :param rows: always 1.
    :param standing: taken, perhaps or left.
    :param why: what speaks for or against it.
    :param name: name on file; empty for who may not look.
    :param contacts: contacts on file, masked; empty for who may not look.
    :param hints: of who is perhaps meant, kind and end of what else a clerk can compare.
    """

    id: int
    table: str
    rows: int
    standing: str
    why: str
    name: str = ""
    contacts: tuple[str, ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    category: str = ""
    basis: str = ""
    until: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Preview:
    """The plan of a request as it would be carried out now.

    :param number: number of the request.
    :param digest: digest of its decisions, which an approval names.
    :param erase: what goes.
    :param retain: what the law keeps.
    :param blocked: what stands in the way.
    :param shared: what is another person's too.
    :param perhaps: subject rows a person must look at.
    :param people: subject rows that are taken.
    :param foreseen: tables in which rows may still appear while it waits, and are approved too.
    :param minor: whether a minor is concerned, so that only the privacy officer approves.
    :param mentions: what goes from texts of which the rest stays.
    :param left: subject rows of which somebody said that they are another person's.
    :param differences: what is not as it was approved, where it was and came back.
    :param since: what is not as it was when it was said whose rows are meant; who approves reads
        it with names.
    :param kept: what the policy leaves in rows of which something goes, or stays for a while.
    :param later: what is done with rows that a hold or a precondition keeps today; it is approved
        with the rest.
    """

    number: str
    digest: str
    erase: tuple[Line, ...] = ()
    retain: tuple[Line, ...] = ()
    blocked: tuple[Line, ...] = ()
    shared: tuple[Line, ...] = ()
    perhaps: tuple[Look, ...] = ()
    people: tuple[Look, ...] = field(default=())
    minor: bool = False
    foreseen: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    left: tuple[Look, ...] = ()
    differences: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    later: tuple[Later, ...] = ()

    def holds(self) -> bool:
        """Return whether there are rows of who is taken, or of whom nobody said whose they are."""
        lines = (*self.erase, *self.retain, *self.shared, *self.blocked)
        return bool(self.perhaps) or (bool(self.people) and any(line.rows for line in lines))

    def as_dict(self) -> dict[str, Any]:
        """Return the preview as plain values, for JSON."""
        return asdict(self)


def preview(work: Work, number: str, by: str | None) -> Preview:
    """Draw the plan of a request and show it; of an ended one, what was done and what stays today.

    One that is contested after its key was destroyed is decided no more: it is like an ended one.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who looks; who may verify or approve there sees names and masked
        contacts of subject rows; None shows neither.
    :raises ForbiddenError: they may not look at this property.
    """
    case = load(work, number)
    if by is not None:
        actors.require(work, by, Permission.VIEW, case.property)
    if case.state not in OPEN or keyless(work, case):
        did_then = _told(_then(work, case), _held_then(work, case.number, by))
        return _preview(work, case.number, case.digest or "", did_then, ())
    plan = plan_of(work, case)
    blocked = tuple(
        Line(b.table, b.rows, until=b.until, reason=b.reason, detail=b.detail)
        for b in plan.blocked or all_kept(plan)
    )
    mark = digest(plan, secret(work, case), same.marks(work, case, plan.people))
    subjects = people.subjects(work, case.number)
    # Who only reads what is planned need not know about whom.
    names = by is not None and any(
        actors.may(work, by, each, case.property)
        for each in (Permission.VERIFY, Permission.APPROVE)
    )
    going, many = struck(work, plan, show=names), doubles(work, plan)
    still = going.same | unmoved(work, plan)
    idle = {(each, key): many.get((each.table, key), 1) for each, key in still}
    lost = window.foretold(work, plan).lost
    told = _told([*did(plan, many, idle, lost), *copied(plan)], _held_now(work, plan, by))
    drawn = _preview(work, case.number, mark, told, blocked)
    looks = _looks(work, subjects) if names else {}
    taken = [each for each in subjects if each.standing is Standing.TAKEN]
    since = _since(work, case, taken) if case.state is State.REVIEW else ()
    return Preview(
        drawn.number,
        same.looked(work, case, mark) if since and names else mark,
        drawn.erase,
        drawn.retain,
        drawn.blocked,
        drawn.shared,
        tuple(_look(s, looks) for s in subjects if s.standing is Standing.PERHAPS),
        tuple(_look(s, looks) for s in taken),
        minors.involved(work, plan.people),
        plan.foreseen,
        going.mentions,
        tuple(_look(s, looks) for s in subjects if s.standing is Standing.LEFT),
        _differences(work, case, plan, taken),
        since,
        drawn.kept,
        tuple(_later(plan)),
    )


def _later(plan: Plan) -> Iterator[Later]:
    """Yield what is decided of rows that wait, where the plan of today does not say it already."""
    for each in sorted((plan.promised or frozenset()) - {step.decision for step in plan.steps}):
        yield Later(each.table, each.columns, each.outcome.value, each.ground)


def _since(work: Work, case: Case, taken: Sequence[Subject]) -> tuple[str, ...]:
    """Return what who decides must have looked at because a taken row is not as it was."""
    if case.kind == Kind.COPY:
        return same.of_copy(work, case, taken, shelved.erased_by(work, case))
    return same.since(work, case, taken)


def _then(work: Work, case: Case) -> list[dict[str, Any]]:
    """Return what an ended request did, and of what stays what does so today."""
    if case.state in DONE:
        return today(work, case.number, case.decisions)
    done: list[dict[str, Any]] = (case.decisions or {}).get("did", [])
    return done


def _differences(
    work: Work, case: Case, plan: Plan, taken: Sequence[Subject]
) -> tuple[str, ...]:
    """Return what is not as it was approved, of a request whose approval stands no more."""
    if case.state is not State.REVIEW or not case.decisions:
        return ()
    today = decisions_of(plan, secret(work, case))
    return (*same.moved(work, case, taken), *differences(case.decisions, today))


def _held_now(work: Work, plan: Plan, by: str | None) -> dict[str, list[str]]:
    """Return table -> the holds of a plan that a reader may know of, in words."""
    mine = _holding(work, by)
    seen = {hold.id for hold in living(work) if hold.property in mine} if mine else set()
    found: dict[str, set[int]] = {}
    for step in plan.keeping() if seen else ():
        if step.decision.outcome is Outcome.HOLD:
            for row in step.rows:
                ids = seen.intersection(plan.rulings[step.decision.table, row.key].held)
                found.setdefault(step.decision.table, set()).update(ids)
    return {table: [f"hold:{id}" for id in sorted(ids)] for table, ids in found.items() if ids}


def _held_then(work: Work, number: str, by: str | None) -> dict[str, list[str]]:
    """Return the tables of which an erasure left held rows that a reader may know of."""
    mine, kept = _holding(work, by), tables.kept
    rows = work.conn.execute(
        select(kept.c.table_name, kept.c.property)
        .where(kept.c.request == number, kept.c.mode == HELD)
        .distinct()
    ).all()
    hidden = {row.table_name for row in rows if row.property not in mine}
    return {row.table_name: [] for row in rows if row.table_name not in hidden}


def _holding(work: Work, by: str | None) -> set[str]:
    """Return the properties at which a reader may place and lift holds."""
    codes = work.settings.properties
    return {c for c in codes if by is not None and actors.may(work, by, Permission.HOLD, c)}


def _told(items: list[dict[str, Any]], seen: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Return what is done in the words of who reads.

    To those not entitled a hold looks like anything else that the law keeps; the others read
    which holds they are.

    :param seen: table -> the holds they may know of.
    """
    return [
        i if i["outcome"] != Outcome.HOLD.value
        else {
            **i,
            "outcome": Outcome.HOLD.value if i["table"] in seen else Outcome.RETAIN.value,
            "open": seen.get(i["table"], []),
        }
        for i in items
    ]  # fmt: skip


def _preview(
    work: Work, number: str, digest_: str, items: list[dict[str, Any]], blocked: tuple[Line, ...]
) -> Preview:
    erase, retain = lines(items)
    shared, kept = _lines(items, Outcome.SHARE), tuple(_kept(work, items))
    return Preview(number, digest_, erase, retain, blocked, shared, kept=kept)


def _kept(work: Work, items: Iterable[Mapping[str, Any]]) -> Iterator[Kept]:
    """Return what the policy of today leaves in the rows that stay, a line for each reason."""
    stay = {i["table"] for i in items if i["rows"] and i["outcome"] != Outcome.DELETE.value}
    return declared_kept(work.datamap, stay & work.datamap.tables.keys())


def lines(items: Iterable[Mapping[str, Any]]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Return what goes and what stays as lines.

    :param items: what a plan does, as plain values.
    """
    given = tuple(items)
    return (
        _lines(given, Outcome.DELETE, Outcome.OVERWRITE),
        _lines(given, Outcome.SEAL, Outcome.RETAIN, Outcome.HOLD),
    )


def _lines(items: Iterable[Mapping[str, Any]], *outcomes: Outcome) -> tuple[Line, ...]:
    return tuple(
        Line(
            i["table"], i["rows"], tuple(i["columns"]), i["outcome"], i["category"],
            i.get("basis", ""), i["until"], grade=i.get("grade", ""),
            open=tuple(i.get("open", ())), conflicts=tuple(i.get("conflicts", ())),
            uncopied=tuple(i.get(UNCOPIED, ())),
        )
        for i in items
        if i["outcome"] in outcomes
    )  # fmt: skip


def _looks(work: Work, subjects: list[Subject]) -> dict[int, dict[str, Any]]:
    persons, asked = {}, {}
    for subject in subjects:
        with suppress(UnknownError):
            persons[subject.id] = people.person(work, subject)
        if subject.standing is Standing.PERHAPS:
            asked[subject.id] = subject.why == Why.BIRTHS
    on_file = known(work.conn, work.datamap, persons.values())
    return {
        id: {
            "name": on_file[person].name,
            "contacts": _masked(work, on_file[person]),
            "hints": recognising.telling(work, on_file[person], asked[id]) if id in asked else (),
        }
        for id, person in persons.items()
        if person in on_file
    }


def _masked(work: Work, candidate: Candidate) -> tuple[str, ...]:
    kinds = work.datamap.subjects[candidate.person[0]].contact
    return tuple(masked(kinds[column], text) for column, text in candidate.contacts.items())


def _look(subject: Subject, looks: Mapping[int, dict[str, Any]]) -> Look:
    seen = looks.get(subject.id, {})
    return Look(subject.id, subject.table, 1, subject.standing.value, subject.why, **seen)
