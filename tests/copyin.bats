#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-copyin: an archive is loaded one transaction a chunk, exactly once.

load lib/common

setup_file() {
	common_setup_file
	pg_start src max_prepared_transactions=2
	pg_start dst log_statement=all wal_level=logical
}

setup() {
	common_setup
	DB=t$BATS_TEST_NUMBER
	pg_sql src "create database $DB"
	pg_sql dst "create database $DB"
	SRC=$(pg_dsn "src/$DB") DST=$(pg_dsn "dst/$DB")
	export SRC DST DB
	LIST= OUT_OPT= IN_OPT=
}

teardown() {
	pg_sql src "drop database if exists $DB with (force)"
	pg_sql dst "drop database if exists $DB with (force)"
}

both() { pg_sql "src/$DB" "$1" >/dev/null && pg_sql "dst/$DB" "$1" >/dev/null; }
src() { pg_sql "src/$DB" "$@"; }
dst() { pg_sql "dst/$DB" "$@"; }
same() {	# TABLE...
	local t
	for t; do same_table "src/$DB" "dst/$DB" "$t"; done
}

# The pipeline, with the words in $LIST, $OUT_OPT and $IN_OPT; "CODES" of its stages.
copy() {	# "CODES"
	pipes "$1" "pg-chunks -d \"\$SRC\" $LIST | pg-copyout -d \"\$SRC\" $OUT_OPT |
		pg-copyin -d \"\$DST\" $IN_OPT"
}
saved() {	# FILE: an archive of what $LIST says
	pipes '0 0' "pg-chunks -d \"\$SRC\" $LIST | pg-copyout -d \"\$SRC\" $OUT_OPT -o $1"
}
took() {	# what became of the chunks of the last copy, one a line, sorted
	jq -r 'select(.chunk) | .chunk + " " + .status' <"$OUT" | sort
}
# Only what the last statement of a test wrote to the target's log.
mark() { LOG_FROM=$(wc -c <"$(pg_log dst)"); }
logged() { tail -c "+$((LOG_FROM + 1))" "$(pg_log dst)"; }

# --- one transaction a chunk ------------------------------------------------------------

@test "a chunk is answered with its line, its target, exact counts and its run" {
	both 'create table t (id int primary key, v text); create table e (a int)'
	src "insert into t select i, md5(i::text) from generate_series(1, 1000) i"
	copy '0 0 0'
	is "$(took)" $'public.e loaded\npublic.t loaded'
	is "$(jq -c 'select(.chunk == "public.t") | [.rows, .target, .run, .status]' <"$OUT")" \
		"[1000,{\"schema\":\"public\",\"table\":\"t\"},$(jq -c 'select(.chunk) | .system + "/" + .database' <"$OUT" | head -n 1),\"loaded\"]"
	is "$(jq -r 'select(.chunk == "public.t") | .digest' <"$OUT" | cut -d: -f1,2)" send:1000
	is "$(jq -c 'select(.end)' <"$OUT")" '{"end":"pg-copyin","lines":2}'
	is "$(jq -r 'select(.chunk) | .snapshot, .pg_snapshot, .lsn' <"$OUT" | grep -c null)" 0
	same t e
	# What the ledger says is what the line says.
	is "$(dst "select rows, bytes, digest from pgpipe.chunk where chunk = 'public.t'")" \
		"$(jq -r 'select(.chunk == "public.t") | "\(.rows)|\(.bytes)|\(.digest)"' <"$OUT")"
}

@test "the result line comes after the commit" {
	both 'create table t (id int primary key, v text)'
	src 'insert into t select i, i from generate_series(1, 10) i'
	# A commit that waits for a standby that is not there.
	saved a
	dst "alter system set synchronous_standby_names = 'nobody'"
	pg_reload dst
	pg-copyin -d "$DST" --no-ledger <a >lines 2>err &
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity
		where wait_event = 'SyncRep' and application_name = 'pg-copyin')"
	is "$(wc -c <lines)" 0
	dst "alter system reset synchronous_standby_names"
	pg_reload dst
	wait $!
	is "$(jq -r '.status' <lines | head -n 1)" loaded
}

