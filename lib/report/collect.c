/* SPDX-License-Identifier: PostgreSQL */
/*
 * The server is asked once, then each database in a session of its own, some
 * side by side; a large one in two.  Schema sections see one snapshot; statistics do not, so that
 * no snapshot is held for them.
 */
#include "report/collect.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "data/record.h"
#include "report/ask.h"
#include "report/score.h"
#include "report/session.h"

#define SCHEMA_GROUP "schema"

/* A database of the cluster, and what came of it. */
struct target {
	char *name;	 /* NULL: what the connection says */
	char *forbidden; /* the reason not to ask it, or NULL */
	json_t *out;	 /* the collection's entry */
	status outcome;
};

struct work {
	const struct collect_request *request;
	char today[11];
	struct session first; /* asked for the server */
	struct target *targets;
	size_t count;
	pthread_mutex_t lock;
	size_t next; /* of targets, under the lock */
	status lost; /* why all end, under the lock */
};

/* --- one database -------------------------------------------------------------------- */

static bool
is_wanted(const struct work *w, const struct folder *f, bool of_server)
{
	if (f->of_server != of_server ||
	    (w->request->checks_only && f->kind == FOLDER_SECTION))
		return false;
	return config_wants(w->request->config, f);
}

static bool
sees_snapshot(const struct folder *f)
{
	return f->kind == FOLDER_SECTION && strcmp(f->group, SCHEMA_GROUP) == 0;
}

static uint64_t
count_wanted(const struct work *w, bool of_server)
{
	const struct folders *all = w->request->folders;
	uint64_t n = 0;

	for (size_t i = 0; i < all->count; i++)
		n += is_wanted(w, &all->items[i], of_server);
	return n;
}

/* Those that see the snapshot, or those that do not. */
static status
ask_some(const struct work *w, struct session *s, bool of_server, bool snapshot,
    json_t **results)
{
	const struct folders *all = w->request->folders;
	status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < all->count; i++) {
		const struct folder *f = &all->items[i];

		if (!is_wanted(w, f, of_server) || sees_snapshot(f) != snapshot)
			continue;
		st =
		    ask_folder(s, f, w->request->config, w->today, &results[i]);
		progress_add(1, 0, 0);
	}
	return st;
}

static bool
any_in_snapshot(const struct work *w, bool of_server)
{
	const struct folders *all = w->request->folders;

	for (size_t i = 0; i < all->count; i++)
		if (is_wanted(w, &all->items[i], of_server) &&
		    sees_snapshot(&all->items[i]))
			return true;
	return false;
}

static void
say_lost(const struct session *s, const char *database)
{
	if (signal_stop() != 0)
		return;
	log_error("the connection to the server was lost: %s",
	    s->failure == NULL ? "it ended" : s->failure);
	log_detail("It was asked about the database \"%s\"; nothing was "
		   "written.",
	    database);
}

static status
ask_schema(const struct work *w, struct session *s, bool of_server,
    json_t **results)
{
	status st;

	if (!any_in_snapshot(w, of_server))
		return STATUS_OK;
	st = session_snapshot(s);
	if (st == STATUS_OK)
		st = ask_some(w, s, of_server, true, results);
	session_autocommit(s);
	return st;
}

/* The schema of a large database, asked while another session asks for all
 * else. */
struct beside {
	const struct work *work;
	struct session session;
	json_t **results;
	status outcome;
};

static void *
ask_beside(void *arg)
{
	struct beside *b = arg;

	b->outcome = ask_schema(b->work, &b->session, false, b->results);
	return NULL;
}

/* -j 1 is one; with several databases at once there is enough to do. */
static bool
is_worth_two(const struct work *w, const struct session *s, bool of_server)
{
	uint64_t jobs = w->request->config->jobs;

	return !of_server && s->relations >= REPORT_TWO_SESSIONS &&
	    (jobs == 0 || (jobs > 1 && w->count == 1)) &&
	    any_in_snapshot(w, false);
}

static status
open_beside(const struct work *w, const struct session *s, struct session *out)
{
	struct pg_params params = w->request->conn;

	params.other = record_text(s->facts, "database");
	params.beside = s->pg;
	params.connect_timeout = 1000;
	return session_open(&params, s->timeout, out);
}

