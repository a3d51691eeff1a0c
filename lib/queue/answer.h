/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a pipeline said: result lines on its stdout, the last words on its
 * stderr, an exit status; and what that means for its chunk.
 */
#ifndef QUEUE_ANSWER_H
#define QUEUE_ANSWER_H

#include "queue/claim.h"

#define ANSWER_TAIL 4096 /* bytes of stderr that are kept */

struct answer {
	const struct claim *claim;
	json_t *given;	 /* the line that the pipeline gets */
	struct str line; /* of stdout, as far as it has come */
	bool skipping;	 /* it is too long for a record */
	json_t *result;	 /* the last result line of the chunk, or NULL */
	char *noise;	 /* the first line that is none, or NULL */
	struct str tail; /* of stderr */
	struct str text; /* of the result or error, for the outcome */
};

void answer_begin(struct answer *a, const struct claim *c);
void answer_free(struct answer *a);
/* The chunk's line and an end line, as the pipeline reads them. */
void answer_input(const struct answer *a, struct str *out);

void answer_stdout(struct answer *a, const char *bytes, size_t n);
void answer_stderr(struct answer *a, const char *bytes, size_t n);
/* A line of somebody else's reading; true when it is the chunk's result. */
bool answer_take(struct answer *a, json_t *record);

/*
 * The verdict, after the last byte.  A result line that says so and exit
 * status 0 (or 1, where the answer is no) is done; all else has failed.
 * code: of the shell; -1: nothing was run.  Strings of out live as long as a.
 */
void answer_judge(struct answer *a, int code, struct outcome *out);
/* A count of the result line, -1 where it has none. */
int64_t answer_count(const struct answer *a, const char *field);

#endif
