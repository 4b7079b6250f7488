"""Promise: what names a person goes from a text however it is written; everybody else stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.called import Part
from flask_guesterase.core.mentions import Known, Pen
from flask_guesterase.core.needle import Searcher, needles

ANNA, WANG, PETER = ("guests", (1,)), ("guests", (2,)), ("guests", (3,))
PEN = Pen(
    {
        ANNA: [
            Known("name", "Anna Maria von Lindqvist"),
            Known("email", "anna@post.example"),
            Known("phone", "+49 89 1234567", "DE"),
            Known("document", "C01X00T47"),
            Known("loyalty", "GW-778899"),
        ],
        WANG: [Known("name", "王小明"), Known("phone", "138 0013 8000", "CN")],
        PETER: [Known("name", "Max Li")],
    }
)

OWN = {
    "in any case": ("LINDQVIST, ANNA wants no nuts", "[erased] wants no nuts"),
    "the surname alone": ("Frau Lindqvist's dog", "Frau [erased]'s dog"),
    "the first name alone": ("told anna: ok", "told [erased]: ok"),
    "two mentions": ("Anna and Maria came", "[erased] and [erased] came"),
    "a mailbox and a number": (
        "Write anna@post.example or (089) 123 45 67!", "Write [erased] or [erased]!",
    ),
    "a document": ("copy of c01x00t47 taken", "copy of [erased] taken"),
    "a URL": ("/guests?q=Lindqvist&x=1", "/guests?q=[erased]&x=1"),
    "part of another word": ("Lindqvisthof, Annabelle, Mariana", None),
    "a particle": ("von der Bar", None),
    "another person": ("Boris Umbra sends boris@post.example", None),
    "nothing": ("", None),
}  # fmt: skip


@pytest.mark.parametrize("case", OWN)
def test_in_a_text_of_her_own(case: str) -> None:
    """In her own rows a part of the name means her; a part of another word does not."""
    text, left = OWN[case]
    assert PEN.strike(text, [ANNA]) == (text if left is None else left)
    assert bool(PEN.places(text, [ANNA])) == (left is not None)


def test_half_an_emoji_beside_a_name_is_no_obstacle() -> None:
    """Chats are cut in the middle of a sign: what is written instead can still be stored."""
    text = json.dumps({"who": "Anna \ud83d", "at": "Hôtel"}).replace("\\u00f4", "ô")
    struck = PEN.strike(text, [ANNA])
    assert json.loads(struck.encode()) == {"who": "[erased] \ud83d", "at": "Hôtel"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("王小明要一间安静的房间", "[erased]要一间安静的房间"),
        ("王先生和李小姐，小明的朋友", "[erased]和李小姐，[erased]的朋友"),
        ("王 小 明", "[erased]"),
        ("王国酒店，小姐", "王国酒店，小姐"),
        ("王: 请勿打扰，国王套房", "[erased]: 请勿打扰，国王套房"),
        ("电话１３８００１３８０００", "电话[erased]"),
    ],
)
def test_chinese_names(text: str, left: str) -> None:
    """A surname alone is many people's; with a title, or with the given name, it is his."""
    assert PEN.strike(text, [WANG]) == left


def test_given_and_family_name_in_columns_of_their_own() -> None:
    """A given name such as 小明 does not make every 小姐 hers."""
    pen = Pen({WANG: [Known("name", "小明 王"), Known("name", "王 小明"),
                      Known("name", "王", part=Part.FAMILY),
                      Known("name", "小明", part=Part.GIVEN)]})  # fmt: skip
    assert pen.strike("小姐给小明的，王总也在", [WANG]) == "小姐给[erased]的，[erased]也在"


