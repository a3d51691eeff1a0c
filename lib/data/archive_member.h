/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the archive's writer and reader share: the members' names, the
 * seal that ends each JSON member, and hashes as text.  Private to
 * lib/data/archive*.c.
 */
#ifndef DATA_ARCHIVE_MEMBER_H
#define DATA_ARCHIVE_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "data/archive.h"
#include "data/record.h"

#define ARCHIVE_START_NAME "pgpipe.json"
#define ARCHIVE_END_NAME "pgpipe-end.json"
#define ARCHIVE_RECORD 10240 /* an archive's size is a multiple of it */
#define ARCHIVE_BLOCK 512

/* The longest JSON member: of the stream's others (a list of sequences),
 * and of a chunk or the stream itself. */
#define ARCHIVE_MEMBER_MAX ((size_t)64 * 1024 * 1024)
#define ARCHIVE_JSON_MAX ((size_t)4 * 1024 * 1024)

#define ARCHIVE_NAME_MAX 64 /* bytes that hold any member's name */
#define ARCHIVE_HASH_HEX 32

enum member_kind {
	MEMBER_UNKNOWN,
	MEMBER_START,
	MEMBER_CHUNK,
	MEMBER_SEGMENT,
	MEMBER_DONE,
	MEMBER_FAILED,
	MEMBER_OTHER,
	MEMBER_END
};

/* What a name says; numbers are 0 where it has none. */
struct member_name {
	enum member_kind kind;
	uint64_t chunk, segment;
	enum archive_part part; /* of a segment */
};

/* Only names exactly as the writer makes them are known. */
struct member_name member_name_parse(const char *name);
void member_name_show(const struct member_name *m, char out[ARCHIVE_NAME_MAX]);
/* Is this a name of MEMBER_OTHER, such as sequences.json? */
bool member_name_other(const char *name);
/* "batches", or "" for the rows. */
const char *member_part_name(enum archive_part part);

/* How much of each part there was. */
struct member_part {
	uint64_t segments, bytes;
};
/* What done.json says of parts other than rows; NULL: there were none. */
json_t *member_parts_json(const struct member_part parts[ARCHIVE_PARTS]);

/* The xxh128 of bytes, or of what a state has taken, as 32 hex digits. */
struct XXH3_state_s;
void member_hash(const void *bytes, size_t n, char hex[ARCHIVE_HASH_HEX + 1]);
void member_hash_state(const struct XXH3_state_s *state,
    char hex[ARCHIVE_HASH_HEX + 1]);

/*
 * A JSON member's text: the object, whose last field "seal" is the xxh128
 * of all bytes before that field, and a newline.
 */
void member_seal(const json_t *value, struct str *out);
/* True when the text ends in a seal that fits what is before it. */
bool member_sealed(const char *text, size_t len);

#endif
