#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-refresh, with a real TimescaleDB on both sides.

load lib/common
load lib/timescale
load lib/caggs

setup_file() {
	timescale_setup_file src dst
	! timescale_missing || return 0
	pg_sql dst 'create role keeper login; create role other login'
	pg_sql src 'create role keeper login; create role other login'
}

setup() {
	timescale_setup
	both 'grant all on schema public to keeper'
}

teardown() { timescale_teardown; }

# A hypertable with hours of rows on both sides, which an owner without other rights has.
metrics() {	# [FROM UNTIL]
	both "set role keeper;
		create table metrics (time timestamptz not null, device int, val float8);
		select create_hypertable('metrics', 'time', chunk_time_interval => interval '7 days');
		insert into metrics select t, d, d + extract(epoch from t)::bigint % 100
		from generate_series('${1:-2025-01-01}'::timestamptz,
			'${2:-2025-02-10}'::timestamptz - interval '1 hour', '1 hour') t, generate_series(1, 2) d"
}

# A continuous aggregate of both sides; the query comes on stdin.
cagg() {	# NAME [OPTION...]
	local name=$1 with=timescaledb.continuous option
	shift
	for option; do
		with+=", $option"
	done
	both "set role keeper; create materialized view $name with ($with) as $(cat) with no data"
}

hourly_daily() {	# [OPTION...]
	cagg hourly "$@" <<<"select time_bucket('1 hour', time) as bucket, device, sum(val) as s, count(*) as n
		from metrics group by 1, 2"
	cagg daily "$@" <<<"select time_bucket('1 day', bucket) as bucket, device, sum(s) as s, sum(n) as n
		from hourly group by 1, 2"
}

refresh_source() {	# VIEW...
	local view
	for view; do
		src "call refresh_continuous_aggregate('$view', null, null)" >/dev/null 2>&1 || return
	done
}

lines() { cagg_lines "$SRC" "$@"; }
refresh() { pg-refresh --source "$SRC" --target "$DST" "$@"; }

same() {	# VIEW...
	local view
	for view; do
		same_table "src/$DB" "dst/$DB" "$view" &&
			is "$(watermark "$DST" "$view")" "$(watermark "$SRC" "$view")" "watermarks of $view" || return
	done
}

field() { jq -r "select(.view == \"$1\") | .$2" "$OUT"; }

# An aggregate of days each of which takes a moment to refresh.
slow_daily() {
	both "set role keeper; create function slow(v float8) returns float8 language plpgsql immutable as
		\$\$ begin perform pg_sleep(0.02); return v; end \$\$"
	cagg daily <<<"select time_bucket('1 day', time) as bucket, sum(slow(val)) as s, count(*) as n
		from metrics where device = 1 group by 1"
}

# --- what the reference's tests have ------------------------------------------------

@test "no continuous aggregate: nothing to do, and it says so" {
	lines >list
	is "$(<list)" '{"end":"pg-chunks","lines":0}'
	exits 0 refresh <list
	is "$out" '{"end":"pg-refresh","lines":0}'
}

@test "all of them: three levels, a quoted name, integers" {
	metrics
	hourly_daily
	cagg '"caggs""_T1"' <<<"select time_bucket('7 days', bucket) as bucket, sum(s) as s from daily group by 1"
	both "set role keeper; create table ints (at bigint not null, v int);
		select create_hypertable('ints', 'at', chunk_time_interval => 1000);
		create function ints_now() returns bigint language sql stable as 'select 5000::bigint';
		select set_integer_now_func('ints', 'ints_now');
		insert into ints select i, i from generate_series(-2500, 4999) i"
	cagg hundreds <<<"select time_bucket(100::bigint, at) as bucket, sum(v) as s from ints group by 1"
	refresh_source hourly daily '"caggs""_T1"' hundreds
	lines >list
	is "$(jq -r .level list | tr '\n' ' ')" '0 0 1 2 null '
	exits 0 refresh <list
	is "$(jq -r .status "$OUT" | sort | uniq -c | tr -s ' ')" $' 1 null\n 4 refreshed'
	is "$(jq -c 'select(.end)' "$OUT")" '{"end":"pg-refresh","lines":4}'
	is "$(field 'caggs\"_T1' cagg)" 'public."caggs""_T1"'
	same hourly daily hundreds
	same_table "src/$DB" "dst/$DB" '"caggs""_T1"'
	is "$(watermark "$DST" 'caggs"_T1')" "$(watermark "$SRC" 'caggs"_T1')"
	is "$(watermark "$DST" hundreds)" 5000
	is "$(field hundreds from)" -2500
}

@test "only those in the list are refreshed" {
	metrics
	hourly_daily
	cagg weekly <<<"select time_bucket('7 days', time) as bucket, count(*) from metrics group by 1"
	refresh_source hourly daily weekly
	pipes '0 0' 'lines weekly | refresh'
	same weekly
	is "$(watermark "$DST" hourly)" ''
	is "$(watermark "$DST" daily)" ''
}

@test "a level and the one below it: whichever comes first in the list, and side by side" {
	metrics
	hourly_daily
	cagg weekly <<<"select time_bucket('7 days', bucket) as bucket, sum(n) as n from daily group by 1"
	cagg calm <<<"select time_bucket('7 days', time) as bucket, sum(val) from metrics group by 1"
	refresh_source hourly daily weekly calm
	lines | jq -c 'select(.cagg)' | sort -R >list
	exits 0 refresh --partial -j 4 <list
	same hourly daily weekly calm
	is "$(jq -r 'select(.view | IN("hourly", "daily", "weekly")) | .view' "$OUT" | tr '\n' ' ')" 'hourly daily weekly '
}

