/* SPDX-License-Identifier: PostgreSQL */
/* One table: parsing, --help, completion. */
#include "base/option.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "forked.h"
#include "tap.h"

static const char *const modes[] = {"replace", "append", "upsert", NULL};

/* What the table sets, and what option_parse said. */
struct result {
	status s;
	bool answered;
	bool all, force;
	const char *name;
	struct strv list;
	uint64_t jobs, size, wait;
	int mode;
	int argc;
	char *argv[16];
};

static void
parse_into(struct result *r)
{
	const struct option_spec options[] = {{'a', "all", OPTION_FLAG, &r->all,
						  NULL, "take all", 0, 0, NULL},
	    {0, "force", OPTION_FLAG, &r->force, NULL, "do it anyway", 0, 0,
		NULL},
	    {'d', "dbname", OPTION_TEXT, &r->name, "CONN", "database", 0, 0,
		NULL},
	    {'x', NULL, OPTION_LIST, &r->list, "PATTERN",
		"leave these out, which takes more words than go into one "
		"line of the help",
		0, 0, NULL},
	    {'j', "jobs", OPTION_COUNT, &r->jobs, "N", "connections", 1, 64,
		NULL},
	    {0, "size", OPTION_SIZE, &r->size, "SIZE", "how large", 1024,
		1048576, NULL},
	    {0, "wait-for-the-very-long-lock", OPTION_DURATION, &r->wait,
		"TIME", "how long", 0, 0, NULL},
	    {0, "mode", OPTION_CHOICE, &r->mode, "MODE", "what to do", 0, 0,
		modes},
	    OPTION_END};
	const struct program program = {.name = "pg-x",
	    .about = "Does one thing.",
	    .usage = "[OPTION]... [PATTERN]...",
	    .options = options,
	    .examples = "  pg-x -a | pg-y"};

	log_init("pg-x");
	r->s = option_parse(&program, &r->argc, r->argv, &r->answered);
}

