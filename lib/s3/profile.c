/* SPDX-License-Identifier: PostgreSQL */
/*
 * Settings of AWS's files: sections in brackets, "name = value" in them, and
 * below "s3 =" indented ones, which count as the section's own.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "s3/config.h"

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && isspace((unsigned char)*at))
		at++;
	return at;
}

static const char *
trim_end(const char *at, const char *end)
{
	while (end > at && isspace((unsigned char)end[-1]))
		end--;
	return end;
}

static bool
is_word(const char *at, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - at) == n && memcmp(at, word, n) == 0;
}

/* "[default]", "[profile x]" in the config file, "[x]" in the other. */
static bool
is_section(const char *at, const char *end, const char *profile, bool config)
{
	const char *name = skip_blanks(at + 1, end);
	const char *stop = memchr(at, ']', (size_t)(end - at));

	if (stop == NULL)
		return false;
	stop = trim_end(name, stop);
	if (config && stop - name > 8 && strncmp(name, "profile", 7) == 0 &&
	    isspace((unsigned char)name[7]))
		name = skip_blanks(name + 7, stop);
	else if (config && strcmp(profile, "default") != 0)
		return false;
	return is_word(name, stop, profile);
}

static char *
value_of(const char *at, const char *end, const char *setting)
{
	const char *equals = memchr(at, '=', (size_t)(end - at));

	if (equals == NULL || !is_word(at, trim_end(at, equals), setting))
		return NULL;
	at = skip_blanks(equals + 1, end);
	return mem_strndup(at, (size_t)(trim_end(at, end) - at));
}

char *
s3_profile_get(const char *text, const char *profile, bool config,
    const char *setting)
{
	bool inside = false;
	char *value = NULL;

	while (*text != '\0' && value == NULL) {
		const char *end = text + strcspn(text, "\n");
		const char *at = skip_blanks(text, end);

		if (at < end && *at == '[')
			inside = is_section(at, end, profile, config);
		else if (inside && at < end && *at != '#' && *at != ';')
			value = value_of(at, end, setting);
		text = end + (*end == '\n');
	}
	return value;
}
