/* SPDX-License-Identifier: PostgreSQL */
/*
 * Receiving the backup's WAL.
 *
 * The stream is cut into segments.  The last one is filled with zeros, which
 * is sound: a server stops reading at the end of the backup or, on a later
 * timeline, before the zeros.  Each is followed by its archive_status mark,
 * or a server that is promoted would archive it once more.
 */
#include "backup/wal.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "pg/replication.h"
#include "pg/walstream.h"

#define ANSWER_EVERY 10000 /* ms */
#define ZEROS 65536

struct wal_keeper {
	struct pg *pg;
	char *slot;
	bool silent;		  /* say nothing of what was flushed */
	int wake[2];		  /* to the thread: look at stop_at and quit */
	int fail[2];		  /* from it */
	_Atomic uint64_t stop_at; /* UINT64_MAX: not known yet */
	atomic_bool quit;
	pthread_t thread;
	bool running;
	status result; /* of the thread */

	/* The thread's. */
	const struct wal_files *files;
	uint32_t timeline, segment_size;
	uint64_t received;
	uint64_t left; /* of the open segment */
	bool open;
	char first[WAL_NAME], last[WAL_NAME];
};

/* --- files ------------------------------------------------------------------- */

static status
small_file(struct wal_keeper *k, const char *name, const char *bytes, size_t n)
{
	const struct wal_files *f = k->files;
	status s = f->begin(f->arg, name, n);

	if (s == STATUS_OK && n > 0)
		s = f->data(f->arg, bytes, n);
	return s == STATUS_OK ? f->end(f->arg) : s;
}

static status
mark_done(struct wal_keeper *k, const char *name)
{
	char *mark CLEANUP_FREE = mem_printf("archive_status/%s.done", name);

	return small_file(k, mark, "", 0);
}

static status
open_segment(struct wal_keeper *k, uint64_t lsn)
{
	wal_name_show(k->last, k->timeline, lsn / k->segment_size,
	    k->segment_size);
	if (k->first[0] == '\0')
		memcpy(k->first, k->last, sizeof(k->first));
	k->open = true;
	k->left = k->segment_size;
	return k->files->begin(k->files->arg, k->last, k->segment_size);
}

static status
close_segment(struct wal_keeper *k)
{
	status s;

	k->open = false;
	s = k->files->end(k->files->arg);
	return s == STATUS_OK ? mark_done(k, k->last) : s;
}

/* What was not received of the last segment is zeros. */
static status
fill_segment(struct wal_keeper *k)
{
	static const char zeros[ZEROS];
	status s = STATUS_OK;

	if (!k->open)
		return STATUS_OK;
	while (s == STATUS_OK && k->left > 0) {
		size_t n = k->left < ZEROS ? (size_t)k->left : ZEROS;

		s = k->files->data(k->files->arg, zeros, n);
		k->left -= n;
	}
	return s == STATUS_OK ? close_segment(k) : s;
}

/* The file that tells where timelines began; the first has none. */
static status
keep_history(struct wal_keeper *k)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	struct str content CLEANUP(str_free) = STR_INIT;
	status s;

	if (k->timeline <= 1)
		return STATUS_OK;
	s = replication_history(k->pg, k->timeline, &name, &content);
	if (s == STATUS_OK && wal_file_kind(name.data) != WAL_HISTORY) {
		log_error("the server names a timeline's history \"%s\"",
		    name.data);
		s = STATUS_FAIL;
	}
	if (s == STATUS_OK)
		s = small_file(k, name.data, str_text(&content), content.len);
	return s == STATUS_OK ? mark_done(k, name.data) : s;
}

/* --- the stream -------------------------------------------------------------- */

static status
take(void *arg, uint64_t lsn, const void *bytes, size_t n)
{
	struct wal_keeper *k = arg;
	const char *p = bytes;
	status s = STATUS_OK;

	while (s == STATUS_OK && n > 0) {
		size_t part;

		if (!k->open)
			s = open_segment(k, lsn);
		if (s != STATUS_OK)
			return s;
		part = n < k->left ? n : (size_t)k->left;
		s = k->files->data(k->files->arg, p, part);
		k->left -= part;
		p += part;
		lsn += part;
		n -= part;
		if (s == STATUS_OK && k->left == 0)
			s = close_segment(k);
	}
	k->received = lsn;
	return s;
}

static uint64_t
flushed(void *arg)
{
	const struct wal_keeper *k = arg;

	return k->silent ? 0 : k->received;
}

static bool
enough(void *arg, uint64_t received)
{
	struct wal_keeper *k = arg;
	char byte;

	while (read(k->wake[0], &byte, 1) > 0)
		continue;
	return atomic_load(&k->quit) || received >= atomic_load(&k->stop_at);
}

/* One timeline after the other: a standby may follow its primary to a new
 * one. */
