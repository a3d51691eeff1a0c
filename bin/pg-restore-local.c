/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-restore-local: prove a physical backup and restore it.
 */
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/option.h"
#include "base/signal.h"
#include "restore/restore.h"

static const char examples[] =
    "  pg-restore-local -D data backups/20250704T165326Z\n"
    "  zstd -dc base.tar.zst | pg-restore-local -D data --start\n"
    "  pg-restore-local -D data --target-time '2025-07-04 17:00+00' "
    "--wal wal/ < base.tar";

struct arguments {
	struct restore_options restore;
	const char *time, *lsn, *xid, *name;
	bool immediate, force;
};

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct restore_options *o = &a->restore;
	const struct option_spec options[] = {{'D', "pgdata", OPTION_TEXT,
						  &o->data, "DIR",
						  "data directory to make", 0,
						  0, NULL},
	    {'j', "jobs", OPTION_COUNT, &o->jobs, "N",
		"archives or files at a time (default 1)", 1, 256, NULL},
	    {'n', "dry-run", OPTION_FLAG, &o->dry_run, NULL,
		"print every step, do nothing", 0, 0, NULL},
	    {0, "json", OPTION_FLAG, &o->json, NULL,
		"print what was done as JSON", 0, 0, NULL},
	    {0, "replace", OPTION_FLAG, &o->replace, NULL,
		"move what is in DIR aside, and keep it", 0, 0, NULL},
	    {0, "delta", OPTION_FLAG, &o->delta, NULL,
		"keep files in DIR that are as the backup has them", 0, 0,
		NULL},
	    {0, "drop-old", OPTION_FLAG, &o->drop_old, NULL,
		"remove what --replace kept, once the new one has started", 0,
		0, NULL},
	    {0, "finish", OPTION_FLAG, &o->finish, NULL,
		"end the swap of a restore that was cut off in it", 0, 0, NULL},
	    {'y', "yes", OPTION_FLAG, &o->yes, NULL, "ask nothing", 0, 0, NULL},
	    {0, "force", OPTION_FLAG, &a->force, NULL, "the same as --yes", 0,
		0, NULL},
	    {0, "owner", OPTION_TEXT, &o->owner, "USER[:GROUP]",
		"whom it is to belong to: names or numbers", 0, 0, NULL},
	    {'T', "tablespace-mapping", OPTION_LIST, &o->tablespaces, "OLD=NEW",
		"restore the tablespace of directory or oid OLD to "
		"NEW",
		0, 0, NULL},
	    {0, "tablespaces-in", OPTION_TEXT, &o->tablespaces_in, "DIR",
		"restore tablespaces to DIR/<oid>", 0, 0, NULL},
	    {0, "wal", OPTION_TEXT, &o->wal, "SOURCE",
		"recover with WAL from a directory, or a command with %f and "
		"%p",
		0, 0, NULL},
	    {0, "target-time", OPTION_TEXT, &a->time, "TIME",
		"recover to a time: '2025-07-04 17:00+00'", 0, 0, NULL},
	    {0, "target-lsn", OPTION_TEXT, &a->lsn, "LSN",
		"recover to a place in the WAL", 0, 0, NULL},
	    {0, "target-xid", OPTION_TEXT, &a->xid, "XID",
		"recover to a transaction", 0, 0, NULL},
	    {0, "target-name", OPTION_TEXT, &a->name, "NAME",
		"recover to a restore point", 0, 0, NULL},
	    {0, "target-immediate", OPTION_FLAG, &a->immediate, NULL,
		"recover to where the backup is consistent", 0, 0, NULL},
	    {0, "target-exclusive", OPTION_FLAG, &o->exclusive, NULL,
		"stop just before the target", 0, 0, NULL},
	    {0, "target-timeline", OPTION_TEXT, &o->timeline, "TLI",
		"latest (default), current, or a number", 0, 0, NULL},
	    {0, "target-action", OPTION_CHOICE, &o->action, "ACTION",
		"promote (default), pause or shutdown at the target", 0, 0,
		restore_actions},
	    {0, "standby", OPTION_FLAG, &o->standby, NULL, "make a standby", 0,
		0, NULL},
	    {0, "primary", OPTION_TEXT, &o->primary, "CONN",
		"the standby's primary, a connection string", 0, 0, NULL},
	    {0, "keep-archiving", OPTION_FLAG, &o->keep_archiving, NULL,
		"leave archive_mode on: it is the original now", 0, 0, NULL},
	    {'c', "set", OPTION_LIST, &o->settings, "NAME=VALUE",
		"a setting of the server to be, as port=5433", 0, 0, NULL},
	    {0, "server-version", OPTION_COUNT, &o->server_version, "MAJOR",
		"version that will run it, where none is installed", 1, 99,
		NULL},
	    {0, "bindir", OPTION_TEXT, &o->bindir, "DIR",
		"where the server's programs are", 0, 0, NULL},
	    {0, "start", OPTION_FLAG, &o->start, NULL,
		"start it with pg_ctl, go back if it does not come up", 0, 0,
		NULL},
	    {0, "start-service", OPTION_TEXT, &o->start_service, "CMD",
		"start it with this command instead", 0, 0, NULL},
	    {0, "stop-service", OPTION_TEXT, &o->stop_service, "CMD",
		"stop the server in DIR with it before DIR changes", 0, 0,
		NULL},
	    {0, "timeout", OPTION_DURATION, &o->timeout, "TIME",
		"for coming up (default: as long as it runs)", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-restore-local",
	    "Prove a physical backup and make a data directory of it.",
	    "-D DIR [OPTION]... [BACKUP]... [< TAR]", options, examples};

	return option_parse(&program, argc, argv, answered);
}

