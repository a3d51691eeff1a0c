/* SPDX-License-Identifier: PostgreSQL */
/*
 * One failure, as a message and as a record.
 */
#include "pg/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"

static char *format(const char *fmt, va_list args)
    __attribute__((format(printf, 1, 0)));

static char *
format(const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		BUG("cannot format \"%s\"", fmt);
	text = mem_alloc((size_t)n + 1);
	(void)vsnprintf(text, (size_t)n + 1, fmt, args);
	return text;
}

void
failure_clear(struct failure *f)
{
	free(f->message);
	free(f->detail);
	free(f->hint);
	memset(f, 0, sizeof(*f));
}

status
failure_set(struct failure *f, status class, const char *fmt, ...)
{
	va_list args;
	char *message;

	va_start(args, fmt);
	message = format(fmt, args);
	va_end(args);
	failure_clear(f);
	f->class = class;
	f->message = message;
	return class;
}

void
failure_hint(struct failure *f, const char *fmt, ...)
{
	va_list args;

	free(f->hint);
	va_start(args, fmt);
	f->hint = format(fmt, args);
	va_end(args);
}

/* What the server said last. */
static status
take(struct failure *f, const struct pg *pg, const char *doing)
{
	const struct pg_error *e = pg_last_error(pg);

	failure_clear(f);
	f->class = e->class == STATUS_OK ? STATUS_FAIL : e->class;
	f->message = mem_printf("could not %s: %s", doing,
	    e->message != NULL ? e->message : "no reason was given");
	f->detail = e->detail != NULL ? mem_strdup(e->detail) : NULL;
	f->hint = e->hint != NULL ? mem_strdup(e->hint) : NULL;
	memcpy(f->sqlstate, e->sqlstate, sizeof(f->sqlstate));
	return f->class;
}

status
failure_from_pg(struct failure *f, const struct pg *pg, const char *fmt, ...)
{
	char *doing CLEANUP_FREE = NULL;
	va_list args;

	va_start(args, fmt);
	doing = format(fmt, args);
	va_end(args);
	return take(f, pg, doing);
}

status
failure_run(struct failure *f, struct pg *pg, const struct sql *sql,
    struct pg_result **out, const char *fmt, ...)
{
	char *doing CLEANUP_FREE = NULL;
	va_list args;

	if (pg_run(pg, NULL, sql, out) == STATUS_OK)
		return STATUS_OK;
	va_start(args, fmt);
	doing = format(fmt, args);
	va_end(args);
	return take(f, pg, doing);
}

status
failure_do_text(struct failure *f, struct pg *pg, const char *text,
    const char *fmt, ...)
{
	char *doing CLEANUP_FREE = NULL;
	va_list args;

	if (pg_do_text(pg, NULL, text) == STATUS_OK)
		return STATUS_OK;
	va_start(args, fmt);
	doing = format(fmt, args);
	va_end(args);
	return take(f, pg, doing);
}

void
failure_roll_back(struct pg *pg)
{
	if (!pg_broken(pg) && pg_do(pg, NULL, "rollback") != STATUS_OK)
		log_verbose("could not roll back: %s",
		    pg_last_error(pg)->message);
}

void
failure_report(const struct failure *f)
{
	log_error("%s", f->message);
	if (f->detail != NULL)
		log_detail("%s", f->detail);
	if (f->hint != NULL)
		log_hint("%s", f->hint);
}

json_t *
failure_json(const struct failure *f)
{
	json_t *error = json_object(), *failed = json_object();

	record_set_text(error, "message", f->message);
	if (f->sqlstate[0] != '\0')
		record_set_text(error, "sqlstate", f->sqlstate);
	record_set_int(error, "class", f->class);
	if (f->detail != NULL)
		record_set_text(error, "detail", f->detail);
	if (f->hint != NULL)
		record_set_text(error, "hint", f->hint);
	(void)json_object_set_new(failed, "error", error);
	return failed;
}
