/* SPDX-License-Identifier: PostgreSQL */
/*
 * Put in front of libc: the process is killed (SIGKILL) just before the Nth of
 * its calls that change a name or make one durable, N being in KILLAT.  That
 * is each moment at which what is on disk can be something else.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

static void
count(void)
{
	const char *at = getenv("KILLAT");

	if (at != NULL && strtol(at, NULL, 10) == atomic_fetch_add(&calls, 1))
		(void)kill(getpid(), SIGKILL);
}

/* The next definition of a function; data pointers become its address. */
static void
find(const char *name, void *function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(function, &symbol, sizeof(symbol));
}

int
rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *);

	count();
	find("rename", &real);
	return real(from, to);
}

int
renameat(int a, const char *from, int b, const char *to)
{
	int (*real)(int, const char *, int, const char *);

	count();
	find("renameat", &real);
	return real(a, from, b, to);
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	int (*real)(int, const char *, int, const char *, unsigned);

	count();
	find("renameat2", &real);
	return real(a, from, b, to, flags);
}

int
fsync(int fd)
{
	int (*real)(int);

	count();
	find("fsync", &real);
	return real(fd);
}

int
syncfs(int fd)
{
	int (*real)(int);

	count();
	find("syncfs", &real);
	return real(fd);
}

int
symlinkat(const char *target, int fd, const char *name)
{
	int (*real)(const char *, int, const char *);

	count();
	find("symlinkat", &real);
	return real(target, fd, name);
}

int
symlink(const char *target, const char *name)
{
	int (*real)(const char *, const char *);

	count();
	find("symlink", &real);
	return real(target, name);
}

int
unlinkat(int fd, const char *name, int flags)
{
	int (*real)(int, const char *, int);

	count();
	find("unlinkat", &real);
	return real(fd, name, flags);
}
