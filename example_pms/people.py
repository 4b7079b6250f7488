"""Invented people: names, telephone numbers, mailboxes and papers that belong to nobody.

Mailboxes end in `.example` or `.invalid`. German, British and French numbers come from the blocks
their regulators keep for films; China keeps no such block, so Chinese numbers start with 120,
which is assigned to no mobile network. Chinese identity numbers carry the region 990000, which
does not exist.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

HAN_FAMILY = (
    ("李", "li"), ("王", "wang"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"),
    ("赵", "zhao"), ("黄", "huang"), ("周", "zhou"), ("吴", "wu"), ("徐", "xu"), ("孙", "sun"),
    ("欧阳", "ouyang"), ("吕", "lv"), ("曾", "zeng"), ("单", "shan"), ("司马", "sima"),
)  # fmt: skip
HAN_GIVEN = (
    ("伟", "wei"), ("芳", "fang"), ("娜", "na"), ("秀英", "xiuying"), ("敏", "min"),
    ("静", "jing"), ("强", "qiang"), ("磊", "lei"), ("洋", "yang"), ("艳", "yan"),
    ("勇", "yong"), ("杰", "jie"), ("思远", "siyuan"), ("雨桐", "yutong"), ("子涵", "zihan"),
    ("𠮷", "ji"), ("国栋", "guodong"), ("梓萱", "zixuan"), ("浩然", "haoran"), ("诗涵", "shihan"),
)  # fmt: skip
LATIN = {
    "DE": (
        ("Jürgen", "Anna", "Lukas", "Sophie", "Björn", "Käthe", "Felix", "Mareike", "Jörg"),
        ("Müller", "Schäfer", "Groß", "von der Heide", "Köhler", "Weiß", "Schulze", "Kästner"),
    ),
    "FR": (
        ("Zoé", "François", "Hélène", "Noël", "Chloé", "André"),
        ("Lefèvre", "Bérénger", "D'Aubigné", "Garçon", "Le Goff"),
    ),
    "GB": (
        ("Oliver", "Amelia", "Siân", "George", "Isla", "Hamish"),
        ("O'Neill", "Smith-Jones", "Ashworth", "MacLeod", "Pryce"),
    ),
    "PL": (
        ("Łukasz", "Małgorzata", "Żaneta", "Paweł", "Święto"),
        ("Wójcik", "Kowalska", "Dąbrowski", "Szczęsny"),
    ),
    "TR": (("Ömer", "Ayşe", "İpek", "Çağlar"), ("Yıldız", "Öztürk", "Şahin", "Güneş")),
}
STREETS = {
    "CN": "上海市虚构区椴树路{n}号",
    "DE": "Fiktivstraße {n}, 04000 Lindenstadt",
    "FR": "{n} rue de l'Invention, 00000 Nullepart",
    "GB": "{n} Nowhere Lane, Inventon",
    "PL": "ul. Zmyślona {n}, 00-000 Nigdzie",
    "TR": "Hayali Sokak {n}, Yokşehir",
}
DOMAINS = ("mail.example", "post.example", "firma.example", "letters.invalid")
FILM_BLOCKS = {
    "DE": (("30", "23125{:03d}"), ("69", "90009{:03d}"), ("40", "66969{:03d}")),
    "GB": (("7700", "900{:03d}"),),
    "FR": (("639", "98{:04d}"),),
}
CALLING = {"CN": "86", "DE": "49", "GB": "44", "FR": "33"}


@dataclass(frozen=True)
class Person:
    """An invented human being, before any hotel has written them down.

    :param latin: the name in ASCII letters, family name last, for mailboxes.
    """

    name: str
    given: str
    family: str
    latin: str
    nationality: str
    birth_date: date
    document_type: str
    document_no: str
    address: str


@dataclass(frozen=True)
class Phone:
    """A telephone number before anybody has spelled it: country calling code, area, rest."""

    calling: str
    area: str
    rest: str

    def spell(self, way: int) -> str:
        """Spell the number in one of the ways that clerks and guests write it.

        :param way: any number; ways repeat.
        """
        trunk = "" if self.calling == "86" else "0"
        ways = (
            f"+{self.calling} {self.area} {self.rest}",
            f"{trunk}{self.area}{self.rest}",
            f"00{self.calling}{self.area}{self.rest}",
            f"{trunk}{self.area}-{self.rest[:4]}-{self.rest[4:]}".rstrip("-"),
            f"(+{self.calling}) {trunk}{self.area}/{self.rest}",
        )
        return ways[way % len(ways)]


def folded(text: str) -> str:
    """Return `text` in lower-case ASCII letters, accents dropped, other signs left out."""
    text = text.replace("ß", "ss").replace("ł", "l").replace("Ł", "L").replace("ı", "i")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(sign for sign in plain.lower() if sign.isalpha())


def draw_person(draw: Random, nationality: str, today: date, family: str = "") -> Person:
    """Invent an adult.

    :param nationality: ISO country code; "CN" gives a name in hanzi.
    :param today: the day on which the person is between 19 and 80 years old.
    :param family: take this family name instead of a drawn one.
    """
    born = today - timedelta(days=draw.randrange(19 * 366, 80 * 365))
    if nationality == "CN":
        pool = dict(HAN_FAMILY)
        family = family if family in pool else draw.choice(HAN_FAMILY)[0]
        given, sound = draw.choice(HAN_GIVEN)
        name, latin = family + given, f"{sound}.{pool[family]}"
    else:
        given, drawn = (draw.choice(pool) for pool in LATIN[nationality])
        family = family or drawn
        name, latin = f"{given} {family}", f"{folded(given)}.{folded(family)}"
    kind, number = draw_document(draw, nationality, born)
    address = STREETS[nationality].format(n=draw.randrange(1, 200))
    return Person(name, given, family, latin, nationality, born, kind, number, address)


def draw_child(draw: Random, parent: Person, today: date) -> Person:
    """Invent a child that bears the family name of `parent`."""
    grown = draw_person(draw, parent.nationality, today, parent.family)
    born = today - timedelta(days=draw.randrange(700, 15 * 365))
    kind, number = draw_document(draw, parent.nationality, born)
    return Person(
        grown.name, grown.given, grown.family, grown.latin, grown.nationality, born,
        kind, number, parent.address,
    )  # fmt: skip


def draw_document(draw: Random, nationality: str, born: date) -> tuple[str, str]:
    """Invent the kind and the number of an identity document."""
    if nationality == "CN" and draw.random() < 0.85:
        tail = f"{draw.randrange(200, 1000)}{draw.choice('0123456789X')}"
        return "id_card", f"990000{born:%Y%m%d}{tail}"
    if nationality == "DE" and draw.random() < 0.7:
        return "id_card", f"L0X{draw.randrange(100, 1_000_000):06d}"
    return "passport", f"{nationality}X{draw.randrange(100, 10_000_000):07d}"


def draw_phone(draw: Random, nationality: str) -> Phone:
    """Invent a telephone number that rings nowhere; the guests of `KNOWN` own those below 100."""
    if nationality == "CN":
        return Phone("86", "120", f"{draw.randrange(100_000, 100_000_000):08d}")
    country = nationality if nationality in FILM_BLOCKS else "DE"
    area, pattern = draw.choice(FILM_BLOCKS[country])
    return Phone(CALLING[country], area, pattern.format(draw.randrange(100, 1000)))


def draw_mailbox(draw: Random, person: Person, serial: int) -> str:
    """Invent a mailbox; `serial` keeps it apart from everybody else's."""
    return f"{person.latin}{serial}@{draw.choice(DOMAINS)}"
