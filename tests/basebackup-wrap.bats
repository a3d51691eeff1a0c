#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-basebackup-wrap: what it makes, and what it refuses to call a backup.

load lib/common
load lib/backup

setup_file() {
	common_setup_file
	backup_server src
	backup_tablespace src "$PG_ROOT/space one"
}

setup() {
	common_setup
	SRC=$(pg_dsn src)
	export SRC TMPDIR=$BATS_TEST_TMPDIR
}

# --- the forms ------------------------------------------------------------------

@test "one stream holds tablespaces, WAL and manifest, and a server starts from it" {
	exits 0 backup --tar
	tar -tf "$OUT" >list
	is "$(tail -n 1 list)" backup_manifest
	grep -q '^pg_tblspc/[0-9]*/PG_' list
	grep -q '^pg_wal/0000' list
	grep -q '^pg_wal/archive_status/0000.*\.done$' list
	grep -qx tablespace_map list
	grep -qx backup_label list
	# pg_control is the last of the server's own files.
	is "$(grep -v -e ^pg_wal -e ^backup_manifest list | tail -n 1)" \
		global/pg_control
	# Two zero blocks, and a whole record.
	is $(($(stat -c %s "$OUT") % 10240)) 0
	is "$(tail -c 1024 "$OUT" | tr -d '\0' | wc -c)" 0
	mv "$OUT" stream.tar
	exits 0 pg-basebackup-wrap verify stream.tar
	restored one stream.tar
	same_plain one
	is "$(pg_sql one 'select count(*) from "in space one"')" 20000
	pg_stop one
}

@test "a directory has an archive a tablespace, the WAL, the manifest and a record" {
	exits 0 backup -j 2 -o b
	is "$out" "$(the_backup)"
	local dir=$out
	like "${dir##*/}" '^[0-9]{8}T[0-9]{6}Z$'
	is "$(cd "$dir" && echo *)" \
		"$(cd "$dir" && echo [0-9]*.tar.zst backup.json backup_manifest base.tar.zst pg_wal.tar.zst)"
	exits 0 jq -e --arg system "$(pg_sql src 'select system_identifier from pg_control_system()')" '
		.format == 1 and .status == "good" and .system == $system
		and .timeline == 1 and .from_standby == false and .layout == "tar"
		and .compression == {where: "client", method: "zstd", level: 1, workers: 2}
		and (.tablespaces | length == 1 and (.[0].location | endswith("/space one")))
		and (.archives | length == 3) and .wal.how == "stream"
		and .incremental == null and .page_checksum_failures == []
		and .manifest.files > 900 and (.start_lsn | test("^[0-9A-F]+/[0-9A-F]+$"))' \
		"$dir/backup.json"
	is "$(jq .server_version "$dir/backup.json")" \
		"$(pg_sql src 'show server_version_num')"
	is "$(jq -r .manifest.sha256 "$dir/backup.json")" \
		"$(sha256sum <"$dir/backup_manifest" | cut -d' ' -f1)"
	is "$(jq -r '.archives[] | .bytes' "$dir/backup.json" | paste -sd+ | bc)" \
		"$(cat "$dir"/*.tar.zst | wc -c)"
	exits 0 zstd -lv "$dir/base.tar.zst"
	like "$out" 'Check: XXH64'
	exits 0 pg-basebackup-wrap verify "$dir"
	restored two "$dir"
	same_plain two
	pg_stop two
}

@test "a data directory, its tablespaces somewhere else" {
	exits 2 backup --plain p -T "$PG_ROOT/space one=$PWD/new=place"
	like "$err" 'OLD=NEW'
	exits 0 backup --plain p -T "$PG_ROOT/space one=$PWD/new\\=place"
	is "$out" p
	is "$(readlink p/pg_tblspc/*)" "$PWD/new=place"
	ls -d new=place/PG_*
	is "$(stat -c %a p)" 700
	exits 0 pg-basebackup-wrap verify p
	[ ! -x "$PG_BINDIR/pg_verifybackup" ] ||
		exits 0 "$PG_BINDIR/pg_verifybackup" p
	pg_directory "$PG_ROOT/three" && pg_directory "$PG_ROOT/three/s"
	echo 5432 >"$PG_ROOT/three/port"
	mv p "$PG_ROOT/three/data"
	mv new=place "$PG_ROOT/three/"
	ln -sfn "$PG_ROOT/three/new=place" "$PG_ROOT"/three/data/pg_tblspc/[0-9]*
	start_restored three
	same_plain three
	is "$(pg_sql three 'select count(*) from "in space one"')" 20000
	pg_stop three
}

@test "a data directory that is not empty is not touched" {
	mkdir p q && echo mine >q/file
	exits 3 backup --plain q
	like "$err" '"q" is not empty'
	is "$(cat q/file)" mine
	# The tablespace's own place is taken, too.
	exits 3 backup --plain p
	like "$err" 'space one" is not empty'
	nothing_left p
	is "$(pg_sql src 'select count(*) from "in space one"')" 20000
}

