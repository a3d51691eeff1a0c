/* SPDX-License-Identifier: PostgreSQL */
/*
 * A figure as text: title, note, legend, plot with its axes, range.
 */
#include "draw/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "draw/colour.h"
#include "draw/terminal_private.h"
#include "draw/text.h"

#define NAME_COLUMNS 24
#define LEGEND_ROWS 4

/* --- what the terminal can do ---------------------------------------------- */

static bool
locale_is_utf8(void)
{
	locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = false;

	if (l != (locale_t)0) {
		utf8 = strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;
		freelocale(l);
	}
	return utf8;
}

void
draw_terminal_probe(int fd, struct draw_terminal *t)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	bool tty = isatty(fd) == 1;

	t->columns = t->rows = 0;
#ifdef TIOCGWINSZ
	struct winsize size;

	if (tty && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		t->columns = size.ws_col;
		t->rows = size.ws_row > 25 ? 24 : size.ws_row - (size_t)1;
	}
#endif
	t->ascii = !locale_is_utf8();
	t->colour = tty && (no == NULL || no[0] == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

/* --- pieces ---------------------------------------------------------------- */

static void
add_spaces(struct str *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_addc(out, ' ');
}

/* Text within so many columns, padded at its left or right if asked to. */
static void
add_fit(const struct text *x, const char *text, size_t columns, bool right,
    bool pad)
{
	struct str fit CLEANUP(str_free) = STR_INIT;
	size_t used;

	draw_fit_columns(&fit, text, columns, x->t->ascii);
	used = draw_columns(str_text(&fit));
	if (pad && right && used < columns)
		add_spaces(x->out, columns - used);
	str_add(x->out, str_text(&fit));
	if (pad && !right && used < columns)
		add_spaces(x->out, columns - used);
}

static void
add_line(const struct text *x, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	add_fit(x, text, x->t->columns, false, false);
	str_addc(x->out, '\n');
}

static void
set_colour(const struct text *x, size_t series, bool heat)
{
	int code = heat ? draw_heat_256(series) : draw_colour_256(series);

	if (!heat && x->d.f->series[series].muted)
		code = 245;
	if (x->t->colour)
		str_addf(x->out, "\033[38;5;%dm", code);
}

static void
unset_colour(const struct text *x)
{
	if (x->t->colour)
		str_add(x->out, "\033[0m");
}

static void
add_legend(const struct text *x)
{
	const struct draw_figure *f = x->d.f;
	size_t used = 0, rows = 1;

	for (size_t i = 0; i < f->len; i++) {
		struct str name CLEANUP(str_free) = STR_INIT;
		size_t wide;

		draw_fit_columns(&name, f->series[i].name, NAME_COLUMNS,
		    x->t->ascii);
		wide = draw_columns(str_text(&name)) + 4;
		if (used > 0 && used + wide > x->t->columns) {
			str_addc(x->out, '\n');
			used = 0;
			if (rows++ == LEGEND_ROWS) {
				str_addf(x->out, "and %zu more", f->len - i);
				break;
			}
		}
		set_colour(x, i, false);
		if (x->marked || x->t->ascii)
			str_addc(x->out, text_mark(i));
		else
			str_add(x->out, draw_is_line(f) ? "━" : "█");
		unset_colour(x);
		str_addf(x->out, " %s  ", str_text(&name));
		used += wide;
	}
	str_addc(x->out, '\n');
}

/* Spaces at the end of a line are left out. */
static void
add_row(const struct text *x, size_t row)
{
	const struct cell *cells = &x->cells[row * x->width];
	size_t colour = CELL_NO_SERIES, len = x->width;

	while (len > 0 && cells[len - 1].c == 0 && cells[len - 1].dots == 0)
		len--;
	for (size_t i = 0; i < len; i++) {
		const struct cell *cell = &cells[i];
		bool blank = cell->c == 0 && cell->dots == 0;

		if (!blank && cell->series != colour) {
			set_colour(x, cell->series, cell->heat);
			colour = cell->series;
		}
		if (blank)
			str_addc(x->out, ' ');
		else
			draw_add_char(x->out,
			    cell->c != 0 ? cell->c : 0x2800u | cell->dots);
	}
	if (colour != CELL_NO_SERIES)
		unset_colour(x);
}

/* --- the plot -------------------------------------------------------------- */

/* The tick of a row of text, or NULL. */
static const struct draw_tick *
tick_of(const struct text *x, size_t row)
{
	for (size_t i = 0; i < x->d.y.len; i++) {
		double at = 1 - draw_scale_at(&x->d.y, x->d.y.ticks[i].at);

		if (lround(at * (double)(x->height - 1)) == (long)row)
			return &x->d.y.ticks[i];
	}
	return NULL;
}

static size_t
label_columns(const struct text *x)
{
	size_t wide = 0;

	if (x->d.f->kind == DRAW_HEATMAP) {
		for (size_t i = 0; i < x->d.f->len; i++) {
			size_t n = draw_columns(x->d.f->series[i].name);

			wide = n > wide ? n : wide;
		}
		return wide < NAME_COLUMNS ? wide : NAME_COLUMNS;
	}
	for (size_t i = 0; i < x->d.y.len; i++) {
		size_t n = strlen(x->d.y.ticks[i].text);

		wide = n > wide ? n : wide;
	}
	return wide;
}

static void
add_plot(struct text *x, size_t labels)
{
	bool heat = x->d.f->kind == DRAW_HEATMAP;
	const char *bar = x->t->ascii ? "|" : "│",
		   *at = x->t->ascii ? "+" : "┤";

	for (size_t row = 0; row < x->height; row++) {
		const struct draw_tick *tick = heat ? NULL : tick_of(x, row);
		const char *label = heat ? x->d.f->series[row].name
		    : tick != NULL	 ? tick->text
					 : "";

		add_fit(x, label, labels, true, true);
		str_addf(x->out, " %s", tick != NULL ? at : bar);
		add_row(x, row);
		str_addc(x->out, '\n');
	}
}

static void
add_x_axis(const struct text *x, size_t labels)
{
	struct str names CLEANUP(str_free) = STR_INIT;

	add_spaces(x->out, labels + 1);
	str_add(x->out, x->t->ascii ? "+" : "└");
	for (size_t column = 0; column < x->width; column++) {
		bool tick = false;

		for (size_t i = 0; i < x->d.x.len; i++) {
			double at = draw_scale_at(&x->d.x, x->d.x.ticks[i].at);
			size_t here =
			    (size_t)lround(at * (double)(x->width - 1));
			size_t wide = draw_columns(x->d.x.ticks[i].text);
			size_t start = here > wide / 2 ? here - wide / 2 : 0;

			if (here != column)
				continue;
			tick = true;
			if (draw_columns(str_text(&names)) + (names.len > 0) >
				start ||
			    start + wide > x->width)
				continue;
			add_spaces(&names,
			    start - draw_columns(str_text(&names)));
			str_add(&names, x->d.x.ticks[i].text);
		}
		if (x->t->ascii)
			str_addc(x->out, tick ? '+' : '-');
		else
			str_add(x->out, tick ? "┬" : "─");
	}
	str_addc(x->out, '\n');
	add_spaces(x->out, labels + 2);
	add_fit(x, str_text(&names), x->width, false, false);
	str_addc(x->out, '\n');
}

static void
add_range(const struct text *x, size_t labels)
{
	struct str range CLEANUP(str_free) = STR_INIT;

	if (x->d.f->axis != DRAW_TIME)
		return;
	draw_time_show(&range, x->d.x.from);
	str_add(&range, x->t->ascii ? " - " : " – ");
	draw_time_show(&range, x->d.x.until);
	str_add(&range, " UTC");
	add_spaces(x->out, labels + 2);
	add_fit(x, str_text(&range), x->width, false, false);
	str_addc(x->out, '\n');
}

static void
add_heat_range(const struct text *x, size_t labels)
{
	struct str range CLEANUP(str_free) = STR_INIT;

	draw_quantity(&range, x->d.y.from, x->d.f->unit);
	str_add(&range, x->t->ascii ? " .:-=+*#%@ " : " ░▒▓█ ");
	draw_quantity(&range, x->d.y.until, x->d.f->unit);
	add_spaces(x->out, labels + 2);
	add_fit(x, str_text(&range), x->width, false, false);
	str_addc(x->out, '\n');
}

static void
draw_standing(struct text *x)
{
	bool heat = x->d.f->kind == DRAW_HEATMAP;
	size_t labels;

	x->height = heat ? x->d.f->len : (x->t->rows > 11 ? x->t->rows - 6 : 5);
	if (heat)
		draw_frame_heat(&x->d);
	else
		draw_frame_y(&x->d, x->height / 3 > 2 ? x->height / 3 : 2);
	if (!heat)
		add_line(x,
		    x->d.y.suffix[0] != '\0' ? x->d.y.suffix : x->d.f->unit);
	labels = label_columns(x);
	x->width = x->t->columns > labels + 12 ? x->t->columns - labels - 3 : 9;
	draw_frame_x(&x->d, x->width / 9, x->width / 9, x->width / 10);
	x->cells = mem_zalloc(x->width * x->height * sizeof(x->cells[0]));
	if (heat)
		text_heat(x);
	else if (draw_is_line(x->d.f))
		text_lines(x);
	else
		text_columns(x);
	add_plot(x, labels);
	add_x_axis(x, labels);
	if (heat)
		add_heat_range(x, labels);
	add_range(x, labels);
	free(x->cells);
}

/* --- bars that lie --------------------------------------------------------- */

static void
add_bar(const struct text *x, double low, double high, size_t series,
    size_t room)
{
	double a = draw_scale_at(&x->d.y, low) * (double)room;
	double b = draw_scale_at(&x->d.y, high) * (double)room;
	size_t n = (size_t)lround(b) - (size_t)lround(a);

	set_colour(x, series, false);
	for (size_t i = 0; i < n && i < room; i++)
		if (x->marked || x->t->ascii)
			str_addc(x->out, text_mark(series));
		else
			str_add(x->out, "█");
	unset_colour(x);
}

static void
add_lying_row(const struct text *x, size_t k, size_t series, size_t labels,
    size_t room)
{
	const struct draw_grid *g = &x->d.grid;
	double y = g->y[series * g->len + k];

	add_fit(x, series == 0 ? x->d.f->labels.data[(size_t)g->x[k]] : "",
	    labels, true, true);
	str_add(x->out, x->t->ascii ? " |" : " │");
	if (isfinite(y)) {
		struct str value CLEANUP(str_free) = STR_INIT;

		add_bar(x, 0, fmax(y, 0), series, room);
		draw_quantity(&value, y, x->d.f->unit);
		str_addc(x->out, ' ');
		add_fit(x, str_text(&value), 12, false, false);
	}
	str_addc(x->out, '\n');
}

static void
add_lying_stack(const struct text *x, size_t k, size_t labels, size_t room)
{
	const struct draw_grid *g = &x->d.grid;
	struct str value CLEANUP(str_free) = STR_INIT;
	double top = 0;

	add_fit(x, x->d.f->labels.data[(size_t)g->x[k]], labels, true, true);
	str_add(x->out, x->t->ascii ? " |" : " │");
	for (size_t i = 0; i < x->d.f->len; i++) {
		double low = x->d.low[i * g->len + k];
		double high = g->y[i * g->len + k];

		if (low >= 0 && high > low)
			add_bar(x, low, high, i, room);
		top = fmax(top, high);
	}
	draw_quantity(&value, top, x->d.f->unit);
	str_addc(x->out, ' ');
	add_fit(x, str_text(&value), 12, false, false);
	str_addc(x->out, '\n');
}

static void
draw_lying(struct text *x)
{
	size_t labels = 0, room;

	draw_frame_lying(&x->d, &x->d.y, 5);
	if (x->d.y.from < 0)
		x->d.y.from = 0;
	for (size_t i = 0; i < x->d.f->labels.len; i++) {
		size_t n = draw_columns(x->d.f->labels.data[i]);

		labels = n > labels ? n : labels;
	}
	labels = labels < x->t->columns / 3 ? labels : x->t->columns / 3;
	room = x->t->columns > labels + 24 ? x->t->columns - labels - 15 : 9;
	for (size_t k = 0; k < x->d.grid.len; k++) {
		double label = x->d.grid.x[k];

		if (label < 0 || label >= (double)x->d.f->labels.len)
			continue;
		if (x->d.low != NULL)
			add_lying_stack(x, k, labels, room);
		else
			for (size_t i = 0; i < x->d.f->len; i++)
				add_lying_row(x, k, i, labels, room);
	}
}

/* --- the whole ------------------------------------------------------------- */

void
draw_terminal(struct draw_figure *f, const struct draw_terminal *t,
    struct str *out)
{
	struct draw_terminal asked = *t;
	struct text x = {.d.f = f, .t = &asked, .out = out};

	if (asked.columns == 0)
		asked.columns = 80;
	if (asked.rows == 0)
		asked.rows = 20;
	x.marked = f->len > 1 && !t->colour;
	add_line(&x, f->title);
	add_line(&x, f->note);
	if (draw_count(f) == 0) {
		add_line(&x, f->empty != NULL ? f->empty : "no data");
		return;
	}
	draw_frame_open(&x.d);
	if (f->kind != DRAW_HEATMAP && f->len > 1)
		add_legend(&x);
	if (draw_lies(f))
		draw_lying(&x);
	else
		draw_standing(&x);
	draw_frame_close(&x.d);
}
