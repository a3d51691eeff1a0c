/* SPDX-License-Identifier: PostgreSQL */
/*
 * relay LISTEN SERVER: connections to the Unix socket LISTEN are passed on to
 * the one SERVER; when SIGTERM ends it, the number of bytes that came from
 * the server is printed.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io.h"

#define PAIRS 32

static volatile sig_atomic_t ended;

static void
end(int signo)
{
	(void)signo;
	ended = 1;
}

static struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

static int
reach(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	perror(path);
	_exit(1);
}

static int
offer(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(fd, PAIRS) == 0)
		return fd;
	perror(path);
	_exit(1);
}

/* What is there from one end goes to the other; 0: it has closed. */
static size_t
pass(int from, int to)
{
	char bytes[65536];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n <= 0 || io_write(to, bytes, (size_t)n, "relay") != STATUS_OK)
		return 0;
	return (size_t)n;
}

static void
close_pair(struct pollfd *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		(void)close(pair[i].fd);
		pair[i].fd = -1;
	}
}

static size_t
serve(struct pollfd *pair)
{
	size_t up, down = 0;

	if (pair[0].fd >= 0 && pair[0].revents != 0) {
		up = pass(pair[0].fd, pair[1].fd);
		if (up == 0)
			close_pair(pair);
	}
	if (pair[1].fd >= 0 && pair[1].revents != 0) {
		down = pass(pair[1].fd, pair[0].fd);
		if (down == 0)
			close_pair(pair);
	}
	return down;
}

static void
open_pair(struct pollfd *fds, int client, const char *server)
{
	int i;

	for (i = 1; i < 1 + 2 * PAIRS; i += 2)
		if (fds[i].fd < 0) {
			fds[i].fd = client;
			fds[i + 1].fd = reach(server);
			return;
		}
	(void)close(client);
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = end};
	struct pollfd fds[1 + 2 * PAIRS];
	unsigned long long total = 0;
	int i;

	if (argc != 3)
		return 2;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < 1 + 2 * PAIRS; i++)
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	fds[0].fd = offer(argv[1]);
	while (!ended) {
		if (poll(fds, 1 + 2 * PAIRS, -1) < 0)
			continue;
		for (i = 1; i < 1 + 2 * PAIRS; i += 2)
			total += serve(&fds[i]);
		if (fds[0].revents != 0)
			open_pair(fds, accept(fds[0].fd, NULL, NULL), argv[2]);
	}
	printf("%llu\n", total);
	return 0;
}
