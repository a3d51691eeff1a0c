/* SPDX-License-Identifier: PostgreSQL */
/*
 * TimescaleDB's watermark is the end of the last bucket that is
 * materialised, whoever put it there.  Where the backfill copied
 * materialised chunks, the first refresh moves it to their end at once; so
 * it does not tell how far a refresh came that was interrupted.  What
 * TimescaleDB holds to be out of date does: a range of that which reaches
 * across the watermark is where to go on.  (With an offset there is always
 * such a range, but it begins in the last bucket: TimescaleDB's windows then
 * end within a bucket, of which it takes all rows and notes a part as done.)
 */
#include "refresh/window.h"

static status
floor_of(struct site *s, const struct view *v, int64_t edge, int64_t value,
    int64_t *out, struct failure *f)
{
	return bucket_floor(s, &v->bucket, v->type, edge, value, out, f);
}

/* Where the target ended; the type's least: nowhere yet. */
static status
find_end(struct site *s, const struct view *v, int64_t to, int64_t *out,
    struct failure *f)
{
	int64_t last, from;
	status st;

	*out = v->watermark;
	if (v->watermark <= v->type->least)
		return STATUS_OK;
	st = view_invalid_before(s, v, v->watermark, &from, f);
	if (st == STATUS_OK)
		st = floor_of(s, v, to, v->watermark - 1, &last, f);
	if (st == STATUS_OK && from < last)
		return floor_of(s, v, to, from, out, f);
	/* The last bucket had not all its rows yet, perhaps. */
	if (st == STATUS_OK && v->watermark < to)
		*out = last;
	return st;
}

/* The first bucket may have lost rows to a retention policy: what is
 * materialised of it stays. */
static status
spare_first(struct site *s, const struct view *v, struct window *w,
    struct failure *f)
{
	int64_t next;
	bool holds = false;
	status st =
	    bucket_after(s, &v->bucket, v->type, w->from, 1, w->to, &next, f);

	if (st == STATUS_OK)
		st = view_holds(s, v, w->from, next, &holds, f);
	if (st == STATUS_OK && holds)
		w->from = next;
	return st;
}

/* Rows before what is materialised: were they loaded after a refresh? */
static status
look_below(struct site *s, const struct view *v, struct window *w,
    struct failure *f)
{
	int64_t held;
	bool any;
	status st = view_first(s, v, &v->mat, &any, &held, f);

	w->hollow =
	    st == STATUS_OK && w->first < w->from && (!any || w->first < held);
	return st;
}

static status
begin(struct site *s, const struct view *v,
    const struct window_request *request, struct window *w, struct failure *f)
{
	int64_t wanted = v->type->least;
	status st = STATUS_OK;

	if (request->kind == FROM_WATERMARK)
		st = find_end(s, v, w->to, &wanted, f);
	else if (request->kind == FROM_VALUE)
		st = floor_of(s, v, w->to, request->from, &wanted, f);
	if (st != STATUS_OK)
		return st;
	if (wanted > v->type->least &&
	    (wanted > w->first ||
		(wanted == w->first && request->kind != FROM_WATERMARK))) {
		w->from = wanted;
		return request->kind == FROM_WATERMARK ? look_below(s, v, w, f)
						       : STATUS_OK;
	}
	w->from = w->first;
	return request->kind == FROM_WATERMARK ? spare_first(s, v, w, f)
					       : STATUS_OK;
}

status
window_find(struct site *s, const struct view *v,
    const struct window_request *request, struct window *out, struct failure *f)
{
	int64_t row;
	bool any;
	status st;

	*out = (struct window){.from = request->to, .to = request->to};
	if (request->to <= v->type->least)
		return STATUS_OK;
	st = view_first(s, v, &v->raw, &any, &row, f);
	if (st != STATUS_OK)
		return st;
	if (request->below_begins && (!any || request->below_from < row)) {
		any = true;
		row = request->below_from;
	}
	if (!any || row >= request->to) {
		out->empty = v->watermark < request->to;
		return STATUS_OK;
	}
	st = floor_of(s, v, out->to, row, &out->first, f);
	return st == STATUS_OK ? begin(s, v, request, out, f) : st;
}

uint64_t
window_step(const struct view *v, const struct refresh_step *step)
{
	uint64_t wide = (uint64_t)v->chunk;

	if (step->whole)
		return UINT64_MAX;
	if (step->buckets > 0)
		return step->buckets;
	if (step->text != NULL)
		wide = step->duration * 1000;
	wide /= (uint64_t)v->bucket.width;
	return wide > 0 ? wide : 1;
}
