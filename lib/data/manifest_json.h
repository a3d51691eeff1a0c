/* SPDX-License-Identifier: PostgreSQL */
/*
 * JSON in pieces of any size, to events.  Private to lib/data/manifest*.c.
 */
#ifndef DATA_MANIFEST_JSON_H
#define DATA_MANIFEST_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define JSON_DEPTH 8
#define JSON_TEXT_MAX 65536 /* bytes of one string or number */

enum json_event {
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_KEY,    /* text */
	JSON_STRING, /* text */
	JSON_DIGITS  /* text: an integer without sign or fraction */
};

/* False ends it: the callback has set problem. */
typedef bool (
    *json_fn)(void *arg, enum json_event event, const struct str *text);

enum json_expect {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END, /* of an array */
	EXPECT_KEY,
	EXPECT_KEY_OR_END, /* of an object */
	EXPECT_COLON,
	EXPECT_COMMA, /* or the end of the container */
	EXPECT_NOTHING
};

struct json_scan {
	json_fn fn;
	void *arg;
	const char *problem;
	enum json_expect expect;
	char nest[JSON_DEPTH]; /* '{' or '[' */
	size_t depth;
	struct str text;
	enum { IN_NONE, IN_STRING, IN_ESCAPE, IN_HEX, IN_DIGITS } within;
	unsigned code, high; /* of an \uXXXX, and of the first half of a pair */
	int ncode;
	bool key;
};

void json_scan_init(struct json_scan *s, json_fn fn, void *arg);
/* False: problem says why. */
bool json_scan_feed(struct json_scan *s, const char *bytes, size_t n);
bool json_scan_ended(const struct json_scan *s);
void json_scan_free(struct json_scan *s);

#endif
