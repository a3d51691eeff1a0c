/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the server is told: recovery.signal or standby.signal, and a block of
 * settings at the end of postgresql.auto.conf, which is read last.
 *
 * A copy must not push into the archive of the original: its segments have
 * the same names and other contents.  So archiving is off in whatever is
 * restored, unless the user says that it is the original now.
 */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "restore/inside.h"

#define AUTO_CONF "postgresql.auto.conf"
#define AUTO_CONF_MAX ((size_t)16 * 1024 * 1024)

/* Of an earlier recovery, or of where the backup was taken. */
static const char *const stale[] = {"recovery_target", "recovery_target_action",
    "recovery_target_inclusive", "recovery_target_lsn", "recovery_target_name",
    "recovery_target_time", "recovery_target_timeline", "recovery_target_xid",
    "restore_command", "recovery_end_command", "archive_cleanup_command",
    "primary_conninfo", "primary_slot_name", "promote_trigger_file"};
#define NSTALE (sizeof(stale) / sizeof(stale[0]))

static bool
is_stale(const char *line)
{
	size_t n;

	line += strspn(line, " \t");
	n = strcspn(line, " \t=\n");
	for (size_t i = 0; i < NSTALE; i++)
		if (strlen(stale[i]) == n &&
		    strncasecmp(line, stale[i], n) == 0)
			return true;
	return false;
}

static status
read_auto_conf(struct restore *r, struct str *out)
{
	int fd = spot_open_below(r->data.fd, AUTO_CONF, O_RDONLY, 0);
	char bytes[8192];
	size_t n = 1;
	status s = STATUS_OK;

	if (fd < 0)
		return STATUS_OK; /* there was none */
	while (s == STATUS_OK && n > 0 && out->len < AUTO_CONF_MAX) {
		s = io_read(fd, bytes, sizeof(bytes), &n, AUTO_CONF);
		str_addn(out, bytes, n);
	}
	(void)close(fd);
	return s;
}

/* The lines that are to stay. */
static void
keep_lines(const char *text, struct str *out)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (!is_stale(text)) {
			str_addn(out, text, n);
			str_addc(out, '\n');
		}
		text += n + (text[n] == '\n');
	}
}

/* name = 'value', with what the file's syntax has for quotes and backslashes.
 * A line cannot hold a newline. */
static void
set(struct str *out, const char *name, const char *value)
{
	str_addf(out, "%s = '", name);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			str_addc(out, *value);
		if (*value == '\n')
			str_add(out, "\\n");
		else
			str_addc(out, *value);
	}
	str_add(out, "'\n");
}

static const char *
target_setting(enum restore_target target)
{
	switch (target) {
	case TARGET_IMMEDIATE:
		return "recovery_target";
	case TARGET_TIME:
		return "recovery_target_time";
	case TARGET_LSN:
		return "recovery_target_lsn";
	case TARGET_XID:
		return "recovery_target_xid";
	case TARGET_NAME:
		return "recovery_target_name";
	case TARGET_NONE:
		break;
	}
	return NULL;
}

static const char *
target_value(const struct restore *r)
{
	if (r->o->target == TARGET_IMMEDIATE)
		return "immediate";
	if (r->o->target == TARGET_TIME)
		return r->target_time;
	return r->o->target_value;
}

/* The empty ones come first: postgresql.conf may have one of them set, and
 * the server counts in the order of the last file. */
static void
add_target(const struct restore *r, struct str *out)
{
	const char *chosen = target_setting(r->o->target);

	for (int i = TARGET_IMMEDIATE; i <= TARGET_NAME; i++) {
		const char *name = target_setting((enum restore_target)i);

		if (name != chosen)
			set(out, name, "");
	}
	if (chosen != NULL)
		set(out, chosen, target_value(r));
	set(out, "recovery_target_inclusive", r->o->exclusive ? "off" : "on");
	set(out, "recovery_target_action", restore_actions[r->o->action]);
}

static void
add_recovery(const struct restore *r, struct str *out)
{
	if (r->restore_command != NULL)
		set(out, "restore_command", r->restore_command);
	set(out, "recovery_end_command", "");
	set(out, "archive_cleanup_command", "");
	set(out, "recovery_target_timeline",
	    r->o->timeline != NULL ? r->o->timeline : "latest");
	if (r->o->standby) {
		set(out, "primary_conninfo",
		    r->o->primary != NULL ? r->o->primary : "");
		set(out, "primary_slot_name", "");
	}
	if (!r->o->standby)
		add_target(r, out);
}

static void
add_block(const struct restore *r, struct str *out)
{
	str_addf(out, "# Added by pg-restore-local, %s.\n", r->stamp);
	if (!r->o->keep_archiving) {
		str_add(out,
		    "# A copy must not write to the archive of the "
		    "original; --keep-archiving\n# leaves this to "
		    "postgresql.conf.\n");
		set(out, "archive_mode", "off");
	}
	if (r->recovers)
		add_recovery(r, out);
	for (size_t i = 0; i < r->o->settings.len; i++) {
		char *name CLEANUP_FREE = mem_strdup(r->o->settings.data[i]);
		size_t n = strcspn(name, "=");

		if (name[n] == '\0')
			BUG("a setting without a value");
		name[n] = '\0';
		set(out, name, name + n + 1);
	}
}

static status
signal_file(struct restore *r)
{
	if (r->o->standby)
		return restore_put(r, "standby.signal", "", 0);
	return r->recovers ? restore_put(r, "recovery.signal", "", 0)
			   : STATUS_OK;
}

status
restore_settings(struct restore *r)
{
	struct str before CLEANUP(str_free) = STR_INIT;
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = read_auto_conf(r, &before);

	if (s != STATUS_OK)
		return s;
	keep_lines(str_text(&before), &text);
	add_block(r, &text);
	s = restore_put(r, AUTO_CONF, text.data, text.len);
	if (!r->o->standby && r->info->standby_signal)
		restore_note(r,
		    "the backup is of a standby, or was made to be one; it "
		    "was restored as a server of its own (--standby makes a "
		    "standby)");
	return s == STATUS_OK ? signal_file(r) : s;
}
