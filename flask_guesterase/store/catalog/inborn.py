"""What stands before a bracket in a trigger's text and is no function of the host's.

A function that is not named here may be one that reads the row and writes it elsewhere. Left out
on purpose are those of the engines that run a text as a statement, or reach another server.
"""

from __future__ import annotations

WORDS = frozenset(
    {"all", "and", "any", "array", "as", "between", "by", "case", "conflict", "distinct", "div"}
    | {"do", "else", "elseif", "elsif", "end", "except", "exists", "filter", "for", "from", "glob"}
    | {"having", "if", "ilike", "in", "intersect", "interval", "is", "join", "lateral", "like"}
    | {"limit", "match", "materialized", "not", "offset", "on", "only", "or", "over", "perform"}
    | {"raise", "regexp", "return", "returning", "rlike", "row", "select", "set", "some", "then"}
    | {"union", "until", "using", "values", "when", "where", "while", "with", "xor"}
)
"""Words of the language."""

TYPES = frozenset(
    {"bigint", "binary", "bit", "blob", "char", "character", "datetime", "dec", "decimal", "double"}
    | {"enum", "float", "int", "integer", "mediumint", "numeric", "nvarchar", "precision", "real"}
    | {"smallint", "text", "time", "timestamp", "timestamptz", "tinyint", "varbinary", "varbit"}
    | {"varchar", "varying", "year"}
)
"""Types that take a length."""

VALUES = frozenset(
    {"abs", "array_agg", "array_append", "array_length", "array_position", "array_remove"}
    | {"array_to_string", "avg", "bool_and", "bool_or", "cardinality", "cast", "ceil", "ceiling"}
    | {"coalesce", "convert", "count", "dense_rank", "first_value", "floor", "generate_series"}
    | {"greatest", "ifnull", "iif", "isnull", "lag", "last_value", "lead", "least", "max", "min"}
    | {"mod", "ntile", "nullif", "num_nonnulls", "num_nulls", "nvl", "nvl2", "pow", "power", "rand"}
    | {"random", "rank", "round", "row_number", "sign", "sqrt", "string_to_array", "sum", "trunc"}
    | {"truncate", "typeof", "unnest"}
)
"""Functions of numbers, of any value, of groups and of lists."""

TEXTS = frozenset(
    {"ascii", "bit_length", "btrim", "char_length", "character_length", "chr", "concat"}
    | {"concat_ws", "crc32", "decode", "digest", "encode", "find_in_set", "format", "from_base64"}
    | {"gen_random_uuid", "group_concat", "hex", "hmac", "initcap", "instr", "lcase", "left"}
    | {"length", "locate", "lower", "lpad", "ltrim", "md5", "mid", "normalize", "octet_length"}
    | {"overlay", "plainto_tsquery", "position", "printf", "quote", "quote_ident", "quote_literal"}
    | {"quote_nullable", "randomblob", "regexp_instr", "regexp_like", "regexp_match"}
    | {"regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_split_to_table"}
    | {"regexp_substr", "repeat", "replace", "reverse", "right", "rpad", "rtrim", "setweight"}
    | {"sha1", "sha2", "sha256", "sha512", "soundex", "split_part", "starts_with", "strcmp"}
    | {"string_agg", "strpos", "substr", "substring", "substring_index", "to_base64", "to_tsquery"}
    | {"to_tsvector", "translate", "trim", "ucase", "unaccent", "unhex", "unicode", "upper", "uuid"}
    | {"uuid_generate_v4", "uuid_short", "uuidv7", "zeroblob"}
)
"""Functions of texts, and what is made of their bytes."""

DAYS = frozenset(
    {"adddate", "age", "clock_timestamp", "curdate", "current_date", "current_time"}
    | {"current_timestamp", "curtime", "date", "date_add", "date_format", "date_part", "date_sub"}
    | {"date_trunc", "datediff", "daterange", "day", "dayofweek", "extract", "from_unixtime"}
    | {"hour", "isempty", "isfinite", "julianday", "last_day", "localtime", "localtimestamp"}
    | {"make_date", "make_interval", "make_timestamp", "minute", "month", "now", "second"}
    | {"statement_timestamp", "str_to_date", "strftime", "subdate", "sysdate", "timediff"}
    | {"timestampadd", "timestampdiff", "to_char", "to_date", "to_number", "to_timestamp"}
    | {"transaction_timestamp", "tsrange", "tstzrange", "unix_timestamp", "unixepoch", "utc_date"}
    | {"utc_time", "utc_timestamp", "week", "weekday"}
)
"""Functions of days and hours."""

DOCUMENTS = frozenset(
    {"json", "json_agg", "json_array", "json_array_length", "json_build_array", "json_build_object"}
    | {"json_contains", "json_each", "json_extract", "json_group_array", "json_group_object"}
    | {"json_insert", "json_length", "json_merge_patch", "json_merge_preserve", "json_object"}
    | {"json_query", "json_quote", "json_remove", "json_replace", "json_set", "json_table"}
    | {"json_tree", "json_type", "json_unquote", "json_valid", "json_value", "jsonb_agg"}
    | {"jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length"}
    | {"jsonb_build_array", "jsonb_build_object", "jsonb_each", "jsonb_each_text"}
    | {"jsonb_extract_path_text", "jsonb_insert", "jsonb_object_keys", "jsonb_set"}
    | {"jsonb_strip_nulls", "jsonb_typeof", "row_to_json", "to_json", "to_jsonb"}
)
"""Functions of JSON."""

SESSION = frozenset(
    {"connection_id", "current_setting", "current_user", "currval", "last_insert_id"}
    | {"last_insert_rowid", "lastval", "nextval", "pg_advisory_lock", "pg_advisory_xact_lock"}
    | {"pg_backend_pid", "pg_notify", "pg_trigger_depth", "row_count", "session_user", "set_config"}
    | {"setval", "txid_current", "user"}
)
"""What the session knows, and what it tells others, which the text itself hands over."""

INBORN = WORDS | TYPES | VALUES | TEXTS | DAYS | DOCUMENTS | SESSION
"""All of them."""