@test "a commit whose answer is lost is looked up" {
	both 'create table t (id int primary key, v text)'
	src 'insert into t select i, i from generate_series(1, 10) i'
	saved a
	local mode
	for mode in '' --no-ledger; do
		# Committed: the server dies for us while it waits for a standby.
		[ -n "$mode" ] || pgpipe init -d "$DST"
		dst "alter system set synchronous_standby_names = 'nobody'"
		pg_reload dst
		pg-copyin -d "$DST" $mode --mode append <a >lines 2>err &
		# With a ledger, beginning the run is a commit that waits, too.
		while kill -0 $! 2>/dev/null; do
			dst "select pg_cancel_backend(pid) from pg_stat_activity where
				wait_event = 'SyncRep' and application_name = 'pg-copyin'
				and query = 'commit' and not exists (select from pg_locks l
				where l.pid = pg_stat_activity.pid and l.relation = 't'::regclass)" >/dev/null
			if pg_sql_true "dst/$DB" "select exists (select from pg_locks l
				join pg_stat_activity a using (pid) where l.relation = 't'::regclass
				and wait_event = 'SyncRep')"; then
				dst "alter system reset synchronous_standby_names"
				dst "select pg_terminate_backend(pid) from pg_locks
					where relation = 't'::regclass" >/dev/null
				pg_reload dst
			fi
			sleep 0.1
		done
		wait $! || { cat err; false; }
		is "$(jq -r '.status' <lines | head -n 1)" loaded
		like "$(cat err)" 'the connection was lost while "public.t" was committed'
		is "$(dst 'select count(*) from t')" 10
		dst 'truncate t'
	done
	# Not committed: a deferred trigger kills the session that commits.
	dst "create function die() returns trigger language plpgsql as
		\$\$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end \$\$;
		create constraint trigger die after insert on t deferrable initially deferred
		for each row execute function die()"
	for mode in '--run other' --no-ledger; do
		exits 4 bash -c "pg-copyin -d '$DST' $mode --mode append <a"
		is "$(took)" 'public.t failed'
		is "$(dst 'select count(*) from t')" 0
	done
}

@test "whole tables are truncated and loaded frozen, in one transaction" {
	both 'create table t (id int, v text)'
	src 'insert into t select i, i from generate_series(1, 10) i'
	dst 'insert into t select i from generate_series(1, 99) i'
	mark
	copy '0 0 0'
	same t
	like "$(logged)" 'truncate only "public"."t"'
	like "$(logged)" 'copy "public"."t" .*freeze'
	unlike "$(logged)" 'delete from only "public"."t"'
}

@test "nothing is cleared that is empty, and what is truncated for speed tells nobody" {
	both 'create table t (id int); create table u (id int)'
	src 'insert into t values (1); insert into u values (1)'
	dst "create table log (what text);
		create function note() returns trigger language plpgsql as
		\$\$ begin insert into public.log values (tg_op); return null; end \$\$;
		create trigger note before truncate on t execute function note();
		create trigger note before delete on u execute function note()"
	copy '0 0 0'
	same t u
	is "$(dst 'select count(*) from log')" 0
	IN_OPT=--restart
	copy '0 0 0'
	is "$(dst 'select * from log')" TRUNCATE
}

@test "a range is cleared by its predicate, and nothing else" {
	both 'create table t (day date, v int)'
	src "insert into t select date '2025-01-01' + i, i from generate_series(0, 99) i"
	dst "insert into t select date '2025-01-01' + i, -1 from generate_series(0, 99) i"
	LIST='--time-column day --from 2025-02-01 --until 2025-03-01 t'
	mark
	copy '0 0 0'
	is "$(dst "select count(*) from t where v = -1")" 72
	is "$(dst "select count(*) from t where v >= 0 and day >= '2025-02-01' and day < '2025-03-01'")" 28
	unlike "$(logged)" 'truncate'
}

@test "a table that others refer to is refused if it has rows, loaded if it has none" {
	both 'create table p (id int primary key); create table c (id int references p on delete cascade)'
	src 'insert into p values (1), (2)'
	LIST=p
	copy '0 0 0'
	same p
	dst 'insert into c values (1)'
	copy '0 0 3'
	like "$err" 'cannot clear public.p: it has rows, and others refer to it by foreign key: "c_id_fkey" of "public.c"'
	is "$(dst 'select count(*) from c')" 1
	is "$(dst 'select count(*) from p')" 2
	src 'insert into p values (3)'
	IN_OPT=--disable-triggers
	copy '0 0 0'
	same p
	is "$(dst 'select count(*) from c')" 1 'clearing never cascades'
	# By range it is the same.
	LIST='--time-column id --from 2 p' IN_OPT=
	copy '0 0 3'
	like "$err" 'foreign key: "c_id_fkey"'
	is "$(dst 'select count(*) from c')" 1
}

@test "--disable-triggers is refused where the user may not" {
	both 'create table t (id int)'
	dst 'create role mere login; grant all on t to mere; grant create on database '"$DB"' to mere'
	saved a
	exits 3 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --disable-triggers <a"
	like "$err" 'could not disable triggers'
	dst "drop owned by mere; drop role mere"
}

