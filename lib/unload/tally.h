/* SPDX-License-Identifier: PostgreSQL */
/*
 * What became of the chunks, for the end of the stream.
 */
#ifndef UNLOAD_TALLY_H
#define UNLOAD_TALLY_H

#include "data/record.h"
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct tally {
	pthread_mutex_t lock;
	status worst;
	uint64_t nfailed;
	json_t *failed;	  /* ids, the first of them */
	uint32_t *tables; /* oids of what was copied, in any order */
	size_t ntables, cap;
};

void tally_init(struct tally *t);
void tally_free(struct tally *t);
void tally_failed(struct tally *t, const char *id, status class);
void tally_done(struct tally *t, uint32_t table);

#endif
