"""The law at the counter: the schedule, and what two people shorten, by page and by command."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from flask_guesterase.core.treatment import retain
from flask_guesterase.store import tables
from flask_guesterase.store.lawbook.schedule import Entry, Term
from flask_guesterase.web.wording.language import Language
from flask_guesterase.web.wording.terms import length, lines
from tests.store.test_rulebook import LONG, SHORT, law_of
from tests.web.house import STAFF, Browser, House
from tests.web.test_cli import Console, code_of

PAGE = "/desk/privacy/rules"


class Lawful(House):
    """The house under a law of its own, whose file a person can edit."""

    def law(self, periods: str, extra: str = "") -> None:
        """Write the text of the law."""
        file = Path(self.app.instance_path) / "cn.toml"
        text = law_of(periods, "CN", "CN").replace("guest_register", "invoice")
        file.write_text(text.replace('"invoice"', '"invoice_accounting"') + extra, "utf-8")
        state = self.app.extensions["guesterase"]
        state.settings = replace(state.settings, packs=(str(file),))

    def as_person(self, command: str, who: str, *given: str) -> list[str]:
        """Return a command with a person and their one-time code."""
        return [*command.split(), *given, "--by", who, "--code", code_of(self, who)]


@pytest.fixture
def lawful(sqlite_url: str, tmp_path: Path) -> Lawful:
    """A house with guests under a law that somebody signed."""
    house = Lawful(sqlite_url, tmp_path)
    house.people()
    house.law(LONG)
    for target, policy in house.extension._declared:
        if "billed_to" in policy.columns:
            columns = {**policy.columns, "billed_to": retain("invoice_accounting")}
            place = house.extension._declared.index((target, policy))
            house.extension._declared[place] = (target, replace(policy, columns=columns))
    Console(house.app).raw(*house.as_person("jurisdiction sign", "officer", "CN"))
    return house


def test_a_clock_that_moved_waits_on_the_page(lawful: Lawful) -> None:
    """The officer reads which column dated the records, and of which event."""
    # Where a date is concerns all hotels, so it is shown to who has the law at each of them.
    lawful.extension._authorize = lambda *_: True
    officer = lawful.browser("officer")
    declared: list[Any] = lawful.extension._declared
    for column in ("id", "booking_id"):
        for place, (target, policy) in enumerate(declared):
            if "billed_to" in policy.columns:
                declared[place] = (target, replace(policy, clock={"document": column}))
        state = lawful.app.extensions["guesterase"]
        state.datamap = state.mapping = None
        page = officer.get(f"{PAGE}?lang=en")
    assert "entry of the data map" in page
    assert "<h3>id</h3>" in page
    assert "<code>invoices@clock.document</code>" in page


def test_a_heading_changes_its_first_letter_alone(lawful: Lawful) -> None:
    """German nouns keep their capitals wherever they stand."""
    lawful.law(SHORT)
    officer = lawful.browser("officer")
    Console(lawful.app).raw(*lawful.as_person("jurisdiction sign", "officer", "CN"))
    assert "<h3>Rechnungen und Buchhaltung</h3>" in officer.get(f"{PAGE}?lang=de")
    assert "<h3>Invoices and bookkeeping</h3>" in officer.get(f"{PAGE}?lang=en")


def test_a_period_is_shortened_by_commands(lawful: Lawful, tmp_path: Path) -> None:
    """Waiting, proposed, checkpoint, confirmed: and the old period still counts thirty days."""
    console = Console(lawful.app)
    lawful.law(SHORT)
    console.raw(*lawful.as_person("jurisdiction sign", "officer", "CN"))
    [line] = [w for w in console.json("policy", "waiting") if w["kind"] == "floor"]
    assert (line["property"], line["state"], line["rows"]) == ("sh", "leaving", 0)
    number = str(line["id"])
    console.raw(*lawful.as_person("policy propose", "officer", number))
    head = tmp_path / "head.txt"
    console.raw("checkpoint", "--out", str(head), "--controller", "Pine Ltd")
    wrong = lawful.as_person("policy confirm", "officer", number, "--checkpoint", str(head))
    assert console.error(*wrong) == "four-eyes"
    late = tmp_path / "late.txt"
    late.write_bytes(b"\xff")
    wrong = lawful.as_person("policy confirm", "second", number, "--checkpoint", str(late))
    assert console.error(*wrong) == "input"
    good = lawful.as_person("policy confirm", "second", number, "--checkpoint", str(head))
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}\n", console.raw(*good)[0])
    shown = console.raw("policy", "show", "--property", "sh")[0]
    assert "at least: 3 years from the guest's departure [Registration Act 5; grade A" in shown
    assert "at least: 1 day from" in shown


def test_nobody_acts_at_a_console_with_anothers_code(lawful: Lawful) -> None:
    """A name typed there is no person: the code must be theirs."""
    console = Console(lawful.app)
    code = code_of(lawful, "officer")
    assert console.error("policy", "propose", "1", "--by", "second", "--code", code) == "token"
    assert console.error("policy", "propose", "1", "--by", "ghost", "--code", code) == "unknown"


def test_a_period_of_the_house_by_commands(lawful: Lawful) -> None:
    """Proposed by one, set by another, and printed as the house's own word."""
    console = Console(lawful.app)
    given = [
        "invoice_accounting", "--property", "sh", "--floor", "P6Y", "--clock", "document",
        "--source", "minutes of 2026-02-01",
    ]  # fmt: skip
    printed, told = console.raw(*lawful.as_person("policy house", "officer", *given))[:2]
    number = printed.strip()
    assert f"policy house-confirm {number}." in told
    assert console.error(*lawful.as_person("policy house-confirm", "officer", number)) == (
        "four-eyes"
    )
    console.raw(*lawful.as_person("policy house-confirm", "second", number))
    shown = console.raw("policy", "show", "--property", "sh")[0]
    assert "at least, set by the house: 6 years from the date of the document" in shown
    assert "minutes of 2026-02-01" in shown


