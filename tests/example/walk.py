"""The way of one invented guest through every feature of the demo hotel."""

from __future__ import annotations

import contextlib
import re
from email.message import Message as Email
from typing import Any

from sqlalchemy import select, text

from example_pms import db
from example_pms.foreign import Invoice
from example_pms.lawful import decide
from flask_guesterase.web.joining.signals import SIGNALS
from tests.example.conftest import TODAY, Clerk
from tests.example.crawl import crawl
from tests.example.watching import (
    DESK,
    House,
    Post,
)


def walk(house: House, post: Post) -> None:
    """Send the guest through everything there is."""
    setup(house)
    number, code = guest_asks(house, post)
    second_tries(house)
    by_hand(house, number)
    held(house, number)
    erased(house, number, code)
    consoles(house, number)
    broken(house, number)
    hosts_own_errors(house, number)
    crawl(house, number, code)
    for letter in post.letters:
        for header, value in letter.items():
            if header != "To":
                house.traces.note("letter", f"{header}", f"{header}: {value}")


def setup(house: House) -> None:
    """Make the tables, and let officers decide about the law."""
    house.tell("db", "upgrade")
    with house.app.app_context():
        decide(house.guesterase)
    house.tell("db", "sql")
    house.tell("check")
    house.tell("sweep")
    for who in ("sha.officer", "lej.officer"):
        house.tell("sweep", "--confirm", *shown(house, who), *house.acting(who))


def shown(house: House, who: str) -> list[str]:
    """Return the options that name the previews a person may confirm."""
    with house.app.app_context(), house.guesterase.begin(write=False) as office:
        numbers = [str(preview.id) for preview in office.sweeps(who)["previews"]]
    return [word for number in numbers for word in ("--preview", number)]


def guest_asks(house: House, post: Post) -> tuple[str, str]:
    """Let the guest ask by the form, follow the link and keep the code; return number and code."""
    visitor, values = house.clerk(), house.values
    form = {"property": "SHA", "name": values["name"], "email": values["email"], "phone": "",
            "document": values["document"], "booking": ""}  # fmt: skip
    visitor.get("/privacy/")
    _asks(visitor, form)
    visitor.post("/privacy/ask/hotel", {"property": values["name"]}, page="/privacy/ask/hotel")
    for page in QUESTIONS[:4]:
        # A name where an address belongs comes back to be corrected.
        visitor.post(page, {"wish": "erase", **form, "email": values["name"]}, page=page)
    for page in QUESTIONS:
        visitor.client.post(page, data=form)
        visitor.post(page, {}, page=page)
    visitor.get("/privacy/asked")
    house.work()
    link = re.search(r"(/privacy/link/[\w-]+)", body_of(post.letters[0]))
    assert link is not None
    visitor.get(link[1])
    shown = visitor.post(link[1], {}, page=link[1]).text
    code = re.search(r"\b(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}\b", shown)
    assert code is not None
    visitor.get("/privacy/case")
    visitor.client.get("/privacy/case/certificate")
    visitor.post("/privacy/case/leave", {}, page="/privacy/ask")
    visitor.post("/privacy/case", {"code": values["name"]}, page="/privacy/ask")
    visitor.post("/privacy/case", {"code": code[0]}, page="/privacy/ask")
    visitor.client.get(f"/privacy/case/{code[0]}")
    for deed in ("later", "later/withdraw"):
        visitor.post(f"/privacy/case/{deed}", {}, page="/privacy/ask")
    visitor.client.get(f"/privacy/case/{values['name']}", typed=True)  # type: ignore[call-arg] # ours
    visitor.client.get(f"/privacy/link/{values['email']}", typed=True)  # type: ignore[call-arg] # ours
    with house.app.app_context(), house.guesterase.begin(write=False) as office:
        number: str = office.case(code[0].replace("-", "")).number
    return number, code[0]


