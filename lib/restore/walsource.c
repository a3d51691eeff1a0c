/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where WAL is had from.
 */
#include "restore/walsource.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "restore/spot.h"
#include "run/command.h"

#define FETCHED "RECOVERY"

status
walsource_open(struct walsource *w, const char *text, const char *scratch)
{
	struct stat st;
	status s;

	memset(w, 0, sizeof(*w));
	w->scratch = mem_strdup(scratch);
	if (strstr(text, "%f") != NULL) {
		if (strstr(text, "%p") == NULL) {
			log_error("the command \"%s\" lacks %%p, where it is "
				  "to put the file",
			    text);
			return STATUS_USAGE;
		}
		w->command = mem_strdup(text);
		return STATUS_OK;
	}
	s = spot_resolve(text, &w->directory);
	if (s != STATUS_OK)
		return STATUS_USAGE;
	if (stat(w->directory, &st) != 0 || !S_ISDIR(st.st_mode)) {
		log_error("\"%s\" is no directory of WAL", text);
		log_hint("--wal DIRECTORY, or --wal 'COMMAND with %%f and "
			 "%%p'");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

void
walsource_close(struct walsource *w)
{
	free(w->directory);
	free(w->command);
	free(w->scratch);
	free(w->seen);
	memset(w, 0, sizeof(*w));
}

/* --- a directory ------------------------------------------------------------------ */

static status
get_file(struct walsource *w, const char *name, int *fd)
{
	for (int i = 0; i < CODECS; i++) {
		char *file CLEANUP_FREE = mem_printf("%s/%s%s", w->directory,
		    name, codec_suffix((enum codec)i));

		*fd = open(file, O_RDONLY | O_CLOEXEC);
		if (*fd >= 0) {
			if (w->seen == NULL)
				w->seen = mem_strdup(file);
			return STATUS_OK;
		}
		if (errno != ENOENT) {
			log_error("could not open \"%s\": %s", file,
			    strerror(errno));
			return STATUS_FAIL;
		}
	}
	return STATUS_OK;
}

/* --- a command -------------------------------------------------------------------- */

/* %f, %p and %% as the server replaces them. */
static void
expand(const char *command, const char *name, const char *path, struct str *out)
{
	for (; *command != '\0'; command++) {
		if (command[0] != '%' || command[1] == '\0') {
			str_addc(out, *command);
			continue;
		}
		command++;
		if (*command == 'f')
			str_add(out, name);
		else if (*command == 'p')
			str_add(out, path);
		else if (*command == 'r')
			str_add(out, "000000010000000000000001");
		else if (*command == '%')
			str_addc(out, '%');
		else
			str_addf(out, "%%%c", *command);
	}
}

static status
get_by_command(struct walsource *w, const char *name, int *fd)
{
	char *path CLEANUP_FREE = mem_printf("%s/%s", w->scratch, FETCHED);
	struct str line CLEANUP(str_free) = STR_INIT;
	struct str said CLEANUP(str_free) = STR_INIT;
	struct command c = {.as_user = w->as_user,
	    .uid = w->uid,
	    .gid = w->gid,
	    .directory = w->scratch,
	    .out = &said,
	    .err = &said};
	int code;
	status s;

	(void)unlink(path);
	expand(w->command, name, FETCHED, &line);
	s = command_shell(&c, line.data, &code);
	if (s != STATUS_OK)
		return s;
	if (code > 125) {
		log_error("the command for WAL is broken: \"%s\" exits %d",
		    line.data, code);
		if (said.len > 0)
			log_detail("%s", said.data);
		return STATUS_FAIL;
	}
	if (code != 0)
		return STATUS_OK;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	(void)unlink(path);
	if (*fd >= 0)
		return STATUS_OK;
	log_error("the command for WAL says that all is well, and left no "
		  "file: \"%s\"",
	    line.data);
	return STATUS_FAIL;
}

status
walsource_get(struct walsource *w, const char *name, int *fd)
{
	*fd = -1;
	return w->command != NULL ? get_by_command(w, name, fd)
				  : get_file(w, name, fd);
}

status
walsource_readable(const struct walsource *w)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	struct command c = {.as_user = w->as_user,
	    .uid = w->uid,
	    .gid = w->gid,
	    .directory = "/"};
	int code;
	status s;

	if (w->command != NULL || w->seen == NULL || !w->as_user)
		return STATUS_OK;
	str_add(&line, "test -r ");
	command_quote(&line, w->seen);
	s = command_shell(&c, line.data, &code);
	if (s != STATUS_OK || code == 0)
		return s;
	log_error("user %u, who is to run the server, cannot read \"%s\"",
	    (unsigned)w->uid, w->seen);
	log_hint("let it read there, and enter each directory above");
	return STATUS_FAIL;
}

/* --- for the server ----------------------------------------------------------------- */

/* A quoted path whose % are none of restore_command's. */
static char *
quoted_directory(const struct walsource *w)
{
	struct str quoted CLEANUP(str_free) = STR_INIT;
	struct str out = STR_INIT;

	command_quote(&quoted, w->directory);
	for (const char *p = quoted.data; *p != '\0'; p++) {
		if (*p == '%')
			str_addc(&out, '%');
		str_addc(&out, *p);
	}
	return str_take(&out);
}

/* How a file of the archive is read; of any codec, for what was seen of the
 * archive says nothing of the files that are to come. */
static void
add_branch(const char *d, enum codec codec, struct str *out)
{
	static const char *const tools[CODECS] = {"cat", "gzip -dc",
	    "zstd -dcq", "lz4 -dcq"};
	const char *suffix = codec_suffix(codec);

	str_addf(out,
	    "if test -e %s/%%f%s; then %s %s/%%f%s >\"%%p.part\" || exit 255; "
	    "el",
	    d, suffix, tools[codec], d, suffix);
}

/*
 * A copy to another name first, so that the server never takes half a file for
 * a whole one where the disk is full or the copy is killed.  The server takes
 * what is up to 125 for the end of the WAL, and opens: that is said only when
 * the directory can be looked into and has no such file.  All else is 255,
 * which stops it.
 */
char *
walsource_restore_command(const struct walsource *w)
{
	char *d CLEANUP_FREE = NULL;
	struct str out = STR_INIT;

	if (w->command != NULL)
		return mem_strdup(w->command);
	d = quoted_directory(w);
	for (int i = 0; i < CODECS; i++)
		add_branch(d, (enum codec)i, &out);
	str_addf(&out,
	    "if test -x %s/.; then exit 1; else exit 255; fi; "
	    "mv \"%%p.part\" \"%%p\" || exit 255",
	    d);
	return str_take(&out);
}
