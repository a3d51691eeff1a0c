/* SPDX-License-Identifier: PostgreSQL */
/*
 * Follows the blocks of a tar and holds them to the letter.
 */
#include "data/archive_scan.h"

#include <string.h>

#include "data/archive_member.h"

/* Fields of a tar header. */
#define AT_SIZE 124
#define AT_SUM 148
#define AT_TYPE 156
#define AT_MAGIC 257

#define WIDTH_SIZE 12
#define WIDTH_SUM 8

/* What people feed into a pipe by mistake, by how it begins. */
static const struct other {
	const char *magic;
	size_t n;
	const char *problem, *hint;
} others[] = {
    {"\x1f\x8b", 2, "it looks compressed with gzip",
	"decompress it first: gzip -dc FILE | ..."},
    {"\x28\xb5\x2f\xfd", 4, "it looks compressed with zstd",
	"decompress it first: zstd -dc FILE | ..."},
    {"\xfd"
     "7zXZ",
	5, "it looks compressed with xz",
	"decompress it first: xz -dc FILE | ..."},
    {"BZh", 3, "it looks compressed with bzip2",
	"decompress it first: bzip2 -dc FILE | ..."},
    {"\x04\x22\x4d\x18", 4, "it looks compressed with lz4",
	"decompress it first: lz4 -dc FILE | ..."},
    {"PGDMP", 5, "it is an archive of pg_dump", "pg_restore reads that"},
    {"PGCOPY\n", 7, "it is a bare COPY stream", NULL},
    {"{", 1, "it holds JSON lines", "pg-copyout turns chunk lines into one"},
};

void
scan_init(struct scan *s)
{
	memset(s, 0, sizeof(*s));
}

void
scan_again(struct scan *s)
{
	uint64_t offset = s->offset;

	scan_init(s);
	s->start = offset;
	s->offset = offset;
}

static bool
all_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Octal digits, as tar has them: after blanks, up to a blank or a NUL. */
static bool
octal(const unsigned char *p, size_t width, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	while (i < width && p[i] == ' ')
		i++;
	if (i == width || p[i] < '0' || p[i] > '7')
		return false;
	for (; i < width && p[i] >= '0' && p[i] <= '7'; i++)
		*out = *out << 3 | (uint64_t)(p[i] - '0');
	return i == width || p[i] == ' ' || p[i] == '\0';
}

/* A size, which GNU tar writes in base 256 where octal is too short. */
static bool
member_size(const unsigned char *p, uint64_t *out)
{
	size_t i;

	if ((p[0] & 0x80) == 0)
		return octal(p, WIDTH_SIZE, out);
	if (p[0] != 0x80 || !all_zero(p + 1, 3) || (p[4] & 0x80) != 0)
		return false;
	*out = 0;
	for (i = 4; i < WIDTH_SIZE; i++)
		*out = *out << 8 | p[i];
	return true;
}

