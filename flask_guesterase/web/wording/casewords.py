"""Words of complaints, feedback and incidents."""

from __future__ import annotations

from .language import N_

ABOUTS: dict[str, str] = {
    "about-refusal": N_("The request was refused."),
    "about-rest": N_("Something was not erased, or is kept without a reason."),
    "about-delay": N_("It takes too long."),
    "about-person": N_("The wrong person's data were erased or shown."),
    "about-manner": N_("I was treated badly."),
    "about-other": N_("Something else."),
}
"""What a guest complains about."""

OUTCOMES: dict[str, str] = {
    # Of each complaint, also where nothing was decided: of how somebody was treated, of a delay.
    "upheld": N_(
        "The complaint was not found to be right; what the hotel did or decided stays as it is."
    ),
    "overturned": N_("The refusal does not stand; the request is decided anew."),
    "remedied": N_("The complaint is right, and it was put right."),
}
"""How a complaint is answered."""

MODES: dict[str, str] = {
    "recommend": N_("say what they think; the hotel decides"),
    "decide": N_("decide"),
}
"""What a reviewer from outside may do."""

HAPPENINGS: dict[str, str] = {
    "leak": N_("data leaked, or may have"),
    "wrong-erasure": N_("something was erased that should not have been"),
    "lost-device": N_("a device or papers were lost or stolen"),
    "wrong-recipient": N_("something went to the wrong recipient"),
    "system-failure": N_("a system failed"),
    "mis-operation": N_("somebody operated something wrongly"),
}
"""What happened."""

SEVERITIES: dict[str, str] = {
    "risk-none": N_("no personal data were concerned"),
    "risk-unlikely": N_("a risk for people is unlikely"),
    "risk-likely": N_("a risk for people is likely"),
    "risk-high": N_("a high risk for people"),
}
"""How grave an incident is."""

ORIGINS: dict[str, str] = {
    "human-error": N_("a mistake of a person"),
    "technical-fault": N_("a technical fault"),
    "attack": N_("an attack"),
    "theft": N_("theft"),
    "partner": N_("a partner of the hotel"),
    "cause-unknown": N_("not known yet"),
}
"""What an incident came from."""

DUTIES: dict[str, str] = {
    "authority": N_("the authority"),
    "guests": N_("the guests"),
    "CN/authority": N_("the authority that protects personal information"),
    "CN/cyberspace-office": N_("the provincial cyberspace office"),
    "EU/authority": N_("the data-protection authority"),
    "JP/prompt": N_("the authority, preliminary report"),
    "JP/full": N_("the authority, full report"),
    "not-classified": N_("not classified yet"),
    "not-reviewed": N_("nobody wrote down what it taught"),
    "not-told": N_("somebody must still be told"),
    "not-public": N_(
        "whom no letter reached must be told by post or by telephone, or in public where the law "
        "allows it: record how and when, and let a second person confirm it"
    ),
    "measures-open": N_("a measure is not done yet"),
    "evidence": N_("evidence of an incident"),
}
"""Who is told of an incident, by name where a pack has several, and what is missing to close it."""

WAYS: dict[str, str] = {
    "in-public": N_("in public"),
    "by-post": N_("by post"),
    "by-telephone": N_("by telephone"),
    "in-several-ways": N_("in several of these ways"),
}
"""How those were told of an incident whom no letter reached."""

COUNTED: dict[str, str] = {
    "rating": N_("rating"),
    "columns": N_("columns"),
    "living": N_("on file"),
    "duties": N_("people to be told"),
    "untold": N_("not reached"),
    "late": N_("late"),
    "holds-turn": N_("how often holds have changed"),
    "rules-turn": N_("how often rules have changed"),
}
"""What their entries in the journal count."""

OWN_ENDED: dict[str, str] = {
    "closed": N_("closed requests rid of what only open ones need"),
    "keys": N_("keys that are to be destroyed once more"),
    "facts": N_("sealed rows of which less is noted now"),
    "sealed": N_("notes that a row was sealed"),
}
"""What ended of our own records, where no table of ours has that name."""

DAYS: dict[str, str] = {
    "day-received": N_("your request came in"),
    "day-shown": N_("it was shown that it is you"),
    "day-withdrawn": N_("the request was taken back"),
    "day-answer": N_("you have an answer, at the latest"),
    "day-decided": N_("it was decided"),
    "day-waits": N_("until then it waits"),
    "day-erased": N_("your data were erased"),
    "day-restored": N_("the hotel took the erasure back"),
    "day-copy": N_("your copy lies ready until then"),
    "day-safety": N_("the sealed safety copy ends"),
    "day-stays": N_("what stays goes by itself"),
}
"""What happens to a case on a day (see ``core.agenda.Moment``)."""

SHOWN: dict[str, str] = {
    "guardianship-paper": N_("it was shown that you are a parent or guardian of the guest"),
    "power-of-attorney": N_("it was shown that you may ask for the guest"),
    "death-certificate-and-kinship": N_(
        "it was shown that you are a close relative of the guest who died"
    ),
}
"""What a paper showed of who asks in a guest's place; a guest is shown to be the guest."""

OTHERS_HOWS: dict[str, str] = {
    "desk": N_("Whoever asks for the guest showed a document at the desk; no copy was made."),
    "callback": N_("I called back the number on file, and whoever asks for the guest answered."),
    "slip": N_("Whoever asks for the guest showed the code printed on the slip or invoice."),
    "known": N_("Whoever asks for the guest is known to me."),
}
"""How somebody showed who they are who asks in a guest's place (see ``words.HOWS``)."""

OTHERS_STEP = N_("checking who asks, and for whom")
"""The step in which identity is shown, where somebody asks in a guest's place."""

LATER: dict[str, str] = {
    "later-notice": N_("address or number, to say once when the rest has gone"),
    "later-told": N_("the guest is told that the rest has gone"),
    "later-too-long": N_("something stays for more than 24 months"),
    "later-restored": N_("the erasure was taken back"),
    "later-unreadable": N_("the contact could not be read any more"),
}
"""What is kept to tell a guest later, and why it is kept no more."""

CASES: tuple[dict[str, str], ...] = (
    ABOUTS, OUTCOMES, MODES, DAYS, LATER, HAPPENINGS, SEVERITIES, ORIGINS, DUTIES, WAYS,
    COUNTED,
)  # fmt: skip
"""All of them."""
