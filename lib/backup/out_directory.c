/* SPDX-License-Identifier: PostgreSQL */
/*
 * A directory of archives, as pg_basebackup has them, and a record:
 *
 *	base.tar[.zst]		the data directory
 *	16385.tar[.zst]		a tablespace
 *	pg_wal.tar[.zst]	WAL, where it was streamed
 *	backup_manifest
 *	backup.json		last
 */
#include "backup/output.h"

#include <string.h>

#include "backup/place.h"
#include "backup/sink.h"
#include "backup/waltar.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/manifest.h"
#include "data/record.h"

struct directory {
	struct output base;
	struct place place;
	struct codec_spec codec, wal_codec;
	struct sink *archive; /* the open one */
	struct sink *wal;
	struct waltar waltar;
	struct sink *manifest;
	json_t *archives; /* of the record */
};

static status
create(struct directory *d, const char *file, const struct codec_spec *codec,
    struct sink **out)
{
	char *shown CLEANUP_FREE = mem_printf("%s/%s", d->place.partial, file);

	return sink_create(d->place.fd, file, shown, codec, out);
}

/* Complete a file and enter it in the record. */
static status
end_file(struct directory *d, struct sink **sink, bool listed)
{
	char hash[XXH128_TEXT];
	const char *name;
	json_t *entry;
	status s;

	if (*sink == NULL)
		return STATUS_OK;
	s = sink_finish(*sink);
	if (s == STATUS_OK && listed) {
		name = strrchr(sink_name(*sink), '/') + 1;
		entry = json_object();
		record_set_text(entry, "name", name);
		record_set_count(entry, "bytes", sink_written(*sink));
		/* What the server has compressed, nobody here has seen. */
		if (d->base.plain_bytes || strstr(name, ".tar.") == NULL ||
		    sink_written(*sink) != sink_raw(*sink))
			record_set_count(entry, "raw_bytes", sink_raw(*sink));
		sink_hash(*sink, hash);
		record_set_text(entry, "xxh128", hash);
		(void)json_array_append_new(d->archives, entry);
	}
	d->base.written += sink_written(*sink);
	sink_free(*sink);
	*sink = NULL;
	return s;
}

static status
begin_archive(struct output *o, const char *name,
    const struct base_tablespace *space)
{
	struct directory *d = (struct directory *)o;
	char *file CLEANUP_FREE =
	    mem_printf("%s%s", name, codec_suffix(d->codec.codec));
	status s = end_file(d, &d->archive, true);

	(void)space;
	return s == STATUS_OK ? create(d, file, &d->codec, &d->archive) : s;
}

static status
put_data(struct output *o, const void *bytes, size_t n)
{
	struct directory *d = (struct directory *)o;

	return sink_write(d->archive, bytes, n);
}

static status
put_manifest(struct output *o, const void *bytes, size_t n)
{
	struct directory *d = (struct directory *)o;
	status s = end_file(d, &d->archive, true);

	if (s == STATUS_OK && d->manifest == NULL)
		s = create(d, MANIFEST_FILE, NULL, &d->manifest);
	return s == STATUS_OK ? sink_write(d->manifest, bytes, n) : s;
}

static status
end_wal(struct directory *d)
{
	static const char zeros[TARHEAD_RECORD];
	size_t n, over;
	status s;

	if (d->wal == NULL)
		return STATUS_OK;
	over =
	    (size_t)((sink_raw(d->wal) + 2 * TARHEAD_BLOCK) % TARHEAD_RECORD);
	n = 2 * TARHEAD_BLOCK;
	s = sink_write(d->wal, zeros, n);
	if (s == STATUS_OK && over > 0)
		s = sink_write(d->wal, zeros, TARHEAD_RECORD - over);
	return s == STATUS_OK ? end_file(d, &d->wal, true) : s;
}

static status
note(struct output *o, const json_t *record)
{
	const struct directory *d = (const struct directory *)o;

	return place_note(&d->place, record);
}

static status
finish(struct output *o, json_t *record)
{
	struct directory *d = (struct directory *)o;
	status s = end_file(d, &d->archive, true);

	if (s == STATUS_OK)
		s = end_wal(d);
	if (s == STATUS_OK)
		s = end_file(d, &d->manifest, false);
	if (s != STATUS_OK)
		return s;
	record_set_text(record, "name", d->place.name);
	(void)json_object_set(record, "archives", d->archives);
	record_set_count(record, "bytes", o->written);
	o->path = d->place.final;
	return place_finish(&d->place, record);
}

static void
directory_free(struct output *o)
{
	struct directory *d = (struct directory *)o;

	sink_free(d->archive);
	sink_free(d->wal);
	sink_free(d->manifest);
	place_free(&d->place);
	json_decref(d->archives);
	free(d);
}

static const struct output_ops ops = {begin_archive, put_data, put_manifest,
    note, finish, directory_free};

/* WAL comes slower than the rest: the thread that receives it compresses. */
static void
choose_wal_codec(struct directory *d, const struct backup_request *r)
{
	d->wal_codec =
	    r->client.codec != CODEC_NONE ? r->client : r->server_codec;
	d->wal_codec.workers = 0;
}

status
output_directory(const struct backup_request *r,
    const struct output_server *server, struct output **out)
{
	struct directory *d = mem_zalloc(sizeof(*d));
	char stamp[20];
	status s;

	memcpy(stamp, server->stamp, sizeof(stamp));
	d->base.ops = &ops;
	d->base.plain_bytes = r->server_codec.codec != CODEC_NONE &&
	    r->client.codec != CODEC_NONE;
	d->place = (struct place)PLACE_INIT;
	d->codec = r->client;
	d->archives = json_array();
	choose_wal_codec(d, r);
	s = place_begin(&d->place, r->directory, stamp);
	if (s == STATUS_OK && r->wal == TAKE_WAL_STREAM) {
		char *file CLEANUP_FREE = mem_printf("pg_wal.tar%s",
		    codec_suffix(d->wal_codec.codec));

		s = create(d, file, &d->wal_codec, &d->wal);
	}
	if (s != STATUS_OK) {
		directory_free(&d->base);
		return s;
	}
	waltar_init(&d->waltar, d->wal, "", &d->base.wal);
	*out = &d->base;
	return STATUS_OK;
}
