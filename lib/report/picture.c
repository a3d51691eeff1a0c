/* SPDX-License-Identifier: PostgreSQL */
/*
 * The charts of sections.
 */
#include "report/picture.h"

bool
picture_chart(const json_t *section, struct str *out)
{
	(void)section;
	(void)out;
	return false;
}
