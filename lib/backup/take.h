/* SPDX-License-Identifier: PostgreSQL */
/*
 * Taking a backup.
 */
#ifndef BACKUP_TAKE_H
#define BACKUP_TAKE_H

#include "backup/request.h"
#include "base/status.h"

/*
 * Take one.  On stdout: the stream, or the path of what was made, or with
 * json its record.  STATUS_NO: it is made and marked, because pages failed
 * their checksum on the server.
 */
status backup_take(const struct backup_request *r) MUST_CHECK;

/* A label that backup_label can hold: at most 1024 bytes of UTF-8 without
 * control characters.  Reports; STATUS_USAGE. */
status backup_check_label(const char *label) MUST_CHECK;

#endif
