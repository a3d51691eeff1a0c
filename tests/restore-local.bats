#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-restore-local: backups of every layout become servers.

load lib/common
load lib/restore

setup_file() { restore_setup_file; }

comes_up() {	# NAME ARG...
	exits 0 restore "$1" --start "${@:2}"
	holds_all "$1"
	halt "$1"
}

@test "a directory of archives of our own" {
	a_backup
	exits 0 restore a1 --start "$BACKUP"
	like "$err" 'restored .* in .*, ready at 20'
	holds_all a1
	# The label has done its work, and the copy is on the same timeline.
	[ ! -e "$(restored a1)/backup_label" ]
	is "$(pg_sql a1 'select timeline_id from pg_control_checkpoint()')" 1
	is "$(pg_sql a1 'show archive_mode')" off
	is "$(pg_sql a1 'select count(*) from fleeting')" 0
	halt a1
	[ ! -e "$PG_ROOT/a1/data.new" ]
	[ ! -e "$(restored a1)/pgpipe-restore.json" ]
	exits 0 ours -Z zstd:1 -o "$B/zstd"
	comes_up a2 "$B"/zstd/* -j 2
	exits 0 ours -Z gzip:1 -o "$B/gzip"
	comes_up a3 "$B"/gzip/*
	exits 0 ours -Z lz4 -o "$B/lz4"
	comes_up a4 "$B"/lz4/*
}

@test "one stream, compressed or not" {
	ours --tar >"$B/one.tar"
	zstd -q -f "$B/one.tar" -o "$B/one.tar.zst"
	gzip -1 -c "$B/one.tar" >"$B/one.tar.gz"
	lz4 -q -f "$B/one.tar" "$B/one.tar.lz4" || skip 'no lz4'
	comes_up s1 <"$B/one.tar"
	comes_up s2 "$B/one.tar.gz"
	comes_up s3 - <"$B/one.tar.lz4"
	site s4
	pipes '0 0' 'cat "$B/one.tar.zst" | restore s4 --start'
	holds_all s4
	halt s4
}

@test "a stream whose manifest has other checksums than CRC32C" {
	ours --tar --manifest-checksums sha256 >"$B/sha.tar"
	comes_up s5 <"$B/sha.tar"
	flip "$B/sha.tar" $(($(offset_of "$B/sha.tar" PG_VERSION) + 1))
	exits 2 restore s6 "$B/sha.tar"
	like "$err" 'PG_VERSION" has not its checksum|cannot understand "PG_VERSION'
	not_startable s6
}

@test "a data directory" {
	exits 0 ours --plain "$B/plain" -T "$PG_ROOT/src/space=$B/plain.space"
	comes_up p1 "$B/plain" -j 3
	[ "$(readlink "$(restored p1)"/pg_tblspc/*)" != "$B/plain.space" ]
	# A tar of it, made by tar.
	tar -C "$B/plain" -cf "$B/gnu.tar" --exclude 'pg_tblspc/*' .
	exits 2 restore p2 "$B/gnu.tar"
	like "$err" 'file "pg_tblspc/.*" is missing'
}

@test "what pg_basebackup makes: tar" {
	take "$B/tar" -Ft -X stream
	comes_up t1 "$B/tar"
	take "$B/targz" -Ft -X fetch -z
	comes_up t2 "$B/targz" -j 2
	if [ "$PG_MAJOR" -ge 15 ]; then
		take "$B/tarzst" -Ft -X fetch -Z server-zstd:1
		comes_up t3 "$B/tarzst"
		take "$B/tarlz4" -Ft -X fetch -Z server-lz4
		comes_up t4 "$B/tarlz4"
	fi
}

@test "what pg_basebackup makes: plain, and SHA checksums" {
	take "$B/pbb" -Fp -X stream -T "$PG_ROOT/src/space=$B/pbb.space"
	comes_up t5 "$B/pbb"
	take "$B/sha512" -Ft -X fetch --manifest-checksums=SHA512
	comes_up t6 "$B/sha512"
}

@test "a standby that pg_basebackup -R prepared becomes a server of its own" {
	take "$B/r" -Ft -R -X stream
	exits 0 restore t7 --start "$B/r"
	like "$err" 'restored as a server of its own'
	is "$(pg_sql t7 'select pg_is_in_recovery()')" f
	is "$(pg_sql t7 'show primary_conninfo')" ''
	halt t7
}

@test "a backup under load keeps its balances" {
	local pgbench=/usr/lib/postgresql/15/bin/pgbench pid sums
	[ -x "$pgbench" ] || skip 'no pgbench'
	pg_sql src 'create database load'
	"$pgbench" -q -i -s 3 -d "$(pg_dsn src load)" 2>/dev/null
	"$pgbench" -c 4 -T 60 -n -d "$(pg_dsn src load)" >/dev/null 2>&1 3>&- &
	pid=$!
	sleep 1
	ours -r 25MB -o "$B/load"
	kill "$pid"
	wait "$pid" || :
	exits 0 restore load --start "$B"/load/*
	sums=$(pg_sql load/load "select count(distinct s) from (
		select sum(abalance) s from pgbench_accounts union all
		select sum(bbalance) from pgbench_branches union all
		select sum(tbalance) from pgbench_tellers union all
		select coalesce(sum(delta), 0) from pgbench_history) x")
	is "$sums" 1 'the balances differ'
	is "$(pg_sql load/load 'select count(*) from pgbench_accounts')" 300000
	like "$(pg_sql load/load 'select count(*) > 0 from pgbench_history')" t
	amcheck load
	halt load
}

@test "a backup of a standby" {
	pg_standby sb src 'wal_level = replica'
	pg_caught_up sb src
	pg_sql src checkpoint
	pg-basebackup-wrap -q -d "$(pg_dsn sb | sed 's/ dbname=.*//')" -o "$B/sb"
	pg_stop sb
	exits 0 restore sb1 --start "$B"/sb/*
	is "$(pg_sql sb1 'select pg_is_in_recovery()')" f
	holds_all sb1
	halt sb1
}

# --- who and where -----------------------------------------------------------------

@test "owner and modes are decided here" {
	require_root 'to give files away'
	a_backup
	exits 0 restore o1 "$BACKUP" --owner 1234:4321
	is "$(stat -c '%u:%g %a' "$(restored o1)")" '1234:4321 700'
	is "$(find "$(restored o1)" "$PG_ROOT/o1/spaces"/* \( ! -uid 1234 -o ! -gid 4321 \) | head -n 3)" ''
	is "$(find "$(restored o1)" -type f -perm /0177 | head -n 3)" ''
	exits 0 restore o2 "$BACKUP"
	is "$(stat -c %U "$(restored o2)")" "$(pg_user)"
	exits 2 restore o3 "$BACKUP" --owner nobody-of-that-name
	like "$err" 'there is no user "nobody-of-that-name"'
	exits 2 restore o3 "$BACKUP" --owner 0
	like "$err" 'cannot belong to root'
	mkdir "$PG_ROOT/rooted"
	exits 2 pg-restore-local -D "$PG_ROOT/rooted/data" "$BACKUP" --bindir "$PG_BINDIR"
	like "$err" 'to whom is .* to belong'
	[ ! -e "$PG_ROOT/rooted/data" ]
}

@test "the owner itself restores" {
	require_root 'to become another user'
	a_backup
	site o5
	chmod -R a+rX "$B"
	exits 0 pg_as_server "$BUILD/bin/pg-restore-local" -D "$PG_ROOT/o5/data" \
		--bindir "$PG_BINDIR" -c unix_socket_directories="$PG_ROOT/o5/s" \
		--tablespaces-in "$PG_ROOT/o5/spaces" --start "$BACKUP"
	holds_all o5
	halt o5
	exits 3 pg_as_server "$BUILD/bin/pg-restore-local" -D "$PG_ROOT/o5/data2" \
		--bindir "$PG_BINDIR" --owner 1 "$BACKUP"
	like "$err" 'only root can give'
}

@test "a cluster that its group may read stays one" {
	a_backup
	pg_sql src "select 1" >/dev/null
	ours -Z none --plain "$B/group" -T "$PG_ROOT/src/space=$B/group.space"
	chmod -R g+rX "$B/group" "$B/group.space"
	chmod u+s "$B/group/PG_VERSION"
	exits 0 restore o6 --start "$B/group"
	is "$(stat -c %a "$(restored o6)")" 750
	is "$(stat -c %a "$(restored o6)/PG_VERSION")" 640
	halt o6
}

@test "tablespaces go where they are told" {
	local oid
	a_backup
	oid=$(pg_sql src "select oid from pg_tablespace where spcname = 'space'")
	exits 0 restore ts1 --start "$BACKUP" -T "$PG_ROOT/src/space=$PG_ROOT/ts1/moved"
	is "$(readlink "$(restored ts1)/pg_tblspc/$oid")" "$PG_ROOT/ts1/moved"
	holds_all ts1
	halt ts1
	[ ! -e "$(restored ts1)/tablespace_map" ]
	exits 0 restore ts2 "$BACKUP" -T "$oid=$PG_ROOT/ts2/by oid"
	is "$(readlink "$(restored ts2)/pg_tblspc/$oid")" "$PG_ROOT/ts2/by oid"
	# Its old place is in use, by the server itself.
	exits 3 pg-restore-local -D "$PG_ROOT/ts2/data2" "$BACKUP" --bindir "$PG_BINDIR"
	like "$err" 'the place of tablespace .* is not empty'
	[ ! -e "$PG_ROOT/ts2/data2" ] && [ ! -e "$PG_ROOT/ts2/data2.new" ]
	exits 2 restore ts3 "$BACKUP" -T "nonsense"
	exits 2 restore ts3 "$BACKUP" -T "$oid=$PG_ROOT/ts3/data/within"
	exits 2 restore ts3 "$BACKUP" -T "$oid=relative"
}

@test "an archive of a tablespace is missing" {
	a_backup
	cp -r "$BACKUP" "$B/lacking"
	rm "$B"/lacking/[0-9]*.tar
	exits 2 restore ts4 "$B/lacking"
	like "$err" 'lacks the archive of tablespace'
	not_startable ts4
}

@test "an empty directory is filled, also a mount point" {
	a_backup
	site m1
	pg_directory "$PG_ROOT/m1/data"
	exits 0 restore m1 --start "$BACKUP"
	halt m1
	site m2
	tmpfs "$PG_ROOT/m2/data" 300m
	exits 0 restore m2 --start "$BACKUP"
	holds_all m2
	halt m2
	exits 3 restore m2 "$BACKUP" --replace --yes
	like "$err" 'it is a mount point'
	start m2
	halt m2
}

# --- replacing -----------------------------------------------------------------------

@test "what is there is not touched unasked, and kept when replaced" {
	local before
	a_backup
	exits 0 restore r1 --start "$BACKUP"
	pg_sql r1 'create table mine as select 42 a'
	exits 3 restore r1 "$BACKUP" --replace --yes
	like "$err" 'a server runs in'
	halt r1
	before=$(fingerprint "$(restored r1)")
	exits 3 restore r1 "$BACKUP"
	like "$err" 'is not empty'
	exits 2 setsid -w bash -c "$(declare -f restore site pg_directory pg_user); restore r1 '$BACKUP' --replace"
	like "$err" 'no terminal to ask'
	is "$(fingerprint "$(restored r1)")" "$before"
	exits 0 restore r1 --replace --yes "$BACKUP"
	like "$err" 'what there was before is'
	is "$(fingerprint "$PG_ROOT"/r1/data.old-*)" "$before"
	# Not before the new one has come up.
	exits 3 restore r1 --drop-old </dev/null
	like "$err" 'has not started yet'
	start r1
	exits 3 pg_sql r1 'select * from mine'
	exits 0 pg-restore-local -D "$(restored r1)" --drop-old
	like "$err" 'removed ".*data.old-'
	is "$(echo "$PG_ROOT"/r1/*old-*)" "$PG_ROOT/r1/*old-*"
	holds_all r1
	halt r1
}

# The label is renamed when recovery begins.
@test "what was there is not dropped for a server that failed in its recovery" {
	local data
	a_backup
	exits 0 restore r5 "$BACKUP"
	data=$(restored r5)
	exits 0 restore r5 --replace --yes "$BACKUP" -c recovery_target_xid=77 \
		-c restore_command=false
	pg_as_server touch "$data/recovery.signal"
	run ! start r5
	[ ! -e "$data/backup_label" ] && [ -e "$data/backup_label.old" ]
	exits 3 restore r5 --drop-old </dev/null
	like "$err" 'has not come through its recovery'
	[ -e "$(echo "$PG_ROOT"/r5/data.old-*/PG_VERSION)" ]
	# A standby has come up once it lets readers in, and is never in production.
	rm "$data/recovery.signal"
	pg_as_server touch "$data/standby.signal"
	pg_as_server mv "$data/backup_label.old" "$data/backup_label"
	sed -i '/^recovery_target_xid/d' "$data/postgresql.auto.conf"
	start r5
	is "$(pg_sql r5 'select pg_is_in_recovery()')" t
	exits 0 pg-restore-local -D "$data" --drop-old
	like "$err" 'removed ".*data.old-'
	mkdir "$PG_ROOT/r5/data.old-20010101T000000Z"
	halt r5 immediate
	exits 3 pg-restore-local -D "$data" --drop-old
	start r5
	halt r5
	exits 0 pg-restore-local -D "$data" --drop-old
	[ ! -e "$PG_ROOT/r5/data.old-20010101T000000Z" ]
}

