# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of pg-wal: servers that write much WAL, archives that the servers'
# user may write, and restored servers.
#
#   archive NAME              make one: its path in $A
#   archiving NAME [CONF...]  a server whose archive_command is pg-wal push to $A
#   fill_wal NAME [N]         N segments of WAL (of 1 MB each, with small_wal)
#   archived NAME             wait until all segments that are whole are archived
#   copy_of NAME OF           a base backup of a running server, not started
#   recover NAME CONF...      start it with recovery.signal
#   listing DIR               names of all files there, sorted, hidden ones too

archive() {	# NAME
	A=$PG_ROOT/$1
	pg_directory "$A"
	export A
}

# Programs where the servers' user can run them, wherever the tree is.
wal_tools() {
	mkdir -p "$PG_ROOT/bin"
	cp "$BUILD/bin/pg-wal" "$PG_ROOT/bin/"
	chmod -R a+rX "$PG_ROOT/bin"
	W=$PG_ROOT/bin/pg-wal
	export W
}

archiving() {	# NAME [CONF...]
	local name=$1
	shift
	pg_start "$name" 'wal_level = replica' 'max_wal_senders = 8' \
		'archive_mode = on' 'full_page_writes = on' \
		"archive_command = '$W push -a $A %p'" "$@"
}

fill_wal() {	# NAME [N]
	local i
	pg_sql "$1" 'create table if not exists filler (n int, t text)'
	for ((i = 0; i < ${2:-1}; i++)); do
		pg_sql "$1" 'insert into filler
			select i, md5(i::text) from generate_series(1, 500) i;
			select pg_switch_wal()' >/dev/null
	done
}

archived() {	# NAME
	local last
	# Just behind a switch the present place is that of the segment before.
	last=$(pg_sql "$1" 'create table if not exists filler (n int, t text);
		insert into filler values (0);
		select pg_walfile_name(pg_current_wal_insert_lsn())')
	pg_sql "$1" 'select pg_switch_wal()' >/dev/null
	wait_for pg_sql_true "$1" "select last_archived_wal >= '$last'
		from pg_stat_archiver"
}

# By the low-level interface, for any version.
copy_of() {	# NAME OF
	local dir=$PG_ROOT/$1 from=$PG_ROOT/$2 start stop
	pg_directory "$dir" && pg_directory "$dir/s" || return
	echo 5432 >"$dir/port"
	start="pg_backup_start('copy', true)"
	stop="pg_backup_stop(false)"
	if [ "$PG_MAJOR" -lt 15 ]; then
		start="pg_start_backup('copy', true, false)"
		stop="pg_stop_backup(false, false)"
	fi
	pg_sql "$2" <<-SQL || return
		\\o /dev/null
		select $start;
		\\! cp -a '$from/data' '$dir/data' 2>/dev/null
		\\o $dir/label
		select labelfile from $stop;
	SQL
	(
		cd "$dir/data" || exit
		rm -rf postmaster.pid postmaster.opts pg_replslot/* pg_wal
		mkdir -p pg_wal/archive_status
		chmod -R go-rwx pg_wal
		mv ../label backup_label
		: >recovery.signal
		sed -i '/^unix_socket_directories/d; /^archive/d; /^listen_addr/d' \
			postgresql.conf
		echo "unix_socket_directories = '$dir/s'" >>postgresql.conf
		[ "$(id -u)" -ne 0 ] || chown -R "$(pg_user)" .
	)
}

recover() {	# NAME CONF...
	pg_start "$@" && wait_for recovery_over "$1" &&
		pg_sql_true "$1" 'select not pg_is_in_recovery()'
}

# Also when the server has given up, which it may after it let readers in.
recovery_over() {	# NAME
	! kill -0 "$(pg_pid "$1")" 2>/dev/null ||
		pg_sql_true "$1" 'select not pg_is_in_recovery()'
}

listing() {	# DIR
	find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort
}
