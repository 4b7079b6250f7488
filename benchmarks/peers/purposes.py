"""django-GDPR over the rows of the hotel: ``purposes.py DATABASE ID ...`` prints the seconds.

Runs in an environment of its own, with nothing of this project.
"""

import sys
import time
from datetime import timedelta

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "gdpr"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SECRET_KEY="of a measurement",  # noqa: S106
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import models  # noqa: E402
from gdpr.anonymizers import (  # noqa: E402
    DeleteModelAnonymizer,
    ModelAnonymizer,
    StaticValueFieldAnonymizer,
)
from gdpr.models import LegalReason  # noqa: E402
from gdpr.purposes.default import AbstractPurpose  # noqa: E402

DELETED = ("stays", "messages", "scans", "consents", "access_log", "loyalty")


def table(name: str, private: tuple[str, ...] = (), parent: type | None = None) -> type:
    """Return a model over a table that is there, whose private columns are emptied."""
    members = {each: models.TextField(null=True, blank=True) for each in private}
    if parent is not None:
        link = parent._meta.db_table.rstrip("s")
        members[link] = models.ForeignKey(parent, models.DO_NOTHING, related_name=name)
    # A reason finds what it is about through an app that is installed; this has no other.
    meta = type("Meta", (), {"app_label": "gdpr", "db_table": name, "managed": False})
    model = type(
        name.title().replace("_", ""), (models.Model,),
        {"__module__": __name__, "Meta": meta, **members},
    )  # fmt: skip
    kind = DeleteModelAnonymizer if name in DELETED else ModelAnonymizer
    empty = {each: StaticValueFieldAnonymizer(None) for each in private}
    meta = type("Meta", (), {"model": model, "reversible_anonymization": False})
    type(f"{name}Anonymizer", (kind,), {"Meta": meta, "fields": {}, "anonymizers": {}, **empty})
    return model


OWN = ("name", "email", "phone", "document_no", "address")
Guest = table("guests", OWN)
Reservation = table("reservations", ("remark",), Guest)
Folio = table("folios", (), Reservation)
for each in DELETED:
    table(each, (), Guest)
table("invoices", ("billed_to",), Folio)
table("payments", ("holder",), Folio)


class Stayed(AbstractPurpose):
    """The one reason for which a guest's data are held."""

    name = "stay"
    slug = "stay"
    expiration_timedelta = timedelta(days=1)
    fields = (
        *OWN,
        *((each, ("__SELF__",)) for each in DELETED),
        ("reservations", (
            "remark", ("folios", (("invoices", ("billed_to",)), ("payments", ("holder",)))),
        )),
    )  # fmt: skip


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    # A host records the reason when the guest books, not when it ends.
    reasons = [
        LegalReason.objects.create_consent("stay", Guest.objects.get(pk=int(id)))
        for id in sys.argv[2:]
    ]
    start = time.perf_counter()
    for reason in reasons:
        reason.expire()
    sys.stdout.write(f"{time.perf_counter() - start}\n")
