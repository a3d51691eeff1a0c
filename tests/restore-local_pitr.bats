#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-restore-local: recovery to a point in time, always between the same two
# commits, and what of it is proved before a server starts.

load lib/common
load lib/restore

# The marks 1 and 2 are committed with each kind of target between them, and all
# is archived; 3 comes after.
setup_file() {
	restore_setup_file
	A=$PG_ROOT/src/archive
	export A
	ours -Z zstd:1 -o "$B/base"
	pg_sql src 'insert into marks values (1)'
	sleep 0.1
	pg_sql src 'select clock_timestamp()' >"$PG_ROOT/time"
	sleep 0.1
	pg_sql src "select pg_create_restore_point('between')" >/dev/null
	pg_sql src 'select pg_current_wal_insert_lsn()' >"$PG_ROOT/lsn"
	pg_sql src 'begin; insert into marks values (2);
		select txid_current(); commit' >"$PG_ROOT/xid"
	pg_sql src 'insert into marks values (3)'
	switch_wal
	cp "$A"/* "$PG_ROOT/backups/" 2>/dev/null || :
}

pitr() {	# NAME ARG...: it must have mark 1 alone
	exits 0 restore "$1" "$B"/base/* --wal "$A" --start "${@:2}"
	is "$(pg_sql "$1" 'select string_agg(n::text, $$,$$ order by n) from marks')" 1
}

writable() {	# NAME
	pg_sql "$1" 'insert into marks values (99)'
}

archive_is_untouched() {
	is "$(cd "$A" && sha1sum -- * | sha1sum)" "$1" 'the archive was changed'
}

@test "every kind of target, between the same commits, twice" {
	local before round
	before=$(cd "$A" && sha1sum -- * | sha1sum)
	for round in 1 2; do
		pitr "time$round" --target-time "$(<"$PG_ROOT/time")"
		writable "time$round"
		pg_sql "time$round" 'select pg_switch_wal()' >/dev/null
		halt "time$round"
		pitr "name$round" --target-name between
		writable "name$round"
		halt "name$round"
		pitr "lsn$round" --target-lsn "$(<"$PG_ROOT/lsn")" --target-exclusive
		writable "lsn$round"
		halt "lsn$round"
		pitr "xid$round" --target-xid "$(<"$PG_ROOT/xid")" --target-exclusive
		writable "xid$round"
		halt "xid$round"
	done
	exits 0 restore imm "$B"/base/* --wal "$A" --start --target-immediate
	is "$(pg_sql imm 'select count(*) from marks')" 0
	halt imm
	exits 0 restore xid3 "$B"/base/* --wal "$A" --start \
		--target-xid "$(<"$PG_ROOT/xid")"
	is "$(pg_sql xid3 'select max(n) from marks')" 2
	halt xid3
	exits 0 restore all "$B"/base/* --wal "$A" --start
	is "$(pg_sql all 'select max(n) from marks')" 3
	halt all
	archive_is_untouched "$before"
}

@test "the time may be said in another zone" {
	local t
	t=$(pg_sql src "set timezone = 'Asia/Kolkata'; select '$(<"$PG_ROOT/time")'::timestamptz")
	pitr zone --target-time "$t" --json
	is "$(jq -r .target.kind <<<"$out")" time
	like "$(jq -r .recovery.last_transaction <<<"$out")" '^20.*Z$'
	is "$(jq -r .recovery.timeline <<<"$out")" 2
	halt zone
}

@test "it pauses at the target, or shuts down there, when told" {
	pitr pause --target-name between --target-action pause --json
	is "$(jq -c '[.recovery.in_recovery, .recovery.paused]' <<<"$out")" '[true,true]'
	like "$err" 'paused there: read only'
	is "$(pg_sql pause 'select pg_is_in_recovery()')" t
	halt pause
	exits 0 restore down "$B"/base/* --wal "$A" --start --target-name between \
		--target-action shutdown
	[ ! -e "$(restored down)/postmaster.pid" ]
}

@test "a target that the WAL does not reach is refused before anything starts" {
	exits 3 restore far "$B"/base/* --wal "$A" --start --target-time '2099-01-01 00:00Z'
	like "$err" 'does not reach the target'
	like "$err" 'last transaction at 20'
	not_startable far
	exits 3 restore far "$B"/base/* --wal "$A" --target-name nowhere
	exits 3 restore far "$B"/base/* --wal "$A" --target-lsn F/0
	exits 3 restore far "$B"/base/* --wal "$A" --target-xid 2000000000
	# Without an archive there is only what the backup brought.
	exits 3 restore far "$B"/base/* --target-name between
	not_startable far
}

@test "a target before the end of the backup is refused" {
	exits 3 restore early "$B"/base/* --wal "$A" --target-lsn 0/1000028
	like "$err" 'before the end of the backup'
	not_startable early
}

@test "WAL that is missing on the way is named" {
	local first gap=$PG_ROOT/gap.wal # where the server's user can read
	cp -r "$A" "$gap"
	chmod -R a+rX "$gap"
	pg_sql src 'insert into marks values (4)'
	switch_wal
	pg_sql src "select pg_create_restore_point('late')" >/dev/null
	switch_wal
	cp "$A"/* "$gap"
	first=$(find "$gap" -name '0000000100000000000000??' | sort | tail -n 2 | head -n 1)
	first=${first##*/}
	exits 0 restore late "$B"/base/* --wal "$A" --start --target-name late
	halt late
	rm "$gap/$first"
	exits 3 restore gap "$B"/base/* --wal "$gap" --target-name late
	like "$err" 'does not reach the target'
	cp "$A/$first" "$gap"
	flip "$gap/$first" 50 # in the first record, whatever its length
	exits 3 restore gap "$B"/base/* --wal "$gap" --target-name late
	like "$err" "in $first, a (record|page)"
	not_startable gap
}

@test "the backup's own WAL may come from the archive alone" {
	ours -X none -o "$B/nowal"
	switch_wal
	exits 3 restore nowal "$B"/nowal/*
	like "$err" 'the WAL does not cover the backup'
	like "$err" 'names an archive that has it'
	not_startable nowal
	exits 0 restore nowal "$B"/nowal/* --wal "$A" --start
	holds_all nowal
	halt nowal
}

@test "an archive may be compressed" {
	local packed=$PG_ROOT/packed.wal
	mkdir "$packed"
	cp "$A"/* "$packed/"
	zstd -q --rm "$packed"/*[02468ACE]
	gzip "$packed"/*[13579BDF]
	chmod -R a+rX "$packed"
	A=$packed pitr packed --target-time "$(<"$PG_ROOT/time")"
	writable packed
	halt packed
}

# A file of the archive as the server of that name is told to fetch it.
server_fetches() {	# NAME FILE PATH
	local line
	line=$(sed -n "s/^restore_command = '\(.*\)'$/\1/p" \
		"$(restored "$1")/postgresql.auto.conf")
	line=${line//"''"/"'"}
	line=${line//%f/$2}
	sh -c "${line//%p/$3}"
}

# The server takes each status up to 125 for the end of the WAL, and opens.
@test "what follows the backup may be packed, and cannot be broken unnoticed" {
	local mixed=$PG_ROOT/mixed.wal name last
	mkdir "$mixed"
	cp "$A"/0* "$mixed/"
	last=$(jq -r .wal.last "$B"/base/*/backup.json)
	for name in "$mixed"/*; do
		[[ ${name##*/} < $last || ${name##*/} == "$last"* ]] ||
			zstd -q --rm "$name"
	done
	name=$(find "$mixed" -name '????????????????????????.zst' -printf '%f\n' |
		sort | head -n 1)
	chmod -R a+rX "$mixed"
	exits 0 restore mixed "$B"/base/* --wal "$mixed"
	exits 0 server_fetches mixed "${name%.zst}" here
	cmp here "$A/${name%.zst}"
	exits 0 server_fetches mixed "$last" here
	exits 1 server_fetches mixed 0000000100000000000000FF no
	gzip -c here >"$mixed/00000009.history.gz"
	lz4 -q -c here >"$mixed/0000000A.history.lz4"
	exits 0 server_fetches mixed 00000009.history there
	cmp here there
	exits 0 server_fetches mixed 0000000A.history there
	cmp here there
	exits 255 server_fetches mixed "$last" /nonexistent/here
	start mixed
	wait_for pg_sql_true mixed 'select not pg_is_in_recovery()'
	is "$(pg_sql mixed 'select count(*) from marks where n in (1, 2, 3)')" 3
	halt mixed
	head -c 300 "$mixed/$name" >half && cat half >"$mixed/$name"
	exits 255 server_fetches mixed "${name%.zst}" no
	printf '#!/bin/sh\nexit 1\n' >zstd && chmod +x zstd
	PATH=$PWD:$PATH exits 255 server_fetches mixed "${name%.zst}" no
	rm -r "$mixed"
	exits 255 server_fetches mixed 0000000100000000000000FF no
	[ ! -e no ]
}

@test "an archive may be a command" {
	pitr command --wal "cp '$A/%f' '%p'" --target-name between
	halt command
	exits 3 restore broken "$B"/base/* --wal "exit 200; # %f %p" --target-name between
	like "$err" 'the command for WAL is broken'
	exits 2 restore broken "$B"/base/* --wal 'cat %f'
	exits 2 restore broken "$B"/base/* --wal /nonexistent
}

# Readers are let in where the backup is consistent, long before the target.
@test "it is ready where recovery ends, and not where it lets readers in" {
	local name slow
	name=$(jq -r .wal.last "$B"/base/*/backup.json)
	name=$(find "$A" -name '????????????????????????' -printf '%f\n' | sort |
		grep -A 1 "$name" | tail -n 1)
	# For the server alone, and not while the WAL is proved.
	slow="case %p%f in *RECOVERYXLOG$name) sleep 1"
	exits 0 restore slow "$B"/base/* --start --target-name between --json \
		--wal "$slow;; esac; cp '$A/%f' '%p'"
	is "$(jq -r .recovery.in_recovery <<<"$out")" false
	writable slow
	halt slow
	exits 3 restore slow "$B"/base/* --start --replace --yes --drop-old \
		--wal "$slow; exit 200;; esac; cp '$A/%f' '%p'"
	like "$err" 'did not come up'
	like "$err" 'is again what it was'
	start slow
	is "$(pg_sql slow 'select count(*) from marks where n = 99')" 1
	halt slow
}

@test "an archive that the server's user cannot read is refused before" {
	require_root 'to be another user than the server'
	mkdir -m 700 "$PG_ROOT/closed"
	cp "$A"/* "$PG_ROOT/closed"
	exits 3 restore closed "$B"/base/* --wal "$PG_ROOT/closed"
	like "$err" 'who is to run the server, cannot read'
	not_startable closed
}

@test "names in the archive's path are only names" {
	local odd="$PG_ROOT/it's %f odd \$(touch pwned)"
	# A % makes a command of it unless it is a directory, so without.
	odd=${odd/\%f /}
	cp -r "$A" "$odd"
	chmod -R a+rX "$odd"
	A=$odd pitr odd --target-name between
	halt odd
	[ ! -e "$(restored odd)/pwned" ] && [ ! -e pwned ]
}

@test "timelines: the latest by default, another one when told" {
	local forks=$PG_ROOT/forks
	cp -r "$A" "$forks"
	chmod -R a+rwX "$forks"
	exits 0 restore tli "$B"/base/* --wal "$forks" --start \
		--target-name between --keep-archiving \
		-c "archive_command=cp %p $forks/%f" -c archive_mode=on
	pg_sql tli 'insert into marks values (22)'
	pg_sql tli 'select pg_switch_wal()' >/dev/null
	wait_for pg_sql_true tli "select archived_count > 1 from pg_stat_archiver"
	halt tli
	[ -e "$forks"/00000002.history ]
	exits 0 restore tli2 "$B"/base/* --wal "$forks" --start
	is "$(pg_sql tli2 "select string_agg(n::text, ',' order by n) from marks")" 1,22
	halt tli2
	exits 0 restore tli1 "$B"/base/* --wal "$forks" --start --target-timeline current
	is "$(pg_sql tli1 'select count(*) from marks where n = 22')" 0
	is "$(pg_sql tli1 'select count(*) from marks where n = 3')" 1
	halt tli1
	exits 0 restore tli3 "$B"/base/* --wal "$forks" --start --target-timeline 2
	is "$(pg_sql tli3 'select count(*) from marks where n = 22')" 1
	halt tli3
	exits 3 restore tli4 "$B"/base/* --wal "$forks" --target-timeline 7
	like "$err" 'there is no timeline 7'
	# A backup of timeline 1 that ended after 2 had branched off.
	ours -o "$B/later"
	switch_wal
	cp -n "$A"/* "$forks"/
	chmod -R a+rwX "$forks"
	exits 3 restore tli5 "$B"/later/* --wal "$forks"
	like "$err" 'does not come from that of the backup'
	not_startable tli5
	exits 0 restore tli6 "$B"/later/* --wal "$forks" --target-timeline current --start
	halt tli6
}

@test "settings of an earlier recovery do not get in the way" {
	pg_sql src "alter system set recovery_target_time = '2001-01-01'"
	pg_sql src "alter system set recovery_end_command = 'false'"
	echo "recovery_target_xid = '77'" >>"$(pg_data src)/postgresql.conf"
	ours -o "$B/stale"
	pg_sql src 'alter system reset all'
	sed -i '/recovery_target_xid/d' "$(pg_data src)/postgresql.conf"
	pg_sql src 'insert into marks values (50)'
	pg_sql src "select pg_create_restore_point('stale')" >/dev/null
	switch_wal
	exits 0 restore stale "$B"/stale/* --wal "$A" --start --target-name stale
	is "$(pg_sql stale 'select count(*) from marks where n = 50')" 1
	halt stale
}

@test "a standby follows its primary" {
	exits 0 restore sby "$B"/base/* --standby --start --wal "$A" \
		--primary "host=$PG_ROOT/src/s port=5432 user=postgres"
	is "$(pg_sql sby 'select pg_is_in_recovery()')" t
	pg_sql src 'insert into marks values (77)'
	wait_for pg_sql_true sby 'select count(*) > 0 from marks where n = 77'
	[ -e "$(restored sby)/standby.signal" ]
	halt sby
	# By streaming alone.
	ours -o "$B/stream"
	exits 0 restore sby2 "$B"/stream/* --standby --start \
		--primary "host=$PG_ROOT/src/s port=5432 user=postgres" --json
	is "$(jq -c '[.standby, .recovery.in_recovery]' <<<"$out")" '[true,true]'
	halt sby2
}

# The last test: it stops src, whose place the examples take.
@test "the examples of the manual page" {
	local example n=0 dir=$PG_ROOT/examples
	mkdir -p "$dir/bin" "$dir/backups" "$dir/volume" && cd "$dir"
	[ "$(id -u)" -ne 0 ] || chown "$(pg_user)" . backups volume
	cp -r "$B"/base/* backups/20250704T165326Z
	ours --tar >base.tar
	pg_sql src 'insert into marks values (60)'
	sleep 0.1
	local time
	time=$(pg_sql src 'select clock_timestamp()')
	sleep 0.1
	pg_sql src 'insert into marks values (61)'
	switch_wal
	zstd -q base.tar
	cp -r "$A" wal
	chmod -R a+rX wal
	pg_stop src
	printf '#!/bin/sh\ncat base.tar.zst\n' >bin/ssh
	local as=''
	[ "$(id -u)" -ne 0 ] ||
		as="cd /; setpriv --reuid $(pg_user) --regid $(id -g "$(pg_user)") --clear-groups"
	cat >bin/systemctl <<-SH
		#!/bin/sh
		($as $PG_BINDIR/pg_ctl -D $dir/data -s -w -m fast -l $dir/log \$1) >/dev/null 2>&1
	SH
	sed -i 's/-m fast -l/-l/; s/\$1)/$([ "$1" = stop ] \&\& echo "-m fast") $1)/' bin/systemctl
	chmod +x bin/*
	while read -r example; do
		n=$((n + 1))
		example=${example//"2025-07-04 17:00+00"/$time}
		example=${example//\/var\/lib\/postgresql\/data/two}
		example=${example//--server-version 17/--server-version $PG_MAJOR}
		example=${example/pg-restore-local -D/pg-restore-local --yes --bindir $PG_BINDIR -c unix_socket_directories=$dir --tablespaces-in $dir/spaces.$n -D}
		[ "$n" != 5 ] || example=${example/--bindir $PG_BINDIR/}
		# Only root can give files away.
		[ "$(id -u)" -eq 0 ] || example=${example/--owner 999:999/}
		# shellcheck disable=SC2031
		exits 0 env PATH="$dir/bin:$PATH" bash -c "$example"
		case $n in
		1) [ "$(psql -XAtq -h "$dir" -p 5433 -U postgres -c 'select 1')" = 1 ] &&
			pg_as_server "$PG_BINDIR/pg_ctl" -D "$dir/data" -s -w stop ;;
		3) is "$(psql -XAtq -h "$dir" -U postgres -c 'select max(n) from marks where n in (60, 61)')" 60 ;;
		4) is "$(echo data.old-*)" 'data.old-*' &&
			pg_as_server "$PG_BINDIR/pg_ctl" -D "$dir/data" -s -w stop ;;
		5) is "$(stat -c %u volume/data)" "$([ "$(id -u)" -ne 0 ] && id -u || echo 999)" ;;
		esac
	done < <(sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' "$TREE/man/pg-restore-local.1")
	is "$n" 5
}
