/* SPDX-License-Identifier: PostgreSQL */
/*
 * Text plug-ins: what lies in which directory, and what hides what.
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

/* "partition.sql": its name's length; 0 for what is no plug-in. */
static size_t
stem(const char *file, const char *suffix)
{
	size_t n = strlen(file), end = strlen(suffix);

	if (file[0] == '.' || n <= end || strcmp(file + n - end, suffix) != 0)
		return 0;
	return n - end;
}

static void
add(struct plugins *p, const char *dir, const char *file, size_t len, bool ours)
{
	struct plugin item = {.ours = ours};
	struct stat st;

	item.file = mem_printf("%s/%s", dir, file);
	if (stat(item.file, &st) != 0 || !S_ISREG(st.st_mode)) {
		free(item.file);
		return;
	}
	item.name = mem_strndup(file, len);
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
add_directory(struct plugins *p, const char *name, const char *suffix,
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
		size_t len;

		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		len = stem(entry->d_name, suffix);
		if (len > 0)
			add(p, name, entry->d_name, len, ours);
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

status
plugins_find(const char *folder, const char *suffix, struct plugins *out)
{
	struct strv dirs CLEANUP(free_directories) = STRV_INIT;
	size_t i;
	status s;

	plugins_free(out);
	path_plugins(&dirs);
	strv_add(&dirs, path_share());
	for (i = 0; i < dirs.len; i++) {
		char *name CLEANUP_FREE =
		    mem_printf("%s/%s", dirs.data[i], folder);

		s = add_directory(out, name, suffix, i + 1 == dirs.len);
		if (s != STATUS_OK)
			return s;
	}
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(out->items[0]), compare);
	return STATUS_OK;
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
