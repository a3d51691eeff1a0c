/* SPDX-License-Identifier: PostgreSQL */
/*
 * Lines into the queue, a few hundred a transaction.
 *
 * A row stands for a piece of a relation, whatever bounds cut it: so the
 * same list again changes nothing, and one with other bounds changes the
 * line of the piece on the boundary, which is then to be done anew.  A row
 * that somebody works on is not waited for: its new line waits in another
 * table (queue_next), and whoever claims or puts next looks after it.
 *
 * A relation is in the queue in one cut.  Where a list might have another one,
 * its rows are held back until it is known whether it has.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "data/chunk.h"
#include "data/record.h"
#include "data/seen.h"
#include "queue/claim.h"
#include "queue/home.h"

#define INPUT "standard input"
#define BATCH_LINES 500
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)

struct put {
	const struct queue_options *options;
	struct pg *pg;
	struct seen listed;  /* pieces of the whole list */
	struct seen pieces;  /* of the batch */
	json_t *rows;	     /* of the batch */
	struct str batch;    /* the same as text, without its end */
	json_t *held;	     /* rows of tables that may be cut otherwise */
	bool ending;	     /* nothing more will be listed */
	struct seen refused; /* relations, of those */
	char stamp[64];	     /* of this process */
	uint64_t kept, new, renewed, waiting;
};

/* --- a line's row ----------------------------------------------------------------- */

static void
add_part(struct str *out, const char *text)
{
	str_addf(out, "%zu:%s", text == NULL ? 0 : strlen(text),
	    text == NULL ? "" : text);
}

/* The relation, wherever it is; the lengths keep hostile names apart. */
static char *
relation_of(const struct chunk *c)
{
	struct str out = STR_INIT;

	add_part(&out, c->system);
	add_part(&out, c->database);
	add_part(&out, c->schema);
	add_part(&out, c->table);
	return str_take(&out);
}

static char *
piece_of(const struct chunk *c, const char *relation)
{
	struct str out = STR_INIT;

	str_add(&out, relation);
	if (c->by != SLICE_NONE) {
		str_addf(&out, "#%d:", (int)c->by);
		add_part(&out, c->from);
		add_part(&out, c->to);
	}
	return str_take(&out);
}

/* What an earlier result left in the line is not true of what comes. */
static void
forget_answer(json_t *line)
{
	static const char *const stale[] = {"status", "error", "seconds", "run",
	    "reason", "found"};
	size_t i;

	for (i = 0; i < sizeof(stale) / sizeof(stale[0]); i++)
		(void)json_object_del(line, stale[i]);
}

static void
set_count(json_t *row, const char *field, int64_t n)
{
	if (n >= 0)
		record_set_count(row, field, (uint64_t)n);
}

static json_t *
row_of(const struct chunk *c, const char *relation, const char *piece)
{
	json_t *row = json_object();

	forget_answer(c->record);
	record_set_text(row, "relation", relation);
	record_set_text(row, "piece", piece);
	record_set_text(row, "chunk", c->id);
	record_set_text(row, "predicate", c->where);
	(void)json_object_set_new(row, "by_ctid",
	    json_boolean(c->by == SLICE_CTID));
	set_count(row, "rows", c->rows);
	set_count(row, "bytes", c->bytes);
	(void)json_object_set(row, "line", c->record);
	return row;
}

/* --- a batch ---------------------------------------------------------------------- */

/* The batch as a table; its columns as the comment of the file says. */
static void
add_batch(const struct put *p, struct sql *q)
{
	char *array CLEANUP_FREE = mem_printf("%s]", str_text(&p->batch));

	sql_add(q, "with given as (select * from");
	sql_add(q, " pg_catalog.json_to_recordset(");
	sql_param(q, array);
	sql_add(q, "::json) as g (relation text, piece text, chunk text,");
	sql_add(q, " predicate text, by_ctid boolean, rows bigint,");
	sql_add(q, " bytes bigint, line json)) ");
}

static void
add_row(struct put *p, json_t *row)
{
	str_addc(&p->batch, json_array_size(p->rows) == 0 ? '[' : ',');
	record_show(row, &p->batch);
	(void)json_array_append(p->rows, row);
	(void)seen_add(&p->pieces, record_text(row, "piece"));
}

