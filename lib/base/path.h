/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where the tool's own text files are: share/ beside an installed bin/, or
 * the source tree's when run from build/.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/status.h"
#include "base/str.h"

/* The directory share/pgpipe (or the tree's share/); PGPIPE_SHARE overrides.
 * Owned by the module; never NULL. */
const char *path_share(void);
/* The directory that holds the running program, for sister programs. */
const char *path_bin(void);
/* PGPIPE_PLUGIN_PATH (colon-separated absolute directories), then libexec. */
void path_plugins(struct strv *dirs);
/* A whole file of at most max bytes; reports. */
status path_read(const char *file, size_t max, struct str *out) MUST_CHECK;

#endif
