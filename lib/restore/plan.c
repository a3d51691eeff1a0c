/* SPDX-License-Identifier: PostgreSQL */
/*
 * Before anything is written: where it goes, and whether it may.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* statx */
#endif
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

/* --- where ------------------------------------------------------------------------ */

static bool
is_mount_point(const char *path)
{
	char *parent CLEANUP_FREE = mem_printf("%s/..", path);
	struct stat here, above;
#ifdef STATX_ATTR_MOUNT_ROOT
	struct statx sx;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &sx) == 0 &&
	    (sx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
		return (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#endif
	return stat(path, &here) == 0 && stat(parent, &above) == 0 &&
	    here.st_dev != above.st_dev;
}

/* Whether something can be made beside it. */
static bool
parent_is_ours(const char *path)
{
	char *parent CLEANUP_FREE = mem_strdup(path);

	*strrchr(parent, '/') = '\0';
	return access(*parent == '\0' ? "/" : parent, W_OK | X_OK) == 0;
}

/* What is in the way is moved aside by rename, which a mount point is not. */
static status
cannot_swap(const char *path)
{
	log_error("\"%s\" is not empty, and cannot be replaced by rename: it "
		  "is %s",
	    path,
	    is_mount_point(path) ? "a mount point"
				 : "in a directory that is not yours");
	log_hint("empty it, or restore to a directory beside or within it");
	return STATUS_FAIL;
}

/* A name that is free: another restore may have moved something aside in the
 * same second. */
static char *
aside(const struct restore *r, const char *final)
{
	time_t when = r->began;
	char stamp[32];

	for (;; when++) {
		char *name;

		restore_stamp(when, stamp);
		name = mem_printf("%s.old-%s", final, stamp);
		if (faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
			return name;
		free(name);
	}
}

static status
lay_out(struct restore *r, struct spot *p, enum spot_state state)
{
	bool movable = !is_mount_point(p->final) && parent_is_ours(p->final);

	p->fd = -1;
	if (state == SPOT_USED && !movable)
		return cannot_swap(p->final);
	if (state == SPOT_ABSENT && !movable && !r->o->dry_run) {
		log_error("cannot make \"%s\": its parent is not yours",
		    p->final);
		return STATUS_FAIL;
	}
	p->in_place =
	    !movable && (state == SPOT_EMPTY || state == SPOT_UNFINISHED);
	p->work =
	    p->in_place ? mem_strdup(p->final) : mem_printf("%s.new", p->final);
	if (state == SPOT_USED || (state == SPOT_UNFINISHED && movable))
		p->old = aside(r, p->final);
	return STATUS_OK;
}

static status
look_at_data(struct restore *r)
{
	long pid;
	status s = spot_look(r->data.final, &r->was);

	if (s != STATUS_OK)
		return s;
	pid = running_pid(r->data.final);
	r->was_running = pid != 0;
	if (pid != 0 && r->o->stop_service == NULL && !r->o->dry_run) {
		log_error("a server runs in \"%s\" (process %ld)",
		    r->data.final, pid);
		log_hint("stop it first, or name what stops it: "
			 "--stop-service 'systemctl stop postgresql'");
		return STATUS_FAIL;
	}
	if (r->was == SPOT_USED && !r->o->replace && !r->o->delta) {
		log_error("\"%s\" is not empty", r->data.final);
		log_hint("--replace moves what is there aside and keeps it");
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

/* --- tablespaces ------------------------------------------------------------------- */

/* "OLD=NEW", where \= is no end of OLD; for the caller to free. */
static bool
split_mapping(const char *text, char **from, char **to)
{
	struct str s CLEANUP(str_free) = STR_INIT;

	for (; *text != '\0' && *text != '='; text++) {
		if (text[0] == '\\' && text[1] == '=')
			text++;
		str_addc(&s, *text);
	}
	if (*text != '=' || text[1] == '\0' || s.len == 0)
		return false;
	*from = str_take(&s);
	*to = mem_strdup(text + 1);
	return true;
}

/* In --tablespaces-in, which is made when it is not there. */
static status
space_below(struct restore *r, const char *oid, char **out)
{
	char *base CLEANUP_FREE = NULL;
	status s = spot_resolve(r->o->tablespaces_in, &base);

	if (s != STATUS_OK)
		return s;
	if (!r->o->dry_run && mkdir(base, 0700) == 0 && r->chown &&
	    chown(base, r->uid, r->gid) != 0) {
		log_error("could not set the owner of \"%s\": %s", base,
		    strerror(errno));
		return STATUS_FAIL;
	}
	*out = mem_printf("%s/%s", base, oid);
	return STATUS_OK;
}

/* Where the tablespace goes: mapped by place or oid, into one directory, or
 * where it was.  For the caller to free. */
static status
space_path(struct restore *r, const struct backup_tablespace *t, char **out)
{
	*out = NULL;
	for (size_t i = 0; i < r->o->tablespaces.len; i++) {
		char *from CLEANUP_FREE = NULL, *to CLEANUP_FREE = NULL;

		if (!split_mapping(r->o->tablespaces.data[i], &from, &to)) {
			log_error("cannot understand -T \"%s\"",
			    r->o->tablespaces.data[i]);
			log_hint("-T OLD=NEW, with OLD the old directory or "
				 "the tablespace's oid");
			return STATUS_USAGE;
		}
		if (strcmp(from, t->oid) == 0 ||
		    (t->location != NULL && strcmp(from, t->location) == 0)) {
			*out = mem_strdup(to);
			return STATUS_OK;
		}
	}
	if (r->o->tablespaces_in != NULL)
		return space_below(r, t->oid, out);
	if (t->location != NULL)
		*out = mem_strdup(t->location);
	if (*out != NULL)
		return STATUS_OK;
	log_error("nothing says where tablespace %s is to be", t->oid);
	log_hint("-T %s=DIRECTORY, or --tablespaces-in DIRECTORY", t->oid);
	return STATUS_USAGE;
}

/* What is there may be moved aside when it is the same tablespace of the
 * cluster that is being replaced. */
static bool
is_of_old(const struct restore *r, const char *oid, const char *path)
{
	char *link CLEANUP_FREE =
	    mem_printf("%s/pg_tblspc/%s", r->data.final, oid);
	char *there = realpath(link, NULL);
	bool same = there != NULL && strcmp(there, path) == 0;

	free(there);
	return same && (r->o->replace || r->o->delta);
}

static status
space_refused(const char *path, const char *oid)
{
	log_error("\"%s\", the place of tablespace %s, is not empty", path,
	    oid);
	log_hint("give it another one: -T %s=DIRECTORY, or --tablespaces-in "
		 "DIRECTORY",
	    oid);
	return STATUS_FAIL;
}

static bool
is_within(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 &&
	    (path[n] == '/' || path[n] == '\0');
}

static status
plan_space(struct restore *r, const struct backup_tablespace *t, struct spot *p)
{
	char *wanted CLEANUP_FREE = NULL;
	enum spot_state state;
	status s = space_path(r, t, &wanted);

	if (s == STATUS_OK && *wanted != '/') {
		log_error("the place of tablespace %s is not absolute: \"%s\"",
		    t->oid, wanted);
		s = STATUS_USAGE;
	}
	if (s == STATUS_OK && is_within(wanted, r->data.final)) {
		log_error("tablespace %s cannot be within the data directory",
		    t->oid);
		s = STATUS_USAGE;
	}
	/* A dry run has not made what it would be in. */
	if (s == STATUS_OK && r->o->dry_run && access(wanted, F_OK) != 0)
		p->final = mem_strdup(wanted);
	else if (s == STATUS_OK)
		s = spot_resolve(wanted, &p->final);
	if (s == STATUS_OK && is_within(p->final, r->data.final)) {
		log_error("tablespace %s cannot be within the data directory",
		    t->oid);
		s = STATUS_USAGE;
	}
	if (s == STATUS_OK)
		s = spot_look(p->final, &state);
	if (s != STATUS_OK)
		return s;
	if (state == SPOT_USED && !is_of_old(r, t->oid, p->final))
		return space_refused(p->final, t->oid);
	p->oid = mem_strdup(t->oid);
	if (r->delta && state == SPOT_USED) {
		p->in_place = true;
		p->work = mem_strdup(p->final);
		return STATUS_OK;
	}
	return lay_out(r, p, state);
}

static const struct backup_tablespace *
find_tablespace(const struct restore *r, const char *oid)
{
	for (size_t i = 0; i < r->info->ntablespaces; i++)
		if (strcmp(r->info->tablespaces[i].oid, oid) == 0)
			return &r->info->tablespaces[i];
	return NULL;
}

static status
add_space(struct restore *r, const char *oid, struct spot **out)
{
	const struct backup_tablespace *t = find_tablespace(r, oid);
	struct backup_tablespace bare;
	struct spot p = {.fd = -1};
	status s;

	if (t == NULL) {
		bare.oid = mem_strdup(oid);
		bare.location = NULL;
		t = &bare;
		s = plan_space(r, t, &p);
		free(bare.oid);
	} else {
		s = plan_space(r, t, &p);
	}
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++)
		if (strcmp(r->spaces[i].final, p.final) == 0) {
			log_error("two tablespaces would both be in \"%s\"",
			    p.final);
			s = STATUS_USAGE;
		}
	if (s == STATUS_OK && !r->o->dry_run && !r->delta)
		s = spot_open(&p);
	if (s != STATUS_OK) {
		spot_free(&p);
		return s;
	}
	/* Earlier ones may be in use by other threads, so they do not move. */
	if (r->nspaces == RESTORE_SPACES) {
		log_error("more than %d tablespaces are not restored",
		    RESTORE_SPACES);
		spot_free(&p);
		return STATUS_FAIL;
	}
	r->spaces[r->nspaces] = p;
	*out = &r->spaces[r->nspaces++];
	return STATUS_OK;
}

status
restore_space(struct restore *r, const char *oid, struct spot **out)
{
	status s = STATUS_OK;

	*out = NULL;
	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; *out == NULL && i < r->nspaces; i++)
		if (strcmp(r->spaces[i].oid, oid) == 0)
			*out = &r->spaces[i];
	if (*out == NULL)
		s = add_space(r, oid, out);
	(void)pthread_mutex_unlock(&r->lock);
	return s;
}

/* --- the backup ---------------------------------------------------------------------- */

static status
refuse_incremental(const struct restore *r)
{
	const struct backup_info *i = r->info;

	if (!i->label.incremental && !i->has_incremental)
		return STATUS_OK;
	log_error("\"%s\" is an incremental backup, and no data directory by "
		  "itself",
	    backupset_name(r->set));
	log_hint("name the whole chain, the full backup first: "
		 "pg-restore-local -D %s FULL INCREMENTAL...",
	    r->o->data);
	return STATUS_USAGE;
}

static status
ask_to_replace(const struct restore *r)
{
	char *question CLEANUP_FREE = NULL;

	if (r->was != SPOT_USED || r->o->dry_run)
		return STATUS_OK;
	if (r->delta)
		question = mem_printf("Overwrite what differs in \"%s\"?",
		    r->data.final);
	else
		question = mem_printf("Replace \"%s\" (it is kept as \"%s\")?",
		    r->data.final, r->data.old);
	return restore_ask(r, question);
}

status
restore_ask(const struct restore *r, const char *question)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	char answer[64];
	ssize_t n = 0;
	int fd;

	if (r->o->yes)
		return STATUS_OK;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		log_error("there is no terminal to ask: %s", question);
		log_hint("--yes says yes to it");
		return STATUS_USAGE;
	}
	str_addf(&text, "%s [y/N] ", question);
	if (io_write(fd, text.data, text.len, "terminal") == STATUS_OK)
		do
			n = read(fd, answer, sizeof(answer));
		while (n < 0 && errno == EINTR);
	(void)close(fd);
	if (n > 0 && (answer[0] == 'y' || answer[0] == 'Y'))
		return STATUS_OK;
	log_info("nothing was done");
	return STATUS_NO;
}

/* Which tablespaces it has is known, but for a stream. */
static status
plan_spaces(struct restore *r)
{
	struct spot *p;
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < r->info->ntablespaces; i++)
		s = restore_space(r, r->info->tablespaces[i].oid, &p);
	return s;
}

status
restore_plan(struct restore *r)
{
	status s = restore_owner(r);

	if (s == STATUS_OK)
		s = restore_record(r);
	if (s == STATUS_OK)
		s = refuse_incremental(r);
	if (s == STATUS_OK)
		s = restore_version(r);
	if (s == STATUS_OK)
		s = look_at_data(r);
	if (s != STATUS_OK)
		return s;
	r->delta = r->o->delta && r->was == SPOT_USED;
	if (r->delta) {
		r->data.fd = -1;
		r->data.in_place = true;
		r->data.work = mem_strdup(r->data.final);
	} else {
		s = lay_out(r, &r->data, r->was);
	}
	if (s == STATUS_OK)
		s = ask_to_replace(r);
	if (s == STATUS_OK && !r->o->dry_run && !r->delta)
		s = spot_open(&r->data);
	return s == STATUS_OK ? plan_spaces(r) : s;
}
