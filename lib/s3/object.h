/* SPDX-License-Identifier: PostgreSQL */
/*
 * The verbs of a store (pgpipe-plugins(7)) on a bucket's objects, whose keys
 * are the URL's prefix and a name.  All report.
 */
#ifndef S3_OBJECT_H
#define S3_OBJECT_H

#include <stdint.h>

#include "base/status.h"
#include "s3/http.h"

/* The key of a name, for the caller to free. */
char *s3_key(const struct s3 *s, const char *name);

/* To stdout, from a byte on; a connection that breaks is taken up where it
 * broke, of the same object only. */
status s3_get(struct s3 *s, const char *name, uint64_t from) MUST_CHECK;
/* A record; STATUS_NO where there is none. */
status s3_stat(struct s3 *s, const char *name) MUST_CHECK;
/* *bytes -1: there is none.  *etag, unless NULL, is the caller's to free. */
status s3_look(struct s3 *s, const char *name, int64_t *bytes, char **etag)
    MUST_CHECK;
/* A record for each object below the prefix. */
status s3_list(struct s3 *s) MUST_CHECK;
/* Also where there is none; with the parts of a put that did not end. */
status s3_remove(struct s3 *s, const char *name) MUST_CHECK;

/*
 * From stdin: in one request what fits into one part, else in parts, each
 * with its own checksums.  What a put that ended early has left there of the
 * same bytes is not sent again.  It is there whole or not at all: a signal or
 * a failure leaves parts, which the next put or s3_remove takes up.
 */
status s3_put(struct s3 *s, const char *name) MUST_CHECK;

#endif
