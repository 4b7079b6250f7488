"""What stands before any guest comes: the two hotels, who works there, and guests to know by name.

All of it is invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

ANCHOR = date(2026, 11, 23)
"""The business date of the demo unless another day is asked for."""


@dataclass(frozen=True)
class Hotel:
    """One property as the seeder knows it.

    :param offset: hours ahead of UTC; the demo's past has no summer time.
    :param mix: nationalities to draw guests from.
    """

    code: str
    name: str
    controller: str
    country: str
    zone: str
    currency: str
    contact_email: str
    address: str
    offset: int
    rates: tuple[int, ...]
    vat: int
    mix: str


SHANGHAI = Hotel(
    code="SHA",
    name="Linden Hotel Shanghai 椴树酒店",
    controller="Linden Hotels (Shanghai) Ltd. 椴树酒店（上海）有限公司",
    country="CN",
    zone="Asia/Shanghai",
    currency="CNY",
    contact_email="privacy@sha.linden.example",
    address="上海市虚构区椴树路1号",
    offset=8,
    rates=(480, 680, 1280),
    vat=6,
    mix="CN CN CN CN CN CN DE FR GB TR",
)
LEIPZIG = Hotel(
    code="LEJ",
    name="Linden Hotel Leipzig",
    controller="Linden Hotels GmbH",
    country="DE",
    zone="Europe/Berlin",
    currency="EUR",
    contact_email="datenschutz@lej.linden.example",
    address="Fiktivstraße 1, 04000 Lindenstadt",
    offset=1,
    rates=(89, 129, 210),
    vat=7,
    mix="DE DE DE DE DE FR GB PL TR CN",
)
HOTELS = (SHANGHAI, LEIPZIG)

STAFF = (
    ("sha.desk", "周雨桐", "reception", "SHA"),
    ("sha.desk2", "吴洋", "reception", "SHA"),
    ("sha.officer", "孙静", "officer", "SHA"),
    ("sha.officer2", "徐国栋", "officer", "SHA"),
    ("sha.auditor", "黄敏", "auditor", "SHA"),
    ("lej.desk", "Mareike Köhler", "reception", "LEJ"),
    ("lej.desk2", "Paweł Wójcik", "reception", "LEJ"),
    ("lej.officer", "Käthe Groß", "officer", "LEJ"),
    ("lej.officer2", "Jörg Kästner", "officer", "LEJ"),
    ("lej.auditor", "Hélène Le Goff", "auditor", "LEJ"),
    ("sha.front", "前台", "reception", "SHA"),
    ("lej.front", "Empfang", "reception", "LEJ"),
)
"""Login, name, role, property."""


def demo_password(login: str) -> str:
    """Return the password everybody may know: these logins guard invented people only."""
    return f"{login}-demo"


@dataclass(frozen=True)
class Known:
    """A guest the documentation and the tests may name; row ids follow the order of `KNOWN`.

    :param stay: status, days from the business date to arrival, nights; or None when this guest
        has no booking of their own.
    :param under: key of the known guest under whose booking this one stays.
    :param booked_by: key of the known guest who booked without staying.
    """

    key: str
    property: str
    name: str
    given: str
    family: str
    nationality: str
    born: date
    document_type: str
    document_no: str
    email: str
    phone: str
    stay: tuple[str, int, int] | None = None
    under: str = ""
    booked_by: str = ""
    more: dict[str, Any] = field(default_factory=dict)


KNOWN = (
    # The main example in China: departed months ago, with invoice, companion, scan and loyalty.
    Known("li.wei", "SHA", "李伟", "伟", "李", "CN", date(1984, 3, 12), "id_card",
          "99000019840312001X", "li.wei@mail.example", "+86 120 0000 0001",
          stay=("departed", -201, 3), more={"loyalty": True, "scan": True, "newsletter": True}),
    # His companion: no mailbox, no telephone, stays under his booking.
    Known("wang.fang", "SHA", "王芳", "芳", "王", "CN", date(1986, 7, 1), "id_card",
          "990000198607010028", "", "", under="li.wei"),
    # The main example in Germany.
    Known("mueller", "LEJ", "Jürgen Müller", "Jürgen", "Müller", "DE", date(1971, 10, 3),
          "id_card", "L0X000003", "juergen.mueller@mail.example", "+49 30 23125001",
          stay=("departed", -96, 2), more={"scan": True, "newsletter": True, "vip": True}),
    # A couple with one mailbox and one telephone.
    Known("chen.jing", "SHA", "陈静", "静", "陈", "CN", date(1990, 5, 20), "id_card",
          "990000199005200047", "chen-zhang@mail.example", "+86 120 0000 0004",
          stay=("departed", -63, 2)),
    Known("zhang.qiang", "SHA", "张强", "强", "张", "CN", date(1988, 12, 9), "id_card",
          "990000198812090051", "chen-zhang@mail.example", "12000000004", under="chen.jing"),
    # One person in two guest rows, mailbox and telephone spelled differently.
    Known("zoe", "LEJ", "Zoë Lindqvist", "Zoë", "Lindqvist", "SE", date(1979, 1, 30),
          "passport", "SEX0000006", "zoe.lindqvist@mail.example", "+49 30 23125006",
          stay=("departed", -410, 4), more={"loyalty": True}),
    Known("zoe.again", "LEJ", "Zoe Lindqvist", "Zoe", "Lindqvist", "SE", date(1979, 1, 30),
          "passport", "SEX0000006", "Zoe.Lindqvist@MAIL.example", "030/23125006",
          stay=("departed", -44, 1)),
    # She books for others and never stays; he is the one who slept here.
    Known("clara", "LEJ", "Clara Brandt", "Clara", "Brandt", "DE", date(1992, 2, 2), "", "",
          "c.brandt@reisen.example", "+49 30 23125008"),
    Known("omer", "LEJ", "Ömer Yıldız", "Ömer", "Yıldız", "TR", date(1969, 8, 17), "passport",
          "TRX0000009", "", "", stay=("departed", -30, 5), booked_by="clara"),
    # In the house, due today, expected, cancelled, never came.
    Known("zhao.min", "SHA", "赵敏", "敏", "赵", "CN", date(1995, 11, 11), "id_card",
          "990000199511110106", "zhao.min@mail.example", "+86 120 0000 0010",
          stay=("in_house", -1, 3)),
    Known("anna", "LEJ", "Anna Weiß", "Anna", "Weiß", "DE", date(1983, 4, 4), "id_card",
          "L0X000011", "anna.weiss@mail.example", "+49 30 23125011", stay=("booked", 0, 2)),
    Known("sun.lei", "SHA", "孙磊", "磊", "孙", "CN", date(1977, 9, 9), "id_card",
          "99000019770909012X", "sun.lei@mail.example", "+86 120 0000 0012",
          stay=("booked", 0, 1)),
    Known("paul", "LEJ", "Paweł Dąbrowski", "Paweł", "Dąbrowski", "PL", date(1990, 6, 6),
          "passport", "PLX0000013", "pawel.d@post.example", "+49 30 23125013",
          stay=("cancelled", -20, 2)),
    Known("amelia", "LEJ", "Amelia O'Neill", "Amelia", "O'Neill", "GB", date(1998, 3, 3),
          "passport", "GBX0000014", "amelia@letters.invalid", "+44 7700 900014",
          stay=("no_show", -12, 3)),
    # The organiser of a group: her name is in the title of the master, she did not stay.
    Known("claire", "LEJ", "Claire Lefèvre", "Claire", "Lefèvre", "FR", date(1985, 5, 5),
          "passport", "FRX0000015", "claire.lefevre@mail.example", "+33 639 980015"),
)  # fmt: skip

ALIAS = "partner-bookings@guest.otabroker.example"
"""One mailbox of a booking site that a quarter of all guest rows carry."""