@test "WAL may be fetched at the end, or left to an archive" {
	exits 0 backup -X fetch -o b
	is "$(find b -name 'pg_wal*')" ''
	tar -I zstd -tf b/*/base.tar.zst | grep -q '^pg_wal/0000'
	exits 0 pg-basebackup-wrap verify b/*
	exits 0 backup -X none -o c
	is "$(jq -r .wal.how c/*/backup.json)" none
	exits 0 pg-basebackup-wrap verify c/*
	like "$out" 'WAL elsewhere'
	exits 0 backup -X none --plain p -T "$PG_ROOT/space one=$PWD/s"
	exits 1 pg-basebackup-wrap verify p
	like "$err" 'lacks its WAL'
	exits 0 pg-basebackup-wrap verify --no-wal p
}

@test "compressed here, or not at all" {
	local how
	for how in none gzip:6 lz4 zstd:3,workers=2 zstd:level=5,long client-zstd; do
		exits 0 backup -Z "$how" -o "b.$how"
		exits 0 pg-basebackup-wrap verify "b.$how"/*
		is "$(jq -r .compression.method "b.$how"/*/backup.json)" \
			"$(sed 's/client-//; s/:.*//' <<<"$how")"
	done
	exits 0 backup -Z zstd --tar
	zstd -dcq "$OUT" | tar -t | tail -n 1 | grep -qx backup_manifest
}

# Servers are built with or without each library, and say so.
server_can() {	# METHOD
	backup -q -Z "$1" -X none --tar >/dev/null 2>can || {
		grep -q 'this build does not support' can && return 1
		cat can
	}
	return 0
}

@test "compressed on the server, where it can" {
	local how
	if [ "$PG_MAJOR" -lt 15 ]; then
		exits 3 backup -Z server-zstd -o b
		like "$err" 'a server compresses from PostgreSQL 15 on'
		nothing_left
		return
	fi
	for how in server-gzip:1 server-lz4 server-zstd:3; do
		server_can "$how" || continue
		exits 0 backup -Z "$how" -o "b.$how"
		is "$(jq -r .compression.where "b.$how"/*/backup.json)" server
		exits 0 pg-basebackup-wrap verify "b.$how"/*
	done
	# One stream is one tar, so what comes compressed is unpacked on its way.
	server_can server-zstd || return 0
	exits 0 backup -Z server-zstd --tar
	tar -tf "$OUT" | tail -n 1 | grep -qx backup_manifest
	exits 0 backup -Z server-lz4 -Z gzip --tar
	gzip -dc "$OUT" | pg-basebackup-wrap verify -
	exits 0 backup -Z server-gzip --plain p -T "$PG_ROOT/space one=$PWD/s"
	exits 0 pg-basebackup-wrap verify p
}

@test "each kind of checksum" {
	local kind
	for kind in sha224 sha256 sha384 sha512; do
		exits 0 backup --manifest-checksums "$kind" -X none -o "b.$kind"
		grep -qi "\"$kind\"" "b.$kind"/*/backup_manifest
		exits 0 pg-basebackup-wrap verify "b.$kind"/*
	done
}

@test "a rate that the server keeps to" {
	local start=$EPOCHREALTIME
	SLOW_RATE=16MB exits 0 backup --max-rate 16MB -X none --tar
	local bytes seconds
	bytes=$(stat -c %s "$OUT")
	seconds=$(echo "$EPOCHREALTIME - $start" | bc)
	[ "$(echo "$seconds > 0.8 * $bytes / (16 * 1024 * 1024)" | bc)" = 1 ]
	exits 2 backup --max-rate 1kB --tar
}

@test "over TLS the bytes are the same" {
	command -v openssl >/dev/null || skip 'needs openssl'
	backup_server tls "listen_addresses = '127.0.0.1'"
	openssl req -new -x509 -days 2 -nodes -subj /CN=x -batch \
		-out "$(pg_data tls)/server.crt" -keyout "$(pg_data tls)/server.key" \
		2>/dev/null
	chmod 600 "$(pg_data tls)/server.key"
	[ "$(id -u)" -ne 0 ] || chown "$(pg_user)" "$(pg_data tls)"/server.*
	pg_restart tls 'ssl = on' || skip 'this server has no TLS'
	exits 0 pg-basebackup-wrap -d "$(pg_dsn_tcp tls) sslmode=require" -o b
	exits 0 pg-basebackup-wrap verify b/*
	pg_stop tls
}

# --- names ------------------------------------------------------------------------

@test "labels: quotes and backslashes are kept, control characters refused" {
	exits 0 backup -X none --tar -l "it's \"the\" \\n label"
	tar -xOf "$OUT" backup_label >label
	grep -qxF "LABEL: it's \"the\" \\n label" label
	exits 2 backup --tar -l $'two\nSTART WAL LOCATION: 0/0'
	like "$err" 'no control characters'
	exits 2 backup --tar -l "$(printf 'x%.0s' {1..1025})"
	like "$err" 'at most 1024 bytes'
}

@test "a tablespace with a hostile name" {
	backup_server names
	backup_tablespace names "$PG_ROOT/a \\b \$(touch x) \"q\" ; é"
	SRC=$(pg_dsn names)
	exits 0 backup --tar
	mv "$OUT" stream.tar
	exits 0 pg-basebackup-wrap verify stream.tar
	exits 0 backup -o b
	like "$(jq -r '.tablespaces[0].location' b/*/backup.json)" \
		'/a \\b \$\(touch x\) "q" ; é$'
	pg_stop names
	restored named stream.tar
	is "$(pg_sql named 'select count(*) from pg_tablespace')" 3
	pg_stop named
	[ ! -e x ]
}

# --- what happens meanwhile ----------------------------------------------------------

