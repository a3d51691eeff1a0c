/* SPDX-License-Identifier: PostgreSQL */
/*
 * What pgpipe works with on this machine.
 */
#include "doctor/doctor.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "data/library.h"
#include "pg/library.h"
#include "run/child.h"
#include "run/plugin.h"

#define OLDEST_LIBPQ 130000

static const char *const words[] =
    {[FOUND] = "ok", [LACKS] = "missing", [WITHOUT] = "missing"};

void
doctor_say(struct doctor *d, enum finding finding, const char *what,
    const char *fmt, ...)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	char text[2048];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	str_addf(&line, "%-8s %-16s %s%s", words[finding], what,
	    finding == WITHOUT ? "optional; " : "", text);
	if (finding == LACKS)
		d->lacks = true;
	d->output = status_worse(d->output, io_out_line(line.data));
}

status
doctor_verdict(const struct doctor *d)
{
	return status_worse(d->output, d->lacks ? STATUS_NO : STATUS_OK);
}

void
doctor_libraries(struct doctor *d)
{
	struct data_library libraries[DATA_LIBRARIES];
	int version = pg_library_version();

	doctor_say(d, FOUND, "pgpipe", "%s", PGPIPE_VERSION);
	if (version < OLDEST_LIBPQ)
		doctor_say(d, LACKS, "libpq",
		    "%d is too old; "
		    "apt-get install libpq5",
		    version / 10000);
	else
		doctor_say(d, FOUND, "libpq", "%d.%d", version / 10000,
		    version % 10000);
	data_libraries(libraries);
	for (size_t i = 0; i < DATA_LIBRARIES; i++)
		doctor_say(d, FOUND, libraries[i].name, "%s",
		    libraries[i].version);
}

/* --- our own files --------------------------------------------------------- */

/* How many of a kind there are; s is what finding them came to. */
static void
plugins(struct doctor *d, const char *kind, status s,
    const struct plugins *found)
{
	size_t ours = 0, theirs = 0;

	if (s != STATUS_OK) {
		doctor_say(d, LACKS, kind, "cannot be read");
		return;
	}
	for (size_t i = 0; i < found->count; i++) {
		ours += found->items[i].ours;
		theirs += !found->items[i].ours;
	}
	if (ours == 0)
		doctor_say(d, LACKS, kind,
		    "none in \"%s\"; "
		    "install pgpipe again, or set PGPIPE_SHARE",
		    path_share());
	else
		doctor_say(d, FOUND, kind,
		    "%zu in %s, %zu of "
		    "your own",
		    ours, path_share(), theirs);
}

static void
texts(struct doctor *d)
{
	struct plugins found CLEANUP(plugins_free) = PLUGINS_INIT;
	status s = plugins_find("chunks", ".sql", &found);

	plugins(d, "chunk sources", s, &found);
	s = plugins_find_folders("report", "about.yaml", &found);
	plugins(d, "report folders", s, &found);
	s = plugins_find("chart", ".yaml", &found);
	plugins(d, "chart metrics", s, &found);
}

void
doctor_files(struct doctor *d)
{
	static const char *const tools[] = {"pg-chunks", "pg-copyout",
	    "pg-copyin", "pg-checksum", "pg-queue", "pg-refresh",
	    "pg-basebackup-wrap", "pg-restore-local", "pg-wal", "pg-report",
	    "pg-chart"};

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		char *file CLEANUP_FREE =
		    mem_printf("%s/%s", path_bin(), tools[i]);

		if (child_is_program(file))
			doctor_say(d, FOUND, tools[i], "%s", file);
		else
			doctor_say(d, LACKS, tools[i],
			    "not in \"%s\"; "
			    "install pgpipe again",
			    path_bin());
	}
	texts(d);
}

/* --- other people's programs ----------------------------------------------- */

/* The first thing in the text that looks like 15.12 or 1.5.4. */
static void
find_version(const char *text, char out[32])
{
	static const char digits[] = "0123456789";
	size_t n;

	for (; *text != '\0'; text++) {
		text += strcspn(text, digits);
		n = strspn(text, digits);
		if (n > 0 && text[n] == '.' && text[n + 1] >= '0' &&
		    text[n + 1] <= '9') {
			n = strspn(text, "0123456789.");
			(void)snprintf(out, 32, "%.*s", (int)n, text);
			return;
		}
		text += n;
		if (*text == '\0')
			break;
	}
	(void)snprintf(out, 32, "unknown version");
}

static void
program(struct doctor *d, const char *name, const char *file,
    const char *purpose, const char *package)
{
	struct str output CLEANUP(str_free) = STR_INIT;
	char version[32];

	if (file == NULL ||
	    child_output(file, "--version", 4096, &output) != STATUS_OK) {
		doctor_say(d, WITHOUT, name, "%s; apt-get install %s", purpose,
		    package);
		return;
	}
	find_version(str_text(&output), version);
	doctor_say(d, FOUND, name, "%s  %s", version, file);
}

static void
in_path(struct doctor *d, const char *name, const char *purpose,
    const char *package)
{
	char *file CLEANUP_FREE = child_find(name);

	program(d, name, file, purpose, package);
}

/* Where distributions and builds put the programs of a server, which are
 * seldom in PATH.  The newest is wanted; names sort well enough to find it
 * last among two-digit versions. */
static char *
find_server(const char *name)
{
	static const char *const places[] = {"/usr/lib/postgresql/*/bin",
	    "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
	    "/opt/homebrew/opt/postgresql@*/bin",
	    "/usr/local/opt/postgresql@*/bin"};
	char *file = child_find(name);

	for (size_t i = 0;
	     file == NULL && i < sizeof(places) / sizeof(places[0]); i++) {
		char *pattern CLEANUP_FREE =
		    mem_printf("%s/%s", places[i], name);
		glob_t found = {0};

		if (glob(pattern, 0, NULL, &found) == 0)
			for (size_t n = found.gl_pathc; n > 0; n--)
				if (child_is_program(found.gl_pathv[n - 1])) {
					file =
					    mem_strdup(found.gl_pathv[n - 1]);
					break;
				}
		globfree(&found);
	}
	return file;
}

static void
server_program(struct doctor *d, const char *name)
{
	char *file CLEANUP_FREE = find_server(name);

	program(d, name, file, "for a server on this machine", "postgresql");
}

void
doctor_programs(struct doctor *d)
{
	in_path(d, "psql", "to look into a database", "postgresql-client");
	in_path(d, "jq", "to pick lines and fields", "jq");
	in_path(d, "zstd", "to compress archives", "zstd");
	server_program(d, "postgres");
	server_program(d, "pg_ctl");
}
