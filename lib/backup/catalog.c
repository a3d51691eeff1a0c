/* SPDX-License-Identifier: PostgreSQL */
/*
 * The backups of a directory.
 */
#include "backup/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/catalog_store.h"
#include "backup/place.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "run/dirlock.h"
#include "run/storage.h"

#define RECORD_FORMAT 1

const char *
catalog_state_name(enum catalog_state state)
{
	static const char *const names[] = {"good", "damaged", "running",
	    "broken", "unknown"};

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

status
catalog_parse(const char *text, size_t n, const char *shown, json_t **out)
{
	const char *end = memchr(text, '\n', n);
	status s = record_parse(text, end != NULL ? (size_t)(end - text) : n,
	    shown, out);

	if (s != STATUS_OK || record_int(*out, "format") == RECORD_FORMAT)
		return s;
	log_error("\"%s\" has a format that this program does not know", shown);
	record_cleanup(out);
	return STATUS_USAGE;
}

/* *out stays NULL where it is known that there is none. */
static status
read_record(const char *backup, const char *name, json_t **out)
{
	char *file CLEANUP_FREE = mem_printf("%s/%s", backup, name);
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (access(file, F_OK) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return STATUS_OK;
		log_error("could not look at \"%s\": %s", file,
		    strerror(errno));
		return STATUS_FAIL;
	}
	s = path_read(file, RECORD_MAX, &text);
	return s == STATUS_OK
	    ? catalog_parse(str_text(&text), text.len, file, out)
	    : s;
}

status
catalog_record(const char *backup, json_t **out)
{
	status s;

	*out = NULL;
	if (storage_is_url(backup))
		return catalog_record_store(backup, out);
	s = read_record(backup, PLACE_RECORD, out);
	if (s != STATUS_OK || *out != NULL)
		return s;
	log_error("\"%s\" is no backup: it has no %s", backup, PLACE_RECORD);
	return STATUS_USAGE;
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

void
catalog_understand_note(struct backup_item *item)
{
	item->needs = record_text(json_object_get(item->record, "incremental"),
	    "manifest_sha256");
}

/* --- a directory ---------------------------------------------------------------- */

static status
look_at_whole(struct backup_item *item, const char *directory)
{
	char *path CLEANUP_FREE = mem_printf("%s/%s", directory, item->name);
	status s = read_record(path, PLACE_RECORD, &item->record);

	item->state = CATALOG_BROKEN;
	if (item->record != NULL)
		catalog_understand(item);
	return s;
}

/* Of an incremental one that is being made, what it starts from is noted,
 * until there is a record. */
static status
look_at_partial(struct backup_item *item, const char *directory)
{
	char *path CLEANUP_FREE = mem_printf("%s/%s", directory, item->name);
	bool there, locked;
	status s = dirlock_look(path, &there, &locked);

	if (!there) { /* it has got its name meanwhile, or was given up */
		item->name[strlen(item->name) - strlen(PLACE_PARTIAL)] = '\0';
		return look_at_whole(item, directory);
	}
	item->state = locked ? CATALOG_RUNNING : CATALOG_BROKEN;
	if (s == STATUS_OK && locked)
		s = read_record(path, PLACE_NOTE, &item->record);
	if (s == STATUS_OK && locked && item->record == NULL)
		s = read_record(path, PLACE_RECORD, &item->record);
	catalog_understand_note(item);
	return s;
}

static void
look_at(struct catalog *c, struct backup_item *item, const char *directory)
{
	status s = place_is_stamp(item->name)
	    ? look_at_whole(item, directory)
	    : look_at_partial(item, directory);

	if (s != STATUS_OK)
		item->state = CATALOG_UNKNOWN;
	c->unread = status_worse(c->unread, s);
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

	*out = (struct catalog)CATALOG_INIT;
	if (dir == NULL) {
		log_error("could not open \"%s\": %s", directory,
		    strerror(errno));
		return STATUS_FAIL;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (!is_ours(entry->d_name))
			continue;
		out->items =
		    mem_resize(out->items, out->count + 1, sizeof(*out->items));
		out->items[out->count++] =
		    (struct backup_item){.name = mem_strdup(entry->d_name),
			.finished = -1};
	}
	if (errno != 0) {
		log_error("could not read \"%s\": %s", directory,
		    strerror(errno));
		(void)closedir(dir);
		return STATUS_FAIL;
	}
	(void)closedir(dir);
	for (size_t i = 0; i < out->count; i++)
		look_at(out, &out->items[i], directory);
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
	*c = (struct catalog)CATALOG_INIT;
}