# Of a real-time aggregate the one above sees all rows, materialised or not.
@test "real-time aggregates" {
	metrics
	hourly_daily timescaledb.materialized_only=false
	refresh_source hourly daily
	lines >list
	exits 0 refresh --step 7d <list
	same hourly daily
	both "insert into metrics select t, 1, 3 from generate_series('2025-02-10'::timestamptz, '2025-02-14 05:30', '20 min') t"
	src "call refresh_continuous_aggregate('hourly', null, '2025-02-13'); call refresh_continuous_aggregate('daily', null, null)" >/dev/null
	exits 0 refresh -j 2 <list
	same hourly daily
}

@test "a level whose lower one is not in the list, nor far enough, is not refreshed" {
	metrics
	hourly_daily
	refresh_source hourly daily
	pipes '0 3' 'lines daily | refresh'
	is "$(field daily status) $(field daily error.class)" 'failed 3'
	like "$err" 'public.daily is built on "hourly", which the target has not refreshed as far'
	like "$err" 'hint: list both'
	pipes '0 3' 'lines daily | pg-refresh --target "$DST"'
	is "$(watermark "$DST" daily)" ''
	pipes '0 0' 'lines hourly | refresh'
	pipes '0 0' 'lines daily | pg-refresh --target "$DST"'
	same hourly daily
}

@test "a level whose lower one fails is not refreshed, and says why" {
	metrics
	hourly_daily
	refresh_source hourly daily
	dst 'alter materialized view hourly owner to other; grant select on hourly to keeper' >/dev/null
	# The owner of daily may not refresh hourly.
	DST=${DST/user=postgres/user=keeper}
	pipes '0 3' 'lines | refresh'
	is "$(field hourly status) $(field daily status)" 'failed failed'
	like "$(field hourly error.message)" 'must be owner'
	is "$(field daily error.message)" 'public.daily was not refreshed, because public.hourly was not'
}

# --- who, and what for types --------------------------------------------------------

@test "the views' owner needs no other rights, on either side" {
	metrics
	hourly_daily
	refresh_source hourly daily
	SRC=${SRC/user=postgres/user=keeper} DST=${DST/user=postgres/user=keeper}
	pipes '0 0' 'lines | refresh --step 3d'
	same hourly daily
	pipes '0 0' 'lines | refresh --from start'
	pipes '0 0' 'lines | refresh'
	is "$(field hourly status)" skipped
}

@test "levels of several owners, each of whom may read the one below" {
	metrics
	hourly_daily
	refresh_source hourly daily
	dst 'alter materialized view hourly owner to other; grant select on hourly to keeper;
		grant select on metrics to other' >/dev/null
	DST=${DST/user=postgres/user=other} pipes '0 0' 'lines hourly | refresh'
	DST=${DST/user=postgres/user=keeper} pipes '0 0' 'lines daily | refresh'
	is "$(field daily status)" refreshed
	same hourly daily
}

@test "the extension in a schema of its own" {
	local name
	for name in src dst; do
		pg_sql "$name/$DB" 'drop extension timescaledb cascade'
		pg_sql "$name/$DB" 'create schema "Time"; grant usage on schema "Time" to keeper'
		pg_sql "$name/$DB" 'create extension timescaledb schema "Time"'
		pg_sql $name "alter database $DB set search_path to public, \"Time\""
	done >/dev/null 2>&1
	metrics
	hourly_daily
	cagg monthly <<<"select time_bucket('1 month', time, 'Europe/Berlin') as bucket, count(*) from metrics group by 1"
	refresh_source hourly daily monthly
	pipes '0 0' 'lines | refresh --step 1'
	same hourly daily monthly
}

@test "a role that is not the owner is told by the server" {
	metrics
	hourly_daily
	refresh_source hourly daily
	DST=${DST/user=postgres/user=other}
	pipes '0 3' 'lines hourly | refresh'
	like "$err" 'hourly|metrics'
	is "$(field hourly error.sqlstate)" 42501
}

@test "integers of every width, below zero, with and without a now function" {
	local type
	for type in smallint integer bigint; do
		both "set role keeper; create table of_$type (at $type not null, v int);
			select create_hypertable('of_$type', 'at', chunk_time_interval => 500);
			insert into of_$type select i, i from generate_series(-1234, 999, 3) i;
			create function now_$type() returns $type language sql stable as 'select 1000::$type';
			select set_integer_now_func('of_$type', 'now_$type')"
		cagg "c_$type" <<<"select time_bucket(10::$type, at) as bucket, sum(v), count(*) from of_$type group by 1"
		refresh_source "c_$type"
	done
	exits 0 refresh --step 7 < <(lines)
	same c_smallint c_integer c_bigint
	is "$(field c_smallint from) $(field c_integer to)" '-1240 1000'
	is "$(field c_bigint steps)" 32
	both 'insert into of_integer select i, 1 from generate_series(1000, 1050) i'
	refresh_source c_integer
	pipes '0 0' 'lines c_integer | refresh --step 1'
	same c_integer
	is "$(field c_integer from) $(field c_integer steps)" '990 7'
	# A watermark below zero.
	both "set role keeper; create table cold (at integer not null);
		select create_hypertable('cold', 'at', chunk_time_interval => 100);
		create function cold_now() returns integer language sql stable as 'select -100';
		select set_integer_now_func('cold', 'cold_now');
		insert into cold select i from generate_series(-905, -100) i"
	cagg c_cold <<<'select time_bucket(10, at) as bucket, count(*) from cold group by 1'
	src "call refresh_continuous_aggregate('c_cold', null, -500)" >/dev/null
	pipes '0 0' 'lines c_cold | refresh'
	is "$(watermark "$DST" c_cold)" -500
	same c_cold
}

