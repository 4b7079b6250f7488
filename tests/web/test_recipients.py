"""Recipients at the desk, and the one address to which other systems answer."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask_wtf import CSRFProtect
from sqlalchemy import update
from werkzeug.serving import make_server

from flask_guesterase import api_pages, guest_pages
from flask_guesterase.core.permissions import Permission
from flask_guesterase.core.webhook import LARGEST_ANSWER, SIGNATURE, TIMESTAMP
from flask_guesterase.recipients import Recipient, by_hand
from flask_guesterase.store import tables, worker
from flask_guesterase.store.access.limits import LIMITS
from flask_guesterase.store.partners import outstanding
from flask_guesterase.web.staffpages import recipients as desk_page
from tests import partner as partners
from tests.partner import Partner
from tests.web.apihouse import API, Program, token
from tests.web.house import CANARY, House
from tests.web.test_cli import Console

DESK = "/desk/privacy"
BASE = "https://pine.example/privacy"


@pytest.fixture
def partner() -> Iterator[Partner]:
    """Another system behind real HTTP."""
    with partners.listening() as made:
        yield made


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path, partner: Partner) -> Iterator[House]:
    """A house with guests that tells a channel manager and, by hand, the locks."""
    made = House(sqlite_url, tmp_path, GUESTERASE_BASE_URL=BASE)
    made.people()
    made.extension.recipient(
        Recipient("channel-manager", partner.webhook(), gives={"booking": "bookings.number"}),
        Recipient("locks", by_hand("Withdraw the keys at the lock server."), gives=["name"]),
    )
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def erase(house: House) -> str:
    """Erase the guest and tell everybody; return the number."""
    number = house.request()
    house.approve(number)
    with house.app.app_context():
        worker.carry_out(house.extension.run, number)
    house.worker()
    return number


def post(house: House, reference: str, body: bytes, headers: dict[str, str]) -> Any:
    """Post an answer as another system does: no cookie, no form."""
    return house.app.test_client().post(
        f"/privacy/recipients/{reference}", data=body, headers=headers
    )


def states(house: House) -> list[str]:
    """Return how far each recipient is."""
    return [row["state"] for row in house.hotel.ours("delivery")]


def test_what_cannot_be_opened_any_more_is_said_in_full(house: House, partner: Partner) -> None:
    """Who is to tell somebody reads why the programme cannot, and not a word for counted boxes."""
    partner.plan = [404]
    number = erase(house)
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.delivery).values(problem="unopened"))
    said = "what it should be told cannot be opened any more"
    assert said in house.browser("clerk").get(f"{DESK}/recipients", wish="en")
    assert said in house.browser("officer").get(f"{DESK}/{number}", wish="en")


def test_the_journal_says_what_a_system_answered(house: House, partner: Partner) -> None:
    """A notice that is read is no identity to be proved, and a system has its own name there."""
    erase(house)
    reference = partner.came[0].reference
    for stage, said in (("received", "received the notice"), ("completed", "copies are gone")):
        assert post(house, reference, *partners.answer(reference, stage)).status_code == 200
        page = house.browser("auditor").get(f"{DESK}/journal", wish="en")
        assert said in page
    assert "channel-manager" in page
    assert "identity to be shown" not in page


def test_the_list_of_tasks_says_that_whom_to_tell_is_on_it(house: House) -> None:
    """Its first sentence named paper and days alone, above a recipient to be told."""
    erase(house)
    page = house.browser("officer").get(f"{DESK}/tasks", wish="en")
    assert "locks" in page
    assert "whom to tell of copies" in page


def test_whom_to_tell_that_an_erasure_was_taken_back_is_said(house: House) -> None:
    """The task asks to tell the opposite of what was told: nobody must delete a guest for it."""
    number = erase(house)
    with house.app.app_context():
        run = house.extension.run
        run(lambda office: office.propose_restore(number, "officer", "wrong-person"))
        run(lambda office: office.restore(number, "second"))
    page = house.browser("officer").get(f"{DESK}/tasks", wish="en")
    said = f"Tell them that it was taken back: <strong>channel-manager</strong> ({number})"
    assert said in page
    assert "/restored-" not in page


def test_staff_see_try_again_and_sign(house: House, partner: Partner) -> None:
    """A dead letter stands first, goes once more, and what a person did is signed."""
    partner.plan = [404]
    number = erase(house)
    clerk = house.browser("clerk")
    page = clerk.get(f"{DESK}/recipients")
    assert page.index("channel-manager") < page.index("locks")
    assert "could not be told, or refused" in page
    assert "B1" in page
    assert CANARY in page
    assert "Withdraw the keys at the lock server." in page
    request_page = house.browser("officer").get(f"{DESK}/{number}")
    assert "Who else was told" in request_page
    assert CANARY not in request_page
    assert 'href="/desk/privacy/recipients"' in page
    assert re.search("[一-鿿]", clerk.get(f"{DESK}/recipients", wish="zh"))
    told = clerk.get(f"{DESK}/recipients", wish="zh")
    assert "无法通知，或对方拒绝" in told
    assert f"<li>姓名：{CANARY}</li>" in told
    assert "删除深度" not in told, "how deep an erasure reached, as a certificate says it"
    assert clerk.post(f"{DESK}/recipients/1/again").status_code == 303
    house.worker()
    assert states(house) == ["sent", "queued"]
    assert clerk.post(f"{DESK}/recipients/1/again").status_code == 409
    assert clerk.post(f"{DESK}/recipients/2/done").status_code == 303
    assert states(house) == ["sent", "done"]
    page = clerk.get(f"{DESK}/recipients")
    assert CANARY not in page
    assert "told, not confirmed yet" in page
    certificate = house.browser("officer").get(f"{DESK}/{number}/certificate")
    assert "channel-manager" in certificate
    assert "not told yet" in certificate
    # It never changes after it was issued, whoever is told since.
    assert "as it was when this was issued" in certificate
    assert "Who else was told" not in certificate


def test_who_must_tell_a_system_without_a_value_reads_what_to_do(
    house: House, partner: Partner
) -> None:
    """Its reason alone left a clerk with a button to sign, and nothing to do before."""
    house.extension.recipient(Recipient("mail-list", partner.webhook(), gives=["email"]))
    erase(house)
    page = house.browser("clerk").get(f"{DESK}/recipients?lang=en")
    cards = {re.findall(r"<h2>([\w-]+)", card)[0]: card for card in page.split("<article")[1:]}
    advice = "find this guest by the days of the stay"
    assert [name for name, card in cards.items() if advice in card] == ["mail-list"]
    assert "there is no value by which it would know this guest alone" in cards["mail-list"]


def test_the_same_at_a_console(house: House, partner: Partner) -> None:
    """Listed without anybody's data; tried again and signed by a person with a code of theirs."""
    partner.plan = [404]
    erase(house)
    console = Console(house.app)
    rows = console.json("recipient", "list")
    assert [(row["recipient"], row["state"]) for row in rows] == [
        ("channel-manager", "failed"), ("locks", "queued"),
    ]  # fmt: skip
    console.raw("recipient", "again", "1", *console.proved("clerk"))
    house.worker()
    console.raw("recipient", "done", "2", *console.proved("clerk"))
    console.raw("recipient", "done", "1", *console.proved("auditor"), code=1)
    assert states(house) == ["sent", "done"]
    assert re.fullmatch("[0-9a-f]{64}", console.json("recipient", "key")["key"])
    assert CANARY not in console.printed
    assert "B1" not in console.printed


