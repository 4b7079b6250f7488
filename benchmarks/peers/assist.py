"""django-gdpr-assist over the rows of the hotel: ``assist.py DATABASE ID ...`` prints the seconds.

Runs in an environment of its own, with nothing of this project.
"""

import sys
import time

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]},
        "gdpr_log": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1] + ".log"},
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "gdpr_assist"],
    DATABASE_ROUTERS=["gdpr_assist.routers.EventLogRouter"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

import gdpr_assist  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import models, transaction  # noqa: E402


def table(name: str, private: tuple[str, ...], **columns: models.Field) -> type:
    """Return a model over a table that is there, whose private columns are emptied."""
    meta = type("Meta", (), {"app_label": "hotel", "db_table": name, "managed": False})
    members = {"__module__": __name__, "Meta": meta, **columns}
    for each in private:
        members.setdefault(each, models.TextField(null=True, blank=True))
    made = type(name.title().replace("_", ""), (models.Model,), members)
    if private:
        privacy = type("PrivacyMeta", (), {"fields": list(private)})
        gdpr_assist.register(made, privacy)
    return made


number = models.IntegerField
Guest = table("guests", ("name", "email", "phone", "document_no", "address"))
Reservation = table("reservations", ("remark",), guest_id=number())
Folio = table("folios", (), reservation_id=number())
Invoice = table("invoices", ("billed_to",), folio_id=number())
Payment = table("payments", ("holder",), folio_id=number())
THEIRS = [
    table(name, (), guest_id=number())
    for name in ("stays", "messages", "scans", "consents", "access_log", "loyalty")
]


def erase(id: int) -> None:
    """Erase one guest, as its documentation shows."""
    with transaction.atomic():
        for each in THEIRS:
            each.objects.filter(guest_id=id).delete()
        for stay in Reservation.objects.filter(guest_id=id):
            for folio in Folio.objects.filter(reservation_id=stay.pk):
                for kind in (Invoice, Payment):
                    for row in kind.objects.filter(folio_id=folio.pk):
                        row.anonymise()
            stay.anonymise()
        Guest.objects.get(pk=id).anonymise()


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    call_command("migrate", database="gdpr_log", verbosity=0)
    start = time.perf_counter()
    for id in map(int, sys.argv[2:]):
        erase(id)
    sys.stdout.write(f"{time.perf_counter() - start}\n")
