/* SPDX-License-Identifier: PostgreSQL */
/*
 * What backups need, by their records (backup.json of pg-basebackup-wrap).
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* timegm */
#endif
#include "wal/need.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "data/record.h"
#include "run/dirlock.h"
#include "run/storeclaim.h"
#include "run/storage.h"

#define RECORD "backup.json"
#define PARTIAL ".partial"
#define LOST_AND_FOUND "lost+found" /* the file system's own, and root's */
#define STAMP 16		    /* bytes of "20250704T165326Z" */
#define SLACK 300		    /* seconds that clocks may differ by */

void
needs_add(struct needs *n, char *why, uint32_t timeline, uint64_t lsn,
    int64_t since)
{
	struct need *item;

	n->items = mem_resize(n->items, n->count + 1, sizeof(*n->items));
	item = &n->items[n->count++];
	item->why = why;
	item->timeline = timeline;
	item->lsn = lsn;
	item->since = since;
}

void
needs_free(struct needs *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i].why);
	free(n->items);
	*n = (struct needs){NULL, 0, 0};
}

/* n decimal digits; -1 for what is none. */
static int
digits(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* When a backup of that name, "20250704T165326Z", was begun; 0 for what is
 * none.  More may follow. */
static int64_t
begun(const char *name)
{
	struct tm tm = {.tm_isdst = 0};

	if (strlen(name) < STAMP || name[8] != 'T' || name[15] != 'Z' ||
	    digits(name, 8) < 0 || digits(name + 9, 6) < 0)
		return 0;
	tm.tm_year = digits(name, 4) - 1900;
	tm.tm_mon = digits(name + 4, 2) - 1;
	tm.tm_mday = digits(name + 6, 2);
	tm.tm_hour = digits(name + 9, 2);
	tm.tm_min = digits(name + 11, 2);
	tm.tm_sec = digits(name + 13, 2);
	return (int64_t)timegm(&tm);
}

static status
take_record(const char *text, size_t len, const char *name,
    const struct archive *a, struct needs *n)
{
	json_t *record CLEANUP(record_cleanup) = NULL;
	const char *system, *start;
	uint64_t number = 0, lsn;
	int64_t timeline;
	status s = record_parse(text, len, name, &record);

	if (s != STATUS_OK)
		return s;
	system = record_text(record, "system");
	start = record_text(record, "start_lsn");
	timeline = record_int(record, "timeline");
	if (record_int(record, "format") != 1 || system == NULL ||
	    !num_u64(system, 1, UINT64_MAX, &number) || start == NULL ||
	    !wal_lsn_parse(start, &lsn) || timeline < 1 ||
	    timeline > UINT32_MAX) {
		log_error("\"%s\" has a format that this program does not know",
		    name);
		return STATUS_USAGE;
	}
	if (a->known && number != a->system) {
		log_verbose("\"%s\" is of another system", name);
		return STATUS_OK;
	}
	n->backups++;
	needs_add(n, mem_printf("backup %.*s", (int)strcspn(name, "/"), name),
	    (uint32_t)timeline, lsn, 0);
	return STATUS_OK;
}

/* --- directories ---------------------------------------------------------------- */

static status
read_record(const char *directory, const char *name, const struct archive *a,
    struct needs *n, bool *there)
{
	char *file CLEANUP_FREE = mem_printf("%s/%s", directory, RECORD);
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	*there = access(file, F_OK) == 0;
	if (!*there && errno != ENOENT && errno != ENOTDIR) {
		log_error("could not look at \"%s\": %s", file,
		    strerror(errno));
		return STATUS_FAIL;
	}
	if (!*there)
		return STATUS_OK;
	s = path_read(file, RECORD_MAX, &text);
	if (s == STATUS_OK)
		s = take_record(str_text(&text), strcspn(str_text(&text), "\n"),
		    name, a, n);
	if (s != STATUS_OK)
		log_detail("the backup is in \"%s\"", directory);
	return s;
}

/* Where one that is being made begins is not known, only when. */
static void
take_running(const char *name, struct needs *n)
{
	n->backups++;
	needs_add(n, mem_printf("backup %s, which is being made", name), 0,
	    UINT64_MAX, begun(name) - SLACK);
}

/* "20250704T165326Z.partial" */
static bool
is_partial(const char *name)
{
	return strlen(name) == STAMP + strlen(PARTIAL) &&
	    str_eq(name + STAMP, PARTIAL) && begun(name) != 0;
}

/* One that has got its name meanwhile has a record. */
static status
take_partial(const char *place, const char *name, const struct archive *a,
    struct needs *n)
{
	char *path CLEANUP_FREE = mem_printf("%s/%s", place, name);
	bool there, locked;
	status s = dirlock_look(path, &there, &locked);

	if (locked)
		take_running(name, n);
	if (there)
		return s;
	path[strlen(path) - strlen(PARTIAL)] = '\0';
	return read_record(path, name, a, n, &there);
}

static status
take_entry(const char *place, const char *name, const struct archive *a,
    struct needs *n)
{
	char *path CLEANUP_FREE = mem_printf("%s/%s", place, name);
	bool there;
	status s;

	if (is_partial(name))
		return take_partial(place, name, a, n);
	s = read_record(path, name, a, n, &there);
	/* Its record is written before it gets this name. */
	if (s == STATUS_OK && !there && begun(name) != 0 &&
	    name[STAMP] == '\0') {
		log_error("the backup \"%s\" has lost its record", path);
		log_hint("remove it, if it is of no use");
		return STATUS_FAIL;
	}
	return s;
}

static status
read_directory(const char *place, const struct archive *a, struct needs *n)
{
	const struct dirent *entry;
	bool itself;
	status s = read_record(place, place, a, n, &itself);
	DIR *dir;

	if (s != STATUS_OK || itself)
		return s;
	dir = opendir(place);
	if (dir == NULL) {
		log_error("could not open \"%s\": %s", place, strerror(errno));
		return STATUS_FAIL;
	}
	while (s == STATUS_OK && (errno = 0, entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    !str_eq(entry->d_name, LOST_AND_FOUND))
			s = take_entry(place, entry->d_name, a, n);
	if (s == STATUS_OK && errno != 0) {
		log_error("could not read \"%s\": %s", place, strerror(errno));
		s = STATUS_FAIL;
	}
	(void)closedir(dir);
	return s;
}

/* --- stores ---------------------------------------------------------------------- */

static bool
has_record(const struct strv *names, const char *backup)
{
	char *record CLEANUP_FREE = mem_printf("%s/%s", backup, RECORD);

	for (size_t i = 0; i < names->len; i++)
		if (str_eq(names->data[i], record))
			return true;
	return false;
}

/* Without a record, by its claims; they go when the record has come, and that is
 * seen by the next run. */
static status
take_claimed(const struct storage *store, const struct strv *names,
    const char *name, struct needs *n)
{
	json_t *note CLEANUP(record_cleanup) = NULL;
	status s = storeclaim_read(store, names, name, &note);

	if (s == STATUS_OK && storeclaim_is_alive(note, begun(name)))
		take_running(name, n);
	return s;
}

/* The store's names are in order, so that a backup's objects come together. */
static status
take_object(const struct storage *store, const struct strv *names, size_t i,
    const struct archive *a, struct needs *n)
{
	const char *object = names->data[i];
	char *name CLEANUP_FREE = mem_strndup(object, strcspn(object, "/"));
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (begun(name) == 0 || object[STAMP] != '/')
		return STATUS_OK;
	if (!has_record(names, name))
		return i > 0 &&
			strncmp(names->data[i - 1], object, STAMP + 1) == 0
		    ? STATUS_OK
		    : take_claimed(store, names, name, n);
	if (!str_eq(object + STAMP + 1, RECORD))
		return STATUS_OK;
	s = storage_get_text(store, object, RECORD_MAX, &text);
	return s == STATUS_OK
	    ? take_record(str_text(&text), strcspn(str_text(&text), "\n"),
		  object, a, n)
	    : s;
}

static status
read_store(const char *url, const struct archive *a, struct needs *n)
{
	struct storage *store CLEANUP(storage_cleanup) = NULL;
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	status s = storage_open(url, &store);

	if (s == STATUS_OK)
		s = storage_list(store, &names);
	for (size_t i = 0; s == STATUS_OK && i < names.len; i++)
		s = take_object(store, &names, i, a, n);
	return s;
}

status
needs_of_backups(const char *place, const struct archive *a, struct needs *n)
{
	return storage_is_url(place) ? read_store(place, a, n)
				     : read_directory(place, a, n);
}
