/* SPDX-License-Identifier: PostgreSQL */
#include "report/html.h"
void
html_diff(struct html *h, struct str *nav, struct str *out)
{
	(void)h;
	(void)nav;
	(void)out;
}
