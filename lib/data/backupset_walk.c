/* SPDX-License-Identifier: PostgreSQL */
/*
 * One pass over a backup: each member is compared with the manifest while its
 * bytes go to the sink.  Where the manifest comes last, what came before it is
 * remembered and compared then.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "data/backupset_inside.h"

#define NAMED_MAX 100 /* files that are missing, by name */
#define AUTO_CONF "postgresql.auto.conf"

struct backup_walk {
	struct backupset *b;
	struct backupset_options options;
	const struct backup_sink *sink; /* or NULL */
	_Atomic uint64_t files, bytes, bad, missing, extra, unproved;
	atomic_bool failed, auto_differs;
	struct manifest *coming; /* the one that is being read */
};

struct backup_worker {
	struct backup_walk *walk;
	struct filehash hash;
	struct walcheck *wal; /* the set's */
	pthread_t thread;
	status (*fn)(struct backup_worker *w, void *arg);
	void *arg;
	status s;
};

/* A file on its way. */
struct pass {
	struct backup_member *m;
	enum backup_fact fact;
	bool is_wal, whole;
	void *file; /* the sink's */
	uint64_t got;
	struct str text; /* of a fact */
	unsigned char sum[FILEHASH_MAX];
	size_t nsum;
};

const struct backupset *
backup_set(const struct backup_worker *w)
{
	return w->walk->b;
}

struct backupset *
backup_walk_set(const struct backup_walk *w)
{
	return w->b;
}

bool
backup_stopped(const struct backup_worker *w)
{
	return signal_stop() != 0 || atomic_load(&w->walk->failed);
}

/* --- which files are what --------------------------------------------------------- */

static const char *
below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 ? path + n : NULL;
}

/* WAL is proved by itself; a server, or whoever prepared it to be a standby,
 * adds or changes the others. */
static bool
is_free(const char *path)
{
	return below(path, "pg_wal/") != NULL ||
	    strcmp(path, "recovery.signal") == 0 ||
	    strcmp(path, "standby.signal") == 0 ||
	    strcmp(path, "backup.json") == 0 ||
	    strcmp(path, MANIFEST_FILE) == 0;
}

static bool
is_segment(const char *path)
{
	const char *name = below(path, "pg_wal/");

	return name != NULL && wal_file_kind(name) == WAL_SEGMENT;
}

/* Below pg_tblspc there are tablespaces, and in those one directory a
 * version: anything else would be written who knows where. */
static bool
is_proper(const char *path)
{
	const char *oid = below(path, "pg_tblspc/"), *rest;
	size_t n;

	if (oid == NULL)
		return true;
	n = strspn(oid, "0123456789");
	rest = oid + n;
	if (n == 0 || n > 10)
		return false;
	return *rest == '\0' ||
	    (strncmp(rest, "/PG_", 4) == 0 && rest[4] >= '0' && rest[4] <= '9');
}

static void
note(struct backup_worker *w, const char *path)
{
	struct backup_info *i = &w->walk->b->info;
	const char *name = strrchr(path, '/');

	name = name == NULL ? path : name + 1;
	(void)pthread_mutex_lock(&w->walk->b->lock);
	if (strcmp(path, "standby.signal") == 0)
		i->standby_signal = true;
	else if (strcmp(path, "recovery.signal") == 0)
		i->recovery_signal = true;
	else if (strncmp(name, "INCREMENTAL.", 12) == 0)
		i->has_incremental = true;
	(void)pthread_mutex_unlock(&w->walk->b->lock);
}

/* --- judging ---------------------------------------------------------------------- */

static void
report_bad(struct backup_walk *k, const char *path, const char *problem)
{
	atomic_fetch_add(&k->bad, 1);
	log_error("\"%s\": file \"%s\" %s", k->b->name, path, problem);
}

static bool
same_sum(const struct manifest_file *f, const unsigned char *sum)
{
	return memcmp(f->sum, sum,
		   filehash_size((enum filehash_kind)f->kind)) == 0;
}

