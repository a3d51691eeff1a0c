/* SPDX-License-Identifier: PostgreSQL */
/*
 * Statistics serve keys of one column, if they are fresh and fine enough.
 * Else whole keys are sampled by block, which takes time in proportion to
 * the number of parts and not to the size of the relation.
 */
#include "chunk/points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define SAMPLE_MIN 300 /* blocks */
#define SAMPLE_MAX 20000
#define SAMPLE_PER_PART 20
#define SAMPLE_SHARE_MAX 20.0 /* per cent: more would be near a scan */
#define SAMPLE_ANYWAY 32      /* blocks that are few, whatever the share */

size_t
points_count(const struct points *p)
{
	return p->columns == 0 ? 0 : p->values.len / p->columns;
}

const char *const *
points_at(const struct points *p, size_t i)
{
	return (const char *const *)p->values.data + i * p->columns;
}

void
points_free(struct points *p)
{
	strv_free(&p->values);
	p->columns = 0;
}

size_t
points_choose(const double *before, size_t n, double from, double until,
    uint64_t parts, size_t *chosen)
{
	double width = (until - from) / (double)parts, slack = width / 1e6;
	uint64_t next = 1; /* the part that the next point begins */
	size_t count = 0;

	if (!(width > 0))
		return 0;
	for (size_t i = 0; i < n && next < parts; i++) {
		double above = before[i] - from + slack;

		/* A part before it or after it would be empty. */
		if (before[i] <= from || before[i] >= until)
			continue;
		if (above < (double)next * width)
			continue;
		chosen[count++] = i;
		next = (uint64_t)(above / width) + 1;
	}
	return count;
}

/* The columns of the statement of add_statistics. */
enum { STAT_TEXT, STAT_BEFORE, STAT_SIDE, STAT_TOTAL, STAT_FRESH };

static void
add_side(struct sql *sql, const struct points_request *q)
{
	const struct key_column *column = &q->key->columns[0];

	sql_add(sql, "case ");
	if (q->until != NULL) {
		sql_add(sql, "when p.value");
		key_operator(sql, column, KEY_MORE_EQUAL);
		key_value(sql, column, q->until);
		sql_add(sql, " then 1 ");
	}
	if (q->from != NULL) {
		sql_add(sql, "when p.value");
		key_operator(sql, column, KEY_LESS_EQUAL);
		key_value(sql, column, q->from);
		sql_add(sql, " then -1 ");
	}
	sql_add(sql, "when true then 0 end");
}

static void
add_statistics(struct sql *sql, const struct texts *texts,
    const struct points_request *q)
{
	const struct key_column *column = &q->key->columns[0];

	sql_add(sql, "with asked (relid, name, blocks) as (select ");
	sql_param(sql, q->oid);
	sql_add(sql, "::pg_catalog.oid, ");
	sql_param(sql, column->name);
	sql_add(sql, "::pg_catalog.text, ");
	sql_int(sql, (int64_t)q->blocks);
	sql_add(sql, ")\n");
	sql_given(sql, str_text(&texts->statistics));
	sql_add(sql, ", placed as (\n");
	sql_add(sql, "select p.text, p.weight, p.common, p.text::");
	sql_given(sql, column->type);
	key_collate(sql, column);
	sql_add(sql, " as value from point p)\n");
	sql_add(sql, "select p.text,\n");
	sql_add(sql, "pg_catalog.sum(p.weight) over (order by p.value\n");
	sql_add(sql, "rows unbounded preceding)\n");
	sql_add(sql, "- case when p.common then p.weight else 0 end,\n");
	add_side(sql, q);
	sql_add(sql, ", pg_catalog.sum(p.weight) over (),\n");
	sql_add(sql, "(select s.fresh from statistic s)\n");
	sql_add(sql, "from placed p\n");
	sql_add(sql, "order by p.value\n");
}

