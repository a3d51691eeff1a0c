# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# Throw-away PostgreSQL servers, for the tests, the demo and the benchmarks.
#
#   pg_start NAME [CONF...]   make the server if need be, and start it
#   pg_stop NAME [MODE]       fast unless MODE says smart or immediate
#   pg_kill NAME              SIGKILL to the postmaster and all its children
#   pg_restart NAME [CONF...] pg_stop and pg_start
#   pg_standby NAME OF [CONF...]  a hot standby of a running server
#   pg_reload NAME
#   pg_hba NAME LINE...       replace pg_hba.conf, and reload
#   pg_pid NAME               the postmaster's process id
#   pg_log NAME               the path of its log
#   pg_data NAME              the path of its data directory
#   pg_dsn NAME [DB]          a libpq connection string, by socket
#   pg_dsn_tcp NAME [DB]      the same by TCP: start it with listen_addresses
#   pg_sql NAME[/DB] [SQL]    run SQL (or stdin) as superuser, bare output
#   pg_cleanup                stop everything, remove everything
#
# A server listens on a socket of its own and not on TCP, unless a CONF line sets
# listen_addresses: then it gets a free port.  Its superuser is "postgres", all
# authentication is trust, fsync is off, the time zone is UTC, the locale is C.UTF-8.
# PostgreSQL refuses to run as root: for root the servers run as "postgres" or
# "nobody".  Everything lives below $PG_ROOT, in /tmp, where such a user can go.
#
# PG_BINDIR chooses the servers' version; psql is the installed one.

pg_die() {
	echo "servers: error: $*" >&2
	return 1
}

# Where the server programs are: the newest that is installed, unless told.
pg_find_bindir() {
	local dir
	if [ -z "${PG_BINDIR:-}" ]; then
		for dir in "$(dirname "$(command -v initdb || echo /)")" \
			$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
			[ -x "$dir/initdb" ] && PG_BINDIR=$dir
		done
	fi
	[ -x "${PG_BINDIR:-}/initdb" ] ||
		pg_die 'no PostgreSQL server found; run "make deps"' || return
	export PG_BINDIR
}

# Debian's psql is a script that takes five times as long as the program which it
# looks for, and tests call it by the thousand.
pg_find_psql() {
	local file
	[ -z "${PG_PSQL:-}" ] || return 0
	PG_PSQL=psql
	[[ $(readlink -f "$(command -v psql)") == */pg_wrapper ]] || return 0
	for file in $(printf '%s\n' /usr/lib/postgresql/*/bin/psql | sort -V); do
		[ -x "$file" ] && PG_PSQL=$file
	done
}

# Nothing of the user's own set-up may steer a test.
pg_clean_environment() {
	local name
	for name in $(compgen -e PG); do
		case $name in
		PG_* | PGPIPE_TEST*) ;;
		*) unset "$name" ;;
		esac
	done
	export PGPASSFILE=/nonexistent/pgpass PGSERVICEFILE=/nonexistent/service
	export PGCONNECT_TIMEOUT=20
}

# Where everything lives.  A test file is several processes, which find the
# directory again by a note in the one that bats gives them.
pg_root() {
	local note=${BATS_FILE_TMPDIR:+$BATS_FILE_TMPDIR/pg_root}
	if [ -z "${PG_ROOT:-}" ] && [ -n "$note" ] && [ -s "$note" ]; then
		PG_ROOT=$(<"$note")
	fi
	if [ -z "${PG_ROOT:-}" ]; then
		PG_ROOT=$(mktemp -d "${PGPIPE_TEST_TMP:-/tmp}/pgp.XXXXXX") ||
			return
	fi
	mkdir -p "$PG_ROOT" && chmod 755 "$PG_ROOT" || return
	[ -z "$note" ] || echo "$PG_ROOT" >"$note"
	export PG_ROOT
}

# Run a command as the servers' user, from a directory that it may be in, and
# without the descriptors that a test runner waits on.
pg_as_server() (
	cd / || exit
	exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
	if [ "$(id -u)" -ne 0 ]; then
		exec "$@"
	fi
	exec setpriv --reuid "$(pg_user)" --regid "$(id -g "$(pg_user)")" \
		--clear-groups env HOME=/ "$@"
)

pg_user() {
	if [ "$(id -u)" -ne 0 ]; then
		id -un
	elif id postgres >/dev/null 2>&1; then
		echo postgres
	else
		echo nobody
	fi
}

pg_data() { echo "$PG_ROOT/$1/data"; }
pg_log() { echo "$PG_ROOT/$1/log"; }
pg_port() { cat "$PG_ROOT/$1/port"; }
pg_pid() { head -n 1 "$PG_ROOT/$1/data/postmaster.pid" 2>/dev/null; }

pg_dsn() {	# NAME[/DB] [DB]
	local name=${1%%/*} db=postgres
	[ "$name" = "$1" ] || db=${1#*/}
	echo "host=$PG_ROOT/$name/s port=$(pg_port "$name") user=postgres" \
		"dbname=${2:-$db}"
}

