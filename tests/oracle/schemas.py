"""Random hosts: 2 to 12 tables with keys, circles and owners of every kind, and rows in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from flask_guesterase.core.policy import (
    Equal,
    Exempt,
    Policy,
    Subject,
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

from .values import Values
from .world import Field, Ref, Relation, Spec, Step, Through, Where, Who, World

Item = TypeVar("Item")

TABLES = (
    "guests", "order", "Buchung", "房客", "userGroup", "select", "nights", "folio_line", "key",
    "messages", "入住", "values",
)
COLUMNS = (
    "name", "email", "Select", "note", "手机", "from", "birthDate", "comment", "user", "vip",
    "Größe", "a b",
)
KINDS = ("text", "text", "text", "int", "date", "when", "json", "blob", "real", "bool", "uuid")
PLAIN = ("text", "text", "text", "int", "date", "uuid")
MOST_PATHS = 6
"""Expanded owner paths a table has at most: they multiply from table to table."""


@dataclass
class Dice:
    """Draws from hypothesis; everything shrinks towards the plain case."""

    draw: Callable[[Any], Any]

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.number(0, len(items) - 1)]

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent


@dataclass
class Making:
    """A world in the making."""

    dice: Dice
    specs: dict[str, Spec] = field(default_factory=dict)
    policies: dict[str, Policy | Exempt] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    ways: dict[str, int] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    equals: dict[str, list[Equal]] = field(default_factory=dict)
    deleting: bool = False

    def owned(self) -> list[str]:
        """Tables whose rows have owners, so far."""
        return [name for name in self.specs if self.ways.get(name)]


@st.composite
def worlds(draw: Callable[[Any], Any]) -> World:
    """A host with its declarations, rows, and one or two requests."""
    dice = Dice(draw)
    make = Making(dice, deleting=dice.chance(35))
    for number in range(dice.number(2, 12)):
        _add_table(make, TABLES[number], number)
    _add_back_references(make)
    for name in list(make.specs):
        _declare(make, name)
    for name in reversed(make.specs):
        _choose_row_rule(make, name)
    rows, people = Values(draw(st.integers(0, 2**32)), make.specs, make.policies, make.equals).all(
        {name: dice.number(0 if i else 2, 6) for i, name in enumerate(make.specs)}
    )
    return World(
        make.specs, make.policies, rows, _requests(dice, people), tuple(make.relations),
        enforced=not dice.chance(15),
    )


def _requests(dice: Dice, people: Sequence[Who]) -> list[list[Who]]:
    """Choose who asks: some of the people, in one request or in two one after the other, or all."""
    left = list(people)
    if dice.chance(15):
        return [left] if left else []
    requests = []
    for _ in range(2 if dice.chance(40) else 1):
        chosen = []
        for _ in range(min(dice.pick((1, 1, 1, 2, 3)), len(left))):
            chosen.append(left.pop(dice.number(0, len(left) - 1)))
        if chosen:
            requests.append(chosen)
    return requests


def _add_table(make: Making, name: str, number: int) -> None:
    dice = make.dice
    if number == 0 or dice.chance(10):
        make.subjects.append(name)
        make.ways[name] = 1
        spec = _keyed(make, name, ())
    else:
        association = number > 1 and dice.chance(25)
        refs = _references(make, name, 2 if association else dice.pick((1, 1, 1, 2, 2, 3, 0)))
        if association and len(refs) == 2:
            spec = _association(make, name, refs)
        else:
            spec = _keyed(make, name, refs)
    make.specs[name] = _with_self_reference(make, spec)


def _references(make: Making, name: str, wanted: int) -> tuple[tuple[Ref, tuple[Field, ...]], ...]:
    """Draw foreign keys to tables made before, with the columns that carry them."""
    dice = make.dice
    targets = [n for n, spec in make.specs.items() if spec.key]
    made = []
    for number in range(wanted):
        pool = make.subjects if dice.chance(40) else targets
        other = make.specs[dice.pick(pool)]
        made.append(_reference(dice, other, f"{other.name}_{number}", dice.chance(50)))
    return tuple(made)


def _reference(
    dice: Dice, other: Spec, stem: str, nullable: bool, late: bool = False
) -> tuple[Ref, tuple[Field, ...]]:
    targets = other.key
    unique = [f.name for f in other.fields if f.unique and not f.nullable]
    if unique and dice.chance(50):
        targets = (dice.pick(unique),)
    fields = tuple(
        replace(
            other.field(target), name=f"{stem}_{i}" if i else f"{stem}Id", unique=False, python="",
            # Of a composite key one column alone may be nullable.
            nullable=nullable and (i == 0 or dice.chance(50)),
        )
        for i, target in enumerate(targets)
    )
    action = dice.pick(("", "", "", "CASCADE", "SET NULL"))
    if action == "SET NULL" and not all(f.nullable for f in fields):
        action = ""
    ref = Ref(tuple(f.name for f in fields), other.name, targets, late, action)
    return ref, fields


def _keyed(
    make: Making, name: str, refs: tuple[tuple[Ref, tuple[Field, ...]], ...]
) -> Spec:
    """A table with a key: a number, a text, a UUID, composite, or with a foreign key inside."""
    dice = make.dice
    fields: list[Field] = []
    inner = [r for r, carried in refs if not any(f.nullable for f in carried)]
    way = dice.pick(("int", "int", "text", "uuid", "two", "inner"))
    if way == "inner" and inner:
        key = (*inner[0].columns, "no")
        fields.append(Field("no", "int"))
    elif way == "two":
        fields += [Field("house", dice.pick(("int", "text", "date")), length=12),
                   Field("no", dice.pick(("int", "text")), length=12)]
        key = ("house", "no")
    else:
        kind = way if way in ("int", "text", "uuid") else "int"
        python = "pk" if dice.chance(20) else ""
        fields.append(Field("id", kind, length=20 if kind == "text" else None, python=python))
        key = ("id",)
    fields = [replace(f, length=f.length if f.kind == "text" else None) for f in fields]
    for _, carried in refs:
        fields += carried
    fields += _data_fields(dice, PLAIN + KINDS)
    if dice.chance(25):
        fields.append(Field("number", "text", length=16, unique=True))
    return Spec(name, tuple(fields), key, tuple(ref for ref, _ in refs))


def _association(
    make: Making, name: str, refs: tuple[tuple[Ref, tuple[Field, ...]], ...]
) -> Spec:
    """An m:n table: its key is made of its foreign keys, or it has none."""
    dice = make.dice
    keyless = dice.chance(50)
    fields = tuple(
        replace(f, nullable=f.nullable and keyless) for _, carried in refs for f in carried
    )
    extra = _data_fields(dice, PLAIN)[: dice.number(0, 2)]
    if keyless:
        extra = [replace(f, unique=False) for f in extra]
    key = () if keyless else tuple(f.name for f in fields)
    made = tuple(
        replace(r, ondelete="" if r.ondelete == "SET NULL" and key else r.ondelete)
        for r, _ in refs
    )
    return Spec(name, fields + tuple(extra), key, made)


def _data_fields(dice: Dice, kinds: Sequence[str]) -> list[Field]:
    made: list[Field] = []
    names = list(COLUMNS)
    for _ in range(dice.number(1, 4)):
        name, kind = names.pop(dice.number(0, len(names) - 1)), dice.pick(kinds)
        length = dice.pick((40, 40, 24, 6, None)) if kind == "text" else None
        unique = (kind == "int" or (length or 0) >= 24) and dice.chance(15)
        python = f"py_{len(made)}" if dice.chance(15) else ""
        made.append(Field(name, kind, dice.chance(60), length, unique, python))
    return made


def _with_self_reference(make: Making, spec: Spec) -> Spec:
    if not spec.key or not make.dice.chance(30 if make.deleting else 15):
        return spec
    ref, fields = _reference(make.dice, spec, "parent", nullable=True, late=True)
    return replace(spec, fields=spec.fields + fields, refs=(*spec.refs, ref))


def _add_back_references(make: Making) -> None:
    """Close circles: a table made early points, nullable, at one made later."""
    names = [name for name, spec in make.specs.items() if spec.key]
    for i, name in enumerate(names[:-1]):
        if make.dice.chance(45 if make.deleting else 15):
            other = make.specs[make.dice.pick(names[i + 1 :])]
            ref, fields = _reference(make.dice, other, "back", nullable=True, late=True)
            spec = make.specs[name]
            make.specs[name] = replace(
                spec, fields=spec.fields + fields, refs=(*spec.refs, ref)
            )


def _declare(make: Making, name: str) -> None:
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


def _choose_row_rule(make: Making, name: str) -> None:
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
    column = make.specs[name].field(make.dice.pick(ref.columns))
    return column.attribute if make.dice.chance(50) else column.name


def _equal(make: Making, name: str) -> tuple[Equal, int] | None:
    """A link without a foreign key, over a new column that copies one of the other table."""
    dice = make.dice
    owned = [n for n in make.owned() if n != name]
    if not owned:
        return None
    other = make.specs[dice.pick(owned)]
    fit = [f for f in other.fields if f.kind == "int" or (f.kind == "text" and f.length)]
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
        if one.name in spec.key or one.name == "role":
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

