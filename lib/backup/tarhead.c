/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tar headers ("ustar Interchange Format" in POSIX' pax).
 *
 * The server writes plain ustar, the name at most 99 bytes and no prefix;
 * sizes of 8 GB and more are in base 256.
 */
#include "backup/tarhead.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* Where the fields are. */
enum {
	NAME = 0,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	MTIME = 136,
	CHECKSUM = 148,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	UNAME = 265,
	GNAME = 297,
	PREFIX = 345
};
#define PREFIX_MAX 155
#define OCTAL_MAX (UINT64_C(1) << 33) /* first size that 11 digits cannot say */

static void
store(unsigned char *field, size_t n, uint64_t value)
{
	if (value >= UINT64_C(1) << (3 * (n - 1))) {
		memset(field, 0, n);
		field[0] = 0x80;
		for (size_t i = n; i > 1 && value > 0; value >>= 8)
			field[--i] = (unsigned char)(value & 0xff);
		return;
	}
	field[n - 1] = '\0';
	for (size_t i = n - 1; i > 0; value >>= 3)
		field[--i] = (unsigned char)('0' + (value & 7));
}

uint64_t
tarhead_number(const unsigned char *field, size_t n)
{
	uint64_t value = 0;
	size_t i = 0;

	if ((field[0] & 0x80) != 0) {
		value = field[0] & 0x7f;
		for (i = 1; i < n; i++)
			value = value << 8 | field[i];
		return value;
	}
	while (i < n && field[i] == ' ')
		i++;
	for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	return value;
}

static uint32_t
sum(const unsigned char *header)
{
	uint32_t total = 8 * ' ';

	for (size_t i = 0; i < TARHEAD_BLOCK; i++)
		if (i < CHECKSUM || i >= CHECKSUM + 8)
			total += header[i];
	return total;
}

static void
seal(unsigned char *header)
{
	store(header + CHECKSUM, 7, sum(header));
	header[CHECKSUM + 7] = ' ';
}

bool
tarhead_make(unsigned char out[TARHEAD_BLOCK], const char *name, char type,
    uint64_t size, uint32_t mode, int64_t mtime,
    const struct tarhead_owner *owner)
{
	size_t n = strlen(name);

	if (n >= TARHEAD_NAME)
		return false;
	memset(out, 0, TARHEAD_BLOCK);
	memcpy(out + NAME, name, n + 1);
	store(out + MODE, 8, mode);
	store(out + UID, 8, owner->uid);
	store(out + GID, 8, owner->gid);
	store(out + SIZE, 12, size);
	store(out + MTIME, 12, mtime > 0 ? (uint64_t)mtime : 0);
	out[TYPE] = (unsigned char)type;
	/* Each with its NUL, the version's being where the next begins. */
	memcpy(out + MAGIC,
	    "ustar\0"
	    "00",
	    sizeof("ustar\0"
		   "00"));
	memcpy(out + UNAME, "postgres", sizeof("postgres"));
	memcpy(out + GNAME, "postgres", sizeof("postgres"));
	seal(out);
	return true;
}

/* Within the name while it fits, which old readers understand; else in the
 * field for it. */
bool
tarhead_prefix(unsigned char header[TARHEAD_BLOCK], const char *directory)
{
	size_t m = strlen(directory);
	size_t n = strnlen((const char *)header, TARHEAD_NAME);

	if (m >= PREFIX_MAX || header[PREFIX] != '\0')
		return false;
	if (m + 1 + n < TARHEAD_NAME) {
		memmove(header + m + 1, header, n);
		memcpy(header, directory, m);
		header[m] = '/';
	} else {
		memcpy(header + PREFIX, directory, m);
	}
	seal(header);
	return true;
}

void
tarhead_name(const unsigned char header[TARHEAD_BLOCK], char out[260])
{
	const char *name = (const char *)header;
	const char *prefix = (const char *)header + PREFIX;

	if (*prefix != '\0')
		(void)snprintf(out, 260, "%.*s/%.*s", PREFIX_MAX, prefix,
		    TARHEAD_NAME, name);
	else
		(void)snprintf(out, 260, "%.*s", TARHEAD_NAME, name);
	/* The server writes "./pg_wal/archive_status". */
	while (strncmp(out, "./", 2) == 0 && out[2] != '\0')
		memmove(out, out + 2, strlen(out + 2) + 1);
}

void
tarhead_link(const unsigned char header[TARHEAD_BLOCK], char out[101])
{
	(void)snprintf(out, 101, "%.100s", (const char *)header + LINK);
}

/* --- passing by -------------------------------------------------------------- */

static status
broken(const struct tarpass *t, const char *why)
{
	log_error("the server sends no tar that can be read: \"%s\": %s",
	    t->name, why);
	return STATUS_FAIL;
}

static bool
is_zero(const unsigned char *block)
{
	for (size_t i = 0; i < TARHEAD_BLOCK; i++)
		if (block[i] != 0)
			return false;
	return true;
}

/* A whole block where a header is due. */
static status
take_block(struct tarpass *t)
{
	uint64_t size;
	char type = (char)t->block[TYPE];

	t->have = 0;
	if (is_zero(t->block)) {
		t->zero_blocks++;
		return STATUS_OK;
	}
	if (t->zero_blocks > 0)
		return broken(t, "something follows its end");
	if (memcmp(t->block + MAGIC, "ustar", 5) != 0 ||
	    tarhead_number(t->block + CHECKSUM, 8) != sum(t->block))
		return broken(t, "a header is none");
	size = type == '0' || type == '\0' ? tarhead_number(t->block + SIZE, 12)
					   : 0;
	if (size > INT64_MAX)
		return broken(t, "a member of an impossible size");
	if (!t->owner_seen) {
		t->owner.uid = (uint32_t)tarhead_number(t->block + UID, 8);
		t->owner.gid = (uint32_t)tarhead_number(t->block + GID, 8);
		t->owner_seen = true;
	}
	t->left = size;
	t->padding = tarhead_padding(size);
	return t->header(t->arg, t->block, size, type);
}

/* Bytes of a member, or of its padding. */
static status
take_data(struct tarpass *t, const unsigned char *p, size_t *n)
{
	bool padding = t->left == 0;
	uint64_t want = padding ? t->padding : t->left;

	if (*n > want)
		*n = (size_t)want;
	if (padding)
		t->padding -= *n;
	else
		t->left -= *n;
	return t->data(t->arg, p, *n, padding);
}

status
tarpass_feed(struct tarpass *t, const void *bytes, size_t n)
{
	const unsigned char *p = bytes, *end = p + n;
	status s = STATUS_OK;

	while (s == STATUS_OK && p < end) {
		n = (size_t)(end - p);
		if (t->left > 0 || t->padding > 0) {
			s = take_data(t, p, &n);
		} else {
			if (n > TARHEAD_BLOCK - t->have)
				n = TARHEAD_BLOCK - t->have;
			memcpy(t->block + t->have, p, n);
			t->have += n;
			if (t->have == TARHEAD_BLOCK)
				s = take_block(t);
		}
		p += n;
	}
	return s;
}

status
tarpass_end(struct tarpass *t)
{
	if (t->left > 0 || t->padding > 0 || t->have > 0 || t->zero_blocks < 2)
		return broken(t, "it is cut");
	t->zero_blocks = 0;
	return STATUS_OK;
}