@test "under load: the copy is consistent, also with WAL that comes fast" {
	backup_server load 'max_wal_size = 32MB' 'min_wal_size = 32MB' \
		'wal_keep_size = 0' 'full_page_writes = on'
	pg_sql load <<-'SQL'
		create table a (id int primary key, v int, f text);
		create table b (id int primary key, v int, f text);
		insert into a select i, 0, repeat('x', 200) from generate_series(1, 20000) i;
		insert into b select i, 0, repeat('x', 200) from generate_series(1, 20000) i;
	SQL
	(
		for i in {1..400}; do
			echo "begin; update a set v = v + $i where id % 97 = $i % 97;
			update b set v = v - $i where id % 97 = $i % 97; commit;"
			[ $((i % 40)) -ne 0 ] || echo 'checkpoint;'
		done | pg_sql load
	) &
	local writer=$!
	exits 0 pg-basebackup-wrap -d "$(pg_dsn load)" --tar --max-rate 24MB
	wait "$writer"
	mv "$OUT" stream.tar
	exits 0 pg-basebackup-wrap verify stream.tar
	pg_stop load
	restored loaded stream.tar
	is "$(pg_sql loaded 'select (select sum(v) from a) + (select sum(v) from b)')" 0
	is "$(pg_sql loaded 'select count(*) from a')" 20000
	pg_sql loaded 'set enable_seqscan = off; select count(*) from a where id > 0'
	pg_stop loaded
}

@test "a consumer that stalls longer than the server waits loses nothing" {
	backup_server stall 'wal_sender_timeout = 2s' 'wal_keep_size = 0'
	SRC=$(pg_dsn stall)
	(
		sleep 2
		pg_sql stall "create table late as select i, repeat('x', 500) from
			generate_series(1, 20000) i; select pg_switch_wal(); checkpoint"
	) &
	pipes '0 0' 'backup --tar | { sleep 7; cat >stream.tar; }'
	wait
	exits 0 pg-basebackup-wrap verify stream.tar
	unlike "$(cat "$(pg_log stall)")" 'terminating walsender process due to replication timeout'
	pg_stop stall
}

