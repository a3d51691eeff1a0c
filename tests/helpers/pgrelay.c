/* SPDX-License-Identifier: PostgreSQL */
/*
 * pgrelay DIRECTORY SERVER [cut|garble|piece START [STEP]]: a bad line to a
 * server.
 *
 * Listens on DIRECTORY/.s.PGSQL.5432 and passes each connection on to the
 * socket SERVER.  What comes back from the server is cut off after START
 * bytes, or gets its byte at START inverted, or arrives in pieces of START
 * bytes; the n-th connection (from 0) takes START + n * STEP.  Prints
 * "ready", and runs until it is killed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	_exit(1);
}

static int
open_socket(const char *path, bool listening)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	const struct sockaddr *a = (const struct sockaddr *)&address;

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path)) {
		die(path);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (listening) {
		(void)unlink(path);
		if (bind(fd, a, sizeof(address)) != 0 || listen(fd, 16) != 0) {
			die(path);
		}
	} else if (connect(fd, a, sizeof(address)) != 0) {
		die(path);
	}
	return fd;
}

static bool
write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno != EINTR) {
			return false;
		}
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
	return true;
}

static bool
write_pieces(int fd, const char *bytes, size_t n, size_t piece)
{
	const struct timespec moment = {0, 20000};

	while (n > 0) {
		size_t some = n < piece ? n : piece;

		if (!write_all(fd, bytes, some)) {
			return false;
		}
		bytes += some;
		n -= some;
		(void)nanosleep(&moment, NULL);
	}
	return true;
}

/* From the server to the client, passed bytes of which have gone before. */
static bool
pass_on(int fd, char *bytes, size_t n, const char *how, uint64_t at,
    uint64_t passed)
{
	if (strcmp(how, "piece") == 0) {
		return write_pieces(fd, bytes, n, at);
	}
	if (at >= passed && at - passed < n) {
		if (strcmp(how, "cut") == 0) {
			(void)write_all(fd, bytes, at - passed);
			return false;
		}
		if (strcmp(how, "garble") == 0) {
			bytes[at - passed] = (char)~bytes[at - passed];
		}
	}
	return write_all(fd, bytes, n);
}

static void
relay(int client, int server, const char *how, uint64_t at)
{
	char bytes[16384];
	uint64_t passed = 0;

	for (;;) {
		struct pollfd fds[2] = {{client, POLLIN, 0},
		    {server, POLLIN, 0}};
		ssize_t n;

		if (poll(fds, 2, -1) < 0) {
			continue;
		}
		if (fds[1].revents != 0) {
			n = read(server, bytes, sizeof(bytes));
			if (n <= 0 ||
			    !pass_on(client, bytes, (size_t)n, how, at,
				passed)) {
				return;
			}
			passed += (uint64_t)n;
		}
		if (fds[0].revents != 0) {
			n = read(client, bytes, sizeof(bytes));
			if (n <= 0 || !write_all(server, bytes, (size_t)n)) {
				return;
			}
		}
	}
}

int
main(int argc, char **argv)
{
	char path[256];
	uint64_t at = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	uint64_t step = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
	int fd;

	if (argc < 3) {
		return 2;
	}
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", argv[1]);
	fd = open_socket(path, true);
	if (puts("ready") < 0 || fclose(stdout) != 0) {
		return 1;
	}
	for (;; at += step) {
		int client = accept(fd, NULL, NULL);

		if (client < 0) {
			die("accept");
		}
		if (fork() == 0) {
			relay(client, open_socket(argv[2], false),
			    argc > 3 ? argv[3] : "pass", at);
			_exit(0);
		}
		(void)close(client);
	}
}
