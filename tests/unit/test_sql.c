/* SPDX-License-Identifier: PostgreSQL */
/*
 * The SQL builder: what is appended is quoted, whatever it holds.
 */
#include "pg/sql.h"

#include "tap.h"

static void
test_quoting(void)
{
	struct sql s CLEANUP_SQL = SQL_INIT;

	sql_add(&s, "select ");
	sql_ident(&s, "a\"b");
	sql_add(&s, " from ");
	sql_name(&s, "My Schema", "select");
	is_text(str_text(&s.text),
	    "select \"a\"\"b\" from \"My Schema\".\"select\"",
	    "identifiers are quoted");
	sql_clear(&s);
	is_text(str_text(&s.text), "", "cleared");
	sql_value(&s, "it's");
	sql_add(&s, "|");
	sql_value(&s, "a\\'b");
	sql_add(&s, "|");
	sql_value(&s, NULL);
	sql_add(&s, "|");
	sql_value(&s, "");
	is_text(str_text(&s.text), "'it''s'| E'a\\\\''b'|null|''",
	    "values are quoted, with E only where a backslash is");
}

static void
test_numbers(void)
{
	struct sql s CLEANUP_SQL = SQL_INIT;

	sql_int(&s, 5);
	sql_add(&s, " -");
	sql_int(&s, -5);
	sql_add(&s, " ");
	sql_int(&s, INT64_MIN);
	is_text(str_text(&s.text),
	    "5 -'-5'::pg_catalog.int8 "
	    "'-9223372036854775808'::pg_catalog.int8",
	    "a minus sign never begins a comment");
}

static void
test_parameters(void)
{
	struct sql s CLEANUP_SQL = SQL_INIT;

	sql_param(&s, "one");
	sql_add(&s, ", ");
	sql_param(&s, NULL);
	sql_add(&s, ", ");
	sql_param(&s, "");
	is_text(str_text(&s.text), "$1, $2, $3", "parameters count up");
	is_number(s.params.len, 3, "three of them");
	is_text(s.params.data[0], "one", "a value");
	is_text(s.params.data[1], NULL, "null is null");
	is_text(s.params.data[2], "", "empty is empty");
}

static void
test_show(void)
{
	static const char *const names[][2] = {{"t", "t"}, {"_t1", "_t1"},
	    {"T", "\"T\""}, {"1t", "\"1t\""}, {"", "\"\""}, {"a b", "\"a b\""},
	    {"a\"b", "\"a\"\"b\""}, {"ü", "\"ü\""}, {"table", "\"table\""},
	    {"all", "\"all\""}, {"xmltable", "\"xmltable\""},
	    {"json", "\"json\""}, {"only", "\"only\""}, {"data", "data"},
	    {"name", "name"}, {"value", "value"}, {"t$", "\"t$\""}};
	struct str out = STR_INIT;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		str_clear(&out);
		sql_show_ident(&out, names[i][0]);
		is_text(str_text(&out), names[i][1], names[i][1]);
	}
	str_clear(&out);
	sql_show_name(&out, "public", "User");
	is_text(str_text(&out), "public.\"User\"", "a name of two parts");
	str_free(&out);
}

int
main(void)
{
	test_quoting();
	test_numbers();
	test_parameters();
	test_show();
	return tap_done();
}
