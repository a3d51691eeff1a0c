/* SPDX-License-Identifier: PostgreSQL */
/*
 * Taking a backup: connections, the order of things, and what must agree
 * before anything may be called a backup.
 *
 * It has succeeded when the server has sent the end row and the command's
 * final status, the manifest agrees with its own checksum and with the
 * start and the end that the server has told, all WAL from start to end is
 * there, and the output is complete and durable.
 */
#include "backup/take_inside.h"

#include <string.h>
#include <time.h>

#include "backup/place.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"
#include "data/codec_push.h"
#include "data/manifest.h"
#include "data/record.h"
#include "data/walname.h"
#include "pg/replication.h"

#define LABEL_MAX 1024

status
backup_check_label(const char *label)
{
	size_t n = strlen(label);

	if (n > LABEL_MAX) {
		log_error("a label has at most %d bytes, this one %zu",
		    LABEL_MAX, n);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)label[i] < 0x20 || label[i] == 0x7f) {
			log_error("a label has no control characters: \"%s\"",
			    label);
			log_detail("a newline would begin a line of its own "
				   "in backup_label");
			return STATUS_USAGE;
		}
	return STATUS_OK;
}

/* --- before ------------------------------------------------------------------ */

static status
find_segment_size(struct take *t)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	uint64_t size;
	status s;

	s = replication_show(t->pg, "wal_segment_size", &text);
	if (s != STATUS_OK)
		return s;
	if (!num_size(text.data, &size) || !wal_size_valid(size)) {
		log_error("the server's WAL segments have an unknown size: "
			  "\"%s\"",
		    text.data);
		return STATUS_FAIL;
	}
	t->server.segment_size = (uint32_t)size;
	return STATUS_OK;
}

/* Is the server in recovery?  13 has no setting for it, but lets nobody write
 * then. */
static status
find_standby(struct take *t)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	s = replication_show(t->pg,
	    t->version >= 140000 ? "in_hot_standby" : "transaction_read_only",
	    &text);
	t->standby = str_eq(str_text(&text), "on");
	return s;
}

static status
find_mode(struct take *t)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	s = replication_show(t->pg, "data_directory_mode", &text);
	t->server.group_access = str_eq(str_text(&text), "0750");
	return s;
}

static status
look_at_server(struct take *t)
{
	status s = replication_identify(t->pg, &t->system);

	t->version = pg_version(t->pg);
	if (s == STATUS_OK)
		s = find_segment_size(t);
	if (s == STATUS_OK)
		s = find_standby(t);
	if (s == STATUS_OK)
		s = find_mode(t);
	if (s == STATUS_OK && t->r->server_codec.codec != CODEC_NONE &&
	    t->version < 150000) {
		log_error("a server compresses from PostgreSQL 15 on, this is "
			  "%d",
		    t->version / 10000);
		log_hint("--compress=%s:... compresses here",
		    codec_name(t->r->server_codec.codec));
		s = STATUS_FAIL;
	}
	return s;
}

static status
open_output(struct take *t)
{
	if (t->r->tar)
		return output_tar(t->r, &t->server, &t->out);
	if (t->r->plain != NULL)
		return output_plain(t->r, &t->server, &t->out);
	return output_directory(t->r, &t->server, &t->out);
}

static status
start(struct take *t)
{
	const struct backup_request *r = t->r;
	struct str detail CLEANUP(str_free) = STR_INIT;
	struct base_backup_options o = {.label = t->label,
	    .fast = r->fast,
	    .fetch_wal = r->wal == TAKE_WAL_FETCH,
	    .wait = r->wal == TAKE_WAL_NONE,
	    .tablespace_map = r->plain == NULL,
	    .verify_checksums = r->verify_checksums,
	    .incremental = r->incremental_from != NULL,
	    .max_rate = r->max_rate,
	    .manifest_checksums = r->manifest_checksums,
	    .wake_fd = t->wal != NULL ? wal_keeper_failed_fd(t->wal) : -1};
	status s;

	codec_spec_detail(&r->server_codec, &detail);
	if (r->server_codec.codec != CODEC_NONE) {
		o.compression = codec_name(r->server_codec.codec);
		o.compression_detail = str_text(&detail);
	}
	if (!r->fast)
		log_info("waiting for the server's checkpoint "
			 "(--checkpoint=fast makes one at once)");
	s = base_backup_start(t->pg, &o, &t->b);
	if (s != STATUS_OK && o.incremental)
		log_hint("a full backup, without --incremental-from, needs "
			 "no WAL summaries");
	return s;
}

