/* SPDX-License-Identifier: PostgreSQL */
/*
 * A bucket's objects: get, stat, list, remove.
 */
#include "s3/object.h"

#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/record.h"
#include "s3/upload.h"
#include "s3/xml.h"

char *
s3_key(const struct s3 *s, const char *name)
{
	return mem_printf("%s%s", s3_config_of(s)->prefix, name);
}

/* --- get ------------------------------------------------------------------------ */

struct download {
	uint64_t got;
};

static status
take(void *arg, const void *bytes, size_t n)
{
	struct download *d = arg;

	d->got += n;
	return io_out_write(bytes, n);
}

status
s3_get(struct s3 *s, const char *name, uint64_t from)
{
	char *key CLEANUP_FREE = s3_key(s, name), *etag CLEANUP_FREE = NULL;
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	struct download d = {0};
	struct s3_request r = {.method = "GET",
	    .key = key,
	    .sink = take,
	    .arg = &d};

	do {
		uint64_t before = d.got;

		r.from = (int64_t)(from + d.got);
		r.etag = etag;
		s3_once(s, &r, &a);
		if (etag == NULL && a.etag != NULL && d.got > 0)
			etag = mem_strdup(a.etag);
		if (d.got > before)
			a.tries = 1; /* it goes on */
	} while (a.passing && s3_wait(s, a.tries));
	if (a.other) {
		log_error("\"%s/%s\" has changed while it was read",
		    s3_config_of(s)->url, name);
		return STATUS_RETRY;
	}
	/* From its end on there is nothing. */
	if (a.code == 416 && r.from > 0)
		return STATUS_OK;
	return s3_good(&a) ? STATUS_OK : s3_fault(s, &a, "get", name);
}

/* --- stat ----------------------------------------------------------------------- */

/* The answer to HEAD has no body that could say why. */
static status
check_bucket(struct s3 *s, const char *name)
{
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	const struct s3_request r = {.method = "GET",
	    .query = "list-type=2&max-keys=1"};

	s3_ask(s, &r, &a);
	return s3_good(&a) ? STATUS_OK : s3_fault(s, &a, "stat", name);
}

status
s3_look(struct s3 *s, const char *name, int64_t *bytes, char **etag)
{
	char *key CLEANUP_FREE = s3_key(s, name);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	const struct s3_request r = {.method = "HEAD", .key = key};

	s3_ask(s, &r, &a);
	*bytes = s3_good(&a) ? a.length : -1;
	if (s3_good(&a)) {
		if (etag != NULL) {
			*etag = a.etag;
			a.etag = NULL;
		}
		return STATUS_OK;
	}
	if (a.reason[0] == '\0') {
		status bucket = check_bucket(s, name);

		if (bucket != STATUS_OK || a.code == 404)
			return bucket;
	}
	return s3_fault(s, &a, "stat", name);
}

static status
show(const char *name, uint64_t bytes)
{
	json_t *record CLEANUP(record_cleanup) = json_object();

	record_set_text(record, "name", name);
	record_set_count(record, "bytes", bytes);
	return record_print(record);
}

status
s3_stat(struct s3 *s, const char *name)
{
	int64_t bytes;
	status st = s3_look(s, name, &bytes, NULL);

	if (st != STATUS_OK)
		return st;
	return bytes < 0 ? STATUS_NO : show(name, (uint64_t)bytes);
}

/* --- list ----------------------------------------------------------------------- */

/* What is none of a store's names is none of ours. */
static status
show_object(const struct s3 *s, struct xml_span object)
{
	char *key CLEANUP_FREE = xml_text(object, "Key");
	char *size CLEANUP_FREE = xml_text(object, "Size");
	const char *prefix = s3_config_of(s)->prefix;
	size_t n = strlen(prefix);
	uint64_t bytes;

	if (key == NULL || size == NULL ||
	    !num_u64(size, 0, INT64_MAX, &bytes) ||
	    strncmp(key, prefix, n) != 0 || key[n] == '\0' ||
	    key[n + strspn(key + n, S3_NAME_LETTERS)] != '\0')
		return STATUS_OK;
	return show(key + n, bytes);
}

static char *
list_query(const struct s3 *s, const char *token)
{
	struct str q = STR_INIT;

	if (token != NULL) {
		str_add(&q, "continuation-token=");
		s3_encode(&q, token, false);
		str_addc(&q, '&');
	}
	str_add(&q, "list-type=2&prefix=");
	s3_encode(&q, s3_config_of(s)->prefix, false);
	return str_take(&q);
}

/* One answer of it; *token becomes what the next one is asked with. */
static status
list_some(struct s3 *s, char **token)
{
	char *query CLEANUP_FREE = list_query(s, *token);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	const struct s3_request r = {.method = "GET", .query = query};
	struct xml_span whole, object;
	status st = STATUS_OK;

	s3_ask(s, &r, &a);
	free(*token);
	*token = NULL;
	if (!s3_good(&a))
		return s3_fault(s, &a, "list", "");
	whole = xml_whole(str_text(&a.text), a.text.len);
	*token = xml_text(whole, "NextContinuationToken");
	if (!xml_next(&whole, "ListBucketResult", &object)) {
		log_error("\"%s\" answers with something else than a list",
		    s3_config_of(s)->url);
		return STATUS_FAIL;
	}
	for (whole = object;
	     st == STATUS_OK && xml_next(&whole, "Contents", &object);)
		st = show_object(s, object);
	return st;
}

status
s3_list(struct s3 *s)
{
	char *token = NULL;
	status st;

	do
		st = list_some(s, &token);
	while (st == STATUS_OK && token != NULL);
	free(token);
	return st;
}

/* --- remove --------------------------------------------------------------------- */

status
s3_remove(struct s3 *s, const char *name)
{
	char *key CLEANUP_FREE = s3_key(s, name);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	const struct s3_request r = {.method = "DELETE", .key = key};
	char *code CLEANUP_FREE = NULL;

	s3_ask(s, &r, &a);
	code = s3_code(&a);
	if (!s3_good(&a) && !str_eq(code, "NoSuchKey"))
		return s3_fault(s, &a, "remove", name);
	return s3_upload_abort_all(s, key, name);
}
