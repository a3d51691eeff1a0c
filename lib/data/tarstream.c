/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading the tar of a data directory, strictly.
 */
#include "data/tarstream.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#define EXTRA_MAX 65536 /* bytes of a pax header or a long name */

/* Where the fields of a header are: POSIX, ustar interchange format. */
enum { NAME = 0, NAME_SIZE = 100 };
enum { MODE = 100, MODE_SIZE = 8 };
enum { SIZE = 124, SIZE_SIZE = 12 };
enum { MTIME = 136, MTIME_SIZE = 12 };
enum { SUM = 148, SUM_SIZE = 8 };
enum { TYPE = 156 };
enum { LINK = 157, LINK_SIZE = 100 };
enum { MAGIC = 257 };
enum { PREFIX = 345, PREFIX_SIZE = 155 };

struct tarstream {
	struct codec_reader *in;
	const unsigned char *bytes; /* what was read and not used */
	size_t nbytes;
	uint64_t offset;
	status failed; /* reported */
	bool ended;
	struct tar_member member;
	uint64_t left; /* bytes of the present member ... */
	size_t pad;    /* ... and of the zeros behind it */
	unsigned char block[TAR_BLOCK];
	/* What headers before the member's own said of it. */
	struct str path, link;
	bool has_path, has_link, has_size;
	uint64_t size;
};

struct tarstream *
tarstream_new(struct codec_reader *in)
{
	struct tarstream *t = mem_zalloc(sizeof(*t));

	t->in = in;
	return t;
}

void
tarstream_free(struct tarstream *t)
{
	if (t == NULL)
		return;
	str_free(&t->path);
	str_free(&t->link);
	free(t);
}

uint64_t
tarstream_offset(const struct tarstream *t)
{
	return t->offset;
}

static status
refuse(struct tarstream *t, const char *problem)
{
	if (t->offset <= TAR_BLOCK)
		log_error("\"%s\" is no tar archive: %s",
		    codec_reader_name(t->in), problem);
	else
		log_error("\"%s\" is no whole tar archive: %s, at byte %llu",
		    codec_reader_name(t->in), problem,
		    (unsigned long long)t->offset);
	t->failed = STATUS_USAGE;
	return t->failed;
}

static status
refuse_member(struct tarstream *t, const char *path, const char *problem)
{
	log_error("\"%s\" holds a member that no backup has: \"%s\" %s",
	    codec_reader_name(t->in), path, problem);
	t->failed = STATUS_USAGE;
	return t->failed;
}

static status
cut(struct tarstream *t)
{
	if (t->offset == 0)
		return refuse(t, "it is empty");
	(void)refuse(t, "it ends too early");
	log_hint("the backup was cut off, or is still being written");
	return t->failed;
}

/* Have unused bytes; none are left at the end of the stream. */
static status
fill(struct tarstream *t)
{
	const void *bytes;
	size_t n;

	if (t->failed != STATUS_OK || t->nbytes > 0)
		return t->failed;
	t->failed = codec_read(t->in, &bytes, &n);
	t->bytes = bytes;
	t->nbytes = n;
	return t->failed;
}

static void
use(struct tarstream *t, size_t n)
{
	t->bytes += n;
	t->nbytes -= n;
	t->offset += n;
}

/* Exactly n bytes to a place (NULL: nowhere); *got is less at the end. */
static status
take(struct tarstream *t, unsigned char *to, uint64_t n, uint64_t *got)
{
	size_t some;

	for (*got = 0; *got < n; *got += some) {
		if (fill(t) != STATUS_OK || t->nbytes == 0)
			break;
		some = n - *got < t->nbytes ? (size_t)(n - *got) : t->nbytes;
		if (to != NULL)
			memcpy(to + *got, t->bytes, some);
		use(t, some);
	}
	return t->failed;
}

static status
take_all(struct tarstream *t, unsigned char *to, uint64_t n)
{
	uint64_t got;

	if (take(t, to, n, &got) == STATUS_OK && got < n)
		return cut(t);
	return t->failed;
}

static bool
all_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* --- names ------------------------------------------------------------------ */

bool
tar_path_safe(const char *path)
{
	const char *p = path;

	if (strlen(path) >= TAR_PATH_MAX)
		return false;
	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
}

bool
tar_path_tablespace(const char *path)
{
	static const char directory[] = "pg_tblspc/";
	const char *oid = path + sizeof(directory) - 1;

	return strncmp(path, directory, sizeof(directory) - 1) == 0 &&
	    *oid != '\0' && strlen(oid) <= 10 &&
	    oid[strspn(oid, "0123456789")] == '\0';
}

/* --- headers ---------------------------------------------------------------- */

/* A field of at most n bytes, NUL-terminated when shorter. */
static void
add_field(struct str *s, const unsigned char *field, size_t n)
{
	const unsigned char *end = memchr(field, '\0', n);

	str_addn(s, field, end == NULL ? n : (size_t)(end - field));
}

