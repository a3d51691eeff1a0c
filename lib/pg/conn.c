/* SPDX-License-Identifier: PostgreSQL */
/*
 * Opening and closing a connection: one attempt is made by attempt.c, this
 * file decides whether to make another one and pins the session.
 *
 * Whether a fault may pass is told without looking at words, which depend on
 * the locale: by the SQLSTATE when a server answered, by a name look-up of
 * our own when it did not, and by how far the attempt came.  What remains
 * unclear (TLS trouble, a server that hangs up, a wrong kind of server) is
 * tried again for a few seconds only.
 */
#include "pg/attempt.h"
#include "pg/private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"

#define DEFAULT_PATIENCE 10.0
#define UNCLEAR_PATIENCE 3.0 /* seconds for what may well be lasting */
#define FIRST_PAUSE 0.1
#define LAST_TRY 0.5 /* seconds that the try at the very end has at least */
#define LONGEST_PAUSE 5.0

/*
 * One batch sets everything that output, locks and durability depend on.
 * statement_timeout comes first, in case that it is very short.
 */
static void
add_settings(struct sql *sql, int version, uint64_t lock_timeout)
{
	sql_add(sql, "set statement_timeout = 0;");
	sql_add(sql, "set lock_timeout = ");
	sql_int(sql,
	    lock_timeout > INT32_MAX ? INT32_MAX : (int64_t)lock_timeout);
	sql_add(sql, ";");
	if (version >= 170000) {
		sql_add(sql, "set transaction_timeout = 0;");
	}
	if (version >= 140000) {
		sql_add(sql, "set idle_session_timeout = 0;");
	}
	sql_add(sql, "set idle_in_transaction_session_timeout = 0;");
	sql_add(sql, "set search_path = '';");
	sql_add(sql, "set client_encoding = 'UTF8';");
	sql_add(sql, "set client_min_messages = notice;");
	sql_add(sql, "set DateStyle = 'ISO, YMD';");
	sql_add(sql, "set IntervalStyle = 'postgres';");
	sql_add(sql, "set TimeZone = 'UTC';");
	sql_add(sql, "set extra_float_digits = 3;");
	sql_add(sql, "set bytea_output = 'hex';");
	sql_add(sql, "set xmloption = 'content';");
	sql_add(sql, "set lc_monetary = 'C';");
	sql_add(sql, "set quote_all_identifiers = off;");
	sql_add(sql, "set standard_conforming_strings = on;");
	sql_add(sql, "set array_nulls = on;");
	sql_add(sql, "set transform_null_equals = off;");
	sql_add(sql, "set row_security = off;");
	sql_add(sql, "set synchronous_commit = on;");
	sql_add(sql, "set default_transaction_isolation = 'read committed';");
	sql_add(sql, "set default_transaction_read_only = off;");
	sql_add(sql, "set default_transaction_deferrable = off");
}

/* Several statements, so the simple protocol, for once. */
static status
pin_session(struct pg *pg, uint64_t lock_timeout)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	PGresult *res;
	status s = STATUS_OK;

	add_settings(&sql, pg_version(pg), lock_timeout);
	if (!PQsendQuery(pg->conn, str_text(&sql.text))) {
		return pg_error_lost(pg, NULL);
	}
	while ((res = pg_next_result(pg)) != NULL) {
		if (s == STATUS_OK && PQresultStatus(res) != PGRES_COMMAND_OK) {
			s = pg_error_result(pg, res);
		}
		PQclear(res);
	}
	return s == STATUS_OK && pg->lost ? STATUS_RETRY : s;
}

static const char *
setting(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++) {
		if (strcmp(options->keyword, keyword) == 0) {
			return options->val == NULL ? "" : options->val;
		}
	}
	return "";
}

