/* SPDX-License-Identifier: PostgreSQL */
/*
 * One table gives parsing, --help and shell completion.  The options that
 * every tool has stand in a second table, made for each parse.
 */
#include "base/option.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"

#define WIDTH 80    /* of help */
#define HELP_MIN 18 /* where the options' descriptions begin, at least */
#define HELP_MAX 34 /* and at most; a longer option takes a line alone */

static const char *const progress_names[] = {"auto", "bar", "lines", "json",
    "none", NULL};

/* What is being parsed. */
struct parse {
	const struct program *program;
	const struct option_spec *common;
	int argc, at; /* at: the next argument */
	char **argv;
};

/* The common options; the values they set. */
struct common {
	bool quiet, verbose, help, version, options;
	int progress;
	struct option_spec specs[7];
};

static void
common_init(struct common *c)
{
	const struct option_spec specs[7] =
	    {{'q', "quiet", OPTION_FLAG, &c->quiet, NULL,
		 "warnings and errors only, no progress", 0, 0, NULL},
		{'v', "verbose", OPTION_FLAG, &c->verbose, NULL,
		    "say what is being done", 0, 0, NULL},
		{0, "progress", OPTION_CHOICE, &c->progress, "HOW",
		    "how to show progress", 0, 0, progress_names},
		{'V', "version", OPTION_FLAG, &c->version, NULL,
		    "print the version and exit", 0, 0, NULL},
		{'?', "help", OPTION_FLAG, &c->help, NULL,
		    "print this help and exit", 0, 0, NULL},
		{0, "options", OPTION_FLAG, &c->options, NULL, NULL, 0, 0,
		    NULL},
		OPTION_END};

	*c = (struct common){.progress = PROGRESS_AUTO};
	memcpy(c->specs, specs, sizeof(specs));
}

static bool
is_end(const struct option_spec *spec)
{
	return spec->short_name == 0 && spec->long_name == NULL;
}

bool
option_among(const char *list, const char *name)
{
	size_t n = strlen(name);

	while (*list != '\0') {
		size_t word = strcspn(list, " ");

		if (word == n && strncmp(list, name, n) == 0)
			return true;
		list += word + (list[word] == ' ');
	}
	return false;
}

status
option_fault(const char *fmt, ...)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n > 0) {
		str_reserve(&text, (size_t)n);
		va_start(args, fmt);
		(void)vsnprintf(text.data, (size_t)n + 1, fmt, args);
		va_end(args);
	}
	log_error("%s", str_text(&text));
	log_hint("try \"%s --help\"", log_program());
	return STATUS_USAGE;
}

/* --- help and completion --------------------------------------------------- */

static void
add_spaces(struct str *out, size_t n)
{
	while (n-- > 0)
		str_addc(out, ' ');
}

/* "  -j, --jobs=N" */
static void
add_names(struct str *out, const struct option_spec *spec)
{
	const char *argument = spec->argument != NULL ? spec->argument : "ARG";

	if (spec->short_name != 0)
		str_addf(out, "  -%c", spec->short_name);
	else
		str_add(out, "    ");
	if (spec->long_name != NULL)
		str_addf(out, "%s --%s", spec->short_name != 0 ? "," : " ",
		    spec->long_name);
	if (spec->kind != OPTION_FLAG)
		str_addf(out, "%s%s", spec->long_name != NULL ? "=" : " ",
		    argument);
}

/* Add words from the given column on, in as many lines as they need. */
static void
add_wrapped(struct str *out, size_t column, const char *text)
{
	size_t at = column;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (at > column && at + 1 + n > WIDTH) {
			str_addc(out, '\n');
			add_spaces(out, column);
			at = column;
		} else if (at > column) {
			str_addc(out, ' ');
			at++;
		}
		str_addn(out, text, n);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	str_addc(out, '\n');
}

static void
add_help(struct str *out, const struct option_spec *spec)
{
	if (spec->help != NULL)
		str_add(out, spec->help);
	if (spec->kind != OPTION_CHOICE)
		return;
	str_add(out, out->len > 0 ? ": " : "");
	for (const char *const *c = spec->choices; *c != NULL; c++)
		str_addf(out, "%s%s", c != spec->choices ? ", " : "", *c);
}

static size_t
names_width(const struct option_spec *spec, size_t widest)
{
	for (; !is_end(spec); spec++) {
		struct str names CLEANUP(str_free) = STR_INIT;

		add_names(&names, spec);
		if (names.len + 2 > widest && names.len + 2 <= HELP_MAX)
			widest = names.len + 2;
	}
	return widest;
}

