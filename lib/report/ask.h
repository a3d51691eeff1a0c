/* SPDX-License-Identifier: PostgreSQL */
/*
 * One section or check, asked of one session.
 */
#ifndef REPORT_ASK_H
#define REPORT_ASK_H

#include "base/status.h"
#include "data/record.h"
#include "report/config.h"
#include "report/folder.h"
#include "report/session.h"

/*
 * *out is a new S or C of the collection, or NULL for a section of an
 * extension that is not there.  What the folder's query does is told there
 * (status, reason); only a lost server or a stop is a status, without a
 * message.
 */
status ask_folder(struct session *s, const struct folder *f,
    const struct report_config *config, const char *today, json_t **out)
    MUST_CHECK;

#endif
