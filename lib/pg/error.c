/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a server refused: kept for those who decide by it, classified, and
 * reported on one line.
 */
#include "pg/private.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

void
pg_one_line(struct str *out, const char *text, size_t n)
{
	const char *end = text + n;

	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		size_t len =
		    (size_t)((line_end == NULL ? end : line_end) - text);

		if (len > 0 && *text != '\t') {
			str_add(out, out->len > 0 ? "; " : "");
			str_addn(out, text, len);
		}
		text = line_end == NULL ? end : line_end + 1;
	}
}

static void
point_at_texts(struct pg *pg)
{
	struct pg_error *e = &pg->error;

	e->message = pg->error_text[PG_ERROR_MESSAGE];
	e->detail = pg->error_text[PG_ERROR_DETAIL];
	e->hint = pg->error_text[PG_ERROR_HINT];
	e->context = pg->error_text[PG_ERROR_CONTEXT];
	e->constraint = pg->error_text[PG_ERROR_CONSTRAINT];
	e->schema = pg->error_text[PG_ERROR_SCHEMA];
	e->table = pg->error_text[PG_ERROR_TABLE];
	e->column = pg->error_text[PG_ERROR_COLUMN];
	if (e->message == NULL) {
		e->message = "";
	}
}

void
pg_error_clear(struct pg *pg)
{
	size_t i;

	for (i = 0; i < sizeof(pg->error_text) / sizeof(*pg->error_text); i++) {
		free(pg->error_text[i]);
		pg->error_text[i] = NULL;
	}
	pg->error.sqlstate[0] = '\0';
	pg->error.class = STATUS_OK;
	point_at_texts(pg);
}

void
pg_error_field(struct pg *pg, enum pg_error_field field, const char *text)
{
	struct str line = STR_INIT;

	free(pg->error_text[field]);
	pg->error_text[field] = NULL;
	if (text != NULL) {
		pg_one_line(&line, text, strlen(text));
		pg->error_text[field] = str_take(&line);
	}
	point_at_texts(pg);
}

status
pg_error_class(const char *sqlstate)
{
	static const char *const passing[] = {"08", "40", "53300", "55P03",
	    "57P01", "57P02", "57P03"};
	size_t i;

	for (i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		if (strncmp(sqlstate, passing[i], strlen(passing[i])) == 0) {
			return STATUS_RETRY;
		}
	}
	return STATUS_FAIL;
}

status
pg_error_state(struct pg *pg, const char *sqlstate)
{
	size_t n = strnlen(sqlstate, sizeof(pg->error.sqlstate) - 1);

	memcpy(pg->error.sqlstate, sqlstate, n);
	pg->error.sqlstate[n] = '\0';
	pg->error.class = pg_error_class(pg->error.sqlstate);
	return pg->error.class;
}

status
pg_error_result(struct pg *pg, const PGresult *res)
{
	static const struct {
		enum pg_error_field field;
		int code;
	} fields[] = {{PG_ERROR_MESSAGE, PG_DIAG_MESSAGE_PRIMARY},
	    {PG_ERROR_DETAIL, PG_DIAG_MESSAGE_DETAIL},
	    {PG_ERROR_HINT, PG_DIAG_MESSAGE_HINT},
	    {PG_ERROR_CONTEXT, PG_DIAG_CONTEXT},
	    {PG_ERROR_CONSTRAINT, PG_DIAG_CONSTRAINT_NAME},
	    {PG_ERROR_SCHEMA, PG_DIAG_SCHEMA_NAME},
	    {PG_ERROR_TABLE, PG_DIAG_TABLE_NAME},
	    {PG_ERROR_COLUMN, PG_DIAG_COLUMN_NAME}};
	const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	size_t i;

	if (sqlstate == NULL) {
		/* libpq made this one up. */
		if (PQstatus(pg->conn) == CONNECTION_BAD) {
			return pg_error_lost(pg, PQresultErrorMessage(res));
		}
		return pg_error_own(pg, STATUS_FAIL, PQresultErrorMessage(res));
	}
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		pg_error_field(pg, fields[i].field,
		    PQresultErrorField(res, fields[i].code));
	}
	return pg_error_state(pg, sqlstate);
}

