/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stores: where backups and WAL live that are not in a local directory.
 * SCHEME://... is the business of the plug-in store-SCHEME (pgpipe-plugins(7)),
 * an executable of the plug-in path: one verb a call, bytes through pipes.
 *
 * Objects have names of plain words ("20250704T165326Z/base.tar.zst"), are
 * there whole or not at all, and are replaced by a second put.
 */
#ifndef RUN_STORE_H
#define RUN_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/str.h"

struct store;

/* "scheme://..."? */
bool store_is_url(const char *text);
/* Find its plug-in; reports. */
status store_open(const char *url, struct store **out) MUST_CHECK;
const char *store_url(const struct store *s);
void store_close(struct store *s); /* NULL is legal; also by the cleanup */
void store_cleanup(struct store **s);

/*
 * Begin an object: what is written to *fd becomes its bytes.  The descriptor
 * is the caller's, who closes it before store_put_end, which waits until the
 * object is durable.  Any thread.  store_put_cancel ends it without one; then
 * the descriptor is still open.
 */
struct store_put {
	pid_t pid; /* 0: none */
	char *name;
};
status store_put_begin(const struct store *s, const char *name,
    struct store_put *put, int *fd) MUST_CHECK;
status store_put_end(const struct store *s, struct store_put *put) MUST_CHECK;
void store_put_cancel(struct store_put *put);

/* A small object, from a text or into one. */
status store_put_text(const struct store *s, const char *name, const char *text,
    size_t n) MUST_CHECK;
status store_get_text(const struct store *s, const char *name, size_t max,
    struct str *out) MUST_CHECK;
/* Objects' names. */
status store_list(const struct store *s, struct strv *names) MUST_CHECK;
status store_remove(const struct store *s, const char *name) MUST_CHECK;

#endif
