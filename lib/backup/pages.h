/* SPDX-License-Identifier: PostgreSQL */
/*
 * Pages whose checksum failed on the server, which tells of each in a warning
 * (five a file, then how many there were).
 */
#ifndef BACKUP_PAGES_H
#define BACKUP_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "data/record.h"
#include "pg/conn.h"

struct pages {
	struct page_file {
		char *file;
		uint64_t count;
	} * files;
	size_t count;
};

/* A pg_notice_fn; arg is a struct pages.  Other notices go to the log. */
void pages_notice(void *arg, const char *severity, const char *message);
/* [{"file","count"}] */
json_t *pages_json(const struct pages *p);
void pages_report(const struct pages *p); /* an error with a line a file */
void pages_free(struct pages *p);

#endif
