"""How laws are cited and what packs say in sentences, in words of the reader's language.

A pack is signed as one text and says each of these once, mostly in English: an article, what
nobody found, what somebody should know. What it says is kept, signed and certified as it is
written. Pages and letters look it up here, so that another language is no other text to sign, and
what was kept years ago is read in the reader's words too. A law that is cited alike in every
language, and what a house wrote itself, is in no catalog and is shown as it stands.
"""

from __future__ import annotations

from .language import N_, Language

CITED: tuple[str, ...] = (
    N_("个人信息保护法 (PIPL) Art. 47(1)(1)"),
    N_("个人信息保护法 (PIPL) Art. 47(1)(2)"),
    N_("个人信息保护法 (PIPL) Art. 47(1)(3)"),
    N_("个人信息保护法 (PIPL) Art. 47(1)(4)"),
    N_("个人信息保护法 (PIPL) Art. 47(1)(5)"),
    N_("个人信息保护法 (PIPL) Art. 47(2)"),
    N_("个人信息保护法 (PIPL) Art. 49"),
    N_("个人信息保护法 (PIPL) Art. 57"),
    N_("个人信息保护法 (PIPL) Art. 57: 立即 (immediately), no hours"),
    N_("PIPL Art. 55-56"),
    N_("旅馆业治安管理办法 Art. 6 (State Council approved; text with 2011 revision)"),
    N_("会计档案管理办法 Art. 14-15 + annex (MoF/SAA Order 79, 2016-01-01)"),
    N_("税收征收管理法实施细则 Art. 29"),
    N_("发票管理办法 (2023) Art. 28"),
    N_("网络安全法 Art. 21(3) (2016 text)"),
    N_("公共安全视频图像信息系统管理条例 Art. 17 (in force 2025-04-01)"),
    N_("反恐怖主义法 Art. 32"),
    N_("网络数据安全管理条例 Art. 12"),
    N_("国家网络安全事件报告管理办法 (in force 2025-11-01)"),
    N_("广东省旅馆业治安管理规定 (2006, 省令108) Art. 10"),
    N_("湖南省 hotel security rules (2024-03-01)"),
    N_("江西省 hotel rules (amended, 2025-08-10)"),
    N_("Immigration Ordinance Cap. 115 s. 17(3)(b)"),
    N_("PDPO s. 27"),
    N_("觀光旅館業管理規則 (tourist hotels)"),
    N_("旅館業管理規則 (ordinary hotels)"),
    N_("zákon 565/1990 Sb. (local stay fee) evidence book"),
    N_("AEPD note of 2025-06-17"),
    N_("GDPR Art. 34(1): without undue delay"),
    N_("TULPS Art. 109; DM 7 Jan 2013 as amended by DM 16 Sept 2021"),
    N_("MHLW notice to prefectures (foreign guests' passport)"),
    N_("AO s. 147(1),(3),(4)"),
    N_("AO s. 147(1) nos. 2-3, (3); HGB s. 257(4)-(5)"),
    N_("BAO s. 132"),
    N_("BMG s. 29(2), 30(4)"),
    N_("BMG s. 30(4)"),
    N_("UStG s. 14b"),
    N_("Meldegesetz s. 10; Meldegesetz-Durchführungsverordnung s. 19(4)"),
    N_("zákon 326/1999 Sb. s. 101(4), 102"),
    N_("CESEDA R814-1 to R814-3"),
    N_("Code de commerce L123-22"),
    N_("旅館業法施行規則 Art. 4-2 (第4条の2) to 旅館業法 Art. 6"),
    N_("旅館業法 Art. 6; 旅館業法施行規則 Art. 4-2"),
    N_("法人税法施行規則 59; 会社法 432"),
    N_("APPI Art. 26; Enforcement Rules Art. 8"),
    N_("個人情報保護法 (APPI) Art. 22, 35"),
    N_("個人情報保護法 (APPI) Art. 35"),
    N_("GDPR Art. 33(1)"),
    N_("GDPR Art. 33, 34"),
    N_("GDPR Art. 12(5)"),
    N_("GDPR Art. 17(1)(a)"),
    N_("GDPR Art. 17(1)(b)"),
    N_("GDPR Art. 17(1)(c)"),
    N_("GDPR Art. 17(1)(d)"),
    N_("GDPR Art. 17(1)(e)"),
    N_("GDPR Art. 17(1)(f)"),
    N_("GDPR Art. 17(3)(a)"),
    N_("GDPR Art. 17(3)(b)"),
    N_("GDPR Art. 17(3)(c)"),
    N_("GDPR Art. 17(3)(d)"),
    N_("GDPR Art. 17(3)(e)"),
)
"""Articles of laws that are cited otherwise in another language, and of those that speak English.

A German reads § and DSGVO, a Japanese 第6条, whoever wrote them down.
"""

