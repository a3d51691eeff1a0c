/* SPDX-License-Identifier: PostgreSQL */
/*
 * Progress on stderr.
 *
 * Counters are atomics that any thread adds to; one thread wakes up now and
 * then and shows them.  On a terminal that several stages of a pipe share,
 * only the last one (whose stdout is no pipe) draws a bar; the others say a
 * line now and then.
 */
#include "base/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/thread.h"

#define BAR_EVERY 0.25 /* seconds */
#define JSON_EVERY 1.0
#define LINES_EVERY 10.0
#define BAR_MIN 5 /* columns */
#define BAR_MAX 40
#define RATE_OVER 5.0 /* a rate is of about the last so many seconds */

static struct {
	atomic_int mode; /* what was asked for */
	_Atomic uint64_t chunks, rows, bytes, all_chunks, all_bytes;
	_Atomic uint64_t settled, settled_bytes; /* expected, and come */
	/* The rest belongs to the thread that starts and stops, and to the
	 * ticker in between. */
	enum progress_mode shown;
	const char *verb, *noun; /* noun NULL: chunks, which have rows */
	double start, last, rate;
	uint64_t last_bytes;
	bool running, ticking;
	pthread_t ticker;
	pthread_mutex_t lock; /* of stopping */
	pthread_cond_t wake;
	bool stopping;
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What one look at the counters saw. */
struct look {
	uint64_t chunks, rows, bytes, all_chunks, all_bytes;
	uint64_t
	    weight; /* of the bytes that came, among all that are expected */
	double seconds;
	double rate; /* bytes a second, lately */
	double part; /* 0 to 1, below 0: unknown */
	double left; /* seconds, below 0: unknown */
};

void
progress_set_mode(enum progress_mode mode)
{
	atomic_store(&progress.mode, (int)mode);
}

void
progress_expect(uint64_t chunks, uint64_t bytes)
{
	atomic_fetch_add(&progress.all_chunks, chunks);
	atomic_fetch_add(&progress.all_bytes, bytes);
}

void
progress_add(uint64_t chunks, uint64_t rows, uint64_t bytes)
{
	atomic_fetch_add(&progress.chunks, chunks);
	atomic_fetch_add(&progress.rows, rows);
	atomic_fetch_add(&progress.bytes, bytes);
}

void
progress_settle(uint64_t expected, uint64_t bytes)
{
	atomic_fetch_add(&progress.settled, expected);
	atomic_fetch_add(&progress.settled_bytes, bytes);
}

static enum progress_mode
choose(void)
{
	enum progress_mode mode =
	    (enum progress_mode)atomic_load(&progress.mode);
	struct stat st;

	if (log_is_quiet())
		return PROGRESS_NONE;
	if (mode != PROGRESS_AUTO)
		return mode;
	if (!isatty(STDERR_FILENO))
		return PROGRESS_LINES;
	if (fstat(STDOUT_FILENO, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return PROGRESS_LINES;
	return PROGRESS_BAR;
}

/* A stream of bytes has neither chunks nor rows. */
static bool
only_bytes(void)
{
	return progress.noun != NULL &&
	    strcmp(progress.noun, PROGRESS_BYTES) == 0;
}

/*
 * The expected bytes are the planner's idea of a table, the bytes those of
 * a stream: a guess, which is never let say "done" before the chunks are.
 */
static double
part_done(const struct look *l)
{
	double part = -1;

	if (l->all_chunks > 0 && l->chunks >= l->all_chunks)
		return 1;
	if (only_bytes() && l->bytes == 0)
		return -1;
	if (l->all_bytes > 0 && l->weight > 0)
		part = (double)l->weight / (double)l->all_bytes;
	else if (l->all_chunks > 0)
		part = (double)l->chunks / (double)l->all_chunks;
	return part > 0.99 ? 0.99 : part;
}

/* What has ended counts for what was expected of it, the rest as it is. */
static uint64_t
weight(uint64_t bytes)
{
	uint64_t settled = atomic_load(&progress.settled);
	uint64_t ended = atomic_load(&progress.settled_bytes);

	return settled + (bytes > ended ? bytes - ended : 0);
}

static struct look
look(void)
{
	struct look l = {.chunks = atomic_load(&progress.chunks),
	    .rows = atomic_load(&progress.rows),
	    .bytes = atomic_load(&progress.bytes),
	    .all_chunks = atomic_load(&progress.all_chunks),
	    .all_bytes = atomic_load(&progress.all_bytes)};
	double now = num_now(), since = now - progress.last, share, rate;

	l.weight = weight(l.bytes);
	l.seconds = now - progress.start;
	if (since > 0) {
		rate = (double)(l.bytes - progress.last_bytes) / since;
		share = since < RATE_OVER ? since / RATE_OVER : 1;
		if (l.seconds <= RATE_OVER)
			rate = (double)l.bytes / l.seconds, share = 1;
		progress.rate += share * (rate - progress.rate);
		progress.last = now;
		progress.last_bytes = l.bytes;
	}
	l.rate = progress.rate;
	l.part = part_done(&l);
	l.left = l.part > 0.001 ? l.seconds * (1 - l.part) / l.part : -1;
	return l;
}

static void
add_chunks(struct str *out, const struct look *l)
{
	str_addf(out, "%llu", (unsigned long long)l->chunks);
	if (l->all_chunks > 0)
		str_addf(out, " of %llu", (unsigned long long)l->all_chunks);
	str_addf(out, " %s%s", progress.noun == NULL ? "chunk" : progress.noun,
	    (l->all_chunks > 0 ? l->all_chunks : l->chunks) == 1 ? "" : "s");
}

static void
add_rows(struct str *out, const struct look *l)
{
	if (progress.noun != NULL)
		return;
	str_addf(out, ", %llu row%s", (unsigned long long)l->rows,
	    l->rows == 1 ? "" : "s");
}

static void
add_bytes(struct str *out, const struct look *l)
{
	char size[32];

	num_show_size(size, l->bytes);
	str_addf(out, "%s%s", only_bytes() ? "" : ", ", size);
	if (only_bytes() && l->all_bytes > l->bytes) {
		num_show_size(size, l->all_bytes);
		str_addf(out, " of about %s", size);
	}
}

/* "copied 3 of 12 chunks, 604800 rows, 1.2 GB" */
static void
add_counts(struct str *out, const struct look *l)
{
	str_addf(out, "%s ", progress.verb);
	if (only_bytes()) {
		add_bytes(out, l);
		return;
	}
	add_chunks(out, l);
	add_rows(out, l);
	if (l->bytes > 0)
		add_bytes(out, l);
}

static void
add_rate(struct str *out, const struct look *l, double rate)
{
	char text[32];

	if (l->bytes > 0) {
		num_show_size(text, rate > 0 ? (uint64_t)rate : 0);
		str_addf(out, ", %s/s", text);
	}
	if (l->left >= 0 && l->part < 1) {
		num_show_duration(text, l->left);
		str_addf(out, ", %s left", text);
	}
}

static size_t
columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* "[####........] 33% ", as wide as there is room for. */
static void
add_bar(struct str *out, const struct look *l, size_t room)
{
	size_t width = room > 8 ? room - 8 : 0, full, i;

	if (width > BAR_MAX)
		width = BAR_MAX;
	full = (size_t)(l->part * (double)width);
	if (width >= BAR_MIN) {
		str_addc(out, '[');
		for (i = 0; i < width; i++)
			str_addc(out, i < full ? '#' : '.');
		str_add(out, "] ");
	}
	str_addf(out, "%2d%% ", (int)(l->part * 100));
}

static void
show_bar(const struct look *l)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct str line CLEANUP(str_free) = STR_INIT;
	size_t width = columns() - 1;

	if (!only_bytes())
		add_chunks(&text, l);
	/* There is room for one measure: the one that a rate is of. */
	if (l->bytes > 0)
		add_bytes(&text, l);
	else
		add_rows(&text, l);
	add_rate(&text, l, l->rate);
	str_addf(&line, "%s: ", log_program());
	if (l->part >= 0)
		add_bar(&line, l,
		    width > line.len + text.len ? width - line.len - text.len
						: 0);
	str_add(&line, str_text(&text));
	if (line.len > width)
		line.data[width] = '\0';
	log_bar(line.data);
}

/* Numbers that may pass 2^53 are strings, as in all our JSON. */
static void
add_number(struct str *out, const char *name, uint64_t value)
{
	const char *quote = value > (UINT64_C(1) << 53) ? "\"" : "";

	str_addf(out, "\"%s\":%s%llu%s,", name, quote,
	    (unsigned long long)value, quote);
}

static void
show_json(const struct look *l, bool end)
{
	struct str line CLEANUP(str_free) = STR_INIT;

	str_addf(&line, "{\"progress\":\"%s\",\"verb\":\"%s\",", log_program(),
	    progress.verb);
	if (progress.noun != NULL)
		str_addf(&line, "\"counts\":\"%s\",", progress.noun);
	add_number(&line, "chunks", l->chunks);
	add_number(&line, "expected_chunks", l->all_chunks);
	add_number(&line, "rows", l->rows);
	add_number(&line, "bytes", l->bytes);
	add_number(&line, "expected_bytes", l->all_bytes);
	str_addf(&line, "\"seconds\":%.3f,\"rate\":%.0f,", l->seconds, l->rate);
	if (l->left >= 0)
		str_addf(&line, "\"left\":%.1f,", l->left);
	else
		str_add(&line, "\"left\":null,");
	str_addf(&line, "\"done\":%s}\n", end ? "true" : "false");
	/* Whoever reads the lines may be gone; the work goes on. */
	(void)!write(STDERR_FILENO, line.data, line.len);
}

static void
show_line(const struct look *l)
{
	struct str line CLEANUP(str_free) = STR_INIT;

	add_counts(&line, l);
	add_rate(&line, l, l->rate);
	log_info("%s", line.data);
}

static void
show_end(const struct look *l, const char *more)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	char text[32];

	add_counts(&line, l);
	num_show_duration(text, l->seconds);
	str_addf(&line, " in %s", text);
	if (l->bytes > 0 && l->seconds > 0.05) {
		num_show_size(text, (uint64_t)((double)l->bytes / l->seconds));
		str_addf(&line, " (%s/s)", text);
	}
	if (*more != '\0')
		str_addf(&line, "; %s", more);
	log_info("%s", line.data);
}

static void
show(void)
{
	struct look l = look();

	if (progress.shown == PROGRESS_JSON)
		show_json(&l, false);
	else if (progress.shown == PROGRESS_BAR)
		show_bar(&l);
	else
		show_line(&l);
}

static double
interval(void)
{
	switch (progress.shown) {
	case PROGRESS_BAR:
		return BAR_EVERY;
	case PROGRESS_JSON:
		return JSON_EVERY;
	default:
		return LINES_EVERY;
	}
}

/* Wait until the monotonic time; whether to go on. */
static bool
sleep_until(double when)
{
	struct timespec ts = {.tv_sec = (time_t)when};
	int rc = 0;
	bool stopping;

	ts.tv_nsec = (long)((when - (double)ts.tv_sec) * 1e9);
	(void)pthread_mutex_lock(&progress.lock);
	while (!progress.stopping && rc == 0)
		rc =
		    pthread_cond_timedwait(&progress.wake, &progress.lock, &ts);
	stopping = progress.stopping;
	(void)pthread_mutex_unlock(&progress.lock);
	return !stopping;
}

static void *
tick(void *arg)
{
	double every = interval(), next = progress.start + every;

	(void)arg;
	while (sleep_until(next)) {
		show();
		next += every;
		if (next < num_now()) /* the machine slept */
			next = num_now() + every;
	}
	return NULL;
}

static bool
start_ticker(void)
{
	pthread_condattr_t attr;
	status s;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&progress.wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	s = thread_start(&progress.ticker, tick, NULL, THREAD_SMALL);
	if (s != STATUS_OK)
		(void)pthread_cond_destroy(&progress.wake);
	return s == STATUS_OK;
}

void
progress_start(const char *verb)
{
	progress_start_of(verb, NULL);
}

void
progress_start_of(const char *verb, const char *noun)
{
	progress_stop();
	progress.shown = choose();
	if (progress.shown == PROGRESS_NONE)
		return;
	progress.verb = verb;
	progress.noun = noun;
	progress.start = progress.last = num_now();
	progress.rate = 0;
	progress.last_bytes = 0;
	progress.stopping = false;
	progress.running = true;
	progress.ticking = start_ticker();
}

static void
stop_ticker(void)
{
	if (!progress.ticking)
		return;
	(void)pthread_mutex_lock(&progress.lock);
	progress.stopping = true;
	(void)pthread_cond_signal(&progress.wake);
	(void)pthread_mutex_unlock(&progress.lock);
	(void)pthread_join(progress.ticker, NULL);
	(void)pthread_cond_destroy(&progress.wake);
	progress.ticking = false;
}

void
progress_conclude(const char *more)
{
	bool lines = progress.running && progress.shown != PROGRESS_JSON;
	struct look l;

	more = more == NULL ? "" : more;
	if (progress.running) {
		stop_ticker();
		progress.running = false;
		l = look();
		if (only_bytes()) /* what came was all there was */
			l.all_bytes = l.bytes;
		if (lines)
			show_end(&l, more);
		else
			show_json(&l, true);
	}
	if (!lines && *more != '\0')
		log_info("%s", more);
}

void
progress_stop(void)
{
	progress_conclude(NULL);
}
