"""An erased request of which something stays again: its certificate gets a supplement that says so.

A row came back and was erased once more, and of what came with it something is kept this time.
"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import delete

from flask_guesterase import verify
from flask_guesterase.core.returning import NOT_DECIDED
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.certificates.restated import today
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import ANN, Booking, Lodge, Member, Wish, put_back
from tests.store.test_guard_living import held, lifted
from tests.store.test_looked_again import OLD_STAY, refill
from tests.store.test_new_stay import stays

HELD = [("lodge_bookings", "legal-duty")]


def back(lodge: Lodge) -> int:
    """Let the guest come back with an old booking that is held; return the number of the hold."""
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, wishes="quiet"))
    return held(lodge, "7", "lodge_bookings")


def registered(lodge: Lodge, folder: Path) -> str:
    """Return the request of an erased guest who came back so, where a register remembers it."""
    lodge.settings = replace(lodge.settings, register=str(folder / "register"))
    lodge.stayed()
    number = lodge.erased_guest()
    lodge.later(days=1)
    back(lodge)
    return number


def issued(lodge: Lodge) -> list[dict[str, Any]]:
    return sorted(lodge.ours("certificate"), key=lambda row: int(row["supplement"]))


def test_a_certificate_says_what_of_an_erased_guest_stays_again(
    any_lodge: Lodge, tmp_path: Path
) -> None:
    """It does until that has gone as well, and the request ends once more then; whoever has an
    earlier one reads it as issued."""
    lodge = any_lodge
    lodge.stayed()
    number = lodge.erased_guest()
    assert (lodge.state(number), stays(lodge, number)) == ("erased", [])
    hold = back(lodge)
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert (stays(lodge, number), lodge.state(number)) == (HELD, "sealed")
    lodge.later(days=1)
    assert (lodge.sweep(), len(issued(lodge))) == ({}, 2)
    lifted(lodge, hold)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (stays(lodge, number), lodge.state(number)) == ([], "erased")
    assert [row["supplement"] for row in issued(lodge)] == [0, 1, 2]
    for row in issued(lodge):
        file = tmp_path / f"{row['supplement']}.json"
        file.write_text(row["body"], encoding="utf-8")
        with redirect_stdout(StringIO()) as told:
            code = verify.main([str(file), "--key", lodge.custodian.public_key().hex()])
        assert code == 0, told.getvalue()


def test_a_certificate_of_before_the_end_says_what_stays_again_too(lodge: Lodge) -> None:
    """Who came back before the check was through, and waited, is certified as it is then."""
    lodge.stayed()
    number = lodge.approved(document_no=ANN["document_no"])
    lodge.run(lambda office: office.erase(number)).settled()
    lodge.later(hours=1)
    back(lodge)
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert lodge.run(lambda office: office.check(number)).value == "sealed"
    assert stays(lodge, number) == HELD


def test_of_a_request_that_keeps_something_what_stays_besides_is_counted_with_it(
    lodge: Lodge,
) -> None:
    """What had ended before is among what went, though as much stays again."""
    lodge.stayed()
    first = held(lodge, "1", "lodge_bookings")
    profile = held(lodge, "1")
    number = lodge.approved(document_no=ANN["document_no"])
    lodge.add(Booking(id=6, guest_id=1, made_at=OLD_STAY, wishes="old"))
    assert lodge.erased(number) == "sealed"
    lifted(lodge, profile)
    lodge.later(days=1)
    finishing.finish(lodge.run)
    assert stays(lodge, number) == [*HELD, ("lodgers_", "legal-duty")]
    second = back(lodge)
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    lifted(lodge, first)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {"finished": 1}
    with lodge.begin() as office:
        now = today(office.work, number, load(office.work, number).decisions)
    assert sorted((each["table"], each["rows"], each["outcome"]) for each in now) == [
        ("lodge_bookings", 1, "hold"), ("lodge_bookings", 1, "overwrite"),
        ("lodge_bookings", 1, "overwrite"), ("lodgers_", 1, "overwrite"),
    ]  # fmt: skip
    lifted(lodge, second)
    finishing.finish(lodge.run)
    assert (lodge.state(number), stays(lodge, number)) == ("erased", [])


def test_what_a_sealed_request_keeps_besides_is_in_its_certificate_too(any_lodge: Lodge) -> None:
    """At once where nothing like it was said, or none was issued that day; and not each time."""
    lodge = any_lodge
    lodge.stayed()
    number = lodge.erased_guest()
    back(lodge)
    lodge.sweep()
    for id, table, row in (
        (8, "lodge_bookings", Booking(id=8, guest_id=1, made_at=OLD_STAY, wishes="late")),
        (9, "lodge_bookings", Booking(id=9, guest_id=1, made_at=OLD_STAY, wishes="soon")),
        (8, "lodge_wishes", Wish(id=8, guest_id=1, email=ANN["email"])),
    ):
        lodge.later(days=int(id == 8 and table == "lodge_bookings"))
        refill(lodge, email=ANN["email"])
        lodge.add(row)
        held(lodge, str(id), table)
        assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert stays(lodge, number) == [*HELD, ("lodge_wishes", "legal-duty")]
    said = json.loads(issued(lodge)[-1]["body"])["content"]["stays"]
    assert [each["rows"] for each in said] == [3, 1]
    assert [row["supplement"] for row in issued(lodge)] == [0, 1, 2, 3]


def test_what_stayed_besides_is_no_word_about_what_comes_later(lodge: Lodge) -> None:
    """Nobody approved that anything of that table goes: staff are asked."""
    lodge.stayed()
    number = lodge.erased_guest()
    refill(lodge, email=ANN["email"])
    lodge.add(Member(number="M7", guest_id=1, email=ANN["email"]))
    hold = held(lodge, "M7", "lodge_members")
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    lifted(lodge, hold)
    finishing.finish(lodge.run)
    assert lodge.state(number) == "erased"
    lodge.later(days=1)
    refill(lodge, email=ANN["email"])
    with lodge.engine.begin() as conn:
        conn.execute(delete(Member.__table__))
    lodge.add(Member(number="M8", guest_id=1, email=ANN["email"]))
    assert lodge.sweep() == {"returned": 1, "staff": 1}
    assert lodge.returns("staff") == [("lodgers_", "int:1", NOT_DECIDED, "staff")]


def test_a_restored_database_catches_up_with_what_stays_again(
    lodge: Lodge, tmp_path: Path
) -> None:
    """It knows the request as erased, and not that a part of it has stayed since."""
    number = registered(lodge, tmp_path)
    with put_back(lodge, tmp_path):
        assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert lodge.state(number) == "erased"
    replay(lodge.run)
    lodge.later(hours=1)
    lodge.run(lambda office: office.check(number))
    assert (stays(lodge, number), lodge.state(number)) == (HELD, "sealed")


def test_a_restored_database_says_of_a_sealed_request_what_stays_again(
    lodge: Lodge, tmp_path: Path
) -> None:
    """It knows the request as sealed, and not what was kept besides since."""
    number = registered(lodge, tmp_path)
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert (stays(lodge, number), lodge.state(number)) == (HELD, "sealed")
    lodge.later(days=1)
    refill(lodge, email=ANN["email"])
    lodge.add(Wish(id=8, guest_id=1, email=ANN["email"]))
    held(lodge, "8", "lodge_wishes")
    with put_back(lodge, tmp_path):
        assert lodge.sweep() == {"returned": 1, "erased": 1}
        assert stays(lodge, number) == [*HELD, ("lodge_wishes", "legal-duty")]
    replay(lodge.run)
    lodge.later(hours=1)
    lodge.sweep()
    assert stays(lodge, number) == [*HELD, ("lodge_wishes", "legal-duty")]
