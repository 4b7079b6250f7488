"""Random policies over a random host: owner paths of every kind, row rules and column rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import (
    delete,
    delete_when_last_owner,
    exempt,
    keep,
    null,
    overwrite,
    placeholder,
    redact,
    retain,
)

from .making import Dice, Making
from .values import Values
from .world import Field, Ref, Relation, Spec, Step, Through, Where

MOST_PATHS = 6
"""Expanded owner paths a table has at most: they multiply from table to table."""


def declare(make: Making, name: str) -> None:
    """Draw the policy of one table, or exempt it where no way leads from it to a person."""
    dice = make.dice
    subject = name in make.subjects
    via: Any = None
    if not subject:
        via = _owner_paths(make, name)
        if via is None:
            make.policies[name] = exempt("drawn so")
            return
    where = _where(make, name, 20 if subject else 12)
    rules = _rules(make, name)
    alone = _alone(dice, via, rules)
    first = make.specs[name].fields[0].attribute
    make.policies[name] = Policy(
        rules, subject=Subject(match=[first]) if subject else None,
        via=alone if alone is not None else via, where=where,
    )


def choose_row_rule(make: Making, name: str) -> None:
    """Let rows go where those pointing at them go too or let go, and now and then elsewhere."""
    policy, dice = make.policies[name], make.dice
    if not isinstance(policy, Policy):
        return
    held = any(
        _holds_on(make, spec, ref)
        for spec in make.specs.values() for ref in spec.refs if ref.table == name != spec.name
    )
    if make.deleting or dice.chance(8 if held else 50):
        rows = dice.pick((delete, delete_when_last_owner))
        make.policies[name] = replace(policy, rows=rows)


def _holds_on(make: Making, spec: Spec, ref: Ref) -> bool:
    policy = make.policies[spec.name]
    if not isinstance(policy, Policy):
        return True
    nulled = {spec.field(n).name for n, rule in policy.columns.items() if rule == null}
    return policy.rows is overwrite and not nulled & set(ref.columns)


def _where(make: Making, name: str, percent: int) -> Where | None:
    if not make.dice.chance(percent):
        return None
    spec = make.specs[name]
    make.specs[name] = replace(spec, fields=(*spec.fields, Field("role", "text", length=10)))
    return Where("role", ("guest", "visitor"))


def _owner_paths(make: Making, name: str) -> Any:
    """Draw one owner path or several; None when no way leads to a person."""
    dice = make.dice
    found: list[tuple[Any, int] | None] = []
    for ref in make.specs[name].refs:
        if not ref.late and (path := _dotted(make, name, ref)) is not None:
            found.append(path)
    if dice.chance(30 if len(found) < 2 else 10) or not found:
        found.append(_equal(make, name))
    if dice.chance(40 if len(found) < 2 else 15):
        found.append(_many(make, name))
    chosen: list[Any] = []
    ways = 0
    for via, count in (each for each in found if each is not None):
        if ways + count <= MOST_PATHS and (not chosen or dice.chance(80)):
            chosen.append(via)
            ways += count
    if not chosen:
        return None
    make.ways[name] = ways
    make.equals[name] = [via for via in chosen if isinstance(via, Equal)]
    return chosen[0] if len(chosen) == 1 and dice.chance(70) else chosen


def _dotted(make: Making, name: str, ref: Ref) -> tuple[str, int] | None:
    """Follow foreign keys from column to column until a table with owners is reached."""
    parts, here = [_part(make, name, ref)], ref.table
    while not make.ways.get(here) or (make.dice.chance(25) and len(parts) < 3):
        onward = [
            r for r in make.specs[here].refs
            if not r.late or (make.ways.get(r.table) and r.table in make.subjects)
        ]
        if not onward or len(parts) == 4:
            break
        step = make.dice.pick(onward)
        parts.append(_part(make, here, step))
        here = step.table
    return (".".join(parts), make.ways[here]) if make.ways.get(here) else None


def _part(make: Making, name: str, ref: Ref) -> str:
    refs = make.specs[name].refs
    # By a column that several foreign keys share nobody could tell which one is meant.
    own = [c for c in ref.columns if sum(c in each.columns for each in refs) == 1]
    column = make.specs[name].field(make.dice.pick(own))
    return column.attribute if make.dice.chance(50) else column.name


def _equal(make: Making, name: str) -> tuple[Equal, int] | None:
    """A link without a foreign key, over a new column that copies one of the other table."""
    dice = make.dice
    owned = [n for n in make.owned() if n != name]
    if not owned:
        return None
    other = make.specs[dice.pick(owned)]
    fit = [f for f in other.fields if not f.of
           if f.kind in ("int", "uuid", "date", "amount") or (f.kind == "text" and f.length)]
    if not fit:
        return None
    target = dice.pick(fit)
    copy = Field("copied", target.kind, dice.chance(50), target.length)
    spec = make.specs[name]
    make.specs[name] = replace(spec, fields=(*spec.fields, copy))
    fold = target.kind == "text" and dice.chance(40)
    return Equal({"copied": target.name}, to=other.name, fold=fold), make.ways[other.name]


def _many(make: Making, name: str) -> tuple[Any, int] | None:
    """A way over an association table to a subject: a relationship, or a select."""
    dice, ways = make.dice, []
    for link in make.specs.values():
        near = [r for r in link.refs if r.table == name and not r.late]
        far = [r for r in link.refs if r.table in make.subjects and not r.late]
        ways += [(link.name, a, b) for a in near for b in far if a != b]
    if not ways:
        return None
    link_name, a, b = dice.pick(ways)
    steps = (Step(a.targets, link_name, a.columns), Step(b.columns, b.table, b.targets))
    way = dice.pick(("select", "secondary", "children"))
    if way == "select":
        return Through(steps), 1
    keyed = bool(make.specs[link_name].key)
    if way == "children" and keyed:
        make.relations.append(Relation(name, "links", steps[:1]))
        return f"links.{_part(make, link_name, b)}", 1
    make.relations.append(Relation(name, "people", steps))
    return "people", 1


def _rules(make: Making, name: str) -> dict[str, Any]:
    dice, spec = make.dice, make.specs[name]
    targets = {t for s in make.specs.values() for r in s.refs if r.table == name
               for t in r.targets}
    carried = {c for r in spec.refs for c in r.columns}
    rules: dict[str, Any] = {}
    for one in spec.fields:
        if one.name in spec.key or one.name == "role" or one.of:
            continue
        label = one.attribute if dice.chance(50) else one.name
        options: list[Any] = [keep("drawn so")]
        if dice.chance(1 if make.deleting else 6):
            options = [retain(dice.pick(("invoice", "register")))]
        elif one.name in targets or (one.name in carried and not one.nullable):
            options.append(None)
        elif one.name in carried:
            options += [null, null, None]
        else:
            options = _erasing(one) * 3 + options
        rule = dice.pick(options)
        if rule is not None:
            rules[label] = rule
    return rules


def _erasing(one: Field) -> list[Any]:
    options: list[Any] = [null] if one.nullable else []
    roomy = one.length is None or one.length >= 16
    if one.kind == "text":
        options += [] if one.unique else [redact, "gone" if (one.length or 9) > 4 else ""]
        options += [placeholder] if roomy else []
    elif one.kind == "uuid":
        options.append(placeholder)
    elif not one.unique:
        options.append(Values.constant(one.kind))
    return options or [keep("drawn so")]


def _alone(dice: Dice, via: Any, rules: dict[str, Any]) -> dict[Any, list[str]] | None:
    """Sometimes say which columns are one owner's alone."""
    if not isinstance(via, list):
        return None
    if len(set(via)) < len(via) or not dice.chance(60):
        return None
    columns = sorted(rules)
    return {path: [c for c in columns if dice.chance(50)] for path in via}

