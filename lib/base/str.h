/* SPDX-License-Identifier: PostgreSQL */
/*
 * A growing byte string, always NUL-terminated once something was added.
 * Start from STR_INIT; s.data is NULL or owned.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
	char *data;
	size_t len;
	size_t cap;
};
/* clang-format off */
#define STR_INIT {NULL, 0, 0}
#define STRV_INIT {NULL, 0, 0}
/* clang-format on */

void str_reserve(struct str *s, size_t more); /* room for more bytes + NUL */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *bytes, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void str_clear(struct str *s); /* empty, memory kept */
void str_free(struct str *s);  /* back to STR_INIT; also the cleanup */
char *str_take(struct str *s); /* never NULL; caller frees; s is STR_INIT */
const char *str_text(const struct str *s); /* "" when nothing was added */
bool str_eq(const char *a, const char *b); /* NULL equals only NULL */

/* A vector of owned strings. */
struct strv {
	char **data;
	size_t len;
	size_t cap;
};
void strv_add(struct strv *v, const char *text); /* copies */
void strv_free(struct strv *v);

#endif