static void
set_option(int sock, const PQconninfoOption *options, const char *keyword,
    int name, int value)
{
	if (*setting(options, keyword) == '\0') {
		/* A system that refuses keeps its own times. */
		(void)setsockopt(sock, IPPROTO_TCP, name, &value,
		    sizeof(value));
	}
}

/*
 * Keepalives of 60/10/6 where the user has not said otherwise, wherever he
 * could have said it (service files included): which is known only now.
 */
static void
set_keepalives(struct pg *pg)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int sock = PQsocket(pg->conn);
	PQconninfoOption *options;

	if (getsockname(sock, (struct sockaddr *)&address, &size) != 0 ||
	    address.ss_family == AF_UNIX) {
		return;
	}
	options = PQconninfo(pg->conn);
	if (options == NULL) {
		return;
	}
	if (strcmp(setting(options, "keepalives"), "0") != 0) {
#ifdef TCP_KEEPIDLE
		set_option(sock, options, "keepalives_idle", TCP_KEEPIDLE, 60);
#endif
		set_option(sock, options, "keepalives_interval", TCP_KEEPINTVL,
		    10);
		set_option(sock, options, "keepalives_count", TCP_KEEPCNT, 6);
	}
	PQconninfoFree(options);
}

static void
take_notice(void *arg, const PGresult *res)
{
	const char *severity =
	    PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	pg_take_notice(arg, severity,
	    message != NULL ? message : PQresultErrorMessage(res));
}

/* Everything that a fresh connection needs before others use it. */
static status
set_up(struct pg *pg, const struct pg_params *params)
{
	(void)PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
	(void)PQsetNoticeReceiver(pg->conn, take_notice, pg);
	if (PQsetnonblocking(pg->conn, 1) != 0) {
		return pg_error_lost(pg, NULL);
	}
	set_keepalives(pg);
	if (pg_version(pg) < 130000) {
		return pg_error_own(pg, STATUS_FAIL,
		    "the server is older than PostgreSQL 13");
	}
	pg->where = mem_printf("host=%s port=%s dbname=%s", PQhost(pg->conn),
	    PQport(pg->conn), PQdb(pg->conn));
	/* A walsender knows no SET, and shows no data that it would change. */
	if (params->replication) {
		return STATUS_OK;
	}
	return pin_session(pg, params->lock_timeout);
}

/* Sleep unless a stop is asked for. */
static void
pause_for(double seconds)
{
	struct pollfd fd = {signal_stop_fd(), POLLIN, 0};

	(void)poll(&fd, 1, (int)(seconds * 1000));
}

/* The pause before try n (from 0): doubling, and up to half of it random, so
 * that many waiting processes do not knock at once. */
