/* SPDX-License-Identifier: PostgreSQL */
/*
 * The answer to one line, and the sum of all answers.
 */
#ifndef COMPARE_VERDICT_H
#define COMPARE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "data/digest.h"
#include "data/record.h"

enum verdict_kind {
	VERDICT_DIGEST, /* none was asked for: the digest is the answer */
	VERDICT_MATCH,
	VERDICT_DIFFER,
	VERDICT_MISSING,  /* the relation is not there on the target */
	VERDICT_UNPROVED, /* it could not be told; reason or error says why */
	VERDICT_KINDS
};

/* What a drill found: rows, and whether those were all. */
struct row_counts {
	bool taken, complete;
	uint64_t missing, extra, differ;
	uint64_t lines, printed; /* those found and those on stdout */
};

/* Owns what it points at.  Start from {0} and set kind. */
struct verdict {
	enum verdict_kind kind;
	char *reason;  /* for people, or NULL */
	json_t *error; /* {"message","sqlstate","class","hint"}, or NULL */
	status class;  /* what failed, or STATUS_OK */
	bool moved;    /* the source no longer gives the line's digest */
	bool pair;     /* digests are of both servers, not of the line */
	bool again;    /* the same rows stand in another line's answer */
	struct digest source, target; /* DIGEST_NONE: not taken */
	json_t *add;		      /* more fields for the line, or NULL */
	struct row_counts rows;
	double seconds;
};

void verdict_set(struct verdict *v, enum verdict_kind kind, const char *reason,
    ...) __attribute__((format(printf, 3, 4)));
void verdict_free(struct verdict *v);

/* What all lines came to.  Calls are safe from any thread. */
struct answers;
struct answers *answers_new(void);
void answers_free(struct answers *t);
/*
 * Print the line with its answer, count it, and tell people about what does
 * not match.  The status is that of standard output.
 */
status answers_add(struct answers *t, const struct verdict *v, json_t *line)
    MUST_CHECK;
/* STATUS_OK, STATUS_NO, or the worst that made a line unproved. */
status answers_status(const struct answers *t);
/* Lines printed: answers, and the rows before them. */
uint64_t answers_lines(const struct answers *t);
/* "12 chunks: 10 match, 2 differ", for people. */
void answers_report(const struct answers *t);

#endif
