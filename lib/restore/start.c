/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stopping what was there, starting what was made, and telling whether it came
 * up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/signal.h"
#include "data/record.h"
#include "restore/inside.h"
#include "restore/running.h"
#include "run/child.h"
#include "run/command.h"

#define LOG_FILE "pg-restore-local.log"
#define LOG_LINES 12
#define GRACE 10.0 /* seconds for a postmaster.pid to appear */
#define STOP_WAIT 120.0
#define WAIT_LONG 1000000 /* seconds: recovery may take days */

static void
pause_a_little(void)
{
	struct timespec ts = {.tv_nsec = 100000000};

	(void)nanosleep(&ts, NULL);
}

static struct command
as_owner(const struct restore *r)
{
	struct command c = {.as_user = geteuid() == 0,
	    .uid = r->uid,
	    .gid = r->gid,
	    .directory = "/"};

	return c;
}

/* --- stopping ----------------------------------------------------------------------- */

static status
service(const char *what, const char *line)
{
	struct command c = {.argv = NULL};
	int code;
	status s = command_shell(&c, line, &code);

	if (s != STATUS_OK || code == 0)
		return s;
	log_error("could not %s the server: \"%s\" exits %d", what, line, code);
	return STATUS_FAIL;
}

static status
wait_until_gone(const struct restore *r)
{
	double until = num_now() + STOP_WAIT;

	while (running_pid(r->data.final) != 0) {
		if (num_now() > until || signal_stop() != 0) {
			log_error("the server in \"%s\" still runs",
			    r->data.final);
			return STATUS_RETRY;
		}
		pause_a_little();
	}
	return STATUS_OK;
}

status
restore_stop_old(struct restore *r)
{
	long pid = running_pid(r->data.final);
	status s;

	if (pid == 0)
		return STATUS_OK;
	if (r->o->stop_service == NULL) {
		log_error("a server runs in \"%s\" (process %ld)",
		    r->data.final, pid);
		return STATUS_FAIL;
	}
	log_info("stopping the server: %s", r->o->stop_service);
	s = service("stop", r->o->stop_service);
	return s == STATUS_OK ? wait_until_gone(r) : s;
}

/* --- what it says of itself ------------------------------------------------------------ */

static const char question[] =
    "select pg_catalog.concat_ws(' ',"
    " pg_catalog.pg_is_in_recovery(),"
    " case when pg_catalog.pg_is_in_recovery()"
    "  then pg_catalog.pg_is_wal_replay_paused() else false end,"
    " coalesce(pg_catalog.pg_last_wal_replay_lsn()::pg_catalog.text, '-'),"
    " coalesce(pg_catalog.to_char(pg_catalog.timezone('UTC',"
    "  pg_catalog.pg_last_xact_replay_timestamp()),"
    "  'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '-'),"
    " (select timeline_id from pg_catalog.pg_control_checkpoint()))";

/* "f f 0/5000148 2025-07-04T17:00:00.123456Z 2"; NULL when it does not let us
 * in, which is no failure: pg_hba.conf is the user's. */
static char *
ask_server(const struct restore *r, const struct postmaster *p)
{
	char *psql CLEANUP_FREE = restore_program(r, "psql");
	struct str out CLEANUP(str_free) = STR_INIT;
	struct str err CLEANUP(str_free) = STR_INIT;
	struct command c = as_owner(r);
	const char *host = p->lines[LINE_SOCKET];
	int code;

	if (psql == NULL)
		psql = child_find("psql");
	if (psql == NULL || host == NULL || p->lines[LINE_PORT] == NULL)
		return NULL;
	if (*host == '\0')
		host = "127.0.0.1";
	for (int i = 0; i < 2; i++) {
		const char *const argv[] = {psql, "-XAtqw", "-h", host, "-p",
		    p->lines[LINE_PORT], "-d", "postgres", "-c", question,
		    i == 0 ? "-U" : NULL, "postgres", NULL};

		c.argv = argv;
		c.out = &out;
		c.err = &err;
		str_clear(&out);
		if (command_run(&c, &code) == STATUS_OK && code == 0 &&
		    out.len > 0) {
			out.data[strcspn(out.data, "\n")] = '\0';
			return str_take(&out);
		}
	}
	return NULL;
}

