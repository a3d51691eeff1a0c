/* SPDX-License-Identifier: PostgreSQL */
/*
 * PostgreSQL's backup_manifest, read as a stream.
 *
 * Its last line holds the SHA-256 of all bytes before that line.  So lines
 * are hashed one late: held is what came behind the last newline but one.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr */
#endif
#include "data/manifest.h"

#include <string.h>
#include <strings.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/manifest_json.h"
#include "data/manifest_table.h"
#include "data/tarstream.h"
#include "data/walname.h"

#define LINE_MAX_BYTES ((size_t)1024 * 1024)

/* Where in the document the scan is. */
enum place { AT_TOP, AT_MANIFEST, AT_FILES, AT_FILE, AT_RANGES, AT_RANGE };

enum field {
	F_NONE,
	F_VERSION,
	F_SYSTEM,
	F_FILES,
	F_RANGES,
	F_CHECKSUM,
	F_PATH,
	F_ENCODED,
	F_SIZE,
	F_MODIFIED,
	F_ALGORITHM,
	F_SUM,
	F_TIMELINE,
	F_START,
	F_END
};

static const struct {
	enum place place;
	enum field field;
	enum json_event kind;
	const char *name;
} fields[] = {
    {AT_MANIFEST, F_VERSION, JSON_DIGITS, "PostgreSQL-Backup-Manifest-Version"},
    {AT_MANIFEST, F_SYSTEM, JSON_DIGITS, "System-Identifier"},
    {AT_MANIFEST, F_FILES, JSON_ARRAY, "Files"},
    {AT_MANIFEST, F_RANGES, JSON_ARRAY, "WAL-Ranges"},
    {AT_MANIFEST, F_CHECKSUM, JSON_STRING, "Manifest-Checksum"},
    {AT_FILE, F_PATH, JSON_STRING, "Path"},
    {AT_FILE, F_ENCODED, JSON_STRING, "Encoded-Path"},
    {AT_FILE, F_SIZE, JSON_DIGITS, "Size"},
    {AT_FILE, F_MODIFIED, JSON_STRING, "Last-Modified"},
    {AT_FILE, F_ALGORITHM, JSON_STRING, "Checksum-Algorithm"},
    {AT_FILE, F_SUM, JSON_STRING, "Checksum"},
    {AT_RANGE, F_TIMELINE, JSON_DIGITS, "Timeline"},
    {AT_RANGE, F_START, JSON_STRING, "Start-LSN"},
    {AT_RANGE, F_END, JSON_STRING, "End-LSN"},
};
#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

struct manifest {
	char *name;
	struct manifest_table table;
	struct manifest_range *ranges;
	size_t nranges;
	uint64_t version, system, bytes;
	uint64_t kinds[FILEHASH_KINDS]; /* how many files have which */
	char checksum[2 * FILEHASH_MAX + 1];
	status failed;
	/* While it is read: */
	struct json_scan scan;
	enum place place;
	unsigned field; /* 1 + index of the field whose value comes */
	unsigned seen;	/* fields of the present object, as bits */
	unsigned top;	/* the same of the manifest itself */
	const char *problem;
	struct str path, held;
	uint64_t size;
	enum filehash_kind kind;
	unsigned char sum[FILEHASH_MAX];
	size_t nsum;
	struct manifest_range range;
	struct filehash hash;
};

static bool
refuse(struct manifest *m, const char *problem)
{
	m->problem = problem;
	return false;
}

static bool
has(unsigned seen, enum field field)
{
	return (seen & 1u << field) != 0;
}

/* --- values -------------------------------------------------------------------- */

/* Hex to bytes in place; false when it is none. */
static bool
unhex(const char *text, size_t n, unsigned char *out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	if (n % 2 != 0 || strspn(text, digits) != n)
		return false;
	for (size_t i = 0; i < n; i += 2)
		out[i / 2] =
		    (unsigned char)((strchr(digits, text[i]) - digits) % 16
			    << 4 |
			(strchr(digits, text[i + 1]) - digits) % 16);
	return true;
}

