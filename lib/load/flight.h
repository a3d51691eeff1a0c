/* SPDX-License-Identifier: PostgreSQL */
/*
 * The targets that are being loaded at this moment.  A foreign key is checked
 * when its table's rows have all come, so a chunk waits with its end for those
 * on their way into tables that its own refers to.
 */
#ifndef LOAD_FLIGHT_H
#define LOAD_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/record.h"

struct flights;
struct flights *flights_new(void);
void flights_free(struct flights *f);

/* Chunk n of the archive is on its way into target; it is over. */
void flight_begin(struct flights *f, uint64_t n, const char *target);
void flight_end(struct flights *f, uint64_t n);
/* The target has other names, in an array that is shared: a partition's rows
 * are its ancestors', too. */
void flight_also(struct flights *f, uint64_t n, json_t *names);

/*
 * Wait until no chunk is on its way into one of the targets, an array of names
 * as flight_begin has them.  Chunk n does not wait for those that wait for it,
 * nor after flights_hurry has told it to go on, nor once all is given up.
 */
void flight_await(struct flights *f, uint64_t n, const json_t *targets);

/* How many wait; the one that waits longest gives up. */
size_t flights_waiting(struct flights *f);
void flights_hurry(struct flights *f);

#endif
