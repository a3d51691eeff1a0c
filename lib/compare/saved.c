/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of several chunks come in turns; each has its own digest.
 */
#include "compare/saved.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "compare/crew.h"
#include "data/copyrows.h"
#include "pg/table.h"

/* One COPY stream of a chunk. */
struct part {
	enum copy_format format;
	struct digest_column *columns;
	struct digest_rows *digest;
	struct copyrows *cut;
	bool batches;	 /* each row of it stands for several ... */
	size_t counter;	 /* ... as many as this column says */
	uint64_t within; /* all that they stand for */
	bool came;
};

struct open_chunk {
	uint64_t n;
	json_t *line;
	double start;
	uint64_t bytes;
	struct part parts[ARCHIVE_PARTS];
	struct open_chunk *next;
};

struct saved {
	struct answers *answers;
	struct crew *crew; /* NULL: no server is asked */
	bool pair;	   /* ... or two are, who need no digest */
	struct open_chunk *open;
	bool incomplete;
};

static void
chunk_close(struct open_chunk *c)
{
	int i;

	if (c == NULL)
		return;
	for (i = 0; i < ARCHIVE_PARTS; i++) {
		copyrows_free(c->parts[i].cut);
		digest_rows_free(c->parts[i].digest);
		free(c->parts[i].columns);
	}
	json_decref(c->line);
	free(c);
}

/* The chunk with this number, which the reader has seen begin. */
static struct open_chunk *
find(const struct saved *s, uint64_t n)
{
	struct open_chunk *c = s->open;

	while (c != NULL && c->n != n)
		c = c->next;
	if (c == NULL)
		BUG("chunk %llu ends before it began", (unsigned long long)n);
	return c;
}

static void
drop(struct saved *s, struct open_chunk *c)
{
	struct open_chunk **place = &s->open;

	while (*place != c)
		place = &(*place)->next;
	*place = c->next;
	chunk_close(c);
}

static status
take_row(void *arg, const void *row, size_t n)
{
	struct part *p = arg;
	int64_t within;

	if (p->batches) {
		if (!copyrows_int4(p->format, row, n, p->counter, &within) ||
		    within < 0) {
			log_error("a batch does not say how many rows it "
				  "holds");
			return STATUS_USAGE;
		}
		p->within += (uint64_t)within;
	}
	return digest_rows_take(p->digest, row, n);
}

static bool
format_of(const json_t *line, enum copy_format *out)
{
	const char *text = record_text(line, "format");

	*out = str_eq(text, "binary") ? COPY_BINARY
	    : str_eq(text, "csv")     ? COPY_CSV
				      : COPY_TEXT;
	return *out != COPY_TEXT || str_eq(text, "text");
}

/* From the record that describes it; one that failed early describes none. */
static status
begin_part(struct part *p, const json_t *record)
{
	const json_t *columns = json_object_get(record, "columns");
	size_t n = 0;
	status st;

	if (record == NULL || !format_of(record, &p->format))
		return STATUS_OK;
	st = pg_table_digest_columns(columns, &p->columns, &n);
	if (st != STATUS_OK)
		return status_worse(st, STATUS_USAGE);
	while (p->batches && p->counter < n &&
	    !str_eq(p->columns[p->counter].name, PG_BATCH_COUNT))
		p->counter++;
	p->digest = digest_rows_new(p->format, p->columns, n);
	p->cut = copyrows_new(p->format, take_row, p);
	return STATUS_OK;
}

static status
begin(struct saved *s, const struct archive_event *e)
{
	struct open_chunk *c = mem_zalloc(sizeof(*c));
	status st;

	c->n = e->n;
	c->start = num_now();
	c->line = json_deep_copy(e->value);
	c->next = s->open;
	s->open = c;
	c->parts[ARCHIVE_BATCHES].batches = true;
	st = begin_part(&c->parts[ARCHIVE_ROWS], c->line);
	if (st == STATUS_OK)
		st = begin_part(&c->parts[ARCHIVE_BATCHES],
		    json_object_get(c->line, "batches"));
	return st;
}

