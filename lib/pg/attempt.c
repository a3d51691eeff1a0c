/* SPDX-License-Identifier: PostgreSQL */
/*
 * One attempt to connect, watched for stop signals, and what its failure
 * means.
 *
 * libpq does not tell the SQLSTATE of a refused connection, and its messages
 * are translated.  But in verbose form, whatever the language, a server's
 * message begins "SEVERITY:  SQLSTATE: ".  A failure without one happened
 * before a server spoke: then it counts whether the host names resolve, and
 * whether the attempt came beyond the bare connect.
 */
#include "pg/attempt.h"
#include "pg/private.h"

#include <ctype.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"

#define HOST_PATIENCE 10.0 /* seconds for one of several hosts */
#define MAX_PARAMS 14

static bool
is_uri(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 ||
	    strncmp(text, "postgres://", 11) == 0;
}

/* '@' or '/' in a password must be written %40 or %2F, or libpq takes the
 * rest for a host or a database and shows it in messages. */
static bool
spills(const PQconninfoOption *options)
{
	for (; options->keyword != NULL; options++) {
		if (options->val != NULL && *options->val != '\0' &&
		    (strcmp(options->keyword, "host") == 0 ||
			strcmp(options->keyword, "dbname") == 0) &&
		    strchr(options->val + 1, '@') != NULL) {
			return true;
		}
	}
	return false;
}

status
attempt_check(const struct pg_params *params)
{
	const char *text = params->database;
	const char *role = params->role == NULL ? "server" : params->role;
	PQconninfoOption *options;
	bool spilled;

	if (text == NULL ||
	    (strchr(text, '=') == NULL && !is_uri(text) &&
		strstr(text, "://") == NULL)) {
		return STATUS_OK; /* a database's name */
	}
	options = PQconninfoParse(text, NULL);
	if (options == NULL ||
	    (!is_uri(text) && strstr(text, "://") != NULL &&
		strchr(text, '=') == NULL)) {
		PQconninfoFree(options);
		log_error("cannot read the connection string of the %s", role);
		log_hint("it is not shown, since it may hold a password; "
			 "write \"host=h dbname=d user=u\" or "
			 "\"postgresql://u@h/d\"");
		return STATUS_USAGE;
	}
	spilled = is_uri(text) && spills(options);
	PQconninfoFree(options);
	if (spilled) {
		log_error("cannot read the connection URI of the %s: "
			  "\"@\" in its host or database",
		    role);
		log_hint("in a password write \"@\" as %%40, \"/\" as %%2F");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/*
 * The first entries lose to the user's connection string, as psql's -h, -p
 * and -U do; what follows dbname wins over it.
 */
static PGconn *
start(const struct pg_params *params, const struct attempt *a)
{
	/* A walsender has no database; .pgpass calls it "replication". */
	const char *sender = params->replication ? "replication" : NULL;
	const char *other = params->replication ? sender : params->other;
	/* Only the first dbname there is may be a connection string. */
	const char *database =
	    params->database == NULL && other != NULL ? "" : params->database;
	const char *const keywords[MAX_PARAMS] = {"host", "port", "user",
	    "fallback_application_name", "dbname", "client_encoding", "host",
	    "hostaddr", "port", "options", "dbname", sender, NULL};
	const char *const values[MAX_PARAMS] = {params->host, params->port,
	    params->user, log_program(), database, "UTF8", a->host, a->hostaddr,
	    a->port, a->options, other, "true", NULL};

	return PQconnectStartParams(keywords, values, 1);
}

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	while (options->keyword != NULL &&
	    strcmp(options->keyword, keyword) != 0) {
		options++;
	}
	return options->val; /* NULL in the last, empty one */
}

/* The list with its first member moved to the end; NULL when there is no
 * other one. */
static char *
rotated(const char *list)
{
	const char *comma = list == NULL ? NULL : strchr(list, ',');

	if (comma == NULL) {
		return NULL;
	}
	return mem_printf("%s,%.*s", comma + 1, (int)(comma - list), list);
}

static void
replace(char **into, char *value)
{
	free(*into);
	*into = value;
}

/* The next attempt begins at another host, if there are several. */
static void
begin_elsewhere(PGconn *conn, struct attempt *a)
{
	PQconninfoOption *options = PQconninfo(conn);

	if (options != NULL) {
		replace(&a->host, rotated(option_value(options, "host")));
		replace(&a->hostaddr,
		    rotated(option_value(options, "hostaddr")));
		replace(&a->port, rotated(option_value(options, "port")));
	}
	PQconninfoFree(options);
}

void
attempt_beside(struct attempt *a, const struct pg *other)
{
	PQconninfoOption *options = PQconninfo(other->conn);
	const char *hostaddr =
	    options == NULL ? NULL : option_value(options, "hostaddr");

	replace(&a->host, mem_strdup(PQhost(other->conn)));
	replace(&a->port, mem_strdup(PQport(other->conn)));
	if (hostaddr != NULL && *hostaddr != '\0') {
		replace(&a->hostaddr, mem_strdup(PQhostaddr(other->conn)));
	}
	/* It may have to wait for what the other one does. */
	if (PQserverVersion(other->conn) >= 140000) {
		const char *given =
		    options == NULL ? NULL : option_value(options, "options");

		replace(&a->options,
		    mem_printf("%s -c idle_session_timeout=0",
			given == NULL ? "" : given));
	}
	PQconninfoFree(options);
}

void
attempt_free(struct attempt *a)
{
	free(a->host);
	free(a->hostaddr);
	free(a->port);
	free(a->options);
}

/* The user's connect_timeout is for each attempt; several hosts get one
 * even without, or the first that is silent would use up all the time. */
static double
end_of_attempt(PGconn *conn, const struct attempt *a)
{
	PQconninfoOption *options = PQconninfo(conn);
	double end = a->give_up;

	if (options != NULL) {
		const char *given = option_value(options, "connect_timeout");
		const char *host = option_value(options, "host");
		uint64_t seconds = 0;
		double limit = 0;

		if (given != NULL && num_u64(given, 1, 86400, &seconds)) {
			limit = (double)seconds;
		} else if (host != NULL && strchr(host, ',') != NULL) {
			limit = HOST_PATIENCE;
		}
		if (limit > 0 && num_now() + limit < end) {
			end = num_now() + limit;
		}
	}
	PQconninfoFree(options);
	return end;
}

/* Has a connection come so far that the other side was reached? */
static bool
speaks(ConnStatusType state)
{
	return state != CONNECTION_NEEDED && state != CONNECTION_STARTED &&
	    state != CONNECTION_BAD;
}

enum outcome { CONNECTED, REFUSED, TIMED_OUT, STOPPED };

/* Run libpq's connecting; *beyond: a server was reached. */
static enum outcome
run_attempt(PGconn *conn, double end, bool *beyond)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (PQstatus(conn) != CONNECTION_BAD) {
		struct pollfd fds[2] = {{PQsocket(conn), POLLIN, 0},
		    {signal_stop_fd(), POLLIN, 0}};
		double left = end - num_now();

		if (next == PGRES_POLLING_WRITING) {
			fds[0].events = POLLOUT;
		}
		if (left <= 0) {
			return TIMED_OUT;
		}
		(void)poll(fds, 2, (int)(left * 1000) + 1);
		if (fds[1].revents != 0) {
			return STOPPED;
		}
		if (fds[0].revents == 0) {
			continue;
		}
		next = PQconnectPoll(conn);
		*beyond |= speaks(PQstatus(conn));
		if (next == PGRES_POLLING_OK) {
			return CONNECTED;
		}
		if (next == PGRES_POLLING_FAILED) {
			break;
		}
	}
	return REFUSED;
}

