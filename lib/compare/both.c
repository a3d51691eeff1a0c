/* SPDX-License-Identifier: PostgreSQL */
/*
 * Two at once.  A thread costs some 30 us, a query a round trip.
 */
#include "compare/both.h"

#include <pthread.h>
#include <stddef.h>

#include "base/thread.h"

struct task {
	both_fn fn;
	void *arg;
	status result;
};

static void *
run_task(void *arg)
{
	struct task *t = arg;

	t->result = t->fn(t->arg);
	return NULL;
}

void
both_run(both_fn fn, void *source, void *target, status out[SIDES])
{
	struct task task = {fn, source, STATUS_OK};
	pthread_t thread;
	status started = thread_start(&thread, run_task, &task, THREAD_LARGE);

	/* Without a second thread the two take turns. */
	if (started != STATUS_OK)
		(void)run_task(&task);
	out[TARGET] = fn(target);
	if (started == STATUS_OK)
		(void)pthread_join(thread, NULL);
	out[SOURCE] = task.result;
}

status
both_do(both_fn fn, void *source, void *target)
{
	status out[SIDES];

	both_run(fn, source, target, out);
	return status_worse(out[SOURCE], out[TARGET]);
}
