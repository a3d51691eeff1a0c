/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-basebackup-wrap: take a physical backup of a server.
 *
 *	pg-basebackup-wrap -o DIR | --tar | --plain DIR
 *	pg-basebackup-wrap list DIR		which there are
 *	pg-basebackup-wrap info BACKUP		what one is
 *	pg-basebackup-wrap verify BACKUP...	whether it is as it was made
 *	pg-basebackup-wrap copy BACKUP DIR	to another place
 *	pg-basebackup-wrap expire DIR		remove old ones
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "backup/copy.h"
#include "backup/expire.h"
#include "backup/list.h"
#include "backup/plan.h"
#include "backup/request.h"
#include "backup/take.h"
#include "backup/verify.h"
#include "base/io.h"
#include "base/log.h"
#include "base/option.h"
#include "base/signal.h"
#include "data/filehash.h"
#include "data/record.h"

#define RATE_MIN ((uint64_t)32 * 1024)
#define RATE_MAX ((uint64_t)1024 * 1024 * 1024)
#define JOBS_MAX 256

static const char *const checkpoints[] = {"fast", "spread", NULL};
static const char *const wals[] = {"stream", "fetch", "none", NULL};
/* Without one of these a byte that has changed would not be found. */
static const char *const sums[] = {"crc32c", "sha224", "sha256", "sha384",
    "sha512", "none", NULL};

static const char examples[] =
    "  pg-basebackup-wrap -d src -j 2 -o backups/\n"
    "  pg-basebackup-wrap -d src --tar | zstd -T0 | ssh host 'cat >b.zst'\n"
    "  pg-basebackup-wrap list backups/\n"
    "  pg-basebackup-wrap verify backups/20250704T165326Z";

/* What the command line says. */
struct arguments {
	struct backup_request run;
	struct strv compress;
	uint64_t jobs;
	int checkpoint, wal, sum;
	bool no_page_checks, dry_run;
};

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct backup_request *r = &a->run;
	const struct option_spec options[] = {PG_CONN_OPTIONS(&r->server,
						  "server"),
	    {'o', "output", OPTION_TEXT, &r->directory, "DIR",
		"make a dated directory of archives in DIR", 0, 0, NULL},
	    {0, "tar", OPTION_FLAG, &r->tar, NULL,
		"write one tar that holds everything to stdout", 0, 0, NULL},
	    {0, "plain", OPTION_TEXT, &r->plain, "DIR",
		"make DIR a data directory", 0, 0, NULL},
	    {'T', "tablespace-mapping", OPTION_LIST, &r->mappings, "OLD=NEW",
		"with --plain: where a tablespace goes", 0, 0, NULL},
	    {'l', "label", OPTION_TEXT, &r->label, "TEXT", "the backup's label",
		0, 0, NULL},
	    {'j', "jobs", OPTION_COUNT, &a->jobs, "N",
		"threads that compress with zstd (default 1)", 1, JOBS_MAX,
		NULL},
	    {'Z', "compress", OPTION_LIST, &a->compress, "HOW",
		"[server-]none|gzip|lz4|zstd[:LEVEL][,workers=N][,long]", 0, 0,
		NULL},
	    {'X', "wal", OPTION_CHOICE, &a->wal, "HOW",
		"how the WAL comes along (default stream)", 0, 0, wals},
	    {'c', "checkpoint", OPTION_CHOICE, &a->checkpoint, "HOW",
		"at once or spread over time (default fast)", 0, 0,
		checkpoints},
	    {'r', "max-rate", OPTION_SIZE, &r->max_rate, "SIZE",
		"bytes a second that the server sends at most", RATE_MIN,
		RATE_MAX, NULL},
	    {0, "manifest-checksums", OPTION_CHOICE, &a->sum, "KIND",
		"checksums of files (default crc32c)", 0, 0, sums},
	    {0, "no-verify-checksums", OPTION_FLAG, &a->no_page_checks, NULL,
		"the server does not check its pages", 0, 0, NULL},
	    {'i', "incremental-from", OPTION_TEXT, &r->incremental_from,
		"MANIFEST", "only what has changed since that backup", 0, 0,
		NULL},
	    {0, "spool", OPTION_TEXT, &r->spool, "DIR",
		"with --tar: where WAL waits (default TMPDIR, /var/tmp)", 0, 0,
		NULL},
	    {0, "json", OPTION_FLAG, &r->json, NULL,
		"print the backup's record instead of its path", 0, 0, NULL},
	    {'n', "dry-run", OPTION_FLAG, &a->dry_run, NULL,
		"show what would be done and what is missing", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-basebackup-wrap",
	    "Take a physical backup of a PostgreSQL server.",
	    "[OPTION]... -o DIR | --tar | --plain DIR", options, examples};

	return option_parse(&program, argc, argv, answered);
}

