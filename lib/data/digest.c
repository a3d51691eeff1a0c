/* SPDX-License-Identifier: PostgreSQL */
/*
 * Digests as values: text in and out, sums, equality.
 */
#include "data/digest.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"

__extension__ typedef unsigned __int128 uint128;

#define SUM_HEX 32

static const char *
kind_name(enum digest_kind kind)
{
	switch (kind) {
	case DIGEST_SEND:
		return "send";
	case DIGEST_TEXT:
		return "text";
	case DIGEST_BATCHES:
		return "batches";
	case DIGEST_NONE:
		break;
	}
	return "";
}

void
digest_show(const struct digest *d, char out[DIGEST_SHOWN])
{
	if (d->kind == DIGEST_NONE) {
		out[0] = '\0';
		return;
	}
	snprintf(out, DIGEST_SHOWN, "%s:%llu:%016llx%016llx",
	    kind_name(d->kind), (unsigned long long)d->rows,
	    (unsigned long long)(d->sum >> 64), (unsigned long long)d->sum);
}

static bool
parse_hex(const char *text, uint128 *out)
{
	static const char digits[] = "0123456789abcdef";

	*out = 0;
	if (strspn(text, digits) != SUM_HEX || text[SUM_HEX] != '\0')
		return false;
	for (; *text != '\0'; text++)
		*out = (*out << 4) + (unsigned)(strchr(digits, *text) - digits);
	return true;
}

static enum digest_kind
parse_kind(const char *text, size_t n)
{
	static const enum digest_kind kinds[] = {DIGEST_SEND, DIGEST_TEXT,
	    DIGEST_BATCHES};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kind_name(kinds[i])) == n &&
		    memcmp(kind_name(kinds[i]), text, n) == 0)
			return kinds[i];
	return DIGEST_NONE;
}

bool
digest_parse(const char *text, struct digest *out)
{
	struct digest d = {DIGEST_NONE, 0, 0};
	const char *first = strchr(text, ':'), *last = strrchr(text, ':');
	char rows[24];
	size_t n;

	if (first == NULL || first == last)
		return false;
	d.kind = parse_kind(text, (size_t)(first - text));
	n = (size_t)(last - first) - 1;
	if (d.kind == DIGEST_NONE || n >= sizeof(rows))
		return false;
	memcpy(rows, first + 1, n);
	rows[n] = '\0';
	if (!num_u64(rows, 0, UINT64_MAX, &d.rows) ||
	    !parse_hex(last + 1, &d.sum))
		return false;
	*out = d;
	return true;
}

/* A decimal number of either sign, in two's complement. */
static bool
parse_decimal(const char *text, uint128 *out)
{
	const uint128 max = ~(uint128)0 >> 1;
	bool negative = *text == '-';
	uint128 value = 0;

	text += negative;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > (max - 9) / 10)
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	*out = negative ? -value : value;
	return true;
}

bool
digest_from_sql(enum digest_kind kind, const char *rows, const char *sum,
    struct digest *out)
{
	struct digest d = {kind, 0, 0};

	if (rows == NULL || !num_u64(rows, 0, UINT64_MAX, &d.rows))
		return false;
	if ((sum == NULL) != (d.rows == 0))
		return false;
	if (sum != NULL && !parse_decimal(sum, &d.sum))
		return false;
	*out = d;
	return true;
}

void
digest_add(struct digest *into, const struct digest *d)
{
	if (d->kind == DIGEST_NONE)
		return;
	if (into->kind == DIGEST_NONE)
		*into = *d;
	else if (into->kind != d->kind)
		BUG("digests of two kinds have no sum");
	else {
		into->rows += d->rows;
		into->sum += d->sum;
	}
}

struct digest
digest_batches(uint64_t rows, const struct digest *batches,
    const struct digest *rest)
{
	return (struct digest){DIGEST_BATCHES, rows, batches->sum + rest->sum};
}

bool
digest_eq(const struct digest *a, const struct digest *b)
{
	return a->kind != DIGEST_NONE && a->kind == b->kind &&
	    a->rows == b->rows && a->sum == b->sum;
}