/* Octal digits between blanks, or GNU's base-256 with the top bit set. */
static bool
number(const unsigned char *field, size_t n, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;

	if (field[0] & 0x80) {
		if (field[0] != 0x80) /* negative, or beyond all files */
			return false;
		for (i = 1; i < n; i++) {
			if (value >> 55 != 0)
				return false;
			value = value << 8 | field[i];
		}
		*out = value;
		return true;
	}
	while (i < n && field[i] == ' ')
		i++;
	for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	for (; i < n; i++)
		if (field[i] != ' ' && field[i] != '\0')
			return false;
	*out = value;
	return true;
}

static bool
sum_is_right(const unsigned char *block)
{
	uint64_t said;
	unsigned sum = 0;

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM && i < SUM + SUM_SIZE ? ' ' : block[i];
	return number(block + SUM, SUM_SIZE, &said) && said == sum;
}

/* One "key=value" of a pax header; what only describes is passed over. */
static bool
pax_field(struct tarstream *t, const char *key, size_t nkey, const char *value,
    size_t n)
{
	char digits[24];

	if (memchr(value, '\0', n) != NULL)
		return false;
	if (nkey == 4 && memcmp(key, "path", 4) == 0) {
		str_clear(&t->path);
		str_addn(&t->path, value, n);
		t->has_path = true;
	} else if (nkey == 8 && memcmp(key, "linkpath", 8) == 0) {
		str_clear(&t->link);
		str_addn(&t->link, value, n);
		t->has_link = true;
	} else if (nkey == 4 && memcmp(key, "size", 4) == 0) {
		if (n >= sizeof(digits))
			return false;
		memcpy(digits, value, n);
		digits[n] = '\0';
		t->has_size = num_u64(digits, 0, INT64_MAX, &t->size);
		return t->has_size;
	} else if (nkey >= 11 && memcmp(key, "GNU.sparse.", 11) == 0) {
		return false;
	}
	return true;
}

/* "27 mtime=1751648006.123456\n", again and again: the length counts itself. */
static bool
pax_fields(struct tarstream *t, const char *text, size_t n)
{
	while (n > 0) {
		const char *key, *value, *end;
		size_t length = 0, i = 0;

		for (; i < n && i < 6 && text[i] >= '0' && text[i] <= '9'; i++)
			length = length * 10 + (size_t)(text[i] - '0');
		if (i == 0 || i >= n || text[i] != ' ' || length > n ||
		    length < i + 4 || text[length - 1] != '\n')
			return false;
		key = text + i + 1;
		end = text + length - 1;
		value = memchr(key, '=', (size_t)(end - key));
		if (value == NULL ||
		    !pax_field(t, key, (size_t)(value - key), value + 1,
			(size_t)(end - value - 1)))
			return false;
		text += length;
		n -= length;
	}
	return true;
}

/* A header that only says something of the next one. */
static status
extra(struct tarstream *t, char type, uint64_t size)
{
	uint64_t whole = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	unsigned char *text CLEANUP_FREE = NULL;
	struct str *to = type == 'L' ? &t->path : &t->link;

	if (size > EXTRA_MAX)
		return refuse(t, "a header is too long");
	text = mem_alloc(whole + 1);
	if (take_all(t, text, whole) != STATUS_OK)
		return t->failed;
	if (!all_zero(text + size, (size_t)(whole - size)))
		return refuse(t, "a header is followed by garbage");
	text[size] = '\0';
	if (type == 'L' || type == 'K') {
		str_clear(to);
		add_field(to, text, (size_t)size);
		*(type == 'L' ? &t->has_path : &t->has_link) = true;
	} else if (!pax_fields(t, (const char *)text, (size_t)size)) {
		return refuse(t, "a pax header cannot be understood");
	} else if (type == 'g' && (t->has_path || t->has_link || t->has_size)) {
		return refuse(t, "a global header names a member");
	}
	return STATUS_OK;
}

/* Which name the member has, without "./" before it and "/" behind it. */
static void
set_names(struct tarstream *t)
{
	const unsigned char *b = t->block;
	size_t lead = 0;

	if (!t->has_path) {
		str_clear(&t->path);
		if (memcmp(b + MAGIC, "ustar\0", 6) == 0 && b[PREFIX] != 0) {
			add_field(&t->path, b + PREFIX, PREFIX_SIZE);
			str_addc(&t->path, '/');
		}
		add_field(&t->path, b + NAME, NAME_SIZE);
	}
	if (!t->has_link) {
		str_clear(&t->link);
		add_field(&t->link, b + LINK, LINK_SIZE);
	}
	str_add(&t->path, "");
	str_add(&t->link, "");
	while (t->path.len > 1 && t->path.data[t->path.len - 1] == '/')
		t->path.data[--t->path.len] = '\0';
	while (strncmp(t->path.data + lead, "./", 2) == 0)
		lead += 2;
	if (strcmp(t->path.data + lead, ".") == 0)
		lead++;
	t->member.path = t->path.data + lead;
}

