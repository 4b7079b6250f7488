"""Attacks with links, codes and profiles that were written into our tables by SQL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from flask_guesterase.core.errors import TokenError, TransitionError
from flask_guesterase.core.log import Draft
from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.access.tokens import Purpose
from flask_guesterase.store.journaling import journal
from tests.resistance.conftest import Pine
from tests.resistance.test_impostors import DESK, claim, enter
from tests.web.apihouse import Program, opened, token
from tests.web.house import CANARY, House


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests, a walk-in among them, whose host asked for the API."""
    made = opened(House(sqlite_url, tmp_path))
    made.people()
    made.hotel.guest(5, name="Ola Berg", document_no="W77")
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def _raw(house: House, statement: Any) -> Any:
    with house.hotel.engine.begin() as conn:
        return conn.execute(statement)


def _asked(pine: Pine, id_: int) -> str:
    asked = {"email": f"g{id_}@mail.example"}
    return str(pine.run(lambda office: office.request(asked, property="mu", by="desk")))


def _plainly(purpose: str, secret: str) -> str:
    return hashlib.sha256(f"{purpose}:{secret}".encode()).hexdigest()


def _written(pine: Pine, number: str) -> str:
    """Write a link of one's own making beside the guest's."""
    ends = (pine.now + timedelta(hours=9)).replace(tzinfo=None)
    row = {"purpose": "confirm", "request": number, "ends_at": ends}
    pine.raw(insert(tables.token).values(hash=_plainly("confirm", "mine"), **row))
    return "mine"


def _pointed(pine: Pine, number: str) -> str:
    """Let the link of one's own request be one of somebody else's."""
    own = _asked(pine, 2)
    secret = str(pine.run(lambda office: tokens.link(office.work, own)))
    mine = tables.token.c.request == own
    pine.raw(update(tables.token).where(mine).values(request=number))
    return secret


def _made_of_a_code(pine: Pine, number: str) -> str:
    """Let a link that was made for something else be a proof."""
    own = _asked(pine, 2)
    secret = str(pine.run(lambda office: tokens.link(office.work, own, Purpose.AGAIN)))
    values = {"request": number, "purpose": "confirm"}
    pine.raw(update(tables.token).where(tables.token.c.request == own).values(values))
    return secret


@pytest.mark.parametrize("attack", [_written, _pointed, _made_of_a_code])
def test_a_proof_written_by_sql(pine: Pine, attack: Callable[[Pine, str], str]) -> None:
    """Who writes a link into the table, or turns one round, has proved nobody's contact."""
    number = _asked(pine, 1)
    secret = attack(pine, number)
    with pytest.raises(TokenError):
        pine.run(lambda office: office.confirm_link(secret))
    assert pine.state(number) == "received"


@pytest.mark.parametrize("attack", ["written", "turned"])
def test_a_colleagues_code_written_by_sql(pine: Pine, attack: str) -> None:
    """A code of one's own that a row says is a colleague's, or that nobody gave, is none."""
    officer = pine.run(lambda office: office.acts_as("officer"))
    code = pine.run(lambda office: office.code("desk"))
    if attack == "written":
        code = "ABCD-EFGH"
        ends = (pine.now + timedelta(minutes=9)).replace(tzinfo=None)
        pine.raw(insert(tables.token).values(
            hash=_plainly("code", f"{officer}:ABCDEFGH"), purpose="code", actor=officer,
            ends_at=ends,
        ))  # fmt: skip
    else:
        pine.raw(update(tables.token).values(actor=officer))
    with pytest.raises(TokenError):
        pine.run(lambda office: office.use_code("officer", code))


def test_a_link_made_to_last_by_sql(pine: Pine) -> None:
    """A link that ended is over, whatever day somebody writes beside it."""
    number = _asked(pine, 1)
    secret = pine.run(lambda office: tokens.link(office.work, number))
    later = (pine.now + timedelta(days=300)).replace(tzinfo=None)
    pine.raw(update(tables.token).values(ends_at=later))
    pine.later(days=2)
    with pytest.raises(TokenError):
        pine.run(lambda office: office.confirm_link(secret))


@pytest.mark.parametrize("attack", ["whose", "what", "until", "written"])
def test_a_token_of_a_program_rewritten_by_sql(house: House, attack: str) -> None:
    """Neither whom a token acts for, nor what it may and until when, is what a row says."""
    table = tables.apitoken
    mine = token(house, "clerk", "view")
    theirs = token(house, "officer", "view", "approve")
    assert Program(house, mine).get("/requests").status_code == 200
    one, other = house.hotel.ours("apitoken")
    secret = mine
    if attack == "whose":
        _raw(house, update(table).where(table.c.id == one["id"]).values(box=other["box"]))
    elif attack == "what":
        _raw(house, update(table).where(table.c.id == one["id"]).values(permissions="view verify"))
    elif attack == "until":
        _raw(house, update(table).where(table.c.id == one["id"]).values(ends_on="2099-01-01"))
    else:
        secret = "gea_mine"
        made = _plainly("apitoken", secret)
        _raw(house, update(table).where(table.c.id == other["id"]).values(hash=made))
    assert Program(house, secret).get("/requests").status_code == 401
    assert attack == "written" or Program(house, theirs).get("/requests").status_code == 200


