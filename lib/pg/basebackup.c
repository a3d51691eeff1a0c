/* SPDX-License-Identifier: PostgreSQL */
/*
 * BASE_BACKUP.
 *
 * 15 and later: one COPY, each payload of which begins with a type byte: 'n'
 * (an archive: name NUL, tablespace path NUL), 'd' (bytes of it), 'm' (the
 * manifest begins), 'p' (int64: bytes done).  13 and 14: one COPY of bare
 * bytes for each row of the tablespaces' table, in its order, then one for
 * the manifest; names are made here, and so is each archive's end.
 *
 * Before: a row with the start (LSN, timeline), then the tablespaces.  After:
 * a row with the end, then the command's status.  The end of a COPY is no
 * success: a server that is shut down, or a standby that is promoted, ends the
 * COPY first and gives its reason afterwards.
 */
#include "pg/replication.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/walname.h"
#include "pg/answer.h"

#define RATE_MIN 32 /* kB/s, as the server has it */
#define RATE_MAX 1048576
#define TAR_END 1024 /* two zero blocks */

struct base_backup {
	struct pg *pg;
	struct answers *answers;
	bool old; /* 13, 14 */
	bool with_manifest;
	struct base_tablespace *tablespaces;
	size_t count;
	uint64_t start, end;
	uint32_t start_timeline, end_timeline;
	size_t copies; /* old: that have begun */
	bool in_archive, in_manifest;
	bool manifest_seen, end_seen, tag_seen, damaged;
	char *name; /* of the archive */
};

static const char doing[] = "take the backup";

static status
refuse(struct base_backup *b, const char *why)
{
	char *text CLEANUP_FREE =
	    mem_printf("the server sends what does not belong there: %s", why);

	return pg_error_own(b->pg, STATUS_FAIL, text);
}

/* Whoever woke us knows why. */
static status
report(struct pg *pg, status s)
{
	if (pg_last_error(pg)->message[0] != '\0')
		pg_report(pg, doing);
	return s;
}

/* --- the command ------------------------------------------------------------ */

static int64_t
kilobytes(uint64_t rate)
{
	uint64_t n = rate / 1024;

	return (int64_t)(n < RATE_MIN ? RATE_MIN : n > RATE_MAX ? RATE_MAX : n);
}

static void
add_old(struct sql *sql, const struct base_backup_options *o)
{
	sql_add(sql, "BASE_BACKUP LABEL ");
	sql_command_value(sql, o->label);
	sql_add(sql, " PROGRESS");
	if (o->fast) {
		sql_add(sql, " FAST");
	}
	if (o->fetch_wal) {
		sql_add(sql, " WAL");
	}
	if (!o->wait) {
		sql_add(sql, " NOWAIT");
	}
	if (o->max_rate > 0) {
		sql_add(sql, " MAX_RATE ");
		sql_int(sql, kilobytes(o->max_rate));
	}
	if (o->tablespace_map) {
		sql_add(sql, " TABLESPACE_MAP");
	}
	if (!o->verify_checksums) {
		sql_add(sql, " NOVERIFY_CHECKSUMS");
	}
	if (o->manifest_checksums != NULL) {
		sql_add(sql, " MANIFEST 'yes' MANIFEST_CHECKSUMS ");
		sql_command_value(sql, o->manifest_checksums);
	}
}

#define ADD_FLAG(sql, name, on)                           \
	do {                                              \
		if (on)                                   \
			sql_add(sql, ", " name " true");  \
		else                                      \
			sql_add(sql, ", " name " false"); \
	} while (0)

static void
add_new(struct sql *sql, const struct base_backup_options *o)
{
	sql_add(sql, "BASE_BACKUP (LABEL ");
	sql_command_value(sql, o->label);
	sql_add(sql, ", PROGRESS true, CHECKPOINT ");
	sql_command_value(sql, o->fast ? "fast" : "spread");
	ADD_FLAG(sql, "WAL", o->fetch_wal);
	ADD_FLAG(sql, "WAIT", o->wait);
	ADD_FLAG(sql, "TABLESPACE_MAP", o->tablespace_map);
	ADD_FLAG(sql, "VERIFY_CHECKSUMS", o->verify_checksums);
	if (o->max_rate > 0) {
		sql_add(sql, ", MAX_RATE ");
		sql_int(sql, kilobytes(o->max_rate));
	}
	if (o->manifest_checksums != NULL) {
		sql_add(sql, ", MANIFEST 'yes', MANIFEST_CHECKSUMS ");
		sql_command_value(sql, o->manifest_checksums);
	}
	if (o->compression != NULL) {
		sql_add(sql, ", COMPRESSION ");
		sql_command_value(sql, o->compression);
	}
	if (o->compression != NULL && o->compression_detail != NULL) {
		sql_add(sql, ", COMPRESSION_DETAIL ");
		sql_command_value(sql, o->compression_detail);
	}
	if (o->incremental) {
		sql_add(sql, ", INCREMENTAL");
	}
	sql_add(sql, ")");
}

