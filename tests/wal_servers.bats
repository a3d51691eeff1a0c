#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-wal with servers: recovery from an archive, receiving, synchronous commits,
# promotions, and what of an archive is still needed.

load lib/common
load lib/wal

setup_file() {
	common_setup_file
	wal_tools
	archive archive
	archiving src 'wal_keep_size = 512MB' 'max_replication_slots = 8'
	pg_sql src 'create table marks (n int)'
	fill_wal src 1
}

replication() { pg_dsn "$1" | sed 's/ dbname=.*//'; }

# A receiver in the background, its messages in receive.err.
begin_receive() {	# SERVER ARG...
	pg-wal receive -d "$(replication "$1")" -v "${@:2}" >receive.out 2>receive.err &
	RECEIVER=$!
	wait_for -t 20 grep -sq 'receiving from' receive.err
}

end_receive() {
	kill -TERM "$RECEIVER"
	local got=0
	wait "$RECEIVER" || got=$?
	is "$got" 143 "exit of the receiver: $(cat receive.err)"
}

has() { listing "$1" | grep -q "^$2"; }

# All of what the server has written is whole in the archive.
received() {	# SERVER DIR
	local last
	last=$(pg_sql "$1" 'select pg_walfile_name(pg_current_wal_lsn())')
	pg_sql "$1" 'insert into marks values (-1); select pg_switch_wal()' >/dev/null
	wait_for -t 30 has "$2" "$last\(\.zst\)*$"
}

@test "a server recovers to a point in time from what it archived" {
	copy_of base src
	pg_sql src 'insert into marks values (1)'
	pg_sql src "select pg_create_restore_point('between')" >/dev/null
	pg_sql src 'insert into marks values (2)'
	fill_wal src 6
	archived src
	cp -a "$PG_ROOT/base" "$PG_ROOT/whole"
	sed -i "s|$PG_ROOT/base/|$PG_ROOT/whole/|" "$PG_ROOT/whole/data/postgresql.conf"
	recover base "restore_command = '$W fetch -a $A %f %p'" \
		"recovery_target_name = 'between'" 'recovery_target_action = promote'
	is "$(pg_sql base 'select max(n) from marks')" 1
	pg_stop base
	# And to the end, with a mind of its own for the next ones.
	recover whole "restore_command = '$W fetch -a $A %f %p'"
	is "$(pg_sql whole 'select max(n) from marks')" 2
	is "$(pg_sql whole 'select count(*) from filler')" \
		"$(pg_sql src 'select count(*) from filler')"
	pg_stop whole
	# To the end nothing is made ready that nobody asks for.
	is "$(find "$(pg_data whole)/pg_wal" -path '*prefetch/*' | wc -l)" 0
	exits 0 pg-wal verify "$A"
}

@test "broken WAL stops recovery, where absent WAL would end it" {
	local name
	copy_of hurt src
	fill_wal src 3
	archived src
	cp -r "$A" "$PG_ROOT/hurt.wal"
	name=$(listing "$A" | grep '^0.*zst$' | tail -n 2 | head -n 1)
	zstd -dcq "$A/$name" >"$PG_ROOT/hurt.wal/${name%.zst}"
	rm "$PG_ROOT/hurt.wal/$name"
	flip "$PG_ROOT/hurt.wal/${name%.zst}" 9000 8
	chmod -R a+rX "$PG_ROOT/hurt.wal"
	run ! recover hurt "restore_command = '$W fetch -a $PG_ROOT/hurt.wal %f %p'"
	grep -q "${name%.zst}.* is broken" "$(pg_log hurt)"
	grep -q 'FATAL:  could not restore file' "$(pg_log hurt)"
	[ -e "$(pg_data hurt)/recovery.signal" ]
}

