/* SPDX-License-Identifier: PostgreSQL */
/*
 * Slices by ctid name rows only within one snapshot, which somebody holds
 * open at the source while they are read.  All slices of a table are done
 * under one: those that were done under another are to be done again.
 */
#ifndef QUEUE_SLICES_H
#define QUEUE_SLICES_H

#include "queue/queue.h"

/* Before anything is taken: adopt the snapshot, or refuse what needs one.
 * Reports; STATUS_USAGE. */
status slices_prepare(const struct queue_options *o, struct pg *pg) MUST_CHECK;
/* STATUS_USAGE and a message if there are any that cannot be taken. */
status slices_refuse(const struct queue_options *o, int64_t count);

#endif