static void
empty_batch(struct put *p)
{
	(void)json_array_clear(p->rows);
	str_clear(&p->batch);
	seen_free(&p->pieces);
}

/* --- tables that are cut in other places ------------------------------------------ */

/* What others have put of relations that the batch has new pieces of. */
static status
read_others(const struct put *p, struct pg_result **out)
{
	const struct queue_options *o = p->options;
	struct sql q CLEANUP_SQL = SQL_INIT;

	add_batch(p, &q);
	sql_add(&q, "select k.relation, k.piece, k.chunk from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and k.stamp <> ");
	sql_param(&q, p->stamp);
	sql_add(&q, " and k.relation in (select g.relation from given as g");
	sql_add(&q, " where not exists (select from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as x where x.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and x.piece = g.piece)) order by k.id");
	return home_run(p->pg, "look into the queue", &q, out);
}

static void
refuse(struct put *p, const json_t *row, const char *other)
{
	if (!seen_add(&p->refused, record_text(row, "relation")))
		return;
	log_error("\"%s\" may be cut in other places than its table is in the "
		  "queue",
	    record_text(row, "chunk"));
	log_detail("the queue holds \"%s\", which the list does not have",
	    other);
	log_hint("put all of the table in one list, or pg-queue drop its "
		 "chunks first, or take another --queue");
}

/* Take the relation's rows out of the batch. */
static void
set_aside(struct put *p, const char *relation, const char *other)
{
	json_t *rows CLEANUP(record_cleanup) = p->rows;
	json_t *row;
	size_t i;

	p->rows = json_array();
	empty_batch(p);
	json_array_foreach(rows, i, row)
	{
		if (!str_eq(record_text(row, "relation"), relation))
			add_row(p, row);
		else if (p->ending)
			refuse(p, row, other);
		else
			(void)json_array_append(p->held, row);
	}
}

/*
 * A relation that is cut in other places would be done twice in part.  The
 * places have no order that is known here; but where the list has all that the
 * queue has of a relation, e.g. of an earlier list that was cut off, it is the
 * same cut, for the pieces of one list do not overlap.  Whether it has is
 * known at its end: rows wait until then, or until it has.
 */
static status
check_cuts(struct put *p)
{
	struct seen done CLEANUP(seen_free) = SEEN_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = read_others(p, &r);
	int i;

	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++)
		if (!seen_has(&p->listed, pg_value(r, i, 1)) &&
		    seen_add(&done, pg_value(r, i, 0)))
			set_aside(p, pg_value(r, i, 0), pg_value(r, i, 2));
	return s;
}

/* --- a batch's transaction -------------------------------------------------------- */

/* Append ", rounds as (...)": a table's ctid slices are of one round, that of
 * the others or, where they were dropped, the next one. */
static void
add_rounds(const struct queue_options *o, struct sql *q)
{
	sql_add(q, ", rounds as (select x.relation,");
	sql_add(q, " pg_catalog.max(x.round) as round from (");
	sql_add(q, "select k.relation, k.round from ");
	home_table(o, q, "queued");
	sql_add(q, " as k where k.by_ctid and k.queue = ");
	sql_param(q, o->name);
	sql_add(q, " union all select d.relation, d.round from ");
	home_table(o, q, "queue_round");
	sql_add(q, " as d where d.queue = ");
	sql_param(q, o->name);
	sql_add(q, ") as x where x.relation in (select g.relation");
	sql_add(q, " from given as g where g.by_ctid) group by 1)");
}

static status
insert_new(struct put *p)
{
	const struct queue_options *o = p->options;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	add_batch(p, &q);
	add_rounds(o, &q);
	sql_add(&q, " insert into ");
	home_table(o, &q, "queued");
	sql_add(&q, " (queue, relation, piece, chunk, predicate, line,");
	sql_add(&q, " by_ctid, rows, bytes, stamp, round) select ");
	sql_param(&q, o->name);
	sql_add(&q, ", g.relation, g.piece, g.chunk, g.predicate, g.line,");
	sql_add(&q, " g.by_ctid, g.rows, g.bytes, ");
	sql_param(&q, p->stamp);
	sql_add(&q, ", coalesce(n.round, 1) from given as g");
	sql_add(&q, " left join rounds as n on g.by_ctid");
	sql_add(&q, " and n.relation = g.relation");
	sql_add(&q, " on conflict (queue, piece) do nothing");
	s = home_run(p->pg, "put chunks into the queue", &q, &r);
	if (s == STATUS_OK)
		p->new += pg_affected(r);
	return s;
}

