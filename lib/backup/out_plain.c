/* SPDX-License-Identifier: PostgreSQL */
/*
 * A data directory, unpacked as it comes.
 *
 * Only what a server sends is unpacked: plain files, directories, and the
 * links of tablespaces, which are made to lead to their new places.  No name
 * leads out of its directory or through a link.  pg_control, without which no
 * server starts, waits under another name until everything else is on disk;
 * then comes backup_manifest, without which nothing verifies.
 */
#include "backup/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/mapping.h"
#include "backup/tarhead.h"
#include "backup/tree.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/manifest.h"
#include "data/record.h"
#include "data/tarstream.h"

#define CONTROL "global/pg_control"
#define WAITING ".pgpipe-waits"

struct plain {
	struct output base;
	const char *path;
	unsigned directory_mode, file_mode;
	struct tree data;
	struct tree *spaces;
	size_t nspaces;
	struct tree *at; /* of the archive that passes by */
	struct mappings mappings;
	struct tarpass pass;
	char *archive;
	int fd;		/* of the open file */
	char name[260]; /* its */
	int wal_fd;
	char *wal_name;
	int manifest_fd;
};

static status
failed(const char *doing, const char *root, const char *name)
{
	log_error("could not %s \"%s/%s\": %s", doing, root, name,
	    strerror(errno));
	return STATUS_FAIL;
}

static status
close_file(struct plain *p)
{
	int fd = p->fd;

	p->fd = -1;
	if (fd >= 0)
		io_begin_sync(fd);
	if (fd >= 0 && close(fd) != 0)
		return failed("close", p->at->path, p->name);
	return STATUS_OK;
}

static status
refuse(const struct plain *p, const char *why)
{
	log_error("the server sends a file that no data directory has: "
		  "\"%s\" in \"%s\": %s",
	    p->name, p->archive, why);
	return STATUS_FAIL;
}

static status
make_file(struct plain *p)
{
	char *waiting CLEANUP_FREE = mem_printf("%s%s", p->name,
	    p->at == &p->data && str_eq(p->name, CONTROL) ? WAITING : "");

	p->fd = openat(p->at->fd, waiting,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, p->file_mode);
	return p->fd < 0 ? failed("create", p->at->path, p->name) : STATUS_OK;
}

static status
make_directory(struct plain *p)
{
	/* pg_wal is there already. */
	if (mkdirat(p->at->fd, p->name, p->directory_mode) != 0 &&
	    errno != EEXIST)
		return failed("create", p->at->path, p->name);
	return STATUS_OK;
}

static status
make_link(struct plain *p, const unsigned char *header)
{
	char target[101];

	tarhead_link(header, target);
	if (!tar_path_tablespace(p->name))
		return refuse(p, "a link");
	if (symlinkat(mappings_find(&p->mappings, target), p->at->fd,
		p->name) != 0)
		return failed("create", p->at->path, p->name);
	return STATUS_OK;
}

static status
take_header(void *arg, unsigned char header[TARHEAD_BLOCK], uint64_t size,
    char type)
{
	struct plain *p = arg;
	status s = close_file(p);
	size_t n;

	(void)size;
	if (s != STATUS_OK)
		return s;
	tarhead_name(header, p->name);
	n = strlen(p->name);
	while (n > 1 && p->name[n - 1] == '/')
		p->name[--n] = '\0';
	if (!tar_path_safe(p->name))
		return refuse(p, "its name leads elsewhere");
	/* Below a link of ours would be another tablespace. */
	if (strncmp(p->name, "pg_tblspc/", 10) == 0 &&
	    strchr(p->name + 10, '/') != NULL)
		return refuse(p, "it lies in a tablespace");
	switch (type) {
	case '0':
	case '\0':
		return make_file(p);
	case '5':
		return make_directory(p);
	case '2':
		return make_link(p, header);
	default:
		return refuse(p, "its type");
	}
}

static status
take_data(void *arg, const void *bytes, size_t n, bool padding)
{
	struct plain *p = arg;

	return padding ? STATUS_OK : io_write(p->fd, bytes, n, p->name);
}

static status
end_archive(struct plain *p)
{
	status s = close_file(p);

	return s == STATUS_OK && p->archive != NULL ? tarpass_end(&p->pass) : s;
}

static status
begin_archive(struct output *o, const char *name,
    const struct base_tablespace *space)
{
	struct plain *p = (struct plain *)o;
	status s = end_archive(p);

	free(p->archive);
	p->archive = mem_strdup(name);
	p->pass.name = p->archive;
	p->at = &p->data;
	if (s != STATUS_OK || space->oid == NULL)
		return s;
	p->spaces = mem_resize(p->spaces, p->nspaces + 1, sizeof(*p->spaces));
	p->at = &p->spaces[p->nspaces++];
	*p->at = (struct tree){NULL, -1, false, false};
	return tree_open(p->at, mappings_find(&p->mappings, space->location),
	    p->directory_mode);
}