/* The bytes of a listed file are there: are they its own? */
static bool
judge_listed(struct backup_worker *w, const struct pass *p)
{
	struct manifest_file *f = p->m->listed;
	const char *problem = NULL;

	if (f->size != p->got)
		problem = "has not its size";
	else if (p->nsum != filehash_size((enum filehash_kind)f->kind) ||
	    !same_sum(f, p->sum))
		problem = "has not its checksum";
	if (problem == NULL) {
		(void)atomic_fetch_or(&f->mark, BACKUP_GOOD);
		return true;
	}
	if (strcmp(f->path, AUTO_CONF) == 0) {
		atomic_store(&w->walk->auto_differs, true);
		return true;
	}
	report_bad(w->walk, f->path, problem);
	if (f->size != p->got)
		log_detail("it has %llu bytes, and had %llu",
		    (unsigned long long)p->got, (unsigned long long)f->size);
	return false;
}

static void
report_extra(struct backup_walk *k, const char *path)
{
	atomic_fetch_add(&k->extra, 1);
	log_error("\"%s\": file \"%s\" is not in the manifest", k->b->name,
	    path);
}

static status
twice(struct backup_worker *w, const char *path)
{
	log_error("\"%s\" holds \"%s\" twice", w->walk->b->name, path);
	return STATUS_USAGE;
}

/* The manifest is to come: keep what is to be compared then. */
static status
remember(struct backup_worker *w, const struct pass *p)
{
	struct backupset *b = w->walk->b;
	const struct manifest_file *f;

	(void)pthread_mutex_lock(&b->lock);
	if (b->seen == NULL)
		b->seen = manifest_new(b->name);
	f = manifest_add(b->seen, p->m->path, p->got, w->hash.kind, p->sum);
	(void)pthread_mutex_unlock(&b->lock);
	return f == NULL ? twice(w, p->m->path) : STATUS_OK;
}

static status
judge(struct backup_worker *w, const struct pass *p, bool *good)
{
	*good = true;
	if (p->m->listed != NULL)
		*good = judge_listed(w, p);
	else if (is_free(p->m->path))
		return STATUS_OK;
	else if (w->walk->b->manifest == NULL)
		return remember(w, p);
	else {
		report_extra(w->walk, p->m->path);
		*good = false;
	}
	return STATUS_OK;
}

/* --- one file -------------------------------------------------------------------- */

static enum filehash_kind
hash_for(const struct backup_worker *w, const struct pass *p)
{
	if (p->m->listed != NULL)
		return (enum filehash_kind)p->m->listed->kind;
	if (w->walk->b->manifest != NULL || is_free(p->m->path))
		return FILEHASH_NONE;
	return w->walk->options.expect;
}

static status
take_bytes(struct backup_worker *w, struct pass *p, const void *bytes, size_t n)
{
	const struct backup_sink *sink = w->walk->sink;
	status s = STATUS_OK;

	p->got += n;
	filehash_add(&w->hash, bytes, n);
	if (p->is_wal)
		walcheck_data(w->wal, bytes, n);
	if (p->fact == FACT_MANIFEST)
		s = manifest_feed(w->walk->coming, bytes, n);
	else if (p->fact != FACT_NONE && p->text.len + n <= FACT_MAX)
		str_addn(&p->text, bytes, n);
	if (s == STATUS_OK && p->file != NULL)
		s = sink->data(sink->arg, p->file, bytes, n);
	progress_add(0, 0, n);
	return s;
}

static status
take_all(struct backup_worker *w, struct pass *p, backup_next_fn next,
    void *arg)
{
	const void *bytes;
	size_t n = 1;
	status s = STATUS_OK;

	filehash_start(&w->hash, hash_for(w, p));
	if (p->is_wal)
		walcheck_segment(w->wal, strrchr(p->m->path, '/') + 1);
	while (s == STATUS_OK && n > 0) {
		s = backup_stopped(w) ? STATUS_RETRY : next(arg, &bytes, &n);
		if (s == STATUS_OK && n > 0)
			s = take_bytes(w, p, bytes, n);
	}
	if (p->is_wal)
		walcheck_segment_end(w->wal);
	p->nsum = filehash_end(&w->hash, p->sum);
	return s;
}

static status
take_fact(struct backup_worker *w, const struct pass *p)
{
	struct backupset *b = w->walk->b;
	status s;

	(void)pthread_mutex_lock(&b->lock);
	s = backup_fact_take(b, p->fact, &p->text);
	(void)pthread_mutex_unlock(&b->lock);
	return s;
}

