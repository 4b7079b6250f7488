"""The main job in a real browser, in both languages, from the form to the offline check."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from flask_guesterase import verify as offline
from tests.browser.walker import Walker, press


@dataclass(frozen=True)
class Words:
    """What somebody who walks through the pages looks for in one language."""

    lang: str
    place: str
    name: str
    email: str
    start: str
    on: str
    send: str
    mine: str
    open: str
    approve: str
    erase: str
    certificate: str
    save: str
    done: str
    gone: tuple[str, ...]


WALKS = (
    Words(
        "zh-CN", "SHA", "李伟", "li.wei@mail.example", "申请删除", "继续", "提交", "是我本人",
        "查看我的申请", "批准删除", "立即删除", "删除证明", "保存文件", "完成",
        ("李伟", "li.wei@mail.example", "99000019840312001X"),
    ),
    Words(
        "en", "LEJ", "Juergen Mueller", "Juergen.Mueller@mail.example", "Ask for erasure", "Go on",
        "Send", "Yes, it is me", "Open my case", "Approve the erasure", "Erase now", "Certificate",
        "Save the file", "done", ("Jürgen Müller", "juergen.mueller@mail.example", "L0X000003"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("words", WALKS, ids=lambda words: words.lang)
def test_a_guest_asks_and_holds_a_certificate(
    walker: Walker, words: Words, tmp_path: Path
) -> None:
    """Form, message, link, desk, plan, approval, erasure, status page, certificate, offline."""
    house = words.place.lower()
    guest = walker.enter(words.lang)
    officer = walker.enter(words.lang, f"{house}.officer")
    assert _known(officer, walker.address, words)
    _ask(walker, guest, words)
    desk = walker.enter(words.lang, f"{house}.desk")
    _prove(walker, guest, desk, words)
    _wishes(guest)
    _decide(walker, officer, words)
    file = _follow(walker, guest, words, tmp_path)
    _journal(walker, words, house)
    desk.goto(f"{walker.address}/desk/privacy/recipients")
    walker.look(desk, f"{words.lang}-14-recipients")
    assert not walker.problems, "\n".join(walker.problems)
    assert walker.looked_at == 19
    checked = subprocess.run(
        [sys.executable, offline.__file__, str(file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not _known(officer, walker.address, words)


@pytest.mark.parametrize("words", WALKS, ids=lambda words: words.lang)
def test_two_people_take_an_erasure_back(walker: Walker, words: Words) -> None:
    """One officer proposes, another confirms; the front desk has the guest again, who is told."""
    house = words.place.lower()
    guest, desk = walker.enter(words.lang), walker.enter(words.lang, f"{house}.desk")
    officer = walker.enter(words.lang, f"{house}.officer")
    before = _known(officer, walker.address, words)
    _ask(walker, guest, words)
    _prove(walker, guest, desk, words)
    _decide(walker, officer, words)
    page = officer.url
    assert not _known(officer, walker.address, words)
    officer.goto(page)
    proposal = officer.locator("details:has(form[action$=restore])")
    proposal.locator("summary").click()
    walker.look(officer, f"{words.lang}-41-take-back")
    proposal.locator("[name=ground][value=wrong-person]").check()
    press(proposal.locator("button"))
    assert not officer.locator("form[action$='restore/confirm']").count()
    walker.look(officer, f"{words.lang}-42-proposed")
    second = walker.enter(words.lang, f"{house}.officer2")
    second.goto(page)
    press(second.locator("form[action$='restore/confirm'] button"))
    walker.look(second, f"{words.lang}-43-taken-back")
    assert _known(officer, walker.address, words) == before
    guest.goto(f"{walker.address}/privacy/case")
    walker.look(guest, f"{words.lang}-44-told")
    _link(guest, words.certificate)
    walker.look(guest, f"{words.lang}-45-revoked")
    assert not walker.problems, "\n".join(walker.problems)


def _button(page: Page, text: str) -> None:
    press(page.locator("main").get_by_role("button", name=text, exact=True))


def _link(page: Page, text: str) -> None:
    press(page.locator("main").get_by_role("link", name=text, exact=True))


def _ask(walker: Walker, guest: Page, words: Words) -> None:
    guest.goto(f"{walker.address}/privacy/")
    walker.look(guest, f"{words.lang}-01-first")
    _link(guest, words.start)
    walker.look(guest, f"{words.lang}-02-wish")
    _button(guest, words.on)
    walker.look(guest, f"{words.lang}-02-hotel")
    guest.check(f"[name=property][value={words.place}]")
    _button(guest, words.on)
    guest.fill("#name", "…")
    walker.look(guest, f"{words.lang}-02-name")
    _button(guest, words.on)
    guest.fill("#email", words.email)
    walker.look(guest, f"{words.lang}-02-contact")
    _button(guest, words.on)
    # The browser's own way back: nothing is lost, and the answer given anew counts.
    guest.go_back()
    guest.go_back()
    guest.fill("#name", words.name)
    _button(guest, words.on)
    walker.look(guest, f"{words.lang}-02-booking")
    _button(guest, words.on)
    assert {words.name, words.email} <= set(_told(guest))
    walker.look(guest, f"{words.lang}-02-check")
    _button(guest, words.send)
    assert guest.url.endswith("/asked")
    walker.look(guest, f"{words.lang}-03-received")


def _told(guest: Page) -> list[str]:
    """Return the answers as the last page shows them, without the links that change them."""
    return [text.rpartition(" ")[0] for text in guest.locator("main dd").all_inner_texts()]


def _prove(walker: Walker, guest: Page, desk: Page, words: Words) -> None:
    """Open the link of the message that the demo shows, and show who one is."""
    desk.goto(f"{walker.address}/desk/privacy/outbox")
    walker.look(desk, f"{words.lang}-04-message")
    found = re.search(r"http://\S+/link/[\w-]+", desk.inner_text("main"))
    assert found is not None
    guest.goto(found[0])
    walker.look(guest, f"{words.lang}-05-link")
    _button(guest, words.mine)
    walker.look(guest, f"{words.lang}-06-code")
    _link(guest, words.open)
    walker.look(guest, f"{words.lang}-07-deciding")


def _wishes(guest: Page) -> None:
    """Ask to be told when the rest has gone, and take that back."""
    for deed in ("later", "later/withdraw"):
        press(guest.locator(f"form[action$='/case/{deed}'] button"))
    assert guest.locator("form[action$='/case/later'] button").count() == 1


def _decide(walker: Walker, officer: Page, words: Words) -> None:
    """Read the plan and approve it, erase."""
    officer.goto(f"{walker.address}/desk/privacy/")
    walker.look(officer, f"{words.lang}-08-list")
    press(officer.locator("main tbody a").first)
    walker.look(officer, f"{words.lang}-09-plan")
    _button(officer, words.approve)
    walker.look(officer, f"{words.lang}-10-approved")
    if officer.get_by_role("button", name=words.erase, exact=True).count():
        _button(officer, words.erase)


def _follow(walker: Walker, guest: Page, words: Words, folder: Path) -> Path:
    """Open the case again, read the certificate and keep its file."""
    guest.goto(f"{walker.address}/privacy/case")
    assert guest.locator("[aria-current=step]").inner_text() == words.done
    walker.look(guest, f"{words.lang}-11-done")
    _link(guest, words.certificate)
    walker.look(guest, f"{words.lang}-12-certificate")
    with guest.expect_download() as waiting:
        guest.get_by_role("link", name=words.save, exact=True).click()
    file = folder / "certificate.json"
    waiting.value.save_as(file)
    for link, begins in (("certificate.pdf", b"%PDF"), ("dates.ics", b"BEGIN:VCALENDAR")):
        guest.goto(f"{walker.address}/privacy/case" + ("/certificate" if "pdf" in link else ""))
        with guest.expect_download() as waiting:
            guest.locator(f"main a[href$='{link}']").click()
        waiting.value.save_as(folder / link)
        assert (folder / link).read_bytes().startswith(begins)
    return file


def _journal(walker: Walker, words: Words, house: str) -> None:
    auditor = walker.enter(words.lang, f"{house}.auditor")
    auditor.goto(f"{walker.address}/desk/privacy/journal")
    walker.look(auditor, f"{words.lang}-13-journal")


def _known(officer: Page, address: str, words: Words) -> list[str]:
    """Return which of the guest's values the front desk's own search still shows."""
    found = []
    for value in words.gone:
        officer.goto(f"{address}/guests?q={value}")
        if any(value in row for row in officer.locator("main tbody tr").all_inner_texts()):
            found.append(value)
    return found


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_other_pages_are_in_good_order(walker: Walker, lang: str) -> None:
    """Desk form, its mistakes, choices, slip, code, refusal, dead links: each in both widths."""
    clerk = walker.enter(lang, "sha.desk")
    desk = f"{walker.address}/desk/privacy"
    clerk.goto(f"{desk}/new")
    walker.look(clerk, f"{lang}-21-desk-form")
    clerk.check("[name=key][value=email]")
    clerk.fill("#value", "nobody@mail.example")
    press(clerk.locator("main form button"))
    walker.look(clerk, f"{lang}-22-nobody-found")
    clerk.fill("#value", "chen-zhang@mail.example")
    clerk.fill("#name", "陈静")
    press(clerk.locator("main form button"))
    walker.look(clerk, f"{lang}-23-filed")
    number = clerk.url.rpartition("/")[2]
    clerk.check("[name=how][value=desk]")
    press(clerk.locator("form[action$=confirm] button"))
    walker.look(clerk, f"{lang}-24-slip")
    code = clerk.inner_text(".secret")
    officer = walker.enter(lang, "sha.officer")
    officer.goto(f"{desk}/{number}")
    officer.locator("details:has(form[action$=refusal]) > summary").click()
    walker.look(officer, f"{lang}-25-perhaps")
    officer.check("[name=ground][value=another-persons-data]")
    press(officer.locator("form[action$=refusal] button"))
    press(officer.locator("form[action$=refuse] button"))
    officer.goto(f"{desk}/code")
    press(officer.locator("main button"))
    walker.look(officer, f"{lang}-26-code")
    officer.goto(f"{desk}/journal")
    walker.look(officer, f"{lang}-27-not-allowed")
    _refused(walker, lang, code)
    _swept(walker, lang, officer)
    assert not walker.problems, "\n".join(walker.problems)


def _swept(walker: Walker, lang: str, officer: Page) -> None:
    """Read how erasing by day stands, stop it with a ground, and see what that looks like."""
    sweep = f"{walker.address}/desk/privacy/sweep"
    officer.goto(sweep)
    officer.locator("details:has(form[action$=halt]) > summary").click()
    walker.look(officer, f"{lang}-32-sweep")
    officer.check("[name=ground][value=wrong-rows]")
    press(officer.locator("form[action$=halt] button"))
    walker.look(officer, f"{lang}-33-halted")
    assert officer.locator("form[action$=resume]").count() == 1


def _refused(walker: Walker, lang: str, code: str) -> None:
    """See a refused case, a dead link and a form that comes back, as the guest does."""
    guest = walker.enter(lang)
    guest.goto(f"{walker.address}/privacy/case")
    walker.look(guest, f"{lang}-28-look-up")
    guest.fill("#code", code)
    press(guest.locator("main form button"))
    walker.look(guest, f"{lang}-29-refused")
    guest.goto(f"{walker.address}/privacy/link/unknown")
    walker.look(guest, f"{lang}-30-dead-link")
    guest.goto(f"{walker.address}/privacy/ask/contact")
    press(guest.locator("main form button"))
    walker.look(guest, f"{lang}-31-form-again")
    guest.goto(f"{walker.address}/privacy/advertising")
    press(guest.locator("main form button"))
    walker.look(guest, f"{lang}-34-no-contact")
    guest.fill("#email", "ann@mail.example")
    press(guest.locator("main form button"))
    walker.look(guest, f"{lang}-35-no-advertising")
    guest.goto(f"{walker.address}/privacy/age/")
    walker.look(guest, f"{lang}-36-age")
