/* SPDX-License-Identifier: PostgreSQL */
/*
 * The parts of all pictures: elements, colours, legends, sparklines.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/colour.h"
#include "draw/svg_private.h"
#include "draw/text.h"

#define MARGIN 16.0

/* Written by hand: a decimal point whatever the locale, and no zero too much. */
void
svg_length(struct str *out, double v)
{
	long long tenths = llround(fmin(fmax(v, -1e9), 1e9) * 10);

	if (tenths < 0) {
		str_addc(out, '-');
		tenths = -tenths;
	}
	str_addf(out, "%lld", tenths / 10);
	if (tenths % 10 != 0)
		str_addf(out, ".%lld", tenths % 10);
}

void
svg_attribute(struct str *out, const char *name, double v)
{
	str_addf(out, " %s=\"", name);
	svg_length(out, v);
	str_addc(out, '"');
}

void
svg_text(struct str *out, const char *class, double x, double y,
    const char *anchor, const char *text)
{
	str_addf(out, "<text class=\"%s\"", class);
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	if (strcmp(anchor, "start") != 0)
		str_addf(out, " text-anchor=\"%s\"", anchor);
	str_addc(out, '>');
	draw_xml(out, text);
	str_add(out, "</text>\n");
}

void
svg_line(struct str *out, const char *class, double x1, double y1, double x2,
    double y2)
{
	str_addf(out, "<path class=\"%s\" d=\"M", class);
	svg_length(out, x1);
	str_addc(out, ' ');
	svg_length(out, y1);
	str_addc(out, y1 == y2 ? 'H' : 'V');
	svg_length(out, y1 == y2 ? x2 : y2);
	str_add(out, "\"/>\n");
}

void
svg_rect(struct str *out, const char *class, double x, double y, double width,
    double height)
{
	str_addf(out, "<rect class=\"%s\"", class);
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	svg_attribute(out, "width", width);
	svg_attribute(out, "height", height);
	str_add(out, "/>\n");
}

void
svg_series_class(struct svg *g, const char *classes, size_t i)
{
	if (g->d.f->series[i].muted)
		str_addf(g->out, " class=\"%s pgd-rest\"", classes);
	else
		str_addf(g->out, " class=\"%s pgd-c%zu%s\"", classes,
		    i % DRAW_COLOURS, i >= DRAW_COLOURS ? " pgd-again" : "");
}

double
svg_x(const struct svg *g, double x)
{
	return g->left + draw_scale_at(&g->d.x, x) * (g->right - g->left);
}

double
svg_y(const struct svg *g, double y)
{
	return g->bottom - draw_scale_at(&g->d.y, y) * (g->bottom - g->top);
}

/* --- style ----------------------------------------------------------------- */

/* One rule, below a selector where there is one. */
static void
rule(struct str *out, const char *below, const char *class, const char *text)
{
	if (below != NULL)
		str_addf(out, "%s ", below);
	str_addf(out, ".%s{%s}\n", class, text);
}

static void
colour_rules(struct str *out, const char *below, bool dark)
{
	static const char *const classes[] = {"pgd-ground", "pgd-title",
	    "pgd-name", "pgd-tick", "pgd-note", "pgd-empty", "pgd-grid",
	    "pgd-axis", "pgd-edge", "pgd-rest"};
	static const char *const light_texts[] = {"fill:#fff", "fill:#1b1f24",
	    "fill:#1b1f24", "fill:#57606a", "fill:#57606a", "fill:#57606a",
	    "stroke:#e4e7eb", "stroke:#8c959f", "stroke:#fff", "color:#b6bcc3"};
	static const char *const dark_texts[] = {"fill:#14171c", "fill:#f0f3f6",
	    "fill:#f0f3f6", "fill:#a8b1bb", "fill:#a8b1bb", "fill:#a8b1bb",
	    "stroke:#2b3138", "stroke:#6e7781", "stroke:#14171c",
	    "color:#59616b"};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		rule(out, below, classes[i],
		    dark ? dark_texts[i] : light_texts[i]);
	for (size_t i = 0; i < DRAW_COLOURS; i++) {
		char class[16], text[32];

		snprintf(class, sizeof(class), "pgd-c%zu", i);
		snprintf(text, sizeof(text), "color:%s", draw_colour(i, dark));
		rule(out, below, class, text);
	}
}

