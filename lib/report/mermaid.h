/* SPDX-License-Identifier: PostgreSQL */
#ifndef REPORT_MERMAID_H
#define REPORT_MERMAID_H

#include <stddef.h>

#include "base/str.h"
#include "data/record.h"

/* Append an erDiagram of a section "tables": with all columns up to max_all
 * tables, keys alone beyond, nothing beyond max.  Returns how many tables. */
size_t mermaid_diagram(struct str *out, const json_t *section, size_t max_all,
    size_t max);

#endif
