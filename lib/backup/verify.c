/* SPDX-License-Identifier: PostgreSQL */
/*
 * Proving a backup where it lies.
 *
 * What the archives hold is judged by the manifest, so this file has only
 * what the manifest does not say: the WAL, and the record beside the
 * archives, whose own words (damaged pages, WAL left out on purpose) count.
 */
#include "backup/verify.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/catalog.h"
#include "backup/place.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/backupset.h"
#include "data/record.h"
#include "data/walname.h"
#include "run/storage.h"
#include "run/storedset.h"

struct verify {
	const struct verify_request *r;
	const char *name;
	json_t *record; /* of the directory, or NULL */
	struct backupset *set;
	struct backup_verdict verdict;
	struct backup_wal wal;
	bool wal_elsewhere;
	double began;
};

static status
open_record(struct verify *v)
{
	char *file CLEANUP_FREE = NULL;

	if (v->r->backup == NULL)
		return STATUS_OK;
	if (storage_is_url(v->r->backup))
		return catalog_record(v->r->backup, &v->record);
	file = mem_printf("%s/%s", v->r->backup, PLACE_RECORD);
	if (access(file, F_OK) != 0)
		return STATUS_OK;
	return catalog_record(v->r->backup, &v->record);
}

/* --- the record ---------------------------------------------------------------- */

static status
size_of(const struct verify *v, const char *name, uint64_t *bytes)
{
	struct storage *store CLEANUP(storage_cleanup) = NULL;
	char *file CLEANUP_FREE = NULL;
	struct stat st;
	status s;

	if (storage_is_url(v->r->backup)) {
		s = storage_open(v->r->backup, &store);
		return s == STATUS_OK ? storage_stat(store, name, bytes) : s;
	}
	file = mem_printf("%s/%s", v->r->backup, name);
	if (stat(file, &st) != 0)
		return STATUS_NO;
	*bytes = (uint64_t)st.st_size;
	return STATUS_OK;
}

static status
judge_archive(const struct verify *v, const json_t *archive)
{
	const char *name = record_text(archive, "name");
	int64_t said = record_int(archive, "bytes");
	uint64_t bytes = 0;
	status s = STATUS_NO;

	if (name != NULL && strchr(name, '/') == NULL)
		s = size_of(v, name, &bytes);
	if (s == STATUS_NO)
		log_error("\"%s/%s\" is missing", v->r->backup,
		    name == NULL ? "" : name);
	if (s != STATUS_OK || (int64_t)bytes == said)
		return s;
	log_error("\"%s/%s\" has %llu bytes, its record says %lld",
	    v->r->backup, name, (unsigned long long)bytes, (long long)said);
	return STATUS_NO;
}

static status
judge_record(const struct verify *v)
{
	const json_t *archive;
	status s = STATUS_OK;
	size_t i;

	if (v->record == NULL)
		return STATUS_OK;
	json_array_foreach(json_object_get(v->record, "archives"), i, archive)
	{
		s = status_worse(s, judge_archive(v, archive));
	}
	if (!str_eq(record_text(v->record, "status"), "good")) {
		log_error("\"%s\" is damaged: pages failed their checksum on "
			  "the server",
		    v->name);
		s = status_worse(s, STATUS_NO);
	}
	return s;
}

/* --- WAL ------------------------------------------------------------------------ */

static bool
is_elsewhere(const struct verify *v)
{
	const json_t *wal = json_object_get(v->record, "wal");

	return v->r->no_wal || str_eq(record_text(wal, "how"), "none");
}

static status
judge_wal(struct verify *v)
{
	char from[WAL_LSN], to[WAL_LSN], where[WAL_LSN];

	backupset_wal(v->set, &v->wal);
	wal_lsn_show(from, v->wal.start);
	wal_lsn_show(to, v->wal.end);
	if (v->wal.state == BACKUP_WAL_WHOLE)
		return STATUS_OK;
	if (v->wal.state == BACKUP_WAL_NONE && v->wal_elsewhere) {
		log_info("\"%s\" holds no WAL: a server needs %s to %s of "
			 "timeline %u from an archive",
		    v->name, from, to, v->wal.timeline);
		return STATUS_OK;
	}
	if (v->wal.state == BACKUP_WAL_NONE) {
		log_error("\"%s\" lacks its WAL, %s to %s", v->name, from, to);
		log_hint("--no-wal, where it is in an archive");
		return STATUS_NO;
	}
	wal_lsn_show(where, v->wal.where);
	log_error("the WAL of \"%s\", %s to %s, is not whole: %s at %s",
	    v->name, from, to,
	    v->wal.why != NULL ? v->wal.why : "no segment has what is", where);
	return STATUS_NO;
}