/* --- what comes before the data ---------------------------------------------- */

/* LSN and timeline, of the start or of the end. */
static status
take_point(struct base_backup *b, const struct answer *a, uint64_t *lsn,
    uint32_t *timeline)
{
	uint64_t number;

	if (a->columns < 2 || a->cells.len != a->columns ||
	    a->cells.data[0] == NULL || !wal_lsn_parse(a->cells.data[0], lsn) ||
	    a->cells.data[1] == NULL ||
	    !num_u64(a->cells.data[1], 1, UINT32_MAX, &number))
		return refuse(b, "no start or end point");
	*timeline = (uint32_t)number;
	return STATUS_OK;
}

static status
take_tablespaces(struct base_backup *b, const struct answer *a)
{
	if (a->columns < 3 || a->cells.len == 0)
		return refuse(b, "no list of tablespaces");
	b->count = a->cells.len / a->columns;
	b->tablespaces = mem_zalloc(b->count * sizeof(*b->tablespaces));
	for (size_t i = 0; i < b->count; i++) {
		char **cells = a->cells.data + i * a->columns;
		struct base_tablespace *t = &b->tablespaces[i];
		uint64_t number;

		if (cells[0] != NULL) {
			if (!num_u64(cells[0], 1, UINT32_MAX, &number) ||
			    cells[1] == NULL)
				return refuse(b, "a tablespace without place");
			t->oid = mem_strdup(cells[0]);
			t->location = mem_strdup(cells[1]);
		}
		if (cells[2] != NULL &&
		    num_u64(cells[2], 0, UINT64_MAX / 1024, &number))
			t->bytes = number * 1024;
	}
	if (b->tablespaces[b->count - 1].oid != NULL)
		return refuse(b, "a list of tablespaces without the main one");
	return STATUS_OK;
}

static status
begin(struct base_backup *b)
{
	const struct answer *a;
	status s;

	s = pg_answer_next(b->answers, &a);
	if (s == STATUS_OK && a->kind != ANSWER_ROWS)
		s = refuse(b, "no start point");
	if (s == STATUS_OK)
		s = take_point(b, a, &b->start, &b->start_timeline);
	if (s == STATUS_OK)
		s = pg_answer_next(b->answers, &a);
	if (s == STATUS_OK && a->kind != ANSWER_ROWS)
		s = refuse(b, "no list of tablespaces");
	return s == STATUS_OK ? take_tablespaces(b, a) : s;
}

status
base_backup_start(struct pg *pg, const struct base_backup_options *o,
    struct base_backup **out)
{
	struct base_backup *b = mem_zalloc(sizeof(*b));
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	*out = NULL;
	b->pg = pg;
	b->old = pg_version(pg) < 150000;
	b->with_manifest = o->manifest_checksums != NULL;
	if (b->old)
		add_old(&sql, o);
	else
		add_new(&sql, o);
	s = pg_answer_open(pg, &sql, o->wake_fd, &b->answers);
	if (s == STATUS_OK)
		s = begin(b);
	if (s != STATUS_OK) {
		base_backup_free(b);
		return report(pg, s);
	}
	*out = b;
	return STATUS_OK;
}

/* --- the data ---------------------------------------------------------------- */

static bool
ends_with(const char *text, const char *tail)
{
	size_t n = strlen(text), m = strlen(tail);

	return n >= m && strcmp(text + n - m, tail) == 0;
}

/* "16385.tar", "base.tar", perhaps with the name of a compression. */
static const struct base_tablespace *
of_archive(const struct base_backup *b, const char *name)
{
	size_t stem = strcspn(name, ".");
	const char *rest = name + stem;

	if (!str_eq(rest, ".tar") && !str_eq(rest, ".tar.gz") &&
	    !str_eq(rest, ".tar.lz4") && !str_eq(rest, ".tar.zst"))
		return NULL;
	for (size_t i = 0; i < b->count; i++) {
		const char *oid = b->tablespaces[i].oid;

		if (oid == NULL)
			oid = "base";
		if (strlen(oid) == stem && memcmp(oid, name, stem) == 0)
			return &b->tablespaces[i];
	}
	return NULL;
}

static status
begin_archive(struct base_backup *b, const char *name, struct base_message *m)
{
	free(b->name);
	b->name = mem_strdup(name);
	m->tablespace = of_archive(b, b->name);
	if (m->tablespace == NULL || b->in_manifest || ends_with(b->name, "/"))
		return refuse(b, "an archive of an unknown name");
	m->event = BASE_ARCHIVE;
	m->name = b->name;
	b->in_archive = true;
	return STATUS_OK;
}

static status
begin_manifest(struct base_backup *b, struct base_message *m)
{
	if (!b->with_manifest || b->manifest_seen)
		return refuse(b, "a manifest that was not asked for");
	b->in_archive = false;
	b->in_manifest = b->manifest_seen = true;
	m->event = BASE_MANIFEST;
	return STATUS_OK;
}

static status
take_progress(struct base_backup *b, const char *p, size_t n,
    struct base_message *m)
{
	uint64_t done = 0;