# Name on file -> a text of a row of the person's own, and what is left of it.
SCRIPTS = {
    "佐々木 花子": ("佐々木様、花子さん、佐々木町", "[erased]様、[erased]さん、[erased]町"),
    "佐々木花子": ("佐々木様、花子さん、佐々木町", "[erased]、[erased]さん、佐々木町"),
    "山田太郎": ("山田様と太郎くん、山の見える部屋", "[erased]と[erased]くん、山の見える部屋"),
    "長谷川亮": ("長谷川様、長い廊下", "[erased]、長い廊下"),
    "一ノ瀬 薫": ("一ノ瀬様、薫さん", "[erased]様、[erased]さん"),
    "欧阳明": ("欧阳: 欧阳先生", "[erased]: [erased]"),
    "陈李淑芬": ("陈太太，淑芬", "[erased]，[erased]"),
    "田中さくら": ("田中様、さくらは", "[erased]様、[erased]は"),
    "さくら": ("さくら様へ さくらんぼ", "[erased]様へ さくらんぼ"),
    "まい えり": ("まいさん、一まい、えりに", "[erased]さん、一[erased]、えりに"),
    "ヤマダ タロウ": ("ﾔﾏﾀﾞ様 タロウくん ヤマダムシ", "[erased]様 [erased]くん ヤマダムシ"),
    "ヤマダタロウ": ("ヤマダ様 タロウくん", "[erased]様 [erased]くん"),
    "ジョン・スミス": ("スミス様、ジョンさん ジョンソン", "[erased]様、[erased]さん ジョンソン"),
    "リー・アン": ("リーさん、フリーさん、アンケート", "[erased]さん、フリーさん、アンケート"),
    "김민수": ("김민수님, 민수 씨, 민수가 민순이 김씨",
              "[erased]님, [erased] 씨, [erased]가 민순이 [erased]씨"),
    "山田太郎 (ヤマダタロウ)": ("山田様、ヤマダ様、太郎、山",
                       "[erased]、[erased]様、[erased]、山"),
    "김민수 金民秀": ("민수 씨, 金先生, 民秀", "[erased] 씨, [erased]"),
    "金民秀김민수": ("민수 씨, 金先生, 民秀, 김민수", "[erased] 씨, [erased]"),
    "김민수님": ("민수 씨, 김씨, 김민수가, 님", "[erased] 씨, [erased]씨, [erased]가, 님"),
    "王先生": ("王先生，李先生", "[erased]，李先生"),
    "李伟先生": ("李先生和王先生", "[erased]和王先生"),
    "田中様": ("田中さん、木村様", "[erased]さん、木村様"),
    "김민준": ("민준에게는, 민준이하고, 민준하다",
              "[erased]에게는, [erased]이하고, 민준하다"),
    "이 하나": ("이 방, 이 손님, 이씨, 하나은행", "이 방, 이 손님, [erased]씨, 하나은행"),
    "राम शर्मा": ("शर्मा जी को पानी, राम को, रामायण", "[erased] जी को पानी, [erased] को, रामायण"),
    "علي حسن": ("السيد علي، عليها", "السيد [erased]، عليها"),
    "عبد الله سالم": ("ان شاء الله يا سالم", "ان شاء الله يا [erased]"),
    "דן כהן": ("דן ביקש, דנה", "[erased] ביקש, דנה"),
    "สมชาย ใจดี": ("คุณสมชายขอผ้า", "คุณ[erased]ขอผ้า"),
    "Γιώργος Παπάς": ("κ. ΠΑΠΑΣ, παπάκι", "κ. [erased], παπάκι"),
    "Андрей Цой": ("г-н Цой, цой", "г-н [erased], цой"),
    "Nguyễn Thị Ánh": ("chị Ánh, ánh sáng", "chị [erased], ánh sáng"),
    "林 太郎": ("小林様と同室、林様、林さん、王林先生",
              "小林様と同室、[erased]、[erased]さん、王[erased]"),
    "渡\U000e0100邉太郎": ("渡邉様、太郎さん、渡\U000e0100邉太郎、渡し",
                       "[erased]、[erased]さん、[erased]、渡し"),
    "林太郎": ("小林様と同室、林様", "小林様と同室、[erased]"),
    "John Smith": ("客人john到了很久了。今天, 他等了, Smith先生",
                   "客人[erased]到了很久了。今天, 他等了, [erased]先生"),
    "Anna Weber": ("Weber様、weber님, คุณAnnaขอ, Weberin様",
                   "[erased]様、[erased]님, คุณ[erased]ขอ, Weberin様"),
    "王小明 David": ("David先生，Davidson先生", "[erased]先生，Davidson先生"),
    "Ли Цой": ("客人Цой先生, цой", "客人[erased]先生, цой"),
    "ლი ზაზა": ("ბატონი ლი", "ბატონი [erased]"),
    "Anna Müller": ("⚠️Anna no nuts, ℹ️Müller or 1️⃣MÜLLER✈️ ⚠️Joanna",
                    "⚠️[erased] no nuts, ℹ️[erased] or 1️⃣[erased]✈️ ⚠️Joanna"),
    "Иван Петров": ("☎️Иван с женой, ℹ️Петров ☎️Петрова",
                    "☎️[erased] с женой, ℹ️[erased] ☎️Петрова"),
    "สมชาย แสงทอง": ("⚠️สมชาย️ขอผ้า", "⚠️[erased]️ขอผ้า"),
}  # fmt: skip


def test_a_part_of_a_name_with_its_reading_goes_as_before() -> None:
    """Whole, and what is a full name in a field for the surname wherever it stands."""
    pen = Pen({WANG: [Known("name", "高橋우", part=Part.FAMILY)]})
    assert pen.strike("高橋우 도착", [WANG]) == "[erased] 도착"
    pen = Pen({WANG: [Known("name", "王小明왕샤오밍", part=Part.FAMILY)]})
    assert pen.strike("客人王小明来了", [WANG]) == "客人[erased]来了"


