"""Promise: a full name is looked for in every script, as its readers write it."""

from __future__ import annotations

import pytest

from flask_guesterase.core.naming import is_bare
from flask_guesterase.core.needle import Needle, Searcher, Strength, needles

# Name on file -> texts that hold it, and texts that hold another one.
NAMES = {
    "佐々木 花子": (["佐々木花子様は禁煙", "佐々木 花子"], ["佐木花子", "佐々木様"]),
    "〆木太郎": (["〆木太郎様"], ["木太郎"]),
    "ジョン・スミス": (["ジョン・スミス様", "ｼﾞｮﾝ･ｽﾐｽ", "ジョン　スミス", "ジョンスミス"], []),
    "ﾔﾏﾀﾞ ﾀﾛｳ": (["ヤマダタロウ様", "ﾔﾏﾀﾞ ﾀﾛｳ ｻﾏ", "ヤマダ タロウ"], ["ヤマタタロウ"]),
    "さとう はな": (["さとうはなさん"], ["さとうばな"]),
    "さとう えりか": (["さとうえりかさん"], ["さとうえりがさん"]),
    "राम शर्मा": (
        ["श्री राम शर्मा जी", "शर्मा, राम", "राम कुमार शर्मा"],
        ["रामा शर्मा", "राम शर्म", "राम कुमार लाल शर्मा"],
    ),
    "রবি দে": (["রবি দে এসেছেন"], ["রবি দেব"]),
    "สมชาย ใจดี": (["คุณสมชาย ใจดีขอผ้าเช็ดตัว", "สมชาย ใจดี"], ["สมชาย", "สมชายี ใจดี"]),
    "김 민수": (
        ["김민수님", "김 민수", "고객님김민수", "101호김민수", "김민수가", "김민수에게는 비밀",
         "김민수씨가", "김민수 고객님", "김민수외 2명", "김민수입니다", "김민수팀장님께",
         "客人김민수先生", "예약자김민수", "김민수에게만", "VIP김민수, 2인", "김민수예요",
         "김민수인데요", "김민수께서는", "김민수드림", "김민수 회장님", "김민수ㅠㅠ",
         "김민수여권.jpg", "남편김민수", "입금자김민수", "김민수체크인", "김민수와이영희"],
        ["김민순", "민수", "김 민숙"],
    ),
    "김민준": (["김민준아", "김민준이랑요"], ["김민주아"]),
    "이 용": (
        ["이용님", "이용 씨가", "이 용 사장님", "이용", "이 용 ", "이용 고객님", "이용고객님께서도",
         "이용 대표님이세요", "이용팀장님", "이용 선생님이랑요", "예약자이용님", "입금자이용 님",
         '{"name": "이용", "n": 2}', '["이용 "]', '[" 이용"]', "{'who': '이용', 'n': 2}",
         "('이용',)", "<guest> 이용 </guest>", "?who=이용&n=2", '7;"이용";2', '"이용"',
         '{"이용": 7}', "예약자: 이용 (2인)", "2인, 성함 = 이용, 조식", "guest_name=이용",
         "name='이용'입니다", "이름：이용입니다", "수영장 이용 고객님께", "이용 고객님들",
         "허준, 이용 고객님 여러분", "조식: 이용 고객님들", "수영장 이 용 고객님들"],
        ["수영장 이용 가능", "이용객", "재이용", "이용고객", "이용 고객", "이용 손님", "이 용도",
         "사용이 가능", '"이용" 버튼', "이용은", "재이용님", "이용 대표 사례", "수영장: 이용 가능",
         "이름: 이용객", "수영장 '이용'", "3 > 이용 가능", "수영장=이용",
         "수영장 이용 고객님들께", "객실을 이용 고객님 여러분", "모든 이용고객님 모두",
         "조식 뷔페 이용 회원님들은"],
    ),
    "조 건": (["조건 선생님"], ["예약 조건 확인", "조건 부장기", "조건부장기"]),
    "이 상": (["이상씨"], ["2인 이상", "이상, 끝", "이 상 위에"]),
    "이 민": (["이민 여사"], ["이민국", "이 민국"]),
    "민수 김": (["민수김은", "민수 김씨"], ["민수 긴"]),
    "용 이": (["용이 씨"], ["사용이 가능"]),
    "남궁 옥": (["남궁옥이 왔다", "남궁 옥"], ["남궁 오"]),
    "علي حسن": (["السيد علي حسن", "عَلِيّ حَسَن", "حسن، علي"], ["علية حسن"]),
    "أحمد سالم": (["احمد سالم", "أحمد سالم"], ["محمد سالم"]),
    "علی\u200cرضا کریمی": (["علی\u200cرضا کریمی", "علیرضا کریمی"], ["علی کریمی"]),
    "דוד לוי": (["דוד לוי ביקש", "דָּוִד לֵוִי"], ["דודה לוי"]),
    "Γιώργος Παπάς": (["ΓΙΩΡΓΟΣ ΠΑΠΑΣ", "Παπας Γιωργος"], ["Γιώργος Παπάκης"]),
    "Андрей Цой": (["Цой, Андрей", "АНДРЕЙ ЦОЙ"], ["Андрей Цойков"]),
    "Nguyễn Thị Ánh": (["nguyen thi anh", "NGUYỄN THỊ ÁNH"], ["Nguyễn Thị Anhh"]),
    "Pat O´Brien": (["met Pat O'Brien", "PAT OBRIEN", "Pat O´Brien"], ["Pat Brien"]),
    "Max Li": (["Li, Max"], ["Max Lin", "li"]),
    "สมชาย ใจแก้ว": (
        ["สมชายใจแก้วค่ะ", "ใจแก้ว สมชาย", "ใจแก้ว, ดร.สมชาย", "ใจแก้ว คุณสมชาย",
         '{"first":"สมชาย","last":"ใจแก้ว"}', '{"ชื่อ":"สมชาย","นามสกุล":"ใจแก้ว"}'],
        ["คุณสมชายเป็นคนใจแก้วมาก", "สมชาย มาก ใจแก้ว"],
    ),
    "ใจ ดี": (
        ["ใจ ดี", "คุณใจดี", "แขก: นาย ใจ ดี, 2"], ["พนักงานใจดีมาก", "ใจดีมาก", "ขอบคุณใจดี"],
    ),
    "บุญ มี": (["บุญมี"], ["ทำบุญหรือไม่มีครับ", "บุญ ไม่ มี", "บุญ vip มี"]),
    "အောင် ဆန်း": (["ဦးအောင်ဆန်း"], ["အောင်ပြီးဆန်းလာ"]),
    "မြ သန်း ထွန်း": (["ဦးမြသန်းထွန်းလာသည်", "ထွန်း မြသန်း"], ["မြလာသန်းထွန်း", "သန်းထွန်း"]),
    "イ・ミン": (
        ["イ・ミン様", "イミン様", "客室のイ ミン"],
        ["タイミング", "タイ・ミン", "イミン", "イ・ミント"],
    ),
    "リ・アン": (["リ・アンさん"], ["イタリアン", "リアン", "リアンケート"]),
    "キム・チ": (["キム・チ"], ["キムチ", "キムチを"]),
    "リー・アン": (
        ["リーアンさん", "リーアンは", "リー・アン"], ["フリーアンケート", "リーアンケート"],
    ),
    "ヤマ ダイスケ": (
        ["客がヤマダイスケと", "ミスターヤマダイスケ"],
        ["コヤマダイスケ", "ドヤマダイスケ", "リーヤマダイスケ"],
    ),
    "やま だいすけ": (["客のやまだいすけさん", "客がやまだいすけ"], ["こやまだいすけさん"]),
    "さき まい": (["さきまいさん", "さきまいは"], ["さきまいり"]),
    "John Smith": (
        ["客人John Smith先生晚到", "John Smith様は禁煙", "John Smith님", "คุณJohn Smithขอผ้า",
         "ゲストJohn Smithさん", "Smith先生John", "Smith様、John", "John 小明 Smith"],
        ["客人John和朋友在酒店等Smith", "John到了 Smith", "客人Johnny Smith先生",
         "客人John Smiths先生", "客人жJohn Smith"],
    ),
    "Олег Цой": (["客人Олег Цой先生"], ["客人Олега Цой先生"]),
    "Anna Müller": (
        ["⚠️Anna Müller nut allergy", "1️⃣Anna Müller", "Ⓜ️Müller, Anna", "Anna❤️Müller❤️"],
        ["⚠️Joanna Müller", "Ⓜ️Anna Müllers"],
    ),
    "Иван Петров": (["☎️Иван Петров", "ℹ️Петров Иван"], ["☎️Иван Петрова"]),
    "林 芳邉": (["林芳邉\U000e0101様", "⚠️林芳邉様"], ["芳邉\U000e0101様"]),
    "辻\U000e0100 太郎": (["辻\U000e0100太郎様", "辻太郎", "辻 太郎様"], ["辻\U000e0100様"]),
    "辻 太郎": (["辻\U000e0100太郎様"], ["辻\U000e0100次郎様"]),
    "林 太郎": (["林\ufe00太郎様", "林\ufe02 太郎様"], ["林\ufe00次郎様"]),
    "สมชาย แสงทอง": (["⚠️สมชาย แสงทอง️", "แสงทอง️สมชาย"], ["⚠️สมชาย แสงทองี"]),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_in_its_script(name: str) -> None:
    """Its vowel signs, repeated characters, dots and widths are no obstacle; others stay."""
    searcher = Searcher(needles("name", name))
    texts, others = NAMES[name]
    assert [text for text in texts if not searcher.hits(text)] == []
    assert [text for text in others if searcher.hits(text)] == []
    among = [at for at, _ in searcher.among([*others, *texts])]
    assert among == list(range(len(others), len(others) + len(texts)))


@pytest.mark.parametrize("name", NAMES)
def test_a_namesake_on_file_is_known(name: str) -> None:
    """Whoever lives and is called the same makes a find perhaps theirs."""
    wanted = needles("name", name)
    assert wanted
    assert Searcher(wanted).bearers(name) == set(wanted)


@pytest.mark.parametrize("on_file", ["小明 王", "王 小明", "王小明", "王・小明"])
def test_a_namesake_is_known_in_either_order(on_file: str) -> None:
    """A house that keeps the given name first still writes the surname first."""
    (wanted,) = needles("name", "王小明")
    assert Searcher([wanted]).bearers(on_file) == {wanted}
    assert Searcher([wanted]).bearers("小 明王") == set()


def test_a_namesake_is_known_by_any_shape_of_a_character() -> None:
    """A register may tell the shapes of 辻 apart, and another one not."""
    (wanted,) = needles("name", "辻\U000e0100田 花子")
    assert Searcher([wanted]).bearers("花子 辻田") == {wanted}
    assert Searcher([wanted]).bearers("花子 辻\U000e0101田") == {wanted}


def test_a_namesake_in_two_scripts_is_known_by_both() -> None:
    """Wang Wei 王伟 bears two names, and each is looked for."""
    wanted = needles("name", "Wang Wei 王伟")
    assert len(wanted) == 2
    assert Searcher(wanted).bearers("Wang Wei 王伟") == set(wanted)
    assert Searcher(wanted).bearers("王伟 WANG Wei") == set(wanted)


@pytest.mark.parametrize("name", ["さくら", "リー", "राम", "علي", "王", "Li", "J. Q.", "・・"])
def test_a_single_part_of_a_name_is_not_looked_for(name: str) -> None:
    """フリー is not リー, whatever script the part is in."""
    assert needles("name", name) == ()


ONE_PART = [
    "Mr. 田中", "Tanaka 太郎", "太郎 Tanaka", "Kim 민수", "민수, K.", "Anna 김", "陈 Chen",
    "佐々木 Hanako", "Ms. Kim 민수", "マイケル Smith", "J.ロドリゲス", "田中 (VIP) 2",
]  # fmt: skip


@pytest.mark.parametrize("name", ONE_PART)
def test_one_part_beside_another_script_is_not_looked_for(name: str) -> None:
    """Half of a name means as many as bear it, whatever letters the other half is in."""
    assert needles("name", name) == ()


@pytest.mark.parametrize(("name", "values"), [
    ("李伟 Li Wei", ["李伟", "li wei"]), ("Li Wei 李伟", ["李伟", "li wei"]),
    ("王小明 (Xiaoming Wang)", ["王小明", "wang xiaoming"]),
    ("김민수 Minsu Kim", ["김민수", "kim minsu"]), ("David 김민수", ["김민수"]),
    ("山田太郎 TARO YAMADA", ["山田太郎", "taro yamada"]), ("Mr. 山田太郎", ["山田太郎"]),
    ("田中 太郎 Tanaka Taro", ["田中太郎", "tanaka taro"]), ("田中 太郎 T.", ["田中太郎"]),
    ("マイケル Michael Smith", ["マイケル", "michael smith"]), ("李伟 2", ["李伟"]),
    ("田中さくら Sakura", ["田中さくら"]),
    ("Pat O'Brien 李伟", ["李伟", "obrien pat", "brien o pat"]),
])  # fmt: skip
def test_a_full_name_beside_another_script_is_looked_for(name: str, values: list[str]) -> None:
    """李伟 Li Wei bears one name in two scripts, and a nickname takes nothing from it."""
    assert [needle.value for needle in needles("name", name)] == values


@pytest.mark.parametrize(("name", "values"), [
    ("山田太郎 (ヤマダタロウ)", ["山田太郎ヤマダタロウ", "山田太郎", "ヤマダタロウ"]),
    ("ﾔﾏﾀﾞ ﾀﾛｳ 山田 太郎", ["ヤマダタロウ山田太郎", "山田太郎", "ヤマダタロウ"]),
    ("山田太郎 ヤマダ", ["山田太郎ヤマダ", "山田太郎"]),
    ("김민수 金民秀", ["김민수金民秀", "김민수", "金民秀"]),
    ("金 民秀 (김 민수)", ["金民秀김민수", "김민수", "金民秀"]),
    ("왕샤오밍 王小明", ["왕샤오밍王小明", "왕샤오밍", "王小明"]),
    ("김민수 社長", ["김민수社長", "김민수"]), ("민수 金", ["민수金"]),
    ("田中 さくら", ["田中さくら"]), ("田中 マリア", ["田中マリア"]),
    ("さとう ハナ", ["さとうハナ"]), ("渡辺 エリザベス", ["渡辺エリザベス"]),
    ("長谷川 マリア ロドリゲス", ["長谷川マリアロドリゲス", "マリアロドリゲス"]),
    # On end, as a field for the name alone has them.
    ("金秀賢김수현", ["金秀賢김수현", "김수현", "金秀賢"]),
    ("김수현金秀賢님", ["김수현金秀賢", "김수현", "金秀賢"]),
    ("왕샤오밍王小明", ["왕샤오밍王小明", "왕샤오밍", "王小明"]),
    ("山田太郎ヤマダタロウ", ["山田太郎ヤマダタロウ", "山田太郎", "ヤマダタロウ"]),
    ("ﾔﾏﾀﾞﾀﾛｳ山田太郎", ["ヤマダタロウ山田太郎", "山田太郎", "ヤマダタロウ"]),
    ("김민수社長", ["김민수社長", "김민수"]), ("민수金", ["민수金"]), ("金秀김수", ["金秀김수"]),
    ("一ノ瀬花子", ["一ノ瀬花子"]), ("田中エリザベス", ["田中エリザベス"]),
    ("田中マリアンヌ花子", ["田中マリアンヌ花子"]), ("金김수현秀賢", ["金김수현秀賢"]),
    ("金아름이", ["金아름이"]),
    # What stands apart is the reading, and 金 and 渡辺 are parts of the name.
    ("金민수 (김민수)", ["金민수김민수", "김민수", "金민수"]), ("金민수 님", ["金민수님"]),
    ("王小明 고객님", ["王小明고객님", "王小明"]), ("田中 선생님", ["田中선생님"]),
    ("渡辺マリアンヌ (ワタナベマリアンヌ)",
     ["渡辺マリアンヌワタナベマリアンヌ", "渡辺マリアンヌ", "ワタナベマリアンヌ"]),
    ("朴ジョンウン 박정은", ["朴ジョンウン박정은", "박정은", "朴ジョンウン"]),
])  # fmt: skip
def test_a_full_name_in_two_scripts_without_spaces_is_looked_for_in_each(
    name: str, values: list[str]
) -> None:
    """Who reads 山田太郎 need not write how it is said; エリザベス is half of a name."""
    wanted = needles("name", name)
    assert [needle.value for needle in wanted] == values
    searcher = Searcher(wanted)
    assert searcher.bearers(name) == set(wanted)
    for needle in wanted:
        assert needle in searcher.bearers(needle.value)


@pytest.mark.parametrize("name", [
    "Mr. Kim", "Weber, Dr.", "Prof. Dr. Weber", "Mrs O'B.", "Frau Weber", "Weber, Madame",
    "Monsieur Weber", "王先生", "王 先生", "王女士", "さくらさん", "김씨", "Tanaka 様",
    "Kim 민수님", "님",
])  # fmt: skip
def test_a_title_is_no_part_of_a_name(name: str) -> None:
    """Mr. Kim is every Mr. Kim."""
    assert needles("name", name) == ()


@pytest.mark.parametrize("name", ["Mr. John Smith", "SMITH John Mr", "Prof. Dr. John Smith"])
def test_a_full_name_is_looked_for_without_its_title(name: str) -> None:
    """Who writes of a guest need not write the title; a namesake may have one on file, or none."""
    wanted = needles("name", name)
    searcher = Searcher([*wanted, Needle("name", "john mr smith", Strength.WEAK)])
    assert [needle.value for needle in wanted] == ["john smith"]
    assert searcher.hits("John Smith wants tea") == set(wanted)
    for on_file in ("John Smith", "Mr. John Smith", "Dr. Smith, John"):
        assert searcher.bearers(on_file) == set(searcher.needles)
    assert searcher.bearers("Mr. Smith") == set()


@pytest.mark.parametrize(("name", "value"), [
    ("김민수님", "김민수"), ("김민수 고객님", "김민수"), ("김 민수 선생님", "김민수"),
    ("이 용 님", "이용"),
    ("山田太郎様", "山田太郎"), ("山田 太郎 さま", "山田太郎"), ("田中さくらさん", "田中さくら"),
    ("王小明先生", "王小明"), ("王 小明 女士", "王小明"), ("김민수 先生", "김민수"),
    # With what may be a surname alone the title stays: 田中 is every Tanaka.
    ("田中様", "田中様"), ("李伟先生", "李伟先生"), ("マイケルさん", "マイケルさん"),
    ("민수님", "민수님"),
])  # fmt: skip
def test_a_full_name_is_looked_for_without_the_title_behind_it(name: str, value: str) -> None:
    """김민수가 is the guest on file as 김민수님; values that were sealed before are known still."""
    (wanted,) = needles("name", name)
    searcher = Searcher([wanted, Needle("name", name.replace(" ", ""), Strength.WEAK)])
    assert wanted.value == value
    assert wanted in searcher.hits(f"{value}님")
    for on_file in (name, value):
        assert searcher.bearers(on_file) == set(searcher.needles)


def test_a_surname_that_was_sealed_with_its_title_is_known() -> None:
    """So earlier versions looked for it, and a living guest may be on file so."""
    sealed = Needle("name", "王先生", Strength.WEAK)
    assert Searcher([sealed]).bearers("王先生") == {sealed}
    for other in ("李先生", "先生", "様"):
        assert Searcher([sealed]).bearers(other) == set()
    assert Searcher(needles("name", "田中様")).bearers("田中") != set()


@pytest.mark.parametrize(
    "text", ["护照E12345号", "여권E12345입니다", "パスポートE12345が", "เลขE12345ค่ะ"]
)
def test_a_short_number_ends_where_the_script_does(text: str) -> None:
    """Who writes no spaces writes none around the number of a passport either."""
    wanted = needles("document", "E12345")
    assert Searcher(wanted).hits(text) == set(wanted)
    assert not Searcher(wanted).hits(text.replace("E", "XE"))


@pytest.mark.parametrize("text", ["✈️E12345", "☎️E12345❤️", "1️⃣E12345", "ℹ️E12345"])
def test_a_short_number_begins_behind_an_emoji(text: str) -> None:
    """What says how an emoji looks is a part of no word."""
    wanted = needles("document", "E12345")
    assert Searcher(wanted).hits(text) == set(wanted)
    assert not Searcher(wanted).hits(text.replace("E", "XE"))


@pytest.mark.parametrize(("name", "bare"), [
    ("สมชาย ใจด", True), ("अन कश ग यप र", True), ("สมชาย ใจดี", False), ("अनुष्का राय", False),
    ("Anna Weber", False), ("王小明", False), ("علي حسن", False), ("", False),
    ("i smail yılmaz", True), ("i brahim öztürk", True), ("i̇smail yılmaz", False),
    ("ali yılmaz", False),
])  # fmt: skip
def test_a_name_without_its_signs_is_known(name: str, bare: bool) -> None:
    """So they were sealed once, and nobody writes them so."""
    assert is_bare(name) is bare


def test_a_name_that_was_sealed_with_its_dot_is_found() -> None:
    """Values sealed before the dot was left out still find what they mean."""
    sealed = Needle("name", "ジョン・スミス", Strength.WEAK)
    assert Searcher([sealed]).hits("ジョン・スミス様") == {sealed}