UNKNOWN: tuple[str, ...] = (
    N_("A provincial rule of 2025 exists; its period was not found (F052)."),
    N_("After 30 days what has served its purpose must go; no number of days for that (F038)."),
    N_("Ends when consent is withdrawn; no number (F001)."),
    N_("Every breach must be documented; no period is stated (GDPR Art. 33(5), F064)."),
    N_("No ceiling with a number: UK GDPR Art. 5(1)(e) after the 12 months (F111)."),
    N_(
        "No longer than the purpose needs, without a number (GDPR Art. 5(1)(e), F054): the "
        "operator must set a period of the house."
    ),
    N_(
        "No longer than the purpose needs, without a number: the operator must set a period "
        "of the house."
    ),
    N_(
        "No national period was found in the text that was read (F031); provinces may set "
        "one (F032)."
    ),
    N_("No period for the register is in the fact that was read (F051)."),
    N_("No period was found."),
    N_("No statewide duty to keep a register was found (F121); cities have their own."),
    N_("None found in the local texts that were read (F053); others were not read in full."),
    N_("None in the text of 2011 that was read (F050)."),
    N_("Not researched."),
    N_("Not researched: the operator must set a period of the house."),
    N_(
        "The Schengen Convention Art. 45 makes hotels keep or send forms of foreign guests "
        "and sets no period (F067): see the country."
    ),
    N_(
        "The shortest time that the purpose needs, without a number (PIPL Art. 19, F002): "
        "the operator must set a period of the house."
    ),
    N_(
        "Usually a few days; beyond 72 hours the reasons must be good (EDPB Guidelines "
        "3/2019, F066, grade C)."
    ),
    N_(
        "When no longer required, without a number (PDPO s. 26, F152): the operator must "
        "set a period of the house."
    ),
    N_(
        "When the purpose is gone or the period over (個人資料保護法 Art. 11, F157): the "
        "operator must set a period of the house."
    ),
    N_(
        "Where automated erasure is impossible or a contractual period stands in the way: "
        "restriction instead (BDSG 35, F075). No number."
    ),
    N_(
        "Without delay once no longer needed (PIPA Art. 21, F131); a guideline says within "
        "five days (F134, grade C)."
    ),
    N_(
        "Without delay when no longer needed, an effort duty without a number (APPI Art. "
        "22, F128): the operator must set a period of the house."
    ),
)
"""What nobody found, or what has a limit without a number."""

NOTES: tuple[str, ...] = (
    N_(
        "Guests need not be told only where measures effectively avoid the harm, unless the "
        "authority wants it; that a risk is merely unlikely is not enough: classify it as likely. "
        "Art. 57 names no notice in public instead; 网络数据安全管理条例 Art. 11 (in force "
        "2025-01-01) has one among the ways, beside calls, messages and e-mail."
    ),
    N_(
        "For incidents of the level 较大 and above, to the provincial office; which those "
        "are was not read. An operator of critical infrastructure has one hour."
    ),
    N_(
        "Not where a risk is unlikely; what is later than 72 hours says why. Every breach "
        "is documented (Art. 33(5))."
    ),
    N_(
        "Each of them. A public communication by which they learn of it as well takes its place "
        "only where writing to each would be a disproportionate effort (Art. 34(3)(c))."
    ),
    N_("From memory: about three to five days; the shorter is shown."),
    N_("From memory: 30 days, and 60 where somebody meant harm."),
    N_("https://www.ppc.go.jp/ (official, not opened)"),
)
"""What somebody should know who relies on a duty to tell of an incident, and where it was read."""

NAMES: tuple[str, ...] = (
    N_("Alhambra"),
    N_("Austria"),
    N_("Beijing"),
    N_("California"),
    N_("China"),
    N_("Czechia"),
    N_("European Union"),
    N_("France"),
    N_("Germany"),
    N_("Guangdong"),
    N_("Hebei"),
    N_("Hong Kong"),
    N_("Hunan"),
    N_("Italy"),
    N_("Japan"),
    N_("Jiangxi"),
    N_("Korea"),
    N_("Los Angeles"),
    N_("Portugal"),
    N_("Shanghai"),
    N_("Spain"),
    N_("Taiwan"),
    N_("United Kingdom"),
    N_("Zhejiang"),
)
"""What packs are called."""


def cited(tongue: Language, text: str) -> str:
    """Return what a pack or a ground says, in the reader's words; as it stands if in no catalog.

    :param tongue: the reader's language.
    :param text: an article, a sentence or a name; may be empty.
    """
    return tongue.gettext(text)
