/* SPDX-License-Identifier: PostgreSQL */
/*
 * Layers: cycles are broken where a depth-first search meets them, each box
 * goes as far right as its longest path asks, then sources move next to what
 * they refer to, layers that are too high are split, and lines that cross a
 * layer get a bend there.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "report/er_inside.h"

static bool
is_loop(const struct er_line *line)
{
	return line->left == line->right;
}

static void
turn(struct er_line *line)
{
	size_t box = line->left;
	double at = line->from;

	line->left = line->right;
	line->right = box;
	line->from = line->to;
	line->to = at;
	line->back = !line->back;
}

/* An iterative search; a line to a box on the path is turned round. */
static void
break_cycles(struct er_plan *p)
{
	char *state CLEANUP_FREE = mem_zalloc(p->box_count + 1);
	size_t *stack CLEANUP_FREE =
	    mem_zalloc((p->box_count + 1) * sizeof(*stack));
	size_t *at CLEANUP_FREE = mem_zalloc((p->box_count + 1) * sizeof(*at));
	size_t root, depth;

	for (root = 0; root < p->box_count; root++) {
		if (state[root] != 0)
			continue;
		depth = 0;
		stack[depth++] = root;
		state[root] = 1;
		while (depth > 0) {
			size_t box = stack[depth - 1];
			size_t i = at[box]++;
			struct er_line *line;

			if (i >= p->line_count) {
				state[box] = 2;
				depth--;
				continue;
			}
			line = &p->lines[i];
			if (line->left != box || is_loop(line))
				continue;
			if (state[line->right] == 1) {
				turn(line);
			} else if (state[line->right] == 0) {
				state[line->right] = 1;
				stack[depth++] = line->right;
			}
		}
	}
}

/* At most as many rounds as boxes: there are no cycles. */
static void
longest_paths(struct er_plan *p)
{
	size_t round, i;
	bool moved = true;

	for (round = 0; moved && round <= p->box_count; round++) {
		moved = false;
		for (i = 0; i < p->line_count; i++) {
			const struct er_line *line = &p->lines[i];
			size_t least = p->boxes[line->left].layer + 1;

			if (!is_loop(line) &&
			    p->boxes[line->right].layer < least) {
				p->boxes[line->right].layer = least;
				moved = true;
			}
		}
	}
}

static void
count_lines(const struct er_plan *p, size_t box, size_t *in, size_t *out,
    size_t *nearest)
{
	size_t i;

	*in = *out = 0;
	*nearest = ER_NONE;
	for (i = 0; i < p->line_count; i++) {
		const struct er_line *line = &p->lines[i];

		if (is_loop(line))
			continue;
		*in += line->right == box;
		if (line->left == box) {
			size_t layer = p->boxes[line->right].layer;

			++*out;
			*nearest = layer < *nearest ? layer : *nearest;
		}
	}
}

static void
pull_sources(struct er_plan *p)
{
	size_t i, in, out, nearest;

	for (i = 0; i < p->box_count; i++) {
		count_lines(p, i, &in, &out, &nearest);
		if (in == 0 && out > 0)
			p->boxes[i].layer = nearest - 1;
	}
}

static size_t
count_layer(const struct er_plan *p, size_t layer)
{
	size_t i, n = 0;

	for (i = 0; i < p->box_count; i++)
		n += p->boxes[i].layer == layer;
	return n;
}

static size_t
last_layer(const struct er_plan *p)
{
	size_t i, last = 0;

	for (i = 0; i < p->box_count; i++)
		if (p->boxes[i].layer > last)
			last = p->boxes[i].layer;
	return last;
}

/* Half of a high layer's sources go to a new one before it, or half of its
 * sinks to one behind. */
