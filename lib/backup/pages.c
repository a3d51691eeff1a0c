/* SPDX-License-Identifier: PostgreSQL */
/*
 * Page checksum failures.
 *
 * The server's words are translated, but a file's name is one that it makes
 * itself, and a warning for one page holds more numbers (block, calculated,
 * expected) than the one that counts them.
 */
#include "backup/pages.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"

static const char *const roots[] = {"base/", "global/", "pg_tblspc/"};

/* The name in a message and its length; NULL where there is none. */
static const char *
find_file(const char *message, size_t *n)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		const char *at = strstr(message, roots[i]);

		if (at == NULL)
			continue;
		*n = strspn(at,
		    "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
		    "STUVWXYZ./");
		return at;
	}
	return NULL;
}

/* Numbers, also hex ones, behind the name; the first one's value. */
static size_t
count_numbers(const char *text, uint64_t *first)
{
	size_t count = 0;

	while (*text != '\0') {
		size_t word = 0;
		bool digit = false;

		while (isalnum((unsigned char)text[word]))
			digit |= isdigit((unsigned char)text[word++]) != 0;
		if (word > 0 && strspn(text, "0123456789ABCDEF") >= word &&
		    (digit || count > 0)) {
			if (count++ == 0)
				*first = strtoull(text, NULL, 10);
		}
		text += word > 0 ? word : 1;
	}
	return count;
}

static struct page_file *
entry(struct pages *p, const char *file, size_t n)
{
	for (size_t i = 0; i < p->count; i++)
		if (strlen(p->files[i].file) == n &&
		    memcmp(p->files[i].file, file, n) == 0)
			return &p->files[i];
	p->files = mem_resize(p->files, p->count + 1, sizeof(*p->files));
	p->files[p->count] = (struct page_file){.file = mem_strndup(file, n)};
	return &p->files[p->count++];
}

void
pages_notice(void *arg, const char *severity, const char *message)
{
	struct pages *p = arg;
	const char *file;
	size_t n = 0;

	if (!str_eq(severity, "WARNING")) {
		log_verbose("%s", message);
		return;
	}
	log_warning("%s", message);
	file = find_file(message, &n);
	if (file != NULL) {
		struct page_file *f = entry(p, file, n);
		uint64_t number = 0;

		if (count_numbers(file + n, &number) > 1)
			f->count++;
		else if (number > f->count)
			f->count = number;
	}
}

json_t *
pages_json(const struct pages *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->count; i++) {
		json_t *file = json_object();

		record_set_text(file, "file", p->files[i].file);
		record_set_count(file, "count", p->files[i].count);
		(void)json_array_append_new(list, file);
	}
	return list;
}

void
pages_report(const struct pages *p)
{
	log_error("pages failed their checksum on the server; the backup is "
		  "kept, and marked as damaged");
	for (size_t i = 0; i < p->count; i++)
		log_detail("\"%s\": %llu page%s", p->files[i].file,
		    (unsigned long long)p->files[i].count,
		    p->files[i].count == 1 ? "" : "s");
	log_hint("the server's own files are damaged: look at its disks, and "
		 "keep the backups that are older than this");
}

void
pages_free(struct pages *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->files[i].file);
	free(p->files);
	*p = (struct pages){NULL, 0};
}