/* Where ":  XXXXX: " is in text: the severity's end in a verbose message.
 * Points at the SQLSTATE, or NULL. */
static const char *
find_sqlstate(const char *text)
{
	const char *p = text;

	while ((p = strstr(p, ":  ")) != NULL) {
		size_t n = 0;

		p += 3;
		while (n < 5 &&
		    (isdigit((unsigned char)p[n]) ||
			(p[n] >= 'A' && p[n] <= 'Z'))) {
			n++;
		}
		if (n == 5 && p[5] == ':' && p[6] == ' ') {
			return p;
		}
	}
	return NULL;
}

/*
 * Is a line the source position that ends a verbose message, "LOCATION:
 * auth_failed, auth.c:335" in whatever language?
 */
static bool
is_location(const char *line, size_t n)
{
	while (n > 0 && isdigit((unsigned char)line[n - 1])) {
		n--;
	}
	return n > 3 && memcmp(line + n - 3, ".c:", 3) == 0;
}

/* libpq's message without SQLSTATEs and source positions; every line that
 * explains is a hint. */
static void
keep_message(struct pg *pg, const char *text)
{
	struct str message = STR_INIT;
	const char *sqlstate;

	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (!is_location(text, n)) {
			sqlstate = find_sqlstate(text);
			if (sqlstate != NULL && sqlstate < text + n) {
				size_t head = (size_t)(sqlstate - text);

				str_addn(&message, text, head - 1);
				text += head + 7;
				n -= head + 7;
			}
			str_addn(&message, text, n);
			str_addc(&message, '\n');
		}
		text += n;
		text += *text == '\n';
	}
	pg_error_field(pg, PG_ERROR_MESSAGE, str_text(&message));
	str_free(&message);
}