@test "a replaced cluster keeps its tablespaces" {
	local old
	a_backup
	exits 0 restore r2 --start "$BACKUP"
	pg_sql r2 'insert into spaced select -1'
	halt r2
	exits 0 restore r2 --start --replace --yes "$BACKUP"
	is "$(pg_sql r2 'select count(*) from spaced where a = -1')" 0
	holds_all r2
	halt r2
	old=$(echo "$PG_ROOT"/r2/data.old-*)
	mv "$(restored r2)" "$PG_ROOT/r2/new" && mv "$old" "$(restored r2)"
	start r2
	is "$(pg_sql r2 'select count(*) from spaced where a = -1')" 1
	halt r2
}

@test "a server that does not come up is taken back" {
	a_backup
	exits 0 restore r3 --start "$BACKUP"
	pg_sql r3 'create table mine as select 42 a; insert into spaced select -7'
	halt r3
	exits 3 restore r3 --start --replace --yes "$BACKUP" -c shared_buffers=nonsense
	like "$err" 'did not come up'
	like "$err" 'is again what it was'
	start r3
	is "$(pg_sql r3 'select * from mine')" 42
	is "$(pg_sql r3 'select count(*) from spaced where a = -7')" 1
	halt r3
}

@test "a port that another server has" {
	a_backup
	# The socket's directory, and so the port, is src's.
	site port
	exits 3 pg-restore-local -D "$PG_ROOT/port/data" --bindir "$PG_BINDIR" \
		-c unix_socket_directories="$PG_ROOT/src/s" -c listen_addresses= \
		--tablespaces-in "$PG_ROOT/port/spaces" --start --timeout 20s "$BACKUP"
	like "$err" 'did not come up'
	like "$err" 'lock file|already in use|another postmaster'
	is "$(pg_sql src 'select 1')" 1
}

