/* SPDX-License-Identifier: PostgreSQL */
/*
 * Counting what became of the chunks.
 */
#include "unload/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FAILED_NAMED 1000 /* ids that the end of the stream repeats */

void
tally_init(struct tally *t)
{
	memset(t, 0, sizeof(*t));
	(void)pthread_mutex_init(&t->lock, NULL);
	t->failed = json_array();
}

void
tally_free(struct tally *t)
{
	json_decref(t->failed);
	free(t->tables);
	(void)pthread_mutex_destroy(&t->lock);
}

void
tally_failed(struct tally *t, const char *id, status class)
{
	(void)pthread_mutex_lock(&t->lock);
	t->worst = status_worse(t->worst, class);
	t->nfailed++;
	if (json_array_size(t->failed) < FAILED_NAMED)
		(void)json_array_append_new(t->failed, json_string(id));
	(void)pthread_mutex_unlock(&t->lock);
}

void
tally_done(struct tally *t, uint32_t table)
{
	(void)pthread_mutex_lock(&t->lock);
	/* The slices of a table mostly come one after the other. */
	if (t->ntables == 0 || t->tables[t->ntables - 1] != table) {
		if (t->ntables == t->cap) {
			t->cap = t->cap == 0 ? 64 : 2 * t->cap;
			t->tables =
			    mem_resize(t->tables, t->cap, sizeof(*t->tables));
		}
		t->tables[t->ntables++] = table;
	}
	(void)pthread_mutex_unlock(&t->lock);
}
