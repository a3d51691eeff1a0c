/* SPDX-License-Identifier: PostgreSQL */
/*
 * One chunk after the other: claim, run the pipeline, write what it said.
 *
 * While the pipeline runs, the session is idle in its transaction.  If it is
 * lost, the lock is gone: the hand connects anew and takes the same row
 * again; if somebody else has it by then, the pipeline is ended.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"
#include "queue/answer.h"
#include "queue/gang.h"
#include "pg/timescale.h"
#include "queue/home.h"
#include "run/shell.h"

#define RECONNECT 60000	  /* ms to try */
#define GLANCE 500	  /* ms between looks at the shell */
#define LINGER 1.0	  /* seconds for pipes that outlive the shell */
#define OTHERS_PAUSE 2000 /* ms between looks at what others do */
#define LONGEST_NAP 10000 /* ms: what is due may change */
#define BUFFER 65536
#define TOLD 5 /* last lines of stderr that are shown */

/* One chunk's work. */
struct task {
	struct hand *hand;
	struct claim claim;
	struct answer answer;
	struct shell shell;
	struct str input;
	size_t sent;
	bool lost;    /* somebody else has the row */
	bool aborted; /* the second signal */
	double begun, ended;
	int code;
};

/* --- the session ------------------------------------------------------------------- */

static status
connect_hand(struct hand *h, uint64_t patience)
{
	struct queue_options o = *h->gang->options;

	pg_close(h->pg);
	h->pg = NULL;
	o.target.connect_timeout = patience;
	return home_open(&o, &h->pg, NULL);
}

/* The row again, on another session.  False: it is not ours any more. */
static bool
regain(struct task *t)
{
	struct hand *h = t->hand;
	bool mine = false;

	log_warning("the connection was lost while \"%s\" was worked on",
	    t->claim.chunk);
	if (connect_hand(h, RECONNECT) != STATUS_OK ||
	    claim_again(h->gang->options, h->pg, &t->claim, &mine) != STATUS_OK)
		mine = false;
	return mine;
}

/* --- the pipeline ------------------------------------------------------------------ */

static void
set(struct strv *settings, const char *name, const char *value)
{
	char *text CLEANUP_FREE = mem_printf("%s=%s", name, value);

	strv_add(settings, text);
}

/* What batches the target can read is for pg-copyout to heed. */
static const char *
extension(struct hand *h)
{
	const struct pg_timescale *t;

	return pg_timescale(h->pg, &t) == STATUS_OK && t->version != NULL
	    ? t->version
	    : "";
}

static status
start(struct task *t)
{
	const struct queue_options *o = t->hand->gang->options;
	struct strv settings CLEANUP(strv_free) = STRV_INIT;

	set(&settings, "PGPIPE_RUN", t->claim.run);
	set(&settings, "PGPIPE_CHUNK", t->claim.chunk);
	set(&settings, "PGPIPE_PIECE", t->claim.piece);
	set(&settings, "PGPIPE_SNAPSHOT",
	    o->snapshot == NULL ? "" : o->snapshot);
	set(&settings, "PGPIPE_TIMESCALEDB", extension(t->hand));
	answer_begin(&t->answer, &t->claim);
	answer_input(&t->answer, &t->input);
	t->begun = num_now();
	return shell_start(&t->shell, o->pipeline, &settings);
}

static void
feed(struct task *t)
{
	ssize_t done =
	    write(t->shell.in, t->input.data + t->sent, t->input.len - t->sent);

	if (done > 0)
		t->sent += (size_t)done;
	if (t->sent == t->input.len ||
	    (done < 0 && errno != EAGAIN && errno != EINTR))
		shell_close_in(&t->shell);
}

/* Whole lines of stderr, for who wants to see them all. */
static void
forward(const struct task *t, const char *bytes, size_t n)
{
	while (n > 0) {
		const char *newline = memchr(bytes, '\n', n);
		size_t len = newline == NULL ? n : (size_t)(newline - bytes);

		if (len > 0)
			log_verbose("\"%s\": %.*s", t->claim.chunk, (int)len,
			    bytes);
		n -= newline == NULL ? n : len + 1;
		bytes += len + 1;
	}
}

/* False at the end of file. */
static bool
collect(struct task *t, int fd)
{
	char bytes[BUFFER];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	if (fd == t->shell.out)
		answer_stdout(&t->answer, bytes, (size_t)n);
	else {
		answer_stderr(&t->answer, bytes, (size_t)n);
		forward(t, bytes, (size_t)n);
	}
	return true;
}

