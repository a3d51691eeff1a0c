/* SPDX-License-Identifier: PostgreSQL */
/*
 * Memory that is there or the program ends: on exhaustion these report
 * "out of memory" and end the process with STATUS_FAIL; open transactions
 * roll back with their connections.  Free with free(3) or the attributes.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *p, size_t size) __attribute__((returns_nonnull));
/* count * size with overflow check; the old contents are kept. */
void *mem_resize(void *p, size_t count, size_t size)
    __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *mem_strndup(const char *s, size_t n)
    __attribute__((malloc, returns_nonnull));
char *mem_printf(const char *fmt, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* For sizes that cannot be: the same end. */
_Noreturn void mem_exhausted(void);

/* char *s CLEANUP_FREE = NULL; */
#define CLEANUP_FREE __attribute__((cleanup(mem_cleanup)))
void mem_cleanup(void *pointer_to_pointer);
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#endif
