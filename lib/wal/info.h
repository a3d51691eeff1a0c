/* SPDX-License-Identifier: PostgreSQL */
/*
 * Telling what an archive holds.
 */
#ifndef WAL_INFO_H
#define WAL_INFO_H

#include <stdbool.h>

#include "base/status.h"

/* A line for each run of segments and each gap between two, then the sum. */
status wal_info(const char *archive, bool json) MUST_CHECK;

#endif
