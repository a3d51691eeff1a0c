/* SPDX-License-Identifier: PostgreSQL */
/*
 * Before a chunk's first row: claim it, look at the target, make room.
 */
#include "load/chore.h"

#include <stdlib.h>
#include <string.h>

#include "load/attach.h"
#include "load/clear.h"
#include "load/sliced.h"
#include "load/unit.h"

#define MAKES 3 /* tries to make what a chunk goes into */

/* Less than this is put into indexes row by row. */
#define WORTH_DEFERRING ((int64_t)1024 * 1024)

void
chore_reset(struct chore *c)
{
	hands_give(c->job->load, &c->hands);
	target_free(&c->target);
	hyper_free(&c->hyper);
	entry_free(&c->entry);
	index_list_free(&c->indexes);
	upsert_free(&c->upsert);
	free(c->xid);
	c->xid = NULL;
	c->skip = c->fresh = c->at_source = false;
	c->bytes = 0;
}

/* In place of unfinished slices, their remains go, too. */
static status
clear_rest(struct chore *c, const struct sliced_rest *rest, struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < rest->predicates.len; i++)
		s = clear_range(c->pg, c->job, &c->target,
		    rest->predicates.data[i], NULL, f);
	return s;
}

static bool
worth_deferring(const struct job *job)
{
	return !job->load->options->keep_indexes &&
	    (job->chunk.bytes < 0 || job->chunk.bytes >= WORTH_DEFERRING);
}

/* All rows of the relation are replaced. */
static status
replace_whole(struct chore *c, struct failure *f)
{
	struct cleared cleared;
	status s = clear_whole(c->pg, c->job, &c->target, true, &cleared, f);

	if (s == STATUS_OK)
		s = entry_replace(c->pg, c->job, true, NULL, f);
	if (s != STATUS_OK)
		return s;
	c->fresh = cleared.fresh;
	/* Those that an earlier load left to be built come back with ours. */
	s = index_deferred(c->pg, c->job, &c->indexes, f);
	if (s == STATUS_OK && cleared.exclusive && worth_deferring(c->job))
		s = index_drop(c->pg, c->job, &c->target, &c->indexes, f);
	return s;
}

static status
replace(struct chore *c, struct failure *f)
{
	struct sliced_rest rest = {false, STRV_INIT};
	const char *where = c->job->chunk.where;
	status s;

	s = sliced_precede(c->pg, c->job, c->target.table.oid, &c->skip,
	    &c->entry, &rest, f);
	if (s == STATUS_OK && !c->skip) {
		if (rest.whole || where == NULL)
			s = replace_whole(c, f);
		else {
			s = clear_range(c->pg, c->job, &c->target, where, NULL,
			    f);
			if (s == STATUS_OK)
				s = entry_replace(c->pg, c->job, false, where,
				    f);
			if (s == STATUS_OK)
				s = clear_rest(c, &rest, f);
		}
	}
	strv_free(&rest.predicates);
	return s;
}

/* append and upsert: nothing is cleared. */
static status
add_to(struct chore *c, struct failure *f)
{
	struct sliced_rest rest = {false, STRV_INIT};
	status s;

	s = sliced_precede(c->pg, c->job, c->target.table.oid, &c->skip,
	    &c->entry, &rest, f);
	strv_free(&rest.predicates);
	if (s == STATUS_OK && !c->skip)
		s = unit_refuse_unsettled(c->pg, c->job, &c->target, false, f);
	if (s != STATUS_OK || c->skip)
		return s;
	if (c->job->load->options->mode == LOAD_UPSERT)
		s = upsert_prepare(c->pg, c->job, &c->target, &c->upsert, f);
	return s;
}

/* The target as it is, or new: then there is nothing to clear. */
static status
prepare_target(struct chore *c, bool *raced, struct failure *f)
{
	struct job *job = c->job;
	status s = target_open(c->pg, job, &c->target, f);

	if (s == STATUS_OK)
		s = c->target.table.exists
		    ? attach_check(c->pg, job, &c->target, f)
		    : attach_create(c->pg, job, &c->target, raced, f);
	if (s == STATUS_OK)
		s = target_check(c->pg, job, &c->target, f);
	if (s != STATUS_OK)
		return s;
	if (job->chunk.by != SLICE_NONE) {
		s = sliced_hold(c->pg, job, c->target.table.oid, f);
		if (s == STATUS_OK && job->load->options->mode == LOAD_UPSERT)
			s = upsert_prepare(c->pg, job, &c->target, &c->upsert,
			    f);
		return s;
	}
	target_warn(job, &c->target);
	if (c->target.created) {
		c->fresh = c->target.heap;
		return STATUS_OK;
	}
	return job->load->options->mode == LOAD_REPLACE ? replace(c, f)
							: add_to(c, f);
}

