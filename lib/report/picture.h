/* SPDX-License-Identifier: PostgreSQL */
/*
 * The charts of sections.
 */
#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

#include <stdbool.h>

#include "base/str.h"
#include "data/record.h"

/* Append the section's chart as an <svg> element for a page that has
 * picture_style(); its ids begin with id.  False: there is nothing to draw. */
bool picture_chart(const json_t *section, const char *id, struct str *out);
/* The CSS that all charts of a page share. */
void picture_style(struct str *out);

#endif
