"""On which grounds a request may be refused: by law and article.

Pure data. Every article stands for facts whose text was read; what a law is not recorded to know
is no ground under it. Texts are short and plain; where they and the law differ, the law counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import InputError
from .lifecycle import Ground
from .reasons import DUTIES


@dataclass(frozen=True)
class Exemption:
    """A reason for which a law lets the hotel keep something, or lets it refuse.

    :param law: CN, EU, US-CA, JP or KR.
    :param ground: the ground of refusal that stands for it, or None when no hotel has it.
    :param article: where it stands.
    :param facts: identifiers of the facts it was made from.
    :param zh: in Chinese.
    :param en: in English.
    """

    law: str
    ground: Ground | None
    article: str
    facts: tuple[str, ...]
    zh: str
    en: str


EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption(
        "CN", Ground.LAW, "个人信息保护法 (PIPL) Art. 47(2)", ("F009",),
        "法律、行政法规规定的保存期限未届满，或者删除从技术上难以实现：除存储和必要的安全保护措施外，停止一切处理",
        "A period of keeping set by a law or an administrative regulation still runs, or erasing "
        "is technically hard: it is stored and protected, and used for nothing else.",
    ),
    Exemption(
        "CN", Ground.ARRANGED, "个人信息保护法 (PIPL) Art. 49", ("F010",),
        "死者生前另有安排",
        "The person who died had arranged otherwise while alive.",
    ),
    Exemption(
        "EU", None, "GDPR Art. 17(3)(a)", ("F061",),
        "为行使表达自由和信息自由所必要",
        "It is needed for freedom of expression and information.",
    ),
    Exemption(
        "EU", Ground.LAW, "GDPR Art. 17(3)(b)", ("F061",),
        "为履行欧盟或成员国法律规定的义务，或者执行公共任务所必要",
        "It is needed for a legal obligation under the law of the Union or a member state, or for "
        "a public task.",
    ),
    Exemption(
        "EU", None, "GDPR Art. 17(3)(c)", ("F061",),
        "为公共卫生领域的公共利益所必要",
        "It is needed for public health.",
    ),
    Exemption(
        "EU", None, "GDPR Art. 17(3)(d)", ("F061",),
        "为公共利益的存档、科学或历史研究、统计所必要",
        "It is needed for archives in the public interest, research or statistics.",
    ),
    Exemption(
        "EU", Ground.CLAIM, "GDPR Art. 17(3)(e)", ("F061",),
        "为提出、行使或者抗辩法律请求所必要",
        "It is needed to make, exercise or defend a legal claim.",
    ),
    Exemption(
        "EU", Ground.UNFOUNDED, "GDPR Art. 12(5)", ("F057",),
        "申请明显没有依据或者过度；由酒店承担举证责任",
        "The request is manifestly unfounded or excessive; the hotel must show that.",
    ),
    Exemption(
        "US-CA", Ground.LAW, "11 CCR 7022(f); Cal. Civ. Code 1798.105(d)", ("F119",),
        "须遵守法定义务：其余部分删除，保留部分只用于该义务",
        "A legal obligation must be complied with: the rest is erased, and what is kept is used "
        "for nothing else.",
    ),
    Exemption(
        "JP", Ground.LAW, "旅館業法 Art. 6; 旅館業法施行規則 Art. 4-2", ("F124",),
        "旅馆业法要求自制作之日起保存住客名册三年",
        "The Hotel Business Act makes the hotel keep its guest register for three years.",
    ),
    Exemption(
        "KR", Ground.LAW, "개인정보 보호법 (PIPA) Art. 21, 36", ("F131", "F132"),
        "其他法律要求保存或者明确列为收集对象：另行分开保存",
        "Another law makes the hotel keep it, or names it as data to be collected: it is stored "
        "apart.",
    ),
)  # fmt: skip
"""Every exemption, by law."""


ALWAYS: frozenset[Ground] = frozenset({Ground.IDENTITY, Ground.NOTHING, Ground.FOREIGN})
"""Grounds that are no exemption of any law: nobody is known, nothing is there, or it is another's.

