"""What is configured wrongly is said when the application starts, with what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import column

from flask_guesterase import Guesterase, Property, exempt
from flask_guesterase.core.errors import PolicyError, SetupError

PINE = Property("sh", "Hotel Pine", "Pine Ltd", country="cn", zone="Asia/Shanghai")


def start(properties: Any = None, **config: Any) -> Flask:
    """Return an application with the extension, as it is configured."""
    app = Flask(__name__)
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", **config)
    db = SQLAlchemy(app)
    Guesterase(db, properties=properties).init_app(app)
    return app


@pytest.mark.parametrize("days", ["seven", None, -1, float("inf"), float("nan"), 10**9])
@pytest.mark.parametrize("key", ["GUESTERASE_RECOVERY_DAYS", "GUESTERASE_GRACE_HOURS"])
def test_a_number_that_no_calendar_holds_is_refused(key: str, days: Any) -> None:
    """Neither at the first approval nor at the first erasure is the time to find it out."""
    with pytest.raises(SetupError, match=key):
        start(**{key: days})


def test_places_for_checkpoints_are_a_text_or_a_list() -> None:
    """Anything else is refused by the name of its key."""
    with pytest.raises(SetupError, match="GUESTERASE_CHECKPOINTS"):
        start(GUESTERASE_CHECKPOINTS=7)


MAIL: list[tuple[str | None, str]] = [
    ("mail.pine.example", "office@pine.example"), ("smtp://", "office@pine.example"), (None, ""),
    ("smtp://mail.pine.example:mail", "office@pine.example"), ("smtp://mail.pine.example", ""),
]  # fmt: skip


@pytest.mark.parametrize(("mail", "sender"), MAIL)
def test_a_mail_server_that_is_none_is_refused(mail: str | None, sender: str) -> None:
    """No round of the worker would come about, and what is due would wait unseen."""
    with pytest.raises(SetupError) as refused:
        start(GUESTERASE_MAIL=mail, GUESTERASE_SENDER=sender)

    assert "GUESTERASE_" in refused.value.hint


@pytest.mark.parametrize("given", ["sh", ["sh"], PINE, [PINE, "le"]])
@pytest.mark.parametrize("asked", [False, True])
def test_properties_are_a_list_of_property(given: Any, asked: bool) -> None:
    """One property by itself, or its code, is told apart from a list of them."""
    with pytest.raises(SetupError) as refused:
        start((lambda: given) if asked else given)

    assert "Property(" in refused.value.hint


def test_two_properties_of_one_code_are_refused() -> None:
    """The second would take the place of the first, with its law and its journal."""
    with pytest.raises(SetupError, match="same code"):
        start([PINE, Property("sh", "Hotel Oak", "Oak Ltd")])


WRONG: list[dict[str, Any]] = [
    {"zone": "Europe/Berln"}, {"zone": ""}, {"zone": "../etc/passwd"}, {"fiscal": (13, 1)},
    {"fiscal": (2, 30)}, {"fiscal": ("12", "31")}, {"country": "Germany"}, {"country": "D"},
    {"code": ""}, {"code": "x" * 41}, {"controller": ""}, {"controller": "x" * 121},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_property_that_means_no_place_is_refused(wrong: dict[str, Any]) -> None:
    """A zone, a day, a country or a code that is none fails here, not when a guest asks."""
    given = {"code": "sh", "name": "Hotel Pine", "controller": "Pine Ltd", **wrong}
    with pytest.raises(SetupError) as refused:
        Property(**given)

    assert refused.value.hint


def test_a_property_that_means_a_place_is_taken() -> None:
    """A country in small letters, a day that only some years have, and a list of one."""
    leap = Property("le", "Hotel Linde", "Linde GmbH", country="de", fiscal=(2, 29))

    assert start([PINE, leap]).extensions["guesterase"]
    assert leap.country == "DE"


def test_who_answers_who_may_is_somebody_who_can_be_asked() -> None:
    """A plain True would be a page with an error for each member of staff."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    with pytest.raises(SetupError, match="authorize"):
        Guesterase(SQLAlchemy(app), authorize=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "declaration"),
    [("rooms", exempt), ("rooms", None), ("rooms", {"text": None}), (column("rooms"), "exempt")],
)
def test_what_is_registered_is_a_table_with_a_policy(target: Any, declaration: Any) -> None:
    """What is neither would be met by the host's own flushes, long after it was written."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    guesterase = Guesterase(SQLAlchemy(app))
    with pytest.raises(PolicyError):
        guesterase.register(target, declaration)
    with pytest.raises(PolicyError):
        guesterase.register(42, exempt("rooms"))  # type: ignore[arg-type]
