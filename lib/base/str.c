/* SPDX-License-Identifier: PostgreSQL */
/*
 * Growing strings and vectors of strings.
 */
#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

void
str_reserve(struct str *s, size_t more)
{
	size_t need, cap;

	if (more >= SIZE_MAX - s->len)
		mem_exhausted();
	need = s->len + more + 1;
	if (need <= s->cap)
		return;
	cap = s->cap < SIZE_MAX / 2 ? s->cap * 2 : SIZE_MAX;
	if (cap < need)
		cap = need;
	if (cap < 64)
		cap = 64;
	s->data = mem_realloc(s->data, cap);
	s->cap = cap;
	s->data[s->len] = '\0';
}

void
str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void
str_addn(struct str *s, const void *bytes, size_t n)
{
	str_reserve(s, n);
	if (n > 0)
		memcpy(s->data + s->len, bytes, n);
	s->len += n;
	s->data[s->len] = '\0';
}

void
str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	va_list args;
	size_t room;
	int n;

	str_reserve(s, 64);
	room = s->cap - s->len;
	va_start(args, fmt);
	n = vsnprintf(s->data + s->len, room, fmt, args);
	va_end(args);
	if (n < 0)
		BUG("cannot format \"%s\"", fmt);
	if ((size_t)n >= room) {
		str_reserve(s, (size_t)n);
		va_start(args, fmt);
		(void)vsnprintf(s->data + s->len, (size_t)n + 1, fmt, args);
		va_end(args);
	}
	s->len += (size_t)n;
}

void
str_clear(struct str *s)
{
	s->len = 0;
	if (s->data != NULL)
		s->data[0] = '\0';
}

void
str_free(struct str *s)
{
	free(s->data);
	*s = (struct str)STR_INIT;
}

char *
str_take(struct str *s)
{
	char *data;

	str_reserve(s, 0);
	data = s->data;
	*s = (struct str)STR_INIT;
	return data;
}

const char *
str_text(const struct str *s)
{
	return s->data != NULL ? s->data : "";
}

bool
str_eq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

void
strv_add(struct strv *v, const char *text)
{
	if (v->len == v->cap) {
		v->cap = v->cap > 0 ? 2 * v->cap : 8;
		v->data = mem_resize(v->data, v->cap, sizeof(v->data[0]));
	}
	v->data[v->len++] = mem_strdup(text);
}

void
strv_free(struct strv *v)
{
	size_t i;

	for (i = 0; i < v->len; i++)
		free(v->data[i]);
	free(v->data);
	*v = (struct strv)STRV_INIT;
}
