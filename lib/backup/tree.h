/* SPDX-License-Identifier: PostgreSQL */
/*
 * A directory that a data directory, or a tablespace, is unpacked into.
 */
#ifndef BACKUP_TREE_H
#define BACKUP_TREE_H

#include <stdbool.h>

#include "base/status.h"

struct tree {
	char *path;
	int fd;
	bool made; /* it was not there before */
	bool kept;
};

/* It must be empty, or not be there: then it is made, with its parents. */
status tree_open(struct tree *t, const char *path, unsigned mode) MUST_CHECK;
/* All its files are on disk. */
status tree_sync(const struct tree *t) MUST_CHECK;
/* Closes; unless kept, what is in it is removed, and it too if it was made. */
void tree_free(struct tree *t);

#endif