/* Is the work another one now?  A chunk of a hypertable that was merged or split
 * has the id that it had. */
static void
add_other(struct sql *q)
{
	sql_add(q, " (k.chunk, k.predicate, (k.line -> 'slices')::jsonb)");
	sql_add(q, " is distinct from");
	sql_add(q, " (g.chunk, g.predicate, (g.line -> 'slices')::jsonb)");
}

/* Rows that nobody works on take their new lines; where the work is another
 * one now, it is to be done. */
static status
renew_free(struct put *p)
{
	const struct queue_options *o = p->options;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	add_batch(p, &q);
	sql_add(&q, ", free as (select k.id, g.*,");
	add_other(&q);
	sql_add(&q, " as other from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k join given as g on g.piece = k.piece");
	sql_add(&q, " where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and (");
	add_other(&q);
	sql_add(&q, " or (k.state <> 'done'");
	sql_add(&q, " and k.line::text <> g.line::text))");
	sql_add(&q, " for no key update of k skip locked), done as (update ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k");
	claim_renew(&q);
	sql_add(&q, " from free as n where k.id = n.id and n.other");
	sql_add(&q, " returning k.id), kept as (update ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k set line = n.line, rows = n.rows, bytes = n.bytes");
	sql_add(&q, " from free as n where k.id = n.id and not n.other)");
	sql_add(&q, " select pg_catalog.count(*) from done");
	s = home_run(p->pg, "renew chunks of the queue", &q, &r);
	if (s == STATUS_OK)
		p->renewed += (uint64_t)pg_int(r, 0, 0);
	return s;
}

static status
renew_later(struct put *p)
{
	const struct queue_options *o = p->options;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	add_batch(p, &q);
	sql_add(&q, "insert into ");
	home_table(o, &q, "queue_next");
	sql_add(&q, " (queue, piece, chunk, predicate, line, rows, bytes,");
	sql_add(&q, " stamp) select k.queue, g.piece, g.chunk, g.predicate,");
	sql_add(&q, " g.line, g.rows, g.bytes, ");
	sql_param(&q, p->stamp);
	sql_add(&q, " from given as g join ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k on k.piece = g.piece where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and");
	add_other(&q);
	sql_add(&q, " on conflict (queue, piece) do update set");
	sql_add(&q, " chunk = excluded.chunk,");
	sql_add(&q, " predicate = excluded.predicate,");
	sql_add(&q, " line = excluded.line, rows = excluded.rows,");
	sql_add(&q, " bytes = excluded.bytes, stamp = excluded.stamp");
	s = home_run(p->pg, "renew chunks of the queue", &q, &r);
	if (s == STATUS_OK)
		p->waiting += pg_affected(r);
	return s;
}

static status
write_batch(struct put *p)
{
	status s = STATUS_OK;

	if (json_array_size(p->rows) == 0)
		return s;
	s = insert_new(p);
	if (s == STATUS_OK)
		s = renew_free(p);
	return s == STATUS_OK ? renew_later(p) : s;
}

static status
flush(struct put *p)
{
	uint64_t new = p->new, renewed = p->renewed, waiting = p->waiting;
	status s;

	if (json_array_size(p->rows) == 0)
		return STATUS_OK;
	s = pg_do(p->pg, "begin", "begin read write");
	if (s == STATUS_OK)
		s = home_lock(p->options, p->pg);
	if (s == STATUS_OK)
		s = check_cuts(p);
	if (s == STATUS_OK)
		s = write_batch(p);
	if (s == STATUS_OK)
		s = pg_do(p->pg, "put chunks into the queue", "commit");
	else
		failure_roll_back(p->pg);
	if (s == STATUS_OK)
		p->kept += json_array_size(p->rows);
	else
		p->new = new, p->renewed = renewed, p->waiting = waiting;
	progress_add(json_array_size(p->rows), 0, 0);
	empty_batch(p);
	return s;
}

