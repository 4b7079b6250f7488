"""Catalogue rows, table by table, until they are frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from .shape import LiveColumn, LiveForeignKey, LiveTable, LiveTrigger

Columns = tuple[str, ...]


@dataclass
class Assembly:
    """What the queries of one engine found, keyed by table; `build` freezes it."""

    tables: dict[str, LiveTable] = field(default_factory=dict)
    columns: dict[str, dict[str, LiveColumn]] = field(default_factory=lambda: defaultdict(dict))
    primary: dict[str, Columns] = field(default_factory=dict)
    unique: dict[str, list[Columns]] = field(default_factory=lambda: defaultdict(list))
    nulls_equal: dict[str, list[Columns]] = field(default_factory=lambda: defaultdict(list))
    checks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    indexes: dict[str, list[Columns]] = field(default_factory=lambda: defaultdict(list))
    foreign: dict[str, list[LiveForeignKey]] = field(default_factory=lambda: defaultdict(list))
    triggers: dict[str, list[LiveTrigger]] = field(default_factory=lambda: defaultdict(list))
    copied_by: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def build(self, *, fold_tables: bool, fold_columns: bool) -> Mapping[str, LiveTable]:
        """The tables, with foreign keys spelled as the tables they point at are spelled.

        :param fold_tables: table names compare without case on this engine.
        :param fold_columns: column names compare without case on this engine.
        """
        spelled = {name.lower() if fold_tables else name: name for name in self.tables}
        built: dict[str, LiveTable] = {}
        for name, bare in sorted(self.tables.items()):
            primary = self.primary.get(name, ())
            indexes = ([primary] if primary else []) + self.indexes[name]
            built[name] = replace(
                bare,
                columns=MappingProxyType(dict(self.columns[name])),
                primary_key=primary,
                unique=tuple(sorted(set(self.unique[name]))),
                nulls_equal=tuple(sorted(set(self.nulls_equal[name]))),
                checks=tuple(sorted(self.checks[name])),
                indexes=tuple(dict.fromkeys(indexes)),
                foreign_keys=tuple(
                    sorted(
                        (
                            self._spell(f, spelled, fold_tables, fold_columns)
                            for f in self.foreign[name]
                        ),
                        key=lambda f: (f.columns, f.target, f.name),
                    )
                ),
                triggers=tuple(sorted(self.triggers[name], key=lambda t: t.name)),
                copied_by=tuple(sorted(set(self.copied_by[name]))),
                folds=fold_columns,
            )
        return MappingProxyType(built)

    def _spell(
        self, foreign: LiveForeignKey, spelled: Mapping[str, str], tables: bool, columns: bool
    ) -> LiveForeignKey:
        target = spelled.get(foreign.target.lower() if tables else foreign.target, foreign.target)
        return replace(
            foreign,
            target=target,
            columns=self._spell_columns(foreign.table, foreign.columns, columns),
            target_columns=self._spell_columns(
                target, foreign.target_columns or self.primary.get(target, ()), columns
            ),
        )

    def _spell_columns(self, table: str, names: Columns, fold: bool) -> Columns:
        if not fold or table not in self.columns:
            return names
        known = {name.lower(): name for name in self.columns[table]}
        return tuple(known.get(name.lower(), name) for name in names)