static status
put_data(struct output *o, const void *bytes, size_t n)
{
	struct plain *p = (struct plain *)o;

	return tarpass_feed(&p->pass, bytes, n);
}

static status
put_manifest(struct output *o, const void *bytes, size_t n)
{
	struct plain *p = (struct plain *)o;

	if (p->manifest_fd < 0)
		p->manifest_fd = openat(p->data.fd, MANIFEST_FILE WAITING,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, p->file_mode);
	if (p->manifest_fd < 0)
		return failed("create", p->path, MANIFEST_FILE);
	return io_write(p->manifest_fd, bytes, n, MANIFEST_FILE);
}

/* --- WAL, from its own thread --------------------------------------------------- */

static status
begin_wal(void *arg, const char *name, uint64_t size)
{
	struct plain *p = arg;

	(void)size;
	free(p->wal_name);
	p->wal_name = mem_printf("pg_wal/%s", name);
	p->wal_fd = openat(p->data.fd, p->wal_name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, p->file_mode);
	return p->wal_fd < 0 ? failed("create", p->path, p->wal_name)
			     : STATUS_OK;
}

static status
put_wal(void *arg, const void *bytes, size_t n)
{
	struct plain *p = arg;

	return io_write(p->wal_fd, bytes, n, p->wal_name);
}

static status
end_wal(void *arg)
{
	struct plain *p = arg;
	int fd = p->wal_fd;

	p->wal_fd = -1;
	return close(fd) == 0 ? STATUS_OK
			      : failed("close", p->path, p->wal_name);
}

/* --- the end ------------------------------------------------------------------- */

static status
sync_all(struct plain *p)
{
	status s = tree_sync(&p->data);

	for (size_t i = 0; s == STATUS_OK && i < p->nspaces; i++)
		s = tree_sync(&p->spaces[i]);
	return s;
}

static status
put_in_place(struct plain *p, const char *name, const char *final)
{
	char *waiting CLEANUP_FREE = mem_printf("%s%s", name, WAITING);

	if (renameat(p->data.fd, waiting, p->data.fd, final) != 0)
		return failed("rename", p->path, waiting);
	return STATUS_OK;
}

static status
finish(struct output *o, json_t *record)
{
	struct plain *p = (struct plain *)o;
	bool damaged = str_eq(record_text(record, "status"), "damaged");
	status s = end_archive(p);

	if (s == STATUS_OK)
		s = sync_all(p);
	if (s == STATUS_OK)
		s = put_in_place(p, CONTROL, CONTROL);
	if (s == STATUS_OK)
		s = tree_sync(&p->data);
	/* A damaged one is kept, but verifies only when somebody wants it. */
	if (s == STATUS_OK)
		s = put_in_place(p, MANIFEST_FILE,
		    damaged ? MANIFEST_FILE ".damaged" : MANIFEST_FILE);
	if (s == STATUS_OK)
		s = tree_sync(&p->data);
	p->data.kept = s == STATUS_OK;
	for (size_t i = 0; i < p->nspaces; i++)
		p->spaces[i].kept = s == STATUS_OK;
	o->path = p->path;
	return s;
}

static void
plain_free(struct output *o)
{
	struct plain *p = (struct plain *)o;

	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->wal_fd >= 0)
		(void)close(p->wal_fd);
	if (p->manifest_fd >= 0)
		(void)close(p->manifest_fd);
	tree_free(&p->data);
	for (size_t i = 0; i < p->nspaces; i++)
		tree_free(&p->spaces[i]);
	free(p->spaces);
	mappings_free(&p->mappings);
	free(p->archive);
	free(p->wal_name);
	free(p);
}

static const struct output_ops ops = {begin_archive, put_data, put_manifest,
    NULL, finish, plain_free};

static status
make_wal_directories(const struct plain *p)
{
	static const char *const names[] = {"pg_wal", "pg_wal/archive_status"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mkdirat(p->data.fd, names[i], p->directory_mode) != 0)
			return failed("create", p->path, names[i]);
	return STATUS_OK;
}

status
output_plain(const struct backup_request *r, const struct output_server *server,
    struct output **out)
{
	struct plain *p = mem_zalloc(sizeof(*p));
	status s;

	p->base.ops = &ops;
	p->base.plain_bytes = true;
	p->base.wal = (struct wal_files){begin_wal, put_wal, end_wal, p};
	p->path = r->plain;
	p->data.fd = p->fd = p->wal_fd = p->manifest_fd = -1;
	p->directory_mode = server->group_access ? 0750 : 0700;
	p->file_mode = server->group_access ? 0640 : 0600;
	p->pass.header = take_header;
	p->pass.data = take_data;
	p->pass.arg = p;
	s = mappings_parse(&r->mappings, &p->mappings);
	if (s == STATUS_OK)
		s = tree_open(&p->data, r->plain, p->directory_mode);
	if (s == STATUS_OK)
		s = make_wal_directories(p);
	if (s != STATUS_OK) {
		plain_free(&p->base);
		return s;
	}
	*out = &p->base;
	return STATUS_OK;
}