def test_another_hotels_staff_neither_see_nor_settle(house: House) -> None:
    """A notice belongs to its property."""
    erase(house)
    far = house.browser("far-officer")
    assert "locks" not in far.get(f"{DESK}/recipients")
    assert far.post(f"{DESK}/recipients/2/done").status_code == 404
    assert states(house)[1] == "queued"


def test_an_answer_comes_over_real_http(house: House, partner: Partner) -> None:
    """Notice out and call-back in, both over sockets; only the signed one acknowledges."""
    server = make_server("127.0.0.1", 0, house.app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        erase(house)
        (came,) = partner.came
        (told,) = came.json["status_callback_urls"]
        assert told == f"{BASE}/recipients/{came.reference}"
        here = told.replace(BASE, f"http://127.0.0.1:{server.port}/privacy")
        body, headers = partners.answer(came.reference, "completed")
        ask = urllib.request.Request(here, body, headers, method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(ask, timeout=10) as reply:  # noqa: S310 - loopback
            assert reply.status == 200
            assert reply.headers.get("Set-Cookie") is None
    finally:
        server.shutdown()
        thread.join()
    assert states(house)[0] == "acknowledged"


def test_whatever_is_not_believed_is_refused_in_the_same_words(
    house: House, partner: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    """Forged, stale, replayed, unknown: one status, one body, and nothing of it in the log."""
    erase(house)
    reference = partner.came[0].reference
    body, headers = partners.answer(reference, "received")
    assert post(house, reference, body, headers).json == {"taken": True}
    manual = house.hotel.ours("delivery")[1]["reference"]
    unknown = "11111111-1111-4111-8111-111111111111"
    tries = [
        (reference, body, headers),
        (reference, *partners.answer(reference, "completed", secret="z" * 32)),
        (reference, *partners.answer(reference, "completed", at=1)),
        (reference, body, {}),
        (unknown, body, {TIMESTAMP: "9" * 12, SIGNATURE: "hmac-sha256=00"}),
        (unknown, *partners.answer(unknown, "completed")),
        ("ann@mail.example", *partners.answer("x", "completed")),
        (manual, *partners.answer(manual, "completed")),
        (reference, b"\xff", {TIMESTAMP: "0", SIGNATURE: "é".encode().decode("latin-1")}),
    ]
    answers = {
        (answer.status_code, answer.data, answer.headers["Content-Type"])
        for answer in (post(house, *each) for each in tries)
    }
    assert answers == {(403, b'{"error":"refused"}\n', "application/json")}
    assert states(house)[0] == "received"
    assert reference not in caplog.text
    assert "ann@mail.example" not in caplog.text


def test_a_signed_answer_that_says_nothing_is_told_so(house: House, partner: Partner) -> None:
    """Who holds the secret learns that it was not understood; so does who says too much."""
    erase(house)
    reference = partner.came[0].reference
    assert post(house, reference, *partners.answer(reference, "maybe")).status_code == 422
    assert post(house, reference, *partners.answer("another", "completed")).status_code == 422
    long = partners.answer(reference, "completed", padding="x" * LARGEST_ANSWER)
    assert post(house, reference, *long).status_code == 413
    assert house.app.test_client().get(f"/privacy/recipients/{reference}").status_code == 405
    assert states(house)[0] == "sent"


def test_an_answer_is_read_as_it_came_whatever_it_says_it_is(
    house: House, partner: Partner
) -> None:
    """Tools that send say by themselves that it is a form; nobody may have read it as one."""
    erase(house)
    reference = partner.came[0].reference
    body, headers = partners.answer(reference, "completed")
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    assert post(house, reference, body, form).status_code == 200


def test_guessing_ends_and_answering_does_not(house: House, partner: Partner) -> None:
    """Only failures add up: a partner may answer as often as there are erasures."""
    erase(house)
    reference = partner.came[0].reference
    most = LIMITS["answer"][0]
    for number in range(most + 5):
        body, headers = partners.answer(reference, "pending", turn=number)
        assert post(house, reference, body, headers).status_code == 200
    body, headers = partners.answer(reference, "completed", secret="y" * 32)
    seen = [post(house, reference, body, headers).status_code for _ in range(most + 1)]
    assert seen == [403] * most + [429]


def test_the_hosts_own_form_protection_lets_answers_pass(
    sqlite_url: str, tmp_path: Path, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered after CSRFProtect, the one signed address needs no token; every other does."""
    install = House._logins

    def protected(self: House) -> None:
        install(self)
        CSRFProtect(self.app)
        self.app.register_blueprint(guest_pages, url_prefix="/protected", name="protected")

    monkeypatch.setattr(House, "_logins", protected)
    house = House(sqlite_url, tmp_path, GUESTERASE_BASE_URL=BASE)
    house.people()
    house.extension.recipient(Recipient("crm", partner.webhook(), gives={"b": "bookings.number"}))
    erase(house)
    reference = partner.came[0].reference
    assert post(house, reference, *partners.answer(reference, "completed")).status_code == 200
    assert house.app.test_client().post("/privacy/case", data={"code": "x"}).status_code == 400
    house.session.remove()
    house.hotel.engine.dispose()


def test_what_is_not_settled_is_read_a_page_at_a_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipient that does not answer has one of every guest; the link of a task finds its own."""
    for module in (outstanding, desk_page):
        monkeypatch.setattr(module, "PAGE", 1)
    house.app.register_blueprint(api_pages, url_prefix=API)
    erase(house)
    clerk = house.browser("clerk")

    def read(query: str) -> list[str]:
        page = clerk.get(f"{DESK}/recipients{query}", wish="en")
        found = re.findall(r'id="notice-(\d+)"', page)
        return [*found, *re.findall(r'rel="(prev|next)"', page)]

    assert read("") == ["1", "next"]
    assert read("?page=2") == ["2", "prev"]
    assert read("?notice=2") == ["2", "next"]
    assert read("?page=2&notice=2") == ["1", "prev"]
    assert read("?page=3") == ["prev"]
    assert read(f"?notice={10**30}") == read("?notice=x") == read("?notice=0") == ["1", "next"]
    asked = Program(house, token(house, "clerk", Permission.VERIFY))
    first = asked.get("/recipients").json
    assert ([each["id"] for each in first["items"]], first["next"]) == ([1], 2)
    last = asked.get("/recipients?page=2").json
    assert ([each["id"] for each in last["items"]], last["next"]) == ([2], None)
    assert asked.get("/recipients?page=0").status_code == 422
    assert clerk.client.get(f"{DESK}/recipients?page=-1").status_code == 422


def test_a_task_says_whom_to_tell_of_which_request_and_how(house: House) -> None:
    """Recipient and number in words, with the way to what may be told, and no machine's name."""
    number = erase(house)
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/tasks", wish="en")
    assert "<dt>Recipient</dt><dd>locks</dd>" in re.sub(r"\s*\n\s*", "", page)
    assert number in page
    assert "sh/locks/" not in page
    assert "<dt>Category</dt>" not in page
    assert "<dt>Rows</dt>" not in page
    link = re.search(r'href="(/desk/privacy/recipients\?notice=\d+)#(notice-\d+)"', page)
    assert link is not None
    told = officer.get(link[1], wish="en")
    assert "Withdraw the keys at the lock server." in told.partition(f'id="{link[2]}"')[2]
    (task,) = re.findall(r"/tasks/(\d+)", page)
    assert officer.post(f"{DESK}/tasks/{task}", count="1").status_code == 303
    signed = officer.get(f"{DESK}/tasks", wish="en")
    assert number in signed
    assert "sh/locks/" not in signed