static status
ask_with_one(const struct work *w, struct session *s, bool of_server,
    json_t **results)
{
	status st = ask_schema(w, s, of_server, results);

	if (st == STATUS_OK)
		st = ask_some(w, s, of_server, false, results);
	if (st != STATUS_OK)
		say_lost(s, pg_database(s->pg));
	return st;
}

/* "sections" and "checks" of into; the results are taken over. */
static void
put_results(const struct work *w, json_t *into, json_t **results)
{
	const struct folders *all = w->request->folders;
	json_t *sections = json_array(), *checks = json_array();

	for (size_t i = 0; i < all->count; i++)
		if (results[i] != NULL)
			(void)json_array_append_new(all->items[i].kind ==
				    FOLDER_CHECK
				? checks
				: sections,
			    results[i]);
	(void)json_object_set_new(into, "sections", sections);
	(void)json_object_set_new(into, "checks", checks);
}

/* A role may be allowed a single session: then that one is asked. */
static status
ask_with_two(const struct work *w, struct session *s, json_t **results)
{
	struct beside b = {.work = w, .results = results};
	pthread_t thread;
	status st = open_beside(w, s, &b.session);

	if (st != STATUS_OK && signal_stop() == 0) {
		session_close(&b.session);
		log_info("the database \"%s\" is asked in one session, then",
		    pg_database(s->pg));
		return ask_with_one(w, s, false, results);
	}
	if (st == STATUS_OK)
		st = thread_start(&thread, ask_beside, &b, THREAD_LARGE);
	if (st == STATUS_OK) {
		st = ask_some(w, s, false, false, results);
		(void)pthread_join(thread, NULL);
		if (st != STATUS_OK)
			say_lost(s, pg_database(s->pg));
		else if (b.outcome != STATUS_OK)
			say_lost(&b.session, pg_database(s->pg));
		st = status_worse(st, b.outcome);
	}
	session_close(&b.session);
	return st;
}

/* Everything that one session is asked, into an object. */
static status
ask_into(const struct work *w, struct session *s, bool of_server, json_t *into)
{
	size_t n = w->request->folders->count;
	json_t **results = mem_zalloc((n + 1) * sizeof(json_t *));
	status st = is_worth_two(w, s, of_server)
	    ? ask_with_two(w, s, results)
	    : ask_with_one(w, s, of_server, results);

	if (st == STATUS_OK)
		put_results(w, into, results);
	else
		for (size_t i = 0; i < n; i++)
			json_decref(results[i]);
	free(results);
	return st;
}

/* --- what tables are for --------------------------------------------------------------- */

static void
add_purpose(json_t *row, const json_t *purposes)
{
	const char *schema = record_text(row, "schema");
	const char *table = record_text(row, "table");
	char *name CLEANUP_FREE = NULL;

	if (schema == NULL || table == NULL)
		return;
	name = mem_printf("%s.%s", schema, table);
	record_set_text(row, "purpose", record_text(purposes, name));
}

/* The section of tables, if there is one, gets its column "purpose". */
static void
add_purposes(json_t *database, const json_t *purposes)
{
	size_t i, k;
	json_t *section, *row;

	if (json_object_size(purposes) == 0)
		return;
	json_array_foreach(json_object_get(database, "sections"), i, section)
	{
		if (!str_eq(record_text(section, "id"), "tables"))
			continue;
		json_array_foreach(json_object_get(section, "rows"), k, row)
		{
			add_purpose(row, purposes);
		}
	}
}

/* --- databases -------------------------------------------------------------------------- */

static json_t *
begin_database(const char *name, const char *outcome, const char *reason)
{
	json_t *out = json_object();

	record_set_text(out, "database", name);
	record_set_text(out, "status", outcome);
	record_set_text(out, "reason", reason);
	return out;
}

static void
leave_empty(json_t *database)
{
	(void)json_object_set_new(database, "extensions", json_object());
	(void)json_object_set_new(database, "purposes", json_object());
	(void)json_object_set_new(database, "sections", json_array());
	(void)json_object_set_new(database, "checks", json_array());
}

