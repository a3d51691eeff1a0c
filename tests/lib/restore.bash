# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of pg-restore-local: a server with an archive and a tablespace,
# backups of it in every layout, and restored servers that pg_sql reaches.
#
#   site NAME                 a place for a server: $PG_ROOT/NAME, made
#   restore NAME ARG...       pg-restore-local -D of it, with a socket of its own
#   restored NAME             its data directory
#   start NAME                start it by pg_ctl, as the server's user
#   halt NAME                 stop it
#   take DIR ARG...           pg_basebackup -D DIR of src (13 to 15)
#   ours ARG...               pg-basebackup-wrap of src

CLIENT_MAJOR=$(pg_basebackup --version 2>/dev/null | sed -E 's/[^0-9]*([0-9]+).*/\1/')
ARCHIVE_LIVES="archive_command = 'test ! -f %s/%%f && cp %%p %s/%%f'"

restore_setup_file() {
	common_setup_file
	B=$PG_ROOT/backups
	mkdir -p "$B"
	export B
	pg_create_archive src
	# shellcheck disable=SC2059 # the format is ours
	pg_start src 'wal_level = replica' 'max_wal_senders = 8' \
		'archive_mode = on' 'full_page_writes = on' \
		"$(printf "$ARCHIVE_LIVES" "$PG_ROOT/src/archive" "$PG_ROOT/src/archive")"
	pg_directory "$PG_ROOT/src/space"
	pg_sql src <<-SQL
		create tablespace space location '$PG_ROOT/src/space';
		create table t as select i, md5(i::text) m, repeat('x', i % 90) r
			from generate_series(1, 20000) i;
		create index on t (m);
		create table spaced (a int primary key, b text) tablespace space;
		insert into spaced select i, md5(i::text) from generate_series(1, 5000) i;
		create table marks (n int);
		create unlogged table fleeting as select 1;
	SQL
}

pg_create_archive() {	# NAME
	pg_directory "$PG_ROOT/$1" && pg_directory "$PG_ROOT/$1/archive"
}

site() {	# NAME
	pg_directory "$PG_ROOT/$1" && pg_directory "$PG_ROOT/$1/s" &&
		echo 5432 >"$PG_ROOT/$1/port"
}

restored() { echo "$PG_ROOT/$1/data"; }

restore() {	# NAME ARG...
	local name=$1
	shift
	site "$name" || return
	pg-restore-local -D "$PG_ROOT/$name/data" --bindir "$PG_BINDIR" \
		-c unix_socket_directories="$PG_ROOT/$name/s" \
		-c listen_addresses= --tablespaces-in "$PG_ROOT/$name/spaces" "$@"
}

start() {	# NAME
	pg_as_server "$PG_BINDIR/pg_ctl" -D "$(restored "$1")" -s -w -t 60 \
		-l "$PG_ROOT/$1/log" start </dev/null >/dev/null 2>&1
}

halt() {	# NAME [MODE]
	pg_as_server "$PG_BINDIR/pg_ctl" -D "$(restored "$1")" -s -w -t 60 \
		-m "${2:-fast}" stop </dev/null
}

replication() { pg_dsn src | sed 's/ dbname=.*//'; }

take() {	# DIR ARG...
	[ "${CLIENT_MAJOR:-0}" -ge "$PG_MAJOR" ] ||
		skip "the pg_basebackup here is older than $PG_MAJOR"
	rm -rf "$1"
	pg_basebackup -d "$(replication)" -c fast -D "$@"
}

ours() { pg-basebackup-wrap -d "$(replication)" -q "$@"; }

# A backup directory that most tests start from, taken once a file.
a_backup() {
	if [ ! -s "$PG_ROOT/a_backup" ]; then
		ours -Z none -o "$B" >"$PG_ROOT/a_backup" || return
	fi
	BACKUP=$(<"$PG_ROOT/a_backup")
	export BACKUP
}

# The server of that name holds what src held.
holds_all() {	# NAME
	is "$(pg_sql "$1" 'select count(*), sum(hashtext(t::text)) from t')" \
		"$(pg_sql src 'select count(*), sum(hashtext(t::text)) from t')" &&
		is "$(pg_sql "$1" 'select count(*), sum(hashtext(s::text)) from spaced s')" \
			"$(pg_sql src 'select count(*), sum(hashtext(s::text)) from spaced s')" &&
		amcheck "$1"
}

amcheck() {	# NAME
	local program=/usr/lib/postgresql/$PG_MAJOR/bin/pg_amcheck
	[ -x "$program" ] || return 0
	[ -e "$PG_BINDIR/../share/extension/amcheck.control" ] ||
		[ -e "/usr/share/postgresql/$PG_MAJOR/extension/amcheck.control" ] ||
		return 0
	"$program" -h "$PG_ROOT/$1/s" -U postgres --install-missing \
		--heapallindexed -d postgres
}

# Nothing of a server can start there by accident.
not_startable() {	# NAME
	local data
	for data in "$PG_ROOT/$1/data" "$PG_ROOT/$1/data.new"; do
		[ ! -e "$data/global/pg_control" ] || {
			echo "a pg_control is in $data"
			return 1
		}
	done
}

# The same as it was, file by file.
fingerprint() {	# directory
	(cd "$1" && find . -type f ! -name postmaster.pid -print0 | sort -z |
		xargs -0 sha1sum | sha1sum)
}

switch_wal() {
	local before
	before=$(pg_sql src 'select last_archived_wal from pg_stat_archiver')
	pg_sql src 'insert into marks values (-1); select pg_switch_wal()' >/dev/null
	wait_for pg_sql_true src "select last_archived_wal > '$before'
		from pg_stat_archiver"
}

# Where in a tar a member's bytes begin: offset_of ARCHIVE MEMBER
offset_of() {
	tar -tvRf "$1" | awk -v name="$2" '
		{ gsub(":", "", $2) } $NF == name { print ($2 + 1) * 512; exit }'
}
