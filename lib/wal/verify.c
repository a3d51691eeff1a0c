/* SPDX-License-Identifier: PostgreSQL */
/*
 * Proving an archive: each file by itself, records across segments, and then
 * whether what is there hangs together.
 */
#include "wal/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"
#include "data/codec.h"
#include "data/filehash.h"
#include "data/record.h"
#include "wal/prove.h"
#include "wal/scan.h"
#include "wal/timeline.h"

struct verify {
	const struct verify_request *r;
	struct archive archive;
	struct scan scan;
	struct proof *proof;
	struct filehash hash;
	uint64_t segments, raw, problems, lines, read;
	status result;
};

/* --- what is said ------------------------------------------------------------------ */

static void
say(struct verify *v, const char *file, const char *what, const char *why)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	json_t *record CLEANUP(record_cleanup) = NULL;

	v->lines++;
	if (v->r->json) {
		record = json_object();
		record_set_text(record, "file", file);
		record_set_text(record, "status", what);
		if (why != NULL)
			record_set_text(record, "why", why);
		v->result = status_worse(v->result, record_print(record));
		return;
	}
	str_addf(&line, "%-8s %s", what, file);
	if (why != NULL)
		str_addf(&line, ": %s", why);
	v->result = status_worse(v->result, io_out_line(line.data));
}

static void
problem(void *arg, const char *file, const char *what, const char *why)
{
	struct verify *v = arg;

	v->problems++;
	say(v, file, what, why);
}

static void
good(struct verify *v, const char *file, uint64_t bytes)
{
	unsigned char sum[FILEHASH_MAX];
	char hex[2 * FILEHASH_MAX + 1];
	struct str line CLEANUP(str_free) = STR_INIT;
	json_t *record CLEANUP(record_cleanup) = NULL;
	size_t n;

	if (!v->r->files)
		return;
	n = filehash_end(&v->hash, sum);
	filehash_show(hex, sum, n);
	v->lines++;
	if (v->r->json) {
		record = json_object();
		record_set_text(record, "file", file);
		record_set_text(record, "status", "good");
		record_set_count(record, "raw_bytes", bytes);
		record_set_text(record, "sha256", hex);
		v->result = status_worse(v->result, record_print(record));
		return;
	}
	str_addf(&line, "%-8s %s  %s", "good", hex, file);
	v->result = status_worse(v->result, io_out_line(line.data));
}

/* --- files -------------------------------------------------------------------------- */

static void
free_reader(struct codec_reader **r)
{
	codec_reader_free(*r);
}

/* A later segment of its timeline is there. */
static bool
goes_on(const struct verify *v, const struct scan_file *f)
{
	const struct scan *s = &v->scan;

	for (size_t i = 0; i < s->nruns; i++)
		if (s->runs[i].timeline == f->timeline &&
		    s->runs[i].last > f->segment)
			return true;
	return false;
}

static void
judge_segment(struct verify *v, const struct scan_file *f, const char *file,
    uint64_t bytes)
{
	struct str why CLEANUP(str_free) = STR_INIT;
	char lsn[WAL_LSN];
	uint64_t ends;

	if (!proof_end(v->proof, f->kind == WAL_PARTIAL, &ends, &why)) {
		problem(v, file, "broken", str_text(&why));
		return;
	}
	if (ends != 0 && f->kind == WAL_SEGMENT && goes_on(v, f)) {
		wal_lsn_show(lsn, ends);
		str_addf(&why, "the WAL ends at %s, though more follows", lsn);
		problem(v, file, "broken", str_text(&why));
		return;
	}
	if (f->kind == WAL_SEGMENT) {
		v->segments++;
		v->raw += bytes;
	}
	good(v, file, bytes);
}

static void
read_segment(struct verify *v, const struct scan_file *f,
    const struct archive_file *file)
{
	struct codec_reader *r CLEANUP(free_reader) =
	    codec_reader_new(file->fd, file->path);
	const void *bytes;
	uint64_t all = 0;
	size_t n;
	status s;

	v->read++;
	proof_begin(v->proof, f->name);
	while ((s = codec_read(r, &bytes, &n)) == STATUS_OK && n > 0) {
		proof_add(v->proof, bytes, n);
		if (v->r->files)
			filehash_add(&v->hash, bytes, n);
		progress_add(0, 0, n);
		all += n;
	}
	if (s == STATUS_OK)
		judge_segment(v, f, file->path, all);
	else if (s == STATUS_USAGE)
		problem(v, file->path, "broken", "it cannot be decompressed");
	else
		v->result = status_worse(v->result, s);
}

/* "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)". */
static bool
is_backup_history(const char *name, const char *text)
{
	const char *file = strstr(text, "(file ");

	return strncmp(text, "START WAL LOCATION: ", 20) == 0 && file != NULL &&
	    strncmp(file + 6, name, WAL_NAME - 1) == 0;
}