QUESTIONS = tuple(f"/privacy/ask{each}" for each in ("", "/hotel", "/name", "/contact", "/booking"))
"""The pages of the guest's form; the last one of all shows every answer before it is sent."""


def _asks(visitor: Clerk, form: dict[str, str]) -> None:
    """Answer every question and send the answers, after looking at each page again."""
    for page in QUESTIONS:
        visitor.post(page, {"wish": "erase", **form}, page=page)
    for page in (*QUESTIONS, "/privacy/ask/check"):
        visitor.get(page)
    sent = visitor.post("/privacy/ask/check", {}, page="/privacy/ask/check")
    assert sent.location == "/privacy/asked"


def body_of(letter: Email) -> str:
    """Return the text of a letter."""
    return str(letter.get_content())  # type: ignore[attr-defined] # the policy gives an EmailMessage


def second_tries(house: House) -> None:
    """File, lengthen, refuse and take back requests of the same guest at the desk."""
    desk, officer, values = house.clerk("sha.desk"), house.clerk("sha.officer"), house.values
    form = {"property": "SHA", "key": "email", "value": values["email"], "name": values["name"],
            "channel": "desk", "received": TODAY.isoformat(), "lang": "en", "asked_by": "relative",
            "reason": ""}  # fmt: skip
    page = f"{DESK}/new"
    for value in (values["name"], values["phone"], "nobody@mail.example"):
        desk.post(page, {**form, "value": value, "asked_by": "guest"}, page=page)
    desk.client.post(page, data=form)
    desk.client.get(f"{DESK}/{values['name']}", typed=True)  # type: ignore[call-arg] # ours
    for how in ("refuse", "withdraw", "slip"):
        filed = desk.post(page, form, page=page)
        assert filed.status_code == 303, filed.status
        here = filed.location
        desk.get(here)
        if how == "refuse":
            officer.post(f"{here}/extend", {"reason": "complex"}, page=here)
            officer.post(f"{here}/refuse", {"ground": "another-persons-data"}, page=here)
        elif how == "withdraw":
            desk.post(f"{here}/withdraw", {}, page=here)
        else:
            desk.get(f"{here}/slip")
            desk.post(f"{here}/slip", {}, page=here)
            desk.post(f"{here}/confirm", {"how": "desk", "seen": "power-of-attorney"}, page=here)
            desk.post(f"{here}/confirm", {"how": "desk", "seen": "death-certificate"}, page=here)


def by_hand(house: House, number: str) -> None:
    """Read, take and leave rows, deal with letters, look at every list."""
    desk, officer = house.clerk("sha.desk"), house.clerk("sha.officer")
    here = f"{DESK}/{number}"
    officer.get(here)
    for verb in ("take", "leave", "take"):
        desk.post(f"{here}/{verb}", {"person": "1"}, page=here)
        desk.post(f"{here}/{verb}", {"person": "999"}, page=here)
    for deed in ("later", "later/withdraw", "later"):
        desk.post(f"{here}/{deed}", {}, page=here)
    desk.get(f"{DESK}/outbox")
    desk.post(f"{DESK}/outbox/1", {}, page=f"{DESK}/outbox")


