/* SPDX-License-Identifier: PostgreSQL */
/*
 * How to compress, as a user writes it.
 */
#include "data/codec_write.h"

#include <string.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/num.h"

/* The defaults are the fastest that compress well: a base backup is large,
 * and higher levels find little more in table pages. */
static const struct {
	enum codec codec;
	int min, max, usual;
} levels[] = {{CODEC_GZIP, 1, 9, 1}, {CODEC_ZSTD, -7, 22, 1},
    {CODEC_LZ4, 1, 12, 1}};

#define LEVELS (sizeof(levels) / sizeof(levels[0]))
#define WORKERS_MAX 256
#define WINDOW_MIN 10
#define WINDOW_MAX 31

static bool
set_level(struct codec_spec *spec, const char *text, struct str *why)
{
	for (size_t i = 0; i < LEVELS; i++) {
		int64_t level;

		if (levels[i].codec != spec->codec)
			continue;
		if (!num_i64(text, levels[i].min, levels[i].max, &level)) {
			str_addf(why,
			    "the level of %s is a number from %d to %d, not "
			    "\"%s\"",
			    codec_name(spec->codec), levels[i].min,
			    levels[i].max, text);
			return false;
		}
		spec->level = (int)level;
		spec->level_set = true;
		return true;
	}
	str_addf(why, "\"%s\" has no level", codec_name(spec->codec));
	return false;
}

static bool
set_number(struct codec_spec *spec, const char *name, const char *text,
    uint64_t min, uint64_t max, unsigned *out, struct str *why)
{
	uint64_t value;

	if (spec->codec != CODEC_ZSTD) {
		str_addf(why, "%s has no \"%s\"", codec_name(spec->codec),
		    name);
		return false;
	}
	if (!num_u64(text, min, max, &value)) {
		str_addf(why,
		    "\"%s\" is a number from %llu to %llu, not \"%s\"", name,
		    (unsigned long long)min, (unsigned long long)max, text);
		return false;
	}
	*out = (unsigned)value;
	return true;
}

static bool
set(struct codec_spec *spec, char *word, struct str *why)
{
	char *value = strchr(word, '=');

	if (value == NULL && strcmp(word, "long") != 0)
		return set_level(spec, word, why);
	if (value != NULL)
		*value++ = '\0';
	if (strcmp(word, "level") == 0)
		return set_level(spec, value, why);
	if (strcmp(word, "workers") == 0)
		return set_number(spec, word, value, 0, WORKERS_MAX,
		    &spec->workers, why);
	if (strcmp(word, "long") == 0) {
		spec->long_set = true;
		return set_number(spec, word, value == NULL ? "27" : value,
		    WINDOW_MIN, WINDOW_MAX, &spec->window, why);
	}
	str_addf(why, "\"%s\" is no part of a compression", word);
	return false;
}

static bool
set_all(struct codec_spec *spec, const char *detail, struct str *why)
{
	while (detail != NULL && *detail != '\0') {
		size_t n = strcspn(detail, ",");
		char *word CLEANUP_FREE = mem_strndup(detail, n);

		if (!set(spec, word, why))
			return false;
		detail += n + (detail[n] == ',');
	}
	return true;
}

bool
codec_spec_parse(const char *text, struct codec_spec *spec, struct str *why)
{
	size_t n = strcspn(text, ":");

	*spec = (struct codec_spec){.codec = CODEC_NONE};
	for (int codec = 0; codec < CODECS; codec++) {
		const char *name = codec_name((enum codec)codec);

		if (strlen(name) != n || memcmp(name, text, n) != 0)
			continue;
		spec->codec = (enum codec)codec;
		return set_all(spec, text[n] == ':' ? text + n + 1 : NULL, why);
	}
	str_addf(why, "\"%.*s\" is none of none, gzip, lz4 and zstd", (int)n,
	    text);
	return false;
}

int
codec_spec_level(const struct codec_spec *spec)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (levels[i].codec == spec->codec && !spec->level_set)
			return levels[i].usual;
	return spec->level;
}

void
codec_spec_detail(const struct codec_spec *spec, struct str *out)
{
	if (spec->codec == CODEC_NONE)
		return;
	str_addf(out, "level=%d", codec_spec_level(spec));
	if (spec->workers > 0)
		str_addf(out, ",workers=%u", spec->workers);
	if (spec->long_set)
		str_add(out, ",long");
}
