/* SPDX-License-Identifier: PostgreSQL */
/* Chunk lines into structs. */
#include "data/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "forked.h"
#include "tap.h"

static status
read_chunk(const char *text, struct chunk *c)
{
	json_t *r CLEANUP(record_cleanup) = NULL;
	status s = record_parse(text, strlen(text), "line 1", &r);

	return s == STATUS_OK ? chunk_from_record(r, "line 1", c) : s;
}

static void
whole(void)
{
	struct chunk c CLEANUP(chunk_free) = {0};
	char *name CLEANUP_FREE = NULL;

	ok(read_chunk(
	       "{\"chunk\":\"public.m/public.m1#ctid:0-9\","
	       "\"source\":\"partition\",\"schema\":\"public\","
	       "\"table\":\"My \\\"T\",\"parent\":{\"schema\":\"s\","
	       "\"table\":\"m\"},\"bound\":\"DEFAULT\",\"where\":\"x > 1\","
	       "\"slice\":{\"by\":\"ctid\",\"from\":0,\"to\":9,"
	       "\"within\":\"y\"},\"rows\":12,\"bytes\":\"9007199254740993\","
	       "\"system\":\"7\",\"database\":\"d\",\"status\":\"loaded\","
	       "\"digest\":\"send:1:0\",\"snapshot\":\"1-1\","
	       "\"target\":{\"schema\":\"o\",\"table\":\"u\"},\"x\":[1]}",
	       &c) == STATUS_OK,
	    "a line with everything");
	is_text(c.id, "public.m/public.m1#ctid:0-9", "id");
	is_text(c.source, "partition", "source");
	is_text(c.parent_schema, "s", "parent's schema");
	is_text(c.parent_table, "m", "parent");
	is_text(c.bound, "DEFAULT", "bound");
	is_text(c.where, "x > 1", "where");
	is_text(c.within, "y", "within");
	is_number(c.by, SLICE_CTID, "slice");
	is_text(c.from, "0", "from");
	is_text(c.to, "9", "to");
	is_number(c.rows, 12, "rows");
	is_number(c.bytes, 9007199254740993, "bytes");
	is_text(c.status, "loaded", "status");
	is_text(c.digest, "send:1:0", "digest");
	is_text(c.snapshot, "1-1", "snapshot");
	is_text(c.system, "7", "system");
	is_text(c.database, "d", "database");
	is_text(c.target_schema, "o", "target's schema");
	is_text(c.target_table, "u", "target");
	name = chunk_name(&c);
	is_text(name, "public.\"My \"\"T\"", "its name is quoted");
}

static void
least(void)
{
	struct chunk c CLEANUP(chunk_free) = {0};
	char *name CLEANUP_FREE = NULL;

	ok(read_chunk("{\"chunk\":\"t\",\"schema\":\"s\",\"table\":\"t\","
		      "\"parent\":null,\"slice\":null,\"where\":null}",
	       &c) == STATUS_OK,
	    "the least line");
	ok(c.parent_schema == NULL && c.where == NULL && c.from == NULL &&
		c.to == NULL && c.within == NULL && c.status == NULL,
	    "null is nothing");
	is_number(c.by, SLICE_NONE, "no slice");
	is_number(c.rows, -1, "rows unknown");
	is_text(c.source, "table", "the default source");
	is_text(c.target_table, "t", "the default target");
	name = chunk_name(&c);
	is_text(name, "s.t", "its name needs no quotes");
}

static void
slices(void)
{
	struct chunk c CLEANUP(chunk_free) = {0};

#define LEAST "{\"chunk\":\"t\",\"schema\":\"s\",\"table\":\"t\",\"slice\":"
	ok(read_chunk(LEAST "{\"by\":\"key\",\"columns\":[\"id\"],"
			    "\"from\":null,\"to\":[\"100\"]}}",
	       &c) == STATUS_OK &&
		c.from == NULL,
	    "a key slice with an open start");
	is_text(c.to, "100", "one value is itself");
	chunk_free(&c);
	ok(read_chunk(LEAST "{\"by\":\"time\",\"from\":[\"a\",\"b\"],"
			    "\"to\":\"c\"}}",
	       &c) == STATUS_OK,
	    "a slice by a row of values");
	is_text(c.from, "[\"a\",\"b\"]", "several are an array");
	is_text(c.to, "c", "a bare value");
}

static int
bad_chunk(void *text)
{
	struct chunk c;

	return (int)read_chunk(text, &c);
}

static void
bad(const char *text, const char *says)
{
	struct forked f;
	char *copy = mem_strdup(text);

	forked_run(&f, bad_chunk, copy);
	ok(f.code == STATUS_USAGE && strstr(f.err, says) != NULL &&
		strchr(f.err, '\n') == strrchr(f.err, '\n'),
	    "%s", says);
	free(copy);
}

static void
faults(void)
{
#define MOST "{\"chunk\":\"t\",\"schema\":\"s\",\"table\":\"t\","
	bad("{}", "line 1 is no chunk line: \"chunk\" is missing");
	bad("{\"chunk\":\"\"}", "\"chunk\" is empty");
	bad("{\"chunk\":1}", "\"chunk\" is not text");
	bad("{\"chunk\":\"t\",\"table\":\"t\"}", "\"schema\" is missing");
	bad("{\"chunk\":\"t\",\"schema\":\"s\"}", "\"table\" is missing");
	bad(MOST "\"rows\":-2}", "\"rows\" is not a count");
	bad(MOST "\"rows\":1.5}", "\"rows\" is not a count");
	bad(MOST "\"bytes\":\"x\"}", "\"bytes\" is not a count");
	bad(MOST "\"where\":[]}", "\"where\" is not text");
	bad(MOST "\"where\":\"\"}", "\"where\" is empty");
	bad(MOST "\"parent\":\"x\"}", "\"parent\" is not an object");
	bad(MOST "\"parent\":{}}", "\"parent\" lacks a schema");
	bad(MOST "\"target\":{\"schema\":\"x\"}}", "\"target\" lacks a schema");
	bad(MOST "\"slice\":1}", "\"slice\" is not an object");
	bad(MOST "\"slice\":{}}", "\"slice\" is by none of");
	bad(MOST "\"slice\":{\"by\":\"x\"}}", "\"slice\" is by none of");
	bad(MOST "\"slice\":{\"by\":\"ctid\",\"from\":true}}",
	    "\"from\" is no boundary");
	bad(MOST "\"slice\":{\"by\":\"key\",\"from\":[]}}",
	    "\"from\" is no boundary");
}

int
main(void)
{
	whole();
	least();
	slices();
	faults();
	return tap_done();
}
