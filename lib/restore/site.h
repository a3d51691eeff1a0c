/* SPDX-License-Identifier: PostgreSQL */
/*
 * A directory that is made beside its place and swapped in by rename: the
 * data directory, and the directory of each tablespace.
 *
 *	final           where it is to be
 *	final.new       where it is made, until it is whole
 *	final.old-STAMP what was there
 *
 * An empty directory that cannot be replaced (a mount point, or its parent is
 * not ours) is filled where it is.
 */
#ifndef RESTORE_SITE_H
#define RESTORE_SITE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

enum site_state {
	SITE_ABSENT,
	SITE_EMPTY,
	SITE_UNFINISHED, /* a restore's leavings, by the marker */
	SITE_USED
};

struct site {
	char *oid;   /* of a tablespace, NULL: the data directory */
	char *final; /* absolute */
	char *work;  /* final itself when in_place */
	char *old;   /* what was there goes to, NULL: nothing was */
	bool in_place;
	int fd; /* of work, locked; -1 */
};

/* An absolute name without symbolic links as far as it exists; for the caller
 * to free.  Reports. */
status site_resolve(const char *path, char **out) MUST_CHECK;
/* Reports what it cannot look at. */
status site_look(const char *path, enum site_state *state) MUST_CHECK;

/*
 * Make the directory to work in, 0700, and lock it.  What another restore has
 * left there is removed first; what is not ours is refused.
 */
status site_open(struct site *p) MUST_CHECK;
/* Close, and remove what was made unless it was swapped in. */
void site_abandon(struct site *p);
void site_free(struct site *p);

/* Everything below a directory, not following links; it itself stays. */
status site_clear(int fd, const char *name) MUST_CHECK;
/* A whole tree; a path that is not there is well. */
status site_remove(const char *path) MUST_CHECK;

/* Swap in: safe to be done again after having been cut off. */
status site_swap(struct site *p) MUST_CHECK;
/* Undo the swap: what was new goes to "failed". */
status site_swap_back(struct site *p, const char *failed) MUST_CHECK;
/* Make a rename in the directory that holds path durable. */
status site_sync_parent(const char *path) MUST_CHECK;

/*
 * Open below a directory without passing through any link and without leaving
 * it; as open(2) otherwise, O_CLOEXEC.
 */
int site_open_below(int fd, const char *path, int flags, mode_t mode);

#endif
