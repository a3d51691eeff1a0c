/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whom the data directory is to belong to.  Names within an archive mean
 * nothing: the server writes "postgres" into each, whoever ran it.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "restore/inside.h"

static bool
number(const char *text, uint64_t *out)
{
	return num_u64(text, 0, UINT32_MAX - 1, out);
}

static status
unknown(const char *what, const char *name)
{
	log_error("there is no %s \"%s\" here", what, name);
	log_hint("a number is taken as it is: --owner UID:GID");
	return STATUS_USAGE;
}

static status
find_group(const char *name, gid_t *gid)
{
	uint64_t id;
	const struct group *g;

	if (number(name, &id)) {
		*gid = (gid_t)id;
		return STATUS_OK;
	}
	g = getgrnam(name);
	if (g == NULL)
		return unknown("group", name);
	*gid = g->gr_gid;
	return STATUS_OK;
}

/* A user's own group counts where none is named. */
static status
find_user(const char *name, uid_t *uid, gid_t *gid)
{
	uint64_t id;
	const struct passwd *p;

	if (number(name, &id)) {
		*uid = (uid_t)id;
		p = getpwuid(*uid);
		*gid = p == NULL ? (gid_t)id : p->pw_gid;
		return STATUS_OK;
	}
	p = getpwnam(name);
	if (p == NULL)
		return unknown("user", name);
	*uid = p->pw_uid;
	*gid = p->pw_gid;
	return STATUS_OK;
}

static status
parse(struct restore *r)
{
	char *name CLEANUP_FREE = mem_strdup(r->o->owner);
	char *group = strchr(name, ':');
	status s;

	if (group != NULL)
		*group++ = '\0';
	s = find_user(name, &r->uid, &r->gid);
	if (s == STATUS_OK && group != NULL)
		s = find_group(group, &r->gid);
	return s;
}

/* Without a word of the user it is who owns what is there, or what it is
 * made in. */
static bool
guess(struct restore *r)
{
	char *parent CLEANUP_FREE = mem_strdup(r->data.final);
	const struct passwd *p;
	struct stat st;

	if (stat(r->data.final, &st) == 0 && st.st_uid != 0) {
		r->uid = st.st_uid;
		r->gid = st.st_gid;
		return true;
	}
	*strrchr(parent, '/') = '\0';
	if (stat(*parent == '\0' ? "/" : parent, &st) != 0 || st.st_uid == 0)
		return false;
	p = getpwuid(st.st_uid);
	r->uid = st.st_uid;
	r->gid = p != NULL ? p->pw_gid : st.st_gid;
	return true;
}

status
restore_owner(struct restore *r)
{
	bool root = geteuid() == 0;

	r->uid = geteuid();
	r->gid = getegid();
	if (r->o->owner != NULL) {
		if (parse(r) != STATUS_OK)
			return STATUS_USAGE;
	} else if (root && !guess(r)) {
		log_error("to whom is \"%s\" to belong?", r->data.final);
		log_hint("a server does not run as root: --owner postgres, or "
			 "--owner UID:GID for a container");
		return STATUS_USAGE;
	}
	if (r->uid == 0) {
		log_error("a data directory cannot belong to root");
		return STATUS_USAGE;
	}
	if (!root && r->uid != geteuid()) {
		log_error("only root can give \"%s\" to another user",
		    r->data.final);
		return STATUS_FAIL;
	}
	r->chown = root || r->gid != getegid();
	return STATUS_OK;
}