/* Its bytes come, are judged, and the sink is told. */
static status
pass_file(struct backup_worker *w, struct pass *p, backup_next_fn next,
    void *arg)
{
	const struct backup_sink *sink = w->walk->sink;
	bool good = false;
	status s = STATUS_OK, end = STATUS_OK;

	if (sink != NULL)
		s = sink->begin(sink->arg, p->m, &p->file);
	if (s == STATUS_OK)
		s = take_all(w, p, next, arg);
	if (s == STATUS_OK)
		s = judge(w, p, &good);
	if (s == STATUS_OK && good && p->fact != FACT_NONE)
		s = take_fact(w, p);
	if (p->file != NULL)
		end = sink->end(sink->arg, p->file, s == STATUS_OK && good);
	atomic_fetch_add(&w->walk->files, 1);
	atomic_fetch_add(&w->walk->bytes, p->got);
	return s != STATUS_OK ? s : end;
}

/* The manifest itself, as a member of a stream. */
static status
take_manifest(struct backup_worker *w, struct pass *p, backup_next_fn next,
    void *arg)
{
	struct backupset *b = w->walk->b;
	struct manifest *m;
	status s;

	if (b->info.layout == BACKUP_PLAIN)
		return STATUS_OK;
	if (b->manifest != NULL)
		return twice(w, MANIFEST_FILE);
	m = w->walk->coming = manifest_new(MANIFEST_FILE);
	s = take_all(w, p, next, arg);
	if (s == STATUS_OK)
		s = manifest_finish(m);
	if (s == STATUS_OK)
		b->manifest = m;
	else
		manifest_free(m);
	return s;
}

static status
improper(struct backup_worker *w, const char *path)
{
	log_error("\"%s\" holds a member that no backup has: \"%s\"",
	    w->walk->b->name, path);
	return STATUS_USAGE;
}

status
backup_take_file(struct backup_worker *w, struct backup_member *m,
    backup_next_fn next, void *arg)
{
	struct pass p = {.m = m, .fact = backup_fact_of(m->path)};
	unsigned before;
	status s;

	if (!tar_path_safe(m->path) || !is_proper(m->path))
		return improper(w, m->path);
	if (p.fact == FACT_MANIFEST)
		return take_manifest(w, &p, next, arg);
	m->listed = w->walk->b->manifest == NULL
	    ? NULL
	    : manifest_find(w->walk->b->manifest, m->path);
	if (m->listed != NULL) {
		before = atomic_fetch_or(&m->listed->mark, BACKUP_SEEN);
		if (before & BACKUP_SEEN)
			return twice(w, m->path);
		if (before & BACKUP_KEPT) {
			progress_add(0, 0, m->size);
			return STATUS_OK;
		}
	}
	note(w, m->path);
	p.is_wal = is_segment(m->path);
	s = pass_file(w, &p, next, arg);
	str_free(&p.text);
	return s;
}

status
backup_take_other(struct backup_worker *w, struct backup_member *m)
{
	const struct backup_sink *sink = w->walk->sink;
	struct backupset *b = w->walk->b;
	struct backup_tablespace *t;

	if (*m->path == '\0')
		return STATUS_OK;
	if (!tar_path_safe(m->path) || !is_proper(m->path))
		return improper(w, m->path);
	if (tar_path_tablespace(m->path)) {
		(void)pthread_mutex_lock(&b->lock);
		t = backup_tablespace(b, strrchr(m->path, '/') + 1);
		if (t->location == NULL && m->link != NULL)
			t->location = mem_strdup(m->link);
		(void)pthread_mutex_unlock(&b->lock);
	}
	if (sink == NULL)
		return STATUS_OK;
	if (m->type == TAR_DIRECTORY)
		return sink->directory(sink->arg, m);
	return sink->link == NULL ? STATUS_OK : sink->link(sink->arg, m);
}

/* --- at the end ------------------------------------------------------------------- */