static bool
set_path(struct manifest *m, const struct str *text, bool encoded)
{
	str_clear(&m->path);
	str_addn(&m->path, text->data, text->len);
	if (encoded) {
		if (!unhex(text->data, text->len,
			(unsigned char *)m->path.data))
			return refuse(m, "an encoded path is not hex");
		m->path.len /= 2;
		m->path.data[m->path.len] = '\0';
	}
	if (memchr(m->path.data, '\0', m->path.len) != NULL ||
	    !tar_path_safe(m->path.data))
		return refuse(m, "a path leads out of the data directory");
	return true;
}

static bool
set_sum(struct manifest *m, const struct str *text)
{
	if (text->len > 2 * FILEHASH_MAX ||
	    !unhex(text->data, text->len, m->sum))
		return refuse(m, "a checksum is not hex");
	m->nsum = text->len / 2;
	return true;
}

static bool
set_lsn(struct manifest *m, const char *text, uint64_t *lsn)
{
	return wal_lsn_parse(text, lsn) ||
	    refuse(m, "an LSN cannot be understood");
}

static bool
set_number(struct manifest *m, const char *text, uint64_t max, uint64_t *out)
{
	return num_u64(text, 0, max, out) ||
	    refuse(m, "a number is out of range");
}

static bool
set_checksum(struct manifest *m, const struct str *text)
{
	if (text->len != 64)
		return refuse(m, "its own checksum has not 64 digits");
	memcpy(m->checksum, text->data, text->len + 1);
	return true;
}

static bool
set_value(struct manifest *m, enum field field, const struct str *text)
{
	uint64_t n;

	switch (field) {
	case F_VERSION:
		if (!set_number(m, text->data, UINT32_MAX, &m->version))
			return false;
		return m->version == 1 || m->version == 2 ||
		    refuse(m, "its version is neither 1 nor 2");
	case F_SYSTEM:
		return set_number(m, text->data, UINT64_MAX, &m->system);
	case F_CHECKSUM:
		return set_checksum(m, text);
	case F_PATH:
	case F_ENCODED:
		return set_path(m, text, field == F_ENCODED);
	case F_SIZE:
		return set_number(m, text->data, INT64_MAX, &m->size);
	case F_ALGORITHM:
		return filehash_parse(text->data, &m->kind) ||
		    refuse(m, "a checksum is of an unknown kind");
	case F_SUM:
		return set_sum(m, text);
	case F_TIMELINE:
		if (!set_number(m, text->data, UINT32_MAX, &n))
			return false;
		m->range.timeline = (uint32_t)n;
		return n != 0 || refuse(m, "a timeline is 0");
	case F_START:
		return set_lsn(m, text->data, &m->range.start);
	case F_END:
		return set_lsn(m, text->data, &m->range.end);
	case F_MODIFIED:
	case F_FILES:
	case F_RANGES:
	case F_NONE:
		break;
	}
	return true;
}

/* --- objects ------------------------------------------------------------------- */

static bool
end_file(struct manifest *m)
{
	if (!(has(m->seen, F_PATH) ^ has(m->seen, F_ENCODED)) ||
	    !has(m->seen, F_SIZE))
		return refuse(m, "a file has no path or no size");
	if (has(m->seen, F_ALGORITHM) != has(m->seen, F_SUM))
		return refuse(m, "a file has half a checksum");
	if (!has(m->seen, F_ALGORITHM)) {
		m->kind = FILEHASH_NONE;
		m->nsum = 0;
	}
	if (m->nsum != filehash_size(m->kind))
		return refuse(m, "a checksum has not its length");
	if (m->bytes + m->size < m->bytes)
		return refuse(m, "a number is out of range");
	if (manifest_table_add(&m->table, m->path.data, m->size, m->kind,
		m->sum) == NULL)
		return refuse(m, "a path is there twice");
	m->bytes += m->size;
	m->kinds[m->kind]++;
	return true;
}

static bool
end_range(struct manifest *m)
{
	if (!has(m->seen, F_TIMELINE) || !has(m->seen, F_START) ||
	    !has(m->seen, F_END) || m->range.start > m->range.end)
		return refuse(m, "a range of WAL is not whole");
	m->ranges = mem_resize(m->ranges, m->nranges + 1, sizeof(*m->ranges));
	m->ranges[m->nranges++] = m->range;
	return true;
}

