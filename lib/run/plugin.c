/* SPDX-License-Identifier: PostgreSQL */
/*
 * What lies in which directory, and what hides what.
 */
#include "run/plugin.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "run/child.h"

/* How the files of a kind are called. */
struct kind {
	const char *prefix, *suffix;
	bool program;
	const char *marker; /* a folder with this file in it, or NULL */
};

static bool
is_one(const struct kind *kind, const char *file)
{
	char *marker CLEANUP_FREE = kind->marker == NULL
	    ? mem_strdup(file)
	    : mem_printf("%s/%s", file, kind->marker);
	struct stat st;

	return kind->program ? child_is_program(file)
			     : stat(marker, &st) == 0 && S_ISREG(st.st_mode);
}

static void
add(struct plugins *p, const struct kind *kind, const char *dir,
    const char *file, bool ours)
{
	size_t begin = strlen(kind->prefix), end = strlen(kind->suffix);
	size_t n = strlen(file);
	struct plugin item = {.ours = ours};

	if (file[0] == '.' || n <= begin + end ||
	    strncmp(file, kind->prefix, begin) != 0 ||
	    strcmp(file + n - end, kind->suffix) != 0)
		return;
	item.file = mem_printf("%s/%s", dir, file);
	if (!is_one(kind, item.file)) {
		free(item.file);
		return;
	}
	item.name = mem_strndup(file + begin, n - begin - end);
	item.hidden = plugins_get(p, item.name) != NULL;
	p->items = mem_resize(p->items, p->count + 1, sizeof(p->items[0]));
	p->items[p->count++] = item;
}

static void
close_dir(DIR *const *dir)
{
	if (*dir != NULL)
		(void)closedir(*dir);
}

static status
add_directory(struct plugins *p, const struct kind *kind, const char *name,
    bool ours)
{
	DIR *dir CLEANUP(close_dir) = opendir(name);
	const struct dirent *entry;

	if (dir == NULL && (errno == ENOENT || errno == ENOTDIR))
		return STATUS_OK;
	if (dir == NULL) {
		log_error("could not open directory \"%s\": %s", name,
		    strerror(errno));
		return STATUS_FAIL;
	}
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		add(p, kind, name, entry->d_name, ours);
	}
	if (errno != 0) {
		log_error("could not read directory \"%s\": %s", name,
		    strerror(errno));
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

/* Of one name there are few, and the one in use is the first. */
static int
compare(const void *a, const void *b)
{
	const struct plugin *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	return by_name != 0 ? by_name : (int)x->hidden - (int)y->hidden;
}

static void
free_directories(struct strv *dirs)
{
	strv_free(dirs);
}

/* The last of the directories is ours. */
static status
find(const struct kind *kind, const struct strv *dirs, const char *folder,
    struct plugins *out)
{
	for (size_t i = 0; i < dirs->len; i++) {
		char *name CLEANUP_FREE = folder == NULL
		    ? mem_strdup(dirs->data[i])
		    : mem_printf("%s/%s", dirs->data[i], folder);
		status s = add_directory(out, kind, name, i + 1 == dirs->len);

		if (s != STATUS_OK)
			return s;
	}
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(out->items[0]), compare);
	return STATUS_OK;
}

static status
find_shared(const struct kind *kind, const char *folder, struct plugins *out)
{
	struct strv dirs CLEANUP(free_directories) = STRV_INIT;

	plugins_free(out);
	path_plugins(&dirs);
	strv_add(&dirs, path_share());
	return find(kind, &dirs, folder, out);
}

status
plugins_find(const char *folder, const char *suffix, struct plugins *out)
{
	const struct kind kind = {"", suffix, false, NULL};

	return find_shared(&kind, folder, out);
}

status
plugins_find_folders(const char *folder, const char *marker,
    struct plugins *out)
{
	const struct kind kind = {"", "", false, marker};

	return find_shared(&kind, folder, out);
}

status
plugins_find_programs(const char *prefix, struct plugins *out)
{
	const struct kind kind = {prefix, "", true, NULL};
	struct strv dirs CLEANUP(free_directories) = STRV_INIT;

	plugins_free(out);
	path_plugins(&dirs);
	return find(&kind, &dirs, NULL, out);
}

const struct plugin *
plugins_get(const struct plugins *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!p->items[i].hidden && strcmp(p->items[i].name, name) == 0)
			return &p->items[i];
	return NULL;
}

void
plugins_free(struct plugins *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		free(p->items[i].name);
		free(p->items[i].file);
	}
	free(p->items);
	*p = (struct plugins)PLUGINS_INIT;
}