/* What came before the manifest is compared with it now. */
static void
settle_seen(struct backup_walk *k, const struct manifest_file *seen)
{
	struct manifest_file *f = manifest_find(k->b->manifest, seen->path);

	if (f == NULL) {
		report_extra(k, seen->path);
		return;
	}
	(void)atomic_fetch_or(&f->mark, BACKUP_SEEN);
	if (f->size != seen->size) {
		report_bad(k, f->path, "has not its size");
	} else if (f->kind != FILEHASH_NONE && f->kind != seen->kind) {
		atomic_fetch_add(&k->unproved, 1);
	} else if (!same_sum(f, seen->sum)) {
		if (strcmp(f->path, AUTO_CONF) == 0)
			atomic_store(&k->auto_differs, true);
		else
			report_bad(k, f->path, "has not its checksum");
	} else {
		(void)atomic_fetch_or(&f->mark, BACKUP_GOOD);
	}
}

static void
settle_missing(struct backup_walk *k)
{
	const struct manifest *m = k->b->manifest;
	uint64_t missing = 0;

	for (size_t i = 0; i < manifest_files(m); i++) {
		struct manifest_file *f = manifest_at(m, i);

		if ((atomic_load(&f->mark) & (BACKUP_SEEN | BACKUP_KEPT)) !=
			0 ||
		    is_free(f->path))
			continue;
		if (missing++ < NAMED_MAX)
			log_error("\"%s\": file \"%s\" is missing", k->b->name,
			    f->path);
	}
	if (missing > NAMED_MAX)
		log_error("\"%s\": %llu more files are missing", k->b->name,
		    (unsigned long long)(missing - NAMED_MAX));
	atomic_store(&k->missing, missing);
}

/* pg_basebackup -R appends to this file after the manifest was made. */
static void
settle_auto_conf(struct backup_walk *k)
{
	const struct backup_info *i = &k->b->info;

	if (!atomic_load(&k->auto_differs))
		return;
	if (i->standby_signal || i->recovery_signal)
		log_verbose("\"%s\": " AUTO_CONF " was changed after the "
			    "backup, as pg_basebackup -R does",
		    k->b->name);
	else
		report_bad(k, AUTO_CONF, "has not its checksum");
}

static status
settle(struct backup_walk *k)
{
	struct backupset *b = k->b;

	if (b->manifest == NULL) {
		log_error("\"%s\" holds no %s", b->name, MANIFEST_FILE);
		log_hint("a stream is one data directory as tar, with the "
			 "manifest in it; for a directory of archives name "
			 "the directory");
		return STATUS_USAGE;
	}
	for (size_t i = 0; b->seen != NULL && i < manifest_files(b->seen); i++)
		settle_seen(k, manifest_at(b->seen, i));
	settle_missing(k);
	settle_auto_conf(k);
	if (manifest_system(b->manifest) != 0 && b->info.system != 0 &&
	    manifest_system(b->manifest) != b->info.system) {
		report_bad(k, "global/pg_control",
		    "is of another system than the manifest");
	}
	return atomic_load(&k->bad) + atomic_load(&k->missing) +
		    atomic_load(&k->extra) >
		0
	    ? STATUS_NO
	    : STATUS_OK;
}

/* --- workers ---------------------------------------------------------------------- */

static void *
work(void *arg)
{
	struct backup_worker *w = arg;

	w->s = w->fn(w, w->arg);
	if (w->s != STATUS_OK)
		atomic_store(&w->walk->failed, true);
	return NULL;
}

static void
add_walcheck(struct backupset *b, struct walcheck *wal)
{
	b->wal = mem_resize(b->wal, b->nwal + 1, sizeof(struct walcheck *));
	b->wal[b->nwal++] = wal;
}

status
backup_workers(struct backup_walk *walk, unsigned jobs,
    status (*fn)(struct backup_worker *w, void *arg), void *arg)
{
	struct backup_worker *workers =
	    mem_zalloc(jobs * sizeof(struct backup_worker));
	unsigned running = 0;
	status s = STATUS_OK;

	for (unsigned i = 0; i < jobs; i++) {
		struct backup_worker *w = &workers[i];

		w->walk = walk;
		w->fn = fn;
		w->arg = arg;
		w->wal = walcheck_new();
		add_walcheck(walk->b, w->wal);
	}
	/* The first one is this thread. */
	for (running = 1; s == STATUS_OK && running < jobs; running++)
		s = thread_start(&workers[running].thread, work,
		    &workers[running], THREAD_LARGE);
	if (s != STATUS_OK) {
		running--;
		atomic_store(&walk->failed, true);
	} else {
		(void)work(&workers[0]);
		s = workers[0].s;
	}
	for (unsigned i = 1; i < running; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		s = status_worse(s, workers[i].s);
	}
	for (unsigned i = 0; i < jobs; i++)
		filehash_free(&workers[i].hash);
	free(workers);
	return s;
}

