/* SPDX-License-Identifier: PostgreSQL */
/*
 * A full backup and the incremental ones that follow it, combined to one by
 * pg_combinebackup, which comes with PostgreSQL 17 and later.  It reads data
 * directories, so what is in archives is unpacked first, proved as ever; what
 * it makes has a manifest of its own, and is restored like any backup.
 */
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
#include "restore/inside.h"
#include "run/child.h"
#include "run/command.h"
#include "run/storedset.h"

static status
could_not(const char *what, const char *path)
{
	log_error("could not %s \"%s\": %s", what, path, strerror(errno));
	return STATUS_FAIL;
}

static status
copy_manifest(const char *from, const char *to)
{
	char *source CLEANUP_FREE = mem_printf("%s/%s", from, MANIFEST_FILE);
	char *target CLEANUP_FREE = mem_printf("%s/%s", to, MANIFEST_FILE);
	char bytes[65536];
	size_t n = 1;
	int in = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out;
	status s = STATUS_OK;

	if (in < 0)
		return could_not("open", source);
	out = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		s = could_not("make", target);
	while (s == STATUS_OK && n > 0) {
		s = io_read(in, bytes, sizeof(bytes), &n, source);
		if (s == STATUS_OK)
			s = io_write(out, bytes, n, target);
	}
	(void)close(in);
	if (out >= 0 && close(out) != 0 && s == STATUS_OK)
		s = could_not("write", target);
	return s;
}

/* What the archives hold becomes the data directory that they were. */
static status
finish_part(struct restore *part, const char *backup)
{
	struct spot *p;
	status s = STATUS_OK;

	if (renameat(part->data.fd, CONTROL_WAITS, part->data.fd, CONTROL) != 0)
		return could_not("put in place", CONTROL);
	for (size_t i = 0; s == STATUS_OK && i < part->info->ntablespaces;
	     i++) {
		char *link CLEANUP_FREE =
		    mem_printf("pg_tblspc/%s", part->info->tablespaces[i].oid);

		s = restore_space(part, part->info->tablespaces[i].oid, &p);
		if (s == STATUS_OK &&
		    symlinkat(p->work, part->data.fd, link) != 0)
			s = could_not("make the link", link);
	}
	(void)unlinkat(part->data.fd, RESTORE_MARKER, 0);
	for (size_t i = 0; i < part->nspaces; i++)
		(void)unlinkat(part->spaces[i].fd, RESTORE_MARKER, 0);
	return s == STATUS_OK ? copy_manifest(backup, part->data.work) : s;
}

static void
free_part(struct restore *part)
{
	spot_free(&part->data);
	for (size_t i = 0; i < part->nspaces; i++)
		spot_free(&part->spaces[i]);
	free(part->spaces);
	(void)pthread_mutex_destroy(&part->lock);
	backupset_close(part->set);
}

/* One backup of the chain below scratch; *out is the directory to combine. */
static status
unpack_part(const struct restore *r, const char *backup, const char *scratch,
    size_t number, char **out)
{
	char *spaces CLEANUP_FREE =
	    mem_printf("%s/%zu.spaces", scratch, number);
	struct restore_options o = {.jobs = r->o->jobs,
	    .tablespaces_in = spaces};
	struct restore part = {.o = &o,
	    .part = true,
	    .spaces = mem_zalloc(RESTORE_SPACES * sizeof(struct spot)),
	    .uid = geteuid(),
	    .gid = getegid()};
	status s;

	(void)pthread_mutex_init(&part.lock, NULL);
	part.data.fd = -1;
	s = storedset_open(backup, -1, &part.set);
	if (s != STATUS_OK) {
		free_part(&part);
		return s;
	}
	part.info = backupset_info(part.set);
	if (part.info->layout == BACKUP_PLAIN) {
		*out = mem_strdup(backup);
		s = backupset_walk(part.set,
		    &(struct backupset_options){.jobs = (unsigned)o.jobs}, NULL,
		    &part.verdict);
		s = s == STATUS_NO ? STATUS_USAGE : s;
	} else {
		part.data.final = mem_printf("%s/%zu", scratch, number);
		part.data.work = mem_strdup(part.data.final);
		o.data = part.data.final;
		*out = mem_strdup(part.data.work);
		s = spot_open(&part.data);
		if (s == STATUS_OK)
			s = restore_unpack(&part);
		if (s == STATUS_OK)
			s = finish_part(&part, backup);
	}
	free_part(&part);
	return s;
}

