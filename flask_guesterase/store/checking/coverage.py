"""What the data map leaves open, as far as the mapping tells without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from sqlalchemy import Column, literal, select

from ...core.finding import Finding, Severity
from ...core.identity import Kind, kind_of
from ...core.treatment import (
    Computed,
    Constant,
    File,
    Inside,
    Keep,
    Mentions,
    Null,
    Placeholder,
    Redact,
    Retain,
    RowRule,
    Rule,
)
from ..mapping.datamap import DataMap
from ..mapping.declared import UNRULED, Declared, is_generated
from ..mapping.lines import registers, unknown
from ..mapping.links import Link, links
from ..mapping.masks import ENOUGH, beneath, is_marked
from ..mapping.unique import is_unique, unique_keys
from ..mapping.ways import clock_of
from ..statements.sql import holds_text, text_length
from .colliding import choice
from .fitting import fits


def coverage(datamap: DataMap) -> list[Finding]:
    """Return what is uncovered, misfitting or contradictory in a data map."""
    known = links(datamap, None)
    findings = [f for name in datamap.atlas.tables for f in _table(datamap, name, known)]
    for declared in datamap.tables.values():
        findings += _owners(declared)
        findings += _unnamed(datamap, declared, known)
        findings += _condition(declared)
        findings += _columns(datamap, declared, known)
        findings += _rows(datamap, declared, known)
    findings += [*unknown(datamap), *_unkept(datamap), *_known_still(datamap)]
    findings += _inactive(datamap)
    if not datamap.subjects:
        findings.append(Finding(
            "subject-missing", "", "", "No table is declared as one whose rows stand for a person.",
            "Give the guest table a Policy(..., subject=Subject(...)).",
        ))
    return findings


def near_people(datamap: DataMap, known: Iterable[Link]) -> set[str]:
    """Return the tables from which foreign keys lead, in any number of steps, to a person.

    Also those a subject row points at do not count: a guest's room is not the guest's.
    """
    near = set(datamap.subjects)
    grown = True
    while grown:
        more = {k.child for k in known if k.parent in near} - near
        more -= set(datamap.exempt)
        near |= more
        grown = bool(more)
    return near


def _table(datamap: DataMap, name: str, known: Iterable[Link]) -> Iterator[Finding]:
    if name in datamap.tables or name in datamap.exempt:
        return
    if name in near_people(datamap, known):
        yield Finding(
            "table-uncovered", name, "", "The table leads to a person and has no policy.",
            "Declare a Policy for it, or exempt(reason) when nobody's data can be in it.",
        )
    else:
        yield Finding(
            "table-unclassified", name, "", "The table is neither declared nor exempt.",
            "Declare a Policy for it, or exempt(reason) when nobody's data can be in it.",
        )


def _owners(declared: Declared) -> Iterator[Finding]:
    if declared.policy.subject is None and declared.policy.via is None:
        yield Finding(
            "owner-missing", declared.name, "", "Nothing says whose rows these are.",
            "Give the policy subject=Subject(...) or an owner path with via=, or declare "
            "exempt(reason) in its place when nobody's data can be in the table.",
        )
    if declared.policy.subject is not None and declared.policy.via is not None:
        yield Finding(
            "owner-twice", declared.name, "", "Subject rows are their own owners.",
            "Remove via=, or make the table one that is owned.",
        )
    several = len(declared.paths) > 1 or any(not path.to_one for path in declared.paths)
    if several and declared.policy.rows is RowRule.DELETE:
        yield Finding(
            "shared-delete", declared.name, "", "Rows can have several owners and go with the "
            "first of them.", "Use rows=delete_when_last_owner unless that is what you mean.",
            Severity.WARN,
        )


def _unnamed(datamap: DataMap, declared: Declared, known: tuple[Link, ...]) -> Iterator[Finding]:
    """Yield keys to people that no owner path begins with: their rows outlive their erasure.

    A rule for the key, such as keep(reason), says that the row is not theirs. Over what a vendor's
    own select leads is not known here.
    """
    if not declared.paths or any(path.select is not None for path in declared.paths):
        return
    named = [{column.name for column in hop.source} for p in declared.paths for hop in p.hops[:1]]
    for link in known:
        columns = set(link.columns)
        leads = link.child == declared.name and link.parent in datamap.subjects
        told = declared.policy.subject is not None or columns & set(declared.rules)
        if leads and not told and columns not in named:
            yield Finding(
                "owner-unnamed", declared.name, ", ".join(link.columns),
                f"The key leads to {link.parent}, and no owner path begins with it: when that "
                "person is erased, these rows stay as they are.",
                "Add it to via=, or give the column keep(reason) if the row is not theirs.",
                # Where others lie among the guests, it may well be the key of a clerk who wrote.
                Severity.WARN if datamap.tables[link.parent].policy.where else Severity.STOP,
            )


def _inactive(datamap: DataMap) -> Iterator[Finding]:
    """Yield tables of people who did nothing, by their clock, since the day they were entered."""
    for name in sorted(datamap.subjects):
        clock = clock_of(datamap.tables[name].policy)
        last = _named(clock.get("last_activity"))
        dated = sorted(
            other.name for other in datamap.tables.values()
            if clock_of(other.policy) and other.name != name
            and any(path.subject.fullname == name for path in other.paths)
        )
        if last and last <= _named(clock.get("created")) and dated:
            yield Finding(
                "activity-alone", name, "last_activity", "It is the day they were entered, though "
                f"{', '.join(dated[:3])} lead to them and have dates: by it somebody who stays "
                "every year goes like one who never came again.",
                'Name those dates too, with the way to them: "last_activity": ["created_on", '
                '"stays.left_at"].', Severity.WARN,
            )


def _named(where: object) -> set[object]:
    """Return the places that a clock names for an event."""
    if where is None:
        return set()
    if isinstance(where, str) or callable(where):
        return {where}
    return {*cast(Iterable[object], where)}


def _condition(declared: Declared) -> Iterator[Finding]:
    if declared.policy.where is None:
        return
    try:
        select(literal(1)).where(declared.policy.where(declared.table))
    except Exception as problem:  # a vendor's own code: whatever it raises, no row could be read
        yield Finding(
            "condition-unknown", declared.name, "", f"where= cannot be asked: it raised "
            f"{type(problem).__name__}.",
            "It takes the table and returns a condition; columns are table.c.NAME.",
        )


def _columns(datamap: DataMap, declared: Declared, known: tuple[Link, ...]) -> Iterator[Finding]:
    for column in declared.table.c:
        rule = declared.rules.get(column.name)
        if column in declared.blurred:
            keyed = declared.keyed
            yield Finding(
                "rule-misfit", declared.name, column.name,
                "This column is of the table's key, and its type cannot tell rows apart." if keyed
                else "The table has no key, and this type of column cannot tell its rows apart.",
                "Let what its type reads compare (__eq__, __hash__) and be written (__str__) by "
                "its value, or use another type." if keyed
                else 'Give the table a key, or its mapper one: {"primary_key": [...]}.',
            )
        if rule is None:
            yield from _uncovered(datamap, declared, column, known)
        elif not isinstance(written := declared.written(column.name), Keep | Retain):
            yield from _misfit(declared, column, written)


def _uncovered(
    datamap: DataMap, declared: Declared, column: Column[object], known: tuple[Link, ...]
) -> Iterator[Finding]:
    if declared.goes_whole:
        return
    if is_generated(column) or _links_rows(datamap, declared, column, known):
        return
    yield Finding(
        "column-uncovered", declared.name, column.name, "The column has no rule.",
        "Say what happens to it: null, redact, placeholder, a constant, keep(reason) or "
        "retain(category).",
    )


def _links_rows(
    datamap: DataMap, declared: Declared, column: Column[object], known: tuple[Link, ...]
) -> bool:
    """Return whether a column only links rows: its own key, or a key that stays as it is."""
    if column in declared.key and declared.table.primary_key.columns:
        contacts = datamap.subjects.get(declared.name)
        personal = contacts is not None and (
            column.name in contacts.contact
            or any(c is column for c in (*contacts.names, *contacts.match.values()))
        )
        return not personal and (declared.deletes or not tells(datamap, declared, column))
    for link in known:
        if link.child == declared.name and column.name in link.columns:
            target = link.targets[link.columns.index(column.name)]
            parent = datamap.tables.get(link.parent)
            return parent is None or target not in parent.erase
    return False


def tells(datamap: DataMap, declared: Declared, column: Column[object]) -> bool:
    """Return whether a key is itself what names somebody, or a copy of what is erased elsewhere.

    :param datamap: the data map.
    :param declared: the table.
    :param column: a column of its key.
    """
    kinds = set(_WHO)
    if declared.policy.subject is not None:
        # Of other rows a name is mostly a thing's.
        kinds.add(Kind.NAME)
    if holds_text(column.type) and not column.foreign_keys and kind_of(column.name) in kinds:
        return True
    for path in declared.paths:
        for hop in path.hops[:1]:
            parent = datamap.tables.get(hop.table.fullname)
            pairs = zip(hop.source, hop.target, strict=True)
            if parent and any(a is column and b.name in parent.erase for a, b in pairs):
                return True
    return False


def _misfit(declared: Declared, column: Column[object], rule: Rule) -> Iterator[Finding]:
    length = text_length(column.type)
    why = fits(rule, column, bool(column.nullable), length)
    if is_generated(column):
        why = "the database computes the column by itself"
    if column in declared.key and declared.table.primary_key.columns:
        why = "the column is the row's key; rows=delete is the way to let it go"
    inner = beneath(rule)
    alone = is_unique(declared.table, (column,))
    if not why and _collides(declared, column.name):
        why = "every row would get the same value and the column is unique"
    if not why and alone and isinstance(inner, Placeholder) and length and length < ENOUGH:
        why = f"{length} characters are too few for values that never meet"
    if not why and alone and isinstance(rule, Mentions):
        why = "two texts may become the same and the column is unique"
    if why:
        # Another rule in its place would let the name go and leave the file.
        cure = (
            "Say what the name becomes: File(folder, then=redact), then=placeholder or a value."
            if isinstance(rule, File)
            else choice(bool(column.nullable))
        )
        yield Finding(
            "rule-misfit", declared.name, column.name, f"The rule cannot fit: {why}.",
            UNRULED if is_generated(column) else cure,
        )
    elif isinstance(rule, Inside) and rule.otherwise is None and len(rule.kept) == len(rule.parts):
        yield Finding(
            "rule-misfit", declared.name, column.name, "All that inside() lists is kept: nothing "
            "goes, though plan and certificate call the column overwritten.",
            "Say what goes in it, or give the column keep(reason).",
        )
    elif isinstance(inner, Placeholder) and declared.policy.clock is not None and length and (
        not is_marked(column.name, length)
    ):
        yield Finding(
            "rule-misfit", declared.name, column.name, f"A placeholder of {length} characters "
            "cannot be told from what a guest wrote: each sweep would take the row again.",
            f"Choose {'null, ' if column.nullable else ''}redact or a constant, or give the column "
            "ten characters.",
            Severity.WARN,
        )


def _collides(declared: Declared, name: str) -> bool:
    """Return whether two erased rows would agree in all columns of a key this one is part of."""
    fixed = {
        n for n in declared.rules
        for inner in [beneath(declared.written(n))]
        if isinstance(inner, Redact | Constant) and not _is_null(inner)
    }
    return any(name in key and key <= fixed for key in unique_keys(declared.table))


def _unkept(datamap: DataMap) -> Iterator[Finding]:
    """Yield the columns by which a line of the guest register is found, and that go when asked.

    Nobody declares a register for a hotel whose law wants none.
    """
    for name, lines in registers(datamap).items():
        for column in lines.personal:
            rule = lines.declared.rules.get(column.name)
            if column.computed is not None:
                yield Finding(
                    "floor-unkept", name, column.name, "The database computes this column: no line "
                    "of the guest register that is sealed holds it, or is found by it.",
                    "Name in Register(...) what it is made of, and give that "
                    'retain("guest_register").',
                )
            elif not isinstance(rule, Keep | Retain):
                yield Finding(
                    "floor-unkept", name, column.name, "The line of the guest register goes with "
                    "this column as soon as its guest asks, whatever the law says.",
                    'Give the columns that the law wants retain("guest_register"); the sweep lets '
                    "them go on their day.",
                )


def _known_still(datamap: DataMap) -> Iterator[Finding]:
    """Yield the columns that say who somebody is, and that their erasure leaves as they are."""
    for name, who in datamap.subjects.items():
        declared = datamap.tables[name]
        found = [c for c in who.match.values() if isinstance(c, Column) and kind_of(c.name) in _WHO]
        keys = declared.key if declared.table.primary_key.columns and not declared.deletes else ()
        found += [c for c in keys if tells(datamap, declared, c)]
        columns = {c.name for c in (*who.names, *found)} | set(who.contact)
        for column in sorted(columns) if not declared.goes_whole else ():
            if isinstance(declared.rules.get(column), Keep):
                yield Finding(
                    "subject-kept", name, column, "This column says who somebody is and is kept: "
                    "whoever is erased stays known by it, though a certificate says they went.",
                    "Give it a rule by which it goes, let the row go (rows=delete), or "
                    "retain(category) what a law wants.", Severity.WARN,
                )


_WHO = frozenset({Kind.EMAIL, Kind.PHONE, Kind.DOCUMENT})


def _is_null(rule: Rule) -> bool:
    return isinstance(rule, Null) or (isinstance(rule, Constant) and rule.value is None)


def _rows(datamap: DataMap, declared: Declared, known: tuple[Link, ...]) -> Iterator[Finding]:
    if declared.policy.rows is not RowRule.OVERWRITE and declared.retain:
        yield Finding(
            "retain-in-delete", declared.name, "", "Columns are retained in rows that are "
            "deleted; the rows stay and the other columns are overwritten.",
            "Use rows=overwrite to say so.", Severity.WARN,
        )
    if not declared.deletes:
        return
    for link in known:
        child = datamap.tables.get(link.child)
        if link.parent != declared.name or child is None or child.name == declared.name:
            continue
        nulled = all(isinstance(child.rules.get(n), Null | Computed) for n in link.columns)
        if not child.deletes and not nulled:
            yield Finding(
                "delete-referenced", declared.name, "", f"Rows are deleted, but rows of "
                f"{child.name} stay and point at them ({', '.join(link.columns)}).",
                "Overwrite these rows instead, or let the other table's key go with null.",
            )