@pytest.mark.parametrize("attack", ["box", "mark"])
def test_a_slip_rewritten_by_sql(house: House, attack: str) -> None:
    """A slip proves whom it was printed for, and no request of somebody else."""
    table = tables.claim
    code = claim(house, "officer")
    claim(house, "clerk", key="email", value="bea@mail.example", name="Bea Lund")
    number = house.request()
    mine, theirs = house.hotel.ours("claim")
    (request,) = house.hotel.ours("request")
    values = {"box": theirs["box"]} if attack == "box" else {"mark": request["subject_mark"]}
    _raw(house, update(table).where(table.c.id == mine["id"]).values(values))
    name = "Bea Lund" if attack == "box" else "Ola Berg"
    assert enter(house.browser(), code, name).status_code == 410
    assert house.state(number) == "received"
    assert len(house.hotel.ours("request")) == 1


def test_a_letter_rewritten_by_sql(house: House) -> None:
    """The link that proves a guest is shown to nobody who approves, whatever a row calls it."""
    officer = house.browser("officer")
    house.browser().ask(property="sh", name=CANARY, email="ann@mail.example")
    house.worker()
    _raw(house, update(tables.outbox).values(template="copylink"))
    page = officer.get(f"{DESK}/outbox", wish="en")
    assert not re.search(r"/privacy/(copy/open|link)/[\w-]{20}", page)


@pytest.mark.parametrize("journaled", [False, True])
def test_a_profile_taken_by_sql(pine: Pine, journaled: bool) -> None:
    """A row that nobody took for a request, and that a table says was, is not erased with it; nor
    where the journal was told so as well, which needs no key."""
    number = pine.filed(1)
    pine.raw(insert(tables.subject).values(
        request=number, table_name="guests", row_key="int:2", standing="taken", why="all",
    ))  # fmt: skip
    if journaled:
        pine.later(minutes=1)
        (asked,) = [each for each in pine.entries("erasure-requested") if each.request == number]
        _said(pine, replace(asked, action="subject-taken", counts={}, marks={}))
    with pytest.raises(TransitionError):
        pine.approve(number)
    assert pine.names()[2] == "Ada Roe"


def _copied(pine: Pine, id_: int) -> tuple[str, str]:
    """Let somebody ask for a copy, and release it; return number and case code."""
    asked = {"email": f"g{id_}@mail.example"}
    number = pine.run(lambda o: o.request(asked, property="mu", by="desk", wish="copy"))
    code = pine.run(lambda o: o.confirm(number, "desk", "desk"))
    _, digest = pine.run(lambda o: o.outline(number, "officer"))
    pine.run(lambda o: o.release_copy(number, "officer", digest))
    return str(number), str(code)


def test_the_copy_of_somebody_else_by_sql(pine: Pine) -> None:
    """Whoever points at the box of another's copy opens none."""
    mine, _ = _copied(pine, 2)
    theirs, _ = _copied(pine, 1)
    table = tables.copy
    box = select(table.c.box).where(table.c.request == theirs).scalar_subquery()
    slip = pine.run(lambda office: office.hand_out_copy(mine, "desk"))
    pine.raw(update(table).where(table.c.request == mine).values(box=box))
    with pytest.raises(TokenError):
        pine.run(lambda office: office.read_copy(office.fetch_copy(slip)))


def test_a_contact_pointed_at_by_sql(pine: Pine) -> None:
    """A link to a copy goes to nobody else's contact, whichever box a row points at."""
    mine = _asked(pine, 2)
    theirs, code = _copied(pine, 1)
    table = tables.contact
    box = select(table.c.box).where(table.c.request == mine).scalar_subquery()
    pine.raw(update(table).where(table.c.request == theirs).values(box=box))
    with pytest.raises(TransitionError):
        pine.run(lambda office: office.send_copy_link(code))


def _said(pine: Pine, *drafts: Draft) -> None:
    """Append to the journal as our own code does, which needs no key."""
    with pine.engine.begin() as conn:
        key = conn.execute(select(tables.tree.c.public_key)).scalars().first()
        journal.append(conn, drafts, bytes.fromhex(str(key)))


def _never(pine: Pine, number: str) -> None:
    """Write an approval that nobody gave, in the row and in the journal."""
    at = journal.stamp(pine.now)
    said = {"request": number, "facts": {"property": "mu"}}
    who = str(pine.run(lambda office: office.acts_as("officer")))
    _said(pine, Draft("fir", at, "erasure-approved", who, counts={"rows": 2, "people": 1}, **said))
    values = {"digest": None, "decisions": None}
    _approved_row(pine, number, values)


def _again(pine: Pine, number: str) -> None:
    """Write once more the approval that a guest's objection ended."""
    pine.approve(number)
    (row,) = [row for row in pine.ours("request") if row["number"] == number]
    token = pine.run(lambda office: tokens.objection(office.work, number))
    pine.run(lambda office: office.object_to(token))
    pine.work()
    assert pine.state(number) == "review"
    (given,) = [each for each in pine.entries("erasure-approved") if each.request == number]
    settled = replace(given, action="objection-settled", counts={}, marks={})
    pine.raw(delete(tables.objection))
    _said(pine, settled, given)
    _approved_row(pine, number, {name: row[name] for name in ("digest", "decisions")})


def _approved_row(pine: Pine, number: str, values: dict[str, Any]) -> None:
    now, table = pine.now.replace(tzinfo=None), tables.request
    who = pine.run(lambda office: office.acts_as("officer"))
    pine.raw(update(table).where(table.c.number == number).values(
        state="approved", decided_by=who, decided_at=now, try_at=now, **values
    ))  # fmt: skip


@pytest.mark.parametrize("attack", [_never, _again])
def test_an_approval_written_into_the_journal(
    pine: Pine, attack: Callable[[Pine, str], None]
) -> None:
    """An approval is under the key of its case: none is written, and no old one given again."""
    number = pine.filed(1)
    attack(pine, number)
    assert pine.problems() == set()
    pine.work()
    assert pine.state(number) == "review"
    assert pine.ours("kept") == []