@test "receive: what a server writes, also while it starts anew" {
	mkdir r
	begin_receive src -a r --slot r --create-slot
	fill_wal src 2
	received src r
	is "$(pg_sql src "select active from pg_replication_slots where slot_name = 'r'")" t
	pg_restart src
	fill_wal src 2
	received src r
	pg_kill src
	pg_start src
	fill_wal src 1
	received src r
	# Nobody else at the same time.
	exits 4 pg-wal receive -d "$(replication src)" -a r --no-loop
	like "$err" 'somebody else'
	end_receive
	exits 0 pg-wal verify r
	exits 0 pg-wal info --json r
	is "$(jq -r 'select(.end) | [.gaps, .timelines] | @csv' <<<"$out")" 0,1
	# Byte for byte what was pushed.
	local name
	for name in $(listing r | grep -v partial | grep '^0.*zst$'); do
		[ ! -e "$A/$name" ] || cmp <(zstd -dcq "r/$name") <(zstd -dcq "$A/$name")
	done
	is "$(find r -name '.*' ! -name . | wc -l)" 0
	exits 0 pg-wal receive -d "$(replication src)" --slot r --drop-slot
	is "$(pg_sql src 'select count(*) from pg_replication_slots')" 0
}

@test "receive: killed at any time, it goes on where it was" {
	local i
	mkdir r
	pg_sql src "select pg_create_physical_replication_slot('k', true)" >/dev/null
	for i in 1 2 3 4; do
		begin_receive src -a r -Z zstd:3 --slot k
		fill_wal src 1
		pg_sql src 'insert into filler select i, md5(i::text)
			from generate_series(1, 20000) i'
		sleep "0.$i"
		kill -KILL "$RECEIVER"
		wait "$RECEIVER" || :
		for name in $(listing r | grep '^0.*zst$'); do
			zstd -tq "r/$name"
		done
	done
	begin_receive src -a r --slot k
	received src r
	end_receive
	exits 0 pg-wal verify r
	is "$(pg-wal info --json r | jq -r 'select(.end).gaps')" 0
	pg_sql src "select pg_drop_replication_slot('k')" >/dev/null
}

@test "receive: a partial segment holds all that was committed" {
	mkdir r
	begin_receive src -a r -Z none
	pg_sql src 'select pg_switch_wal()' >/dev/null
	copy_of part src
	pg_sql src 'insert into marks values (4711)'
	local lsn last
	lsn=$(pg_sql src 'select pg_current_wal_flush_lsn()')
	last=$(pg_sql src "select pg_walfile_name('$lsn')")
	wait_for -t 20 has r "$last.partial"
	sleep 0.5
	end_receive
	exits 0 pg-wal verify r
	chmod -R a+rX "$BATS_TEST_TMPDIR" r "$(dirname "$BATS_TEST_TMPDIR")" \
		"$BATS_RUN_TMPDIR" 2>/dev/null || :
	cp -r r "$PG_ROOT/part.wal"
	chmod -R a+rX "$PG_ROOT/part.wal"
	recover part "restore_command = '$W fetch --partial -a $PG_ROOT/part.wal %f %p'"
	is "$(pg_sql part 'select count(*) from marks where n = 4711')" 1
	pg_stop part
}

