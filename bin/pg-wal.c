/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-wal: receive, push, fetch, check and expire WAL.
 *
 *	pg-wal receive -d CONN -a DIR		from a server, as it is written
 *	pg-wal push -a DIR %p			archive_command
 *	pg-wal fetch -a DIR %f %p		restore_command
 *	pg-wal info DIR				what an archive holds
 *	pg-wal verify DIR			whether it is sound
 *	pg-wal expire --backups BACKUPS DIR	remove what nothing needs
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
#include "data/walname.h"
#include "wal/expire.h"
#include "wal/fetch.h"
#include "wal/info.h"
#include "wal/push.h"
#include "wal/receive.h"
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
	struct push_request r = {.archive = NULL};
	const char *codec = NULL;
	bool answered = false;
	const struct option_spec options[] =
	    {{'a', "archive", OPTION_TEXT, &r.archive, "DIR",
		 "the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
		{'Z', "compress", OPTION_TEXT, &codec, "HOW",
		    "none|gzip|lz4|zstd[:LEVEL] (default zstd)", 0, 0, NULL},
		{0, "json", OPTION_FLAG, &r.json, NULL, "print a record", 0, 0,
		    NULL},
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
		{0, "json", OPTION_FLAG, &r.json, NULL, "print a record", 0, 0,
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

/* --- from a server ------------------------------------------------------------------- */

struct receive_arguments {
	struct receive_request run;
	const char *codec, *start, *until;
};

static status
check_receive(struct receive_arguments *a)
{
	struct receive_request *r = &a->run;

	if ((r->create_slot || r->drop_slot) && r->slot == NULL)
		return option_fault("which slot? --slot NAME is needed");
	if (a->start != NULL && !wal_lsn_parse(a->start, &r->start))
		return option_fault("--start=%s is no LSN", a->start);
	if (a->until != NULL && !wal_lsn_parse(a->until, &r->until))
		return option_fault("--until=%s is no LSN", a->until);
	if (r->every < 100 || r->every > 3600000)
		return option_fault("--status-interval is from 100ms to 1h");
	return set_codec(&r->codec, a->codec);
}

static status
run_receive(int argc, char **argv)
{
	struct receive_arguments a = {.run = {.every = 10000}};
	struct receive_request *r = &a.run;
	bool answered = false;
	const struct option_spec options[] = {PG_CONN_OPTIONS(&r->server,
						  "server"),
	    {'a', "archive", OPTION_TEXT, &r->archive, "DIR",
		"the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
	    {'Z', "compress", OPTION_TEXT, &a.codec, "HOW",
		"none|gzip|lz4|zstd[:LEVEL] (default zstd)", 0, 0, NULL},
	    {'S', "slot", OPTION_TEXT, &r->slot, "NAME",
		"the server keeps what this slot has not got", 0, 0, NULL},
	    {0, "create-slot", OPTION_FLAG, &r->create_slot, NULL,
		"make the slot if it is not there", 0, 0, NULL},
	    {0, "drop-slot", OPTION_FLAG, &r->drop_slot, NULL,
		"drop the slot, and nothing else", 0, 0, NULL},
	    {0, "synchronous", OPTION_FLAG, &r->synchronous, NULL,
		"flush and answer at once, as a synchronous standby", 0, 0,
		NULL},
	    {'s', "status-interval", OPTION_DURATION, &r->every, "TIME",
		"time between answers to the server (default 10s)", 0, 0, NULL},
	    {0, "start", OPTION_TEXT, &a.start, "LSN",
		"leave out what is before it", 0, 0, NULL},
	    {'E', "until", OPTION_TEXT, &a.until, "LSN",
		"stop when this has come", 0, 0, NULL},
	    {0, "no-loop", OPTION_FLAG, &r->no_loop, NULL,
		"end when the connection is lost", 0, 0, NULL},
	    {0, "json", OPTION_FLAG, &r->json, NULL,
		"print a record for each segment", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-wal receive",
	    "Receive a server's WAL into an archive, as it is written.",
	    "[OPTION]... -d CONN -a DIR", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	s = operands(argc, argv, 0, "");
	if (s == STATUS_OK)
		s = check_receive(&a);
	if (s == STATUS_OK && !r->drop_slot)
		s = the_archive(&r->archive);
	return s == STATUS_OK ? wal_receive(r) : s;
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
	struct verify_request r = {.archive = NULL};
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

static status
run_expire(int argc, char **argv)
{
	struct expire_request r = {.archive = NULL};
	bool answered = false;
	const struct option_spec options[] =
	    {{'a', "archive", OPTION_TEXT, &r.archive, "DIR",
		 "the archive (or PGPIPE_WAL_ARCHIVE)", 0, 0, NULL},
		{0, "backups", OPTION_LIST, &r.backups, "DIR",
		    "backups that it must serve; a store's URL, too", 0, 0,
		    NULL},
		{0, "keep", OPTION_LIST, &r.points, "POINT",
		    "from there on: an LSN, a segment, a restore point", 0, 0,
		    NULL},
		{'n', "dry-run", OPTION_FLAG, &r.dry_run, NULL,
		    "show what would be removed", 0, 0, NULL},
		{0, "json", OPTION_FLAG, &r.json, NULL, "print records", 0, 0,
		    NULL},
		OPTION_END};
	const struct program program = {"pg-wal expire",
	    "Remove WAL that no backup and no named point needs; never by "
	    "age alone.",
	    "[OPTION]... --backups DIR | --keep POINT [DIR]", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s == STATUS_OK && !answered) {
		s = archive_operand(argc, argv, &r.archive);
		if (s == STATUS_OK && r.backups.len + r.points.len == 0)
			s = option_fault("what is it for?  --backups DIR or "
					 "--keep POINT is needed");
		if (s == STATUS_OK)
			s = wal_expire(&r);
	}
	strv_free(&r.backups);
	strv_free(&r.points);
	return s;
}

/* ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	status (*run)(int argc, char **argv);
} commands[] = {{"receive", run_receive}, {"push", run_push},
    {"fetch", run_fetch}, {"prefetch", run_prefetch}, {"info", run_info},
    {"verify", run_verify}, {"expire", run_expire}};

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
	if (is_fetch(argc, argv))
		log_set_last_exit(BROKEN + STATUS_FAIL);
	code = io_finish(run(argc, argv));
	return is_fetch(argc, argv) && code > STATUS_NO ? BROKEN + code : code;
}