static status
walk_stream(struct backup_worker *w, void *arg)
{
	(void)arg;
	return backup_walk_tar(w, w->walk->b->fd, w->walk->b->name, "");
}

static status
walk_layout(struct backup_walk *k, unsigned jobs)
{
	switch (k->b->info.layout) {
	case BACKUP_PLAIN:
		return backup_walk_plain(k, jobs);
	case BACKUP_TARS:
		return backup_walk_tars(k, jobs);
	case BACKUP_STREAM:
		break;
	}
	return backup_workers(k, 1, walk_stream, NULL);
}

status
backupset_walk(struct backupset *b, const struct backupset_options *options,
    const struct backup_sink *sink, struct backup_verdict *verdict)
{
	struct backup_walk k = {.b = b, .options = *options, .sink = sink};
	status s;

	if (k.options.expect == FILEHASH_NONE)
		k.options.expect = FILEHASH_CRC32C;
	s = walk_layout(&k, options->jobs > 0 ? options->jobs : 1);
	if (s == STATUS_OK)
		s = settle(&k);
	verdict->files = atomic_load(&k.files);
	verdict->bytes = atomic_load(&k.bytes);
	verdict->bad = atomic_load(&k.bad);
	verdict->missing = atomic_load(&k.missing);
	verdict->extra = atomic_load(&k.extra);
	verdict->unproved = atomic_load(&k.unproved);
	return s;
}

status
backupset_unproved(struct backupset *b,
    status (*fn)(void *arg, const struct manifest_file *file), void *arg)
{
	status s, worst = STATUS_OK;

	for (size_t i = 0; i < manifest_files(b->manifest); i++) {
		struct manifest_file *f = manifest_at(b->manifest, i);

		if ((atomic_load(&f->mark) & BACKUP_GOOD) != 0 ||
		    (atomic_load(&f->mark) & BACKUP_SEEN) == 0 ||
		    strcmp(f->path, AUTO_CONF) == 0)
			continue;
		s = fn(arg, f);
		if (s == STATUS_NO)
			log_error("\"%s\": file \"%s\" has not its checksum",
			    b->name, f->path);
		worst = status_worse(worst, s);
		if (s != STATUS_OK && s != STATUS_NO)
			break;
	}
	return worst;
}

/* --- WAL ------------------------------------------------------------------------- */

const struct walcheck *const *
backupset_walchecks(const struct backupset *b, size_t *count)
{
	*count = b->nwal;
	return (const struct walcheck *const *)b->wal;
}

/* What is needed, and whether one of the checks has it all. */
void
backupset_wal(const struct backupset *b, struct backup_wal *out)
{
	const struct manifest_range *ranges;
	const struct walcheck *w = NULL;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	out->state = BACKUP_WAL_NONE;
	/* All segments of a backup are in one place, so one worker had them. */
	for (size_t i = 0; i < b->nwal; i++)
		if (walcheck_segments(b->wal[i]) > 0)
			w = b->wal[i];
	ranges = b->manifest == NULL ? NULL : manifest_ranges(b->manifest, &n);
	for (size_t i = 0; i < n; i++) {
		if (out->timeline < ranges[i].timeline) {
			out->timeline = ranges[i].timeline;
			out->end = ranges[i].end;
		}
		if (i == 0 || ranges[i].start < out->start)
			out->start = ranges[i].start;
	}
	if (w == NULL)
		return;
	out->segment_size = walcheck_segment_size(w);
	out->system = walcheck_system(w);
	out->state = BACKUP_WAL_WHOLE;
	for (size_t i = 0; i < walcheck_chains(w); i++)
		if (walcheck_chain(w, i)->upto > out->upto &&
		    walcheck_chain(w, i)->from != 0)
			out->upto = walcheck_chain(w, i)->upto;
	for (size_t i = 0; i < n; i++)
		if (!walcheck_covers(w, ranges[i].timeline, ranges[i].start,
			ranges[i].end, &out->where, &out->why)) {
			out->state = BACKUP_WAL_LACKS;
			return;
		}
}
