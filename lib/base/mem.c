/* SPDX-License-Identifier: PostgreSQL */
/*
 * Memory that is there, or the program ends.
 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* Nothing is unwound: what is open in a server rolls back with its
 * connection. */
_Noreturn void
mem_exhausted(void)
{
	log_error("out of memory");
	_exit(log_last_exit());
}

void *
mem_alloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_zalloc(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_realloc(void *p, size_t size)
{
	p = realloc(p, size > 0 ? size : 1);
	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / size)
		mem_exhausted();
	return mem_realloc(p, count * size);
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = mem_alloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		BUG("cannot format \"%s\"", fmt);
	text = mem_alloc((size_t)n + 1);
	va_start(args, fmt);
	(void)vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}

void
mem_cleanup(void *pointer_to_pointer)
{
	void *p;

	/* Whatever the pointer's type is, its bytes are a pointer's. */
	memcpy(&p, pointer_to_pointer, sizeof(p));
	free(p);
}