def held(house: House, number: str) -> None:
    """Hold and freeze, so that the erasure waits, and let go of both."""
    one, two = house.clerk("sha.officer"), house.clerk("sha.officer2")
    form = {"number": number, "scope": "subject", "table": "", "key": "", "query": "",
            "property": "SHA", "why": "legal-claim", "reference": house.values["name"],
            "review_on": "", "silent": "no"}  # fmt: skip
    one.get(f"{DESK}/holds/new")
    one.post(f"{DESK}/holds/new", form, page=f"{DESK}/holds/new")
    one.post(f"{DESK}/holds/new", {**form, "number": house.values["name"]},
             page=f"{DESK}/holds/new")  # fmt: skip
    approve(house, number)
    one.post(f"{DESK}/{number}/erase", {}, page=f"{DESK}/holds/new")
    desk = house.clerk("sha.desk")
    desk.post(f"{DESK}/holds/freeze", {"property": "SHA", "whole": "yes"},
              page=f"{DESK}/freezes")  # fmt: skip
    one.get(f"{DESK}/holds")
    for each in (1, 2, 3):
        one.post(f"{DESK}/holds/{each}/confirm", {}, page=f"{DESK}/holds/new")
        for person in (one, two):
            person.post(f"{DESK}/holds/{each}/lift", {}, page=f"{DESK}/holds/new")
    house.tell("hold", "list", *house.acting("sha.officer"))
    house.tell("hold", "place", *house.acting("sha.officer"), "--scope", "subject",
               "--why", "legal-claim", "--table", "guests", "--key", "1", "--property",
               "SHA", "--reference", house.values["name"])  # fmt: skip
    house.tell("hold", "freeze", "SHA", *house.acting("sha.desk"))
    with house.app.app_context(), house.guesterase.begin() as office:
        living = [str(row["id"]) for row in office.holds("sha.officer")]
    for each in living:
        house.tell("hold", "confirm", each, *house.acting("sha.officer"))
        house.tell("hold", "lift", each, *house.acting("sha.officer"))
        house.tell("hold", "lift", each, *house.acting("sha.officer2"))


def approve(house: House, number: str) -> None:
    """Approve the plan that the page shows."""
    officer = house.clerk("sha.officer")
    page = officer.get(f"{DESK}/{number}")
    taken, left = (re.findall(rf'/{word}".*?name="person" value="(\d+)"', page)
                   for word in ("take", "leave"))  # fmt: skip
    # Of whom nobody said anything yet both is asked; of others that it is taken back.
    for person in set(taken) & set(left):
        officer.post(f"{DESK}/{number}/leave", {"person": person}, page=f"{DESK}/holds/new")
    page = officer.get(f"{DESK}/{number}")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    officer.post(f"{DESK}/{number}/approve", {"digest": "0" * 64}, page=f"{DESK}/holds/new")
    assert digest is not None
    done = officer.post(f"{DESK}/{number}/approve", {"digest": digest[1]}, page=f"{DESK}/holds/new")
    assert done.status_code == 303, done.text


def erased(house: House, number: str, code: str) -> None:
    """Show the register, erase, and read what stays, at the desk and as the guest."""
    desk, officer, visitor = (house.clerk(n) for n in ("sha.desk", "sha.officer", ""))
    asked = {"property": "SHA", "night": "", "until": "", "room": "",
             "name": house.values["name"], "document": house.values["document"],
             "authority": "District police", "officer": "PS-1", "reference": house.values["name"],
             "basis": "police-inspection", "format": "page"}  # fmt: skip
    for kind in ("page", "csv", "json"):
        desk.post(f"{DESK}/register", {**asked, "format": kind}, page=f"{DESK}/register")
    desk.post(f"{DESK}/register", {**asked, "night": house.values["name"]},
              page=f"{DESK}/register")  # fmt: skip
    officer.post(f"{DESK}/{number}/erase", {}, page=f"{DESK}/holds/new")
    house.work()
    with house.app.app_context(), house.guesterase.begin(write=False) as office:
        shown = office.show(number)
    assert shown["state"] in ("sealed", "erased", "partial"), shown
    desk.post(f"{DESK}/register", asked, page=f"{DESK}/register")
    page = officer.get(f"{DESK}/disclosures")
    for done in set(re.findall(r"/disclosures/([\w-]+)", page)):
        officer.post(f"{DESK}/disclosures/{done}", {"finding": "fine"},
                     page=f"{DESK}/holds/new")  # fmt: skip
    for path in ("certificate", "certificate.json"):
        officer.get(f"{DESK}/{number}/{path}")
    visitor.post("/privacy/case", {"code": code}, page="/privacy/ask")
    for path in ("", "/certificate", "/certificate.json"):
        visitor.get(f"/privacy/case{path}")
    visitor.post("/privacy/case/withdraw", {}, page="/privacy/ask")
    auditor = house.clerk("sha.auditor")
    auditor.get(f"{DESK}/journal")
    auditor.post(f"{DESK}/journal/verify", {}, page=f"{DESK}/journal")
    auditor.get(f"{DESK}/checkpoint/SHA")


