"""Who is meant: spellings, kinds and names."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_guesterase.core.errors import MatchError
from flask_guesterase.core.identity import Kind, contradicts, kind_of, normal, same, spellings

NOBODY = ["", " ", "0", "000", "-", "--", "?", "0-0", "　", "０", "'", "@"]
WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Zs", "Po"]), max_size=30)


@pytest.mark.parametrize("kind", [*Kind, None])
@pytest.mark.parametrize("value", NOBODY)
def test_values_that_mean_nobody_are_refused(kind: Kind | None, value: str) -> None:
    """Empty values, zeros and punctuation match nobody, whatever kind they are said to be."""
    with pytest.raises(MatchError):
        normal(kind, value)
    with pytest.raises(MatchError):
        spellings(kind, value)
    assert not same(kind, value, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.EMAIL, "ann"),
        (Kind.EMAIL, "ann@"),
        (Kind.EMAIL, "@example.com"),
        (Kind.EMAIL, "ann berg@example.com"),
        (Kind.EMAIL, "ann@" + "x" * 400),
        (Kind.PHONE, "12"),
        (Kind.PHONE, "call me"),
        (Kind.PHONE, "0000000"),
    ],
)
def test_malformed_values_are_refused(kind: Kind, value: str) -> None:
    """What cannot be an address or a number is a MatchError."""
    with pytest.raises(MatchError):
        normal(kind, value)


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "008613812345678",
        "１３８１２３４５６７８",
        "8613812345678",
    ],
)
def test_a_phone_is_found_however_it_was_written(written: str) -> None:
    """Every usual writing of a number is among the spellings of any other one."""
    for other in ("13812345678", "+8613812345678", "0086 138 1234 5678"):
        assert written in spellings(Kind.PHONE, other, "CN")
    if written != "8613812345678":
        assert same(Kind.PHONE, written, "+8613812345678", "CN")


def test_a_national_number_belongs_to_its_country() -> None:
    """A German number is not the Chinese number with the same digits."""
    assert not same(Kind.PHONE, "+4913812345678", "13812345678", "CN")
    assert "15112345678" not in spellings(Kind.PHONE, "+4915112345678", "CN")


def test_without_a_country_a_number_is_its_digits() -> None:
    """A national number of nowhere is compared by its digits alone."""
    assert normal(Kind.PHONE, "(089) 123-456") == "089123456"


def test_email_addresses_fold_case_and_width() -> None:
    """Case, white space around and full-width letters do not make another address."""
    assert same(Kind.EMAIL, " Ann.Berg@Example.COM ", "ann.berg@example.com")
    assert same(Kind.EMAIL, "ann@example.com", "ａｎｎ@example.com")
    assert not same(Kind.EMAIL, "ann@example.com", "ann@example.org")


@pytest.mark.parametrize(
    ("letters", "sent"),
    [
        ("ann@müller.example", "ANN@XN--MLLER-KVA.example"),
        ("ann@post.fußball.example", "ann@post.xn--fuball-cta.example"),
        ("ann@例子.example", "ann@xn--fsqu00a.example"),
        ("ann@हिन्दी.example", "ann@xn--j2bd4cyah0f.example"),
    ],
)
def test_a_mailbox_is_one_by_its_letters_and_as_it_is_sent(letters: str, sent: str) -> None:
    """A program sends to a domain in other letters under a name that begins with "xn--"."""
    assert same(Kind.EMAIL, letters, sent)
    for one in (letters, sent):
        assert {letters, sent.lower()} <= spellings(Kind.EMAIL, one)


@pytest.mark.parametrize(
    "letters", ["bank。com", "bank．com", "ｂank", "BÄNK", "ba\u0308nk", "bank\u200d", "ä\u3000"]
)
def test_what_a_domain_cannot_be_called_is_read_as_it_stands(letters: str) -> None:
    """Who gives their own domain such a name has no mailbox of anybody else's by it."""
    label = f"xn--{letters.encode('punycode').decode()}"
    address = f"ann@{label}.example".lower()
    assert normal(Kind.EMAIL, address) == address
    assert not same(Kind.EMAIL, address, f"ann@{letters}.example")


@pytest.mark.parametrize(
    "label", ["xn--", "xn---", "xn--bank-", "xn--99999999", "xn--ä", "xn--mller-kva-9"]
)
def test_what_is_no_such_name_is_itself(label: str) -> None:
    """Nothing is read out of it."""
    assert normal(Kind.EMAIL, f"ann@{label}.example") == f"ann@{label}.example"


