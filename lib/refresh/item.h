/* SPDX-License-Identifier: PostgreSQL */
/*
 * One line of the list: what is known of its aggregate, what is done with
 * it, and the answer.
 */
#ifndef REFRESH_ITEM_H
#define REFRESH_ITEM_H

#include "refresh/line.h"
#include "refresh/steps.h"

enum item_verdict { ITEM_FAILED, ITEM_SKIPPED, ITEM_REFRESHED, ITEM_PLANNED };
#define ITEM_VERDICTS 4

struct item {
	/* The plan's. */
	struct cagg_line line;
	struct view view;   /* of the target */
	int64_t to;	    /* the source's watermark */
	int64_t asked_from; /* --from as a value of its type */
	struct item *after; /* which must be done before, or NULL */

	/* The team's. */
	bool taken, answered;

	/* The answer. */
	enum item_verdict verdict;
	struct failure failure; /* of ITEM_FAILED */
	struct window window;
	uint64_t steps;
	double seconds;
	bool interrupted; /* failed, because a stop was asked for */
	bool behind;	  /* all was done, and the target is still behind */
	char *shown_from, *shown_to, *shown_watermark; /* or NULL */
};

/* Do it; what went wrong is in its failure, reported.  site is the
 * worker's connection to the target. */
void item_refresh(struct item *item, const struct refresh_options *options,
    struct site *site);
/* The answer where nothing is done; sets the verdict. */
status item_fail(struct item *item, status class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void item_interrupt(struct item *item);
/* Print the line with the answer. */
status item_answer(struct item *item) MUST_CHECK;
void item_free(struct item *item);
/* "public.daily", for messages; caller frees. */
char *item_name(const struct item *item);

#endif
