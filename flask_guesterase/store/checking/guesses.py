"""What names of tables and columns tell of what they hold, as far as it can be guessed."""

from __future__ import annotations

import re

from sqlalchemy import Column, Table

from ...core.identity import Kind, kind_of
from ..statements.sql import holds_text, python_type, text_length

PEOPLE = re.compile(
    r"guest(?!_?house)|customer|client|person|people|profile|contact|member|(?<![a-z])part(y|ies)(?![a-z])|"
    r"客(?!房)|宾(?!馆)|会员",
    re.I,
)
EMPLOYED = re.compile(
    r"staff|employee|(?<!tour)(?<!tour_)operator|clerk|(?<!b)admin(istrator)?|员工", re.I
)
# German houses (haeuser, häuser) are no users.
STAFF = re.compile(f"(?<!hae)(?<!hä)user|{EMPLOYED.pattern}", re.I)
DUTY = re.compile(
    r"role|permission|department|position|salary|hired|is_?(admin|staff|superuser)|角色|权限|部门",
    re.I,
)
"""In the name of a column: people who work here have it; guests who log in have not."""

WHO = re.compile(
    rf"({STAFF.pattern})s?(_?(account|login|profile|member|person|people|role|permission|department|"
    r"position|list|master|info|detail|tbl|table|表|信息|资料|档案|名单)s?)*_?\d*$",
    re.I,
)
"""The end of a table's name whose rows are people or their roles, not what they wrote or got."""

GUESTS = re.compile(
    r"(guest|customer)(?!_?(house|relation|service|care))|(?<![a-z])client(?!_?(id|secret|ip))|"
    r"客(?![房服])|宾(?!馆)",
    re.I,
)
"""In the name of a personal column: it is about a guest, whatever the table is called."""

PART = "payer|payee|booker|lead|main|primary|holder|sender|recipient|parent|companion|sharer"
"""Before the name of a guest's key: still a guest of the same table."""

STAYING = re.compile(
    f"{GUESTS.pattern}|passport|nationality|birth|born|(?<![a-z])dob|loyalty|国籍|护照|生日", re.I
)
"""In the name of a column of users: people who log in and stay have it."""

SECRET = re.compile(r"passw|pwd|secret|hash|salt|totp|token|(?<![a-z])pin(?![a-z])|密码", re.I)
"""In the name of a column: what no copy of somebody's data shows."""

FIRM = re.compile(
    r"compan(y|ies)|(?<![a-z])firms?(?![a-z])|agenc(y|ies)|corporat|organi[sz]ation|supplier|vendor|tour_?operator|"
    r"公司|旅行社|单位",
    re.I,
)
"""In the name of a table: one person of a firm goes, and its name stays for the others."""

PERSONAL = re.compile(
    r"name|mail|phone|(?<![hm]o)tel|mobile|fax|address|(?<![a-z])addr(?![a-z])|street|"
    r"(?<!pa)city|zip|postal|birth|born|dob|nationality|passport|document|licen[cs]e|(?<!tem)plate|card|iban|account|signature|"
    r"photo|gender|ip_?addr|holder|recipient|bill(ed|ing)_?to|payer|payee|attn|contact|companion|"
    r"external_?(id|ref)|(?<![a-z])(ota|channel|crs|gds)_?(id|ref(erence)?|no|num(ber)?)(?![a-z])|"
    r"(?<![a-z])(pnr|locator)(?![a-z])|"
    r"sender|receiver|addressee|signed_by|spouse|next_of_kin|salutation|"
    r"religio|ethnic|occupation|employer|allerg|health|disab|identity|wechat|whatsapp|user_?agent|remote_addr|vehicle|"
    r"(?<![a-z])(sex|diet|visa|ssn|ip|car_?reg|(tax|vat|id)_?(id|no|num(ber)?|card(_?no)?))(?![a-z])|"
    r"\b(given|family|first|middle|last|maiden)\b|"
    r"passw(or)?d|login|finger_?print|biometr|(?<![a-z])face_|marital|blood_?(group|type)|avatar|"
    r"initials|father|mother|(member(ship)?|loyalty|frequent\w*)_?(id|no|num(ber)?)(?![a-z])|"
    r"(?<![a-z])(mrz|cvv2?|cvc2?|pan|vin|last_?(4|four))(?![a-z])|"
    r"姓|名|邮|电话|手机|地址|住址|证|生日|出生|国籍|性别|民族|车牌|微信|银行卡|传真|联系",
    re.I,
)
CARRIES = re.compile(
    r"document|passport|licen[cs]e|(?<![a-z])visas?(?![a-z])|(?<![a-z])id_?cards?(?![a-z])|identit|"
    r"contact|phone|e?mail|address|vehicle|loyalty|membership|证件|护照|联系|车辆|会员",
    re.I,
)
"""In the name of a table: what it holds one of is somebody's own."""

BARE = re.compile(r"(number|num|nr|no|value|content)|号码|编号|内容", re.I)
"""Name of a column that says what it holds by the name of its table alone."""

