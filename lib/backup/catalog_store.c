/* SPDX-License-Identifier: PostgreSQL */
/*
 * The backups of a store.
 */
#include "backup/catalog_store.h"

#include <string.h>

#include "backup/place.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/manifest.h"
#include "run/storeclaim.h"
#include "run/storage.h"

#define STAMP 16 /* bytes of a backup's name */

static status
get_record(const struct storage *store, const char *name, json_t **out)
{
	char *object CLEANUP_FREE = mem_printf("%s/%s", name, PLACE_RECORD);
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = storage_get_text(store, object, RECORD_MAX, &text);

	return s == STATUS_OK
	    ? catalog_parse(str_text(&text), text.len, object, out)
	    : s;
}

static struct backup_item *
find_item(struct catalog *c, const char *name)
{
	for (size_t i = c->count; i-- > 0;)
		if (str_eq(c->items[i].name, name))
			return &c->items[i];
	c->items = mem_resize(c->items, c->count + 1, sizeof(*c->items));
	c->items[c->count] = (struct backup_item){.name = mem_strdup(name),
	    .finished = -1,
	    .state = CATALOG_BROKEN};
	return &c->items[c->count++];
}

/* "20250704T165326Z/base.tar.zst": an object of a backup, which is GOOD for now
 * if it has a record. */
static void
take_object(struct catalog *c, const char *object)
{
	char *name CLEANUP_FREE = mem_strndup(object, strcspn(object, "/"));
	struct backup_item *item;

	if (!place_is_stamp(name) || object[STAMP] != '/')
		return;
	item = find_item(c, name);
	if (str_eq(object + STAMP + 1, PLACE_RECORD))
		item->state = CATALOG_GOOD;
}

/* Claims go when the record has come: between the list and now, perhaps. */
static status
look_at_claims(const struct storage *store, const struct strv *names,
    struct backup_item *item)
{
	char *record CLEANUP_FREE =
	    mem_printf("%s/%s", item->name, PLACE_RECORD);
	status s = storeclaim_read(store, names, item->name, &item->record);
	uint64_t bytes;

	if (s != STATUS_OK && storage_stat(store, record, &bytes) == STATUS_OK)
		item->state = CATALOG_GOOD;
	if (item->state == CATALOG_GOOD)
		return STATUS_OK;
	if (storeclaim_is_alive(item->record, place_time(item->name)))
		item->state = CATALOG_RUNNING;
	catalog_understand_note(item);
	return s;
}

static status
look_at(const struct storage *store, const struct strv *names,
    struct backup_item *item)
{
	status s = STATUS_OK;

	if (item->state != CATALOG_GOOD)
		s = look_at_claims(store, names, item);
	if (s == STATUS_OK && item->state == CATALOG_GOOD) {
		s = get_record(store, item->name, &item->record);
		if (s == STATUS_OK)
			catalog_understand(item);
	}
	if (s != STATUS_OK)
		item->state = CATALOG_UNKNOWN;
	return s;
}

/* Of those names, or of the one of them that is named. */
static void
take_names(const struct storage *store, const struct strv *names,
    const char *only, struct catalog *out)
{
	for (size_t i = 0; i < names->len; i++)
		if (only == NULL ||
		    strncmp(names->data[i], only, strlen(only)) == 0)
			take_object(out, names->data[i]);
	for (size_t i = 0; i < out->count; i++)
		out->unread = status_worse(out->unread,
		    look_at(store, names, &out->items[i]));
}

static status
read_store(const char *url, const char *only, struct catalog *out)
{
	struct storage *store CLEANUP(storage_cleanup) = NULL;
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	status s = storage_open(url, &store);

	*out = (struct catalog)CATALOG_INIT;
	if (s == STATUS_OK)
		s = storage_list(store, &names);
	if (s == STATUS_OK)
		take_names(store, &names, only, out);
	return s;
}

status
catalog_read_store(const char *url, struct catalog *out)
{
	return read_store(url, NULL, out);
}

status
catalog_state_store(const char *url, const char *name, enum catalog_state *now)
{
	struct catalog c CLEANUP(catalog_free) = CATALOG_INIT;
	status s = read_store(url, name, &c);

	*now = c.count > 0 ? c.items[0].state : CATALOG_BROKEN;
	return s == STATUS_OK ? c.unread : s;
}

status
catalog_record_store(const char *backup, json_t **out)
{
	struct storage *store CLEANUP(storage_cleanup) = NULL;
	char *url CLEANUP_FREE = mem_strdup(backup);
	char *record CLEANUP_FREE = NULL;
	uint64_t bytes;
	char *name;
	status s;

	while (strlen(url) > 1 && url[strlen(url) - 1] == '/')
		url[strlen(url) - 1] = '\0';
	name = strrchr(url, '/');
	*name++ = '\0';
	if (!place_is_stamp(name)) {
		log_error("\"%s\" is no backup's name", name);
		return STATUS_USAGE;
	}
	record = mem_printf("%s/%s", name, PLACE_RECORD);
	s = storage_open(url, &store);
	if (s == STATUS_OK)
		s = storage_stat(store, record, &bytes);
	if (s != STATUS_NO)
		return s == STATUS_OK ? get_record(store, name, out) : s;
	log_error("\"%s\" is no backup: it has no %s", backup, PLACE_RECORD);
	return STATUS_USAGE;
}

status
catalog_remove_store(const char *url, const char *name)
{
	struct storage *store CLEANUP(storage_cleanup) = NULL;
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	char *record CLEANUP_FREE = mem_printf("%s/%s", name, PLACE_RECORD);
	size_t n = strlen(name);
	status s = storage_open(url, &store);

	if (s == STATUS_OK)
		s = storage_list(store, &names);
	/* What is half removed is no backup. */
	if (s == STATUS_OK)
		s = storage_remove(store, record);
	for (size_t i = 0; s == STATUS_OK && i < names.len; i++)
		if (strncmp(names.data[i], name, n) == 0 &&
		    names.data[i][n] == '/' && !str_eq(names.data[i], record))
			s = storage_remove(store, names.data[i]);
	return s;
}

/* --- what a record promises ------------------------------------------------------- */

static status
check_file(const struct storage *store, const char *name, const char *file,
    int64_t bytes)
{
	char *object CLEANUP_FREE =
	    mem_printf("%s/%s", name, file != NULL ? file : "");
	uint64_t there = 0;
	status s =
	    file == NULL ? STATUS_OK : storage_stat(store, object, &there);

	if (s != STATUS_NO && (s != STATUS_OK || (int64_t)there == bytes))
		return s;
	if (s == STATUS_NO)
		log_error("\"%s/%s\" has gone", storage_url(store), object);
	else
		log_error("\"%s/%s\" has %llu bytes, not %lld",
		    storage_url(store), object, (unsigned long long)there,
		    (long long)bytes);
	log_detail("somebody else removes or writes there at the same time");
	return STATUS_RETRY;
}

status
catalog_check_store(const struct storage *store, const char *name,
    const json_t *record)
{
	const json_t *manifest = json_object_get(record, "manifest"), *entry;
	status s = check_file(store, name, MANIFEST_FILE,
	    record_int(manifest, "bytes"));
	size_t i;

	json_array_foreach(json_object_get(record, "archives"), i, entry)
	{
		if (s == STATUS_OK)
			s = check_file(store, name, record_text(entry, "name"),
			    record_int(entry, "bytes"));
	}
	return s;
}
