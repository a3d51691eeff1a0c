/* SPDX-License-Identifier: PostgreSQL */
/*
 * What restore_command runs.
 *
 * The server takes "it is not there" for the end of the WAL: it stops
 * recovery and opens, or a standby waits.  So that is said only when the
 * archive could be read and does not have the file.
 */
#include "wal/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "data/record.h"
#include "run/child.h"
#include "wal/archive.h"
#include "wal/deliver.h"
#include "wal/spool.h"

static status
check_name(const char *name)
{
	if (wal_file_kind(name) != WAL_OTHER)
		return STATUS_OK;
	log_error("\"%s\" is no name of a file of WAL", name);
	return STATUS_USAGE;
}

/* --- what comes next ---------------------------------------------------------------- */

/* Is there something to make ready? */
static bool
is_worth_it(const struct archive *a, const char *name, const char *spool)
{
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	char next[WAL_NAME];

	return archive_name_after(a, name, 1, next) &&
	    archive_find(a, next, &f) == STATUS_OK && f.fd >= 0 &&
	    !spool_has(spool, &f, next);
}

/* Whether it could be started does not matter: the server asks again. */
static void
start_prefetch(const struct fetch_request *r, const char *spool)
{
	char *program CLEANUP_FREE = mem_printf("%s/pg-wal", path_bin());
	char *archive CLEANUP_FREE = mem_printf("--archive=%s", r->archive);
	char *where CLEANUP_FREE = mem_printf("--spool=%s", spool);
	char *count CLEANUP_FREE =
	    mem_printf("--prefetch=%" PRIu64, r->prefetch);
	char *name CLEANUP_FREE = mem_strdup(r->name);
	char verb[] = "prefetch";
	char *const argv[] = {program, verb, archive, where, count, name, NULL};

	if (child_leave(program, argv) != STATUS_OK)
		log_verbose("could not start \"%s\"", program);
}

status
wal_prefetch(const struct fetch_request *r)
{
	struct archive a CLEANUP(archive_close) = ARCHIVE_INIT;
	char next[WAL_NAME];
	int lock = -1;
	status s = check_name(r->name);

	if (s == STATUS_OK)
		s = archive_open(&a, r->archive);
	if (s == STATUS_OK)
		s = archive_measure(&a);
	if (s == STATUS_OK)
		lock = spool_begin(r->spool);
	for (uint64_t i = 1; s == STATUS_OK && lock >= 0 && i <= r->prefetch;
	     i++) {
		struct archive_file f CLEANUP(archive_file_close) =
		    ARCHIVE_FILE_INIT;

		if (!archive_name_after(&a, r->name, i, next))
			break;
		s = archive_find(&a, next, &f);
		if (s != STATUS_OK || f.fd < 0)
			break;
		if (!spool_has(r->spool, &f, next))
			s = spool_add(r->spool, &a, &f, next);
	}
	if (s == STATUS_NO) /* the WAL may end there */
		s = STATUS_OK;
	if (lock >= 0)
		(void)close(lock);
	return s;
}

/* --- one file ------------------------------------------------------------------------- */

/* One of its forms that is sound; a broken one beside it is told of. */
static status
get_form(const struct archive *a, const char *name, enum codec suffix,
    const char *path, const char *spool, bool *there)
{
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	bool taken = false;
	status s = archive_look(a, name, suffix, &f);

	*there = s != STATUS_OK || f.fd >= 0;
	if (s != STATUS_OK || f.fd < 0)
		return s;
	if (spool != NULL)
		s = spool_take(spool, &f, name, path, &taken);
	return s == STATUS_OK && !taken ? deliver(a, &f, name, path, false) : s;
}

static status
get(const struct archive *a, const char *name, const char *path,
    const char *spool)
{
	status s = STATUS_NO;

	for (int i = 0; i < CODECS; i++) {
		bool there;
		status got =
		    get_form(a, name, (enum codec)i, path, spool, &there);

		if (there && got == STATUS_OK)
			return STATUS_OK;
		if (there)
			s = status_worse(s, got);
	}
	return s;
}

static status
get_any(struct archive *a, const struct fetch_request *r, const char *spool)
{
	char *partial CLEANUP_FREE = mem_printf("%s.partial", r->name);
	status s = get(a, r->name, r->path, spool);

	if (s == STATUS_NO && r->partial &&
	    wal_file_kind(r->name) == WAL_SEGMENT) {
		s = get(a, partial, r->path, NULL);
		if (s == STATUS_OK)
			log_info("%s is a partial one, filled with zeros",
			    r->name);
	}
	/* It may be a mount point without its file system. */
	if (s == STATUS_NO && !a->known)
		log_warning("there is no WAL at all in \"%s\"", a->path);
	else if (s == STATUS_NO)
		log_verbose("%s is not in \"%s\"", r->name, a->path);
	return s;
}

static status
tell(const struct fetch_request *r, status s)
{
	json_t *record CLEANUP(record_cleanup) = NULL;

	if (!r->json || s > STATUS_NO)
		return s;
	record = json_object();
	record_set_text(record, "file", r->name);
	record_set_text(record, "status",
	    s == STATUS_OK ? "fetched" : "absent");
	return status_worse(s, record_print(record));
}

status
wal_fetch(const struct fetch_request *r)
{
	struct archive a CLEANUP(archive_close) = ARCHIVE_INIT;
	char *own CLEANUP_FREE = r->spool == NULL ? spool_for(r->path) : NULL;
	const char *spool = r->spool != NULL ? r->spool : own;
	bool segment = wal_file_kind(r->name) == WAL_SEGMENT;
	status s = check_name(r->name);

	if (s == STATUS_OK)
		s = archive_open(&a, r->archive);
	if (s == STATUS_OK)
		s = archive_measure(&a);
	if (s == STATUS_OK)
		s = get_any(&a, r, segment ? spool : NULL);
	s = tell(r, s);
	if (!segment || spool == NULL || s > STATUS_NO)
		return s;
	spool_clear(spool, r->name);
	if (s == STATUS_OK && r->prefetch > 0 &&
	    is_worth_it(&a, r->name, spool))
		start_prefetch(r, spool);
	return s;
}
