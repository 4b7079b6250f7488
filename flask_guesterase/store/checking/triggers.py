"""What triggers of the host would do when something is erased, and what a policy says of them."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.finding import Finding, Severity
from ..catalog.copying import is_built
from ..catalog.shape import LiveSchema, LiveTable, LiveTrigger
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.ties import loose
from .fired import beyond, emptied, given, onward, reads, written

_CURE = "Declare the table it writes to and name the trigger in triggers=, or drop it."


def fired(
    declared: Declared, found: LiveTable, live: LiveSchema, whole: LiveSchema, datamap: DataMap,
    moves: bool,
) -> Iterator[Finding]:
    """Yield the triggers of a table that an erasure would fire, and for which no word is given.

    :param declared: the table as it is declared.
    :param found: the table as it is in the database.
    :param live: the database as read.
    :param whole: it and all others.
    :param datamap: what is declared of it.
    :param moves: an erased row may go to another partition, which deletes it where it was.
    """
    yield from _stale(declared, found)
    # Rows in a circle let go of each other before they go.
    changes = _going(declared) or declared.name in loose(datamap, live)
    events = {"UPDATE"} if changes else set()
    if declared.deletes or moves:
        events.add("DELETE")
    for trigger in found.triggers:
        if not trigger.events & events:
            continue
        if trigger.name in declared.policy.triggers:
            yield from _astray(declared, trigger, live, whole, datamap)
            continue
        yield from _deletes(declared, trigger, live, whole)
        if _copies(declared, trigger):
            yield Finding(
                "trigger", declared.name, trigger.name, f"{_doer(trigger)} may copy the old value "
                "when it is erased.", _CURE,
            )
        yield from _reads(declared, trigger, datamap)


def _stale(declared: Declared, found: LiveTable) -> Iterator[Finding]:
    names = {trigger.name for trigger in found.triggers}
    for name in declared.policy.triggers:
        if name not in names:
            yield Finding(
                "trigger-stale", declared.name, name, "The policy names a trigger that is not "
                "there.", "Remove it from triggers=.",
            )


def _astray(
    declared: Declared, trigger: LiveTrigger, live: LiveSchema, whole: LiveSchema, datamap: DataMap
) -> Iterator[Finding]:
    """Yield where a trigger that somebody named, or one it fires, copies what nobody looks for."""
    if not _copies(declared, trigger) and not any(_reads(declared, trigger, datamap)):
        return
    passed = [
        (datamap.tables[name], each) for name in onward(live, trigger, datamap.tables)
        if (found := live.table(name)) is not None
        for each in found.triggers if "INSERT" in each.events
    ]
    for owner, each in [(declared, trigger), *passed]:
        if is_built(each.body):
            yield Finding(
                "triggers-unknown", owner.name, each.name, "A trigger that a policy's word lets be "
                "runs statements it puts together, or a procedure: nobody can read into which "
                "table it copies what is erased.",
                "See for yourself that each such table is mapped and declared.", Severity.WARN,
            )
        if each is trigger or _copies(owner, given(each)):
            for name in written(live, each, datamap.exempt):
                yield Finding(
                    "trigger-exempt", owner.name, each.name, "A trigger that a policy's word lets "
                    f"be may copy what is erased to {name}, which is exempt: there it stays, and "
                    "a guest's name in a text is not looked for.",
                    "Give that table a Policy in place of exempt(reason), unless nothing of a "
                    "guest can be in it.", Severity.WARN,
                )
            for name in beyond(live, whole, each):
                yield Finding(
                    "trigger", owner.name, each.name, "A trigger may copy what is erased to "
                    f"{name}, which the policy's word for it does not cover: nobody reads or "
                    "searches that table.",
                    "Map that table with its schema and declare it, or let the trigger write "
                    "elsewhere.",
                )


def _deletes(
    declared: Declared, trigger: LiveTrigger, live: LiveSchema, whole: LiveSchema
) -> Iterator[Finding]:
    for name in emptied(live, whole, trigger):
        yield Finding(
            "trigger-deletes", declared.name, trigger.name, "A trigger deletes rows of "
            f"{name} when something is erased here, and no plan names them.",
            "Drop it, or name it in triggers= where nothing is lost with these rows.",
        )


def _copies(declared: Declared, trigger: LiveTrigger) -> bool:
    """Return whether what is erased of the row itself may survive somewhere."""
    used, erased = trigger.old_columns, {name.lower() for name in _going(declared)}
    harmless = used is not None and not {name.lower() for name in used} & erased
    return trigger.copies_old and not (harmless and not declared.deletes)


def _doer(trigger: LiveTrigger) -> str:
    if trigger.calls:
        return f"The function {trigger.calls}(), which a trigger calls,"
    return "A trigger"


def _going(declared: Declared) -> set[str]:
    """Return the columns that are overwritten at an erasure, or on the day the law lets them go."""
    return {*declared.erase, *declared.shape.after}


def _reads(declared: Declared, trigger: LiveTrigger, datamap: DataMap) -> Iterator[Finding]:
    """Yield what a trigger may copy of another table, which still has it then."""
    for other in datamap.tables.values():
        columns = [] if other is declared else reads(trigger, other.name, _going(other))
        if columns:
            yield Finding(
                "trigger", declared.name, trigger.name, "A trigger may copy "
                f"{', '.join(columns)} of {other.name} when something is erased here.", _CURE,
            )