	if (n != 8)
		return refuse(b, "a message that is cut");
	for (size_t i = 0; i < 8; i++)
		done = done << 8 | (unsigned char)p[i];
	m->event = BASE_PROGRESS;
	m->done = done;
	return STATUS_OK;
}

/* A payload of 15 and later. */
static status
take_typed(struct base_backup *b, const char *p, size_t n,
    struct base_message *m)
{
	if (n == 0)
		return refuse(b, "an empty message");
	switch (p[0]) {
	case 'd':
		if (!b->in_archive && !b->in_manifest)
			return refuse(b, "bytes of no archive");
		m->event = BASE_DATA;
		m->bytes = p + 1;
		m->n = n - 1;
		return STATUS_OK;
	case 'n':
		if (memchr(p + 1, '\0', n - 1) == NULL)
			return refuse(b, "an archive without a name");
		return begin_archive(b, p + 1, m);
	case 'm':
		return begin_manifest(b, m);
	case 'p':
		return take_progress(b, p + 1, n - 1, m);
	default:
		return refuse(b, "a message of an unknown type");
	}
}

/* A COPY of 13 or 14 begins: which one it is, its number tells. */
static status
begin_old(struct base_backup *b, struct base_message *m)
{
	size_t i = b->copies++;

	if (i < b->count) {
		const char *oid = b->tablespaces[i].oid;
		char *name CLEANUP_FREE =
		    mem_printf("%s.tar", oid == NULL ? "base" : oid);

		return begin_archive(b, name, m);
	}
	return begin_manifest(b, m);
}

/* Two zero blocks, where an archive of 13 or 14 ends. */
static void
end_old(struct base_message *m)
{
	static const char zeros[TAR_END];

	m->event = BASE_DATA;
	m->bytes = zeros;
	m->n = sizeof(zeros);
}

/*
 * The final status.  Page checksums that failed are told of at the very end,
 * when everything has been sent.
 */
static status
judge_failure(struct base_backup *b, status s)
{
	if (b->end_seen && (b->manifest_seen || !b->with_manifest) &&
	    strcmp(b->pg->error.sqlstate, "XX001") == 0) {
		b->damaged = true;
		return STATUS_OK;
	}
	return s;
}

static status
end(struct base_backup *b, struct base_message *m)
{
	m->event = BASE_END;
	if (!b->tag_seen || !b->end_seen)
		return refuse(b, "an early end");
	if (b->with_manifest && !b->manifest_seen)
		return refuse(b, "no manifest");
	return STATUS_OK;
}

static status
take(struct base_backup *b, const struct answer *a, struct base_message *m,
    bool *given)
{
	*given = true;
	switch (a->kind) {
	case ANSWER_DATA:
		if (!b->old)
			return take_typed(b, a->bytes, a->n, m);
		m->event = BASE_DATA;
		m->bytes = a->bytes;
		m->n = a->n;
		return STATUS_OK;
	case ANSWER_COPY:
		if (b->old)
			return begin_old(b, m);
		break;
	case ANSWER_COPY_END:
		if (b->old && b->in_archive && !b->in_manifest) {
			end_old(m);
			return STATUS_OK;
		}
		break;
	case ANSWER_ROWS:
		b->end_seen = true;
		*given = false;
		return take_point(b, a, &b->end, &b->end_timeline);
	case ANSWER_TAG:
		b->tag_seen = true;
		break;
	case ANSWER_END:
		return end(b, m);
	}
	*given = false;
	return STATUS_OK;
}

status
base_backup_next(struct base_backup *b, struct base_message *m)
{
	const struct answer *a;
	bool given = false;
	status s;

	*m = (struct base_message){.event = BASE_END};
	do {
		s = pg_answer_next(b->answers, &a);
		if (s != STATUS_OK) {
			s = judge_failure(b, s);
			if (s == STATUS_OK)
				return s;
		} else {
			s = take(b, a, m, &given);
		}
	} while (s == STATUS_OK && !given);
	return s == STATUS_OK ? s : report(b->pg, s);
}

uint64_t
base_backup_start_lsn(const struct base_backup *b)
{
	return b->start;
}

uint32_t
base_backup_timeline(const struct base_backup *b)
{
	return b->start_timeline;
}

const struct base_tablespace *
base_backup_tablespaces(const struct base_backup *b, size_t *count)
{
	*count = b->count;
	return b->tablespaces;
}

bool
base_backup_damaged(const struct base_backup *b)
{
	return b->damaged;
}

uint64_t
base_backup_end_lsn(const struct base_backup *b)
{
	return b->end;
}

uint32_t
base_backup_end_timeline(const struct base_backup *b)
{
	return b->end_timeline;
}

void
base_backup_free(struct base_backup *b)
{
	if (b == NULL)
		return;
	pg_answer_free(b->answers);
	for (size_t i = 0; i < b->count; i++) {
		free(b->tablespaces[i].oid);
		free(b->tablespaces[i].location);
	}
	free(b->tablespaces);
	free(b->name);
	free(b);
}
