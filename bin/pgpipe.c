/* SPDX-License-Identifier: PostgreSQL */
/*
 * pgpipe: the toolkit's front door.
 *
 *	pgpipe TOOL ...	run a tool that is installed beside this program
 *	pgpipe version	which version this is
 *	pgpipe doctor	what is there, what is missing, how to get it
 *	pgpipe init	make the ledger's schema in a target, or print its SQL
 *	pgpipe plugins	which plug-ins there are, and what hides what
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/path.h"
#include "base/signal.h"
#include "base/str.h"
#include "doctor/doctor.h"
#include "load/ledger.h"
#include "pg/conn.h"
#include "pg/library.h"
#include "queue/queue.h"
#include "run/child.h"
#include "run/plugin.h"

#define TOOL_PREFIX "pg-"

typedef status (*command_fn)(int argc, char **argv);

/* What the commands with a connection share. */
struct request {
	struct pg_params conn;
	const char *ledger_schema;
	bool dry_run;
};

#define LEDGER_OPTION(r)                                                     \
	{                                                                    \
		0, "ledger-schema", OPTION_TEXT, &(r).ledger_schema, "NAME", \
		    "schema of the ledger (default pgpipe)", 0, 0, NULL      \
	}

static status
no_operands(int argc, char **argv)
{
	return argc > 1 ? option_fault("unexpected argument \"%s\"", argv[1])
			: STATUS_OK;
}

/* Parse for a command that takes no operands; *answered ends it too. */
static status
parse(const struct program *program, int argc, char **argv, bool *answered)
{
	status s = option_parse(program, &argc, argv, answered);

	return s == STATUS_OK && !*answered ? no_operands(argc, argv) : s;
}

/* --- pgpipe version -------------------------------------------------------- */

static status
run_version(int argc, char **argv)
{
	static const struct option_spec options[] = {OPTION_END};
	static const struct program program = {.name = "pgpipe version",
	    .about = "Print which version of pgpipe this is.",
	    .usage = "[OPTION]...",
	    .options = options};
	bool answered;
	status s;

	s = parse(&program, argc, argv, &answered);
	if (s != STATUS_OK || answered)
		return s;
	return io_out_line("pgpipe (pgpipe) " PGPIPE_VERSION);
}

/* --- pgpipe doctor --------------------------------------------------------- */

static void
look_at_ledger(struct doctor *d, struct pg *pg, const char *schema)
{
	bool present;

	if (ledger_present(pg, schema, &present) != STATUS_OK)
		doctor_say(d, LACKS, "ledger", "the server did not answer");
	else if (present)
		doctor_say(d, FOUND, "ledger", "schema \"%s\"", schema);
	else
		doctor_say(d, WITHOUT, "ledger",
		    "in a target; pgpipe init "
		    "makes it, and so does the first pg-copyin");
}

static bool
wants_connection(const struct pg_params *conn)
{
	return conn->database != NULL || conn->host != NULL ||
	    conn->port != NULL || conn->user != NULL ||
	    pg_library_has_default();
}

static status
run_doctor(int argc, char **argv)
{
	struct request r = {.ledger_schema = LEDGER_SCHEMA};
	const struct option_spec options[] = {PG_CONN_OPTIONS(&r.conn,
						  "database"),
	    LEDGER_OPTION(r), OPTION_END};
	const struct program program = {.name = "pgpipe doctor",
	    .about =
		"Tell what is there, what is missing and how to get it: "
		"libraries, programs, pgpipe's own files, and a server "
		"where one is given by an option or by PGHOST and its like.",
	    .usage = "[OPTION]...",
	    .options = options};
	struct doctor d = {.lacks = false};
	bool answered;
	status s;

	s = parse(&program, argc, argv, &answered);
	if (s != STATUS_OK || answered)
		return s;
	doctor_libraries(&d);
	doctor_files(&d);
	doctor_programs(&d);
	if (wants_connection(&r.conn))
		doctor_server(&d, &r.conn, look_at_ledger, r.ledger_schema);
	return doctor_verdict(&d);
}

/* --- pgpipe init ----------------------------------------------------------- */

static status
make_ledger(const struct request *r)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	status s;

	s = pg_connect(&r->conn, &pg);
	if (s == STATUS_OK)
		s = ledger_init(pg, r->ledger_schema);
	if (s == STATUS_OK)
		s = queue_init(pg, r->ledger_schema);
	if (s == STATUS_OK)
		log_info("the ledger is ready in schema \"%s\"",
		    r->ledger_schema);
	return s;
}

static status
print_ledger(const struct request *r)
{
	struct str sql CLEANUP(str_free) = STR_INIT;
	status s;

	s = ledger_sql(r->ledger_schema, &sql);
	if (s == STATUS_OK) {
		str_addc(&sql, '\n');
		s = queue_sql(r->ledger_schema, &sql);
	}
	return s == STATUS_OK ? io_out_write(sql.data, sql.len) : s;
}

