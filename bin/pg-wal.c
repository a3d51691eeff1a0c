/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-wal: receive, push, fetch, check and expire WAL.
 *
 *	pg-wal push -a DIR %p			archive_command
 *	pg-wal fetch -a DIR %f %p		restore_command
 *	pg-wal info DIR				what an archive holds
 *	pg-wal verify DIR			whether it is sound
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/path.h"
#include "base/signal.h"
#include "base/str.h"
#include "wal/fetch.h"
#include "wal/info.h"
#include "wal/push.h"
#include "wal/verify.h"

#define PREFETCH 4
#define PREFETCH_MAX 1000
/* The server goes on after an exit status up to 125, and stops above it. */
#define BROKEN 200

static const char examples[] =
    "  archive_command = 'pg-wal push -a /srv/wal %p'\n"
    "  restore_command = 'pg-wal fetch -a /srv/wal %f %p'\n"
    "  pg-wal receive -d src -a /srv/wal --slot archive --create-slot\n"
    "  pg-wal verify /srv/wal\n"
    "  pg-wal expire --backups backups/ /srv/wal";

/* An option, or PGPIPE_WAL_ARCHIVE. */
static status
the_archive(const char **archive)
{
	if (*archive == NULL)
		*archive = getenv("PGPIPE_WAL_ARCHIVE");
	if (*archive == NULL || (*archive)[0] == '\0')
		return option_fault("which archive? -a DIR or "
				    "PGPIPE_WAL_ARCHIVE is needed");
	if (strstr(*archive, "://") != NULL) {
		log_error("an archive of WAL is a directory, not \"%s\"",
		    *archive);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/* The archive may be the operand, too. */
static status
archive_operand(int argc, char **argv, const char **archive)
{
	if (argc > 2 || (argc > 1 && *archive != NULL))
		return option_fault("unexpected argument \"%s\"",
		    argv[argc - 1]);
	if (argc > 1)
		*archive = argv[1];
	return the_archive(archive);
}

static status
operands(int argc, char **argv, int want, const char *what)
{
	if (argc - 1 > want)
		return option_fault("unexpected argument \"%s\"",
		    argv[want + 1]);
	return argc - 1 == want ? STATUS_OK : option_fault("%s missing", what);
}

static status
set_codec(struct codec_spec *spec, const char *text)
{
	struct str why CLEANUP(str_free) = STR_INIT;

	if (codec_spec_parse(text != NULL ? text : "zstd", spec, &why))
		return STATUS_OK;
	return option_fault("--compress=%s: %s", text, str_text(&why));
}

/* --- a file of a server ----------------------------------------------------------- */

static status
run_push(int argc, char **argv)
{
	struct push_request r = {NULL};
	const char *codec = NULL;
	bool answered = false;
	const struct option_spec options[] =
	    {{'a', "archive", OPTION_TEXT, &r.archive, "DIR",
		 "the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
		{'Z', "compress", OPTION_TEXT, &codec, "HOW",
		    "none|gzip|lz4|zstd[:LEVEL] (default zstd)", 0, 0, NULL},
		OPTION_END};
	const struct program program = {"pg-wal push",
	    "Put a file of pg_wal into an archive, durably: for "
	    "archive_command.",
	    "[OPTION]... -a DIR %p", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	s = operands(argc, argv, 1, "the file, %p, is");
	if (s == STATUS_OK)
		s = the_archive(&r.archive);
	if (s == STATUS_OK)
		s = set_codec(&r.codec, codec);
	r.path = argv[1];
	return s == STATUS_OK ? wal_push(&r) : s;
}

static status
run_fetch(int argc, char **argv)
{
	struct fetch_request r = {.prefetch = PREFETCH};
	bool answered = false;
	const struct option_spec options[] =
	    {{'a', "archive", OPTION_TEXT, &r.archive, "DIR",
		 "the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
		{0, "prefetch", OPTION_COUNT, &r.prefetch, "N",
		    "segments to make ready meanwhile (default 4)", 0,
		    PREFETCH_MAX, NULL},
		{0, "spool", OPTION_TEXT, &r.spool, "DIR",
		    "where those wait (default in pg_wal)", 0, 0, NULL},
		{0, "partial", OPTION_FLAG, &r.partial, NULL,
		    "take a partial segment where there is no whole one", 0, 0,
		    NULL},
		OPTION_END};
	const struct program program = {"pg-wal fetch",
	    "Bring a file of an archive to a server, proved: for "
	    "restore_command.  It exits 1 where there is none, and above 200 "
	    "when anything is wrong, which stops recovery.",
	    "[OPTION]... -a DIR %f %p", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	s = operands(argc, argv, 2, "the name and the place, %f %p, are");
	if (s == STATUS_OK)
		s = the_archive(&r.archive);
	r.name = argv[1];
	r.path = argv[2];
	return s == STATUS_OK ? wal_fetch(&r) : s;
}

static status
run_prefetch(int argc, char **argv)
{
	struct fetch_request r = {.prefetch = PREFETCH};
	bool answered = false;
	const struct option_spec options[] =
	    {{'a', "archive", OPTION_TEXT, &r.archive, "DIR",
		 "the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
		{0, "prefetch", OPTION_COUNT, &r.prefetch, "N",
		    "how many segments (default 4)", 1, PREFETCH_MAX, NULL},
		{0, "spool", OPTION_TEXT, &r.spool, "DIR", "where to put them",
		    0, 0, NULL},
		OPTION_END};
	const struct program program = {"pg-wal prefetch",
	    "Make ready the segments after one: what fetch starts by itself.",
	    "[OPTION]... -a DIR --spool DIR SEGMENT", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	s = operands(argc, argv, 1, "the segment is");
	if (s == STATUS_OK && r.spool == NULL)
		s = option_fault("where to? --spool DIR is needed");
	if (s == STATUS_OK)
		s = the_archive(&r.archive);
	r.name = argv[1];
	return s == STATUS_OK ? wal_prefetch(&r) : s;
}

/* --- what there is ------------------------------------------------------------------- */

static status
run_info(int argc, char **argv)
{
	const char *archive = NULL;
	bool json = false, answered = false;
	const struct option_spec options[] =
	    {{'a', "archive", OPTION_TEXT, &archive, "DIR",
		 "the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
		{0, "json", OPTION_FLAG, &json, NULL, "print records", 0, 0,
		    NULL},
		OPTION_END};
	const struct program program = {"pg-wal info",
	    "Tell what an archive holds: ranges by timeline, gaps, sizes, "
	    "times.",
	    "[OPTION]... [DIR]", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	s = archive_operand(argc, argv, &archive);
	return s == STATUS_OK ? wal_info(archive, json) : s;
}

static status
run_verify(int argc, char **argv)
{
	struct verify_request r = {NULL};
	bool answered = false;
	const struct option_spec options[] =
	    {{'a', "archive", OPTION_TEXT, &r.archive, "DIR",
		 "the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
		{0, "system", OPTION_TEXT, &r.system, "ID",
		    "the system identifier it must have", 0, 0, NULL},
		{0, "files", OPTION_FLAG, &r.files, NULL,
		    "a line for each file, with its SHA-256", 0, 0, NULL},
		{0, "json", OPTION_FLAG, &r.json, NULL, "print records", 0, 0,
		    NULL},
		OPTION_END};
	const struct program program = {"pg-wal verify",
	    "Prove an archive: every segment there, whole, where its name "
	    "says, each record with its CRC; timelines with their history.",
	    "[OPTION]... [DIR]", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	s = archive_operand(argc, argv, &r.archive);
	return s == STATUS_OK ? wal_verify(&r) : s;
}

/* ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	status (*run)(int argc, char **argv);
} commands[] = {{"push", run_push}, {"fetch", run_fetch},
    {"prefetch", run_prefetch}, {"info", run_info}, {"verify", run_verify}};

/* No command: what there is to know of them. */
static status
run_none(int argc, char **argv)
{
	bool answered = false;
	const struct option_spec options[] = {OPTION_END};
	const struct program program = {"pg-wal",
	    "Receive, push, fetch, check and expire WAL.  COMMAND --help "
	    "tells more.",
	    "receive | push | fetch | info | verify | expire [OPTION]...",
	    options, examples};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	if (argc > 1)
		return option_fault("no such command: \"%s\"", argv[1]);
	return option_fault("a command is missing");
}

static bool
is_fetch(int argc, char **argv)
{
	return argc > 1 && str_eq(argv[1], "fetch");
}

static status
run(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && str_eq(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return run_none(argc, argv);
}

int
main(int argc, char **argv)
{
	int code;

	log_init("pg-wal");
	io_init(true);
	signal_init();
	code = io_finish(run(argc, argv));
	return is_fetch(argc, argv) && code > STATUS_NO ? BROKEN + code : code;
}
