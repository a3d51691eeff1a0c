/* SPDX-License-Identifier: PostgreSQL */
#include "report/render_inside.h"
void
render_markdown(const json_t *document, const struct render_options *o,
    struct str *out)
{
	(void)document;
	(void)o;
	(void)out;
}
void
render_markdown_diff(const json_t *document, const struct render_options *o,
    struct str *out)
{
	(void)document;
	(void)o;
	(void)out;
}