static void
add_options(struct str *out, const struct option_spec *spec, size_t column)
{
	for (; !is_end(spec); spec++) {
		struct str names CLEANUP(str_free) = STR_INIT;
		struct str help CLEANUP(str_free) = STR_INIT;

		add_help(&help, spec);
		if (help.len == 0)
			continue; /* not for people */
		add_names(&names, spec);
		str_add(out, str_text(&names));
		if (names.len + 2 > column) {
			str_addc(out, '\n');
			add_spaces(out, column);
		} else {
			add_spaces(out, column - names.len);
		}
		add_wrapped(out, column, str_text(&help));
	}
}

/* Lines, the last one ended: flushed at once. */
static status
print(struct str *out)
{
	if (out->len > 0)
		out->data[out->len - 1] = '\0';
	return io_out_line(str_text(out));
}

static status
print_help(const struct parse *p)
{
	const struct program *program = p->program;
	struct str out CLEANUP(str_free) = STR_INIT;
	size_t column, usage;

	column = names_width(program->options, HELP_MIN);
	column = names_width(p->common, column);
	str_addf(&out, "usage: %s ", program->name);
	usage = out.len;
	add_wrapped(&out, usage, program->usage);
	add_wrapped(&out, 0, program->about);
	str_add(&out, "\noptions:\n");
	add_options(&out, program->options, column);
	add_options(&out, p->common, column);
	if (program->examples != NULL) {
		size_t n = strlen(program->examples);

		str_addf(&out, "\nexamples:\n%s", program->examples);
		if (n > 0 && program->examples[n - 1] != '\n')
			str_addc(&out, '\n');
	}
	return print(&out);
}

/* short TAB long TAB argument TAB choices */
static void
list_options(struct str *out, const struct option_spec *spec)
{
	for (; !is_end(spec); spec++) {
		if (spec->help == NULL && spec->kind == OPTION_FLAG)
			continue;
		if (spec->short_name != 0)
			str_addc(out, spec->short_name);
		str_addf(out, "\t%s\t",
		    spec->long_name != NULL ? spec->long_name : "");
		if (spec->kind != OPTION_FLAG)
			str_add(out,
			    spec->argument != NULL ? spec->argument : "ARG");
		str_addc(out, '\t');
		if (spec->kind == OPTION_CHOICE)
			for (const char *const *c = spec->choices; *c != NULL;
			     c++)
				str_addf(out, "%s%s",
				    c != spec->choices ? " " : "", *c);
		str_addc(out, '\n');
	}
}

static status
print_options(const struct parse *p)
{
	struct str out CLEANUP(str_free) = STR_INIT;

	list_options(&out, p->program->options);
	list_options(&out, p->common);
	return print(&out);
}

/* There is nothing to protect yet, so `| head` may end this quietly. */
static status
answer(const struct parse *p, const struct common *c)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	struct str out CLEANUP(str_free) = STR_INIT;

	(void)sigemptyset(&usual.sa_mask);
	(void)sigaction(SIGPIPE, &usual, NULL);
	if (c->help)
		return print_help(p);
	if (c->options)
		return print_options(p);
	str_addf(&out, "%s (pgpipe) %s", p->program->name, PGPIPE_VERSION);
	return io_out_line(out.data);
}

/* --- values ---------------------------------------------------------------- */

/* How a message names the option: as the user may type it. */
static void
spell(char name[64], const struct option_spec *spec)
{
	if (spec->long_name != NULL)
		(void)snprintf(name, 64, "--%s", spec->long_name);
	else
		(void)snprintf(name, 64, "-%c", spec->short_name);
}

static status
set_count(const struct option_spec *spec, const char *name, const char *text)
{
	uint64_t max = spec->max != 0 ? spec->max : UINT64_MAX;

	if (num_u64(text, spec->min, max, spec->value))
		return STATUS_OK;
	if (spec->max != 0)
		return option_fault("%s: \"%s\" is not a number from %llu to "
				    "%llu",
		    name, text, (unsigned long long)spec->min,
		    (unsigned long long)max);
	return option_fault("%s: \"%s\" is not a number of %llu or more", name,
	    text, (unsigned long long)spec->min);
}

static status
set_size(const struct option_spec *spec, const char *name, const char *text)
{
	char least[32], most[32];
	uint64_t bytes;

	if (!num_size(text, &bytes))
		return option_fault("%s: \"%s\" is not a size such as 64kB, "
				    "256MB or 2GB",
		    name, text);
	num_show_size(least, spec->min);
	num_show_size(most, spec->max);
	if (spec->max != 0 && bytes > spec->max)
		return option_fault("%s: \"%s\" is more than %s", name, text,
		    most);
	if (spec->max != 0 && bytes < spec->min)
		return option_fault("%s: \"%s\" is less than %s", name, text,
		    least);
	*(uint64_t *)spec->value = bytes;
	return STATUS_OK;
}

