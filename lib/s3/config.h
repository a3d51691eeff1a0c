/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a bucket is and who asks: the URL s3://BUCKET[/PREFIX], and what AWS's
 * own tools go by, in their order.
 *
 *	AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *	AWS_PROFILE of AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE
 *	AWS_REGION, AWS_DEFAULT_REGION; AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL
 *	AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS
 *
 * and of our own PGPIPE_S3_ADDRESSING (host, path), PGPIPE_S3_PART_SIZE,
 * PGPIPE_S3_JOBS, PGPIPE_S3_TIMEOUT, PGPIPE_S3_ALLOW_HTTP.
 */
#ifndef S3_CONFIG_H
#define S3_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct s3_config {
	char *url;    /* as given, for messages */
	char *bucket; /* "backups" */
	char *prefix; /* "" or "a/b/" */
	char *
	    base; /* of requests: "https://host/bucket", "https://bucket.host" */
	char *region;
	char *key, *secret, *token; /* token: or NULL */
	char *ca;		    /* file of certificates, or NULL */
	uint64_t part_size;
	uint64_t timeout; /* seconds without a byte */
	uint64_t attempts;
	uint64_t jobs; /* parts at once */
};

/* Reports; STATUS_USAGE for a URL or a setting that is none, STATUS_FAIL where
 * there is no key. */
status s3_config_read(const char *url, struct s3_config *out) MUST_CHECK;
void s3_config_free(struct s3_config *c); /* also the cleanup */

/* Of a profile in an AWS file, a setting, for the caller to free, or NULL.
 * config: sections are "[profile NAME]" but for the default one. */
char *s3_profile_get(const char *text, const char *profile, bool config,
    const char *setting);

#endif
