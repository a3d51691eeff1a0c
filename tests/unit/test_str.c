/* SPDX-License-Identifier: PostgreSQL */
/* Growing strings, vectors of strings, and memory. */
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "forked.h"
#include "tap.h"

static void
strings(void)
{
	struct str s CLEANUP(str_free) = STR_INIT;
	char *taken;
	size_t i;

	is_text(str_text(&s), "", "nothing added is empty");
	str_add(&s, "");
	is_text(s.data, "", "an empty text leaves a terminated one");
	str_add(&s, "abc");
	str_addc(&s, '-');
	str_addn(&s, "d\0e", 3);
	is_number(s.len, 7, "a null byte counts");
	ok(memcmp(s.data, "abc-d\0e", 8) == 0, "and the end is terminated");
	str_clear(&s);
	is_number(s.len, 0, "cleared");
	is_text(s.data, "", "and empty");
	for (i = 0; i < 1000; i++)
		str_addf(&s, "%zu,%s", i, i % 100 == 0 ? "\n" : "");
	is_number(s.len, 3900, "formatted text grows");
	is_number(strlen(s.data), 3900, "and stays terminated");
	str_clear(&s);
	str_addf(&s, "%0500d", 7);
	is_number(s.len, 500, "one piece longer than the room");
	is_text(s.data + 498, "07", "is whole");
	taken = str_take(&s);
	is_number(strlen(taken), 500, "taken away");
	ok(s.data == NULL && s.len == 0 && s.cap == 0, "leaves a new one");
	free(taken);
	taken = str_take(&s);
	is_text(taken, "", "nothing taken is an empty text");
	free(taken);
}

static void
equality(void)
{
	ok(str_eq("a", "a"), "equal texts");
	ok(!str_eq("a", "b"), "different texts");
	ok(str_eq(NULL, NULL), "NULL equals NULL");
	ok(!str_eq(NULL, "") && !str_eq("", NULL), "and nothing else");
}

static void
vectors(void)
{
	struct strv v CLEANUP(strv_free) = STRV_INIT;
	char text[16];
	int i;

	for (i = 0; i < 100; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		strv_add(&v, text);
	}
	is_number(v.len, 100, "a vector holds what was added");
	is_text(v.data[0], "0", "the first");
	is_text(v.data[99], "99", "the last");
	strv_free(&v);
	ok(v.len == 0 && v.data == NULL, "and is new when freed");
}

static void
copies(void)
{
	char *s CLEANUP_FREE = mem_strdup("abc");
	char *n CLEANUP_FREE = mem_strndup("abcdef", 3);
	char *whole CLEANUP_FREE = mem_strndup("ab", 10);
	char *f CLEANUP_FREE = mem_printf("%s:%d", "x", 5);
	char *z CLEANUP_FREE = mem_zalloc(4);
	char *none CLEANUP_FREE = mem_alloc(0);

	is_text(s, "abc", "a copy");
	is_text(n, "abc", "a part");
	is_text(whole, "ab", "not more than there is");
	is_text(f, "x:5", "formatted");
	ok(memcmp(z, "\0\0\0\0", 4) == 0, "zeroed");
	ok(none != NULL, "nothing is something that can be freed");
}

static int
too_much(void *arg)
{
	(void)arg;
	free(mem_resize(NULL, SIZE_MAX / 2, 3));
	return 0;
}

static int
too_long(void *arg)
{
	struct str s = STR_INIT;

	(void)arg;
	str_add(&s, "x");
	str_reserve(&s, SIZE_MAX - 1);
	return 0;
}

static void
exhaustion(void)
{
	struct forked f;

	forked_run(&f, too_much, NULL);
	is_number(f.code, 3, "a product that overflows is exit 3");
	is_text(f.err, "pgpipe: error: out of memory\n", "and says so");
	forked_run(&f, too_long, NULL);
	is_number(f.code, 3, "so is a sum");
}

int
main(void)
{
	strings();
	equality();
	vectors();
	copies();
	exhaustion();
	return tap_done();
}