static bool
end_manifest(struct manifest *m)
{
	if (!has(m->top, F_VERSION) || !has(m->top, F_FILES) ||
	    !has(m->top, F_RANGES) || !has(m->top, F_CHECKSUM))
		return refuse(m, "it is not whole");
	if ((m->version >= 2) != has(m->top, F_SYSTEM))
		return refuse(m, "its version and its fields disagree");
	return true;
}

static bool
begin_object(struct manifest *m)
{
	switch (m->place) {
	case AT_TOP:
		m->place = AT_MANIFEST;
		return true;
	case AT_FILES:
		m->place = AT_FILE;
		break;
	case AT_RANGES:
		m->place = AT_RANGE;
		break;
	default:
		return refuse(m, "an object is out of place");
	}
	m->seen = 0;
	return true;
}

static bool
end_object(struct manifest *m)
{
	switch (m->place) {
	case AT_FILE:
		m->place = AT_FILES;
		return end_file(m);
	case AT_RANGE:
		m->place = AT_RANGES;
		return end_range(m);
	default:
		m->place = AT_TOP;
		return end_manifest(m);
	}
}

static bool
take_key(struct manifest *m, const char *name)
{
	unsigned *seen = m->place == AT_MANIFEST ? &m->top : &m->seen;

	for (unsigned i = 0; i < NFIELDS; i++)
		if (fields[i].place == m->place &&
		    strcmp(fields[i].name, name) == 0) {
			if (has(*seen, fields[i].field))
				return refuse(m, "a field is there twice");
			if (has(m->top, F_CHECKSUM))
				return refuse(m,
				    "something follows its own checksum");
			*seen |= 1u << fields[i].field;
			m->field = i + 1;
			return true;
		}
	return refuse(m, "it has an unknown field");
}

static bool
begin_array(struct manifest *m)
{
	if (m->place != AT_MANIFEST || m->field == 0 ||
	    fields[m->field - 1].kind != JSON_ARRAY)
		return refuse(m, "an array is out of place");
	m->place = fields[m->field - 1].field == F_FILES ? AT_FILES : AT_RANGES;
	m->field = 0;
	return true;
}

static bool
take_value(struct manifest *m, enum json_event event, const struct str *text)
{
	unsigned i = m->field;

	m->field = 0;
	if (i == 0 || fields[i - 1].kind != event)
		return refuse(m, "a value is of another kind than its field");
	if (memchr(text->data, '\0', text->len) != NULL)
		return refuse(m, "a text holds a null byte");
	return set_value(m, fields[i - 1].field, text);
}

static bool
take_event(void *arg, enum json_event event, const struct str *text)
{
	struct manifest *m = arg;

	switch (event) {
	case JSON_OBJECT:
		if (m->field != 0)
			return refuse(m, "an object is out of place");
		return begin_object(m);
	case JSON_OBJECT_END:
		return end_object(m);
	case JSON_ARRAY:
		return begin_array(m);
	case JSON_ARRAY_END:
		m->place = AT_MANIFEST;
		return true;
	case JSON_KEY:
		return take_key(m, text->data);
	case JSON_STRING:
	case JSON_DIGITS:
		return take_value(m, event, text);
	}
	return false;
}

/* --- the stream ------------------------------------------------------------------ */

struct manifest *
manifest_new(const char *name)
{
	struct manifest *m = mem_zalloc(sizeof(*m));

	m->name = mem_strdup(name);
	json_scan_init(&m->scan, take_event, m);
	filehash_start(&m->hash, FILEHASH_SHA256);
	return m;
}

void
manifest_free(struct manifest *m)
{
	if (m == NULL)
		return;
	manifest_table_free(&m->table);
	json_scan_free(&m->scan);
	filehash_free(&m->hash);
	str_free(&m->path);
	str_free(&m->held);
	free(m->ranges);
	free(m->name);
	free(m);
}

void
manifest_cleanup(struct manifest **m)
{
	manifest_free(*m);
}

static status
report(struct manifest *m, const char *problem)
{
	log_error("\"%s\" is no sound backup manifest: %s", m->name, problem);
	m->failed = STATUS_USAGE;
	return m->failed;
}

