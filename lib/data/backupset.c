/* SPDX-License-Identifier: PostgreSQL */
/*
 * A physical backup as it lies somewhere: what it is, and what can be known
 * of it before it is read.
 */
#include "data/backupset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/backupset_inside.h"

#define TABLESPACES "pg_tblspc"

static status
unreadable(const struct backupset *b, const char *file)
{
	log_error("could not read \"%s/%s\": %s", b->name, file,
	    strerror(errno));
	return STATUS_FAIL;
}

/* --- a file of a directory ------------------------------------------------------ */

static bool
exists(const struct backupset *b, const char *file)
{
	struct stat st;

	return fstatat(b->fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static status
read_small(const struct backupset *b, const char *file, struct str *out)
{
	char *name CLEANUP_FREE = mem_printf("%s/%s", b->name, file);
	int fd = openat(b->fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char bytes[4096];
	size_t n = 1;
	status s = STATUS_OK;

	if (fd < 0)
		return unreadable(b, file);
	while (s == STATUS_OK && n > 0 && out->len <= FACT_MAX) {
		s = io_read(fd, bytes, sizeof(bytes), &n, name);
		str_addn(out, bytes, n);
	}
	(void)close(fd);
	return s;
}

static status
read_fact(struct backupset *b, const char *file)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (!exists(b, file))
		return STATUS_OK;
	s = read_small(b, file, &text);
	if (s == STATUS_OK)
		s = backup_fact_take(b, backup_fact_of(file), &text);
	return s;
}

static status
no_manifest(const struct backupset *b)
{
	log_error("\"%s\" has no %s", b->name, MANIFEST_FILE);
	if (b->place.list == NULL && exists(b, MANIFEST_FILE ".tmp"))
		log_hint("the backup did not finish: %s.tmp is there",
		    MANIFEST_FILE);
	else
		log_hint("a backup is proved by its manifest; take it without "
			 "--no-manifest");
	return STATUS_USAGE;
}

static status
read_manifest(struct backupset *b)
{
	struct backup_file f;
	status s;

	if (b->place.list == NULL ? !exists(b, MANIFEST_FILE)
				  : !b->has_manifest)
		return no_manifest(b);
	s = backup_file_open(b, MANIFEST_FILE, &f);
	if (s == STATUS_OK) {
		b->manifest = manifest_new(f.shown);
		s = manifest_read(b->manifest, f.fd);
	}
	return backup_file_close(b, &f, s);
}

/* --- a data directory ------------------------------------------------------------ */

/* The links say where the tablespaces were; a map, if there is one, knows it
 * better. */
static status
read_links(struct backupset *b)
{
	int fd = openat(b->fd, TABLESPACES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	char target[TAR_PATH_MAX];

	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return errno == ENOENT ? STATUS_OK : unreadable(b, TABLESPACES);
	}
	while ((e = readdir(dir)) != NULL) {
		struct backup_tablespace *t;
		ssize_t n;

		if (strspn(e->d_name, "0123456789") != strlen(e->d_name))
			continue;
		t = backup_tablespace(b, e->d_name);
		n = readlinkat(dirfd(dir), e->d_name, target,
		    sizeof(target) - 1);
		if (n > 0 && t->location == NULL)
			t->location = mem_strndup(target, (size_t)n);
	}
	(void)closedir(dir);
	return STATUS_OK;
}

static status
open_plain(struct backupset *b)
{
	status s = read_manifest(b);

	b->info.layout = BACKUP_PLAIN;
	b->info.standby_signal = exists(b, "standby.signal");
	b->info.recovery_signal = exists(b, "recovery.signal");
	if (s == STATUS_OK)
		s = read_fact(b, "PG_VERSION");
	if (s == STATUS_OK)
		s = read_fact(b, "backup_label");
	if (s == STATUS_OK)
		s = read_fact(b, "tablespace_map");
	if (s == STATUS_OK)
		s = read_fact(b, "global/pg_control");
	return s == STATUS_OK ? read_links(b) : s;
}

/* --- a directory of archives ------------------------------------------------------- */

/* "base" of "base.tar.gz", for the caller to free; NULL: no archive. */
static char *
archive_stem(const char *file)
{
	const char *at = strstr(file, ".tar");

	if (at == NULL || at == file)
		return NULL;
	for (int i = 0; i < CODECS; i++)
		if (strcmp(at + 4, codec_suffix((enum codec)i)) == 0)
			return mem_strndup(file, (size_t)(at - file));
	return NULL;
}

static char *
archive_prefix(const char *stem)
{
	if (strcmp(stem, "base") == 0)
		return mem_strdup("");
	if (strcmp(stem, "pg_wal") == 0)
		return mem_strdup("pg_wal/");
	if (strlen(stem) <= 10 && strspn(stem, "0123456789") == strlen(stem))
		return mem_printf(TABLESPACES "/%s/", stem);
	return NULL;
}

static status
add_archive(struct backupset *b, const char *file)
{
	char *stem CLEANUP_FREE = archive_stem(file);
	char *prefix = stem == NULL ? NULL : archive_prefix(stem);
	struct backup_archive *a;

	if (prefix == NULL)
		return STATUS_OK;
	for (size_t i = 0; i < b->narchives; i++)
		if (strcmp(b->archives[i].prefix, prefix) == 0) {
			log_error("\"%s\" holds both \"%s\" and \"%s\"",
			    b->name, b->archives[i].file, file);
			free(prefix);
			return STATUS_USAGE;
		}
	b->archives =
	    mem_resize(b->archives, b->narchives + 1, sizeof(*b->archives));
	a = &b->archives[b->narchives++];
	a->file = mem_strdup(file);
	a->prefix = prefix;
	if (strncmp(prefix, TABLESPACES, sizeof(TABLESPACES) - 1) == 0)
		(void)backup_tablespace(b, stem);
	return STATUS_OK;
}

static status
find_archives(struct backupset *b)
{
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	status s = backup_files_list(b, &names);

	for (size_t i = 0; s == STATUS_OK && i < names.len; i++) {
		b->has_manifest |= strcmp(names.data[i], MANIFEST_FILE) == 0;
		s = add_archive(b, names.data[i]);
	}
	return s;
}

static const struct backup_archive *
find_base(const struct backupset *b)
{
	for (size_t i = 0; i < b->narchives; i++)
		if (*b->archives[i].prefix == '\0')
			return &b->archives[i];
	return NULL;
}

/* A whole member, which must be a small one. */
static status
slurp(struct tarstream *t, const struct tar_member *m, struct str *out)
{
	const void *bytes;
	size_t n = 1;
	status s = STATUS_OK;

	if (m->size > FACT_MAX) {
		log_error("\"%s\" is too large to be one", m->path);
		return STATUS_USAGE;
	}
	while (s == STATUS_OK && n > 0) {
		s = tarstream_data(t, &bytes, &n);
		str_addn(out, bytes, n);
	}
	return s;
}

/* The label and the map are the first members of base.tar: what they say is
 * needed before the others come.  They are proved later, with the rest. */
static status
peek(struct backupset *b, struct tarstream *t)
{
	const struct tar_member *m;
	status s;

	for (;;) {
		struct str text CLEANUP(str_free) = STR_INIT;
		enum backup_fact fact;

		s = tarstream_next(t, &m);
		if (s != STATUS_OK || m == NULL)
			return s;
		fact = backup_fact_of(m->path);
		if (m->type == TAR_DIRECTORY)
			continue;
		if (fact != FACT_LABEL && fact != FACT_MAP &&
		    fact != FACT_VERSION)
			return STATUS_OK;
		s = slurp(t, m, &text);
		if (s == STATUS_OK)
			s = backup_fact_take(b, fact, &text);
		if (s != STATUS_OK)
			return s;
	}
}

static status
peek_base(struct backupset *b, const char *file)
{
	struct codec_reader *in;
	struct tarstream *t;
	struct backup_file f;
	status s = backup_file_open(b, file, &f), end;

	if (s != STATUS_OK)
		return backup_file_close(b, &f, s);
	in = codec_reader_new(f.fd, f.shown);
	t = tarstream_new(in);
	s = peek(b, t);
	b->info.codec = codec_reader_codec(in);
	tarstream_free(t);
	codec_reader_free(in);
	/* Its beginning was all that was wanted. */
	end = backup_file_close(b, &f, STATUS_NO);
	return s == STATUS_OK || end == STATUS_NO ? s : end;
}

static bool
has_archive_of(const struct backupset *b, const char *oid)
{
	char *prefix CLEANUP_FREE = mem_printf(TABLESPACES "/%s/", oid);

	for (size_t i = 0; i < b->narchives; i++)
		if (strcmp(b->archives[i].prefix, prefix) == 0)
			return true;
	return false;
}

static status
open_tars(struct backupset *b, const struct backup_archive *base)
{
	status s;

	b->info.layout = BACKUP_TARS;
	s = read_manifest(b);
	if (s == STATUS_OK)
		s = peek_base(b, base->file);
	for (size_t i = 0; s == STATUS_OK && i < b->info.ntablespaces; i++)
		if (!has_archive_of(b, b->info.tablespaces[i].oid)) {
			log_error("\"%s\" lacks the archive of tablespace %s",
			    b->name, b->info.tablespaces[i].oid);
			s = STATUS_USAGE;
		}
	return s;
}

/* --- opening ----------------------------------------------------------------------- */

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	while (n > 0 && text[n - 1] == '/')
		n--;
	return n >= k && strncmp(text + n - k, end, k) == 0;
}

static struct backupset *
backupset_new(const char *name)
{
	struct backupset *b = mem_zalloc(sizeof(*b));

	(void)pthread_mutex_init(&b->lock, NULL);
	b->name = mem_strdup(name);
	return b;
}

static status
open_archives(struct backupset *b)
{
	const struct backup_archive *base;
	status s = find_archives(b);

	if (s != STATUS_OK)
		return s;
	base = find_base(b);
	if (base != NULL)
		return open_tars(b, base);
	log_error("\"%s\" is no backup: it has neither base.tar nor "
		  "PG_VERSION",
	    b->name);
	return STATUS_USAGE;
}

static status
open_directory(struct backupset *b)
{
	if (ends_with(b->name, ".partial")) {
		log_error("\"%s\" is a backup that did not finish", b->name);
		return STATUS_USAGE;
	}
	if (exists(b, "PG_VERSION"))
		return open_plain(b);
	return open_archives(b);
}

status
backupset_open_place(const char *name, const struct backup_place *place,
    struct backupset **out)
{
	struct backupset *b = backupset_new(name);
	status s;

	b->place = *place;
	b->fd = -1;
	s = open_archives(b);
	*out = s == STATUS_OK ? b : NULL;
	if (s != STATUS_OK)
		backupset_close(b);
	return s;
}

static status
open_path(struct backupset *b, const char *path)
{
	struct stat st;

	b->fd = open(path, O_RDONLY | O_CLOEXEC);
	b->own = b->fd >= 0;
	if (b->fd < 0 || fstat(b->fd, &st) != 0) {
		log_error("could not open \"%s\": %s", path, strerror(errno));
		return errno == ENOENT ? STATUS_USAGE : STATUS_FAIL;
	}
	if (S_ISDIR(st.st_mode))
		return open_directory(b);
	return STATUS_OK;
}

status
backupset_open(const char *path, int fd, struct backupset **out)
{
	struct backupset *b =
	    backupset_new(path == NULL ? "standard input" : path);
	status s = STATUS_OK;

	b->fd = fd;
	b->info.layout = BACKUP_STREAM;
	if (path != NULL)
		s = open_path(b, path);
	if (s == STATUS_OK) {
		*out = b;
	} else {
		*out = NULL;
		backupset_close(b);
	}
	return s;
}

void
backupset_close(struct backupset *b)
{
	if (b == NULL)
		return;
	if (b->own)
		(void)close(b->fd);
	if (b->place.free != NULL)
		b->place.free(b->place.arg);
	for (size_t i = 0; i < b->narchives; i++) {
		free(b->archives[i].file);
		free(b->archives[i].prefix);
	}
	free(b->archives);
	for (size_t i = 0; i < b->nwal; i++)
		walcheck_free(b->wal[i]);
	free(b->wal);
	manifest_free(b->manifest);
	manifest_free(b->seen);
	backup_info_free(&b->info);
	(void)pthread_mutex_destroy(&b->lock);
	free(b->name);
	free(b);
}

const char *
backupset_name(const struct backupset *b)
{
	return b->name;
}

const struct backup_info *
backupset_info(const struct backupset *b)
{
	return &b->info;
}

struct manifest *
backupset_manifest(const struct backupset *b)
{
	return b->manifest;
}