static status
set_choice(const struct option_spec *spec, const char *name, const char *text)
{
	struct str list CLEANUP(str_free) = STR_INIT;

	for (int i = 0; spec->choices[i] != NULL; i++) {
		if (strcmp(spec->choices[i], text) == 0) {
			*(int *)spec->value = i;
			return STATUS_OK;
		}
		str_addf(&list, "%s%s", i > 0 ? ", " : "", spec->choices[i]);
	}
	return option_fault("%s: \"%s\" is none of %s", name, text,
	    str_text(&list));
}

static status
set(const struct option_spec *spec, const char *text)
{
	char name[64];

	spell(name, spec);
	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)spec->value = true;
		return STATUS_OK;
	case OPTION_TEXT:
		*(const char **)spec->value = text;
		return STATUS_OK;
	case OPTION_LIST:
		strv_add(spec->value, text);
		return STATUS_OK;
	case OPTION_COUNT:
		return set_count(spec, name, text);
	case OPTION_SIZE:
		return set_size(spec, name, text);
	case OPTION_DURATION:
		if (!num_duration(text, spec->value))
			return option_fault("%s: \"%s\" is not a duration "
					    "such as 90s, 15min or 2h",
			    name, text);
		return STATUS_OK;
	case OPTION_CHOICE:
		return set_choice(spec, name, text);
	}
	BUG("option %s has no kind", name);
}

/* --- parsing --------------------------------------------------------------- */

static const struct option_spec *
find_long(const struct option_spec *spec, const char *name, size_t n)
{
	for (; !is_end(spec); spec++)
		if (spec->long_name != NULL && strlen(spec->long_name) == n &&
		    memcmp(spec->long_name, name, n) == 0)
			return spec;
	return NULL;
}

static const struct option_spec *
find_short(const struct option_spec *spec, char name)
{
	for (; !is_end(spec); spec++)
		if (spec->short_name == name)
			return spec;
	return NULL;
}

/* The argument after the option. */
static status
set_next(struct parse *p, const struct option_spec *spec)
{
	char name[64];

	if (p->at < p->argc)
		return set(spec, p->argv[p->at++]);
	spell(name, spec);
	return option_fault("%s needs an argument", name);
}

static status
parse_long(struct parse *p, const char *text)
{
	size_t n = strcspn(text, "=");
	const struct option_spec *spec;

	spec = find_long(p->program->options, text, n);
	if (spec == NULL)
		spec = find_long(p->common, text, n);
	if (spec == NULL)
		return option_fault("unknown option \"--%.*s\"", (int)n, text);
	if (spec->kind == OPTION_FLAG && text[n] == '=')
		return option_fault("--%s takes no argument", spec->long_name);
	if (spec->kind == OPTION_FLAG)
		return set(spec, "");
	if (text[n] == '=')
		return set(spec, text + n + 1);
	return set_next(p, spec);
}

static status
parse_shorts(struct parse *p, const char *text)
{
	const struct option_spec *spec;
	status s;

	for (; *text != '\0'; text++) {
		spec = find_short(p->program->options, *text);
		if (spec == NULL)
			spec = find_short(p->common, *text);
		if (spec == NULL)
			return option_fault("unknown option \"-%c\"", *text);
		if (spec->kind != OPTION_FLAG)
			return text[1] != '\0' ? set(spec, text + 1)
					       : set_next(p, spec);
		if ((s = set(spec, "")) != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

/* Options are taken out of argv; what remains are the operands. */
static status
parse_all(struct parse *p, const struct common *c, int *operands)
{
	bool options = true;
	char *text;
	status s;

	*operands = p->argc > 0 ? 1 : 0;
	while (p->at < p->argc) {
		text = p->argv[p->at++];
		if (!options || text[0] != '-' || text[1] == '\0') {
			p->argv[(*operands)++] = text;
			continue;
		}
		if (strcmp(text, "--") == 0) {
			options = false;
			continue;
		}
		s = text[1] == '-' ? parse_long(p, text + 2)
				   : parse_shorts(p, text + 1);
		if (s != STATUS_OK || c->help || c->version || c->options)
			return s;
	}
	p->argv[*operands] = NULL;
	return STATUS_OK;
}

status
option_parse(const struct program *program, int *argc, char **argv,
    bool *answered)
{
	struct common c;
	struct parse p = {program, c.specs, *argc, 1, argv};
	status s;

	common_init(&c);
	*answered = false;
	s = parse_all(&p, &c, argc);
	if (s != STATUS_OK)
		return s;
	if (c.help || c.version || c.options) {
		*answered = true;
		return answer(&p, &c);
	}
	log_set_quiet(c.quiet);
	log_set_verbose(c.verbose);
	progress_set_mode((enum progress_mode)c.progress);
	return STATUS_OK;
}
