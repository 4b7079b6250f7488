"""Statements put together by chance: each that names something hidden is refused, all others give
what they gave before anything was kept."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from flask_guesterase.core.errors import VeiledError
from tests.store.test_unveiled import BILL, SECRET, Bill, House, Stay, inn

__all__ = ["inn"]


@dataclass
class Source:
    """Where rows come from.

    :param rows: what stands behind FROM.
    :param open: columns that nobody guards.
    :param hidden: columns that are hidden.
    :param entity: what loads instances of it, or None.
    """

    rows: Any
    open: list[Any]
    hidden: list[Any]
    entity: Any = None


def _source(chance: random.Random) -> Source:
    kind = chance.randrange(6)
    if kind < 3:
        whole = aliased(Bill, select(Bill).where(Bill.total > 0).subquery())
        bill: Any = (Bill, aliased(Bill), whole)[kind]
        return Source(bill, [bill.id, bill.total, bill.stay_id], [bill.holder, bill.tax], bill)
    rows: Any = (BILL.alias, select(Bill).subquery, select(BILL).cte)[kind - 3]()
    return Source(rows, [rows.c.id, rows.c.total], [rows.c.billed_to, rows.c.tax_no])


WRAPPED: list[Any] = [
    lambda c: c, lambda c: c, lambda c: func.coalesce(c, None), lambda c: sa.cast(c, sa.String),
    lambda c: sa.case((c.is_(None), 1), else_=0), lambda c: func.length(sa.cast(c, sa.String)),
    lambda c: func.json_array(c), lambda c: func.nullif(c, None),
    lambda c: sa.type_coerce(c, sa.String) + "x",
]  # fmt: skip


class Maker:
    """Makes one statement; `names` says whether it names something hidden."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.source = _source(self.chance)
        self.names = False

    def column(self, hidden: float = 0.15) -> Any:
        """Return a column, wrapped in something or other."""
        self.names |= (secret := self.chance.random() < hidden)
        found = self.chance.choice(self.source.hidden if secret else self.source.open)
        return self.chance.choice(WRAPPED)(found)

    def often(self, share: float) -> bool:
        """Return True in this share of cases."""
        return self.chance.random() < share

    def statement(self) -> Any:
        """Return a SELECT."""
        source = self.source
        loads = source.entity is not None and self.often(0.4)
        many = self.chance.randint(0 if loads else 1, 2)
        parts = [self.column().label(f"part{n}") for n in range(many)]
        if loads:
            made = select(source.entity, *parts)
        elif self.often(0.2):
            made = select(*map(func.max, parts), func.count()).select_from(source.rows)
        elif source.entity is None and self.often(0.1):
            self.names = True
            made = select(source.rows)
        else:
            made = select(*parts).select_from(source.rows)
        made = self._narrowed(made)
        if self.often(0.2):
            sub: Any = made.subquery() if self.often(0.5) else made.cte()
            return select(func.count()).select_from(sub) if loads else select(sub)
        if self.often(0.1):
            # Instances are rows here.
            self.names |= loads
            return sa.union_all(made, made)
        return made.order_by(self.column()) if self.often(0.3) else made

    def _narrowed(self, made: Any) -> Any:
        source = self.source
        if self.often(0.4):
            made = made.where(sa.cast(self.column(), sa.String) != "zz")
        if self.often(0.2):
            stay = aliased(Stay)
            made = made.join(stay, stay.id == source.open[-1], isouter=True)
        if self.often(0.25):
            other = aliased(Bill)
            self.names |= (secret := self.often(0.3))
            inner = other.holder if secret else other.total
            made = made.where(self.chance.choice([
                sa.exists().where(other.id == source.open[0], inner.is_not(None)),
                source.open[0].in_(select(other.id).where(inner.is_not(None))),
                select(func.count(inner)).where(other.id > 0).scalar_subquery() >= 0,
            ]))  # fmt: skip
        return made


def _shown(session: Session, statement: Any) -> list[tuple[str, ...]]:
    """Return what a statement gives, as text; of instances the key, the total and the name."""
    return sorted(
        tuple(
            f"{cell.id} {cell.total} {cell.holder}" if isinstance(cell, Bill) else repr(cell)
            for cell in row
        )
        for row in session.execute(statement)
    )


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_what_names_something_hidden_is_refused_and_all_else_is_as_before(inn: House) -> None:
    """In the kept row of instances alone the name is another."""
    makers = [Maker(seed) for seed in range(250)]
    made = [(maker.statement(), maker) for maker in makers]
    with Session(inn.engine) as session:
        before = [_shown(session, statement) for statement, _ in made]
    inn.keep()
    refused = 0
    with Session(inn.engine) as session:
        for (statement, maker), rows in zip(made, before, strict=True):
            if maker.names:
                refused += 1
                with pytest.raises(VeiledError):
                    session.execute(statement)
            else:
                hidden = [tuple(cell.replace(SECRET, "▒▒▒") for cell in row) for row in rows]
                assert _shown(session, statement) == hidden, str(statement)
    assert 50 < refused < 200
