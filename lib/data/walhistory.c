/* SPDX-License-Identifier: PostgreSQL */
/*
 * History files of timelines.
 */
#include "data/walhistory.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/walname.h"

#define BLANKS " \t\r"

/* The next word of a line, ended there; NULL when there is none. */
static char *
word(char **line)
{
	char *p = *line + strspn(*line, BLANKS), *end = p + strcspn(p, BLANKS);

	*line = end + (*end != '\0');
	*end = '\0';
	return *p == '\0' ? NULL : p;
}

static bool
take_line(struct wal_history *h, char *line)
{
	char *first = word(&line), *second = NULL;
	struct wal_parent parent;
	uint64_t timeline;

	if (first == NULL || first[0] == '#')
		return true;
	second = word(&line);
	if (second == NULL || !num_u64(first, 1, UINT32_MAX, &timeline) ||
	    !wal_lsn_parse(second, &parent.end) || timeline >= h->timeline)
		return false;
	parent.timeline = (uint32_t)timeline;
	if (h->count > 0 &&
	    h->parents[h->count - 1].timeline >= parent.timeline)
		return false;
	h->parents = mem_resize(h->parents, h->count + 1, sizeof(*h->parents));
	h->parents[h->count++] = parent;
	return true;
}

bool
wal_history_parse(const char *text, size_t n, uint32_t timeline,
    struct wal_history *out)
{
	char *copy CLEANUP_FREE = mem_strndup(text, n);
	char *line = copy;
	bool sound = n > 0 && text[n - 1] == '\n' && strlen(copy) == n;

	*out = (struct wal_history){.timeline = timeline};
	while (sound && *line != '\0') {
		char *end = line + strcspn(line, "\n");

		*end = '\0';
		sound = take_line(out, line);
		line = end + 1;
	}
	if (sound && out->count > 0)
		return true;
	wal_history_free(out);
	return false;
}

uint64_t
wal_history_end(const struct wal_history *h, uint32_t timeline)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->parents[i].timeline == timeline)
			return h->parents[i].end;
	return h->timeline == timeline ? UINT64_MAX : 0;
}

bool
wal_history_has(const struct wal_history *h, uint32_t timeline)
{
	return wal_history_end(h, timeline) > 0;
}

void
wal_history_free(struct wal_history *h)
{
	free(h->parents);
	*h = (struct wal_history){0, NULL, 0};
}
