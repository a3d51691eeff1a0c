/* SPDX-License-Identifier: PostgreSQL */
/*
 * Places: boxes go up and down to where their lines would be straight, as far
 * as the order and the gaps of their layer allow (isotonic regression by
 * pooling neighbours), and lines get tracks between the layers.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "report/er_inside.h"

#define ROUNDS 10
#define SAME 0.75 /* a line this little askew is straight */

/* --- up and down ---------------------------------------------------------------- */

/* Boxes of a layer in their order. */
static size_t
layer_boxes(const struct er_plan *p, size_t layer, size_t *boxes)
{
	size_t i, n = 0;

	for (i = 0; i < p->box_count; i++)
		if (p->boxes[i].layer == layer) {
			boxes[p->boxes[i].order] = i;
			n++;
		}
	return n;
}

/* Where a box's lines would be straight: sides 1 left, 2 right, 3 both. */
static double
wish(const struct er_plan *p, size_t box, int sides)
{
	double sum = 0;
	size_t i, n = 0;

	for (i = 0; i < p->step_count; i++) {
		const struct er_step *s = &p->steps[i];

		if ((sides & 1) != 0 && s->right == box) {
			sum += p->boxes[s->left].y + s->from - s->to;
			n++;
		}
		if ((sides & 2) != 0 && s->left == box) {
			sum += p->boxes[s->right].y + s->to - s->from;
			n++;
		}
	}
	return n > 0 ? sum / (double)n : p->boxes[box].y;
}

struct pool {
	double sum;
	size_t n;
};

static double
gap_below(const struct er_plan *p, const size_t *boxes, size_t n, size_t i)
{
	return i + 1 < n &&
		(p->boxes[boxes[i]].node == ER_NONE ||
		    p->boxes[boxes[i + 1]].node == ER_NONE)
	    ? ER_BEND
	    : ER_GAP;
}

/* The places nearest to all wishes that keep order and gaps: with the space
 * above taken off, they only have to rise. */
static void
settle(struct er_plan *p, const size_t *boxes, size_t n, int sides)
{
	struct pool *pools CLEANUP_FREE = mem_zalloc((n + 1) * sizeof(*pools));
	double offset = 0;
	size_t i, j, k = 0, count = 0;

	for (i = 0; i < n; i++) {
		const struct er_box *b = &p->boxes[boxes[i]];

		pools[count].sum = wish(p, boxes[i], sides) - offset;
		pools[count++].n = 1;
		while (count > 1 &&
		    pools[count - 2].sum / (double)pools[count - 2].n >
			pools[count - 1].sum / (double)pools[count - 1].n) {
			pools[count - 2].sum += pools[count - 1].sum;
			pools[count - 2].n += pools[count - 1].n;
			count--;
		}
		offset += b->h + gap_below(p, boxes, n, i);
	}
	offset = 0;
	for (i = 0; i < count; i++)
		for (j = 0; j < pools[i].n; j++) {
			struct er_box *b = &p->boxes[boxes[k]];

			b->y = pools[i].sum / (double)pools[i].n + offset;
			offset += b->h + gap_below(p, boxes, n, k);
			k++;
		}
}

static void
stack_layer(struct er_plan *p, const size_t *boxes, size_t n)
{
	double y = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		p->boxes[boxes[i]].y = y;
		y += p->boxes[boxes[i]].h + gap_below(p, boxes, n, i);
	}
}

static void
place_rows(struct er_plan *p)
{
	size_t *boxes CLEANUP_FREE =
	    mem_zalloc((p->box_count + 1) * sizeof(*boxes));
	size_t round, i, layer;
	double top = HUGE_VAL;

	for (i = 0; i < p->layer_count; i++)
		stack_layer(p, boxes, layer_boxes(p, i, boxes));
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < p->layer_count; i++) {
			bool right = round % 2 == 0;

			layer = right ? i : p->layer_count - 1 - i;
			settle(p, boxes, layer_boxes(p, layer, boxes),
			    round >= ROUNDS - 3 ? 3
				: right		? 1
						: 2);
		}
	for (i = 0; i < p->box_count; i++)
		top = p->boxes[i].y < top ? p->boxes[i].y : top;
	for (i = 0; i < p->box_count; i++)
		p->boxes[i].y = floor(p->boxes[i].y - top + 0.5);
}

/* --- tracks ---------------------------------------------------------------------- */

struct upright {
	size_t step;
	double y1, y2; /* from the left, to the right */
	size_t track;
};

