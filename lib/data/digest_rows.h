/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the binary and the text side of digest_rows share.  Private to
 * lib/data/digest*.c.
 */
#ifndef DATA_DIGEST_ROWS_H
#define DATA_DIGEST_ROWS_H

#include "data/digest.h"
#include "data/lookup3.h"

#define DIGEST_SCRATCH ((size_t)256 * 1024)

/*
 * Where a row's bytes go.  A row that fits the scratch buffer is hashed
 * there at once.  A longer one is gone over twice, because the hash begins
 * with the length: first only counting, then hashing piece by piece.
 */
struct digest_sink {
	unsigned char *buffer; /* DIGEST_SCRATCH bytes */
	size_t len;
	uint64_t passed; /* bytes that have left the buffer */
	bool hashing;	 /* the second time */
	struct lookup3 hash;
};

void digest_sink_put(struct digest_sink *s, const void *bytes, size_t n);
void digest_sink_putc(struct digest_sink *s, unsigned char c);

/*
 * A field of a row as COPY framed it.  Null: in text and csv p is NULL; in
 * binary n is 0, and the length, which is before p, says it.
 */
struct digest_field {
	const unsigned char *p;
	size_t n;
	bool quoted; /* csv: p and n are what is between the quotes */
};

/*
 * Find the fields of a line of text or csv, which must be as many as said;
 * NULL, or what is wrong with it.
 */
const char *digest_split_text(const unsigned char *row, size_t n,
    struct digest_field *fields, size_t nfields);
const char *digest_split_csv(const unsigned char *row, size_t n,
    struct digest_field *fields, size_t nfields);

/* A field's value as record_out() writes it. */
void digest_put_value(struct digest_sink *s, enum copy_format format,
    const struct digest_field *field);

#endif
