/* SPDX-License-Identifier: PostgreSQL */
/*
 * The recovery target as the user says it.  A time needs a zone: what the
 * server would take for granted is the zone of its own configuration, which is
 * not the one of who is looking at a clock.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/walname.h"
#include "restore/inside.h"

#define EPOCH_DAYS 10957 /* from 1970 to 2000 */
#define DAY 86400

const char *const restore_actions[] = {"promote", "pause", "shutdown", NULL};

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

/* Exactly n digits, within a range. */
static bool
digits(const char **at, int n, int64_t min, int64_t max, int64_t *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return *out >= min && *out <= max;
}

static bool
sign(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool
fraction(const char **at, int64_t *us)
{
	int64_t scale = 100000;

	*us = 0;
	if (!sign(at, '.'))
		return true;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++, scale /= 10)
		*us += scale * (**at - '0');
	return true;
}

/* "Z", "UTC", "+02", "-0330", "+05:30"; seconds east of Greenwich. */
static bool
zone(const char *at, int64_t *east)
{
	int64_t hours, minutes = 0;
	bool west;

	while (*at == ' ')
		at++;
	*east = 0;
	if (strcmp(at, "Z") == 0 || strcmp(at, "UTC") == 0 ||
	    strcmp(at, "GMT") == 0)
		return true;
	west = *at == '-';
	if (!sign(&at, '+') && !sign(&at, '-'))
		return false;
	if (!digits(&at, 2, 0, 15, &hours))
		return false;
	if (*at != '\0') {
		(void)sign(&at, ':');
		if (!digits(&at, 2, 0, 59, &minutes) || *at != '\0')
			return false;
	}
	*east = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

/* "2025-07-04 17:00:00.5+00" to microseconds since 2000 in UTC. */
static bool
time_of(const char *at, int64_t *out)
{
	int64_t y, mo, d, h, mi, s = 0, us = 0, east;

	if (!digits(&at, 4, 2000, 9999, &y) || !sign(&at, '-') ||
	    !digits(&at, 2, 1, 12, &mo) || !sign(&at, '-') ||
	    !digits(&at, 2, 1, 31, &d) || (!sign(&at, ' ') && !sign(&at, 'T')))
		return false;
	if (!digits(&at, 2, 0, 23, &h) || !sign(&at, ':') ||
	    !digits(&at, 2, 0, 59, &mi))
		return false;
	if (sign(&at, ':') &&
	    (!digits(&at, 2, 0, 60, &s) || !fraction(&at, &us)))
		return false;
	if (!zone(at, &east))
		return false;
	*out = ((days_of(y, mo, d) - EPOCH_DAYS) * DAY + h * 3600 + mi * 60 +
		   s - east) *
		1000000 +
	    us;
	return true;
}

/* The same time for the server. */
static char *
time_text(int64_t us)
{
	int64_t seconds = us / 1000000, day = seconds / DAY + EPOCH_DAYS;
	int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153, m = mp < 10 ? mp + 3 : mp - 9;
	int64_t y = yoe + era * 400 + (m <= 2), in = seconds % DAY;

	return mem_printf("%04d-%02d-%02d %02d:%02d:%02d.%06d+00", (int)y,
	    (int)m, (int)(doy - (153 * mp + 2) / 5 + 1), (int)(in / 3600),
	    (int)(in / 60 % 60), (int)(in % 60), (int)(us % 1000000));
}

char *
restore_time_text(int64_t us)
{
	return time_text(us);
}

static status
unclear(const char *option, const char *value, const char *hint)
{
	log_error("cannot understand %s \"%s\"", option, value);
	log_hint("%s", hint);
	return STATUS_USAGE;
}

static status
parse_timeline(struct restore *r)
{
	const char *t = r->o->timeline;
	uint64_t n;

	if (t == NULL || strcmp(t, "latest") == 0)
		return STATUS_OK;
	if (strcmp(t, "current") == 0) {
		r->current_timeline = true;
		return STATUS_OK;
	}
	if (!num_u64(t, 1, UINT32_MAX, &n))
		return unclear("--target-timeline", t,
		    "latest, current, or a number");
	r->timeline = (uint32_t)n;
	return STATUS_OK;
}

status
restore_target_parse(struct restore *r)
{
	const char *value = r->o->target_value;
	uint64_t xid;

	switch (r->o->target) {
	case TARGET_TIME:
		if (!time_of(value, &r->target_us))
			return unclear("--target-time", value,
			    "with the zone, as '2025-07-04 17:00:00+00'");
		r->target_time = time_text(r->target_us);
		break;
	case TARGET_LSN:
		if (!wal_lsn_parse(value, &r->target_lsn))
			return unclear("--target-lsn", value, "as '0/3000148'");
		break;
	case TARGET_XID:
		if (!num_u64(value, 3, UINT64_MAX, &xid))
			return unclear("--target-xid", value,
			    "a transaction's number");
		r->target_xid = (uint32_t)xid;
		break;
	case TARGET_NAME:
		if (*value == '\0' || strlen(value) >= 64)
			return unclear("--target-name", value,
			    "what pg_create_restore_point() was given");
		break;
	case TARGET_IMMEDIATE:
	case TARGET_NONE:
		break;
	}
	return parse_timeline(r);
}
