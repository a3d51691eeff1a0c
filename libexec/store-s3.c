/* SPDX-License-Identifier: PostgreSQL */
/*
 * Objects of a bucket: store-s3 VERB s3://BUCKET[/PREFIX] [NAME [OFFSET]]
 *
 *	put NAME		from stdin
 *	get NAME [OFFSET]	to stdout, from a byte on
 *	list			a record for each object
 *	stat NAME		such a record; exit 1 where there is none
 *	remove NAME		also where there is none
 *
 * Keys, region and endpoint come as AWS's tools have them (s3/config.h).
 */
#include <stdint.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/num.h"
#include "base/signal.h"
#include "base/str.h"
#include "base/mem.h"
#include "s3/config.h"
#include "s3/object.h"
#include "s3/upload.h"

static const char info[] = "{\"kind\":\"store\",\"name\":\"s3\",\"api\":1,"
			   "\"about\":\"a bucket, s3://BUCKET[/PREFIX]\"}";

struct call {
	const char *verb, *url, *name;
	uint64_t offset;
};

/* A name is made of plain words: none leads out of the prefix. */
static status
check_name(const char *name)
{
	char *path CLEANUP_FREE = mem_printf("/%s/", name);

	if (*name != '\0' && name[strspn(name, S3_NAME_LETTERS)] == '\0' &&
	    strstr(path, "/../") == NULL && strstr(path, "/./") == NULL &&
	    strstr(path, "//") == NULL)
		return STATUS_OK;
	log_error("not a name: \"%s\"", name);
	return STATUS_USAGE;
}

static status
run(const struct call *c)
{
	struct s3_config config CLEANUP(s3_config_free) = {.url = NULL};
	struct s3 *s CLEANUP(s3_cleanup) = NULL;
	status st = s3_config_read(c->url, &config);

	if (st == STATUS_OK)
		st = s3_open(&config, &s);
	if (st != STATUS_OK)
		return st;
	if (str_eq(c->verb, "put"))
		return s3_put(s, c->name);
	if (str_eq(c->verb, "get"))
		return s3_get(s, c->name, c->offset);
	if (str_eq(c->verb, "stat"))
		return s3_stat(s, c->name);
	if (str_eq(c->verb, "remove"))
		return s3_remove(s, c->name);
	return s3_list(s);
}

static status
understand(int argc, char **argv, struct call *c)
{
	static const char *const verbs[] = {"put", "get", "stat", "remove"};
	bool named = false;

	if (argc < 3) {
		log_error("not a call: store-s3 VERB URL [NAME [OFFSET]]");
		return STATUS_USAGE;
	}
	*c = (struct call){argv[1], argv[2], argc > 3 ? argv[3] : "", 0};
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		named |= str_eq(c->verb, verbs[i]);
	if (!named)
		return str_eq(c->verb, "list") ? STATUS_OK : STATUS_USAGE;
	if (argc > 4 && !num_u64(argv[4], 0, INT64_MAX, &c->offset)) {
		log_error("not an offset: \"%s\"", argv[4]);
		return STATUS_USAGE;
	}
	return check_name(c->name);
}

int
main(int argc, char **argv)
{
	struct call c;
	status st;

	log_init("store-s3");
	io_init(true);
	signal_init();
	if (argc > 1 && str_eq(argv[1], "--info"))
		return io_finish(io_out_line(info));
	st = understand(argc, argv, &c);
	return io_finish(st == STATUS_OK ? run(&c) : st);
}