PROSE = re.compile(
    r"note|comment|remark|wish|request|text|body|message|subject|description|reason|"
    r"preference|old_value|new_value|detail|payload|transcript|备注|要求|留言|内容|评价|"
    r"(?<![a-z])(content|memo|review|feedback|answer)(?![a-z_])",
    re.I,
)
LOG = re.compile(
    r"log|shift|hand_?over|incident|house_?keep|task|work_?order|maintenance|complaint|chat|"
    r"日志|交接|维修|客房|投诉",
    re.I,
)
"""In the name of a table: what staff write there is about the house, and names guests in passing.

What is written about a guest alone goes as a whole: an allergy is theirs without a name.
"""

VOUCHER = re.compile(
    r"invoice|bill|folio|receipt|voucher|payment|regist(er|ration)|发票|账单|登记|收据", re.I
)
"""In the name of a table: a law may want such records kept for a time, under whatever name."""

SENTENCE = 80
"""Characters from which a column takes more than a name or a word."""


FILE = re.compile(r"file|path|scan|image|attachment|url", re.I)
ON_DISK = re.compile(r"(?<!pro)file|path|scan|image|photo|attachment", re.I)
"""In the name of a column of text: it may name a file, which an overwritten name leaves behind."""


ABOUT = re.compile(r"type|kind|country|issue|expir|valid|file|path|scan|image|类型|有效", re.I)
"""In the name of a column with "document" in it: it tells about the document, not its number."""

PROPERTY = re.compile(r"propert|hotel|branch|tenant|酒店|门店", re.I)


def is_spoken(column: Column[object]) -> bool:
    """Return whether the name of a column says that it tells of somebody."""
    spoken = any(p.search(column.name) for p in (PERSONAL, PROSE, FILE))
    of = column.table.name
    own = CARRIES.search(of) and not VOUCHER.search(of) and BARE.fullmatch(column.name)
    return spoken or bool(own) or kind_of(column.name) in (Kind.EMAIL, Kind.PHONE, Kind.DOCUMENT)


def is_prose(column: Column[object]) -> bool:
    """Return whether people write sentences in a column."""
    length = text_length(column.type)
    long = length is None or length >= SENTENCE
    return long and holds_text(column.type) and bool(PROSE.search(column.name))


def is_who(table: Table) -> bool:
    """Return whether rows are who works here (guest_relations_staff), by the name's end."""
    found = WHO.search(table.name)
    return bool(found and (EMPLOYED.search(found[0]) or not GUESTS.search(table.name)))


def names_key(column: Column[object], table: Table) -> dict[str, str]:
    """Return the key after which a column is called (guest_id, payer_guest_id), or nothing.

    Of a key of several columns it is called after one, and the others stand beside it: called so
    too (guest_house), or like the key's own where that is more than a number of the row.
    Another word before it makes it another table's (booking_guest_id) or another system's
    (ota_guest_id), as values of another type mostly are: by these another guest's rows would go.

    :return: column -> column of the key, in the order of the key.
    """
    keys = [] if column.foreign_keys else list(table.primary_key.columns)
    for key in (each for each in keys if _is_called(column, each, table)):
        pairs = [(column if each is key else _beside(column, key, each), each) for each in keys]
        found = {
            one.name: each.name for one, each in pairs
            if one is not None and python_type(one.type) == python_type(each.type)
        }  # fmt: skip
        if len(found) == len(keys):
            return found
    return {}


def _beside(
    column: Column[object], key: Column[object], other: Column[object]
) -> Column[object] | None:
    """Return the column that stands for another of a key, beside one that is called after one."""
    there = {each.name.lower(): each for each in column.table.c}
    word = column.name.lower().removesuffix(key.name.lower())
    plain = None if _OWN.fullmatch(other.name) else there.get(other.name.lower())
    return there.get(word + other.name.lower(), plain) if word else plain


_OWN = re.compile(f"id|{BARE.pattern}", re.I)
"""Name of a column that any table calls a number of its own rows."""


def _is_called(column: Column[object], of: Column[object], table: Table) -> bool:
    """Return whether a column is called after one of a table's key."""
    own, key = table.name.lower(), re.escape(_parted(of.name))
    ones = (own, own.removesuffix("s"), re.sub("ies$", "y", own), re.sub("people$", "person", own))
    one = f"({'|'.join(map(re.escape, ones))})"
    said = key if re.search(one, key, re.I) else f"({one}_?{key}|{key}_?{one})"
    return bool(re.fullmatch(f"(({PART})_)?{said}", _parted(column.name), re.I))


def looks_like_people(table: Table) -> bool:
    """Return whether rows look like people who stay: by name, and two ways to know them."""
    kinds = {kind_of(c.name) for c in table.c if not c.foreign_keys}
    contacts = len(kinds & {Kind.EMAIL, Kind.PHONE}) + (Kind.NAME in kinds)
    return contacts >= 2 and bool(PEOPLE.search(table.name)) and not STAFF.search(table.name)


def copies(table: Table, original: Table) -> bool:
    """Return whether rows of a table look like copies of another one's, under keys of their own."""
    own, theirs = ({c.name for c in t.primary_key.columns} for t in (table, original))
    said, shared = {c.name for c in original.c} - theirs, {c.name for c in table.c}
    if not theirs or own == theirs or not theirs <= shared:
        return False
    return len(said & shared) >= max(2, len(said) / 2)


def _parted(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
