/* SPDX-License-Identifier: PostgreSQL */
/*
 * YAML, so JSON too: the texts that people write for a tool (about.yaml of a
 * folder, a --config) as a json_t, with the lines that things stand in.
 *
 * Plain scalars are null, true, false or numbers as in YAML 1.2's core schema
 * ("yes" is a text); what is quoted is a text.  Refused are documents of more
 * than YAML_BYTES_MAX, nested deeper than YAML_DEPTH_MAX, of more than
 * YAML_NODES_MAX values with every alias counted in full, keys that come
 * twice, keys that are no scalars, tags, and a second document.
 *
 * A place is named by its path as people write it: "show[1].format", and ""
 * for the whole.
 */
#ifndef DATA_YAML_H
#define DATA_YAML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define YAML_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 200000

struct yaml {
	char *name;	  /* for messages: the file */
	json_t *document; /* never NULL after success; an empty one is null */
	json_t *lines;	  /* path to line, from 1 */
};
/* clang-format off */
#define YAML_INIT {NULL, NULL, NULL}
/* clang-format on */

/* A whole file.  Reports with the line; a file that cannot be read is
 * STATUS_FAIL, one that is no YAML STATUS_USAGE. */
status yaml_read(const char *file, struct yaml *out) MUST_CHECK;
/* The same of text that is there already; name is for messages. */
status yaml_parse(const char *name, const char *text, size_t len,
    struct yaml *out) MUST_CHECK;
/* Also the cleanup.  (libyaml exports a yaml_free of its own.) */
void yaml_forget(struct yaml *y);

/* The line that something stands in; 0 where that is not known. */
int yaml_line(const struct yaml *y, const char *path);

/* Report `"FILE", line 12: MESSAGE`; STATUS_USAGE. */
status yaml_fault(const struct yaml *y, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * What a map may hold.  A table ends with a zeroed field.
 */
enum yaml_kind {
	YAML_ANY,
	YAML_TEXT,     /* not empty */
	YAML_SCALAR,   /* a text or a number */
	YAML_FLAG,     /* true or false */
	YAML_COUNT,    /* a whole number, not below zero */
	YAML_NUMBER,   /* not below zero */
	YAML_TEXTS,    /* a list of texts */
	YAML_MAP,      /* of anything */
	YAML_LIST,     /* of anything */
	YAML_NULL_TEXT /* a text or null */
};
struct yaml_field {
	const char *name;
	enum yaml_kind kind;
	bool needed;
	const char *const *choices; /* of a text: NULL-terminated, or NULL */
};

/*
 * Is value, which stands at path, a map of these fields and no others?  Every
 * fault is reported; STATUS_USAGE.
 */
status yaml_check(const struct yaml *y, const char *path, const json_t *value,
    const struct yaml_field *fields) MUST_CHECK;

#endif