/* So many parts of what is between the bounds are as large as was wanted. */
static uint64_t
parts_between(uint64_t parts, double from, double until, double total)
{
	double share = total > 0 ? (until - from) / total : 0;
	uint64_t n = (uint64_t)((double)parts * share);

	return n < 1 ? 1 : (double)n < (double)parts * share ? n + 1 : n;
}

/* Takes the points from statistics; *fine: they are as good as any. */
static void
take_statistics(const struct pg_result *r, const struct points_request *q,
    struct points *out, bool *fine)
{
	size_t n = (size_t)pg_rows(r), count;
	double *before CLEANUP_FREE = mem_resize(NULL, n + 1, sizeof(double));
	size_t *chosen CLEANUP_FREE = mem_resize(NULL, n + 1, sizeof(size_t));
	double from = 0, until, total;
	uint64_t parts;

	total = until = strtod(pg_value(r, 0, STAT_TOTAL), NULL);
	for (size_t i = 0; i < n; i++) {
		int64_t side = pg_int(r, (int)i, STAT_SIDE);

		before[i] = strtod(pg_value(r, (int)i, STAT_BEFORE), NULL);
		if (side < 0)
			from = before[i];
		if (side > 0 && before[i] < until)
			until = before[i];
	}
	parts = parts_between(q->parts, from, until, total);
	count = points_choose(before, n, from, until, parts, chosen);
	/* Two points for each part cut with an error of half of one. */
	*fine = pg_true(r, 0, STAT_FRESH) &&
	    (parts == 1 || (double)n * (until - from) >= 2.0 * (double)parts);
	for (size_t i = 0; i < count; i++)
		strv_add(&out->values, pg_value(r, (int)chosen[i], STAT_TEXT));
}

static status
from_statistics(struct pg *pg, const struct texts *texts,
    const struct points_request *q, struct points *out, bool *fine)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	add_statistics(&sql, texts, q);
	s = pg_run(pg, NULL, &sql, &r);
	if (s == STATUS_OK && pg_rows(r) > 0)
		take_statistics(r, q, out, fine);
	return s;
}

/* Per cent of the blocks. */
static double
sample_share(const struct points_request *q)
{
	double all = (double)(q->blocks > 0 ? q->blocks : 1);
	double most = all * SAMPLE_SHARE_MAX / 100;
	double blocks = (double)q->parts * SAMPLE_PER_PART;

	if (blocks < SAMPLE_MIN)
		blocks = SAMPLE_MIN;
	if (blocks > SAMPLE_MAX)
		blocks = SAMPLE_MAX;
	if (most < SAMPLE_ANYWAY)
		most = SAMPLE_ANYWAY;
	if (blocks > most)
		blocks = most;
	return blocks >= all ? 100 : 100 * blocks / all;
}

/* The sampled keys, and whether they are among the rows that are wanted. */
static void
add_sampled(struct sql *sql, const struct points_request *q)
{
	char share[32];

	snprintf(share, sizeof(share), "%.6f", sample_share(q));
	sql_add(sql, "with sample as (select ");
	for (size_t i = 0; i < q->key->count; i++) {
		sql_ident(sql, q->key->columns[i].name);
		sql_add(sql, " as k");
		sql_int(sql, (int64_t)i);
		sql_add(sql, ", ");
	}
	if (q->where != NULL) {
		sql_add(sql, "(");
		sql_given(sql, q->where);
		sql_add(sql, ") is true as wanted");
	} else
		sql_add(sql, "true as wanted");
	sql_add(sql, " from only ");
	sql_name(sql, q->schema, q->table);
	sql_add(sql, " tablesample system (");
	sql_param(sql, share);
	/* The same table is cut at the same points. */
	sql_add(sql, "::pg_catalog.float4) repeatable (0) where ");
	sql_ident(sql, q->key->columns[0].name);
	sql_add(sql, " is not null),\n");
}

