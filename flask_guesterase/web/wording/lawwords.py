"""What laws say to guests and officers, in the languages their signed texts do not speak.

A pack is signed as one text, so another language in it would be another text to sign. The words
stand here a second time, as messages of the catalogs: a pack speaks for itself where it can, and
where it cannot its English is looked up. A text that a house wrote itself is in no catalog; of it
a guest reads nothing rather than a language they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...store.casework import answering
from ...store.settings import Property
from ..current import current
from .language import FALLBACK, N_, Language

COMPLAINTS: tuple[str, ...] = (
    N_(
        "If the hotel refuses, it says why, and you can sue in the people's court (PIPL Art. 50). "
        "You can also complain to the data-protection authority."
    ),
    N_("You can complain to the Spanish data-protection authority (AEPD) and go to court."),
    N_(
        "You can complain to the data-protection authority of the country you live in, or of the "
        "country of the hotel, and you can go to court (GDPR Art. 12(4))."
    ),
    N_("You can complain to the data-protection authority."),
    N_(
        "You can complain to the hotel, which confirms it within 30 days, and to the "
        "data-protection authority, and you can go to court (UK GDPR Art. 12(4))."
    ),
)
"""How and where a guest complains, as the packs say it."""

REPORTED: tuple[str, ...] = (
    N_(
        "What was registered at check-in and reported to the public-security authorities lies "
        "with them; the hotel cannot recall it."
    ),
    N_(
        "What was reported to the authorities about a foreign guest lies with them; the hotel "
        "cannot recall it."
    ),
    N_(
        "What was reported to the authorities about your booking and stay within 24 hours lies "
        "with them; the hotel cannot recall it."
    ),
    N_(
        "A police form that was handed to the police or the gendarmerie lies with them; the hotel "
        "cannot recall it."
    ),
    N_("What was sent to the Questura about your stay lies with it; the hotel cannot recall it."),
    N_(
        "What was reported to the authorities about your arrival and departure lies with them; "
        "the hotel cannot recall it."
    ),
)
"""What authorities hold and no hotel can call back, as the packs say it."""

REASONS: tuple[str, ...] = (
    N_(
        "A period of keeping set by a law or an administrative regulation still runs, or erasing "
        "is technically hard: it is stored and protected, and used for nothing else."
    ),
    N_("The person who died had arranged otherwise while alive."),
    N_(
        "It is needed for a legal obligation under the law of the Union or a member state, or for "
        "a public task."
    ),
    N_("It is needed to make, exercise or defend a legal claim."),
    N_("The request is manifestly unfounded or excessive; the hotel must show that."),
    N_(
        "A legal obligation must be complied with: the rest is erased, and what is kept is used "
        "for nothing else."
    ),
    N_("The Hotel Business Act makes the hotel keep its guest register for three years."),
    N_(
        "Another law makes the hotel keep it, or names it as data to be collected: it is stored "
        "apart."
    ),
    N_("The purpose is achieved, cannot be achieved, or no longer needs the data."),
    N_("The product or service is no longer provided, or the period of keeping has ended."),
    N_("The person has withdrawn consent."),
    N_("The processing breaks a law, an administrative regulation or the agreement."),
    N_("Another case that a law or an administrative regulation names."),
    N_("The data are no longer necessary for their purpose."),
    N_("Their period is over, so the data are no longer necessary for their purpose."),
    N_("Consent was withdrawn and there is no other legal ground."),
    N_("The person objects and nothing overrides it, or objects to direct marketing."),
    N_("The data were processed unlawfully."),
    N_("A legal obligation requires the erasure."),
    N_("The data were collected for an online service offered to a child."),
    N_("The consumer's request is enough; no reason is needed."),
    N_("The data are no longer needed."),
    N_("The data were used beyond their purpose, or improperly."),
    N_("The data were leaked."),
    N_("The person's rights or legitimate interests are likely to be harmed."),
    N_("The period of keeping has ended."),
    N_("The purpose is achieved and the data are no longer needed."),
    N_("A person who had access to their data asks for it."),
    N_(
        "After a leak, tampering or loss the hotel must act at once and notify; that is an "
        "incident, and by itself no ground of erasure."
    ),
    N_(
        "No law recorded here makes erasure depend on whether the hotel thinks that it serves the "
        "public interest."
    ),
    N_("The law at this place is not recorded to know this reason."),
    N_("The person asks for it."),
)
"""What laws say of a ground of refusal, and of a reason to ask (`core.grounds`, `core.reasons`)."""


def complaint(tongue: Language, hotel: Property) -> str:
    """Return how and where a guest complains by the law at a hotel, or an empty string.

    :param tongue: the reader's language.
    :param hotel: where they stayed.
    """
    own = answering.complaint(current.settings, hotel, tongue.code)
    return own or _looked_up(tongue, answering.complaint(current.settings, hotel, FALLBACK))


def cannot_recall(tongue: Language, hotel: Property) -> str:
    """Return what was reported to authorities there and stays with them, or an empty string.

    :param tongue: the reader's language.
    :param hotel: where they stayed.
    """
    own = answering.cannot_recall(current.settings, hotel, tongue.code)
    return own or _looked_up(tongue, answering.cannot_recall(current.settings, hotel, FALLBACK))


def explained(tongue: Language, texts: Mapping[str, str]) -> str:
    """Return what an article says, in the reader's language where anybody wrote it in that one.

    :param tongue: the reader's language.
    :param texts: language -> text, English among them; may be empty.
    """
    return texts.get(tongue.code) or _looked_up(tongue, texts.get(FALLBACK, ""))


def _looked_up(tongue: Language, english: str) -> str:
    said = tongue.gettext(english)
    return "" if said == english else said