static void
expect_bytes(struct take *t)
{
	const struct base_tablespace *spaces;
	uint64_t total = 0;
	size_t count;

	spaces = base_backup_tablespaces(t->b, &count);
	for (size_t i = 0; i < count; i++)
		total += spaces[i].bytes;
	progress_expect(0, total);
	progress_start_of("backed up", PROGRESS_BYTES);
}

/* --- the data ----------------------------------------------------------------- */

static status
pass_on(void *arg, const void *bytes, size_t n)
{
	struct take *t = arg;

	return t->out->ops->data(t->out, bytes, n);
}

static status
end_archive(struct take *t)
{
	status s = STATUS_OK;

	if (t->pusher != NULL)
		s = codec_pusher_end(t->pusher);
	codec_pusher_free(t->pusher);
	t->pusher = NULL;
	return s;
}

/* The name without that of the server's compression, where it is undone. */
static char *
archive_name(const struct take *t, const char *name)
{
	const char *tail = strstr(name, ".tar");

	if (!t->out->plain_bytes || tail == NULL)
		return mem_strdup(name);
	return mem_strndup(name, (size_t)(tail - name) + 4);
}

static status
begin_archive(struct take *t, const struct base_message *m)
{
	char *name CLEANUP_FREE = archive_name(t, m->name);
	status s = end_archive(t);

	log_verbose("receiving \"%s\"", m->name);
	if (s == STATUS_OK && t->out->plain_bytes &&
	    t->r->server_codec.codec != CODEC_NONE)
		t->pusher = codec_pusher_new(t->r->server_codec.codec, m->name,
		    pass_on, t);
	return s == STATUS_OK
	    ? t->out->ops->archive(t->out, name, m->tablespace)
	    : s;
}

static status
begin_manifest(struct take *t)
{
	t->in_manifest = true;
	t->manifest = manifest_new("the server's " MANIFEST_FILE);
	filehash_start(&t->manifest_hash, FILEHASH_SHA256);
	return end_archive(t);
}

static status
take_manifest(struct take *t, const struct base_message *m)
{
	status s = manifest_feed(t->manifest, m->bytes, m->n);

	filehash_add(&t->manifest_hash, m->bytes, m->n);
	t->manifest_bytes += m->n;
	return s == STATUS_OK ? t->out->ops->manifest(t->out, m->bytes, m->n)
			      : s;
}

static status
take_bytes(struct take *t, const struct base_message *m)
{
	if (t->in_manifest)
		return take_manifest(t, m);
	if (t->r->server_codec.codec == CODEC_NONE) {
		t->shown += m->n;
		progress_add(0, 0, m->n);
	}
	if (t->pusher != NULL)
		return codec_push(t->pusher, m->bytes, m->n);
	return t->out->ops->data(t->out, m->bytes, m->n);
}

/* Of a compressed stream only the server knows how far it is. */
static void
take_progress(struct take *t, uint64_t done)
{
	if (t->r->server_codec.codec != CODEC_NONE && done > t->shown) {
		progress_add(0, 0, done - t->shown);
		t->shown = done;
	}
}

static status
take_message(struct take *t, const struct base_message *m)
{
	switch (m->event) {
	case BASE_ARCHIVE:
		return begin_archive(t, m);
	case BASE_MANIFEST:
		return begin_manifest(t);
	case BASE_DATA:
		return take_bytes(t, m);
	case BASE_PROGRESS:
		take_progress(t, m->done);
		return STATUS_OK;
	case BASE_END:
		break;
	}
	return STATUS_OK;
}

static status
receive(struct take *t)
{
	struct base_message m;
	status s;

	do {
		s = base_backup_next(t->b, &m);
		if (s == STATUS_OK)
			s = take_message(t, &m);
	} while (s == STATUS_OK && m.event != BASE_END);
	/* What the other connection has met is the reason. */
	if (s != STATUS_OK && t->wal != NULL &&
	    wal_keeper_failure(t->wal) != STATUS_OK)
		return wal_keeper_failure(t->wal);
	return s;
}

/* --- after -------------------------------------------------------------------- */

