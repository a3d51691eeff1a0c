/* SPDX-License-Identifier: PostgreSQL */
/*
 * The names of the archive's members and the seal of its JSON members.
 */
#include "data/archive_member.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/num.h"

#define SEAL_OPEN "\"seal\":\""
#define SEAL_CLOSE "\"}\n"
#define SEAL_SIZE \
	(sizeof(SEAL_OPEN) - 1 + ARCHIVE_HASH_HEX + sizeof(SEAL_CLOSE) - 1)

static const char *const others[] = {"sequences.json", NULL};

/* In the order of the enum; a directory each, but for the rows. */
static const char *const part_names[ARCHIVE_PARTS] = {"batches", ""};

const char *
member_part_name(enum archive_part part)
{
	return part_names[part];
}

json_t *
member_parts_json(const struct member_part parts[ARCHIVE_PARTS])
{
	json_t *all = NULL;
	int i;

	for (i = 0; i < ARCHIVE_PARTS; i++) {
		json_t *one;

		if (i == ARCHIVE_ROWS || parts[i].segments == 0)
			continue;
		if (all == NULL)
			all = json_object();
		one = json_object();
		record_set_count(one, "segments", parts[i].segments);
		record_set_count(one, "bytes", parts[i].bytes);
		(void)json_object_set_new(all, part_names[i], one);
	}
	return all;
}

bool
member_name_other(const char *name)
{
	const char *const *other;

	for (other = others; *other != NULL; other++)
		if (strcmp(name, *other) == 0)
			return true;
	return false;
}

/* The number up to the first character that is no digit. */
static bool
number(const char **text, uint64_t *out)
{
	size_t digits = strspn(*text, "0123456789");
	char copy[24];

	if (digits == 0 || digits >= sizeof(copy))
		return false;
	memcpy(copy, *text, digits);
	copy[digits] = '\0';
	*text += digits;
	return num_u64(copy, 1, UINT64_MAX, out);
}

/* "/batches" in front of a segment's number is taken off. */
static enum archive_part
part_of(const char **text)
{
	int i;

	for (i = 0; i < ARCHIVE_PARTS; i++) {
		size_t n = strlen(part_names[i]);

		if (n > 0 && **text == '/' &&
		    strncmp(*text + 1, part_names[i], n) == 0 &&
		    (*text)[n + 1] == '/') {
			*text += n + 1;
			return (enum archive_part)i;
		}
	}
	return ARCHIVE_ROWS;
}

static struct member_name
chunk_member(const char *name)
{
	struct member_name m = {MEMBER_UNKNOWN, 0, 0, ARCHIVE_ROWS};
	char again[ARCHIVE_NAME_MAX];
	const char *p = name + 2;

	if (!number(&p, &m.chunk))
		return m;
	m.part = part_of(&p);
	if (strcmp(p, "/chunk.json") == 0)
		m.kind = MEMBER_CHUNK;
	else if (strcmp(p, "/done.json") == 0)
		m.kind = MEMBER_DONE;
	else if (strcmp(p, "/failed.json") == 0)
		m.kind = MEMBER_FAILED;
	else if (*p++ == '/' && number(&p, &m.segment) &&
	    strcmp(p, ".copy") == 0)
		m.kind = MEMBER_SEGMENT;
	else
		return m;
	/* c/01/chunk.json is somebody else's. */
	member_name_show(&m, again);
	if (strcmp(name, again) != 0)
		m.kind = MEMBER_UNKNOWN;
	return m;
}

struct member_name
member_name_parse(const char *name)
{
	struct member_name m = {MEMBER_UNKNOWN, 0, 0, ARCHIVE_ROWS};

	if (strncmp(name, "c/", 2) == 0)
		return chunk_member(name);
	if (strcmp(name, ARCHIVE_START_NAME) == 0)
		m.kind = MEMBER_START;
	else if (strcmp(name, ARCHIVE_END_NAME) == 0)
		m.kind = MEMBER_END;
	else if (member_name_other(name))
		m.kind = MEMBER_OTHER;
	return m;
}

void
member_name_show(const struct member_name *m, char out[ARCHIVE_NAME_MAX])
{
	unsigned long long chunk = m->chunk, segment = m->segment;
	const char *what = "";

	switch (m->kind) {
	case MEMBER_START:
		snprintf(out, ARCHIVE_NAME_MAX, "%s", ARCHIVE_START_NAME);
		return;
	case MEMBER_END:
		snprintf(out, ARCHIVE_NAME_MAX, "%s", ARCHIVE_END_NAME);
		return;
	case MEMBER_SEGMENT:
		snprintf(out, ARCHIVE_NAME_MAX, "c/%llu/%s%s%06llu.copy", chunk,
		    part_names[m->part], m->part == ARCHIVE_ROWS ? "" : "/",
		    segment);
		return;
	case MEMBER_CHUNK:
		what = "chunk";
		break;
	case MEMBER_DONE:
		what = "done";
		break;
	case MEMBER_FAILED:
		what = "failed";
		break;
	case MEMBER_UNKNOWN:
	case MEMBER_OTHER:
		break;
	}
	snprintf(out, ARCHIVE_NAME_MAX, "c/%llu/%s.json", chunk, what);
}

static void
hash_show(XXH128_hash_t hash, char hex[ARCHIVE_HASH_HEX + 1])
{
	snprintf(hex, ARCHIVE_HASH_HEX + 1, "%016llx%016llx",
	    (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

void
member_hash(const void *bytes, size_t n, char hex[ARCHIVE_HASH_HEX + 1])
{
	hash_show(XXH3_128bits(bytes, n), hex);
}

void
member_hash_state(const struct XXH3_state_s *state,
    char hex[ARCHIVE_HASH_HEX + 1])
{
	hash_show(XXH3_128bits_digest(state), hex);
}

void
member_seal(const json_t *value, struct str *out)
{
	char hex[ARCHIVE_HASH_HEX + 1];

	record_show(value, out);
	/* The seal goes before the closing brace. */
	out->len--;
	if (out->len > 1)
		str_addc(out, ',');
	member_hash(out->data, out->len, hex);
	str_addf(out, "%s%s%s", SEAL_OPEN, hex, SEAL_CLOSE);
}

bool
member_sealed(const char *text, size_t len)
{
	const char *seal;
	char hex[ARCHIVE_HASH_HEX + 1];

	if (len < SEAL_SIZE + 1)
		return false;
	seal = text + len - SEAL_SIZE;
	member_hash(text, len - SEAL_SIZE, hex);
	return memcmp(seal, SEAL_OPEN, sizeof(SEAL_OPEN) - 1) == 0 &&
	    memcmp(seal + sizeof(SEAL_OPEN) - 1, hex, ARCHIVE_HASH_HEX) == 0 &&
	    memcmp(text + len - sizeof(SEAL_CLOSE) + 1, SEAL_CLOSE,
		sizeof(SEAL_CLOSE) - 1) == 0;
}