@test "names that are no text, and files of no bytes" {
	local data
	data=$(pg_data src)
	pg_as_server touch "$data/empty file"
	pg_as_server sh -c 'echo x >"$1"' sh "$data/$(printf 'f\377\303 \"q')"
	ours -o names
	rm "$data/empty file" "$data"/f*q
	exits 0 pg-basebackup-wrap verify names/*
	exits 0 restore names names/*
	[ -e "$(restored names)/empty file" ]
	is "$(cat "$(restored names)/$(printf 'f\377\303 \"q')")" x
}

@test "services are stopped and started by their commands" {
	local ctl="$PG_BINDIR/pg_ctl -D $PG_ROOT/r4/data -s -w"
	local as="cd /; "
	[ "$(id -u)" -ne 0 ] ||
		as="cd /; setpriv --reuid $(pg_user) --regid $(id -g "$(pg_user)") --clear-groups"
	a_backup
	exits 0 restore r4 --start "$BACKUP"
	pg_sql r4 'create table mine as select 42 a'
	exits 0 restore r4 --replace --yes "$BACKUP" --json --timeout 60s \
		--stop-service "$as $ctl -m fast stop; echo stopped >>$PWD/calls" \
		--start-service "$as $ctl -l $PG_ROOT/r4/log start >/dev/null 2>&1; echo started >>$PWD/calls"
	is "$(tr '\n' ' ' <calls)" 'stopped started '
	is "$(jq -r '.running, .recovery.in_recovery' <<<"$out" | tr '\n' ' ')" 'true false '
	holds_all r4
	# The start fails: the old one comes back and is started again.
	pg_sql r4 'create table mine as select 43 a'
	rm calls
	exits 3 restore r4 --replace --yes "$BACKUP" --timeout 20s -c port=nonsense \
		--stop-service "$as $ctl -m fast stop" \
		--start-service "echo started >>$PWD/calls; $as $ctl -l $PG_ROOT/r4/log start >/dev/null 2>&1"
	is "$(wc -l <calls)" 2
	is "$(pg_sql r4 'select * from mine')" 43
	halt r4
}

@test "delta keeps what is as it should be" {
	local inode
	a_backup
	exits 0 restore d1 --start "$BACKUP"
	pg_sql d1 'update t set m = m || m where i < 100; create table more as
		select generate_series(1, 9999)'
	halt d1
	echo junk >"$(restored d1)/base/junk"
	ln -s /etc/passwd "$(restored d1)/base/1/link"
	inode=$(stat -c %i "$(restored d1)/PG_VERSION")
	exits 0 restore d1 --delta --yes --start "$BACKUP" --json
	is "$(stat -c %i "$(restored d1)/PG_VERSION")" "$inode"
	[ "$(jq .kept_bytes <<<"$out")" -gt 10000000 ]
	is "$(echo "$PG_ROOT"/d1/spaces/*.old-*)" "$PG_ROOT/d1/spaces/*.old-*"
	[ ! -e "$(restored d1)/base/junk" ] && [ ! -L "$(restored d1)/base/1/link" ]
	exits 3 pg_sql d1 'select * from more'
	holds_all d1
	halt d1
	exits 2 restore d1 --delta --yes <"$B/one.tar"
	like "$err" 'needs the manifest before the files|server runs'
}

# It changes the files in their place, so the server must be gone before the first.
@test "delta stops the server before it touches anything" {
	local data before
	local ctl="$PG_BINDIR/pg_ctl -D $PG_ROOT/d2/data -s -w" as="cd /; "
	[ "$(id -u)" -ne 0 ] ||
		as="cd /; setpriv --reuid $(pg_user) --regid $(id -g "$(pg_user)") --clear-groups"
	a_backup
	exits 0 restore d2 --start "$BACKUP"
	pg_sql d2 'update t set m = m || m where i < 100; checkpoint'
	data=$(restored d2)
	before=$(stat -c %i "$data/global/pg_control" "$data/postmaster.pid")
	exits 3 restore d2 --delta --yes "$BACKUP" --stop-service false
	like "$err" 'could not stop the server'
	is "$(stat -c %i "$data/global/pg_control" "$data/postmaster.pid")" "$before"
	[ ! -e "$data/pgpipe-restore.json" ]
	exits 0 restore d2 -n --delta "$BACKUP" --stop-service "stop it"
	like "$(tr '\n' ' ' <<<"$out")" 'stop it .*keep in .*pg_control first'
	exits 0 restore d2 --delta --yes "$BACKUP" --timeout 60s \
		--stop-service "stat -c %i $data/global/pg_control $data/postmaster.pid >$PWD/seen; $as $ctl -m fast stop" \
		--start-service "$as $ctl -l $PG_ROOT/d2/log start >/dev/null 2>&1"
	is "$(<seen)" "$before"
	holds_all d2
	halt d2
}

@test "a dry run says every step and does none" {
	a_backup
	exits 2 restore n1 -n "$BACKUP" --drop-old
	like "$err" 'drop-old needs --start'
	exits 0 restore n1 -n --start "$BACKUP" --drop-old
	like "$out" 'unpack to .*data.new'
	like "$out" 'pg_control in its place, last of all'
	like "$out" 'unpack tablespace'
	[ ! -e "$(restored n1)" ] && [ ! -e "$(restored n1).new" ]
	exits 0 restore n1 -n --wal "$PG_ROOT/src/archive" \
		--target-time '2030-01-01 00:00Z' "$BACKUP"
	like "$out" 'recover to time 2030-01-01 00:00Z, then promote'
}

@test "JSON says what was done" {
	a_backup
	exits 0 restore j1 --json "$BACKUP"
	is "$(jq -r '.backup.version' <<<"$out")" "$PG_MAJOR"
	is "$(jq -r '.running' <<<"$out")" false
	is "$(jq -r '.tablespaces | length' <<<"$out")" 1
	is "$(jq -r '.backup.system' <<<"$out")" \
		"$(pg_sql src 'select system_identifier from pg_control_system()')"
	exits 3 pg-restore-local -D "$PG_ROOT/j1/x" --json "$BACKUP" --server-version 12
	is "$out" ''
}

@test "options that contradict one another" {
	a_backup
	exits 2 pg-restore-local "$BACKUP"
	exits 2 restore x --delta --replace "$BACKUP"
	exits 2 restore x --target-lsn 0/1 --target-xid 7 "$BACKUP"
	exits 2 restore x --target-time yesterday "$BACKUP"
	like "$err" 'with the zone'
	exits 2 restore x --target-time '2025-07-04 17:00' "$BACKUP"
	exits 2 restore x --target-lsn 7 "$BACKUP"
	exits 2 restore x --standby --target-immediate "$BACKUP"
	exits 2 restore x --set nonsense "$BACKUP"
	exits 2 restore x /nonexistent
	exits 2 restore x "$TREE"
	like "$err" 'is no backup'
}
