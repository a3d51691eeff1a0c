#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pgpipe itself: its commands, and the tools that it runs.

load lib/common

setup_file() {
	common_setup_file
	pg_start a "listen_addresses = '127.0.0.1'"
	pg_sql a 'create database src'
	pg_sql a/src 'create table t (id int); create role reader login'
}

# An installation with tools of our own making: home/bin/pgpipe
home() {
	mkdir -p home/bin home/share
	cp "$BUILD/bin/pgpipe" home/bin/
	cp -r "$TREE/share" home/share/pgpipe
}

tool() {	# name, text of a shell script
	printf '#!/bin/sh\n%s\n' "$2" >"home/bin/$1"
	chmod +x "home/bin/$1"
}

# --- pgpipe TOOL --------------------------------------------------------------

@test "pgpipe TOOL runs the tool beside it, with its arguments and exit status" {
	home
	tool pg-hello 'printf "<%s>" "$@"; cat; exit 7'
	exits 7 home/bin/pgpipe hello 'a b' -V --help '' <<<input
	is "$out" '<a b><-V><--help><>input'
	exits 7 home/bin/pgpipe pg-hello one </dev/null
	is "$out" '<one>'
}

@test "a tool that PATH knows, but that is not beside it, is not run" {
	home
	tool ls 'echo wrong'
	mkdir other
	printf '#!/bin/sh\necho wrong\n' >other/pg-other
	chmod +x other/pg-other
	PATH=$PWD/other:$PATH exits 2 home/bin/pgpipe other
	exits 2 home/bin/pgpipe ls
	exits 2 home/bin/pgpipe ../bin/ls
	exits 2 home/bin/pgpipe ./pgpipe
}

@test "an unknown tool is exit 2, with a list of what there is" {
	home
	tool pg-b :
	tool pg-a :
	echo text >home/bin/pg-c
	exits 2 home/bin/pgpipe frobnicate
	is "$out" ''
	like "$err" '^pgpipe: error: there is no command or tool "frobnicate"$'
	like "$err" 'tools in ".*/home/bin": pg-a, pg-b$'
	like "$err" 'commands: version, doctor, init, plugins$'
	like "$err" '^pgpipe: hint: '
}

@test "the exit status of a tool that a signal ended is the shell's" {
	home
	tool pg-dies 'kill -TERM $$'
	exits 143 home/bin/pgpipe dies
}

@test "no command is exit 2" {
	exits 2 pgpipe
	like "$err" 'error: no command was given$'
	exits 2 pgpipe -v doctor
	like "$err" 'error: options go after the command$'
	exits 2 pgpipe ''
}

@test "every command has help, and refuses what it does not know" {
	for command in version doctor init plugins; do
		exits 0 pgpipe "$command" --help
		like "$out" "^usage: pgpipe $command "
		is "$(awk 'length > 95' "$OUT")" ''
		exits 2 pgpipe "$command" --no-such-option
		exits 2 pgpipe "$command" operand
		like "$err" 'error: unexpected argument "operand"$'
	done
}

@test "output that is lost is a failure" {
	for command in version 'init -n' plugins doctor; do
		pipes 3 "pgpipe $command >/dev/full"
		like "$err" 'could not write to "standard output": No space left'
		pipes 3 "pgpipe $command >&-"
	done
}

@test "pgpipe version" {
	exits 0 pgpipe version
	is "$out" "$(pgpipe --version)"
}

# --- pgpipe plugins -----------------------------------------------------------

@test "pgpipe plugins lists our chunk sources" {
	exits 0 pgpipe plugins
	is "$(awk '$1 == "store" { print $2 }' "$OUT")" \
		"$(cd "$TREE/libexec" && printf '%s\n' store-* | sed 's/^store-//; s/\.c$//')"
	is "$(awk '$1 == "chunks" { print $2 }' "$OUT")" \
		"$(cd "$TREE/share/chunks" && printf '%s\n' *.sql | sed 's/\.sql$//')"
	unlike "$out" hidden
}