def consoles(house: House, number: str) -> None:
    """Run every command, right and wrong, about the same guest."""
    values, out = house.values, house.asked_for
    one, two = house.clerk("sha.officer"), house.clerk("sha.officer2")
    for officer in (one, two):
        officer.post(f"{DESK}/canaries/on", {"property": "SHA"}, page=f"{DESK}/canaries")
    house.tell("canary", "--now")
    one.get(f"{DESK}/canaries")
    one.post(f"{DESK}/canaries/off", {"property": "SHA"}, page=f"{DESK}/canaries")
    match = f"email={values['email']}\nname={values['name']}\n"
    for given in (match, f"phone={values['phone']}\n", f"nonsense={values['name']}\n",
                  f"{values['name']}\n"):  # fmt: skip
        house.tell("request", "--match", "-", "--property", "SHA", given=given)
        house.tell("--json", "request", "--match", "-", given=given)
    for word in ("show", "preview", "erase", "withdraw"):
        house.tell(word, number)
        house.tell(word, values["name"])
    house.tell("show", number, "--json")
    house.tell("list")
    house.tell("list", "--state", values["name"])
    house.tell("confirm", number, *house.acting("sha.desk"))
    house.tell("approve", number, *house.acting("sha.officer"), "--digest", values["name"])
    house.tell("refuse", number, *house.acting("sha.officer"), "--ground", "another-persons-data")
    house.tell("extend", number, *house.acting("sha.officer"), "--reason", "complex")
    house.tell("why", "guests", "1")
    house.tell("why", "guests", values["name"])
    house.tell("why", values["name"], "1")
    for name in ("certificate", "checkpoint", "draft"):
        house.tell(name, *([number] if name == "certificate" else []), "--out", str(out / name))
    house.tell("register", "produce", *house.acting("sha.desk"), "--property", "SHA", "--night",
               "2025-08-20", "--authority", "District police", "--officer", "PS-1",
               "--reference", values["name"], "--basis", "police-inspection", "--out",
               str(out / "register.csv"))  # fmt: skip
    house.tell("register", "review", values["name"], *house.acting("sha.officer"), "--finding",
               "fine")  # fmt: skip
    house.tell("clock", "confirm", *house.acting("sha.officer", "sha.officer2"))
    mark = house.tell("keys", "fingerprint").strip()
    house.tell("keys", "confirm-copy", "--fingerprint", mark,
               *house.acting("sha.officer", "sha.officer2"))  # fmt: skip
    for words in (("verify",), ("worker", "--once"), ("sweep",), ("task", "list"), ("data",),
                  ("census", "--out", str(out / "lists")),
                  ("jurisdiction", "list"), ("jurisdiction", "show", "CN"),
                  ("jurisdiction", "check", str(out / "nothing.toml")),
                  ("policy", "show", "--property", "SHA"), ("policy", "waiting")):  # fmt: skip
        house.tell(*words)
    with house.app.app_context(), house.guesterase.books("sha.officer", "SHA"):
        db.session.scalars(select(Invoice)).all()
    house.tell("task", "sign", "1", "--count", "3", *house.acting("sha.officer"))
    house.tell("jurisdiction", "sign", "CN", *house.acting("sha.officer"))
    house.tell("policy", "house", "correspondence", "--property", "SHA", "--ceiling", "P3Y",
               "--clock", "recorded", "--source", "Minutes of the two officers",
               *house.acting("sha.officer"))  # fmt: skip
    house.tell("policy", "house-confirm", "1", *house.acting("sha.officer2"))
    house.tell("policy", "propose", "1", *house.acting("sha.officer"))
    house.tell("policy", "confirm", "1", "--checkpoint", str(out / "checkpoint"),
               *house.acting("sha.officer2"))  # fmt: skip


