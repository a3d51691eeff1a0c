/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a check says about a finding, with places for the columns of its row:
 *
 *	message	{x} the value; {x:bytes} "1.5 GB"; {x:percent} "12.5 %" of
 *		0.125; {x:duration} "3 min 20 s" of seconds
 *	do, undo	{x} an identifier, quoted where it must be; {x:literal}
 *		a quoted literal; {x:raw} SQL that the query has made with
 *		the server's quoting functions
 *
 * {{ and }} are braces.  Values are hostile: nothing of them is looked at again.
 */
#ifndef REPORT_TEMPLATE_H
#define REPORT_TEMPLATE_H

#include "base/str.h"
#include "data/record.h"

enum template_kind { TEMPLATE_TEXT, TEMPLATE_SQL };

/* What is wrong with a template, in words; NULL: nothing.  Caller frees. */
char *template_flaw(const char *text, enum template_kind kind);

enum template_result {
	TEMPLATE_DONE,
	TEMPLATE_NULL,	 /* SQL: a value is null, so there is none */
	TEMPLATE_MISSING /* the row has no such column: its name is in out */
};

/* Fill in the values of row.  In a text a null is "unknown". */
enum template_result template_fill(const char *text, enum template_kind kind,
    const json_t *row, struct str *out);

#endif
