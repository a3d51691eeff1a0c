/* SPDX-License-Identifier: PostgreSQL */
/*
 * The charts of sections.
 */
#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/str.h"

/* Append the section's chart as an <svg> element that may stand in a page;
 * false when there is nothing to draw. */
bool picture_chart(const json_t *section, struct str *out);

#endif
