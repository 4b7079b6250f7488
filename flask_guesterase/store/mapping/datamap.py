"""The data map: declarations resolved against the host's live mapping."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.orm import Mapper

from ...core.errors import MatchError, UnknownError
from ...core.finding import Finding
from ...core.policy import Policy, Subject
from ...core.treatment import Exempt, Rule
from .declared import Declared, rule_word
from .paths import Atlas, Resolver
from .sharing import joined, overreaching

Target = type[Any] | Table | str
"""What a vendor registers a policy for: a mapped class, a table, or a table's name."""


@dataclass(frozen=True)
class Contacts:
    """A subject table's ways to find and to write to a person, resolved.

    :param match: key a match may name -> column, or callable taking table and value.
    :param names: columns that hold the name.
    :param contact: column -> "email" | "phone".
    :param property: column that holds the property's code, or None.
    """

    match: Mapping[str, Column[Any] | Callable[..., Any]]
    names: tuple[Column[Any], ...]
    contact: Mapping[str, str]
    property: Column[Any] | None


@dataclass(frozen=True)
class DataMap:
    """Everything that was declared, resolved, and what is wrong with it.

    :param tables: table name -> declaration.
    :param subjects: subject table name -> its contacts.
    :param exempt: table name -> why nobody's data is in it.
    :param atlas: every table and mapper of the host.
    :param findings: what is wrong, live database left aside.
    :param version: changes when a declaration does.
    :param said: what is made of this map once and used again.
    """

    tables: Mapping[str, Declared]
    subjects: Mapping[str, Contacts]
    exempt: Mapping[str, Exempt]
    atlas: Atlas
    findings: tuple[Finding, ...] = ()
    version: str = ""
    said: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def with_findings(self, more: Iterable[Finding]) -> DataMap:
        """Return the same map with more findings, sorted and without repetition."""
        return replace(self, findings=tuple(sorted({*self.findings, *more})))

    def within(self, places: Mapping[str, str], bind: str) -> DataMap:
        """Return what of this map is about one of several databases.

        :param places: full name of a table -> name of its database, if not the default one.
        :param bind: name of the database.
        """
        if not places:
            return self
        known = self.atlas.tables.items()
        mine = {name: table for name, table in known if places.get(name, "") == bind}
        mappers = [m for name in mine for m in self.atlas.mappers.get(name, ())]
        declared = {name: each for name, each in self.tables.items() if name in mine}
        return replace(self, tables=declared, atlas=Atlas(mine.values(), mappers))

    def schemas(self) -> tuple[str, ...]:
        """Return the schemas the host's tables name, the default one left out."""
        return tuple(sorted({t.schema for t in self.atlas.tables.values() if t.schema}))

    def declared(self, name: str) -> Declared:
        """Return the declaration of a table.

        :raises UnknownError: there is none.
        """
        try:
            return self.tables[name]
        except KeyError:
            raise UnknownError(
                "No policy is declared for this table.", "`flask guesterase check` lists them."
            ) from None

    def match_keys(self) -> list[str]:
        """Return the keys by which somebody can be found."""
        return sorted({key for contacts in self.subjects.values() for key in contacts.match})

    def check_key(self, key: str) -> None:
        """Refuse a match key that no subject table knows.

        :raises MatchError: nobody can be found by this key.
        """
        if key not in self.match_keys():
            known = ", ".join(self.match_keys())
            raise MatchError("Nobody can be found by this key.", f"Use one of: {known}.")


def resolve(
    declarations: Iterable[tuple[Target, Policy | Exempt]],
    tables: Iterable[Table],
    mappers: Iterable[Mapper[Any]],
    check: Callable[[DataMap], list[Finding]] | None = None,
) -> DataMap:
    """Resolve declarations against the mapping.

    :param declarations: what was written on own models and registered from outside.
    :param tables: every table of the host.
    :param mappers: every mapper of the host.
    :param check: further findings about the result.
    """
    given = list(declarations)
    atlas = _atlas([target for target, _ in given], tables, mappers)
    policies, exempts, findings = _sort(given, atlas)
    findings += overreaching(atlas, given)
    resolver = Resolver(atlas, policies)
    declared = {
        name: _declare(atlas, resolver, name, policy, findings)
        for name, policy in sorted(policies.items())
    }
    subjects = {
        name: _contacts(atlas, name, policy.subject, findings)
        for name, policy in policies.items()
        if policy.subject is not None
    }
    findings += resolver.findings
    version = _version(declared)
    result = DataMap(declared, subjects, exempts, atlas, (), version)
    findings += check(result) if check is not None else []
    return result.with_findings(findings)


def _atlas(
    targets: Iterable[Target], tables: Iterable[Table], mappers: Iterable[Mapper[Any]]
) -> Atlas:
    """Return the host's tables and mappers, with those only a declaration names."""
    given = [target for target in targets if not isinstance(target, str)]
    # A class that nobody mapped, or not yet, is told of with names that no table has.
    mapped = [t for t in given if not isinstance(t, Table) and hasattr(t, "__mapper__")]
    classes: list[Mapper[Any]] = [t.__mapper__ for t in mapped]
    known = dict.fromkeys([*mappers, *classes])
    return Atlas([*(t for t in given if isinstance(t, Table)), *tables], known)


