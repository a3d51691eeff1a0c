/* SPDX-License-Identifier: PostgreSQL */
/*
 * The chunks that are to be read, each id once, handed to whoever asks.
 *
 * Lines are read ahead by a thread of their own, up to a bounded amount, so
 * that progress knows what is still to come and the program that lists them
 * can end.
 */
#ifndef UNLOAD_WORK_H
#define UNLOAD_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "data/chunk.h"

struct work;

/* Chunk lines from a descriptor.  *out is set in any case. */
status work_from_lines(int fd, const char *name, struct work **out) MUST_CHECK;
/* Chunk lines as an array; a whole list.  Takes the reference. */
struct work *work_from_array(json_t *lines);

/*
 * Wait until the first chunk or the end has come, or a stop is asked for.
 * False: nothing will come.  *most is how many chunks there are at most, as
 * far as that is known.
 */
bool work_wait(struct work *w, size_t *most);

/* The next chunk, which the caller frees; false at the end and after
 * work_stop. */
bool work_next(struct work *w, struct chunk *out);
/* Give out no more; wakes those who wait. */
void work_stop(struct work *w);

/*
 * After the last work_next: what the list was like.  Lines that are no
 * chunk lines and chunks that came twice (reported when they came) are
 * STATUS_USAGE; a list that may be cut is STATUS_RETRY unless partial.  Not
 * meant for work that was stopped.
 */
status work_finish(struct work *w, bool partial) MUST_CHECK;
/* All lines of a list with its end line were understood and given out. */
bool work_complete(struct work *w);
/*
 * Frees, unless the reading thread still waits for input that may never
 * come: then it is left behind to the end of the process.
 */
void work_free(struct work *w);

#endif
