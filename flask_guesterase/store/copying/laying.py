"""What lies sealed of a row, put back beside what the row still says, or by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ...core.copying import Record, Term
from ...core.image import Change
from ...core.plan import Key, Row, key_text
from ..erasing.traces import holding, tells
from ..mapping.declared import Declared
from ..mapping.masks import looks_invented, looks_redacted
from ..work import Work
from . import others
from .boxed import Sealed
from .others import Mask
from .sheets import ANOTHERS, WRITTEN, Said, Sheet, Texts

Values = Mapping[str, str | None]


def lay(
    work: Work, made: dict[str, Sheet], each: Sealed, mask: Mask, texts: Texts
) -> None:
    """Put what was sealed of a row back beside what its row still says, or by itself.

    :param work: the open transaction.
    :param made: table -> what the copy has of it so far.
    :param each: what was sealed of the row.
    :param mask: strikes other people out of texts.
    :param texts: what was written freely; what was not known before comes to it.
    """
    name = each.image.table
    declared = work.datamap.tables.get(name)
    if declared is None:
        return
    sheet = made.setdefault(name, Sheet(declared))
    text = key_text(each.key)
    row, stranger = sheet.row(text), sheet.strange.get(text)
    values = _values(work, sheet, each, Said(work, declared, mask), row, stranger)
    if not values:
        return
    if row is not None and not each.sure and _written_since(work, declared, row.key, values):
        sheet.closed.append((WRITTEN, tuple(sorted(values))))
        return
    before = sheet.records.get(row.key) if row is not None else None
    told = {} if before is None else before.values
    new = {n: text for n, text in values.items() if n not in told or told[n] != text}
    free = others.written(declared) & others.data(work.datamap, declared)
    texts += [(name, n, text) for n, text in new.items() if n in free and text]
    if new:
        _put(sheet, each, row.key if row is not None else None, new, _is_shared(row, stranger))


def _is_shared(row: Row | None, stranger: Row | None) -> bool:
    return stranger is not None or (row is not None and bool(row.others))


def _values(
    work: Work, sheet: Sheet, each: Sealed, said: Said, row: Row | None, stranger: Row | None
) -> Values:
    """Return what of a sealed row is the guest's, others struck out of texts."""
    declared, cells = sheet.declared, each.image.columns
    data = others.data(work.datamap, declared)
    allowed = data
    if row is not None:
        allowed = sheet.own[row.key]
    elif stranger is not None:
        # Of one that was deleted the box has everything, of another what was the guest's to lose.
        whose = others.own if each.image.change is Change.DELETED else others.sealed
        allowed = whose(work.datamap, declared, stranger)
    old = {cell.name for cell in cells} - {c.name for c in declared.table.c}
    # What a column of before was about is not written down: it is theirs where all else is.
    whole = not each.anothers and stranger is None and allowed >= frozenset(declared.rules)
    if whole:
        allowed |= old
    elif old:
        sheet.closed.append((ANOTHERS, tuple(sorted(old))))
    if each.anothers:
        joint = others.joint(work.datamap, declared)
        left = {cell.name for cell in cells} & allowed - joint
        sheet.closed += [(ANOTHERS, tuple(sorted(left)))] if left else []
        allowed &= joint
    # Of a text that is another person's too the guest has what names them.
    shared = _is_shared(row, stranger) and not each.anothers
    named = others.written(declared) & data if shared else frozenset()
    told = {c.name: said.text(c) for c in cells if c.name in allowed | named}
    values = {
        n: said.masked(n, text)
        for n, text in told.items()
        if n in allowed or said.names_guest(text)
    }
    kept_back = {cell.name for cell in cells} & data - set(values)
    if stranger is not None and kept_back and not each.anothers:
        sheet.closed.append((ANOTHERS, tuple(sorted(kept_back))))
    return values


def _written_since(
    work: Work, declared: Declared, key: Key, columns: Iterable[str]
) -> bool:
    """Return whether the host has written into a row since, so that it may be another guest's."""
    names = [name for name in columns if name in declared.rules]
    if not tells(declared, names):
        return False
    return key in holding(work.conn, declared, [key], names, whole=False)


def _put(
    sheet: Sheet, each: Sealed, key: Key | None, values: Values, shared: bool
) -> None:
    """Put values beside what the copy has of the row where that says nothing of them."""
    before = sheet.records.get(key) if key is not None else None
    term = replace(each.term, columns=tuple(sorted(set(each.term.columns) & set(values))))
    if key is not None and (before is None or _fits(before, values)):
        told = before or Record({}, (), shared)
        terms = (*_without(told.terms, values), term)
        sheet.records[key] = Record(
            {**told.values, **values}, tuple(sorted({*told.boxed, *values})), told.shared, terms
        )
    else:
        sheet.alone.append(Record(values, tuple(sorted(values)), shared, (term,)))


def _fits(record: Record, values: Mapping[str, str | None]) -> bool:
    """Return whether the row holds nothing where a box has something."""
    return all(_is_mask(name, record.values.get(name)) for name in values)


def _without(terms: Iterable[Term], names: Collection[str]) -> Iterable[Term]:
    for term in terms:
        columns = tuple(name for name in term.columns if name not in names)
        if columns:
            yield replace(term, columns=columns)


def _is_mask(name: str, text: str | None) -> bool:
    return text is None or looks_redacted(text) or looks_invented(name, None, text)
