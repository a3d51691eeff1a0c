/* SPDX-License-Identifier: PostgreSQL */
/*
 * The palettes.  That their colours stay apart for protanopes, deuteranopes
 * and tritanopes is tested (tests/unit/test_draw.c).
 */
#include "draw/colour.h"

static const char *const light[DRAW_COLOURS] = {"#0072b2", "#d55e00", "#009e73",
    "#cc79a7", "#e69f00", "#56b4e9", "#332288", "#661100"};
static const char *const dark[DRAW_COLOURS] = {"#4a9be0", "#f07c32", "#3ddc97",
    "#f08cc8", "#f5bd4a", "#9ad8ff", "#b04cff", "#b07030"};
static const int terminal[DRAW_COLOURS] = {32, 166, 36, 175, 214, 117, 93, 130};

static const char *const heats[DRAW_HEATS] = {"#00224e", "#083370", "#35456c",
    "#4c566c", "#5f686d", "#727970", "#868c76", "#9b9f78", "#b2b370", "#cbc763",
    "#e5dc4e", "#fee838"};
static const int terminal_heats[DRAW_HEATS] = {17, 18, 60, 60, 59, 102, 102,
    144, 143, 185, 185, 227};

static const char *const dashes[] = {NULL, "7 3", "2 3", "9 3 2 3"};

const char *
draw_colour(size_t i, bool is_dark)
{
	return (is_dark ? dark : light)[i % DRAW_COLOURS];
}

int
draw_colour_256(size_t i)
{
	return terminal[i % DRAW_COLOURS];
}

const char *
draw_dash(size_t i)
{
	return dashes[i / DRAW_COLOURS % (sizeof(dashes) / sizeof(dashes[0]))];
}

const char *
draw_heat(size_t i)
{
	return heats[i < DRAW_HEATS ? i : DRAW_HEATS - 1];
}

int
draw_heat_256(size_t i)
{
	return terminal_heats[i < DRAW_HEATS ? i : DRAW_HEATS - 1];
}
