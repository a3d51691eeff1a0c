/* SPDX-License-Identifier: PostgreSQL */
/*
 * Waiting for a server without becoming deaf: libpq's connection is in
 * non-blocking mode, and every wait also watches for the second signal,
 * which cancels the running statement and gives the server a short while to
 * say so.  Where the caller says that nothing would be lost, the first signal
 * does, too.
 */
#include "pg/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/signal.h"

#define CANCEL_PATIENCE 5.0 /* seconds between cancel and giving up */
#define STOP_PATIENCE 0.5   /* for a statement that is no wait for a lock */
#define REACH_PATIENCE 2000 /* ms for a connection to be made */

static bool
connects(int fd, const struct sockaddr *address, socklen_t size)
{
	struct pollfd wait = {fd, POLLOUT, 0};
	socklen_t length = sizeof(int);
	int error = 0;

	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		return false;
	}
	if (connect(fd, address, size) == 0) {
		return true;
	}
	return errno == EINPROGRESS && poll(&wait, 1, REACH_PATIENCE) == 1 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 &&
	    error == 0;
}

/*
 * PQcancel makes a connection and has no patience of its own: with a host
 * that is gone it would wait for minutes.
 */
static bool
is_reachable(const struct pg *pg)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	bool answer;
	int fd;

	if (getpeername(PQsocket(pg->conn), (struct sockaddr *)&peer, &size) !=
	    0) {
		return false;
	}
	if (peer.ss_family == AF_UNIX) {
		return true;
	}
	fd = socket(peer.ss_family, SOCK_STREAM, 0);
	if (fd < 0) {
		return false;
	}
	answer = connects(fd, (const struct sockaddr *)&peer, size);
	(void)close(fd);
	return answer;
}

void
pg_cancel(struct pg *pg)
{
	char why[256];
	PGcancel *cancel = NULL;

	pg->aborted = true;
	if (is_reachable(pg)) {
		cancel = PQgetCancel(pg->conn);
	}
	if (cancel == NULL || PQcancel(cancel, why, sizeof(why)) == 0) {
		log_verbose("could not send a cancel request");
	}
	PQfreeCancel(cancel);
	pg->give_up = num_now() + CANCEL_PATIENCE;
}

void
pg_stoppable(struct pg *pg, bool on)
{
	pg->stoppable = on;
}

/* Milliseconds that poll may take: for ever, unless the statement's time is
 * up or we are giving up. */
static int
patience(const struct pg *pg)
{
	double left;

	if (!pg->aborted && pg->stop == 0) {
		return -1;
	}
	left = (pg->aborted ? pg->give_up : pg->stop) - num_now();
	return left <= 0 ? 0 : (int)(left * 1000) + 1;
}

bool
pg_wait(struct pg *pg, short events, short *ready)
{
	/* libpq has closed it, and poll would wait for nothing for ever. */
	if (PQsocket(pg->conn) < 0) {
		(void)pg_error_lost(pg, NULL);
		return false;
	}
	for (;;) {
		bool stop = !pg->aborted && pg->stoppable && pg->stop == 0;
		struct pollfd fds[3] = {{PQsocket(pg->conn), events, 0},
		    {pg->aborted ? -1 : signal_abort_fd(), POLLIN, 0},
		    {stop ? signal_stop_fd() : -1, POLLIN, 0}};
		int n = poll(fds, 3, patience(pg));

		if (n < 0 && errno != EINTR) {
			(void)pg_error_lost(pg, strerror(errno));
			return false;
		}
		if (n == 0 && pg->aborted) {
			(void)pg_error_lost(pg,
			    "no answer after a cancel request");
			return false;
		}
		if (n == 0 || (n > 0 && fds[1].revents != 0)) {
			pg_cancel(pg);
		} else if (n > 0 && fds[2].revents != 0) {
			pg->stop = num_now() + STOP_PATIENCE;
		}
		if (n > 0 && fds[0].revents != 0) {
			*ready = fds[0].revents;
			return true;
		}
	}
}

/* Let libpq send and receive until it has a result.  False: lost. */
static bool
await_result(struct pg *pg)
{
	for (;;) {
		int unsent = PQflush(pg->conn);
		short ready;

		if (unsent < 0) {
			/* The reason may lie in what the server has sent. */
			unsent = 0;
		}
		if (!PQisBusy(pg->conn)) {
			return true;
		}
		if (!pg_wait(pg, unsent > 0 ? POLLIN | POLLOUT : POLLIN,
			&ready)) {
			return false;
		}
		if ((ready & ~POLLOUT) != 0 && !PQconsumeInput(pg->conn)) {
			return true; /* PQgetResult says what happened */
		}
	}
}

PGresult *
pg_next_result(struct pg *pg)
{
	if (pg->lost || !await_result(pg)) {
		return NULL;
	}
	return PQgetResult(pg->conn);
}

void
pg_drain(struct pg *pg)
{
	PGresult *res;

	while ((res = pg_next_result(pg)) != NULL) {
		PQclear(res);
	}
}
