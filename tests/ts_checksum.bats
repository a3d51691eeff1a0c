#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-checksum on chunks of hypertables.

load lib/common
load lib/timescale
load lib/hypertables

setup_file() { timescale_setup_file; }
setup() {
	timescale_setup
	hyper_setup
	make_metrics
	compress_by_device
	may src
}
teardown() { timescale_teardown; }

statuses_of() { jq -r 'select(.chunk and (.row | not)) | .status' <<<"$1" | sort | uniq -c | xargs; }

@test "what was copied is what is there, compressed or not" {
	compress_all src "range_start < '2023-05-15'"
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1)"
	chunks public.metrics | ended >list
	copy <list
	is "$(jq -r 'select(.chunk) | .digest | sub(":.*"; "")' results | xargs)" \
		'batches batches batches send send'
	exits 0 pg-checksum -d "$DST" -j 2 <results
	is "$(statuses_of "$out")" '5 match'
	# Rows, where there is no digest; batches, where both have them.
	for options in '' --compressed --rows; do
		exits 0 pg-checksum $options --source "$SRC" --target "$DST" <list
		is "$(statuses_of "$out")" '5 match'
	done
	is "$(jq -r 'select(.chunk) | .target_digest | sub(":.*"; "")' <<<"$(pg-checksum --compressed \
		--source "$SRC" --target "$DST" <list 2>/dev/null)" | sort | uniq -c | xargs)" '3 batches 2 send'
	# The source's digests, held to the target.
	pg-checksum -d "$SRC" <list >digests
	exits 0 pg-checksum -d "$DST" <digests
	is "$(statuses_of "$out")" '5 match'
}

@test "a row more, a row less, a value: found, and found to be right again" {
	compress_all src "range_start < '2023-05-15'"
	chunks public.metrics | ended >list
	copy <list
	dst_own "update metrics set val = -1 where time = '2023-05-10';
		delete from metrics where time = '2023-05-11';
		insert into metrics values ('2023-05-20 00:30', 'extra', 1)"
	exits 1 pg-checksum -d "$DST" <results
	is "$(statuses_of "$out")" '3 differ 2 match'
	like "$err" 'as many rows|rows expected'
	exits 1 pg-checksum --rows --values --source "$SRC" --target "$DST" <results
	is "$(statuses_of "$out")" '3 differ 2 match'
	is "$(jq -r 'select(.row) | .row' <<<"$out" | sort | uniq -c | xargs)" '2 extra 2 missing'
	exits 1 pg-checksum --compressed --source "$SRC" --target "$DST" <list
	is "$(statuses_of "$out")" '3 differ 2 match'
	# With a key, a changed row is one.
	both_own "create unique index on metrics (device_id, time)" 2>/dev/null || :
	exits 1 pg-checksum --rows --key device_id,time --source "$SRC" --target "$DST" <list
	is "$(jq -r 'select(.row) | .row' <<<"$out" | sort | uniq -c | xargs)" '1 differ 1 extra 1 missing'
	jq -c 'select(.status == "differ")' <<<"$out" |
		{ pg-copyout -d "$SRC" --partial 2>/dev/null || :; } >archive
	pg-copyin -d "$DST" --restart <archive >/dev/null 2>&1 || :
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
}

@test "rows beyond a bound are nobody's concern" {
	chunks public.metrics | bounds '' 2023-05-10 | ended >list
	copy <list
	src_own "insert into metrics values ('2023-05-10 00:30', 'later', 1)"
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	exits 0 pg-checksum -d "$DST" <results
	src_own "insert into metrics values ('2023-05-08 00:30', 'late', 1)"
	exits 1 pg-checksum --rows --source "$SRC" --target "$DST" <results
	is "$(jq -c 'select(.status == "differ") | [.moved, .found.missing, .found.extra]' <<<"$out")" '[true,1,0]'
}

@test "targets with other intervals: the same range" {
	dst_own "select set_chunk_time_interval('metrics', interval '2 days')" >/dev/null
	dst_own "insert into metrics values ('2023-06-20', 'kept', 1)"
	src "select 1" >/dev/null
	# Chunks of the target's own making.
	dst_own "insert into metrics select time, 'x', 0 from generate_series(
		'2023-05-01'::timestamptz, '2023-05-31', interval '1 day') as time"
	chunks public.metrics | ended >list
	copy <list
	exits 0 pg-checksum -d "$DST" <results
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	compress_all dst "range_start < '2023-05-20'"
	exits 0 pg-checksum -d "$DST" <results
	dst_own "delete from metrics where time = '2023-05-05'"
	exits 1 pg-checksum --rows --source "$SRC" --target "$DST" <list
	is "$(jq -r 'select(.row) | .row' <<<"$out")" missing
}

@test "a chunk that is gone on one side" {
	chunks public.metrics | ended >list
	copy <list
	dst_own "select drop_chunks('metrics', '2023-05-05'::timestamptz)" >/dev/null
	exits 1 pg-checksum -d "$DST" <results
	is "$(statuses_of "$out")" '4 match 1 missing'
	src_own "select drop_chunks('metrics', '2023-05-12'::timestamptz)" >/dev/null
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(statuses_of "$out")" '3 match 2 unproved'
	dst_own 'drop table metrics'
	exits 1 pg-checksum -d "$DST" <results
	is "$(statuses_of "$out")" '5 missing'
}

