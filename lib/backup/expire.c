/* SPDX-License-Identifier: PostgreSQL */
/*
 * Removing backups that are not needed any more.
 */
#include "backup/expire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backup/catalog_store.h"
#include "backup/place.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "run/storage.h"

#define DAY (24 * 60 * 60)

/* Why a backup stays; NULL: it goes. */
typedef const char **reasons;

static bool
is_backup(const struct backup_item *item)
{
	return item->state == CATALOG_GOOD || item->state == CATALOG_DAMAGED;
}

static void
keep_newest(const struct catalog *c, uint64_t n, reasons why)
{
	for (size_t i = c->count; i-- > 0 && n > 0;)
		if (c->items[i].state == CATALOG_GOOD) {
			why[i] = "one of the newest good ones";
			n--;
		}
}

static void
keep_days(const struct catalog *c, uint64_t days, reasons why)
{
	int64_t horizon = (int64_t)time(NULL) - (int64_t)(days * DAY);

	for (size_t i = c->count; i-- > 0;) {
		const struct backup_item *item = &c->items[i];

		if (!is_backup(item))
			continue;
		if (item->finished >= horizon) {
			why[i] = "young enough";
		} else if (item->state == CATALOG_GOOD) {
			why[i] = "WAL leads from here to the time that is kept";
			return;
		}
	}
}

/* Newer than what stays, a damaged one say, or of a time that nobody knows. */
static void
keep_newer(const struct catalog *c, reasons why)
{
	bool newer = false;

	for (size_t i = 0; i < c->count; i++) {
		const struct backup_item *item = &c->items[i];

		newer |= is_backup(item) && why[i] != NULL;
		if (why[i] == NULL && item->state == CATALOG_RUNNING)
			why[i] = "it is being made";
		else if (why[i] == NULL && newer && is_backup(item))
			why[i] = "newer than one that is kept";
	}
}

/* What an incremental one starts from, until nothing more is found. */
static void
keep_needed(const struct catalog *c, reasons why)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < c->count; i++)
			for (size_t j = 0; j < c->count; j++)
				if (why[i] != NULL && why[j] == NULL &&
				    c->items[i].needs != NULL &&
				    str_eq(c->items[i].needs,
					c->items[j].sum)) {
					why[j] = "an incremental one needs it";
					more = true;
				}
	}
}

static void
choose(const struct expire_request *r, const struct catalog *c, reasons why)
{
	if (r->by_days)
		keep_days(c, r->days, why);
	else
		keep_newest(c, r->keep, why);
	keep_newest(c, 1, why);
	keep_newer(c, why);
	keep_needed(c, why);
}

static status
say(const struct expire_request *r, const struct backup_item *item,
    const char *why)
{
	const char *action = why != NULL ? "keep"
	    : r->dry_run		 ? "would remove"
					 : "removed";
	struct str line CLEANUP(str_free) = STR_INIT;
	json_t *record CLEANUP(record_cleanup) = NULL;

	if (why == NULL)
		why = item->state == CATALOG_BROKEN ? "it is incomplete"
						    : "expired";
	if (r->json) {
		record = json_object();
		record_set_text(record, "name", item->name);
		record_set_text(record, "action", action);
		record_set_text(record, "why", why);
		return record_print(record);
	}
	str_addf(&line, "%-24s  %-12s  %s", item->name, action, why);
	return io_out_line(line.data);
}

/* What a killed run left, somebody may have gone on with since. */
static status
remove_from_store(const char *url, const struct backup_item *item, bool *gone)
{
	enum catalog_state now = item->state;
	status s = STATUS_OK;

	if (now == CATALOG_BROKEN)
		s = catalog_state_store(url, item->name, &now);
	*gone = s == STATUS_OK && now == item->state;
	return *gone ? catalog_remove_store(url, item->name) : s;
}

static status
remove_from_directory(const char *directory, int parent,
    const struct backup_item *item, bool *gone)
{
	*gone = place_remove(parent, item->name);
	if (*gone || errno == EWOULDBLOCK)
		return STATUS_OK;
	log_error("could not remove \"%s/%s\": %s", directory, item->name,
	    strerror(errno));
	return STATUS_FAIL;
}

static status
act(const struct expire_request *r, int parent, const struct backup_item *item,
    const char *why)
{
	bool gone = true;
	status s = STATUS_OK;

	if (why == NULL && !r->dry_run)
		s = storage_is_url(r->directory)
		    ? remove_from_store(r->directory, item, &gone)
		    : remove_from_directory(r->directory, parent, item, &gone);
	if (s != STATUS_OK)
		return s;
	return say(r, item, gone ? why : "it is being made");
}

/* An incremental one before what it starts from: should this stop half way,
 * what is left is whole. */
static status
act_on_all(const struct expire_request *r, const struct catalog *c, reasons why)
{
	int parent = open(r->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	status s = STATUS_OK;

	if (parent < 0 && !storage_is_url(r->directory)) {
		log_error("could not open \"%s\": %s", r->directory,
		    strerror(errno));
		return STATUS_FAIL;
	}
	for (size_t i = c->count; i-- > 0;)
		s = status_worse(s, act(r, parent, &c->items[i], why[i]));
	if (parent >= 0)
		(void)close(parent);
	return s;
}

status
backup_expire(const struct expire_request *r)
{
	struct catalog c CLEANUP(catalog_free) = CATALOG_INIT;
	status s = catalog_read(r->directory, &c);

	/* It may be the last good one, or need any of the others. */
	if (s == STATUS_OK && c.unread != STATUS_OK) {
		log_hint("nothing was removed");
		return c.unread;
	}
	if (s == STATUS_OK && c.count > 0) {
		reasons why = mem_zalloc(c.count * sizeof(*why));

		choose(r, &c, why);
		s = act_on_all(r, &c, why);
		free(why);
	}
	if (s == STATUS_OK && r->json)
		s = record_print_end("pg-basebackup-wrap", c.count, NULL);
	return s;
}
