/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is in an archive, by names.
 */
#include "wal/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"

static void
understand(const struct archive *a, struct scan_file *f)
{
	f->kind = wal_file_kind(f->name);
	f->timeline = wal_name_timeline(f->name);
	if (f->kind != WAL_SEGMENT && f->kind != WAL_PARTIAL)
		return;
	/* Where nothing says the size, no segment could be read. */
	f->misnamed = !wal_name_parse(f->name,
	    a->known ? a->segment_size : WAL_SEGMENT_DEFAULT, &f->timeline,
	    &f->segment);
}

static status
add(const struct archive *a, const char *entry, struct scan *s)
{
	struct scan_file f = {.name = NULL};
	struct stat st;

	if (fstatat(a->fd, entry, &st, 0) != 0) {
		if (errno == ENOENT) /* it was renamed or removed just now */
			return STATUS_OK;
		log_error("could not look at \"%s/%s\": %s", a->path, entry,
		    strerror(errno));
		return STATUS_FAIL;
	}
	f.name = archive_stem(entry, &f.suffix);
	f.bytes = (uint64_t)st.st_size;
	f.mtime = (int64_t)st.st_mtim.tv_sec;
	understand(a, &f);
	s->files = mem_resize(s->files, s->nfiles + 1, sizeof(*s->files));
	s->files[s->nfiles++] = f;
	return STATUS_OK;
}

static int
in_order(const void *x, const void *y)
{
	const struct scan_file *a = x, *b = y;
	int names;

	if (a->timeline != b->timeline)
		return a->timeline < b->timeline ? -1 : 1;
	names = strcmp(a->name, b->name);
	if (names != 0)
		return names;
	return (int)a->suffix - (int)b->suffix;
}

/* --- runs --------------------------------------------------------------------- */

static void
begin_run(struct scan *s, const struct scan_file *f)
{
	s->runs = mem_resize(s->runs, s->nruns + 1, sizeof(*s->runs));
	s->runs[s->nruns++] = (struct scan_run){.timeline = f->timeline,
	    .first = f->segment,
	    .last = f->segment,
	    .oldest = f->mtime,
	    .newest = f->mtime};
}

static void
find_runs(struct scan *s)
{
	for (size_t i = 0; i < s->nfiles; i++) {
		const struct scan_file *f = &s->files[i];
		struct scan_run *run =
		    s->nruns > 0 ? &s->runs[s->nruns - 1] : NULL;

		if (f->kind != WAL_SEGMENT || f->misnamed)
			continue;
		if (run == NULL || run->timeline != f->timeline ||
		    (f->segment != run->last && f->segment != run->last + 1))
			begin_run(s, f);
		run = &s->runs[s->nruns - 1];
		run->last = f->segment;
		run->bytes += f->bytes;
		if (f->mtime < run->oldest)
			run->oldest = f->mtime;
		if (f->mtime > run->newest)
			run->newest = f->mtime;
	}
}

status
scan_archive(struct archive *a, struct scan *out)
{
	const struct dirent *entry;
	DIR *dir = NULL;
	status s = archive_measure(a);

	*out = (struct scan){NULL, 0, NULL, 0};
	if (s == STATUS_OK && (dir = opendir(a->path)) == NULL) {
		log_error("could not read the archive \"%s\": %s", a->path,
		    strerror(errno));
		s = STATUS_FAIL;
	}
	while (s == STATUS_OK && (errno = 0, entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    !str_eq(entry->d_name, ARCHIVE_RECORD))
			s = add(a, entry->d_name, out);
	if (s == STATUS_OK && errno != 0) {
		log_error("could not read the archive \"%s\": %s", a->path,
		    strerror(errno));
		s = STATUS_FAIL;
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (out->nfiles > 0)
		qsort(out->files, out->nfiles, sizeof(*out->files), in_order);
	find_runs(out);
	return s;
}

void
scan_free(struct scan *s)
{
	for (size_t i = 0; i < s->nfiles; i++)
		free(s->files[i].name);
	free(s->files);
	free(s->runs);
	*s = (struct scan){NULL, 0, NULL, 0};
}

void
scan_show_time(char out[SCAN_TIME], int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, SCAN_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, SCAN_TIME, "?");
}