def test_a_korean_name_that_is_a_word_leaves_the_word() -> None:
    """이용 is use, 조건 a condition: in somebody else's row only who has a title is meant."""
    pen = Pen({WANG: [Known("name", "이 용"), Known("name", "조 건")]})
    said = "수영장 이용 가능, 예약 조건 확인, 이용객, 수영장 이용 고객님들께"
    assert pen.strike(said, []) == said
    assert pen.strike("이용님, 수영장 이용, 조건 씨", []) == "[erased]님, 수영장 이용, [erased] 씨"


@pytest.mark.parametrize("name", ["허 준", "허준", "Heo Jun 허준"])
@pytest.mark.parametrize(("said", "left"), [
    ("허준 체크인, 허주", "[erased] 체크인, 허주"), ("허 준 체크인", "[erased] 체크인"),
    ("남편허준이에요", "남편[erased]이에요"), ("허\u00a0준 (2)", "[erased] (2)"),
    ("허준 대표님", "[erased] 대표님"), ('["허준 ", "허·준 2"]', '["[erased] ", "[erased] 2"]'),
])  # fmt: skip
def test_a_short_korean_name_goes_from_rows_of_their_own(name: str, said: str, left: str) -> None:
    """Even a first name alone goes there: what may be a word in other rows is the guest here."""
    assert Pen({WANG: [Known("name", name)]}).strike(said, [WANG]) == left


@pytest.mark.parametrize("said", [
    '["이용 "]', '{"who": "이용", "n": 1}', '[" 이용", "수영장 이용"]', '{"이용 ": 2}',
])  # fmt: skip
def test_a_search_finds_a_short_korean_name_where_it_is_struck(said: str) -> None:
    """A blank that somebody typed makes no cell another one to the pen or to the search."""
    pen, searcher = Pen({WANG: [Known("name", "이 용")]}), Searcher(needles("name", "이 용"))
    struck = pen.strike(said, [])
    assert searcher.hits(said)
    assert struck != said
    assert not searcher.hits(struck)


@pytest.mark.parametrize("said", ["""["'이용", 1]""", """["이용'", 1]""", '{"n": "\\"이용"}'])
def test_a_quote_too_much_leaves_no_short_korean_name_to_be_found(said: str) -> None:
    """What the search would find in a document is struck out of it."""
    struck = Pen({WANG: [Known("name", "이 용")]}).strike(said, [])
    assert not Searcher(needles("name", "이 용")).hits(struck)


@pytest.mark.parametrize(("name", "said", "left"), [
    ("Mr. 田中", "田中屋, 田中美咲様", "[erased]屋, [erased]美咲様"),
    ("Tanaka 太郎", "太郎さん、TANAKA", "[erased]さん、[erased]"),
    ("Kim 민수", "민수 고객, Kim, 박민수", "[erased] 고객, [erased], 박민수"),
])  # fmt: skip
def test_half_a_name_in_another_script_goes_from_rows_of_their_own(
    name: str, said: str, left: str
) -> None:
    """In everybody else's it may be any namesake, as a first name in Latin letters may."""
    pen = Pen({WANG: [Known("name", name)]})
    assert pen.strike(said, [WANG]) == left
    assert pen.strike(said, []) == said


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_part_of_a_name_in_its_script(name: str) -> None:
    """A first name or a surname goes as its readers write it; a piece of another word stays."""
    text, left = SCRIPTS[name]
    assert Pen({WANG: [Known("name", name)]}).strike(text, [WANG]) == left


def test_short_parts_need_their_capital() -> None:
    """max. and Li: a short part in small letters is a word."""
    assert PEN.strike("max. 2 litres, a li of silk for Max and for Mr Li", [PETER]) == (
        "max. 2 litres, a li of silk for [erased] and for Mr [erased]"
    )


def test_two_people_of_one_erasure() -> None:
    """Full names and numbers of all go everywhere; a part of a name only in its own rows."""
    text = "Anna met Wang: 王小明, 13800138000, anna@post.example; Anna Maria von Lindqvist"
    # What stands close together is one mention to who reads it.
    assert PEN.strike(text, [WANG]) == "Anna met Wang: [erased]; [erased]"
    assert PEN.strike(text, [ANNA]) == "[erased] met Wang: [erased]; [erased]"