Source: GDPR Article 12(6) for identity; the others say that there is nothing to decide.
"""

LAWS: frozenset[str] = frozenset({d.law for d in DUTIES} | {e.law for e in EXEMPTIONS})
"""The laws whose grounds are recorded here."""


def law_of(chain: Iterable[str]) -> str:
    """Return the law whose grounds count at a property; empty when none of them is recorded.

    :param chain: codes from the region over the country to the bloc, for example
        ``("CN-GD", "CN")`` or ``("DE", "EU")``.
    """
    return next((code for code in chain if code in LAWS), "")


def exemption(law: str, ground: Ground) -> Exemption | None:
    """Return the exemption of a law that a ground of refusal stands for, or None."""
    return next((e for e in EXEMPTIONS if e.law == law and e.ground is ground), None)


@dataclass(frozen=True)
class About:
    """What is known of a request whose refusal is weighed.

    :param held: whether rows of theirs are known, so that nobody may say that there are none.
    :param copy: whether it is a copy that is asked for.
    :param known: whether anybody is known who is meant, of whom the law could keep something.
    :param relative: whether a close relative of somebody who has died asks.
    :param shown: whether it is on record that they showed who they are, and nobody objects.
    """

    held: bool = False
    copy: bool = False
    known: bool = True
    relative: bool = False
    shown: bool = False


NOBODY_SAID = About()
"""A guest's own request for erasure of which nothing more is known."""


def grounds(law: str, about: About = NOBODY_SAID) -> tuple[Ground, ...]:
    """Return the grounds on which a request may be refused under a law.

    What the law keeps of rows that are known is a part, taken out of daily use, and the rest goes:
    an approval does that, a refusal does not. And whatever is kept may be copied.

    :param law: the law; where none is recorded (empty), every ground may be named without article.
    :param about: what is known of the request.

    Source: GDPR Article 17(3), "to the extent"; PIPL Articles 45, 47 and 49; 11 CCR 7022(f).
    """
    untrue = {Ground.NOTHING, Ground.LAW} if about.held else set()
    untrue |= set() if about.known else {Ground.LAW}
    untrue |= {Ground.LAW, Ground.CLAIM} if about.copy else set()
    untrue |= set() if about.relative else {Ground.ARRANGED}
    untrue |= {Ground.IDENTITY} if about.shown else set()
    true = (g for g in Ground if g not in untrue)
    return tuple(g for g in true if not law or g in ALWAYS or exemption(law, g) is not None)


def refusable(law: str, word: str, about: About = NOBODY_SAID) -> Ground:
    """Return a ground of refusal that the law at the property knows.

    :param law: the law, or empty.
    :param word: one of `Ground`.
    :param about: what is known of the request.
    :raises InputError: there is no such ground, that law does not know it, or it is not true.
    """
    allowed = grounds(law, about)
    if word in set(allowed):
        return Ground(word)
    use = f"Use {', '.join(allowed)}"
    if word == Ground.IDENTITY:
        raise InputError("It is on record that they showed who they are.", f"{use}.")
    if word == Ground.NOTHING:
        raise InputError("Rows of this person are held.", f"{use}, or leave what is not theirs.")
    if word == Ground.ARRANGED and not about.relative:
        raise InputError("Only somebody who has died can have arranged otherwise.", f"{use}.")
    if word == Ground.LAW and not (about.held or about.copy or about.known):
        raise InputError("Nobody is known of whom the law keeps anything.", f"{use}.")
    if word in grounds(law):
        raise InputError(
            "What must be kept is no ground to keep the rest, or to give no copy.",
            f"Approve it: what the law keeps stays, out of daily use. {use}.",
        )
    if word in {ground.value for ground in Ground}:
        raise InputError(
            f"The law at this property ({law}) is not recorded to know this ground.",
            f"{use}; what the law does keep stays when the request is approved.",
        )
    raise InputError("There is no such ground.", f"{use}.")