static const char *
why_not(char type)
{
	switch (type) {
	case '1':
		return "is a hard link";
	case '3':
	case '4':
		return "is a device";
	case '6':
		return "is a fifo";
	case 'S':
		return "is a sparse file";
	default:
		return "is of an unknown type";
	}
}

/* The member's type, and whether it may be in a data directory. */
static status
judge(struct tarstream *t, char type)
{
	struct tar_member *m = &t->member;

	m->link = NULL;
	m->type = TAR_FILE;
	if (type == '5')
		m->type = TAR_DIRECTORY;
	else if (type == '2')
		m->type = TAR_SYMLINK;
	else if (type != '0' && type != '\0' && type != '7')
		return refuse_member(t, m->path, why_not(type));
	if (m->type == TAR_DIRECTORY && *m->path == '\0')
		return STATUS_OK;
	if (*m->path == '/')
		return refuse_member(t, m->path, "has an absolute name");
	if (!tar_path_safe(m->path))
		return refuse_member(t, m->path,
		    "has a name that leads elsewhere");
	if (m->type != TAR_SYMLINK)
		return STATUS_OK;
	m->link = t->link.data;
	if (!tar_path_tablespace(m->path))
		return refuse_member(t, m->path, "is a symbolic link");
	return STATUS_OK;
}

static status
header(struct tarstream *t)
{
	const unsigned char *b = t->block;
	struct tar_member *m = &t->member;
	uint64_t mode, mtime, size;
	status s;

	if (!number(b + MODE, MODE_SIZE, &mode) ||
	    !number(b + SIZE, SIZE_SIZE, &size))
		return refuse(t, "a header has no numbers");
	if (!number(b + MTIME, MTIME_SIZE, &mtime) || mtime > INT64_MAX)
		mtime = 0; /* before 1970: nothing depends on it */
	set_names(t);
	s = judge(t, (char)b[TYPE]);
	if (s != STATUS_OK)
		return s;
	m->mode = (uint32_t)(mode & 07777);
	m->mtime = (int64_t)mtime;
	m->size = t->has_size ? t->size : size;
	if (m->type != TAR_FILE)
		m->size = 0;
	if (m->size > INT64_MAX - TAR_BLOCK)
		return refuse(t, "a member is larger than any file");
	t->left = m->size;
	t->pad = (size_t)(-m->size % TAR_BLOCK);
	t->has_path = t->has_link = t->has_size = false;
	return STATUS_OK;
}

/* --- the stream --------------------------------------------------------------- */

/* The first zero block was seen: another one, and zeros up to the end. */
static status
sound_end(struct tarstream *t)
{
	if (t->has_path || t->has_link || t->has_size)
		return refuse(t, "a header has no member");
	if (take_all(t, t->block, TAR_BLOCK) != STATUS_OK)
		return t->failed;
	if (!all_zero(t->block, TAR_BLOCK))
		return refuse(t, "a zero block stands alone");
	while (fill(t) == STATUS_OK && t->nbytes > 0) {
		if (!all_zero(t->bytes, t->nbytes))
			return refuse(t, "bytes follow its end");
		use(t, t->nbytes);
	}
	t->ended = true;
	return t->failed;
}

static status
skip_rest(struct tarstream *t)
{
	unsigned char pad[TAR_BLOCK];

	if (t->left > 0 && take_all(t, NULL, t->left) != STATUS_OK)
		return t->failed;
	t->left = 0;
	if (t->pad == 0)
		return STATUS_OK;
	memset(pad, 0, sizeof(pad));
	if (take_all(t, pad, t->pad) != STATUS_OK)
		return t->failed;
	if (!all_zero(pad, t->pad))
		return refuse(t, "a member is followed by garbage");
	t->pad = 0;
	return STATUS_OK;
}

status
tarstream_next(struct tarstream *t, const struct tar_member **out)
{
	char type;
	uint64_t size;

	*out = NULL;
	if (t->ended || skip_rest(t) != STATUS_OK)
		return t->failed;
	for (;;) {
		if (take_all(t, t->block, TAR_BLOCK) != STATUS_OK)
			return t->failed;
		if (all_zero(t->block, TAR_BLOCK))
			return sound_end(t);
		if (!sum_is_right(t->block))
			return refuse(t, "a header's checksum is wrong");
		type = (char)t->block[TYPE];
		if (type == '\0' || strchr("xgLK", type) == NULL)
			break;
		if (!number(t->block + SIZE, SIZE_SIZE, &size))
			return refuse(t, "a header has no numbers");
		if (extra(t, type, size) != STATUS_OK)
			return t->failed;
	}
	if (header(t) == STATUS_OK)
		*out = &t->member;
	return t->failed;
}

status
tarstream_data(struct tarstream *t, const void **bytes, size_t *n)
{
	*bytes = NULL;
	*n = 0;
	if (t->left == 0 || fill(t) != STATUS_OK)
		return t->failed;
	if (t->nbytes == 0)
		return cut(t);
	*bytes = t->bytes;
	*n = t->left < t->nbytes ? (size_t)t->left : t->nbytes;
	t->left -= *n;
	use(t, *n);
	return STATUS_OK;
}
