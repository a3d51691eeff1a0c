/* SPDX-License-Identifier: PostgreSQL */
/*
 * Claims in stores.
 */
#include "run/storeclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#define FORMAT 1
#define WEEK (7 * 24 * 60 * 60)
#define TOKEN 8 /* bytes */

/* Nobody else's. */
static status
make_token(struct str *out)
{
	unsigned char bytes[TOKEN];
	size_t n = 0, got = 1;
	status s = STATUS_OK;
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && s == STATUS_OK && n < TOKEN && got > 0) {
		s = io_read(fd, bytes + n, TOKEN - n, &got, "/dev/urandom");
		n += got;
	}
	if (fd < 0 || (s == STATUS_OK && n < TOKEN)) {
		log_error("could not read \"/dev/urandom\": %s",
		    fd < 0 ? strerror(errno) : "it ends");
		s = STATUS_FAIL;
	}
	if (fd >= 0)
		(void)close(fd);
	for (size_t i = 0; s == STATUS_OK && i < TOKEN; i++)
		str_addf(out, "%02x", bytes[i]);
	return s;
}

status
storeclaim_put(const struct storage *s, const char *name, const char *token,
    const json_t *note, struct storeclaim *c)
{
	struct str word CLEANUP(str_free) = STR_INIT;
	status st = STATUS_OK;

	if (token != NULL)
		str_add(&word, token);
	else
		st = make_token(&word);
	if (st != STATUS_OK)
		return st;
	storeclaim_free(c);
	c->object = mem_printf("%s/claim.%s", name, str_text(&word));
	return storeclaim_note(s, c, note);
}

status
storeclaim_note(const struct storage *s, const struct storeclaim *c,
    const json_t *note)
{
	json_t *record CLEANUP(record_cleanup) = json_object();
	struct str text CLEANUP(str_free) = STR_INIT;

	if (note != NULL)
		(void)json_object_update(record, (json_t *)(uintptr_t)note);
	record_set_int(record, "format", FORMAT);
	record_set_int(record, "noted", (int64_t)time(NULL));
	record_show(record, &text);
	str_addc(&text, '\n');
	return storage_put_text(s, c->object, text.data, text.len);
}

status
storeclaim_drop(const struct storage *s, struct storeclaim *c)
{
	status st =
	    c->object == NULL ? STATUS_OK : storage_remove(s, c->object);

	storeclaim_free(c);
	return st;
}

void
storeclaim_free(struct storeclaim *c)
{
	free(c->object);
	*c = (struct storeclaim)STORECLAIM_INIT;
}

/* What follows "NAME/"; NULL in another. */
static const char *
below(const char *object, const char *name)
{
	size_t n = strlen(name);

	return strncmp(object, name, n) == 0 && object[n] == '/'
	    ? object + n + 1
	    : NULL;
}

static bool
is_claim(const char *object, const char *name)
{
	const char *rest = below(object, name);

	return rest != NULL && strncmp(rest, "claim.", strlen("claim.")) == 0;
}

bool
storeclaim_has_other(const struct strv *names, const char *name,
    const struct storeclaim *c, bool anything)
{
	for (size_t i = 0; i < names->len; i++)
		if ((anything ? below(names->data[i], name) != NULL
			      : is_claim(names->data[i], name)) &&
		    !str_eq(names->data[i], c->object))
			return true;
	return false;
}

static status
read_one(const struct storage *s, const char *object, json_t **out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status st = storage_get_text(s, object, RECORD_MAX, &text);

	if (st == STATUS_OK)
		st = record_parse(str_text(&text),
		    strcspn(str_text(&text), "\n"), object, out);
	if (st != STATUS_OK || record_int(*out, "format") == FORMAT)
		return st;
	log_error("\"%s\" has a format that this program does not know",
	    object);
	return STATUS_USAGE;
}

status
storeclaim_get(const struct storage *s, const char *name, const char *token,
    json_t **note)
{
	char *object CLEANUP_FREE = mem_printf("%s/claim.%s", name, token);
	uint64_t bytes;
	status st = storage_stat(s, object, &bytes);

	*note = NULL;
	if (st != STATUS_OK)
		return st == STATUS_NO ? STATUS_OK : st;
	return read_one(s, object, note);
}

static void
add_to(json_t **note, json_t *one)
{
	int64_t noted = record_int(one, "noted");

	if (*note == NULL) {
		*note = json_incref(one);
		return;
	}
	if (noted > record_int(*note, "noted"))
		record_set_int(*note, "noted", noted);
	(void)json_object_update_missing(*note, one);
}

status
storeclaim_read(const struct storage *s, const struct strv *names,
    const char *name, json_t **note)
{
	status st = STATUS_OK;

	*note = NULL;
	for (size_t i = 0; st == STATUS_OK && i < names->len; i++) {
		json_t *one CLEANUP(record_cleanup) = NULL;

		if (!is_claim(names->data[i], name))
			continue;
		st = read_one(s, names->data[i], &one);
		if (st == STATUS_OK)
			add_to(note, one);
	}
	if (st != STATUS_OK)
		record_cleanup(note);
	return st;
}

bool
storeclaim_is_alive(const json_t *note, int64_t begun)
{
	int64_t noted = record_int(note, "noted");

	return (noted > begun ? noted : begun) + WEEK > (int64_t)time(NULL);
}