/* Rows of unknown format are nothing that we can vouch for. */
static status
expect_format(const struct open_chunk *c, enum archive_part part)
{
	if (c->parts[part].cut != NULL)
		return STATUS_OK;
	log_error("chunk %llu of the archive has no known format",
	    (unsigned long long)c->n);
	return STATUS_USAGE;
}

static status
data(struct saved *s, const struct archive_event *e)
{
	struct open_chunk *c = find(s, e->n);
	struct part *p = &c->parts[e->part];
	status st = expect_format(c, e->part);

	if (st != STATUS_OK)
		return st;
	c->bytes += e->size;
	p->came = true;
	st = copyrows_feed(p->cut, e->bytes, e->size);
	return st == STATUS_OK ? st : STATUS_USAGE;
}

/* The digest of rows that come as batches cannot be taken here. */
static bool
digest_is_ours(const struct open_chunk *c)
{
	return c->parts[ARCHIVE_BATCHES].cut == NULL ||
	    str_eq(record_text(c->line, "digest_kind"), "batches");
}

/* Rows, bytes and digest beside what the archive says of them. */
static void
judge(const struct open_chunk *c, const json_t *done, uint64_t rows,
    struct verdict *v)
{
	const struct part *batches = &c->parts[ARCHIVE_BATCHES];
	const char *said = record_text(done, "digest");
	struct digest digest;

	v->target = *digest_rows_sum(c->parts[ARCHIVE_ROWS].digest);
	if (batches->cut != NULL)
		v->target = digest_batches(rows,
		    digest_rows_sum(batches->digest), &v->target);
	v->source = v->target;
	v->kind = VERDICT_MATCH;
	if (record_int(done, "rows") != (int64_t)rows)
		verdict_set(v, VERDICT_DIFFER,
		    "it holds %llu rows, but was ended with another number",
		    (unsigned long long)rows);
	else if (record_int(done, "bytes") != (int64_t)c->bytes)
		verdict_set(v, VERDICT_DIFFER,
		    "it holds %llu bytes, but was ended with another number",
		    (unsigned long long)c->bytes);
	else if (!digest_is_ours(c))
		v->kind = VERDICT_MATCH; /* the archive's own hashes agreed */
	else if (said != NULL && !digest_parse(said, &digest))
		verdict_set(v, VERDICT_UNPROVED,
		    "its digest \"%s\" is not understood", said);
	else if (said != NULL && !digest_eq(&digest, &v->target))
		verdict_set(v, VERDICT_DIFFER,
		    "its rows do not give the digest it was ended with");
}

/* What is sound so far is compared with what a server holds. */
static status
ask_server(struct saved *s, struct open_chunk *c)
{
	struct chunk chunk = {0};
	status st = chunk_from_record(c->line, "the archive's chunk", &chunk);

	if (st != STATUS_OK)
		return st;
	record_cleanup(&c->line);
	crew_take(s->crew, &chunk);
	return crew_broken(s->crew) ? STATUS_FAIL : STATUS_OK;
}

static status
answer(struct saved *s, struct open_chunk *c, struct verdict *v)
{
	status st;

	if (s->crew != NULL && v->kind == VERDICT_MATCH) {
		if (s->pair || digest_is_ours(c))
			return ask_server(s, c);
		/* A line without a digest would be a question for one. */
		verdict_set(v, VERDICT_UNPROVED,
		    "it was copied compressed, without a digest of its "
		    "batches; --source and --target compare rows");
	}
	v->seconds = num_now() - c->start;
	st = answers_add(s->answers, v, c->line);
	verdict_free(v);
	return st;
}

