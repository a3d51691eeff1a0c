/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of a chart as JSON lines or CSV: reading never fails badly, and what
 * was read can be drawn, in every way.
 */
#define _GNU_SOURCE /* memfd_create */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "chart/input.h"
#include "draw/svg.h"
#include "draw/terminal.h"
#include "fuzz.h"

static void
draw(const struct chart_plan *plan, const struct chart_set *set,
    enum draw_kind kind)
{
	struct draw_figure *f CLEANUP(draw_cleanup) =
	    draw_new(kind, plan->axis);
	struct str out CLEANUP(str_free) = STR_INIT;
	struct draw_options o = {.width = 0};
	struct draw_terminal t = {.ascii = true};

	for (size_t i = 0; i < set->len && i < 20; i++) {
		size_t s = draw_series(f, set->lines[i].name);

		for (size_t j = 0; j < set->lines[i].len; j++)
			draw_point(f, s, set->lines[i].points[j].x,
			    set->lines[i].points[j].y);
	}
	draw_svg(f, &o, &out);
	str_clear(&out);
	draw_terminal(f, &t, &out);
	/* No byte of the input gets to a terminal but as plain text. */
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] != '\n' &&
		    (out.data[i] < ' ' || out.data[i] > '~'))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chart_request r = {.aggregate = CHART_AVG,
	    .min = (double)NAN,
	    .max = (double)NAN};
	struct chart_plan plan CLEANUP(chart_plan_free) = {.time = 0};
	struct chart_set set CLEANUP(chart_set_free) = {.len = 0};
	int fd = memfd_create("rows", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	lseek(fd, 0, SEEK_SET);
	if (chart_input(&r, fd, "it", &plan, &set) == STATUS_OK) {
		if (size % 2 == 0)
			chart_set_bucket(&set, 60, true, false,
			    (enum chart_aggregate)(size / 2 % 9));
		draw(&plan, &set, (enum draw_kind)(size % 6));
	}
	close(fd);
	return 0;
}
