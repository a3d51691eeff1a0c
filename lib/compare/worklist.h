/* SPDX-License-Identifier: PostgreSQL */
/*
 * Work between one reader and many workers: a few jobs, then the reader
 * waits, so that memory is bounded whatever comes.
 */
#ifndef COMPARE_WORKLIST_H
#define COMPARE_WORKLIST_H

#include <stdbool.h>
#include <stddef.h>

struct worklist;
struct worklist *worklist_new(size_t room);
void worklist_free(struct worklist *w); /* empty by then */
/* Wait for room, then put.  True: nobody waits for work, so that another
 * worker would help. */
bool worklist_put(struct worklist *w, void *job);
/* Wait for a job; NULL: it was closed and is empty. */
void *worklist_take(struct worklist *w);
void worklist_close(struct worklist *w);

#endif
