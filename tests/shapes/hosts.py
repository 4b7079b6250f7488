"""Every host shape by its name, each a builder that adds it to a hotel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from . import contents, keys, links, people, texts
from .hotel import Hotel, Values

Builder = Callable[[Hotel], None]

SHAPES: dict[str, Builder] = {
    build.__name__: build
    for build in (
        people.guest_user_and_staff_in_one_table,
        people.one_person_in_several_subject_rows,
        people.companions_and_shared_rooms,
        people.a_booker_who_is_not_the_guest,
        keys.keys_that_are_uuid,
        keys.keys_that_are_composite,
        keys.keys_that_are_natural,
        keys.keys_named_differently_in_python_and_sql,
        keys.children_that_point_at_a_unique_column,
        keys.tables_that_point_at_themselves,
        keys.tables_that_point_in_circles,
        keys.polymorphic_in_one_table,
        keys.polymorphic_in_joined_tables,
        links.links_by_a_copied_invoice_number,
        links.links_by_an_email,
        links.links_where_zero_means_nobody,
        links.links_by_a_select,
        links.association_without_a_primary_key,
        links.rows_without_a_primary_key,
        contents.json_columns,
        contents.json_in_text,
        contents.free_text_about_people,
        contents.audit_tables_full_of_names,
        contents.files_named_after_the_guest,
        contents.soft_deleted_rows,
        contents.history_tables,
        contents.columns_the_host_encrypts,
        contents.identifiers_the_host_hashes,
        contents.masks_under_constraints,
        contents.reserved_words_camel_case_and_chinese_names,
        texts.texts_that_mention_people,
        texts.values_within_json,
        texts.a_note_about_several_people,
    )
}


def built(guest: Values, folder: Path, names: Iterable[str]) -> Hotel:
    """Return a hotel with these shapes."""
    hotel = Hotel(guest, folder)
    for name in names:
        SHAPES[name](hotel)
    return hotel
