/* SPDX-License-Identifier: PostgreSQL */
/*
 * From a whole directory beside its place to a data directory.
 *
 * In this order, each step safe to be cut off behind: links and modes; one
 * sync of each file system; the marker says "swapping" and what; the data
 * directory is swapped in, still without pg_control; the tablespaces; then
 * pg_control gets its name, and the markers go.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syncfs */
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "restore/inside.h"
#include "restore/running.h"

static status
could_not(const char *what, const char *path)
{
	log_error("could not %s \"%s\": %s", what, path, strerror(errno));
	return STATUS_FAIL;
}

/* --- links and modes ---------------------------------------------------------------- */

static status
make_link(struct restore *r, int fd, const struct spot *p)
{
	if (unlinkat(fd, p->oid, 0) != 0 && errno == EISDIR)
		(void)unlinkat(fd, p->oid, AT_REMOVEDIR);
	if (symlinkat(p->final, fd, p->oid) != 0)
		return could_not("make the link of tablespace", p->oid);
	if (r->chown &&
	    fchownat(fd, p->oid, r->uid, r->gid, AT_SYMLINK_NOFOLLOW) != 0)
		return could_not("set the owner of the link of tablespace",
		    p->oid);
	return STATUS_OK;
}

/* Tablespaces without a file in them are made here. */
static status
make_links(struct restore *r)
{
	struct spot *p;
	int fd;
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < r->info->ntablespaces; i++)
		s = restore_space(r, r->info->tablespaces[i].oid, &p);
	if (s != STATUS_OK || r->nspaces == 0)
		return s;
	fd =
	    spot_open_below(r->data.fd, "pg_tblspc", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return could_not("open", "pg_tblspc");
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++)
		s = make_link(r, fd, &r->spaces[i]);
	(void)close(fd);
	return s;
}

/* A cluster whose files the group may read is one that it may enter. */
status
restore_own_roots(struct restore *r)
{
	struct stat st;
	mode_t mode = 0700;
	status s;

	if (fstatat(r->data.fd, CONTROL_WAITS, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (st.st_mode & 040) != 0)
		mode = 0750;
	s = restore_own(r, r->data.fd, mode, r->data.work);
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++)
		s = restore_own(r, r->spaces[i].fd, mode, r->spaces[i].work);
	return s;
}

static status
sync_all(struct restore *r)
{
	struct stat st;
	dev_t done[RESTORE_SPACES + 1] = {0};
	size_t ndone = 0;

	for (size_t i = 0; i <= r->nspaces; i++) {
		const struct spot *p = i == 0 ? &r->data : &r->spaces[i - 1];
		bool again = false;

		if (fstat(p->fd, &st) != 0)
			return could_not("look at", p->work);
		for (size_t k = 0; k < ndone; k++)
			again = again || done[k] == st.st_dev;
		if (again)
			continue;
		if (syncfs(p->fd) != 0)
			return could_not("sync", p->work);
		done[ndone++] = st.st_dev;
	}
	return STATUS_OK;
}

/* --- the swap ----------------------------------------------------------------------- */

/* The last step: what makes it a data directory. */
static status
put_control(struct restore *r)
{
	int fd =
	    spot_open_below(r->data.fd, "global", O_RDONLY | O_DIRECTORY, 0);
	status s = STATUS_OK;

	if (fd < 0)
		return could_not("open", "global");
	if (renameat(fd, strrchr(CONTROL_WAITS, '/') + 1, fd,
		strrchr(CONTROL, '/') + 1) != 0 &&
	    errno != ENOENT)
		s = could_not("put in place", CONTROL);
	if (s == STATUS_OK && fsync(fd) != 0)
		s = could_not("sync", "global");
	(void)close(fd);
	return s;
}

/* The link of the cluster that was moved aside leads to where its tablespace
 * was moved, so that it stays whole. */
static status
follow_old(const struct restore *r, const struct spot *p)
{
	char *link CLEANUP_FREE = NULL, *new CLEANUP_FREE = NULL;
	struct stat st;

	if (r->data.old == NULL || p->old == NULL)
		return STATUS_OK;
	link = mem_printf("%s/pg_tblspc/%s", r->data.old, p->oid);
	new = mem_printf("%s.new", link);
	if (lstat(link, &st) != 0 || !S_ISLNK(st.st_mode))
		return STATUS_OK;
	(void)unlink(new);
	if (symlink(p->old, new) != 0 ||
	    lchown(new, st.st_uid, st.st_gid) != 0 || rename(new, link) != 0)
		return could_not("change the link", link);
	return STATUS_OK;
}

static status
remove_marker(int fd, const char *name)
{
	if ((unlinkat(fd, RESTORE_MARKER, 0) != 0 && errno != ENOENT) ||
	    fsync(fd) != 0)
		return could_not("remove the marker of", name);
	return STATUS_OK;
}

