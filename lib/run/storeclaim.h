/* SPDX-License-Identifier: PostgreSQL */
/*
 * Claims: who is making something of several objects, NAME/..., in a store,
 * which has no locks.  A claim is an object beside them, NAME/claim.TOKEN: a
 * record with "format", "noted" (when, in seconds of the epoch) and what its
 * maker says of it.
 *
 * Whoever puts a claim and then lists the store's names sees all that were there
 * before: of two at once at least one sees the other, and gives way.  What has
 * claims and is not complete counts as being made until the youngest is a week
 * old.
 */
#ifndef RUN_STORECLAIM_H
#define RUN_STORECLAIM_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"
#include "data/record.h"
#include "run/storage.h"

struct storeclaim {
	char *object; /* NULL: none */
};
/* clang-format off */
#define STORECLAIM_INIT {NULL}
/* clang-format on */

/* Put one on a name; note may be NULL.  token: a word of the maker's, who then
 * finds it again; NULL: one that nobody else has.  Kept in c also on failure,
 * for it may be there. */
status storeclaim_put(const struct storage *s, const char *name,
    const char *token, const json_t *note, struct storeclaim *c) MUST_CHECK;
/* What that one says which an earlier run has put; *note NULL: there is none. */
status storeclaim_get(const struct storage *s, const char *name,
    const char *token, json_t **note) MUST_CHECK;
/* The same one, with more to say. */
status storeclaim_note(const struct storage *s, const struct storeclaim *c,
    const json_t *note) MUST_CHECK;
status storeclaim_drop(const struct storage *s, struct storeclaim *c)
    MUST_CHECK;
void storeclaim_free(struct storeclaim *c);

/* Among a store's names: is there a claim on this one that is not c?  With
 * anything: an object of any kind. */
bool storeclaim_has_other(const struct strv *names, const char *name,
    const struct storeclaim *c, bool anything);
/* What the claims on a name say together: the latest time, the first of each
 * other field; *note NULL where there are none.  One that cannot be read is a
 * failure. */
status storeclaim_read(const struct storage *s, const struct strv *names,
    const char *name, json_t **note) MUST_CHECK;
/* By its claims and by the time that its name tells: is it being made? */
bool storeclaim_is_alive(const json_t *note, int64_t begun);

#endif