/* --- waiting --------------------------------------------------------------------------- */

enum outcome { WAITING, CAME_UP, ENDED, GONE };

static bool
paused(const char *answer)
{
	return answer != NULL && strncmp(answer, "t t ", 4) == 0;
}

/* --target-action shutdown: it came to its target, and is down. */
static bool
ended_as_told(const struct restore *r)
{
	return r->recovers && r->o->target != TARGET_NONE &&
	    r->o->action == ACTION_SHUTDOWN &&
	    running_pid(r->data.final) == 0 &&
	    running_control(r->data.final).state == STATE_SHUT_IN_RECOVERY;
}

/*
 * Whether it has come to where it was to go.  "ready" is said as soon as
 * readers are let in, when recovery may still go on for days, and may fail.
 */
static bool
arrived(struct restore *r, const struct postmaster *p, char **answer)
{
	bool there, pauses = r->o->action == ACTION_PAUSE;
	bool ready = running_says(p, "ready");

	if (!ready && !running_says(p, "standby"))
		return false;
	if (r->o->standby || !r->recovers)
		there = r->o->standby || ready;
	else
		there = pauses ||
		    running_control(r->data.final).state == STATE_IN_PRODUCTION;
	if (!there)
		return false;
	*answer = ask_server(r, p);
	if (*answer == NULL || r->o->standby || **answer == 'f' ||
	    (pauses && paused(*answer)))
		return true;
	free(*answer);
	*answer = NULL;
	return false;
}

static enum outcome
look(struct restore *r, bool seen, char **answer)
{
	struct postmaster p = {.text = ""};
	bool there = running_read(r->data.final, &p);

	if (!there || running_pid(r->data.final) == 0) {
		/* With a service, its process may be out of our sight. */
		if (there && r->o->start_service != NULL)
			;
		else if (!seen)
			return WAITING;
		else if (ended_as_told(r))
			return ENDED;
		else
			return GONE;
	}
	return arrived(r, &p, answer) ? CAME_UP : WAITING;
}

static enum outcome
wait_for_it(struct restore *r, char **answer)
{
	double began = num_now(), told = began;
	/* pg_ctl has seen it; a service takes its time. */
	bool seen = r->o->start_service == NULL;
	struct postmaster p = {.text = ""};
	enum outcome got;

	for (;;) {
		seen = seen || running_read(r->data.final, &p) ||
		    num_now() - began > GRACE;
		got = look(r, seen, answer);
		if (got != WAITING)
			return got;
		if (signal_stop() != 0 ||
		    (r->o->timeout > 0 &&
			num_now() - began > (double)r->o->timeout / 1000))
			return WAITING;
		if (num_now() - told > 10) {
			log_info("waiting for the server");
			told = num_now();
		}
		pause_a_little();
	}
}

/* --- starting --------------------------------------------------------------------------- */

static uint64_t
wait_seconds(const struct restore *r)
{
	return r->o->timeout > 0 ? (r->o->timeout + 999) / 1000 : WAIT_LONG;
}