static void
close_fd(int *fd)
{
	(void)close(*fd);
	*fd = -1;
}

/* What was ready; false: stop waiting. */
static bool
handle(struct task *t, const struct pollfd *fds)
{
	if (fds[4].revents != 0) {
		t->aborted = true;
		return false;
	}
	if (fds[0].revents != 0)
		feed(t);
	if (fds[1].revents != 0 && !collect(t, t->shell.out))
		close_fd(&t->shell.out);
	if (fds[2].revents != 0 && !collect(t, t->shell.err))
		close_fd(&t->shell.err);
	if (fds[3].revents != 0 && !pg_alive(t->hand->pg) && !regain(t)) {
		t->lost = true;
		return false;
	}
	return true;
}

/* The shell has ended, and its pipes, too, or they are somebody's who was
 * left behind. */
static bool
is_over(struct task *t)
{
	bool closed = t->shell.out < 0 && t->shell.err < 0;

	if (t->ended < 0 && shell_ended(&t->shell, &t->code))
		t->ended = num_now();
	if (t->ended < 0)
		return false;
	return closed || num_now() - t->ended > LINGER;
}

static void
attend(struct task *t)
{
	t->ended = -1;
	while (!is_over(t)) {
		struct pollfd fds[5] = {{t->shell.in, POLLOUT, 0},
		    {t->shell.out, POLLIN, 0}, {t->shell.err, POLLIN, 0},
		    {pg_socket(t->hand->pg), POLLIN, 0},
		    {signal_abort_fd(), POLLIN, 0}};
		/* At the end of both pipes the shell is about to end. */
		int nap = t->shell.out < 0 && t->shell.err < 0 ? 20 : GLANCE;

		if (t->ended >= 0)
			nap = 50;
		if (poll(fds, 5, nap) > 0 && !handle(t, fds))
			break;
	}
	if (t->aborted || t->lost)
		shell_kill(&t->shell);
}

/* --- what came of it --------------------------------------------------------------- */

static void
tell_tail(const struct answer *a)
{
	const char *text = str_text(&a->tail), *from = text + a->tail.len;
	int lines = 0;

	while (from > text && from[-1] == '\n')
		from--;
	while (from > text) {
		if (from[-1] == '\n' && ++lines == TOLD)
			break;
		from--;
	}
	while (*from != '\0') {
		size_t n = strcspn(from, "\n");

		if (n > 0)
			log_detail("%.*s", (int)n, from);
		from += n + (from[n] == '\n');
	}
}

static void
tell_failure(const struct task *t, const struct outcome *out, double due)
{
	json_error_t unused;
	json_t *error CLEANUP(record_cleanup) =
	    record_load(out->error, strlen(out->error), &unused);
	const char *why = record_text(error, "message");
	const char *hint = record_text(error, "hint");
	char left[32];

	if (due >= 0) {
		num_show_duration(left, due);
		log_warning("\"%s\": %s; it is tried again in %s",
		    t->claim.chunk, why, left);
	} else
		log_error("\"%s\": %s; it is given up after %lld %s",
		    t->claim.chunk, why, (long long)t->claim.tries + 1,
		    t->claim.tries == 0 ? "try" : "tries");
	if (hint != NULL && strstr(str_text(&t->answer.tail), hint) == NULL)
		log_hint("%s", hint);
	tell_tail(&t->answer);
}

static void
tell(const struct task *t, const struct outcome *out, double due)
{
	int64_t rows = answer_count(&t->answer, "rows");
	int64_t bytes = answer_count(&t->answer, "bytes");

	if (!out->done) {
		tell_failure(t, out, due);
		return;
	}
	if (out->wrong)
		log_warning("\"%s\": %s", t->claim.chunk, out->answer);
	if (bytes < 0)
		bytes = t->claim.bytes;
	progress_add(1, rows > 0 ? (uint64_t)rows : 0,
	    bytes > 0 ? (uint64_t)bytes : 0);
}

/* The row's last session may be lost as late as now. */
static status
record_outcome(struct task *t, const struct outcome *out, double *due)
{
	struct hand *h = t->hand;
	status s = STATUS_RETRY;

	if (!pg_broken(h->pg))
		s = claim_end(h->gang->options, h->pg, &t->claim, out, due);
	if (s == STATUS_OK || (h->pg != NULL && !pg_broken(h->pg)))
		return s;
	if (regain(t))
		return claim_end(h->gang->options, h->pg, &t->claim, out, due);
	t->lost = true;
	return h->pg == NULL || pg_broken(h->pg) ? STATUS_RETRY : STATUS_OK;
}

