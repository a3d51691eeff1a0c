/* SPDX-License-Identifier: PostgreSQL */
/*
 * Copying a backup to another place.
 */
#include "backup/copy.h"

#include <string.h>

#include "backup/catalog.h"
#include "backup/copy_end.h"
#include "backup/place.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "data/filehash.h"
#include "data/manifest.h"
#include "data/xxh128.h"

#define BUFFER ((size_t)1024 * 1024)

struct copy {
	struct copy_from from;
	struct copy_to to;
	json_t *record;
	char *buffer;
	/* Of the file that passes. */
	struct xxh128 *xxh;
	struct filehash sha;
};

/* What the record says of a file. */
struct wanted {
	const char *file, *sum;
	uint64_t bytes;
	bool sha; /* SHA-256, else XXH128 */
};

static void
add_bytes(struct copy *c, const struct wanted *w, size_t n)
{
	if (w->sha)
		filehash_add(&c->sha, c->buffer, n);
	else
		xxh128_add(c->xxh, c->buffer, n);
	progress_add(0, 0, n);
}

/* The n bytes that are there already, from its beginning. */
static status
reread(struct copy *c, const struct wanted *w, uint64_t n)
{
	size_t got = 1;
	status s = STATUS_OK;

	while (s == STATUS_OK && n > 0 && got > 0) {
		size_t room = n < BUFFER ? (size_t)n : BUFFER;

		s = io_read(c->to.fd, c->buffer, room, &got, c->to.partial);
		if (s == STATUS_OK)
			add_bytes(c, w, got);
		n -= got;
	}
	return s;
}

/* The rest of it. */
static status
pass(struct copy *c, const struct wanted *w, uint64_t at)
{
	size_t got = 1;
	status s = copy_from_open(&c->from, w->file, at), end;

	while (s == STATUS_OK && got > 0) {
		s = signal_stop() != 0
		    ? STATUS_RETRY
		    : io_read(c->from.fd, c->buffer, BUFFER, &got, w->file);
		if (s != STATUS_OK || got == 0)
			break;
		at += got;
		add_bytes(c, w, got);
		s = io_write(c->to.fd, c->buffer, got, c->to.final);
	}
	end = copy_from_close(&c->from, s == STATUS_OK);
	if (s == STATUS_OK)
		s = end;
	if (s != STATUS_OK || at == w->bytes)
		return s;
	log_error("\"%s/%s\" has %llu bytes, its record says %llu", c->from.url,
	    w->file, (unsigned long long)at, (unsigned long long)w->bytes);
	return STATUS_NO;
}

static status
compare(struct copy *c, const struct wanted *w)
{
	char text[2 * FILEHASH_MAX + 1];
	unsigned char sum[FILEHASH_MAX];

	if (w->sha)
		filehash_show(text, sum, filehash_end(&c->sha, sum));
	else
		xxh128_show(c->xxh, text);
	if (str_eq(text, w->sum))
		return STATUS_OK;
	log_error("\"%s/%s\" is not what its record says", c->from.url,
	    w->file);
	return STATUS_NO;
}

/* What was there before does not count where the whole is not right. */
static status
copy_file(struct copy *c, const struct wanted *w, bool again)
{
	uint64_t at = 0;
	status s = copy_to_open(&c->to, w->file, w->bytes, &at), end;

	if (s == STATUS_OK && c->to.fd < 0) {
		log_verbose("\"%s\" is there", w->file);
		progress_add(0, 0, at);
		return STATUS_OK;
	}
	if (s != STATUS_OK)
		return s;
	c->xxh = xxh128_new();
	filehash_start(&c->sha, FILEHASH_SHA256);
	if (at > 0)
		s = reread(c, w, at);
	if (s == STATUS_OK)
		s = pass(c, w, at);
	if (s == STATUS_OK)
		s = compare(c, w);
	xxh128_free(c->xxh);
	end = copy_to_close(&c->to, s == STATUS_OK);
	if (s == STATUS_NO && at > 0 && !again && c->to.directory >= 0) {
		log_info("again, from its beginning");
		s = copy_to_drop(&c->to, w->file);
		return s == STATUS_OK ? copy_file(c, w, true) : s;
	}
	return s == STATUS_OK ? end : s;
}