static bool
split_layer(struct er_plan *p, size_t layer, size_t most)
{
	size_t i, in, out, nearest, sources = 0, sinks = 0, move;
	bool left;

	for (i = 0; i < p->box_count; i++) {
		if (p->boxes[i].layer != layer)
			continue;
		count_lines(p, i, &in, &out, &nearest);
		sources += in == 0;
		sinks += in > 0 && out == 0;
	}
	left = sources >= sinks;
	move = (left ? sources : sinks) / 2;
	if (move == 0 || count_layer(p, layer) <= most)
		return false;
	for (i = 0; i < p->box_count; i++) {
		size_t own = p->boxes[i].layer;

		if (own > layer || (own == layer && left)) {
			p->boxes[i].layer++;
			if (own > layer || move == 0)
				continue;
			count_lines(p, i, &in, &out, &nearest);
			if (in == 0) {
				p->boxes[i].layer--;
				move--;
			}
		} else if (own == layer && move > 0) {
			count_lines(p, i, &in, &out, &nearest);
			if (in > 0 && out == 0) {
				p->boxes[i].layer++;
				move--;
			}
		}
	}
	return true;
}

static void
split_layers(struct er_plan *p)
{
	size_t most = (size_t)(2.2 * sqrt((double)p->box_count)) + 2;
	size_t layer, tries = 0;

	for (layer = 0; layer <= last_layer(p); layer++)
		while (tries < 16 && count_layer(p, layer) > most) {
			tries++;
			if (!split_layer(p, layer, most))
				break;
		}
}

/* No layer without a box. */
static void
close_gaps(struct er_plan *p)
{
	size_t layer = 0, i, last = last_layer(p);

	while (layer <= last) {
		if (count_layer(p, layer) > 0) {
			layer++;
			continue;
		}
		for (i = 0; i < p->box_count; i++)
			if (p->boxes[i].layer > layer)
				p->boxes[i].layer--;
		last--;
	}
	p->layer_count = last + 1;
}

static void
add_step(struct er_plan *p, size_t left, size_t right, double from, double to)
{
	p->steps = mem_resize(p->steps, p->step_count + 1, sizeof(*p->steps));
	p->steps[p->step_count++] = (struct er_step){.left = left,
	    .right = right,
	    .from = from,
	    .to = to};
}

/* Lines to one port share their bends, as the wires of a bus do: so that what
 * all refer to stays readable. */
static size_t
find_bend(const struct er_plan *p, const struct er_line *line, size_t layer)
{
	size_t i;

	for (i = 0; i < p->box_count; i++) {
		const struct er_box *b = &p->boxes[i];

		if (b->node == ER_NONE && !line->back && b->layer == layer &&
		    b->target == line->right && b->port == line->to)
			return i;
	}
	return ER_NONE;
}

static size_t
add_bend(struct er_plan *p, const struct er_line *line, size_t layer)
{
	p->boxes = mem_resize(p->boxes, p->box_count + 1, sizeof(*p->boxes));
	p->boxes[p->box_count] = (struct er_box){.node = ER_NONE,
	    .layer = layer,
	    .target = line->back ? ER_NONE : line->right,
	    .port = line->to};
	return p->box_count++;
}

static void
add_steps(struct er_plan *p, struct er_line *line)
{
	size_t layer = p->boxes[line->left].layer + 1;
	size_t end = p->boxes[line->right].layer, box = line->left;
	double from = line->from;

	line->first_step = p->step_count;
	for (; layer < end; layer++) {
		size_t bend = find_bend(p, line, layer);
		bool known = bend != ER_NONE;

		if (!known)
			bend = add_bend(p, line, layer);
		if (box != line->left)
			p->boxes[box].next = p->step_count;
		add_step(p, box, bend, from, 0);
		if (known)
			return;
		box = bend;
		from = 0;
	}
	if (box != line->left)
		p->boxes[box].next = p->step_count;
	add_step(p, box, line->right, from, line->to);
}

void
er_layers(struct er_plan *p)
{
	size_t i;

	break_cycles(p);
	longest_paths(p);
	pull_sources(p);
	split_layers(p);
	close_gaps(p);
	for (i = 0; i < p->line_count; i++)
		if (!is_loop(&p->lines[i]))
			add_steps(p, &p->lines[i]);
}
