"""A demo hotel in which every page has something to show, and the address of each page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from flask_guesterase.store.access import tokens
from flask_guesterase.store.access.tokens import Purpose
from flask_guesterase.store.training.courses import courses
from flask_guesterase.web.extension import Guesterase
from tests.example.conftest import Clerk
from tests.web.house import QUESTIONS

DESK = "/desk/privacy"
FILES = frozenset({
    "guesterase_guest.static", "guesterase_staff.static",
    "guesterase_staff.checkpoint", "guesterase_guest.certificate_file",
    "guesterase_staff.certificate_file", "guesterase_guest.scan_file",
    "guesterase_guest.copy_json", "guesterase_guest.copy_zip", "guesterase_staff.figures_file",
    "guesterase_staff.incident_notice_file", "guesterase_guest.calendar",
    "guesterase_guest.certificate_paper",
})  # fmt: skip
"""Endpoints that answer with a file."""


LINKS = {
    "link": "privacy/link", "copy_link": "copy/link", "open_copy": "copy/open",
    "again_link": "privacy/again",
}  # fmt: skip
"""View -> what stands before the token in a letter that leads there."""


@dataclass
class Full:
    """What the pages of the hotel are about.

    :param app: the hotel.
    :param numbers: states in which there is a request -> its number.
    :param codes: the same states -> the code of the case.
    :param known: argument of an address -> values it takes.
    :param asked: endpoint of a form that changes nothing -> what it is sent with.
    """

    app: Flask
    numbers: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def clerk(self, login: str = "") -> Clerk:
        """Return a browser without a window, in Chinese."""
        clerk = Clerk(self.app.test_client())
        if login:
            clerk.login(login)
        return clerk

    def guest(self, state: str) -> Clerk:
        """Return a browser in which the guest of a request opened their case."""
        guest = self.clerk()
        opened = guest.post("/privacy/case", {"code": self.codes[state]}, page="/privacy/case")
        assert opened.status_code == 303, opened.text
        return guest

    def pages(self) -> Iterator[tuple[str, str]]:
        """Yield endpoint and address of every page there is, once for each thing it shows."""
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda rule: rule.rule):
            blueprint = rule.endpoint.partition(".")[0]
            if blueprint not in ("guesterase_guest", "guesterase_staff"):
                continue
            if "GET" not in (rule.methods or ()) or rule.endpoint in FILES:
                continue
            name = next(iter(rule.arguments), "")
            values = self.known.get(rule.endpoint) or self.known.get(name) or ["unknown"]
            for value in values if name else [""]:
                given: dict[str, Any] = dict(self.asked.get(rule.endpoint, {}))
                if name:
                    given[name] = value
                with self.app.test_request_context():
                    where = self.app.url_for(rule.endpoint, **given)
                yield rule.endpoint, where


def fill(app: Flask) -> Full:
    """Let people ask, prove, decide, complain, report, hold and freeze in the Shanghai hotel.

    :param app: the demo hotel, its guests seeded, its worker running with its pages.
    """
    full = Full(app)
    desk, officer, second = (full.clerk(f"sha.{n}") for n in ("desk", "officer", "officer2"))
    _asked(full)
    _file(full, desk, "received", "zhao.min@mail.example", "赵敏", confirmed=False)
    _file(full, desk, "review", "chen-zhang@mail.example", "陈静")
    _file(full, desk, "refused", "sun.lei@mail.example", "孙磊")
    number = full.numbers["refused"]
    _sent(officer, f"/{number}/refuse", {"ground": "another-persons-data"}, f"/{number}")
    _file(full, desk, "erased", "li.wei@mail.example", "李伟")
    full.guest("erased").post("/privacy/case/later", {}, page="/privacy/case")
    number = _agreed(full, officer, "erased", "approve")
    officer.post(f"{DESK}/{number}/erase", {}, page=f"{DESK}/code")
    _copied(full, desk, officer)
    _complained(full, second)
    _watched(full, desk, officer, second)
    _told(full)
    return full


def _asked(full: Full) -> None:
    """Let a guest ask by the form and not open the link yet."""
    guest = full.clerk()
    form = {"property": "SHA", "name": "李伟", "email": "li.wei@mail.example", "phone": "",
            "booking": ""}  # fmt: skip
    for wish in ("erase", "copy"):
        for page, fields in {**QUESTIONS, "/privacy/ask/check": ()}.items():
            given = {"wish": wish, **form}
            sent = guest.post(page, {name: given[name] for name in fields}, page=page)
        assert (sent.location or "").endswith("/asked"), sent.text


def _file(
    full: Full, desk: Clerk, state: str, email: str, name: str, wish: str = "erase",
    confirmed: bool = True,
) -> None:  # fmt: skip
    """File at the desk, record who it is, and keep number and code."""
    form = {"property": "SHA", "key": "email", "value": email, "name": name, "wish": wish,
            "channel": "desk", "received": datetime.now(UTC).date().isoformat(), "lang": "zh",
            "asked_by": "guest", "reason": ""}  # fmt: skip
    number = _found(r"/(GR-\w+)", _sent(desk, "/new", form, "/new"))
    full.numbers[state] = number
    if confirmed:
        slip = desk.post(f"{DESK}/{number}/confirm", {"how": "desk"}, page=f"{DESK}/{number}")
        if slip.status_code == 303:
            slip = desk.client.get(slip.location)
        full.codes[state] = _found(r"\b((?:[0-9A-Z]{4}-){5}[0-9A-Z]{4})\b", slip.text)


def _agreed(full: Full, officer: Clerk, state: str, verb: str) -> str:
    """Approve what the page of a request shows, or release it; return its number."""
    number = full.numbers[state]
    digest = _found(r'name="digest" value="(\w+)"', officer.get(f"{DESK}/{number}"))
    _sent(officer, f"/{number}/{verb}", {"digest": digest}, f"/{number}")
    return number


def _copied(full: Full, desk: Clerk, officer: Clerk) -> None:
    """Let a copy lie ready, with a link on its way."""
    _file(full, desk, "offered", "chen-zhang@mail.example", "陈静", wish="copy")
    _left(full, "offered")
    _agreed(full, officer, "offered", "release")
    guest = full.guest("offered")
    guest.post("/privacy/case/copy", {}, page="/privacy/case")


def _left(full: Full, state: str) -> None:
    """Say that whoever only perhaps is the guest, by the mailbox they share, is another one."""
    number, extension = full.numbers[state], full.app.extensions["guesterase"].extension
    with full.app.app_context(), extension.begin() as office:
        for each in office.preview(number).perhaps:
            office.leave(number, each.id, "sha.desk")


def _complained(full: Full, second: Clerk) -> None:
    """Complain about the refusal and about nothing, ask a reviewer, say how it went."""
    guest = full.guest("refused")
    page = "/privacy/case/complain"
    said = guest.post(page, {"about": "about-refusal", "text": "我出示过护照。"}, page=page)
    assert said.status_code < 400, said.text
    full.known["complaint"] = re.findall(r"/complaints/([A-Z]+-\w+)",
                                         second.get(f"{DESK}/complaints"))[:1]  # fmt: skip
    here = f"/complaints/{full.known['complaint'][0]}"
    invited = second.post(f"{DESK}{here}/invite", {"mode": "recommend"}, page=f"{DESK}{here}")
    full.known["guesterase_guest.review_link"] = [_found(r"/review/([\w-]+)", invited.text)]
    full.codes["reviewer"] = _found(r"secret whole\">([^<]+)<", invited.text)


def _watched(full: Full, desk: Clerk, officer: Clerk, second: Clerk) -> None:
    """Report a mistake and an incident, freeze, hold, produce the register, stop the sweep."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")
    _sent(desk, "/mistake", {"property": "SHA", "kind": "seen-by-others", "words": "名单放在柜台上",
                             "noticed": "2026-01-02T08:00"}, "/mistake")  # fmt: skip
    _sent(officer, "/watch/look", {}, "/watch")
    opened = {"property": "SHA", "kind": "lost-device", "text": "夜班笔记本电脑丢失。",
              "noticed": moment, "happened": ""}  # fmt: skip
    assert (
        desk.post(f"{DESK}/incidents/new", opened, page=f"{DESK}/incidents/new").status_code < 400
    )
    full.known["incident"] = re.findall(r"/incidents/([A-Z]+-\w+)",
                                        officer.get(f"{DESK}/incidents"))[:1]  # fmt: skip
    here = f"/incidents/{full.known['incident'][0]}"
    column = _found(r'name="column" value="([^"]+)"', officer.get(f"{DESK}{here}"))
    _sent(officer, f"{here}/classify",
          {"severity": "risk-high", "cause": "theft", "kind": "lost-device", "column": column},
          here)  # fmt: skip
    _sent(officer, f"{here}/reach", {}, here)
    _sent(desk, "/holds/freeze", {"property": "SHA", "night": "", "room": "101"}, "/freezes")
    hold = {"number": full.numbers["review"], "scope": "subject", "table": "", "key": "",
            "query": "", "property": "SHA", "why": "legal-claim", "reference": "A-17",
            "review_on": "", "silent": "no"}  # fmt: skip
    _sent(officer, "/holds/new", hold, "/holds/new")
    asked = {"property": "SHA", "night": "2026-01-02", "until": "", "room": "", "name": "",
             "document": "", "authority": "虚构区派出所", "officer": "PS-1", "reference": "R-1",
             "basis": "police-inspection", "format": "page"}  # fmt: skip
    assert desk.post(f"{DESK}/register", asked, page=f"{DESK}/register").status_code == 200
    month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    review = _sent(officer, "/reviews", {"property": "SHA", "month": month}, "/reviews")
    full.known["monthly"] = [review.rpartition("/")[2]]
    for each in (officer, second):
        _sent(each, "/canaries/on", {"property": "SHA"}, "/canaries")