@test "append does not clear, and loads once" {
	both 'create table t (id int)'
	src 'insert into t select generate_series(1, 10)'
	dst 'insert into t select generate_series(101, 105)'
	saved a
	exits 0 bash -c "pg-copyin -d '$DST' --mode append --run x <a"
	is "$(dst 'select count(*) from t')" 15
	dst "update pgpipe.run set finished = null"
	exits 0 bash -c "pg-copyin -d '$DST' --mode append --run x <a"
	is "$(took)" 'public.t skipped'
	is "$(dst 'select count(*) from t')" 15
}

@test "upsert merges by primary key or by --key" {
	both 'create table t (id int generated always as identity primary key, k text unique, v text,
		w int generated always as (id * 2) stored)'
	src "insert into t (id, k, v) overriding system value
		select i, 'k' || i, 'new' from generate_series(1, 10) i"
	dst "insert into t (id, k, v) overriding system value
		select i, 'k' || i, 'old' from generate_series(6, 15) i"
	IN_OPT='--mode upsert'
	copy '0 0 0'
	is "$(jq -r 'select(.chunk).rows' <"$OUT")" 10
	is "$(dst "select v, count(*), min(id), max(id) from t group by v order by v")" \
		$'new|10|1|10\nold|5|11|15'
	dst "truncate t; insert into t (id, k, v) overriding system value values (77, 'k1', 'old')"
	IN_OPT='--mode upsert --key k'
	copy '0 0 0'
	is "$(dst "select id, v from t where k = 'k1'")" '1|new'
	IN_OPT='--mode upsert --key v'
	copy '0 0 3'
	like "$err" 'cannot merge into public.t: --key is no unique key of it'
	exits 2 pg-copyin --mode append --key a -d "$DST" </dev/null
}

@test "upsert where all columns are the key, and where there is none" {
	both 'create table a (x int, y int, primary key (y, x)); create table n (x int)'
	src 'insert into a values (1, 2), (3, 4); insert into n values (1)'
	dst 'insert into a values (1, 2)'
	LIST=a IN_OPT='--mode upsert'
	copy '0 0 0'
	same a
	LIST=n
	copy '0 0 3'
	like "$err" 'cannot merge into public.n: it has no primary key'
}

# --- runs and the ledger ---------------------------------------------------------------------

@test "a finished run begins anew, an unfinished one goes on" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a values (1); insert into b values (1)'
	copy '0 0 0'
	like "$(head -n 1 <<<"$err")" 'pg-c[a-z]*: begins run "[0-9]+/'"$DB"'"'
	copy '0 0 0'
	like "$err" 'begins run'
	is "$(took)" $'public.a loaded\npublic.b loaded'
	dst 'alter table b rename to c'
	copy '0 0 3'
	is "$(took | grep failed)" 'public.b failed'
	dst 'alter table c rename to b'
	src 'insert into a values (2)'
	copy '0 0 0'
	like "$err" 'continues run "[0-9]+/'"$DB"'": 1 chunk is loaded already'
	is "$(took)" $'public.a skipped\npublic.b loaded'
	like "$err" 'come from 2 different snapshots'
	like "$err" 'hint: --restart'
	is "$(dst 'select count(*) from a')" 1
	IN_OPT=--restart
	copy '0 0 0'
	like "$err" 'begins run'
	same a b
	unlike "$err" 'different snapshots'
}

@test "a skipped chunk is answered as it was loaded, and its rows are not sent" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a select generate_series(1, 1000)'
	dst 'drop table b'
	IN_OPT=--keep-going
	copy '0 0 3'
	jq -c 'select(.chunk == "public.a") | [.rows, .bytes, .digest, .snapshot, .pg_snapshot, .lsn]' <"$OUT" >first
	src 'delete from a where x > 10'
	dst 'create table b (x int)'
	mark
	copy '0 0 0'
	is "$(jq -c 'select(.chunk == "public.a") | [.rows, .bytes, .digest, .snapshot, .pg_snapshot, .lsn]' <"$OUT")" \
		"$(cat first)"
	unlike "$(logged)" 'copy "public"."a"'
}

@test "--run names a run; another source may not go on in it" {
	both 'create table a (x int); create table gone (x int)'
	src 'insert into a values (1)'
	dst 'drop table gone'
	saved a
	exits 3 bash -c "pg-copyin --run mine -d '$DST' <a"
	like "$err" 'begins run "mine"'
	dst "update pgpipe.run set system = '1'"
	exits 3 bash -c "pg-copyin --run mine -d '$DST' <a"
	like "$err" 'run "mine" is not finished, and its source is another one'
	exits 0 bash -c "pg-copyin --run mine --restart --map public.gone=public.a --mode append -d '$DST' <a"
}

