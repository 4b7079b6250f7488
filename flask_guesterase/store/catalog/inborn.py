"""What MariaDB takes before a bracket for its own, and no catalogue of it tells.

Its list of keywords would not do: many of them are names of functions as well, where somebody made
one. A test asks the server about each of these.
"""

from __future__ import annotations

WORDS = frozenset(
    {"all", "and", "any", "as", "ascii", "avg", "between", "bigint", "binary", "bit", "by", "case"}
    | {"char", "character", "charset", "column_add", "column_create", "column_delete", "column_get"}
    | {"convert", "current_date", "current_role", "current_time", "current_timestamp"}
    | {"current_user", "date", "datetime", "day", "dec", "decimal", "default", "distinct", "div"}
    | {"do", "double", "else", "elseif", "enum", "except", "exists", "fixed", "float", "force"}
    | {"from", "get_format", "group", "having", "hour", "if", "in", "index", "insert", "int"}
    | {"integer", "intersect", "interval", "is", "join", "key", "last_value", "lastval", "left"}
    | {"like", "limit", "localtime", "localtimestamp", "match", "mediumint", "minute", "month"}
    | {"nchar", "nextval", "not", "numeric", "nvarchar", "offset", "on", "or", "over", "partition"}
    | {"precision", "real", "regexp", "repeat", "replace", "return", "right", "rlike", "row"}
    | {"row_number", "second", "select", "set", "setval", "smallint", "some", "sysdate", "then"}
    | {"time", "timestamp", "timestampadd", "timestampdiff", "tinyint", "truncate", "union"}
    | {"user", "using", "utc_date", "utc_time", "utc_timestamp", "value", "values", "varbinary"}
    | {"varchar", "weight_string", "when", "where", "while", "with", "xor", "year"}
)
"""Words of its language, none of which calls a function that somebody made."""

GRAMMAR = frozenset(
    {"coalesce", "collation", "database", "format", "microsecond", "mod", "old_password"}
    | {"password", "quarter", "reverse", "row_count", "schema", "week"}
)
"""Functions of its that older servers have in their grammar, and do not name as their own."""

TOUCHING = frozenset(
    {"adddate", "bit_and", "bit_or", "bit_xor", "cast", "count", "cume_dist", "curdate", "curtime"}
    | {"date_add", "date_sub", "dense_rank", "extract", "first_value", "group_concat"}
    | {"json_arrayagg", "json_objectagg", "lag", "lead", "max", "median", "mid", "min", "now"}
    | {"nth_value", "ntile", "percent_rank", "percentile_cont", "percentile_disc", "position"}
    | {"rank", "session_user", "std", "stddev", "stddev_pop", "stddev_samp", "subdate", "substr"}
    | {"substring", "sum", "system_user", "trim", "trim_oracle", "var_pop", "var_samp", "variance"}
)
"""Functions of its that are names like any other when they stand apart from their bracket."""

PLACES = frozenset(
    {"st_area", "st_asbinary", "st_asgeojson", "st_astext", "st_buffer"}
    | {"st_centroid", "st_contains", "st_difference", "st_dimension", "st_disjoint", "st_distance"}
    | {"st_distance_sphere", "st_endpoint", "st_envelope", "st_equals", "st_geometryfromtext"}
    | {"st_geometrytype", "st_geomfromgeojson", "st_geomfromtext", "st_geomfromwkb"}
    | {"st_intersection", "st_intersects", "st_isclosed", "st_isempty", "st_length"}
    | {"st_linefromtext", "st_numpoints", "st_overlaps", "st_pointfromtext", "st_pointfromwkb"}
    | {"st_pointn", "st_polyfromtext", "st_polygonfromtext", "st_srid", "st_startpoint"}
    | {"st_touches", "st_union", "st_within", "st_x", "st_y"}
)
"""Functions of its of places; `point` is none of them, as it calls what somebody made."""