/*
 * Does every host that was given by name have an address?  STATUS_FAIL: one
 * has none, and no other one has; STATUS_RETRY: the look-up itself failed.
 */
static status
resolve_hosts(PGconn *conn)
{
	PQconninfoOption *options = PQconninfo(conn);
	const char *list = NULL;
	status s = STATUS_OK;

	if (options != NULL && option_value(options, "hostaddr") == NULL) {
		list = option_value(options, "host");
	}
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ",");
		char *host CLEANUP_FREE = mem_strndup(list, n);
		struct addrinfo *found = NULL;
		int rc = *host == '/' || *host == '@' || *host == '\0'
		    ? 0
		    : getaddrinfo(host, NULL, NULL, &found);

		if (found != NULL) {
			freeaddrinfo(found);
		}
		if (rc == 0) {
			s = STATUS_OK;
			break;
		}
		if (s != STATUS_RETRY) {
			s = rc == EAI_AGAIN || rc == EAI_SYSTEM ||
				rc == EAI_MEMORY
			    ? STATUS_RETRY
			    : STATUS_FAIL;
		}
		list += n + (list[n] == ',');
	}
	PQconninfoFree(options);
	return s;
}

/* These libpq judges one by one as it comes to them. */
static bool
ports_are_numbers(PGconn *conn)
{
	PQconninfoOption *options = PQconninfo(conn);
	const char *ports = NULL;
	bool good;

	if (options != NULL) {
		ports = option_value(options, "port");
	}
	good = ports == NULL || ports[strspn(ports, "0123456789, ")] == '\0';
	PQconninfoFree(options);
	return good;
}

/* Does libpq itself refuse the parameters?  It answers that only in passing. */
static bool
params_refused(PGconn *conn, const struct pg_params *params, struct attempt *a)
{
	const char *const keywords[] = {"host", "port", "user", "dbname",
	    "connect_timeout", NULL};
	const char *const values[] = {params->host, params->port, params->user,
	    params->database, "2", NULL};

	if (!a->params_ok) {
		a->params_ok = ports_are_numbers(conn) &&
		    PQpingParams(keywords, values, 1) != PQPING_NO_ATTEMPT;
	}
	return !a->params_ok;
}

/* A server has spoken: its SQLSTATEs, one a host, decide. */
static status
judge_states(struct pg *pg, const char *text)
{
	const char *state = text;
	status s = STATUS_FAIL;

	while ((state = find_sqlstate(state)) != NULL) {
		status one = pg_error_state(pg, state);

		if (one == STATUS_RETRY) {
			s = one;
		}
		state += 5;
	}
	pg->error.class = s;
	return s;
}

static status
judge_refusal(struct pg *pg, const struct pg_params *params, bool beyond,
    struct attempt *a)
{
	const char *text = PQerrorMessage(pg->conn);
	status s;

	keep_message(pg, text);
	if (find_sqlstate(text) != NULL) {
		return judge_states(pg, text);
	}
	if (PQconnectionNeedsPassword(pg->conn)) {
		return STATUS_FAIL;
	}
	if (beyond) {
		a->unclear = true;
		return STATUS_RETRY;
	}
	s = resolve_hosts(pg->conn);
	if (s != STATUS_OK) {
		return s;
	}
	return params_refused(pg->conn, params, a) ? STATUS_USAGE
						   : STATUS_RETRY;
}

status
attempt_connect(struct pg *pg, const struct pg_params *params,
    struct attempt *a)
{
	bool beyond = false;
	enum outcome outcome;

	pg_error_clear(pg);
	a->unclear = false;
	pg->conn = start(params, a);
	if (pg->conn == NULL) {
		return pg_error_own(pg, STATUS_FAIL, "out of memory");
	}
	(void)PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	outcome = run_attempt(pg->conn, end_of_attempt(pg->conn, a), &beyond);
	switch (outcome) {
	case CONNECTED:
		return STATUS_OK;
	case TIMED_OUT:
		begin_elsewhere(pg->conn, a);
		return pg_error_own(pg, STATUS_RETRY, "no answer in time");
	case STOPPED:
		return pg_error_own(pg, STATUS_RETRY, "interrupted");
	default:
		return judge_refusal(pg, params, beyond, a);
	}
}
