/* SPDX-License-Identifier: PostgreSQL */
/*
 * copydigest binary|text|csv COLUMNS [ROWS [SUM]] <stream: the digest of a COPY
 * stream, whose columns are a JSON array of {"name","type","array","element"},
 * as oids.  With the server's own count and sum, exit 1 unless they agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "data/copyrows.h"
#include "data/digest.h"
#include "data/record.h"

static status
take(void *arg, const void *row, size_t n)
{
	return digest_rows_take(arg, row, n);
}

static enum copy_format
format_of(const char *name)
{
	if (strcmp(name, "binary") == 0)
		return COPY_BINARY;
	return strcmp(name, "text") == 0 ? COPY_TEXT : COPY_CSV;
}

static struct digest_rows *
rows_of(enum copy_format format, const json_t *columns)
{
	size_t i, n = json_array_size(columns);
	struct digest_column *c CLEANUP_FREE = mem_zalloc((n + 1) * sizeof(*c));

	for (i = 0; i < n; i++) {
		const json_t *column = json_array_get(columns, i);

		c[i].name = record_text(column, "name");
		c[i].type = (uint32_t)record_int(column, "type");
		c[i].array = record_flag(column, "array");
		c[i].element = (uint32_t)record_int(column, "element");
	}
	return digest_rows_new(format, c, n);
}

/* In pieces of any size, as a pipe gives them. */
static status
feed(struct copyrows *rows)
{
	static char buffer[65536];
	size_t n, size = 1;
	uint64_t count;
	status s;

	do {
		s = io_read(0, buffer, size, &n, "standard input");
		if (s == STATUS_OK)
			s = copyrows_feed(rows, buffer, n);
		size = size * 7 % sizeof(buffer) + 1;
	} while (s == STATUS_OK && n > 0);
	return s == STATUS_OK ? copyrows_finish(rows, &count) : s;
}

int
main(int argc, char **argv)
{
	json_t *columns CLEANUP(record_cleanup) = NULL;
	enum copy_format format;
	struct digest_rows *digest;
	struct copyrows *rows;
	struct digest said;
	char shown[DIGEST_SHOWN];
	const char *sum;
	status s;

	if (argc < 3)
		return 2;
	columns = json_loads(argv[2], 0, NULL);
	format = format_of(argv[1]);
	digest = rows_of(format, columns);
	rows = copyrows_new(format, take, digest);
	s = feed(rows);
	digest_show(digest_rows_sum(digest), shown);
	printf("%s\n", shown);
	if (s == STATUS_OK && argc > 3) {
		sum = argc > 4 && argv[4][0] != '\0' ? argv[4] : NULL;
		if (!digest_from_sql(digest_rows_sum(digest)->kind, argv[3],
			sum, &said) ||
		    !digest_eq(&said, digest_rows_sum(digest))) {
			digest_show(&said, shown);
			printf("%s says the server\n", shown);
			s = STATUS_NO;
		}
	}
	copyrows_free(rows);
	digest_rows_free(digest);
	return (int)s;
}
