"""What full-text indexes of SQLite keep of words that were erased."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.finding import Finding, Severity
from ..catalog.shape import LiveSchema, LiveTable
from ..mapping.declared import Declared


def text_indexes(
    declared: Declared, found: LiveTable, live: LiveSchema
) -> Iterator[Finding]:
    """Yield what full-text indexes of SQLite keep of this table's words."""
    changes = {"UPDATE", *(["DELETE"] if declared.deletes else [])}
    for each in live.tables.values():
        if each.text_of != found.name and each.name != found.name:
            continue
        kept = {
            event for trigger in found.triggers for event in trigger.events
            if each.name.lower() in trigger.body.lower()
        }
        if each.text_of == found.name and not changes <= kept:
            yield Finding(
                "fulltext", declared.name, each.name, "A full-text index of these rows is not "
                "kept in step: it goes on finding what was erased.",
                "Give the table the triggers that SQLite's manual names for external content.",
            )
        if each.keeps_words:
            yield Finding(
                "fulltext", declared.name, each.name, "A full-text index keeps words of rows "
                "that were changed until it is merged.",
                "Run INSERT INTO " + each.name + "(" + each.name + ", rank) VALUES"
                "('secure-delete', 1), then 'rebuild' it once.", Severity.WARN,
            )
