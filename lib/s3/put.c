/* SPDX-License-Identifier: PostgreSQL */
/*
 * Put: stdin becomes an object.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"
#include "data/md5.h"
#include "s3/crew.h"
#include "s3/object.h"
#include "s3/upload.h"

/* Nobody knows how long it gets, and there are 10,000 parts at most: from
 * 2,000 on they are twice as large, and so on. */
#define PARTS_OF_A_SIZE 2000

struct put {
	struct s3 *s;
	const char *name;
	struct s3_bytes part; /* that is read */
	size_t size;	      /* of a whole one */
	uint64_t total;
	bool end; /* of stdin */
};

/* Whoever asked for the stop knows of it. */
static status
stopped(const struct put *p)
{
	log_verbose("could not put \"%s/%s\": stopped", s3_config_of(p->s)->url,
	    p->name);
	return STATUS_RETRY;
}

/* Until stdin has something, or an end. */
static status
wait_for_stdin(const struct put *p)
{
	struct pollfd wait[2] = {{STDIN_FILENO, POLLIN, 0},
	    {signal_stop_fd(), POLLIN, 0}};

	while (signal_stop() == 0) {
		if (poll(wait, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			log_error("could not read from \"standard input\": %s",
			    strerror(errno));
			return STATUS_FAIL;
		}
		if (wait[0].revents != 0)
			return STATUS_OK;
	}
	return stopped(p);
}

/* The next part: shorter only at the end. */
static status
fill(struct put *p)
{
	struct s3_bytes *b = &p->part;
	size_t got;
	status st = STATUS_OK;

	if (b->room < p->size) {
		free(b->data);
		b->data = mem_alloc(p->size);
		b->room = p->size;
	}
	b->n = 0;
	while (st == STATUS_OK && b->n < p->size && !p->end) {
		st = wait_for_stdin(p);
		if (st == STATUS_OK)
			st = io_read(STDIN_FILENO, b->data + b->n,
			    p->size - b->n, &got, "standard input");
		if (st == STATUS_OK) {
			b->n += got;
			p->end = got == 0;
		}
	}
	p->total += b->n;
	return st;
}

static status
put_whole(struct put *p)
{
	char *key CLEANUP_FREE = s3_key(p->s, p->name);
	struct s3_answer a CLEANUP(s3_answer_free) = S3_ANSWER_INIT;
	unsigned char md5[MD5_SIZE];
	const struct s3_request r = {.method = "PUT",
	    .key = key,
	    .body = p->part.data,
	    .n = p->part.n,
	    .md5 = md5_of(p->part.data, p->part.n, md5) ? md5 : NULL};

	s3_ask(p->s, &r, &a);
	return s3_good(&a) ? STATUS_OK : s3_fault(p->s, &a, "put", p->name);
}

/* What the server has is what was sent.  Where nobody knows whether the upload
 * has ended, another object of the same size must not do. */
static status
check(const struct put *p, const struct s3_upload *u, size_t parts, bool known)
{
	struct str want CLEANUP(str_free) = STR_INIT;
	char *etag CLEANUP_FREE = NULL;
	int64_t bytes = -1;
	status st = s3_look(p->s, p->name, &bytes, &etag);

	if (st != STATUS_OK)
		return st;
	s3_upload_etag(u, parts, &want);
	known = known ||
	    (want.len > 0 && etag != NULL &&
		strstr(etag, str_text(&want)) != NULL);
	if (known && bytes == (int64_t)p->total)
		return STATUS_OK;
	log_error("could not put \"%s/%s\": what is there is not what was "
		  "sent",
	    s3_config_of(p->s)->url, p->name);
	return STATUS_RETRY;
}

static status
too_long(const struct put *p)
{
	log_error("could not put \"%s/%s\": it is longer than %d parts",
	    s3_config_of(p->s)->url, p->name, S3_PARTS);
	log_hint("PGPIPE_S3_PART_SIZE=256MB makes them larger");
	return STATUS_FAIL;
}

/* As they come; *parts becomes how many. */
static status
send_parts(struct put *p, struct s3_upload *u, size_t *parts)
{
	const struct s3_config *config = s3_config_of(p->s);
	struct s3_crew *crew = NULL;
	status st =
	    s3_crew_begin(config, u, p->name, (unsigned)config->jobs, &crew);

	*parts = 0;
	if (st != STATUS_OK)
		return st;
	while (st == STATUS_OK && p->part.n > 0) {
		if (*parts == S3_PARTS)
			st = too_long(p);
		else
			st = s3_crew_send(crew, ++*parts, &p->part);
		if (st == STATUS_OK && *parts % PARTS_OF_A_SIZE == 0)
			p->size *= 2;
		if (st == STATUS_OK)
			st = fill(p);
	}
	return status_worse(st, s3_crew_end(crew));
}

static status
put_parts(struct put *p)
{
	char *key CLEANUP_FREE = s3_key(p->s, p->name);
	struct s3_upload u CLEANUP(s3_upload_free) = {.key = NULL};
	size_t parts = 0;
	status st = s3_upload_begin(p->s, key, p->name, &u);

	if (st == STATUS_OK)
		st = send_parts(p, &u, &parts);
	if (st == STATUS_OK)
		st = s3_upload_end(p->s, &u, p->name, parts);
	return st == STATUS_OK || st == STATUS_NO
	    ? check(p, &u, parts, st == STATUS_OK)
	    : st;
}

status
s3_put(struct s3 *s, const char *name)
{
	struct put p = {.s = s,
	    .name = name,
	    .size = (size_t)s3_config_of(s)->part_size};
	status st = fill(&p);

	if (st == STATUS_OK)
		st = p.end ? put_whole(&p) : put_parts(&p);
	free(p.part.data);
	return st;
}
