"""The reasoned answer to the guest of a request, from its certificate or its refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

from ...core.answer import Answer, answered, names
from ...core.answer import staying as stays
from ...core.certificate import Content
from ...core.copying import DAYS
from ...core.grounds import exemption
from ...core.lifecycle import DONE, Ground, State
from ...core.log import canonical
from ...core.plan import Outcome
from ..casework import answering
from ..casework.cases import Case, day_at
from ..copying import shelved
from ..mapping.lines import registers
from ..work import Work
from . import certifying, laternotice, staying
from .restated import today

REGISTER = "guest_register"


def done(work: Work, case: Case, said: Content) -> dict[str, str]:
    """Return what the letter "done" needs.

    :param work: the open transaction.
    :param case: the request, with what was done.
    :param said: what its certificate says.
    """
    told = answered(asdict(said), _reported(work, case))
    wish = str((case.decisions or {}).get(laternotice.WISH, ""))
    return {"state": said.state, "answer": told.to_json(), laternotice.WISH: wish}


def refused(work: Work, case: Case, ground: Ground) -> dict[str, str]:
    """Return what the letter "refused" needs; of a copy also until when its erasure waits."""
    told = _refusal(work, case, ground).to_json()
    until = ""
    if shelved.awaited(work, case):
        hotel = work.settings.home(case.property)
        until = day_at(hotel, work.now + timedelta(days=DAYS)).isoformat()
    return {"ground": ground.value, "answer": told, "case": coded(case), "until": until}


def coded(case: Case) -> str:
    """Return the number of a request whose guest was given a case code, or nothing.

    A code is given to who showed who they are; a letter must not send anybody else to look for it.
    """
    return "" if case.verified_at is None else case.number


def answer(work: Work, case: Case) -> Answer | None:
    """Return the answer a guest may read now, or None as long as there is none.

    What stays is what does so today, and what of it has ended is among what went.
    """
    told = certified(work, case)
    if told is None or case.state not in DONE:
        return told
    # Until its day, what a hold will keep longer is told by nothing.
    held = staying.copies_held(work, case.number) > 0
    until = "" if held else told.copy_until
    done = today(work, case.number, case.decisions)

    def named(*outcomes: str) -> tuple[str, ...]:
        return names(item for item in done if item["outcome"] in outcomes)

    return replace(
        told, stays=stays(staying.all_of(work, case, held)), copy_until=until,
        went=named(Outcome.DELETE, Outcome.OVERWRITE), partly=named(Outcome.OVERWRITE),
        kept=named(*staying.OUTCOMES, Outcome.SHARE),
    )  # fmt: skip


def certified(work: Work, case: Case) -> Answer | None:
    """Return the answer as it was given: what stays is as its newest certificate says."""
    if case.ground is not None and case.state in (State.REFUSED, State.COMPLAINT):
        return _refusal(work, case, Ground(case.ground))
    if case.state is State.RESTORED:
        return Answer(case.state.value)
    if case.state not in DONE or not certifying.exists(work, case.number):
        return None
    content = certifying.newest(work, case.number)["content"]
    return answered(content, _reported(work, case))


def named(work: Work, case: Case, ground: Ground) -> str:
    """Return which law and article a refusal names today, as it is kept with the request.

    Where the law at the property knows no article for it, the kept text says that there is none.
    """
    law = answering.law(work.settings, work.settings.home(case.property))
    found = exemption(law, ground)
    if found is None:
        return canonical({"law": law, "article": "", "explained": None}).decode()
    explained = {"zh": found.zh, "en": found.en}
    return canonical({"law": law, "article": found.article, "explained": explained}).decode()


def _refusal(work: Work, case: Case, ground: Ground) -> Answer:
    """Return the answer of a refusal: what it named then; today's law where nothing was kept."""
    told = json.loads(case.article or named(work, case, ground))
    return Answer(
        "refused", ground=ground.value, article=told["article"], explained=told["explained"]
    )


def _reported(work: Work, case: Case) -> bool:
    """Return whether lines of the guest register were among what was dealt with."""
    books = registers(work.datamap)
    did = (case.decisions or {}).get("did", ())
    return any(_of_register(work, item, books) for item in did)


def _of_register(work: Work, item: Mapping[str, str], books: Mapping[str, object]) -> bool:
    if item["category"] == REGISTER or item["table"] in books:
        return True
    declared = work.datamap.tables.get(item["table"])
    return declared is not None and REGISTER in declared.retain.values()
