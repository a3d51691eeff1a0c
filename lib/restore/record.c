/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the record beside a backup (backup.json) says of it that its bytes do
 * not: that pages of it failed their checksum on the server it comes from.
 * The manifest's checksums are those of the damaged bytes.
 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/record.h"
#include "restore/inside.h"
#include "run/storage.h"

#define RECORD "backup.json"

static status
read_stored(const char *backup, struct str *text)
{
	struct storage *store CLEANUP(storage_cleanup) = NULL;
	uint64_t bytes;
	status s = storage_open(backup, &store);

	if (s == STATUS_OK)
		s = storage_stat(store, RECORD, &bytes);
	return s == STATUS_OK
	    ? storage_get_text(store, RECORD, RECORD_MAX, text)
	    : s;
}

/* STATUS_NO: it has none. */
static status
read_record(const char *backup, json_t **out)
{
	char *file CLEANUP_FREE = mem_printf("%s/%s", backup, RECORD);
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (storage_is_url(backup))
		s = read_stored(backup, &text);
	else if (access(file, F_OK) != 0)
		s = STATUS_NO;
	else
		s = path_read(file, RECORD_MAX, &text);
	return s == STATUS_OK ? record_parse(str_text(&text),
				    strcspn(str_text(&text), "\n"), file, out)
			      : s;
}

static void
tell(struct restore *r, const char *backup, const json_t *record)
{
	const json_t *bad;
	size_t i;

	log_warning("\"%s\" is damaged: pages failed their checksum on the "
		    "server when it was taken",
	    backup);
	log_hint("an older backup may have them whole; what depends on them "
		 "pg_amcheck tells");
	json_array_foreach(json_object_get(record, "page_checksum_failures"), i,
	    bad)
	{
		restore_note(r, "\"%s\": pages failed their checksum: %lld",
		    record_text(bad, "file"),
		    (long long)record_int(bad, "count"));
	}
}

status
restore_record(struct restore *r)
{
	const struct strv *all = &r->o->backups;
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < all->len; i++) {
		json_t *record CLEANUP(record_cleanup) = NULL;

		s = read_record(all->data[i], &record);
		if (s == STATUS_OK &&
		    str_eq(record_text(record, "status"), "damaged"))
			tell(r, all->data[i], record);
		s = s == STATUS_NO ? STATUS_OK : s;
	}
	return s;
}
