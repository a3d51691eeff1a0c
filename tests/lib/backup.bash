# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of pg-basebackup-wrap: backups in the middle of which something
# happens, and servers started from a backup with tar(1) alone.

# What every server of these tests has: a table and one in a tablespace.
backup_server() {	# NAME [CONF...]
	local name=$1
	shift
	pg_start "$name" 'max_wal_senders = 10' "$@" || return
	pg_sql "$name" <<-'SQL'
		create table plain as
			select i, md5(i::text) v from generate_series(1, 20000) i;
		create index on plain (i);
	SQL
}

backup_tablespace() {	# NAME DIR
	pg_directory "$2"
	local name=${2##*/}
	name=${name//\"/}
	pg_sql "$1" "create tablespace \"$name\" location E'${2//\\/\\\\}'"
	pg_sql "$1" "create table \"in $name\" tablespace \"$name\" as
		select * from plain"
}

backup() { pg-basebackup-wrap -d "$SRC" "$@"; }

# A backup of a server that is throttled, so that something can happen
# meanwhile: begin_slow NAME ARGUMENTS...  Its output goes to slow.out and
# slow.err, its exit code is end_slow's.
begin_slow() {
	local name=$1
	shift
	pg-basebackup-wrap -d "$(pg_dsn "$name")" --max-rate "${SLOW_RATE:-2MB}" \
		"$@" >slow.out 2>slow.err &
	SLOW=$!
	wait_for -t 30 slow_is_sending "$name"
}

slow_is_sending() {	# NAME
	pg_sql_true "$1" "select coalesce(bool_or(backup_streamed > 0), false)
		from pg_stat_progress_basebackup" || ! kill -0 "$SLOW"
}

end_slow() {	# CODE
	local got=0
	wait "$SLOW" || got=$?
	err=$(text_of slow.err)
	is "$got" "$1" "exit of the slow backup: $err"
}

unpack() {	# FILE: its bytes without a compression
	case $1 in
	*.zst) zstd -dcq "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# The parts of a backup, put where a server wants them: tablespaces go to
# directories of their own, which tablespace_map is told.
restored() {	# NAME BACKUP: a directory of -o, or a file of --tar
	local data=$PG_ROOT/$1/data file oid
	pg_directory "$PG_ROOT/$1" && pg_directory "$PG_ROOT/$1/s" || return
	echo 5432 >"$PG_ROOT/$1/port"
	mkdir -m 700 "$data"
	if [ -d "$2" ]; then
		unpack "$(echo "$2"/base.tar*)" | tar -xC "$data" || return
		for file in "$2"/pg_wal.tar*; do
			[ ! -e "$file" ] ||
				unpack "$file" | tar -xC "$data/pg_wal" || return
		done
		for file in "$2"/[0-9]*.tar*; do
			[ -e "$file" ] || continue
			oid=${file##*/}
			oid=${oid%%.*}
			mkdir -p "$data/pg_tblspc/$oid"
			unpack "$file" | tar -xC "$data/pg_tblspc/$oid" || return
		done
	else
		unpack "$2" | tar -xC "$data" || return
	fi
	if [ -e "$data/tablespace_map" ]; then
		while read -r oid _; do
			mv "$data/pg_tblspc/$oid" "$PG_ROOT/$1/ts.$oid"
			echo "$oid $PG_ROOT/$1/ts.$oid"
		done <"$data/tablespace_map" >map
		cat map >"$data/tablespace_map"
	fi
	start_restored "$1"
}

start_restored() {	# NAME: whose data directory is there
	local dir=$PG_ROOT/$1
	rm -f "$dir/data/standby.signal"
	sed -i '/^unix_socket_directories/d; /^port/d; /^listen_addr/d; /^primary_conn/d; /^archive/d' \
		"$dir/data/postgresql.conf"
	[ "$(id -u)" -ne 0 ] || chown -R "$(pg_user)" "$dir"
	pg_start "$1" "unix_socket_directories = '$dir/s'" &&
		wait_for pg_sql_true "$1" 'select not pg_is_in_recovery()'
}

same_plain() {	# NAME: restored from src
	is "$(pg_sql "$1" 'select count(*), sum(i), max(v) from plain')" \
		"$(pg_sql src 'select count(*), sum(i), max(v) from plain')"
}

the_backup() { find "${1:-b}" -mindepth 1 -maxdepth 1 | sort | tail -n 1; }
nothing_left() { is "$(find "${1:-b}" -mindepth 1 2>/dev/null)" ''; }