pg_dsn_tcp() {
	local name=${1%%/*} db=postgres
	[ "$name" = "$1" ] || db=${1#*/}
	echo "host=127.0.0.1 port=$(pg_port "$name") user=postgres" \
		"dbname=${2:-$db}"
}

pg_sql() {	# NAME[/DB] [SQL]
	local name=$1
	shift
	if [ $# -gt 0 ]; then
		"$PG_PSQL" -XAtq -v ON_ERROR_STOP=1 -d "$(pg_dsn "$name")" <<<"$1"
	else
		"$PG_PSQL" -XAtq -v ON_ERROR_STOP=1 -d "$(pg_dsn "$name")"
	fi
}

pg_free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

pg_initdb() {	# directory
	local locale=C
	locale -a 2>/dev/null | grep -qi '^C\.UTF-\?8$' && locale=C.UTF-8
	pg_as_server "$PG_BINDIR/initdb" -D "$1" -U postgres -A trust -N \
		-E UTF8 --locale=$locale >"${1%/*}/initdb.log" 2>&1 || {
		cat "${1%/*}/initdb.log" >&2
		return 1
	}
	cat >>"$1/postgresql.conf" <<-'CONF'
		fsync = off
		full_page_writes = off
		listen_addresses = ''
		shared_buffers = 64MB
		dynamic_shared_memory_type = mmap
		wal_keep_size = 64MB
		max_wal_size = 2GB
		password_encryption = 'scram-sha-256'
		timezone = 'UTC'
		log_timezone = 'UTC'
		jit = off
		log_line_prefix = '%m [%p] %a '
	CONF
}

# initdb takes a second, a copy a tenth of it.  A copy needs an identity of its
# own, or source and target would pass for one server: with the low half of the system
# identifier changed, pg_resetwal writes pg_control anew, all else as it was.
pg_make_data() {	# directory
	local template=${PG_TEMPLATE:-$PG_ROOT/template/data}
	if [ ! -x "$PG_BINDIR/pg_resetwal" ]; then
		pg_initdb "$1"
		return
	fi
	if [ ! -d "$template" ]; then
		pg_directory "${template%/*}" && pg_initdb "$template" || return
	fi
	cp -a --reflink=auto "$template" "$1" || return
	head -c 4 /dev/urandom |
		dd of="$1/global/pg_control" conv=notrunc status=none || return
	pg_as_server "$PG_BINDIR/pg_resetwal" -f "$1" >/dev/null 2>&1
}

pg_directory() {	# path
	mkdir -p "$1" || return
	[ "$(id -u)" -ne 0 ] || chown "$(pg_user)" "$1"
}

pg_create() {	# NAME
	local dir=$PG_ROOT/$1
	pg_directory "$dir" && pg_directory "$dir/s" || return
	echo 5432 >"$dir/port"
	pg_make_data "$dir/data" || return
	echo "unix_socket_directories = '$dir/s'" >>"$dir/data/postgresql.conf"
}

pg_start() {	# NAME [CONF...]
	local name=$1 dir line
	shift
	pg_root || return
	dir=$PG_ROOT/$name
	[ -d "$dir/data" ] || pg_create "$name" || {
		pg_die "could not make server \"$name\""
		return 1
	}
	for line; do
		echo "$line" >>"$dir/data/postgresql.conf"
		case $line in
		*listen_addresses*)
			pg_free_port >"$dir/port"
			echo "port = $(<"$dir/port")" >>"$dir/data/postgresql.conf"
			;;
		esac
	done
	pg_as_server "$PG_BINDIR/pg_ctl" -D "$dir/data" -l "$dir/log" -s -w \
		-t 120 start </dev/null >/dev/null 2>"$dir/start.log" || {
		cat "$dir/start.log" >&2
		tail -n 20 "$dir/log" >&2
		pg_die "could not start server \"$name\""
		return 1
	}
}

pg_stop() {	# NAME [MODE]
	pg_as_server "$PG_BINDIR/pg_ctl" -D "$(pg_data "$1")" -s -w -t 120 \
		-m "${2:-fast}" stop </dev/null
}

pg_restart() {	# NAME [CONF...]
	pg_stop "$1" && pg_start "$@"
}

pg_reload() {	# NAME
	pg_as_server "$PG_BINDIR/pg_ctl" -D "$(pg_data "$1")" -s reload
}

pg_hba() {	# NAME LINE...
	local file
	file=$(pg_data "$1")/pg_hba.conf
	printf '%s\n' "${@:2}" >"$file" || return
	[ -z "$(pg_pid "$1")" ] || pg_reload "$1"
}

pg_kill() {	# NAME
	local pid
	pid=$(pg_pid "$1") || return
	[ -n "$pid" ] || return
	pg_kill_tree "$pid"
	pg_remove_memory "$(pg_data "$1")/postmaster.pid"
	# Until somebody has reaped it, the dead postmaster keeps its number, and a
	# new one would take it for a living rival.
	! kill -0 "$pid" 2>/dev/null ||
		rm -f "$(pg_data "$1")/postmaster.pid" "$PG_ROOT/$1"/s/.s.*.lock
}