@test "two backups at once" {
	backup -o b >one & local first=$!
	backup -o b >two & local second=$!
	wait "$first"
	wait "$second"
	[ "$(cat one)" != "$(cat two)" ]
	exits 0 pg-basebackup-wrap verify b/*
	is "$(find b -mindepth 1 -maxdepth 1 | wc -l)" 2
}

# bats test_tags=soak
@test "a tablespace dropped meanwhile is no fault of ours" {
	backup_server drop
	pg_sql drop "create table big as select i, repeat('x', 900) from generate_series(1, 9000) i"
	backup_tablespace drop "$PG_ROOT/gone"
	begin_slow drop -o b
	pg_sql drop 'drop table "in gone"; drop database if exists x'
	pg_sql drop 'create table new as select 1'
	end_slow 0
	exits 0 pg-basebackup-wrap verify b/*
	pg_stop drop
}

@test "a database dropped and one made meanwhile, WAL left to an archive that is off" {
	backup_server dbs 'archive_mode = off' 'wal_keep_size = 512MB'
	pg_sql dbs 'create database gone'
	begin_slow dbs -Z none -X none -o b
	pg_sql dbs 'drop database gone'
	pg_sql dbs 'create database made'
	end_slow 0
	exits 0 pg-basebackup-wrap verify --no-wal b/*
	pg_stop dbs
}

# The manifest is what memory goes to.
@test "a million files take less than 400 MB" {
	no_sanitizer 'it has a memory of its own'
	mkdir m
	{
		printf '{ "PostgreSQL-Backup-Manifest-Version": 1,\n"Files": [\n'
		awk 'BEGIN { for (i = 1; i <= 1000000; i++)
			printf "{ \"Path\": \"base/%d/%d\", \"Size\": 8192, \"Last-Modified\": \"2025-07-04 16:53:26 GMT\", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"%08x\" }%s\n",
				16384 + i % 400, 100000 + i, i, i < 1000000 ? "," : "" }'
		printf '],\n"WAL-Ranges": [\n{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100" }\n],\n'
	} >m/backup_manifest
	printf '"Manifest-Checksum": "%s"}\n' \
		"$(sha256sum <m/backup_manifest | cut -d' ' -f1)" >>m/backup_manifest
	tar -cf m/base.tar --format=ustar -T /dev/null
	(ulimit -v 400000 && exits 1 pg-basebackup-wrap verify m)
	like "$(<"$ERR")" '999900 more files are missing'
	tar -cf stream.tar --format=ustar -C m backup_manifest
	(ulimit -v 400000 && exits 1 pg-basebackup-wrap verify stream.tar)
	like "$(<"$ERR")" '999900 more files are missing'
}

@test "no slot is left, whatever happened" {
	exits 0 backup -o b
	wait_for pg_sql_true src 'select count(*) = 0 from pg_replication_slots'
}

# --- what is no backup ------------------------------------------------------------------

@test "killed: what is left is no backup, and expire removes it" {
	local was
	backup_server kill
	begin_slow kill -o b
	kill -KILL "$SLOW"
	wait "$SLOW" || was=$?
	is "$was" 137
	like "$(the_backup)" '\.partial$'
	exits 0 pg-basebackup-wrap list b
	like "$out" 'incomplete: it is no backup'
	exits 2 pg-basebackup-wrap info "$(the_backup)"
	exits 2 pg-basebackup-wrap verify "$(the_backup)"
	wait_for pg_sql_true kill 'select count(*) = 0 from pg_replication_slots'
	exits 0 pg-basebackup-wrap expire --keep 1 b
	nothing_left
	begin_slow kill --tar
	kill -KILL "$SLOW"
	wait "$SLOW" || :
	exits 2 pg-basebackup-wrap verify slow.out
	begin_slow kill --plain p
	kill -KILL "$SLOW"
	wait "$SLOW" || :
	[ ! -e p/global/pg_control ]
	[ ! -e p/backup_manifest ]
	exits 2 pg-basebackup-wrap verify p
	pg_stop kill
}

@test "asked to end: it ends at once, and leaves nothing" {
	local sig was form
	backup_server ask
	for sig in HUP TERM; do
		for form in '-o b' '--plain b'; do
			# shellcheck disable=SC2086 # two words
			begin_slow ask $form
			kill -"$sig" "$SLOW"
			was=0
			wait "$SLOW" || was=$?
			is "$was" $((128 + $(kill -l $sig)))
			nothing_left
			rm -rf b
		done
	done
	pg_stop ask
}

@test "the server is stopped, fast or at once" {
	local how form
	for how in fast immediate; do
		for form in '-o b' '--tar' '--plain b' '-X fetch -o b'; do
			backup_server stop
			# shellcheck disable=SC2086 # two words
			begin_slow stop $form
			pg_stop stop "$how"
			end_slow 4
			like "$err" 'error: could not (take the backup|receive the write-ahead log): '
			nothing_left
			pg_remove_root "$PG_ROOT/stop"
		done
	done
}

@test "its connection is terminated" {
	backup_server term
	begin_slow term -o b
	pg_sql term "select pg_terminate_backend(pid) from pg_stat_replication
		where state = 'backup'"
	end_slow 4
	nothing_left
	# The one for WAL alone.
	begin_slow term -o b
	pg_sql term "select pg_terminate_backend(pid) from pg_stat_replication
		where state <> 'backup'"
	end_slow 4
	like "$err" 'could not receive the write-ahead log'
	nothing_left
	pg_stop term
}

@test "a full disk" {
	backup_server full
	pg_sql full "create table big as select i, md5(i::text) from generate_series(1, 200000) i"
	tmpfs "$PG_ROOT/small" 6m
	exits 3 pg-basebackup-wrap -d "$(pg_dsn full)" -o "$PG_ROOT/small/b" -Z none
	like "$err" 'could not write to ".*": No space left on device'
	nothing_left "$PG_ROOT/small/b"
	exits 3 pg-basebackup-wrap -d "$(pg_dsn full)" --plain "$PG_ROOT/small/p"
	is "$(ls "$PG_ROOT/small")" b
	exits 3 pg-basebackup-wrap -d "$(pg_dsn full)" --tar --spool "$PG_ROOT/small"
	like "$err" 'No space left on device'
	pipes 3 'pg-basebackup-wrap -d "$(pg_dsn full)" --tar >/dev/full'
	like "$err" 'No space left on device'
	pg_stop full
}

@test "a reader that goes away, a stdout that is closed" {
	pipes '3 0' 'backup --tar | head -c 100000 >/dev/null'
	like "$err" 'Broken pipe'
	pipes 3 'backup --tar >&-'
	pipes 3 'backup -o b >&-'
}

@test "a standby as the source, and a promotion in the middle" {
	backup_server prim 'full_page_writes = on'
	pg_standby stand prim
	pg_caught_up stand prim
	exits 0 pg-basebackup-wrap -d "$(pg_dsn stand)" -o b
	is "$(jq .from_standby b/*/backup.json)" true
	exits 0 pg-basebackup-wrap verify b/*
	restored stood b/*
	is "$(pg_sql stood 'select count(*) from plain')" 20000
	pg_stop stood
	rm -rf b
	begin_slow stand -o b
	pg_sql stand 'select pg_promote()'
	end_slow 3
	like "$err" 'promoted'
	nothing_left
	pg_stop prim
	# From then on it is on timeline 2, whose history comes along.
	pg_sql stand 'insert into plain values (-1, $$after$$)'
	exits 0 pg-basebackup-wrap -d "$(pg_dsn stand)" -o b
	is "$(jq .timeline b/*/backup.json)" 2
	tar -I zstd -tf b/*/pg_wal.tar.zst | grep -qx 00000002.history
	exits 0 pg-basebackup-wrap verify b/*
	pg_stop stand
	restored again b/*
	is "$(pg_sql again 'select count(*) from plain')" 20001
	pg_stop again
}

# bats test_tags=soak
@test "a standby that follows its primary to another timeline in the middle" {
	backup_server top 'full_page_writes = on'
	pg_standby mid top
	pg_standby low mid
	pg_caught_up low top
	begin_slow low -o b
	pg_stop top
	pg_sql mid 'select pg_promote()'
	wait_for pg_sql_true mid 'select not pg_is_in_recovery()'
	pg_sql mid 'insert into plain values (-1, $$after$$); checkpoint'
	wait_for pg_sql_true low 'select count(*) = 1 from plain where i = -1'
	end_slow 0
	exits 0 pg-basebackup-wrap verify b/*
	tar -I zstd -tf b/*/pg_wal.tar.zst | grep -q '^00000001'
	pg_stop low
	pg_stop mid
	restored next b/*
	is "$(pg_sql next 'select count(*) >= 20000 from plain')" t
	pg_stop next
}

@test "a connection that must wait is not taken for an idle one" {
	require_version 14
	backup_server idle 'idle_session_timeout = 1s' 'wal_sender_timeout = 2s' \
		'checkpoint_timeout = 30s' 'checkpoint_completion_target = 0.3' \
		'shared_buffers = 16MB'
	pg_sql idle "create table d as select i, repeat('x', 500) from
		generate_series(1, 15000) i"
	exits 0 pg-basebackup-wrap -d "$(pg_dsn idle)" -c spread -o b
	like "$err" 'waiting for the server.s checkpoint'
	exits 0 pg-basebackup-wrap verify b/*
	pg_stop idle
}

@test "pages that fail their checksum: kept, marked, exit 1" {
	local file
	pg_directory "$PG_ROOT/sums" && pg_directory "$PG_ROOT/sums/s"
	echo 5432 >"$PG_ROOT/sums/port"
	pg_as_server "$PG_BINDIR/initdb" -k -D "$PG_ROOT/sums/data" -U postgres \
		-A trust -N >/dev/null
	echo "unix_socket_directories = '$PG_ROOT/sums/s'" \
		>>"$PG_ROOT/sums/data/postgresql.conf"
	backup_server sums "listen_addresses = ''"
	file=$(pg_sql sums "select pg_relation_filepath('plain')")
	pg_stop sums
	printf 'damage' | dd of="$(pg_data sums)/$file" bs=1 seek=9000 conv=notrunc status=none
	printf 'damage' | dd of="$(pg_data sums)/$file" bs=1 seek=20000 conv=notrunc status=none
	pg_start sums
	exits 1 pg-basebackup-wrap -d "$(pg_dsn sums)" -o b
	like "$err" 'error: pages failed their checksum'
	like "$err" "detail: \"$file\": 2 pages"
	is "$(jq -c '.status, .page_checksum_failures' b/*/backup.json)" \
		"$(printf '"damaged"\n[{"file":"%s","count":2}]' "$file")"
	exits 1 pg-basebackup-wrap verify b/*
	exits 0 pg-basebackup-wrap list b
	like "$out" ' damaged '
	# Who restores it is told, and gets it: it may be all there is.
	exits 0 pg-restore-local -D r --owner "$(pg_user)" --json \
		--server-version "$PG_MAJOR" b/*
	like "$err" 'warning: "b/.*" is damaged: pages failed their checksum'
	is "$(jq -r '.notes[0]' "$OUT")" \
		"\"$file\": pages failed their checksum: 2"
	exits 1 pg-basebackup-wrap -d "$(pg_dsn sums)" --tar
	mv "$OUT" stream.tar
	exits 0 pg-basebackup-wrap verify stream.tar
	exits 1 pg-basebackup-wrap -d "$(pg_dsn sums)" --plain p
	[ ! -e p/backup_manifest ]
	exits 0 pg-basebackup-wrap -d "$(pg_dsn sums)" --no-verify-checksums -o c
	pg_stop sums
}

# --- what is missing -------------------------------------------------------------------

@test "no right to replicate, no walsender, no such server" {
	pg_sql src 'create role nobody login; create role repl login replication'
	exits 3 backup -U nobody -d "$SRC user=nobody" -o b
	like "$err" 'hint: .*REPLICATION'
	[ ! -e b ]
	exits 0 pg-basebackup-wrap -d "$SRC user=repl" -o b
	exits 4 pg-basebackup-wrap -d "host=$PWD port=1 user=x connect_timeout=1" -o c
	[ ! -e c ]
	backup_server few 'max_wal_senders = 1' 'max_replication_slots = 1'
	exits 4 pg-basebackup-wrap -d "$(pg_dsn few)" -o c
	like "$err" 'hint: .*--wal=fetch'
	nothing_left c
	exits 0 pg-basebackup-wrap -d "$(pg_dsn few)" -X fetch -o c
	pg_stop few
}

@test "what was asked for must make sense" {
	exits 2 pg-basebackup-wrap -d "$SRC"
	like "$err" 'where to'
	exits 2 backup --tar -o b
	exits 2 backup --tar -T /a=/b
	exits 2 backup -o b -Z zstd:99
	like "$err" 'from -7 to 22'
	exits 2 backup -o b -Z brotli
	exits 2 backup -o b -Z gzip:workers=2
	exits 2 backup --plain p -T a=b
	exits 2 backup --plain p -Z zstd
	exits 2 backup --plain p -T /a=/b -T /a=/c
	[ ! -e b ]
	exits 2 pg-basebackup-wrap expire b
	exits 2 pg-basebackup-wrap expire --keep 1 --keep-days 2 b
	exits 2 pg-basebackup-wrap list
	exits 3 pg-basebackup-wrap list nowhere
	exits 2 pg-basebackup-wrap info nowhere
}

# --- what is there ----------------------------------------------------------------------

@test "list, info and expire" {
	local i
	for i in 1 2 3; do
		exits 0 backup -X none -o b -l "number $i"
	done
	exits 0 pg-basebackup-wrap list b
	is "$(wc -l <"$OUT")" 3
	like "$out" 'good +full .*number 1'
	exits 0 pg-basebackup-wrap list --json b
	is "$(jq -r 'select(.label) | .label' <"$OUT" | paste -sd,)" \
		'number 1,number 2,number 3'
	is "$(tail -n 1 "$OUT")" '{"end":"pg-basebackup-wrap","lines":3}'
	exits 0 pg-basebackup-wrap info --json "$(the_backup)"
	cmp "$OUT" "$(the_backup)/backup.json"
	exits 0 pg-basebackup-wrap info "$(the_backup)"
	like "$out" '^label +number 3$'
	exits 0 pg-basebackup-wrap expire -n --keep 1 b
	is "$(grep -c 'would remove' "$OUT")" 2
	is "$(find b -mindepth 1 -maxdepth 1 | wc -l)" 3
	exits 0 pg-basebackup-wrap expire --keep 2 b
	is "$(find b -mindepth 1 -maxdepth 1 | wc -l)" 2
	like "$(cat "$(the_backup)/backup.json")" 'number 3'
	# A damaged one that is newer stays, but does not count.
	sed -i 's/"status":"good"/"status":"damaged"/' "$(the_backup)/backup.json"
	exits 0 pg-basebackup-wrap expire --keep 1 b
	is "$(find b -mindepth 1 -maxdepth 1 | wc -l)" 2
	# By days: what is old, but for the last good one.
	sed -i 's/"finished":"20/"finished":"19/' b/*/backup.json
	exits 0 pg-basebackup-wrap expire --keep-days 7 b
	is "$(find b -mindepth 1 -maxdepth 1 | wc -l)" 2
	is "$(pg-basebackup-wrap expire -n --json --keep-days 7 b | jq -r 'select(.name) | .action' | sort -u)" keep
}

