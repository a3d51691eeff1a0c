/* SPDX-License-Identifier: PostgreSQL */
/*
 * The server that is to run the backup: of its own major version, or none at
 * all.  Another one refuses the files, or, where it does not, spoils them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "restore/inside.h"
#include "run/child.h"

/* "postgres (PostgreSQL) 15.20 (Debian ...)": 15; 0 when it cannot be run. */
static int
version_of(const char *bindir)
{
	char *program CLEANUP_FREE = mem_printf("%s/postgres", bindir);
	struct str text CLEANUP(str_free) = STR_INIT;
	const char *at;
	char digits[8];
	uint64_t major = 0;
	size_t n;

	if (!child_is_program(program) ||
	    child_output(program, "--version", 256, &text) != STATUS_OK)
		return 0;
	at = strstr(str_text(&text), "(PostgreSQL) ");
	if (at == NULL)
		return 0;
	at += strlen("(PostgreSQL) ");
	n = strspn(at, "0123456789");
	if (n >= sizeof(digits))
		return 0;
	memcpy(digits, at, n);
	digits[n] = '\0';
	(void)num_u64(digits, 1, 999, &major);
	return (int)major;
}

/* The directory of a program that is found by PATH. */
static char *
bindir_by_path(void)
{
	char *program = child_find("postgres");

	if (program == NULL)
		program = child_find("pg_ctl");
	if (program != NULL)
		*strrchr(program, '/') = '\0';
	return program;
}

/* Where distributions keep several versions beside one another. */
static char *
bindir_of(int major)
{
	char *paths[4] = {mem_printf("/usr/lib/postgresql/%d/bin", major),
	    mem_printf("/usr/pgsql-%d/bin", major),
	    mem_printf("/usr/local/pgsql-%d/bin", major),
	    mem_printf("/opt/homebrew/opt/postgresql@%d/bin", major)};
	char *found = NULL;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (found == NULL && version_of(paths[i]) == major)
			found = mem_strdup(paths[i]);
		free(paths[i]);
	}
	return found;
}

static status
differs(const struct restore *r, const char *what, int major)
{
	log_error("the backup is of PostgreSQL %d, and %s is %d",
	    r->info->major, what, major);
	log_hint("a data directory runs on its own major version alone; carry "
		 "the data across with pg_upgrade, or by a dump");
	return STATUS_FAIL;
}

static void
find(struct restore *r, int want, int *other)
{
	char *bindir;

	bindir =
	    r->o->bindir != NULL ? mem_strdup(r->o->bindir) : bindir_by_path();
	*other = bindir == NULL ? 0 : version_of(bindir);
	if (bindir != NULL && *other == want) {
		r->server.bindir = bindir;
		return;
	}
	free(bindir);
	if (r->o->bindir == NULL)
		r->server.bindir = bindir_of(want);
}

status
restore_version(struct restore *r)
{
	int want = r->info->major, other = 0, said = (int)r->o->server_version;

	if (want == 0) /* a stream: it is known once it was read */
		return STATUS_OK;
	if (said != 0 && said != want)
		return differs(r, "the server", said);
	if (r->server.bindir == NULL)
		find(r, want, &other);
	r->server.major = want;
	if (r->server.bindir != NULL || said == want)
		return STATUS_OK;
	if (other != 0)
		return differs(r,
		    r->o->bindir != NULL ? r->o->bindir
					 : "the server that is installed",
		    other);
	if (r->o->bindir != NULL) {
		log_error("there is no server in \"%s\"", r->o->bindir);
		return STATUS_USAGE;
	}
	log_error("no PostgreSQL %d is installed here", want);
	log_hint("if it will run elsewhere, in a container say: "
		 "--server-version %d",
	    want);
	return STATUS_FAIL;
}

char *
restore_program(const struct restore *r, const char *name)
{
	char *file;

	if (r->server.bindir == NULL)
		return NULL;
	file = mem_printf("%s/%s", r->server.bindir, name);
	if (child_is_program(file))
		return file;
	free(file);
	return NULL;
}
