/* SPDX-License-Identifier: PostgreSQL */
/* What a message looks like, and that nothing in it can steer a terminal. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2, O_DIRECT */
#endif
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/mem.h"
#include "base/str.h"
#include "forked.h"
#include "tap.h"

static int
say(void *text)
{
	log_init("pg-x");
	log_error("%s", (const char *)text);
	return 0;
}

static void
shown_as(const char *text, const char *expected, const char *what)
{
	struct forked f;
	char *line CLEANUP_FREE = mem_printf("pg-x: error: %s\n", expected);
	char *copy CLEANUP_FREE = mem_strdup(text);

	forked_run(&f, say, copy);
	is_text(f.err, line, what);
}

static void
harmless(void)
{
	shown_as("plain \"text\"", "plain \"text\"", "plain text");
	shown_as("\033[2J\a\b\r\t\177", "\\x1b[2J\\x07\\x08\\x0d\\x09\\x7f",
	    "controls");
	shown_as("a\nb", "a\\x0ab", "a line feed within");
	shown_as("reason\n", "reason", "but not a library's at the end");
	shown_as("grün, 東京, 🐘", "grün, 東京, 🐘", "UTF-8");
	shown_as("\xc2\x9b[2J", "\\xc2\\x9b[2J", "C1 controls");
	shown_as("\x9b[2J", "\\x9b[2J", "a bare C1 byte");
	shown_as("\xc0\x9b", "\\xc0\\x9b", "an overlong form");
	shown_as("\xe0\x82\x9b", "\\xe0\\x82\\x9b", "a longer one");
	shown_as("\xed\xa0\x80", "\\xed\\xa0\\x80", "a surrogate");
	shown_as("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "beyond Unicode");
	shown_as("x\xe6\x9d", "x\\xe6\\x9d", "a character cut at the end");
	shown_as("\xff\xfe", "\\xff\\xfe", "what is never UTF-8");
	shown_as("\xc2\xa0", "\xc2\xa0", "the first character after C1");
}

static void
long_ones(void)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct str expected CLEANUP(str_free) = STR_INIT;
	size_t n;

	for (n = 1020; n < 1030; n++) {
		str_clear(&text);
		str_clear(&expected);
		while (text.len < n) {
			str_addc(&text, '\001');
			str_add(&expected, "\\x01");
		}
		shown_as(text.data, expected.data, "a long message is whole");
	}
}

static int
say_all(void *quiet)
{
	log_init("pg-x");
	log_set_quiet(quiet != NULL);
	log_verbose("not yet");
	log_set_verbose(true);
	log_error("e");
	log_warning("w");
	log_detail("d");
	log_hint("h");
	log_info("i");
	log_verbose("v");
	return 0;
}

static void
levels(void)
{
	char yes[] = "yes";
	struct forked f;

	forked_run(&f, say_all, NULL);
	is_text(f.err,
	    "pg-x: error: e\npg-x: warning: w\npg-x: detail: d\n"
	    "pg-x: hint: h\npg-x: i\npg-x: v\n",
	    "all kinds of message");
	forked_run(&f, say_all, yes);
	is_text(f.err,
	    "pg-x: error: e\npg-x: warning: w\npg-x: detail: d\n"
	    "pg-x: hint: h\n",
	    "and what is left of them under -q");
}

static int
bug(void *arg)
{
	(void)arg;
	log_init("pg-x");
	BUG("%s cannot be", "this");
}

static int
with_bar(void *arg)
{
	(void)arg;
	log_init("pg-x");
	log_bar("50%");
	log_info("one");
	log_info("two");
	log_bar("60%");
	log_erase_bar();
	log_erase_bar();
	return 0;
}

#define THREADS 8
#define LINES 200

static void *
say_many(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_info("thread %s says something that is whole",
		    (const char *)arg);
	return NULL;
}

static int
threads(void *arg)
{
	static char names[THREADS][2];
	pthread_t ids[THREADS];

	(void)arg;
	log_init("pg-x");
	for (int i = 0; i < THREADS; i++) {
		names[i][0] = (char)('a' + i);
		pthread_create(&ids[i], NULL, say_many, names[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	return 0;
}

static void
whole_lines(void)
{
	static const char line[] = "pg-x: thread ? says something that is "
				   "whole\n";
	size_t n = strlen(line), good = 0;
	static struct forked f;

	forked_run(&f, threads, NULL);
	for (const char *at = f.err; strlen(at) >= n; at += n)
		good += strncmp(at, line, 13) == 0 &&
		    strncmp(at + 14, line + 14, n - 14) == 0;
	/* Not all of them fit. */
	is_number(good, (sizeof(f.err) - 1) / n, "lines do not mix");
}

/* A pipe of packets keeps apart what was written apart. */
static int
packets(void *arg)
{
	static const char line[] = "pg-x: error: one\\x0atwo\n";
	char got[128];
	int fds[2];
	ssize_t n;

	(void)arg;
	if (pipe2(fds, O_DIRECT) != 0 || dup2(fds[1], STDERR_FILENO) < 0)
		return 1;
	log_init("pg-x");
	log_error("%s\n%s", "one", "two");
	log_info("three");
	n = read(fds[0], got, sizeof(got));
	if (n != (ssize_t)strlen(line) || memcmp(got, line, (size_t)n) != 0)
		return 2;
	return 0;
}

int
main(void)
{
	struct forked f;

	harmless();
	long_ones();
	levels();
	forked_run(&f, bug, NULL);
	is_number(f.code, 128 + SIGABRT, "a bug aborts");
	ok(strstr(f.err, "pg-x: bug in ") != NULL &&
		strstr(f.err, "test_log.c") != NULL &&
		strstr(f.err, ": this cannot be\n") != NULL,
	    "and tells where");
	forked_run(&f, with_bar, NULL);
	is_text(f.err,
	    "\r\033[K50%\r\033[Kpg-x: one\npg-x: two\n\r\033[K60%\r\033[K",
	    "a message takes the bar away, once");
	whole_lines();
	forked_run(&f, packets, NULL);
	is_number(f.code, 0, "a message is one write");
	return tap_done();
}
