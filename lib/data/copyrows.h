/* SPDX-License-Identifier: PostgreSQL */
/*
 * Cuts a COPY stream that arrives in arbitrary pieces into rows, e.g. to
 * take the digest of a saved archive.  Bounded by the largest row.
 */
#ifndef DATA_COPYROWS_H
#define DATA_COPYROWS_H

#include "data/digest.h"

struct copyrows;
typedef status (*copyrows_fn)(void *arg, const void *row, size_t n);
struct copyrows *copyrows_new(enum copy_format format, copyrows_fn fn,
    void *arg);
/* Feed; reports what does not parse: STATUS_USAGE. */
status copyrows_feed(struct copyrows *c, const void *bytes, size_t n)
    MUST_CHECK;
/* The stream has ended: binary must have had header and trailer, text and
 * csv must end at a row; reports, STATUS_USAGE. */
status copyrows_finish(struct copyrows *c, uint64_t *rows) MUST_CHECK;
void copyrows_free(struct copyrows *c);

/*
 * The int4 of the column at that place (0 is the first) of a row as
 * digest_rows_take has it, in binary or text.  False: there is none.
 */
bool copyrows_int4(enum copy_format format, const void *row, size_t n,
    size_t column, int64_t *out);

#define COPY_BINARY_HEADER 19 /* signature 11, flags 4, extension length 4 */

#endif