/* The rows of all parts; a chunk with batches need not have others. */
static status
count(struct open_chunk *c, uint64_t *rows)
{
	struct part *batches = &c->parts[ARCHIVE_BATCHES];
	struct part *rest = &c->parts[ARCHIVE_ROWS];
	uint64_t n;
	status st = STATUS_OK;

	*rows = 0;
	if (batches->cut != NULL) {
		st = copyrows_finish(batches->cut, &n);
		*rows = batches->within;
	}
	if (st == STATUS_OK && (rest->came || batches->cut == NULL)) {
		st = copyrows_finish(rest->cut, &n);
		*rows += st == STATUS_OK ? n : 0;
	}
	return st;
}

static status
done(struct saved *s, const struct archive_event *e)
{
	struct open_chunk *c = find(s, e->n);
	struct verdict v = {.kind = VERDICT_UNPROVED};
	char shown[DIGEST_SHOWN];
	uint64_t rows = 0;
	status st = expect_format(c, ARCHIVE_ROWS);

	if (st == STATUS_OK)
		st = count(c, &rows);
	if (st != STATUS_OK)
		return STATUS_USAGE;
	judge(c, e->value, rows, &v);
	/* What it was ended with stays beside the chunk: xxh128, snapshot. */
	(void)json_object_update_missing(c->line, e->value);
	if (digest_is_ours(c)) {
		digest_show(&v.target, shown);
		record_set_text(c->line, "digest", shown);
	}
	record_set_count(c->line, "rows", rows);
	record_set_count(c->line, "bytes", c->bytes);
	st = answer(s, c, &v);
	drop(s, c);
	return st;
}

static status
failed(struct saved *s, const struct archive_event *e)
{
	struct open_chunk *c = find(s, e->n);
	struct verdict v = {.kind = VERDICT_UNPROVED};
	json_t *error = json_object_get(e->value, "error");
	status st;

	v.error = json_is_object(error) ? json_deep_copy(error) : NULL;
	verdict_set(&v, VERDICT_UNPROVED,
	    "it could not be read when the "
	    "archive was made");
	st = answer(s, c, &v);
	drop(s, c);
	return st;
}

static void
end(struct saved *s, const json_t *value)
{
	bool complete =
	    record_flag(value, "complete") || record_flag(value, "partial");

	if (record_flag(value, "interrupted")) {
		log_error("the archive was interrupted when it was made");
		complete = false;
	} else if (!complete) {
		log_error("the list that the archive was made of may have "
			  "been cut");
	}
	if (!complete)
		s->incomplete = true;
}

static status
take(struct saved *s, const struct archive_event *e)
{
	switch (e->kind) {
	case ARCHIVE_CHUNK:
		return begin(s, e);
	case ARCHIVE_DATA:
		return data(s, e);
	case ARCHIVE_DONE:
		return done(s, e);
	case ARCHIVE_FAILED:
		return failed(s, e);
	case ARCHIVE_END:
		end(s, e->value);
		return STATUS_OK;
	case ARCHIVE_START:
	case ARCHIVE_MEMBER:
	case ARCHIVE_EOF:
		break;
	}
	return STATUS_OK;
}

static status
read_all(struct saved *s, struct archive_reader *r)
{
	struct archive_event e = {.kind = ARCHIVE_START};
	status st = STATUS_OK;

	while (st == STATUS_OK && e.kind != ARCHIVE_EOF && signal_stop() == 0) {
		st = archive_read_event(r, &e);
		if (st == STATUS_OK)
			st = take(s, &e);
	}
	while (s->open != NULL)
		drop(s, s->open);
	return st == STATUS_OK && s->incomplete ? STATUS_RETRY : st;
}

status
saved_check(struct archive_reader *r, const struct compare_options *options,
    struct answers *answers, bool *complete)
{
	struct saved s = {.answers = answers, .pair = options->pair};
	bool answered = true;
	status st;

	if (options->servers)
		s.crew = crew_new(options, answers);
	st = read_all(&s, r);
	*complete = st == STATUS_OK;
	if (s.crew != NULL)
		st = status_worse(st, crew_finish(s.crew, &answered));
	*complete = *complete && answered && signal_stop() == 0;
	return st;
}
