/* SPDX-License-Identifier: PostgreSQL */
/*
 * Messages for people.  A message is formatted, made harmless for a terminal
 * and written with one write(2).
 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

#define ERASE_LINE "\r\033[K"

/* Most messages fit; a longer one takes memory, and is cut where there is
 * none. */
#define ROOM 1024
#define LABEL 256 /* program and label together stay below */

static struct {
	_Atomic(const char *) program;
	atomic_bool quiet;
	atomic_bool verbose;
	pthread_mutex_t lock; /* of what stands on the terminal's line */
	bool bar;
	atomic_int last_exit;
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .last_exit = STATUS_FAIL};

void
log_init(const char *program)
{
	atomic_store(&log_state.program, program);
}

const char *
log_program(void)
{
	const char *name = atomic_load(&log_state.program);

	return name != NULL ? name : "pgpipe";
}

void
log_set_last_exit(int code)
{
	atomic_store(&log_state.last_exit, code);
}

int
log_last_exit(void)
{
	return atomic_load(&log_state.last_exit);
}

void
log_set_quiet(bool quiet)
{
	atomic_store(&log_state.quiet, quiet);
}

void
log_set_verbose(bool verbose)
{
	atomic_store(&log_state.verbose, verbose);
}

bool
log_is_quiet(void)
{
	return atomic_load(&log_state.quiet);
}

bool
log_is_verbose(void)
{
	return atomic_load(&log_state.verbose);
}

/*
 * How many bytes at s are one well-formed UTF-8 character that may be shown;
 * 0 for a control character and for what is not UTF-8 (overlong forms,
 * surrogates and what lies beyond U+10FFFF included).
 */
static size_t
printable(const unsigned char *s, size_t n)
{
	uint32_t least, code;
	size_t len, i;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if ((s[0] & 0xe0) == 0xc0) {
		len = 2, least = 0x80, code = s[0] & 0x1f;
	} else if ((s[0] & 0xf0) == 0xe0) {
		len = 3, least = 0x800, code = s[0] & 0x0f;
	} else if ((s[0] & 0xf8) == 0xf0) {
		len = 4, least = 0x10000, code = s[0] & 0x07;
	} else {
		return 0;
	}
	if (len > n)
		return 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least || code > 0x10ffff || (code & ~0x7ffU) == 0xd800)
		return 0;
	return code < 0xa0 ? 0 : len; /* U+0080 to U+009F are controls */
}

/* Copy in to out, where four bytes stand ready for each of in's. */
static size_t
sanitise(char *out, const char *in, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0, len, i;

	for (i = 0; i < n; i += len) {
		unsigned char c = (unsigned char)in[i];

		len = printable((const unsigned char *)in + i, n - i);
		if (len > 0) {
			memcpy(out + at, in + i, len);
			at += len;
			continue;
		}
		len = 1;
		out[at++] = '\\';
		out[at++] = 'x';
		out[at++] = hex[c >> 4];
		out[at++] = hex[c & 15];
	}
	return at;
}

/* stderr is where failures are told: its own has nowhere to go. */
static void
put(const char *bytes, size_t n)
{
	int saved = errno;

	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		bytes += done;
		n -= (size_t)done;
	}
	errno = saved;
}

/* Take the bar off the terminal's line, if one stands there. */
static void
erase(void)
{
	if (log_state.bar)
		put(ERASE_LINE, strlen(ERASE_LINE));
	log_state.bar = false;
}

void
log_erase_bar(void)
{
	(void)pthread_mutex_lock(&log_state.lock);
	erase();
	(void)pthread_mutex_unlock(&log_state.lock);
}

void
log_bar(const char *line)
{
	char out[ROOM];
	size_t n;

	(void)snprintf(out, sizeof(out), ERASE_LINE "%s", line);
	n = strlen(out);
	(void)pthread_mutex_lock(&log_state.lock);
	put(out, n);
	log_state.bar = true;
	(void)pthread_mutex_unlock(&log_state.lock);
}

/* Format into room, or into memory (*taken) when that is too small. */
static __attribute__((format(printf, 3, 0))) const char *
format(char room[ROOM], char **taken, const char *fmt, va_list args)
{
	va_list again;
	int n;

	*taken = NULL;
	va_copy(again, args);
	n = vsnprintf(room, ROOM, fmt, args);
	if (n >= ROOM && (*taken = malloc((size_t)n + 1)) != NULL)
		n = vsnprintf(*taken, (size_t)n + 1, fmt, again);
	va_end(again);
	if (n < 0)
		return fmt;
	return *taken != NULL ? *taken : room;
}

/* The whole line, in one write; a bar goes first. */
static void
put_line(char *line, const char *label, const char *text, size_t n)
{
	size_t at;

	(void)snprintf(line, LABEL, "%.64s: %.128s", log_program(), label);
	at = strlen(line);
	at += sanitise(line + at, text, n);
	line[at++] = '\n';
	(void)pthread_mutex_lock(&log_state.lock);
	erase();
	put(line, at);
	(void)pthread_mutex_unlock(&log_state.lock);
}

static __attribute__((format(printf, 2, 0))) void
message(const char *label, const char *fmt, va_list args)
{
	char room[ROOM], small[LABEL + 4 * ROOM];
	char *taken, *line = small;
	const char *text;
	int saved = errno;
	size_t n;

	text = format(room, &taken, fmt, args);
	n = strlen(text);
	/* A library's message may bring its own end of line. */
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n >= ROOM)
		line = malloc(LABEL + 4 * n);
	if (line == NULL) {
		line = small;
		n = ROOM - 1;
	}
	put_line(line, label, text, n);
	if (line != small)
		free(line);
	free(taken);
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message("error: ", fmt, args);
	va_end(args);
}

void
log_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message("warning: ", fmt, args);
	va_end(args);
}

void
log_detail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message("detail: ", fmt, args);
	va_end(args);
}

void
log_hint(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message("hint: ", fmt, args);
	va_end(args);
}

void
log_info(const char *fmt, ...)
{
	va_list args;

	if (log_is_quiet())
		return;
	va_start(args, fmt);
	message("", fmt, args);
	va_end(args);
}

void
log_verbose(const char *fmt, ...)
{
	va_list args;

	if (!log_is_verbose() || log_is_quiet())
		return;
	va_start(args, fmt);
	message("", fmt, args);
	va_end(args);
}

void
log_bug(const char *file, int line, const char *fmt, ...)
{
	char label[128];
	va_list args;

	(void)snprintf(label, sizeof(label), "bug in %.90s:%d: ", file, line);
	va_start(args, fmt);
	message(label, fmt, args);
	va_end(args);
	abort();
}
