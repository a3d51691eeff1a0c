/* SPDX-License-Identifier: PostgreSQL */
/*
 * Uploads in parts: those of a key that have begun and not ended, and the
 * parts that they have.  Private to lib/s3.
 */
#ifndef S3_UPLOAD_H
#define S3_UPLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "s3/http.h"

#define S3_NAME_LETTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-"
#define S3_PARTS 10000

struct s3_part {
	uint64_t bytes; /* 0: it is not there */
	char *etag;	/* with its quotes */
};

struct s3_upload {
	char *key, *id;
	struct s3_part
	    *parts; /* S3_PARTS of them; the first one's number is 1 */
};

/* The one of this key to go on with, or a new one. */
status s3_upload_begin(struct s3 *s, const char *key, const char *name,
    struct s3_upload *out) MUST_CHECK;
/* Send a part, unless these bytes are there; different parts from different
 * threads, each with a connection of its own. */
status s3_upload_part(struct s3 *s, struct s3_upload *u, const char *name,
    size_t number, const void *bytes, size_t n) MUST_CHECK;
/* Make an object of its first parts.  STATUS_NO: the upload is not known any
 * more; either the answer to this was lost, or somebody ended it. */
status s3_upload_end(struct s3 *s, const struct s3_upload *u, const char *name,
    size_t parts) MUST_CHECK;
/* The etag, without quotes, of an object of these parts, where each one's is
 * an MD5; else "". */
void s3_upload_etag(const struct s3_upload *u, size_t parts, struct str *out);
/* All of this key that have not ended, and what they hold. */
status s3_upload_abort_all(struct s3 *s, const char *key, const char *name)
    MUST_CHECK;
void s3_upload_free(struct s3_upload *u); /* also the cleanup */

#endif
