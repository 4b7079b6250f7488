"""Create the hotel's tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "audit_log",
    "invoices",
    "messages",
    "properties",
    "loyalty_accounts",
    "rooms",
    "staff",
    "guests",
    "group_bookings",
    "id_document_files",
    "marketing_consents",
    "bookings",
    "booking_companions",
    "folios",
    "housekeeping_notes",
    "registrations",
    "folio_lines",
    "payments",
)
"""In the order in which they are made."""


def upgrade() -> None:
    """Make every table of the hotel."""
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("actor", sa.String(length=30), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("entity", sa.String(length=30), nullable=False),
        sa.Column("entity_key", sa.String(length=40), nullable=False),
        sa.Column("old", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("new", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_entity_key"), "audit_log", ["entity_key"], unique=False)

    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("booking_number", sa.String(length=16), nullable=False),
        sa.Column("billed_to", sa.String(length=80), nullable=False),
        sa.Column("billed_address", sa.String(length=200), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("tax_cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    op.create_index(
        op.f("ix_invoices_booking_number"), "invoices", ["booking_number"], unique=False
    )

    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_booking_id"), "messages", ["booking_id"], unique=False)
    op.create_index(op.f("ix_messages_recipient"), "messages", ["recipient"], unique=False)

    op.create_table(
        "properties",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("controller", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("night_audit_running", sa.Boolean(), nullable=False),
        sa.Column("contact_email", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_properties")),
    )
    op.create_table(
        "loyalty_accounts",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=120), nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_loyalty_accounts_property_code")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_loyalty_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_loyalty_accounts_email")),
    )
    op.create_table(
        "rooms",
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("rate", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_rooms_property_code")
        ),
        sa.PrimaryKeyConstraint("property_code", "number", name=op.f("pk_rooms")),
    )
    op.create_table(
        "staff",
        sa.Column("login", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "role IN ('reception', 'officer', 'auditor')", name=op.f("ck_staff_role")
        ),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_staff_property_code")
        ),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_staff")),
    )
    op.create_table(
        "guests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("given_name", sa.String(length=40), nullable=True),
        sa.Column("family_name", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("nationality", sa.String(length=2), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("document_type", sa.String(length=10), nullable=False),
        sa.Column("document_no", sa.String(length=24), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("loyalty_no", sa.String(length=16), nullable=True),
        sa.Column("vip", sa.Boolean(), nullable=False),
        sa.Column("preferences", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("newsletter", sa.Boolean(), nullable=False),
        sa.Column("marketing_source", sa.String(length=40), nullable=True),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "document_type IN ('', 'id_card', 'passport', 'permit')",
            name=op.f("ck_guests_document"),
        ),
        sa.CheckConstraint("email = '' OR email LIKE '%@%'", name=op.f("ck_guests_email")),
        sa.ForeignKeyConstraint(
            ["loyalty_no"], ["loyalty_accounts.number"], name=op.f("fk_guests_loyalty_no")
        ),
        sa.ForeignKeyConstraint(["merged_into"], ["guests.id"], name=op.f("fk_guests_merged_into")),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_guests_property_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guests")),
    )
    op.create_index(op.f("ix_guests_document_no"), "guests", ["document_no"], unique=False)
    op.create_index(op.f("ix_guests_email"), "guests", ["email"], unique=False)
    op.create_index(op.f("ix_guests_loyalty_no"), "guests", ["loyalty_no"], unique=False)
    op.create_index(op.f("ix_guests_merged_into"), "guests", ["merged_into"], unique=False)
    op.create_index(op.f("ix_guests_name"), "guests", ["name"], unique=False)
    op.create_index(op.f("ix_guests_phone"), "guests", ["phone"], unique=False)
    op.create_index(op.f("ix_guests_property_code"), "guests", ["property_code"], unique=False)

    op.create_table(
        "group_bookings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("organiser_id", sa.Integer(), nullable=True),
        sa.Column("contact_email", sa.String(length=120), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.Column("arrival", sa.Date(), nullable=False),
        sa.Column("departure", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["guests.id"], name=op.f("fk_group_bookings_organiser_id")
        ),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_group_bookings_property_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_bookings")),
    )
    op.create_index(
        op.f("ix_group_bookings_organiser_id"), "group_bookings", ["organiser_id"], unique=False
    )
    op.create_index(
        op.f("ix_group_bookings_property_code"), "group_bookings", ["property_code"], unique=False
    )

    op.create_table(
        "id_document_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_id_document_files_guest_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_id_document_files")),
        sa.UniqueConstraint("path", name=op.f("uq_id_document_files_path")),
    )
    op.create_index(
        op.f("ix_id_document_files_guest_id"), "id_document_files", ["guest_id"], unique=False
    )

    op.create_table(
        "marketing_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_marketing_consents_guest_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketing_consents")),
        sa.UniqueConstraint("guest_id", "channel", name=op.f("uq_marketing_consents_guest_id")),
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("booker_id", sa.Integer(), nullable=False),
        sa.Column("group", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("planned_arrival", sa.Date(), nullable=False),
        sa.Column("planned_departure", sa.Date(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(), nullable=True),
        sa.Column("departed_at", sa.DateTime(), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("room_no", sa.String(length=8), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("external_ref", sa.String(length=40), nullable=True),
        sa.Column("ota_message", sa.Text(), nullable=True),
        sa.Column("contact_phone", sa.String(length=32), nullable=True),
        sa.Column("wishes", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('booked', 'in_house', 'departed', 'cancelled', 'no_show')",
            name=op.f("ck_bookings_status"),
        ),
        sa.CheckConstraint("planned_departure > planned_arrival", name=op.f("ck_bookings_nights")),
        sa.ForeignKeyConstraint(["booker_id"], ["guests.id"], name=op.f("fk_bookings_booker_id")),
        sa.ForeignKeyConstraint(["group"], ["group_bookings.id"], name=op.f("fk_bookings_group")),
        sa.ForeignKeyConstraint(
            ["property_code", "room_no"],
            ["rooms.property_code", "rooms.number"],
            name="fk_bookings_room",
        ),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_bookings_property_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("number", name=op.f("uq_bookings_number")),
    )
    op.create_index(op.f("ix_bookings_booker_id"), "bookings", ["booker_id"], unique=False)
    op.create_index(op.f("ix_bookings_group"), "bookings", ["group"], unique=False)
    op.create_index(op.f("ix_bookings_property_code"), "bookings", ["property_code"], unique=False)
    op.create_index(op.f("ix_bookings_status"), "bookings", ["status"], unique=False)

    op.create_table(
        "booking_companions",
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_booking_companions_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_booking_companions_guest_id")
        ),
        sa.PrimaryKeyConstraint("booking_id", "guest_id", name=op.f("pk_booking_companions")),
    )
    op.create_index(
        op.f("ix_booking_companions_guest_id"), "booking_companions", ["guest_id"], unique=False
    )

    op.create_table(
        "folios",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_number", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_number"], ["bookings.number"], name=op.f("fk_folios_booking_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folios")),
        sa.UniqueConstraint("booking_number", name=op.f("uq_folios_booking_number")),
    )
    op.create_table(
        "housekeeping_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("room_no", sa.String(length=8), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_housekeeping_notes_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["property_code", "room_no"],
            ["rooms.property_code", "rooms.number"],
            name="fk_housekeeping_notes_room",
        ),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_housekeeping_notes_property_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_housekeeping_notes")),
    )
    op.create_index(
        op.f("ix_housekeeping_notes_booking_id"), "housekeeping_notes", ["booking_id"], unique=False
    )
    op.create_index(
        op.f("ix_housekeeping_notes_property_code"),
        "housekeeping_notes",
        ["property_code"],
        unique=False,
    )

    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("property_code", sa.String(length=8), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("room_no", sa.String(length=8), nullable=False),
        sa.Column("first_night", sa.Date(), nullable=False),
        sa.Column("last_night", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("nationality", sa.String(length=2), nullable=True),
        sa.Column("document_type", sa.String(length=10), nullable=False),
        sa.Column("证件号码", sa.String(length=24), nullable=False),
        sa.Column("reported_at", sa.DateTime(), nullable=True),
        sa.Column("police_ref", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_registrations_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["guest_id"], ["guests.id"], name=op.f("fk_registrations_guest_id")
        ),
        sa.ForeignKeyConstraint(
            ["property_code"], ["properties.code"], name=op.f("fk_registrations_property_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
    )
    op.create_index(
        op.f("ix_registrations_booking_id"), "registrations", ["booking_id"], unique=False
    )
    op.create_index(op.f("ix_registrations_guest_id"), "registrations", ["guest_id"], unique=False)

    op.create_table(
        "folio_lines",
        sa.Column("folio_id", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("description", sa.String(length=120), nullable=False),
        sa.Column("amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("posted_by", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["folio_id"], ["folios.id"], name=op.f("fk_folio_lines_folio_id")),
        sa.PrimaryKeyConstraint("folio_id", "order", name=op.f("pk_folio_lines")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folio_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("paid_at", sa.DateTime(), nullable=False),
        sa.Column("payerName", sa.String(length=80), nullable=True),
        sa.Column("card_last4", sa.String(length=4), nullable=True),
        sa.ForeignKeyConstraint(["folio_id"], ["folios.id"], name=op.f("fk_payments_folio_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_folio_id"), "payments", ["folio_id"], unique=False)


def downgrade() -> None:
    """Drop the tables, children first; their indexes go with them."""
    for table in reversed(TABLES):
        op.drop_table(table)