def test_domains_that_are_sent_otherwise_are_two() -> None:
    """Anybody can register either."""
    assert not same(Kind.EMAIL, "ann@xn--fuball-cta.example", "ann@fussball.example")
    assert not same(Kind.EMAIL, "ann@xn--mller-kva.example", "ann@mueller.example")


@pytest.mark.parametrize(
    ("one", "other"),
    [("ann@fußball.example", "ann@fussball.example"), ("λόγος@mail.example", "λόγοσ@mail.example")],
)
def test_mailboxes_that_only_fold_alike_are_two(one: str, other: str) -> None:
    """Letters that fold into others stand in domains of their own. Source: RFC 5894 section 7.2."""
    assert not same(Kind.EMAIL, one, other)
    assert other not in spellings(Kind.EMAIL, one)


@pytest.mark.parametrize("mail", ["ann@λόγος.example", "λόγος.άννα@mail.example", "άννα@mail.gr"])
def test_an_address_stored_in_capitals_is_the_same_in_greek(mail: str) -> None:
    """A capital sigma is a final one at the end of each part, before a dot as before the @."""
    assert same(Kind.EMAIL, mail.upper(), mail)


def test_documents_ignore_spaces_and_hyphens() -> None:
    """A passport number is its letters and digits."""
    assert same(Kind.DOCUMENT, "e-1234 5678", "E12345678")
    assert not same(Kind.DOCUMENT, "E12345678", "E12345679")


@given(st.sampled_from([*Kind, None]), WORDS, st.sampled_from(["", "CN", "DE", "US"]))
@example(Kind.BOOKING, "\u0390", "")
@example(Kind.DOCUMENT, "\u0390", "")
def test_the_normal_form_is_stable_and_a_spelling(
    kind: Kind | None, value: str, region: str
) -> None:
    """The normal form of a normal form is itself, and is always looked for."""
    try:
        form = normal(kind, value, region)
    except MatchError:
        return
    assert normal(kind, form, region) == form
    assert form in spellings(kind, value, region)
    assert all(any(c.isalnum() and c != "0" for c in s) for s in spellings(kind, value, region))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Berg", "BERG, Ann"),
        ("Müller Hans", "hans mueller"),
        ("Müller", "Muller"),
        ("José  García", "Jose Garcia"),
        ("Łukasz Zając", "zajac lukasz"),
        ("Søren", "Soeren"),
        ("Straße", "STRASSE"),
        ("Pat O'Brien", "obrien pat"),
        ("Jean-Pierre Roux", "ROUX JEAN PIERRE"),
        ("王 小明", "王小明"),
        ("Wang Xiaoming 王小明", "王小明"),
        ("", "Ann Berg"),
        ("Ann Berg", " - "),
    ],
)
def test_one_name_in_two_writings_does_not_contradict(one: str, other: str) -> None:
    """Case, accents, order, punctuation and an empty side do not speak against a row."""
    assert not contradicts(one, other)
    assert not contradicts(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Berg", "Bea Berg"),
        ("Ann Berg", "Ann"),
        ("Jean Martin", "Jean Pierre Martin"),
        ("王小明", "王小红"),
        ("王小明", "小明王"),
        ("王小明", "Wang Xiaoming"),
        ("Wang Xiaoming 王小明", "Wang Xiaohong 王小红"),
        ("か", "が"),
    ],
)
def test_another_name_contradicts(one: str, other: str) -> None:
    """A part more or less, another character or another script is another name."""
    assert contradicts(one, other)
    assert contradicts(other, one)


@given(WORDS, WORDS)
def test_contradiction_is_symmetric_and_no_name_contradicts_itself(one: str, other: str) -> None:
    """Who asks first makes no difference, and everybody is who they are."""
    assert contradicts(one, other) == contradicts(other, one)
    assert not contradicts(one, one)


@given(st.permutations(["Ann", "Maria", "Berg", "van", "Dyck"]))
def test_the_order_of_the_parts_of_a_name_is_free(parts: list[str]) -> None:
    """First name first or last name first is the same name."""
    assert not contradicts("Ann Maria van Dyck Berg", " ".join(parts))


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("guest_email", Kind.EMAIL),
        ("eMail", Kind.EMAIL),
        ("mobileNo", Kind.PHONE),
        ("phone_1", Kind.PHONE),
        ("手机号", Kind.PHONE),
        ("document_no", Kind.DOCUMENT),
        ("bookingRef", Kind.BOOKING),
        ("firstName", Kind.NAME),
        ("hotel_code", None),
        ("cancelled", None),
        ("room_id", None),
    ],
)
def test_the_kind_is_guessed_from_the_words_of_a_key(key: str, kind: Kind | None) -> None:
    """A hotel is no telephone and what is cancelled no cell phone."""
    assert kind_of(key) is kind
