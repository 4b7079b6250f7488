"""Lines of the guest register that an erasure over several databases takes are missed by nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from flask_guesterase import Policy
from flask_guesterase.core.policy import Equal
from flask_guesterase.core.treatment import keep, null, retain
from flask_guesterase.store import tables
from flask_guesterase.store.census import counting
from flask_guesterase.store.figures import retention

from . import group as groups
from .group import Group, beside


class Inn(Group):
    """A German hotel with forms in one of three databases.

    :param where: name of the database of the forms; None is the default one.
    """

    where: str | None = None

    def _bills(self) -> None:
        db = self.db

        class Form(db.Model):  # type: ignore[name-defined,misc]  # made at run time
            __tablename__ = "forms"
            __bind_key__ = self.where
            id = sa.Column(sa.Integer, primary_key=True)
            guest_no = sa.Column(sa.Integer, index=True)
            name = sa.Column(sa.String(80))
            nation = sa.Column(sa.String(2))
            left_on = sa.Column(sa.Date)

        kept = keep("statistics")
        self.extension.register(Form, Policy(
            {"guest_no": kept, "left_on": kept, "nation": kept,
             "name": retain("guest_register", null)},
            via=Equal({"guest_no": "id"}, to="guests"), category="guest_register",
            clock={"departed": "left_on"}, facts={"nationality": "nation"},
        ))  # fmt: skip

    def count(self, days: int = 0) -> counting.Count:
        """Count the register, some days later."""
        before = self.extension._now
        self.extension._now = staticmethod(lambda: before() + dt.timedelta(days=days))
        with self.app.app_context():
            found, = self.extension.run(lambda office: counting.count(office.work, "sh"))
        return found


@pytest.fixture(params=[None, "archive"], ids=["default", "other"])
def inn(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Inn]:
    """Two guests, of whom one left so long ago that no law keeps the form."""
    pine = replace(groups.PINE, country="DE", zone="Europe/Berlin")
    monkeypatch.setattr(groups, "PINE", pine)
    monkeypatch.setattr(Inn, "where", request.param)
    made = Inn(beside(tmp_path), tmp_path, bills=True)
    made.make()
    today = dt.datetime.now(dt.UTC).date()
    made.put("forms", [
        {"id": 1, "guest_no": 1, "name": "Ann", "nation": "FR", "left_on": dt.date(2015, 1, 1)},
        {"id": 2, "guest_no": 2, "name": "Bea", "nation": "FR", "left_on": today},
    ])
    with made.app.app_context(), made.extension.begin() as office:
        for code in ("DE", "EU"):
            office.sign_pack(code, "officer")
    yield made
    made.close()


def test_a_line_that_goes_with_an_erasure_over_several_databases_is_not_missed(inn: Inn) -> None:
    """It leaves as its own database is changed, the default one last of all."""
    assert inn.count().rows == 2
    assert inn.erase(inn.approved()) == "erased"
    with inn.app.app_context(), inn.engines()[0].connect() as conn:
        assert len(conn.execute(sa.select(tables.departed)).all()) == 1
    after = inn.count(days=1)
    assert (after.rows, after.departed, after.missed) == (1, 1, 0)
    assert "register-missed" not in inn.actions()


def test_what_an_erasure_over_several_databases_takes_did_not_end_by_its_day(inn: Inn) -> None:
    """*Figures* counts among what had had its time nothing that a guest asked for."""
    inn.count()
    assert inn.erase(inn.approved()) == "erased"
    month = dt.datetime.now(dt.UTC).date().isoformat()[:7]
    with inn.app.app_context(), inn.extension.begin() as office:
        hotel = office.work.settings.properties["sh"]
        assert retention.ended(office.work, hotel, [month]) == {month: 0}