static status
take_target(struct restore_options *o, const char *value,
    enum restore_target target)
{
	if (value == NULL)
		return STATUS_OK;
	if (o->target != TARGET_NONE)
		return option_fault("there can be only one target");
	o->target = target;
	o->target_value = target == TARGET_IMMEDIATE ? NULL : value;
	return STATUS_OK;
}

static status
check_targets(struct arguments *a)
{
	struct restore_options *o = &a->restore;
	status s = take_target(o, a->time, TARGET_TIME);

	if (s == STATUS_OK)
		s = take_target(o, a->lsn, TARGET_LSN);
	if (s == STATUS_OK)
		s = take_target(o, a->xid, TARGET_XID);
	if (s == STATUS_OK)
		s = take_target(o, a->name, TARGET_NAME);
	if (s == STATUS_OK && a->immediate)
		s = take_target(o, "immediate", TARGET_IMMEDIATE);
	if (s != STATUS_OK)
		return s;
	if (o->standby && o->target != TARGET_NONE)
		return option_fault("a standby has no target");
	if (o->primary != NULL && !o->standby)
		return option_fault("--primary is for --standby");
	if (o->exclusive && o->target <= TARGET_IMMEDIATE)
		return option_fault("--target-exclusive needs a target");
	if (o->timeline != NULL && o->wal == NULL && !o->standby)
		return option_fault("--target-timeline needs --wal");
	return STATUS_OK;
}

static bool
is_setting(const char *text)
{
	size_t n = strspn(text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.0123456789");

	return n > 0 && text[n] == '=';
}

/* What was begun is ended as it was begun. */
static bool
only_finishes(const struct restore_options *o)
{
	return o->backups.len == 0 && o->tablespaces.len == 0 &&
	    o->settings.len == 0 && o->target == TARGET_NONE &&
	    !(o->replace || o->delta || o->drop_old || o->start || o->standby ||
		o->dry_run || o->json || o->keep_archiving) &&
	    o->start_service == NULL && o->wal == NULL && o->owner == NULL &&
	    o->tablespaces_in == NULL;
}

static status
check(struct arguments *a, int argc, char **argv, int *fd)
{
	struct restore_options *o = &a->restore;
	status s = check_targets(a);

	if (s != STATUS_OK)
		return s;
	for (size_t i = 0; i < o->settings.len; i++)
		if (!is_setting(o->settings.data[i]))
			return option_fault("cannot understand --set \"%s\": "
					    "it is NAME=VALUE",
			    o->settings.data[i]);
	for (int i = 1; i < argc; i++)
		strv_add(&o->backups, argv[i]);
	o->yes = o->yes || a->force;
	*fd = -1;
	if (o->data == NULL)
		return option_fault("-D says which data directory to make");
	if (o->delta && o->replace)
		return option_fault("--delta changes what is there, --replace "
				    "keeps it: choose one");
	if (o->finish && !only_finishes(o))
		return option_fault("--finish reads no backup, and does "
				    "nothing else");
	if (o->start && o->start_service != NULL)
		return option_fault("choose --start or --start-service");
	if (o->drop_old && o->backups.len > 0 && !o->start &&
	    o->start_service == NULL)
		return option_fault("--drop-old needs --start: what was there "
				    "is kept until the new one has started");
	if (o->backups.len == 1 && strcmp(o->backups.data[0], "-") == 0)
		strv_free(&o->backups);
	else if (o->backups.len > 0 || o->finish)
		return STATUS_OK;
	else if (o->drop_old)
		return o->start || o->replace || o->start_service != NULL
		    ? option_fault("--drop-old alone takes no other options")
		    : STATUS_OK;
	if (isatty(STDIN_FILENO)) {
		log_error("a backup is not read from a terminal");
		log_hint("name a backup, or give a tar: pg-restore-local -D "
			 "DIR < base.tar");
		return STATUS_USAGE;
	}
	*fd = STDIN_FILENO;
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.restore = {.jobs = 1,
				  .backups = STRV_INIT,
				  .tablespaces = STRV_INIT,
				  .settings = STRV_INIT}};
	bool answered = false;
	int fd = -1;
	status s;

	log_init("pg-restore-local");
	io_init(true);
	signal_init();
	s = parse(&a, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = check(&a, argc, argv, &fd);
	if (s == STATUS_OK && !answered)
		s = restore_run(&a.restore, fd);
	strv_free(&a.restore.backups);
	strv_free(&a.restore.tablespaces);
	strv_free(&a.restore.settings);
	return io_finish(s);
}
