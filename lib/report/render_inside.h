/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the renderings share among themselves.
 */
#ifndef REPORT_RENDER_INSIDE_H
#define REPORT_RENDER_INSIDE_H

#include "report/render.h"

bool render_is_diff(const json_t *document);
/* The option's title, the document's, or one made of its databases. */
void render_title(struct str *out, const json_t *document,
    const struct render_options *options);
/* Is this database among those asked for? */
bool render_wants(const struct render_options *options, const char *database);

/* Each takes a document that report_document_check has passed. */
status render_html(const json_t *document, const struct render_options *o,
    struct str *out) MUST_CHECK;
void render_markdown(const json_t *document, const struct render_options *o,
    struct str *out);
void render_markdown_diff(const json_t *document,
    const struct render_options *o, struct str *out);
void render_lines(const json_t *document, const struct render_options *o,
    struct str *out);
void render_dbml(const json_t *document, const struct render_options *o,
    struct str *out);
void render_mermaid(const json_t *document, const struct render_options *o,
    struct str *out);
void render_dot(const json_t *document, const struct render_options *o,
    struct str *out);

#endif
