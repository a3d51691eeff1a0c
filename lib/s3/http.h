/* SPDX-License-Identifier: PostgreSQL */
/*
 * Requests to an S3 server, signed by libcurl (AWS Signature Version 4, the
 * body's SHA-256 in it, so that the server refuses one that changed on its
 * way).  The only home of libcurl.
 *
 * Retried, with waits that grow, is what may pass: no connection, one that
 * broke or stood still, 429, 500, 502, 503, 504.  A stop that was asked for
 * (base/signal.h) ends requests and waits.
 */
#ifndef S3_HTTP_H
#define S3_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "s3/config.h"

#define S3_REASON 512

struct s3; /* a bucket, and a connection to it */

struct s3_request {
	const char *method; /* "GET" */
	const char *key;    /* of the bucket, unencoded; NULL: the bucket */
	const char *query;  /* encoded, sorted by name, "a=b&c="; NULL: none */
	const void *body;
	size_t n;
	const unsigned char *md5; /* of the body; NULL: not known */
	int64_t from;	  /* ask for the bytes from this one on; 0: all */
	const char *etag; /* take the body of this one only; NULL: any */
	/* Where a good answer's body goes; NULL: to the answer's text. */
	status (*sink)(void *arg, const void *bytes, size_t n);
	void *arg;
};

struct s3_answer {
	long code;		/* HTTP's; 0: none came */
	struct str text;	/* the body, or an error's */
	char *etag;		/* as it came, or NULL */
	int64_t length;		/* Content-Length; -1: it did not say */
	unsigned tries;		/* requests that this took */
	bool passing;		/* it may be another one later */
	status sunk;		/* what the sink said */
	bool other;		/* it is not of the etag that was asked for */
	bool distrusted;	/* the server's certificate is none to trust */
	char reason[S3_REASON]; /* why none came */
};
/* clang-format off */
#define S3_ANSWER_INIT {0, STR_INIT, NULL, -1, 0, false, STATUS_OK, false, false, ""}
/* clang-format on */
void s3_answer_free(struct s3_answer *a); /* also the cleanup */

/* config is kept by reference. */
status s3_open(const struct s3_config *config, struct s3 **out) MUST_CHECK;
void s3_close(struct s3 *s); /* NULL is legal; also by the cleanup */
void s3_cleanup(struct s3 **s);
/* Of several that work together, the first failure is reported. */
void s3_tell_once(struct s3 *s, atomic_bool *told);
bool s3_may_tell(const struct s3 *s); /* asks, and takes the turn */
const struct s3_config *s3_config_of(const struct s3 *s);

/* One request, whatever comes of it. */
void s3_once(struct s3 *s, const struct s3_request *r, struct s3_answer *a);
/* The same until the answer is none that passes. */
void s3_ask(struct s3 *s, const struct s3_request *r, struct s3_answer *a);
/* Wait before the next try; false: there are none left, or a stop came. */
bool s3_wait(const struct s3 *s, unsigned tries);

bool s3_good(const struct s3_answer *a); /* 2xx, and the sink took it */
/* The error's code in the answer ("NoSuchKey"), for the caller to free; ""
 * where it has none. */
char *s3_code(const struct s3_answer *a);
/* Report "could not DOING "s3://bucket/prefix/NAME": ..." with what to do
 * about it; STATUS_RETRY for what passes, else STATUS_FAIL. */
status s3_fault(const struct s3 *s, const struct s3_answer *a,
    const char *doing, const char *name);

/* Percent-encode, "/" as well unless it is a path. */
void s3_encode(struct str *out, const char *text, bool path);

#endif