static status
ask_database(const struct work *w, struct session *s, struct target *t)
{
	const struct report_config *config = w->request->config;
	const char *name = record_text(s->facts, "database");
	json_t *purposes;
	status st;

	t->out = begin_database(name, "ok", NULL);
	(void)json_object_update(t->out, s->facts);
	purposes = config_purposes(config, name == NULL ? "" : name);
	(void)json_object_set_new(t->out, "purposes", purposes);
	st = ask_into(w, s, false, t->out);
	if (st == STATUS_OK)
		add_purposes(t->out, purposes);
	return st;
}

/* One of several: it may be gone meanwhile, or closed to this user. */
static status
visit(struct work *w, struct target *t)
{
	struct pg_params params = w->request->conn;
	struct session s;
	status st;

	if (t->forbidden != NULL) {
		log_warning("the database \"%s\" is not asked: it %s", t->name,
		    t->forbidden);
		t->out = begin_database(t->name, "skipped", t->forbidden);
		leave_empty(t->out);
		return STATUS_OK;
	}
	params.other = t->name;
	params.beside = w->first.pg;
	st = session_open(&params, w->first.timeout, &s);
	if (st == STATUS_OK) {
		st = ask_database(w, &s, t);
		session_close(&s);
		return st;
	}
	session_close(&s);
	if (st == STATUS_RETRY || signal_stop() != 0)
		return STATUS_RETRY;
	t->outcome = st;
	t->out = begin_database(t->name, "error", "it cannot be connected to");
	leave_empty(t->out);
	return STATUS_OK;
}

static struct target *
take_target(struct work *w)
{
	struct target *t = NULL;

	(void)pthread_mutex_lock(&w->lock);
	if (w->lost == STATUS_OK && signal_stop() == 0 && w->next < w->count)
		t = &w->targets[w->next++];
	(void)pthread_mutex_unlock(&w->lock);
	return t;
}