def test_a_wrong_number_is_called_wrong_and_no_permission_missing(lawful: Lawful) -> None:
    """Whoever decides about the law at one hotel types the number of a line that is no proposal,
    and of another hotel or of all; who decides nowhere is told what they lack."""
    console = Console(lawful.app)
    lawful.law(SHORT)
    with lawful.app.app_context(), lawful.extension.begin() as office:
        rows = office.work.conn.execute(select(tables.rule.c.id, tables.rule.c.property)).all()
    # A person's codes are few at a time.
    numbers = {row.property: row.id for row in rows if row.property != "sh"}.values()
    assert numbers
    for number in numbers:
        wrong = lawful.as_person("policy house-confirm", "officer", str(number))
        assert console.error(*wrong) == "unknown"
    wrong = lawful.as_person("policy house-confirm", "clerk", str(min(numbers)))
    assert console.error(*wrong) == "forbidden"


def test_who_sets_a_ceiling_reads_how_it_acts(lawful: Lawful, tmp_path: Path) -> None:
    """The second person lets it act by a step of its own, which needs nobody to propose it again; a
    floor acts at once, and says nothing of the kind."""
    console = Console(lawful.app)
    said = {}
    for end, span in (("--ceiling", "P9Y"), ("--floor", "P6Y")):
        given = [
            "invoice_accounting", "--property", "sh", end, span, "--clock", "document",
            "--source", "minutes of 2026-02-01",
        ]  # fmt: skip
        number = console.raw(*lawful.as_person("policy house", "officer", *given))[0].strip()
        said[end] = console.raw(*lawful.as_person("policy house-confirm", "second", number))[1]
        if end == "--ceiling":
            with lawful.app.app_context(), lawful.extension.begin(write=False) as office:
                head = office.checkpoint("Pine Ltd")
            (tmp_path / "head").write_text(head)
            confirm = [number, "--checkpoint", str(tmp_path / "head")]
            console.raw(*lawful.as_person("policy confirm", "second", *confirm))
    assert said["--ceiling"].endswith("policy confirm.\n")
    assert said["--floor"] == ""


CEILING = (
    "--property", "sh", "--ceiling", "P9Y", "--clock", "document", "--source", "minutes of March",
)  # fmt: skip


def test_a_period_that_waits_for_people_is_not_called_missing(house: House) -> None:
    """From the proposal until two people let it act; whoever reads it sets it no second time."""
    console = Console(house.app)
    none, waits = "the house set no period", "a period waits for people"

    def shown() -> tuple[bool, bool]:
        text = console.raw("policy", "show", "--property", "sh")[0]
        page = house.browser("officer").get(PAGE, wish="en")
        assert (none in text, waits in text) == (none in page, waits in page)
        return none in text, waits in text

    def said(command: str, who: str, *given: str) -> str:
        code = code_of(house, who)
        return console.raw(*command.split(), *given, "--by", who, "--code", code)[0].strip()

    assert shown() == (True, False)
    number = said("policy house", "officer", "invoice", *CEILING)
    assert shown() == (False, True)
    for command, who in (("policy house-confirm", "second"), ("policy propose", "officer")):
        said(command, who, number)
        assert shown() == (False, True), command
    assert none in console.raw("policy", "show", "--property", "mu")[0]


