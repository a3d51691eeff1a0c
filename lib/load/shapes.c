/* SPDX-License-Identifier: PostgreSQL */
/*
 * A target's ways are remembered as words behind its name.
 */
#include "load/shapes.h"

#include "base/mem.h"

static char *
key(const struct job *job, const char *what, const char *a, const char *b)
{
	return mem_printf("%s\n%s\n%s\n%s", job->target, what, a, b);
}

/* Take note, unless the target has come before and not like this. */
static bool
fits(struct seen *shapes, const char *any, const char *like_this)
{
	if (seen_has(shapes, any))
		return seen_has(shapes, like_this);
	(void)seen_add(shapes, any);
	(void)seen_add(shapes, like_this);
	return true;
}

static status
check_source(struct seen *shapes, const struct job *job, struct failure *f)
{
	const struct chunk *c = &job->chunk;
	char *any CLEANUP_FREE = key(job, "source", "", "");
	char *this CLEANUP_FREE = key(job, "source", c->schema, c->table);

	if (fits(shapes, any, this))
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "cannot clear %s for \"%s.%s\": another relation of this archive "
	    "is loaded into it",
	    job->target, c->schema, c->table);
	failure_hint(f, "--mode append loads several relations into one.");
	return STATUS_FAIL;
}

static status
check_way(struct seen *shapes, const struct job *job, struct failure *f)
{
	const struct chunk *c = &job->chunk;
	bool sliced = c->by != SLICE_NONE;
	char *slices CLEANUP_FREE = key(job, "slices", "", "");
	char *one CLEANUP_FREE = key(job, "one", "", "");
	char *this CLEANUP_FREE =
	    key(job, "slices", "within", c->within == NULL ? "" : c->within);

	if (!seen_has(shapes, sliced ? one : slices)) {
		if (!sliced)
			(void)seen_add(shapes, one);
		if (!sliced || fits(shapes, slices, this))
			return STATUS_OK;
	}
	(void)failure_set(f, STATUS_FAIL,
	    "%s comes in more than one way in this archive: in slices, and "
	    "whole or within other bounds",
	    job->target);
	failure_hint(f, "List a relation once, or keep a ledger.");
	return STATUS_FAIL;
}

status
shapes_take(struct seen *shapes, const struct job *job, struct failure *f)
{
	status s = STATUS_OK;

	if (job->load->options->mode == LOAD_REPLACE)
		s = check_source(shapes, job, f);
	return s == STATUS_OK && job->load->run.schema == NULL
	    ? check_way(shapes, job, f)
	    : s;
}