@test "loading failed chunks again finishes the run, fewer do not" {
	both 'create table a (x int); create table b (x int); create table c (x int)'
	src 'insert into a values (1); insert into b values (2); insert into c values (3)'
	dst 'alter table b rename to bb; alter table c rename to cc'
	IN_OPT=--keep-going
	copy '0 0 3'
	cp "$OUT" lines
	dst 'alter table bb rename to b; alter table cc rename to c'
	is "$(dst 'select finished is null, listed is not null from pgpipe.run')" 't|t'
	local again='jq -c "select(.status == \"failed\")" lines | head -n $N |
		pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	export N=1
	pipes '0 0 0 0' "$again"
	like "$err" 'is not finished: 1 chunk failed'
	is "$(dst 'select finished is null from pgpipe.run')" t
	N=2
	pipes '0 0 0 0' "$again"
	is "$(took)" $'public.b skipped\npublic.c loaded'
	is "$(dst 'select finished is not null from pgpipe.run')" t
	same a b c
}

@test "a partial list that begins a run finishes it; one that continues a cut one does not" {
	both 'create table a (x int); create table b (x int)'
	pipes '0 0 0 0' 'pg-chunks -d "$SRC" | head -n 1 | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	is "$(dst 'select finished is not null from pgpipe.run')" t
	# Here the list was cut.
	pipes '0 0 4 4' 'pg-chunks -d "$SRC" | head -n 1 | pg-copyout -d "$SRC" | pg-copyin -d "$DST"'
	unlike "$out" '"end"'
	pipes '0 0 0 0' 'pg-chunks -d "$SRC" | sed -n 2p | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	is "$(dst 'select count(*) from pgpipe.run where finished is null')" 1
	copy '0 0 0'
	is "$(took)" $'public.a skipped\npublic.b skipped'
	is "$(dst 'select count(*) from pgpipe.run where finished is null')" 0
}

@test "without a ledger nothing is remembered, and nothing is left" {
	both 'create table a (x int)'
	src 'insert into a values (1)'
	IN_OPT=--no-ledger
	copy '0 0 0'
	copy '0 0 0'
	is "$(took)" 'public.a loaded'
	same a
	is "$(dst "select count(*) from pg_namespace where nspname = 'pgpipe'")" 0
	exits 2 pg-copyin --no-ledger --run x -d "$DST" </dev/null
}

@test "a ledger that somebody else owns is not trusted" {
	both 'create table a (x int)'
	saved a
	dst 'create role evil; create schema pgpipe authorization evil'
	exits 3 bash -c "pg-copyin -d '$DST' <a"
	like "$err" 'cannot trust the ledger in schema "pgpipe": its schema "pgpipe" belongs to "evil"'
	exits 0 bash -c "pg-copyin -d '$DST' --ledger-schema \"My Ledger\" <a"
	dst 'alter table "My Ledger".chunk owner to evil'
	exits 3 bash -c "pg-copyin -d '$DST' --ledger-schema \"My Ledger\" <a"
	like "$err" 'its table "chunk" belongs to "evil"'
	dst 'drop owned by evil cascade; drop role evil'
}

@test "many may make the ledger at once" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		pgpipe init -d "$DST" 2>"err$i" &
	done
	for i in $(jobs -p); do
		wait "$i"
	done
	is "$(dst "select count(*) from pg_tables where schemaname = 'pgpipe'")" 7
}

@test "a user without the right to make it is told what to do" {
	both 'create table a (x int)'
	saved a
	dst 'create role mere login; grant all on a to mere'
	exits 3 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' <a"
	like "$err" 'could not make the ledger in schema "pgpipe": permission denied'
	like "$err" 'hint: .*pgpipe init.*--no-ledger'
	exits 0 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --no-ledger <a"
	dst 'drop owned by mere; drop role mere'
}

@test "rows of another source are not cleared without --restart" {
	both 'create table a (x int)'
	src 'insert into a values (1)'
	copy '0 0 0'
	pg_sql src "create database ${DB}x"
	pg_sql "src/${DB}x" 'create table a (x int); insert into a values (2), (3)'
	other="pg-chunks -d \"$(pg_dsn "src/${DB}x")\" | pg-copyout -d \"$(pg_dsn "src/${DB}x")\" | pg-copyin -d \"\$DST\""
	pipes '0 0 3' "$other"
	like "$err" "cannot clear public.a for database \"${DB}x\" of system [0-9]+: its rows are those of \"public.a\" in database \"$DB\" of system"
	is "$(dst 'select count(*) from a')" 1
	pipes '0 0 0' "$other --restart"
	is "$(dst 'select count(*) from a')" 2
	pipes '0 0 0' "$other"
	copy '0 0 3'
	pg_sql src "drop database ${DB}x"
}

