/* SPDX-License-Identifier: PostgreSQL */
/* Patterns of names: parts, folding, quotes, wildcards; what is none. */
#include "chunk/pattern.h"

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

/* Expect schema and name; a leading ~ says that it is a regular expression. */
static void
parts(const char *text, const char *schema, const char *name)
{
	struct pattern p;
	char got[512];

	if (!ok(pattern_parse(text, &p) == STATUS_OK, "%s is a pattern", text))
		return;
	snprintf(got, sizeof(got), "%s%s", p.name_like ? "~" : "", p.name);
	is_text(got, name, text);
	if (p.schema == NULL)
		is_text(NULL, schema, "no schema");
	else {
		snprintf(got, sizeof(got), "%s%s", p.schema_like ? "~" : "",
		    p.schema);
		is_text(got, schema, "its schema");
	}
	is_text(p.text, text, "the text is kept");
	pattern_free(&p);
}

static void
none(const char *text)
{
	struct pattern p;

	ok(pattern_parse(text, &p) == STATUS_USAGE, "\"%s\" is none", text);
}

int
main(void)
{
	struct pattern p;
	char deep[70];

	parts("t", NULL, "t");
	parts("Public.T1", "public", "t1");
	parts("\"Public\".\"T1\"", "Public", "T1");
	parts("A\"B\"C", NULL, "aBc");
	parts("\"a\"\"b\"", NULL, "a\"b");
	parts("a\"\"b", NULL, "ab");
	parts("\"a.b\".c", "a.b", "c");
	parts("t*", NULL, "~^(t.*)$");
	parts("*.t?", "~^(.*)$", "~^(t.)$");
	parts("\"t*\"", NULL, "t*");
	parts("\"t*\"*", NULL, "~^(t\\*.*)$");
	parts("a$", NULL, "a$");
	parts("a$*", NULL, "~^(a\\$.*)$");
	parts("a|b", NULL, "~^(a|b)$");
	parts("[a-Z]x", NULL, "~^([a-z]x)$");
	parts("x[]", NULL, "x[]");
	parts("x[]*", NULL, "~^(x\\[\\].*)$");
	parts("(R|)", NULL, "~^((r|))$");
	parts("a\\d", NULL, "~^(a\\d)$");
	parts("\"|*+?()[]{}.^$\\\"", NULL, "|*+?()[]{}.^$\\");
	parts("\"|*+?()[]{}.^$\\\"*", NULL,
	    "~^(\\|\\*\\+\\?\\(\\)\\[\\]\\{\\}\\.\\^\\$\\\\.*)$");
	parts("\303\234b\303\234", NULL, "\303\234b\303\234");

	is_number(pattern_parse("Db.s.t", &p), STATUS_OK, "three parts");
	is_text(p.database, "db", "the first is a database");
	pattern_free(&p);

	/* What is longer than a name can be matches none, not a cut one. */
	memset(deep, 'x', sizeof(deep));
	deep[64] = '\0';
	is_number(pattern_parse(deep, &p), STATUS_OK, "a very long name");
	ok(p.name_like, "it is not taken for a name");
	pattern_free(&p);

	ok(freopen("/dev/null", "w", stderr) != NULL, "messages are not seen");
	none("");
	none(".");
	none("a.");
	none(".a");
	none("\"\"");
	none("a.\"\"");
	none("a.b.c.d");
	none("\"a");
	none("a\"b.c");
	return tap_done();
}
