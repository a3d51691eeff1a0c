/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stores: where backups and WAL live that are not in a local directory.
 * SCHEME://... is the business of the plug-in store-SCHEME (pgpipe-plugins(7)),
 * an executable of the plug-in path: one verb a call, bytes through pipes.
 *
 * Objects have names of plain words ("20250704T165326Z/base.tar.zst"), are
 * there whole or not at all, and are replaced by a second put.
 */
#ifndef RUN_STORAGE_H
#define RUN_STORAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/str.h"

struct storage;

/* "scheme://..."? */
bool storage_is_url(const char *text);
/* Find its plug-in; reports. */
status storage_open(const char *url, struct storage **out) MUST_CHECK;
const char *storage_url(const struct storage *s);
void storage_close(struct storage *s); /* NULL is legal; also by the cleanup */
void storage_cleanup(struct storage **s);

/*
 * Begin an object: what is written to *fd becomes its bytes.  The descriptor
 * is the caller's, who closes it before storage_put_end, which waits until the
 * object is durable.  Any thread.  storage_put_cancel ends it without one; then
 * the descriptor is still open.
 */
struct storage_put {
	pid_t pid; /* 0: none */
	char *name;
};
status storage_put_begin(const struct storage *s, const char *name,
    struct storage_put *put, int *fd) MUST_CHECK;
status storage_put_end(const struct storage *s, struct storage_put *put)
    MUST_CHECK;
void storage_put_cancel(struct storage_put *put);

/*
 * Read an object from a byte on: its bytes come from *fd, the caller's, who
 * reads to the end, closes it and learns from storage_get_end whether that was
 * the object's.  storage_get_cancel ends it before.  Any thread.
 */
struct storage_get {
	pid_t pid; /* 0: none */
	char *name;
};
status storage_get_begin(const struct storage *s, const char *name,
    uint64_t from, struct storage_get *get, int *fd) MUST_CHECK;
status storage_get_end(const struct storage *s, struct storage_get *get)
    MUST_CHECK;
void storage_get_cancel(struct storage_get *get);
/* Its size; STATUS_NO, without a message, where there is none. */
status storage_stat(const struct storage *s, const char *name, uint64_t *bytes)
    MUST_CHECK;

/* A small object, from a text or into one. */
status storage_put_text(const struct storage *s, const char *name,
    const char *text, size_t n) MUST_CHECK;
status storage_get_text(const struct storage *s, const char *name, size_t max,
    struct str *out) MUST_CHECK;
/* Objects' names. */
status storage_list(const struct storage *s, struct strv *names) MUST_CHECK;
status storage_remove(const struct storage *s, const char *name) MUST_CHECK;

#endif
