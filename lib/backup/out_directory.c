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

#include "backup/catalog_store.h"
#include "backup/place.h"
#include "backup/sink.h"
#include "backup/waltar.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/manifest.h"
#include "data/record.h"
#include "run/storeclaim.h"
#include "run/storage.h"

/* A file of it, and the store's work on it. */
struct part {
	struct sink *sink; /* NULL: not open */
	struct storage_put put;
	char *object; /* in a store, until it is complete there */
};

struct directory {
	struct output base;
	struct place place;
	struct storage *store; /* instead of the place; or NULL */
	char *name, *final;    /* in the store, where the claim makes it ours */
	struct storeclaim claim;
	bool kept, unreachable;
	struct codec_spec codec, wal_codec;
	struct part archive; /* the open one */
	struct part wal;
	struct waltar waltar;
	struct part manifest;
	json_t *archives; /* of the record */
};

static status
create(struct directory *d, const char *file, const struct codec_spec *codec,
    struct part *part)
{
	char *shown CLEANUP_FREE = mem_printf("%s/%s",
	    d->store != NULL ? d->final : d->place.partial, file);
	status s;
	int fd = -1;

	if (d->store == NULL)
		return sink_create(d->place.fd, file, shown, codec,
		    &part->sink);
	part->object = mem_printf("%s/%s", d->name, file);
	s = storage_put_begin(d->store, part->object, &part->put, &fd);
	if (s == STATUS_OK)
		part->sink = sink_new(fd, shown, codec, true);
	return s;
}

/* What has not been completed is no object of a store; a store may have kept
 * pieces of it, for somebody who goes on. */
static void
part_free(struct directory *d, struct part *part)
{
	storage_put_cancel(&part->put);
	if (part->object != NULL && !d->unreachable)
		d->unreachable =
		    storage_remove(d->store, part->object) != STATUS_OK;
	free(part->object);
	part->object = NULL;
	sink_free(part->sink);
	part->sink = NULL;
}

/* Complete a file and enter it in the record. */
static status
end_file(struct directory *d, struct part *part, bool listed)
{
	struct sink **sink = &part->sink;
	char hash[XXH128_TEXT];
	const char *name;
	json_t *entry;
	status s;

	if (*sink == NULL)
		return STATUS_OK;
	s = sink_finish(*sink);
	if (s == STATUS_OK && part->put.pid > 0)
		s = storage_put_end(d->store, &part->put);
	if (s == STATUS_OK) {
		free(part->object);
		part->object = NULL;
	}
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
	part_free(d, part);
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

	return sink_write(d->archive.sink, bytes, n);
}

static status
put_manifest(struct output *o, const void *bytes, size_t n)
{
	struct directory *d = (struct directory *)o;
	status s = end_file(d, &d->archive, true);

	if (s == STATUS_OK && d->manifest.sink == NULL)
		s = create(d, MANIFEST_FILE, NULL, &d->manifest);
	return s == STATUS_OK ? sink_write(d->manifest.sink, bytes, n) : s;
}

static status
end_wal(struct directory *d)
{
	static const char zeros[TARHEAD_RECORD];
	size_t n, over;
	status s;

	if (d->wal.sink == NULL)
		return STATUS_OK;
	over = (size_t)((sink_raw(d->wal.sink) + 2 * TARHEAD_BLOCK) %
	    TARHEAD_RECORD);
	n = 2 * TARHEAD_BLOCK;
	s = sink_write(d->wal.sink, zeros, n);
	if (s == STATUS_OK && over > 0)
		s = sink_write(d->wal.sink, zeros, TARHEAD_RECORD - over);
	return s == STATUS_OK ? end_file(d, &d->wal, true) : s;
}

static status
note(struct output *o, const json_t *record)
{
	const struct directory *d = (const struct directory *)o;

	return d->store == NULL ? place_note(&d->place, record)
				: storeclaim_note(d->store, &d->claim, record);
}

static status
finish_in_store(struct directory *d, const json_t *record)
{
	char *object CLEANUP_FREE = mem_printf("%s/%s", d->name, PLACE_RECORD);
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = catalog_check_store(d->store, d->name, record);

	record_show(record, &text);
	str_addc(&text, '\n');
	if (s == STATUS_OK)
		s = storage_put_text(d->store, object, text.data, text.len);
	d->kept = s == STATUS_OK;
	/* Left there it does no harm. */
	if (d->kept && storeclaim_drop(d->store, &d->claim) != STATUS_OK)
		log_detail("the backup is complete");
	return s;
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
	record_set_text(record, "name",
	    d->store != NULL ? d->name : d->place.name);
	(void)json_object_set(record, "archives", d->archives);
	record_set_count(record, "bytes", o->written);
	o->path = d->store != NULL ? d->final : d->place.final;
	return d->store != NULL ? finish_in_store(d, record)
				: place_finish(&d->place, record);
}

static void
directory_free(struct output *o)
{
	struct directory *d = (struct directory *)o;

	part_free(d, &d->archive);
	part_free(d, &d->wal);
	part_free(d, &d->manifest);
	place_free(&d->place);
	if (d->name != NULL && !d->kept &&
	    (d->unreachable ||
		catalog_remove_store(storage_url(d->store), d->name) !=
		    STATUS_OK))
		log_warning("what is left in \"%s\" is no backup", d->final);
	storeclaim_free(&d->claim);
	storage_close(d->store);
	free(d->name);
	free(d->final);
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

/* Ours, unless there is anything else below that name once our claim is. */
static status
try_name(struct directory *d, const char *name, bool *taken)
{
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	status s = storeclaim_put(d->store, name, NULL, NULL, &d->claim),
	       dropped;

	if (s == STATUS_OK)
		s = storage_list(d->store, &names);
	*taken = s == STATUS_OK &&
	    storeclaim_has_other(&names, name, &d->claim, true);
	if (s == STATUS_OK && !*taken) {
		d->name = mem_strdup(name);
		return STATUS_OK;
	}
	dropped = storeclaim_drop(d->store, &d->claim);
	return s == STATUS_OK ? dropped : s;
}

/* Of two that meet both may give way: not by the same time again. */
static status
begin_in_store(struct directory *d, const char *url, char stamp[20])
{
	int64_t when = place_time(stamp);
	bool taken = true;
	status s = storage_open(url, &d->store);

	while (s == STATUS_OK && taken) {
		s = signal_stop() != 0 ? STATUS_RETRY
				       : try_name(d, stamp, &taken);
		if (s == STATUS_OK && taken) {
			when += 1 + (int64_t)(num_now() * 1e6) % 3;
			place_stamp(stamp, when);
		}
	}
	if (s == STATUS_OK)
		d->final = mem_printf("%s/%s", storage_url(d->store), stamp);
	return s;
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
	s = storage_is_url(r->directory)
	    ? begin_in_store(d, r->directory, stamp)
	    : place_begin(&d->place, r->directory, stamp);
	if (s == STATUS_OK && r->wal == TAKE_WAL_STREAM) {
		char *file CLEANUP_FREE = mem_printf("pg_wal.tar%s",
		    codec_suffix(d->wal_codec.codec));

		s = create(d, file, &d->wal_codec, &d->wal);
	}
	if (s != STATUS_OK) {
		directory_free(&d->base);
		return s;
	}
	waltar_init(&d->waltar, d->wal.sink, "", &d->base.wal);
	*out = &d->base;
	return STATUS_OK;
}