static status
run_init(int argc, char **argv)
{
	struct request r = {.ledger_schema = LEDGER_SCHEMA};
	const struct option_spec options[] = {PG_CONN_OPTIONS(&r.conn,
						  "database"),
	    LEDGER_OPTION(r),
	    {'n', "dry-run", OPTION_FLAG, &r.dry_run, NULL,
		"print the SQL, connect to nothing", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {.name = "pgpipe init",
	    .about = "Make the schema of pg-copyin's ledger and of "
		     "pg-queue's queues in a target, where it is not there "
		     "yet.",
	    .usage = "[OPTION]...",
	    .options = options};
	bool answered;
	status s;

	s = parse(&program, argc, argv, &answered);
	if (s != STATUS_OK || answered)
		return s;
	return r.dry_run ? print_ledger(&r) : make_ledger(&r);
}

/* --- pgpipe plugins -------------------------------------------------------- */

static status
print_plugins(const char *kind, const struct plugins *found)
{
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < found->count; i++) {
		const struct plugin *p = &found->items[i];
		struct str line CLEANUP(str_free) = STR_INIT;

		str_addf(&line, "%-7s %-16s %-7s %s", kind, p->name,
		    p->hidden	  ? "hidden"
			: p->ours ? "ours"
				  : "yours",
		    p->file);
		if (p->hidden)
			str_addf(&line, " (by %s)",
			    plugins_get(found, p->name)->file);
		s = io_out_line(line.data);
	}
	return s;
}

static status
run_plugins(int argc, char **argv)
{
	static const struct option_spec options[] = {OPTION_END};
	static const struct program program = {.name = "pgpipe plugins",
	    .about = "List the chunk sources, the sections and checks of "
		     "reports, the metrics of charts and the stores in the "
		     "plug-in path, share/ and libexec/, and say which of "
		     "them is hidden by which.",
	    .usage = "[OPTION]...",
	    .options = options};
	struct plugins found CLEANUP(plugins_free) = PLUGINS_INIT;
	bool answered;
	status s;

	s = parse(&program, argc, argv, &answered);
	if (s != STATUS_OK || answered)
		return s;
	s = plugins_find("chunks", ".sql", &found);
	if (s == STATUS_OK)
		s = print_plugins("chunks", &found);
	if (s == STATUS_OK)
		s = plugins_find_folders("report", "about.yaml", &found);
	if (s == STATUS_OK)
		s = print_plugins("report", &found);
	if (s == STATUS_OK)
		s = plugins_find("report", ".sql", &found);
	if (s == STATUS_OK)
		s = print_plugins("part", &found);
	if (s == STATUS_OK)
		s = plugins_find("chart", ".yaml", &found);
	if (s == STATUS_OK)
		s = print_plugins("chart", &found);
	if (s == STATUS_OK)
		s = plugins_find_programs("store-", &found);
	return s == STATUS_OK ? print_plugins("store", &found) : s;
}

/* --- pgpipe TOOL ----------------------------------------------------------- */

static const struct {
	const char *name;
	command_fn run;
} commands[] = {{"version", run_version}, {"doctor", run_doctor},
    {"init", run_init}, {"plugins", run_plugins}};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool
is_tool_name(const char *name)
{
	return strncmp(name, TOOL_PREFIX, strlen(TOOL_PREFIX)) == 0;
}

static int
compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The programs that lie beside this one. */
static void
list_tools(struct strv *names)
{
	DIR *dir = opendir(path_bin());
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *file CLEANUP_FREE =
		    mem_printf("%s/%s", path_bin(), entry->d_name);

		if (is_tool_name(entry->d_name) && child_is_program(file))
			strv_add(names, entry->d_name);
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (names->len > 0)
		qsort(names->data, names->len, sizeof(names->data[0]), compare);
}

static status
unknown(const char *name)
{
	struct strv tools CLEANUP(strv_free) = STRV_INIT;
	struct str list CLEANUP(str_free) = STR_INIT;

	list_tools(&tools);
	for (size_t i = 0; i < tools.len; i++)
		str_addf(&list, "%s%s", i > 0 ? ", " : "", tools.data[i]);
	log_error("there is no command or tool \"%s\"", name);
	log_detail("commands: version, doctor, init, plugins");
	log_detail("tools in \"%s\": %s", path_bin(),
	    tools.len > 0 ? list.data : "none");
	log_hint("try \"pgpipe --help\"");
	return STATUS_USAGE;
}

/* Returns only when the tool could not be run. */
static status
run_tool(char **argv)
{
	char *file CLEANUP_FREE = mem_printf("%s/%s%s", path_bin(),
	    is_tool_name(argv[0]) ? "" : TOOL_PREFIX, argv[0]);

	if (strchr(argv[0], '/') != NULL || !child_is_program(file))
		return unknown(argv[0]);
	argv[0] = file;
	return child_become(file, argv);
}

static status
run(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[0], commands[i].name) == 0) {
			signal_init();
			return commands[i].run(argc, argv);
		}
	return run_tool(argv);
}

static status
run_options(int argc, char **argv)
{
	static const struct option_spec options[] = {OPTION_END};
	static const struct program program = {.name = "pgpipe",
	    .about =
		"Copy tables between PostgreSQL servers through pipes, "
		"and prove the copy.  COMMAND is version, doctor, init, "
		"plugins, or the name of a tool, with or without \"pg-\".  "
		"The tour is in pgpipe(7).",
	    .usage = "[OPTION] | COMMAND [ARGUMENT]...",
	    .options = options,
	    .examples =
		"  pgpipe doctor -d \"$DST\"   what is there, what is missing\n"
		"  pgpipe init -n            the SQL of the ledger\n"
		"  pgpipe plugins            which files add to the tools\n"
		"  pgpipe copyout --help     the same as pg-copyout --help\n"};
	bool answered;
	status s;

	s = option_parse(&program, &argc, argv, &answered);
	if (s != STATUS_OK || answered)
		return s;
	return option_fault(
	    argc > 1 ? "options go after the command" : "no command was given");
}

int
main(int argc, char **argv)
{
	status s;

	io_init(false);
	log_init("pgpipe");
	if (argc > 1 && argv[1][0] != '-' && argv[1][0] != '\0')
		s = run(argc - 1, argv + 1);
	else
		s = run_options(argc, argv);
	return io_finish(s);
}