/*
 * A pipeline that outlived its worker may still load what was handed out
 * again, with other bounds or in another run, so that the ledger's key does
 * not make one wait for the other: who comes second must see the rows that
 * he is to clear.
 */
static status
wait_for_piece(struct chore *c, struct failure *f)
{
	const char *piece = c->job->load->options->piece;
	struct sql q CLEANUP_SQL = SQL_INIT;

	if (piece == NULL)
		return STATUS_OK;
	sql_add(&q, "select pg_catalog.pg_advisory_xact_lock(");
	sql_add(&q, "pg_catalog.hashtextextended('pgpipe piece ' || ");
	sql_param(&q, piece);
	sql_add(&q, "::text, 0))");
	return failure_run(f, c->pg, &q, NULL,
	    "wait for who else is loading the same piece");
}

/* A chunk of a hypertable; *make: not before something has been made. */
static status
prepare_hyper(struct chore *c, struct failure *f)
{
	struct job *job = c->job;
	enum load_mode mode = job->load->options->mode;
	status s = hyper_open(c->pg, job, &c->hyper, f);

	if (s != STATUS_OK || c->hyper.make)
		return s;
	s = hyper_target(c->pg, job, &c->hyper, &c->target, f);
	if (s == STATUS_OK)
		s = target_check(c->pg, job, &c->target, f);
	if (s != STATUS_OK)
		return s;
	c->fresh = c->target.created && c->target.heap;
	if (!c->target.created)
		target_warn(job, &c->target);
	if (mode == LOAD_UPSERT)
		return upsert_prepare(c->pg, job, &c->target, &c->upsert, f);
	return mode == LOAD_REPLACE
	    ? hyper_clear(c->pg, job, &c->hyper, &c->target, f)
	    : STATUS_OK;
}

/* End the transaction that found it lacking, and make it. */
static status
make(struct chore *c, struct failure *f)
{
	status s;

	failure_roll_back(c->pg);
	s = hyper_make(c->pg, c->job, &c->hyper, f);
	chore_reset(c);
	return s;
}

static status
claim(struct chore *c, struct failure *f)
{
	bool claimed = true;
	status s;

	if (c->job->load->run.schema == NULL)
		return STATUS_OK;
	s = wait_for_piece(c, f);
	if (s != STATUS_OK)
		return s;
	s = entry_claim(c->pg, c->job, &claimed, &c->entry, f);
	c->skip = s == STATUS_OK && !claimed;
	if (c->skip && c->job->chunk.by != SLICE_NONE)
		s = sliced_hold(c->pg, c->job, 0, f);
	return s;
}

/* Up to the first row, in a transaction. */
static status
try(struct chore *c, bool *raced, struct failure *f)
{
	status s = failure_do(f, c->pg, "begin read write", "begin");

	if (s == STATUS_OK)
		s = claim(c, f);
	if (s == STATUS_OK && !c->skip)
		s = hands_take(c->job, &c->hands, f);
	if (s != STATUS_OK || c->skip)
		return s;
	s = c->job->chunk.hypertable ? prepare_hyper(c, f)
				     : prepare_target(c, raced, f);
	if (s != STATUS_OK || c->skip || c->hyper.make)
		return s;
	s = target_hold(c->pg, c->job, &c->target, f);
	*raced = c->target.changed;
	return s;
}

status
chore_prepare(struct chore *c, bool *raced, struct failure *f)
{
	enum sliced sliced = SLICED_OPEN;
	status s;
	int made;

	*raced = false;
	if (c->job->chunk.by != SLICE_NONE) {
		s = sliced_enter(c->pg, c->job, &sliced, f);
		if (s != STATUS_OK)
			return s;
		if (sliced == SLICED_COMPLETE) {
			c->skip = true;
			return sliced_share(c->pg, c->job, &c->entry, f);
		}
	}
	s = try(c, raced, f);
	/* Somebody may drop what was made: not for ever. */
	for (made = 0; s == STATUS_OK && c->hyper.make && made < MAKES;
	     made++) {
		s = make(c, f);
		if (s == STATUS_OK)
			s = try(c, raced, f);
	}
	if (s == STATUS_OK && c->hyper.make)
		s = failure_set(f, STATUS_RETRY,
		    "the chunk that was made in %s is gone again",
		    c->job->target);
	/* What was looked at may have been changed while it was waited for. */
	*raced = *raced ||
	    (s == STATUS_RETRY && c->job->chunk.hypertable &&
		strcmp(f->sqlstate, "55P03") != 0);
	if (s != STATUS_OK || c->skip)
		failure_roll_back(c->pg);
	return s;
}