/* One of the two places where a stream can be compressed. */
static status
set_codec(struct backup_request *r, const char *text)
{
	struct str why CLEANUP(str_free) = STR_INIT;
	bool server = strncmp(text, "server-", 7) == 0;
	bool client = strncmp(text, "client-", 7) == 0;
	const char *how = text;
	struct codec_spec *spec = server ? &r->server_codec : &r->client;

	if (server || client)
		how = strchr(text, '-') + 1;
	if (!codec_spec_parse(how, spec, &why))
		return option_fault("--compress=%s: %s", text, str_text(&why));
	return STATUS_OK;
}

/* A directory is compressed unless somebody says otherwise; a stream is what
 * the next program of the pipe may compress. */
static status
set_codecs(struct arguments *a)
{
	struct backup_request *r = &a->run;
	status s = STATUS_OK;

	if (r->directory != NULL && a->compress.len == 0)
		s = set_codec(r, "zstd");
	for (size_t i = 0; s == STATUS_OK && i < a->compress.len; i++)
		s = set_codec(r, a->compress.data[i]);
	if (s == STATUS_OK && r->client.codec == CODEC_ZSTD &&
	    r->client.workers == 0)
		r->client.workers = (unsigned)(a->jobs > 0 ? a->jobs : 1);
	if (s == STATUS_OK && r->plain != NULL && r->client.codec != CODEC_NONE)
		s = option_fault("a data directory is not compressed");
	return s;
}

