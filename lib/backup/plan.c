/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a backup would be and need.
 *
 * The replication connection, which alone decides, is tried for real.  What
 * it cannot tell (sizes, who else replicates) is asked by a plain connection,
 * where that is allowed.
 */
#include "backup/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backup/catalog.h"
#include "backup/place.h"
#include "backup/waltar.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/record.h"
#include "pg/replication.h"
#include "run/storage.h"

/* Bytes a second, where no backup was measured yet. */
#define RATE_RAW 500e6
#define RATE_COMPRESSED 250e6

enum finding { FINDING_OK, FINDING_NOTE, FINDING_MISSING };

struct plan {
	const struct backup_request *r;
	uint64_t size; /* 0: unknown */
	bool lacks;
	bool store;    /* it answers */
	status failed; /* of stdout */
	uint64_t lines;
};

static void find(struct plan *p, enum finding what, const char *check,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
find(struct plan *p, enum finding what, const char *check, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "note", "missing"};
	struct str line CLEANUP(str_free) = STR_INIT;
	json_t *record CLEANUP(record_cleanup) = NULL;
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	p->lacks |= what == FINDING_MISSING;
	p->lines++;
	if (p->failed != STATUS_OK)
		return;
	if (p->r->json) {
		record = json_object();
		record_set_text(record, "check", check);
		record_set_text(record, "status", words[what]);
		record_set_text(record, "detail", text);
		p->failed = record_print(record);
		return;
	}
	str_addf(&line, "%-8s %-12s %s", words[what], check, text);
	p->failed = io_out_line(line.data);
}

/* --- the server --------------------------------------------------------------- */

static unsigned
senders_needed(const struct plan *p)
{
	return p->r->wal == TAKE_WAL_STREAM ? 2 : 1;
}

/* A whole number that SHOW gives; 0 for none. */
static uint64_t
show_number(struct pg *pg, const char *name)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	uint64_t value = 0;

	if (replication_show(pg, name, &text) == STATUS_OK)
		(void)num_u64(text.data, 0, UINT64_MAX, &value);
	return value;
}

static void
look_at_settings(struct plan *p, struct pg *pg)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	uint64_t senders = show_number(pg, "max_wal_senders");
	int major = pg_version(pg) / 10000;

	if (replication_show(pg, "wal_level", &text) == STATUS_OK)
		find(p,
		    str_eq(text.data, "minimal") ? FINDING_MISSING : FINDING_OK,
		    "wal_level", "%s%s", text.data,
		    str_eq(text.data, "minimal") ? ": replica is needed" : "");
	find(p, senders < senders_needed(p) ? FINDING_MISSING : FINDING_OK,
	    "walsenders", "%llu allowed, %u needed",
	    (unsigned long long)senders, senders_needed(p));
	if (p->r->server_codec.codec != CODEC_NONE)
		find(p, major < 15 ? FINDING_MISSING : FINDING_OK,
		    "compression", "the server compresses with %s%s",
		    codec_name(p->r->server_codec.codec),
		    major < 15 ? ": from PostgreSQL 15 on" : "");
	if (p->r->incremental_from == NULL)
		return;
	if (major < 17)
		find(p, FINDING_MISSING, "incremental",
		    "from PostgreSQL 17 on");
	else if (replication_show(pg, "summarize_wal", &text) == STATUS_OK)
		find(p, str_eq(text.data, "on") ? FINDING_OK : FINDING_MISSING,
		    "incremental", "summarize_wal is %s", text.data);
}

static status
look_by_replication(struct plan *p)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct replication_system system;
	status s = replication_connect(&p->r->server, &pg);

	if (s != STATUS_OK) {
		find(p, FINDING_MISSING, "replication",
		    "the server lets nobody in: the message says why");
		return s;
	}
	s = replication_identify(pg, &system);
	if (s != STATUS_OK)
		return s;
	find(p, FINDING_OK, "replication",
	    "PostgreSQL %d.%d, system %s, timeline %u", pg_version(pg) / 10000,
	    pg_version(pg) % 10000, system.identifier, system.timeline);
	look_at_settings(p, pg);
	return STATUS_OK;
}

