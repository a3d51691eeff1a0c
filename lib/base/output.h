/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a tool's data goes: standard output, or a file that takes its name
 * only once it is whole and on disk.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <stdbool.h>

#include "base/status.h"

struct output {
	int fd;
	const char *name; /* for messages */
	char *temporary;  /* NULL: written in place */
	const char *path;
};

/* path NULL: standard output.  What is no plain file (a device, a named
 * pipe) is written in place.  Reports. */
status output_open(struct output *o, const char *path) MUST_CHECK;

/*
 * All is written.  good: the file takes its name, durably.  Else some of
 * what it should hold is missing from it: then it is left as
 * "PATH.incomplete", because a file that was there before is better than
 * half of a new one.
 */
status output_keep(struct output *o, bool good) MUST_CHECK;
/* Remove the file while others may still be writing to it. */
void output_abandon(struct output *o);
/* Close; a file that was not kept is removed. */
void output_free(struct output *o);

#endif