void
draw_css(struct str *out, const char *dark)
{
	static const char *const rules[][2] = {
	    {"pgd",
		"font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,"
		"\"DejaVu Sans\",sans-serif;font-size:11px"},
	    {"pgd-in", "max-width:100%;height:auto"},
	    {"pgd-title", "font-size:16px;font-weight:600"},
	    {"pgd-name", "font-size:12px"},
	    {"pgd-tick", "font-size:11px;font-variant-numeric:tabular-nums"},
	    {"pgd-major", "font-weight:600"},
	    {"pgd-note", "font-size:11px"},
	    {"pgd-empty", "font-size:14px"},
	    {"pgd-grid", "fill:none;stroke-width:1"},
	    {"pgd-axis", "fill:none;stroke-width:1"},
	    {"pgd-line",
		"fill:none;stroke:currentColor;stroke-width:1.8;"
		"stroke-linejoin:round;stroke-linecap:round"},
	    {"pgd-dot", "fill:currentColor"},
	    {"pgd-fill", "fill:currentColor"},
	    {"pgd-fill.pgd-again", "fill-opacity:.6"},
	    {"pgd-area", "fill:currentColor;fill-opacity:.18"},
	    {"pgd-edge", "stroke-width:1"},
	    {"pgd-spark",
		"fill:none;stroke:currentColor;stroke-width:1.3;"
		"stroke-linejoin:round"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rule(out, NULL, rules[i][0], rules[i][1]);
	colour_rules(out, NULL, false);
	if (dark == NULL)
		str_add(out, "@media (prefers-color-scheme:dark){\n");
	colour_rules(out, dark, true);
	if (dark == NULL)
		str_add(out, "}\n");
}

/* --- legends --------------------------------------------------------------- */

#define SWATCH 18.0
#define ROW 19.0
#define NAME_MOST 230.0

static void
draw_swatch(struct svg *g, size_t i, double x, double y)
{
	bool line = draw_is_line(g->d.f);

	str_add(g->out, line ? "<path" : "<rect");
	svg_series_class(g, line ? "pgd-line" : "pgd-fill", i);
	if (!line) {
		svg_attribute(g->out, "x", x + 2);
		svg_attribute(g->out, "y", y - 10);
		str_add(g->out, " width=\"12\" height=\"12\" rx=\"2\"/>\n");
		return;
	}
	if (draw_dash(i) != NULL)
		str_addf(g->out, " stroke-dasharray=\"%s\"", draw_dash(i));
	str_add(g->out, " d=\"M");
	svg_length(g->out, x);
	str_addc(g->out, ' ');
	svg_length(g->out, y - 4);
	str_add(g->out, "h15\"/>\n");
}

static bool
has_legend(const struct draw_figure *f)
{
	return f->len > 1 ||
	    (f->len == 1 && f->title == NULL && f->series[0].name[0] != '\0');
}

/* Names in rows; what does not fit into a third of the picture is counted. */
double
svg_legend(struct svg *g, double y)
{
	double x = MARGIN, row = y + 14;
	double most = y + fmax(g->height / 3, ROW);

	if (!has_legend(g->d.f))
		return 0;
	for (size_t i = 0; i < g->d.f->len; i++) {
		struct str name CLEANUP(str_free) = STR_INIT;
		double width;

		draw_fit(&name, g->d.f->series[i].name, NAME_MOST / SVG_LEGEND);
		width =
		    SWATCH + 4 + draw_width(str_text(&name)) * SVG_LEGEND + 14;
		if (x > MARGIN && x + width > g->width - MARGIN) {
			x = MARGIN;
			row += ROW;
		}
		/* The last row keeps room for the count of the others. */
		if (i + 1 < g->d.f->len && row + ROW > most &&
		    x + width > g->width - MARGIN - 190) {
			char more[40];

			snprintf(more, sizeof(more), "and %zu more",
			    g->d.f->len - i);
			svg_text(g->out, "pgd-note", x, row, "start", more);
			break;
		}
		draw_swatch(g, i, x, row);
		svg_text(g->out, "pgd-name", x + SWATCH + 2, row, "start",
		    str_text(&name));
		x += width;
	}
	return row - y + 10;
}

double
svg_heat_legend(struct svg *g, double y)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	double x = MARGIN;

	draw_frame_heat(&g->d);
	draw_quantity(&text, g->d.y.from, g->d.f->unit);
	svg_text(g->out, "pgd-tick", x, y + 14, "start", str_text(&text));
	x += draw_width(str_text(&text)) * SVG_SMALL + 8;
	for (size_t i = 0; i < DRAW_HEATS; i++) {
		str_addf(g->out, "<rect fill=\"%s\"", draw_heat(i));
		svg_attribute(g->out, "x", x);
		svg_attribute(g->out, "y", y + 4);
		str_add(g->out, " width=\"14.2\" height=\"12\"/>\n");
		x += 14;
	}
	str_clear(&text);
	draw_quantity(&text, g->d.y.until, g->d.f->unit);
	svg_text(g->out, "pgd-tick", x + 8, y + 14, "start", str_text(&text));
	return 26;
}

/* --- sparklines ------------------------------------------------------------ */

void
draw_sparkline(struct str *out, const double *y, size_t len, unsigned width,
    unsigned height, const char *label)
{
	double least = (double)INFINITY, greatest = -least, range;
	double right = width - 2.0, bottom = height - 2.0;
	bool joined = false;

	for (size_t i = 0; i < len; i++)
		if (isfinite(y[i])) {
			least = fmin(least, y[i]);
			greatest = fmax(greatest, y[i]);
		}
	range = greatest / 2 - least / 2;
	str_addf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\" role=\"img\" "
	    "aria-label=\"",
	    width, height, width, height);
	draw_xml(out, label != NULL ? label : "");
	str_add(out, "\"><path class=\"pgd-spark\" d=\"");
	for (size_t i = 0; i < len; i++) {
		double at = len > 1 ? (double)i / (double)(len - 1) : 0.5;
		double up = 0.5;

		if (!isfinite(y[i])) {
			joined = false;
			continue;
		}
		if (range > 0)
			up = (y[i] / 2 - least / 2) / range;
		str_addc(out, joined ? 'L' : 'M');
		svg_length(out, 2 + at * (right - 2));
		str_addc(out, ' ');
		svg_length(out, bottom - up * (bottom - 2));
		/* A value alone is a short stroke. */
		if (!joined && (i + 1 == len || !isfinite(y[i + 1])))
			str_add(out, "h1");
		joined = true;
	}
	str_add(out, "\"/></svg>");
}