/* --- sizes and who else is there ------------------------------------------------- */

static void
look_at_spaces(struct plan *p, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	bool whole = true;
	char size[32];

	sql_add(&sql,
	    "select t.spcname, pg_catalog.pg_tablespace_location(t.oid), case"
	    " when pg_catalog.pg_has_role('pg_read_all_stats', 'usage')"
	    " or pg_catalog.has_tablespace_privilege(t.oid, 'create')"
	    " or t.spcname = 'pg_default'"
	    " then pg_catalog.pg_tablespace_size(t.oid) end"
	    " from pg_catalog.pg_tablespace t order by t.oid");
	if (pg_run(pg, "ask for the sizes of the tablespaces", &sql, &r) !=
	    STATUS_OK)
		return;
	for (int i = 0; i < pg_rows(r); i++) {
		const char *where = pg_value(r, i, 1);

		whole &= pg_value(r, i, 2) != NULL;
		p->size += (uint64_t)pg_int(r, i, 2);
		num_show_size(size, (uint64_t)pg_int(r, i, 2));
		if (where != NULL && *where != '\0')
			find(p, FINDING_OK, "tablespace",
			    "\"%s\" in \"%s\", %s", pg_value(r, i, 0), where,
			    pg_value(r, i, 2) != NULL ? size
						      : "of unknown size");
	}
	num_show_size(size, p->size);
	find(p, whole ? FINDING_OK : FINDING_NOTE, "size", "%s%s", size,
	    whole ? "" : ", without what this user may not see");
}

static void
look_at_others(struct plan *p, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	int64_t senders, slots;

	sql_add(&sql,
	    "select pg_catalog.current_setting('max_wal_senders')::int8"
	    " - (select pg_catalog.count(*) from"
	    " pg_catalog.pg_stat_get_wal_senders()),"
	    " pg_catalog.current_setting('max_replication_slots')::int8"
	    " - (select pg_catalog.count(*) from"
	    " pg_catalog.pg_get_replication_slots()),"
	    " pg_catalog.pg_is_in_recovery(),"
	    " pg_catalog.current_setting('full_page_writes')::bool,"
	    " pg_catalog.current_setting('wal_level')");
	if (pg_run(pg, "ask who else replicates", &sql, &r) != STATUS_OK)
		return;
	senders = pg_int(r, 0, 0);
	slots = pg_int(r, 0, 1);
	find(p,
	    senders < (int64_t)senders_needed(p) ? FINDING_MISSING : FINDING_OK,
	    "walsenders", "%lld free", (long long)senders);
	if (p->r->wal == TAKE_WAL_STREAM)
		find(p, slots < 1 ? FINDING_MISSING : FINDING_OK, "slots",
		    "%lld free, one needed for as long as this takes",
		    (long long)slots);
	if (str_eq(pg_value(r, 0, 4), "minimal"))
		find(p, FINDING_MISSING, "wal_level",
		    "minimal: replica is needed");
	if (pg_true(r, 0, 2))
		find(p, pg_true(r, 0, 3) ? FINDING_NOTE : FINDING_MISSING,
		    "standby",
		    "a hot standby: its primary needs full_page_writes, and "
		    "must not change places with it");
}

/* Whether the server could be asked. */
static bool
look_by_sql(struct plan *p)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct pg_params params = p->r->server;

	/* Where only a name is missing, this database always exists. */
	if (params.database == NULL && getenv("PGDATABASE") == NULL)
		params.database = "postgres";
	if (pg_connect(&params, &pg) != STATUS_OK) {
		find(p, FINDING_NOTE, "size",
		    "unknown: this user may replicate, but not connect to a "
		    "database");
		return false;
	}
	look_at_spaces(p, pg);
	look_at_others(p, pg);
	return true;
}

/* --- here ------------------------------------------------------------------------- */

/* The nearest directory above that is there. */
static char *
existing(const char *path)
{
	char *dir = mem_strdup(path);
	char *slash;

	while (access(dir, F_OK) != 0) {
		slash = strrchr(dir, '/');
		if (slash == NULL || slash == dir) {
			bool root = slash == dir;

			free(dir);
			return mem_strdup(root ? "/" : ".");
		}
		*slash = '\0';
	}
	return dir;
}