static status
run_pg_ctl(struct restore *r, const char *verb, const char *mode)
{
	char *pg_ctl CLEANUP_FREE = restore_program(r, "pg_ctl");
	char *log CLEANUP_FREE = mem_printf("%s/%s", r->data.final, LOG_FILE);
	char *seconds CLEANUP_FREE =
	    mem_printf("%llu", (unsigned long long)wait_seconds(r));
	struct str said CLEANUP(str_free) = STR_INIT;
	struct command c = as_owner(r);
	/* It knows at once when its server ends, and waits for recovery. */
	const char *const start[] = {pg_ctl, "start", "-s", "-w", "-t", seconds,
	    "-D", r->data.final, "-l", log, NULL};
	const char *const stop[] = {pg_ctl, "stop", "-s", "-w", "-D",
	    r->data.final, "-m", mode, NULL};
	int code;
	status s;

	if (pg_ctl == NULL) {
		log_error("there is no pg_ctl of PostgreSQL %d here",
		    r->server.major);
		log_hint("--bindir says where it is, or --start-service how "
			 "to start it");
		return STATUS_FAIL;
	}
	c.argv = mode == NULL ? start : stop;
	c.out = c.err = &said;
	s = command_run(&c, &code);
	if (s == STATUS_OK && code != 0 && ended_as_told(r)) {
		s = STATUS_FAIL;
	} else if (s == STATUS_OK && code != 0) {
		log_error("pg_ctl %s failed", verb);
		if (said.len > 0)
			log_detail("%s", said.data);
		s = STATUS_FAIL;
	}
	return s;
}

static void
show_log(const struct restore *r)
{
	char *log CLEANUP_FREE = mem_printf("%s/%s", r->data.final, LOG_FILE);
	struct str text CLEANUP(str_free) = STR_INIT;
	struct stat st;
	size_t lines = 0, at;

	if (r->o->start_service != NULL || lstat(log, &st) != 0 ||
	    !S_ISREG(st.st_mode) ||
	    path_read(log, (size_t)16 << 20, &text) != STATUS_OK)
		return;
	for (at = text.len; at > 0; at--)
		if (text.data[at - 1] == '\n' && lines++ == LOG_LINES)
			break;
	while (at < text.len) {
		size_t n = strcspn(text.data + at, "\n");

		log_detail("server: %.*s", (int)n, text.data + at);
		at += n + 1;
	}
}

/*
 * A start that failed in recovery has renamed backup_label already; without
 * it the next one would run without its end, or not at all.  The label goes
 * back as long as the server has never been in production.
 */
static void
put_label_back(struct restore *r)
{
	int state = running_control(r->data.final).state;

	if (state < 0 || state == STATE_IN_PRODUCTION ||
	    state == STATE_SHUT_DOWN)
		return;
	if (faccessat(r->data.fd, "backup_label", F_OK, 0) == 0)
		return;
	if (renameat(r->data.fd, "backup_label.old", r->data.fd,
		"backup_label") == 0)
		log_info("put backup_label back, which the failed start had "
			 "renamed");
}

/* It did not come up: what there was before comes back. */
static status
give_up(struct restore *r, enum outcome got)
{
	bool had = r->data.old != NULL;
	status s = STATUS_OK;

	if (got == WAITING)
		log_error("the server did not come up in time");
	else
		log_error("the server did not come up: it has ended");
	show_log(r);
	if (running_pid(r->data.final) != 0)
		s = r->o->stop_service != NULL
		    ? service("stop", r->o->stop_service)
		    : run_pg_ctl(r, "stop", "immediate");
	if (s == STATUS_OK)
		s = wait_until_gone(r);
	if (s != STATUS_OK)
		return s;
	put_label_back(r);
	s = restore_roll_back(r);
	if (s == STATUS_OK && had && r->was_running &&
	    r->o->start_service != NULL) {
		log_info("starting what there was before: %s",
		    r->o->start_service);
		s = service("start", r->o->start_service);
	}
	return s == STATUS_OK ? STATUS_FAIL : s;
}

status
restore_start(struct restore *r)
{
	enum outcome got;
	status s;

	if (!r->o->start && r->o->start_service == NULL)
		return STATUS_OK;
	s = r->o->start_service != NULL ? service("start", r->o->start_service)
					: run_pg_ctl(r, "start", NULL);
	if (s != STATUS_OK && !ended_as_told(r))
		return give_up(r, GONE);
	got = s != STATUS_OK ? ENDED : wait_for_it(r, &r->reached);
	if (got != CAME_UP && got != ENDED)
		return give_up(r, got);
	r->running = got == CAME_UP;
	return STATUS_OK;
}
