/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a backup says of itself, in its own small files.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/backupset_inside.h"
#include "data/walname.h"

/* pg_control begins, in every version, with the system identifier, its own
 * version and the catalog's. */
enum { CONTROL_VERSION = 8, CONTROL_CATALOG = 12, CONTROL_HEAD = 16 };

enum backup_fact
backup_fact_of(const char *path)
{
	static const struct {
		const char *path;
		enum backup_fact fact;
	} facts[] = {
	    {"PG_VERSION", FACT_VERSION},
	    {"backup_label", FACT_LABEL},
	    {"tablespace_map", FACT_MAP},
	    {"global/pg_control", FACT_CONTROL},
	    {MANIFEST_FILE, FACT_MANIFEST},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (strcmp(path, facts[i].path) == 0)
			return facts[i].fact;
	return FACT_NONE;
}

static status
unclear(const struct backupset *b, const char *file)
{
	log_error("cannot understand \"%s\" of \"%s\"", file, b->name);
	return STATUS_USAGE;
}

static status
take_version(struct backupset *b, const char *text)
{
	char *digits CLEANUP_FREE = mem_strndup(text, strcspn(text, "\n"));
	uint64_t major;

	if (!num_u64(digits, 1, 999, &major))
		return unclear(b, "PG_VERSION");
	b->info.major = (int)major;
	return STATUS_OK;
}

/* What stands behind "NAME: " on its own line, for the caller to free. */
static char *
label_field(const char *text, const char *name)
{
	size_t n = strlen(name);

	while (*text != '\0') {
		size_t line = strcspn(text, "\n");

		if (line > n + 1 && strncmp(text, name, n) == 0 &&
		    text[n] == ':' && text[n + 1] == ' ')
			return mem_strndup(text + n + 2, line - n - 2);
		text += line + (text[line] == '\n');
	}
	return NULL;
}

/* An LSN, which a blank may end. */
static bool
label_lsn(char *text, uint64_t *lsn)
{
	if (text == NULL)
		return false;
	text[strcspn(text, " ")] = '\0';
	return wal_lsn_parse(text, lsn);
}

static status
take_label(struct backupset *b, const char *text)
{
	struct backup_label *l = &b->info.label;
	char *start CLEANUP_FREE = label_field(text, "START WAL LOCATION");
	char *from CLEANUP_FREE = label_field(text, "BACKUP FROM");
	char *timeline CLEANUP_FREE = label_field(text, "START TIMELINE");
	char *before CLEANUP_FREE = label_field(text, "INCREMENTAL FROM LSN");
	uint64_t number;

	if (!label_lsn(start, &l->start) || timeline == NULL ||
	    !num_u64(timeline, 1, UINT32_MAX, &number))
		return unclear(b, "backup_label");
	l->timeline = (uint32_t)number;
	l->there = true;
	l->standby = from != NULL && strcmp(from, "standby") == 0;
	l->incremental = before != NULL;
	if (before != NULL && !label_lsn(before, &l->incremental_from))
		return unclear(b, "backup_label");
	free(l->label);
	l->label = label_field(text, "LABEL");
	return STATUS_OK;
}

struct backup_tablespace *
backup_tablespace(struct backupset *b, const char *oid)
{
	struct backup_info *i = &b->info;
	struct backup_tablespace *t;

	for (size_t n = 0; n < i->ntablespaces; n++)
		if (strcmp(i->tablespaces[n].oid, oid) == 0)
			return &i->tablespaces[n];
	i->tablespaces = mem_resize(i->tablespaces, i->ntablespaces + 1,
	    sizeof(*i->tablespaces));
	t = &i->tablespaces[i->ntablespaces++];
	t->oid = mem_strdup(oid);
	t->location = NULL;
	return t;
}

/* "OID PATH\n"; in the path a backslash makes the next byte a plain one. */
static status
take_map(struct backupset *b, const char *text)
{
	struct str path CLEANUP(str_free) = STR_INIT;
	struct backup_tablespace *t;

	b->info.has_map = true;
	while (*text != '\0') {
		size_t n = strspn(text, "0123456789");
		char *oid CLEANUP_FREE = mem_strndup(text, n);

		if (n == 0 || n > 10 || text[n] != ' ')
			return unclear(b, "tablespace_map");
		str_clear(&path);
		for (text += n + 1; *text != '\0' && *text != '\n'; text++) {
			if (*text == '\\' && text[1] != '\0')
				text++;
			str_addc(&path, *text);
		}
		if (*str_text(&path) != '/')
			return unclear(b, "tablespace_map");
		text += *text == '\n';
		t = backup_tablespace(b, oid);
		free(t->location);
		t->location = str_take(&path);
	}
	return STATUS_OK;
}

static status
take_control(struct backupset *b, const struct str *bytes)
{
	if (bytes->len < CONTROL_HEAD)
		return unclear(b, "global/pg_control");
	/* In the byte order of the server, which is this machine's. */
	memcpy(&b->info.system, bytes->data, 8);
	memcpy(&b->info.control_version, bytes->data + CONTROL_VERSION, 4);
	memcpy(&b->info.catalog_version, bytes->data + CONTROL_CATALOG, 4);
	return STATUS_OK;
}

status
backup_fact_take(struct backupset *b, enum backup_fact fact,
    const struct str *text)
{
	const char *t = str_text(text);

	switch (fact) {
	case FACT_VERSION:
		return take_version(b, t);
	case FACT_LABEL:
		return take_label(b, t);
	case FACT_MAP:
		return take_map(b, t);
	case FACT_CONTROL:
		return take_control(b, text);
	case FACT_MANIFEST:
	case FACT_NONE:
		break;
	}
	return STATUS_OK;
}

void
backup_info_free(struct backup_info *info)
{
	for (size_t i = 0; i < info->ntablespaces; i++) {
		free(info->tablespaces[i].oid);
		free(info->tablespaces[i].location);
	}
	free(info->tablespaces);
	free(info->label.label);
}