@test "the ends of the integers do no harm" {
	both "set role keeper; create table ends (at smallint not null);
		select create_hypertable('ends', 'at', chunk_time_interval => 1000);
		insert into ends values (-32768), (-32767), (0), (32767);
		create table wide (at bigint not null);
		select create_hypertable('wide', 'at', chunk_time_interval => 100000000000000000);
		insert into wide values (-9223372036854775807), (0), (9223372036854775806);
		create function ends_now() returns smallint language sql stable as 'select 32767::smallint';
		create function wide_now() returns bigint language sql stable as 'select 1::bigint';
		select set_integer_now_func('ends', 'ends_now'), set_integer_now_func('wide', 'wide_now')"
	cagg c_ends <<<'select time_bucket(10::smallint, at) as bucket, count(*) from ends group by 1'
	cagg c_wide <<<'select time_bucket(1000000000::bigint, at) as bucket, count(*) from wide group by 1'
	src "call refresh_continuous_aggregate('c_ends', null, 32000::smallint)" >/dev/null ||
		skip 'this TimescaleDB does not refresh to the ends of integers itself'
	src "call refresh_continuous_aggregate('c_wide', null, 5000000000)" >/dev/null
	pipes '0 0' 'lines | refresh'
	same c_ends c_wide
	pipes '0 0' 'lines | refresh --from start'
	same c_ends c_wide
}

@test "dates and times without a zone" {
	both "set role keeper; create table days (day date not null, v int);
		select create_hypertable('days', 'day', chunk_time_interval => interval '10 days');
		insert into days select d, 1 from generate_series('2024-11-03'::date, '2025-02-27', '1 day') d;
		create table bare (at timestamp not null, v int);
		select create_hypertable('bare', 'at', chunk_time_interval => interval '10 days');
		insert into bare select t, 1 from generate_series('2024-12-31 05:00'::timestamp, '2025-02-27', '5 hours') t"
	cagg c_days <<<"select time_bucket('3 days', day) as bucket, sum(v) from days group by 1"
	cagg c_months <<<"select time_bucket('1 month', day) as bucket, sum(v) from days group by 1"
	cagg c_bare <<<"select time_bucket('6 hours', at) as bucket, sum(v) from bare group by 1"
	cagg c_moons <<<"select time_bucket('1 month', at) as bucket, sum(v) from bare group by 1"
	refresh_source c_days c_months c_bare c_moons
	pipes '0 0' 'lines | refresh -j 2 --step 1'
	same c_days c_months c_bare c_moons
	is "$(field c_days from)" "$(dst 'select min(bucket) from c_days')"
	is "$(field c_months from)" 2024-11-01
	is "$(field c_months steps) $(field c_moons steps)" '4 3'
	is "$(field c_bare to)" "$(watermark "$SRC" c_bare)"
}

# Days of 23 and 25 hours, weeks from a Wednesday, days from six: refreshed in steps of one
# bucket they must be what the source has in one.
@test "months, zones, offsets and origins, bucket by bucket" {
	local views='c_month c_berlin c_hour c_lagos c_offset c_origin c_moon'
	metrics 2025-03-20 2025-04-12
	cagg c_month <<<"select time_bucket('1 month', time) as bucket, sum(val) from metrics group by 1"
	cagg c_berlin <<<"select time_bucket('1 day', time, 'Europe/Berlin') as bucket, sum(val) from metrics group by 1"
	cagg c_hour <<<"select time_bucket('4 hours', time, 'America/Sao_Paulo') as bucket, sum(val) from metrics group by 1"
	cagg c_lagos <<<"select time_bucket('1 month', time, 'Asia/Kathmandu') as bucket, sum(val) from metrics group by 1"
	cagg c_offset <<<"select time_bucket('1 day', time, \"offset\" => interval '6 hours') as bucket, sum(val)
		from metrics group by 1"
	cagg c_origin <<<"select time_bucket('7 days', time, origin => timestamptz '2000-01-05') as bucket, sum(val)
		from metrics group by 1"
	cagg c_moon <<<"select time_bucket('1 month', time, origin => timestamptz '2000-01-15') as bucket, sum(val)
		from metrics group by 1"
	# shellcheck disable=SC2086
	refresh_source $views
	pipes '0 0' 'lines | refresh --step 1'
	# shellcheck disable=SC2086
	same $views
	is "$(field c_berlin steps)" 24
	both "insert into metrics select t, 1, 5 from generate_series('2025-04-12'::timestamptz, '2025-05-20', '1 hour') t"
	# shellcheck disable=SC2086
	refresh_source $views
	pipes '0 0' 'lines | refresh'
	# shellcheck disable=SC2086
	same $views
	pipes '0 0' 'lines | refresh --from 2025-03-29 --step 5d'
	# shellcheck disable=SC2086
	same $views
	pipes '0 0' 'lines | refresh'
	is "$(jq -r 'select(.cagg) | .status' "$OUT" | sort -u)" skipped
}