def test_json_in_a_text_stays_json() -> None:
    """Numbers become null, strings keep their quotes, keys and escapes are looked into as well."""
    text = (
        '{"guest":{"first":"Anna","last":"Lindqvist"},"phone":49891234567, "n": 1.50,'
        ' "Anna": "\\u0041nna \\n \\"Boris\\"", "raw": "[\\"Lindqvist\\", 3]"}'
    )
    left = PEN.strike(text, [ANNA])
    assert json.loads(left) == {
        "guest": {"first": "[erased]", "last": "[erased]"}, "phone": None, "n": 1.5,
        "[erased]": '[erased] \n "Boris"', "raw": '["[erased]", 3]',
    }  # fmt: skip
    assert "1.50" in left
    assert len(PEN.places(text, [ANNA])) == 6


@pytest.mark.parametrize(("room", "left"), [(None, "[erased] & [erased]"), (12, "*** & ***"),
                                            (11, "*** & ***"), (8, "* & *")])  # fmt: skip
def test_the_mark_fits_the_column(room: int | None, left: str) -> None:
    """Where the plain mark would not fit, a shorter one stands there."""
    assert PEN.strike("Anna & Anna", [ANNA], room) == left


def test_whom_it_knows() -> None:
    """Nobody is not known, and neither is who has no values any more."""
    pen = Pen({ANNA: [], WANG: [Known("name", "王小明")]}, strangers=[ANNA])
    assert pen.knows([WANG])
    assert not pen.knows([ANNA, WANG])
    assert not pen.knows([])


@given(st.text(), st.text())
def test_what_is_no_mention_stays(before: str, after: str) -> None:
    """Whatever stands around a mailbox that is no part of a word stays as it is."""
    text = f"{before} anna@post.example {after}"
    left = PEN.strike(text, [])
    if not text.lstrip().startswith(("{", "[")):
        assert "anna@post.example" not in left
    spans = PEN.places(text, [])
    if spans == [(len(before) + 1, len(before) + 1 + len("anna@post.example"))]:
        assert left == f"{before} [erased] {after}"


LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(
    ["Anna Lindqvist", "x anna@post.example", 49891234567, "\u0041nna", '{"a": "Anna"}']
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda each: st.lists(each, max_size=3)
    | st.dictionaries(st.text() | st.just("Anna"), each, max_size=3),
    max_leaves=8,
).filter(lambda value: isinstance(value, dict | list))


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 12, 30, 80]))
def test_a_document_stays_one_and_names_nobody(
    value: object, plain: bool, room: int | None
) -> None:
    """Whatever JSON a host keeps: it is valid afterwards, fits, and a second look finds nothing."""
    text = json.dumps(value, ensure_ascii=plain)
    left = PEN.strike(text, [ANNA], room)
    json.loads(left)
    assert PEN.places(left, [ANNA]) == []
    if room is not None and len(text) <= room:
        assert len(left) <= room
    if not PEN.places(text, [ANNA]):
        assert left == text or len(text) > (room or len(text))


SOPHIE, BESIDE = ("guests", (4,)), ["Mareike Groß", "Bert Groß", "sophie@post.example"]


@pytest.mark.parametrize(("name", "said", "left"), [
    # Two names in a row meet in one surname, or one name lies around the other.
    ("Sophie Groß", "Mareike Groß, with Sophie", "Mareike Groß, with [erased]"),
    ("Sophie Groß", "Sophie & Mareike Groß", "[erased] & Mareike Groß"),
    ("Sophie Groß", "Groß, Mareike, Sophie", "Groß, Mareike, [erased]"),
    ("Sophie Groß", "Bert & MAREIKE GROSS", "Bert & MAREIKE GROSS"),
    ("Sophie Groß", "to sophie@post.example", "to sophie@post.example"),
    # What is the erased one's goes all the same.
    ("Sophie Anna Groß", "Mareike & Sophie Groß", "Mareike & [erased]"),
    ("Sophie Groß", "Sophie Groß, Mareike", "[erased], Mareike"),
    ("Sophie Groß", "Frau Groß, Mareike Groß", "Frau [erased], Mareike Groß"),
    ("Sophie Groß", "Frau Groß and Mareike", "Frau [erased] and Mareike"),
    # Names that may be either's.
    ("Mareike Groß", "Mareike Groß", "[erased]"),
    ("Mareike Anna Gross", "Mareike Groß; Frau Groß, Mareike", "[erased]; Frau [erased]"),
    ("Bert Groß", "Bert Groß or Mareike Groß", "[erased] or Mareike Groß"),
])  # fmt: skip
def test_whoever_lives_keeps_a_name_and_the_erased_one_none(
    name: str, said: str, left: str
) -> None:
    """Beside people who live, only a word of their own full name or contact stays."""
    beside = [Known("email" if "@" in each else "name", each) for each in BESIDE]
    pen = Pen({SOPHIE: [Known("name", name)]}, others=beside)
    assert pen.strike(said, [SOPHIE]) == left
