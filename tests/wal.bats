#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-wal push, fetch, info and verify: an archive on its own, and with servers.

load lib/common
load lib/wal

# A server that archives to $A, and segments of it to play with in $S.
setup_file() {
	common_setup_file
	wal_tools
	archive archive
	archiving src
	fill_wal src 4
	archived src
	S=$PG_ROOT/segments
	mkdir -p "$S"
	cp "$(pg_data src)"/pg_wal/0000000100000000000000?? "$S/"
	rm -f "$S/$(pg_sql src 'select pg_walfile_name(pg_current_wal_lsn())')"
	# What was made ahead of its time has an old name's contents.
	local file
	mkdir "$PG_ROOT/sieve"
	for file in "$S"/*; do
		pg-wal push -q -a "$PG_ROOT/sieve" "$file" 2>/dev/null || rm "$file"
	done
	export S
}

first() { listing "$S" | sed -n 1p; }
second() { listing "$S" | sed -n 2p; }
third() { listing "$S" | sed -n 3p; }
push() { pg-wal push -a a "$@"; }
fetch() { pg-wal fetch -a a "$@"; }
no_litter() { is "$(find "${1:-a}" -name '.*' ! -name . -printf '%f ')" ''; }

@test "a server's archive is sound, compressed, and says whose it is" {
	exits 0 pg-wal verify "$A"
	like "$out" 'segments are sound'
	[ "$(listing "$A" | grep -c '\.zst$')" -ge 4 ]
	is "$(jq -r .system "$A/wal.json")" \
		"$(pg_sql src 'select system_identifier from pg_control_system()')"
	no_litter "$A"
	is "$(pg_sql src 'select failed_count from pg_stat_archiver')" 0
}

@test "what was pushed is fetched as it was, whatever the compression" {
	local how name
	name=$(first)
	for how in none gzip lz4 zstd zstd:9; do
		rm -rf a && mkdir a
		exits 0 push -Z "$how" "$S/$name"
		rm -f here
		exits 0 fetch "$name" here
		cmp "$S/$name" here
		no_litter
	done
	exits 2 push -Z rar "$S/$name"
}

@test "the same again is success, something else is not, and changes nothing" {
	local name sum
	name=$(first)
	mkdir a
	exits 0 push "$S/$name"
	sum=$(sha1sum a/*)
	exits 0 push "$S/$name"
	exits 0 push -Z none "$S/$name"
	mkdir other
	cp "$S/$name" other/
	flip "other/$name" 500000 8
	exits 3 push "other/$name"
	like "$err" "$name.*in the archive with another content"
	like "$err" 'hint:'
	is "$(sha1sum a/*)" "$sum"
	no_litter
	# A torn copy of another tool, too, is not for us to replace.
	mkdir b
	head -c 100000 "$S/$name" >"b/$name"
	exits 3 pg-wal push -a b "$S/$name"
	like "$err" 'it ends after 100000 of 16777216 bytes'
}

@test "only WAL is pushed, of the right name, size and system" {
	local name
	name=$(first)
	mkdir a other
	exits 2 push /etc/passwd
	like "$err" 'no name of WAL'
	exits 3 push "other/$name"
	like "$err" 'No such file'
	head -c 16777216 /dev/zero >"other/$name"
	exits 2 push "other/$name"
	like "$err" 'is no WAL'
	cp "$S/$(second)" "other/$name"
	exits 2 push "other/$name"
	like "$err" 'another part of the WAL'
	head -c 1000000 "$S/$name" >"other/$name"
	exits 2 push "other/$name"
	like "$err" 'not as large'
	mkfifo other/000000010000000000000099
	exits 2 push other/000000010000000000000099
	is "$(ls a)" ''
	exits 0 push "$S/$name"
	cp "$S/$(second)" "other/$(second)"
	printf 'XXXX' | dd of="other/$(second)" bs=1 seek=24 conv=notrunc status=none
	exits 3 push "other/$(second)"
	like "$err" 'is of the system'
	# Also where nobody has noted whose it is.
	rm a/wal.json
	exits 3 push "other/$(second)"
	like "$err" 'is of the system'
}

@test "fetch: absent is 1, broken is above 200, and nothing is left behind" {
	local name
	name=$(first)
	mkdir a
	exits 0 push -Z none "$S/$name"
	exits 1 fetch "$(second)" here
	is "$err" ''
	exits 1 fetch 00000002.history here
	exits 203 pg-wal fetch -a /nonexistent "$name" here
	exits 202 fetch
	exits 202 fetch --no-such-option
	exits 203 fetch "$name" /nonexistent/here
	chmod u+w "a/$name"
	flip "a/$name" 3000 8
	exits 202 fetch "$name" here
	like "$err" "$name.*is broken: .*after 0/"
	head -c 16000000 "$S/$name" >"a/$name"
	exits 202 fetch "$name" here
	like "$err" 'it has 16000000 of 16777216 bytes'
	: >"a/$name"
	exits 202 fetch "$name" here
	cp "$S/$(second)" "a/$name"
	exits 202 fetch "$name" here
	like "$err" 'another part of the WAL'
	rm "a/$name"
	exits 0 push "$S/$name"
	head -c 300 "a/$name.zst" >half
	mv half "a/$name.zst"
	exits 202 fetch "$name" here
	exits 0 push "$S/$(second)"
	flip "a/$(second).zst" 300 8
	exits 202 fetch "$(second)" here
	is "$(find . -name 'here*')" ''
	is "$(find . -name '*.part')" ''
}

# The server takes zeros for the end of the WAL, and opens.
@test "fetch: a hole of zeros is no end of the WAL, and the end of one is no hole" {
	local name next
	name=$(first)
	next=$(second)
	zeros() {	# FILE PAGE [PAGES]
		dd if=/dev/zero of="$1" bs=8192 seek="$2" count="${3:-1}" \
			conv=notrunc status=none
	}
	mkdir a
	cp "$S/$name" "$S/$next" .
	chmod u+w "$name" "$next"
	zeros "$name" 2
	cp "$name" a/
	exits 202 fetch "$name" here
	like "$err" "$name.*is broken: there is a hole of zeros after 0/"
	exits 1 pg-wal verify a
	like "$out" 'hole of zeros'
	# To its end: the last one of an archive is as a server left it.
	zeros "$name" 2 2046
	cp "$name" a/
	exits 0 fetch "$name" here
	cmp here "$name"
	exits 0 pg-wal verify a
	# Also when its file was used before, or the next one is none yet.
	dd if="$S/$next" of="$name" bs=8192 skip=3 seek=3 conv=notrunc status=none
	cp "$name" a/
	exits 0 fetch "$name" here
	cp "$S/$name" "a/$next"
	exits 0 fetch "$name" here
	head -c 16777216 /dev/zero >"a/$next"
	exits 0 fetch "$name" here
	# But not where the WAL goes on, in whatever form.
	rm "a/$next"
	exits 0 push "$S/$next"
	exits 202 fetch "$name" here2
	like "$err" "$name.*is broken: its WAL ends at 0/[0-9A-F]+, though $next follows"
	[ ! -e here2 ]
	zeros "$name" 2 2046
	cp "$name" a/
	exits 202 fetch "$name" here2
	head -c 300 "a/$next.zst" >half && cat half >"a/$next.zst"
	exits 202 fetch "$name" here2
	# What ends in a switch is followed by zeros, and whole.
	rm a/*
	exits 0 push "$S/$name"
	exits 0 push "$S/$next"
	exits 0 fetch "$name" here
	cmp here "$S/$name"
	# Ahead of its time nobody knows whether it is the last one.
	mkdir -p data/pg_wal
	zeros "$next" 2 2046
	cp "$next" a/
	rm "a/$next.zst"
	exits 0 pg-wal prefetch -a a --spool data/pg_wal/pgpipe.prefetch "$name"
	is "$(ls data/pg_wal/pgpipe.prefetch)" ''
}

# The server goes on after 3.
@test "fetch: without memory, too, it is above 200" {
	no_sanitizer 'it reserves address space'
	local kb code got=none
	mkdir a
	exits 0 push -Z none "$S/$(first)"
	for kb in 60000 50000 45000 40000 36000 32000 30000 28000 26000 24000; do
		code=0
		(ulimit -v "$kb" && fetch "$(first)" here) 2>err || code=$?
		[ "$code" = 0 ] || [ "$code" -gt 125 ]
		! grep -q 'out of memory' err || got=$code
	done
	[ "$got" = none ] || is "$got" 203
}

@test "each command speaks JSON" {
	mkdir a
	exits 0 push --json "$S/$(first)"
	is "$(jq -c '[.file, .status, .raw_bytes]' <<<"$out")" "[\"$(first)\",\"archived\",16777216]"
	exits 0 push --json "$S/$(first)"
	is "$(jq -r .status <<<"$out")" kept
	exits 0 fetch --json "$(first)" here
	is "$(jq -r .status <<<"$out")" fetched
	exits 1 fetch --json "$(second)" here
	is "$(jq -r .status <<<"$out")" absent
}

@test "fetch: a broken form beside a sound one does not stop it" {
	local name
	name=$(first)
	mkdir a
	exits 0 push "$S/$name"
	: >"a/$name"
	exits 0 fetch "$name" here
	cmp "$S/$name" here
	like "$err" 'is broken: it is empty'
}

@test "fetch: names are names of WAL or nothing" {
	local name
	mkdir a
	echo secret >secret
	exits 0 push "$S/$(first)"
	for name in ../secret /etc/passwd "$(first)/../../secret" . .. '' \
		wal.json "$(first).zst" 00000001000000000000000g \
		"$(first | tr 0-9A-F 0-9a-f)x" '*' '$(id)'; do
		exits 202 fetch "$name" here
		[ ! -e here ]
	done
}

@test "fetch: histories are checked, partial segments are asked for" {
	local name
	name=$(first)
	mkdir a
	exits 0 push "$S/$(second)"
	printf '1\t0/5000000\tno recovery target specified\n' >00000002.history
	exits 0 push 00000002.history
	exits 0 push 00000002.history
	exits 0 fetch 00000002.history here
	cmp 00000002.history here
	printf '1\t0/5000' >a/00000003.history
	exits 202 fetch 00000003.history here
	like "$err" 'no history of a timeline'
	head -c 3000000 "$S/$name" >"a/$name.partial"
	exits 1 fetch "$name" part
	exits 0 fetch --partial "$name" part
	is "$(stat -c %s part)" 16777216
	cmp -n 3000000 part "$S/$name"
	exits 0 fetch "$(second)" here
}

@test "fetch: what comes next is ready before it is asked for" {
	mkdir -p a data/pg_wal
	local name
	for name in "$S"/*; do
		exits 0 push "$name"
	done
	exits 0 fetch "$(first)" data/pg_wal/RECOVERYXLOG
	spooled() { listing data/pg_wal/pgpipe.prefetch 2>/dev/null | grep -q "^$1[.].*[^t]$"; }
	wait_for -t 20 spooled "$(second)"
	wait_for -t 20 spooled "$(third)"
	exits 0 fetch "$(second)" data/pg_wal/RECOVERYXLOG
	cmp data/pg_wal/RECOVERYXLOG "$S/$(second)"
	run ! spooled "$(second)"
	# Not what is not in the archive any more, nor what it was.
	wait_for -t 20 spooled "$(third)"
	mv "a/$(third).zst" kept
	exits 1 fetch "$(third)" data/pg_wal/RECOVERYXLOG
	cp kept "a/$(third).zst"
	flip "a/$(third).zst" 300 8
	exits 202 fetch "$(third)" data/pg_wal/RECOVERYXLOG2
	[ ! -e data/pg_wal/RECOVERYXLOG2 ]
	# None of it where it is not wanted, or no server is.
	rm -rf data/pg_wal/*
	exits 0 fetch --prefetch 0 "$(first)" data/pg_wal/RECOVERYXLOG
	exits 0 fetch "$(first)" here
	is "$(ls data/pg_wal)" RECOVERYXLOG
}

@test "a full disk is a failure that leaves nothing, and space mends it" {
	local name
	name=$(first)
	tmpfs "$PG_ROOT/small" 4M
	exits 3 pg-wal push -Z none -a "$PG_ROOT/small" "$S/$name"
	like "$err" 'No space left'
	is "$(listing "$PG_ROOT/small" | grep -v wal.json)" ''
	mkdir a
	exits 0 push "$S/$name"
	exits 203 fetch "$name" "$PG_ROOT/small/here"
	is "$(listing "$PG_ROOT/small" | grep -v wal.json)" ''
	mount -o remount,size=40M "$PG_ROOT/small"
	exits 0 pg-wal push -Z none -a "$PG_ROOT/small" "$S/$name"
	cmp "$S/$name" "$PG_ROOT/small/$name"
}

@test "killed at any moment, a push is done again" {
	local name try
	name=$(first)
	mkdir a
	# Whose archive it is, is noted once, by the first.
	exits 0 push "$S/$name"
	for try in 1 2 3 4 5 6; do
		rm -f a/0*
		# Itself, and not a shell that waits for it.
		pg-wal push -a a -Z zstd:15 "$S/$name" &
		sleep "0.0$try"
		kill -KILL $! 2>/dev/null || :
		wait $! || :
		if [ -e "a/$name.zst" ]; then
			zstd -dcq "a/$name.zst" | cmp - "$S/$name"
		fi
		exits 0 push "$S/$name"
		no_litter
		exits 0 fetch "$name" here
	done
}

@test "two pushes at once: one file, whole" {
	local name i pids=()
	name=$(first)
	mkdir a
	for i in none gzip:1 zstd lz4 zstd:5; do
		push -Z "$i" "$S/$name" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	is "$(listing a | grep -c "^$name")" 1
	exits 0 fetch "$name" here
	cmp "$S/$name" here
	no_litter
	exits 0 pg-wal verify a
}

# What must be on disk before what: by the system calls.
@test "a push is on disk before it has a name, and its name before it says so" {
	command -v strace >/dev/null || skip 'needs strace'
	no_sanitizer 'leaks are not looked for under strace'
	mkdir a
	exits 0 push "$S/$(second)"
	strace -f -o trace -e trace=fsync,fdatasync,rename,renameat,renameat2 \
		"$BUILD/bin/pg-wal" push -a a "$S/$(first)" || skip 'strace does not work here'
	is "$(grep -oE '(fsync|rename)' trace | tr '\n' ' ')" 'fsync rename fsync '
	strace -f -o trace -e trace=fsync,fdatasync,rename,renameat,renameat2 \
		"$BUILD/bin/pg-wal" push -a a "$S/$(first)"
	is "$(grep -oE '(fsync|rename)' trace | tr '\n' ' ')" 'fsync fsync '
}

@test "verify: gaps, flips, cuts, misnamed, mixed up" {
	local name
	cp -r "$A" v
	exits 0 pg-wal verify --json v
	is "$(jq -r 'select(.end).status' <<<"$out")" good
	exits 0 pg-wal verify --files v
	like "$out" "^good +$(sha256sum <"$S/$(first)" | cut -c 1-64)  v/$(first)"
	name=$(listing v | grep '^0.*zst$' | sed -n 3p)
	mv "v/$name" .
	exits 1 pg-wal verify v
	like "$out" "^missing +${name%.zst}: this segment is missing"
	exits 0 pg-wal info --json v
	is "$(jq -r 'select(.missing_first).missing_first' <<<"$out")" "${name%.zst}"
	is "$(jq -r 'select(.end).gaps' <<<"$out")" 1
	zstd -dcq "$name" >"v/${name%.zst}"
	exits 0 pg-wal verify v
	flip "v/${name%.zst}" 12000 8
	exits 1 pg-wal verify v
	like "$out" "^broken +v/${name%.zst}: "
	zstd -dcq "$name" | head -c 5000000 >"v/${name%.zst}"
	exits 1 pg-wal verify v
	like "$out" 'it has 5000000 of 16777216 bytes'
	rm "v/${name%.zst}"
	head -c 200 "$name" >"v/$name"
	exits 1 pg-wal verify v
	like "$out" 'cannot be decompressed'
	cp "$name" v/
	mv v/wal.json .
	cp "$name" v/0000000100000000000001FF.zst
	exits 1 pg-wal verify v
	like "$out" 'no such name'
	rm v/0000000100000000000001FF.zst
	exits 1 pg-wal verify --system 42 v
	like "$out" 'not of 42'
	echo nonsense >v/00000002.history
	exits 1 pg-wal verify v
	like "$out" 'no history of a timeline'
	mkdir e
	exits 1 pg-wal verify e
	like "$out" 'there is no WAL in it'
	exits 3 pg-wal verify /nonexistent
}

@test "info: ranges, sizes, times" {
	exits 0 pg-wal info --json "$A"
	is "$(jq -r 'select(.first).first' <<<"$out")" \
		"$(listing "$A" | sed -n 's/^\(0*1[0-9A-F]*\)\.zst/\1/p' | head -n 1)"
	is "$(jq -r 'select(.end) | .segments * 16777216 == .raw_bytes' <<<"$out")" true
	is "$(jq -r 'select(.end).wal_segment_size' <<<"$out")" 16777216
	exits 0 pg-wal info "$A"
	like "$out" '^timeline 1 '
	like "$out" '^system [0-9]+, [0-9]+ segments'
	PGPIPE_WAL_ARCHIVE=$A exits 0 pg-wal info
	exits 2 pg-wal info
	exits 2 pg-wal info ssh://host/wal
	like "$err" 'is a directory'
	exits 2 pg-wal
	exits 2 pg-wal eat
}
