"""Rows that the database writes by itself while others change, by a trigger for example."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...core.errors import ErasureError
from ...core.image import Cell
from ...core.plan import Decision, Key, Outcome, Person, Plan, Row, Step, key_text
from ..catalog.shape import LiveSchema
from ..checking.fired import named
from ..checking.gaps import unreadable
from ..mapping.raw import reader
from .finder import buried, erased_before, find
from .surgery import Surgery

_CURE = (
    "Look at the triggers: what one writes through a function, or under a condition of its own, "
    "cannot be foreseen. Let its text name the table, or drop it."
)


def is_quiet(live: LiveSchema | None) -> bool:
    """Return whether the database writes no rows by itself when others change."""
    return live is not None and all(
        each.triggers_known
        and not any(table.triggers or table.view for table in each.tables.values())
        for _, each in live.each()
    )


def decided(now: Plan, moved: set[tuple[str, Key]], *before: Plan) -> Plan:
    """Return the steps of `now` limited to rows that no earlier plan held.

    :param now: the plan as it is drawn now.
    :param moved: rows of earlier plans that have no key of their own, as they are now.
    :param before: the earlier plans, the approved one first.
    :raises ErasureError: they come under no decision of the approved one.
    """
    decisions = {_but_end(step.decision) for step in before[0].steps}
    steps = tuple(appeared(now, moved, *before))
    for step in steps:
        if _but_end(step.decision) not in decisions:
            raise ErasureError(
                f"Rows appeared in {step.decision.table} while it was being erased, under no "
                "decision of the plan.",
                _CURE,
            )
    return Plan(now.people, steps, (), now.policy, rulings=now.rulings)


def _but_end(decision: Decision) -> Decision:
    """Return a decision as it is of a row that is not there: no rule says yet what ends its box."""
    return replace(decision, until="") if decision.outcome is Outcome.SEAL else decision


def appeared(now: Plan, moved: set[tuple[str, Key]], *before: Plan) -> Iterator[Step]:
    """Yield the steps of a plan that change rows, limited to rows that no earlier plan held.

    :param now: the plan as it is drawn now.
    :param moved: rows of earlier plans that have no key of their own, as they are now.
    :param before: the earlier plans.
    """
    seen = {
        (step.decision.table, key_text(row.key))
        for each in before
        for step in each.steps
        for row in step.rows
    }
    for step in now.changing():
        table = step.decision.table
        rows = tuple(
            r for r in step.rows
            if (table, key_text(r.key)) not in seen and (table, r.key) not in moved
        )
        if rows:
            yield Step(step.decision, rows)


def require_ended(table: str | None) -> None:
    """Make sure that the second round was the last.

    :param table: where rows appeared in it; None where nothing did.
    :raises ErasureError: rows did.
    """
    if table is not None:
        raise ErasureError(
            f"Rows keep appearing in {table} while it is erased.",
            "Look at the triggers of that table.",
        )


@dataclass(frozen=True)
class Watch:
    """Sees which rows are written of people who were erased, in whatever table.

    :param surgery: what changes their rows.
    :param people: whose rows are looked for, as far as they were erased and are not back.
    :param asked: those who asked for it and are erased only now, because a hold ended for example.
    :param named: tables that triggers name, whose rows are read as well.
    :param seen: table and key, as text -> what such a row says that may go.
    """

    surgery: Surgery
    people: frozenset[Person]
    asked: frozenset[Person]
    named: frozenset[str]
    seen: dict[tuple[str, str], tuple[Cell, ...]] = field(default_factory=dict)

    def new(self, done: Plan | None = None) -> dict[str, list[Row]]:
        """Return the rows that were not there, or said something else, when this was asked before.

        :param done: what was carried out since; what it changed in its own rows is as it left it.
        """
        surgery, new = self.surgery, dict[str, list[Row]]()
        ours = _changed(done) if done is not None else {}
        # What changes of who lives, or whom the host just wrote into an emptied row, is the host's.
        gone = erased_before(surgery.conn, surgery.datamap, self.people) | self.asked
        found = find(surgery.conn, surgery.datamap, gone, unreadable(surgery.datamap))
        for table, rows in found.items():
            says = self._read(table, rows)
            for row in rows:
                place, now = (table, key_text(row.key)), says.get(row.key, ())
                before, mine = self.seen.get(place), ours.get((table, row.key))
                known = mine is not None if before is None else _same(before, now, mine or ())
                if not known and (table, row.key) not in surgery.moved:
                    new.setdefault(table, []).append(row)
                self.seen[place] = now
        return new

    def _read(self, table: str, rows: Sequence[Row]) -> Mapping[Key, tuple[Cell, ...]]:
        """Return what rows of a table say that may go: a trigger may write into one again."""
        if table not in self.named:
            return {}
        declared = self.surgery.datamap.declared(table)
        names = sorted({*declared.erase, *declared.retain})
        reads = reader(self.surgery.conn, declared, self.surgery.live)
        return dict(reads.read([row.key for row in rows], names)) if names else {}


def _changed(done: Plan) -> dict[tuple[str, Key], set[str]]:
    """Return table and key -> the columns that a plan changed."""
    found: dict[tuple[str, Key], set[str]] = {}
    for step in done.changing():
        for row in step.rows:
            found.setdefault((step.decision.table, row.key), set()).update(step.decision.columns)
    return found


def _same(before: Sequence[Cell], now: Sequence[Cell], without: Collection[str]) -> bool:
    """Return whether a row says the same as before, but for some columns."""
    one, other = ([cell for cell in cells if cell.name not in without] for cells in (before, now))
    return one == other


def beside(rest: Plan, done: Plan) -> Plan:
    """Return a plan without what another one has just changed in the same rows.

    :param rest: the plan.
    :param done: what was carried out.
    """
    ours, steps = _changed(done), dict[Decision, list[Row]]()
    for step in rest.steps:
        for row in step.rows:
            left = _but(step.decision, ours.get((step.decision.table, row.key), ()))
            if left.columns or not step.decision.columns:
                steps.setdefault(left, []).append(row)
    return replace(rest, steps=tuple(Step(each, tuple(steps[each])) for each in sorted(steps)))


def _but(decision: Decision, names: Collection[str]) -> Decision:
    """Return a decision about its other columns, each with its rule where it has one."""
    if not names:
        return decision
    places = [place for place, name in enumerate(decision.columns) if name not in names]
    rules = tuple(decision.rules[place] for place in places) if decision.rules else ()
    return replace(decision, columns=tuple(decision.columns[n] for n in places), rules=rules)


def watch(surgery: Surgery, people: Iterable[Person], drawn: Plan) -> Watch:
    """Look at the rows of people, and of who owns the rows of a plan, before these change.

    :param surgery: what changes their rows.
    :param people: those who asked for it.
    :param drawn: the plan.
    """
    owners = {p for step in drawn.changing() for row in step.rows for p, _ in row.owners}
    own = {(step.decision.table, row.key) for step in drawn.changing() for row in step.rows}
    asked = frozenset(people)
    # Whose own row stays lives on: what the host writes of them meanwhile is the host's.
    now = (asked & own) - drawn.spared()
    now = now.difference(buried(surgery.conn, now))
    told = _named(surgery.live, drawn, surgery.datamap.tables)
    watching = Watch(surgery, asked.union(owners), now, told)
    watching.new()
    return watching


def _named(live: LiveSchema | None, drawn: Plan, among: Iterable[str]) -> frozenset[str]:
    """Return the tables that triggers name which fire when a plan is carried out."""
    changed = {step.decision.table for step in drawn.changing()}
    return frozenset(named(live, changed, among)) if live is not None else frozenset()


def require_free(rest: Plan) -> None:
    """Make sure that what triggers wrote can be erased; the batch fails otherwise, not the night.

    :param rest: what was decided about it.
    :raises ErasureError: something stands in the way.
    """
    if rest.blocked:
        tables = ", ".join(sorted({step.decision.table for step in rest.steps}))
        raise ErasureError(
            f"What a trigger wrote into {tables} cannot be erased now.",
            "Run `flask guesterase check`: it says what of these tables nobody decided about.",
        )


def require_named(watched: Watch, new: Iterable[str]) -> None:
    """Make sure that triggers wrote the rows that are new, and not the host beside us.

    :param watched: what was seen.
    :param new: tables in which rows are that were not there before.
    :raises ErasureError: no trigger of a table that changed names it.
    """
    strange = sorted(set(new) - watched.named)
    if strange:
        raise ErasureError(
            f"Rows appeared in {strange[0]} while something else ended that was kept.", _CURE
        )
