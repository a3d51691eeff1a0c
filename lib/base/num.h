/* SPDX-License-Identifier: PostgreSQL */
/*
 * Numbers from outside: the whole string must be one, in range, or the
 * answer is false and nothing is written.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

bool num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);
bool num_i64(const char *text, int64_t min, int64_t max, int64_t *out);
/* "4096", "64kB", "256MB", "1GB", "2TB" (powers of 1024), to bytes. */
bool num_size(const char *text, uint64_t *bytes);
/* "90s", "15min", "2h", "7d", "250ms", or plain seconds, to milliseconds. */
bool num_duration(const char *text, uint64_t *milliseconds);

/* "1.5 GB", "640 kB"; "1.2 s", "3 min 20 s": for people. */
void num_show_size(char out[32], uint64_t bytes);
void num_show_duration(char out[32], double seconds);

/* Monotonic seconds, for rates and deadlines. */
double num_now(void);

#endif