@test "a table is not loaded into itself" {
	src 'create table a (x int); insert into a values (1); create schema s; create table s.a (x int)'
	pipes '0 0 3' 'pg-chunks -d "$SRC" a | pg-copyout -d "$SRC" | pg-copyin --no-ledger -d "$SRC"'
	like "$err" 'cannot load a table into itself'
	is "$(src 'select count(*) from a')" 1
	pipes '0 0 0' 'pg-chunks -d "$SRC" public.a | pg-copyout -d "$SRC" | pg-copyin --no-ledger --map public=s -d "$SRC"'
	is "$(src 'select count(*) from s.a')" 1
}

@test "a target that was made anew is loaded anew" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into a values (1)'
	dst 'drop table b'
	copy '0 0 3'
	dst 'drop table a; create table a (x int); create table b (x int)'
	copy '0 0 0'
	is "$(took)" $'public.a loaded\npublic.b loaded'
	same a
}

# --- where rows go -------------------------------------------------------------------------------

@test "--map sends a schema or a table elsewhere" {
	src 'create schema s; create table s.a (x int); create table s.b (x int);
		insert into s.a values (1); insert into s.b values (2)'
	dst 'create schema "New"; create table "New".a (x int); create schema z; create table z."B" (x int)'
	LIST='s.*' IN_OPT='--map s=\"New\" --map s.b=z.\"B\"'
	copy '0 0 0'
	is "$(dst 'select x from "New".a')" 1
	is "$(dst 'select x from z."B"')" 2
	is "$(jq -c 'select(.chunk == "s.b").target' <"$OUT")" '{"schema":"z","table":"B"}'
	local bad
	for bad in x 'a=' 'a.b=c' 'a=b.c' '=x' 'a.b.c=d.e.f' '"a=b'; do
		exits 2 pg-copyin -d "$DST" --map "$bad" </dev/null
		like "$err" 'cannot understand --map'
	done
	exits 2 pg-copyin -d "$DST" --map a=b --map a=c </dev/null
}

@test "two tables cannot replace one; appended they can" {
	src 'create table a (x int); create table b (x int);
		insert into a values (1); insert into b values (2)'
	dst 'create table c (x int)'
	IN_OPT='--map public.a=public.c --map public.b=public.c'
	copy '0 0 3'
	like "$err" 'cannot clear public.c for "public.b": it holds "public.a", loaded in the same run'
	is "$(dst 'select count(*) from c')" 1
	dst 'truncate c'
	IN_OPT="$IN_OPT --mode append --restart"
	copy '0 0 0'
	is "$(dst 'select sum(x) from c')" 3
}

@test "a missing partition is loaded, then attached" {
	both "create table m (id int, day date not null, v text default 'x', w int generated always as (id + 1) stored,
		check (id > 0)) partition by range (day);
		create index on m (v); create unique index on m (day, id) include (v);
		alter table m add primary key (id, day)"
	src "create table m_1 partition of m for values from ('2025-01-01') to ('2025-02-01');
		create table m_2 partition of m for values from ('2025-02-01') to ('2025-03-01') partition by hash (id);
		create table m_2a partition of m_2 for values with (modulus 2, remainder 0);
		create table m_2b partition of m_2 for values with (modulus 2, remainder 1);
		insert into m select i, date '2025-01-01' + i % 59, md5(i::text) from generate_series(1, 5000) i"
	LIST=m
	copy '0 0 3'
	like "$err" 'the target has neither public.m_2[ab] nor its parent "public.m_2"'
	is "$(dst "select count(*) from pg_class where relname like 'm\\_2_'")" 0
	dst "create table m_2 partition of m for values from ('2025-02-01') to ('2025-03-01') partition by hash (id)"
	mark
	copy '0 0 0'
	same m
	is "$(dst "select count(*) from pg_partition_tree('m') where isleaf")" 3
	like "$(logged)" 'copy "public"."m_2a" .*freeze'
	# Nothing is left to the parent: the same indexes, valid, as everywhere.
	is "$(dst "select c.relname, count(*), bool_and(i.indisvalid), bool_and(x.relispartition)
		from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
		where c.relname in ('m_1', 'm_2a', 'm_2b') group by 1 order by 1")" \
		$'m_1|3|t|t\nm_2a|3|t|t\nm_2b|3|t|t'
	is "$(dst "select count(*) from pg_index i join pg_class c on c.oid = i.indrelid
		where c.relname = 'm' and i.indisvalid")" 3
}

