/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bytes through file descriptors.  Functions loop over EINTR and short
 * counts; a stop that was asked for (base/signal.h) does not end them,
 * except where said.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

/*
 * The start of every main(): make sure that descriptors 0 to 2 are open
 * (on /dev/null where the caller closed them, the wrong way round, so that
 * reading or writing data there is an error, also for a library, and never
 * lands in a database socket),
 * and ignore SIGPIPE where the tool owns transactions or children.
 */
void io_init(bool ignore_sigpipe);

/* Write all or report `could not write to "name": reason`.  EPIPE and any
 * other failure: STATUS_FAIL. */
status io_write(int fd, const void *bytes, size_t n, const char *name)
    MUST_CHECK;
/* The system may begin to put on disk what was written: for a file that is
 * complete, where one sync at the end of many waits for all of them. */
void io_begin_sync(int fd);
/* Read up to n bytes; *got = 0 is end of file.  The second signal (abort)
 * ends the wait for them: STATUS_RETRY, without a message. */
status io_read(int fd, void *bytes, size_t n, size_t *got, const char *name)
    MUST_CHECK;
/* Make a pipe as large as the system allows; anything else is left alone. */
void io_pipe_grow(int fd);

/* stdout, for data.  Lines are whole: one lock, flushed at once. */
status io_out_line(const char *line) MUST_CHECK; /* adds the newline */
status io_out_write(const void *bytes, size_t n) MUST_CHECK; /* buffered */
/* The one close: flush, check, close, report.  Call on every path. */
status io_out_close(void) MUST_CHECK;
/* The end of every main(): closes stdout, merges, and when a signal asked
 * for the stop, raises it again with its default action. */
int io_finish(status s);

#endif
