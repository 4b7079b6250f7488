"""Why personal data must be erased, and what a reason that somebody names is to a law, by article.

Pure data. Every article stands for facts whose text was read. Texts are short and plain; where they
and the law differ, the law counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .errors import InputError


class Reason(StrEnum):
    """Why somebody asks, where they say so; a wish without a reason is enough to be looked at."""

    PURPOSE = "purpose-achieved"
    PERIOD = "period-expired"
    CONSENT = "consent-withdrawn"
    OBJECTION = "objection"
    UNLAWFUL = "unlawful"
    LAW = "law-requires"
    CHILD = "child"
    HARM = "harm"
    WISH = "wish"
    LEAKED = "leaked"
    PUBLIC = "public-interest"


@dataclass(frozen=True)
class Duty:
    """A reason for which a law makes the hotel erase.

    :param law: CN, EU, US-CA, JP or KR.
    :param reason: the reason in one word.
    :param article: where it stands.
    :param facts: identifiers of the facts it was made from.
    :param zh: in Chinese.
    :param en: in English.
    """

    law: str
    reason: Reason
    article: str
    facts: tuple[str, ...]
    zh: str
    en: str


DUTIES: tuple[Duty, ...] = (
    Duty(
        "CN", Reason.PURPOSE, "个人信息保护法 (PIPL) Art. 47(1)(1)", ("F008",),
        "处理目的已实现、无法实现或者为实现处理目的不再必要",
        "The purpose is achieved, cannot be achieved, or no longer needs the data.",
    ),
    Duty(
        "CN", Reason.PERIOD, "个人信息保护法 (PIPL) Art. 47(1)(2)", ("F008",),
        "停止提供产品或者服务，或者保存期限已届满",
        "The product or service is no longer provided, or the period of keeping has ended.",
    ),
    Duty(
        "CN", Reason.CONSENT, "个人信息保护法 (PIPL) Art. 47(1)(3)", ("F008", "F001"),
        "个人撤回同意",
        "The person has withdrawn consent.",
    ),
    Duty(
        "CN", Reason.UNLAWFUL, "个人信息保护法 (PIPL) Art. 47(1)(4)", ("F008", "F030"),
        "处理个人信息违反法律、行政法规或者约定",
        "The processing breaks a law, an administrative regulation or the agreement.",
    ),
    Duty(
        "CN", Reason.LAW, "个人信息保护法 (PIPL) Art. 47(1)(5)", ("F008", "F019"),
        "法律、行政法规规定的其他情形",
        "Another case that a law or an administrative regulation names.",
    ),
    Duty(
        "EU", Reason.PURPOSE, "GDPR Art. 17(1)(a)", ("F059",),
        "对于收集或处理的目的，个人信息已不再必要",
        "The data are no longer necessary for their purpose.",
    ),
    Duty(
        "EU", Reason.PERIOD, "GDPR Art. 17(1)(a)", ("F059",),
        "保存期限已过，对于收集或处理的目的，个人信息已不再必要",
        "Their period is over, so the data are no longer necessary for their purpose.",
    ),
    Duty(
        "EU", Reason.CONSENT, "GDPR Art. 17(1)(b)", ("F059",),
        "同意已撤回，且没有其他法律依据",
        "Consent was withdrawn and there is no other legal ground.",
    ),
    Duty(
        "EU", Reason.OBJECTION, "GDPR Art. 17(1)(c)", ("F059",),
        "本人反对处理，且没有更优先的理由；或者反对直接营销",
        "The person objects and nothing overrides it, or objects to direct marketing.",
    ),
    Duty(
        "EU", Reason.UNLAWFUL, "GDPR Art. 17(1)(d)", ("F059",),
        "个人信息被违法处理",
        "The data were processed unlawfully.",
    ),
    Duty(
        "EU", Reason.LAW, "GDPR Art. 17(1)(e)", ("F059",),
        "为履行法定义务必须删除",
        "A legal obligation requires the erasure.",
    ),
    Duty(
        "EU", Reason.CHILD, "GDPR Art. 17(1)(f)", ("F059",),
        "个人信息是在向儿童提供信息社会服务时收集的",
        "The data were collected for an online service offered to a child.",
    ),
    Duty(
        "US-CA", Reason.WISH, "Cal. Civ. Code 1798.105; 11 CCR 7022(b)", ("F117", "F119"),
        "消费者要求删除即可，无需说明理由",
        "The consumer's request is enough; no reason is needed.",
    ),
    Duty(
        "JP", Reason.PURPOSE, "個人情報保護法 (APPI) Art. 22, 35", ("F128",),
        "已不再需要使用该信息",
        "The data are no longer needed.",
    ),
    Duty(
        "JP", Reason.UNLAWFUL, "個人情報保護法 (APPI) Art. 35", ("F128",),
        "超出目的使用，或者以不正当方式取得、使用",
        "The data were used beyond their purpose, or improperly.",
    ),
    Duty(
        "JP", Reason.LEAKED, "個人情報保護法 (APPI) Art. 35", ("F128",),
        "发生泄露等事件",
        "The data were leaked.",
    ),
    Duty(
        "JP", Reason.HARM, "個人情報保護法 (APPI) Art. 35", ("F128",),
        "可能损害本人的权利或者正当利益",
        "The person's rights or legitimate interests are likely to be harmed.",
    ),
    Duty(
        "KR", Reason.PERIOD, "개인정보 보호법 (PIPA) Art. 21", ("F131",),
        "保存期限已过",
        "The period of keeping has ended.",
    ),
    Duty(
        "KR", Reason.PURPOSE, "개인정보 보호법 (PIPA) Art. 21", ("F131",),
        "处理目的已实现，不再需要",
        "The purpose is achieved and the data are no longer needed.",
    ),
    Duty(
        "KR", Reason.WISH, "개인정보 보호법 (PIPA) Art. 36", ("F132",),
        "查阅过本人信息的人要求删除",
        "A person who had access to their data asks for it.",
    ),
)  # fmt: skip
"""Every duty to erase, by law."""


def duty(law: str, reason: Reason) -> Duty | None:
    """Return the duty to erase that a law has for a reason, or None when it has none."""
    return next((d for d in DUTIES if d.law == law and d.reason is reason), None)


class Fate(StrEnum):
    """What becomes of a reason that somebody names."""

    DUTY = "duty"
    INCIDENT = "incident"
    NONE = "none"


@dataclass(frozen=True)
class Mapped:
    """A reason as the law sees it.

    :param fate: a duty to erase, an incident to be dealt with, or nothing of the kind.
    :param article: where it stands, or where what is meant stands.
    :param zh: explanation in Chinese.
    :param en: explanation in English.
    """

    fate: Fate
    article: str
    zh: str
    en: str


LEAK_ARTICLES = {"CN": "个人信息保护法 (PIPL) Art. 57", "EU": "GDPR Art. 33, 34"}
"""Where the duties after a leak stand; facts F014 and F063."""

_LEAK_ZH = (
    "发生泄露、篡改、丢失时，应立即采取补救措施并履行通知义务；这是安全事件，本身不是删除的理由"
)
_LEAK_EN = (
    "After a leak, tampering or loss the hotel must act at once and notify; that is an incident, "
    "and by itself no ground of erasure."
)
_PUBLIC_ZH = "“处理者认为删除符合公共利益”不是法律规定的删除情形"
_PUBLIC_EN = (
    "No law recorded here makes erasure depend on whether the hotel thinks that it serves the "
    "public interest."
)
_NEVER_ZH = "当地法律未见此项删除情形"
_NEVER_EN = "The law at this place is not recorded to know this reason."


def mapped(law: str, word: str) -> Mapped:
    """Return what a law makes of a reason.

    :param law: the law at the property, or empty when none is recorded.
    :param word: one of `Reason`.
    :raises InputError: there is no such reason.
    """
    if word not in {reason.value for reason in Reason}:
        raise InputError(
            "There is no such reason.", f"Use {', '.join(reason.value for reason in Reason)}."
        )
    reason = Reason(word)
    found = duty(law, reason)
    if found is not None:
        return Mapped(Fate.DUTY, found.article, found.zh, found.en)
    if reason is Reason.LEAKED:
        return Mapped(Fate.INCIDENT, LEAK_ARTICLES.get(law, ""), _LEAK_ZH, _LEAK_EN)
    if reason is Reason.PUBLIC:
        return Mapped(Fate.NONE, "", _PUBLIC_ZH, _PUBLIC_EN)
    if reason is Reason.WISH or not law:
        return Mapped(Fate.DUTY, "", "本人要求删除", "The person asks for it.")
    return Mapped(Fate.NONE, "", _NEVER_ZH, _NEVER_EN)


POPULAR: dict[str, Reason] = {
    "purpose-achieved": Reason.PURPOSE,
    "period-expired": Reason.PERIOD,
    "leaked": Reason.LEAKED,
    "public-interest": Reason.PUBLIC,
}
"""The four conditions that popular articles ascribe to Article 47 of the PIPL."""


def popular(word: str) -> Mapped:
    """Return what the PIPL makes of one of the four conditions of popular articles.

    :param word: a key of `POPULAR`.
    :raises InputError: it is none of the four.
    """
    if word not in POPULAR:
        raise InputError("This is none of the four.", f"Use {', '.join(POPULAR)}.")
    return mapped("CN", POPULAR[word].value)


def recordable(law: str, word: str) -> str:
    """Return a reason that may be recorded with a request; empty when none was given.

    :param law: the law at the property, or empty.
    :param word: one of `Reason`, or empty.
    :raises InputError: there is no such reason, or it is no ground: the explanation says why.
    """
    if not word:
        return ""
    found = mapped(law, word)
    if found.fate is Fate.NONE:
        raise InputError(
            found.en, "Record the request without a reason; the wish is enough to look at it."
        )
    return word
