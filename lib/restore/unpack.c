/* SPDX-License-Identifier: PostgreSQL */
/*
 * From the backup into the directories that wait beside their places.
 *
 * Nothing below them is a link before the end, and nothing is opened through
 * one; pg_control lies under another name, so that no server starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "restore/inside.h"

/* A file that is being written. */
struct output {
	int fd;
	char *name;
};

/* --- places ----------------------------------------------------------------------- */

static status
could_not(const char *what, const struct spot *p, const char *path)
{
	int reason = errno;

	log_error("could not %s \"%s/%s\": %s", what, p->work, path,
	    strerror(reason));
	if (reason == ELOOP || reason == EXDEV)
		log_detail("a symbolic link is in the way");
	return STATUS_FAIL;
}

status
restore_own(const struct restore *r, int fd, mode_t mode, const char *name)
{
	if ((!r->chown || fchown(fd, r->uid, r->gid) == 0) &&
	    fchmod(fd, mode) == 0)
		return STATUS_OK;
	log_error("could not set the owner and mode of \"%s\": %s", name,
	    strerror(errno));
	return STATUS_FAIL;
}

/* The place that holds a member, and its name there; "" is the place. */
static status
locate(struct restore *r, const char *path, struct spot **p, const char **rest)
{
	static const char spaces[] = "pg_tblspc/";
	size_t n;

	*p = &r->data;
	*rest = path;
	if (strncmp(path, spaces, sizeof(spaces) - 1) != 0)
		return STATUS_OK;
	path += sizeof(spaces) - 1;
	n = strcspn(path, "/");
	*rest = path[n] == '/' ? path + n + 1 : path + n;
	{
		char *oid CLEANUP_FREE = mem_strndup(path, n);

		return restore_space(r, oid, p);
	}
}

static mode_t
directory_mode(uint32_t mode)
{
	return 0700 | (mode & 050);
}

/* What the owner and the group may, nobody else, and no special bits. */
static mode_t
file_mode(uint32_t mode)
{
	return 0600 | (mode & 0150);
}