@test "an empty chunk, and a target without it, with another table, with none" {
	src_own "delete from metrics where time < '2023-05-04'"
	chunks public.metrics | ended >list
	pg-checksum -q -d "$SRC" <list | sed 1q | ended >want
	is "$(jq -r 'select(.chunk).rows' want)" 0
	sed 1q want | jq -c 'del(.digest, .rows, .columns)' | ended >list
	exits 0 pg-checksum -d "$DST" <want
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(statuses_of "$out")" '1 match'
	# Rows of a plain table are not the chunk's, nor are they not.
	dst_own "drop table metrics; create table metrics (time timestamptz, device_id text, val float8)"
	local ask
	for ask in '' 'insert into metrics values (now(), null, 1)'; do
		[ -z "$ask" ] || dst_own "$ask"
		exits 1 pg-checksum -d "$DST" <want
		is "$(statuses_of "$out")" '1 unproved'
		like "$err" 'is no hypertable on the target'
		exits 1 pg-checksum --source "$SRC" --target "$DST" <list
		is "$(statuses_of "$out")" '1 unproved'
	done
	dst_own 'drop table metrics'
	exits 1 pg-checksum -d "$DST" <want
	is "$(statuses_of "$out")" '1 missing'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(statuses_of "$out")" '1 missing'
}

@test "compressed again: not proved by batches, but by rows" {
	compress_all src
	chunks public.metrics | ended >list
	copy <list
	dst_own "select decompress_chunk(c) from show_chunks('metrics', older_than => '2023-05-12'::timestamptz) c" >/dev/null
	exits 1 pg-checksum -d "$DST" <results
	is "$(statuses_of "$out")" '3 match 2 unproved'
	like "$err" 'not held in batches there'
	dst_own "alter table metrics set (timescaledb.compress_segmentby = '')"
	compress_all dst
	exits 1 pg-checksum -d "$DST" <results
	is "$(statuses_of "$out")" '3 match 2 unproved'
	exits 0 pg-checksum --source "$SRC" --target "$DST" <results
	exits 0 pg-checksum --compressed --source "$SRC" --target "$DST" <results
}

@test "a saved archive with batches" {
	compress_all src "range_start < '2023-05-15'"
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1)"
	chunks public.metrics | ended | pg-copyout -d "$SRC" 2>/dev/null >archive
	exits 0 pg-checksum <archive
	is "$(statuses_of "$out")" '5 match'
	pg-copyin -d "$DST" <archive >/dev/null 2>&1
	exits 0 pg-checksum -d "$DST" <archive
	is "$(statuses_of "$out")" '5 match'
	# Batches without a digest say nothing of what the server holds.
	chunks public.metrics | ended | pg-copyout -d "$SRC" --no-digest 2>/dev/null >none
	exits 0 pg-checksum <none
	exits 1 pg-checksum -d "$DST" <none
	is "$(statuses_of "$out")" '2 match 3 unproved'
	like "$(jq -r '.reason // empty' <<<"$out")" 'without a digest of its batches'
	exits 0 pg-checksum --source "$SRC" --target "$DST" <none
	is "$(statuses_of "$out")" '5 match'
	# The parts of a chunk are not exchanged, and none is left out.
	mkdir x
	tar xf archive -C x
	tar tf archive >names
	sed -n '/^c.1.000001.copy$/{h;d};p;/^c.1.done.json$/{x;G}' names >/dev/null
	grep -v '^c/1/batches/' names >fewer
	tar cf short -C x --no-recursion -T fewer --format pax
	exits 2 pg-checksum <short
	like "$err" 'no whole copy archive'
	sed -e 's,^c/1/batches/000001.copy$,TMP,' -e 's,^c/1/000001.copy$,c/1/batches/000001.copy,' \
		-e 's,^TMP$,c/1/000001.copy,' names >swapped
	tar cf other -C x --no-recursion -T swapped --format pax
	exits 2 pg-checksum <other
	like "$err" 'out of order'
}

@test "a listed chunk is checked as one, anything else of a hypertable is refused" {
	chunks public.metrics | head -n 1 | jq -c '.source = "table"' | ended >list
	exits 1 pg-checksum -d "$SRC" <list || exits 3 pg-checksum -d "$SRC" <list
	like "$err" 'was not listed as such'
	exits 3 pg-copyout -d "$SRC" -o archive <list
	like "$err" 'belongs to a hypertable of TimescaleDB'
	exits 3 pg-copyout -d "$SRC" -o archive public.metrics
	like "$err" 'is a hypertable of TimescaleDB'
	chunks public.metrics | head -n 1 | jq -c 'del(.slices)' | ended >list
	exits 2 pg-copyout -d "$SRC" -o archive <list
	like "$err" 'slices'
}
