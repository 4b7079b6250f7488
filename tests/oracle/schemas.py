"""Random hosts: 2 to 12 tables with keys, circles and owners of every kind, and rows in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from .declarations import choose_row_rule, declare
from .making import Dice, Making
from .values import Values
from .world import Field, Ref, Spec, Who, World

TABLES = (
    "guests", "order", "Buchung", "房客", "userGroup", "select", "nights", "folio_line", "key",
    "messages", "入住", "values",
)
COLUMNS = (
    "name", "email", "Select", "note", "手机", "from", "birthDate", "comment", "user", "vip",
    "Größe", "a b", "100%", "no. (:old)", "say \"hi\"", "x" * 60,
)
KINDS = (
    "text", "text", "text", "int", "date", "when", "json", "blob", "real", "bool", "uuid",
    "amount", "span", "clock", "level", "prefixed", "packed",
)
PLAIN = ("text", "text", "text", "int", "date", "uuid", "amount")
KEYS = ("date", "when", "blob", "amount", "clock", "level", "span", "bool")
"""What a key seldom is, and may be."""
NUMBERS = ("int", "int", "int", "int", "prefixed", "packed")
"""What a number of a row is: two of these are types that the host makes itself."""


@st.composite
def worlds(draw: Callable[[Any], Any]) -> World:
    """A host with its declarations, rows, and one or two requests."""
    dice = Dice(draw)
    make = Making(dice, deleting=dice.chance(35))
    make.tenant = dice.pick(("int", "text", "date")) if dice.chance(20) else ""
    for number in range(dice.number(2, 12)):
        _add_table(make, TABLES[number], number)
    _add_back_references(make)
    for name in list(make.specs):
        declare(make, name)
    for name in reversed(make.specs):
        choose_row_rule(make, name)
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
        made.append(_reference(make, other, f"{other.name}_{number}", dice.chance(50)))
    return tuple(made)


def _reference(
    make: Making, other: Spec, stem: str, nullable: bool, late: bool = False
) -> tuple[Ref, tuple[Field, ...]]:
    dice, targets = make.dice, other.key
    unique = [f.name for f in other.fields if f.unique and not f.nullable]
    if unique and dice.chance(50):
        targets = (dice.pick(unique),)
    fields = tuple(
        other.field(target) if make.tenant and target == "house" else replace(
            other.field(target), name=f"{stem}_{i}" if i else f"{stem}Id", unique=False, python="",
            # Of a composite key one column alone may be nullable.
            nullable=nullable and (i == 0 or bool(make.tenant) or dice.chance(50)),
        )
        for i, target in enumerate(targets)
    )
    action = dice.pick(("", "", "", "CASCADE", "SET NULL", "RESTRICT"))
    if action == "SET NULL" and not all(f.nullable for f in fields):
        action = ""
    waits = dice.pick(("", "", "", "IMMEDIATE", "DEFERRED"))
    ref = Ref(tuple(f.name for f in fields), other.name, targets, late, action, waits)
    return ref, fields


def _keyed(
    make: Making, name: str, refs: tuple[tuple[Ref, tuple[Field, ...]], ...]
) -> Spec:
    """A table with a key: a number, a text, a UUID, composite, or with a foreign key inside."""
    dice = make.dice
    fields: list[Field] = []
    inner = [r for r, carried in refs if not any(f.nullable for f in carried)]
    ways = ("int", "int", "text", "uuid", "two", "inner", "same", "seldom")
    way = dice.pick(("two", "two", "two", "int", "inner") if make.tenant else ways)
    if way in ("inner", "same") and inner:
        # One that is wholly a foreign key is one to one, as the table of a subclass is.
        key = (*inner[0].columns, *(("no",) if way == "inner" else ()))
        fields += [Field("no", "int")] if way == "inner" else []
    elif way == "two":
        fields += [Field("house", make.tenant or dice.pick(("int", "text", "date")), length=12),
                   Field("no", dice.pick(("int", "text")), length=12)]
        key = ("house", "no")
    else:
        kinds = {"seldom": KEYS, "text": ("text",), "uuid": ("uuid",)}
        kind = dice.pick(kinds.get(way, NUMBERS))
        python = "pk" if dice.chance(20) else ""
        fields.append(Field("id", kind, length=20, python=python))
        key = ("id",)
    fields = [replace(f, length=f.length if f.kind in ("text", "blob") else None) for f in fields]
    for _, carried in refs:
        fields += (f for f in carried if f not in fields)
    fields += _computed(dice, _data_fields(dice, PLAIN + KINDS), 20)
    if dice.chance(25):
        fields.append(Field("number", "text", length=16, unique=True))
    return Spec(name, tuple(fields), key, tuple(ref for ref, _ in refs))


def _association(
    make: Making, name: str, refs: tuple[tuple[Ref, tuple[Field, ...]], ...]
) -> Spec:
    """An m:n table: its key is made of its foreign keys, or it has none."""
    dice = make.dice
    keyless = dice.chance(50)
    fields = tuple(dict.fromkeys(
        replace(f, nullable=f.nullable and keyless) for _, carried in refs for f in carried
    ))
    extra = _data_fields(dice, (*PLAIN, "int", "int", "int"))[: dice.number(0, 2)]
    extra = _computed(dice, extra, 60 if keyless else 20)
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
        # By a name with a dot in it SQLAlchemy does not find what a foreign key points at.
        python = f"py_{len(made)}" if dice.chance(15) or "." in name else ""
        made.append(Field(name, kind, dice.chance(60), length, unique, python))
    return made


def _computed(dice: Dice, fields: list[Field], percent: int) -> list[Field]:
    """Sometimes add what the database makes of a number."""
    numbers = [one.name for one in fields if one.kind == "int"]
    if not numbers or not dice.chance(percent):
        return fields
    return [*fields, Field("made", "int", nullable=True, of=numbers[0])]


def _with_self_reference(make: Making, spec: Spec) -> Spec:
    if not spec.key or not make.dice.chance(30 if make.deleting else 15):
        return spec
    return _pointing(make, spec, spec, "parent")


def _pointing(make: Making, spec: Spec, other: Spec, stem: str) -> Spec:
    ref, fields = _reference(make, other, stem, nullable=True, late=True)
    return replace(
        spec, fields=tuple(dict.fromkeys(spec.fields + fields)), refs=(*spec.refs, ref)
    )


def _add_back_references(make: Making) -> None:
    """Close circles: a table made early points, nullable, at one made later."""
    names = [name for name, spec in make.specs.items() if spec.key]
    for i, name in enumerate(names[:-1]):
        if make.dice.chance(45 if make.deleting else 15):
            other = make.specs[make.dice.pick(names[i + 1 :])]
            make.specs[name] = _pointing(make, make.specs[name], other, "back")
