#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-restore-local: damage, interruption, full disks and hostile archives.

load lib/common
load lib/restore

setup_file() { restore_setup_file; }

# Nothing was made, and the reason was given.
refused() {	# CODE REGEX NAME ARG...
	exits "$1" restore "${@:3}"
	like "$err" "$2"
	not_startable "$3"
	[ ! -e "$(restored "$3")" ] && [ ! -e "$(restored "$3").new" ]
}

one_tar() {
	[ -s "$PG_ROOT/one.tar" ] || ours --tar >"$PG_ROOT/one.tar"
	TAR=$PG_ROOT/one.tar
	export TAR
}

# The names and types of a tar's members with the offset of each header.
headers() {	# ARCHIVE
	tar -tvRf "$1" | awk '{ gsub(":", "", $2); print $2 * 512, $NF }'
}

@test "an archive that is cut, between members and within" {
	local at n=0
	one_tar
	# Every member boundary would be a thousand runs; these are the ones behind
	# which something is missing that a server would not notice.
	for at in $(headers "$TAR" | awk '/PG_VERSION|pg_control|pg_wal\/0|backup_manifest|base\/1\/12/ {
			print $1; print $1 + 512; print $1 + 700 }' | head -n 60) \
		$(($(stat -c %s "$TAR") - 10240)); do
		head -c "$at" "$TAR" >cut.tar
		exits 2 restore cut <cut.tar
		like "$err" 'it ends too early|is empty'
		n=$((n + 1))
	done
	[ "$n" -ge 15 ]
	not_startable cut
	# As a tar that has its end, but not its members.
	at=$(headers "$TAR" | awk '/pg_control/ { print $1 }')
	head -c "$at" "$TAR" >ended.tar
	head -c 10240 /dev/zero >>ended.tar
	refused 2 'holds no backup_manifest' ended ended.tar
}

@test "compressed streams that are cut or broken" {
	local kind
	one_tar
	zstd -q -c "$TAR" >z.zst
	gzip -1 -c "$TAR" >z.gz
	lz4 -q -c "$TAR" >z.lz4
	for kind in zst gz lz4; do
		head -c $(($(stat -c %s z.$kind) - 5)) z.$kind >short
		refused 2 'it ends (within a frame|too early)' "cut_$kind" short
		cp z.$kind flip
		flip flip $(($(stat -c %s z.$kind) / 2))
		refused 2 . "flip_$kind" flip
		{ cat z.$kind; echo rubbish; } >longer
		refused 2 'bytes behind the end|bytes follow its end' "more_$kind" longer
	done
	# A frame without a checksum: only the manifest knows.
	zstd -q --no-check -c "$TAR" >n.zst
	flip n.zst $(($(stat -c %s n.zst) / 3))
	refused 2 . nocheck n.zst
}

@test "a flipped bit in each kind of file" {
	local member heap toast
	one_tar
	heap=$(pg_sql src "select pg_relation_filepath('t')")
	toast=$(pg_sql src "select pg_relation_filepath('spaced')")
	for member in PG_VERSION backup_label tablespace_map global/pg_control \
		global/pg_filenode.map postgresql.conf postgresql.auto.conf \
		"$heap" "$toast" pg_xact/0000 backup_manifest; do
		cp "$TAR" flip.tar
		flip flip.tar $(($(offset_of flip.tar "$member") + 1))
		refused 2 'has not its checksum|cannot understand|no sound backup manifest' \
			bit flip.tar
	done
	# The last bytes, where pg_control is nothing but padding.
	cp "$TAR" flip.tar
	flip flip.tar $(($(offset_of flip.tar global/pg_control) + 8000))
	refused 2 'pg_control" has not its checksum' bit flip.tar
	# WAL is in no manifest: its records have checksums of their own.
	member=$(headers "$TAR" | awk '/pg_wal\/0+1[0-9A-F]+$/ { print $2; exit }')
	cp "$TAR" flip.tar
	flip flip.tar $(($(offset_of flip.tar "$member") + 60))
	refused 3 'the WAL does not cover the backup' bit flip.tar
	like "$err" "$member|${member#pg_wal/}"
}

