/* SPDX-License-Identifier: PostgreSQL */
/*
 * The archive's reader: gives each chunk a loader and passes on its bytes,
 * until the archive, and whatever archives follow it, are at their end.
 */
#ifndef LOAD_INTAKE_H
#define LOAD_INTAKE_H

#include "load/job.h"

/*
 * *whole: every archive and its list of chunks were whole, so that all that
 * there is was answered.  What went wrong is reported and returned, or in
 * the results' worst.
 */
status intake_run(struct load *load, int fd, const char *name, bool *whole)
    MUST_CHECK;

#endif
