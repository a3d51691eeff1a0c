/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where bytes of a backup end up: a descriptor, perhaps behind a compression,
 * with what went into it counted and hashed.  One thread at a time.
 */
#ifndef BACKUP_SINK_H
#define BACKUP_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "data/codec_write.h"
#include "data/xxh128.h"

struct sink;

/*
 * fd becomes the sink's, but for descriptor 1.  spec NULL: no compression.
 * hash: sink_hash will be asked.  The name is for messages and copied.
 */
struct sink *sink_new(int fd, const char *name, const struct codec_spec *spec,
    bool hash);
/* A file of mode 0600 that must not be there yet; reports. */
status sink_create(int directory, const char *file, const char *shown,
    const struct codec_spec *spec, struct sink **out) MUST_CHECK;
status sink_write(struct sink *s, const void *bytes, size_t n) MUST_CHECK;
/* Hand over what was collected: only without a compression. */
status sink_flush(struct sink *s) MUST_CHECK;
/* The end of the frame, everything written, and a file fsynced. */
status sink_finish(struct sink *s) MUST_CHECK;
uint64_t sink_raw(const struct sink *s);     /* bytes that came in */
uint64_t sink_written(const struct sink *s); /* bytes that went out */
const char *sink_name(const struct sink *s);
void sink_hash(const struct sink *s, char out[XXH128_TEXT]);
void sink_free(struct sink *s); /* NULL is legal */

#endif
