/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows to a picture, as a whole.
 */
#ifndef CHART_CHART_H
#define CHART_CHART_H

#include "chart/request.h"

/* Read, draw and write.  r is complete but for what its preset and defaults
 * say.  Reports; STATUS_NO when there is nothing to draw. */
status chart_run(struct chart_request *r) MUST_CHECK;

#endif