status
restore_swap(struct restore *r)
{
	status s;

	/* From here on nothing is undone: it is gone on with. */
	r->swapped = true;
	s = spot_swap(&r->data);
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++) {
		s = spot_swap(&r->spaces[i]);
		if (s == STATUS_OK)
			s = follow_old(r, &r->spaces[i]);
	}
	if (s == STATUS_OK)
		s = put_control(r);
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++)
		s = remove_marker(r->spaces[i].fd, r->spaces[i].final);
	return s == STATUS_OK ? remove_marker(r->data.fd, r->data.final) : s;
}

status
restore_commit(struct restore *r)
{
	status s = make_links(r);

	if (s == STATUS_OK)
		s = restore_own_roots(r);
	if (s == STATUS_OK)
		s = sync_all(r);
	if (s == STATUS_OK)
		s = restore_mark(r);
	if (s == STATUS_OK)
		s = restore_stop_old(r);
	return s == STATUS_OK ? restore_swap(r) : s;
}

/* --- back ------------------------------------------------------------------------------ */

status
restore_roll_back(struct restore *r)
{
	char *aside CLEANUP_FREE = mem_printf("failed-%s", r->stamp);
	status s = STATUS_OK;

	if (r->data.old == NULL) {
		log_detail("there was nothing before, so \"%s\" stays",
		    r->data.final);
		return STATUS_OK;
	}
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++)
		if (r->spaces[i].old != NULL)
			s = spot_swap_back(&r->spaces[i], aside);
	if (s == STATUS_OK)
		s = spot_swap_back(&r->data, aside);
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++) {
		char *link CLEANUP_FREE = mem_printf("%s/pg_tblspc/%s",
		    r->data.final, r->spaces[i].oid);

		if (r->spaces[i].old == NULL)
			continue;
		if (unlink(link) != 0 ||
		    symlink(r->spaces[i].final, link) != 0 ||
		    (r->chown && lchown(link, r->uid, r->gid) != 0))
			s = could_not("change the link", link);
	}
	if (s == STATUS_OK) {
		r->swapped = false;
		log_info("\"%s\" is again what it was; what did not start is "
			 "\"%s.%s\"",
		    r->data.final, r->data.final, aside);
	}
	return s;
}

/* --- what was there --------------------------------------------------------------------- */

/* FINAL.old-20250704T165326Z, which this tool made. */
static status
drop_one(const char *final)
{
	char *parent CLEANUP_FREE = mem_strdup(final);
	char *slash = strrchr(parent, '/');
	const char *name = strrchr(final, '/') + 1;
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	struct dirent *e;
	size_t n = strlen(name);
	DIR *dir;
	status s = STATUS_OK;

	slash[slash == parent] = '\0';
	dir = opendir(parent);
	if (dir == NULL)
		return could_not("open", parent);
	while ((e = readdir(dir)) != NULL)
		if (strncmp(e->d_name, name, n) == 0 &&
		    strncmp(e->d_name + n, ".old-", 5) == 0 &&
		    strspn(e->d_name + n + 5, "0123456789TZ") == 16 &&
		    e->d_name[n + 21] == '\0')
			strv_add(&names, e->d_name);
	(void)closedir(dir);
	for (size_t i = 0; s == STATUS_OK && i < names.len; i++) {
		char *path CLEANUP_FREE = mem_printf("%s/%s",
		    strcmp(parent, "/") == 0 ? "" : parent, names.data[i]);

		s = spot_remove(path);
		if (s == STATUS_OK)
			log_info("removed \"%s\"", path);
	}
	return s;
}

/* The directories that the links of a cluster lead to. */
static status
spaces_of(const char *data, struct strv *out)
{
	char *path CLEANUP_FREE = mem_printf("%s/pg_tblspc", data);
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL)
		return could_not("open", path);
	while ((e = readdir(dir)) != NULL) {
		char *link CLEANUP_FREE = mem_printf("%s/%s", path, e->d_name);
		char *target =
		    e->d_name[0] == '.' ? NULL : realpath(link, NULL);

		if (target != NULL)
			strv_add(out, target);
		free(target);
	}
	(void)closedir(dir);
	return STATUS_OK;
}

status
restore_drop_old(struct restore *r)
{
	struct strv spaces CLEANUP(strv_free) = STRV_INIT;
	char *label CLEANUP_FREE = mem_printf("%s/backup_label", r->data.final);
	char *marker CLEANUP_FREE =
	    mem_printf("%s/%s", r->data.final, RESTORE_MARKER);
	struct stat st;
	status s;

	/* A server renames the label as soon as recovery begins. */
	if (lstat(label, &st) == 0 || lstat(marker, &st) == 0 ||
	    (!r->running && !running_came_up(r->data.final))) {
		log_error("\"%s\" has not started yet, or has not come "
			  "through its recovery: what was there before is kept",
		    r->data.final);
		log_hint("run it again once the server accepts connections");
		return STATUS_FAIL;
	}
	s = spaces_of(r->data.final, &spaces);
	for (size_t i = 0; s == STATUS_OK && i < spaces.len; i++)
		s = drop_one(spaces.data[i]);
	return s == STATUS_OK ? drop_one(r->data.final) : s;
}
