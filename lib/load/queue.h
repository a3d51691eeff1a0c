/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bytes from the one who reads the archive to the one who loads a chunk: a
 * bounded ring of buffers, one writer, one reader, so that a chunk whose
 * target is slow for a moment does not hold up the others.
 */
#ifndef LOAD_QUEUE_H
#define LOAD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "data/archive.h"

#define QUEUE_BUFFER ((size_t)256 * 1024)
#define QUEUE_BUFFERS 16 /* 4 MiB in all, made when they are needed */

struct queue;
struct queue *queue_new(void);
void queue_free(struct queue *q);
/* Empty and open again, for the next chunk. */
void queue_reset(struct queue *q);

/* The writer.  Waits while the ring is full; false: nobody wants the bytes
 * any more.  A part begins when the one before it is whole. */
bool queue_put(struct queue *q, enum archive_part part, const void *bytes,
    size_t n);
/* No more will come. */
void queue_end(struct queue *q);

/* The reader.  Waits for bytes of the part, which are its own until
 * queue_release; 0 when it has no more. */
size_t queue_get(struct queue *q, enum archive_part part, const void **bytes);
void queue_release(struct queue *q);
/* The end is there, and all before it was taken. */
bool queue_ended(struct queue *q);
/* What is there and what will come is thrown away. */
void queue_deafen(struct queue *q);
/* Wait for the end; deafen first. */
void queue_wait_end(struct queue *q);

#endif