@test "the parent's index of every kind is the new partition's" {
	both "create table m (id int, v text, r int4range) partition by list (id);
		create index odd on m using gin (to_tsvector('simple', v)) where id > 0;
		create index \"on ONLY \"\" USING\" on m (lower(v) desc nulls last, id) with (fillfactor = 50);
		create index on m using brin (id)"
	src "create table m_1 partition of m for values in (1);
		create table m_rest partition of m default;
		insert into m values (1, 'a', '[1,2)'), (null, 'b', null), (7, 'c', 'empty')"
	copy '0 0 0'
	same m
	src "select regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* ON', 'ON') from pg_index
		where indrelid::regclass::text ~ 'm_' order by 1" >want
	is "$(dst "select regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* ON', 'ON') from pg_index
		where indrelid::regclass::text ~ 'm_' order by 1")" "$(cat want)"
}

@test "a new partition belongs to its parent's owner" {
	both 'create table m (id int) partition by list (id)'
	src 'create table m_1 partition of m for values in (1); insert into m values (1)'
	dst 'create role app; alter table m owner to app'
	copy '0 0 0'
	is "$(dst "select relowner::regrole from pg_class where relname = 'm_1'")" app
	dst 'drop owned by app cascade; drop role app'
}

@test "a bound that overlaps what is there is refused, and nothing stays" {
	both 'create table m (id int) partition by range (id)'
	src 'create table m_1 partition of m for values from (0) to (10); insert into m values (1)'
	dst 'create table m_x partition of m for values from (5) to (15)'
	copy '0 0 3'
	like "$err" 'would overlap partition "m_x"'
	is "$(dst "select to_regclass('m_1') is null")" t
	dst 'drop table m_x; create table m_x partition of m for values from (0) to (10)'
	IN_OPT='--map public.m_1=public.m_x'
	copy '0 0 0'
	same m
}

@test "a partition whose rows are in the default one is refused" {
	both 'create table m (id int) partition by list (id)'
	src 'create table m_1 partition of m for values in (1); insert into m values (1)'
	dst 'create table m_rest partition of m default; insert into m values (1)'
	copy '0 0 3'
	like "$err" 'could not attach public.m_1'
	is "$(dst "select to_regclass('m_1') is null")" t
	is "$(dst 'select count(*) from m')" 1
}

@test "partitions do not fall into a plain table of the root's name unasked" {
	src 'create table m (id int) partition by list (id);
		create table m_1 partition of m for values in (1); create table m_2 partition of m for values in (2);
		insert into m values (1), (2)'
	dst 'create table m (id int)'
	copy '0 0 3'
	like "$err" 'its parent "public.m" is not partitioned there'
	like "$err" 'hint: .*--mode append --map public.m_[12]=public.m'
	IN_OPT='--mode append --map public.m_1=public.m --map public.m_2=public.m --restart'
	copy '0 0 0'
	same m
}

@test "a plain table goes into a partitioned one" {
	src 'create table m (id int); insert into m select generate_series(1, 100)'
	dst 'create table m (id int) partition by hash (id);
		create table m_1 partition of m for values with (modulus 2, remainder 0);
		create table m_2 partition of m for values with (modulus 2, remainder 1);
		insert into m values (1000)'
	copy '0 0 0'
	same m
}

@test "an inheritance parent keeps its children's rows" {
	both 'create table p (id int); create table c (x int) inherits (p)'
	src 'insert into p values (1); insert into c values (2, 2)'
	dst 'insert into p values (9); insert into c values (9, 9)'
	LIST=public.p
	IN_OPT=--mode\ replace
	pipes '0 0 0 0' 'pg-chunks -d "$SRC" p | grep -v public.c | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST"'
	is "$(dst 'select id from p order by 1')" $'1\n9'
}

# --- columns ---------------------------------------------------------------------------------

@test "columns match by name; the target may have more" {
	src 'create table t (a int, "B" text, c int); insert into t values (1, 2, 3)'
	dst "create table t (more int default 7, c int, null_ok text, \"B\" text, a int,
		id int generated always as identity)"
	copy '0 0 0'
	is "$(dst 'select * from t')" '7|3||2|1|1'
}