/* The manifest against itself, and against what the server said. */
static status
judge_manifest(struct take *t)
{
	const struct manifest_range *ranges;
	unsigned char sum[FILEHASH_MAX];
	size_t count;
	status s;

	s = manifest_finish(t->manifest);
	if (s != STATUS_OK)
		return STATUS_FAIL;
	filehash_show(t->manifest_sha, sum,
	    filehash_end(&t->manifest_hash, sum));
	ranges = manifest_ranges(t->manifest, &count);
	if (count == 0 || manifest_files(t->manifest) == 0 ||
	    ranges[0].end != base_backup_end_lsn(t->b) ||
	    ranges[count - 1].start != base_backup_start_lsn(t->b)) {
		log_error("the server's manifest is of another backup than "
			  "the one that it has sent");
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

static status
finish(struct take *t)
{
	status s = judge_manifest(t);

	if (s == STATUS_OK && t->wal != NULL)
		s = wal_keeper_finish(t->wal, base_backup_end_lsn(t->b));
	if (s != STATUS_OK)
		return s;
	take_record(t);
	return t->out->ops->finish(t->out, t->record);
}

static status
tell(struct take *t)
{
	if (t->r->json && !t->r->tar)
		return record_print(t->record);
	if (t->out->path != NULL)
		return io_out_line(t->out->path);
	return STATUS_OK;
}

/* --- all of it ------------------------------------------------------------------ */

/* Nobody may remove what this one starts from while it is being made. */
static status
note(struct take *t)
{
	json_t *record CLEANUP(record_cleanup) = NULL;

	if (!t->since.used || t->out->ops->note == NULL)
		return STATUS_OK;
	record = json_object();
	record_set_int(record, "format", 1);
	incremental_record(&t->since, record);
	return t->out->ops->note(t->out, record);
}

static status
prepare(struct take *t)
{
	status s = replication_connect(&t->r->server, &t->pg);

	if (s == STATUS_OK)
		s = look_at_server(t);
	if (s == STATUS_OK && t->r->incremental_from != NULL)
		s = incremental_begin(&t->since, t->pg, &t->system,
		    t->r->incremental_from);
	if (s == STATUS_OK)
		s = open_output(t);
	if (s == STATUS_OK)
		s = note(t);
	if (s == STATUS_OK && t->r->wal == TAKE_WAL_STREAM)
		s = wal_keeper_open(&t->r->server, t->pg, &t->wal);
	if (s == STATUS_OK)
		pg_on_notice(t->pg, pages_notice, &t->pages);
	return s;
}

static status
run(struct take *t)
{
	status s = prepare(t);

	if (s == STATUS_OK)
		s = start(t);
	if (s != STATUS_OK)
		return s;
	if (t->wal != NULL)
		s = wal_keeper_start(t->wal, base_backup_timeline(t->b),
		    base_backup_start_lsn(t->b), t->server.segment_size,
		    &t->out->wal);
	if (s != STATUS_OK)
		return s;
	expect_bytes(t);
	s = receive(t);
	if (s == STATUS_OK)
		s = finish(t);
	progress_stop();
	if (s == STATUS_OK)
		s = tell(t);
	if (s == STATUS_OK && base_backup_damaged(t->b)) {
		pages_report(&t->pages);
		s = STATUS_NO;
	}
	return s;
}

static void
clean_up(struct take *t)
{
	/* The thread uses the output. */
	wal_keeper_free(t->wal);
	base_backup_free(t->b);
	codec_pusher_free(t->pusher);
	if (t->out != NULL)
		t->out->ops->free(t->out);
	pg_close(t->pg);
	manifest_free(t->manifest);
	filehash_free(&t->manifest_hash);
	incremental_free(&t->since);
	pages_free(&t->pages);
	json_decref(t->record);
	free(t->label);
}

status
backup_take(const struct backup_request *r)
{
	struct take t = {.r = r,
	    .manifest_hash = FILEHASH_INIT,
	    .started = (int64_t)time(NULL),
	    .began = num_now()};
	status s;

	t.server.now = t.started;
	place_stamp(t.server.stamp, t.started);
	t.label = r->label != NULL ? mem_strdup(r->label)
				   : mem_printf("pgpipe %s", t.server.stamp);
	s = run(&t);
	if (s != STATUS_OK && s != STATUS_NO && r->tar)
		log_verbose("the stream is incomplete, and no reader takes it "
			    "for a backup");
	clean_up(&t);
	return s;
}
