/* SPDX-License-Identifier: PostgreSQL */
/*
 * One question, one verdict: the rows of a chunk, or of a relation whose
 * slices are judged together.
 */
#ifndef COMPARE_JUDGE_H
#define COMPARE_JUDGE_H

#include "compare/both.h"
#include "compare/compare.h"
#include "compare/side.h"
#include "compare/holder.h"
#include "compare/verdict.h"
#include "data/chunk.h"

struct question {
	const struct chunk *chunk; /* or one of the slices */
	bool whole;   /* of the relation: all slices, where is "within" */
	bool expects; /* what it should be is known: */
	struct digest expected;
};

/* A worker's means.  With one server only side[TARGET] is used. */
struct judge {
	const struct compare_options *options;
	struct side side[SIDES];
	struct holder *holder; /* of the one server; shared */
};

/*
 * Always gives a verdict.  With v->class STATUS_RETRY a connection may be
 * broken; asking again after opening it is then worth a try.
 */
void judge_chunk(struct judge *j, const struct question *q, struct verdict *v);

#endif
