/* SPDX-License-Identifier: PostgreSQL */
/*
 * Uploads in parts.
 */
#include "s3/upload.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/filehash.h"
#include "data/md5.h"
#include "s3/xml.h"

void
s3_upload_free(struct s3_upload *u)
{
	for (size_t i = 0; u->parts != NULL && i < S3_PARTS; i++)
		free(u->parts[i].etag);
	free(u->parts);
	free(u->key);
	free(u->id);
	*u = (struct s3_upload){.key = NULL};
}

/* --- which there are -------------------------------------------------------------- */

/* Servers that cannot tell, or do not tell this key, have none. */
static bool
cannot_tell(const struct s3_answer *a)
{
	char *code CLEANUP_FREE = s3_code(a);

	return a->code == 501 || a->code == 405 || a->code == 403 ||
	    str_eq(code, "NotImplemented");
}

/* Up to 1,000 of them, which are more than anybody leaves. */
static status
find_uploads(struct s3 *s, const char *key, const char *doing, const char *name,
    struct strv *ids)
{
	struct str query CLEANUP(str_free) = STR_INIT;
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	struct s3_request r = {.method = "GET"};
	struct xml_span rest, upload;

	str_add(&query, "prefix=");
	s3_encode(&query, key, false);
	str_add(&query, "&uploads=");
	r.query = str_text(&query);
	s3_ask(s, &r, &a);
	if (!s3_good(&a) && cannot_tell(&a))
		return STATUS_OK;
	if (!s3_good(&a))
		return s3_fault(s, &a, doing, name);
	rest = xml_whole(str_text(&a.text), a.text.len);
	while (xml_next(&rest, "Upload", &upload)) {
		char *its CLEANUP_FREE = xml_text(upload, "Key");
		char *id CLEANUP_FREE = xml_text(upload, "UploadId");

		if (str_eq(its, key) && id != NULL)
			strv_add(ids, id);
	}
	return STATUS_OK;
}

static char *
with_id(const char *before, const char *id)
{
	struct str query = STR_INIT;

	str_addf(&query, "%suploadId=", before);
	s3_encode(&query, id, false);
	return str_take(&query);
}

static status
abort_one(struct s3 *s, const char *key, const char *name, const char *id)
{
	char *query CLEANUP_FREE = with_id("", id);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	const struct s3_request r = {.method = "DELETE",
	    .key = key,
	    .query = query};

	s3_ask(s, &r, &a);
	if (s3_good(&a) || a.code == 404)
		return STATUS_OK;
	return s3_fault(s, &a, "remove the parts of", name);
}

status
s3_upload_abort_all(struct s3 *s, const char *key, const char *name)
{
	struct strv ids CLEANUP(strv_free) = STRV_INIT;
	status st = find_uploads(s, key, "remove", name, &ids);

	for (size_t i = 0; st == STATUS_OK && i < ids.len; i++)
		st = abort_one(s, key, name, ids.data[i]);
	return st;
}

/* --- what it has ------------------------------------------------------------------ */

static void
take_part(struct s3_upload *u, struct xml_span in)
{
	char *number CLEANUP_FREE = xml_text(in, "PartNumber");
	char *size CLEANUP_FREE = xml_text(in, "Size");
	uint64_t n = 0, bytes = 0;
	struct s3_part *part;

	if (number == NULL || size == NULL ||
	    !num_u64(number, 1, S3_PARTS, &n) ||
	    !num_u64(size, 1, INT64_MAX, &bytes))
		return;
	part = &u->parts[n - 1];
	part->bytes = bytes;
	free(part->etag);
	part->etag = xml_text(in, "ETag");
}

/* The next up to 1,000; *marker becomes the last one's number, or NULL. */
static status
read_parts(struct s3 *s, struct s3_upload *u, const char *name, char **marker)
{
	char *before CLEANUP_FREE = *marker == NULL
	    ? mem_strdup("")
	    : mem_printf("part-number-marker=%s&", *marker);
	char *query CLEANUP_FREE = with_id(before, u->id);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	const struct s3_request r = {.method = "GET",
	    .key = u->key,
	    .query = query};
	struct xml_span rest, part;
	char *more CLEANUP_FREE = NULL;
	uint64_t last;

	s3_ask(s, &r, &a);
	free(*marker);
	*marker = NULL;
	if (!s3_good(&a))
		return cannot_tell(&a) || a.code == 404
		    ? STATUS_NO
		    : s3_fault(s, &a, "put", name);
	rest = xml_whole(str_text(&a.text), a.text.len);
	more = xml_text(rest, "IsTruncated");
	if (str_eq(more, "true"))
		*marker = xml_text(rest, "NextPartNumberMarker");
	if (*marker != NULL && !num_u64(*marker, 1, S3_PARTS, &last)) {
		free(*marker);
		*marker = NULL;
	}
	while (xml_next(&rest, "Part", &part))
		take_part(u, part);
	return STATUS_OK;
}

static status
create(struct s3 *s, struct s3_upload *u, const char *name)
{
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	const struct s3_request r = {.method = "POST",
	    .key = u->key,
	    .query = "uploads=",
	    .body = ""};

	s3_ask(s, &r, &a);
	if (s3_good(&a))
		u->id = xml_text(xml_whole(str_text(&a.text), a.text.len),
		    "UploadId");
	if (u->id != NULL)
		return STATUS_OK;
	return s3_fault(s, &a, "put", name);
}

/* What it has; an upload that has gone since is none to go on with. */
static status
go_on(struct s3 *s, struct s3_upload *u, const char *name, const char *id)
{
	char *marker = NULL;
	status st;

	u->id = mem_strdup(id);
	do
		st = read_parts(s, u, name, &marker);
	while (st == STATUS_OK && marker != NULL);
	free(marker);
	if (st != STATUS_NO)
		return st;
	free(u->id);
	u->id = NULL;
	return STATUS_OK;
}

