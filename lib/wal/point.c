/* SPDX-License-Identifier: PostgreSQL */
/*
 * Points that were named: an LSN, a segment, a restore point
 * (pg_create_restore_point), which only a record of the WAL itself knows.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/codec.h"
#include "wal/need.h"
#include "wal/prove.h"

enum { RMGR_XLOG = 0, RESTORE_POINT = 0x70, INFO = 0xf0 };
enum { AT_NAME = 10, NAME_MAX_BYTES = 64 };

struct search {
	const struct strv *points;
	bool *found;
	struct needs *n;
};

/*
 * A record's data: a block of id 255 with its length in a byte, then the time,
 * eight bytes, and the name, 64 of them.
 */
static void
look_at(void *arg, const struct wal_record *r)
{
	struct search *s = arg;
	char name[NAME_MAX_BYTES + 1];

	if (r->rmgr != RMGR_XLOG || (r->info & INFO) != RESTORE_POINT ||
	    r->n < AT_NAME + NAME_MAX_BYTES || r->bytes[0] != 255)
		return;
	memcpy(name, r->bytes + AT_NAME, NAME_MAX_BYTES);
	name[NAME_MAX_BYTES] = '\0';
	for (size_t i = 0; i < s->points->len; i++) {
		if (!str_eq(s->points->data[i], name))
			continue;
		s->found[i] = true;
		needs_add(s->n, mem_printf("restore point \"%s\"", name),
		    r->timeline, r->start, 0);
	}
}

static void
free_reader(struct codec_reader **r)
{
	codec_reader_free(*r);
}

static status
read_segment(struct proof *p, const struct archive *a,
    const struct scan_file *f)
{
	struct archive_file file CLEANUP(archive_file_close) =
	    ARCHIVE_FILE_INIT;
	struct codec_reader *r CLEANUP(free_reader) = NULL;
	struct str why CLEANUP(str_free) = STR_INIT;
	const void *bytes;
	uint64_t ends;
	size_t n;
	status s = archive_look(a, f->name, f->suffix, &file);

	if (s != STATUS_OK)
		return s;
	r = codec_reader_new(file.fd, file.path != NULL ? file.path : f->name);
	proof_begin(p, f->name);
	while ((s = codec_read(r, &bytes, &n)) == STATUS_OK && n > 0)
		proof_add(p, bytes, n);
	if (s == STATUS_OK &&
	    !proof_end(p, f->kind == WAL_PARTIAL, &ends, &why)) {
		log_error("\"%s\" is broken: %s", file.path, str_text(&why));
		s = STATUS_USAGE;
	}
	return s;
}

static status
search(struct search *q, const struct archive *a, const struct scan *scan)
{
	struct proof *p CLEANUP(proof_cleanup) = proof_new(a);
	status s = STATUS_OK;

	proof_observe(p, look_at, q);
	for (size_t i = 0; s == STATUS_OK && i < scan->nfiles; i++)
		if (!scan->files[i].misnamed &&
		    (scan->files[i].kind == WAL_SEGMENT ||
			scan->files[i].kind == WAL_PARTIAL))
			s = read_segment(p, a, &scan->files[i]);
	return s;
}

/* What is said by itself: an LSN, a segment (a .backup file's name, too). */
static bool
take_plain(const char *point, const struct archive *a, struct needs *n)
{
	char name[WAL_NAME];
	uint32_t timeline;
	uint64_t where;

	if (wal_lsn_parse(point, &where)) {
		needs_add(n, mem_printf("%s", point), 0, where, 0);
		return true;
	}
	(void)snprintf(name, sizeof(name), "%.24s", point);
	if (wal_file_kind(point) == WAL_OTHER ||
	    wal_file_kind(point) == WAL_HISTORY || !a->known ||
	    !wal_name_parse(name, a->segment_size, &timeline, &where))
		return false;
	needs_add(n, mem_printf("%s", point), timeline, where * a->segment_size,
	    0);
	return true;
}

status
needs_of_points(const struct strv *points, const struct archive *a,
    const struct scan *scan, struct needs *n)
{
	bool *found CLEANUP_FREE = mem_zalloc(points->len * sizeof(*found));
	struct search q = {points, found, n};
	bool all = true;
	status s = STATUS_OK;

	for (size_t i = 0; i < points->len; i++) {
		found[i] = take_plain(points->data[i], a, n);
		all &= found[i];
	}
	if (!all)
		s = search(&q, a, scan);
	for (size_t i = 0; s == STATUS_OK && i < points->len; i++)
		if (!found[i]) {
			log_error("there is no restore point \"%s\" in the "
				  "archive",
			    points->data[i]);
			s = STATUS_USAGE;
		}
	return s;
}
