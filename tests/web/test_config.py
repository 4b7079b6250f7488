"""What is configured wrongly is said when the application starts, with what to write instead."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import column

from flask_guesterase import Guesterase, Property, current, exempt
from flask_guesterase.core.errors import PolicyError, SetupError

PINE = Property("sh", "Hotel Pine", "Pine Ltd", country="cn", zone="Asia/Shanghai")


def start(properties: Any = None, channels: Any = None, **config: Any) -> Flask:
    """Return an application with the extension, as it is configured."""
    app = Flask(__name__)
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", **config)
    db = SQLAlchemy(app)
    Guesterase(db, properties=properties, channels=channels).init_app(app)
    return app


NO_DAYS = ["seven", None, -1, float("inf"), float("nan"), 10**9, 7.5, "7.5", True]


@pytest.mark.parametrize("days", NO_DAYS)
@pytest.mark.parametrize("key", ["GUESTERASE_RECOVERY_DAYS", "GUESTERASE_GRACE_HOURS"])
def test_a_number_that_no_calendar_holds_is_refused(key: str, days: Any) -> None:
    """Neither at the first approval nor at the first erasure is the time to find it out."""
    with pytest.raises(SetupError, match=key):
        start(**{key: days})


def test_backups_that_are_said_to_be_none_are_not_kept_for_no_days() -> None:
    """A certificate would say that every copy had ended on the day of the erasure."""
    with pytest.raises(SetupError, match="GUESTERASE_BACKUP_DAYS"):
        start(GUESTERASE_BACKUP_DAYS=False)


@pytest.mark.parametrize(("said", "days"), [("", None), (None, None), (0, 0), ("35", 35)])
def test_that_nobody_said_how_long_backups_are_kept_is_no_number(
    said: Any, days: int | None
) -> None:
    """A day on which every copy has ended can be named only where somebody knows."""
    with start(GUESTERASE_BACKUP_DAYS=said).app_context():
        assert current.settings.backup_days == days


@pytest.mark.parametrize("key", ["GUESTERASE_KEYS", "GUESTERASE_REGISTER"])
def test_a_file_is_no_folder(key: str, tmp_path: Path) -> None:
    """A slip in the path was first told by a command that would have changed the file's mode."""
    (tmp_path / "passwords").write_text("", encoding="utf-8")
    with pytest.raises(SetupError, match=f"{key} is no whole path of a folder"):
        start(**{key: str(tmp_path / "passwords")})


@pytest.mark.parametrize("folder", [7, True, "keys", "./keys", "~/keys", Path("keys"), ["/srv"]])
@pytest.mark.parametrize("key", ["GUESTERASE_KEYS", "GUESTERASE_REGISTER"])
def test_a_folder_is_the_same_wherever_a_command_is_started(key: str, folder: Any) -> None:
    """A part of a path is one folder for the server, and another one for cron."""
    with pytest.raises(SetupError, match=key):
        start(**{key: folder})


def test_a_folder_is_a_text_or_a_path(tmp_path: Path) -> None:
    """Where nothing is said it lies in the instance folder."""
    for given in (tmp_path, str(tmp_path)):
        settings = start(GUESTERASE_KEYS=given)
        with settings.app_context():
            assert current.settings.keys == str(tmp_path)
    app = start(GUESTERASE_REGISTER=None)
    with app.app_context():
        assert current.settings.register == str(Path(app.instance_path, "guesterase-register"))


NOWHERE = [
    "pine", "pine.example/privacy", "//pine.example", "ftp://pine.example", "https://", 7,
    # What is put behind it would be part of the question, or of no address.
    "https://pine.example/privacy?hotel=1", "https://pine.example/#/privacy",
    "https://pine.example/privacy ", "https://pine.example/our privacy", "https://pine.example/\n",
    "https://pine.example:privacy", "https://pine.example:90000/privacy", "https://[pine.example",
]  # fmt: skip


@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_of_the_guest_pages_that_nobody_can_open_is_refused(address: Any) -> None:
    """A guest would be sent a link that is none, and the request would end after a day."""
    with pytest.raises(SetupError, match="GUESTERASE_BASE_URL"):
        start(GUESTERASE_BASE_URL=address)


