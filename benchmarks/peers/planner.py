"""effaced over the rows of the hotel: ``planner.py DATABASE ID ...`` prints the seconds.

Runs in an environment of its own, with nothing of this project.
"""

import sys
import time

from effaced import (
    DatabaseAuditSink,
    ErasureExecutor,
    ErasurePlanner,
    Outbox,
    PiiCategory,
    bind_tables,
    collect_data_map,
    pii,
    resolve_subject_graph,
    subject_link,
)
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine
from sqlalchemy.orm import Session, declarative_base, relationship, sessionmaker

Base = declarative_base()


def table(
    name: str, private: tuple[str, ...], path: str | None = None, **parents: str
) -> type:
    """Return a model of a table that is there, whose private columns are emptied, or rows deleted.

    :param path: how its rows lead to the guest; None where nothing of it goes.
    :param parents: relationship -> table it points at.
    """
    members = {"__tablename__": name, "id": Column(Integer, primary_key=True)}
    if path is not None:
        members["__table_args__"] = {"info": subject_link(path)}
    for each in private:
        members[each] = Column(String, info=pii(PiiCategory.CONTACT))
    for word, target in parents.items():
        members[f"{word}_id"] = Column(ForeignKey(f"{target}.id"))
        members[word] = relationship(target.title())
    return type(name.title().replace("_", ""), (Base,), members)


MODELS = [
    table("guests", ("name", "email", "phone", "document_no", "address"), ""),
    table("reservations", ("remark",), "guest", guest="guests"),
    table("folios", (), reservation="reservations"),
    table("invoices", ("billed_to",), "folio.reservation.guest", folio="folios"),
    table("payments", ("holder",), "folio.reservation.guest", folio="folios"),
    table("stays", ("room", "plate"), "guest", guest="guests", reservation="reservations"),
    table("messages", ("sent_on", "body"), "guest", guest="guests"),
    table("scans", ("kind", "image"), "guest", guest="guests"),
    table("consents", ("purpose", "given_on", "source"), "guest", guest="guests"),
    table("access_log", ("clerk", "seen"), "guest", guest="guests"),
    table("loyalty", ("card", "points"), "guest", guest="guests"),
]
# What these hold beside stays, so that their rows do: another column than keys and private ones.
for each, column in (
    ("guests", "house"), ("reservations", "number"), ("invoices", "number"), ("payments", "method"),
):  # fmt: skip
    Base.metadata.tables[each].append_column(Column(column, String))


def planner(database: str) -> tuple[ErasurePlanner, sessionmaker]:
    """Return what erases, and what opens sessions."""
    found = collect_data_map(Base.metadata)
    graph = resolve_subject_graph(found, Base.registry)
    engine = create_engine(f"sqlite:///{database}")
    # Each of its events commits by itself, which a file with one writer would never let it.
    log = create_engine(f"sqlite:///{database}.log")
    own = bind_tables(Base.metadata)
    own.outbox.create(engine, checkfirst=True)
    own.audit_events.create(log, checkfirst=True)
    opened = sessionmaker(engine)
    return ErasurePlanner(
        found, graph, executor=ErasureExecutor(Base.metadata), outbox=Outbox(opened, own.outbox),
        audit_sink=DatabaseAuditSink(sessionmaker(log), own.audit_events),
    ), opened  # fmt: skip


if __name__ == "__main__":
    erasing, opened = planner(sys.argv[1])
    start = time.perf_counter()
    for id in sys.argv[2:]:
        session: Session
        with opened.begin() as session:
            erasing.erase_subject(session, id)
    sys.stdout.write(f"{time.perf_counter() - start}\n")