@test "a flipped bit, wherever it is, is found" {
	local file dir at
	exits 0 backup -Z none -o b
	dir=$(the_backup)
	for file in base.tar backup_manifest pg_wal.tar; do
		cp "$dir/$file" kept
		at=$(($(stat -c %s kept) / 3))
		# Of the WAL what counts is at its start: tar header, page header.
		[ "$file" != pg_wal.tar ] || at=$((512 + 40 + 20))
		flip "$dir/$file" "$at"
		run ! pg-basebackup-wrap verify "$dir"
		like "$output" 'error: '
		cp kept "$dir/$file"
	done
	truncate -s -1024 "$dir/base.tar"
	exits 2 pg-basebackup-wrap verify "$dir"
	rm "$dir/base.tar"
	run ! pg-basebackup-wrap verify "$dir"
}

# --- incremental -------------------------------------------------------------------------

@test "an incremental backup, and what it needs" {
	local first second
	if [ "$PG_MAJOR" -lt 17 ]; then
		exits 0 backup -X none -o b
		exits 3 backup -o b --incremental-from "$(the_backup)"
		like "$err" 'need PostgreSQL 17'
		return
	fi
	exits 0 backup -o b
	exits 3 backup -o b --incremental-from "$(the_backup)"
	like "$err" 'summarize_wal is off'
	rm -rf b
	backup_server inc 'summarize_wal = on'
	SRC=$(pg_dsn inc)
	exits 0 backup -o b
	first=$(the_backup)
	pg_sql inc 'update plain set v = v where i < 100'
	exits 0 backup -o b --incremental-from "$first/backup_manifest"
	second=$(the_backup)
	is "$(jq -r .incremental.from "$second/backup.json")" "${first##*/}"
	is "$(jq -r .incremental.manifest_sha256 "$second/backup.json")" \
		"$(jq -r .manifest.sha256 "$first/backup.json")"
	is "$(jq -r .incremental.start_lsn "$second/backup.json")" \
		"$(jq -r .start_lsn "$first/backup.json")"
	tar -I zstd -tf "$second/base.tar.zst" | grep -q /INCREMENTAL.
	tar -I zstd -xOf "$second/base.tar.zst" backup_label | grep -q '^INCREMENTAL FROM LSN'
	exits 0 pg-basebackup-wrap verify "$second"
	exits 0 pg-basebackup-wrap list b
	like "$out" ' incremental '
	exits 0 pg-basebackup-wrap expire --keep 1 b
	like "$out" 'keep +an incremental one needs it'
	[ -d "$first" ]
	# Of another cluster, or with a flipped bit.
	pg_sql src 'alter system set summarize_wal = on; select pg_reload_conf()'
	wait_for pg_sql_true src "select setting = 'on' from pg_settings
		where name = 'summarize_wal'"
	exits 2 pg-basebackup-wrap -d "$(pg_dsn src)" --incremental-from "$first" -o c
	like "$err" 'of another database cluster'
	pg_sql src 'alter system reset summarize_wal; select pg_reload_conf()'
	sed 's/"Size": 3,/"Size": 4,/' "$first/backup_manifest" >bad
	exits 2 backup --incremental-from bad -o c
	like "$err" 'checksum'
	# Summaries that are gone, and the WAL that they were made of.
	pg_restart inc 'wal_keep_size = 0' 'max_wal_size = 32MB' 'min_wal_size = 32MB'
	for _ in 1 2 3 4 5 6; do
		pg_sql inc 'create table x as select 1; drop table x;
			select pg_switch_wal(); checkpoint'
	done
	pg_stop inc
	rm -f "$(pg_data inc)"/pg_wal/summaries/*
	pg_start inc
	exits 3 backup --incremental-from "$first" -o c
	like "$err" 'WAL summaries are required'
	like "$err" 'hint: a full backup'
	nothing_left c
	pg_stop inc
}

# --- stores --------------------------------------------------------------------------------

# What ssh would do, on this host.
fake_ssh() {
	cat >ssh <<-'SH'
		#!/bin/sh
		echo "$*" >>ssh.log
		while [ "$1" != -- ]; do shift; done
		shift 2
		exec sh -c "$*"
	SH
	chmod +x ssh
	export PGPIPE_SSH=$PWD/ssh
}

store_works() {	# URL DIRECTORY
	exits 0 backup -o "$1" -l first
	like "$out" "^$1/[0-9T]*Z\$"
	is "$(find "$2" -name '*.part')" ''
	is "$(stat -c %a "$(the_backup "$2")/base.tar.zst")" 600
	exits 0 pg-basebackup-wrap verify "$(the_backup "$2")"
	exits 0 backup -o "$1" -l second
	exits 0 pg-basebackup-wrap list "$1"
	is "$(sed 's/.* //' "$OUT" | paste -sd,)" first,second
	exits 0 pg-basebackup-wrap info --json "$1/$(basename "$(the_backup "$2")")"
	is "$(jq -r .label "$OUT")" second
	exits 0 pg-basebackup-wrap expire -n --keep 1 "$1"
	is "$(find "$2" -name backup.json | wc -l)" 2
	exits 0 pg-basebackup-wrap expire --keep 1 "$1"
	is "$(find "$2" -mindepth 1 -maxdepth 1 | wc -l)" 1
	exits 0 pg-basebackup-wrap list "$1"
	like "$out" second
	verify_store "$1" "$(basename "$(the_backup "$2")")" "$(the_backup "$2")"
}

# Where it lies, as well as a directory of its own.
verify_store() {	# URL NAME DIRECTORY
	exits 0 pg-basebackup-wrap verify -j 2 --json "$1/$2/"
	is "$(jq -r 'select(.verdict) | .verdict, .wal' "$OUT" | paste -sd,)" \
		good,whole
	cp -r "$3" copy
	flip "$3/base.tar.zst" 40000
	exits 2 pg-basebackup-wrap verify "$1/$2"
	cp copy/base.tar.zst "$3/"
	truncate -s -1 "$3/pg_wal.tar.zst"
	exits 2 pg-basebackup-wrap verify "$1/$2"
	cp copy/pg_wal.tar.zst "$3/"
	rm "$3"/[0-9]*.tar.zst
	exits 2 pg-basebackup-wrap verify "$1/$2"
	like "$err" 'lacks the archive of tablespace'
	cp copy/[0-9]*.tar.zst "$3/"
	rm "$3/backup.json"
	exits 2 pg-basebackup-wrap verify "$1/$2"
	like "$err" 'is no backup: it has no backup.json'
	cp copy/backup.json "$3/"
	exits 0 pg-basebackup-wrap verify "$1/$2"
	rm -r copy
}

@test "a store: a directory" {
	store_works "file://$PWD/s" s
}

@test "a store: a directory of another host" {
	fake_ssh
	store_works "ssh://me@there:2222$PWD/a b's" "a b's"
	grep -q -- '-p 2222 -- me@there ' ssh.log
}

@test "copies: every file proved, an interrupted one gone on with" {
	exits 0 backup -Z none -o b
	local from=$out name=${out##*/}
	exits 0 pg-basebackup-wrap copy "$from/" c/
	is "$out" "c/$name"
	diff -r "$from" "c/$name"
	is "$(stat -c %a "c/$name" "c/$name/base.tar" | paste -sd,)" 700,600
	exits 0 pg-basebackup-wrap copy --json "$from" c
	is "$(jq -r .name "$OUT")" "$name"
	like "$err" 'is there$'
	# Full, then room again: from where it was.
	tmpfs "$PG_ROOT/lean" 24m
	exits 3 pg-basebackup-wrap copy "$from" "$PG_ROOT/lean"
	[ ! -e "$PG_ROOT/lean/$name" ]
	mkdir d
	cp -r "$PG_ROOT/lean/$name.partial" d/
	exits 0 pg-basebackup-wrap copy "$from" d
	diff -r "$from" "d/$name"
	# What is there and is not its beginning does not stay.
	mkdir -p "e/$name.partial"
	head -c 100000 /dev/urandom >"e/$name.partial/base.tar"
	head -c 99000000 /dev/zero >"e/$name.partial/pg_wal.tar"
	exits 0 pg-basebackup-wrap copy "$from" e
	diff -r "$from" "e/$name"
	# Nor does a copy hide what has happened to its source.
	flip "c/$name/base.tar" 60000
	exits 1 pg-basebackup-wrap copy "c/$name" f
	like "$err" 'base.tar" is not what its record says'
	exits 1 pg-basebackup-wrap copy "c/$name" "file://$PWD/g"
	is "$(find g -name 'base*' -o -name backup.json)" ''
	exits 0 pg-basebackup-wrap list f
	like "$out" 'no backup'
	truncate -s -512 "d/$name/base.tar"
	exits 1 pg-basebackup-wrap copy "d/$name" f
	like "$err" 'its record says'
	exits 2 pg-basebackup-wrap copy f h
	exits 2 pg-basebackup-wrap copy "$from"
	exits 2 pg-basebackup-wrap copy "$from" h x
	# Somebody who may write the record has no way out of the directory.
	jq -c '.archives[0].name = "../x"' "$from/backup.json" >"e/$name/backup.json"
	exits 2 pg-basebackup-wrap copy "e/$name" h
}

