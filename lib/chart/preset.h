/* SPDX-License-Identifier: PostgreSQL */
/*
 * Presets: a chart with a name, in a file chart/NAME.yaml below share/ or a
 * directory of the plug-in path (pgpipe-plugins(7)).
 */
#ifndef CHART_PRESET_H
#define CHART_PRESET_H

#include "chart/request.h"
#include "data/yaml.h"

/*
 * Fill in what r leaves open from the preset that its metric names; texts are
 * then kept by y, which outlives r.  An unknown one is reported with those
 * that there are; STATUS_USAGE.
 */
status chart_preset(struct chart_request *r, struct yaml *y) MUST_CHECK;

#endif