def test_whoever_proposed_a_period_has_no_button_to_confirm_it(lawful: Lawful) -> None:
    """Neither to set it nor to let it act: another person has both, and pastes no checkpoint that
    is refused."""
    console = Console(lawful.app)
    given = ["invoice_accounting", *CEILING]
    number = console.raw(*lawful.as_person("policy house", "officer", *given))[0].strip()

    def offered(what: str) -> list[bool]:
        pages = [lawful.browser(who).get(PAGE, wish="en") for who in ("officer", "second")]
        shown = [f'action="{PAGE}/{what}"' in page for page in pages]
        assert ["Another person must confirm it." not in page for page in pages] == shown
        return shown

    assert offered("house") == [False, True]
    console.raw(*lawful.as_person("policy house-confirm", "second", number))
    assert offered("confirm") == [False, True]
    console.raw(*lawful.as_person("policy propose", "second", number))
    assert offered("confirm") == [True, False]


def test_the_schedule_says_what_never_goes_and_why(lawful: Lawful) -> None:
    """No period ends what `keep(reason)` leaves in rows that stay: a lawyer reads it as well."""
    said = {("guests", "hotel"): "which house", ("invoices", "total"): "bookkeeping"}
    page = lawful.browser("auditor").get(PAGE, wish="en")
    text = Console(lawful.app).raw("policy", "show", "--property", "sh")[0]
    entries = Console(lawful.app).json("policy", "show", "--property", "sh")
    assert "Without an end, as the hotel declared for rows that stay:" in page
    assert "Without an end, as the hotel declared for rows that stay:" in text
    kept = {(e["table"], c): e.get("reason") for e in entries if e["until"] == "declared"
            for c in e["columns"]}  # fmt: skip
    for (table, column), reason in said.items():
        assert kept[table, column] == reason
        assert f"{table}: {column} – {reason}" in text
        assert re.search(rf"<strong>{table}</strong>: <span[^>]*>{column}</span> – {reason}", page)


def test_the_schedule_is_a_page_and_a_text_in_both_languages(lawful: Lawful) -> None:
    """Periods, articles and what nobody knows, as a lawyer reads them; JSON for programs."""
    console = Console(lawful.app)
    text = console.raw("policy", "show", "--lang", "zh")[0]
    assert "至少：自客人离店起 3 年" in text
    assert re.search("至多（法定期限）：自[^ ]+起 5 年", text)
    entry = next(e for e in console.json("policy", "show", "--property", "sh") if e["floors"])
    assert entry["floors"][0]["article"] == "Registration Act 5"
    page = lawful.browser("auditor").get(PAGE, wish="en")
    assert "Registration Act 5" in page
    assert "3 years" in page
    assert "Waiting for people" not in page


def test_two_people_let_a_shortening_act_on_the_page(lawful: Lawful) -> None:
    """Signed, proposed and confirmed by buttons; the second person brings the checkpoint."""
    lawful.law(SHORT)
    first, second = lawful.browser("officer"), lawful.browser("second")
    assert "Sign CN" in first.get(PAGE, wish="en")
    post(first, "sign", pack="CN")
    page = first.get(PAGE, wish="en")
    assert "Sign CN" not in page
    line = re.findall(r'name="line" value="(\d+)"', page)[0]
    post(first, "propose", line=line)
    with lawful.app.app_context(), lawful.extension.begin(write=False) as office:
        head = office.checkpoint("Pine Ltd")
    post(first, "confirm", 403, line=line, checkpoint=head)
    wrong = post(second, "confirm", 422, line=line, checkpoint="nothing")
    # It is said at the field, which keeps what was pasted.
    field = wrong.partition(f'<p class="wrong" id="checkpoint-{line}-wrong">')[2]
    assert field.startswith("A checkpoint of this house that was made after the proposal is needed")
    assert f'aria-describedby="checkpoint-{line}-wrong" autofocus>nothing</textarea>' in field
    post(second, "confirm", line=line, checkpoint=head.replace("\n", "\r\n"))
    assert "Acts on" in second.get(PAGE, wish="en")


