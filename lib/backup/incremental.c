/* SPDX-License-Identifier: PostgreSQL */
/*
 * What an incremental backup starts from.
 */
#include "backup/incremental.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/place.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/manifest.h"
#include "data/record.h"
#include "data/walname.h"

#define PIECE 65536

struct reading {
	int fd;
	const char *name;
	char bytes[PIECE];
	struct filehash hash;
};

static status
next(void *arg, const void **bytes, size_t *n)
{
	struct reading *r = arg;

	*bytes = r->bytes;
	return io_read(r->fd, r->bytes, sizeof(r->bytes), n, r->name);
}

/* A directory stands for the manifest in it. */
static char *
find_file(const char *given)
{
	struct stat st;

	if (stat(given, &st) == 0 && S_ISDIR(st.st_mode))
		return mem_printf("%s/%s", given, MANIFEST_FILE);
	return mem_strdup(given);
}

/* The dated directory that it lies in, else the path. */
static char *
name_of(const char *file)
{
	char *dir CLEANUP_FREE = mem_strdup(file);
	char *slash = strrchr(dir, '/');
	const char *name;

	if (slash == NULL)
		return mem_strdup(file);
	*slash = '\0';
	while (slash > dir && slash[-1] == '/')
		*--slash = '\0';
	slash = strrchr(dir, '/');
	name = slash == NULL ? dir : slash + 1;
	return mem_strdup(place_is_stamp(name) ? name : file);
}

/* Once through, to judge it before the server does. */
static status
judge(struct incremental *i, struct reading *r,
    const struct replication_system *system)
{
	struct manifest *m CLEANUP(manifest_cleanup) = manifest_new(r->name);
	const struct manifest_range *ranges;
	unsigned char sum[FILEHASH_MAX];
	char number[24];
	const void *bytes;
	size_t n, count;
	status s;

	filehash_start(&r->hash, FILEHASH_SHA256);
	do {
		s = next(r, &bytes, &n);
		if (s == STATUS_OK && n > 0)
			s = manifest_feed(m, bytes, n);
		filehash_add(&r->hash, r->bytes, s == STATUS_OK ? n : 0);
	} while (s == STATUS_OK && n > 0);
	if (s == STATUS_OK)
		s = manifest_finish(m);
	if (s != STATUS_OK)
		return s;
	filehash_show(i->sha, sum, filehash_end(&r->hash, sum));
	ranges = manifest_ranges(m, &count);
	if (count > 0)
		i->start = ranges[count - 1].start;
	(void)snprintf(number, sizeof(number), "%" PRIu64, manifest_system(m));
	if (manifest_version(m) < 2) {
		log_error("\"%s\" is of a server before PostgreSQL 17",
		    r->name);
		log_hint("take a full backup first");
		return STATUS_USAGE;
	}
	if (!str_eq(number, system->identifier)) {
		log_error("\"%s\" is of another database cluster", r->name);
		log_detail("its system identifier is %s, the server's %s",
		    number, system->identifier);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static status
check_server(struct pg *pg)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (pg_version(pg) < 170000) {
		log_error("incremental backups need PostgreSQL 17, the server "
			  "is %d",
		    pg_version(pg) / 10000);
		return STATUS_FAIL;
	}
	s = replication_show(pg, "summarize_wal", &text);
	if (s == STATUS_OK && !str_eq(text.data, "on")) {
		log_error("incremental backups need WAL summaries, and "
			  "summarize_wal is off");
		log_hint("alter system set summarize_wal = on, reload, and "
			 "take a full backup first");
		return STATUS_FAIL;
	}
	return s;
}

status
incremental_begin(struct incremental *i, struct pg *pg,
    const struct replication_system *system, const char *given)
{
	char *file CLEANUP_FREE = find_file(given);
	struct reading *r;
	status s = check_server(pg);

	if (s != STATUS_OK)
		return s;
	r = mem_zalloc(sizeof(*r));
	r->name = file;
	r->fd = open(file, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		log_error("could not open \"%s\": %s", file, strerror(errno));
		free(r);
		return STATUS_USAGE;
	}
	i->used = true;
	i->from = name_of(file);
	s = judge(i, r, system);
	if (s == STATUS_OK && lseek(r->fd, 0, SEEK_SET) != 0) {
		log_error("could not read \"%s\" twice: %s", file,
		    strerror(errno));
		s = STATUS_USAGE;
	}
	if (s == STATUS_OK)
		s = replication_upload_manifest(pg, next, r);
	(void)close(r->fd);
	filehash_free(&r->hash);
	free(r);
	return s;
}

void
incremental_record(const struct incremental *i, json_t *record)
{
	char lsn[WAL_LSN];
	json_t *since;

	if (!i->used) {
		(void)json_object_set_new(record, "incremental", json_null());
		return;
	}
	since = json_object();
	record_set_text(since, "from", i->from);
	record_set_text(since, "manifest_sha256", i->sha);
	wal_lsn_show(lsn, i->start);
	record_set_text(since, "start_lsn", lsn);
	(void)json_object_set_new(record, "incremental", since);
}

void
incremental_free(struct incremental *i)
{
	free(i->from);
	i->from = NULL;
}
