/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is to be refreshed of one aggregate of the target, and what is not.
 */
#ifndef REFRESH_WINDOW_H
#define REFRESH_WINDOW_H

#include "refresh/refresh.h"
#include "refresh/view.h"

enum from_kind {
	FROM_WATERMARK, /* where the target ended */
	FROM_START,	/* the first row */
	FROM_VALUE
};

struct window_request {
	enum from_kind kind;
	int64_t from; /* of FROM_VALUE */
	int64_t to;   /* the source's watermark, an edge */
	/* Dry run: the lower level will be refreshed from here on. */
	bool below_begins;
	int64_t below_from;
};

struct window {
	int64_t from, to; /* nothing to do unless from < to */
	bool empty;	  /* there are no rows to refresh from */
	int64_t first;	  /* the bucket of the first row */
	bool hollow;	  /* which is not materialised, nor will be */
};

/*
 * The window begins with the last bucket of the target, which may have been
 * materialised before all its rows were there, or as asked, but never before
 * the bucket of the first row that the aggregate is built on: a refresh
 * there would delete what was copied of times whose rows a retention policy
 * has dropped.
 */
status window_find(struct site *s, const struct view *v,
    const struct window_request *request, struct window *out, struct failure *f)
    MUST_CHECK;
/* How many buckets one step takes. */
uint64_t window_step(const struct view *v, const struct refresh_step *step);

#endif
