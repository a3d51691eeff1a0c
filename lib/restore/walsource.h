/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where WAL is had from: a directory of an archive, whose files may be
 * compressed, or a command as restore_command has it.  Nothing is ever written
 * there.
 */
#ifndef RESTORE_WALSOURCE_H
#define RESTORE_WALSOURCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/str.h"
#include "data/codec.h"

struct walsource {
	char *directory; /* or */
	char *command;	 /* with %f and %p */
	char *scratch;	 /* a directory, for what the command fetches */
	bool as_user;	 /* the server is to run as this one */
	uid_t uid;
	gid_t gid;
	char *seen; /* the first file that was found */
};

/* "%f" in it makes it a command.  Reports a directory that is none. */
status walsource_open(struct walsource *w, const char *text,
    const char *scratch) MUST_CHECK;
void walsource_close(struct walsource *w);

/*
 * A file of the archive: *fd is -1 when it has none of that name.  With
 * a command that was ended by a signal or says 126 or more, it is a failure.
 */
status walsource_get(struct walsource *w, const char *name, int *fd) MUST_CHECK;
/* Whether the user that the server runs as can read there, too; reports. */
status walsource_readable(const struct walsource *w) MUST_CHECK;
/* What the server is to run: exit 1 is that there is no such file, above 125
 * that it could not be had.  For the caller to free. */
char *walsource_restore_command(const struct walsource *w);

#endif
