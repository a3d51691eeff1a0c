/* SPDX-License-Identifier: PostgreSQL */
/*
 * Several parts on their way at once, each on a connection of its own.
 * Private to lib/s3.
 */
#ifndef S3_CREW_H
#define S3_CREW_H

#include <stddef.h>

#include "base/status.h"
#include "s3/upload.h"

/* A part's bytes, in memory that goes back and forth. */
struct s3_bytes {
	char *data;
	size_t n, room;
};

struct s3_crew;
/* jobs of them; all arguments are kept by reference. */
status s3_crew_begin(const struct s3_config *config, struct s3_upload *u,
    const char *name, unsigned jobs, struct s3_crew **out) MUST_CHECK;
/* Wait for one that is free, and give it the part; *bytes is exchanged for
 * memory that nobody needs any more.  What has failed is said here or at the
 * end; it was reported, once. */
status s3_crew_send(struct s3_crew *c, size_t number, struct s3_bytes *bytes)
    MUST_CHECK;
/* All are done, also after a failure: what is on its way is not given up. */
status s3_crew_end(struct s3_crew *c) MUST_CHECK;

#endif