@test "files that are missing, too many, or of another size" {
	a_backup
	mkdir work && tar -C work -xf "$BACKUP/base.tar"
	cp -r "$BACKUP" edited
	repack() { tar -C work -cf edited/base.tar --format=ustar .; }
	repack
	exits 0 restore same edited
	rm work/pg_xact/0000
	repack
	refused 2 'file "pg_xact/0000" is missing' edited edited
	head -c 8192 /dev/zero >work/pg_xact/0000
	echo >>work/pg_hba.conf
	repack
	refused 2 'pg_hba.conf" has not its size' edited edited
	tar -C work --overwrite -xf "$BACKUP/base.tar"
	touch work/base/extra
	repack
	refused 2 'base/extra" is not in the manifest' edited edited
	rm edited/backup_manifest
	refused 2 'has no backup_manifest' edited edited
	cp "$BACKUP/backup_manifest" edited/
	sed -i 's/"Size": 3,/"Size": 4,/' edited/backup_manifest
	refused 2 'its own checksum is another one' edited edited
	mv edited edited.partial
	refused 2 'did not finish' edited edited.partial
}

# A server starts with the first part of it.
@test "pg_control that is cut" {
	a_backup
	mkdir work && tar -C work -xf "$BACKUP/base.tar"
	cp -r "$BACKUP" edited
	truncate -s 4096 work/global/pg_control
	tar -C work -cf edited/base.tar --format=ustar .
	refused 2 'pg_control" has not its size' edited edited
	like "$err" 'it has 4096 bytes, and had 8192'
}

@test "pg_verifybackup is of our opinion" {
	local file heap program=$PG_BINDIR/pg_verifybackup
	[ -x "$program" ] || skip 'has no pg_verifybackup'
	[ "$PG_MAJOR" -le "${CLIENT_MAJOR:-0}" ] || skip 'has no pg_waldump'
	both() {	# CODE: for "plain"
		local code=0
		"$program" -q plain >/dev/null 2>&1 || code=$?
		is "$((code != 0))" "$1" "pg_verifybackup exits $code"
		[ "$1" -eq 0 ] || set -- '[123]'
		code=0
		pg-basebackup-wrap verify plain >"$OUT" 2>&1 || code=$?
		like "$code" "^$1\$" || cat "$OUT"
	}
	ours --plain plain -T "$PG_ROOT/src/space=$PWD/space"
	both 0
	heap=$(pg_sql src "select pg_relation_filepath('t')")
	for file in "$heap" global/pg_control PG_VERSION backup_label; do
		cp "plain/$file" kept
		flip "plain/$file" 1
		both 1
		cp kept "plain/$file"
		truncate -s +1 "plain/$file"
		both 1
		rm "plain/$file"
		both 1
		cp kept "plain/$file"
	done
	echo >plain/base/more
	both 1
	rm plain/base/more
	cp plain/backup_manifest kept
	sed -i 's/"Size": 3,/"Size": 4,/' plain/backup_manifest
	both 1
	cp kept plain/backup_manifest
	both 0
	# WAL, too: by its records.
	file=$(find plain/pg_wal -type f -name '0*' | sort | head -n 1)
	cp "$file" kept
	flip "$file" 100
	both 1
	rm "$file"
	both 1
	cp kept "$file"
	both 0
}