def _sort(
    declarations: Iterable[tuple[Target, Policy | Exempt]], atlas: Atlas
) -> tuple[dict[str, Policy], dict[str, Exempt], list[Finding]]:
    policies: dict[str, Policy] = {}
    exempts: dict[str, Exempt] = {}
    findings: list[Finding] = []
    for target, declaration in declarations:
        name = table_name(target)
        if isinstance(declaration, Exempt):
            exempts[name] = declaration
        elif name not in atlas.tables:
            findings.append(Finding(
                "table-unknown", name, "", "A policy names a table that is not mapped.",
                "Correct the name, remove the stale declaration, or register a reflected Table.",
            ))
        elif name in policies and policies[name] != declaration:
            table = atlas.tables[name]
            policies[name], more = joined(atlas, table, policies[name], declaration)
            findings += more
        else:
            policies[name] = declaration
    for name in sorted(set(policies) & set(exempts)):
        findings.append(Finding(
            "declared-twice", name, "", "The table is exempt and has a policy.",
            "Keep one of the two.",
        ))
        del exempts[name]
    return policies, exempts, findings


def table_name(target: Target) -> str:
    """Return the name of the table that a mapped class, a table or a name stands for."""
    if isinstance(target, str):
        return target
    if isinstance(target, Table):
        return target.fullname
    # A class that only unites the tables of others has none of its own.
    mapper = getattr(target, "__mapper__", None)
    return str(getattr(getattr(mapper, "local_table", None), "fullname", target.__name__))


def _declare(
    atlas: Atlas, resolver: Resolver, name: str, policy: Policy, findings: list[Finding]
) -> Declared:
    table = atlas.tables[name]
    rules: dict[str, Rule] = {}
    for wanted, rule in policy.rules().items():
        column = atlas.column(table, wanted)
        if column is None:
            findings.append(Finding(
                "column-unknown", name, wanted, "The policy names a column the table does not "
                "have.", "Correct the name, or remove the rule with the column; what a parent "
                "class has in a table of its own is declared there.",
            ))
        else:
            rules[column.name] = rule
    pairs = resolver.paths(name)
    alone = tuple(_alone(atlas, table, columns, findings) for _, columns in pairs)
    optional = _named(atlas, table, "optional", policy.optional, findings)
    for part in ("joint", "apart"):
        # A name that is none would let a guest's copy tell what it should not, or withhold.
        _named(atlas, table, part, getattr(policy, part), findings)
    return Declared(
        table, atlas.key(table), policy, rules, tuple(p for p, _ in pairs), alone, optional
    )


def _named(
    atlas: Atlas, table: Table, part: str, names: Sequence[str], findings: list[Finding]
) -> frozenset[str]:
    """Return the columns that a part of a policy lists; a name that is none is a finding."""
    found = {wanted: atlas.column(table, wanted) for wanted in names}
    findings += [
        Finding(
            "column-unknown", table.fullname, wanted, f"The policy lists a column as {part} that "
            "the table does not have.", f"Correct the name in `{part}`.",
        )
        for wanted, column in found.items()
        if column is None
    ]  # fmt: skip
    return frozenset(column.name for column in found.values() if column is not None)


def _alone(
    atlas: Atlas, table: Table, columns: frozenset[str] | None, findings: list[Finding]
) -> frozenset[str] | None:
    if columns is None:
        return None
    names = set()
    for wanted in columns:
        column = atlas.column(table, wanted)
        if column is None:
            findings.append(Finding(
                "column-unknown", table.fullname, wanted, "An owner path names a column the "
                "table does not have.", "Correct the name in `via`.",
            ))
        else:
            names.add(column.name)
    return frozenset(names)


def _contacts(
    atlas: Atlas, name: str, subject: Subject, findings: list[Finding]
) -> Contacts:
    table = atlas.tables[name]

    def column(wanted: str) -> Column[Any] | None:
        found = atlas.column(table, wanted)
        if found is None:
            findings.append(Finding(
                "match-unknown", name, wanted, "Subject names a column the table does not have.",
                "Correct the name in Subject(...); all that it names lies in this one table.",
            ))
        return found

    match: dict[str, Column[Any] | Callable[..., Any]] = {}
    wanted = subject.match
    if not isinstance(wanted, Mapping):
        wanted = {n: n for n in wanted}
    for key, value in wanted.items():
        found = column(value) if isinstance(value, str) else value
        if found is not None:
            match[key] = found
    names = [subject.name] if isinstance(subject.name, str) else subject.name
    kinds = subject.contact
    if not isinstance(kinds, Mapping):
        kinds = {n: "email" if "mail" in n.lower() else "phone" for n in kinds}
    contact = {c.name: kind for n, kind in kinds.items() if (c := column(n)) is not None}
    return Contacts(
        match,
        tuple(c for n in names if (c := column(n)) is not None),
        contact,
        column(subject.property) if subject.property else None,
    )


def _lawful(policy: Policy) -> tuple[Any, ...]:
    """Return what a policy says to the law: moving a clock is a change as well."""
    return (
        policy.category, policy.clock, policy.facts, policy.place, policy.where, policy.zone,
        policy.register,
    )  # fmt: skip


def _said(value: Any) -> str:
    """Return what a vendor wrote about clocks, facts and places; of callables their names."""
    if isinstance(value, Mapping):
        return str(sorted((str(name), _said(each)) for name, each in value.items()))
    if isinstance(value, list | tuple):
        return str([_said(each) for each in value])
    return getattr(value, "__qualname__", "callable") if callable(value) else str(value)


def _version(tables: Mapping[str, Declared]) -> str:
    lines = []
    for name, declared in sorted(tables.items()):
        lines.append(f"{name} rows={declared.policy.rows} where={declared.policy.where is None}")
        if declared.policy.history is not None:
            lines.append(f" history {declared.policy.history}")
        lines += [f" {c} {rule_word(r)}" for c, r in sorted(declared.rules.items())]
        lines += [f" law {_said(value)}" for value in _lawful(declared.policy)]
        for path, alone in zip(declared.paths, declared.alone, strict=True):
            hops = [[c.name for c in hop.source] for hop in path.hops]
            lines.append(f" via {path.label} {hops} {path.subject.fullname} {sorted(alone or ())}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
