/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading what a pipeline says.  It may be anybody's, and may say anything
 * at any length: memory is bounded by one record.
 */
#include "queue/answer.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define NOISE 80 /* bytes of a foreign line that are shown */

/*
 * A slice by key or time is a range of rows whatever the snapshot is, and
 * each is read under one of its own: it is given out as such.  (As slices
 * of one relation they would have to be of one snapshot.)
 */
static json_t *
line_to_give(const struct claim *c)
{
	json_t *line = json_copy(c->line);
	const char *by = record_text(json_object_get(line, "slice"), "by");

	if (by != NULL && strcmp(by, "ctid") != 0)
		(void)json_object_set_new(line, "slice", json_null());
	return line;
}

void
answer_begin(struct answer *a, const struct claim *c)
{
	*a = (struct answer){.claim = c};
	a->given = line_to_give(c);
}

void
answer_free(struct answer *a)
{
	json_decref(a->given);
	json_decref(a->result);
	str_free(&a->line);
	str_free(&a->tail);
	str_free(&a->text);
	free(a->noise);
	*a = (struct answer){0};
}

void
answer_input(const struct answer *a, struct str *out)
{
	record_show(a->given, out);
	str_add(out, "\n{\"end\":\"pg-queue\",\"lines\":1}\n");
}

/* --- stdout ------------------------------------------------------------------------ */

bool
answer_take(struct answer *a, json_t *record)
{
	const char *id = record_text(record, "chunk");

	/* pg-checksum --rows names rows, too. */
	if (id == NULL || strcmp(id, a->claim->chunk) != 0 ||
	    record_text(record, "row") != NULL)
		return false;
	/* What came in and goes out again says nothing. */
	if (record_text(record, "status") == NULL &&
	    json_equal(record, a->given) != 0)
		return false;
	json_decref(a->result);
	a->result = json_incref(record);
	return true;
}

static void
take_line(struct answer *a, const char *text, size_t len)
{
	json_t *record CLEANUP(record_cleanup) = NULL;
	json_error_t error;

	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
		len--;
	if (len == 0)
		return;
	if (text[0] == '{' && len <= RECORD_MAX)
		record = record_load(text, len, &error);
	if (record != NULL)
		(void)answer_take(a, record);
	else if (a->noise == NULL)
		a->noise = mem_strndup(text, len < NOISE ? len : NOISE);
}

void
answer_stdout(struct answer *a, const char *bytes, size_t n)
{
	while (n > 0) {
		const char *newline = memchr(bytes, '\n', n);
		size_t part = newline == NULL ? n : (size_t)(newline - bytes);

		if (!a->skipping && a->line.len + part <= RECORD_MAX + 1)
			str_addn(&a->line, bytes, part);
		else
			a->skipping = true;
		if (newline == NULL)
			return;
		take_line(a, str_text(&a->line), a->line.len);
		str_clear(&a->line);
		a->skipping = false;
		bytes += part + 1;
		n -= part + 1;
	}
}

/* --- stderr ------------------------------------------------------------------------ */

void
answer_stderr(struct answer *a, const char *bytes, size_t n)
{
	size_t over;

	if (n > ANSWER_TAIL) {
		bytes += n - ANSWER_TAIL;
		n = ANSWER_TAIL;
	}
	str_addn(&a->tail, bytes, n);
	if (a->tail.len <= ANSWER_TAIL)
		return;
	over = a->tail.len - ANSWER_TAIL;
	memmove(a->tail.data, a->tail.data + over, ANSWER_TAIL);
	a->tail.len = ANSWER_TAIL;
	a->tail.data[ANSWER_TAIL] = '\0';
}

/* --- the verdict ------------------------------------------------------------------- */

/* Statuses that say "it was not done", and those that say "no". */
static bool
is_failure(const char *status_text)
{
	return str_eq(status_text, "failed") || str_eq(status_text, "unproved");
}

static bool
is_no(const char *status_text)
{
	return str_eq(status_text, "differ") || str_eq(status_text, "missing");
}

static int
class_of(int code)
{
	return code == STATUS_USAGE || code == STATUS_FAIL ? code
							   : STATUS_RETRY;
}

static json_t *
own_error(const struct answer *a, int code)
{
	json_t *error = json_object();
	struct str text CLEANUP(str_free) = STR_INIT;

	if (code > 128)
		str_addf(&text, "the pipeline was ended by signal %d",
		    code - 128);
	else if (code > 0)
		str_addf(&text, "the pipeline ended with exit status %d", code);
	else if (code < 0)
		str_add(&text, "no result came back");
	else
		str_add(&text, "the pipeline printed no result line");
	if (code == 0 && a->noise != NULL)
		str_addf(&text, ", but \"%s\"", a->noise);
	record_set_text(error, "message", str_text(&text));
	record_set_int(error, "class", class_of(code));
	return error;
}

/* What the result line says is better than what the shell says. */
static json_t *
error_of(const struct answer *a, int code)
{
	const json_t *said = json_object_get(a->result, "error");
	const char *reason = record_text(a->result, "reason");
	json_t *error = own_error(a, code);

	if (!is_failure(record_text(a->result, "status")))
		return error;
	if (json_is_object(said))
		(void)json_object_update(error, (json_t *)(uintptr_t)said);
	else if (reason != NULL)
		record_set_text(error, "message", reason);
	return error;
}

static void
fail(struct answer *a, int code, struct outcome *out)
{
	json_t *error CLEANUP(record_cleanup) = error_of(a, code);

	if (code >= 0)
		record_set_int(error, "exit", code);
	if (a->tail.len > 0)
		record_set_text(error, "stderr", str_text(&a->tail));
	str_clear(&a->text);
	record_show(error, &a->text);
	out->error = str_text(&a->text);
}

void
answer_judge(struct answer *a, int code, struct outcome *out)
{
	const char *said;
	bool wrong;

	/* A last line without its newline was cut off: it does not count. */
	said = record_text(a->result, "status");
	wrong = is_no(said);
	if (a->result == NULL || is_failure(said) ||
	    !(code <= 0 || (code == STATUS_NO && wrong))) {
		fail(a, code, out);
		return;
	}
	str_clear(&a->text);
	record_show(a->result, &a->text);
	out->done = true;
	out->answer = said;
	out->wrong = wrong;
	out->result = str_text(&a->text);
}

int64_t
answer_count(const struct answer *a, const char *field)
{
	return record_int(a->result, field);
}