status
pg_error_own(struct pg *pg, status class, const char *message)
{
	pg_error_clear(pg);
	pg_error_field(pg, PG_ERROR_MESSAGE, message);
	pg->error.class = class;
	return class;
}

status
pg_error_lost(struct pg *pg, const char *reason)
{
	struct str line = STR_INIT;
	char *message;

	if (reason == NULL) {
		reason = PQerrorMessage(pg->conn);
	}
	pg_one_line(&line, reason, strlen(reason));
	message = mem_printf("the connection to the %s was lost%s%s", pg->role,
	    line.len > 0 ? ": " : "", str_text(&line));
	str_free(&line);
	pg->lost = true;
	pg_error_own(pg, STATUS_RETRY, message);
	free(message);
	return STATUS_RETRY;
}

const struct pg_error *
pg_last_error(const struct pg *pg)
{
	return &pg->error;
}

void
pg_report(struct pg *pg, const char *doing)
{
	const struct pg_error *e = &pg->error;

	log_error("could not %s: %s", doing, e->message);
	if (e->detail != NULL) {
		log_detail("%s", e->detail);
	}
	if (e->context != NULL) {
		log_detail("%s", e->context);
	}
	if (e->hint != NULL) {
		log_hint("%s", e->hint);
	}
}

void
pg_on_notice(struct pg *pg, pg_notice_fn fn, void *arg)
{
	pg->on_notice = fn;
	pg->notice_arg = arg;
}

/*
 * Notices: the severity is the untranslated one where the server sends it
 * (9.6 and later).
 */
void
pg_take_notice(struct pg *pg, const char *severity, const char *message)
{
	struct str line = STR_INIT;

	pg->notices++;
	if (pg->on_notice != NULL) {
		pg->on_notice(pg->notice_arg, severity, message);
		return;
	}
	pg_one_line(&line, message, strlen(message));
	if (str_eq(severity, "WARNING")) {
		log_warning("%s", str_text(&line));
	} else {
		log_verbose("%s", str_text(&line));
	}
	str_free(&line);
}

/* The next field of an 'E' or 'N' message: its code and text; NULL at the
 * end, and at the end of what is cut. */
static const char *
next_field(const char **p, const char *end, char *code)
{
	const char *text = *p + 1;
	const char *nul;

	if (*p >= end || **p == '\0') {
		return NULL;
	}
	nul = memchr(text, '\0', (size_t)(end - text));
	if (nul == NULL) {
		return NULL;
	}
	*code = **p;
	*p = nul + 1;
	return text;
}

void
pg_wire_error(struct pg *pg, const char *p, size_t n)
{
	static const char codes[] = "MDHWcstn"; /* beside pg_error_field */
	static const enum pg_error_field fields[] = {PG_ERROR_MESSAGE,
	    PG_ERROR_DETAIL, PG_ERROR_HINT, PG_ERROR_CONTEXT, PG_ERROR_COLUMN,
	    PG_ERROR_SCHEMA, PG_ERROR_TABLE, PG_ERROR_CONSTRAINT};
	const char *end = p + n;
	const char *text, *at;
	char code;

	pg_error_clear(pg);
	pg->error.class = STATUS_FAIL;
	while ((text = next_field(&p, end, &code)) != NULL) {
		if (code == 'C') {
			(void)pg_error_state(pg, text);
		} else if ((at = strchr(codes, code)) != NULL) {
			pg_error_field(pg, fields[at - codes], text);
		}
	}
}

void
pg_wire_notice(struct pg *pg, const char *p, size_t n)
{
	const char *end = p + n;
	const char *severity = NULL, *message = "";
	const char *text;
	char code;

	while ((text = next_field(&p, end, &code)) != NULL) {
		if (code == 'V') {
			severity = text;
		} else if (code == 'M') {
			message = text;
		}
	}
	pg_take_notice(pg, severity, message);
}
