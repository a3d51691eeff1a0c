/* SPDX-License-Identifier: PostgreSQL */
/*
 * Proving segments as their bytes pass: that each is whole, where its name says,
 * of the right system, and that every record in it has its CRC.
 *
 * A server that meets a broken record in an archived segment takes it for the
 * end of the WAL and opens for writing, with everything behind it lost: nobody
 * else will ever say so.
 */
#ifndef WAL_PROVE_H
#define WAL_PROVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "data/walcheck.h"
#include "wal/archive.h"

struct proof;
struct proof *proof_new(const struct archive *a);
/* Show each sound record as it passes. */
void proof_observe(struct proof *p, walcheck_fn fn, void *arg);
/* The next segment, or a partial one; where it follows the one before, records
 * that go on from there are proved, too. */
void proof_begin(struct proof *p, const char *name);
void proof_add(struct proof *p, const void *bytes, size_t n);
/*
 * Whether it is sound; if not, why is added to.  One whose WAL ends in zeros is
 * sound by itself, unless more WAL of this place follows in it: *ends then says
 * where, else 0, and the archive must have no later one.  One that is cut is
 * not, unless partial.
 */
bool proof_end(struct proof *p, bool partial, uint64_t *ends, struct str *why);
void proof_free(struct proof *p); /* NULL is legal */
void proof_cleanup(struct proof **p);

#endif
