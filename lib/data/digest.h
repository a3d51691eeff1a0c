/* SPDX-License-Identifier: PostgreSQL */
/*
 * The digest of a set of rows: a row count and the 128-bit sum of a 64-bit
 * hash of each whole row; order-independent and additive.
 *
 * hash(row) = 31 + hash_bytes_extended(bytes(row), seed 0), which is what
 *	pg_catalog.hash_array_extended(array[bytes], 0)
 * gives on PostgreSQL 13 to 18 on little-endian machines (lookup3; see
 * src/common/hashfn.c and arrayfuncs.c).  The sum is of signed 64-bit
 * values in signed 128 bits, as sum(bigint) accumulates it.
 *
 * bytes(row), with the columns sorted by name (byte order):
 *   kind "send": record_send(row(c1, c2, ...)): int32 column count, then for
 *	each int32 type oid, int32 length (-1 for null), the typsend bytes.
 *	Text is in UTF-8 (client_encoding).  The type is canonical, so that two
 *	databases agree: a domain is its base type, an enum is text (25), an
 *	array of a domain or an enum is an array over those, and the element
 *	type within an array's bytes is replaced likewise.
 *   kind "text": textsend(row(c1, c2, ...)::text): record_out's text of the
 *	output functions' results (src/backend/utils/adt/rowtypes.c).
 *
 * As text a digest is "send:ROWS:SUM" with SUM as 32 hex digits of the
 * two's complement.
 */
#ifndef DATA_DIGEST_H
#define DATA_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * BATCHES is of a chunk of TimescaleDB that moves compressed: its sum is over
 * its batches and its other rows, each hashed by the kind of the COPY format
 * that it has; its rows are those of the table.
 */
enum digest_kind { DIGEST_NONE, DIGEST_SEND, DIGEST_TEXT, DIGEST_BATCHES };

struct digest {
	enum digest_kind kind;
	uint64_t rows;
	__extension__ unsigned __int128 sum;
};

#define DIGEST_SHOWN 80 /* bytes that hold any digest as text */
void digest_show(const struct digest *d, char out[DIGEST_SHOWN]); /* NONE: "" */
bool digest_parse(const char *text, struct digest *out);
/* Sum and kind from the server's answer: rows, sum as decimal numeric text
 * (NULL for no rows). */
bool digest_from_sql(enum digest_kind kind, const char *rows, const char *sum,
    struct digest *out);
void digest_add(struct digest *into, const struct digest *d);
bool digest_eq(const struct digest *a, const struct digest *b);

/* lookup3's 64-bit form, seed 0: hash_bytes_extended(). */
uint64_t digest_hash(const void *bytes, size_t n);

/*
 * Rows as COPY gives them, taken one at a time.
 */
enum copy_format { COPY_BINARY, COPY_TEXT, COPY_CSV };

struct digest_column {
	const char *name; /* for the sort; borrowed */
	uint32_t type;	  /* canonical type oid */
	bool array;	  /* patch the element type within the bytes, */
	uint32_t element; /* with this canonical element oid */
};

/* Columns in COPY order.  Owned copy inside. */
struct digest_rows;
struct digest_rows *digest_rows_new(enum copy_format format,
    const struct digest_column *columns, size_t ncolumns);
/*
 * One whole row as COPY framed it: binary: int16 field count, then fields
 * (no file header, not the trailer); text: the line with its newline; csv:
 * one record with its newline, embedded newlines within quotes.  A row
 * that does not parse is reported; STATUS_FAIL.
 */
status digest_rows_take(struct digest_rows *d, const void *row, size_t n)
    MUST_CHECK;
/* The sums of parts, as the digest of a chunk that has so many rows. */
struct digest digest_batches(uint64_t rows, const struct digest *batches,
    const struct digest *rest);
const struct digest *digest_rows_sum(const struct digest_rows *d);
void digest_rows_free(struct digest_rows *d);

#endif
