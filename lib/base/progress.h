/* SPDX-License-Identifier: PostgreSQL */
/*
 * Progress on stderr: a bar with rate and time left on a terminal (in the last
 * stage of a pipe), a line every 10 s otherwise, JSON lines with
 * --progress=json, nothing with -q; at the end a line that sums up.
 * One per process; counters may be added to from any thread.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

enum progress_mode {
	PROGRESS_AUTO,
	PROGRESS_BAR,
	PROGRESS_LINES,
	PROGRESS_JSON,
	PROGRESS_NONE
};

void progress_set_mode(enum progress_mode mode); /* by option_parse */
/* verb: "copied"; kept by reference. */
void progress_start(const char *verb);
/* The same where what is done is counted in something else than chunks
 * ("step"; its plural takes an s), which has neither rows nor bytes; of
 * PROGRESS_BYTES there is nothing but bytes. */
#define PROGRESS_BYTES "byte"
void progress_start_of(const char *verb, const char *noun);
void progress_expect(uint64_t chunks, uint64_t bytes); /* adds to the total */
void progress_add(uint64_t chunks, uint64_t rows, uint64_t bytes);
/* A chunk has ended that so many bytes were expected of, and that had so many:
 * what is left is measured by what is expected of it. */
void progress_settle(uint64_t expected, uint64_t bytes);
void progress_stop(void); /* the last line; joins the ticker */
/* The same, with something to add to the last line, which is said even where
 * no progress is shown; NULL or "": nothing. */
void progress_conclude(const char *more);

#endif