/* Hash all lines that are whole but the last one. */
static void
hash_lines(struct manifest *m, const char *bytes, size_t n)
{
	const char *last, *before = NULL;
	size_t done;

	str_addn(&m->held, bytes, n);
	last = memrchr(m->held.data, '\n', m->held.len);
	if (last != NULL)
		before =
		    memrchr(m->held.data, '\n', (size_t)(last - m->held.data));
	if (before == NULL)
		return;
	done = (size_t)(before - m->held.data) + 1;
	filehash_add(&m->hash, m->held.data, done);
	memmove(m->held.data, m->held.data + done, m->held.len - done);
	m->held.len -= done;
}

status
manifest_feed(struct manifest *m, const void *bytes, size_t n)
{
	if (m->failed != STATUS_OK || n == 0)
		return m->failed;
	if (!json_scan_feed(&m->scan, bytes, n))
		return report(m,
		    m->problem != NULL ? m->problem : m->scan.problem);
	hash_lines(m, bytes, n);
	if (m->held.len > LINE_MAX_BYTES + n)
		return report(m, "a line is too long");
	return STATUS_OK;
}

status
manifest_finish(struct manifest *m)
{
	static const char last[] = "\"Manifest-Checksum\"";
	unsigned char sum[FILEHASH_MAX];
	char shown[2 * FILEHASH_MAX + 1];

	if (m->failed != STATUS_OK)
		return m->failed;
	if (!json_scan_ended(&m->scan))
		return report(m, "it ends too early");
	if (m->held.len == 0 ||
	    memchr(m->held.data, '\n', m->held.len) !=
		m->held.data + m->held.len - 1 ||
	    strncmp(m->held.data, last, sizeof(last) - 1) != 0)
		return report(m, "its last line is not that of its checksum");
	filehash_show(shown, sum, filehash_end(&m->hash, sum));
	if (strcasecmp(shown, m->checksum) != 0) {
		(void)report(m, "its own checksum is another one");
		log_detail("it says %s, and its bytes give %s", m->checksum,
		    shown);
	}
	return m->failed;
}

status
manifest_read(struct manifest *m, int fd)
{
	size_t room = 256 * 1024, n;
	char *bytes CLEANUP_FREE = mem_alloc(room);
	status s;

	do {
		s = io_read(fd, bytes, room, &n, m->name);
		if (s == STATUS_OK && n > 0)
			s = manifest_feed(m, bytes, n);
	} while (s == STATUS_OK && n > 0);
	return s != STATUS_OK ? s : manifest_finish(m);
}

/* --- what it says ------------------------------------------------------------------ */

int
manifest_version(const struct manifest *m)
{
	return (int)m->version;
}

uint64_t
manifest_system(const struct manifest *m)
{
	return m->system;
}

uint64_t
manifest_bytes(const struct manifest *m)
{
	return m->bytes;
}

enum filehash_kind
manifest_kind(const struct manifest *m)
{
	int most = 0;

	for (int i = 1; i < FILEHASH_KINDS; i++)
		if (m->kinds[i] > m->kinds[most])
			most = i;
	return (enum filehash_kind)most;
}

const char *
manifest_checksum(const struct manifest *m)
{
	return m->checksum;
}

const struct manifest_range *
manifest_ranges(const struct manifest *m, size_t *count)
{
	*count = m->nranges;
	return m->ranges;
}

size_t
manifest_files(const struct manifest *m)
{
	return m->table.count;
}

struct manifest_file *
manifest_at(const struct manifest *m, size_t i)
{
	return manifest_table_at(&m->table, i);
}

struct manifest_file *
manifest_find(const struct manifest *m, const char *path)
{
	return manifest_table_find(&m->table, path);
}

struct manifest_file *
manifest_add(struct manifest *m, const char *path, uint64_t size,
    enum filehash_kind kind, const unsigned char *sum)
{
	struct manifest_file *file =
	    manifest_table_add(&m->table, path, size, kind, sum);

	if (file != NULL) {
		m->bytes += size;
		m->kinds[kind]++;
	}
	return file;
}