static bool
sum_agrees(const unsigned char *block)
{
	uint64_t said, sum = 0;
	size_t i;

	for (i = 0; i < ARCHIVE_BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + WIDTH_SUM ? ' ' : block[i];
	return octal(block + AT_SUM, WIDTH_SUM, &said) && said == sum;
}

/* The block where a header should be is none. */
static void
no_header(struct scan *s)
{
	size_t i;

	if (s->offset - s->start > ARCHIVE_BLOCK) {
		s->problem = "a member's header is damaged";
		return;
	}
	if (s->start > 0) {
		s->problem = "what follows its end is no other archive";
		return;
	}
	s->problem = "it does not begin like one";
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (s->nblock >= others[i].n &&
		    memcmp(s->block, others[i].magic, others[i].n) == 0) {
			s->problem = others[i].problem;
			s->hint = others[i].hint;
		}
}

/* Go on with a body of so many bytes and the zeros behind it. */
static void
expect(struct scan *s, enum scan_state state, uint64_t size)
{
	s->state = state;
	s->left = size;
	s->pad = (ARCHIVE_BLOCK - size % ARCHIVE_BLOCK) % ARCHIVE_BLOCK;
	s->npax = 0;
}

static void
take_header(struct scan *s)
{
	const unsigned char *b = s->block;
	uint64_t size;

	if (memcmp(b + AT_MAGIC, "ustar", 5) != 0 || !sum_agrees(b)) {
		no_header(s);
		return;
	}
	if (!member_size(b + AT_SIZE, &size)) {
		s->problem = "a member has an impossible size";
		return;
	}
	if (b[AT_TYPE] == '0' || b[AT_TYPE] == '\0') {
		expect(s, SCAN_DATA, s->sized ? s->size : size);
		s->sized = s->extended = false;
	} else if (s->extended)
		s->problem = "a pax header has no member";
	else if (b[AT_TYPE] == 'g')
		expect(s, SCAN_DATA, size);
	else if (b[AT_TYPE] == 'x' && size <= SCAN_PAX_MAX)
		expect(s, SCAN_PAX, size);
	else
		s->problem = "it holds a member that is no plain file";
}

static void
take_block(struct scan *s)
{
	if (!all_zero(s->block, ARCHIVE_BLOCK))
		take_header(s);
	else if (s->offset - s->start == ARCHIVE_BLOCK)
		no_header(s);
	else if (s->extended)
		s->problem = "a pax header has no member";
	else {
		s->state = SCAN_TAIL;
		s->left = ARCHIVE_BLOCK;
	}
	s->nblock = 0;
}

/*
 * "27 size=8589934592\n" is all that matters here; "GNU.sparse..." would
 * make a member's bytes differ from what the archive holds.
 */
static bool
take_pax_record(struct scan *s, const char *p, size_t n)
{
	static const char size_key[] = "size=", sparse_key[] = "GNU.sparse.";
	size_t i = sizeof(size_key) - 1;

	if (n >= sizeof(sparse_key) - 1 &&
	    memcmp(p, sparse_key, sizeof(sparse_key) - 1) == 0)
		return false;
	if (n < i || memcmp(p, size_key, i) != 0)
		return true;
	if (n == i || n > i + 18)
		return false;
	s->size = 0;
	s->sized = true;
	for (; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		s->size = s->size * 10 + (uint64_t)(p[i] - '0');
	}
	return true;
}

/* All "LENGTH KEY=VALUE\n", where LENGTH counts all of the record. */
static bool
take_pax_records(struct scan *s)
{
	size_t at = 0;

	while (at < s->npax) {
		size_t length = 0, i = at;

		for (; i < s->npax && s->pax[i] >= '0' && s->pax[i] <= '9' &&
		     length <= s->npax;
		     i++)
			length = length * 10 + (size_t)(s->pax[i] - '0');
		if (i == s->npax || s->pax[i++] != ' ' ||
		    length > s->npax - at || at + length <= i ||
		    s->pax[at + length - 1] != '\n')
			return false;
		if (!take_pax_record(s, s->pax + i, at + length - 1 - i))
			return false;
		at += length;
	}
	return true;
}

/* A member's or a pax header's bytes are all there; then zeros. */
static void
end_body(struct scan *s)
{
	if (s->state == SCAN_PAX) {
		s->extended = true;
		if (!take_pax_records(s))
			s->problem = "a pax header is damaged";
	}
	s->state = SCAN_ZERO;
	s->left = s->pad;
}

/* The second zero block, and then up to the record's end. */
static void
end_zeros(struct scan *s)
{
	uint64_t size = s->offset - s->start;

	if (s->state == SCAN_ZERO)
		s->state = SCAN_HEADER;
	else if (size % ARCHIVE_RECORD == 0)
		s->state = SCAN_DONE;
	else
		s->left = ARCHIVE_RECORD - size % ARCHIVE_RECORD;
}

static void
take_zeros(struct scan *s, const unsigned char *p, size_t n)
{
	if (all_zero(p, n))
		return;
	s->problem = s->state == SCAN_TAIL
	    ? "bytes follow the end of its members"
	    : "padding is not zero";
}

static size_t
take_body(struct scan *s, const unsigned char *p, size_t n)
{
	if (n > s->left)
		n = (size_t)s->left;
	if (s->state == SCAN_PAX) {
		memcpy(s->pax + s->npax, p, n);
		s->npax += n;
	} else if (s->state != SCAN_DATA)
		take_zeros(s, p, n);
	s->left -= n;
	s->offset += n;
	return n;
}

static size_t
take_part_of_block(struct scan *s, const unsigned char *p, size_t n)
{
	if (n > ARCHIVE_BLOCK - s->nblock)
		n = ARCHIVE_BLOCK - s->nblock;
	memcpy(s->block + s->nblock, p, n);
	s->nblock += n;
	s->offset += n;
	if (s->nblock == ARCHIVE_BLOCK)
		take_block(s);
	return n;
}

size_t
scan_take(struct scan *s, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t taken = 0;

	while (s->problem == NULL && s->state != SCAN_DONE) {
		if (s->state != SCAN_HEADER && s->left == 0) {
			if (s->state == SCAN_DATA || s->state == SCAN_PAX)
				end_body(s);
			else
				end_zeros(s);
		} else if (taken == n)
			break;
		else if (s->state == SCAN_HEADER)
			taken += take_part_of_block(s, p + taken, n - taken);
		else
			taken += take_body(s, p + taken, n - taken);
	}
	return taken;
}

void
scan_cut(struct scan *s)
{
	if (s->offset == 0)
		s->problem = "it is empty";
	else if (s->offset - s->start < ARCHIVE_BLOCK)
		no_header(s);
	else
		s->problem = "it is cut short";
}