static void
read_text(struct verify *v, const struct scan_file *f,
    const struct archive_file *file)
{
	struct wal_history h CLEANUP(wal_history_free) = WAL_HISTORY_INIT;
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = archive_text(file, &text);

	if (s > STATUS_USAGE) {
		v->result = status_worse(v->result, s);
		return;
	}
	if (s != STATUS_OK)
		problem(v, file->path, "broken", "it cannot be read");
	else if (f->kind == WAL_HISTORY &&
	    !wal_history_parse(str_text(&text), text.len, f->timeline, &h))
		problem(v, file->path, "broken",
		    "it is no history of a timeline");
	else if (f->kind == WAL_BACKUP_HISTORY &&
	    !is_backup_history(f->name, str_text(&text)))
		problem(v, file->path, "broken",
		    "it is no history of that backup");
	else {
		if (v->r->files)
			filehash_add(&v->hash, str_text(&text), text.len);
		good(v, file->path, text.len);
	}
}

static void
read_file(struct verify *v, const struct scan_file *f)
{
	struct archive_file file CLEANUP(archive_file_close) =
	    ARCHIVE_FILE_INIT;
	status s;

	if (f->kind == WAL_OTHER) {
		log_verbose("\"%s\" is no file of an archive", f->name);
		return;
	}
	if (f->misnamed) {
		problem(v, f->name, "broken",
		    "segments of this size have no such name");
		return;
	}
	s = archive_look(&v->archive, f->name, f->suffix, &file);
	if (s != STATUS_OK || file.fd < 0) {
		v->result = status_worse(v->result, s);
		return;
	}
	if (v->r->files)
		filehash_start(&v->hash, FILEHASH_SHA256);
	if (f->kind == WAL_SEGMENT || f->kind == WAL_PARTIAL)
		read_segment(v, f, &file);
	else
		read_text(v, f, &file);
}

/* --- the whole ------------------------------------------------------------------------ */

static void
check_system(struct verify *v)
{
	char *system CLEANUP_FREE = mem_printf("%" PRIu64, v->archive.system);
	char *why CLEANUP_FREE = NULL;

	if (v->r->system == NULL || !v->archive.known ||
	    str_eq(v->r->system, system))
		return;
	why = mem_printf("it is of the system %s, not of %s", system,
	    v->r->system);
	problem(v, v->archive.path, "broken", why);
}

static status
sum_up(struct verify *v)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	json_t *r CLEANUP(record_cleanup) = NULL;
	char size[32];

	if (v->r->json) {
		char *system CLEANUP_FREE =
		    mem_printf("%" PRIu64, v->archive.system);

		r = json_object();
		if (v->archive.known)
			record_set_text(r, "system", system);
		record_set_text(r, "status",
		    v->problems > 0 ? "broken" : "good");
		record_set_count(r, "segments", v->segments);
		record_set_count(r, "raw_bytes", v->raw);
		record_set_count(r, "problems", v->problems);
		return record_print_end("pg-wal", v->lines, r);
	}
	num_show_size(size, v->raw);
	str_addf(&line, "%" PRIu64 " segments are sound, %s of WAL",
	    v->segments, size);
	if (v->problems > 0)
		str_addf(&line, "; %" PRIu64 " problems", v->problems);
	return io_out_line(line.data);
}

static status
verify(struct verify *v)
{
	status s = scan_archive(&v->archive, &v->scan);

	if (s != STATUS_OK)
		return s;
	check_system(v);
	v->proof = proof_new(&v->archive);
	progress_start_of("verified", PROGRESS_BYTES);
	for (size_t i = 0; i < v->scan.nfiles && signal_stop() == 0; i++)
		read_file(v, &v->scan.files[i]);
	progress_stop();
	if (signal_stop() != 0)
		return STATUS_RETRY;
	if (v->read == 0)
		problem(v, v->archive.path, "empty", "there is no WAL in it");
	s = timeline_check(&v->archive, &v->scan, problem, v);
	s = status_worse(s, v->result);
	if (s == STATUS_OK && v->problems > 0)
		s = STATUS_NO;
	return status_worse(s, sum_up(v));
}

status
wal_verify(const struct verify_request *r)
{
	static const struct filehash hash = FILEHASH_INIT;
	struct verify v = {.r = r, .archive = ARCHIVE_INIT, .hash = hash};
	status s = archive_open(&v.archive, r->archive);

	if (s == STATUS_OK)
		s = verify(&v);
	proof_free(v.proof);
	filehash_free(&v.hash);
	scan_free(&v.scan);
	archive_close(&v.archive);
	return s;
}
