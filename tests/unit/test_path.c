/* SPDX-License-Identifier: PostgreSQL */
/* Where files are: our own, plug-ins, other programs. */
#include "base/path.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "forked.h"
#include "run/child.h"
#include "run/plugin.h"
#include "tap.h"

static char *
write_file(const char *dir, const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
	return path;
}

static void
touch(const char *dir, const char *name)
{
	free(write_file(dir, name, ""));
}

static char *
make_directory(const char *parent, const char *name)
{
	char *path = mem_printf("%s/%s", parent, name);

	if (mkdir(path, 0700) != 0)
		abort();
	return path;
}

static int
read_it(void *file)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	return (int)path_read(file, 5, &text);
}

static void
reading(const char *tmp)
{
	char *file CLEANUP_FREE = write_file(tmp, "five", "12345");
	char *more CLEANUP_FREE = write_file(tmp, "six", "123456");
	char *none CLEANUP_FREE = mem_printf("%s/none", tmp);
	char *dir CLEANUP_FREE = mem_strdup(tmp);
	struct str text CLEANUP(str_free) = STR_INIT;
	struct forked f;

	ok(path_read(file, 5, &text) == STATUS_OK && text.len == 5,
	    "a file as large as allowed");
	is_text(text.data, "12345", "is read whole");
	ok(path_read("/dev/null", 5, &text) == STATUS_OK && text.len == 0,
	    "an empty one is empty");
	forked_run(&f, read_it, more);
	is_number(f.code, 2, "one byte too much is a bad file");
	ok(strstr(f.err, "is larger than 5 bytes") != NULL, "and is told");
	forked_run(&f, read_it, none);
	is_number(f.code, 3, "none at all is a failure");
	ok(strstr(f.err, "none\": No such file or directory") != NULL,
	    "with its reason");
	forked_run(&f, read_it, dir);
	is_number(f.code, 3, "so is a directory");
	unlink(file);
	unlink(more);
}

static void
sources(const char *share, const char *mine)
{
	char *dir1 CLEANUP_FREE = make_directory(mine, "chunks");
	char *dir2 CLEANUP_FREE = make_directory(share, "chunks");
	char *a CLEANUP_FREE = write_file(dir2, "a.sql", "");
	char *b CLEANUP_FREE = write_file(dir2, "b.sql", "");
	char *my_b CLEANUP_FREE = write_file(dir1, "b.sql", "");
	struct plugins p CLEANUP(plugins_free) = PLUGINS_INIT;

	touch(dir1, "c.sql");
	touch(dir1, "README");
	touch(dir1, ".d.sql");
	touch(dir1, ".sql");
	free(make_directory(dir1, "e.sql"));
	ok(plugins_find("chunks", ".sql", &p) == STATUS_OK, "chunk sources");
	is_number(p.count, 4, "nothing else is one");
	if (p.count == 4) {
		is_text(p.items[0].file, a, "they are sorted");
		is_text(p.items[1].file, my_b, "a user's own comes first");
		ok(!p.items[1].ours && !p.items[1].hidden, "and is used");
		is_text(p.items[2].file, b, "ours of that name");
		ok(p.items[2].ours && p.items[2].hidden, "is hidden");
		is_text(p.items[3].name, "c", "one more");
	}
	ok(plugins_get(&p, "b") == &p.items[1], "found by name");
	ok(plugins_get(&p, "none") == NULL, "or not");
	ok(plugins_find("none", ".sql", &p) == STATUS_OK && p.count == 0,
	    "no directory, no plug-in");
}

/* The module looks once, so the environment must be right from the start. */
static void
directories(const char *share, const char *mine)
{
	char *list CLEANUP_FREE =
	    mem_printf("relative:%s::.:%s/none", mine, mine);
	struct strv dirs CLEANUP(strv_free) = STRV_INIT;

	setenv("PGPIPE_SHARE", share, 1);
	setenv("PGPIPE_PLUGIN_PATH", list, 1);
	is_text(path_share(), share, "PGPIPE_SHARE is obeyed");
	ok(path_bin()[0] == '/' && access(path_bin(), X_OK) == 0,
	    "the program knows its directory");
	path_plugins(&dirs);
	ok(dirs.len == 3 && strcmp(dirs.data[0], mine) == 0,
	    "only absolute directories are taken");
	ok(strstr(dirs.data[2], "/libexec") != NULL,
	    "the install's own comes last: %s", dirs.data[2]);
}

static void
children(const char *tmp)
{
	char *sh CLEANUP_FREE = child_find("sh");
	char *none CLEANUP_FREE = child_find("no-such-program");
	char *file CLEANUP_FREE = write_file(tmp, "tool",
	    "#!/bin/sh\necho \"said $1\"; echo noise >&2; read x || echo end\n");
	char *bad CLEANUP_FREE = write_file(tmp, "bad", "#!/bin/sh\nexit 1\n");
	struct str out CLEANUP(str_free) = STR_INIT;

	ok(sh != NULL && sh[0] == '/', "a program of PATH");
	ok(none == NULL, "none of PATH");
	ok(!child_is_program(file), "a file that may not be run is none");
	chmod(file, 0700);
	chmod(bad, 0700);
	ok(child_is_program(file) && !child_is_program(tmp),
	    "one that may is, a directory is not");
	ok(child_output(file, "--version", 4096, &out) == STATUS_OK,
	    "it is run");
	is_text(str_text(&out), "said --version\nend\n",
	    "its stdout is kept, its stdin is empty");
	ok(child_output(file, "x", 6, &out) == STATUS_OK &&
		strcmp(out.data, "said x") == 0,
	    "as much of it as is wanted");
	ok(child_output(bad, "x", 6, &out) == STATUS_NO, "a failing one");
	ok(child_output("/no/such", "x", 6, &out) == STATUS_NO, "none");
}

int
main(void)
{
	const char *top = getenv("TMPDIR");
	char *tmp CLEANUP_FREE =
	    mem_printf("%s/pgpipe.XXXXXX", top != NULL ? top : "/tmp");
	char *share, *mine, *remove;
	struct str out CLEANUP(str_free) = STR_INIT;

	if (mkdtemp(tmp) == NULL)
		return 1;
	share = make_directory(tmp, "share");
	mine = make_directory(tmp, "mine");
	directories(share, mine);
	reading(tmp);
	sources(share, mine);
	children(tmp);
	remove = mem_printf("#!/bin/sh\nrm -rf '%s'\n", tmp);
	free(mine);
	mine = write_file(tmp, "remove", remove);
	chmod(mine, 0700);
	ok(child_output(mine, "", 0, &out) == STATUS_OK, "cleared away");
	free(remove);
	free(share);
	free(mine);
	return tap_done();
}