# A postmaster that is gone takes its children with it; a killed one cannot, and
# they notice a little later, so they are killed along and waited for.
pg_kill_tree() {	# pid
	local pids pid
	pids="$1 $(ps -o pid= --ppid "$1" | tr '\n' ' ')"
	# shellcheck disable=SC2086 # a list of numbers
	kill -KILL $pids 2>/dev/null
	for pid in $pids; do
		while pg_alive "$pid"; do
			sleep 0.02
		done
	done
}

pg_alive() {	# pid
	case $(ps -o stat= -p "$1") in
	'' | Z*) return 1 ;;
	esac
}

# The one shared memory segment that a killed server leaves in the system.
pg_remove_memory() {	# postmaster.pid
	local id
	id=$(awk 'NR == 7 { print $2 }' "$1")
	[ -z "$id" ] || ipcrm -m "$id" 2>/dev/null || :
}

# A base backup by the low-level interface: pg_basebackup refuses servers that
# are newer than itself.
pg_standby() {	# NAME OF [CONF...]
	local name=$1 of=$2 dir=$PG_ROOT/$1 from=$PG_ROOT/$2 start stop
	shift 2
	pg_directory "$dir" && pg_directory "$dir/s" || return
	echo 5432 >"$dir/port"
	start="pg_backup_start('standby', true)"
	stop="pg_backup_stop(false)"
	if [ "$(pg_sql "$of" 'show server_version_num')" -lt 150000 ]; then
		start="pg_start_backup('standby', true, false)"
		stop="pg_stop_backup(false, false)"
	fi
	# The copy runs inside the session that holds the backup open.  Files come
	# and go meanwhile, which is what the write-ahead log is for.
	pg_sql "$of" <<-SQL || return
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
		: >standby.signal
		sed -i '/^unix_socket_directories/d; /^port/d; /^listen_addr/d' \
			postgresql.conf
		cat >>postgresql.conf <<-CONF
			unix_socket_directories = '$dir/s'
			listen_addresses = ''
			primary_conninfo = '$(pg_dsn "$of" | sed 's/ dbname=.*//')'
			hot_standby = on
		CONF
		[ "$(id -u)" -ne 0 ] ||
			chown -R "$(pg_user)" pg_wal backup_label standby.signal \
				postgresql.conf
	) || return
	pg_start "$name" "$@"
}

# Wait until a standby has replayed all that its primary has written.
pg_caught_up() {	# STANDBY OF
	local lsn
	lsn=$(pg_sql "$2" 'select pg_current_wal_lsn()') || return
	wait_for pg_sql_true "$1" "select pg_last_wal_replay_lsn() >= '$lsn'"
}

pg_sql_true() {	# NAME SQL
	[ "$(pg_sql "$@" 2>/dev/null)" = t ]
}

# Run a command again and again until it succeeds: wait_for [-t SECONDS] COMMAND
wait_for() {
	local seconds=60 end
	if [ "$1" = -t ]; then
		seconds=$2
		shift 2
	fi
	end=$((SECONDS + seconds))
	until "$@"; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "still not after $seconds s: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# Stop and remove whatever lives below a directory, in whatever state it is.
pg_remove_root() {	# directory
	local file mount
	for file in "$1"/*/data/postmaster.pid; do
		[ ! -f "$file" ] || pg_end "$file"
	done
	while read -r mount; do
		umount -l "$mount"
	done < <(awk -v root="$1/" 'index($2, root) == 1 { print $2 }' /proc/mounts)
	rm -rf "$1"
}

# SIGQUIT is an immediate shutdown, which leaves no shared memory behind.
pg_end() {	# postmaster.pid
	local pid tries=0
	pid=$(head -n 1 "$1" 2>/dev/null)
	if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "${1%/*}" ]; then
		kill -CONT "$pid"
		kill -QUIT "$pid"
		while pg_alive "$pid" && [ $((tries += 1)) -lt 200 ]; do
			sleep 0.02
		done
		! pg_alive "$pid" || pg_kill_tree "$pid"
	fi
	[ ! -f "$1" ] || pg_remove_memory "$1"
}

pg_cleanup() {
	local note=${BATS_FILE_TMPDIR:+$BATS_FILE_TMPDIR/pg_root}
	if [ -z "${PG_ROOT:-}" ] && [ -n "$note" ] && [ -s "$note" ]; then
		PG_ROOT=$(<"$note")
	fi
	[ -n "${PG_ROOT:-}" ] || return 0
	if [ -n "${PGPIPE_TEST_LOGS:-}" ]; then
		local log name
		for log in "$PG_ROOT"/*/log; do
			[ -f "$log" ] || continue
			name=${log%/log}
			mkdir -p "$PGPIPE_TEST_LOGS" &&
				cp "$log" "$PGPIPE_TEST_LOGS/${name##*/}.log"
		done
	fi
	pg_remove_root "$PG_ROOT"
	[ -z "$note" ] || rm -f "$note"
	unset PG_ROOT
}

pg_clean_environment
pg_find_bindir || exit 1
pg_find_psql
export PG_PSQL