@test "receive: it is a synchronous standby that commits may wait for" {
	mkdir r
	pg_sql src 'alter system set synchronous_standby_names = $$"pg-wal"$$' 
	pg_reload src
	begin_receive src -a r --synchronous
	wait_for -t 20 pg_sql_true src "select sync_state = 'sync'
		from pg_stat_replication where application_name = 'pg-wal'"
	local i t0=$SECONDS
	for i in 1 2 3 4 5 6 7 8; do
		timeout 20 psql -XAtq -d "$(pg_dsn src)" -c "insert into marks values (100)"
	done
	[ $((SECONDS - t0)) -lt 10 ]
	is "$(pg_sql src 'select bool_and(flush_lsn >= write_lsn) from pg_stat_replication')" t
	# What was committed is on disk: also when the receiver dies now.
	local name offset
	pg_sql src 'insert into marks values (4712)'
	offset=$(pg_sql src 'select file_offset
		from pg_walfile_name_offset(pg_current_wal_flush_lsn())')
	timeout 20 psql -XAtq -d "$(pg_dsn src)" -c "insert into marks values (4713)"
	kill -KILL "$RECEIVER"
	wait "$RECEIVER" || :
	name=$(listing r | grep partial)
	pg_sql src 'alter system reset synchronous_standby_names'
	pg_reload src
	exits 0 pg-wal verify r
	cmp -n "$offset" "r/$name" "$(pg_data src)/pg_wal/${name%.partial}"
}

@test "receive: from a standby that is promoted, to its timeline" {
	pg_standby sby src 'archive_mode = off'
	mkdir r
	begin_receive sby -a r
	fill_wal src 2
	pg_caught_up sby src
	pg_sql sby 'select pg_promote()' >/dev/null
	wait_for pg_sql_true sby 'select not pg_is_in_recovery()'
	fill_wal sby 2
	received sby r
	end_receive
	has r 00000002.history
	like "$(cat receive.err)" 'timeline 1 goes on as 2'
	exits 0 pg-wal verify r
	is "$(pg-wal info --json r | jq -r 'select(.end).timelines')" 2
	# A receiver of the old primary finds that it is one.
	exits 4 pg-wal receive -d "$(replication src)" -a r --no-loop
	like "$err" 'on timeline 2 already, the server on 1'
	rm r/00000002.history
	exits 1 pg-wal verify r
	like "$out" '^missing +00000002.history'
	pg_stop sby
}

@test "receive: a full disk, another system, no slot" {
	local got=0
	tmpfs "$PG_ROOT/small" 20M
	pg-wal receive -d "$(replication src)" -a "$PG_ROOT/small" -Z none \
		2>receive.err &
	RECEIVER=$!
	wait_for -t 20 grep -sq 'receiving from' receive.err
	fill_wal src 2
	pg_sql src 'insert into filler select i, md5(i::text)
		from generate_series(1, 200000) i; select pg_switch_wal()' >/dev/null
	wait "$RECEIVER" || got=$?
	is "$got" 3
	grep -q 'No space left' receive.err
	mount -o remount,size=200M "$PG_ROOT/small"
	exits 0 pg-wal receive -d "$(replication src)" -a "$PG_ROOT/small" -Z none \
		--until "$(pg_sql src 'select pg_current_wal_flush_lsn()')"
	exits 0 pg-wal verify "$PG_ROOT/small"
	is "$(pg-wal info --json "$PG_ROOT/small" | jq -r 'select(.end).gaps')" 0
	mkdir r
	exits 3 pg-wal receive -d "$(replication src)" -a r --slot nowhere
	like "$err" 'nowhere'
	exits 3 pg-wal receive -d "$(replication src)" -a r/none
	echo '{"format":1,"system":"42","wal_segment_size":16777216}' >r/wal.json
	exits 3 pg-wal receive -d "$(replication src)" -a r
	like "$err" 'is of the system 42'
	exits 4 pg-wal receive -d "host=$PG_ROOT port=1" -a r --no-loop
}

@test "segments of 1 MB, over the boundary of a log" {
	[ -x "$PG_BINDIR/pg_resetwal" ] || skip 'needs pg_resetwal'
	pg_create tiny
	pg_as_server "$PG_BINDIR/pg_resetwal" --wal-segsize=1 \
		-l 000000010000000000000FFD "$(pg_data tiny)" >/dev/null
	archive tiny.wal
	pg_sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$(pg_dsn "$1")" <<<"$2"; }
	archiving tiny 'min_wal_size = 2MB' 'max_wal_size = 64MB'
	mkdir r
	begin_receive tiny -a r
	pg_sql tiny 'create table marks (n int)'
	fill_wal tiny 6
	archived tiny
	received tiny r
	end_receive
	local dir
	for dir in r "$A"; do
		has "$dir" 000000010000000000000FFF
		has "$dir" 000000010000000100000000
		exits 0 pg-wal verify "$dir"
		exits 0 pg-wal info --json "$dir"
		is "$(jq -r 'select(.end) | [.gaps, .wal_segment_size] | @csv' <<<"$out")" \
			0,1048576
	done
	rm r/000000010000000100000000*
	exits 1 pg-wal verify r
	like "$out" '^missing +000000010000000100000000: this segment'
	pg_stop tiny
}

names() { listing "$1" | grep -E '^[0-9A-F]{24}' | sed 's/\..*//' | sort -u; }

# What a server's backup says of itself, as pg-basebackup-wrap writes it.
note_backup() {	# DIR LSN TIMELINE [SYSTEM]
	mkdir -p "$1"
	printf '{"format":1,"system":"%s","timeline":%s,"start_lsn":"%s"}\n' \
		"${4:-$SYSTEM}" "$3" "$2" >"$1/backup.json"
}

lsn_of() {	# SEGMENT of 16 MB
	printf '%X/%X' $((0x${1:8:8})) $((0x${1:16:8} << 24 | 0x28))
}

@test "expire: what a kept backup needs stays, the rest goes" {
	local segments
	fill_wal src 6
	archived src
	cp -r "$A" x
	SYSTEM=$(jq -r .system x/wal.json)
	mapfile -t segments < <(names x)
	[ "${#segments[@]}" -ge 6 ]
	mkdir b
	exits 3 pg-wal expire --backups b x
	like "$err" 'no backup of this system'
	note_backup b/20200101T000000Z "$(lsn_of "${segments[1]}")" 1 42
	exits 3 pg-wal expire --backups b x
	note_backup b/20200102T000000Z "$(lsn_of "${segments[3]}")" 1
	note_backup b/20200103T000000Z "$(lsn_of "${segments[5]}")" 1
	exits 0 pg-wal expire -n --backups b x
	like "$out" "^would remove +${segments[2]}"
	unlike "$out" "^would remove +${segments[3]}"
	is "$(names x)" "$(printf '%s\n' "${segments[@]}")"
	# Nothing is lost by age: all of it is young or old, alike.
	touch -d '2001-01-01' x/*
	exits 0 pg-wal expire --json --backups b x
	is "$(jq -r 'select(.end).removed' <<<"$out")" "$(jq -s 'map(select(.file)) | length' <<<"$out")"
	is "$(names x)" "$(printf '%s\n' "${segments[@]:3}")"
	# A backup's record that is broken, or gone, may need anything.
	rm -r b/20200102T000000Z
	echo '{' >b/20200103T000000Z/backup.json
	exits 2 pg-wal expire --backups b x
	rm b/20200103T000000Z/backup.json
	exits 3 pg-wal expire --backups b x
	like "$err" 'has lost its record'
	is "$(names x)" "$(printf '%s\n' "${segments[@]:3}")"
	rmdir b/20200103T000000Z
	# One that is being made: what came since it began.
	touch -d '2001-01-01' x/*
	note_backup b/20200104T000000Z F0/0 1
	mkdir b/20200105T000000Z.partial
	touch "x/$(listing x | grep "${segments[4]}")"
	flock b/20200105T000000Z.partial pg-wal expire --backups b x >out
	is "$(names x)" "$(printf '%s\n' "${segments[4]}" "${segments[-1]}")"
	# The last one tells a receiver where to go on.
	exits 0 pg-wal expire --backups b x
	is "$(names x)" "${segments[-1]}"
	exits 2 pg-wal expire x
}

@test "expire: a real backup, and the WAL that it needs" {
	fill_wal src 3
	archived src
	cp -r "$A" x
	pg-basebackup-wrap -q -d "$(replication src)" -o b >backup
	local first
	first=$(jq -r .wal.first "$(<backup)/backup.json")
	fill_wal src 2
	archived src
	cp -n "$A"/* x/ 2>/dev/null || :
	exits 0 pg-wal expire --backups b x
	is "$(names x | head -n 1)" "$first"
	exits 0 pg-wal verify x
	exits 0 pg-wal expire --backups "file://$PWD/b" -n x
	unlike "$out" '^would remove'
	# A list that lacks what may not be looked at is none.
	mkdir bin
	printf '#!/bin/sh\nexit 1\n' >bin/find
	chmod +x bin/find
	PATH=$PWD/bin:$PATH exits 3 pg-wal expire --backups "file://$PWD/b" x
	like "$err" 'hint: nothing was removed'
	# What is being copied there, of any age, once.
	mkdir b/20200101T000000Z
	touch b/20200101T000000Z/{base.tar,pg_wal.tar}
	printf '{"format":1,"noted":%s}\n' "$(date +%s)" \
		>b/20200101T000000Z/claim.0123456789abcdef
	exits 0 pg-wal expire --backups "file://$PWD/b" -n x
	is "$(grep -c '20200101T000000Z, which is being made' "$OUT")" 1
	echo >b/20200101T000000Z/claim.0123456789abcdef
	exits 2 pg-wal expire --backups "file://$PWD/b" x
	like "$err" 'hint: nothing was removed'
}

@test "expire: points that were named" {
	local before after
	pg_sql src 'select pg_switch_wal()' >/dev/null
	before=$(pg_sql src "select pg_walfile_name(pg_create_restore_point('kept here'))")
	fill_wal src 2
	archived src
	# The server is archiving still: its temporary files come and go.
	mkdir x
	cp "$A"/* x/
	exits 2 pg-wal expire --keep nowhere x
	like "$err" 'no restore point "nowhere"'
	after=$(names x | tail -n 2 | head -n 1)
	exits 0 pg-wal expire -n --keep "$after" x
	like "$out" "^would remove +$before"
	exits 0 pg-wal expire --keep "$after" --keep 'kept here' x
	is "$(names x | head -n 1)" "$before"
	exits 0 pg-wal expire --keep "$(lsn_of "$after")" x
	is "$(names x | head -n 1)" "$after"
}

@test "expire: a file system of their own, and directories that are closed" {
	require_root 'to be somebody else'
	local dir=$PG_ROOT/mount
	SYSTEM=$(jq -r .system "$A/wal.json")
	pg_directory "$dir"
	cp -r "$A" "$dir/x"
	note_backup "$dir/b/20200101T000000Z" 0/0 1
	mkdir -m 700 "$dir/b/lost+found"
	chown -R "$(pg_user)" "$dir"
	chown root "$dir/b/lost+found"
	exits 0 pg_as_server "$W" expire -n --backups "$dir/b" "$dir/x"
	mkdir -m 700 "$dir/b/20200102T000000Z.partial"
	exits 3 pg_as_server "$W" expire -n --backups "$dir/b" "$dir/x"
	like "$err" 'could not open ".*partial"'
	rmdir "$dir/b/20200102T000000Z.partial"
	mkdir -m 700 "$dir/b/20200102T000000Z"
	exits 3 pg_as_server "$W" expire -n --backups "$dir/b" "$dir/x"
	like "$err" 'could not look at '
}

# Timeline 2 leaves 1 in segment 5; 1 went on; 3 comes from 2 in segment 8.
@test "expire: other timelines' WAL goes, that of ancestors does not" {
	local n
	SYSTEM=$(jq -r .system "$A/wal.json")
	mkdir x b
	cp "$A/wal.json" x/
	for n in 3 4 5 6 7; do echo >x/00000001000000000000000$n; done
	for n in 5 6 7 8; do echo >x/00000002000000000000000$n; done
	for n in 8 9; do echo >x/00000003000000000000000$n; done
	printf '1\t0/5000100\tx\n' >x/00000002.history
	printf '1\t0/5000100\tx\n2\t0/8000200\tx\n' >x/00000003.history
	note_backup b/20200101T000000Z 0/5000128 2
	exits 0 pg-wal expire --backups b x
	is "$(names x | tr '\n' ' ')" "$(printf '%s ' 000000010000000000000005 \
		00000002000000000000000{5,6,7,8} 00000003000000000000000{8,9})"
	[ -e x/00000002.history ]
	# A standby followed its primary from 1 to 2 in the middle of a backup:
	# its record has where it began and the timeline on which it ended.
	for n in 3 4 6 7; do echo >x/00000001000000000000000$n; done
	rm -r b/*
	note_backup b/20200101T000000Z 0/4000028 2
	exits 0 pg-wal expire --backups b x
	is "$(names x | tr '\n' ' ')" "$(printf '%s ' 00000001000000000000000{4,5} \
		00000002000000000000000{5,6,7,8} 00000003000000000000000{8,9})"
	# Without its history a timeline may come from anywhere.
	rm x/00000003.history
	rm -r b/*
	note_backup b/20200101T000000Z 0/7000028 1
	exits 0 pg-wal expire --backups b x
	is "$(names x | tr '\n' ' ')" "$(printf '%s ' 00000003000000000000000{8,9})"
}
