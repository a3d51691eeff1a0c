/* SPDX-License-Identifier: PostgreSQL */
/*
 * The record of a backup: what it is, for those who list, restore and expire.
 */
#include "backup/take_inside.h"

#include <time.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/walname.h"

static void
add_tablespaces(struct take *t)
{
	const struct base_tablespace *spaces;
	json_t *list = json_array();
	size_t count;

	spaces = base_backup_tablespaces(t->b, &count);
	for (size_t i = 0; i < count; i++) {
		json_t *space = json_object();
		const char *suffix =
		    codec_suffix(t->r->client.codec != CODEC_NONE
			    ? t->r->client.codec
			    : t->r->server_codec.codec);
		char *archive CLEANUP_FREE = NULL;

		if (spaces[i].oid == NULL) {
			json_decref(space);
			continue;
		}
		archive = mem_printf("%s.tar%s", spaces[i].oid, suffix);
		record_set_text(space, "oid", spaces[i].oid);
		record_set_text(space, "location", spaces[i].location);
		record_set_count(space, "bytes", spaces[i].bytes);
		if (t->r->directory != NULL)
			record_set_text(space, "archive", archive);
		(void)json_array_append_new(list, space);
	}
	(void)json_object_set_new(t->record, "tablespaces", list);
}

static void
add_compression(struct take *t)
{
	bool client = t->r->client.codec != CODEC_NONE;
	const struct codec_spec *spec =
	    client ? &t->r->client : &t->r->server_codec;
	json_t *how = json_object();

	record_set_text(how, "where",
	    client			    ? "client"
		: spec->codec != CODEC_NONE ? "server"
					    : "none");
	record_set_text(how, "method", codec_name(spec->codec));
	if (spec->codec != CODEC_NONE) {
		record_set_int(how, "level", codec_spec_level(spec));
		record_set_int(how, "workers", spec->workers);
	}
	(void)json_object_set_new(t->record, "compression", how);
}

static void
add_lsn(json_t *record, const char *field, uint64_t lsn)
{
	char text[WAL_LSN];

	wal_lsn_show(text, lsn);
	record_set_text(record, field, text);
}

static void
add_time(json_t *record, const char *field, int64_t when)
{
	time_t t = (time_t)when;
	char text[32];
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	record_set_text(record, field, text);
}

static void
add_wal(struct take *t)
{
	static const char *const how[] = {"stream", "fetch", "none"};
	uint32_t size = t->server.segment_size;
	json_t *wal = json_object();
	char first[WAL_NAME], last[WAL_NAME];

	wal_name_show(first, base_backup_timeline(t->b),
	    wal_first_segment(base_backup_start_lsn(t->b), size), size);
	wal_name_show(last, base_backup_end_timeline(t->b),
	    wal_last_segment(base_backup_end_lsn(t->b), size), size);
	record_set_text(wal, "how", how[t->r->wal]);
	record_set_text(wal, "first", first);
	record_set_text(wal, "last", last);
	(void)json_object_set_new(t->record, "wal", wal);
}

static void
add_manifest(struct take *t)
{
	json_t *manifest = json_object();

	record_set_count(manifest, "bytes", t->manifest_bytes);
	record_set_text(manifest, "sha256", t->manifest_sha);
	record_set_text(manifest, "checksums", t->r->manifest_checksums);
	record_set_count(manifest, "files",
	    (uint64_t)manifest_files(t->manifest));
	(void)json_object_set_new(t->record, "manifest", manifest);
}

void
take_record(struct take *t)
{
	json_t *r = t->record = json_object();
	double seconds = num_now() - t->began;

	record_set_int(r, "format", 1);
	record_set_text(r, "tool", "pg-basebackup-wrap");
	record_set_text(r, "version", PGPIPE_VERSION);
	record_set_text(r, "name", t->server.stamp);
	record_set_text(r, "label", t->label);
	add_time(r, "started", t->started);
	add_time(r, "finished", (int64_t)time(NULL));
	record_set_text(r, "system", t->system.identifier);
	record_set_int(r, "timeline", base_backup_end_timeline(t->b));
	add_lsn(r, "start_lsn", base_backup_start_lsn(t->b));
	add_lsn(r, "end_lsn", base_backup_end_lsn(t->b));
	record_set_int(r, "server_version", t->version);
	record_set_int(r, "wal_segment_size", t->server.segment_size);
	(void)json_object_set_new(r, "from_standby", json_boolean(t->standby));
	record_set_text(r, "layout", t->r->plain != NULL ? "plain" : "tar");
	add_compression(t);
	add_tablespaces(t);
	(void)json_object_set_new(r, "archives", json_array());
	add_wal(t);
	add_manifest(t);
	incremental_record(&t->since, r);
	record_set_count(r, "raw_bytes", t->shown);
	record_set_count(r, "bytes", t->shown);
	(void)json_object_set_new(r, "seconds", json_real(seconds));
	record_set_count(r, "rate",
	    seconds > 0 ? (uint64_t)((double)t->shown / seconds) : 0);
	(void)json_object_set_new(r, "page_checksum_failures",
	    pages_json(&t->pages));
	record_set_text(r, "status",
	    base_backup_damaged(t->b) ? "damaged" : "good");
}