static status
make_directory(struct restore *r, const struct spot *p, const char *path,
    mode_t mode)
{
	char *parent CLEANUP_FREE = mem_strdup(path);
	char *slash = strrchr(parent, '/');
	int above = p->fd, fd = -1;
	status s = STATUS_OK;

	if (slash != NULL) {
		*slash = '\0';
		above =
		    spot_open_below(p->fd, parent, O_RDONLY | O_DIRECTORY, 0);
	}
	if (above < 0)
		return could_not("open", p, parent);
	if (mkdirat(above, slash == NULL ? path : slash + 1, mode) != 0 &&
	    errno != EEXIST)
		s = could_not("make directory", p, path);
	if (above != p->fd)
		(void)close(above);
	if (s != STATUS_OK)
		return s;
	fd = spot_open_below(p->fd, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return could_not("open", p, path);
	s = restore_own(r, fd, mode, path);
	(void)close(fd);
	return s;
}

/* All directories above a path: an archive may have left them out. */
static status
make_parents(struct restore *r, const struct spot *p, const char *path)
{
	status s = STATUS_OK;

	for (const char *at = strchr(path, '/'); s == STATUS_OK && at != NULL;
	     at = strchr(at + 1, '/')) {
		char *part CLEANUP_FREE =
		    mem_strndup(path, (size_t)(at - path));

		s = make_directory(r, p, part, 0700);
	}
	return s;
}

/* --- the sink --------------------------------------------------------------------- */

static status
take_directory(void *arg, const struct backup_member *m)
{
	struct restore *r = arg;
	struct spot *p;
	const char *path;
	status s = locate(r, m->path, &p, &path);

	if (s != STATUS_OK || *path == '\0')
		return s;
	if (strchr(path, '/') != NULL)
		s = make_parents(r, p, path);
	return s == STATUS_OK
	    ? make_directory(r, p, path, directory_mode(m->mode))
	    : s;
}

/* What is not carried over: the links are made here, whether it is to be a
 * standby is decided here, and the rest is a server's that ran. */
static bool
is_left_out(const char *path)
{
	static const char *const names[] = {"tablespace_map", "standby.signal",
	    "recovery.signal", "recovery.conf", "postmaster.pid",
	    "postmaster.opts", "backup.json", RESTORE_MARKER};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

static int
create(const struct spot *p, const char *path, mode_t mode)
{
	return spot_open_below(p->fd, path, O_WRONLY | O_CREAT | O_EXCL, mode);
}

static status
begin_file(void *arg, const struct backup_member *m, void **file)
{
	struct restore *r = arg;
	struct spot *p;
	const char *path;
	struct output *out;
	int fd;
	status s = locate(r, m->path, &p, &path);

	if (s != STATUS_OK || (!r->part && is_left_out(m->path)))
		return s;
	if (strcmp(path, CONTROL) == 0 && p == &r->data)
		path = CONTROL_WAITS;
	fd = create(p, path, file_mode(m->mode));
	if (fd < 0 && errno == ENOENT) {
		s = make_parents(r, p, path);
		if (s != STATUS_OK)
			return s;
		fd = create(p, path, file_mode(m->mode));
	}
	if (fd < 0)
		return could_not("make", p, path);
	if (r->chown && fchown(fd, r->uid, r->gid) != 0) {
		s = could_not("set the owner of", p, path);
		(void)close(fd);
		return s;
	}
	out = mem_alloc(sizeof(*out));
	out->fd = fd;
	out->name = mem_printf("%s/%s", p->work, path);
	*file = out;
	return STATUS_OK;
}

static status
take_data(void *arg, void *file, const void *bytes, size_t n)
{
	struct restore *r = arg;
	const struct output *out = file;

	atomic_fetch_add(&r->written, n);
	return io_write(out->fd, bytes, n, out->name);
}

static status
end_file(void *arg, void *file, bool good)
{
	struct output *out = file;
	status s = STATUS_OK;

	(void)arg;
	(void)good; /* what is bad fails the whole */
	io_begin_sync(out->fd);
	if (close(out->fd) != 0) {
		log_error("could not write to \"%s\": %s", out->name,
		    strerror(errno));
		s = STATUS_FAIL;
	}
	free(out->name);
	free(out);
	return s;
}

/* --- what could not be proved on the way --------------------------------------------- */

/* The manifest came last and has other checksums than CRC32C: the file is
 * read again, from the cache if there is room. */
static status
read_again(void *arg, const struct manifest_file *f)
{
	struct restore *r = arg;
	struct filehash hash CLEANUP(filehash_free) = FILEHASH_INIT;
	unsigned char *bytes CLEANUP_FREE = NULL;
	unsigned char sum[FILEHASH_MAX];
	struct spot *p;
	const char *path;
	size_t n = 1, room = 256 * 1024;
	status s = locate(r, f->path, &p, &path);
	int fd;

	if (s != STATUS_OK)
		return s;
	/* These were not written, so only their size is known to be right. */
	if (!r->part && is_left_out(f->path))
		return STATUS_OK;
	if (strcmp(f->path, CONTROL) == 0)
		path = CONTROL_WAITS;
	fd = spot_open_below(p->fd, path, O_RDONLY, 0);
	if (fd < 0)
		return could_not("open", p, path);
	bytes = mem_alloc(room);
	filehash_start(&hash, (enum filehash_kind)f->kind);
	while (s == STATUS_OK && n > 0) {
		s = io_read(fd, bytes, room, &n, f->path);
		filehash_add(&hash, bytes, n);
	}
	(void)close(fd);
	n = filehash_end(&hash, sum);
	if (s == STATUS_OK && memcmp(sum, f->sum, n) != 0)
		s = STATUS_NO;
	return s;
}

static status
damaged(struct restore *r)
{
	const struct backup_verdict *v = &r->verdict;

	log_error("\"%s\" is damaged, and was not restored",
	    backupset_name(r->set));
	log_detail("%llu files differ from the manifest, %llu are missing, "
		   "%llu are not in it",
	    (unsigned long long)v->bad, (unsigned long long)v->missing,
	    (unsigned long long)v->extra);
	return STATUS_USAGE;
}

status
restore_unpack(struct restore *r)
{
	const struct backup_sink sink = {.arg = r,
	    .directory = take_directory,
	    .begin = begin_file,
	    .data = take_data,
	    .end = end_file};
	const struct backupset_options options = {.jobs = (unsigned)r->o->jobs};
	status s = backupset_walk(r->set, &options, &sink, &r->verdict);

	if (s == STATUS_OK && r->verdict.unproved > 0)
		s = backupset_unproved(r->set, read_again, r);
	if (s == STATUS_NO)
		s = damaged(r);
	backupset_wal(r->set, &r->wal);
	return s;
}

status
restore_put(struct restore *r, const char *path, const char *text, size_t n)
{
	int fd = spot_open_below(r->data.fd, path, O_WRONLY | O_CREAT | O_TRUNC,
	    0600);
	status s;

	if (fd < 0)
		return could_not("write", &r->data, path);
	s = io_write(fd, text, n, path);
	if (s == STATUS_OK)
		s = restore_own(r, fd, 0600, path);
	if (close(fd) != 0 && s == STATUS_OK)
		s = could_not("write", &r->data, path);
	return s;
}