@test "a store that fails, and one that is not there" {
	fake_ssh
	exits 2 backup -o "nowhere://x/y"
	like "$err" 'no plug-in store-nowhere was found'
	printf '#!/bin/sh\nexit 255\n' >ssh
	exits 4 backup -o "ssh://there$PWD/s"
	exits 3 backup -o "ssh://-oProxyCommand=x$PWD/s"
	tmpfs "$PG_ROOT/tiny" 4m
	exits 3 backup -Z none -o "file://$PG_ROOT/tiny"
	is "$(find "$PG_ROOT/tiny" -type f)" ''
	backup_server store
	begin_slow store -o "file://$PWD/s"
	pg_stop store immediate
	end_slow 4
	is "$(find s -type f)" ''
}

@test "names cannot lead out of a store" {
	local name
	mkdir s && echo secret >secret
	for name in ../secret a/../../secret /etc/passwd a//b ./a 'a b' '' 'a;b' $'a\nb'; do
		exits 2 "$TREE/libexec/store-file" get "file://$PWD/s" "$name"
		exits 2 "$TREE/libexec/store-file" put "file://$PWD/s" "$name"
	done
	nothing_left s
	echo 0123456789 | "$TREE/libexec/store-file" put "file://$PWD/s" d/o
	exits 0 "$TREE/libexec/store-file" get "file://$PWD/s" d/o 7
	is "$out" 789
	exits 0 "$TREE/libexec/store-file" stat "file://$PWD/s" d/o
	is "$out" '{"name":"d/o","bytes":11}'
	exits 1 "$TREE/libexec/store-file" stat "file://$PWD/s" d/p
	exits 0 "$TREE/libexec/store-file" remove "file://$PWD/s" d/o
	nothing_left s
	exits 2 "$TREE/libexec/store-file" dance "file://$PWD/s" d/o
	exits 0 "$TREE/libexec/store-ssh" --info
	is "$(jq -r .name "$OUT")" ssh
}