def _told(full: Full) -> None:
    """Find the links of letters, and say what the arguments of addresses may be."""
    guest = full.guest("erased")
    again = guest.post("/privacy/case/again", {"email": "li.wei@mail.example", "phone": ""},
                       page="/privacy/case/again")  # fmt: skip
    assert again.status_code == 303, again.text
    letters = full.clerk("sha.desk").get(f"{DESK}/outbox")
    for endpoint, place in LINKS.items():
        found = re.findall(rf"/{place}/([\w-]+)", letters)
        full.known[f"guesterase_guest.{endpoint}"] = found[:1]
    # Where letters are shown on a page, nobody else is written to who could object.
    extension: Guesterase = full.app.extensions["guesterase"].extension
    with full.app.app_context(), extension.begin() as office:
        objecting = tokens.objection(office.work, full.numbers["review"])
        stopping = tokens.objection(office.work, full.numbers["review"], Purpose.STOP)
    full.known["guesterase_guest.object_to"] = [objecting]
    full.known["guesterase_guest.stop_approval"] = [stopping]
    full.known["number"] = list(full.numbers.values())
    full.asked["guesterase_staff.refusal"] = {"ground": "another-persons-data"}
    full.known["guesterase_staff.refusal"] = [full.numbers["review"]]
    full.known["guesterase_staff.certificate"] = [full.numbers["erased"]]
    full.known["guesterase_guest.remember"] = [full.codes["erased"].replace("-", "")]
    full.known["course"] = list(courses())
    full.known["night"] = [(datetime.now(UTC).date() - timedelta(days=1)).isoformat()]


def _sent(clerk: Clerk, path: str, form: dict[str, str], page: str) -> str:
    """Send a form of the staff pages; return where it leads."""
    answer = clerk.post(f"{DESK}{path}", form, page=f"{DESK}{page}")
    assert answer.status_code in (200, 303), (path, re.sub(r"<[^>]+>|\s+", " ", answer.text))
    return str(answer.location or "")


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found[1]
