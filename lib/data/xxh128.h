/* SPDX-License-Identifier: PostgreSQL */
/*
 * XXH128 of a stream: faster than memory, and finds any accident.
 */
#ifndef DATA_XXH128_H
#define DATA_XXH128_H

#include <stddef.h>

#define XXH128_TEXT 33 /* hex digits and NUL */

struct xxh128;
struct xxh128 *xxh128_new(void);
void xxh128_add(struct xxh128 *x, const void *bytes, size_t n);
/* Of all that was added so far, as xxh128sum(1) prints it. */
void xxh128_show(const struct xxh128 *x, char out[XXH128_TEXT]);
void xxh128_free(struct xxh128 *x); /* NULL is legal */

#endif