# --- before, and in the manual ------------------------------------------------------------

@test "a dry run tells what there is and what is missing, and takes nothing" {
	exits 0 backup -n -o b
	[ ! -e b ]
	like "$out" '^ok +replication +PostgreSQL '
	like "$out" '^ok +tablespace +"space one" in ".*/space one", '
	like "$out" '^ok +size +[0-9.]+ MB$'
	like "$out" '^ok +time +about '
	like "$out" '^ok +room '
	exits 0 backup -n --json --tar
	is "$(jq -r 'select(.status != null and .status != "ok")' "$OUT")" ''
	is "$(tail -n 1 "$OUT" | jq -r .end)" pg-basebackup-wrap
	# Twice the size of what is there is not there.
	tmpfs "$PG_ROOT/narrow" 1m
	exits 1 backup -n --plain "$PG_ROOT/narrow/p"
	like "$out" '^missing +room +.*less than the size'
	pg_sql src 'create role plainly login'
	exits 1 pg-basebackup-wrap -n -d "$SRC user=plainly" -o b
	like "$out" '^missing +replication '
	like "$out" '^note +size .*may not see'
	backup_server min 'max_wal_senders = 0' 'wal_level = minimal' 'wal_keep_size = 0'
	exits 1 pg-basebackup-wrap -n -d "$(pg_dsn min)" -o b
	like "$out" '^missing +wal_level +minimal'
	like "$out" '^missing +walsenders '
	pg_stop min
}

