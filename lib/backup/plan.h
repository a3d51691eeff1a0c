/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a backup would be and need, without taking it.
 */
#ifndef BACKUP_PLAN_H
#define BACKUP_PLAN_H

#include "backup/request.h"
#include "base/status.h"

/* A line a finding on stdout, or a record with json.  STATUS_NO: something is
 * missing; the lines say what. */
status backup_plan(const struct backup_request *r) MUST_CHECK;

#endif
