/* SPDX-License-Identifier: PostgreSQL */
/*
 * The backups of a directory.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* flock */
#endif
#include "backup/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/catalog_store.h"
#include "backup/place.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "run/storage.h"

#define RECORD_FORMAT 1

const char *
catalog_state_name(enum catalog_state state)
{
	static const char *const names[] = {"good", "damaged", "running",
	    "broken"};

	return names[state];
}

int64_t
catalog_time(const char *text)
{
	struct str stamp CLEANUP(str_free) = STR_INIT;

	for (; text != NULL && *text != '\0'; text++)
		if (*text != '-' && *text != ':')
			str_addc(&stamp, *text);
	return place_time(str_text(&stamp));
}

static status
read_record(const char *file, json_t **out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = path_read(file, RECORD_MAX, &text);

	if (s == STATUS_OK)
		s = record_parse(text.data, text.len, file, out);
	if (s != STATUS_OK)
		return s;
	if (record_int(*out, "format") == RECORD_FORMAT)
		return STATUS_OK;
	log_error("\"%s\" has a format that this program does not know", file);
	record_cleanup(out);
	return STATUS_USAGE;
}

status
catalog_record(const char *backup, json_t **out)
{
	char *file CLEANUP_FREE = mem_printf("%s/%s", backup, PLACE_RECORD);

	*out = NULL;
	if (storage_is_url(backup))
		return catalog_record_store(backup, out);
	if (access(file, F_OK) != 0) {
		log_error("\"%s\" is no backup: it has no %s", backup,
		    PLACE_RECORD);
		return STATUS_USAGE;
	}
	return read_record(file, out);
}

/* --- a directory ---------------------------------------------------------------- */

/* Whoever makes a backup holds its directory's lock. */
static bool
is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked;

	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	(void)close(fd);
	return locked;
}

void
catalog_understand(struct backup_item *item)
{
	item->state = str_eq(record_text(item->record, "status"), "good")
	    ? CATALOG_GOOD
	    : CATALOG_DAMAGED;
	item->finished = catalog_time(record_text(item->record, "finished"));
	item->sum =
	    record_text(json_object_get(item->record, "manifest"), "sha256");
	item->needs = record_text(json_object_get(item->record, "incremental"),
	    "manifest_sha256");
}

/* Of an incremental one that is being made, what it starts from is noted. */
static void
look_at_partial(struct backup_item *item, const char *path)
{
	char *note CLEANUP_FREE = mem_printf("%s/%s", path, PLACE_NOTE);

	item->state = is_locked(path) ? CATALOG_RUNNING : CATALOG_BROKEN;
	if (item->state == CATALOG_RUNNING && access(note, F_OK) == 0 &&
	    read_record(note, &item->record) == STATUS_OK)
		item->needs =
		    record_text(json_object_get(item->record, "incremental"),
			"manifest_sha256");
}

static void
look_at(struct backup_item *item, const char *directory)
{
	char *path CLEANUP_FREE = mem_printf("%s/%s", directory, item->name);

	if (!place_is_stamp(item->name))
		look_at_partial(item, path);
	else if (catalog_record(path, &item->record) == STATUS_OK)
		catalog_understand(item);
	else
		item->state = CATALOG_BROKEN;
}

/* A backup's name, or that of one in the making. */
static bool
is_ours(const char *name)
{
	char *stem CLEANUP_FREE = mem_strdup(name);
	size_t n = strlen(stem), m = strlen(PLACE_PARTIAL);

	if (n > m && str_eq(stem + n - m, PLACE_PARTIAL))
		stem[n - m] = '\0';
	return place_is_stamp(stem);
}

static int
by_name(const void *a, const void *b)
{
	const struct backup_item *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static status
read_directory(const char *directory, struct catalog *out)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	*out = (struct catalog){NULL, 0};
	if (dir == NULL) {
		log_error("could not open \"%s\": %s", directory,
		    strerror(errno));
		return STATUS_FAIL;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (!is_ours(entry->d_name))
			continue;
		out->items =
		    mem_resize(out->items, out->count + 1, sizeof(*out->items));
		out->items[out->count++] =
		    (struct backup_item){.name = mem_strdup(entry->d_name),
			.finished = -1};
	}
	(void)closedir(dir);
	for (size_t i = 0; i < out->count; i++)
		look_at(&out->items[i], directory);
	return STATUS_OK;
}

status
catalog_read(const char *directory, struct catalog *out)
{
	status s = storage_is_url(directory)
	    ? catalog_read_store(directory, out)
	    : read_directory(directory, out);

	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items), by_name);
	return s;
}

void
catalog_free(struct catalog *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->items[i].name);
		json_decref(c->items[i].record);
	}
	free(c->items);
	*c = (struct catalog){NULL, 0};
}
