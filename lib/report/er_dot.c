/* SPDX-License-Identifier: PostgreSQL */
/*
 * Places by Graphviz: it is told of boxes by number and size alone, and asked
 * for their places and the lines' curves in its "plain" format.  Whatever goes
 * wrong with it, the answer is false and the picture is laid out by us.
 *
 *	graph SCALE WIDTH HEIGHT
 *	node NAME X Y ...		centres, inches, from the lower left
 *	edge TAIL HEAD N X1 Y1 ... LABEL...
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "report/er_inside.h"
#include "run/command.h"

#define INCH 72.0
#define PLAIN_MAX 60000 /* what of its answer is sure to be whole */

static void
describe(const struct er_plan *p, struct str *out)
{
	size_t i;

	str_add(out,
	    "digraph g {\ngraph [rankdir=LR, ranksep=0.7, "
	    "nodesep=0.3];\nnode [shape=box, fixedsize=true, "
	    "label=\"\"];\n");
	for (i = 0; i < p->box_count; i++)
		str_addf(out, "b%zu [width=%.4f, height=%.4f];\n", i,
		    p->boxes[i].w / INCH, p->boxes[i].h / INCH);
	for (i = 0; i < p->line_count; i++)
		if (p->lines[i].left != p->lines[i].right)
			str_addf(out,
			    "b%zu -> b%zu [arrowhead=none, tailport=e, "
			    "headport=w];\n",
			    p->lines[i].left, p->lines[i].right);
	str_add(out, "}\n");
}

/* dot reads files: a temporary one, gone when this returns. */
static bool
ask(const char *dot, const struct str *graph, struct str *answer)
{
	const char *tmp = getenv("TMPDIR");
	char *file CLEANUP_FREE = mem_printf("%s/pg-report.XXXXXX",
	    tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	struct str complaints CLEANUP(str_free) = STR_INIT;
	const char *argv[] = {dot, "-Tplain", file, NULL};
	struct command c = {.argv = argv, .out = answer, .err = &complaints};
	int fd = mkstemp(file), code = 1;
	status s;

	if (fd < 0)
		return false;
	s = io_write(fd, str_text(graph), graph->len, file);
	if (close(fd) == 0 && s == STATUS_OK)
		s = command_run(&c, &code);
	(void)unlink(file);
	return s == STATUS_OK && code == 0 && answer->len < PLAIN_MAX;
}

static bool
read_number(const char **at, double *out)
{
	char *end;

	*out = strtod(*at, &end);
	if (end == *at || !isfinite(*out) || fabs(*out) > 1e5)
		return false;
	*at = end;
	return true;
}

static bool
read_box(const char **at, size_t count, size_t *out)
{
	char *end;
	unsigned long n;

	*at += strspn(*at, " ");
	if (**at != 'b')
		return false;
	n = strtoul(*at + 1, &end, 10);
	if (end == *at + 1 || n >= count)
		return false;
	*at = end;
	*out = n;
	return true;
}

static bool
read_node(struct er_plan *p, const char *at, bool *seen)
{
	double x, y;
	size_t box;

	if (!read_box(&at, p->box_count, &box) || !read_number(&at, &x) ||
	    !read_number(&at, &y))
		return false;
	p->boxes[box].x = x * INCH - p->boxes[box].w / 2;
	p->boxes[box].y = p->h - y * INCH - p->boxes[box].h / 2;
	seen[box] = true;
	return true;
}

/* The first line between these boxes that has no curve yet. */
static bool
read_edge(struct er_plan *p, const char *at)
{
	size_t left, right, i, k;
	double n, x, y;

	if (!read_box(&at, p->box_count, &left) ||
	    !read_box(&at, p->box_count, &right) || !read_number(&at, &n) ||
	    n < 4 || n > 4000)
		return false;
	for (i = 0; i < p->line_count; i++)
		if (p->lines[i].left == left && p->lines[i].right == right &&
		    p->lines[i].curve == NULL)
			break;
	if (i == p->line_count)
		return false;
	p->lines[i].points = (size_t)n;
	p->lines[i].curve = mem_zalloc(2 * (size_t)n * sizeof(double));
	for (k = 0; k < (size_t)n; k++) {
		if (!read_number(&at, &x) || !read_number(&at, &y))
			return false;
		p->lines[i].curve[2 * k] = x * INCH;
		p->lines[i].curve[2 * k + 1] = p->h - y * INCH;
	}
	return true;
}

static bool
read_line(struct er_plan *p, const char *line, bool *seen)
{
	double scale;

	if (strncmp(line, "graph ", 6) == 0) {
		line += 6;
		if (!read_number(&line, &scale) || !read_number(&line, &p->w) ||
		    !read_number(&line, &p->h))
			return false;
		p->w *= INCH;
		p->h *= INCH;
		return true;
	}
	if (strncmp(line, "node ", 5) == 0)
		return read_node(p, line + 5, seen);
	if (strncmp(line, "edge ", 5) == 0)
		return read_edge(p, line + 5);
	return true;
}

static bool
read_plain(struct er_plan *p, char *text)
{
	bool *seen CLEANUP_FREE = mem_zalloc(p->box_count + 1);
	char *line, *rest = NULL;
	size_t i;
	bool loops = false;

	for (line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		if (!read_line(p, line, seen))
			return false;
	for (i = 0; i < p->box_count; i++)
		if (!seen[i])
			return false;
	for (i = 0; i < p->line_count; i++) {
		bool loop = p->lines[i].left == p->lines[i].right;

		if (p->lines[i].curve == NULL && !loop)
			return false;
		loops = loops || loop;
	}
	/* Those are drawn by us, to the right of their box. */
	if (loops)
		p->w += 26;
	return true;
}

bool
er_place_by_dot(struct er_plan *p, const char *dot)
{
	struct str graph CLEANUP(str_free) = STR_INIT;
	struct str answer CLEANUP(str_free) = STR_INIT;
	char *text CLEANUP_FREE = NULL;
	size_t i;

	describe(p, &graph);
	if (ask(dot, &graph, &answer)) {
		text = str_take(&answer);
		if (read_plain(p, text))
			return true;
	}
	for (i = 0; i < p->line_count; i++) {
		free(p->lines[i].curve);
		p->lines[i].curve = NULL;
	}
	p->w = p->h = 0;
	return false;
}
