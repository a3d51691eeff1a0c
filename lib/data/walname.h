/* SPDX-License-Identifier: PostgreSQL */
/*
 * Names of WAL files, as PostgreSQL's access/xlog_internal.h has them:
 * timeline, log and segment number as three times eight upper-case hex
 * digits.  How many segments a log has depends on the segment size.
 */
#ifndef DATA_WALNAME_H
#define DATA_WALNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAL_NAME 25 /* bytes of a segment's name with its NUL */
#define WAL_LSN 18  /* bytes of the longest "FFFFFFFF/FFFFFFFF" */
#define WAL_SEGMENT_DEFAULT ((uint32_t)16 << 20)

/* A power of two from 1 MB to 1 GB. */
bool wal_size_valid(uint64_t segment_size);

enum wal_file {
	WAL_OTHER,	    /* no name of WAL */
	WAL_SEGMENT,	    /* 000000010000000000000002 */
	WAL_PARTIAL,	    /* ....partial: the last one of a timeline */
	WAL_HISTORY,	    /* 00000002.history */
	WAL_BACKUP_HISTORY, /* 000000010000000000000002.00000028.backup */
};
enum wal_file wal_file_kind(const char *name);

/*
 * The timeline and the segment number (LSN / segment size) of a SEGMENT or
 * PARTIAL name.  False for any other name and for one that this segment size
 * does not have.
 */
bool wal_name_parse(const char *name, uint32_t segment_size, uint32_t *timeline,
    uint64_t *segment);
void wal_name_show(char out[WAL_NAME], uint32_t timeline, uint64_t segment,
    uint32_t segment_size);
/* The timeline of any name of WAL, 0 for none. */
uint32_t wal_name_timeline(const char *name);

/* "16/B374D848"; the whole text must be one. */
bool wal_lsn_parse(const char *text, uint64_t *lsn);
void wal_lsn_show(char out[WAL_LSN], uint64_t lsn);

/*
 * The segments that hold the bytes from start up to, not including, end.  An
 * end on a boundary needs nothing of the segment that begins there.
 */
static inline uint64_t
wal_first_segment(uint64_t start, uint32_t segment_size)
{
	return start / segment_size;
}
static inline uint64_t
wal_last_segment(uint64_t end, uint32_t segment_size)
{
	return end == 0 ? 0 : (end - 1) / segment_size;
}

#endif