@test "a user's own chunk source is found, and hides ours of that name" {
	home
	mkdir -p first/chunks second/chunks
	ours=$(cd "$TREE/share/chunks" && printf '%s\n' *.sql | head -n 1)
	ours=${ours%.sql}
	touch "first/chunks/mine.sql" "second/chunks/mine.sql" \
		"second/chunks/$ours.sql"
	PGPIPE_PLUGIN_PATH=$PWD/first:$PWD/none:$PWD/second \
		exits 0 home/bin/pgpipe plugins
	is "$err" ''
	like "$out" " mine +yours +$PWD/first/chunks/mine.sql$"
	like "$out" " mine +hidden +$PWD/second/chunks/mine.sql \\(by $PWD/first/chunks/mine.sql\\)$"
	like "$out" " $ours +yours +$PWD/second/chunks/$ours.sql$"
	like "$out" " $ours +hidden +.*/share/pgpipe/chunks/$ours.sql \\(by "
}

@test "the plug-in path takes absolute directories only" {
	mkdir -p chunks
	touch chunks/mine.sql
	PGPIPE_PLUGIN_PATH=.:::chunks exits 0 pgpipe plugins
	unlike "$out" mine
	like "$err" 'warning: left out of PGPIPE_PLUGIN_PATH: "\."'
}

@test "a directory that cannot be read is told" {
	mkdir p
	ln -s chunks p/chunks
	PGPIPE_PLUGIN_PATH=$PWD/p exits 3 pgpipe plugins
	like "$err" 'error: could not open directory ".*/p/chunks": Too many levels'
	PGPIPE_PLUGIN_PATH=$PWD/p exits 1 pgpipe doctor
	like "$out" '^missing +chunk sources +cannot be read'
}

# --- pgpipe doctor ------------------------------------------------------------

@test "pgpipe doctor finds all, here, and knows the versions" {
	exits 0 pgpipe doctor
	for name in pgpipe libpq libarchive jansson libxxhash libzstd psql jq \
		zstd postgres pg_ctl; do
		like "$out" "^ok +$name +[0-9]+\\.[0-9]"
	done
	for name in pg-chunks pg-copyout pg-copyin pg-checksum; do
		like "$out" "^ok +$name +/"
	done
	like "$out" '^ok +chunk sources +[1-9]'
	unlike "$out" '^missing'
	unlike "$out" 'connection|server'
}

@test "what is missing and needed makes it exit 1" {
	home
	exits 1 home/bin/pgpipe doctor
	like "$out" '^missing +pg-copyin +not in ".*/home/bin"; install pgpipe again$'
	PGPIPE_SHARE=$PWD/nowhere exits 1 pgpipe doctor
	like "$out" '^missing +chunk sources +none in ".*/nowhere"'
}

@test "what can be done without is told, with how to get it" {
	mkdir bin
	ln -s "$(command -v psql)" bin/
	exits 0 env "PATH=$PWD/bin" "$BUILD/bin/pgpipe" doctor
	like "$out" '^missing +jq +optional; .*; apt-get install jq$'
	like "$out" '^missing +zstd +optional; .*; apt-get install zstd$'
	like "$out" '^ok +psql '
}

@test "a program that fails is as good as missing" {
	mkdir bin
	printf '#!/bin/sh\necho 9.9; exit 1\n' >bin/jq
	chmod +x bin/jq
	PATH=$PWD/bin:$PATH exits 0 pgpipe doctor
	like "$out" '^missing +jq '
}

@test "pgpipe doctor looks at a server" {
	exits 0 pgpipe doctor -d "$(pg_dsn a/src)"
	like "$out" "^ok +server +$PG_MAJOR"
	like "$out" '^ok +system +[0-9]+, timeline 1, a primary$'
	like "$out" '^ok +role +postgres, superuser'
	like "$out" '^ok +timescaledb +not in this database'
	like "$out" '^ok +rights +1 table: read 1, insert into 1, truncate 1; may create schemas$'
	exits 0 env "PGHOST=$PG_ROOT/a/s" PGPORT="$(pg_port a)" PGDATABASE=src \
		PGUSER=reader pgpipe doctor
	like "$out" '^ok +role +reader, no superuser'
	like "$out" '^ok +rights +1 table: read 0, insert into 0, truncate 0; may not create schemas$'
}

