/* SPDX-License-Identifier: PostgreSQL */
/*
 * The order of boxes in their layers: barycenter sweeps from left to right
 * and back, of which the one with the fewest crossings is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/er_inside.h"

#define SWEEPS 12
#define EXCHANGED 150 /* steps of a diagram in which neighbours change places */

struct weighed {
	size_t box;
	double weight;
	size_t order; /* for those alike */
};

static int
by_weight(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The mean of where its neighbours of one side are; its own place without. */
static double
barycenter(const struct er_plan *p, size_t box, bool left)
{
	double sum = 0;
	size_t i, n = 0;

	for (i = 0; i < p->step_count; i++) {
		const struct er_step *s = &p->steps[i];

		if (left && s->right == box) {
			sum +=
			    (double)p->boxes[s->left].order + s->from / 10000;
			n++;
		} else if (!left && s->left == box) {
			sum += (double)p->boxes[s->right].order + s->to / 10000;
			n++;
		}
	}
	return n > 0 ? sum / (double)n : (double)p->boxes[box].order;
}

static void
order_layer(struct er_plan *p, size_t layer, bool left, struct weighed *w)
{
	size_t i, n = 0;

	for (i = 0; i < p->box_count; i++)
		if (p->boxes[i].layer == layer) {
			w[n].box = i;
			w[n].weight = barycenter(p, i, left);
			w[n++].order = p->boxes[i].order;
		}
	qsort(w, n, sizeof(*w), by_weight);
	for (i = 0; i < n; i++)
		p->boxes[w[i].box].order = i;
}

/* Its box's place, and within it that of the port. */
static double
place_of(const struct er_plan *p, size_t box, double port)
{
	return (double)p->boxes[box].order + port / 10000;
}

static size_t
crossings(const struct er_plan *p)
{
	size_t i, j, n = 0;

	for (i = 0; i < p->step_count; i++)
		for (j = i + 1; j < p->step_count; j++) {
			const struct er_step *a = &p->steps[i];
			const struct er_step *b = &p->steps[j];
			double al = place_of(p, a->left, a->from);
			double bl = place_of(p, b->left, b->from);
			double ar = place_of(p, a->right, a->to);
			double br = place_of(p, b->right, b->to);

			if (p->boxes[a->left].layer != p->boxes[b->left].layer)
				continue;
			n += (al < bl && ar > br) || (al > bl && ar < br);
		}
	return n;
}

static void
first_order(struct er_plan *p)
{
	size_t *next CLEANUP_FREE =
	    mem_zalloc((p->layer_count + 1) * sizeof(*next));
	size_t i;

	for (i = 0; i < p->box_count; i++)
		p->boxes[i].order = next[p->boxes[i].layer]++;
}

/* Neighbours change places where that saves a crossing, until none does. */
static size_t
exchange(struct er_plan *p, size_t now)
{
	size_t a, b, round;
	bool better = true;

	for (round = 0; better && round < 8; round++) {
		better = false;
		for (a = 0; a < p->box_count; a++)
			for (b = 0; b < p->box_count; b++) {
				struct er_box *x = &p->boxes[a];
				struct er_box *y = &p->boxes[b];
				size_t then;

				if (x->layer != y->layer ||
				    x->order + 1 != y->order)
					continue;
				x->order++;
				y->order--;
				then = crossings(p);
				if (then < now) {
					now = then;
					better = true;
				} else {
					x->order--;
					y->order++;
				}
			}
	}
	return now;
}

static void
keep(const struct er_plan *p, size_t *best)
{
	size_t i;

	for (i = 0; i < p->box_count; i++)
		best[i] = p->boxes[i].order;
}

void
er_order(struct er_plan *p)
{
	struct weighed *w CLEANUP_FREE =
	    mem_zalloc((p->box_count + 1) * sizeof(*w));
	size_t *best CLEANUP_FREE =
	    mem_zalloc((p->box_count + 1) * sizeof(*best));
	size_t fewest, sweep, layer, i;

	first_order(p);
	fewest = crossings(p);
	keep(p, best);
	for (sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
		size_t now;

		for (i = 1; i < p->layer_count; i++) {
			layer = sweep % 2 == 0 ? i : p->layer_count - 1 - i;
			order_layer(p, layer, sweep % 2 == 0, w);
		}
		now = crossings(p);
		if (p->step_count <= EXCHANGED)
			now = exchange(p, now);
		if (now < fewest) {
			fewest = now;
			keep(p, best);
		}
	}
	for (i = 0; i < p->box_count; i++)
		p->boxes[i].order = best[i];
}