/* Lines that go down turn the later the higher they start, lines that go up
 * the earlier: so neighbours do not cross. */
static int
by_turn(const void *a, const void *b)
{
	const struct upright *x = a, *y = b;
	bool xdown = x->y2 > x->y1, ydown = y->y2 > y->y1;

	if (xdown != ydown)
		return xdown ? 1 : -1;
	if (x->y1 != y->y1)
		return (x->y1 < y->y1) == xdown ? 1 : -1;
	if (x->y2 != y->y2)
		return (x->y2 < y->y2) == xdown ? 1 : -1;
	return x->step < y->step ? -1 : x->step > y->step;
}

static bool
overlap(const struct upright *a, const struct upright *b)
{
	double alow = fmin(a->y1, a->y2), ahigh = fmax(a->y1, a->y2);
	double blow = fmin(b->y1, b->y2), bhigh = fmax(b->y1, b->y2);

	return alow < bhigh + 6 && blow < ahigh + 6;
}

/* Tracks of a channel, and how many; lines to one port may share one. */
static size_t
give_tracks(const struct er_plan *p, struct upright *u, size_t n)
{
	size_t i, j, most = 0;

	qsort(u, n, sizeof(*u), by_turn);
	for (i = 0; i < n; i++) {
		u[i].track = 0;
		for (j = 0; j < i; j++)
			if (overlap(&u[i], &u[j]) && u[j].track >= u[i].track &&
			    (p->steps[u[i].step].right !=
				    p->steps[u[j].step].right ||
				u[i].y2 != u[j].y2))
				u[i].track = u[j].track + 1;
		if (u[i].track + 1 > most)
			most = u[i].track + 1;
	}
	return most;
}

/* The lines between a layer and the next; returns the channel's width. */
static double
fill_channel(struct er_plan *p, size_t layer, double x, struct upright *u)
{
	size_t i, n = 0, tracks;
	double width;

	for (i = 0; i < p->step_count; i++) {
		const struct er_step *s = &p->steps[i];
		double y1 = p->boxes[s->left].y + s->from;
		double y2 = p->boxes[s->right].y + s->to;

		if (p->boxes[s->left].layer == layer && fabs(y1 - y2) > SAME)
			u[n++] =
			    (struct upright){.step = i, .y1 = y1, .y2 = y2};
	}
	tracks = give_tracks(p, u, n);
	width = ER_TRACK * (double)(tracks > 0 ? tracks - 1 : 0) + 36;
	width = width < ER_CHANNEL ? ER_CHANNEL : width;
	for (i = 0; i < n; i++)
		p->steps[u[i].step].track = x +
		    (width - ER_TRACK * (double)(tracks - 1)) / 2 +
		    ER_TRACK * (double)u[i].track;
	return width;
}

static double
layer_width(const struct er_plan *p, size_t layer)
{
	double w = 0;
	size_t i;

	for (i = 0; i < p->box_count; i++)
		if (p->boxes[i].layer == layer && p->boxes[i].w > w)
			w = p->boxes[i].w;
	return w;
}

static void
set_layer(struct er_plan *p, size_t layer, double x, double w)
{
	size_t i;

	for (i = 0; i < p->box_count; i++) {
		struct er_box *b = &p->boxes[i];

		if (b->layer != layer)
			continue;
		/* Boxes of a layer share its width: their sides line up. */
		b->x = x;
		b->w = w;
	}
}

static void
measure(struct er_plan *p, double w)
{
	size_t i;
	bool loop = false;

	p->w = w;
	for (i = 0; i < p->box_count; i++) {
		double bottom = p->boxes[i].y + p->boxes[i].h;

		p->h = bottom > p->h ? bottom : p->h;
	}
	for (i = 0; i < p->line_count; i++)
		loop = loop ||
		    (p->lines[i].left == p->lines[i].right &&
			p->boxes[p->lines[i].left].layer + 1 == p->layer_count);
	if (loop)
		p->w += 26;
}

void
er_place(struct er_plan *p)
{
	struct upright *u CLEANUP_FREE =
	    mem_zalloc((p->step_count + 1) * sizeof(*u));
	size_t layer;
	double x = 0;

	place_rows(p);
	for (layer = 0; layer < p->layer_count; layer++) {
		double w = layer_width(p, layer);

		set_layer(p, layer, x, w);
		x += w;
		if (layer + 1 < p->layer_count)
			x += fill_channel(p, layer, x, u);
	}
	measure(p, x);
}