/* Each tablespace of the last backup, by where its link leads, gets a
 * directory of its own. */
static status
add_mappings(const char *last, const char *scratch, struct strv *argv)
{
	char target[TAR_PATH_MAX];
	struct backupset *set;
	status s = backupset_open(last, -1, &set);

	if (s != STATUS_OK)
		return s;
	for (size_t i = 0; i < backupset_info(set)->ntablespaces; i++) {
		const char *oid = backupset_info(set)->tablespaces[i].oid;
		char *link CLEANUP_FREE =
		    mem_printf("%s/pg_tblspc/%s", last, oid);
		char *map CLEANUP_FREE = NULL;
		ssize_t n = readlink(link, target, sizeof(target) - 1);

		if (n < 0)
			continue;
		map = mem_printf("--tablespace-mapping=%.*s=%s/combined.spaces"
				 "/%s",
		    (int)n, target, scratch, oid);
		strv_add(argv, map);
	}
	backupset_close(set);
	return STATUS_OK;
}

static char *
find_program(struct restore *r)
{
	char *program = NULL;

	if (r->o->bindir != NULL)
		program = mem_printf("%s/pg_combinebackup", r->o->bindir);
	else if (r->server.bindir != NULL)
		program = restore_program(r, "pg_combinebackup");
	if (program == NULL || !child_is_program(program)) {
		free(program);
		program = child_find("pg_combinebackup");
	}
	if (program == NULL)
		for (int major = 17; program == NULL && major < 40; major++) {
			program = mem_printf(
			    "/usr/lib/postgresql/%d/bin/pg_combinebackup",
			    major);
			if (!child_is_program(program)) {
				free(program);
				program = NULL;
			}
		}
	return program;
}

static status
combine(const char *program, const struct strv *parts, const char *scratch,
    const char *out)
{
	struct strv args CLEANUP(strv_free) = STRV_INIT;
	struct str said CLEANUP(str_free) = STR_INIT;
	struct command c = {.out = &said, .err = &said};
	int code = 0;
	status s;

	strv_add(&args, program);
	strv_add(&args, "--no-sync");
	s = parts->len == 0
	    ? STATUS_USAGE
	    : add_mappings(parts->data[parts->len - 1], scratch, &args);
	strv_add(&args, "-o");
	strv_add(&args, out);
	for (size_t i = 0; i < parts->len; i++)
		strv_add(&args, parts->data[i]);
	/* argv ends with a null pointer. */
	args.data = mem_resize(args.data, args.len + 1, sizeof(*args.data));
	args.data[args.len] = NULL;
	c.argv = (const char *const *)args.data;
	if (s == STATUS_OK)
		s = command_run(&c, &code);
	if (s == STATUS_OK && code != 0) {
		log_error("could not combine the backups: pg_combinebackup "
			  "exits %d",
		    code);
		if (said.len > 0)
			log_detail("%s", said.data);
		s = STATUS_USAGE;
	}
	return s;
}

status
restore_chain(struct restore *r)
{
	char *program CLEANUP_FREE = find_program(r);
	char *out CLEANUP_FREE = mem_printf("%s/combined", r->scratch.work);
	struct strv parts CLEANUP(strv_free) = STRV_INIT;
	status s;

	if (program == NULL) {
		log_error("an incremental backup is combined with those before "
			  "it by pg_combinebackup, which is not installed");
		log_hint("it comes with the server programs of PostgreSQL 17 "
			 "and later; --bindir says where they are");
		return STATUS_FAIL;
	}
	s = spot_open(&r->scratch);
	for (size_t i = 0; s == STATUS_OK && i < r->o->backups.len; i++) {
		char *part CLEANUP_FREE = NULL;

		s = unpack_part(r, r->o->backups.data[i], r->scratch.work, i,
		    &part);
		if (s == STATUS_OK)
			strv_add(&parts, part);
	}
	if (s == STATUS_OK)
		s = combine(program, &parts, r->scratch.work, out);
	return s == STATUS_OK ? backupset_open(out, -1, &r->set) : s;
}