status
s3_upload_begin(struct s3 *s, const char *key, const char *name,
    struct s3_upload *out)
{
	struct strv ids CLEANUP(strv_free) = STRV_INIT;
	status st = find_uploads(s, key, "put", name, &ids);

	*out = (struct s3_upload){.key = mem_strdup(key),
	    .parts = mem_zalloc(S3_PARTS * sizeof(struct s3_part))};
	/* The last one has begun last. */
	if (st == STATUS_OK && ids.len > 0)
		st = go_on(s, out, name, ids.data[ids.len - 1]);
	if (st == STATUS_OK && out->id == NULL)
		st = create(s, out, name);
	return st;
}

/* --- a part ----------------------------------------------------------------------- */

/* Its etag is its MD5, unless the server encrypts in a way of its own: then
 * it is sent again. */
static bool
is_there(const struct s3_part *part, const unsigned char *md5, size_t n)
{
	char text[2 * FILEHASH_MAX + 1];
	const char *etag = part->etag;

	if (md5 == NULL || etag == NULL || part->bytes != n)
		return false;
	filehash_show(text, md5, MD5_SIZE);
	etag += *etag == '"';
	return strncmp(etag, text, 2 * (size_t)MD5_SIZE) == 0 &&
	    strlen(etag) <= 2 * (size_t)MD5_SIZE + 1;
}

status
s3_upload_part(struct s3 *s, struct s3_upload *u, const char *name,
    size_t number, const void *bytes, size_t n)
{
	struct s3_part *part = &u->parts[number - 1];
	char *before CLEANUP_FREE = mem_printf("partNumber=%zu&", number);
	char *query CLEANUP_FREE = with_id(before, u->id);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	unsigned char sum[MD5_SIZE];
	const unsigned char *md5 = md5_of(bytes, n, sum) ? sum : NULL;
	const struct s3_request r = {.method = "PUT",
	    .key = u->key,
	    .query = query,
	    .body = bytes,
	    .n = n,
	    .md5 = md5};

	if (is_there(part, md5, n)) {
		log_verbose("part %zu of \"%s\" is there", number, name);
		return STATUS_OK;
	}
	s3_ask(s, &r, &a);
	if (!s3_good(&a) || a.etag == NULL)
		return s3_fault(s, &a, "put", name);
	free(part->etag);
	part->etag = mem_strdup(a.etag);
	part->bytes = n;
	return STATUS_OK;
}

/* --- its end ---------------------------------------------------------------------- */

static void
add_escaped(struct str *out, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '&':
			str_add(out, "&amp;");
			break;
		case '<':
			str_add(out, "&lt;");
			break;
		case '>':
			str_add(out, "&gt;");
			break;
		default:
			str_addc(out, *text);
		}
}

static void
list_parts(const struct s3_upload *u, size_t parts, struct str *out)
{
	str_add(out,
	    "<CompleteMultipartUpload "
	    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < parts; i++) {
		str_addf(out, "<Part><PartNumber>%zu</PartNumber><ETag>",
		    i + 1);
		add_escaped(out, u->parts[i].etag);
		str_add(out, "</ETag></Part>");
	}
	str_add(out, "</CompleteMultipartUpload>");
}

/* An answer that begins well may still end in an error. */
static bool
is_done(struct s3_answer *a)
{
	char *code CLEANUP_FREE = s3_code(a);

	if (*code != '\0' && s3_good(a)) {
		a->code = 500;
		a->passing = str_eq(code, "InternalError") ||
		    str_eq(code, "SlowDown") ||
		    str_eq(code, "ServiceUnavailable");
	}
	return s3_good(a);
}

status
s3_upload_end(struct s3 *s, const struct s3_upload *u, const char *name,
    size_t parts)
{
	struct str body CLEANUP(str_free) = STR_INIT;
	char *query CLEANUP_FREE = with_id("", u->id);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	struct s3_request r = {.method = "POST", .key = u->key, .query = query};

	list_parts(u, parts, &body);
	r.body = str_text(&body);
	r.n = body.len;
	do
		s3_once(s, &r, &a);
	while (!is_done(&a) && a.passing && s3_wait(s, a.tries));
	if (s3_good(&a))
		return STATUS_OK;
	if (a.code == 404)
		return STATUS_NO;
	return s3_fault(s, &a, "put", name);
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* 32 hex digits in quotes. */
static bool
parse_etag(const char *etag, unsigned char out[MD5_SIZE])
{
	if (etag == NULL || strlen(etag) != 2 * (size_t)MD5_SIZE + 2)
		return false;
	for (size_t i = 0; i < MD5_SIZE; i++) {
		int high = digit(etag[1 + 2 * i]), low = digit(etag[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

/* The MD5 of the parts' MD5s, and how many: what S3 makes of them. */
void
s3_upload_etag(const struct s3_upload *u, size_t parts, struct str *out)
{
	struct str sums CLEANUP(str_free) = STR_INIT;
	unsigned char sum[MD5_SIZE];
	char text[2 * FILEHASH_MAX + 1];

	str_clear(out);
	for (size_t i = 0; i < parts; i++) {
		if (!parse_etag(u->parts[i].etag, sum))
			return;
		str_addn(&sums, sum, MD5_SIZE);
	}
	if (!md5_of(sums.data, sums.len, sum))
		return;
	filehash_show(text, sum, MD5_SIZE);
	str_addf(out, "%s-%zu", text, parts);
}
