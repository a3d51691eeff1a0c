# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of pg-copyout: a source to read, chunk lines, and looking into
# archives with tar, jq and psql alone.

copyout_setup_file() {
	common_setup_file
	pg_start src
	pg_sql src <<-'SQL'
		create table plain (id int primary key, v text, d timestamptz);
		insert into plain select i, case when i % 7 = 0 then null else
			repeat('x', i % 50) || e'\t\\N\n"é' end,
			'2025-01-01'::timestamptz + i * interval '1 s'
		from generate_series(1, 5000) i;
		create table small (a int);
		insert into small values (1), (2), (3);
		create table empty (a int);
	SQL
}

copyout_setup() {
	common_setup
	SRC=$(pg_dsn src)
	export SRC
}

# --- looking into archives ------------------------------------------------------

members() { tar tf "$1"; }			# ARCHIVE
member() { tar xOf "$1" "$2"; }			# ARCHIVE NAME
field() { member "$1" "$2" | jq -r "$3"; }	# ARCHIVE NAME FILTER
ends_whole() { is "$(members "$1" | tail -n 1)" pgpipe-end.json; }

number_of() {	# ARCHIVE CHUNK: its <n>
	local n
	for n in $(members "$1" | sed -n 's|^c/\([0-9]*\)/chunk.json$|\1|p'); do
		[ "$(field "$1" "c/$n/chunk.json" .chunk)" != "$2" ] || echo "$n"
	done
}

stream_of() {	# ARCHIVE N: the COPY stream of a chunk
	local m
	for m in $(members "$1" | grep "^c/$2/.*copy\$"); do
		member "$1" "$m"
	done
}

# psql loads what the archive holds of a chunk into a table like the one it is of,
# and the two must be the same.
loads_as() {	# ARCHIVE CHUNK TABLE [FORMAT]
	local n sum
	n=$(number_of "$1" "$2")
	pg_sql src "drop table if exists copied; create table copied (like $3)"
	stream_of "$1" "$n" |
		psql -Xq -v ON_ERROR_STOP=1 -d "$SRC" -c "copy copied from stdin
			(format ${4:-$(field "$1" "c/$n/chunk.json" .format)})"
	sum=$(table_sum src "$3")
	is "$(table_sum src copied)" "$sum"
	is "$(field "$1" "c/$n/done.json" .rows)" "$(pg_sql src "select count(*) from $3")"
	is "$(field "$1" "c/$n/done.json" .bytes)" "$(stream_of "$1" "$n" | wc -c)"
}

line() {	# TABLE [FIELDS]: a chunk line of a table in schema public
	jq -cn --arg t "$1" '{chunk: ("public." + $t), source: "table",
		schema: "public", table: $t, slice: null, where: null}'" + {${2:-}}"
}
end_line() { echo "{\"end\":\"pg-chunks\",\"lines\":$1}"; }
list() {	# TABLE...: chunk lines and their end
	jq -cn '$ARGS.positional[] | {chunk: ("public." + .), source: "table",
		schema: "public", table: ., slice: null, where: null}' --args "$@"
	end_line $#
}

sessions() {	# of pg-copyout, with that state or all
	pg_sql src "select count(*) from pg_stat_activity
		where application_name = 'pg-copyout' and ${1:-true}"
}

# A list that is held open: the first chunk is read, then the test acts, then the
# rest is given.  begin_list starts, give adds lines, end_list waits for the end;
# $code, $err and the file "archive" are what came of it.
begin_list() {	# [ARGUMENT...]
	rm -f fifo archive
	mkfifo fifo
	(
		pg-copyout -d "$SRC" "$@" <fifo >archive 2>stderr &
		echo $! >pid
		code=0
		wait $! || code=$?
		echo $code >code
	) 3>&- &
	exec 9>fifo
	line small >&9
	wait_for chunks_read 1
}
chunks_read() { [ "$(tar tf archive 2>/dev/null | grep -c done.json)" -ge "$1" ]; }
give() { "$@" >&9; }
end_list() {	# CODE
	exec 9>&-
	wait_for test -s code
	wait
	err=$(<stderr)
	is "$(<code)" "$1" "exit code; $err"
}