/* Words are separated by blanks. */
static void
parse(struct result *r, char *line)
{
	char *rest = NULL;

	memset(r, 0, sizeof(*r));
	r->argv[r->argc++] = line;
	for (char *word = strtok_r(line, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		r->argv[r->argc++] = word;
	r->argv[0] = NULL;
	parse_into(r);
}

static int
run(void *line)
{
	char *copy CLEANUP_FREE = mem_strdup(line);
	struct result r;

	parse(&r, copy);
	strv_free(&r.list);
	return r.s == STATUS_OK && !r.answered ? 99 : io_finish(r.s);
}

static void
values(void)
{
	char line[] = "-a one --force -d c1 --dbname=c2 -x p1 -xp2 -aj8 "
		      "--size 64kB --mode append two";
	struct result r;

	parse(&r, line);
	is_number(r.s, STATUS_OK, "all kinds of options");
	ok(r.all && r.force, "flags");
	is_text(r.name, "c2", "the last value counts");
	ok(r.list.len == 2 && strcmp(r.list.data[0], "p1") == 0 &&
		strcmp(r.list.data[1], "p2") == 0,
	    "a list collects");
	is_number(r.jobs, 8, "a number, bundled behind a flag");
	is_number(r.size, 65536, "a size");
	is_number(r.mode, 1, "a choice");
	is_number(r.argc, 3, "operands are left");
	is_text(r.argv[1], "one", "the first");
	is_text(r.argv[2], "two", "the second, after options");
	ok(r.argv[3] == NULL, "and no more");
	strv_free(&r.list);
}

static void
operands(void)
{
	char end[] = "-a -- -x --help", dash[] = "- --dbname= -d -j";
	struct result r;

	parse(&r, end);
	is_number(r.s, STATUS_OK, "-- ends the options");
	is_number(r.argc, 3, "what follows are operands");
	is_text(r.argv[2], "--help", "whatever they look like");
	parse(&r, dash);
	is_number(r.s, STATUS_OK, "- is an operand");
	is_text(r.argv[1], "-", "and left");
	is_text(r.name, "-j", "an argument may look like an option");
}

static void
refused(const char *options, const char *message)
{
	char *line CLEANUP_FREE = mem_strdup(options);
	char *expected CLEANUP_FREE =
	    mem_printf("pg-x: error: %s\npg-x: hint: try \"pg-x --help\"\n",
		message);
	struct forked f;

	forked_run(&f, run, line);
	ok(f.code == 2 && f.out[0] == '\0', "%s is exit 2", options);
	is_text(f.err, expected, message);
}

static void
faults(void)
{
	refused("--no-such", "unknown option \"--no-such\"");
	refused("--no-such=1", "unknown option \"--no-such\"");
	refused("--al", "unknown option \"--al\"");
	refused("-az", "unknown option \"-z\"");
	refused("--all=1", "--all takes no argument");
	refused("--help=1", "--help takes no argument");
	refused("-d", "--dbname needs an argument");
	refused("-x", "-x needs an argument");
	refused("-j 0", "--jobs: \"0\" is not a number from 1 to 64");
	refused("-j 1000", "--jobs: \"1000\" is not a number from 1 to 64");
	refused("-j -1", "--jobs: \"-1\" is not a number from 1 to 64");
	refused("-j8x", "--jobs: \"8x\" is not a number from 1 to 64");
	refused("--jobs=", "--jobs: \"\" is not a number from 1 to 64");
	refused("--size 12parsecs",
	    "--size: \"12parsecs\" is not a size such as 64kB, 256MB or 2GB");
	refused("--size 2GB", "--size: \"2GB\" is more than 1.0 MB");
	refused("--size 1B", "--size: \"1B\" is less than 1.0 kB");
	refused("--wait-for-the-very-long-lock=soon",
	    "--wait-for-the-very-long-lock: \"soon\" is not a duration such "
	    "as 90s, 15min or 2h");
	refused("--mode delete",
	    "--mode: \"delete\" is none of replace, append, upsert");
	refused("--progress=loud",
	    "--progress: \"loud\" is none of auto, bar, lines, json, none");
}

static void
answers(void)
{
	char help[] = "-a --help --no-such", version[] = "-V",
	     options[] = "--options";
	struct forked f;
	size_t longest = 0, n;

	forked_run(&f, run, help);
	is_number(f.code, 0, "--help is a success");
	is_text(f.err, "", "that says nothing on stderr");
	is_text(f.out,
	    "usage: pg-x [OPTION]... [PATTERN]...\n"
	    "Does one thing.\n"
	    "\n"
	    "options:\n"
	    "  -a, --all           take all\n"
	    "      --force         do it anyway\n"
	    "  -d, --dbname=CONN   database\n"
	    "  -x PATTERN          leave these out, which takes more words "
	    "than go into one\n"
	    "                      line of the help\n"
	    "  -j, --jobs=N        connections\n"
	    "      --size=SIZE     how large\n"
	    "      --wait-for-the-very-long-lock=TIME\n"
	    "                      how long\n"
	    "      --mode=MODE     what to do: replace, append, upsert\n"
	    "  -q, --quiet         warnings and errors only, no progress\n"
	    "  -v, --verbose       say what is being done\n"
	    "      --progress=HOW  how to show progress: auto, bar, lines, "
	    "json, none\n"
	    "  -V, --version       print the version and exit\n"
	    "  -?, --help          print this help and exit\n"
	    "\n"
	    "examples:\n"
	    "  pg-x -a | pg-y\n",
	    "and is made from the table");
	for (const char *at = f.out; *at != '\0'; at += n + 1) {
		n = strcspn(at, "\n");
		longest = n > longest ? n : longest;
	}
	ok(longest <= 95, "no line is longer than 95 columns: %zu", longest);
	forked_run(&f, run, version);
	is_text(f.out, "pg-x (pgpipe) " PGPIPE_VERSION "\n", "--version");
	forked_run(&f, run, options);
	is_text(f.out,
	    "a\tall\t\t\n\tforce\t\t\nd\tdbname\tCONN\t\nx\t\tPATTERN\t\n"
	    "j\tjobs\tN\t\n\tsize\tSIZE\t\n"
	    "\twait-for-the-very-long-lock\tTIME\t\n"
	    "\tmode\tMODE\treplace append upsert\n"
	    "q\tquiet\t\t\nv\tverbose\t\t\n"
	    "\tprogress\tHOW\tauto bar lines json none\n"
	    "V\tversion\t\t\n?\thelp\t\t\n",
	    "the completion's table");
}

static void
common(void)
{
	char quiet[] = "-qv", none[] = "";
	struct result r;

	parse(&r, quiet);
	ok(r.s == STATUS_OK && log_is_quiet() && log_is_verbose(),
	    "-q and -v are every tool's");
	parse(&r, none);
	ok(r.s == STATUS_OK && !log_is_quiet() && !log_is_verbose(),
	    "and not set by themselves");
	memset(&r, 0, sizeof(r));
	parse_into(&r);
	ok(r.s == STATUS_OK && r.argc == 0, "not even a name is no fault");
}

int
main(void)
{
	values();
	operands();
	faults();
	answers();
	common();
	return tap_done();
}
