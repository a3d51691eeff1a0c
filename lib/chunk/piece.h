/* SPDX-License-Identifier: PostgreSQL */
/*
 * A piece: what a chunk source gave, with what the catalog says of it; one
 * row of a listing, before it is cut into slices.
 */
#ifndef CHUNK_PIECE_H
#define CHUNK_PIECE_H

#include "pg/conn.h"

#define PIECE_NO_TYPE SIZE_MAX

/* Strings point into the row; NULL where the row says null. */
struct piece {
	const char *schema, *table;
	const char *root_schema, *root_table;
	const char *parent_schema, *parent_table; /* or NULL */
	const char *oid;
	char kind, persistence;
	bool heap;	    /* by its access method */
	const char *refuse; /* why it cannot be listed, or NULL */
	const char *leave;  /* what it is that is left out, or NULL */
	const char *fields; /* JSON: what its line has besides, or NULL */
	const char *bound, *range, *part, *predicate; /* or NULL */
	bool compressed;
	bool refers_to_itself; /* by a foreign key */
	int64_t rows;	       /* -1: unknown */
	int64_t bytes;	       /* with TOAST */
	uint64_t blocks, block_size;
	const char *column; /* that bounds go by, or NULL */
	size_t type_no;	    /* of struct bounds; PIECE_NO_TYPE: unknown */
	bool may_be_null, from_cuts, until_cuts;
	/* How it is ordered among others. */
	bool has_number;
	double number;
	const char *order_text; /* or NULL */
	const char *order_name;
};

/* Valid as long as the row is. */
void piece_from_row(const struct pg_result *r, int row, struct piece *out);
/* public.metrics/public.m_2025: the id of all of it, owned by the caller. */
char *piece_id(const struct piece *p);
/* public.m_2025, for messages. */
char *piece_name(const struct piece *p);

#endif