static status
receive(struct wal_keeper *k)
{
	const struct walstream_ops ops = {take, flushed, enough, k, k->wake[0],
	    NULL};
	struct walstream_end end = {.received = 0};
	status s;

	for (;;) {
		s = keep_history(k);
		if (s == STATUS_OK)
			s = walstream_run(k->pg, k->slot, k->timeline,
			    k->received, ANSWER_EVERY, &ops, &end);
		if (s == STATUS_OK)
			s = fill_segment(k);
		if (s != STATUS_OK || enough(k, end.received))
			return s;
		if (end.why == WALSTREAM_ENOUGH) /* a stop was asked for */
			return STATUS_RETRY;
		if (end.why == WALSTREAM_ENDED) {
			log_error("could not receive the write-ahead log: "
				  "the server has ended the stream");
			return STATUS_RETRY;
		}
		log_verbose("timeline %u goes on as %u", k->timeline,
		    end.next_timeline);
		k->timeline = end.next_timeline;
		k->received = end.next_start - end.next_start % k->segment_size;
	}
}

static void *
run(void *arg)
{
	struct wal_keeper *k = arg;

	k->result = receive(k);
	if (k->result != STATUS_OK)
		(void)!write(k->fail[1], "", 1);
	return NULL;
}

/* --- around the thread --------------------------------------------------------- */

/*
 * What we answer could make this connection a synchronous standby, whose word
 * transactions wait for; a slot that does not move is the better choice then.
 */
static status
look_at_standbys(struct wal_keeper *k)
{
	struct str names CLEANUP(str_free) = STR_INIT;
	status s;

	s = replication_show(k->pg, "synchronous_standby_names", &names);
	k->silent = names.len > 0;
	return s;
}

static status
make_pipe(int fds[2])
{
	if (pipe(fds) != 0) {
		log_error("could not make a pipe");
		return STATUS_RETRY;
	}
	for (int i = 0; i < 2; i++) {
		(void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	return STATUS_OK;
}

static char *
slot_name(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return mem_printf("pgpipe_%ld_%lx", (long)getpid(),
	    (unsigned long)now.tv_sec * 1000000 +
		(unsigned long)now.tv_nsec / 1000);
}

status
wal_keeper_open(const struct pg_params *params, const struct pg *beside,
    struct wal_keeper **out)
{
	struct wal_keeper *k = mem_zalloc(sizeof(*k));
	struct pg_params p = *params;
	struct replication_system system;
	status s;

	k->wake[0] = k->wake[1] = k->fail[0] = k->fail[1] = -1;
	atomic_store(&k->stop_at, UINT64_MAX);
	k->slot = slot_name();
	p.beside = beside;
	s = make_pipe(k->wake);
	if (s == STATUS_OK)
		s = make_pipe(k->fail);
	if (s == STATUS_OK)
		s = replication_connect(&p, &k->pg);
	/* A standby of 13 streams only to those that have asked. */
	if (s == STATUS_OK)
		s = replication_identify(k->pg, &system);
	if (s == STATUS_OK)
		s = look_at_standbys(k);
	if (s == STATUS_OK)
		s = replication_temporary_slot(k->pg, k->slot);
	if (s != STATUS_OK) {
		log_hint("the write-ahead log comes by a connection of its "
			 "own; --wal=fetch does with one");
		wal_keeper_free(k);
		k = NULL;
	}
	*out = k;
	return s;
}

status
wal_keeper_start(struct wal_keeper *k, uint32_t timeline, uint64_t start,
    uint32_t segment_size, const struct wal_files *files)
{
	status s;

	k->files = files;
	k->timeline = timeline;
	k->segment_size = segment_size;
	k->received = start - start % segment_size;
	s = thread_start(&k->thread, run, k, THREAD_LARGE);
	k->running = s == STATUS_OK;
	return s;
}

int
wal_keeper_failed_fd(const struct wal_keeper *k)
{
	return k->fail[0];
}

static void
join(struct wal_keeper *k)
{
	if (!k->running)
		return;
	(void)!write(k->wake[1], "", 1);
	(void)pthread_join(k->thread, NULL);
	k->running = false;
}

status
wal_keeper_failure(struct wal_keeper *k)
{
	struct pollfd p = {k->fail[0], POLLIN, 0};

	if (poll(&p, 1, 0) <= 0)
		return STATUS_OK;
	join(k);
	return k->result;
}

status
wal_keeper_finish(struct wal_keeper *k, uint64_t end)
{
	atomic_store(&k->stop_at, end);
	join(k);
	return k->result;
}

const char *
wal_keeper_first(const struct wal_keeper *k)
{
	return k->first;
}

const char *
wal_keeper_last(const struct wal_keeper *k)
{
	return k->last;
}

void
wal_keeper_free(struct wal_keeper *k)
{
	if (k == NULL)
		return;
	atomic_store(&k->quit, true);
	join(k);
	pg_close(k->pg);
	for (int i = 0; i < 2; i++) {
		if (k->wake[i] >= 0)
			(void)close(k->wake[i]);
		if (k->fail[i] >= 0)
			(void)close(k->fail[i]);
	}
	free(k->slot);
	free(k);
}