/* Room for what takes this many bytes at most. */
static void
look_at_room(struct plan *p, const char *check, const char *path,
    bool compressed)
{
	char *dir CLEANUP_FREE = existing(path);
	enum finding what = FINDING_OK;
	struct statvfs fs;
	uint64_t room;
	char size[32];

	if (access(dir, W_OK | X_OK) != 0 || statvfs(dir, &fs) != 0) {
		find(p, FINDING_MISSING, check, "\"%s\": %s", dir,
		    strerror(errno));
		return;
	}
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room < p->size)
		what = compressed ? FINDING_NOTE : FINDING_MISSING;
	num_show_size(size, room);
	find(p, what, check, "%s free in \"%s\"%s", size, dir,
	    what == FINDING_OK ? ""
		: compressed   ? ", less than the size: it must shrink"
			       : ", less than the size");
}

/* Seconds by the rate of the last backup there, or by rule of thumb. */
static double
estimate(const struct plan *p, const char **by)
{
	bool compressed = p->r->client.codec != CODEC_NONE ||
	    p->r->server_codec.codec != CODEC_NONE;
	double rate = compressed ? RATE_COMPRESSED : RATE_RAW;
	struct catalog c CLEANUP(catalog_free) = CATALOG_INIT;

	*by = "by rule of thumb";
	if (p->r->directory != NULL &&
	    (storage_is_url(p->r->directory)
		    ? p->store
		    : access(p->r->directory, F_OK) == 0) &&
	    catalog_read(p->r->directory, &c) == STATUS_OK)
		for (size_t i = 0; i < c.count; i++)
			if (c.items[i].state == CATALOG_GOOD &&
			    record_int(c.items[i].record, "rate") > 0) {
				rate = (double)record_int(c.items[i].record,
				    "rate");
				*by = "as fast as the last one";
			}
	if (p->r->max_rate > 0 && (double)p->r->max_rate < rate) {
		rate = (double)p->r->max_rate;
		*by = "at --max-rate";
	}
	return (double)p->size / rate;
}

/* Whether it answers, with these keys; how much it takes, nobody tells. */
static void
look_at_store(struct plan *p, const char *url)
{
	struct storage *store CLEANUP(storage_cleanup) = NULL;
	uint64_t bytes;
	status s = storage_open(url, &store);

	if (s == STATUS_OK)
		s = storage_stat(store, PLACE_RECORD, &bytes);
	p->store = s == STATUS_OK || s == STATUS_NO;
	find(p, p->store ? FINDING_OK : FINDING_MISSING, "store",
	    p->store ? "\"%s\" answers" : "\"%s\" does not answer as it should",
	    url);
}

static void
look_here(struct plan *p)
{
	const struct backup_request *r = p->r;
	char time[32];
	const char *by;

	if (r->directory != NULL && !storage_is_url(r->directory))
		look_at_room(p, "room", r->directory,
		    r->client.codec != CODEC_NONE ||
			r->server_codec.codec != CODEC_NONE);
	else if (r->directory != NULL)
		look_at_store(p, r->directory);
	if (r->plain != NULL)
		look_at_room(p, "room", r->plain, false);
	if (r->tar)
		look_at_room(p, "spool", spool_directory(r->spool), true);
	if (p->size == 0)
		return;
	num_show_duration(time, estimate(p, &by));
	find(p, FINDING_OK, "time", "about %s, %s", time, by);
}

status
backup_plan(const struct backup_request *r)
{
	struct plan p = {.r = r};
	status s = look_by_replication(&p);

	/* Who is let in as a user learns what a walsender lacks. */
	if (s != STATUS_USAGE && signal_stop() == 0 && look_by_sql(&p))
		s = STATUS_OK;
	look_here(&p);
	if (p.failed == STATUS_OK && r->json)
		p.failed =
		    record_print_end("pg-basebackup-wrap", p.lines, NULL);
	if (p.failed != STATUS_OK)
		return p.failed;
	if (s != STATUS_OK && s != STATUS_FAIL)
		return s;
	return p.lacks ? STATUS_NO : STATUS_OK;
}