/* --- telling -------------------------------------------------------------------- */

static const char *
wal_word(const struct verify *v)
{
	switch (v->wal.state) {
	case BACKUP_WAL_WHOLE:
		return "whole";
	case BACKUP_WAL_NONE:
		return v->wal_elsewhere ? "elsewhere" : "missing";
	default:
		return "broken";
	}
}

static json_t *
as_record(const struct verify *v, bool good, double seconds)
{
	json_t *r = json_object();

	record_set_text(r, "backup", v->name);
	record_set_text(r, "verdict", good ? "good" : "bad");
	record_set_count(r, "files", v->verdict.files);
	record_set_count(r, "bytes", v->verdict.bytes);
	record_set_count(r, "bad", v->verdict.bad);
	record_set_count(r, "missing", v->verdict.missing);
	record_set_count(r, "extra", v->verdict.extra);
	record_set_text(r, "wal", wal_word(v));
	(void)json_object_set_new(r, "seconds", json_real(seconds));
	return r;
}

static status
tell(const struct verify *v, bool good)
{
	double seconds = num_now() - v->began;
	struct str line CLEANUP(str_free) = STR_INIT;
	json_t *record CLEANUP(record_cleanup) = NULL;
	char size[32], time[32], rate[32];

	if (v->r->json) {
		record = as_record(v, good, seconds);
		return record_print(record);
	}
	num_show_size(size, v->verdict.bytes);
	num_show_duration(time, seconds);
	num_show_size(rate,
	    seconds > 0 ? (uint64_t)((double)v->verdict.bytes / seconds) : 0);
	str_addf(&line, "%s: %s, %llu files, %s, WAL %s, in %s (%s/s)", v->name,
	    good ? "good" : "BAD", (unsigned long long)v->verdict.files, size,
	    wal_word(v), time, rate);
	return io_out_line(line.data);
}

/* --- all of it ------------------------------------------------------------------- */

static status
walk(struct verify *v, enum filehash_kind expect)
{
	const struct backupset_options o = {v->r->jobs, expect};
	status s;

	backupset_close(v->set);
	v->set = NULL;
	v->verdict = (struct backup_verdict){0};
	s = storedset_open(v->r->backup, STDIN_FILENO, &v->set);
	return s == STATUS_OK ? backupset_walk(v->set, &o, NULL, &v->verdict)
			      : s;
}

/* In a stream the manifest comes last, and says only then which checksums
 * should have been taken: a file is read once more. */
static status
walk_again(struct verify *v)
{
	enum filehash_kind kind = manifest_kind(backupset_manifest(v->set));

	if (v->r->backup != NULL)
		return walk(v, kind);
	log_error("the manifest's checksums are %s, and a stream is read once",
	    filehash_name(kind));
	log_hint("say so beforehand: --manifest-checksums");
	return STATUS_NO;
}

static status
verify(struct verify *v)
{
	status s;

	s = open_record(v);
	if (s == STATUS_OK)
		s = walk(v, v->r->expect);
	if ((s == STATUS_OK || s == STATUS_NO) && v->verdict.unproved > 0)
		s = status_worse(s, walk_again(v));
	if (s != STATUS_OK && s != STATUS_NO)
		return s;
	v->wal_elsewhere = is_elsewhere(v);
	s = status_worse(s, judge_wal(v));
	s = status_worse(s, judge_record(v));
	return status_worse(s, tell(v, s == STATUS_OK));
}

status
backup_verify(const struct verify_request *r)
{
	struct verify v = {.r = r,
	    .name = r->backup != NULL ? r->backup : "standard input",
	    .began = num_now()};
	status s = verify(&v);

	backupset_close(v.set);
	json_decref(v.record);
	return s;
}
