/* SPDX-License-Identifier: PostgreSQL */
/* YAML as people write it: types, lines, limits, and what is refused. */
#include "data/yaml.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"
#include "tap.h"

static void
becomes(const char *text, const char *json)
{
	struct yaml y CLEANUP(yaml_forget) = YAML_INIT;
	struct str shown CLEANUP(str_free) = STR_INIT;

	if (yaml_parse("it", text, strlen(text), &y) == STATUS_OK)
		record_show_value(y.document, &shown);
	is_text(str_text(&shown), json, json);
}

static void
refused(const char *text, size_t len, const char *what)
{
	struct yaml y = YAML_INIT;

	ok(yaml_parse("it", text, len, &y) == STATUS_USAGE, "refused: %s",
	    what);
	ok(y.document == NULL && y.name == NULL, "nothing is kept: %s", what);
}

static void
lines(void)
{
	static const char text[] = "a: 1\nb:\n  - c: 2\n  -\n    d: [x,\n y]\n";
	struct yaml y CLEANUP(yaml_forget) = YAML_INIT;

	ok(yaml_parse("it", text, strlen(text), &y) == STATUS_OK, "it parses");
	is_number(yaml_line(&y, "a"), 1, "a key");
	is_number(yaml_line(&y, "b"), 2, "a key of a block");
	is_number(yaml_line(&y, "b[0].c"), 3, "within a list");
	is_number(yaml_line(&y, "b[1].d"), 5, "deeper");
	is_number(yaml_line(&y, "b[1].d[1]"), 6, "in a flow");
	is_number(yaml_line(&y, "nothing"), 0, "what is not there");
}

static void
limits(void)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	int i;

	for (i = 0; i < YAML_DEPTH_MAX; i++)
		str_addc(&text, '[');
	for (i = 0; i < YAML_DEPTH_MAX; i++)
		str_addc(&text, ']');
	{
		struct yaml y CLEANUP(yaml_forget) = YAML_INIT;

		ok(yaml_parse("it", text.data, text.len, &y) == STATUS_OK,
		    "as deep as may be");
	}
	str_clear(&text);
	for (i = 0; i <= YAML_DEPTH_MAX; i++)
		str_add(&text, "- ");
	str_add(&text, "x\n");
	refused(text.data, text.len, "deeper than may be");
	str_clear(&text);
	str_add(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (i = 1; i < 6; i++)
		str_addf(&text,
		    "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i,
		    i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	refused(text.data, text.len, "aliases of aliases of aliases");
}

static status
check(const char *text)
{
	static const char *const colours[] = {"red", "blue", NULL};
	static const struct yaml_field fields[] = {{"name", YAML_TEXT, true,
						       NULL},
	    {"colour", YAML_TEXT, false, colours},
	    {"n", YAML_COUNT, false, NULL}, {"f", YAML_NUMBER, false, NULL},
	    {"on", YAML_FLAG, false, NULL}, {"list", YAML_TEXTS, false, NULL},
	    {"or", YAML_NULL_TEXT, false, NULL}, {NULL, YAML_ANY, false, NULL}};
	struct yaml y CLEANUP(yaml_forget) = YAML_INIT;
	status s = yaml_parse("it", text, strlen(text), &y);

	return s == STATUS_OK ? yaml_check(&y, "", y.document, fields) : s;
}

static void
shapes(void)
{
	static const char *const bad[] = {"n: 1", "name: ''", "name: x\nn: -1",
	    "name: x\nn: 1.5", "name: x\nf: much", "name: x\non: 1",
	    "name: x\nlist: x", "name: x\nlist: [x, 1]", "name: x\nmore: y",
	    "name: x\ncolour: green", "name: x\nor: 1", "- name", "", "x"};

	ok(check("name: x\ncolour: red\nn: 3\nf: 0.5\non: true\nlist: [a]\n"
		 "or: null\n") == STATUS_OK,
	    "what fits");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(check(bad[i]) == STATUS_USAGE, "refused: number %zu", i);
}

int
main(void)
{
	log_init("test_yaml");
	becomes("", "null");
	becomes("a: 1\nb: -2\nc: +3\nd: 007",
	    "{\"a\":1,\"b\":-2,\"c\":3,\"d\":7}");
	becomes("[1.5, .5, 1e3, 2.]", "[1.5,0.5,1000.0,2.0]");
	becomes("[true, False, null, ~, yes, no, on]",
	    "[true,false,null,null,\"yes\",\"no\",\"on\"]");
	becomes("['1', \"true\", 1.2.3, 2026-01-31, 1_000, '']",
	    "[\"1\",\"true\",\"1.2.3\",\"2026-01-31\",\"1_000\",\"\"]");
	becomes("a: |\n  x\n  y\nb: >\n  x\n  y\n",
	    "{\"a\":\"x\\ny\\n\",\"b\":\"x y\\n\"}");
	becomes("a: &x {b: [1, 2]}\nc: *x\n",
	    "{\"a\":{\"b\":[1,2]},\"c\":{\"b\":[1,2]}}");
	becomes("a:\nb: {}\nc: []\n", "{\"a\":null,\"b\":{},\"c\":[]}");
	becomes("{\"a\":\"\\ud83d\\ude00\", \"b\":[1,2]}",
	    "{\"a\":\"\360\237\230\200\",\"b\":[1,2]}");
	becomes("{a: 1}", "{\"a\":1}");
	becomes("é: \"\\u00e9\"", "{\"é\":\"é\"}");
	refused("a: 1\na: 2", 9, "a key twice");
	refused("a: [1", 5, "cut");
	refused("a: b: c", 7, "no YAML");
	refused("a: !!int 1", 10, "a tag");
	refused("a: *b", 5, "an alias of nothing");
	refused("a: &a [*a]", 10, "an alias within its anchor");
	refused("? [a]\n: b", 9, "a key that is a list");
	refused("a\n---\nb", 7, "two documents");
	refused("a: \"\\0\"", 7, "an escaped null byte");
	refused("a: b\0c", 6, "a null byte");
	refused("a: \xff", 4, "no UTF-8");
	refused("\xff\xfe"
		"a\0:\0 \0b\0",
	    10, "UTF-16");
	refused("a: 99999999999999999999", 23, "a number too large");
	refused("a: 1e999", 8, "a number too large for a double");
	lines();
	limits();
	shapes();
	return tap_done();
}