def test_mail_that_leaves_needs_the_address_of_the_guest_pages() -> None:
    """Every letter with a link would wait, and nothing would say so before a guest complains."""
    mail = {"GUESTERASE_MAIL": "smtp://mail.pine.example", "GUESTERASE_SENDER": "a@pine.example"}
    with pytest.raises(SetupError) as refused:
        start(**mail)

    assert "GUESTERASE_BASE_URL" in refused.value.hint
    assert start(**mail, GUESTERASE_BASE_URL="https://pine.example/privacy")


def test_text_messages_that_leave_need_it_as_well() -> None:
    """A host's own channel is used where mail is printed; a demo shows what it would send."""
    ours = {"sms": SimpleNamespace(send=print)}
    with pytest.raises(SetupError) as refused:
        start(channels=ours)

    assert "GUESTERASE_BASE_URL" in refused.value.hint
    assert start(channels=ours, GUESTERASE_MAIL="page")
    with start(channels=ours, GUESTERASE_BASE_URL="https://pine.example/privacy").app_context():
        assert current.settings.texts
    with start(channels={"pager": ours["sms"]}).app_context():
        assert not current.settings.texts


@pytest.mark.parametrize(("said", "inline"), [
    (True, True), (1, True), ("1", True), ("true", True), ("True", True), (False, False),
    (0, False), ("0", False), ("false", False), ("", False), (None, False),
])  # fmt: skip
def test_a_switch_is_on_or_off(said: Any, inline: bool) -> None:
    """As a program says it, and as a variable of the environment does."""
    app = start(GUESTERASE_INLINE=said)
    with app.app_context():
        assert current.settings.inline is inline


@pytest.mark.parametrize("said", ["yes", "worker", 2, []])
def test_a_switch_that_says_neither_is_refused(said: Any) -> None:
    """It would count as off, and nothing would be done before a worker comes."""
    with pytest.raises(SetupError, match="GUESTERASE_INLINE"):
        start(GUESTERASE_INLINE=said)


def test_a_key_that_is_none_is_refused_by_its_name() -> None:
    """A slip of the hand would leave the default in force."""
    with pytest.raises(SetupError, match=r"GUESTERASE_KEY\."):
        start(GUESTERASE_KEY="/srv/keys")


def test_places_for_checkpoints_are_a_text_or_a_list() -> None:
    """Anything else is refused by the name of its key."""
    with pytest.raises(SetupError, match="GUESTERASE_CHECKPOINTS"):
        start(GUESTERASE_CHECKPOINTS=7)


def test_no_places_for_checkpoints_are_none_however_that_is_said() -> None:
    """As of every other key."""
    for said in ("", None, []):
        with start(GUESTERASE_CHECKPOINTS=said).app_context():
            assert current.settings.checkpoints == ()


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
    {"own": "desk@pine.example"},
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


@pytest.mark.parametrize("lang", ["xx", "German", "de DE", "?"])
def test_a_language_that_is_none_is_refused(lang: str) -> None:
    """Guests were written to in English without a word; of one without a catalog that is meant."""
    for fine in ("it", "zh-Hant", "de_AT", "EN", "", "tl", "sm-WS", "fj", "ch"):
        start([Property("sh", "Pine", "Pine Ltd", lang=fine)])
    with pytest.raises(SetupError, match="lang=") as refused:
        start([Property("sh", "Pine", "Pine Ltd", lang=lang)])
    assert "de, en, es, fr, ja" in refused.value.hint


@pytest.mark.parametrize("contact", ["reception", "front desk"])
def test_a_contact_nobody_can_write_to_is_refused(contact: str) -> None:
    """It is shown to guests, and stands on certificates."""
    with pytest.raises(SetupError, match="contact="):
        Property("sh", "Pine", "Pine Ltd", contact=contact)
    for address in (
        "", "desk@pine.example", "https://pine.example/privacy", "1 Pine Street",
        "Pine House, Great Barrier Island", "奥克兰松树街甲号",
    ):
        assert Property("sh", "Pine", "Pine Ltd", contact=address)