@test "columns that do not fit are refused before a row moves, naming both sides" {
	refused() {	# SOURCE TARGET MESSAGE
		src "drop table if exists t; create table t (x int, $1); insert into t (x) values (1)"
		dst "drop table if exists t; create table t (x int, $2); insert into t (x) values (77)"
		mark
		copy '0 0 3'
		like "$err" "$3"
		unlike "$(logged)" 'copy "public"."t"'
		is "$(dst 'select x from t')" 77
	}
	refused 'a int' 'b int' 'column "a" of "public.t" of the source is missing in public.t of the target'
	refused 'a int' 'a int generated always as (x) stored' 'column "a" is generated in public.t of the target'
	refused 'a int8' 'a float8' 'column "a" is bigint in "public.t" of the source, and double precision in public.t'
	refused 'a date' 'a int' 'date in "public.t"'
	refused 'a timestamp' 'a timestamptz' 'timestamp without time zone in "public.t"'
	like "$err" 'hint: .*--format text'
	refused 'a varchar(20)' 'a varchar(10)' 'character varying\(20\) in .* character varying\(10\) in'
	refused 'a varchar' 'a varchar(10)' 'character varying in'
	refused 'a numeric' 'a numeric(10,2)' 'numeric in'
	refused 'a numeric(10,4)' 'a numeric(10,2)' 'numeric\(10,4\)'
	refused 'a numeric(10,2)' 'a numeric(10,4)' 'numeric\(10,2\)'
	refused 'a char(5)' 'a char(4)' 'character\(5\)'
	refused 'a timestamp' 'a timestamp(0)' 'timestamp\(0\)'
	refused 'a bit(5)' 'a bit(4)' 'bit\(5\)'
	refused 'a interval' 'a interval day to second' 'interval'
	like "$err" 'hint: --lossy'
	dst 'drop table t; create table t (x int, y int not null)'
	src 'drop table t; create table t (x int)'
	copy '0 0 3'
	like "$err" 'column "y" of public.t of the target is not null, has no default, and is not in "public.t"'
}

@test "a modifier that grows is taken, a narrower one with --lossy" {
	src "create table t (a varchar(10), b numeric(10,2), c timestamp(0), d char(4), e varbit(3), f numeric(5,-2));
		insert into t values ('a', 1.5, now(), 'x', b'101', 1200)"
	dst 'create table t (a varchar(20), b numeric(14,4), c timestamp, d char(4), e varbit, f numeric)'
	copy '0 0 0'
	is "$(dst 'select a, b, d, e, f from t')" 'a|1.5000|x   |101|1200'
	dst 'drop table t; create table t (a varchar(5), b numeric(10,1), c timestamp(0), d char(4), e varbit(3), f numeric(5,-2))'
	src "update t set b = 1.25"
	copy '0 0 3'
	IN_OPT=--lossy
	copy '0 0 0'
	is "$(dst 'select a, b from t')" 'a|1.3'
	src "update t set a = 'longer'"
	copy '0 0 3'
	like "$err" 'value too long'
}

@test "text streams may grow types, and change them with --lossy" {
	src "create table t (a int2, b int4, c int8, d varchar(5), e text);
		insert into t values (1, 2, 3, 'd', '5')"
	dst 'create table t (a int4, b int8, c numeric, d text, e varchar)'
	OUT_OPT='--format text'
	copy '0 0 0'
	is "$(dst 'select * from t')" '1|2|3|d|5'
	dst 'drop table t; create table t (a int4, b int8, c numeric, d text, e int)'
	copy '0 0 3'
	IN_OPT=--lossy
	copy '0 0 0'
	is "$(dst 'select e from t')" 5
	OUT_OPT='--format csv'
	copy '0 0 0'
}

@test "enums and domains keep their names, also in a schema that is mapped" {
	src "create schema s; create type s.mood as enum ('a', 'b'); create domain s.pos as int check (value > 0);
		create table s.t (m s.mood, p s.pos, ms s.mood[]); insert into s.t values ('a', 1, '{a,b}')"
	dst "create schema z; create type z.mood as enum ('b', 'a'); create domain z.pos as int check (value > 0);
		create table z.t (m z.mood, p z.pos, ms z.mood[])"
	LIST='s.*' IN_OPT='--map s=z'
	if [ "$PG_MAJOR" -lt 14 ]; then
		copy '0 0 3'
		like "$err" 'cannot take in binary'
		like "$err" 'hint: .*--format text'
		OUT_OPT='--format text'
	fi
	copy '0 0 0'
	is "$(dst 'select * from z.t')" 'a|1|{a,b}'
}