static double
pause_before(unsigned n)
{
	double pause = FIRST_PAUSE;
	struct timespec now;

	while (n-- > 0 && pause < LONGEST_PAUSE) {
		pause *= 2;
	}
	if (pause > LONGEST_PAUSE) {
		pause = LONGEST_PAUSE;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return pause * (0.5 + (double)(now.tv_nsec % 1000) / 2000);
}

static void
say_waiting(const struct pg *pg, unsigned tries)
{
	if (tries == 0) {
		log_info("waiting for the %s: %s", pg->role, pg->error.message);
	} else {
		log_verbose("still waiting for the %s: %s", pg->role,
		    pg->error.message);
	}
}

/* One try, whole. */
static status
try_once(struct pg *pg, const struct pg_params *params, struct attempt *a)
{
	status s = attempt_connect(pg, params, a);

	if (s == STATUS_OK) {
		s = set_up(pg, params);
		a->unclear = false;
		/* A cancelled batch met a very short statement_timeout. */
		if (strcmp(pg->error.sqlstate, "57014") == 0) {
			s = STATUS_RETRY;
		}
	}
	if (s != STATUS_OK) {
		PQfinish(pg->conn);
		pg->conn = NULL;
		pg->lost = false;
		free(pg->where);
		pg->where = NULL;
	}
	return s;
}

/* Try until it works, cannot work, or has taken long enough. */
static status
keep_trying(struct pg *pg, const struct pg_params *params, struct attempt *a)
{
	double start = num_now();
	double patience = params->connect_timeout == 0
	    ? DEFAULT_PATIENCE
	    : (double)params->connect_timeout / 1000;
	unsigned tries;

	for (tries = 0;; tries++) {
		double left, pause = pause_before(tries);
		double last = num_now() + LAST_TRY;
		status s;

		/* What has refused it so far is to have time to say so. */
		a->give_up = start + patience;
		if (a->give_up < last) {
			a->give_up = last;
		}
		s = try_once(pg, params, a);
		if (s != STATUS_RETRY || signal_stop() != 0 || params->spare) {
			return s;
		}
		left = start + patience - num_now();
		if (a->unclear && patience > UNCLEAR_PATIENCE) {
			left -= patience - UNCLEAR_PATIENCE;
		}
		if (left < FIRST_PAUSE / 2) {
			return s;
		}
		if (pause > left) {
			pause = left; /* and once more at the very end */
		}
		say_waiting(pg, tries);
		pause_for(pause);
		if (signal_stop() != 0) {
			return s;
		}
	}
}

static void
say_refused(const struct pg *pg)
{
	log_error("could not connect to the %s: %s", pg->role,
	    pg->error.message);
	if (pg->error.detail != NULL) {
		log_detail("%s", pg->error.detail);
	}
	if (pg->error.hint != NULL) {
		log_hint("%s", pg->error.hint);
	}
}

status
pg_connect(const struct pg_params *params, struct pg **out)
{
	struct attempt a = {0};
	struct pg *pg;
	status s = attempt_check(params);

	*out = NULL;
	if (s != STATUS_OK) {
		return s;
	}
	pg = mem_zalloc(sizeof(*pg));
	pg->role = params->role == NULL ? "server" : params->role;
	pg_error_clear(pg);
	if (params->beside != NULL) {
		attempt_beside(&a, params->beside);
	}
	s = keep_trying(pg, params, &a);
	attempt_free(&a);
	if (s != STATUS_OK) {
		if (params->spare) {
			log_verbose("no spare connection to the %s: %s",
			    pg->role, pg->error.message);
		} else {
			say_refused(pg);
		}
		pg_close(pg);
		return s;
	}
	log_verbose("connected to the %s: %s", pg->role, pg->where);
	*out = pg;
	return STATUS_OK;
}

void
pg_close(struct pg *pg)
{
	if (pg == NULL) {
		return;
	}
	PQfinish(pg->conn);
	pg_error_clear(pg);
	free(pg->where);
	free(pg->copy_doing);
	str_free(&pg->copy_held);
	free(pg->system);
	pg_timescale_forget(pg);
	free(pg);
}

void
pg_cleanup(struct pg **pg)
{
	pg_close(*pg);
	*pg = NULL;
}

int
pg_version(const struct pg *pg)
{
	return PQserverVersion(pg->conn);
}

const char *
pg_database(const struct pg *pg)
{
	return PQdb(pg->conn);
}

const char *
pg_user(const struct pg *pg)
{
	return PQuser(pg->conn);
}

const char *
pg_where(const struct pg *pg)
{
	return pg->where;
}

bool
pg_broken(const struct pg *pg)
{
	return pg->lost || PQstatus(pg->conn) == CONNECTION_BAD;
}

int
pg_socket(const struct pg *pg)
{
	return pg_broken(pg) ? -1 : PQsocket(pg->conn);
}

/* What a server says by itself (a notice, its last words) is taken in. */
bool
pg_alive(struct pg *pg)
{
	if (pg_broken(pg)) {
		return false;
	}
	if (!PQconsumeInput(pg->conn)) {
		(void)pg_error_lost(pg, NULL);
		return false;
	}
	(void)PQisBusy(pg->conn);
	return !pg_broken(pg);
}
