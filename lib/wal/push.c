/* SPDX-License-Identifier: PostgreSQL */
/*
 * What archive_command runs.
 *
 * The server forgets a segment once this has said yes.
 */
#include "wal/push.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/record.h"
#include "data/walhead.h"
#include "wal/archive.h"

struct push {
	const struct push_request *r;
	struct archive archive;
	const char *name;
	enum wal_file kind;
	int fd;
	uint64_t size;
};

static status
bad_file(const struct push *p, const char *why)
{
	log_error("\"%s\" is not archived: %s", p->r->path, why);
	return STATUS_USAGE;
}

static status
open_source(struct push *p)
{
	const char *slash = strrchr(p->r->path, '/');
	struct stat st;

	p->name = slash != NULL ? slash + 1 : p->r->path;
	p->kind = wal_file_kind(p->name);
	if (p->kind == WAL_OTHER)
		return bad_file(p, "it has no name of WAL");
	p->fd = open(p->r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->fd < 0 || fstat(p->fd, &st) != 0) {
		log_error("could not open \"%s\": %s", p->r->path,
		    strerror(errno));
		return STATUS_FAIL;
	}
	if (!S_ISREG(st.st_mode))
		return bad_file(p, "it is no regular file");
	p->size = (uint64_t)st.st_size;
	return STATUS_OK;
}

static bool
is_segment(const struct push *p)
{
	return p->kind == WAL_SEGMENT || p->kind == WAL_PARTIAL;
}

/* A segment must be what its name says, and be this archive's. */
static status
check_segment(struct push *p)
{
	unsigned char bytes[WALHEAD_BYTES];
	struct walhead head;
	const char *misfit;
	ssize_t n;

	do
		n = pread(p->fd, bytes, sizeof(bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		log_error("could not read \"%s\": %s", p->r->path,
		    strerror(errno));
		return STATUS_FAIL;
	}
	if (!walhead_parse(bytes, (size_t)n, &head))
		return bad_file(p, "it is no WAL");
	misfit = walhead_misfit(&head, p->name);
	if (misfit == NULL && p->size != head.segment_size)
		misfit = "it is not as large as its segments are";
	if (misfit != NULL)
		return bad_file(p, misfit);
	return archive_claim(&p->archive, head.system, head.segment_size);
}

static status
tell(const struct push *p, bool kept)
{
	json_t *record CLEANUP(record_cleanup) = NULL;

	log_verbose("%s %s", p->name,
	    kept ? "was archived before" : "is archived");
	if (!p->r->json)
		return STATUS_OK;
	record = json_object();
	record_set_text(record, "file", p->name);
	record_set_text(record, "status", kept ? "kept" : "archived");
	record_set_count(record, "raw_bytes", p->size);
	return record_print(record);
}

static status
push(struct push *p)
{
	static const struct codec_spec none = {.codec = CODEC_NONE};
	bool kept;
	status s = open_source(p);

	if (s == STATUS_OK)
		s = archive_open(&p->archive, p->r->archive);
	if (s == STATUS_OK && is_segment(p))
		s = check_segment(p);
	else if (s == STATUS_OK && p->size > ARCHIVE_SMALL)
		s = bad_file(p, "it is larger than such a file can be");
	if (s == STATUS_OK)
		s = archive_put_file(&p->archive, p->name, p->fd, p->size,
		    is_segment(p) ? &p->r->codec : &none, &kept);
	return s == STATUS_OK ? tell(p, kept) : s;
}

status
wal_push(const struct push_request *r)
{
	struct push p = {.r = r, .archive = ARCHIVE_INIT, .fd = -1};
	status s = push(&p);

	if (p.fd >= 0)
		(void)close(p.fd);
	archive_close(&p.archive);
	return s;
}
