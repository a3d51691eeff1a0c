/* SPDX-License-Identifier: PostgreSQL */
/*
 * Names of WAL files.
 */
#include "data/walname.h"

#include <stdio.h>
#include <string.h>

#define LOG_BYTES (UINT64_C(1) << 32) /* of all segments of one log */

bool
wal_size_valid(uint64_t segment_size)
{
	return segment_size >= 1 << 20 && segment_size <= 1 << 30 &&
	    (segment_size & (segment_size - 1)) == 0;
}

/* How many upper-case hex digits the text begins with. */
static size_t
hex_span(const char *text)
{
	return strspn(text, "0123456789ABCDEF");
}

enum wal_file
wal_file_kind(const char *name)
{
	size_t n = hex_span(name);
	const char *rest = name + n;

	if (n == 8 && strcmp(rest, ".history") == 0)
		return WAL_HISTORY;
	if (n != 24)
		return WAL_OTHER;
	if (*rest == '\0')
		return WAL_SEGMENT;
	if (strcmp(rest, ".partial") == 0)
		return WAL_PARTIAL;
	if (*rest == '.' && hex_span(rest + 1) == 8 &&
	    strcmp(rest + 9, ".backup") == 0)
		return WAL_BACKUP_HISTORY;
	return WAL_OTHER;
}

/* Eight digits, which were seen to be hex. */
static uint32_t
hex8(const char *text)
{
	uint32_t value = 0;

	for (int i = 0; i < 8; i++) {
		char c = text[i];
		uint32_t digit = (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);

		value = value << 4 | digit;
	}
	return value;
}

bool
wal_name_parse(const char *name, uint32_t segment_size, uint32_t *timeline,
    uint64_t *segment)
{
	uint64_t per_log = LOG_BYTES / segment_size, log, number;
	enum wal_file kind = wal_file_kind(name);

	if (kind != WAL_SEGMENT && kind != WAL_PARTIAL)
		return false;
	log = hex8(name + 8);
	number = hex8(name + 16);
	if (hex8(name) == 0 || number >= per_log)
		return false;
	*timeline = hex8(name);
	*segment = log * per_log + number;
	return true;
}

void
wal_name_show(char out[WAL_NAME], uint32_t timeline, uint64_t segment,
    uint32_t segment_size)
{
	uint64_t per_log = LOG_BYTES / segment_size;

	(void)snprintf(out, WAL_NAME, "%08X%08X%08X", timeline,
	    (unsigned)(segment / per_log), (unsigned)(segment % per_log));
}

uint32_t
wal_name_timeline(const char *name)
{
	return wal_file_kind(name) == WAL_OTHER ? 0 : hex8(name);
}

/* One to eight hex digits of either case, as sscanf's %X takes them. */
static const char *
half(const char *text, uint32_t *value)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t n = strspn(text, digits);

	if (n == 0 || n > 8)
		return NULL;
	*value = 0;
	for (size_t i = 0; i < n; i++)
		*value = *value << 4 |
		    (uint32_t)((strchr(digits, text[i]) - digits) % 16);
	return text + n;
}

bool
wal_lsn_parse(const char *text, uint64_t *lsn)
{
	uint32_t high, low;
	const char *rest = half(text, &high);

	if (rest == NULL || *rest != '/')
		return false;
	rest = half(rest + 1, &low);
	if (rest == NULL || *rest != '\0')
		return false;
	*lsn = (uint64_t)high << 32 | low;
	return true;
}

void
wal_lsn_show(char out[WAL_LSN], uint64_t lsn)
{
	(void)snprintf(out, WAL_LSN, "%X/%X", (unsigned)(lsn >> 32),
	    (unsigned)lsn);
}