@test "a server that cannot be reached is missing, and exit 1" {
	exits 1 pgpipe doctor -d "host=$PWD dbname=x connect_timeout=1 password=s3cret"
	like "$out" '^missing +connection '
	like "$err" '^pgpipe: error: '
	unlike "$out$err" s3cret
}

@test "pgpipe doctor says what a standby is good for" {
	pg_standby s a
	exits 0 pgpipe doctor -d "$(pg_dsn s/src)"
	like "$out" '^ok +system +.*, a standby'
	pg_stop s
}

# --- pgpipe init --------------------------------------------------------------

ledger_of() {	# database, schema
	pg_sql "a/$1" "select c.relname, c.relkind from pg_catalog.pg_class c
		where c.relnamespace = '\"$2\"'::regnamespace order by 1"
}

@test "pgpipe init makes the ledger, as often as it is asked to" {
	pg_sql a 'create database one'
	exits 0 pgpipe doctor -d "$(pg_dsn a/one)"
	like "$out" '^missing +ledger +optional; .*pgpipe init'
	exits 0 pgpipe init -d "$(pg_dsn a/one)"
	is "$out" ''
	before=$(ledger_of one pgpipe)
	[ -n "$before" ]
	exits 0 pgpipe init -q -d "$(pg_dsn a/one)"
	is "$out$err" ''
	is "$(ledger_of one pgpipe)" "$before"
	exits 0 pgpipe doctor -d "$(pg_dsn a/one)"
	like "$out" '^ok +ledger +schema "pgpipe"$'
}

@test "pgpipe init -n prints SQL that psql takes, and connects to nothing" {
	pg_sql a 'create database two'
	PGHOST=/nonexistent exits 0 pgpipe init -n --ledger-schema 'My "Ledger"'
	psql -XAtq -v ON_ERROR_STOP=1 -d "$(pg_dsn a/two)" -f "$OUT"
	exits 0 pgpipe doctor -d "$(pg_dsn a/two)" --ledger-schema 'My "Ledger"'
	like "$out" '^ok +ledger '
	before=$(ledger_of two 'My ""Ledger""')
	[ -n "$before" ]
	exits 0 pgpipe init -d "$(pg_dsn a/two)" --ledger-schema 'My "Ledger"'
	is "$(ledger_of two 'My ""Ledger""')" "$before"
}

@test "pgpipe init without the right to is exit 3, and leaves nothing" {
	dsn="$(pg_dsn a/src) user=reader"
	exits 3 pgpipe init -d "$dsn"
	like "$err" '^pgpipe: error: .*permission denied'
	is "$(pg_sql a/src "select count(*) from pg_namespace where nspname = 'pgpipe'")" 0
}

@test "pgpipe init on a standby is refused" {
	pg_standby s2 a
	exits 3 pgpipe init -d "$(pg_dsn s2/src)"
	like "$err" '^pgpipe: error: .*(standby|recovery|read-only)'
	pg_stop s2
}

# --- the manual ---------------------------------------------------------------

# The blocks under EXAMPLES of a page, each a file: example.1 ...
examples() {	# page
	rm -f example.*
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$TREE/man/$1" |
		awk '/^\.Bd / { n++; inside = 1; next } /^\.Ed/ { inside = 0 }
			inside { print >("example." n) }'
	sed -i 's/\\(dq/"/g; s/\\e/\\/g; s/\\-/-/g; s/\\&//g' example.*
	printf '%s\n' example.* | sort -V
}

@test "what the manual shows under EXAMPLES works" {
	for page in pgpipe.1 pgpipe.7; do
		pg_sql a "create database dst_${page#*.}"
		pg_sql "a/dst_${page#*.}" 'create table t (id int)'
		SRC=$(pg_dsn a/src) DST=$(pg_dsn "a/dst_${page#*.}")
		export SRC DST
		examples "$page" >list
		[ "$(wc -l <list)" -ge 3 ]
		while read -r example; do
			exits 0 bash -eo pipefail "$example" </dev/null
		done <list
	done
}