static status
want(struct copy *c, const char *file, const json_t *entry, const char *field,
    bool sha)
{
	const int64_t bytes = record_int(entry, "bytes");
	const struct wanted w = {file, record_text(entry, field),
	    (uint64_t)bytes, sha};

	if (file != NULL && strchr(file, '/') == NULL && bytes >= 0 &&
	    w.sum != NULL && file[0] != '.')
		return copy_file(c, &w, false);
	log_error("the record of \"%s\" does not say what its files are",
	    c->from.url);
	return STATUS_USAGE;
}

static status
copy_files(struct copy *c)
{
	const json_t *entry;
	status s = STATUS_OK;
	size_t i;

	json_array_foreach(json_object_get(c->record, "archives"), i, entry)
	{
		if (s == STATUS_OK)
			s = want(c, record_text(entry, "name"), entry, "xxh128",
			    false);
	}
	return s == STATUS_OK
	    ? want(c, MANIFEST_FILE, json_object_get(c->record, "manifest"),
		  "sha256", true)
	    : s;
}

/* The last part of its path. */
static char *
name_of(const char *backup)
{
	size_t n = strlen(backup), at;

	while (n > 0 && backup[n - 1] == '/')
		n--;
	for (at = n; at > 0 && backup[at - 1] != '/'; at--)
		continue;
	return mem_strndup(backup + at, n - at);
}

static status
tell(const struct copy *c, const struct copy_request *r)
{
	return r->json ? record_print(c->record) : io_out_line(c->to.final);
}

static const char *
sum_of(const json_t *record)
{
	return record_text(json_object_get(record, "manifest"), "sha256");
}

static const char *
system_of(const json_t *record)
{
	const char *system = record_text(record, "system");

	return system != NULL ? system : "nobody knows which";
}

/* Two clusters may have begun one in the same second. */
static status
is_there(const struct copy *c)
{
	json_t *record CLEANUP(record_cleanup) = NULL;
	status s = catalog_record(c->to.final, &record);

	if (s != STATUS_OK)
		return s;
	if (sum_of(record) != NULL &&
	    str_eq(sum_of(record), sum_of(c->record)) &&
	    str_eq(system_of(record), system_of(c->record))) {
		log_info("\"%s\" is there", c->to.final);
		return STATUS_OK;
	}
	log_error("\"%s\" is there, and is another backup", c->to.final);
	if (!str_eq(system_of(record), system_of(c->record)))
		log_detail("it is of the system %s, \"%s\" of %s",
		    system_of(record), c->from.url, system_of(c->record));
	log_hint("copy it to another place");
	return STATUS_FAIL;
}

static status
run(struct copy *c, const struct copy_request *r)
{
	char *name CLEANUP_FREE = name_of(r->backup);
	status s = catalog_record(r->backup, &c->record);

	if (s == STATUS_OK && !place_is_stamp(name)) {
		log_error("\"%s\" is no backup's name", name);
		return STATUS_USAGE;
	}
	if (s == STATUS_OK)
		s = copy_from_begin(&c->from, r->backup);
	if (s == STATUS_OK)
		s = copy_to_begin(&c->to, r->to, name, c->record);
	if (s == STATUS_NO) {
		s = is_there(c);
		return s == STATUS_OK ? tell(c, r) : s;
	}
	if (s != STATUS_OK)
		return s;
	progress_expect(0, (uint64_t)record_int(c->record, "bytes"));
	progress_start_of("copied", PROGRESS_BYTES);
	s = copy_files(c);
	progress_stop();
	if (s == STATUS_OK)
		s = copy_to_finish(&c->to, c->record);
	return s == STATUS_OK ? tell(c, r) : s;
}

status
backup_copy(const struct copy_request *r)
{
	struct copy c = {.from = COPY_FROM_INIT,
	    .to = COPY_TO_INIT,
	    .sha = FILEHASH_INIT,
	    .buffer = mem_alloc(BUFFER)};
	status s = run(&c, r);

	copy_from_free(&c.from);
	copy_to_free(&c.to);
	filehash_free(&c.sha);
	json_decref(c.record);
	free(c.buffer);
	return s;
}