static status
check_form(const struct arguments *a)
{
	const struct backup_request *r = &a->run;
	int forms = (int)r->tar + (r->directory != NULL) + (r->plain != NULL);

	if (forms == 0)
		return option_fault("where to? one of -o DIR, --tar and "
				    "--plain DIR is needed");
	if (forms > 1)
		return option_fault("-o, --tar and --plain are three ways, "
				    "not one");
	if (r->mappings.len > 0 && r->plain == NULL)
		return option_fault("-T goes with --plain; pg-restore-local "
				    "has it for the others");
	if (r->tar && !a->dry_run && isatty(STDOUT_FILENO)) {
		log_error("a backup is not written to a terminal");
		log_hint("use -o DIR, or a pipe: pg-basebackup-wrap --tar "
			 "... | zstd >base.tar.zst");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static status
check(struct arguments *a, int argc, char **argv)
{
	struct backup_request *r = &a->run;
	status s = STATUS_OK;

	if (argc > 1)
		return option_fault("unexpected argument \"%s\"", argv[1]);
	s = check_form(a);
	if (s == STATUS_OK && r->label != NULL)
		s = backup_check_label(r->label);
	if (s == STATUS_OK)
		s = set_codecs(a);
	r->fast = a->checkpoint == 0;
	r->wal = (enum take_wal)a->wal;
	r->verify_checksums = !a->no_page_checks;
	r->manifest_checksums = sums[a->sum];
	return s;
}

static status
run_take(int argc, char **argv)
{
	struct arguments a = {.jobs = 0};
	bool answered = false;
	status s;

	s = parse(&a, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = check(&a, argc, argv);
	if (s == STATUS_OK && !answered)
		s = a.dry_run ? backup_plan(&a.run) : backup_take(&a.run);
	strv_free(&a.compress);
	strv_free(&a.run.mappings);
	return s;
}

/* --- what is there ----------------------------------------------------------- */

/* The one operand of a command. */
static status
operand(int argc, char **argv, const char *what, const char **out)
{
	if (argc < 2)
		return option_fault("%s is missing", what);
	if (argc > 2)
		return option_fault("unexpected argument \"%s\"", argv[2]);
	*out = argv[1];
	return STATUS_OK;
}

static status
run_list(int argc, char **argv)
{
	bool json = false, answered = false;
	const struct option_spec options[] = {{0, "json", OPTION_FLAG, &json,
						  NULL, "print records", 0, 0,
						  NULL},
	    OPTION_END};
	const struct program program = {"pg-basebackup-wrap list",
	    "List the backups of a directory, the oldest first.",
	    "[OPTION]... DIR", options, NULL};
	const char *directory = NULL;
	status s = option_parse(&program, &argc, argv, &answered);

	if (s == STATUS_OK && !answered)
		s = operand(argc, argv, "the directory", &directory);
	return s == STATUS_OK && !answered ? backup_list(directory, json) : s;
}

static status
run_info(int argc, char **argv)
{
	bool json = false, answered = false;
	const struct option_spec options[] = {{0, "json", OPTION_FLAG, &json,
						  NULL, "print the record", 0,
						  0, NULL},
	    OPTION_END};
	const struct program program = {"pg-basebackup-wrap info",
	    "Tell what the record of a backup says.", "[OPTION]... BACKUP",
	    options, NULL};
	const char *backup = NULL;
	status s = option_parse(&program, &argc, argv, &answered);

	if (s == STATUS_OK && !answered)
		s = operand(argc, argv, "the backup", &backup);
	return s == STATUS_OK && !answered ? backup_tell(backup, json) : s;
}

/* All of them, whatever one has. */
static status
verify_all(struct verify_request *r, int argc, char **argv)
{
	status s = STATUS_OK;

	for (int i = 1; i < argc; i++) {
		r->backup = strcmp(argv[i], "-") == 0 ? NULL : argv[i];
		s = status_worse(s, backup_verify(r));
	}
	if (s <= STATUS_NO && r->json)
		s = status_worse(s,
		    record_print_end("pg-basebackup-wrap", (uint64_t)(argc - 1),
			NULL));
	return s;
}

static status
run_verify(int argc, char **argv)
{
	struct verify_request r = {.jobs = 1};
	uint64_t jobs = 1;
	int sum = 0;
	bool answered = false;
	const struct option_spec options[] =
	    {{'j', "jobs", OPTION_COUNT, &jobs, "N",
		 "archives to read at once (default 1)", 1, JOBS_MAX, NULL},
		{0, "no-wal", OPTION_FLAG, &r.no_wal, NULL,
		    "the WAL is in an archive, not here", 0, 0, NULL},
		{0, "manifest-checksums", OPTION_CHOICE, &sum, "KIND",
		    "which ones a stream on stdin has (default crc32c)", 0, 0,
		    sums},
		{0, "json", OPTION_FLAG, &r.json, NULL, "print records", 0, 0,
		    NULL},
		OPTION_END};
	const struct program program = {"pg-basebackup-wrap verify",
	    "Prove that backups are as they were made: every byte against "
	    "the manifest, the WAL against the range that a server needs.  "
	    "BACKUP is a directory or a tar, \"-\" one on stdin; nothing is "
	    "unpacked to disk.",
	    "[OPTION]... BACKUP...", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	if (argc < 2)
		return option_fault("the backup is missing");
	r.jobs = (unsigned)jobs;
	if (!filehash_parse(sums[sum], &r.expect))
		return option_fault("no such checksum: \"%s\"", sums[sum]);
	return verify_all(&r, argc, argv);
}

static status
run_copy(int argc, char **argv)
{
	struct copy_request r = {.json = false};
	bool answered = false;
	const struct option_spec options[] = {{0, "json", OPTION_FLAG, &r.json,
						  NULL, "print the record", 0,
						  0, NULL},
	    OPTION_END};
	const struct program program = {"pg-basebackup-wrap copy",
	    "Copy a backup to another directory or store, proved by its "
	    "record on the way; what an interrupted copy has left is gone on "
	    "with.",
	    "[OPTION]... BACKUP DIR", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	if (argc < 3)
		return option_fault("the backup, or where it goes, is missing");
	if (argc > 3)
		return option_fault("unexpected argument \"%s\"", argv[3]);
	r.backup = argv[1];
	r.to = argv[2];
	return backup_copy(&r);
}

static status
run_expire(int argc, char **argv)
{
	struct expire_request r = {.keep = 0, .days = UINT64_MAX};
	bool answered = false;
	const struct option_spec options[] = {{0, "keep", OPTION_COUNT, &r.keep,
						  "N",
						  "keep the newest N good ones",
						  1, 1000000, NULL},
	    {0, "keep-days", OPTION_COUNT, &r.days, "N",
		"keep what leads to any moment of N days", 0, 36500, NULL},
	    {'n', "dry-run", OPTION_FLAG, &r.dry_run, NULL,
		"show what would be removed", 0, 0, NULL},
	    {0, "json", OPTION_FLAG, &r.json, NULL, "print records", 0, 0,
		NULL},
	    OPTION_END};
	const struct program program = {"pg-basebackup-wrap expire",
	    "Remove backups that are not needed any more: never the last "
	    "good one, never what an incremental one starts from.",
	    "[OPTION]... --keep N | --keep-days N DIR", options, NULL};
	status s = option_parse(&program, &argc, argv, &answered);

	if (s != STATUS_OK || answered)
		return s;
	r.by_days = r.days != UINT64_MAX;
	if (r.by_days == (r.keep > 0))
		return option_fault("one of --keep and --keep-days is needed");
	s = operand(argc, argv, "the directory", &r.directory);
	return s == STATUS_OK ? backup_expire(&r) : s;
}

/* ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	status (*run)(int argc, char **argv);
} commands[] = {{"list", run_list}, {"info", run_info}, {"verify", run_verify},
    {"copy", run_copy}, {"expire", run_expire}};

static status
run(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return run_take(argc, argv);
}

int
main(int argc, char **argv)
{
	log_init("pg-basebackup-wrap");
	io_init(true);
	signal_init();
	return io_finish(run(argc, argv));
}
