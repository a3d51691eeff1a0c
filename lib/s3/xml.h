/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is read of an S3 server's answers: the text of elements by their name.
 *
 * The answers are small, flat, without comments, CDATA or prefixes (Amazon S3
 * API Reference); within text "<" is always escaped.  So an element is found
 * by its tag, within the bytes of the one that holds it.  Whatever else comes
 * is not found, and nothing is read outside those bytes.
 */
#ifndef S3_XML_H
#define S3_XML_H

#include <stdbool.h>
#include <stddef.h>

struct xml_span {
	const char *at;
	size_t n;
};

struct xml_span xml_whole(const char *text, size_t n);
/*
 * The next element of this name within *rest: its inside to *out, and *rest
 * becomes what follows it.  False where there is none.
 */
bool xml_next(struct xml_span *rest, const char *name, struct xml_span *out);
/* The first one's text, its entities resolved, for the caller to free; NULL
 * where there is none. */
char *xml_text(struct xml_span in, const char *name);

#endif