static status
conclude(struct task *t)
{
	struct hand *h = t->hand;
	struct outcome out = {.worker = h->gang->worker,
	    .seconds = num_now() - t->begun};
	double due = -1;
	status s;

	if (t->aborted) {
		claim_release(h->pg);
		return STATUS_OK;
	}
	if (!t->lost) {
		answer_judge(&t->answer, t->code, &out);
		s = record_outcome(t, &out, &due);
		if (s != STATUS_OK)
			return s;
	}
	if (t->lost) {
		if (h->pg == NULL || pg_broken(h->pg))
			return STATUS_RETRY;
		log_info("\"%s\" is somebody else's by now", t->claim.chunk);
		return STATUS_OK;
	}
	tell(t, &out, due);
	return STATUS_OK;
}

static status
work_on(struct hand *h, struct task *t)
{
	status s;

	t->hand = h;
	t->shell = (struct shell)SHELL_INIT;
	log_verbose("\"%s\" is begun", t->claim.chunk);
	s = start(t);
	if (s == STATUS_OK) {
		attend(t);
		s = conclude(t);
	} else
		claim_release(h->pg);
	shell_free(&t->shell);
	answer_free(&t->answer);
	str_free(&t->input);
	claim_free(&t->claim);
	return s;
}

/* --- finding work ------------------------------------------------------------------ */

static void
nap(double seconds)
{
	struct pollfd fd = {signal_stop_fd(), POLLIN, 0};
	double ms = seconds * 1000 + 1;

	(void)poll(&fd, 1, ms > LONGEST_NAP ? LONGEST_NAP : (int)ms);
}

/* Nothing could be taken: is there a reason to stay? */
static status
linger(struct hand *h, bool *stay)
{
	const struct queue_options *o = h->gang->options;
	struct rest rest;
	status s = claim_rest(o, h->pg, &rest);

	*stay =
	    s == STATUS_OK && (rest.later > 0 || (o->wait && rest.others > 0));
	if (*stay)
		nap(rest.later > 0 && (rest.due < 2 || !o->wait)
			? rest.due
			: (double)OTHERS_PAUSE / 1000);
	return s;
}

/* How many may be taken in all. */
static bool
may_take(struct gang *g)
{
	uint64_t most = g->options->most;

	return most == 0 || atomic_fetch_add(&g->taken, 1) < most;
}

static void
not_taken(struct gang *g)
{
	if (g->options->most > 0)
		(void)atomic_fetch_sub(&g->taken, 1);
}

/* The next chunk, or *over. */
static status
find(struct hand *h, struct claim *c, bool *over)
{
	struct gang *g = h->gang;
	status s = STATUS_OK;
	bool last = false;

	*over = !may_take(g);
	while (!*over) {
		bool stay = false;

		s = claim_next(g->options, h->pg, 0, c);
		if (s == STATUS_OK && c->id != 0 && signal_stop() == 0)
			return s;
		if (c->id != 0) {
			claim_release(h->pg);
			claim_free(c);
			*over = true;
			break;
		}
		if (s == STATUS_OK)
			s = linger(h, &stay);
		/* What became due between the two looks is not left. */
		*over = s != STATUS_OK || (!stay && last) || signal_stop() != 0;
		last = !stay;
	}
	not_taken(g);
	return s;
}

static void
note(struct gang *g, status s)
{
	int before = atomic_load(&g->worst);

	while (!atomic_compare_exchange_weak(&g->worst, &before,
	    (int)status_worse((status)before, s)))
		;
}

/* A session that was lost between two chunks is no loss. */
static status
step(struct hand *h, bool *over)
{
	struct task t = {.lost = false};
	status s = STATUS_OK;

	if (h->pg == NULL || pg_broken(h->pg))
		s = connect_hand(h, RECONNECT);
	if (s != STATUS_OK)
		return s;
	s = find(h, &t.claim, over);
	if (s != STATUS_OK && pg_broken(h->pg)) {
		*over = false;
		return STATUS_OK;
	}
	return s == STATUS_OK && !*over ? work_on(h, &t) : s;
}

void *
hand_run(void *arg)
{
	struct hand *h = arg;
	bool over = false;
	status s = STATUS_OK;

	/* The first has a session; a server without room for more of them
	 * still serves those who have one. */
	if (h->pg == NULL && connect_hand(h, 0) != STATUS_OK) {
		log_warning("going on with fewer jobs");
		return NULL;
	}
	while (s == STATUS_OK && !over && signal_stop() == 0)
		s = step(h, &over);
	if (s != STATUS_OK)
		note(h->gang, s);
	return NULL;
}