/* --- all of them ------------------------------------------------------------------ */

/* What comes last counts; a statement may not meet a row twice. */
static status
put_row(struct put *p, json_t *row)
{
	status s = STATUS_OK;

	if (json_array_size(p->rows) == BATCH_LINES ||
	    p->batch.len > BATCH_BYTES ||
	    seen_has(&p->pieces, record_text(row, "piece")))
		s = flush(p);
	if (s == STATUS_OK)
		add_row(p, row);
	return s;
}

static status
add_chunk(struct put *p, const struct chunk *c)
{
	char *relation CLEANUP_FREE = relation_of(c);
	char *piece CLEANUP_FREE = piece_of(c, relation);
	json_t *row CLEANUP(record_cleanup) = row_of(c, relation, piece);

	(void)seen_add(&p->listed, piece);
	return put_row(p, row);
}

/* Nothing more will come: what waited for the end, too. */
static status
put_rest(struct put *p)
{
	status s = flush(p);
	json_t *row;
	size_t i;

	if (pg_broken(p->pg))
		return s;
	p->ending = true;
	json_array_foreach(p->held, i, row)
	{
		if (s == STATUS_OK)
			s = put_row(p, row);
	}
	return s == STATUS_OK ? flush(p) : s;
}

static status
read_lines(struct put *p, struct record_reader *r)
{
	status s = STATUS_OK;

	while (s == STATUS_OK && signal_stop() == 0) {
		json_t *record CLEANUP(record_cleanup) = NULL;
		char *where CLEANUP_FREE = NULL;
		struct chunk c CLEANUP(chunk_free) = {0};

		s = record_reader_next(r, &record);
		if (s != STATUS_OK || record == NULL)
			break;
		where = mem_printf("line %" PRIu64 " of " INPUT,
		    record_reader_lines(r));
		s = chunk_from_record(record, where, &c);
		if (s == STATUS_OK)
			s = add_chunk(p, &c);
	}
	return s;
}

static void
say(const struct put *p)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	str_addf(&text, "queue \"%s\": %" PRIu64 " new", p->options->name,
	    p->new);
	if (p->renewed + p->waiting > 0)
		str_addf(&text, ", %" PRIu64 " to be done anew",
		    p->renewed + p->waiting);
	str_addf(&text, ", %" PRIu64 " as they were",
	    p->kept - p->new - p->renewed - p->waiting);
	log_info("%s", str_text(&text));
}

static void
begin(struct put *p)
{
	struct timespec now;

	p->rows = json_array();
	p->held = json_array();
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(p->stamp, sizeof(p->stamp), "%lld.%09ld.%ld",
	    (long long)now.tv_sec, now.tv_nsec, (long)getpid());
}

static void
clean_up(struct put *p)
{
	json_decref(p->rows);
	json_decref(p->held);
	str_free(&p->batch);
	seen_free(&p->listed);
	seen_free(&p->pieces);
	seen_free(&p->refused);
	pg_close(p->pg);
}

/* Of a list that was cut the rest may be the same after all. */
static status
judge_refused(const struct put *p, bool whole)
{
	if (p->refused.used == 0)
		return STATUS_OK;
	return whole ? STATUS_FAIL : STATUS_RETRY;
}

static status
put_all(struct put *p, struct record_reader *r)
{
	const struct queue_options *o = p->options;
	status s = read_lines(p, r);
	status rest = put_rest(p);

	/* Work that was given is work, whatever ends the list. */
	s = status_worse(s, rest);
	if (s == STATUS_OK)
		s = claim_absorb(o, p->pg);
	if (s == STATUS_OK && signal_stop() == 0)
		s = record_reader_finish(r, o->partial);
	return status_worse(s,
	    judge_refused(p, o->partial || record_reader_complete(r)));
}

status
queue_verb_put(const struct queue_options *o)
{
	struct put p = {.options = o};
	struct record_reader *r;
	status s = home_make(o, &p.pg);

	begin(&p);
	if (s == STATUS_OK) {
		progress_start("queued");
		r = record_reader_open(STDIN_FILENO, INPUT);
		s = put_all(&p, r);
		record_reader_free(r);
		progress_stop();
		say(&p);
	}
	clean_up(&p);
	return s;
}
