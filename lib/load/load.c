/* SPDX-License-Identifier: PostgreSQL */
/*
 * The whole of pg-copyin: connect, read, answer.
 */
#include "load/load.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "data/record.h"
#include "load/flight.h"
#include "load/intake.h"
#include "load/ledger.h"

static status
open_control(struct load *load)
{
	const struct load_options *o = load->options;
	status s = pg_connect(&o->target, &load->control);

	if (s != STATUS_OK || o->ledger_schema == NULL)
		return s;
	pg_stoppable(load->control, true);
	s = ledger_init(load->control, o->ledger_schema);
	pg_stoppable(load->control, false);
	return s;
}

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void
init(struct load *load, const struct load_options *options, int fd)
{
	*load = (struct load){.options = options,
	    .map = MAP_INIT,
	    .warned = SEEN_INIT,
	    .flights = flights_new(),
	    .begun = num_now(),
	    .stored = is_file(fd)};
	(void)pthread_mutex_init(&load->control_lock, NULL);
	(void)pthread_mutex_init(&load->warned_lock, NULL);
	results_init(&load->results);
}

static void
clean_up(struct load *load)
{
	pg_close(load->control);
	map_free(&load->map);
	seen_free(&load->warned);
	flights_free(load->flights);
	run_free(&load->run);
	results_free(&load->results);
	(void)pthread_mutex_destroy(&load->warned_lock);
	(void)pthread_mutex_destroy(&load->control_lock);
}

/* The end line says that everything was answered; the last message, how. */
static status
conclude(struct load *load, status s, bool whole)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct results *a = &load->results;

	s = status_worse(s, a->worst);
	if (whole && !a->deaf)
		s = status_worse(s,
		    record_print_end("pg-copyin",
			a->loaded + a->skipped + a->vanished + a->failed,
			NULL));
	results_summary(a, &text);
	progress_conclude(str_text(&text));
	return s;
}

status
load_run(const struct load_options *options, int fd, const char *name)
{
	bool whole = false;
	struct load load;
	status s;

	thread_lean_heap();
	init(&load, options, fd);
	s = map_parse(&options->maps, &load.map);
	if (s == STATUS_OK)
		s = open_control(&load);
	if (s == STATUS_OK) {
		progress_start("loaded");
		s = intake_run(&load, fd, name, &whole);
		s = conclude(&load, s, whole);
	}
	clean_up(&load);
	return s;
}