def broken(house: House, number: str) -> None:
    """Take the guests' table away, so that statements fail with their values in them."""
    desk, visitor, values = house.clerk("sha.desk"), house.clerk(), house.values
    with house.app.app_context(), db.engine.begin() as conn:
        conn.execute(text("ALTER TABLE guests RENAME TO guests_away"))
    try:
        form = {"property": "SHA", "key": "email", "value": values["email"],
                "name": values["name"], "channel": "desk", "received": TODAY.isoformat(),
                "lang": "en", "asked_by": "guest", "reason": ""}  # fmt: skip
        desk.post(f"{DESK}/new", form, page=f"{DESK}/register")
        desk.client.get(f"{DESK}/{number}")
        ask = {"property": "SHA", "name": values["name"], "email": values["email"], "phone": "",
               "document": "", "booking": ""}  # fmt: skip
        _asks(visitor, ask)
        with contextlib.suppress(Exception):
            house.work()
        match = f"email={values['email']}\nname={values['name']}\n"
        house.tell("request", "--match", "-", "--property", "SHA", given=match)
        for words in (("worker", "--once"), ("sweep",), ("check",), ("why", "guests", "1")):
            house.tell(*words)
    finally:
        with house.app.app_context(), db.engine.begin() as conn:
            conn.execute(text("ALTER TABLE guests_away RENAME TO guests"))


def hosts_own_errors(house: House, number: str) -> None:
    """Let the host's own code raise errors that repeat what they were called with."""
    values, extension = house.values, house.guesterase
    desk, officer = house.clerk("sha.desk"), house.clerk("sha.officer")

    def raising(*args: Any, **kwargs: Any) -> Any:
        house.raised += 1
        raise ValueError(f"{values['name']} is no {values['email']}: {args!r}")

    form = {"property": "SHA", "key": "booking", "value": values["name"], "name": values["name"],
            "channel": "desk", "received": TODAY.isoformat(), "lang": "en", "asked_by": "guest",
            "reason": ""}  # fmt: skip
    match = f"booking={values['name']}\n"
    heard = SIGNALS["intake-received"]
    heard.connect(raising)
    before = extension._night_audit, extension._authorize
    try:
        with house.app.app_context():
            ways = extension.datamap.subjects["guests"].match
        mine = dict(ways)
        ways["booking"] = raising  # type: ignore[index] # a plain dict as resolved
        try:
            desk.post(f"{DESK}/new", form, page=f"{DESK}/register")
            house.tell("request", "--match", "-", "--property", "SHA", given=match)
            ask = {"property": "SHA", "name": values["name"], "email": values["email"],
                   "phone": "", "document": "", "booking": values["name"]}  # fmt: skip
            _asks(house.clerk(), ask)
        finally:
            ways["booking"] = mine["booking"]  # type: ignore[index] # as above
        assert house.raised >= 3
        extension._night_audit = raising
        house.tell("sweep")
        acting, before_this = house.acting("sha.desk"), house.raised
        extension._night_audit, extension._authorize = before[0], raising
        officer.client.get(f"{DESK}/{number}")
        house.tell("confirm", number, *acting)
        assert house.raised >= before_this + 2
    finally:
        extension._night_audit, extension._authorize = before
        heard.disconnect(raising)


def the_end(house: House) -> None:
    """Give everything back and drop our tables, at last."""
    house.collect()
    house.tell("uninstall", "--out", str(house.asked_for / "left"))
    house.collect_files()
    house.tell("uninstall", "--out", str(house.asked_for / "gone"), "--yes")
    house.tell("list")
    house.clerk("sha.desk").client.get(f"{DESK}/")
