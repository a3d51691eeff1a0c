/* SPDX-License-Identifier: PostgreSQL */
/*
 * A figure as a spreadsheet: a sheet with its numbers, typed, and a chart of
 * the spreadsheet's own.
 */
#ifndef CHART_XLSX_H
#define CHART_XLSX_H

#include "base/status.h"
#include "base/str.h"
#include "draw/figure.h"

/* Rows beyond what a sheet holds go to further sheets.  Texts are texts,
 * whatever they begin with.  Appends a whole file to out; reports. */
status chart_xlsx(struct draw_figure *f, struct str *out) MUST_CHECK;

#endif
