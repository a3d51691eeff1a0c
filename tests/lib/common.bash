# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# What every test file loads: `load lib/common`.  It brings the servers of
# lib/server.bash, puts the tools first in PATH, gives each test a directory of its
# own to work in, and after the last test stops and removes everything.
#
#   exits CODE COMMAND...     run it; $out and $err hold what it wrote, the files
#                             $OUT and $ERR too (an archive, say, is not text)
#   pipes "CODES" 'SHELL'     run a pipeline; CODES are the expected exit codes of
#                             its stages, as "0 0 1"; "*" for any; $out, $err
#   is ACTUAL EXPECTED [WHAT] equal strings
#   like TEXT REGEX, unlike TEXT REGEX      an extended regular expression
#   same_table NAME[/DB] NAME[/DB] TABLE    the same rows on both servers
#   flip FILE OFFSET [COUNT]  change bytes of a file, 1 unless told
#   wait_for [-t S] COMMAND...              until it succeeds (lib/server.bash)
#
#   require_version MAJOR     else the test is skipped
#   require_extension NAME    else the test is skipped (of the server's files)
#   require_root [WHY]        else the test is skipped
#   no_sanitizer WHY          a test that a sanitizer makes meaningless
#   tmpfs DIR SIZE            mount a small file system there, until the end
#
# A file that has a setup, setup_file or teardown_file of its own calls
# common_setup, common_setup_file or common_teardown_file from it.

TREE=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$TREE/$BUILD ;;
esac
export TREE BUILD PATH="$BUILD/bin:$BUILD/test:$PATH"

# shellcheck source=tests/lib/server.bash
. "$TREE/tests/lib/server.bash"

PG_MAJOR=$("$PG_BINDIR/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
export PG_MAJOR LC_ALL=C.UTF-8 TZ=UTC
unset PGPIPE_SOURCE PGPIPE_TARGET PGPIPE_PLUGIN_PATH

bats_require_minimum_version 1.5.0

common_setup_file() {
	pg_root
}

common_setup() {
	cd "$BATS_TEST_TMPDIR" || return
	OUT=$BATS_TEST_TMPDIR/stdout
	ERR=$BATS_TEST_TMPDIR/stderr
}

common_teardown_file() {
	pg_cleanup
}

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown_file() { common_teardown_file; }

text_of() {	# file: at most a megabyte of it, without null bytes
	head -c 1000000 "$1" | tr -d '\0'
}

exits() {	# CODE COMMAND...
	local want=$1 got=0
	shift
	"$@" >"$OUT" 2>"$ERR" || got=$?
	out=$(text_of "$OUT")
	err=$(text_of "$ERR")
	if [ "$got" != "$want" ]; then
		echo "exit $got, not $want: $*"
		show_output
		return 1
	fi
}

pipes() {	# "CODES" 'SHELL'
	local got
	(
		set +eE
		trap - ERR DEBUG
		eval "$2
		echo \"\${PIPESTATUS[*]}\" >\"\$BATS_TEST_TMPDIR/codes\""
	) >"$OUT" 2>"$ERR"
	got=$(<"$BATS_TEST_TMPDIR/codes")
	out=$(text_of "$OUT")
	err=$(text_of "$ERR")
	# shellcheck disable=SC2053 # a "*" in the expectation is a pattern
	if [[ $got != $1 ]]; then
		echo "exits $got, not $1: $2"
		show_output
		return 1
	fi
}

show_output() {
	[ -z "$out" ] || printf '%s\n' 'stdout:' "${out:0:4000}"
	[ -z "$err" ] || printf '%s\n' 'stderr:' "${err:0:4000}"
}

is() {		# ACTUAL EXPECTED [WHAT]
	[ "$1" = "$2" ] && return
	echo "${3:-not equal}"
	diff <(printf '%s\n' "$2") <(printf '%s\n' "$1") |
		sed -e 's/^</expected:/' -e 's/^>/got:     /' -e '/^[0-9-]/d'
	return 1
}

like() {	# TEXT REGEX
	grep -qE -e "$2" <<<"$1" && return
	printf 'does not match: %s\n%s\n' "$2" "$1"
	return 1
}

unlike() {	# TEXT REGEX
	grep -qE -e "$2" <<<"$1" || return 0
	printf 'should not match: %s\n%s\n' "$2" "$1"
	return 1
}

# Rows as text, each hashed, counted and summed: no order, no NULL trap, nothing
# fetched, and nothing that the tools use themselves.
same_table() {	# NAME[/DB] NAME[/DB] TABLE
	local here there
	here=$(table_sum "$1" "$3") && there=$(table_sum "$2" "$3") || return
	is "$there" "$here" "$3 differs between $1 and $2"
}

table_sum() {	# NAME[/DB] TABLE
	pg_sql "$1" "select count(*), sum(('x' ||
		substr(md5(r::text), 1, 15))::bit(60)::bigint) from $2 r"
}

require_version() {	# MAJOR
	[ "$PG_MAJOR" -ge "$1" ] ||
		skip "needs PostgreSQL $1, this is $PG_MAJOR"
}

require_extension() {	# NAME
	local share
	for share in "$PG_BINDIR/../share/postgresql" \
		"/usr/share/postgresql/$PG_MAJOR"; do
		[ ! -e "$share/extension/$1.control" ] || return 0
		[ "$PG_BINDIR" = "/usr/lib/postgresql/$PG_MAJOR/bin" ] || break
	done
	skip "needs the extension $1, which this PostgreSQL $PG_MAJOR lacks"
}

require_root() {	# [WHY]
	[ "$(id -u)" -eq 0 ] || skip "needs root${1:+ $1}"
}

no_sanitizer() {	# WHY
	[ -z "${SAN:-}" ] || skip "with a sanitizer: $1"
}

# One bit of each of COUNT bytes, so that they do differ from what they were.
flip() {	# FILE OFFSET [COUNT]
	local byte bytes=''
	for byte in $(od -An -tu1 -v -j "$2" -N "${3:-1}" "$1"); do
		bytes+=\\x$(printf %02x $((byte ^ 1)))
	done
	printf '%b' "$bytes" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# It belongs to the servers' user, so that it can hold a tablespace; the
# removal of PG_ROOT unmounts what lies below it, so DIR must.
tmpfs() {	# DIR SIZE
	require_root 'to mount a file system'
	case $1 in
	"$PG_ROOT"/*) ;;
	*) pg_die "not below PG_ROOT: $1" || return ;;
	esac
	mkdir -p "$1" || return
	mount -t tmpfs -o "size=$2,mode=700,uid=$(id -u "$(pg_user)"),gid=$(id -g "$(pg_user)")" \
		pgpipe "$1" || skip 'may not mount a file system'
}
