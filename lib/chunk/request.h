/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is asked of a listing, and what all of its parts work with.
 */
#ifndef CHUNK_REQUEST_H
#define CHUNK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "pg/conn.h"

enum request_by { BY_CTID, BY_KEY, BY_TIME };
enum request_order { ORDER_LARGEST, ORDER_NEWEST, ORDER_OLDEST, ORDER_NAME };

struct request {
	struct pg_params server;
	struct strv patterns;	  /* none: every user table */
	struct strv leave_out;	  /* patterns */
	const char *from, *until; /* as they were typed, or NULL */
	const char *time_column;  /* or NULL */
	const char *snapshot;	  /* or NULL */
	enum request_by by;
	enum request_order order;
	uint64_t split; /* bytes; 0: never */
	bool if_exists;
	bool regex; /* the patterns are regular expressions */
	bool cascade_up, cascade_down;
	bool caggs; /* list continuous aggregates and not chunks */
};

#define REQUEST_SPLIT ((uint64_t)256 * 1024 * 1024)
#define REQUEST_SPLIT_MIN 8192

#endif
