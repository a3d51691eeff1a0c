/* SPDX-License-Identifier: PostgreSQL */
/*
 * What all threads of one run share.
 */
#ifndef UNLOAD_STATE_H
#define UNLOAD_STATE_H

#include <stdatomic.h>

#include "data/archive.h"
#include "unload/snapshot.h"
#include "unload/tally.h"
#include "unload/turn.h"
#include "unload/unload.h"
#include "unload/work.h"

struct unload {
	const struct unload_options *options;
	struct snapshot snapshot; /* its holder is the main thread's */
	struct archive_writer *archive;
	struct work *work;
	struct turns *turns;
	struct tally tally;
	atomic_bool lost;      /* the server no longer has the snapshot */
	atomic_bool broken;    /* the archive cannot be written any more */
	atomic_uint strangers; /* chunks of another database, so far */
};

#endif