def test_the_second_person_reads_in_words_what_they_set(lawful: Lawful) -> None:
    """Category, how long from when, its source, by whom and when; no machine's string."""
    console = Console(lawful.app)
    given = [
        "invoice_accounting", "--property", "sh", "--floor", "P6Y", "--clock", "document",
        "--source", "minutes of 2026-02-01",
    ]  # fmt: skip
    console.raw(*lawful.as_person("policy house", "officer", *given))
    page = " ".join(unescape(lawful.browser("second").get(PAGE, wish="en")).split())
    waiting = page.partition("Waiting for people")[2].partition("Retention schedule")[0]
    assert "P6Y" not in waiting
    assert "house/" not in waiting
    for text in (
        "Invoices and bookkeeping", "<dt>at least, set by the house</dt>",
        "6 years from the date of the document", "minutes of 2026-02-01",
        "<dt>Proposed by</dt><dd>a1, ",
    ):  # fmt: skip
        assert text in waiting, text
    german = lawful.browser("second").get(PAGE, wish="de")
    assert "6 Jahre" in german
    assert "Vorgeschlagen von" in german


def post(browser: Browser, what: str, status: int = 303, **form: str) -> str:
    """Send one of the page's forms."""
    answer = browser.post(f"{PAGE}/{what}", **form)
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("P1Y3M", "1 year and 3 months"),
        ("P10B", "10 working days"),
        ("P0D", "0 days"),
        ("", "it must be kept; nobody knows yet for how long"),
    ],
)
def test_periods_in_words(text: str, words: str) -> None:
    """As a reader says them."""
    assert length(Language("en"), text) == words


def test_what_nobody_knows_is_said() -> None:
    """No rule, an unknown floor and a draft are told as such, never as a number."""
    en = Language("en")
    none = Entry("sh", "cameras", ("face",), "cctv", unknown=("Not researched.",))
    assert [(kind, text) for kind, text, _ in lines(en, none)] == [
        ("unknown", "Not researched."),
        ("not settled", "no rule is known and the house set no period: it stays until somebody "
         "does"),
    ]
    term = Term(
        "", ("departed", "created"), "fiscal-year-end", {"foreign": True, "part": ["a", "b"]},
        "law", "X/1", "", "a letter", "B", "2026", False, "", "2025-01-01", "2026-12-31",
        "2026-03-01",
    )  # fmt: skip
    [(kind, span, basis)] = lines(en, Entry("sh", "guests", (), "guest_register", (term,)))
    assert kind == "at least"
    assert span == (
        "it must be kept; nobody knows yet for how long (from end of the fiscal year of: the last "
        "of these: the guest's departure and the day the entry was made)"
    )
    assert basis == (
        "a letter; grade B, as of 2026; only where foreign = yes and part = a, b; for periods that "
        "begin on January 1, 2025 or later; for periods that begin on December 31, 2026 or "
        "earlier; what had no end before goes by it on March 1, 2026 at the earliest; draft: "
        "nobody signed it, so it ends nothing"
    )


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", "a fiscal year ends on March 31"), ("zh", "会计年度终了于3月31日"), ("de", "31. März")],
)
def test_the_end_of_a_fiscal_year_is_a_day_in_words(lang: str, words: str) -> None:
    """As every other day of the schedule, not as two numbers that may be read either way."""
    term = Term("P1Y", ("document",), "fiscal-year-end", {}, "law", "X/1", "", "a letter", "B",
                "2026", True, "", "", "", "", "", "03-31")  # fmt: skip
    entry = Entry("sh", "bills", (), "invoice_accounting", (term,))
    [(_, _, basis)] = lines(Language(lang), entry)
    assert words in basis


@pytest.mark.parametrize(
    ("what", "words"), [("guests", "guests"), ("invoice_accounting", "Rechnungen und Buchhaltung")]
)
def test_a_task_says_of_what_nobody_knows_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch, what: str, words: str
) -> None:
    """Category in words, table by its name; who may not open the periods is not led there."""
    monkeypatch.setitem(STAFF, "lawyer", ("sh", frozenset({"law"})))
    house.begun()
    endless(house, what)
    page = house.browser("lawyer").get("/desk/privacy/tasks?lang=de")
    assert f"<strong>{words}</strong>: " in page
    assert PAGE not in page.partition("<main")[2]


def endless(house: House, what: str) -> None:
    """Put what has no end on the list of tasks."""
    row = {
        "controller": "pine-ltd", "property": "sh", "kind": "endless", "due_on": "2999-01-01",
        "name": f"sh/{what}/draft", "count": 3, "made_at": datetime(2026, 1, 5),
    }  # fmt: skip
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.task).values(**row))


def test_a_task_says_why_nobody_knows_the_end_and_where_to_look(house: House) -> None:
    """Whoever signs it reads words, and finds the page on which periods are set."""
    house.begun()
    endless(house, "invoices")
    page = house.browser("officer").get("/desk/privacy/tasks?lang=en")
    assert "nobody signed the rules of this country yet" in page
    assert f'href="{PAGE}?property=sh"' in page