examples_of() {	# PAGE
	awk '/^\.Bd -literal/ { on = 1; next } /^\.Ed/ { on = 0; print "" }
		on { gsub(/\\\(dq/, "\""); print }' "$TREE/man/$1"
}

@test "the examples of the manual run" {
	command -v gpg >/dev/null || skip 'needs gpg'
	mkdir bin here
	fake_ssh
	mv ssh bin/ssh-url
	export PGPIPE_SSH=$PWD/bin/ssh-url
	printf '#!/bin/sh\nshift\nexec sh -c "$*"\n' >bin/ssh
	# Where there is no age, what it would get is kept.
	command -v age >/dev/null || printf '#!/bin/sh\nexec cat\n' >bin/age
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
	export GNUPGHOME=$PWD/gnupg KEY=test@example.org
	mkdir -m 700 gnupg
	gpg -q --batch --passphrase '' --quick-gen-key "$KEY" default default never \
		2>/dev/null
	examples_of pg-basebackup-wrap.1 | sed "s|/srv/backups|$PWD/there|" \
		>examples.sh
	awk -v RS= '{ print > "example." NR }' examples.sh
	is "$(printf '%s\n' example.* | wc -l)" 8
	exits 0 bash -eo pipefail example.1
	exits 0 pg-basebackup-wrap verify backups/*
	exits 0 bash -eo pipefail example.2
	exits 0 pg-basebackup-wrap verify base.tar.zst
	exits 0 bash -eo pipefail example.3
	gpg -q --batch -d base.gpg 2>/dev/null | pg-basebackup-wrap verify -
	exits 0 bash -eo pipefail example.4
	like "$out" '^standard input: good'
	exits 0 pg-basebackup-wrap verify base.tar
	sed -i 's/50MB/500MB/' example.5
	exits 0 bash -eo pipefail example.5
	exits 0 bash -eo pipefail example.6
	exits 0 pg-basebackup-wrap verify there/*
	sed -i "s|s3://bucket|file://$PWD/bucket|; s|2025[0-9TZ]*|$(basename "$(the_backup backups)")|" example.8
	exits 0 bash -eo pipefail example.8
	exits 0 pg-basebackup-wrap verify here/* bucket/backups/*
	gpgconf --kill all
	[ "$PG_MAJOR" -ge 17 ] || return 0
	backup_server sum 'summarize_wal = on'
	rm -rf backups
	SRC=$(pg_dsn sum)
	exits 0 backup -o backups
	sed -i "s|backups/2[0-9TZ]*|$(the_backup backups)|" example.7
	exits 0 bash -eo pipefail example.7
	pg_stop sum
}
