/* SPDX-License-Identifier: PostgreSQL */
/*
 * One stream that holds everything: a data directory as one tar.
 *
 *	pg_tblspc/16385/PG_15_.../...	tablespaces' archives, renamed
 *	backup_label, tablespace_map, ...  base.tar, pg_control its last file
 *	pg_wal/...			WAL, each with its archive_status mark
 *	backup_manifest			last
 *	two zero blocks, zeros up to a multiple of 10240
 *
 * WAL and manifest come while or before other things pass by, so they wait in
 * spools.
 */
#include "backup/output.h"

#include <string.h>
#include <unistd.h>

#include "backup/sink.h"
#include "backup/tarhead.h"
#include "backup/waltar.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/manifest.h"
#include "data/record.h"

struct tar {
	struct output base;
	struct sink *out;
	struct tarpass pass;
	char *archive;	 /* its name */
	char *directory; /* of its members: "pg_tblspc/16385", or NULL */
	struct sink *wal;
	int wal_fd;
	struct waltar waltar;
	struct sink *manifest;
	int manifest_fd;
	int64_t now;
};

static status
take_header(void *arg, unsigned char header[TARHEAD_BLOCK], uint64_t size,
    char type)
{
	struct tar *t = arg;

	(void)size;
	(void)type;
	if (t->directory != NULL && !tarhead_prefix(header, t->directory)) {
		char name[260];

		tarhead_name(header, name);
		log_error("the name \"%s\" in \"%s\" cannot be written", name,
		    t->archive);
		return STATUS_FAIL;
	}
	return sink_write(t->out, header, TARHEAD_BLOCK);
}

static status
take_data(void *arg, const void *bytes, size_t n, bool padding)
{
	struct tar *t = arg;

	(void)padding;
	return sink_write(t->out, bytes, n);
}

static status
end_archive(struct tar *t)
{
	return t->archive == NULL ? STATUS_OK : tarpass_end(&t->pass);
}

/* The tablespace's own directory, as its place below pg_tblspc. */
static status
put_directory(struct tar *t)
{
	unsigned char header[TARHEAD_BLOCK];
	char *name CLEANUP_FREE = mem_printf("%s/", t->directory);

	if (!tarhead_make(header, name, '5', 0, 0700, t->now, &t->waltar.owner))
		BUG("a tablespace's number is too long: %s", name);
	return sink_write(t->out, header, sizeof(header));
}

static status
begin_archive(struct output *o, const char *name,
    const struct base_tablespace *space)
{
	struct tar *t = (struct tar *)o;
	status s = end_archive(t);

	free(t->archive);
	free(t->directory);
	t->archive = mem_strdup(name);
	t->pass.name = t->archive;
	t->directory =
	    space->oid != NULL ? mem_printf("pg_tblspc/%s", space->oid) : NULL;
	if (s == STATUS_OK && t->directory != NULL)
		s = put_directory(t);
	return s;
}

static status
put_data(struct output *o, const void *bytes, size_t n)
{
	struct tar *t = (struct tar *)o;

	return tarpass_feed(&t->pass, bytes, n);
}

static status
put_manifest(struct output *o, const void *bytes, size_t n)
{
	struct tar *t = (struct tar *)o;

	return sink_write(t->manifest, bytes, n);
}

static status
put_zeros(struct tar *t, size_t n)
{
	static const char zeros[TARHEAD_RECORD];

	return n > 0 ? sink_write(t->out, zeros, n) : STATUS_OK;
}

static status
add_wal(struct tar *t)
{
	status s = sink_flush(t->wal);

	return s == STATUS_OK ? spool_copy(t->wal_fd, t->out) : s;
}

static status
add_manifest(struct tar *t)
{
	unsigned char header[TARHEAD_BLOCK];
	uint64_t size = sink_raw(t->manifest);
	status s;

	if (!tarhead_make(header, MANIFEST_FILE, '0', size, 0600, t->now,
		&t->pass.owner))
		BUG("the manifest's name is too long");
	s = sink_flush(t->manifest);
	if (s == STATUS_OK)
		s = sink_write(t->out, header, sizeof(header));
	if (s == STATUS_OK)
		s = spool_copy(t->manifest_fd, t->out);
	return s == STATUS_OK ? put_zeros(t, tarhead_padding(size)) : s;
}

static status
finish(struct output *o, json_t *record)
{
	struct tar *t = (struct tar *)o;
	size_t over;
	status s = end_archive(t);

	(void)record;
	if (s == STATUS_OK)
		s = add_wal(t);
	if (s == STATUS_OK)
		s = add_manifest(t);
	if (s == STATUS_OK)
		s = put_zeros(t, 2 * TARHEAD_BLOCK);
	over = (size_t)(sink_raw(t->out) % TARHEAD_RECORD);
	if (s == STATUS_OK && over > 0)
		s = put_zeros(t, TARHEAD_RECORD - over);
	if (s == STATUS_OK)
		s = sink_finish(t->out);
	o->written = sink_written(t->out);
	return s;
}

static void
tar_free(struct output *o)
{
	struct tar *t = (struct tar *)o;

	sink_free(t->out);
	sink_free(t->wal);
	sink_free(t->manifest);
	free(t->archive);
	free(t->directory);
	free(t);
}

static const struct output_ops ops = {begin_archive, put_data, put_manifest,
    NULL, finish, tar_free};

status
output_tar(const struct backup_request *r, const struct output_server *server,
    struct output **out)
{
	struct tar *t = mem_zalloc(sizeof(*t));
	status s;

	t->base.ops = &ops;
	t->base.plain_bytes = true;
	t->now = server->now;
	t->pass.header = take_header;
	t->pass.data = take_data;
	t->pass.arg = t;
	io_pipe_grow(STDOUT_FILENO);
	t->out = sink_new(STDOUT_FILENO, "standard output", &r->client, false);
	s = spool_open(r->spool, &t->wal_fd);
	if (s == STATUS_OK) {
		t->wal =
		    sink_new(t->wal_fd, spool_directory(r->spool), NULL, false);
		s = spool_open(r->spool, &t->manifest_fd);
	}
	if (s == STATUS_OK)
		t->manifest = sink_new(t->manifest_fd,
		    spool_directory(r->spool), NULL, false);
	if (s != STATUS_OK) {
		tar_free(&t->base);
		return s;
	}
	waltar_init(&t->waltar, t->wal, "pg_wal/", &t->base.wal);
	*out = &t->base;
	return STATUS_OK;
}