static void *
work_on(void *arg)
{
	struct work *w = arg;
	struct target *t;

	while ((t = take_target(w)) != NULL) {
		status st = visit(w, t);

		if (st == STATUS_OK)
			continue;
		(void)pthread_mutex_lock(&w->lock);
		w->lost = status_worse(w->lost, st);
		(void)pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

static status
visit_all(struct work *w)
{
	uint64_t jobs = w->request->config->jobs;
	pthread_t *threads;
	size_t started = 0;
	status st = STATUS_OK;

	if (jobs == 0)
		jobs = 1;
	if (jobs > w->count)
		jobs = w->count;
	threads = mem_zalloc((size_t)(jobs + 1) * sizeof(*threads));
	/* This thread is one of them, so that a system without others works. */
	while (st == STATUS_OK && started + 1 < jobs) {
		st = thread_start(&threads[started], work_on, w, THREAD_LARGE);
		started += st == STATUS_OK;
	}
	(void)work_on(w);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	free(threads);
	return status_worse(w->lost, st);
}

/* --- which databases ---------------------------------------------------------------------- */

static void
add_target(struct work *w, const char *name, const char *forbidden)
{
	w->targets =
	    mem_resize(w->targets, w->count + 1, sizeof(w->targets[0]));
	w->targets[w->count++] =
	    (struct target){.name = name == NULL ? NULL : mem_strdup(name),
		.forbidden = forbidden == NULL ? NULL : mem_strdup(forbidden)};
}

static status
list_databases(struct work *w)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status st;

	sql_add(&sql, "select datname, pg_catalog.has_database_privilege(");
	sql_add(&sql, "oid, 'connect') from pg_catalog.pg_database");
	sql_add(&sql, " where datallowconn and not datistemplate");
	sql_add(&sql, " order by datname collate \"C\"");
	st = pg_run(w->first.pg, "list the databases", &sql, &r);
	for (int i = 0; st == STATUS_OK && i < pg_rows(r); i++)
		add_target(w, pg_value(r, i, 0),
		    pg_true(r, i, 1) ? NULL : "is closed to this user");
	return st;
}

static status
choose_databases(struct work *w)
{
	const struct report_config *c = w->request->config;

	if (c->all_databases)
		return list_databases(w);
	for (size_t i = 0; i < c->databases.len; i++)
		add_target(w, c->databases.data[i], NULL);
	if (w->count == 0)
		add_target(w, NULL, NULL);
	return STATUS_OK;
}

/* --- the whole ------------------------------------------------------------------------------ */

static json_t *
show_waivers(const struct work *w)
{
	const json_t *waivers = w->request->config->waivers;
	json_t *out = waivers == NULL ? json_array() : json_deep_copy(waivers);
	size_t i;
	json_t *item;

	json_array_foreach(out, i, item)
	{
		bool expired = strcmp(w->today, record_text(item, "until")) > 0;

		(void)json_object_set_new(item, "expired",
		    json_boolean(expired));
		if (expired)
			log_warning("the waiver of \"%s\" has ended on %s",
			    record_text(item, "key"),
			    record_text(item, "until"));
	}
	return out;
}

static json_t *
put_together(struct work *w, json_t *server, double seconds)
{
	json_t *out = json_object(), *databases = json_array();

	record_set_text(out, "format", COLLECTION_FORMAT);
	record_set_int(out, "version", COLLECTION_VERSION);
	record_set_text(out, "tool", "pg-report " PGPIPE_VERSION);
	(void)json_object_set(out, "collected",
	    json_object_get(server, "collected"));
	(void)json_object_del(server, "collected");
	(void)json_object_set_new(out, "seconds",
	    json_real(round(seconds * 1000) / 1000));
	record_set_text(out, "title", w->request->config->title);
	(void)json_object_set(out, "server", server);
	for (size_t i = 0; i < w->count; i++) {
		(void)json_array_append_new(databases, w->targets[i].out);
		w->targets[i].out = NULL;
	}
	(void)json_object_set_new(out, "databases", databases);
	(void)json_object_set_new(out, "waivers", show_waivers(w));
	(void)json_object_set_new(out, "score", score_of(out));
	(void)json_object_set_new(out, "complete", json_true());
	return out;
}

static status
ask_databases(struct work *w)
{
	/* The one that the connection is to needs no other. */
	if (w->count == 1 && w->targets[0].name == NULL)
		return ask_database(w, &w->first, &w->targets[0]);
	return visit_all(w);
}

static uint64_t
count_open(const struct work *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		n += w->targets[i].forbidden == NULL;
	return n;
}

static status
ask_everything(struct work *w)
{
	status st = choose_databases(w);

	if (st != STATUS_OK)
		return st;
	(void)memcpy(w->today, record_text(w->first.server, "collected"), 10);
	progress_start_of("asked", "question");
	progress_expect(count_wanted(w, true) +
		count_wanted(w, false) * count_open(w),
	    0);
	st = ask_into(w, &w->first, true, w->first.server);
	if (st == STATUS_OK)
		st = ask_databases(w);
	progress_stop();
	return st;
}

static status
outcome_of(const struct work *w)
{
	status worst = STATUS_OK;

	for (size_t i = 0; i < w->count; i++)
		worst = status_worse(worst, w->targets[i].outcome);
	return worst;
}

static void
work_free(struct work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		free(w->targets[i].name);
		free(w->targets[i].forbidden);
		json_decref(w->targets[i].out);
	}
	free(w->targets);
	session_close(&w->first);
	(void)pthread_mutex_destroy(&w->lock);
}

status
collect(const struct collect_request *r, json_t **out)
{
	struct work w = {.request = r};
	double begun = num_now();
	uint64_t timeout =
	    r->config->timeout == 0 ? REPORT_TIMEOUT : r->config->timeout;
	status st;

	*out = NULL;
	(void)pthread_mutex_init(&w.lock, NULL);
	st = session_open(&r->conn, timeout, &w.first);
	if (st == STATUS_OK)
		st = ask_everything(&w);
	if (st == STATUS_OK) {
		*out = put_together(&w, w.first.server, num_now() - begun);
		st = outcome_of(&w);
	}
	work_free(&w);
	return st;
}