static void
add_sample(struct sql *sql, const struct points_request *q)
{
	add_sampled(sql, q);
	sql_add(sql, "extent as (\n");
	sql_add(sql, "select e.wanted, greatest(1, pg_catalog.ceil(");
	sql_int(sql, (int64_t)q->parts);
	sql_add(sql, "\n* e.wanted::pg_catalog.float8 / e.total))\n");
	sql_add(sql, "::pg_catalog.int8 as parts from (\n");
	sql_add(sql, "select pg_catalog.count(*) as total,\n");
	sql_add(sql, "pg_catalog.count(*) filter (where s.wanted) as wanted\n");
	sql_add(sql, "from sample s) e where e.wanted > 0),\n");
	sql_add(sql, "numbered as (select s.*,\n");
	sql_add(sql, "pg_catalog.row_number() over (order by ");
	for (size_t i = 0; i < q->key->count; i++) {
		sql_add(sql, "s.k");
		sql_int(sql, (int64_t)i);
		key_collate(sql, &q->key->columns[i]);
		if (i + 1 < q->key->count)
			sql_add(sql, ", ");
	}
	sql_add(sql, ") as n from sample s where s.wanted)\n");
	sql_add(sql, "select ");
	for (size_t i = 0; i < q->key->count; i++) {
		sql_add(sql, "s.k");
		sql_int(sql, (int64_t)i);
		sql_add(sql, "::pg_catalog.text, ");
	}
	sql_add(sql, "null from numbered s cross join extent e\n");
	sql_add(sql, "where s.n = 1\n");
	sql_add(sql, "or (s.n * e.parts / e.wanted\n");
	sql_add(sql, "<> (s.n - 1) * e.parts / e.wanted\n");
	sql_add(sql, "and s.n * e.parts / e.wanted < e.parts)\n");
	sql_add(sql, "order by s.n\n");
}

static bool
same_values(const struct pg_result *r, int a, int b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!str_eq(pg_value(r, a, (int)i), pg_value(r, b, (int)i)))
			return false;
	return true;
}

static status
from_sample(struct pg *pg, const struct points_request *q, struct points *out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	add_sample(&sql, q);
	s = pg_run(pg, NULL, &sql, &r);
	if (s != STATUS_OK)
		return s;
	/* The first row is the lowest key: nothing is before it.  The same key
	 * again would make an empty part. */
	for (int row = 1; row < pg_rows(r); row++)
		if (!same_values(r, row, row - 1, out->columns))
			for (size_t i = 0; i < out->columns; i++)
				strv_add(&out->values,
				    pg_value(r, row, (int)i));
	return STATUS_OK;
}

static status
find(struct pg *pg, const struct texts *texts, const struct points_request *q,
    struct points *out)
{
	struct points sampled CLEANUP(points_free) = {out->columns, STRV_INIT};
	bool fine = false;
	status s;

	if (q->key->count == 1) {
		s = from_statistics(pg, texts, q, out, &fine);
		if (s != STATUS_OK || fine)
			return s;
	}
	log_verbose("sampling %.3g %% of the blocks of \"%s\"", sample_share(q),
	    q->table);
	s = from_sample(pg, q, &sampled);
	/* Poor statistics are better than a sample of nothing. */
	if (s == STATUS_OK && points_count(&sampled) >= points_count(out)) {
		struct points poor = *out;

		*out = sampled;
		sampled = poor;
	}
	return s;
}

/* Within a savepoint that is always gone back to, so that no lock stays. */
status
points_find(struct pg *pg, const struct texts *texts,
    const struct points_request *q, struct points *out, char **refused)
{
	status s;

	*out = (struct points){q->key->count, STRV_INIT};
	*refused = NULL;
	s = pg_do(pg, "set a savepoint", "savepoint pgpipe_points");
	if (s != STATUS_OK)
		return s;
	s = find(pg, texts, q, out);
	if (s != STATUS_OK &&
	    (pg_broken(pg) || pg_last_error(pg)->class == STATUS_RETRY)) {
		pg_report(pg, "find where to cut a table");
		return s;
	}
	if (s != STATUS_OK) {
		strv_free(&out->values);
		*refused = mem_strdup(pg_last_error(pg)->message);
	}
	return pg_do(pg, "go back to a savepoint",
	    "rollback to savepoint pgpipe_points");
}