@test "WAL that is missing" {
	local segment
	a_backup
	cp -r "$BACKUP" lacks
	rm lacks/pg_wal.tar
	refused 3 'the WAL does not cover the backup' lacks lacks
	# A segment in the middle.
	ours -X none -r 30MB -o several &
	sleep 0.5
	for _ in 1 2 3; do
		pg_sql src 'insert into marks values (9); select pg_switch_wal()' >/dev/null
		sleep 0.2
	done
	wait $!
	mkdir -p wal
	switch_wal
	cp "$PG_ROOT"/src/archive/0* wal/
	exits 0 restore middle several/* --wal "$PWD/wal" -n
	segment=$(jq -r .wal.first several/*/backup.json)
	[ "$segment" != null ] ||
		segment=$(sed -n 's/.*(file \([0-9A-F]*\)).*/\1/p' \
			<(tar -xOf several/*/base.tar.zst --zstd backup_label 2>/dev/null ||
				tar -xOf several/*/base.tar backup_label))
	rm "wal/$segment"
	refused 3 "$segment is lacking" middle several/* --wal "$PWD/wal"
}

@test "archives that want out" {
	local name
	one_tar
	mkdir evil && echo evil >evil/file && ln -s "$PWD/outside" evil/link &&
		mkfifo evil/fifo && ln evil/file evil/hard
	mkdir outside
	attack() {	# REGEX TAR-ARG...
		local like=$1
		shift
		tar -cf first.tar --format=gnu -P "$@"
		# Without its end, and the good archive behind it.
		{ head -c $((512 * $(tar -tRf first.tar | awk '/Block of NULs|\*\* / {
			gsub("[^0-9]", "", $2); print $2; exit }'))) first.tar
			cat "$TAR"; } >evil.tar
		refused 2 "$like" evil evil.tar
		is "$(find outside -mindepth 1)" ''
	}
	attack 'leads elsewhere' --transform 's|.*|../escaped|' evil/file
	attack 'leads elsewhere' --transform 's|.*|base/../../escaped|' evil/file
	attack 'absolute name' --transform "s|.*|$PWD/outside/escaped|" evil/file
	attack 'is a symbolic link' --transform 's|evil/link|lnk|;s|evil/file|lnk/esc|' evil/link evil/file
	attack 'is a symbolic link' --transform 's|evil/link|base|' evil/link
	attack 'is a hard link' --transform 's|evil/||;s|file|one|;s|hard|two|' evil/file evil/hard
	attack 'is a fifo' --transform 's|.*|pipe|' evil/fifo
	attack 'no backup has' --transform 's|evil/file|pg_tblspc/16384/cron.d/x|' evil/file
	attack 'no backup has' --transform 's|evil/file|pg_tblspc/x/PG_1|' evil/file
	attack 'leads elsewhere' --transform 's|evil/file|pg_tblspc/16384/PG_15_1/../../x|' evil/file
	# A link where a tablespace is one, to a place of the archive's choice.
	attack 'is not in the manifest|holds .* twice|is missing|not empty' \
		--transform 's|evil/link|pg_tblspc/16999|;s|evil/file|pg_tblspc/16999/PG_15_1/esc|' \
		evil/link evil/file
	for name in ../escaped escaped; do
		[ ! -e "$PG_ROOT/evil/$name" ]
	done
}

@test "links below a plain backup are not followed" {
	ours --plain "$B/linked" -T "$PG_ROOT/src/space=$B/linked.space"
	rm "$B/linked/pg_hba.conf"
	ln -s /etc/passwd "$B/linked/pg_hba.conf"
	refused 2 'pg_hba.conf" is missing' linked "$B/linked"
}

@test "a link in the place of the data directory, or below it" {
	a_backup
	site lnk
	mkdir "$PG_ROOT/elsewhere"
	ln -s "$PG_ROOT/elsewhere" "$PG_ROOT/lnk/data.new"
	exits 3 restore lnk "$BACKUP"
	like "$err" 'could not (open|make)'
	is "$(find "$PG_ROOT/elsewhere" -mindepth 1)" ''
	rm "$PG_ROOT/lnk/data.new"
	mkdir "$PG_ROOT/lnk/data.new"
	touch "$PG_ROOT/lnk/data.new/mine"
	exits 3 restore lnk "$BACKUP"
	like "$err" 'in the way'
	[ -e "$PG_ROOT/lnk/data.new/mine" ]
}

@test "another major version" {
	local other=$((PG_MAJOR + 1))
	a_backup
	site version
	exits 3 pg-restore-local -D "$(restored version)" --server-version "$other" \
		--tablespaces-in "$PG_ROOT/version/spaces" "$BACKUP"
	like "$err" "is of PostgreSQL $PG_MAJOR, and the server is $other"
	mkdir bin
	printf '#!/bin/sh\necho "postgres (PostgreSQL) %s.1"\n' "$other" >bin/postgres
	chmod +x bin/postgres
	exits 3 pg-restore-local -D "$(restored version)" --bindir "$PWD/bin" \
		--tablespaces-in "$PG_ROOT/version/spaces" "$BACKUP"
	like "$err" "is of PostgreSQL $PG_MAJOR, and .* is $other"
	# A stream says what it is only when it was read.
	one_tar
	exits 3 pg-restore-local -D "$(restored version)" --bindir "$PWD/bin" \
		--tablespaces-in "$PG_ROOT/version/spaces" <"$TAR"
	like "$err" "is of PostgreSQL $PG_MAJOR"
	not_startable version
	[ ! -e "$(restored version).new" ]
	exits 0 pg-restore-local -D "$(restored version)" --server-version "$PG_MAJOR" \
		--tablespaces-in "$PG_ROOT/version/spaces" "$BACKUP"
}

@test "an incremental backup is no data directory" {
	a_backup
	mkdir work && tar -C work -xf "$BACKUP/base.tar"
	printf 'INCREMENTAL FROM LSN: 0/2000028\nINCREMENTAL FROM TLI: 1\n' >>work/backup_label
	cp -r "$BACKUP" inc
	tar -C work -cf inc/base.tar --format=ustar backup_label
	tar -C work -rf inc/base.tar --format=ustar --exclude ./backup_label .
	refused 2 'is an incremental backup' inc inc
	exits 3 restore inc "$BACKUP" inc --bindir /nonexistent ||
		like "$err" 'pg_combinebackup'
	not_startable inc
}

@test "a real incremental backup is refused as if it were full" {
	local full
	require_version 17
	pg_sql src 'alter system set summarize_wal = on'
	pg_reload src
	ours -o "$B/chain"
	full=$(echo "$B"/chain/*)
	pg_sql src 'update t set m = m where i % 100 = 0; checkpoint'
	ours -o "$B/chain2" --incremental-from "$full/backup_manifest"
	refused 2 'is an incremental backup' inc2 "$B"/chain2/*
	exits 0 restore chain "$full" "$B"/chain2/* --start || {
		[ ! -x "$PG_BINDIR/pg_combinebackup" ] &&
			like "$err" 'pg_combinebackup, which is not installed'
		skip 'no pg_combinebackup is installed'
	}
	holds_all chain
	halt chain
	[ ! -e "$(restored chain).chain" ]
	exits 2 restore chain2 "$B"/chain2/* "$full"
	not_startable chain2
}

# It stands in for the real one, which only the packages of 17 and later have: it
# takes the same arguments, and the last backup for the whole.
fake_combine() {
	mkdir -p bin
	cat >bin/pg_combinebackup <<-'SH'
		#!/bin/bash
		set -e
		printf '%s\n' "$@" >"${0%/*}/arguments"
		while [ $# -gt 0 ]; do
			case $1 in
			--tablespace-mapping=*) map=${1#*=} ;;
			-o) shift; out=$1 ;;
			--*) ;;
			*) last=$1 ;;
			esac
			shift
		done
		cp -a "$last" "$out"
		for link in "$out"/pg_tblspc/*; do
			mkdir -p "${map#*=}"
			cp -a "$(readlink "$link")"/. "${map#*=}"
			ln -sfn "${map#*=}" "$link"
		done
	SH
	chmod +x bin/pg_combinebackup
}

@test "what is combined is proved before and behind" {
	a_backup
	fake_combine
	ours -Z zstd:1 -o "$B/one"
	ours --plain "$B/two" -T "$PG_ROOT/src/space=$B/two.space"
	exits 0 env PATH="$PWD/bin:$PATH" bash -c "$(declare -f restore site pg_directory pg_user)
		restore chained --start '$BACKUP' $B/one/*"
	holds_all chained
	halt chained
	is "$(sed -n '/^-o$/{n;p}' bin/arguments)" "$(restored chained).chain/combined"
	is "$(tail -n 2 bin/arguments | tr '\n' ' ')" \
		"$(restored chained).chain/0 $(restored chained).chain/1 "
	[ ! -e "$(restored chained).chain" ]
	exits 0 env PATH="$PWD/bin:$PATH" bash -c "$(declare -f restore site pg_directory pg_user)
		restore chained2 --start '$BACKUP' $B/two"
	holds_all chained2
	halt chained2
	# One of them is damaged; or what comes out is.
	cp -r "$BACKUP" hurt
	flip hurt/base.tar $(($(offset_of hurt/base.tar postgresql.conf) + 9))
	exits 2 env PATH="$PWD/bin:$PATH" bash -c "$(declare -f restore site pg_directory pg_user)
		restore chained3 hurt $B/one/*"
	like "$err" 'postgresql.conf" has not its checksum'
	echo 'echo >>"$out"/postgresql.conf' >>bin/pg_combinebackup
	exits 2 env PATH="$PWD/bin:$PATH" bash -c "$(declare -f restore site pg_directory pg_user)
		restore chained3 '$BACKUP' $B/one/*"
	not_startable chained3
	[ ! -e "$(restored chained3).chain" ]
}

# --- interruption ------------------------------------------------------------------

# After a kill either nothing can be started, or it is whole, old or new; and the
# same command brings it to its end.
@test "killed before each change of a name, it is finished by another run" {
	local n=0 code data old states=''
	no_sanitizer 'it wants to be the first library'
	a_backup
	exits 0 restore kill --start "$BACKUP"
	pg_sql kill 'create table mine as select 1; insert into spaced select -3'
	halt kill
	data=$(restored kill)
	cp -a "$PG_ROOT/kill" "$PG_ROOT/kill.saved"
	while :; do
		code=0
		KILLAT=$n LD_PRELOAD="$BUILD/test/killat.so" \
			restore kill --replace --yes "$BACKUP" >"$OUT" 2>"$ERR" || code=$?
		[ "$code" != 0 ] || break
		is "$code" 137
		# What could be started is the old one, whole, or the new one, whole.
		if [ -e "$data/global/pg_control" ]; then
			start kill
			old=$(pg_sql kill "select count(*) from pg_class where relname = 'mine'")
			is "$(pg_sql kill 'select count(*) from spaced where a = -3')" "$old"
			halt kill immediate
			states+=${old/0/new}' '
		else
			states+='none '
		fi
		exits 0 restore kill --replace --yes --start "$BACKUP"
		is "$(pg_sql kill 'select max(a), min(a) from spaced')" '5000|1'
		halt kill immediate
		[ ! -e "$data/pgpipe-restore.json" ] && [ ! -e "$data.new" ]
		rm -rf "$PG_ROOT/kill"
		cp -a "$PG_ROOT/kill.saved" "$PG_ROOT/kill"
		n=$((n + 1))
		[ "$n" -lt 60 ]
	done
	echo "# $n moments: $states"
	[ "$n" -ge 8 ]
	like "$states" '1 .*none '
}

# A restore to NAME that is killed as soon as its marker says "swapping": in
# data.new, before anything has changed its name, or in data, after that.
cut_in_swap() {	# NAME data|data.new ARG...
	local name=$1 marker="$PG_ROOT/$1/$2/pgpipe-restore.json" code
	shift 2
	for ((CUT = ${CUT:-0}; CUT < 60; CUT++)); do
		rm -rf "$PG_ROOT/$name/data.new" "$PG_ROOT/$name"/spaces/*.new
		code=0
		KILLAT=$CUT LD_PRELOAD="$BUILD/test/killat.so" restore "$name" \
			--replace --yes "$@" >"$OUT" 2>"$ERR" || code=$?
		is "$code" 137 || return
		! grep -qs swapping "$marker" || return 0
	done
	return 1
}

@test "a swap that was cut off is ended by the same request alone" {
	local data conf
	no_sanitizer 'it wants to be the first library'
	a_backup
	one_tar
	data=$PG_ROOT/cut/data
	conf=$data/postgresql.auto.conf
	exits 0 restore cut "$BACKUP"
	touch "$data/before"
	cut_in_swap cut data.new -c port=5433 "$BACKUP"
	[ -e "$data/before" ]
	exits 3 restore cut --replace --yes -c port=5433 <"$TAR"
	like "$err" 'was cut off in its swap'
	like "$err" 'a stream says only at its end'
	like "$err" '--finish'
	[ -e "$data/before" ]
	# One at a time.
	exits 4 flock -n "$data.new" bash -c \
		"$(declare -f restore site pg_directory pg_user)
		restore cut --replace --yes -c port=5433 '$BACKUP'"
	like "$err" 'another restore is at work'
	[ -e "$data/before" ]
	# With other options nothing of it is used.
	exits 0 restore cut --replace --yes -c port=5434 "$BACKUP"
	unlike "$err" 'ending the swap'
	like "$(<"$conf")" "port = '5434'"
	unlike "$(<"$conf")" "port = '5433'"
	[ ! -e "$data/before" ]
	# When it is in its place already, there is no way but on.
	cut_in_swap cut data -c port=5435 "$BACKUP"
	[ ! -e "$data/global/pg_control" ]
	exits 3 restore cut --replace --yes -c port=5436 "$BACKUP"
	like "$err" 'was cut off in its swap'
	exits 2 restore cut --finish "$BACKUP"
	exits 2 pg-restore-local -D "$data" --finish -c port=5436
	exits 0 pg-restore-local -D "$data" --finish
	like "$err" 'is whole, and ready to start'
	[ -e "$data/global/pg_control" ] && [ ! -e "$data/pgpipe-restore.json" ]
	like "$(<"$conf")" "port = '5435'"
	exits 3 pg-restore-local -D "$data" --finish
	like "$err" 'nothing to finish'
	cut_in_swap cut data -c port=5437 "$BACKUP"
	cd /
	exits 0 restore cut --replace --yes -c port=5437 "$BACKUP"
	like "$err" 'ending the swap'
	like "$(<"$conf")" "port = '5437'"
}

@test "killed while it unpacks, nothing can be started" {
	local pid round
	one_tar
	site killed
	mkfifo pipe
	for round in 1 2 3; do
		{ head -c $((round * 9000000)) "$TAR"; sleep 3; } >pipe &
		from_pipe killed &
		pid=$!
		wait_for -t 20 test -e "$(restored killed).new/base"
		sleep 0.2
		kill -KILL "$pid"
		wait
		not_startable killed
		[ -e "$(restored killed).new/pgpipe-restore.json" ]
	done
	exits 0 restore killed <"$TAR"
	like "$err" 'removing what an unfinished restore left'
	start killed
	holds_all killed
	halt killed
}

# In the place of the shell, so that its number is the tool's.
from_pipe() {	# NAME
	exec pg-restore-local -D "$(restored "$1")" --bindir "$PG_BINDIR" \
		-c unix_socket_directories="$PG_ROOT/$1/s" \
		--tablespaces-in "$PG_ROOT/$1/spaces" <pipe >out 2>err
}

@test "interrupted by a signal it cleans up and says so" {
	local pid got=0
	one_tar
	site int
	mkfifo pipe
	{ head -c 20000000 "$TAR"; sleep 3; } >pipe &
	from_pipe int &
	pid=$!
	wait_for -t 20 test -e "$(restored int).new/base"
	kill -TERM "$pid"
	sleep 0.5
	kill -TERM "$pid" 2>/dev/null || :
	wait "$pid" || got=$?
	is "$got" 143
	like "$(<err)" 'interrupted'
	like "$(<err)" 'nothing was restored'
	[ ! -e "$(restored int).new" ]
	wait
}

@test "the disk is full" {
	a_backup
	site full
	tmpfs "$PG_ROOT/full/small" 20m
	exits 3 pg-restore-local -D "$PG_ROOT/full/small/data" --bindir "$PG_BINDIR" \
		--tablespaces-in "$PG_ROOT/full/spaces" "$BACKUP"
	like "$err" 'No space left on device'
	like "$err" 'nothing was restored'
	is "$(find "$PG_ROOT/full/small" -mindepth 1)" ''
	# In place, in a mount point.
	exits 3 pg-restore-local -D "$PG_ROOT/full/small" --bindir "$PG_BINDIR" \
		--tablespaces-in "$PG_ROOT/full/spaces" "$BACKUP"
	[ ! -e "$PG_ROOT/full/small/global/pg_control" ]
	mount -o remount,size=300m "$PG_ROOT/full/small"
	exits 0 pg-restore-local -D "$PG_ROOT/full/small" --bindir "$PG_BINDIR" \
		--tablespaces-in "$PG_ROOT/full/spaces" "$BACKUP"
	[ -e "$PG_ROOT/full/small/global/pg_control" ]
}

@test "two restores at once" {
	one_tar
	site two
	mkfifo pipe
	{ head -c 9000000 "$TAR"; sleep 3; tail -c +9000001 "$TAR"; } >pipe &
	restore two <pipe >one.out 2>one.err &
	wait_for -t 20 test -e "$(restored two).new/base"
	exits 4 restore two "$TAR"
	like "$err" 'another restore is at work'
	wait
	start two
	holds_all two
	halt two
}

@test "a postmaster that lives is respected, a stale pid file is not feared" {
	a_backup
	exits 0 restore pid --start "$BACKUP"
	exits 3 restore pid --replace --yes "$BACKUP"
	like "$err" 'a server runs in .*process [0-9]+'
	exits 3 restore pid --delta --yes "$BACKUP"
	halt pid immediate
	printf '%s\n%s\n' $$ "$(restored pid)" >"$(restored pid)/postmaster.pid"
	exits 0 restore pid --replace --yes --start "$BACKUP"
	halt pid
}

@test "a wrong owner is seen before a server sees it" {
	a_backup
	exits 0 restore wrong "$BACKUP"
	is "$(stat -c %U "$(restored wrong)/global/pg_control")" "$(pg_user)"
	is "$(find "$PG_ROOT/wrong" ! -user "$(pg_user)" ! -name port | head -n 3)" ''
}

@test "delta that is killed cannot be started, and another run ends it" {
	local n data
	no_sanitizer 'it wants to be the first library'
	a_backup
	exits 0 restore dk --start "$BACKUP"
	pg_sql dk 'update t set m = m || m where i < 100'
	halt dk
	data=$(restored dk)
	for n in 1 2 5 20 40; do
		exits 137 env KILLAT=$n LD_PRELOAD="$BUILD/test/killat.so" \
			pg-restore-local -D "$data" --bindir "$PG_BINDIR" --delta --yes \
			-c unix_socket_directories="$PG_ROOT/dk/s" \
			--tablespaces-in "$PG_ROOT/dk/spaces" "$BACKUP"
		[ ! -e "$data/global/pg_control" ]
	done
	exits 0 restore dk --delta --yes --start "$BACKUP"
	holds_all dk
	halt dk
}