@test "a single bucket with an offset is no window too small" {
	metrics
	cagg c_offset <<<"select time_bucket('1 day', time, \"offset\" => interval '6 hours') as bucket, sum(val)
		from metrics group by 1"
	src "call refresh_continuous_aggregate('c_offset', null, '2025-02-01 06:00+00')" >/dev/null
	pipes '0 0' 'lines | refresh'
	src "call refresh_continuous_aggregate('c_offset', null, '2025-02-03 00:00+00')" >/dev/null
	# Up to 2.21 the bucket that the window ends in is refreshed, too.
	like "$(watermark "$SRC" c_offset)" '^2025-02-0[23] 06:00:00\+00$'
	pipes '0 0' 'lines | refresh --step 1'
	same c_offset
}

@test "names that are hostile, everywhere" {
	both "create schema \"a'b\\c\"\"d\"; grant all on schema \"a'b\\c\"\"d\" to keeper; set role keeper;
		create table \"a'b\\c\"\"d\".\"T; --\" (\"when\" timestamptz not null, \"%s\" int);
		select create_hypertable('\"a''b\\c\"\"d\".\"T; --\"', 'when');
		insert into \"a'b\\c\"\"d\".\"T; --\"
		select t, 1 from generate_series('2025-01-01'::timestamptz, '2025-02-01', '1 hour') t"
	cagg "\"a'b\\c\"\"d\".\"x'); drop table y; --\"" <<<"select time_bucket('1 day', \"when\") as \"b'ucket\",
		sum(\"%s\") as \"%n\" from \"a'b\\c\"\"d\".\"T; --\" group by 1"
	refresh_source "\"a''b\\c\"\"d\".\"x''); drop table y; --\""
	pipes '0 0' 'lines | refresh --step 10'
	same_table "src/$DB" "dst/$DB" "\"a'b\\c\"\"d\".\"x'); drop table y; --\""
	is "$(jq -r 'select(.cagg).status' "$OUT")" refreshed
	pipes '0 0' 'lines | refresh --from start'
}

# --- windows -------------------------------------------------------------------------

@test "it goes on where the target ended; a target that is there, or further, is left alone" {
	metrics
	hourly_daily
	src "call refresh_continuous_aggregate('hourly', null, '2025-01-15')" >/dev/null
	pipes '0 0' 'lines hourly | refresh'
	is "$(field hourly to)" '2025-01-15 00:00:00+00'
	refresh_source hourly daily
	pipes '0 0' 'lines | refresh'
	is "$(field hourly from)" '2025-01-14 23:00:00+00' 'the last bucket once more'
	same hourly daily
	pipes '0 0' 'lines | refresh'
	is "$(field hourly status) $(field hourly steps) $(field daily status)" 'skipped 0 skipped'
	# The target is further.
	dst "insert into metrics values ('2025-03-01', 1, 1); call refresh_continuous_aggregate('hourly', null, null)" >/dev/null
	pipes '0 0' 'lines hourly | refresh'
	is "$(field hourly status)" skipped
	is "$(field hourly target_watermark)" '2025-03-01 01:00:00+00'
}

@test "the last bucket of the target may have got its other rows past the triggers" {
	metrics 2025-01-01 2025-01-20
	hourly_daily
	dst "call refresh_continuous_aggregate('hourly', null, null); call refresh_continuous_aggregate('daily', null, null)" >/dev/null 2>&1
	both "set session_replication_role = replica;
		insert into metrics select '2025-01-19 23:30', 3, i from generate_series(1, 9) i;
		insert into metrics select t, 1, 1 from generate_series('2025-01-20'::timestamptz, '2025-01-25', '1 hour') t"
	refresh_source hourly daily
	pipes '0 0' 'lines | refresh'
	same hourly daily
}

@test "a window ends with the source's, though the target has later rows" {
	metrics
	hourly_daily
	refresh_source hourly daily
	dst "insert into metrics select t, 1, 1 from generate_series('2025-02-10'::timestamptz, '2025-02-12', '1 hour') t" >/dev/null
	pipes '0 0' 'lines | refresh --step 4d'
	same hourly
	is "$(watermark "$DST" daily)" "$(watermark "$SRC" daily)"
}

@test "the source is asked anew; without one the lines are believed" {
	metrics
	hourly_daily
	src "call refresh_continuous_aggregate('hourly', null, '2025-01-15')" >/dev/null
	lines hourly >list
	refresh_source hourly
	exits 0 pg-refresh --target "$DST" <list
	is "$(watermark "$DST" hourly)" '2025-01-15 00:00:00+00'
	PGPIPE_SOURCE=$SRC PGPIPE_TARGET=$DST exits 0 pg-refresh <list
	same hourly
	jq -c 'del(.watermark)' list >none
	exits 3 pg-refresh --partial --target "$DST" <none
	like "$err" 'hint: name the source: --source'
}

@test "a source that has nothing materialised asks for nothing" {
	metrics
	hourly_daily
	is "$(lines | jq -c 'select(.cagg) | .watermark' | sort -u)" null
	pipes '0 0' 'lines | refresh'
	is "$(field hourly status) $(field daily status)" 'skipped skipped'
	pipes '0 0' 'lines | pg-refresh --target "$DST"'
	is "$(watermark "$DST" hourly)" ''
}

@test "a target without the rows is told apart, and nothing is held to be done" {
	metrics
	hourly_daily
	refresh_source hourly daily
	dst 'create table kept as table metrics; truncate metrics' >/dev/null
	pipes '0 1' 'lines | refresh'
	is "$(field hourly status)" skipped
	like "$err" 'public.hourly: the target has no rows to refresh it from'
	dst "insert into metrics select * from kept where time < '2025-01-20'" >/dev/null
	pipes '0 1' 'lines | refresh'
	like "$err" "public.hourly: the target's watermark is 2025-01-20 00:00:00\\+00, not the source's 2025-02-10"
	dst "insert into metrics select * from kept where time >= '2025-01-20'" >/dev/null
	pipes '0 0' 'lines | refresh'
	same hourly daily
}

# As those WITH DATA have been, or by a policy that came too early: what was up to date
# then passes for it now, and copied rows leave no mark.
@test "a target that was refreshed before it had the rows" {
	metrics 2025-01-01 2025-01-20
	hourly_daily
	refresh_source hourly daily
	dst "create table kept as table metrics; truncate metrics;
		call refresh_continuous_aggregate('hourly', null, '2025-01-25');
		call refresh_continuous_aggregate('daily', null, '2025-01-25');
		set session_replication_role = replica; insert into metrics select * from kept" >/dev/null 2>&1
	if [ "$(dst "select count(*) from pg_proc where proname = 'refresh_continuous_aggregate'
		and 'force' = any (proargnames)")" = 0 ]; then
		pipes '0 1' 'lines | refresh'
		like "$err" 'cannot be forced: rows that were copied there are not materialised'
		return
	fi
	pipes '0 0' 'lines | refresh --step 5d'
	is "$(field hourly status)" refreshed
	same hourly daily
}

@test "what is materialised of rows that a retention policy dropped stays" {
	metrics
	hourly_daily
	cagg monthly <<<"select time_bucket('1 month', time) as bucket, count(*) as n from metrics group by 1"
	refresh_source hourly daily monthly
	# The backfill brought all that is materialised, and the rows that the source still has.
	local view rows
	for view in hourly daily monthly; do
		rows=$(src "select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)
			from timescaledb_information.continuous_aggregates where view_name = '$view'")
		psql -XAtq -d "$SRC" -c "copy (select * from $rows) to stdout" |
			psql -XAtq -d "$DST" -c "copy $rows from stdin"
	done
	both "select drop_chunks('metrics', timestamptz '2025-01-20')"
	is "$(src 'select min(time)::date from metrics')" 2025-01-16
	pipes '0 0' 'lines | refresh --step 1'
	same hourly daily monthly
	is "$(dst "select n from monthly where bucket = '2025-01-01'")" 1488
	# As asked, and not a row further.
	pipes '0 0' 'lines hourly daily | refresh --from start'
	same hourly daily
}

@test "rows that came past the triggers below the watermark: --from, and a word without it" {
	metrics 2025-01-20 2025-02-10
	hourly_daily
	refresh_source hourly daily
	pipes '0 0' 'lines | refresh'
	both "set session_replication_role = replica;
		insert into metrics select t, 1, 1 from generate_series('2025-01-01'::timestamptz, '2025-01-29', '1 hour') t"
	# The source's were no copies.
	src "call refresh_continuous_aggregate('hourly', null, '2025-02-08', force => true);
		call refresh_continuous_aggregate('daily', null, '2025-02-08', force => true)" >/dev/null
	pipes '0 0' 'lines | refresh'
	is "$(field hourly status)" skipped
	like "$err" 'warning: public.hourly: the target has rows from 2025-01-01 00:00:00\+00 on that are not materialised'
	like "$err" 'hint: --from start'
	pipes '0 0' 'lines | refresh --from 2025-01-25T05:30Z --step 2d'
	is "$(field hourly from)" '2025-01-25 05:00:00+00'
	is "$(field daily from)" '2025-01-25 00:00:00+00'
	same_table "src/$DB" "dst/$DB" "(select * from hourly where bucket >= '2025-01-25 05:00+00')"
	is "$(dst "select count(*) from hourly where bucket < '2025-01-20'")" 0
	pipes '0 0' 'lines | refresh --from start --step 3d -j 2'
	same hourly daily
}

@test "--from past the watermark leaves what is before it, as where chunks were copied" {
	metrics
	hourly_daily
	refresh_source hourly
	pipes '0 0' 'lines hourly | refresh --from 2025-02-01'
	is "$(field hourly from)" '2025-02-01 00:00:00+00'
	is "$(dst 'select min(bucket)::date from hourly')" 2025-02-01
	is "$(watermark "$DST" hourly)" "$(watermark "$SRC" hourly)"
	pipes '0 0' 'lines hourly | refresh --from 2030-01-01'
	is "$(field hourly status)" skipped
}

@test "an interrupted run goes on where it was, though the watermark has gone to the end" {
	metrics
	hourly_daily
	refresh_source hourly
	# Rows that are materialised on the target and wrong.
	dst "insert into _timescaledb_internal.$(mat hourly) select time, device, -1, -1 from metrics" >/dev/null
	src "call refresh_continuous_aggregate('hourly', null, null)" >/dev/null 2>&1
	dst "call refresh_continuous_aggregate('hourly', '2025-01-01', '2025-01-10')" >/dev/null
	is "$(watermark "$DST" hourly)" "$(watermark "$SRC" hourly)" 'the watermark jumps'
	pipes '0 0' 'lines hourly | refresh'
	is "$(field hourly from)" '2025-01-10 00:00:00+00'
	same hourly
	pipes '0 0' 'lines hourly | refresh'
	is "$(field hourly status)" skipped
}

mat() {	# VIEW: the name of its materialization hypertable, of the target
	dst "select materialization_hypertable_name from timescaledb_information.continuous_aggregates
		where view_name = '$1'"
}

@test "gaps in the rows, and steps that hold none" {
	metrics 2025-01-01 2025-01-03
	both "insert into metrics select t, 1, 1 from generate_series('2025-03-10'::timestamptz, '2025-03-12', '1 hour') t"
	hourly_daily
	refresh_source hourly daily
	pipes '0 0' 'lines | refresh --step 1d'
	same hourly daily
	is "$(field daily steps)" 71
	pipes '0 0' 'lines | refresh --step 0 --from start'
	is "$(field daily steps)" 1
	same hourly daily
}

# --- what differs --------------------------------------------------------------------

@test "one that the target lacks is failed by name; the others are refreshed" {
	metrics
	hourly_daily
	src "set role keeper; create materialized view lost with (timescaledb.continuous) as
		select time_bucket('1 day', time) as bucket, count(*) from metrics group by 1 with no data" >/dev/null
	refresh_source hourly daily lost
	pipes '0 3' 'lines | refresh'
	is "$(field lost status) $(field lost error.class)" 'failed 3'
	is "$(field lost error.message)" 'public.lost is no continuous aggregate of the target'
	like "$err" 'error: public.lost is no'
	is "$(jq -c 'select(.end)' "$OUT")" '{"end":"pg-refresh","lines":3}'
	same hourly daily
	# A plain view by that name is none, either.
	dst 'create view lost as select 1' >/dev/null
	pipes '0 3' 'lines lost | refresh'
}

@test "other buckets or another type on the target are refused" {
	metrics
	src "set role keeper; create materialized view a with (timescaledb.continuous) as
		select time_bucket('1 day', time) as bucket, count(*) from metrics group by 1 with no data;
		create materialized view b with (timescaledb.continuous) as
		select time_bucket('1 day', time) as bucket, count(*) from metrics group by 1 with no data" >/dev/null
	dst "set role keeper; create materialized view a with (timescaledb.continuous) as
		select time_bucket('2 days', time) as bucket, count(*) from metrics group by 1 with no data;
		create materialized view b with (timescaledb.continuous) as
		select time_bucket('1 day', time, \"offset\" => interval '1 hour') as bucket, count(*) from metrics group by 1 with no data;
		create table t (time timestamp not null); select create_hypertable('t', 'time');
		create materialized view c with (timescaledb.continuous) as
		select time_bucket('1 day', time) as bucket, count(*) from t group by 1 with no data" >/dev/null 2>&1
	src "set role keeper; create materialized view c with (timescaledb.continuous) as
		select time_bucket('1 day', time) as bucket, count(*) from metrics group by 1 with no data" >/dev/null
	refresh_source a b c
	pipes '0 3' 'lines | refresh'
	is "$(field a error.message)" 'public.a has buckets of 2 days on the target and of 1 day on the source'
	is "$(field b error.message)" 'public.b has buckets of 1 day on the target and of 1 day on the source, with another offset, origin or time zone'
	like "$(field c error.message)" 'public.c is by timestamp without time zone on the target and by timestamp with'
	pipes '0 3' 'lines c | pg-refresh --target "$DST"'
	is "$(watermark "$DST" a)$(watermark "$DST" b)$(watermark "$DST" c)" ''
}

@test "a database without TimescaleDB is told" {
	metrics
	hourly_daily
	pipes '0 3' "lines | pg-refresh --target '$(pg_dsn dst postgres)'"
	like "$err" 'error: the target database "postgres" has no TimescaleDB'
	pipes '0 3' "lines | pg-refresh --source '$(pg_dsn src postgres)' --target '$DST'"
	like "$err" 'error: the source database "postgres" has no TimescaleDB'
	is "$(grep -c error: <<<"$err")" 1
	pipes '0 4' "lines | pg-refresh --target 'host=/nowhere connect_timeout=1'"
	is "$(grep -c error: <<<"$err")" 1
}

@test "a hot standby is source enough" {
	metrics
	hourly_daily
	refresh_source hourly daily
	pg_standby stand src "shared_preload_libraries = 'timescaledb'"
	pg_caught_up stand src
	pipes '0 0' "lines | pg-refresh --source '$(pg_dsn stand "$DB")' --target '$DST'"
	same hourly daily
	pg_stop stand
}

# --- the list ------------------------------------------------------------------------

@test "a list that was cut is worked off, and then exit 4" {
	metrics
	hourly_daily
	refresh_source hourly daily
	lines | grep -v '"end"' >list
	exits 4 refresh <list
	same hourly daily
	unlike "$out" '"end"'
	exits 0 refresh --partial <list
	like "$out" '"end":"pg-refresh","lines":2'
	exits 2 refresh </dev/null
}

@test "lines that are none are refused before anything is done" {
	metrics
	hourly_daily
	refresh_source hourly daily
	lines hourly | jq -c 'select(.cagg)' >good
	(cat good; echo '{"chunk":"public.t","source":"table","schema":"public","table":"t"}') >list
	exits 2 refresh --partial <list
	like "$err" 'error: line 2 of standard input is the chunk line of "public.t", not a continuous aggregate'
	like "$err" 'hint: pg-chunks --caggs'
	(cat good; echo '{"x":1}') >list
	exits 2 refresh --partial <list
	like "$err" 'line 2 of standard input is no continuous-aggregate line: "cagg" is missing'
	local change
	for change in 'del(.view)' '.view = ""' '.schema = 1' '.source = "table"' '.watermark = {}' '.type = 5' '.cagg = null'; do
		jq -c "$change" good >list
		exits 2 refresh --partial <list
		like "$err" 'line 1 of standard input is no continuous-aggregate line'
		is "$out" ''
	done
	head -c 60 good >list
	exits 2 refresh --partial <list
	echo 'public.daily' >list
	exits 2 refresh --partial <list
	is "$(watermark "$DST" hourly)" ''
}

@test "options that do not fit what is listed are refused before anything is done" {
	metrics
	hourly_daily
	both "set role keeper; create table ints (at integer not null);
		select create_hypertable('ints', 'at', chunk_time_interval => 100);
		create function ints_now() returns integer language sql stable as 'select 100';
		select set_integer_now_func('ints', 'ints_now');
		insert into ints select generate_series(1, 99)"
	cagg c_ints <<<'select time_bucket(10, at) as bucket, count(*) from ints group by 1'
	refresh_source hourly daily c_ints
	pipes '0 2' 'lines | refresh --step 7d'
	like "$err" '--step 7d is a time, and public.c_ints is by integer'
	pipes '0 2' 'lines | refresh --from 2025-01-01'
	like "$err" '--from "2025-01-01" does not fit public.c_ints, which is by integer'
	pipes '0 2' 'lines hourly | refresh --from 17'
	like "$err" '--from "17" does not fit public.hourly'
	pipes '* 2' 'lines hourly | refresh --step soon'
	pipes '* 2' 'lines hourly | refresh --from ""'
	pipes '* 2' 'lines hourly | pg-refresh --source "$SRC"'
	like "$err" '--target'
	pipes '* 2' 'lines hourly | refresh operand'
	is "$(watermark "$DST" hourly)$(watermark "$DST" c_ints)" ''
	pipes '0 0' 'lines c_ints | refresh --from -50 --step 2'
	same c_ints
}

@test "answers are lines again: what is unknown passes, an earlier answer does not" {
	metrics
	hourly_daily
	src "call refresh_continuous_aggregate('hourly', null, '2025-01-15')" >/dev/null
	lines hourly | jq -c 'if .cagg then .note = "kept" else . end' >list
	exits 0 refresh <list
	is "$(field hourly note)" kept
	cp "$OUT" again
	refresh_source hourly
	exits 0 refresh <again
	is "$(field hourly note) $(field hourly status) $(field hourly from)" 'kept refreshed 2025-01-14 23:00:00+00'
	# Twice in one list.
	(cat list; cat list) >twice
	exits 0 refresh -j 4 <twice
	is "$(jq -r 'select(.cagg).status' "$OUT" | sort -u)" skipped
	exits 3 pg-refresh --target "$DST" < <(jq -c 'select(.cagg) | .view = "gone"' list; echo '{"end":"pg-chunks","lines":1}')
	cp "$OUT" bad
	exits 0 refresh < <(jq -c 'if .cagg then .view = "hourly" else . end' bad)
	is "$(field hourly error)" null
}

@test "-n says what would be done, and does nothing" {
	metrics
	hourly_daily
	refresh_source hourly daily
	pipes '0 0' 'lines | refresh -n --step 10d'
	is "$(field hourly status) $(field hourly from) $(field hourly steps)" 'planned 2025-01-01 00:00:00+00 4'
	is "$(field daily status) $(field daily from) $(field daily steps)" 'planned 2025-01-01 00:00:00+00 4'
	is "$(watermark "$DST" hourly)" ''
	is "$(dst "select count(*) from _timescaledb_internal.$(mat hourly)")" 0
}

@test "an output that cannot be written is a failure" {
	metrics
	hourly_daily
	refresh_source hourly
	pipes '0 3' 'lines hourly | refresh >/dev/full'
	pipes '0 0' 'lines hourly | refresh'
	is "$(field hourly status)" skipped
}

# --- others, and signals -----------------------------------------------------------

# Hold something in a session of its own until `release`.
hold() {	# SQL
	mkfifo "$BATS_TEST_TMPDIR/hold"
	psql -XAtq -d "$DST" <"$BATS_TEST_TMPDIR/hold" >held 2>&1 3>&- &
	HOLDER=$!
	exec {HOLD}>"$BATS_TEST_TMPDIR/hold"
	printf 'begin; %s; select 42;\n' "$1" >&"$HOLD"
	wait_for grep -q 42 held
}

release() {
	printf 'rollback;\n' >&"$HOLD"
	exec {HOLD}>&-
	wait "$HOLDER"
}

@test "a lock that another session holds: exit 4, and the next run goes on" {
	metrics
	hourly_daily
	refresh_source hourly daily
	hold "lock table _timescaledb_internal.$(mat hourly) in access exclusive mode"
	pipes '0 4' 'lines | refresh --lock-timeout 1s'
	release
	is "$(field hourly status) $(field hourly error.class) $(field hourly error.sqlstate)" 'failed 4 55P03'
	is "$(field daily status) $(field daily error.class)" 'failed 4'
	pipes '0 0' 'lines | refresh'
	same hourly daily
}

@test "a refresh that runs at the same time is waited for, not taken for ours" {
	metrics
	hourly_daily
	refresh_source hourly
	hold 'select count(*) from (select * from _timescaledb_catalog.continuous_aggs_materialization_invalidation_log for update) x'
	pipes '0 4' 'lines hourly | refresh --lock-timeout 1s'
	like "$err" 'could not refresh public.hourly: (another refresh holds a part of it|canceling statement due to lock timeout)'
	is "$(watermark "$DST" hourly)" ''
	# Later versions wait for it themselves.
	[[ $err != *'lock timeout'* ]] || {
		release
		return 0
	}
	lines hourly >list
	refresh -v <list >later 2>said 3>&- &
	local pid=$!
	wait_for grep -q 'another refresh of "hourly" is running' said
	release
	wait "$pid"
	is "$(jq -r 'select(.cagg).status' later)" refreshed
	same hourly
}

@test "a connection that is lost in a step is made again" {
	metrics 2025-01-01 2025-01-11
	slow_daily
	refresh_source daily
	lines daily >list
	refresh -v --step 5 <list >later 2>said 3>&- &
	local pid=$!
	wait_for grep -q 'step 2' said
	dst "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg-refresh'" >/dev/null
	wait "$pid"
	like "$(<said)" 'trying again'
	is "$(jq -r 'select(.cagg) | "\(.status) \(.steps)"' later)" 'refreshed 2'
	same daily
}

@test "SIGINT: the step in flight is finished, exit 130, and the next run goes on there" {
	metrics 2025-01-01 2025-01-21
	slow_daily
	cagg later <<<"select time_bucket('1 day', time) as bucket, count(*) from metrics group by 1"
	refresh_source daily later
	lines later daily | sort >list
	local code=0
	env --default-signal=INT pg-refresh --source "$SRC" --target "$DST" -v --step 2 <list >later 2>said 3>&- &
	local pid=$!
	wait_for grep -q 'step 3' said
	kill -INT "$pid"
	wait "$pid" || code=$?
	is "$code" 130
	cp later "$OUT"
	is "$(field daily status) $(field daily error.class)" 'failed 4'
	like "$(field daily error.message)" 'public.daily was interrupted after [3-5] steps'
	is "$(field later error.message)" 'public.later was interrupted'
	unlike "$(<later)" '"end"'
	unlike "$(<said)" 'error:'
	local steps
	steps=$(field daily steps)
	is "$(watermark "$DST" daily)" "$(date -u -d "2025-01-01 + $((steps * 2)) days" '+%F 00:00:00+00')"
	exits 0 refresh --step 2 <list
	is "$(field daily steps)" $((11 - steps)) 'one for the last bucket, which may have grown'
	same daily later
}

@test "a second signal ends at once, and the step is undone" {
	metrics 2025-01-01 2025-02-20
	slow_daily
	src "call refresh_continuous_aggregate('daily', null, '2025-01-03')" >/dev/null
	lines daily | jq -c 'if .cagg then .watermark = "2025-02-20 00:00:00+00" else . end' >list
	local code=0 since=$SECONDS
	env --default-signal=INT pg-refresh -v --target "$DST" --step 0 <list >later 2>said 3>&- &
	local pid=$!
	wait_for grep -q 'step 1' said
	kill -INT "$pid"
	sleep 0.4
	kill -INT "$pid"
	wait "$pid" || code=$?
	is "$code" 130
	[ $((SECONDS - since)) -lt 15 ]
	is "$(watermark "$DST" daily)" ''
}

@test "it refreshes while rows come in on the target" {
	metrics
	hourly_daily
	refresh_source hourly daily
	(while [ ! -e enough ]; do
		dst "insert into metrics select now() - i * interval '1 s', 1, 1 from generate_series(1, 50) i" >/dev/null
		sleep 0.05
	done) 3>&- &
	local writer=$!
	pipes '0 0' 'lines | refresh -j 2 --step 1d'
	touch enough
	wait "$writer"
	same_table "src/$DB" "dst/$DB" hourly
	same_table "src/$DB" "dst/$DB" daily
}

@test "progress counts steps" {
	metrics
	hourly_daily
	refresh_source hourly
	pipes '0 0' 'lines hourly | refresh --step 10d --progress=lines'
	like "$err" '^pg-refresh: refreshed 4 of 4 steps in '
	like "$err" '^pg-refresh: 1 aggregate, 1 refreshed, 0 skipped, 0 failed$'
	pipes '0 0' 'lines hourly | refresh --step 10d --from start --progress=json'
	is "$(grep '^{' <<<"$err" | tail -n 1 | jq -r '"\(.counts) \(.chunks) \(.expected_chunks)"')" 'step 4 4'
	pipes '0 0' 'lines hourly | refresh -q --step 10d --from start'
	is "$err" ''
}
