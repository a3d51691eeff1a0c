/* SPDX-License-Identifier: PostgreSQL */
/*
 * Patterns of the command line, and what can be said of them before the
 * tables are looked at.
 */
#include "chunk/patterns.h"

#include "base/log.h"
#include "base/mem.h"

static status
parse_list(const struct strv *texts, bool regex, bool leave_out,
    struct patterns *out)
{
	status worst = STATUS_OK;

	for (size_t i = 0; i < texts->len; i++) {
		struct pattern *p = &out->items[out->count];
		const char *text = texts->data[i];
		status s =
		    regex ? pattern_regex(text, p) : pattern_parse(text, p);

		worst = status_worse(worst, s);
		p->leave_out = leave_out;
		if (s == STATUS_OK)
			out->count++;
	}
	return worst;
}

status
patterns_parse(const struct request *request, struct patterns *out)
{
	size_t n = request->patterns.len + request->leave_out.len;
	status s;

	*out =
	    (struct patterns){mem_resize(NULL, n + 1, sizeof(struct pattern)),
		0};
	s = parse_list(&request->patterns, request->regex, false, out);
	return status_worse(s,
	    parse_list(&request->leave_out, request->regex, true, out));
}

void
patterns_free(struct patterns *p)
{
	for (size_t i = 0; i < p->count; i++)
		pattern_free(&p->items[i]);
	free(p->items);
	*p = (struct patterns){NULL, 0};
}

/* Does the server understand it? */
static status
check_regex(struct pg *pg, const char *pattern, const char *regex)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	const struct pg_error *error;
	status s;

	sql_add(&sql, "select '' ~ ");
	sql_param(&sql, regex);
	sql_add(&sql, "::pg_catalog.text collate pg_catalog.default");
	s = pg_run(pg, NULL, &sql, NULL);
	if (s == STATUS_OK)
		return s;
	error = pg_last_error(pg);
	if (!str_eq(error->sqlstate, "2201B")) {
		pg_report(pg, "check a pattern");
		return s;
	}
	log_error("pattern \"%s\" is not valid: %s", pattern, error->message);
	return STATUS_USAGE;
}

static status
check(struct pg *pg, const struct pattern *p)
{
	status s = STATUS_OK;

	if (p->database != NULL && !str_eq(p->database, pg_database(pg))) {
		log_error("pattern \"%s\" is of another database than \"%s\"",
		    p->text, pg_database(pg));
		return STATUS_USAGE;
	}
	if (p->name_like)
		s = check_regex(pg, p->text, p->name);
	if (s == STATUS_OK && p->schema_like)
		s = check_regex(pg, p->text, p->schema);
	return s;
}

status
patterns_check(const struct patterns *p, struct pg *pg)
{
	status worst = STATUS_OK;

	for (size_t i = 0; i < p->count && !pg_broken(pg); i++)
		worst = status_worse(worst, check(pg, &p->items[i]));
	return worst;
}