@test "views, foreign tables and the ledger itself are refused" {
	src 'create table v (x int); create table m (x int); create table f (x int);
		create schema pgpipe; create table pgpipe.run (x int)'
	dst "create view v as select 1 as x; create materialized view m as select 1 as x"
	LIST=public.v copy '0 0 3'
	like "$err" 'cannot load into public.v: it is a view'
	LIST=public.m
	copy '0 0 3'
	like "$err" 'it is a materialized view'
	LIST=pgpipe.run
	copy '0 0 3'
	like "$err" 'cannot load into pgpipe.run: it is the ledger'
}

# --- what a target does to rows -----------------------------------------------------------------

@test "a trigger that drops or changes rows is noticed" {
	both 'create table t (x int)'
	src 'insert into t select generate_series(1, 10)'
	dst "create function drop_one() returns trigger language plpgsql as
		\$\$ begin if new.x = 5 then return null; end if; return new; end \$\$;
		create trigger \"Drop\" before insert on t for each row execute function drop_one()"
	copy '0 0 3'
	like "$err" 'warning: triggers of public.t fire .*: "Drop"'
	like "$err" '9 rows were loaded where the source sent 10'
	is "$(dst 'select count(*) from t')" 0
	IN_OPT=--disable-triggers
	copy '0 0 0'
	same t
	unlike "$err" 'triggers of public.t'
	dst 'truncate t; alter table t add primary key (x)'
	IN_OPT='--mode upsert'
	src 'alter table t add v int'
	dst 'alter table t add v int'
	copy '0 0 3'
	like "$err" '10 rows came for public.t and 9 were merged'
}

@test "rules and row security are noticed" {
	both 'create table t (x int); create table s (x int)'
	src 'insert into t values (1); insert into s values (1)'
	dst 'create rule "No" as on insert to t do instead nothing'
	LIST=t
	copy '0 0 0'
	like "$err" 'warning: rules of public.t are not applied .*: "No"'
	same t
	dst "create role mere login; alter table s enable row level security;
		create policy p on s using (x > 0); grant all on s to mere; grant create on database $DB to mere"
	LIST=s
	saved a
	exits 3 bash -c "pg-copyin -d '${DST/user=postgres/user=mere}' --no-ledger <a"
	like "$err" 'cannot load into public.s: its row security holds for user "mere"'
	dst 'drop owned by mere; drop role mere'
}

@test "a trigger or a rule that keeps rows from being deleted is noticed" {
	both 'create table t (x int)'
	src 'insert into t values (1)'
	dst "insert into t values (1); create rule keep as on delete to t do instead nothing"
	LIST='--time-column x --from 0 t'
	copy '0 0 3'
	like "$err" 'could not clear public.t: a trigger or a rule keeps rows'
	is "$(dst 'select count(*) from t')" 1
}

@test "rows whose references have not come fail for now, and hold up nobody" {
	both 'create table p (id int primary key); create table c (id int references p)'
	src 'insert into p values (1); insert into c select 1 from generate_series(1, 1000)'
	copy '0 0 4'
	is "$(took)" $'public.c failed\npublic.p loaded'
	is "$(jq -r 'select(.status == "failed").error | "\(.class) \(.sqlstate)"' <"$OUT")" '4 23503'
	like "$err" 'hint: If the rows that it refers to come later, running the pipeline again'
	copy '0 0 0'
	is "$(took)" $'public.c loaded\npublic.p skipped'
	same p c
}

@test "a failed chunk rolls back alone, and stops what has not begun unless told otherwise" {
	both 'create table a (x int); create table b (x int check (x < 5)); create table c (x int)'
	src 'alter table b drop constraint b_x_check;
		insert into a values (1); insert into b values (7); insert into c values (3)'
	LIST='--order name'
	copy '0 0 3'
	is "$(took)" $'public.a loaded\npublic.b failed\npublic.c failed'
	is "$(jq -r 'select(.chunk == "public.c").error | "\(.class) \(.message)"' <"$OUT")" \
		'4 not tried: an earlier chunk failed'
	like "$(tail -n 1 "$OUT")" '"end":"pg-copyin","lines":3'
	IN_OPT=--keep-going
	copy '0 0 3'
	is "$(took)" $'public.a skipped\npublic.b failed\npublic.c loaded'
	is "$(jq -r 'select(.chunk == "public.b").error.sqlstate' <"$OUT")" 23514
}

@test "what failed at the source is answered, and the rest goes on" {
	both 'create table a (x int); create table b (x int)'
	src 'insert into b values (1)'
	pipes '0 3 3' '{ pg-chunks -d "$SRC" --order name; psql -qd "$SRC" -c "drop table a"; } |
		pg-copyout -d "$SRC" | pg-copyin -d "$DST"'
	is "$(took)" $'public.a failed\npublic.b loaded'
	is "$(dst 'select finished is null from pgpipe.run')" t
}
